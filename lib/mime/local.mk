# SPDX-License-Identifier: Apache-2.0
# lib/mime
libsmtpclient_core_la_SOURCES += \
	lib/mime/ascii.h \
	lib/mime/attachment.c \
	lib/mime/content_type.c lib/mime/content_type.h \
	lib/mime/encode.c lib/mime/encode.h \
	lib/mime/header.c lib/mime/header.h \
	lib/mime/ident.c lib/mime/ident.h \
	lib/mime/message.c lib/mime/message_int.h lib/mime/message_priv.h \
	lib/mime/message_content.c lib/mime/message_content.h \
	lib/mime/message_envelope.c \
	lib/mime/message_field.c \
	lib/mime/message_render.c \
	lib/mime/message_save.c \
	lib/mime/mime_type.c \
	lib/mime/param.c lib/mime/param.h \
	lib/mime/part.c lib/mime/part.h \
	lib/mime/quoted.c lib/mime/quoted.h \
	lib/mime/scan.c lib/mime/scan.h \
	lib/mime/word.c lib/mime/word.h
