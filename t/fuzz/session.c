/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.c: libFuzzer entry for a whole session.
 *
 * The first two bytes of the input choose profile and mails (see PROFILE_ and
 * MAIL_), the rest is what the server says, line by line: a line is given to
 * the session when all it has to say was sent, or before that if 0x01 stands
 * in front of it; 0x02 sends one byte first; 0x03 and 0x04 are the end of the
 * connection and of the owner's patience. TLS is the owner's word for it.
 *
 * Besides the sanitizers, this reads what the client says as a server does,
 * and checks that it says nothing but commands, and each mail's content to the
 * byte; no mail without the TLS and login that the profile wants; no secret
 * over a link that is not fit for it, in transcripts and errors; that what is
 * reported accepted was handed over and got a 2xx behind it; that what is in
 * doubt was handed over, and what is not, was not or got a refusal; and that
 * an end is one.
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <sanitizer/lsan_interface.h>

#include "base/limits.h"
#include "base/secret_int.h"
#include "proto/session.h"

enum {
    PROFILE_SECURITY = 3, /* 0 none, 1 opportunistic, 2 starttls, 3 implicit */
    PROFILE_USER = 4,
    PROFILE_LMTP = 8,
    PROFILE_SERIAL = 16,  /* one mail at a time */
    PROFILE_EARLY = 32,
    PROFILE_LOOPBACK = 64,
    PROFILE_UNVERIFIED = 128,
    MAIL_RCPTS = 3,       /* one more */
    MAIL_ALL_OR_NONE = 4,
    MAIL_EIGHT_BIT = 8,
    MAIL_SIZED = 16,
    MAIL_FAILS = 32,      /* its content cannot be read to the end */
    MAIL_CHUNKS = 64,     /* with GREETED: CHUNKING */
    MAIL_GREETED = 128,   /* greeting and EHLO are answered already */
    MAILS = 3,
    RCPTS = 4,
    TURNS = 20000
};

#define SECRET "hunter2secret"
#define SECRET_BASE64 "aHVudGVyMnNlY3JldA"
/* NUL ann NUL secret. */
#define PLAIN_BASE64 "AGFubgBodW50ZXIyc2VjcmV0"

#define CONTENT "Subject: x\r\n\r\n.dot\r\n..\r\nend\r\n"
#define DOTTED "Subject: x\r\n\r\n..dot\r\n...\r\nend\r\n.\r\n"
/* Bytes behind which a source that fails does. */
#define FAILS_AT 20

typedef struct mail_t {
    smtpc_result_t *result;
    int begun;
    int mailed;      /* MAIL was sent */
    int end_begun;   /* the terminator, or the last byte of the last chunk */
    int end_done;
    int positives;   /* replies behind end_done */
    int negatives;   /* replies behind MAIL */
} mail_t;

typedef enum { MODE_COMMAND, MODE_CONTENT, MODE_CHUNK } wire_mode_e;

typedef struct world_t {
    apr_pool_t *pool;
    smtpc_server_t server;
    smtpc_xclient_t xclient;
    smtpc_session_t *session;
    smtpc_link_t link;
    unsigned int profile;
    unsigned int options;
    mail_t mails[MAILS];
    int begun;
    int finished;
    int logged_in;
    int plain;           /* the last mechanism was PLAIN */
    int told;            /* the server said the secret of its own accord */
    int turns;
    /* The wire, as a server reads it. */
    wire_mode_e mode;
    char line[SMTPC_LIMIT_SESSION_BUFFER];
    size_t line_len;
    mail_t *current;
    int data;            /* DATA was sent: content may follow */
    size_t at;           /* in the content */
    size_t chunk_left;
    int chunk_last;
    int quit;
    /* Of sources that fail. */
    size_t given[MAILS];
} world_t;

static world_t world;

static int holds_secret(const char *text)
{
    return strstr(text, SECRET) != NULL
           || strstr(text, SECRET_BASE64) != NULL
           || (world.plain && strstr(text, PLAIN_BASE64) != NULL);
}

/* As holds_secret(), for bytes. */
static int carry_secret(const char *data, size_t len)
{
    return memmem(data, len, SECRET, strlen(SECRET)) != NULL
           || memmem(data, len, SECRET_BASE64, strlen(SECRET_BASE64)) != NULL
           || memmem(data, len, PLAIN_BASE64, strlen(PLAIN_BASE64)) != NULL;
}

