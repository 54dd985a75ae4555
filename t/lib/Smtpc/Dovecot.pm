# SPDX-License-Identifier: Apache-2.0
package Smtpc::Dovecot;

# A private Dovecot: its submission service, which checks passwords and hands
# mail to a relay, and its LMTP service, which delivers to a Maildir.
#
#   my $dovecot = Smtpc::Dovecot->start(relay => $postfix);
#   $dovecot->port, $dovecot->tls_port    submission: STARTTLS; TLS at once.
#                                         mails() are those of the relay
#   $dovecot->lmtp_port, $dovecot->lmtp   LMTP: STARTTLS; has mails() of its own
#
#   $dovecot->token(15)                   good for so many minutes
#   $dovecot->client_certificate          logs in as the user by EXTERNAL
#
# LMTP knows ann@test.example and bob@test.example only.

use strict;
use warnings;
use parent 'Smtpc::Server';
use Digest::SHA qw(hmac_sha256);
use File::Path ();
use MIME::Base64 qw(encode_base64 encode_base64url);
use Smtpc::DovecotAuth;
use Smtpc::Wait qw(slurp spew);

my $PROGRAMS = '/usr/lib/dovecot';

sub missing {
    return 'root rights (Dovecot starts as root only)' if $> != 0;
    for my $name (qw(submission lmtp)) {
        return "dovecot's $name (package dovecot-${name}d)"
            if !-x "$PROGRAMS/$name";
    }
    return;
}

sub port_names { return qw(port tls_port lmtp_port) }
sub greeting   { return map { $_ => qr/^220 / } qw(port lmtp_port) }
sub lmtp_port  { return $_[0]{ports}{lmtp_port} }
sub logs       { return 'dovecot.log' }
sub maildir    { return $_[0]{relay}->maildir }

# The same server with the mails that LMTP delivered. It stops nothing.
sub lmtp {
    my ($self) = @_;
    return bless { dir => $self->{dir}, ca => $self->{ca} },
        'Smtpc::Dovecot::LMTP';
}

sub mechanisms {
    return (Smtpc::DovecotAuth::mechanisms(), qw(OAUTHBEARER XOAUTH2 EXTERNAL));
}

# A token as a provider signs them (RFC 7519, HS256).
sub token {
    my ($self, $minutes) = @_;
    my $expires = time + 60 * $minutes;
    my $text = join '.', map { encode_base64url($_) }
        '{"alg":"HS256","typ":"JWT"}',
        qq({"sub":"@{[ $self->user ]}","exp":$expires});
    return "$text." . encode_base64url(hmac_sha256($text, $self->{secret}));
}

# Path of a certificate with its key.
sub client_certificate {
    my ($self) = @_;
    my @pair = $self->{ca}->issue('client', usage => 'clientAuth', san => [],
        cn => $self->user);
    return spew("$self->{dir}/client.both", join '', map { slurp($_) } @pair);
}

sub configure {
    my ($self) = @_;
    my $dir = $self->{dir};
    File::Path::make_path("$dir/run", "$dir/mail");
    my (undef, undef, $uid, $gid) = getpwnam 'nobody';
    chown $uid, $gid, "$dir/mail";
    spew("$dir/users", $self->user . ':{PLAIN}' . $self->password . "\n");
    chmod 0644, "$dir/users";
    spew("$dir/known", join '', map { "$_\::$uid:$gid\::$dir/mail\n" }
        $self->user, qw(ann bob));
    chmod 0644, "$dir/known";
    # Where Dovecot looks for the keys of tokens: by owner, kind and name.
    $self->{secret} = join '', map { chr int rand 256 } 1 .. 32;
    File::Path::make_path("$dir/keys/default/HS256");
    spew("$dir/keys/default/HS256/default",
        encode_base64($self->{secret}, ''));
    spew("$dir/oauth2.conf", "introspection_mode = local\n"
        . "local_validation_key_dict = fs:posix:prefix=$dir/keys/\n"
        . "username_attribute = sub\n");
    spew("$dir/dovecot.conf", $self->_config);
    return;
}

sub commands {
    my ($self) = @_;
    return { name => 'dovecot', command => [$self->program('dovecot'), '-F',
        '-c', "$self->{dir}/dovecot.conf"] };
}

sub _config {
    my ($self) = @_;
    my $dir = $self->{dir};
    my ($cert, $key) = $self->certificate;
    my ($port, $tls_port, $lmtp) = @{ $self->{ports} }{ $self->port_names };
    my $mechanisms = lc join ' ', mechanisms();
    return Smtpc::DovecotAuth::common($dir) . <<"CONFIG";
protocols = submission lmtp
hostname = mail.test.example
ssl = required
ssl_cert = <$cert
ssl_key = <$key
disable_plaintext_auth = yes
auth_mechanisms = $mechanisms
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = $dir/oauth2.conf
}
passdb {
  driver = static
  mechanisms = external
  args = nopassword=y
}
ssl_ca = <@{[ $self->ca_file ]}
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_username_from_cert = yes
mail_location = maildir:$dir/mail/%n
mail_max_userip_connections = 100
userdb {
  driver = passwd-file
  args = username_format=%n $dir/known
}
submission_relay_host = 127.0.0.1
submission_relay_port = @{[ $self->{relay}->port ]}
submission_relay_ssl = no
submission_max_mail_size = 200M
lmtp_save_to_detail_mailbox = no
service submission-login {
  inet_listener submission {
    port = $port
  }
  inet_listener submissions {
    port = $tls_port
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = $lmtp
  }
}
CONFIG
}

# It notes no recipient in a mail, but each has a Maildir of his own.
package Smtpc::Dovecot::LMTP;

use parent -norequire, 'Smtpc::Server';

sub mails {
    my ($self, $address) = @_;
    my ($user) = split /@/, $address;
    my @files = glob "$self->{dir}/mail/$user/new/*";
    return @files;
}

1;
