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
/** Rounds of hashing that SCRAM may ask for: fewer make guessing cheap, RFC
 *  5802 5.1, RFC 7677 4; more would let a server burn our time. */
#define SMTPC_SCRAM_ROUNDS_MIN 4096
#define SMTPC_SCRAM_ROUNDS_MAX 1000000
/** Bytes that bind a login to a TLS connection: tls-exporter has 32, tls-unique
 *  12, RFC 9266, RFC 5929. */
#define SMTPC_LIMIT_BINDING 64
/** A command line with its CRLF before extensions, RFC 5321 4.5.3.1.4. */
#define SMTPC_LIMIT_COMMAND_LINE 512
/** A MAIL or RCPT line: 256 of path with SMTPUTF8 and parameters. */
#define SMTPC_LIMIT_ENVELOPE_LINE 2048
/** AUTH mechanisms looked at in a line of EHLO; words of LIMITS and XCLIENT
 *  likewise. */
#define SMTPC_LIMIT_AUTH_MECHANISMS 32
/** Value of ENVID as it is written, RFC 3461 4.4. */
#define SMTPC_LIMIT_ENVID 100
/** Value of ORCPT as it is written, RFC 3461 4.2. */
#define SMTPC_LIMIT_ORCPT 500
/** Seconds of BY and HOLDFOR: nine digits, RFC 2852 4, RFC 4865 4. */
#define SMTPC_LIMIT_SECONDS 999999999

/** Local part in bytes; RFC 5321 4.5.3.1.1 says 64. */
#define SMTPC_LIMIT_LOCAL_PART 64
/** Domain in bytes; RFC 5321 4.5.3.1.2 says 255. */
#define SMTPC_LIMIT_DOMAIN 255
/** Local part, at sign and domain; RFC 5321 4.5.3.1.3 less its brackets. */
#define SMTPC_LIMIT_ADDRESS 254
/** Text of one mailbox with name and comments. */
#define SMTPC_LIMIT_ADDRESS_TEXT 4096
/** Display name in bytes: with every character escaped and the longest
 *  address behind it, it is read back within SMTPC_LIMIT_ADDRESS_TEXT. */
#define SMTPC_LIMIT_DISPLAY_NAME 1024
/** Text of a list of mailboxes: parsing is linear, memory is not free. */
#define SMTPC_LIMIT_ADDRESS_LIST 1048576
/** Recipients of one message in all lists. */
#define SMTPC_LIMIT_RECIPIENTS 10000

/** Value of one header field, before encoding. */
#define SMTPC_LIMIT_HEADER_VALUE 65536
/** Fields added by the caller. */
#define SMTPC_LIMIT_HEADERS 1000
/** Identifiers in References: each makes the field anew. */
#define SMTPC_LIMIT_REFERENCES 200
/** Blocks of Resent fields; RFC 5321 6.3 sees a loop in 100 hops. */
#define SMTPC_LIMIT_RESENT 20
/** A URL of a List field, so that it and its brackets fit on a line. */
#define SMTPC_LIMIT_LIST_URL 900
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
/** Views of one message: one for each kind of reader. */
#define SMTPC_LIMIT_VIEWS 100
/** Fields added to one part. */
#define SMTPC_LIMIT_ENTITY_HEADERS 100
/** A Content-ID; it stands in URLs, too. */
#define SMTPC_LIMIT_CONTENT_ID 250
/** A URI in a field: it has to fit on a line behind the field's name. */
#define SMTPC_LIMIT_URI 900
/** Language tags of one part. */
#define SMTPC_LIMIT_LANGUAGE 200
/** Messages inside messages: readers give up, and parsers are recursive. */
#define SMTPC_LIMIT_NESTING 10
/** A file of content types; those of Debian and httpd have 70 KiB. */
#define SMTPC_LIMIT_MIME_TYPES_FILE 1048576
/** Extensions in such files. */
#define SMTPC_LIMIT_MIME_TYPES 20000
/** A file name extension. */
#define SMTPC_LIMIT_EXTENSION 64

