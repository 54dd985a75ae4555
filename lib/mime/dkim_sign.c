/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dkim_sign.c: DKIM-Signature fields, RFC 6376 3.5 to 3.7.
 *
 * The body is read once whatever the number of signers, hashed as it will be
 * received, and rewound. The header block is in memory anyway.
 *
 * Our own fields are written by header.c, which makes folds of single blanks
 * only; relaxed canonicalisation makes blanks of them again. So the text that
 * was given to it is what has to be hashed.
 *
 * Signing an instance more than there is (RFC 6376 5.4.2) makes a field that
 * somebody adds break the signature. Fields that relays and lists add in
 * good faith are only signed where they are.
 */
#include "mime/dkim_sign.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "base/codec.h"
#include "base/source_int.h"
#include "mime/dkim_canon.h"
#include "mime/dkim_int.h"
#include "mime/header.h"

/* A row of names or of base64 is divided into words of about this size. */
#define WORD 64
/* Bytes read from the body in one go. */
#define READ_SIZE 16384

/* How often a field is signed. */
typedef enum {
    AS_THERE,   /* every instance */
    IF_THERE,   /* and one more, if there is any */
    ONCE_MORE   /* and one more */
} times_e;

static const struct {
    const char *name;
    times_e times;
} default_names[] = {
    { "From", ONCE_MORE },
    { "Reply-To", ONCE_MORE },
    { "Subject", ONCE_MORE },
    { "Date", ONCE_MORE },
    { "To", ONCE_MORE },
    { "Cc", ONCE_MORE },
    { "Message-ID", ONCE_MORE },
    { "In-Reply-To", ONCE_MORE },
    { "References", ONCE_MORE },
    { "MIME-Version", ONCE_MORE },
    { "Content-Type", ONCE_MORE },
    { "Content-Transfer-Encoding", ONCE_MORE },
    { "Sender", IF_THERE },
    { "List-Unsubscribe", IF_THERE },
    { "List-Unsubscribe-Post", IF_THERE },
    { "List-Id", AS_THERE },
    { "List-Help", AS_THERE },
    { "List-Owner", AS_THERE },
    { "List-Subscribe", AS_THERE },
    { "List-Post", AS_THERE },
    { "List-Archive", AS_THERE },
};

#define DEFAULT_COUNT (sizeof(default_names) / sizeof(default_names[0]))

/* A message being signed. */
typedef struct signing_t {
    const smtpc_dkim_input_t *input;
    apr_array_header_t *fields; /* smtpc_dkim_field_t */
    char *relaxed;              /* room for the longest of them */
    const char *body_hash;      /* base64 */
    apr_time_t now;
    const char **why;
    apr_pool_t *pool;
} signing_t;

static const char *base64(const unsigned char *data, apr_size_t len,
                          apr_pool_t *pool)
{
    char *text = apr_palloc(pool, smtpc__base64_length(len) + 1);

    text[smtpc__base64_encode(text, data, len)] = '\0';
    return text;
}

static apr_status_t fail_crypto(signing_t *s)
{
    *s->why = "OpenSSL could not make the DKIM signature";
    return APR_EGENERAL;
}

static apr_status_t fail_source(signing_t *s, const char *otherwise)
{
    const char *error = smtpc__source_error(s->input->body);

    *s->why = *error != '\0' ? apr_pstrdup(s->pool, error) : otherwise;
    return SMTPC_ESOURCE;
}

/* The body. */

static void hash_bytes(void *baton, const char *data, apr_size_t len)
{
    /* A context that failed fails at its end, too. */
    (void)EVP_DigestUpdate(baton, data, len);
}

static apr_status_t read_body(signing_t *s, EVP_MD_CTX *hash,
                              apr_off_t *length)
{
    smtpc_dkim_body_t *body = apr_palloc(s->pool, sizeof(*body));
    char *buf = apr_palloc(s->pool, READ_SIZE);
    apr_size_t len = READ_SIZE;
    apr_status_t rv;

    *length = 0;
    smtpc__dkim_body_begin(body, hash_bytes, hash);
    while ((rv = smtpc_source_read(s->input->body, buf, &len))
           == APR_SUCCESS) {
        smtpc__dkim_body_feed(body, buf, len);
        *length += (apr_off_t)len;
        len = READ_SIZE;
    }
    smtpc__dkim_body_end(body);
    if (!APR_STATUS_IS_EOF(rv)) {
        return fail_source(s, "a part of the message failed while its DKIM "
                              "signature was made");
    }
    return smtpc_source_rewind(s->input->body) == APR_SUCCESS
               ? APR_SUCCESS
               : fail_source(s, "a part of the message could not be read a "
                                "second time, behind its DKIM signature");
}

