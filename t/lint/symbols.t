#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What the two shared objects show to the process they are loaded into, and
# that installed headers and exported functions are the same set.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

my $library = build_dir() . '/.libs/libsmtpclient.so';
my $module = build_dir() . '/mod_smtpclient/.libs/mod_smtpclient.so';

# Names a shared object defines for others, without the name of its version.
sub exported {
    my ($object) = @_;
    return () if !-e $object;
    my @lines = `nm -D --defined-only '$object'`;
    return map { (split)[2] =~ s/\@.*//r }
        grep { (split)[1] ne 'A' } @lines;
}

my @names = exported($library);
verdict('libsmtpclient.so shows smtpc_ names only', scalar @names,
    map { "$_ is exported" } grep { !/^smtpc_[a-z]/ } @names);

my %declared;
for my $header (files(qr/\.h$/, 'lib/include')) {
    my $code = code_of(slurp($header));
    $declared{$1} = $header
        while $code =~ /^[ \t]*SMTPC_DECLARE\w*\s*\(.*?\)[^;(]*?\b(\w+)\s*\(/msg;
}
my %is_exported = map { $_ => 1 } @names;
verdict('each function of the installed headers is there',
    scalar keys %declared, map { "$_ of $declared{$_} is not exported" }
        grep { !$is_exported{$_} } sort keys %declared);
verdict('each exported function is in an installed header', scalar @names,
    map { "$_ is in no installed header" } grep { !$declared{$_} } @names);

@names = exported($module);
verdict('mod_smtpclient.so shows its module record only', scalar @names,
    map { "$_ is exported" } grep { $_ ne 'smtpclient_module' } @names);

for my $object ($library, $module) {
    my $dynamic = -e $object ? `readelf -dW '$object'` : '';
    my @problems;
    push @problems, "$object: symbols are bound late" if $dynamic !~ /BIND_NOW|NOW/;
    push @problems, "$object: has text relocations" if $dynamic =~ /TEXTREL/;
    push @problems, "$object: could be unloaded under OpenSSL's feet"
        if $object eq $library && $dynamic !~ /NODELETE/;
    verdict(($object =~ m{([^/]+)$})[0] . ' is linked as it must be',
        $dynamic eq '' ? 0 : 1, @problems);
}
done_testing();
