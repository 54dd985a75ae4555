/* SPDX-License-Identifier: Apache-2.0 */
/* smime_test.c: which certificates and keys are taken, and what is said of
 * the others. */
#include <string.h>

#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../support/dkim_support.h"
#include "../support/smime_support.h"
#include "../tap/tap.h"
#include "base/limits.h"
#include "mime/smime_int.h"

#define DAY 86400
#define BOTH "digitalSignature,keyEncipherment"

static smtpc_message_t *message;

static const char *file_of(EVP_PKEY *key, long from, long to,
                           const char *usage, EVP_PKEY *with)
{
    return smime_support_file(smime_support_certificate(key, from, to, usage,
                                                        tap_pool()),
                              with, tap_pool());
}

static void said(apr_status_t rv, apr_status_t wanted, const char *words,
                 const char *what)
{
    tap_is_int(rv, wanted, "%s", what);
    tap_ok(strstr(smtpc_message_error(message), words) != NULL,
           "  says \"%s\": %s", words, smtpc_message_error(message));
}

static void signers(EVP_PKEY *rsa, EVP_PKEY *ed)
{
    const char *good = file_of(rsa, -DAY, DAY, BOTH, rsa);
    const char *apart = file_of(rsa, -DAY, DAY, BOTH, NULL);

    said(smtpc_message_set_smime_signer(message, "/no/such", NULL),
         APR_ENOENT, "cannot be opened", "no file");
    tap_is_int(smtpc_message_set_smime_cipher(message,
                                              SMTPC_SMIME_AES_256_CBC), 0,
               "a cipher");
    tap_ok(smtpc__smime_of(message) == NULL,
           "neither makes it an S/MIME message");
    tap_is_int(smtpc_message_set_smime_signer(message, good, NULL), 0,
               "certificate and key in one file: %s",
               smtpc_message_error(message));
    tap_ok(smtpc__smime_of(message) != NULL, "this does");
    tap_is_int(smtpc_message_set_smime_signer(
                   message, apart, dkim_support_reference(rsa, NULL,
                                                          tap_pool())), 0,
               "in two: %s", smtpc_message_error(message));
    said(smtpc_message_set_smime_signer(message, apart, NULL), SMTPC_EARG,
         "not a private key", "no key");
    said(smtpc_message_set_smime_signer(message, NULL, "file:/x"),
         SMTPC_EARG, "without a certificate", "no certificate");
    said(smtpc_message_set_smime_signer(
             message, apart, dkim_support_reference(ed, NULL, tap_pool())),
         SMTPC_EARG, "not that of the certificate", "another key");
    said(smtpc_message_set_smime_signer(
             message, file_of(rsa, -2 * DAY, -DAY, BOTH, rsa), NULL),
         SMTPC_EARG, "has expired", "too late");
    said(smtpc_message_set_smime_signer(
             message, file_of(rsa, DAY, 2 * DAY, BOTH, rsa), NULL),
         SMTPC_EARG, "not valid yet", "too early");
    said(smtpc_message_set_smime_signer(
             message, file_of(rsa, -DAY, DAY, "keyEncipherment", rsa), NULL),
         SMTPC_EARG, "not for S/MIME signatures", "for other things");
    tap_is_int(smtpc_message_set_smime_signer(message, NULL, NULL), 0,
               "none again");
    tap_ok(smtpc__smime_of(message) == NULL, "no S/MIME any more");
}

static void recipients(EVP_PKEY *rsa)
{
    const char *good = file_of(rsa, -DAY, DAY, BOTH, NULL);
    int i;

    said(smtpc_message_add_smime_recipient(message, "/nowhere/cert.pem"),
         APR_ENOENT, "/nowhere/cert.pem", "no file");
    said(smtpc_message_add_smime_recipient(message, ""), SMTPC_EARG,
         "cannot be opened", "no name");
    said(smtpc_message_add_smime_recipient(
             message, dkim_support_file("x\n", 0644, tap_pool())),
         SMTPC_EARG, "-----BEGIN CERTIFICATE-----", "no certificate");
    said(smtpc_message_add_smime_recipient(
             message, file_of(rsa, -2 * DAY, -DAY, BOTH, NULL)),
         SMTPC_EARG, "has expired", "too late");
    said(smtpc_message_add_smime_recipient(
             message, file_of(rsa, -DAY, DAY, "digitalSignature", NULL)),
         SMTPC_EARG, "not for S/MIME encryption", "for other things");
    for (i = 0; i < SMTPC_LIMIT_SMIME_RECIPIENTS; i++) {
        if (smtpc_message_add_smime_recipient(message, good) != APR_SUCCESS) {
            break;
        }
    }
    tap_is_int(i, SMTPC_LIMIT_SMIME_RECIPIENTS, "as many as allowed");
    said(smtpc_message_add_smime_recipient(message, good), SMTPC_ELIMIT,
         "at most 1000", "one more");
    tap_is_int(smtpc_message_add_smime_recipient(message, NULL), 0, "none");
    tap_is_int(smtpc_message_add_smime_recipient(message, good), 0, "again");
}

int main(void)
{
    EVP_PKEY *rsa = dkim_support_key(2048, tap_pool());

    if (smtpc_message_create(&message, tap_pool()) != APR_SUCCESS) {
        tap_bail("no message");
    }
    signers(rsa, dkim_support_key(0, tap_pool()));
    recipients(rsa);
    said(smtpc_message_set_smime_cipher(message, (smtpc_smime_cipher_e)9),
         SMTPC_EARG, "smtpc_smime_cipher_e", "no such cipher");
    tap_is_int(smtpc_message_set_smime_cipher(message,
                                              SMTPC_SMIME_AES_256_GCM), 0,
               "GCM");
    return tap_done();
}
