/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_DECLARE_H
#define SMTPC_DECLARE_H

/**
 * @file declare.h
 * How the public functions are declared, and the version of this header set.
 */

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

/** Version of the headers; compare with smtpc_version(). */
#define SMTPC_VERSION_MAJOR 0
#define SMTPC_VERSION_MINOR 1
#define SMTPC_VERSION_PATCH 0
#define SMTPC_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
/** Marks a public function: visible outside the library. */
#define SMTPC_DECLARE(type) __attribute__((visibility("default"))) type
/** The result tells whether the call did anything: ignoring it is a bug. */
#define SMTPC_WARN_UNUSED __attribute__((warn_unused_result))
/** Argument @a fmt is a printf format for the arguments from @a args on. */
#define SMTPC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SMTPC_DECLARE(type) type
#define SMTPC_WARN_UNUSED
#define SMTPC_PRINTF(fmt, args)
#endif

#ifdef __cplusplus
#define SMTPC_BEGIN_DECLS extern "C" {
#define SMTPC_END_DECLS }
#else
#define SMTPC_BEGIN_DECLS
#define SMTPC_END_DECLS
#endif

#endif
