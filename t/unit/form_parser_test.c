/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_parser_test.c: limits, callbacks and general properties of the form
 * parser.  The vectors of its two encodings are in form_urlencoded_test.c and
 * form_multipart_test.c.
 */
#include <string.h>

#include <apr_strings.h>

#include "../support/form_support.h"
#include "../tap/tap.h"

/*
 * Limits
 */

typedef enum { FIELD_BYTES, FILE_BYTES, NAME_BYTES, HEADER_BYTES } size_e;

typedef struct {
    const char *label;
    size_e which;
    size_t limit;
    size_t counted; /* bytes of before and after that the limit counts */
    const char *content_type;
    const char *before; /* the body is this, a run of 'x', */
    const char *after;  /* and this */
    const char *error;
} size_case_t;

static void set_limit(msc_form_limits_t *limits, const size_case_t *one)
{
    msc_form_limits_init(limits);
    switch (one->which) {
    case FIELD_BYTES:
        limits->field_bytes = (apr_off_t)one->limit;
        break;
    case FILE_BYTES:
        limits->file_bytes = (apr_off_t)one->limit;
        break;
    case NAME_BYTES:
        limits->name_bytes = one->limit;
        break;
    default:
        limits->part_header_bytes = one->limit;
        break;
    }
}

/* Parse a body at the limit, or one byte over it. */
static void test_size(const size_case_t *one, int over, form_cut_fn_t cut)
{
    static form_outcome_t out;
    msc_form_limits_t limits;
    size_t run = one->limit + (size_t)over - one->counted;
    char *filler = apr_palloc(tap_pool(), run + 1);
    char *body;

    memset(filler, 'x', run);
    filler[run] = '\0';
    body = apr_pstrcat(tap_pool(), one->before, filler, one->after, NULL);
    set_limit(&limits, one);
    form_parse(&out, one->content_type, &limits, body, strlen(body), cut, NULL);
    tap_is_int(out.status, over ? MSC_FORM_ETOOLARGE : APR_SUCCESS,
               "%s, %d over: status", one->label, over);
    if (one->which == FIELD_BYTES || one->which == FILE_BYTES) {
        tap_is_int(out.seen.data_bytes, one->limit,
                   "%s, %d over: bytes handed on", one->label, over);
    }
    if (!tap_ok(over ? strstr(out.error, one->error) != NULL
                     : out.error[0] == '\0',
                "%s, %d over: text", one->label, over)) {
        tap_diag("%s", out.error);
    }
}

static void test_sizes(void)
{
    static const size_case_t cases[] = {
        {"field, urlencoded", FIELD_BYTES, 3000, 0, URL, "a=", "",
         "The field \"a\" is larger than 3000 bytes"},
        {"field, multipart", FIELD_BYTES, 3000, 0, MULTI, "--B\r\n" FIELD("a"),
         LAST, "The field \"a\" is larger than 3000 bytes"},
        {"field without room", FIELD_BYTES, 0, 0, URL, "a=", "",
         "The field \"a\" is larger than 0 bytes"},
        {"file", FILE_BYTES, 3000, 0, MULTI, "--B\r\n" FILE_PART("a", "f.txt"),
         LAST, "The file \"f.txt\" in the field \"a\" is larger than 3000"},
        {"file without room", FILE_BYTES, 0, 0, MULTI,
         "--B\r\n" FILE_PART("a", "f"), LAST,
         "The file \"f\" in the field \"a\" is larger than 0 bytes"},
        {"name, urlencoded", NAME_BYTES, 50, 0, URL, "", "=1",
         "xxx...\" has a name of more than 50 bytes"},
        {"name, multipart", NAME_BYTES, 50, 0, MULTI,
         "--B\r\nContent-Disposition: form-data; name=\"", "\"\r\n\r\n1" LAST,
         "has a name of more than 50 bytes"},
        {"file name", NAME_BYTES, 50, 0, MULTI,
         "--B\r\nContent-Disposition: form-data; name=a; filename=\"dir/",
         "\"\r\n\r\n1" LAST, "has a file name of more than 50 bytes"},
        {"part header", HEADER_BYTES, 500,
         sizeof("Content-Disposition: form-data; name=a\r\nX: \r\n\r\n") - 1,
         MULTI, "--B\r\nContent-Disposition: form-data; name=a\r\nX: ",
         "\r\n\r\n1" LAST, "\"a\" has more than 500 bytes of part header"},
    };
    size_t i;
    int over;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (over = 0; over < 2; over++) {
            test_size(&cases[i], over, form_cut_nowhere);
            test_size(&cases[i], over, form_cut_bytes);
        }
    }
}

