/* SPDX-License-Identifier: Apache-2.0 */
/* client_headers_test.c: fields that a client gives every message, and what
 * it asks of the server in its name. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../support/peer.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

static smtpc_message_t *message(apr_pool_t *pool)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, pool)
        || smtpc_message_set_from(m, "from@example.org")
        || smtpc_message_add_to(m, "to@example.org")
        || smtpc_message_add_header(m, "X-Mine", "1")) {
        tap_bail("no message");
    }
    return m;
}

static smtpc_client_t *start(peer_t **peer, peer_smtp_t *smtp,
                             const char *extensions, apr_pool_t *pool)
{
    smtpc_client_t *client;

    peer_smtp_init(smtp);
    smtp->extensions = extensions;
    *peer = peer_start(peer_smtp_serve, smtp);
    if (smtpc_client_create(&client, env, "127.0.0.1", peer_port(*peer),
                            pool)) {
        tap_bail("no client");
    }
    return client;
}

static void fields(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *c = start(&peer, &smtp, "8BITMIME", pool);
    smtpc_message_t *m = message(pool);

    tap_is_int(smtpc_client_add_default_header(c, "X-Mine", "2"), 0,
               "a default");
    tap_is_int(smtpc_client_add_default_header(c, "X-Site", "3"), 0,
               "another");
    tap_is_int(smtpc_client_add_forced_header(c, "X-Stage", "test"), 0,
               "an override");
    tap_is_int(smtpc_client_add_forced_header(c, "Message-ID", "<a@b>"),
               SMTPC_EARG, "not what is of one message");
    tap_is_int(smtpc_client_add_default_header(c, "date", "x"), SMTPC_EARG,
               "%s", smtpc_client_error(c));
    tap_is_int(smtpc_client_add_default_header(c, "Bcc", "x@y.example"),
               SMTPC_EARG, "%s", smtpc_client_error(c));
    tap_is_int(smtpc_client_add_default_header(c, "X", NULL), SMTPC_EARG,
               "no value");
    tap_is_int(smtpc_client_send(NULL, c, m, pool), 0, "sent");
    tap_ok(strstr(smtp.last, "X-Mine: 1\r\nX-Site: 3\r\nX-Stage: test\r\n")
               != NULL, "they are in it");
    tap_is_int(smtpc_client_add_default_header(c, NULL, NULL), 0,
               "none any more");
    tap_is_int(smtpc_client_add_forced_header(c, NULL, NULL), 0, "likewise");
    tap_is_int(smtpc_client_send(NULL, c, m, pool), 0, "sent");
    tap_ok(strstr(smtp.last, "X-Site") == NULL
               && strstr(smtp.last, "X-Stage") == NULL, "they are gone");
    smtpc_client_dispose(c);
    tap_is_int(smtpc_client_add_default_header(c, "X", "y"), SMTPC_EDISPOSED,
               "too late");
    tap_is_int(smtpc_client_add_forced_header(c, "X", "y"), SMTPC_EDISPOSED,
               "too late");
    peer_stop(peer);
}

/* NOTIFY where the server has DSN, and silence where it has not, as .NET. */
static void notifications(apr_pool_t *pool)
{
    static const struct {
        const char *extensions;
        const char *rcpt;
        const char *what;
    } cases[] = {
        { "DSN", "RCPT TO:<to@example.org> NOTIFY=FAILURE,DELAY", "asked" },
        { "8BITMIME", "RCPT TO:<to@example.org> NOTIFY", "not asked" }
    };

    for (apr_size_t i = 0; i < 2; i++) {
        peer_smtp_t smtp;
        peer_t *peer;
        smtpc_client_t *c = start(&peer, &smtp, cases[i].extensions, pool);
        smtpc_message_t *m = message(pool);

        tap_is_int(smtpc_message_set_notifications(m, SMTPC_NOTIFY_FAILURE
                                                          | SMTPC_NOTIFY_DELAY),
                   0, "set");
        tap_is_int(smtpc_client_send(NULL, c, m, pool), 0, "sent");
        tap_is_int(peer_heard(peer, cases[i].rcpt), i == 0, "%s",
                   cases[i].what);
        smtpc_client_dispose(c);
        peer_stop(peer);
    }
}

