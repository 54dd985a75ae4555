/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send.c: sends what it finds on its standard input and says in JSON what
 * became of it: for tests against real servers, which are written in other
 * languages. Uses the installed headers only, as any program would.
 *
 * Prints one object per message; exits 0 if all went, 1 if one did not, 2 if
 * the arguments are wrong.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_getopt.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <jansson.h>
#include <smtpclient/smtpclient.h>

/** The longest body read. */
#define BODY_MAX (64 * 1024 * 1024)

typedef struct options_t {
    const char *host;
    int port;
    const char *security;
    const char *user;
    const char *password_file;
    const char *token_file;
    const char *certificate;
    const char *ca_file;
    const char *from;
    const char *to;
    const char *cc;
    const char *bcc;
    const char *subject;
    const char *pickup;
    int html;
    int raw;
    int verbose;
    apr_array_header_t *attachments; /* const char *: FILE[:name] */
    apr_array_header_t *headers;     /* const char *: "N: v" */
    apr_array_header_t *dkim;        /* const char *: DOMAIN:SELECTOR:FILE */
    apr_array_header_t *recipients;  /* const char *: certificates */
    const char *signer;
    int gcm;
    apr_interval_time_t timeout;
    int count;
    int batch;
    int per_connection;
    const char *save;
    const char *mechanisms;
    int lmtp;
    int international;
    int receipt;
    int require_tls;
    const char *body;
    apr_size_t body_len;
} options_t;

static const apr_getopt_option_t known_options[] = {
    { "host", 'h', 1, "server" },
    { "port", 'p', 1, "port" },
    { "security", 's', 1, "none, starttls, implicit or opportunistic" },
    { "user", 'u', 1, "user name" },
    { "password-file", 'w', 1, "file with the password" },
    { "token-file", 'O', 1, "file with an OAuth token" },
    { "certificate", 'K', 1, "file with a certificate of ours and its key" },
    { "ca-file", 'C', 1, "certificate authorities" },
    { "from", 'f', 1, "mailbox" },
    { "to", 't', 1, "mailboxes" },
    { "cc", 'c', 1, "mailboxes" },
    { "bcc", 'b', 1, "mailboxes" },
    { "subject", 'S', 1, "subject" },
    { "html", 'H', 0, "the body is HTML" },
    { "raw", 'r', 0, "the input is a whole message; --from, --to: envelope" },
    { "attach", 'a', 1, "FILE[:name], again and again" },
    { "header", 'x', 1, "\"Name: value\", again and again" },
    { "dkim", 'k', 1, "DOMAIN:SELECTOR:KEYFILE, again and again" },
    { "smime-sign", 'm', 1, "file with certificates and key" },
    { "smime-encrypt", 'e', 1, "file with a certificate, again and again" },
    { "smime-gcm", 'g', 0, "encrypt with AES-GCM" },
    { "timeout", 'T', 1, "seconds" },
    { "count", 'n', 1, "send it so many times" },
    { "batch", 'B', 0, "all of them at once, with a number in the subject" },
    { "per-connection", 'N', 1, "at most so many on one connection" },
    { "save", 'F', 1, "write it to FILE.1 ... and send what is there" },
    { "mechanisms", 'M', 1, "names of SASL mechanisms, with blanks" },
    { "lmtp", 'L', 0, "the server speaks LMTP" },
    { "international", 'I', 0, "UTF-8 in addresses" },
    { "receipt", 'R', 0, "ask for a report of success" },
    { "require-tls", 'Q', 0, "with TLS on the whole way only" },
    { "pickup", 'd', 1, "write into this directory instead" },
    { "verbose", 'v', 0, "log to standard error" },
    { NULL, 0, 0, NULL }
};

static int usage(const char *why)
{
    const apr_getopt_option_t *option;

    fprintf(stderr, "send: %s\n", why);
    for (option = known_options; option->name; option++) {
        fprintf(stderr, "  --%-14s %s\n", option->name, option->description);
    }
    return 2;
}

static void append(apr_array_header_t *list, const char *text)
{
    APR_ARRAY_PUSH(list, const char *) = text;
}

