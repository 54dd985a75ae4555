/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header_test.c: the writer of header fields: golden fields, injection,
 * limits, and what unfolding and decoding gives back.
 */
#include "mime/header.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

static const char *finish(smtpc_header_t *header)
{
    apr_size_t len;
    const char *bytes = smtpc__header_finish(header, &len);

    return apr_pstrmemdup(tap_pool(), bytes, len);
}

static const char *text_field(const char *name, const char *value, int utf8)
{
    smtpc_header_t *h;

    smtpc__header_create(&h, utf8, tap_pool());
    if (smtpc__header_text(h, name, value) != APR_SUCCESS) {
        return NULL;
    }
    return finish(h);
}

static void golden_text(void)
{
    tap_is_str(text_field("Subject", "Hello", 0), "Subject: Hello\r\n\r\n",
               "plain");
    tap_is_str(text_field("Subject", "", 0), "Subject:\r\n\r\n", "empty");
    tap_is_str(text_field("Subject", "Gr\xc3\xbc\xc3\x9f" "e!", 0),
               "Subject: =?utf-8?B?R3LDvMOfZSE=?=\r\n\r\n", "one word");
    tap_is_str(text_field("Subject", "a \xc3\xa4 \xc3\xb6 b", 0),
               "Subject: a =?utf-8?B?w6Qgw7Y=?= b\r\n\r\n",
               "the blank between two encoded words is encoded");
    tap_is_str(text_field("Subject", "a \xc3\xa4 b", 1),
               "Subject: a \xc3\xa4 b\r\n\r\n", "raw UTF-8 if allowed");
    tap_is_str(text_field("Subject", "=?utf-8?Q?a?=", 1),
               "Subject: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?=\r\n\r\n",
               "what looks encoded is encoded, even with raw UTF-8");
    tap_is_str(text_field("Subject", " a ", 0),
               "Subject: =?utf-8?Q?_a_?=\r\n\r\n", "blanks at both ends");
    tap_is_str(text_field("Subject", "  ", 0),
               "Subject: =?utf-8?Q?__?=\r\n\r\n", "blanks alone");
    tap_is_str(text_field("Subject", "a  b", 0), "Subject: a  b\r\n\r\n",
               "two blanks between words stay");
    tap_is_str(text_field("Subject",
                          "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
                          "fffffffff ggggggggg", 0),
               "Subject: aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
               "fffffffff ggggggggg\r\n\r\n", "78 characters stay");
    tap_is_str(text_field("Subject",
                          "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
                          "fffffffff gggggggggg", 0),
               "Subject: aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
               "fffffffff\r\n gggggggggg\r\n\r\n", "79 are folded");
    tap_is_str(text_field("Subject",
                          "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
                          "fffffffff ggggggg \xc3\xa4", 0),
               "Subject: aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee "
               "fffffffff ggggggg\r\n =?utf-8?B?w6Q=?=\r\n\r\n",
               "an encoded word is not broken");
    tap_is_str(text_field("Subject",
                          "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
                          "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
                          "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
                          "\xe4\xb8\xad\xe6\x96\x87", 0),
               "Subject: =?utf-8?B?5Lit5paH5Lit5paH5Lit5paH5Lit5paH5Lit5paH"
               "5Lit5paH5Lit?=\r\n =?utf-8?B?5paH?=\r\n\r\n",
               "two words, one blank between them");
}

/* Every length around the folds comes back, well folded. */
static void lengths(void)
{
    static const char *const letters[] = { "x", "\xc3\xa4", "\xf0\x9f\x98\x80",
                                           "x ", "\xc3\xa4 x ", "  x" };
    const char *bad = NULL;

    for (apr_size_t k = 0; k < 6; k++) {
        char *value = apr_pstrdup(tap_pool(), "");

        for (int n = 1; n < 200 && bad == NULL; n++) {
            const char *block;
            const char *back;

            value = apr_pstrcat(tap_pool(), value, letters[k], NULL);
            block = text_field("Subject", value, 0);
            back = support_decode_words(
                support_field(block, "Subject", tap_pool()), tap_pool());
            bad = support_fold_problem(block, tap_pool());
            if (bad == NULL && strcmp(back, value) != 0) {
                bad = value;
            }
        }
        tap_is_str(bad, NULL, "letters %s", letters[k]);
    }
}