static void test_counts(void)
{
    static form_outcome_t out;
    msc_form_limits_t limits;
    const char *two_files =
        "--B\r\n" FILE_PART("a", "f") "1" NEXT FILE_PART("b", "")
            NEXT FILE_PART("c", "g") "2" LAST;

    msc_form_limits_init(&limits);
    limits.fields = 2;
    form_parse(&out, URL, &limits, BYTES("a=1&b=2&&"), form_cut_bytes, NULL);
    tap_is_int(out.status, APR_SUCCESS, "two fields of two");
    form_parse(&out, URL, &limits, BYTES("a=1&b=2&&c"), form_cut_bytes, NULL);
    tap_is_int(out.status, MSC_FORM_ETOOLARGE, "three fields of two");
    tap_is_str(out.error, "The form has more than 2 fields.", "its text");
    tap_is_int(out.seen.begins, 2, "the third is not reported");
    limits.files = 2;
    limits.fields = 0;
    form_parse(&out, MULTI, &limits, two_files, strlen(two_files),
               form_cut_bytes, NULL);
    tap_is_int(out.status, APR_SUCCESS, "two files of two, one not chosen");
    limits.files = 1;
    form_parse(&out, MULTI, &limits, two_files, strlen(two_files),
               form_cut_bytes, NULL);
    tap_is_int(out.status, MSC_FORM_ETOOLARGE, "two files of one");
    tap_is_str(out.error,
               "The form has more than 1 files, please attach fewer.",
               "its text");
}

/* Get a text with so many 'b' behind it. */
static const char *with_run(const char *text, size_t n)
{
    char *run = apr_palloc(tap_pool(), n + 1);

    memset(run, 'b', n);
    run[n] = '\0';
    return apr_pstrcat(tap_pool(), text, run, NULL);
}

static void test_create_limits(void)
{
    static form_outcome_t out;
    msc_form_limits_t limits;

    msc_form_limits_init(&limits);
    limits.name_bytes = 0;
    form_parse(&out, URL, &limits, BYTES("a=1"), form_cut_nowhere, NULL);
    tap_is_int(out.status, APR_EINVAL, "no room for names");
    limits.name_bytes = MSC_FORM_BUFFER_MAX + 1;
    form_parse(&out, URL, &limits, BYTES("a=1"), form_cut_nowhere, NULL);
    tap_is_int(out.status, APR_EINVAL, "too much room for names");
    limits.name_bytes = MSC_FORM_BUFFER_MAX;
    limits.part_header_bytes = MSC_FORM_BUFFER_MAX + 1;
    form_parse(&out, URL, &limits, BYTES("a=1"), form_cut_nowhere, NULL);
    tap_is_int(out.status, APR_EINVAL, "too much room for headers");
    limits.part_header_bytes = MSC_FORM_BUFFER_MAX;
    form_parse(&out, URL, &limits, BYTES("a=1"), form_cut_nowhere, NULL);
    tap_is_int(out.status, APR_SUCCESS, "the largest buffers");

    form_parse(
        &out, with_run("multipart/form-data; boundary=", MSC_FORM_BOUNDARY_MAX),
        NULL, BYTES(""), form_cut_nowhere, NULL);
    tap_ok(strstr(out.error, "ends before") != NULL, "boundary of 70");
    form_parse(
        &out,
        with_run("multipart/form-data; boundary=", MSC_FORM_BOUNDARY_MAX + 1),
        NULL, BYTES(""), form_cut_nowhere, NULL);
    tap_ok(strstr(out.error, "not valid") != NULL, "boundary of 71");
    form_parse(&out, with_run(URL ";a=", MSC_FORM_CONTENT_TYPE_MAX - 3), NULL,
               BYTES("a=1"), form_cut_nowhere, NULL);
    tap_is_int(out.status, APR_SUCCESS, "parameters of the most bytes");
    form_parse(&out, with_run(URL ";a=", MSC_FORM_CONTENT_TYPE_MAX - 2), NULL,
               BYTES("a=1"), form_cut_nowhere, NULL);
    tap_is_int(out.status, MSC_FORM_EMALFORMED, "one byte more");
}

/*
 * Callbacks and order of calls
 */

