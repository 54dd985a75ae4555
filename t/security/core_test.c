/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_test.c: what a core file would hold of a password.
 *
 * A program that only knows where its password is sends mail; from outside,
 * all its memory that the kernel would write to a core file (proc(5), smaps:
 * no "dd") is searched for the password and its base64 forms. That it is
 * found in the other memory shows that the search works.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/sasl_server.h"
#include "../tap/tap.h"
#include "base/codec.h"

/** Mappings beyond are a sanitizer's, of addresses and not of memory. */
#define MAPPING_MAX (1UL << 30)

/** The wait for a server that does not answer AUTH. */
#define AUTH_MS 300

#define NEEDLES 3

/* The one who is searched. */

/* What it does with its password before it says "ready" and waits to be
 * ended. */
typedef struct plan_t {
    const char *name;
    apr_status_t status; /* of the mail */
    int over;            /* all is ended before */
} plan_t;

static const plan_t plans[] = {
    { "the connection is kept", APR_SUCCESS, 0 },
    { "the password was refused", SMTPC_EAUTH, 0 },
    { "the server does not answer AUTH", SMTPC_ETIMEOUT, 0 },
    { "all is destroyed", APR_SUCCESS, 1 }
};

#define PLANS (sizeof(plans) / sizeof(plans[0]))

static int searched(char **argv)
{
    const plan_t *plan = &plans[atoi(argv[2])];
    apr_pool_t *pool = tap_pool();
    apr_pool_t *mine;
    smtpc_result_t *result = NULL;
    smtpc_client_t *client;
    smtpc_env_t *env;
    apr_status_t rv;
    char byte;

    if (apr_pool_create(&mine, pool) != APR_SUCCESS
        || smtpc_env_create(&env, mine) != APR_SUCCESS
        || smtpc_client_create(&client, env, "127.0.0.1",
                               (int)apr_atoi64(argv[3]), mine)
               != APR_SUCCESS
        || smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS)
               != APR_SUCCESS
        || smtpc_client_set_auth_mechanisms(client, argv[6]) != APR_SUCCESS
        || smtpc_client_set_ca_file(client, argv[4]) != APR_SUCCESS
        || smtpc_client_set_stage_timeout(client, SMTPC_STAGE_AUTH,
                                          apr_time_from_msec(AUTH_MS))
               != APR_SUCCESS
        || smtpc_client_set_credentials(client, "web", argv[5])
               != APR_SUCCESS) {
        return 2;
    }
    rv = mail_send(&result, client, "ann@example.net", mine);
    if (rv != plan->status) {
        fprintf(stderr, "# %d: %s\n", rv, mail_error(result));
        return 3;
    }
    if (plan->over) {
        apr_pool_destroy(mine);
    }
    if (write(1, "r", 1) != 1) {
        return 4;
    }
    while (read(0, &byte, 1) > 0) {
    }
    if (!plan->over) {
        apr_pool_destroy(mine);
    }
    return 0;
}

/* The search. */

typedef struct found_t {
    int dumped; /* places in memory that a core file has */
    int kept;   /* in other memory */
} found_t;

/* Count the needles among the len bytes at data. */
static int count(const char *data, size_t len, char *const needles[NEEDLES])
{
    int found = 0;
    int i;

    for (i = 0; i < NEEDLES; i++) {
        size_t size = strlen(needles[i]);
        const char *at = data;

        while ((at = memmem(at, len - (size_t)(at - data), needles[i], size))
               != NULL) {
            found++;
            at += size;
        }
    }
    return found;
}

/* Count them in a range of the process whose memory is memory. */
static int count_range(int memory, unsigned long from, unsigned long to,
                       char *const needles[NEEDLES])
{
    size_t size = to - from;
    char *data = size > 0 && size <= MAPPING_MAX ? malloc(size) : NULL;
    ssize_t got = data ? pread(memory, data, size, (off_t)from) : 0;
    int found = got > 0 ? count(data, (size_t)got, needles) : 0;

    free(data);
    return found;
}

static void search(found_t *found, pid_t pid, char *const needles[NEEDLES])
{
    char path[64];
    char line[1024];
    unsigned long from = 0;
    unsigned long to = 0;
    int memory;
    FILE *maps;

    memset(found, 0, sizeof(*found));
    apr_snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    apr_snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
    maps = fopen(path, "re");
    if (memory < 0 || !maps) {
        tap_bail("no way into %s", path);
    }
    while (fgets(line, sizeof(line), maps)) {
        char rights[8];
        unsigned long begin;
        unsigned long end;

        if (sscanf(line, "%lx-%lx %7s", &begin, &end, rights) == 3) {
            from = begin;
            to = rights[0] == 'r' ? end : begin;
        }
        else if (strncmp(line, "VmFlags:", 8) == 0) {
            int *where = strstr(line, " dd") ? &found->kept : &found->dumped;

            *where += count_range(memory, from, to, needles);
        }
    }
    fclose(maps);
    close(memory);
}

/* The server, and the start of the one who is searched. */

typedef struct child_t {
    pid_t pid;
    int in;  /* closing it ends the child */
    int out; /* it says "ready" here */
} child_t;

static void start(child_t *child, char *const arguments[])
{
    int in[2];
    int out[2];

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        tap_bail("no pipe");
    }
    child->pid = fork();
    if (child->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execv("/proc/self/exe", arguments);
        _exit(9);
    }
    close(in[0]);
    close(out[1]);
    child->in = in[1];
    child->out = out[0];
}

