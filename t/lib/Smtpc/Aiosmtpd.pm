# SPDX-License-Identifier: Apache-2.0
package Smtpc::Aiosmtpd;

# aiosmtpd in a process of its own, see t/lib/aiosmtpd_peer.py: one command at
# a time, PLAIN and LOGIN of its own, and SCRAM with channel binding.
#
# Mail is taken after a login inside TLS only. Recipients anywhere in
# @test.example exist, except refused@ (550). tls12_port is port without TLS
# 1.3, for the older channel binding.

use strict;
use warnings;
use parent 'Smtpc::Server';
use File::Basename ();
use JSON::PP ();
use Smtpc::Wait qw(spew);

sub missing {
    return 'aiosmtpd (package python3-aiosmtpd)'
        if system("/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null");
    return;
}

sub port_names { return qw(port tls12_port tls_port) }
sub tls12_port { return $_[0]{ports}{tls12_port} }
sub logs       { return () }

sub configure {
    my ($self) = @_;
    my $dir = $self->{dir};
    File::Path::make_path(map { $self->maildir . "/$_" } qw(new tmp));
    my ($cert, $key) = $self->certificate;
    spew("$dir/settings.json", JSON::PP::encode_json({
        %{ $self->{ports} }, certificate => $cert, key => $key,
        user => $self->user, password => $self->password,
        domain => $self->domain, maildir => $self->maildir }));
    return;
}

sub commands {
    my ($self) = @_;
    my $script = File::Basename::dirname(__FILE__) . '/../aiosmtpd_peer.py';
    return { name => 'aiosmtpd', command => ['/usr/bin/python3', $script,
        "$self->{dir}/settings.json"] };
}

1;
