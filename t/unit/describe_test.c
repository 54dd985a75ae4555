/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe_test.c: the one line for the operator.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "base/result_int.h"

/* Create a result for count recipients r0@example.net ... of a server. */
static smtpc_result_t *make(apr_size_t count)
{
    smtpc_result_t *result;
    apr_size_t i;

    smtpc__result_create(&result, count, tap_pool());
    result->host = "mail.example.org";
    result->peer = "192.0.2.1:587";
    for (i = 0; i < count; i++) {
        result->recipients[i].address =
            apr_psprintf(tap_pool(), "r%d@example.net", (int)i);
    }
    return result;
}

/* Finish result and require want as its description. */
static void says(smtpc_result_t *result, const char *want, const char *what)
{
    (void)smtpc__result_finish(result);
    tap_is_str(smtpc_result_describe(result, tap_pool()), want, "%s", what);
}

static void refuse(smtpc_result_t *result, apr_size_t i, int code,
                   const char *enhanced, const char *text)
{
    smtpc__result_recipient_set(result, i, SMTPC_RCPT_REJECTED,
                                SMTPC_STAGE_RCPT, code, enhanced, text);
}

static void accept_one(smtpc_result_t *result, apr_size_t i)
{
    smtpc__result_recipient_set(result, i, SMTPC_RCPT_ACCEPTED,
                                SMTPC_STAGE_END, 250, "2.0.0", "Ok");
}

static void successes(void)
{
    smtpc_result_t *result = make(1);

    accept_one(result, 0);
    says(result, "mail.example.org:587 accepted the message for "
                 "r0@example.net",
         "accepted");
    result->queue_id = "4F1";
    says(result, "mail.example.org:587 accepted the message for "
                 "r0@example.net, queued as 4F1",
         "accepted with a queue id");
    result->dropped = "DSN MT-PRIORITY";
    says(result, "mail.example.org:587 accepted the message for "
                 "r0@example.net without DSN MT-PRIORITY, which it cannot "
                 "do, queued as 4F1",
         "accepted without what it asked for");

    result = make(5);
    accept_one(result, 0);
    accept_one(result, 1);
    accept_one(result, 2);
    accept_one(result, 3);
    accept_one(result, 4);
    says(result, "mail.example.org:587 accepted the message for "
                 "r0@example.net, r1@example.net, r2@example.net and 2 more",
         "many recipients");

    result = make(1);
    result->host = result->peer = "";
    result->path = "/var/pickup/x.eml";
    accept_one(result, 0);
    says(result, "stored the message for r0@example.net in "
                 "/var/pickup/x.eml",
         "pickup");
}

static void refusals(void)
{
    smtpc_result_t *result = make(1);

    refuse(result, 0, 550, "5.1.1", "no such user");
    says(result,
         "mail.example.org:587 refused r0@example.net at RCPT TO: 550 5.1.1 "
         "no such user; the address is wrong or the server does not relay "
         "for you",
         "one refused");

    result = make(2);
    accept_one(result, 0);
    refuse(result, 1, 450, "4.2.0", "greylisted\ntry later");
    says(result,
         "mail.example.org:587 accepted the message for r0@example.net but "
         "refused r1@example.net at RCPT TO: 450 4.2.0 greylisted try later; "
         "the server asks to try again later",
         "some refused, text of two lines");
    result->dropped = "DSN";
    says(result,
         "mail.example.org:587 accepted the message for r0@example.net "
         "without DSN, which it cannot do but refused r1@example.net at RCPT "
         "TO: 450 4.2.0 greylisted try later; the server asks to try again "
         "later",
         "and without what it asked for");

    result = make(1);
    refuse(result, 0, 530, "", "");
    says(result,
         "mail.example.org:587 refused r0@example.net at RCPT TO: 530; the "
         "server wants TLS or a login first: set the security and the "
         "credentials",
         "login wanted, no text");

    result = make(1);
    smtpc__result_recipient_set(result, 0, SMTPC_RCPT_REJECTED,
                                SMTPC_STAGE_END, 554, "5.7.1", "spam");
    says(result,
         "mail.example.org:587 refused r0@example.net waiting for the reply "
         "to the message: 554 5.7.1 spam; the server does not want this "
         "message: its text says why",
         "content refused");

    result = make(1);
    smtpc__result_reply(result, 552, "5.3.4", "too big");
    smtpc__result_fail(result, SMTPC_EREJECTED, SMTPC_STAGE_MAIL,
                       "the sender was refused");
    says(result,
         "mail.example.org:587: not sent to r0@example.net, at MAIL FROM: "
         "the sender was refused: 552 5.3.4 too big; the message is larger "
         "than the server takes",
         "MAIL refused");
}

