/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_session.c: sessions to be resumed, in an env.
 *
 * Guarantees: a session is offered only to a connection with the same
 * session key, TLS files, revocations, TLSA records, host name and
 * verification, because a resumed
 * handshake checks no certificate: what was verified then has to be what is
 * wanted now. Nobody else has the sessions that are kept: OpenSSL's objects
 * are copied on the way in, and on the way out unless they leave. Bounded,
 * with the key that was used least recently going first.
 *
 * Memory is the system's, because entries come and go on any thread. There is
 * no early data (RFC 8446 2.3): what SMTP sends first is not safe to repeat.
 */

#include "net/tls_session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "base/limits.h"
#include "net/tls_context.h"

/** The key under which an env keeps its sessions. */
#define SESSIONS_KEY "net/tls_session"

/* The sessions of one key. */
typedef struct entry_t {
    struct entry_t *next; /* used before this one */
    SSL_SESSION *sessions[SMTPC_LIMIT_TLS_TICKETS]; /* newest first */
    int count;
    char key[];
} entry_t;

struct smtpc_tls_sessions_t {
    pthread_mutex_t lock;
    entry_t *first; /* used last */
    int count;
};

static void clear(entry_t *entry)
{
    while (entry->count > 0) {
        SSL_SESSION_free(entry->sessions[--entry->count]);
    }
}

static apr_status_t free_sessions(void *data)
{
    smtpc_tls_sessions_t *sessions = data;

    while (sessions->first) {
        entry_t *entry = sessions->first;

        sessions->first = entry->next;
        clear(entry);
        free(entry);
    }
    (void)pthread_mutex_destroy(&sessions->lock);
    return APR_SUCCESS;
}

/* smtpc__share_fn_t */
static apr_status_t create(void **object, void *baton, apr_pool_t *pool)
{
    smtpc_tls_sessions_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv = pthread_mutex_init(&made->lock, NULL);

    (void)baton;
    if (rv == APR_SUCCESS) {
        apr_pool_cleanup_register(pool, made, free_sessions,
                                  apr_pool_cleanup_null);
        *object = made;
    }
    return rv;
}

apr_status_t smtpc__tls_sessions_get(smtpc_tls_sessions_t **sessions,
                                     smtpc_env_t *env, apr_pool_t *pool)
{
    void *object = NULL;
    apr_status_t rv = smtpc__env_share(&object, env, SESSIONS_KEY, create,
                                       NULL, pool);

    *sessions = object;
    return rv;
}

/* The entries, with the lock held. */

/* Find the entry of key and move it to the front. */
static entry_t *find(smtpc_tls_sessions_t *sessions, const char *key)
{
    entry_t **at = &sessions->first;
    entry_t *entry;

    while (*at && strcmp((*at)->key, key) != 0) {
        at = &(*at)->next;
    }
    entry = *at;
    if (entry) {
        *at = entry->next;
        entry->next = sessions->first;
        sessions->first = entry;
    }
    return entry;
}

/* Drop the last entry. */
static void drop_last(smtpc_tls_sessions_t *sessions)
{
    entry_t **at = &sessions->first;

    while ((*at)->next) {
        at = &(*at)->next;
    }
    clear(*at);
    free(*at);
    *at = NULL;
    sessions->count--;
}

/* Make an entry at the front, or return NULL. */
static entry_t *make(smtpc_tls_sessions_t *sessions, const char *key)
{
    apr_size_t size = strlen(key) + 1;
    entry_t *entry;

    if (sessions->count >= SMTPC_LIMIT_TLS_SESSIONS) {
        drop_last(sessions);
    }
    entry = malloc(sizeof(*entry) + size);
    if (entry) {
        memcpy(entry->key, key, size);
        entry->count = 0;
        entry->next = sessions->first;
        sessions->first = entry;
        sessions->count++;
    }
    return entry;
}

static void push(entry_t *entry, SSL_SESSION *session)
{
    if (entry->count == SMTPC_LIMIT_TLS_TICKETS) {
        SSL_SESSION_free(entry->sessions[--entry->count]);
    }
    memmove(entry->sessions + 1, entry->sessions,
            (apr_size_t)entry->count * sizeof(entry->sessions[0]));
    entry->sessions[0] = session;
    entry->count++;
}

static SSL_SESSION *pop(entry_t *entry)
{
    SSL_SESSION *session = entry->sessions[0];

    entry->count--;
    memmove(entry->sessions, entry->sessions + 1,
            (apr_size_t)entry->count * sizeof(entry->sessions[0]));
    return session;
}

