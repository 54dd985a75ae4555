#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Messages of every structure, charset and length, made at random, as two
# parsers that are not ours read them: Python's email and Perl's MIME::Parser.
# They have to find what was put in, byte by byte.
#
# MIME_MESSAGES=20000 looks at so many (default 2000), MIME_SEED at others.

use strict;
use warnings;
use File::Temp ();
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::MimeCheck;
use Test::More;

use constant CHUNK => 500;

my $build = $ENV{TOP_BUILDDIR} || "$FindBin::Bin/../../build/obj";
my $program = "$build/t/unit/message_random_test";
my $count = $ENV{MIME_MESSAGES} || 2000;
my $seed = $ENV{MIME_SEED} || 20260105;
my (%looked, %bad);

# The stage that runs this one builds no unit tests.
system('make', '-s', '--no-print-directory', '-C', $build,
    't/unit/message_random_test') == 0
    or die "t/unit/message_random_test cannot be built\n";

sub problem {
    my ($parser, $text) = @_;
    diag("$parser: " . substr $text, 0, 800) if $bad{$parser}++ < 20;
}

sub by_python {
    my ($dir) = @_;
    open my $out, '-|', '/usr/bin/python3',
        "$FindBin::Bin/../support/mimecheck.py", $dir
        or die "mimecheck.py: $!";
    while (my $line = <$out>) {
        chomp $line;
        if ($line =~ /^(\d+)\z/) {
            $looked{Python} += $1;
        }
        else {
            problem('Python', $line);
        }
    }
    close $out or problem('Python', 'mimecheck.py failed');
}

sub by_perl {
    my ($dir) = @_;
    # The parser's quoted-printable warns of parts without a line end.
    local $SIG{__WARN__} = sub { };
    for my $eml (glob "$dir/*.eml") {
        my @found = Smtpc::MimeCheck::problems($eml, $eml =~ s/eml\z/json/r);
        problem('Perl', "$eml: $_") for @found;
        $looked{Perl}++;
    }
}

my $made = 0;
while ($made < $count) {
    my $some = $count - $made < CHUNK ? $count - $made : CHUNK;
    my $dir = File::Temp->newdir;
    # The program's own step from message to message.
    my $from = ($seed + $made * 7919) % 2**32;
    my $said = `'$program' '$dir' $some $from`;
    if ($?) {
        fail("message_random_test makes $some messages from seed $from");
        diag($said);
        last;
    }
    by_python("$dir");
    by_perl("$dir");
    $made += $some;
}
for my $parser (qw(Python Perl)) {
    is($looked{$parser}, $count, "$parser read $count messages");
    is($bad{$parser} || 0, 0, "$parser found what was put in");
}
done_testing();
