/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickup.c: libFuzzer entry for files in a pickup directory.
 *
 * The input is an .eml; its first byte chooses whether fields may hold UTF-8.
 * What can be loaded is written into a pickup directory as a client does it.
 * Besides the sanitizers, this checks that there is one file then, whose name
 * is a random GUID and ".eml", and nothing else; or no file, and a reason; that
 * the file says the envelope, each recipient once, and behind that the same
 * bytes as would go to a server, so that nothing in a message is taken for a
 * recipient; and that it can be loaded again.
 */
#include "../support/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <sanitizer/lsan_interface.h>
#include <smtpclient/headers.h>

#include "base/limits.h"
#include "client/pickup.h"
#include "mime/message_int.h"

static char directory[] = "/dev/shm/smtpc-fuzz-XXXXXX";
static smtpc_env_t *env;

static void remove_directory(void)
{
    (void)rmdir(directory);
}

static void setup(void)
{
    apr_pool_t *pool;

    if (env != NULL) {
        return;
    }
    require(mkdtemp(directory) != NULL && atexit(remove_directory) == 0);
    /* The leak sanitizer does not look into pools. */
    __lsan_disable();
    require(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    require(smtpc_env_create(&env, pool) == APR_SUCCESS);
    __lsan_enable();
}

/* Return the name of the one file in the directory, or NULL if there is
 * none. */
static const char *only_file(apr_pool_t *pool)
{
    DIR *entries = opendir(directory);
    const struct dirent *entry;
    const char *name = NULL;

    require(entries != NULL);
    while ((entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0
            && strcmp(entry->d_name, "..") != 0) {
            require(name == NULL);
            name = apr_pstrdup(pool, entry->d_name);
        }
    }
    (void)closedir(entries);
    return name;
}

/* RFC 9562 5.4, in lower case. */
static void check_name(const char *name)
{
    static const char form[] = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx.eml";
    size_t i;

    require(strlen(name) == sizeof(form) - 1);
    for (i = 0; i < sizeof(form) - 1; i++) {
        const char *allowed = form[i] == 'x'   ? "0123456789abcdef"
                              : form[i] == 'v' ? "89ab"
                                               : NULL;

        require(allowed != NULL ? strchr(allowed, name[i]) != NULL
                                : name[i] == form[i]);
    }
}

static const char *read_all(size_t *len, smtpc_source_t *source,
                            apr_pool_t *pool)
{
    size_t size = 4 * 65536;
    char *text = apr_palloc(pool, size + 1);

    *len = 0;
    for (;;) {
        apr_size_t n = size - *len;
        apr_status_t rv = smtpc_source_read(source, text + *len, &n);

        if (APR_STATUS_IS_EOF(rv)) {
            text[*len] = '\0';
            return text;
        }
        require(rv == APR_SUCCESS);
        *len += n;
        require(*len < size);
    }
}

/* Return the field behind that at text, which may be folded. */
static const char *next_field(const char *text)
{
    do {
        text = strstr(text, "\r\n");
        require(text != NULL);
        text += 2;
    } while (*text == ' ' || *text == '\t');
    return text;
}

/* Return what is behind the envelope in text, of which rcpts are receivers. */
static const char *behind_envelope(const char *text, size_t rcpts)
{
    size_t receivers = 0;

    if (strncasecmp(text, "X-Sender:", 9) == 0) {
        text = next_field(text);
    }
    while (strncasecmp(text, "X-Receiver:", 11) == 0) {
        receivers++;
        text = next_field(text);
    }
    require(receivers == rcpts);
    return text;
}

/* No field of the message itself is one of the envelope. */
static void check_hidden(const char *field)
{
    while (*field != '\0' && *field != '\r') {
        size_t name = strcspn(field, ": \t\r");

        require(name != 10 || strncasecmp(field, "X-Receiver", 10) != 0);
        require(name != 8 || strncasecmp(field, "X-Sender", 8) != 0);
        field = next_field(field);
    }
}

static void check_file(const char *path, smtpc_message_t *message,
                       const smtpc_render_t *how, size_t rcpts,
                       apr_pool_t *pool)
{
    smtpc_render_t plain = *how;
    smtpc_message_t *again;
    smtpc_content_t *content;
    smtpc_source_t *file;
    const char *written;
    const char *sent;
    size_t written_len;
    size_t sent_len;

    require(smtpc_source_create_file(&file, path, pool) == APR_SUCCESS);
    written = read_all(&written_len, file, pool);
    plain.pickup = 0;
    require(smtpc__message_render(&content, message, &plain, env, pool)
            == APR_SUCCESS);
    sent = read_all(&sent_len, content->source, pool);
    written_len -= (size_t)(behind_envelope(written, rcpts) - written);
    require(written_len == sent_len);
    require(memcmp(behind_envelope(written, rcpts), sent, sent_len) == 0);
    check_hidden(sent);
    require(smtpc_message_load(&again, path, pool) == APR_SUCCESS);
}

static void drop(smtpc_message_t *message, const smtpc_envelope_t *envelope,
                 const smtpc_render_t *how, apr_pool_t *pool)
{
    size_t rcpts = smtpc__envelope_count(envelope);
    smtpc_content_t *content;
    smtpc_result_t *result;
    const char *name;

    smtpc__result_create(&result, rcpts, pool);
    for (size_t i = 0; i < rcpts; i++) {
        result->recipients[i].address = smtpc_address_address(
            smtpc__envelope_recipient(envelope, i));
    }
    if (smtpc__message_render(&content, message, how, env, pool)
        != APR_SUCCESS) {
        require(only_file(pool) == NULL);
        return;
    }
    require(smtpc__pickup_write(result, directory, content, env, pool)
            == APR_SUCCESS);
    name = only_file(pool);
    require(name != NULL);
    check_name(name);
    require(strcmp(smtpc_result_path(result),
                   apr_pstrcat(pool, directory, "/", name, NULL)) == 0);
    require(smtpc__result_finish(result) == APR_SUCCESS);
    check_file(smtpc_result_path(result), message, how, rcpts, pool);
    require(unlink(smtpc_result_path(result)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    smtpc_render_t how = { .eight_bit = 1, .pickup = 1 };
    smtpc_envelope_t *envelope;
    smtpc_message_t *message;
    smtpc_source_t *source;
    const char *why = "";
    char *text;

    setup();
    if (size == 0) {
        return 0;
    }
    how.utf8 = data[0] & 1;
    text = fuzz_text(data + 1, size - 1);
    require(smtpc_source_create_bytes(&source, text, size - 1, pool)
            == APR_SUCCESS);
    if (smtpc_message_load_source(&message, source, pool) == APR_SUCCESS
        && smtpc__message_envelope(&envelope, &why, message, NULL, pool)
               == APR_SUCCESS) {
        drop(message, envelope, &how, pool);
    }
    apr_pool_clear(pool);
    free(text);
    return 0;
}
