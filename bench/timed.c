/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timed.c: the line of figures for a program that cannot print it itself.
 *
 *   timed MESSAGES PROGRAM ARGUMENTS...
 *
 * Time on the clock is from its start to its end, CPU time and memory are
 * what the kernel says of it and its children (wait4).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "meter.h"

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct timespec began;
    struct timespec ended;
    struct rusage used;
    long messages;
    int status;
    pid_t pid;

    if (argc < 3) {
        meter_die("usage: timed MESSAGES PROGRAM ARGUMENTS...");
    }
    messages = meter_count(argv[1]);
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    pid = fork();
    if (pid == 0) {
        (void)execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid || status != 0) {
        meter_die("the program failed");
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("{\"messages\":%ld,\"wall_s\":%.6f,\"cpu_s\":%.6f,"
           "\"peak_rss_kb\":%ld}\n", messages,
           (double)(ended.tv_sec - began.tv_sec)
               + (double)(ended.tv_nsec - began.tv_nsec) / 1e9,
           seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss);
    return 0;
}
