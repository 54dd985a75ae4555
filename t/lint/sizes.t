#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# How long functions and files may be. Tables are not functions and count for
# the length of their file only.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

use constant {
    FUNCTION_MEDIAN => 15,
    FUNCTION_P95 => 55,
    FUNCTION_CAP => 100,
    FILE_CAP => 700,
};

my $ctags = build_env('CTAGS') || 'ctags';

# [lines, file, name] of every function in the files.
sub functions {
    my @files = @_;
    return () if !@files;
    my @found;
    open my $tags, '-|', $ctags, '--quiet', '--options=NONE', '--languages=C',
        '--langmap=C:.c.h', '--kinds-C=f', '--fields=+ne', '-f', '-', @files
        or die "$ctags: $!\n";
    while (<$tags>) {
        my ($name, $file) = split /\t/;
        my ($line) = /\tline:(\d+)/;
        my ($end) = /\tend:(\d+)/;
        push @found, [$end - $line + 1, $file, $name] if $line && $end;
    }
    close $tags or die "$ctags failed\n";
    return sort { $a->[0] <=> $b->[0] } @found;
}

my @product = files(qr/\.[ch]$/, qw(lib mod_smtpclient cli));
my @tests = files(qr/\.[ch]$/, qw(t bench));
my @functions = functions(@product);
my @lengths = map { $_->[0] } @functions;
my $median = @lengths ? $lengths[$#lengths / 2] : 0;
my $p95 = @lengths ? $lengths[int(@lengths * 0.95 + 0.999) - 1] : 0;

verdict('half of the functions have at most ' . FUNCTION_MEDIAN . ' lines',
    scalar @lengths,
    $median > FUNCTION_MEDIAN ? "the median is $median" : ());
verdict('19 of 20 functions have at most ' . FUNCTION_P95 . ' lines',
    scalar @lengths,
    $p95 > FUNCTION_P95 ? "the 95th percentile is $p95" : ());
verdict('no function is longer than ' . FUNCTION_CAP . ' lines',
    scalar @lengths, map { "$_->[1]: $_->[2] has $_->[0] lines" }
        grep { $_->[0] > FUNCTION_CAP } @functions, functions(@tests));

my @long;
my @all = (@product, @tests, files(qr/\.(?:t|pm|pl|py)$|\/TEST$/, 't'));
for my $file (@all) {
    my $lines = () = slurp($file) =~ /\n/g;
    push @long, "$file has $lines lines" if $lines > FILE_CAP;
}
verdict('no file is longer than ' . FILE_CAP . ' lines', scalar @all, @long);
done_testing();
