# SPDX-License-Identifier: Apache-2.0
package Smtpc::Exim;

# A private Exim, unpacked and not installed (Smtpc::Chroot), with STARTTLS,
# TLS from the first byte, CHUNKING, PIPECONNECT, SMTPUTF8 and DSN. Passwords
# are checked by a private Dovecot: Debian's Exim is built without libgsasl, and
# so has SCRAM from there only.
#
# Mail is taken after a login inside TLS only. Recipients anywhere in
# @test.example exist, except refused@ (550) and later@ (450). No mail can
# leave: there is no transport but the Maildir.

use strict;
use warnings;
use parent 'Smtpc::Server';
use Smtpc::Chroot;
use Smtpc::DovecotAuth;
use Smtpc::Wait qw(slurp);

sub missing {
    return 'dovecot (package dovecot-core)'
        if !Smtpc::Server->program('dovecot');
    return Smtpc::Chroot::missing('exim4');
}

sub port_names { return qw(port tls_port) }
sub logs       { return map { "root/log/${_}log" } qw(main reject panic) }
sub maildir    { return "$_[0]{dir}/root/mail/all" }

sub configure {
    my ($self) = @_;
    my $dir = $self->{dir};
    $self->{auth} = Smtpc::DovecotAuth->new(dir => "$dir/auth",
        user => $self->user, password => $self->password);
    my $root = $self->{root} = Smtpc::Chroot->new(dir => "$dir/root",
        users => { 'Debian-exim' => '/spool' }, see => ["$dir/auth"]);
    $root->folder("/$_", 'Debian-exim', 0750) for qw(spool log mail);
    my ($cert, $key) = $self->certificate;
    $root->file('/etc/server.pem', slurp($cert));
    $root->file('/etc/server.key', slurp($key), 'Debian-exim',
        0640);
    $root->file('/etc/exim4/exim4.conf', $self->_config);
    return;
}

sub commands {
    my ($self) = @_;
    return ($self->{auth}->server, { name => 'exim', signal => 'KILL',
        command => $self->{root}->command('/usr/sbin/exim4', '-bdf') });
}

sub _config {
    my ($self) = @_;
    my ($port, $tls_port) = @{ $self->{ports} }{qw(port tls_port)};
    my $domain = $self->domain;
    # Limits are off where they would only slow the tests down; a process of
    # its own delivers each mail at once.
    return <<"CONFIG" . $self->_authenticators;
primary_hostname = mail.$domain
local_interfaces = <; [127.0.0.1]:$port ; [127.0.0.1]:$tls_port
tls_on_connect_ports = $tls_port
disable_ipv6 = true
tls_certificate = /etc/server.pem
tls_privatekey = /etc/server.key
tls_advertise_hosts = *
auth_advertise_hosts = \${if def:tls_in_cipher {*}}
chunking_advertise_hosts = *
pipelining_connect_advertise_hosts = *
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
spool_directory = /spool
log_file_path = /log/%slog
log_selector = +smtp_protocol_error +smtp_syntax_error +tls_cipher
keep_environment =
notifier_socket =
host_lookup =
rfc1413_query_timeout = 0s
message_size_limit = 200M
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
smtp_accept_max_nonmail = 1000
smtp_max_unknown_commands = 100
bounce_return_message = true
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
acl_smtp_predata = accept

begin acl
mail:
  deny   message = 5.7.0 Authentication required
         !authenticated = *
  accept
rcpt:
  deny   message = 5.1.1 no such user here
         local_parts = refused
  defer  message = 4.2.0 mailbox busy
         local_parts = later
  accept domains = $domain
  deny   message = 5.7.1 relay not permitted

begin routers
all:
  driver = accept
  domains = $domain
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = /mail/all
  create_directory
  user = Debian-exim
  return_path_add
  envelope_to_add

begin authenticators
CONFIG
}

sub _authenticators {
    my ($self) = @_;
    my $socket = $self->{auth}->socket;
    return join '', map { <<"CONFIG" } Smtpc::DovecotAuth::mechanisms();
@{[ lc =~ tr/-/_/r ]}:
  driver = dovecot
  public_name = $_
  server_socket = $socket
  server_set_id = \$auth1
CONFIG
}

1;
