# SPDX-License-Identifier: Apache-2.0
package Smtpc::FakeSMTP::Session;

# One connection of the fake SMTP server, in a process of its own, so plain
# blocking code can stall, trickle or drop without disturbing the others.
# Deliberately no more of a mail server than the tests need: no relaying, no
# address syntax beyond the angle brackets.

use strict;
use warnings;
use Digest::SHA ();
use Fcntl qw(:flock);
use IO::Poll ();
use IO::Socket::SSL ();
use JSON::PP ();
use MIME::Base64 qw(decode_base64 encode_base64);
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time);

my $CHUNK    = 65536;
my $LIFETIME = 300;
my $LINGER   = 1;        # seconds a closed sending side may still be read
my $LINE_CAP = 1 << 20;
my $LOG_CAP  = 1 << 16;  # bytes of content kept in a transcript
my $POLLRDHUP = 0x2000;

# Lines that some server has ever taken as the end of data.
my $LOOSE_END = qr/[\r\n]\0?\.(?:\r*\n|\r)/;

sub new {
    my ($class, %o) = @_;
    my $self = bless { %o, in => '', start => time, nth => {}, logged => 0,
        tls => undef, helo => undef, user => undef }, $class;
    my $path = "$o{dir}/conn-$o{name}-$o{number}.jsonl";
    open $self->{log}, '>>:raw', $path or die "$path: $!";
    $self->{json} = JSON::PP->new->latin1->canonical;
    $self->clear;
    return $self;
}

# Serve the connection until it ends.
sub run {
    my ($self) = @_;
    alarm($self->{scenario}{lifetime} || $LIFETIME);
    $self->note('accept');
    $self->handshake($self->{scenario}{implicit})
        if $self->{scenario}{implicit};
    $self->answer('CONNECT', '220 fake.test ESMTP');
    while (defined(my $line = $self->read_line)) {
        $self->command($line);
    }
    $self->end('eof');
    return;
}

# --- commands ------------------------------------------------------------

my %COMMAND = (EHLO => \&ehlo, HELO => \&helo, STARTTLS => \&starttls,
    AUTH => \&auth, MAIL => \&mail, RCPT => \&rcpt, DATA => \&data,
    BDAT => \&bdat, RSET => \&rset, QUIT => \&quit,
    NOOP => sub { $_[0]->answer('NOOP', '250 2.0.0 ok') },
    VRFY => sub { $_[0]->answer('VRFY', '252 2.0.0 maybe') });

