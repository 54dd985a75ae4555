/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caps.c: what an EHLO reply offers.
 *
 * Reads keywords, never fails: what it does not know or cannot read is not
 * offered. The lines are of any length; no byte of them is kept.
 * RFC 5321 4.1.1.1, RFC 1870 3, RFC 4954 3, RFC 2852 3, RFC 4865 3,
 * RFC 9422 3.
 */

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "model/caps.h"

/* The most digits of a SIZE: 10^18 still fits into apr_off_t. */
#define SIZE_DIGITS_MAX 18
/* The most digits of seconds: RFC 2852 3, RFC 4865 3. */
#define SECONDS_DIGITS_MAX 9
/* The most digits of a limit: RFC 9422 4. */
#define LIMIT_DIGITS_MAX 6

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
    { "DELIVERBY", SMTPC_CAP_DELIVERBY },
    { "FUTURERELEASE", SMTPC_CAP_FUTURERELEASE },
    { "MT-PRIORITY", SMTPC_CAP_MT_PRIORITY },
    { "LIMITS", SMTPC_CAP_LIMITS },
    { "XCLIENT", SMTPC_CAP_XCLIENT },
    { "PIPECONNECT", SMTPC_CAP_PIPECONNECT },
    { "VRFY", SMTPC_CAP_VRFY },
    { "EXPN", SMTPC_CAP_EXPN },
    { "HELP", SMTPC_CAP_HELP },
    { NULL, 0 }
};

/* What servers said before there was a standard, or still say. */
static const name_t old_keywords[] = {
    { "PIPE_CONNECT", SMTPC_CAP_PIPECONNECT },
    { "X_PIPE_CONNECT", SMTPC_CAP_PIPECONNECT },
    { NULL, 0 }
};

static const name_t mechanisms[] = {
    { "PLAIN", SMTPC_MECH_PLAIN },
    { "LOGIN", SMTPC_MECH_LOGIN },
    { "CRAM-MD5", SMTPC_MECH_CRAM_MD5 },
    { "SCRAM-SHA-1", SMTPC_MECH_SCRAM_SHA_1 },
    { "SCRAM-SHA-1-PLUS", SMTPC_MECH_SCRAM_SHA_1_PLUS },
    { "SCRAM-SHA-256", SMTPC_MECH_SCRAM_SHA_256 },
    { "SCRAM-SHA-256-PLUS", SMTPC_MECH_SCRAM_SHA_256_PLUS },
    { "GSSAPI", SMTPC_MECH_GSSAPI },
    { "GS2-KRB5", SMTPC_MECH_GS2_KRB5 },
    { "NTLM", SMTPC_MECH_NTLM },
    { "EXTERNAL", SMTPC_MECH_EXTERNAL },
    { "XOAUTH2", SMTPC_MECH_XOAUTH2 },
    { "OAUTHBEARER", SMTPC_MECH_OAUTHBEARER },
    { NULL, 0 }
};

