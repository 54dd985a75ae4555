#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# SMTPDKIMSign: what is refused, and how; what is inherited; and that forms
# send mails whose signatures two other implementations verify.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use FormTest;
use PrivateHttpd;
use Smtpc::Dkim;
use Smtpc::Wait qw(spew);
use Test::More;

if (my $why = Smtpc::Dkim::missing()) {
    plan skip_all => "needs $why";
}

my $httpd = PrivateHttpd->new(config => '');
my $dir = $httpd->dir;
mkdir "$dir/keys", 0755;
mkdir "$dir/mails";
chmod 01777, "$dir/mails";
my $dkim = Smtpc::Dkim->new(dir => "$dir/keys", domain => 'site.example');
my $rsa = $dkim->key('rsa', selector => 'one');
my $ed = $dkim->key('ed25519', selector => 'two');
my $small = $dkim->key('rsa', selector => 'small', bits => 1024);
my $tiny = $dkim->key('rsa', selector => 'tiny', bits => 512);
spew("$dir/keys/open.pem", slurp($rsa));
chmod 0644, "$dir/keys/open.pem";
spew("$dir/keys/text.pem", "hello\n");
chmod 0600, "$dir/keys/text.pem";
system("openssl pkey -in '$rsa' -aes128 -passout pass:x "
    . "-out '$dir/keys/locked.pem' 2>/dev/null");
chmod 0600, "$dir/keys/locked.pem";

sub check {
    my ($config) = @_;
    $httpd->configure($config);
    return $httpd->check;
}

my $SIGN = 'SMTPDKIMSign site.example one';
my @bad = (
    ['SMTPDKIMSign', qr/SMTPDKIMSign.*(?:write a domain|at least)/],
    ['SMTPDKIMSign site.example', qr/SMTPDKIMSign: write a domain, a selector/],
    ["$SIGN", qr/SMTPDKIMSign: write a domain, a selector/],
    ["$SIGN $rsa", qr/SMTPDKIMSign: the third argument .*write file:/],
    ["$SIGN file:$dir/keys/none.pem",
        qr/httpd\.conf:\d+: SMTPDKIMSign: .*none\.pem.*No such file/],
    ["$SIGN file:$dir/keys/open.pem", qr/SMTPDKIMSign: .*chmod o-rwx/],
    ["$SIGN file:$dir/keys/text.pem",
        qr/SMTPDKIMSign: .*text\.pem.*-----BEGIN PRIVATE KEY-----/],
    ["$SIGN file:$dir/keys/locked.pem",
        qr/SMTPDKIMSign: .*pass phrase.*openssl pkey/],
    ["$SIGN file:$tiny", qr/SMTPDKIMSign: .*512 bits.*rsa_keygen_bits:2048/],
    ["SMTPDKIMSign example one file:$rsa",
        qr/SMTPDKIMSign: the DKIM domain "example"/],
    ["SMTPDKIMSign \"site.example; x=1\" one file:$rsa",
        qr/SMTPDKIMSign: the DKIM domain/],
    ["SMTPDKIMSign site.example \"a;b\" file:$rsa",
        qr/SMTPDKIMSign: the DKIM selector "a;b"/],
    ["$SIGN file:$rsa algorithm=rsa-sha1",
        qr/"rsa-sha1" is not one of rsa-sha256, ed25519-sha256/],
    ["$SIGN file:$rsa algorithm=ed25519-sha256",
        qr/SMTPDKIMSign: the key makes rsa-sha256 signatures/],
    ["$SIGN file:$rsa expire=0", qr/expire=0 is not a time/],
    ["$SIGN file:$rsa expire=soon", qr/expire=soon is not a time.*168h/],
    ["$SIGN file:$rsa identity=\@other.example",
        qr/SMTPDKIMSign: the DKIM identity "\@other\.example"/],
    ["$SIGN file:$rsa headers=Subject", qr/SMTPDKIMSign: From is not among/],
    ["$SIGN file:$rsa canon=simple",
        qr/"canon=simple" is not one of algorithm=.*identity=/],
    ["$SIGN exec:/nowhere/prog", qr/SMTPDKIMSign: exec: .*"\/nowhere\/prog"/],
    ["$SIGN \"env:\${NO_SUCH}\"", qr/SMTPDKIMSign: a variable/],
    ["$SIGN env:SMTPC_NO_SUCH", qr/SMTPDKIMSign: .*SMTPC_NO_SUCH/],
    [("$SIGN file:$rsa\n") x 9, qr/SMTPDKIMSign: more than 8/],
);
$bad[-1] = [join('', @{ $bad[-1] }[0 .. 8]), $bad[-1][9]];
for my $case (@bad) {
    my ($config, $what) = @$case;
    my ($status, $said) = check($config);
    my $shown = $config =~ s/\n.*/ .../sr =~ s/\Q$dir\E/DIR/gr;
    isnt($status, 0, "refused: $shown");
    like($said, $what, '  and says why');
    unlike($said, qr{\bM[IC][\w+/]{30}}, '  without the key');
}
my ($status, $said) = check("SMTPHost localhost\n<Location /x>\n"
    . "SMTPTimeout 3s\n\nSMTPDKIMSign site.example x file:/nowhere\n"
    . '</Location>');
