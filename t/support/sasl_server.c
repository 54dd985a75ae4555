/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_server.c: the server side of SASL, by libgsasl.
 */
#include "sasl_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsasl.h>

#define EXPORTER_BYTES 32
#define LINE_MAX_LEN 16384
/** Of SCRAM: as few as RFC 7677 4 allows, tests have no time for more. */
#define ROUNDS "4096"

/* A login under way. */
typedef struct login_t {
    sasl_server_t *server;
    SSL *ssl;
} login_t;

/* Give what binds a login to the connection of login. */
static int give_binding(const login_t *login, Gsasl_session *session,
                        Gsasl_property property)
{
    unsigned char data[64];
    size_t len = 0;
    char *text;
    int rc;

    if (login->ssl == NULL) {
        return GSASL_NO_CALLBACK;
    }
    if (property == GSASL_CB_TLS_EXPORTER
        && SSL_version(login->ssl) == TLS1_3_VERSION) {
        len = EXPORTER_BYTES;
        SSL_export_keying_material(login->ssl, data, len,
                                   "EXPORTER-Channel-Binding", 24, NULL, 0,
                                   0);
    }
    if (property == GSASL_CB_TLS_UNIQUE
        && SSL_version(login->ssl) == TLS1_2_VERSION) {
        /* The client's, unless the session was resumed. */
        len = SSL_session_reused(login->ssl)
                  ? SSL_get_finished(login->ssl, data, sizeof(data))
                  : SSL_get_peer_finished(login->ssl, data, sizeof(data));
    }
    if (len == 0 || gsasl_base64_to((char *)data, len, &text, NULL)
                        != GSASL_OK) {
        return GSASL_NO_CALLBACK;
    }
    rc = gsasl_property_set(session, property, text);
    gsasl_free(text);
    return rc;
}

/* A Gsasl_callback_function. */
static int give(Gsasl *context, Gsasl_session *session,
                Gsasl_property property)
{
    const login_t *login = gsasl_callback_hook_get(context);
    const char *who;

    switch ((int)property) {
    case GSASL_PASSWORD:
        return gsasl_property_set(session, property,
                                  login->server->password);
    case GSASL_SERVICE:
        return gsasl_property_set(session, property, login->server->service);
    case GSASL_HOSTNAME:
        return gsasl_property_set(session, property, login->server->host);
    case GSASL_VALIDATE_GSSAPI:
        who = gsasl_property_fast(session, GSASL_GSSAPI_DISPLAY_NAME);
        snprintf(login->server->principal, sizeof(login->server->principal),
                 "%s", who != NULL ? who : "");
        return GSASL_OK;
    case GSASL_VALIDATE_EXTERNAL:
        return login->ssl != NULL
                       && SSL_get0_peer_certificate(login->ssl) != NULL
                   ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
    case GSASL_SCRAM_ITER:
        return gsasl_property_set(session, property, ROUNDS);
    case GSASL_CB_TLS_EXPORTER:
    case GSASL_CB_TLS_UNIQUE:
        return give_binding(login, session, property);
    default:
        return GSASL_NO_CALLBACK;
    }
}

/* Let session talk over conn, beginning with what the client said; return
 * what libgsasl says at the end, or -1 if the client has gone. */
static int talk(peer_conn_t *conn, Gsasl_session *session, const char *said)
{
    char line[LINE_MAX_LEN];
    int rc;

    snprintf(line, sizeof(line), "%s", strcmp(said, "=") == 0 ? "" : said);
    for (;;) {
        char *out = NULL;
        int more;

        rc = gsasl_step64(session, line, &out);
        /* What is said last needs an answer, too: RFC 4954 4. */
        more = rc == GSASL_NEEDS_MORE
               || (rc == GSASL_OK && out != NULL && *out != '\0');
        if (more && !peer_say(conn, "334 %s", out != NULL ? out : "")) {
            rc = -1;
        }
        gsasl_free(out);
        if (!more || rc == -1) {
            return rc;
        }
        if (!peer_read_line(conn, line, sizeof(line))) {
            return -1;
        }
        if (strcmp(line, "*") == 0) {
            return GSASL_NO_CALLBACK;
        }
        if (rc == GSASL_OK) {
            return rc;
        }
    }
}

int sasl_server_auth(peer_conn_t *conn, const char *line, void *baton)
{
    login_t login = { baton, peer_ssl(conn) };
    char mechanism[32] = "";
    Gsasl_session *session;
    Gsasl *context;
    int at = 0;
    int rc;

    if (sscanf(line, "%*s %31s %n", mechanism, &at) < 1
        || gsasl_init(&context) != GSASL_OK) {
        return peer_say(conn, "501 5.5.4 what");
    }
    gsasl_callback_set(context, give);
    gsasl_callback_hook_set(context, &login);
    rc = gsasl_server_start(context, mechanism, &session);
    if (rc != GSASL_OK) {
        gsasl_done(context);
        return peer_say(conn, "504 5.5.4 no %s here", mechanism);
    }
    rc = talk(conn, session, line + at);
    gsasl_finish(session);
    gsasl_done(context);
    if (rc == GSASL_OK) {
        login.server->logins++;
        return peer_say(conn, "235 2.7.0 welcome");
    }
    return rc == -1 ? 0
           : rc == GSASL_NO_CALLBACK
               ? peer_say(conn, "501 5.7.0 given up")
               : peer_say(conn, "535 5.7.8 %s", gsasl_strerror_name(rc));
}
