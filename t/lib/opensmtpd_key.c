/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opensmtpd_key.c: makes OpenSMTPD 6.8.0p2 of Debian 12 able to do TLS, when
 * it is loaded before libcrypto. It marks the public key in a certificate, so
 * that the process that holds the private one signs in its stead. OpenSSL 3
 * gives it a copy to mark: "missing private key". Later versions put the copy
 * back, as is done here. OpenSMTPD issues 1171, 1239; its change 1208.
 */

#define OPENSSL_SUPPRESS_DEPRECATED
#define _GNU_SOURCE

#include <dlfcn.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

EC_KEY *EVP_PKEY_get1_EC_KEY(EVP_PKEY *pkey)
{
    void *symbol = dlsym(RTLD_NEXT, "EVP_PKEY_get1_EC_KEY");
    EC_KEY *(*original)(EVP_PKEY *);
    EC_KEY *key;

    memcpy(&original, &symbol, sizeof(original));
    key = original(pkey);
    if (key) {
        EVP_PKEY_set1_EC_KEY(pkey, key);
    }
    return key;
}
