/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_HEADERS_H
#define SMTPC_HEADERS_H

/**
 * @file headers.h
 * Header fields of a message beyond those everybody uses, and what only its
 * envelope says.
 *
 * Every function here refuses, with SMTPC_EARG and nothing changed, text with
 * control characters or invalid UTF-8, and a message that was loaded by
 * smtpc_message_load(), unless said otherwise. smtpc_message_error() tells
 * why. NULL for a value takes the field away.
 */

#include <smtpclient/extension.h>
#include <smtpclient/message.h>

SMTPC_BEGIN_DECLS

/* All fields that were added, in their order: those of
 * smtpc_message_add_header() and of the functions below. A loaded message has
 * all its fields here, as they stood in it. */

/** Return the number of fields added to @a message. @since 0.1 */
SMTPC_DECLARE(apr_size_t)
smtpc_message_header_count(const smtpc_message_t *message);

/** Return the name of field @a i, or NULL beyond the end. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_message_header_name(const smtpc_message_t *message, apr_size_t i);

/** Return the value of field @a i, without folds and encoded words, or NULL
 *  beyond the end. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_message_header_value(const smtpc_message_t *message, apr_size_t i);

/** Return the value of the first field called @a name (in any case), or
 *  NULL. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_message_header(const smtpc_message_t *message, const char *name);

/**
 * Give @a message the one field @a name with @a value: in the place of the
 * first field of this name, whose others are taken away, or behind all
 * others. NULL takes them all away.
 *
 * @return as smtpc_message_add_header()
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_header(smtpc_message_t *message,
                                                     const char *name,
                                                     const char *value)
    SMTPC_WARN_UNUSED;

/** Take all fields called @a name away; that there are none is a success.
 *  @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_remove_header(smtpc_message_t *message, const char *name)
    SMTPC_WARN_UNUSED;

/** Set Date of @a message to @a date, in local time; 0: when it is sent.
 *  @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_date(smtpc_message_t *message,
                                                   apr_time_t date)
    SMTPC_WARN_UNUSED;

/** Set Message-ID of @a message to @a id, `left@right` with or without angle
 *  brackets; NULL: one is made for each send. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_message_id(smtpc_message_t *message, const char *id)
    SMTPC_WARN_UNUSED;

/** Set In-Reply-To of @a message to the one identifier @a id, as in
 *  smtpc_message_set_message_id(). @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_in_reply_to(smtpc_message_t *message, const char *id)
    SMTPC_WARN_UNUSED;

/** Append the identifier @a id to References of @a message, the oldest comes
 *  first; SMTPC_ELIMIT beyond SMTPC_LIMIT_REFERENCES. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_reference(smtpc_message_t *message, const char *id)
    SMTPC_WARN_UNUSED;

/** Who made a message, RFC 3834 5. */
typedef enum {
    SMTPC_AUTO_NONE,      /**< no field */
    SMTPC_AUTO_GENERATED, /**< a program, of its own */
    SMTPC_AUTO_REPLIED,   /**< a program, answering a message */
    SMTPC_AUTO_NOTIFIED   /**< a program, on an event, RFC 5436 2.7.1 */
} smtpc_auto_submitted_e;

/** Set Auto-Submitted of @a message, so that no program answers it.
 *  SMTPC_EARG also for what is not in the enumeration. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_auto_submitted(smtpc_message_t *message,
                                 smtpc_auto_submitted_e value)
    SMTPC_WARN_UNUSED;

/** Mark @a message as one of many (@a bulk not 0) or take the mark away:
 *  Precedence: bulk, and X-Auto-Response-Suppress: All, which Exchange looks
 *  at. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_bulk(smtpc_message_t *message,
                                                   int bulk)
    SMTPC_WARN_UNUSED;

/** Ask that the reader's program tells the mailboxes in @a text, separated by
 *  commas, when it shows @a message: Disposition-Notification-To, RFC 8098
 *  2.1. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_disposition_notification_to(smtpc_message_t *message,
                                              const char *text)
    SMTPC_WARN_UNUSED;

/** Set Return-Receipt-To of @a message to the mailboxes in @a text: old
 *  programs take it for a wish to know of the delivery. What servers heed is
 *  smtpc_message_set_notifications(). @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_return_receipt_to(smtpc_message_t *message,
                                    const char *text) SMTPC_WARN_UNUSED;

/* Mailing lists, RFC 2369, RFC 2919, RFC 8058. */

