#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Every known attack of a server has a test that is named after it, in
# t/security or t/scripts: "P12: what happens". The groups: P replies that are
# not SMTP, T TLS, U logging in, R connections that are used again, L servers
# that are slow or dead.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

# T22 is about mail to the servers of a domain (MTA-STS); we hand over to a
# relay.
my %out_of_scope = (T22 => 1);
my %groups = (P => 28, T => 23, U => 14, R => 12, L => 10);
my @ids = grep { !$out_of_scope{$_} }
    map { my $group = $_; map { "$group$_" } 1 .. $groups{$group} }
        sort keys %groups;
my %known = map { $_ => 1 } @ids;

# Names of tests: what follows a quote, or begins a case of a script, and is
# an id, or several, with a colon behind; or an id alone, in a table of parts of
# names.
my %named;
for my $file (files(qr/\.(?:c|t|txt)$/, qw(t/security t/scripts))) {
    my $text = slurp($file);
    while ($text =~ /(?:["']|^===\s+)((?:[PTURL]\d+(?:,\s*)?)+)(?:: |["'])/gm) {
        push @{ $named{$_} }, $file for $1 =~ /[PTURL]\d+/g;
    }
}
verdict('every threat has a test', scalar @ids,
    map { "$_ has no test in t/security" }
        grep { !$named{$_} } @ids);
verdict('every test is for a threat that is known', scalar keys %named,
    map { "$_ in $named{$_}[0] is not on the list" }
        grep { !$known{$_} } sort keys %named);
done_testing();
