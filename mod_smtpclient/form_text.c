/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_text.c: the text rules of form posts.
 *
 * UTF-8 is checked byte by byte, so that a text may arrive in any pieces;
 * overlong forms, surrogates and code points above U+10FFFF are refused at
 * the first byte that makes them certain.  Nothing is converted.
 *
 * RFC 3629 4.
 */
#include "form_private.h"

#include <string.h>

int msc_form_text_utf8_step(msc_form_utf8_t *state, unsigned char byte)
{
    if (state->missing > 0) {
        if (byte < state->low || byte > state->high) {
            return 0;
        }
        state->missing--;
        state->low = 0x80;
        state->high = 0xbf;
        return 1;
    }
    if (byte < 0x80) {
        return 1;
    }
    if (byte < 0xc2 || byte > 0xf4) {
        return 0;
    }
    state->missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    /* The second byte's range excludes overlong forms (E0, F0), surrogates
     * (ED) and what is above U+10FFFF (F4). */
    state->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    state->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    return 1;
}

/* Get the length of the character at text, 0 when it is not valid UTF-8 or
 * is a control character. */
static apr_size_t character(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    msc_form_utf8_t state = { 0, 0, 0 };
    apr_size_t len = 0;

    if (bytes[0] < ' ' || bytes[0] == 0x7f) {
        return 0;
    }
    if (bytes[0] == 0xc2 && bytes[1] >= 0x80 && bytes[1] < 0xa0) {
        return 0;
    }
    do {
        if (!msc_form_text_utf8_step(&state, bytes[len])) {
            return 0; /* a NUL inside a character ends here as well */
        }
        len++;
    } while (state.missing > 0);
    return len;
}

int msc_form_text_is_name(const char *name)
{
    while (*name != '\0') {
        apr_size_t len = character(name);

        if (len == 0) {
            return 0;
        }
        name += len;
    }
    return 1;
}

void msc_form_text_show(char out[MSC_FORM_SHOWN_NAME_SIZE],
                        const char *name)
{
    static const char hex[] = "0123456789abcdef";
    apr_size_t at = 0;
    apr_size_t len;

    while (name[at] != '\0') {
        len = character(name + at);
        if (at + (len > 0 ? len : 1) > MSC_FORM_SHOWN_NAME_MAX) {
            memcpy(out, "...", 3);
            out += 3;
            break;
        }
        if (len > 0 && name[at] != '"' && name[at] != '\\') {
            memcpy(out, name + at, len);
            out += len;
            at += len;
        }
        else {
            *out++ = '\\';
            *out++ = 'x';
            *out++ = hex[(unsigned char)name[at] >> 4];
            *out++ = hex[(unsigned char)name[at] & 15];
            at++;
        }
    }
    *out = '\0';
}
