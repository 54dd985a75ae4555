#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The library against a real Exim.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Matrix;
use Smtpc::Send qw(status_ok);
use Test::More;

my $exim = Smtpc::Matrix::server('Smtpc::Exim');
Smtpc::Matrix::run($exim,
    mechanisms => [Smtpc::DovecotAuth::mechanisms()],
    strongest  => 'SCRAM-SHA-256',
    offers     => [qw(PIPELINING CHUNKING PIPECONNECT 8BITMIME SMTPUTF8 DSN
        SIZE)],
    reports    => 1,
    queue_id   => qr/[0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}/);
subtest 'the second connection does not wait for the greeting' => \&early;
$exim->stop;
done_testing;

# PIPECONNECT, once it was seen: EHLO goes out at once.
sub early {
    my $matrix = Smtpc::Matrix->new($exim);
    my ($to, $r) = $matrix->send_mail(to => 'early@test.example',
        args => ['--count', 2, '--per-connection', 1]);
    status_ok($_, 'SUCCESS', 'each') for @{ $r->{all} };
    my @connections = $r->{output} =~ /(\d [CS]: .*?C: QUIT)/sg;
    is(@connections, 2, 'two connections');
    my $ehlo_first = qr/\A\d C: EHLO [^\n]*\n\d S: 220 /;
    unlike($connections[0], $ehlo_first, 'the first waits for the greeting');
    like($connections[1], $ehlo_first, 'the second does not');
    is(scalar(my @mails = $exim->wait_mails($to, 2)), 2, 'both arrived');
    return;
}
