/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.c: the validated mailbox.
 *
 * An address that exists has passed every check of this file; envelope and
 * header print the same stored strings. Names and local parts are kept as
 * given but for NFC and for their quotes, which local parts have exactly if
 * they need them. Nothing here asks a name server. Lists are
 * address_list.c's. RFC 5321 4.1.2, 4.5.3.1; RFC 5322 3.4; RFC 6531 3.3;
 * RFC 6532 3.1.
 */

#include <assert.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "model/address_int.h"
#include "model/address_parse.h"
#include "model/host.h"
#include "model/nfc.h"

struct smtpc_address_t {
    const char *name;
    const char *user;
    const char *host;
    const char *address; /* user@host */
    const char *ascii;   /* user@host with A-labels */
    int needs_utf8;
};

/* A range of code points. */
typedef struct range_t {
    unsigned int first;
    unsigned int last;
} range_t;

/* Characters nobody sees: blanks other than U+0020, format and bidirectional
 * controls, tags. In a local part they only serve to deceive. */
static const range_t invisible[] = {
    { 0x00A0, 0x00A0 },   { 0x00AD, 0x00AD },   { 0x034F, 0x034F },
    { 0x061C, 0x061C },   { 0x115F, 0x1160 },   { 0x1680, 0x1680 },
    { 0x17B4, 0x17B5 },   { 0x180B, 0x180F },   { 0x2000, 0x200F },
    { 0x2028, 0x202F },   { 0x205F, 0x206F },   { 0x2800, 0x2800 },
    { 0x3000, 0x3000 },   { 0x3164, 0x3164 },   { 0xFDD0, 0xFDEF },
    { 0xFE00, 0xFE0F },   { 0xFEFF, 0xFEFF },   { 0xFFA0, 0xFFA0 },
    { 0xFFF0, 0xFFFF },   { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A },
    { 0xE0000, 0xE0FFF },
};

/* Return the code point of the len bytes of valid UTF-8 at text. */
static unsigned int code_point(const char *text, apr_size_t len)
{
    static const unsigned char masks[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    unsigned int code = (unsigned char)text[0] & masks[len];
    apr_size_t i;

    for (i = 1; i < len; i++) {
        code = code << 6 | ((unsigned char)text[i] & 0x3F);
    }
    return code;
}

/* Return non-zero if code is invisible, or no character at all. */
static int is_invisible(unsigned int code)
{
    apr_size_t i;

    if ((code & 0xFFFE) == 0xFFFE) {
        return 1;
    }
    for (i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
        if (code >= invisible[i].first && code <= invisible[i].last) {
            return 1;
        }
    }
    return 0;
}

/* Return non-zero if valid UTF-8 text has an invisible character. */
static int has_invisible(const char *text)
{
    apr_size_t left = strlen(text);

    while (left > 0) {
        apr_size_t len = smtpc__utf8_char(text, left);

        if (len == 0 || is_invisible(code_point(text, len))) {
            return 1;
        }
        text += len;
        left -= len;
    }
    return 0;
}

/* Return text in quotes, with those inside it escaped. */
static const char *quote(const char *text, apr_pool_t *pool)
{
    char *quoted = apr_palloc(pool, 2 * strlen(text) + 3);
    char *to = quoted;

    *to++ = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *to++ = '\\';
        }
        *to++ = *text;
    }
    *to++ = '"';
    *to = '\0';
    return quoted;
}

/* Return non-zero if local is a Dot-string of RFC 5321 4.1.2. */
static int is_dot_string(const char *local)
{
    const char *c;

    if (*local == '.') {
        return 0;
    }
    for (c = local; *c != '\0'; c++) {
        if (*c == '.' ? (c[1] == '.' || c[1] == '\0')
                      : !smtpc__is_atext(*c)) {
            return 0;
        }
    }
    return c != local;
}

/* Set why to a sentence about a piece of an address and return status. */
static apr_status_t refuse(const char **why, apr_status_t status,
                           const char *piece, const char *text,
                           const char *problem, apr_pool_t *pool)
{
    *why = apr_psprintf(pool, "the %s \"%s\" %s", piece,
                        smtpc__escape(text, strlen(text),
                                      SMTPC_LIMIT_DOMAIN, 0, pool),
                        problem);
    return status;
}

/* Set the name of address to the NFC form of name, valid UTF-8 without
 * control characters. */
static apr_status_t set_name(smtpc_address_t *address, const char **why,
                             const char *name, apr_pool_t *pool)
{
    apr_status_t rv = smtpc__nfc(&address->name, name, pool);

    if (rv != APR_SUCCESS) {
        *why = "the name cannot be normalised";
        return rv;
    }
    if (strlen(address->name) > SMTPC_LIMIT_DISPLAY_NAME) {
        return refuse(why, SMTPC_ELIMIT, "name", name,
                      "is longer than 1024 bytes", pool);
    }
    return APR_SUCCESS;
}

