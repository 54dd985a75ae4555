#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Every source says which licence it is under, in its first lines.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

my @sources = files(qr{\.(?:[ch]|t|pm|pl|py|sh|mk|m4|am|ac|js)$|/(?:TEST|run)$
    |^bootstrap$}x, qw(lib mod_smtpclient cli conf t bench m4 build-aux .ci
    bootstrap configure.ac Makefile.am));
my @bad;
for my $path (@sources) {
    my ($head) = slurp($path) =~ /\A((?:[^\n]*\n){0,4})/;
    push @bad, "$path: no SPDX line"
        if $head !~ m{SPDX-License-Identifier: Apache-2\.0\b};
}
verdict('every source names its licence', scalar @sources, @bad);
done_testing();
