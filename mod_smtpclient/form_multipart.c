/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_multipart.c: the framing of multipart/form-data.
 *
 * A delimiter is CR LF "--" boundary followed by a blank, a CR or a '-'; with
 * any other byte behind it ("--boundaryX") it is data.  Behind a delimiter
 * only blanks (transport padding), "--" for the last one, and CR LF are
 * accepted.  Line ends are CR LF and nothing else.
 *
 * The search is linear without a table: CR occurs in a delimiter only at its
 * start, so after a mismatch no shorter match can be under way.  Bytes of
 * the body that were taken for a delimiter and are none need not be stored:
 * they are the delimiter's own first bytes.
 *
 * One buffer holds the header of a part until the next part.  Preamble and
 * epilogue are skipped.  Multiparts inside are refused (form_header.c).
 *
 * RFC 2046 5.1.1, RFC 7578 4.
 */
#include "form_private.h"

#include <string.h>

/* CR LF "--" boundary. */
#define DELIMITER_MAX (4 + MSC_FORM_BOUNDARY_MAX)

/* The CR LF of a delimiter may be one that was read before: the line end of
 * an empty header, or the beginning of the body. */
#define DELIMITER_LINE_END 2

typedef enum {
    IN_PREAMBLE,
    IN_HEADER,
    IN_DATA,
    AFTER_DELIMITER, /* CR LF "--" boundary was read */
    AFTER_DASH,      /* and "-" */
    IN_PADDING,
    AFTER_PADDING, /* CR was read */
    IN_LAST_PADDING,
    AFTER_LAST_PADDING, /* CR was read */
    IN_EPILOGUE
} place_e;

struct msc_form_multipart_t {
    place_e place;
    apr_size_t delimiter_len;
    char delimiter[DELIMITER_MAX];
    apr_size_t matched;  /* bytes of the delimiter seen */
    apr_size_t borrowed; /* of these, not to be handed on as data */
    msc_form_header_t header;
    apr_size_t header_len;
    apr_size_t line_start;
    char *header_buffer; /* part_header_bytes */
};

void msc_form_multipart_create(msc_form_parser_t *parser,
                               const char *boundary, apr_size_t len,
                               apr_pool_t *pool)
{
    msc_form_multipart_t *state = apr_pcalloc(pool, sizeof(*state));

    memcpy(state->delimiter, "\r\n--", 4);
    memcpy(state->delimiter + 4, boundary, len);
    state->delimiter_len = 4 + len;
    state->place = IN_PREAMBLE;
    state->matched = DELIMITER_LINE_END;
    state->borrowed = DELIMITER_LINE_END;
    state->header_buffer = apr_palloc(pool, parser->limits.part_header_bytes);
    parser->multipart = state;
}

static apr_status_t bad_framing(msc_form_parser_t *parser)
{
    return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                "has a boundary line that is not well "
                                "formed");
}

/*
 * Data and preamble
 */

/* Hand on bytes that turned out to be no delimiter. */
static apr_status_t hand_on(msc_form_parser_t *parser, const char *data,
                            apr_size_t len)
{
    if (parser->multipart->place == IN_PREAMBLE) {
        return APR_SUCCESS;
    }
    return msc_form_parser_part_data(parser, data, len);
}

/* A delimiter ends the part or the preamble. */
static apr_status_t end_data(msc_form_parser_t *parser)
{
    msc_form_multipart_t *state = parser->multipart;
    int is_part = state->place == IN_DATA;

    state->place = AFTER_DELIMITER;
    state->matched = 0;
    state->borrowed = 0;
    return is_part ? msc_form_parser_part_end(parser) : APR_SUCCESS;
}

static int may_follow_delimiter(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '-';
}

/*
 * Take data up to and including the next delimiter, or all of it; *used says
 * how much.  "run" is where the bytes begin that are not handed on yet,
 * "from" where the delimiter in hand begins; one that began in an earlier
 * call has "held" bytes there, which are not in this data.
 */
static apr_status_t take_data(msc_form_parser_t *parser, const char *data,
                              apr_size_t len, apr_size_t *used)
{
    msc_form_multipart_t *state = parser->multipart;
    apr_size_t held = state->matched;
    apr_size_t from = 0;
    apr_size_t i = 0;
    apr_status_t rv;

    while (i < len) {
        if (state->matched == 0) {
            const char *cr = memchr(data + i, '\r', len - i);

            if (cr == NULL) {
                break;
            }
            from = (apr_size_t)(cr - data);
            i = from + 1;
            state->matched = 1;
        }
        else if (state->matched < state->delimiter_len
                 && data[i] == state->delimiter[state->matched]) {
            state->matched++;
            i++;
        }
        else if (state->matched == state->delimiter_len
                 && may_follow_delimiter(data[i])) {
            *used = i;
            rv = hand_on(parser, data, from);
            return rv != APR_SUCCESS ? rv : end_data(parser);
        }
        else {
            if (held > 0) {
                rv = hand_on(parser, state->delimiter + state->borrowed,
                             held - state->borrowed);
                if (rv != APR_SUCCESS) {
                    return rv;
                }
                held = 0;
            }
            state->borrowed = 0;
            state->matched = 0; /* and look at this byte again: a CR? */
        }
    }
    *used = len;
    return hand_on(parser, data, state->matched > 0 ? from : len);
}