/* Set normal to the NFC form of local. A combining mark in front would
 * change the character that the address is printed behind for a reader that
 * normalises its text: '<' and U+0338 are U+226E. */
static apr_status_t normalise_local(const char **normal, const char **why,
                                    const char *local, apr_pool_t *pool)
{
    const char *framed = apr_pstrcat(pool, "<", local, NULL);
    apr_status_t rv = smtpc__nfc(&framed, framed, pool);

    if (rv != APR_SUCCESS) {
        return refuse(why, rv, "local part", local, "cannot be normalised",
                      pool);
    }
    if (*framed != '<') {
        return refuse(why, SMTPC_EARG, "local part", local,
                      "begins with a mark that changes what is before it",
                      pool);
    }
    *normal = framed + 1;
    return APR_SUCCESS;
}

/* Set the user of address to local in its normal form. */
static apr_status_t set_user(smtpc_address_t *address, const char **why,
                             const char *local, apr_pool_t *pool)
{
    static const char piece[] = "local part";
    apr_status_t rv = normalise_local(&local, why, local, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (strstr(local, "=?") != NULL) {
        return refuse(why, SMTPC_EARG, piece, local,
                      "holds an encoded-word, which belongs into names only",
                      pool);
    }
    if (has_invisible(local)) {
        return refuse(why, SMTPC_EARG, piece, local,
                      "holds an invisible character", pool);
    }
    address->user = is_dot_string(local) ? local : quote(local, pool);
    if (strlen(address->user) > SMTPC_LIMIT_LOCAL_PART) {
        return refuse(why, SMTPC_ELIMIT, piece, local,
                      "is longer than 64 bytes", pool);
    }
    address->needs_utf8 = !smtpc__is_ascii(local, strlen(local));
    return APR_SUCCESS;
}

/* Set host, address and ascii form of address from domain. */
static apr_status_t set_domain(smtpc_address_t *address, const char **why,
                               const char *text, apr_pool_t *pool)
{
    smtpc__domain_t domain = { NULL, NULL };
    const char *problem = "";
    apr_status_t rv;

    rv = *text == '[' ? smtpc__literal_normal(&domain, &problem, text, pool)
                      : smtpc__domain_normal(&domain, &problem, text, pool);
    if (rv != APR_SUCCESS) {
        return refuse(why, rv, "domain", text, problem, pool);
    }
    address->host = domain.unicode;
    address->address = apr_pstrcat(pool, address->user, "@", domain.unicode,
                                   NULL);
    address->ascii = strcmp(domain.unicode, domain.ascii) == 0
                         ? address->address
                         : apr_pstrcat(pool, address->user, "@",
                                       domain.ascii, NULL);
    if (strlen(address->address) > SMTPC_LIMIT_ADDRESS
        || strlen(address->ascii) > SMTPC_LIMIT_ADDRESS) {
        return refuse(why, SMTPC_ELIMIT, "address", address->address,
                      "is longer than 254 bytes", pool);
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__address_read(smtpc_address_t **address,
                                 apr_size_t *used, const char **why,
                                 const char *text, apr_size_t len,
                                 smtpc__mailbox_place_e place,
                                 apr_pool_t *pool)
{
    smtpc__mailbox_t mailbox = { 0 };
    smtpc_address_t *made;
    apr_status_t rv;

    rv = smtpc__mailbox_parse(&mailbox, used, why, text, len, place, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (*used > SMTPC_LIMIT_ADDRESS_TEXT) {
        *why = "an address is longer than 4096 bytes with its name";
        return SMTPC_ELIMIT;
    }
    if (mailbox.opens_group) {
        assert(place != SMTPC__MAILBOX_ALONE);
        *address = NULL;
        return APR_SUCCESS;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    rv = set_name(made, why, mailbox.name, pool);
    if (rv == APR_SUCCESS) {
        rv = set_user(made, why, mailbox.local, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = set_domain(made, why, mailbox.domain, pool);
    }
    if (rv == APR_SUCCESS) {
        *address = made;
    }
    return rv;
}

/* Return the offset of the first byte that is not UTF-8, or len. */
static apr_size_t find_invalid(const char *text, apr_size_t len)
{
    apr_size_t at = 0;

    while (at < len) {
        apr_size_t length = smtpc__utf8_char(text + at, len - at);

        if (length == 0) {
            break;
        }
        at += length;
    }
    return at;
}

apr_status_t smtpc__address_check_text(apr_size_t *len, const char **why,
                                       const char *text, apr_size_t max,
                                       apr_pool_t *pool)
{
    apr_size_t at;

    if (text == NULL || *text == '\0') {
        *why = "no address: the text is empty";
        return SMTPC_EARG;
    }
    *len = strnlen(text, max + 1);
    if (*len > max) {
        *why = apr_psprintf(pool,
                            "the text is longer than %" APR_SIZE_T_FMT
                            " bytes",
                            max);
        return SMTPC_ELIMIT;
    }
    at = smtpc__find_control(text, *len);
    if (at < *len) {
        *why = smtpc__mailbox_complaint("a control character", text, *len, at,
                                        pool);
        return SMTPC_EARG;
    }
    at = find_invalid(text, *len);
    if (at < *len) {
        *why = smtpc__mailbox_complaint("invalid UTF-8", text, *len, at,
                                        pool);
        return SMTPC_EARG;
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_address_try(smtpc_address_t **address,
                                              const char **why,
                                              const char *text,
                                              apr_pool_t *pool)
{
    apr_size_t len;
    apr_size_t used;
    apr_status_t rv;

    rv = smtpc__address_check_text(&len, why, text, SMTPC_LIMIT_ADDRESS_TEXT,
                                   pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return smtpc__address_read(address, &used, why, text, len,
                               SMTPC__MAILBOX_ALONE, pool);
}

SMTPC_DECLARE(apr_status_t) smtpc_address_parse(smtpc_address_t **address,
                                                const char *text,
                                                apr_pool_t *pool)
{
    const char *ignored;

    return smtpc_address_try(address, &ignored, text, pool);
}

SMTPC_DECLARE(apr_status_t) smtpc_address_create(smtpc_address_t **address,
                                                 const char *spec,
                                                 const char *name,
                                                 apr_pool_t *pool)
{
    smtpc_address_t *made;
    const char *ignored;
    apr_size_t len;
    apr_status_t rv;

    if (name == NULL) {
        name = "";
    }
    len = strnlen(name, SMTPC_LIMIT_ADDRESS_TEXT + 1);
    if (len > SMTPC_LIMIT_ADDRESS_TEXT) {
        return SMTPC_ELIMIT;
    }
    /* The pool's copy: ASCII is its own NFC form. */
    name = apr_pstrmemdup(pool, name, len);
    if (smtpc__find_control(name, len) < len
        || !smtpc__utf8_valid(name, len)) {
        return SMTPC_EARG;
    }
    rv = smtpc_address_parse(&made, spec, pool);
    if (rv == APR_SUCCESS) {
        rv = set_name(made, &ignored, name, pool);
    }
    if (rv == APR_SUCCESS) {
        *address = made;
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_address_display_name(const smtpc_address_t *address)
{
    return address->name;
}

SMTPC_DECLARE(const char *) smtpc_address_user(const smtpc_address_t *address)
{
    return address->user;
}

SMTPC_DECLARE(const char *) smtpc_address_host(const smtpc_address_t *address)
{
    return address->host;
}

SMTPC_DECLARE(const char *)
smtpc_address_address(const smtpc_address_t *address)
{
    return address->address;
}

const char *smtpc__address_ascii(const smtpc_address_t *address)
{
    return address->ascii;
}

int smtpc__address_needs_utf8(const smtpc_address_t *address)
{
    return address->needs_utf8;
}

SMTPC_DECLARE(const char *)
smtpc_address_format(const smtpc_address_t *address, apr_pool_t *pool)
{
    if (*address->name == '\0') {
        return apr_pstrdup(pool, address->address);
    }
    return apr_pstrcat(pool, quote(address->name, pool), " <",
                       address->address, ">", NULL);
}

SMTPC_DECLARE(int) smtpc_address_equal(const smtpc_address_t *a,
                                       const smtpc_address_t *b)
{
    /* The format adds nothing to the two pieces that could differ. */
    return strcasecmp(a->name, b->name) == 0
           && strcasecmp(a->address, b->address) == 0;
}

/* Continue the FNV-1a hash with text, its ASCII letters in lower case. */
static apr_uint32_t hash_text(apr_uint32_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c))
               * 16777619u;
    }
    return hash;
}

SMTPC_DECLARE(apr_uint32_t)
smtpc_address_hash(const smtpc_address_t *address)
{
    return hash_text(hash_text(2166136261u, address->name) * 31,
                     address->address);
}

smtpc_address_t *smtpc__address_copy(const smtpc_address_t *address,
                                     apr_pool_t *pool)
{
    smtpc_address_t *copy = apr_pcalloc(pool, sizeof(*copy));

    copy->name = apr_pstrdup(pool, address->name);
    copy->user = apr_pstrdup(pool, address->user);
    copy->host = apr_pstrdup(pool, address->host);
    copy->address = apr_pstrdup(pool, address->address);
    copy->ascii = apr_pstrdup(pool, address->ascii);
    copy->needs_utf8 = address->needs_utf8;
    return copy;
}
