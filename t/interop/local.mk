# SPDX-License-Identifier: Apache-2.0
# Against real servers. send is driven by scripts in other languages.
if WITH_MODULE
check_PROGRAMS += t/interop/send
t_interop_send_SOURCES = t/interop/send.c
t_interop_send_CPPFLAGS = -I$(top_srcdir)/lib/include $(APR_CPPFLAGS) \
	$(JANSSON_CFLAGS)
t_interop_send_LDADD = libsmtpclient.la $(APU_LIBS) $(APR_LIBS) \
	$(JANSSON_LIBS)
endif

if WITH_GSASL
check_PROGRAMS += t/interop/kerberos
else
EXTRA_DIST += t/interop/kerberos.c
endif
