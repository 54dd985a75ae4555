#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# What visitors are told: of mistakes of their own, and of whatever mail
# servers do. Nothing of what a mail server said reaches them, and a slow
# server does not keep them longer than SMTPTimeout.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use Apache::TestRequest ();
use FormTest;
use Test::More;

my @FIELDS = (name => 'Ann', email => 'ann@example.net', message => 'Hello');

# All that came over the wire, without what LWP adds.
sub said_by {
    my ($answer) = @_;
    return $answer->as_string =~ s/^Client-.*\n//mgr;
}

# Methods and types.
for my $method (qw(GET HEAD PUT DELETE OPTIONS PATCH)) {
    my $answer = Apache::TestRequest::user_agent()->request(
        HTTP::Request->new($method => Apache::TestRequest::resolve_url('/form')));
    is($answer->code, 405, "$method is not for forms");
    is($answer->header('Allow'), 'POST', '  POST is');
    is($answer->header('Location'), undef, '  no redirect');
}
for my $type ('text/plain', 'application/json', 'multipart/mixed; boundary=x',
    'application/x-www-form-urlencoded; charset=iso-8859-1') {
    is(post_raw('/pages', $type, 'a=b')->code, 415, "$type is no form");
}
is(exchange("POST /pages HTTP/1.0\r\nContent-Length: 3\r\n\r\na=b")
    =~ m{^HTTP/1\.\d (\d+)} && $1, 415, 'nor is one without a type');
is(post_raw('/pages', 'multipart/form-data', 'a=b')->code, 400,
    'no boundary');

# Required fields: all at once, blanks do not count.
my ($answer, $said) = post_json('/form', [name => " \t\r\n", email => '']);
is($answer->code, 400, 'missing fields') or diag($answer->as_string);
is($answer->header('Content-Type'), 'application/json', 'in JSON');
is_deeply($said, { ok => JSON::PP::false(), status => 400,
    error => 'Nothing was sent.',
    fields => [map { { name => $_, reason => 'must be filled in' } }
        qw(name email message)] }, 'are all named');
$answer = POST('/pages', [name => 'Ann']);
is($answer->code, 400, 'a page of ours, with the true status');
like($answer->content, qr{<strong>email</strong> must be filled in}, 'says so');
like($answer->content, qr{<strong>message</strong> must be filled in}, 'twice');
unlike($answer->content, qr{<strong>name<}, 'but not of what is there');
like($answer->header('Content-Type'), qr{^text/html; charset=utf-8}i, 'HTML');
like($answer->content, qr{<html lang="en">.*role="alert"}s, 'accessible');
is($answer->header('X-Content-Type-Options'), 'nosniff', 'nosniff');
is($answer->header('Cache-Control'), 'no-store', 'no-store');
$answer = POST('/form', [name => 'Ann']);
is($answer->code, 303, 'a configured page');
is($answer->header('Location'),
    '/sorry.html?form=contact&status=400&fields=email,message#top',
    'gets status and names');
$answer = POST('/form', [@FIELDS, email => 'not an address']);
like($answer->header('Location'), qr/status=400&fields=email#top$/,
    'of the field that is wrong');
($answer, $said) = post_json('/form', [@FIELDS[0, 1, 4, 5], email => 'x y']);
is_deeply($said->{fields},
    [{ name => 'email', reason => 'is not an email address' }], 'and why');

# Nothing of the visitor's comes back as markup.
$answer = POST('/pages', ['<script>x</script>' => 1, email => '"><b>', name => '<i>']);
unlike($answer->content, qr/<(?:script|b|i)>/, 'no markup comes back');
$answer = post_raw('/pages', 'application/x-www-form-urlencoded',
    '<script>=%ff');
is($answer->code, 400, 'invalid UTF-8');
unlike($answer->content, qr/<script>/, 'no markup in what is wrong with it');

# Who wants JSON.
my @accept = (
    ['application/json', 1], ['application/json, text/plain, */*', 1],
    ['application/json;q=0.9, text/html;q=0.8', 1],
    ['application/json, text/html', 1], ['text/html, application/json', 0],
    ['text/html, application/json;q=0.9', 0], ['*/*', 0], ['', 0],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 0],
    ['application/json;q=0', 0], ['APPLICATION/JSON', 1],
    ['application/json;q=nonsense', 0], [',;,', 0],
);
for my $case (@accept) {
    my ($accept, $json) = @$case;
    fake()->reset('good');
    $answer = POST('/form', [@FIELDS], Accept => $accept);
    is($answer->code, $json ? 200 : 303, "Accept: $accept");
}
fake()->reset('good');
($answer, $said) = post_json('/form', [@FIELDS]);
is_deeply($said, { ok => JSON::PP::true(),
    messageId => mail_of('good')->header('Message-ID') },
    'JSON has the Message-ID');
