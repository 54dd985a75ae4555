/* SPDX-License-Identifier: Apache-2.0 */
/* random_message.c: see random_message.h. */
#include "random_message.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"

#define DEPTH_MAX 2

static const char *const latin[] = { "\xc3\xa4", "Gr\xc3\xbc\xc3\x9f" "e",
                                     "\xc3\xa9t\xc3\xa9" };
static const char *const euro[] = { "\xe2\x82\xac", "\xc5\xbd", "\xc3\xa4" };
static const char *const greek[] = { "\xce\xb1\xce\xb2", "\xce\xb3",
                                     "\xce\x94" };
static const char *const cyrillic[] = {
    "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", "\xd1\x8f", "\xd0\x96"
};
static const char *const japanese[] = {
    "\xe6\x97\xa5\xe6\x9c\xac", "\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
    "\xe3\x81\x82"
};
static const char *const chinese[] = { "\xe4\xb8\xad\xe6\x96\x87",
                                       "\xe5\xa4\xa7", "\xe4\xba\xba" };
static const char *const every[] = { "\xf0\x9f\x98\x80", "\xc3\xa4",
                                     "\xe4\xb8\xad" };
static const char *const none[] = { "a", "b", "c" };

/* Charsets, and words that can be written in each. */
static const struct {
    const char *name;
    const char *const *words;
} charsets[] = {
    { NULL, every }, { NULL, latin }, { NULL, none }, { "utf-8", every },
    { "us-ascii", none }, { "iso-8859-1", latin }, { "iso-8859-15", euro },
    { "windows-1252", euro }, { "iso-8859-7", greek }, { "koi8-r", cyrillic },
    { "iso-2022-jp", japanese }, { "shift_jis", japanese },
    { "euc-jp", japanese }, { "gb2312", chinese }, { "gb18030", every },
    { "big5", chinese }
};

#define CHARSETS (sizeof(charsets) / sizeof(*charsets))

static unsigned int roll(random_message_t *m, unsigned int sides)
{
    m->seed = m->seed * 1664525u + 1013904223u;
    return (m->seed >> 8) % sides;
}

/* Text of about so many bytes without control characters. */
static char *text(random_message_t *m, apr_size_t len)
{
    static const char *const items[] = {
        "a", "word", " ", " ", " ", "  ", "longer-word", "\xc3\xa4",
        "Gr\xc3\xbc\xc3\x9f" "e", "\xe4\xb8\xad\xe6\x96\x87",
        "\xf0\x9f\x98\x80", "=", "?", "=?", "_", "\"", "\\", ";", ",", "'",
        "%", "*", "(", ")", "<", ">", "@", ":", ".", "=?utf-8?Q?x?=",
        "averylongwordwithoutanyblankinitthatisnearlyaslongasaline"
    };
    unsigned int kinds = roll(m, 3) == 0 ? 8 : 31;
    char *out = apr_palloc(m->pool, len + 80);
    apr_size_t n = 0;

    while (n < len) {
        const char *item = items[roll(m, kinds)];

        memcpy(out + n, item, strlen(item));
        n += strlen(item);
    }
    out[n] = '\0';
    return out;
}

/* Text that begins and ends with a letter. */
static char *solid(random_message_t *m, apr_size_t len)
{
    return apr_pstrcat(m->pool, "x", text(m, len), "y", NULL);
}

/* A line of words that charset number c has. */
static const char *line_in(random_message_t *m, apr_size_t c, apr_size_t len)
{
    static const char *const ascii[] = { "a", "word", " ", " ", "longer-word",
                                         "=", ".", "From ", "-- ", "?", ">" };
    char *out = apr_palloc(m->pool, len + 80);
    apr_size_t n = 0;

    while (n < len) {
        unsigned int pick = roll(m, 16);
        const char *item = pick < 11 ? ascii[pick]
                                     : charsets[c].words[pick % 3];

        memcpy(out + n, item, strlen(item));
        n += strlen(item);
    }
    out[n] = '\0';
    return out;
}