/** What can be done with a list through a URL. */
typedef enum {
    SMTPC_LIST_HELP,
    SMTPC_LIST_SUBSCRIBE,
    SMTPC_LIST_UNSUBSCRIBE,
    SMTPC_LIST_POST, /**< "NO" is no URL, but allowed: nobody may post */
    SMTPC_LIST_OWNER,
    SMTPC_LIST_ARCHIVE
} smtpc_list_e;

/**
 * Append @a url to the field List-Help, List-Subscribe ... that @a what
 * names; readers try them in order. Blanks, angle brackets, double quotes,
 * backslashes and what is not ASCII are percent-encoded; nothing in it can
 * end the URL. NULL takes the field away, and with List-Unsubscribe what
 * smtpc_message_set_list_one_click() set.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     no scheme of https, http, mailto, ftp
 *         SMTPC_ELIMIT   longer than SMTPC_LIMIT_LIST_URL when encoded, or
 *                        the field would be over SMTPC_LIMIT_HEADER_VALUE
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_list_url(smtpc_message_t *message, smtpc_list_e what,
                           const char *url) SMTPC_WARN_UNUSED;

/**
 * Say that a POST to the https URL in List-Unsubscribe, which has to be there
 * already and may be only one, unsubscribes without a question, RFC 8058; 0
 * takes it back. DKIM has to sign both fields for readers to heed it.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     List-Unsubscribe has not exactly one https URL
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_list_one_click(smtpc_message_t *message, int on)
    SMTPC_WARN_UNUSED;

/**
 * Set List-Id of @a message to @a id, a name like those of domains
 * ("news.example.org"), with @a description (NULL: none), which is any text,
 * in front. NULL, NULL takes it away.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     @a id is not dots and letters, digits or others that
 *                        an atom may have
 *         SMTPC_ELIMIT   @a id is longer than 255 bytes, @a description than
 *                        SMTPC_LIMIT_PARAMETER
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_list_id(smtpc_message_t *message,
                                                      const char *id,
                                                      const char *description)
    SMTPC_WARN_UNUSED;

/* Sending a message on, RFC 5322 3.6.6. */

/** One block of Resent fields. */
typedef struct smtpc_resent_t smtpc_resent_t;

/**
 * Add to @a message, which may be a loaded one, a block of Resent fields by
 * the mailbox @a from. Each block stands above those added before it. The
 * last one decides the envelope, whatever the other fields say: its sender is
 * Resent-Sender, else Resent-From; its recipients are Resent-To, -Bcc, -Cc.
 * Resent-Date and Resent-Message-ID are made when it is sent.
 *
 * @return APR_SUCCESS, or as smtpc_address_parse(); SMTPC_ELIMIT beyond
 *         SMTPC_LIMIT_RESENT blocks
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_add_resent(smtpc_resent_t **resent,
                                                     smtpc_message_t *message,
                                                     const char *from)
    SMTPC_WARN_UNUSED;

/** Set Resent-Sender of @a resent; NULL takes it away. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_resent_set_sender(smtpc_resent_t *resent,
                                                    const char *text)
    SMTPC_WARN_UNUSED;

/** Set Resent-Date of @a resent; 0: when it is sent. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_resent_set_date(smtpc_resent_t *resent,
                                                  apr_time_t date)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_add_to(), for Resent-To. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_resent_add_to(smtpc_resent_t *resent,
                                                const char *text)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_add_to(), for Resent-Cc. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_resent_add_cc(smtpc_resent_t *resent,
                                                const char *text)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_add_to(), for recipients nobody sees. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_resent_add_bcc(smtpc_resent_t *resent,
                                                 const char *text)
    SMTPC_WARN_UNUSED;

/* The envelope. All of it is allowed for a loaded message, too. */

