#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# What directives say of TLS holds for the mail of a form: versions, ciphers,
# pinned keys and TLSA records, each in a way that lets it pass and one that
# does not. Which values there are, config_check.t and the library's tests know.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use FormTest;
use PrivateHttpd;
use Test::More;

my $ca = vars('smtp_ca_file');
my ($good) = glob vars('smtp_dir') . '/ca/good.pem';
my $der = "openssl x509 -in '$good' -pubkey -noout | openssl pkey -pubin -outform DER";
chomp(my $pin = `$der | openssl dgst -sha256 -binary | base64`);
my ($hex) = `$der | openssl dgst -sha256` =~ /([0-9a-f]{64})/;
my $nobody = '0' x 64;
like($pin, qr{^[\w+/]{43}=$}, 'the key of the server');

# Path => directives, status, what the error log says.
my %cases = (
    plain     => ['', 200],
    version   => ['SMTPTLSVersion 1.3', 200],
    ciphers   => ["SMTPTLSCipherSuites TLS_AES_256_GCM_SHA384\n"
        . 'SMTPTLSGroups P-256', 200],
    pin       => ["SMTPTLSPin sha256//$pin", 200],
    pins      => ["SMTPTLSPin $nobody $hex", 200],
    pinned    => ["SMTPTLSPin $nobody", 502,
        qr{the public key of localhost is sha256//\Q$pin\E, which is not one of}],
    record    => ["SMTPTLSARecord \"3 1 1 $hex\"\nSMTPTLSCAFile none", 200],
    records   => ["SMTPTLSARecord \"3 1 1 $nobody\" \"3 1 1 $hex\"\n"
        . 'SMTPTLSCAFile none', 200],
    other     => ["SMTPTLSARecord \"3 1 1 $nobody\"", 502,
        qr/not what its TLSA records say/],
    inherited => ["SMTPTLSARecord none\nSMTPTLSPin none", 200],
);
my $sections = join '', map { "<Location /$_>\n$cases{$_}[0]\n</Location>\n" }
    sort grep { $_ ne 'inherited' } keys %cases;
my $httpd = PrivateHttpd->new(config => <<"CONFIG");
SMTPHost localhost
SMTPPort @{[vars('smtp_tls_port')]}
SMTPSecurity starttls
SMTPTLSCAFile "$ca"
SMTPFrom web\@site.example
SMTPFormTo sales\@site.example
<Location />
SetHandler smtpclient-form
</Location>
$sections<LocationMatch ^/other/inherited>
SMTPTLSARecord none
</LocationMatch>
CONFIG
$httpd->start;
for my $name (sort keys %cases) {
    my ($config, $status, $log) = @{ $cases{$name} };
    my $path = $name eq 'inherited' ? '/other/inherited' : "/$name";
    my $answer = $httpd->post($path, { text => 'hello' },
        Accept => 'application/json');
    is($answer->code, $status, $config =~ s/\n/ | /gr || 'nothing set')
        or diag($httpd->log);
    like($httpd->log, $log, '  and the log says why') if $log;
}
is($httpd->stop, 0, 'httpd ends');
done_testing();
