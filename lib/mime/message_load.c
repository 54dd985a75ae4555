/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_load.c: a message from an .eml.
 *
 * The bytes stay what they are; what is read from the header here is for
 * people to look at, and for the envelope. Encoded words are decoded after
 * addresses were cut apart, never before, so that nothing in them becomes an
 * address. An address that cannot be read is a problem only for a send that
 * needs it.
 *
 * Not here: the bytes (eml.c), the envelope (message_envelope.c).
 */
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "mime/message_int.h"
#include "mime/message_priv.h"
#include "mime/word_decode.h"
#include "model/address_int.h"

/* Fields of a Resent block: RFC 5322 has seven, and any may be unknown. */
#define BLOCK_MAX 32

/* Note the first address that cannot be read. */
static void note_problem(smtpc_message_t *message, const char *name,
                         const char *why)
{
    if (message->eml_problem == NULL) {
        message->eml_problem = apr_psprintf(message->pool,
                                            "%s of the message: %s", name,
                                            why);
    }
}

/* Return address with its display name decoded, if that is text. */
static const smtpc_address_t *decoded(const smtpc_address_t *address,
                                      apr_pool_t *pool)
{
    const char *name = smtpc_address_display_name(address);
    const char *shown = smtpc__word_decode(name, pool);
    smtpc_address_t *made;

    if (strcmp(name, shown) == 0
        || smtpc_address_create(&made, smtpc_address_address(address), shown,
                                pool) != APR_SUCCESS) {
        return smtpc__address_copy(address, pool);
    }
    return made;
}

/* An empty list, or a group without members, as in
 * "undisclosed-recipients:;". RFC 5322 3.4. */
static int names_nobody(const char *value)
{
    apr_size_t len = strlen(value);

    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == ';')) {
        len--;
    }
    return len == 0
           || (value[len - 1] == ':' && value[strlen(value) - 1] == ';'
               && strcspn(value, "@<,") == strlen(value));
}

static void read_list(smtpc_message_t *message, apr_array_header_t *list,
                      const smtpc_eml_field_t *field)
{
    apr_array_header_t *parsed = apr_array_make(
        message->pool, 4, sizeof(const smtpc_address_t *));
    const char *why = "";

    if (names_nobody(field->value)) {
        return;
    }
    if (smtpc__address_parse_list(parsed, &why, field->value, message->pool)
        != APR_SUCCESS) {
        note_problem(message, field->name, why);
        return;
    }
    if (parsed->nelts > SMTPC_LIMIT_RECIPIENTS - list->nelts) {
        note_problem(message, field->name, "too many addresses");
        return;
    }
    for (int i = 0; i < parsed->nelts; i++) {
        APR_ARRAY_PUSH(list, const smtpc_address_t *) = decoded(
            APR_ARRAY_IDX(parsed, i, const smtpc_address_t *), message->pool);
    }
}

/* Set *address to the first mailbox of field: From may have more. */
static void read_address(smtpc_message_t *message,
                         const smtpc_address_t **address,
                         const smtpc_eml_field_t *field)
{
    apr_array_header_t *list = apr_array_make(
        message->pool, 1, sizeof(const smtpc_address_t *));

    if (*address != NULL) {
        return;
    }
    read_list(message, list, field);
    if (list->nelts > 0) {
        *address = APR_ARRAY_IDX(list, 0, const smtpc_address_t *);
    }
}

static int is(const smtpc_eml_field_t *field, const char *name)
{
    return apr_cstr_casecmp(field->name, name) == 0;
}

/* Take field, if it is one of the people's. */
static int read_people(smtpc_message_t *message,
                       const smtpc_eml_field_t *field)
{
    if (is(field, "From")) {
        read_address(message, &message->from, field);
    }
    else if (is(field, "Sender")) {
        read_address(message, &message->sender, field);
    }
    else if (is(field, "To")) {
        read_list(message, message->to, field);
    }
    else if (is(field, "Cc")) {
        read_list(message, message->cc, field);
    }
    else if (is(field, "Bcc")) {
        read_list(message, message->bcc, field);
    }
    else if (is(field, "Reply-To")) {
        read_list(message, message->reply_to, field);
    }
    else {
        return 0;
    }
    return 1;
}

