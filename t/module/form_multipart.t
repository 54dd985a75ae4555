#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Forms in multipart/form-data: files become attachments, large ones pass
# through temporary files that leave nothing behind.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use FormTest;
use Test::More;

my $TYPE = 'multipart/form-data; boundary=XYZ';
my $spool = vars('spool_dir');

sub post {
    my ($path, @parts) = @_;
    fake()->reset('good');
    return post_raw($path, $TYPE, form_data(@parts));
}

# Every byte value, and lengths around the places where something changes.
my $all = join '', map { chr } 0 .. 255;
my %content = (
    'empty.bin' => '',
    'one.bin' => "\0",
    'all.bin' => $all x 3,
    'boundary.bin' => "\r\n--XY\r\n--XYZZ\r\n",
    'memory.bin' => substr($all x 300, 0, 65_536),
    'spool.bin' => substr($all x 300, 0, 65_537),
    'large.bin' => $all x 8000,
);
my @names = sort keys %content;
is(post('/good', ['a', '1'],
    (map { ["f_$_", $_, 'application/x-test', $content{$_}] } @names),
    ['z', '2'])->code, 303, 'fields and files');
my $m = mail_of('good');
is_deeply([$m->defects], [], 'the parser has nothing to complain about');
my @files = $m->attachments;
is_deeply([map { $_->{filename} } @files], \@names, 'all are attached, in order');
for my $file (@files) {
    my $name = $file->{filename};
    is($file->{sha256}, sha256_hex($content{$name}), "$name byte for byte");
    is($file->{type}, 'application/x-test', '  with its type');
}
my $listed = join '', map {
    "f_$_: $_ (" . length($content{$_}) . " bytes)\n" } @names;
like($m->text, qr/^a: 1\n\Q$listed\Ez: 2\n\n-- /,
    'and listed among the fields');
is_deeply([glob "$spool/*"], [], 'no temporary file is left');
ok(wait_for(10 * slow(), sub { !(my %left = open_spools($spool)) }),
    'nor an open one');

# Names and types that are not what they seem.
my @odd = (
    ['../../etc/passwd', 'text/plain', 'passwd', 'text/plain'],
    ['C:\\\\Users\\\\x\\\\report.pdf', 'application/pdf', 'report.pdf',
        'application/pdf'],
    ['a.eml', 'message/rfc822', 'a.eml', 'application/octet-stream'],
    ['c.txt', 'nonsense', 'c.txt', 'application/octet-stream'],
    ["M\xc3\xa4rz \xe2\x82\xac.csv", 'text/csv; charset=utf-8',
        "M\x{e4}rz \x{20ac}.csv", 'text/csv'],
    ['say %22hi%22.txt', 'text/html', 'say "hi".txt', 'text/html'],
);
for my $odd (@odd) {
    my ($sent, $type, $name, $kept) = @$odd;
    is(post('/good', ['f', $sent, $type, 'x'])->code, 303, "file $sent, $type");
    my ($file) = mail_of('good')->attachments;
    is($file->{filename}, $name, '  its name');
    is($file->{type}, $kept, '  its type');
}
is(post('/good', ['f', 'b.txt', 'multipart/mixed; boundary=x', 'x'])->code, 400,
    'a part made of parts');
is(post('/good', ['f', 'a' x 300 . '.txt', 'text/plain', 'x'])->code, 413,
    'a name beyond what files can have');
is(post('/good', ['f', '', 'application/octet-stream', ''], ['a', 'b'])->code,
    303, 'no file chosen');
is(scalar(mail_of('good')->attachments), 0, 'is no attachment');
is(post('/good', ['f', 'only.txt', 'text/plain', 'x'])->code, 303,
    'nothing but a file');

# A file that is required.
is(post('/pages', ['name', 'n'], ['email', 'a@b.example'],
    ['message', 'm.txt', 'text/plain', 'x'])->code, 200,
    'a file fills in a required field');

# Limits.
my $kib = 'k' x 1024;
is(post('/limits', ['f', 'f', 'a/b', $kib x 20])->code, 200,
    'a file of the largest size');
