/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_dane.c: TLSA records, from text and to OpenSSL, which does the matching.
 *
 * Certificate usages 0 and 1 mean nothing between mail servers (RFC 7672
 * 3.1.3), and a digest that is not of its type's length is none: such a record
 * is not usable. With usage 3 name and dates of the certificate do not count
 * (RFC 7672 3.1.1).
 */

#include "net/tls_dane.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/codec.h"
#include "base/limits.h"

/** What separates records. */
#define SEPARATORS ",;"
#define BLANKS " "
/** Largest value of the first three fields. */
#define FIELD_MAX 255
/** Bytes of them. */
#define HEAD 3

/* Whether the data is a whole certificate or public key, and nothing more. */
static int is_whole(const smtpc_tlsa_t *record)
{
    const unsigned char *at = record->data;
    X509 *certificate = NULL;
    EVP_PKEY *key = NULL;
    int found;

    if (record->selector == 0) {
        certificate = d2i_X509(NULL, &at, (long)record->len);
    }
    else {
        key = d2i_PUBKEY(NULL, &at, (long)record->len);
    }
    found = (certificate || key) && at == record->data + record->len;
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return found;
}

const char *smtpc__tlsa_unusable(const smtpc_tlsa_t *record)
{
    if (record->usage < 2 || record->usage > 3) {
        return "its usage is not 2 (DANE-TA) or 3 (DANE-EE)";
    }
    if (record->selector > 1) {
        return "its selector is not 0 (certificate) or 1 (public key)";
    }
    switch (record->type) {
    case 0:
        return is_whole(record) ? NULL
                                : "its data is no certificate or public key";
    case 1:
        return record->len == 32 ? NULL : "a SHA-256 has 32 bytes";
    case 2:
        return record->len == 64 ? NULL : "a SHA-512 has 64 bytes";
    default:
        return "its matching type is not 0, 1 (SHA-256) or 2 (SHA-512)";
    }
}

const char *smtpc__tlsa_read(smtpc_tlsa_t *record, const void *data,
                             apr_size_t len)
{
    const unsigned char *bytes = data;

    if (len < HEAD) {
        return "it is too short";
    }
    record->usage = bytes[0];
    record->selector = bytes[1];
    record->type = bytes[2];
    record->data = bytes + HEAD;
    record->len = len - HEAD;
    return smtpc__tlsa_unusable(record);
}

const char *smtpc__tlsa_text(const smtpc_tlsa_t *record, apr_pool_t *pool)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = apr_palloc(pool, 2 * record->len + 1);
    apr_size_t i;

    for (i = 0; i < record->len; i++) {
        hex[2 * i] = digits[record->data[i] >> 4];
        hex[2 * i + 1] = digits[record->data[i] & 15];
    }
    hex[2 * i] = '\0';
    return apr_psprintf(pool, "%d %d %d %s", record->usage, record->selector,
                        record->type, hex);
}

/* Read a number of up to three digits and the blanks behind it; -1 if there
 * is none. */
static int read_field(const char **text)
{
    int number = 0;
    int digits = 0;

    while (apr_isdigit(**text) && digits++ < 3) {
        number = 10 * number + (*(*text)++ - '0');
    }
    if (digits == 0 || !strchr(BLANKS, **text) || number > FIELD_MAX) {
        return -1;
    }
    *text += strspn(*text, BLANKS);
    return number;
}

static int digit_of(char c)
{
    return apr_isdigit(c) ? c - '0' : apr_tolower(c) - 'a' + 10;
}

/* Read hexadecimal digits up to the end into data; its length, or -1. */
static apr_ssize_t read_data(unsigned char *data, const char *text)
{
    apr_size_t digits = 0;

    for (; *text; text++) {
        if (strchr(BLANKS, *text)) {
            continue;
        }
        if (!apr_isxdigit(*text)) {
            return -1;
        }
        if (digits % 2 == 0) {
            data[digits / 2] = (unsigned char)(digit_of(*text) << 4);
        }
        else {
            data[digits / 2] |= (unsigned char)digit_of(*text);
        }
        digits++;
    }
    return digits % 2 == 0 ? (apr_ssize_t)(digits / 2) : -1;
}

/* Read one record; its data is put into pool. */
static const char *read_record(smtpc_tlsa_t *record, const char *text,
                               apr_pool_t *pool)
{
    unsigned char *data = apr_palloc(pool, strlen(text) / 2 + 1);
    apr_ssize_t len;

    text += strspn(text, BLANKS);
    record->usage = read_field(&text);
    record->selector = record->usage >= 0 ? read_field(&text) : -1;
    record->type = record->selector >= 0 ? read_field(&text) : -1;
    len = record->type >= 0 ? read_data(data, text) : -1;
    if (len < 0) {
        return "write usage, selector, matching type and hexadecimal digits";
    }
    record->data = data;
    record->len = (apr_size_t)len;
    return smtpc__tlsa_unusable(record);
}

apr_status_t smtpc__tlsa_parse(const char **normal, const char **why,
                               const char *text, apr_pool_t *pool)
{
    char *state = NULL;
    char *word = apr_strtok(apr_pstrdup(pool, text), SEPARATORS, &state);
    const char *made = NULL;
    int count = 0;

    for (; word; word = apr_strtok(NULL, SEPARATORS, &state)) {
        smtpc_tlsa_t record;
        const char *fault = read_record(&record, word, pool);

        if (fault) {
            *why = apr_psprintf(pool, "\"%s\" is no TLSA record for a mail "
                                "server: %s",
                                smtpc__escape(word, strlen(word), 80, 0,
                                              pool), fault);
            return SMTPC_EARG;
        }
        if (count++ == SMTPC_LIMIT_TLSA_RECORDS) {
            *why = apr_psprintf(pool, "there are more than %d TLSA records",
                                SMTPC_LIMIT_TLSA_RECORDS);
            return SMTPC_EARG;
        }
        made = apr_pstrcat(pool, made ? made : "", made ? ", " : "",
                           smtpc__tlsa_text(&record, pool), NULL);
    }
    *why = "no TLSA record is given";
    *normal = made;
    return made ? APR_SUCCESS : SMTPC_EARG;
}

apr_status_t smtpc__tls_dane_setup(struct ssl_st *ssl, const char *host,
                                   const char *records)
{
    apr_pool_t *scratch;
    char *state = NULL;
    char *word;
    int usable = 0;

    if (SSL_dane_enable(ssl, host) != 1
        || apr_pool_create(&scratch, NULL) != APR_SUCCESS) {
        return SMTPC_ETLS;
    }
    SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    word = apr_strtok(apr_pstrdup(scratch, records), SEPARATORS, &state);
    for (; word; word = apr_strtok(NULL, SEPARATORS, &state)) {
        smtpc_tlsa_t record;

        if (!read_record(&record, word, scratch)
            && SSL_dane_tlsa_add(ssl, (uint8_t)record.usage,
                                 (uint8_t)record.selector,
                                 (uint8_t)record.type, record.data,
                                 record.len) == 1) {
            usable++;
        }
    }
    apr_pool_destroy(scratch);
    return usable > 0 ? APR_SUCCESS : SMTPC_ETLS;
}
