/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime_type.c: content types by file name extension.
 *
 * The types that mail carries, as IANA registers them or, where it does not,
 * as most systems call them. What is not here is sent as
 * application/octet-stream, which loses nothing.
 *
 * Not here: message/ types, which RFC 2046 5.2 does not let us encode.
 */
#include "mime/content_type.h"

#include <stdlib.h>
#include <string.h>

#include <apr_cstr.h>

typedef struct entry_t {
    const char *extension;
    const char *type;
} entry_t;

#define OFFICE "application/vnd.openxmlformats-officedocument."

/* Sorted by extension. */
static const entry_t entries[] = {
    { "7z", "application/x-7z-compressed" },
    { "aac", "audio/aac" },
    { "ai", "application/postscript" },
    { "atom", "application/atom+xml" },
    { "avi", "video/x-msvideo" },
    { "avif", "image/avif" },
    { "bmp", "image/bmp" },
    { "bz2", "application/x-bzip2" },
    { "c", "text/x-c" },
    { "cpp", "text/x-c" },
    { "css", "text/css" },
    { "csv", "text/csv" },
    { "dmg", "application/x-apple-diskimage" },
    { "doc", "application/msword" },
    { "docm", "application/vnd.ms-word.document.macroenabled.12" },
    { "docx",
      OFFICE "wordprocessingml.document" },
    { "dot", "application/msword" },
    { "dotx",
      OFFICE "wordprocessingml.template" },
    { "eps", "application/postscript" },
    { "epub", "application/epub+zip" },
    { "exe", "application/x-msdownload" },
    { "flac", "audio/flac" },
    { "gif", "image/gif" },
    { "gz", "application/gzip" },
    { "h", "text/x-c" },
    { "heic", "image/heic" },
    { "htm", "text/html" },
    { "html", "text/html" },
    { "ico", "image/vnd.microsoft.icon" },
    { "ics", "text/calendar" },
    { "jar", "application/java-archive" },
    { "java", "text/x-java-source" },
    { "jpe", "image/jpeg" },
    { "jpeg", "image/jpeg" },
    { "jpg", "image/jpeg" },
    { "js", "text/javascript" },
    { "json", "application/json" },
    { "key", "application/vnd.apple.keynote" },
    { "log", "text/plain" },
    { "m4a", "audio/mp4" },
    { "md", "text/markdown" },
    { "mid", "audio/midi" },
    { "mjs", "text/javascript" },
    { "mkv", "video/x-matroska" },
    { "mov", "video/quicktime" },
    { "mp3", "audio/mpeg" },
    { "mp4", "video/mp4" },
    { "mpeg", "video/mpeg" },
    { "mpg", "video/mpeg" },
    { "msg", "application/vnd.ms-outlook" },
    { "numbers", "application/vnd.apple.numbers" },
    { "odg", "application/vnd.oasis.opendocument.graphics" },
    { "odp", "application/vnd.oasis.opendocument.presentation" },
    { "ods", "application/vnd.oasis.opendocument.spreadsheet" },
    { "odt", "application/vnd.oasis.opendocument.text" },
    { "oga", "audio/ogg" },
    { "ogg", "audio/ogg" },
    { "ogv", "video/ogg" },
    { "opus", "audio/ogg" },
    { "otf", "font/otf" },
    { "p7m", "application/pkcs7-mime" },
    { "p7s", "application/pkcs7-signature" },
    { "pages", "application/vnd.apple.pages" },
    { "pdf", "application/pdf" },
    { "pgp", "application/pgp-encrypted" },
    { "png", "image/png" },
    { "pot", "application/vnd.ms-powerpoint" },
    { "pps", "application/vnd.ms-powerpoint" },
    { "ppt", "application/vnd.ms-powerpoint" },
    { "pptx",
      OFFICE "presentationml.presentation" },
    { "ps", "application/postscript" },
    { "psd", "image/vnd.adobe.photoshop" },
    { "py", "text/x-python" },
    { "rar", "application/vnd.rar" },
    { "rss", "application/rss+xml" },
    { "rtf", "application/rtf" },
    { "sh", "application/x-sh" },
    { "sql", "application/sql" },
    { "svg", "image/svg+xml" },
    { "tar", "application/x-tar" },
    { "text", "text/plain" },
    { "tgz", "application/gzip" },
    { "tif", "image/tiff" },
    { "tiff", "image/tiff" },
    { "toml", "application/toml" },
    { "tsv", "text/tab-separated-values" },
    { "ttf", "font/ttf" },
    { "txt", "text/plain" },
    { "vcf", "text/vcard" },
    { "vsd", "application/vnd.visio" },
    { "wav", "audio/x-wav" },
    { "weba", "audio/webm" },
    { "webm", "video/webm" },
    { "webp", "image/webp" },
    { "wma", "audio/x-ms-wma" },
    { "wmv", "video/x-ms-wmv" },
    { "woff", "font/woff" },
    { "woff2", "font/woff2" },
    { "xhtml", "application/xhtml+xml" },
    { "xls", "application/vnd.ms-excel" },
    { "xlsm", "application/vnd.ms-excel.sheet.macroenabled.12" },
    { "xlsx",
      OFFICE "spreadsheetml.sheet" },
    { "xml", "application/xml" },
    { "xps", "application/vnd.ms-xpsdocument" },
    { "xz", "application/x-xz" },
    { "yaml", "application/yaml" },
    { "yml", "application/yaml" },
    { "zip", "application/zip" },
    { "zst", "application/zstd" },
};

static int compare(const void *key, const void *entry)
{
    return apr_cstr_casecmp(key, ((const entry_t *)entry)->extension);
}

static const entry_t *find(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot == NULL ? NULL
                       : bsearch(dot + 1, entries,
                                 sizeof(entries) / sizeof(*entries),
                                 sizeof(*entries), compare);
}

const char *smtpc__mime_type(const char *name)
{
    const entry_t *found = find(name);

    return found != NULL ? found->type : "application/octet-stream";
}

int smtpc__mime_type_known(const char *name)
{
    return find(name) != NULL;
}
