/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c: threads and descriptors, as /proc has them.
 */

#include "process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../tap/tap.h"

/** How long is waited for threads to end, and between two looks. */
#define WAIT_MS 5000
#define PAUSE_MS 1

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

int process_threads(void)
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

int process_threads_wait(int count)
{
    const struct timespec pause = { 0, PAUSE_MS * 1000000L };
    int threads = process_threads();
    int i;

    for (i = 0; threads != count && i < WAIT_MS / PAUSE_MS; i++) {
        nanosleep(&pause, NULL);
        threads = process_threads();
    }
    return threads;
}

int process_descriptors(void)
{
    /* Without that of the directory. */
    return count_entries("/proc/self/fd") - 1;
}
