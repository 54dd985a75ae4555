/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_list.c: lists of mailboxes, and text with several of them.
 *
 * A text is taken as a whole or not at all: an empty item, which is where a
 * mailbox got lost, spoils it. Groups are a way to write several mailboxes:
 * their members are taken, in order, their names are not kept, for nothing
 * in an envelope or a list has a place for them. One pass, no recursion.
 * RFC 5322 3.4, without the empty items of 4.4.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "model/address_int.h"

/* Mailboxes a list has room for at first. */
#define FIRST_COUNT 4

struct smtpc_address_list_t {
    apr_array_header_t *items; /* smtpc_address_t * */
};

/* A text being read. */
typedef struct reader_t {
    const char *text;
    apr_size_t len;
    apr_size_t at;
    smtpc__mailbox_place_e place;
    apr_size_t opened; /* the member list of the group begins here */
    const char *why;
    apr_pool_t *pool;
} reader_t;

static apr_status_t push(apr_array_header_t *list, reader_t *reader,
                         smtpc_address_t *address)
{
    if (list->nelts >= SMTPC_LIMIT_RECIPIENTS) {
        reader->why = apr_psprintf(reader->pool, "more than %d addresses",
                                   SMTPC_LIMIT_RECIPIENTS);
        return SMTPC_ELIMIT;
    }
    APR_ARRAY_PUSH(list, smtpc_address_t *) = address;
    return APR_SUCCESS;
}

