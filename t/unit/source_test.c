/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_test.c: the contract of a source, for every kind and every way in
 * which a callback can break it.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/source_int.h"

/* What a scripted callback does at one read. */
typedef struct step_t {
    const char *bytes;   /* given, or NULL for none */
    apr_status_t status;
    int keep_length;     /* does not set *len */
} step_t;

/* A scripted callback. */
typedef struct script_t {
    const step_t *steps;
    apr_size_t at;
    apr_size_t calls;
    apr_status_t rewind_status;
    apr_size_t rewinds;
} script_t;

static apr_status_t script_read(void *baton, char *buf, apr_size_t *len)
{
    script_t *script = baton;
    const step_t *step = &script->steps[script->at++];

    script->calls++;
    if (!step->keep_length) {
        *len = step->bytes != NULL ? strlen(step->bytes) : 0;
    }
    if (step->bytes != NULL) {
        memcpy(buf, step->bytes, strlen(step->bytes));
    }
    return step->status;
}

static apr_status_t script_rewind(void *baton)
{
    script_t *script = baton;

    script->rewinds++;
    script->at = 0;
    return script->rewind_status;
}

static smtpc_source_t *scripted(script_t *script, const step_t *steps,
                                apr_off_t length)
{
    smtpc_source_t *source;

    memset(script, 0, sizeof(*script));
    script->steps = steps;
    if (smtpc_source_create_callback(&source, script_read, script_rewind,
                                     length, script, tap_pool())
        != APR_SUCCESS) {
        tap_bail("no callback source");
    }
    return source;
}

/* Read source to its end in pieces of up to piece bytes; return the bytes and
 * set status to what ended it. */
static const char *slurp(smtpc_source_t *source, apr_size_t piece,
                         apr_status_t *status)
{
    const char *all = "";
    char buf[64];

    for (;;) {
        apr_size_t len = piece;

        *status = smtpc_source_read(source, buf, &len);
        if (*status != APR_SUCCESS) {
            if (len != 0) {
                tap_fail("bytes come with status %d", *status);
            }
            return all;
        }
        if (len == 0 || len > piece) {
            tap_fail("a success has 1 to %d bytes, got %d", (int)piece,
                     (int)len);
            return all;
        }
        all = apr_pstrcat(tap_pool(), all,
                          apr_pstrmemdup(tap_pool(), buf, len), NULL);
    }
}

static void bytes(void)
{
    smtpc_source_t *source;
    apr_size_t piece;
    apr_size_t len = 0;
    apr_status_t rv;
    char buf[4];

    tap_is_int(smtpc_source_create_bytes(&source, "hello world", 11,
                                         tap_pool()),
               APR_SUCCESS, "a source over memory");
    tap_is_int(smtpc_source_length(source), 11, "knows its length");
    tap_is_int(smtpc_source_rewind(source), APR_SUCCESS,
               "is at its front before it is read");
    for (piece = 1; piece <= 12; piece++) {
        tap_is_str(slurp(source, piece, &rv), "hello world",
                   "read in pieces of %d", (int)piece);
        tap_is_int(rv, APR_EOF, "to its end");
        len = 4;
        tap_is_int(smtpc_source_read(source, buf, &len), APR_EOF,
                   "which stays");
        tap_is_int(len, 0, "without bytes");
        tap_is_int(smtpc_source_rewind(source), APR_SUCCESS, "rewound");
    }
    len = 0;
    tap_is_int(smtpc_source_read(source, buf, &len), SMTPC_EARG,
               "reading nothing is no success");
    tap_is_str(slurp(source, 4, &rv), "hello world", "and does no harm");
    tap_is_str(smtpc__source_error(source), "", "there was no error");

    tap_is_int(smtpc_source_create_bytes(&source, NULL, 0, tap_pool()),
               APR_SUCCESS, "a source over nothing");
    tap_is_str(slurp(source, 4, &rv), "", "has nothing");
    tap_is_int(rv, APR_EOF, "and an end");
}

/* What lies in memory is not copied, anything else is; the rest is as with
 * reading. */
