# SPDX-License-Identifier: Apache-2.0
package Smtpc::TestHttpd;

# The httpd side of t/TEST: Apache::Test, told to use a server of ours. It runs
# as root (children as www-data) or unprivileged, on loopback only, on ports
# that are free now, and with nothing of the system's configuration.

use strict;
use warnings;
use Apache::TestConfig ();
use Apache::TestRun    ();
use Apache::TestServer ();
use IO::Socket::INET;
use Smtpc::Wait qw(slurp spew);

use parent -norequire, 'Apache::TestRun';

my $STARTUP_SECONDS          = 60;
my $STARTUP_SECONDS_VALGRIND = 240;
my $PORTS_IN_A_ROW           = 16;      # the server and its virtual hosts

# Modules that httpd needs for the suite; those built in are left out.
my @MODULES = qw(authn_core authz_core authz_host authz_user auth_basic
    authn_file unixd log_config version alias mime dir env setenvif headers
    status info reqtimeout ssl);

# Configure, start, run the tests, stop. t: the work folder; fake: the fake
# SMTP server; args: the command line.
sub main {
    my (%o) = @_;
    my $t = $o{t};
    $0 = "$t/TEST";
    $ENV{APACHE_TEST_ULIMIT_SET} = 1;
    $ENV{APACHE_TEST_APXS}  ||= $ENV{APXS}  || 'apxs';
    $ENV{APACHE_TEST_HTTPD} ||= $ENV{HTTPD} || _httpd();
    if ($> == 0) {
        $ENV{APACHE_TEST_USER}  ||= 'www-data';
        $ENV{APACHE_TEST_GROUP} ||= 'www-data';
    }
    # Apache::Test dislikes rights that would hide its files from others.
    umask 022;
    my $mpm = $ENV{TEST_MPM} || 'event';
    die "TEST_MPM=$mpm: not one of event, worker, prefork\n"
        if $mpm !~ /^(?:event|worker|prefork)$/;
    spew("$t/conf/inherit.conf", _modules($t, $mpm));
    _under_valgrind($t) if $ENV{TEST_VALGRIND};
    my $self = __PACKAGE__->new;
    $self->{smtpc} = { %o, vars => _vars($t, $o{fake}) };
    $self->run('-httpd_conf' => "$t/conf/inherit.conf",
        '-port' => _base_port(),
        '-startup_timeout' => $ENV{TEST_VALGRIND}
            ? $STARTUP_SECONDS_VALGRIND : $STARTUP_SECONDS,
        map { _argument($t, $_) } @{ $o{args} });
    return;
}

# Apache::Test 1.43 refuses to run as root for the sake of mod_perl's tests.
sub check_runtime_user { return 1 }

sub pre_configure {
    my ($self, @rest) = @_;
    my $vars = $self->{smtpc}{vars};
    for my $name (keys %$vars) {
        $Apache::TestConfig::Usage{$name} ||= 'set by t/TEST';
        $self->{conf_opts}{$name} = $vars->{$name};
    }
    return $self->SUPER::pre_configure(@rest);
}

# Virtual hosts get "Listen 0.0.0.0": nothing of ours listens to the network.
sub configure {
    my ($self, @rest) = @_;
    my $result = $self->SUPER::configure(@rest);
    for my $file (glob "$self->{smtpc}{t}/conf/*.conf") {
        my $text = slurp($file);
        spew($file, $text) if $text =~ s/\b0\.0\.0\.0:/127.0.0.1:/g;
    }
    return $result;
}

# What the templates in t/conf and the tests may refer to.
sub _vars {
    my ($t, $fake) = @_;
    my $valgrind = $ENV{TEST_VALGRIND};
    my %vars = (
        smtp_dir     => $fake->dir,
        smtp_ca_file => $fake->ca_file,
        spool_dir    => "$t/spool",
        pickup_dir   => "$t/pickup",
        mpm_name     => $ENV{TEST_MPM} || 'event',
        valgrind     => $valgrind ? 1 : 0,
        start_servers => $valgrind ? 1 : 2,
        thread_count  => $valgrind ? 8 : 16,
        server_limit  => $valgrind ? 2 : 4,
        process_limit => $valgrind ? 8 : 32,
    );
    $vars{worker_limit} = $vars{thread_count} * $vars{server_limit};
    $vars{"smtp_${_}_port"} = $fake->port($_) for $fake->names;
    return \%vars;
}

sub _httpd {
    my $apxs = $ENV{APACHE_TEST_APXS};
    chomp(my $dir  = `$apxs -q SBINDIR`);
    chomp(my $name = `$apxs -q PROGNAME`);
    return "$dir/$name";
}

# The LoadModule lines, in order. Apache::Test reads them as text to know what
# there is, so conditions inside the file would not work.
sub _modules {
    my ($t, $mpm) = @_;
    chomp(my $dir = `$ENV{APACHE_TEST_APXS} -q LIBEXECDIR`);
    my @lines = ("LoadModule mpm_${mpm}_module $dir/mod_mpm_$mpm.so");
    push @lines, map { "LoadModule ${_}_module $dir/mod_$_.so" }
        grep { -e "$dir/mod_$_.so" } @MODULES;
    my @ours = ("LoadModule smtpclient_module $t/modules/mod_smtpclient.so");
    my $so = "$t/modules/mod_smtpclient_consumer.so";
    if (-e $so) {
        my $line = "LoadModule smtpclient_consumer_module $so";
        my $where = $ENV{TEST_CONSUMER} || 'after';
        die "TEST_CONSUMER=$where: neither before nor after\n"
            if $where !~ /^(?:before|after)$/;
        $where eq 'before' ? unshift @ours, $line : push @ours, $line;
    }
    return join '', map { "$_\n" } @lines, @ours;
}

# A port with free ones behind it, outside the kernel's ephemeral range, so
# that no client's socket takes one between now and the start of httpd.
sub _base_port {
    for (1 .. 200) {
        my $base = 20000 + int rand 12000;
        my @held = map {
            IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $_,
                Listen => 1) || ()
        } $base .. $base + $PORTS_IN_A_ROW - 1;
        return $base if @held == $PORTS_IN_A_ROW;
    }
    die "no free ports\n";
}

# Tests may be named by their place in the source, from any folder.
sub _argument {
    my ($t, $arg) = @_;
    return $arg if $arg !~ m{(?:^|/)(module|security)((?:/[^/]+)*)/?$};
    return "t/$1$2";
}

sub _under_valgrind {
    my ($t) = @_;
    my $supp = "$ENV{TOP_SRCDIR}/t/support/valgrind.supp";
    File::Copy::copy($supp, "$t/valgrind.supp") or die "$supp: $!";
    my $original = \&Apache::TestServer::start_cmd;
    no warnings 'redefine';
    *Apache::TestServer::start_cmd = sub {
        my ($server) = @_;
        return join ' ', 'valgrind', '--leak-check=full',
            '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite',
            '--num-callers=30', '--gen-suppressions=all',
            "--suppressions=$t/valgrind.supp",
            "--log-file=$t/logs/valgrind.%p", $original->($server);
    };
    return;
}

require File::Copy;
1;
