/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_model_test.c: random batches of messages against a random but legal
 * server (model_server.h), cut anywhere, without sockets.
 *
 * The server knows what it accepted, and which of its replies reached the
 * session. From that follows what each result has to say: accepted if and
 * only if the 250 arrived; in doubt if and only if all was handed over and no
 * answer came; refused only by an answer that came. MODEL_SEED=n replays one
 * run and shows it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "../support/model_mail.h"
#include "../support/session_rig.h"
#include "../tap/tap.h"

enum { RUNS = 25000, EVENTS_MAX = 200000 };

/* One run. */
typedef struct world_t {
    apr_uint64_t random;
    apr_pool_t *pool;
    smtpc_server_t profile;
    smtpc_session_t *session;
    model_server_t server;
    model_message_t models[MODEL_MESSAGES];
    model_mail_t messages[MODEL_MESSAGES];
    int count;
    int next;               /* message to begin */
    int next_finished;
    char *wire;             /* what the client sent */
    apr_size_t wire_size;
    apr_size_t wire_taken;  /* given to the server */
    apr_uint64_t fed;       /* bytes of replies given to the session */
    apr_uint64_t server_end; /* the server is gone behind so many bytes */
    apr_uint64_t reply_end; /* and no more replies arrive */
    int cut_at;             /* event at which the connection breaks, or 0 */
    int aborted;
    int early;              /* 1: guessed right, 2: wrong */
    int guessed;            /* something was begun on a guess */
    smtpc_result_t *asked;
    int quit;
    int show;
} world_t;

/* Over all runs. */
typedef struct tally_t {
    unsigned int accepted, doubtful, unsent, refused, untouched, most,
        declined, early, lmtp, chunked, clean;
} tally_t;

static unsigned int roll(world_t *world, unsigned int sides)
{
    return rig_random(&world->random) % sides;
}

/* Making a run. */

static unsigned int random_caps(world_t *world)
{
    unsigned int caps = 0;

    caps |= roll(world, 8) ? MODEL_PIPELINING : 0;
    caps |= roll(world, 2) ? MODEL_CHUNKING : 0;
    caps |= roll(world, 2) ? MODEL_8BITMIME : 0;
    caps |= roll(world, 4) == 0 ? MODEL_BINARYMIME : 0;
    caps |= roll(world, 4) == 0 ? MODEL_SIZE : 0;
    return caps;
}

static void make_server(world_t *world)
{
    static const unsigned int rates[] = { 0, 0, 40, 12, 4 };
    model_server_t *server = &world->server;

    server->pool = world->pool;
    server->random = &world->random;
    server->caps = random_caps(world);
    server->lmtp = roll(world, 5) == 0;
    server->refuses = rates[roll(world, 5)];
    server->dies_at = roll(world, 8) == 0 ? 1 + (int)roll(world, 40) : 0;
    server->interrupts = roll(world, 20) == 0;
    server->turns_away = roll(world, 60) == 0;
    server->odd = roll(world, 20) == 0;
    server->messages = world->models;
    server->message_count = world->count;
    server->out_size = 32768;
    server->out = apr_palloc(world->pool, server->out_size);
    world->early = roll(world, 5) == 0 ? 1 + (roll(world, 3) == 0) : 0;
    if (world->early) {
        server->caps |= MODEL_PIPECONNECT | MODEL_PIPELINING;
    }
}

static void make_caps(smtpc_caps_t *caps, const world_t *world)
{
    static const char *const names[] = { "PIPELINING", "CHUNKING",
                                         "8BITMIME", "BINARYMIME",
                                         "PIPECONNECT", "SIZE" };

    memset(caps, 0, sizeof(*caps));
    caps->esmtp = 1;
    for (int i = 0; i < 6; i++) {
        if (world->server.caps & 1u << i) {
            smtpc__caps_line(caps, names[i]);
        }
    }
    smtpc__caps_line(caps, "HELP");
    if (world->early == 2) {
        smtpc__caps_line(caps, "DSN");
    }
}

