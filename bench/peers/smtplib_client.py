#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Python's smtplib. NAME=VALUE arguments as in client.h.
#   mode=blocking  sendmail() with the bytes of the mail
#   mode=attach    send_message() of an EmailMessage with bytes=N attached,
#                  made anew each time
import json
import resource
import smtplib
import sys
import time
from email.message import EmailMessage

FROM, TO = "bench@example.com", "sink@test.example"


def attached(data):
    message = EmailMessage()
    message["From"], message["To"] = FROM, TO
    message["Subject"] = "Attached"
    message.set_content("The file is attached.\n")
    message.add_attachment(data, maintype="application",
                           subtype="octet-stream", filename="measurements.bin")
    return message


def main():
    args = dict(word.split("=", 1) for word in sys.argv[1:])
    messages, warmup = int(args["messages"]), int(args["warmup"])
    client = smtplib.SMTP("127.0.0.1", int(args["port"]))
    if args["mode"] == "attach":
        data = bytes(range(256)) * (int(args["bytes"]) // 256)

        def send():
            client.send_message(attached(data))
    else:
        with open(args["mail"], "rb") as file:
            mail = file.read()

        def send():
            client.sendmail(FROM, [TO], mail)
    for _ in range(warmup):
        send()
    wall, cpu = time.monotonic(), time.process_time()
    for _ in range(messages):
        send()
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    client.quit()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"messages": messages, "wall_s": wall, "cpu_s": cpu,
                      "peak_rss_kb": peak}))


main()