sub command {
    my ($self, $line) = @_;
    $self->anomaly("control character in command: $line")
        if $line =~ /[\0\r\n]/;
    my ($verb, $rest) = $line =~ /^([A-Za-z]+)[ ]?(.*)\z/s;
    my $run = $COMMAND{ uc($verb // '') };
    return $run->($self, $rest) if $run;
    $self->anomaly("unknown command: $line");
    return $self->answer('?', '500 5.5.2 what?');
}

sub ehlo {
    my ($self, $name) = @_;
    my @lines = ('fake.test greets you', $self->keywords);
    my $code = $self->answer('EHLO', join "\n", "250 $lines[0]",
        @lines[1 .. $#lines]);
    $self->{helo} = $name if $code == 250;
    $self->clear;
    return;
}

sub keywords {
    my ($self) = @_;
    my $sc = $self->{scenario};
    my @k = @{ $self->{tls} && $sc->{ehlo_tls} || $sc->{ehlo} || [] };
    push @k, 'STARTTLS' if $sc->{tls} && !$self->{tls} && !$sc->{hide_starttls};
    my $auth = $sc->{auth};
    push @k, join ' ', 'AUTH', @{ $auth->{mechanisms} }
        if $auth && ($self->{tls} || $auth->{plaintext});
    return @k;
}

sub helo {
    my ($self, $name) = @_;
    my $code = $self->answer('HELO', '250 fake.test');
    $self->{helo} = $name if $code == 250;
    $self->clear;
    return;
}

sub starttls {
    my ($self) = @_;
    my $sc = $self->{scenario};
    my $known = $sc->{tls} && !$self->{tls};
    my $code = $self->answer('STARTTLS',
        $known ? '220 2.0.0 go ahead' : '502 5.5.1 not here');
    return if $code != 220 || !$known;
    $self->anomaly('bytes after STARTTLS') if length $self->{in};
    $self->{in} = '';
    $self->{helo} = undef;
    $self->clear;
    $self->handshake($sc->{tls});
    return;
}

sub handshake {
    my ($self, $name) = @_;
    my $step = $self->override('TLS');
    $self->perform($step) if $step;
    my $ca = "$self->{dir}/ca";
    my $ok = IO::Socket::SSL->start_SSL($self->{socket}, SSL_server => 1,
        SSL_cert_file => "$ca/$name.pem", SSL_key_file => "$ca/$name.key",
        $self->{scenario}{tls_version}
            ? (SSL_version => $self->{scenario}{tls_version}) : ());
    $self->end('tls failed: ' . IO::Socket::SSL::errstr()) if !$ok;
    $self->{tls} = $self->{socket}->get_sslversion;
    $self->note('tls ' . $self->{tls} . ' sni '
        . ($self->{socket}->get_servername // '-'));
    return;
}

sub auth {
    my ($self, $rest) = @_;
    my $auth = $self->{scenario}{auth};
    my ($mech, $initial) = split / /, $rest, 2;
    $mech = uc($mech // '');
    my $step = $self->override('AUTH');
    return $self->perform($step) if $step && !$step->{usual};
    return $self->perform($self->step('503 5.5.1 not now'))
        if !$auth || defined $self->{user}
           || !($self->{tls} || $auth->{plaintext});
    return $self->perform($self->step('504 5.5.4 unknown mechanism'))
        if !grep { $_ eq $mech } @{ $auth->{mechanisms} };
    my ($user, $password) = $mech eq 'LOGIN'
        ? $self->auth_login($initial)
        : $mech eq 'XOAUTH2' ? $self->auth_xoauth2($initial)
        : $self->auth_plain($initial);
    return if !defined $user;
    my $good = $user eq $auth->{user} && $password eq $auth->{password};
    my $code = $self->answer('AUTH-END', $good
        ? '235 2.7.0 welcome' : '535 5.7.8 credentials rejected');
    $self->{user} = $user if $code == 235;
    return;
}

sub auth_plain {
    my ($self, $initial) = @_;
    $initial //= $self->challenge('') // return;
    my (undef, $user, $password) = split /\0/, decode_base64($initial), -1;
    return ($user // '', $password // '');
}

sub auth_xoauth2 {
    my ($self, $initial) = @_;
    $initial //= $self->challenge('') // return;
    return decode_base64($initial)
        =~ /^user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01\z/ ? ($1, $2) : ('', '');
}

sub auth_login {
    my ($self, $initial) = @_;
    my $user = $initial // $self->challenge('Username:') // return;
    my $password = $self->challenge('Password:') // return;
    return map { decode_base64($_) } $user, $password;
}

# Send a challenge; the client's line, or undef after it gave up with "*".
sub challenge {
    my ($self, $text) = @_;
    $self->perform($self->step('334 ' . encode_base64($text, '')));
    my $line = $self->read_line // $self->end('eof');
    return $line if $line ne '*';
    $self->perform($self->step('501 5.7.0 cancelled'));
    return;
}

my $PATH = qr/<((?:"(?:\\.|[^"\\])*"|[^">])*)>/s;

sub mail {
    my ($self, $rest) = @_;
    my ($address, $params) = $rest =~ /^FROM:$PATH(.*)\z/is;
    my $sc = $self->{scenario};
    my ($size)  = ($params // '') =~ /\bSIZE=(\d+)/i;
    my ($limit) = map { /^SIZE (\d+)/ ? $1 : () } $self->keywords;
    my $default = !defined $address ? '501 5.5.4 bad path'
        : defined $self->{from} ? '503 5.5.1 nested MAIL'
        : !defined $self->{helo} ? '503 5.5.1 say EHLO first'
        : $sc->{auth} && $sc->{auth}{required} && !defined $self->{user}
            ? '530 5.7.0 authentication required'
        : $limit && $size && $size > $limit ? '552 5.3.4 too big'
        : '250 2.1.0 sender ok';
    my $code = $self->answer('MAIL', $default);
    return if $code !~ /^2/ || !defined $address;
    @$self{qw(from params)} = ($address, $params =~ s/^ //r);
    return;
}

sub rcpt {
    my ($self, $rest) = @_;
    my ($address, $params) = $rest =~ /^TO:$PATH(.*)\z/is;
    my $own = $self->{scenario}{rcpt}{ $address // '' };
    my $default = !defined $address ? '501 5.5.4 bad path'
        : !defined $self->{from} ? '503 5.5.1 MAIL first'
        : '250 2.1.5 recipient ok';
    my $code = $own ? $self->perform($self->step($own))
                    : $self->answer('RCPT', $default);
    push @{ $self->{rcpts} }, { address => $address, params => $params =~ s/^ //r }
        if $code =~ /^2/ && defined $address;
    return;
}

sub data {
    my ($self) = @_;
    my $code = $self->answer('DATA', !defined $self->{from}
        ? '503 5.5.1 MAIL first' : !@{ $self->{rcpts} }
        ? '554 5.5.1 no valid recipients' : '354 end with <CRLF>.<CRLF>');
    return if $code != 354;
    my $content = $self->read_content;
    $self->finish_mail('DOT', $content);
    return;
}

sub bdat {
    my ($self, $rest) = @_;
    my ($size, $last) = $rest =~ /^(\d+)(?: (LAST))?\z/i;
    return $self->perform($self->step('501 5.5.4 bad BDAT'))
        if !defined $size;
    while (length $self->{in} < $size) {
        $self->fill // $self->end('eof in BDAT');
    }
    $self->{chunks} .= substr $self->{in}, 0, $size, '';
    return $self->answer('BDAT', '503 5.5.1 MAIL first')
        if !defined $self->{from} || !@{ $self->{rcpts} };
    return $self->answer('BDAT', "250 2.0.0 $size bytes") if !$last;
    my $content = $self->{chunks};
    $self->log('D', substr $content, 0, $LOG_CAP);
    return $self->finish_mail('DOT', { data => $content,
        bytes => length $content });
}

sub rset {
    my ($self) = @_;
    $self->clear;
    return $self->answer('RSET', '250 2.0.0 ok');
}

sub quit {
    my ($self) = @_;
    $self->answer('QUIT', '221 2.0.0 bye');
    return $self->drop('bye');
}

# Forget the transaction, keep the connection.
sub clear {
    my ($self) = @_;
    @$self{qw(from params rcpts chunks)} = (undef, undef, [], '');
    delete @{ $self->{nth} }{'RCPT', 'tls:RCPT'};
    return;
}

# --- content -------------------------------------------------------------

# Read until the end of data; {data, bytes, sha256}. Content of a sink is
# hashed and counted only. The buffer begins with the line end of the DATA
# command, so that a dot in the very first line needs no rule of its own.
sub read_content {
    my ($self) = @_;
    my $step = $self->override('BODY');
    my $c = { data => '', bytes => -2, sha => Digest::SHA->new(256) };
    my ($buf, $wire, $seen) = ("\r\n", '', 0);
    $self->{searched} = 0;
    while (1) {
        $buf  .= $self->{in};
        $seen += length $self->{in};
        $wire .= substr $self->{in}, 0, $LOG_CAP - length $wire;
        $self->{in} = '';
        if ($step && $seen >= ($step->{after} || 0)) {
            $self->log('D', $wire);
            $self->perform($step);
            undef $step;
        }
        if (my ($at, $next) = $self->find_end($buf)) {
            $self->{in} = substr $buf, $next;
            $seen -= length $self->{in};
            $self->log('D', substr $wire, 0, $seen);
            $self->account($c, substr $buf, 0, $at);
            return { data => $c->{data}, bytes => $c->{bytes},
                sha256 => $c->{sha}->hexdigest };
        }
        if ($self->{scenario}{sink}) {
            # Never cut inside a line end, a stuffed dot or the end of data.
            my $cut = length($buf) - 5;
            $cut-- while $cut > 0 && substr($buf, $cut - 1, 1) =~ /[\r\n]/;
            $self->account($c, substr $buf, 0, $cut, '') if $cut > 2;
            $self->{searched} = 0 if $cut > 2;
        }
        next if defined $self->fill;
        $self->log('D', $wire);
        $self->end('eof in content');
    }
    return;
}

# Undo the dot stuffing of a piece of content and account for it.
sub account {
    my ($self, $c, $part) = @_;
    $part =~ s/\r\n\./\r\n/g;
    $part = substr $part, 2 if $c->{bytes} < 0;
    $c->{bytes} = 0 if $c->{bytes} < 0;
    $c->{bytes} += length $part;
    $c->{sha}->add($part);
    $c->{data} .= $part if !$self->{scenario}{sink};
    return;
}

# Position where content ends and where the next command begins, if the end of
# data is in the buffer. The content includes its last line end.
sub find_end {
    my ($self, $buf) = @_;
    if (!$self->{scenario}{lf_tolerant}) {
        my $at = index $buf, "\r\n.\r\n", $self->{searched};
        return ($at + 2, $at + 5) if $at >= 0;
        $self->{searched} = length($buf) > 4 ? length($buf) - 4 : 0;
        return;
    }
    return if $buf !~ /$LOOSE_END/;
    my ($from, $next) = ($-[0], $+[0]);
    # CRs at the edge may be half of a line end: look a moment longer.
    return if substr($buf, $next - 1) =~ /\A\r+\z/ && $self->readable(0.2);
    return (index($buf, '.', $from), $next);
}

# Answer the end of content and record the mail if it was accepted, or may
# have been as far as the client can tell.
sub finish_mail {
    my ($self, $verb, $content) = @_;
    my $step = $self->override($verb);
    my $n = $self->next_number;
    my $usual = $self->step("250 2.0.0 Ok: queued as $self->{name}-$n");
    $step = $step ? $self->merge($step, $usual) : $usual;
    my $code = _code($step);
    if ($code eq '' || $code =~ /^2/) {
        $self->save($n, $content, $code);
    }
    else {
        $self->give_back($n);
    }
    $self->clear;
    return $self->perform($step);
}

sub save {
    my ($self, $n, $content, $code) = @_;
    my $base = "$self->{dir}/$self->{name}-$n";
    my $sha = $content->{sha256} || Digest::SHA::sha256_hex($content->{data});
    $self->write_file("$base.json", JSON::PP->new->utf8->canonical->encode({
        mail_from => $self->{from}, mail_params => $self->{params},
        rcpts => $self->{rcpts}, tls => $self->{tls},
        auth_user => $self->{user}, helo => $self->{helo},
        connection => $self->{number}, received_at => time,
        reply => $code eq '' ? undef : $code + 0, sha256 => $sha,
        bytes => $content->{bytes} + 0 }));
    $self->write_file("$base.eml", $content->{data});
    return;
}

sub write_file {
    my ($self, $path, $bytes) = @_;
    open my $fh, '>:raw', "$path.tmp" or die "$path: $!";
    print {$fh} $bytes;
    close $fh or die "$path: $!";
    rename "$path.tmp", $path or die "$path: $!";
    return;
}

# Mails of one scenario are numbered across its connections.
sub next_number {
    my ($self, $by) = @_;
    my $path = "$self->{dir}/$self->{name}.count";
    open my $fh, '+>>', $path or die "$path: $!";
    flock $fh, LOCK_EX or die "$path: $!";
    seek $fh, 0, 0;
    my $n = (<$fh> || 0) + ($by // 1);
    truncate $fh, 0;
    print {$fh} $n;
    close $fh or die "$path: $!";
    return $n;
}

# A refused mail leaves no gap unless another one was numbered meanwhile.
sub give_back {
    my ($self, $n) = @_;
    my $path = "$self->{dir}/$self->{name}.count";
    open my $fh, '+>>', $path or die "$path: $!";
    flock $fh, LOCK_EX or die "$path: $!";
    seek $fh, 0, 0;
    if ((<$fh> || 0) == $n) {
        truncate $fh, 0;
        print {$fh} $n - 1;
    }
    close $fh or die "$path: $!";
    return;
}

# --- steps ---------------------------------------------------------------

# The scenario's step for this verb now, or undef for the usual answer.
sub override {
    my ($self, $verb) = @_;
    my $on = $self->{scenario}{on} || {};
    my $key = $self->{tls} && exists $on->{"tls:$verb"} ? "tls:$verb" : $verb;
    my $step = $on->{$key};
    $step = $step->[ $self->{nth}{$key}++ ] if ref $step eq 'ARRAY';
    return defined $step ? $self->step($step) : undef;
}

sub step { return ref $_[1] ? { %{ $_[1] } } : { text => $_[1] } }

sub merge {
    my ($self, $step, $usual) = @_;
    return $step->{usual} ? { %$usual, %$step } : $step;
}

# Answer a command as the scenario says, else with the given text; returns the
# code sent, 0 if none.
sub answer {
    my ($self, $verb, $text) = @_;
    my $step = $self->override($verb);
    my $usual = $self->step($text);
    return $self->perform($step ? $self->merge($step, $usual) : $usual);
}

sub _code {
    my ($step) = @_;
    my $text = $step->{raw} // $step->{text} // $step->{endless} // '';
    return $text =~ /^(\d{3})/ ? $1 : '';
}

sub perform {
    my ($self, $step) = @_;
    $self->pause($step->{delay}) if $step->{delay};
    my $bytes = $step->{raw} // (defined $step->{text}
        ? $self->reply_lines($step->{text}) : '');
    $bytes .= $step->{tail} // '';
    $self->send($bytes, $step) if length $bytes;
    $self->send_for_ever($step) if defined $step->{endless};
    $self->drop($step->{then}) if $step->{then};
    return _code($step) || 0;
}

# "250 a\nb" becomes the lines 250-a and 250 b.
sub reply_lines {
    my ($self, $text) = @_;
    my $eol = $self->{scenario}{eol} // "\r\n";
    my ($code, $rest) = $text =~ /^(\d{3}) ?(.*)\z/s or return "$text$eol";
    my @lines = split /\n/, $rest, -1;
    my $last = pop @lines // '';
    return join '', (map { "$code-$_$eol" } @lines), "$code $last$eol";
}

sub send {
    my ($self, $bytes, $step) = @_;
    $self->log('S', $bytes);
    my $size = $step->{trickle} ? 1 : $step->{split} || length $bytes;
    for (my $at = 0; $at < length $bytes; $at += $size) {
        $self->pause($step->{trickle} || 0.002) if $at;
        $self->put(substr $bytes, $at, $size);
    }
    return;
}

sub send_for_ever {
    my ($self, $step) = @_;
    $self->log('S', "$step->{endless} (for ever)");
    my $block = $step->{every} ? $step->{endless}
        : $step->{endless} x (1 + int 8192 / (1 + length $step->{endless}));
    while (1) {
        $self->put($block);
        $self->pause($step->{every}) if $step->{every};
    }
    return;
}

# End the connection, or stay mute, as the word says. Does not return.
sub drop {
    my ($self, $how) = @_;
    $self->note("drop $how");
    my $s = $self->{socket};
    if ($how eq 'rst') {
        setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
        $self->end('rst');
    }
    $self->mute(0, undef) if $how eq 'noread';
    $self->mute(1, undef) if $how eq 'stall';
    if ($how eq 'bye' && $self->{tls}) {
        $s->stop_SSL(SSL_fast_shutdown => 1);
        $self->{tls} = undef;
    }
    # With unread bytes in the buffer close() would send RST, not FIN.
    shutdown $s, 1;
    return $self->mute(1, time + $LINGER);
}

# Stay silent until the peer goes away or the time is up.
sub mute {
    my ($self, $reading, $until) = @_;
    while (!$until || time < $until) {
        if ($reading) {
            my $skip;
            $self->readable(0.1) or next;
            my $got = CORE::sysread $self->{socket}, $skip, $CHUNK;
            $self->end(defined $got ? 'eof' : "eof: $!") if !$got;
            next;
        }
        my $poll = IO::Poll->new;
        $poll->mask($self->{socket}, $POLLRDHUP);
        $poll->poll(0.1);
        $self->end('peer closed') if $poll->events($self->{socket});
        $self->check_server;
    }
    return $self->end('closed');
}

# --- bytes ---------------------------------------------------------------

# The next command line without its line end; undef at the end of input.
sub read_line {
    my ($self) = @_;
    my $loose = $self->{scenario}{lf_tolerant};
    while (1) {
        my $found = $loose ? $self->{in} =~ s/\A([^\n]*\n)//
                           : $self->{in} =~ s/\A(.*?\r\n)//s;
        if ($found) {
            my $line = $1;
            $self->log('C', $line);
            $line =~ s/\r?\n\z//;
            return $line;
        }
        $self->end('line too long') if length $self->{in} > $LINE_CAP;
        if (!defined $self->fill) {
            $self->log('C', $self->{in}) if length $self->{in};
            return;
        }
    }
    return;
}

# Append what arrived to the input; undef at its end.
sub fill {
    my ($self) = @_;
    my $s = $self->{socket};
    1 until $self->readable(0.5);
    my $data;
    my $got = $self->{tls} ? $s->sysread($data, $CHUNK)
                           : CORE::sysread($s, $data, $CHUNK);
    return if !$got;
    $self->{in} .= $data;
    return $got;
}

sub readable {
    my ($self, $seconds) = @_;
    my $s = $self->{socket};
    return 1 if $self->{tls} && $s->pending;
    vec(my $bits = '', fileno $s, 1) = 1;
    my $n = select $bits, undef, undef, $seconds;
    $self->check_server;
    return $n > 0;
}

sub put {
    my ($self, $bytes) = @_;
    my $s = $self->{socket};
    while (length $bytes) {
        my $n = $self->{tls} ? $s->syswrite($bytes)
                             : CORE::syswrite($s, $bytes);
        $self->end("write: $!") if !$n;
        substr $bytes, 0, $n, '';
    }
    return;
}

sub pause {
    my ($self, $seconds) = @_;
    my $until = time + $seconds;
    while ((my $left = $until - time) > 0) {
        select undef, undef, undef, $left < 0.5 ? $left : 0.5;
        $self->check_server;
    }
    return;
}

sub check_server {
    my ($self) = @_;
    POSIX::_exit(0) if getppid() != $self->{server};
    return;
}

# --- record --------------------------------------------------------------

sub log {
    my ($self, $dir, $data) = @_;
    CORE::syswrite $self->{log}, $self->{json}->encode({
        t => sprintf('%.6f', time - $self->{start}) + 0, dir => $dir,
        data => $data }) . "\n";
    return;
}

sub note    { return $_[0]->log('!', $_[1]) }
sub anomaly { return $_[0]->note("anomaly $_[1]") }

sub end {
    my ($self, $why) = @_;
    $self->note("end $why");
    POSIX::_exit(0);
}

1;
