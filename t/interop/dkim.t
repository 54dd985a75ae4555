#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# DKIM signatures, verified by two other implementations, Mail::DKIM and
# dkimpy, after a real Postfix took the mail, added its header fields and
# stored it.

use strict;
use warnings;
use utf8;
use Cwd ();
use Encode qw(encode_utf8);
use File::Temp ();
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Dkim;
use Smtpc::Postfix;
use Smtpc::Send qw(status_ok);
use Smtpc::Wait qw(slurp spew);
use Test::More;

my $MAIL_SECONDS = 20;

$ENV{TOP_BUILDDIR}
    = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$FindBin::Bin/../../build/obj");
if (my $why = Smtpc::Postfix::missing() || Smtpc::Dkim::missing()) {
    plan skip_all => "needs $why";
}
die Smtpc::Send::program() . " is missing: build first\n"
    if !-x Smtpc::Send::program();

my $work    = File::Temp->newdir;
my $domain  = 'test.example';
my $dkim    = Smtpc::Dkim->new(dir => "$work", domain => $domain);
my $postfix = Smtpc::Postfix->start;
my @PLAIN   = ('--host', '127.0.0.1', '--port', $postfix->port,
    '--security', 'none', '--timeout', 20, '--from', "shop\@$domain");
my @RSA  = ('--dkim', "$domain:one:" . $dkim->key('rsa', selector => 'one'));
my @ED   = ('--dkim', "$domain:two:" . $dkim->key('ed25519',
    selector => 'two'));
my @LONG = ('--dkim', "$domain:three:" . $dkim->key('rsa',
    selector => 'three', bits => 4096));
my $number = 0;

# Send with these arguments; the message as it was stored.
sub stored {
    my ($body, @args) = @_;
    my $to = 'u' . ++$number . "\@$domain";
    my $r = Smtpc::Send->run(body => encode_utf8($body),
        args => [@PLAIN, '--to', $to, @args]);
    status_ok($r, 'SUCCESS', 'sending');
    my ($file) = $postfix->wait_mails($to, 1, $MAIL_SECONDS);
    return $file ? slurp($file) : '';
}

# What the verifier says of each signature, in a line.
sub said {
    my ($verdicts) = @_;
    return join ', ', map { "$_->{selector}: $_->{result}" } @$verdicts;
}

my %bodies = (
    text     => "Hello,\n\nhow are you?\n",
    empty    => '',
    lines    => "\n\n\n",
    trailing => "text  \t \n  indented\t\ttext\n \n\t\n\n\n",
    leading  => "\n\n\ntext\n",
    dots     => ".\n..\n...\n.\n.dot\n",
    nolf     => 'no line end',
    blank    => ' ',
    from     => "From here\n>From there\n",
    umlauts  => "Grüße aus Zürich \x{2603} \x{1F600}\n" x 50,
    long     => ('x' x 5000) . "\n" . ('wörter ' x 1000) . "\n",
    equals   => "=3D = =\n=?utf-8?q?no?=\n--boundary--\n",
    big      => join('', map { "line $_ of many\n" } 1 .. 50_000),
);
for my $name (sort keys %bodies) {
    subtest $name => sub {
        my $mail = stored($bodies{$name}, '--subject', "Körper $name", @RSA,
            @ED);
        is(said($dkim->perl($mail)),
            'one: pass, two: invalid (unsupported algorithm ed25519-sha256)',
            'Mail::DKIM');
        is(said($dkim->python($mail)), 'one: pass, two: pass', 'dkimpy');
    };
}

