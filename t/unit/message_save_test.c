/* SPDX-License-Identifier: Apache-2.0 */
/* message_save_test.c: messages as files, and what failures leave behind. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

static const char *make_dir(void)
{
    const char *temp;
    char *path;

    if (apr_temp_dir_get(&temp, tap_pool())) {
        tap_bail("no temporary directory");
    }
    path = apr_pstrcat(tap_pool(), temp, "/message_save_test.XXXXXX", NULL);
    if (mkdtemp(path) == NULL) {
        tap_bail("no directory %s", path);
    }
    return path;
}

/* The names of what is in dir, for few files. */
static const char *list(const char *dir)
{
    const char *out = "";
    apr_finfo_t info;
    apr_dir_t *d;

    if (apr_dir_open(&d, dir, tap_pool())) {
        tap_bail("cannot list %s", dir);
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, d) == APR_SUCCESS) {
        if (info.name[0] != '.') {
            out = apr_pstrcat(tap_pool(), out, info.name, " ", NULL);
        }
    }
    (void)apr_dir_close(d);
    return out;
}

static char *contents(const char *path)
{
    smtpc_source_t *source;
    apr_size_t len;

    if (smtpc_source_create_file(&source, path, tap_pool())) {
        return NULL;
    }
    return support_read(source, 4096, &len, tap_pool());
}

static smtpc_message_t *message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "from@example.org")
        || smtpc_message_add_to(m, "to@example.org")
        || smtpc_message_add_bcc(m, "secret@example.org")
        || smtpc_message_set_body(m, "body", SMTPC_BODY_TEXT)) {
        tap_bail("no message");
    }
    return m;
}

static apr_status_t failing_read(void *baton, char *buf, apr_size_t *len)
{
    (void)baton;
    (void)buf;
    *len = 0;
    return APR_EGENERAL;
}

static void saved(const char *dir)
{
    const char *path = apr_pstrcat(tap_pool(), dir, "/a.eml", NULL);
    smtpc_message_t *m = message();
    apr_finfo_t info;
    char *text;

    umask(022);
    tap_is_int(smtpc_message_save(m, path, tap_pool()), 0, "saved: %s",
               smtpc_message_error(m));
    tap_is_str(list(dir), "a.eml ", "one file");
    text = contents(path);
    tap_is_str(support_field(text, "To", tap_pool()), "to@example.org",
               "a message");
    tap_is_str(support_body(text), "body\r\n", "with its body");
    tap_ok(strstr(text, "secret") == NULL, "without Bcc");
    tap_ok(strstr(text, "X-Receiver") == NULL, "without X-Receiver");
    tap_ok(apr_stat(&info, path, APR_FINFO_PROT, tap_pool()) == APR_SUCCESS
               && info.protection == 0x644, "mode 0644 under umask 022");
    if (smtpc_message_set_body(m, "second", SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_message_save(m, path, tap_pool()), 0, "saved over it");
    tap_is_str(support_body(contents(path)), "second\r\n", "replaced");
    if (smtpc_message_add_reply_to(m, "\xc3\xa4@b.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_message_save(m, path, tap_pool()), 0,
               "an address in UTF-8");
    tap_is_str(support_field(contents(path), "Reply-To", tap_pool()),
               "\xc3\xa4@b.org", "is written raw");
}

static void failed(const char *dir)
{
    const char *path = apr_pstrcat(tap_pool(), dir, "/a.eml", NULL);
    const char *before = contents(path);
    smtpc_message_t *m = message();
    smtpc_source_t *source;

    if (smtpc_source_create_callback(&source, failing_read, NULL, 10, NULL,
                                     tap_pool())
        || smtpc_message_attach_source(NULL, m, "x", NULL, source)) {
        tap_bail("no source");
    }
    tap_is_int(smtpc_message_save(m, path, tap_pool()), SMTPC_ESOURCE,
               "an attachment that fails");
    tap_ok(*smtpc_message_error(m) != '\0', "%s", smtpc_message_error(m));
    tap_is_str(contents(path), before, "the file is as before");
    tap_is_str(list(dir), "a.eml ", "no temporary file");

    m = message();
    tap_ok(APR_STATUS_IS_ENOENT(smtpc_message_save(
               m, apr_pstrcat(tap_pool(), dir, "/no/b.eml", NULL),
               tap_pool())), "no such directory");
    tap_ok(strstr(smtpc_message_error(m), "/no/b.eml") != NULL, "%s",
           smtpc_message_error(m));
    tap_ok(smtpc_message_save(m, dir, tap_pool()) != APR_SUCCESS,
           "onto a directory");
    tap_is_str(list(dir), "a.eml ", "no temporary file");
    tap_is_int(smtpc_message_save(m, "", tap_pool()), SMTPC_EARG, "no path");
    tap_is_int(smtpc_message_save(m, NULL, tap_pool()), SMTPC_EARG,
               "no path at all");
    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "a@b.org")) {
        tap_bail("no message");
    }
    tap_is_int(smtpc_message_save(m, path, tap_pool()), SMTPC_EARG,
               "nobody to send it to");
    tap_is_str(contents(path), before, "the file is as before");
}

int main(void)
{
    const char *dir = make_dir();

    saved(dir);
    failed(dir);
    (void)apr_file_remove(apr_pstrcat(tap_pool(), dir, "/a.eml", NULL),
                          tap_pool());
    tap_is_int(apr_dir_remove(dir, tap_pool()), 0, "nothing else is left");
    return tap_done();
}
