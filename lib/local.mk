# SPDX-License-Identifier: Apache-2.0
# The library. Layers add their files to libsmtpclient_core.la, which the
# tests link to reach private functions; libsmtpclient.la is the same code
# with everything hidden that lib/libsmtpclient.map does not name.

noinst_LTLIBRARIES += libsmtpclient_core.la
libsmtpclient_core_la_SOURCES =
libsmtpclient_core_la_LIBADD = $(APU_LIBS) $(APR_LIBS) $(OPENSSL_LIBS) \
	$(IDN2_LIBS) $(UNISTRING_LIBS) $(UNBOUND_LIBS) $(GSASL_LIBS)

lib_LTLIBRARIES += libsmtpclient.la
libsmtpclient_la_SOURCES =
libsmtpclient_la_LIBADD = libsmtpclient_core.la
# nodelete: httpd unloads and reloads modules at a restart, but OpenSSL may
# still hold pointers into this library (BIO methods, ex_data).
libsmtpclient_la_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_LDFLAGS) -no-undefined \
	-version-info $(SMTPC_LT_VERSION) -Wl,-z,nodelete \
	-Wl,--version-script=$(top_srcdir)/lib/libsmtpclient.map
EXTRA_libsmtpclient_la_DEPENDENCIES = lib/libsmtpclient.map

smtpclientincludedir = $(includedir)/smtpclient
smtpclientinclude_HEADERS = \
	lib/include/smtpclient/address.h \
	lib/include/smtpclient/attachment.h \
	lib/include/smtpclient/client.h \
	lib/include/smtpclient/client_auth.h \
	lib/include/smtpclient/client_limits.h \
	lib/include/smtpclient/client_route.h \
	lib/include/smtpclient/client_tls.h \
	lib/include/smtpclient/declare.h \
	lib/include/smtpclient/dkim.h \
	lib/include/smtpclient/entity.h \
	lib/include/smtpclient/env.h \
	lib/include/smtpclient/event.h \
	lib/include/smtpclient/extension.h \
	lib/include/smtpclient/headers.h \
	lib/include/smtpclient/message.h \
	lib/include/smtpclient/mime_type.h \
	lib/include/smtpclient/result.h \
	lib/include/smtpclient/secret.h \
	lib/include/smtpclient/settings.h \
	lib/include/smtpclient/proxy.h \
	lib/include/smtpclient/security.h \
	lib/include/smtpclient/smtpclient.h \
	lib/include/smtpclient/smime.h \
	lib/include/smtpclient/source.h \
	lib/include/smtpclient/status.h \
	lib/include/smtpclient/view.h \
	lib/include/smtpclient/xclient.h

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = lib/smtpclient.pc

EXTRA_DIST += lib/libsmtpclient.map

include $(top_srcdir)/lib/base/local.mk
include $(top_srcdir)/lib/model/local.mk
include $(top_srcdir)/lib/mime/local.mk
include $(top_srcdir)/lib/proto/local.mk
include $(top_srcdir)/lib/net/local.mk
include $(top_srcdir)/lib/client/local.mk
