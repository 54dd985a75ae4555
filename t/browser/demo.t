#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The demo as a stranger sees it: a browser fills in the form and sends it,
# with scripts and without, and the mail that comes out says what was typed in.
# Once into the outbox folder, once through a real SMTP server.
#
# TOP_SRCDIR, TOP_BUILDDIR, HTTPD, APXS as for the demo itself. Screenshots are
# left in $TOP_BUILDDIR/t/browser.

use strict;
use warnings;
use utf8;
use Cwd ();
use Digest::SHA qw(sha256_hex);
use Encode qw(decode_utf8 encode_utf8);
use File::Path ();
use File::Temp ();
use FindBin ();
use JSON::PP ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Mime;
use Smtpc::Postfix;
use Smtpc::Process;
use Smtpc::Wait qw(wait_for wait_port free_port slurp spew);
use Test::More;

my $START_SECONDS   = 30;
my $STOP_SECONDS    = 15;
my $BROWSER_SECONDS = 120;
my $MAIL_SECONDS    = 20;

my $src   = Cwd::abs_path($ENV{TOP_SRCDIR} || "$FindBin::Bin/../..");
my $build = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$src/build/obj");
my $work  = File::Temp::tempdir('smtpc-demo-XXXXXX', TMPDIR => 1,
    CLEANUP => 1);
chmod 0755, $work;
my $shots = "$build/t/browser";
File::Path::make_path($shots);

my %typed = (
    name    => 'Jürgen Łukasz',
    email   => 'juergen@visitor.example',
    subject => 'Grüße № 42 ☃',
    message => "First line\n.\n.two dots..\nFrom here\nZürich ☃",
);
my $file_name = 'Bestellungen März.bin';
my $content   = join '', map { chr int rand 256 } 1 .. 70_001;
my $upload    = spew("$work/" . encode_utf8($file_name), $content);
binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

subtest 'mail into the outbox folder' => sub {
    my ($demo, $base, $dir) = start_demo('files', {}) or return;
    my $seen = 0;
    for my $js (qw(on off)) {
        subtest "scripts $js" => sub {
            my $page = submit($base, $js, "outbox-$js") or return;
            check_page($page, $base, $js);
            wait_for($MAIL_SECONDS, sub { outbox($dir) > $seen });
            my @mails = outbox($dir);
            is(@mails, ++$seen, 'one mail more in the outbox');
            my ($mail) = sort { (stat $b)[9] <=> (stat $a)[9] } @mails;
            check_mail($mail, from => 'web@demo.example',
                to => 'inbox@demo.example', wire => 1) if $mail;
        };
    }
    stop_demo($demo, $base);
    is_deeply([glob "$dir/outbox/*.tmp $dir/outbox/.*[a-z]*"], [],
        'no unfinished file is left in the outbox');
    diag(server_log($dir)) if !Test::More->builder->is_passing;
};

subtest 'mail through a server with STARTTLS and a password' => sub {
    if (my $why = Smtpc::Postfix::missing()) {
        plan skip_all => "needs $why";
    }
    my $postfix = Smtpc::Postfix->start;
    my ($demo, $base, $dir) = start_demo('smtp', {
        SMTP_HOST          => 'localhost',
        SMTP_PORT          => $postfix->submission_port,
        SMTP_SECURITY      => 'starttls',
        SMTP_USER          => $postfix->user,
        SMTP_PASSWORD_FILE => $postfix->password_file,
        SMTP_TO            => 'shop@test.example',
        SMTP_FROM          => 'web@test.example',
        SMTP_CA_FILE       => $postfix->ca_file,
    }) or return;
    my $page = submit($base, 'on', 'smtp') or return;
    check_page($page, $base, 'on');
    my @mails = $postfix->wait_mails('shop@test.example', 1, $MAIL_SECONDS);
    is(@mails, 1, 'the mail is in the Maildir, once');
    if (@mails) {
        check_mail($mails[0], from => 'web@test.example',
            to => 'shop@test.example');
        like(slurp($mails[0]), qr/\(Authenticated sender: web\)/,
            'it came in with a password');
        like(slurp($mails[0]), qr/with E?SMTPS?A|with UTF8SMTPSA/,
            'and inside TLS');
    }
    stop_demo($demo, $base);
    diag(server_log($dir), $postfix->log)
        if !Test::More->builder->is_passing;
};

done_testing;

