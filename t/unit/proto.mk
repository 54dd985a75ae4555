# SPDX-License-Identifier: Apache-2.0
# lib/proto, and the scripted peer that tests it.
unit_tests += \
	t/unit/command_test \
	t/unit/dot_test \
	t/unit/replay_test \
	t/unit/reply_parser_test \
	t/unit/sasl_test \
	t/unit/sasl_login_test \
	t/unit/sasl_oauth_test \
	t/unit/sasl_plain_test \
	t/unit/sasl_scram_test \
	t/unit/session_test \
	t/unit/session_ask_test \
	t/unit/session_auth_test \
	t/unit/session_content_test \
	t/unit/session_close_test \
	t/unit/session_hello_test \
	t/unit/session_mail_test \
	t/unit/session_model_test \
	t/unit/session_tx_test \
	t/unit/states_test \
	t/unit/steps_test \
	t/unit/terms_test
testsupport_sources += \
	t/support/model_mail.c t/support/model_mail.h \
	t/support/model_server.c t/support/model_server.h \
	t/support/replay.c t/support/replay.h \
	t/support/replay_transport.c t/support/replay_transport.h \
	t/support/sasl_rig.c t/support/sasl_rig.h \
	t/support/session_cut.c \
	t/support/session_rig.c t/support/session_rig.h
EXTRA_DIST += \
	t/scripts/session_auth.txt \
	t/scripts/session_ask.txt \
	t/scripts/session_chunking.txt \
	t/scripts/session_close.txt \
	t/scripts/session_early.txt \
	t/scripts/session_hello.txt \
	t/scripts/session_lmtp.txt \
	t/scripts/session_mail.txt \
	t/scripts/session_parser.txt \
	t/scripts/session_pipelining.txt \
	t/scripts/session_tls.txt \
	t/scripts/session_oauth.txt \
	t/scripts/session_scram.txt \
	t/scripts/session_window.txt \
	t/scripts/session_xclient.txt

if WITH_GSASL
unit_tests += t/unit/sasl_gsasl_test
testsupport_sources += t/support/sasl_server.c t/support/sasl_server.h
else
EXTRA_DIST += t/unit/sasl_gsasl_test.c \
	t/support/sasl_server.c t/support/sasl_server.h
endif
