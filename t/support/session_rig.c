/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_rig.c: sessions for tests, from scripts or by hand.
 *
 * Every case is replayed whole, line by line and byte by byte with the same
 * outcome expected each time. An unknown word in a script bails out.
 */
#include "session_rig.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/codec.h"

static void keep_log(void *baton, smtpc_log_level_e level, const char *text)
{
    rig_t *rig = baton;

    (void)level;
    APR_ARRAY_PUSH(rig->log, const char *) = apr_pstrdup(rig->log->pool,
                                                         text);
}

/* Return what the case sets name to, for the present transaction or all. */
static const char *value(const rig_t *rig, const char *name,
                         const char *otherwise)
{
    char numbered[80];

    apr_snprintf(numbered, sizeof(numbered), "%s.%d", name, rig->begun);
    return replay_value(rig->script, numbered,
                        replay_value(rig->script, name, otherwise));
}

static int is_set(const rig_t *rig, const char *name)
{
    return *value(rig, name, "") != '\0';
}

/* Return the index of word in names, or bail out. */
static int index_of(const char *word, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], word) == 0) {
            return i;
        }
    }
    tap_bail("unknown word: %s", word);
    return -1;
}

smtpc_link_t rig_link(const char *words)
{
    smtpc_link_t link = { 0 };

    link.loopback = strstr(words, "loopback") != NULL;
    link.encrypted = strstr(words, "encrypted") != NULL;
    link.verified = strstr(words, "verified") != NULL;
    if (strstr(words, "exporter") != NULL) {
        link.binding.name = "tls-exporter";
        link.binding.len = 32;
        memset(link.binding.data, 'b', 32);
    }
    return link;
}

/* Random bytes that are what the case says, in base64. */
static apr_status_t give_nonce(void *baton, unsigned char *buf,
                               apr_size_t len)
{
    unsigned char bytes[64];
    apr_size_t count;

    if (strlen(baton) > 64
        || smtpc__base64_decode(bytes, &count, baton, strlen(baton))
               != APR_SUCCESS || count != len) {
        tap_bail("nonce %s is not of %d bytes", (char *)baton, (int)len);
    }
    memcpy(buf, bytes, len);
    return APR_SUCCESS;
}

/* A smtpc_token_fn_t. */
static apr_status_t give_token(smtpc_secret_t **token, const char **why,
                               int refresh, void *baton, apr_pool_t *pool)
{
    const char *text = refresh && strcmp(baton, "last") != 0 ? "second"
                       : refresh ? "none" : baton;

    *why = "none";
    return strcmp(text, "none") == 0
               ? APR_EGENERAL : smtpc_secret_load(token, why, text, pool);
}

/* Let the server have a user with a password or a token, if the case does. */
static void make_login(rig_t *rig)
{
    smtpc_secret_t *secret;
    const char *why;

    rig->server.user = value(rig, "user", NULL);
    if (rig->server.user == NULL) {
        return;
    }
    if (is_set(rig, "token")) {
        rig->server.token_fn = give_token;
        rig->server.token_baton = (void *)value(rig, "token", "");
        return;
    }
    if (smtpc_secret_load(&secret, &why, value(rig, "password", "secret"),
                          rig->pool) != APR_SUCCESS) {
        tap_bail("secret: %s", why);
    }
    rig->server.secret = secret;
}

static void make_server(rig_t *rig)
{
    static const char *const securities[] = { "default", "none",
                                              "opportunistic", "starttls",
                                              "implicit" };

    rig->server.host = "mx.example.org";
    rig->server.port = 25;
    rig->server.hello_name = REPLAY_CLIENT;
    rig->server.security = (smtpc_security_e)index_of(
        value(rig, "security", "none"), securities, 5);
    rig->server.mechanisms = value(rig, "mechanisms", NULL);
    rig->server.depth = (int)apr_atoi64(value(rig, "depth", "8"));
    rig->server.lmtp = is_set(rig, "lmtp");
    rig->server.masked = (int)smtpc__cap_by_name(value(rig, "mask", ""));
    if (is_set(rig, "xclient")) {
        rig->xclient.addr = value(rig, "xclient", "");
        rig->server.xclient = &rig->xclient;
    }
    make_login(rig);
}

