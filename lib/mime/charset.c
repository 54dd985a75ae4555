/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charset.c: UTF-8 to any charset that iconv knows, as a source. Not through
 * apr_xlate: it opens iconv a second time, and crashes if that fails.
 *
 * Nothing is replaced or left out: what does not fit ends the text with an
 * error that names the character and where it is. Charsets with a state
 * (ISO-2022-JP) are back in ASCII at the end. The bytes do not depend on how
 * they are read.
 *
 * Not here: which charset (leaf.c), encoded words, which are always UTF-8.
 * RFC 2045 2.2, RFC 2046 4.1.2.
 */
#include "mime/charset.h"

#include <errno.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/source_int.h"
#include "mime/ascii.h"

/* Longest name: IANA's are up to 40 characters, RFC 2978 2.3. */
#define NAME_MAX_LEN 40
/* Bytes converted in one go. */
#define IN_SIZE 1024
/* What they can become: eight each with shifts, and the last shift. */
#define OUT_SIZE (8 * IN_SIZE + 16)

typedef struct encoder_t {
    smtpc_source_t *source;
    const char *charset;
    apr_pool_t *pool;
    iconv_t converter;
    char *in;
    char *out; /* NULL until the first read */
    apr_size_t in_len;
    apr_size_t out_start, out_end;
    apr_uint64_t characters; /* converted so far */
    int begun;
    int eof;
    int reset; /* the end of the text has been written */
    const char *error;
} encoder_t;

int smtpc__charset_is_utf8(const char *charset)
{
    return apr_cstr_casecmp(charset, "utf-8") == 0
           || apr_cstr_casecmp(charset, "utf8") == 0;
}