static void test_callback_errors(void)
{
    static const char *const places[] = {"begin", "data", "end"};
    static const char *const traces[] = {"a=", "a=1", "a=1;"};
    static const char multi[] =
        "--B\r\n" FIELD("a") "1" NEXT FIELD("b") "2" LAST;
    static form_outcome_t out;
    size_t i;

    for (i = 0; i < 3; i++) {
        out.seen.fail_in = places[i];
        form_parse(&out, URL, NULL, BYTES("a=1&b=2"), form_cut_nowhere, NULL);
        tap_is_int(out.status, FORM_CALLBACK_STATUS, "urlencoded, %s: status",
                   places[i]);
        tap_is_mem(out.seen.trace, out.seen.len, traces[i], strlen(traces[i]),
                   "urlencoded, %s: nothing after it", places[i]);
        form_parse(&out, MULTI, NULL, multi, sizeof(multi) - 1,
                   form_cut_nowhere, NULL);
        tap_is_int(out.status, FORM_CALLBACK_STATUS, "multipart, %s: status",
                   places[i]);
        tap_is_mem(out.seen.trace, out.seen.len, traces[i], strlen(traces[i]),
                   "multipart, %s: nothing after it", places[i]);
        tap_is_str(out.error,
                   "The field \"a\" could not be taken in by the server.",
                   "multipart, %s: text", places[i]);
    }
    out.seen.fail_in = NULL;
}

static void test_calls(void)
{
    static form_recorder_t seen;
    msc_form_parser_t *parser;

    tap_is_int(msc_form_parser_create(&parser, URL, NULL, &form_callbacks,
                                      &seen, tap_pool()),
               APR_SUCCESS, "create");
    tap_is_int(msc_form_parser_feed(parser, NULL, 0), APR_SUCCESS,
               "nothing fed");
    tap_is_int(msc_form_parser_feed(parser, "a=%41", 5), APR_SUCCESS,
               "a pair fed");
    tap_is_mem(seen.trace, seen.len, "a=A", 3, "reported before the end");
    tap_is_int(msc_form_parser_end(parser), APR_SUCCESS, "end");
    tap_is_int(msc_form_parser_end(parser), APR_SUCCESS, "end again");
    tap_is_int(seen.ends, 1, "reported once");
    tap_is_int(msc_form_parser_feed(parser, "a", 1), APR_EINVAL,
               "feeding after the end");
    tap_is_str(msc_form_parser_error(parser), "", "no error text");

    tap_is_int(msc_form_parser_create(&parser, URL, NULL, &form_callbacks,
                                      &seen, tap_pool()),
               APR_SUCCESS, "create");
    tap_is_int(msc_form_parser_feed(parser, "=", 1), MSC_FORM_EMALFORMED,
               "a bad pair fed");
    seen.len = 0;
    tap_is_int(msc_form_parser_feed(parser, "a=1", 3), MSC_FORM_EMALFORMED,
               "the same status again");
    tap_is_int(msc_form_parser_end(parser), MSC_FORM_EMALFORMED,
               "and at the end");
    tap_is_int(seen.len, 0, "nothing reported any more");

    tap_is_int(msc_form_parser_create(&parser, "text/plain", NULL,
                                      &form_callbacks, &seen, tap_pool()),
               MSC_FORM_ETYPE, "create fails");
    tap_is_int(msc_form_parser_feed(parser, "a=1", 3), MSC_FORM_ETYPE,
               "feeding it as well");
    tap_is_int(msc_form_parser_end(parser), MSC_FORM_ETYPE, "ending too");
}

/* Data full of beginnings of delimiters leaves in one piece. */
static void test_runs(void)
{
    static const char *const units[] = {"\r", "\r\n", "\r\n--", "\r\n--X",
                                        "\r\n--B="};
    static form_outcome_t out;
    const size_t size = 1024 * 1024;
    char *body = apr_palloc(tap_pool(), size + 200);
    size_t i;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t unit = strlen(units[i]);
        size_t len = strlen("--B\r\n" FILE_PART("a", "f"));
        size_t want = size / unit * unit;
        size_t at;

        memcpy(body, "--B\r\n" FILE_PART("a", "f"), len);
        for (at = 0; at < want; at += unit) {
            memcpy(body + len + at, units[i], unit);
        }
        memcpy(body + len + want, LAST, strlen(LAST));
        form_parse(&out, MULTI, NULL, body, len + want + strlen(LAST),
                   form_cut_nowhere, NULL);
        tap_is_int(out.status, APR_SUCCESS, "run %d: status", (int)i);
        tap_is_int(out.seen.data_bytes, want, "run %d: bytes", (int)i);
        tap_is_int(out.seen.datas, 1, "run %d: calls", (int)i);
        form_parse(&out, MULTI, NULL, body, len + want + strlen(LAST),
                   form_cut_bytes, NULL);
        tap_is_int(out.status, APR_SUCCESS, "run %d by byte: status", (int)i);
        tap_is_int(out.seen.data_bytes, want, "run %d by byte: bytes", (int)i);
    }
}

/*
 * Properties
 */

static size_t append(char *out, size_t at, const char *text)
{
    memcpy(out + at, text, strlen(text));
    return at + strlen(text);
}