/**
 * Send @a message in an envelope that its header does not say: from @a from,
 * where "" is the null reverse path that nothing is ever returned to, to the
 * mailboxes in @a recipients, separated by commas. NULL for either: as the
 * header says.
 *
 * @return APR_SUCCESS, or as smtpc_message_add_to()
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_envelope(smtpc_message_t *message, const char *from,
                           const char *recipients) SMTPC_WARN_UNUSED;

/**
 * Ask the servers to report as @a notify says: SMTPC_NOTIFY_SUCCESS,
 * _FAILURE, _DELAY in any combination, or _NEVER alone. A server that does
 * not offer DSN is not asked, and the message is sent all the same, as .NET
 * does, unless smtpc_message_set_policy() says otherwise.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     another value
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_notifications(smtpc_message_t *message, int notify)
    SMTPC_WARN_UNUSED;
/** Return what smtpc_message_set_notifications() set. @since 0.1 */
SMTPC_DECLARE(int) smtpc_message_notifications(const smtpc_message_t *message);

/**
 * As smtpc_message_set_notifications(), for the recipient @a address alone;
 * SMTPC_NOTIFY_NONE takes that back. It need not be a recipient yet: who is
 * one is seen when the message is sent.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     another value, or @a address is no mailbox
 *         SMTPC_ELIMIT   this was said of SMTPC_LIMIT_RECIPIENTS already
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_recipient_notifications(smtpc_message_t *message,
                                          const char *address, int notify)
    SMTPC_WARN_UNUSED;
/** Return what holds for the recipient @a address: what was set for it, else
 *  for all. @since 0.1 */
SMTPC_DECLARE(int)
smtpc_message_recipient_notifications(const smtpc_message_t *message,
                                      const char *address);

/**
 * Let reports about the recipient @a address name @a original, the address
 * that the mail was first sent to (ORCPT); NULL takes it away. RFC 3461 4.2,
 * RFC 6533 3.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     one of them is no mailbox
 *         SMTPC_ELIMIT   @a original is over SMTPC_LIMIT_ORCPT as it is
 *                        written, or something was said of
 *                        SMTPC_LIMIT_RECIPIENTS already
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_original_recipient(smtpc_message_t *message,
                                     const char *address,
                                     const char *original) SMTPC_WARN_UNUSED;
/** Return the original recipient, user@host, that was set for the recipient
 *  @a address, or NULL. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_message_original_recipient(const smtpc_message_t *message,
                                 const char *address);

/**
 * Say how much of @a message is to come back with a report of failure (RET).
 * RFC 3461 4.3.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a value of the enumeration
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_return(smtpc_message_t *message,
                                                     smtpc_return_e what)
    SMTPC_WARN_UNUSED;
/** Return what smtpc_message_set_return() set. @since 0.1 */
SMTPC_DECLARE(smtpc_return_e)
smtpc_message_return(const smtpc_message_t *message);

/**
 * Let reports name @a id, so that the sender knows what they are about
 * (ENVID); NULL takes it away. RFC 3461 4.4.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     empty, or not printable ASCII
 *         SMTPC_ELIMIT   over SMTPC_LIMIT_ENVID, where a blank, '+' and '='
 *                        count three
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_envelope_id(smtpc_message_t *message, const char *id)
    SMTPC_WARN_UNUSED;
/** Return what smtpc_message_set_envelope_id() set, or NULL. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_message_envelope_id(const smtpc_message_t *message);

/**
 * Let @a message travel with verified TLS only, on the whole way to its
 * recipients, if @a require. The connection to the server has to be one, and
 * the server has to promise it for the rest: else nothing is sent, unless
 * smtpc_message_set_policy() says otherwise. RFC 8689.
 *
 * @return APR_SUCCESS
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_require_tls(smtpc_message_t *message, int require);
/** Return what smtpc_message_set_require_tls() set. @since 0.1 */
SMTPC_DECLARE(int) smtpc_message_require_tls(const smtpc_message_t *message);

/**
 * Let @a message be delivered within @a seconds, or what @a mode says be done
 * with it; with @a trace servers on its way that do not know of this report
 * it. 0 with SMTPC_BY_RETURN takes it away. RFC 2852.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a value of the enumeration, or less than 0
 *                        seconds with SMTPC_BY_RETURN
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_SECONDS, before or behind 0
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_deliver_by(smtpc_message_t *message, apr_int32_t seconds,
                             smtpc_by_e mode, int trace) SMTPC_WARN_UNUSED;
/** Return the seconds that were set; 0 with SMTPC_BY_RETURN is none.
 *  @since 0.1 */
