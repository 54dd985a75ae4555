#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Forms in application/x-www-form-urlencoded: fields become a mail.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use FormTest;
use Test::More;

sub post {
    my ($path, @fields) = @_;
    fake()->reset('good');
    return POST($path, \@fields);
}

my @contact = (name => 'Ann Onym', email => 'ann@example.net',
    subject => 'Hello', message => "First line\r\nsecond line\r\n\r\nlast");

# The whole of it.
my $answer = post('/form', @contact);
is($answer->code, 303, 'a browser is redirected');
is($answer->header('Location'), '/thanks.html', 'to the configured page');
is($answer->header('Cache-Control'), 'no-store', 'not to be stored');
is($answer->header('X-Form-Name'), 'Ann Onym',
    'other modules see %{smtpform:...}');
my $m = mail_of('good');
is_deeply([$m->defects], [], 'the parser has nothing to complain about');
is($m->header('From'), 'Test site <site@test.example>', 'From');
is_deeply([map { $_->{address} } $m->addresses('To')],
    ['sales@test.example', 'jane@test.example'], 'To');
is(($m->addresses('To'))[1]{name}, 'Doe, Jane', 'with a name in quotes');
is_deeply([map { $_->{address} } $m->addresses('Cc')], ['copy@test.example'],
    'Cc');
is_deeply([$m->addresses('Reply-To')],
    [{ name => 'Ann Onym', address => 'ann@example.net' }], 'Reply-To');
is($m->header('Subject'), '[site] Hello', 'Subject');
is($m->header('Bcc'), undef, 'no Bcc in the header');
my $envelope = $m->{envelope};
is($envelope->{mail_from}, 'site@test.example', 'envelope sender');
is_deeply([sort map { $_->{address} } @{ $envelope->{rcpts} }],
    [qw(copy@test.example hidden@test.example jane@test.example
        sales@test.example)], 'envelope recipients, Bcc among them');
like($m->text, qr/^name:\ Ann\ Onym\nemail:\ ann\@example\.net\n
    subject:\ Hello\n\nmessage:\n[ ]{4}First\ line\n[ ]{4}second\ line\n\n
    [ ]{4}last\n\n--\ \n/x, 'the body has all fields in order');
like($m->text, qr{^Sent by the form at http://[^/]+/form\nfrom 127\.0\.0\.1 on }m,
    'and says where it comes from');

# Order and repetition.
is(post('/good', z => 1, a => 2, z => 3, m => '')->code, 303, 'repeated fields');
like(mail_of('good')->text, qr/^z: 1\na: 2\nz: 3\nm:\n\n-- \n/,
    'are listed where they stand');

# Text beyond ASCII.
is(post('/form', @contact[2 .. 7], name => "Z\xc3\xbcrich \xe2\x98\x83")->code,
    303, 'UTF-8');
$m = mail_of('good');
is(($m->addresses('Reply-To'))[0]{name}, "Z\x{fc}rich \x{2603}",
    'in the name of a mailbox');
like($m->text, qr/^name: Z\x{fc}rich \x{2603}$/m, 'and in the body');

# Names that look like more than a name.
for my $name ("O'Neil, Ann (sales)", 'Ann "the <x@example.org> one"',
    'a@b, c@d', '"quoted"', 'x <y@z>,', '\\', 'group: a@b;', '=?utf-8?q?x?=') {
    is(post('/form', @contact[2 .. 7], name => $name)->code, 303,
        "name $name");
    is_deeply([mail_of('good')->addresses('Reply-To')],
        [{ name => $name, address => 'ann@example.net' }],
        '  is a name and nothing else');
}

# Templates.
is(post('/whole', a => '1', b => 'xy', email => 'Bob <bob@example.net>')->code,
    200, 'templates');
$m = mail_of('good');
is($m->header('Subject'), '1-XY--', 'functions may be nested');
is(($m->addresses('Reply-To'))[0]{address}, 'bob@example.net',
    'a whole mailbox from one field');
is(post('/whole', a => 'p', a => 'q', b => '', email => ' ')->code, 200,
    'empty email');
$m = mail_of('good');
is($m->header('Subject'), 'p, q---', 'repeated fields are joined');
is($m->header('Reply-To'), undef, 'no address, no Reply-To');
is(post('/whole', a => '$1 %{smtpform:b} ${x}', b => '%{HTTP_HOST}')->code, 200,
    'what looks like an expression');
is(mail_of('good')->header('Subject'),
    '$1 %{smtpform:b} ${x}-%{HTTP_HOST}--', 'is text');
post('/whole', a => 'x' x 500);
is(mail_of('good')->header('Subject'), 'x' x 200 . "\x{2026}",
    'a long subject is cut');
like(mail_of('good')->text, qr/^a: x{500}$/m, 'and whole in the body');

# Other modules get no line ends, which httpd would fail on.
$answer = post('/form', @contact[2 .. 7], name => "a\r\nX-Bad: b\tc");
like($answer->header('Location'), qr/status=400&fields=name#/,
    'a line end in a value that is used in a header');
is($answer->header('X-Form-Name'), 'a  X-Bad: b c', 'is a blank there');

# Control characters in the text.
post('/good', message => "a\eb\tc\x7fd\xc2\x9be");
like(mail_of('good')->text, qr/^message: a\x{fffd}b\tc\x{fffd}d\x{fffd}e$/m,
    'control characters are replaced');

# Limits.
is(post_raw('/limits', 'application/x-www-form-urlencoded',
    'a=' . 'x' x 102_398)->code, 413, 'over the limit of one field');
fake()->reset('good');
is(post_raw('/limits', 'application/x-www-form-urlencoded',
    join '&', map { "f$_=" . 'y' x 50_000 } 1 .. 2)->code, 200,
    'up to the limit of a body');
is(post_raw('/limits', 'application/x-www-form-urlencoded',
    join '&', map { "f$_=" . 'y' x 51_300 } 1 .. 2)->code, 413,
    'over the limit of a body');
is(post_raw('/good', 'application/x-www-form-urlencoded',
    join '&', map { "f$_=" . 'y' x 60_000 } 1 .. 5)->code, 413,
    'over the limit of all text');
is(post_raw('/good', 'application/x-www-form-urlencoded',
    join '&', map { "f$_=1" } 1 .. 300)->code, 413, 'too many fields');
is(post_raw('/good', 'application/x-www-form-urlencoded', '')->code, 400,
    'an empty form');
done_testing;
