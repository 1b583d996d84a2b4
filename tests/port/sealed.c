/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/port/sealed.h"

struct sealed sealed;

static struct baton_store *store;

static void shut(void)
{
	baton_store_close(store);
	store = NULL;
}

int sealed_setup(void **state)
{
	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	unsetenv("BATON_TPM");
	sealed.root = folder_make();
	snprintf(sealed.dir, sizeof(sealed.dir), "%s/store", sealed.root);
	return 0;
}

int sealed_teardown(void **state)
{
	(void)state;
	shut();
	return 0;
}

const char *sealed_path(const char *name)
{
	static char path[FOLDER_MAX + 48];

	snprintf(path, sizeof(path), "%s/%s", sealed.root, name);
	return path;
}

void sealed_make(enum baton_seal_method method)
{
	assert_int_equal(baton_store_open_sealed(&store, sealed.dir, method),
			 0);
	assert_int_equal(
		baton_store_put(store, "bond/1", (const uint8_t *)"value", 5),
		0);
	shut();
}

enum baton_seal_method sealed_looked(void)
{
	enum baton_seal_method method = BATON_SEAL_BEST;

	assert_int_equal(baton_store_look(sealed.dir, &method), 0);
	return method;
}

void sealed_opens(void)
{
	uint8_t value[8];
	size_t len;

	assert_int_equal(baton_store_open(&store, sealed.dir), 0);
	assert_int_equal(baton_store_get(store, "bond/1", value, 8, &len), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(value, "value", 5);
	shut();
}

/* FNV-1a. */
static uint64_t hash_of_file(void)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	FILE *f = fopen(sealed_path("store/store.db"), "rb");
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		hash = (hash ^ (uint64_t)c) * UINT64_C(0x100000001b3);
	fclose(f);
	return hash;
}

void sealed_shut(int wanted)
{
	uint64_t before = hash_of_file();

	errno = 0;
	assert_int_equal(baton_store_open(&store, sealed.dir), BATON_ERR_STORE);
	assert_int_equal(errno, wanted);
	assert_true(strlen(baton_store_problem(wanted)) > 30);
	assert_true(hash_of_file() == before);
}
