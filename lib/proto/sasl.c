/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl.c: which mechanism, and the frame around one exchange.
 *
 * The mechanisms are tables in files of their own. The frame counts the steps;
 * limits on their number and size, base64, and whether the link is fit for
 * secrets are the session's. RFC 4422.
 */
#include "proto/sasl_int.h"

#include <string.h>

#include <apr_strings.h>

/* Strongest first. PLAIN before LOGIN: one round trip, and a standard. */
static const smtpc_sasl_mech_t *const mechanisms[] = {
#ifdef SMTPC_WITH_GSASL
    &smtpc__sasl_external,
#endif
    &smtpc__sasl_scram_sha_256_plus,
    &smtpc__sasl_scram_sha_1_plus,
#ifdef SMTPC_WITH_GSASL
    &smtpc__sasl_gs2_krb5,
    &smtpc__sasl_gssapi,
#endif
    &smtpc__sasl_scram_sha_256,
    &smtpc__sasl_scram_sha_1,
#ifdef SMTPC_WITH_GSASL
    &smtpc__sasl_cram_md5,
    &smtpc__sasl_ntlm,
#endif
    &smtpc__sasl_oauthbearer,
    &smtpc__sasl_xoauth2,
    &smtpc__sasl_plain,
    &smtpc__sasl_login,
};
#define MECHANISM_COUNT (sizeof(mechanisms) / sizeof(mechanisms[0]))

/* Longest name of a mechanism, RFC 4422 3.1. */
#define NAME_MAX_LEN 20

#define PLUS_MECHANISMS \
    (SMTPC_MECH_SCRAM_SHA_1_PLUS | SMTPC_MECH_SCRAM_SHA_256_PLUS)

static const smtpc_sasl_mech_t *find(unsigned int mechanism)
{
    for (apr_size_t i = 0; i < MECHANISM_COUNT; i++) {
        if (mechanisms[i]->bit == mechanism) {
            return mechanisms[i];
        }
    }
    return NULL;
}

static int is_built(const smtpc_sasl_mech_t *mech)
{
    return mech->built == NULL || mech->built(mech->bit);
}

unsigned int smtpc__sasl_built(void)
{
    unsigned int built = 0;

    for (apr_size_t i = 0; i < MECHANISM_COUNT; i++) {
        if (is_built(mechanisms[i])) {
            built |= mechanisms[i]->bit;
        }
    }
    return built;
}

/* Return non-zero if server has what mech needs. */
static int has_needed(const smtpc_server_t *server,
                      const smtpc_sasl_mech_t *mech)
{
    switch (mech->need) {
    case SMTPC_SASL_TOKEN:
        return server->token != NULL || server->token_fn != NULL;
    case SMTPC_SASL_DEFAULT:
        return server->ambient != NULL;
    case SMTPC_SASL_CERTIFICATE:
        return server->certificate != NULL;
    case SMTPC_SASL_SECRET:
    default:
        return server->secret != NULL;
    }
}

unsigned int smtpc__sasl_able(const smtpc_server_t *server,
                              const smtpc_binding_t *binding)
{
    unsigned int able = 0;

    for (apr_size_t i = 0; i < MECHANISM_COUNT; i++) {
        const smtpc_sasl_mech_t *mech = mechanisms[i];

        if (has_needed(server, mech)
            && (binding->name != NULL || !(mech->bit & PLUS_MECHANISMS))
            && (server->mechanisms != NULL || !mech->by_name)
            && is_built(mech)) {
            able |= mech->bit;
        }
    }
    return able;
}

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

