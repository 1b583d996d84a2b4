/* SPDX-License-Identifier: MIT */

/*
 * usage: test_revoked BATON
 *
 * A watch and a phone, two processes over `baton air`, pair, and one of them
 * revokes the bond, by itself or asked by `baton bonds revoke`. Both go on;
 * their memory, their stores and the journals of these are searched for the
 * keys of it. test_revoked_program.c does so with the programs themselves.
 */

#include <glib-unix.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tools/child.h"
#include "tests/tools/search.h"
#include "tools/bearers.h"
#include "tools/bonds_live.h"
#include "tools/desk.h"
#include "tools/runner.h"

static const char *program;
static struct child_air air;

/* One of the two, as its parent sees it. */
struct device {
	struct child child;
	struct baton_bond bond; /* a copy, in the parent */
	uint8_t sealed[BATON_STORE_VALUE_MAX];
	size_t sealed_len;
};

static struct device device[2];

/* The child's part. */

struct keeper {
	enum baton_role role;
	struct baton_runner *runner;
	struct baton_bonds_live *bonds;
	int answers;
};

static void answer(struct keeper *keeper, const char *text)
{
	if (dprintf(keeper->answers, "%s\n", text) < 0)
		_exit(3);
}

static void on_event(void *user, const struct baton_endpoint_event *told,
		     uint64_t now_ms)
{
	const struct baton_event *event = &told->u.session;
	struct keeper *keeper = user;

	(void)now_ms;
	if (told->type == BATON_ENDPOINT_REVOKED) {
		baton_bonds_live_revoked(keeper->bonds, told);
		answer(keeper, "revoked");
	}
	if (told->type != BATON_ENDPOINT_SESSION)
		return;
	if (event->type == BATON_EVENT_COMPARE)
		answer(keeper, "compare");
	else if (event->type == BATON_EVENT_SECURED)
		answer(keeper, "secured");
}

static const struct baton_runner_events events = {.event = on_event};

/* As hexadecimal digits, so that telling it makes no copy of a key. */
static void tell_bond(struct keeper *keeper)
{
	const uint8_t *bytes =
		(const uint8_t *)&baton_runner_session(keeper->runner)
			->bonds[0];
	size_t i;

	dprintf(keeper->answers, "bond ");
	for (i = 0; i < sizeof(struct baton_bond); i++)
		dprintf(keeper->answers, "%02x", bytes[i]);
	dprintf(keeper->answers, "\n");
}

static gboolean on_command(int fd, GIOCondition condition, void *user)
{
	struct keeper *keeper = user;
	struct baton_session *session = baton_runner_session(keeper->runner);
	char command;

	(void)condition;
	if (read(fd, &command, 1) != 1)
		_exit(0);
	if (command == 'y')
		(void)!baton_session_confirm(session, true,
					     baton_runner_now_ms());
	else if (command == 'b')
		tell_bond(keeper);
	else if (command == 'r')
		(void)!baton_endpoint_revoke(
			baton_runner_endpoint(keeper->runner), 0,
			baton_runner_now_ms());
	baton_runner_kick(keeper->runner);
	return G_SOURCE_CONTINUE;
}

static void keep(void *user, int commands, int answers)
{
	enum baton_role role = (enum baton_role)GPOINTER_TO_INT(user);
	struct baton_endpoint_application application;
	struct baton_endpoint_config config;
	struct keeper keeper = {.role = role, .answers = answers};
	struct baton_control *control;
	struct baton_bearer *opened;
	struct baton_store *store;
	char *dir = g_strdup_printf("%s/%d", air.root, role);

	baton_desk_configure(&config, &application, role, 0);
	if (baton_store_open(&store, dir))
		_exit(2);
	keeper.runner =
		baton_runner_new(&config, store, NULL, &events, &keeper, NULL);
	if (!keeper.runner ||
	    baton_session_pairing_open(baton_runner_session(keeper.runner),
				       baton_runner_now_ms()))
		_exit(2);
	opened = baton_bearer_open(air.bearer, role, NULL,
				   &baton_runner_bearer_events, keeper.runner,
				   NULL);
	if (!opened)
		_exit(2);
	baton_runner_set_bearer(keeper.runner, opened);
	control = baton_control_new(dir, NULL);
	if (!control)
		_exit(2);
	keeper.bonds = baton_bonds_live_new(control, store, keeper.runner);
	g_unix_fd_add(commands, G_IO_IN | G_IO_HUP, on_command, &keeper);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
}

/* The parent's part. */

static void command(enum baton_role role, char what)
{
	assert_int_equal(write(device[role].child.in, &what, 1), 1);
}

static void expect(enum baton_role role, const char *text)
{
	child_expect(&device[role].child, text);
}

