#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The pages for programmers are true: every program in docs/sending.md is
# compiled as it says there, against a library that was installed, and run,
# and prints what the page shows; its other lines of C compile; and the
# sentences in docs/errors.md are
# those that the library has for these servers.

use strict;
use warnings;
use Cwd ();
use FindBin ();
use File::Temp ();
use lib "$FindBin::Bin/../lib";
use Smtpc::FakeSMTP;
use Smtpc::FakeSMTP::Scenarios ();
use Smtpc::Send;
use Smtpc::Wait qw(slurp spew);
use Test::More;

my $top = $ENV{TOP_SRCDIR} || Cwd::abs_path("$FindBin::Bin/../..");
my $build = $ENV{TOP_BUILDDIR}
    = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$top/build/obj");
my $cc = $ENV{CC} || 'cc';
my $dir = File::Temp->newdir;
chmod 0755, "$dir";

my @ehlo = ('8BITMIME', 'SIZE 104857600');
my $no_bob = { 'bob@example.net' => '550 5.1.1 no such user here' };
my $usual = Smtpc::FakeSMTP::Scenarios::usual();
my $fake = Smtpc::FakeSMTP->start(dir => "$dir/smtp", scenarios => {
    %$usual,
    'send.c'  => { %{ $usual->{tls} }, rcpt => $no_bob },
    'async.c' => { ehlo => \@ehlo, rcpt => $no_bob },
    # One connection breaks behind the second mail that gets that far.
    'batch.c' => { ehlo => \@ehlo,
        rcpt => { %$no_bob, 'carl@example.net' => '451 4.3.0 try later' },
        on => { DOT => [undef, { then => 'fin' }] } },
});

sub run {
    my ($command) = @_;
    my $said = `$command`;
    return ($? >> 8, $said);
}

# What differs from run to run.
sub same {
    my ($text) = @_;
    return $text =~ s/(localhost|127\.0\.0\.1|\[::1\]):\d+/$1:25/gr
        =~ s/ on port \d+/ on port 25/gr =~ s/Test CA \d+/Test CA/gr
        =~ s/queued as [^\s;]+/queued as ID/gr =~ s/\b\d+ m?s\b/1 s/gr;
}

# The library, installed; its .pc file says where it will be in the end.
my ($code, $said) = run("make -s --no-print-directory -C '$build'"
    . " DESTDIR='$dir/root' install-libLTLIBRARIES install-pkgconfigDATA"
    . " install-smtpclientincludeHEADERS 2>&1");
is($code, 0, 'the library can be installed') or diag($said);
my ($pc) = split /\n/, `find '$dir/root' -name smtpclient.pc`;
die "no smtpclient.pc was installed\n" if !$pc;
my $text = slurp($pc);
spew($pc, $text =~ s{^(\w+=)/}{$1$dir/root/}mgr);
my ($pc_dir) = $pc =~ m{^(.*)/};
local $ENV{PKG_CONFIG_PATH} = $pc_dir;
my ($lib_dir) = $pc_dir =~ m{^(.*)/};
local $ENV{LD_LIBRARY_PATH} = $lib_dir;

