/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_DNS_ZONE_H
#define T_SUPPORT_DNS_ZONE_H

/**
 * @file dns_zone.h
 * A name server on loopback with zones that are signed, unsigned, or signed
 * with a key that nobody trusts: NSD, and the tools of ldns.
 */

#include <apr_pools.h>

/** What a zone is like. */
typedef enum {
    DNS_ZONE_SIGNED,
    DNS_ZONE_UNSIGNED,
    DNS_ZONE_BOGUS /**< signed, but another key is in the anchor */
} dns_zone_e;

/** A zone: its name, without a dot at the end, and lines of a zone file. */
typedef struct dns_zone_t {
    const char *name;
    dns_zone_e kind;
    const char *records;
} dns_zone_t;

/** A server. */
typedef struct dns_server_t dns_server_t;

/** Start a server for @a zones (up to one without name), which ends with
 *  @a pool. Ends the test if it cannot. */
dns_server_t *dns_server_start(const dns_zone_t *zones, apr_pool_t *pool);

/** Return its address as smtpc_client_set_dane_resolver() takes it. */
const char *dns_server_address(const dns_server_t *server);

/** Return the file of keys that a validating resolver has to trust. */
const char *dns_server_anchor(const dns_server_t *server);

/** End @a server at once: nobody answers any more. */
void dns_server_stop(dns_server_t *server);

#endif