/*
 * Header
 */

static void begin_header(msc_form_multipart_t *state)
{
    memset(&state->header, 0, sizeof(state->header));
    state->header_len = 0;
    state->line_start = 0;
    state->place = IN_HEADER;
}

/* The empty line was read. */
static apr_status_t end_header(msc_form_parser_t *parser)
{
    msc_form_multipart_t *state = parser->multipart;

    state->place = IN_DATA;
    state->matched = DELIMITER_LINE_END;
    state->borrowed = DELIMITER_LINE_END;
    return msc_form_parser_part_begin(parser, &state->header);
}

/* A header line is complete, with its CR LF, in the buffer. */
static apr_status_t end_line(msc_form_parser_t *parser)
{
    msc_form_multipart_t *state = parser->multipart;
    char *line = state->header_buffer + state->line_start;
    const char *problem;

    state->header_buffer[state->header_len - 2] = '\0';
    state->line_start = state->header_len;
    if (line[0] == '\0') {
        return end_header(parser);
    }
    problem = msc_form_header_line(&state->header, line);
    if (problem != NULL) {
        parser->name = state->header.name;
        parser->filename = state->header.filename;
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED, "%s",
                                    problem);
    }
    return APR_SUCCESS;
}

static apr_status_t take_header(msc_form_parser_t *parser, char c)
{
    msc_form_multipart_t *state = parser->multipart;
    int after_cr = state->header_len > state->line_start
                   && state->header_buffer[state->header_len - 1] == '\r';

    if (state->header_len == parser->limits.part_header_bytes) {
        parser->name = state->header.name;
        return msc_form_parser_fail(parser, MSC_FORM_ETOOLARGE,
                                    "has more than %" APR_SIZE_T_FMT
                                    " bytes of part header",
                                    parser->limits.part_header_bytes);
    }
    if (after_cr != (c == '\n')
        || (((unsigned char)c < ' ' || c == 0x7f) && c != '\r' && c != '\n'
            && c != '\t')) {
        parser->name = state->header.name;
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "has a control character in the header "
                                    "of a part");
    }
    state->header_buffer[state->header_len++] = c;
    return after_cr ? end_line(parser) : APR_SUCCESS;
}

/*
 * Boundary lines
 */

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Take one byte behind a delimiter. */
static apr_status_t take_boundary_line(msc_form_parser_t *parser, char c)
{
    msc_form_multipart_t *state = parser->multipart;

    switch (state->place) {
    case AFTER_DELIMITER:
        if (c == '-') {
            state->place = AFTER_DASH;
            return APR_SUCCESS;
        }
        state->place = IN_PADDING;
        /* fall through */
    case IN_PADDING:
        if (c == '\r') {
            state->place = AFTER_PADDING;
            return APR_SUCCESS;
        }
        return is_blank(c) ? APR_SUCCESS : bad_framing(parser);
    case AFTER_PADDING:
        if (c == '\n') {
            begin_header(state);
            return APR_SUCCESS;
        }
        return bad_framing(parser);
    case AFTER_DASH:
        if (c == '-') {
            state->place = IN_LAST_PADDING;
            return APR_SUCCESS;
        }
        return bad_framing(parser);
    case IN_LAST_PADDING:
        if (c == '\r') {
            state->place = AFTER_LAST_PADDING;
            return APR_SUCCESS;
        }
        return is_blank(c) ? APR_SUCCESS : bad_framing(parser);
    default: /* AFTER_LAST_PADDING */
        if (c == '\n') {
            state->place = IN_EPILOGUE;
            return APR_SUCCESS;
        }
        return bad_framing(parser);
    }
}

/*
 * Feeding
 */

apr_status_t msc_form_multipart_feed(msc_form_parser_t *parser,
                                     const char *data, apr_size_t len)
{
    msc_form_multipart_t *state = parser->multipart;
    apr_status_t rv = APR_SUCCESS;

    while (len > 0 && rv == APR_SUCCESS && state->place != IN_EPILOGUE) {
        apr_size_t used = 1;

        if (state->place == IN_PREAMBLE || state->place == IN_DATA) {
            rv = take_data(parser, data, len, &used);
        }
        else if (state->place == IN_HEADER) {
            rv = take_header(parser, *data);
        }
        else {
            rv = take_boundary_line(parser, *data);
        }
        if (rv == APR_SUCCESS) {
            data += used;
            len -= used;
        }
    }
    return rv;
}

apr_status_t msc_form_multipart_end(msc_form_parser_t *parser)
{
    place_e place = parser->multipart->place;

    if (place != IN_LAST_PADDING && place != IN_EPILOGUE) {
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "ends before its last boundary; it did "
                                    "not arrive completely");
    }
    return APR_SUCCESS;
}
