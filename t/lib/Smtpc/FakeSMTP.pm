# SPDX-License-Identifier: Apache-2.0
package Smtpc::FakeSMTP;

# The suite's own SMTP server, scripted by scenarios. One process listens on
# one free loopback port per scenario, so a test chooses a behaviour by
# choosing a port and nothing has to be restarted in between.
#
#   my $fake = Smtpc::FakeSMTP->start(dir => $dir);      # the usual scenarios
#   my $fake = Smtpc::FakeSMTP->start(dir => $dir, scenarios => { ... });
#   my $fake = Smtpc::FakeSMTP->attach($dir);            # in another process
#   $fake->port('rcpt550'); $fake->ca_file;
#   my $mail = $fake->wait_mail('good', 1, 10) or ...;   # deadline in seconds
#   $mail->{rcpts}[0]{address}; $fake->content($mail);
#   $fake->commands('good', 1);                          # lines of connection 1
#   $fake->reset('good');
#
# Every accepted mail becomes <dir>/<scenario>-<n>.eml (bytes after removal of
# the dot stuffing) with <scenario>-<n>.json beside it; both exist before the
# client sees the 250. Every connection leaves <dir>/conn-<scenario>-<k>.jsonl.
# What a scenario can say is described in Smtpc::FakeSMTP::Scenarios.

use strict;
use warnings;
use Fcntl qw(:flock);
use File::Path ();
use File::Spec;
use JSON::PP ();
use Smtpc::CA;
use Smtpc::Wait qw(wait_for slurp);
use Smtpc::FakeSMTP::Scenarios ();

my $START_SECONDS = 20;
my $STOP_SECONDS  = 5;

# Start the server and return when every port answers. dir: where it records;
# scenarios: name => scenario, default the usual set; ports: name => port to
# take again the ports of an earlier run; detached: outlive the caller.
sub start {
    my ($class, %o) = @_;
    my $dir = File::Spec->rel2abs($o{dir} || die 'dir is missing');
    my $self = bless { dir => $dir, owner => $$ }, $class;
    File::Path::make_path($dir);
    unlink "$dir/ports.json";
    Smtpc::CA->new(dir => "$dir/ca")->standard_set;
    my $scenarios = $o{scenarios} || Smtpc::FakeSMTP::Scenarios::usual();
    _write("$dir/scenarios.json", JSON::PP->new->ascii->canonical->pretty->encode({
        scenarios => $scenarios, ports => $o{ports} || {},
        watch => $o{detached} ? 0 : $$ }));
    my $script = File::Spec->catfile(_lib(), 'fakesmtp.pl');
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        open STDIN,  '<',  '/dev/null'       or die;
        open STDOUT, '>>', "$dir/server.log" or die;
        open STDERR, '>&', \*STDOUT          or die;
        exec { $^X } $^X, $script, $dir or POSIX::_exit(127);
    }
    my $up = wait_for($START_SECONDS, sub {
        -s "$dir/ports.json" || waitpid($self->{pid}, 1) > 0 });
    die "the fake SMTP server did not start:\n" . slurp("$dir/server.log")
        if !$up || !-s "$dir/ports.json";
    $self->_load;
    return $self;
}

# The server that another process started in this directory.
sub attach {
    my ($class, $dir) = @_;
    my $self = bless { dir => File::Spec->rel2abs($dir) }, $class;
    $self->_load;
    return $self;
}

sub _load {
    my ($self) = @_;
    my $state = JSON::PP::decode_json(slurp("$self->{dir}/ports.json"));
    $self->{ports}  = $state->{ports};
    $self->{server} = $state->{pid};
    return;
}

sub dir     { return $_[0]{dir} }
sub ca_file { return "$_[0]{dir}/ca/ca.pem" }
sub ports   { return $_[0]{ports} }
sub names   { my @n = sort keys %{ $_[0]{ports} }; return @n }
sub ca      { return Smtpc::CA->new(dir => "$_[0]{dir}/ca") }

sub port {
    my ($self, $name) = @_;
    return $self->{ports}{$name} // die "no scenario $name";
}

# End the server and every connection; waits until it is gone.
sub stop {
    my ($self) = @_;
    my $pid = delete $self->{server} or return;
    kill TERM => $pid;
    if (!$self->{pid}) {
        wait_for($STOP_SECONDS, sub { !kill 0 => $pid });
        return;
    }
    wait_for($STOP_SECONDS, sub { waitpid($pid, 1) != 0 }) and return;
    kill KILL => $pid;
    waitpid $pid, 0;
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->stop if $self->{pid} && $self->{owner} == $$;
    return;
}

