#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# A 1 GiB attachment costs no more memory than a small one: the peak of the
# whole program, as the kernel counts it, grows by less than 1 MiB.

use strict;
use warnings;
use Cwd ();
use FindBin ();
use File::Temp ();
use IO::Socket::INET;
use lib "$FindBin::Bin/../lib";
use Smtpc::Process;
use Smtpc::Send;
use Test::More;

my $GIB = 1 << 30;
my $MAX_GROWTH_KB = 1024;
my $SECONDS = 180;

$ENV{TOP_BUILDDIR}
    = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$FindBin::Bin/../../build/obj");

# A sink that is fast, because it looks at nothing but the end of the content.
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5)
    or die "listen: $!";
my $owner = $$;
my $sink = fork // die "fork: $!";
if (!$sink) {
    while (getppid == $owner) {
        my $peer = $listener->accept or next;
        serve($peer);
    }
    exit 0;
}
END { kill TERM => $sink if $sink && $$ == $owner }

sub serve {
    my ($peer) = @_;
    my $tail = '';
    print $peer "220 sink\r\n";
    while (defined(my $line = <$peer>)) {
        print $peer $line =~ /^DATA/ ? "354 go\r\n"
            : $line =~ /^QUIT/ ? "221 bye\r\n" : "250 ok\r\n";
        last if $line =~ /^QUIT/;
        next if $line !~ /^DATA/;
        my $bytes = 0;
        while ($tail !~ /\r\n\.\r\n\z/) {
            my $got = $peer->sysread(my $block, 1 << 20) or return;
            $bytes += $got;
            $tail = substr $tail . substr($block, -5), -5;
        }
        print $peer "250 ok $bytes bytes\r\n";
        $tail = '';
    }
}

# Send a file; return what was said and the peak in kB.
sub send_file {
    my ($size) = @_;
    my $file = File::Temp->new(SUFFIX => '.bin');
    truncate $file, $size or die "truncate: $!";
    my $python = <<'PY';
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], input=b"text\n", capture_output=True)
sys.stdout.write(done.stdout.decode())
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
    open my $out, '-|', 'timeout', $SECONDS, '/usr/bin/python3', '-c', $python,
        Smtpc::Send::program(), '--host', '127.0.0.1',
        '--port', $listener->sockport, '--security', 'none',
        '--from', 'a@test.example', '--to', 'b@test.example',
        '--subject', 'large', '--timeout', $SECONDS, '--attach', "$file"
        or die "run: $!";
    my $said = do { local $/; <$out> };
    close $out;
    my ($peak) = $said =~ /^peak (\d+)$/m;
    return ($said, $peak);
}

my ($small_said, $small) = send_file(1000);
like($small_said, qr/APR_SUCCESS/, 'a small file is sent');
my ($large_said, $large) = send_file($GIB);
like($large_said, qr/APR_SUCCESS/, 'a file of 1 GiB is sent');
my ($bytes) = $large_said =~ /ok (\d+) bytes/;
cmp_ok($bytes // 0, '>', $GIB * 4 / 3, 'all of it, in base64');
cmp_ok($large - $small, '<', $MAX_GROWTH_KB,
    "the peak grows by less than 1 MiB ($small to $large kB)");
done_testing;
