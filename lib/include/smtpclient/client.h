/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_H
#define SMTPC_CLIENT_H

/**
 * @file client.h
 * The client handle: where mail goes and how, and sending it.
 *
 * A handle does one operation at a time, as .NET's SmtpClient; a second one
 * started meanwhile, and every setter, is SMTPC_EBUSY. Handles are cheap and
 * independent; what is worth sharing they share through the env. The
 * connection is kept between sends and closed by smtpc_client_dispose().
 */

#include <smtpclient/dkim.h>
#include <smtpclient/env.h>
#include <smtpclient/message.h>
#include <smtpclient/result.h>
#include <smtpclient/secret.h>
#include <smtpclient/security.h>
#include <smtpclient/settings.h>

SMTPC_BEGIN_DECLS

/** A client handle. */
typedef struct smtpc_client_t smtpc_client_t;

/**
 * Create @a *client in @a pool on @a env, which must outlive it. @a host
 * NULL: that of the settings of @a env, else "localhost"; @a port 0: that of
 * the settings, else 25. All else that those say is taken over too, as by
 * smtpc_client_apply_settings(). No name is looked up, nothing connects.
 *
 * When @a pool is destroyed the client is disposed of.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     @a host is empty or not a host name or address, or
 *                        @a port is not in 0 ... 65535, or the settings have
 *                        a user without a password, which is logged
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_create(smtpc_client_t **client,
                                                smtpc_env_t *env,
                                                const char *host, int port,
                                                apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Return one sentence about the last call on @a client that failed before it
 * had a result, or "". It lives until the next call. Calls that found the
 * client busy or disposed of leave it as it was. @since 0.1
 */
SMTPC_DECLARE(const char *) smtpc_client_error(const smtpc_client_t *client);

/**
 * Check the settings of @a client together, as far as that goes without the
 * network: whether the CA and certificate files hold what they should, and
 * whether the credentials could ever be sent. For tests of a configuration;
 * a send finds the same out by itself.
 *
 * @return APR_SUCCESS
 *         SMTPC_EBUSY      an operation runs
 *         SMTPC_EDISPOSED  the client was disposed of
 *         SMTPC_EARG       the settings do not go together
 *         SMTPC_ETLS       a file is not what it should be
 *         smtpc_client_error() says what to do about it
 * Reads files. @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_check(smtpc_client_t *client)
    SMTPC_WARN_UNUSED;

/* The setters below return, besides what they say:
 *   APR_SUCCESS
 *   SMTPC_EBUSY      an operation runs
 *   SMTPC_EDISPOSED  the client was disposed of
 *   SMTPC_EARG       the value is invalid; nothing was changed
 *   APR_ENOMEM       there is no memory to look at a name; likewise
 * What they set holds for the operations that start afterwards. */

