#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The library against a real Postfix with Dovecot behind it: what arrives in
# the Maildir is read by an independent parser and compared with what was given
# to t/interop/send, field by field, attachments byte by byte.

use strict;
use warnings;
use utf8;
use Cwd ();
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);
use File::Temp ();
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Smtpc::Matrix;
use Smtpc::Mime;
use Smtpc::Postfix;
use Smtpc::Send qw(status_ok recipient_states);
use Smtpc::Wait qw(slurp spew);
use Test::More;

my $MAIL_SECONDS = 20;
my $REFUSED      = 'EARG';    # by us, before any byte is sent

$ENV{TOP_BUILDDIR}
    = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$FindBin::Bin/../../build/obj");
if (my $why = Smtpc::Postfix::missing()) {
    plan skip_all => "needs $why";
}
die Smtpc::Send::program() . " is missing: build first\n"
    if !-x Smtpc::Send::program();
binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $work    = File::Temp->newdir;
my $postfix = Smtpc::Postfix->start;
my @PLAIN   = ('--host', '127.0.0.1', '--port', $postfix->port,
    '--security', 'none', '--timeout', 20);
my @SUBMIT  = ('--host', 'localhost', '--port', $postfix->submission_port,
    '--security', 'starttls', '--ca-file', $postfix->ca_file,
    '--user', $postfix->user, '--password-file', $postfix->password_file,
    '--timeout', 20);

subtest 'plain, everything that can be in UTF-8'      => \&plain;
subtest 'bodies that are hard on line ends and dots'  => \&bodies;
subtest 'HTML body'                                   => \&html;
subtest 'STARTTLS and a password'                     => \&submission;
subtest 'opportunistic TLS'                           => \&opportunistic;
subtest 'attachments of every size, with odd names'   => \&attachments;
subtest 'several mails in one go'                     => \&several;
subtest 'wrong password'                              => \&wrong_password;
subtest 'no password where one is wanted'             => \&no_password;
subtest 'a certificate nobody vouches for'            => \&untrusted;
subtest 'recipients refused'                          => \&refused;
subtest 'some recipients refused'                     => \&partial;
subtest 'no header can be smuggled in'                => \&injection;

Smtpc::Matrix::run($postfix,
    mechanisms => [Smtpc::DovecotAuth::mechanisms()],
    strongest  => 'SCRAM-SHA-256',
    offers     => [qw(PIPELINING CHUNKING 8BITMIME SMTPUTF8 DSN SIZE
        ENHANCEDSTATUSCODES)],
    reports    => 1,
    queue_id   => qr/[0-9A-F]{8,}/);

diag($postfix->log) if !Test::More->builder->is_passing;
$postfix->stop;
done_testing;

# Send and expect success; the result, and the mails at $to.
sub deliver {
    my ($to, $count, $body, @args) = @_;
    my $r = Smtpc::Send->run(body => $body, args => \@args);
    status_ok($r, 'SUCCESS', 'sending');
    my @mails = $postfix->wait_mails($to, $count, $MAIL_SECONDS);
    is(@mails, $count, "$to has the mail");
    return ($r, map { Smtpc::Mime->parse($_) } @mails);
}

# Nothing was delivered to these addresses, now that all is quiet.
sub nothing_for {
    my (@addresses) = @_;
    ok($postfix->wait_idle($MAIL_SECONDS), 'the queue is empty');
    for my $address (@addresses) {
        is(scalar(my @m = $postfix->mails($address)), 0,
            "nothing for $address");
    }
    return;
}

