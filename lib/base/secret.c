/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.c: one secret in memory, and scratch memory that is wiped.
 *
 * A secret is in pages of its own: not in core dumps, not swapped out where
 * the limit on locked memory allows it, wiped with its pool. Bytes read from
 * a file or program go straight there. A forked child inherits the pages,
 * because httpd loads before it forks. How a reference is resolved is
 * secret_load.c's.
 */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

#include <apr_errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/digest.h"
#include "base/secret_store.h"

struct smtpc_secret_t {
    char *data;
    apr_size_t len;
    apr_size_t mapped;
};

void smtpc__wipe(void *data, apr_size_t len)
{
    OPENSSL_cleanse(data, len);
}

/* Memory of a pool to be wiped. */
typedef struct wiped_t {
    void *data;
    apr_size_t len;
} wiped_t;

static apr_status_t wipe_cleanup(void *data)
{
    wiped_t *wiped = data;

    smtpc__wipe(wiped->data, wiped->len);
    return APR_SUCCESS;
}

void *smtpc__wiped_alloc(apr_pool_t *pool, apr_size_t len)
{
    wiped_t *wiped = apr_palloc(pool, sizeof(*wiped));

    wiped->data = apr_pcalloc(pool, len);
    wiped->len = len;
    apr_pool_cleanup_register(pool, wiped, wipe_cleanup,
                              apr_pool_cleanup_null);
    return wiped->data;
}

static apr_status_t unmap_cleanup(void *data)
{
    smtpc_secret_t *secret = data;

    smtpc__wipe(secret->data, secret->mapped);
    munmap(secret->data, secret->mapped);
    secret->data = NULL;
    return APR_SUCCESS;
}

apr_status_t smtpc__secret_create(smtpc_secret_t **secret, char **room,
                                  apr_size_t size, apr_pool_t *pool)
{
    apr_size_t page = (apr_size_t)sysconf(_SC_PAGESIZE);
    smtpc_secret_t *made = apr_pcalloc(pool, sizeof(*made));

    made->mapped = (size + 1 + page - 1) / page * page;
    made->data = mmap(NULL, made->mapped, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made->data == MAP_FAILED) {
        return APR_ENOMEM; /* nothing else can be wrong with these pages */
    }
    /* Both are a second line of defence: not all systems grant them. */
#ifdef MADV_DONTDUMP
    (void)madvise(made->data, made->mapped, MADV_DONTDUMP);
#endif
    (void)mlock(made->data, made->mapped);
    apr_pool_cleanup_register(pool, made, unmap_cleanup,
                              apr_pool_cleanup_null);
    *secret = made;
    *room = made->data;
    return APR_SUCCESS;
}

apr_status_t smtpc__secret_copy(const smtpc_secret_t **copy,
                                const smtpc_secret_t *secret,
                                apr_pool_t *pool)
{
    smtpc_secret_t *made;
    char *room;
    apr_status_t rv = smtpc__secret_create(&made, &room, secret->len, pool);

    if (rv == APR_SUCCESS) {
        memcpy(room, secret->data, secret->len);
        made->len = secret->len;
        *copy = made;
    }
    return rv;
}

void smtpc__secret_set_length(smtpc_secret_t *secret, apr_size_t len)
{
    smtpc__wipe(secret->data + len, secret->mapped - len);
    secret->len = len;
}

void smtpc__secret_destroy(smtpc_secret_t *secret, apr_pool_t *pool)
{
    apr_pool_cleanup_run(pool, secret, unmap_cleanup);
}

const char *smtpc__secret_bytes(const smtpc_secret_t *secret,
                                apr_size_t *len)
{
    *len = secret->len;
    return secret->data;
}

/* Write to key 32 bytes that are the same throughout this process (and its
 * children) and, where the system gives a process random bytes at its start,
 * different in others. A key kept by us would be a mutable global. */
static void fingerprint_key(unsigned char key[32])
{
    static const char label[] = "libsmtpclient secret fingerprint";
    const unsigned char *seed = (const unsigned char *)label;
    apr_size_t seed_len = sizeof(label) - 1;
    unsigned int len = 32;

#ifdef AT_RANDOM
    if (getauxval(AT_RANDOM) != 0) {
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): what the system has */
        seed = (const unsigned char *)getauxval(AT_RANDOM);
        seed_len = 16;
    }
#endif
    HMAC(EVP_sha256(), label, sizeof(label) - 1, seed, seed_len, key, &len);
}

const char *smtpc__secret_fingerprint(const smtpc_secret_t *secret,
                                      apr_pool_t *pool)
{
    unsigned char key[32] = { 0 };
    unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
    unsigned int len = 0;

    fingerprint_key(key);
    HMAC(EVP_sha256(), key, sizeof(key), (const unsigned char *)secret->data,
         secret->len, digest, &len);
    smtpc__wipe(key, sizeof(key));
    return smtpc__hex(digest, len, pool);
}
