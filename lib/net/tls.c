/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.c: OpenSSL between two memory BIOs, and the transport under it moves
 * what is in them.
 *
 * Guarantees: never blocks; takes no more from the caller than one write
 * while anything is still to be sent, and no more from the network than it
 * needs for the record it reads, so that both BIOs stay below
 * SMTPC_LIMIT_TLS_BUFFER; a stream that is cut is never taken for one that
 * ended (RFC 8446 6.1). OpenSSL's error queue, which the thread shares with
 * others, is cleared before each call and after each failure.
 */

#include "net/tls.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/limits.h"
#include "net/tls_context.h"
#include "net/tls_session.h"
#include "net/tls_verify.h"

/** Flights of a handshake; TLS 1.3 with a retry has 5. */
#define HANDSHAKE_TURNS 64
/** Times that one read gets bytes from the network although they hold no
 *  data; the longest record comes in 5. A peer could go on for ever. */
#define READ_TURNS 16
/** A sentence. */
#define ERROR_TEXT 512

/** Bytes of tls-exporter, RFC 9266 2. */
#define EXPORTER_BYTES 32

struct smtpc_tls_t {
    smtpc_transport_t transport;
    apr_pool_t *pool;
    smtpc_transport_t *under;
    SSL *ssl;
    BIO *in;  /* from the network; belongs to ssl */
    BIO *out; /* to the network; belongs to ssl */
    const smtpc_tls_policy_t *policy;
    smtpc_tls_fault_t fault;
    smtpc_tls_keeper_t keeper;
    int up;        /* the handshake is done */
    int closed;
    int in_ended;  /* the stream under it ended */
    int first;     /* first byte the peer sent, -1: none yet */
    apr_status_t broken; /* what every further call says */
    char error[ERROR_TEXT];
};

/* The transport is the first member. */
static smtpc_tls_t *tls_of(smtpc_transport_t *transport)
{
    return (smtpc_tls_t *)transport;
}

static apr_status_t fail(smtpc_tls_t *tls, apr_status_t status,
                         const char *why)
{
    apr_cpystrn(tls->error, why, sizeof(tls->error));
    tls->broken = status;
    return status;
}

/* What came is a reply in clear text, not TLS. */
static apr_status_t fail_plain(smtpc_tls_t *tls)
{
    char where[16] = "this port";
    int port = tls->policy->port;

    if (port > 0) {
        apr_snprintf(where, sizeof(where), "port %d", port);
    }
    if (tls->policy->implicit) {
        apr_snprintf(tls->error, sizeof(tls->error),
                     "%s speaks plain SMTP on %s: set security to starttls "
                     "there, or use the port for TLS from the first byte "
                     "(465)", tls->policy->host, where);
    }
    else {
        apr_snprintf(tls->error, sizeof(tls->error),
                     "%s went on in plain SMTP on %s where it had agreed to "
                     "begin TLS: somebody may be tampering with the "
                     "connection", tls->policy->host, where);
    }
    tls->broken = SMTPC_ETLS;
    return tls->broken;
}

/* What OpenSSL did not like. */
static apr_status_t fail_ssl(smtpc_tls_t *tls)
{
    apr_pool_t *scratch;

    if (tls->in_ended && tls->fault.error == X509_V_OK) {
        ERR_clear_error();
        apr_snprintf(tls->error, sizeof(tls->error),
                     tls->up ? "%s ended the connection without close_notify: "
                               "it was cut"
                             : "%s closed the connection during the TLS "
                               "handshake",
                     tls->policy->host);
        tls->broken = SMTPC_ECONNECT;
        return tls->broken;
    }
    /* A greeting instead of a ServerHello: the digit of a reply. */
    if (!tls->up && tls->first >= '2' && tls->first <= '5') {
        ERR_clear_error();
        return fail_plain(tls);
    }
    if (apr_pool_create(&scratch, tls->pool) != APR_SUCCESS) {
        return fail(tls, SMTPC_ETLS, "TLS failed");
    }
    (void)fail(tls, SMTPC_ETLS,
               smtpc__tls_verify_reason(&tls->fault, tls->policy->host,
                                        scratch));
    apr_pool_destroy(scratch);
    return tls->broken;
}