static void take_option(options_t *options, int name, const char *value)
{
    switch (name) {
    case 'h': options->host = value; break;
    case 'p': options->port = (int)apr_atoi64(value); break;
    case 's': options->security = value; break;
    case 'u': options->user = value; break;
    case 'w': options->password_file = value; break;
    case 'O': options->token_file = value; break;
    case 'K': options->certificate = value; break;
    case 'C': options->ca_file = value; break;
    case 'f': options->from = value; break;
    case 't': options->to = value; break;
    case 'c': options->cc = value; break;
    case 'b': options->bcc = value; break;
    case 'S': options->subject = value; break;
    case 'H': options->html = 1; break;
    case 'r': options->raw = 1; break;
    case 'a': append(options->attachments, value); break;
    case 'x': append(options->headers, value); break;
    case 'k': append(options->dkim, value); break;
    case 'm': options->signer = value; break;
    case 'e': append(options->recipients, value); break;
    case 'g': options->gcm = 1; break;
    case 'T': options->timeout = apr_time_from_sec(apr_atoi64(value)); break;
    case 'n': options->count = (int)apr_atoi64(value); break;
    case 'B': options->batch = 1; break;
    case 'N': options->per_connection = (int)apr_atoi64(value); break;
    case 'F': options->save = value; break;
    case 'M': options->mechanisms = value; break;
    case 'L': options->lmtp = 1; break;
    case 'I': options->international = 1; break;
    case 'R': options->receipt = 1; break;
    case 'Q': options->require_tls = 1; break;
    case 'd': options->pickup = value; break;
    case 'v': options->verbose = 1; break;
    default: break;
    }
}

static apr_status_t parse_options(options_t *options, int argc,
                                  const char *const *argv, apr_pool_t *pool)
{
    apr_getopt_t *state;
    const char *value;
    int name;
    apr_status_t rv;

    options->count = 1;
    options->attachments = apr_array_make(pool, 4, sizeof(char *));
    options->headers = apr_array_make(pool, 4, sizeof(char *));
    options->dkim = apr_array_make(pool, 2, sizeof(char *));
    options->recipients = apr_array_make(pool, 2, sizeof(char *));
    rv = apr_getopt_init(&state, pool, argc, argv);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (;;) {
        rv = apr_getopt_long(state, known_options, &name, &value);
        if (rv == APR_EOF) {
            return APR_SUCCESS;
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        take_option(options, name, value);
    }
}

static const char *read_body(apr_size_t *len, apr_pool_t *pool)
{
    apr_size_t size = 65536;
    apr_size_t used = 0;
    char *body = malloc(size);
    char *copy;

    if (!body) {
        abort();
    }
    while (used < BODY_MAX) {
        apr_size_t got;

        if (used + 1 == size) {
            char *more = realloc(body, size *= 2);

            if (!more) {
                break;
            }
            body = more;
        }
        got = fread(body + used, 1, size - used - 1, stdin);
        if (got == 0) {
            break;
        }
        used += got;
    }
    copy = apr_pstrmemdup(pool, body, used);
    free(body);
    *len = used;
    return copy;
}

static void log_line(void *baton, smtpc_log_level_e level, const char *text)
{
    (void)baton;
    fprintf(stderr, "%d %s\n", (int)level, text);
}

static int security_by_name(smtpc_security_e *security, const char *name)
{
    static const struct {
        const char *name;
        smtpc_security_e value;
    } names[] = { { "none", SMTPC_SECURITY_NONE },
                  { "opportunistic", SMTPC_SECURITY_OPPORTUNISTIC },
                  { "starttls", SMTPC_SECURITY_STARTTLS },
                  { "implicit", SMTPC_SECURITY_IMPLICIT } };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].name, name) == 0) {
            *security = names[i].value;
            return 1;
        }
    }
    return 0;
}

/* Let client sign as argument says. */
static apr_status_t add_dkim(smtpc_client_t *client, const char *argument,
                             apr_pool_t *pool)
{
    char *domain = apr_pstrdup(pool, argument);
    char *selector = strchr(domain, ':');
    char *file = selector ? strchr(selector + 1, ':') : NULL;
    const char *why = "";
    smtpc_dkim_t *dkim;
    apr_status_t rv;

    if (!file) {
        return SMTPC_EARG;
    }
    *selector++ = '\0';
    *file++ = '\0';
    rv = smtpc_dkim_create(&dkim, &why, domain, selector,
                           apr_pstrcat(pool, "file:", file, NULL), pool);
    if (rv != APR_SUCCESS) {
        fprintf(stderr, "send: %s\n", why);
        return rv;
    }
    return smtpc_client_add_dkim(client, dkim);
}

