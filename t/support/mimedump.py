#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Print what Python's email package makes of a mail, as JSON.

mimedump.py FILE...   one JSON object for one file, an array for several

Per file: headers (decoded, in order), raw_headers (bytes as they stand, with
their folding), root (the tree of parts), parts (its leaves in order), defects
(everything the parser complains about) and bytes (facts about the raw file).
An independent reading of what the library wrote: nothing here is shared with
it.
"""
import hashlib
import json
import re
import sys
from email import policy
from email.parser import BytesParser


def raw_headers(data):
    """Return the header fields as [name, value] of undecoded text."""
    head = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]
    fields = []
    for line in re.split(rb"\r?\n", head):
        text = line.decode("latin-1")
        if text[:1] in (" ", "\t") and fields:
            fields[-1][1] += "\r\n" + text
        elif ":" in text:
            name, value = text.split(":", 1)
            fields.append([name, value])
        else:
            fields.append(["", text])
    return fields


def addresses(value):
    """Return the mailboxes of an address header, or None for another one."""
    if not hasattr(value, "addresses"):
        return None
    return [
        {"name": a.display_name, "address": a.addr_spec}
        for a in value.addresses
    ]


def headers(message, defects):
    """Return the decoded header fields in order."""
    out = []
    for name, value in message.items():
        for defect in getattr(value, "defects", ()):
            text = "%s: %s: %s" % (name, type(defect).__name__, defect)
            if text not in defects:
                defects.append(text)
        field = {"name": name, "value": str(value)}
        boxes = addresses(value)
        if boxes is not None:
            field["addresses"] = boxes
        out.append(field)
    return out


def describe(part, leaves, defects, depth=0):
    """Return one part of the tree; leaves are also appended to leaves."""
    for defect in part.defects:
        defects.append("%s: %s" % (part.get_content_type(),
                                   type(defect).__name__))
    node = {
        "type": part.get_content_type(),
        "params": dict(part["content-type"].params)
        if part["content-type"] is not None else {},
        "disposition": part.get_content_disposition(),
        "filename": part.get_filename(),
        "cid": part["content-id"],
        "charset": part.get_content_charset(),
        "encoding": str(part.get("content-transfer-encoding", "")).lower(),
        "headers": headers(part, defects),
    }
    if part.is_multipart() and depth < 20:
        node["preamble"] = part.preamble
        node["epilogue"] = part.epilogue
        node["parts"] = [describe(p, leaves, defects, depth + 1)
                         for p in part.iter_parts()]
        return node
    payload = part.get_payload(decode=True) or b""
    for defect in part.defects:     # decoding may have found more
        text = "%s: %s" % (part.get_content_type(), type(defect).__name__)
        if text not in defects:
            defects.append(text)
    node["length"] = len(payload)
    node["sha256"] = hashlib.sha256(payload).hexdigest()
    if part.get_content_maintype() == "text":
        try:
            node["text"] = payload.decode(part.get_content_charset()
                                          or "us-ascii")
        except (LookupError, UnicodeDecodeError) as error:
            node["text"] = None
            if node["disposition"] != "attachment":
                defects.append("%s: %s" % (part.get_content_type(), error))
    leaves.append(node)
    return node


def facts(data):
    """Return what can be said about the bytes without parsing."""
    lines = re.split(rb"\r?\n", data)
    return {
        "length": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "max_line": max(len(line) for line in lines),
        "bare_cr": len(re.findall(rb"\r(?!\n)", data)),
        "bare_lf": len(re.findall(rb"(?<!\r)\n", data)),
        "crlf": data.count(b"\r\n"),
        "eight_bit": len(re.findall(rb"[\x80-\xff]", data)),
        "nul": data.count(b"\0"),
        "ends_with_crlf": data.endswith(b"\r\n"),
    }


def dump(path):
    """Return everything about one file."""
    with open(path, "rb") as file:
        data = file.read()
    message = BytesParser(policy=policy.default).parsebytes(data)
    leaves, defects = [], []
    root = describe(message, leaves, defects)
    return {
        "headers": headers(message, []),
        "raw_headers": raw_headers(data),
        "root": root,
        "parts": leaves,
        "defects": defects,
        "bytes": facts(data),
    }


def main():
    """Run as a program."""
    if len(sys.argv) < 2:
        sys.exit("usage: mimedump.py FILE...")
    out = [dump(path) for path in sys.argv[1:]]
    json.dump(out[0] if len(out) == 1 else out, sys.stdout, ensure_ascii=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
