/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_ASCII_H
#define SMTPC_MIME_ASCII_H

/**
 * @file ascii.h
 * Classes of ASCII characters. The functions of ctype.h know more letters in
 * some locales, and what we write must not depend on one.
 */

/** Return non-zero if @a c is 0 ... 9. */
static inline int smtpc__is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/** Return non-zero if @a c is A ... Z or a ... z. */
static inline int smtpc__is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/** Return non-zero if @a c is a digit or a letter. */
static inline int smtpc__is_alnum(char c)
{
    return smtpc__is_digit(c) || smtpc__is_alpha(c);
}

/** Return @a c in lower case if it is A ... Z, else as it is. */
static inline char smtpc__to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#endif