/** Send to @a host: a domain name or an IP address. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_host(smtpc_client_t *client,
                                                  const char *host)
    SMTPC_WARN_UNUSED;

/** Send to @a port, 1 ... 65535. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_port(smtpc_client_t *client,
                                                  int port)
    SMTPC_WARN_UNUSED;

/**
 * Set what @a settings say about anything but host and port, which have to
 * be set before: enableSsl is TLS from the first byte on port 465, and
 * STARTTLS on others. What @a settings do not say stays as it is, but for
 * delivery and delivery format, which they always say. The secret of
 * @a settings, resolved before, has to outlive @a client.
 *
 * @return also SMTPC_EARG  a user without a password, or the reverse
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_apply_settings(smtpc_client_t *client,
                            const smtpc_settings_t *settings)
    SMTPC_WARN_UNUSED;

/**
 * Secure the connection as @a security says. SMTPC_SECURITY_DEFAULT is: port
 * 465 implicit; else clear text for a loopback host without credentials;
 * port 587 STARTTLS; else STARTTLS with credentials and opportunistic
 * without. Where client_tls.h says that TLS is required, STARTTLS takes the
 * place of clear text and opportunistic; those two are SMTPC_EARG with it when
 * an operation begins.
 *
 * Opportunistic TLS that is offered, but whose handshake fails, is done
 * without, over another connection and with a warning in the log, as if it had
 * not been offered (RFC 7435 3): who can break it can hide it. Not with
 * credentials, nor with TLSA records. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_security(smtpc_client_t *client, smtpc_security_e security)
    SMTPC_WARN_UNUSED;

/**
 * Allow @a timeout (microseconds, > 0, at most a week; default 100 s) for one
 * send, from the call to the final reply. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_timeout(smtpc_client_t *client, apr_interval_time_t timeout)
    SMTPC_WARN_UNUSED;

/** Trust the certificate authorities in the PEM file @a path instead of the
 *  system's; NULL: the system's. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_ca_file(smtpc_client_t *client,
                                                     const char *path)
    SMTPC_WARN_UNUSED;

/** Trust the certificate authorities in the hashed directory @a path
 *  instead of the system's; NULL: none there. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_ca_directory(smtpc_client_t *client, const char *path)
    SMTPC_WARN_UNUSED;

/** Expect the certificate to be for @a name, and send it as SNI, instead of
 *  the host; NULL: the host. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_verify_name(smtpc_client_t *client, const char *name)
    SMTPC_WARN_UNUSED;

/** Show the certificate chain in PEM file @a certificate with the private
 *  key in @a key (NULL: in the same file); NULL, NULL: none. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_client_certificate(smtpc_client_t *client,
                                    const char *certificate, const char *key)
    SMTPC_WARN_UNUSED;

/** Say EHLO @a name; NULL: this machine's name. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_hello_name(smtpc_client_t *client, const char *name)
    SMTPC_WARN_UNUSED;

/** Use the mailbox @a address as From of messages that have none; NULL:
 *  none. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_from(smtpc_client_t *client,
                                                  const char *address)
    SMTPC_WARN_UNUSED;

/** Deliver as @a delivery says; SMTPC_DELIVER_NETWORK at first. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_delivery(smtpc_client_t *client, smtpc_delivery_e delivery)
    SMTPC_WARN_UNUSED;

/**
 * Write addresses and header fields as @a format says; SMTPC_FORMAT_SEVENBIT
 * at first. That one cannot write an address whose local part is not ASCII:
 * such a message is SMTPC_EEXTENSION, to a pickup directory too.
 * SMTPC_FORMAT_INTERNATIONAL needs SMTPUTF8 of the server for such an
 * address; where the server has it, or in a pickup directory, names, subject
 * and domains are written in UTF-8 too, else they are encoded. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_delivery_format(smtpc_client_t *client,
                                 smtpc_delivery_format_e format)
    SMTPC_WARN_UNUSED;

/** Write messages into the directory @a path, which must be absolute, when
 *  the delivery is SMTPC_DELIVER_PICKUP. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_pickup_directory(smtpc_client_t *client, const char *path)
    SMTPC_WARN_UNUSED;

/**
 * Sign what is sent with @a dkim too, which has to outlive @a client; NULL
 * takes all signers away. Files of SMTPC_DELIVER_PICKUP are signed as well.
 *
 * Content is then read twice, so every attachment has to be a source that
 * can be rewound, and none is sent as 8bit, which relays may have to recode.
 *
 * @return also SMTPC_ELIMIT   there are SMTPC_LIMIT_DKIM_SIGNERS
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_add_dkim(smtpc_client_t *client, const smtpc_dkim_t *dkim)
    SMTPC_WARN_UNUSED;

/**
 * Give every message sent that has no field @a name one with @a value; the
 * same name again adds one more. A message that was loaded, and what
 * smtpc_client_send_raw() sends, is left alone. NULL, NULL takes all of them
 * away.
 *
 * @return also as smtpc_message_add_header(); SMTPC_EARG also for Date and
 *         Message-ID, which no two messages can share
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_add_default_header(smtpc_client_t *client, const char *name,
                                const char *value) SMTPC_WARN_UNUSED;

/** As smtpc_client_add_default_header(), in the place of the fields @a name
 *  that a message has; for X-Priority, Priority and Importance also of its
 *  priority. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_add_forced_header(smtpc_client_t *client, const char *name,
                               const char *value) SMTPC_WARN_UNUSED;

/* What was set is read back here; the strings live until the next setter of
 * the same name. Secrets are not to be had back. */

