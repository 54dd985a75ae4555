/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_parse.c: mailSettings out of .NET's XML.
 *
 * One table says which attributes an element takes and who judges their
 * values. Names are written exactly as .NET writes them; "true" and "false"
 * in any case, the other words in one only, as there. Sections beside
 * system.net/mailSettings are somebody else's.
 *
 * It does not know <location>, configSource and other ways of .NET to say
 * things elsewhere.
 */

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "model/address_int.h"
#include "model/settings_int.h"
#include "model/xml.h"

/** Room in a sentence for a name or value from the file. */
#define QUOTED 120

/* A file that is being read. */
typedef struct parse_t {
    smtpc__settings_values_t *values;
    const apr_xml_elem *root;
    apr_pool_t *pool;
    apr_pool_t *scratch;
    int literal;
    /* What is wrong. */
    const char *why;
    int line;
} parse_t;

/* Judge and keep a value; on failure say why, behind the attribute's name. */
typedef apr_status_t (*take_fn_t)(parse_t *parse, const char *value);

/* text from the file, for a sentence. */
static const char *quoted(const parse_t *parse, const char *text)
{
    return smtpc__escape(text, strlen(text), QUOTED, 0, parse->scratch);
}

static apr_status_t refuse(parse_t *parse, const char *value,
                           const char *what)
{
    parse->why = apr_psprintf(parse->scratch, "\"%s\" %s",
                              quoted(parse, value), what);
    return SMTPC_EARG;
}

/* Return value in the pool of the settings; NULL if it is empty. */
static const char *keep(const parse_t *parse, const char *value)
{
    return *value != '\0' ? apr_pstrdup(parse->pool, value) : NULL;
}

/* Return value without blanks around it. */
static const char *trimmed(const parse_t *parse, const char *value)
{
    apr_size_t len;

    while (apr_isspace(*value)) {
        value++;
    }
    len = strlen(value);
    while (len > 0 && apr_isspace(value[len - 1])) {
        len--;
    }
    return apr_pstrmemdup(parse->scratch, value, len);
}

static apr_status_t take_delivery(parse_t *parse, const char *value)
{
    if (strcmp(value, "PickupDirectoryFromIis") == 0) {
        return refuse(parse, value, "needs a queue, which this version does "
                      "not have; write SpecifiedPickupDirectory and "
                      "<specifiedPickupDirectory pickupDirectoryLocation=...>"
                      " beside <network>, or Network");
    }
    if (strcmp(value, "Network") == 0) {
        parse->values->delivery = SMTPC_DELIVER_NETWORK;
    }
    else if (strcmp(value, "SpecifiedPickupDirectory") == 0) {
        parse->values->delivery = SMTPC_DELIVER_PICKUP;
    }
    else {
        return refuse(parse, value, "is neither Network nor "
                      "SpecifiedPickupDirectory");
    }
    return APR_SUCCESS;
}

static apr_status_t take_format(parse_t *parse, const char *value)
{
    if (strcmp(value, "SevenBit") == 0) {
        parse->values->format = SMTPC_FORMAT_SEVENBIT;
    }
    else if (strcmp(value, "International") == 0) {
        parse->values->format = SMTPC_FORMAT_INTERNATIONAL;
    }
    else {
        return refuse(parse, value, "is neither SevenBit nor International");
    }
    return APR_SUCCESS;
}

static apr_status_t take_from(parse_t *parse, const char *value)
{
    smtpc_address_t *address;
    const char *why = "";

    if (*value != '\0'
        && smtpc_address_try(&address, &why, value, parse->scratch)
               != APR_SUCCESS) {
        return refuse(parse, value,
                      apr_psprintf(parse->scratch, "is not a mailbox: %s",
                                   why));
    }
    parse->values->from = keep(parse, value);
    return APR_SUCCESS;
}