/* Several lines, with all line ends there are. Without the blanks at their
 * ends if it will be format=flowed, which drops those. */
static const char *lines_in(random_message_t *m, apr_size_t c, int flowed)
{
    static const char *const ends[] = { "\n", "\r\n", "\r", "\n\n", " \n",
                                        "\t\r\n", "\n.\n", "\nFrom " };
    unsigned int lines = roll(m, 10);
    char *out = apr_pstrdup(m->pool, "");

    for (unsigned int i = 0; i < lines; i++) {
        static const apr_size_t sizes[] = { 74, 75, 76, 77, 78, 79, 80 };
        const char *line = roll(m, 3) == 0 ? "plain text"
                                           : line_in(m, c, roll(m, 200));

        if (roll(m, 6) == 0) {
            line = line_in(m, c, sizes[roll(m, 7)]);
        }
        if (roll(m, 30) == 0) {
            line = line_in(m, c, 900 + roll(m, 300));
        }
        if (flowed) {
            line = apr_pstrcat(m->pool, "x", line, "y", NULL);
        }
        out = apr_pstrcat(m->pool, out, line,
                          i + 1 < lines || roll(m, 2)
                              ? ends[roll(m, flowed ? 4 : 8)] : "", NULL);
    }
    return out;
}

/* The address parser makes one blank of several, so names have none. */
static const char *single_blanks(char *name)
{
    char *to = name;

    for (char *from = name; *from != '\0'; from++) {
        if (*from != ' ' || (to > name && to[-1] != ' ')) {
            *to++ = *from;
        }
    }
    while (to > name && to[-1] == ' ') {
        to--;
    }
    *to = '\0';
    return name;
}

