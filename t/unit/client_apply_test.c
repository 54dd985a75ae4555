/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_apply_test.c: what settings from a file do to a client, and the
 * delivery format on the wire and in a pickup directory.
 */

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../support/peer.h"
#include "../tap/tap.h"
#include "proto/sasl.h"

static const char *directory;
static char logged[1024];

static void log_line(void *baton, smtpc_log_level_e level, const char *text)
{
    (void)baton;
    if (level == SMTPC_LOG_ERROR) {
        apr_cpystrn(logged, text, sizeof(logged));
    }
}

static smtpc_env_t *create_env(apr_pool_t *pool)
{
    smtpc_env_t *env;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    smtpc_env_set_log(env, SMTPC_LOG_ERROR, log_line, NULL);
    return env;
}

/* Load <smtp ...> with its content as the settings of env. */
static void load(smtpc_env_t *env, const char *smtp, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, directory, "/web.config", NULL);
    const char *text = apr_pstrcat(pool, "<configuration><system.net>"
                                   "<mailSettings><smtp ", smtp, "</smtp>"
                                   "</mailSettings></system.net>"
                                   "</configuration>", NULL);
    apr_file_t *file;

    if (apr_file_open(&file, path, APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE
                                       | APR_FOPEN_WRITE,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE, pool)
            != APR_SUCCESS
        || apr_file_write_full(file, text, strlen(text), NULL) != APR_SUCCESS
        || apr_file_close(file) != APR_SUCCESS) {
        tap_bail("cannot write %s", path);
    }
    tap_is_int(smtpc_env_load_settings(env, path, pool), APR_SUCCESS,
               "loaded: %s", smtpc_env_settings_error(env));
    unlink(path);
}

static smtpc_client_t *create(smtpc_env_t *env, const char *host, int port,
                              apr_pool_t *pool)
{
    smtpc_client_t *client = NULL;

    if (smtpc_client_create(&client, env, host, port, pool) != APR_SUCCESS) {
        tap_bail("no client");
    }
    return client;
}

static void test_values(apr_pool_t *pool)
{
    smtpc_env_t *env = create_env(pool);
    smtpc_client_t *c = create(env, NULL, 0, pool);

    tap_subtest_begin("what a client begins with");
    tap_is_str(smtpc_client_host(c), "localhost", "no settings: localhost");
    tap_is_int(smtpc_client_port(c), 25, "port 25");
    tap_is_int(smtpc_client_delivery_format(c), SMTPC_FORMAT_SEVENBIT,
               "ASCII");
    tap_is_str(smtpc_client_target_name(c), NULL, "no target name");
    load(env, "from='\"Site\" &lt;web@example.org&gt;' "
              "deliveryFormat='International' "
              "deliveryMethod='SpecifiedPickupDirectory'>"
              "<network host='mail.example.org' port='2525' enableSsl='true' "
              "userName='web' password='sesame' clientDomain='www.test' "
              "targetName='SMTPSVC/mail'/><specifiedPickupDirectory "
              "pickupDirectoryLocation='/srv/out'/>", pool);
    tap_is_str(smtpc_client_host(c), "localhost", "a client that is there "
                                                  "stays as it is");
    c = create(env, NULL, 0, pool);
    tap_is_str(smtpc_client_host(c), "mail.example.org", "host");
    tap_is_int(smtpc_client_port(c), 2525, "port");
    tap_is_int(smtpc_client_security(c), SMTPC_SECURITY_STARTTLS,
               "enableSsl");
    tap_is_str(smtpc_client_user(c), "web", "user");
    tap_is_str(smtpc_address_address(smtpc_client_from(c)),
               "web@example.org", "from");
    tap_is_str(smtpc_client_hello_name(c), "www.test", "EHLO");
    tap_is_str(smtpc_client_target_name(c), "SMTPSVC/mail", "target name");
    tap_is_int(smtpc_client_delivery(c), SMTPC_DELIVER_PICKUP, "delivery");
    tap_is_str(smtpc_client_pickup_directory(c), "/srv/out", "directory");
    tap_is_int(smtpc_client_delivery_format(c), SMTPC_FORMAT_INTERNATIONAL,
               "format");
    c = create(env, "other.test", 0, pool);
    tap_is_str(smtpc_client_host(c), "other.test", "a host given");
    tap_is_int(smtpc_client_port(c), 2525, "leaves the port");
    tap_is_str(smtpc_client_user(c), "web", "and all else");
    c = create(env, NULL, 465, pool);
    tap_is_str(smtpc_client_host(c), "mail.example.org", "a port given "
                                                         "leaves the host");
    tap_is_int(smtpc_client_security(c), SMTPC_SECURITY_IMPLICIT,
               "enableSsl on port 465");
    load(env, "><network enableSsl='false'/>", pool);
    c = create(env, NULL, 0, pool);
    tap_is_int(smtpc_client_security(c), SMTPC_SECURITY_STARTTLS,
               "false does not send a password in clear text");
    tap_subtest_end();
}

