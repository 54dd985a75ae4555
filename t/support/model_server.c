/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_server.c: the model of a legal server. RFC 5321, 2920, 3030, 2033.
 *
 * Where a standard leaves it open what happens, a random number decides.
 */
#include "model_server.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "session_rig.h"
#include "../tap/tap.h"

static int chance(model_server_t *server, unsigned int one_in)
{
    return !server->draining && one_in != 0
           && rig_random(server->random) % one_in == 0;
}

static void violation(model_server_t *server, const char *format, ...)
{
    va_list args;

    if (server->violation == NULL) {
        va_start(args, format);
        server->violation = apr_pvsprintf(server->pool, format, args);
        va_end(args);
    }
}

/* Say a reply; return where it ends in all that was said. */
static apr_uint64_t say(model_server_t *server, const char *format, ...)
{
    va_list args;
    apr_size_t room = server->out_size - (apr_size_t)server->said;

    if (room < 512) {
        tap_bail("the model talks too much");
    }
    if (server->draining) {
        return server->said;
    }
    va_start(args, format);
    server->said += (apr_uint64_t)apr_vsnprintf(
        server->out + server->said, room - 2, format, args);
    va_end(args);
    memcpy(server->out + server->said, "\r\n", 2);
    server->said += 2;
    return server->said;
}

/* Return the code of a refusal, or 0. */
static int refusal(model_server_t *server)
{
    static const int codes[] = { 450, 451, 452, 550, 552, 554 };

    return chance(server, server->refuses)
               ? codes[rig_random(server->random) % 6] : 0;
}

static model_message_t *present(model_server_t *server)
{
    return &server->messages[server->present];
}

/* Note that a reply that ends at end was against all of a message. */
static void refused(model_server_t *server, apr_uint64_t end)
{
    if (server->present >= 0 && present(server)->refused == 0
        && !server->draining) {
        present(server)->refused = end;
    }
}

static void close_transaction(model_server_t *server)
{
    server->open = 0;
    server->failed = 0;
    server->rcpts = 0;
    server->at = 0;
    server->differs = 0;
}

void model_goodbye(model_server_t *server)
{
    server->goodbye = say(server, "421 4.3.2 closing");
    server->mode = MODEL_DEAD;
}

void model_open(model_server_t *server)
{
    server->present = -1;
    if (server->turns_away) {
        server->goodbye = say(server, "554 5.3.2 not today");
        server->mode = MODEL_DEAD;
        return;
    }
    say(server, "220 model");
}

/* The envelope. */

static void take_hello(model_server_t *server)
{
    static const struct {
        unsigned int cap;
        const char *name;
    } caps[] = {
        { MODEL_PIPELINING, "PIPELINING" }, { MODEL_CHUNKING, "CHUNKING" },
        { MODEL_8BITMIME, "8BITMIME" }, { MODEL_BINARYMIME, "BINARYMIME" },
        { MODEL_PIPECONNECT, "PIPECONNECT" }, { MODEL_SIZE, "SIZE" },
    };

    say(server, "250-model");
    for (apr_size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        if (server->caps & caps[i].cap) {
            say(server, "250-%s", caps[i].name);
        }
    }
    say(server, "250 HELP");
}

static void take_mail(model_server_t *server)
{
    char *end;
    long id = strtol(server->line + strlen("MAIL FROM:<m"), &end, 10);
    int code = refusal(server);

    if (strncmp(end, "@s.example>", 11) != 0 || id < 0
        || id >= server->message_count) {
        violation(server, "MAIL of nobody: %s", server->line);
        return;
    }
    server->present = (int)id;
    if (++present(server)->mails > 1) {
        violation(server, "message %ld twice", id);
    }
    if (server->open && server->unreset != 0) {
        refused(server, say(server, "503 5.5.1 nested MAIL"));
    }
    else if (server->open) {
        violation(server, "MAIL %ld inside the transaction of %d", id,
                  server->owner);
        refused(server, say(server, "503 5.5.1 nested MAIL"));
    }
    else if (code != 0) {
        refused(server, say(server, "%d not you", code));
    }
    else {
        say(server, "250 2.1.0 sender");
        close_transaction(server);
        server->open = 1;
        server->owner = (int)id;
    }
}

