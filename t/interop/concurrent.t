#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# 200 visitors send the form in the same moment, to a private httpd (event)
# that hands over to a private Postfix. Every post answered with 303 is in the
# Maildir exactly once; none is there twice; none that was refused is there.

use strict;
use warnings;
use Cwd ();
use Digest::SHA qw(sha256_hex);
use FindBin ();
use IO::Select;
use IO::Socket::INET;
use lib "$FindBin::Bin/../lib";
use Smtpc::Httpd;
use Smtpc::Mime;
use Smtpc::Postfix;
use Smtpc::Wait qw(slurp now);
use Test::More;

my $POSTS        = 200;
my $POST_SECONDS = 90;
my $MAIL_SECONDS = 60;
my $TO           = 'form@test.example';

$ENV{TOP_BUILDDIR}
    = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$FindBin::Bin/../../build/obj");
if (my $why = Smtpc::Postfix::missing()) {
    plan skip_all => "needs $why";
}

my $postfix = Smtpc::Postfix->start;
my $httpd = Smtpc::Httpd->start(mpm => 'event', config => <<"CONFIG");
StartServers         4
ServerLimit          4
ThreadsPerChild      64
MaxRequestWorkers    256
MinSpareThreads      64
MaxSpareThreads      256
SMTPHost     127.0.0.1
SMTPPort     @{[$postfix->port]}
SMTPSecurity none
SMTPTimeout  60s
SMTPFrom     web\@test.example
<Location "/contact">
    SetHandler       smtpclient-form
    SMTPFormTo       $TO
    SMTPFormSubject  "[form] %{smtpform:subject}"
    SMTPFormReplyTo  "%{smtpform:name} <%{smtpform:email}>"
    SMTPFormRequire  name email message
    SMTPFormRedirect /thanks.html
</Location>
CONFIG

my @tokens = map { sprintf 'token-%04d-%s', $_, substr sha256_hex(rand), 0, 16 }
    1 .. $POSTS;
my $began = now();
my $codes = post_all($httpd->port, \@tokens);
diag(sprintf '%d posts in %.1f s', $POSTS, now() - $began);

my %count;
$count{ $codes->{$_} // 'none' }++ for @tokens;
is_deeply(\%count, { 303 => $POSTS }, 'every post was answered with 303');
my @accepted = grep { ($codes->{$_} // '') eq '303' } @tokens;

$postfix->wait_mails($TO, scalar @accepted, $MAIL_SECONDS);
ok($postfix->wait_idle($MAIL_SECONDS), 'nothing is on its way any more');
my @mails = $postfix->mails($TO);
my %seen;
for my $mail (Smtpc::Mime->parse_all(@mails)) {
    # Base64 or not, the parser shows the token.
    my $text = $mail->text // '';
    my @found = $text =~ /(token-\d{4}-[0-9a-f]{16})/g;
    my %here = map { $_ => 1 } @found;
    is(scalar(keys %here), 1, 'a mail holds one post')
        if keys %here != 1;
    $seen{$_}++ for keys %here;
}
is_deeply([grep { !$seen{$_} } @accepted], [], 'no accepted post is lost');
is_deeply([grep { $seen{$_} > 1 } keys %seen], [], 'none arrived twice');
my %accepted = map { $_ => 1 } @accepted;
is_deeply([grep { !$accepted{$_} } keys %seen], [],
    'none arrived that was not answered with 303');
is(scalar @mails, scalar @accepted, 'as many mails as accepted posts');

my $again = post_all($httpd->port, ['token-9999-0123456789abcdef']);
is((values %$again)[0], '303', 'the server is still well');
unlike(slurp($httpd->dir . '/error.log'), qr/exit signal|AH0004[56]/,
    'no child crashed');
diag($httpd->log, $postfix->log) if !Test::More->builder->is_passing;
is(($httpd->stop // -1) & 127, 0, 'httpd stops by itself');
$postfix->stop;
done_testing;

# Send all posts at once: every connection is open before the first byte of a
# request goes out. Returns status code by token.
sub post_all {
    my ($port, $tokens) = @_;
    my $select = IO::Select->new;
    my (%of, %answer);
    for my $token (@$tokens) {
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $port) or die "connect: $!";
        $of{ fileno $s } = $token;
        $select->add($s);
    }
    syswrite $_, request($of{ fileno $_ }) for $select->handles;
    my $deadline = now() + $POST_SECONDS;
    while ($select->count && (my $left = $deadline - now()) > 0) {
        for my $s ($select->can_read($left)) {
            my $token = $of{ fileno $s };
            my $got = sysread $s, $answer{$token}, 4096,
                length($answer{$token} // '');
            next if $got;
            $select->remove($s);
            close $s;
        }
    }
    return { map { $_ => ($answer{$_} // '') =~ m{^HTTP/1\.\d (\d+)} ? $1
        : undef } @$tokens };
}

sub request {
    my ($token) = @_;
    my $body = "name=Visitor&email=visitor%40visitor.example"
        . "&subject=Hello&message=Here+is+$token";
    return "POST /contact HTTP/1.1\r\nHost: localhost\r\n"
        . "Content-Type: application/x-www-form-urlencoded\r\n"
        . 'Content-Length: ' . length($body) . "\r\n"
        . "Connection: close\r\n\r\n$body";
}
