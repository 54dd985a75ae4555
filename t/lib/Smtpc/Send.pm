# SPDX-License-Identifier: Apache-2.0
package Smtpc::Send;

# Runs t/interop/send, the small C program that sends one mail through the
# library, and returns what it printed.
#
#   my $r = Smtpc::Send->run(body => $bytes, args => [...]);
#   $r->{status}        'APR_SUCCESS' or the name of the library's status
#   $r->{recipients}    [{address, state, code}, ...]
#   $r->{seconds}, $r->{output}, $r->{exit}
#   $r->{all}           with --count, what was said of each mail; the above is
#                       about the last
#   $r->{commands}      with --verbose, the command lines that were sent

use strict;
use warnings;
use Exporter qw(import);
use File::Temp ();
use JSON::PP ();
use Smtpc::Wait qw(now slurp spew);
use Test::More ();

our @EXPORT_OK = qw(status_ok recipient_states);

my $LIMIT = 100;      # seconds after which the program is broken

sub program {
    return "$ENV{TOP_BUILDDIR}/t/interop/send";
}

sub run {
    my ($class, %o) = @_;
    my $dir = File::Temp->newdir;
    spew("$dir/body", $o{body} // "Hello\n");
    my $began = now();
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN,  '<', "$dir/body" or POSIX::_exit(126);
        open STDOUT, '>', "$dir/out"  or POSIX::_exit(126);
        open STDERR, '>', "$dir/err"  or POSIX::_exit(126);
        exec { 'timeout' } 'timeout', '-k', '2', $LIMIT, program(),
            map { my $a = $_; utf8::encode($a) if utf8::is_utf8($a); $a }
            @{ $o{args} } or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $exit = $?;
    my $out = slurp("$dir/out");
    my @all = map { eval { JSON::PP::decode_json($_) } || () }
        split /\n/, $out;
    my $err = slurp("$dir/err");
    return { %{ $all[-1] || {} }, all => \@all, exit => $exit,
        seconds => now() - $began, output => $out . $err,
        commands => [$err =~ /^\d C: (.*)$/mg] };
}

# Is the status one of these (names without their prefix, a regexp)?
sub status_ok {
    my ($result, $names, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $status = $result->{status} // 'none';
    return Test::More::like($status, qr/^(?:APR_|SMTPC_)?(?:$names)$/,
        "$what: $names") || Test::More::diag($result->{output});
}

# "address state code" of each recipient, in order.
sub recipient_states {
    my ($result) = @_;
    return [map { "$_->{address} $_->{state} $_->{code}" }
        @{ $result->{recipients} || [] }];
}

require POSIX;
1;
