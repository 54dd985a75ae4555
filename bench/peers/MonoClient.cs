// SPDX-License-Identifier: Apache-2.0
// System.Net.Mail.SmtpClient, as Mono has it. NAME=VALUE arguments as in
// client.h. It cannot send bytes, so the mail is composed each time from the
// body of mail=FILE.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net.Mail;
using System.Text;

static class MonoClient
{
    static void Send(SmtpClient client, string body, int count)
    {
        for (int i = 0; i < count; i++) {
            using (var mail = new MailMessage("bench@example.com",
                       "sink@test.example", "A mail of 1 KiB", body)) {
                mail.BodyEncoding = Encoding.ASCII;
                client.Send(mail);
            }
        }
    }

    static long PeakKb()
    {
        foreach (string line in File.ReadAllLines("/proc/self/status")) {
            if (line.StartsWith("VmHWM:")) {
                return long.Parse(line.Substring(6).Replace("kB", "").Trim());
            }
        }
        return 0;
    }

    static void Main(string[] words)
    {
        var args = new Dictionary<string, string>();
        foreach (string word in words) {
            int at = word.IndexOf('=');
            args[word.Substring(0, at)] = word.Substring(at + 1);
        }
        string text = File.ReadAllText(args["mail"]);
        string body = text.Substring(text.IndexOf("\r\n\r\n") + 4);
        int messages = int.Parse(args["messages"]);
        var client = new SmtpClient("127.0.0.1", int.Parse(args["port"]));
        Send(client, body, int.Parse(args["warmup"]));
        var self = Process.GetCurrentProcess();
        TimeSpan cpu = self.TotalProcessorTime;
        Stopwatch watch = Stopwatch.StartNew();
        Send(client, body, messages);
        watch.Stop();
        self.Refresh();
        cpu = self.TotalProcessorTime - cpu;
        Console.WriteLine(string.Format(CultureInfo.InvariantCulture,
            "{{\"messages\":{0},\"wall_s\":{1:F6},\"cpu_s\":{2:F6},"
            + "\"peak_rss_kb\":{3}}}", messages, watch.Elapsed.TotalSeconds,
            cpu.TotalSeconds, PeakKb()));
    }
}
