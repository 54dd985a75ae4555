/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime_support.c: see mime_support.h. The readers are simple and strict; they
 * end the test when memory or a call that cannot fail does.
 */
#include "mime_support.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "../tap/tap.h"

static apr_time_t fixed_clock(void *baton)
{
    (void)baton;
    return SUPPORT_NOW;
}

static apr_status_t counting_random(void *baton, unsigned char *buf,
                                    apr_size_t len)
{
    unsigned char *next = baton;

    while (len-- > 0) {
        *buf++ = (*next)++;
    }
    return APR_SUCCESS;
}

smtpc_env_t *support_env(apr_pool_t *pool)
{
    smtpc_env_t *env;

    setenv("TZ", "CET-1", 1);
    tzset();
    if (smtpc_env_create(&env, pool) != APR_SUCCESS
        || smtpc_env_set_host_name(env, "host.example") != APR_SUCCESS) {
        tap_bail("no env");
    }
    smtpc_env_set_clock(env, fixed_clock, NULL);
    smtpc_env_set_random(env, counting_random, apr_pcalloc(pool, 1));
    return env;
}

char *support_read(smtpc_source_t *source, apr_size_t piece, apr_size_t *len,
                   apr_pool_t *pool)
{
    apr_size_t size = 4096;
    char *out = apr_palloc(pool, size + 1);
    apr_status_t rv;

    *len = 0;
    for (;;) {
        apr_size_t n = piece;

        if (size - *len < piece) {
            char *grown = apr_palloc(pool, 2 * (size + piece) + 1);

            memcpy(grown, out, *len);
            out = grown;
            size = 2 * (size + piece);
        }
        rv = smtpc_source_read(source, out + *len, &n);
        if (rv != APR_SUCCESS) {
            break;
        }
        *len += n;
    }
    out[*len] = '\0';
    return APR_STATUS_IS_EOF(rv) ? out : NULL;
}

char *support_render(const smtpc_message_t *message,
                     const smtpc_render_t *render, smtpc_content_t **content,
                     apr_pool_t *pool)
{
    smtpc_content_t *made;
    apr_size_t len;

    if (smtpc__message_render(&made, message, render, support_env(pool), pool)
        != APR_SUCCESS) {
        return NULL;
    }
    if (content != NULL) {
        *content = made;
    }
    return support_read(made->source, 4096, &len, pool);
}

const char *support_wire_problem(const char *text, apr_size_t len)
{
    apr_size_t line = 0;

    if (len < 2 || text[len - 1] != '\n') {
        return "does not end with CRLF";
    }
    for (apr_size_t i = 0; i < len; i++) {
        if (text[i] == '\0') {
            return "NUL";
        }
        if (text[i] == '\r') {
            if (i + 1 == len || text[i + 1] != '\n') {
                return "CR alone";
            }
            line = 0;
            i++;
            continue;
        }
        if (text[i] == '\n') {
            return "LF alone";
        }
        if (++line > 998) {
            return "line over 998";
        }
    }
    return NULL;
}

/* One line of a header without its CRLF. */
static const char *line_problem(const char *line, apr_size_t len, int first)
{
    apr_size_t limit = strstr(line, "=?utf-8?") != NULL ? 76 : 78;
    const char *colon = memchr(line, ':', len);
    const char *word = line + strspn(line, " ");

    if (strspn(line, " ") == len) {
        return "line of blanks only";
    }
    if (len <= limit) {
        return NULL;
    }
    if (first) {
        word = colon != NULL && colon[1] == ' ' ? colon + 2 : line;
    }
    if (memchr(word, ' ', len - (apr_size_t)(word - line)) != NULL) {
        return "long line that could be folded";
    }
    if (first && word != line
        && len - (apr_size_t)(word - line) < limit) {
        return "long line that could be folded behind its name";
    }
    return NULL;
}

const char *support_fold_problem(const char *text, apr_pool_t *pool)
{
    while (strncmp(text, "\r\n", 2) != 0) {
        const char *stop = strstr(text, "\r\n");
        const char *why;
        apr_size_t len;

        if (stop == NULL) {
            return "no empty line behind the header";
        }
        len = (apr_size_t)(stop - text);
        why = line_problem(apr_pstrmemdup(pool, text, len), len,
                           text[0] != ' ');
        if (why != NULL) {
            return why;
        }
        text = stop + 2;
    }
    return NULL;
}

