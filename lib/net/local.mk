# SPDX-License-Identifier: Apache-2.0
# lib/net
libsmtpclient_core_la_SOURCES += \
	lib/net/dane_lookup.c lib/net/dane_lookup.h \
	lib/net/dial.c lib/net/dial.h \
	lib/net/job.c lib/net/job.h \
	lib/net/loop.c lib/net/loop.h \
	lib/net/race.c lib/net/race.h \
	lib/net/resolve.c lib/net/resolve.h \
	lib/net/tcp.c lib/net/tcp.h \
	lib/net/tls.c lib/net/tls.h \
	lib/net/tls_context.c lib/net/tls_context.h \
	lib/net/tls_dane.c lib/net/tls_dane.h \
	lib/net/tls_pin.c lib/net/tls_pin.h \
	lib/net/tls_session.c lib/net/tls_session.h \
	lib/net/tls_verify.c lib/net/tls_verify.h \
	lib/net/transport.c lib/net/transport.h \
	lib/net/tunnel.c lib/net/tunnel.h
