/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_test.c: lines of elements and attributes, refusals, limits, wiping.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "model/xml.h"

static apr_xml_elem *read_text(smtpc__xml_error_t *error, const char *text,
                               apr_status_t want)
{
    apr_xml_elem *root = NULL;

    error->line = 0;
    error->text = NULL;
    tap_is_int(smtpc__xml_read(&root, error, text, strlen(text), tap_pool()),
               want, "%.40s", text);
    return root;
}

/* What looks like tags but is none, attributes over lines, names again and
 * again: each element has the line in its n attribute. */
static const char places[] =
    "<?xml version=\"1.0\"?><!-- <a>\n - ->\n <b n='9'> -->\n"
    "<root n=\"4\">\n"
    "  <a n=\"5\"/><a n='5' text=\"/>\"/><a\n"
    "     n=\"6\"><a n = \"7\"/>\n"
    "     <![CDATA[ <a>\n </a ]]> <a n=\"8\"></a></a>\n"
    "  <?pi <a> ?><!--<a>--><b\n"
    "\t k=\"v\" n='1\n0'\n\tm='n=' o=''/>\n"
    "  <x:a xmlns:x='urn:x'\n x:n='13'/>\n"
    "</root>\n";

static void lines(void)
{
    static const int want[] = { 4, 5, 5, 5, 6, 8, 9, 13 };
    static const int attribute[] = { 4, 5, 5, 6, 6, 8, 10, 14 };
    smtpc__xml_error_t error;
    apr_xml_elem *root = read_text(&error, places, APR_SUCCESS);
    apr_xml_elem *element;
    apr_size_t i = 0;

    if (!root) {
        tap_fail("%d: %s", error.line, error.text);
        return;
    }
    for (element = root; element && i < 8;
         element = smtpc__xml_next(element, root), i++) {
        tap_is_int(smtpc__xml_line(element, NULL), want[i], "<%s> %d",
                   element->name, (int)i);
        tap_is_int(smtpc__xml_line(element, "n"), attribute[i], "its n");
    }
    tap_ok(!element && i == 8, "eight elements");
    element = root->last_child;
    tap_is_int(smtpc__xml_line(root->first_child, "none"), 5,
               "no such attribute: the line of the element");
    element = root->first_child;
    while (strcmp(element->name, "b") != 0) {
        element = element->next;
    }
    tap_is_int(smtpc__xml_line(element, "m"), 12, "behind a value with a "
                                                  "line end");
    tap_is_int(smtpc__xml_line(element, "o"), 12, "behind a value that looks "
                                                  "like an attribute");
    tap_ok(smtpc__xml_next(element, element) == NULL, "nothing below it");
}

static void refusals(void)
{
    static const struct {
        const char *text;
        int line;
        const char *why;
    } cases[] = {
        { "", 1, "too early" },
        { "\n\n", 2, "too early" },
        { "<a>\n<b>\n", 2, "too early" },
        { "<a>\n<b>\n</a>\n<c/>", 3, "mismatched tag" },
        { "<a>\n\n <b c=\"1\" c=\"2\"/></a>", 3, "duplicate attribute" },
        { "<a/>\n<b/>", 2, "junk" },
        { "<a>\n&nbsp;</a>", 2, "undefined entity" },
        { "<a>\n<b c=\"<\"/></a>", 2, "not well-formed" },
        { "<a>\n<x:b/></a>", 2, "namespace" },
        { "<a>\n\xFF\xFE</a>", 2, "not well-formed" },
        { "<a>\n<!-- a -- b --></a>", 2, "not well-formed" },
        { "<a>\n<!-- a", 2, "too early" },
        { "<a>\n<b c='1", 2, "too early" },
        { "hello", 1, "too early" },
        { "<a/>\nhello", 2, "junk" },
        { "<?xml version=\"1.0\" encoding=\"utf-16\"?>\n<a/>", 1,
          "encoding" },
        { "<?xml version=\"1.0\"?>\n<!DOCTYPE a>\n<a/>", 2, "declaration" },
        { "<!DOCTYPE a [<!ENTITY b \"b\">]><a>&b;</a>", 1, "declaration" },
        { "<a>\n<!ENTITY b \"b\"></a>", 2, "declaration" },
        { "<a b='<!--'/>\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><!--x-->",
          2, "declaration" },
    };
    smtpc__xml_error_t error;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tap_ok(!read_text(&error, cases[i].text, SMTPC_EARG), "refused");
        tap_is_int(error.line, cases[i].line, "line");
        tap_ok(error.text && strstr(error.text, cases[i].why), "%s",
               error.text ? error.text : "NULL");
    }
}