/* Decide whether and where it breaks. */
static void make_end(world_t *world)
{
    unsigned int kind = roll(world, 5);

    world->server_end = ~(apr_uint64_t)0;
    world->reply_end = ~(apr_uint64_t)0;
    if (kind == 0) {
        world->server_end = roll(world, 200u * (unsigned int)world->count);
    }
    else if (kind == 1) {
        world->reply_end = roll(world, 150u * (unsigned int)world->count);
    }
    else if (kind == 2) {
        world->cut_at = 1 + (int)roll(world, 100);
    }
}

static void make_world(world_t *world, apr_uint64_t seed, smtpc_env_t *env,
                       apr_pool_t *pool)
{
    static const int depths[] = { 1, 2, 3, 8, 64 };
    smtpc_link_t link = { 0 };
    smtpc_caps_t early;

    memset(world, 0, sizeof(*world));
    world->random = seed;
    (void)roll(world, 2);
    world->pool = pool;
    world->count = 1 + (int)roll(world, MODEL_MESSAGES);
    make_server(world);
    for (int i = 0; i < world->count; i++) {
        model_mail_make(&world->messages[i], &world->models[i], i,
                        world->server.caps, &world->random, pool);
        world->wire_size += 2 * world->models[i].data_len + 1200;
    }
    world->wire_size += 1000;
    world->wire = apr_palloc(pool, world->wire_size);
    make_end(world);
    world->profile.host = "model";
    world->profile.port = 25;
    world->profile.hello_name = REPLAY_CLIENT;
    world->profile.security = SMTPC_SECURITY_NONE;
    world->profile.lmtp = world->server.lmtp;
    world->profile.depth = depths[roll(world, 5)];
    make_caps(&early, world);
    if (smtpc__session_create(&world->session, &world->profile, &link,
                              world->early ? &early : NULL, env, pool)
        != APR_SUCCESS) {
        tap_bail("session");
    }
    model_open(&world->server);
}

/* Running it. */

static void show(const world_t *world, const char *side, const char *data,
                 apr_size_t len)
{
    if (world->show) {
        fprintf(stderr, "%s %s\n", side,
                replay_quote(data, len < 400 ? len : 400, world->pool));
    }
}

/* How many of len bytes move now. */
static apr_size_t piece(world_t *world, apr_size_t len)
{
    return len <= 1 || roll(world, 2) ? len
                                      : 1 + roll(world, (unsigned int)len);
}

static void begin(world_t *world)
{
    model_mail_t *message = &world->messages[world->next++];
    smtpc_transaction_t transaction = { 0 };

    transaction.envelope = message->envelope;
    transaction.content = message->content;
    transaction.result = message->result;
    if (message->count < message->named) {
        transaction.recipients = message->indices;
        transaction.count = message->count;
    }
    transaction.baton = message;
    message->begun = 1;
    world->guessed |= world->session->guessing;
    smtpc__session_begin(world->session, &transaction);
}

/* Return non-zero if content is announced in the len bytes at data. */
static int has_content(const world_t *world, const char *data,
                       apr_size_t len)
{
    const char *text = apr_pstrmemdup(world->pool, data, len);

    return strstr(text, "BDAT") != NULL || strstr(text, "DATA") != NULL;
}

/* Hand over some of what the session wants to say; zero if it is nothing. */
static int write_some(world_t *world)
{
    const char *data;
    apr_size_t len;

    if (smtpc__session_pull(&data, &len, world->session) != APR_SUCCESS) {
        return 1;
    }
    if (len == 0) {
        return 0;
    }
    len = piece(world, len);
    if (world->server.sent + len > world->wire_size) {
        tap_bail("the client talks too much");
    }
    if (world->session->guessing && has_content(world, data, len)) {
        world->server.violation = "content on a guess";
    }
    show(world, "C", data, len);
    memcpy(world->wire + world->server.sent, data, len);
    world->server.sent += len;
    smtpc__session_sent(world->session, len);
    return 1;
}

static int serve_some(world_t *world)
{
    apr_uint64_t end = world->server.sent < world->server_end
                           ? world->server.sent : world->server_end;
    apr_size_t len;

    if (world->wire_taken >= end || world->server.mode == MODEL_DEAD) {
        return 0;
    }
    len = piece(world, (apr_size_t)end - world->wire_taken);
    world->wire_taken += len;
    model_take(&world->server, world->wire + world->wire_taken - len, len);
    return 1;
}

