# SPDX-License-Identifier: Apache-2.0
# What conf/ puts into the tarball.
EXTRA_DIST += conf/demo/run conf/demo/httpd.conf.in conf/demo/mime.types \
	conf/demo/site/index.html conf/demo/site/contact.html \
	conf/demo/site/thanks.html conf/demo/site/sorry.html \
	conf/demo/site/style.css conf/demo/site/contact.js \
	conf/demo/site/outbox/header.html \
	conf/demo/site/outbox/readme-files.html \
	conf/demo/site/outbox/readme-server.html
EXTRA_DIST += conf/smtpclient.conf.in