static void take_rcpt(model_server_t *server)
{
    char *end;
    long id = strtol(server->line + strlen("RCPT TO:<m"), &end, 10);
    long rcpt = *end == '-' ? strtol(end + 1, &end, 10) : -1;
    int code = refusal(server);
    apr_uint64_t *mark;

    if (strncmp(end, "@r.example>", 11) != 0 || rcpt < 0
        || rcpt >= MODEL_RCPTS || id != server->present) {
        violation(server, "%s behind MAIL %d", server->line,
                  server->present);
        return;
    }
    if (!(present(server)->rcpts & 1u << rcpt)
        || (present(server)->asked & 1u << rcpt)) {
        violation(server, "%s is not for it, or again", server->line);
    }
    present(server)->asked |= 1u << rcpt;
    mark = &present(server)->rcpt_refused[rcpt];
    if (!server->open) {
        *mark = say(server, "503 5.5.1 MAIL first");
    }
    else if (code != 0) {
        *mark = say(server, "%d nobody", code);
    }
    else {
        say(server, "250 2.1.5 recipient");
        server->rcpts |= 1u << rcpt;
    }
}

/* Content. */

/* All content of a message is there: what is in order with it? */
static void look_at_content(model_server_t *server, apr_size_t wanted)
{
    model_message_t *message = present(server);

    if (server->present != server->owner && server->unreset == 0) {
        violation(server, "content of %d in the transaction of %d",
                  server->present, server->owner);
    }
    if (server->differs || server->at != wanted) {
        violation(server, "content of %d is not what it should be",
                  server->present);
    }
    if (message->all_or_none && server->rcpts != message->rcpts) {
        violation(server, "%d is for all or none", server->present);
    }
}

/* Accept or refuse for those in rcpts, with one reply; return non-zero if it
 * was accepted. */
static int decide(model_server_t *server, unsigned int rcpts)
{
    model_message_t *message = present(server);
    int code = refusal(server);
    apr_uint64_t end;

    if (code != 0) {
        end = say(server, "%d not that", code);
        if (server->lmtp) {
            for (int i = 0; i < MODEL_RCPTS; i++) {
                if (rcpts & 1u << i) {
                    message->rcpt_refused[i] = end;
                }
            }
            return 0;
        }
        refused(server, end);
        return 0;
    }
    end = say(server, "250 2.0.0 Ok: queued as %dX%u", server->present,
              rcpts);
    for (int i = 0; i < MODEL_RCPTS && !server->draining; i++) {
        if (rcpts & 1u << i) {
            if (message->accepted[i] != 0) {
                violation(server, "%d delivered twice", server->present);
            }
            message->accepted[i] = end;
        }
    }
    return 1;
}

/* The final reply or replies; return non-zero if one was positive. */
static int decide_all(model_server_t *server)
{
    int accepted = 0;

    if (!server->lmtp) {
        return decide(server, server->rcpts);
    }
    for (int i = 0; i < MODEL_RCPTS; i++) {
        if (server->rcpts & 1u << i) {
            accepted |= decide(server, 1u << i);
        }
    }
    return accepted;
}

static void take_data(model_server_t *server)
{
    int code = refusal(server);

    if (server->taken != server->sent) {
        violation(server, "%d bytes behind DATA",
                  (int)(server->sent - server->taken));
    }
    if (!server->open) {
        refused(server, say(server, "503 5.5.1 MAIL first"));
    }
    else if (server->rcpts == 0 && (server->lmtp || chance(server, 2))) {
        refused(server, say(server, "503 5.5.1 no valid recipients"));
    }
    else if (code != 0) {
        refused(server, say(server, "%d no data", code));
        if (chance(server, 2)) {
            close_transaction(server);
        }
    }
    else {
        say(server, "354 go");
        server->mode = MODEL_DATA;
        server->eol = 2;
        server->at = 0;
        server->differs = 0;
    }
}

