#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compare mails with what was put into them, by Python's email package.

mimecheck.py DIR   reads DIR/N.eml and DIR/N.json of message_random_test

Prints "N: what is wrong" for each problem and, in the last line, the number
of messages that were looked at.
"""
import json
import os
import re
import sys
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.utils import getaddresses


def text_of(hexed):
    """Return the string that hexadecimal digits stand for, None for None."""
    return None if hexed is None else bytes.fromhex(hexed).decode("utf-8")


def newlines(text):
    """Return text with each of its line ends as one character."""
    return re.sub("\r\n|\r|\n", "\n", text)


def plain(value):
    """Return a value with raw UTF-8 as text."""
    if value is None:
        return None
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8")


def field_text(value, want):
    """Return a field's text; where nothing fits on the line of its name, the
    blank behind the colon stands on the next and is no part of it."""
    value = plain(value)
    if value is not None and want is not None and not want.startswith(" "):
        value = value.lstrip(" ")
    return value


def names(message, field):
    """Return the display names in an address field.

    The parser of policy.default in Python 3.11 puts blanks between adjacent
    encoded words, so this goes the older way.
    """
    raw = [str(value) for name, value in message.raw_items()
           if name.lower() == field]
    raw = [re.sub(r"\r\n(?=[ \t])", "", value) for value in raw]
    found = []
    for name, _ in getaddresses(raw):
        text = str(make_header(decode_header(plain(name))))
        found.append(text)
    return found


def unflow(text):
    """Join the lines of format=flowed, RFC 3676 4.1 (no quotes here)."""
    out = ""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        soft = line.endswith(" ") and line != "-- "
        if line.startswith(" "):
            line = line[1:]
        out += line
        if not soft and number < len(lines) - 1:
            out += "\n"
    return out


class Check:
    """One message file; problems are collected."""

    def __init__(self, path):
        self.problems = []
        with open(path + ".eml", "rb") as file:
            self.data = file.read()
        with open(path + ".json", encoding="ascii") as file:
            self.want = json.load(file)

    def same(self, what, got, want):
        """Record a difference."""
        if got != want:
            self.problems.append("%s is %r, not %r" % (what, got, want))

    def run(self):
        """Return all problems."""
        self.lines()
        message = BytesParser(policy=policy.default).parsebytes(self.data)
        self.message(message, self.want)
        return self.problems

    def lines(self):
        """Look at the bytes: line ends, line lengths, folding."""
        if re.search(rb"\r(?!\n)|(?<!\r)\n|\0", self.data):
            self.problems.append("a bare CR or LF, or NUL")
        in_header, nested = True, False
        for line in self.data.split(b"\r\n"):
            if len(line) > 998:
                self.problems.append("a line of %d bytes" % len(line))
            if in_header:
                self.header_line(line)
                nested = nested or line.lower().startswith(
                    (b"content-type: message/rfc822",
                     b"content-type: message/global"))
                if line == b"":
                    in_header, nested = nested, False
            elif line.startswith(b"--=_") and not line.endswith(b"--"):
                in_header, nested = True, False

    def header_line(self, line):
        """A header line is over 78 only if it holds one word."""
        if len(line) > 78 and b" " in re.sub(rb"^(?:[!-9;-~]+:)? +", b"", line):
            self.problems.append("a long header line: %r" % line)

    def message(self, message, want):
        """Compare one message, which may be inside another."""
        for name, key in (("subject", "subject"), ("x-random", "header")):
            text = text_of(want.get(key))
            self.same(name, field_text(message[name], text), text)
        if "from" in want:
            self.same("From", names(message, "from"),
                      [text_of(want["from"])])
            self.same("To", names(message, "to"),
                      [text_of(n) for n in want["to"][1:]]
                      or [""])
            self.same("MIME-Version", message["mime-version"], "1.0")
        self.part(message, want["root"])

    def part(self, part, want):
        """Compare one part and what is in it."""
        for defect in part.defects:
            self.problems.append("defect %s" % type(defect).__name__)
        self.same("type", part.get_content_type(), want["type"])
        self.fields(part, want)
        if "parts" in want:
            parts = list(part.iter_parts())
            self.same("number of parts", len(parts), len(want["parts"]))
            for child, child_want in zip(parts, want["parts"]):
                self.part(child, child_want)
        elif "message" in want:
            self.message(part.get_payload(0), want["message"])
        else:
            self.leaf(part, want)

    def fields(self, part, want):
        """Compare the header fields of a part."""
        content_type = part["content-type"]
        params = content_type.params if content_type is not None else {}
        cid = text_of(want.get("cid"))
        disposition = part["content-disposition"]
        shown = disposition.params if disposition is not None else {}
        self.same("file name", plain(shown.get("filename")),
                  text_of(want.get("name")))
        self.same("disposition", part.get_content_disposition(),
                  text_of(want.get("disposition")))
        self.same("Content-ID", part["content-id"],
                  None if cid is None else "<%s>" % cid)
        for name in ("description", "language", "location"):
            text = text_of(want.get(name))
            self.same(name, field_text(part["content-" + name], text), text)
        self.same("x-param", plain(params.get("x-param")),
                  text_of(want.get("param")))
        if want["type"] == "multipart/related":
            self.same("type of related", params.get("type"),
                      want["parts"][0]["type"])
        if want["type"] == "text/calendar":
            self.same("method", params.get("method"), "REQUEST")

    def leaf(self, part, want):
        """Compare content."""
        encoding = str(part.get("content-transfer-encoding", "7bit")).lower()
        raw = part.get_payload()
        if encoding != "8bit" and any(ord(c) > 127 for c in raw):
            self.problems.append("bytes above 127 in " + encoding)
        data = part.get_payload(decode=True)
        if "data" in want:
            self.same("content", data.hex(), want["data"])
            return
        charset = part.get_content_charset() or "us-ascii"
        if "charset" in want:
            self.same("charset", charset, text_of(want["charset"]).lower())
        try:
            got = data.decode(charset)
        except (LookupError, UnicodeDecodeError) as error:
            self.problems.append("content: %s" % error)
            return
        text, got = newlines(text_of(want["text"])), got.replace("\r\n", "\n")
        if want["flowed"]:
            got = unflow(got)
        if want["last"] and encoding != "base64" and not text.endswith("\n"):
            text += "\n" if text else ""
        self.same("text", got, text)


def main():
    """Run as a program."""
    if len(sys.argv) != 2:
        sys.exit("usage: mimecheck.py DIR")
    count = 0
    for name in sorted(os.listdir(sys.argv[1])):
        if name.endswith(".eml"):
            count += 1
            path = os.path.join(sys.argv[1], name[:-4])
            for problem in Check(path).run():
                print("%s: %s" % (name, problem))
    print(count)


if __name__ == "__main__":
    main()
