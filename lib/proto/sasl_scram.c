/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_scram.c: SCRAM-SHA-1 and SCRAM-SHA-256, bound to the TLS connection
 * (-PLUS) or not.
 *
 * Guarantees: the number of rounds is looked at before anything is computed;
 * the server's nonce is longer than ours and begins with it; the server has
 * proved that it knows the password before the exchange is done. Where this
 * side could bind and the server does not offer it, it is told so ("y"): if
 * somebody took the -PLUS mechanisms out of its offer, it refuses. The
 * password and what is derived from it are in wiped memory.
 *
 * Not libgsasl's: its 2.2.0 cannot say "y", takes a nonce that nothing was
 * added to, and leaves copies of all of this behind in freed memory.
 *
 * RFC 5802, RFC 7677, RFC 9266.
 */
#include "proto/sasl_int.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/digest.h"
#include "model/nfc.h"

/* Bytes of our nonce before base64. */
#define NONCE_BYTES 18
/* SASLprep makes at most so many bytes of one: U+FDFA becomes 33. */
#define PREPARED_FACTOR 11
#define PREPARED_SIZE (PREPARED_FACTOR * SMTPC_LIMIT_SECRET + 1)
#define KEY "Client Key"
#define SERVER_KEY "Server Key"

/* What one step leaves for the next. */
typedef struct scram_t {
    const char *header;   /* "n,,", "y,," or "p=tls-exporter,," */
    const char *nonce;    /* ours */
    const char *bare;     /* client-first-message-bare */
    unsigned char signature[SMTPC_HASH_MAX]; /* what the server has to say */
} scram_t;

/* What the server's first message says. */
typedef struct offer_t {
    const char *nonce;
    const unsigned char *salt;
    apr_size_t salt_len;
    int rounds;
} offer_t;

static smtpc_hash_e hash_of(const smtpc_sasl_t *sasl)
{
    return sasl->mech->bit
                   & (SMTPC_MECH_SCRAM_SHA_1 | SMTPC_MECH_SCRAM_SHA_1_PLUS)
               ? SMTPC_HASH_SHA1 : SMTPC_HASH_SHA256;
}

static int is_plus(const smtpc_sasl_t *sasl)
{
    return (sasl->mech->bit & (SMTPC_MECH_SCRAM_SHA_1_PLUS
                               | SMTPC_MECH_SCRAM_SHA_256_PLUS)) != 0;
}

/* Return the GS2 header: RFC 5802 6. */
static const char *gs2_header(const smtpc_sasl_t *sasl)
{
    if (is_plus(sasl)) {
        return apr_pstrcat(sasl->pool, "p=", sasl->binding.name, ",,", NULL);
    }
    return sasl->binding.name != NULL
                   && !(sasl->offered & (SMTPC_MECH_SCRAM_SHA_1_PLUS
                                         | SMTPC_MECH_SCRAM_SHA_256_PLUS))
               ? "y,," : "n,,";
}

/* Return len bytes at data in base64. */
static char *base64(const void *data, apr_size_t len, apr_pool_t *pool)
{
    apr_size_t size = smtpc__base64_length(len);
    char *text = apr_palloc(pool, size + 1);

    (void)smtpc__base64_encode(text, data, len);
    text[size] = '\0';
    return text;
}

/* Set name to the user's as it goes on the wire. */
static apr_status_t saslname(const char **name, const smtpc_sasl_t *sasl)
{
    apr_size_t size = PREPARED_FACTOR * strlen(sasl->user) + 1;
    char *prepared = apr_palloc(sasl->pool, size);
    apr_size_t len;
    apr_status_t rv = smtpc__saslprep(prepared, size, &len, sasl->user,
                                      strlen(sasl->user));

    if (rv == APR_SUCCESS) {
        *name = smtpc__sasl_escape(prepared, sasl->pool);
    }
    return rv;
}

static apr_status_t first(smtpc_sasl_t *sasl)
{
    scram_t *scram = smtpc__wiped_alloc(sasl->pool, sizeof(*scram));
    unsigned char bytes[NONCE_BYTES];
    const char *name;
    const char *message;
    apr_status_t rv;

    sasl->state = scram;
    scram->nonce = sasl->nonce;
    if (scram->nonce == NULL) {
        if (smtpc__env_random(sasl->env, bytes, sizeof(bytes))
            != APR_SUCCESS) {
            return smtpc__sasl_fail(sasl, APR_EGENERAL,
                                    "there are no random bytes to be had");
        }
        scram->nonce = base64(bytes, sizeof(bytes), sasl->pool);
    }
    rv = saslname(&name, sasl);
    if (rv != APR_SUCCESS) {
        return smtpc__sasl_fail(sasl, rv, rv == SMTPC_EARG
                                ? "the user name is not UTF-8"
                                : "the user name cannot be prepared on this "
                                  "machine");
    }
    scram->header = gs2_header(sasl);
    scram->bare = apr_pstrcat(sasl->pool, "n=", name, ",r=", scram->nonce,
                              NULL);
    message = apr_pstrcat(sasl->pool, scram->header, scram->bare, NULL);
    sasl->response = message;
    sasl->response_len = strlen(message);
    return APR_SUCCESS;
}

