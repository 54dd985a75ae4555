# SPDX-License-Identifier: Apache-2.0
package Smtpc::Server;

# What the rigs of real mail servers have in common: a folder of their own, a
# certificate of the suite's authority, processes that never outlive the test,
# and a Maildir that is read by the recipients that the server noted in its mails.
#
# A rig is a class that says in methods of its own
#   missing     what this machine lacks, in words; undef if nothing
#   configure   makes folders and configuration in dir, after ports were
#               chosen: as many as `port_names` has names
#   commands    the servers in the order of their start: { name, command,
#               ready => path of a socket that is there when it is up,
#               signal => what ends it, instead of TERM }
#   logs        files in dir that a person wants to see after a failure
# and may say maildir, greeting.
#
#   my $server = Smtpc::Exim->start;
#   $server->port; $server->tls_port; $server->ca_file;
#   $server->user; $server->password_file;
#   my @files = $server->wait_mails('ann@test.example', 1, 10);
#   $server->log; $server->stop;

use strict;
use warnings;
use File::Path ();
use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Smtpc::CA;
use Smtpc::Wait qw(wait_for free_port slurp spew end_process);

my $START_SECONDS = 30;
my $STOP_SECONDS  = 10;

sub domain        { return 'test.example' }
sub user          { return 'web' }
sub password      { return 'secret' }
sub port          { return $_[0]{ports}{port} }
# Where mail is taken after STARTTLS and AUTH only, and where from the first
# byte on inside TLS.
sub submission_port { return $_[0]->port }
sub tls_port      { return $_[0]{ports}{tls_port} }
sub dir           { return $_[0]{dir} }
sub ca_file       { return $_[0]{ca}->ca_file }
sub password_file { return "$_[0]{dir}/password" }
sub maildir       { return "$_[0]{dir}/mail/all" }
sub port_names    { return qw(port) }
# Ports where a server speaks first, and what it says.
sub greeting      { return (port => qr/^220 /) }

# Start the servers and wait until they answer. dir: where (default a
# temporary folder that is removed in the end); ca: a Smtpc::CA to take the
# certificate from. What else is given is the rig's.
sub start {
    my ($class, %o) = @_;
    my $why = $class->missing;
    die "no $class: $why\n" if $why;
    my $dir = $o{dir} || File::Temp::tempdir('smtpc-server-XXXXXX',
        TMPDIR => 1);
    my $self = bless { %o, dir => $dir, own => !$o{dir}, owner => $$ },
        $class;
    File::Path::make_path($dir);
    chmod 0755, $dir;
    $self->{ca} ||= Smtpc::CA->new(dir => "$dir/ca");
    my @names = $self->port_names;
    @{ $self->{ports} }{@names} = free_port(scalar @names);
    spew("$dir/password", $self->password . "\n");
    chmod 0600, "$dir/password";
    $self->configure;
    $self->{guard} = $self->_guard;
    my %greeting = $self->greeting;
    for my $name (sort keys %greeting) {
        eval { $self->_wait_greeting($self->{ports}{$name},
            $greeting{$name}) } and next;
        my $log = "$class did not start: $@\n" . $self->log;
        $self->stop;
        die $log;
    }
    return $self;
}

# Stop the servers and remove the folder, if it was made by start.
sub stop {
    my ($self) = @_;
    my $guard = delete $self->{guard} or return;
    end_process($guard, 3 * $STOP_SECONDS);
    File::Path::remove_tree($self->{dir}) if $self->{own};
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->stop if $self->{owner} && $self->{owner} == $$;
    return;
}

# The servers' logs, for diagnosis.
sub log {
    my ($self) = @_;
    return join '', map { "--- $_\n" . slurp("$self->{dir}/$_") }
        $self->logs, map { "$_->{name}.out" } $self->commands;
}

