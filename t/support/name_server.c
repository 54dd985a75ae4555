/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name_server.c: zones for suites in Perl, with NSD behind them, until SIGTERM.
 *
 *   name_server NAME signed|unsigned|bogus RECORDS ...
 *
 * says the address of the server and the file of its anchor, a line each.
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>

#include "dns_zone.h"
#include "../tap/tap.h"

/** Zones, at most. */
#define ZONES_MAX 8

static int told[2]; /* a pipe: somebody said SIGTERM */

static void on_term(int number)
{
    (void)number;
    (void)!write(told[1], "", 1);
}

static dns_zone_e kind_of(const char *name)
{
    return strcmp(name, "signed") == 0 ? DNS_ZONE_SIGNED
           : strcmp(name, "bogus") == 0 ? DNS_ZONE_BOGUS
                                        : DNS_ZONE_UNSIGNED;
}

int main(int argc, char *argv[])
{
    dns_zone_t zones[ZONES_MAX + 1];
    dns_server_t *server;
    char byte;
    int i;

    if (pipe(told) != 0 || signal(SIGTERM, on_term) == SIG_ERR) {
        tap_bail("no signals");
    }
    memset(zones, 0, sizeof(zones));
    for (i = 0; i < ZONES_MAX && 3 * i + 3 < argc; i++) {
        zones[i].name = argv[3 * i + 1];
        zones[i].kind = kind_of(argv[3 * i + 2]);
        zones[i].records = argv[3 * i + 3];
    }
    server = dns_server_start(zones, tap_pool());
    printf("%s\n%s\n", dns_server_address(server), dns_server_anchor(server));
    fflush(stdout);
    while (read(told[0], &byte, 1) < 0) {
        continue;
    }
    apr_terminate();
    return 0;
}
