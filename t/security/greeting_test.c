/* SPDX-License-Identifier: Apache-2.0 */
/*
 * greeting_test.c: servers whose first words are not "220".
 */

#include "../support/hostile.h"
#include "../tap/tap.h"

#define GREETS(text) { .moves = { { .at = "", .say = text } } }

/* P10. A refusal at the door is no verdict on the message. */
static const hostile_row_t rows[] = {
    { .name = "P10: greeting 221", .server = GREETS("221 2.0.0 bye"),
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_GREETING, .code = 0,
      .heard = "" },
    { .name = "P10: greeting 354", .server = GREETS("354 Start mail input"),
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_GREETING, .code = 0,
      .heard = "" },
    { .name = "P10: greeting 421", .server = GREETS("421 4.3.2 not now"),
      .status = SMTPC_ETEMP, .stage = SMTPC_STAGE_GREETING, .code = 421,
      .heard = "" },
    { .name = "P10: greeting 500", .server = GREETS("500 Syntax error"),
      .status = SMTPC_ETEMP, .stage = SMTPC_STAGE_GREETING, .code = 500,
      .heard = "QUIT" },
    { .name = "P10: greeting 501", .server = GREETS("501 Syntax error"),
      .status = SMTPC_ETEMP, .stage = SMTPC_STAGE_GREETING, .code = 501,
      .heard = "QUIT" },
    { .name = "P10: greeting 530", .server = GREETS("530 Access denied"),
      .status = SMTPC_ETEMP, .stage = SMTPC_STAGE_GREETING, .code = 530,
      .heard = "QUIT" },
    { .name = "P10: greeting 554", .server = GREETS("554 No service"),
      .status = SMTPC_ETEMP, .stage = SMTPC_STAGE_GREETING, .code = 554,
      .heard = "QUIT" },
};

int main(void)
{
    hostile_run(rows, sizeof(rows) / sizeof(rows[0]));
    return tap_done();
}
