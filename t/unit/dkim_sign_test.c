/* SPDX-License-Identifier: Apache-2.0 */
/* dkim_sign_test.c: signatures of rendered messages, verified by another
 * implementation; what is signed; bodies of every kind and piece. */
#include <string.h>

#include <apr_strings.h>

#include "../support/dkim_support.h"
#include "../tap/tap.h"
#include "mime/dkim_sign.h"
#include "mime_support.h"

static EVP_PKEY *rsa;
static EVP_PKEY *ed;
static smtpc_dkim_t *signers[2];

static smtpc_dkim_t *make(const char *selector, EVP_PKEY *key)
{
    smtpc_dkim_t *dkim = NULL;
    const char *why = "";

    if (smtpc_dkim_create(&dkim, &why, "example.org", selector,
                          dkim_support_reference(key, NULL, tap_pool()),
                          tap_pool()) != APR_SUCCESS) {
        tap_bail("%s", why);
    }
    return dkim;
}

static smtpc_message_t *new_message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "J\xc3\xbcrgen <web@example.org>")
        || smtpc_message_add_to(m, "ann@example.net, bob@example.net")
        || smtpc_message_set_subject(m, "Gr\xc3\xbc\xc3\x9f" "e an alle, die "
                                     "diesen sehr langen Betreff lesen "
                                     "m\xc3\xb6gen")
        || smtpc_message_set_body(m, "Hello \xc3\xa4 world,  \n\n.\n..\n \n"
                                  "last line without its end",
                                  SMTPC_BODY_TEXT)) {
        tap_bail("no message");
    }
    return m;
}

/* Render m signed by count signers; NULL if that fails. */
static char *render(const smtpc_message_t *m, apr_size_t count,
                    smtpc_render_t *how, smtpc_content_t **content)
{
    how->dkim = (const smtpc_dkim_t *const *)signers;
    how->dkim_count = count;
    return support_render(m, how, content, tap_pool());
}

static void verified(const char *text, int index, EVP_PKEY *key,
                     const char *what)
{
    tap_is_str(dkim_support_verify(text, strlen(text), index, key,
                                   tap_pool()), NULL, "%s verifies", what);
}

static void dual(void)
{
    smtpc_render_t how = { .eight_bit = 1 };
    smtpc_message_t *m = new_message();
    smtpc_content_t *content;
    char *text = render(m, 2, &how, &content);
    char *plain;
    apr_size_t len;

    if (text == NULL) {
        tap_fail("rendered");
        return;
    }
    verified(text, 0, rsa, "RSA");
    verified(text, 1, ed, "Ed25519");
    tap_is_str(dkim_support_verify(text, strlen(text), 0,
                                   dkim_support_key(1024, tap_pool()),
                                   tap_pool()), "signature is wrong",
               "not with another key");
    tap_is_str(support_wire_problem(text, strlen(text)), NULL, "wire");
    tap_is_str(support_fold_problem(text, tap_pool()), NULL, "folded");
    tap_is_int(content->length, strlen(text), "length");
    tap_ok(!content->eight_bit, "never 8bit");
    tap_is_int(smtpc_source_rewind(content->source), 0, "rewound");
    tap_is_str(support_read(content->source, 7, &len, tap_pool()), text,
               "the same again, 7 bytes at a time");
    how.dkim_count = 0;
    how.eight_bit = 0;
    plain = support_render(m, &how, NULL, tap_pool());
    tap_is_str(text + strlen(text) - strlen(plain), plain,
               "the message itself is as without signatures");
    tap_is_str(dkim_support_tag(text, 0, 0, "a", tap_pool()), "rsa-sha256",
               "a=");
    tap_is_str(dkim_support_tag(text, 0, 1, "a", tap_pool()),
               "ed25519-sha256", "a=");
    tap_is_str(dkim_support_tag(text, 0, 0, "c", tap_pool()),
               "relaxed/relaxed", "c=");
    tap_is_str(dkim_support_tag(text, 0, 0, "d", tap_pool()), "example.org",
               "d=");
    tap_is_str(dkim_support_tag(text, 0, 1, "s", tap_pool()), "ed", "s=");
    tap_is_str(dkim_support_tag(text, 0, 0, "t", tap_pool()),
               apr_psprintf(tap_pool(), "%" APR_INT64_T_FMT,
                            apr_time_sec(SUPPORT_NOW)), "t=");
    tap_is_str(dkim_support_tag(text, 0, 0, "x", tap_pool()), NULL, "no x=");
    tap_is_str(dkim_support_tag(text, 0, 0, "i", tap_pool()), NULL, "no i=");
}

