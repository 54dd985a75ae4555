#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# What visitors try: recipients, headers and commands of their own. Rows W1,
# W2, W12, W14 and W15 of the threat list, and every control character in
# every field.

use strict;
use warnings;
use FindBin ();
use lib "$ENV{TOP_SRCDIR}/t/lib", $FindBin::Bin;
use FormTest;
use Test::More;

my %contact = (name => 'Ann', email => 'ann@example.net', subject => 'Hi',
    message => 'Hello');
my @ORDER = qw(name email subject message);

# Post with some fields changed or added.
sub post {
    my ($path, %with) = @_;
    fake()->reset('good');
    my %all = (%contact, %with);
    my @names = (@ORDER, grep { !exists $contact{$_} } sort keys %with);
    return POST($path, [map { $_ => $all{$_} } @names]);
}

# The envelope and the header of the one mail are as configured.
sub unharmed {
    my ($what) = @_;
    my $m = mail_of('good');
    my $envelope = $m->{envelope};
    is($envelope->{mail_from}, 'site@test.example', "$what: sender");
    is_deeply([map { $_->{address} } @{ $envelope->{rcpts} }],
        ['sales@test.example'], "$what: recipient");
    is_deeply([sort map { lc } $m->header_names],
        [sort 'content-transfer-encoding', 'content-type', 'date', 'from',
            'message-id', 'mime-version', 'reply-to', 'subject', 'to'],
        "$what: header fields");
    is(scalar(fake()->mails('good')), 1, "$what: one mail");
    is_deeply([fake()->anomalies('good', 1)], [], "$what: proper SMTP");
    return $m;
}

# Field names that other programs obey.
for my $name (qw(to To cc bcc Bcc from recipient recipients sender subject
    Reply-To _replyto _cc _next redirect smtp_host host X-Header Content-Type)) {
    is(post('/pages', $name => 'evil@example.com')->code, 200,
        "a field called $name");
    my $m = unharmed($name);
    like($m->text, qr/^\Q$name\E: evil\@example\.com$/m, 'is text');
}
is(post('/pages', redirect => 'http://evil.example/')->header('Location'),
    undef, 'no redirect that the visitor chose');

# Addresses that are more, or less, than one.
my @bad = ("a\@b.example\r\nBcc: evil\@example.com", "a\@b.example\nx",
    "a\@b.example\rx", 'a@b.example%0aBcc:evil@example.com',
    'a@b.example%250aBcc:x', "a\@b.example\xc2\x85x", 'a@b.example, c@d.example',
    'a@b.example,', 'a@b.example; c@d.example', 'group: a@b.example;',
    '<a@b.example> <c@d.example>', 'a@b.example> ORCPT=x', 'a@', '@b', 'a b@c.d',
    'a@b@c', '"a@b.example', "a\@b.example\t", "\"a\r\nb\"\@b.example",
    "a\@b.example\0", "a\@b.example\xe2\x80\xa8x", 'a@b..example',
    'x' x 70 . '@b.example', 'a@' . 'b' x 300);
# A blank at the end is a slip of the finger, no attack.
my %fine = ("a\@b.example\t" => 1);
for my $email (@bad) {
    my $shown = $email =~ s/([^!-~])/sprintf '\\x%02x', ord $1/ger;
    $shown = substr $shown, 0, 60;
    my $answer = post('/pages', email => $email);
    is($answer->code, $fine{$email} ? 200 : 400, "email $shown");
    if ($fine{$email}) {
        unharmed('email');
        next;
    }
    like($answer->content, qr/email/, '  the field is named');
    ok(no_mail('good'), '  nothing was sent');
    is(scalar(fake()->connections('good')), 0, '  not even a connection');
}

# An address that this mail server has no extension for.
my $foreign = post('/pages', email => "j\xc3\xbcrgen\@example.net");
is($foreign->code, 400, 'a local part that needs SMTPUTF8');
like($foreign->content, qr/email.*mail server does not take/s,
    '  the field is named, and why');
ok(no_mail('good'), '  nothing was sent');

# Every control character in every field.
for my $code (0 .. 0x1f, 0x7f) {
    my $char = chr $code;
    for my $field (@ORDER) {
        my $value = $field eq 'email' ? "a${char}b\@example.net"
            : "one${char}Bcc: evil\@example.com${char}two";
        my $answer = post('/pages', $field => $value);
        my $good = $field eq 'message' && $code;
        is($answer->code, $good ? 200 : 400,
            sprintf('0x%02x in %s', $code, $field));
        if ($good) {
            is((mail_of('good')->headers('Bcc'))[0], undef, '  no Bcc');
        }
        else {
            ok(no_mail('good'), '  nothing was sent');
            like($answer->content, qr/\b$field\b/, '  the field is named');
        }
    }
}

# In names of fields and files.
my $TYPE = 'multipart/form-data; boundary=XYZ';
my $disposition = 'Content-Disposition: form-data; name=';
for my $head (
    qq($disposition"a%0D%0Ab"), qq($disposition"a%00b"), "$disposition\"a\0b\"",
    qq($disposition"a\nBcc: evil\@example.com"),
    qq($disposition"f"; filename="x%0D%0ABcc: e\@example.com.txt"),
    qq($disposition"f"; filename="x\0.txt"),
    qq($disposition"f"; filename="x"\r\nContent-Type: text/plain\r\n X: y\0)) {
    fake()->reset('good');
    my $code = post_raw('/pages', $TYPE, form_data(
        map { [$_, $contact{$_}] } @ORDER) =~
        s/--XYZ--/--XYZ\r\n$head\r\n\r\nx\r\n--XYZ--/r)->code;
    my $shown = substr $head =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger, 32;
    if ($code == 200) {
        unlike(fake()->content(mail_of('good')->{envelope}),
            qr/^Bcc|\0/mi, "$shown: harmless");
    }
    else {
        is($code, 400, "$shown: refused");
    }
}

# A body that would end the mail, and go on with another.
my $smuggle = "a\r\n.\r\nMAIL FROM:<evil\@example.com>\r\nRCPT TO:<x\@y.example>\r\n"
    . "DATA\r\nSubject: smuggled\r\n\r\nx\n.\nQUIT\r.\r";
is(post('/pages', message => $smuggle)->code, 200, 'dots in the text');
my $m = unharmed('dots');
like($m->text, qr/^ {4}\.\n {4}MAIL FROM:<evil/m, 'are text');

# Not UTF-8, not a number, not ended.
for my $bytes ("\xff", "\xc0\x8a", "\xed\xa0\x80", "\xc3", "\xf5\x80\x80\x80") {
    is(post('/pages', name => $bytes)->code, 400,
        sprintf 'bytes %vx are not UTF-8', $bytes);
}
is(post_raw('/pages', 'application/x-www-form-urlencoded', 'name=%zz&a=%')
    ->code, 400, 'broken escapes');
done_testing;
