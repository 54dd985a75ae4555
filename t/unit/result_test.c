/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result_test.c: how recipients and failures add up to one status.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "base/result_int.h"

/*
 * A case: each recipient is a letter - a accepted, 4 refused with 450 at
 * RCPT, 5 with 550 at RCPT, e refused with 554 after the content, d in doubt,
 * u unsent - and what was recorded besides.
 */
static const struct {
    const char *recipients;
    apr_status_t recorded;
    smtpc_stage_e recorded_stage;
    int code;
    apr_status_t status;
    smtpc_stage_e stage;
    int transient;
} cases[] = {
    { "a", 0, 0, 250, APR_SUCCESS, SMTPC_STAGE_DONE, 0 },
    { "aaa", 0, 0, 250, APR_SUCCESS, SMTPC_STAGE_DONE, 0 },
    { "a", SMTPC_ECONNECT, SMTPC_STAGE_QUIT, 0, APR_SUCCESS,
      SMTPC_STAGE_DONE, 0 },
    { "", 0, 0, 0, APR_SUCCESS, SMTPC_STAGE_DONE, 0 },
    { "a5", 0, 0, 250, SMTPC_EPARTIAL, SMTPC_STAGE_RCPT, 0 },
    { "a4", 0, 0, 250, SMTPC_EPARTIAL, SMTPC_STAGE_RCPT, 0 },
    { "au", SMTPC_ECONNECT, SMTPC_STAGE_DATA, 0, SMTPC_EPARTIAL,
      SMTPC_STAGE_DATA, 0 },
    { "5", 0, 0, 550, SMTPC_EREJECTED, SMTPC_STAGE_RCPT, 0 },
    { "55", 0, 0, 550, SMTPC_EREJECTED, SMTPC_STAGE_RCPT, 0 },
    { "ee", 0, 0, 554, SMTPC_EREJECTED, SMTPC_STAGE_END, 0 },
    { "4", 0, 0, 450, SMTPC_ETEMP, SMTPC_STAGE_RCPT, 1 },
    { "454", 0, 0, 450, SMTPC_ETEMP, SMTPC_STAGE_RCPT, 1 },
    { "5e", SMTPC_EREJECTED, SMTPC_STAGE_END, 554, SMTPC_EREJECTED,
      SMTPC_STAGE_END, 0 },
    { "45", SMTPC_EREJECTED, SMTPC_STAGE_END, 554, SMTPC_ETEMP,
      SMTPC_STAGE_RCPT, 1 },
    { "55", SMTPC_ECONNECT, SMTPC_STAGE_RSET, 0, SMTPC_EREJECTED,
      SMTPC_STAGE_RCPT, 0 },
    { "5u", SMTPC_ECONNECT, SMTPC_STAGE_RCPT, 0, SMTPC_ECONNECT,
      SMTPC_STAGE_RCPT, 1 },
    { "5u", 0, 0, 550, SMTPC_EREJECTED, SMTPC_STAGE_RCPT, 0 },
    { "d", SMTPC_ECONNECT, SMTPC_STAGE_END, 0, SMTPC_EINDOUBT,
      SMTPC_STAGE_END, 0 },
    { "d5", SMTPC_ETIMEOUT, SMTPC_STAGE_END, 0, SMTPC_EINDOUBT,
      SMTPC_STAGE_END, 0 },
    { "da", 0, 0, 0, SMTPC_EINDOUBT, SMTPC_STAGE_END, 0 },
    { "uu", SMTPC_ECONNECT, SMTPC_STAGE_CONNECT, 0, SMTPC_ECONNECT,
      SMTPC_STAGE_CONNECT, 1 },
    { "u", SMTPC_ETIMEOUT, SMTPC_STAGE_GREETING, 0, SMTPC_ETIMEOUT,
      SMTPC_STAGE_GREETING, 1 },
    { "u", SMTPC_EPROTO, SMTPC_STAGE_EHLO, 0, SMTPC_EPROTO,
      SMTPC_STAGE_EHLO, 1 },
    { "u", SMTPC_ETEMP, SMTPC_STAGE_GREETING, 554, SMTPC_ETEMP,
      SMTPC_STAGE_GREETING, 1 },
    { "u", SMTPC_EREJECTED, SMTPC_STAGE_MAIL, 550, SMTPC_EREJECTED,
      SMTPC_STAGE_MAIL, 0 },
    { "u", SMTPC_ETLS, SMTPC_STAGE_TLS, 0, SMTPC_ETLS, SMTPC_STAGE_TLS, 0 },
    { "u", SMTPC_ETLS, SMTPC_STAGE_STARTTLS, 454, SMTPC_ETLS,
      SMTPC_STAGE_STARTTLS, 1 },
    { "u", SMTPC_EAUTH, SMTPC_STAGE_AUTH, 535, SMTPC_EAUTH,
      SMTPC_STAGE_AUTH, 0 },
    { "u", SMTPC_EAUTH, SMTPC_STAGE_AUTH, 454, SMTPC_EAUTH,
      SMTPC_STAGE_AUTH, 1 },
    { "u", SMTPC_EARG, SMTPC_STAGE_NONE, 0, SMTPC_EARG, SMTPC_STAGE_NONE, 0 },
    { "u", SMTPC_ELIMIT, SMTPC_STAGE_EHLO, 0, SMTPC_ELIMIT,
      SMTPC_STAGE_EHLO, 0 },
    { "u", SMTPC_EEXTENSION, SMTPC_STAGE_MAIL, 0, SMTPC_EEXTENSION,
      SMTPC_STAGE_MAIL, 0 },
    { "u", SMTPC_ESOURCE, SMTPC_STAGE_CONTENT, 0, SMTPC_ESOURCE,
      SMTPC_STAGE_CONTENT, 0 },
    { "u", SMTPC_EQUEUE, SMTPC_STAGE_STORE, 0, SMTPC_EQUEUE,
      SMTPC_STAGE_STORE, 0 },
    { "u", 0, 0, 0, APR_EGENERAL, SMTPC_STAGE_NONE, 0 },
};

