/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transport.c: the calls that every kind of transport answers through its
 * table. No state of its own; docs/io-contract.md states the contract.
 */

#include "net/transport.h"

apr_status_t smtpc__transport_read(smtpc_transport_t *transport, char *buf,
                                   apr_size_t *len)
{
    return transport->vtable->read(transport, buf, len);
}

apr_status_t smtpc__transport_write(smtpc_transport_t *transport,
                                    const char *data, apr_size_t *len)
{
    return transport->vtable->write(transport, data, len);
}

apr_int16_t smtpc__transport_events(smtpc_transport_t *transport,
                                    apr_int16_t wanted)
{
    return transport->vtable->events(transport, wanted);
}

apr_socket_t *smtpc__transport_socket(smtpc_transport_t *transport)
{
    return transport->vtable->socket(transport);
}

int smtpc__transport_pending(smtpc_transport_t *transport)
{
    return transport->vtable->pending(transport);
}

void smtpc__transport_close(smtpc_transport_t *transport, int graceful)
{
    transport->vtable->close(transport, graceful);
}

const char *smtpc__transport_error(smtpc_transport_t *transport)
{
    return transport->vtable->error(transport);
}

void smtpc__transport_expect(smtpc_transport_t *transport, int more)
{
    transport->vtable->expect(transport, more);
}