/* Return the value of the attribute "x=" at *text, ended, and move behind its
 * comma; NULL if another one is there. */
static char *attribute(char **text, char name)
{
    char *value = *text + 2;
    apr_size_t len;

    if ((*text)[0] != name || (*text)[1] != '=') {
        return NULL;
    }
    len = strcspn(value, ",");
    *text = value + len + (value[len] != '\0');
    value[len] = '\0';
    return value;
}

/* Set offer->rounds to the number in text; 0 if it is none we take. */
static int take_rounds(offer_t *offer, const char *text)
{
    apr_size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 9 || text[digits] != '\0') {
        return 0;
    }
    offer->rounds = (int)apr_atoi64(text);
    return 1;
}

/* Read the server's first message; it may have extensions at its end, but not
 * at its beginning (m=), which stands for those that must be understood. */
static apr_status_t read_offer(offer_t *offer, smtpc_sasl_t *sasl)
{
    char *text = apr_pstrmemdup(sasl->pool, sasl->challenge,
                                sasl->challenge_len);
    unsigned char *salt = apr_palloc(sasl->pool, sasl->challenge_len + 3);
    char *encoded;
    char *rounds;

    if (strlen(text) != sasl->challenge_len) {
        return SMTPC_EPROTO;
    }
    offer->nonce = attribute(&text, 'r');
    encoded = offer->nonce != NULL ? attribute(&text, 's') : NULL;
    rounds = encoded != NULL ? attribute(&text, 'i') : NULL;
    offer->salt = salt;
    if (rounds == NULL || !take_rounds(offer, rounds)
        || smtpc__base64_decode(salt, &offer->salt_len, encoded,
                                strlen(encoded)) != APR_SUCCESS
        || offer->salt_len == 0) {
        return SMTPC_EPROTO;
    }
    return APR_SUCCESS;
}

/* Look at what is well-formed but must not be. */
static apr_status_t judge_offer(const offer_t *offer, smtpc_sasl_t *sasl)
{
    const scram_t *scram = sasl->state;
    apr_size_t len = strlen(scram->nonce);

    if (strncmp(offer->nonce, scram->nonce, len) != 0
        || offer->nonce[len] == '\0') {
        return smtpc__sasl_fail(sasl, SMTPC_EAUTH, "its answer was not made "
                                "for this login: somebody may be repeating "
                                "an old one");
    }
    if (offer->rounds < SMTPC_SCRAM_ROUNDS_MIN
        || offer->rounds > SMTPC_SCRAM_ROUNDS_MAX) {
        return smtpc__sasl_fail(sasl, SMTPC_EAUTH, apr_psprintf(
                                    sasl->pool, "it wants the password hashed "
                                    "%d times; %d to %d are sensible",
                                    offer->rounds, SMTPC_SCRAM_ROUNDS_MIN,
                                    SMTPC_SCRAM_ROUNDS_MAX));
    }
    return APR_SUCCESS;
}

/* Set key to SaltedPassword: this takes long. */
static apr_status_t salted_password(unsigned char *key, const offer_t *offer,
                                    const smtpc_sasl_t *sasl)
{
    char *prepared = smtpc__wiped_alloc(sasl->pool, PREPARED_SIZE);
    apr_size_t len;
    const char *secret = smtpc__secret_bytes(sasl->secret, &len);
    apr_status_t rv = smtpc__saslprep(prepared, PREPARED_SIZE, &len, secret,
                                      len);

    /* What is not UTF-8 is taken as it is. */
    if (rv == SMTPC_EARG) {
        memcpy(prepared, secret, len);
        rv = APR_SUCCESS;
    }
    return rv == APR_SUCCESS
               ? smtpc__pbkdf2(key, hash_of(sasl), prepared, len, offer->salt,
                               offer->salt_len, offer->rounds)
               : rv;
}

/* Set proof to ClientProof, and the signature the server has to know, for the
 * login that auth_message describes. RFC 5802 3. */
static apr_status_t prove(unsigned char *proof, smtpc_sasl_t *sasl,
                          const offer_t *offer, const char *auth_message)
{
    struct {
        unsigned char salted[SMTPC_HASH_MAX];
        unsigned char client[SMTPC_HASH_MAX];
        unsigned char stored[SMTPC_HASH_MAX];
        unsigned char server[SMTPC_HASH_MAX];
        unsigned char signature[SMTPC_HASH_MAX];
    } *key = smtpc__wiped_alloc(sasl->pool, sizeof(*key));
    scram_t *scram = sasl->state;
    smtpc_hash_e hash = hash_of(sasl);
    apr_size_t len = smtpc__hash_length(hash);
    apr_size_t message_len = strlen(auth_message);
    apr_status_t rv = salted_password(key->salted, offer, sasl);

    if (rv == APR_SUCCESS) {
        rv = smtpc__hmac(key->client, hash, key->salted, len, KEY,
                         strlen(KEY));
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__hash(key->stored, hash, key->client, len);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__hmac(key->signature, hash, key->stored, len, auth_message,
                         message_len);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__hmac(key->server, hash, key->salted, len, SERVER_KEY,
                         strlen(SERVER_KEY));
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__hmac(scram->signature, hash, key->server, len,
                         auth_message, message_len);
    }
    for (apr_size_t i = 0; i < len; i++) {
        proof[i] = key->client[i] ^ key->signature[i];
    }
    return rv;
}

