/* SPDX-License-Identifier: Apache-2.0 */
/*
 * async.c: completions, recorded.
 */

#include "async.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../tap/tap.h"

/** A completion that takes longer than this does not come. */
#define PATIENCE_SECONDS 60

void async_init(async_t *async)
{
    static const async_t none;

    *async = none;
    pthread_mutex_init(&async->lock, NULL);
    pthread_cond_init(&async->changed, NULL);
}

void async_end(async_t *async)
{
    pthread_cond_destroy(&async->changed);
    pthread_mutex_destroy(&async->lock);
}

void async_completed(smtpc_client_t *client, apr_status_t status,
                     const smtpc_result_t *result, void *baton)
{
    async_t *async = baton;

    pthread_mutex_lock(&async->lock);
    async->completed++;
    async->status = status;
    async->result = result;
    async->client = client;
    async->thread = pthread_self();
    async->wrong += !result || smtpc_result_status(result) != status;
    pthread_cond_broadcast(&async->changed);
    pthread_mutex_unlock(&async->lock);
}

int async_wait(async_t *async, int count)
{
    struct timespec until;
    int completed;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_SECONDS;
    pthread_mutex_lock(&async->lock);
    while (async->completed < count
           && pthread_cond_timedwait(&async->changed, &async->lock, &until)
                  == 0) {
        continue;
    }
    completed = async->completed;
    pthread_mutex_unlock(&async->lock);
    return completed;
}

int async_count(async_t *async)
{
    return async_wait(async, 0);
}

smtpc_message_t *async_message(const char *to, apr_pool_t *pool)
{
    smtpc_message_t *message;

    if (smtpc_message_create(&message, pool) != APR_SUCCESS
        || smtpc_message_set_from(message, "web@example.org") != APR_SUCCESS
        || smtpc_message_add_to(message, to) != APR_SUCCESS
        || smtpc_message_set_subject(message, "Hello") != APR_SUCCESS
        || smtpc_message_set_body(message, "First mail.\n", SMTPC_BODY_TEXT)
               != APR_SUCCESS) {
        tap_bail("no message");
    }
    return message;
}

static int count_entries(const char *path)
{
    DIR *dir = opendir(path);
    int count = 0;

    if (!dir) {
        tap_bail("no %s", path);
    }
    while (readdir(dir)) {
        count++;
    }
    closedir(dir);
    return count - 2;
}

/* Return whether the thread is on its way out. Who was joined may still be
 * listed: the kernel says it to the joiner first (PF_EXITING in proc(5)). */
static int is_exiting(const char *id)
{
    char path[64];
    char line[512];
    const char *end = NULL;
    unsigned int flags = 4;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%.20s/stat", id);
    file = fopen(path, "r");
    if (file) {
        end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
        fclose(file);
    }
    /* state, parent, group, session, terminal, its group, flags */
    if (end && sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1) {
        tap_bail("%s has no flags", path);
    }
    return (flags & 4) != 0;
}

int async_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    const struct dirent *entry;
    int count = 0;

    if (!dir) {
        tap_bail("no /proc/self/task");
    }
    while ((entry = readdir(dir)) != NULL) {
        count += *entry->d_name != '.' && !is_exiting(entry->d_name);
    }
    closedir(dir);
    return count;
}

int async_descriptors(void)
{
    /* Without that of the directory. */
    return count_entries("/proc/self/fd") - 1;
}
