# SPDX-License-Identifier: Apache-2.0
package Smtpc::Chroot;

# A server from a Debian package that is not installed, because it conflicts
# with one that is: `./bootstrap check` unpacks such packages below
# build/packages/root. It runs in a root folder of its own, which has the
# package's programs, this machine's libraries, and users and folders as the
# package's scripts would have made them. The libraries are mounted in a name
# space of the server's, so that this machine sees nothing of it, and nothing
# has to be taken down afterwards: all goes with its last process.
#
#   Smtpc::Chroot::missing('exim4');        # program; in words, undef: nothing
#   my $root = Smtpc::Chroot->new(dir => "$dir/root",
#       users => { 'Debian-exim' => '/var/spool/exim4' }, see => [$dir]);
#   $root->folder('/var/spool/exim4', 'Debian-exim', 0750);
#   $root->file('/etc/exim4/exim4.conf', $text);
#   $root->command('/usr/sbin/exim4', '-bdf');   # ends with SIGKILL

use strict;
use warnings;
use Cwd ();
use File::Basename ();
use File::Path ();
use Smtpc::Wait qw(spew);

# What packages' programs want of the machine around them.
my @SHARED = qw(/usr/lib /usr/lib64 /usr/bin /dev);

# Numbers that Debian does not give away (its policy, 9.2.2).
my $FIRST_ID = 64200;

# Mount what is shared, then run the command. $1: the root; then the shared
# folders, --, the command. The shell stays: the kernel forgets whose end is to
# end a process when that changes its user, as servers do.
my $ENTER = <<'SH';
set -e
root=$1
shift
while [ "$1" != -- ]; do
  mount --rbind "$1" "$root$1"
  shift
done
shift
chroot "$root" "$@" &
wait $!
SH

# Where the packages were unpacked.
sub packages {
    return Cwd::abs_path("$ENV{TOP_BUILDDIR}/..") . '/packages/root';
}

sub missing {
    my ($program) = @_;
    return 'root rights (for a root folder of its own)' if $> != 0;
    my $path = packages() . "/usr/sbin/$program";
    return "$path (./bootstrap check unpacks it)" if !-x $path;
    return 'the right to mount (in a container: --cap-add SYS_ADMIN)'
        if system('unshare --mount --pid --fork true 2>/dev/null');
    return;
}

# Make the root folder. users: name => home of each user beside root and
# nobody; see: folders outside it that the server works with, at their places.
sub new {
    my ($class, %o) = @_;
    my $self = bless { %o, id => { root => 0, nobody => 65534 } }, $class;
    my $root = $self->{dir};
    my $packages = packages();
    $self->{shared} = [grep { -d } @SHARED, @{ $o{see} || [] }];
    File::Path::make_path(map { "$root$_" } @{ $self->{shared} },
        qw(/etc /run /tmp /var/log /var/mail /var/spool /var/lib));
    chmod 01777, "$root/tmp";
    # Copies, for a program may be set-user-id, or look for what lies beside.
    for my $place (qw(/usr/sbin /usr/libexec)) {
        system('cp', '-a', "$packages$place", "$root/usr/") == 0
            or die "cp $packages$place failed\n";
    }
    symlink "usr/$_", "$root/$_" for qw(bin sbin lib lib64);
    symlink '/run', "$root/var/run";
    my $id = $FIRST_ID;
    $self->{id}{$_} = $id++ for sort keys %{ $o{users} };
    my %home = (root => '/', nobody => '/', %{ $o{users} });
    my $line = sub { join '', map { $_[0]->($_) . "\n" } sort keys %home };
    $self->file('/etc/passwd', $line->(
        sub { "$_[0]:x:@{[ $self->ids($_[0]) ]}::$home{$_[0]}:/bin/sh"
            =~ s/ /:/r }));
    $self->file('/etc/group', $line->(
        sub { "$_[0]:x:@{[ ($self->ids($_[0]))[1] ]}:" }));
    $self->file('/etc/nsswitch.conf', "passwd: files\ngroup: files\n"
        . "hosts: files\nservices: files\n");
    $self->file('/etc/hosts', "127.0.0.1 localhost\n");
    $self->file('/etc/services', "smtp 25/tcp\nsmtps 465/tcp\n");
    return $self;
}

# Numbers of user and group.
sub ids {
    my ($self, $user) = @_;
    my $id = $self->{id}{$user} // die "no user $user";
    return ($id, $id);
}

# The path outside.
sub path { return "$_[0]{dir}$_[1]" }

sub folder {
    my ($self, $path, $user, $mode) = @_;
    File::Path::make_path($self->path($path));
    $self->own($path, $user // 'root', $mode // 0755);
    return;
}

sub file {
    my ($self, $path, $text, $user, $mode) = @_;
    File::Path::make_path(File::Basename::dirname($self->path($path)));
    spew($self->path($path), $text);
    $self->own($path, $user // 'root', $mode // 0644);
    return;
}

sub own {
    my ($self, $path, $user, $mode) = @_;
    chown $self->ids($user), $self->path($path)
        or die "chown " . $self->path($path) . ": $!";
    chmod $mode, $self->path($path) or die "chmod: $!";
    return;
}

# The command line that runs a command in there. Its processes have their own
# numbers; when unshare is killed, the kernel ends all of them.
sub command {
    my ($self, @command) = @_;
    return ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--',
        '/bin/sh', '-c', $ENTER, 'enter', $self->{dir}, @{ $self->{shared} },
        '--', @command];
}

1;
