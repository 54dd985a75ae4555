/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.c: libFuzzer entry for the address parser.
 *
 * The input is read as one mailbox, as a list, and, cut at its first line
 * end, as a display name and an address. Whatever is accepted has to keep
 * what smtpclient/address.h promises: no control character in anything it
 * gives out, one form that is read back as itself, ASCII where ASCII is
 * promised, one path on the wire. Whatever is refused has a reason that can
 * be logged.
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "model/nfc.h"
#include "proto/command.h"

/* UTF-8 without control characters, of at most max bytes. */
static void check_text(const char *text, size_t max)
{
    size_t len = strlen(text);

    require(len <= max);
    require(smtpc__find_control(text, len) == len);
    require(smtpc__utf8_valid(text, len));
}

static void check_normal(const char *text, apr_pool_t *pool)
{
    const char *again;

    require(smtpc__nfc(&again, text, pool) == APR_SUCCESS);
    require(strcmp(again, text) == 0);
}

/* A reason is one short line. */
static void check_why(const char *why)
{
    require(why != NULL && *why != '\0');
    check_text(why, 2000);
}

/* One path between the brackets, read as a server does that knows quotes. */
static void check_path(const char *line, size_t len)
{
    int quoted = 0;
    int literal = 0;
    size_t i;

    require(len > 11 && memcmp(line, "RCPT TO:<", 9) == 0);
    require(memcmp(line + len - 3, ">\r\n", 3) == 0);
    for (i = 9; i < len - 3; i++) {
        unsigned char c = (unsigned char)line[i];

        require(c >= ' ' && c != 0x7f);
        if (c == '\\' && quoted) {
            i++;
        }
        else if (c == '"' && !literal) {
            quoted = !quoted;
        }
        else if (!quoted && (c == '[' || c == ']')) {
            literal = c == '[';
        }
        else if (!quoted) {
            require(strchr(" <>,;()", c) == NULL);
        }
    }
    require(!quoted && !literal && i == len - 3);
}

static void check_wire(const smtpc_address_t *address, apr_pool_t *pool)
{
    smtpc_buf_t out;
    int utf8;

    smtpc__buf_init(&out, SMTPC_LIMIT_ENVELOPE_LINE, pool);
    for (utf8 = 0; utf8 < 2; utf8++) {
        smtpc_rcpt_params_t rcpt = { .utf8 = utf8 };

        require(smtpc__command_rcpt(&out, address, &rcpt) == APR_SUCCESS);
        check_path(smtpc__buf_bytes(&out), smtpc__buf_used(&out));
        smtpc__buf_clear(&out);
    }
}

static void check_pieces(const smtpc_address_t *address, apr_pool_t *pool)
{
    const char *user = smtpc_address_user(address);
    const char *host = smtpc_address_host(address);
    const char *ascii = smtpc__address_ascii(address);
    const char *at = strrchr(ascii, '@');

    check_text(smtpc_address_display_name(address),
               SMTPC_LIMIT_DISPLAY_NAME);
    check_text(user, SMTPC_LIMIT_LOCAL_PART);
    check_text(host, SMTPC_LIMIT_DOMAIN);
    check_text(smtpc_address_address(address), SMTPC_LIMIT_ADDRESS);
    check_text(ascii, SMTPC_LIMIT_ADDRESS);
    check_normal(smtpc_address_display_name(address), pool);
    check_normal(smtpc_address_address(address), pool);
    require(*user != '\0' && *host != '\0');
    require(strcmp(smtpc_address_address(address),
                   apr_pstrcat(pool, user, "@", host, NULL))
            == 0);
    require(strpbrk(host, "@<>\" ,;()\\") == NULL);
    require(*user == '"' || strpbrk(user, "@<>\" ,;:()\\[]") == NULL);
    require(at != NULL && smtpc__is_ascii(at, strlen(at)));
    require(smtpc__address_needs_utf8(address)
            || smtpc__is_ascii(ascii, strlen(ascii)));
    require(strncmp(ascii, user, strlen(user)) == 0);
}

