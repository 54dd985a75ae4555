/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BENCH_SAMPLE_H
#define SMTPC_BENCH_SAMPLE_H

/**
 * @file sample.h
 * What every peer composes: the same people, words and bytes.
 */

#include <stddef.h>

/** Bytes of a text body. */
#define SAMPLE_BODY 1024

#define SAMPLE_FROM_NAME "J\303\266rg M\303\274ller"
#define SAMPLE_FROM_ADDRESS "joerg@example.com"
#define SAMPLE_TO_NAME "Zo\303\253 Example"
#define SAMPLE_TO_ADDRESS "zoe@example.org"
#define SAMPLE_SUBJECT \
    "Gr\303\274\303\237e aus K\303\266ln \342\200\223 Rechnung 4711 f\303\274r " \
    "M\303\244rz und April"
/** For peers that do not encode headers: the same, encoded. */
#define SAMPLE_FROM_ENCODED "=?utf-8?q?J=C3=B6rg_M=C3=BCller?="
#define SAMPLE_TO_ENCODED "=?utf-8?q?Zo=C3=AB?= Example"
#define SAMPLE_SUBJECT_ENCODED \
    "=?utf-8?b?R3LDvMOfZSBhdXMgS8O2bG4g4oCTIFJlY2hudW5nIDQ3MTEgZsO8ciBN?=" \
    "\r\n =?utf-8?b?w6RyeiB1bmQgQXByaWw=?="
#define SAMPLE_FILE "measurements.bin"
#define SAMPLE_NOTE "The file is attached.\n"

/** Return the body of case @a name: SAMPLE_BODY bytes of lines of words, some
 *  of them not ASCII if it is text-utf8; or NULL if it has an attachment
 *  instead. The caller frees it. */
char *sample_body(const char *name);

/** Return @a len bytes that no encoder can guess. The caller frees them. */
unsigned char *sample_bytes(size_t len);

/** Return the size of the attachment that case @a name has: its last word is
 *  a number of MiB and an m. */
size_t sample_size(const char *name);

#endif
