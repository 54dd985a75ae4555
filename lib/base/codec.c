/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.c: encodings on spans of bytes.
 *
 * Nothing here keeps state; every function reads only the span it is given.
 * It does not break lines: that is mime/encode's. RFC 4648, 3461 4, 3629.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"

/* All pairs of base64 digits: half the look-ups, and half the stores. */
#define PAIRS(c) \
    c "A" c "B" c "C" c "D" c "E" c "F" c "G" c "H" c "I" c "J" c "K" c "L" \
    c "M" c "N" c "O" c "P" c "Q" c "R" c "S" c "T" c "U" c "V" c "W" c "X" \
    c "Y" c "Z" c "a" c "b" c "c" c "d" c "e" c "f" c "g" c "h" c "i" c "j" \
    c "k" c "l" c "m" c "n" c "o" c "p" c "q" c "r" c "s" c "t" c "u" c "v" \
    c "w" c "x" c "y" c "z" c "0" c "1" c "2" c "3" c "4" c "5" c "6" c "7" \
    c "8" c "9" c "+" c "/"

static const char base64_pairs[64 * 64 * 2 + 1] =
    PAIRS("A") PAIRS("B") PAIRS("C") PAIRS("D") PAIRS("E") PAIRS("F")
    PAIRS("G") PAIRS("H") PAIRS("I") PAIRS("J") PAIRS("K") PAIRS("L")
    PAIRS("M") PAIRS("N") PAIRS("O") PAIRS("P") PAIRS("Q") PAIRS("R")
    PAIRS("S") PAIRS("T") PAIRS("U") PAIRS("V") PAIRS("W") PAIRS("X")
    PAIRS("Y") PAIRS("Z") PAIRS("a") PAIRS("b") PAIRS("c") PAIRS("d")
    PAIRS("e") PAIRS("f") PAIRS("g") PAIRS("h") PAIRS("i") PAIRS("j")
    PAIRS("k") PAIRS("l") PAIRS("m") PAIRS("n") PAIRS("o") PAIRS("p")
    PAIRS("q") PAIRS("r") PAIRS("s") PAIRS("t") PAIRS("u") PAIRS("v")
    PAIRS("w") PAIRS("x") PAIRS("y") PAIRS("z") PAIRS("0") PAIRS("1")
    PAIRS("2") PAIRS("3") PAIRS("4") PAIRS("5") PAIRS("6") PAIRS("7")
    PAIRS("8") PAIRS("9") PAIRS("+") PAIRS("/");

static const char hex_digits[16] = "0123456789ABCDEF";

apr_size_t smtpc__base64_length(apr_size_t len)
{
    return (len / 3 + (len % 3 != 0)) * 4;
}

/* Write the two digits of the low 12 of bits. */
static inline void put_pair(char *out, apr_uint64_t bits)
{
    memcpy(out, base64_pairs + 2 * (bits & 0xfff), 2);
}

/* Eight bytes as a number; compilers make one load of it. */
static inline apr_uint64_t load_eight(const unsigned char *in)
{
    return (apr_uint64_t)in[0] << 56 | (apr_uint64_t)in[1] << 48
           | (apr_uint64_t)in[2] << 40 | (apr_uint64_t)in[3] << 32
           | (apr_uint64_t)in[4] << 24 | (apr_uint64_t)in[5] << 16
           | (apr_uint64_t)in[6] << 8 | in[7];
}

/* Write the eight digits of the high 48 of bits. */
static inline void put_six(char *out, apr_uint64_t bits)
{
    put_pair(out, bits >> 52);
    put_pair(out + 2, bits >> 40);
    put_pair(out + 4, bits >> 28);
    put_pair(out + 6, bits >> 16);
}

