#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Calls, notes, blanks and variables that must not be in the code.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

# Unbounded, unchecked, of hidden state, starting programs, or waiting blindly.
my $calls = qr/(?<![\w.>])(sprintf|vsprintf|strcpy|stpcpy|strcat|strncpy|strncat|strtok|
    gets|atoi|atol|atoll|atof|system|popen|rand|srand|random|sleep|usleep|
    alloca)\s*\(/x;

# "file:line: what" for each match of $pattern in $text.
sub places {
    my ($path, $text, $pattern) = @_;
    my @found;
    while ($text =~ /$pattern/g) {
        my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
        push @found, "$path:$line: " . (defined $1 ? $1 : $&);
    }
    return @found;
}

my @product = files(qr/\.[ch]$/, qw(lib mod_smtpclient cli));
verdict('no banned calls', scalar @product,
    map { places($_, code_of(slurp($_)), $calls) } @product);

my @text = files(qr{\.(?:[ch]|t|pm|pl|py|sh|mk|m4|am|ac|md|in|html|css|js)$
    |/(?:TEST|run)$|^(?:bootstrap|README|NOTICE|CHANGES)$}x,
    qw(lib mod_smtpclient cli conf docs t bench m4 build-aux .ci bootstrap
       README NOTICE CHANGES configure.ac Makefile.am));
# This file and the TAP producer, which knows a directive of that name, may.
my @free = grep { !m{^t/(?:lint/banned|tap/|unit/tap_test)} } @text;
verdict('no notes of things left undone', scalar @free,
    map { places($_, slurp($_), qr/\b(TODO|FIXME|XXX)\b/) } @free);
verdict('no blanks at line ends', scalar @text,
    map { places($_, slurp($_), qr/[ \t]+\r?$/m) } @text);
my @spaced = grep { !m{\.(?:mk|am|md)$} } @text;
verdict('no tabs', scalar @spaced,
    map { places($_, slurp($_), qr/\t/) } @spaced);
verdict('files end with a line end', scalar @text,
    map { slurp($_) =~ /(?:\n|\A)\z/ ? () : "$_: no line end" } @text);

# Variables that outlive a call make two environments share state. The objects
# tell better than the source: sections of things that can be written to, but
# for those that hold constants with addresses in them.
my @objects = objects(qr{\.libs/[^/]+\.o$}, build_dir() . '/lib');
my @mutable;
for my $object (@objects) {
    for my $line (split /\n/, `objdump -t '$object'`) {
        my ($section, $name) = $line =~ /^\S+ .{6}O (\S+)\s+\S+\s+(?:\.hidden )?(\S+)$/
            or next;
        push @mutable, "$object: variable $name"
            if $section =~ /^(?:\.data(?!\.rel\.ro)|\.bss|\.tbss|\.tdata|\*COM\*)/;
    }
}
verdict('no variables with static storage in the library', scalar @objects,
    @mutable);
done_testing();