static void other_encodings(void)
{
    static const char wide[] = "\xFF\xFE<\0a\0/\0>\0";
    smtpc__xml_error_t error = { 0, NULL };
    apr_xml_elem *root = NULL;

    tap_is_int(smtpc__xml_read(&root, &error, wide, sizeof(wide) - 1,
                               tap_pool()), SMTPC_EARG, "UTF-16");
    tap_ok(error.text && strstr(error.text, "UTF-8"), "%s", error.text);
    root = read_text(&error, "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>"
                             "<a b='\xE4'/>", APR_SUCCESS);
    tap_is_str(root ? root->attr->value : NULL, "\xC3\xA4", "Latin-1");
    root = read_text(&error, "\xEF\xBB\xBF<a\n b='\xC3\xA4'/>", APR_SUCCESS);
    tap_is_int(root ? smtpc__xml_line(root, "b") : 0, 2, "with a BOM");
}

static const char *nested(int depth)
{
    apr_pool_t *pool = tap_pool();
    char *open = apr_palloc(pool, (apr_size_t)depth * 3 + 1);
    char *close = apr_palloc(pool, (apr_size_t)depth * 4 + 1);
    int i;

    for (i = 0; i < depth; i++) {
        memcpy(open + 3 * i, "<a>", 3);
        memcpy(close + 4 * i, "</a>", 4);
    }
    open[3 * depth] = '\0';
    close[4 * depth] = '\0';
    return apr_pstrcat(pool, open, close, NULL);
}

static void limits(void)
{
    char wide[6 * SMTPC_LIMIT_SETTINGS_DEPTH + 8] = "<a>";
    smtpc__xml_error_t error;
    int i;

    for (i = 0; i < SMTPC_LIMIT_SETTINGS_DEPTH; i++) {
        memcpy(wide + 3 + 6 * i, "<b />\n", 6);
    }
    memcpy(wide + 3 + 6 * i, "</a>", 5);
    tap_ok(read_text(&error, wide, APR_SUCCESS) != NULL,
           "many beside each other");
    tap_ok(read_text(&error, nested(SMTPC_LIMIT_SETTINGS_DEPTH),
                     APR_SUCCESS) != NULL, "at the limit");
    tap_ok(!read_text(&error, nested(SMTPC_LIMIT_SETTINGS_DEPTH + 1),
                      SMTPC_ELIMIT), "beyond");
    tap_ok(strstr(error.text, "too deep") != NULL, "%s", error.text);
    tap_ok(!read_text(&error, nested(50000), SMTPC_ELIMIT), "far beyond");
}

static void wiping(void)
{
    smtpc__xml_error_t error;
    apr_xml_elem *root = read_text(&error, "<a p='one'>two<b q='three'/>four"
                                           "</a>", APR_SUCCESS);
    const char *one = root->attr->value;
    const char *two = root->first_cdata.first->text;
    const char *three = root->first_child->attr->value;
    const char *four = root->first_child->following_cdata.first->text;

    smtpc__xml_wipe(root);
    tap_is_mem(one, 3, "\0\0\0", 3, "attribute");
    tap_is_mem(two, 3, "\0\0\0", 3, "text");
    tap_is_mem(three, 5, "\0\0\0\0\0", 5, "attribute of a child");
    tap_is_mem(four, 4, "\0\0\0\0", 4, "text behind it");
}

int main(void)
{
    tap_pool();
    lines();
    refusals();
    other_encodings();
    limits();
    wiping();
    return tap_done();
}