/* Write a random value that does not hold a delimiter by chance. */
static void make_value(char *value, unsigned long long *seed)
{
    static const char *const bits[] = {
        "\r",      "\n",        "\r\n",    "-", "--",       "B",
        "--B",     "\r\n--",    "\r\n--C", "x", "\xc3\xa4", "\xf0\x9f\x98\x80",
        "\r\n--b", "some text", "&",       "%"};
    size_t len;
    unsigned count;

    do {
        len = 0;
        count = form_random(seed) % 12;
        while (count-- > 0) {
            len = append(
                value, len,
                bits[form_random(seed) % (sizeof(bits) / sizeof(bits[0]))]);
        }
        value[len] = '\0';
    } while (strncmp(value, "--B", 3) == 0 || strstr(value, "\r\n--B"));
}

/* Write a form of random parts, and what its trace has to be. */
static size_t make_form(char *body, char *trace, size_t *trace_len,
                        unsigned long long *seed)
{
    char value[256];
    unsigned parts = form_random(seed) % 5;
    size_t len = append(body, 0, form_random(seed) % 2 ? "" : "pre\r\n");
    size_t at = 0;

    while (parts-- > 0) {
        int is_file = form_random(seed) % 2;

        make_value(value, seed);
        len = append(body, len, "--B\r\n");
        len = append(body, len, is_file ? FILE_PART("f", "n") : FIELD("a"));
        len = append(body, len, value);
        len = append(body, len, "\r\n");
        at = append(trace, at, is_file ? "f@n(text/plain)=" : "a=");
        at = append(trace, at, value);
        at = append(trace, at, ";");
    }
    *trace_len = at;
    return append(body, len, "--B--\r\nepilogue");
}

static void test_random_forms(void)
{
    static char body[8192];
    static char trace[8192];
    static form_outcome_t out;
    unsigned long long seed = 20240229;
    size_t round;
    size_t trace_len = 0;
    size_t len = 0;

    for (round = 0; round < 3000; round++) {
        len = make_form(body, trace, &trace_len, &seed);
        form_parse(&out, MULTI, NULL, body, len, form_cut_randomly, &seed);
        if (out.status != APR_SUCCESS || out.seen.len != trace_len ||
            memcmp(out.seen.trace, trace, trace_len) != 0) {
            break;
        }
    }
    if (!tap_ok(round == 3000, "random forms in random pieces")) {
        tap_is_mem(out.seen.trace, out.seen.len, trace, trace_len, "  form %d",
                   (int)round);
        tap_diag("%s", out.error);
        tap_is_mem("", 0, body, len, "  its body");
    }
}

/* Any soup gives one outcome, however it is cut. */
static void test_random_soup(const char *content_type)
{
    static const char *const bits[] = {
        "\r",
        "\n",
        "\r\n",
        "-",
        "--",
        "B",
        "\r\n--B",
        "--B\r\n",
        "--B--",
        "\r\n\r\n",
        "Content-Disposition: form-data; name=\"a\"\r\n\r\n",
        "Content-Disposition: form-data; name=f; filename=g\r\n",
        "\"",
        ";",
        "Content-Type: text/plain\r\n",
        "\xe2\x82\xac",
        "\xe2",
        "\x82",
        "=",
        "&",
        "%41",
        "%",
        "%c3%a4",
        "name",
        "_charset_=utf-8&",
        "+",
        ":",
        " "};
    static char body[4096];
    static form_outcome_t whole;
    static form_outcome_t cut;
    unsigned long long seed = 7;
    size_t round;
    size_t len = 0;

    for (round = 0; round < 5000; round++) {
        unsigned count = form_random(&seed) % 40;

        len = append(body, 0, form_random(&seed) % 8 ? "--B\r\n" : "");
        while (count-- > 0) {
            len = append(
                body, len,
                bits[form_random(&seed) % (sizeof(bits) / sizeof(bits[0]))]);
        }
        form_parse(&whole, content_type, NULL, body, len, form_cut_nowhere,
                   NULL);
        form_parse(&cut, content_type, NULL, body, len, form_cut_randomly,
                   &seed);
        if (whole.status != cut.status || whole.seen.len != cut.seen.len ||
            strcmp(whole.error, cut.error) != 0 ||
            memcmp(whole.seen.trace, cut.seen.trace, cut.seen.len) != 0) {
            break;
        }
    }
    if (!tap_ok(round == 5000, "random soup, %s", content_type)) {
        tap_is_mem(cut.seen.trace, cut.seen.len, whole.seen.trace,
                   whole.seen.len, "  soup %d", (int)round);
        tap_is_str(cut.error, whole.error, "  error");
        tap_is_mem("", 0, body, len, "  its body");
    }
}

int main(void)
{
    test_sizes();
    test_counts();
    test_create_limits();
    test_callback_errors();
    test_calls();
    test_runs();
    test_random_forms();
    test_random_soup(URL);
    test_random_soup(MULTI);
    return tap_done();
}