# Paths of all mails delivered to an address, oldest first.
sub mails {
    my ($self, $address) = @_;
    my $seen = $self->{seen} ||= {};
    for my $file (glob $self->maildir . '/new/*') {
        next if $seen->{$file};
        my ($to) = slurp($file)
            =~ /^(?:Delivered-To|Envelope-to): <?(.*?)>?\r?$/m;
        $seen->{$file} = { to => lc($to // ''), at => (stat $file)[9] // 0 };
    }
    my @files = grep { $seen->{$_}{to} eq lc $address && -e } keys %$seen;
    @files = sort { $seen->{$a}{at} <=> $seen->{$b}{at} || $a cmp $b } @files;
    return @files;
}

# Wait until an address has so many mails; all there are at the deadline.
sub wait_mails {
    my ($self, $address, $count, $seconds) = @_;
    wait_for($seconds // 20, sub { $self->mails($address) >= $count });
    return $self->mails($address);
}

# Remove the mails of an address.
sub forget {
    my ($self, $address) = @_;
    unlink $self->mails($address);
    return;
}

# --- making it -----------------------------------------------------------

# Certificate and key of a server that is called localhost, 127.0.0.1 or
# mail.test.example. What else is given is for Smtpc::CA.
sub certificate {
    my ($self, %o) = @_;
    return $self->{ca}->issue('server', %o,
        san => ['localhost', '127.0.0.1', 'mail.' . $self->domain]);
}

# The first of the folders where daemons live that has a program of this name.
sub program {
    my ($class, $name) = @_;
    my ($found) = grep { -x } map { "$_/$name" }
        qw(/usr/sbin /usr/local/sbin /usr/bin);
    return $found;
}

# The parent of the servers: it ends them on TERM, and also when the test
# itself is gone, however that happened.
sub _guard {
    my ($self) = @_;
    my $owner = $$;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    setpgrp 0, 0;
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    local $SIG{INT} = 'IGNORE';
    my @running;
    my $ok = eval {
        for my $server ($self->commands) {
            unshift @running, [$self->_spawn($server), $server->{signal}];
            my $ready = $server->{ready} or next;
            wait_for($START_SECONDS, sub { -S $ready })
                or die "$server->{name} did not start\n";
        }
        1;
    };
    warn $@ if !$ok;
    while ($ok && !$stop && getppid() == $owner) {
        select undef, undef, undef, 0.02;
        # All or none: a test is to see at once that a server ended.
        my $count = @running;
        @running = grep { waitpid($_->[0], POSIX::WNOHANG()) == 0 } @running;
        last if @running < $count;
    }
    # All are told before the first is waited for: most take a second.
    kill $_->[1] || 'TERM', $_->[0] for @running;
    end_process($_->[0], $STOP_SECONDS, $_->[1]) for @running;
    # Nobody else will. If only a server ended, its log is still wanted.
    File::Path::remove_tree($self->{dir})
        if $self->{own} && getppid() != $owner;
    POSIX::_exit($ok ? 0 : 1);
}

sub _spawn {
    my ($self, $server) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    umask 022;
    delete @ENV{ grep { /^(?:MAIL_CONFIG|LISTEN_|NOTIFY_SOCKET)/ } keys %ENV };
    chdir '/';
    $SIG{$_} = 'DEFAULT' for qw(INT TERM);
    open STDIN,  '<',  '/dev/null' or die;
    open STDOUT, '>>', "$self->{dir}/$server->{name}.out" or die;
    open STDERR, '>&', \*STDOUT    or die;
    my @command = @{ $server->{command} };
    exec { $command[0] } @command or POSIX::_exit(127);
}

sub _wait_greeting {
    my ($self, $port, $wanted) = @_;
    my $pid = $self->{guard};
    return wait_for($START_SECONDS, sub {
        die "a server ended\n" if waitpid($pid, POSIX::WNOHANG()) == $pid;
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $port, Timeout => 1) or return;
        vec(my $bits = '', fileno $s, 1) = 1;
        select($bits, undef, undef, 10) or return;
        my $line = <$s> // '';
        print {$s} "QUIT\r\n";
        $line =~ $wanted;
    }) || die "no greeting on port $port\n";
}

1;
