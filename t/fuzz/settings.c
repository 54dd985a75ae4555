/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c: libFuzzer entry for mailSettings in XML.
 *
 * The input is a file. Besides the sanitizers, this checks that what is taken
 * can be used without a further look, as smtpclient/settings.h promises; that
 * the file says the same read as a second layer over itself; that what is
 * refused has a line that is in the file and a reason that can be logged and
 * that does not hold the password; and that there is no document type.
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <smtpclient/address.h>

#include "base/limits.h"
#include "base/secret_int.h"
#include "model/address_int.h"
#include "model/settings_int.h"

static int lines_of(const char *text, size_t size)
{
    int lines = 1;

    for (size_t i = 0; i < size; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

static int same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_word(const char *text, size_t max)
{
    require(text == NULL || *text != '\0');
    if (text != NULL) {
        fuzz_check_line(text, max);
    }
}

static void check_values(const smtpc__settings_values_t *values,
                         apr_pool_t *pool)
{
    smtpc_address_t *address;
    const char *normal;
    apr_size_t len = 0;

    require(values->delivery == SMTPC_DELIVER_NETWORK
            || values->delivery == SMTPC_DELIVER_PICKUP);
    require(values->format == SMTPC_FORMAT_SEVENBIT
            || values->format == SMTPC_FORMAT_INTERNATIONAL);
    require(values->port >= 0 && values->port <= 65535);
    check_word(values->user, SMTPC_LIMIT_USER);
    check_word(values->host, SMTPC_LIMIT_SETTINGS_FILE);
    check_word(values->hello_name, SMTPC_LIMIT_SETTINGS_FILE);
    check_word(values->target_name, SMTPC_LIMIT_TARGET_NAME);
    check_word(values->from, SMTPC_LIMIT_ADDRESS_TEXT);
    require(values->from == NULL
            || smtpc_address_parse(&address, values->from, pool)
                   == APR_SUCCESS);
    require(values->host == NULL
            || smtpc__host_check(&normal, values->host, pool)
                   == APR_SUCCESS);
    require(values->pickup_directory == NULL
            || *values->pickup_directory == '/');
    require(values->secret == NULL || values->reference == NULL);
    if (values->secret != NULL) {
        require(*smtpc__secret_bytes(values->secret, &len) != '\0');
        require(len <= SMTPC_LIMIT_SECRET);
    }
}

static void check_refusal(apr_status_t status, int line, const char *why,
                          const char *text, size_t size)
{
    require(status == SMTPC_EARG || status == SMTPC_ELIMIT);
    require(line >= 1 && line <= lines_of(text, size));
    require(*why != '\0');
    fuzz_check_line(why, 2000);
}

static void check_again(const smtpc__settings_values_t *once,
                        const char *text, size_t size, apr_pool_t *pool)
{
    smtpc__settings_values_t values = *once;
    const char *why = "";
    int literal = 0;
    int line = 0;

    require(smtpc__settings_parse(&values, &line, &why, &literal, text, size,
                                  pool, pool) == APR_SUCCESS);
    require(values.delivery == once->delivery
            && values.format == once->format && values.port == once->port
            && values.enable_ssl == once->enable_ssl);
    require(same(values.from, once->from) && same(values.host, once->host)
            && same(values.user, once->user)
            && same(values.reference, once->reference)
            && same(values.hello_name, once->hello_name)
            && same(values.target_name, once->target_name)
            && same(values.pickup_directory, once->pickup_directory));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    smtpc__settings_values_t values = { 0 };
    char *text = fuzz_text(data, size);
    const char *why = "";
    int literal = 0;
    int line = 0;
    apr_status_t rv = smtpc__settings_parse(&values, &line, &why, &literal,
                                            text, size, pool, pool);

    if (rv == APR_SUCCESS) {
        require(literal >= 0 && literal <= lines_of(text, size));
        require((values.secret != NULL) == (literal > 0));
        check_values(&values, pool);
        check_again(&values, text, size, pool);
    }
    else {
        check_refusal(rv, line, why, text, size);
    }
    free(text);
    apr_pool_clear(pool);
    return 0;
}
