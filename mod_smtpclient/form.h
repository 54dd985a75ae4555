/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MSC_FORM_H
#define MSC_FORM_H

/**
 * @file form.h
 * A form that a visitor posted, on its way from the request to a message.
 *
 *   form_handler.c  the handler: order of the steps, what happens on failure
 *   form_body.c     reads the request body, keeps fields and files
 *   form_message.c  makes the message
 *   form_answer.c   answers: redirect, page or JSON
 *   form_expr.c     %{smtpform:name}
 */

#include <httpd.h>

#include "cfg.h"
#include "form_parser.h"

/** Bytes of all plain fields together: what a person can have typed. */
#define MSC_FORM_TEXT_MAX (256 * 1024)
/** Bytes of a file that are kept in memory; beyond it goes to disk. */
#define MSC_FORM_FILE_MEMORY_MAX (64 * 1024)
/** Bytes of all files of a form that are kept in memory. */
#define MSC_FORM_MEMORY_MAX (256 * 1024)
/** Bytes of one block of a file in memory, and of one read. */
#define MSC_FORM_BLOCK 8192
/** Characters of a subject; the text in full is in the body. */
#define MSC_FORM_SUBJECT_MAX 200

/** Piece of a file in memory. */
typedef struct msc_form_block_t msc_form_block_t;
struct msc_form_block_t {
    msc_form_block_t *next;
    apr_size_t len;
    char data[MSC_FORM_BLOCK];
};

/** A field or a file of the form. */
typedef struct {
    const char *name;
    const char *value;        /**< of a field; NULL for a file */
    const char *filename;     /**< of a file; NULL for a field */
    const char *content_type; /**< of a file, as the browser claims, or NULL */
    apr_off_t length;
    msc_form_block_t *first; /**< of a small file */
    msc_form_block_t *last;
    apr_file_t *spool; /**< of a large file; it has no name any more */
    /* Where reading is. */
    msc_form_block_t *at;
    apr_size_t offset;
} msc_form_item_t;

/** What is wrong with one field. */
typedef struct {
    const char *name;
    const char *reason;
} msc_form_fault_t;

/** A form. Hangs on the request while and after it is handled. */
typedef struct {
    request_rec *r;
    const msc_cfg_t *cfg;
    apr_array_header_t *items;  /**< of msc_form_item_t *, in order */
    apr_array_header_t *faults; /**< of msc_form_fault_t */
    /** Directives of ours are being evaluated: they want values as they are,
     *  since they refuse what they cannot take. */
    int evaluating;
    /** The visitor's address is not ASCII before its at sign: not every mail
     *  server takes it. */
    int reply_to_foreign;
} msc_form_t;

/** Return the values of @a name in @a form, joined by ", " if there are more
 *  than one, in @a p; the names of files stand for them. "" if none. */
const char *msc_form_value(const msc_form_t *form, const char *name,
                           apr_pool_t *p);

/** Add to what is wrong with @a form that field @a name is, for @a reason;
 *  the first reason of a field counts. Both have to outlive @a form. */
void msc_form_fault(msc_form_t *form, const char *name, const char *reason);

/** Return the form that was posted with @a r, with the request it is part
 *  of or with one that was redirected to it inside the server; or NULL. */
const msc_form_t *msc_form_of_request(request_rec *r);

/**
 * Read the body of the request into @a form. @a *why is set on failure to
 * one sentence for the visitor, or NULL if the status says it all.
 *
 * @return OK, or a status of HTTP: 400, 413, 415 of the form; 408 and the
 *         like of the connection; 503 if a file could not be stored;
 *         AP_FILTER_ERROR when a filter has answered already
 */
int msc_form_body_read(msc_form_t *form, const char **why);

/** Create @a *source over the content of the file @a item in @a p. */
apr_status_t msc_form_body_source(smtpc_source_t **source,
                                  msc_form_item_t *item, apr_pool_t *p);

/**
 * Make @a *message of @a form, in the request's pool.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG  the visitor's input cannot be sent: see form->faults
 *         else        not the visitor's fault; it is logged
 */
apr_status_t msc_form_message_create(smtpc_message_t **message,
                                     msc_form_t *form);

/** Add to what is wrong with @a form that the mail server does not take the
 *  visitor's address, whose characters need SMTPUTF8. */
void msc_form_message_blame_address(msc_form_t *form);

/** Answer that the mail @a message_id was sent. @return status of a handler */
int msc_form_answer_sent(const msc_form_t *form, const char *message_id);

/** Answer with @a status of HTTP, the sentence @a why (NULL: a usual one)
 *  and what is wrong with the fields. @return status of a handler */
int msc_form_answer_refused(const msc_form_t *form, int status,
                            const char *why);

/** Return the status of HTTP that a send which ended with @a rv means. */
int msc_form_answer_status(apr_status_t rv);

/** Return what a visitor is told of a send that ended with @a rv. */
const char *msc_form_answer_reason(apr_status_t rv);

#endif