SMTPC_DECLARE(apr_int32_t)
smtpc_message_deliver_by(const smtpc_message_t *message);
/** Return the mode that goes with them. @since 0.1 */
SMTPC_DECLARE(smtpc_by_e)
smtpc_message_deliver_by_mode(const smtpc_message_t *message);
/** Return non-zero if servers on the way are to report. @since 0.1 */
SMTPC_DECLARE(int)
smtpc_message_deliver_by_trace(const smtpc_message_t *message);

/**
 * Let the server hold @a message for @a seconds before it goes on, in place
 * of smtpc_message_set_hold_until(); 0 takes it away. RFC 4865.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     less than 0
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_SECONDS
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_hold_for(smtpc_message_t *message, apr_int64_t seconds)
    SMTPC_WARN_UNUSED;
/** Return what smtpc_message_set_hold_for() set, or 0. @since 0.1 */
SMTPC_DECLARE(apr_int64_t)
smtpc_message_hold_for(const smtpc_message_t *message);

/**
 * Let the server hold @a message until @a when, in whole seconds, in place of
 * smtpc_message_set_hold_for(); 0 takes it away. RFC 4865.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     before 1970 or behind the year 9999
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_hold_until(smtpc_message_t *message, apr_time_t when)
    SMTPC_WARN_UNUSED;
/** Return what smtpc_message_set_hold_until() set, or 0. @since 0.1 */
SMTPC_DECLARE(apr_time_t)
smtpc_message_hold_until(const smtpc_message_t *message);

/**
 * Give @a message the rank @a priority in the queues of servers, -9 ... 9;
 * SMTPC_MT_PRIORITY_NONE takes it away. What readers see is
 * smtpc_message_set_priority(). RFC 6710.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     another value
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_mt_priority(smtpc_message_t *message, int priority)
    SMTPC_WARN_UNUSED;
/** Return what smtpc_message_set_mt_priority() set, or
 *  SMTPC_MT_PRIORITY_NONE. @since 0.1 */
SMTPC_DECLARE(int) smtpc_message_mt_priority(const smtpc_message_t *message);

/**
 * Tell the server that @a message was submitted by @a address (AUTH=), where
 * "" is nobody it knows of; NULL: say nothing. Only for a server that trusts
 * this client. RFC 4954 5.
 *
 * @return APR_SUCCESS, or as smtpc_address_parse()
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_submitter(smtpc_message_t *message, const char *address)
    SMTPC_WARN_UNUSED;
/** Return the submitter, user@host, or "" or NULL as it was set.
 *  @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_message_submitter(const smtpc_message_t *message);

/**
 * Send @a message only if every recipient is accepted, if @a all; else those
 * who are accepted get it.
 *
 * @return APR_SUCCESS
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_all_or_none(smtpc_message_t *message, int all);
/** Return what smtpc_message_set_all_or_none() set. @since 0.1 */
SMTPC_DECLARE(int) smtpc_message_all_or_none(const smtpc_message_t *message);

/**
 * Say what is to happen where the server does not have @a extension, or not
 * as far as @a message asks for it. SMTPC_POLICY_DEFAULT is
 *
 * - FAIL for 8BITMIME and SMTPUTF8 where the content cannot be written
 *   without, for BINARYMIME, REQUIRETLS, DELIVERBY, FUTURERELEASE;
 * - DEGRADE for MT-PRIORITY, see smtpc_result_dropped();
 * - IGNORE for DSN, as .NET has it, and AUTH (smtpc_message_set_submitter()).
 *
 * What cannot be done without fails under every policy: SMTPUTF8 for a local
 * part in UTF-8, BINARYMIME for content that is binary.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a value of one of the enumerations
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_policy(
    smtpc_message_t *message, smtpc_extension_e extension,
    smtpc_policy_e policy) SMTPC_WARN_UNUSED;
/** Return what smtpc_message_set_policy() set for @a extension. @since 0.1 */
SMTPC_DECLARE(smtpc_policy_e)
smtpc_message_policy(const smtpc_message_t *message,
                     smtpc_extension_e extension);

SMTPC_END_DECLS

#endif