is(post('/limits', ['f', 'f', 'a/b', $kib x 20 . 'k'])->code, 413,
    'one byte more');
is(post('/limits', map { ["f$_", 'f', 'a/b', 'x'] } 1, 2)->code, 200,
    'as many files as may be');
is(post('/limits', map { ["f$_", 'f', 'a/b', 'x'] } 1 .. 3)->code, 413,
    'one more');
is(post('/nofiles', ['a', 'b'])->code, 200, 'no files allowed, none sent');
is(post('/nofiles', ['f', 'f', 'a/b', 'x'])->code, 413, 'one sent');
ok(no_mail('good'), 'nothing was sent then');

# A body that is announced to be too large is not read.
my $head = "POST /limits HTTP/1.1\r\nHost: localhost\r\nContent-Type: $TYPE\r\n";
my $said = exchange("${head}Content-Length: 102401\r\nExpect: 100-continue\r\n\r\n");
like($said, qr{^HTTP/1\.1 413 }, 'announced too large: refused at once');
like($said, qr/^Connection: close/mi, 'and the connection is closed');
# Without an announcement it is counted.
my $long = form_data(map { ["f$_", 'y' x 40_000] } 1 .. 3);
$said = exchange("${head}Transfer-Encoding: chunked\r\n\r\n", (map {
    sprintf "%x\r\n%s\r\n", length, $_ } $long =~ /(.{1,8192})/gs),
    "0\r\n\r\n");
like($said, qr{^HTTP/1\.1 413 }, 'not announced and too large: refused');
$said = exchange("${head}Transfer-Encoding: chunked\r\n\r\n", map {
    sprintf "%x\r\n%s\r\n", length, $_
} split(//, form_data(['a', 'b'], ['f', 'x', 'a/b', 'abc'])), '');
like($said, qr{^HTTP/1\.1 200 }, 'byte-sized chunks are fine');
is(post('/core-limit', ['a', 'x' x 60_000])->code, 413,
    'LimitRequestBody holds too');

# What is left of a body is not taken for another request, whatever the status.
my $hidden = "GET /thanks.html HTTP/1.1\r\nHost: localhost\r\n\r\n";
for my $type ('text/plain', $TYPE) {
    $said = exchange("POST /form HTTP/1.1\r\nHost: localhost\r\n"
        . "Content-Type: $type\r\nContent-Length: 300\r\n\r\n"
        . "--XYZ\r\nnonsense\r\n\r\n$hidden");
    like($said, qr{^HTTP/1\.1 303 .*^Connection: close}ms,
        "refused early, $type: a redirect that closes the connection");
    is(() = $said =~ m{^HTTP/1\.1 }mg, 1, '  one answer');
}

# A body that ends early.
fake()->reset('good');
$said = exchange("${head}Content-Length: 500\r\n\r\n",
    form_data(['a', 'b']));
like($said, qr{^HTTP/1\.1 400 }, 'a connection that ends inside the body');
my $cut = form_data(['a', 'b'], ['f', 'x', 'a/b', 'y' x 100_000]);
substr $cut, -100, 100, '';
is(post_raw('/good', $TYPE, $cut)->code, 400, 'a form without an end');
ok(no_mail('good'), 'nothing was sent');
is_deeply([glob "$spool/*"], [], 'no temporary file is left');

# While a large file arrives its temporary file has no name, and is ours alone.
my $body = form_data(['f', 'x', 'a/b', 'z' x 300_000]);
my %seen;
exchange("POST /good HTTP/1.1\r\nHost: localhost\r\nContent-Type: $TYPE\r\n"
    . 'Content-Length: ' . length($body) . "\r\nConnection: close\r\n\r\n",
    substr($body, 0, 200_000),
    sub { wait_for(10 * slow(), sub { %seen = open_spools($spool) }) },
    substr($body, 200_000));
SKIP: {
    skip 'only root sees the files of other users', 2 if $> != 0;
    is(scalar keys %seen, 1, 'a temporary file without a name');
    is((values %seen)[0][0], 0600, 'that nobody else can read');
}
is((mail_of('good')->attachments)[0]{length}, 300_000, 'it arrives whole');
done_testing;