apr_size_t smtpc__base64_encode(char *out, const void *data, apr_size_t len)
{
    const unsigned char *in = data;
    char *o = out;

    /* Six bytes at a time, of eight that are loaded. */
    for (; len >= 14; len -= 12, in += 12, o += 16) {
        put_six(o, load_eight(in));
        put_six(o + 8, load_eight(in + 6));
    }
    for (; len >= 8; len -= 6, in += 6, o += 8) {
        put_six(o, load_eight(in));
    }
    for (; len >= 3; len -= 3, in += 3, o += 4) {
        apr_uint64_t bits = (apr_uint64_t)in[0] << 16
                            | (apr_uint64_t)in[1] << 8 | in[2];

        put_pair(o, bits >> 12);
        put_pair(o + 2, bits);
    }
    if (len > 0) {
        apr_uint64_t bits = (apr_uint64_t)in[0] << 16
                            | (len > 1 ? (apr_uint64_t)in[1] << 8 : 0);

        put_pair(o, bits >> 12);
        put_pair(o + 2, bits);
        if (len == 1) {
            o[2] = '=';
        }
        o[3] = '=';
        o += 4;
    }
    return (apr_size_t)(o - out);
}

/* Return the value of a base64 digit, or -1. */
static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+') {
        return 62;
    }
    return c == '/' ? 63 : -1;
}

/* Decode the count (2 ... 4) digits of one group and return the number of
 * bytes written, or 0 if it is not canonical. */
static apr_size_t decode_group(unsigned char *out, const char *text,
                               apr_size_t count)
{
    unsigned int bits = 0;
    apr_size_t i;

    for (i = 0; i < 4; i++) {
        int value = i < count ? base64_value(text[i]) : 0;

        if (value < 0) {
            return 0;
        }
        bits = bits << 6 | (unsigned int)value;
    }
    /* The bits that encode nothing must be zero, RFC 4648 3.5. */
    if (bits & ((1u << 8 * (4 - count)) - 1)) {
        return 0;
    }
    for (i = 0; i + 1 < count; i++) {
        out[i] = (unsigned char)(bits >> (16 - 8 * i));
    }
    return count - 1;
}

apr_status_t smtpc__base64_decode(unsigned char *out, apr_size_t *out_len,
                                  const char *text, apr_size_t len)
{
    apr_size_t done = 0;
    apr_size_t i;

    if (len % 4 != 0) {
        return SMTPC_EARG;
    }
    for (i = 0; i < len; i += 4) {
        apr_size_t count = 4;
        apr_size_t got;

        if (i + 4 == len) {
            while (count > 2 && text[i + count - 1] == '=') {
                count--;
            }
        }
        got = decode_group(out + done, text + i, count);
        if (got == 0) {
            return SMTPC_EARG;
        }
        done += got;
    }
    *out_len = done;
    return APR_SUCCESS;
}

/* Return non-zero if c stands for itself in xtext. */
static int is_xchar(unsigned char c)
{
    return c > 0x20 && c < 0x7F && c != '+' && c != '=';
}

apr_status_t smtpc__xtext(char *out, apr_size_t size, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        apr_size_t len = is_xchar(c) ? 1 : 3;

        if (c < 0x20 || c == 0x7F) {
            return SMTPC_EARG;
        }
        if (size <= len) {
            return SMTPC_ELIMIT;
        }
        if (len == 1) {
            *out++ = (char)c;
        }
        else {
            *out++ = '+';
            *out++ = hex_digits[c >> 4];
            *out++ = hex_digits[c & 15];
        }
        size -= len;
    }
    if (size == 0) {
        return SMTPC_ELIMIT;
    }
    *out = '\0';
    return APR_SUCCESS;
}

/* Return the code point of the valid character of len bytes at text. */
static unsigned int code_point(const char *text, apr_size_t len)
{
    unsigned int point = (unsigned char)text[0];
    apr_size_t i;

    if (len > 1) {
        point &= 0xFFu >> (len + 1);
    }
    for (i = 1; i < len; i++) {
        point = point << 6 | ((unsigned char)text[i] & 0x3Fu);
    }
    return point;
}