static void on_line(void *baton, apr_uint64_t connection, char side,
                    const char *line)
{
    (void)baton;
    (void)connection;
    fuzz_check_line(line, SMTPC_LIMIT_LOG_LINE);
    if (!holds_secret(line)) {
        return;
    }
    require(side == 'S');
    require(smtpc__session_stage(world.session) != SMTPC_STAGE_AUTH);
    world.told = 1;
}

/* What the client says. */

/* Content is to go on with the byte c. */
static void take_content(char c)
{
    mail_t *mail = world.current;

    require(mail != NULL && world.at < sizeof(DOTTED) - 1);
    require(c == DOTTED[world.at]);
    world.at++;
    if (world.at > sizeof(DOTTED) - 4) {
        require(!(world.options & MAIL_FAILS));
        mail->end_begun = 1;
    }
    if (world.at == sizeof(DOTTED) - 1) {
        mail->end_done = 1;
        world.mode = MODE_COMMAND;
        world.current = NULL;
    }
}

static void end_chunk(void)
{
    world.mode = MODE_COMMAND;
    if (world.chunk_last) {
        require(world.at == sizeof(CONTENT) - 1);
        world.current->end_begun = 1;
        world.current->end_done = 1;
        world.current = NULL;
    }
}

static void take_chunk(char c)
{
    require(world.at < sizeof(CONTENT) - 1 && c == CONTENT[world.at]);
    world.at++;
    if (--world.chunk_left == 0) {
        end_chunk();
    }
}

static int starts(const char *with)
{
    return strncmp(world.line, with, strlen(with)) == 0;
}

static int is_fit(void)
{
    if (world.link.encrypted) {
        return world.link.verified;
    }
    return world.link.loopback
           && world.server.security == SMTPC_SECURITY_NONE;
}

static void take_mail(void)
{
    int i = atoi(world.line + strlen("MAIL FROM:<m"));

    require(starts("MAIL FROM:<m") && i >= 0 && i < world.begun);
    require(world.server.user == NULL || world.logged_in);
    require(world.server.security < SMTPC_SECURITY_STARTTLS
            || (world.link.encrypted && world.link.verified));
    require(!world.mails[i].mailed);
    world.mails[i].mailed = 1;
    world.current = &world.mails[i];
    world.at = 0;
}

static void take_bdat(void)
{
    char *end;

    require(world.current != NULL);
    world.chunk_left = strtoul(world.line + 5, &end, 10);
    world.chunk_last = strcmp(end, " LAST\r\n") == 0;
    require(world.chunk_last || strcmp(end, "\r\n") == 0);
    require(world.chunk_left > 0 || world.chunk_last);
    require(!(world.chunk_last && (world.options & MAIL_FAILS)));
    world.mode = MODE_CHUNK;
    if (world.chunk_left == 0) {
        end_chunk();
    }
}

/* A line with its CRLF that is not content. */
static void take_command(void)
{
    static const char *const others[] = { "EHLO client.example\r\n",
                                          "HELO client.example\r\n",
                                          "LHLO client.example\r\n",
                                          "RCPT TO:<r", "XCLIENT ADDR=",
                                          "STARTTLS\r\n" };
    int data = world.data;
    size_t i;

    require(!world.quit);
    world.data = 0;
    if (data && starts(".\r\n")) {
        /* 354, although every recipient was refused: RFC 2920 3.1. */
        world.current = NULL;
        return;
    }
    if (starts("QUIT\r\n")) {
        world.quit = 1;
        return;
    }
    if (smtpc__session_stage(world.session) == SMTPC_STAGE_AUTH
        || starts("AUTH ")) {
        require(world.server.user != NULL && is_fit());
        if (starts("AUTH ")) {
            world.plain = starts("AUTH PLAIN");
        }
        return;
    }
    require(!holds_secret(world.line));
    if (starts("MAIL ")) {
        take_mail();
    }
    else if (starts("BDAT ")) {
        take_bdat();
    }
    else if (starts("DATA\r\n")) {
        require(world.current != NULL);
        world.data = 1;
    }
    else if (starts("RSET\r\n")) {
        world.current = NULL;
    }
    else {
        for (i = 0; i < 6 && !starts(others[i]); i++) {
        }
        require(i < 6);
    }
}