static apr_status_t configure(smtpc_client_t *client,
                              const options_t *options, apr_pool_t *pool)
{
    smtpc_security_e security = SMTPC_SECURITY_DEFAULT;
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (options->security && !security_by_name(&security, options->security)) {
        return SMTPC_EARG;
    }
    rv = smtpc_client_set_security(client, security);
    if (rv == APR_SUCCESS && options->timeout > 0) {
        rv = smtpc_client_set_timeout(client, options->timeout);
    }
    if (rv == APR_SUCCESS && options->ca_file) {
        rv = smtpc_client_set_ca_file(client, options->ca_file);
    }
    if (rv == APR_SUCCESS && options->certificate) {
        rv = smtpc_client_set_client_certificate(client, options->certificate,
                                                 NULL);
    }
    if (rv == APR_SUCCESS && options->password_file) {
        rv = smtpc_client_set_credentials(
            client, options->user,
            apr_pstrcat(pool, "file:", options->password_file, NULL));
    }
    if (rv == APR_SUCCESS && options->token_file) {
        rv = smtpc_client_set_token(
            client, options->user,
            apr_pstrcat(pool, "file:", options->token_file, NULL));
    }
    if (rv == APR_SUCCESS && options->mechanisms) {
        rv = smtpc_client_set_auth_mechanisms(client, options->mechanisms);
    }
    if (rv == APR_SUCCESS && options->per_connection) {
        rv = smtpc_client_set_messages_per_connection(
            client, options->per_connection);
    }
    if (rv == APR_SUCCESS && options->lmtp) {
        rv = smtpc_client_set_lmtp(client, 1);
    }
    if (rv == APR_SUCCESS && options->international) {
        rv = smtpc_client_set_delivery_format(client,
                                              SMTPC_FORMAT_INTERNATIONAL);
    }
    if (rv == APR_SUCCESS && options->pickup) {
        rv = smtpc_client_set_pickup_directory(client, options->pickup);
        if (rv == APR_SUCCESS) {
            rv = smtpc_client_set_delivery(client, SMTPC_DELIVER_PICKUP);
        }
    }
    for (i = 0; i < options->dkim->nelts && rv == APR_SUCCESS; i++) {
        rv = add_dkim(client, APR_ARRAY_IDX(options->dkim, i, const char *),
                      pool);
    }
    return rv;
}

static apr_status_t attach(smtpc_message_t *message, const char *argument,
                           apr_pool_t *pool)
{
    smtpc_attachment_t *attachment;
    char *path = apr_pstrdup(pool, argument);
    char *name = strrchr(path, ':');
    apr_status_t rv;

    if (name) {
        *name++ = '\0';
    }
    rv = smtpc_message_attach_file(&attachment, message, path);
    if (rv == APR_SUCCESS && name) {
        rv = smtpc_attachment_set_name(attachment, name);
    }
    return rv;
}

static apr_status_t add_header(smtpc_message_t *message, const char *argument,
                               apr_pool_t *pool)
{
    char *name = apr_pstrdup(pool, argument);
    char *value = strchr(name, ':');

    if (!value) {
        return SMTPC_EARG;
    }
    *value++ = '\0';
    return smtpc_message_add_header(message, name,
                                    value + strspn(value, " "));
}

static apr_status_t set_recipients(smtpc_message_t *message,
                                   const options_t *options)
{
    apr_status_t rv = APR_SUCCESS;

    if (options->to) {
        rv = smtpc_message_add_to(message, options->to);
    }
    if (rv == APR_SUCCESS && options->cc) {
        rv = smtpc_message_add_cc(message, options->cc);
    }
    if (rv == APR_SUCCESS && options->bcc) {
        rv = smtpc_message_add_bcc(message, options->bcc);
    }
    return rv;
}

static apr_status_t set_smime(smtpc_message_t *message,
                              const options_t *options)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (options->signer) {
        rv = smtpc_message_set_smime_signer(message, options->signer, NULL);
    }
    for (i = 0; i < options->recipients->nelts && rv == APR_SUCCESS; i++) {
        rv = smtpc_message_add_smime_recipient(
            message, APR_ARRAY_IDX(options->recipients, i, const char *));
    }
    if (rv == APR_SUCCESS && options->gcm) {
        rv = smtpc_message_set_smime_cipher(message,
                                            SMTPC_SMIME_AES_256_GCM);
    }
    return rv;
}

