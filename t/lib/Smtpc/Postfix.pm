# SPDX-License-Identifier: Apache-2.0
package Smtpc::Postfix;

# A private, real Postfix: its own configuration, queue, log and Maildirs in a
# temporary folder, on free loopback ports, with STARTTLS and with SASL AUTH
# answered by a private Dovecot. No mail can leave: there is no transport but
# local delivery into the Maildirs.
#
#   my $postfix = Smtpc::Postfix->start or skip;        # needs root
#   $postfix->port             takes mail without a password, STARTTLS offered
#   $postfix->submission_port  takes mail only after STARTTLS and AUTH
#   $postfix->tls_port         the same with TLS from the first byte
#   $postfix->ca_file; $postfix->user; $postfix->password_file;
#   my @files = $postfix->wait_mails('ann@test.example', 1, 10);
#   $postfix->log; $postfix->stop;
#
# Recipients anywhere in @test.example exist, except refused@ (550 at RCPT) and
# later@ (450). Every other domain is refused.

use strict;
use warnings;
use parent 'Smtpc::Server';
use Smtpc::DovecotAuth;
use Smtpc::Wait qw(wait_for slurp spew);

my $STOP_SECONDS  = 10;
my $MAX_PROCESSES = 260;      # each client connection needs a smtpd
my $DAEMONS = '/usr/lib/postfix/sbin';

# What is missing on this machine, in words; undef if nothing.
sub missing {
    return 'root rights (Postfix starts as root only)' if $> != 0;
    return "$DAEMONS/master (package postfix)" if !-x "$DAEMONS/master";
    return 'dovecot (package dovecot-core)' if !Smtpc::Server->program('dovecot');
    return;
}

sub submission_port { return $_[0]{ports}{submission_port} }
sub port_names      { return qw(port submission_port tls_port) }
sub logs            { return qw(mail.log auth/dovecot.log) }

sub greeting {
    return map { $_ => qr/^220 / } qw(port submission_port);
}

sub configure {
    my ($self) = @_;
    $self->_folders;
    $self->{auth} = Smtpc::DovecotAuth->new(dir => "$self->{dir}/auth",
        user => $self->user, password => $self->password,
        socket => "$self->{dir}/queue/private/auth", owner => 'postfix');
    $self->_postfix_config;
    return;
}

sub commands {
    my ($self) = @_;
    return ($self->{auth}->server, { name => 'postfix',
        command => ["$DAEMONS/master", '-d', '-c', "$self->{dir}/etc"] });
}

# As after a power failure: no process says good-bye. The folder stays until
# stop().
sub kill_hard {
    my ($self) = @_;
    my ($master) = slurp("$self->{dir}/queue/pid/master.pid") =~ /(\d+)/
        or return;
    my @children = slurp("/proc/$master/task/$master/children") =~ /(\d+)/g;
    kill KILL => $master, @children;
    wait_for($STOP_SECONDS, sub { !-e "/proc/$master/exe" });
    return;
}

# Number of mails accepted but not delivered yet.
sub queued {
    my ($self) = @_;
    my $n = 0;
    for my $queue (qw(incoming active deferred maildrop)) {
        $n += grep { -f } glob "$self->{dir}/queue/$queue/*";
        $n += grep { -f } glob "$self->{dir}/queue/$queue/?/*";
    }
    return $n;
}

