# SPDX-License-Identifier: Apache-2.0
package PrivateHttpd;

# An httpd of a test's own, for what the suite's cannot show: configurations
# that are refused, restarts, other orders of loading.
#
#   my $httpd = PrivateHttpd->new(config => '...');
#   my ($status, $said) = $httpd->check;           # httpd -t
#   $httpd->start; $httpd->get('/x'); $httpd->stop; $httpd->log;
#
# modules: names of ours to load, in order (default smtpclient alone);
# more: names of httpd's own beside the usual ones.

use strict;
use warnings;
use Apache::Test ();
use Apache::TestConfig ();
use File::Temp ();
use LWP::UserAgent;
use Smtpc::Process;
use Smtpc::Wait qw(wait_for wait_port free_port slurp spew);

my $START_SECONDS = 30;

sub new {
    my ($class, %o) = @_;
    my $dir = File::Temp::tempdir('smtpc-httpd-XXXXXX', TMPDIR => 1,
        CLEANUP => 1);
    chmod 0755, $dir;
    mkdir "$dir/$_" for qw(htdocs run);
    spew("$dir/mime.types", '');
    my $self = bless { dir => $dir, port => free_port(), %o }, $class;
    $self->configure($o{config});
    return $self;
}

sub dir { return $_[0]{dir} }

# Write the configuration, anew.
sub configure {
    my ($self, $config) = @_;
    my $dir = $self->{dir};
    my @load = grep { !/smtpclient/ }
        split /^/, slurp(Apache::Test::vars('t_conf') . '/inherit.conf');
    my $so = Apache::Test::vars('serverroot') . '/modules';
    my @ours = @{ $self->{modules} || ['smtpclient'] };
    my $user = $> == 0 ? "User www-data\nGroup www-data\n" : '';
    my $load = join '', @load,
        map { "LoadModule ${_}_module \"$so/mod_$_.so\"\n" } @ours;
    spew("$dir/httpd.conf", $load . <<"CONFIG");
ServerRoot "$dir"
ServerName localhost
Listen 127.0.0.1:$self->{port}
PidFile "$dir/run/httpd.pid"
DefaultRuntimeDir "$dir/run"
Mutex file:$dir/run
DocumentRoot "$dir/htdocs"
ErrorLog "$dir/error.log"
TypesConfig "$dir/mime.types"
LogLevel warn
$user
StartServers 1
<Directory "$dir/htdocs">
Require all granted
</Directory>
$config
CONFIG
    return;
}

sub _command {
    my ($self, @options) = @_;
    return (Apache::Test::vars('httpd'), '-f', "$self->{dir}/httpd.conf",
        @options);
}

# Run httpd -t with further options: its status, and what it said.
sub check {
    my ($self, @options) = @_;
    open my $out, '-|', join(' ', map { "'$_'" }
        $self->_command('-t', @options)) . ' 2>&1' or die "httpd: $!";
    my $said = do { local $/ = undef; <$out> } // '';
    close $out;
    return ($? >> 8, $said);
}

sub start {
    my ($self) = @_;
    $self->{process} = Smtpc::Process->start(output => "$self->{dir}/output",
        command => [$self->_command('-DFOREGROUND')],
        env => $self->{env} || {});
    eval { wait_port($self->{port}, $START_SECONDS,
        sub { defined $self->{process}->wait(0) }) }
        or die "httpd did not start: $@" . $self->log;
    return $self;
}

sub pid { return $_[0]{process}->pid }

# Process ids of the children.
sub children {
    my ($self) = @_;
    my $pid = $self->pid;
    return grep { slurp("/proc/$_/stat") =~ /\) \S $pid / }
        map { m{/(\d+)/} } glob '/proc/[0-9]*/stat';
}

sub get {
    my ($self, $path) = @_;
    return LWP::UserAgent->new(timeout => 30)
        ->get("http://127.0.0.1:$self->{port}$path");
}

sub post {
    my ($self, $path, $form, @headers) = @_;
    return LWP::UserAgent->new(timeout => 30)
        ->post("http://127.0.0.1:$self->{port}$path", $form, @headers);
}

sub log {
    my ($self) = @_;
    return join '', map { slurp("$self->{dir}/$_") } qw(error.log output);
}

# Restart with USR1 or HUP, and wait until the new generation answers.
sub restart {
    my ($self, $signal) = @_;
    my $generations = sub {
        return scalar(() = $self->log =~ /resuming normal operations/g) };
    my $before = $generations->();
    kill $signal => $self->pid;
    return wait_for(20 * FormTest::slow(), sub { $generations->() > $before });
}

sub stop {
    my ($self) = @_;
    my $process = delete $self->{process} or return;
    $process->signal('TERM');
    my $status = $process->wait(20);
    $process->stop;
    return $status;
}

1;
