/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.c: domains, address literals and configured hosts in normal form.
 *
 * Whatever goes in, what comes out in the ASCII form is letters, digits, '-',
 * '_' and dots, or an IP address: it is checked after the conversion by
 * libidn2 (TR46, non-transitional), not before. No name is looked up.
 * RFC 5321 2.3.5, 4.1.3, RFC 5890, RFC 5891.
 */

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>
#include <idn2.h>

#include "base/codec.h"
#include "base/hostname.h"
#include "base/limits.h"
#include "model/address_int.h"
#include "model/host.h"

/* A domain of this many bytes of UTF-8 cannot have an A-label form within
 * SMTPC_LIMIT_DOMAIN: four bytes at most become at least one. */
#define UNICODE_MAX (4 * SMTPC_LIMIT_DOMAIN)

static const char no_memory[] = "cannot be converted: out of memory";

/* The tag of an IPv6 literal. */
static const char ipv6_tag[] = "IPv6:";

/* Return a copy of text in pool with its ASCII letters in lower case. */
static char *lower(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text);
    char *c;

    for (c = copy; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c = (char)(*c - 'A' + 'a');
        }
    }
    return copy;
}

/* Set ascii to the A-label form of the UTF-8 domain text. */
static apr_status_t to_ascii(const char **ascii, const char **why,
                             const char *text, apr_pool_t *pool)
{
    char *converted;
    int rc;

    rc = idn2_to_ascii_8z(text, &converted,
                          IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc == IDN2_OK) {
        *ascii = lower(converted, pool);
        idn2_free(converted);
        return APR_SUCCESS;
    }
    if (rc == IDN2_MALLOC) {
        *why = no_memory;
        return APR_ENOMEM;
    }
    *why = apr_psprintf(pool, "is not an international domain name: %s",
                        idn2_strerror(rc));
    return rc == IDN2_TOO_BIG_DOMAIN ? SMTPC_ELIMIT : SMTPC_EARG;
}

/* Set *unicode to the U-label form of ascii if it has A-labels that stand for
 * one, or to ascii itself. Fails only for want of memory. */
static apr_status_t to_unicode(const char **unicode, const char **why,
                               const char *ascii, apr_pool_t *pool)
{
    const char *back = NULL;
    const char *ignored;
    const char *made;
    char *converted;
    apr_status_t rv;
    int rc;

    *unicode = ascii;
    if (strstr(ascii, "xn--") == NULL) {
        return APR_SUCCESS;
    }
    rc = idn2_to_unicode_8z8z(ascii, &converted, 0);
    rv = rc == IDN2_MALLOC ? APR_ENOMEM : APR_SUCCESS;
    if (rc == IDN2_OK) {
        made = apr_pstrdup(pool, converted);
        idn2_free(converted);
        /* "xn--" text that is no A-label must not gain a second spelling. */
        if (smtpc__utf8_valid(made, strlen(made))) {
            rv = to_ascii(&back, &ignored, made, pool);
        }
        if (back != NULL && strcmp(back, ascii) == 0) {
            *unicode = made;
        }
    }
    if (rv != APR_ENOMEM) {
        return APR_SUCCESS;
    }
    *why = no_memory;
    return rv;
}

