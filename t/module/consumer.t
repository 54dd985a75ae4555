#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Another module sends mail with a client of ours. TEST_CONSUMER says whether
# it is loaded before or after us; consumer_order.t tries both.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use Apache::Test ();
use FormTest;
use Test::More;

plan skip_all => 'no second module'
    if !Apache::Test::have_module('smtpclient_consumer');

# The lines of the page as a hash.
sub page {
    my ($path) = @_;
    my $answer = GET($path);
    is($answer->code, 200, $path) or diag($answer->as_string);
    return map { /^([\w-]+):\s*(.*)$/ ? ($1 => $2) : () }
        split /\n/, $answer->content;
}

for my $how (qw(request server)) {
    fake()->reset('good');
    my %said = page("/consumer?$how");
    is($said{status}, 'APR_SUCCESS', "with a client of the $how") or
        diag(explain(\%said));
    my $m = mail_of('good');
    is($m->header('Message-ID'), $said{'message-id'}, '  it arrived');
    is($m->header('Subject'), 'From another module', '  as it was written');
    is($m->{envelope}{mail_from}, 'site@test.example', '  from SMTPFrom');
    is_deeply([map { $_->{address} } @{ $m->{envelope}{rcpts} }],
        ['consumer@example.net'], '  to whom the module says');
}
fake()->reset('good');
my %said = page('/consumer/inner?request');
is(mail_of('good')->{envelope}{mail_from}, 'inner@test.example',
    'the request sees the section');
fake()->reset('good');
%said = page('/consumer/inner?server');
is(mail_of('good')->{envelope}{mail_from}, 'site@test.example',
    'the server does not');
%said = page('/consumer/inner?settings');
is($said{timeout}, 7000, 'settings of the section');
is($said{port}, vars('smtp_good_port'), 'and what it inherits');
done_testing;