/* Return "c=...,r=..." of the client's last message. */
static const char *without_proof(const smtpc_sasl_t *sasl,
                                 const offer_t *offer)
{
    const scram_t *scram = sasl->state;
    apr_size_t header = strlen(scram->header);
    apr_size_t len = header + (is_plus(sasl) ? sasl->binding.len : 0);
    char *binding = apr_palloc(sasl->pool, len + 1);

    memcpy(binding, scram->header, header);
    memcpy(binding + header, sasl->binding.data, len - header);
    return apr_pstrcat(sasl->pool, "c=", base64(binding, len, sasl->pool),
                       ",r=", offer->nonce, NULL);
}

static apr_status_t answer(smtpc_sasl_t *sasl)
{
    const scram_t *scram = sasl->state;
    unsigned char proof[SMTPC_HASH_MAX];
    const char *message;
    offer_t offer;
    apr_status_t rv = read_offer(&offer, sasl);

    if (rv != APR_SUCCESS) {
        return smtpc__sasl_fail(sasl, rv, "its first message is not one of "
                                "SCRAM");
    }
    rv = judge_offer(&offer, sasl);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    message = without_proof(sasl, &offer);
    rv = prove(proof, sasl, &offer,
               apr_pstrcat(sasl->pool, scram->bare, ",",
                           (const char *)sasl->challenge, ",", message,
                           NULL));
    if (rv != APR_SUCCESS) {
        return smtpc__sasl_fail(sasl, rv, "the password cannot be hashed on "
                                "this machine");
    }
    message = apr_pstrcat(sasl->pool, message, ",p=",
                          base64(proof, smtpc__hash_length(hash_of(sasl)),
                                 sasl->pool), NULL);
    sasl->response = message;
    sasl->response_len = strlen(message);
    return APR_SUCCESS;
}

/* Return the server's "e=" as words for a sentence. Only those of RFC 5802 7:
 * another could be the password. */
static const char *server_error(const smtpc_sasl_t *sasl)
{
    static const char *const known[] = {
        "invalid-encoding", "extensions-not-supported", "invalid-proof",
        "channel-bindings-dont-match", "server-does-support-channel-binding",
        "channel-binding-not-supported",
        "unsupported-channel-binding-type", "unknown-user",
        "invalid-username-encoding", "no-resources", "other-error"
    };
    const char *text = (const char *)sasl->challenge + 2;
    apr_size_t len = strcspn(text, ",");

    for (apr_size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i]) == len && strncmp(known[i], text, len) == 0) {
            return apr_pstrcat(sasl->pool, "it says ", known[i], NULL);
        }
    }
    return "it says that it failed, in words of its own";
}

/* The server has to prove that it knows the password, too. */
static apr_status_t verify(smtpc_sasl_t *sasl)
{
    const scram_t *scram = sasl->state;
    const char *expected = base64(scram->signature,
                                  smtpc__hash_length(hash_of(sasl)),
                                  sasl->pool);
    const char *text = sasl->challenge;
    apr_size_t len = strlen(expected);

    if (strncmp(text, "e=", 2) == 0) {
        return smtpc__sasl_fail(sasl, SMTPC_EAUTH, server_error(sasl));
    }
    if (strncmp(text, "v=", 2) != 0
        || strncmp(text + 2, expected, len) != 0
        || (text[len + 2] != '\0' && text[len + 2] != ',')
        || strlen(text) != sasl->challenge_len) {
        return smtpc__sasl_fail(sasl, SMTPC_EAUTH, "it does not prove that it "
                                "knows the password: it may be an impostor");
    }
    sasl->response = "";
    sasl->done = 1;
    return APR_SUCCESS;
}

static apr_status_t step(smtpc_sasl_t *sasl)
{
    switch (sasl->steps) {
    case 0:
        return first(sasl);
    case 1:
        return answer(sasl);
    default:
        return verify(sasl);
    }
}

/* The second step hashes. */
#define SCRAM(name, mechanism, how_strong)       \
    const smtpc_sasl_mech_t name = {             \
        .bit = (mechanism),                      \
        .need = SMTPC_SASL_SECRET,               \
        .strength = (how_strong),                \
        .blocking = 1u << 1,                     \
        .step = step,                            \
    }

SCRAM(smtpc__sasl_scram_sha_1, SMTPC_MECH_SCRAM_SHA_1, 3);
SCRAM(smtpc__sasl_scram_sha_1_plus, SMTPC_MECH_SCRAM_SHA_1_PLUS, 4);
SCRAM(smtpc__sasl_scram_sha_256, SMTPC_MECH_SCRAM_SHA_256, 3);
SCRAM(smtpc__sasl_scram_sha_256_plus, SMTPC_MECH_SCRAM_SHA_256_PLUS, 4);