/* A host name or address, or nothing. */
static apr_status_t take_host_name(const char **name, parse_t *parse,
                                   const char *value)
{
    const char *normal;
    apr_status_t rv = APR_SUCCESS;

    value = trimmed(parse, value);
    if (*value != '\0') {
        rv = smtpc__host_check(&normal, value, parse->scratch);
    }
    if (rv == APR_ENOMEM) {
        (void)refuse(parse, value, "cannot be looked at: there is no memory");
        return rv;
    }
    if (rv != APR_SUCCESS) {
        return refuse(parse, value, "is not a host name or IP address");
    }
    *name = keep(parse, value);
    return APR_SUCCESS;
}

static apr_status_t take_host(parse_t *parse, const char *value)
{
    return take_host_name(&parse->values->host, parse, value);
}

static apr_status_t take_client_domain(parse_t *parse, const char *value)
{
    return take_host_name(&parse->values->hello_name, parse, value);
}

static apr_status_t take_port(parse_t *parse, const char *value)
{
    const char *digits = trimmed(parse, value);
    char *end = NULL;
    apr_int64_t port = apr_isdigit(*digits) ? apr_strtoi64(digits, &end, 10)
                                            : 0;

    if (port < 1 || port > 65535 || *end != '\0') {
        return refuse(parse, value, "is not a port: 1 ... 65535");
    }
    parse->values->port = (int)port;
    return APR_SUCCESS;
}

static apr_status_t take_boolean(int *truth, parse_t *parse,
                                 const char *value)
{
    const char *word = trimmed(parse, value);

    if (apr_cstr_casecmp(word, "true") == 0) {
        *truth = 1;
    }
    else if (apr_cstr_casecmp(word, "false") == 0) {
        *truth = 0;
    }
    else {
        return refuse(parse, value, "is neither true nor false");
    }
    return APR_SUCCESS;
}

static apr_status_t take_enable_ssl(parse_t *parse, const char *value)
{
    return take_boolean(&parse->values->enable_ssl, parse, value);
}

static apr_status_t take_default_credentials(parse_t *parse,
                                             const char *value)
{
    return take_boolean(&parse->values->default_credentials, parse, value);
}

/* A text without control characters, or nothing. */
static apr_status_t take_text(const char **text, parse_t *parse,
                              const char *value, apr_size_t limit)
{
    apr_size_t len = strlen(value);

    if (len > limit) {
        parse->why = apr_psprintf(parse->scratch, "is over %" APR_SIZE_T_FMT
                                  " bytes long", limit);
        return SMTPC_EARG;
    }
    if (smtpc__find_control(value, len) != len) {
        return refuse(parse, value, "has a control character");
    }
    *text = keep(parse, value);
    return APR_SUCCESS;
}

static apr_status_t take_user(parse_t *parse, const char *value)
{
    return take_text(&parse->values->user, parse, value, SMTPC_LIMIT_USER);
}

static apr_status_t take_target_name(parse_t *parse, const char *value)
{
    return take_text(&parse->values->target_name, parse, value,
                     SMTPC_LIMIT_TARGET_NAME);
}

static int is_reference(const char *value)
{
    return strncmp(value, "file:", 5) == 0 || strncmp(value, "exec:", 5) == 0
           || strncmp(value, "env:", 4) == 0;
}

/* No sentence made here may hold the value. */
static apr_status_t take_password(parse_t *parse, const char *value)
{
    const char *why = "";
    apr_status_t rv;

    parse->values->reference = NULL;
    parse->values->secret = NULL;
    if (*value == '\0') {
        return APR_SUCCESS;
    }
    if (is_reference(value)) {
        parse->values->reference = keep(parse, value);
        return APR_SUCCESS;
    }
    rv = smtpc_secret_load(&parse->values->secret, &why, value, parse->pool);
    if (rv != APR_SUCCESS) {
        parse->why = why;
        return rv;
    }
    parse->literal = 1;
    return APR_SUCCESS;
}

static apr_status_t take_pickup_directory(parse_t *parse, const char *value)
{
    if (*value != '\0' && *value != '/') {
        return refuse(parse, value, "is not an absolute path");
    }
    return take_text(&parse->values->pickup_directory, parse, value,
                     SMTPC_LIMIT_PARAMETER);
}