/* All that a message can ask of a server over a clear connection. */
static void ask(smtpc_message_t *m)
{
    if (smtpc_message_set_recipient_notifications(m, "to@example.org",
                                                  SMTPC_NOTIFY_SUCCESS)
        || smtpc_message_set_original_recipient(m, "to@example.org",
                                                "a+b@example.net")
        || smtpc_message_set_return(m, SMTPC_RETURN_HEADERS)
        || smtpc_message_set_envelope_id(m, "order 42")
        || smtpc_message_set_mt_priority(m, -4)
        || smtpc_message_set_submitter(m, "ann@example.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
}

static void extensions(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *c = start(&peer, &smtp, "DSN\nMT-PRIORITY\nDELIVERBY 10"
                              "\nFUTURERELEASE 60 2099-01-01T00:00:00Z",
                              pool);
    smtpc_message_t *m = message(pool);
    smtpc_result_t *result;

    ask(m);
    if (smtpc_message_set_deliver_by(m, 10, SMTPC_BY_RETURN, 1)
        || smtpc_message_set_hold_for(m, 60)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_client_send(&result, c, m, pool), 0, "sent");
    tap_is_int(peer_heard(peer, "MAIL FROM:<from@example.org> RET=HDRS "
                                "ENVID=order+2042 BY=10;RT HOLDFOR=60 "
                                "MT-PRIORITY=-4"), 1, "all of MAIL");
    tap_is_int(peer_heard(peer, "RCPT TO:<to@example.org> NOTIFY=SUCCESS "
                                "ORCPT=rfc822;a+2Bb@example.net"), 1,
               "all of RCPT");
    tap_is_str(smtpc_result_dropped(result), "",
               "nothing dropped but what is not missed");
    tap_is_int(smtpc_message_set_hold_for(m, 61), 0, "longer");
    tap_is_int(smtpc_client_send(&result, c, m, pool), SMTPC_EEXTENSION,
               "than the server holds");
    tap_ok(strstr(smtpc_result_error(result), "FUTURERELEASE") != NULL, "%s",
           smtpc_result_error(result));
    smtpc_client_dispose(c);
    peer_stop(peer);
}

static void dropped(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *c = start(&peer, &smtp, "8BITMIME", pool);
    smtpc_message_t *m = message(pool);
    smtpc_result_t *result;

    ask(m);
    tap_is_int(smtpc_client_send(&result, c, m, pool), 0, "sent");
    tap_is_int(peer_heard(peer, "MAIL FROM:<from@example.org>"), 1, "MAIL");
    tap_is_int(peer_heard(peer, "MAIL FROM:<from@example.org> "), 0,
               "without parameters");
    tap_is_int(peer_heard(peer, "RCPT TO:<to@example.org>"), 1, "RCPT");
    tap_is_int(peer_heard(peer, "RCPT TO:<to@example.org> "), 0, "likewise");
    tap_is_str(smtpc_result_dropped(result), "MT-PRIORITY",
               "the result says what was dropped");
    tap_is_int(smtpc_message_set_policy(m, SMTPC_EXTENSION_DSN,
                                        SMTPC_POLICY_FAIL), 0, "not DSN");
    tap_is_int(smtpc_client_send(&result, c, m, pool), SMTPC_EEXTENSION,
               "not without DSN");
    tap_is_str(smtpc_result_dropped(result), "", "nothing was sent without");
    tap_is_int(smtpc_message_set_policy(m, SMTPC_EXTENSION_DSN,
                                        SMTPC_POLICY_DEFAULT), 0, "as it was");
    tap_is_int(smtpc_message_set_require_tls(m, 1), 0, "REQUIRETLS");
    tap_is_int(smtpc_client_send(&result, c, m, pool), SMTPC_EEXTENSION,
               "T21 not without TLS");
    tap_ok(strstr(smtpc_result_error(result), "5.7.30") != NULL, "%s",
           smtpc_result_error(result));
    smtpc_client_dispose(c);
    peer_stop(peer);
}

/* Return the pages of memory of this process. */
static long pages(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long size = 0;

    if (file == NULL || fscanf(file, "%*d %ld", &size) != 1) {
        tap_bail("no /proc/self/statm");
    }
    fclose(file);
    return size;
}

static void again_and_again(apr_pool_t *pool)
{
    smtpc_env_t *own;
    smtpc_client_t *client;
    long before = 0;
    int i;

    if (smtpc_env_create(&own, pool)
        || smtpc_client_create(&client, own, "mail.test", 25, pool)) {
        tap_bail("no client");
    }
    for (i = 0; i < 20000; i++) {
        if (smtpc_client_add_forced_header(client, NULL, NULL)
            || smtpc_client_add_forced_header(client, "X-Campaign", "42")) {
            break;
        }
        if (i == 1000) {
            before = pages();
        }
    }
    tap_is_int(i, 20000, "set again and again");
    tap_ok(pages() - before < 1000, "uses up no memory: %ld pages",
           pages() - before);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    again_and_again(pool);
    if (smtpc_env_create(&env, pool)) {
        tap_bail("no env");
    }
    fields(pool);
    notifications(pool);
    extensions(pool);
    dropped(pool);
    return tap_done();
}