static void take_data_end(model_server_t *server)
{
    model_message_t *message = present(server);

    server->mode = MODEL_COMMAND;
    if (server->rcpts == 0) {
        /* The lone dot, RFC 2920 3.1. */
        if (server->at != 3) {
            violation(server, "content for nobody");
        }
        refused(server, say(server, "554 5.5.1 no valid recipients"));
        close_transaction(server);
        return;
    }
    message->handed = 1;
    look_at_content(server, message->data_len);
    (void)decide_all(server);
    close_transaction(server);
}

/* Refuse content before its end, and be gone. With LMTP this is the answer
 * for the first recipient only. */
static void interrupt(model_server_t *server)
{
    int first = 0;

    server->interrupted = say(server, "552 5.3.4 too much");
    server->mode = MODEL_DEAD;
    if (!server->lmtp) {
        refused(server, server->interrupted);
        return;
    }
    while (!(server->rcpts & 1u << first)) {
        first++;
    }
    present(server)->rcpt_refused[first] = server->interrupted;
}

static void take_data_byte(model_server_t *server, char byte)
{
    static const char end[] = "\r\n.\r\n";
    const model_message_t *message = present(server);

    if (server->at >= message->data_len
        || message->data[server->at] != byte) {
        server->differs = server->rcpts != 0;
    }
    server->at++;
    if (server->rcpts != 0 && server->at > message->data_doubt) {
        present(server)->doubtful = 1;
    }
    server->eol = byte == end[server->eol] ? server->eol + 1
                                           : byte == '\r';
    if (server->eol == 5) {
        take_data_end(server);
    }
    else if (server->interrupts && chance(server, 300)) {
        interrupt(server);
    }
}

static void take_bdat(model_server_t *server)
{
    char *end;

    if (!(server->caps & MODEL_CHUNKING)) {
        violation(server, "BDAT was not offered");
    }
    server->chunk_left = (apr_size_t)strtol(server->line + 5, &end, 10);
    server->chunk_last = strcmp(end, " LAST") == 0;
    server->mode = MODEL_CHUNK;
}

/* A chunk is not taken: the transaction may be there still, or not. */
static void refuse_chunk(model_server_t *server, const char *text)
{
    int replies = 1;

    if (server->lmtp && server->chunk_last && server->open) {
        for (int i = 0; i < MODEL_RCPTS; i++) {
            replies += (server->rcpts & 1u << i) != 0;
        }
        replies -= replies > 1;
    }
    while (replies-- > 0) {
        refused(server, say(server, "%s", text));
    }
    server->failed = 1;
    /* With LMTP the number of replies would be anybody's guess. */
    if (!server->lmtp && chance(server, 2)) {
        close_transaction(server);
    }
}

static void take_chunk_end(model_server_t *server)
{
    model_message_t *message = present(server);
    int code;

    server->mode = MODEL_COMMAND;
    if (server->present < 0) {
        violation(server, "BDAT before any MAIL");
        return;
    }
    if (server->chunk_last) {
        message->handed = 1;
        message->doubtful = 1;
    }
    if (!server->open || server->failed) {
        refuse_chunk(server, "503 5.5.1 no transaction");
        return;
    }
    if (server->rcpts == 0) {
        refuse_chunk(server, "554 5.5.1 no valid recipients");
        return;
    }
    if (!server->chunk_last) {
        code = refusal(server);
        if (code != 0) {
            refuse_chunk(server, code < 500 ? "451 not now" : "554 no");
        }
        else {
            say(server, "250 2.0.0 more");
        }
        return;
    }
    look_at_content(server, message->chunk_len);
    if (decide_all(server) || chance(server, 2)) {
        close_transaction(server);
        return;
    }
    /* Indeterminate, RFC 3030 2: all is as before the first chunk. */
    server->at = 0;
    server->differs = 0;
}