static int finish(child_t *child)
{
    int status = 0;

    close(child->in);
    close(child->out);
    while (waitpid(child->pid, &status, 0) < 0) {
    }
    return status;
}

static void check_plan(size_t which, const char *secret, const char *file,
                       const peer_smtp_t *smtp, const char *ca_file,
                       const char *mechanism, apr_pool_t *pool)
{
    const plan_t *plan = &plans[which];
    peer_t *peer = peer_start(peer_smtp_serve, (void *)smtp);
    char *needles[NEEDLES];
    char *arguments[8];
    apr_size_t len = strlen(secret);
    char *whole = apr_psprintf(pool, "%cweb%c%s", 0, 0, secret);
    found_t found;
    child_t child;
    char byte;

    needles[0] = (char *)secret;
    needles[1] = apr_pcalloc(pool, smtpc__base64_length(len) + 1);
    (void)smtpc__base64_encode(needles[1], secret, len);
    needles[2] = apr_pcalloc(pool, smtpc__base64_length(len + 5) + 1);
    (void)smtpc__base64_encode(needles[2], whole, len + 5);
    arguments[0] = apr_pstrdup(pool, "core_test");
    arguments[1] = apr_pstrdup(pool, "--searched");
    arguments[2] = apr_itoa(pool, (int)which);
    arguments[3] = apr_itoa(pool, peer_port(peer));
    arguments[4] = (char *)ca_file;
    arguments[5] = apr_pstrcat(pool, "file:", file, NULL);
    arguments[6] = (char *)mechanism;
    arguments[7] = NULL;
    tap_subtest_begin("%s: %s", mechanism, plan->name);
    start(&child, arguments);
    tap_is_int(read(child.out, &byte, 1), 1, "it did so");
    search(&found, child.pid, needles);
    tap_is_int(found.dumped, 0, "no core file has the password");
    if (plan->over) {
        tap_is_int(found.kept, 0, "nor other memory");
    }
    else {
        tap_ok(found.kept > 0, "other memory has it");
    }
    tap_is_int(finish(&child), 0, "ended well");
    tap_subtest_end();
    peer_stop(peer);
}

/* A password that no test and no header file has: 24 hex digits. */
static char *make_secret(apr_pool_t *pool)
{
    unsigned char random[12];
    char *text = apr_palloc(pool, 2 * sizeof(random) + 1);
    size_t i;

    if (apr_generate_random_bytes(random, sizeof(random)) != APR_SUCCESS) {
        tap_bail("no random bytes");
    }
    for (i = 0; i < sizeof(random); i++) {
        apr_snprintf(text + 2 * i, 3, "%02x", random[i]);
    }
    return text;
}

static char *write_secret(const char *secret, apr_pool_t *pool)
{
    char *path = apr_pstrdup(pool, "/tmp/smtpc-core-XXXXXX");
    int file = mkstemp(path);

    if (file < 0 || write(file, secret, strlen(secret))
                        != (ssize_t)strlen(secret)) {
        tap_bail("no file for the password");
    }
    close(file);
    return path;
}

static void test_plain(apr_pool_t *pool)
{
    static const peer_answer_t refuses[] = {
        { "AUTH", "535 5.7.8 no" }, { NULL, NULL }
    };
    static const peer_answer_t silent[] = {
        { "AUTH", "!silent" }, { NULL, NULL }
    };
    const peer_answer_t *const answers[PLANS] = { NULL, refuses, silent,
                                                  NULL };
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    char *secret = make_secret(pool);
    char *path = write_secret(secret, pool);
    const char *whole = apr_psprintf(pool, "%cweb%c%s", 0, 0, secret);
    char *login = apr_pcalloc(pool, 64);
    size_t i;

    (void)smtpc__base64_encode(login, whole, strlen(secret) + 5);
    for (i = 0; i < PLANS; i++) {
        peer_smtp_t smtp;

        peer_smtp_init(&smtp);
        smtp.tls = peer_ca_server(ca, &cert, pool);
        smtp.login = login;
        smtp.answers = answers[i];
        check_plan(i, secret, path, &smtp, peer_ca_file(ca, pool), "PLAIN",
                   pool);
    }
    unlink(path);
}

/* Others, with the server's side by libgsasl. */
static void test_others(apr_pool_t *pool)
{
    static const char *const mechanisms[] = {
        "SCRAM-SHA-256-PLUS", "CRAM-MD5"
    };
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    char *secret = make_secret(pool);
    char *path = write_secret(secret, pool);
    sasl_server_t sasl = { .password = secret };
    size_t i;

    for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        peer_smtp_t smtp;

        peer_smtp_init(&smtp);
        smtp.tls = peer_ca_server(ca, &cert, pool);
        smtp.extensions = apr_pstrcat(pool, "AUTH ", mechanisms[i], NULL);
        smtp.auth = sasl_server_auth;
        smtp.auth_baton = &sasl;
        check_plan(0, secret, path, &smtp, peer_ca_file(ca, pool),
                   mechanisms[i], pool);
    }
    unlink(path);
}

int main(int argc, char **argv)
{
    static const tap_test_fn tests[] = { test_plain, test_others };

    if (argc == 7 && strcmp(argv[1], "--searched") == 0) {
        return searched(argv);
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
