# SPDX-License-Identifier: Apache-2.0
package Smtpc::Process;

# A server of a test, in a process group of its own, that never outlives the
# test: a guard between the two ends the group when the test is gone, however
# that happened.
#
#   my $p = Smtpc::Process->start(command => [...], env => {...},
#                                 output => $file);
#   $p->signal_group('INT');           # what Ctrl-C does
#   my $status = $p->wait(10);         # wait status; undef at the deadline
#   $p->group_alive; $p->stop;

use strict;
use warnings;
use POSIX ();
use Smtpc::Wait qw(wait_for slurp end_process);

my $STOP_SECONDS = 15;

sub start {
    my ($class, %o) = @_;
    pipe my $out, my $in or die "pipe: $!";
    my $owner = $$;
    my $guard = fork // die "fork: $!";
    if (!$guard) {
        close $out;
        _guard($in, $owner, \%o);
    }
    close $in;
    my $line = <$out> // die "the guard of $o{command}[0] failed\n";
    chomp $line;
    return bless { pid => $line, guard => $guard, out => $out,
        owner => $owner, output => $o{output} }, $class;
}

sub pid    { return $_[0]{pid} }
sub output { return slurp($_[0]{output}) }

sub signal       { return kill $_[1], $_[0]{pid} }
sub signal_group { return kill $_[1], -$_[0]{pid} }

# Is any process of the group there? One that ended and was not yet waited
# for by its parent does not count.
sub group_alive {
    my ($self) = @_;
    for my $stat (glob '/proc/[0-9]*/stat') {
        my ($state, $group) = slurp($stat) =~ /\) (\S) \d+ (\d+)/ or next;
        return 1 if $group == $self->{pid} && $state ne 'Z';
    }
    return 0;
}

# Wait for the process itself; its wait status, undef at the deadline.
sub wait {
    my ($self, $seconds) = @_;
    return $self->{status} if defined $self->{status};
    vec(my $bits = '', fileno $self->{out}, 1) = 1;
    return if select($bits, undef, undef, $seconds) <= 0;
    my $line = readline $self->{out};
    ($self->{status}) = ($line // '-1') =~ /(-?\d+)/;
    return $self->{status};
}

# End what is left of the group.
sub stop {
    my ($self) = @_;
    my $guard = delete $self->{guard} or return;
    end_process($guard, 2 * $STOP_SECONDS);
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->stop if $self->{owner} == $$;
    return;
}

sub _guard {
    my ($in, $owner, $o) = @_;
    setpgrp 0, 0;
    my $stop = 0;
    $SIG{TERM} = sub { $stop = 1 };
    $SIG{$_} = 'IGNORE' for qw(INT PIPE HUP);
    my $pid = fork // POSIX::_exit(1);
    _become($in, $o) if !$pid;
    # Set on both sides, so that it holds before either goes on.
    setpgrp $pid, $pid;
    syswrite $in, "$pid\n";
    my $over = 0;
    while (!$stop && getppid() == $owner) {
        if (!$over && waitpid($pid, 1) == $pid) {
            $over = 1;
            syswrite $in, "$?\n";
        }
        select undef, undef, undef, 0.02;
    }
    kill TERM => -$pid;
    wait_for($STOP_SECONDS, sub {
        $over ||= waitpid($pid, 1) == $pid;
        $over && !kill 0, -$pid }) or kill KILL => -$pid;
    POSIX::_exit(0);
}

sub _become {
    my ($in, $o) = @_;
    close $in;
    setpgrp 0, 0;
    $SIG{$_} = 'DEFAULT' for qw(TERM INT PIPE HUP);
    for my $name (keys %{ $o->{env} || {} }) {
        my $value = $o->{env}{$name};
        defined $value ? ($ENV{$name} = $value) : delete $ENV{$name};
    }
    open STDIN,  '<',  '/dev/null' or POSIX::_exit(127);
    open STDOUT, '>>', $o->{output} || '/dev/null' or POSIX::_exit(127);
    open STDERR, '>&', \*STDOUT    or POSIX::_exit(127);
    my @command = @{ $o->{command} };
    exec { $command[0] } @command or POSIX::_exit(127);
}

1;