/* Feed replies up to end, line by line: what the session does not look at
 * because it is over does not count. */
static void feed_lines(world_t *world, apr_uint64_t end)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && world->fed < end) {
        const char *data = world->server.out + world->fed;
        const char *eol = memchr(data, '\n', (apr_size_t)(end - world->fed));
        apr_size_t len = eol != NULL ? (apr_size_t)(eol + 1 - data)
                                     : (apr_size_t)(end - world->fed);

        rv = smtpc__session_feed(world->session, data, len);
        world->fed += len;
    }
}

static int feed_some(world_t *world)
{
    apr_uint64_t end = world->server.said < world->reply_end
                           ? world->server.said : world->reply_end;
    apr_size_t len;

    if (world->fed >= end) {
        return 0;
    }
    len = piece(world, (apr_size_t)(end - world->fed));
    show(world, "S", world->server.out + world->fed, len);
    feed_lines(world, world->fed + len);
    return 1;
}

static void take_back(world_t *world, const char **complaint)
{
    smtpc_finished_t finished;

    while (smtpc__session_finished(&finished, world->session)) {
        model_mail_t *message = finished.transaction.baton;

        if (message != &world->messages[world->next_finished++]) {
            *complaint = "not finished in order";
        }
        message->finished++;
        message->untouched = finished.untouched;
    }
}

/* Nothing is under way: begin, ask or quit. */
static const char *when_ready(world_t *world)
{
    if (world->asked != NULL) {
        if (world->asked->code != world->server.answer) {
            return "another answer than was given";
        }
        world->asked = NULL;
    }
    if (roll(world, 300) == 0 && world->server.mode == MODEL_COMMAND
        && world->server.said == world->fed) {
        model_goodbye(&world->server);
    }
    else if (roll(world, 8) == 0) {
        static const smtpc_ask_e asks[] = { SMTPC_ASK_NOOP, SMTPC_ASK_VRFY,
                                            SMTPC_ASK_HELP, SMTPC_ASK_RSET };
        smtpc_ask_e ask = asks[roll(world, 4)];

        smtpc__result_create(&world->asked, 0, world->pool);
        smtpc__session_ask(world->session, ask,
                           ask == SMTPC_ASK_RSET ? NULL : "x", world->asked);
    }
    else if (world->next < world->count) {
        begin(world);
    }
    else {
        world->quit = 1;
        smtpc__session_quit(world->session);
    }
    return NULL;
}

static void cut(world_t *world)
{
    show(world, "-", "cut", 3);
    world->aborted = 1;
    smtpc__session_abort(world->session, SMTPC_ECONNECT, "it broke");
}

/* Do something; *over is set at the end. */
static const char *step(world_t *world, int *over)
{
    int first = (int)roll(world, 3);

    switch (smtpc__session_want(world->session)) {
    case SMTPC_WANT_CLOSE:
        *over = 1;
        return NULL;
    case SMTPC_WANT_READY:
        return when_ready(world);
    default:
        break;
    }
    if (world->next < world->count && smtpc__session_room(world->session)
        && roll(world, 4)) {
        begin(world);
        return NULL;
    }
    for (int i = 0; i < 3; i++) {
        int which = (first + i) % 3;

        if (which == 0 ? write_some(world)
            : which == 1 ? serve_some(world) : feed_some(world)) {
            return NULL;
        }
    }
    if (world->server.mode == MODEL_DEAD
        || world->wire_taken >= world->server_end
        || world->fed >= world->reply_end) {
        cut(world);
        return NULL;
    }
    return "nothing goes on";
}

