# SPDX-License-Identifier: Apache-2.0
package Smtpc::Httpd;

# A private httpd with our module, for tests outside Apache::Test: its own
# folder, one free loopback port, configuration from the test.
#
#   my $httpd = Smtpc::Httpd->start(config => '...', mpm => 'event');
#   $httpd->port; $httpd->url('/x'); $httpd->log; $httpd->dir; $httpd->stop;
#
# TOP_BUILDDIR, HTTPD and APXS say what to run. Dies if httpd does not start.

use strict;
use warnings;
use File::Temp ();
use Smtpc::Process;
use Smtpc::Wait qw(wait_for wait_port free_port slurp spew);

my $START_SECONDS = 30;
my @MODULES = qw(unixd authn_core authz_core log_config alias mime dir headers
    setenvif env reqtimeout status);

sub start {
    my ($class, %o) = @_;
    my $dir = File::Temp::tempdir('smtpc-httpd-XXXXXX', TMPDIR => 1,
        CLEANUP => 1);
    chmod 0755, $dir;
    mkdir "$dir/$_" for qw(htdocs run);
    spew("$dir/mime.types", "text/html html\n");
    my $self = bless { dir => $dir, port => free_port() }, $class;
    spew("$dir/httpd.conf", $self->_config(%o));
    my $httpd = $ENV{HTTPD} || _query('SBINDIR') . '/' . _query('PROGNAME');
    $self->{process} = Smtpc::Process->start(output => "$dir/output",
        command => [$httpd, '-DFOREGROUND', '-f', "$dir/httpd.conf"]);
    my $up = eval { wait_port($self->{port}, $START_SECONDS,
        sub { defined $self->{process}->wait(0) }) };
    return $self if $up;
    die "httpd did not start: $@" . $self->log;
}

sub dir  { return $_[0]{dir} }
sub port { return $_[0]{port} }
sub pid  { return $_[0]{process}->pid }
sub url  { return "http://127.0.0.1:$_[0]{port}$_[1]" }

sub log {
    my ($self) = @_;
    return join '', map { "--- $_\n" . slurp("$self->{dir}/$_") }
        qw(error.log output);
}

# Stop as an operator would, then make sure.
sub stop {
    my ($self) = @_;
    my $process = delete $self->{process} or return;
    $process->signal('TERM');
    my $status = $process->wait(20);
    $process->stop;
    return $status;
}

sub _query {
    my ($name) = @_;
    my $apxs = $ENV{APXS} || 'apxs';
    chomp(my $value = `$apxs -q $name`);
    return $value;
}

sub _config {
    my ($self, %o) = @_;
    my $dir = $self->{dir};
    my $mpm = $o{mpm} || 'event';
    my $lib = _query('LIBEXECDIR');
    my $load = join '', map { "LoadModule ${_}_module $lib/mod_$_.so\n" }
        grep { -e "$lib/mod_$_.so" } "mpm_$mpm", @MODULES;
    my $user = $> == 0 ? "User www-data\nGroup www-data\n" : '';
    my $config = $o{config} // '';
    my $so = "$ENV{TOP_BUILDDIR}/mod_smtpclient/.libs/mod_smtpclient.so";
    return <<"CONFIG";
ServerRoot "$dir"
ServerName localhost
Listen 127.0.0.1:$self->{port}
PidFile "$dir/run/httpd.pid"
DefaultRuntimeDir "$dir/run"
Mutex file:$dir/run
DocumentRoot "$dir/htdocs"
TypesConfig "$dir/mime.types"
ErrorLog "$dir/error.log"
LogLevel warn
${load}LoadModule smtpclient_module "$so"
$user
<Directory "$dir/htdocs">
    Require all granted
</Directory>
$config
CONFIG
}

1;
