/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "port/linux/seed.h"
#include "port/linux/store.h"

static char *root;
static char *dir;
static struct baton_store *store;

static int open_fresh(void **state)
{
	(void)state;
	root = g_dir_make_tmp("baton-store-XXXXXX", NULL);
	dir = g_build_filename(root, "a", "b", NULL);
	return root ? (int)baton_store_open(&store, dir) : -1;
}

static int remove_all(void **state)
{
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", root);

	(void)state;
	baton_store_close(store);
	store = NULL;
	g_free(root);
	g_free(dir);
	return !g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
}

static enum baton_err collect(void *user, const char *key, const uint8_t *value,
			      size_t len)
{
	GString *text = user;

	g_string_append_printf(text, "%s=%.*s;", key, (int)len,
			       (const char *)value);
	return BATON_OK;
}

static char *contents(const char *prefix)
{
	GString *text = g_string_new(NULL);

	assert_int_equal(baton_store_each(store, prefix, collect, text), 0);
	return g_string_free(text, FALSE);
}

static void put(const char *key, const char *value)
{
	assert_int_equal(baton_store_put(store, key, (const uint8_t *)value,
					 strlen(value)),
			 0);
}

static void what_was_put_is_there_after_opening_again(void **state)
{
	g_autofree char *text = NULL;

	(void)state;
	put("bond/0123", "old");
	put("bond/0123", "new");
	put("other/1", "x");
	baton_store_close(store);
	assert_int_equal(baton_store_open(&store, dir), 0);
	text = contents("bond/");
	assert_string_equal(text, "bond/0123=new;");
}

static void what_was_deleted_is_gone(void **state)
{
	g_autofree char *text = NULL;

	(void)state;
	put("bond/1", "x");
	assert_int_equal(baton_store_delete(store, "bond/1"), 0);
	assert_int_equal(baton_store_delete(store, "bond/1"), 0);
	text = contents("");
	assert_string_equal(text, "");
}

static void only_its_owner_may_look(void **state)
{
	g_autofree char *path = g_build_filename(dir, "bond.1", NULL);
	GStatBuf st;

	(void)state;
	put("bond/1", "secret");
	assert_int_equal(g_stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(g_stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_directory_open_to_others_is_refused(void **state)
{
	struct baton_store *other = NULL;

	(void)state;
	baton_store_close(store);
	store = NULL;
	assert_int_equal(g_chmod(dir, 0750), 0);
	errno = 0;
	assert_int_equal(baton_store_open(&other, dir), BATON_ERR_STORE);
	assert_int_equal(errno, EPERM);
}

static void two_cannot_have_it(void **state)
{
	struct baton_store *other = NULL;

	(void)state;
	assert_int_equal(baton_store_open(&other, dir), BATON_ERR_STORE);
	assert_int_equal(errno, EBUSY);
}

static void keys_that_are_paths_are_refused(void **state)
{
	static const char *const keys[] = {"",	  "..",	  "../x",   "/x", "a.b",
					   "a b", "a\nb", "bond-1", "new"};
	g_autofree char *longer = g_strnfill(101, 'a');
	g_autofree char *longest = g_strnfill(100, 'a');
	size_t i;

	(void)state;
	for (i = 0; i < G_N_ELEMENTS(keys); i++)
		assert_int_equal(baton_store_put(store, keys[i],
						 (const uint8_t *)"x", 1),
				 BATON_ERR_ARG);
	assert_int_equal(
		baton_store_put(store, longer, (const uint8_t *)"x", 1),
		BATON_ERR_ARG);
	assert_int_equal(
		baton_store_put(store, longest, (const uint8_t *)"x", 1), 0);
}

static void a_half_written_value_is_never_seen(void **state)
{
	g_autofree char *path = g_build_filename(dir, "new", NULL);
	g_autofree char *text = NULL;

	(void)state;
	put("bond/1", "whole");
	/* As a crash in the middle of a write leaves it. */
	assert_true(g_file_set_contents(path, "ha", 2, NULL));
	text = contents("");
	assert_string_equal(text, "bond/1=whole;");
	put("bond/2", "next");
	assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void seeds_differ(void **state)
{
	uint8_t a[32] = {0};
	uint8_t b[32] = {0};

	(void)state;
	assert_int_equal(baton_seed_get(a), 0);
	assert_int_equal(baton_seed_get(b), 0);
	assert_memory_not_equal(a, b, 32);
}

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, open_fresh, remove_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(what_was_put_is_there_after_opening_again),
		STORE_TEST(what_was_deleted_is_gone),
		STORE_TEST(only_its_owner_may_look),
		STORE_TEST(a_directory_open_to_others_is_refused),
		STORE_TEST(two_cannot_have_it),
		STORE_TEST(keys_that_are_paths_are_refused),
		STORE_TEST(a_half_written_value_is_never_seen),
		cmocka_unit_test(seeds_differ),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
