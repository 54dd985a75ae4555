/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_zone.c: zones in a temporary folder, their keys, and an NSD for them.
 */

#include "dns_zone.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "../tap/tap.h"

/** Times a server is started on another port, and is asked whether it is
 *  there. */
#define PORT_TRIES 5
#define READY_TRIES 200
/** How long each question waits for an answer. */
#define READY_WAIT_MS 50

struct dns_server_t {
    apr_pool_t *pool;
    const char *dir;
    const char *zone; /* the first: it is asked for */
    const char *anchor;
    int port;
    pid_t pid; /* 0: none */
};

static const char *in_dir(const dns_server_t *server, const char *name)
{
    return apr_pstrcat(server->pool, server->dir, "/", name, NULL);
}

static void write_file(const char *path, const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);

    if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
        tap_bail("cannot write %s", path);
    }
}

/* Start program with its output in the file out, in the folder. */
static pid_t spawn(const dns_server_t *server, const char *const argv[],
                   const char *out)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0) {
        tap_bail("cannot fork");
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        /* The sockets of the test are not for others. */
        (void)close_range(3, ~0U, 0);
        if (getppid() != parent || chdir(server->dir) != 0
            || !freopen(out, "w", stdout) || !freopen("stderr", "a", stderr)) {
            _exit(126);
        }
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    return pid;
}

static void run(const dns_server_t *server, const char *const argv[],
                const char *out)
{
    pid_t pid = spawn(server, argv, out);
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) {
        tap_bail("%s failed with status %d: it comes with the packages nsd "
                 "and ldnsutils", argv[0], status);
    }
}

/* Make a key for the zone; its name without the end. */
static const char *make_key(const dns_server_t *server, const char *zone)
{
    const char *argv[] = { "ldns-keygen", "-k", "-a", "ECDSAP256SHA256",
                     zone, NULL };
    const char *out = in_dir(server, "key-name");
    char line[256] = "";
    FILE *file;

    run(server, argv, out);
    file = fopen(out, "r");
    if (!file || !fgets(line, sizeof(line), file)) {
        tap_bail("no key");
    }
    fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    return apr_pstrdup(server->pool, line);
}

/* Put the key called name into the anchor. */
static void trust(const dns_server_t *server, const char *name)
{
    char line[1024] = "";
    FILE *file = fopen(apr_pstrcat(server->pool, server->dir, "/", name,
                                   ".key", NULL), "r");

    if (!file || !fgets(line, sizeof(line), file)) {
        tap_bail("no public key");
    }
    fclose(file);
    write_file(server->anchor, "a", line);
}

/* Write the file of a zone; its name. */
static const char *make_zone(const dns_server_t *server,
                             const dns_zone_t *zone)
{
    const char *file = zone->name;
    const char *key;

    write_file(in_dir(server, file), "w",
               apr_pstrcat(server->pool, "$ORIGIN ", zone->name,
                           ".\n$TTL 300\n@ SOA ns hostmaster 1 300 300 300 "
                           "300\n@ NS ns\nns A 127.0.0.1\n", zone->records,
                           NULL));
    if (zone->kind == DNS_ZONE_UNSIGNED) {
        return file;
    }
    key = make_key(server, zone->name);
    trust(server, zone->kind == DNS_ZONE_BOGUS
                      ? make_key(server, zone->name) : key);
    {
        const char *argv[] = { "ldns-signzone", file, key, NULL };

        run(server, argv, "/dev/null");
    }
    return apr_pstrcat(server->pool, file, ".signed", NULL);
}

/* Return a port that is free for UDP and TCP at the moment. */
static int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);
    int tcp = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (tcp < 0 || bind(tcp, (struct sockaddr *)&address, len) != 0
        || getsockname(tcp, (struct sockaddr *)&address, &len) != 0) {
        tap_bail("no port");
    }
    close(tcp);
    return ntohs(address.sin_port);
}

