/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.c: libFuzzer entry for a whole session.
 *
 * The first four bytes of the input are the profile and the link, how many
 * mails there are, how the bytes are cut, and what TLS gives; the rest is what
 * the server says. TLS is not done: the link becomes an encrypted one. A line,
 * or a piece, is fed when all there was to send is sent, as with a server that
 * answers; or two of them, as with one that does not wait.
 *
 * Besides the sanitizers, this checks that no recipient is accepted without a
 * mail that was sent to its end and a 2xx after it; none is in doubt before
 * the end of its mail; that every mail is settled once; that what is sent is
 * lines of printable ASCII; that no login is on a link that is not fit; that
 * nothing but QUIT follows the end; and that the password is in nothing that
 * is said, unless the server said it.
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "base/result_int.h"
#include "model/server.h"
#include "proto/session_int.h"

#define PASSWORD "tr1cky-pa55"
#define PASSWORD_BASE64 "dHIxY2t5LXBhNTU"
#define CONTENT "Subject: x\r\n\r\n.dot\r\nlast\r\n"
#define MAILS_MAX 4
#define RECIPIENTS 2

typedef struct world_t {
    smtpc_session_t *session;
    smtpc_server_t server;
    smtpc_link_t link;
    smtpc_result_t *results[MAILS_MAX];
    apr_pool_t *pool;
    int mails;      /* to be begun */
    int begun;
    int finished;
    int ends;       /* mails that were sent to their end */
    int answers;    /* lines with 2xx since the first of them */
    int in_data;    /* lines of content are sent */
    size_t bdat;    /* bytes of a chunk to come */
    char line[SMTPC_LIMIT_COMMAND_LINE + SMTPC_LIMIT_SASL_LINE * 2];
    size_t line_len;
    int said;       /* the password, by the server */
    int secured;    /* what TLS gives: bits of the input */
} world_t;

static smtpc_env_t *env;
static smtpc_secret_t *secret;
static const world_t *present;

static apr_status_t give_random(void *baton, unsigned char *buf,
                                apr_size_t len)
{
    (void)baton;
    memset(buf, 'n', len);
    return APR_SUCCESS;
}

static void check_said(const char *text)
{
    if (present != NULL && !present->said) {
        require(strstr(text, PASSWORD) == NULL);
        require(strstr(text, PASSWORD_BASE64) == NULL);
    }
}

static void take_log(void *baton, smtpc_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    check_said(text);
}

