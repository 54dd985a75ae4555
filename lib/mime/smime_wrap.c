/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smime_wrap.c: multipart/signed with a detached signature, and enveloped
 * data, by OpenSSL's CMS.
 *
 * Both are made of a MIME entity, a part with its own header, which is read
 * through OpenSSL in small pieces. A signature is small and kept in memory.
 * Encrypted content is as long as what is in it: it goes to a temporary file
 * that has no name, is ours alone, and holds nothing in the clear.
 *
 * The entity is 7bit, so that no relay has a reason to recode it. The time
 * in a signature is the env's.
 *
 * Not here: certificates and keys (smime.c). RFC 8551 3, RFC 1847 2.1.
 */
#include "mime/smime_int.h"

#include <apr_file_io.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "base/limits.h"
#include "base/source_int.h"
#include "mime/ident.h"
#include "mime/private_key.h"

/* Bytes given to OpenSSL in one go. */
#define PIECE 16384

typedef struct wrap_t {
    const smtpc_smime_t *smime;
    int utf8;
    const smtpc_env_t *env;
    const char **why;
    apr_pool_t *pool;
} wrap_t;

static apr_status_t fail(wrap_t *w, apr_status_t status, const char *why)
{
    *w->why = why;
    return status;
}

/* OpenSSL's queue of errors names its own functions; it helps nobody here. */
static apr_status_t fail_crypto(wrap_t *w, const char *why)
{
    ERR_clear_error();
    return fail(w, APR_EGENERAL, why);
}

static apr_status_t add_bytes(wrap_t *w, apr_array_header_t *sources,
                              const char *data, apr_size_t len)
{
    smtpc_source_t *source;
    apr_status_t rv = smtpc_source_create_bytes(&source, data, len, w->pool);

    if (rv == APR_SUCCESS) {
        APR_ARRAY_PUSH(sources, smtpc_source_t *) = source;
    }
    return rv;
}

/* Set *source to all of part: its header, its content, and a line end behind
 * the last delimiter if it is to be the end of something. */
static apr_status_t open_entity(smtpc_source_t **source, wrap_t *w,
                                const smtpc_part_t *part, int last)
{
    apr_array_header_t *sources = apr_array_make(w->pool, 8,
                                                 sizeof(smtpc_source_t *));
    smtpc_header_t *header;
    const char *fields;
    apr_size_t len;
    int raw = 0;
    apr_status_t rv;

    smtpc__header_create(&header, w->utf8, w->pool);
    rv = smtpc__part_header(part, header);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    fields = smtpc__header_finish(header, &len);
    rv = add_bytes(w, sources, fields, len);
    if (rv == APR_SUCCESS) {
        rv = smtpc__part_sources(part, w->utf8, sources, &raw, w->pool);
    }
    if (rv == APR_SUCCESS && last && part->children != NULL) {
        rv = add_bytes(w, sources, "\r\n", 2);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__source_create_sequence(
            source, (smtpc_source_t *const *)sources->elts,
            (apr_size_t)sources->nelts, w->pool);
    }
    if (rv == APR_SUCCESS && !smtpc__source_can_rewind(*source)) {
        return fail(w, SMTPC_ESOURCE, "the content of an S/MIME message has "
                    "to be read several times; an attachment of this message "
                    "is a source that cannot be rewound");
    }
    return rv;
}

static apr_status_t fail_source(wrap_t *w, smtpc_source_t *source)
{
    const char *error = smtpc__source_error(source);

    return fail(w, SMTPC_ESOURCE,
                *error != '\0' ? apr_pstrdup(w->pool, error)
                               : "a part of the S/MIME message failed");
}

/* Write all of source to bio, and go back to its front. */
static apr_status_t pump(wrap_t *w, BIO *bio, smtpc_source_t *source)
{
    char *buf = apr_palloc(w->pool, PIECE);
    apr_size_t len = PIECE;
    apr_status_t rv;

    while ((rv = smtpc_source_read(source, buf, &len)) == APR_SUCCESS) {
        if (BIO_write(bio, buf, (int)len) != (int)len) {
            return fail_crypto(w, "S/MIME content could not be written; is "
                               "the temporary directory full?");
        }
        len = PIECE;
    }
    if (!APR_STATUS_IS_EOF(rv)
        || smtpc_source_rewind(source) != APR_SUCCESS) {
        return fail_source(w, source);
    }
    return APR_SUCCESS;
}

/* Free the BIOs of a chain up to, and without, last. */
static void free_chain(BIO *bio, BIO *last)
{
    while (bio != NULL && bio != last) {
        BIO *next = BIO_pop(bio);

        BIO_free(bio);
        bio = next;
    }
}

/* A leaf with the base64 of source, called name. */
static apr_status_t make_leaf(smtpc_part_t **part, wrap_t *w,
                              const char *type, const char *name,
                              smtpc_source_t *source, int last)
{
    smtpc_encode_opts_t opts = { .encoding = SMTPC_ENCODING_BASE64,
                                 .last = last };
    smtpc_encode_area_t *area;

    smtpc__encode_area_create(&area, w->pool);
    *part = smtpc__part_create(type, w->pool);
    (*part)->encoding = opts.encoding;
    (*part)->disposition = "attachment";
    (*part)->filename = name;
    return smtpc__encoder_create(
        &(*part)->body, source, &opts,
        smtpc__encoded_length(&opts, smtpc_source_length(source), NULL),
        area, w->pool);
}

