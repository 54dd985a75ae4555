#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The server process of Smtpc::FakeSMTP: fakesmtp.pl DIRECTORY. Reads
# scenarios.json there, binds one loopback port per scenario, writes
# ports.json, and forks one process per connection. Ends on TERM, and by
# itself when the process named in "watch" is gone.

use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL ();
use JSON::PP ();
use POSIX ();
use Socket qw(SOL_SOCKET SO_RCVBUF SO_REUSEADDR SOCK_STREAM inet_aton
    pack_sockaddr_in unpack_sockaddr_in IPPROTO_TCP TCP_NODELAY AF_INET);
use Smtpc::Wait qw(slurp);
use Smtpc::FakeSMTP::Session;

my $BACKLOG = 511;
my $dir     = shift or die "usage: $0 DIRECTORY\n";
my $given   = JSON::PP::decode_json(slurp("$dir/scenarios.json"));
my $watch   = $given->{watch};
my (%child, %count, %listener, %port);

setpgrp 0, 0;
$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = $SIG{INT} = sub { finish() };
$SIG{HUP}  = 'IGNORE';

for my $name (sort keys %{ $given->{scenarios} }) {
    bind_scenario($name, $given->{scenarios}{$name});
}
write_ports();

my $select = IO::Select->new(grep { !$listener{ fileno $_ }{scenario}{closed} }
    map { $_->{socket} } values %listener);
while (!$watch || getppid() == $watch) {
    accept_one($_) for $select->can_read(0.25);
    while ((my $pid = waitpid -1, POSIX::WNOHANG()) > 0) {
        delete $child{$pid};
    }
}
finish();

sub bind_scenario {
    my ($name, $scenario) = @_;
    socket my $s, AF_INET, SOCK_STREAM, 0 or die "socket: $!";
    setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1 if $given->{ports}{$name};
    setsockopt $s, SOL_SOCKET, SO_RCVBUF, $scenario->{rcvbuf}
        if $scenario->{rcvbuf};
    bind $s, pack_sockaddr_in($given->{ports}{$name} || 0,
        inet_aton('127.0.0.1')) or die "$name: bind: $!";
    if (!$scenario->{closed}) {
        listen $s, $BACKLOG or die "$name: listen: $!";
    }
    ($port{$name}) = unpack_sockaddr_in(getsockname $s);
    $listener{ fileno $s }
        = { socket => $s, name => $name, scenario => $scenario };
    return;
}

sub write_ports {
    open my $fh, '>', "$dir/ports.json.tmp" or die "$dir/ports.json: $!";
    print {$fh} JSON::PP::encode_json({ pid => $$, ports => \%port });
    close $fh or die "$dir/ports.json: $!";
    rename "$dir/ports.json.tmp", "$dir/ports.json" or die "ports.json: $!";
    return;
}

sub accept_one {
    my ($listening) = @_;
    my $l = $listener{ fileno $listening };
    my $peer = IO::Socket::INET->new;
    accept $peer, $listening or return;
    my $k = ++$count{ $l->{name} };
    my $server = $$;
    my $pid = fork;
    if (!defined $pid) {
        warn "fork: $!\n";
        return;
    }
    if ($pid) {
        $child{$pid} = 1;
        return;
    }
    $SIG{$_} = 'DEFAULT' for qw(TERM INT);
    close $_->{socket} for values %listener;
    setsockopt $peer, IPPROTO_TCP, TCP_NODELAY, 1;
    my %scenario = (%{ $l->{scenario} },
        %{ ($l->{scenario}{by_connection} || [])->[$k - 1] || {} });
    eval {
        Smtpc::FakeSMTP::Session->new(socket => $peer, dir => $dir,
            name => $l->{name}, number => $k, server => $server,
            scenario => \%scenario)->run;
        1;
    } or warn "$l->{name} connection $k: $@";
    POSIX::_exit(0);
}

sub finish {
    kill TERM => keys %child;
    for (keys %child) {
        waitpid $_, 0;
    }
    POSIX::_exit(0);
}
