/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_HEX_H
#define BATON_TOOLS_HEX_H

/* Bytes as digits: ids in texts, names of files and of what is stored. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two lower-case digits for each byte; to be freed with g_free(). */
char *baton_hex(const uint8_t *bytes, size_t len);

/* Read len bytes from text; false: it is not just as many digits. */
bool baton_hex_read(const char *text, uint8_t *bytes, size_t len);

#endif
