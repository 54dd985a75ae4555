# SPDX-License-Identifier: Apache-2.0
# lib/net, and the servers that tests of it and of lib/client talk to.
unit_tests += \
	t/unit/dane_lookup_test \
	t/unit/dial_proxy_test \
	t/unit/dial_test \
	t/unit/job_test \
	t/unit/loop_post_test \
	t/unit/loop_test \
	t/unit/race_test \
	t/unit/resolve_test \
	t/unit/tcp_test \
	t/unit/tls_context_test \
	t/unit/tls_dane_test \
	t/unit/tls_pin_test \
	t/unit/tls_session_test \
	t/unit/tls_test \
	t/unit/tls_verify_test \
	t/unit/transport_test \
	t/unit/tunnel_test
threaded_tests += \
	t/unit/dane_lookup_test \
	t/unit/dial_proxy_test \
	t/unit/dial_test \
	t/unit/job_test \
	t/unit/loop_post_test \
	t/unit/resolve_test \
	t/unit/tls_session_test \
	t/unit/tls_test
testsupport_sources += \
	t/support/dns_zone.c t/support/dns_zone.h \
	t/support/peer.c t/support/peer.h \
	t/support/peer_smtp.c \
	t/support/peer_tls.c t/support/peer_tls.h