/* Longest "\x{10FFFF}" with a terminator. */
#define UNICHAR_SIZE 11

/* Write the character of len bytes at text to piece, which has room for it
 * in any form; return the bytes written. */
static apr_size_t unichar(char *piece, const char *text, apr_size_t len,
                          int utf8)
{
    if (len == 1 ? is_xchar((unsigned char)*text) && *text != '\\' : utf8) {
        memcpy(piece, text, len);
        return len;
    }
    return (apr_size_t)apr_snprintf(piece, UNICHAR_SIZE, "\\x{%02X}",
                                    code_point(text, len));
}

apr_status_t smtpc__unitext(char *out, apr_size_t size, const char *text,
                            int utf8)
{
    apr_size_t left = strlen(text);

    if (smtpc__find_control(text, left) < left) {
        return SMTPC_EARG;
    }
    while (left > 0) {
        char piece[UNICHAR_SIZE];
        apr_size_t len = smtpc__utf8_char(text, left);
        apr_size_t written;

        if (len == 0) {
            return SMTPC_EARG;
        }
        written = unichar(piece, text, len, utf8);
        if (size <= written) {
            return SMTPC_ELIMIT;
        }
        memcpy(out, piece, written);
        out += written;
        size -= written;
        text += len;
        left -= len;
    }
    if (size == 0) {
        return SMTPC_ELIMIT;
    }
    *out = '\0';
    return APR_SUCCESS;
}

/* Return the length that the first byte of a UTF-8 character announces, or
 * 0, and set the range of the second byte: the table of RFC 3629 4. */
static apr_size_t utf8_announced(unsigned char first, unsigned char *low,
                                 unsigned char *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
        return 0;
    }
    if (first < 0xE0) {
        return 2;
    }
    if (first == 0xE0) {
        *low = 0xA0;
    }
    else if (first == 0xED) {
        *high = 0x9F;
    }
    else if (first == 0xF0) {
        *low = 0x90;
    }
    else if (first == 0xF4) {
        *high = 0x8F;
    }
    return first < 0xF0 ? 3 : 4;
}

apr_size_t smtpc__utf8_char(const char *text, apr_size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned char low;
    unsigned char high;
    apr_size_t length;
    apr_size_t i;

    if (len == 0) {
        return 0;
    }
    length = utf8_announced(s[0], &low, &high);
    if (length <= 1) {
        return length;
    }
    if (length > len || s[1] < low || s[1] > high) {
        return 0;
    }
    for (i = 2; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

int smtpc__utf8_valid(const char *text, apr_size_t len)
{
    while (len > 0) {
        apr_uint64_t word;
        apr_size_t length;

        if (len >= sizeof(word)) {
            /* ASCII, which most of it is, eight at a time. */
            memcpy(&word, text, sizeof(word));
            if ((word & 0x8080808080808080ULL) == 0) {
                text += sizeof(word);
                len -= sizeof(word);
                continue;
            }
        }
        length = smtpc__utf8_char(text, len);
        if (length == 0) {
            return 0;
        }
        text += length;
        len -= length;
    }
    return 1;
}

int smtpc__is_ascii(const char *text, apr_size_t len)
{
    apr_uint64_t words[4];
    apr_size_t i = 0;
    unsigned char any = 0;

    for (; len - i >= sizeof(words); i += sizeof(words)) {
        memcpy(words, text + i, sizeof(words));
        if (((words[0] | words[1] | words[2] | words[3])
             & 0x8080808080808080ULL) != 0) {
            return 0;
        }
    }
    for (; i < len; i++) {
        any |= (unsigned char)text[i];
    }
    return any < 0x80;
}

/* Return non-zero if a control character begins at text of len > 0 bytes. */
static int is_control(const unsigned char *text, apr_size_t len)
{
    if (text[0] < 0x20 || text[0] == 0x7F) {
        return 1;
    }
    if (text[0] == 0xC2) {
        return len > 1 && text[1] >= 0x80 && text[1] <= 0x9F;
    }
    return text[0] == 0xE2 && len > 2 && text[1] == 0x80
           && (text[2] == 0xA8 || text[2] == 0xA9);
}

apr_size_t smtpc__find_control(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < ' ' || c >= 0x7f)
            && is_control((const unsigned char *)text + i, len - i)) {
            return i;
        }
    }
    return len;
}

