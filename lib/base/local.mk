# SPDX-License-Identifier: Apache-2.0
# lib/base
libsmtpclient_core_la_SOURCES += \
	lib/base/buf.c lib/base/buf.h \
	lib/base/codec.c lib/base/codec.h \
	lib/base/crlf.c lib/base/crlf.h \
	lib/base/describe.c \
	lib/base/digest.c lib/base/digest.h \
	lib/base/env.c lib/base/env_int.h \
	lib/base/hostname.c lib/base/hostname.h \
	lib/base/limits.h \
	lib/base/result.c lib/base/result_int.h \
	lib/base/secret.c lib/base/secret_int.h \
	lib/base/secret_load.c lib/base/secret_store.h \
	lib/base/source.c lib/base/source_brigade.c lib/base/source_file.c \
	lib/base/source_int.h lib/base/source_open.c \
	lib/base/status.c
