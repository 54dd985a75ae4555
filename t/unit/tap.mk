# SPDX-License-Identifier: Apache-2.0
# The TAP producer that every C test links, and its own test.
noinst_LTLIBRARIES += libtap.la
libtap_la_SOURCES = t/tap/tap.c t/tap/tap.h
unit_tests += t/unit/tap_test
