#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# aiosmtplib: one connection, each sendmail() awaited. NAME=VALUE arguments as
# in client.h.
import asyncio
import json
import resource
import sys
import time

import aiosmtplib

FROM, TO = "bench@example.com", "sink@test.example"


async def main():
    args = dict(word.split("=", 1) for word in sys.argv[1:])
    messages, warmup = int(args["messages"]), int(args["warmup"])
    with open(args["mail"], "rb") as file:
        mail = file.read()
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=int(args["port"]))
    await client.connect()
    for _ in range(warmup):
        await client.sendmail(FROM, [TO], mail)
    wall, cpu = time.monotonic(), time.process_time()
    for _ in range(messages):
        await client.sendmail(FROM, [TO], mail)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    await client.quit()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"messages": messages, "wall_s": wall, "cpu_s": cpu,
                      "peak_rss_kb": peak}))


asyncio.run(main())
