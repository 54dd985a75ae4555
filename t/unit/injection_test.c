/* SPDX-License-Identifier: Apache-2.0 */
/*
 * injection_test.c: the matrix of attacks and public functions that take
 * text. Every cell: the text with the attack in it is SMTPC_EARG, and nothing
 * is changed; without it the function takes it.
 *
 * A function that is added is one line in the table. Bodies and secrets are
 * not in it: their bytes are free, and are encoded before they meet a line.
 */
#include <string.h>

#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../tap/tap.h"
#include "mime_support.h"

/** What the functions are called on, made anew for each cell. */
typedef struct thing_t {
    apr_pool_t *pool;
    smtpc_message_t *message;
    smtpc_attachment_t *attachment;
    smtpc_resent_t *resent;
    smtpc_client_t *client;
    smtpc_view_t *view;
} thing_t;

static smtpc_env_t *env;

/** Sequences that end a line, a field or a command somewhere. */
static const struct {
    const char *name;
    const char *bytes;
} attacks[] = {
    { "CR", "\r" },
    { "LF", "\n" },
    { "CRLF", "\r\n" },
    { "CRLF SP", "\r\n " },
    { "LF TAB", "\n\t" },
    { "header", "\r\nBcc: evil@evil.example" },
    { "command", "\r\nRCPT TO:<evil@evil.example>\r\n" },
    { "TAB", "\t" },
    { "VT", "\v" },
    { "ESC", "\x1b" },
    { "DEL", "\x7f" },
    { "U+0085", "\xc2\x85" },
    { "U+009B", "\xc2\x9b" },
    { "U+2028", "\xe2\x80\xa8" },
    { "U+2029", "\xe2\x80\xa9" },
    { "overlong LF", "\xc0\x8a" },
    { "overlong LF in 3", "\xe0\x80\x8a" },
    { "lone surrogate", "\xed\xa0\x80" },
    { "no UTF-8", "\xff" },
    { "beyond U+10FFFF", "\xf4\x90\x80\x80" },
    { "cut short", "\xe2\x80" }
};

/* The functions, each with the rest of its arguments. */

#define CALL(name, call) \
    static apr_status_t name(thing_t *t, const char *text) \
    { \
        return call; \
    }