/* Signing. */

/* OpenSSL would take the time from the system. */
static int set_time(CMS_SignerInfo *signer, apr_time_t now)
{
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)apr_time_sec(now));
    int good = time != NULL
               && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime,
                                              ASN1_STRING_type(time), time,
                                              -1);

    ASN1_TIME_free(time);
    return good;
}

/* The key is copied: what OpenSSL keeps with one to blind its use is not whole
 * any more when memory has run out amidst a change of it. */
static int add_signer(CMS_ContentInfo *cms, wrap_t *w)
{
    const smtpc_smime_t *smime = w->smime;
    EVP_PKEY *key = EVP_PKEY_dup(smime->key);
    CMS_SignerInfo *signer = key == NULL
        ? NULL : CMS_add1_signer(cms, smime->certificate, key, EVP_sha256(),
                                 CMS_PARTIAL | CMS_BINARY);
    int good = signer != NULL && set_time(signer, smtpc__env_now(w->env));

    EVP_PKEY_free(key);
    /* The first one is the signer's, which is in already. */
    for (int i = 1; good && i < sk_X509_num(smime->chain); i++) {
        good = CMS_add1_cert(cms, sk_X509_value(smime->chain, i));
    }
    return good;
}

/* Return non-zero if the signature is one of the certificate's key: OpenSSL
 * does not always tell that it is not. */
static int is_good(CMS_ContentInfo *cms)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);

    return sk_CMS_SignerInfo_num(signers) == 1
           && CMS_SignerInfo_verify(sk_CMS_SignerInfo_value(signers, 0)) > 0;
}

/* Set *data, in the pool, to cms in DER. */
static apr_status_t encode(wrap_t *w, CMS_ContentInfo *cms,
                           const char **data, apr_size_t *len)
{
    unsigned char *der = NULL;
    int got = i2d_CMS_ContentInfo(cms, &der);

    if (got <= 0) {
        return fail_crypto(w, "OpenSSL could not write the S/MIME signature");
    }
    *len = (apr_size_t)got;
    *data = apr_pmemdup(w->pool, der, *len);
    OPENSSL_free(der);
    return APR_SUCCESS;
}

static apr_status_t make_signature(wrap_t *w, smtpc_source_t *entity,
                                   const char **data, apr_size_t *len)
{
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL,
                                    CMS_DETACHED | CMS_PARTIAL | CMS_BINARY
                                        | CMS_STREAM);
    BIO *nowhere = BIO_new(BIO_s_null());
    BIO *digests = NULL;
    apr_status_t rv;

    if (cms != NULL && nowhere != NULL && add_signer(cms, w)) {
        digests = CMS_dataInit(cms, nowhere);
    }
    if (digests == NULL) {
        rv = fail_crypto(w, "OpenSSL cannot make S/MIME signatures with this "
                         "certificate and key");
    }
    else {
        rv = pump(w, digests, entity);
        if (rv == APR_SUCCESS
            && (CMS_dataFinal(cms, digests) != 1 || !is_good(cms))) {
            rv = fail_crypto(w, "OpenSSL could not make the S/MIME "
                             "signature");
        }
    }
    if (rv == APR_SUCCESS) {
        rv = encode(w, cms, data, len);
    }
    /* Its writer of DER may leave out what it had no memory for. */
    if (rv == APR_SUCCESS && smtpc__crypto_no_memory()) {
        rv = fail(w, APR_ENOMEM, "no memory for the S/MIME signature");
    }
    free_chain(digests, nowhere);
    BIO_free(nowhere);
    CMS_ContentInfo_free(cms);
    return rv;
}

