# SPDX-License-Identifier: Apache-2.0
testsupport_sources += t/unit/mime_support.c t/unit/mime_support.h
unit_tests += \
	t/unit/attachment_test \
	t/unit/content_type_test \
	t/unit/encode_test \
	t/unit/header_test \
	t/unit/ident_test \
	t/unit/message_content_test \
	t/unit/message_envelope_test \
	t/unit/message_field_test \
	t/unit/message_random_test \
	t/unit/message_render_test \
	t/unit/message_save_test \
	t/unit/message_test \
	t/unit/mime_type_test \
	t/unit/param_test \
	t/unit/part_test \
	t/unit/quoted_test \
	t/unit/scan_test \
	t/unit/word_test
