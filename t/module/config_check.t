#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# httpd -t names each mistake, where it is, and what to write instead; and it
# does not complain of what is right.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use FormTest;
use PrivateHttpd;
use Smtpc::Wait qw(spew);
use Test::More;

my $httpd = PrivateHttpd->new(config => '');
my $dir = $httpd->dir;
spew("$dir/open.pw", "hunter2\n");
chmod 0644, "$dir/open.pw";
spew("$dir/closed.pw", "hunter2\n");
chmod 0600, "$dir/closed.pw";
spew("$dir/empty.pw", '');
chmod 0600, "$dir/empty.pw";
spew("$dir/ca.pem", slurp(vars('smtp_ca_file')));
spew("$dir/bad.pem", "x\n");
spew("$dir/root.key", "");
mkdir "$dir/mails";
chmod 01777, "$dir/mails";
my $LOGIN = "SMTPCredentials web file:$dir/closed.pw";
my $FORM = 'SetHandler smtpclient-form';
my $hash = '0123456789abcdef' x 4;

sub check {
    my ($config, @options) = @_;
    $httpd->configure($config);
    return $httpd->check(@options);
}

# Configuration => what is said.
my @bad = (
    # Single values.
    ['SMTPHost', qr/SMTPHost takes one argument/],
    ['SMTPHost "mail example"', qr/SMTPHost.*mail example/],
    ['SMTPHost smtp://mail.example', qr/SMTPHost.*without port or scheme/],
    ['SMTPHost mail.example:587', qr/SMTPHost.*without port or scheme/],
    ['SMTPHost ""', qr/SMTPHost/],
    ['SMTPPort 0', qr/SMTPPort: "0" is not a whole number from 1 to 65535/],
    ['SMTPPort 65536', qr/SMTPPort.*1 to 65535/],
    ['SMTPPort smtp', qr/SMTPPort.*1 to 65535/],
    ['SMTPPort -1', qr/SMTPPort.*1 to 65535/],
    ['SMTPSecurity ssl',
        qr/SMTPSecurity: "ssl" is not one of none, opportunistic, starttls, implicit/],
    ['SMTPDelivery queue?', qr/SMTPDelivery.*is not one of network, pickup/],
    ['SMTPFrom nobody', qr/SMTPFrom: "nobody" is not an address: ./],
    ['SMTPFrom "a@b.example, c@d.example"', qr/SMTPFrom.*is not an address: ./],
    ['SMTPTimeout 0', qr/SMTPTimeout.*30s/],
    ['SMTPTimeout soon', qr/SMTPTimeout.*30s/],
    ['SMTPTimeout -5s', qr/SMTPTimeout.*30s/],
    ['SMTPTimeout 2h', qr/SMTPTimeout.*hour/],
    ['SMTPHelloName "a b"', qr/SMTPHelloName: ./],
    ['SMTPTLSVerifyName "a b"', qr/SMTPTLSVerifyName: ./],
    ['SMTPAuthMechanisms ROT13', qr/SMTPAuthMechanisms: .*ROT13/],
    ['SMTPAuthMechanisms DIGEST-MD5', qr/SMTPAuthMechanisms: .*DIGEST-MD5/],
    ['SMTPCredentials bot', qr/SMTPCredentials: the password is missing/],
    ['SMTPCredentials bot token:ya29.abc',
        qr/SMTPCredentials: a token does not last/],
    ["SMTPCredentials bot token:exec:$dir/none",
        qr/SMTPCredentials: exec: needs .*none/],
    ["SMTPCredentials default\nSMTPSecurity none\nSMTPHost mail.example.org",
        qr/SMTPSecurity none would send/],
    ["SMTPTargetName \"a\tb\"", qr/SMTPTargetName: the target name/],
    # Files and folders.
    ["SMTPTLSCAFile $dir/none.pem", qr/SMTPTLSCAFile.*none\.pem.*No such file/],
    ["SMTPTLSCAFile $dir/bad.pem", qr/SMTPTLSCAFile.*bad\.pem/],
    ["SMTPTLSCAFile $dir", qr/SMTPTLSCAFile.*is not a file/],
    ["SMTPTLSCADirectory $dir/ca.pem", qr/SMTPTLSCADirectory.*is not a directory/],
    ["SMTPTLSCertificate $dir/none.pem", qr/SMTPTLSCertificate.*No such file/],
    ["SMTPTLSCertificate $dir/ca.pem $dir/none.key",
        qr/SMTPTLSCertificate.*none\.key/],
    # TLS.
    ["SMTPTLSCRLFile $dir/none.pem", qr/SMTPTLSCRLFile.*No such file/],
    ["SMTPTLSCRLFile $dir/bad.pem", qr/cannot use the CRL file.*bad\.pem/],
    ['SMTPTLSVersion 1.1', qr/SMTPTLSVersion: "1\.1" is not one of 1\.2, 1\.3/],
    ['SMTPTLSCiphers ROT13', qr/SMTPTLSCiphers: .*"ROT13": OpenSSL knows none/],
    ['SMTPTLSCiphers aNULL', qr/SMTPTLSCiphers: .*"aNULL": none of them is safe/],
    ['SMTPTLSCipherSuites ROT13', qr/SMTPTLSCipherSuites: .*ROT13/],
    ['SMTPTLSGroups P-0', qr/SMTPTLSGroups: .*P-0/],
    ['SMTPTLSPin sha1//AAAA', qr{SMTPTLSPin: "sha1//AAAA" is no pin: write}],
    ['SMTPTLSARecord "3 1 1 00"', qr/SMTPTLSARecord: .*a SHA-256 has 32 bytes/],
    ["SMTPTLSARecord \"1 1 1 $hash\"", qr/SMTPTLSARecord: .*usage is not 2/],
    ['SMTPTLSARecord 3 1 1 00', qr/SMTPTLSARecord: "3" is no TLSA record/],
    ["SMTPHost 192.0.2.1\nSMTPTLSARecord \"3 1 1 $hash\"",
        qr/not go together: TLSA records are for a name/],
    ["SMTPSecurity opportunistic\nSMTPTLSPin $hash",
        qr/not go together: pins.*set security to starttls/],
    ["SMTPTLSDANE on\nSMTPTLSDANEAnchor $dir/none.key",
        qr/SMTPTLSDANEAnchor.*No such file/],
    ['SMTPTLSDANE yes', qr/SMTPTLSDANE: "yes" is not one of off, on, required/],
    ["SMTPTLSDANEAnchor $dir/none.key", qr/SMTPTLSDANEAnchor.*No such file/],
    ['SMTPTLSDANEResolver ns.example', qr/SMTPTLSDANEResolver: .*an IP address/],
    ['SMTPPickupDirectory relative/dir',
        qr/SMTPPickupDirectory.*is not an absolute path; begin it with/],
    ["SMTPPickupDirectory $dir/none", qr/SMTPPickupDirectory.*No such file/],
    ["SMTPPickupDirectory $dir/ca.pem", qr/SMTPPickupDirectory.*is not a directory/],
    ["SMTPFormTempDirectory $dir/none", qr/SMTPFormTempDirectory.*No such file/],
    ['SMTPDelivery pickup', qr/SMTPDelivery pickup needs SMTPPickupDirectory/],
    # Credentials.
    ['SMTPCredentials web', qr/SMTPCredentials: the password is missing; write/],
    ["SMTPCredentials web file:$dir/none.pw",
        qr/httpd\.conf:\d+: SMTPCredentials of user web: .*none\.pw/],
    ["SMTPCredentials web file:$dir/open.pw", qr/SMTPCredentials.*open\.pw/],
    ["SMTPCredentials web file:$dir/empty.pw", qr/SMTPCredentials.*empty/],
    ['SMTPCredentials web "${MAIL_PASSWORD}"',
        qr/SMTPCredentials: a variable in it is not defined.*env:NAME/],
    ['SMTPCredentials web env:SMTPC_NO_SUCH_THING',
        qr/SMTPCredentials.*SMTPC_NO_SUCH_THING/],
    ['SMTPCredentials web "exec:/nowhere/prog x"',
        qr/SMTPCredentials: exec: .*"\/nowhere\/prog"/],
    ['SMTPCredentials web "exec:prog"', qr/SMTPCredentials: exec: .*absolute/],
    ["SMTPHost mail.example\nSMTPSecurity none\n$LOGIN",
        qr/SMTPSecurity none would send the password.*starttls or implicit/],
    ["SMTPHost mail.example\nSMTPSecurity opportunistic\n$LOGIN",
        qr/opportunistic.*never sent.*starttls or implicit/],
    ['SMTPSecurity implicit', qr/SMTPSecurity implicit.*write SMTPPort 465/],
    # Forms.
    ["<Location /f>\n$FORM\nSMTPFormTo a\@b.example\n</Location>",
        qr/httpd\.conf:\d+: .*add SMTPFrom/],
    ["SMTPFrom a\@b.example\n<Location /f>\n$FORM\n</Location>",
        qr/httpd\.conf:\d+: .*add SMTPFormTo/],
    ["SMTPFrom a\@b.example\n<Location /f>\n$FORM\nSMTPFormTo none\n</Location>",
        qr/add SMTPFormTo/],
    ["SMTPFrom a\@b.example\n<Location /f>\n$FORM\n</Location>\n"
        . "<Location /g>\nSMTPFormTo a\@b.example\n</Location>",
        qr/add SMTPFormTo/],
    ['SMTPFormTo', qr/SMTPFormTo/],
    ['SMTPFormTo a@b.example,', qr/SMTPFormTo.*is not an address: ./],
    ['SMTPFormTo a@b.example "x y"', qr/SMTPFormTo.*"x y".*is not an address/],
    ['SMTPFormCc nobody', qr/SMTPFormCc.*is not an address/],
    ['SMTPFormBcc a@', qr/SMTPFormBcc.*is not an address/],
    ['SMTPFormSubject "%{smtpform:a"', qr/SMTPFormSubject: cannot understand/],
    ['SMTPFormSubject "%{smtpfrom:a}"', qr/SMTPFormSubject: .*%\{smtpform:name\}/],
    ['SMTPFormReplyTo "%{nosuch:a} <%{smtpform:email}>"',
        qr/SMTPFormReplyTo: cannot understand/],
    ['SMTPFormRedirect thanks.html', qr/SMTPFormRedirect.*path such as/],
    ['SMTPFormRedirect //evil.example/', qr/SMTPFormRedirect.*path such as/],
    ['SMTPFormRedirect javascript:alert(1)', qr/SMTPFormRedirect.*path such as/],
    ['SMTPFormErrorRedirect "/a b"', qr/SMTPFormErrorRedirect.*write it as %XX/],
    ['SMTPFormMaxBody 0', qr/SMTPFormMaxBody.*such as 10M/],
    ['SMTPFormMaxBody 10X', qr/SMTPFormMaxBody.*such as 10M/],
    ['SMTPFormMaxBody 99999999999999G', qr/SMTPFormMaxBody.*such as 10M/],
    ['SMTPFormMaxFileSize big', qr/SMTPFormMaxFileSize.*such as 10M/],
    ['SMTPFormMaxFiles 1001', qr/SMTPFormMaxFiles.*0 to 1000/],
);
for my $case (@bad) {
    my ($config, $what) = @$case;
    my ($status, $said) = check($config);
    my $shown = $config =~ s/\n/ | /gr =~ s/\Q$dir\E/DIR/gr;
    isnt($status, 0, "refused: $shown");
    like($said, $what, '  and says why');
    unlike($said, qr/hunter2/, '  without the password');
}

