/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_ENTITY_PRIV_H
#define SMTPC_MIME_ENTITY_PRIV_H

/**
 * @file entity_priv.h
 * What an entity is made of, for the files of this folder that fill it and
 * make a part of it.
 */

#include <apr_tables.h>
#include <smtpclient/message.h>

#include "mime/content_type.h"

/** What an entity is for. */
typedef enum {
    SMTPC_ENTITY_BODY,
    SMTPC_ENTITY_VIEW,
    SMTPC_ENTITY_RESOURCE,
    SMTPC_ENTITY_ATTACHMENT
} smtpc_entity_e;

/** What an entity is made from. */
typedef enum {
    SMTPC_ORIGIN_TEXT,    /**< UTF-8 in text, or from source */
    SMTPC_ORIGIN_DATA,    /**< bytes from source, nobody knows of what */
    SMTPC_ORIGIN_MESSAGE, /**< a message of ours in nested */
    SMTPC_ORIGIN_EML      /**< a finished message from source */
} smtpc_origin_e;

/** The dates of Content-Disposition. */
typedef enum {
    SMTPC_DATE_CREATION,
    SMTPC_DATE_MODIFICATION,
    SMTPC_DATE_READ,
    SMTPC_DATE_COUNT
} smtpc_date_e;

struct smtpc_entity_t {
    smtpc_message_t *message;
    smtpc_entity_e kind;
    smtpc_origin_e origin;
    const char *text;              /**< of origin TEXT, or NULL */
    smtpc_source_t *source;        /**< what it is read from, or NULL */
    const smtpc_message_t *nested; /**< of origin MESSAGE */
    const char *name;              /**< file name, "" for none */
    const smtpc_content_type_t *type; /**< never changed, only replaced */
    const char *type_text;         /**< the same in one line */
    int guessed;                   /**< the type follows the name */
    smtpc_encoding_e encoding;
    int flowed;
    smtpc_disposition_e disposition;
    apr_array_header_t *disposition_params; /**< smtpc_param_t, or NULL */
    apr_time_t dates[SMTPC_DATE_COUNT];     /**< 0: none */
    apr_off_t size;                         /**< -1: none */
    const char *content_id;                 /**< "" for none */
    const char *location;
    const char *description;
    const char *language;
    apr_array_header_t *fields;    /**< smtpc_param_t, or NULL */
    apr_array_header_t *resources; /**< smtpc_entity_t *, or NULL */
};

/** Return a new entity of @a message, which has to be put into it; the type
 *  is application/octet-stream, guessed. */
smtpc_entity_t *smtpc__entity_create(smtpc_message_t *message,
                                     smtpc_entity_e kind,
                                     smtpc_origin_e origin);

/** Take @a entity out of @a list (smtpc_entity_t *, or NULL: empty) of
 *  @a message, where such entities are called @a what in errors. SMTPC_EARG if
 *  it is not in it. */
apr_status_t smtpc__entity_remove(smtpc_message_t *message,
                                  apr_array_header_t *list,
                                  const smtpc_entity_t *entity,
                                  const char *what) SMTPC_WARN_UNUSED;

/** As smtpc__entity_remove(), and put it back at index @a i, or at the end if
 *  that is beyond it. */
apr_status_t smtpc__entity_move(smtpc_message_t *message,
                                apr_array_header_t *list,
                                smtpc_entity_t *entity, apr_size_t i,
                                const char *what) SMTPC_WARN_UNUSED;

/** Return what @a entity is called in errors. */
const char *smtpc__entity_noun(const smtpc_entity_t *entity);

/** Set name and content type, where they are not NULL, of the new @a entity;
 *  without a type it is guessed from the name. */
apr_status_t smtpc__entity_describe(smtpc_entity_t *entity, const char *name,
                                    const char *content_type)
    SMTPC_WARN_UNUSED;

/** Set the type of @a entity to @a content_type, which is one of ours. */
void smtpc__entity_set_own_type(smtpc_entity_t *entity,
                                const char *content_type);

/** Give @a entity a copy of @a text. */
apr_status_t smtpc__entity_set_text(smtpc_entity_t *entity, const char *text)
    SMTPC_WARN_UNUSED;

/** Let @a entity read the regular file @a path; @a *name becomes its last
 *  component. */
apr_status_t smtpc__entity_set_file(smtpc_entity_t *entity, const char **name,
                                    const char *path) SMTPC_WARN_UNUSED;

/** Let @a entity read the @a len bytes at @a data. */
apr_status_t smtpc__entity_set_bytes(smtpc_entity_t *entity, const void *data,
                                     apr_size_t len) SMTPC_WARN_UNUSED;

/** Let @a entity read @a source, which may be NULL: an error. */
apr_status_t smtpc__entity_set_source(smtpc_entity_t *entity,
                                      smtpc_source_t *source)
    SMTPC_WARN_UNUSED;

/** Check charset and transfer encoding of @a entity against its content, as
 *  far as that is in memory; the error is in the message. */
apr_status_t smtpc__entity_check(smtpc_entity_t *entity) SMTPC_WARN_UNUSED;

/** Return non-zero if the type of @a entity is text/plain. */
int smtpc__entity_is_plain(const smtpc_entity_t *entity);

/** Return non-zero if the type of @a entity begins with text/. */
int smtpc__entity_is_text_type(const smtpc_entity_t *entity);

/** Set parameter @a name in the array @a *params (smtpc_param_t, NULL if
 *  empty) of @a entity to @a value, or take it away for NULL. */
apr_status_t smtpc__entity_put_param(smtpc_entity_t *entity,
                                     apr_array_header_t **params,
                                     const char *name, const char *value)
    SMTPC_WARN_UNUSED;

#endif
