#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Verifies all DKIM signatures of the message on standard input with dkimpy.
# The argument is a JSON file of TXT records by name: nothing is looked up.
# Prints a JSON list with one {algorithm, selector, result} per signature,
# result being "pass", "fail" or what the exception says.

import json
import sys

import dkim


def main():
    with open(sys.argv[1], encoding='ascii') as file:
        records = json.load(file)
    message = sys.stdin.buffer.read()

    def lookup(name, timeout=5):
        text = records.get(name.decode('ascii').rstrip('.'))
        return text.encode('ascii') if text is not None else None

    found = []
    index = 0
    while True:
        verifier = dkim.DKIM(message)
        prepared = verifier.verify_headerprep(index)
        if not prepared:
            break
        signature = prepared[0]
        try:
            good = verifier.verify(idx=index, dnsfunc=lookup)
            result = 'pass' if good else 'fail'
        except dkim.DKIMException as problem:
            result = str(problem)
        found.append({
            'algorithm': signature[b'a'].decode('ascii'),
            'selector': signature[b's'].decode('ascii'),
            'result': result})
        index += 1
    json.dump(found, sys.stdout)


main()
