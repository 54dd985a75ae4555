# SPDX-License-Identifier: Apache-2.0
package Smtpc::CA;

# A certificate authority for one test run, made by openssl(1) in a directory
# of the caller's. Keys are P-256: a whole set costs a fraction of a second.
#
#   my $ca = Smtpc::CA->new(dir => $dir);
#   $ca->ca_file;                                  # what a client must trust
#   my ($crt, $key) = $ca->issue('good', san => ['localhost', '127.0.0.1']);
#   my ($crt, $key) = $ca->issue('old', expired => 1);
#   my ($crt, $key) = $ca->issue('self', self_signed => 1);
#
# Objects made for the same directory share what is already there.

use strict;
use warnings;
use File::Path ();

my $DAY = 86400;

sub new {
    my ($class, %o) = @_;
    my $self = bless { dir => $o{dir} }, $class;
    File::Path::make_path($o{dir});
    return $self if -s $self->ca_file;
    open my $fh, '>', "$o{dir}/index.txt" or die "$o{dir}/index.txt: $!";
    close $fh;
    $self->_root;
    return $self;
}

sub ca_file { return "$_[0]{dir}/ca.pem" }
sub dir     { return $_[0]{dir} }

# Both paths of a certificate already issued under this name, or nothing.
sub paths {
    my ($self, $name) = @_;
    my @p = ("$self->{dir}/$name.pem", "$self->{dir}/$name.key");
    return -s $p[0] ? @p : ();
}

# Issue a server certificate and return the paths of certificate and key.
# san: list of names and addresses; cn: subject; not_before, not_after: epoch
# seconds; expired, not_yet: shortcuts; self_signed: not by this authority;
# usage: extended key usage (default serverAuth); other_ca: by an authority
# nobody trusts.
sub issue {
    my ($self, $name, %o) = @_;
    my @have = $self->paths($name);
    return @have if @have;
    my $dir = $self->{dir};
    my ($from, $to) = $self->_validity(%o);
    my @san = @{ $o{san} || ['localhost', '127.0.0.1'] };
    my $cn  = exists $o{cn} ? $o{cn} : $san[0] // $name;
    my ($issuer, $issuer_key) = ($self->ca_file, "$dir/ca.key");
    if ($o{other_ca}) {
        my $other = Smtpc::CA->new(dir => "$dir/other-ca");
        ($issuer, $issuer_key) = ($other->ca_file, "$dir/other-ca/ca.key");
    }
    my $config = $self->_config($name, \@san, $o{usage} || 'serverAuth');
    $self->_openssl(qw(req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256
        -nodes -config), $config, '-subj', "/CN=$cn", '-keyout',
        "$dir/$name.key", '-out', "$dir/$name.csr");
    $self->_openssl('ca', '-batch', '-notext', '-config', $config, '-in',
        "$dir/$name.csr", '-out', "$dir/$name.pem", '-startdate',
        _asn1($from), '-enddate', _asn1($to),
        $o{self_signed} ? ('-selfsign', '-keyfile', "$dir/$name.key")
                        : ('-cert', $issuer, '-keyfile', $issuer_key));
    unlink "$dir/$name.csr", "$dir/$name.cnf";
    return $self->paths($name);
}

# The usual set: one call gives every kind the suites need. Returns a hash of
# name => [certificate, key].
sub standard_set {
    my ($self) = @_;
    my %how = (
        good       => {},
        wrongname  => { san => ['other.example'] },
        expired    => { expired => 1 },
        notyet     => { not_yet => 1 },
        selfsigned => { self_signed => 1 },
        untrusted  => { other_ca => 1 },
        cnonly     => { san => [], cn => 'localhost' },
        clientonly => { usage => 'clientAuth' },
    );
    return { map { $_ => [ $self->issue($_, %{ $how{$_} }) ] } sort keys %how };
}

sub _validity {
    my ($self, %o) = @_;
    my $now = time;
    return ($now - 30 * $DAY, $now - $DAY)      if $o{expired};
    return ($now + 10 * $DAY, $now + 30 * $DAY) if $o{not_yet};
    return ($o{not_before} || $now - $DAY, $o{not_after} || $now + 30 * $DAY);
}

sub _asn1 {
    my @t = gmtime shift;
    return sprintf '%04d%02d%02d%02d%02d%02dZ', $t[5] + 1900, $t[4] + 1,
        @t[3, 2, 1, 0];
}

sub _root {
    my ($self) = @_;
    my $dir = $self->{dir};
    my $config = $self->_config('root', [], 'serverAuth');
    $self->_openssl(qw(req -x509 -newkey ec -pkeyopt
        ec_paramgen_curve:P-256 -nodes -days 30 -subj), "/CN=Test CA $$",
        '-config', $config, '-extensions', 'root', '-keyout', "$dir/ca.key",
        '-out', "$dir/ca.tmp");
    rename "$dir/ca.tmp", "$dir/ca.pem" or die "$dir/ca.pem: $!";
    unlink $config;
    return;
}

sub _config {
    my ($self, $name, $san, $usage) = @_;
    my $alt = join ',', map { /^[0-9.]+$|:/ ? "IP:$_" : "DNS:$_" } @$san;
    $alt = $alt ? "subjectAltName=$alt" : '';
    my $dir  = $self->{dir};
    my $path = "$dir/$name.cnf";
    open my $fh, '>', $path or die "$path: $!";
    print {$fh} <<"CONFIG";
[ca]
default_ca=tests
[tests]
database=$dir/index.txt
new_certs_dir=$dir
rand_serial=yes
unique_subject=no
default_md=sha256
policy=any
x509_extensions=leaf
email_in_dn=no
[any]
commonName=optional
[req]
distinguished_name=dn
prompt=no
[dn]
[leaf]
basicConstraints=CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=$usage
$alt
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
CONFIG
    close $fh or die "$path: $!";
    return $path;
}

sub _openssl {
    my ($self, @args) = @_;
    my $log = "$self->{dir}/openssl.log";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN,  '<',  '/dev/null' or die;
        open STDOUT, '>>', $log        or die;
        open STDERR, '>&', \*STDOUT    or die;
        exec { 'openssl' } 'openssl', @args or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return if $? == 0;
    open my $fh, '<', $log or die "openssl @args failed";
    local $/ = undef;
    die "openssl @args failed:\n" . <$fh>;
}

require POSIX;
1;