static void setup(void)
{
    static apr_pool_t *pool;
    const char *why;

    if (pool != NULL) {
        return;
    }
    require(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    require(smtpc_env_create(&env, pool) == APR_SUCCESS);
    smtpc_env_set_random(env, give_random, NULL);
    smtpc_env_set_log(env, SMTPC_LOG_TRACE, take_log, NULL);
    require(smtpc_secret_load(&secret, &why, PASSWORD, pool) == APR_SUCCESS);
}

static void make_world(world_t *world, const uint8_t *data)
{
    static const smtpc_security_e securities[] = {
        SMTPC_SECURITY_NONE, SMTPC_SECURITY_OPPORTUNISTIC,
        SMTPC_SECURITY_STARTTLS, SMTPC_SECURITY_IMPLICIT
    };
    static const char *const mechanisms[] = {
        NULL, "PLAIN", "LOGIN PLAIN", "SCRAM-SHA-256 CRAM-MD5 PLAIN"
    };

    memset(world, 0, sizeof(*world));
    world->pool = fuzz_pool();
    world->server.host = "mail.test";
    world->server.port = 587;
    world->server.hello_name = "client.test";
    world->server.security = securities[data[0] & 3];
    world->server.lmtp = (data[0] & 4) != 0;
    world->server.depth = data[0] & 8 ? 8 : 1;
    world->server.mechanisms = mechanisms[data[0] >> 6];
    if (data[0] & 16) {
        world->server.user = "ann";
        world->server.secret = secret;
    }
    world->link.loopback = (data[0] & 32) != 0;
    world->mails = 1 + (data[1] & 3);
    world->secured = data[1] >> 2;
    if (world->server.security == SMTPC_SECURITY_IMPLICIT) {
        world->link.encrypted = 1;
        world->link.verified = (data[1] & 4) == 0;
    }
}

static smtpc_address_t *address_of(const char *text, apr_pool_t *pool)
{
    smtpc_address_t *address;

    require(smtpc_address_parse(&address, text, pool) == APR_SUCCESS);
    return address;
}

static void begin(world_t *world)
{
    smtpc_envelope_t *envelope = smtpc__envelope_create(world->pool);
    smtpc_transaction_t transaction = { 0 };
    smtpc_result_t *result;
    int i;

    envelope->sender = address_of("web@client.test", world->pool);
    smtpc__result_create(&result, RECIPIENTS, world->pool);
    for (i = 0; i < RECIPIENTS; i++) {
        smtpc__envelope_add(envelope,
                            address_of(i ? "bob@b.test" : "ann@a.test",
                                       world->pool));
        result->recipients[i].address = smtpc_address_address(
            smtpc__envelope_recipient(envelope, (apr_size_t)i));
    }
    envelope->size = (apr_off_t)strlen(CONTENT);
    require(smtpc_source_create_bytes(&transaction.content, CONTENT,
                                      strlen(CONTENT), world->pool)
            == APR_SUCCESS);
    transaction.envelope = envelope;
    transaction.result = result;
    world->results[world->begun++] = result;
    smtpc__session_begin(world->session, &transaction);
}

static int may_log_in(const world_t *world)
{
    return world->server.user != NULL
           && (world->link.encrypted
                   ? world->link.verified
                   : world->link.loopback
                         && world->server.security == SMTPC_SECURITY_NONE);
}

/* A line of commands or of content was sent. */
static void sent_line(world_t *world)
{
    const char *line = world->line;

    world->line[world->line_len - 2] = '\0';
    world->line_len = 0;
    if (strcmp(line, ".") == 0) {
        world->in_data = 0;
        world->ends++;
        return;
    }
    if (world->in_data || strcmp(line, "Subject: x") == 0) {
        world->in_data = 1;
        return;
    }
    if (strncmp(line, "AUTH ", 5) == 0) {
        require(may_log_in(world));
    }
    if (strncmp(line, "BDAT ", 5) == 0) {
        world->bdat = (size_t)apr_atoi64(line + 5);
        world->ends += strstr(line, " LAST") != NULL;
    }
}

/* Look at what is sent. */
static void sent_bytes(world_t *world, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)data[i];

        require(c == '\r' || c == '\n' || (c >= ' ' && c < 0x7f));
        if (world->bdat > 0) {
            world->bdat--;
            continue;
        }
        require(world->line_len < sizeof(world->line));
        require(c != '\n' || (world->line_len > 0
                              && world->line[world->line_len - 1] == '\r'));
        require(world->line_len == 0 || c == '\n'
                || world->line[world->line_len - 1] != '\r');
        world->line[world->line_len++] = data[i];
        if (c == '\n') {
            sent_line(world);
        }
    }
}

static void check_result(const world_t *world, smtpc_result_t *result)
{
    apr_status_t rv = smtpc__result_finish(result);
    int accepted = 0;
    int i;

    for (i = 0; i < RECIPIENTS; i++) {
        accepted += result->recipients[i].state == SMTPC_RCPT_ACCEPTED;
        check_said(result->recipients[i].text ? result->recipients[i].text
                                              : "");
        if (result->recipients[i].state == SMTPC_RCPT_ACCEPTED) {
            require(world->ends > 0 && world->answers > 0);
            require(result->recipients[i].code / 100 == 2);
        }
        require(result->recipients[i].state != SMTPC_RCPT_IN_DOUBT
                || world->ends > 0);
    }
    require((rv == APR_SUCCESS) == (accepted == RECIPIENTS));
    check_said(smtpc_result_describe(result, world->pool));
}

static void take_back(world_t *world)
{
    smtpc_finished_t finished;

    while (smtpc__session_finished(&finished, world->session)) {
        require(world->finished < world->begun);
        require(finished.transaction.result
                == world->results[world->finished]);
        check_result(world, world->results[world->finished]);
        world->finished++;
    }
}

