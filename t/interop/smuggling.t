#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# P26: whatever a caller gives, one mail in is one mail out, even for a server
# that takes each of nine sequences for the end of data. Each of them goes
# into each place: a raw message's body and header, a body, a header, an
# attachment. It is sent as something harmless, or refused.

use strict;
use warnings;
use Cwd ();
use FindBin ();
use File::Temp ();
use lib "$FindBin::Bin/../lib";
use Smtpc::FakeSMTP;
use Smtpc::Send;
use Smtpc::Wait qw(spew);
use Test::More;

$ENV{TOP_BUILDDIR}
    = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$FindBin::Bin/../../build/obj");
die Smtpc::Send::program() . " is missing: build first\n"
    if !-x Smtpc::Send::program();

my $work = File::Temp->newdir;
my $fake = Smtpc::FakeSMTP->start(dir => "$work/smtp");
my @TO = ('--host', '127.0.0.1', '--port', $fake->port('smuggle'),
    '--timeout', 5, '--security', 'none', '--from', 'a@test.example',
    '--to', 'b@test.example');
my $HEAD = "From: a\@test.example\r\nTo: b\@test.example\r\n";
my $EVIL = "MAIL FROM:<evil\@x.example>\r\nRCPT TO:<v\@x.example>\r\n"
    . "DATA\r\nSubject: evil\r\n\r\nevil\r\n.\r\n";
my @SEQUENCES = ("\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n",
    "\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n\0.\r\n");

# What holds the sequence, whether it is sent, how.
my %place = (
    'raw body'   => [sub { (body => "$HEAD\r\none$_[0]$EVIL",
                            args => [@TO, '--raw']) }, sub { $_[0] !~ /\0/ }],
    'raw header' => [sub { (body => "${HEAD}X: one$_[0]$EVIL\r\n\r\nx\r\n",
                            args => [@TO, '--raw']) }],
    'raw envelope of its own' => [sub { (body => "$HEAD\r\none$_[0]$EVIL",
        args => [@TO[0 .. 7], '--raw']) }, sub { $_[0] !~ /\0/ }],
    body         => [sub { (body => "one$_[0]$EVIL",
                            args => [@TO, '--subject', 'x']) }, sub { 1 }],
    'html body'  => [sub { (body => "one$_[0]$EVIL",
                            args => [@TO, '--html', '--subject', 'x']) },
                     sub { 1 }],
    header       => [sub { (args => [@TO, '--subject', 'x', '--header',
                            "X-A: one$_[0]$EVIL"]) }, sub { 0 }],
    subject      => [sub { (args => [@TO, '--subject', "one$_[0]$EVIL"]) },
                     sub { 0 }],
    attachment   => [sub { spew("$work/file", "one$_[0]$EVIL");
                           (args => [@TO, '--subject', 'x', '--attach',
                            "$work/file:a.txt"]) }, sub { 1 }],
);

for my $name (sort keys %place) {
    subtest $name => sub {
        for my $sequence (@SEQUENCES) {
            # An argument cannot have a NUL, and a string of C neither.
            next if $sequence =~ /\0/ && $name =~ /^(?:header|subject)$/;
            try_one($name, $sequence);
        }
    };
}

$fake->stop;
done_testing;

sub try_one {
    my ($name, $sequence) = @_;
    my ($make, $goes) = @{ $place{$name} };
    my $shown = $sequence =~ s/([^.])/sprintf '\\x%02x', ord $1/ger;
    $fake->reset('smuggle');
    my $r = Smtpc::Send->run($make->($sequence));
    my $went = ($r->{status} // 'none') eq 'APR_SUCCESS';
    my $good = $goes
        ? is($r->{status} // 'none', $goes->($sequence) ? 'APR_SUCCESS'
                                                        : 'SMTPC_EARG',
            "$shown: status")
        : like($r->{status} // 'none', qr/^(?:APR_SUCCESS|SMTPC_EARG)$/,
            "$shown: status");
    my @mails = $fake->mails('smuggle');
    my @connections = $fake->connections('smuggle');
    $good &= is(scalar @mails, $went ? 1 : 0, "$shown: one mail or none");
    $good &= is_deeply([grep { /evil|v\@x/ }
        map { $fake->commands('smuggle', $_) } @connections], [],
        "$shown: no command but ours");
    $good &= is_deeply([map { $fake->anomalies('smuggle', $_) } @connections],
        [], "$shown: our side is flawless");
    diag($r->{output}, $fake->report('smuggle')) if !$good;
    return;
}