static void long_words(void)
{
    char *word = apr_pcalloc(tap_pool(), 3001);
    const char *block;

    memset(word, 'w', 80);
    block = text_field("X", word, 0);
    tap_is_str(block, apr_pstrcat(tap_pool(), "X: ", word, "\r\n\r\n", NULL),
               "a long word stays whole beside the name");
    memset(word, 'w', 76);
    word[76] = '\0';
    block = text_field("X-Long", word, 0);
    tap_is_str(block, apr_pstrcat(tap_pool(), "X-Long:\r\n ", word,
                                  "\r\n\r\n", NULL),
               "one that fits on a line of its own gets one");
    memset(word, 'w', 69);
    word[69] = '\0';
    tap_is_str(text_field("Subject", word, 0),
               apr_pstrcat(tap_pool(), "Subject: ", word, "\r\n\r\n", NULL),
               "a first word of the subject that fits");
    word[69] = 'w';
    word[70] = '\0';
    block = text_field("Subject", word, 0);
    tap_ok(strncmp(block, "Subject: =?utf-8?Q?www", 22) == 0,
           "one that does not is encoded, no fold behind the name");
    tap_is_str(support_decode_words(support_field(block, "Subject",
                                                  tap_pool()), tap_pool()),
               word, "and comes back");
    memset(word, 'w', 3000);
    block = text_field("X-Long", word, 0);
    tap_is_str(support_wire_problem(block, strlen(block)), NULL,
               "3000 characters: no line over 998");
    tap_is_str(support_decode_words(support_field(block, "X-Long",
                                                  tap_pool()), tap_pool()),
               word, "3000 characters come back");
    memset(word, ' ', 3000);
    memcpy(word, "a", 1);
    memcpy(word + 2999, "b", 1);
    block = text_field("X-Long", word, 0);
    tap_is_str(support_decode_words(support_field(block, "X-Long",
                                                  tap_pool()), tap_pool()),
               word, "a long row of blanks comes back");
    tap_is_str(support_fold_problem(block, tap_pool()), NULL, "folded");
    tap_is_str(support_wire_problem(block, strlen(block)), NULL,
               "not into one line");
}

static void injection(void)
{
    static const char *const bad[]
        = { "a\rb", "a\nb", "a\r\nb", "a\r\n b", "a\tb", "a\x7f" "b", "a\x01",
            "a\xc2\x85" "b", "a\xe2\x80\xa8" "b", "\xc0\x8a", "\xff" };
    static const char *const names[]
        = { "", "a b", "a:", "a\r\nBcc", "\xc3\xa4", "a\x7f", "a\t" };
    smtpc_header_t *h;
    smtpc_param_t param = { "name", NULL };
    apr_size_t len;

    smtpc__header_create(&h, 0, tap_pool());
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        param.value = bad[i];
        tap_is_int(smtpc__header_text(h, "X", bad[i]), SMTPC_EARG,
                   "text %d", (int)i);
        tap_is_int(smtpc__header_structured(h, "X", bad[i]), SMTPC_EARG,
                   "structured %d", (int)i);
        tap_is_int(smtpc__header_params(h, "X", "a/b", &param, 1), SMTPC_EARG,
                   "parameter %d", (int)i);
        tap_is_int(smtpc__header_params(h, "X", bad[i], NULL, 0), SMTPC_EARG,
                   "value before parameters %d", (int)i);
    }
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        tap_is_int(smtpc__header_text(h, names[i], "x"), SMTPC_EARG,
                   "name %d", (int)i);
        param.name = names[i];
        param.value = "x";
        tap_is_int(smtpc__header_params(h, "X", "a/b", &param, 1), SMTPC_EARG,
                   "parameter name %d", (int)i);
    }
    (void)smtpc__header_fields(h, &len);
    tap_is_int(len, 0, "nothing was written");
}