static void take_byte(char c)
{
    if (world.mode == MODE_CONTENT) {
        take_content(c);
        return;
    }
    if (world.mode == MODE_CHUNK) {
        take_chunk(c);
        return;
    }
    if (world.line_len == 0 && world.data && c == DOTTED[0]) {
        world.data = 0;
        world.mode = MODE_CONTENT;
        take_content(c);
        return;
    }
    require(c != '\0' && (c != '\n') == (world.line_len == 0
                     || world.line[world.line_len - 1] != '\r'));
    require(world.line_len < sizeof(world.line) - 1);
    world.line[world.line_len++] = c;
    if (c == '\n') {
        world.line[world.line_len] = '\0';
        world.line_len = 0;
        take_command();
    }
}

/* Send what there is, at most max bytes. */
static int send_some(size_t max)
{
    const char *data;
    apr_size_t len;

    if (smtpc__session_pull(&data, &len, world.session) != APR_SUCCESS) {
        require(smtpc__session_want(world.session) == SMTPC_WANT_CLOSE);
        return 0;
    }
    len = len < max ? len : max;
    for (apr_size_t i = 0; i < len; i++) {
        take_byte(data[i]);
    }
    smtpc__session_sent(world.session, len);
    return len > 0;
}

/* Mails. */

static apr_status_t give(void *baton, char *buf, apr_size_t *len)
{
    size_t *given = baton;

    if (*given >= FAILS_AT) {
        return APR_EGENERAL;
    }
    *len = 1;
    *buf = CONTENT[(*given)++];
    return APR_SUCCESS;
}

static smtpc_source_t *make_content(void)
{
    smtpc_source_t *source;

    if (world.options & MAIL_FAILS) {
        require(smtpc_source_create_callback(&source, give, NULL,
                                             SMTPC_LENGTH_UNKNOWN,
                                             &world.given[world.begun],
                                             world.pool) == APR_SUCCESS);
    }
    else {
        require(smtpc_source_create_bytes(&source, CONTENT,
                                          sizeof(CONTENT) - 1, world.pool)
                == APR_SUCCESS);
    }
    return source;
}

/* Return the address number i of the kind what. */
static smtpc_address_t *address(char what, int i)
{
    smtpc_address_t *made;

    require(smtpc_address_parse(&made, apr_psprintf(world.pool,
                                                    "%c%d@s.example", what,
                                                    i), world.pool)
            == APR_SUCCESS);
    return made;
}

static void begin(void)
{
    smtpc_transaction_t transaction = { 0 };
    smtpc_envelope_t *envelope = smtpc__envelope_create(world.pool);
    mail_t *mail = &world.mails[world.begun];
    int rcpts = 1 + (int)(world.options & MAIL_RCPTS);

    envelope->sender = address('m', world.begun);
    envelope->all_or_none = (world.options & MAIL_ALL_OR_NONE) != 0;
    envelope->eight_bit = (world.options & MAIL_EIGHT_BIT) != 0;
    envelope->size = world.options & MAIL_SIZED ? (apr_off_t)sizeof(CONTENT) - 1
                                                : SMTPC_LENGTH_UNKNOWN;
    smtpc__result_create(&mail->result, (apr_size_t)rcpts, world.pool);
    for (int i = 0; i < rcpts; i++) {
        smtpc_address_t *to = address('r', i);

        smtpc__envelope_add(envelope, to);
        mail->result->recipients[i].address = smtpc_address_address(to);
    }
    transaction.envelope = envelope;
    transaction.content = make_content();
    transaction.result = mail->result;
    transaction.baton = mail;
    world.begun++;
    mail->begun = 1;
    smtpc__session_begin(world.session, &transaction);
}

/* What is said of mail is what happened to it. */
static void check_recipients(const mail_t *mail)
{
    const smtpc_result_t *result = mail->result;

    for (apr_size_t i = 0; i < result->recipient_count; i++) {
        const smtpc_recipient_t *to = &result->recipients[i];

        fuzz_check_lines(to->text, 2000);
        require(world.told || !holds_secret(to->text));
        switch (to->state) {
        case SMTPC_RCPT_ACCEPTED:
            require(mail->end_done && mail->positives > 0);
            require(to->code >= 200 && to->code < 300);
            break;
        case SMTPC_RCPT_IN_DOUBT:
            require(mail->end_begun);
            break;
        case SMTPC_RCPT_REJECTED:
            require(to->code == 0 || (to->code >= 400 && to->code < 600));
            require(to->code == 0 || mail->negatives > 0);
            break;
        default:
            require(!mail->end_done || mail->negatives > 0);
            break;
        }
    }
}

