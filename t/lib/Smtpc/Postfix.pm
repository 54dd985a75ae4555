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
#   $postfix->ca_file; $postfix->user; $postfix->password_file;
#   my @files = $postfix->wait_mails('ann@test.example', 1, 10);
#   $postfix->log; $postfix->stop;
#
# Recipients anywhere in @test.example exist, except refused@ (550 at RCPT) and
# later@ (450). Every other domain is refused.

use strict;
use warnings;
use File::Path ();
use File::Temp ();
use POSIX ();
use Smtpc::CA;
use Smtpc::Wait qw(wait_for free_port slurp spew end_process);

my $START_SECONDS = 30;
my $STOP_SECONDS  = 10;
my $MAX_PROCESSES = 260;      # each client connection needs a smtpd
my $DAEMONS = '/usr/lib/postfix/sbin';

# What is missing on this machine, in words; undef if nothing.
sub missing {
    return 'root rights (Postfix starts as root only)' if $> != 0;
    return "$DAEMONS/master (package postfix)" if !-x "$DAEMONS/master";
    return 'dovecot (package dovecot-core)' if !_dovecot();
    return;
}

sub domain        { return 'test.example' }
sub user          { return 'web' }
sub password      { return 'secret' }
sub port          { return $_[0]{port} }
sub submission_port { return $_[0]{submission_port} }
sub dir           { return $_[0]{dir} }
sub ca_file       { return $_[0]{ca}->ca_file }
sub password_file { return "$_[0]{dir}/password" }

# Start both servers and wait until they answer. dir: where (default a new
# temporary folder); ca: a Smtpc::CA to take the certificate from; main: lines
# of main.cf that are to be others, as { name => value }.
sub start {
    my ($class, %o) = @_;
    my $why = missing();
    die "no Postfix: $why\n" if $why;
    my $dir = $o{dir} || File::Temp::tempdir('smtpc-postfix-XXXXXX',
        TMPDIR => 1);
    my $self = bless { dir => $dir, own => !$o{dir}, owner => $$,
        main => $o{main} || {} }, $class;
    File::Path::make_path($dir);
    chmod 0755, $dir;
    $self->{ca} = $o{ca} || Smtpc::CA->new(dir => "$dir/ca");
    @$self{qw(port submission_port)} = free_port(2);
    $self->_folders;
    $self->_dovecot_config;
    $self->_postfix_config;
    $self->{guard} = $self->_guard;
    for my $port (@$self{qw(port submission_port)}) {
        eval { $self->_wait_greeting($port) } and next;
        die "Postfix did not start: $@\n" . $self->log;
    }
    return $self;
}

# Stop both servers and remove the folder, if it was made by start.
sub stop {
    my ($self) = @_;
    my $guard = delete $self->{guard} or return;
    end_process($guard, 3 * $STOP_SECONDS);
    return;
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

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->stop if $self->{owner} && $self->{owner} == $$;
    return;
}

# The servers' logs, for diagnosis.
sub log {
    my ($self) = @_;
    return join '', map { "--- $_\n" . slurp("$self->{dir}/$_") }
        qw(mail.log dovecot.log postfix.out dovecot.out);
}

