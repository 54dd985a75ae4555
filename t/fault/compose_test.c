/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compose_test.c: messages of every kind, put together, rendered, saved,
 * loaded and signed while each call that can fail does. What is made in spite
 * of it is, byte for byte, what is made without.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_buckets.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../support/dkim_support.h"
#include "../support/smime_support.h"
#include "../tap/tap.h"
#include "../unit/mime_support.h"
#include "fault.h"

#define GREETING "Gr\xc3\xbc\xc3\x9f" "e"
#define ICS "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nEND:VCALENDAR\n"
#define DAY 86400

/** Content of a file that is attached. */
#define FILE_SIZE 10000

static smtpc_env_t *env;
static const char *directory;
static const char *data_file;
static const char *eml_file;
static const char *key_reference;
static const char *ed_reference;
static const char *certificate_file;
static smtpc_dkim_t *signers[2];

/* One kind of message. */
typedef struct kind_t {
    const char *name;
    /** Make it. */
    apr_status_t (*make)(smtpc_message_t **message, apr_pool_t *pool);
    int random; /* its bytes differ each time */
    int again;  /* it was sent before */
    /* See inject_spare(): "a key" counts all that reading one takes. */
    unsigned int spare;
    /* What it was when nothing failed. */
    char *text;
    apr_size_t len;
} kind_t;

/* Go on to the next step if there was no failure before. */
#define THEN(step) (rv == APR_SUCCESS ? (step) : rv)

static apr_status_t make_text(smtpc_message_t **message, apr_pool_t *pool)
{
    apr_status_t rv = smtpc_message_create(message, pool);

    rv = THEN(smtpc_message_set_from(*message, "J\xc3\xbcrgen "
                                     "<web@b\xc3\xbc" "cher.example>"));
    rv = THEN(smtpc_message_add_to(*message, "Ann <ann@example.net>, "
                                   "team: b@example.net, \xc3\xa9@c.example;"));
    rv = THEN(smtpc_message_set_subject(*message, GREETING));
    rv = THEN(smtpc_message_add_header(*message, "X-Shop", GREETING));
    return THEN(smtpc_message_set_body(*message, GREETING ",\n.\n",
                                       SMTPC_BODY_TEXT));
}

static apr_status_t make_html(smtpc_message_t **message, apr_pool_t *pool)
{
    smtpc_view_t *html = NULL;
    apr_status_t rv = make_text(message, pool);

    rv = THEN(smtpc_message_add_view(&html, *message, "text/html",
                                     "<p><img src=\"cid:logo\">" GREETING));
    rv = THEN(smtpc_view_add_resource_file(NULL, html, "logo", "image/png",
                                           data_file));
    rv = THEN(smtpc_view_add_resource_bytes(NULL, html, "dot", "image/png",
                                            "0123", 4));
    return THEN(smtpc_message_set_calendar(*message, "REQUEST", ICS));
}

/* A brigade with a file in it as a source. */
static apr_status_t brigade_source(smtpc_source_t **source, apr_pool_t *pool)
{
    apr_bucket_alloc_t *list = apr_bucket_alloc_create(pool);
    apr_bucket_brigade *brigade = apr_brigade_create(pool, list);
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, data_file, APR_FOPEN_READ,
                                    APR_FPROT_OS_DEFAULT, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_brigade_insert_file(brigade, file, 0, FILE_SIZE, pool);
    return smtpc_source_create_brigade(source, brigade, pool);
}

static apr_status_t make_attached(smtpc_message_t **message,
                                  apr_pool_t *pool)
{
    smtpc_source_t *source = NULL;
    smtpc_attachment_t *file = NULL;
    apr_file_t *open = NULL;
    apr_status_t rv = make_text(message, pool);

    rv = THEN(smtpc_message_attach_file(&file, *message, data_file));
    rv = THEN(smtpc_attachment_set_name(file, GREETING ".bin"));
    rv = THEN(smtpc_message_attach_bytes(NULL, *message, "a.csv", "text/csv",
                                         "a;b\n", 4));
    rv = THEN(brigade_source(&source, pool));
    rv = THEN(smtpc_message_attach_source(NULL, *message, "b.bin",
                                          "application/pdf", source));
    rv = THEN(apr_file_open(&open, data_file, APR_FOPEN_READ,
                            APR_FPROT_OS_DEFAULT, pool));
    rv = THEN(smtpc_source_create_open_file(&source, open, pool));
    return THEN(smtpc_message_attach_source(NULL, *message, "c.bin", NULL,
                                            source));
}

static apr_status_t make_charset(smtpc_message_t **message, apr_pool_t *pool)
{
    apr_status_t rv = make_text(message, pool);

    rv = THEN(smtpc_message_set_body_charset(*message, "iso-8859-1"));
    return THEN(smtpc_message_set_body_encoding(*message,
                                                SMTPC_ENCODING_QUOTED_PRINTABLE));
}

