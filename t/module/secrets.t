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
is(slurp("$dir/private/runs"), "run\n", 'the program was run once');
is(slurp("$dir/private/uid"), "$>\n", 'by the user that started httpd');

my $info = $httpd->get('/info');
is($info->code, 200, 'server-info');
my @ours = grep { /SMTP/ } split /\n/, $info->content;
is(scalar(grep { /SMTPCredentials <i>web / } @ours), 4, 'shows the directives');
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

# Environment and memory of children: no copy among what other programs see.
SKIP: {
    skip 'only root looks into other processes', 1 if $> != 0;
    my @found = grep { slurp("/proc/$_/cmdline") =~ /\bsecret\b/ }
        $httpd->children;
    is("@found", '', 'no command line has it');
}
$httpd->stop;
done_testing;