# Wait until nothing is on its way any more.
sub wait_idle {
    my ($self, $seconds) = @_;
    return wait_for($seconds // 30, sub { !$self->queued });
}

# --- making it -----------------------------------------------------------

sub _folders {
    my ($self) = @_;
    my $dir = $self->{dir};
    my (undef, undef, $postfix) = getpwnam 'postfix' or die 'no user postfix';
    my (undef, undef, $drop)    = getgrnam 'postdrop' or die 'no postdrop';
    my (undef, undef, $uid, $gid) = getpwnam 'nobody';
    @$self{qw(uid gid)} = ($uid, $gid);
    mkdir "$dir/$_" for qw(etc queue data mail run);
    chown $postfix, 0, "$dir/data";
    chmod 0700, "$dir/data";
    chown $uid, $gid, "$dir/mail";
    # The queue as `postfix check` would make it, without its shell scripts,
    # which want a configured /etc/postfix.
    for my $queue (qw(active bounce corrupt defer deferred flush hold incoming
        private saved trace)) {
        mkdir "$dir/queue/$queue", 0700;
        chown $postfix, -1, "$dir/queue/$queue";
    }
    mkdir "$dir/queue/pid", 0755;
    for my $queue (['maildrop', 01730], ['public', 02710]) {
        mkdir "$dir/queue/$queue->[0]";
        chown $postfix, $drop, "$dir/queue/$queue->[0]";
        chmod $queue->[1], "$dir/queue/$queue->[0]";
    }
    return;
}

sub _postfix_config {
    my ($self) = @_;
    my $dir = $self->{dir};
    my ($cert, $key) = $self->certificate;
    spew("$dir/etc/access", "refused@\t550 5.1.1 no such user\n"
        . "later@\t450 4.2.0 mailbox busy\n");
    my %main = (
        compatibility_level => '3.6',
        queue_directory => "$dir/queue", data_directory => "$dir/data",
        daemon_directory => $DAEMONS, command_directory => '/usr/sbin',
        mail_owner => 'postfix', setgid_group => 'postdrop',
        maillog_file => "$dir/mail.log", maillog_file_prefixes => $dir,
        inet_interfaces => '127.0.0.1', inet_protocols => 'ipv4',
        myhostname => 'mail.test.example', mydomain => 'test.example',
        myorigin => 'test.example', mydestination => '',
        mynetworks => '', alias_maps => '', alias_database => '',
        local_recipient_maps => '', local_transport => 'error:not here',
        default_transport => 'error:5.1.2 nothing leaves this machine',
        relay_transport => 'error:5.1.2 nothing leaves this machine',
        virtual_mailbox_domains => 'test.example',
        virtual_mailbox_base => "$dir/mail",
        virtual_mailbox_maps => 'static:all/',
        virtual_uid_maps => "static:$self->{uid}",
        virtual_gid_maps => "static:$self->{gid}",
        virtual_minimum_uid => 100, virtual_mailbox_limit => 0,
        mailbox_size_limit => 0, message_size_limit => 209715200,
        smtpd_tls_cert_file => $cert, smtpd_tls_key_file => $key,
        smtpd_tls_security_level => 'may', smtpd_tls_auth_only => 'yes',
        smtpd_tls_received_header => 'yes', smtpd_tls_loglevel => 1,
        smtpd_sasl_type => 'dovecot', smtpd_sasl_path => 'private/auth',
        smtpd_sasl_authenticated_header => 'yes',
        smtpd_recipient_restrictions => 'check_recipient_access '
            . "texthash:$dir/etc/access, reject_unauth_destination",
        smtpd_relay_restrictions => 'reject_unauth_destination',
        smtpd_error_sleep_time => 0, smtpd_delay_reject => 'yes',
        smtpd_client_connection_count_limit => 0,
        smtpd_client_connection_rate_limit => 0,
        smtpd_soft_error_limit => 1000, smtpd_hard_error_limit => 1000,
        smtpd_peername_lookup => 'no', smtputf8_enable => 'yes',
        default_process_limit => $MAX_PROCESSES, in_flow_delay => 0,
        notify_classes => '', biff => 'no', smtpd_banner => '$myhostname ESMTP',
        smtpd_discard_ehlo_keywords => '', disable_vrfy_command => 'yes',
        %{ $self->{main} || {} },
    );
    spew("$dir/etc/main.cf", join '', map { "$_ = $main{$_}\n" } sort keys %main);
    spew("$dir/etc/master.cf", $self->_master);
    # Looked for there by default, and missing from an unconfigured package.
    spew("$dir/etc/dynamicmaps.cf", '');
    # Postfix reads a file of this very second again and again: it might not be
    # whole yet.
    utime 0, 0, glob "$dir/etc/*";
    return;
}

sub _master {
    my ($self) = @_;
    my $text = <<"MASTER";
127.0.0.1:$self->{ports}{port} inet n - n - $MAX_PROCESSES smtpd
127.0.0.1:$self->{ports}{submission_port} inet n - n - $MAX_PROCESSES smtpd
    -o syslog_name=submission
    -o smtpd_tls_security_level=encrypt
    -o smtpd_sasl_auth_enable=yes
    -o { smtpd_client_restrictions = permit_sasl_authenticated, reject }
127.0.0.1:$self->{ports}{tls_port} inet n - n - $MAX_PROCESSES smtpd
    -o syslog_name=submissions
    -o smtpd_tls_wrappermode=yes
    -o smtpd_sasl_auth_enable=yes
    -o { smtpd_client_restrictions = permit_sasl_authenticated, reject }
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
virtual   unix - n n - 20 virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
showq     unix n - n - - showq
pickup    unix n - n 60 1 pickup
postlog   unix-dgram n - n - 1 postlogd
MASTER
    return $text;
}

1;
