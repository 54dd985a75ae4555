#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# S/MIME messages after a real Postfix: `openssl cms` verifies and decrypts
# them, and what comes out is what was put in.

use strict;
use warnings;
use utf8;
use Cwd ();
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);
use File::Temp ();
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Dkim;
use Smtpc::Mime;
use Smtpc::Postfix;
use Smtpc::Send qw(status_ok);
use Smtpc::Wait qw(slurp spew);
use Test::More;

my $MAIL_SECONDS = 20;
my $BIG          = 20_000_000;

$ENV{TOP_BUILDDIR}
    = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$FindBin::Bin/../../build/obj");
if (my $why = Smtpc::Postfix::missing() || Smtpc::Dkim::missing()) {
    plan skip_all => "needs $why";
}
die Smtpc::Send::program() . " is missing: build first\n"
    if !-x Smtpc::Send::program();
binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $work    = File::Temp->newdir;
my $postfix = Smtpc::Postfix->start;
my @PLAIN   = ('--host', '127.0.0.1', '--port', $postfix->port,
    '--security', 'none', '--timeout', 60, '--from', 'ann@test.example');
my $number  = 0;

# Run openssl; all it printed, and whether it went well.
sub openssl {
    my ($command) = @_;
    my $out = `openssl $command 2>&1`;
    return ($out, $? == 0);
}

# A certificate of our authority and its key in one file; and one alone.
sub certificate {
    my ($name, $key, @usage) = @_;
    my $usage = join ',', @usage ? @usage
        : qw(digitalSignature keyEncipherment keyAgreement);
    spew("$work/$name.ext", "keyUsage=$usage\nextendedKeyUsage=emailProtection"
        . "\nsubjectAltName=email:$name\@test.example\n");
    for my $step ("genpkey $key -out $work/$name.key",
        "req -new -key $work/$name.key -subj /CN=$name -out $work/$name.csr",
        "x509 -req -in $work/$name.csr -CA $work/ca.pem -CAkey $work/ca.key "
            . "-days 2 -extfile $work/$name.ext -out $work/$name.pem") {
        my ($out, $good) = openssl($step);
        die "$step: $out" if !$good;
    }
    spew("$work/$name.both",
        join '', map { slurp($_) } "$work/$name.pem", "$work/ca.pem",
        "$work/$name.key");
    chmod 0600, "$work/$name.both";
    return;
}

my ($made, $ok) = openssl("req -x509 -newkey rsa:2048 -nodes -days 2 "
    . "-subj /CN=authority -keyout $work/ca.key -out $work/ca.pem");
die $made if !$ok;
certificate('rsa', '-algorithm RSA -pkeyopt rsa_keygen_bits:2048');
certificate('ec', '-algorithm EC -pkeyopt ec_paramgen_curve:P-256');
certificate('signonly', '-algorithm RSA', 'digitalSignature');

# Send; the stored message with the line ends of the wire, and its file.
sub stored {
    my ($body, @args) = @_;
    my $to = 's' . ++$number . '@test.example';
    my $r = Smtpc::Send->run(body => encode_utf8($body),
        args => [@PLAIN, '--to', $to, @args]);
    status_ok($r, 'SUCCESS', 'sending');
    my ($file) = $postfix->wait_mails($to, 1, $MAIL_SECONDS);
    my $mail = Smtpc::Dkim::wire($file ? slurp($file) : '');
    spew("$work/mail", $mail);
    return $mail;
}

# What the file "mail" is after verifying or decrypting it.
sub verified {
    my ($file) = @_;
    my ($said, $good) = openssl("cms -verify -in $file -CAfile $work/ca.pem "
        . "-purpose smimesign -out $work/out");
    ok($good, 'the signature is good') or diag($said);
    return slurp("$work/out");
}

sub decrypted {
    my ($name) = @_;
    my ($said, $good) = openssl("cms -decrypt -in $work/mail -inkey "
        . "$work/$name.key -recip $work/$name.pem -out $work/out");
    ok($good, "$name can read it") or diag($said);
    return slurp("$work/out");
}

# Parse an entity as if it were a message.
sub parse {
    my ($entity) = @_;
    spew("$work/entity", $entity);
    return Smtpc::Mime->parse("$work/entity");
}

