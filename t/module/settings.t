#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# SMTPMailSettings: .NET's XML as the configuration of a server, a virtual
# host or a section; what httpd -t says of it; what directives override.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use Apache::Test ();
use FormTest;
use PrivateHttpd;
use Smtpc::Wait qw(spew);
use Test::More;

plan skip_all => 'no second module'
    if !Apache::Test::have_module('smtpclient_consumer');

my $httpd = PrivateHttpd->new(config => '',
    modules => ['smtpclient', 'smtpclient_consumer']);
my $dir = $httpd->dir;
my $port = vars('smtp_good_port');
mkdir "$dir/mails";
chmod 01777, "$dir/mails";

# A file with mailSettings whose <smtp> has this; its name.
sub settings {
    my ($name, $attributes, $content, $mode) = @_;
    spew("$dir/$name", "<?xml version=\"1.0\"?>\n<configuration>\n"
        . "  <appSettings><add key=\"a\" value=\"b\"/></appSettings>\n"
        . "  <system.net>\n    <mailSettings>\n      <smtp $attributes>\n"
        . "        $content\n      </smtp>\n    </mailSettings>\n"
        . "  </system.net>\n</configuration>\n");
    chmod $mode // 0600, "$dir/$name";
    return "$dir/$name";
}

sub check {
    my ($config) = @_;
    $httpd->configure($config);
    return $httpd->check;
}

spew("$dir/pw", "sesame\n");
chmod 0600, "$dir/pw";
spew("$dir/prog", "#!/bin/sh\ntouch $dir/ran\necho sesame\n");
chmod 0755, "$dir/prog";

# What is wrong => what is said.
my @bad = (
    ["$dir/none.config", qr/none\.config cannot be read: No such file/],
    [$dir, qr/is not a file/],
    [settings('bad', '', "<network\n prt=\"25\"/>"),
        qr/bad:8: <network prt> is not known; <network> takes host, port/],
    [settings('bad2', '', '<network port="x"/>'),
        qr/bad2:7: <network port>: "x" is not a port/],
    [settings('bad3', 'deliveryMethod="PickupDirectoryFromIis"', ''),
        qr/bad3:6: .*needs a queue/],
    [settings('bad4', '', '<network defaultCredentials="yes"/>'),
        qr/bad4:7: .*"yes" is neither true nor false/],
    [settings('bad5', '', '<network userName="web"/>'),
        qr/httpd\.conf:\d+: SMTPMailSettings: .*userName but no password/],
    [settings('bad6', '', "<network userName=\"web\" password=\"file:$dir/x\"/>"),
        qr/httpd\.conf:\d+: SMTPMailSettings: .*$dir\/x/],
    [settings('bad7', '', '<network userName="web" password="exec:/none/p"/>'),
        qr/SMTPMailSettings: exec: .*"\/none\/p"/],
    [settings('bad8', 'deliveryMethod="SpecifiedPickupDirectory"', ''),
        qr/SpecifiedPickupDirectory of SMTPMailSettings needs/],
    [settings('bad9', '', '<specifiedPickupDirectory '
        . 'pickupDirectoryLocation="/none/out"/>'),
        qr/SMTPMailSettings: the pickup directory \/none\/out does not exist/],
    [settings('bad10', '', '<network userName="web" password="sesame" '
        . 'host="mail.example"/>') . "\nSMTPSecurity none",
        qr/would send the password of SMTPMailSettings to mail\.example/],
);
spew("$dir/dtd", "<!DOCTYPE a [\n<!ENTITY b \"b\">]>\n<configuration/>\n");
push @bad, ["$dir/dtd", qr/dtd:1: a document type or entity declaration/];
for my $case (@bad) {
    my ($config, $what) = @$case;
    my ($status, $said) = check("SMTPMailSettings $config");
    isnt($status, 0, 'refused: ' . $config =~ s/\n/ | /r =~ s/\Q$dir\E/DIR/r);
    like($said, $what, '  and says why');
    unlike($said, qr/sesame/, '  without the password');
}

# What is right.
my $literal = settings('literal', '', '<network host="mail.example" '
    . 'userName="web" password="sesame"/>');
my ($status, $said) = check("SMTPMailSettings $literal");
is($status, 0, 'a password in a closed file') or diag($said);
unlike($said, qr/SMTP[67]: /, '  no warning');
chmod 0644, $literal;
($status, $said) = check("SMTPMailSettings literal");
is($status, 0, 'in an open one, relative to ServerRoot') or diag($said);
like($said, qr/every user of this machine can read the password/, '  warning');
unlike($said, qr/sesame/, '  without the password');
chmod 0600, $literal;
my $program = settings('program', '', '<network host="mail.example" '
    . "userName=\"web\" password=\"exec:$dir/prog\"/>");
