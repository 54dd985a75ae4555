/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_HOSTNAME_H
#define SMTPC_BASE_HOSTNAME_H

/**
 * @file hostname.h
 * Host names in their ASCII form: what is one, and which is ours.
 */

#include <smtpclient/status.h>

/** Return non-zero if @a len bytes at @a name are a domain name: labels of
 *  letters, digits, '-' and '_' that neither begin nor end with '-', of 1 to
 *  63 bytes, SMTPC_LIMIT_DOMAIN in all, the last one not a number. */
int smtpc__hostname_valid(const char *name, apr_size_t len);

/** Return 4 or 6 if @a text is an IPv4 or IPv6 address in its usual notation
 *  (no brackets, no zone), else 0. */
int smtpc__ip_version(const char *text);

/** Return non-zero if @a text is an address literal of RFC 5321 4.1.3 with an
 *  IP address: "[192.0.2.1]" or "[IPv6:2001:db8::1]". */
int smtpc__is_ip_literal(const char *text);

/** Return the name of this machine in @a pool: the full one if the host name
 *  or /etc/hosts has it (DNS is not asked), else the short one, else
 *  "[127.0.0.1]". */
const char *smtpc__hostname_system(apr_pool_t *pool);

/** As smtpc__hostname_system(), with @a short_name and the hosts file
 *  @a hosts_path instead of the system's. */
const char *smtpc__hostname_qualify(const char *short_name,
                                    const char *hosts_path,
                                    apr_pool_t *pool);

#endif
