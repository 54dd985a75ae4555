# SPDX-License-Identifier: Apache-2.0
# Scenarios that run once for every call that can fail, and the rig that lets
# it fail.
noinst_LTLIBRARIES += libfault.la
libfault_la_SOURCES = t/fault/fault.c t/fault/fault.h \
	t/fault/front.c t/fault/front.h \
	t/fault/inject.c t/fault/inject.h \
	t/fault/inject_calls.c t/fault/inject_calls.h t/fault/inject_files.c \
	t/fault/world.c t/fault/world.h
libfault_la_LIBADD = $(APR_LIBS)

long_tests += \
	t/fault/tls_test \
	t/fault/compose_test
unit_tests += \
	t/fault/login_test \
	t/fault/pool_test \
	t/fault/send_test \
	t/fault/value_test
t_fault_compose_test_LDADD = libfault.la $(LDADD)
t_fault_login_test_LDADD = libfault.la $(LDADD)
t_fault_pool_test_LDADD = libfault.la $(LDADD)
t_fault_send_test_LDADD = libfault.la $(LDADD)
t_fault_tls_test_LDADD = libfault.la $(LDADD)
t_fault_value_test_LDADD = libfault.la $(LDADD)