#define MESSAGE(function) \
    CALL(m_##function, smtpc_message_##function(t->message, text))
#define CLIENT(function) \
    CALL(c_##function, smtpc_client_##function(t->client, text))

MESSAGE(set_from)
MESSAGE(set_sender)
MESSAGE(add_to)
MESSAGE(add_cc)
MESSAGE(add_bcc)
MESSAGE(add_reply_to)
MESSAGE(set_subject)
MESSAGE(set_message_id)
MESSAGE(set_in_reply_to)
MESSAGE(add_reference)
MESSAGE(set_disposition_notification_to)
MESSAGE(set_return_receipt_to)
CALL(header_name, smtpc_message_add_header(t->message, text, "v"))
CALL(header_value, smtpc_message_add_header(t->message, "X-N", text))
CALL(header_id, smtpc_message_add_header(t->message, "Message-ID", text))
CALL(header_date, smtpc_message_add_header(t->message, "Date", text))
CALL(header_references,
     smtpc_message_add_header(t->message, "References", text))
CALL(set_header_name, smtpc_message_set_header(t->message, text, "v"))
CALL(set_header_value, smtpc_message_set_header(t->message, "X-Old", text))
CALL(remove_header, smtpc_message_remove_header(t->message, text))
CALL(list_url, smtpc_message_add_list_url(t->message, SMTPC_LIST_UNSUBSCRIBE,
                                          text))
CALL(list_post, smtpc_message_add_list_url(t->message, SMTPC_LIST_POST,
                                           text))
CALL(list_id, smtpc_message_set_list_id(t->message, text, NULL))
CALL(list_name, smtpc_message_set_list_id(t->message, "a.example", text))
CALL(envelope_from, smtpc_message_set_envelope(t->message, text, NULL))
CALL(envelope_to, smtpc_message_set_envelope(t->message, NULL, text))
CALL(envelope_id, smtpc_message_set_envelope_id(t->message, text))
CALL(submitter, smtpc_message_set_submitter(t->message, text))
CALL(notify_address,
     smtpc_message_set_recipient_notifications(t->message, text,
                                               SMTPC_NOTIFY_DELAY))
CALL(orcpt_address, smtpc_message_set_original_recipient(t->message, text,
                                                         "x@y.example"))
CALL(orcpt, smtpc_message_set_original_recipient(t->message,
                                                 "resent-to@example.org",
                                                 text))

static apr_status_t resent_from(thing_t *t, const char *text)
{
    smtpc_resent_t *resent;
    apr_status_t rv = smtpc_message_add_resent(&resent, t->message, text);

    return rv == APR_SUCCESS
               ? smtpc_resent_add_to(resent, "x@y.example") : rv;
}

CALL(resent_sender, smtpc_resent_set_sender(t->resent, text))
CALL(resent_to, smtpc_resent_add_to(t->resent, text))
CALL(resent_cc, smtpc_resent_add_cc(t->resent, text))
CALL(resent_bcc, smtpc_resent_add_bcc(t->resent, text))
CALL(attach_name, smtpc_message_attach_bytes(NULL, t->message, text,
                                             "text/plain", "x", 1))
CALL(attach_type, smtpc_message_attach_bytes(NULL, t->message, "n", text,
                                             "x", 1))
CALL(attachment_name, smtpc_attachment_set_name(t->attachment, text))
CALL(attachment_type, smtpc_attachment_set_content_type(t->attachment, text))

#define ENTITY(function) \
    CALL(e_##function, smtpc_entity_##function(t->attachment, text))

ENTITY(set_name)
ENTITY(set_content_type)
ENTITY(set_charset)
ENTITY(set_content_id)
ENTITY(set_location)
ENTITY(set_description)
ENTITY(set_language)
CALL(e_type_name, smtpc_entity_set_type_param(t->attachment, text, "v"))
CALL(e_type_value, smtpc_entity_set_type_param(t->attachment, "n", text))
CALL(e_disposition_name,
     smtpc_entity_set_disposition_param(t->attachment, text, "v"))
CALL(e_disposition_value,
     smtpc_entity_set_disposition_param(t->attachment, "n", text))
CALL(e_header_name, smtpc_entity_add_header(t->attachment, text, "v"))
CALL(e_header_value, smtpc_entity_add_header(t->attachment, "X-N", text))
CALL(view_type, smtpc_message_add_view(NULL, t->message, text, "x"))
CALL(resource_id, smtpc_view_add_resource_bytes(NULL, t->view, text,
                                                "image/png", "x", 1))
CALL(resource_type, smtpc_view_add_resource_bytes(NULL, t->view, "i", text,
                                                  "x", 1))
CALL(attach_text_name, smtpc_message_attach_text(NULL, t->message, text,
                                                 "text/plain", "x"))
CALL(attach_text_type, smtpc_message_attach_text(NULL, t->message, "n", text,
                                                 "x"))
CALL(view_bytes_type, smtpc_message_add_view_bytes(NULL, t->message, text,
                                                   "x", 1))

static apr_status_t attach_eml_name(thing_t *t, const char *text)
{
    static const char eml[] = "Subject: x\r\n\r\n";
    smtpc_source_t *source;
    apr_status_t rv = smtpc_source_create_bytes(&source, eml, sizeof(eml) - 1,
                                                t->pool);

    return rv == APR_SUCCESS
               ? smtpc_message_attach_eml(NULL, t->message, text, source)
               : rv;
}

static apr_status_t calendar(thing_t *t, const char *text)
{
    return smtpc_message_set_calendar(t->message, text,
                                      "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
                                      "END:VCALENDAR\r\n");
}

/* The names are looked at before the key, which there is none of. */
static apr_status_t dkim(thing_t *t, const char *domain, const char *selector)
{
    smtpc_dkim_t *made;

    return smtpc_dkim_create(&made, NULL, domain, selector,
                             "file:/no/such/key", t->pool);
}

CALL(dkim_domain, dkim(t, text, "s"))
CALL(dkim_selector, dkim(t, "a.example", text))

static apr_status_t list_parse(thing_t *t, const char *text)
{
    smtpc_address_list_t *list;

    return smtpc_address_list_parse(&list, text, t->pool);
}

static apr_status_t list_add(thing_t *t, const char *text)
{
    smtpc_address_list_t *list = smtpc_address_list_create(t->pool);
    apr_status_t rv = smtpc_address_list_add(list, NULL, text);

    return rv != APR_SUCCESS && smtpc_address_list_count(list) > 0
               ? APR_EGENERAL : rv;
}

CLIENT(set_host)
CLIENT(set_verify_name)
CLIENT(set_hello_name)
CLIENT(set_auth_mechanisms)
CLIENT(set_target_name)
CLIENT(set_from)
CLIENT(set_ca_file)
CLIENT(set_ca_directory)
CLIENT(set_crl_file)
CLIENT(set_ciphers)
CLIENT(set_cipher_suites)
CLIENT(set_groups)
CLIENT(set_pins)
CLIENT(set_tlsa_records)
CLIENT(set_dane_anchor)
CLIENT(set_dane_resolver)
CLIENT(set_pickup_directory)
CALL(c_certificate,
     smtpc_client_set_client_certificate(t->client, text, NULL))
CALL(c_user, smtpc_client_set_credentials(t->client, text, "secret"))
CLIENT(set_unix_socket)
CLIENT(set_local_address)
CLIENT(mask_capabilities)
CALL(c_add_host, smtpc_client_add_host(t->client, text, 25))
CALL(c_proxy, smtpc_client_set_proxy(t->client, SMTPC_PROXY_SOCKS5, text, 1))
CALL(c_proxy_user, smtpc_client_set_proxy_credentials(t->client, text,
                                                      "secret"))

/* XCLIENT with the attribute field. */
#define XCLIENT(field) \
    static apr_status_t x_##field(thing_t *t, const char *text) \
    { \
        smtpc_xclient_t xclient = { .field = text }; \
        return smtpc_client_set_xclient(t->client, &xclient); \
    }

XCLIENT(name)
XCLIENT(addr)
XCLIENT(proto)
XCLIENT(helo)
XCLIENT(login)
XCLIENT(destaddr)
CALL(c_default_name, smtpc_client_add_default_header(t->client, text, "v"))
CALL(c_default_value, smtpc_client_add_default_header(t->client, "X-N",
                                                      text))
CALL(c_forced_name, smtpc_client_add_forced_header(t->client, text, "v"))
CALL(c_forced_value, smtpc_client_add_forced_header(t->client, "X-N", text))

static apr_status_t address_parse(thing_t *t, const char *text)
{
    smtpc_address_t *address = NULL;
    apr_status_t rv = smtpc_address_parse(&address, text, t->pool);

    return rv == APR_SUCCESS && address == NULL ? APR_EGENERAL : rv;
}

static apr_status_t address_spec(thing_t *t, const char *text)
{
    smtpc_address_t *address;

    return smtpc_address_create(&address, text, NULL, t->pool);
}

static apr_status_t address_name(thing_t *t, const char *text)
{
    smtpc_address_t *address;

    return smtpc_address_create(&address, "a@b.example", text, t->pool);
}

static apr_status_t client_create(thing_t *t, const char *text)
{
    smtpc_client_t *client;

    return smtpc_client_create(&client, env, text, 25, t->pool);
}

static apr_status_t raw_from(thing_t *t, const char *text)
{
    static const char eml[] = "A: b\r\n\r\n";
    smtpc_source_t *source;

    return smtpc_source_create_bytes(&source, eml, sizeof(eml) - 1, t->pool)
           || smtpc_client_send_raw(NULL, t->client, source, text,
                                    "x@y.example", t->pool) == SMTPC_EARG
               ? SMTPC_EARG : APR_SUCCESS;
}

static apr_status_t raw_to(thing_t *t, const char *text)
{
    static const char eml[] = "A: b\r\n\r\n";
    smtpc_source_t *source;

    return smtpc_source_create_bytes(&source, eml, sizeof(eml) - 1, t->pool)
           || smtpc_client_send_raw(NULL, t->client, source, "x@y.example",
                                    text, t->pool) == SMTPC_EARG
               ? SMTPC_EARG : APR_SUCCESS;
}

static apr_status_t send_text(thing_t *t, const char *text)
{
    return smtpc_client_send_text(NULL, t->client, "x@y.example",
                                  "x@y.example", text, "x", t->pool)
                   == SMTPC_EARG
               ? SMTPC_EARG : APR_SUCCESS;
}

/** A function, and a text that it takes, where the attack goes at each '~'
 *  in turn. */
typedef struct function_t {
    const char *name;
    apr_status_t (*call)(thing_t *t, const char *text);
    const char *text;
    int not_taken; /* the text is no path that exists */
} function_t;

#define MAILBOX "~\"~n~\" ~<~a~@~b.example~>~"
#define SPEC "~a~@~b.example~"

static const function_t functions[] = {
    { "set_from", m_set_from, MAILBOX, 0 },
    { "set_from in a quoted local part", m_set_from, "\"a~b\"@c.example", 0 },
    { "set_from in a literal", m_set_from, "a@[127.0.0.1~]", 0 },
    { "set_from in a comment", m_set_from, "a@b.example (c~d)", 0 },
    { "set_sender", m_set_sender, MAILBOX, 0 },
    { "add_to", m_add_to, MAILBOX ",~c@d.example~", 0 },
    { "add_cc", m_add_cc, MAILBOX, 0 },
    { "add_bcc", m_add_bcc, MAILBOX, 0 },
    { "add_reply_to", m_add_reply_to, MAILBOX, 0 },
    { "set_subject", m_set_subject, "~a ~b~", 0 },
    { "add_header name", header_name, "~X-~A~", 0 },
    { "add_header value", header_value, "~a ~b~", 0 },
    { "add_header Message-ID", header_id, "~<~a~@~b~>~", 0 },
    { "add_header Date", header_date, "~5 Jan~ 2026 09:03 +0000~", 0 },
    { "add_header References", header_references, "~<a@b>~ <c@d>~", 0 },
    { "set_header name", set_header_name, "~X-~A~", 0 },
    { "set_header value", set_header_value, "~a ~b~", 0 },
    { "remove_header", remove_header, "~X-~A~", 0 },
    { "set_message_id", m_set_message_id, "~a~@~b~", 0 },
    { "set_in_reply_to", m_set_in_reply_to, "~a~@~b~", 0 },
    { "add_reference", m_add_reference, "~<~a~@~b~>~", 0 },
    { "MDN", m_set_disposition_notification_to, MAILBOX, 0 },
    { "Return-Receipt-To", m_set_return_receipt_to, MAILBOX, 0 },
    { "list URL", list_url, "~https:~//~a/~b~", 0 },
    { "list mail", list_post, "~mailto:~a@b~", 0 },
    { "list id", list_id, "~a~.~b~", 0 },
    { "list description", list_name, "~a~ b~", 0 },
    { "envelope from", envelope_from, SPEC, 0 },
    { "envelope to", envelope_to, SPEC ", " SPEC, 0 },
    { "envelope id", envelope_id, "~a~+ b~", 0 },
    { "submitter", submitter, MAILBOX, 0 },
    { "recipient of notifications", notify_address, MAILBOX, 0 },
    { "recipient with an original", orcpt_address, MAILBOX, 0 },
    { "original recipient", orcpt, MAILBOX, 0 },
    { "resent from", resent_from, MAILBOX, 0 },
    { "resent sender", resent_sender, MAILBOX, 0 },
    { "resent to", resent_to, MAILBOX, 0 },
    { "resent cc", resent_cc, MAILBOX, 0 },
    { "resent bcc", resent_bcc, MAILBOX, 0 },
    { "attach_bytes name", attach_name, "~a~.txt~", 0 },
    { "attach_bytes type", attach_type, "~text~/~plain~; ~a~=~b~", 0 },
    { "attach_bytes type, quoted", attach_type, "text/plain; a=\"~b~\"", 0 },
    { "attachment name", attachment_name, "~a~.txt~", 0 },
    { "attachment type", attachment_type, "~text~/~plain~; ~a~=~b~", 0 },
    { "entity name", e_set_name, "~a~.txt~", 0 },
    { "entity type", e_set_content_type, "~text~/~plain~; ~a~=~b~", 0 },
    { "entity charset", e_set_charset, "~utf~-8~", 0 },
    { "entity Content-ID", e_set_content_id, "~a~@~b~", 0 },
    { "entity Content-Location", e_set_location, "~http://a/~b~", 0 },
    { "entity Content-Description", e_set_description, "~a ~b~", 0 },
    { "entity Content-Language", e_set_language, "~de~,~ en~", 0 },
    { "entity type parameter name", e_type_name, "~a~b~", 0 },
    { "entity type parameter value", e_type_value, "~a~b~", 0 },
    { "entity disposition parameter name", e_disposition_name, "~a~b~", 0 },
    { "entity disposition parameter value", e_disposition_value, "~a~b~", 0 },
    { "entity header name", e_header_name, "~X-~A~", 0 },
    { "entity header value", e_header_value, "~a~ b~", 0 },
    { "view type", view_type, "~text~/~x-a~; ~a~=~b~", 0 },
    { "resource id", resource_id, "~a~@~b~", 0 },
    { "resource type", resource_type, "~image~/~png~", 0 },
    { "attach_text name", attach_text_name, "~a~.txt~", 0 },
    { "attach_text type", attach_text_type, "~text~/~plain~; ~a~=~b~", 0 },
    { "view type, bytes", view_bytes_type, "~text~/~x-a~; ~a~=~b~", 0 },
    { "attach_eml name", attach_eml_name, "~a~.eml~", 0 },
    { "calendar method", calendar, "~REQ~UEST~", 0 },
    { "DKIM domain", dkim_domain, "~a~.~b~", 1 },
    { "DKIM selector", dkim_selector, "~a~.~b~", 1 },
    { "address list", list_parse, MAILBOX ",~" SPEC, 0 },
    { "address list, group", list_parse, "~g~:~a@b.example~;~", 0 },
    { "address list, added", list_add, MAILBOX, 0 },
    { "address_parse", address_parse, MAILBOX, 0 },
    { "address_create spec", address_spec, SPEC, 0 },
    { "address_create name", address_name, "~a ~b~", 0 },
    { "client_create", client_create, "~mail~.~b.example~", 0 },
    { "set_host", c_set_host, "~mail~.~b.example~", 0 },
    { "set_host, percent", c_set_host, "mail%0d%0a~", 1 },
    { "set_verify_name", c_set_verify_name, "~mail~.~b.example~", 0 },
    { "set_hello_name", c_set_hello_name, "~mail~.~b.example~", 0 },
    { "set_auth_mechanisms", c_set_auth_mechanisms, "~PL~AIN~ LOGIN~", 0 },
    { "set_target_name", c_set_target_name, "~SMTPSVC~/a.b~", 0 },
    { "client from", c_set_from, MAILBOX, 0 },
    { "set_ca_file", c_set_ca_file, "~/no/~such~", 1 },
    { "set_ca_directory", c_set_ca_directory, "~/no/~such~", 1 },
    { "set_crl_file", c_set_crl_file, "~/no/~such~", 1 },
    { "set_ciphers", c_set_ciphers, "~ECDHE~+AESGCM~", 0 },
    { "set_cipher_suites", c_set_cipher_suites,
      "~TLS_AES~_128_GCM_SHA256~", 0 },
    { "set_groups", c_set_groups, "~P-~256~", 0 },
    { "set_pins", c_set_pins, "~sha256//AAECAwQFBgcICQoLDA0ODxAREhMU~"
                              "FRYXGBkaGxwdHh8=~", 0 },
    { "set_tlsa_records", c_set_tlsa_records,
      "~3 1 1 000102030405060708090a0b0c0d0e0f~"
      "000102030405060708090a0b0c0d0e0f~", 0 },
    { "set_dane_anchor", c_set_dane_anchor, "~/no/~such~", 1 },
    { "set_dane_resolver", c_set_dane_resolver, "~127.0.0~.1@53~", 0 },
    { "set_pickup_directory", c_set_pickup_directory, "~/no/~such~", 0 },
    { "set_client_certificate", c_certificate, "~/no/~such~", 1 },
    { "user", c_user, "~a~b~", 0 },
    { "set_unix_socket", c_set_unix_socket, "~/no/~such~", 0 },
    { "set_local_address", c_set_local_address, "~127.~0.0.1~", 0 },
    { "set_local_address, IPv6", c_set_local_address, "~[~::~1~]~", 0 },
    { "mask_capabilities", c_mask_capabilities, "~DS~N~ SIZE~", 0 },
    { "add_host", c_add_host, "~mail~.~b.example~", 0 },
    { "set_proxy", c_proxy, "~mail~.~b.example~", 0 },
    { "proxy user", c_proxy_user, "~a~b~", 0 },
    { "XCLIENT name", x_name, "~a~.b~", 0 },
    { "XCLIENT addr", x_addr, "~127.~0.0.1~", 0 },
    { "XCLIENT proto", x_proto, "~ES~MTP~", 0 },
    { "XCLIENT helo", x_helo, "~a~.b~", 0 },
    { "XCLIENT login", x_login, "~a~b~", 0 },
    { "XCLIENT destaddr", x_destaddr, "~127.~0.0.1~", 0 },
    { "default header name", c_default_name, "~X-~A~", 0 },
    { "default header value", c_default_value, "~a~ b~", 0 },
    { "forced header name", c_forced_name, "~X-~A~", 0 },
    { "forced header value", c_forced_value, "~a~ b~", 0 },
    { "raw from", raw_from, SPEC, 0 },
    { "raw to", raw_to, SPEC, 0 },
    { "send_text subject", send_text, "~a~ b~", 0 }
};

static void make(thing_t *t, apr_pool_t *pool)
{
    int bad = 0;

    t->pool = pool;
    bad |= smtpc_message_create(&t->message, pool);
    bad |= smtpc_message_set_from(t->message, "from@example.org");
    bad |= smtpc_message_add_to(t->message, "to@example.org");
    bad |= smtpc_message_add_header(t->message, "X-Old", "old");
    bad |= smtpc_message_attach_bytes(&t->attachment, t->message, "a.txt",
                                      "text/plain", "x", 1);
    bad |= smtpc_message_add_view(&t->view, t->message, "text/html", "x");
    bad |= smtpc_message_add_resent(&t->resent, t->message,
                                    "resent@example.org");
    bad |= smtpc_resent_add_to(t->resent, "resent-to@example.org");
    /* Nothing listens where this would connect to. */
    bad |= smtpc_client_create(&t->client, env, "127.0.0.1", 1, pool);
    bad |= smtpc_client_set_hello_name(t->client, "old.example");
    if (bad) {
        tap_bail("nothing to attack");
    }
}

static const char *text_or(const char *text)
{
    return text != NULL ? text : "-";
}

/* All that can be seen of what the functions are called on. */
static const char *seen(const thing_t *t)
{
    static const smtpc_render_t how = { .utf8 = 1 };
    smtpc_client_t *c = t->client;
    smtpc_envelope_t *e;
    const char *why = "";
    const char *all;

    if (smtpc__message_envelope(&e, &why, t->message, NULL, t->pool)) {
        return why;
    }
    all = apr_pstrcat(
        t->pool, support_render(t->message, &how, NULL, t->pool), "|",
        smtpc_address_address(e->sender), "|", smtpc_client_host(c), "|",
        text_or(smtpc_client_verify_name(c)), "|",
        text_or(smtpc_client_hello_name(c)), "|",
        text_or(smtpc_client_auth_mechanisms(c)), "|",
        text_or(smtpc_client_target_name(c)), "|",
        text_or(smtpc_client_ca_file(c)), "|",
        text_or(smtpc_client_ca_directory(c)), "|",
        text_or(smtpc_client_client_certificate(c)), "|",
        text_or(smtpc_client_crl_file(c)), "|",
        text_or(smtpc_client_ciphers(c)), "|",
        text_or(smtpc_client_cipher_suites(c)), "|",
        text_or(smtpc_client_groups(c)), "|",
        text_or(smtpc_client_pins(c)), "|",
        text_or(smtpc_client_tlsa_records(c)), "|",
        text_or(smtpc_client_dane_anchor(c)), "|",
        text_or(smtpc_client_dane_resolver(c)), "|",
        text_or(smtpc_client_user(c)), "|",
        text_or(smtpc_client_pickup_directory(c)), "|",
        text_or(smtpc_client_unix_socket(c)), "|",
        text_or(smtpc_client_local_address(c)), "|",
        text_or(smtpc_client_masked_capabilities(c)), "|",
        text_or(smtpc_client_host_at(c, 1)), "|",
        text_or(smtpc_client_proxy_host(c)), "|",
        text_or(smtpc_client_proxy_user(c)), "|",
        smtpc_client_xclient(c) ? "xclient" : "-", "|",
        smtpc_client_from(c) ? "from" : "-", "|", text_or(e->envid), "|",
        text_or(smtpc_message_submitter(t->message)), NULL);
    for (apr_size_t i = 0; i < smtpc__envelope_count(e); i++) {
        const smtpc_envelope_recipient_t *entry = smtpc__envelope_entry(e, i);

        all = apr_psprintf(t->pool, "%s|%s|%u|%s", all,
                           smtpc_address_address(entry->address),
                           entry->notify, text_or(entry->orcpt));
    }
    return all;
}

/* Return f's text with bytes in the place of mark number place (-1: none),
 * without the other marks; NULL if there are not so many. */
static const char *attacked(const function_t *f, int place,
                            const char *bytes, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, strlen(f->text) + strlen(bytes) + 1);
    char *o = text;
    int mark = 0;

    for (const char *p = f->text; *p != '\0'; p++) {
        if (*p != '~') {
            *o++ = *p;
        }
        else if (mark++ == place) {
            memcpy(o, bytes, strlen(bytes));
            o += strlen(bytes);
        }
    }
    *o = '\0';
    return place < mark ? text : NULL;
}

/* Return the number of cells of f and attack that fail. */
static int attack_all_places(const function_t *f, apr_size_t attack,
                             apr_pool_t *pool)
{
    int failed = 0;

    for (int place = 0;; place++) {
        const char *text = attacked(f, place, attacks[attack].bytes, pool);
        const char *before;
        apr_status_t rv;
        thing_t t;

        if (text == NULL) {
            return failed;
        }
        make(&t, pool);
        before = seen(&t);
        rv = f->call(&t, text);
        if (rv != SMTPC_EARG || strcmp(before, seen(&t)) != 0) {
            tap_diag("place %d gives %d%s", place, rv,
                     rv == SMTPC_EARG ? ", something changed" : "");
            failed++;
        }
    }
}

/* A4: characters whose low byte is CR or LF are characters like others. */
static void low_bytes(apr_pool_t *pool)
{
    static const char text[] = "\xe7\x98\x8d\xe7\x98\x8a"; /* U+760D U+760A */
    static const smtpc_render_t how = { 0 };
    static const smtpc_render_t utf8 = { .utf8 = 1, .eight_bit = 1 };
    char *out;
    thing_t t;

    make(&t, pool);
    tap_ok(smtpc_message_set_subject(t.message, text) == 0
               && smtpc_message_add_header(t.message, "X-N", text) == 0
               && smtpc_attachment_set_name(t.attachment, text) == 0, "A4");
    out = support_render(t.message, &how, NULL, pool);
    tap_ok(support_wire_problem(out, strlen(out)) == NULL, "A4 on the wire");
    tap_is_str(support_decode_words(support_field(out, "Subject", pool),
                                    pool), text, "A4 comes back");
    out = support_render(t.message, &utf8, NULL, pool);
    tap_is_str(support_field(out, "X-N", pool), text, "A4 in UTF-8");
}

int main(void)
{
    apr_pool_t *pool;

    env = support_env(tap_pool());
    apr_pool_create(&pool, tap_pool());
    for (apr_size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
        const function_t *f = &functions[i];
        thing_t t;

        tap_subtest_begin("%s", f->name);
        make(&t, pool);
        tap_ok((f->call(&t, attacked(f, -1, "", pool)) == APR_SUCCESS)
                   == !f->not_taken, "without an attack");
        for (apr_size_t k = 0; k < sizeof(attacks) / sizeof(*attacks); k++) {
            tap_is_int(attack_all_places(f, k, pool), 0, "%s",
                       attacks[k].name);
            apr_pool_clear(pool);
        }
        tap_subtest_end();
    }
    low_bytes(pool);
    return tap_done();
}
