#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The library against Dovecot: its submission service, with a Postfix behind it,
# and its LMTP service.

use strict;
use warnings;
use File::Temp ();
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Matrix;
use Smtpc::Send qw(recipient_states);
use Smtpc::Wait qw(spew);
use Test::More;

my $postfix = Smtpc::Matrix::server('Smtpc::Postfix');
my $dovecot = Smtpc::Matrix::server('Smtpc::Dovecot', relay => $postfix);
Smtpc::Matrix::run($dovecot,
    mechanisms => [Smtpc::Dovecot::mechanisms()],
    strongest  => 'SCRAM-SHA-256',
    offers     => [qw(PIPELINING CHUNKING 8BITMIME SIZE ENHANCEDSTATUSCODES)],
    queue_id   => qr/[0-9A-F]{8,}/);
subtest 'tokens'        => \&tokens;
subtest 'a certificate' => \&certificate;
subtest 'LMTP, with a reply for each recipient' => \&lmtp;
diag($dovecot->log) if !Test::More->builder->is_passing;
$dovecot->stop;
$postfix->stop;
done_testing;

# Send to this user with these arguments, and no password.
sub with {
    my ($user, $matrix, $status, @args) = @_;
    my ($to, $r, @files) = $matrix->send_mail(to => "$user\@test.example",
        anonymous => 1, status => $status, args => \@args, what => $user);
    $matrix->arrived($to, @files) if !$status;
    return $r;
}

sub tokens {
    my $matrix = Smtpc::Matrix->new($dovecot);
    my $dir = File::Temp->newdir;
    my %token = (good => $dovecot->token(15), expired => $dovecot->token(-15));
    spew("$dir/$_", "$token{$_}\n") && chmod 0600, "$dir/$_" for keys %token;
    my @login = ('--user', $dovecot->user, '--token-file');
    for my $name (qw(OAUTHBEARER XOAUTH2)) {
        my $r = with("good-$name", $matrix, undef, @login, "$dir/good",
            '--mechanisms', $name);
        is_deeply(Smtpc::Matrix::auth_commands($r), [$name], 'mechanism');
        $r = with("expired-$name", $matrix, 'EAUTH', @login, "$dir/expired",
            '--mechanisms', $name);
        is($r->{code}, 535, 'code');
        unlike($r->{output}, qr/\Q$token{expired}\E/, 'it is not shown');
    }
    my $r = with('any', $matrix, undef, @login, "$dir/good");
    is_deeply(Smtpc::Matrix::auth_commands($r), ['OAUTHBEARER'],
        'the one with a standard comes first');
    return;
}

sub certificate {
    my $matrix = Smtpc::Matrix->new($dovecot);
    my $r = with('external', $matrix, undef, '--mechanisms', 'EXTERNAL',
        '--certificate', $dovecot->client_certificate);
    is_deeply(Smtpc::Matrix::auth_commands($r), ['EXTERNAL'], 'mechanism');
    return;
}

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
