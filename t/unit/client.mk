# SPDX-License-Identifier: Apache-2.0
# lib/client.
unit_tests += \
	t/unit/client_apply_test \
	t/unit/client_check_test \
	t/unit/client_dkim_test \
	t/unit/client_headers_test \
	t/unit/client_raw_test \
	t/unit/client_send_test \
	t/unit/client_settings_test \
	t/unit/client_test \
	t/unit/client_threads_test \
	t/unit/conn_open_test \
	t/unit/conn_test \
	t/unit/injection_test \
	t/unit/pickup_test
threaded_tests += \
	t/unit/client_headers_test \
	t/unit/client_settings_test \
	t/unit/client_send_test \
	t/unit/client_test \
	t/unit/client_threads_test \
	t/unit/conn_test
testsupport_sources += t/support/mail.c t/support/mail.h
