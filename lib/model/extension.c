/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extension.c: the names of what a message can ask of a server.
 *
 * What a server offers is in caps.c, and what follows from both in
 * proto/terms.c.
 */

#include <smtpclient/extension.h>

SMTPC_DECLARE(const char *)
smtpc_extension_name(smtpc_extension_e extension)
{
    static const char *const names[SMTPC_EXTENSION_COUNT] = {
        [SMTPC_EXTENSION_8BITMIME] = "8BITMIME",
        [SMTPC_EXTENSION_SMTPUTF8] = "SMTPUTF8",
        [SMTPC_EXTENSION_BINARYMIME] = "BINARYMIME",
        [SMTPC_EXTENSION_DSN] = "DSN",
        [SMTPC_EXTENSION_REQUIRETLS] = "REQUIRETLS",
        [SMTPC_EXTENSION_DELIVERBY] = "DELIVERBY",
        [SMTPC_EXTENSION_FUTURERELEASE] = "FUTURERELEASE",
        [SMTPC_EXTENSION_MT_PRIORITY] = "MT-PRIORITY",
        [SMTPC_EXTENSION_AUTH] = "AUTH",
    };

    return (unsigned int)extension < SMTPC_EXTENSION_COUNT
               ? names[extension] : "";
}