# The programs: a block of C with a main(), and the indented block behind
# "prints".
my $page = slurp("$top/docs/sending.md");
spew("$dir/mail.pw", "secret\n");
chmod 0600, "$dir/mail.pw";
my @names;
while ($page =~ /^```c\n(.*?)^```\n(.*?)(?=^```|\z)/msg) {
    my ($program, $behind) = ($1, $2);
    if ($program !~ /\bmain\(/) {
        try_lines($program);
        next;
    }
    my ($name) = $program =~ m{\A/\* (\w+\.c): };
    ok($name, 'the program says its name') or next;
    my ($shown) = $behind =~ /\Aprints\b.*?:\n\n((?:(?:    .*)?\n)+)/m
        || $behind =~ /^prints\b[^\n]*:\n\n((?:(?:    [^\n]*)?\n)+)/m
        ? ($1) : ('');
    push @names, $name;
    try_program($name, $program, $shown =~ s/^    //mgr =~ s/\n+\z/\n/r);
}
is("@names", 'send.c async.c batch.c', 'all programs were found');

sub try_program {
    my ($name, $program, $shown) = @_;
    my $port = $fake->port($name);
    # The servers of the page; this one's certificate is by an authority of
    # its own.
    my $changed = $program =~ s/"localhost", 25\b/"localhost", $port/r;
    $changed =~ s/"mail\.example\.org", 587\b/"localhost", $port/;
    $changed =~ s/(\|\| smtpc_client_set_credentials)/|| smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS)
        || smtpc_client_set_ca_file(client, "@{[ $fake->ca_file ]}")
        $1/;
    isnt($changed, $program, "$name names its server");
    spew("$dir/$name", $changed);
    my ($code, $said) = run("cd '$dir' && $cc -Wall -Wextra -Werror $name -o "
        . "$name.bin \$(pkg-config --cflags --libs smtpclient) 2>&1");
    is($code, 0, "$name compiles without a warning") or return diag($said);
    ($code, $said) = run("cd '$dir' && timeout 60 ./$name.bin 2>&1");
    $shown =~ s/mail\.example\.org:587/localhost:25/g;
    is(same($said), same($shown), "$name prints what the page says")
        or diag($fake->report($name));
    is($code, $name eq 'async.c' ? 0 : 1, "and its exit is as it should be");
    return;
}

# Lines of C without a program around them: in a function that has what they
# speak of.
sub try_lines {
    my ($lines) = @_;
    my $functions = '';
    $functions .= $1 while $lines =~ s/^(static .*?^\}\n)//ms;
    spew("$dir/lines.c", <<"C");
#include <smtpclient/smtpclient.h>
extern smtpc_env_t *env;
extern smtpc_client_t *client;
extern smtpc_message_t *m;
extern smtpc_log_fn_t on_log;
extern smtpc_transcript_fn_t on_line;
extern smtpc_event_fn_t on_event;
extern void *baton;
$functions
apr_status_t lines(apr_pool_t *pool);
apr_status_t lines(apr_pool_t *pool)
{
    smtpc_result_t *result;
    smtpc_counters_t counters;
    apr_status_t rv = APR_SUCCESS;

    (void)pool; (void)&result; (void)&counters;
$lines
    return rv;
}
C
    my ($code, $said) = run("cd '$dir' && $cc -Wall -Wextra -Werror "
        . "-fsyntax-only lines.c \$(pkg-config --cflags smtpclient) 2>&1");
    is($code, 0, 'lines compile') or diag($lines, $said);
    return;
}

# The sentences: a scenario, and what it is called with.
my @login = ('--user', 'web', '--password-file', "$dir/mail.pw", '--security',
    'starttls', '--ca-file', $fake->ca_file);
my @cases = (
    ['good'], ['partial', '--to', 'ann@example.net, bob@example.net'],
    ['rcpt550'], ['mail550'], ['temp451'], ['dot554'],
    ['greet421'], ['closed', '--host', '127.0.0.1'], ['silent', '--timeout', '1'], ['garbage'],
    ['dropdata'], ['dropdot'], ['untrusted', @login], ['notls', @login],
    ['authfail', @login],
);
my $errors = slurp("$top/docs/errors.md");
my ($part) = $errors =~ /^## What an operator reads\n(.*)/ms;
my %shown = map { same($_) => 1 } $part =~ /^    (\S.*)$/mg;
my %seen;
for my $case (@cases) {
    my ($scenario, @args) = @$case;
    my $result = Smtpc::Send->run(body => 'x' x 70 . "\n" x 1000,
        args => ['--host', 'localhost', '--port', $fake->port($scenario),
            '--from', 'shop@example.org', '--to', 'ann@example.net', @args]);
    my $line = same($result->{describe} // 'nothing');
    $seen{$line} = 1;
    ok($shown{$line}, "docs/errors.md has the sentence for $scenario")
        or diag($line);
}
is(join("\n", grep { !$seen{$_} } sort keys %shown), '',
    'docs/errors.md has no other');
done_testing;