/* Every header of the message may neither change, nor go, nor come again. */
static void tampering(void)
{
    static const char *const protected[] = {
        "From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To",
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
        "In-Reply-To", "References", "List-Unsubscribe",
        "List-Unsubscribe-Post", "Sender"
    };
    smtpc_render_t how = { 0 };
    smtpc_message_t *m = new_message();
    char *text;

    if (smtpc_message_add_header(m, "List-Unsubscribe",
                                 "<https://example.org/u>")
        || smtpc_message_add_header(m, "List-Unsubscribe-Post",
                                    "List-Unsubscribe=One-Click")
        || smtpc_message_add_header(m, "X-Own", "1")
        || smtpc_message_set_sender(m, "robot@example.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = render(m, 1, &how, NULL);
    verified(text, 0, rsa, "with List-Unsubscribe");
    for (apr_size_t i = 0; i < sizeof(protected) / sizeof(protected[0]);
         i++) {
        char *more = apr_pstrcat(tap_pool(), protected[i], ": x\r\n", text,
                                 NULL);

        tap_ok(dkim_support_verify(more, strlen(more), 0, rsa, tap_pool())
                   != NULL, "a second %s is noticed", protected[i]);
    }
    text = apr_pstrcat(tap_pool(), "Received: x\r\nX-Own: 2\r\n"
                       "List-Id: <x.example>\r\n", text, NULL);
    verified(text, 0, rsa, "what relays and lists add, behind it,");
    text[strlen(text) - 3]++;
    tap_is_str(dkim_support_verify(text, strlen(text), 0, rsa, tap_pool()),
               "body hash differs", "a changed body is noticed");
    text = render(new_message(), 1, &how, NULL);
    tap_ok(strstr(dkim_support_tag(text, 0, 0, "h", tap_pool()), "List-")
               == NULL, "no List-... where there is none");
}

static void options(void)
{
    smtpc_render_t how = { .pickup = 1 };
    smtpc_message_t *m = new_message();
    smtpc_dkim_t *usual = signers[0];
    smtpc_dkim_t *own = make("own", rsa);
    char *text;

    if (smtpc_dkim_set_identity(own, "web@sub.example.org")
        || smtpc_dkim_set_expire(own, 3600)
        || smtpc_dkim_set_headers(own, "Subject From X-None X-Two")) {
        tap_bail("%s", smtpc_dkim_error(own));
    }
    if (smtpc_message_add_header(m, "X-Two", "first")
        || smtpc_message_add_header(m, "X-Two", "second")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    signers[0] = own;
    text = render(m, 1, &how, NULL);
    signers[0] = usual;
    tap_ok(strncmp(text, "X-Sender: ", 10) == 0, "pickup: envelope first");
    verified(text, 0, rsa, "with all options it");
    tap_is_str(dkim_support_tag(text, 0, 0, "i", tap_pool()),
               "web@sub.example.org", "i=");
    tap_is_str(dkim_support_tag(text, 0, 0, "x", tap_pool()),
               apr_psprintf(tap_pool(), "%" APR_INT64_T_FMT,
                            apr_time_sec(SUPPORT_NOW) + 3600), "x=");
    tap_is_str(dkim_support_tag(text, 0, 0, "h", tap_pool()),
               "Subject:Subject:From:From:X-None:X-Two:X-Two:X-Two", "h=");
}

/* The hash of a body alone: sign with a block of one field. */
static const char *body_hash(smtpc_source_t *body, apr_off_t *length)
{
    static const char block[] = "From: a@example.org\r\n\r\n";
    smtpc_dkim_input_t input = { block, sizeof(block) - 1, body };
    smtpc_dkim_output_t output;
    const char *why = "";

    if (smtpc__dkim_sign(&output, &why, &input,
                         (const smtpc_dkim_t *const *)signers, 1,
                         support_env(tap_pool()), tap_pool())
        != APR_SUCCESS) {
        return why;
    }
    *length = output.body_length;
    return dkim_support_tag(apr_pstrcat(tap_pool(),
                                        apr_pstrmemdup(tap_pool(),
                                                       output.fields,
                                                       output.len), "\r\n",
                                        NULL), 0, 0, "bh", tap_pool());
}

static void bodies(void)
{
    static const apr_size_t pieces[] = { 1, 2, 3, 76, 4096, 65536 };
    /* SHA-256 of nothing. */
    static const char nothing[]
        = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    char *big = apr_palloc(tap_pool(), 300000);
    const char *x;
    const char *hash = NULL;
    apr_off_t length;

    tap_is_str(body_hash(support_pieces("", 0, 1, 1, tap_pool()), &length),
               nothing, "empty body");
    tap_is_int(length, 0, "no bytes");
    tap_is_str(body_hash(support_pieces("\r\n\r\n", 4, 1, 0, tap_pool()),
                         &length), nothing, "empty lines only");
    tap_is_int(length, 4, "four bytes");
    x = body_hash(support_pieces("x", 1, 1, 1, tap_pool()), &length);
    tap_is_str(body_hash(support_pieces("x\r\n", 3, 1, 1, tap_pool()),
                         &length), x, "the last line end makes no difference");
    tap_is_str(body_hash(support_pieces("x\n \r\n\r\n", 7, 2, 1, tap_pool()),
                         &length), x, "nor do empty lines at the end");
    tap_ok(strcmp(x, body_hash(support_pieces("\r\nx", 3, 1, 1, tap_pool()),
                               &length)) != 0, "those in front do");
    for (apr_size_t i = 0; i < 300000; i++) {
        big[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n'
                 : i % 11 == 0 ? ' ' : (char)('a' + i % 26);
    }
    for (apr_size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        const char *got = body_hash(support_pieces(big, 300000, pieces[i],
                                                   (int)i % 2, tap_pool()),
                                    &length);

        hash = hash != NULL ? hash : got;
        tap_is_str(got, hash, "%d bytes at a time", (int)pieces[i]);
        tap_is_int(length, 300000, "length");
    }
}

typedef struct once_t {
    int left;
    int fail;
} once_t;

static apr_status_t once_read(void *baton, char *buf, apr_size_t *len)
{
    once_t *once = baton;

    if (once->left-- > 0) {
        *buf = 'x';
        *len = 1;
        return APR_SUCCESS;
    }
    *len = 0;
    return once->fail ? APR_EGENERAL : APR_EOF;
}

static apr_status_t no_rewind(void *baton)
{
    (void)baton;
    return APR_EGENERAL;
}

static void sources(void)
{
    smtpc_render_t how = { 0 };
    once_t once = { 5, 0 };
    once_t bad = { 5, 1 };
    once_t stuck = { 5, 0 };
    const char *why = NULL;
    smtpc_attachment_t *attachment;
    smtpc_content_t *content = NULL;
    smtpc_message_t *m = new_message();
    smtpc_source_t *source;

    how.why = &why;
    how.dkim = (const smtpc_dkim_t *const *)signers;
    how.dkim_count = 1;
    if (smtpc_source_create_callback(&source, once_read, NULL,
                                     SMTPC_LENGTH_UNKNOWN, &once, tap_pool())
        || smtpc_message_attach_source(&attachment, m, "a.bin", NULL, source)) {
        tap_bail("no attachment");
    }
    tap_is_int(smtpc__message_render(&content, m, &how,
                                     support_env(tap_pool()), tap_pool()),
               SMTPC_ESOURCE, "an attachment that is read once");
    tap_ok(why != NULL && strstr(why, "cannot be rewound") != NULL, "said: %s",
           why ? why : "nothing");
    tap_is_int(once.left, 5, "and it was not touched");
    how.dkim_count = 0;
    tap_is_int(smtpc__message_render(&content, m, &how,
                                     support_env(tap_pool()), tap_pool()), 0,
               "it can still go unsigned");

    how.dkim_count = 1;
    m = new_message();
    if (smtpc_source_create_callback(&source, once_read, no_rewind,
                                     SMTPC_LENGTH_UNKNOWN, &bad, tap_pool())
        || smtpc_message_attach_source(&attachment, m, "a.bin", NULL, source)) {
        tap_bail("no attachment");
    }
    why = NULL;
    tap_is_int(smtpc__message_render(&content, m, &how,
                                     support_env(tap_pool()), tap_pool()),
               SMTPC_ESOURCE, "one that fails");
    tap_ok(why != NULL && strstr(why, "reading failed") != NULL, "said: %s",
           why ? why : "nothing");
    m = new_message();
    if (smtpc_source_create_callback(&source, once_read, no_rewind,
                                     SMTPC_LENGTH_UNKNOWN, &stuck, tap_pool())
        || smtpc_message_attach_source(&attachment, m, "a.bin", NULL, source)) {
        tap_bail("no attachment");
    }
    why = NULL;
    tap_is_int(smtpc__message_render(&content, m, &how,
                                     support_env(tap_pool()), tap_pool()),
               SMTPC_ESOURCE, "one that does not go back");
    tap_ok(why != NULL && strstr(why, "back to the start") != NULL,
           "said: %s", why ? why : "nothing");
}

/* An attachment of unknown length is read anyway, so the length is known. */
static void unknown_length(void)
{
    smtpc_render_t how = { 0 };
    smtpc_message_t *m = new_message();
    smtpc_attachment_t *attachment;
    smtpc_content_t *content;
    char *text;

    if (smtpc_message_attach_source(&attachment, m, "a.bin", NULL,
                                    support_pieces("0123456789", 10, 3, 0,
                                                   tap_pool()))) {
        tap_bail("no attachment");
    }
    text = render(m, 2, &how, &content);
    verified(text, 0, rsa, "multipart");
    verified(text, 1, ed, "multipart");
    tap_is_int(content->length, strlen(text), "length");
}

static void utf8(void)
{
    smtpc_render_t how = { .utf8 = 1 };
    char *text = render(new_message(), 2, &how, NULL);

    tap_ok(strstr(text, "Gr\xc3\xbc\xc3\x9f" "e") != NULL, "raw UTF-8");
    verified(text, 0, rsa, "raw UTF-8");
    verified(text, 1, ed, "raw UTF-8");
}

/* Blanks in front of the colon, RFC 5322 4.5: the field is signed all the
 * same, as verifiers that know them find it. */
static void blank_before_colon(void)
{
    static const char eml[] = "From : a@example.org\r\nTo: b@example.org\r\n"
                              "Subject \t: hi\r\n\r\nbody\r\n";
    smtpc_render_t how = { 0 };
    smtpc_message_t *m;
    smtpc_source_t *source;
    const char *names;

    if (smtpc_source_create_bytes(&source, eml, sizeof(eml) - 1, tap_pool())
        || smtpc_message_load_source(&m, source, tap_pool())) {
        tap_bail("no message");
    }
    names = dkim_support_tag(render(m, 1, &how, NULL), 0, 0, "h", tap_pool());
    tap_ok(strstr(names, "From:From:") != NULL
               && strstr(names, "Subject:Subject") != NULL,
           "a field is known with a blank behind its name: %s", names);
}

int main(void)
{
    rsa = dkim_support_key(2048, tap_pool());
    ed = dkim_support_key(0, tap_pool());
    signers[0] = make("rsa", rsa);
    signers[1] = make("ed", ed);
    dual();
    tampering();
    options();
    bodies();
    sources();
    unknown_length();
    utf8();
    blank_before_colon();
    return tap_done();
}
