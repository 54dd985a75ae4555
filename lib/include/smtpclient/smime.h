/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_SMIME_H
#define SMTPC_SMIME_H

/**
 * @file smime.h
 * S/MIME: messages that are signed by a person or a role, and such that only
 * their recipients can read. RFC 8551, RFC 5652.
 *
 * What is protected is the content with its attachments; the header of the
 * message, its subject too, stays in the clear. A message that is to be
 * signed and encrypted is signed first. Content is read once for each and
 * once more to be sent, so every attachment has to be a source that can be
 * rewound. Content on its way into an encrypted message is never written
 * down; encrypted, it goes through a temporary file without a name.
 */

#include <smtpclient/message.h>

SMTPC_BEGIN_DECLS

/** How content is encrypted. */
typedef enum {
    /** AES-256-CBC, which every client reads. */
    SMTPC_SMIME_AES_256_CBC,
    /** AES-256-GCM, which nobody can change unnoticed, but which clients
     *  from before RFC 8551 (2019) do not read. */
    SMTPC_SMIME_AES_256_GCM
} smtpc_smime_cipher_e;

/**
 * Sign @a message with the certificate in the PEM file @a certificate, which
 * may have the certificates of its issuers behind it: they are sent along.
 * @a key_reference is the private key, as in smtpc_dkim_create(); NULL: it is
 * in the same file. RSA and EC keys. NULL, NULL: not signed.
 *
 * Recipients expect the address of From in the certificate; that is not
 * checked here.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     no certificate or key, or they do not belong
 *                        together; expired; not for S/MIME signatures;
 *                        smtpc_message_error() tells which
 *         else           what APR says of a file
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_smime_signer(smtpc_message_t *message,
                               const char *certificate,
                               const char *key_reference) SMTPC_WARN_UNUSED;

/**
 * Encrypt @a message for the owner of the certificate in the PEM file
 * @a certificate too; NULL: for nobody, it is not encrypted. Whoever is not
 * added cannot read it, the sender included. All who get it see how many
 * certificates there are, and their issuers and numbers.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     no certificate, expired, or not for S/MIME
 *                        encryption; smtpc_message_error() tells which
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_SMIME_RECIPIENTS
 *         else           what APR says of the file
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_smime_recipient(smtpc_message_t *message,
                                  const char *certificate) SMTPC_WARN_UNUSED;

/**
 * Encrypt @a message, where there are recipients to do it for, with
 * @a cipher; SMTPC_SMIME_AES_256_CBC at first. SMTPC_EARG for another value.
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_smime_cipher(smtpc_message_t *message,
                               smtpc_smime_cipher_e cipher) SMTPC_WARN_UNUSED;

SMTPC_END_DECLS

#endif
