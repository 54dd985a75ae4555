#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# docs/dotnet-map.md: every public member of .NET's System.Net.Mail and
# System.Net.Mime has its row, and what the page calls ours is declared in an
# installed header and, if it is a function, exported.
use strict;
use warnings;
use FindBin ();
use lib $FindBin::Bin;
use Lint;
use Test::More;

my $page = 'docs/dotnet-map.md';
my $library = build_dir() . '/.libs/libsmtpclient.so';

# The members, as the page writes them. A line is a type and what it has; "()"
# in front of a list of parameters stands for the type's own name. Collections
# have the members that Collection<T> gives them, too.
my $collection = 'Clear Contains CopyTo Count GetEnumerator IndexOf Insert
    Item Remove RemoveAt InsertItem SetItem';
my $parts = "$collection Add Dispose ClearItems RemoveItem";
my $content = '(Stream) (Stream,string) (Stream,ContentType) (string)
    (string,string) (string,ContentType)';
my @types = (
    [ MailMessage => '() (MailAddress,MailAddress) (string,string)
        (string,string,string,string) AlternateViews Attachments Bcc Body
        BodyEncoding BodyTransferEncoding CC DeliveryNotificationOptions From
        Headers HeadersEncoding IsBodyHtml Priority ReplyTo ReplyToList Sender
        Subject SubjectEncoding To Dispose() Dispose(bool)' ],
    [ Headers => 'Add Set Item Get GetValues GetKey AllKeys Keys Count Remove
        Clear' ],
    [ MailAddress => '(string) (string,string) (string,string,Encoding)
        Address DisplayName Host User Equals GetHashCode ToString
        TryCreate(string,MailAddress) TryCreate(string,string,MailAddress)
        TryCreate(string,string,Encoding,MailAddress)' ],
    [ MailAddressCollection => "() Add(string) Add(MailAddress) ToString
        $collection" ],
    [ AttachmentBase => "$content ContentId ContentStream ContentType
        TransferEncoding Dispose() Dispose(bool)" ],
    [ Attachment => '(string) (string,string) (string,ContentType)
        (Stream,string) (Stream,string,string) (Stream,ContentType)
        ContentDisposition Name NameEncoding
        CreateAttachmentFromString(string,string)
        CreateAttachmentFromString(string,ContentType)
        CreateAttachmentFromString(string,string,Encoding,string)' ],
    [ AttachmentCollection => $parts ],
    [ AlternateView => "$content BaseUri LinkedResources Dispose(bool)
        CreateAlternateViewFromString(string)
        CreateAlternateViewFromString(string,ContentType)
        CreateAlternateViewFromString(string,Encoding,string)" ],
    [ AlternateViewCollection => $parts ],
    [ LinkedResource => "$content ContentLink
        CreateLinkedResourceFromString(string)
        CreateLinkedResourceFromString(string,ContentType)
        CreateLinkedResourceFromString(string,Encoding,string)" ],
    [ LinkedResourceCollection => $parts ],
    [ ContentType => '() (string) Boundary CharSet MediaType Name Parameters
        Equals GetHashCode ToString' ],
    [ ContentDisposition => '() (string) CreationDate DispositionType FileName
        Inline ModificationDate Parameters ReadDate Size Equals GetHashCode
        ToString' ],
    [ DispositionTypeNames => 'Attachment Inline' ],
    [ 'MediaTypeNames.Application' => 'FormUrlEncoded GZip Json JsonPatch
        JsonSequence Manifest Octet Pdf ProblemJson ProblemXml Rtf Soap Wasm
        Xml XmlDtd XmlPatch Yaml Zip' ],
    [ 'MediaTypeNames.Font' => 'Collection Otf Sfnt Ttf Woff Woff2' ],
    [ 'MediaTypeNames.Image' => 'Avif Bmp Gif Icon Jpeg Png Svg Tiff Webp' ],
    [ 'MediaTypeNames.Multipart' => 'ByteRanges FormData Mixed Related' ],
    [ 'MediaTypeNames.Text' => 'Css Csv EventStream Html JavaScript Markdown
        Plain RichText Rtf Xml' ],
    [ MediaTypeMap => 'GetMediaType GetExtension' ],
    [ MailPriority => 'Normal Low High' ],
    [ DeliveryNotificationOptions => 'None OnSuccess OnFailure Delay Never' ],
    [ TransferEncoding => 'Unknown QuotedPrintable Base64 SevenBit
        EightBit' ],
    [ SmtpClient => '() (string) (string,int) ClientCertificates Credentials
        DeliveryFormat DeliveryMethod EnableSsl Host PickupDirectoryLocation
        Port ServicePoint TargetName Timeout UseDefaultCredentials
        SendCompleted OnSendCompleted SendAsyncCancel Dispose() Dispose(bool)
        Send(MailMessage) Send(string,string,string,string)
        SendAsync(MailMessage,object)
        SendAsync(string,string,string,string,object)
        SendMailAsync(MailMessage) SendMailAsync(string,string,string,string)
        SendMailAsync(MailMessage,CancellationToken)
        SendMailAsync(string,string,string,string,CancellationToken)' ],
    [ SmtpDeliveryMethod => 'Network SpecifiedPickupDirectory
        PickupDirectoryFromIis' ],
    [ SmtpDeliveryFormat => 'SevenBit International' ],
    [ SmtpException => '() (string) (string,Exception) (SmtpStatusCode)
        (SmtpStatusCode,string) (SerializationInfo,StreamingContext)
        StatusCode Message InnerException GetObjectData' ],
    [ SmtpFailedRecipientException => '() (string) (string,Exception)
        (string,string,Exception) (SmtpStatusCode,string)
        (SmtpStatusCode,string,string) (SerializationInfo,StreamingContext)
        FailedRecipient GetObjectData' ],
    [ SmtpFailedRecipientsException => '() (string) (string,Exception)
        (string,SmtpFailedRecipientException[])
        (SerializationInfo,StreamingContext) InnerExceptions GetObjectData' ],
    [ SmtpStatusCode => 'GeneralFailure SystemStatus HelpMessage ServiceReady
        ServiceClosingTransmissionChannel Ok UserNotLocalWillForward
        CannotVerifyUserWillAttemptDelivery StartMailInput ServiceNotAvailable
        MailboxBusy LocalErrorInProcessing InsufficientStorage
        ClientNotPermitted CommandUnrecognized SyntaxError
        CommandNotImplemented BadCommandSequence CommandParameterNotImplemented
        MustIssueStartTlsFirst MailboxUnavailable UserNotLocalTryAlternatePath
        ExceededStorageAllocation MailboxNameNotAllowed TransactionFailed' ],
    [ mailSettings => 'smtp' ],
    [ smtp => 'deliveryFormat deliveryMethod from network
        specifiedPickupDirectory' ],
    [ network => 'clientDomain defaultCredentials enableSsl host password port
        targetName userName' ],
    [ specifiedPickupDirectory => 'pickupDirectoryLocation' ],
);
my @members = ('SendCompletedEventHandler');
for my $entry (@types) {
    my ($type, $list) = @$entry;
    push @members, map { s/,/, /g; /^\(/ ? "$type$_" : "$type.$_" }
        split ' ', $list;
}

# The rows: members, our names, remark; and everything the page calls ours.
my $text = -e $page ? slurp($page) : '';
my (@rows, @bad);
for my $line (split /\n/, $text) {
    next if $line !~ /^\|/ || $line =~ /^\|(?:-+\||\s*\.NET )/;
    my @cells = $line =~ /^\| (.*?) \| (.*?) \| (?:(.*?) )?\|$/;
    my $shown = length $line > 60 ? substr($line, 0, 60) . '...' : $line;
    if (!@cells || $line =~ tr/|// != 4) {
        push @bad, "not a row of three cells: $shown";
        next;
    }
    my ($dotnet, $ours, $remark) = map { defined $_ ? $_ : '' } @cells;
    push @bad, "first cell is not a list of `members`: $shown"
        if $dotnet !~ /^`[^`]+`(?:, `[^`]+`)*$/;
    push @bad, "second cell is neither a dash nor a list of `names`: $shown"
        if $ours !~ /^(?:\x{e2}\x{80}\x{93}|`smtpc_\w+`(?:, `smtpc_\w+`)*)$/i;
    push @bad, "no counterpart and no reason: $shown"
        if $ours !~ /`/ && $remark !~ /\w/;
    push @rows, { line => $shown, members => [ $dotnet =~ /`([^`]+)`/g ] };
}
verdict('the rows are well formed', scalar @rows, @bad);

my %seen;
$seen{$_}++ for map { @{ $_->{members} } } @rows;
my %is_member = map { $_ => 1 } @members;
verdict('every member has a row', scalar @members,
    map { "$_ has none" } grep { !$seen{$_} } @members);
verdict('no member has two', scalar keys %seen,
    map { "$_ has $seen{$_}" } grep { $seen{$_} > 1 } sort keys %seen);
verdict('every row is for a member', scalar keys %seen,
    map { "$_ is none" } grep { !$is_member{$_} } sort keys %seen);

my (%declared, %is_function);
for my $header (files(qr/\.h$/, 'lib/include')) {
    my $code = code_of(slurp($header));
    $declared{$1} = 1 while $code =~ /\b(smtpc_\w+)/gi;
    $is_function{$1} = 1
        while $code =~ /^[ \t]*SMTPC_DECLARE\w*\s*\(.*?\)[^;(]*?\b(\w+)\s*\(/msg;
}
my %ours = map { $_ => 1 } $text =~ /\b(smtpc_\w*)/gi;
verdict('every name of ours is in an installed header', scalar keys %ours,
    map { "$_ is not" } grep { !$declared{$_} } sort keys %ours);

my %is_exported = map { (split)[2] =~ s/\@.*//r => 1 }
    -e $library ? `nm -D --defined-only '$library'` : ();
my @functions = grep { $is_function{$_} } sort keys %ours;
verdict('every function is exported', %is_exported ? scalar @functions : 0,
    map { "$_ is not" } grep { !$is_exported{$_} } @functions);
verdict('what is called with () is a function',
    scalar(() = $text =~ /`smtpc_\w+\(\)`/g),
    map { "$_ is none" } grep { !$is_function{$_} } $text =~ /`(smtpc_\w+)\(\)`/g);
done_testing();
