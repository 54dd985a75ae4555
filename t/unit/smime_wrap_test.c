/* SPDX-License-Identifier: Apache-2.0 */
/* smime_wrap_test.c: signed and encrypted messages, read back by OpenSSL. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "../support/dkim_support.h"
#include "../support/smime_support.h"
#include "../tap/tap.h"
#include "mime_support.h"
#include "mime/smime_int.h"

#define TEXT "Gr\xc3\xbc\xc3\x9f" "e,\n.\n\nlast line"

static EVP_PKEY *key;
static X509 *certificate;
static const char *file;

static smtpc_message_t *new_message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "web@example.org")
        || smtpc_message_add_to(m, "ann@example.net")
        || smtpc_message_set_subject(m, "Hello")
        || smtpc_message_attach_bytes(NULL, m, "a b.bin", NULL, "0123456789",
                                      10)
        || smtpc_message_set_body(m, TEXT, SMTPC_BODY_TEXT)) {
        tap_bail("no message");
    }
    return m;
}

static void must(apr_status_t rv, const smtpc_message_t *m)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s", smtpc_message_error(m));
    }
}

static const char *content_of(BIO *bio)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);

    return apr_pstrmemdup(tap_pool(), text, (apr_size_t)len);
}

/* What is signed in text, or NULL if the signature is wrong; set *when to
 * its time. */
