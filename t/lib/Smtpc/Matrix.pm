# SPDX-License-Identifier: Apache-2.0
package Smtpc::Matrix;

# What is to hold with every real server, whoever made it: one subtest for each
# line of the table, with a Smtpc::Server.
#
#   my $server = Smtpc::Matrix::server('Smtpc::Exim');  # or skips it all
#   Smtpc::Matrix::run($server,
#       mechanisms => [qw(PLAIN LOGIN SCRAM-SHA-256)],   # offered, any order
#       strongest  => 'SCRAM-SHA-256',     # the one that is to be chosen
#       offers     => [qw(PIPELINING CHUNKING DSN)],     # of @ASKED below
#       reports    => 1,                   # it sends those it promises by DSN
#       queue_id   => qr/.../);            # undef: the server does not say it
#
# A test of something that one server alone has makes an object with new(), and
# calls send_mail() and arrived().
#
# Mails are made by t/interop/send, which saves each to a file before. What the
# server stored has to be that file, byte by byte, behind what it put in front.

use strict;
use warnings;
use utf8;
use Cwd ();
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);
use File::Basename ();
use File::Temp ();
use Smtpc::CA;
use Smtpc::Send qw(status_ok recipient_states);
use Smtpc::Wait qw(slurp spew);
use Test::More;

my $MAIL_SECONDS = 20;
my $BATCH        = 40;
my $MIB          = 1 << 20;

# What we ask of a server, and so want to know whether it has it.
my @ASKED = qw(PIPELINING CHUNKING PIPECONNECT 8BITMIME SMTPUTF8 DSN SIZE
    ENHANCEDSTATUSCODES REQUIRETLS BINARYMIME);

# What a server puts in front of a mail that it delivers.
my $TRACE = qr/(?:(?:Return-Path|Received|Delivered-To|X-Original-To
    |Envelope-To):[^\n]*\n(?:[ \t][^\n]*\n)*)*/xi;

# A server of this class, started with what else is given.
sub server {
    my ($class, %o) = @_;
    my $t = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../..');
    $ENV{TOP_BUILDDIR}
        = Cwd::abs_path($ENV{TOP_BUILDDIR} || "$t/../build/obj");
    die Smtpc::Send::program() . " is missing: build first\n"
        if !-x Smtpc::Send::program();
    eval "require $class" or die $@;
    if (my $why = $class->missing) {
        plan(skip_all => "needs $why");
    }
    return $class->start(%o);
}

sub new {
    my ($class, $server, %o) = @_;
    return bless { server => $server, %o, sent => {}, number => 0,
        has => { map { $_ => 1 } @{ $o{offers} || [] } },
        work => File::Temp->newdir }, $class;
}

sub run {
    my $self = __PACKAGE__->new(@_);
    subtest 'STARTTLS and the strongest mechanism' => sub { $self->starttls };
    subtest 'TLS from the first byte'         => sub { $self->implicit };
    subtest 'each mechanism by its name'      => sub { $self->each_mechanism };
    subtest 'a wrong password'                => sub { $self->wrong_password };
    subtest 'a certificate nobody vouches for' => sub { $self->untrusted };
    subtest 'every kind of content'           => sub { $self->contents };
    subtest 'some recipients refused'         => sub { $self->partial };
    subtest 'a recipient in UTF-8'            => sub { $self->utf8_address };
    subtest 'a report of success'             => sub { $self->receipt };
    subtest 'TLS on the whole way'            => sub { $self->require_tls };
    subtest 'many at once'                    => sub { $self->batch };
    subtest 'each mail arrived exactly once'  => sub { $self->tally };
    diag($self->{server}->log) if !Test::More->builder->is_passing;
    return;
}

