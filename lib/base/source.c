/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c: the pull-style byte source; memory, callbacks and sequences.
 *
 * smtpc_source_read() enforces the contract of source.h on every kind: a
 * success has bytes, the end and a failure stick until a rewind, and the
 * bytes add up to the announced length. A kind only delivers bytes.
 *
 * Nothing is cached or read ahead, and no lock is taken. Files are
 * source_file.c's.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/source_int.h"

struct smtpc_source_t {
    apr_pool_t *pool;
    const smtpc__source_vtable_t *vtable;
    void *baton;
    apr_off_t length; /* announced, or SMTPC_LENGTH_UNKNOWN */
    apr_off_t offset; /* bytes delivered since the front */
    int touched;      /* read since the front, with or without success */
    apr_status_t end; /* what sticks: APR_EOF, SMTPC_ESOURCE, or none */
    const char *error;
};

apr_status_t smtpc__source_create(smtpc_source_t **source,
                                  const smtpc__source_vtable_t *vtable,
                                  apr_off_t length, void *baton,
                                  apr_pool_t *pool)
{
    smtpc_source_t *made;

    if (length < 0 && length != SMTPC_LENGTH_UNKNOWN) {
        return SMTPC_EARG;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->pool = pool;
    made->vtable = vtable;
    made->baton = baton;
    made->length = length;
    made->error = "";
    *source = made;
    return APR_SUCCESS;
}

/* Let source fail for good with error, unless the kind has one to tell. */
static apr_status_t fail(smtpc_source_t *source, const char *error)
{
    const char *own = source->vtable->error != NULL
                          ? source->vtable->error(source->baton)
                          : "";

    source->error = *own != '\0' ? own : error;
    source->end = SMTPC_ESOURCE;
    return SMTPC_ESOURCE;
}

/* Let source fail because its kind returned status. */
static apr_status_t fail_status(smtpc_source_t *source, apr_status_t status,
                                const char *what)
{
    char text[160];

    return fail(source,
                apr_psprintf(source->pool, "%s: %s", what,
                             smtpc_strerror(status, text, sizeof(text))));
}

/* Take the end of source, which is only right at the announced length. */
static apr_status_t finish(smtpc_source_t *source, apr_size_t got)
{
    if (got != 0) {
        return fail(source, "a source gave bytes together with APR_EOF; it "
                            "has to set the length to 0 at its end");
    }
    if (source->length != SMTPC_LENGTH_UNKNOWN
        && source->offset != source->length) {
        return fail(source,
                    apr_psprintf(source->pool,
                                 "a source ended after %" APR_OFF_T_FMT
                                 " of %" APR_OFF_T_FMT " bytes",
                                 source->offset, source->length));
    }
    source->end = APR_EOF;
    return APR_EOF;
}

/* Count got bytes of at most wanted. */
static apr_status_t take(smtpc_source_t *source, apr_size_t got,
                         apr_size_t wanted)
{
    if (got == 0) {
        return fail(source, "a source gave neither bytes nor its end");
    }
    if (got > wanted) {
        return fail(source, "a source gave more bytes than were asked for");
    }
    source->offset += (apr_off_t)got;
    if (source->length != SMTPC_LENGTH_UNKNOWN
        && source->offset > source->length) {
        return fail(source,
                    apr_psprintf(source->pool,
                                 "a source is longer than the %" APR_OFF_T_FMT
                                 " bytes it announced",
                                 source->length));
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_source_read(smtpc_source_t *source,
                                              char *buf, apr_size_t *len)
{
    apr_size_t wanted = *len;
    apr_size_t got = wanted;
    apr_status_t rv;

    *len = 0;
    if (source->end != APR_SUCCESS) {
        return source->end;
    }
    if (wanted == 0) {
        return SMTPC_EARG;
    }
    source->touched = 1;
    rv = source->vtable->read(source->baton, buf, &got);
    if (rv == APR_SUCCESS) {
        rv = take(source, got, wanted);
        *len = rv == APR_SUCCESS ? got : 0;
        return rv;
    }
    if (APR_STATUS_IS_EOF(rv)) {
        return finish(source, got);
    }
    return fail_status(source, rv, "reading failed");
}

SMTPC_DECLARE(apr_status_t) smtpc_source_rewind(smtpc_source_t *source)
{
    apr_status_t rv;

    if (!source->touched) {
        return APR_SUCCESS;
    }
    if (source->vtable->rewind == NULL) {
        return APR_ENOTIMPL;
    }
    rv = source->vtable->rewind(source->baton);
    if (rv != APR_SUCCESS) {
        /* Nobody knows where it stands now. */
        (void)fail_status(source, rv, "going back to the start failed");
        return rv == APR_ENOTIMPL ? rv : SMTPC_ESOURCE;
    }
    source->touched = 0;
    source->offset = 0;
    source->end = APR_SUCCESS;
    source->error = "";
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_off_t) smtpc_source_length(const smtpc_source_t *source)
{
    return source->length;
}

const char *smtpc__source_error(const smtpc_source_t *source)
{
    return source->error;
}

int smtpc__source_can_rewind(const smtpc_source_t *source)
{
    return source->vtable->rewind != NULL;
}

/* Bytes in memory. */
typedef struct bytes_t {
    const char *data;
    apr_size_t len;
    apr_size_t at;
} bytes_t;

static apr_status_t bytes_read(void *baton, char *buf, apr_size_t *len)
{
    bytes_t *bytes = baton;
    apr_size_t left = bytes->len - bytes->at;

    if (left == 0) {
        *len = 0;
        return APR_EOF;
    }
    if (*len > left) {
        *len = left;
    }
    if (buf != NULL) {
        memcpy(buf, bytes->data + bytes->at, *len);
    }
    bytes->at += *len;
    return APR_SUCCESS;
}

static apr_status_t bytes_rewind(void *baton)
{
    bytes_t *bytes = baton;

    bytes->at = 0;
    return APR_SUCCESS;
}

static const smtpc__source_vtable_t bytes_vtable = { bytes_read, bytes_rewind,
                                                     NULL };

SMTPC_DECLARE(apr_status_t) smtpc_source_create_bytes(smtpc_source_t **source,
                                                      const void *data,
                                                      apr_size_t len,
                                                      apr_pool_t *pool)
{
    bytes_t *bytes = apr_pcalloc(pool, sizeof(*bytes));

    bytes->data = data;
    bytes->len = len;
    return smtpc__source_create(source, &bytes_vtable, (apr_off_t)len, bytes,
                                pool);
}

apr_status_t smtpc__source_lend(const char **data, char *buf, apr_size_t *len,
                                smtpc_source_t *source)
{
    const bytes_t *bytes = source->baton;
    apr_status_t rv;

    *data = buf;
    if (source->vtable != &bytes_vtable) {
        return smtpc_source_read(source, buf, len);
    }
    rv = smtpc_source_read(source, NULL, len);
    if (rv == APR_SUCCESS) {
        *data = bytes->data + bytes->at - *len;
    }
    return rv;
}

/* Functions of the caller. */
typedef struct callback_t {
    smtpc_source_read_fn_t read;
    smtpc_source_rewind_fn_t rewind;
    void *baton;
} callback_t;

static apr_status_t callback_read(void *baton, char *buf, apr_size_t *len)
{
    callback_t *callback = baton;

    return callback->read(callback->baton, buf, len);
}

static apr_status_t callback_rewind(void *baton)
{
    callback_t *callback = baton;

    return callback->rewind(callback->baton);
}

static const smtpc__source_vtable_t callback_vtable = { callback_read,
                                                        callback_rewind,
                                                        NULL };
static const smtpc__source_vtable_t callback_once_vtable = { callback_read,
                                                             NULL, NULL };

SMTPC_DECLARE(apr_status_t)
smtpc_source_create_callback(smtpc_source_t **source,
                             smtpc_source_read_fn_t read,
                             smtpc_source_rewind_fn_t rewind,
                             apr_off_t length, void *baton, apr_pool_t *pool)
{
    callback_t *callback;

    if (read == NULL) {
        return SMTPC_EARG;
    }
    callback = apr_pcalloc(pool, sizeof(*callback));
    callback->read = read;
    callback->rewind = rewind;
    callback->baton = baton;
    return smtpc__source_create(source,
                                rewind != NULL ? &callback_vtable
                                               : &callback_once_vtable,
                                length, callback, pool);
}

/* Sources one behind the other. */
typedef struct sequence_t {
    smtpc_source_t **parts;
    apr_size_t count;
    apr_size_t at; /* the part being read */
} sequence_t;

static apr_status_t sequence_read(void *baton, char *buf, apr_size_t *len)
{
    sequence_t *sequence = baton;
    apr_size_t wanted = *len;
    apr_status_t rv;

    for (; sequence->at < sequence->count; sequence->at++) {
        *len = wanted;
        rv = smtpc_source_read(sequence->parts[sequence->at], buf, len);
        if (rv != APR_EOF) {
            return rv;
        }
    }
    *len = 0;
    return APR_EOF;
}

static apr_status_t sequence_rewind(void *baton)
{
    sequence_t *sequence = baton;
    apr_size_t i;

    for (i = 0; i < sequence->count; i++) {
        apr_status_t rv = smtpc_source_rewind(sequence->parts[i]);

        if (rv != APR_SUCCESS) {
            /* For sequence_error(). */
            sequence->at = i;
            return rv;
        }
    }
    sequence->at = 0;
    return APR_SUCCESS;
}

static const char *sequence_error(void *baton)
{
    const sequence_t *sequence = baton;

    return sequence->at < sequence->count
               ? smtpc__source_error(sequence->parts[sequence->at])
               : "";
}

static const smtpc__source_vtable_t sequence_vtable = { sequence_read,
                                                        sequence_rewind,
                                                        sequence_error };
static const smtpc__source_vtable_t sequence_once_vtable = { sequence_read,
                                                             NULL,
                                                             sequence_error };

apr_status_t smtpc__source_create_sequence(smtpc_source_t **source,
                                           smtpc_source_t *const *parts,
                                           apr_size_t count, apr_pool_t *pool)
{
    const smtpc__source_vtable_t *vtable = &sequence_vtable;
    sequence_t *sequence = apr_pcalloc(pool, sizeof(*sequence));
    apr_off_t length = 0;
    apr_size_t i;

    sequence->parts = apr_palloc(pool, (count + 1) * sizeof(*parts));
    sequence->count = count;
    for (i = 0; i < count; i++) {
        sequence->parts[i] = parts[i];
        if (length != SMTPC_LENGTH_UNKNOWN) {
            apr_off_t part = smtpc_source_length(parts[i]);

            length = part == SMTPC_LENGTH_UNKNOWN ? part : length + part;
        }
        if (!smtpc__source_can_rewind(parts[i])) {
            vtable = &sequence_once_vtable;
        }
    }
    return smtpc__source_create(source, vtable, length, sequence, pool);
}