static void lending(void)
{
    static const char text[] = "hello world";
    static const step_t steps[] = { { "abc", APR_SUCCESS, 0 },
                                    { NULL, APR_EOF, 0 } };
    script_t script;
    smtpc_source_t *source;
    const char *data;
    char buf[8];
    apr_size_t len = 5;

    tap_is_int(smtpc_source_create_bytes(&source, text, 11, tap_pool()),
               APR_SUCCESS, "a source over memory");
    tap_is_int(smtpc__source_lend(&data, buf, &len, source), APR_SUCCESS,
               "lends");
    tap_ok(data == text && len == 5, "what was asked for");
    len = sizeof(buf);
    tap_is_int(smtpc__source_lend(&data, buf, &len, source), APR_SUCCESS,
               "and then");
    tap_ok(data == text + 5 && len == 6, "the rest");
    len = sizeof(buf);
    tap_is_int(smtpc__source_lend(&data, buf, &len, source), APR_EOF,
               "up to the end");
    tap_is_int(len, 0, "which has no bytes");

    source = scripted(&script, steps, 3);
    len = sizeof(buf);
    tap_is_int(smtpc__source_lend(&data, buf, &len, source), APR_SUCCESS,
               "another source reads");
    tap_ok(data == buf && len == 3 && memcmp(buf, "abc", 3) == 0,
           "into the buffer");
    len = sizeof(buf);
    tap_is_int(smtpc__source_lend(&data, buf, &len, source), APR_EOF,
               "up to the end");
}

static void good_callback(void)
{
    static const step_t steps[] = { { "abc", APR_SUCCESS, 0 },
                                    { "de", APR_SUCCESS, 0 },
                                    { NULL, APR_EOF, 0 },
                                    { "never", APR_SUCCESS, 0 } };
    script_t script;
    smtpc_source_t *source = scripted(&script, steps, 5);
    apr_status_t rv;

    tap_is_int(smtpc_source_rewind(source), APR_SUCCESS, "rewound unread");
    tap_is_int(script.rewinds, 0, "without a call");
    tap_is_str(slurp(source, 60, &rv), "abcde", "a callback is read");
    tap_is_int(rv, APR_EOF, "to its end");
    slurp(source, 60, &rv);
    tap_is_int(script.calls, 3, "and not asked again");
    tap_is_int(smtpc_source_rewind(source), APR_SUCCESS, "rewound");
    tap_is_str(slurp(source, 60, &rv), "abcde", "it is read again");
    tap_is_int(smtpc_source_create_callback(&source, NULL, NULL, 0, NULL,
                                            tap_pool()),
               SMTPC_EARG, "a source needs a read function");
    tap_is_int(smtpc_source_create_callback(&source, script_read, NULL, -2,
                                            NULL, tap_pool()),
               SMTPC_EARG, "a length is not negative");
}

/* Callbacks that break the contract, and what is said of them. */
static const struct {
    const char *what;
    step_t steps[3];
    apr_off_t length;
    const char *error;
} broken[] = {
    { "no bytes and no end", { { NULL, APR_SUCCESS, 0 } }, -1, "neither" },
    { "bytes with the end", { { "abc", APR_EOF, 0 } }, -1, "together" },
    { "a length left alone at the end",
      { { NULL, APR_EOF, 1 } }, -1, "together" },
    { "a failure", { { NULL, APR_EGENERAL, 0 } }, -1, "reading failed" },
    { "a failure with bytes", { { "ab", APR_EGENERAL, 0 } }, -1,
      "reading failed" },
    { "shorter than announced",
      { { "abc", APR_SUCCESS, 0 }, { NULL, APR_EOF, 0 } }, 4,
      "after 3 of 4" },
    { "longer than announced",
      { { "abc", APR_SUCCESS, 0 }, { "de", APR_SUCCESS, 0 } }, 4,
      "longer than the 4" },
    { "announced empty", { { "a", APR_SUCCESS, 0 } }, 0, "longer than" },
    { "more than asked for", { { "abcdefghijklmn", APR_SUCCESS, 0 } }, -1,
      "more bytes than" },
};

static void broken_callbacks(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        script_t script;
        smtpc_source_t *source = scripted(&script, broken[i].steps,
                                          broken[i].length);
        apr_size_t calls;
        apr_status_t rv;

        slurp(source, 10, &rv);
        tap_is_int(rv, SMTPC_ESOURCE, "refused: %s", broken[i].what);
        tap_ok(strstr(smtpc__source_error(source), broken[i].error) != NULL,
               "and said: %s", smtpc__source_error(source));
        calls = script.calls;
        slurp(source, 10, &rv);
        tap_ok(rv == SMTPC_ESOURCE && script.calls == calls,
               "for good, without another call");
        tap_is_int(smtpc_source_rewind(source), APR_SUCCESS,
                   "until it is rewound");
        tap_is_str(smtpc__source_error(source), "", "which forgets the error");
    }
}

