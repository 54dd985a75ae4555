/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_random_test.c: two thousand messages made at random from a fixed
 * seed. What went in comes out again, and every message keeps the rules of
 * the wire: line ends, line lengths, folds, 8bit only where it is said, the
 * announced length, the same bytes however they are pulled.
 *
 * "message_random_test DIR COUNT" writes messages and what is in them as
 * DIR/N.eml and DIR/N.txt (lines of key, blank, hexadecimal bytes), for
 * comparison by an independent parser.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

#define MESSAGES 2000
#define SEED 20260105u
#define ATTACHMENTS_MAX 4
#define ADDRESSES_MAX 6

/* What went into a message. */
typedef struct case_t {
    apr_pool_t *pool;
    unsigned int seed;
    smtpc_message_t *message;
    smtpc_render_t render;
    const char *subject;
    const char *header;
    const char *names[ADDRESSES_MAX];
    int addresses;
    const char *body;
    int attachments;
    const char *attachment_names[ATTACHMENTS_MAX];
    const char *data[ATTACHMENTS_MAX];
    apr_size_t data_len[ATTACHMENTS_MAX];
} case_t;

static unsigned int roll(case_t *c, unsigned int sides)
{
    c->seed = c->seed * 1664525u + 1013904223u;
    return (c->seed >> 8) % sides;
}

/* Text of about so many bytes without control characters. */
static char *text(case_t *c, apr_size_t len)
{
    static const char *const items[] = {
        "a", "word", " ", " ", " ", "  ", "longer-word", "\xc3\xa4",
        "Gr\xc3\xbc\xc3\x9f" "e", "\xe4\xb8\xad\xe6\x96\x87",
        "\xf0\x9f\x98\x80", "=", "?", "=?", "_", "\"", "\\", ";", ",", "'",
        "%", "*", "(", ")", "<", ">", "@", ":", ".", "=?utf-8?Q?x?=",
        "averylongwordwithoutanyblankinitthatisnearlyaslongasaline"
    };
    unsigned int kinds = roll(c, 3) == 0 ? 8 : 31;
    char *out = apr_palloc(c->pool, len + 80);
    apr_size_t n = 0;

    while (n < len) {
        const char *item = items[roll(c, kinds)];

        memcpy(out + n, item, strlen(item));
        n += strlen(item);
    }
    out[n] = '\0';
    return out;
}

static char *body_text(case_t *c)
{
    static const char *const ends[] = { "\n", "\r\n", "\r", "\n\n", " \n",
                                        "\t\r\n", "\n.\n", "\nFrom " };
    char *out = apr_pstrdup(c->pool, "");
    unsigned int lines = roll(c, 12);

    for (unsigned int i = 0; i < lines; i++) {
        const char *line = roll(c, 2) ? text(c, roll(c, 200)) : "plain text";

        if (roll(c, 40) == 0) {
            line = text(c, 900 + roll(c, 300));
        }
        out = apr_pstrcat(c->pool, out, line,
                          i + 1 < lines || roll(c, 2) ? ends[roll(c, 8)]
                                                      : "", NULL);
    }
    return out;
}

/* The address parser makes one blank of several, so names have none. */
static const char *single_blanks(char *name)
{
    char *to = name;

    for (char *from = name; *from != '\0'; from++) {
        if (*from != ' ' || (to > name && to[-1] != ' ')) {
            *to++ = *from;
        }
    }
    while (to > name && to[-1] == ' ') {
        to--;
    }
    *to = '\0';
    return name;
}

