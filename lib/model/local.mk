# SPDX-License-Identifier: Apache-2.0
# lib/model
libsmtpclient_core_la_SOURCES += \
	lib/model/address.c lib/model/address_int.h \
	lib/model/address_list.c \
	lib/model/address_parse.c lib/model/address_parse.h \
	lib/model/caps.c lib/model/caps.h \
	lib/model/envelope.c lib/model/envelope.h \
	lib/model/extension.c \
	lib/model/host.c lib/model/host.h \
	lib/model/nfc.c lib/model/nfc.h \
	lib/model/reply.c lib/model/reply.h \
	lib/model/server.c lib/model/server.h \
	lib/model/settings.c lib/model/settings_int.h \
	lib/model/settings_parse.c \
	lib/model/xclient.h \
	lib/model/xml.c lib/model/xml.h