/** A password or token. */
#define SMTPC_LIMIT_SECRET 4096
/** A private key in PEM form; RSA of 8192 bits takes 6400. */
#define SMTPC_LIMIT_PRIVATE_KEY 32768
/** Signers of one client: two are usual, each costs a pass of RSA. */
#define SMTPC_LIMIT_DKIM_SIGNERS 8
/** Names of header fields a signer is given. */
#define SMTPC_LIMIT_DKIM_NAMES 100
/** Bits of an RSA key that signs: verifiers take up to 4096, RFC 8301 3.2. */
#define SMTPC_LIMIT_DKIM_RSA_BITS 8192
/** Certificates in one file: the signer's and its issuers'. */
#define SMTPC_LIMIT_SMIME_CHAIN 16
/** Certificates a message is encrypted for; each adds 0.5 KiB to it. */
#define SMTPC_LIMIT_SMIME_RECIPIENTS 1000
/** A user name. */
#define SMTPC_LIMIT_USER 512
/** A user name for a proxy, RFC 1929 2. */
#define SMTPC_LIMIT_PROXY_USER 255
/** A host name or address literal. */
#define SMTPC_LIMIT_HOST 255
/** A name of this service in the server's realm (SPN). */
#define SMTPC_LIMIT_TARGET_NAME 512

/** A file with mailSettings; what IIS takes as web.config by default is
 *  250 KiB. */
#define SMTPC_LIMIT_SETTINGS_FILE 262144
/** Elements of it inside each other: the parser walks up to the root for
 *  each, and mailSettings are five deep. */
#define SMTPC_LIMIT_SETTINGS_DEPTH 64

/** Bytes of content encoded, stuffed and written in one go. */
#define SMTPC_LIMIT_OUTPUT_BUFFER 16384
/** Bytes read from the network in one go. */
#define SMTPC_LIMIT_INPUT_BUFFER 4096
/** What an HTTP proxy may say before there is a way to the server. */
#define SMTPC_LIMIT_PROXY_HEADER 16384
/** Path of a Unix socket; sun_path of Linux with its terminator is 108. */
#define SMTPC_LIMIT_UNIX_PATH 107
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
/** Keys of TLS sessions an env keeps: servers, and ways to use them. */
#define SMTPC_LIMIT_TLS_SESSIONS 256
/** Sessions of one key: with TLS 1.3 each is for one connection, and servers
 *  give one or two. */
#define SMTPC_LIMIT_TLS_TICKETS 4
/** Pins of public keys of one client: a few servers, each with the next key
 *  prepared. */
#define SMTPC_LIMIT_TLS_PINS 16
/** TLSA records of one name: a few keys, each with the next one. */
#define SMTPC_LIMIT_TLSA_RECORDS 32
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
/** The thread for asynchronous calls looks for those that are kept too long
 *  once in this time. */
#define SMTPC_PERIOD_SWEEP apr_time_from_sec(10)
/** A kept connection is not used after this time in all. */
#define SMTPC_TIMEOUT_AGE apr_time_from_sec(300)
/** Messages over one connection unless a client says otherwise; servers cut
 *  beyond about 100. */
#define SMTPC_CONNECTION_MESSAGES_DEFAULT 100
/** Connections of one profile unless a client says otherwise. */
#define SMTPC_CONNECTIONS_DEFAULT 5
/** Largest value of it; servers allow one client 10 to 50. */
#define SMTPC_LIMIT_CONNECTIONS 256
/** Recipients of one transaction unless a client or the server says
 *  otherwise: what every server has to take, RFC 5321 4.5.3.1.8. */
#define SMTPC_TRANSACTION_RECIPIENTS_DEFAULT 100
/** Bytes of content per second that a server has to take, on average, beyond
 *  the deadline of a block; Postfix's smtp_min_data_rate. */