/* Put field into resent. */
static void read_resent(smtpc_message_t *message, smtpc_resent_t *resent,
                        const smtpc_eml_field_t *field)
{
    if (is(field, "Resent-From")) {
        read_address(message, &resent->from, field);
    }
    else if (is(field, "Resent-Sender")) {
        read_address(message, &resent->sender, field);
    }
    else if (is(field, "Resent-To")) {
        read_list(message, resent->to, field);
    }
    else if (is(field, "Resent-Cc")) {
        read_list(message, resent->cc, field);
    }
    else if (is(field, "Resent-Bcc")) {
        read_list(message, resent->bcc, field);
    }
}

static int is_resent(const smtpc_eml_field_t *field)
{
    static const char prefix[] = "Resent-";

    return apr_cstr_casecmpn(field->name, prefix, sizeof(prefix) - 1) == 0;
}

/* Return non-zero if one of fields[0 ... count-1] is called as field is. */
static int repeats(const smtpc_eml_field_t *fields, int count,
                   const smtpc_eml_field_t *field)
{
    for (int i = 0; i < count; i++) {
        if (is(&fields[i], field->name)) {
            return 1;
        }
    }
    return 0;
}

/* Read the topmost Resent block: it ends where another field stands, or
 * where a name comes again, which begins an older block. */
static void read_resent_block(smtpc_message_t *message)
{
    const smtpc_eml_field_t *fields
        = (const smtpc_eml_field_t *)message->eml->fields->elts;
    int count = message->eml->fields->nelts;
    apr_pool_t *pool = message->pool;
    smtpc_resent_t *resent;
    int first = 0;

    while (first < count && !is_resent(&fields[first])) {
        first++;
    }
    if (first == count) {
        return;
    }
    resent = apr_pcalloc(pool, sizeof(*resent));
    resent->message = message;
    resent->to = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    resent->cc = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    resent->bcc = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    for (int i = first; i < count && i - first < BLOCK_MAX
                        && is_resent(&fields[i])
                        && !repeats(fields + first, i - first, &fields[i]);
         i++) {
        read_resent(message, resent, &fields[i]);
    }
    message->eml_resent = resent;
}

/* Fields whose encoded words, if there are any, are not for people. */
static int is_structured(const char *name)
{
    static const char *const names[] = {
        "Message-ID", "In-Reply-To", "References", "Date", "MIME-Version",
        "Content-Type", "Content-Disposition", "Content-Transfer-Encoding",
        "DKIM-Signature", "Received", "Return-Path"
    };

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (apr_cstr_casecmp(name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void read_fields(smtpc_message_t *message)
{
    for (int i = 0; i < message->eml->fields->nelts; i++) {
        const smtpc_eml_field_t *from
            = &APR_ARRAY_IDX(message->eml->fields, i, smtpc_eml_field_t);
        smtpc_field_t *field = apr_array_push(message->fields);

        memset(field, 0, sizeof(*field));
        field->name = from->name;
        field->value = from->value;
        if (read_people(message, from) || is_resent(from)
            || is_structured(from->name)) {
            continue;
        }
        field->value = smtpc__word_decode(from->value, message->pool);
        if (is(from, "Subject") && *message->subject == '\0') {
            message->subject = field->value;
        }
    }
}

int smtpc__message_is_loaded(const smtpc_message_t *message)
{
    return message->eml != NULL;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_load_source(smtpc_message_t **message, smtpc_source_t *source,
                          apr_pool_t *pool)
{
    const char *why = "";
    smtpc_eml_t *eml;
    apr_status_t rv = smtpc_message_create(message, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (source == NULL) {
        return smtpc__message_fail(*message, SMTPC_EARG,
                                   "load: no source is given");
    }
    rv = smtpc__eml_load(&eml, &why, source, pool);
    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(*message, rv, "load: %s", why);
    }
    (*message)->eml = eml;
    read_fields(*message);
    read_resent_block(*message);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_load(smtpc_message_t **message,
                                               const char *path,
                                               apr_pool_t *pool)
{
    smtpc_source_t *source = NULL;
    char text[160];
    apr_status_t rv = smtpc_message_create(message, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (path == NULL || *path == '\0') {
        return smtpc__message_fail(*message, SMTPC_EARG,
                                   "load: no path is given");
    }
    rv = smtpc_source_create_file(&source, path, pool);
    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(*message, rv, "cannot read %.300s: %s",
                                   path,
                                   smtpc_strerror(rv, text, sizeof(text)));
    }
    return smtpc_message_load_source(message, source, pool);
}