$answer = POST('/pages', [@FIELDS]);
is($answer->code, 200, 'success without a page configured');
like($answer->content, qr/Your message was sent/, 'has one of ours');

# Mail servers. Scenario => [status, what the log says, most seconds].
my %server = (
    closed   => [503, qr/refused|connect/i],
    silent   => [504, qr/greeting/],
    slowehlo => [504, qr/EHLO/],
    slowdot  => [504, qr/doubt|may|not confirmed|unknown/i],
    dropconn => [503, qr/./],
    dropdata => [503, qr/./],
    dropdot  => [504, qr/doubt|may|not confirmed|unknown/i],
    greet554 => [503, qr/no service for you/],
    greet421 => [503, qr/come back later/],
    mail550  => [502, qr/sender <refused> not allowed/],
    rcpt550  => [502, qr/no such user here/],
    temp451  => [503, qr/try again later/],
    data554  => [502, qr/no data wanted/],
    dot554   => [502, qr/content refused/],
    dot452   => [503, qr/no space/],
    garbage  => [502, qr/./],
    endless  => [502, qr/./],
    size1000 => [502, qr/1000/],
);
my $secrets = qr/127\.0\.0\.1|sales\@|no such user|refused>|come back|
    no space|5\.1\.1|4\.3\.0|SSH|example\.net/x;
for my $name (sort keys %server) {
    my ($status, $log) = @{ $server{$name} };
    my $mark = log_mark();
    my $before = now();
    my @form = $name eq 'size1000' ? (a => 'x' x 2000) : (a => 'b');
    ($answer, $said) = post_json("/server/$name", [@form]);
    my $took = now() - $before;
    is($answer->code, $status, "$name: status");
    ok(!$said->{ok} && $said->{status} == $status && $said->{error},
        '  in JSON too');
    unlike(said_by($answer), $secrets, '  nothing of the server leaks');
    cmp_ok($took, '<', 2 + 1 * slow(), '  within SMTPTimeout');
    my $line = (grep { /SMTP15: / } split /\n/, log_since($mark))[-1] // '';
    like($line, $log, '  the log says it all');
    like($line, qr/\[client 127\.0\.0\.1/, '  of this request');
    is($answer->header('Retry-After'), $status == 503 ? 60 : undef,
        '  Retry-After');
}
for my $name (qw(slowdot dropdot)) {
    $answer = POST("/server/$name", [a => 'b']);
    is($answer->code, 504, "$name: a page");
    like($answer->content, qr/may have been sent/, '  does not deny it');
}

# Some recipients refused: the visitor's mail has gone.
my $mark = log_mark();
($answer, $said) = post_json('/server/partial', [a => 'b']);
is($answer->code, 200, 'accepted for some');
like(log_since($mark), qr/SMTP14: .*second refused/, 'the log warns');

# TLS and passwords.
my %tls = (good => 200, implicit => 200, verifyname => 200, badcert => 502,
    wrongname => 502, otherca => 502, notls => 502, inject => 502,
    authfail => 502);
fake()->reset('tls');
for my $name (sort keys %tls) {
    $mark = log_mark();
    ($answer, $said) = post_json("/tls/$name", [a => 'b']);
    is($answer->code, $tls{$name}, "TLS, $name");
    unlike(log_since($mark) . said_by($answer), qr/\bsecret\b|AHdlYgBz/,
        '  no password anywhere');
}
is(mail_of('tls')->{envelope}{auth_user}, 'web', 'logged in');

# Into a folder.
my $folder = vars('pickup_dir');
is((post_json('/pickup', [a => 'b']))[0]->code, 200, 'pickup');
my ($file) = glob "$folder/*.eml";
ok($file, 'a file is there');
like(slurp($file), qr/^X-Receiver: sales\@test\.example\r$/m, 'with envelope')
    if $file;
$mark = log_mark();
is((post_json('/pickup/full', [a => 'b']))[0]->code, 503,
    'a folder that takes nothing');
like(log_since($mark), qr{/proc/self}, 'is named in the log');

# A form that is not set up.
$mark = log_mark();
is((post_json('/unset', [a => 'b']))[0]->code, 500, 'no recipient');
like(log_since($mark), qr/SMTP12: .*add SMTPFormTo/, 'the log says what to add');

# Once is enough.
fake()->reset('good');
is(POST('/missing', [@FIELDS])->code, 405, 'an error page is not a post');
ok(no_mail('good'), 'nothing was sent');
SKIP: {
    skip 'no second module', 2
        if !Apache::Test::have_module('smtpclient_consumer');
    like(GET('/consumer?subrequest=/good')->content, qr/^subrequest: 405$/m,
        'nor is a part of a page');
    ok(no_mail('good'), 'nothing was sent');
}

# The child is as it was.
fake()->reset('good');
is(POST('/good', [a => 'b'])->code, 303, 'all is well afterwards') for 1 .. 5;
done_testing;
