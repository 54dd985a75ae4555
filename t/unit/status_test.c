/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_test.c: names and sentences of the statuses.
 */
#include "../tap/tap.h"

#include <string.h>

#include <smtpclient/status.h>

static void every_status(void)
{
    char text[200];
    apr_status_t status;

    for (status = SMTPC_STATUS_FIRST; status < SMTPC_STATUS_END; status++) {
        const char *name = smtpc_status_name(status);

        tap_ok(name != NULL && strncmp(name, "SMTPC_E", 7) == 0,
               "status %d has a name", status);
        smtpc_strerror(status, text, sizeof(text));
        tap_ok(strlen(text) > 10 && strstr(text, "not specified") == NULL,
               "status %d has a sentence: %s", status, text);
    }
}

static void outside(void)
{
    char text[200];
    char apr_text[200];

    tap_is_str(smtpc_status_name(APR_SUCCESS), "APR_SUCCESS", "success");
    tap_is_str(smtpc_status_name(SMTPC_STATUS_FIRST - 1), NULL,
               "one before our range has no name");
    tap_is_str(smtpc_status_name(SMTPC_STATUS_END), NULL,
               "one behind our range has no name");
    tap_is_str(smtpc_status_name(APR_ENOENT), NULL,
               "a status of APR has no name");
    tap_is_str(smtpc_strerror(APR_ENOENT, text, sizeof(text)),
               apr_strerror(APR_ENOENT, apr_text, sizeof(apr_text)),
               "a status of APR has APR's sentence");
    tap_is_str(smtpc_strerror(APR_SUCCESS, text, sizeof(text)), "Success",
               "success has a sentence");
}

static void small_buffers(void)
{
    char text[8] = "xxxxxxx";

    smtpc_strerror(SMTPC_EBUSY, text, 5);
    tap_is_mem(text, 7, "Anot\0xx", 7, "a sentence is cut and terminated");
    smtpc_strerror(SMTPC_EBUSY, text, 1);
    tap_is_mem(text, 2, "\0n", 2, "one byte holds the terminator");
    text[0] = 'x';
    tap_ok(smtpc_strerror(SMTPC_EBUSY, text, 0) == text && text[0] == 'x',
           "no byte is written to no room");
}

int main(void)
{
    tap_pool();
    every_status();
    outside();
    small_buffers();
    tap_is_str(smtpc_status_name(SMTPC_EINDOUBT), "SMTPC_EINDOUBT",
               "a name is that of the header");
    tap_is_str(smtpc_version(), SMTPC_VERSION_STRING,
               "library and headers have the same version");
    return tap_done();
}