static const name_t attributes[] = {
    { "NAME", SMTPC_XCLIENT_NAME },
    { "ADDR", SMTPC_XCLIENT_ADDR },
    { "PORT", SMTPC_XCLIENT_PORT },
    { "PROTO", SMTPC_XCLIENT_PROTO },
    { "HELO", SMTPC_XCLIENT_HELO },
    { "LOGIN", SMTPC_XCLIENT_LOGIN },
    { "DESTADDR", SMTPC_XCLIENT_DESTADDR },
    { "DESTPORT", SMTPC_XCLIENT_DESTPORT },
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

/* Return the name of bit in table, or "". */
static const char *name_of(const name_t *table, unsigned int bit)
{
    for (; table->name != NULL; table++) {
        if (table->bit == bit) {
            return table->name;
        }
    }
    return "";
}

static unsigned int find_keyword(const char *name, apr_size_t len)
{
    unsigned int bit = find(keywords, name, len);

    return bit != 0 ? bit : find(old_keywords, name, len);
}

/* Set *value to the number at text, of at most max digits (none: 0); return
 * their count, or -1 if there are more. */
static int take_number(apr_int64_t *value, const char *text, int max)
{
    int digits = (int)strspn(text, "0123456789");
    int i;

    *value = 0;
    if (digits > max) {
        return -1;
    }
    for (i = 0; i < digits; i++) {
        *value = *value * 10 + (text[i] - '0');
    }
    return digits;
}

/* Return non-zero if nothing but blanks is at text. */
static int is_end(const char *text)
{
    return text[strspn(text, " ")] == '\0';
}

/* Take the parameter of SIZE: a number, or nothing ("no limit said"). */
static int take_size(smtpc_caps_t *caps, const char *parameter)
{
    apr_int64_t size;
    int digits = take_number(&size, parameter, SIZE_DIGITS_MAX);

    if (digits < 0 || !is_end(parameter + digits)) {
        return 0;
    }
    caps->size = size;
    return 1;
}

/* Take the parameter of DELIVERBY: a number, or nothing, and behind a comma
 * what nobody has defined. */
static int take_deliver_by(smtpc_caps_t *caps, const char *parameter)
{
    int digits = take_number(&caps->by_minimum, parameter,
                             SECONDS_DIGITS_MAX);

    return digits >= 0
           && (parameter[digits] == ',' || is_end(parameter + digits));
}

/* Set *value to the number of count digits at text; 0 if they are none. */
static int take_digits(apr_int32_t *value, const char *text, int count)
{
    *value = 0;
    while (count-- > 0) {
        if (*text < '0' || *text > '9') {
            return 0;
        }
        *value = *value * 10 + (*text++ - '0');
    }
    return 1;
}

/* Set *when to the time "2026-11-27T10:00:00Z" at text: RFC 3339 in UTC;
 * fractions of a second are dropped. 0 if it is none. */
static int take_time(apr_time_t *when, const char *text)
{
    apr_time_exp_t at = { 0 };
    apr_size_t len = strcspn(text, " ");
    apr_size_t fraction;

    if (len < 20 || text[4] != '-' || text[7] != '-'
        || (text[10] != 'T' && text[10] != 't') || text[13] != ':'
        || text[16] != ':' || !take_digits(&at.tm_year, text, 4)
        || !take_digits(&at.tm_mon, text + 5, 2)
        || !take_digits(&at.tm_mday, text + 8, 2)
        || !take_digits(&at.tm_hour, text + 11, 2)
        || !take_digits(&at.tm_min, text + 14, 2)
        || !take_digits(&at.tm_sec, text + 17, 2)) {
        return 0;
    }
    fraction = text[19] == '.' ? 1 + strspn(text + 20, "0123456789") : 0;
    if (fraction == 1 || len != 20 + fraction
        || (text[len - 1] != 'Z' && text[len - 1] != 'z')
        || at.tm_year < 1970 || at.tm_mon < 1 || at.tm_mon > 12
        || at.tm_mday < 1 || at.tm_mday > 31 || at.tm_hour > 23
        || at.tm_min > 59 || at.tm_sec > 60) {
        return 0;
    }
    at.tm_year -= 1900;
    at.tm_mon -= 1;
    return apr_time_exp_gmt_get(when, &at) == APR_SUCCESS;
}

/* Take the parameters of FUTURERELEASE: seconds, and a time; a server that
 * leaves them out has not said how long it holds. */
static int take_future(smtpc_caps_t *caps, const char *parameter)
{
    int digits = take_number(&caps->future_interval, parameter,
                             SECONDS_DIGITS_MAX);

    caps->future_until = 0;
    if (digits < 0 || strchr(" ", parameter[digits]) == NULL) {
        return 0;
    }
    parameter += digits;
    if (is_end(parameter)) {
        return 1;
    }
    parameter += strspn(parameter, " ");
    return digits > 0 && take_time(&caps->future_until, parameter)
           && is_end(parameter + strcspn(parameter, " "));
}

/* Take the len bytes "RCPTMAX=20" at text, unless they are not understood.
 * Said twice, the smaller counts. */
static void take_limit(smtpc_caps_t *caps, const char *text, apr_size_t len)
{
    const struct {
        const char *name;
        apr_size_t *value;
    } limits[] = {
        { "MAILMAX=", &caps->mail_max },
        { "RCPTMAX=", &caps->rcpt_max },
        { "RCPTDOMAINMAX=", &caps->rcpt_domain_max }
    };
    apr_size_t i;

    for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        apr_size_t name = strlen(limits[i].name);
        apr_int64_t number;

        if (len > name && strncasecmp(text, limits[i].name, name) == 0
            && take_number(&number, text + name, LIMIT_DIGITS_MAX)
                   == (int)(len - name)
            && number > 0
            && (*limits[i].value == 0
                || number < (apr_int64_t)*limits[i].value)) {
            *limits[i].value = (apr_size_t)number;
        }
    }
}

