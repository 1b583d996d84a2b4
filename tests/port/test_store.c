/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

/* What is kept on Linux, and what becomes of it when things go wrong. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "port/linux/seed.h"
#include "port/linux/store.h"
#include "tests/port/disk.h"
#include "tests/port/fault_vfs.h"
#include "tests/support/folder.h"

static const char *root;
static char dir[FOLDER_MAX + 8], file[FOLDER_MAX + 24],
	journal[FOLDER_MAX + 32];
static struct baton_store *store;

static int open_fresh(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof(fault));
	root = folder_make();
	snprintf(dir, sizeof(dir), "%s/a/b", root);
	snprintf(file, sizeof(file), "%s/store.db", dir);
	snprintf(journal, sizeof(journal), "%s-journal", file);
	return (int)baton_store_open(&store, dir);
}

static int shut(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof(fault));
	baton_store_close(store);
	store = NULL;
	return 0;
}

static void reopen(void)
{
	baton_store_close(store);
	store = NULL;
	assert_int_equal(baton_store_open(&store, dir), 0);
}

static enum baton_err collect(void *user, const char *key, const uint8_t *value,
			      size_t len)
{
	char *text = user;
	size_t at = strlen(text);

	snprintf(text + at, 1000 - at, "%s=%.*s;", key, (int)len,
		 (const char *)value);
	return BATON_OK;
}

static const char *contents(const char *prefix)
{
	static char text[1000];

	text[0] = '\0';
	assert_int_equal(baton_store_each(store, prefix, collect, text), 0);
	return text;
}

static void put(const char *key, const char *value)
{
	assert_int_equal(baton_store_put(store, key, (const uint8_t *)value,
					 strlen(value)),
			 0);
}

static void what_was_put_is_there_after_opening_again(void **state)
{
	(void)state;
	put("other/1", "x");
	put("bond/0123", "old");
	put("bond/0123", "new");
	put("bond/0", "");
	reopen();
	assert_string_equal(contents("bond/"), "bond/0=;bond/0123=new;");
	assert_string_equal(contents(""), "bond/0=;bond/0123=new;other/1=x;");
}

static void what_was_deleted_is_gone(void **state)
{
	(void)state;
	put("bond/1", "x");
	assert_int_equal(baton_store_delete(store, "bond/1"), 0);
	assert_int_equal(baton_store_delete(store, "bond/1"), 0);
	reopen();
	assert_string_equal(contents(""), "");
}

static void one_value_is_read_by_its_key(void **state)
{
	uint8_t value[8];
	size_t len;

	(void)state;
	put("bond/1", "12345678");
	assert_int_equal(baton_store_get(store, "bond/1", value, 8, &len), 0);
	assert_int_equal(len, 8);
	assert_memory_equal(value, "12345678", 8);
	assert_int_equal(baton_store_get(store, "bond/1", value, 7, &len),
			 BATON_ERR_SPACE);
	assert_int_equal(baton_store_get(store, "bond/2", value, 8, &len),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_store_get(store, "bond/%", value, 8, &len),
			 BATON_ERR_ARG);
}

static void an_operation_is_done_as_a_whole(void **state)
{
	struct baton_store_op op = {
		.count = 4,
		.write = {{BATON_STORE_PUT, "a", (const uint8_t *)"1", 1},
			  {BATON_STORE_DELETE, "b", NULL, 0},
			  {BATON_STORE_PUT, "c", (const uint8_t *)"3", 1},
			  {BATON_STORE_PUT, "a", (const uint8_t *)"2", 1}},
	};

	(void)state;
	put("b", "x");
	assert_int_equal(baton_store_apply(store, &op), 0);
	assert_string_equal(contents(""), "a=2;c=3;");
	/* One write that cannot be: nothing of it is done. */
	op.write[2].key = "c.";
	assert_int_equal(baton_store_apply(store, &op), BATON_ERR_ARG);
	op.count = 0;
	assert_int_equal(baton_store_apply(store, &op), BATON_ERR_ARG);
	assert_string_equal(contents(""), "a=2;c=3;");
}

