// SPDX-License-Identifier: Apache-2.0
// nodemailer with a pool. NAME=VALUE arguments as in client.h.
//   mode=blocking  one raw mail at a time, each awaited
//   mode=batch     all given to the pool at once
//   mode=attach    composed with bytes=N attached, each awaited
'use strict';

const fs = require('fs');
const nodemailer = require('nodemailer');

const args = Object.fromEntries(process.argv.slice(2).map(
    (word) => [word.slice(0, word.indexOf('=')),
        word.slice(word.indexOf('=') + 1)]));
const envelope = { from: 'bench@example.com', to: ['sink@test.example'] };

function maker() {
    if (args.mode !== 'attach') {
        const raw = fs.readFileSync(args.mail);
        return () => ({ envelope, raw });
    }
    const content = Buffer.alloc(Number(args.bytes),
        Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
    return () => ({
        from: envelope.from, to: envelope.to, subject: 'Attached',
        text: 'The file is attached.\n',
        attachments: [{ filename: 'measurements.bin', content }],
    });
}

async function send(transport, make, count) {
    if (args.mode === 'batch') {
        await Promise.all(Array.from({ length: count },
            () => transport.sendMail(make())));
        return;
    }
    for (let i = 0; i < count; i++) {
        await transport.sendMail(make());
    }
}

async function main() {
    const transport = nodemailer.createTransport({
        host: '127.0.0.1', port: Number(args.port), pool: true,
        maxConnections: Number(args.connections || 1), maxMessages: Infinity,
        ignoreTLS: true,
    });
    const make = maker();
    const messages = Number(args.messages);
    await send(transport, make, Number(args.warmup));
    const cpu = process.cpuUsage();
    const began = process.hrtime.bigint();
    await send(transport, make, messages);
    const wall = Number(process.hrtime.bigint() - began) / 1e9;
    const used = process.cpuUsage(cpu);
    transport.close();
    console.log(JSON.stringify({
        messages, wall_s: wall, cpu_s: (used.user + used.system) / 1e6,
        peak_rss_kb: process.resourceUsage().maxRSS,
    }));
}

main().catch((error) => {
    console.error(error);
    process.exit(2);
});
