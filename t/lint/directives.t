#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The directives that the module knows, those of docs/directives.md and those
# of the sample configuration are the same.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

my $manual = 'docs/directives.md';
my $sample = 'conf/smtpclient.conf.in';
# The rows that httpd's own manual gives to each directive.
my @rows = qw(Description Syntax Default Context Override Status Module);

sub text_of {
    my ($path) = @_;
    return -e $path ? slurp($path) : '';
}

my %known;
for my $source (files(qr/\.[ch]$/, 'mod_smtpclient')) {
    my $text = without_comments(slurp($source));
    $known{$1} = $source while $text =~ /\bAP_INIT_\w+\s*\(\s*"<?(SMTP\w+)/g;
}
my @known = sort keys %known;

my %section;
my $current;
for my $line (split /\n/, text_of($manual)) {
    $current = $line =~ /^#+\s+(?:\W*)(SMTP\w+)/ ? $1 : undef if $line =~ /^#/;
    $section{$current} .= "$line\n" if defined $current;
}
verdict("every directive has a section in $manual", scalar @known,
    map { "$_ ($known{$_}) is not there" } grep { !$section{$_} } @known);
verdict("every section of $manual is a directive", scalar keys %section,
    map { "$_ is no directive" } grep { !$known{$_} } sort keys %section);
my @bad;
for my $name (sort keys %section) {
    for my $row (@rows) {
        push @bad, "$name has no line '$row'"
            if $section{$name} !~ /^\|?\s*\W*$row\b/m;
    }
}
verdict('every section has its head table', scalar keys %section, @bad);

# Also what is commented out: a sample shows most directives that way.
my %sampled;
for my $line (split /\n/, text_of($sample)) {
    $sampled{$1} = 1 if $line =~ /^\s*#?\s*<?(SMTP[A-Z]\w*)(?:\s|>|$)/;
}
verdict("every directive is in $sample", scalar @known,
    map { "$_ is not there" } grep { !$sampled{$_} } @known);
verdict("every directive of $sample is known", scalar keys %sampled,
    map { "$_ is no directive" } grep { !$known{$_} } sort keys %sampled);
done_testing();
