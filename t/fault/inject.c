/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject.c: which call is the n-th, and who made it.
 */

#include "inject.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "../tap/tap.h"

/** Segments of code that are looked at. */
#define SEGMENTS_MAX 64

/* Who makes calls. */
typedef struct segment_t {
    uintptr_t start;
    uintptr_t end;
    int memory;  /* what it allocates counts, too */
    int openssl; /* it is OpenSSL */
} segment_t;

static segment_t segments[SEGMENTS_MAX];
static int segment_count;

static atomic_int active;
static pid_t process;
static atomic_ulong count;
static unsigned long target;
static unsigned int target_way;
/* Written by the one call that is the n-th. */
static inject_hit_t hit;

static unsigned int one_in; /* of OpenSSL's memory counts, 0: all of it */
static atomic_uint asked;   /* by OpenSSL for memory */

static __thread int watched;
static __thread int paused; /* for a moment nothing counts */

/* The program itself has no name here. Expat's memory is like a pool's: where
 * there is none, apr_xml_parser_create() calls the function that a pool has
 * for that, whether it has one or not. */
static const struct {
    const char *name;
    int memory;
} counted[] = {
    { "libapr-1.so", 0 },    { "libaprutil-1.so", 0 },
    { "libssl.so", 1 },      { "libcrypto.so", 1 },
    { "libgsasl.so", 1 },    { "libidn2.so", 1 },
    { "libunistring.so", 1 }, { "libexpat.so", 0 },
};

/* Return 1 or 0 for memory of what is called name, or -1 if it is not
 * counted at all. */
static int counts(const char *name)
{
    size_t i;

    if (*name == '\0') {
        return 1;
    }
    for (i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
        if (strstr(name, counted[i].name)) {
            return counted[i].memory;
        }
    }
    return -1;
}

static int is_openssl(const char *name)
{
    return strstr(name, "libssl.so") || strstr(name, "libcrypto.so");
}

static int note_object(struct dl_phdr_info *object, size_t size, void *data)
{
    int memory = counts(object->dlpi_name);
    int i;

    (void)size;
    (void)data;
    for (i = 0; memory >= 0 && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];

        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) {
            continue;
        }
        if (segment_count == SEGMENTS_MAX) {
            return 1;
        }
        segments[segment_count].start = object->dlpi_addr + part->p_vaddr;
        segments[segment_count].end
            = object->dlpi_addr + part->p_vaddr + part->p_memsz;
        segments[segment_count].openssl = is_openssl(object->dlpi_name);
        segments[segment_count++].memory = memory;
    }
    return 0;
}

/* The segment that the code of caller is in, or NULL if that is not
 * counted. */
static const segment_t *find_segment(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    int i;

    for (i = 0; i < segment_count; i++) {
        if (at >= segments[i].start && at < segments[i].end) {
            return &segments[i];
        }
    }
    return NULL;
}

void inject_start(unsigned long n, unsigned int way)
{
    static const inject_hit_t none;

    if (segment_count == 0 && dl_iterate_phdr(note_object, NULL) != 0) {
        tap_bail("too many segments of code");
    }
    inject_calls();
    process = getpid();
    target = n;
    target_way = way;
    hit = none;
    watched = 1;
    atomic_store(&count, 0);
    atomic_store(&asked, 0);
    atomic_store(&active, 1);
}

void inject_spare(unsigned int how_many)
{
    one_in = getenv("FAULT_ALL") ? 0 : how_many;
}

inject_hit_t inject_stop(void)
{
    atomic_store(&active, 0);
    watched = 0;
    return hit;
}

inject_hit_t inject_so_far(void)
{
    return hit;
}

unsigned long inject_count(void)
{
    return atomic_load(&count);
}

static int memory_counts(const segment_t *segment)
{
    return segment->memory
           && (!segment->openssl || one_in == 0
               || (atomic_fetch_add(&asked, 1) + 1) % one_in == 0);
}

static unsigned int ways_of(const inject_way_t *ways)
{
    unsigned int n = 0;

    while (ways[n].name) {
        n++;
    }
    return n;
}

const inject_way_t *inject(const char *name, const inject_way_t *ways,
                           inject_kind_e kind, const void *caller)
{
    const segment_t *segment;

    if (!watched || paused || !atomic_load(&active)) {
        return NULL;
    }
    segment = find_segment(caller);
    if (!segment || getpid() != process
        || (kind == INJECT_MEMORY && !memory_counts(segment))
        || atomic_fetch_add(&count, 1) + 1 != target) {
        return NULL;
    }
    hit.call = name;
    hit.openssl = segment->openssl;
    hit.ways = ways_of(ways);
    hit.way = &ways[target_way < hit.ways ? target_way : 0];
    return hit.way;
}

int inject_watched(void)
{
    return watched && atomic_load(&active);
}

void inject_watch(void)
{
    watched = 1;
}

void inject_pause(int on)
{
    paused = on;
}

/* One round of hashing is like the next: what the first two ask for counts,
 * not what all of thousands do. */
#pragma GCC visibility push(default)
int PKCS5_PBKDF2_HMAC(const char *password, int password_len,
                      const unsigned char *salt, int salt_len, int rounds,
                      const EVP_MD *digest, int len, unsigned char *out)
{
    static __typeof__(PKCS5_PBKDF2_HMAC) *next;
    int rc = 1;

    if (!next) {
        next = (__typeof__(next))dlsym(RTLD_NEXT, "PKCS5_PBKDF2_HMAC");
    }
    if (inject_watched()) {
        rc = next(password, password_len, salt, salt_len, 2, digest, len,
                  out);
    }
    if (rc > 0) {
        paused = 1;
        rc = next(password, password_len, salt, salt_len, rounds, digest,
                  len, out);
        paused = 0;
    }
    return rc;
}
#pragma GCC visibility pop