char *support_field(const char *text, const char *name, apr_pool_t *pool)
{
    apr_size_t len = strlen(name);

    while (strncmp(text, "\r\n", 2) != 0 && *text != '\0') {
        if (strncasecmp(text, name, len) == 0 && text[len] == ':') {
            char *out = apr_pstrdup(pool, text + len + 1);
            char *to = out;

            for (char *from = out; *from != '\0'; from++) {
                if (from[0] == '\r' && from[1] == '\n') {
                    if (from[2] != ' ') {
                        break;
                    }
                    from++;
                    continue;
                }
                *to++ = *from;
            }
            *to = '\0';
            return *out == ' ' ? out + 1 : out;
        }
        text = strstr(text, "\r\n");
        if (text == NULL) {
            break;
        }
        text += 2;
    }
    return NULL;
}

char *support_outline(const char *text, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, "");

    while (text != NULL) {
        if (strncmp(text, "Content-Type: ", 14) == 0) {
            const char *type = apr_pstrmemdup(pool, text + 14,
                                              strcspn(text + 14, ";\r"));
            const char *gap = *out == '\0' || out[strlen(out) - 1] == '('
                                  ? "" : " ";

            out = apr_pstrcat(pool, out, gap, type,
                              strncmp(type, "multipart/", 10) ? "" : "(",
                              NULL);
        }
        else if (strncmp(text, "--=_", 4) == 0
                 && strncmp(text + strcspn(text, "\r") - 2, "--", 2) == 0) {
            out = apr_pstrcat(pool, out, ")", NULL);
        }
        text = strstr(text, "\r\n");
        text = text != NULL ? text + 2 : NULL;
    }
    return out;
}

smtpc_message_t *support_message(apr_pool_t *pool)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, pool)
        || smtpc_message_set_from(m, "from@example.org")
        || smtpc_message_add_to(m, "to@example.org")) {
        tap_bail("no message");
    }
    return m;
}

char *support_part(const char *text, int i, apr_pool_t *pool)
{
    const char *next;

    for (; text != NULL && i >= 0; i--) {
        text = strstr(text, "\r\n--=_");
        text = text != NULL ? strstr(text + 2, "\r\n") : NULL;
    }
    if (text == NULL) {
        return NULL;
    }
    next = strstr(text, "\r\n--=_");
    return next != NULL ? apr_pstrmemdup(pool, text + 2,
                                         (apr_size_t)(next - text - 2))
                        : apr_pstrdup(pool, text + 2);
}

const char *support_body(const char *text)
{
    const char *empty = strstr(text, "\r\n\r\n");

    return empty != NULL ? empty + 4 : "";
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

char *support_decode_base64(const char *text, apr_size_t len,
                            apr_size_t *out_len, apr_pool_t *pool)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
                                   "pqrstuvwxyz0123456789+/";
    char *out = apr_palloc(pool, len + 1);
    unsigned long bits = 0;
    apr_size_t digits = 0;
    apr_size_t padding = 0;
    apr_size_t n = 0;

    for (apr_size_t i = 0; i < len; i++) {
        const char *found;

        if (text[i] == '\r' || text[i] == '\n') {
            continue;
        }
        found = text[i] != '\0' ? strchr(alphabet, text[i]) : NULL;
        if (text[i] == '=') {
            padding++;
        }
        else if (found == NULL || padding > 0) {
            return NULL;
        }
        bits = bits << 6 | (found != NULL ? (unsigned long)(found - alphabet)
                                          : 0);
        if (++digits % 4 == 0) {
            out[n++] = (char)(bits >> 16 & 255);
            out[n++] = (char)(bits >> 8 & 255);
            out[n++] = (char)(bits & 255);
        }
    }
    if (digits % 4 != 0 || padding > 2) {
        return NULL;
    }
    *out_len = n - padding;
    out[*out_len] = '\0';
    return out;
}