static apr_status_t sign(smtpc_part_t **root, wrap_t *w)
{
    smtpc_source_t *entity;
    smtpc_source_t *source;
    smtpc_part_t *signature;
    const char *boundary;
    const char *data = NULL;
    smtpc_part_t *made;
    apr_size_t len = 0;
    apr_status_t rv = open_entity(&entity, w, *root, 0);

    if (rv == APR_SUCCESS) {
        rv = make_signature(w, entity, &data, &len);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_source_create_bytes(&source, data, len, w->pool);
    }
    if (rv == APR_SUCCESS) {
        rv = make_leaf(&signature, w, "application/pkcs7-signature",
                       "smime.p7s", source, 0);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__ident_boundary(&boundary, w->env, w->pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    smtpc__part_param(signature, "name", "smime.p7s");
    made = smtpc__part_create("multipart/signed", w->pool);
    smtpc__part_param(made, "protocol", "application/pkcs7-signature");
    smtpc__part_param(made, "micalg", "sha-256");
    smtpc__part_divide(made, boundary);
    smtpc__part_add(made, *root);
    smtpc__part_add(made, signature);
    *root = made;
    return APR_SUCCESS;
}

/* Encrypting. */

static apr_status_t spool_read(void *baton, char *buf, apr_size_t *len)
{
    return apr_file_read(baton, buf, len);
}

static apr_status_t spool_rewind(void *baton)
{
    apr_off_t start = 0;

    return apr_file_seek(baton, APR_SET, &start);
}

/* Make a file that is ours alone and has no name any more. */
static apr_status_t make_spool(apr_file_t **file, wrap_t *w)
{
    const char *dir;
    char *name;
    apr_status_t rv = apr_temp_dir_get(&dir, w->pool);

    if (rv == APR_SUCCESS) {
        name = apr_pstrcat(w->pool, dir, "/smtpc-XXXXXX", NULL);
        rv = apr_file_mktemp(file, name,
                             APR_FOPEN_CREATE | APR_FOPEN_READ
                                 | APR_FOPEN_WRITE | APR_FOPEN_EXCL
                                 | APR_FOPEN_BINARY, w->pool);
    }
    if (rv != APR_SUCCESS) {
        return fail(w, rv, "no temporary file for an encrypted message can "
                    "be made; set TMPDIR to a directory that can be written "
                    "to");
    }
    (void)apr_file_remove(name, w->pool);
    return APR_SUCCESS;
}

static apr_status_t encrypt_into(wrap_t *w, apr_file_t *file,
                                 smtpc_source_t *entity)
{
    const EVP_CIPHER *cipher = w->smime->cipher == SMTPC_SMIME_AES_256_GCM
                                   ? EVP_aes_256_gcm() : EVP_aes_256_cbc();
    CMS_ContentInfo *cms = CMS_encrypt(w->smime->recipients, NULL, cipher,
                                       CMS_BINARY | CMS_STREAM | CMS_PARTIAL);
    apr_os_file_t fd = -1;
    BIO *out = NULL;
    BIO *bio = NULL;
    apr_status_t rv;

    if (apr_os_file_get(&fd, file) == APR_SUCCESS) {
        out = BIO_new_fd(fd, BIO_NOCLOSE);
    }
    if (cms != NULL && out != NULL) {
        bio = BIO_new_CMS(out, cms);
    }
    if (bio == NULL) {
        rv = fail_crypto(w, "OpenSSL cannot encrypt for one of the S/MIME "
                         "certificates");
    }
    else {
        rv = pump(w, bio, entity);
        if (rv == APR_SUCCESS && BIO_flush(bio) <= 0) {
            rv = fail_crypto(w, "OpenSSL could not encrypt the message, or "
                             "the temporary directory is full");
        }
    }
    free_chain(bio, out);
    BIO_free(out);
    CMS_ContentInfo_free(cms);
    return rv;
}

/* Set *source to what was written to file. */
static apr_status_t open_spool(smtpc_source_t **source, wrap_t *w,
                               apr_file_t *file)
{
    static const smtpc__source_vtable_t vtable = { spool_read, spool_rewind,
                                                   NULL };
    apr_off_t end = 0;
    apr_status_t rv = apr_file_seek(file, APR_END, &end);

    if (rv == APR_SUCCESS) {
        rv = spool_rewind(file);
    }
    if (rv != APR_SUCCESS) {
        return fail(w, rv, "the temporary file of an encrypted message "
                    "cannot be read");
    }
    return smtpc__source_create(source, &vtable, end, file, w->pool);
}

static apr_status_t encrypt_part(smtpc_part_t **root, wrap_t *w)
{
    int gcm = w->smime->cipher == SMTPC_SMIME_AES_256_GCM;
    smtpc_source_t *entity;
    smtpc_source_t *source;
    smtpc_part_t *made;
    apr_file_t *file;
    apr_status_t rv = open_entity(&entity, w, *root, 1);

    if (rv == APR_SUCCESS) {
        rv = make_spool(&file, w);
    }
    if (rv == APR_SUCCESS) {
        rv = encrypt_into(w, file, entity);
    }
    if (rv == APR_SUCCESS) {
        rv = open_spool(&source, w, file);
    }
    if (rv == APR_SUCCESS) {
        rv = make_leaf(&made, w, "application/pkcs7-mime", "smime.p7m",
                       source, 1);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    smtpc__part_param(made, "smime-type", gcm ? "authEnveloped-data"
                                              : "enveloped-data");
    smtpc__part_param(made, "name", "smime.p7m");
    *root = made;
    return APR_SUCCESS;
}

apr_status_t smtpc__smime_wrap(smtpc_part_t **root, const char **why,
                               const smtpc_smime_t *smime, int utf8,
                               const smtpc_env_t *env, apr_pool_t *pool)
{
    wrap_t w = { smime, utf8, env, why, pool };
    apr_status_t rv = APR_SUCCESS;

    if (smime->certificate != NULL) {
        rv = sign(root, &w);
    }
    if (rv == APR_SUCCESS && smime->recipients != NULL) {
        rv = encrypt_part(root, &w);
    }
    return rv;
}
