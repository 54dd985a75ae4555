# SPDX-License-Identifier: Apache-2.0
# lib/client
libsmtpclient_core_la_SOURCES += \
	lib/client/client.c lib/client/client_int.h \
	lib/client/client_apply.c lib/client/client_check.c \
	lib/client/client_dkim.c lib/client/client_headers.c \
	lib/client/client_raw.c lib/client/client_send.c \
	lib/client/client_settings.c \
	lib/client/conn.c lib/client/conn.h lib/client/conn_int.h \
	lib/client/conn_open.c \
	lib/client/pickup.c lib/client/pickup.h
