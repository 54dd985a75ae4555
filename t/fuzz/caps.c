/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caps.c: libFuzzer entry for what an EHLO reply offers.
 *
 * The input is the lines behind the first. Besides the sanitizers, this checks
 * that a value counts only with its keyword and is within its limits; that
 * what is written of the capabilities is read back as the same; that a line
 * said twice changes nothing; that what is masked is gone, values and all; and
 * that no keyword is offered whose name no line has.
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "model/caps.h"

/* One past the last bit of smtpc_cap_e that is looked at. */
#define CAP_BITS 31

static int has(const smtpc_caps_t *caps, unsigned int bit)
{
    return (caps->bits & bit) != 0;
}

/* Values stand with their keywords only, and where they can be used. */
static void check_values(const smtpc_caps_t *caps)
{
    require(caps->size >= 0 && caps->by_minimum >= 0
            && caps->future_interval >= 0 && caps->future_until >= 0);
    require(caps->by_minimum <= SMTPC_LIMIT_SECONDS
            && caps->future_interval <= SMTPC_LIMIT_SECONDS);
    require(has(caps, SMTPC_CAP_SIZE) || caps->size == 0);
    require(has(caps, SMTPC_CAP_AUTH) || caps->mechanisms == 0);
    require(has(caps, SMTPC_CAP_DELIVERBY) || caps->by_minimum == 0);
    require(has(caps, SMTPC_CAP_FUTURERELEASE)
            || (caps->future_interval == 0 && caps->future_until == 0));
    require(has(caps, SMTPC_CAP_LIMITS)
            || (caps->mail_max == 0 && caps->rcpt_max == 0
                && caps->rcpt_domain_max == 0));
    require(has(caps, SMTPC_CAP_XCLIENT) || caps->xclient == 0);
    require(caps->mail_max < 1000000 && caps->rcpt_max < 1000000
            && caps->rcpt_domain_max < 1000000);
}

/* Every keyword that is offered is one that a line begins with. */
static void check_named(const smtpc_caps_t *caps, char *text,
                        apr_pool_t *pool)
{
    unsigned int named = 0;
    char *line = text;

    while (line != NULL) {
        char *end = strchr(line, '\n');
        size_t len = strcspn(line, " =\n");

        named |= smtpc__cap_by_name(apr_pstrmemdup(pool, line, len));
        line = end != NULL ? end + 1 : NULL;
    }
    require((caps->bits & ~named) == 0);
}

/* Give the lines at text to caps. */
static void read_lines(smtpc_caps_t *caps, const char *text)
{
    char *copy = fuzz_text(text, strlen(text));
    char *line = copy;

    while (line != NULL) {
        char *end = strchr(line, '\n');

        if (end != NULL) {
            *end = '\0';
        }
        smtpc__caps_line(caps, line);
        check_values(caps);
        line = end != NULL ? end + 1 : NULL;
    }
    free(copy);
}

/* Return the words of text as lines as a server would write them. */
static const char *as_lines(const char *text, apr_pool_t *pool)
{
    char *lines = apr_pstrdup(pool, text);
    char *p;

    for (p = lines; *p != '\0'; p++) {
        if (*p == ' ') {
            *p = '\n';
        }
        else if (*p == '=' || *p == ',') {
            *p = ' ';
        }
    }
    for (p = lines; (p = strstr(p, "MAX:")) != NULL; p++) {
        p[3] = '=';
    }
    return lines;
}

static void check_text(const smtpc_caps_t *caps, apr_pool_t *pool)
{
    const char *text = smtpc__caps_text(caps, pool);
    smtpc_caps_t again = { 0 };

    fuzz_check_line(text, 1000);
    if (*text == '\0') {
        require(caps->bits == 0);
        return;
    }
    read_lines(&again, as_lines(text, pool));
    require(again.bits == caps->bits && again.size == caps->size
            && again.mechanisms == caps->mechanisms
            && again.xclient == caps->xclient
            && again.by_minimum == caps->by_minimum
            && again.future_interval == caps->future_interval
            && again.mail_max == caps->mail_max
            && again.rcpt_max == caps->rcpt_max
            && again.rcpt_domain_max == caps->rcpt_domain_max);
    require(strcmp(smtpc__caps_text(&again, pool), text) == 0);
}

static void check_masks(const smtpc_caps_t *caps)
{
    for (int i = 0; i < CAP_BITS; i++) {
        smtpc_caps_t masked = *caps;

        smtpc__caps_mask(&masked, 1u << i);
        require(masked.bits == (caps->bits & ~(1u << i)));
        check_values(&masked);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    char *text = fuzz_text(data, size);
    smtpc_caps_t caps = { 0 };
    smtpc_caps_t twice;

    read_lines(&caps, text);
    check_named(&caps, text, pool);
    check_text(&caps, pool);
    check_masks(&caps);
    twice = caps;
    if (strchr(text, '\n') == NULL) {
        read_lines(&twice, text);
        require(memcmp(&twice, &caps, sizeof(caps)) == 0);
    }
    free(text);
    apr_pool_clear(pool);
    return 0;
}