char *support_decode_quoted(const char *text, apr_size_t len,
                            apr_size_t *out_len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1);
    apr_size_t line = 0;
    apr_size_t n = 0;

    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\r' && i + 1 < len && text[i + 1] == '\n') {
            if (n > 0 && line > 0 && (text[i - 1] == ' '
                                      || text[i - 1] == '\t')) {
                return NULL;
            }
            out[n++] = '\r';
            out[n++] = '\n';
            line = 0;
            i++;
            continue;
        }
        if ((c < 32 && c != '\t') || c > 126 || ++line > 76) {
            return NULL;
        }
        if (c != '=') {
            out[n++] = text[i];
            continue;
        }
        if (i + 2 >= len + (text[i + 1] == '\r' ? 1u : 0u)) {
            return NULL;
        }
        if (text[i + 1] == '\r' && text[i + 2] == '\n') {
            line = 0;
            i += 2;
            continue;
        }
        if (hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) {
            return NULL;
        }
        out[n++] = (char)(hex_value(text[i + 1]) * 16
                          + hex_value(text[i + 2]));
        line += 2;
        i += 2;
    }
    *out_len = n;
    out[n] = '\0';
    return out;
}

/* Decode the encoded word at text; set *end behind it. NULL if it is none. */
static char *decode_word(const char *text, const char **end, apr_pool_t *pool)
{
    const char *payload = text + 10;
    const char *close;
    apr_size_t len;
    char *copy;

    if (strncmp(text, "=?utf-8?", 8) != 0 || text[9] != '?') {
        return NULL;
    }
    close = strchr(payload, '?');
    if (close == NULL || close[1] != '=' || close + 2 - text > 75) {
        return NULL;
    }
    *end = close + 2;
    len = (apr_size_t)(close - payload);
    copy = apr_pstrmemdup(pool, payload, len);
    if (text[8] == 'B') {
        return support_decode_base64(copy, len, &len, pool);
    }
    for (char *p = copy; *p != '\0'; p++) {
        *p = *p == '_' ? ' ' : *p;
    }
    return support_decode_quoted(copy, len, &len, pool);
}

char *support_decode_words(const char *value, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(value) + 1);
    apr_size_t n = 0;
    apr_size_t blanks = 0; /* behind an encoded word, written so far */
    int behind = 0;

    while (*value != '\0') {
        const char *end;
        char *decoded = decode_word(value, &end, pool);

        if (decoded != NULL) {
            /* Blanks between two encoded words are not there. */
            n -= behind ? blanks : 0;
            memcpy(out + n, decoded, strlen(decoded));
            n += strlen(decoded);
            value = end;
            behind = 1;
            blanks = 0;
            continue;
        }
        if (*value == ' ') {
            blanks++;
        }
        else {
            behind = 0;
        }
        out[n++] = *value++;
    }
    out[n] = '\0';
    return out;
}

typedef struct pieces_t {
    const char *data;
    apr_size_t len;
    apr_size_t piece;
    apr_size_t pos;
} pieces_t;

static apr_status_t pieces_read(void *baton, char *buf, apr_size_t *len)
{
    pieces_t *p = baton;
    apr_size_t n = p->len - p->pos;

    n = n < p->piece ? n : p->piece;
    n = n < *len ? n : *len;
    *len = n;
    if (n == 0) {
        return APR_EOF;
    }
    memcpy(buf, p->data + p->pos, n);
    p->pos += n;
    return APR_SUCCESS;
}

static apr_status_t pieces_rewind(void *baton)
{
    ((pieces_t *)baton)->pos = 0;
    return APR_SUCCESS;
}

smtpc_source_t *support_pieces(const char *data, apr_size_t len,
                               apr_size_t piece, int known, apr_pool_t *pool)
{
    pieces_t *p = apr_pcalloc(pool, sizeof(*p));
    smtpc_source_t *source;

    p->data = data;
    p->len = len;
    p->piece = piece;
    if (smtpc_source_create_callback(&source, pieces_read, pieces_rewind,
                                     known ? (apr_off_t)len
                                           : SMTPC_LENGTH_UNKNOWN,
                                     p, pool) != APR_SUCCESS) {
        tap_bail("no source");
    }
    return source;
}