apr_size_t smtpc__utf8_cut(const char *text, apr_size_t len, apr_size_t max)
{
    apr_size_t back;

    if (len <= max) {
        return len;
    }
    for (back = 0; back <= 3 && back <= max; back++) {
        if (((unsigned char)text[max - back] & 0xC0) != 0x80) {
            return max - back;
        }
    }
    return max;
}

void smtpc__vformat(char *out, apr_size_t size, const char *format,
                    va_list args)
{
    apr_size_t len;
    apr_size_t back;

    apr_vsnprintf(out, size, format, args);
    len = strlen(out);
    if (len + 1 < size) {
        return;
    }
    for (back = 1; back <= 4 && back <= len; back++) {
        const char *last = out + len - back;

        if (((unsigned char)*last & 0xC0) != 0x80) {
            if (smtpc__utf8_char(last, back) == 0) {
                out[len - back] = '\0';
            }
            return;
        }
    }
}

void smtpc__verror(char *out, apr_size_t size, const char *format,
                   va_list args)
{
    apr_size_t left;

    smtpc__vformat(out, size, format, args);
    left = strlen(out);
    while (left > 0) {
        apr_size_t length = smtpc__utf8_char(out, left);

        if (length == 0 || is_control((const unsigned char *)out, left)) {
            length = length > 0 ? length : 1;
            memset(out, '?', length);
        }
        out += length;
        left -= length;
    }
}

apr_size_t smtpc__escape_into(char *out, apr_size_t size, const char *text,
                              apr_size_t len, int keep_newline)
{
    apr_size_t done = 0;
    apr_size_t i = 0;

    if (size == 0) {
        return 0;
    }
    while (i < len) {
        const unsigned char *s = (const unsigned char *)text + i;
        apr_size_t length;
        apr_size_t j;

        if (*s >= ' ' && *s < 0x7f) {
            if (size - done <= 1) {
                break;
            }
            out[done++] = (char)*s;
            i++;
            continue;
        }
        length = smtpc__utf8_char(text + i, len - i);

        if (length > 0
            && (!is_control(s, len - i) || (*s == '\n' && keep_newline))) {
            if (size - done <= length) {
                break;
            }
            memcpy(out + done, s, length);
            done += length;
            i += length;
            continue;
        }
        length = length > 0 ? length : 1;
        if (size - done <= 4 * length) {
            break;
        }
        for (j = 0; j < length; j++) {
            out[done++] = '\\';
            out[done++] = 'x';
            out[done++] = hex_digits[s[j] >> 4];
            out[done++] = hex_digits[s[j] & 15];
        }
        i += length;
    }
    out[done] = '\0';
    return done;
}

const char *smtpc__escape(const char *text, apr_size_t len, apr_size_t max,
                          int keep_newline, apr_pool_t *pool)
{
    apr_size_t taken = smtpc__utf8_cut(text, len, max);
    apr_size_t special = 0;
    apr_size_t size;
    char *out;

    for (apr_size_t i = 0; i < taken; i++) {
        unsigned char c = (unsigned char)text[i];

        special += c < 0x20 || c >= 0x7F;
    }
    if (special == 0) {
        return apr_pstrmemdup(pool, text, taken);
    }
    /* Every byte that may have to be written in four characters. */
    size = taken + 1 + 3 * special;
    out = apr_palloc(pool, size);
    smtpc__escape_into(out, size, text, taken, keep_newline);
    return out;
}
