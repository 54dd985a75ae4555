/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.c: getaddrinfo() as a job.
 *
 * "localhost" is the loopback addresses whatever the resolver says, as RFC
 * 6761 6.3 wants, because what is safe in clear text depends on it.
 *
 * AI_ADDRCONFIG is not used: it would hide loopback addresses on a machine
 * without a network, and an address that cannot be reached fails at once.
 */

#include "net/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "net/job.h"

/** An address as text, with its zone. */
#define ADDRESS_TEXT 64

/* What the thread is asked, and finds. */
typedef struct lookup_t {
    char host[SMTPC_LIMIT_HOST + 1];
    int error;       /* of getaddrinfo() */
    int error_errno; /* what the system said, or 0 */
    int count;
    char found[SMTPC_LIMIT_HOST_ADDRESSES][ADDRESS_TEXT];
} lookup_t;

struct smtpc_resolve_t {
    const char *host;
    int port;
    smtpc_job_t *job;     /* NULL: the addresses are known */
    lookup_t *lookup;     /* of it */
    const char *known[2];
    int known_count;
};

static void take_addresses(lookup_t *lookup, const struct addrinfo *list)
{
    for (; list && lookup->count < SMTPC_LIMIT_HOST_ADDRESSES;
         list = list->ai_next) {
        if (getnameinfo(list->ai_addr, list->ai_addrlen,
                        lookup->found[lookup->count], ADDRESS_TEXT, NULL, 0,
                        NI_NUMERICHOST) == 0) {
            lookup->count++;
        }
    }
}

/* smtpc_job_work_t's run. */
static void look_up(void *data)
{
    lookup_t *lookup = data;
    struct addrinfo hints;
    struct addrinfo *list = NULL;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    errno = 0;
    lookup->error = getaddrinfo(lookup->host, NULL, &hints, &list);
    lookup->error_errno = errno;
    if (lookup->error == 0) {
        take_addresses(lookup, list);
        freeaddrinfo(list);
    }
}

static int is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, bytes) == 1
           || strchr(host, ':') != NULL;
}

/* Set what needs no resolver; return non-zero if that is all. */
static int known_at_once(smtpc_resolve_t *resolve)
{
    const char *host = resolve->host;
    apr_size_t len = strlen(host);
    const char *suffix = ".localhost";
    apr_size_t suffix_len = strlen(suffix);

    if (is_address(host)) {
        resolve->known[resolve->known_count++] = host;
        return 1;
    }
    if (len > 0 && host[len - 1] == '.') {
        len--;
    }
    if ((len == suffix_len - 1 && strncasecmp(host, suffix + 1, len) == 0)
        || (len > suffix_len
            && strncasecmp(host + len - suffix_len, suffix, suffix_len)
                   == 0)) {
        resolve->known[resolve->known_count++] = "::1";
        resolve->known[resolve->known_count++] = "127.0.0.1";
        return 1;
    }
    return 0;
}

apr_status_t smtpc__resolve_begin(smtpc_resolve_t **resolve,
                                  const char **why, const char *host,
                                  int port, smtpc_env_t *env,
                                  apr_pool_t *pool)
{
    smtpc_resolve_t *made = apr_pcalloc(pool, sizeof(*made));
    smtpc_job_work_t work = { look_up, free, NULL, NULL };
    const char *reason = "no memory";
    apr_status_t rv;

    made->host = apr_pstrdup(pool, host);
    made->port = port;
    if (known_at_once(made)) {
        *resolve = made;
        return APR_SUCCESS;
    }
    made->lookup = calloc(1, sizeof(*made->lookup));
    rv = SMTPC_ECONNECT;
    if (made->lookup) {
        apr_cpystrn(made->lookup->host, host, sizeof(made->lookup->host));
        work.data = made->lookup;
        rv = smtpc__job_begin(&made->job, &reason, &work, env, pool);
    }
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(pool, "cannot look up %s: %s", host, reason);
        return rv;
    }
    *resolve = made;
    return APR_SUCCESS;
}

apr_socket_t *smtpc__resolve_socket(const smtpc_resolve_t *resolve)
{
    return resolve->job ? smtpc__job_socket(resolve->job) : NULL;
}

/* Text to address; no resolver is asked for numbers. The family is named so
 * that APR does not leave out families without an interface. */
static void add_address(apr_array_header_t *addresses, const char *text,
                        int port)
{
    apr_sockaddr_t *address;

    if (apr_sockaddr_info_get(&address, text,
                              strchr(text, ':') ? APR_INET6 : APR_INET,
                              (apr_port_t)port, 0, addresses->pool)
        == APR_SUCCESS) {
        APR_ARRAY_PUSH(addresses, apr_sockaddr_t *) = address;
    }
}

/* Whether nobody was asked, for lack of a descriptor: glibc then says that
 * there is no such name, or that nobody answers. */
static int lacked_descriptors(const lookup_t *lookup)
{
    return lookup->error_errno == EMFILE || lookup->error_errno == ENFILE;
}

static const char *reason_of(const lookup_t *lookup, apr_pool_t *pool)
{
    char reason[128];

    if (lookup->error != 0
        && (lookup->error == EAI_SYSTEM || lacked_descriptors(lookup))) {
        apr_strerror(lookup->error_errno, reason, sizeof(reason));
        return apr_pstrdup(pool, reason);
    }
    if (lookup->error == EAI_NONAME) {
        return "no such host: check its spelling";
    }
    if (lookup->error == EAI_AGAIN) {
        return "the name servers do not answer at the moment";
    }
    return lookup->error != 0 ? gai_strerror(lookup->error) : "it has no address";
}

apr_status_t smtpc__resolve_result(apr_array_header_t **addresses,
                                   const char **why,
                                   smtpc_resolve_t *resolve,
                                   apr_pool_t *pool)
{
    apr_array_header_t *made;
    const lookup_t *lookup = resolve->lookup;
    int i;

    if (resolve->job && !smtpc__job_finished(resolve->job)) {
        return APR_EAGAIN;
    }
    made = apr_array_make(pool, 2, sizeof(apr_sockaddr_t *));
    for (i = 0; i < resolve->known_count; i++) {
        add_address(made, resolve->known[i], resolve->port);
    }
    for (i = 0; lookup && i < lookup->count; i++) {
        add_address(made, lookup->found[i], resolve->port);
    }
    if (made->nelts == 0) {
        *why = apr_psprintf(pool, "cannot look up %s: %s", resolve->host,
                            lookup ? reason_of(lookup, pool)
                                : "not an address this machine understands");
        return SMTPC_ECONNECT;
    }
    *addresses = made;
    return APR_SUCCESS;
}