static apr_status_t make_nested(smtpc_message_t **message, apr_pool_t *pool)
{
    smtpc_message_t *inner = NULL;
    smtpc_source_t *source = NULL;
    apr_status_t rv = make_text(message, pool);

    rv = THEN(make_text(&inner, pool));
    rv = THEN(smtpc_message_attach_message(NULL, *message, inner));
    rv = THEN(smtpc_source_create_file(&source, eml_file, pool));
    return THEN(smtpc_message_attach_eml(NULL, *message, "old.eml", source));
}

static apr_status_t make_loaded(smtpc_message_t **message, apr_pool_t *pool)
{
    return smtpc_message_load(message, eml_file, pool);
}

static apr_status_t make_signed(smtpc_message_t **message, apr_pool_t *pool)
{
    apr_status_t rv = make_text(message, pool);

    return THEN(smtpc_message_set_smime_signer(*message, certificate_file,
                                               key_reference));
}

static apr_status_t make_encrypted(smtpc_message_t **message,
                                   apr_pool_t *pool)
{
    apr_status_t rv = make_text(message, pool);

    return THEN(smtpc_message_add_smime_recipient(*message,
                                                  certificate_file));
}

static kind_t kinds[] = {
    { "text", make_text, 0, 0, 0, NULL, 0 },
    { "views, resources and an invitation", make_html, 0, 0, 0, NULL, 0 },
    { "attachments", make_attached, 0, 0, 0, NULL, 0 },
    { "another charset", make_charset, 0, 0, 0, NULL, 0 },
    { "messages in a message", make_nested, 0, 0, 0, NULL, 0 },
    { "a loaded message", make_loaded, 0, 0, 0, NULL, 0 },
    { "S/MIME, signed", make_signed, 0, 0, 5, NULL, 0 },
    { "S/MIME, signed again", make_signed, 0, 1, 0, NULL, 0 },
    { "S/MIME, encrypted", make_encrypted, 1, 0, 0, NULL, 0 },
};

/* All of source. */
static apr_status_t read_all(char **text, apr_size_t *len,
                             smtpc_source_t *source, apr_pool_t *pool)
{
    apr_size_t size = 65536;
    char *out = apr_palloc(pool, size);
    apr_status_t rv;

    *len = 0;
    do {
        apr_size_t n = size - *len;

        rv = smtpc_source_read(source, out + *len, &n);
        *len += rv == APR_SUCCESS ? n : 0;
    } while (rv == APR_SUCCESS && *len < size);
    *text = out;
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

/* Nothing but what was there before. */
static const char *compare(kind_t *kind, const char *text, apr_size_t len)
{
    if (!kind->text) {
        kind->text = apr_pstrmemdup(tap_pool(), text, len);
        kind->len = len;
        return NULL;
    }
    if (kind->random ? len != kind->len
                     : len != kind->len || memcmp(text, kind->text, len)) {
        return "success, but another message";
    }
    return NULL;
}

static apr_status_t render(char **text, apr_size_t *len,
                           const smtpc_message_t *message, apr_pool_t *pool)
{
    static const smtpc_render_t how = { .eight_bit = 1, .utf8 = 1 };
    smtpc_content_t *content;
    apr_status_t rv;

    /* Random bytes and time are the same for each message. */
    rv = smtpc__message_render(&content, message, &how, env, pool);
    return THEN(read_all(text, len, content->source, pool));
}

/* Make the message, and render it once before calls fail if it is one that is
 * sent again. */
static apr_status_t make(smtpc_message_t **message, const kind_t *kind,
                         apr_pool_t *pool)
{
    apr_size_t len;
    char *text;
    apr_status_t rv;

    if (!kind->again) {
        fault_start();
        return kind->make(message, pool);
    }
    rv = kind->make(message, pool);
    if (THEN(render(&text, &len, *message, pool)) != APR_SUCCESS) {
        tap_bail("%s cannot be made", kind->name);
    }
    env = support_env(pool);
    fault_start();
    return APR_SUCCESS;
}

static const char *compose(apr_pool_t *pool, void *baton)
{
    kind_t *kind = baton;
    smtpc_message_t *message = NULL;
    const char *wrong;
    apr_size_t len = 0;
    char *text = NULL;
    apr_status_t made;
    apr_status_t rv;

    env = support_env(pool);
    inject_spare(kind->spare);
    made = rv = make(&message, kind, pool);
    rv = THEN(render(&text, &len, message, pool));
    (void)fault_stop();
    inject_spare(0);
    wrong = fault_judge(rv, pool);
    if (!wrong && rv != APR_SUCCESS && made == APR_SUCCESS) {
        /* It is the same message still. */
        env = support_env(pool);
        rv = render(&text, &len, message, pool);
        wrong = rv == APR_SUCCESS
                    ? NULL : apr_pstrcat(pool, "what failed fails again: ",
                                         smtpc_message_error(message), NULL);
    }
    if (!wrong && rv == APR_SUCCESS) {
        wrong = compare(kind, text, len);
    }
    return wrong;
}

/* A key is read. */
static const char *read_key(apr_pool_t *pool, void *baton)
{
    smtpc_dkim_t *dkim = NULL;
    const char *why = NULL;
    const char *wrong;
    apr_status_t rv;

    (void)baton;
    fault_start();
    rv = smtpc_dkim_create(&dkim, &why, "b\xc3\xbc" "cher.example", "b",
                           ed_reference, pool);
    (void)fault_stop();
    wrong = fault_judge(rv, pool);
    if (!wrong && rv == APR_SUCCESS
        && strcmp(smtpc_dkim_domain(dkim), "xn--bcher-kva.example") != 0) {
        wrong = smtpc_dkim_domain(dkim);
    }
    return wrong ? wrong : rv != APR_SUCCESS && !why ? "no reason" : NULL;
}

/* A message is signed with two of them. */
static const char *sign(apr_pool_t *pool, void *baton)
{
    kind_t *kind = baton;
    smtpc_render_t how = { .dkim = (const smtpc_dkim_t *const *)signers,
                           .dkim_count = 2 };
    smtpc_message_t *message = support_message(pool);
    smtpc_content_t *content;
    const char *wrong;
    apr_size_t len = 0;
    char *text = NULL;
    apr_status_t rv;

    env = support_env(pool);
    fault_start();
    rv = smtpc__message_render(&content, message, &how, env, pool);
    rv = THEN(read_all(&text, &len, content->source, pool));
    (void)fault_stop();
    wrong = fault_judge(rv, pool);
    if (!wrong && rv == APR_SUCCESS) {
        wrong = compare(kind, text, len);
    }
    return wrong;
}

/* What is under path, or NULL. */
static char *contents(const char *path, apr_size_t *len, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 65536);
    FILE *file = fopen(path, "r");

    if (!file) {
        return NULL;
    }
    *len = fread(text, 1, 65536, file);
    fclose(file);
    return text;
}

