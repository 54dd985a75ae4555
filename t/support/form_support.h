/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_support.h: feeding the form parser in pieces and writing down what it
 * reports.
 *
 * What the parser reports is written down as a trace: name, then "@" and the
 * file name, then the media type in parentheses, "=", the data, and ";" when
 * the part ended.
 */
#ifndef T_SUPPORT_FORM_SUPPORT_H
#define T_SUPPORT_FORM_SUPPORT_H

#include <stddef.h>

#include "../../mod_smtpclient/form_parser.h"

/* Bytes of a trace kept; what is reported beyond is only counted. */
#define FORM_TRACE_MAX 16384

/* What a callback told to fail returns: no status of the parser. */
#define FORM_CALLBACK_STATUS APR_ENOSPC

#define URL "application/x-www-form-urlencoded"
#define MULTI "multipart/form-data; boundary=B"
#define FIELD(n) "Content-Disposition: form-data; name=\"" n "\"\r\n\r\n"
#define FILE_PART(n, f)                                                        \
    "Content-Disposition: form-data; name=\"" n "\"; filename=\"" f            \
    "\"\r\nContent-Type: text/plain\r\n\r\n"
#define NEXT "\r\n--B\r\n"
#define LAST "\r\n--B--\r\n"

/* A literal with its length: NULs inside are bytes like others. */
#define BYTES(s) s, sizeof(s) - 1

typedef struct {
    const char *label;
    const char *content_type;
    const char *body;
    size_t body_len;
    apr_status_t status;
    const char *trace;
    size_t trace_len;
    const char *error; /* contained in the error text; NULL: there is none */
} form_vector_t;

typedef struct {
    char trace[FORM_TRACE_MAX];
    size_t len;
    apr_off_t data_bytes;
    unsigned begins;
    unsigned datas;
    unsigned ends;
    const char *fail_in; /* "begin", "data", "end" or NULL */
} form_recorder_t;

typedef struct {
    apr_status_t status;
    char error[512];
    form_recorder_t seen;
} form_outcome_t;

/* Says how long the next piece is that is cut off a body. */
typedef size_t (*form_cut_fn_t)(const char *data, size_t len, void *baton);

/* Rows of a table of vectors. */
#define OK(label, type, body, trace)                                           \
    {                                                                          \
        label, type, BYTES(body), APR_SUCCESS, BYTES(trace), NULL              \
    }
#define BAD(label, type, body, trace, error)                                   \
    {                                                                          \
        label, type, BYTES(body), MSC_FORM_EMALFORMED, BYTES(trace), error     \
    }
#define BAD_TYPE(label, type, body, trace, error)                              \
    {                                                                          \
        label, type, BYTES(body), MSC_FORM_ETYPE, BYTES(trace), error          \
    }
#define ONE_PART(header, data) "--B\r\n" header "\r\n" data LAST

/* Callbacks that write to a form_recorder_t, their baton. */
extern const msc_form_callbacks_t form_callbacks;

/*
 * Parse a body that is fed in pieces as cut says, each from a block of its
 * own size that is freed at once, so that a sanitizer sees reading beyond it
 * or later.  Of out, only seen.fail_in is read.
 */
void form_parse(form_outcome_t *out, const char *content_type,
                const msc_form_limits_t *limits, const char *body, size_t len,
                form_cut_fn_t cut, void *baton);

/* Do not cut. */
size_t form_cut_nowhere(const char *data, size_t len, void *baton);

/* Cut behind every LF. */
size_t form_cut_lines(const char *data, size_t len, void *baton);

/* Cut behind every byte. */
size_t form_cut_bytes(const char *data, size_t len, void *baton);

/* Cut into random pieces, some of them empty; the baton is the seed. */
size_t form_cut_randomly(const char *data, size_t len, void *baton);

/* Get the next number of the sequence that a seed begins. */
unsigned form_random(unsigned long long *seed);

/*
 * Check each vector whole, by line, by byte and in every two pieces: status
 * and trace as written there, the error text the same each time.
 */
void form_run_vectors(const form_vector_t *vectors, size_t count);

#endif /* T_SUPPORT_FORM_SUPPORT_H */
