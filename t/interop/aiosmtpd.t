#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The library against a real aiosmtpd.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Matrix;
use Test::More;

my $server = Smtpc::Matrix::server('Smtpc::Aiosmtpd');
Smtpc::Matrix::run($server,
    mechanisms => [qw(PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256
        SCRAM-SHA-256-PLUS)],
    strongest  => 'SCRAM-SHA-256-PLUS',
    offers     => [qw(8BITMIME SMTPUTF8 SIZE)]);
subtest 'channel binding of TLS 1.2' => \&tls12;
$server->stop;
done_testing;

# tls-unique there, where the others above are tls-exporter.
sub tls12 {
    my $matrix = Smtpc::Matrix->new($server);
    for my $mechanism (qw(SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS)) {
        my ($to, $r, @files) = $matrix->send_mail(
            to => lc($mechanism) . '@test.example',
            port => $server->tls12_port, args => ['--mechanisms', $mechanism]);
        is($r->{tls_protocol}, 'TLSv1.2', 'TLS version');
        is_deeply(Smtpc::Matrix::auth_commands($r), [$mechanism], 'mechanism');
        $matrix->arrived($to, @files);
    }
    return;
}
