/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dkim.c: signers: domain, selector, key and what is to be signed.
 *
 * All that goes into a signature's tags is checked here, so that nothing in
 * it can end a tag or a line. Nothing changes a signer while it signs.
 *
 * Not here: the signature of a message (dkim_sign.c). The record in DNS is
 * not looked up.
 * RFC 6376 3.5, RFC 8301 3, RFC 8463.
 */
#include "mime/dkim_int.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/codec.h"
#include "mime/header.h"
#include "mime/private_key.h"
#include "model/host.h"

/* RFC 8301 3.2: signers MUST use 1024 at least and SHOULD use 2048. */
#define RSA_BITS_MIN 1024
#define RSA_BITS_ADVISED 2048
/* A label of a domain name, RFC 1035 2.3.4. */
#define LABEL_MAX 63
/* Ten years. */
#define EXPIRE_MAX APR_INT64_C(315360000)
/* Bytes of an Ed25519 public key. */
#define ED25519_BYTES 32
/* What is shown of a text that was refused. */
#define SHOWN 80

static const char *shown(const char *text, apr_pool_t *pool)
{
    return smtpc__escape(text, strlen(text), SHOWN, 0, pool);
}

static int is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Labels with single dots between them. Underscores are no letters of a host
 * name, but selectors with them are in use. */
static int is_selector(const char *text)
{
    apr_size_t label = 0;
    apr_size_t len = strlen(text);

    if (len > SMTPC_LIMIT_DOMAIN) {
        return 0;
    }
    for (apr_size_t i = 0; i < len; i++) {
        if (text[i] == '.' && label > 0) {
            label = 0;
        }
        else if (!is_label_char(text[i]) || ++label > LABEL_MAX) {
            return 0;
        }
    }
    return label > 0;
}

static apr_status_t set_names(smtpc_dkim_t *dkim, const char **why,
                              const char *domain, const char *selector)
{
    const char *reason = "has no dot in it";
    smtpc__domain_t normal;
    apr_status_t rv = smtpc__domain_normal(&normal, &reason, domain,
                                           dkim->pool);

    if (rv != APR_SUCCESS || strchr(normal.ascii, '.') == NULL) {
        *why = apr_psprintf(dkim->pool, "the DKIM domain \"%s\" %s",
                            shown(domain, dkim->pool), reason);
        return rv == APR_ENOMEM ? rv : SMTPC_EARG;
    }
    if (!is_selector(selector)) {
        *why = apr_psprintf(dkim->pool,
                            "the DKIM selector \"%s\" is not labels of "
                            "letters, digits, - and _ with dots between them",
                            shown(selector, dkim->pool));
        return SMTPC_EARG;
    }
    dkim->domain = normal.ascii;
    dkim->selector = apr_pstrdup(dkim->pool, selector);
    return APR_SUCCESS;
}

static apr_status_t check_rsa(smtpc_dkim_t *dkim, const char **why)
{
    int bits = EVP_PKEY_get_bits(dkim->key);

    if (bits < RSA_BITS_MIN || bits > SMTPC_LIMIT_DKIM_RSA_BITS) {
        *why = apr_psprintf(dkim->pool,
                            "the RSA key of DKIM selector %s has %d bits, "
                            "%s; make one of 2048 with openssl genpkey "
                            "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
                            dkim->selector, bits,
                            bits < RSA_BITS_MIN
                                ? "which no receiver trusts"
                                : "which receivers do not take");
        return SMTPC_EARG;
    }
    if (bits < RSA_BITS_ADVISED) {
        dkim->warning = apr_psprintf(dkim->pool,
                                     "the RSA key of DKIM selector %s has "
                                     "only %d bits; 2048 are advised",
                                     dkim->selector, bits);
    }
    dkim->rsa = 1;
    return APR_SUCCESS;
}

static apr_status_t check_key(smtpc_dkim_t *dkim, const char **why)
{
    switch (EVP_PKEY_get_base_id(dkim->key)) {
    case EVP_PKEY_RSA:
        return check_rsa(dkim, why);
    case EVP_PKEY_ED25519:
        return APR_SUCCESS;
    default:
        *why = apr_psprintf(dkim->pool,
                            "the key of DKIM selector %s is neither RSA nor "
                            "Ed25519; no other signs mail", dkim->selector);
        return SMTPC_EARG;
    }
}

SMTPC_DECLARE(apr_status_t) smtpc_dkim_create(smtpc_dkim_t **dkim,
                                              const char **why,
                                              const char *domain,
                                              const char *selector,
                                              const char *key_reference,
                                              apr_pool_t *pool)
{
    smtpc_dkim_t *made = apr_pcalloc(pool, sizeof(*made));
    const char *reason = "";
    apr_status_t rv;

    made->pool = pool;
    made->warning = "";
    rv = set_names(made, &reason, domain != NULL ? domain : "",
                   selector != NULL ? selector : "");
    if (rv == APR_SUCCESS) {
        rv = smtpc__private_key_load(&made->key, &reason, key_reference,
                                     pool);
    }
    if (rv == APR_SUCCESS) {
        rv = check_key(made, &reason);
    }
    if (rv != APR_SUCCESS) {
        if (why != NULL) {
            *why = reason;
        }
        return rv;
    }
    *dkim = made;
    return APR_SUCCESS;
}

