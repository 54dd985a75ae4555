# SPDX-License-Identifier: Apache-2.0
package Smtpc::Dkim;

# DKIM keys for tests, and what two verifiers say of a message: Mail::DKIM and
# dkimpy. Neither looks anything up: they get the records of the keys made
# here. Mail::DKIM does not know Ed25519.
#
#   my $dkim = Smtpc::Dkim->new(dir => $dir, domain => 'test.example');
#   my $file = $dkim->key('rsa', selector => 'one', bits => 2048);
#   $dkim->perl($message)     [{algorithm, selector, result}, ...]
#   $dkim->python($message)   the same

use strict;
use warnings;
use File::Basename ();
use JSON::PP ();
use MIME::Base64 ();
use Smtpc::Wait qw(slurp spew);

my $SECONDS = 60;

# What is missing on this machine, in words; undef if nothing.
sub missing {
    return 'Mail::DKIM (package libmail-dkim-perl)'
        if !eval { require Mail::DKIM::Verifier; require Mail::DKIM::DNS;
            require Net::DNS; 1 };
    return 'dkimpy (packages python3-dkim and python3-nacl)'
        if system("/usr/bin/python3 -c 'import dkim, nacl' 2>/dev/null");
    return;
}

sub new {
    my ($class, %o) = @_;
    return bless { %o, records => {} }, $class;
}

sub _openssl {
    my (@arguments) = @_;
    open my $out, '-|', 'openssl', @arguments or die "openssl: $!";
    binmode $out;
    my $text = do { local $/ = undef; <$out> } // '';
    close $out or die "openssl @arguments failed\n";
    return $text;
}

# Make a key of type rsa or ed25519 for a selector, and its record; the file.
sub key {
    my ($self, $type, %o) = @_;
    my $file = "$self->{dir}/$o{selector}.pem";
    my @bits = $type eq 'rsa'
        ? ('-pkeyopt', 'rsa_keygen_bits:' . ($o{bits} // 2048)) : ();
    system("openssl genpkey -algorithm $type @bits -out '$file' 2>/dev/null")
        == 0 or die "openssl genpkey failed\n";
    chmod 0600, $file;
    my $der = _openssl('pkey', '-in', $file, '-pubout', '-outform', 'DER');
    # RFC 8463 4: the bare key.
    $der = substr $der, -32 if $type eq 'ed25519';
    $self->{records}{"$o{selector}._domainkey.$self->{domain}"}
        = "v=DKIM1; k=$type; p=" . MIME::Base64::encode_base64($der, '');
    return $file;
}

# As it was on the wire: files of a Maildir have other line ends.
sub wire {
    my ($message) = @_;
    return $message =~ s/\r?\n/\r\n/gr;
}

sub perl {
    my ($self, $message) = @_;
    # The documented way to have other answers than those of DNS.
    my $before = Mail::DKIM::DNS::resolver();
    Mail::DKIM::DNS::resolver(
        bless { records => $self->{records} }, 'Smtpc::Dkim::Resolver');
    my $verifier = Mail::DKIM::Verifier->new;
    $verifier->PRINT(wire($message));
    $verifier->CLOSE;
    Mail::DKIM::DNS::resolver($before);
    return [map { { algorithm => $_->algorithm, selector => $_->selector,
        result => $_->result_detail } } $verifier->signatures];
}

sub python {
    my ($self, $message) = @_;
    my $dir = $self->{dir};
    spew("$dir/records.json", JSON::PP::encode_json($self->{records}));
    spew("$dir/message", wire($message));
    my $script = File::Basename::dirname(__FILE__) . '/../dkimverify.py';
    my $out = `timeout $SECONDS /usr/bin/python3 '$script' '$dir/records.json' <'$dir/message'`;
    return eval { JSON::PP::decode_json($out) } || [];
}

package Smtpc::Dkim::Resolver;

sub send {
    my ($self, $name, $type) = @_;
    my $packet = Net::DNS::Packet->new($name, $type);
    my $text = $self->{records}{ lc $name };
    $packet->header->qr(1);
    $packet->header->rcode(defined $text ? 'NOERROR' : 'NXDOMAIN');
    # A string of DNS has 255 bytes at most.
    $packet->push(answer => Net::DNS::RR->new(name => $name, type => 'TXT',
        ttl => 1, txtdata => [unpack '(A200)*', $text])) if defined $text;
    return $packet;
}

sub errorstring { return 'NOERROR' }

1;
