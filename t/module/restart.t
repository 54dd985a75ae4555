#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Restarts: forms that are under way are finished, forms keep working, and
# nothing piles up in the parent. Rows H1, H2 and H8 of the threat list.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use FormTest;
use PrivateHttpd;
use Test::More;

my $CYCLES = 20;
my $AT_ONCE = 4;        # posts that are under way during the restarts
my $port = vars('smtp_good_port');
my $httpd = PrivateHttpd->new(config => <<"CONFIG");
SMTPHost 127.0.0.1
SMTPPort $port
SMTPFrom a\@b.example
SMTPCredentials none
<Location /form>
    SetHandler smtpclient-form
    SMTPFormTo c\@d.example
    SMTPFormSubject "%{smtpform:id}"
</Location>
<Location /stalls>
    SetHandler smtpclient-form
    SMTPFormTo c\@d.example
    SMTPPort @{[vars('smtp_silent_port')]}
    SMTPTimeout 2s
</Location>
CONFIG
$httpd->start;
is($httpd->post('/form', [id => 1])->code, 200, 'a form');

sub descriptors { my @fd = glob "/proc/$_[0]/fd/*"; return scalar @fd }

sub resident {
    return slurp("/proc/$_[0]/status") =~ /^VmRSS:\s*(\d+)/m ? $1 : 0;
}

# The first ones settle what a parent keeps for good.
ok($httpd->restart('USR1'), 'a graceful restart') for 1 .. 3;
my ($fds, $rss) = (descriptors($httpd->pid), resident($httpd->pid));
my %codes;
for my $cycle (1 .. $CYCLES) {
    $httpd->restart($cycle % 5 ? 'USR1' : 'HUP') or fail("restart $cycle");
    $codes{$httpd->post('/form', [id => "cycle $cycle"])->code}++;
}
is_deeply(\%codes, { 200 => $CYCLES }, "a form after each of $CYCLES restarts")
    or diag($httpd->log);
is(descriptors($httpd->pid), $fds, 'the parent has as many files open');
cmp_ok(resident($httpd->pid) - $rss, '<', 1024, 'and as much memory')
    if !vars('valgrind');

# Posts under way while the server is restarted gracefully: none lost, none
# twice.
fake()->reset('good');
my @children;
for my $n (1 .. $AT_ONCE) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $bad = 0;
        for my $i (1 .. 10) {
            $bad++ if $httpd->post('/form', [id => "$n.$i"])->code != 200;
        }
        require POSIX;
        POSIX::_exit($bad);
    }
    push @children, $pid;
}
$httpd->restart('USR1') for 1 .. 5;
my $bad = 0;
for my $pid (@children) {
    waitpid $pid, 0;
    $bad += $? >> 8;
}
is($bad, 0, 'posts during graceful restarts are all answered');
my %times;
$times{Smtpc::Mime->parse($_->{file})->header('Subject')}++
    for fake()->mails('good');
is(scalar keys %times, 10 * $AT_ONCE, 'every mail is there');
is_deeply([grep { $times{$_} != 1 } keys %times], [], 'once');

# Post to a relay that never answers, in another process; returns when the
# relay has been reached.
sub post_to_silence {
    my ($connection, $wanted) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $code = $httpd->post('/stalls', [id => 1])->code;
        require POSIX;
        POSIX::_exit($code =~ $wanted ? 0 : 1);
    }
    fake()->wait_connections('silent', $connection, 10 * slow());
    return $pid;
}

# A relay that stalls does not keep the server from restarting or ending.
fake()->reset('silent');
my $pid = post_to_silence(1, qr/^504$/);
$httpd->restart('USR1');
waitpid $pid, 0;
is($? >> 8, 0, 'a stalled post is answered by the old generation');
$pid = post_to_silence(2, qr/^50[04]$/);        # 500: LWP lost the connection
my $before = now();
$httpd->stop;
cmp_ok(now() - $before, '<', 8 * slow(), 'the server ends while one stalls');
waitpid $pid, 0;
is($? >> 8, 0, 'the visitor is not left waiting');
unlike($httpd->log, qr/exit signal|AH0004[56]/, 'no child had to be killed');
done_testing;
