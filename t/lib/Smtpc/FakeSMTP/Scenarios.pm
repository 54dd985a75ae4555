# SPDX-License-Identifier: Apache-2.0
package Smtpc::FakeSMTP::Scenarios;

# Scenarios of the fake SMTP server, and their language.
#
# A scenario is a hash:
#   closed    => 1            the port is bound but nobody listens
#   ehlo      => [...]        EHLO keywords besides STARTTLS and AUTH
#   ehlo_tls  => [...]        the same inside TLS (default: ehlo)
#   tls       => 'good'       offers STARTTLS with this certificate of the CA
#   hide_starttls => 1        takes STARTTLS but does not announce it
#   implicit  => 'good'       TLS from the first byte
#   tls_version => 'TLSv1_2'  as IO::Socket::SSL's SSL_version
#   auth      => { mechanisms => [PLAIN, LOGIN], user, password,
#                  required => 1, plaintext => 1 }   offered inside TLS only,
#                                                    unless plaintext
#   rcpt      => { address => STEP }
#   on        => { VERB => STEP or [STEP for 1st, 2nd ...; undef: as usual] }
#                 counted per connection, RCPT per mail
#   by_connection => [{...}]  laid over the scenario for connection 1, 2 ...
#   eol       => "\n"         line end of every reply
#   lf_tolerant => 1          a sink that takes every sequence of CR, LF, NUL
#                             around a dot that some server has ever taken as
#                             the end of data: smuggling shows as more mails
#   sink      => 1            content is hashed and counted, not kept
#   rcvbuf    => 4096         receive buffer of the sockets
#   lifetime  => 300          seconds after which a connection ends anyway
#
# VERB is CONNECT (the greeting), EHLO, HELO, STARTTLS, TLS (the handshake),
# AUTH (the command), AUTH-END (its outcome), MAIL, RCPT, DATA, BODY (while
# the content arrives), DOT (its end), BDAT, RSET, NOOP, VRFY, QUIT, or with
# tls: in front to mean it inside TLS only.
#
# A STEP is the text of a reply ("550 5.1.1 no", further lines after \n), or
#   text      => the same          raw    => bytes, sent as they are
#   delay     => seconds before    trickle => seconds between single bytes
#   split     => bytes per segment tail   => bytes in the reply's segment
#   then      => what follows the reply:
#                fin  close the sending side, TLS without close_notify
#                bye  the same with close_notify
#                rst  reset the connection
#                stall  read on but never answer again
#                noread never read again either
#   endless   => line sent for ever, every => seconds between two
#   after     => with BODY: once so many bytes of content have come
# Without text, raw or endless nothing is sent: { then => 'stall' } is a
# server that never answers.

use strict;
use warnings;

my @PLAIN = ('8BITMIME', 'SIZE 104857600');
my $AUTH  = { mechanisms => ['PLAIN', 'LOGIN'], user => 'web',
    password => 'secret' };

# The scenarios every suite may count on, by name.
sub usual {
    return {
        good      => { ehlo => [@PLAIN] },
        tls       => { ehlo => [@PLAIN], tls => 'good', auth => $AUTH },
        implicit  => { ehlo => [@PLAIN], implicit => 'good', auth => $AUTH },
        plainauth => { ehlo => [@PLAIN], auth => { %$AUTH, plaintext => 1 } },
        token     => { ehlo => [@PLAIN], tls => 'good',
                       auth => { %$AUTH, mechanisms => ['XOAUTH2'] } },
        closed    => { closed => 1 },
        %{ _tls_trouble() },
        %{ _refusals() },
        %{ _faults() },
        %{ _lies() },
    };
}

sub _tls_trouble {
    return {
        badcert    => { ehlo => [@PLAIN], tls => 'selfsigned', auth => $AUTH },
        expired    => { ehlo => [@PLAIN], tls => 'expired', auth => $AUTH },
        untrusted  => { ehlo => [@PLAIN], tls => 'untrusted', auth => $AUTH },
        wrongname  => { ehlo => [@PLAIN], tls => 'wrongname', auth => $AUTH },
        notls      => { ehlo => [@PLAIN],
                        auth => { %$AUTH, plaintext => 1 } },
        inject     => { ehlo => [@PLAIN], tls => 'good', auth => $AUTH,
                        on => { STARTTLS => { text => '220 go ahead',
                            tail => "250-injected\r\n250 AUTH PLAIN\r\n" } } },
        tlsrefused => { ehlo => [@PLAIN], tls => 'good',
                        on => { STARTTLS => '454 4.7.0 TLS not available' } },
        tlsstall   => { ehlo => [@PLAIN], tls => 'good',
                        on => { TLS => { then => 'stall' } } },
        authfail   => { ehlo => [@PLAIN], tls => 'good',
                        auth => { %$AUTH, password => "not \0 this" } },
        noauth     => { ehlo => [@PLAIN], tls => 'good' },
    };
}

