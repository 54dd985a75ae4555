#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Headers: each compiles alone, the installed ones as strict C11 and as C++
# too, and every function in them is documented.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

my $cc = build_env('CC');
my $cppflags = '-Ilib -Ilib/include ' . build_env('APR_CPPFLAGS');
my $warnings = '-Wall -Wextra -Wshadow -Wpointer-arith -Werror';

# Compiles a file that holds nothing but the include line of @$headers, each
# alone; returns what the compiler said about the bad ones.
sub bad_headers {
    my ($compiler, @headers) = @_;
    my @bad;
    for my $header (@headers) {
        my $said = `echo '#include "$header"' | $compiler -I. -fsyntax-only - 2>&1`;
        push @bad, "$header:\n$said" if $?;
    }
    return @bad;
}

my @lib = files(qr/\.h$/, qw(lib t/tap t/support));
my @installed = grep { m{^lib/include/} } @lib;
my @module = files(qr/\.h$/, 'mod_smtpclient');
my $c = "$cc -std=gnu11 -D_GNU_SOURCE $cppflags $warnings -Wstrict-prototypes -x c";
my $httpd = build_env('HTTPD_CPPFLAGS');

verdict('headers of the library compile alone', scalar @lib,
    bad_headers($c, @lib));
verdict('headers of the module compile alone', scalar @module,
    bad_headers("$c $httpd", @module));
verdict('installed headers are strict C11', scalar @installed,
    bad_headers("$cc -std=c11 -pedantic-errors $cppflags $warnings -x c",
        @installed));
push @installed, grep { $_ eq 'mod_smtpclient/mod_smtpclient.h' } @module;
verdict('installed headers are C++', scalar @installed,
    bad_headers("g++ -std=c++11 $cppflags $httpd $warnings -x c++", @installed));

# Declarations of a header: doc comments become a \x01, other comments go, and
# what stands between two semicolons or preprocessor lines is one declaration.
sub prototypes {
    my ($text) = @_;
    $text =~ s{/\*\*(?!/)(.*?)\*/}{length($1) > 15 ? "\x01" : ' '}gse;
    $text = code_of($text);
    $text =~ s/^[ \t]*#(?:[^\n]*\\\n)*[^\n]*/;/mg;
    $text =~ s/\b\w+_(?:BEGIN|END)_DECLS\b//g;
    $text =~ s/extern\s+"[^"]*"\s*\{//g;
    1 while $text =~ s/\{[^{}]*\}/ BODY; /g;
    $text =~ s/^[\s}]*//;
    my @found;
    for my $declaration (split /;/, $text) {
        next if $declaration !~ /\(/;
        my ($first) = $declaration =~ /(\w+)/;
        next if $first =~ /^(?:typedef|static|BODY)$/;
        push @found, $declaration;
    }
    return @found;
}

my ($checked, @bad) = (0);
for my $header (@lib, @module) {
    next if $header =~ m{^t/};
    for my $prototype (prototypes(slurp($header))) {
        $checked++;
        next if $prototype =~ /^\s*\x01[^\x01]*$/;
        my $shown = $prototype =~ s/[\s\x01]+/ /gr;
        push @bad, "$header: no /** comment directly before:$shown";
    }
}
verdict('every function in a header is documented', $checked, @bad);
done_testing();
