# SPDX-License-Identifier: Apache-2.0
# One macro per part of the system that is needed. A part that is not there is
# noted with the Debian package that brings it; SMTPC_STOP_IF_MISSING ends
# configure with the whole list.

m4_define([smtpc_nl], [
])

# SMTPC_MISSING(WHAT, DEBIAN-PACKAGE, [HINT])
AC_DEFUN([SMTPC_MISSING], [
smtpc_missing="${smtpc_missing}  - $1: apt-get install $2[]m4_ifval([$3], [ ($3)])[]smtpc_nl"
smtpc_missing_packages="$smtpc_missing_packages $2"
])

# SMTPC_NOTE(WHAT)
# Something works less well, or not at all, but the build goes on.
AC_DEFUN([SMTPC_NOTE], [
smtpc_notes="${smtpc_notes}  - $1[]smtpc_nl"
])

# SMTPC_STOP_IF_MISSING
AC_DEFUN([SMTPC_STOP_IF_MISSING], [
AS_IF([test -n "$smtpc_missing"],
  [AC_MSG_ERROR([cannot build, because these are missing:
$smtpc_missing
On Debian 12 this command brings them all:
  apt-get install$smtpc_missing_packages])])
])

# SMTPC_CHECK_APR
# APR_CONFIG and APU_CONFIG may be given in the environment.
AC_DEFUN([SMTPC_CHECK_APR], [
AC_ARG_VAR([APR_CONFIG], [apr-1-config of APR 1.7 or newer])
AC_ARG_VAR([APU_CONFIG], [apu-1-config of APR-util 1.6 or newer])
AC_PATH_PROG([APR_CONFIG], [apr-1-config])
AC_PATH_PROG([APU_CONFIG], [apu-1-config])
AS_IF([test -z "$APR_CONFIG"],
  [SMTPC_MISSING([APR 1.7 or newer, apr-1-config not found], [libapr1-dev],
                 [or set APR_CONFIG])],
  [AC_MSG_CHECKING([for APR 1.7 or newer])
   smtpc_version=`"$APR_CONFIG" --version`
   AC_MSG_RESULT([$smtpc_version])
   AS_VERSION_COMPARE([$smtpc_version], [1.7.0],
     [SMTPC_MISSING([APR 1.7 or newer, this is $smtpc_version], [libapr1-dev])])
   APR_CPPFLAGS="`"$APR_CONFIG" --cppflags --includes`"
   APR_LIBS="`"$APR_CONFIG" --link-ld`"])
AS_IF([test -z "$APU_CONFIG"],
  [SMTPC_MISSING([APR-util 1.6 or newer, apu-1-config not found],
                 [libaprutil1-dev], [or set APU_CONFIG])],
  [AC_MSG_CHECKING([for APR-util 1.6 or newer])
   smtpc_version=`"$APU_CONFIG" --version`
   AC_MSG_RESULT([$smtpc_version])
   AS_VERSION_COMPARE([$smtpc_version], [1.6.0],
     [SMTPC_MISSING([APR-util 1.6 or newer, this is $smtpc_version],
                    [libaprutil1-dev])])
   # -I/usr/include, which it names for expat, would come before the
   # compiler's own folders in some compilers.
   for smtpc_word in `"$APU_CONFIG" --includes`; do
     AS_CASE([" $APR_CPPFLAGS -I/usr/include "], [*" $smtpc_word "*], [],
             [APR_CPPFLAGS="$APR_CPPFLAGS $smtpc_word"])
   done
   APU_LIBS="`"$APU_CONFIG" --link-ld`"])
AC_SUBST([APR_CPPFLAGS])
AC_SUBST([APR_LIBS])
AC_SUBST([APU_LIBS])
])

# SMTPC_CHECK_OPENSSL
AC_DEFUN([SMTPC_CHECK_OPENSSL], [
PKG_CHECK_MODULES([OPENSSL], [openssl >= 3.0], [],
  [SMTPC_MISSING([OpenSSL 3.0 or newer], [libssl-dev])])
])

# SMTPC_CHECK_IDN2
AC_DEFUN([SMTPC_CHECK_IDN2], [
PKG_CHECK_MODULES([IDN2], [libidn2 >= 2.0], [],
  [SMTPC_MISSING([libidn2, for host names with letters beyond ASCII],
                 [libidn2-dev])])
])