static void only_its_owner_may_look(void **state)
{
	struct stat st;

	(void)state;
	put("bond/1", "secret");
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(journal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Opening fails with errno wanted, and has words for it. */
static void assert_refused(int wanted)
{
	struct baton_store *other = NULL;

	errno = 0;
	assert_int_equal(baton_store_open(&other, dir), BATON_ERR_STORE);
	assert_int_equal(errno, wanted);
	assert_null(other);
	assert_true(strlen(baton_store_problem(wanted)) > 20);
}

static void close_it(void)
{
	baton_store_close(store);
	store = NULL;
}

static void what_others_may_read_is_refused(void **state)
{
	(void)state;
	put("bond/1", "secret");
	close_it();
	assert_int_equal(chmod(dir, 0750), 0);
	assert_refused(EPERM);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(chmod(file, 0640), 0);
	assert_refused(EPERM);
	assert_int_equal(chmod(file, 0600), 0);
	reopen();
	assert_string_equal(contents(""), "bond/1=secret;");
}

static void two_cannot_have_it(void **state)
{
	(void)state;
	assert_refused(EBUSY);
}

static void write_file(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

/* A file that is refused is not touched. */
static void assert_untouched(int wanted)
{
	size_t len_before, len_after;
	char *before = disk_read(file, &len_before), *after;

	assert_refused(wanted);
	after = disk_read(file, &len_after);
	assert_int_equal(len_before, len_after);
	assert_memory_equal(before, after, len_before);
	free(before);
	free(after);
}

static void what_is_no_database_is_left_alone(void **state)
{
	char text[5000];

	(void)state;
	close_it();
	memset(text, 'x', sizeof(text));
	write_file(file, text, sizeof(text));
	assert_untouched(EBADMSG);
}

static void sqlite_does(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void another_programs_database_is_left_alone(void **state)
{
	(void)state;
	close_it();
	unlink(file);
	sqlite_does("CREATE TABLE value (a)");
	chmod(file, 0600);
	assert_untouched(EBADMSG);
}

static void a_newer_format_is_left_alone(void **state)
{
	(void)state;
	put("bond/1", "x");
	close_it();
	sqlite_does("PRAGMA user_version = 99");
	assert_untouched(ENOTSUP);
}

static void a_link_or_a_directory_is_no_store(void **state)
{
	char elsewhere[80];

	(void)state;
	close_it();
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", root);
	unlink(file);
	assert_int_equal(symlink(elsewhere, file), 0);
	assert_refused(EBADMSG);
	assert_int_equal(access(elsewhere, F_OK), -1);
	unlink(file);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_refused(EBADMSG);
}

static void a_damaged_page_is_noticed(void **state)
{
	uint8_t value[BATON_STORE_VALUE_MAX] = {0};
	char key[] = "bond/x";
	int fd, i;

	(void)state;
	for (i = 0; i < 20; i++) {
		key[5] = (char)('a' + i);
		assert_int_equal(
			baton_store_put(store, key, value, sizeof(value)), 0);
	}
	close_it();
	fd = open(file, O_WRONLY);
	memset(value, 0xff, sizeof(value));
	assert_int_equal(pwrite(fd, value, 4096, 4096), 4096);
	close(fd);
	assert_untouched(EBADMSG);
}

static void keys_and_lengths_out_of_range_are_refused(void **state)
{
	static const char long_key[] =
		"0123456789012345678901234567890123456789";
	static const char *const keys[] = {"",	   "a.b",    "a b",
					   "a\nb", "bond-1", long_key};
	uint8_t value[BATON_STORE_VALUE_MAX + 1] = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(baton_store_put(store, keys[i], value, 1),
				 BATON_ERR_ARG);
	assert_int_equal(baton_store_put(store, "a", value, sizeof(value)),
			 BATON_ERR_ARG);
	assert_int_equal(
		baton_store_put(store, long_key + 1, value, sizeof(value) - 1),
		0);
}

/* A replacement and a deletion in one, as a rotation has them. */
static const struct baton_store_op swap = {
	.count = 3,
	.write = {{BATON_STORE_PUT, "a", (const uint8_t *)"new", 3},
		  {BATON_STORE_DELETE, "b", NULL, 0},
		  {BATON_STORE_PUT, "c", (const uint8_t *)"new", 3}},
};
#define BEFORE "a=old;b=old;"
#define AFTER "a=new;c=new;"

/* The disk fails from its n-th change on; the answer of the operation. */
static enum baton_err apply_until(unsigned int n)
{
	enum baton_err err;

	put("a", "old");
	put("b", "old");
	assert_int_equal(baton_store_delete(store, "c"), 0);
	fault.changes = 0;
	fault.fail_at = n;
	errno = 0;
	err = baton_store_apply(store, &swap);
	fault.fail_at = 0;
	return err;
}

static void a_full_disk_loses_nothing(void **state)
{
	enum baton_err err = BATON_ERR_STORE;
	unsigned int n;

	(void)state;
	for (n = 1; err; n++) {
		err = apply_until(n);
		if (err)
			assert_int_equal(errno, ENOSPC);
		assert_string_equal(contents(""), err ? BEFORE : AFTER);
		reopen();
		assert_string_equal(contents(""), err ? BEFORE : AFTER);
	}
	print_message("%u changes of the disk\n", n - 2);
	assert_true(n > 5);
}

/* Where a sync fails nobody knows what is on the disk; it is whole. */
static void a_broken_disk_leaves_all_or_nothing(void **state)
{
	enum baton_err err = BATON_ERR_STORE;
	unsigned int n;

	(void)state;
	fault.sync_fails = true;
	for (n = 1; err; n++) {
		err = apply_until(n);
		reopen();
		if (!strcmp(contents(""), BEFORE))
			assert_int_not_equal(err, 0);
		else
			assert_string_equal(contents(""), AFTER);
	}
	assert_true(n > 5);
}

/* A process is gone before its n-th change of the disk; 9: it was. */
static int end_at(unsigned int n)
{
	int status;
	pid_t child;

	put("a", "old");
	put("b", "old");
	assert_int_equal(baton_store_delete(store, "c"), 0);
	close_it();
	child = fork();
	if (!child) {
		if (baton_store_open(&store, dir))
			_exit(1);
		fault.changes = 0;
		fault.die_at = n;
		_exit(baton_store_apply(store, &swap) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 1);
	return WEXITSTATUS(status);
}

/* The same with the process gone: all of an operation or none. */
static void a_process_that_ends_leaves_all_or_nothing(void **state)
{
	unsigned int n, before = 0, after = 0;
	int status = 9;

	(void)state;
	for (n = 1; status == 9; n++) {
		status = end_at(n);
		assert_int_equal(baton_store_open(&store, dir), 0);
		if (!strcmp(contents(""), BEFORE))
			before++;
		else if (!strcmp(contents(""), AFTER))
			after++;
		else
			fail_msg("cut at change %u left %s", n, contents(""));
	}
	assert_true(before > 3 && after > 0);
}

static void what_a_process_left_undone_is_no_trouble_to_look_at(void **state)
{
	enum baton_seal_method method;
	unsigned int n;
	int status = 9;

	(void)state;
	for (n = 1; status == 9; n++) {
		status = end_at(n);
		assert_int_equal(baton_store_look(dir, &method), 0);
		assert_int_equal(method, BATON_SEAL_FILE);
		assert_int_equal(baton_store_open(&store, dir), 0);
		assert_true(!strcmp(contents(""), BEFORE) ||
			    !strcmp(contents(""), AFTER));
	}
}

static void nothing_is_left_to_be_synced(void **state)
{
	(void)state;
	put("a", "1");
	assert_int_equal(fault.unsynced, 0);
	put("a", "2");
	assert_int_equal(fault.unsynced, 0);
	assert_int_equal(baton_store_delete(store, "a"), 0);
	assert_int_equal(fault.unsynced, 0);
	assert_true(fault.changes > 6);
}

#define KILLS 40

/* Writes until it is killed: "a" and "b" always get the same number. */
static void write_on(int ready)
{
	char text[12];
	struct baton_store_op op = {
		.count = 2,
		.write = {{BATON_STORE_PUT, "a", (uint8_t *)text, 0},
			  {BATON_STORE_PUT, "b", (uint8_t *)text, 0}},
	};
	int i;

	if (baton_store_open(&store, dir))
		_exit(1);
	for (i = 0;; i++) {
		op.write[0].value_len = op.write[1].value_len =
			(size_t)snprintf(text, sizeof(text), "%d", i);
		if (baton_store_apply(store, &op))
			_exit(1);
		if (write(ready, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static void what_was_confirmed_survives_a_kill(void **state)
{
	int pipe_fd[2], last, got, i, status;
	char expected[40], next[40];
	pid_t child;

	(void)state;
	close_it();
	for (i = 0; i < KILLS; i++) {
		assert_int_equal(pipe(pipe_fd), 0);
		child = fork();
		if (!child) {
			close(pipe_fd[0]);
			write_on(pipe_fd[1]);
		}
		close(pipe_fd[1]);
		last = -1;
		while (last < i % 7 &&
		       read(pipe_fd[0], &got, sizeof(got)) == sizeof(got))
			last = got;
		usleep((useconds_t)(i * 37 % 500));
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		while (read(pipe_fd[0], &got, sizeof(got)) == sizeof(got))
			last = got;
		close(pipe_fd[0]);
		assert_int_equal(baton_store_open(&store, dir), 0);
		snprintf(expected, sizeof(expected), "a=%d;b=%d;", last, last);
		snprintf(next, sizeof(next), "a=%d;b=%d;", last + 1, last + 1);
		if (strcmp(contents(""), expected) &&
		    strcmp(contents(""), next))
			fail_msg("%d was confirmed, %s is there", last,
				 contents(""));
		close_it();
	}
}

#define WRITES 200

/* `baton doctor` looks at a store while a program writes to it. */
static void who_looks_at_it_does_not_disturb_who_writes(void **state)
{
	enum baton_seal_method method;
	pid_t child;
	int i;

	(void)state;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)!baton_store_look(dir, &method);
	}
	for (i = 0; i < WRITES; i++)
		put("a", "b");
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

#define VALUES 60
#define VALUE_LEN 1200
#define ROUNDS 800

/* Is any piece of the value in the file or its journal? */
static bool is_on_disk(const char *path, const uint8_t *value, size_t len)
{
	size_t size, i;
	char *bytes = disk_read(path, &size);
	bool found = false;

	for (i = 0; i + 16 <= len && !found; i += 16)
		found = memmem(bytes, size, value + i, 16);
	free(bytes);
	return found;
}

static uint64_t next_random(void)
{
	static uint64_t state;
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

#define SEALED_MAX (VALUE_LEN + 64)

/*
 * Enough of them, and of enough lengths, that the tree moves values from page
 * to page: secure_delete alone leaves pieces of some behind.
 */
static void what_was_deleted_or_replaced_is_not_in_the_file(void **state)
{
	static const size_t lengths[] = {64, 170, 170, 202, 400, VALUE_LEN};
	static uint8_t sealed[VALUES][SEALED_MAX], old[SEALED_MAX];
	static size_t len[VALUES];
	uint8_t value[VALUE_LEN];
	char key[BATON_STORE_KEY_MAX];
	size_t old_len, v;
	int i;

	(void)state;
	fault.no_sync = true; /* it is many; what is on the disk is the same */
	memset(len, 0, sizeof(len));
	memset(value, 's', sizeof(value));
	for (i = 0; i < ROUNDS; i++) {
		v = next_random() % VALUES;
		memcpy(old, sealed[v], sizeof(old));
		old_len = len[v];
		snprintf(key, sizeof(key), "bond/%016zx", v * 0x9e3779b9);
		if (old_len && next_random() % 2)
			assert_int_equal(baton_store_delete(store, key), 0);
		else
			assert_int_equal(
				baton_store_put(store, key, value,
						lengths[next_random() % 6]),
				0);
		len[v] = disk_sealed(file, key, sealed[v], SEALED_MAX);
		if (i % 16 == 0 && len[v])
			assert_true(is_on_disk(file, sealed[v], len[v]));
		assert_false(is_on_disk(file, old, old_len));
		assert_false(is_on_disk(journal, old, old_len));
		assert_false(is_on_disk(file, value, sizeof(value)));
	}
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

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, open_fresh, shut)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(what_was_put_is_there_after_opening_again),
		STORE_TEST(what_was_deleted_is_gone),
		STORE_TEST(one_value_is_read_by_its_key),
		STORE_TEST(an_operation_is_done_as_a_whole),
		STORE_TEST(only_its_owner_may_look),
		STORE_TEST(what_others_may_read_is_refused),
		STORE_TEST(two_cannot_have_it),
		STORE_TEST(what_is_no_database_is_left_alone),
		STORE_TEST(another_programs_database_is_left_alone),
		STORE_TEST(a_newer_format_is_left_alone),
		STORE_TEST(a_link_or_a_directory_is_no_store),
		STORE_TEST(a_damaged_page_is_noticed),
		STORE_TEST(keys_and_lengths_out_of_range_are_refused),
		STORE_TEST(a_full_disk_loses_nothing),
		STORE_TEST(a_broken_disk_leaves_all_or_nothing),
		STORE_TEST(a_process_that_ends_leaves_all_or_nothing),
		STORE_TEST(what_a_process_left_undone_is_no_trouble_to_look_at),
		STORE_TEST(nothing_is_left_to_be_synced),
		STORE_TEST(what_was_confirmed_survives_a_kill),
		STORE_TEST(who_looks_at_it_does_not_disturb_who_writes),
		STORE_TEST(what_was_deleted_or_replaced_is_not_in_the_file),
		cmocka_unit_test(seeds_differ),
	};

	fault_install();
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
