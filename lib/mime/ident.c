/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ident.c: dates, message identifiers, boundaries, RFC 5322 3.3 and 3.6.4,
 * RFC 2046 5.1.1.
 *
 * Identifiers and boundaries have 160 random bits from the env, so nothing
 * else has to make them unique: no counter, process id or time is in them,
 * and a stranger who chooses content cannot write a boundary into it.
 */
#include "mime/ident.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "mime/ascii.h"

/* Random bytes of an identifier. */
#define RANDOM_BYTES 20

void smtpc__ident_date(char *out, apr_time_t now)
{
    apr_time_exp_t t;
    int minutes;
    int east;

    /* Fails only where localtime_r() does, far outside any real clock. */
    if (apr_time_exp_lt(&t, now) != APR_SUCCESS) {
        (void)apr_time_exp_gmt(&t, 0);
    }
    east = t.tm_gmtoff >= 0;
    minutes = (east ? t.tm_gmtoff : -t.tm_gmtoff) / 60;
    apr_snprintf(out, SMTPC_IDENT_DATE_SIZE,
                 "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d",
                 apr_day_snames[t.tm_wday], t.tm_mday,
                 apr_month_snames[t.tm_mon], t.tm_year + 1900, t.tm_hour,
                 t.tm_min, t.tm_sec, east ? '+' : '-', minutes / 60,
                 minutes % 60);
}

/* Write RANDOM_BYTES random bytes as hexadecimal digits, terminated. */
static apr_status_t random_digits(char out[2 * RANDOM_BYTES + 1],
                                  const smtpc_env_t *env)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[RANDOM_BYTES];
    apr_status_t rv = smtpc__env_random(env, bytes, sizeof(bytes));

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (apr_size_t i = 0; i < RANDOM_BYTES; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 15];
    }
    out[2 * RANDOM_BYTES] = '\0';
    return APR_SUCCESS;
}

apr_status_t smtpc__ident_message_id(const char **id, const smtpc_env_t *env,
                                     const smtpc_address_t *from,
                                     apr_pool_t *pool)
{
    const char *domain = smtpc__env_host_name(env);
    const char *at;
    char digits[2 * RANDOM_BYTES + 1];
    apr_status_t rv = random_digits(digits, env);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (from != NULL) {
        at = strrchr(smtpc__address_ascii(from), '@');
        domain = at != NULL ? at + 1 : domain;
    }
    *id = apr_pstrcat(pool, "<", digits, "@", domain, ">", NULL);
    return APR_SUCCESS;
}

apr_status_t smtpc__ident_boundary(const char **boundary,
                                   const smtpc_env_t *env, apr_pool_t *pool)
{
    char digits[2 * RANDOM_BYTES + 1];
    apr_status_t rv = random_digits(digits, env);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* "=_" is neither base64 nor an escape of quoted-printable. */
    *boundary = apr_pstrcat(pool, "=_", digits, NULL);
    return APR_SUCCESS;
}

int smtpc__ident_is_message_id(const char *text)
{
    apr_size_t len = strlen(text);
    const char *at = strrchr(text, '@');

    if (len < 5 || len > SMTPC_LIMIT_CONTENT_LINE / 2 || text[0] != '<'
        || text[len - 1] != '>' || at == NULL || at == text + 1
        || at == text + len - 2) {
        return 0;
    }
    for (apr_size_t i = 1; i < len - 1; i++) {
        if (text[i] <= ' ' || text[i] >= 127 || text[i] == '<'
            || text[i] == '>') {
            return 0;
        }
    }
    return 1;
}

/* The number of at least min and at most max digits at *p, which is moved
 * behind it; -1 if there is none or it is over limit. */
static int number(const char **p, int min, int max, int limit)
{
    int value = 0;
    int digits = 0;

    for (; digits < max && smtpc__is_digit(**p); digits++, (*p)++) {
        value = value * 10 + (**p - '0');
    }
    return digits < min || smtpc__is_digit(**p) || value > limit ? -1 : value;
}

/* Move *p behind one of the count three-letter names of size bytes each. */
static int skip_name(const char **p, const char *names, int count,
                     apr_size_t size)
{
    for (int i = 0; i < count; i++) {
        if (apr_cstr_casecmpn(*p, names + (apr_size_t)i * size, 3) == 0) {
            *p += 3;
            return 1;
        }
    }
    return 0;
}

static int skip_blanks(const char **p)
{
    const char *start = *p;

    while (**p == ' ') {
        (*p)++;
    }
    return *p > start;
}

/* hh:mm[:ss] */
static int skip_time(const char **p)
{
    if (number(p, 2, 2, 23) < 0 || *(*p)++ != ':'
        || number(p, 2, 2, 59) < 0) {
        return 0;
    }
    if (**p == ':') {
        (*p)++;
        return number(p, 2, 2, 60) >= 0;
    }
    return 1;
}

static int is_zone(const char *p)
{
    if (*p == '+' || *p == '-') {
        p++;
        return number(&p, 4, 4, 9959) >= 0 && *p == '\0';
    }
    return strcmp(p, "GMT") == 0 || strcmp(p, "UT") == 0;
}

int smtpc__ident_is_date(const char *text)
{
    const char *p = text;
    int day;

    if (smtpc__is_alpha(*p)) {
        if (!skip_name(&p, apr_day_snames[0], 7, sizeof(apr_day_snames[0]))
            || *p++ != ',') {
            return 0;
        }
        skip_blanks(&p);
    }
    day = number(&p, 1, 2, 31);
    return day > 0 && skip_blanks(&p)
           && skip_name(&p, apr_month_snames[0], 12,
                        sizeof(apr_month_snames[0]))
           && skip_blanks(&p) && number(&p, 4, 4, 9999) >= 1900
           && skip_blanks(&p) && skip_time(&p) && skip_blanks(&p)
           && is_zone(p);
}
