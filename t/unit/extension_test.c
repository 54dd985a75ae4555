/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extension_test.c: the names of extensions are the server's keywords.
 */
#include "../tap/tap.h"

#include <smtpclient/extension.h>

#include "model/caps.h"

int main(void)
{
    static const unsigned int caps[SMTPC_EXTENSION_COUNT] = {
        SMTPC_CAP_8BITMIME, SMTPC_CAP_SMTPUTF8, SMTPC_CAP_BINARYMIME,
        SMTPC_CAP_DSN, SMTPC_CAP_REQUIRETLS, SMTPC_CAP_DELIVERBY,
        SMTPC_CAP_FUTURERELEASE, SMTPC_CAP_MT_PRIORITY, SMTPC_CAP_AUTH
    };
    int i;

    for (i = 0; i < SMTPC_EXTENSION_COUNT; i++) {
        const char *name = smtpc_extension_name((smtpc_extension_e)i);

        tap_is_int(smtpc__cap_by_name(name), caps[i], "%s", name);
    }
    tap_is_str(smtpc_extension_name(SMTPC_EXTENSION_COUNT), "",
               "another value");
    tap_is_str(smtpc_extension_name((smtpc_extension_e)-1), "",
               "a negative one");
    return tap_done();
}