/** Return the host. */
SMTPC_DECLARE(const char *) smtpc_client_host(const smtpc_client_t *client);
/** Return the port. */
SMTPC_DECLARE(int) smtpc_client_port(const smtpc_client_t *client);
/** Return the security that holds, with SMTPC_SECURITY_DEFAULT resolved. */
SMTPC_DECLARE(smtpc_security_e)
smtpc_client_security(const smtpc_client_t *client);
/** Return the timeout in microseconds. */
SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_timeout(const smtpc_client_t *client);
/** Return the CA file, or NULL. */
SMTPC_DECLARE(const char *) smtpc_client_ca_file(const smtpc_client_t *client);
/** Return the CA directory, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_ca_directory(const smtpc_client_t *client);
/** Return the name the certificate must be for, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_verify_name(const smtpc_client_t *client);
/** Return the client certificate file, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_client_certificate(const smtpc_client_t *client);
/** Return the EHLO name, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_hello_name(const smtpc_client_t *client);
/** Return the default From, or NULL. */
SMTPC_DECLARE(const smtpc_address_t *)
smtpc_client_from(const smtpc_client_t *client);
/** Return the delivery. */
SMTPC_DECLARE(smtpc_delivery_e)
smtpc_client_delivery(const smtpc_client_t *client);
/** Return the delivery format. */
SMTPC_DECLARE(smtpc_delivery_format_e)
smtpc_client_delivery_format(const smtpc_client_t *client);
/** Return the pickup directory, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_pickup_directory(const smtpc_client_t *client);

/** Return the number of signers. */
SMTPC_DECLARE(apr_size_t)
smtpc_client_dkim_count(const smtpc_client_t *client);

