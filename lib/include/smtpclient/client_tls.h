/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_TLS_H
#define SMTPC_CLIENT_TLS_H

/**
 * @file client_tls.h
 * How a client speaks TLS, and which keys a server may have; client.h has the
 * certificate authorities and the rest that most need.
 *
 * The setters return what those of client.h do, and what they say. Strings
 * are copied. What was set is read back below; the strings live until the
 * next setter of the same name.
 */

#include <smtpclient/client.h>
#include <smtpclient/security.h>

SMTPC_BEGIN_DECLS

/** Speak TLS of @a version or newer; SMTPC_TLS_1_2 at first. There is no
 *  value for anything older: RFC 8996. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_tls_version(smtpc_client_t *client,
                             smtpc_tls_version_e version)
    SMTPC_WARN_UNUSED;

/** Offer, with TLS 1.2, the ciphers in @a list, as OpenSSL's ciphers(1) has
 *  it; NULL: OpenSSL's own. What is too weak is left out in any case: keys
 *  below 112 bits of strength, SHA-1, suites without a certificate.
 *  @return also SMTPC_EARG  nothing is left @since 0.2 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_ciphers(smtpc_client_t *client,
                                                     const char *list)
    SMTPC_WARN_UNUSED;

/** Offer, with TLS 1.3, the suites in @a list, separated by colons, such as
 *  "TLS_AES_256_GCM_SHA384"; NULL: OpenSSL's own. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_cipher_suites(smtpc_client_t *client, const char *list)
    SMTPC_WARN_UNUSED;

/** Agree on keys in the groups in @a list, separated by colons, best first,
 *  such as "X25519:P-256"; NULL: OpenSSL's own. @since 0.2 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_groups(smtpc_client_t *client,
                                                    const char *list)
    SMTPC_WARN_UNUSED;

/**
 * Refuse certificates that are revoked in the PEM file @a path, which has to
 * have a list of each authority of the server's chain that is not out of date;
 * NULL: no certificate is. The file is read again when it was changed.
 * RFC 5280 5. @since 0.2
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_crl_file(smtpc_client_t *client,
                                                      const char *path)
    SMTPC_WARN_UNUSED;

/**
 * Accept only servers whose public key is one of @a pins, besides all else
 * that is required of a certificate; NULL: any key. A pin is "sha256//" and
 * the base64 of the SHA-256 of the SubjectPublicKeyInfo, or that in
 * hexadecimal digits; several, up to 16, are separated by blanks. Name the
 * next key before the server gets it. A failure says which key was seen. TLS
 * is required then, see smtpc_client_set_security(). RFC 7469 2.4.
 *
 * @return also SMTPC_EARG  something is no pin
 * @since 0.2
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_pins(smtpc_client_t *client,
                                                  const char *pins)
    SMTPC_WARN_UNUSED;

/**
 * Accept only servers that the TLSA records @a records are for; NULL: there
 * are none. A record is "usage selector type hex" as in a zone file, such as
 * "3 1 1 b111..."; several, up to 32, are separated by commas. Usages are 2
 * (an authority that the server sends) and 3 (the server's own certificate,
 * whatever its names and dates). They take the place of certificate
 * authorities, and nothing is looked up. TLS is required then, see
 * smtpc_client_set_security(). RFC 6698, RFC 7672 3.
 *
 * @return also SMTPC_EARG  something is no record, or of no use for mail
 * @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_tlsa_records(smtpc_client_t *client, const char *records)
    SMTPC_WARN_UNUSED;

/**
 * Look up TLSA records of _port._tcp.host, as @a dane says; SMTPC_DANE_OFF at
 * first. Only answers that DNSSEC vouches for count. The host is that of the
 * client, or the verify name if there is one. RFC 7672 2:
 *
 * - Records that can be used: TLS is required, whatever the security says,
 *   and they alone say which certificate is good.
 * - Records, but none of use: TLS is required, whatever the security says;
 *   the certificate is verified as the security says.
 * - No records, or the zone is not signed: as the security says;
 *   SMTPC_ETLS with SMTPC_DANE_REQUIRED.
 * - No answer, or one that DNSSEC rejects: SMTPC_ETEMP; nothing is sent.
 *
 * @return also SMTPC_EARG  built without libunbound
 * @since 0.2
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_dane(smtpc_client_t *client,
                                                  smtpc_dane_e dane)
    SMTPC_WARN_UNUSED;

/** Trust the DNSSEC keys in the file @a path, DS or DNSKEY records as in a
 *  zone file; NULL: the root's, where this system has them. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_dane_anchor(smtpc_client_t *client, const char *path)
    SMTPC_WARN_UNUSED;

/** Ask the name server at @a address, an IP address and "@port" behind it if
 *  that is not 53, for TLSA records; NULL: those of /etc/resolv.conf.
 *  @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_dane_resolver(smtpc_client_t *client, const char *address)
    SMTPC_WARN_UNUSED;

/** Return the oldest version of TLS that is spoken. */
SMTPC_DECLARE(smtpc_tls_version_e)
smtpc_client_tls_version(const smtpc_client_t *client);
/** Return the ciphers of TLS 1.2, or NULL. */
SMTPC_DECLARE(const char *) smtpc_client_ciphers(const smtpc_client_t *client);
/** Return the cipher suites of TLS 1.3, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_cipher_suites(const smtpc_client_t *client);
/** Return the groups, or NULL. */
SMTPC_DECLARE(const char *) smtpc_client_groups(const smtpc_client_t *client);
/** Return the CRL file, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_crl_file(const smtpc_client_t *client);
/** Return the pins, "sha256//" and base64 separated by blanks, or NULL. */
SMTPC_DECLARE(const char *) smtpc_client_pins(const smtpc_client_t *client);
/** Return the TLSA records that were set, separated by ", ", or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_tlsa_records(const smtpc_client_t *client);
/** Return whether TLSA records are looked up. */
SMTPC_DECLARE(smtpc_dane_e) smtpc_client_dane(const smtpc_client_t *client);
/** Return the file of DNSSEC keys, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_dane_anchor(const smtpc_client_t *client);
/** Return the name server for TLSA records, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_dane_resolver(const smtpc_client_t *client);

SMTPC_END_DECLS

#endif
