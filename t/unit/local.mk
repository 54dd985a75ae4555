# SPDX-License-Identifier: Apache-2.0
# C tests. A layer's fragment adds its programs to unit_tests; the source of
# t/unit/x_test is t/unit/x_test.c by automake's default rule, and all of them
# link the same libraries. Programs that use threads are named a second time
# in threaded_tests: those also run under ThreadSanitizer. Those of long_tests
# run for as long as all others; ./bootstrap check has them where memory is
# watched (asan), make check has them, too.
# Helpers shared by tests are sources of libtestsupport.la.

unit_tests =
long_tests =
threaded_tests =
testsupport_sources =

include $(top_srcdir)/t/unit/tap.mk
include $(top_srcdir)/t/unit/base.mk
include $(top_srcdir)/t/unit/model.mk
include $(top_srcdir)/t/unit/mime.mk
include $(top_srcdir)/t/unit/proto.mk
include $(top_srcdir)/t/unit/net.mk
include $(top_srcdir)/t/unit/client.mk
include $(top_srcdir)/t/unit/module.mk
include $(top_srcdir)/t/security/local.mk
include $(top_srcdir)/t/fault/local.mk

noinst_LTLIBRARIES += libtestsupport.la
libtestsupport_la_SOURCES = $(testsupport_sources)

check_PROGRAMS += $(long_tests) $(unit_tests)
LDADD = libtestsupport.la libtap.la libformparser.la libsmtpclient_core.la

TESTS += $(long_tests) $(unit_tests)
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = \
	TOP_SRCDIR='$(abs_top_srcdir)'; export TOP_SRCDIR; \
	TOP_BUILDDIR='$(abs_top_builddir)'; export TOP_BUILDDIR;

# For ./bootstrap check, which builds these and runs them itself.
.PHONY: build-unit build-long build-threaded
.PHONY: list-unit list-long list-threaded
build-unit: $(unit_tests)
build-long: $(long_tests)
build-threaded: $(threaded_tests)
list-unit:
	@for t in $(unit_tests); do echo $$t; done
list-long:
	@for t in $(long_tests); do echo $$t; done
list-threaded:
	@for t in $(threaded_tests); do echo $$t; done