static void limits(void)
{
    char *value = apr_pcalloc(tap_pool(), SMTPC_LIMIT_HEADER_BLOCK + 1);
    char name[78];
    smtpc_header_t *h;
    apr_size_t len;

    memset(name, 'n', 76);
    name[76] = '\0';
    tap_is_str(smtpc__header_name_check(name), NULL, "name of 76");
    memset(name, 'n', 77);
    name[77] = '\0';
    tap_ok(smtpc__header_name_check(name) != NULL, "name of 77");

    /* Without folds the block is name, colon, value, CRLF. */
    memset(value, 'a', 78);
    smtpc__header_create(&h, 0, tap_pool());
    for (int i = 0; i < 1280; i++) {
        if (smtpc__header_text(h, "X", apr_pstrmemdup(tap_pool(), value, 75))
            != APR_SUCCESS) {
            tap_fail("field %d of 80 bytes", i);
        }
    }
    (void)smtpc__header_fields(h, &len);
    tap_is_int(len, SMTPC_LIMIT_HEADER_BLOCK, "a block at the limit");
    tap_is_int(smtpc__header_text(h, "Y", ""), SMTPC_ELIMIT, "one beyond");
    (void)smtpc__header_fields(h, &len);
    tap_is_int(len, SMTPC_LIMIT_HEADER_BLOCK, "taken back whole");
    (void)smtpc__header_finish(h, &len);
    tap_is_int(len, SMTPC_LIMIT_HEADER_BLOCK + 2, "and still ended");

    smtpc__header_create(&h, 0, tap_pool());
    for (int i = 0; i < 1279; i++) {
        if (smtpc__header_text(h, "X", apr_pstrmemdup(tap_pool(), value, 75))
            != APR_SUCCESS) {
            tap_fail("field %d of 80 bytes", i);
        }
    }
    tap_is_int(smtpc__header_text(h, "X", apr_pstrmemdup(tap_pool(), value,
                                                         76)),
               SMTPC_ELIMIT, "a field that begins below the limit");
    (void)smtpc__header_fields(h, &len);
    tap_is_int(len, SMTPC_LIMIT_HEADER_BLOCK - 80, "is taken back whole");

    smtpc__header_create(&h, 0, tap_pool());
    memset(value, 'a', 998);
    tap_is_int(smtpc__header_structured(h, "References", value),
               SMTPC_ELIMIT, "a structured word beyond the line limit");
}

static smtpc_address_t *address(const char *spec, const char *name)
{
    smtpc_address_t *a = NULL;

    if (smtpc_address_create(&a, spec, name, tap_pool()) != APR_SUCCESS) {
        tap_bail("address %s", spec);
    }
    return a;
}

static void check_address(const char *spec, const char *name, int utf8,
                          const char *want)
{
    apr_array_header_t *list
        = apr_array_make(tap_pool(), 1, sizeof(smtpc_address_t *));
    smtpc_header_t *h;

    APR_ARRAY_PUSH(list, smtpc_address_t *) = address(spec, name);
    smtpc__header_create(&h, utf8, tap_pool());
    tap_is_int(smtpc__header_addresses(h, "To", list),
               want != NULL ? APR_SUCCESS : SMTPC_EEXTENSION, "%s", spec);
    if (want != NULL) {
        tap_is_str(finish(h), want, "%s written", spec);
    }
}

