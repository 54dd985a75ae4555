# SPDX-License-Identifier: Apache-2.0
# A TAP::Harness that leaves a tally in the file $TEST_COUNT_FILE, so that
# ./bootstrap check can add up every single test of every suite, whether prove
# or Apache::Test runs it. Chosen by HARNESS_SUBCLASS=TestCount.
#
# The file gets one line of `passed P failed F skipped S todo T programs N`
# per run, and a line `fail ...` or `skip ...` for each test that deserves one.
package TestCount;

use strict;
use warnings;
use parent 'TAP::Harness';

# Both prove and Test::Harness::runtests come through here.
sub aggregate_tests {
    my ($self, $aggregate, @tests) = @_;
    my @result = $self->SUPER::aggregate_tests($aggregate, @tests);
    tally($aggregate) if $ENV{TEST_COUNT_FILE};
    return @result;
}

sub tally {
    my ($aggregate) = @_;
    my %sum = map { $_ => 0 } qw(passed failed skipped todo programs);
    my @notes;
    for my $name ($aggregate->descriptions) {
        my ($parser) = $aggregate->parsers($name);
        my $one = count($name, $parser);
        $sum{programs}++;
        $sum{$_} += $one->{$_} for qw(passed failed skipped todo);
        push @notes, @{ $one->{notes} };
    }
    open my $out, '>>', $ENV{TEST_COUNT_FILE}
        or die "$ENV{TEST_COUNT_FILE}: $!\n";
    print $out join(' ', map { "$_ $sum{$_}" }
            qw(passed failed skipped todo programs)), "\n";
    print $out "$_\n" for @notes;
    close $out or die "$ENV{TEST_COUNT_FILE}: $!\n";
}

# What one program's output amounts to. A program that ended badly, or ran
# fewer tests than it announced, has failed even if each line says "ok".
sub count {
    my ($name, $parser) = @_;
    my %is_skipped = map { $_ => 1 } $parser->skipped;
    my %is_todo = map { $_ => 1 } $parser->todo;
    my @failed = $parser->failed;
    my @passed = grep { !$is_skipped{$_} && !$is_todo{$_} } $parser->passed;
    my @notes = map { "fail $name: test $_" } @failed;
    my $failed = @failed;
    push @notes, "skip $name: test $_" for $parser->skipped;
    if (defined $parser->skip_all) {
        push @notes, "skip $name: all of it: " . $parser->skip_all;
        return { passed => 0, failed => 0, skipped => 1, todo => 0,
                 notes => \@notes };
    }
    my $missing = ($parser->tests_planned || 0) - $parser->tests_run;
    if ($missing > 0) {
        push @notes, "fail $name: $missing planned tests did not run";
        $failed += $missing;
    }
    my @faults = $parser->parse_errors;
    push @faults, 'signal ' . ($parser->wait & 127)
        if defined $parser->wait && $parser->wait & 127;
    push @faults, 'exit status ' . $parser->exit if $parser->exit;
    push @faults, 'no test ran' if !$parser->tests_run;
    if (@faults) {
        push @notes, map { "fail $name: $_" } @faults;
        $failed++ if !$failed;
    }
    return { passed => scalar @passed, failed => $failed,
             skipped => scalar keys %is_skipped,
             todo => scalar keys %is_todo, notes => \@notes };
}

1;
