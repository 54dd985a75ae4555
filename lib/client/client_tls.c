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

/* Reading back. */

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
