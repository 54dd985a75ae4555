#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The test rig itself, judged by a client that is not ours: Python's smtplib
# and a bare socket against the fake SMTP server. If this fails, believe no
# other test that uses the server.

use strict;
use warnings;
use File::Temp ();
use FindBin ();
use IO::Socket::INET;
use lib "$FindBin::Bin/../lib";
use Smtpc::FakeSMTP;
use Smtpc::Wait qw(wait_for slurp spew);
use Test::More;

my $work = File::Temp->newdir;
my $fake = Smtpc::FakeSMTP->start(dir => "$work/with a space");
my $ca   = $fake->ca_file;

# Run a piece of Python; what it printed, or its error text.
sub python {
    my ($code) = @_;
    spew("$work/code.py", <<"PYTHON" . $code);
import smtplib, ssl, sys, threading
PORT = {@{[join ', ', map { "'$_': " . $fake->port($_) } $fake->names]}}
def context():
    return ssl.create_default_context(cafile='$ca')
def plain(name, timeout=5):
    return smtplib.SMTP('localhost', PORT[name], timeout=timeout)
def secure(name):
    s = plain(name)
    s.starttls(context=context())
    s.login('web', 'secret')
    return s
def send(s, body=b'Subject: x\\r\\n\\r\\nhi\\r\\n', to=('b\@y.example',)):
    refused = s.sendmail('a\@x.example', list(to), body)
    s.quit()
    return refused
def error(call, *args):
    try:
        call(*args)
    except Exception as e:
        return type(e).__name__ + ' ' + str(getattr(e, 'smtp_code', e))
    return 'none'
PYTHON
    my $out = `timeout -k 2 60 /usr/bin/python3 '$work/code.py' 2>&1`;
    chomp $out;
    return $out;
}

subtest 'a mail is recorded as it was sent' => sub {
    is(python(<<'PYTHON'), '', 'smtplib sends');
send(plain('good'), b'Subject: x\r\n\r\n.dot\r\n..two\r\n.\r\nend\r\n',
     ('b@y.example', 'c@y.example'))
PYTHON
    my $mail = $fake->wait_mail('good', 1, 5) or return fail('no mail');
    is($fake->content($mail),
        "Subject: x\r\n\r\n.dot\r\n..two\r\n.\r\nend\r\n", 'content');
    is($mail->{mail_from}, 'a@x.example', 'sender');
    is_deeply([map { $_->{address} } @{ $mail->{rcpts} }],
        ['b@y.example', 'c@y.example'], 'recipients');
    is($mail->{tls}, undef, 'no TLS');
    ok($fake->wait_closed('good', 1, 5), 'the connection ends');
    is(($fake->commands('good', 1))[-1], 'quit', 'commands are recorded');
    $fake->reset('good');
    is(scalar(my @none = $fake->mails('good')), 0, 'reset forgets');
};

subtest 'TLS and passwords' => sub {
    is(python(<<'PYTHON'), '', 'STARTTLS, implicit TLS, PLAIN and LOGIN');
send(secure('tls'))
s = plain('tls')
s.starttls(context=context())
s.ehlo()
s.user, s.password = 'web', 'secret'
s.auth('LOGIN', s.auth_login, initial_response_ok=False)
send(s)
s = smtplib.SMTP_SSL('localhost', PORT['implicit'], context=context())
s.login('web', 'secret')
send(s)
PYTHON
    my $mail = $fake->wait_mail('tls', 2, 5);
    is($mail->{auth_user}, 'web', 'user');
    like($mail->{tls}, qr/^TLSv1/, 'TLS version');
    ok($fake->wait_mail('implicit', 1, 5), 'implicit TLS');
    my %reason = (badcert => 'self-signed', expired => 'has expired',
        untrusted => 'local issuer', wrongname => 'mismatch');
    for my $name (sort keys %reason) {
        like(python("print(error(secure, '$name'))"), qr/$reason{$name}/i,
            "certificate: $name");
    }
    is(python("print(error(secure, 'authfail'))"),
        'SMTPAuthenticationError 535', 'wrong password');
};

