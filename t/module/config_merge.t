#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Directives of the server, of a virtual host and of sections inside it: what
# is said further inside holds, what is not said is inherited.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use Apache::Test ();
use Apache::TestRequest ();
use FormTest;
use Test::More;

plan skip_all => 'no second module'
    if !Apache::Test::have_module('smtpclient_consumer');

my %NONE = ('ca-file' => '', 'verify-name' => '', pickup => '', delivery => 0);
my %MAIN = (%NONE, host => '127.0.0.1', port => vars('smtp_good_port'),
    security => 1, timeout => 20_000, user => '', mechanisms => '',
    from => '"Test site" <site@test.example>', hello => '');
my %VHOST = (%MAIN, host => 'merge.test.example', timeout => 9000,
    security => 3, user => 'someone', mechanisms => 'PLAIN LOGIN',
    from => 'vhost@test.example', hello => 'vhost.test.example');

sub settings {
    my ($path) = @_;
    my $answer = GET("$path?settings");
    return { map { /^([\w-]+): ?(.*)$/ ? ($1 => $2) : () }
        split /\n/, $answer->content };
}

is_deeply(settings('/consumer'), \%MAIN, 'the main server');
is_deeply(settings('/consumer/inner'),
    { %MAIN, from => 'inner@test.example', timeout => 7000 },
    'a section of it');

Apache::TestRequest::module('config_plain');
is_deeply(settings('/consumer'), \%MAIN, 'a virtual host that says nothing');
is_deeply(settings('/consumer/inner'),
    { %MAIN, from => 'inner@test.example', timeout => 7000 },
    'has the sections of the main server');

Apache::TestRequest::module('config_merge');
is_deeply(settings('/consumer'), \%VHOST, 'a virtual host of its own mind');
is_deeply(settings('/consumer/inner'),
    { %VHOST, from => 'inner@test.example', timeout => 7000, port => 2525,
        security => 4, user => '', hello => '', mechanisms => '' },
    'its section, over that of the main server');
like(GET('/consumer/inner?server')->content, qr/^status: SMTPC_E/m,
    'for_server does not look at sections');

# A form: the virtual host's section stands over the main server's.
my @form = (a => 'b');
fake()->reset('good');
is(POST('/form', [@form])->code, 200, 'no redirect any more');
my $m = mail_of('good');
is_deeply([map { $_->{address} } @{ $m->{envelope}{rcpts} }],
    ['vhost-form@test.example'], 'other recipients, and fewer');
is($m->header('Reply-To'), undef, 'no Reply-To any more');
is($m->header('From'), 'vhost@test.example', 'the sender of the virtual host');
is($m->header('Subject'), '[site] ', 'the subject of the main server')
    or diag($m->raw_header('Subject'));
fake()->reset('good');
is(POST('/form?if', [@form])->code, 200, '<If>');
is_deeply([map { $_->{address} } @{ mail_of('good')->{envelope}{rcpts} }],
    ['if@test.example'], 'has its say');
Apache::TestRequest::module('default');
fake()->reset('good');
is(POST('/form', [@form])->code, 303, 'the main server');
ok(no_mail('good'), 'still requires its fields');

# .htaccess has none at all.
my $dir = vars('documentroot') . '/htaccess';
mkdir $dir;
Smtpc::Wait::spew("$dir/index.html", 'x');
for my $line ('SMTPHost evil.example', 'SMTPFormTo evil@example.com',
    'SMTPFormRedirect http://evil.example/', 'SMTPFormMaxBody 1G') {
    Smtpc::Wait::spew("$dir/.htaccess", "$line\n");
    my $mark = log_mark();
    is(GET('/htaccess/index.html')->code, 500, ".htaccess: $line");
    like(log_since($mark), qr/not allowed here/, '  is not allowed');
}
Smtpc::Wait::spew("$dir/.htaccess", '');
is(GET('/htaccess/index.html')->code, 200, 'without them it works');
done_testing;
