/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_FAULT_FAULT_H
#define T_FAULT_FAULT_H

/**
 * @file fault.h
 * Runs a scenario again and again: the first fallible call fails in its first
 * way, in its second, then the second call, until a run needs no more calls.
 * Each run ends with the descriptors, threads and root pools that it began
 * with, and within its time; what it leaked the address sanitizer shows when
 * the program ends.
 *
 * FAULT_ONLY=scenario, scenario:n or scenario:n:way runs that alone;
 * FAULT_TRACE=1 says what fails; FAULT_ALL=1 spares none of the calls that
 * inject_spare() would.
 */

#include <apr_pools.h>

#include "inject.h"

/** Something to do in @a pool, which is destroyed afterwards. Between
 *  inject_start() of fault_start() and fault_stop() calls fail. Return what
 *  is wrong, or NULL. */
typedef const char *(*fault_scenario_fn_t)(apr_pool_t *pool, void *baton);

/** Run @a scenario with @a baton for every call and way; a test of its own. */
void fault_run(const char *name, fault_scenario_fn_t scenario, void *baton);

/** From here on calls count, and the one that is due fails. */
void fault_start(void);

/** Calls no longer count. Return non-zero if one failed so that it shows: not
 *  if none did, or it was only interrupted. */
int fault_stop(void);

/** Run @a fn with @a baton in a child, which ends with it; its calls fail
 *  between fault_start() and fault_stop() there. It may leave behind less than
 *  there was, of the parent, not more. What failed there has failed here.
 *  Return what is wrong, in @a pool, or NULL. */
const char *fault_in_child(void (*fn)(void *baton), void *baton,
                           apr_pool_t *pool);

/** Return @a size bytes, zeroed, that a child shares; for good. */
void *fault_shared(size_t size);

/** Return the name of the call that failed, or "". */
const char *fault_call(void);

/** Return what is wrong with @a rv: a failure where nothing failed, or one
 *  that blames who is not to blame. NULL: nothing. Call it after
 *  fault_stop(). */
const char *fault_judge(apr_status_t rv, apr_pool_t *pool);

#endif
