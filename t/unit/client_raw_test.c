/* SPDX-License-Identifier: Apache-2.0 */
/* client_raw_test.c: messages that exist as bytes, to a server of threads. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../support/peer.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

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

static apr_status_t send_raw(smtpc_result_t **result, smtpc_client_t *client,
                             const char *text, const char *from,
                             const char *recipients, apr_pool_t *pool)
{
    smtpc_source_t *source;

    if (smtpc_source_create_bytes(&source, text, strlen(text), pool)) {
        tap_bail("no source");
    }
    return smtpc_client_send_raw(result, client, source, from, recipients,
                                 pool);
}

static void envelopes(apr_pool_t *pool)
{
    static const char text[] = "Subject:  kept \t as\n  it is\n"
                               "From: A <a@a.example>\nTo: b@b.example\n"
                               "Bcc: c@c.example\n\n.body\nno end";
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *c = start(&peer, &smtp, "SIZE 1000000", pool);
    smtpc_result_t *result;

    tap_is_int(send_raw(&result, c, text, NULL, NULL, pool), 0,
               "envelope of the header");
    tap_is_str(smtp.last, "Subject:  kept \t as\r\n  it is\r\n"
               "From: A <a@a.example>\r\nTo: b@b.example\r\n\r\n"
               "..body\r\nno end\r\n", "the bytes, without Bcc");
    tap_is_int(peer_heard(peer, apr_psprintf(pool, "MAIL FROM:<a@a.example> "
                                             "SIZE=%d",
                                             (int)strlen(smtp.last) - 1)), 1,
               "sender, and the size that it has without stuffing");
    tap_is_int(smtpc_result_recipient_count(result), 2, "Bcc gets it");
    tap_is_str(smtpc_result_recipient(result, 1)->address, "c@c.example",
               "indeed");
    tap_is_int(send_raw(&result, c, text, "", "x@x.example, y@y.example",
                        pool), 0, "envelope of the caller");
    tap_is_int(peer_heard(peer, "MAIL FROM:<> "), 1, "null reverse path");
    tap_is_int(peer_heard(peer, "RCPT TO:<x@x.example>")
                   + peer_heard(peer, "RCPT TO:<y@y.example>"), 2,
               "the caller's recipients");
    tap_is_int(peer_heard(peer, "RCPT TO:<c@c.example>"), 1, "and no others");
    tap_is_int(send_raw(&result, c, "X: y\n\n", NULL, "x@x.example", pool),
               SMTPC_EARG, "no sender: %s", smtpc_client_error(c));
    tap_ok(result == NULL, "and no result");
    tap_is_int(smtpc_client_set_from(c, "d@d.example"), 0, "a default");
    tap_is_int(send_raw(&result, c, "X: y\n\n", NULL, "x@x.example", pool), 0,
               "is taken");
    tap_is_int(peer_heard(peer, "MAIL FROM:<d@d.example>"), 1, "for it");
    tap_is_str(smtp.last, "X: y\r\n\r\n", "but nothing is added");
    smtpc_client_dispose(c);
    tap_is_int(send_raw(&result, c, text, NULL, NULL, pool), SMTPC_EDISPOSED,
               "too late");
    peer_stop(peer);
}

/* A message of size bytes that is nowhere. */
typedef struct large_t {
    apr_off_t size;
    apr_off_t at;
} large_t;

static apr_status_t large_read(void *baton, char *buf, apr_size_t *len)
{
    static const char header[] = "From: a@a.example\nTo: b@b.example\n\n";
    large_t *l = baton;
    apr_off_t left = l->size - l->at;

    if (left == 0) {
        *len = 0;
        return APR_EOF;
    }
    if (l->at == 0) {
        memcpy(buf, header, sizeof(header) - 1);
        *len = sizeof(header) - 1;
    }
    else {
        *len = (apr_off_t)*len < left ? *len : (apr_size_t)left;
        memset(buf, 'x', *len);
        for (apr_size_t i = 0; i < *len; i++) {
            if ((l->at + (apr_off_t)i) % 70 == 0) {
                buf[i] = '\n';
            }
        }
    }
    l->at += (apr_off_t)*len;
    return APR_SUCCESS;
}

static apr_status_t large_rewind(void *baton)
{
    ((large_t *)baton)->at = 0;
    return APR_SUCCESS;
}