static apr_status_t hash_body(signing_t *s, apr_off_t *length)
{
    unsigned char digest[SMTPC_DKIM_DIGEST_SIZE];
    EVP_MD_CTX *hash;
    apr_status_t rv;

    if (!smtpc__source_can_rewind(s->input->body)) {
        *s->why = "a DKIM signature stands in front of the content, which "
                  "therefore has to be read twice; an attachment of this "
                  "message is a source that cannot be rewound";
        return SMTPC_ESOURCE;
    }
    hash = EVP_MD_CTX_new();
    if (hash == NULL || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(hash);
        return fail_crypto(s);
    }
    rv = read_body(s, hash, length);
    if (rv == APR_SUCCESS && !EVP_DigestFinal_ex(hash, digest, NULL)) {
        rv = fail_crypto(s);
    }
    EVP_MD_CTX_free(hash);
    if (rv == APR_SUCCESS) {
        s->body_hash = base64(digest, sizeof(digest), s->pool);
    }
    return rv;
}

/* The header. */

static void find_fields(signing_t *s)
{
    const char *pos = s->input->block;
    apr_size_t len = s->input->block_len;
    smtpc_dkim_field_t field;
    apr_size_t longest = 0;

    s->fields = apr_array_make(s->pool, 32, sizeof(field));
    while (smtpc__dkim_next_field(&field, &pos, &len)) {
        APR_ARRAY_PUSH(s->fields, smtpc_dkim_field_t) = field;
        longest = field.len > longest ? field.len : longest;
    }
    s->relaxed = apr_palloc(s->pool, longest + 2);
}

static int is_named(const smtpc_dkim_field_t *field, const char *name)
{
    apr_size_t len = field->name_len;

    /* Blanks may stand in front of the colon, RFC 5322 4.5. */
    while (len > 0
           && (field->data[len - 1] == ' ' || field->data[len - 1] == '\t')) {
        len--;
    }
    return strlen(name) == len && strncasecmp(field->data, name, len) == 0;
}

/* Hash the fields called name from the last one to the first, the order in
 * which a verifier looks for them, or only count them (no hash). */
static int take_fields(signing_t *s, const char *name, EVP_MD_CTX *hash)
{
    int count = 0;

    for (int i = s->fields->nelts - 1; i >= 0; i--) {
        const smtpc_dkim_field_t *field
            = &APR_ARRAY_IDX(s->fields, i, smtpc_dkim_field_t);

        if (is_named(field, name)) {
            count++;
            if (hash != NULL) {
                hash_bytes(hash, s->relaxed,
                           smtpc__dkim_relax_field(s->relaxed, field));
            }
        }
    }
    return count;
}

/* Name number i of those dkim signs, or NULL behind the last; set *times. */
static const char *name_at(const smtpc_dkim_t *dkim, apr_size_t i,
                           times_e *times)
{
    *times = ONCE_MORE;
    if (dkim->names != NULL) {
        return i < dkim->name_count ? dkim->names[i] : NULL;
    }
    if (i >= DEFAULT_COUNT) {
        return NULL;
    }
    *times = default_names[i].times;
    return default_names[i].name;
}

/* The value of h=, with blanks where it can be folded. */
static const char *signed_names(signing_t *s, const smtpc_dkim_t *dkim)
{
    apr_array_header_t *words = apr_array_make(s->pool, 64,
                                               sizeof(const char *));
    apr_size_t column = strlen("h=");
    const char *name;
    times_e times;

    for (apr_size_t i = 0; (name = name_at(dkim, i, &times)) != NULL; i++) {
        int count = take_fields(s, name, NULL);

        count += times == ONCE_MORE || (times == IF_THERE && count > 0);
        for (; count > 0; count--) {
            if (words->nelts > 0) {
                int fold = column + strlen(name) > WORD;

                APR_ARRAY_PUSH(words, const char *) = fold ? ": " : ":";
                column = fold ? 0 : column + 1;
            }
            APR_ARRAY_PUSH(words, const char *) = name;
            column += strlen(name);
        }
    }
    return apr_array_pstrcat(s->pool, words, 0);
}

