/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject_files.c: calls about files and their names, and those of libunbound,
 * which are for files of keys and for names, too.
 */

#include "inject_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef SMTPC_WITH_UNBOUND
#include <unbound.h>
#endif

/* As in inject_calls.c. */
#pragma GCC visibility push(default)

void inject_files(void)
{
}

/* Files. */

int open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    NEXT(open)
    va_start(args, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    FAIL("open", -1, HARD(EMFILE), HARD(EACCES))
    return next(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    NEXT(open64)
    va_start(args, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    FAIL("open64", -1, HARD(EMFILE), HARD(EACCES))
    return next(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    NEXT(fopen)
    FAIL("fopen", NULL, HARD(EMFILE))
    return next(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    NEXT(fopen64)
    FAIL("fopen64", NULL, HARD(EMFILE))
    return next(path, mode);
}

DIR *opendir(const char *path)
{
    NEXT(opendir)
    FAIL("opendir", NULL, HARD(EMFILE))
    return next(path);
}

int mkstemp(char *name)
{
    NEXT(mkstemp)
    FAIL("mkstemp", -1, HARD(EMFILE), HARD(ENOSPC))
    return next(name);
}

int fstat(int fd, struct stat *found)
{
    NEXT(fstat)
    FAIL("fstat", -1, HARD(EIO))
    return next(fd, found);
}

int stat(const char *path, struct stat *found)
{
    NEXT(stat)
    FAIL("stat", -1, HARD(EIO))
    return next(path, found);
}

int lstat(const char *path, struct stat *found)
{
    NEXT(lstat)
    FAIL("lstat", -1, HARD(EIO))
    return next(path, found);
}

off_t lseek(int fd, off_t offset, int whence)
{
    NEXT(lseek)
    FAIL("lseek", -1, HARD(EIO))
    return next(fd, offset, whence);
}

int fsync(int fd)
{
    NEXT(fsync)
    FAIL("fsync", -1, HARD(EIO), HARD(ENOSPC))
    return next(fd);
}

int fdatasync(int fd)
{
    NEXT(fdatasync)
    FAIL("fdatasync", -1, HARD(EIO))
    return next(fd);
}

int ftruncate(int fd, off_t len)
{
    NEXT(ftruncate)
    FAIL("ftruncate", -1, HARD(EIO))
    return next(fd, len);
}

int rename(const char *from, const char *to)
{
    NEXT(rename)
    FAIL("rename", -1, HARD(EIO), HARD(ENOSPC))
    return next(from, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
              unsigned int flags)
{
    NEXT(renameat2)
    FAIL("renameat2", -1, HARD(EIO), HARD(ENOSPC), SOFT(EINVAL))
    return next(from_dir, from, to_dir, to, flags);
}

int link(const char *from, const char *to)
{
    NEXT(link)
    FAIL("link", -1, HARD(EIO), HARD(ENOSPC))
    return next(from, to);
}

int unlink(const char *path)
{
    NEXT(unlink)
    FAIL("unlink", -1, HARD(EIO))
    return next(path);
}

int close(int fd)
{
    NEXT(close)
    WAY("close", INJECT_CALL, HARD(EIO), HARD(EINTR));
    if (way) {
        (void)next(fd);
        errno = way->error;
        return -1;
    }
    return next(fd);
}

int dup(int fd)
{
    NEXT(dup)
    FAIL("dup", -1, HARD(EMFILE))
    return next(fd);
}

iconv_t iconv_open(const char *to, const char *from)
{
    NEXT(iconv_open)
    FAIL("iconv_open", (iconv_t)-1, HARD(ENOMEM), HARD(EMFILE))
    return next(to, from);
}

#ifdef SMTPC_WITH_UNBOUND
/* What libunbound makes of its own calls that fail; it tries again for a
 * while. */

struct ub_ctx *ub_ctx_create(void)
{
    NEXT(ub_ctx_create)
    FAIL("ub_ctx_create", NULL, HARD(ENOMEM))
    return next();
}

int ub_ctx_debugout(struct ub_ctx *context, void *out)
{
    NEXT(ub_ctx_debugout)
    FAIL_CODE("ub_ctx_debugout", HARD(UB_NOMEM))
    return next(context, out);
}

int ub_ctx_set_option(struct ub_ctx *context, const char *name,
                      const char *value)
{
    NEXT(ub_ctx_set_option)
    FAIL_CODE("ub_ctx_set_option", HARD(UB_NOMEM))
    return next(context, name, value);
}

int ub_ctx_add_ta_file(struct ub_ctx *context, const char *path)
{
    NEXT(ub_ctx_add_ta_file)
    FAIL_CODE("ub_ctx_add_ta_file", HARD(UB_NOMEM))
    return next(context, path);
}

int ub_ctx_set_fwd(struct ub_ctx *context, const char *address)
{
    NEXT(ub_ctx_set_fwd)
    FAIL_CODE("ub_ctx_set_fwd", HARD(UB_NOMEM))
    return next(context, address);
}

int ub_resolve(struct ub_ctx *context, const char *name, int type, int class,
               struct ub_result **result)
{
    int error;

    NEXT(ub_resolve)
    FAIL_CODE("ub_resolve", HARD(UB_NOMEM), HARD(UB_PIPE))
    inject_pause(1);
    error = next(context, name, type, class, result);
    inject_pause(0);
    return error;
}
#endif
