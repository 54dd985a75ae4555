/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dkim_support.c: see dkim_support.h. Slow and simple; ends the test when
 * memory or a call that cannot fail does.
 */
#include "dkim_support.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "../tap/tap.h"

/* RFC 8463 A.2. */
static const char rfc8463_key[] = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf"
                                  "2A=";

static apr_status_t free_key(void *data)
{
    EVP_PKEY_free(data);
    return APR_SUCCESS;
}

static apr_status_t remove_file(void *data)
{
    (void)unlink(data);
    return APR_SUCCESS;
}

static unsigned char *decode(const char *text, int *len, apr_pool_t *pool)
{
    apr_size_t n = strlen(text);
    unsigned char *out = apr_palloc(pool, n + 1);

    *len = EVP_DecodeBlock(out, (const unsigned char *)text, (int)n);
    while (*len > 0 && n > 0 && text[n - 1] == '=') {
        --*len;
        n--;
    }
    return out;
}

EVP_PKEY *dkim_support_key(int bits, apr_pool_t *pool)
{
    EVP_PKEY *key;
    int len;

    if (bits > 0) {
        key = EVP_RSA_gen((unsigned int)bits);
    }
    else {
        unsigned char *raw = decode(rfc8463_key, &len, pool);

        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, 32);
    }
    if (key == NULL) {
        tap_bail("no key of %d bits", bits);
    }
    apr_pool_cleanup_register(pool, key, free_key, apr_pool_cleanup_null);
    return key;
}

const char *dkim_support_file(const char *text, unsigned int mode,
                              apr_pool_t *pool)
{
    const char *dir = getenv("TMPDIR");
    char *path = apr_pstrcat(pool, dir ? dir : "/tmp", "/dkim_test.XXXXXX",
                             NULL);
    int fd = mkstemp(path);
    apr_size_t len = strlen(text);

    if (fd < 0 || write(fd, text, len) != (ssize_t)len
        || fchmod(fd, mode) != 0 || close(fd) != 0) {
        tap_bail("no file %s", path);
    }
    apr_pool_cleanup_register(pool, path, remove_file,
                              apr_pool_cleanup_null);
    return path;
}

const char *dkim_support_reference(EVP_PKEY *key, const char *password,
                                   apr_pool_t *pool)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *path;
    char *text;
    long len;

    if (bio == NULL
        || !PEM_write_bio_PKCS8PrivateKey(bio, key,
                                          password ? EVP_aes_256_cbc() : NULL,
                                          password,
                                          password ? (int)strlen(password)
                                                   : 0, NULL, NULL)) {
        tap_bail("no PEM");
    }
    len = BIO_get_mem_data(bio, &text);
    path = dkim_support_file(apr_pstrmemdup(pool, text, (apr_size_t)len),
                             0600, pool);
    BIO_free(bio);
    return apr_pstrcat(pool, "file:", path, NULL);
}

/* The fields of message, each with its CRLF; set *body. */
static apr_array_header_t *split(const char *message, const char **body,
                                 apr_pool_t *pool)
{
    apr_array_header_t *fields = apr_array_make(pool, 20, sizeof(char *));

    while (strncmp(message, "\r\n", 2) != 0 && *message != '\0') {
        const char *stop = message;

        do {
            stop = strstr(stop, "\r\n");
            if (stop == NULL) {
                tap_bail("a header without its end");
            }
            stop += 2;
        } while (*stop == ' ' || *stop == '\t');
        APR_ARRAY_PUSH(fields, const char *)
            = apr_pstrmemdup(pool, message, (apr_size_t)(stop - message));
        message = stop;
    }
    *body = *message != '\0' ? message + 2 : message;
    return fields;
}

static int is_named(const char *field, const char *name)
{
    apr_size_t len = strlen(name);

    return strncasecmp(field, name, len) == 0 && field[len] == ':';
}

static const char *signature(const apr_array_header_t *fields, int index)
{
    for (int i = 0; i < fields->nelts; i++) {
        const char *field = APR_ARRAY_IDX(fields, i, const char *);

        if (is_named(field, "DKIM-Signature") && index-- == 0) {
            return field;
        }
    }
    return NULL;
}

/* The start of the value of tag in field, and its length. */
static const char *find_tag(const char *field, const char *tag,
                            apr_size_t *len)
{
    const char *p = strchr(field, ':');
    apr_size_t name = strlen(tag);

    while (p != NULL) {
        p += 1 + strspn(p + 1, " \t\r\n");
        if (strncmp(p, tag, name) == 0 && p[name] == '=') {
            p += name + 1;
            *len = strcspn(p, ";");
            return p;
        }
        p = strchr(p, ';');
    }
    return NULL;
}

static const char *tag_of(const char *field, const char *tag,
                          apr_pool_t *pool)
{
    apr_size_t len;
    const char *value = find_tag(field, tag, &len);
    char *out;
    char *to;

    if (value == NULL) {
        return NULL;
    }
    out = to = apr_pstrmemdup(pool, value, len);
    for (const char *from = out; *from != '\0'; from++) {
        if (strchr(" \t\r\n", *from) == NULL) {
            *to++ = *from;
        }
    }
    *to = '\0';
    return out;
}

