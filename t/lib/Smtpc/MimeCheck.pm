# SPDX-License-Identifier: Apache-2.0
package Smtpc::MimeCheck;

# Compares mails with what was put into them, by MIME::Parser.
#
#   my @problems = Smtpc::MimeCheck::problems("$dir/0.eml", "$dir/0.json");
# The files are those of message_random_test.

use strict;
use warnings;
use Encode ();
use File::Temp ();
use JSON::PP ();
use MIME::Base64 ();
use MIME::Parser;

my ($parser, @problems);

sub problems {
    my ($eml, $json) = @_;
    $parser ||= _parser();
    @problems = ();
    my $entity = eval { $parser->parse(_open($eml)) };
    return "not parsed: $@" if !$entity;
    push @problems, $parser->results->errors, $parser->results->warnings;
    my $want = JSON::PP::decode_json(_slurp($json));
    _message($entity, $want);
    $parser->filer->purge if $parser->filer;
    return @problems;
}

sub _parser {
    my $made = MIME::Parser->new;
    $made->output_to_core(1);
    $made->tmp_to_core(1);
    $made->extract_nested_messages(1);
    return $made;
}

sub _open {
    my ($path) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    return $in;
}

sub _slurp {
    my ($path) = @_;
    local $/ = undef;
    my $in = _open($path);
    return scalar readline $in;
}

sub _same {
    my ($what, $got, $want) = @_;
    return if !defined $got && !defined $want;
    return if defined $got && defined $want && $got eq $want;
    my ($shown, $other) = map { !defined $_ ? 'nothing'
        : '"' . Encode::encode('UTF-8', $_) . '"' } $got, $want;
    push @problems, "$what is $shown, not $other";
}

sub _text {
    my ($hex) = @_;
    return defined $hex ? Encode::decode('UTF-8', pack 'H*', $hex) : undef;
}

# One encoded word; undef if it is none.
sub _word {
    my ($word) = @_;
    my ($charset, $form, $data) = $word =~ /^=\?([^?*]+)\?([QB])\?([^?]*)\?=$/i
        or return undef;
    if (uc $form eq 'B') {
        $data = MIME::Base64::decode($data);
    }
    else {
        $data =~ tr/_/ /;
        $data =~ s/=([0-9A-F]{2})/chr hex $1/ge;
    }
    return Encode::decode($charset, $data);
}

# Unfolds and decodes text, RFC 2047 6.2: blanks between encoded words go.
# (Encode's own decoder takes words inside of words for encoded ones.)
sub _decode {
    my ($value) = @_;
    $value =~ s/\r?\n(?=[ \t])//g;
    $value =~ s/\r?\n\z//;
    $value =~ s/^ //;
    my ($out, $blanks, $behind) = ('', '', 0);
    for my $piece (split /( +)/, $value) {
        if ($piece =~ /^ *\z/) {
            $blanks = $piece;
            next;
        }
        my $word = _word($piece);
        $out .= $blanks if !($behind && defined $word);
        $out .= defined $word ? $word : Encode::decode('UTF-8', $piece);
        $behind = defined $word;
        $blanks = '';
    }
    return $out . $blanks;
}

sub _field {
    my ($entity, $name) = @_;
    my $value = $entity->head->get($name, 0);
    return defined $value ? _decode($value) : undef;
}

# Display names of the mailboxes in a field, in order.
sub _names {
    my ($entity, $name) = @_;
    my $value = $entity->head->get($name, 0);
    return [] if !defined $value;
    $value =~ s/\r?\n(?=[ \t])//g;
    my @names;
    while ($value =~ /\G\s*((?:"(?:[^"\\]|\\.)*"|[^",<])*?)\s*
            (?:<[^>]*>|[\w.]+@[\w.]+)\s*(?:,|\z)/gcx) {
        my $shown = $1;
        if ($shown =~ /^"(.*)"\z/s) {
            push @names, Encode::decode('UTF-8', $1 =~ s/\\(.)/$1/gr);
        }
        else {
            push @names, _decode($shown);
        }
    }
    return \@names;
}