static void set_recipient(smtpc_result_t *result, apr_size_t i, char how)
{
    switch (how) {
    case 'a':
        smtpc__result_recipient_set(result, i, SMTPC_RCPT_ACCEPTED,
                                    SMTPC_STAGE_END, 250, "2.0.0", "Ok");
        break;
    case '4':
        smtpc__result_recipient_set(result, i, SMTPC_RCPT_REJECTED,
                                    SMTPC_STAGE_RCPT, 450, "4.2.1", "later");
        break;
    case '5':
        smtpc__result_recipient_set(result, i, SMTPC_RCPT_REJECTED,
                                    SMTPC_STAGE_RCPT, 550, "5.1.1", "no");
        break;
    case 'e':
        smtpc__result_recipient_set(result, i, SMTPC_RCPT_REJECTED,
                                    SMTPC_STAGE_END, 554, "", "no");
        break;
    case 'd':
        smtpc__result_recipient_set(result, i, SMTPC_RCPT_IN_DOUBT,
                                    SMTPC_STAGE_END, 0, "", "");
        break;
    default:
        break;
    }
}

static void status_rules(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_size_t count = strlen(cases[i].recipients);
        smtpc_result_t *result;
        apr_size_t j;

        smtpc__result_create(&result, count, tap_pool());
        for (j = 0; j < count; j++) {
            set_recipient(result, j, cases[i].recipients[j]);
        }
        smtpc__result_reply(result, cases[i].code, "", "");
        if (cases[i].recorded != APR_SUCCESS) {
            smtpc__result_fail(result, cases[i].recorded,
                               cases[i].recorded_stage, "recorded");
        }
        tap_is_int(smtpc__result_finish(result), cases[i].status,
                   "\"%s\" and %d: status", cases[i].recipients,
                   cases[i].recorded);
        tap_is_int(smtpc_result_status(result), cases[i].status, "kept");
        tap_is_int(smtpc_result_stage(result), cases[i].stage, "stage");
        tap_is_int(!!smtpc_result_is_transient(result), cases[i].transient,
                   "transient");
        tap_is_int(*smtpc_result_error(result) == '\0',
                   cases[i].status == APR_SUCCESS, "error text: %s",
                   smtpc_result_error(result));
    }
}

