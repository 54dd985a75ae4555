/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml.c: small XML files, with line numbers.
 *
 * The text is looked through before apr_xml sees it. That finds document
 * type declarations, which are refused (no entity can be declared, so none
 * can grow), bounds the nesting, and notes each start tag. In a document
 * that turns out to be well-formed, the n-th start tag is the n-th element
 * in document order: apr_xml keeps no lines, this gives them to it.
 *
 * What the parser library copies for its own use while it parses is not
 * within reach of smtpc__xml_wipe(). XML 1.0, fifth edition.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "base/secret_int.h"
#include "model/xml.h"

/* Blanks, XML 1.0 2.3. */
#define BLANKS " \t\r\n"

/* A start tag. */
typedef struct tag_t {
    const char *text; /* its '<' */
    const char *end;  /* behind its '>' */
    int line;
} tag_t;

/* A look through the text. */
typedef struct scan_t {
    const char *at;
    const char *end;
    int line; /* of at */
    int depth;
    apr_array_header_t *tags;
} scan_t;

static int count_lines(const char *from, const char *to)
{
    int lines = 0;

    while ((from = memchr(from, '\n', (apr_size_t)(to - from))) != NULL) {
        lines++;
        from++;
    }
    return lines;
}

static void advance(scan_t *scan, const char *to)
{
    scan->line += count_lines(scan->at, to);
    scan->at = to;
}

static int starts(const scan_t *scan, const char *with)
{
    apr_size_t len = strlen(with);

    return (apr_size_t)(scan->end - scan->at) >= len
           && memcmp(scan->at, with, len) == 0;
}

/* Skip what begins here and ends with the text end; to the end of all if
 * that never comes, which the parser will not like. */
static void skip_behind(scan_t *scan, const char *end)
{
    const char *found = memmem(scan->at, (apr_size_t)(scan->end - scan->at),
                               end, strlen(end));

    advance(scan, found != NULL ? found + strlen(end) : scan->end);
}

/* Note the start tag that begins here and skip it. */
static void take_tag(scan_t *scan)
{
    tag_t *tag = apr_array_push(scan->tags);
    const char *at = scan->at;
    char quote = '\0';

    tag->text = at;
    tag->line = scan->line;
    for (at++; at < scan->end; at++) {
        if (quote != '\0') {
            quote = *at == quote ? '\0' : quote;
        }
        else if (*at == '"' || *at == '\'') {
            quote = *at;
        }
        else if (*at == '>') {
            break;
        }
    }
    scan->depth += at == scan->end || at[-1] != '/';
    tag->end = at < scan->end ? at + 1 : at;
    advance(scan, tag->end);
}

/* Note all start tags. */
static apr_status_t look_through(scan_t *scan, smtpc__xml_error_t *error)
{
    const char *next;

    while ((next = memchr(scan->at, '<', (apr_size_t)(scan->end - scan->at)))
           != NULL) {
        advance(scan, next);
        error->line = scan->line;
        if (starts(scan, "<!--")) {
            advance(scan, next + 4);
            skip_behind(scan, "-->");
        }
        else if (starts(scan, "<![CDATA[")) {
            skip_behind(scan, "]]>");
        }
        else if (starts(scan, "<!")) {
            error->text = "a document type or entity declaration (\"<!\") is "
                          "not allowed here; take it out";
            return SMTPC_EARG;
        }
        else if (starts(scan, "<?")) {
            skip_behind(scan, "?>");
        }
        else if (starts(scan, "</")) {
            scan->depth--;
            advance(scan, next + 2);
        }
        else {
            take_tag(scan);
        }
        if (scan->depth > SMTPC_LIMIT_SETTINGS_DEPTH) {
            error->text = "elements are nested too deep";
            return SMTPC_ELIMIT;
        }
    }
    return APR_SUCCESS;
}

/* The parser's words without what precedes and follows the reason. */
static const char *reason_of(apr_xml_parser *parser, apr_pool_t *pool)
{
    char buf[200];
    const char *text = apr_xml_parser_geterror(parser, buf, sizeof(buf));
    const char *colon = strstr(text, ": ");
    const char *bracket;

    text = colon != NULL ? colon + 2 : text;
    bracket = strstr(text, " (");
    return apr_psprintf(pool, "this is not well-formed XML: %.*s",
                        bracket != NULL ? (int)(bracket - text)
                                        : (int)strlen(text), text);
}

/* Return non-zero if the parser accepts the first len bytes of text. */
static int begins_well(const char *text, apr_size_t len, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    int accepted;

    if (apr_pool_create(&scratch, pool) != APR_SUCCESS) {
        return 0;
    }
    accepted = apr_xml_parser_feed(apr_xml_parser_create(scratch), text, len)
               == APR_SUCCESS;
    apr_pool_destroy(scratch);
    return accepted;
}

/* Return the line where the parser stops, which it does not tell: that of
 * the shortest beginning of the text that it refuses. */
