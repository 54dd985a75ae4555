/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TLS_PIN_H
#define SMTPC_NET_TLS_PIN_H

/**
 * @file tls_pin.h
 * Public keys that a server may have: the SHA-256 of SubjectPublicKeyInfo, as
 * RFC 7469 2.4 has it. A list of pins in normal form is "sha256//BASE64"
 * separated by single blanks.
 */

#include <smtpclient/status.h>

struct x509_st; /* X509 of OpenSSL */

/** "sha256//", 44 characters of base64, a terminator. */
#define SMTPC_TLS_PIN_SIZE 53

/**
 * Set @a *normal in @a pool to the normal form of @a text: pins separated by
 * blanks, commas or semicolons, each "sha256//" and base64, or 64 hexadecimal
 * digits with or without colons. On failure @a *why is one sentence.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG  something is no pin, or there is none, or more than
 *                     SMTPC_LIMIT_TLS_PINS
 */
apr_status_t smtpc__tls_pins_parse(const char **normal, const char **why,
                                   const char *text, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Write the pin of the key of @a certificate to @a pin, of
 *  SMTPC_TLS_PIN_SIZE; "" if that cannot be told. */
void smtpc__tls_pin_of(char *pin, const struct x509_st *certificate);

/** Return non-zero if @a pin is among @a pins, in normal form. */
int smtpc__tls_pins_have(const char *pins, const char *pin);

#endif
