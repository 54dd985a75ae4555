/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dane_lookup.c: TLSA records by libunbound, as a job.
 *
 * First the addresses of the host: where its zone is not signed, TLSA records
 * are not asked for, because some servers fail when they are (RFC 7672
 * 2.2.2). If the host is an alias, its target comes first, then the host
 * (RFC 7672 2.2.3). What is not known for sure, because a server does not
 * answer or DNSSEC rejects the answer, is never taken for "no records": that
 * is what somebody who suppresses them wants.
 *
 * A context of libunbound, with its cache, is shared by all look-ups with the
 * same anchor and resolver. Like the data of a job it belongs to whoever is
 * last. A process has its own, because one inherited by fork may have been
 * locked by another thread.
 */

#include "net/dane_lookup.h"

#include <apr_strings.h>

#include "base/limits.h"

#ifdef SMTPC_WITH_UNBOUND

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <unbound.h>

#include "base/codec.h"
#include "base/env_int.h"
#include "net/job.h"
#include "net/tls_dane.h"

/** Types and class of the DNS. */
#define TYPE_A 1
#define TYPE_AAAA 28
#define TYPE_TLSA 52
#define CLASS_IN 1
/** Its answers, RFC 1035 4.1.1. */
#define RCODE_NOERROR 0
#define RCODE_NXDOMAIN 3
/** A name with its port: "_65535._tcp." in front. */
#define NAME_MAX_LEN (SMTPC_LIMIT_HOST + 16)
/** What libunbound says of an answer it rejects. */
#define REASON_MAX 200

/* libunbound's, and who has it. */
typedef struct context_t {
    atomic_int references;
    struct ub_ctx *unbound;
} context_t;

/* What a context is made of. */
typedef struct setup_t {
    const char *anchor;
    const char *resolver;
} setup_t;

/* What the thread is asked, and finds. */
typedef struct lookup_t {
    context_t *context;
    int port;
    char host[SMTPC_LIMIT_HOST + 1];
    char base[SMTPC_LIMIT_HOST + 1];
    struct ub_result *records; /* NULL: there are none */
    int failed;                /* nothing is known, and this is why: */
    char reason[REASON_MAX];
} lookup_t;

struct smtpc_dane_lookup_t {
    const char *host;
    smtpc_job_t *job;
    const lookup_t *lookup; /* of it */
};

/* Where systems have the keys of the root: Debian's dns-root-data and
 * unbound-anchor, others' unbound. */
static const char *const anchors[] = { "/usr/share/dns/root.key",
                                       "/var/lib/unbound/root.key",
                                       "/etc/unbound/root.key" };

/* The context. */

static void context_release(context_t *context)
{
    if (atomic_fetch_sub(&context->references, 1) == 1) {
        ub_ctx_delete(context->unbound);
        free(context);
    }
}

static apr_status_t context_cleanup(void *data)
{
    context_release(data);
    return APR_SUCCESS;
}

/* Nothing is read here, but with the first look-up. */
static int set_up(struct ub_ctx *unbound, const setup_t *setup)
{
    /* What it has to say, it says as a result. */
    return ub_ctx_debugout(unbound, NULL)
           || ub_ctx_set_option(unbound, "do-not-query-localhost:", "no")
           || ub_ctx_add_ta_file(unbound, setup->anchor)
           || (setup->resolver ? ub_ctx_set_fwd(unbound, setup->resolver)
                               : ub_ctx_resolvconf(unbound, NULL));
}

/* smtpc__share_fn_t: baton is a setup_t. */
static apr_status_t context_create(void **object, void *baton,
                                   apr_pool_t *pool)
{
    context_t *context = calloc(1, sizeof(*context));

    if (!context) {
        return APR_ENOMEM;
    }
    context->references = 1;
    context->unbound = ub_ctx_create();
    if (!context->unbound || set_up(context->unbound, baton)) {
        if (context->unbound) {
            ub_ctx_delete(context->unbound);
        }
        free(context);
        return APR_EGENERAL;
    }
    apr_pool_cleanup_register(pool, context, context_cleanup,
                              apr_pool_cleanup_null);
    *object = context;
    return APR_SUCCESS;
}

/* The thread. */

static void fail(lookup_t *lookup, const char *name, const char *reason)
{
    lookup->failed = 1;
    apr_snprintf(lookup->reason, sizeof(lookup->reason), "%s: %s", name,
                 reason);
}

/* Ask for name; NULL if nothing is known then. */
static struct ub_result *ask(lookup_t *lookup, const char *name, int type)
{
    struct ub_result *result = NULL;
    int error = ub_resolve(lookup->context->unbound, name, type, CLASS_IN,
                           &result);

