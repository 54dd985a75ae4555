/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meter.c: time, memory, and the line that reports them.
 *
 * CPU time is that of the calling thread: a peer that needs a server in the
 * same process is not charged for it. Memory is the peak since the program
 * began (VmHWM); ru_maxrss would hold that of the shell which started it.
 */
#include "meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0) {
        meter_die("clock_gettime");
    }
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void meter_start(meter_t *meter)
{
    meter->wall_s = seconds(CLOCK_MONOTONIC);
    meter->cpu_s = seconds(CLOCK_THREAD_CPUTIME_ID);
}

void meter_stop(meter_t *meter)
{
    meter->cpu_s = seconds(CLOCK_THREAD_CPUTIME_ID) - meter->cpu_s;
    meter->wall_s = seconds(CLOCK_MONOTONIC) - meter->wall_s;
}

long meter_peak_kb(void)
{
    char line[256];
    long kb = 0;
    FILE *status = fopen("/proc/self/status", "r");

    if (status == NULL) {
        return 0;
    }
    while (kb == 0 && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kb = strtol(line + 6, NULL, 10);
        }
    }
    (void)fclose(status);
    return kb;
}

void meter_print(const meter_t *meter, const char *name, const char *peer,
                 long messages, double bytes)
{
    /* A difference of two measurements may come out as nothing. */
    double cpu = meter->cpu_s > 1e-9 ? meter->cpu_s : 1e-9;

    printf("{\"case\":\"%s\",\"peer\":\"%s\",\"messages\":%ld,"
           "\"bytes\":%.0f,\"wall_s\":%.6f,\"cpu_s\":%.6f,"
           "\"msgs_per_s\":%.1f,\"mb_per_s\":%.2f,\"peak_rss_kb\":%ld}\n",
           name, peer, messages, bytes, meter->wall_s, meter->cpu_s,
           (double)messages / cpu, bytes / 1e6 / cpu, meter_peak_kb());
}

long meter_count(const char *text)
{
    char *end;
    long count = strtol(text, &end, 10);

    if (*end != '\0' || count <= 0) {
        meter_die("the number of messages must be positive");
    }
    return count;
}

void meter_die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}
