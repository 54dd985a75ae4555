# SPDX-License-Identifier: Apache-2.0
# Compiler and linker options. They go into variables of their own and never
# into CFLAGS or LDFLAGS, which belong to the person who builds, and which
# configure's own probes use (a warning would make those fail).

# SMTPC_FLAGS
# Sets WARN_CFLAGS, HARDEN_CFLAGS, HARDEN_LDFLAGS, INSTRUMENT_CFLAGS and
# INSTRUMENT_LDFLAGS from --disable-werror, --enable-sanitize and
# --enable-coverage.
AC_DEFUN([SMTPC_FLAGS], [
AC_ARG_ENABLE([werror],
  [AS_HELP_STRING([--disable-werror], [compiler warnings do not end the build])],
  [], [enable_werror=yes])
AC_ARG_ENABLE([sanitize],
  [AS_HELP_STRING([--enable-sanitize=LIST],
     [build with these sanitizers: address,undefined or thread])],
  [], [enable_sanitize=no])
AC_ARG_ENABLE([coverage],
  [AS_HELP_STRING([--enable-coverage], [build for gcov])],
  [], [enable_coverage=no])

WARN_CFLAGS="-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow"
WARN_CFLAGS="$WARN_CFLAGS -Wpointer-arith -Wwrite-strings -Wformat=2"
AS_IF([test "x$enable_werror" != xno], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])

HARDEN_CFLAGS="-fstack-protector-strong"
HARDEN_LDFLAGS="-Wl,-z,relro -Wl,-z,now -Wl,-z,defs -Wl,--as-needed"
INSTRUMENT_CFLAGS=
INSTRUMENT_LDFLAGS=
AS_CASE([$enable_sanitize],
  [no|""], [],
  [yes], [AC_MSG_ERROR([--enable-sanitize needs a list, such as --enable-sanitize=address,undefined])],
  [INSTRUMENT_CFLAGS="-fsanitize=$enable_sanitize -fno-sanitize-recover=all -fno-omit-frame-pointer"
   INSTRUMENT_LDFLAGS="-fsanitize=$enable_sanitize"
   # A sanitizer's run-time library may be left to the program to bring.
   HARDEN_LDFLAGS="-Wl,-z,relro -Wl,-z,now"])
AS_IF([test "x$enable_coverage" != xno],
  # Counters are atomic, because tests have threads.
  [INSTRUMENT_CFLAGS="$INSTRUMENT_CFLAGS --coverage -fprofile-update=atomic"
   INSTRUMENT_LDFLAGS="$INSTRUMENT_LDFLAGS --coverage"])
# _FORTIFY_SOURCE needs optimisation, and it hides reads from the sanitizers.
AS_IF([test -z "$INSTRUMENT_CFLAGS"],
  [AS_CASE([" $CFLAGS "], [*" -O0 "*], [], [*" -O"*],
    [HARDEN_CFLAGS="$HARDEN_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])])
AC_SUBST([WARN_CFLAGS])
AC_SUBST([HARDEN_CFLAGS])
AC_SUBST([HARDEN_LDFLAGS])
AC_SUBST([INSTRUMENT_CFLAGS])
AC_SUBST([INSTRUMENT_LDFLAGS])
])

# SMTPC_MODULE_RPATH
# The installed module must find the installed library. The dynamic linker
# knows the system's folders; /usr/local/lib it knows only after ldconfig.
AC_DEFUN([SMTPC_MODULE_RPATH], [
AS_CASE([$libdir,$prefix],
  [/usr/lib*,*|/lib*,*|'${exec_prefix}/lib'*,/usr], [MODULE_RPATH=],
  [MODULE_RPATH='-R $(libdir)'])
AC_SUBST([MODULE_RPATH])
])
