/* SPDX-License-Identifier: Apache-2.0 */
/*
 * states_test.c: docs/states.md says what the state table says.
 *
 * The table of the page, between its two marks, is made here from
 * smtpc__steps. "states_test write" puts it into the page.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "../support/session_rig.h"
#include "../tap/tap.h"

#define PAGE_MAX 65536
#define BEGIN "<!-- steps: made by t/unit/states_test -->\n"
#define END "<!-- steps: end -->\n"

/* What the functions of the table do. */
static const struct {
    smtpc_reply_fn_t fn;
    const char *does;
} phrases[] = {
    { smtpc__session_greeting_ok, "220: EHLO or LHLO" },
    { smtpc__session_greeting_refused, "leave: `ETEMP`, 5xx too" },
    { smtpc__session_hello_ok,
      "250: take the capabilities; STARTTLS, XCLIENT, AUTH or ready" },
    { smtpc__session_hello_refused,
      "EHLO unknown (500, 502, 504) and nothing needs it: HELO; else leave: "
      "`ETEMP`" },
    { smtpc__session_starttls_ok,
      "220: the handshake; anything else breaks the protocol" },
    { smtpc__session_starttls_refused,
      "security starttls: leave, `ETLS`; opportunistic: go on in clear" },
    { smtpc__session_xclient_ok, "220: EHLO as somebody else" },
    { smtpc__session_xclient_refused, "leave: `ETEMP`" },
    { smtpc__session_auth_ok, "235: logged in, ready" },
    { smtpc__session_challenge, "334: respond, or cancel" },
    { smtpc__session_auth_refused,
      "the next mechanism, or leave: `ETEMP` or `EAUTH`" },
    { smtpc__session_cancelled,
      "the next mechanism, or leave: `ETEMP` or `EAUTH`" },
    { smtpc__session_mail_ok, "a transaction is open" },
    { smtpc__session_mail_refused, "settle the message: `REJECTED`" },
    { smtpc__session_rcpt_ok, "count the recipient" },
    { smtpc__session_rcpt_refused,
      "settle the recipient; the last of all, or all or none: the message" },
    { smtpc__session_data_ok, "354: content" },
    { smtpc__session_data_refused, "settle the message: `REJECTED`" },
    { smtpc__session_bdat_ok, "the next chunk" },
    { smtpc__session_bdat_refused,
      "settle the message: `REJECTED`; no other chunk" },
    { smtpc__session_end_ok,
      "`ACCEPTED`: all that were not refused, with LMTP the next of them" },
    { smtpc__session_end_refused,
      "`REJECTED`, likewise; before the end was sent, close" },
    { smtpc__session_rset_ok, "go on" },
    { smtpc__session_rset_refused, "leave: `EPROTO`" },
    { smtpc__session_ask_answered, "into the result" },
    { smtpc__session_quit_answered, "closed" },
    { smtpc__session_unasked, "421: close, `ETEMP`; else close, `EPROTO`" },
};

/* Return what fn does; a function without a phrase fails. */
static const char *phrase(smtpc_reply_fn_t fn, const char *step)
{
    if (fn == NULL) {
        return "-";
    }
    for (apr_size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (phrases[i].fn == fn) {
            return phrases[i].does;
        }
    }
    tap_fail("a phrase for what %s does: add it to this test", step);
    return "?";
}

static const char *successors(unsigned int bits)
{
    const char *text = "";

    for (int i = 0; i < SMTPC_STEP_COUNT; i++) {
        if (bits & 1u << i) {
            text = apr_pstrcat(tap_pool(), text, *text != '\0' ? ", " : "",
                               smtpc__steps[i].name, NULL);
        }
    }
    return *text != '\0' ? text : "-";
}

/* What a 421 does; most steps leave it to the engine. */
static const char *on_421(const smtpc_step_t *step)
{
    if (step->positive == NULL && step->transient == NULL) {
        return "-";
    }
    return step->own_421 ? "as 4xx" : "close: `ETEMP`";
}

static const char *refusals(const smtpc_step_t *step)
{
    const char *transient = phrase(step->transient, step->name);

    return step->transient == step->permanent
               ? transient
               : apr_pstrcat(tap_pool(), transient, "; 5xx: ",
                             phrase(step->permanent, step->name), NULL);
}

/* The table as Markdown. */
static const char *make_table(void)
{
    apr_pool_t *pool = tap_pool();
    const char *text = "| step | while | s | slot | 2xx | 3xx | 4xx, 5xx | "
                       "421 | may be followed by |\n"
                       "|---|---|---|---|---|---|---|---|---|\n";

    for (int i = 0; i < SMTPC_STEP_COUNT; i++) {
        const smtpc_step_t *step = &smtpc__steps[i];

        text = apr_psprintf(
            pool, "%s| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", text,
            step->name,
            step->stage == SMTPC_STAGE_COUNT ? "as before"
            : step->stage == SMTPC_STAGE_NONE ? "-"
                                              : smtpc_stage_phrase(step->stage),
            step->timeout > 0
                ? apr_psprintf(pool, "%d",
                               (int)apr_time_sec(step->timeout)) : "-",
            step->in_window ? "yes" : "-",
            phrase(step->positive, step->name),
            phrase(step->intermediate, step->name), refusals(step),
            on_421(step), successors(step->successors));
    }
    return text;
}

static const char *page_path(void)
{
    const char *top = getenv("TOP_SRCDIR");

    return apr_pstrcat(tap_pool(), top != NULL ? top : ".",
                       "/docs/states.md", NULL);
}

static char *read_page(void)
{
    char *text = apr_pcalloc(tap_pool(), PAGE_MAX + 1);
    apr_size_t len;
    apr_file_t *file;

    if (apr_file_open(&file, page_path(), APR_FOPEN_READ, APR_OS_DEFAULT,
                      tap_pool()) != APR_SUCCESS
        || apr_file_read_full(file, text, PAGE_MAX, &len) != APR_EOF) {
        tap_bail("cannot read %s", page_path());
    }
    apr_file_close(file);
    return text;
}

static void write_page(const char *text)
{
    apr_file_t *file;

    if (apr_file_open(&file, page_path(),
                      APR_FOPEN_WRITE | APR_FOPEN_TRUNCATE, APR_OS_DEFAULT,
                      tap_pool()) != APR_SUCCESS
        || apr_file_write_full(file, text, strlen(text), NULL)
               != APR_SUCCESS) {
        tap_bail("cannot write %s", page_path());
    }
    apr_file_close(file);
}

int main(int argc, char **argv)
{
    char *page = read_page();
    char *begin = strstr(page, BEGIN);
    char *end = strstr(page, END);
    const char *table = make_table();

    if (begin == NULL || end == NULL || end < begin) {
        tap_bail("docs/states.md has lost its marks");
    }
    begin += strlen(BEGIN);
    if (argc > 1 && strcmp(argv[1], "write") == 0) {
        write_page(apr_pstrcat(tap_pool(),
                               apr_pstrmemdup(tap_pool(), page,
                                              (apr_size_t)(begin - page)),
                               table, end, NULL));
        return 0;
    }
    *end = '\0';
    if (!tap_is_str(begin, table, "docs/states.md is as the table")) {
        tap_diag("TOP_SRCDIR=$PWD build/obj/t/unit/states_test write");
    }
    return tap_done();
}