# Paths of all mails delivered to an address, oldest first.
sub mails {
    my ($self, $address) = @_;
    my $seen = $self->{seen} ||= {};
    for my $file (glob "$self->{dir}/mail/all/new/*") {
        next if $seen->{$file};
        my ($to) = slurp($file) =~ /^Delivered-To: (.*)$/m;
        $seen->{$file} = { to => lc($to // ''), at => (stat $file)[9] // 0 };
    }
    my @files = grep { $seen->{$_}{to} eq lc $address && -e } keys %$seen;
    @files = sort { $seen->{$a}{at} <=> $seen->{$b}{at} || $a cmp $b } @files;
    return @files;
}

# Wait until an address has so many mails; all there are at the deadline.
sub wait_mails {
    my ($self, $address, $count, $seconds) = @_;
    wait_for($seconds // 20, sub { $self->mails($address) >= $count });
    return $self->mails($address);
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

# Remove the mails of an address.
sub forget {
    my ($self, $address) = @_;
    unlink $self->mails($address);
    return;
}

# --- making it -----------------------------------------------------------

sub _dovecot {
    my ($found) = grep { -x } map { "$_/dovecot" }
        qw(/usr/sbin /usr/local/sbin /usr/bin);
    return $found;
}

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
    spew("$dir/password", $self->password . "\n");
    chmod 0600, "$dir/password";
    return;
}

sub _postfix_config {
    my ($self) = @_;
    my $dir = $self->{dir};
    my ($cert, $key) = $self->{ca}->issue('postfix',
        san => ['localhost', '127.0.0.1', 'mail.test.example']);
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
        %{ $self->{main} },
    );
    spew("$dir/etc/main.cf", join '', map { "$_ = $main{$_}\n" } sort keys %main);
    spew("$dir/etc/master.cf", $self->_master);
    # Looked for there by default, and missing from an unconfigured package.
    spew("$dir/etc/dynamicmaps.cf", '');
    return;
}

sub _master {
    my ($self) = @_;
    my $text = <<"MASTER";
127.0.0.1:$self->{port} inet n - n - $MAX_PROCESSES smtpd
127.0.0.1:$self->{submission_port} inet n - n - $MAX_PROCESSES smtpd
    -o syslog_name=submission
    -o smtpd_tls_security_level=encrypt
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

# Nothing but Dovecot's password check, behind a socket Postfix can reach.
sub _dovecot_config {
    my ($self) = @_;
    my $dir = $self->{dir};
    spew("$dir/users", $self->user . ':{PLAIN}' . $self->password . "\n");
    spew("$dir/dovecot.conf", <<"CONFIG");
protocols =
base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/dovecot.log
listen = 127.0.0.1
ssl = no
auth_mechanisms = plain login
disable_plaintext_auth = no
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = $dir/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$dir/run
}
service auth {
  client_limit = 1000
  unix_listener $dir/queue/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
service anvil {
  client_limit = 1000
}
CONFIG
    # Dovecot's auth process reads this as its own user.
    chmod 0644, "$dir/users";
    return;
}

# The parent of both servers: it ends them on TERM, and also when the test
# itself is gone, however that happened.
sub _guard {
    my ($self) = @_;
    my $owner = $$;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    setpgrp 0, 0;
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1 };
    local $SIG{INT} = 'IGNORE';
    my %child;
    my $ok = eval {
        my $dir = $self->{dir};
        $child{dovecot} = $self->_spawn('dovecot.out', _dovecot(), '-F',
            '-c', "$dir/dovecot.conf");
        wait_for($START_SECONDS, sub { -S "$dir/queue/private/auth" })
            or die "Dovecot did not start\n";
        $child{postfix} = $self->_spawn('postfix.out', "$DAEMONS/master",
            '-d', '-c', "$dir/etc");
        1;
    };
    warn $@ if !$ok;
    while ($ok && !$stop && getppid() == $owner) {
        select undef, undef, undef, 0.1;
    }
    for my $name (qw(postfix dovecot)) {
        end_process($child{$name}, $STOP_SECONDS) if $child{$name};
    }
    File::Path::remove_tree($self->{dir}) if $self->{own};
    POSIX::_exit($ok ? 0 : 1);
}

sub _spawn {
    my ($self, $output, @command) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    umask 022;
    delete @ENV{ grep { /^(?:MAIL_CONFIG|LISTEN_|NOTIFY_SOCKET)/ } keys %ENV };
    chdir '/';
    $SIG{$_} = 'DEFAULT' for qw(INT TERM);
    open STDIN,  '<',  '/dev/null'            or die;
    open STDOUT, '>>', "$self->{dir}/$output" or die;
    open STDERR, '>&', \*STDOUT               or die;
    exec { $command[0] } @command or POSIX::_exit(127);
}

sub _wait_greeting {
    my ($self, $port) = @_;
    my $pid = $self->{guard};
    return wait_for($START_SECONDS, sub {
        die "a server ended\n" if waitpid($pid, 1) == $pid;
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $port, Timeout => 1) or return;
        vec(my $bits = '', fileno $s, 1) = 1;
        select($bits, undef, undef, 10) or return;
        my $line = <$s> // '';
        print {$s} "QUIT\r\n";
        $line =~ /^220 /;
    }) || die "no greeting on port $port\n";
}

1;
