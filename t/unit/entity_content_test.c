/* SPDX-License-Identifier: Apache-2.0 */
/* entity_content_test.c: text, files, bytes and sources as content. */
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

static const smtpc_render_t how = { 0 };

static const char *temporary(void)
{
    const char *dir;
    char *path;
    apr_file_t *file;

    if (apr_temp_dir_get(&dir, tap_pool())) {
        tap_bail("no temporary directory");
    }
    path = apr_pstrcat(tap_pool(), dir, "/entity_content.XXXXXX", NULL);
    if (apr_file_mktemp(&file, path,
                        APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_EXCL,
                        tap_pool())
        || apr_file_write_full(file, "<b>\n", 4, NULL)
        || apr_file_close(file)) {
        tap_bail("no temporary file");
    }
    return path;
}

static void texts(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    char text[] = "first";

    tap_is_int(smtpc_message_attach_text(NULL, m, "a.txt", NULL, text), 0,
               "a text");
    memcpy(text, "other", 5);
    tap_is_str(support_part(support_render(m, &how, NULL, tap_pool()), 1,
                            tap_pool()),
               "Content-Type: text/plain; charset=us-ascii; name=a.txt\r\n"
               "Content-Transfer-Encoding: 7bit\r\n"
               "Content-Disposition: attachment; filename=a.txt\r\n\r\nfirst",
               "is copied");
    tap_is_int(smtpc_message_attach_text(NULL, m, "a", NULL, "\xc3"),
               SMTPC_EARG, "not UTF-8");
    tap_is_int(smtpc_message_attach_text(NULL, m, "a", NULL, NULL), 0,
               "NULL is empty");
    tap_ok(smtpc_entity_source(smtpc_message_attachment(m, 0)) == NULL,
           "a text has no source");
}

static void files(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    const char *path = temporary();
    smtpc_view_t *view;
    smtpc_resource_t *one;

    tap_is_int(smtpc_message_add_view_file(&view, m, "text/html", path), 0,
               "a file as a view");
    tap_is_str(smtpc_entity_name(view), "", "which has no name");
    tap_is_int(smtpc_view_add_resource_file(&one, view, "i", "image/png",
                                            path), 0, "as a resource");
    tap_is_str(smtpc_entity_name(one), strrchr(path, '/') + 1, "which has");
    tap_ok(smtpc_entity_source(one) != NULL, "and a source");
    tap_is_str(support_part(support_render(m, &how, NULL, tap_pool()), 0,
                            tap_pool()),
               "Content-Type: text/html; charset=us-ascii\r\n"
               "Content-Transfer-Encoding: 7bit\r\n\r\n<b>\r\n",
               "text gets the line ends of mail");
    tap_is_int(smtpc_message_add_view_file(NULL, m, NULL, "/nonexistent/x"),
               APR_ENOENT, "no file");
    tap_is_int(smtpc_message_add_view_file(NULL, m, NULL, "/"), SMTPC_EARG,
               "a directory");
    tap_is_int(smtpc_message_add_view_file(NULL, m, NULL, NULL), SMTPC_EARG,
               "no path");
    tap_is_int(smtpc_message_attach_file(NULL, m, "/tmp/a\r\nb"), SMTPC_EARG,
               "a name that is none");
    tap_is_int(smtpc_message_view_count(m), 1, "nothing was added");
    (void)apr_file_remove(path, tap_pool());
}

int main(void)
{
    smtpc_message_t *m;

    texts();
    files();
    m = support_message(tap_pool());
    tap_is_int(smtpc_message_attach_bytes(NULL, m, "a", NULL, NULL, 1),
               SMTPC_EARG, "no bytes");
    tap_is_int(smtpc_message_attach_bytes(NULL, m, "a", NULL, NULL, 0), 0,
               "none are asked for");
    tap_is_int(smtpc_message_add_view_source(NULL, m, "text/html", NULL),
               SMTPC_EARG, "no source");
    return tap_done();
}