/* Send all there is. */
static void pull(world_t *world)
{
    const char *data;
    apr_size_t len;

    while (smtpc__session_want(world->session) == SMTPC_WANT_WRITE) {
        if (smtpc__session_pull(&data, &len, world->session)
            != APR_SUCCESS) {
            break;
        }
        sent_bytes(world, data, len);
        smtpc__session_sent(world->session, len);
        if (len == 0) {
            break;
        }
    }
}

/* Do what the session wants until it wants to read, or is over. */
static void go_on(world_t *world)
{
    int turns;

    for (turns = 0; turns < 64; turns++) {
        take_back(world);
        switch (smtpc__session_want(world->session)) {
        case SMTPC_WANT_TLS:
            world->link.encrypted = 1;
            world->link.verified = world->secured & 1
                                       ? world->server.security
                                             != SMTPC_SECURITY_OPPORTUNISTIC
                                       : 1;
            smtpc__session_secured(world->session, &world->link);
            break;
        case SMTPC_WANT_WORK:
            smtpc__sasl_run(smtpc__session_sasl(world->session));
            smtpc__session_worked(world->session);
            break;
        case SMTPC_WANT_WRITE:
            pull(world);
            break;
        case SMTPC_WANT_READY:
            if (world->begun == world->mails) {
                return;
            }
            /* fall through */
        case SMTPC_WANT_READ:
            if (world->begun < world->mails
                && smtpc__session_room(world->session)) {
                begin(world);
                break;
            }
            return;
        default:
            return;
        }
    }
}

/* The session is over: what may still be sent. */
static void check_end(world_t *world)
{
    const char *data;
    apr_size_t len = 0;

    take_back(world);
    require(world->finished == world->begun);
    require(smtpc__session_under_way(world->session) == 0);
    check_said(smtpc__session_error(world->session));
    if (smtpc__session_pull(&data, &len, world->session) == APR_SUCCESS
        && len > 0) {
        require(len == 6 && memcmp(data, "QUIT\r\n", 6) == 0);
    }
}

/* Feed the len bytes at data, of which the session may take the end. */
static int feed(world_t *world, const char *data, size_t len)
{
    apr_status_t rv;

    world->answers += world->ends > 0 && memchr(data, '2', len) != NULL;
    rv = smtpc__session_feed(world->session, data, len);
    require((rv == APR_SUCCESS)
            == (smtpc__session_status(world->session) == APR_SUCCESS));
    go_on(world);
    return smtpc__session_want(world->session) != SMTPC_WANT_CLOSE;
}

/* Return how many bytes of the size at text come next. */
static size_t next_piece(const char *text, size_t size, int cut)
{
    size_t len = 0;
    int lines = cut & 1 ? 2 : 1;

    if (cut & 2) {
        len = (size_t)(cut >> 2) + 1;
        return len < size ? len : size;
    }
    while (lines-- > 0 && len < size) {
        const char *end = memchr(text + len, '\n', size - len);

        len = end == NULL ? size : (size_t)(end - text) + 1;
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static world_t world;
    char *text;
    size_t at = 0;

    setup();
    if (size < 3) {
        return 0;
    }
    present = NULL;
    make_world(&world, data);
    text = fuzz_text(data + 3, size - 3);
    world.said = memmem(text, size - 3, PASSWORD, strlen(PASSWORD)) != NULL
                 || memmem(text, size - 3, PASSWORD_BASE64,
                           strlen(PASSWORD_BASE64)) != NULL;
    present = &world;
    (void)!smtpc__session_create(&world.session, &world.server, &world.link,
                                 NULL, env, world.pool);
    go_on(&world);
    while (at < size - 3
           && smtpc__session_want(world.session) != SMTPC_WANT_CLOSE) {
        size_t len = next_piece(text + at, size - 3 - at, data[2]);

        if (!feed(&world, text + at, len)) {
            break;
        }
        at += len;
    }
    if (smtpc__session_want(world.session) != SMTPC_WANT_CLOSE) {
        smtpc__session_abort(world.session, SMTPC_ECONNECT, "the end");
    }
    check_end(&world);
    free(text);
    return 0;
}
