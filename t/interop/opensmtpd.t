#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The library against a real OpenSMTPD.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Matrix;
use Test::More;

my $server = Smtpc::Matrix::server('Smtpc::OpenSMTPD');
Smtpc::Matrix::run($server,
    mechanisms => [qw(PLAIN LOGIN)],
    strongest  => 'PLAIN',
    offers     => [qw(8BITMIME DSN SIZE ENHANCEDSTATUSCODES)],
    reports    => 1,
    queue_id   => qr/[0-9a-f]{8}/);
$server->stop;
done_testing;
