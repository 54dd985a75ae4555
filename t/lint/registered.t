#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Nothing lies about: sources are built, have a test, tests are run, and all
# of it is in the tarball.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

my $make = 'make -s --no-print-directory -C ' . build_dir();
my %listed = map { $_ => 1 } split ' ', `$make list-dist`;
my %is_unit_test = map { $_ => 1 } split ' ', `$make list-unit list-long`;

# In the list, or below a folder that is.
sub in_dist {
    my ($path) = @_;
    do { return 1 if $listed{$path} } while $path =~ s{/[^/]+$}{};
    return 0;
}

my $fragments = join "\n", map { slurp($_) =~ s/^\s*#.*$//mgr =~ s/\\\n/ /gr }
    files(qr/\.mk$/, qw(lib mod_smtpclient t cli));
my %in_fragment = map { $_ => 1 } $fragments =~ m{([\w./-]+\.[ch])\b}g;

my @lib = files(qr/\.[ch]$/, 'lib');
my @built = (@lib, files(qr/\.[ch]$/, qw(mod_smtpclient cli t/tap t/support
    t/consumer)), grep { !/_test\.c$/ } files(qr/\.[ch]$/, 't/fault'));
verdict('every source is named in a local.mk', scalar @built,
    map { "$_ is built by nobody" } grep { !$in_fragment{$_} } @built);
verdict('every source named in a local.mk is there', scalar keys %in_fragment,
    map { "$_ does not exist" } grep { !-e $_ } sort keys %in_fragment);

my @units = grep { /\.c$/ } @lib;
verdict('every .c of the library has its unit test', scalar @units,
    map { "$_ has no t/unit/${_}_test.c" =~ s{t/unit/.*/(\w+)\.c_test}{t/unit/$1_test}r }
        grep { my ($stem) = m{/(\w+)\.c$}; !-e "t/unit/${stem}_test.c" } @units);

my @tests = files(qr/_test\.c$/, 't/unit', 't/security', 't/fault');
verdict('every unit test is run', scalar @tests,
    map { "$_ is in no list of unit tests" }
        grep { !$is_unit_test{s/\.c$//r} } @tests);

my %is_fuzzed = map { $_ => 1 } split ' ', `$make list-fuzz`;
my @fuzz = files(qr/\.c$/, 't/fuzz');
verdict('every fuzz entry is run and has inputs', scalar @fuzz,
    map { "$_ is not in t/fuzz/local.mk, or has no corpus" }
        grep { my $name = s/\.c$//r;
            !$is_fuzzed{$name} || !-d $name =~ s{^t/fuzz}{t/fuzz/corpus}r }
        @fuzz);

my @suites = files(qr{\.t$|/TEST$}, 't');
my @direct = grep { m{^t/(?:lint/|TEST$)} } @suites;
verdict('what is run by its name is executable', scalar @direct,
    map { "$_ is not executable" } grep { !-x $_ } @direct);

# t/TEST runs module/ and security/ itself, and some of its own helpers.
my %run = map { $_ => 1 } qw(lint module security interop browser
    coverage);
my $runner = -e 't/TEST' ? slurp('t/TEST') : '';
sub is_run {
    my ($path) = @_;
    return $path eq 't/TEST' || ($path =~ m{^t/(\w+)/} && $run{$1})
        || ($path =~ m{^t/(lib/\w+\.t)$} && index($runner, $1) >= 0);
}
verdict('every test script is run by a stage', scalar @suites,
    map { "$_ is run by no stage of bootstrap" }
        grep { !is_run($_) } @suites);

# Files of the project that a tarball has no use for.
my $not_in_dist = qr{^(?:\.gitignore|\.ci/|\.git)};
my @all = grep { !/$not_in_dist/ } files(qr/./, '.');
verdict('every file is in the tarball', scalar @all,
    map { "$_ is in no EXTRA_DIST" } grep { !in_dist($_) } @all);
done_testing();
