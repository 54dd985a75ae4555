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
    /* The first, the last and some between: a table out of order loses
     * some of them. */
    static const char *const known[] = {
        "a.7z", "a.aac", "a.bz2", "a.csv", "a.docx", "a.eps", "a.gz",
        "a.html", "a.ics", "a.jpeg", "a.jpg", "a.js", "a.json", "a.mp3",
        "a.mp4", "a.odt", "a.p7s", "a.pdf", "a.png", "a.pptx", "a.rtf",
        "a.svg", "a.tar", "a.tgz", "a.tiff", "a.txt", "a.vcf", "a.webp",
        "a.woff", "a.woff2", "a.xls", "a.xlsx", "a.xml", "a.yml", "a.zip",
        "a.zst"
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