subtest 'a raw message' => sub {
    my $mail = stored("From: raw\@$domain\nTo: x\@$domain\nBcc: y\@$domain\n"
        . "Subject: one\n  two\t three \nDate: Mon, 23 Nov 2026 12:00:00 +0000\n"
        . "Message-ID: <raw\@$domain>\n\nA line. \n.\n\n\n", '--raw', @RSA, @ED);
    like($mail, qr/^Subject: one\r?\n  two\t three \r?$/m, 'as it was given');
    unlike($mail, qr/^Bcc:/m, 'without Bcc');
    is(said($dkim->perl($mail)),
        'one: pass, two: invalid (unsupported algorithm ed25519-sha256)',
        'Mail::DKIM');
    is(said($dkim->python($mail)), 'one: pass, two: pass', 'dkimpy');
};

subtest 'a message of every kind of field' => sub {
    spew("$work/a.bin", join '', map { chr } 0 .. 255);
    spew("$work/b.bin", 'x' x 1_000_000);
    my $mail = stored("<p>Größe</p>\n", '--html', '--subject',
        'Ihre Bestellung №42 ist unterwegs ' . 'ü' x 80,
        '--cc', join(', ', map { "Name Nummer $_ <n$_\@$domain>" } 1 .. 40),
        '--bcc', "secret\@$domain",
        '--header', 'List-Unsubscribe: <https://shop.test.example/u?1>, '
            . '<mailto:u@test.example>',
        '--header', 'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
        '--header', 'List-Id: <news.test.example>',
        '--header', 'X-One: 1', '--header', 'X-One: 2',
        '--attach', "$work/a.bin:ein Name mit Ümläuten und Länge.bin",
        '--attach', "$work/b.bin", @LONG, @ED);
    is(said($dkim->perl($mail)),
        'three: pass, two: invalid (unsupported algorithm ed25519-sha256)',
        'Mail::DKIM');
    is(said($dkim->python($mail)), 'three: pass, two: pass', 'dkimpy');
    my ($names) = $mail =~ /\bh=([^;]*);/;
    like($names =~ s/\s//gr, qr/:List-Unsubscribe:List-Unsubscribe:/,
        'List-Unsubscribe is signed, and that there is one');
    like($names =~ s/\s//gr,
        qr/:List-Unsubscribe-Post:List-Unsubscribe-Post:/, 'and -Post');

    # What others add in front: a relay's may, a forger's may not.
    is(said($dkim->python("Received: from x\nX-Spam: no\n$mail")),
        'three: pass, two: pass', 'with a trace of one more relay');
    for my $field ('From: <boss@test.example>', 'Subject: New', 'To: x@y.z',
        'Cc: x@y.z', 'Date: Mon, 5 Jan 2026 08:03:07 +0000',
        'Reply-To: x@y.z', 'List-Unsubscribe: <https://evil.example/>',
        'List-Unsubscribe-Post: x', 'Content-Type: text/html',
        'MIME-Version: 1.0', 'Message-ID: <x@y.z>', 'In-Reply-To: <x@y.z>',
        'References: <x@y.z>', 'Content-Transfer-Encoding: 7bit') {
        unlike(said($dkim->python("$field\n$mail")), qr/pass/,
            "$field is noticed");
    }
    unlike(said($dkim->perl($mail =~ s/IENvbnRlbn|AAEC/BBBB/r)), qr/pass/,
        'so is a change of the content');
};

subtest 'STARTTLS, several mails over one connection' => sub {
    my $to = "many\@$domain";
    my $r = Smtpc::Send->run(body => "Hello\n", args => ['--host',
        'localhost', '--port', $postfix->submission_port, '--security',
        'starttls', '--ca-file', $postfix->ca_file, '--user', $postfix->user,
        '--password-file', $postfix->password_file, '--from', "a\@$domain",
        '--to', $to, '--subject', 'x', '--count', 5, @RSA, @ED]);
    status_ok($r, 'SUCCESS', 'sending');
    my @mails = $postfix->wait_mails($to, 5, $MAIL_SECONDS);
    is(@mails, 5, 'five mails');
    is(said($dkim->python(slurp($_))), 'one: pass, two: pass', 'dkimpy')
        for @mails;
};

diag($postfix->log) if !Test::More->builder->is_passing;
$postfix->stop;
done_testing;