/* Remove folder and all files in it; return how many these were. */
static int clear(const char *folder, apr_pool_t *pool)
{
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    int count = 0;

    while (dir && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            (void)unlink(apr_pstrcat(pool, folder, "/", entry->d_name, NULL));
            count++;
        }
    }
    if (dir) {
        closedir(dir);
    }
    (void)rmdir(folder);
    return count;
}

/* The file is the old one or the new one, whole, and nothing lies beside. */
static const char *save(apr_pool_t *pool, void *baton)
{
    const char *folder = apr_pstrcat(pool, directory, "/save", NULL);
    const char *path = apr_pstrcat(pool, folder, "/a.eml", NULL);
    smtpc_message_t *message = support_message(pool);
    const char *wrong;
    apr_size_t len;
    char *text;
    apr_status_t rv;

    (void)baton;
    apr_dir_make(folder, APR_FPROT_OS_DEFAULT, pool);
    fault_start();
    rv = smtpc_message_save(message, path, pool);
    (void)fault_stop();
    wrong = fault_judge(rv, pool);
    text = contents(path, &len, pool);
    (void)unlink(path);
    if (rv == APR_SUCCESS && (!text || !strstr(text, "\r\n\r\n"))) {
        return "success, but no message";
    }
    if (text && !strstr(text, "\r\n\r\n")) {
        return "a part of a file";
    }
    /* One whose removal failed, too, has to be removed here. */
    return clear(folder, pool) > 0 ? "a file that was left there" : wrong;
}

static void make_files(void)
{
    apr_pool_t *pool = tap_pool();
    EVP_PKEY *rsa = dkim_support_key(2048, pool);
    char *data = apr_palloc(pool, FILE_SIZE + 1);
    const char *why;
    const char *temp;
    char *made;
    int i;

    for (i = 0; i < FILE_SIZE; i++) {
        data[i] = (char)(1 + i % 255);
    }
    data[FILE_SIZE] = '\0';
    apr_temp_dir_get(&temp, pool);
    made = apr_pstrcat(pool, temp, "/fault-XXXXXX", NULL);
    if (!mkdtemp(made)) {
        tap_bail("no folder");
    }
    directory = made;
    data_file = dkim_support_file(data, 0600, pool);
    eml_file = dkim_support_file(
        "From: a@example.org\r\nTo: b@example.org\r\nBcc: c@example.org\r\n"
        "Subject: =?utf-8?Q?a=C3=BC?=\r\n\r\nHello\r\n", 0600, pool);
    key_reference = dkim_support_reference(rsa, NULL, pool);
    ed_reference = dkim_support_reference(dkim_support_key(0, pool), NULL,
                                          pool);
    if (smtpc_dkim_create(&signers[0], &why, "example.org", "a",
                          key_reference, pool)
        || smtpc_dkim_create(&signers[1], &why, "example.org", "b",
                             ed_reference, pool)) {
        tap_bail("%s", why);
    }
    certificate_file = smime_support_file(
        smime_support_certificate(rsa, -DAY, DAY,
                                  "digitalSignature,keyEncipherment", pool),
        NULL, pool);
}

int main(void)
{
    static kind_t dkim = { "DKIM", NULL, 0, 0, 0, NULL, 0 };
    apr_size_t i;

    make_files();
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        fault_run(kinds[i].name, compose, &kinds[i]);
    }
    fault_run("a key", read_key, NULL);
    fault_run("DKIM", sign, &dkim);
    fault_run("a file", save, NULL);
    (void)rmdir(directory);
    return tap_done();
}