($status, $said) = check("SMTPMailSettings $program");
is($status, 0, 'a program') or diag($said);
ok(!-e "$dir/ran", '  not run by httpd -t');

# What clients get.
my $machine = settings('machine', 'from="machine@test.example"',
    '<network host="machine.example" port="2500" clientDomain="m.example"/>');
my $site = settings('site', '', '<network host="127.0.0.1" port="' . $port
    . '"/>');
my $out = settings('out', 'deliveryMethod="SpecifiedPickupDirectory" '
    . 'from="out@test.example"', '<specifiedPickupDirectory '
    . "pickupDirectoryLocation=\"$dir/mails\"/>");
my $ssl = settings('ssl', '', '<network enableSsl="true" port="465" '
    . "host=\"ssl.example\" userName=\"web\" password=\"exec:$dir/prog\"/>");
$httpd->configure(<<"CONFIG");
SMTPMailSettings $machine $site
<Location /consumer>
    SetHandler smtpclient-consumer
</Location>
<Location /consumer/over>
    SMTPHost over.example
    SMTPPort 2525
    SMTPFrom over\@test.example
    SMTPHelloName none
</Location>
<Location /consumer/out>
    SMTPMailSettings $out
</Location>
<Location /consumer/ssl>
    SMTPMailSettings $ssl
</Location>
<Location /consumer/ssl/none>
    SMTPCredentials none
    SMTPMailSettings none
</Location>
<Location /consumer/ssl/login>
    SMTPCredentials none
</Location>
<Location /form>
    SetHandler smtpclient-form
    SMTPFormTo to\@test.example
</Location>
<Directory "$dir/htdocs/own">
    AllowOverride All
</Directory>
CONFIG
mkdir "$dir/htdocs/own";
spew("$dir/htdocs/own/.htaccess", "SMTPMailSettings $site\n");
spew("$dir/htdocs/own/x.txt", 'x');
$httpd->start;

sub client {
    my ($path) = @_;
    my $answer = $httpd->get("$path?settings");
    return { map { /^([\w-]+): ?(.*)$/ ? ($1 => $2) : () }
        split /\n/, ref $answer ? $answer->content : $answer };
}

sub has {
    my ($path, $what, %want) = @_;
    my $got = client($path);
    is_deeply({ map { $_ => $got->{$_} } keys %want }, \%want, $what);
    return;
}

has('/consumer', 'two files, one over the other', host => '127.0.0.1',
    port => $port, from => 'machine@test.example', hello => 'm.example',
    user => '', delivery => 0, timeout => 30_000);
has('/consumer/over', 'directives override', host => 'over.example',
    port => 2525, from => 'over@test.example', hello => '');
has('/consumer/out', 'a section has a file of its own', host => 'localhost',
    port => 25, from => 'out@test.example', delivery => 1,
    pickup => "$dir/mails", hello => '');
has('/consumer/ssl', 'TLS and a program', host => 'ssl.example', port => 465,
    security => 4, user => 'web', from => '');
ok(-e "$dir/ran", 'which was run at start');
has('/consumer/ssl/login', 'its user can be taken away', user => '',
    host => 'ssl.example');
has('/consumer/ssl/none', 'and all of it', host => 'localhost', port => 25,
    user => '');

# Mails: of another module, and of a form.
fake()->reset('good');
like($httpd->get('/consumer?server')->content, qr/^status: APR_SUCCESS/m,
    'a mail goes');
my $m = mail_of('good');
is($m->{envelope}{mail_from}, 'machine@test.example',
    'to the server of the file, from its sender');
is($m->{envelope}{helo}, 'm.example', 'under its clientDomain');
fake()->reset('good');
my $answer = $httpd->post('/form', [a => 'b']);
is($answer->code, 200, 'a form needs no SMTPFrom') or diag($answer->as_string);
like(mail_of('good')->header('From'), qr/machine\@test\.example/,
    'beside that of the file');

is($httpd->get('/own/x.txt')->code, 500, 'nothing for .htaccess');
$httpd->stop;
like($httpd->log, qr/SMTPMailSettings not allowed here/, 'which the log says');
unlike($httpd->log, qr/sesame/, 'no password in the log');
done_testing;
