# SPDX-License-Identifier: Apache-2.0
# Programs that ./bootstrap bench measures with. Nothing else builds them, and
# what they compare with is looked for when they are built, so that neither
# configure nor the product knows of it.

bench_programs = bench/awake bench/compose bench/send bench/send_batch \
	bench/send_limit bench/sink bench/timed
bench_peers = bench/compose_gmime bench/compose_curl bench/send_curl \
	bench/send_esmtp
bench_shared = bench/meter.c bench/meter.h bench/sample.c bench/sample.h
bench_client = bench/client.c bench/client.h $(bench_shared)

EXTRA_PROGRAMS += $(bench_programs) $(bench_peers)
CLEANFILES += $(bench_programs) $(bench_peers)
EXTRA_DIST += bench/README bench/chart bench/peers bench/report \
	bench/rounds bench/run

bench_awake_SOURCES = bench/awake.c $(bench_shared)

bench_compose_SOURCES = bench/compose.c $(bench_shared)
bench_compose_LDADD = libsmtpclient_core.la

bench_send_SOURCES = bench/send.c $(bench_client)
bench_send_LDADD = libsmtpclient.la $(APR_LIBS)

bench_send_batch_SOURCES = bench/send_batch.c $(bench_client)
bench_send_batch_LDADD = libsmtpclient.la $(APR_LIBS)

bench_send_limit_SOURCES = bench/send_limit.c $(bench_client)
bench_send_limit_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
bench_send_limit_LDADD = $(OPENSSL_LIBS)

bench_sink_SOURCES = bench/sink.c bench/sink.h bench/sink_hash.c \
	bench/sink_hash.h bench/sink_smtp.c bench/sink_tls.c
bench_sink_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
bench_sink_LDADD = $(OPENSSL_LIBS)

bench_timed_SOURCES = bench/timed.c $(bench_shared)

# Those of the peer that is being built.
BENCH_CFLAGS =
BENCH_LIBS =

bench_compose_gmime_SOURCES = bench/compose_gmime.c $(bench_shared)
bench_compose_gmime_CFLAGS = $(AM_CFLAGS) $(BENCH_CFLAGS)
bench_compose_gmime_LDADD = $(BENCH_LIBS)

bench_compose_curl_SOURCES = bench/compose_curl.c $(bench_shared)
bench_compose_curl_CFLAGS = $(AM_CFLAGS) -pthread $(BENCH_CFLAGS)
bench_compose_curl_LDADD = $(BENCH_LIBS) -lpthread

bench_send_curl_SOURCES = bench/send_curl.c $(bench_client)
bench_send_curl_CFLAGS = $(AM_CFLAGS) $(BENCH_CFLAGS)
bench_send_curl_LDADD = $(BENCH_LIBS)

bench_send_esmtp_SOURCES = bench/send_esmtp.c $(bench_client)
bench_send_esmtp_CFLAGS = $(AM_CFLAGS) $(BENCH_CFLAGS)
bench_send_esmtp_LDADD = $(BENCH_LIBS)

.PHONY: build-bench
build-bench: $(bench_programs)
	@for peer in compose_gmime:gmime-3.0 compose_curl:libcurl \
	    send_curl:libcurl send_esmtp:libesmtp-1.0; do \
	  program="bench/$${peer%:*}"; package="$${peer#*:}"; \
	  if $(PKG_CONFIG) --exists "$$package"; then \
	    $(MAKE) $(AM_MAKEFLAGS) "$$program" \
	      BENCH_CFLAGS="`$(PKG_CONFIG) --cflags $$package`" \
	      BENCH_LIBS="`$(PKG_CONFIG) --libs $$package`" || exit 1; \
	  else \
	    rm -f "$$program"; \
	    echo "build-bench: $$package is not there: left out"; \
	  fi; \
	done
