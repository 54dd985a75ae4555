/* SPDX-License-Identifier: Apache-2.0 */
/* attachment_test.c: attachments of every origin, and what comes out. */
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "mime_support.h"

static smtpc_message_t *message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "from@example.org")
        || smtpc_message_add_to(m, "to@example.org")) {
        tap_bail("no message");
    }
    return m;
}

/* Header and content of the last part of m. */
static char *last_part(const smtpc_message_t *m, apr_size_t *len)
{
    static const smtpc_render_t how = { 0 };
    char *text = support_render(m, &how, NULL, tap_pool());
    char *boundary;
    char *part;
    char *next;
    const char *body;
    char *decoded;

    if (text == NULL) {
        return NULL;
    }
    boundary = strstr(text, "boundary=\"") + strlen("boundary=\"");
    boundary = apr_pstrcat(tap_pool(), "\r\n--",
                           apr_pstrmemdup(tap_pool(), boundary,
                                          strcspn(boundary, "\"")), NULL);
    part = strstr(text, boundary);
    while ((next = strstr(part + 1, boundary)) != NULL
           && strncmp(next + strlen(boundary), "--", 2) != 0) {
        part = next;
    }
    if (next == NULL) {
        return NULL;
    }
    part += strlen(boundary) + 2;
    body = support_body(part);
    decoded = support_decode_base64(body, (apr_size_t)(next - body), len,
                                    tap_pool());
    if (decoded == NULL) {
        tap_bail("no base64: %s", part);
    }
    return apr_pstrcat(tap_pool(),
                       apr_pstrmemdup(tap_pool(), part,
                                      (apr_size_t)(body - part)), decoded,
                       NULL);
}

static void sizes(void)
{
    static const apr_size_t rows[] = { 0, 1, 56, 57, 58, 1048576 };
    char *data = apr_palloc(tap_pool(), 1048576);

    for (apr_size_t i = 0; i < 1048576; i++) {
        data[i] = (char)(i * 7 % 255 + 1);
    }
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        smtpc_message_t *m = message();
        smtpc_source_t *source = support_pieces(data, rows[i], 1000, 0,
                                                tap_pool());
        apr_size_t len = 0;
        char *part;

        tap_is_int(smtpc_message_attach_bytes(NULL, m, "a.bin", NULL, data,
                                              rows[i]), 0, "%d bytes",
                   (int)rows[i]);
        part = last_part(m, &len);
        tap_is_mem(support_body(part), len, data, rows[i],
                   "come back from memory");
        tap_is_int(smtpc_message_attach_source(NULL, m, "b.bin", NULL,
                                               source), 0, "a source");
        part = last_part(m, &len);
        tap_is_mem(support_body(part), len, data, rows[i],
                   "come back from a source");
    }
}

static void files(void)
{
    smtpc_message_t *m = message();
    smtpc_attachment_t *a = NULL;
    const char *dir;
    const char *path;
    apr_file_t *file;
    apr_size_t len;
    char *part;

    if (apr_temp_dir_get(&dir, tap_pool())) {
        tap_bail("no temporary directory");
    }
    path = apr_pstrcat(tap_pool(), dir, "/attachment_test.XXXXXX", NULL);
    if (apr_file_mktemp(&file, (char *)path, 0, tap_pool())
        || apr_file_write_full(file, "file\n", 5, NULL)) {
        tap_bail("no temporary file");
    }
    tap_is_int(smtpc_message_attach_file(&a, m, path), 0, "a file");
    tap_is_str(smtpc_attachment_name(a), strrchr(path, '/') + 1,
               "under its last component");
    tap_is_str(smtpc_attachment_content_type(a), "application/octet-stream",
               "type unknown");
    tap_is_int(smtpc_attachment_set_name(a, "report.pdf"), 0, "renamed");
    tap_is_str(smtpc_attachment_content_type(a), "application/pdf",
               "the guess follows");
    tap_is_int(smtpc_attachment_set_name(a, "report"), 0, "renamed again");
    tap_is_str(smtpc_attachment_content_type(a), "application/pdf",
               "but not into ignorance");
    part = last_part(m, &len);
    tap_is_str(part,
               "Content-Type: application/pdf; name=report\r\n"
               "Content-Transfer-Encoding: base64\r\n"
               "Content-Disposition: attachment; filename=report\r\n\r\n"
               "file\n", "as sent");
    tap_is_int(smtpc_message_attach_file(NULL, m, dir), SMTPC_EARG,
               "a directory");
    tap_ok(strstr(smtpc_message_error(m), "regular file") != NULL, "%s",
           smtpc_message_error(m));
    (void)apr_file_close(file);
    tap_ok(APR_STATUS_IS_ENOENT(smtpc_message_attach_file(
               NULL, m, apr_pstrcat(tap_pool(), path, ".no", NULL))),
           "a file that is not there");
    tap_is_int(smtpc_message_attach_file(NULL, m, "/tmp/"), SMTPC_EARG,
               "a path without a last component");
    tap_is_int(smtpc_message_attach_file(NULL, m, NULL), SMTPC_EARG,
               "no path");
    tap_is_int(smtpc_message_attach_file(NULL, m, "/tmp/a\nb"), SMTPC_EARG,
               "a name that cannot be sent");
    tap_is_int(smtpc_message_attachment_count(m), 1, "still one");
    (void)apr_file_remove(path, tap_pool());
}