/* Send what OpenSSL wrote: APR_SUCCESS when nothing is left. */
static apr_status_t flush(smtpc_tls_t *tls)
{
    char *data;
    char scrap[SMTPC_LIMIT_INPUT_BUFFER];

    for (;;) {
        apr_size_t len = (apr_size_t)BIO_get_mem_data(tls->out, &data);
        apr_status_t rv;

        if (len == 0) {
            return APR_SUCCESS;
        }
        rv = smtpc__transport_write(tls->under, data, &len);
        if (APR_STATUS_IS_EAGAIN(rv)) {
            return rv;
        }
        if (rv != APR_SUCCESS) {
            return fail(tls, rv == APR_EOF ? SMTPC_ECONNECT : rv,
                        smtpc__transport_error(tls->under));
        }
        while (len > 0) {
            int part = len < sizeof(scrap) ? (int)len : (int)sizeof(scrap);
            int got = BIO_read(tls->out, scrap, part);

            if (got <= 0) {
                return fail(tls, SMTPC_ETLS, "OpenSSL's buffer is broken");
            }
            len -= (apr_size_t)got;
        }
    }
}

/* Get bytes from the network to OpenSSL, which asked for them: that they have
 * come to an end is a failure, whatever it is one of. */
static apr_status_t fill(smtpc_tls_t *tls)
{
    char buf[SMTPC_LIMIT_INPUT_BUFFER];
    apr_size_t len = sizeof(buf);
    apr_status_t rv;

    if (tls->in_ended) {
        return APR_EOF;
    }
    rv = smtpc__transport_read(tls->under, buf, &len);
    if (APR_STATUS_IS_EOF(rv)) {
        tls->in_ended = 1;
        return APR_EOF;
    }
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return rv;
    }
    if (rv != APR_SUCCESS) {
        return fail(tls, rv, smtpc__transport_error(tls->under));
    }
    if (tls->first < 0) {
        tls->first = (unsigned char)buf[0];
    }
    if (BIO_write(tls->in, buf, (int)len) != (int)len) {
        return fail(tls, SMTPC_ETLS, "no memory for TLS");
    }
    return APR_SUCCESS;
}

static apr_status_t tls_read(smtpc_transport_t *transport, char *buf,
                             apr_size_t *len)
{
    smtpc_tls_t *tls = tls_of(transport);
    apr_size_t space = *len;
    apr_status_t rv;
    int turns;

    *len = 0;
    if (tls->broken != APR_SUCCESS) {
        return tls->broken;
    }
    rv = flush(tls);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
        return rv;
    }
    for (turns = 0;; turns++) {
        size_t got = 0;

        ERR_clear_error();
        if (SSL_read_ex(tls->ssl, buf, space, &got) == 1) {
            *len = got;
            return APR_SUCCESS;
        }
        switch (SSL_get_error(tls->ssl, 0)) {
        case SSL_ERROR_WANT_READ:
            break;
        case SSL_ERROR_ZERO_RETURN:
            return APR_EOF;
        default:
            return fail_ssl(tls);
        }
        /* All that came is with OpenSSL: polling tells whether there is
         * more, and the caller can look at the clock. */
        if (turns == READ_TURNS) {
            return APR_EAGAIN;
        }
        rv = fill(tls);
        if (rv != APR_SUCCESS) {
            return rv == APR_EOF ? fail_ssl(tls) : rv;
        }
    }
}