static void failures(void)
{
    smtpc_result_t *result = make(1);

    smtpc__result_fail(result, SMTPC_ECONNECT, SMTPC_STAGE_CONNECT,
                       "connection refused");
    says(result,
         "mail.example.org:587: not sent to r0@example.net, opening the "
         "connection: connection refused; check host, port and firewall, and "
         "that the server runs; a later try may succeed",
         "not connected");

    result = make(1);
    smtpc__result_reply(result, 535, "5.7.8", "bad password");
    smtpc__result_fail(result, SMTPC_EAUTH, SMTPC_STAGE_AUTH,
                       "the server said 535 5.7.8 bad password");
    says(result,
         "mail.example.org:587: not sent to r0@example.net, logging in "
         "(AUTH): the server said 535 5.7.8 bad password; check user name, "
         "password and the mechanisms the server offers",
         "a reply is not quoted twice");

    result = make(1);
    smtpc__result_fail(result, SMTPC_ETEMP, SMTPC_STAGE_AUTH, "no thread");
    says(result,
         "mail.example.org:587: not sent to r0@example.net, logging in "
         "(AUTH): no thread; a later try may succeed",
         "for now, without a reply");

    result = make(1);
    smtpc__result_reply(result, 501, "5.7.0", "given up");
    smtpc__result_fail(result, SMTPC_ETEMP, SMTPC_STAGE_AUTH,
                       "given up, no memory: 501 5.7.0 given up");
    says(result,
         "mail.example.org:587: not sent to r0@example.net, logging in "
         "(AUTH): given up, no memory: 501 5.7.0 given up; a later try may "
         "succeed",
         "the server said no to what was given up, not to the message");

    result = make(1);
    smtpc__result_recipient_set(result, 0, SMTPC_RCPT_IN_DOUBT,
                                SMTPC_STAGE_END, 0, "", "");
    smtpc__result_fail(result, SMTPC_ETIMEOUT, SMTPC_STAGE_END,
                       "no answer within 100 s");
    says(result,
         "mail.example.org:587: the message to r0@example.net was sent, "
         "waiting for the reply to the message: no answer within 100 s; look "
         "into the server's log before sending "
         "it again",
         "in doubt");

    result = make(1);
    result->host = result->peer = "";
    smtpc__result_fail(result, SMTPC_EQUEUE, SMTPC_STAGE_STORE,
                       "cannot write /x: no space");
    says(result,
         "not sent to r0@example.net, writing the file: cannot write /x: no "
         "space; check that the directory exists, is writable and has room",
         "pickup failed");

    result = make(0);
    result->peer = "";
    smtpc__result_fail(result, SMTPC_EARG, SMTPC_STAGE_NONE, "%s", "");
    says(result,
         "mail.example.org: not sent, before anything began: not "
         "sent, and the reason was not recorded; correct the message or "
         "the settings",
         "no words");
}

/* Every status has advice, and no line has a line end. */
static void every_status(void)
{
    apr_status_t status;
    int good = 0;

    for (status = SMTPC_STATUS_FIRST; status < SMTPC_STATUS_END; status++) {
        smtpc_result_t *result = make(1);
        const char *line;

        smtpc__result_reply(result, 421, "", "a\nb\rc");
        smtpc__result_fail(result, status, SMTPC_STAGE_EHLO, "broken\n");
        (void)smtpc__result_finish(result);
        line = smtpc_result_describe(result, tap_pool());
        good += strpbrk(line, "\r\n") == NULL && strchr(line, ';') != NULL;
    }
    tap_is_int(good, SMTPC_STATUS_END - SMTPC_STATUS_FIRST,
               "every status is one line with advice");
}

static void hostile(void)
{
    smtpc_result_t *result = make(1);
    char *text = apr_palloc(tap_pool(), SMTPC_LIMIT_REPLY_BYTES + 1);
    const char *line;

    memset(text, '\n', SMTPC_LIMIT_REPLY_BYTES);
    text[SMTPC_LIMIT_REPLY_BYTES] = '\0';
    memcpy(text, "\x1b[2J%s%n", 8);
    refuse(result, 0, 550, "", text);
    (void)smtpc__result_finish(result);
    line = smtpc_result_describe(result, tap_pool());
    tap_ok(strchr(line, '\x1b') == NULL && strstr(line, "%s%n") != NULL,
           "control characters are escaped, formats are text");
    tap_ok(strlen(line) <= SMTPC_LIMIT_DESCRIPTION, "the line is cut");
    tap_ok(strlen(smtpc_result_describe(NULL, tap_pool())) > 20,
           "no result: %s", smtpc_result_describe(NULL, tap_pool()));
}

static void stages(void)
{
    int i;

    for (i = 0; i < SMTPC_STAGE_COUNT; i++) {
        tap_ok(strstr(smtpc_stage_phrase((smtpc_stage_e)i), "unknown")
                   == NULL,
               "stage %d: %s", i, smtpc_stage_phrase((smtpc_stage_e)i));
    }
    tap_is_str(smtpc_stage_phrase(SMTPC_STAGE_COUNT), "at an unknown stage",
               "beyond the last");
}

int main(void)
{
    tap_pool();
    successes();
    refusals();
    failures();
    every_status();
    hostile();
    stages();
    return tap_done();
}
