# SPDX-License-Identifier: Apache-2.0
package Smtpc::Mime;

# A mail as an independent parser (Python's email package) reads it.
#
#   my $m = Smtpc::Mime->parse($file);
#   $m->header('Subject');  $m->headers('To');  $m->raw_header('Subject');
#   $m->addresses('To');            # ({name, address}, ...)
#   $m->text; $m->html;             # first text/plain, text/html not attached
#   $m->attachments;                # ({filename, type, length, sha256, ...})
#   $m->attachment('a.txt');  $m->parts;  $m->root;
#   $m->defects;                    # list, empty for a correct mail
#   $m->bytes;                      # {length, max_line, bare_cr, bare_lf, ...}
# All text is in Perl characters.

use strict;
use warnings;
use File::Spec;
use JSON::PP ();

my $AT_ONCE = 100;

# Parse one file; dies if the parser fails.
sub parse {
    my ($class, $file) = @_;
    return ($class->parse_all($file))[0];
}

# Parse many files with few starts of the parser.
sub parse_all {
    my ($class, @files) = @_;
    my @mails;
    while (my @some = splice @files, 0, $AT_ONCE) {
        open my $pipe, '-|', '/usr/bin/python3', _script(), @some
            or die "mimedump.py: $!";
        my $json = do { local $/ = undef; <$pipe> };
        close $pipe or die "mimedump.py @some failed\n";
        my $got = JSON::PP::decode_json($json);
        push @mails, map { bless $_, $class } @some == 1 ? $got : @$got;
    }
    return @mails;
}

# Decoded value of the first field of that name.
sub header {
    my ($self, $name) = @_;
    return ($self->headers($name))[0];
}

# Decoded values of all fields of that name.
sub headers {
    my ($self, $name) = @_;
    return map { $_->{value} }
        grep { lc $_->{name} eq lc $name } @{ $self->{headers} };
}

# All field names in order.
sub header_names { return map { $_->{name} } @{ $_[0]{headers} } }

# Undecoded value of the first field of that name, with its folding.
sub raw_header {
    my ($self, $name) = @_;
    my ($field) = grep { lc $_->[0] eq lc $name } @{ $self->{raw_headers} };
    return $field && $field->[1] =~ s/^ //r;
}

# The mailboxes of an address header.
sub addresses {
    my ($self, $name) = @_;
    return map { @{ $_->{addresses} || [] } }
        grep { lc $_->{name} eq lc $name } @{ $self->{headers} };
}

sub root    { return $_[0]{root} }
sub parts   { return @{ $_[0]{parts} } }

# What the parser complains about, but for one thing: RFC 2047 5 forbids
# encoded words inside the quotes of a parameter, and yet name="=?utf-8?..." is
# what older mail readers understand. The strict form stands in filename*=.
sub defects {
    my ($self) = @_;
    return grep { !/^Content-Type: InvalidHeaderDefect: .*encoded[- ]word/ }
        @{ $self->{defects} };
}

sub bytes   { return $_[0]{bytes} }

# Text of the first body part of a type, with line ends as \n.
sub body {
    my ($self, $type) = @_;
    my ($part) = grep {
        $_->{type} eq $type && ($_->{disposition} // '') ne 'attachment'
    } $self->parts;
    return if !$part || !defined $part->{text};
    return $part->{text} =~ s/\r\n/\n/gr;
}

sub text { return $_[0]->body('text/plain') }
sub html { return $_[0]->body('text/html') }

# Parts that are attachments, in order.
sub attachments {
    my ($self) = @_;
    return grep { ($_->{disposition} // '') eq 'attachment' } $self->parts;
}

# The attachment of that name.
sub attachment {
    my ($self, $name) = @_;
    my ($part) = grep { ($_->{filename} // '') eq $name } $self->attachments;
    return $part;
}

sub _script {
    my $here = File::Spec->rel2abs(__FILE__);
    $here =~ s{/lib/Smtpc/Mime\.pm$}{};
    for my $t ($here, $ENV{TOP_SRCDIR} ? "$ENV{TOP_SRCDIR}/t" : ()) {
        return "$t/support/mimedump.py" if -e "$t/support/mimedump.py";
    }
    die 'mimedump.py not found; set TOP_SRCDIR';
}

1;