    if (error != 0) {
        fail(lookup, name, ub_strerror(error));
        return NULL;
    }
    if (result->bogus) {
        fail(lookup, name, result->why_bogus ? result->why_bogus
                                             : "DNSSEC rejects the answer");
    }
    else if (result->rcode != RCODE_NOERROR
             && result->rcode != RCODE_NXDOMAIN) {
        fail(lookup, name, result->rcode == 2
                               ? "its name servers do not answer (SERVFAIL)"
                               : "its name servers refuse to answer");
    }
    if (lookup->failed) {
        ub_resolve_free(result);
        return NULL;
    }
    return result;
}

/* Whether the zone of the host is signed; its canonical name goes to base. */
static int is_signed(lookup_t *lookup)
{
    struct ub_result *result = ask(lookup, lookup->host, TYPE_A);
    int secure;

    if (result && !result->havedata) {
        ub_resolve_free(result);
        result = ask(lookup, lookup->host, TYPE_AAAA);
    }
    if (!result) {
        return 0;
    }
    secure = result->secure;
    if (result->canonname && *result->canonname) {
        apr_cpystrn(lookup->base, result->canonname, sizeof(lookup->base));
    }
    ub_resolve_free(result);
    return secure;
}

/* Take the records for base, if DNSSEC vouches for them; non-zero if that
 * settles it. */
static int take(lookup_t *lookup, const char *base)
{
    char name[NAME_MAX_LEN + 1];
    struct ub_result *result;

    apr_snprintf(name, sizeof(name), "_%d._tcp.%s", lookup->port, base);
    result = ask(lookup, name, TYPE_TLSA);
    if (!result) {
        return 1;
    }
    if (result->secure && result->havedata) {
        lookup->records = result;
        return 1;
    }
    ub_resolve_free(result);
    return 0;
}

static void cut_dot(char *name)
{
    apr_size_t len = strlen(name);

    if (len > 1 && name[len - 1] == '.') {
        name[len - 1] = '\0';
    }
}

/* smtpc_job_work_t's run. */
static void look_up(void *data)
{
    lookup_t *lookup = data;

    apr_cpystrn(lookup->base, lookup->host, sizeof(lookup->base));
    if (!is_signed(lookup)) {
        return;
    }
    cut_dot(lookup->base);
    if (take(lookup, lookup->base)
        || strcasecmp(lookup->base, lookup->host) == 0) {
        return;
    }
    apr_cpystrn(lookup->base, lookup->host, sizeof(lookup->base));
    (void)take(lookup, lookup->base);
}

/* smtpc_job_work_t's drop. */
static void drop(void *data)
{
    lookup_t *lookup = data;

    if (lookup->records) {
        ub_resolve_free(lookup->records);
    }
    context_release(lookup->context);
    free(lookup);
}

/* The caller. */

int smtpc__dane_is_built(void)
{
    return 1;
}

/* Return the file of keys, or NULL. */
static const char *find_anchor(const char *named)
{
    apr_size_t i;

    if (named) {
        return named;
    }
    for (i = 0; i < sizeof(anchors) / sizeof(anchors[0]); i++) {
        if (access(anchors[i], R_OK) == 0) {
            return anchors[i];
        }
    }
    return NULL;
}

apr_status_t smtpc__dane_check(const char **why, const char *anchor,
                               apr_pool_t *pool)
{
    const char *found = find_anchor(anchor);

    if (found && access(found, R_OK) == 0) {
        return APR_SUCCESS;
    }
    *why = found ? apr_psprintf(pool, "the DNSSEC keys in %s cannot be read",
                                found)
                 : "TLSA records cannot be trusted: this system has no trust "
                   "anchor for DNSSEC; install dns-root-data, or name a file "
                   "of keys";
    return SMTPC_ETLS;
}

/* Get the context for query, which the caller releases. */
static apr_status_t get_context(context_t **context,
                                const smtpc_dane_query_t *query,
                                const char *anchor, smtpc_env_t *env,
                                apr_pool_t *pool)
{
    setup_t setup = { anchor, query->resolver };
    const char *key = apr_psprintf(
        pool, "net/dane\n%" APR_PID_T_FMT "\n%s\n%s", getpid(), anchor,
        query->resolver ? query->resolver : "");
    void *object = NULL;
    apr_status_t rv = smtpc__env_share(&object, env, key, context_create,
                                       &setup, pool);

    if (rv == APR_SUCCESS) {
        *context = object;
        atomic_fetch_add(&(*context)->references, 1);
    }
    return rv;
}