apr_status_t smtpc__domain_normal(smtpc__domain_t *domain, const char **why,
                                  const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    const char *ascii;
    apr_status_t rv;

    if (len > UNICODE_MAX) {
        *why = "is too long";
        return SMTPC_ELIMIT;
    }
    if (smtpc__is_ascii(text, len)) {
        ascii = lower(text, pool);
    }
    else {
        rv = to_ascii(&ascii, why, text, pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (strlen(ascii) > SMTPC_LIMIT_DOMAIN) {
        *why = "is longer than 255 bytes";
        return SMTPC_ELIMIT;
    }
    if (smtpc__ip_version(ascii) == 4) {
        *why = "is an address: write it in brackets, [192.0.2.1]";
        return SMTPC_EARG;
    }
    if (!smtpc__hostname_valid(ascii, strlen(ascii))) {
        *why = "is not a domain name: labels of 1 to 63 letters, digits and "
               "hyphens with single dots between them";
        return SMTPC_EARG;
    }
    domain->ascii = ascii;
    return to_unicode(&domain->unicode, why, ascii, pool);
}

/* Return the IP address text in its shortest notation, or NULL if it is not
 * one of version. */
static const char *ip_normal(const char *text, int version, apr_pool_t *pool)
{
    int family = version == 4 ? AF_INET : AF_INET6;
    unsigned char address[sizeof(struct in6_addr)];
    char normal[INET6_ADDRSTRLEN];

    if (inet_pton(family, text, address) != 1
        || inet_ntop(family, address, normal, sizeof(normal)) == NULL) {
        return NULL;
    }
    return apr_pstrdup(pool, normal);
}

/* Return non-zero if content may stand between the brackets of a literal
 * that is not an IP address. RFC 5321 4.1.3 would take all but the brackets
 * and the backslash; what ends a path or an address for a reader who does
 * not know of literals, and encoded-words, are of use to attackers only. */
static int literal_text_valid(const char *content)
{
    const char *c;

    if (strstr(content, "=?") != NULL) {
        return 0;
    }
    for (c = content; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7F || strchr("[]\\<>()\",;@", *c) != NULL) {
            return 0;
        }
    }
    /* Digits and dots can only be an address that went wrong. */
    return *content != '\0' && content[strspn(content, "0123456789.")] != '\0';
}

apr_status_t smtpc__literal_normal(smtpc__domain_t *domain, const char **why,
                                   const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    const char *content = apr_pstrmemdup(pool, text + 1, len - 2);
    const char *ip;

    if (len > SMTPC_LIMIT_DOMAIN) {
        *why = "is longer than 255 bytes";
        return SMTPC_ELIMIT;
    }
    if (strncasecmp(content, ipv6_tag, sizeof(ipv6_tag) - 1) == 0) {
        ip = ip_normal(content + sizeof(ipv6_tag) - 1, 6, pool);
        if (ip == NULL) {
            *why = "is not an IPv6 address";
            return SMTPC_EARG;
        }
        domain->ascii = apr_pstrcat(pool, "[", ipv6_tag, ip, "]", NULL);
    }
    else if ((ip = ip_normal(content, 4, pool)) != NULL) {
        domain->ascii = apr_pstrcat(pool, "[", ip, "]", NULL);
    }
    else if (literal_text_valid(content)) {
        domain->ascii = apr_pstrdup(pool, text);
    }
    else {
        *why = "is not an address literal such as [192.0.2.1] or "
               "[IPv6:2001:db8::1]";
        return SMTPC_EARG;
    }
    domain->unicode = domain->ascii;
    return APR_SUCCESS;
}

/* Return the text between the brackets of host, without "IPv6:", or host
 * itself if it has none. */
static const char *without_brackets(const char *host, apr_pool_t *pool)
{
    apr_size_t len = strlen(host);

    if (len < 2 || host[0] != '[' || host[len - 1] != ']') {
        return host;
    }
    host = apr_pstrmemdup(pool, host + 1, len - 2);
    if (strncasecmp(host, ipv6_tag, sizeof(ipv6_tag) - 1) == 0) {
        host += sizeof(ipv6_tag) - 1;
        return smtpc__ip_version(host) == 6 ? host : "";
    }
    return smtpc__ip_version(host) != 0 ? host : "";
}

apr_status_t smtpc__host_check(const char **normal, const char *host,
                               apr_pool_t *pool)
{
    smtpc__domain_t domain;
    const char *ignored;
    int version;
    apr_size_t len;
    apr_status_t rv;

    if (host == NULL || strlen(host) > UNICODE_MAX
        || !smtpc__utf8_valid(host, strlen(host))) {
        return SMTPC_EARG;
    }
    host = without_brackets(host, pool);
    version = smtpc__ip_version(host);
    if (version != 0) {
        *normal = ip_normal(host, version, pool);
        return APR_SUCCESS;
    }
    /* The dot that ends an absolute name is for resolvers; certificates and
     * SNI are without it. */
    len = strlen(host);
    if (len > 1 && host[len - 1] == '.') {
        host = apr_pstrmemdup(pool, host, len - 1);
    }
    rv = smtpc__domain_normal(&domain, &ignored, host, pool);
    if (rv != APR_SUCCESS) {
        return rv == APR_ENOMEM ? rv : SMTPC_EARG;
    }
    *normal = domain.ascii;
    return APR_SUCCESS;
}