subtest 'refusals and faults' => sub {
    my %expect = (
        rcpt550 => 'SMTPRecipientsRefused', temp451 => 'SMTPRecipientsRefused',
        mail550 => 'SMTPSenderRefused 550', data554 => 'SMTPDataError 554',
        dot554  => 'SMTPDataError 554', dot452 => 'SMTPDataError 452',
        size1000 => 'SMTPSenderRefused 552',
        dropmail => 'SMTPServerDisconnected', dropdata => 'SMTPServerDiscon',
        dropdot => 'SMTPServerDisconnected', rstbody => 'SMTPServerDisconnec',
        slowdot => 'SMTPServerDisconnected.*timed out', trickle => 'none',
    );
    for my $name (sort keys %expect) {
        like(python("print(error(lambda: send(plain('$name', 1), "
            . "b'x' * 70 * 100000)))"), qr/^$expect{$name}/, $name);
    }
    my %greeting = (greet554 => 'SMTPConnectError 554',
        greet421 => 'SMTPConnectError 421', dropconn => 'SMTPServerDisc',
        silent => 'SMTPServerDisconnected.*timed out',
        closed => 'ConnectionRefusedError');
    for my $name (sort keys %greeting) {
        like(python("print(error(plain, '$name', 1))"),
            qr/^$greeting{$name}/, $name);
    }
    is(scalar(my @m = map { $fake->mails($_) }
        qw(rcpt550 mail550 data554 dot554 dropdata rstbody)), 0,
        'refused mails are not recorded');
    is($fake->wait_mail('slowdot', 1, 1)->{reply}, undef,
        'a mail without an answer is, and says so');
};

subtest 'every loose end of data shows as a mail more' => sub {
    for my $end ("\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n",
        "\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n\0.\r\n") {
        my $shown = $end =~ s/([^.])/sprintf '\\x%02x', ord $1/ger;
        my $rest = "MAIL FROM:<evil\@x>\r\nRCPT TO:<v\@x>\r\nDATA\r\nevil\r\n";
        $fake->reset('smuggle', 'good');
        raw_mail('smuggle', "one$end$rest.\r\n");
        raw_mail('good', "one$end$rest.\r\n");
        is(scalar(my @s = $fake->mails('smuggle')), 2, "$shown: two mails");
        my @strict = $fake->mails('good');
        is(@strict, 1, 'one for a strict server');
        # A dot at the start of a line was stuffing.
        is($fake->content($strict[0]),
            "one$end$rest" =~ s/\r\n\./\r\n/r, 'all of it');
    }
};

subtest '200 connections at a time' => sub {
    $fake->reset('good', 'tls');
    is(python(<<'PYTHON'), '[]', 'all are served');
errors, barrier = [], threading.Barrier(200)
def one(name):
    try:
        s = plain(name, 50)
        barrier.wait(50)
        if name == 'tls':
            s.starttls(context=context())
        send(s)
    except Exception as e:
        errors.append(repr(e))
threads = [threading.Thread(target=one, args=(('good', 'tls')[i % 2],))
           for i in range(200)]
[t.start() for t in threads]
[t.join() for t in threads]
print(errors)
PYTHON
    is(scalar(my @m = map { $fake->mails($_) } qw(good tls)), 200,
        'all mails are there');
};

is(slurp($fake->dir . '/server.log'), '', 'the server had no complaint');

subtest 'the server ends with its parent' => sub {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $child = Smtpc::FakeSMTP->start(dir => "$work/orphan");
        kill KILL => $$;
    }
    waitpid $pid, 0;
    my $server = Smtpc::FakeSMTP->attach("$work/orphan")->{server};
    ok(wait_for(10, sub { !slurp("/proc/$server/cmdline") }), 'it is gone');
};

$fake->stop;
done_testing;

# A mail by hand, byte for byte.
sub raw_mail {
    my ($name, $content) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $fake->port($name), Timeout => 5) or die "connect: $!";
    local $SIG{ALRM} = sub { die "no answer from $name\n" };
    alarm 20;
    my $reply = sub {
        while (defined(my $line = <$s>)) {
            return if $line =~ /^\d{3} /;
        }
        die "$name hung up\n";
    };
    $reply->();
    for my $command ('EHLO x', 'MAIL FROM:<a@x>', 'RCPT TO:<b@x>', 'DATA') {
        print {$s} "$command\r\n";
        $reply->();
    }
    print {$s} "${content}QUIT\r\n";
    1 while defined readline $s;
    alarm 0;
    close $s;
    return;
}
