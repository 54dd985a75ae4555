#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The library against servers that are dead, slow, refusing, lying or attacked:
# one line per scenario of the fake SMTP server. In all of them: the answer
# comes within the time limit, nothing is delivered unless we were told so, and
# what must not go out in plain text does not.

use strict;
use warnings;
use Cwd ();
use FindBin ();
use File::Temp ();
use lib "$FindBin::Bin/../lib";
use Smtpc::FakeSMTP;
use Smtpc::Send qw(status_ok recipient_states);
use Smtpc::Wait qw(spew);
use Test::More;

my $LIMIT = 2;          # --timeout given to the program
my $SLACK = 1.5;        # start of the program, QUIT, a busy machine

$ENV{TOP_BUILDDIR}
    = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$FindBin::Bin/../../build/obj");
die Smtpc::Send::program() . " is missing: build first\n"
    if !-x Smtpc::Send::program();

my $work = File::Temp->newdir;
my $fake = Smtpc::FakeSMTP->start(dir => "$work/smtp");
my $password = 'secret';
spew("$work/password", "$password\n");
chmod 0600, "$work/password";
my @LOGIN = ('--user', 'web', '--password-file', "$work/password");
my @TLS   = ('--security', 'starttls', '--ca-file', $fake->ca_file);
my @NONE  = ('--security', 'none');
my @FROM  = ('--from', 'a@test.example');
my $BIG   = ('x' x 70 . "\n") x 120_000;

# scenario => [statuses, arguments, body]
my %plain = (
    good     => ['SUCCESS', \@NONE],
    trickle  => ['SUCCESS', \@NONE],
    ehlo502  => ['SUCCESS', \@NONE],
    sink     => ['SUCCESS', \@NONE, $BIG],
    closed   => ['ECONNECT', \@NONE],
    silent   => ['ETIMEOUT', \@NONE],
    slowehlo => ['ETIMEOUT', \@NONE],
    noread   => ['ETIMEOUT', \@NONE, $BIG],
    slowdot  => ['EINDOUBT', \@NONE],
    dropdot  => ['EINDOUBT', \@NONE],
    dropconn => ['ECONNECT|ETEMP', \@NONE],
    dropmail => ['ECONNECT|ETEMP', \@NONE],
    dropdata => ['ECONNECT|ETEMP', \@NONE],
    rstbody  => ['ECONNECT|ETEMP|EINDOUBT', \@NONE, $BIG],
    greet421 => ['ETEMP', \@NONE],
    greet554 => ['ETEMP', \@NONE],
    mail550  => ['EREJECTED', \@NONE],
    rcpt550  => ['EREJECTED', \@NONE],
    temp451  => ['ETEMP', \@NONE],
    data554  => ['EREJECTED', \@NONE],
    dot554   => ['EREJECTED', \@NONE],
    dot452   => ['ETEMP', \@NONE],
    size1000 => ['EREJECTED|ELIMIT|EEXTENSION|ETOOBIG', \@NONE, $BIG],
    garbage  => ['EPROTO|ELIMIT', \@NONE],
    endless  => ['EPROTO|ELIMIT', \@NONE],
    longline => ['EPROTO|ELIMIT', \@NONE],
    barelf   => ['EPROTO', \@NONE],
    mixed    => ['EPROTO', \@NONE],
);
my %secure = (
    tls        => ['SUCCESS', [@TLS, @LOGIN]],
    implicit   => ['SUCCESS', ['--security', 'implicit', '--ca-file',
                       $fake->ca_file, @LOGIN]],
    badcert    => ['ETLS', [@TLS, @LOGIN]],
    expired    => ['ETLS', [@TLS, @LOGIN]],
    untrusted  => ['ETLS', [@TLS, @LOGIN]],
    wrongname  => ['ETLS', [@TLS, @LOGIN]],
    notls      => ['ETLS|EEXTENSION', [@TLS, @LOGIN]],
    inject     => ['ETLS|EINJECT|EPROTO', [@TLS, @LOGIN]],
    tlsrefused => ['ETLS', [@TLS, @LOGIN]],
    tlsstall   => ['ETIMEOUT|ETLS', [@TLS, @LOGIN]],
    authfail   => ['EAUTH', [@TLS, @LOGIN]],
    noauth     => ['EAUTH|EEXTENSION', [@TLS, @LOGIN]],
);

