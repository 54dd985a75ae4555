/* SPDX-License-Identifier: Apache-2.0 */
/* private_key_test.c: keys by reference, and what is said of wrong ones. */
#include <string.h>

#include <apr_strings.h>

#include "../support/dkim_support.h"
#include "../tap/tap.h"
#include "base/limits.h"
#include "mime/private_key.h"

static void refused(const char *what, const char *reference,
                    apr_status_t status, const char *said)
{
    EVP_PKEY *key = NULL;
    const char *why = "";

    tap_is_int(smtpc__private_key_load(&key, &why, reference, tap_pool()),
               status, "%s", what);
    tap_ok(key == NULL, "  no key");
    tap_ok(strstr(why, said) != NULL, "  says %s: %s", said, why);
    tap_ok(strstr(why, "MC4C") == NULL, "  but nothing of the key");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    EVP_PKEY *ed = dkim_support_key(0, pool);
    const char *good = dkim_support_reference(ed, NULL, pool);
    const char *why = "";
    EVP_PKEY *key = NULL;
    apr_pool_t *own;
    char *big = apr_palloc(pool, SMTPC_LIMIT_PRIVATE_KEY + 2);

    tap_is_int(smtpc__private_key_load(&key, &why, good, pool), 0, "file: %s",
               why);
    tap_is_int(EVP_PKEY_eq(key, ed), 1, "the key that was written");
    tap_is_int(smtpc__private_key_load(
                   &key, &why,
                   apr_pstrcat(pool, "exec:/bin/cat ", good + 5, NULL), pool),
               0, "exec: %s", why);
    tap_is_int(EVP_PKEY_eq(key, ed), 1, "the same");
    apr_pool_create(&own, pool);
    tap_is_int(smtpc__private_key_load(&key, &why, good, own), 0, "again");
    apr_pool_destroy(own);

    refused("no file", "file:/nowhere/key.pem", APR_ENOENT, "/nowhere/key");
    refused("no path", "file:", SMTPC_EARG, "file:/path");
    refused("nothing", "", SMTPC_EARG, "empty");
    refused("NULL", NULL, SMTPC_EARG, "empty");
    refused("no PEM",
            apr_pstrcat(pool, "file:", dkim_support_file("x\n", 0600, pool),
                        NULL), SMTPC_EARG, "-----BEGIN PRIVATE KEY-----");
    refused("cut", apr_pstrcat(pool, "file:", dkim_support_file(
                "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ\n", 0600, pool),
                NULL), SMTPC_EARG, "not a private key");
    refused("open to all",
            apr_pstrcat(pool, "file:", dkim_support_file("x\n", 0644, pool),
                        NULL), SMTPC_EARG, "chmod o-rwx");
    refused("with a pass phrase", dkim_support_reference(ed, "secret", pool),
            SMTPC_EARG, "openssl pkey");
    memset(big, '\n', SMTPC_LIMIT_PRIVATE_KEY + 1);
    big[SMTPC_LIMIT_PRIVATE_KEY + 1] = '\0';
    refused("over the limit",
            apr_pstrcat(pool, "file:", dkim_support_file(big, 0600, pool),
                        NULL), SMTPC_EARG, "more than 32768");
    big[SMTPC_LIMIT_PRIVATE_KEY] = '\0';
    refused("at the limit",
            apr_pstrcat(pool, "file:", dkim_support_file(big, 0600, pool),
                        NULL), SMTPC_EARG, "not a private key");
    return tap_done();
}