static apr_status_t add_addresses(random_message_t *m)
{
    m->addresses = 1 + (int)roll(m, RANDOM_ADDRESSES);
    for (int i = 0; i < m->addresses; i++) {
        smtpc_address_t *address;
        const char *formatted;
        apr_status_t rv;

        m->names[i] = single_blanks(text(m, roll(m, 70)));
        rv = smtpc_address_create(&address,
                                  apr_psprintf(m->pool, "user%d@example.org",
                                               i), m->names[i], m->pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        formatted = smtpc_address_format(address, m->pool);
        rv = i == 0 ? smtpc_message_set_from(m->message, formatted)
                    : smtpc_message_add_to(m->message, formatted);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static random_node_t *node(random_message_t *m, const char *type)
{
    random_node_t *n = apr_pcalloc(m->pool, sizeof(*n));

    n->type = type;
    return n;
}

static random_node_t *branch(random_message_t *m, const char *type)
{
    random_node_t *n = node(m, type);

    n->parts = apr_array_make(m->pool, 4, sizeof(random_node_t *));
    return n;
}

static void grow(random_node_t *parent, random_node_t *child)
{
    APR_ARRAY_PUSH(parent->parts, random_node_t *) = child;
}

/* Bytes, of lengths around the edges of the encoders. */
static void give_bytes(random_message_t *m, random_node_t *n)
{
    static const apr_size_t sizes[] = { 0, 1, 56, 57, 58, 114, 8207, 8208,
                                        8209 };
    apr_size_t len = roll(m, 2) ? sizes[roll(m, 9)] : roll(m, 3000);
    char *data = apr_palloc(m->pool, len + 1);

    for (apr_size_t k = 0; k < len; k++) {
        data[k] = (char)roll(m, 256);
    }
    data[len] = '\0';
    n->data = data;
    n->len = len;
}

/* Set what any entity can have. */
static apr_status_t decorate(random_message_t *m, random_node_t *n,
                             smtpc_entity_t *entity)
{
    apr_status_t rv = APR_SUCCESS;

    if (roll(m, 3) == 0) {
        n->description = solid(m, roll(m, 100));
        rv = smtpc_entity_set_description(entity, n->description);
    }
    if (rv == APR_SUCCESS && roll(m, 4) == 0) {
        n->language = roll(m, 2) ? "de-CH, fr" : "en";
        rv = smtpc_entity_set_language(entity, n->language);
    }
    if (rv == APR_SUCCESS && roll(m, 5) == 0) {
        n->location = apr_psprintf(m->pool, "http://example.org/%0*d",
                                   (int)roll(m, 120), 1);
        rv = smtpc_entity_set_location(entity, n->location);
    }
    if (rv == APR_SUCCESS && n->cid == NULL && roll(m, 5) == 0) {
        n->cid = smtpc_entity_content_id(entity);
    }
    if (rv == APR_SUCCESS && n->nested == NULL && roll(m, 4) == 0) {
        n->param = solid(m, roll(m, 200));
        rv = smtpc_entity_set_type_param(entity, "x-param", n->param);
    }
    return rv;
}

/* Choose an encoding; one that is refused stays automatic. */
static void choose_encoding(random_message_t *m, smtpc_entity_t *entity,
                            int in_memory)
{
    smtpc_encoding_e encoding = (smtpc_encoding_e)roll(m, in_memory ? 4 : 2);

    if (roll(m, 2) && smtpc_entity_set_encoding(entity, encoding) != 0
        && smtpc_entity_encoding(entity) != SMTPC_ENCODING_AUTO) {
        tap_bail("refused, and yet changed");
    }
}

static smtpc_source_t *source_of(random_message_t *m, const char *data,
                                 apr_size_t len)
{
    return support_pieces(data, len, 1 + roll(m, 500), (int)roll(m, 2),
                          m->pool);
}

static apr_status_t make_body(random_message_t *m, random_node_t **made)
{
    smtpc_body_type_e type = roll(m, 3) ? SMTPC_BODY_TEXT : SMTPC_BODY_HTML;
    smtpc_entity_t *body = smtpc_message_body_entity(m->message);
    random_node_t *n = node(m, type == SMTPC_BODY_HTML ? "text/html"
                                                       : "text/plain");
    apr_size_t c = roll(m, CHARSETS);
    int from_source = roll(m, 4) == 0;
    apr_status_t rv;

    n->flowed = type == SMTPC_BODY_TEXT && roll(m, 4) == 0;
    n->text = lines_in(m, c, n->flowed);
    n->charset = charsets[c].name;
    rv = from_source
             ? smtpc_message_set_body_source(
                   m->message, source_of(m, n->text, strlen(n->text)), type)
             : smtpc_message_set_body(m->message, n->text, type);
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_set_body_charset(m->message, n->charset);
    }
    if (rv == APR_SUCCESS && n->flowed) {
        rv = smtpc_message_set_body_flowed(m->message, 1);
    }
    if (rv == APR_SUCCESS) {
        choose_encoding(m, body, !from_source);
    }
    if (rv == APR_SUCCESS && (*n->text != '\0' || from_source)) {
        rv = decorate(m, n, body);
        *made = n;
    }
    return rv;
}

static apr_status_t add_resources(random_message_t *m, random_node_t *related,
                                  smtpc_view_t *view)
{
    unsigned int count = roll(m, 4);
    apr_status_t rv = APR_SUCCESS;

    for (unsigned int i = 0; i < count && rv == APR_SUCCESS; i++) {
        random_node_t *n = node(m, "image/png");
        smtpc_resource_t *resource;

        give_bytes(m, n);
        n->cid = apr_psprintf(m->pool, "part%u", i);
        n->disposition = "inline";
        rv = roll(m, 2) ? smtpc_view_add_resource_bytes(
                              &resource, view, n->cid, "image/png", n->data,
                              n->len)
                        : smtpc_view_add_resource_source(
                              &resource, view, n->cid, "Image/PNG",
                              source_of(m, n->data, n->len));
        if (rv == APR_SUCCESS) {
            rv = decorate(m, n, resource);
        }
        grow(related, n);
    }
    return rv;
}

/* A view and its place in the tree. */
static apr_status_t add_view(random_message_t *m, random_node_t **made)
{
    static const char *const types[] = { "text/html", "text/plain",
                                         "text/x-amp-html" };
    random_node_t *related = branch(m, "multipart/related");
    random_node_t *n = node(m, types[roll(m, 3)]);
    apr_size_t c = roll(m, CHARSETS);
    const char *type = n->type;
    smtpc_view_t *view;
    apr_status_t rv;

    n->text = lines_in(m, c, 0);
    n->charset = charsets[c].name;
    if (n->charset != NULL) {
        type = apr_pstrcat(m->pool, type, "; charset=", n->charset, NULL);
    }
    rv = smtpc_message_add_view(&view, m->message, type, n->text);
    if (rv == APR_SUCCESS) {
        choose_encoding(m, view, 1);
        rv = decorate(m, n, view);
    }
    grow(related, n);
    if (rv == APR_SUCCESS && roll(m, 2)) {
        rv = add_resources(m, related, view);
    }
    *made = related->parts->nelts > 1 ? related : n;
    return rv;
}

static const char *kind_of(const random_node_t *n)
{
    return n->parts != NULL ? APR_ARRAY_IDX(n->parts, 0, random_node_t *)->type
                            : n->type;
}

/* Put views that are plain text, or those that are not, behind the others. */
static void grow_kind(random_node_t *parent, const apr_array_header_t *views,
                      int plain)
{
    for (int i = 0; i < views->nelts; i++) {
        random_node_t *n = APR_ARRAY_IDX(views, i, random_node_t *);

        if ((strcmp(kind_of(n), "text/plain") == 0) == plain) {
            grow(parent, n);
        }
    }
}

static apr_status_t make_text(random_message_t *m, random_node_t **made)
{
    random_node_t *all = branch(m, "multipart/alternative");
    apr_array_header_t *views = apr_array_make(m->pool, 3, sizeof(void *));
    unsigned int count = roll(m, 2) ? roll(m, 4) : 0;
    random_node_t *body = NULL;
    apr_status_t rv = roll(m, 5) ? make_body(m, &body) : APR_SUCCESS;

    for (unsigned int i = 0; i < count && rv == APR_SUCCESS; i++) {
        rv = add_view(m, apr_array_push(views));
    }
    if (body != NULL && strcmp(body->type, "text/html") == 0) {
        grow_kind(all, views, 1);
        grow(all, body);
        grow_kind(all, views, 0);
    }
    else {
        if (body != NULL) {
            grow(all, body);
        }
        apr_array_cat(all->parts, views);
    }
    if (rv == APR_SUCCESS && all->parts->nelts > 0 && roll(m, 8) == 0) {
        random_node_t *n = node(m, "text/calendar");

        n->text = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nSUMMARY:\xc3\xa4\n"
                  "END:VCALENDAR\n";
        rv = smtpc_message_set_calendar(m->message, "REQUEST", n->text);
        grow(all, n);
    }
    if (all->parts->nelts == 0) {
        body = node(m, smtpc_entity_media_type(
                           smtpc_message_body_entity(m->message)));
        body->text = "";
        *made = body;
        return rv;
    }
    *made = all->parts->nelts == 1 ? APR_ARRAY_IDX(all->parts, 0,
                                                   random_node_t *) : all;
    return rv;
}

static random_message_t *finished_message(random_message_t *m,
                                          const char *body)
{
    random_message_t *made = apr_pcalloc(m->pool, sizeof(*made));

    made->pool = m->pool;
    made->subject = "finished";
    made->root = node(m, "text/plain");
    made->root->text = body;
    return made;
}

static apr_status_t make(random_message_t *m);

/* Attach a message of ours or a finished one. */
static apr_status_t attach_message(random_message_t *m, random_node_t *n,
                                   smtpc_attachment_t **a)
{
    static const char eml[] = "Subject: finished\nX-Other: a\r\n b\n\n"
                              "one\rtwo\n";
    apr_status_t rv;

    n->type = "message/rfc822";
    if (roll(m, 2)) {
        n->nested = finished_message(m, "one\ntwo\n");
        rv = smtpc_message_attach_eml(a, m->message, NULL,
                                      source_of(m, eml, sizeof(eml) - 1));
    }
    else {
        n->nested = apr_pcalloc(m->pool, sizeof(*n->nested));
        n->nested->pool = m->pool;
        n->nested->seed = roll(m, 1u << 20);
        n->nested->depth = m->depth + 1;
        rv = make(n->nested);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        rv = smtpc_message_attach_message(a, m->message, n->nested->message);
    }
    if (rv == APR_SUCCESS && roll(m, 2)) {
        n->name = "forwarded.eml";
        rv = smtpc_entity_set_name(*a, n->name);
    }
    return rv;
}

static apr_status_t attach_other(random_message_t *m, random_node_t *n,
                                 smtpc_attachment_t **a)
{
    int pdf = (int)roll(m, 2);
    unsigned int way = roll(m, 3);
    apr_size_t c = roll(m, CHARSETS);
    apr_status_t rv;

    n->name = apr_pstrcat(m->pool, text(m, roll(m, 120)), ".",
                          pdf ? "pdf" : "dat", NULL);
    n->type = pdf ? "application/pdf" : "application/octet-stream";
    if (way == 0) {
        n->type = "text/x-log";
        n->text = lines_in(m, c, 0);
        n->charset = charsets[c].name;
        rv = smtpc_message_attach_text(a, m->message, n->name, "text/x-log",
                                       n->text);
        if (rv == APR_SUCCESS) {
            rv = smtpc_entity_set_charset(*a, n->charset);
        }
        if (rv == APR_SUCCESS) {
            choose_encoding(m, *a, 1);
        }
        return rv;
    }
    give_bytes(m, n);
    rv = way == 1 ? smtpc_message_attach_bytes(a, m->message, n->name, NULL,
                                               n->data, n->len)
                  : smtpc_message_attach_source(
                        a, m->message, n->name, NULL,
                        source_of(m, n->data, n->len));
    if (rv == APR_SUCCESS && roll(m, 4) == 0) {
        rv = smtpc_entity_set_encoding(*a, SMTPC_ENCODING_QUOTED_PRINTABLE);
    }
    return rv;
}

static apr_status_t attach(random_message_t *m, random_node_t *mixed)
{
    random_node_t *n = node(m, NULL);
    smtpc_attachment_t *a;
    apr_status_t rv = m->depth < DEPTH_MAX && roll(m, 5) == 0
                          ? attach_message(m, n, &a) : attach_other(m, n, &a);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    n->disposition = "attachment";
    if (roll(m, 4) == 0) {
        n->disposition = "inline";
        rv = smtpc_entity_set_disposition(a, SMTPC_DISPOSITION_INLINE);
    }
    if (roll(m, 4) == 0) {
        smtpc_entity_set_modification_date(a, SUPPORT_NOW);
        smtpc_entity_set_size(a, (apr_off_t)n->len);
    }
    grow(mixed, n);
    return rv == APR_SUCCESS ? decorate(m, n, a) : rv;
}

static apr_status_t make(random_message_t *m)
{
    unsigned int attachments = roll(m, 2) ? roll(m, 5) : 0;
    random_node_t *mixed;
    random_node_t *content = NULL;
    apr_status_t rv = smtpc_message_create(&m->message, m->pool);

    m->subject = text(m, 1 + roll(m, 300));
    m->header = text(m, 1 + roll(m, 150));
    if (rv == APR_SUCCESS) {
        rv = add_addresses(m);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_set_subject(m->message, m->subject);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_add_header(m->message, "X-Random", m->header);
    }
    if (rv == APR_SUCCESS) {
        rv = make_text(m, &content);
    }
    mixed = branch(m, "multipart/mixed");
    if (rv == APR_SUCCESS) {
        grow(mixed, content);
    }
    for (; attachments > 0 && rv == APR_SUCCESS; attachments--) {
        rv = attach(m, mixed);
    }
    if (rv == APR_SUCCESS && content->parts != NULL) {
        random_node_t *end = APR_ARRAY_IDX(content->parts,
                                           content->parts->nelts - 1,
                                           random_node_t *);

        if (end->type != NULL && strcmp(end->type, "text/calendar") == 0) {
            random_node_t *file = node(m, "application/ics");

            file->data = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
                         "SUMMARY:\xc3\xa4\r\nEND:VCALENDAR\r\n";
            file->len = strlen(file->data);
            file->name = "invite.ics";
            file->disposition = "attachment";
            grow(mixed, file);
        }
    }
    m->root = mixed;
    if (rv == APR_SUCCESS && mixed->parts->nelts == 1) {
        m->root = content;
        content->last = content->parts == NULL;
    }
    return rv;
}

random_message_t *random_message(unsigned int seed, apr_pool_t *pool,
                                 const char **why)
{
    random_message_t *m = apr_pcalloc(pool, sizeof(*m));

    m->pool = pool;
    m->seed = seed;
    m->render.eight_bit = (int)roll(m, 2);
    m->render.utf8 = roll(m, 4) == 0;
    *why = make(m) == APR_SUCCESS ? NULL : smtpc_message_error(m->message);
    return m;
}

static void put_hex(FILE *file, const char *key, const char *data,
                    apr_size_t len)
{
    fprintf(file, ",\"%s\":\"", key);
    for (apr_size_t i = 0; i < len; i++) {
        fprintf(file, "%02x", (unsigned char)data[i]);
    }
    fputc('"', file);
}

static void put_text(FILE *file, const char *key, const char *value)
{
    if (value != NULL) {
        put_hex(file, key, value, strlen(value));
    }
}

static void put_node(FILE *file, const random_node_t *n)
{
    fprintf(file, "{\"type\":\"%s\",\"flowed\":%d,\"last\":%d", n->type,
            n->flowed, n->last);
    put_text(file, "text", n->text);
    put_text(file, "charset", n->charset);
    put_text(file, "name", n->name);
    put_text(file, "disposition", n->disposition);
    put_text(file, "cid", n->cid);
    put_text(file, "description", n->description);
    put_text(file, "language", n->language);
    put_text(file, "location", n->location);
    put_text(file, "param", n->param);
    if (n->data != NULL) {
        put_hex(file, "data", n->data, n->len);
    }
    if (n->nested != NULL) {
        fputs(",\"message\":", file);
        random_message_json(file, n->nested);
    }
    for (int i = 0; n->parts != NULL && i < n->parts->nelts; i++) {
        fputs(i == 0 ? ",\"parts\":[" : ",", file);
        put_node(file, APR_ARRAY_IDX(n->parts, i, const random_node_t *));
    }
    fputs(n->parts != NULL ? "]}" : "}", file);
}

void random_message_json(FILE *file, const random_message_t *m)
{
    fprintf(file, "{\"utf8\":%d", m->render.utf8);
    put_text(file, "subject", m->subject);
    put_text(file, "header", m->header);
    for (int i = 0; i < m->addresses; i++) {
        if (i == 0) {
            put_text(file, "from", m->names[0]);
            fputs(",\"to\":[\"\"", file);
        }
        else {
            fprintf(file, ",\"");
            for (const char *p = m->names[i]; *p != '\0'; p++) {
                fprintf(file, "%02x", (unsigned char)*p);
            }
            fputc('"', file);
        }
    }
    fputs(m->addresses > 0 ? "],\"root\":" : ",\"root\":", file);
    put_node(file, m->root);
    fputc('}', file);
}