static const char *verify(const char *text, time_t *when)
{
    BIO *in = BIO_new_mem_buf(text, -1);
    BIO *out = BIO_new(BIO_s_mem());
    BIO *content = NULL;
    CMS_ContentInfo *cms = SMIME_read_CMS(in, &content);
    const char *got = NULL;

    if (cms != NULL && content != NULL
        && CMS_verify(cms, NULL, NULL, content, out,
                      CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1) {
        CMS_SignerInfo *signer
            = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
        ASN1_TIME *time = CMS_signed_get0_data_by_OBJ(
            signer, OBJ_nid2obj(NID_pkcs9_signingTime), -3,
            V_ASN1_UTCTIME);
        struct tm fields;

        if (time != NULL && ASN1_TIME_to_tm(time, &fields)) {
            *when = timegm(&fields);
        }
        got = content_of(out);
    }
    ERR_clear_error();
    CMS_ContentInfo_free(cms);
    BIO_free(content);
    BIO_free(out);
    BIO_free(in);
    return got;
}

static const char *decrypt(const char *text)
{
    BIO *in = BIO_new_mem_buf(text, -1);
    BIO *out = BIO_new(BIO_s_mem());
    CMS_ContentInfo *cms = SMIME_read_CMS(in, NULL);
    const char *got = NULL;

    if (cms != NULL
        && CMS_decrypt(cms, key, certificate, NULL, out, CMS_BINARY) == 1) {
        got = content_of(out);
    }
    ERR_clear_error();
    CMS_ContentInfo_free(cms);
    BIO_free(out);
    BIO_free(in);
    return got;
}

/* The entity has the text and the attachment. */
static void is_content(const char *entity, const char *what)
{
    tap_ok(entity != NULL, "%s: readable", what);
    if (entity != NULL) {
        tap_ok(strncmp(entity, "Content-Type: multipart/mixed", 29) == 0,
               "%s: the entity with its header", what);
        tap_ok(strstr(entity, "MDEyMzQ1Njc4OQ==") != NULL,
               "%s: the attachment", what);
        tap_ok(strstr(entity, "Gr=C3=BC=C3=9Fe") != NULL
                   || strstr(entity, "R3LDvMOfZS") != NULL, "%s: the text",
               what);
    }
}

static void is_sendable(const char *text, const smtpc_content_t *content)
{
    tap_is_str(support_wire_problem(text, strlen(text)), NULL, "wire");
    tap_is_str(support_fold_problem(text, tap_pool()), NULL, "folded");
    tap_is_int(content->length, strlen(text), "length");
    tap_ok(!content->eight_bit, "7bit");
}

static void signature(void)
{
    smtpc_render_t how = { .eight_bit = 1 };
    smtpc_message_t *m = new_message();
    smtpc_content_t *content;
    time_t when = 0;
    apr_size_t len;
    char *changed;
    char *text;

    must(smtpc_message_set_smime_signer(m, file, NULL), m);
    text = support_render(m, &how, &content, tap_pool());
    is_sendable(text, content);
    is_content(verify(text, &when), "signed");
    tap_is_int(when, apr_time_sec(SUPPORT_NOW), "the time is the env's");
    tap_is_str(support_render(m, &how, NULL, tap_pool()), text,
               "the same clock and randomness: the same bytes");
    tap_is_int(smtpc_source_rewind(content->source), 0, "rewound");
    tap_is_str(support_read(content->source, 1, &len, tap_pool()), text,
               "a byte at a time");
    changed = strstr(apr_pstrdup(tap_pool(), text), "MDEyMzQ1");
    *changed = 'N';
    tap_is_str(verify(changed - (strstr(text, "MDEyMzQ1") - text), &when),
               NULL, "a change is noticed");
    must(smtpc_message_set_smime_signer(m, NULL, NULL), m);
    text = support_render(m, &how, NULL, tap_pool());
    tap_ok(strstr(text, "multipart/signed") == NULL, "not signed any more");
}

static void encryption(smtpc_smime_cipher_e cipher, const char *type)
{
    smtpc_render_t how = { 0 };
    smtpc_message_t *m = new_message();
    smtpc_content_t *content;
    const char *inner;
    time_t when;
    apr_size_t len;
    char *text;

    must(smtpc_message_add_smime_recipient(m, file), m);
    must(smtpc_message_set_smime_cipher(m, cipher), m);
    text = support_render(m, &how, &content, tap_pool());
    is_sendable(text, content);
    tap_ok(strstr(text, type) != NULL, "%s", type);
    tap_ok(strstr(text, "MDEyMzQ1") == NULL && strstr(text, "mixed") == NULL,
           "nothing to be seen");
    is_content(decrypt(text), type);
    tap_is_int(smtpc_source_rewind(content->source), 0, "rewound");
    tap_is_str(support_read(content->source, 1, &len, tap_pool()), text,
               "the same again, a byte at a time");
    must(smtpc_message_set_smime_signer(m, file, NULL), m);
    inner = decrypt(support_render(m, &how, NULL, tap_pool()));
    tap_ok(inner != NULL && strncmp(inner, "Content-Type: multipart/signed",
                                    30) == 0, "signed, then encrypted");
    is_content(inner != NULL ? verify(inner, &when) : NULL, "both");
}

/* The temporary file has no name, and is closed with the content. */
static void temporary(void)
{
    const char *temp;
    char *dir;
    smtpc_render_t how = { 0 };
    smtpc_message_t *m = new_message();
    apr_pool_t *pool;

    if (apr_temp_dir_get(&temp, tap_pool())) {
        tap_bail("no temporary directory");
    }
    dir = apr_pstrcat(tap_pool(), temp, "/smime_wrap_test.XXXXXX", NULL);
    if (mkdtemp(dir) == NULL || setenv("TMPDIR", dir, 1) != 0) {
        tap_bail("no directory");
    }
    must(smtpc_message_add_smime_recipient(m, file), m);
    apr_pool_create(&pool, tap_pool());
    tap_ok(support_render(m, &how, NULL, pool) != NULL, "rendered");
    tap_is_int(rmdir(dir), 0, "no file is left, even while it is used");
    apr_pool_destroy(pool);
    unsetenv("TMPDIR");
}

static apr_status_t read_once(void *baton, char *buf, apr_size_t *len)
{
    int *left = baton;

    if (*left == 0) {
        *len = 0;
        return APR_EOF;
    }
    *buf = 'x';
    *len = 1;
    --*left;
    return APR_SUCCESS;
}

static apr_status_t read_badly(void *baton, char *buf, apr_size_t *len)
{
    apr_status_t rv = read_once(baton, buf, len);

    return APR_STATUS_IS_EOF(rv) ? APR_EGENERAL : rv;
}

static apr_status_t rewind_it(void *baton)
{
    *(int *)baton = 3;
    return APR_SUCCESS;
}

static void failing(smtpc_source_read_fn_t read,
                    smtpc_source_rewind_fn_t rewind, const char *words)
{
    smtpc_message_t *m = new_message();
    smtpc_content_t *content;
    smtpc_source_t *source;
    const char *why = "nothing";
    smtpc_render_t how = { .why = &why };
    int left = 3;

    if (smtpc_source_create_callback(&source, read, rewind,
                                     SMTPC_LENGTH_UNKNOWN, &left, tap_pool())
        || smtpc_message_attach_source(NULL, m, "b", NULL, source)) {
        tap_bail("no attachment");
    }
    must(smtpc_message_set_smime_signer(m, file, NULL), m);
    for (int i = 0; i < 2; i++) {
        tap_is_int(smtpc__message_render(&content, m, &how,
                                         support_env(tap_pool()),
                                         tap_pool()), SMTPC_ESOURCE,
                   "%s: refused", words);
        tap_ok(strstr(why, words) != NULL, "said: %s", why);
        must(smtpc_message_set_smime_signer(m, NULL, NULL), m);
        must(smtpc_message_add_smime_recipient(m, file), m);
    }
}

int main(void)
{
    key = dkim_support_key(2048, tap_pool());
    certificate = smime_support_certificate(
        key, -86400, 86400, "digitalSignature,keyEncipherment", tap_pool());
    file = smime_support_file(certificate, key, tap_pool());
    signature();
    encryption(SMTPC_SMIME_AES_256_CBC, "smime-type=enveloped-data");
    encryption(SMTPC_SMIME_AES_256_GCM, "smime-type=authEnveloped-data");
    temporary();
    failing(read_once, NULL, "cannot be rewound");
    failing(read_badly, rewind_it, "reading failed");
    return tap_done();
}
