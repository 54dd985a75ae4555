# SPDX-License-Identifier: Apache-2.0
# The form parser: no httpd headers, so that unit tests and the fuzzer link it.
libformparser_la_SOURCES += \
	mod_smtpclient/form_header.c \
	mod_smtpclient/form_multipart.c \
	mod_smtpclient/form_parser.c \
	mod_smtpclient/form_parser.h \
	mod_smtpclient/form_private.h \
	mod_smtpclient/form_text.c \
	mod_smtpclient/form_urlencoded.c
