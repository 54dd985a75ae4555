/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_tls.c: what TLS has to be like for a client. Checked when it is set,
 * as in client_settings.c: a wrong path at once; what is in the files,
 * smtpc_client_check() tells.
 */

#include "client/client_int.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/hostname.h"
#include "net/dane_lookup.h"
#include "net/tls.h"
#include "net/tls_dane.h"
#include "net/tls_pin.h"

/** A list of ciphers, suites or groups; all of OpenSSL's have 5 KiB. */
#define LIST_MAX 8192
/** A list of pins or TLSA records with whole certificates in it. */
#define RECORDS_MAX 65536

/* See that path, the file (or directory) called what, is one and can be
 * read. What is in it is read with the first connection, once for all
 * clients. */
static apr_status_t check_readable(smtpc_client_t *client, const char *what,
                                   const char *path, int directory)
{
    struct stat info;
    char why[160];

    if (!path) {
        return APR_SUCCESS;
    }
    if (access(path, R_OK) != 0 || stat(path, &info) != 0) {
        return smtpc__client_fail(client, SMTPC_EARG, "%s %s cannot be read: "
                                  "%s", what,
                                  smtpc__client_quoted(client, path),
                                  apr_strerror(errno, why, sizeof(why)));
    }
    if (!S_ISDIR(info.st_mode) == !!directory) {
        return smtpc__client_fail(client, SMTPC_EARG, "%s %s is %s directory",
                                  what, smtpc__client_quoted(client, path),
                                  directory ? "no" : "a");
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_client_set_ca_file(smtpc_client_t *client,
                                                     const char *path)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_readable(client, "the CA file", path, 0);
    if (rv == APR_SUCCESS) {
        client->draft.ca_file = smtpc__client_keep(client, SMTPC_TEXT_CA_FILE,
                                                   path);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_ca_directory(smtpc_client_t *client, const char *path)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_readable(client, "the CA directory", path, 1);
    if (rv == APR_SUCCESS) {
        client->draft.ca_directory =
            smtpc__client_keep(client, SMTPC_TEXT_CA_DIRECTORY, path);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_client_certificate(smtpc_client_t *client,
                                    const char *certificate, const char *key)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (key && !certificate) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "a key without a client "
                                "certificate");
    }
    if (rv == APR_SUCCESS) {
        rv = check_readable(client, "the client certificate", certificate,
                            0);
    }
    if (rv == APR_SUCCESS) {
        rv = check_readable(client, "the client certificate's key", key, 0);
    }
    if (rv == APR_SUCCESS) {
        client->draft.certificate =
            smtpc__client_keep(client, SMTPC_TEXT_CERTIFICATE, certificate);
        client->draft.certificate_key =
            smtpc__client_keep(client, SMTPC_TEXT_CERTIFICATE_KEY, key);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_verify_name(smtpc_client_t *client, const char *name)
{
    const char *normal;
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__client_check_name(&normal, client, name);
    if (rv == APR_SUCCESS) {
        client->verify_name = smtpc__client_keep(client, SMTPC_TEXT_VERIFY,
                                                 name);
        client->draft.verify_name =
            smtpc__client_keep(client, SMTPC_TEXT_VERIFY_NAME, normal);
    }
    return smtpc__client_profile_end(client, rv);
}

/* How TLS is spoken. */

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_tls_version(smtpc_client_t *client,
                             smtpc_tls_version_e version)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((unsigned int)version > SMTPC_TLS_1_3) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "%d is not a value of "
                                "smtpc_tls_version_e", (int)version);
    }
    else {
        client->draft.tls_version = version;
    }
    return smtpc__client_profile_end(client, rv);
}

