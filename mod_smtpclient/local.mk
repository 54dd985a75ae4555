# SPDX-License-Identifier: Apache-2.0
# The httpd module. It sees the installed headers of the library and nothing
# else of it. libformparser.la is free of httpd, so that unit tests link it.

noinst_LTLIBRARIES += libformparser.la
libformparser_la_SOURCES =
libformparser_la_CPPFLAGS = -I$(top_srcdir)/lib/include $(APR_CPPFLAGS)

if WITH_MODULE
module_LTLIBRARIES += mod_smtpclient/mod_smtpclient.la
include_HEADERS = mod_smtpclient/mod_smtpclient.h
endif
mod_smtpclient_mod_smtpclient_la_SOURCES = \
	mod_smtpclient/api.c \
	mod_smtpclient/api.h \
	mod_smtpclient/cfg.c \
	mod_smtpclient/cfg.h \
	mod_smtpclient/cfg_check.c \
	mod_smtpclient/cfg_cmds.c \
	mod_smtpclient/cfg_dkim.c \
	mod_smtpclient/cfg_parse.c \
	mod_smtpclient/form.h \
	mod_smtpclient/form_answer.c \
	mod_smtpclient/form_body.c \
	mod_smtpclient/form_expr.c \
	mod_smtpclient/form_handler.c \
	mod_smtpclient/form_message.c \
	mod_smtpclient/lifecycle.c \
	mod_smtpclient/log.c \
	mod_smtpclient/mod_smtpclient.c \
	mod_smtpclient/module.h
mod_smtpclient_mod_smtpclient_la_CPPFLAGS = $(MODULE_CPPFLAGS)
mod_smtpclient_mod_smtpclient_la_CFLAGS = $(MODULE_CFLAGS)
mod_smtpclient_mod_smtpclient_la_LDFLAGS = $(MODULE_LDFLAGS) \
	-export-symbols-regex '^smtpclient_module$$'
mod_smtpclient_mod_smtpclient_la_LIBADD = libformparser.la libsmtpclient.la \
	$(JANSSON_LIBS)

include $(top_srcdir)/mod_smtpclient/form.mk
