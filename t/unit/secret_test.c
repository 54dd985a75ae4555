/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret_test.c: the memory of a secret: wiped, not dumped, identifiable.
 */
#include "../tap/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <apr_strings.h>

#include "base/secret_store.h"

static smtpc_secret_t *make(const char *text, apr_pool_t *pool)
{
    smtpc_secret_t *secret;
    char *room;

    if (smtpc__secret_create(&secret, &room, 100, pool) != APR_SUCCESS) {
        tap_bail("no memory for a secret");
    }
    memcpy(room, text, strlen(text));
    smtpc__secret_set_length(secret, strlen(text));
    return secret;
}

static void content(void)
{
    apr_pool_t *pool;
    smtpc_secret_t *secret;
    char *room;
    apr_size_t len;

    apr_pool_create(&pool, tap_pool());
    tap_is_int(smtpc__secret_create(&secret, &room, 100, pool), APR_SUCCESS,
               "made");
    memcpy(room, "passwordand the next line", 25);
    smtpc__secret_set_length(secret, 8);
    tap_is_str(smtpc__secret_bytes(secret, &len), "password",
               "the bytes are terminated");
    tap_is_int(len, 8, "and counted");
    tap_is_mem(room + 8, 17, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 17,
               "what was read beyond is gone");
    apr_pool_destroy(pool);
}

/* Return non-zero if the mapping that holds address has the flag "dd" (do
 * not dump) in /proc/self/smaps, or if there is no such file. */
static int not_dumped(const void *address)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    char line[1024];
    int inside = 0;
    int found = -1;

    if (file == NULL) {
        return 1;
    }
    while (found < 0 && fgets(line, sizeof(line), file) != NULL) {
        unsigned long from;
        unsigned long to;

        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            inside = from <= (unsigned long)address
                     && (unsigned long)address < to;
        }
        else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            found = strstr(line, " dd") != NULL;
        }
    }
    fclose(file);
    return found;
}

static void protection(void)
{
    apr_pool_t *pool;
    const smtpc_secret_t *secret;
    const char *bytes;
    unsigned char resident;
    apr_size_t len;
    void *page;

    apr_pool_create(&pool, tap_pool());
    secret = make("hunter2", pool);
    bytes = smtpc__secret_bytes(secret, &len);
    page = (void *)((apr_uintptr_t)bytes & ~(apr_uintptr_t)4095);
    tap_is_int(not_dumped(bytes), 1, "the pages are left out of core dumps");
    tap_ok(page == bytes, "the secret has pages of its own");
    apr_pool_destroy(pool);
    tap_is_int(mincore(page, 4096, &resident), -1,
               "they are gone with the pool");
}

static void wiped(void)
{
    static const char zeros[32] = { 0 };
    char copy[32] = "secret";

    smtpc__wipe(copy, sizeof(copy));
    tap_is_mem(copy, sizeof(copy), zeros, sizeof(zeros), "wiped at once");
}

/* Reads the block when the pool's cleanups that were registered later have
 * run: those run last in, first out. */
static apr_status_t look(void *baton)
{
    char **watched = baton;

    tap_is_mem(watched[0], 6, "\0\0\0\0\0\0", 6,
               "scratch memory is wiped with its pool");
    return APR_SUCCESS;
}

static void wiped_with_pool(void)
{
    static char *watched[1];
    apr_pool_t *pool;

    apr_pool_create(&pool, tap_pool());
    apr_pool_cleanup_register(pool, watched, look, apr_pool_cleanup_null);
    watched[0] = smtpc__wiped_alloc(pool, 32);
    tap_is_mem(watched[0], 6, "\0\0\0\0\0\0", 6, "it is zeroed at first");
    memcpy(watched[0], "secret", 6);
    apr_pool_destroy(pool);
}

static void fingerprints(void)
{
    apr_pool_t *pool = tap_pool();
    const char *first = smtpc__secret_fingerprint(make("hunter2", pool),
                                                  pool);

    tap_is_int(strlen(first), 64, "a fingerprint has 64 characters");
    tap_is_int(strspn(first, "0123456789abcdef"), 64, "all hexadecimal");
    tap_is_str(smtpc__secret_fingerprint(make("hunter2", pool), pool), first,
               "equal secrets have equal fingerprints");
    tap_ok(strcmp(smtpc__secret_fingerprint(make("hunter3", pool), pool),
                  first)
               != 0,
           "others have others");
    tap_ok(strcmp(smtpc__secret_fingerprint(make("hunter", pool), pool),
                  first)
               != 0,
           "shorter ones too");
    /* echo -n hunter2 | sha256sum */
    tap_ok(strncmp(first, "f52fbd32b2b3b86ff88ef6c490628285", 32) != 0,
           "it is not the plain hash");
}

static void destroyed(void)
{
    apr_pool_t *pool;
    smtpc_secret_t *secret;

    apr_pool_create(&pool, tap_pool());
    secret = make("gone", pool);
    smtpc__secret_destroy(secret, pool);
    apr_pool_destroy(pool);
    tap_pass("a secret destroyed early is not destroyed twice");
}

int main(void)
{
    tap_pool();
    content();
    protection();
    wiped();
    wiped_with_pool();
    fingerprints();
    destroyed();
    return tap_done();
}
