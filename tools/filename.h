/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_FILENAME_H
#define BATON_TOOLS_FILENAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * File names from a peer. Longer ones are cut, so that what is put in front
 * and behind (".name.9.part", "name (999).txt") still is a file name.
 */
#define BATON_FILENAME_MAX 200

/*
 * Make a safe base name of what a peer sent: '/', '\\', control and
 * direction-changing characters and leading dots and dashes become '_', a
 * long name is cut before its extension. False: it is not UTF-8, or empty.
 */
bool baton_filename_clean(char dst[BATON_FILENAME_MAX + 1], const uint8_t *name,
			  size_t len);

/*
 * The name for the number-th try to find one that is not taken: "a.txt",
 * "a (1).txt", ... The caller frees it with g_free().
 */
char *baton_filename_numbered(const char *name, unsigned int number);

#endif