/* See that a list, called what, is text, and something is left of it. */
static apr_status_t check_list(smtpc_client_t *client, const char *what,
                               const char *list,
                               const smtpc_tls_policy_t *policy)
{
    const char *why = "";

    if (!list) {
        return APR_SUCCESS;
    }
    if (!smtpc__client_text_valid(list, LIST_MAX)) {
        return smtpc__client_fail(client, SMTPC_EARG, "the list of %s is "
                                  "empty, too long, not UTF-8 or has control "
                                  "characters", what);
    }
    if (smtpc__tls_check(&why, policy, client->scratch) != APR_SUCCESS) {
        return smtpc__client_fail(client, SMTPC_EARG, "%s", why);
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_client_set_ciphers(smtpc_client_t *client,
                                                     const char *list)
{
    smtpc_tls_policy_t policy = { .ciphers = list };
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_list(client, "TLS 1.2 ciphers", list, &policy);
    if (rv == APR_SUCCESS) {
        client->draft.ciphers = smtpc__client_keep(client, SMTPC_TEXT_CIPHERS,
                                                   list);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_cipher_suites(smtpc_client_t *client, const char *list)
{
    smtpc_tls_policy_t policy = { .suites = list };
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_list(client, "TLS 1.3 cipher suites", list, &policy);
    if (rv == APR_SUCCESS) {
        client->draft.cipher_suites =
            smtpc__client_keep(client, SMTPC_TEXT_CIPHER_SUITES, list);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_set_groups(smtpc_client_t *client,
                                                    const char *list)
{
    smtpc_tls_policy_t policy = { .groups = list };
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_list(client, "groups", list, &policy);
    if (rv == APR_SUCCESS) {
        client->draft.groups = smtpc__client_keep(client, SMTPC_TEXT_GROUPS,
                                                  list);
    }
    return smtpc__client_profile_end(client, rv);
}

/* Which key. */

SMTPC_DECLARE(apr_status_t) smtpc_client_set_crl_file(smtpc_client_t *client,
                                                      const char *path)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_readable(client, "the CRL file", path, 0);
    if (rv == APR_SUCCESS) {
        client->draft.crl_file =
            smtpc__client_keep(client, SMTPC_TEXT_CRL_FILE, path);
    }
    return smtpc__client_profile_end(client, rv);
}

/** Makes the normal form of a list. */
typedef apr_status_t (*parse_fn_t)(const char **normal, const char **why,
                                   const char *text, apr_pool_t *pool);

/* Set *normal to the normal form of text, NULL for NULL. */
static apr_status_t parse_list(const char **normal, smtpc_client_t *client,
                               const char *text, parse_fn_t parse)
{
    const char *why = "a list is too long, not UTF-8 or has control "
                      "characters";

    *normal = NULL;
    if (!text || (smtpc__client_text_valid(text, RECORDS_MAX)
                  && parse(normal, &why, text, client->scratch)
                         == APR_SUCCESS)) {
        return APR_SUCCESS;
    }
    return smtpc__client_fail(client, SMTPC_EARG, "%s", why);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_set_pins(smtpc_client_t *client,
                                                  const char *pins)
{
    const char *normal;
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = parse_list(&normal, client, pins, smtpc__tls_pins_parse);
    if (rv == APR_SUCCESS) {
        client->draft.pins = smtpc__client_keep(client, SMTPC_TEXT_PINS,
                                                normal);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_tlsa_records(smtpc_client_t *client, const char *records)
{
    const char *normal;
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = parse_list(&normal, client, records, smtpc__tlsa_parse);
    if (rv == APR_SUCCESS) {
        client->draft.tlsa = smtpc__client_keep(client, SMTPC_TEXT_TLSA,
                                                normal);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_set_dane(smtpc_client_t *client,
                                                  smtpc_dane_e dane)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((unsigned int)dane > SMTPC_DANE_REQUIRED) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "%d is not a value of "
                                "smtpc_dane_e", (int)dane);
    }
    else if (dane != SMTPC_DANE_OFF && !smtpc__dane_is_built()) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "this library was built "
                                "without libunbound: give TLSA records in "
                                "the settings, or set DANE off");
    }
    else {
        client->draft.dane = dane;
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_dane_anchor(smtpc_client_t *client, const char *path)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_readable(client, "the trust anchor", path, 0);
    if (rv == APR_SUCCESS) {
        client->draft.dane_anchor =
            smtpc__client_keep(client, SMTPC_TEXT_DANE_ANCHOR, path);
    }
    return smtpc__client_profile_end(client, rv);
}

/* Whether text is an IP address, and perhaps "@" and a port. */
static int is_resolver(const char *text, apr_pool_t *pool)
{
    char *address = apr_pstrdup(pool, text);
    char *at = strchr(address, '@');
    apr_int64_t port = 53;

    if (at) {
        *at++ = '\0';
        port = strlen(at) <= 5 && strspn(at, "0123456789") == strlen(at)
                   ? apr_atoi64(at) : 0;
    }
    return smtpc__ip_version(address) && port > 0 && port <= 65535;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_dane_resolver(smtpc_client_t *client, const char *address)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (address && !is_resolver(address, client->scratch)) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "\"%s\" is not the "
                                "address of a name server: write an IP "
                                "address, and @ and a port behind it if that "
                                "is not 53",
                                smtpc__client_quoted(client, address));
    }
    else {
        client->draft.dane_resolver =
            smtpc__client_keep(client, SMTPC_TEXT_DANE_RESOLVER, address);
    }
    return smtpc__client_profile_end(client, rv);
}

/* Reading back. */

SMTPC_DECLARE(smtpc_tls_version_e)
smtpc_client_tls_version(const smtpc_client_t *client)
{
    return client->draft.tls_version;
}

SMTPC_DECLARE(const char *) smtpc_client_ciphers(const smtpc_client_t *client)
{
    return client->draft.ciphers;
}

SMTPC_DECLARE(const char *)
smtpc_client_cipher_suites(const smtpc_client_t *client)
{
    return client->draft.cipher_suites;
}

SMTPC_DECLARE(const char *) smtpc_client_groups(const smtpc_client_t *client)
{
    return client->draft.groups;
}

SMTPC_DECLARE(const char *)
smtpc_client_crl_file(const smtpc_client_t *client)
{
    return client->draft.crl_file;
}

SMTPC_DECLARE(const char *) smtpc_client_pins(const smtpc_client_t *client)
{
    return client->draft.pins;
}

SMTPC_DECLARE(const char *)
smtpc_client_tlsa_records(const smtpc_client_t *client)
{
    return client->draft.tlsa;
}

SMTPC_DECLARE(smtpc_dane_e) smtpc_client_dane(const smtpc_client_t *client)
{
    return client->draft.dane;
}

SMTPC_DECLARE(const char *)
smtpc_client_dane_anchor(const smtpc_client_t *client)
{
    return client->draft.dane_anchor;
}

SMTPC_DECLARE(const char *)
smtpc_client_dane_resolver(const smtpc_client_t *client)
{
    return client->draft.dane_resolver;
}


SMTPC_DECLARE(const char *) smtpc_client_ca_file(const smtpc_client_t *client)
{
    return client->draft.ca_file;
}

SMTPC_DECLARE(const char *)
smtpc_client_ca_directory(const smtpc_client_t *client)
{
    return client->draft.ca_directory;
}

SMTPC_DECLARE(const char *)
smtpc_client_verify_name(const smtpc_client_t *client)
{
    return client->verify_name;
}

SMTPC_DECLARE(const char *)
smtpc_client_client_certificate(const smtpc_client_t *client)
{
    return client->draft.certificate;
}
