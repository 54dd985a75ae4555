#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The library against Dovecot: its submission service, with a Postfix behind it,
# and its LMTP service.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Matrix;
use Smtpc::Send qw(recipient_states);
use Test::More;

my $postfix = Smtpc::Matrix::server('Smtpc::Postfix');
my $dovecot = Smtpc::Matrix::server('Smtpc::Dovecot', relay => $postfix);
Smtpc::Matrix::run($dovecot,
    mechanisms => [Smtpc::DovecotAuth::mechanisms()],
    strongest  => 'SCRAM-SHA-256',
    offers     => [qw(PIPELINING CHUNKING 8BITMIME SIZE ENHANCEDSTATUSCODES)],
    queue_id   => qr/[0-9A-F]{8,}/);
subtest 'LMTP, with a reply for each recipient' => \&lmtp;
diag($dovecot->log) if !Test::More->builder->is_passing;
$dovecot->stop;
$postfix->stop;
done_testing;

sub lmtp {
    my $matrix = Smtpc::Matrix->new($dovecot->lmtp);
    my ($to, $r, @files) = $matrix->send_mail(status => 'EPARTIAL',
        to => 'ann@test.example, eve@test.example, bob@test.example',
        port => $dovecot->lmtp_port, anonymous => 1, args => ['--lmtp']);
    is_deeply(recipient_states($r), ['ann@test.example accepted 250',
        'eve@test.example rejected 550', 'bob@test.example accepted 250'],
        'states of the recipients');
    is($r->{tls_protocol}, 'TLSv1.3', 'inside TLS');
    my ($end) = $r->{output} =~ /C: (?:\.|BDAT [^\n]*LAST)\n(.*)C: QUIT/s;
    is(scalar(() = $end =~ /^\d S: 250 2\.0\.0 <(?:ann|bob)@/mg), 2,
        'two replies to the content');
    $matrix->arrived($_, @files) for qw(ann@test.example bob@test.example);
    return;
}