/* Read the mailbox that begins here, or the name of a group. */
static apr_status_t read_item(apr_array_header_t *list, reader_t *reader)
{
    smtpc_address_t *address = NULL;
    apr_size_t used;
    apr_status_t rv;

    rv = smtpc__address_read(&address, &used, &reader->why,
                             reader->text + reader->at,
                             reader->len - reader->at, reader->place,
                             reader->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    reader->at += used;
    if (address != NULL) {
        return push(list, reader, address);
    }
    reader->place = SMTPC__MAILBOX_IN_GROUP;
    reader->opened = reader->at;
    return APR_SUCCESS;
}

/* Return non-zero if the first member of a group is to be read here. */
static int at_first_member(const reader_t *reader)
{
    return reader->place == SMTPC__MAILBOX_IN_GROUP
           && reader->at == reader->opened && reader->at < reader->len
           && reader->text[reader->at] != ';';
}

/* Leave the group if it ends here. */
static apr_status_t end_group(reader_t *reader)
{
    apr_size_t used;
    apr_status_t rv;

    if (reader->at == reader->len) {
        reader->why = smtpc__mailbox_complaint(
            "a group that no semicolon ends", reader->text, reader->len,
            reader->opened, reader->pool);
        return SMTPC_EARG;
    }
    if (reader->text[reader->at] != ';') {
        return APR_SUCCESS;
    }
    rv = smtpc__group_close(&used, &reader->why, reader->text + reader->at,
                            reader->len - reader->at, reader->pool);
    if (rv == APR_SUCCESS) {
        reader->at += used;
        reader->place = SMTPC__MAILBOX_IN_LIST;
    }
    return rv;
}

/* Append the mailboxes of the reader's text, which is checked, to list. */
static apr_status_t read_all(apr_array_header_t *list, reader_t *reader)
{
    for (;;) {
        apr_status_t rv = read_item(list, reader);

        if (rv == APR_SUCCESS && at_first_member(reader)) {
            continue;
        }
        if (rv == APR_SUCCESS && reader->place == SMTPC__MAILBOX_IN_GROUP) {
            rv = end_group(reader);
        }
        if (rv != APR_SUCCESS || reader->at == reader->len) {
            return rv;
        }
        reader->at++;
    }
}

apr_status_t smtpc__address_parse_list(apr_array_header_t *list,
                                       const char **why, const char *text,
                                       apr_pool_t *pool)
{
    reader_t reader = { 0 };
    int before = list->nelts;
    apr_status_t rv;

    reader.text = text;
    reader.place = SMTPC__MAILBOX_IN_LIST;
    reader.pool = pool;
    rv = smtpc__address_check_text(&reader.len, &reader.why, text,
                                   SMTPC_LIMIT_ADDRESS_LIST, pool);
    if (rv == APR_SUCCESS) {
        rv = read_all(list, &reader);
    }
    if (rv != APR_SUCCESS) {
        list->nelts = before;
        *why = reader.why;
    }
    return rv;
}

SMTPC_DECLARE(smtpc_address_list_t *)
smtpc_address_list_create(apr_pool_t *pool)
{
    smtpc_address_list_t *list = apr_palloc(pool, sizeof(*list));

    list->items = apr_array_make(pool, FIRST_COUNT,
                                 sizeof(smtpc_address_t *));
    return list;
}

SMTPC_DECLARE(apr_status_t)
smtpc_address_list_try(smtpc_address_list_t **list, const char **why,
                       const char *text, apr_pool_t *pool)
{
    smtpc_address_list_t *made = smtpc_address_list_create(pool);
    apr_status_t rv = smtpc_address_list_add(made, why, text);

    if (rv == APR_SUCCESS) {
        *list = made;
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_address_list_parse(smtpc_address_list_t **list, const char *text,
                         apr_pool_t *pool)
{
    return smtpc_address_list_try(list, NULL, text, pool);
}

/* Append copies of the mailboxes in parsed to list. */
static void append_copies(smtpc_address_list_t *list,
                          const apr_array_header_t *parsed)
{
    int i;

    for (i = 0; i < parsed->nelts; i++) {
        APR_ARRAY_PUSH(list->items, smtpc_address_t *)
            = smtpc__address_copy(APR_ARRAY_IDX(parsed, i, smtpc_address_t *),
                                  list->items->pool);
    }
}

SMTPC_DECLARE(apr_status_t)
smtpc_address_list_add(smtpc_address_list_t *list, const char **why,
                       const char *text)
{
    const char *reason = "";
    apr_array_header_t *parsed;
    apr_pool_t *scratch;
    apr_status_t rv = apr_pool_create(&scratch, list->items->pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    parsed = apr_array_make(scratch, FIRST_COUNT, sizeof(smtpc_address_t *));
    rv = smtpc__address_parse_list(parsed, &reason, text, scratch);
    if (rv == APR_SUCCESS
        && parsed->nelts > SMTPC_LIMIT_RECIPIENTS - list->items->nelts) {
        rv = SMTPC_ELIMIT;
        reason = "the list would have more than 10000 addresses";
    }
    if (rv == APR_SUCCESS) {
        append_copies(list, parsed);
    }
    else if (why != NULL) {
        *why = apr_pstrdup(list->items->pool, reason);
    }
    apr_pool_destroy(scratch);
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_address_list_add_address(smtpc_address_list_t *list,
                               const smtpc_address_t *address)
{
    if (address == NULL) {
        return SMTPC_EARG;
    }
    if (list->items->nelts >= SMTPC_LIMIT_RECIPIENTS) {
        return SMTPC_ELIMIT;
    }
    APR_ARRAY_PUSH(list->items, smtpc_address_t *)
        = smtpc__address_copy(address, list->items->pool);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_size_t)
smtpc_address_list_count(const smtpc_address_list_t *list)
{
    return (apr_size_t)list->items->nelts;
}

SMTPC_DECLARE(const smtpc_address_t *)
smtpc_address_list_get(const smtpc_address_list_t *list, apr_size_t i)
{
    return i < (apr_size_t)list->items->nelts
               ? APR_ARRAY_IDX(list->items, i, smtpc_address_t *)
               : NULL;
}

SMTPC_DECLARE(apr_size_t)
smtpc_address_list_find(const smtpc_address_list_t *list,
                        const smtpc_address_t *address)
{
    apr_size_t count = smtpc_address_list_count(list);
    apr_size_t i;

    for (i = 0; i < count; i++) {
        if (smtpc_address_equal(smtpc_address_list_get(list, i), address)) {
            break;
        }
    }
    return i;
}

SMTPC_DECLARE(apr_status_t)
smtpc_address_list_remove(smtpc_address_list_t *list, apr_size_t i)
{
    smtpc_address_t **items = (smtpc_address_t **)list->items->elts;
    apr_size_t count = smtpc_address_list_count(list);

    if (i >= count) {
        return SMTPC_EARG;
    }
    for (; i + 1 < count; i++) {
        items[i] = items[i + 1];
    }
    list->items->nelts--;
    return APR_SUCCESS;
}

SMTPC_DECLARE(void) smtpc_address_list_clear(smtpc_address_list_t *list)
{
    apr_array_clear(list->items);
}

SMTPC_DECLARE(const char *)
smtpc_address_list_format(const smtpc_address_list_t *list, apr_pool_t *pool)
{
    static const char separator[] = ", ";
    apr_size_t count = smtpc_address_list_count(list);
    struct iovec *pieces = apr_palloc(pool, 2 * (count + 1)
                                                * sizeof(*pieces));
    apr_size_t used = 0;
    apr_size_t i;

    for (i = 0; i < count; i++) {
        const smtpc_address_t *address = smtpc_address_list_get(list, i);

        if (i > 0) {
            pieces[used].iov_base = (void *)separator;
            pieces[used++].iov_len = sizeof(separator) - 1;
        }
        pieces[used].iov_base = (void *)smtpc_address_format(address, pool);
        pieces[used].iov_len = strlen(pieces[used].iov_base);
        used++;
    }
    return apr_pstrcatv(pool, pieces, used, NULL);
}
