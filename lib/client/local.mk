# SPDX-License-Identifier: Apache-2.0
# lib/client
libsmtpclient_core_la_SOURCES += \
	lib/client/client.c lib/client/client_int.h \
	lib/client/client_apply.c lib/client/client_check.c \
	lib/client/client_ask.c lib/client/client_async.c \
	lib/client/client_auth.c lib/client/client_batch.c \
	lib/client/client_dkim.c lib/client/client_headers.c \
	lib/client/client_limits.c \
	lib/client/client_raw.c lib/client/client_route.c \
	lib/client/client_run.c lib/client/client_send.c \
	lib/client/client_settings.c lib/client/client_tls.c \
	lib/client/conn.c lib/client/conn.h lib/client/conn_int.h \
	lib/client/conn_dane.c lib/client/conn_open.c lib/client/conn_owner.c \
	lib/client/conn_work.c \
	lib/client/delivery.c \
	lib/client/engine.c lib/client/engine.h \
	lib/client/lockout.c lib/client/lockout.h \
	lib/client/op.c lib/client/op.h lib/client/op_int.h \
	lib/client/op_lane.c \
	lib/client/pickup.c lib/client/pickup.h \
	lib/client/pool.c lib/client/pool.h \
	lib/client/rate.c lib/client/rate.h
