/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_gsasl.c: mechanisms of libgsasl: CRAM-MD5, GSSAPI, GS2-KRB5, NTLM and
 * EXTERNAL.
 *
 * One context per exchange: it is cheap, and nothing is shared by threads.
 * libgsasl keeps a copy of the password until the exchange ends, and frees it
 * as it is; it is overwritten before. What mechanisms make of it on their way,
 * and what Kerberos has, is out of reach: this is why PLAIN, LOGIN and SCRAM
 * are ours.
 *
 * Steps of Kerberos ask servers and read files, so they may take long.
 * RFC 2195, RFC 4752, RFC 5801, RFC 4422 A, MS-NLMP.
 */
#include "proto/sasl_int.h"

#include <string.h>

#include <apr_strings.h>
#include <gsasl.h>

#define SERVICE "smtp"

/* An exchange of libgsasl's. */
typedef struct exchange_t {
    Gsasl *context;
    Gsasl_session *session;
    int starved; /* there was no memory for a value, which it calls none */
} exchange_t;

/* A pool cleanup. */
static apr_status_t end(void *data)
{
    exchange_t *exchange = data;

    if (exchange->session != NULL) {
        const char *password = gsasl_property_fast(exchange->session,
                                                   GSASL_PASSWORD);

        if (password != NULL) {
            smtpc__wipe((char *)password, strlen(password));
        }
        gsasl_finish(exchange->session);
    }
    if (exchange->context != NULL) {
        gsasl_done(exchange->context);
    }
    return APR_SUCCESS;
}

/* Set *service and *host to those of the target name, which is "service/host"
 * or "service@host"; RFC 4752 3.1. */
static void target(const char **service, const char **host,
                   const smtpc_sasl_t *sasl)
{
    const char *name = sasl->target_name;
    apr_size_t len = name != NULL ? strcspn(name, "/@") : 0;

    *service = SERVICE;
    *host = sasl->host;
    if (name != NULL && name[len] == '\0') {
        *host = name;
    }
    else if (name != NULL) {
        *service = apr_pstrmemdup(sasl->pool, name, len);
        *host = name + len + 1;
    }
}

/* Return what is in front of the '\' of "DOMAIN\user", or NULL. */
static const char *domain_of(const smtpc_sasl_t *sasl)
{
    const char *end_of = sasl->user != NULL ? strchr(sasl->user, '\\') : NULL;

    return end_of != NULL
               ? apr_pstrmemdup(sasl->pool, sasl->user,
                                (apr_size_t)(end_of - sasl->user))
               : NULL;
}

/* Return the value of property, or NULL if there is none. */
static const char *value_of(Gsasl_property property, const smtpc_sasl_t *sasl)
{
    const char *service;
    const char *host;
    apr_size_t len;

    target(&service, &host, sasl);
    switch ((int)property) {
    case GSASL_AUTHID:
        return domain_of(sasl) != NULL && sasl->mech->bit == SMTPC_MECH_NTLM
                   ? strchr(sasl->user, '\\') + 1 : sasl->user;
    case GSASL_REALM:
        return domain_of(sasl);
    case GSASL_PASSWORD:
        return sasl->secret != NULL ? smtpc__secret_bytes(sasl->secret, &len)
                                    : NULL;
    case GSASL_SERVICE:
        return service;
    case GSASL_HOSTNAME:
        return host;
    default:
        return NULL;
    }
}

/* A Gsasl_callback_function. */
static int give(Gsasl *context, Gsasl_session *session,
                Gsasl_property property)
{
    const smtpc_sasl_t *sasl = gsasl_callback_hook_get(context);
    const char *value = value_of(property, sasl);
    int rc;

    if (value == NULL) {
        return GSASL_NO_CALLBACK;
    }
    rc = gsasl_property_set(session, property, value);
    if (rc != GSASL_OK) {
        ((exchange_t *)sasl->state)->starved = 1;
    }
    return rc;
}

/* Let sasl have its exchange, if it has none yet. */
static apr_status_t begin(smtpc_sasl_t *sasl)
{
    exchange_t *exchange = sasl->state;

    if (exchange != NULL) {
        return APR_SUCCESS;
    }
    exchange = apr_pcalloc(sasl->pool, sizeof(*exchange));
    apr_pool_pre_cleanup_register(sasl->pool, exchange, end);
    sasl->state = exchange;
    if (gsasl_init(&exchange->context) != GSASL_OK) {
        exchange->context = NULL;
        return APR_ENOMEM;
    }
    gsasl_callback_set(exchange->context, give);
    gsasl_callback_hook_set(exchange->context, sasl);
    if (gsasl_client_start(exchange->context,
                           smtpc__mech_name(sasl->mech->bit),
                           &exchange->session) != GSASL_OK) {
        exchange->session = NULL;
        return APR_ENOMEM;
    }
    return APR_SUCCESS;
}