static apr_status_t fail_after(void *baton, char *buf, apr_size_t *len)
{
    rig_t *rig = baton;

    if (rig->source_left == 0) {
        return APR_EGENERAL;
    }
    *len = *len < rig->source_left ? *len : rig->source_left;
    memset(buf, 'x', *len);
    rig->source_left -= *len;
    return APR_SUCCESS;
}

/* Return len bytes of content in lines of 64. */
static const char *long_content(const rig_t *rig, apr_size_t len)
{
    char *text = apr_palloc(rig->pool, len + 1);

    for (apr_size_t i = 0; i < len; i++) {
        text[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n'
                  : (char)('a' + i / 64 % 26);
    }
    text[len] = '\0';
    return text;
}

static void make_content(rig_t *rig)
{
    const char *text = value(rig, "content", REPLAY_CONTENT);
    apr_status_t rv;

    if (is_set(rig, "content_bytes")) {
        text = long_content(rig, (apr_size_t)apr_atoi64(
                                     value(rig, "content_bytes", "")));
    }
    if (is_set(rig, "source_fails")) {
        rig->source_left = (apr_size_t)apr_atoi64(value(rig, "source_fails",
                                                        ""));
        rv = smtpc_source_create_callback(&rig->content, fail_after, NULL,
                                          SMTPC_LENGTH_UNKNOWN, rig,
                                          rig->pool);
    }
    else {
        rv = smtpc_source_create_bytes(&rig->content, text, strlen(text),
                                       rig->pool);
    }
    if (rv != APR_SUCCESS) {
        tap_bail("source");
    }
}

static smtpc_address_t *address_of(const rig_t *rig, const char *text)
{
    smtpc_address_t *address;

    if (smtpc_address_parse(&address, text, rig->pool) != APR_SUCCESS) {
        tap_bail("address %s", text);
    }
    return address;
}

static void make_envelope(rig_t *rig)
{
    const char *from = value(rig, "from", REPLAY_FROM);
    char *to = apr_pstrdup(rig->pool, value(rig, "to", REPLAY_TO));
    char *state;

    rig->envelope = smtpc__envelope_create(rig->pool);
    if (strcmp(from, "<>") != 0) {
        rig->envelope->sender = address_of(rig, from);
    }
    for (char *one = apr_strtok(to, ",", &state); one != NULL;
         one = apr_strtok(NULL, ",", &state)) {
        smtpc__envelope_add(rig->envelope, address_of(rig, one));
    }
    rig->envelope->eight_bit = is_set(rig, "eight_bit");
    rig->envelope->utf8 = is_set(rig, "utf8");
    rig->envelope->binary = is_set(rig, "binary");
    rig->envelope->all_or_none = is_set(rig, "all_or_none");
    if (is_set(rig, "size")) {
        rig->envelope->size = (apr_off_t)apr_atoi64(value(rig, "size", ""));
    }
    else if (!is_set(rig, "source_fails")
             && (smtpc__session_caps(rig->session)->bits
                 & (SMTPC_CAP_CHUNKING | SMTPC_CAP_SIZE))
                    == SMTPC_CAP_CHUNKING) {
        /* Nothing waits for the envelope then; MAIL is as without. */
        rig->envelope->size = smtpc_source_length(rig->content);
    }
}

static void make_result(rig_t *rig)
{
    apr_size_t count = smtpc__envelope_count(rig->envelope);

    smtpc__result_create(&rig->result, count, rig->pool);
    for (apr_size_t i = 0; i < count; i++) {
        rig->result->recipients[i].address = smtpc_address_address(
            smtpc__envelope_recipient(rig->envelope, i));
    }
}

/* Let transaction be for the recipients the case names, if it does. */
static void choose_recipients(rig_t *rig, smtpc_transaction_t *transaction)
{
    char *list = apr_pstrdup(rig->pool, value(rig, "recipients", ""));
    apr_size_t *chosen = apr_palloc(rig->pool, (strlen(list) + 1)
                                                   * sizeof(*chosen));
    char *state;

    for (char *one = apr_strtok(list, ",", &state); one != NULL;
         one = apr_strtok(NULL, ",", &state)) {
        chosen[transaction->count++] = (apr_size_t)apr_atoi64(one);
        transaction->recipients = chosen;
    }
}

void rig_begin(void *baton, smtpc_session_t *session)
{
    rig_t *rig = baton;
    smtpc_transaction_t transaction = { 0 };

    rig_take_back(rig);
    rig->begun++;
    make_content(rig);
    make_envelope(rig);
    make_result(rig);
    APR_ARRAY_PUSH(rig->results, smtpc_result_t *) = rig->result;
    transaction.envelope = rig->envelope;
    transaction.content = rig->content;
    transaction.result = rig->result;
    choose_recipients(rig, &transaction);
    smtpc__session_begin(session, &transaction);
}

void rig_ask(void *baton, smtpc_session_t *session, const char *text)
{
    static const char *const verbs[] = { "NOOP", "HELP", "VRFY", "EXPN",
                                         "RSET" };
    rig_t *rig = baton;
    const char *argument = strchr(text, ' ');
    const char *verb = apr_pstrmemdup(rig->pool, text, strcspn(text, " "));

    smtpc__result_create(&rig->result, 0, rig->pool);
    APR_ARRAY_PUSH(rig->results, smtpc_result_t *) = rig->result;
    smtpc__session_ask(session, (smtpc_ask_e)index_of(verb, verbs, 5),
                       argument != NULL ? argument + 1 : NULL, rig->result);
}

void rig_take_back(rig_t *rig)
{
    smtpc_finished_t finished;

    while (smtpc__session_finished(&finished, rig->session)) {
        rig->finished++;
        rig->untouched += finished.untouched;
    }
}

/* Set early to what the case says that the server offered before. */
static const smtpc_caps_t *early_caps(const rig_t *rig, smtpc_caps_t *early)
{
    char *lines = apr_pstrdup(rig->pool, value(rig, "early", ""));
    char *state;
    char *line;

    if (*lines == '\0') {
        return NULL;
    }
    memset(early, 0, sizeof(*early));
    early->esmtp = 1;
    for (line = apr_strtok(lines, ";", &state); line != NULL;
         line = apr_strtok(NULL, ";", &state)) {
        smtpc__caps_line(early, line + strspn(line, " "));
    }
    return early;
}

void rig_make(rig_t *rig, const replay_case_t *script, apr_pool_t *pool)
{
    smtpc_link_t link;
    smtpc_caps_t early;

    memset(rig, 0, sizeof(*rig));
    rig->results = apr_array_make(pool, 8, sizeof(smtpc_result_t *));
    rig->script = script;
    rig->pool = pool;
    rig->log = apr_array_make(pool, 32, sizeof(const char *));
    if (smtpc_env_create(&rig->env, pool) != APR_SUCCESS) {
        tap_bail("env");
    }
    smtpc_env_set_log(rig->env, SMTPC_LOG_TRACE, keep_log, rig);
    smtpc_env_set_random(rig->env, give_nonce,
                         (void *)value(rig, "nonce", RIG_NONCE));
    make_server(rig);
    link = rig_link(value(rig, "link", ""));
    if (smtpc__session_create(&rig->session, &rig->server, &link,
                              early_caps(rig, &early), rig->env, pool)
        != smtpc__session_status(rig->session)) {
        tap_bail("session");
    }
}

/* Expectations. */

static const char *status_word(apr_status_t status)
{
    const char *name = smtpc_status_name(status);

    if (status == APR_SUCCESS) {
        return "ok";
    }
    return name != NULL ? name + strlen("SMTPC_") : "not ours";
}

static const char *stage_word(smtpc_stage_e stage)
{
    static const char *const words[SMTPC_STAGE_COUNT] = {
        "NONE", "RESOLVE", "CONNECT", "TLS",  "GREETING", "EHLO",
        "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "CONTENT",
        "END", "RSET", "ASK", "QUIT", "STORE", "DONE",
    };

    return words[stage];
}

static const char *want_word(smtpc_want_e want)
{
    static const char *const words[] = { "read", "write", "tls", "work",
                                         "ready", "close" };

    return words[want];
}

const char *rig_recipient(const rig_t *rig, apr_size_t i)
{
    static const char *const states[] = { "UNSENT", "REJECTED", "ACCEPTED",
                                          "IN_DOUBT" };
    const smtpc_recipient_t *recipient;

    if (rig->result == NULL) {
        return "no result";
    }
    recipient = smtpc_result_recipient(rig->result, i);
    return recipient == NULL
               ? "none"
               : apr_psprintf(rig->pool, "%s %d %s",
                              states[recipient->state], recipient->code,
                              stage_word(recipient->stage));
}

static int log_has(const rig_t *rig, const char *text)
{
    for (int i = 0; i < rig->log->nelts; i++) {
        if (strstr(APR_ARRAY_IDX(rig->log, i, const char *), text) != NULL) {
            return 1;
        }
    }
    return 0;
}

/* Return what the rig has where "expect what" looks. */
static const char *actual_of_session(const rig_t *rig, const char *what)
{
    const smtpc_reply_t *reply = smtpc__session_reply(rig->session);

    if (strcmp(what, "status") == 0) {
        return status_word(smtpc__session_status(rig->session));
    }
    if (strcmp(what, "want") == 0) {
        return want_word(smtpc__session_want(rig->session));
    }
    if (strcmp(what, "stage") == 0) {
        return stage_word(smtpc__session_stage(rig->session));
    }
    if (strcmp(what, "reply") == 0) {
        return apr_psprintf(rig->pool, "%d", reply->code);
    }
    if (strcmp(what, "early") == 0) {
        return smtpc__session_was_early(rig->session) ? "yes" : "no";
    }
    if (strcmp(what, "reusable") == 0) {
        return smtpc__session_reusable(rig->session) ? "yes" : "no";
    }
    return NULL;
}

/* The statuses of all results, in the order they began. */
static const char *all_results(const rig_t *rig)
{
    const char *text = "";

    for (int i = 0; i < rig->results->nelts; i++) {
        text = apr_pstrcat(rig->pool, text, *text != '\0' ? " " : "",
                           status_word(smtpc_result_status(APR_ARRAY_IDX(
                               rig->results, i, smtpc_result_t *))), NULL);
    }
    return text;
}

static const char *actual_of_result(const rig_t *rig, const char *what)
{
    if (strcmp(what, "results") == 0) {
        return all_results(rig);
    }
    if (strcmp(what, "finished") == 0) {
        return apr_itoa(rig->pool, rig->finished);
    }
    if (strcmp(what, "untouched") == 0) {
        return apr_itoa(rig->pool, rig->untouched);
    }
    if (rig->result == NULL) {
        return NULL;
    }
    if (strcmp(what, "result") == 0) {
        return status_word(smtpc_result_status(rig->result));
    }
    if (strcmp(what, "at") == 0) {
        return stage_word(smtpc_result_stage(rig->result));
    }
    if (strcmp(what, "code") == 0) {
        return apr_psprintf(rig->pool, "%d", smtpc_result_code(rig->result));
    }
    if (strcmp(what, "enhanced") == 0) {
        return smtpc_result_enhanced(rig->result);
    }
    if (strcmp(what, "queue-id") == 0) {
        return smtpc_result_queue_id(rig->result);
    }
    if (strcmp(what, "bytes") == 0) {
        return apr_psprintf(rig->pool, "%" APR_OFF_T_FMT,
                            smtpc_result_bytes(rig->result));
    }
    if (strncmp(what, "recipient", 9) == 0) {
        return rig_recipient(rig, (apr_size_t)apr_atoi64(what + 9));
    }
    return NULL;
}

/* Return non-zero if text holds part, as "expect error" and the like say. */
static int holds(const rig_t *rig, const char *what, const char *part,
                 const char **text)
{
    *text = "";
    if (strcmp(what, "error") == 0) {
        *text = smtpc__session_error(rig->session);
    }
    else if (strcmp(what, "why") == 0 && rig->result != NULL) {
        *text = smtpc_result_error(rig->result);
    }
    else if (strcmp(what, "text") == 0 && rig->result != NULL) {
        *text = smtpc_result_text(rig->result);
    }
    else if (strcmp(what, "log") == 0) {
        return log_has(rig, part);
    }
    else if (strcmp(what, "no-log") == 0) {
        return !log_has(rig, part);
    }
    else if (strcmp(what, "no-error") == 0) {
        return strstr(smtpc__session_error(rig->session), part) == NULL;
    }
    return strstr(*text, part) != NULL;
}

static void check(const rig_t *rig, const char *line)
{
    apr_size_t len = strcspn(line, " ");
    const char *what = apr_pstrmemdup(rig->pool, line, len);
    const char *wanted = line + len + (line[len] == ' ');
    const char *got = actual_of_session(rig, what);

    if (apr_isdigit(*what) && strchr(what, ':') != NULL) {
        rig_t other = *rig;
        int i = (int)apr_atoi64(what) - 1;

        if (i >= rig->results->nelts) {
            tap_fail("%s", line);
            return;
        }
        other.result = APR_ARRAY_IDX(rig->results, i, smtpc_result_t *);
        check(&other, strchr(line, ':') + 1);
        return;
    }
    if (got == NULL) {
        got = actual_of_result(rig, what);
    }
    if (got != NULL) {
        tap_is_str(got, wanted, "%s", line);
        return;
    }
    if (!tap_ok(holds(rig, what, wanted, &got), "%s", line)) {
        tap_diag("in: %s", got);
    }
}

/* Replay script with cut and check what it expects. */
static void run_cut(const replay_case_t *script, replay_cut_e cut)
{
    apr_pool_t *pool;
    replay_owner_t owner;
    const char *complaint;
    rig_t rig;

    apr_pool_create(&pool, tap_pool());
    rig_make(&rig, script, pool);
    owner.send = rig_begin;
    owner.ask = rig_ask;
    owner.baton = &rig;
    owner.secured = rig_link(value(&rig, "tls", "encrypted verified"));
    tap_subtest_begin("%s, %s", script->name, replay_cut_name(cut));
    complaint = replay_session(rig.session, script, cut, &owner, pool);
    tap_ok(complaint == NULL, "dialogue%s%s",
           complaint == NULL ? "" : ": ", complaint == NULL ? "" : complaint);
    rig_take_back(&rig);
    for (int i = 0; i < rig.results->nelts; i++) {
        (void)smtpc__result_finish(APR_ARRAY_IDX(rig.results, i,
                                                 smtpc_result_t *));
    }
    for (int i = 0; i < script->expects->nelts; i++) {
        check(&rig, APR_ARRAY_IDX(script->expects, i, const char *));
    }
    tap_subtest_end();
    apr_pool_destroy(pool);
}

static void run_case(const replay_case_t *script)
{
    for (int cut = 0; cut < REPLAY_CUT_COUNT; cut++) {
        run_cut(script, (replay_cut_e)cut);
    }
    rig_cut_everywhere(script);
}

void rig_run_file(const char *name)
{
    apr_array_header_t *cases = replay_load(name, tap_pool());

    for (int i = 0; i < cases->nelts; i++) {
        run_case(APR_ARRAY_IDX(cases, i, const replay_case_t *));
    }
}

void rig_run_text(const char *text)
{
    apr_pool_t *pool;
    apr_array_header_t *cases;

    apr_pool_create(&pool, tap_pool());
    cases = replay_parse(text, "made", pool);
    for (int i = 0; i < cases->nelts; i++) {
        run_case(APR_ARRAY_IDX(cases, i, const replay_case_t *));
    }
    apr_pool_destroy(pool);
}

/* By hand. */

apr_size_t rig_drain(rig_t *rig)
{
    apr_size_t total = 0;
    const char *data;
    apr_size_t len;

    while (smtpc__session_pull(&data, &len, rig->session) == APR_SUCCESS
           && len > 0) {
        smtpc__session_sent(rig->session, len);
        total += len;
    }
    return total;
}

void rig_say(rig_t *rig, const char *text)
{
    if (smtpc__session_feed(rig->session, text, strlen(text))
        != smtpc__session_status(rig->session)) {
        tap_fail("feed returns what the session's status is");
    }
}

void rig_open(rig_t *rig, const char *settings, const char *ehlo)
{
    apr_pool_t *pool = tap_pool();
    const char *text = apr_pstrcat(pool, "=== by hand\n", settings, NULL);

    rig_make(rig, APR_ARRAY_IDX(replay_parse(text, "made", pool), 0,
                                replay_case_t *), pool);
    smtpc_env_set_log(rig->env, SMTPC_LOG_ERROR, NULL, NULL);
    rig_say(rig, "220 hi\r\n");
    (void)rig_drain(rig);
    rig_say(rig, ehlo);
}

unsigned int rig_random(apr_uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned int)(*state >> 33);
}