static void types(void)
{
    static const char *const bad[] = {
        "", "text", "text/plain\r\nX: y", "multipart/mixed", "MESSAGE/rfc822",
        "text/plain; charset"
    };
    smtpc_message_t *m = message();
    smtpc_attachment_t *a;
    apr_size_t len;

    if (smtpc_message_attach_bytes(&a, m, NULL, "Text/CSV; charset=utf-8; "
                                   "name=\"x y\"", "a", 1)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(smtpc_attachment_name(a), "", "no name");
    tap_is_str(last_part(m, &len),
               "Content-Type: text/csv; charset=utf-8; name=\"x y\"\r\n"
               "Content-Transfer-Encoding: base64\r\n"
               "Content-Disposition: attachment\r\n\r\na",
               "parameters of the type stay");
    tap_is_int(smtpc_attachment_set_name(a, "M\xc3\xa4rz \"1\".csv"), 0,
               "a name");
    tap_is_str(last_part(m, &len),
               "Content-Type: text/csv; charset=utf-8;\r\n"
               " name=\"=?utf-8?B?TcOkcnogIjEiLmNzdg==?=\"\r\n"
               "Content-Transfer-Encoding: base64\r\n"
               "Content-Disposition: attachment;"
               " filename*=utf-8''M%C3%A4rz%20%221%22.csv\r\n\r\na",
               "takes the place of the one in the type");
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        tap_is_int(smtpc_attachment_set_content_type(a, bad[i]), SMTPC_EARG,
                   "type \"%.10s\"", bad[i]);
        tap_is_int(smtpc_message_attach_bytes(NULL, m, "a", bad[i], "x", 1),
                   SMTPC_EARG, "also when attached");
    }
    tap_is_int(smtpc_attachment_set_content_type(a, NULL), SMTPC_EARG,
               "no type");
    tap_is_int(smtpc_attachment_set_name(a, ""), SMTPC_EARG, "empty name");
    tap_is_int(smtpc_attachment_set_name(a, NULL), SMTPC_EARG, "no name");
    tap_is_int(smtpc_attachment_set_name(a, "a\tb"), SMTPC_EARG,
               "control character");
    tap_is_int(smtpc_attachment_set_content_type(a, "a/b"), 0, "a type");
    tap_is_str(smtpc_attachment_content_type(a), "a/b", "is set");
    tap_is_int(smtpc_message_attach_bytes(NULL, m, "a", NULL, NULL, 1),
               SMTPC_EARG, "no data");
    tap_is_int(smtpc_message_attach_source(NULL, m, "a", NULL, NULL),
               SMTPC_EARG, "no source");
    tap_is_int(smtpc_message_attachment_count(m), 1, "still one");
}

