/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_parser.h: a streaming push parser for HTML form posts.
 *
 * Takes the body of a POST in pieces of any size and reports its fields and
 * files through callbacks.  Both encodings of HTML forms are understood:
 * application/x-www-form-urlencoded and multipart/form-data.
 *
 * Knows nothing of httpd, so that it can be tested and fuzzed alone.
 */
#ifndef MSC_FORM_PARSER_H
#define MSC_FORM_PARSER_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>

/** First status of the form parser. */
#define MSC_FORM_START_STATUS (APR_OS_START_USERERR + 3150)

/** The body breaks the rules of its encoding: 400. */
#define MSC_FORM_EMALFORMED (MSC_FORM_START_STATUS + 0)

/** A limit of msc_form_limits_t is exceeded: 413. */
#define MSC_FORM_ETOOLARGE (MSC_FORM_START_STATUS + 1)

/** Neither of the two encodings, or not UTF-8: 415. */
#define MSC_FORM_ETYPE (MSC_FORM_START_STATUS + 2)

/** Plain fields of one form, unless the caller says otherwise. */
#define MSC_FORM_FIELDS_DEFAULT 256

/** Files of one form: more than people pick by hand. */
#define MSC_FORM_FILES_DEFAULT 10

/** Bytes of one field's value: some thirty pages of text. */
#define MSC_FORM_FIELD_BYTES_DEFAULT (64 * 1024)

/** Bytes of one file: what most mail servers still take after base64. */
#define MSC_FORM_FILE_BYTES_DEFAULT (10 * 1024 * 1024)

/** Bytes of a field's name or of a file's name: NAME_MAX of file systems. */
#define MSC_FORM_NAME_BYTES_DEFAULT 255

/** Bytes of the header of one part: two escaped names and some lines. */
#define MSC_FORM_PART_HEADER_BYTES_DEFAULT 4096

/** Most that name_bytes and part_header_bytes may be set to: the parser
 *  allocates a buffer of that size. */
#define MSC_FORM_BUFFER_MAX (64 * 1024)

/** Longest boundary of a multipart body (RFC 2046 5.1.1). */
#define MSC_FORM_BOUNDARY_MAX 70

/** Longest Content-Type value of a request that is looked at. */
#define MSC_FORM_CONTENT_TYPE_MAX 1024

/** A parser; lives in the pool it was created in. */
typedef struct msc_form_parser_t msc_form_parser_t;

/** What a form may hold; a value is the largest one allowed, 0 is none. */
typedef struct {
    apr_size_t fields;            /**< plain fields in the form */
    apr_size_t files;             /**< files in the form */
    apr_off_t field_bytes;        /**< value of one field, decoded */
    apr_off_t file_bytes;         /**< content of one file */
    apr_size_t name_bytes;        /**< name of a field, name of a file */
    apr_size_t part_header_bytes; /**< header of one part, with line ends */
} msc_form_limits_t;

/** What is known of a part when it begins. */
typedef struct {
    /** Name of the field: not empty, UTF-8, no control characters. */
    const char *name;
    /** Name of the file without folders, same character rules, never empty,
     *  "." or ".."; NULL for a plain field. */
    const char *filename;
    /** The media type the visitor's browser claims, in correct syntax but
     *  not to be trusted; NULL when absent or not a media type. */
    const char *content_type;
} msc_form_part_t;

/**
 * What the parser calls.  The strings and the data are the parser's and are
 * valid during the call only.  A status other than APR_SUCCESS ends parsing
 * and is returned to the one who feeds.  After any error nothing more is
 * called, not even part_end for a part that has begun.
 */
typedef struct {
    /** A field or a file begins. */
    apr_status_t (*part_begin)(void *baton, const msc_form_part_t *part);
    /** @a len > 0 bytes of it; not called for an empty one. */
    apr_status_t (*part_data)(void *baton, const char *data, apr_size_t len);
    /** It is complete. */
    apr_status_t (*part_end)(void *baton);
} msc_form_callbacks_t;

/**
 * Fill @a limits with the defaults above.
 */
void msc_form_limits_init(msc_form_limits_t *limits);

/**
 * Create in @a *parser a parser for the body of a request whose Content-Type
 * header has the value @a content_type (NULL when there was none), which
 * obeys @a limits (NULL: the defaults) and calls @a callbacks with @a baton.
 *
 * Parser and buffers come from @a pool, now; feeding allocates nothing.  The
 * size depends on the limits alone, by default about 6 KiB.  Limits and
 * callbacks are copied.
 *
 * @a *parser is set on failure too, so that msc_form_parser_error() can tell
 * the reason; it then refuses all input with the same status.
 *
 * @return APR_SUCCESS          ready to be fed
 *         MSC_FORM_ETYPE       no form encoding, or its charset is neither
 *                              utf-8 nor us-ascii
 *         MSC_FORM_EMALFORMED  the header value is not well formed, or its
 *                              boundary is missing, twice there or not valid
 *         APR_EINVAL           name_bytes or part_header_bytes is 0 or above
 *                              MSC_FORM_BUFFER_MAX
 * RFC 7578 4.1, RFC 2046 5.1.1. @since 1.0
 */
apr_status_t msc_form_parser_create(msc_form_parser_t **parser,
                                    const char *content_type,
                                    const msc_form_limits_t *limits,
                                    const msc_form_callbacks_t *callbacks,
                                    void *baton, apr_pool_t *pool)
    __attribute__((warn_unused_result));

/**
 * Give @a parser the next @a len bytes of the body at @a data.
 *
 * What can be reported is reported before the call returns.  What is
 * reported in all, the status and the text of an error do not depend on how
 * the body was cut into pieces; only the pieces of part_data() do.
 *
 * Not reported: files nobody chose (an empty file name and no content), the
 * field _charset_ (it has to say utf-8 or us-ascii), preamble and epilogue.
 * Values keep their line ends; a value has no NUL and is valid UTF-8.  The
 * content of files is handed on as it is.
 *
 * Blocks only if a callback does.  Not callable from a callback.
 *
 * @return APR_SUCCESS          bytes taken
 *         MSC_FORM_EMALFORMED  the body breaks the rules of its encoding
 *         MSC_FORM_ETOOLARGE   a limit is exceeded
 *         MSC_FORM_ETYPE       a field is in another charset than UTF-8
 *         APR_EINVAL           the parser was told that the body is complete
 *         other                what a callback returned
 *         After a failure every call returns the same status.
 * RFC 7578, RFC 2046 5.1, URL Standard 5. @since 1.0
 */
apr_status_t msc_form_parser_feed(msc_form_parser_t *parser,
                                  const char *data, apr_size_t len)
    __attribute__((warn_unused_result));

/**
 * Tell @a parser that the body is complete.
 *
 * Calls the callbacks for what was still open.  A second call returns what
 * the first one did.
 *
 * @return APR_SUCCESS          the form is complete
 *         MSC_FORM_EMALFORMED  the body ends too early
 *         other                as msc_form_parser_feed()
 * @since 1.0
 */
apr_status_t msc_form_parser_end(msc_form_parser_t *parser)
    __attribute__((warn_unused_result));

/**
 * Get one sentence for the visitor on why @a parser failed: what is wrong,
 * with which field.  Names from the body are cut and have control
 * characters and quotes escaped, but the text is not escaped for HTML.
 *
 * @return a text that lives as long as the parser; "" when nothing failed
 * @since 1.0
 */
const char *msc_form_parser_error(const msc_form_parser_t *parser);

#endif /* MSC_FORM_PARSER_H */