static void addresses(void)
{
    apr_array_header_t *list
        = apr_array_make(tap_pool(), 1, sizeof(smtpc_address_t *));
    smtpc_header_t *h;
    const char *block;

    check_address("a@b.org", NULL, 0, "To: a@b.org\r\n\r\n");
    check_address("a@b.org", "Ann", 0, "To: \"Ann\" <a@b.org>\r\n\r\n");
    check_address("a@b.org", "B, \"Bob\" \\", 0,
                  "To: \"B, \\\"Bob\\\" \\\\\" <a@b.org>\r\n\r\n");
    check_address("a@b.org", "J\xc3\xb6rg", 0,
                  "To: =?utf-8?B?SsO2cmc=?= <a@b.org>\r\n\r\n");
    check_address("a@b.org", "J\xc3\xb6rg", 1,
                  "To: \"J\xc3\xb6rg\" <a@b.org>\r\n\r\n");
    check_address("a@b.org", "=?x?Q?y?=", 0,
                  "To: =?utf-8?B?PT94P1E/eT89?= <a@b.org>\r\n\r\n");
    check_address("a@b.org", "A  B", 0,
                  "To: =?utf-8?Q?A__B?= <a@b.org>\r\n\r\n");
    check_address("a@\xc3\xa4.org", NULL, 0, "To: a@xn--4ca.org\r\n\r\n");
    check_address("a@\xc3\xa4.org", NULL, 1, "To: a@\xc3\xa4.org\r\n\r\n");
    check_address("\xc3\xa4@b.org", NULL, 1, "To: \xc3\xa4@b.org\r\n\r\n");
    check_address("\xc3\xa4@b.org", NULL, 0, NULL);

    smtpc__header_create(&h, 0, tap_pool());
    tap_is_int(smtpc__header_addresses(h, "To", list), APR_SUCCESS, "none");
    tap_is_str(finish(h), "\r\n", "writes nothing");
    APR_ARRAY_PUSH(list, smtpc_address_t *)
        = address("ann@example.org", "Ann of the first line");
    APR_ARRAY_PUSH(list, smtpc_address_t *)
        = address("bob@example.org", "Bob, who goes on the next");
    APR_ARRAY_PUSH(list, smtpc_address_t *) = address("c@example.org", NULL);
    smtpc__header_create(&h, 0, tap_pool());
    tap_is_int(smtpc__header_addresses(h, "To", list), APR_SUCCESS, "three");
    block = finish(h);
    tap_is_str(block,
               "To: \"Ann of the first line\" <ann@example.org>,\r\n"
               " \"Bob, who goes on the next\" <bob@example.org>, "
               "c@example.org\r\n\r\n", "a mailbox stays on one line");
    tap_is_str(support_fold_problem(block, tap_pool()), NULL, "folded");

    /* A name that fits on no line begins one, and only one. */
    APR_ARRAY_PUSH(list, smtpc_address_t *) = address(
        "d@example.org", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
                         "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
    smtpc__header_create(&h, 0, tap_pool());
    tap_is_int(smtpc__header_addresses(h, "To", list), APR_SUCCESS, "four");
    block = finish(h);
    tap_is_str(strstr(block, "c@example.org"),
               "c@example.org,\r\n"
               " \"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
               "nnnnnnnnnnnnnnnnnnnnnnnnnnn\"\r\n <d@example.org>\r\n\r\n",
               "no empty line in front of a long name");
    smtpc__header_create(&h, 0, tap_pool());
    tap_is_int(smtpc__header_addresses(h, "T o", list), SMTPC_EARG,
               "no such field");
    tap_is_str(finish(h), "\r\n", "and nothing of it");
}

/* A name longer than a line may be is cut into encoded words. */
static void long_name(void)
{
    char name[SMTPC_LIMIT_DISPLAY_NAME + 1];
    apr_array_header_t *list
        = apr_array_make(tap_pool(), 1, sizeof(smtpc_address_t *));
    smtpc_header_t *h;
    const char *block;

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    APR_ARRAY_PUSH(list, smtpc_address_t *) = address("a@b.org", name);
    smtpc__header_create(&h, 0, tap_pool());
    tap_is_int(smtpc__header_addresses(h, "To", list), APR_SUCCESS,
               "a name of 1024 letters");
    block = finish(h);
    tap_is_str(support_fold_problem(block, tap_pool()), NULL, "is folded");
    tap_is_str(support_decode_words(support_field(block, "To", tap_pool()),
                                    tap_pool()),
               apr_pstrcat(tap_pool(), name, " <a@b.org>", NULL),
               "and is read back");
}

static void structured(void)
{
    smtpc_header_t *h;

    smtpc__header_create(&h, 0, tap_pool());
    tap_is_int(smtpc__header_structured(
                   h, "References", " <aaaaaaaaaaaaaaaaaaaaaaaaaaaaa@a.org>  "
                   "<bbbbbbbbbbbbbbbbbbbbbbbbbbbbb@b.org> <c@c> "), 0,
               "references");
    tap_is_str(finish(h),
               "References: <aaaaaaaaaaaaaaaaaaaaaaaaaaaaa@a.org>\r\n"
               " <bbbbbbbbbbbbbbbbbbbbbbbbbbbbb@b.org> <c@c>\r\n\r\n",
               "folded at its blanks");
    tap_is_int(smtpc__header_structured(h, "References", "\xc3\xa4"),
               SMTPC_EARG, "no UTF-8");
    tap_is_int(smtpc__header_structured(h, "Refer ences", "<a@a>"),
               SMTPC_EARG, "no such field");
}

static apr_status_t params_of(const char *value, const char *name,
                              const char *of_name)
{
    smtpc_param_t param = { name, of_name };
    smtpc_header_t *h;

    smtpc__header_create(&h, 0, tap_pool());
    return smtpc__header_params(h, "Content-Type", value, &param, 1);
}

static void params(void)
{
    char longest[2 * SMTPC_LIMIT_CONTENT_LINE];

    tap_is_int(params_of("text/plain", "charset", "us-ascii"), APR_SUCCESS,
               "a parameter");
    tap_is_int(params_of("text/\xc3\xa4", "charset", "us-ascii"),
               SMTPC_EARG, "a value that is not ASCII");
    tap_is_int(params_of("text/plain\r\n", "charset", "us-ascii"),
               SMTPC_EARG, "or has a line end");
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    tap_is_int(params_of(longest, "charset", "us-ascii"), SMTPC_ELIMIT,
               "or fits on no line");
    longest[SMTPC_LIMIT_HEADER_LINE / 2 + 1] = '\0';
    tap_is_int(params_of("text/plain", longest, "us-ascii"), SMTPC_ELIMIT,
               "a name of 40 bytes");
    longest[SMTPC_LIMIT_HEADER_LINE / 2] = '\0';
    tap_is_int(params_of("text/plain", longest, "us-ascii"), APR_SUCCESS,
               "of 39");
    tap_is_int(params_of("text/plain", "char set", "us-ascii"), SMTPC_EARG,
               "that is no token");
    tap_is_int(params_of("text/plain", "charset", "us\nascii"), SMTPC_EARG,
               "its value with a line end");
}

static const char *phrase_field(const char *phrase, const char *spec)
{
    smtpc_header_t *h;
    apr_status_t rv;

    smtpc__header_create(&h, 0, tap_pool());
    rv = smtpc__header_phrase(h, "List-Id", phrase, spec);
    return rv == APR_SUCCESS ? finish(h) : smtpc_status_name(rv);
}

static void phrases(void)
{
    smtpc_header_t *h;

    tap_is_str(phrase_field("", "<a.b>"), "List-Id: <a.b>\r\n\r\n",
               "no phrase");
    tap_is_str(phrase_field("News, \"all\"", "<a.b>"),
               "List-Id: \"News, \\\"all\\\"\" <a.b>\r\n\r\n", "quoted");
    tap_is_str(phrase_field("\xc3\xbc", "<a.b>"),
               "List-Id: =?utf-8?B?w7w=?= <a.b>\r\n\r\n", "encoded");
    tap_is_str(phrase_field("a\nb", "<a.b>"), "SMTPC_EARG", "a line end");
    tap_is_str(phrase_field("a", "<a\r\nb>"), "SMTPC_EARG", "likewise");
    smtpc__header_create(&h, 0, tap_pool());
    tap_is_int(smtpc__header_phrase(h, "List-I\r\nd", "a", "<a.b>"),
               SMTPC_EARG, "no such field");
}

int main(void)
{
    phrases();
    golden_text();
    lengths();
    long_words();
    injection();
    limits();
    addresses();
    long_name();
    structured();
    params();
    return tap_done();
}
