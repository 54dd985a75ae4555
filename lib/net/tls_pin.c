/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_pin.c: pins of public keys.
 *
 * A pin is of the server's own key, not of one of its authorities: that is
 * what an operator can tell by looking at the server. It comes on top of the
 * verification of the certificate and replaces none of it.
 */

#include "net/tls_pin.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/codec.h"
#include "base/limits.h"

#define PREFIX "sha256//"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
/** Bytes of a SHA-256. */
#define HASH 32
/** Characters of it in base64. */
#define HASH_BASE64 44
/** What separates pins. */
#define SEPARATORS " ,;"

static void write_pin(char *pin, const unsigned char *hash)
{
    memcpy(pin, PREFIX, PREFIX_LEN);
    pin[PREFIX_LEN
        + smtpc__base64_encode(pin + PREFIX_LEN, hash, HASH)] = '\0';
}

/* Read a hash in hexadecimal digits, with colons between bytes or without;
 * zero if it is none. */
static int read_hex(unsigned char *hash, const char *text)
{
    int i;

    for (i = 0; i < HASH; i++) {
        char pair[3];

        if (i > 0 && *text == ':') {
            text++;
        }
        if (!apr_isxdigit(text[0]) || !apr_isxdigit(text[1])) {
            return 0;
        }
        memcpy(pair, text, 2);
        pair[2] = '\0';
        hash[i] = (unsigned char)apr_strtoi64(pair, NULL, 16);
        text += 2;
    }
    return *text == '\0';
}

static int read_base64(unsigned char *hash, const char *text)
{
    unsigned char room[HASH_BASE64 / 4 * 3];
    apr_size_t len = 0;

    if (strncmp(text, PREFIX, PREFIX_LEN) != 0
        || strlen(text + PREFIX_LEN) != HASH_BASE64
        || smtpc__base64_decode(room, &len, text + PREFIX_LEN, HASH_BASE64)
               != APR_SUCCESS
        || len != HASH) {
        return 0;
    }
    memcpy(hash, room, HASH);
    return 1;
}

apr_status_t smtpc__tls_pins_parse(const char **normal, const char **why,
                                   const char *text, apr_pool_t *pool)
{
    char *state = NULL;
    char *word = apr_strtok(apr_pstrdup(pool, text), SEPARATORS, &state);
    char *pins = apr_palloc(pool, SMTPC_LIMIT_TLS_PINS * SMTPC_TLS_PIN_SIZE);
    char *end = pins;
    int count = 0;

    for (; word; word = apr_strtok(NULL, SEPARATORS, &state)) {
        unsigned char hash[HASH];

        if (!read_base64(hash, word) && !read_hex(hash, word)) {
            *why = apr_psprintf(pool, "\"%s\" is no pin: write sha256// and "
                                "the base64 of the SHA-256 of the public key",
                                smtpc__escape(word, strlen(word), 80, 0,
                                              pool));
            return SMTPC_EARG;
        }
        if (count++ == SMTPC_LIMIT_TLS_PINS) {
            *why = apr_psprintf(pool, "there are more than %d pins",
                                SMTPC_LIMIT_TLS_PINS);
            return SMTPC_EARG;
        }
        if (end != pins) {
            end[-1] = ' ';
        }
        write_pin(end, hash);
        end += SMTPC_TLS_PIN_SIZE;
    }
    *why = "no pin is named";
    *normal = pins;
    return count > 0 ? APR_SUCCESS : SMTPC_EARG;
}

void smtpc__tls_pin_of(char *pin, const struct x509_st *certificate)
{
    unsigned char hash[HASH];
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

    pin[0] = '\0';
    if (len > 0
        && EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha256(), NULL) == 1) {
        write_pin(pin, hash);
    }
    OPENSSL_free(der);
}

int smtpc__tls_pins_have(const char *pins, const char *pin)
{
    apr_size_t len = strlen(pin);

    /* All have the same length, and base64 has no blanks. */
    return len == SMTPC_TLS_PIN_SIZE - 1 && strstr(pins, pin) != NULL;
}
