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

# Under valgrind httpd may tell a slow child twice to end, but not kill it.
my $log = slurp("$logs/error_log");
my @crashes = grep {
    /exit signal|AH00045|AH00046|AH00050|Assertion|double free|Sanitizer/
        && !($ENV{TEST_VALGRIND} && /AH00045/)
} split /\n/, $log;
is("@crashes", '', 'no child of httpd crashed or had to be killed');

my @cores;
File::Find::find(sub { push @cores, $File::Find::name if /^core(?:\.\d+)?$/ },
    $tree);
is("@cores", '', 'no core file');

if ($ENV{TEST_VALGRIND}) {
    my $reports = 0;
    for my $file (glob "$logs/valgrind.*") {
        my ($name) = $file =~ m{([^/]+)$};
        my $text = slurp($file);
        # Left by a child that became another program, as for exec: secrets.
        # One that was killed would look the same, but is in the error log.
        next if $text =~ /Parent PID/ && $text !~ /HEAP SUMMARY|ERROR SUMMARY/
            && $text =~ /\A(?:==\d+==[^\n]*\n){1,8}\z/;
        $reports++;
        my $good = ok($text =~ /ERROR SUMMARY: 0 errors/,
            "$name: no error, nothing definitely lost");
        diag($text) if !$good;
    }
    ok($reports > 1, 'valgrind watched the server and its children');
}
done_testing;