/* Setters. */

static apr_status_t fail(smtpc_dkim_t *dkim, apr_status_t status,
                         const char *format, ...) SMTPC_PRINTF(3, 4);

static apr_status_t fail(smtpc_dkim_t *dkim, apr_status_t status,
                         const char *format, ...)
{
    va_list args;

    va_start(args, format);
    smtpc__verror(dkim->error, sizeof(dkim->error), format, args);
    va_end(args);
    return status;
}

SMTPC_DECLARE(const char *) smtpc_dkim_error(const smtpc_dkim_t *dkim)
{
    return dkim->error;
}

/* Of a local part, what needs no encoding in a tag: RFC 6376 2.11. */
static int is_plain(const char *text, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] >= 127 || strchr(";=@\"\\", text[i])) {
            return 0;
        }
    }
    return 1;
}

/* Whether name is domain or below it. */
static int is_below(const char *name, const char *domain)
{
    apr_size_t len = strlen(name);
    apr_size_t tail = strlen(domain);

    return len >= tail && strcasecmp(name + len - tail, domain) == 0
           && (len == tail || name[len - tail - 1] == '.');
}

SMTPC_DECLARE(apr_status_t) smtpc_dkim_set_identity(smtpc_dkim_t *dkim,
                                                    const char *identity)
{
    smtpc__domain_t normal;
    const char *why;
    const char *at;

    if (identity == NULL) {
        dkim->identity = NULL;
        return APR_SUCCESS;
    }
    at = strrchr(identity, '@');
    if (at == NULL || at - identity > SMTPC_LIMIT_LOCAL_PART
        || !is_plain(identity, (apr_size_t)(at - identity))
        || smtpc__domain_normal(&normal, &why, at + 1, dkim->pool)
               != APR_SUCCESS
        || !is_below(normal.ascii, dkim->domain)) {
        return fail(dkim, SMTPC_EARG,
                    "the DKIM identity \"%s\" is not user@ or @ with %.100s "
                    "or a domain below it", shown(identity, dkim->pool),
                    dkim->domain);
    }
    dkim->identity = apr_psprintf(dkim->pool, "%.*s@%s",
                                  (int)(at - identity), identity,
                                  normal.ascii);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_dkim_set_expire(smtpc_dkim_t *dkim,
                                                  apr_int64_t seconds)
{
    if (seconds < 0 || seconds > EXPIRE_MAX) {
        return fail(dkim, SMTPC_EARG, "a DKIM signature can expire after 1 "
                    "second to 10 years, or with 0 never");
    }
    dkim->expire = seconds;
    return APR_SUCCESS;
}

static apr_status_t check_name(smtpc_dkim_t *dkim, const char *name)
{
    static const char *const others[] = { "DKIM-Signature", "Received",
                                          "Return-Path", "Bcc" };
    const char *why = smtpc__header_name_check(name);

    /* A semicolon would end the tag. */
    if (why != NULL || strchr(name, ';') != NULL) {
        return fail(dkim, SMTPC_EARG, "\"%s\" is not the name of a header "
                    "field", shown(name, dkim->pool));
    }
    for (apr_size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcasecmp(name, others[i]) == 0) {
            return fail(dkim, SMTPC_EARG, "%s cannot be signed: it changes on "
                        "the way", others[i]);
        }
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_dkim_set_headers(smtpc_dkim_t *dkim,
                                                   const char *names)
{
    apr_array_header_t *list;
    char *rest;
    int from = 0;
    char *name;

    if (names == NULL) {
        dkim->names = NULL;
        return APR_SUCCESS;
    }
    list = apr_array_make(dkim->pool, 16, sizeof(const char *));
    rest = apr_pstrdup(dkim->pool, names);
    while ((name = apr_strtok(rest, " ,:", &rest)) != NULL) {
        apr_status_t rv = check_name(dkim, name);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (list->nelts == SMTPC_LIMIT_DKIM_NAMES) {
            return fail(dkim, SMTPC_ELIMIT, "more than %d header fields to "
                        "sign are named", SMTPC_LIMIT_DKIM_NAMES);
        }
        for (int i = 0; i < list->nelts; i++) {
            if (strcasecmp(APR_ARRAY_IDX(list, i, const char *), name) == 0) {
                return fail(dkim, SMTPC_EARG, "the header field \"%s\" is "
                            "named twice; once signs all of them",
                            shown(name, dkim->pool));
            }
        }
        from |= strcasecmp(name, "From") == 0;
        APR_ARRAY_PUSH(list, const char *) = name;
    }
    if (!from) {
        return fail(dkim, SMTPC_EARG, "From is not among the header fields to "
                    "sign, and a DKIM signature needs it");
    }
    dkim->names = (const char *const *)list->elts;
    dkim->name_count = (apr_size_t)list->nelts;
    return APR_SUCCESS;
}

/* Getters. */

SMTPC_DECLARE(const char *) smtpc_dkim_domain(const smtpc_dkim_t *dkim)
{
    return dkim->domain;
}

SMTPC_DECLARE(const char *) smtpc_dkim_selector(const smtpc_dkim_t *dkim)
{
    return dkim->selector;
}

SMTPC_DECLARE(const char *) smtpc_dkim_algorithm(const smtpc_dkim_t *dkim)
{
    return dkim->rsa ? "rsa-sha256" : "ed25519-sha256";
}

SMTPC_DECLARE(const char *) smtpc_dkim_warning(const smtpc_dkim_t *dkim)
{
    return dkim->warning;
}

/* The public key as records have it: RSA with its wrapping, RFC 6376 3.6.1,
 * Ed25519 without, RFC 8463 4. Set *len, or return NULL. */
static unsigned char *public_bytes(const smtpc_dkim_t *dkim, apr_size_t *len,
                                   apr_pool_t *pool)
{
    unsigned char *out = NULL;
    unsigned char *copy;
    int got;

    if (!dkim->rsa) {
        *len = ED25519_BYTES;
        copy = apr_palloc(pool, *len);
        return EVP_PKEY_get_raw_public_key(dkim->key, copy, len) ? copy
                                                                 : NULL;
    }
    got = i2d_PUBKEY(dkim->key, &out);
    if (got <= 0) {
        return NULL;
    }
    copy = apr_pmemdup(pool, out, (apr_size_t)got);
    OPENSSL_free(out);
    *len = (apr_size_t)got;
    return copy;
}

SMTPC_DECLARE(const char *) smtpc_dkim_record(const smtpc_dkim_t *dkim,
                                              apr_pool_t *pool)
{
    apr_size_t len;
    unsigned char *key = public_bytes(dkim, &len, pool);
    char *text;

    ERR_clear_error();
    if (key == NULL) {
        return NULL;
    }
    text = apr_palloc(pool, smtpc__base64_length(len) + 1);
    text[smtpc__base64_encode(text, key, len)] = '\0';
    return apr_psprintf(pool, "v=DKIM1; k=%s; p=%s",
                        dkim->rsa ? "rsa" : "ed25519", text);
}

/* Signing. */

/* RFC 6376 3.3.1: PKCS #1 1.5 over SHA-256. */
static int set_rsa(EVP_PKEY_CTX *context)
{
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0
           && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0;
}

/* Return non-zero if the signature was made and is good. */
static int try_rsa(EVP_PKEY *key, unsigned char *signature, size_t *len,
                   const unsigned char *digest)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    int good = context != NULL && EVP_PKEY_sign_init(context) > 0
               && set_rsa(context)
               && EVP_PKEY_sign(context, signature, len, digest,
                                SMTPC_DKIM_DIGEST_SIZE) > 0
               && EVP_PKEY_verify_init(context) > 0 && set_rsa(context)
               && EVP_PKEY_verify(context, signature, *len, digest,
                                  SMTPC_DKIM_DIGEST_SIZE) == 1;

    EVP_PKEY_CTX_free(context);
    return good;
}

/* What OpenSSL keeps with a key to blind its use is not whole any more when
 * memory has run out amidst a change of it: signatures are wrong from then
 * on, without an error. A copy of the key has nothing of that. */
static int sign_rsa(EVP_PKEY *key, unsigned char *signature, size_t *len,
                    const unsigned char *digest)
{
    size_t room = *len;
    EVP_PKEY *copy;
    int good;

    if (try_rsa(key, signature, len, digest)) {
        return 1;
    }
    *len = room;
    copy = EVP_PKEY_dup(key);
    good = copy != NULL && try_rsa(copy, signature, len, digest);
    EVP_PKEY_free(copy);
    return good;
}

/* The digest is the message that PureEdDSA signs, RFC 8463 3. */
static int sign_ed25519(EVP_PKEY *key, unsigned char *signature, size_t *len,
                        const unsigned char *digest)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = context != NULL
               && EVP_DigestSignInit(context, NULL, NULL, NULL, key) > 0
               && EVP_DigestSign(context, signature, len, digest,
                                 SMTPC_DKIM_DIGEST_SIZE) > 0;

    EVP_MD_CTX_free(context);
    return good;
}

apr_status_t smtpc__dkim_sign_digest(const smtpc_dkim_t *dkim,
                                     unsigned char *signature,
                                     apr_size_t *len,
                                     const unsigned char *digest)
{
    int good;

    *len = SMTPC_DKIM_SIGNATURE_MAX;
    good = dkim->rsa ? sign_rsa(dkim->key, signature, len, digest)
                     : sign_ed25519(dkim->key, signature, len, digest);
    ERR_clear_error();
    return good ? APR_SUCCESS : APR_EGENERAL;
}