sub _message {
    my ($entity, $want) = @_;
    _same('Subject', _field($entity, 'Subject'), _text($want->{subject}));
    _same('X-Random', _field($entity, 'X-Random'), _text($want->{header}));
    if (exists $want->{from}) {
        _same('From', join('|', @{ _names($entity, 'From') }),
            _text($want->{from}));
        my @to = @{ $want->{to} };
        _same('To', join('|', @{ _names($entity, 'To') }),
            join '|', map { _text($_) } @to[1 .. $#to]);
    }
    _part($entity, $want->{root});
}

# A parameter. The parser decodes RFC 2231 and writes one encoded word of the
# result, of any length and with any characters in it.
sub _param {
    my ($entity, $name) = @_;
    my $value = $entity->head->mime_attr($name);
    return undef if !defined $value || $value eq '';
    if ($value =~ /^=\?utf-8\?Q\?(.*)\?=\z/s) {
        my $data = $1 =~ tr/_/ /r;
        $data =~ s/=([0-9A-F]{2})/chr hex $1/ge;
        return Encode::decode('UTF-8', $data);
    }
    return utf8::is_utf8($value) ? $value : Encode::decode('UTF-8', $value);
}

sub _part {
    my ($entity, $want) = @_;
    my $cid = _text($want->{cid});
    _same('type', $entity->mime_type, $want->{type});
    _same('disposition', _param($entity, 'content-disposition'),
        _text($want->{disposition}));
    _same('file name', _param($entity, 'content-disposition.filename'),
        _text($want->{name})) if $want->{disposition};
    _same('x-param', _param($entity, 'content-type.x-param'),
        _text($want->{param}));
    _same('Content-ID', _field($entity, 'Content-ID'),
        defined $cid ? "<$cid>" : undef);
    _same("Content-$_", _field($entity, "Content-$_"), _text($want->{lc $_}))
        for qw(Description Language Location);
    if ($want->{parts}) {
        my @parts = $entity->parts;
        _same('number of parts', scalar @parts, scalar @{ $want->{parts} });
        for my $i (0 .. $#parts) {
            _part($parts[$i], $want->{parts}[$i]) if $want->{parts}[$i];
        }
    }
    elsif ($want->{message}) {
        my ($nested) = $entity->parts;
        return push @problems, 'no message inside' if !$nested;
        _message($nested, $want->{message});
    }
    else {
        _leaf($entity, $want);
    }
}

sub _unflow {
    my ($text) = @_;
    my ($out, @lines) = ('', split /\n/, $text, -1);
    for my $i (0 .. $#lines) {
        my $soft = $lines[$i] =~ / \z/ && $lines[$i] ne '-- ';
        $out .= $lines[$i] =~ s/^ //r;
        $out .= "\n" if !$soft && $i < $#lines;
    }
    return $out;
}

# Encode knows most charsets, iconv(1) the others.
sub _in_charset {
    my ($charset, $data) = @_;
    if (!Encode::find_encoding($charset)) {
        my $file = File::Temp->new;
        binmode $file;
        print {$file} $data;
        close $file;
        $data = `iconv -f '$charset' -t UTF-8 '$file'`;
        die "iconv does not know $charset\n" if $?;
        $charset = 'UTF-8';
    }
    return Encode::decode($charset, $data, Encode::FB_CROAK);
}

sub _leaf {
    my ($entity, $want) = @_;
    my $data = $entity->bodyhandle ? $entity->bodyhandle->as_string : '';
    my $encoding = lc($entity->head->mime_encoding || '7bit');
    if (exists $want->{data}) {
        # The parser's quoted-printable makes LF of CRLF.
        my $bytes = pack 'H*', $want->{data};
        $bytes =~ s/\r\n/\n/g, $data =~ s/\r\n/\n/g
            if $encoding eq 'quoted-printable';
        return _same('content', unpack('H*', $data), unpack('H*', $bytes));
    }
    my $charset = _param($entity, 'content-type.charset') || 'us-ascii';
    my $got = eval { _in_charset($charset, $data) };
    return push @problems, "content: $@" if !defined $got;
    my $text = _text($want->{text}) =~ s/\r\n|\r/\n/gr;
    $got =~ s/\r\n/\n/g;
    $got = _unflow($got) if $want->{flowed};
    if ($want->{last} && $encoding ne 'base64' && $text =~ /[^\n]\z/) {
        $text .= "\n";
    }
    _same('text', $got, $text);
}

1;