/**
 * Send @a message with @a client and wait for the server's final answer.
 *
 * @a *result (may be NULL) is set in @a pool for every outcome after the
 * argument checks, and to NULL when those fail; smtpc_client_error() tells
 * why then. The message is offered to each recipient once, in the order To,
 * Bcc, Cc. Some refused: the others get it.
 *
 * @return APR_SUCCESS      accepted for every recipient (or stored, pickup)
 *         SMTPC_EBUSY      another operation runs on @a client
 *         SMTPC_EDISPOSED  the client was disposed of
 *         SMTPC_EARG       no From, no recipient; no pickup directory
 *         SMTPC_ECONNECT   not connected, or the connection broke early
 *         SMTPC_ETIMEOUT   the timeout passed before the final dot
 *         SMTPC_ETLS       TLS not as required
 *         SMTPC_EAUTH      not logged in
 *         SMTPC_ETEMP      refused for now
 *         SMTPC_EREJECTED  refused for good by all recipients or as a whole
 *         SMTPC_EPARTIAL   refused by some, accepted for the others
 *         SMTPC_EPROTO     the server broke the protocol
 *         SMTPC_EINDOUBT   final dot sent, final reply not seen
 *         SMTPC_ELIMIT     the server's answer or the message over a limit
 *         SMTPC_EEXTENSION an address needs SMTPUTF8, which the server
 *                          lacks or the delivery format does not allow; or
 *                          an attached message is 8bit and the server has
 *                          no 8BITMIME
 *         SMTPC_EQUEUE     pickup: the file could not be written
 *         SMTPC_ESOURCE    an attachment could not be read, or not twice
 *                          as a signature needs it
 *
 * Blocks, for at most the client's timeout. @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_send(smtpc_result_t **result,
                                              smtpc_client_t *client,
                                              const smtpc_message_t *message,
                                              apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Send a text message: From @a from (NULL: the client's default), To the
 * mailboxes in @a recipients separated by commas, with @a subject and the
 * plain text @a body. As smtpc_client_send(), which see; SMTPC_EARG also for
 * an argument that cannot go into a message.
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_send_text(smtpc_result_t **result, smtpc_client_t *client,
                       const char *from, const char *recipients,
                       const char *subject, const char *body,
                       apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Send the message that @a source, which must be able to rewind, has as
 * bytes: header, empty line, body. They are sent as they are, folds and all,
 * but for Bcc, Resent-Bcc and the envelope of a pickup file (X-Sender,
 * X-Receiver), which are left out, and CR, LF and CRLF, which all become
 * CRLF; no field is added, and nothing is encoded.
 *
 * The envelope is @a from ("": the null reverse path) and the mailboxes in
 * @a recipients, separated by commas. NULL for either: as the header says,
 * see smtpc_message_load(), and as the default From of @a client if it says
 * nothing. Read twice: once to look, once to send. Otherwise as
 * smtpc_client_send().
 *
 * @return as smtpc_client_send(), and
 *         SMTPC_EARG     as smtpc_message_load_source(): it cannot be sent
 *                        as it is
 *         SMTPC_EEXTENSION  its body is 8bit and the server has no 8BITMIME,
 *                        or its header is UTF-8 and the server has no
 *                        SMTPUTF8 or the delivery format does not allow it
 *         SMTPC_ESOURCE  @a source failed, or is not the same the second time
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_send_raw(smtpc_result_t **result, smtpc_client_t *client,
                      smtpc_source_t *source, const char *from,
                      const char *recipients, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Send the @a count messages at @a messages with @a client as one operation
 * and wait for the server's final answers. They go over as many connections
 * as smtpc_client_set_max_connections() allows and their number is worth, on
 * each of them pipelined behind each other.
 *
 * @a results has room for @a count pointers: results[i] is set in @a pool to
 * what became of messages[i], whatever that is; with a status that says that
 * nothing was begun (SMTPC_EBUSY ... SMTPC_EARG below) all are NULL. A message
 * that cannot be sent at all has a result that says so. The order in which
 * they are sent is not that of the array where there are several connections.
 *
 * The timeout of @a client is not for all of it: each connection has to get on
 * by one message within it. If a connection breaks, messages that were
 * certainly not delivered go over another one; those whose final answer was
 * lost are in doubt: at most smtpc_client_set_pipeline_depth() of them for
 * each connection that breaks.
 *
 * @return APR_SUCCESS      each accepted for each of its recipients
 *         SMTPC_EBUSY      another operation runs on @a client
 *         SMTPC_EDISPOSED  the client was disposed of
 *         SMTPC_EARG       @a results or @a messages is NULL; the settings do
 *                          not go together; no pickup directory
 *         else             that of the first result that is not a success,
 *                          see smtpc_client_send(), or SMTPC_ECANCELLED
 *
 * Blocks. @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_send_many(smtpc_result_t **results, smtpc_client_t *client,
                       smtpc_message_t *const *messages, apr_size_t count,
                       apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Take the completion of smtpc_client_send_async(). @a status is that of
 * @a result, which lives until the asynchronous operation after the next one
 * begins on @a client, or that ends. Runs on the env's thread, once for each
 * send, and should be brief: no other asynchronous mail moves meanwhile. It
 * may begin the next operation on @a client, also a blocking one, dispose of
 * it, and destroy its pool; to other threads @a client is busy until it
 * returns.
 */
typedef void (*smtpc_completed_fn_t)(smtpc_client_t *client,
                                     apr_status_t status,
                                     const smtpc_result_t *result,
                                     void *baton);