# Text is the same but for the line end at its very end, which a mail has.
sub same_text {
    my ($got, $wanted, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    s/\r\n/\n/g, s/\n?\z/\n/ for $got //= '', $wanted;
    return is($got, $wanted, $what);
}

sub plain {
    my $body = "Guten Tag,\n\nZürich \x{2603} \x{1F600}\n.\n..\n.dot\n";
    my ($r, $m) = deliver('ann@test.example', 1, encode_utf8($body), @PLAIN,
        '--from', '"Weber, Jürgen" <shop@test.example>',
        '--to', 'Ann Łukasz <ann@test.example>, '
            . '"B. \"Bob\" O\'Neil" <bob@test.example>',
        '--cc', 'cecile@test.example',
        '--bcc', 'secret@test.example',
        '--subject', 'Ihre Bestellung №42 ist unterwegs ' . 'ü' x 80,
        '--header', 'X-Shop: 42');
    return if !$m;
    is_deeply([$m->defects], [], 'the parser has nothing to complain about');
    is_deeply([$m->addresses('From')],
        [{ name => 'Weber, Jürgen', address => 'shop@test.example' }], 'From');
    is_deeply([$m->addresses('To')],
        [{ name => 'Ann Łukasz', address => 'ann@test.example' },
         { name => 'B. "Bob" O\'Neil', address => 'bob@test.example' }], 'To');
    is_deeply([map { $_->{address} } $m->addresses('Cc')],
        ['cecile@test.example'], 'Cc');
    is($m->header('Bcc'), undef, 'no Bcc in what others can read');
    unlike(slurp($_), qr/secret\@/, 'nor anywhere else')
        for $postfix->mails('ann@test.example');
    is($m->header('Subject'),
        'Ihre Bestellung №42 ist unterwegs ' . 'ü' x 80, 'Subject');
    is($m->header('X-Shop'), '42', 'own header');
    same_text($m->text, $body, 'body');
    like($m->header('Date') // '', qr/^\w{3}, \d/, 'Date has a weekday');
    is($m->header('Message-ID'), $r->{message_id},
        'Message-ID is the one in the result');
    is($r->{code}, 250, 'code');
    is($r->{enhanced}, '2.0.0', 'enhanced code');
    like(slurp(($postfix->mails('ann@test.example'))[0]),
        qr/\bid \Q$r->{queue_id}\E/, 'queue id is the one in the server');
    is_deeply([sort @{ recipient_states($r) }],
        [map { "$_\@test.example accepted 250" } qw(ann bob cecile secret)],
        'every recipient accepted');
    for my $user (qw(bob cecile secret)) {
        is(scalar(my @got = $postfix->wait_mails("$user\@test.example", 1,
            $MAIL_SECONDS)), 1, "$user has it too");
    }
    return;
}

sub bodies {
    my %bodies = (
        empty    => '',
        dot      => '.',
        dots     => ".\n..\n...\n.\n",
        nolf     => 'no line end',
        crlf     => "one\r\ntwo\r\n",
        barecr   => "one\rtwo\r",
        long     => ('x' x 5000) . "\n" . ('wörter ' x 1000) . "\n",
        from     => "From here\n>From there\n",
        spaces   => "trailing  \n\t\n  leading\n\n\n",
        equals   => "=3D = =\n=?utf-8?q?no?=\n--boundary--\n",
        big      => join('', map { "line $_ of many\n" } 1 .. 20_000),
    );
    for my $name (sort keys %bodies) {
        my $to = "body-$name\@test.example";
        my ($r, $m) = deliver($to, 1, encode_utf8($bodies{$name}), @PLAIN,
            '--from', 'a@test.example', '--to', $to, '--subject', $name);
        next if !$m;
        my $wanted = $bodies{$name};
        # A lone CR cannot travel as it is; it may arrive as a line end.
        $wanted =~ s/\r(?!\n)/\n/g if ($m->text // '') !~ /\r/;
        same_text($m->text, $wanted, $name);
        is_deeply([$m->defects], [], "$name: no defects");
        cmp_ok($m->bytes->{max_line}, '<=', 998, "$name: line length");
    }
    return;
}

sub html {
    my $body = "<p>Größe &lt;3</p>\n<p>.</p>\n";
    my ($r, $m) = deliver('html@test.example', 1, encode_utf8($body), @PLAIN,
        '--from', 'a@test.example', '--to', 'html@test.example',
        '--subject', 'HTML', '--html');
    return if !$m;
    same_text($m->html, $body, 'HTML body');
    is($m->root->{charset}, 'utf-8', 'charset');
    is_deeply([$m->defects], [], 'no defects');
    return;
}

sub submission {
    my ($r, $m) = deliver('tls@test.example', 1, "Hello\n", @SUBMIT,
        '--from', 'a@test.example', '--to', 'tls@test.example',
        '--subject', 'Hello');
    return if !$m;
    my $raw = slurp(($postfix->mails('tls@test.example'))[0]);
    like($raw, qr/\(Authenticated sender: web\)/, 'with a password');
    like($raw, qr/with \w*SMTPSA/, 'inside TLS');
    like($r->{tls_protocol} // '', qr/^TLSv1\.[23]$/, 'TLS version');
    return;
}

sub opportunistic {
    my ($r, $m) = deliver('opp@test.example', 1, "Hello\n",
        '--host', 'localhost', '--port', $postfix->port,
        '--security', 'opportunistic', '--ca-file', $postfix->ca_file,
        '--from', 'a@test.example', '--to', 'opp@test.example',
        '--subject', 'Hello');
    return if !$m;
    like(slurp(($postfix->mails('opp@test.example'))[0]), qr/using TLS/,
        'TLS is used when there is some');
    return;
}

sub attachments {
    my @files = (
        ['empty.bin', 0], ['one.bin', 1], ['Bestellungen März №1.csv', 57],
        ['semi; colon, "quoted".bin', 58], ["it's 100% (1) [x].pdf", 65535],
        ['two  spaces  and=equals?.bin', 65536],
        [('langer-dateiname-ä-' x 9) . '.bin', 65537],
        ["\x{65E5}\x{672C}\x{8A9E}.txt", 1 << 20],
    );
    my (@args, %content);
    for my $i (0 .. $#files) {
        my ($name, $size) = @{ $files[$i] };
        $content{$name} = join '', map { chr int rand 256 } 1 .. $size;
        spew("$work/file$i", $content{$name});
        push @args, '--attach', "$work/file$i:$name";
    }
    my ($r, $m) = deliver('files@test.example', 1, "See the files.\n", @SUBMIT,
        '--from', 'a@test.example', '--to', 'files@test.example',
        '--subject', 'Files', @args);
    return if !$m;
    is_deeply([$m->defects], [], 'no defects');
    is($m->root->{type}, 'multipart/mixed', 'multipart/mixed');
    same_text($m->text, "See the files.\n", 'the body is still there');
    my @got = $m->attachments;
    is_deeply([map { $_->{filename} } @got], [map { $_->[0] } @files],
        'names, in order');
    for my $i (0 .. $#files) {
        my ($name, $size) = @{ $files[$i] };
        is($got[$i]{length}, $size, "file $i: $size bytes");
        is($got[$i]{sha256}, sha256_hex($content{$name}), "file $i: content");
    }
    cmp_ok($m->bytes->{max_line}, '<=', 998, 'no line is too long');
    return;
}

sub several {
    my ($r, @m) = deliver('many@test.example', 5, "Hello\n", @PLAIN,
        '--from', 'a@test.example', '--to', 'many@test.example',
        '--subject', 'One of five', '--count', 5);
    is(scalar(grep { ($_->{status} // '') =~ /SUCCESS/ } @{ $r->{all} }), 5,
        'each is reported');
    my %ids = map { ($_->header('Message-ID') // '') => 1 } @m;
    is(scalar keys %ids, 5, 'each has a Message-ID of its own');
    return;
}

sub wrong_password {
    my $password = 'wrong-' . sha256_hex(rand);
    spew("$work/wrong", "$password\n");
    chmod 0600, "$work/wrong";
    my @args = @SUBMIT;
    $_ eq $postfix->password_file and $_ = "$work/wrong" for @args;
    my $r = Smtpc::Send->run(args => [@args, '--from', 'a@test.example',
        '--to', 'denied@test.example', '--subject', 'x']);
    status_ok($r, 'EAUTH', 'wrong password');
    is($r->{code}, 535, 'code');
    unlike($r->{output}, qr/\Q$password\E/, 'the password is not shown');
    nothing_for('denied@test.example');
    return;
}

sub no_password {
    my $r = Smtpc::Send->run(args => ['--host', 'localhost', '--port',
        $postfix->submission_port, '--security', 'starttls', '--ca-file',
        $postfix->ca_file, '--timeout', 20, '--from', 'a@test.example',
        '--to', 'denied@test.example', '--subject', 'x']);
    status_ok($r, 'EREJECTED|EAUTH', 'refused');
    like($r->{code} // '', qr/^5/, 'by the server');
    nothing_for('denied@test.example');
    return;
}

sub untrusted {
    my $other = Smtpc::CA->new(dir => "$work/other");
    my @args = @SUBMIT;
    $_ eq $postfix->ca_file and $_ = $other->ca_file for @args;
    my $r = Smtpc::Send->run(args => [@args, '--from', 'a@test.example',
        '--to', 'denied@test.example', '--subject', 'x']);
    status_ok($r, 'ETLS', 'refused by us');
    nothing_for('denied@test.example');
    return;
}

sub refused {
    my $r = Smtpc::Send->run(args => [@PLAIN, '--from', 'a@test.example',
        '--to', 'x@elsewhere.example', '--subject', 'x']);
    status_ok($r, 'EREJECTED', 'a domain nobody knows');
    is_deeply(recipient_states($r), ['x@elsewhere.example rejected 554'],
        'state of the recipient');
    $r = Smtpc::Send->run(args => [@PLAIN, '--from', 'a@test.example',
        '--to', 'later@test.example', '--subject', 'x']);
    status_ok($r, 'EREJECTED|ETEMP', 'a mailbox that is busy');
    is_deeply(recipient_states($r), ['later@test.example rejected 450'],
        'state of the recipient');
    nothing_for('x@elsewhere.example', 'later@test.example');
    return;
}

sub partial {
    my $r = Smtpc::Send->run(args => [@PLAIN, '--from', 'a@test.example',
        '--to', 'first@test.example, refused@test.example',
        '--cc', 'last@test.example', '--subject', 'x']);
    status_ok($r, 'EPARTIAL', 'one of three refused');
    is_deeply(recipient_states($r), ['first@test.example accepted 250',
        'refused@test.example rejected 550',
        'last@test.example accepted 250'], 'states of the recipients');
    for my $user (qw(first last)) {
        is(scalar(my @m = $postfix->wait_mails("$user\@test.example", 1,
            $MAIL_SECONDS)), 1, "$user has the mail");
    }
    nothing_for('refused@test.example');
    return;
}

sub injection {
    my $evil = "\r\nBcc: evil\@test.example\r\nX-Evil: yes";
    my %try = (
        subject => ['--subject', "x$evil"],
        header  => ['--subject', 'x', '--header', "X-Shop: 1$evil"],
        name    => ['--subject', 'x', '--header', "X-Shop$evil: 1"],
        lf      => ['--subject', "x\nBcc: evil\@test.example"],
        cr      => ['--subject', "x\rBcc: evil\@test.example"],
    );
    for my $what (sort keys %try) {
        my $to = "inject-$what\@test.example";
        my $r = Smtpc::Send->run(args => [@PLAIN, '--from',
            'a@test.example', '--to', $to, @{ $try{$what} }]);
        # A header's value may also be made harmless by encoding it.
        status_ok($r, $what eq 'header' ? "$REFUSED|SUCCESS" : $REFUSED,
            $what);
        nothing_for('evil@test.example');
        unlike(slurp($_), qr/^(?:Bcc|X-Evil):/m, "$what: no such header")
            for $postfix->mails($to);
    }
    my $r = Smtpc::Send->run(args => [@PLAIN, '--from', 'a@test.example',
        '--to', "x\@test.example>\r\nRCPT TO:<evil\@test.example",
        '--subject', 'x']);
    status_ok($r, $REFUSED, 'recipient');
    $r = Smtpc::Send->run(args => [@PLAIN, '--to', 'x@test.example',
        '--from', "a\@test.example>\r\nRCPT TO:<evil\@test.example",
        '--subject', 'x']);
    status_ok($r, $REFUSED, 'sender');
    nothing_for('x@test.example', 'evil@test.example');
    return;
}
