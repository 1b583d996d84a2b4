/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/folder.h"
#include "tests/support/wrapped.h"
#include "tools/part.h"

static const char *dir;
static int dir_fd;
static int sync_errno; /* of fsync(); 0: none */

WRAPPED(fsync);

int __wrap_fsync(int fd)
{
	errno = sync_errno;
	return sync_errno ? -1 : __real_fsync(fd);
}

static int make(void **state)
{
	(void)state;
	sync_errno = 0;
	dir = folder_make();
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	return dir_fd < 0;
}

static int clean_up(void **state)
{
	(void)state;
	close(dir_fd);
	return 0;
}

static void has(const char *name, const char *wanted)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *text = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL) != (wanted != NULL))
		fail_msg("%s is %sthere", name, wanted ? "not " : "");
	if (wanted)
		assert_string_equal(text, wanted);
}

static char *finish(struct baton_part *part)
{
	char *name = baton_part_finish(part);

	assert_non_null(name);
	baton_part_free(part);
	return name;
}

static void it_has_its_name_only_when_complete(void **state)
{
	struct baton_part *part = baton_part_new(dir_fd, "a.txt", 4);
	g_autofree char *name = NULL;

	(void)state;
	assert_non_null(part);
	assert_int_equal(baton_part_write(part, "data", 4), 0);
	has("a.txt", NULL);
	has(".a.txt.part", "data");
	name = finish(part);
	assert_string_equal(name, "a.txt");
	has("a.txt", "data");
	has(".a.txt.part", NULL);
}

static void what_is_there_is_not_overwritten(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct baton_part *part = baton_part_new(dir_fd, "a.txt", 1);
		char digit = (char)('0' + i);

		assert_int_equal(baton_part_write(part, &digit, 1), 0);
		g_free(finish(part));
	}
	has("a.txt", "0");
	has("a (1).txt", "1");
	has("a (2).txt", "2");
}

static void what_is_dropped_leaves_nothing(void **state)
{
	struct baton_part *part = baton_part_new(dir_fd, "a.txt", 4);

	(void)state;
	assert_int_equal(baton_part_write(part, "da", 2), 0);
	baton_part_free(part);
	has(".a.txt.part", NULL);
	has("a.txt", NULL);
}

static void what_a_crash_left_is_used_up(void **state)
{
	g_autofree char *path = g_build_filename(dir, ".a.txt.part", NULL);
	struct baton_part *part;
	g_autofree char *name = NULL;

	(void)state;
	assert_true(g_file_set_contents(path, "old and long", -1, NULL));
	part = baton_part_new(dir_fd, "a.txt", 3);
	assert_int_equal(baton_part_write(part, "new", 3), 0);
	name = finish(part);
	has("a.txt", "new");
	has(".a.txt.part", NULL);
}

static void two_of_one_name_do_not_meet(void **state)
{
	struct baton_part *a = baton_part_new(dir_fd, "x", 1);
	struct baton_part *b = baton_part_new(dir_fd, "x", 1);
	g_autofree char *name_a = NULL;
	g_autofree char *name_b = NULL;

	(void)state;
	assert_int_equal(baton_part_write(a, "a", 1), 0);
	assert_int_equal(baton_part_write(b, "b", 1), 0);
	name_b = finish(b);
	name_a = finish(a);
	has("x", "b");
	has("x (1)", "a");
}

static void a_planted_link_is_not_followed(void **state)
{
	g_autofree char *victim = g_build_filename(dir, "victim", NULL);
	g_autofree char *soft = g_build_filename(dir, ".a.part", NULL);
	g_autofree char *hard = g_build_filename(dir, ".b.part", NULL);
	g_autofree char *name_a = NULL;
	g_autofree char *name_b = NULL;
	struct baton_part *part;

	(void)state;
	assert_true(g_file_set_contents(victim, "precious", -1, NULL));
	assert_int_equal(symlink("victim", soft), 0);
	assert_int_equal(link(victim, hard), 0);
	part = baton_part_new(dir_fd, "a", 3);
	assert_int_equal(baton_part_write(part, "new", 3), 0);
	name_a = finish(part);
	part = baton_part_new(dir_fd, "b", 3);
	assert_int_equal(baton_part_write(part, "new", 3), 0);
	name_b = finish(part);
	has("victim", "precious");
	has("a", "new");
	has("b", "new");
}

static void what_cannot_fit_is_refused_before_it_comes(void **state)
{
	(void)state;
	errno = 0;
	assert_null(baton_part_new(dir_fd, "huge", UINT64_C(1) << 62));
	assert_true(errno == ENOSPC || errno == EFBIG);
	has(".huge.part", NULL);
}

#define TEMP ".baton-1.part"