static int line_of_error(const char *text, apr_size_t len, apr_pool_t *pool)
{
    apr_size_t good = 0;
    apr_size_t bad = len;

    while (good + 1 < bad) {
        apr_size_t middle = good + (bad - good) / 2;

        if (begins_well(text, middle, pool)) {
            good = middle;
        }
        else {
            bad = middle;
        }
    }
    /* A line end that comes too early is on the line that it ends. */
    return 1 + count_lines(text, text + (bad > 0 ? bad - 1 : 0));
}

/* Give each element below root its tag; APR_EGENERAL if they do not pair. */
static apr_status_t place_tags(apr_xml_elem *root,
                               const apr_array_header_t *tags)
{
    apr_xml_elem *element = root;
    int i;

    for (i = 0; element != NULL && i < tags->nelts; i++) {
        element->priv = &APR_ARRAY_IDX(tags, i, tag_t);
        element = smtpc__xml_next(element, root);
    }
    return element == NULL && i == tags->nelts ? APR_SUCCESS : APR_EGENERAL;
}

static apr_status_t parse(apr_xml_doc **doc, smtpc__xml_error_t *error,
                          const char *text, apr_size_t len, apr_pool_t *pool)
{
    apr_xml_parser *parser = apr_xml_parser_create(pool);

    if (apr_xml_parser_feed(parser, text, len) != APR_SUCCESS) {
        error->text = reason_of(parser, pool);
        error->line = line_of_error(text, len, pool);
        return SMTPC_EARG;
    }
    if (apr_xml_parser_done(parser, doc) != APR_SUCCESS
        || (*doc)->root == NULL) {
        error->text = "the document ends too early: an element is not closed, "
                      "or there is none";
        error->line = 1 + count_lines(text, text + (len > 0 ? len - 1 : 0));
        return SMTPC_EARG;
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__xml_read(apr_xml_elem **root, smtpc__xml_error_t *error,
                             const char *text, apr_size_t len,
                             apr_pool_t *pool)
{
    scan_t scan = { text, text + len, 1, 0, NULL };
    const char *nul = memchr(text, '\0', len);
    apr_xml_doc *doc = NULL;
    apr_status_t rv;

    /* A '<' of UTF-16 has one; all else that the parser knows has ASCII. */
    if (nul != NULL) {
        error->line = 1 + count_lines(text, nul);
        error->text = "there is a NUL byte; save the file as UTF-8";
        return SMTPC_EARG;
    }
    scan.tags = apr_array_make(pool, 64, sizeof(tag_t));
    rv = look_through(&scan, error);
    if (rv == APR_SUCCESS) {
        rv = parse(&doc, error, text, len, pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = place_tags(doc->root, scan.tags);
    if (rv != APR_SUCCESS) {
        smtpc__xml_wipe(doc->root);
        error->line = 1;
        error->text = "the parser found other elements than there are";
        return rv;
    }
    *root = doc->root;
    return APR_SUCCESS;
}

apr_xml_elem *smtpc__xml_next(const apr_xml_elem *element,
                              const apr_xml_elem *root)
{
    if (element->first_child != NULL) {
        return element->first_child;
    }
    while (element != root && element->next == NULL) {
        element = element->parent;
    }
    return element == root ? NULL : element->next;
}

/* Return non-zero if the name of len bytes is wanted, without its prefix. */
static int same_name(const char *name, apr_size_t len, const char *wanted)
{
    const char *colon = memchr(name, ':', len);

    if (colon != NULL) {
        len -= (apr_size_t)(colon + 1 - name);
        name = colon + 1;
    }
    return strlen(wanted) == len && memcmp(name, wanted, len) == 0;
}

int smtpc__xml_line(const apr_xml_elem *element, const char *attribute)
{
    const tag_t *tag = element->priv;
    const char *at = tag->text;

    if (attribute == NULL) {
        return tag->line;
    }
    /* The tag is well-formed: name = "value" or name = 'value'. */
    at += strcspn(at, BLANKS "/>");
    for (;;) {
        const char *name = at + strspn(at, BLANKS);
        apr_size_t len = strcspn(name, BLANKS "=/>");

        at = name + len;
        at += strcspn(at, "\"'>");
        if (len == 0 || at >= tag->end || *at == '>') {
            return tag->line;
        }
        if (same_name(name, len, attribute)) {
            return tag->line + count_lines(tag->text, name);
        }
        at = strchr(at + 1, *at) + 1;
    }
}

/* The strings are const for readers of the tree, but they are in its pool. */
static void wipe_text(const char *text)
{
    smtpc__wipe((char *)text, strlen(text));
}

static void wipe_texts(const apr_text_header *texts)
{
    const apr_text *text;

    for (text = texts->first; text != NULL; text = text->next) {
        wipe_text(text->text);
    }
}

void smtpc__xml_wipe(apr_xml_elem *root)
{
    apr_xml_elem *element;
    const apr_xml_attr *attr;

    for (element = root; element != NULL;
         element = smtpc__xml_next(element, root)) {
        for (attr = element->attr; attr != NULL; attr = attr->next) {
            wipe_text(attr->value);
        }
        wipe_texts(&element->first_cdata);
        wipe_texts(&element->following_cdata);
    }
}