static const char *run(world_t *world, tally_t *tally)
{
    const char *complaint = NULL;
    int over = 0;

    for (int events = 1; !over && complaint == NULL; events++) {
        apr_size_t under_way;

        if (events > EVENTS_MAX) {
            return "no end";
        }
        if (events == world->cut_at) {
            cut(world);
        }
        complaint = step(world, &over);
        if (roll(world, 2)) {
            take_back(world, &complaint);
        }
        under_way = world->session->tx_under_way;
        if (under_way > (apr_size_t)world->profile.depth) {
            complaint = "the window is not kept";
        }
        if (under_way > tally->most) {
            tally->most = (unsigned int)under_way;
        }
    }
    take_back(world, &complaint);
    /* A QUIT may be left to be sent. */
    (void)write_some(world);
    model_drain(&world->server, world->wire + world->server.taken,
                (apr_size_t)(world->server.sent - world->server.taken));
    return complaint != NULL ? complaint : world->server.violation;
}

/* Judging it. */

static int arrived(const world_t *world, apr_uint64_t end)
{
    return end != 0 && end <= world->fed;
}

/* Return what is wrong with the end of recipient i of message id, or NULL. */
static const char *judge_recipient(const world_t *world, int id,
                                   apr_size_t i)
{
    const model_message_t *model = &world->models[id];
    const model_mail_t *message = &world->messages[id];
    smtpc_rcpt_state_e state = message->result->recipients[i].state;
    int accepted = arrived(world, model->accepted[i]);

    if (!(model->rcpts & 1u << i)) {
        return state == SMTPC_RCPT_UNSENT ? NULL : "not its recipient";
    }
    if ((state == SMTPC_RCPT_ACCEPTED) != accepted) {
        return accepted ? "accepted, but the result does not say so"
                        : "not accepted, but the result says so";
    }
    switch (state) {
    case SMTPC_RCPT_REJECTED:
        if (model->accepted[i] != 0) {
            return "refused, but it was accepted";
        }
        return arrived(world, model->refused)
                       || arrived(world, model->rcpt_refused[i])
                       || arrived(world, world->server.goodbye)
                   ? NULL : "refused, but no reply said so";
    case SMTPC_RCPT_IN_DOUBT:
        if (arrived(world, model->refused)
            || arrived(world, model->rcpt_refused[i])) {
            return "in doubt, but it was refused";
        }
        return model->handed || model->doubtful
                   ? NULL : "in doubt, but not all was handed over";
    case SMTPC_RCPT_UNSENT:
        if (model->accepted[i] != 0) {
            return "unsent, but it was accepted";
        }
        /* A server that says good-bye does not read on. */
        return (model->handed || model->doubtful)
                       && !arrived(world, world->server.goodbye)
                   ? "unsent, but all was handed over" : NULL;
    default:
        return NULL;
    }
}

/* Return non-zero if recipients of message may be unsent although nothing
 * went wrong with the session. */
static int may_be_unsent(const model_mail_t *message)
{
    return message->cannot_go || message->fails
           || message->envelope->all_or_none;
}

static const char *judge_message(const world_t *world, int id, int clean)
{
    const model_message_t *model = &world->models[id];
    const model_mail_t *message = &world->messages[id];

    if (message->finished != message->begun) {
        return "begun, but not finished once";
    }
    if (message->cannot_go && model->mails > 0) {
        return "offered to a server that cannot take it";
    }
    for (apr_size_t i = 0; i < message->named; i++) {
        const char *complaint = judge_recipient(world, id, i);

        if (complaint != NULL) {
            return complaint;
        }
        if (clean && (model->rcpts & 1u << i) && !may_be_unsent(message)
            && message->result->recipients[i].state != SMTPC_RCPT_ACCEPTED
            && message->result->recipients[i].state != SMTPC_RCPT_REJECTED) {
            return "nothing went wrong, but it was not answered";
        }
        if (message->untouched
            && message->result->recipients[i].state != SMTPC_RCPT_UNSENT) {
            return "untouched, but it was not";
        }
    }
    if (message->untouched && arrived(world, model->refused)) {
        return "untouched, but it was answered";
    }
    return NULL;
}

