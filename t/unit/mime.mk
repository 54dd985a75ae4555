# SPDX-License-Identifier: Apache-2.0
testsupport_sources += t/unit/mime_support.c t/unit/mime_support.h \
	t/unit/random_message.c t/unit/random_message.h \
	t/support/dkim_support.c t/support/dkim_support.h \
	t/support/smime_support.c t/support/smime_support.h
unit_tests += \
	t/unit/attachment_test \
	t/unit/calendar_test \
	t/unit/charset_test \
	t/unit/content_type_test \
	t/unit/dkim_canon_test \
	t/unit/dkim_sign_test \
	t/unit/dkim_test \
	t/unit/eml_test \
	t/unit/encode_test \
	t/unit/entity_test \
	t/unit/entity_content_test \
	t/unit/entity_field_test \
	t/unit/flowed_test \
	t/unit/header_test \
	t/unit/headers_test \
	t/unit/ident_test \
	t/unit/leaf_test \
	t/unit/list_headers_test \
	t/unit/message_binary_test \
	t/unit/message_body_test \
	t/unit/message_content_test \
	t/unit/message_envelope_test \
	t/unit/message_extension_test \
	t/unit/message_field_test \
	t/unit/message_header_test \
	t/unit/message_load_test \
	t/unit/message_random_test \
	t/unit/message_render_test \
	t/unit/message_save_test \
	t/unit/message_test \
	t/unit/mime_table_test \
	t/unit/mime_type_test \
	t/unit/nested_test \
	t/unit/param_test \
	t/unit/part_test \
	t/unit/private_key_test \
	t/unit/quoted_test \
	t/unit/resent_test \
	t/unit/scan_test \
	t/unit/smime_test \
	t/unit/smime_wrap_test \
	t/unit/view_test \
	t/unit/word_decode_test \
	t/unit/word_test
threaded_tests += t/unit/dkim_test
