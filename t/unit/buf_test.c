/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf_test.c: the bounded buffer at and beyond its capacity.
 */
#include "../tap/tap.h"

#include <string.h>

#include "base/buf.h"

#define SIZE 16

static void append_and_consume(void)
{
    smtpc_buf_t buf;

    smtpc__buf_init(&buf, SIZE, tap_pool());
    tap_is_int(smtpc__buf_used(&buf), 0, "a new buffer is empty");
    tap_is_int(smtpc__buf_append(&buf, "0123456789abcdef", SIZE),
               APR_SUCCESS, "the capacity can be filled");
    tap_is_int(smtpc__buf_append(&buf, "x", 1), SMTPC_ELIMIT,
               "one byte more is refused");
    tap_is_int(smtpc__buf_append(&buf, NULL, 0), APR_SUCCESS,
               "no byte always fits");
    tap_is_mem(smtpc__buf_bytes(&buf), smtpc__buf_used(&buf),
               "0123456789abcdef", SIZE, "a refusal changes nothing");

    smtpc__buf_consume(&buf, 10);
    tap_is_mem(smtpc__buf_bytes(&buf), smtpc__buf_used(&buf), "abcdef", 6,
               "bytes are consumed at the front");
    tap_is_int(smtpc__buf_append(&buf, "0123456789", 10), APR_SUCCESS,
               "the room in front is used again");
    tap_is_mem(smtpc__buf_bytes(&buf), smtpc__buf_used(&buf),
               "abcdef0123456789", SIZE, "in order");
    tap_ok(buf.end <= buf.size, "within the memory it has");
    tap_is_int(smtpc__buf_append(&buf, "x", 1), SMTPC_ELIMIT, "full again");

    smtpc__buf_consume(&buf, 1000);
    tap_is_int(smtpc__buf_used(&buf), 0, "no more is consumed than is held");
}

static void space_and_commit(void)
{
    smtpc_buf_t buf;
    char *space;

    smtpc__buf_init(&buf, SIZE, tap_pool());
    tap_is_int(smtpc__buf_space(&buf, &space), SIZE, "all is free");
    memcpy(space, "hello", 5);
    smtpc__buf_commit(&buf, 5);
    smtpc__buf_consume(&buf, 2);
    tap_is_int(smtpc__buf_space(&buf, &space), SIZE - 3,
               "free space is in one piece");
    memcpy(space, "!", 1);
    smtpc__buf_commit(&buf, 1);
    tap_is_mem(smtpc__buf_bytes(&buf), smtpc__buf_used(&buf), "llo!", 4,
               "what is committed follows what was held");
}

static void wiping(void)
{
    smtpc_buf_t buf;
    char zeros[SIZE] = { 0 };

    smtpc__buf_init_wiped(&buf, SIZE, tap_pool());
    tap_is_int(smtpc__buf_append(&buf, "secret secret", 13), APR_SUCCESS,
               "filled");
    smtpc__buf_consume(&buf, 7);
    smtpc__buf_clear(&buf);
    tap_is_int(smtpc__buf_used(&buf), 0, "cleared");
    tap_is_mem(buf.data, SIZE, zeros, SIZE,
               "nothing is left, not even of what was consumed");
}

int main(void)
{
    append_and_consume();
    space_and_commit();
    wiping();
    return tap_done();
}
