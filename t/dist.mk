# SPDX-License-Identifier: Apache-2.0
# What stands beside the tested code: servers, parsers, browsers.

EXTRA_DIST += t/TEST t/conf/httpd.conf.in t/module/README \
	t/lib/fakesmtp.pl t/lib/traces.t \
	t/lib/Smtpc/CA.pm t/lib/Smtpc/FakeSMTP.pm \
	t/lib/Smtpc/FakeSMTP/Scenarios.pm t/lib/Smtpc/FakeSMTP/Session.pm \
	t/lib/Smtpc/Httpd.pm t/lib/Smtpc/Mime.pm t/lib/Smtpc/Postfix.pm \
	t/lib/Smtpc/Process.pm t/lib/Smtpc/Send.pm t/lib/Smtpc/TestHttpd.pm \
	t/lib/Smtpc/Wait.pm \
	t/support/mimedump.py t/support/valgrind.supp \
	t/browser/demo.t t/browser/form.py \
	t/interop/concurrent.t t/interop/fake.t t/interop/postfix.t \
	t/interop/rig.t