sub same_text {
    my ($got, $wanted, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    s/\r\n/\n/g, s/\n*\z/\n/ for $got //= '', $wanted;
    return is($got, $wanted, $what);
}

my %bodies = (
    text  => "Grüße,\n\n.\n..\nFrom here\ntrailing  \n\n\n",
    empty => '',
    nolf  => 'no line end',
    long  => ('wörter ' x 1000) . "\n",
);
for my $signer (qw(rsa ec)) {
    for my $name (sort keys %bodies) {
        subtest "signed by $signer: $name" => sub {
            my $mail = stored($bodies{$name}, '--subject', 'Ü signed',
                '--smime-sign', "$work/$signer.both");
            like($mail, qr/^Content-Type: multipart\/signed;\s+protocol="application\/pkcs7-signature";\s+micalg="?sha-256/m,
                'multipart/signed');
            my $entity = verified("$work/mail");
            same_text(parse($entity)->text, $bodies{$name}, 'content');
            is_deeply([parse($mail)->defects], [], 'no defects');
            unlike($mail, qr/[^\x00-\x7f]/, '7bit');
            spew("$work/bad", $mail =~ s/(Content-Type: text\/plain)/$1 /r);
            my (undef, $good) = openssl("cms -verify -in $work/bad -CAfile "
                . "$work/ca.pem -out /dev/null");
            ok(!$good, 'a change of it is noticed');
        };
    }
}

my $content = join '', map { chr int rand 256 } 1 .. 100_000;
spew("$work/file", $content);
my @FILE = ('--attach', "$work/file:Bestellung März.bin");
my %cases = (
    'for one'          => [[qw(rsa)], []],
    'for two'          => [[qw(rsa ec)], []],
    'signed, for two'  => [[qw(rsa ec)], ['--smime-sign', "$work/ec.both"]],
    'with AES-GCM'     => [[qw(rsa ec)], ['--smime-gcm']],
    'signed, AES-GCM'  => [[qw(rsa)], ['--smime-gcm', '--smime-sign',
        "$work/rsa.both"]],
);
for my $name (sort keys %cases) {
    my ($readers, $args) = @{ $cases{$name} };
    subtest "encrypted $name" => sub {
        my $mail = stored("Geheim: Zürich\n", '--subject', 'open', @FILE,
            @$args, map { ('--smime-encrypt', "$work/$_.pem") } @$readers);
        my $type = $name =~ /GCM/ ? 'authEnveloped-data' : 'enveloped-data';
        like($mail, qr/^Content-Type: application\/pkcs7-mime;\s+smime-type="?$type/m, 'type');
        unlike($mail, qr/Geheim|Bestellung|text\/plain/, 'nothing to see');
        for my $reader (@$readers) {
            my $entity = decrypted($reader);
            if ($name =~ /signed/) {
                spew("$work/inner", $entity);
                $entity = verified("$work/inner");
            }
            my $m = parse($entity);
            same_text($m->text, "Geheim: Zürich\n", 'text');
            my ($got) = $m->attachments;
            is($got->{filename}, 'Bestellung März.bin', 'name');
            is($got->{sha256}, sha256_hex($content), 'attachment');
        }
        my ($other) = grep { my $n = $_; !grep { $_ eq $n } @$readers }
            qw(rsa ec signonly);
        my (undef, $good) = openssl("cms -decrypt -in $work/mail -inkey "
            . "$work/$other.key -recip $work/$other.pem -out $work/none");
        ok(!$good, "$other cannot read it");
    };
}

subtest 'signed by S/MIME and DKIM' => sub {
    my $dkim = Smtpc::Dkim->new(dir => "$work", domain => 'test.example');
    my $key = $dkim->key('rsa', selector => 'one');
    my $mail = stored("Hello\n", '--subject', 'x', @FILE, '--smime-sign',
        "$work/rsa.both", '--dkim', "test.example:one:$key");
    verified("$work/mail");
    is_deeply([map { $_->{result} } @{ $dkim->python($mail) }], ['pass'],
        'both are good');
};

subtest 'a large attachment' => sub {
    spew("$work/big", 'x' x $BIG);
    my $mail = stored("Hello\n", '--subject', 'x', '--attach',
        "$work/big", '--smime-sign', "$work/rsa.both", '--smime-encrypt',
        "$work/rsa.pem");
    spew("$work/inner", decrypted('rsa'));
    my ($got) = parse(verified("$work/inner"))->attachments;
    is($got->{length}, $BIG, 'is whole');
};

subtest 'what is refused' => sub {
    spew("$work/text", "hello\n");
    spew("$work/mixed.both", slurp("$work/rsa.pem") . slurp("$work/ec.key"));
    chmod 0600, "$work/mixed.both";
    my @bad = (
        ['--smime-encrypt', "$work/none.pem", qr/none\.pem.*No such file/],
        ['--smime-encrypt', "$work/text", qr/-----BEGIN CERTIFICATE-----/],
        ['--smime-encrypt', "$work/signonly.pem", qr/not for S\/MIME encryption/],
        ['--smime-sign', "$work/mixed.both", qr/private key is not that of/],
        ['--smime-sign', "$work/rsa.pem", qr/./],
    );
    for my $case (@bad) {
        my ($option, $file, $what) = @$case;
        my $r = Smtpc::Send->run(args => [@PLAIN, '--to', 'x@test.example',
            '--subject', 'x', $option, $file]);
        isnt($r->{exit}, 0, "$option " . $file =~ s{.*/}{}r);
        like($r->{output}, $what, 'says why');
    }
    ok($postfix->wait_idle($MAIL_SECONDS), 'the queue is empty');
    is(scalar(my @m = $postfix->mails('x@test.example')), 0,
        'nothing was sent');
};

diag($postfix->log) if !Test::More->builder->is_passing;
$postfix->stop;
done_testing;