sub _refusals {
    return {
        greet554 => _on(CONNECT => '554 5.3.2 no service for you'),
        greet421 => _on(CONNECT => { text => '421 4.3.2 come back later',
                                     then => 'fin' }),
        mail550  => _on(MAIL => '550 5.7.1 sender <refused> not allowed'),
        rcpt550  => _on(RCPT => '550 5.1.1 no such user here'),
        temp451  => _on(RCPT => '451 4.3.0 try again later'),
        data554  => _on(DATA => '554 5.5.0 no data wanted'),
        dot554   => _on(DOT  => '554 5.7.1 content refused'),
        dot452   => _on(DOT  => '452 4.3.1 no space'),
        partial  => { ehlo => [@PLAIN],
                      on => { RCPT => [undef, '550 5.1.1 second refused'] } },
        size1000 => { ehlo => ['8BITMIME', 'SIZE 1000'] },
        ehlo502  => _on(EHLO => '502 5.5.2 EHLO not known'),
    };
}

sub _faults {
    my %fault = (
        silent   => _on(CONNECT => { then => 'stall' }),
        slowehlo => _on(EHLO => { then => 'stall' }),
        slowdot  => _on(DOT  => { then => 'stall' }),
        dropconn => _on(CONNECT => { then => 'fin' }),
        dropmail => _on(MAIL => { then => 'fin' }),
        dropdata => _on(DATA => { then => 'fin' }),
        rstbody  => _on(BODY => { after => 1, then => 'rst' }),
        dropdot  => _on(DOT  => { then => 'fin' }),
        noread   => _on(BODY => { after => 0, then => 'noread' }),
        garbage  => _on(CONNECT => { raw => "\0\xff\eSSH-2.0-x\r\n250\r\n" }),
        endless  => _on(EHLO => { endless => "250-AGAIN\r\n" }),
        longline => _on(EHLO => { endless => 'A' x 1024 }),
        barelf   => { ehlo => [@PLAIN], eol => "\n" },
        mixed    => _on(MAIL => { raw => "250-one\r\n550 two\r\n" }),
        sink     => { ehlo => ['8BITMIME', 'SIZE'], sink => 1 },
        smuggle  => { ehlo => ['8BITMIME', 'SIZE'], lf_tolerant => 1 },
    );
    @{ $fault{noread} }{qw(rcvbuf lifetime)} = (4096, 120);
    $fault{trickle} = { ehlo => [@PLAIN], on => { map {
        my $verb = $_;
        ($verb => { usual => 1, trickle => 0.002 })
    } qw(CONNECT EHLO MAIL RCPT DATA DOT) } };
    return \%fault;
}

# Replies in the wrong place, or not alone.
sub _lies {
    return {
        greet354   => _on(CONNECT => '354 Start mail input'),
        greettwice => _on(CONNECT => { text => '220 one',
                                       tail => "220 two\r\n" }),
        ehlo354    => _on(EHLO => '354 Start mail input'),
        data250    => _on(DATA => '250 2.0.0 ok'),
        dotjunk    => _on(DOT  => { raw => "disk is full\r\n250 ok\r\n" }),
        dotbye     => _on(DOT  => { text => '221 2.0.0 bye',
                                    tail => "250 ok\r\n" }),
        body550    => _on(BODY => { after => 1, text => '550 5.7.1 no more',
                                    then => 'fin' }),
        idlebye    => _on(DOT  => { text => '250 2.0.0 ok', then => 'fin',
                                    tail => "421 4.4.2 idle\r\n" }),
        stallmail  => _on(MAIL => { then => 'stall' }),
        stallrcpt  => _on(RCPT => { then => 'stall' }),
        injectpart => { ehlo => [@PLAIN], tls => 'good', auth => $AUTH,
                        on => { STARTTLS => { text => '220 go ahead',
                                              tail => '250-SMTPUTF8 X' } } },
    };
}

sub _on {
    my ($verb, $step) = @_;
    return { ehlo => [@PLAIN], on => { $verb => $step } };
}

1;
