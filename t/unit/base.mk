# SPDX-License-Identifier: Apache-2.0
unit_tests += \
	t/unit/buf_test \
	t/unit/codec_test \
	t/unit/crlf_test \
	t/unit/describe_test \
	t/unit/digest_test \
	t/unit/env_test \
	t/unit/hostname_test \
	t/unit/result_test \
	t/unit/secret_load_test \
	t/unit/secret_test \
	t/unit/source_brigade_test \
	t/unit/source_file_test \
	t/unit/source_open_test \
	t/unit/source_test \
	t/unit/status_test
threaded_tests += t/unit/env_test
testsupport_sources += \
	t/support/clock.c t/support/clock.h \
	t/support/process.c t/support/process.h
