#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# A child of httpd that has run out of descriptors, room on the disk, threads
# or memory while strangers post. Each post is answered within its deadline,
# and with the truth: it is sent and there once, or it is an error page, not
# there, and the error log names what is missing. Nothing stays behind, and
# what is posted when there is enough again is sent by the same child; but for
# memory, whose want ends the child.
#
# The limits are set from outside, by prlimit(1), between two requests of a
# connection that stays open: a new one would take a descriptor, and the
# child would end for want of it before any of our code ran.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use File::Temp ();
use FormTest;
use LWP::UserAgent;
use PrivateHttpd;
use Smtpc::Wait qw(spew);
use Test::More;

my $DEADLINE = 30;
my $MOST = 12;          # descriptors that a mail may take
my $SMALL = 64 * 1024;  # a disk with room for this
my $ca = vars('smtp_ca_file');
my $dir = File::Temp::tempdir('smtpc-resources-XXXXXX', TMPDIR => 1,
    CLEANUP => 1);
my ($pickup, $spool, $authorities) = map { "$dir/$_" } qw(pickup spool ca);
chmod 0755, $dir;
mkdir $_ for $pickup, $spool, $authorities;
chmod 01777, $pickup, $spool;
my $tls = "SMTPHost localhost\nSMTPSecurity starttls\n"
    . "SMTPCredentials web secret\n";
my $ca_name = hash_of($ca);
spew("$authorities/$ca_name.0", slurp($ca));

# The forms: a scenario of the SMTP server, settings, files to post.
my %form = (
    plain  => ['good', ''],
    upload => ['good', "SMTPFormTempDirectory $spool\n", 100_000],
    store  => [undef, "SMTPDelivery pickup\nSMTPPickupDirectory $pickup\n",
        (40_000) x 3],
    ca     => ['tls', $tls . "SMTPTLSCAFile $ca\n"],
    cas    => ['tls', $tls . "SMTPTLSCADirectory $authorities\n"],
    system => ['tls', $tls],
    token  => ['token', "SMTPHost localhost\nSMTPSecurity starttls\n"
        . "SMTPTLSCAFile $ca\n"
        . "SMTPCredentials web \"token:exec:/bin/echo secret\"\n"],
);

