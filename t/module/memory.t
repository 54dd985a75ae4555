#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# A large upload costs a child of httpd less than 1 MiB of memory, and many
# small forms cost it nothing that stays.
#
# A child handles requests on many threads, each with memory of its own, so
# this one has a single thread: the growth is that of one request.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use Apache::Test ();
use FormTest;
use PrivateHttpd;
use Test::More;

plan skip_all => 'no second module'
    if !Apache::Test::have_module('smtpclient_consumer');

my $MIB = 1024;     # in KiB, as the kernel counts
my $spool = vars('spool_dir');
my $mpm = vars('mpm_name');
my $single = $mpm eq 'prefork'
    ? "ServerLimit 1\nMaxRequestWorkers 1\n"
    : "ServerLimit 1\nThreadsPerChild 1\nThreadLimit 1\nMaxRequestWorkers 1\n"
      . "MinSpareThreads 1\nMaxSpareThreads 1\n";
my $httpd = PrivateHttpd->new(modules => [qw(smtpclient smtpclient_consumer)],
    config => <<"CONFIG");
$single
SMTPHost 127.0.0.1
SMTPPort @{[vars('smtp_sink_port')]}
SMTPFrom a\@b.example
SMTPFormTo c\@d.example
SMTPFormTempDirectory $spool
SMTPFormMaxBody 24M
SMTPFormMaxFileSize 20M
<Location /form>
    SetHandler smtpclient-form
</Location>
<Location /consumer>
    SetHandler smtpclient-consumer
</Location>
CONFIG
$httpd->start;

# Memory of the child in KiB: now, and at most since it began.
sub memory {
    my $said = $httpd->get('/consumer?process')->content;
    my %value = map { /^(\w+):\s*(\d+)/ ? ($1 => $2) : () } split /\n/, $said;
    return @value{qw(VmRSS VmHWM pid)};
}

sub post_bytes {
    my ($bytes) = @_;
    my $ua = LWP::UserAgent->new(timeout => 60);
    return $ua->post("http://127.0.0.1:$httpd->{port}/form",
        Content_Type => 'multipart/form-data; boundary=XYZ',
        Content => form_data(['a', 'b'], ['f', 'x.bin',
            'application/octet-stream', 'x' x $bytes]))->code;
}

# Warm up: code is loaded, pools have their first blocks.
is(post_bytes(2000), 200, 'a small upload') for 1 .. 3;
is(post_bytes(100_000), 200, 'one that is spooled');
my ($rss, $peak, $pid) = memory();
for my $size (10 * 1024 * 1024, 20 * 1024 * 1024) {
    is(post_bytes($size), 200, "$size bytes");
    my ($after, $peak_after, $same) = memory();
    is($same, $pid, '  by the same child');
    cmp_ok($peak_after - $peak, '<', $MIB,
        '  peak memory grew by less than 1 MiB')
        or diag("before $rss/$peak, after $after/$peak_after KiB");
}
is_deeply([glob "$spool/*"], [], 'no temporary file is left');

# Nothing stays of many small ones.
my @form = ([a => 'b', c => 'x' x 3000]);
$httpd->post('/form', @form) for 1 .. 20;
my ($before) = memory();
my %codes;
$codes{$httpd->post('/form', @form)->code}++ for 1 .. 300;
my ($then) = memory();
is_deeply(\%codes, { 200 => 300 }, '300 small forms');
cmp_ok($then - $before, '<', 200, 'leave nothing behind')
    or diag("$before KiB before, $then KiB after");
my @sockets = grep { (readlink // '') =~ /^socket:/ } glob "/proc/$pid/fd/*";
cmp_ok(scalar @sockets, '<', 20, 'no connection stays open') if $> == 0;
$httpd->stop;
done_testing;
