# SPDX-License-Identifier: Apache-2.0
package Smtpc::OpenSMTPD;

# A private OpenSMTPD, unpacked and not installed (Smtpc::Chroot), with its
# separated processes, STARTTLS, TLS from the first byte, and its own PLAIN and
# LOGIN, which are all it knows.
#
# Mail is taken after a login inside TLS only. Recipients anywhere in
# @test.example exist, except refused@ (550). No mail can leave: there is no
# action but the Maildir.

use strict;
use warnings;
use parent 'Smtpc::Server';
use File::Basename ();
use Smtpc::Chroot;
use Smtpc::Wait qw(slurp);

sub missing    { return Smtpc::Chroot::missing('smtpd') }
sub port_names { return qw(port tls_port) }
sub logs       { return () }
sub maildir    { return "$_[0]{dir}/root/mail/all" }

sub configure {
    my ($self) = @_;
    my $root = $self->{root} = Smtpc::Chroot->new(dir => "$self->{dir}/root",
        users => { opensmtpd => '/var/lib/opensmtpd/empty', opensmtpq => '/',
            keeper => '/mail' });
    $root->folder('/var/lib/opensmtpd/empty');
    $root->folder('/mail', 'keeper');
    $root->folder('/var/spool/smtpd', 'root', 0711);
    my ($cert, $key) = $self->certificate;
    $root->file('/etc/server.pem', slurp($cert));
    $root->file('/etc/server.key', slurp($key), 'root', 0600);
    my $hash = crypt $self->password, '$6$interop$';
    $root->file('/etc/users', $self->user . " $hash\n", 'opensmtpd', 0600);
    $root->file('/etc/everybody', "\@ keeper\n");
    $root->file('/etc/mailname', 'mail.' . $self->domain . "\n");
    $root->file('/etc/smtpd.conf', $self->_config);
    $self->_key_library;
    return;
}

# Without it there is no TLS; the head of its source says why.
sub _key_library {
    my ($self) = @_;
    my $source = File::Basename::dirname(__FILE__) . '/../opensmtpd_key.c';
    my $library = $self->{root}->path('/opensmtpd_key.so');
    my @cc = split ' ', $ENV{CC} || 'cc';
    system(@cc, qw(-shared -fPIC -o), $library, $source, '-ldl') == 0
        or die "$source does not compile\n";
    return;
}

sub commands {
    my ($self) = @_;
    return { name => 'smtpd', signal => 'KILL',
        command => $self->{root}->command('/usr/bin/env',
            'LD_PRELOAD=/opensmtpd_key.so', '/usr/sbin/smtpd', '-d') };
}

sub _config {
    my ($self) = @_;
    my ($port, $tls_port) = @{ $self->{ports} }{qw(port tls_port)};
    my $domain = $self->domain;
    return <<"CONFIG";
pki mail cert "/etc/server.pem"
pki mail key "/etc/server.key"
table users file:/etc/users
table everybody file:/etc/everybody
table refused { refused\@$domain }
smtp max-message-size 200M
listen on 127.0.0.1 port $port tls-require pki mail auth <users> hostname mail.$domain
listen on 127.0.0.1 port $tls_port smtps pki mail auth <users> hostname mail.$domain
action keep maildir "/mail/all" virtual <everybody>
match auth from any for rcpt-to <refused> reject
match auth from any for domain "$domain" action keep
CONFIG
}

1;
