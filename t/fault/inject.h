/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_FAULT_INJECT_H
#define T_FAULT_INJECT_H

/**
 * @file inject.h
 * Lets the n-th fallible call fail.
 *
 * A program that links this has calls of its own in front of the system's:
 * memory, sockets, files, threads, names (inject_calls.c). They count what the
 * library, APR and the libraries below ask for, on the thread that said
 * inject_start() and on threads that it starts, and let one of them fail in
 * one of the ways that its manual page names.
 *
 * Not counted: memory of APR's pools, which ends the process when there is
 * none (docs/errors.md); what libc does for itself; servers of the test,
 * whose threads were there before or are started elsewhere; other processes.
 */

/** One way in which a call can fail. */
typedef struct inject_way_t {
    int error;     /**< errno, or what the call returns for it */
    int soft;      /**< a caller has to go on as if nothing had been */
    const char *name; /**< NULL ends a list of ways */
} inject_way_t;

/** A call that failed. */
typedef struct inject_hit_t {
    const char *call;         /**< its name; NULL: none was reached */
    const inject_way_t *way;
    unsigned int ways;        /**< how many it has */
    int openssl;              /**< OpenSSL had called it */
} inject_hit_t;

/** Count from here on: call number @a n, from 1, fails in way @a way, from 0;
 *  0: none does. */
void inject_start(unsigned long n, unsigned int way);

/** Until it is called again, of the memory that OpenSSL asks for only one piece
 *  in so many counts; 0: each. For scenarios that use it much as another one
 *  does, which counts all of it. */
void inject_spare(unsigned int one_in);

/** Count no more, and tell what failed. */
inject_hit_t inject_stop(void);

/** Return what failed so far. */
inject_hit_t inject_so_far(void);

/** Return how many calls were counted since inject_start(). */
unsigned long inject_count(void);

/** Return how many allocators there are: each root pool of the library has
 *  one. The leak checker sees neither: APR maps their memory. */
long inject_allocators(void);

/* For inject_calls.c. */

/** Whose memory a call is about. */
typedef enum {
    INJECT_CALL,   /**< none: a call of the system */
    INJECT_MEMORY  /**< memory, of which that of APR does not count */
} inject_kind_e;

/** Return how the call @a name that @a caller made has to fail, or NULL. */
const inject_way_t *inject(const char *name, const inject_way_t *ways,
                           inject_kind_e kind, const void *caller);

/** Return non-zero if threads that this one starts are counted. */
int inject_watched(void);

/** Count what this thread calls. */
void inject_watch(void);

/** With @a on, do not count what this thread calls, until it is off. */
void inject_pause(int on);

/** Does nothing; a program that needs it has inject_calls.c. */
void inject_calls(void);

#endif
