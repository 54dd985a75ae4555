# SPDX-License-Identifier: Apache-2.0
# The protocol: bytes in, bytes out, no sockets.
libsmtpclient_core_la_SOURCES += \
	lib/proto/command.c lib/proto/command.h \
	lib/proto/dot.c lib/proto/dot.h \
	lib/proto/reply_parser.c lib/proto/reply_parser.h \
	lib/proto/sasl.c lib/proto/sasl.h lib/proto/sasl_int.h \
	lib/proto/sasl_login.c lib/proto/sasl_oauth.c \
	lib/proto/sasl_plain.c lib/proto/sasl_scram.c \
	lib/proto/session.c lib/proto/session.h lib/proto/session_int.h \
	lib/proto/session_auth.c \
	lib/proto/session_ask.c lib/proto/session_close.c \
	lib/proto/session_content.c lib/proto/session_tx.c \
	lib/proto/session_hello.c \
	lib/proto/session_mail.c \
	lib/proto/steps.c \
	lib/proto/terms.c lib/proto/terms.h

if WITH_GSASL
libsmtpclient_core_la_SOURCES += lib/proto/sasl_gsasl.c
else
EXTRA_DIST += lib/proto/sasl_gsasl.c
endif