# Mails accepted by a scenario, in the order of their numbers.
sub mails {
    my ($self, $name) = @_;
    my $dir = $self->{dir};
    opendir my $dh, $dir or die "$dir: $!";
    my @n = sort { $a <=> $b }
        map { /^\Q$name\E-(\d+)\.eml$/ ? $1 : () } readdir $dh;
    return map { $self->_mail($name, $_) } @n;
}

sub _mail {
    my ($self, $name, $n) = @_;
    my $base = "$self->{dir}/$name-$n";
    my $mail = JSON::PP::decode_json(slurp("$base.json"));
    @$mail{qw(n file)} = ($n, "$base.eml");
    return $mail;
}

# Wait for the n-th mail since the last reset; undef when the deadline passed.
sub wait_mail {
    my ($self, $name, $n, $seconds) = @_;
    return unless wait_for($seconds // 10,
        sub { -e "$self->{dir}/$name-$n.eml" });
    return $self->_mail($name, $n);
}

# The bytes of a mail.
sub content { return slurp($_[1]{file}) }

# Numbers of the connections a scenario has seen.
sub connections {
    my ($self, $name) = @_;
    opendir my $dh, $self->{dir} or die "$self->{dir}: $!";
    my @k = sort { $a <=> $b }
        map { /^conn-\Q$name\E-(\d+)\.jsonl$/ ? $1 : () } readdir $dh;
    return @k;
}

# Wait until a scenario has seen n connections; returns their numbers.
sub wait_connections {
    my ($self, $name, $n, $seconds) = @_;
    wait_for($seconds // 10, sub { $self->connections($name) >= $n });
    return $self->connections($name);
}

# Wait until a connection is over, so that its transcript is complete.
sub wait_closed {
    my ($self, $name, $k, $seconds) = @_;
    return wait_for($seconds // 10, sub {
        my @t = $self->transcript($name, $k);
        @t && $t[-1]{dir} eq '!' && $t[-1]{data} =~ /^end/ });
}

# What happened on a connection: list of {t, dir, data}, dir being C (bytes of
# the client), S (ours), D (message content), ! (a note; "!anomaly ..." for
# something no correct client does).
sub transcript {
    my ($self, $name, $k) = @_;
    my $file = "$self->{dir}/conn-$name-$k.jsonl";
    return unless -e $file;
    my $json = JSON::PP->new->latin1;
    return map { /\}$/ ? $json->decode($_) : () } split /\n/, slurp($file);
}

# The command lines of a connection, as received, without line ends.
sub commands {
    my ($self, $name, $k) = @_;
    return map { my $l = $_->{data}; $l =~ s/\r?\n\z//; $l }
        grep { $_->{dir} eq 'C' } $self->transcript($name, $k);
}

# Anomalies noted on a connection (bare LF, bytes after STARTTLS ...).
sub anomalies {
    my ($self, $name, $k) = @_;
    return map { $_->{data} =~ /^anomaly (.*)/s ? $1 : () }
        grep { $_->{dir} eq '!' } $self->transcript($name, $k);
}

# Everything known about a scenario in a few lines, for diag() on failure.
sub report {
    my ($self, $name) = @_;
    my $out = '';
    for my $k ($self->connections($name)) {
        $out .= "$name connection $k\n";
        for my $e ($self->transcript($name, $k)) {
            my $d = substr $e->{data}, 0, 200;
            $d =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
            $out .= sprintf "  %8.3f %s %s\n", $e->{t}, $e->{dir}, $d;
        }
    }
    return $out || "$name: no connection\n";
}

# Forget mails and transcripts of the named scenarios (default: all); the next
# mail is number 1 again.
sub reset {
    my ($self, @names) = @_;
    my $dir = $self->{dir};
    for my $name (@names ? @names : $self->names) {
        open my $fh, '+>>', "$dir/$name.count" or die "$dir/$name.count: $!";
        flock $fh, LOCK_EX or die "$dir/$name.count: $!";
        opendir my $dh, $dir or die "$dir: $!";
        unlink map { "$dir/$_" } grep {
            /^(?:\Q$name\E-\d+\.(?:eml|json)|conn-\Q$name\E-\d+\.jsonl)$/
        } readdir $dh;
        truncate $fh, 0;
        close $fh;
    }
    return;
}

sub _lib {
    my $here = File::Spec->rel2abs(__FILE__);
    $here =~ s{/Smtpc/FakeSMTP\.pm$}{};
    return $here;
}

sub _write {
    my ($path, $text) = @_;
    open my $fh, '>', "$path.tmp" or die "$path: $!";
    print {$fh} $text;
    close $fh or die "$path: $!";
    rename "$path.tmp", $path or die "$path: $!";
    return;
}

require POSIX;
1;