static apr_status_t tls_write(smtpc_transport_t *transport, const char *data,
                              apr_size_t *len)
{
    smtpc_tls_t *tls = tls_of(transport);
    apr_size_t wanted = *len < SMTPC_LIMIT_OUTPUT_BUFFER
                            ? *len : SMTPC_LIMIT_OUTPUT_BUFFER;
    size_t taken = 0;
    apr_status_t rv;

    *len = 0;
    if (tls->broken != APR_SUCCESS) {
        return tls->broken;
    }
    rv = flush(tls);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    ERR_clear_error();
    if (SSL_write_ex(tls->ssl, data, wanted, &taken) != 1) {
        return SSL_get_error(tls->ssl, 0) == SSL_ERROR_WANT_READ
                   ? APR_EAGAIN : fail_ssl(tls);
    }
    *len = taken;
    rv = flush(tls);
    return APR_STATUS_IS_EAGAIN(rv) ? APR_SUCCESS : rv;
}

static apr_int16_t tls_events(smtpc_transport_t *transport,
                              apr_int16_t wanted)
{
    smtpc_tls_t *tls = tls_of(transport);

    if (BIO_pending(tls->out) > 0) {
        wanted |= APR_POLLOUT;
    }
    else if (SSL_want_read(tls->ssl) && !tls->up) {
        wanted = APR_POLLIN;
    }
    return smtpc__transport_events(tls->under, wanted);
}

static apr_socket_t *tls_socket(smtpc_transport_t *transport)
{
    return smtpc__transport_socket(tls_of(transport)->under);
}

static int tls_pending(smtpc_transport_t *transport)
{
    smtpc_tls_t *tls = tls_of(transport);

    return SSL_has_pending(tls->ssl) || BIO_pending(tls->in) > 0
           || smtpc__transport_pending(tls->under);
}

static void tls_close(smtpc_transport_t *transport, int graceful)
{
    smtpc_tls_t *tls = tls_of(transport);

    if (tls->closed) {
        return;
    }
    tls->closed = 1;
    if (graceful && tls->up && tls->broken == APR_SUCCESS) {
        ERR_clear_error();
        (void)SSL_shutdown(tls->ssl);
        ERR_clear_error();
        (void)flush(tls);
    }
    smtpc__transport_close(tls->under, graceful);
    if (tls->broken == APR_SUCCESS) {
        (void)fail(tls, SMTPC_ECONNECT, "the connection was closed");
    }
}

static const char *tls_error(smtpc_transport_t *transport)
{
    return tls_of(transport)->error;
}

static void tls_expect(smtpc_transport_t *transport, int more)
{
    smtpc__transport_expect(tls_of(transport)->under, more);
}

static const smtpc_transport_vtable_t tls_vtable = {
    tls_read,  tls_write, tls_events, tls_socket, tls_pending,
    tls_close, tls_error, tls_expect
};

static apr_status_t free_ssl(void *data)
{
    smtpc_tls_t *tls = data;

    SSL_free(tls->ssl);
    return APR_SUCCESS;
}

/* Make the SSL and its BIOs. */
static apr_status_t prepare(smtpc_tls_t *tls, SSL_CTX *context,
                            smtpc_env_t *env)
{
    apr_status_t rv = APR_SUCCESS;

    tls->ssl = SSL_new(context);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (!tls->ssl || !tls->in || !tls->out) {
        SSL_free(tls->ssl);
        BIO_free(tls->in);
        BIO_free(tls->out);
        return SMTPC_ETLS;
    }
    BIO_set_mem_eof_return(tls->in, -1);
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_connect_state(tls->ssl);
    apr_pool_cleanup_register(tls->pool, tls, free_ssl,
                              apr_pool_cleanup_null);
    if (tls->policy->verify) {
        rv = smtpc__tls_verify_setup(tls->ssl, tls->policy, &tls->fault);
    }
    else {
        smtpc__tls_verify_none(tls->ssl, tls->policy->host);
    }
    tls->fault.version = tls->policy->version;
    if (rv == APR_SUCCESS) {
        smtpc__tls_session_setup(&tls->keeper, &tls->fault, tls->ssl,
                                 tls->policy, env, tls->pool);
    }
    return rv;
}

