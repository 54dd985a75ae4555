/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caps.c: what an EHLO reply offers.
 *
 * Reads keywords, never fails: what it does not know or cannot read is not
 * offered. The lines are of any length; no byte of them is kept.
 * RFC 5321 4.1.1.1, RFC 1870 3, RFC 4954 3.
 */

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "model/caps.h"

/* The most digits of a SIZE: 10^18 still fits into apr_off_t. */
#define SIZE_DIGITS_MAX 18

/* A keyword or mechanism and its bit. */
typedef struct name_t {
    const char *name;
    unsigned int bit;
} name_t;

static const name_t keywords[] = {
    { "STARTTLS", SMTPC_CAP_STARTTLS },
    { "SIZE", SMTPC_CAP_SIZE },
    { "8BITMIME", SMTPC_CAP_8BITMIME },
    { "SMTPUTF8", SMTPC_CAP_SMTPUTF8 },
    { "PIPELINING", SMTPC_CAP_PIPELINING },
    { "CHUNKING", SMTPC_CAP_CHUNKING },
    { "BINARYMIME", SMTPC_CAP_BINARYMIME },
    { "DSN", SMTPC_CAP_DSN },
    { "ENHANCEDSTATUSCODES", SMTPC_CAP_ENHANCEDSTATUSCODES },
    { "REQUIRETLS", SMTPC_CAP_REQUIRETLS },
    { "AUTH", SMTPC_CAP_AUTH },
    { NULL, 0 }
};

static const name_t mechanisms[] = {
    { "PLAIN", SMTPC_MECH_PLAIN },
    { "LOGIN", SMTPC_MECH_LOGIN },
    { NULL, 0 }
};

/* Return the bit of the len bytes at name in table, or 0. */
static unsigned int find(const name_t *table, const char *name,
                         apr_size_t len)
{
    for (; table->name != NULL; table++) {
        if (strlen(table->name) == len
            && strncasecmp(table->name, name, len) == 0) {
            return table->bit;
        }
    }
    return 0;
}

/* Take the parameter of SIZE: a number, or nothing ("no limit said"). */
static void take_size(smtpc_caps_t *caps, const char *parameter)
{
    apr_size_t digits = strspn(parameter, "0123456789");
    apr_off_t size = 0;
    apr_size_t i;

    if (digits > SIZE_DIGITS_MAX
        || parameter[digits + strspn(parameter + digits, " ")] != '\0') {
        caps->bits &= ~(unsigned int)SMTPC_CAP_SIZE;
        caps->size = 0;
        return;
    }
    for (i = 0; i < digits; i++) {
        size = size * 10 + (parameter[i] - '0');
    }
    caps->bits |= SMTPC_CAP_SIZE;
    caps->size = size;
}

/* Take the mechanisms of AUTH, as many as are looked at. */
static void take_mechanisms(smtpc_caps_t *caps, const char *names)
{
    int count;

    for (count = 0; count < SMTPC_LIMIT_AUTH_MECHANISMS; count++) {
        apr_size_t len;

        names += strspn(names, " ");
        len = strcspn(names, " ");
        if (len == 0) {
            return;
        }
        caps->mechanisms |= find(mechanisms, names, len);
        names += len;
    }
}

void smtpc__caps_line(smtpc_caps_t *caps, const char *line)
{
    /* "AUTH=LOGIN" is what old servers say for old clients. */
    apr_size_t len = strcspn(line, " =");
    unsigned int bit = find(keywords, line, len);
    const char *parameter = line + len;

    if (*parameter == '=' && bit != SMTPC_CAP_AUTH) {
        return;
    }
    parameter += *parameter != '\0';
    parameter += strspn(parameter, " ");
    if (bit == SMTPC_CAP_SIZE) {
        take_size(caps, parameter);
        return;
    }
    if (bit == SMTPC_CAP_AUTH) {
        take_mechanisms(caps, parameter);
    }
    caps->bits |= bit;
}

/* Return "=PLAIN,LOGIN" of caps, or "". */
static const char *mechanisms_text(const smtpc_caps_t *caps,
                                   apr_pool_t *pool)
{
    const name_t *entry;
    const char *text = "";

    for (entry = mechanisms; entry->name != NULL; entry++) {
        if (caps->mechanisms & entry->bit) {
            text = apr_pstrcat(pool, text, *text != '\0' ? "," : "=",
                               entry->name, NULL);
        }
    }
    return text;
}

const char *smtpc__caps_text(const smtpc_caps_t *caps, apr_pool_t *pool)
{
    const name_t *entry;
    const char *text = "";

    for (entry = keywords; entry->name != NULL; entry++) {
        const char *value = "";

        if (!(caps->bits & entry->bit)) {
            continue;
        }
        if (entry->bit == SMTPC_CAP_AUTH) {
            value = mechanisms_text(caps, pool);
        }
        else if (entry->bit == SMTPC_CAP_SIZE && caps->size > 0) {
            value = apr_psprintf(pool, "=%" APR_OFF_T_FMT, caps->size);
        }
        text = apr_pstrcat(pool, text, *text != '\0' ? " " : "",
                           entry->name, value, NULL);
    }
    return text;
}

unsigned int smtpc__mech_by_name(const char *name)
{
    return find(mechanisms, name, strlen(name));
}

const char *smtpc__mech_name(unsigned int mech)
{
    const name_t *entry;

    for (entry = mechanisms; entry->name != NULL; entry++) {
        if (entry->bit == mech) {
            return entry->name;
        }
    }
    return "";
}