static void test_halves(apr_pool_t *pool)
{
    smtpc_env_t *env = create_env(pool);
    smtpc_client_t *client;
    smtpc_settings_t *settings;

    tap_subtest_begin("half of the credentials");
    load(env, "><network userName='web'/>", pool);
    tap_is_int(smtpc_client_create(&client, env, NULL, 0, pool), SMTPC_EARG,
               "a user alone");
    tap_ok(strstr(logged, "userName but no password") != NULL, "%s", logged);
    load(env, "><network userName='' password='sesame'/>", pool);
    tap_is_int(smtpc_client_create(&client, env, NULL, 0, pool), SMTPC_EARG,
               "a password alone");
    tap_ok(strstr(logged, "password but no userName") != NULL, "%s", logged);
    load(env, "><network userName='web'/>", pool);
    client = create(env, NULL, 0, pool);
    tap_is_int(smtpc_settings_create(&settings, pool), APR_SUCCESS,
               "empty ones");
    tap_is_int(smtpc_client_apply_settings(client, settings), APR_SUCCESS,
               "applied");
    tap_is_str(smtpc_client_user(client), "web", "take nothing away");
    tap_is_int(smtpc_client_dispose(client), APR_SUCCESS, "disposed");
    tap_is_int(smtpc_client_apply_settings(client, settings),
               SMTPC_EDISPOSED, "no more settings");
    tap_subtest_end();
}

static void test_setters(apr_pool_t *pool)
{
    smtpc_client_t *c = create(create_env(pool), NULL, 0, pool);
    char text[514];

    tap_subtest_begin("target name and delivery format");
    tap_is_int(smtpc_client_set_target_name(c, ""), SMTPC_EARG, "empty");
    tap_is_int(smtpc_client_set_target_name(c, "a\nb"), SMTPC_EARG,
               "line end: %s", smtpc_client_error(c));
    tap_is_int(smtpc_client_set_target_name(c, "\xFF"), SMTPC_EARG,
               "not UTF-8");
    memset(text, 't', 513);
    text[513] = '\0';
    tap_is_int(smtpc_client_set_target_name(c, text), SMTPC_EARG,
               "over the limit");
    text[512] = '\0';
    tap_is_int(smtpc_client_set_target_name(c, text), APR_SUCCESS,
               "at the limit");
    tap_is_str(smtpc_client_target_name(c), text, "read back");
    tap_is_int(smtpc_client_set_target_name(c, NULL), APR_SUCCESS, "NULL");
    tap_is_str(smtpc_client_target_name(c), NULL, "none");
    tap_is_int(smtpc_client_set_delivery_format(
                   c, (smtpc_delivery_format_e)2), SMTPC_EARG, "no format");
    tap_is_int(smtpc_client_set_delivery_format(
                   c, SMTPC_FORMAT_INTERNATIONAL), APR_SUCCESS, "format");
    tap_is_int(smtpc_client_delivery_format(c), SMTPC_FORMAT_INTERNATIONAL,
               "read back");
    tap_subtest_end();
}