static apr_status_t add_addresses(case_t *c)
{
    c->addresses = 1 + (int)roll(c, ADDRESSES_MAX);
    for (int i = 0; i < c->addresses; i++) {
        smtpc_address_t *address;
        const char *formatted;
        apr_status_t rv;

        c->names[i] = single_blanks(text(c, roll(c, 70)));
        rv = smtpc_address_create(&address,
                                  apr_psprintf(c->pool, "user%d@example.org",
                                               i), c->names[i], c->pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        formatted = smtpc_address_format(address, c->pool);
        rv = i == 0 ? smtpc_message_set_from(c->message, formatted)
                    : smtpc_message_add_to(c->message, formatted);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t add_attachment(case_t *c, int i)
{
    static const apr_size_t sizes[] = { 0, 1, 56, 57, 58, 114, 8207, 8208,
                                        8209 };
    apr_size_t len = roll(c, 2) ? sizes[roll(c, 9)] : roll(c, 3000);
    char *data = apr_palloc(c->pool, len + 1);

    for (apr_size_t k = 0; k < len; k++) {
        data[k] = (char)roll(c, 256);
    }
    c->data[i] = data;
    c->data_len[i] = len;
    c->attachment_names[i] = apr_pstrcat(c->pool, text(c, roll(c, 120)), ".",
                                         roll(c, 2) ? "pdf" : "dat", NULL);
    return smtpc_message_attach_bytes(NULL, c->message,
                                      c->attachment_names[i], NULL, data, len);
}

static apr_status_t make(case_t *c, unsigned int seed, apr_pool_t *pool)
{
    apr_status_t rv;

    memset(c, 0, sizeof(*c));
    c->pool = pool;
    c->seed = seed;
    c->render.eight_bit = (int)roll(c, 2);
    c->render.utf8 = roll(c, 4) == 0;
    c->subject = text(c, 1 + roll(c, 300));
    c->header = text(c, 1 + roll(c, 150));
    c->body = body_text(c);
    c->attachments = roll(c, 2) ? (int)roll(c, ATTACHMENTS_MAX + 1) : 0;
    rv = smtpc_message_create(&c->message, pool);
    if (rv == APR_SUCCESS) {
        rv = add_addresses(c);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_set_subject(c->message, c->subject);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_add_header(c->message, "X-Random", c->header);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_set_body(c->message, c->body, SMTPC_BODY_TEXT);
    }
    for (int i = 0; i < c->attachments && rv == APR_SUCCESS; i++) {
        rv = add_attachment(c, i);
    }
    return rv;
}

/* What a reader has to find as the text: line ends are CRLF, and a text that
 * ends the message has one at its end, unless in base64. */
static const char *expected_body(const case_t *c, const char *encoding)
{
    char *out = apr_palloc(c->pool, 2 * strlen(c->body) + 3);
    apr_size_t n = 0;

    for (const char *p = c->body; *p != '\0'; p++) {
        if (*p == '\r' || *p == '\n') {
            out[n++] = '\r';
            out[n++] = '\n';
            p += p[0] == '\r' && p[1] == '\n';
        }
        else {
            out[n++] = *p;
        }
    }
    if (c->attachments == 0 && n > 0 && out[n - 1] != '\n'
        && strcmp(encoding, "base64") != 0) {
        out[n++] = '\r';
        out[n++] = '\n';
    }
    out[n] = '\0';
    return out;
}

/* Check one part, header and content, of len bytes at part. */
static const char *part_problem(const case_t *c, const char *part,
                                apr_size_t len, const char *want,
                                apr_size_t want_len)
{
    const char *encoding = support_field(part, "Content-Transfer-Encoding",
                                         c->pool);
    const char *body = support_body(part);
    apr_size_t body_len = len - (apr_size_t)(body - part);
    const char *got = body;
    apr_size_t got_len = body_len;
    const char *why = support_fold_problem(part, c->pool);

    if (why != NULL) {
        return why;
    }
    if (encoding == NULL) {
        return "a leaf without an encoding";
    }
    if (strcmp(encoding, "base64") == 0) {
        got = support_decode_base64(body, body_len, &got_len, c->pool);
    }
    else if (strcmp(encoding, "quoted-printable") == 0) {
        got = support_decode_quoted(body, body_len, &got_len, c->pool);
    }
    else {
        for (apr_size_t i = 0; i < body_len; i++) {
            if ((unsigned char)body[i] > 127 && strcmp(encoding, "8bit")) {
                return "8bit content that is not said to be";
            }
        }
    }
    if (want == NULL) {
        want = expected_body(c, encoding);
        want_len = strlen(want);
    }
    return got != NULL && got_len == want_len
                   && memcmp(got, want, want_len) == 0
               ? NULL : "content differs";
}

static const char *parts_problem(const case_t *c, const char *bytes,
                                 apr_size_t len)
{
    const char *type = support_field(bytes, "Content-Type", c->pool);
    const char *delimiter;
    const char *part;

    if (c->attachments == 0) {
        return part_problem(c, bytes, len, NULL, 0);
    }
    type = strchr(type, '"') + 1;
    delimiter = apr_pstrcat(c->pool, "\r\n--",
                            apr_pstrmemdup(c->pool, type, strcspn(type, "\"")),
                            NULL);
    part = strstr(bytes, delimiter);
    for (int i = -1; i < c->attachments; i++) {
        const char *next;
        const char *why;

        part += strlen(delimiter) + 2;
        /* No content of ours has the delimiter or, encoded, a NUL. */
        next = strstr(part, delimiter);
        if (next == NULL) {
            return "a part is missing";
        }
        why = part_problem(c, part, (apr_size_t)(next - part),
                           i < 0 ? NULL : c->data[i],
                           i < 0 ? 0 : c->data_len[i]);
        if (why != NULL) {
            return why;
        }
        part = next;
    }
    return strncmp(part + strlen(delimiter), "--\r\n", 5) == 0
               ? NULL : "no end, or more behind it";
}

static const char *render_problem(const case_t *c, char **bytes,
                                  apr_size_t *len)
{
    static const apr_size_t pieces[] = { 4096, 1, 7 };
    smtpc_content_t *content;
    apr_size_t n;

    if (smtpc__message_render(&content, c->message, &c->render,
                              support_env(c->pool), c->pool)) {
        return "not rendered";
    }
    for (int i = 0; i < 3; i++) {
        char *again;

        if (smtpc_source_rewind(content->source)) {
            return "not rewound";
        }
        again = support_read(content->source, pieces[i], &n, c->pool);
        if (again == NULL) {
            return "not read";
        }
        if (i > 0 && (n != *len || memcmp(again, *bytes, n) != 0)) {
            return "other bytes in other pieces";
        }
        *bytes = again;
        *len = n;
    }
    if (content->length != (apr_off_t)n) {
        return "not the announced length";
    }
    for (apr_size_t i = 0; i < n && !content->eight_bit; i++) {
        if ((unsigned char)(*bytes)[i] > 127) {
            return "8bit that is not announced";
        }
    }
    return NULL;
}

static const char *field_problem(const case_t *c, const char *bytes,
                                 const char *name, const char *want)
{
    const char *raw = support_field(bytes, name, c->pool);
    const char *got = raw != NULL ? support_decode_words(raw, c->pool) : NULL;

    if (got == NULL || strcmp(got, want) != 0) {
        tap_diag("got  %s", got != NULL ? got : "nothing");
        tap_diag("want %s", want);
        return name;
    }
    return NULL;
}

static const char *problem(const case_t *c)
{
    apr_size_t len;
    char *bytes;
    const char *why = render_problem(c, &bytes, &len);

    if (why == NULL) {
        why = support_wire_problem(bytes, len);
    }
    if (why == NULL) {
        why = support_fold_problem(bytes, c->pool);
    }
    if (why == NULL) {
        why = field_problem(c, bytes, "Subject", c->subject);
    }
    if (why == NULL) {
        why = field_problem(c, bytes, "X-Random", c->header);
    }
    return why == NULL ? parts_problem(c, bytes, len) : why;
}

static void put_line(FILE *file, const char *key, const char *data,
                     apr_size_t len)
{
    fprintf(file, "%s ", key);
    for (apr_size_t i = 0; i < len; i++) {
        fprintf(file, "%02x", (unsigned char)data[i]);
    }
    fputc('\n', file);
}

/* Write one message and what is in it. */
static int write_case(const case_t *c, const char *dir, unsigned int i)
{
    apr_size_t len;
    char *bytes;
    const char *why = render_problem(c, &bytes, &len);
    FILE *file;

    if (why != NULL) {
        return 0;
    }
    file = fopen(apr_psprintf(c->pool, "%s/%u.eml", dir, i), "wb");
    if (file == NULL) {
        return 0;
    }
    (void)fwrite(bytes, 1, len, file);
    fclose(file);
    file = fopen(apr_psprintf(c->pool, "%s/%u.txt", dir, i), "wb");
    if (file == NULL) {
        return 0;
    }
    put_line(file, "subject", c->subject, strlen(c->subject));
    put_line(file, "x-random", c->header, strlen(c->header));
    for (int k = 0; k < c->addresses; k++) {
        put_line(file, k == 0 ? "from" : "to", c->names[k],
                 strlen(c->names[k]));
    }
    put_line(file, "body", expected_body(c, ""),
             strlen(expected_body(c, "")));
    for (int k = 0; k < c->attachments; k++) {
        put_line(file, "name", c->attachment_names[k],
                 strlen(c->attachment_names[k]));
        put_line(file, "data", c->data[k], c->data_len[k]);
    }
    fclose(file);
    return 1;
}

int main(int argc, char **argv)
{
    unsigned int count = argc == 3 ? (unsigned int)atol(argv[2]) : MESSAGES;
    unsigned int good = 0;

    for (unsigned int i = 0; i < count; i++) {
        const char *why = NULL;
        apr_pool_t *pool;
        case_t c;

        if (apr_pool_create(&pool, tap_pool())) {
            tap_bail("no pool");
        }
        if (make(&c, SEED + i * 7919u, pool) != APR_SUCCESS) {
            why = smtpc_message_error(c.message);
        }
        else if (argc == 3) {
            why = write_case(&c, argv[1], i) ? NULL : "not written";
        }
        else {
            why = problem(&c);
        }
        if (why == NULL) {
            good++;
        }
        else {
            tap_diag("message %u: %s", i, why);
        }
        apr_pool_destroy(pool);
    }
    tap_is_int(good, count, "every message keeps the rules and its content");
    return tap_done();
}
