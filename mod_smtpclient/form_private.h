/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_private.h: what the files of the form parser share.
 *
 * form_parser.c      the public face; limits, checks and callbacks per part
 * form_multipart.c   framing of multipart/form-data -> parts
 * form_urlencoded.c  pairs of application/x-www-form-urlencoded -> parts
 * form_header.c      header lines and their parameters
 * form_text.c        UTF-8, names, names inside error texts
 */
#ifndef MSC_FORM_PRIVATE_H
#define MSC_FORM_PRIVATE_H

#include "form_parser.h"

/* Bytes of the longest error sentence, with NUL. */
#define MSC_FORM_ERROR_MAX 512

/* Bytes of a name shown in an error sentence, before escaping. */
#define MSC_FORM_SHOWN_NAME_MAX 40

/* Room for such a name escaped, with dots and NUL. */
#define MSC_FORM_SHOWN_NAME_SIZE (4 * MSC_FORM_SHOWN_NAME_MAX + 4)

/* A run of bytes inside somebody else's memory. */
typedef struct {
    const char *ptr;
    apr_size_t len;
} msc_form_slice_t;

/* One parameter of a header value, as written. */
typedef struct {
    msc_form_slice_t attribute;
    msc_form_slice_t value; /* without the quotes */
    int quoted;
} msc_form_param_t;

/* Where a UTF-8 text is between two bytes; all zero: between characters. */
typedef struct {
    unsigned char missing; /* continuation bytes still to come */
    unsigned char low;     /* range of the next one */
    unsigned char high;
} msc_form_utf8_t;

/* What the header of a part said; pointers into the header's buffer. */
typedef struct {
    const char *name;
    const char *filename;
    const char *content_type;
    int has_disposition;
    int has_content_type;
    int has_encoding;
    int foreign_charset; /* of the content type */
} msc_form_header_t;

typedef struct msc_form_multipart_t msc_form_multipart_t;
typedef struct msc_form_urlencoded_t msc_form_urlencoded_t;

/* What is done with the data of the part in hand. */
typedef enum {
    MSC_FORM_SINK_NONE,
    MSC_FORM_SINK_FIELD,
    MSC_FORM_SINK_FILE,
    MSC_FORM_SINK_NO_FILE, /* nobody chose one: there must be no data */
    MSC_FORM_SINK_CHARSET
} msc_form_sink_e;

/* Longest value of the field _charset_ that can be right: "us-ascii". */
#define MSC_FORM_CHARSET_MAX 8

struct msc_form_parser_t {
    msc_form_limits_t limits;
    msc_form_callbacks_t callbacks;
    void *baton;
    msc_form_multipart_t *multipart;   /* exactly one of these two, */
    msc_form_urlencoded_t *urlencoded; /* unless creating failed */
    apr_status_t status;
    int ended;
    apr_size_t fields;
    apr_size_t files;
    /* The part in hand; name and file name are what errors speak of. */
    const char *name;
    const char *filename;
    msc_form_sink_e sink;
    apr_off_t bytes;
    msc_form_utf8_t utf8;
    apr_size_t charset_len;
    char charset[MSC_FORM_CHARSET_MAX];
    char error[MSC_FORM_ERROR_MAX];
};

/*
 * form_parser.c
 */

/** Fail with a status and a sentence: its subject is the part in hand or the
 * form, the format says the rest without the full stop.  Returns status. */
apr_status_t msc_form_parser_fail(msc_form_parser_t *parser,
                                  apr_status_t status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Begin a part: check its names, count it, call part_begin. */
apr_status_t msc_form_parser_part_begin(msc_form_parser_t *parser,
                                        const msc_form_header_t *header);

/** Hand on data of the part in hand, as far as limits and rules allow. */
apr_status_t msc_form_parser_part_data(msc_form_parser_t *parser,
                                       const char *data, apr_size_t len);

/** End the part in hand. */
apr_status_t msc_form_parser_part_end(msc_form_parser_t *parser);

/*
 * form_multipart.c
 */

/** Make the multipart state of a parser; boundary has been validated. */
void msc_form_multipart_create(msc_form_parser_t *parser,
                               const char *boundary, apr_size_t len,
                               apr_pool_t *pool);

/** Take bytes of a multipart body. */
apr_status_t msc_form_multipart_feed(msc_form_parser_t *parser,
                                     const char *data, apr_size_t len);

/** Check that a multipart body had its final boundary. */
apr_status_t msc_form_multipart_end(msc_form_parser_t *parser);

/*
 * form_urlencoded.c
 */

/** Make the urlencoded state of a parser. */
void msc_form_urlencoded_create(msc_form_parser_t *parser, apr_pool_t *pool);

/** Take bytes of an urlencoded body. */
apr_status_t msc_form_urlencoded_feed(msc_form_parser_t *parser,
                                      const char *data, apr_size_t len);

/** Report the last pair of an urlencoded body. */
apr_status_t msc_form_urlencoded_end(msc_form_parser_t *parser);

/*
 * form_header.c
 */

/** Take the part of a value before the first parameter off *cursor, without
 * white space around it; it may be empty. */
msc_form_slice_t msc_form_header_head(const char **cursor);

/** Take the next parameter off *cursor.  Returns 1 when there was one, 0 at
 * the end of the value, -1 when it is not well formed. */
int msc_form_header_param(const char **cursor, msc_form_param_t *param);

/** Tell whether a slice is a text, in any case of letters. */
int msc_form_header_is(msc_form_slice_t slice, const char *text);

/** Tell whether a charset is one we read as UTF-8. */
int msc_form_header_is_utf8(msc_form_slice_t charset);

/** Copy the boundary parameter to out without escapes and check it.  Returns
 * its length, 0 when it is not a valid boundary. */
apr_size_t msc_form_header_boundary(char out[MSC_FORM_BOUNDARY_MAX],
                                    const msc_form_param_t *param);

/** Read one header line of a part, NUL in place of its line end, into header;
 * values are decoded inside the line.  Returns NULL, or what is wrong with
 * the part as the end of a sentence. */
const char *msc_form_header_line(msc_form_header_t *header, char *line);

/*
 * form_text.c
 */

/** Take one byte of a UTF-8 text.  Returns 0 when it cannot stand here. */
int msc_form_text_utf8_step(msc_form_utf8_t *state, unsigned char byte);

/** Tell whether a name is UTF-8 without control characters (C0, DEL, C1). */
int msc_form_text_is_name(const char *name);

/** Write a name to out in a form fit for an error sentence. */
void msc_form_text_show(char out[MSC_FORM_SHOWN_NAME_SIZE],
                        const char *name);

#endif /* MSC_FORM_PRIVATE_H */
