/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smuggling_test.c: one mail in is one mail out, even for a server that takes
 * each of nine sequences for the end of the content, wherever a caller puts
 * them. t/interop/smuggling.t asks the same of a built library from outside.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/mail.h"
#include "../support/peer.h"
#include "../tap/tap.h"

#define RAW(bytes) { bytes, sizeof(bytes) - 1 }

/** Bytes with their number. */
typedef struct bytes_t {
    const char *data;
    size_t len;
} bytes_t;

static const bytes_t sequences[] = {
    RAW("\n.\n"), RAW("\n.\r"), RAW("\r.\n"), RAW("\r.\r"), RAW("\n.\r\n"),
    RAW("\r.\r\n"), RAW("\r\n.\r\r\n"), RAW("\r\r\n.\r\r\n"),
    RAW("\r\n\0.\r\n"),
};
#define SEQUENCES (sizeof(sequences) / sizeof(sequences[0]))

#define EVIL "MAIL FROM:<evil@x.test>\r\nRCPT TO:<victim@x.test>\r\n" \
             "DATA\r\nSubject: evil\r\n\r\nevil\r\n.\r\n"

/** A server that is far too tolerant. */
typedef struct tolerant_t {
    pthread_mutex_t lock;
    int mails;
    int commands;
    int evil; /* commands that were none of ours */
    int bare; /* CR or LF alone, or NUL, on the wire */
} tolerant_t;

static int ends_with(const char *text, size_t len, const bytes_t *end)
{
    return len >= end->len
           && memcmp(text + len - end->len, end->data, end->len) == 0;
}

/* Read up to anything that somebody takes for the end. */
static int read_content(peer_conn_t *conn, tolerant_t *tolerant)
{
    static const bytes_t right = RAW("\r\n.\r\n");
    char text[8] = "\r\n"; /* the last bytes */
    size_t used = 2;
    char c;

    while (peer_read_byte(conn, &c)) {
        size_t i;

        pthread_mutex_lock(&tolerant->lock);
        tolerant->bare += (c == '\n') != (text[used - 1] == '\r')
                          || c == '\0';
        pthread_mutex_unlock(&tolerant->lock);
        if (used == sizeof(text)) {
            memmove(text, text + 1, --used);
        }
        text[used++] = c;
        if (ends_with(text, used, &right)) {
            return 1;
        }
        for (i = 0; i < SEQUENCES; i++) {
            if (ends_with(text, used, &sequences[i])) {
                /* The LF of the right end belongs to it. What else is lost
                 * leaves a command that can still be told. */
                return c != '\r' || peer_read_byte(conn, &c);
            }
        }
    }
    return 0;
}

static void count(tolerant_t *tolerant, int *what)
{
    pthread_mutex_lock(&tolerant->lock);
    ++*what;
    pthread_mutex_unlock(&tolerant->lock);
}

static void serve(peer_conn_t *conn, void *baton)
{
    tolerant_t *tolerant = baton;
    char line[4096];

    (void)peer_say(conn, "220 tolerant");
    while (peer_read_line(conn, line, sizeof(line))) {
        count(tolerant, &tolerant->commands);
        if (strstr(line, "x.test") || strstr(line, "Subject")) {
            count(tolerant, &tolerant->evil);
        }
        if (strcmp(line, "DATA") != 0) {
            (void)peer_say(conn, "250 ok");
            continue;
        }
        (void)peer_say(conn, "354 go");
        if (!read_content(conn, tolerant)) {
            return;
        }
        count(tolerant, &tolerant->mails);
        (void)peer_say(conn, "250 queued");
    }
}

/** What goes into a message: text with NUL as bytes, else as a string too. */
typedef struct trial_t {
    smtpc_client_t *client;
    smtpc_message_t *message;
    const char *text; /* "one", the sequence, EVIL */
    size_t len;
    apr_pool_t *pool;
} trial_t;

static void must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: %d", what, rv);
    }
}

static apr_status_t send_message(const trial_t *t)
{
    smtpc_result_t *result;

    return smtpc_client_send(&result, t->client, t->message, t->pool);
}

static apr_status_t in_body(const trial_t *t)
{
    apr_status_t rv = smtpc_message_set_body(t->message, t->text,
                                             SMTPC_BODY_TEXT);

    return rv != APR_SUCCESS ? rv : send_message(t);
}

static apr_status_t in_html(const trial_t *t)
{
    apr_status_t rv = smtpc_message_set_body(t->message, t->text,
                                             SMTPC_BODY_HTML);

    return rv != APR_SUCCESS ? rv : send_message(t);
}

static apr_status_t in_subject(const trial_t *t)
{
    apr_status_t rv = smtpc_message_set_subject(t->message, t->text);

    return rv != APR_SUCCESS ? rv : send_message(t);
}

static apr_status_t in_header(const trial_t *t)
{
    apr_status_t rv = smtpc_message_add_header(t->message, "X-A", t->text);

    return rv != APR_SUCCESS ? rv : send_message(t);
}

static apr_status_t in_attachment(const trial_t *t)
{
    smtpc_attachment_t *attachment;
    apr_status_t rv = smtpc_message_attach_bytes(
        &attachment, t->message, "a.txt", "text/plain", t->text, t->len);

    return rv != APR_SUCCESS ? rv : send_message(t);
}

static apr_status_t in_octets(const trial_t *t)
{
    smtpc_attachment_t *attachment;
    apr_status_t rv = smtpc_message_attach_bytes(
        &attachment, t->message, "a.bin", "application/octet-stream", t->text,
        t->len);

    return rv != APR_SUCCESS ? rv : send_message(t);
}

