#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# GSSAPI and GS2-KRB5 with a real key distribution centre, MIT's, of a realm
# that is made here: the client's ticket comes from the default credentials
# of its process, and libgsasl is the server.

use strict;
use warnings;
use Cwd ();
use File::Temp ();
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Wait qw(wait_for free_port spew slurp end_process);
use Test::More;

my $build = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$FindBin::Bin/../../build/obj");
my $program = "$build/t/interop/kerberos";
$ENV{PATH} .= ':/usr/sbin:/sbin';
for my $tool (qw(krb5kdc kdb5_util kadmin.local kinit)) {
    plan skip_all => "needs $tool"
        if !grep { -x "$_/$tool" } split /:/, $ENV{PATH};
}
plan skip_all => 'needs a build with libgsasl' if !-e $program;

my $REALM = 'SMTPC.TEST';
my $work  = File::Temp->newdir;
my $port  = free_port();

spew("$work/krb5.conf", <<"CONF");
[libdefaults]
    default_realm = $REALM
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    $REALM = {
        kdc = 127.0.0.1:$port
    }
[domain_realm]
    localhost = $REALM
CONF
spew("$work/kdc.conf", <<"CONF");
[realms]
    $REALM = {
        database_name = $work/principal
        key_stash_file = $work/stash
        acl_file = $work/acl
        kdc_listen = 127.0.0.1:$port
        kdc_tcp_listen = 127.0.0.1:$port
    }
[logging]
    kdc = FILE:$work/kdc.log
CONF
$ENV{KRB5_CONFIG}      = "$work/krb5.conf";
$ENV{KRB5_KDC_PROFILE} = "$work/kdc.conf";
$ENV{KRB5_KTNAME}      = "FILE:$work/smtp.keytab";
$ENV{KRB5CCNAME}       = "FILE:$work/ticket";

# Run a tool to its end; its output is shown if it fails.
sub must {
    my (@command) = @_;
    my $log = "$work/tool.log";
    my $pid = fork;
    die "fork: $!\n" if !defined $pid;
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        exec @command or exit 127;
    }
    waitpid $pid, 0;
    BAIL_OUT("@command: " . slurp($log)) if $? != 0;
}

must('kdb5_util', '-r', $REALM, 'create', '-s', '-W', '-P', 'master');
must('kadmin.local', '-r', $REALM, '-q', $_)
    for 'addprinc -pw secret web', 'addprinc -randkey smtp/localhost',
        "ktadd -k $work/smtp.keytab smtp/localhost",
        "ktadd -k $work/web.keytab web";

my $kdc = fork;
die "fork: $!\n" if !defined $kdc;
if ($kdc == 0) {
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', "$work/kdc.out";
    open STDERR, '>&', \*STDOUT;
    exec 'krb5kdc', '-n', '-r', $REALM or exit 127;
}

# What the program says of a login.
sub log_in {
    my ($mechanism, $target) = @_;
    my $said = qx{timeout 60 '$program' '$mechanism' '$target' 2>&1};
    return $said =~ s/\s+\z//r;
}

my $none = log_in('GSSAPI', '-');
like($none, qr/^SMTPC_EAUTH : /, 'without a ticket nobody logs in');
like($none, qr/Kerberos gives no ticket for smtp\@localhost; see klist/,
    'and is told why');

ok(wait_for(20, sub {
        return system("kinit -k -t $work/web.keytab web >$work/kinit.log 2>&1")
            == 0;
    }), 'a ticket') or diag slurp("$work/kinit.log");

like(log_in('GSSAPI', '-'), qr/^SUCCESS web\@SMTPC\.TEST:/, 'GSSAPI');
like(log_in('GSSAPI', 'smtp/localhost'), qr/^SUCCESS web\@SMTPC\.TEST:/,
    'GSSAPI, with a target name');
like(log_in('GSSAPI', 'smtp@localhost'), qr/^SUCCESS web\@SMTPC\.TEST:/,
    'in its other form');
like(log_in('GS2-KRB5', '-'), qr/^SUCCESS web\@SMTPC\.TEST:/, 'GS2-KRB5');
like(log_in('GSSAPI', 'imap/localhost'),
    qr/^SMTPC_EAUTH : .*no ticket for imap\@localhost/,
    'another service, which the realm does not know');

unlink "$work/ticket";
$ENV{KRB5_CLIENT_KTNAME} = "FILE:$work/web.keytab";
like(log_in('GSSAPI', '-'), qr/^SUCCESS web\@SMTPC\.TEST:/,
    'a keytab of the client');

end_process($kdc, 10);
done_testing();