#define USER "j\xC3\xB6rg@example.net"
#define SUBJECT "Gr\xC3\xBC\xC3\x9F" "e"

static apr_status_t send_to(smtpc_result_t **result, smtpc_client_t *client,
                            const char *to, const char *subject,
                            apr_pool_t *pool)
{
    return smtpc_client_send_text(result, client, "web@example.org", to,
                                  subject, "Text.\n", pool);
}

/* Send with a format to a server with these extensions; the server's view
 * of it is in smtp. */
static void exchange(peer_smtp_t *smtp, smtpc_delivery_format_e format,
                     const char *extensions, const char *to,
                     const char *subject, apr_status_t want, int with_utf8,
                     apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_result_t *result;
    peer_t *peer;
    apr_status_t rv;

    peer_smtp_init(smtp);
    smtp->extensions = extensions;
    peer = peer_start(peer_smtp_serve, smtp);
    client = create(create_env(pool), "127.0.0.1", peer_port(peer), pool);
    tap_is_int(smtpc_client_set_delivery_format(client, format), APR_SUCCESS,
               "format %d", (int)format);
    rv = send_to(&result, client, to, subject, pool);
    tap_is_int(rv, want, "%s, %s: %s", to, subject,
               result ? smtpc_result_error(result) : "no result");
    if (want == SMTPC_EEXTENSION && format == SMTPC_FORMAT_SEVENBIT) {
        tap_is_int(peer_accepted(peer), 0, "nobody was asked");
        tap_ok(result && strstr(smtpc_result_error(result), to), "named");
        tap_is_int(smtpc_result_recipient(result, 0)->state,
                   SMTPC_RCPT_UNSENT, "unsent");
    }
    (void)smtpc_client_dispose(client);
    tap_ok(peer_quiet(peer), "over");
    tap_is_int(peer_heard(peer, "MAIL FROM:<web@example.org> SMTPUTF8")
                   + peer_heard(peer, "MAIL FROM:<web@example.org> "
                                      "BODY=8BITMIME SMTPUTF8"),
               with_utf8, "%s SMTPUTF8", with_utf8 ? "with" : "without");
    peer_stop(peer);
}

static void test_format(apr_pool_t *pool)
{
    static const char utf8[] = "8BITMIME\nSMTPUTF8";
    static const char ascii[] = "8BITMIME";
    peer_smtp_t smtp;

    tap_subtest_begin("the delivery format");
    exchange(&smtp, SMTPC_FORMAT_SEVENBIT, utf8, USER, "Hi",
             SMTPC_EEXTENSION, 0, pool);
    exchange(&smtp, SMTPC_FORMAT_SEVENBIT, utf8, "a@b.test", SUBJECT,
             APR_SUCCESS, 0, pool);
    tap_ok(strstr(smtp.last, "Subject: =?utf-8?") != NULL
               || strstr(smtp.last, "Subject: =?UTF-8?") != NULL,
           "the subject is encoded");
    exchange(&smtp, SMTPC_FORMAT_INTERNATIONAL, utf8, USER, SUBJECT,
             APR_SUCCESS, 1, pool);
    tap_ok(strstr(smtp.last, "\r\nTo: " USER "\r\n") != NULL, "To is raw");
    tap_ok(strstr(smtp.last, "\r\nSubject: " SUBJECT "\r\n") != NULL,
           "the subject too");
    exchange(&smtp, SMTPC_FORMAT_INTERNATIONAL, utf8, "a@b.test", SUBJECT,
             APR_SUCCESS, 1, pool);
    tap_ok(strstr(smtp.last, "\r\nSubject: " SUBJECT "\r\n") != NULL,
           "without such an address too");
    exchange(&smtp, SMTPC_FORMAT_INTERNATIONAL, utf8, "a@b.test", "Hi",
             APR_SUCCESS, 0, pool);
    exchange(&smtp, SMTPC_FORMAT_INTERNATIONAL, ascii, USER, "Hi",
             SMTPC_EEXTENSION, 0, pool);
    exchange(&smtp, SMTPC_FORMAT_INTERNATIONAL, ascii, "a@b.test", SUBJECT,
             APR_SUCCESS, 0, pool);
    tap_ok(!strstr(smtp.last, SUBJECT), "encoded where the server cannot");
    tap_subtest_end();
}