static apr_status_t send_raw(const trial_t *t, const char *head,
                             const char *tail)
{
    size_t head_len = strlen(head);
    size_t tail_len = strlen(tail);
    char *all = apr_palloc(t->pool, head_len + t->len + tail_len);
    smtpc_source_t *source;
    smtpc_result_t *result;

    memcpy(all, head, head_len);
    memcpy(all + head_len, t->text, t->len);
    memcpy(all + head_len + t->len, tail, tail_len);
    must(smtpc_source_create_bytes(&source, all,
                                   head_len + t->len + tail_len, t->pool),
         "source");
    return smtpc_client_send_raw(&result, t->client, source, "a@a.test",
                                 "b@b.test", t->pool);
}

#define HEAD "From: a@a.test\r\nTo: b@b.test\r\n"

static apr_status_t in_raw_body(const trial_t *t)
{
    return send_raw(t, HEAD "\r\n", "");
}

static apr_status_t in_raw_start(const trial_t *t)
{
    /* The sequence is the first of the content. */
    trial_t from_sequence = *t;

    from_sequence.text += 3;
    from_sequence.len -= 3;
    return send_raw(&from_sequence, HEAD "\r", "");
}

static apr_status_t in_raw_header(const trial_t *t)
{
    return send_raw(t, HEAD "X-A: ", "\r\n\r\nend\r\n");
}

/** Where a sequence is put. */
static const struct {
    const char *name;
    apr_status_t (*send)(const trial_t *t);
    int nul; /* it can be given one */
    int goes; /* 1: it is sent, 0: refused, -1: either */
} places[] = {
    { "the body", in_body, 0, 1 },
    { "a body in HTML", in_html, 0, 1 },
    { "the subject", in_subject, 0, 0 },
    { "a header", in_header, 0, 0 },
    { "a text attached", in_attachment, 1, 1 },
    { "bytes attached", in_octets, 1, 1 },
    { "the body of a raw message", in_raw_body, 1, -1 },
    { "the start of a raw message's body", in_raw_start, 1, -1 },
    { "the header of a raw message", in_raw_header, 1, -1 },
};

static const char *shown(const bytes_t *bytes, apr_pool_t *pool)
{
    const char *text = "";
    size_t i;

    for (i = 0; i < bytes->len; i++) {
        char c = bytes->data[i];

        text = apr_pstrcat(pool, text, c == '\r' ? "\\r" : c == '\n' ? "\\n"
                           : c == '\0' ? "\\0" : ".", NULL);
    }
    return text;
}

static void prepare(trial_t *t, const bytes_t *sequence, peer_t *peer,
                    smtpc_env_t *env, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 3 + sequence->len + sizeof(EVIL));

    memcpy(text, "one", 3);
    memcpy(text + 3, sequence->data, sequence->len);
    memcpy(text + 3 + sequence->len, EVIL, sizeof(EVIL));
    t->text = text;
    t->len = 3 + sequence->len + sizeof(EVIL) - 1;
    t->pool = pool;
    t->client = mail_client(peer, env, pool);
    must(smtpc_message_create(&t->message, pool), "message");
    must(smtpc_message_set_from(t->message, "a@a.test"), "From");
    must(smtpc_message_add_to(t->message, "b@b.test"), "To");
    must(smtpc_message_set_subject(t->message, "x"), "Subject");
    must(smtpc_message_set_body(t->message, "y\n", SMTPC_BODY_TEXT), "body");
}

static void try_one(size_t place, const bytes_t *sequence, smtpc_env_t *env)
{
    tolerant_t tolerant = { .mails = 0 };
    apr_pool_t *pool;
    peer_t *peer;
    trial_t t;
    apr_status_t rv;

    apr_pool_create(&pool, tap_pool());
    tap_subtest_begin("P26: %s in %s", shown(sequence, pool),
                      places[place].name);
    pthread_mutex_init(&tolerant.lock, NULL);
    peer = peer_start(serve, &tolerant);
    prepare(&t, sequence, peer, env, pool);
    rv = places[place].send(&t);
    tap_ok(places[place].goes < 0 ? rv == APR_SUCCESS || rv == SMTPC_EARG
           : rv == (places[place].goes ? APR_SUCCESS : SMTPC_EARG),
           "status %d", rv);
    must(smtpc_client_dispose(t.client), "dispose");
    tap_ok(peer_quiet(peer), "all connections ended");
    tap_is_int(tolerant.mails, rv == APR_SUCCESS, "mails");
    tap_is_int(tolerant.evil, 0, "no command of the content's");
    tap_is_int(tolerant.bare, 0, "no bare CR, bare LF or NUL");
    tap_is_int(tolerant.commands, rv == APR_SUCCESS ? 5 : 0,
               "EHLO, MAIL, RCPT, DATA, QUIT, or nothing");
    peer_stop(peer);
    pthread_mutex_destroy(&tolerant.lock);
    apr_pool_destroy(pool);
    tap_subtest_end();
}

int main(void)
{
    smtpc_env_t *env;
    size_t place;
    size_t i;

    must(smtpc_env_create(&env, tap_pool()), "env");
    for (place = 0; place < sizeof(places) / sizeof(places[0]); place++) {
        for (i = 0; i < SEQUENCES; i++) {
            if (places[place].nul
                || !memchr(sequences[i].data, '\0', sequences[i].len)) {
                try_one(place, &sequences[i], env);
            }
        }
    }
    return tap_done();
}
