/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PORT_SEALED_H
#define TESTS_PORT_SEALED_H

/* A sealed store with one value in it, in a folder that lasts for a test. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "port/linux/seal.h"
#include "port/linux/store.h"
#include "tests/support/folder.h"

struct sealed {
	const char *root; /* the folder */
	char dir[FOLDER_MAX + 8]; /* of the store, in it; not there yet */
};

extern struct sealed sealed;

/* Fixtures: nothing of this machine seals a store, unless a test says so. */
int sealed_setup(void **state);
int sealed_teardown(void **state);

/* The path of a file in the folder; it is valid until the next call. */
const char *sealed_path(const char *name);

/* Make the store, sealed by method. */
void sealed_make(enum baton_seal_method method);

/* How the store is sealed, or would be. */
enum baton_seal_method sealed_looked(void);

/* It opens, and the value is what it was. */
void sealed_opens(void);

/*
 * It does not open, errno says why in a sentence of its own, and the file of
 * the store is what it was.
 */
void sealed_shut(int wanted);

#endif
