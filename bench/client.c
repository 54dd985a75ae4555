/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c: what the programs of the send suite share. CPU time is that of
 * the process: what a library does in threads of its own counts.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "meter.h"

static void read_mail(client_t *client, const char *path)
{
    FILE *file = fopen(path, "r");
    size_t room = 1 << 20;

    client->mail = malloc(room);
    if (file == NULL || client->mail == NULL) {
        meter_die("cannot read the mail");
    }
    client->mail_len = fread(client->mail, 1, room - 1, file);
    client->mail[client->mail_len] = '\0';
    (void)fclose(file);
}

static long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*end != '\0' || value < 0) {
        meter_die("not a number");
    }
    return value;
}

static long *number_named(client_t *client, const char *name, size_t len)
{
    const struct {
        const char *name;
        long *value;
    } all[] = {
        { "port", &client->port },
        { "messages", &client->messages },
        { "warmup", &client->warmup },
        { "connections", &client->connections },
        { "bytes", &client->bytes },
        { "per_connection", &client->per_connection },
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strlen(all[i].name) == len
            && memcmp(all[i].name, name, len) == 0) {
            return all[i].value;
        }
    }
    meter_die("no such argument");
}

void client_args(client_t *client, int argc, char **argv)
{
    memset(client, 0, sizeof(*client));
    client->connections = 1;
    client->mode = "blocking";
    for (int i = 1; i < argc; i++) {
        const char *value = strchr(argv[i], '=');

        if (value++ == NULL) {
            meter_die("arguments are NAME=VALUE, see client.h");
        }
        if (strncmp(argv[i], "mode=", 5) == 0) {
            client->mode = value;
        }
        else if (strncmp(argv[i], "cert=", 5) == 0) {
            client->cert = value;
        }
        else if (strncmp(argv[i], "mail=", 5) == 0) {
            read_mail(client, value);
        }
        else {
            *number_named(client, argv[i], (size_t)(value - 1 - argv[i]))
                = number(value);
        }
    }
}

const char *client_body(const client_t *client)
{
    const char *end = client->mail != NULL ? strstr(client->mail, "\r\n\r\n")
                                           : NULL;

    if (end == NULL) {
        meter_die("the mail has no body");
    }
    return end + 4;
}

static double seconds(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0) {
        meter_die("clock_gettime");
    }
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void client_start(client_t *client)
{
    client->wall_s = seconds(CLOCK_MONOTONIC);
    client->cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID);
}

void client_stop(client_t *client)
{
    client->cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - client->cpu_s;
    client->wall_s = seconds(CLOCK_MONOTONIC) - client->wall_s;
}

void client_print(const client_t *client, const char *more)
{
    printf("{\"messages\":%ld,\"wall_s\":%.6f,\"cpu_s\":%.6f,"
           "\"peak_rss_kb\":%ld%s}\n",
           client->messages, client->wall_s, client->cpu_s, meter_peak_kb(),
           more);
}
