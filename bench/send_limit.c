/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send_limit.c: what the way to the server alone costs: bytes that were made
 * before are written to a socket, and replies are counted, not understood.
 *
 *   mode=blocking           MAIL RCPT DATA; the mail; each waits for replies
 *   mode=batch              behind a mail's dot go MAIL RCPT DATA of the next
 *   mode=chunking-blocking  MAIL RCPT BDAT and the mail, then the replies
 *   mode=chunking-batch     the same for 8 mails at a time
 *   mode=attach, mode=chunking-attach
 *                           as blocking, a mail with bytes=N in base64
 *   mode=evp-encodeblock    no server: EVP_EncodeBlock() over bytes=N, at once
 *
 * No program can do better in the same form with the same system calls.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "meter.h"
#include "sample.h"

/* Mails of one write of chunking-batch. */
#define WINDOW 8
/* One line of base64. */
#define LINE_IN 57
#define LINE_OUT 76

static const char envelope[] =
    "MAIL FROM:<" CLIENT_FROM ">\r\nRCPT TO:<" CLIENT_TO ">\r\n";

/* Bytes that are written again and again. */
typedef struct block_t {
    char *data;
    size_t len;
} block_t;

static void add(block_t *block, const char *data, size_t len)
{
    block->data = realloc(block->data, block->len + len);
    if (block->data == NULL) {
        meter_die("no memory");
    }
    memcpy(block->data + block->len, data, len);
    block->len += len;
}

static void add_text(block_t *block, const char *text)
{
    add(block, text, strlen(text));
}

/* The mail as DATA has it, dots doubled, with its end. */
static void add_stuffed(block_t *block, const client_t *client)
{
    const char *at = client->mail;
    const char *end = at + client->mail_len;

    while (at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        size_t len = eol != NULL ? (size_t)(eol - at) + 1
                                 : (size_t)(end - at);

        add(block, ".", *at == '.');
        add(block, at, len);
        at += len;
    }
    add_text(block, ".\r\n");
}

static void add_chunk(block_t *block, const client_t *client)
{
    char line[64];

    (void)snprintf(line, sizeof(line), "BDAT %zu LAST\r\n", client->mail_len);
    add_text(block, envelope);
    add_text(block, line);
    add(block, client->mail, client->mail_len);
}

static int connected(long port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)port);
    if (fd < 0
        || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0
        || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
        meter_die("cannot connect");
    }
    return fd;
}

/* Read until that many lines have come. */
static void await(int fd, int lines)
{
    char buf[4096];

    while (lines > 0) {
        ssize_t got = recv(fd, buf, sizeof(buf), 0);
        const char *at = buf;
        const char *end;

        if (got <= 0) {
            meter_die("the server has gone");
        }
        while ((end = memchr(at, '\n', (size_t)(buf + got - at))) != NULL) {
            lines--;
            at = end + 1;
        }
    }
}

static void put(int fd, const block_t *block)
{
    size_t at = 0;

    while (at < block->len) {
        ssize_t n = send(fd, block->data + at, block->len - at, MSG_NOSIGNAL);

        if (n <= 0) {
            meter_die("the server does not read");
        }
        at += (size_t)n;
    }
}

/* Read to the last line of EHLO's reply. */
static void greet(int fd)
{
    static const char hello[] = "EHLO limit.example\r\n";
    block_t block = { (char *)(size_t)hello, sizeof(hello) - 1 };
    char buf[4096];
    size_t len = 0;

    await(fd, 1);
    put(fd, &block);
    for (;;) {
        ssize_t got = recv(fd, buf + len, sizeof(buf) - 1 - len, 0);

        if (got <= 0) {
            meter_die("no answer to EHLO");
        }
        len += (size_t)got;
        buf[len] = '\0';
        if (buf[len - 1] == '\n' && strstr(buf, "\n250 ") != NULL) {
            return;
        }
    }
}

static void send_data(int fd, const client_t *client, long messages)
{
    block_t head = { NULL, 0 };
    block_t mail = { NULL, 0 };
    int batch = strcmp(client->mode, "batch") == 0;

    add_text(&head, envelope);
    add_text(&head, "DATA\r\n");
    add_stuffed(&mail, client);
    if (batch) {
        add(&mail, head.data, head.len);
        put(fd, &head);
        await(fd, 3);
        for (long i = 1; i < messages; i++) {
            put(fd, &mail);
            await(fd, 4);
        }
        mail.len -= head.len;
        put(fd, &mail);
        await(fd, 1);
    }
    else {
        for (long i = 0; i < messages; i++) {
            put(fd, &head);
            await(fd, 3);
            put(fd, &mail);
            await(fd, 1);
        }
    }
    free(head.data);
    free(mail.data);
}

static void send_chunks(int fd, const client_t *client, long messages)
{
    block_t block = { NULL, 0 };
    int window = strcmp(client->mode, "chunking-batch") == 0 ? WINDOW : 1;
    size_t each;

    add_chunk(&block, client);
    each = block.len;
    for (int i = 1; i < window; i++) {
        add_chunk(&block, client);
    }
    while (messages > 0) {
        int now = messages < window ? (int)messages : window;

        block.len = each * (size_t)now;
        put(fd, &block);
        await(fd, 3 * now);
        messages -= now;
    }
    free(block.data);
}

/* Put a mail with lines of base64 in the place of the one that was read. */
static void make_attached(client_t *client)
{
    static const char header[] = "Subject: Attached\r\n\r\n";
    unsigned char *data = sample_bytes((size_t)client->bytes);
    char *out = malloc((size_t)client->bytes / LINE_IN * (LINE_OUT + 2)
                       + sizeof(header) + LINE_OUT + 2);
    size_t n = sizeof(header) - 1;

    if (out == NULL) {
        meter_die("no memory");
    }
    memcpy(out, header, n);
    for (long at = 0; at < client->bytes; at += LINE_IN) {
        long left = client->bytes - at;

        n += (size_t)EVP_EncodeBlock((unsigned char *)out + n, data + at,
                                     (int)(left < LINE_IN ? left : LINE_IN));
        memcpy(out + n, "\r\n", 2);
        n += 2;
    }
    free(data);
    free(client->mail);
    client->mail = out;
    client->mail_len = n;
}

static void send_mails(client_t *client)
{
    int chunking = strncmp(client->mode, "chunking", 8) == 0;
    int fd = connected(client->port);

    if (client->bytes > 0) {
        make_attached(client);
    }
    greet(fd);
    (chunking ? send_chunks : send_data)(fd, client, client->warmup);
    client_start(client);
    (chunking ? send_chunks : send_data)(fd, client, client->messages);
    client_stop(client);
    (void)close(fd);
}

static void encode(client_t *client)
{
    size_t len = (size_t)client->bytes;
    unsigned char *data = sample_bytes(len);
    unsigned char *out = malloc(len / 3 * 4 + 5);

    if (out == NULL) {
        meter_die("no memory");
    }
    (void)EVP_EncodeBlock(out, data, (int)len);
    client_start(client);
    for (long i = 0; i < client->messages; i++) {
        (void)EVP_EncodeBlock(out, data, (int)len);
        /* Whoever sends it would read it. */
        __asm__ volatile("" : : "r"(out) : "memory");
    }
    client_stop(client);
    free(out);
    free(data);
}

int main(int argc, char **argv)
{
    client_t client;

    client_args(&client, argc, argv);
    (strcmp(client.mode, "evp-encodeblock") == 0 ? encode : send_mails)(
        &client);
    client_print(&client, "");
    free(client.mail);
    return 0;
}
