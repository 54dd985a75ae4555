/* SPDX-License-Identifier: Apache-2.0 */
/* eml_test.c: messages that exist as bytes, taken apart and read again. */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "base/source_int.h"
#include "mime/eml.h"
#include "mime_support.h"

/* What is sent of text, or "EARG why" and the like. */
static char *sent(const char *text, apr_size_t len, apr_size_t piece,
                  apr_size_t *sent_len)
{
    smtpc_source_t *source = support_pieces(text, len, piece, 1, tap_pool());
    smtpc_source_t *parts[2];
    smtpc_source_t *all;
    const char *why = "";
    smtpc_eml_t *eml;
    apr_status_t rv = smtpc__eml_load(&eml, &why, source, tap_pool());

    *sent_len = 0;
    if (rv != APR_SUCCESS) {
        return apr_pstrcat(tap_pool(), smtpc_status_name(rv), " ", why, NULL);
    }
    if (smtpc_source_create_bytes(&parts[0], eml->block, eml->block_len,
                                  tap_pool())
        || smtpc__eml_body(&parts[1], eml, tap_pool())
        || smtpc__source_create_sequence(&all, parts, 2, tap_pool())) {
        tap_bail("no source");
    }
    return support_read(all, piece, sent_len, tap_pool());
}

#define SENT(literal) sent_text(literal, sizeof(literal) - 1)

/* The same in pieces of 1 byte and of all. */
static const char *sent_text(const char *text, apr_size_t len)
{
    apr_size_t n;
    apr_size_t m;
    const char *one = sent(text, len, 1, &n);
    const char *all = sent(text, len, len + 1, &m);

    if (n != m || memcmp(one, all, n) != 0) {
        return "depends on the pieces";
    }
    return all;
}

static void kept(void)
{
    static const struct {
        const char *text;
        const char *want;
        const char *what;
    } cases[] = {
        { "A: b\r\n\r\nbody\r\n", "A: b\r\n\r\nbody\r\n", "as it is" },
        { "A:  b \r\n\tc\r\n  d\r\nb:x\r\n\r\n.\r\n..\r\n",
          "A:  b \r\n\tc\r\n  d\r\nb:x\r\n\r\n.\r\n..\r\n",
          "folds, blanks, case, dots" },
        { "A: b\n\nx\ny", "A: b\r\n\r\nx\r\ny\r\n", "LF, and no last one" },
        { "A: b\r\rx\ry\r", "A: b\r\n\r\nx\r\ny\r\n", "CR" },
        { "A: b\r\r\nx", "A: b\r\n\r\nx\r\n", "CR CRLF are two line ends" },
        { "A: b\n\r\nx", "A: b\r\n\r\nx\r\n", "LF CRLF too" },
        { "\r\nbody", "\r\nbody\r\n", "no header" },
        { "A: b", "A: b\r\n", "no body, no empty line" },
        { "A: b\r\n \r\nC: d\r\n\r\nx", "A: b\r\n \r\nC: d\r\n\r\nx\r\n",
          "a line of blanks is no empty line" },
        { "A: b\nBcc: x@y\nC: d\n\nBcc: z\n",
          "A: b\r\nC: d\r\n\r\nBcc: z\r\n", "Bcc" },
        { "bcc : x@y,\n z@y\n\t\n z\nC: d\n\n", "C: d\r\n\r\n",
          "Bcc with a blank, folded" },
        { "BCC\t:x\rResent-BCC:\n x\nC: d\n\n", "C: d\r\n\r\n",
          "Bcc with a tab, Resent-Bcc" },
        { "C: d\n\n \nA: \xc3\xbc\xff", "C: d\r\n\r\n \r\nA: \xc3\xbc\xff\r\n",
          "any bytes in the body" }
    };

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        tap_is_str(sent_text(cases[i].text, strlen(cases[i].text)),
                   cases[i].want, "%s", cases[i].what);
    }
}

/* The nine sequences of P26 never end a message early: each CR and LF is a
 * line end of its own or part of one CRLF. */
static void smuggling(void)
{
    static const char *const sequences[] = {
        "\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n",
        "\r\n.\r\r\n", "\r\r\n.\r\r\n"
    };

    for (apr_size_t i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
        const char *text = apr_pstrcat(tap_pool(), "A: b\r\n\r\nx",
                                       sequences[i], "MAIL FROM:<a@b>\r\n",
                                       NULL);
        const char *out = sent_text(text, strlen(text));

        tap_ok(support_wire_problem(out, strlen(out)) == NULL,
               "P26 body %d", (int)i);
        text = apr_pstrcat(tap_pool(), "A: b", sequences[i],
                           "MAIL FROM:<a@b>\r\n\r\n", NULL);
        out = sent_text(text, strlen(text));
        tap_ok(strncmp(out, "SMTPC_EARG", 10) == 0
                   || support_wire_problem(out, strlen(out)) == NULL,
               "P26 header %d", (int)i);
    }
    tap_ok(strstr(SENT("A: b\r\n\r\nx\r\n\0.\r\n"), "NUL") != NULL,
           "P26 with a NUL is refused");
}

