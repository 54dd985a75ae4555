#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# A form is posted while the mail server means harm: the visitor gets the right
# answer in time and nothing of what the server said, the error log says why,
# no password is anywhere, and httpd goes on. Each threat is tried in detail by
# the programs beside this file; these are some of each group.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", "$FindBin::Bin/../module";
use FormTest;
use Test::More;

my @FIELDS = (name => 'Ann', message => 'Hello');
my $SECRETS = qr/\bsecret\b|AHdlYgBz|c2VjcmV0/;

# Post to a path; the answer, and what the log says of it.
sub try_post {
    my ($path, @form) = @_;
    my $mark = log_mark();
    my ($answer, $said) = post_json("/hostile/$path", @form);
    my $log = (grep { /SMTP1[45]: / } split /\n/, log_since($mark))[-1] // '';
    unlike($answer->as_string . log_since($mark), $SECRETS,
        '  no password anywhere');
    return ($answer, $said, $log);
}

# path => [row, status, what the log says, what the server must not hear].
my @rows = (
    ['longline',   'P2: a line without end', 502, qr/no valid code/, 'MAIL'],
    ['endless',    'P3: a reply without end', 502, qr/too (?:long|many)/,
        'MAIL'],
    ['mixed',      'P4: codes that differ', 502, qr/differ/, 'RCPT'],
    ['barelf',     'P8: LF alone', 502, qr/without CR/, 'EHLO'],
    ['greet354',   'P10: a greeting 354', 502, qr/354/, 'EHLO'],
    ['greettwice', 'P11: two greetings', 502, qr/no command asked for/, 'MAIL'],
    ['ehlo354',    'P12: 354 to EHLO', 502, qr/354/, 'MAIL'],
    ['data250',    'P16: 250 to DATA', 502, qr/250/, 'DOT'],
    ['dotjunk',    'P20: junk before the answer', 504, qr/./, 'QUIT'],
    ['dotbye',     'P20: the answer to QUIT first', 504, qr/./, 'QUIT'],
    ['rstbody',    'P22: reset when the content came', 504, qr/may/, 'QUIT'],
    ['tls/notls',  'T1, U1: no STARTTLS, AUTH in clear', 502, qr/STARTTLS/,
        'AUTH'],
    ['tls/tlsrefused', 'T2: STARTTLS is refused', 502, qr/STARTTLS/, 'AUTH'],
    ['tls/inject', 'T3: replies behind the 220', 502, qr/./, 'AUTH'],
    ['tls/injectpart', 'T4: half a reply behind it', 502, qr/./, 'AUTH'],
    ['tls/badcert',   'T10: self-signed', 502, qr/certificate/, 'AUTH'],
    ['tls/expired',   'T10: expired', 502, qr/expired/, 'AUTH'],
    ['tls/untrusted', 'T10: unknown authority', 502, qr/certificate/,
        'AUTH'],
    ['tls/plainauth', 'U2: AUTH PLAIN in clear only', 502, qr/STARTTLS/,
        'AUTH'],
    ['tls/noauth', 'U3: no AUTH at all', 502, qr/AUTH|log in/, 'MAIL'],
);
for my $row (@rows) {
    my ($path, $name, $status, $why, $never) = @$row;
    my ($scenario) = $path =~ m{([^/]+)$};
    fake()->reset($scenario);
    my ($answer, $said, $log) = try_post($path, [@FIELDS]);
    is($answer->code, $status, $name) or diag($log);
    like($log, $why, '  the log says why');
    my @heard = map { fake()->commands($scenario, $_) }
        fake()->connections($scenario);
    ok(!(grep { /^\Q$never\E\b/i } @heard), "  it never heard $never")
        or diag(fake()->report($scenario));
    ok(no_mail($scenario), '  and has no mail') if $status != 504;
}

# P21: refused amidst a large file.
my ($answer, $said, $log) = try_post('body550', Content_Type => 'form-data',
    Content => [message => 'x', file => [undef, 'a.txt',
        Content => 'x' x 4_000_000]]);
is($answer->code, 502, 'P21: 550 amidst the content');
like($log, qr/no more/, '  the log has the reason');

# R4: the server says goodbye when the mail is through: the next one has a
# connection of its own, and nobody sees a difference.
fake()->reset('idlebye');
for my $n (1 .. 3) {
    ($answer) = try_post('idlebye', [@FIELDS]);
    is($answer->code, 200, "R4: mail $n");
}
is(scalar fake()->mails('idlebye'), 3, 'R4: each arrived once');

# L1, L4, L6: SMTPTimeout is 1 s there.
my @stalls = (
    ['tlsstall',  'L1: silence in the handshake', 504, qr/TLS/],
    ['stallmail', 'L1: silence at MAIL', 504, qr/MAIL/],
    ['stallrcpt', 'L1, L6: silence at RCPT', 504, qr/RCPT/],
);
for my $row (@stalls) {
    my ($path, $name, $status, $why) = @$row;
    my $before = now();
    ($answer, $said, $log) = try_post("stall/$path", [@FIELDS]);
    my $took = now() - $before;
    is($answer->code, $status, $name);
    like($log, $why, '  the log says where');
    cmp_ok($took, '<', 1 + slow(), '  in time');
}
my $before = now();
($answer, $said, $log) = try_post('stall/noread', Content_Type => 'form-data',
    Content => [message => 'x', file => [undef, 'a.txt',
        Content => 'x' x 16_000_000]]);
is($answer->code, 504, 'L4: a server that stops reading');
like($log, qr/sending the message/, '  the log says where');
cmp_ok(now() - $before, '<', 1 + 5 * slow(), '  in time');

# httpd is as it was.
fake()->reset('good');
is((POST('/good', [@FIELDS]))->code, 303, 'all is well afterwards') for 1 .. 3;
is(scalar fake()->mails('good'), 3, 'and goes where it should');
done_testing;