int smtpc__charset_is_wide(const char *charset)
{
    static const char *const names[] = { "utf-16", "utf16", "utf-32", "utf32",
                                         "ucs-2", "ucs2", "ucs-4", "ucs4",
                                         "iso-10646-ucs", "unicode" };

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (apr_cstr_casecmpn(charset, names[i], strlen(names[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

/* iconv takes "//" and what follows as orders: only names go there. */
static int is_name(const char *charset)
{
    apr_size_t len = strlen(charset);

    for (apr_size_t i = 0; i < len; i++) {
        if (!smtpc__is_alnum(charset[i])
            && strchr("-_.:+()", charset[i]) == NULL) {
            return 0;
        }
    }
    return len > 0 && len <= NAME_MAX_LEN;
}

static apr_status_t close_converter(void *data)
{
    return iconv_close(data) == 0 ? APR_SUCCESS : errno;
}

apr_status_t smtpc__converter_open(iconv_t *converter, const char *to,
                                   const char *from, apr_pool_t *pool)
{
    iconv_t made = iconv_open(to, from);

    /* NOLINTNEXTLINE(performance-no-int-to-ptr): POSIX says so */
    if (made == (iconv_t)-1) {
        apr_status_t rv = errno;

        return rv != APR_SUCCESS ? rv : APR_EINVAL;
    }
    apr_pool_cleanup_register(pool, made, close_converter,
                              apr_pool_cleanup_null);
    *converter = made;
    return APR_SUCCESS;
}

apr_status_t smtpc__converter_run(iconv_t converter, const char *in,
                                  apr_size_t *in_left, char *out,
                                  apr_size_t *out_left)
{
    /* It does not write to its input. */
    char *from = (char *)in;

    if (iconv(converter, in != NULL ? &from : NULL, in_left, &out, out_left)
        != (size_t)-1) {
        return APR_SUCCESS;
    }
    switch (errno) {
    case E2BIG:
        return APR_SUCCESS;
    case EINVAL:
        return APR_INCOMPLETE;
    default:
        return APR_EINVAL;
    }
}

static apr_status_t open_for(iconv_t *converter, const char **why,
                             const char *charset, apr_pool_t *pool)
{
    char text[160];
    apr_status_t rv;

    if (!is_name(charset)) {
        *why = "it is not the name of a charset";
        return SMTPC_EARG;
    }
    rv = smtpc__converter_open(converter, charset, "UTF-8", pool);
    if (rv == APR_EINVAL) {
        *why = "this system does not know it; use utf-8";
        return SMTPC_EARG;
    }
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(pool, "it cannot be looked up: %s",
                            smtpc_strerror(rv, text, sizeof(text)));
    }
    return rv;
}

apr_status_t smtpc__charset_check(const char **why, const char *charset,
                                  apr_pool_t *pool)
{
    apr_size_t in_left = 2;
    char out[64];
    apr_size_t out_left = sizeof(out);
    iconv_t converter;
    apr_size_t len;
    apr_status_t rv = open_for(&converter, why, charset, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__converter_run(converter, "\r\n", &in_left, out, &out_left);
    len = sizeof(out) - out_left;
    if (rv != APR_SUCCESS || len < 2 || memcmp(out + len - 2, "\r\n", 2) != 0
        || memchr(out, '\0', len) != NULL) {
        *why = "its line ends are not CR LF, which mail needs; use utf-8";
        return SMTPC_EARG;
    }
    return APR_SUCCESS;
}

static apr_uint64_t count_characters(const char *text, apr_size_t len)
{
    apr_uint64_t n = 0;

    for (apr_size_t i = 0; i < len; i++) {
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return n;
}

/* The number of the character at text. */
static unsigned int code_point(const char *text, apr_size_t len)
{
    static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    unsigned int value = (unsigned char)text[0] & masks[len];

    for (apr_size_t i = 1; i < len; i++) {
        value = value << 6 | ((unsigned char)text[i] & 0x3f);
    }
    return value;
}

/* Say what is wrong with the character at the front of the input. */
static apr_status_t refuse(encoder_t *e)
{
    apr_size_t len = smtpc__utf8_char(e->in, e->in_len);

    if (len == 0) {
        e->error = apr_psprintf(e->pool,
                                "it is not valid UTF-8 behind character "
                                "%" APR_UINT64_T_FMT, e->characters);
    }
    else {
        e->error = apr_psprintf(e->pool,
                                "character %" APR_UINT64_T_FMT ", \"%s\" "
                                "(U+%04X), does not exist in %s; use utf-8",
                                e->characters + 1,
                                smtpc__escape(e->in, len, len, 0, e->pool),
                                code_point(e->in, len), e->charset);
    }
    return SMTPC_ESOURCE;
}

static apr_status_t fill(encoder_t *e)
{
    apr_size_t len = IN_SIZE - e->in_len;
    apr_status_t rv;

    if (len == 0) {
        return APR_SUCCESS;
    }
    rv = smtpc_source_read(e->source, e->in + e->in_len, &len);
    if (APR_STATUS_IS_EOF(rv)) {
        e->eof = 1;
        return APR_SUCCESS;
    }
    e->in_len += len;
    return rv;
}

/* Convert what is in the input, or write what ends the text. */
static apr_status_t convert(encoder_t *e)
{
    apr_size_t left = e->in_len;
    apr_size_t room = OUT_SIZE;
    apr_size_t used;
    apr_status_t rv;

    if (left == 0) {
        e->reset = 1;
        rv = smtpc__converter_run(e->converter, NULL, NULL, e->out, &room);
        e->out_end = OUT_SIZE - room;
        return rv;
    }
    rv = smtpc__converter_run(e->converter, e->in, &left, e->out, &room);
    e->out_end = OUT_SIZE - room;
    used = e->in_len - left;
    e->characters += count_characters(e->in, used);
    memmove(e->in, e->in + used, left);
    e->in_len = left;
    if (rv == APR_INCOMPLETE && !e->eof) {
        return APR_SUCCESS;
    }
    return rv != APR_SUCCESS && e->out_end == 0 ? refuse(e) : APR_SUCCESS;
}

/* Convert until there is output or all is done. */
static apr_status_t produce(encoder_t *e)
{
    apr_status_t rv = APR_SUCCESS;

    e->out_start = 0;
    e->out_end = 0;
    while (rv == APR_SUCCESS && e->out_end == 0 && !e->reset) {
        if (!e->eof) {
            rv = fill(e);
        }
        if (rv == APR_SUCCESS) {
            rv = convert(e);
        }
    }
    return rv;
}

static apr_status_t encoder_read(void *baton, char *buf, apr_size_t *len)
{
    encoder_t *e = baton;
    apr_size_t n;

    if (e->out == NULL) {
        e->in = apr_palloc(e->pool, IN_SIZE);
        e->out = apr_palloc(e->pool, OUT_SIZE);
    }
    if (!e->begun) {
        /* Somebody else may have read the same source. */
        apr_status_t rv = smtpc_source_rewind(e->source);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        e->begun = 1;
    }
    if (e->out_start == e->out_end) {
        apr_status_t rv = produce(e);

        if (rv != APR_SUCCESS || e->out_end == 0) {
            *len = 0;
            return rv != APR_SUCCESS ? rv : APR_EOF;
        }
    }
    n = e->out_end - e->out_start;
    *len = *len < n ? *len : n;
    memcpy(buf, e->out + e->out_start, *len);
    e->out_start += *len;
    return APR_SUCCESS;
}

static apr_status_t encoder_rewind(void *baton)
{
    encoder_t *e = baton;
    apr_size_t room = OUT_SIZE;
    apr_status_t rv = smtpc_source_rewind(e->source);

    if (rv == APR_SUCCESS && e->out != NULL) {
        /* Back to the state at the start; what that writes is of no use. */
        rv = smtpc__converter_run(e->converter, NULL, NULL, e->out, &room);
    }
    e->in_len = 0;
    e->out_start = 0;
    e->out_end = 0;
    e->characters = 0;
    e->begun = 0;
    e->eof = 0;
    e->reset = 0;
    e->error = "";
    return rv;
}

static const char *encoder_error(void *baton)
{
    const encoder_t *e = baton;

    return *e->error != '\0' ? e->error : smtpc__source_error(e->source);
}

apr_status_t smtpc__charset_encode(smtpc_source_t **encoded,
                                   smtpc_source_t *source,
                                   const char *charset, apr_pool_t *pool)
{
    static const smtpc__source_vtable_t vtable = {
        encoder_read, encoder_rewind, encoder_error
    };
    static const smtpc__source_vtable_t once_vtable = {
        encoder_read, NULL, encoder_error
    };
    encoder_t *e = apr_pcalloc(pool, sizeof(*e));
    const char *why;
    apr_status_t rv = open_for(&e->converter, &why, charset, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    e->source = source;
    e->charset = charset;
    e->pool = pool;
    e->error = "";
    return smtpc__source_create(encoded,
                                smtpc__source_can_rewind(source)
                                    ? &vtable : &once_vtable,
                                SMTPC_LENGTH_UNKNOWN, e, pool);
}