static void refused(void)
{
    char *text = apr_palloc(tap_pool(), 2 * SMTPC_LIMIT_HEADER_BLOCK);
    apr_size_t n;

    tap_is_str(SENT(""), "SMTPC_EARG the message is empty", "nothing");
    tap_is_str(SENT("no field\r\n\r\n"), "SMTPC_EARG \"no field\" in the "
               "header is neither a field nor the continuation of one",
               "no field");
    tap_is_str(SENT(" x\r\n\r\n"), "SMTPC_EARG \" x\" in the header is "
               "neither a field nor the continuation of one",
               "a continuation of nothing");
    tap_ok(strncmp(SENT(": x\r\n\r\n"), "SMTPC_EARG", 10) == 0, "no name");
    tap_ok(strncmp(SENT("A b: x\r\n\r\n"), "SMTPC_EARG", 10) == 0,
           "two names");
    tap_ok(strncmp(SENT("From x@y Mon Jan  5\nA: b\n\n"), "SMTPC_EARG", 10)
               == 0, "an mbox");
    tap_is_str(SENT("A: b\r\nC: \0\r\n\r\n"), "SMTPC_EARG line 2 of the "
               "message has a NUL; it cannot be sent as it is", "NUL");
    tap_ok(strstr(SENT("A: \xfc\r\n\r\n"), "UTF-8") != NULL,
           "a header that is no UTF-8");
    memset(text, 'x', 2000);
    memcpy(text, "A: b\n\n", 6);
    (void)sent(text, 6 + SMTPC_LIMIT_CONTENT_LINE, 4096, &n);
    tap_is_int(n, 8 + SMTPC_LIMIT_CONTENT_LINE + 2, "a line of 998");
    tap_ok(strstr(sent(text, 7 + SMTPC_LIMIT_CONTENT_LINE, 4096, &n),
                  "line 3 of the message has more than 998") != NULL,
           "of 999");
    memset(text, 'x', 2L * SMTPC_LIMIT_HEADER_BLOCK);
    for (apr_size_t i = 0; i < SMTPC_LIMIT_HEADER_BLOCK; i += 64) {
        memcpy(text + i, "A: b", 4);
        memcpy(text + i + 62, "\r\n", 2);
    }
    memcpy(text + SMTPC_LIMIT_HEADER_BLOCK - 4, "\r\n\r\n", 4);
    (void)sent(text, SMTPC_LIMIT_HEADER_BLOCK, 4096, &n);
    tap_is_int(n, SMTPC_LIMIT_HEADER_BLOCK, "a header at the limit");
    memcpy(text + SMTPC_LIMIT_HEADER_BLOCK - 4, "xx\r\nA:\r\n\r\n", 10);
    tap_ok(strncmp(sent(text, SMTPC_LIMIT_HEADER_BLOCK + 6, 4096, &n),
                   "SMTPC_ELIMIT", 12) == 0, "and beyond");
}

/* A source that is something else when it is read again. */
typedef struct fickle_t {
    const char *texts[2];
    int pass;
    apr_size_t at;
} fickle_t;

static apr_status_t fickle_read(void *baton, char *buf, apr_size_t *len)
{
    fickle_t *f = baton;
    const char *text = f->texts[f->pass > 0];

    if (text[f->at] == '\0') {
        *len = 0;
        return APR_EOF;
    }
    buf[0] = text[f->at++];
    *len = 1;
    return APR_SUCCESS;
}

static apr_status_t fickle_rewind(void *baton)
{
    fickle_t *f = baton;

    f->pass++;
    f->at = 0;
    return APR_SUCCESS;
}

static void changed(void)
{
    static const struct {
        const char *second;
        const char *what;
    } cases[] = {
        { "A: b\n\nbody", "the same" },
        { "A: c\n\nbody", "another header" },
        { "A: b\n", "no body" },
        { "A: b\n\nbod", "shorter" },
        { "A: b\n\nbodyy", "longer" },
        { "A: b\n\nb\xc3\xbc" "d", "8bit" }
    };

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        fickle_t f = { { "A: b\n\nbody", cases[i].second }, 0, 0 };
        smtpc_source_t *source;
        smtpc_source_t *body;
        const char *why = "";
        smtpc_eml_t *eml;
        apr_size_t len;
        char *got;

        if (smtpc_source_create_callback(&source, fickle_read, fickle_rewind,
                                         SMTPC_LENGTH_UNKNOWN, &f,
                                         tap_pool())
            || smtpc__eml_load(&eml, &why, source, tap_pool())
            || smtpc__eml_body(&body, eml, tap_pool())) {
            tap_bail("not loaded: %s", why);
        }
        got = support_read(body, 100, &len, tap_pool());
        tap_ok((got != NULL) == (i == 0), "%s: %s", cases[i].what,
               smtpc__source_error(body));
        tap_is_int(smtpc_source_length(body), 6, "the length is known");
    }
}

static void fields(void)
{
    static const char text[] = "Subject :  a\r\n\tb \r\nX-E:\r\nBcc: c\r\n\r\n";
    smtpc_source_t *source = support_pieces(text, sizeof(text) - 1, 7, 0,
                                            tap_pool());
    const smtpc_eml_field_t *f;
    const char *why;
    smtpc_eml_t *eml;

    if (smtpc__eml_load(&eml, &why, source, tap_pool())) {
        tap_bail("%s", why);
    }
    f = (const smtpc_eml_field_t *)eml->fields->elts;
    tap_is_int(eml->fields->nelts, 3, "fields");
    tap_is_str(f[0].name, "Subject", "name");
    tap_is_str(f[0].value, "a b", "unfolded");
    tap_is_str(f[1].value, "", "empty");
    tap_is_str(f[2].value, "c", "Bcc can be looked at");
    tap_ok(!eml->eight_bit && !eml->utf8, "ASCII");
    if (smtpc_source_create_callback(&source, fickle_read, NULL, 1, NULL,
                                     tap_pool())) {
        tap_bail("no source");
    }
    tap_is_int(smtpc__eml_load(&eml, &why, source, tap_pool()), SMTPC_EARG,
               "a source that can be read only once: %s", why);
}

int main(void)
{
    kept();
    smuggling();
    refused();
    changed();
    fields();
    return tap_done();
}