static void refusals(apr_pool_t *pool)
{
    static const char eight[] = "From: a@a.example\nTo: b@b.example\n\n\xfc\n";
    static const char utf8[] = "From: a@a.example\nTo: b@b.example\n"
                               "Subject: \xc3\xbc\n\nx\n";
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *c = start(&peer, &smtp, "SIZE 1000000", pool);
    smtpc_result_t *result;
    smtpc_source_t *once;

    tap_is_int(send_raw(&result, c, eight, NULL, NULL, pool),
               SMTPC_EEXTENSION, "8bit to a server without 8BITMIME");
    tap_ok(result && strstr(smtpc_result_error(result), "8BITMIME") != NULL,
           "%s", result ? smtpc_result_error(result) : "no result");
    tap_is_int(send_raw(&result, c, utf8, NULL, NULL, pool), SMTPC_EEXTENSION,
               "a header in UTF-8");
    tap_is_int(smtpc_client_set_delivery_format(c,
                                                SMTPC_FORMAT_INTERNATIONAL),
               0, "allowed");
    tap_is_int(send_raw(&result, c, utf8, NULL, NULL, pool), SMTPC_EEXTENSION,
               "to a server without SMTPUTF8");
    tap_is_int(send_raw(&result, c, "no header\n\n", "a@a.example",
                        "b@b.example", pool), SMTPC_EARG, "%s",
               smtpc_client_error(c));
    tap_is_int(send_raw(&result, c, eight, "x", NULL, pool), SMTPC_EARG,
               "%s", smtpc_client_error(c));
    if (smtpc_source_create_callback(&once, large_read, NULL, 1, NULL,
                                     pool)) {
        tap_bail("no source");
    }
    tap_is_int(smtpc_client_send_raw(&result, c, once, NULL, NULL, pool),
               SMTPC_EARG, "%s", smtpc_client_error(c));
    tap_is_int(smtpc_client_send_raw(&result, c, NULL, NULL, NULL, pool),
               SMTPC_EARG, "%s", smtpc_client_error(c));
    tap_is_int(smtp.messages, 0, "nothing arrived");
    smtpc_client_dispose(c);
    peer_stop(peer);
    c = start(&peer, &smtp, "8BITMIME\nSMTPUTF8", pool);
    tap_is_int(smtpc_client_set_delivery_format(c,
                                                SMTPC_FORMAT_INTERNATIONAL),
               0, "international");
    tap_is_int(send_raw(&result, c, eight, NULL, NULL, pool), 0,
               "8BITMIME is there");
    tap_is_int(peer_heard(peer, "MAIL FROM:<a@a.example> BODY=8BITMIME"), 1,
               "and used");
    tap_ok(strstr(smtp.last, "\r\n\r\n\xfc\r\n") != NULL, "as it is");
    tap_is_int(send_raw(&result, c, utf8, NULL, NULL, pool), 0,
               "SMTPUTF8 is there");
    tap_is_int(peer_heard(peer, "MAIL FROM:<a@a.example> BODY=8BITMIME "
                                "SMTPUTF8"), 1, "and used");
    smtpc_client_dispose(c);
    peer_stop(peer);
}

/* KiB of memory that were in use at most so far. */
static long memory(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

/* Memory does not follow the message's size; RAW_TEST_MIB tries another. */
static void large(apr_pool_t *pool)
{
    const char *mib = getenv("RAW_TEST_MIB");
    large_t l = { apr_atoi64(mib ? mib : "64") * 1024 * 1024, 0 };
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *c = start(&peer, &smtp, "SIZE", pool);
    smtpc_result_t *result;
    smtpc_source_t *source;
    long before;

    if (smtpc_source_create_callback(&source, large_read, large_rewind,
                                     l.size, &l, pool)) {
        tap_bail("no source");
    }
    before = memory();
    tap_is_int(smtpc_client_send_raw(&result, c, source, NULL, NULL, pool), 0,
               "a large one");
    tap_ok(memory() < before + 8 * 1024, "memory is as before: %ld KiB, then "
           "%ld", before, memory());
    tap_ok(smtp.bytes > (unsigned long long)l.size, "all of it arrived");
    smtpc_client_dispose(c);
    peer_stop(peer);
}

/* A source that disposes of the client that reads it. */
typedef struct {
    large_t text;
    smtpc_client_t *client;
    apr_status_t disposed;
} inside_t;

static apr_status_t inside_read(void *baton, char *buf, apr_size_t *len)
{
    inside_t *inside = baton;

    inside->disposed = smtpc_client_dispose(inside->client);
    return large_read(&inside->text, buf, len);
}

/* Nobody can wait for a call that he is in himself. */
static void dispose_inside(apr_pool_t *pool)
{
    inside_t inside = { { 1000, 0 }, NULL, APR_SUCCESS };
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *c = start(&peer, &smtp, "SIZE", pool);
    smtpc_result_t *result;
    smtpc_source_t *source;

    inside.client = c;
    if (smtpc_source_create_callback(&source, inside_read, large_rewind,
                                     -1, &inside, pool)) {
        tap_bail("no source");
    }
    tap_is_int(smtpc_client_send_raw(&result, c, source, NULL, NULL, pool), 0,
               "a source that disposes of its client");
    tap_is_int(inside.disposed, SMTPC_EBUSY, "which it may not");
    tap_is_int(smtp.messages, 1, "it arrived");
    tap_is_int(smtpc_client_dispose(c), 0, "afterwards it may");
    peer_stop(peer);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool)) {
        tap_bail("no env");
    }
    envelopes(pool);
    refusals(pool);
    large(pool);
    dispose_inside(pool);
    return tap_done();
}
