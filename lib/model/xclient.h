/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_XCLIENT_H
#define SMTPC_MODEL_XCLIENT_H

/**
 * @file xclient.h
 * The attributes of Postfix's XCLIENT.
 */

#include <smtpclient/xclient.h>

/** Attributes of XCLIENT as bits, in the order they are written. */
typedef enum {
    SMTPC_XCLIENT_NAME = 1u << 0,
    SMTPC_XCLIENT_ADDR = 1u << 1,
    SMTPC_XCLIENT_PORT = 1u << 2,
    SMTPC_XCLIENT_PROTO = 1u << 3,
    SMTPC_XCLIENT_HELO = 1u << 4,
    SMTPC_XCLIENT_LOGIN = 1u << 5,
    SMTPC_XCLIENT_DESTADDR = 1u << 6,
    SMTPC_XCLIENT_DESTPORT = 1u << 7
} smtpc_xclient_e;

#endif