my @lines = split /^/m, slurp("$dir/httpd.conf");
my ($line) = grep { $lines[$_] =~ /SMTPDKIMSign/ } 0 .. $#lines;
like($said, qr/httpd\.conf:@{[$line + 1]}: SMTPDKIMSign/, 'names its line');

spew("$dir/prog", "#!/bin/sh\ntouch $dir/ran\ncat $rsa\n");
chmod 0755, "$dir/prog";
for my $config ('SMTPDKIMSign none', "$SIGN file:$rsa",
    "$SIGN file:keys/one.pem", "$SIGN file:$rsa ALGORITHM=RSA-SHA256 "
        . 'expire=168h identity=web@www.site.example headers=From:To:Subject',
    "$SIGN file:$rsa\nSMTPDKIMSign site.example two file:$ed "
        . 'algorithm=ed25519-sha256', "$SIGN \"exec:$dir/prog x\"") {
    ($status, $said) = check($config);
    is($status, 0, 'fine: ' . $config =~ s/\n.*/ .../sr =~ s/\Q$dir\E/DIR/gr)
        or diag($said);
    unlike($said, qr/SMTP[67]: /, '  without a warning');
}
ok(!-e "$dir/ran", 'exec: is not run by httpd -t');
($status, $said) = check("SMTPDKIMSign site.example small file:$small");
is($status, 0, 'a key of 1024 bits');
like($said, qr/SMTPDKIMSign: .*only 1024 bits; 2048 are advised/,
    'is warned of');

# Forms. The keys belong to root and children run as somebody else.
my $FORM = "SetHandler smtpclient-form\nSMTPFormTo sales\@site.example";
$httpd->configure(<<"CONFIG");
SMTPFrom web\@site.example
SMTPDelivery pickup
SMTPPickupDirectory $dir/mails
$SIGN "exec:$dir/prog"
SMTPDKIMSign site.example two file:$ed
<Location /both>
$FORM
</Location>
<Location /own>
$FORM
SMTPDKIMSign site.example two file:$ed expire=1h identity=\@site.example
</Location>
<Location /none>
$FORM
SMTPDKIMSign none
</Location>
CONFIG
$httpd->start;

# Post; the mail without the lines of the pickup directory.
sub mail_from {
    my ($path) = @_;
    unlink glob "$dir/mails/*";
    is($httpd->post($path, [message => "Grüße\n\n.\n"])->code, 200, $path)
        or diag($httpd->log);
    my ($file) = glob "$dir/mails/*";
    return slurp($file // '/dev/null') =~ s/\A(?:X-(?:Sender|Receiver):.*\n)*//r;
}

sub said {
    my ($verdicts) = @_;
    return join ', ', map { "$_->{selector}: $_->{result}" } @$verdicts;
}

for my $round ('at start', 'after a graceful restart') {
    my $mail = mail_from('/both');
    is(said($dkim->python($mail)), 'one: pass, two: pass', "two, $round");
    is(said([grep { $_->{selector} eq 'one' } @{ $dkim->perl($mail) }]),
        'one: pass', 'Mail::DKIM says the same');
    $mail = mail_from('/own');
    is(said($dkim->python($mail)), 'two: pass',
        'a section inside replaces them all');
    my ($made, $ends) = $mail =~ /\bt=(\d+); x=(\d+);/;
    is(($ends // 0) - ($made // 0), 3600, 'expire');
    like($mail, qr/\bi=\@site\.example;/, 'identity');
    unlike(mail_from('/none'), qr/^DKIM-Signature/mi, 'none');
    last if $round =~ /restart/;
    my ($old) = $httpd->children;
    kill USR1 => $httpd->pid;
    wait_for(20 * slow(), sub { !-e "/proc/$old" })
        or diag("child $old is still there");
}
unlike($httpd->log, qr{\bM[IC][\w+/]{30}}, 'no key in the log');
$httpd->stop;
done_testing;
