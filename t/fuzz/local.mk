# SPDX-License-Identifier: Apache-2.0
# Entries for libFuzzer. They need a tree of their own, in which clang watches
# the library, too; ./bootstrap check fuzz makes it in build/fuzz:
#   configure --without-module CC=clang \
#     --enable-sanitize=address,undefined,fuzzer-no-link --disable-werror
# and then make fuzz FUZZ_SECONDS=3600 there runs each for an hour.
# The source of t/fuzz/x is t/fuzz/x.c, its inputs are in t/fuzz/corpus/x.

fuzz_programs = t/fuzz/address t/fuzz/caps t/fuzz/eml t/fuzz/form_parser \
	t/fuzz/header t/fuzz/pickup t/fuzz/reply t/fuzz/sasl t/fuzz/session \
	t/fuzz/settings
testsupport_sources += t/support/fuzz.c t/support/fuzz.h

EXTRA_PROGRAMS += $(fuzz_programs)
EXTRA_DIST += t/fuzz/corpus t/fuzz/run
CLEANFILES += $(fuzz_programs)
FUZZ_SECONDS = 30
FUZZ_JOBS = 2

# -fsanitize=fuzzer brings a main(): configure's own probes and the shared
# libraries, which are linked before, must not have it.
.PHONY: build-fuzz fuzz list-fuzz
build-fuzz:
	@case '$(INSTRUMENT_CFLAGS)' in *fuzzer-no-link*) ;; \
	*) echo 'make fuzz: this tree is not for fuzzing, see the head of' \
	  '$(top_srcdir)/t/fuzz/local.mk, or run ./bootstrap check fuzz' >&2; \
	  exit 1 ;; \
	esac
	$(MAKE) $(AM_MAKEFLAGS) $(LDADD)
	$(MAKE) $(AM_MAKEFLAGS) $(fuzz_programs) \
	  AM_LDFLAGS='$(AM_LDFLAGS) -fsanitize=fuzzer'

fuzz: build-fuzz
	FUZZ_SECONDS='$(FUZZ_SECONDS)' prove -v -j$(FUZZ_JOBS) \
	  --exec '$(top_srcdir)/t/fuzz/run' $(fuzz_programs)

list-fuzz:
	@for t in $(fuzz_programs); do echo $$t; done