for my $name (sort keys %plain) {
    subtest $name => sub { try_one($name, '127.0.0.1', @{ $plain{$name} }) };
}
for my $name (sort keys %secure) {
    subtest $name => sub {
        try_one($name, 'localhost', @{ $secure{$name} });
        only_harmless_in_clear($name) if $name ne 'implicit';
    };
}
subtest 'a secret is not sent where there is no TLS' => sub {
    $fake->reset('plainauth');
    my $r = Smtpc::Send->run(args => ['--host', 'localhost', '--port',
        $fake->port('plainauth'), '--timeout', $LIMIT, '--security',
        'opportunistic', @LOGIN, @FROM, '--to', 'b@test.example',
        '--subject', 'x']);
    unlike($r->{status} // 'none', qr/SUCCESS/, 'no success');
    only_harmless_in_clear('plainauth');
};
subtest partial => sub {
    my $r = Smtpc::Send->run(args => ['--host', '127.0.0.1', '--port',
        $fake->port('partial'), '--timeout', $LIMIT, @NONE, @FROM,
        '--to', join(', ', map { "$_\@test.example" } qw(one two three)),
        '--subject', 'x']);
    status_ok($r, 'EPARTIAL', 'second of three refused');
    is_deeply(recipient_states($r), ['one@test.example accepted 250',
        'two@test.example rejected 550', 'three@test.example accepted 250'],
        'states of the recipients');
    my $mail = $fake->wait_mail('partial', 1, 5);
    is_deeply([map { $_->{address} } @{ $mail->{rcpts} || [] }],
        ['one@test.example', 'three@test.example'], 'envelope');
};
subtest 'smuggling' => \&smuggling;

$fake->stop;
done_testing;

sub try_one {
    my ($name, $host, $statuses, $args, $body) = @_;
    my $r = Smtpc::Send->run(body => $body, args => ['--host', $host,
        '--port', $fake->port($name), '--timeout', $LIMIT, @$args, @FROM,
        '--to', 'b@test.example', '--subject', 'Test']);
    my $good = status_ok($r, $statuses, $name);
    $good &&= cmp_ok($r->{seconds}, '<', $LIMIT + $SLACK, 'in time');
    $good &&= ok(length($r->{describe} // ''), 'and says what happened');
    $good &&= unlike($r->{output}, qr/\Q$password\E/, 'no secret is shown');
    my $mails = () = $fake->mails($name);
    my $wanted = $statuses =~ /SUCCESS/ ? 1 : $statuses eq 'EINDOUBT' ? 1 : 0;
    $good &&= is($mails, $wanted, 'mails on the server');
    $good &&= is_deeply([map { $fake->anomalies($name, $_) }
        $fake->connections($name)], [], 'our side is flawless');
    diag($r->{output}, $fake->report($name)) if !$good;
    return;
}

# Before TLS, only these may be said.
sub only_harmless_in_clear {
    my ($name) = @_;
    my @bad;
    for my $k ($fake->connections($name)) {
        for my $e ($fake->transcript($name, $k)) {
            last if $e->{dir} eq '!' && $e->{data} =~ /^tls /;
            push @bad, $e->{data} if $e->{dir} eq 'D' || $e->{dir} eq 'C'
                && $e->{data} !~ /^(?:(?:EHLO|HELO) \S+|STARTTLS|QUIT)\r\n$/i;
        }
    }
    return is_deeply(\@bad, [], 'nothing but EHLO, STARTTLS, QUIT in clear');
}

# Whatever a body holds, it stays one mail, even for a server that takes
# anything with a dot for the end of data.
sub smuggling {
    my %end = (
        lf_lf => "\n.\n", lf_cr => "\n.\r", cr_lf => "\r.\n",
        cr_cr => "\r.\r", lf_crlf => "\n.\r\n", cr_crlf => "\r.\r\n",
        crlf_crcrlf => "\r\n.\r\r\n", crcrlf_crcrlf => "\r\r\n.\r\r\n",
        crlf_nul => "\r\n\0.\r\n", crlf_crlf => "\r\n.\r\n",
    );
    for my $name (sort keys %end) {
        $fake->reset('smuggle');
        my $rest = "MAIL FROM:<evil\@x.example>\r\nRCPT TO:<v\@x.example>\r\n"
            . "DATA\r\nevil\r\n.\r\n";
        spew("$work/file", "one$end{$name}$rest");
        my $r = Smtpc::Send->run(body => "one$end{$name}$rest",
            args => ['--host', '127.0.0.1', '--port',
                $fake->port('smuggle'), '--timeout', $LIMIT, @NONE, @FROM,
                '--to', 'b@test.example', '--subject', 'x',
                '--attach', "$work/file:a.txt"]);
        # NUL in a text body may be refused.
        my $ok = $name eq 'crlf_nul' ? 'SUCCESS|EARG|EINVAL' : 'SUCCESS';
        status_ok($r, $ok, $name);
        my @mails = $fake->mails('smuggle');
        my $good = is(scalar @mails,
            ($r->{status} // '') =~ /SUCCESS/ ? 1 : 0,
            "$name: no mail but ours")
            && is_deeply([grep { /evil|v\@x/ }
                map { $fake->commands('smuggle', $_) }
                $fake->connections('smuggle')], [],
                "$name: no command but ours");
        diag($fake->report('smuggle')) if !$good;
    }
    return;
}
