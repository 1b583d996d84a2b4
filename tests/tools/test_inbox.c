/* SPDX-License-Identifier: MIT */

/* Files that come, where the disk fails. */

#include <errno.h>
#include <glib.h>
#include <unistd.h>

#include "tests/support/folder.h"
#include "tests/support/wrapped.h"
#include "tests/unit/file_world.h"
#include "tools/fail.h"
#include "tools/filename.h"
#include "tools/inbox.h"

static const uint8_t bond[BATON_BOND_ID_LEN] = "a bond";
static const char *dir;
static struct baton_inbox *inbox;
static struct baton_inbox_file file;
static int sync_errno; /* of fdatasync(); 0: none */

static unsigned int notes; /* that were written */

WRAPPED(fdatasync);
WRAPPED(baton_note_put);

enum baton_err __wrap_baton_note_put(struct baton_store *store,
				     const struct baton_note *note)
{
	notes++;
	return __real_baton_note_put(store, note);
}

int __wrap_fdatasync(int fd)
{
	errno = sync_errno;
	return sync_errno ? -1 : __real_fdatasync(fd);
}

static struct baton_files *files_of(void *user, const uint8_t *of)
{
	(void)user;
	(void)of;
	return &b.files;
}

static int begin(void **state)
{
	sync_errno = 0;
	notes = 0;
	dir = folder_make();
	inbox = baton_inbox_new(dir, NULL, files_of, NULL, NULL);
	return !inbox || setup(state);
}

static int end(void **state)
{
	(void)state;
	baton_inbox_free(inbox);
	return 0;
}

/* What comes of the next event of the receiver. */
static enum baton_inbox_news next(void)
{
	assert_true(baton_files_next_event(&b.files, &event));
	return baton_inbox_event(inbox, bond, &event, &file);
}

static enum baton_inbox_news bytes_come(size_t count)
{
	struct baton_file_in *in = file_in_find(&b.files, one);
	static const uint8_t bytes[EACH_MAX];

	OK(file_data(&b.files, one, in->turn, in->got, bytes, count));
	return next();
}

static void nothing_is_there(void)
{
	GDir *open = g_dir_open(dir, 0, NULL);

	assert_null(g_dir_read_name(open));
	g_dir_close(open);
}

static void what_is_whole_has_its_name(void **state)
{
	g_autofree char *path = g_build_filename(dir, "name", NULL);

	(void)state;
	offer(one, 100);
	assert_int_equal(next(), BATON_INBOX_BEGUN);
	run();
	assert_int_equal(bytes_come(60), BATON_INBOX_MORE);
	baton_inbox_sync(inbox);
	assert_int_equal(bytes_come(40), BATON_INBOX_MORE);
	run();
	assert_int_equal(next(), BATON_INBOX_DONE);
	assert_string_equal(file.path, path);
	assert_int_equal(access(path, F_OK), 0);
}

/*
 * A sync that failed is told once: the next one succeeds, and the bytes of
 * before may be nowhere but in memory.
 */
static void what_was_not_durable_once_is_not_durable_later(void **state)
{
	(void)state;
	offer(one, 100);
	assert_int_equal(next(), BATON_INBOX_BEGUN);
	run();
	assert_int_equal(bytes_come(60), BATON_INBOX_MORE);
	sync_errno = EIO;
	baton_inbox_sync(inbox);
	sync_errno = 0;
	assert_int_equal(bytes_come(40), BATON_INBOX_REFUSED);
	assert_int_equal(file.error->code, BATON_EXIT_OUTPUT);
	assert_non_null(strstr(file.error->message, g_strerror(EIO)));
	nothing_is_there();
	run();
	assert_true(told(&a, BATON_FILE_FAILED));
}

/* A note costs some syncs: it is not written for each name that is tried. */
static void names_that_are_taken_cost_nothing(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		g_autofree char *name = baton_filename_numbered("name", i);
		g_autofree char *path = g_build_filename(dir, name, NULL);

		assert_true(g_file_set_contents(path, "", 0, NULL));
	}
	offer(one, 0);
	assert_int_equal(next(), BATON_INBOX_BEGUN);
	run();
	assert_int_equal(next(), BATON_INBOX_DONE);
	assert_true(g_str_has_suffix(file.path, "/name (100)"));
	assert_int_equal(notes, 2);
}

static void a_directory_that_is_gone_is_said_to_be(void **state)
{
	(void)state;
	assert_int_equal(rmdir(dir), 0);
	offer(one, 100);
	assert_int_equal(next(), BATON_INBOX_REFUSED);
	assert_non_null(strstr(file.error->message, g_strerror(ENOENT)));
}

#define INBOX_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INBOX_TEST(what_is_whole_has_its_name),
		INBOX_TEST(what_was_not_durable_once_is_not_durable_later),
		INBOX_TEST(names_that_are_taken_cost_nothing),
		INBOX_TEST(a_directory_that_is_gone_is_said_to_be),
	};

	return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