static void first_failure(void)
{
    smtpc_result_t *result;

    smtpc__result_create(&result, 1, tap_pool());
    smtpc__result_fail(result, SMTPC_ETLS, SMTPC_STAGE_TLS,
                       "certificate of %s\r\nexpired", "mail");
    smtpc__result_fail(result, SMTPC_ECONNECT, SMTPC_STAGE_QUIT, "closed");
    tap_is_int(smtpc__result_finish(result), SMTPC_ETLS,
               "the first failure counts");
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_TLS, "its stage");
    tap_is_str(smtpc_result_error(result),
               "certificate of mail\\x0D\\x0Aexpired",
               "its words, without control characters");
}

static void everything_empty(void)
{
    smtpc_result_t *result;
    const smtpc_timings_t *timings;

    smtpc__result_create(&result, 2, tap_pool());
    tap_is_int(smtpc_result_status(result), APR_SUCCESS, "status");
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_NONE, "stage");
    tap_is_int(smtpc_result_code(result), 0, "code");
    tap_is_str(smtpc_result_enhanced(result), "", "enhanced");
    tap_is_str(smtpc_result_text(result), "", "text");
    tap_is_str(smtpc_result_error(result), "", "error");
    tap_is_str(smtpc_result_queue_id(result), "", "queue id");
    tap_is_str(smtpc_result_capabilities(result), "", "capabilities");
    tap_is_str(smtpc_result_dropped(result), "", "dropped");
    tap_is_str(smtpc_result_message_id(result), "", "message id");
    tap_is_str(smtpc_result_host(result), "", "host");
    tap_is_str(smtpc_result_peer(result), "", "peer");
    tap_is_str(smtpc_result_tls_protocol(result), "", "TLS protocol");
    tap_is_str(smtpc_result_tls_cipher(result), "", "TLS cipher");
    tap_is_str(smtpc_result_path(result), "", "path");
    tap_is_int(smtpc_result_is_transient(result), 0, "transient");
    tap_is_int(smtpc_result_bytes(result), 0, "bytes");
    tap_is_int(smtpc_result_recipient_count(result), 2, "recipients");
    tap_is_str(smtpc_result_recipient(result, 1)->address, "", "address");
    tap_is_str(smtpc_result_recipient(result, 1)->enhanced, "", "its code");
    tap_is_str(smtpc_result_recipient(result, 1)->text, "", "its text");
    tap_is_int(smtpc_result_recipient(result, 1)->state, SMTPC_RCPT_UNSENT,
               "its state");
    tap_ok(smtpc_result_recipient(result, 2) == NULL, "none beyond the last");
    smtpc__result_recipient_set(result, 2, SMTPC_RCPT_ACCEPTED,
                                SMTPC_STAGE_END, 250, "", "");
    tap_pass("nothing is set beyond the last");
    timings = smtpc_result_timings(result);
    tap_is_int(timings->total + timings->connected, 0, "timings");
    tap_ok(smtpc__result_elapsed(result) >= 1, "time passes");
    (void)smtpc__result_finish(result);
    tap_ok(timings->total >= 1, "and is kept at the end");
}

static void copies(void)
{
    char text[] = "text";
    char enhanced[] = "5.1.1";
    smtpc_result_t *result;

    smtpc__result_create(&result, 1, tap_pool());
    smtpc__result_reply(result, 550, enhanced, text);
    smtpc__result_recipient_set(result, 0, SMTPC_RCPT_REJECTED,
                                SMTPC_STAGE_RCPT, 550, enhanced, text);
    text[0] = enhanced[0] = 'x';
    tap_is_str(smtpc_result_text(result), "text", "texts are copied");
    tap_is_str(smtpc_result_enhanced(result), "5.1.1", "codes too");
    tap_is_str(smtpc_result_recipient(result, 0)->text, "text",
               "a recipient's text");
    tap_is_str(smtpc_result_recipient(result, 0)->enhanced, "5.1.1",
               "a recipient's code");
}

int main(void)
{
    tap_pool();
    status_rules();
    first_failure();
    everything_empty();
    copies();
    return tap_done();
}
