/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BENCH_SINK_HASH_H
#define SMTPC_BENCH_SINK_HASH_H

/**
 * @file sink_hash.h
 * A hash of a mail's body that is cheap enough for a server which must never
 * be what a client waits for. Not for anything where somebody cheats.
 */

#include <stddef.h>
#include <stdint.h>

/** Bytes that are mixed at a time. */
#define HASH_BLOCK 32

/** A hash of bytes that come in pieces; the pieces make no difference. */
typedef struct hash_t {
    uint64_t lane[4];
    uint64_t total;
    unsigned char part[HASH_BLOCK]; /**< what does not fill a block yet */
    size_t part_len;
    char tail[2]; /**< the last bytes, which may be a CRLF that is left out */
    size_t tail_len;
} hash_t;

/** Begin @a hash. */
void hash_start(hash_t *hash);

/** Take the @a len bytes at @a data. */
void hash_add(hash_t *hash, const char *data, size_t len);

/** Return the value of all that was taken, but for one CRLF at its end: BDAT
 *  can do without, DATA cannot. */
uint64_t hash_end(hash_t *hash);

#endif