/* Read the one file in the pickup directory and remove it. */
static const char *collect(const char *from, apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, 8192);
    const char *path = NULL;
    apr_size_t len = 8191;
    struct dirent *entry;
    DIR *dir = opendir(from);
    apr_file_t *file;

    while (dir && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            path = apr_pstrcat(pool, from, "/", entry->d_name, NULL);
        }
    }
    if (dir) {
        closedir(dir);
    }
    if (path && apr_file_open(&file, path, APR_FOPEN_READ, 0, pool)
                    == APR_SUCCESS) {
        (void)apr_file_read(file, text, &len);
        apr_file_close(file);
        unlink(path);
    }
    return text;
}

static void test_pickup(apr_pool_t *pool)
{
    smtpc_env_t *env = create_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result;
    const char *file;

    tap_subtest_begin("a pickup directory");
    load(env, apr_pstrcat(pool, "deliveryMethod='SpecifiedPickupDirectory'>"
                          "<specifiedPickupDirectory "
                          "pickupDirectoryLocation='", directory, "'/>",
                          NULL), pool);
    client = create(env, NULL, 0, pool);
    tap_is_int(send_to(&result, client, USER, "Hi", pool), SMTPC_EEXTENSION,
               "ASCII only");
    tap_is_str(collect(directory, pool), "", "no file");
    tap_is_int(smtpc_client_set_delivery_format(
                   client, SMTPC_FORMAT_INTERNATIONAL), APR_SUCCESS, "UTF-8");
    tap_is_int(send_to(&result, client, USER, SUBJECT, pool), APR_SUCCESS,
               "written");
    file = collect(directory, pool);
    tap_ok(strstr(file, "X-Receiver: " USER "\r\n") != NULL
               && strstr(file, "\r\nSubject: " SUBJECT "\r\n") != NULL,
           "in UTF-8: %s", file);
    tap_subtest_end();
}

/* Kerberos, in the place of a user; where it was not built, that is said. */
static void test_default_credentials(apr_pool_t *pool)
{
    smtpc_env_t *env = create_env(pool);
    smtpc_client_t *client = NULL;
    apr_status_t rv;

    load(env, "><network defaultCredentials='true' userName='a' "
              "targetName='SMTPSVC/mail'/>", pool);
    rv = smtpc_client_create(&client, env, "a.test", 25, pool);
    if (smtpc__sasl_built() & SMTPC_MECH_GSSAPI) {
        tap_is_int(rv, APR_SUCCESS, "default credentials");
        tap_ok(smtpc_client_default_credentials(client), "are set");
        tap_ok(smtpc_client_user(client) == NULL, "in the place of a user");
        tap_is_str(smtpc_client_target_name(client), "SMTPSVC/mail",
                   "with the name of the service");
        return;
    }
    tap_is_int(rv, SMTPC_EARG, "default credentials");
    tap_ok(strstr(logged, "libgsasl") != NULL, "why: %s", logged);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    char name[] = "/tmp/smtpc-settings-XXXXXX";

    directory = mkdtemp(name);
    if (!directory) {
        tap_bail("no directory");
    }
    test_values(pool);
    test_halves(pool);
    test_setters(pool);
    test_format(pool);
    test_pickup(pool);
    test_default_credentials(pool);
    tap_is_int(rmdir(directory), 0, "nothing else was written");
    return tap_done();
}
