# SPDX-License-Identifier: Apache-2.0
package Smtpc::Memory;

# What the memory of another process holds, for who may look (root).
#
#   my ($dumped, $kept) = Smtpc::Memory::search($pid, 'needle', ...);
#
# $dumped: how often they are in memory that the kernel writes to a core file,
# $kept: in memory that it leaves out ("dd" in smaps, see proc(5)).

use strict;
use warnings;
no warnings 'portable';      # addresses have 64 bits

# A mapping beyond is addresses set aside, not memory in use.
my $MAPPING_MAX = 1 << 30;

sub search {
    my ($pid, @needles) = @_;
    my $any = join '|', map { quotemeta } @needles;
    open my $memory, '<:raw', "/proc/$pid/mem" or die "memory of $pid: $!\n";
    open my $maps, '<', "/proc/$pid/smaps" or die "mappings of $pid: $!\n";
    my ($dumped, $kept) = (0, 0);
    my ($from, $size);
    while (my $line = <$maps>) {
        if ($line =~ /^([0-9a-f]+)-([0-9a-f]+) (.)/) {
            $from = hex $1;
            $size = $3 eq 'r' ? hex($2) - $from : 0;
        }
        elsif ($line =~ /^VmFlags:(.*)/ && $size && $size <= $MAPPING_MAX) {
            my $where = $1 =~ /\bdd\b/ ? \$kept : \$dumped;
            # Some, as those of the kernel's own pages, cannot be read.
            sysseek $memory, $from, 0 or next;
            my $data = '';
            my $got = sysread $memory, $data, $size;
            $$where += () = $data =~ /$any/g if $got;
        }
    }
    close $maps;
    close $memory;
    return ($dumped, $kept);
}

1;
