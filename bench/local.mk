# SPDX-License-Identifier: Apache-2.0
# Programs that ./bootstrap bench measures with. Nothing else builds them, and
# what they compare with is looked for when they are built, so that neither
# configure nor the product knows of it.

bench_programs = bench/compose
bench_peers = bench/compose_gmime bench/compose_curl
bench_shared = bench/meter.c bench/meter.h bench/sample.c bench/sample.h

EXTRA_PROGRAMS += $(bench_programs) $(bench_peers)
CLEANFILES += $(bench_programs) $(bench_peers)
EXTRA_DIST += bench/README bench/chart bench/report bench/run

bench_compose_SOURCES = bench/compose.c $(bench_shared)
bench_compose_LDADD = libsmtpclient_core.la

# Those of the peer that is being built.
BENCH_CFLAGS =
BENCH_LIBS =

bench_compose_gmime_SOURCES = bench/compose_gmime.c $(bench_shared)
bench_compose_gmime_CFLAGS = $(AM_CFLAGS) $(BENCH_CFLAGS)
bench_compose_gmime_LDADD = $(BENCH_LIBS)

bench_compose_curl_SOURCES = bench/compose_curl.c $(bench_shared)
bench_compose_curl_CFLAGS = $(AM_CFLAGS) -pthread $(BENCH_CFLAGS)
bench_compose_curl_LDADD = $(BENCH_LIBS) -lpthread

.PHONY: build-bench
build-bench: $(bench_programs)
	@for peer in compose_gmime:gmime-3.0 compose_curl:libcurl; do \
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
