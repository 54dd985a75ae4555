#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# What README shows works as it stands there: the configuration is accepted,
# the program compiles without a warning and sends a mail.

use strict;
use warnings;
use Cwd ();
use FindBin ();
use File::Temp ();
use lib "$FindBin::Bin/../lib";
use Smtpc::FakeSMTP;
use Smtpc::Wait qw(slurp spew);
use Test::More;

my $top = $ENV{TOP_SRCDIR} || Cwd::abs_path("$FindBin::Bin/../..");
my $build = $ENV{TOP_BUILDDIR}
    = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$top/build/obj");
my $readme = slurp("$top/README");
my $dir = File::Temp->newdir;
chmod 0755, "$dir";

# The indented block behind a headline.
sub block {
    my ($title) = @_;
    my ($text) = $readme =~ /^\Q$title\E\n-+\n\n((?:(?:    .*)?\n)+)/m;
    die "README has no \"$title\"" if !$text;
    return $text =~ s/^    //gmr;
}

sub run {
    my (@command) = @_;
    open my $out, '-|', @command or die "$command[0]: $!";
    my $said = do { local $/; <$out> };
    close $out;
    return ($? >> 8, $said // '');
}

# The configuration.
my $config = block('A contact form in httpd.conf');
is(scalar(grep { /\S/ } split /\n/, $config), 13, 'a dozen lines');
$config =~ s{modules/mod_smtpclient\.so}
    {"$build/mod_smtpclient/.libs/mod_smtpclient.so"};
spew("$dir/mail.pw", "secret\n");
chmod 0600, "$dir/mail.pw";
$config =~ s{/etc/httpd/mail\.pw}{$dir/mail.pw};
my ($code, $modules) = run($ENV{APXS} || 'apxs2', '-q', 'LIBEXECDIR');
chomp $modules;
spew("$dir/httpd.conf", join "\n", "ServerRoot \"$dir\"", 'ServerName x',
    'Listen 127.0.0.1:80', 'ErrorLog logs', map({
        "LoadModule ${_}_module \"$modules/mod_$_.so\""
    } qw(mpm_event authz_core)), $config);
($code, my $said) = run('sh', '-c', '"$1" -t -f "$2" 2>&1', 'sh',
    $ENV{HTTPD} || '/usr/sbin/apache2', "$dir/httpd.conf");
is($code, 0, 'httpd -t accepts it') or diag($said);

# The program.
my $fake = Smtpc::FakeSMTP->start(dir => "$dir/smtp");
my $c = block('A mail from C') =~ s/^cc app.*//msr;
my $port = $fake->port('tls');
$c =~ s/"mail\.example\.org", 587/"localhost", $port/;
# The server's certificate is by an authority made for this test.
$c =~ s/(\|\| smtpc_client_set_credentials)/|| smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS)
        || smtpc_client_set_ca_file(client, "@{[ $fake->ca_file ]}")
        $1/;
spew("$dir/app.c", $c);
($code, my $flags) = run('apr-1-config', '--includes', '--cppflags',
    '--link-ld');
is($code, 0, 'APR is there');
($code, $said) = run('sh', '-c', ($ENV{CC} || 'cc')
    . " -Wall -Wextra -Werror -o $dir/app $dir/app.c -I$top/lib/include "
    . $flags =~ s/\s+/ /gr
    . " -L$build/.libs -Wl,-rpath,$build/.libs -lsmtpclient 2>&1");
is($code, 0, 'the program compiles') or diag($said);
chdir "$dir";
($code, $said) = run('sh', '-c', './app 2>&1');
chdir '/';
is($said, '', 'it says nothing, for all went well');
my $mail = $fake->wait_mail('tls', 1, 10);
ok($mail, 'the mail arrived');
like(slurp($mail->{file}), qr/^Subject: Hello\r$/m, 'with its subject');
done_testing;
