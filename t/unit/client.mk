# SPDX-License-Identifier: Apache-2.0
# lib/client.
unit_tests += \
	t/unit/client_apply_test \
	t/unit/client_ask_test \
	t/unit/client_async_end_test \
	t/unit/client_async_many_test \
	t/unit/client_async_test \
	t/unit/client_auth_test \
	t/unit/client_batch_test \
	t/unit/client_cancel_test \
	t/unit/client_check_test \
	t/unit/client_dkim_test \
	t/unit/client_fork_test \
	t/unit/client_headers_test \
	t/unit/client_limits_test \
	t/unit/client_load_test \
	t/unit/client_pool_test \
	t/unit/client_raw_test \
	t/unit/client_route_test \
	t/unit/client_run_test \
	t/unit/client_send_test \
	t/unit/client_settings_test \
	t/unit/client_test \
	t/unit/client_threads_test \
	t/unit/client_tls_test \
	t/unit/client_watch_test \
	t/unit/conn_dane_test \
	t/unit/conn_open_test \
	t/unit/conn_owner_test \
	t/unit/conn_test \
	t/unit/conn_work_test \
	t/unit/delivery_test \
	t/unit/engine_test \
	t/unit/injection_test \
	t/unit/lockout_test \
	t/unit/op_lane_test \
	t/unit/op_model_test \
	t/unit/op_test \
	t/unit/op_timeout_test \
	t/unit/pickup_test \
	t/unit/pool_test \
	t/unit/rate_test
threaded_tests += \
	t/unit/client_async_end_test \
	t/unit/client_async_many_test \
	t/unit/client_async_test \
	t/unit/client_batch_test \
	t/unit/client_cancel_test \
	t/unit/client_headers_test \
	t/unit/client_load_test \
	t/unit/client_pool_test \
	t/unit/client_send_test \
	t/unit/client_settings_test \
	t/unit/client_test \
	t/unit/client_threads_test \
	t/unit/conn_dane_test \
	t/unit/conn_test \
	t/unit/conn_work_test \
	t/unit/engine_test \
	t/unit/op_model_test \
	t/unit/pool_test
testsupport_sources += t/support/async.c t/support/async.h \
	t/support/batch.c t/support/batch.h \
	t/support/echo.c t/support/echo.h \
	t/support/mail.c t/support/mail.h \
	t/support/sink.c t/support/sink.h t/support/sink_int.h \
	t/support/sink_mail.c t/support/sink_smtp.c
