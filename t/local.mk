# SPDX-License-Identifier: Apache-2.0
# Tests: C programs in unit/, and suites in Perl that need a built tree.
# Folders are named as a whole, but not those that are compiled in: make dist
# would take the objects along. t/lint/registered.t sees to it that nothing is
# left out.

EXTRA_DIST += t/TEST t/conf t/lib t/module t/browser t/lint t/static t/coverage \
	t/interop/aiosmtpd.t t/interop/concurrent.t t/interop/dkim.t \
	t/interop/dovecot.t t/interop/exim.t t/interop/fake.t \
	t/interop/kerberos.t \
	t/interop/memory.t t/interop/mime.t t/interop/opensmtpd.t \
	t/interop/postfix.t t/interop/readme.t t/interop/rig.t \
	t/interop/sending.t t/interop/smime.t t/interop/smuggling.t \
	t/support/mimecheck.py t/support/mimedump.py t/support/valgrind.supp

include $(top_srcdir)/t/unit/local.mk
include $(top_srcdir)/t/consumer/local.mk
include $(top_srcdir)/t/interop/local.mk
include $(top_srcdir)/t/fuzz/local.mk

# A name server for suites in Perl.
check_PROGRAMS += t/support/name_server
t_support_name_server_SOURCES = t/support/name_server.c

# The suite for the httpd module. t/TEST works on a copy of its own and leaves
# nothing here but the logs, in t/logs.
MODULE_TEST_FLAGS =
CHECK_MODULE = yes

.PHONY: build-module-tests check-module list-dist
build-module-tests: all $(check_LTLIBRARIES) t/support/name_server

check-module: build-module-tests
	TOP_SRCDIR='$(abs_top_srcdir)' TOP_BUILDDIR='$(abs_top_builddir)' \
	  HTTPD='$(HTTPD)' APXS='$(APXS)' \
	  $(PERL) '$(abs_top_srcdir)/t/TEST' $(MODULE_TEST_FLAGS)

# make check CHECK_MODULE=no runs the C tests alone.
if WITH_MODULE
check-local:
	@if test '$(CHECK_MODULE)' = yes; then \
	  $(MAKE) $(AM_MAKEFLAGS) check-module; \
	else echo 'module tests left out: CHECK_MODULE=$(CHECK_MODULE)'; fi
endif

# For t/lint/registered.t.
list-dist:
	@for f in $(DISTFILES); do echo $$f; done | sed 's|^$(top_srcdir)/||'

clean-local:
	rm -rf t/logs
	rm -rf $(fuzz_programs:=.corpus) $(fuzz_programs:=.log)
