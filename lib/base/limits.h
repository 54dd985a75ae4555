/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_LIMITS_H
#define SMTPC_BASE_LIMITS_H

/**
 * @file limits.h
 * Every maximum of the library, with the abuse it stops or its source. Each
 * has a test at the limit and one beyond.
 */

/** A reply line without its line end; Postfix takes 2048, RFC 5321 512. */
#define SMTPC_LIMIT_REPLY_LINE 2048
/** All lines of one reply: an endless "250-" must not fill memory. */
#define SMTPC_LIMIT_REPLY_BYTES 16384
/** Lines of one reply: as above, for empty lines. */
#define SMTPC_LIMIT_REPLY_LINES 128
/** A SASL line, RFC 4954 4: 12288 octets. */
#define SMTPC_LIMIT_SASL_LINE 12288
/** 334 challenges of one AUTH: an endless dialogue. */
#define SMTPC_LIMIT_SASL_ROUNDS 10
/** A command line with its CRLF before extensions, RFC 5321 4.5.3.1.4. */
#define SMTPC_LIMIT_COMMAND_LINE 512
/** A MAIL or RCPT line: 256 of path with SMTPUTF8 and parameters. */
#define SMTPC_LIMIT_ENVELOPE_LINE 2048
/** AUTH mechanisms remembered from EHLO. */
#define SMTPC_LIMIT_AUTH_MECHANISMS 32

/** Local part in bytes; RFC 5321 4.5.3.1.1 says 64. */
#define SMTPC_LIMIT_LOCAL_PART 64
/** Domain in bytes; RFC 5321 4.5.3.1.2 says 255. */
#define SMTPC_LIMIT_DOMAIN 255
/** Local part, at sign and domain; RFC 5321 4.5.3.1.3 less its brackets. */
#define SMTPC_LIMIT_ADDRESS 254
/** Text of one mailbox with name and comments. */
#define SMTPC_LIMIT_ADDRESS_TEXT 4096
/** Text of a list of mailboxes: parsing is linear, memory is not free. */
#define SMTPC_LIMIT_ADDRESS_LIST 1048576
/** Recipients of one message in all lists. */
#define SMTPC_LIMIT_RECIPIENTS 10000

/** Value of one header field, before encoding. */
#define SMTPC_LIMIT_HEADER_VALUE 65536
/** Fields added by the caller. */
#define SMTPC_LIMIT_HEADERS 1000
/** The whole header block of a message; Postfix's header_size_limit. */
#define SMTPC_LIMIT_HEADER_BLOCK 102400
/** A line of content without CRLF, RFC 5321 4.5.3.1.6. */
#define SMTPC_LIMIT_CONTENT_LINE 998
/** A header line that can be folded, RFC 5322 2.1.1. */
#define SMTPC_LIMIT_HEADER_LINE 78
/** Attachments of one message. */
#define SMTPC_LIMIT_ATTACHMENTS 1000
/** A file name or content type shown to the recipient. */
#define SMTPC_LIMIT_PARAMETER 4096

/** A password or token. */
#define SMTPC_LIMIT_SECRET 4096
/** A user name. */
#define SMTPC_LIMIT_USER 512
/** A host name or address literal. */
#define SMTPC_LIMIT_HOST 255

/** Bytes of content encoded, stuffed and written in one go. */
#define SMTPC_LIMIT_OUTPUT_BUFFER 16384
/** Bytes read from the network in one go. */
#define SMTPC_LIMIT_INPUT_BUFFER 4096
/** Addresses of one host that are tried. */
#define SMTPC_LIMIT_HOST_ADDRESSES 16
/** Lines of /etc/hosts that are searched for this host's full name. */
#define SMTPC_LIMIT_HOSTS_LINES 1000
/** A line of the log; longer ones are cut. */
#define SMTPC_LIMIT_LOG_LINE 1024
/** A result described in one line: log lines of httpd are cut at 8 KiB. */
#define SMTPC_LIMIT_DESCRIPTION 4096
/** Memory an allocator keeps for reuse when a pool is cleared or freed. */
#define SMTPC_LIMIT_POOL_FREE 131072
/** Shared objects (TLS contexts) one env keeps; beyond they are private. */
#define SMTPC_LIMIT_SHARED_OBJECTS 256
/** TLS records buffered in one direction. */
#define SMTPC_LIMIT_TLS_BUFFER 65536

/** Default of smtpc_client_set_timeout(), as .NET's: 100 s. */
#define SMTPC_TIMEOUT_DEFAULT apr_time_from_sec(100)
/** Largest value of it: deadlines must not overflow. */
#define SMTPC_LIMIT_TIMEOUT apr_time_from_sec(7 * 86400)
/** Trying one of several addresses, so that a dead one leaves time. */
#define SMTPC_TIMEOUT_CONNECT apr_time_from_sec(30)
/** Waiting for the answer to QUIT. */
#define SMTPC_LIMIT_QUIT_WAIT apr_time_from_sec(2)
/** Running an "exec:" reference. */
#define SMTPC_SECRET_EXEC_TIMEOUT apr_time_from_sec(10)
/** A kept connection is not used after this time without traffic. */
#define SMTPC_TIMEOUT_IDLE apr_time_from_sec(30)
/** A kept connection is not used after this time in all. */
#define SMTPC_TIMEOUT_AGE apr_time_from_sec(300)
/** Messages over one connection; servers cut beyond about 100. */
#define SMTPC_LIMIT_CONNECTION_MESSAGES 100

#endif
