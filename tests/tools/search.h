/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TOOLS_SEARCH_H
#define TESTS_TOOLS_SEARCH_H

/* Looks for the keys of a bond in files and in the memory of processes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "session/bond.h"

/* Every piece of every key. */
#define SEARCH_ALL 0x3ffu

/*
 * Which pieces of its keys are in all memory that a process may write: a bit
 * for each. With tell each is named. The process is a child.
 */
unsigned int search_memory(pid_t pid, const struct baton_bond *bond, bool tell);

/* True if a child's memory may be read here. */
bool search_is_allowed(void);

/*
 * Assert that a file is not there or holds no key of the bond, nothing of its
 * sealed value (sealed_len bytes, may be 0) and not its id.
 */
void search_file(const char *path, const struct baton_bond *bond,
		 const uint8_t *sealed, size_t sealed_len);

#endif
