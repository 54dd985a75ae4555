#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Passwords: they come from where the directive says, are read once and by
# root, and are shown by nothing that shows configurations or logs.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use FormTest;
use PrivateHttpd;
use MIME::Base64 ();
use Smtpc::Memory;
use Smtpc::Wait qw(spew);
use Test::More;

my $PASSWORD = 'secret';        # the fake server's; too common to search for
my $base64 = qr/AHdlYgBzZWNyZXQ=|c2VjcmV0/;     # PLAIN and LOGIN

my $httpd = PrivateHttpd->new(config => '');
my $dir = $httpd->dir;
mkdir "$dir/private", 0700;
spew("$dir/private/pw", "$PASSWORD\n");
chmod 0600, "$dir/private/pw";
spew("$dir/private/prog", "#!/bin/sh\necho run >>$dir/private/runs\n"
    . "test \"\$1\" = arg && id -u >$dir/private/uid && echo $PASSWORD\n");
chmod 0700, "$dir/private/prog";
# Passwords that nothing else in memory looks like. The server refuses them.
my %random = map { $_ => join '', map { sprintf '%02x', rand 256 } 1 .. 12 }
    qw(file exec);
spew("$dir/private/random", "$random{file}\n");
chmod 0600, "$dir/private/random";
spew("$dir/private/echo", "#!/bin/sh\necho $random{exec}\n");
chmod 0700, "$dir/private/echo";
$httpd->{env} = { SMTPC_TEST_PASSWORD => $PASSWORD };
my $form = "SetHandler smtpclient-form\nSMTPFormTo c\@d.example\n";
$httpd->configure(<<"CONFIG");
LogLevel smtpclient:trace8
SMTPHost localhost
SMTPPort @{[vars('smtp_tls_port')]}
SMTPSecurity starttls
SMTPTLSCAFile @{[vars('smtp_ca_file')]}
SMTPFrom a\@b.example
<Location /file>
    $form SMTPCredentials web file:$dir/private/pw
</Location>
<Location /exec>
    $form SMTPCredentials web "exec:$dir/private/prog arg"
</Location>
<Location /env>
    $form SMTPCredentials web env:SMTPC_TEST_PASSWORD
</Location>
<Location /wrong>
    $form SMTPCredentials web wr0ng-passw0rd
</Location>
<Location /random-file>
    $form SMTPCredentials web file:$dir/private/random
</Location>
<Location /random-exec>
    $form SMTPCredentials web exec:$dir/private/echo
</Location>
<Location /info>
    SetHandler server-info
</Location>
CONFIG
{
    local $ENV{SMTPC_TEST_PASSWORD} = $PASSWORD;
    my ($status, $said) = $httpd->check('-D', 'DUMP_CONFIG');
    is($status, 0, 'the configuration is fine');
    unlike($said, qr/\bsecret\b/, 'a dump does not show the password')
        or diag($said);
    ok(!-e "$dir/private/runs", 'the program was not run');
}
$httpd->start;
for my $how (qw(file exec env)) {
    fake()->reset('tls');
    my $answer = $httpd->post("/$how", [a => 'b']);
    is($answer->code, 200, "password by $how") or diag($httpd->log);
    is(mail_of('tls')->{envelope}{auth_user}, 'web', '  was the right one');
}
is($httpd->post('/wrong', [a => 'b'])->code, 502, 'a wrong one');
is($httpd->post("/random-$_", [a => 'b'])->code, 502, "another by $_")
    for sort keys %random;
is(slurp("$dir/private/runs"), "run\n", 'the program was run once');
is(slurp("$dir/private/uid"), "$>\n", 'by the user that started httpd');

my $info = $httpd->get('/info');
is($info->code, 200, 'server-info');
my @ours = grep { /SMTP/ } split /\n/, $info->content;
is(scalar(grep { /SMTPCredentials <i>web / } @ours), 6, 'shows the directives');
is_deeply([grep { /\bsecret\b|$base64/ } @ours], [], 'and not the password');
my $log = $httpd->log;
like($log, qr/SMTP1: .*EHLO/, 'the log shows the session');
my $clean = $log =~ s/secret file//gr;
unlike($clean, qr/\bsecret\b|$base64|wr0ng|d3IwbmctcGFzc3cwcmQ|AHdlYgB3cjBu/,
    'and no password');
like($log, qr/SMTP7: .*password of user web stands in the configuration/,
    'a password in the configuration is warned of');
is(() = $log =~ /SMTP7: .*stands in the/g, 1, 'once') or diag($log);

# After a reload the file is read again.
spew("$dir/private/pw", "changed\n");
kill HUP => $httpd->pid;
ok(wait_for(20 * slow(), sub {
    ($httpd->post('/file', [a => 'b'])->code // 0) == 502 }),
    'a changed file counts after a restart');
ok(wait_for(20, sub { slurp("$dir/private/runs") eq "run\n" x 2 }),
    'the program was run again');

# What other programs see, and what a core file would hold.
SKIP: {
    skip 'only root looks into other processes', 3 if $> != 0;
    my @found = grep { slurp("/proc/$_/cmdline") =~ /\bsecret\b/ }
        $httpd->children;
    is("@found", '', 'no command line has it');
    my @needles = map { ($_, MIME::Base64::encode($_, ''),
        MIME::Base64::encode("\0web\0$_", '')) } values %random;
    my ($dumped, $kept) = (0, 0);
    for my $pid ($httpd->pid, $httpd->children) {
        my @places = Smtpc::Memory::search($pid, @needles);
        $dumped += $places[0];
        $kept   += $places[1];
    }
    is($dumped, 0, 'nor would a core file');
    ok($kept > 0, 'they are in memory that it leaves out');
}
$httpd->stop;
done_testing;