/* Whether the session may be offered; what the server said of its ticket
 * counts, and that OpenSSL says of none. */
static int is_fresh(const SSL_SESSION *session)
{
    long age = (long)time(NULL) - SSL_SESSION_get_time(session);
    unsigned long hint = SSL_SESSION_get_ticket_lifetime_hint(session);
    int is_13 = SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION;

    if (age < 0 || age >= SSL_SESSION_get_timeout(session)) {
        return 0;
    }
    /* With TLS 1.2, 0 is "not said": RFC 5077 3.3. */
    return (hint == 0 && !is_13) || (unsigned long)age < hint;
}

/* The table. */

void smtpc__tls_sessions_put(smtpc_tls_sessions_t *sessions, const char *key,
                             const SSL_SESSION *session)
{
    SSL_SESSION *copy;
    entry_t *entry;

    if (!SSL_SESSION_is_resumable(session) || !is_fresh(session)) {
        return;
    }
    copy = SSL_SESSION_dup(session);
    if (!copy) {
        return;
    }
    (void)pthread_mutex_lock(&sessions->lock);
    entry = find(sessions, key);
    if (!entry) {
        entry = make(sessions, key);
    }
    if (entry) {
        push(entry, copy);
        copy = NULL;
    }
    (void)pthread_mutex_unlock(&sessions->lock);
    SSL_SESSION_free(copy);
}

SSL_SESSION *smtpc__tls_sessions_take(smtpc_tls_sessions_t *sessions,
                                      const char *key)
{
    SSL_SESSION *found = NULL;
    entry_t *entry;

    (void)pthread_mutex_lock(&sessions->lock);
    entry = find(sessions, key);
    while (entry && entry->count > 0 && !found) {
        if (!is_fresh(entry->sessions[0])) {
            SSL_SESSION_free(pop(entry));
        }
        else if (SSL_SESSION_get_protocol_version(entry->sessions[0])
                 == TLS1_3_VERSION) {
            found = pop(entry);
        }
        else {
            found = SSL_SESSION_dup(entry->sessions[0]);
            break;
        }
    }
    (void)pthread_mutex_unlock(&sessions->lock);
    return found;
}

void smtpc__tls_sessions_forget(smtpc_tls_sessions_t *sessions,
                                const char *key)
{
    entry_t *entry;

    (void)pthread_mutex_lock(&sessions->lock);
    entry = find(sessions, key);
    if (entry) {
        clear(entry);
    }
    (void)pthread_mutex_unlock(&sessions->lock);
}

/* Connections. */

/* Called by OpenSSL with a session that the server gave, after the handshake
 * or, with TLS 1.3, during any read behind it. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    const smtpc_tls_fault_t *fault = SSL_get_app_data(ssl);
    const smtpc_tls_keeper_t *keeper = fault ? fault->keeper : NULL;

    if (keeper && keeper->sessions) {
        smtpc__tls_sessions_put(keeper->sessions, keeper->key, session);
    }
    /* The caller's reference stays the caller's. */
    return 0;
}

void smtpc__tls_session_context(SSL_CTX *context)
{
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_CLIENT
                                       | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_session);
}

void smtpc__tls_session_setup(smtpc_tls_keeper_t *keeper,
                              smtpc_tls_fault_t *fault, SSL *ssl,
                              const smtpc_tls_policy_t *policy,
                              smtpc_env_t *env, apr_pool_t *pool)
{
    SSL_SESSION *session;

    memset(keeper, 0, sizeof(*keeper));
    fault->keeper = keeper;
    SSL_set_app_data(ssl, fault);
    if (!policy->session_key
        || smtpc__tls_sessions_get(&keeper->sessions, env, pool)
               != APR_SUCCESS) {
        keeper->sessions = NULL;
        SSL_set_options(ssl, SSL_OP_NO_TICKET);
        return;
    }
    /* None of them holds a line end. */
    keeper->key = apr_pstrcat(pool, policy->verify ? "verify\n" : "any\n",
                              policy->key, "\n", policy->host, "\n",
                              policy->session_key, "\n",
                              smtpc__tls_context_stamp(policy, pool), "\n",
                              policy->tlsa ? policy->tlsa : "", NULL);
    session = smtpc__tls_sessions_take(keeper->sessions, keeper->key);
    if (session) {
        keeper->offered = SSL_set_session(ssl, session);
        SSL_SESSION_free(session);
    }
}

void smtpc__tls_session_failed(const smtpc_tls_keeper_t *keeper)
{
    if (keeper->offered) {
        smtpc__tls_sessions_forget(keeper->sessions, keeper->key);
    }
}