static void check_result(mail_t *mail)
{
    apr_status_t status = smtpc__result_finish(mail->result);
    const char *line = smtpc_result_describe(mail->result, world.pool);
    apr_size_t accepted = 0;

    check_recipients(mail);
    for (apr_size_t i = 0; i < mail->result->recipient_count; i++) {
        accepted += mail->result->recipients[i].state == SMTPC_RCPT_ACCEPTED;
    }
    require((status == APR_SUCCESS)
            == (accepted == mail->result->recipient_count));
    require(status != APR_EGENERAL);
    require(!smtpc_result_is_transient(mail->result) || accepted == 0
            || status == SMTPC_EPARTIAL);
    fuzz_check_line(line, SMTPC_LIMIT_DESCRIPTION);
    require(world.told || !holds_secret(line));
}

static void take_back(void)
{
    smtpc_finished_t finished;

    while (smtpc__session_finished(&finished, world.session)) {
        mail_t *mail = finished.transaction.baton;

        /* In the order they began, each once. */
        require(mail == &world.mails[world.finished]);
        world.finished++;
        require(!finished.untouched || !mail->end_done
                || mail->negatives > 0);
        check_result(mail);
    }
}

/* The owner. */

static void secure(void)
{
    world.link.encrypted = 1;
    world.link.verified = (world.profile & PROFILE_UNVERIFIED) == 0;
    smtpc__session_secured(world.session, &world.link);
}

static void work(void)
{
    smtpc__sasl_run(smtpc__session_sasl(world.session));
    smtpc__session_worked(world.session);
}

/* Do all that can be done without the server. */
static void drive(void)
{
    for (;;) {
        require(world.turns++ < TURNS);
        take_back();
        if (world.begun < MAILS && smtpc__session_room(world.session)) {
            begin();
            continue;
        }
        switch (smtpc__session_want(world.session)) {
        case SMTPC_WANT_WRITE:
            (void)send_some(SMTPC_LIMIT_SESSION_BUFFER);
            break;
        case SMTPC_WANT_TLS:
            return;
        case SMTPC_WANT_WORK:
            work();
            break;
        case SMTPC_WANT_READY:
            require(world.begun == MAILS && world.finished == MAILS);
            smtpc__session_quit(world.session);
            break;
        default:
            return;
        }
    }
}

/* Give the session a line; a reply counts for the mails under way. */
static void feed(const char *data, size_t len)
{
    apr_uint64_t before = smtpc__session_replies(world.session);
    int at_auth = smtpc__session_stage(world.session) == SMTPC_STAGE_AUTH;
    int tls = smtpc__session_want(world.session) == SMTPC_WANT_TLS;
    mail_t mails[MAILS];
    int code;

    memcpy(mails, world.mails, sizeof(mails));
    world.told |= !at_auth && carry_secret(data, len);
    (void)smtpc__session_feed(world.session, data, len);
    require(!tls || len == 0
            || smtpc__session_status(world.session) != APR_SUCCESS);
    if (smtpc__session_replies(world.session) == before) {
        return;
    }
    code = smtpc__session_reply(world.session)->code;
    world.logged_in |= at_auth && code == 235;
    for (int i = 0; i < MAILS; i++) {
        world.mails[i].positives += mails[i].end_done && code < 300;
        world.mails[i].negatives += mails[i].mailed && code >= 400;
    }
}

static void say(const char *text, size_t len)
{
    drive();
    if (smtpc__session_want(world.session) == SMTPC_WANT_TLS) {
        secure();
        drive();
    }
    feed(text, len);
}

/* Do what one line of the input says. */
static void play_line(const char *line, size_t len)
{
    switch (*line) {
    case 1:
        feed(line + 1, len - 1);
        break;
    case 2:
        take_back();
        (void)send_some(1);
        feed(line + 1, len - 1);
        break;
    case 3:
        smtpc__session_abort(world.session, SMTPC_ECONNECT, "it broke");
        break;
    case 4:
        smtpc__session_abort(world.session, SMTPC_ETIMEOUT, "too late");
        break;
    default:
        say(line, len);
        break;
    }
}

