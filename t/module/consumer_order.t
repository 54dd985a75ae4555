#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The optional functions are found whichever module is loaded first, and a
# module that can do without ours runs without ours.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use Apache::Test ();
use FormTest;
use PrivateHttpd;
use Test::More;

plan skip_all => 'no second module'
    if !Apache::Test::have_module('smtpclient_consumer');

my $sends = "SMTPHost 127.0.0.1\nSMTPPort @{[vars('smtp_good_port')]}\n"
    . "SMTPFrom order\@test.example\n";
my $handler = "<Location /consumer>\nSetHandler smtpclient-consumer\n</Location>\n";
for my $order (['smtpclient', 'smtpclient_consumer'],
    ['smtpclient_consumer', 'smtpclient'], ['smtpclient_consumer']) {
    my $name = join ' before ', @$order;
    my $httpd = PrivateHttpd->new(modules => $order,
        config => (@$order > 1 ? $sends : '') . $handler);
    fake()->reset('good');
    $httpd->start;
    my $answer = $httpd->get('/consumer?request');
    like($answer->content, @$order > 1 ? qr/^status: APR_SUCCESS$/m
        : qr/^status: absent$/m, $name) or diag($httpd->log);
    is($httpd->get('/consumer?process')->code, 200, '  and the child lives');
    $httpd->stop;
    unlike($httpd->log, qr/exit signal|undefined symbol/, '  no complaint');
}
done_testing;
