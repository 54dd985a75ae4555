/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_CRLF_H
#define SMTPC_BASE_CRLF_H

/**
 * @file crlf.h
 * How much of a text can stay as it is, seen by its line ends.
 */

#include <smtpclient/status.h>

/** Return how many of the @a len bytes at @a text, from the front, have no
 *  line end but CRLF; with @a dots also no dot behind one of these (what the
 *  dot at the very front stands behind is the caller's to know). A CR at the
 *  end does not count: its LF may come, or not. */
apr_size_t smtpc__crlf_run(const char *text, apr_size_t len, int dots);

#endif