sub _arguments {
    my ($self, %o) = @_;
    my $server = $self->{server};
    return ('--host', 'localhost', '--verbose', '--timeout', 20,
        '--port', $o{port} // $server->submission_port,
        '--security', $o{security} // 'starttls',
        '--ca-file', $o{ca_file} // $server->ca_file,
        $o{anonymous} ? () : ('--user', $server->user, '--password-file',
            $o{password_file} // $server->password_file),
        '--from', 'shop@test.example');
}

# Send with these arguments more, to an address of its own; the address, the
# result, and the saved files.
sub send_mail {
    my ($self, %o) = @_;
    my $to = $o{to} // 'box' . ++$self->{number} . '@test.example';
    my $file = "$self->{work}/$self->{number}";
    my $r = Smtpc::Send->run(body => $o{body} // "Hello\n", args => [
        $self->_arguments(%o), '--to', $to, '--subject',
        $o{subject} // 'Hello', '--save', $file, @{ $o{args} || [] }]);
    my $why = !$o{status} ? 'SUCCESS' : $o{status};
    status_ok($r, $why, $o{what} // 'sending');
    return ($to, $r, glob "$file.*");
}

# That these files, and no others, were delivered to an address.
sub arrived {
    my ($self, $to, @files) = @_;
    my @mails = $self->{server}->wait_mails(encode_utf8($to), scalar @files,
        $MAIL_SECONDS);
    $self->{sent}{$to} = @files;
    is(@mails, @files, "$to has " . @files) or return;
    my %stored;
    for my $mail (map { slurp($_) =~ s/\r\n/\n/gr } @mails) {
        my ($rest) = $mail =~ /\A$TRACE(.*)\z/s;
        $stored{ sha256_hex($rest) } = $rest;
    }
    for my $saved (map { slurp($_) =~ s/\r\n/\n/gr } @files) {
        my $same = exists $stored{ sha256_hex($saved) };
        # An ok() for each of forty would be noise.
        next if $same;
        return ok(0, "$to: what arrived is what was saved")
            || diag("saved:\n$saved\nstored:\n", values %stored);
    }
    return ok(1, "$to: what arrived is what was saved, byte by byte");
}

sub nothing_for {
    my ($self, $to) = @_;
    $self->{sent}{$to} = 0;
    return;
}

# The names in what the server said to the last EHLO: its mechanisms, or those
# of its extensions that we asked for.
sub offered {
    my ($r, $mechanisms) = @_;
    my ($said) = $r->{output} =~ /.*C: (?:EHLO|LHLO) [^\n]*\n(.*)/s;
    my %has = map { (split ' ')[0] => $_ } $said =~ /^\d S: 250[- ](.*)$/mg;
    my (undef, @auth) = split ' ', $has{AUTH} // '';
    return $mechanisms ? [sort @auth] : [sort grep { $has{$_} } @ASKED];
}

sub auth_commands {
    my ($r) = @_;
    return [map { /^AUTH (\S+)/ ? $1 : () } @{ $r->{commands} }];
}

sub starttls {
    my ($self) = @_;
    my ($to, $r, @files) = $self->send_mail;
    is(auth_commands($r)->[0], $self->{strongest}, 'mechanism');
    is_deeply(auth_commands($r), [$self->{strongest}], 'and no other');
    is_deeply(offered($r, 1), [sort @{ $self->{mechanisms} }],
        'it offers these mechanisms');
    is_deeply(offered($r), [sort @{ $self->{offers} }],
        'and of what we can use these extensions');
    is($r->{tls_protocol}, 'TLSv1.3', 'TLS version');
    is((grep { $_ eq 'STARTTLS' } @{ $r->{commands} }), 1, 'by STARTTLS');
    $self->arrived($to, @files);
    return is($r->{queue_id}, '', 'no queue id') if !$self->{queue_id};
    like($r->{queue_id}, qr/\A$self->{queue_id}\z/, 'queue id');
    my ($mail) = $self->{server}->mails($to);
    like(slurp($mail), qr/\bid \Q$r->{queue_id}\E\b/, 'is that of the mail');
    return;
}

sub implicit {
    my ($self) = @_;
    my ($to, $r, @files) = $self->send_mail(security => 'implicit',
        port => $self->{server}->tls_port);
    is($r->{tls_protocol}, 'TLSv1.3', 'TLS version');
    is((grep { $_ eq 'STARTTLS' } @{ $r->{commands} }), 0, 'no STARTTLS');
    is_deeply(auth_commands($r), [$self->{strongest}], 'mechanism');
    $self->arrived($to, @files);
    return;
}

sub each_mechanism {
    my ($self) = @_;
    # Those without a password need more than the table has.
    for my $name (grep { !/OAUTH|EXTERNAL/ } @{ $self->{mechanisms} }) {
        my ($to, $r, @files) = $self->send_mail(what => $name,
            args => ['--mechanisms', $name]);
        is_deeply(auth_commands($r), [$name], "$name was used");
        $self->arrived($to, @files);
    }
    return;
}

sub wrong_password {
    my ($self) = @_;
    my $password = 'wrong-' . sha256_hex(rand);
    my $file = spew("$self->{work}/wrong", "$password\n");
    chmod 0600, $file;
    my ($to, $r) = $self->send_mail(status => 'EAUTH',
        password_file => $file, to => 'denied@test.example');
    is($r->{code}, 535, 'code');
    my ($said) = $r->{output} =~ /^\d S: 535 (?:5\.7\.8 )?(.*)$/m;
    like($r->{describe}, qr/\Q$said\E/, "its words: $said");
    like($r->{describe}, qr/web/, 'and whose login it was');
    unlike($r->{output}, qr/\Q$password\E/, 'the password is not shown');
    is((grep { /^MAIL/ } @{ $r->{commands} }), 0, 'no MAIL');
    $self->nothing_for($to);
    return;
}

sub untrusted {
    my ($self) = @_;
    my $other = Smtpc::CA->new(dir => "$self->{work}/other");
    my $port = $self->{server}->tls_port;
    for my $how ([security => 'starttls'],
        [security => 'implicit', port => $port]) {
        my ($to, $r) = $self->send_mail(status => 'ETLS', @$how,
            ca_file => $other->ca_file, to => 'denied@test.example');
        is_deeply([grep { !/^(?:EHLO|STARTTLS|QUIT)/ } @{ $r->{commands} }],
            [], "$how->[1]: nothing was said of logins or mail");
        like($r->{describe}, qr/certificate/, 'it says what is wrong');
        $self->nothing_for($to);
    }
    return;
}

sub contents {
    my ($self) = @_;
    my $noise = '';
    $noise .= chr int rand 256 for 1 .. $MIB;
    my $file = spew("$self->{work}/noise", $noise);
    my %kinds = (
        'UTF-8' => { subject => 'Grüße №42 ☃',
            body => "Guten Tag,\n\nZürich \x{2603} \x{1F600}\n" },
        'lines of dots' => {
            body => ".\n..\n...\n.\n\n.a\n..b\n.\r\n.\nQUIT\n.\n" },
        'nothing' => { body => '' },
        'long lines' => { body => 'x' x 5000 . "\n" . 'ü ' x 1000 },
        'a file of 1 MiB' => { args => ['--attach', "$file:noise.bin"] },
    );
    for my $kind (sort keys %kinds) {
        my %o = %{ $kinds{$kind} };
        my ($to, $r, @files) = $self->send_mail(%o, what => $kind,
            body => encode_utf8($o{body} // 'See the file'));
        $self->arrived($to, @files);
    }
    return;
}

sub partial {
    my ($self) = @_;
    my ($to, $r, @files) = $self->send_mail(status => 'EPARTIAL',
        to => 'one@test.example, refused@test.example, two@test.example');
    my $said = recipient_states($r);
    is_deeply($said, ['one@test.example accepted 250',
        'refused@test.example rejected 550',
        'two@test.example accepted 250'], 'states of the recipients');
    $self->arrived("$_\@test.example", @files) for qw(one two);
    $self->nothing_for('refused@test.example');
    ($to, $r) = $self->send_mail(status => 'EREJECTED',
        to => 'refused@test.example', what => 'to nobody else');
    return;
}

sub utf8_address {
    my ($self) = @_;
    my $has = $self->{has}{SMTPUTF8};
    my ($to, $r, @files) = $self->send_mail(to => 'jürgen@test.example',
        args => ['--international'], status => $has ? undef : 'EEXTENSION');
    my ($mail) = grep { /^MAIL/ } @{ $r->{commands} };
    return $self->arrived($to, @files)
        && like($mail, qr/ SMTPUTF8\b/, 'with SMTPUTF8') if $has;
    is($mail, undef, 'the server has no SMTPUTF8, and got nothing');
    $self->nothing_for($to);
    return;
}

sub receipt {
    my ($self) = @_;
    my ($to, $r, @files) = $self->send_mail(args => ['--receipt']);
    my ($rcpt) = grep { /^RCPT/ } @{ $r->{commands} };
    if ($self->{has}{DSN}) {
        like($rcpt, qr/ NOTIFY=SUCCESS\b/, 'a report was asked for');
    }
    else {
        unlike($rcpt, qr/NOTIFY/, 'the server does no reports');
    }
    $self->arrived($to, @files);
    return if !$self->{reports};
    my ($report) = $self->{server}->wait_mails('shop@test.example', 1,
        $MAIL_SECONDS);
    like(slurp($report // ''),
        qr/^Subject: [^\n]*deliver[^\n]*\n.*\Q$to\E/ims, 'and it came');
    $self->{sent}{'shop@test.example'} = 1;
    return;
}

sub require_tls {
    my ($self) = @_;
    my $has = $self->{has}{REQUIRETLS};
    my ($to, $r, @files) = $self->send_mail(args => ['--require-tls'],
        status => $has ? undef : 'EEXTENSION');
    return $self->arrived($to, @files) if $has;
    is((grep { /^MAIL/ } @{ $r->{commands} }), 0,
        'the server has no REQUIRETLS, and got nothing');
    $self->nothing_for($to);
    return;
}

sub batch {
    my ($self) = @_;
    my ($to, $r, @files) = $self->send_mail(args => ['--batch', '--count',
        $BATCH]);
    my @ok = grep { $_->{status} eq 'APR_SUCCESS' } @{ $r->{all} };
    is(@ok, $BATCH, 'all were accepted');
    my $bdat = grep { /^BDAT \d+ LAST$/ } @{ $r->{commands} };
    is($bdat, $self->{has}{CHUNKING} ? $BATCH : 0, 'BDAT where there is some');
    my $behind = () = $r->{output} =~ /C: RCPT[^\n]*\n\d C: (?:BDAT|DATA)/g;
    is($behind, $self->{has}{PIPELINING} ? $BATCH : 0,
        'without waiting where there is PIPELINING');
    $self->arrived($to, @files);
    my %ids = map { $_->{queue_id} => 1 } @ok;
    is(keys %ids, $self->{queue_id} ? $BATCH : 1, 'queue ids');
    return;
}

# Behind all of them: nothing came a second time, or where it should not.
sub tally {
    my ($self) = @_;
    my ($to, undef, @files) = $self->send_mail(what => 'the last one');
    $self->arrived($to, @files);
    my $server = $self->{server};
    my %has = map { my $n = () = $server->mails(encode_utf8($_)); ($_ => $n) }
        keys %{ $self->{sent} };
    is_deeply(\%has, $self->{sent}, 'every mailbox has what it should');
    return;
}

1;
