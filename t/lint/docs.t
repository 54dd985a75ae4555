#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# docs/: pages are complete where completeness can be counted, and name
# nothing that is not there.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

# Names in the installed headers.
my (%declared, @statuses);
for my $header (files(qr/\.h$/, qw(lib/include mod_smtpclient))) {
    my $code = code_of(slurp($header));
    $declared{$1} = 1 while $code =~ /\b((?:smtpc|smtpclient)_\w+)/gi;
}
my $status = slurp('lib/include/smtpclient/status.h');
@statuses = $status =~ /^#define (SMTPC_E\w+)/mg;

# Each status is the first cell of one row of the page on errors.
my $errors = slurp('docs/errors.md');
my %rows;
$rows{$1}++ while $errors =~ /^\| `((?:SMTPC_E|APR_)\w+)` \|/mg;
verdict('docs/errors.md has every status', scalar @statuses,
    map { "$_ has " . ($rows{$_} || 0) . ' rows' }
        grep { ($rows{$_} || 0) != 1 } 'APR_SUCCESS', @statuses);
my %is_status = map { $_ => 1 } 'APR_SUCCESS', @statuses;
verdict('and no other', scalar keys %rows,
    map { "$_ is not in status.h" } grep { !$is_status{$_} } sort keys %rows);
my @unshown = grep { $errors !~ /^\| `SMTPC_RCPT_$_` \|/m }
    slurp('lib/include/smtpclient/result.h')
        =~ /^\s+SMTPC_RCPT_(\w+)/mg;
verdict('docs/errors.md has every state of a recipient', 4,
    map { "SMTPC_RCPT_$_ has no row" } @unshown);

# What a program would call. Names with two underscores are the inside's.
for my $page (qw(docs/errors.md docs/sending.md)) {
    my %named = map { $_ => 1 } slurp($page) =~ /\b(smtpc_\w+)/gi;
    verdict("$page names what is in an installed header", scalar keys %named,
        map { "$_ is not" } grep { !$declared{$_} } sort keys %named);
}

# architecture.md has a line for every file, in the section of its folder.
my $architecture = slurp('docs/architecture.md');
my (%line_of, $folder);
for my $line (split /\n/, $architecture) {
    $folder = $line =~ /^### (\S+)$/ ? $1 : undef if $line =~ /^#/;
    next if !$folder;
    $line_of{"$folder/$1"}++ if $line =~ /^- `(\w+\.c)` /;
}
my @sources = files(qr/\.c$/, qw(lib mod_smtpclient));
verdict('docs/architecture.md has a line for every .c', scalar @sources,
    map { "$_ has none" } grep { !$line_of{$_} } @sources);
my %is_source = map { $_ => 1 } @sources;
verdict('and for no other', scalar keys %line_of,
    map { "$_ is not there" } grep { !$is_source{$_} } sort keys %line_of);
my @inside = $architecture =~ /`(smtpc__\w+)/g;
my %inside;
for my $path (files(qr/\.h$/, 'lib')) {
    my $code = code_of(slurp($path));
    $inside{$1} = 1 while $code =~ /\b(smtpc__\w+)/g;
}
verdict('docs/architecture.md names functions that are there', scalar @inside,
    map { "$_ is not declared" } grep { !$inside{$_} } @inside);

# Pages that are linked to.
my ($links, @dead) = (0);
my %text = map { $_ => slurp($_) } files(qr{\.md$}, "docs");
for my $page (sort keys %text) {
    while ($text{$page} =~ /\]\(([\w.-]+\.md)(?:#[\w-]+)?\)/g) {
        $links++;
        push @dead, "$page links to $1" if !-e "docs/$1";
    }
}
verdict('links lead to pages', $links, @dead);
done_testing();
