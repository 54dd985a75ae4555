/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TRANSPORT_H
#define SMTPC_NET_TRANSPORT_H

/**
 * @file transport.h
 * A byte stream that never blocks: TCP, TLS over any other, or the scripted
 * peer of the tests. docs/io-contract.md states the contract in full.
 */

#include <apr_poll.h>
#include <smtpclient/status.h>

/** A transport: vtable first, then whatever its kind keeps. */
typedef struct smtpc_transport_t smtpc_transport_t;

/** The kinds implement this. */
typedef struct smtpc_transport_vtable_t {
    /** Read up to @a *len bytes; as smtpc__transport_read(). */
    apr_status_t (*read)(smtpc_transport_t *transport, char *buf,
                         apr_size_t *len);
    /** Write up to @a *len bytes; as smtpc__transport_write(). */
    apr_status_t (*write)(smtpc_transport_t *transport, const char *data,
                          apr_size_t *len);
    /** Bits to poll for when a call said APR_EAGAIN. */
    apr_int16_t (*events)(smtpc_transport_t *transport, apr_int16_t wanted);
    /** The socket under it, or NULL if there is none (scripted). */
    apr_socket_t *(*socket)(smtpc_transport_t *transport);
    /** Non-zero if read bytes wait inside, so that poll would not tell. */
    int (*pending)(smtpc_transport_t *transport);
    /** Close; @a graceful sends close_notify. Never blocks. */
    void (*close)(smtpc_transport_t *transport, int graceful);
    /** One sentence on the last failure, or "". */
    const char *(*error)(smtpc_transport_t *transport);
    /** Whether more is to come; as smtpc__transport_expect(). */
    void (*expect)(smtpc_transport_t *transport, int more);
} smtpc_transport_vtable_t;

struct smtpc_transport_t {
    const smtpc_transport_vtable_t *vtable;
};

/**
 * Read up to @a *len (> 0) bytes into @a buf and set @a *len.
 *
 * @return APR_SUCCESS     one byte or more
 *         APR_EAGAIN      nothing now; poll for smtpc__transport_events()
 *         APR_EOF         the peer ended the stream properly
 *         SMTPC_ETLS      TLS failed
 *         SMTPC_ECONNECT  the connection broke, or was cut without
 *                         close_notify
 */
apr_status_t smtpc__transport_read(smtpc_transport_t *transport, char *buf,
                                   apr_size_t *len) SMTPC_WARN_UNUSED;

/** Write some of the @a *len (> 0) bytes at @a data and set @a *len to how
 *  many were taken (with APR_SUCCESS one or more). Statuses as above. */
apr_status_t smtpc__transport_write(smtpc_transport_t *transport,
                                    const char *data, apr_size_t *len)
    SMTPC_WARN_UNUSED;

/** Return the APR_POLLIN/APR_POLLOUT bits to poll for to be able to do what
 *  @a wanted says (TLS may need the other direction). */
apr_int16_t smtpc__transport_events(smtpc_transport_t *transport,
                                    apr_int16_t wanted);

/** Return the socket to poll, or NULL if there is none. */
apr_socket_t *smtpc__transport_socket(smtpc_transport_t *transport);

/** Return non-zero if a read would give bytes without polling. */
int smtpc__transport_pending(smtpc_transport_t *transport);

/** Close @a transport; may be called again. */
void smtpc__transport_close(smtpc_transport_t *transport, int graceful);

/** Return one sentence on the last failure of @a transport. */
const char *smtpc__transport_error(smtpc_transport_t *transport);

/**
 * Say, after a read and before the next write, whether more (@a more not 0)
 * is to come from the peer behind what was read, although nothing will be
 * sent to it before. A TCP transport then acknowledges at once what came, for
 * a peer whose system holds the rest back until then; a transport on another
 * passes it on; others do nothing. Never blocks or fails.
 */
void smtpc__transport_expect(smtpc_transport_t *transport, int more);

#endif