# SMTPC_CHECK_GSASL
# Sets SMTPC_WITH_GSASL in GSASL_CFLAGS, and the condition WITH_GSASL.
AC_DEFUN([SMTPC_CHECK_GSASL], [
AC_ARG_WITH([gsasl],
  [AS_HELP_STRING([--without-gsasl],
     [log in without CRAM-MD5, NTLM, Kerberos and client certificates])],
  [], [with_gsasl=yes])
AS_IF([test "x$with_gsasl" != xno],
  [PKG_CHECK_MODULES([GSASL], [libgsasl >= 2.0],
     [GSASL_CFLAGS="$GSASL_CFLAGS -DSMTPC_WITH_GSASL=1"],
     [SMTPC_MISSING([libgsasl, for logging in with CRAM-MD5 or Kerberos],
                    [libgsasl-dev], [or --without-gsasl])])],
  [GSASL_CFLAGS=
   GSASL_LIBS=])
AM_CONDITIONAL([WITH_GSASL], [test "x$with_gsasl" != xno])
AC_SUBST([GSASL_CFLAGS])
AC_SUBST([GSASL_LIBS])
])

# SMTPC_CHECK_UNISTRING
# It has no pkg-config file. libidn2 needs it too, so it is no further library
# in the process, only a further header to build with.
AC_DEFUN([SMTPC_CHECK_UNISTRING], [
smtpc_saved_libs=$LIBS
LIBS="-lunistring $LIBS"
AC_MSG_CHECKING([for libunistring])
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <uninorm.h>]],
    [[size_t len = 0;
      return u8_normalize(UNINORM_NFC, (const uint8_t *)"", 0, NULL, &len)
             == NULL;]])],
  [AC_MSG_RESULT([yes])
   UNISTRING_LIBS=-lunistring],
  [AC_MSG_RESULT([no])
   SMTPC_MISSING([libunistring, for the normal form of UTF-8 addresses],
                 [libunistring-dev])])
LIBS=$smtpc_saved_libs
AC_SUBST([UNISTRING_LIBS])
])

# SMTPC_CHECK_UNBOUND
# TLSA records out of the DNS; without it they can be given as a setting. Its
# pkg-config file asks for libraries that only a static one needs.
AC_DEFUN([SMTPC_CHECK_UNBOUND], [
AC_ARG_WITH([unbound],
  [AS_HELP_STRING([--without-unbound],
     [do not look up TLSA records (DANE) with libunbound (default: if it is there)])],
  [], [with_unbound=check])
AS_IF([test "x$with_unbound" != xno], [
smtpc_saved_libs=$LIBS
LIBS="-lunbound $LIBS"
AC_MSG_CHECKING([for libunbound])
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <unbound.h>]],
    [[ub_ctx_delete(ub_ctx_create());]])],
  [AC_MSG_RESULT([yes])
   with_unbound=found
   UNBOUND_CFLAGS=-DSMTPC_WITH_UNBOUND
   UNBOUND_LIBS=-lunbound],
  [AC_MSG_RESULT([no])
   AS_IF([test "x$with_unbound" = xyes],
     [SMTPC_MISSING([libunbound, for TLSA records], [libunbound-dev])],
     [SMTPC_NOTE([no libunbound: TLSA records are not looked up (apt-get install libunbound-dev)])])])
LIBS=$smtpc_saved_libs
])
AC_SUBST([UNBOUND_CFLAGS])
AC_SUBST([UNBOUND_LIBS])
])

