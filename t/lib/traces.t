# SPDX-License-Identifier: Apache-2.0
#
# Run by t/TEST when httpd has ended: what the whole run must not have left.
# TEST_LOGS names the folder of the logs, TEST_TREE the work folder.

use strict;
use warnings;
use File::Find ();
use FindBin ();
use lib $FindBin::Bin;
use Smtpc::Wait qw(slurp);
use Test::More;

my ($logs, $tree) = @ENV{qw(TEST_LOGS TEST_TREE)};
plan skip_all => 'run by t/TEST' if !$logs;

my @crashes = grep {
    /exit signal|AH00045|AH00046|AH00050|Assertion|double free|Sanitizer/
        && !($ENV{TEST_VALGRIND} && /AH0004[56]/)
} split /\n/, slurp("$logs/error_log");
is("@crashes", '', 'no child of httpd crashed or had to be killed');

my @cores;
File::Find::find(sub { push @cores, $File::Find::name if /^core(?:\.\d+)?$/ },
    $tree);
is("@cores", '', 'no core file');

if ($ENV{TEST_VALGRIND}) {
    my @files = glob "$logs/valgrind.*";
    ok(@files > 1, 'valgrind watched the server and its children');
    for my $file (@files) {
        my ($name) = $file =~ m{([^/]+)$};
        my $text = slurp($file);
        my $good = ok($text =~ /ERROR SUMMARY: 0 errors/,
            "$name: no error, nothing definitely lost");
        diag($text) if !$good;
    }
}
done_testing;