/* Say what is wrong when libgsasl says rc. */
static apr_status_t complain(smtpc_sasl_t *sasl, int rc)
{
    const char *service;
    const char *host;

    switch (rc) {
    case GSASL_MALLOC_ERROR:
        return smtpc__sasl_fail(sasl, APR_ENOMEM, "there is no memory for "
                                "it");
    case GSASL_MECHANISM_PARSE_ERROR:
    case GSASL_BASE64_ERROR:
        return smtpc__sasl_fail(sasl, SMTPC_EPROTO, "its question is not one "
                                "of this mechanism");
    case GSASL_GSSAPI_INIT_SEC_CONTEXT_ERROR:
    case GSASL_GSSAPI_ACQUIRE_CRED_ERROR:
        target(&service, &host, sasl);
        return smtpc__sasl_fail(sasl, SMTPC_EAUTH, apr_psprintf(
                                    sasl->pool, "Kerberos gives no ticket for "
                                    "%s@%s; see klist of the user that this "
                                    "process runs as, and the target name",
                                    service, host));
    default:
        return smtpc__sasl_fail(sasl, SMTPC_EAUTH, gsasl_strerror(rc));
    }
}

/* Take len bytes of libgsasl's at data as the response. */
static void take(smtpc_sasl_t *sasl, char *data, size_t len)
{
    char *copy = smtpc__wiped_alloc(sasl->pool, len + 1);

    if (len > 0) {
        memcpy(copy, data, len);
        smtpc__wipe(data, len);
    }
    sasl->response = copy;
    sasl->response_len = len;
}

static apr_status_t step(smtpc_sasl_t *sasl)
{
    apr_status_t rv = begin(sasl);
    const exchange_t *exchange = sasl->state;
    char *data = NULL;
    size_t len = 0;
    int rc;

    if (rv != APR_SUCCESS) {
        return smtpc__sasl_fail(sasl, rv, "libgsasl cannot begin");
    }
    rc = gsasl_step(exchange->session, sasl->challenge, sasl->challenge_len,
                    &data, &len);
    if (rc != GSASL_OK && rc != GSASL_NEEDS_MORE) {
        return complain(sasl, exchange->starved ? GSASL_MALLOC_ERROR : rc);
    }
    sasl->done = rc == GSASL_OK;
    /* Nothing to say at first means that the server speaks. */
    if (len > 0 || sasl->steps > 0 || sasl->done) {
        take(sasl, data, len);
    }
    gsasl_free(data);
    return APR_SUCCESS;
}

/* The one question of CRAM-MD5, which libgsasl would wait for for ever. */
static apr_status_t cram_step(smtpc_sasl_t *sasl)
{
    if (sasl->steps > 0 && sasl->challenge_len == 0) {
        return smtpc__sasl_fail(sasl, SMTPC_EPROTO, "its question is empty");
    }
    return step(sasl);
}

/* Where libgsasl cannot tell for want of memory, an exchange will say so: that
 * nothing is known does not make a login impossible. */
int smtpc__sasl_gsasl_has(unsigned int mechanism)
{
    Gsasl *context;
    int has;

    if (gsasl_init(&context) != GSASL_OK) {
        return 1;
    }
    has = gsasl_client_support_p(context, smtpc__mech_name(mechanism));
    gsasl_done(context);
    return has;
}

const smtpc_sasl_mech_t smtpc__sasl_cram_md5 = {
    .bit = SMTPC_MECH_CRAM_MD5,
    .built = smtpc__sasl_gsasl_has,
    .need = SMTPC_SASL_SECRET,
    .strength = 2,
    .step = cram_step,
};

const smtpc_sasl_mech_t smtpc__sasl_ntlm = {
    .bit = SMTPC_MECH_NTLM,
    .built = smtpc__sasl_gsasl_has,
    .need = SMTPC_SASL_SECRET,
    .strength = 2,
    .by_name = 1,
    .step = step,
};

const smtpc_sasl_mech_t smtpc__sasl_gssapi = {
    .bit = SMTPC_MECH_GSSAPI,
    .built = smtpc__sasl_gsasl_has,
    .need = SMTPC_SASL_DEFAULT,
    .strength = 3,
    .blocking = ~0u,
    .step = step,
};

const smtpc_sasl_mech_t smtpc__sasl_gs2_krb5 = {
    .bit = SMTPC_MECH_GS2_KRB5,
    .built = smtpc__sasl_gsasl_has,
    .need = SMTPC_SASL_DEFAULT,
    .strength = 3,
    .blocking = ~0u,
    .step = step,
};

const smtpc_sasl_mech_t smtpc__sasl_external = {
    .bit = SMTPC_MECH_EXTERNAL,
    .built = smtpc__sasl_gsasl_has,
    .need = SMTPC_SASL_CERTIFICATE,
    .strength = 4,
    .by_name = 1,
    .step = step,
};