/* All of the field's value but the signature itself. */
static const char *unsigned_value(signing_t *s, const smtpc_dkim_t *dkim)
{
    apr_int64_t now = apr_time_sec(s->now);
    const char *identity = "";
    const char *expire = "";

    if (dkim->identity != NULL) {
        identity = apr_psprintf(s->pool, "i=%s; ", dkim->identity);
    }
    if (dkim->expire > 0) {
        expire = apr_psprintf(s->pool, "x=%" APR_INT64_T_FMT "; ",
                              now + dkim->expire);
    }
    return apr_psprintf(s->pool,
                        "v=1; a=%s; c=relaxed/relaxed; d=%s; s=%s; %st=%"
                        APR_INT64_T_FMT "; %sh=%s; bh=%s; b=",
                        smtpc_dkim_algorithm(dkim), dkim->domain,
                        dkim->selector, identity, now, expire,
                        signed_names(s, dkim), s->body_hash);
}

/* Hash the header fields that dkim signs and its own field with value. */
static apr_status_t hash_header(signing_t *s, unsigned char *digest,
                                const smtpc_dkim_t *dkim, const char *value)
{
    static const char own[] = "dkim-signature:";
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    const char *name;
    times_e times;
    int good;

    if (hash == NULL || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(hash);
        return fail_crypto(s);
    }
    for (apr_size_t i = 0; (name = name_at(dkim, i, &times)) != NULL; i++) {
        (void)take_fields(s, name, hash);
    }
    hash_bytes(hash, own, sizeof(own) - 1);
    hash_bytes(hash, value, strlen(value));
    good = EVP_DigestFinal_ex(hash, digest, NULL);
    EVP_MD_CTX_free(hash);
    return good ? APR_SUCCESS : fail_crypto(s);
}

/* text with a blank behind every WORD characters. */
static const char *in_words(const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    char *out = apr_palloc(pool, len + len / WORD + 1);
    char *to = out;

    for (apr_size_t i = 0; i < len; i++) {
        if (i > 0 && i % WORD == 0) {
            *to++ = ' ';
        }
        *to++ = text[i];
    }
    *to = '\0';
    return out;
}

static apr_status_t write_signature(signing_t *s, smtpc_header_t *header,
                                    const smtpc_dkim_t *dkim)
{
    unsigned char signature[SMTPC_DKIM_SIGNATURE_MAX];
    unsigned char digest[SMTPC_DKIM_DIGEST_SIZE];
    const char *value = unsigned_value(s, dkim);
    apr_size_t len;
    apr_status_t rv = hash_header(s, digest, dkim, value);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (smtpc__dkim_sign_digest(dkim, signature, &len, digest)
        != APR_SUCCESS) {
        return fail_crypto(s);
    }
    value = apr_pstrcat(s->pool, value,
                        in_words(base64(signature, len, s->pool), s->pool),
                        NULL);
    rv = smtpc__header_structured(header, "DKIM-Signature", value);
    if (rv != APR_SUCCESS) {
        *s->why = "the DKIM signatures are longer than a header may be";
    }
    return rv;
}

apr_status_t smtpc__dkim_sign(smtpc_dkim_output_t *output, const char **why,
                              const smtpc_dkim_input_t *input,
                              const smtpc_dkim_t *const *signers,
                              apr_size_t count, const smtpc_env_t *env,
                              apr_pool_t *pool)
{
    signing_t s = { .input = input, .now = smtpc__env_now(env), .why = why,
                    .pool = pool };
    smtpc_header_t *header;
    apr_status_t rv = hash_body(&s, &output->body_length);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    find_fields(&s);
    smtpc__header_create(&header, 0, pool);
    for (apr_size_t i = 0; i < count && rv == APR_SUCCESS; i++) {
        rv = write_signature(&s, header, signers[i]);
    }
    output->fields = smtpc__header_fields(header, &output->len);
    return rv;
}