apr_status_t smtpc__tls_create(smtpc_tls_t **tls, const char **why,
                               smtpc_transport_t *under,
                               const smtpc_tls_policy_t *policy,
                               smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_tls_t *made;
    SSL_CTX *context;
    apr_status_t rv;

    rv = smtpc__tls_context_get(&context, why, policy, env, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->transport.vtable = &tls_vtable;
    made->pool = pool;
    made->under = under;
    made->policy = policy;
    made->first = -1;
    ERR_clear_error();
    rv = prepare(made, context, env);
    if (rv != APR_SUCCESS) {
        ERR_clear_error();
        *why = apr_psprintf(pool, "OpenSSL cannot prepare TLS for the name "
                            "%s", policy->host);
        return rv;
    }
    *tls = made;
    return APR_SUCCESS;
}

/* The handshake wants bytes: get some, or say what to poll for. */
static apr_status_t handshake_fill(smtpc_tls_t *tls, apr_int16_t *events)
{
    apr_status_t rv = fill(tls);

    if (APR_STATUS_IS_EAGAIN(rv)) {
        /* Part of a flight may be here, and the rest held back. */
        smtpc__transport_expect(tls->under, 1);
        *events = smtpc__transport_events(&tls->transport, APR_POLLIN);
    }
    if (rv != APR_EOF) {
        return rv;
    }
    smtpc__tls_session_failed(&tls->keeper);
    return fail_ssl(tls);
}

apr_status_t smtpc__tls_handshake(smtpc_tls_t *tls, apr_int16_t *events)
{
    int turns;

    for (turns = 0; turns < HANDSHAKE_TURNS; turns++) {
        apr_status_t rv;
        int done;
        int error;

        if (tls->broken != APR_SUCCESS) {
            return tls->broken;
        }
        ERR_clear_error();
        done = SSL_do_handshake(tls->ssl);
        error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(tls->ssl, done);
        if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ) {
            smtpc__tls_session_failed(&tls->keeper);
            rv = fail_ssl(tls);
            /* The alert tells the server's operator too. */
            (void)flush(tls);
            return rv;
        }
        rv = flush(tls);
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
            return rv;
        }
        if (error == SSL_ERROR_NONE) {
            tls->up = 1;
            return APR_SUCCESS;
        }
        rv = handshake_fill(tls, events);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return fail(tls, SMTPC_ETLS, "the TLS handshake does not come to an end");
}

void smtpc__tls_facts(smtpc_tls_facts_t *facts, smtpc_tls_t *tls)
{
    facts->protocol = SSL_get_version(tls->ssl);
    facts->cipher = SSL_get_cipher_name(tls->ssl);
    facts->verified = tls->policy->verify
                      && SSL_get_verify_result(tls->ssl) == X509_V_OK;
    facts->resumed = SSL_session_reused(tls->ssl);
}

smtpc_transport_t *smtpc__tls_transport(smtpc_tls_t *tls)
{
    return &tls->transport;
}

/* tls-unique is the first Finished message of the handshake: ours, or the
 * peer's where a session was resumed. */
static apr_size_t tls_unique(unsigned char *data, apr_size_t size, SSL *ssl)
{
    return SSL_session_reused(ssl) ? SSL_get_peer_finished(ssl, data, size)
                                   : SSL_get_finished(ssl, data, size);
}

const char *smtpc__tls_binding(unsigned char *data, apr_size_t *len,
                               smtpc_tls_t *tls)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    apr_size_t size = *len;

    *len = 0;
    if (SSL_version(tls->ssl) >= TLS1_3_VERSION) {
        if (size < EXPORTER_BYTES
            || SSL_export_keying_material(tls->ssl, data, EXPORTER_BYTES,
                                          label, sizeof(label) - 1,
                                          (const unsigned char *)"", 0, 1)
                   != 1) {
            return NULL;
        }
        *len = EXPORTER_BYTES;
        return "tls-exporter";
    }
    /* Without the extended master secret (RFC 7627) two connections can have
     * the same one. */
    if (SSL_get_extms_support(tls->ssl) != 1) {
        return NULL;
    }
    *len = tls_unique(data, size, tls->ssl);
    return *len > 0 && *len <= size ? "tls-unique" : NULL;
}