/**
 * Send @a message with @a client without waiting: @a completed is called with
 * @a baton when it is settled, exactly once, on the env's thread, which the
 * first such call of a process starts. @a message, and what it is made of, must
 * not change or end before that. The timeout counts from the moment the env's
 * thread takes the message on.
 *
 * @return APR_SUCCESS      @a completed will be called
 *         SMTPC_EBUSY      another operation runs on @a client
 *         SMTPC_EDISPOSED  the client was disposed of, or the env ends
 *         SMTPC_EARG       no message, From, recipient, or @a completed
 *         else             no thread or memory to be had from the system
 *         After a failure @a completed is not called.
 *
 * Never blocks. @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_send_async(smtpc_client_t *client,
                        const smtpc_message_t *message,
                        smtpc_completed_fn_t completed, void *baton)
    SMTPC_WARN_UNUSED;

/**
 * Cancel what @a client does, an asynchronous or a blocking operation of
 * another thread: its connections are cut, and it ends with SMTPC_ECANCELLED;
 * recipients of a message whose last byte was sent are in doubt, and then the
 * status is SMTPC_EINDOUBT. It may also have ended by itself just then. No
 * effect when nothing is under way. Does not wait. From any thread, also from
 * a signal handler's thread, but not from a signal handler.
 *
 * @return APR_SUCCESS
 *         SMTPC_EDISPOSED  the client was disposed of
 * @since 0.2
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_cancel(smtpc_client_t *client);

/**
 * Connect to the server of @a client and log in, as a send would, without
 * sending anything: to see whether the settings are right, or to have a
 * connection ready. It stays in the pool for the next send. With
 * smtpc_client_set_min_connections() as many are opened as that says: a warm
 * start; if one of them fails, so does the call.
 *
 * @return as smtpc_client_send(), as far as the login
 * Blocks, for at most the client's timeout. @since 0.2
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_connect(smtpc_result_t **result,
                                                 smtpc_client_t *client,
                                                 apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Give the server of @a client the command NOOP; its answer is in @a *result
 * (may be NULL, set as by smtpc_client_send()): smtpc_result_code(),
 * smtpc_result_text().
 *
 * @return APR_SUCCESS      a positive answer, 2xx
 *         SMTPC_ETEMP      4xx
 *         SMTPC_EREJECTED  5xx, for instance where it does not know it
 *         else             as smtpc_client_send(), as far as the login
 * Blocks, for at most the client's timeout. RFC 5321 4.1.1.9. @since 0.2
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_noop(smtpc_result_t **result,
                                              smtpc_client_t *client,
                                              apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** As smtpc_client_noop(), RSET. RFC 5321 4.1.1.5. @since 0.2 */
SMTPC_DECLARE(apr_status_t) smtpc_client_reset(smtpc_result_t **result,
                                               smtpc_client_t *client,
                                               apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** As smtpc_client_noop(), HELP with @a topic (NULL: none); also SMTPC_EARG for
 *  a topic that cannot be written. RFC 5321 4.1.1.8. @since 0.2 */
SMTPC_DECLARE(apr_status_t) smtpc_client_help(smtpc_result_t **result,
                                              smtpc_client_t *client,
                                              const char *topic,
                                              apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** As smtpc_client_noop(), VRFY @a name, a mailbox or user; also SMTPC_EARG
 *  for a name that cannot be written. RFC 5321 3.5. @since 0.2 */
SMTPC_DECLARE(apr_status_t) smtpc_client_verify(smtpc_result_t **result,
                                                smtpc_client_t *client,
                                                const char *name,
                                                apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** As smtpc_client_verify(), EXPN @a list. RFC 5321 3.5. @since 0.2 */
SMTPC_DECLARE(apr_status_t) smtpc_client_expand(smtpc_result_t **result,
                                                smtpc_client_t *client,
                                                const char *list,
                                                apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Cancel what @a client does and wait until it has ended; then let go of its
 * connections: on those that no other client of the env uses, QUIT is said,
 * without waiting longer than SMTPC_LIMIT_QUIT_WAIT for the answers, unless
 * smtpc_env_keep_connections() says otherwise. Every later call is
 * SMTPC_EDISPOSED, a second dispose does nothing. The end of the pool of
 * @a client does the same.
 *
 * @return APR_SUCCESS
 *         SMTPC_EBUSY      the call is inside of an operation of @a client on
 *                          this thread (a callback of a source, a signal
 *                          handler), which cannot be waited for
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_dispose(smtpc_client_t *client);

SMTPC_END_DECLS

#endif
