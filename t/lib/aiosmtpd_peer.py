#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The server process of Smtpc::Aiosmtpd: aiosmtpd_peer.py SETTINGS.json.

aiosmtpd with a Maildir, and with SCRAM and its channel binding written from
RFC 5802, 7677, 5929 and 9266 by means of Python's own library, so that a
client's SCRAM meets one that is not libgsasl. Ends when its parent does.
"""

import asyncio
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import json
import os
import secrets
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

ITERATIONS = 4096
SIZE_MAX = 200 * 1024 * 1024


def exporter(ssl_object):
    """RFC 9266 4.2. Python 3.11 has no call for it; where the SSL * is in its
    object is checked before it is used."""
    library = ctypes.CDLL(ctypes.util.find_library("ssl"))
    address = id(ssl_object._sslobj) + object.__basicsize__ + 8
    handle = ctypes.c_void_p.from_address(address)
    library.SSL_get_version.restype = ctypes.c_char_p
    version = library.SSL_get_version(handle).decode()
    assert version == ssl_object.version(), version
    label = b"EXPORTER-Channel-Binding"
    data = ctypes.create_string_buffer(32)
    done = library.SSL_export_keying_material(
        handle, data, ctypes.c_size_t(32), label, ctypes.c_size_t(len(label)),
        b"", ctypes.c_size_t(0), 1)
    assert done == 1
    return data.raw


class Scram:
    """One exchange, as the server."""

    def __init__(self, digest, plus, user, password, ssl_object):
        self.digest, self.plus = digest, plus
        self.user, self.password = user, password
        self.ssl_object = ssl_object

    def binding(self, flag):
        """The data that belongs to the flag of a client; None: refuse it."""
        if not self.plus:
            # "y" says: you have no -PLUS. We do, so somebody took it away.
            return b"" if flag == "n" else None
        if flag == "p=tls-exporter":
            return exporter(self.ssl_object)
        if flag == "p=tls-unique" and self.ssl_object.version() != "TLSv1.3":
            return self.ssl_object.get_channel_binding("tls-unique")
        return None

    def hmac(self, key, text):
        return hmac.new(key, text, self.digest).digest()

    async def run(self, server, first):
        """Whether it is who it says it is."""
        flag, _, bare = first.decode().split(",", 2)
        bound = self.binding(flag)
        fields = dict(item.split("=", 1) for item in bare.split(","))
        if bound is None or fields["n"] != self.user:
            return False
        salt = secrets.token_bytes(16)
        nonce = fields["r"] + secrets.token_urlsafe(18)
        challenge = "r=%s,s=%s,i=%d" % (
            nonce, base64.b64encode(salt).decode(), ITERATIONS)
        final = (await server.challenge_auth(challenge)).decode()
        without_proof, proof = final.rsplit(",p=", 1)
        wanted = base64.b64encode(
            first[:len(first) - len(bare)] + bound).decode()
        if without_proof != "c=%s,r=%s" % (wanted, nonce):
            return False
        salted = hashlib.pbkdf2_hmac(self.digest, self.password.encode(),
                                     salt, ITERATIONS)
        text = ",".join((bare, challenge, without_proof)).encode()
        key = self.hmac(salted, b"Client Key")
        stored = hashlib.new(self.digest, key).digest()
        expected = bytes(a ^ b for a, b in
                         zip(key, self.hmac(stored, text)))
        if not hmac.compare_digest(base64.b64decode(proof), expected):
            return False
        signature = self.hmac(self.hmac(salted, b"Server Key"), text)
        await server.challenge_auth(
            "v=" + base64.b64encode(signature).decode())
        return True


class Handler:
    """What aiosmtpd asks: mechanisms, recipients, and where mail goes."""

    def __init__(self, settings):
        self.settings = settings
        self.count = 0

    def check(self, server, session, envelope, mechanism, data):
        good = (data.login.decode() == self.settings["user"]
                and data.password.decode() == self.settings["password"])
        return AuthResult(success=good, handled=False)

    async def scram(self, server, args, digest, plus):
        ssl_object = server.transport.get_extra_info("ssl_object")
        exchange = Scram(digest, plus, self.settings["user"],
                         self.settings["password"], ssl_object)
        try:
            first = (base64.b64decode(args[1]) if len(args) > 1
                     else await server.challenge_auth(""))
            good = await exchange.run(server, first)
        except (ValueError, KeyError):
            good = False
        return AuthResult(success=good, handled=False)

    async def auth_SCRAM__SHA__1(self, server, args):
        return await self.scram(server, args, "sha1", False)

    async def auth_SCRAM__SHA__1__PLUS(self, server, args):
        return await self.scram(server, args, "sha1", True)

    async def auth_SCRAM__SHA__256(self, server, args):
        return await self.scram(server, args, "sha256", False)

    async def auth_SCRAM__SHA__256__PLUS(self, server, args):
        return await self.scram(server, args, "sha256", True)

    async def handle_RCPT(self, server, session, envelope, address, options):
        local, _, domain = address.rpartition("@")
        if domain != self.settings["domain"]:
            return "550 5.7.1 relay not permitted"
        if local == "refused":
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        maildir = self.settings["maildir"]
        for address in envelope.rcpt_tos:
            self.count += 1
            name = "%06d.%d" % (self.count, os.getpid())
            with open("%s/tmp/%s" % (maildir, name), "wb") as file:
                file.write(b"Delivered-To: %s\r\n" % address.encode())
                file.write(envelope.original_content)
            os.rename("%s/tmp/%s" % (maildir, name),
                      "%s/new/%s" % (maildir, name))
        return "250 OK"


def context(settings, newest):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(settings["certificate"], settings["key"])
    tls.maximum_version = newest
    return tls


async def serve(settings):
    loop = asyncio.get_running_loop()
    handler = Handler(settings)
    usual = {"data_size_limit": SIZE_MAX, "enable_SMTPUTF8": True,
             "hostname": "mail." + settings["domain"], "loop": loop,
             "auth_required": True, "authenticator": handler.check}

    async def listen(port, newest, implicit):
        tls = context(settings, newest)
        more = ({"auth_require_tls": False} if implicit
                else {"tls_context": tls, "require_starttls": True})
        await loop.create_server(
            lambda: SMTP(handler, **usual, **more), "127.0.0.1", port,
            ssl=tls if implicit else None)

    await listen(settings["port"], ssl.TLSVersion.TLSv1_3, False)
    await listen(settings["tls12_port"], ssl.TLSVersion.TLSv1_2, False)
    await listen(settings["tls_port"], ssl.TLSVersion.TLSv1_3, True)
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        asyncio.run(serve(json.load(file)))