static void learn_bond(enum baton_role role)
{
	struct device *d = &device[role];
	unsigned int byte;
	size_t i;

	command(role, 'b');
	expect(role, "bond ");
	for (i = 0; i < sizeof(d->bond); i++) {
		assert_int_equal(
			sscanf(d->child.line + 5 + 2 * i, "%2x", &byte), 1);
		((uint8_t *)&d->bond)[i] = (uint8_t)byte;
	}
}

static char *store_file(enum baton_role role, const char *suffix)
{
	return g_strdup_printf("%s/%d/store.db%s", air.root, role, suffix);
}

/* The one bond, sealed, as the database has it. */
static void learn_sealed(enum baton_role role)
{
	g_autofree char *path = store_file(role, "");
	sqlite3_stmt *row;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* The session of the bond may just be written. */
	sqlite3_busy_timeout(db, CHILD_PATIENCE_MS);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT value FROM value "
					    "WHERE key LIKE 'bond/%'",
					    -1, &row, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	device[role].sealed_len = (size_t)sqlite3_column_bytes(row, 0);
	memcpy(device[role].sealed, sqlite3_column_blob(row, 0),
	       device[role].sealed_len);
	sqlite3_finalize(row);
	sqlite3_close(db);
}

static void assert_not_in_file(enum baton_role role, const char *suffix)
{
	g_autofree char *path = store_file(role, suffix);

	search_file(path, &device[role].bond, device[role].sealed,
		    device[role].sealed_len);
}

static void pair_both(void)
{
	int i;

	for (i = 0; i < 2; i++)
		child_fork(&device[i].child, keep, GINT_TO_POINTER(i));
	for (i = 0; i < 2; i++)
		expect((enum baton_role)i, "compare");
	for (i = 0; i < 2; i++)
		command((enum baton_role)i, 'y');
	for (i = 0; i < 2; i++) {
		expect((enum baton_role)i, "secured");
		learn_bond((enum baton_role)i);
		learn_sealed((enum baton_role)i);
		/* Where it is, it is found: all of each of them. */
		assert_int_equal(search_memory(device[i].child.pid,
					       &device[i].bond, false),
				 SEARCH_ALL);
	}
}

/* `baton bonds revoke`, in a process of its own. */
static void revoke_by_command(enum baton_role by)
{
	g_autofree char *dir = g_strdup_printf("%s/%d", air.root, by);
	char id[BATON_BONDS_SHORT_LEN];
	g_autofree char *out = NULL;
	char *args[] = {(char *)program, "bonds", "--store", dir,
			"revoke",	 id,	  NULL};
	int status;

	baton_bonds_short(device[by].bond.id, id);
	assert_true(g_spawn_sync(NULL, args, NULL, 0, NULL, NULL, &out, NULL,
				 &status, NULL));
	assert_int_equal(status, 0);
	assert_non_null(strstr(out, "is connected and is told now"));
}

static void revoke_and_search(enum baton_role by, bool by_command)
{
	int i;

	pair_both();
	if (by_command)
		revoke_by_command(by);
	else
		command(by, 'r');
	for (i = 0; i < 2; i++)
		expect((enum baton_role)i, "revoked");
	for (i = 0; i < 2; i++) {
		assert_int_equal(search_memory(device[i].child.pid,
					       &device[i].bond, true),
				 0);
		assert_not_in_file((enum baton_role)i, "");
		assert_not_in_file((enum baton_role)i, "-journal");
	}
}

static void what_the_watch_revokes_is_nowhere(void **state)
{
	(void)state;
	revoke_and_search(BATON_WATCH, false);
}

static void what_the_phone_revokes_is_nowhere(void **state)
{
	(void)state;
	revoke_and_search(BATON_PHONE, false);
}

static void what_the_watch_is_told_to_revoke_is_nowhere(void **state)
{
	(void)state;
	revoke_and_search(BATON_WATCH, true);
}

static void what_the_phone_is_told_to_revoke_is_nowhere(void **state)
{
	(void)state;
	revoke_and_search(BATON_PHONE, true);
}

static int setup(void **state)
{
	(void)state;
	return child_air_start(&air, program);
}

static int teardown(void **state)
{
	(void)state;
	child_stop(&device[0].child);
	child_stop(&device[1].child);
	return child_air_stop(&air);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_the_watch_revokes_is_nowhere, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_the_phone_revokes_is_nowhere, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_the_watch_is_told_to_revoke_is_nowhere, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			what_the_phone_is_told_to_revoke_is_nowhere, setup,
			teardown),
	};

	if (argc != 2)
		return 2;
	if (!search_is_allowed()) {
		puts("1..0 # SKIP the memory of a child may not be read");
		return 0;
	}
	program = argv[1];
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("revoked", tests, NULL, NULL);
}
