/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_test.c: the engine: bytes that are no reply or nobody's, limits
 * seen through it, and memory over many transactions.
 */
#include <string.h>
#include <malloc.h>

#include <apr_strings.h>

#include "../support/session_rig.h"
#include "../tap/tap.h"

/* P2, P3: limits of a reply seen through the session. */
static void test_reply_limits(void)
{
    apr_pool_t *pool = tap_pool();
    char *line = apr_palloc(pool, SMTPC_LIMIT_REPLY_LINE + 1);
    const char *many = "";

    memset(line, 'x', SMTPC_LIMIT_REPLY_LINE);
    line[SMTPC_LIMIT_REPLY_LINE - 4] = '\0';
    rig_run_text(apr_pstrcat(pool, "=== P2 line at the limit\nS: 220 ", line,
                         "\nC: EHLO " REPLAY_CLIENT "\n", NULL));
    line[SMTPC_LIMIT_REPLY_LINE - 4] = 'x';
    line[SMTPC_LIMIT_REPLY_LINE - 3] = '\0';
    rig_run_text(apr_pstrcat(pool, "=== P2 line beyond the limit\nS: 220 ", line,
                         "\nexpect status ELIMIT\nexpect want close\n",
                         NULL));
    for (int i = 0; i < SMTPC_LIMIT_REPLY_LINES; i++) {
        many = apr_pstrcat(pool, many, "220-x\\r\\n", NULL);
    }
    rig_run_text(apr_pstrcat(pool, "=== P3 endless lines\nS-raw: ", many,
                         "220 x\\r\\n\nexpect status ELIMIT\n", NULL));
}

/* Of AddressSanitizer's allocator, which mallinfo2() does not know. */
extern size_t __sanitizer_get_current_allocated_bytes(void)
    __attribute__((weak));

static size_t bytes_in_use(void)
{
    if (__sanitizer_get_current_allocated_bytes != NULL) {
        return __sanitizer_get_current_allocated_bytes();
    }
    return mallinfo2().uordblks;
}

/* Many transactions over one session: nothing may grow. */
static void test_memory(void)
{
    enum { ROUNDS = 20000, WARM = 200 };
    rig_t rig;
    apr_pool_t *pool;
    size_t before = 0;

    rig_open(&rig, "", "250-hi\r\n250-PIPELINING\r\n250 SIZE 1000\r\n");
    for (int i = 0; i < ROUNDS; i++) {
        if (i == WARM) {
            before = bytes_in_use();
        }
        apr_pool_create(&pool, tap_pool());
        rig.pool = pool;
        rig_begin(&rig, rig.session);
        (void)rig_drain(&rig);
        rig_say(&rig, i % 3 == 1 ? "250 a\r\n550 5.1.1 no\r\n554 b\r\n"
                                    : "250 a\r\n250 b\r\n354 c\r\n");
        (void)rig_drain(&rig);
        rig_say(&rig, "250 2.0.0 Ok: queued as 1\r\n");
        if (smtpc__session_want(rig.session) != SMTPC_WANT_READY) {
            tap_bail("round %d: %s", i, smtpc__session_error(rig.session));
        }
        apr_pool_destroy(pool);
    }
    tap_is_int(bytes_in_use(), before,
               "%d transactions leave no memory behind", ROUNDS - WARM);
}

int main(void)
{
    rig_run_file("session_parser.txt");
    test_reply_limits();
    test_memory();
    return tap_done();
}