# Start the demo as ./bootstrap demo does and wait until it answers.
sub start_demo {
    my ($name, $env) = @_;
    my $port = free_port();
    my $dir  = "$work/$name";
    # What a person may have set for a demo of his own stays out of this.
    my %none = map { $_ => undef } grep { /^SMTP_/ } keys %ENV;
    my $demo = Smtpc::Process->start(
        command => ['/bin/sh', "$src/conf/demo/run"],
        output  => "$work/$name.out",
        env     => { %none, TOP_SRCDIR => $src, TOP_BUILDDIR => $build,
            DEMO_DIR => $dir, PORT => $port, %$env });
    my $up = eval {
        wait_port($port, $START_SECONDS, sub { defined $demo->wait(0) }) };
    ok($up, 'the demo starts')
        or diag($@ || '', $demo->output, server_log($dir)), return;
    return ($demo, "http://127.0.0.1:$port/", $dir);
}

# Ctrl-C reaches the whole process group of the terminal.
sub stop_demo {
    my ($demo, $base) = @_;
    $demo->signal_group('INT');
    my $status = $demo->wait($STOP_SECONDS);
    ok(defined $status, 'Ctrl-C ends the demo');
    is(($status // 0) & 127, 0, 'it was not killed by the signal');
    ok(wait_for($STOP_SECONDS, sub { !$demo->group_alive }),
        'no process is left');
    my ($port) = $base =~ /:(\d+)/;
    ok(!IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port),
        'the port is free again');
    $demo->stop;
    return;
}

# Let the browser send the form; what it saw.
sub submit {
    my ($base, $js, $shot) = @_;
    my @command = ('timeout', '-k', 5, $BROWSER_SECONDS, '/usr/bin/python3',
        "$FindBin::Bin/form.py", $base, '--js', $js, '--file', $upload,
        '--shot', "$shots/$shot.png",
        map { ("--$_", encode_utf8($typed{$_})) } sort keys %typed);
    my $form = Smtpc::Process->start(command => \@command,
        output => "$work/$shot.json", env => { LC_ALL => 'C.UTF-8' });
    my $status = $form->wait($BROWSER_SECONDS + 10);
    $form->stop;
    my ($json) = slurp("$work/$shot.json") =~ /^(\{.*\})$/m;
    ok(($status // 1) == 0 && $json, 'the browser did its part')
        or diag($form->output), return;
    return JSON::PP::decode_json($json);
}

sub check_page {
    my ($page, $base, $js) = @_;
    is($page->{js} ? 'on' : 'off', $js, "scripts were really $js");
    is($page->{final_url}, "${base}thanks.html", 'the visitor is thanked')
        or diag($page->{text});
    is_deeply($page->{problems}, [], 'no problem on the way');
    return;
}

sub outbox {
    my ($dir) = @_;
    my @files = glob "$dir/outbox/*.eml";
    return @files;
}

# Compare a mail with what was typed in, field by field and byte by byte.
sub check_mail {
    my ($path, %o) = @_;
    my $m = Smtpc::Mime->parse($path);
    is_deeply([$m->defects], [], 'the parser has nothing to complain about');
    is_deeply([map { $_->{address} } $m->addresses('From')], [$o{from}],
        'From is the configured sender');
    is_deeply([map { $_->{address} } $m->addresses('To')], [$o{to}],
        'To is the configured recipient');
    is_deeply([$m->addresses('Reply-To')],
        [{ name => $typed{name}, address => $typed{email} }],
        'Reply-To is the visitor');
    is($m->header('Subject'), "[demo] $typed{subject}", 'Subject');
    ok(defined $m->header('Date') && defined $m->header('Message-ID'),
        'Date and Message-ID are there');
    my $text = $m->text // '';
    my $at = 0;
    for my $field (qw(name email subject)) {
        my $found = index $text, $typed{$field}, $at;
        ok($found >= 0, "the body has the $field, in order") or diag($text);
        $at = $found if $found >= 0;
    }
    my $message = join '\n', map { "[ \\t>|]*\Q$_\E[ \\t]*" }
        split /\n/, $typed{message};
    like(substr($text, $at), qr/$message/, 'and the message, line by line');
    my @files = $m->attachments;
    is(@files, 1, 'one attachment');
    return if !@files;
    is($files[0]{filename}, $file_name, 'its name');
    is($files[0]{length}, length $content, 'its length');
    is($files[0]{sha256}, sha256_hex($content), 'every byte of it');
    return if !$o{wire};
    my $bytes = $m->bytes;
    is_deeply([@$bytes{qw(bare_cr bare_lf nul eight_bit)}], [0, 0, 0, 0],
        'CRLF line ends and seven bits only');
    cmp_ok($bytes->{max_line}, '<=', 998, 'no line is too long');
    like($m->header('X-Receiver') // '', qr/\Q$o{to}\E/,
        'the file names its receiver, as pickup folders want');
    return;
}

sub server_log {
    my ($dir) = @_;
    return join '', map { "--- $_\n" . decode_utf8(slurp("$dir/$_")) }
        qw(error.log check.log delivery.conf);
}