/* The attributes, by element. */
static const struct {
    const char *element;
    const char *name;
    take_fn_t take;
} attributes[] = {
    { "smtp", "deliveryMethod", take_delivery },
    { "smtp", "deliveryFormat", take_format },
    { "smtp", "from", take_from },
    { "network", "host", take_host },
    { "network", "port", take_port },
    { "network", "userName", take_user },
    { "network", "password", take_password },
    { "network", "defaultCredentials", take_default_credentials },
    { "network", "enableSsl", take_enable_ssl },
    { "network", "clientDomain", take_client_domain },
    { "network", "targetName", take_target_name },
    { "specifiedPickupDirectory", "pickupDirectoryLocation",
      take_pickup_directory },
};

#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

/* The elements that mailSettings may hold, each in its parent. */
static const struct {
    const char *parent;
    const char *name;
} elements[] = {
    { "mailSettings", "smtp" },
    { "smtp", "network" },
    { "smtp", "specifiedPickupDirectory" },
};

#define ELEMENTS (sizeof(elements) / sizeof(elements[0]))

/* Add name to a list of names. */
static const char *listed(const parse_t *parse, const char *list,
                          const char *name)
{
    return apr_pstrcat(parse->scratch, list, *list != '\0' ? ", " : "", name,
                       NULL);
}

/* Return non-zero if element has this name and the namespace of the root:
 * .NET's files have one, an old one, or none. */
static int is_named(const parse_t *parse, const apr_xml_elem *element,
                    const char *name)
{
    return element->ns == parse->root->ns && strcmp(element->name, name) == 0;
}

/* Refuse an element, or its attribute if that is not NULL. */
static apr_status_t unknown(parse_t *parse, const apr_xml_elem *element,
                            const apr_xml_attr *attribute, const char *known)
{
    const char *name = attribute != NULL ? attribute->name : NULL;
    const char *place = name != NULL ? element->name : element->parent->name;

    parse->line = smtpc__xml_line(element, name);
    parse->why = apr_psprintf(
        parse->scratch, "<%s%s%s> is not known; <%s> takes %s",
        quoted(parse, element->name), name != NULL ? " " : "",
        name != NULL ? quoted(parse, name) : "", quoted(parse, place),
        *known != '\0' ? known
                       : name != NULL ? "no attributes" : "no elements");
    return SMTPC_EARG;
}

static apr_status_t read_attribute(parse_t *parse,
                                   const apr_xml_elem *element,
                                   const apr_xml_attr *attribute)
{
    const char *known = "";
    apr_status_t rv;
    apr_size_t i;

    for (i = 0; i < ATTRIBUTES; i++) {
        if (strcmp(attributes[i].element, element->name) != 0) {
            continue;
        }
        if (attribute->ns == APR_XML_NS_NONE
            && strcmp(attributes[i].name, attribute->name) == 0) {
            break;
        }
        known = listed(parse, known, attributes[i].name);
    }
    if (i == ATTRIBUTES) {
        return unknown(parse, element, attribute, known);
    }
    rv = attributes[i].take(parse, attribute->value);
    if (rv != APR_SUCCESS) {
        parse->line = smtpc__xml_line(element, attribute->name);
        parse->why = apr_psprintf(parse->scratch, "<%s %s>: %s",
                                  element->name, attribute->name, parse->why);
    }
    else if (parse->literal == 1 && attributes[i].take == take_password) {
        parse->literal = smtpc__xml_line(element, attribute->name);
    }
    return rv;
}

/* Check that mailSettings may hold element where it is, and only once. */
static apr_status_t check_place(parse_t *parse, const apr_xml_elem *element)
{
    const apr_xml_elem *before;
    const char *known = "";
    apr_size_t i;

    for (i = 0; i < ELEMENTS; i++) {
        if (strcmp(elements[i].parent, element->parent->name) != 0) {
            continue;
        }
        if (is_named(parse, element, elements[i].name)) {
            break;
        }
        known = listed(parse, known,
                       apr_psprintf(parse->scratch, "<%s>",
                                    elements[i].name));
    }
    if (i == ELEMENTS) {
        return unknown(parse, element, NULL, known);
    }
    for (before = element->parent->first_child; before != element;
         before = before->next) {
        if (strcmp(before->name, element->name) == 0) {
            parse->line = smtpc__xml_line(element, NULL);
            parse->why = apr_psprintf(parse->scratch, "<%s> is there twice, "
                                      "first on line %d", element->name,
                                      smtpc__xml_line(before, NULL));
            return SMTPC_EARG;
        }
    }
    return APR_SUCCESS;
}

