/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_CODEC_H
#define SMTPC_BASE_CODEC_H

/**
 * @file codec.h
 * Encodings on spans of bytes: base64, quoted-printable's hexadecimal, xtext,
 * UTF-8 validation, and escaping for logs. No state, no allocation but where
 * a pool is given.
 */

#include <stdarg.h>

#include <smtpclient/status.h>

/** Bytes that smtpc__base64_encode() writes for @a len bytes. */
apr_size_t smtpc__base64_length(apr_size_t len);

/** Write base64 of @a len bytes at @a data to @a out, without line ends or
 *  terminator; return the number of bytes written. */
apr_size_t smtpc__base64_encode(char *out, const void *data, apr_size_t len);

/** Decode @a len characters at @a text into @a out, which has room for
 *  len / 4 * 3 bytes, and set @a *out_len. Canonical base64 only, RFC 4648 3.
 *  The status is SMTPC_EARG for anything else. */
apr_status_t smtpc__base64_decode(unsigned char *out, apr_size_t *out_len,
                                  const char *text, apr_size_t len)
    SMTPC_WARN_UNUSED;

/**
 * Write @a text to @a out as xtext with a terminator, RFC 3461 4: "+XX" for
 * '+', '=', blanks and bytes above 126.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     a control character in @a text
 *         SMTPC_ELIMIT   more than @a size bytes; @a out is not terminated
 */
apr_status_t smtpc__xtext(char *out, apr_size_t size, const char *text)
    SMTPC_WARN_UNUSED;

/**
 * Write @a text to @a out with a terminator as RFC 6533 3 has it for ORCPT:
 * utf-8-addr-unitext if @a utf8, where characters beyond ASCII stay, else
 * utf-8-addr-xtext; "\x{HEX}" for what does not stay.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     a control character in @a text, or not UTF-8
 *         SMTPC_ELIMIT   more than @a size bytes; @a out is not terminated
 */
apr_status_t smtpc__unitext(char *out, apr_size_t size, const char *text,
                            int utf8) SMTPC_WARN_UNUSED;

/** Return the length of the valid UTF-8 character at @a text of @a len
 *  bytes, or 0: overlong forms, surrogates, values above U+10FFFF, and
 *  incomplete ones are not valid. */
apr_size_t smtpc__utf8_char(const char *text, apr_size_t len);

/** Return non-zero if @a len bytes at @a text are valid UTF-8. */
int smtpc__utf8_valid(const char *text, apr_size_t len);

/** Return non-zero if @a len bytes at @a text are all below 0x80. */
int smtpc__is_ascii(const char *text, apr_size_t len);

/** Return the byte offset of the first control character (C0 with CR LF NUL
 *  TAB, DEL, U+0080 ... U+009F, U+2028, U+2029) in @a len bytes of UTF-8 at
 *  @a text, or @a len if there is none. */
apr_size_t smtpc__find_control(const char *text, apr_size_t len);

/** Return the largest length up to @a max at which @a len bytes of UTF-8 at
 *  @a text can be cut without splitting a character. */
apr_size_t smtpc__utf8_cut(const char *text, apr_size_t len, apr_size_t max);

/** Print @a args into @a size > 0 bytes at @a out, as apr_vsnprintf() does; what
 *  does not fit is cut off without splitting a character of UTF-8. */
void smtpc__vformat(char *out, apr_size_t size, const char *format,
                    va_list args);

/** The same for what is told of an error: each control character, and each
 *  byte that is not of a character of UTF-8, becomes a question mark. */
void smtpc__verror(char *out, apr_size_t size, const char *format,
                   va_list args);

/** Write @a len bytes at @a text to @a out as smtpc__escape() does, as many
 *  characters as fit into @a size bytes with a terminator; return the number
 *  of bytes written without it. */
apr_size_t smtpc__escape_into(char *out, apr_size_t size, const char *text,
                              apr_size_t len, int keep_newline);

/** Return @a len bytes at @a text, at most @a max of them, in @a pool with
 *  control characters and invalid UTF-8 written as \xNN, so that it can be
 *  logged. '\n' is kept if @a keep_newline. */
const char *smtpc__escape(const char *text, apr_size_t len, apr_size_t max,
                          int keep_newline, apr_pool_t *pool);

#endif
