/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_XML_H
#define SMTPC_MODEL_XML_H

/**
 * @file xml.h
 * Small XML files, read with apr_xml: bounded, without DTD and entities, and
 * with the line of every element and attribute.
 */

#include <apr_xml.h>
#include <smtpclient/status.h>

/** Why a document was not read. */
typedef struct smtpc__xml_error_t {
    int line;         /**< 1 is the first */
    const char *text; /**< fits behind "file:line: " */
} smtpc__xml_error_t;

/**
 * Set @a *root, in @a pool, to the root element of the document of @a len
 * bytes at @a text, which has to live as long. The private data of its
 * elements belong to this file. @a *error is set on failure.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG    not well-formed, not UTF-8 or another superset of
 *                       ASCII, or with a document type declaration
 *         SMTPC_ELIMIT  elements nested over SMTPC_LIMIT_SETTINGS_DEPTH
 */
apr_status_t smtpc__xml_read(apr_xml_elem **root, smtpc__xml_error_t *error,
                             const char *text, apr_size_t len,
                             apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return the element behind @a element in the order of start tags, below
 *  @a root; NULL behind the last. */
apr_xml_elem *smtpc__xml_next(const apr_xml_elem *element,
                              const apr_xml_elem *root);

/** Return the line on which the start tag of @a element begins or, with
 *  @a attribute not NULL, the line of this attribute of it. */
int smtpc__xml_line(const apr_xml_elem *element, const char *attribute);

/** Overwrite all attribute values and texts below @a root. */
void smtpc__xml_wipe(apr_xml_elem *root);

#endif
