# SPDX-License-Identifier: Apache-2.0
# A second httpd module that sends mail through the first one's API. The tests
# load it; it is never installed (the -rpath only makes libtool build a .so).

if WITH_MODULE
check_LTLIBRARIES += t/consumer/mod_smtpclient_consumer.la
endif
t_consumer_mod_smtpclient_consumer_la_SOURCES = \
	t/consumer/mod_smtpclient_consumer.c
t_consumer_mod_smtpclient_consumer_la_CPPFLAGS = \
	-I$(top_srcdir)/mod_smtpclient $(MODULE_CPPFLAGS)
t_consumer_mod_smtpclient_consumer_la_CFLAGS = $(MODULE_CFLAGS)
t_consumer_mod_smtpclient_consumer_la_LDFLAGS = $(MODULE_LDFLAGS) \
	-rpath /nowhere -export-symbols-regex '^smtpclient_consumer_module$$'
t_consumer_mod_smtpclient_consumer_la_LIBADD = libsmtpclient.la
