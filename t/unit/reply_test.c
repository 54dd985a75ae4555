/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply_test.c: classes, enhanced codes and queue ids of replies.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "model/reply.h"

static void classes(void)
{
    static const struct {
        int code;
        smtpc_reply_class_e want;
    } codes[] = {
        { 200, SMTPC_REPLY_POSITIVE },     { 250, SMTPC_REPLY_POSITIVE },
        { 299, SMTPC_REPLY_POSITIVE },     { 300, SMTPC_REPLY_INTERMEDIATE },
        { 354, SMTPC_REPLY_INTERMEDIATE }, { 421, SMTPC_REPLY_TRANSIENT },
        { 499, SMTPC_REPLY_TRANSIENT },    { 500, SMTPC_REPLY_PERMANENT },
        { 599, SMTPC_REPLY_PERMANENT },    { 600, SMTPC_REPLY_NONE },
        { 199, SMTPC_REPLY_NONE },         { 0, SMTPC_REPLY_NONE },
        { -1, SMTPC_REPLY_NONE },          { 2500, SMTPC_REPLY_NONE },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        tap_is_int(smtpc__reply_class(codes[i].code), codes[i].want,
                   "class of %d", codes[i].code);
    }
}

static const struct {
    int code;
    const char *text;
    const char *enhanced;
    const char *rest;
} enhanced_codes[] = {
    { 250, "2.0.0 Ok", "2.0.0", "Ok" },
    { 550, "5.1.1 <a@b>: no", "5.1.1", "<a@b>: no" },
    { 450, "4.123.999 x", "4.123.999", "x" },
    { 250, "2.0.0", "2.0.0", "" },
    { 250, "2.0.0  OK", "2.0.0", " OK" },
    { 250, "2.1.0\nmore", "2.1.0", "\nmore" },
    { 250, "5.1.1 contradicts", "", "5.1.1 contradicts" },
    { 550, "2.0.0 contradicts", "", "2.0.0 contradicts" },
    { 354, "3.0.0 no such class", "", "3.0.0 no such class" },
    { 550, "5.1 short", "", "5.1 short" },
    { 550, "5.1.1.1 long", "", "5.1.1.1 long" },
    { 550, "5.1.1234 x", "", "5.1.1234 x" },
    { 550, "5.01.1 x", "", "5.01.1 x" },
    { 550, "5..1 x", "", "5..1 x" },
    { 550, "5.1. x", "", "5.1. x" },
    { 550, "5.1.1x", "", "5.1.1x" },
    { 550, "5.1.1\\x09x", "", "5.1.1\\x09x" },
    { 550, "55.1.1 x", "", "55.1.1 x" },
    { 550, "5", "", "5" },
    { 550, "", "", "" },
    { 550, "no", "", "no" },
};

static void splitting(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(enhanced_codes) / sizeof(enhanced_codes[0]); i++) {
        const char *enhanced = NULL;
        const char *rest;

        rest = smtpc__reply_split_enhanced(&enhanced, enhanced_codes[i].code,
                                           enhanced_codes[i].text,
                                           tap_pool());
        tap_is_str(enhanced, enhanced_codes[i].enhanced,
                   "enhanced code of %d, %d", enhanced_codes[i].code, (int)i);
        tap_is_str(rest, enhanced_codes[i].rest, "text");
    }
}

