/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PORT_DISK_H
#define TESTS_PORT_DISK_H

/* What is in the files of a store. */

#include <stddef.h>
#include <stdint.h>

/* All of a file, to be freed; of none, where there is no such file. */
char *disk_read(const char *path, size_t *len);

/* The value of a key as the database has it, at most max bytes; 0: none. */
size_t disk_sealed(const char *database, const char *key, uint8_t *out,
		   size_t max);

#endif
