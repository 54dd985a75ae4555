# SPDX-License-Identifier: Apache-2.0
# What the checks in this folder share: finding files, reading C without its
# comments, and reporting. A check that finds nothing to look at has failed.
package Lint;

use strict;
use warnings;
use Exporter 'import';
use File::Find ();
use FindBin ();
use Test::More ();

our @EXPORT = qw(files objects slurp code_of without_comments build_env
    build_dir verdict);

chdir($ENV{TOP_SRCDIR} || "$FindBin::Bin/../..") or die "no source folder: $!\n";

# What autoreconf and editors leave among the sources.
my $generated = qr{^(?:aclocal\.m4|configure~?|config\.h\.in~?|Makefile\.in|
    m4/(?!smtpc_).*|build-aux/(?!TestCount|build\.env\.in).*|
    (?:.*/)?[^/]*(?:~|\.swp))$}x;

# Files of the project below the folders or files @$places whose path matches
# $pattern, sorted. Places that are not there are passed over.
sub files {
    my ($pattern, @places) = @_;
    my @found;
    my $want = sub {
        my $path = s{^\./}{}r;
        $File::Find::prune = 1 if $path =~ m{^(?:build|\.git|autom4te\.cache)$};
        push @found, $path
            if -f $_ && $path =~ $pattern && $path !~ $generated;
    };
    @places = grep { -e $_ } @places;
    File::Find::find({ wanted => $want, no_chdir => 1 }, @places) if @places;
    return sort @found;
}

sub slurp {
    my ($path) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}

# Files of a built tree.
sub objects {
    my ($pattern, $place) = @_;
    my @found;
    File::Find::find({ no_chdir => 1,
        wanted => sub { push @found, $_ if -f $_ && $_ =~ $pattern } }, $place);
    return sort @found;
}

sub blank {
    my ($text) = @_;
    $text =~ s/[^\n]/ /g;
    return $text;
}

my $string = qr/"(?:[^"\\\n]|\\.)*"/s;
my $char = qr/'(?:[^'\\\n]|\\.)+'/s;
my $comment = qr{/\*.*?\*/|//[^\n]*}s;

# C text with comments blanked; line numbers stay.
sub without_comments {
    my ($text) = @_;
    $text =~ s/($string|$char)|($comment)/defined $1 ? $1 : blank($2)/ge;
    return $text;
}

# C text with comments and the insides of strings blanked.
sub code_of {
    my ($text) = @_;
    $text =~ s/($string|$char)|($comment)/defined $1
        ? substr($1, 0, 1) . blank(substr($1, 1, -1)) . substr($1, 0, 1)
        : blank($2)/ge;
    return $text;
}

sub build_dir {
    my $dir = $ENV{TOP_BUILDDIR} || 'build/obj';
    die "no built tree at $dir: run ./bootstrap build\n" if !-e "$dir/build.env";
    return $dir;
}

# A variable of build.env, which configure wrote.
sub build_env {
    my ($name) = @_;
    my ($value) = slurp(build_dir() . '/build.env') =~ /^$name='(.*)'$/m;
    return defined $value ? $value : '';
}

# One test: $checked things were looked at, and @problems were found.
sub verdict {
    my ($name, $checked, @problems) = @_;
    Test::More::diag($_) for @problems[0 .. ($#problems < 30 ? $#problems : 30)];
    Test::More::diag('and ' . (@problems - 31) . ' more') if @problems > 31;
    Test::More::diag("$name: there was nothing to check") if !$checked;
    return Test::More::ok($checked && !@problems, "$name ($checked checked)");
}

1;