/* Texts as they are behind the enhanced code. */
static const struct {
    const char *text;
    const char *id;
    const char *server;
} accepted[] = {
    { "Ok: queued as 4F1D2A3B", "4F1D2A3B", "Postfix" },
    { "Ok: queued as 4bCdEf0Gh1zXyZ", "4bCdEf0Gh1zXyZ",
      "Postfix, long ids" },
    { "from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F1",
      "4F1", "Amavis in front of Postfix" },
    { "OK id=1tABcD-000000001aB-2xYz", "1tABcD-000000001aB-2xYz", "Exim" },
    { "4ANHNbp1234567 Message accepted for delivery", "4ANHNbp1234567",
      "Sendmail" },
    { "1a2b3c4d Message accepted for delivery", "1a2b3c4d", "OpenSMTPD" },
    { "<abc@example.org> [InternalId=34879609733124, "
      "Hostname=DB8PR01MB0001.eurprd01.prod.exchangelabs.com] 8455 bytes in "
      "0.105, 78.139 KB/sec Queued mail for delivery",
      "34879609733124", "Exchange" },
    { "OK  1700000000 a1-20020a170902bd0100b001d9si123pls.93 - gsmtp",
      "a1-20020a170902bd0100b001d9si123pls.93", "Google" },
    { "Ok 0100018bcf4dd3b5-6a3d2c5e-0000-4f0f-9c0f-9c6a5b2f0e1d-000000",
      "0100018bcf4dd3b5-6a3d2c5e-0000-4f0f-9c0f-9c6a5b2f0e1d-000000",
      "Amazon" },
    { "from MTA(smtp:[127.0.0.1]:10025): 250 OK id=1tABcD-0001aB-2x",
      "1tABcD-0001aB-2x", "Amavis in front of Exim" },
    { "2.0.0: 1234abcd Message accepted for delivery", "1234abcd",
      "OpenSMTPD, old" },
    { "d1a2b3c4 Message accepted", "d1a2b3c4", "OpenSMTPD, short" },
    { "2.0.0: Message accepted for delivery", "", "a code is no id" },
    { "2.0.0 Message accepted", "", "nor without a colon" },
    { "Your Message accepted for delivery", "", "nor is a word" },
    { "12345678 message accepted for delivery", "12345678",
      "CommuniGate" },
    { "<SRV01xYz9aBc00000001@mail.example.org> Queued mail for delivery",
      "SRV01xYz9aBc00000001@mail.example.org", "IIS and old Exchange" },
    { "<> Queued mail for delivery", "", "IIS without an id" },
    { "8455 bytes in 0.105, 78.139 KB/sec Queued mail for delivery", "",
      "Exchange without an id" },
    { "<ann@example.net> 5NlBFJ3GXV8qbwAAsUnWCQ Saved",
      "5NlBFJ3GXV8qbwAAsUnWCQ", "Dovecot LMTP" },
    { "<ann@example.net> QMrUDPxm+mEV/QAAd5u1Lw:2 Saved",
      "QMrUDPxm+mEV/QAAd5u1Lw:2", "Dovecot LMTP, a second message" },
    { "<ann@example.net> Saved", "", "Dovecot LMTP, no id" },
    { "Ok SESSIONID=<cyrus-1612345678-12345-1-1234567890123456789>",
      "cyrus-1612345678-12345-1-1234567890123456789", "Cyrus LMTP" },
    { "ok 1612345678 qp 12345", "12345", "qmail" },
    { "ok 1612345678 qp 12345 by mail.example.org", "12345",
      "a child of qmail" },
    { "ok 1612345678 qp", "", "qmail, cut" },
    { "ok 1612345678 qp x", "", "not qmail" },
    { "Message Queued (9D3F2A10-4B5C-4D6E-8F70-A1B2C3D4E5F6.1)",
      "9D3F2A10-4B5C-4D6E-8F70-A1B2C3D4E5F6.1", "Haraka" },
    { "Queued (0.031 seconds)", "", "hMailServer" },
    { "Message queued with id 1f3e5a7c9b.", "1f3e5a7c9b", "Stalwart" },
    { "OK ids=d7ef132b5d7711eea8c8000c29c33806",
      "d7ef132b5d7711eea8c8000c29c33806", "KumoMTA" },
    { "OK ids=d7ef132b5d7711ee,e7ef132b5d7711ee", "d7ef132b5d7711ee",
      "KumoMTA, two" },
    { "OK 4F/12-01234-ABCDEF56", "4F/12-01234-ABCDEF56", "Momentum" },
    { "Ok. 0000000000A1B2C3.5F3D1A2B.00001234",
      "0000000000A1B2C3.5F3D1A2B.00001234", "Courier" },
    { "Requested mail action okay, completed: id=0MExmp-1lAbCd2eFg-00HiJk",
      "0MExmp-1lAbCd2eFg-00HiJk", "GMX" },
    { "Ok, envelope id 0QEX00ABCDEFGH00@mail.example.org",
      "0QEX00ABCDEFGH00@mail.example.org", "Oracle" },
    { "Ok: queued as\n4F1", "", "an id on another line" },
    { "OK id=\n4F1", "", "likewise" },
    { "OK id=a\tb", "", "TAB is none of an id" },
    { "OK id=a\x7f" "b", "", "DEL neither" },
    { "Ok: queued as a1b2c3.", "a1b2c3", "a full stop" },
    { "Message queued as <a1b2c3>", "a1b2c3", "brackets" },
    { "first line\nOk: queued as 4F1\nlast", "4F1", "three lines" },
    { "OK", "", "aiosmtpd" },
    { "ok dirdel", "", "words" },
    { "Ok delivered", "", "a long word" },
    { "Ok a1b2c3d", "", "an id that is too short" },
    { "Ok a1b2c3d4", "a1b2c3d4", "an id that is just long enough" },
    { "Ok done12345 and more", "", "several words" },
    { "Requested mail action okay, completed", "", "no id" },
    { "Message accepted for delivery", "", "no id in front" },
    { "Ok: queued as ", "", "no id behind" },
    { "Ok: queued as \\x1B", "\\x1B", "an escaped one is text" },
    { "Ok: queued as \xc3\xa9", "", "not ASCII" },
    { "", "", "nothing" },
};

static void queue_ids(void)
{
    char text[200] = "Ok: queued as ";
    smtpc_reply_t reply = { 250, "2.0.0", text, 1 };
    apr_size_t start = strlen(text);
    apr_size_t i;

    memset(text + start, 'x', 129);
    tap_is_str(smtpc__reply_queue_id(&reply, tap_pool()), "",
               "an id of 129 bytes is none");
    text[start + 128] = '\0';
    tap_is_int(strlen(smtpc__reply_queue_id(&reply, tap_pool())), 128,
               "one of 128 is");
    for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        reply.text = accepted[i].text;
        tap_is_str(smtpc__reply_queue_id(&reply, tap_pool()), accepted[i].id,
                   "%s", accepted[i].server);
    }
}

int main(void)
{
    tap_pool();
    classes();
    splitting();
    queue_ids();
    return tap_done();
}
