# SPDX-License-Identifier: Apache-2.0
# Hostile servers: each test is named after an id of the list of threats in
# t/lint/threats.t, which sees to it that each id has one. C programs run with
# the unit tests and their sanitizers, *.t in httpd by t/TEST.
unit_tests += \
	t/security/certificate_test \
	t/security/dane_test \
	t/security/resume_test \
	t/security/starttls_test \
	t/security/tls_test
threaded_tests += \
	t/security/tls_test
testsupport_sources += \
	t/support/hostile.c t/support/hostile.h \
	t/support/hostile_run.c \
	t/support/row.c t/support/row.h

# Replies that are not SMTP.
unit_tests += \
	t/security/content_test \
	t/security/east_test \
	t/security/envelope_test \
	t/security/matrix_test \
	t/security/parser_test \
	t/security/smuggling_test \
	t/security/split_test

# Connections that are used again, and servers that are slow.
unit_tests += \
	t/security/process_test \
	t/security/reuse_test \
	t/security/slow_test \
	t/security/threads_test
threaded_tests += \
	t/security/threads_test

EXTRA_DIST += t/security/hostile_servers.t

# Logging in.
unit_tests += t/security/login_test
if WITH_GSASL
unit_tests += t/security/core_test t/security/sasl_test
else
EXTRA_DIST += t/security/core_test.c t/security/sasl_test.c
endif
