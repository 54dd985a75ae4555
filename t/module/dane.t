#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# TLSA records are looked up by httpd's children: on threads of libunbound, in
# every kind of MPM, and again after a restart. Which answer means what, the
# library's tests know (t/security/dane_test.c).

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use FormTest;
use PrivateHttpd;
use Smtpc::Process;
use Smtpc::Wait qw(wait_for slurp spew);
use Test::More;

my ($good) = glob vars('smtp_dir') . '/ca/good.pem';
my ($hex) = `openssl x509 -in '$good' -pubkey -noout |
    openssl pkey -pubin -outform DER | openssl dgst -sha256`
    =~ /([0-9a-f]{64})/;
my $port = vars('smtp_tls_port');
my $nobody = '0' x 64;

sub host {
    my ($name, @keys) = @_;
    return join '', "$name A 127.0.0.1\n",
        map { "_$port._tcp.$name TLSA 3 1 1 $_\n" } @keys;
}

my $names = Smtpc::Process->start(
    output => vars('t_logs') . '/name_server',
    command => ["$ENV{TOP_BUILDDIR}/t/support/name_server",
        'dane.example', 'signed', host('good', $hex) . host('other', $nobody)
            . host('none') . host('late', $hex),
        'plain.example', 'unsigned', host('good', $hex),
        'forged.example', 'bogus', host('good', $hex)]);
my ($resolver, $anchor);
wait_for(30 * slow(), sub {
    ($resolver, $anchor) = $names->output =~ /\A(\S+)\n(\S+)\n/ });
like($resolver, qr/^127\.0\.0\.1\@\d+$/, 'a name server');
# A copy that children read, and that outlives the name server.
my $copy = vars('t_logs') . '/dane.anchor';
spew($copy, slurp($anchor));

# Path => name of the server, SMTPTLSDANE, status, what the error log says.
# No authority is trusted: who gets through has DANE to thank.
my %cases = (
    good     => ['good.dane.example', 'on', 200],
    required => ['good.dane.example', 'required', 200],
    other    => ['other.dane.example', 'on', 502,
        qr/not what its TLSA records say/],
    none     => ['none.dane.example', 'required', 502,
        qr/has no TLSA records that DNSSEC vouches/],
    plain    => ['good.plain.example', 'required', 502,
        qr/that DNSSEC vouches for/],
    forged   => ['good.forged.example', 'on', 503,
        qr/is not known, so nothing is sent/],
    late     => ['late.dane.example', 'on'],
    off      => ['good.dane.example', 'off', 502, qr/certificate/],
);
my $httpd = PrivateHttpd->new(config => join '', <<"CONFIG",
SMTPHost localhost
SMTPPort $port
SMTPSecurity starttls
SMTPTLSCAFile none
SMTPTLSDANEResolver $resolver
SMTPTLSDANEAnchor "$copy"
SMTPFrom web\@site.example
SMTPFormTo sales\@site.example
<Location />
SetHandler smtpclient-form
</Location>
CONFIG
    map { <<"CONFIG" } sort keys %cases);
<Location /$_>
SMTPTLSVerifyName $cases{$_}[0]
SMTPTLSDANE $cases{$_}[1]
</Location>
CONFIG
is_deeply([$httpd->check], [0, "Syntax OK\n"], 'httpd -t');
$httpd->start;

sub post_all {
    my ($when) = @_;
    for my $name (grep { $_ ne 'late' } sort keys %cases) {
        my (undef, undef, $status, $log) = @{ $cases{$name} };
        my $answer = $httpd->post("/$name", { text => 'hello' },
            Accept => 'application/json');
        is($answer->code, $status, "$name, $when") or diag($httpd->log);
        like($httpd->log, $log, '  and the log says why') if $log;
    }
    return;
}

post_all('at first');
ok($httpd->restart('USR1'), 'a graceful restart');
post_all('after a restart');
$names->signal('TERM');
is($names->wait(20), 0, 'the name server ends');
my $answer = $httpd->post('/late', { text => 'hello' },
    Accept => 'application/json');
is($answer->code, 503, 'nobody answers') or diag($httpd->log);
unlink $copy;
$answer = $httpd->post('/late', { text => 'hello' },
    Accept => 'application/json');
is($answer->code, 500, 'the anchor has gone');
like($httpd->log, qr/cannot make a mail client: SMTPTLSDANEAnchor: .*\Q$copy\E/,
    'which the log says');
is($httpd->stop, 0, 'httpd ends');
done_testing();