/* Ask for the zone's SOA until there is an answer; zero if there is none. */
static int is_ready(const dns_server_t *server)
{
    static const unsigned char head[12] = { 0x12, 0x34, 0, 0, 0, 1 };
    static const unsigned char tail[5] = { 0, 0, 6, 0, 1 };
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((unsigned short)
                                                         server->port) };
    unsigned char query[300];
    size_t len = sizeof(head);
    const char *label = server->zone;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int tries;
    int ready = 0;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(query, head, len);
    while (*label) {
        size_t size = strcspn(label, ".");

        query[len++] = (unsigned char)size;
        memcpy(query + len, label, size);
        len += size;
        label += size + (label[size] == '.');
    }
    memcpy(query + len, tail, sizeof(tail));
    len += sizeof(tail);
    (void)connect(fd, (struct sockaddr *)&address, sizeof(address));
    for (tries = 0; tries < READY_TRIES && !ready; tries++) {
        struct pollfd wait = { fd, POLLIN, 0 };
        unsigned char answer[512];

        (void)send(fd, query, len, 0);
        if (waitpid(server->pid, NULL, WNOHANG) != 0) {
            break;
        }
        /* A refusal comes at once, so that nothing but time tells. */
        if (poll(&wait, 1, READY_WAIT_MS) == 1
            && recv(fd, answer, sizeof(answer), 0) > 12) {
            ready = (answer[3] & 15) == 0;
        }
        else {
            (void)poll(NULL, 0, READY_WAIT_MS);
        }
    }
    close(fd);
    return ready;
}

static void configure(dns_server_t *server, const char *zones)
{
    server->port = free_port();
    write_file(in_dir(server, "nsd.conf"), "w", apr_psprintf(
        server->pool,
        "server:\n ip-address: 127.0.0.1@%d\n server-count: 1\n"
        " username: \"\"\n chroot: \"\"\n zonesdir: \"%s\"\n"
        " database: \"\"\n pidfile: \"%s/nsd.pid\"\n"
        " zonelistfile: \"%s/zone.list\"\n xfrdfile: \"%s/xfrd.state\"\n"
        " xfrdir: \"%s\"\n logfile: \"%s/nsd.log\"\n do-ip6: no\n"
        "remote-control:\n control-enable: no\n%s",
        server->port, server->dir, server->dir, server->dir, server->dir,
        server->dir, server->dir, zones));
}

void dns_server_stop(dns_server_t *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGTERM);
        while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        server->pid = 0;
    }
}

static apr_status_t clean_up(void *data)
{
    dns_server_t *server = data;
    const char *argv[] = { "rm", "-rf", server->dir, NULL };
    pid_t pid;

    dns_server_stop(server);
    pid = fork();
    if (pid == 0) {
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    (void)waitpid(pid, NULL, 0);
    return APR_SUCCESS;
}

dns_server_t *dns_server_start(const dns_zone_t *zones, apr_pool_t *pool)
{
    dns_server_t *server = apr_pcalloc(pool, sizeof(*server));
    const char *argv[] = { "nsd", "-d", "-c", NULL, NULL };
    const char *sections = "";
    const char *temp;
    char *dir;
    int tries;

    if (apr_temp_dir_get(&temp, pool) != APR_SUCCESS) {
        tap_bail("no temporary directory");
    }
    dir = apr_pstrcat(pool, temp, "/dns-XXXXXX", NULL);
    if (!mkdtemp(dir)) {
        tap_bail("no temporary directory");
    }
    server->pool = pool;
    server->dir = dir;
    server->zone = zones->name;
    server->anchor = in_dir(server, "anchor");
    apr_pool_cleanup_register(pool, server, clean_up, apr_pool_cleanup_null);
    write_file(server->anchor, "w", "");
    for (; zones->name; zones++) {
        sections = apr_pstrcat(pool, sections, "zone:\n name: \"",
                               zones->name, "\"\n zonefile: \"",
                               make_zone(server, zones), "\"\n", NULL);
    }
    argv[3] = in_dir(server, "nsd.conf");
    for (tries = 0; tries < PORT_TRIES; tries++) {
        configure(server, sections);
        server->pid = spawn(server, argv, "/dev/null");
        if (is_ready(server)) {
            return server;
        }
        dns_server_stop(server);
    }
    tap_bail("the name server does not start: it comes with the package nsd");
    return NULL;
}

const char *dns_server_address(const dns_server_t *server)
{
    return apr_psprintf(server->pool, "127.0.0.1@%d", server->port);
}

const char *dns_server_anchor(const dns_server_t *server)
{
    return server->anchor;
}
