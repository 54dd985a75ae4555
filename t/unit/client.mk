# SPDX-License-Identifier: Apache-2.0
unit_tests += \
	t/unit/client_test \
	t/unit/client_threads_test \
	t/unit/conn_test \
	t/unit/pickup_test
threaded_tests += \
	t/unit/client_test \
	t/unit/client_threads_test \
	t/unit/conn_test
