/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tests/support/folder.h"
#include "tools/note.h"

static const char *dir;
static struct baton_store *store;

static int make(void **state)
{
	(void)state;
	dir = folder_make();
	return (int)baton_store_open(&store, dir);
}

static int clean_up(void **state)
{
	(void)state;
	baton_store_close(store);
	return 0;
}

/* The store is closed and opened, as when a program is started anew. */
static GPtrArray *load_again(bool outgoing)
{
	GPtrArray *notes;

	baton_store_close(store);
	assert_int_equal(baton_store_open(&store, dir), BATON_OK);
	notes = baton_note_load(store, outgoing);
	assert_non_null(notes);
	return notes;
}

static struct baton_note some_note(void)
{
	struct baton_note note = {
		.id = {0, 0xff, 1, 2, 3, 4, 5, 6},
		.bond = {9, 8, 7, 6, 5, 4, 3, 2},
		.outgoing = true,
		.total = UINT64_C(1) << 40,
		.inode = UINT64_MAX,
		.changed_s = -5,
		.changed_ns = 999999999,
		.where = (char *)"/home/a person/x.txt",
		.name = (char *)"x.txt",
	};

	return note;
}

static void a_note_is_there_after_a_start(void **state)
{
	struct baton_note put = some_note();
	struct stat st = {.st_size = (off_t)put.total,
			  .st_ino = put.inode,
			  .st_mtim = {-5, 999999999}};
	g_autoptr(GPtrArray) notes = NULL;
	const struct baton_note *note;

	(void)state;
	assert_int_equal(baton_note_put(store, &put), BATON_OK);
	notes = load_again(true);
	assert_int_equal(notes->len, 1);
	note = baton_note_find(notes, put.id);
	assert_non_null(note);
	assert_memory_equal(note->bond, put.bond, sizeof(put.bond));
	assert_true(note->outgoing);
	assert_string_equal(note->where, put.where);
	assert_string_equal(note->name, put.name);
	assert_true(baton_note_is(note, &st));
	st.st_mtim.tv_nsec--;
	assert_false(baton_note_is(note, &st));
}

static void both_directions_are_apart(void **state)
{
	struct baton_note put = some_note();
	g_autoptr(GPtrArray) out = NULL;
	g_autoptr(GPtrArray) in = NULL;

	(void)state;
	put.outgoing = false;
	assert_int_equal(baton_note_put(store, &put), BATON_OK);
	out = load_again(true);
	in = load_again(false);
	assert_int_equal(out->len, 0);
	assert_int_equal(in->len, 1);
}

static void a_deleted_note_is_gone(void **state)
{
	struct baton_note put = some_note();
	g_autoptr(GPtrArray) notes = NULL;

	(void)state;
	assert_int_equal(baton_note_put(store, &put), BATON_OK);
	assert_int_equal(baton_note_delete(store, &put), BATON_OK);
	notes = load_again(true);
	assert_int_equal(notes->len, 0);
}

static void what_is_damaged_is_as_good_as_none(void **state)
{
	static const char *const keys[] = {"send/0011223344556677",
					   "send/001122334455667788",
					   "send/xx11223344556677"};
	uint8_t value[64] = {1};
	g_autoptr(GPtrArray) notes = NULL;
	size_t i;

	(void)state;
	memset(value + 37, 'a', sizeof(value) - 37);
	for (i = 0; i < G_N_ELEMENTS(keys); i++)
		assert_int_equal(baton_store_put(store, keys[i], value,
						 i ? sizeof(value) : 37),
				 BATON_OK);
	value[0] = 2;
	value[50] = 0;
	assert_int_equal(baton_store_put(store, "send/0011223344556678", value,
					 sizeof(value)),
			 BATON_OK);
	notes = load_again(true);
	assert_int_equal(notes->len, 0);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	struct baton_note put = some_note();
	g_autofree char *longest = g_strnfill(BATON_NOTE_WHERE_MAX, 'a');
	g_autofree char *longer = g_strnfill(BATON_NOTE_WHERE_MAX + 1, 'a');

	(void)state;
	put.where = longer;
	assert_int_equal(baton_note_put(store, &put), BATON_ERR_TOO_LARGE);
	put.where = longest;
	assert_int_equal(baton_note_put(store, &put), BATON_OK);
}

#define NOTE_TEST(f) cmocka_unit_test_setup_teardown(f, make, clean_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOTE_TEST(a_note_is_there_after_a_start),
		NOTE_TEST(both_directions_are_apart),
		NOTE_TEST(a_deleted_note_is_gone),
		NOTE_TEST(what_is_damaged_is_as_good_as_none),
		NOTE_TEST(a_path_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
