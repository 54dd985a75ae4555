/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SASL_RIG_H
#define T_SASL_RIG_H

/**
 * @file sasl_rig.h
 * SASL exchanges by hand, without a session.
 */

#include "proto/sasl_int.h"

/** Return an exchange with @a mechanism of @a user and @a password over a
 *  connection with @a binding (NULL: none), whose server offers @a offered;
 *  bails out on failure. It ends with the test. */
smtpc_sasl_t *sasl_rig(unsigned int mechanism, const char *user,
                       const char *password, unsigned int offered,
                       const smtpc_binding_t *binding);

/** Return an exchange with @a mechanism for @a server likewise. */
smtpc_sasl_t *sasl_rig_server(unsigned int mechanism,
                              const smtpc_server_t *server,
                              unsigned int offered,
                              const smtpc_binding_t *binding);

/** Run the next step of @a sasl: the first if @a challenge is NULL, else the
 *  answer to it. Return its status. */
apr_status_t sasl_rig_step(smtpc_sasl_t *sasl, const char *challenge);

/** Check that the response of @a sasl is the text @a expected. */
void sasl_rig_says(const smtpc_sasl_t *sasl, const char *expected,
                   const char *what);

#endif
