/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_EXTENSION_H
#define SMTPC_EXTENSION_H

/**
 * @file extension.h
 * The extensions a message can ask of a server, what is to happen where the
 * server does not have one, and the values that some of them take.
 */

#include <smtpclient/declare.h>

SMTPC_BEGIN_DECLS

/** What a message can ask for. */
typedef enum {
    SMTPC_EXTENSION_8BITMIME,      /**< content above 0x7f, RFC 6152 */
    SMTPC_EXTENSION_SMTPUTF8,      /**< UTF-8 in addresses, RFC 6531 */
    SMTPC_EXTENSION_BINARYMIME,    /**< content without lines, RFC 3030 */
    SMTPC_EXTENSION_DSN,           /**< reports of delivery, RFC 3461 */
    SMTPC_EXTENSION_REQUIRETLS,    /**< TLS on the whole way, RFC 8689 */
    SMTPC_EXTENSION_DELIVERBY,     /**< in time or not at all, RFC 2852 */
    SMTPC_EXTENSION_FUTURERELEASE, /**< not before a time, RFC 4865 */
    SMTPC_EXTENSION_MT_PRIORITY,   /**< rank in queues, RFC 6710 */
    SMTPC_EXTENSION_AUTH,          /**< who submitted it, RFC 4954 5 */
    SMTPC_EXTENSION_COUNT
} smtpc_extension_e;

/** What is to happen with a request the server does not know. */
typedef enum {
    SMTPC_POLICY_DEFAULT, /**< by extension, see smtpc_message_set_policy() */
    SMTPC_POLICY_IGNORE,  /**< leave it out and say nothing */
    SMTPC_POLICY_DEGRADE, /**< leave it out, and say so in the result */
    SMTPC_POLICY_FAIL     /**< send nothing: SMTPC_EEXTENSION */
} smtpc_policy_e;

/** What the sender wants to know of the delivery, as .NET's
 *  DeliveryNotificationOptions. RFC 3461 4.1. */
typedef enum {
    SMTPC_NOTIFY_NONE = 0,    /**< the server decides */
    SMTPC_NOTIFY_SUCCESS = 1,
    SMTPC_NOTIFY_FAILURE = 2,
    SMTPC_NOTIFY_DELAY = 4,
    SMTPC_NOTIFY_NEVER = 134217728 /**< nothing, failures neither */
} smtpc_notify_e;

/** What comes back with a report of failure. RFC 3461 4.3. */
typedef enum {
    SMTPC_RETURN_DEFAULT, /**< the server decides */
    SMTPC_RETURN_FULL,    /**< the whole message */
    SMTPC_RETURN_HEADERS  /**< its header */
} smtpc_return_e;

/** What happens with a message that is not delivered in time. RFC 2852. */
typedef enum {
    SMTPC_BY_RETURN, /**< it is given up and returned */
    SMTPC_BY_NOTIFY  /**< it stays under way, and the sender is told */
} smtpc_by_e;

/** For smtpc_message_set_mt_priority(): no priority. */
#define SMTPC_MT_PRIORITY_NONE 127

/** Return the keyword of @a extension ("DSN"), or "" for another value. The
 *  string is constant. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_extension_name(smtpc_extension_e extension);

SMTPC_END_DECLS

#endif