/* Call the words at names, as many as are looked at, one by one. */
static void take_words(smtpc_caps_t *caps, const char *names,
                       void (*take)(smtpc_caps_t *, const char *,
                                    apr_size_t))
{
    int count;

    for (count = 0; count < SMTPC_LIMIT_AUTH_MECHANISMS; count++) {
        apr_size_t len;

        names += strspn(names, " ");
        len = strcspn(names, " ");
        if (len == 0) {
            return;
        }
        take(caps, names, len);
        names += len;
    }
}

static void take_mechanism(smtpc_caps_t *caps, const char *name,
                           apr_size_t len)
{
    caps->mechanisms |= find(mechanisms, name, len);
}

static void take_attribute(smtpc_caps_t *caps, const char *name,
                           apr_size_t len)
{
    caps->xclient |= find(attributes, name, len);
}

/* Take the parameter of the keyword with bit; 0 if it is no good. */
static int take_parameter(smtpc_caps_t *caps, unsigned int bit,
                          const char *parameter)
{
    switch (bit) {
    case SMTPC_CAP_SIZE:
        return take_size(caps, parameter);
    case SMTPC_CAP_DELIVERBY:
        return take_deliver_by(caps, parameter);
    case SMTPC_CAP_FUTURERELEASE:
        return take_future(caps, parameter);
    case SMTPC_CAP_AUTH:
        take_words(caps, parameter, take_mechanism);
        return 1;
    case SMTPC_CAP_LIMITS:
        take_words(caps, parameter, take_limit);
        return 1;
    case SMTPC_CAP_XCLIENT:
        take_words(caps, parameter, take_attribute);
        return 1;
    default:
        return 1;
    }
}

int smtpc__caps_equal(const smtpc_caps_t *a, const smtpc_caps_t *b)
{
    return a->bits == b->bits && a->mechanisms == b->mechanisms
           && a->size == b->size && a->esmtp == b->esmtp
           && a->by_minimum == b->by_minimum
           && a->future_interval == b->future_interval
           && a->future_until == b->future_until
           && a->mail_max == b->mail_max && a->rcpt_max == b->rcpt_max
           && a->rcpt_domain_max == b->rcpt_domain_max
           && a->xclient == b->xclient;
}

void smtpc__caps_line(smtpc_caps_t *caps, const char *line)
{
    /* "AUTH=LOGIN" is what old servers say for old clients. */
    apr_size_t len = strcspn(line, " =");
    unsigned int bit = find_keyword(line, len);
    const char *parameter = line + len;

    if (*parameter == '=' && bit != SMTPC_CAP_AUTH) {
        return;
    }
    parameter += *parameter != '\0';
    parameter += strspn(parameter, " ");
    if (take_parameter(caps, bit, parameter)) {
        caps->bits |= bit;
    }
    else {
        smtpc__caps_mask(caps, bit);
    }
}