static void limits(void)
{
    smtpc_message_t *m = message();
    char *name = apr_pcalloc(tap_pool(), SMTPC_LIMIT_PARAMETER + 2);
    int failed = 0;

    memset(name, 'a', SMTPC_LIMIT_PARAMETER);
    tap_is_int(smtpc_message_attach_bytes(NULL, m, name, NULL, "x", 1), 0,
               "name at the limit");
    name[SMTPC_LIMIT_PARAMETER] = 'a';
    tap_is_int(smtpc_message_attach_bytes(NULL, m, name, NULL, "x", 1),
               SMTPC_ELIMIT, "one beyond");
    for (int i = 1; i < SMTPC_LIMIT_ATTACHMENTS; i++) {
        failed |= smtpc_message_attach_bytes(NULL, m, "a", NULL, "x", 1)
                  != APR_SUCCESS;
    }
    tap_ok(!failed, "attachments at the limit");
    tap_is_int(smtpc_message_attach_bytes(NULL, m, "a", NULL, "x", 1),
               SMTPC_ELIMIT, "one beyond");
}

/* The names of the attachments of m, joined. */
static const char *order(const smtpc_message_t *m)
{
    const char *all = "";

    for (apr_size_t i = 0; i < smtpc_message_attachment_count(m); i++) {
        all = apr_pstrcat(tap_pool(), all,
                          smtpc_attachment_name(
                              smtpc_message_attachment(m, i)), NULL);
    }
    return all;
}

static void changed(void)
{
    static const smtpc_render_t how = { 0 };
    smtpc_message_t *m = message();
    smtpc_message_t *other = message();
    smtpc_attachment_t *a;
    smtpc_attachment_t *b;
    smtpc_attachment_t *c;
    smtpc_attachment_t *foreign;

    if (smtpc_message_attach_bytes(&a, m, "a", NULL, "x", 1)
        || smtpc_message_attach_bytes(&b, m, "b", NULL, "x", 1)
        || smtpc_message_attach_bytes(&c, m, "c", NULL, "x", 1)
        || smtpc_message_attach_bytes(&foreign, other, "f", NULL, "x", 1)) {
        tap_bail("nothing attached");
    }
    tap_is_int(smtpc_message_move_attachment(m, c, 0), 0, "to the front");
    tap_is_str(order(m), "cab", "is in front");
    tap_is_int(smtpc_message_move_attachment(m, c, 1), 0, "on by one");
    tap_is_str(order(m), "acb", "is second");
    tap_is_int(smtpc_message_move_attachment(m, a, 2), 0, "to the last place");
    tap_is_str(order(m), "cba", "is last");
    tap_is_int(smtpc_message_move_attachment(m, c, (apr_size_t)-1), 0,
               "beyond the end");
    tap_is_str(order(m), "bac", "is the end");
    tap_is_int(smtpc_message_move_attachment(m, a, 1), 0, "where it is");
    tap_is_str(order(m), "bac", "nothing moves");
    tap_is_int(smtpc_message_move_attachment(m, foreign, 0), SMTPC_EARG,
               "of another message");
    tap_is_int(smtpc_message_remove_attachment(m, foreign), SMTPC_EARG,
               "not here");
    tap_is_int(smtpc_message_remove_attachment(m, NULL), SMTPC_EARG, "none");
    tap_is_str(order(m), "bac", "all are there");
    tap_is_int(smtpc_message_remove_attachment(m, a), 0, "taken off");
    tap_is_str(order(m), "bc", "the others stay");
    tap_is_int(smtpc_message_remove_attachment(m, a), SMTPC_EARG, "twice");
    tap_is_str(smtpc_message_error(m), "attachment: it does not belong here, "
               "or was taken off before", "says why");
    tap_is_int(smtpc_message_remove_attachment(m, c), 0, "the last");
    tap_is_int(smtpc_message_remove_attachment(m, b), 0, "the only one");
    tap_ok(strstr(support_render(m, &how, NULL, tap_pool()), "multipart")
               == NULL, "a message without attachments");
}

int main(void)
{
    changed();
    sizes();
    files();
    types();
    limits();
    return tap_done();
}
