/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl.c: which mechanism, and the frame around one exchange.
 *
 * The mechanisms are tables of functions in files of their own. The frame
 * counts the steps; limits on their number and size, base64, and whether the
 * link is fit for secrets are the session's. RFC 4422.
 */
#include "proto/sasl_int.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"

/* Strongest first. PLAIN before LOGIN: one round trip, and a standard. */
static const smtpc_sasl_mech_t *const mechanisms[] = {
    &smtpc__sasl_plain,
    &smtpc__sasl_login,
};
#define MECHANISM_COUNT (sizeof(mechanisms) / sizeof(mechanisms[0]))

/* Longest name of a mechanism, RFC 4422 3.1. */
#define NAME_MAX_LEN 20

/* Return the bit of the next name at *names, moving on behind it; 0 for one
 * we do not know. */
static unsigned int next_name(const char **names)
{
    char name[NAME_MAX_LEN + 1];
    apr_size_t len = strcspn(*names, " ");

    apr_cpystrn(name, *names,
                len < sizeof(name) ? len + 1 : sizeof(name));
    *names += len;
    *names += strspn(*names, " ");
    return len < sizeof(name) ? smtpc__mech_by_name(name) : 0;
}

unsigned int smtpc__sasl_pick(unsigned int offered, const char *preference,
                              unsigned int excluded)
{
    unsigned int usable = offered & ~excluded;

    if (preference == NULL) {
        for (apr_size_t i = 0; i < MECHANISM_COUNT; i++) {
            if (usable & mechanisms[i]->bit) {
                return mechanisms[i]->bit;
            }
        }
        return 0;
    }
    preference += strspn(preference, " ");
    while (*preference != '\0') {
        unsigned int bit = next_name(&preference);

        if (usable & bit) {
            return bit;
        }
    }
    return 0;
}

apr_status_t smtpc__sasl_create(smtpc_sasl_t **sasl, unsigned int mechanism,
                                const char *user,
                                const smtpc_secret_t *secret,
                                apr_pool_t *pool)
{
    smtpc_sasl_t *created;

    if (strlen(user) > SMTPC_LIMIT_USER) {
        return SMTPC_ELIMIT;
    }
    for (apr_size_t i = 0; i < MECHANISM_COUNT; i++) {
        if (mechanisms[i]->bit == mechanism) {
            created = apr_pcalloc(pool, sizeof(*created));
            created->mech = mechanisms[i];
            created->pool = pool;
            created->user = user;
            created->secret = secret;
            *sasl = created;
            return APR_SUCCESS;
        }
    }
    return SMTPC_EARG;
}

void smtpc__sasl_initial(const void **data, apr_size_t *len,
                         smtpc_sasl_t *sasl)
{
    sasl->mech->initial(data, len, sasl);
}

apr_status_t smtpc__sasl_step(const void **data, apr_size_t *len,
                              smtpc_sasl_t *sasl, const void *challenge,
                              apr_size_t challenge_len)
{
    apr_status_t rv;

    if (sasl->done) {
        return SMTPC_EAUTH;
    }
    rv = sasl->mech->step(data, len, sasl, challenge, challenge_len);
    sasl->steps++;
    return rv;
}

int smtpc__sasl_is_done(const smtpc_sasl_t *sasl)
{
    return sasl->done;
}
