/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostname.c: ASCII host names, IP addresses, and this machine's own name.
 *
 * Never asks a name server: an EHLO name is not worth a wait. Names with
 * UTF-8 are model/host's. RFC 1123 2.1, RFC 5321 4.1.3 and 4.1.4.
 */

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/hostname.h"
#include "base/limits.h"

/* The longest label of a domain name, RFC 1035 2.3.4. */
#define LABEL_MAX 63

/* Where no name is to be had; always right for a client, RFC 5321 4.1.4. */
#define NO_NAME "[127.0.0.1]"

/* Return non-zero if len bytes at label may stand between two dots. */
static int label_valid(const char *label, apr_size_t len)
{
    apr_size_t i;

    if (len == 0 || len > LABEL_MAX) {
        return 0;
    }
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)label[i];

        /* Not isalnum(): it knows more letters in some locales. */
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z') || c == '-' || c == '_')) {
            return 0;
        }
    }
    return label[0] != '-' && label[len - 1] != '-';
}

/* Return non-zero if resolvers would take a name that ends in this label for
 * an IPv4 address: "1.2.3", "0x7f000001". No top-level domain is like that,
 * RFC 3696 2. */
static int label_is_number(const char *label, apr_size_t len)
{
    const char *digits = "0123456789";
    apr_size_t i = 0;

    if (len >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) {
        digits = "0123456789abcdefABCDEF";
        i = 2;
    }
    while (i < len && strchr(digits, label[i]) != NULL) {
        i++;
    }
    return i == len;
}

int smtpc__hostname_valid(const char *name, apr_size_t len)
{
    apr_size_t start = 0;
    apr_size_t i;

    if (len == 0 || len > SMTPC_LIMIT_DOMAIN) {
        return 0;
    }
    for (i = 0; i < len; i++) {
        if (name[i] == '.') {
            if (!label_valid(name + start, i - start)) {
                return 0;
            }
            start = i + 1;
        }
    }
    return label_valid(name + start, len - start)
           && !label_is_number(name + start, len - start);
}

int smtpc__ip_version(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, text, address) == 1) {
        return 4;
    }
    return inet_pton(AF_INET6, text, address) == 1 ? 6 : 0;
}

int smtpc__is_ip_literal(const char *text)
{
    static const char tag[] = "IPv6:";
    char address[INET6_ADDRSTRLEN + 1];
    apr_size_t len = strlen(text);

    if (len < 3 || text[0] != '[' || text[len - 1] != ']'
        || len - 2 >= sizeof(address) + sizeof(tag) - 1) {
        return 0;
    }
    text++;
    len -= 2;
    if (len > sizeof(tag) - 1
        && strncasecmp(text, tag, sizeof(tag) - 1) == 0) {
        text += sizeof(tag) - 1;
        len -= sizeof(tag) - 1;
        memcpy(address, text, len);
        address[len] = '\0';
        return smtpc__ip_version(address) == 6;
    }
    if (len >= sizeof(address)) {
        return 0;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    return smtpc__ip_version(address) == 4;
}

/* Return the next word of a hosts line at *at (terminated in place), or NULL
 * at its end. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t\r\n");
    apr_size_t len = strcspn(word, " \t\r\n");

    if (*word == '\0' || *word == '#') {
        return NULL;
    }
    *at = word + len + (word[len] != '\0');
    word[len] = '\0';
    return word;
}

/* Return in pool the name on a hosts line that is short_name and a domain, if
 * the line has both, else NULL. */
static const char *full_name(char *line, const char *short_name,
                             apr_pool_t *pool)
{
    apr_size_t len = strlen(short_name);
    const char *full = NULL;
    int listed = 0;
    char *word;

    if (next_word(&line) == NULL) {
        return NULL;
    }
    while ((word = next_word(&line)) != NULL) {
        if (strcasecmp(word, short_name) == 0) {
            listed = 1;
        }
        else if (full == NULL && strncasecmp(word, short_name, len) == 0
                 && word[len] == '.'
                 && smtpc__hostname_valid(word, strlen(word))) {
            full = word;
        }
    }
    return listed && full != NULL ? apr_pstrdup(pool, full) : NULL;
}

const char *smtpc__hostname_qualify(const char *short_name,
                                    const char *hosts_path, apr_pool_t *pool)
{
    const char *found = NULL;
    apr_pool_t *scratch;
    apr_file_t *file;
    char line[SMTPC_LIMIT_LOG_LINE];
    int lines = 0;

    if (!smtpc__hostname_valid(short_name, strlen(short_name))) {
        return NO_NAME;
    }
    if (strchr(short_name, '.') != NULL) {
        return apr_pstrdup(pool, short_name);
    }
    apr_pool_create(&scratch, pool);
    if (apr_file_open(&file, hosts_path, APR_FOPEN_READ | APR_FOPEN_BUFFERED,
                      APR_FPROT_OS_DEFAULT, scratch)
        == APR_SUCCESS) {
        while (found == NULL && lines++ < SMTPC_LIMIT_HOSTS_LINES
               && apr_file_gets(line, sizeof(line), file) == APR_SUCCESS) {
            found = full_name(line, short_name, pool);
        }
    }
    apr_pool_destroy(scratch);
    return found != NULL ? found : apr_pstrdup(pool, short_name);
}

const char *smtpc__hostname_system(apr_pool_t *pool)
{
    char name[SMTPC_LIMIT_DOMAIN + 1];

    if (gethostname(name, sizeof(name)) != 0) {
        return NO_NAME;
    }
    name[sizeof(name) - 1] = '\0';
    return smtpc__hostname_qualify(name, "/etc/hosts", pool);
}