# In every kind of section the place is named.
for my $section ('VirtualHost *:1', 'Location /x', 'Directory /', 'Files x',
    'LocationMatch x', 'If "true"') {
    my ($kind) = split ' ', $section;
    my ($status, $said) = check("<$section>\nSMTPPort x\n</$kind>");
    like($said, qr/line \d+ of .*httpd\.conf:\nSMTPPort: "x"/, "in <$section>");
    ($status, $said) = check("<$section>\nSMTPDelivery pickup\n</$kind>");
    isnt($status, 0, '  and what is checked later');
    like($said, qr/httpd\.conf:\d+: SMTPDelivery pickup/, '  too');
}

# All mistakes at once.
my ($status, $said) = check("SMTPHost \"a b\"\nSMTPDelivery pickup\n"
    . "<Location /f>\n$FORM\n</Location>\n");
like($said, qr/SMTPHost.*SMTPFormTo.*SMTPFrom/s, 'all are named in one go');

# What is right.
my @good = (
    "SMTPTLSVersion 1.3\nSMTPTLSCipherSuites TLS_AES_256_GCM_SHA384\n"
        . 'SMTPTLSGroups X25519:P-256',
    "SMTPTLSCiphers ECDHE+AESGCM\nSMTPTLSPin $hash $hash",
    "SMTPHost mail.example\nSMTPTLSARecord \"3 1 1 $hash\" \"2 0 1 $hash\"",
    "SMTPTLSDANE on\nSMTPTLSDANEAnchor $dir/root.key",
    "SMTPHost mail.example\nSMTPTLSDANE required\nSMTPTLSDANEAnchor $dir/root.key",
    'SMTPTLSDANE off', 'SMTPTLSPin none', 'SMTPTLSDANEResolver 127.0.0.1@53',
    '', "SMTPHost mail.example\nSMTPPort 587\n$LOGIN",
    "SMTPHost localhost\nSMTPSecurity none\n$LOGIN",
    "SMTPHost 127.0.0.1\nSMTPSecurity none\n$LOGIN",
    "SMTPHost ::1\nSMTPTimeout 1500ms",
    "SMTPHost mail.example\nSMTPSecurity none\n<Location /x>\nSMTPSecurity "
        . "starttls\n$LOGIN\n</Location>",
    "$LOGIN\n<Location /x>\nSMTPCredentials none\nSMTPHost mail.example\n"
        . "SMTPSecurity none\n</Location>",
    "SMTPPickupDirectory $dir/mails\nSMTPDelivery pickup",
    "SMTPDelivery PICKUP\nSMTPPickupDirectory $dir/mails",
    "SMTPFrom a\@b.example\n<Location /f>\n$FORM\nSMTPFormTo a\@b.example\n</Location>",
    "SMTPFrom a\@b.example\nSMTPFormTo a\@b.example\n<Location /f>\n$FORM\n</Location>",
    "<Location /f>\nSMTPFrom a\@b.example\nSMTPFormTo a\@b.example\n</Location>\n"
        . "<Location /f/g>\n$FORM\n</Location>",
    "<Directory /srv>\nSMTPFormTo a\@b.example\nSMTPFrom a\@b.example\n</Directory>\n"
        . "<Location /f>\n$FORM\n</Location>",
    "<VirtualHost *:1>\nSMTPFrom a\@b.example\n<Location /f>\n$FORM\n"
        . "SMTPFormTo a\@b.example b\@c.example\n</Location>\n</VirtualHost>",
    "<Location /f>\n$FORM\nSMTPFormTo a\@b.example\n<If \"true\">\n"
        . "SMTPTimeout 3s\n</If>\nSMTPFrom a\@b.example\n</Location>",
    "SMTPFormTo \"Ann <a\@b.example>, b\@c.example\" \"\\\"D, E\\\" <f\@g.example>\"",
    "SMTPFormRedirect https://example.org/?a=b#c",
    "SMTPFormReplyTo none\nSMTPFormRequire none\nSMTPTLSCAFile none",
    "SMTPTLSCAFile ca.pem",
    "SMTPCredentials web file:closed.pw\nSMTPHost localhost",
    "<Location \"/c\">\nSMTPFrom a\@b.example\nSMTPFormTo a\@b.example\n</Location>\n"
        . "<Location /c/form>\n$FORM\n</Location>",
);
for my $config (@good) {
    ($status, $said) = check($config);
    my $shown = $config =~ s/\n/ | /gr =~ s/\Q$dir\E/DIR/gr;
    is($status, 0, "fine: $shown") or diag($said);
    unlike($said, qr/SMTP[67]: /, '  without a warning');
}

# Warnings.
($status, $said) = check("SMTPHost localhost\nSMTPCredentials web hunter2");
is($status, 0, 'a password in the configuration');
like($said, qr/SMTPCredentials: .*file:/, 'is warned of');
unlike($said, qr/hunter2/, 'without telling it');
SKIP: {
    skip 'needs another user for the children', 3 if $> != 0;
    chmod 0600, "$dir/ca.pem";
    ($status, $said) = check("SMTPTLSCAFile $dir/ca.pem");
    is($status, 0, 'a file that children cannot read');
    like($said, qr/SMTPTLSCAFile: .*user www-data.*ca\.pem/, 'is warned of');
    chmod 0755, "$dir/mails";
    ($status, $said) = check("SMTPPickupDirectory $dir/mails");
    like($said, qr/SMTPPickupDirectory: .*write to.*mails/, 'so is a folder');
}
# A program is not run by a check.
spew("$dir/prog", "#!/bin/sh\ntouch $dir/ran\necho secret\n");
chmod 0755, "$dir/prog";
($status, $said) = check("SMTPHost localhost\nSMTPCredentials web exec:$dir/prog");
is($status, 0, 'exec: is fine');
ok(!-e "$dir/ran", 'and not run by httpd -t');
done_testing;