/* Both are the same in all that is to be seen. */
static void check_same(const smtpc_address_t *a, const smtpc_address_t *b)
{
    require(smtpc_address_equal(a, b) && smtpc_address_equal(b, a));
    require(smtpc_address_hash(a) == smtpc_address_hash(b));
    require(strcmp(smtpc_address_display_name(a),
                   smtpc_address_display_name(b))
            == 0);
    require(strcmp(smtpc_address_address(a), smtpc_address_address(b)) == 0);
    require(strcmp(smtpc__address_ascii(a), smtpc__address_ascii(b)) == 0);
}

static void check_address(const smtpc_address_t *address, apr_pool_t *pool)
{
    const char *format = smtpc_address_format(address, pool);
    smtpc_address_t *again = NULL;

    check_pieces(address, pool);
    check_text(format, SMTPC_LIMIT_ADDRESS_TEXT);
    require(smtpc_address_parse(&again, format, pool) == APR_SUCCESS);
    check_same(address, again);
    require(strcmp(smtpc_address_format(again, pool), format) == 0);
    /* In A-labels it is the same mailbox. */
    require(smtpc_address_parse(&again, smtpc__address_ascii(address), pool)
            == APR_SUCCESS);
    require(strcmp(smtpc_address_address(again),
                   smtpc_address_address(address))
            == 0);
    check_wire(address, pool);
}

/* Returns the mailbox, or NULL if text is none. */
static smtpc_address_t *try_one(const char *text, apr_pool_t *pool)
{
    smtpc_address_t *address = NULL;
    const char *why = NULL;
    apr_status_t rv = smtpc_address_try(&address, &why, text, pool);

    require((rv == APR_SUCCESS) == (address != NULL));
    if (rv == APR_SUCCESS) {
        check_address(address, pool);
    }
    else {
        require(rv == SMTPC_EARG || rv == SMTPC_ELIMIT);
        check_why(why);
    }
    return address;
}

static void try_list(const char *text, const smtpc_address_t *alone,
                     apr_pool_t *pool)
{
    smtpc_address_list_t *list = NULL;
    smtpc_address_list_t *again = NULL;
    const char *why = NULL;
    const char *format;
    apr_status_t rv = smtpc_address_list_try(&list, &why, text, pool);
    apr_size_t i;

    require((rv == APR_SUCCESS) == (list != NULL));
    if (rv != APR_SUCCESS) {
        require(rv == SMTPC_EARG || rv == SMTPC_ELIMIT);
        require(alone == NULL);
        check_why(why);
        return;
    }
    if (alone != NULL) {
        require(smtpc_address_list_count(list) == 1);
        check_same(smtpc_address_list_get(list, 0), alone);
    }
    format = smtpc_address_list_format(list, pool);
    if (*format == '\0') {
        require(smtpc_address_list_count(list) == 0);
        return;
    }
    require(smtpc_address_list_parse(&again, format, pool) == APR_SUCCESS);
    require(smtpc_address_list_count(again)
            == smtpc_address_list_count(list));
    for (i = 0; i < smtpc_address_list_count(list); i++) {
        check_address(smtpc_address_list_get(list, i), pool);
        check_same(smtpc_address_list_get(list, i),
                   smtpc_address_list_get(again, i));
    }
}

/* The first line is the name, which is data, the rest the address. */
static void try_created(char *text, apr_pool_t *pool)
{
    char *end = strchr(text, '\n');
    smtpc_address_t *address = NULL;

    if (end == NULL) {
        return;
    }
    *end = '\0';
    if (smtpc_address_create(&address, end + 1, text, pool)
        == APR_SUCCESS) {
        check_address(address, pool);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    apr_pool_t *pool = fuzz_pool();

    try_list(text, try_one(text, pool), pool);
    try_created(text, pool);
    free(text);
    apr_pool_clear(pool);
    return 0;
}