static int is_blank(const apr_text_header *texts)
{
    const apr_text *text;

    for (text = texts->first; text != NULL; text = text->next) {
        if (text->text[strspn(text->text, " \t\r\n")] != '\0') {
            return 0;
        }
    }
    return 1;
}

/* Text between the elements has no meaning: somebody forgot a quote or an
 * angle bracket. */
static apr_status_t check_text(parse_t *parse, const apr_xml_elem *element)
{
    const apr_xml_elem *child = element->first_child;
    int blank = is_blank(&element->first_cdata);

    for (; blank && child != NULL; child = child->next) {
        blank = is_blank(&child->following_cdata);
    }
    if (!blank) {
        parse->line = smtpc__xml_line(element, NULL);
        parse->why = apr_psprintf(parse->scratch, "<%s> has text in it, "
                                  "where only elements can be",
                                  element->name);
        return SMTPC_EARG;
    }
    return APR_SUCCESS;
}

/* Read one element of mailSettings, without those in it. */
static apr_status_t read_element(parse_t *parse, const apr_xml_elem *element)
{
    const apr_xml_attr *attribute;
    apr_status_t rv = check_text(parse, element);

    for (attribute = element->attr; rv == APR_SUCCESS && attribute != NULL;
         attribute = attribute->next) {
        rv = read_attribute(parse, element, attribute);
    }
    return rv;
}

/* Read mailSettings and all in it; the depth is that of the document. */
static apr_status_t read_section(parse_t *parse, const apr_xml_elem *section)
{
    const apr_xml_elem *element = section;
    apr_status_t rv = read_element(parse, section);

    while (rv == APR_SUCCESS
           && (element = smtpc__xml_next(element, section)) != NULL) {
        rv = check_place(parse, element);
        if (rv == APR_SUCCESS) {
            rv = read_element(parse, element);
        }
    }
    return rv;
}

/* Find mailSettings in all <system.net> of the root. */
static apr_status_t read_document(parse_t *parse)
{
    const apr_xml_elem *section = NULL;
    const apr_xml_elem *outer;
    const apr_xml_elem *inner;

    for (outer = parse->root->first_child; outer; outer = outer->next) {
        if (!is_named(parse, outer, "system.net")) {
            continue;
        }
        for (inner = outer->first_child; inner; inner = inner->next) {
            if (!is_named(parse, inner, "mailSettings")) {
                continue;
            }
            if (section != NULL) {
                parse->line = smtpc__xml_line(inner, NULL);
                parse->why = apr_psprintf(parse->scratch, "<mailSettings> is "
                                          "there twice, first on line %d",
                                          smtpc__xml_line(section, NULL));
                return SMTPC_EARG;
            }
            section = inner;
        }
    }
    return section != NULL ? read_section(parse, section) : APR_SUCCESS;
}

apr_status_t smtpc__settings_parse(smtpc__settings_values_t *values,
                                   int *line, const char **why, int *literal,
                                   const char *text, apr_size_t len,
                                   apr_pool_t *pool, apr_pool_t *scratch)
{
    parse_t parse = { values, NULL, pool, scratch, 0, "", 1 };
    smtpc__xml_error_t error = { 1, "" };
    apr_xml_elem *root;
    apr_status_t rv;

    rv = smtpc__xml_read(&root, &error, text, len, scratch);
    if (rv != APR_SUCCESS) {
        *line = error.line;
        *why = error.text;
        return rv;
    }
    parse.root = root;
    if (strcmp(root->name, "configuration") == 0) {
        rv = read_document(&parse);
    }
    else {
        parse.line = smtpc__xml_line(root, NULL);
        rv = refuse(&parse, root->name, "is not <configuration>, which the "
                    "outermost element has to be");
    }
    smtpc__xml_wipe(root);
    *line = parse.line;
    *why = parse.why;
    *literal = parse.literal;
    return rv;
}