sub hash_of {
    my ($certificate) = @_;
    open my $out, '-|', 'openssl', 'x509', '-noout', '-hash', '-in',
        $certificate or die "openssl: $!";
    chomp(my $hash = <$out> // die "openssl says nothing\n");
    return $hash;
}

sub location {
    my ($name) = @_;
    my ($scenario, $settings) = @{ $form{$name} };
    my $port = $scenario ? 'SMTPPort ' . vars("smtp_${scenario}_port") : '';
    return <<"LOCATION";
<Location /$name>
    SetHandler smtpclient-form
    SMTPFormTo c\@d.example
    SMTPFormSubject "%{smtpform:id}"
    SMTPFormMaxFileSize 1M
    SMTPHelloName $name.example
    $port
    $settings
</Location>
LOCATION
}

my $single = vars('mpm_name') eq 'prefork'
    ? "ServerLimit 1\nMaxRequestWorkers 1\n"
    : "ServerLimit 1\nThreadsPerChild 1\nThreadLimit 1\nMaxRequestWorkers 1\n"
      . "MinSpareThreads 1\nMaxSpareThreads 1\n";
my $httpd = PrivateHttpd->new(env => { SSL_CERT_FILE => $ca },
    config => join '', <<"CONFIG", map { location($_) } sort keys %form);
$single
KeepAlive On
KeepAliveTimeout 60
MaxKeepAliveRequests 0
<Directory />
    AllowOverride None
</Directory>
SMTPHost 127.0.0.1
SMTPFrom a\@b.example
SMTPTimeout 10s
CONFIG

# The child under test.

my ($pid, $browser);

# A request that needs nothing; it comes back when all is over of the one
# before, on the same connection or on a new one.
sub touch {
    return $browser->get("http://127.0.0.1:$httpd->{port}/plain")->code == 405;
}

# A connection that its client has left, as the one that waited for the start
# did, has a descriptor until httpd looks at it.
sub none_half_closed {
    my $closing = sprintf ':%04X \\S+ 08 ', $httpd->{port};
    return wait_for($DEADLINE, sub {
        slurp('/proc/net/tcp') !~ /^\s*\d+: [0-9A-F]{8}$closing/m });
}

sub fresh_child {
    $httpd->stop;
    $httpd->start;
    $browser = LWP::UserAgent->new(timeout => $DEADLINE, keep_alive => 1);
    touch() or die "no child answers:\n" . $httpd->log;
    none_half_closed() or die "the child keeps a connection\n";
    ($pid) = $httpd->children;
    return;
}

sub same_child { my ($now) = $httpd->children; return ($now // 0) == $pid }

# As the child's user: what root may do depends on where it is root.
sub prlimit {
    my (@options) = @_;
    my $status = slurp("/proc/$pid/status");
    my ($uid, $gid) = map { $status =~ /^$_:\s+(\d+)/m } qw(Uid Gid);
    my @as = $> == 0
        ? ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups') : ();
    open my $out, '-|', @as, 'prlimit', '--pid', $pid, @options
        or die "prlimit: $!";
    my $said = do { local $/ = undef; <$out> } // '';
    close $out or die "prlimit @options failed\n";
    return $said =~ s/\s+\z//r;
}

# Do something while a limit of the child is lower.
sub limited {
    my ($name, $value, $code) = @_;
    my $before = prlimit("--$name", '--raw', '--noheadings', '--output=SOFT');
    prlimit("--$name=$value:");
    my @result = $code->();
    prlimit("--$name=$before:");
    return wantarray ? @result : $result[0];
}

sub descriptors { return map { m{(\d+)$} } glob "/proc/$pid/fd/*" }

# The limit that leaves a number of descriptors free.
sub limit_for {
    my ($free) = @_;
    my %open = map { $_ => 1 } descriptors();
    my $limit = 0;
    $limit++ while $open{$limit} || $free-- > 0;
    return $limit;
}

# Posting.

my (%sent, $posts);

# All mails that are there: subject => how often.
sub arrived {
    my %times;
    my @mails = map { $_->{file} } map { fake()->mails($_) }
        qw(good tls token);
    for my $file (@mails, glob "$pickup/*") {
        $times{ slurp($file) =~ /^Subject: (\S+)/m ? $1 : $file }++;
    }
    return \%times;
}

sub forget {
    fake()->reset(qw(good tls token));
    unlink glob "$pickup/*";
    %sent = ();
    return;
}

# Post to a form, and hold the answer against what has arrived; was it sent?
sub post {
    my ($name, $what, $why) = @_;
    my (undef, undef, @files) = @{ $form{$name} };
    my $id = "$name-" . ++$posts;
    my $mark = length $httpd->log;
    my $answer = $browser->post("http://127.0.0.1:$httpd->{port}/$name",
        Content_Type => 'multipart/form-data; boundary=XYZ',
        Content => form_data(['id', $id],
            map { ['f', 'x.bin', 'application/octet-stream', 'x' x $_] }
                @files));
    my $log = substr $httpd->log, $mark;
    my $good = $answer->code == 200;
    $sent{$id} = 1 if $good;
    is_deeply(arrived(), \%sent,
        "$what: " . ($good ? 'sent once' : 'not sent'));
    return 1 if $good;
    like($log, $why, '  the log says why') if $why;
    is($answer->code, $log =~ /in the TLS handshake/ ? 502 : 503,
        '  the visitor is told') or diag($answer->as_string, $log);
    return 0;
}

sub post_again {
    my ($name) = @_;
    ok(post($name, '  afterwards') && same_child(), '  by the same child')
        or diag($httpd->log);
    return;
}

# The disk. First, because the error log has to fit as well.

forget();
fresh_child();
cmp_ok(length $httpd->log, '<', $SMALL / 2, 'the log is small');
for my $name (qw(store upload)) {
    limited(fsize => $SMALL, sub {
        ok(!post($name, "$name, disk full", qr/File too large/),
            '  an error page') });
    post_again($name);
}
limited(fsize => 0, sub {
    ok(!post('store', 'store, no room at all'), '  an error page');
    ok(post('plain', 'a mail that only the log has no room for'), '  thanks');
});
is_deeply([map { glob "$_/.[!.]* $_/smtpclient*" } $pickup, $spool], [],
    'no temporary file is left');
post_again('plain');

# Threads: tokens are fetched on one.

fresh_child();
limited(nproc => 1, sub {
    ok(!post('token', 'a login, no threads',
        qr/Resource temporarily unavailable/), '  an error page');
    ok(post('plain', 'a mail that needs no thread'), '  thanks');
});
post_again('token');

# Memory. APR ends the process; the next one knows nothing of it.

forget();
fresh_child();
prlimit('--core=0:', '--as=1:');
my $answer = $browser->post("http://127.0.0.1:$httpd->{port}/plain",
    [id => 'lost', text => 'x' x 250_000]);
is($answer->code, 500, 'no memory: the connection is lost');
like($answer->header('Client-Warning') // '', qr/Internal response/,
    '  and nobody is thanked');
ok(wait_for($DEADLINE, sub { touch() && !same_child() }), '  another child')
    or diag($httpd->log);
($pid) = $httpd->children;
like($httpd->log, qr/Memory allocation failed/, '  the log says why');
my $ends = () = $httpd->log =~ /exit signal/g;
is($ends, 1, '  one child has ended');
is_deeply(arrived(), {}, '  no mail was sent');
post_again('plain');

# Descriptors.

# How many are open once those are closed that httpd still lingers on.
sub settled {
    my ($most) = @_;
    wait_for($DEADLINE, sub { descriptors() <= $most });
    return scalar descriptors();
}

# Two posts with so many free; were they sent?
sub post_with {
    my ($name, $free) = @_;
    my $limit = limit_for($free);
    my $most = $free + descriptors();
    my ($good, @open);
    for my $time (1, 2) {
        $good = limited(nofile => $limit, sub {
            post($name, "$name, $free descriptors left",
                qr/Too many open files/) });
        touch();
        push @open, settled($open[0] // $most);
    }
    cmp_ok($open[0], '<=', $most, '  none is open beyond the limit');
    is($open[1], $open[0], '  the second leaves none behind');
    return $good;
}

# All but the first have a child that has sent a mail before: what it waited
# with is there already. And a token is wanted where "ca" has ended.
for my $name (qw(plain upload store ca cas system token)) {
    my $free = $name eq 'token' ? 1 : -1;
    my $good;
    forget();
    while (!$good && ++$free < $MOST) {
        fresh_child();
        post('plain', 'the first') if $name ne 'plain';
        $good = post_with($name, $free);
        post_again($name);
    }
    ok($good, "$name: sent with $free descriptors");
    cmp_ok($free, '>', 0, '  not without any');
}
$httpd->stop;
is_deeply(arrived(), \%sent, 'no mail has come after its answer');
forget();
$ends = () = $httpd->log =~ /exit signal/g;
is($ends, 1, 'no other child has crashed');
done_testing;