/* A body with a NUL is no string. */
static apr_status_t set_body(smtpc_message_t *message,
                             const options_t *options, apr_pool_t *pool)
{
    smtpc_body_type_e type = options->html ? SMTPC_BODY_HTML
                                           : SMTPC_BODY_TEXT;
    smtpc_source_t *source;
    apr_status_t rv;

    if (strlen(options->body) == options->body_len) {
        return smtpc_message_set_body(message, options->body, type);
    }
    rv = smtpc_source_create_bytes(&source, options->body, options->body_len,
                                   pool);
    return rv == APR_SUCCESS
               ? smtpc_message_set_body_source(message, source, type) : rv;
}

static apr_status_t set_subject(smtpc_message_t *message,
                                const options_t *options, int number,
                                apr_pool_t *pool)
{
    return smtpc_message_set_subject(
        message, !options->batch ? options->subject
                 : apr_psprintf(pool, "%s %d", options->subject, number));
}

static apr_status_t build(smtpc_message_t *message, const options_t *options,
                          int number, apr_pool_t *pool)
{
    apr_status_t rv = set_recipients(message, options);
    int i;

    if (rv == APR_SUCCESS) {
        rv = set_smime(message, options);
    }
    if (rv == APR_SUCCESS && options->from) {
        rv = smtpc_message_set_from(message, options->from);
    }
    if (rv == APR_SUCCESS) {
        rv = set_subject(message, options, number, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = set_body(message, options, pool);
    }
    for (i = 0; i < options->attachments->nelts && rv == APR_SUCCESS; i++) {
        rv = attach(message,
                    APR_ARRAY_IDX(options->attachments, i, const char *),
                    pool);
    }
    for (i = 0; i < options->headers->nelts && rv == APR_SUCCESS; i++) {
        rv = add_header(message,
                        APR_ARRAY_IDX(options->headers, i, const char *),
                        pool);
    }
    return rv;
}

/* What is no part of a file. */
static apr_status_t set_extensions(smtpc_message_t *message,
                                   const options_t *options)
{
    apr_status_t rv = APR_SUCCESS;

    if (options->receipt) {
        rv = smtpc_message_set_notifications(message, SMTPC_NOTIFY_SUCCESS);
    }
    if (rv == APR_SUCCESS && options->require_tls) {
        rv = smtpc_message_set_require_tls(message, 1);
    }
    return rv;
}

/* The message of this number; with --save as it is when it was read back. */
static apr_status_t make(smtpc_message_t **message, const options_t *options,
                         int number, apr_pool_t *pool)
{
    apr_status_t rv = smtpc_message_create(message, pool);

    if (rv == APR_SUCCESS) {
        rv = build(*message, options, number, pool);
    }
    if (rv == APR_SUCCESS && options->save) {
        const char *path = apr_psprintf(pool, "%s.%d", options->save, number);

        rv = smtpc_message_save(*message, path, pool);
        if (rv == APR_SUCCESS) {
            rv = smtpc_message_load(message, path, pool);
        }
    }
    return rv == APR_SUCCESS ? set_extensions(*message, options) : rv;
}

static const char *status_name(apr_status_t status, apr_pool_t *pool)
{
    const char *name = smtpc_status_name(status);

    return name ? name : apr_itoa(pool, status);
}

static json_t *recipients_json(const smtpc_result_t *result)
{
    static const char *const states[] = { "unsent", "rejected", "accepted",
                                          "in doubt" };
    json_t *list = json_array();
    apr_size_t i;

    for (i = 0; i < smtpc_result_recipient_count(result); i++) {
        const smtpc_recipient_t *r = smtpc_result_recipient(result, i);

        json_array_append_new(
            list, json_pack("{s:s, s:s, s:i, s:s, s:s}", "address",
                            r->address, "state", states[r->state], "code",
                            r->code, "enhanced", r->enhanced, "text",
                            r->text));
    }
    return list;
}

static void print_result(const smtpc_result_t *result, apr_pool_t *pool)
{
    json_t *object = json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:s, "
        "s:s, s:o}",
        "status", status_name(smtpc_result_status(result), pool), "describe",
        smtpc_result_describe(result, pool), "code",
        smtpc_result_code(result), "enhanced", smtpc_result_enhanced(result),
        "queue_id", smtpc_result_queue_id(result), "message_id",
        smtpc_result_message_id(result), "tls_protocol",
        smtpc_result_tls_protocol(result), "tls_cipher",
        smtpc_result_tls_cipher(result), "peer", smtpc_result_peer(result),
        "path", smtpc_result_path(result), "transient",
        smtpc_result_is_transient(result), "bytes",
        (json_int_t)smtpc_result_bytes(result), "capabilities",
        smtpc_result_capabilities(result), "dropped",
        smtpc_result_dropped(result), "recipients",
        recipients_json(result));

    if (object) {
        json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        printf("\n");
        json_decref(object);
    }
}