/* Return non-zero if the session ended as it has to. */
static int status_is_right(const world_t *world)
{
    const model_server_t *server = &world->server;

    switch (smtpc__session_status(world->session)) {
    case APR_SUCCESS:
        return world->quit && !(world->guessed && world->early == 2);
    case SMTPC_ECONNECT:
        return world->aborted || world->early == 2;
    case SMTPC_EREJECTED:
        return arrived(world, server->interrupted);
    case SMTPC_ETEMP:
        return arrived(world, server->goodbye);
    case SMTPC_EPROTO:
        return arrived(world, server->unreset);
    case SMTPC_ESOURCE:
        return !(server->caps & MODEL_CHUNKING);
    default:
        return 0;
    }
}

static const char *judge(const world_t *world, tally_t *tally)
{
    int clean = smtpc__session_status(world->session) == APR_SUCCESS;

    if (!status_is_right(world)) {
        return apr_psprintf(world->pool, "ended with %s",
                            smtpc__session_error(world->session));
    }
    if (clean && world->next < world->count) {
        return "ended before all was begun";
    }
    for (int id = 0; id < world->next; id++) {
        const model_mail_t *message = &world->messages[id];
        const char *complaint = judge_message(world, id, clean);

        if (complaint != NULL) {
            return apr_psprintf(world->pool, "message %d: %s", id,
                                complaint);
        }
        for (apr_size_t i = 0; i < message->count; i++) {
            switch (message->result->recipients[message->indices[i]].state) {
            case SMTPC_RCPT_ACCEPTED:
                tally->accepted++;
                break;
            case SMTPC_RCPT_IN_DOUBT:
                tally->doubtful++;
                break;
            case SMTPC_RCPT_REJECTED:
                tally->refused++;
                break;
            default:
                tally->unsent++;
                break;
            }
        }
        tally->untouched += message->untouched != 0;
        tally->declined += message->cannot_go != 0;
    }
    tally->clean += clean;
    tally->early += world->early == 1 && clean;
    tally->lmtp += world->server.lmtp && clean;
    tally->chunked += (world->server.caps & MODEL_CHUNKING) && clean;
    return NULL;
}

/* One run; return non-zero if all is right. */
static int run_seed(apr_uint64_t seed, smtpc_env_t *env, tally_t *tally,
                    int show_it)
{
    world_t *world;
    const char *complaint;
    apr_pool_t *pool;

    apr_pool_create(&pool, tap_pool());
    world = apr_palloc(pool, sizeof(*world));
    make_world(world, seed, env, pool);
    world->show = show_it;
    complaint = run(world, tally);
    if (complaint == NULL) {
        complaint = judge(world, tally);
    }
    if (complaint != NULL) {
        tap_diag("MODEL_SEED=%d: %s", (int)seed, complaint);
    }
    apr_pool_destroy(pool);
    return complaint == NULL;
}

int main(void)
{
    const char *seed = getenv("MODEL_SEED");
    smtpc_env_t *env;
    tally_t tally = { 0 };
    int wrong = 0;

    if (smtpc_env_create(&env, tap_pool()) != APR_SUCCESS) {
        tap_bail("env");
    }
    for (int i = 1; i <= RUNS && wrong < 10 && seed == NULL; i++) {
        wrong += !run_seed((apr_uint64_t)i, env, &tally, 0);
    }
    if (seed != NULL) {
        wrong = !run_seed((apr_uint64_t)apr_atoi64(seed), env, &tally, 1);
    }
    tap_is_int(wrong, 0, "%d batches against legal servers", RUNS);
    tap_ok(seed != NULL
               || (tally.accepted > 10000 && tally.doubtful > 300
                   && tally.refused > 3000 && tally.unsent > 3000
                   && tally.untouched > 300 && tally.declined > 300
                   && tally.early > 300 && tally.lmtp > 300
                   && tally.chunked > 300 && tally.clean > 3000
                   && tally.most > 8),
           "%u accepted, %u in doubt, %u refused, %u unsent; %u untouched, "
           "%u declined; %u sessions without fault, of them %u early, %u "
           "LMTP, %u chunked; %u at a time", tally.accepted, tally.doubtful,
           tally.refused, tally.unsent, tally.untouched, tally.declined,
           tally.clean, tally.early, tally.lmtp, tally.chunked, tally.most);
    return tap_done();
}
