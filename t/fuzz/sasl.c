/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl.c: libFuzzer entry for what servers ask at AUTH.
 *
 * The first byte of the input chooses the mechanism, the second whether the
 * connection can be bound and what the server offers; the rest are challenges,
 * decoded, with 0xff between them. Kerberos, which asks others, is left out.
 * Besides the sanitizers, this checks that nothing but a response or one of
 * the known failures comes of a challenge; that what is said of it can be
 * logged and holds no password; that only mechanisms that send it do; that
 * nothing follows the last step; and that SCRAM is over only with a server
 * that said "v=".
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <sanitizer/lsan_interface.h>

#include "proto/sasl.h"

#define PASSWORD "tr1cky-pa55"

#define SCRAM \
    (SMTPC_MECH_SCRAM_SHA_1 | SMTPC_MECH_SCRAM_SHA_1_PLUS \
     | SMTPC_MECH_SCRAM_SHA_256 | SMTPC_MECH_SCRAM_SHA_256_PLUS)
#define KERBEROS (SMTPC_MECH_GSSAPI | SMTPC_MECH_GS2_KRB5)
/* Those that send the password as it is. */
#define SENDS \
    (SMTPC_MECH_PLAIN | SMTPC_MECH_LOGIN | SMTPC_MECH_XOAUTH2 \
     | SMTPC_MECH_OAUTHBEARER)
/* SCRAM with more rounds than this many digits have takes too long here. */
#define ROUNDS_DIGITS 4

static smtpc_env_t *env;
static smtpc_server_t server;
static unsigned int usable; /* mechanisms */
static int said; /* the password, by the server */

/* The random bytes of SCRAM's nonce: an input means the same each time. */
static apr_status_t give_random(void *baton, unsigned char *buf,
                                apr_size_t len)
{
    (void)baton;
    memset(buf, 'n', len);
    return APR_SUCCESS;
}

static void setup(void)
{
    static apr_pool_t *pool;
    smtpc_secret_t *secret;
    const char *why;

    if (pool != NULL) {
        return;
    }
    /* The leak sanitizer does not look into pools. */
    __lsan_disable();
    require(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    require(smtpc_env_create(&env, pool) == APR_SUCCESS);
    smtpc_env_set_random(env, give_random, NULL);
    require(smtpc_secret_load(&secret, &why, PASSWORD, pool) == APR_SUCCESS);
    __lsan_enable();
    server.host = "mail.test";
    server.port = 587;
    server.user = "ann";
    server.secret = secret;
    /* Named, so that none is left out for being weak. */
    server.mechanisms = "all";
    usable = smtpc__sasl_built() & ~(unsigned int)KERBEROS;
}

/* Return the mechanism number which of those of this build. */
static unsigned int choose(unsigned int which)
{
    unsigned int bit = 1;
    unsigned int i;

    for (i = 0; i <= which % 32; i++) {
        do {
            bit = bit << 1 == 0 || bit > usable ? 1 : bit << 1;
        } while (!(usable & bit));
    }
    return bit;
}

static int asks_for_too_much(const uint8_t *data, size_t len)
{
    const uint8_t *rounds = memmem(data, len, ",i=", 3);
    size_t digits = 0;

    if (rounds == NULL) {
        return 0;
    }
    for (rounds += 3; rounds + digits < data + len; digits++) {
        if (rounds[digits] < '0' || rounds[digits] > '9') {
            break;
        }
    }
    return digits > ROUNDS_DIGITS;
}

static void check_step(const smtpc_sasl_t *sasl, unsigned int mechanism)
{
    apr_status_t rv = smtpc__sasl_status(sasl);
    apr_size_t len = 0;
    const void *response;

    require(rv == APR_SUCCESS || rv == SMTPC_EPROTO || rv == SMTPC_EAUTH
            || rv == SMTPC_ELIMIT || rv == SMTPC_EARG || rv == APR_ENOMEM);
    fuzz_check_line(smtpc__sasl_error(sasl), 400);
    fuzz_check_line(smtpc__sasl_note(sasl), 2000);
    require(strstr(smtpc__sasl_error(sasl), PASSWORD) == NULL);
    require(rv == APR_SUCCESS || *smtpc__sasl_error(sasl) != '\0');
    response = smtpc__sasl_response(&len, sasl);
    /* Part of what it is asked, SCRAM says again. */
    if (response != NULL && !said && !(mechanism & SENDS)) {
        require(memmem(response, len, PASSWORD, strlen(PASSWORD)) == NULL);
    }
}

/* Ask the next thing; return non-zero while it goes on. */
static int ask(smtpc_sasl_t *sasl, unsigned int mechanism,
               const uint8_t *data, size_t len)
{
    int was_done = smtpc__sasl_is_done(sasl);

    smtpc__sasl_challenge(sasl, data, len);
    smtpc__sasl_run(sasl);
    check_step(sasl, mechanism);
    require(!was_done || smtpc__sasl_status(sasl) != APR_SUCCESS);
    if (!was_done && smtpc__sasl_is_done(sasl) && (mechanism & SCRAM)) {
        require(len > 2 && memcmp(data, "v=", 2) == 0);
    }
    return smtpc__sasl_status(sasl) == APR_SUCCESS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    smtpc_binding_t binding = { 0 };
    unsigned int mechanism;
    smtpc_sasl_t *sasl;
    int rounds = 0;

    setup();
    if (size < 2 || asks_for_too_much(data, size)) {
        return 0;
    }
    said = memmem(data, size, PASSWORD, strlen(PASSWORD)) != NULL;
    mechanism = choose(data[0]);
    if (data[1] & 1) {
        binding.name = "tls-exporter";
        binding.len = 32;
    }
    require(smtpc__sasl_create(&sasl, mechanism, &server,
                               data[1] & 2 ? SCRAM : mechanism, &binding, env)
            == APR_SUCCESS);
    smtpc__sasl_run(sasl);
    check_step(sasl, mechanism);
    data += 2;
    size -= 2;
    while (smtpc__sasl_status(sasl) == APR_SUCCESS
           && rounds++ < SMTPC_LIMIT_SASL_ROUNDS) {
        const uint8_t *end = memchr(data, 0xff, size);
        size_t len = end == NULL ? size : (size_t)(end - data);

        if (!ask(sasl, mechanism, data, len) || end == NULL) {
            break;
        }
        size -= len + 1;
        data += len + 1;
    }
    smtpc__sasl_release(sasl);
    return 0;
}