static void print_error(apr_status_t status, const char *why,
                        apr_pool_t *pool)
{
    json_t *object = json_pack("{s:s, s:s}", "status",
                               status_name(status, pool), "describe", why);

    if (object) {
        json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        printf("\n");
        json_decref(object);
    }
}

/* Send count times; non-zero if one did not go. */
static int send_all(smtpc_client_t *client, const smtpc_message_t *message,
                    int count, apr_pool_t *pool)
{
    int failed = 0;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    while (count-- > 0) {
        smtpc_result_t *result;
        apr_status_t rv;

        apr_pool_clear(scratch);
        rv = smtpc_client_send(&result, client, message, scratch);
        if (result) {
            print_result(result, scratch);
        }
        else {
            print_error(rv, smtpc_client_error(client), scratch);
        }
        failed |= rv != APR_SUCCESS;
    }
    return failed;
}

/* Send count messages as one operation; non-zero if one did not go. */
static int send_batch(smtpc_client_t *client, const options_t *options,
                      apr_pool_t *pool)
{
    apr_size_t count = (apr_size_t)options->count;
    smtpc_message_t **messages = apr_pcalloc(pool, count * sizeof(*messages));
    smtpc_result_t **results = apr_pcalloc(pool, count * sizeof(*results));
    apr_size_t i;
    apr_status_t rv;

    for (i = 0; i < count; i++) {
        rv = make(&messages[i], options, (int)i + 1, pool);
        if (rv != APR_SUCCESS) {
            print_error(rv, smtpc_message_error(messages[i]), pool);
            return 1;
        }
    }
    rv = smtpc_client_send_many(results, client, messages, count, pool);
    for (i = 0; i < count; i++) {
        if (results[i]) {
            print_result(results[i], pool);
        }
        else {
            print_error(rv, smtpc_client_error(client), pool);
        }
    }
    return rv != APR_SUCCESS;
}

/* Send the input as it is; non-zero if it did not go. */
static int send_raw(smtpc_client_t *client, const options_t *options,
                    apr_pool_t *pool)
{
    smtpc_source_t *source;
    smtpc_result_t *result = NULL;
    apr_status_t rv = smtpc_source_create_bytes(&source, options->body,
                                                options->body_len, pool);

    if (rv == APR_SUCCESS) {
        rv = smtpc_client_send_raw(&result, client, source, options->from,
                                   options->to, pool);
    }
    if (result) {
        print_result(result, pool);
    }
    else {
        print_error(rv, smtpc_client_error(client), pool);
    }
    return rv != APR_SUCCESS;
}

static int run(const options_t *options, apr_pool_t *pool)
{
    smtpc_env_t *env;
    smtpc_client_t *client;
    smtpc_message_t *message;
    apr_status_t rv;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        return usage("cannot start");
    }
    if (options->verbose) {
        smtpc_env_set_log(env, SMTPC_LOG_TRACE, log_line, NULL);
    }
    rv = smtpc_client_create(&client, env, options->host, options->port,
                             pool);
    if (rv != APR_SUCCESS) {
        return usage("host or port is wrong");
    }
    rv = configure(client, options, pool);
    if (rv != APR_SUCCESS) {
        return usage(*smtpc_client_error(client) ? smtpc_client_error(client)
                                                 : "a setting is wrong");
    }
    if (options->raw) {
        return send_raw(client, options, pool);
    }
    if (options->batch) {
        return send_batch(client, options, pool);
    }
    rv = make(&message, options, 1, pool);
    if (rv != APR_SUCCESS) {
        print_error(rv, smtpc_message_error(message), pool);
        return 1;
    }
    return send_all(client, message, options->count, pool);
}

int main(int argc, const char *const *argv)
{
    options_t options;
    apr_pool_t *pool;
    int status;

    memset(&options, 0, sizeof(options));
    if (apr_initialize() != APR_SUCCESS
        || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return 2;
    }
    if (parse_options(&options, argc, argv, pool) != APR_SUCCESS) {
        status = usage("wrong option");
    }
    else if (options.user && !options.password_file && !options.token_file) {
        status = usage("--user needs --password-file or --token-file");
    }
    else {
        options.body = read_body(&options.body_len, pool);
        status = run(&options, pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