/* After the end nothing is said but QUIT, and nothing is heard. */
static void check_closed(void)
{
    apr_status_t status = smtpc__session_status(world.session);
    const char *error = smtpc__session_error(world.session);
    const char *data;
    apr_size_t len;

    require(smtpc__session_want(world.session) == SMTPC_WANT_CLOSE);
    require((status == APR_SUCCESS) == (*error == '\0'));
    fuzz_check_line(error, 4000);
    require(world.told || !holds_secret(error));
    require(smtpc__session_pull(&data, &len, world.session) == APR_SUCCESS
            || len == 0);
    while (len > 0) {
        require(world.mode == MODE_COMMAND && !world.quit);
        take_byte(*data++);
        require(--len > 0 || world.quit);
    }
    require(smtpc__session_feed(world.session, "250 ok\r\n", 8) == status);
    require(!smtpc__session_room(world.session));
    require(smtpc__session_under_way(world.session) == 0);
    require(world.finished == world.begun);
}

/* What lasts as long as the program. The leak sanitizer does not look into
 * pools, which are not made by malloc(), and would miss what they point to. */
static smtpc_env_t *environment;
static smtpc_secret_t *password;

static void make_lasting(void)
{
    apr_pool_t *pool;

    __lsan_disable();
    require(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    require(smtpc_env_create(&environment, pool) == APR_SUCCESS);
    smtpc_env_set_transcript(environment, on_line, NULL);
    require(smtpc_secret_load(&password, NULL, SECRET, pool) == APR_SUCCESS);
    __lsan_enable();
}

static void make_server(void)
{
    static const smtpc_security_e securities[] = {
        SMTPC_SECURITY_NONE, SMTPC_SECURITY_OPPORTUNISTIC,
        SMTPC_SECURITY_STARTTLS, SMTPC_SECURITY_IMPLICIT
    };

    world.server.host = "mx.example";
    world.server.port = 587;
    world.server.hello_name = "client.example";
    world.server.security = securities[world.profile & PROFILE_SECURITY];
    world.server.depth = world.profile & PROFILE_SERIAL ? 1 : 8;
    world.server.lmtp = (world.profile & PROFILE_LMTP) != 0;
    if (world.profile & PROFILE_USER) {
        world.server.user = "ann";
        world.server.secret = password;
        world.server.mechanisms = "CRAM-MD5 PLAIN LOGIN";
    }
    else if (world.server.lmtp) {
        world.xclient.addr = "192.0.2.1";
        world.server.xclient = &world.xclient;
    }
}

static void make(apr_pool_t *pool, unsigned int profile,
                 unsigned int options)
{
    smtpc_caps_t early = { 0 };

    if (environment == NULL) {
        make_lasting();
    }
    memset(&world, 0, sizeof(world));
    world.pool = pool;
    world.profile = profile;
    world.options = options;
    make_server();
    world.link.loopback = (profile & PROFILE_LOOPBACK) != 0;
    world.link.encrypted = world.server.security == SMTPC_SECURITY_IMPLICIT;
    world.link.verified = world.link.encrypted
                          && !(profile & PROFILE_UNVERIFIED);
    early.esmtp = 1;
    early.bits = SMTPC_CAP_PIPELINING | SMTPC_CAP_PIPECONNECT
                 | SMTPC_CAP_8BITMIME;
    (void)!smtpc__session_create(&world.session, &world.server, &world.link,
                                 profile & PROFILE_EARLY ? &early : NULL,
                                 environment, pool);
}

/* Say what most servers say in the beginning. */
static void greet(void)
{
    static const char *const lines[] = {
        "220 mx.example\r\n", "250-mx.example\r\n", "250-AUTH PLAIN LOGIN\r\n",
        "250-8BITMIME\r\n", "250-STARTTLS\r\n", "250-XCLIENT ADDR\r\n"
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        say(lines[i], strlen(lines[i]));
    }
    if (world.options & MAIL_CHUNKS) {
        say("250-CHUNKING\r\n", 14);
    }
    say("250 PIPELINING\r\n", 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    char *text;

    if (size < 2) {
        return 0;
    }
    text = fuzz_text(data + 2, size - 2);
    make(pool, data[0], data[1]);
    if (data[1] & MAIL_GREETED) {
        greet();
    }
    for (size_t at = 0; at < size - 2;) {
        const char *end = memchr(text + at, '\n', size - 2 - at);
        size_t len = end == NULL ? size - 2 - at
                                 : (size_t)(end - (text + at)) + 1;

        play_line(text + at, len);
        at += len;
    }
    drive();
    smtpc__session_abort(world.session, SMTPC_ECONNECT, "it broke");
    take_back();
    check_closed();
    apr_pool_clear(pool);
    free(text);
    return 0;
}