static void refused_rewind(void)
{
    static const step_t steps[] = { { "abc", APR_SUCCESS, 0 },
                                    { NULL, APR_EOF, 0 } };
    script_t script;
    smtpc_source_t *source = scripted(&script, steps, 3);
    smtpc_source_t *once;
    apr_size_t len = 10;
    apr_status_t rv;
    char buf[10];

    slurp(source, 10, &rv);
    script.rewind_status = APR_EGENERAL;
    tap_is_int(smtpc_source_rewind(source), SMTPC_ESOURCE, "rewind fails");
    slurp(source, 10, &rv);
    tap_is_int(rv, SMTPC_ESOURCE, "and nothing is read afterwards");
    tap_ok(strstr(smtpc__source_error(source), "going back") != NULL,
           "the error says so: %s", smtpc__source_error(source));

    memset(&script, 0, sizeof(script));
    script.steps = steps;
    tap_is_int(smtpc_source_create_callback(&once, script_read, NULL, 3,
                                            &script, tap_pool()),
               APR_SUCCESS, "a source to be read once");
    tap_ok(!smtpc__source_can_rewind(once), "cannot be rewound");
    tap_is_int(smtpc_source_rewind(once), APR_SUCCESS,
               "but is at its front at first");
    tap_is_int(smtpc_source_read(once, buf, &len), APR_SUCCESS, "read");
    tap_is_int(smtpc_source_rewind(once), APR_ENOTIMPL, "no way back");
    slurp(once, 10, &rv);
    tap_is_int(rv, APR_EOF, "it can be read on");
}

static void sequence(void)
{
    static const step_t fails[] = { { "x", APR_SUCCESS, 0 },
                                    { NULL, APR_EGENERAL, 0 } };
    static const step_t ends[] = { { "x", APR_SUCCESS, 0 },
                                   { NULL, APR_EOF, 0 } };
    smtpc_source_t *parts[3];
    smtpc_source_t *all;
    smtpc_source_t *none;
    script_t script;
    apr_status_t rv;

    (void)!smtpc_source_create_bytes(&parts[0], "ab", 2, tap_pool());
    (void)!smtpc_source_create_bytes(&parts[1], "", 0, tap_pool());
    (void)!smtpc_source_create_bytes(&parts[2], "cde", 3, tap_pool());
    tap_is_int(smtpc__source_create_sequence(&all, parts, 3, tap_pool()),
               APR_SUCCESS, "three parts");
    tap_is_int(smtpc_source_length(all), 5, "have one length");
    tap_is_str(slurp(all, 2, &rv), "abcde", "and are read in order");
    tap_is_int(rv, APR_EOF, "to the end");
    tap_is_int(smtpc_source_rewind(all), APR_SUCCESS, "rewound");
    tap_is_str(slurp(all, 60, &rv), "abcde", "and read again");

    parts[1] = scripted(&script, fails, SMTPC_LENGTH_UNKNOWN);
    (void)!smtpc_source_rewind(parts[0]);
    (void)!smtpc_source_rewind(parts[2]);
    tap_is_int(smtpc__source_create_sequence(&all, parts, 3, tap_pool()),
               APR_SUCCESS, "one part that fails");
    tap_is_int(smtpc_source_length(all), SMTPC_LENGTH_UNKNOWN,
               "no length if one is not known");
    tap_is_str(slurp(all, 60, &rv), "abx", "is read up to the failure");
    tap_is_int(rv, SMTPC_ESOURCE, "which ends it");
    tap_is_str(smtpc__source_error(all), smtpc__source_error(parts[1]),
               "with the words of the part");
    script.rewind_status = APR_EGENERAL;
    tap_is_int(smtpc_source_rewind(all), SMTPC_ESOURCE,
               "a part that does not go back fails the rewind");

    parts[0] = scripted(&script, fails, SMTPC_LENGTH_UNKNOWN);
    tap_is_int(smtpc__source_create_sequence(&all, parts, 1, tap_pool()),
               APR_SUCCESS, "one part that is read to its end");
    script.steps = ends;
    slurp(all, 60, &rv);
    script.rewind_status = APR_EGENERAL;
    tap_is_int(smtpc_source_rewind(all), SMTPC_ESOURCE, "and fails then");
    tap_ok(strstr(smtpc__source_error(parts[0]), "going back") != NULL,
           "the part says why");
    tap_is_str(smtpc__source_error(all), smtpc__source_error(parts[0]),
               "and so does the whole");

    (void)!smtpc_source_create_callback(&parts[1], script_read, NULL, 0,
                                        &script, tap_pool());
    tap_is_int(smtpc__source_create_sequence(&all, parts, 3, tap_pool()),
               APR_SUCCESS, "one part to be read once");
    tap_ok(!smtpc__source_can_rewind(all), "makes the whole so");

    tap_is_int(smtpc__source_create_sequence(&none, NULL, 0, tap_pool()),
               APR_SUCCESS, "no part");
    tap_is_int(smtpc_source_length(none), 0, "has no bytes");
    slurp(none, 4, &rv);
    tap_is_int(rv, APR_EOF, "but an end");
}

int main(void)
{
    bytes();
    lending();
    good_callback();
    broken_callbacks();
    refused_rewind();
    sequence();
    return tap_done();
}