unsigned int smtpc__sasl_pick(unsigned int usable, const char *preference)
{
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

unsigned int smtpc__sasl_not_weaker(unsigned int mechanism)
{
    const smtpc_sasl_mech_t *mech = find(mechanism);
    unsigned int found = 0;

    for (apr_size_t i = 0; mech != NULL && i < MECHANISM_COUNT; i++) {
        if (mechanisms[i]->strength >= mech->strength) {
            found |= mechanisms[i]->bit;
        }
    }
    return found;
}

/* Let sasl have copies of what it needs of server. */
static apr_status_t take_server(smtpc_sasl_t *sasl,
                                const smtpc_server_t *server)
{
    if (server->user != NULL && strlen(server->user) > SMTPC_LIMIT_USER) {
        return SMTPC_ELIMIT;
    }
    sasl->user = apr_pstrdup(sasl->pool, server->user);
    sasl->host = apr_pstrdup(sasl->pool, server->host);
    sasl->port = server->port;
    sasl->token = apr_pstrdup(sasl->pool, server->token);
    sasl->token_fn = server->token_fn;
    sasl->token_baton = server->token_baton;
    sasl->target_name = apr_pstrdup(sasl->pool, server->target_name);
    return server->secret != NULL
               ? smtpc__secret_copy(&sasl->secret, server->secret, sasl->pool)
               : APR_SUCCESS;
}

apr_status_t smtpc__sasl_create(smtpc_sasl_t **sasl, unsigned int mechanism,
                                const smtpc_server_t *server,
                                unsigned int offered,
                                const smtpc_binding_t *binding,
                                smtpc_env_t *env)
{
    const smtpc_sasl_mech_t *mech = find(mechanism);
    smtpc_sasl_t *created;
    apr_pool_t *pool;
    apr_status_t rv;

    if (mech == NULL) {
        return SMTPC_EARG;
    }
    rv = smtpc__pool_create(&pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    created = apr_pcalloc(pool, sizeof(*created));
    created->mech = mech;
    created->references = 1;
    created->pool = pool;
    created->env = env;
    created->binding = *binding;
    created->offered = offered;
    created->why = "";
    created->note = "";
    rv = take_server(created, server);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return rv;
    }
    *sasl = created;
    return APR_SUCCESS;
}

void smtpc__sasl_retain(smtpc_sasl_t *sasl)
{
    atomic_fetch_add(&sasl->references, 1);
}

void smtpc__sasl_release(smtpc_sasl_t *sasl)
{
    if (atomic_fetch_sub(&sasl->references, 1) == 1) {
        apr_pool_destroy(sasl->pool);
    }
}

void smtpc__sasl_challenge(smtpc_sasl_t *sasl, const void *challenge,
                           apr_size_t len)
{
    char *copy = smtpc__wiped_alloc(sasl->pool, len + 1);

    memcpy(copy, challenge, len);
    sasl->challenge = copy;
    sasl->challenge_len = len;
}

int smtpc__sasl_blocks(const smtpc_sasl_t *sasl)
{
    return sasl->steps < 32
           && (sasl->mech->blocking & (1u << sasl->steps)) != 0;
}

void smtpc__sasl_run(smtpc_sasl_t *sasl)
{
    sasl->response = NULL;
    sasl->response_len = 0;
    sasl->status = sasl->done && sasl->mech->need != SMTPC_SASL_TOKEN
                       ? smtpc__sasl_fail(sasl, SMTPC_EPROTO,
                                          "a question after the last")
                       : sasl->mech->step(sasl);
    sasl->steps++;
}

void smtpc__sasl_refresh(smtpc_sasl_t *sasl)
{
    sasl->refresh = 1;
}

int smtpc__sasl_has_token(const smtpc_sasl_t *sasl)
{
    return sasl->mech->need == SMTPC_SASL_TOKEN;
}

const char *smtpc__sasl_note(const smtpc_sasl_t *sasl)
{
    return sasl->note;
}

const smtpc_secret_t *smtpc__sasl_secret(const smtpc_sasl_t *sasl)
{
    return sasl->secret;
}

const char *smtpc__sasl_escape(const char *name, apr_pool_t *pool)
{
    char *escaped = apr_palloc(pool, 3 * strlen(name) + 1);
    char *out = escaped;

    for (; *name != '\0'; name++) {
        if (*name == ',' || *name == '=') {
            memcpy(out, *name == ',' ? "=2C" : "=3D", 3);
            out += 3;
        }
        else {
            *out++ = *name;
        }
    }
    *out = '\0';
    return escaped;
}

apr_status_t smtpc__sasl_fail(smtpc_sasl_t *sasl, apr_status_t status,
                              const char *why)
{
    sasl->why = why;
    return status;
}

apr_status_t smtpc__sasl_status(const smtpc_sasl_t *sasl)
{
    return sasl->status;
}

const char *smtpc__sasl_error(const smtpc_sasl_t *sasl)
{
    return sasl->why;
}

const void *smtpc__sasl_response(apr_size_t *len, const smtpc_sasl_t *sasl)
{
    *len = sasl->response_len;
    return sasl->response;
}

int smtpc__sasl_is_done(const smtpc_sasl_t *sasl)
{
    return sasl->done;
}