static void take_chunk_byte(model_server_t *server, char byte)
{
    if (server->present >= 0) {
        const model_message_t *message = present(server);

        if (server->at >= message->chunk_len
            || message->chunk[server->at] != byte) {
            server->differs = 1;
        }
    }
    server->at++;
    if (--server->chunk_left == 0) {
        take_chunk_end(server);
    }
}

/* Commands. */

static void take_other(model_server_t *server)
{
    static const int codes[] = { 250, 252, 214, 502, 550, 450 };
    const char *line = server->line;

    if (strcmp(line, "RSET") == 0 && server->odd && chance(server, 4)) {
        apr_uint64_t end = say(server, "502 5.5.1 no RSET here");

        server->answer = 502;
        server->unreset = server->unreset != 0 ? server->unreset : end;
    }
    else if (strcmp(line, "RSET") == 0) {
        close_transaction(server);
        say(server, "250 2.0.0 flushed");
        server->answer = 250;
    }
    else if (strcmp(line, "QUIT") == 0) {
        say(server, "221 2.0.0 bye");
        server->mode = MODEL_DEAD;
        server->quit = 1;
    }
    else if (strncmp(line, "NOOP", 4) == 0 || strncmp(line, "VRFY ", 5) == 0
             || strncmp(line, "HELP", 4) == 0) {
        server->answer = codes[rig_random(server->random) % 6];
        say(server, "%d-as\r\n%d asked", server->answer, server->answer);
    }
    else {
        violation(server, "unknown: %s", line);
    }
}

static void take_line(model_server_t *server)
{
    const char *line = server->line;

    if (++server->commands == server->dies_at && !server->draining) {
        model_goodbye(server);
        server->unheard = 1;
        return;
    }
    if (strcmp(line, server->lmtp ? "LHLO " REPLAY_CLIENT
                                  : "EHLO " REPLAY_CLIENT) == 0) {
        take_hello(server);
    }
    else if (strncmp(line, "MAIL FROM:<m", 12) == 0) {
        take_mail(server);
    }
    else if (strncmp(line, "RCPT TO:<m", 10) == 0) {
        take_rcpt(server);
    }
    else if (strcmp(line, "DATA") == 0) {
        take_data(server);
    }
    else if (strncmp(line, "BDAT ", 5) == 0) {
        take_bdat(server);
        if (server->chunk_left == 0) {
            take_chunk_end(server);
        }
    }
    else {
        take_other(server);
    }
}

static void take_command_byte(model_server_t *server, char byte)
{
    if (server->line_len + 1 >= sizeof(server->line)) {
        violation(server, "a line without end");
        server->line_len = 0;
    }
    server->line[server->line_len++] = byte;
    if (byte != '\n') {
        return;
    }
    if (server->line_len < 2
        || server->line[server->line_len - 2] != '\r') {
        violation(server, "a line end without CR");
        server->line_len++;
    }
    server->line[server->line_len - 2] = '\0';
    server->line_len = 0;
    take_line(server);
}

void model_take(model_server_t *server, const char *data, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (server->mode == MODEL_DEAD) {
            if (server->quit) {
                violation(server, "more behind QUIT");
            }
            return;
        }
        server->taken++;
        if (server->mode == MODEL_DATA) {
            take_data_byte(server, data[i]);
        }
        else if (server->mode == MODEL_CHUNK) {
            take_chunk_byte(server, data[i]);
        }
        else {
            take_command_byte(server, data[i]);
        }
    }
}

void model_drain(model_server_t *server, const char *data, apr_size_t len)
{
    const char *before = server->violation;
    int was_interrupted = server->interrupted != 0;

    if (server->quit) {
        return;
    }
    server->draining = 1;
    if (server->mode == MODEL_DEAD) {
        server->mode = was_interrupted ? MODEL_DATA : MODEL_COMMAND;
    }
    if (server->unheard) {
        take_line(server);
    }
    model_take(server, data, len);
    server->violation = before;
}
