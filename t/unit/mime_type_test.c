/* SPDX-License-Identifier: Apache-2.0 */
/* mime_type_test.c: content types by extension. */
#include "mime/content_type.h"

#include "../tap/tap.h"

static void check(const char *name, const char *type)
{
    tap_is_str(smtpc__mime_type(name), type, "%s", name);
}

int main(void)
{
    /* All of them: a table out of order loses some. */
    static const char *const known[] = {
        "a.7z", "a.aac", "a.ai", "a.atom", "a.avi", "a.avif", "a.bmp",
        "a.bz2", "a.c", "a.cpp", "a.css", "a.csv", "a.dmg", "a.doc", "a.docm",
        "a.docx", "a.dot", "a.dotx", "a.eps", "a.epub", "a.exe", "a.flac",
        "a.gif", "a.gz", "a.h", "a.heic", "a.htm", "a.html", "a.ico", "a.ics",
        "a.jar", "a.java", "a.jpe", "a.jpeg", "a.jpg", "a.js", "a.json",
        "a.key", "a.log", "a.m4a", "a.md", "a.mid", "a.mjs", "a.mkv", "a.mov",
        "a.mp3", "a.mp4", "a.mpeg", "a.mpg", "a.msg", "a.numbers", "a.odg",
        "a.odp", "a.ods", "a.odt", "a.oga", "a.ogg", "a.ogv", "a.opus",
        "a.otf", "a.p7m", "a.p7s", "a.pages", "a.pdf", "a.pgp", "a.png",
        "a.pot", "a.pps", "a.ppt", "a.pptx", "a.ps", "a.psd", "a.py", "a.rar",
        "a.rss", "a.rtf", "a.sh", "a.sql", "a.svg", "a.tar", "a.text",
        "a.tgz", "a.tif", "a.tiff", "a.toml", "a.tsv", "a.ttf", "a.txt",
        "a.vcf", "a.vsd", "a.wav", "a.weba", "a.webm", "a.webp", "a.wma",
        "a.wmv", "a.woff", "a.woff2", "a.xhtml", "a.xls", "a.xlsm", "a.xlsx",
        "a.xml", "a.xps", "a.xz", "a.yaml", "a.yml", "a.zip", "a.zst"
    };

    check("a.txt", "text/plain");
    check("invoice.PDF", "application/pdf");
    check("a.tar.gz", "application/gzip");
    check("photo.jpeg", "image/jpeg");
    check("a.xlsx", "application/vnd.openxmlformats-officedocument."
                    "spreadsheetml.sheet");
    check("a.ics", "text/calendar");
    check("", "application/octet-stream");
    check("txt", "application/octet-stream");
    check("a.", "application/octet-stream");
    check("a.nosuch", "application/octet-stream");
    check("a.eml", "application/octet-stream");
    for (apr_size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        tap_ok(smtpc__mime_type_known(known[i]), "%s is known", known[i]);
    }
    tap_ok(!smtpc__mime_type_known("a.nosuch"), "others are not");
    return tap_done();
}
