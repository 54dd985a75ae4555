# SPDX-License-Identifier: Apache-2.0
unit_tests += \
	t/unit/address_dotnet_test \
	t/unit/address_injection_test \
	t/unit/address_list_test \
	t/unit/address_parse_test \
	t/unit/address_test \
	t/unit/caps_test \
	t/unit/envelope_test \
	t/unit/extension_test \
	t/unit/host_test \
	t/unit/nfc_test \
	t/unit/reply_test \
	t/unit/server_test \
	t/unit/settings_parse_test \
	t/unit/settings_test \
	t/unit/xml_test
