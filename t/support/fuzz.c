/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.c: what the entries for libFuzzer share.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "base/codec.h"

static apr_pool_t *one_input;

void fuzz_broken(const char *file, int line, const char *promise)
{
    fprintf(stderr, "%s:%d does not hold: %s\n", file, line, promise);
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    require(apr_initialize() == APR_SUCCESS);
    require(apr_pool_create(&one_input, NULL) == APR_SUCCESS);
    return 0;
}

apr_pool_t *fuzz_pool(void)
{
    return one_input;
}

char *fuzz_text(const void *data, size_t size)
{
    char *text = malloc(size + 1);

    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

void fuzz_check_lines(const char *text, size_t max)
{
    size_t len = strlen(text);

    require(len <= max);
    require(smtpc__utf8_valid(text, len));
    while (len > 0) {
        size_t line = strcspn(text, "\n");

        require(smtpc__find_control(text, line) == line);
        line += line < len;
        text += line;
        len -= line;
    }
}

void fuzz_check_line(const char *text, size_t max)
{
    require(strchr(text, '\n') == NULL);
    fuzz_check_lines(text, max);
}
