#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Who may include whom. A folder of lib/ is a layer; an installed header
# belongs to the layer of the .c file with its name.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

my %sees = (
    base => [], model => ['base'], mime => [qw(base model)],
    proto => [qw(base model)], net => ['base'],
    client => [qw(base model mime proto net)], queue => [qw(base model)],
);
# Single files that may see more than their layer.
my %sees_more = ('lib/queue/runner.c' => ['client']);
# Installed headers without a .c of their own.
my %header_layer = (declare => 'base');
# The benchmark of composing reads a message's bytes, which no installed
# function gives without a file or a server.
my %sees_lib = map { $_ => 1 } 'bench/compose.c';

# Files that may use OpenSSL: its types are nobody else's business.
my @openssl = (
    qr{^lib/net/tls\w*\.[ch]$},
    qr{^lib/base/(?:codec|secret|digest|env)\w*\.c$},
    qr{^lib/mime/(?:dkim|smime|private_key)\w*\.c$},
);
my $httpd_header = qr{^(?:httpd|http_\w+|ap_\w+|util_\w+|mod_\w+|scoreboard)\.h$};

my %layer_of_stem;
for my $path (files(qr/\.c$/, 'lib')) {
    my ($layer, $stem) = $path =~ m{^lib/(\w+)/(\w+)\.c$} or next;
    $layer_of_stem{$stem} = $layer;
}

# Layer of a file, 'umbrella' for smtpclient.h, undef for what is outside lib.
sub layer_of {
    my ($path) = @_;
    if ($path =~ m{^lib/include/smtpclient/(\w+)\.h$}) {
        return 'umbrella' if $1 eq 'smtpclient';
        return $header_layer{$1} || $layer_of_stem{$1} || 'base';
    }
    return $path =~ m{^lib/(\w+)/} ? $1 : undef;
}

sub squeeze {
    my ($path) = @_;
    1 while $path =~ s{(?:^|/)\K(?!\.\./)[^/]+/\.\./}{};
    $path =~ s{(?:^|/)\K\./}{}g;
    return $path;
}

# The file of this project that an include line means, or undef.
sub resolve {
    my ($from, $quoted, $name) = @_;
    my ($dir) = $from =~ m{^(.*)/};
    my @places = ('lib', 'lib/include', 'mod_smtpclient');
    unshift @places, $dir if $quoted;
    for my $place (@places) {
        my $path = squeeze("$place/$name");
        return $path if -f $path;
    }
    return undef;
}

my (%includes, %system);
my @sources = files(qr/\.[ch]$/, qw(lib mod_smtpclient cli bench t/consumer));
for my $path (@sources) {
    my $text = without_comments(slurp($path));
    $includes{$path} = [];
    $system{$path} = [];
    while ($text =~ /^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)/mg) {
        my $name = defined $1 ? $1 : $2;
        my $target = resolve($path, defined $1, $name);
        push @{ $includes{$path} }, $target if defined $target;
        push @{ $system{$path} }, $name if !defined $target;
    }
}

my ($edges, @bad) = (0);
for my $path (grep { m{^lib/} } @sources) {
    my $layer = layer_of($path);
    next if $layer eq 'umbrella';
    if (!$sees{$layer}) {
        push @bad, "$path: '$layer' is not a layer of DESIGN";
        next;
    }
    my %may = map { $_ => 1 } $layer, @{ $sees{$layer} },
        @{ $sees_more{$path} || [] };
    for my $target (@{ $includes{$path} }) {
        my $other = layer_of($target);
        $edges++;
        push @bad, "$path ($layer) includes $target ("
            . (defined $other ? $other : 'outside lib') . ')'
            if !defined $other || !$may{$other};
    }
    push @bad, map { "$path includes httpd's $_" }
        grep { /$httpd_header/ } @{ $system{$path} };
}
verdict('lib: a layer includes only what it may see', $edges, @bad);

($edges, @bad) = (0);
for my $path (grep { !m{^lib/} } @sources) {
    my ($folder) = $path =~ m{^(mod_smtpclient|cli|bench|t/consumer)/};
    for my $target (@{ $includes{$path} }) {
        $edges++;
        next if $target =~ m{^lib/include/} || $target =~ m{^\Q$folder\E/};
        next if $sees_lib{$path} && $target =~ m{^lib/};
        next if $folder ne 'cli' && $target eq 'mod_smtpclient/mod_smtpclient.h';
        push @bad, "$path includes $target, which is not installed";
    }
}
verdict('users of the library include installed headers only', $edges, @bad);

@bad = grep {
    my $path = $_;
    my %has = map { $_ => 1 } @{ $includes{$path} };
    $has{'lib/proto/session.h'} && $has{'lib/net/transport.h'}
        && $path !~ m{^lib/client/conn\.[ch]$};
} @sources;
verdict('only lib/client/conn sees both session and transport',
    scalar @sources, map { "$_ includes both" } @bad);

my $openssl_users = 0;
@bad = ();
for my $path (grep { m{^(?:lib|mod_smtpclient|cli)/} } @sources) {
    next if !grep { m{^openssl/} } @{ $system{$path} };
    $openssl_users++;
    push @bad, "$path includes an OpenSSL header"
        if !grep { $path =~ $_ } @openssl;
}
verdict('OpenSSL is seen by few files', $openssl_users, @bad);

# Depth-first search: a header met again while still open closes a circle.
my (%state, @circles);
sub visit {
    my ($path, @trail) = @_;
    if (($state{$path} || '') eq 'open') {
        push @circles, join ' -> ', @trail, $path;
    }
    return if $state{$path};
    $state{$path} = 'open';
    visit($_, @trail, $path) for @{ $includes{$path} || [] };
    $state{$path} = 'closed';
}
visit($_) for @sources;
verdict('no header includes itself over others', scalar(keys %state), @circles);

done_testing();
