/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_SCAN_H
#define SMTPC_MIME_SCAN_H

/**
 * @file scan.h
 * What is in a text, and the transfer encoding that follows from it.
 */

#include <smtpclient/entity.h>

/** What is in a text once its line ends are CRLF. */
typedef struct smtpc_scan_t {
    apr_off_t length;    /**< bytes, two for each line end */
    apr_off_t eight_bit; /**< bytes above 0x7f */
    apr_off_t escaped;   /**< bytes that quoted-printable has to escape */
    apr_off_t controls;  /**< control characters but TAB, CR and LF */
    apr_off_t longest;   /**< bytes of its longest line, without CRLF */
    apr_off_t line;      /**< bytes of the line it ends in */
    int nul;             /**< it has a NUL */
    apr_off_t bare;      /**< line ends that are not CRLF; see scan_bare() */
    int cr;              /**< its last byte is a CR */
} smtpc_scan_t;

/** Return the name of @a encoding in a header field. */
const char *smtpc__encoding_name(smtpc_encoding_e encoding);

/** Take the next @a len bytes at @a data of a text into @a scan, which is all
 *  zero before the first. */
void smtpc__scan(smtpc_scan_t *scan, const char *data, apr_size_t len);

/** Return the encoding for the text that @a scan saw whole: 7bit for ASCII,
 *  8bit where @a eight_bit allows it, else quoted-printable while that stays
 *  readable, else base64. */
smtpc_encoding_e smtpc__scan_choose(const smtpc_scan_t *scan, int eight_bit);

/** Return the number of line ends in what @a scan saw whole that are a CR or
 *  an LF alone. */
apr_off_t smtpc__scan_bare(const smtpc_scan_t *scan);

#endif