/* Start the job. */
static apr_status_t start(smtpc_dane_lookup_t *made, const char **why,
                          const smtpc_dane_query_t *query, const char *anchor,
                          smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_job_work_t work = { look_up, drop, NULL, NULL };
    lookup_t *lookup = calloc(1, sizeof(*lookup));

    *why = "no memory for a resolver";
    if (!lookup) {
        return SMTPC_ECONNECT;
    }
    if (get_context(&lookup->context, query, anchor, env, pool)
        != APR_SUCCESS) {
        free(lookup);
        return SMTPC_ECONNECT;
    }
    lookup->port = query->port;
    apr_cpystrn(lookup->host, query->host, sizeof(lookup->host));
    cut_dot(lookup->host);
    made->lookup = lookup;
    work.data = lookup;
    return smtpc__job_begin(&made->job, why, &work, env, pool);
}

apr_status_t smtpc__dane_begin(smtpc_dane_lookup_t **lookup, const char **why,
                               const smtpc_dane_query_t *query,
                               smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_dane_lookup_t *made = apr_pcalloc(pool, sizeof(*made));
    const char *reason = "";
    apr_status_t rv = smtpc__dane_check(why, query->anchor, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->host = apr_pstrdup(pool, query->host);
    rv = start(made, &reason, query, find_anchor(query->anchor), env, pool);
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(pool, "cannot look up TLSA records of %s: %s",
                            query->host, reason);
        return rv;
    }
    *lookup = made;
    return APR_SUCCESS;
}

apr_socket_t *smtpc__dane_socket(const smtpc_dane_lookup_t *lookup)
{
    return smtpc__job_socket(lookup->job);
}

/* Put the usable ones of what was found into answer. */
static void sort_records(smtpc_dane_answer_t *answer,
                         const struct ub_result *found, apr_pool_t *pool)
{
    int count = 0;
    int i;

    for (i = 0; found->data[i] && count < SMTPC_LIMIT_TLSA_RECORDS; i++) {
        smtpc_tlsa_t record;

        if (!smtpc__tlsa_read(&record, found->data[i],
                              (apr_size_t)found->len[i])) {
            answer->records = apr_pstrcat(
                pool, count ? answer->records : "", count ? ", " : "",
                smtpc__tlsa_text(&record, pool), NULL);
            count++;
        }
    }
    answer->found = count ? SMTPC_TLSA_USABLE : SMTPC_TLSA_UNUSABLE;
}

apr_status_t smtpc__dane_result(smtpc_dane_answer_t *answer, const char **why,
                                const smtpc_dane_lookup_t *lookup,
                                apr_pool_t *pool)
{
    const lookup_t *done = lookup->lookup;

    if (!smtpc__job_finished(lookup->job)) {
        return APR_EAGAIN;
    }
    memset(answer, 0, sizeof(*answer));
    if (done->failed) {
        *why = apr_psprintf(pool, "whether there are TLSA records of %s is "
                            "not known, so nothing is sent: %s", lookup->host,
                            smtpc__escape(done->reason, strlen(done->reason),
                                          REASON_MAX, 0, pool));
        return SMTPC_ETEMP;
    }
    answer->base = apr_pstrdup(pool, done->base);
    if (done->records) {
        sort_records(answer, done->records, pool);
    }
    return APR_SUCCESS;
}

#else

int smtpc__dane_is_built(void)
{
    return 0;
}

apr_status_t smtpc__dane_check(const char **why, const char *anchor,
                               apr_pool_t *pool)
{
    (void)anchor;
    (void)pool;
    *why = "TLSA records cannot be looked up: this library was built without "
           "libunbound";
    return SMTPC_ETLS;
}

apr_status_t smtpc__dane_begin(smtpc_dane_lookup_t **lookup, const char **why,
                               const smtpc_dane_query_t *query,
                               smtpc_env_t *env, apr_pool_t *pool)
{
    (void)env;
    *lookup = NULL;
    *why = apr_psprintf(pool, "TLSA records of %s cannot be looked up: this "
                        "library was built without libunbound", query->host);
    return SMTPC_ETLS;
}

apr_socket_t *smtpc__dane_socket(const smtpc_dane_lookup_t *lookup)
{
    (void)lookup;
    return NULL;
}

apr_status_t smtpc__dane_result(smtpc_dane_answer_t *answer, const char **why,
                                const smtpc_dane_lookup_t *lookup,
                                apr_pool_t *pool)
{
    (void)answer;
    (void)lookup;
    (void)pool;
    *why = "";
    return SMTPC_ETEMP;
}

#endif
