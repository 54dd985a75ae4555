# SPDX-License-Identifier: Apache-2.0
package Smtpc::Wait;

# Waiting with deadlines, free ports and small file helpers for the suites.

use strict;
use warnings;
use Exporter qw(import);
use IO::Socket::INET;
use Time::HiRes ();

our @EXPORT_OK = qw(wait_for wait_port free_port slurp spew end_process now);

my $POLL = 0.02;
my $FIRST_PORT = 20000;
my $PORTS      = 12000;      # the kernel's own begin at 32768
my $PORT_TRIES = 200;

# Seconds on the monotonic clock.
sub now { return Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) }

# Poll until code returns true and return that value; undef at the deadline.
sub wait_for {
    my ($seconds, $code) = @_;
    my $deadline = now() + $seconds;
    while (1) {
        my $value = $code->();
        return $value if $value;
        return if now() >= $deadline;
        select undef, undef, undef, $POLL;
    }
    return;
}

# Wait until something accepts connections on a loopback port.
sub wait_port {
    my ($port, $seconds, $gone) = @_;
    return wait_for($seconds, sub {
        die "the server ended before it listened\n" if $gone && $gone->();
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $port, Timeout => 1);
        $s && close $s;
    });
}

# Ports free at this moment, for servers that must be told theirs. They are
# chosen together so that they differ, at random, and where the kernel takes
# none for connections of other tests that run meanwhile.
sub free_port {
    my ($count) = @_;
    my @s;
    for (1 .. $PORT_TRIES) {
        last if @s == ($count || 1);
        push @s, IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1,
            LocalPort => $FIRST_PORT + int rand $PORTS) || ();
    }
    die "no free port\n" if @s < ($count || 1);
    my @p = map { $_->sockport } @s;
    return $count ? @p : $p[0];
}

# The bytes of a file; an empty string if it cannot be read.
sub slurp {
    my ($path) = @_;
    open my $fh, '<:raw', $path or return '';
    local $/ = undef;
    return scalar(<$fh>) // '';
}

# Write the bytes of a file.
sub spew {
    my ($path, $bytes) = @_;
    open my $fh, '>:raw', $path or die "$path: $!";
    print {$fh} $bytes;
    close $fh or die "$path: $!";
    return $path;
}

# Signal a child of ours and reap it: TERM (or the given signal), then KILL at
# the deadline. Returns its wait status, undef when it had to be killed.
sub end_process {
    my ($pid, $seconds, $signal) = @_;
    kill $signal || 'TERM', $pid;
    my $status;
    wait_for($seconds, sub {
        my $got = waitpid $pid, 1;
        $status = $? if $got == $pid;
        $got != 0 });
    return $status if defined $status;
    kill KILL => $pid;
    waitpid $pid, 0;
    return;
}

1;
