# SPDX-License-Identifier: Apache-2.0
package FormTest;

# What the tests of the form handler share.

use strict;
use warnings;
use Exporter qw(import);
use Apache::Test ();
use Apache::TestRequest qw(GET POST);
use IO::Socket::INET;
use JSON::PP ();
use Smtpc::FakeSMTP;
use Smtpc::Mime;
use Smtpc::Wait qw(wait_for slurp now);
use Test::More ();

our @EXPORT = qw(GET POST vars fake mail_of post_json post_raw exchange
    log_mark log_since no_mail open_spools slow form_data now wait_for slurp);

my $WAIT = 20;

sub vars { return Apache::Test::vars(@_) }

my $fake;

sub fake {
    return $fake ||= Smtpc::FakeSMTP->attach(vars('smtp_dir'));
}

# Deadlines grow under valgrind.
sub slow { return vars('valgrind') ? 20 : 1 }

# The n-th mail of a scenario since its reset, parsed; with its envelope in
# {envelope}.
sub mail_of {
    my ($scenario, $n) = @_;
    my $mail = fake()->wait_mail($scenario, $n // 1, 2 * slow())
        or die "no mail in $scenario:\n" . fake()->report($scenario);
    my $m = Smtpc::Mime->parse($mail->{file});
    $m->{envelope} = $mail;
    return $m;
}

# Has no mail come? To be asked when the answer is there, as mails are sent
# before that.
sub no_mail { return !fake()->mails($_[0]) }

# Post and take JSON; returns the answer and what it says.
sub post_json {
    my ($path, @form) = @_;
    my $answer = POST($path, @form, Accept => 'application/json');
    my $said = eval { JSON::PP::decode_json($answer->content) };
    return ($answer, $said || {});
}

# A multipart body of [name, value] and [name, file name, type, content], with
# full control over its bytes.
sub form_data {
    my (@parts) = @_;
    my $body = '';
    for my $part (@parts) {
        my ($name, @rest) = @$part;
        $body .= "--XYZ\r\nContent-Disposition: form-data; name=\"$name\"";
        $body .= @rest == 1 ? "\r\n\r\n$rest[0]\r\n"
            : "; filename=\"$rest[0]\"\r\nContent-Type: $rest[1]\r\n\r\n$rest[2]\r\n";
    }
    return "$body--XYZ--\r\n";
}

# Post bytes as they are.
sub post_raw {
    my ($path, $type, $body, @headers) = @_;
    return POST($path, @headers, Content_Type => $type, Content => $body);
}

# Talk to the server byte by byte: [bytes to send, ...]; returns all it said.
sub exchange {
    my (@pieces) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => vars('port'), Timeout => $WAIT) or die "connect: $!";
    $socket->autoflush(1);
    local $SIG{PIPE} = 'IGNORE';
    for my $piece (@pieces) {
        ref $piece ? $piece->() : print {$socket} $piece;
    }
    shutdown $socket, 1;
    my $said = '';
    1 while sysread $socket, $said, 65536, length $said;
    return $said;
}

# Where the error log ends now, and what came since.
sub log_mark { return -s vars('t_logs') . '/error_log' || 0 }

sub log_since {
    my ($mark) = @_;
    return substr slurp(vars('t_logs') . '/error_log'), $mark;
}

# Files that were removed and are still open in httpd's processes, below a
# folder: path => [mode, size].
sub open_spools {
    my ($folder) = @_;
    my %found;
    for my $fd (glob '/proc/[0-9]*/fd/*') {
        my $target = readlink $fd // next;
        my ($path) = $target =~ /^(\Q$folder\E\/.*) \(deleted\)$/ or next;
        my @stat = stat $fd or next;
        $found{$path} = [$stat[2] & 07777, $stat[7]];
    }
    return %found;
}

1;