# SMTPC_CHECK_JANSSON
# JSON answers of the module; the library itself does without.
AC_DEFUN([SMTPC_CHECK_JANSSON], [
AC_REQUIRE([SMTPC_CHECK_HTTPD])
AS_IF([test "x$with_module" != xno],
  [PKG_CHECK_MODULES([JANSSON], [jansson >= 2.10], [],
     [SMTPC_MISSING([jansson, for the module's JSON answers],
                    [libjansson-dev])])])
])

# SMTPC_CHECK_HTTPD
# Sets APXS, HTTPD, HTTPD_INCLUDEDIR, HTTPD_CPPFLAGS, moduledir and the
# condition WITH_MODULE.
AC_DEFUN([SMTPC_CHECK_HTTPD], [
AC_ARG_WITH([module],
  [AS_HELP_STRING([--without-module], [build the library only, no httpd module])],
  [], [with_module=yes])
AC_ARG_WITH([apxs],
  [AS_HELP_STRING([--with-apxs=FILE], [httpd's apxs (default: apxs2 or apxs in PATH)])],
  [], [with_apxs=yes])
AC_ARG_WITH([httpd],
  [AS_HELP_STRING([--with-httpd=FILE], [httpd's binary (default: the one apxs names)])],
  [], [with_httpd=yes])
AC_ARG_WITH([module-dir],
  [AS_HELP_STRING([--with-module-dir=DIR],
     [install mod_smtpclient.so here (default: the folder apxs names)])],
  [], [with_module_dir=yes])
AS_IF([test "x$with_module" != xno], [smtpc_find_httpd])
AM_CONDITIONAL([WITH_MODULE], [test "x$with_module" != xno])
AC_SUBST([APXS])
AC_SUBST([HTTPD])
AC_SUBST([HTTPD_INCLUDEDIR])
AC_SUBST([HTTPD_CPPFLAGS])
AC_SUBST([moduledir])
])

m4_define([smtpc_find_httpd], [
smtpc_path="$PATH:/usr/local/apache2/bin:/usr/sbin"
AS_CASE([$with_apxs],
  [yes|no], [AC_PATH_PROGS([APXS], [apxs2 apxs], [], [$smtpc_path])],
  [APXS=$with_apxs])
AS_IF([test -z "$APXS" || test ! -x "$APXS"],
  [SMTPC_MISSING([httpd's apxs], [apache2-dev],
                 [or --with-apxs=FILE, or --without-module])],
  [AC_MSG_CHECKING([for httpd 2.4, headers])
   smtpc_version=`"$APXS" -q HTTPD_VERSION 2>/dev/null`
   HTTPD_INCLUDEDIR=`"$APXS" -q INCLUDEDIR 2>/dev/null`
   HTTPD_CPPFLAGS="-I$HTTPD_INCLUDEDIR `"$APXS" -q EXTRA_CPPFLAGS 2>/dev/null`"
   AS_IF([test -f "$HTTPD_INCLUDEDIR/httpd.h"],
     [AC_MSG_RESULT([$smtpc_version in $HTTPD_INCLUDEDIR])],
     [AC_MSG_RESULT([no httpd.h])
      SMTPC_MISSING([the headers of httpd 2.4], [apache2-dev])])
   AS_CASE([$smtpc_version], [1.*|2.@<:@0123@:>@.*],
     [SMTPC_MISSING([httpd 2.4 or newer, this is $smtpc_version], [apache2-dev])])
   AC_MSG_CHECKING([for httpd's binary])
   AS_CASE([$with_httpd],
     [yes|no], [HTTPD="`"$APXS" -q SBINDIR 2>/dev/null`/`"$APXS" -q PROGNAME 2>/dev/null`"],
     [HTTPD=$with_httpd])
   AS_IF([test -x "$HTTPD"], [AC_MSG_RESULT([$HTTPD])],
     [AC_MSG_RESULT([no $HTTPD])
      HTTPD=
      SMTPC_NOTE([httpd's binary was not found: no demo, no module tests (apt-get install apache2-bin)])])
   AC_MSG_CHECKING([where modules go])
   AS_CASE([$with_module_dir],
     [yes|no], [moduledir=`"$APXS" -q LIBEXECDIR 2>/dev/null`],
     [moduledir=$with_module_dir])
   AC_MSG_RESULT([$moduledir])])
])

# SMTPC_CHECK_TEST_TOOLS
# The build does without them; the summary says which tests they are for.
AC_DEFUN([SMTPC_CHECK_TEST_TOOLS], [
AC_PATH_PROG([PERL], [perl])
AC_PATH_PROG([VALGRIND], [valgrind])
AC_PATH_PROGS([CTAGS], [ctags-universal ctags])
AS_IF([test -z "$PERL"],
  [SMTPC_NOTE([no perl: the module, interop and browser tests cannot run (apt-get install perl)])],
  [AC_MSG_CHECKING([for Apache::Test])
   AS_IF(["$PERL" -MApache::Test -e 1 2>/dev/null],
     [AC_MSG_RESULT([yes])],
     [AC_MSG_RESULT([no])
      SMTPC_NOTE([no Apache::Test: the module tests cannot run (apt-get install libapache2-mod-perl2)])])])
AS_IF([test -z "$VALGRIND"],
  [SMTPC_NOTE([no valgrind: its run of the module tests is missing (apt-get install valgrind)])])
AS_IF([test -z "$CTAGS"],
  [SMTPC_NOTE([no ctags: t/lint/sizes cannot run (apt-get install universal-ctags)])])
])

# SMTPC_SUMMARY
AC_DEFUN([SMTPC_SUMMARY], [
AS_ECHO(["
$PACKAGE_NAME $PACKAGE_VERSION
  library       $prefix (libdir $libdir)
  httpd module  `test "x$with_module" = xno && echo 'not built' || echo "$moduledir"`
  httpd         ${HTTPD:-none}
  TLSA records  `test -n "$UNBOUND_LIBS" && echo 'looked up by libunbound' || echo 'given as a setting only'`
  libgsasl      $with_gsasl
  sanitizers    $enable_sanitize
  coverage      $enable_coverage"])
AS_IF([test -n "$smtpc_notes"], [AS_ECHO(["
Optional parts that are missing:
$smtpc_notes"])])
])
