# SPDX-License-Identifier: Apache-2.0
# lib/mime
libsmtpclient_core_la_SOURCES += \
	lib/mime/ascii.h \
	lib/mime/attachment.c \
	lib/mime/calendar.c \
	lib/mime/charset.c lib/mime/charset.h \
	lib/mime/content_type.c lib/mime/content_type.h \
	lib/mime/dkim.c lib/mime/dkim_int.h \
	lib/mime/dkim_canon.c lib/mime/dkim_canon.h \
	lib/mime/dkim_sign.c lib/mime/dkim_sign.h \
	lib/mime/eml.c lib/mime/eml.h \
	lib/mime/encode.c lib/mime/encode.h \
	lib/mime/entity.c lib/mime/entity_priv.h \
	lib/mime/entity_content.c \
	lib/mime/entity_field.c \
	lib/mime/flowed.c lib/mime/flowed.h \
	lib/mime/header.c lib/mime/header.h \
	lib/mime/headers.c \
	lib/mime/ident.c lib/mime/ident.h \
	lib/mime/list_headers.c \
	lib/mime/leaf.c lib/mime/leaf.h \
	lib/mime/message.c lib/mime/message_int.h lib/mime/message_priv.h \
	lib/mime/message_body.c \
	lib/mime/message_content.c lib/mime/message_content.h \
	lib/mime/message_envelope.c \
	lib/mime/message_extension.c \
	lib/mime/message_field.c \
	lib/mime/message_header.c lib/mime/message_header.h \
	lib/mime/message_load.c \
	lib/mime/message_render.c \
	lib/mime/message_save.c \
	lib/mime/mime_table.c lib/mime/mime_table.h \
	lib/mime/mime_type.c \
	lib/mime/nested.c lib/mime/nested.h \
	lib/mime/param.c lib/mime/param.h \
	lib/mime/part.c lib/mime/part.h \
	lib/mime/private_key.c lib/mime/private_key.h \
	lib/mime/quoted.c lib/mime/quoted.h \
	lib/mime/resent.c \
	lib/mime/scan.c lib/mime/scan.h \
	lib/mime/smime.c lib/mime/smime_int.h \
	lib/mime/smime_wrap.c \
	lib/mime/view.c \
	lib/mime/word.c lib/mime/word.h \
	lib/mime/word_decode.c lib/mime/word_decode.h