void smtpc__caps_mask(smtpc_caps_t *caps, unsigned int mask)
{
    caps->bits &= ~mask;
    if (mask & SMTPC_CAP_SIZE) {
        caps->size = 0;
    }
    if (mask & SMTPC_CAP_AUTH) {
        caps->mechanisms = 0;
    }
    if (mask & SMTPC_CAP_DELIVERBY) {
        caps->by_minimum = 0;
    }
    if (mask & SMTPC_CAP_FUTURERELEASE) {
        caps->future_interval = 0;
        caps->future_until = 0;
    }
    if (mask & SMTPC_CAP_LIMITS) {
        caps->mail_max = 0;
        caps->rcpt_max = 0;
        caps->rcpt_domain_max = 0;
    }
    if (mask & SMTPC_CAP_XCLIENT) {
        caps->xclient = 0;
    }
}

/* Return "=PLAIN,LOGIN", the names of bits in table, or "". */
static const char *names_text(const name_t *table, unsigned int bits,
                              apr_pool_t *pool)
{
    const char *text = "";

    for (; table->name != NULL; table++) {
        if (bits & table->bit) {
            text = apr_pstrcat(pool, text, *text != '\0' ? "," : "=",
                               table->name, NULL);
        }
    }
    return text;
}

/* Return "=name:number" behind text, or text if number is 0. */
static const char *limit_text(const char *text, const char *name,
                              apr_size_t number, apr_pool_t *pool)
{
    return number == 0 ? text
                       : apr_psprintf(pool, "%s%s%s:%" APR_SIZE_T_FMT, text,
                                      *text != '\0' ? "," : "=", name,
                                      number);
}

static const char *limits_text(const smtpc_caps_t *caps, apr_pool_t *pool)
{
    const char *text = limit_text("", "MAILMAX", caps->mail_max, pool);

    text = limit_text(text, "RCPTMAX", caps->rcpt_max, pool);
    return limit_text(text, "RCPTDOMAINMAX", caps->rcpt_domain_max, pool);
}

static const char *number_text(apr_int64_t number, apr_pool_t *pool)
{
    return number > 0 ? apr_psprintf(pool, "=%" APR_INT64_T_FMT, number) : "";
}

/* Return what is said behind the keyword with bit: "=100", or "". */
static const char *value_text(const smtpc_caps_t *caps, unsigned int bit,
                              apr_pool_t *pool)
{
    switch (bit) {
    case SMTPC_CAP_AUTH:
        return names_text(mechanisms, caps->mechanisms, pool);
    case SMTPC_CAP_XCLIENT:
        return names_text(attributes, caps->xclient, pool);
    case SMTPC_CAP_LIMITS:
        return limits_text(caps, pool);
    case SMTPC_CAP_SIZE:
        return number_text(caps->size, pool);
    case SMTPC_CAP_DELIVERBY:
        return number_text(caps->by_minimum, pool);
    case SMTPC_CAP_FUTURERELEASE:
        return number_text(caps->future_interval, pool);
    default:
        return "";
    }
}

const char *smtpc__caps_text(const smtpc_caps_t *caps, apr_pool_t *pool)
{
    const name_t *entry;
    const char *text = "";

    for (entry = keywords; entry->name != NULL; entry++) {
        if (caps->bits & entry->bit) {
            text = apr_pstrcat(pool, text, *text != '\0' ? " " : "",
                               entry->name,
                               value_text(caps, entry->bit, pool), NULL);
        }
    }
    return text;
}

unsigned int smtpc__cap_by_name(const char *name)
{
    return find_keyword(name, strlen(name));
}

const char *smtpc__cap_name(unsigned int bit)
{
    return name_of(keywords, bit);
}

unsigned int smtpc__mech_by_name(const char *name)
{
    return find(mechanisms, name, strlen(name));
}

const char *smtpc__mech_name(unsigned int mech)
{
    return name_of(mechanisms, mech);
}
