# SPDX-License-Identifier: Apache-2.0
package Smtpc::DovecotAuth;

# A private Dovecot that does nothing but check passwords, behind a socket that
# a mail server can reach. It knows one user, and every mechanism that works
# with a password.
#
#   my $auth = Smtpc::DovecotAuth->new(dir => $dir, user => 'web',
#       password => 'secret', socket => "$dir/auth", owner => 'postfix');
#   $auth->socket; $auth->server;      # one of the commands of a Smtpc::Server

use strict;
use warnings;
use File::Path ();
use Smtpc::Server;
use Smtpc::Wait qw(spew);

sub new {
    my ($class, %o) = @_;
    my $dir = $o{dir};
    my $self = bless { socket => "$dir/socket", owner => 'root', %o }, $class;
    File::Path::make_path("$dir/run");
    chmod 0755, $dir;
    spew("$dir/users", "$o{user}:{PLAIN}$o{password}\n");
    # Dovecot's auth process reads this as its own user.
    chmod 0644, "$dir/users";
    spew("$dir/dovecot.conf", $self->_config);
    return $self;
}

sub socket { return $_[0]{socket} }

sub server {
    my ($self) = @_;
    return { name => 'dovecot', ready => $self->{socket},
        command => [Smtpc::Server->program('dovecot'), '-F', '-c',
            "$self->{dir}/dovecot.conf"] };
}

sub mechanisms { return qw(PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256) }

# What every configuration of Dovecot here begins with.
sub common {
    my ($dir) = @_;
    my $mechanisms = lc join ' ', mechanisms();
    return <<"CONFIG";
base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/dovecot.log
listen = 127.0.0.1
auth_mechanisms = $mechanisms
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = $dir/users
}
service auth {
  client_limit = 1000
}
service anvil {
  client_limit = 1000
  # Else whoever comes after a wrong password waits for seconds.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
CONFIG
}

sub _config {
    my ($self) = @_;
    my $dir = $self->{dir};
    return common($dir) . <<"CONFIG";
protocols =
ssl = no
disable_plaintext_auth = no
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$dir/run
}
service auth {
  unix_listener $self->{socket} {
    mode = 0666
    user = $self->{owner}
  }
}
CONFIG
}

1;