#define SMTPC_MIN_DATA_RATE 500
/** A connection without traffic for this time is asked with RSET whether the
 *  server is still there. */
#define SMTPC_TIMEOUT_PROBE apr_time_from_sec(10)
/** Answer to the RSET that probes an idle connection. */
#define SMTPC_TIMEOUT_PROBE_ANSWER apr_time_from_sec(20)
/** Tries of one message on connections that broke before it or another was
 *  answered. */
#define SMTPC_LIMIT_ATTEMPTS 4
/** Hosts of one client. */
#define SMTPC_LIMIT_HOSTS 16
/** A host that could not be reached is tried last for this time at first;
 *  doubled with each failure. */
#define SMTPC_TIMEOUT_SICK apr_time_from_sec(5)
/** And at most this long. */
#define SMTPC_LIMIT_SICK apr_time_from_sec(300)
/** Profiles of one client of which connections are kept for it. */
#define SMTPC_LIMIT_CLIENT_PROFILES 64
/** Recipient domains whose rate is remembered. */
#define SMTPC_LIMIT_RATE_DOMAINS 10000
/** Messages ahead that are looked at for one whose rate allows it. */
#define SMTPC_LIMIT_RATE_AHEAD 64
/** Loops of blocking calls kept for the next. */
#define SMTPC_LIMIT_SPARE_LOOPS 16
/** Deadline of every stage for a caller that somebody waits for. */
#define SMTPC_TIMEOUT_INTERACTIVE apr_time_from_sec(10)

/** Bytes of commands and content composed ahead of the network. */
#define SMTPC_LIMIT_SESSION_BUFFER 65536
/** Commands whose replies are outstanding at a time. Servers stop reading
 *  when their replies are not read; we always read, so this is for memory. */
#define SMTPC_LIMIT_SLOTS 256
/** Messages of one connection that were not answered: each may become in
 *  doubt when it breaks. Postfix and Exim take 64. */
#define SMTPC_LIMIT_PIPELINE_DEPTH 64
/** How many it is unless a client says otherwise. */
#define SMTPC_PIPELINE_DEPTH_DEFAULT 8
/** Content that is sent without having seen the replies to its envelope: more
 *  than this would be uploaded in vain too often. */
#define SMTPC_LIMIT_EAGER_CONTENT 65536
/** Bytes of a reply that are repeated in an error sentence. */
#define SMTPC_LIMIT_REPLY_QUOTED 400
/** Bytes of a reply that are kept with a recipient: a server must not fill
 *  memory with 10000 long refusals. */
#define SMTPC_LIMIT_RECIPIENT_TEXT 1024
/** Look-ups of one env that were given up while the resolver still had them;
 *  beyond, it counts as dead: threads must not pile up behind it. */
#define SMTPC_LIMIT_RESOLVER_THREADS 16
/** Logins of one profile that may be refused within the period below; then
 *  there are none until the first of them is so long ago. Servers lock accounts
 *  after five to ten. */
#define SMTPC_LIMIT_LOGIN_FAILURES 3
/** See above. */
#define SMTPC_LOGIN_FAILURE_PERIOD apr_time_from_sec(600)
/** Profiles of one env whose refused logins are remembered. */
#define SMTPC_LIMIT_LOCKOUT_PROFILES 256
/** Steps of SASL of one env that were given up while their threads still
 *  worked on them. */
#define SMTPC_LIMIT_SASL_THREADS 16
/** The end of an env waits so long for such threads: hashing takes at most a
 *  second, see SMTPC_SCRAM_ROUNDS_MAX. */
#define SMTPC_LIMIT_SASL_LINGER apr_time_from_sec(2)
/** Longest text about a certificate that is kept for the reason. */
#define SMTPC_LIMIT_CERTIFICATE_TEXT 256
/** A sentence of smtpc_client_error(). */
#define SMTPC_LIMIT_CLIENT_ERROR 512

#endif
