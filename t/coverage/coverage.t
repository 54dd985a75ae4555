#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# How much of the library the unit tests run, from what they left in
# $TOP_BUILDDIR, a tree that was configured with --enable-coverage. Writes the
# table that ./bootstrap check shows to $COVERAGE_REPORT, and beside it, for
# people who add tests, the lines and branches that no test takes.
use strict;
use warnings;
use JSON::PP ();
use Test::More;

# Where a mistake is a hole: each decision is taken both ways by a test.
my @strict = qw(lib/proto/reply_parser.c lib/proto/command.c lib/proto/dot.c
    lib/model/address.c lib/mime/header.c lib/net/tls_verify.c);
my $branches_min = 98;
my $lines_min = 92; # of all files of lib/

my ($top, $build) = @ENV{qw(TOP_SRCDIR TOP_BUILDDIR)};
my $report = $ENV{COVERAGE_REPORT} or die "COVERAGE_REPORT is not set\n";
(my $detail = $report) =~ s/(?:\.txt)?$/-missing.txt/;

# assert(): the other way of its branch ends the program.
system('gcovr', '--root', $top, '--object-directory', $build, '--filter',
    "$top/lib/", '--exclude-branches-by-pattern', '.*\bassert\(.*',
    '--json-summary', "$report.json", $build) == 0
    or BAIL_OUT('gcovr failed');
system("gcovr --root '$top' --object-directory '$build' --filter '$top/lib/' "
    . "'$build' > '$detail' && gcovr --root '$top' --object-directory "
    . "'$build' --filter '$top/lib/' --branches '$build' >> '$detail'") == 0
    or diag("$detail could not be written");

my $summary = JSON::PP->new->decode(do {
    open my $in, '<', "$report.json" or die "$report.json: $!\n";
    local $/;
    <$in>;
});
my %of = map { $_->{filename} => $_ } @{ $summary->{files} };

# A percentage that is not rounded up: 98.0 is reached, or it is not.
sub percent {
    my ($covered, $total) = @_;
    return $total ? int(1000 * $covered / $total) / 10 : 100;
}

sub row {
    my ($name, $sum) = @_;
    return sprintf "%-26s %6d of %6d %5.1f %%  %6d of %6d %5.1f %%\n", $name,
        map { my $kind = $_;
            my ($covered, $total) = map { $sum->{"${kind}_$_"} }
                qw(covered total);
            ($covered, $total, percent($covered, $total)) } qw(line branch);
}

open my $out, '>', $report or die "$report: $!\n";
print $out sprintf("%-26s %24s  %24s\n", 'covered by unit tests', 'lines',
        'branches'),
    map({ row($_, $of{$_} || {}) } grep { $of{$_} } @strict),
    row('lib/, ' . @{ $summary->{files} } . ' files', $summary);
close $out or die "$report: $!\n";

for my $name (@strict) {
    my $file = $of{$name} || { branch_covered => 0, branch_total => 1 };
    my ($covered, $total) = @$file{qw(branch_covered branch_total)};
    cmp_ok(percent($covered, $total), '>=', $branches_min,
        "$name: $covered of $total branches, $branches_min %")
        or diag("see $detail");
}
cmp_ok(percent(@$summary{qw(line_covered line_total)}), '>=', $lines_min,
    "lib/: lines, $lines_min %") or diag("see $detail");
done_testing();