static void what_was_left_goes_on_behind_what_is_durable(void **state)
{
	struct baton_part *part = baton_part_open(dir_fd, TEMP, 8, 0, true);

	(void)state;
	assert_int_equal(baton_part_write(part, "abcdXX", 6), 0);
	assert_int_equal(baton_part_sync(part), 0);
	baton_part_leave(part);
	part = baton_part_open(dir_fd, TEMP, 8, 4, false);
	assert_non_null(part);
	has(TEMP, "abcd");
	assert_int_equal(baton_part_write(part, "efgh", 4), 0);
	assert_int_equal(baton_part_name(part, "a.txt"), 0);
	baton_part_leave(part);
	has("a.txt", "abcdefgh");
	has(TEMP, NULL);
}

static void what_is_gone_is_not_made_up(void **state)
{
	struct baton_part *part;

	(void)state;
	errno = 0;
	assert_null(baton_part_open(dir_fd, TEMP, 0, 0, false));
	assert_int_equal(errno, ENOENT);
	part = baton_part_open(dir_fd, TEMP, 8, 0, true);
	assert_int_equal(baton_part_write(part, "abc", 3), 0);
	baton_part_leave(part);
	errno = 0;
	assert_null(baton_part_open(dir_fd, TEMP, 8, 4, false));
	assert_int_equal(errno, ENOENT);
	has(TEMP, "abc");
}

static void what_another_writes_is_not_opened(void **state)
{
	struct baton_part *part = baton_part_open(dir_fd, TEMP, 8, 0, true);

	(void)state;
	errno = 0;
	assert_null(baton_part_open(dir_fd, TEMP, 8, 0, true));
	assert_int_equal(errno, EBUSY);
	baton_part_free(part);
	has(TEMP, NULL);
}

static void a_name_that_is_taken_is_not_given(void **state)
{
	g_autofree char *path = g_build_filename(dir, "a.txt", NULL);
	struct baton_part *part = baton_part_open(dir_fd, TEMP, 1, 0, true);

	(void)state;
	assert_true(g_file_set_contents(path, "old", -1, NULL));
	assert_int_equal(baton_part_write(part, "n", 1), 0);
	assert_int_equal(baton_part_name(part, "a.txt"), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(baton_part_name(part, "b.txt"), 0);
	baton_part_leave(part);
	has("a.txt", "old");
	has("b.txt", "n");
}

/* Who finds none after a power cut takes it for one that has its name. */
static void a_part_that_may_be_forgotten_is_none(void **state)
{
	struct baton_part *part;

	(void)state;
	sync_errno = EIO;
	assert_null(baton_part_open(dir_fd, TEMP, 0, 0, true));
	assert_int_equal(errno, EIO);
	has(TEMP, NULL);
	sync_errno = 0;
	part = baton_part_open(dir_fd, TEMP, 0, 0, true);
	assert_non_null(part);
	baton_part_leave(part);
	/* It was made durable, and needs no more of it. */
	sync_errno = EIO;
	part = baton_part_open(dir_fd, TEMP, 0, 0, false);
	assert_non_null(part);
	baton_part_free(part);
}

/* Else who is told that it failed has it all the same. */
static void a_name_that_is_not_durable_is_taken_away(void **state)
{
	struct baton_part *part = baton_part_open(dir_fd, TEMP, 1, 0, true);

	(void)state;
	assert_int_equal(baton_part_write(part, "n", 1), 0);
	sync_errno = EIO;
	assert_int_equal(baton_part_name(part, "a.txt"), -1);
	assert_int_equal(errno, EIO);
	has("a.txt", NULL);
	has(TEMP, "n");
	/* Not every file system can sync a directory, or must. */
	sync_errno = EINVAL;
	assert_int_equal(baton_part_name(part, "a.txt"), 0);
	baton_part_free(part);
	has("a.txt", "n");
}

#define PART_TEST(f) cmocka_unit_test_setup_teardown(f, make, clean_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PART_TEST(it_has_its_name_only_when_complete),
		PART_TEST(what_is_there_is_not_overwritten),
		PART_TEST(what_is_dropped_leaves_nothing),
		PART_TEST(what_a_crash_left_is_used_up),
		PART_TEST(two_of_one_name_do_not_meet),
		PART_TEST(a_planted_link_is_not_followed),
		PART_TEST(what_cannot_fit_is_refused_before_it_comes),
		PART_TEST(what_was_left_goes_on_behind_what_is_durable),
		PART_TEST(what_is_gone_is_not_made_up),
		PART_TEST(what_another_writes_is_not_opened),
		PART_TEST(a_name_that_is_taken_is_not_given),
		PART_TEST(a_part_that_may_be_forgotten_is_none),
		PART_TEST(a_name_that_is_not_durable_is_taken_away),
	};

	return cmocka_run_group_tests_name("part", tests, NULL, NULL);
}
