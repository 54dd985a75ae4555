# SPDX-License-Identifier: Apache-2.0
unit_tests += \
	t/unit/form_multipart_test \
	t/unit/form_parser_test \
	t/unit/form_urlencoded_test
testsupport_sources += t/support/form_support.c t/support/form_support.h
