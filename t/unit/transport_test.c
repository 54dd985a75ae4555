/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transport_test.c: every call reaches the function in the table, with its
 * arguments and its answer.
 */

#include "net/transport.h"

#include "../tap/tap.h"

/** A transport that remembers. */
typedef struct fake_t {
    smtpc_transport_t transport;
    const char *called;
    apr_size_t len;
    int value;
} fake_t;

static apr_status_t fake_read(smtpc_transport_t *transport, char *buf,
                              apr_size_t *len)
{
    fake_t *fake = (fake_t *)transport;

    fake->called = "read";
    fake->len = *len;
    buf[0] = 'r';
    *len = 1;
    return APR_EAGAIN;
}

static apr_status_t fake_write(smtpc_transport_t *transport,
                               const char *data, apr_size_t *len)
{
    fake_t *fake = (fake_t *)transport;

    fake->called = "write";
    fake->len = *len;
    fake->value = data[0];
    *len = 2;
    return SMTPC_ETLS;
}

static apr_int16_t fake_events(smtpc_transport_t *transport,
                               apr_int16_t wanted)
{
    ((fake_t *)transport)->called = "events";
    return wanted | APR_POLLOUT;
}

static apr_socket_t *fake_socket(smtpc_transport_t *transport)
{
    ((fake_t *)transport)->called = "socket";
    return NULL;
}

static int fake_pending(smtpc_transport_t *transport)
{
    ((fake_t *)transport)->called = "pending";
    return 7;
}

static void fake_close(smtpc_transport_t *transport, int graceful)
{
    ((fake_t *)transport)->called = "close";
    ((fake_t *)transport)->value = graceful;
}

static const char *fake_error(smtpc_transport_t *transport)
{
    return ((fake_t *)transport)->called;
}

static void fake_expect(smtpc_transport_t *transport, int more)
{
    ((fake_t *)transport)->called = "expect";
    ((fake_t *)transport)->value = more;
}

static const smtpc_transport_vtable_t vtable = {
    fake_read,    fake_write, fake_events, fake_socket,
    fake_pending, fake_close, fake_error,  fake_expect
};

int main(void)
{
    fake_t fake = { { &vtable }, "", 0, 0 };
    smtpc_transport_t *t = &fake.transport;
    char buf[4] = "";
    apr_size_t len = 4;

    tap_is_int(smtpc__transport_read(t, buf, &len), APR_EAGAIN, "read");
    tap_is_str(smtpc__transport_error(t), "read", "it was called");
    tap_is_int(fake.len, 4, "with the space");
    tap_is_int(len, 1, "and gave its length");
    tap_is_int(buf[0], 'r', "and its byte");
    len = 3;
    tap_is_int(smtpc__transport_write(t, "abc", &len), SMTPC_ETLS, "write");
    tap_is_str(fake.called, "write", "it was called");
    tap_is_int(fake.len, 3, "with the length");
    tap_is_int(fake.value, 'a', "and the data");
    tap_is_int(len, 2, "and said how much it took");
    tap_is_int(smtpc__transport_events(t, APR_POLLIN),
               APR_POLLIN | APR_POLLOUT, "events");
    tap_ok(smtpc__transport_socket(t) == NULL, "socket");
    tap_is_str(fake.called, "socket", "it was called");
    tap_is_int(smtpc__transport_pending(t), 7, "pending");
    smtpc__transport_close(t, 1);
    tap_is_str(fake.called, "close", "close");
    tap_is_int(fake.value, 1, "graceful");
    smtpc__transport_close(t, 0);
    tap_is_int(fake.value, 0, "not graceful");
    smtpc__transport_expect(t, 3);
    tap_is_str(fake.called, "expect", "expect");
    tap_is_int(fake.value, 3, "more");
    return tap_done();
}