/* Replace runs of blanks in line by one, and drop them at its end. */
static char *squeeze(const char *line, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1);
    apr_size_t n = 0;

    for (apr_size_t i = 0; i < len; i++) {
        char c = line[i] == '\t' ? ' ' : line[i];

        if (c != ' ' || n == 0 || out[n - 1] != ' ') {
            out[n++] = c;
        }
    }
    if (n > 0 && out[n - 1] == ' ') {
        n--;
    }
    out[n] = '\0';
    return out;
}

static void relax_body(EVP_MD_CTX *hash, const char *body, const char *end,
                       apr_pool_t *pool)
{
    apr_array_header_t *lines = apr_array_make(pool, 64, sizeof(char *));

    while (body < end) {
        const char *stop = strstr(body, "\r\n");

        if (stop == NULL) {
            stop = end;
        }
        APR_ARRAY_PUSH(lines, char *)
            = squeeze(body, (apr_size_t)(stop - body), pool);
        body = stop + 2;
    }
    while (lines->nelts > 0
           && *APR_ARRAY_IDX(lines, lines->nelts - 1, char *) == '\0') {
        apr_array_pop(lines);
    }
    for (int i = 0; i < lines->nelts; i++) {
        const char *line = APR_ARRAY_IDX(lines, i, char *);

        EVP_DigestUpdate(hash, line, strlen(line));
        EVP_DigestUpdate(hash, "\r\n", 2);
    }
}

static char *relax_header(const char *field, apr_pool_t *pool)
{
    char *flat = apr_pstrdup(pool, field);
    char *value;
    char *to = flat;

    for (const char *from = flat; *from != '\0'; from++) {
        if (*from != '\r' && *from != '\n') {
            *to++ = *from;
        }
    }
    *to = '\0';
    value = strchr(flat, ':');
    *value++ = '\0';
    for (char *p = flat; *p != '\0'; p++) {
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    }
    value = squeeze(value, strlen(value), pool);
    return apr_pstrcat(pool, squeeze(flat, strlen(flat), pool), ":",
                       *value == ' ' ? value + 1 : value, NULL);
}

/* Feed the fields that h= names, and the signature with an empty b=. */
static void hash_header(EVP_MD_CTX *hash, apr_array_header_t *fields,
                        const char *own, apr_pool_t *pool)
{
    char *names = apr_pstrdup(pool, tag_of(own, "h", pool));
    apr_array_header_t *left = apr_array_copy(pool, fields);
    apr_size_t len = 0;
    const char *value;
    const char *text;
    char *rest = names;
    char *name;

    while ((name = apr_strtok(rest, ":", &rest)) != NULL) {
        for (int i = left->nelts - 1; i >= 0; i--) {
            const char *field = APR_ARRAY_IDX(left, i, const char *);

            if (field != NULL && is_named(field, name)) {
                text = relax_header(field, pool);
                EVP_DigestUpdate(hash, text, strlen(text));
                EVP_DigestUpdate(hash, "\r\n", 2);
                APR_ARRAY_IDX(left, i, const char *) = NULL;
                break;
            }
        }
    }
    value = find_tag(own, "b", &len);
    text = relax_header(apr_pstrcat(pool,
                                    apr_pstrmemdup(pool, own, (apr_size_t)
                                                   (value - own)),
                                    value + len, NULL), pool);
    EVP_DigestUpdate(hash, text, strlen(text));
}

static int verify_digest(EVP_PKEY *key, const char *own,
                         const unsigned char *digest, apr_pool_t *pool)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *rsa = EVP_PKEY_CTX_new(key, NULL);
    int len;
    unsigned char *b = decode(tag_of(own, "b", pool), &len, pool);
    int good;

    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        good = EVP_PKEY_verify_init(rsa) > 0
               && EVP_PKEY_CTX_set_rsa_padding(rsa, RSA_PKCS1_PADDING) > 0
               && EVP_PKEY_CTX_set_signature_md(rsa, EVP_sha256()) > 0
               && EVP_PKEY_verify(rsa, b, (size_t)len, digest, 32) == 1;
    }
    else {
        good = EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) > 0
               && EVP_DigestVerify(context, b, (size_t)len, digest, 32) == 1;
    }
    EVP_PKEY_CTX_free(rsa);
    EVP_MD_CTX_free(context);
    return good;
}

const char *dkim_support_verify(const char *message, apr_size_t len,
                                int index, EVP_PKEY *key, apr_pool_t *pool)
{
    const char *body;
    apr_array_header_t *fields = split(message, &body, pool);
    const char *own = signature(fields, index);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char *bh;
    const char *why = NULL;
    int got;

    if (own == NULL) {
        EVP_MD_CTX_free(hash);
        return "no such signature";
    }
    bh = decode(tag_of(own, "bh", pool), &got, pool);
    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    relax_body(hash, body, message + len, pool);
    EVP_DigestFinal_ex(hash, digest, NULL);
    if (got != 32 || memcmp(digest, bh, 32) != 0) {
        why = "body hash differs";
    }
    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    hash_header(hash, fields, own, pool);
    EVP_DigestFinal_ex(hash, digest, NULL);
    EVP_MD_CTX_free(hash);
    if (why == NULL && !verify_digest(key, own, digest, pool)) {
        why = "signature is wrong";
    }
    return why;
}

const char *dkim_support_tag(const char *message, apr_size_t len, int index,
                             const char *tag, apr_pool_t *pool)
{
    const char *body;
    const char *own = signature(split(message, &body, pool), index);

    (void)len;
    return own != NULL ? tag_of(own, tag, pool) : NULL;
}
