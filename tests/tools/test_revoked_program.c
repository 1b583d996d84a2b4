/* SPDX-License-Identifier: MIT */

/*
 * usage: test_revoked_program BATON
 *
 * `baton watch` and `baton phone` pair and stay. One of them is told to revoke
 * the bond; both have another one and go on. Their memory, their stores and the
 * journals of these are searched for the keys.
 */

#include <glib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/primitives.h"
#include "port/linux/store.h"
#include "session/ticket.h"
#include "tests/tools/child.h"
#include "tests/tools/search.h"
#include "tools/bonds.h"

static const char *program;
static struct child_air air;
static struct child device[2]; /* by role */
static struct baton_bond bond[2]; /* the one that is revoked */

static char *path(const char *store, const char *file)
{
	return g_build_filename(air.root, store, file, NULL);
}

/* Both pair, stay, and are connected. */
static void pair(const char *watch_store, const char *phone_store)
{
	const char *stores[2] = {watch_store, phone_store};
	int i;

	for (i = 0; i < 2; i++) {
		g_autofree char *store = path(stores[i], NULL);
		const char *args[] = {program,	 i ? "phone" : "watch",
				      "-b",	 air.bearer,
				      "-s",	 store,
				      "--pair",	 "-m",
				      "compare", NULL};

		child_start(&device[i], args);
	}
	for (i = 0; i < 2; i++) {
		child_expect(&device[i], "code ");
		assert_int_equal(write(device[i].in, "y\n", 2), 2);
	}
	for (i = 0; i < 2; i++)
		child_expect(&device[i], "connected");
}

/* The newest bond of a store, of which old is the other one. */
struct newest {
	char old[BATON_STORE_KEY_MAX];
	struct baton_bond *bond;
	enum baton_role role;
};

static enum baton_err take_bond(void *user, const char *key,
				const uint8_t *value, size_t len)
{
	struct newest *newest = user;

	if (!newest->bond)
		g_strlcpy(newest->old, key, sizeof(newest->old));
	else if (strcmp(key, newest->old) != 0)
		assert_int_equal(baton_bond_decode(value, len, newest->role,
						   newest->bond),
				 0);
	return BATON_OK;
}

/* What a copy of the store says: nobody else may open it meanwhile. */
static void look_at_copy(const char *store, struct newest *newest)
{
	g_autofree char *copy = path("copy", NULL);
	g_autofree char *command =
		g_strdup_printf("rm -rf '%s/copy' && cp -r '%s/%s' '%s/copy'",
				air.root, air.root, store, air.root);
	uint8_t value[BATON_STORE_VALUE_MAX];
	char key[BATON_BOND_KEY_LEN];
	struct baton_store *opened;
	size_t len;

	assert_int_equal(system(command), 0);
	assert_int_equal(baton_store_open(&opened, copy), 0);
	assert_int_equal(baton_store_each(opened, "bond/", take_bond, newest),
			 0);
	if (newest->bond) {
		baton_bond_key("tick/", newest->bond->id, key);
		assert_int_equal(baton_store_get(opened, key, value,
						 sizeof(value), &len),
				 0);
		assert_int_equal(
			baton_ticket_decode(value, len, &newest->bond->ticket),
			0);
	}
	baton_store_close(opened);
}

/* Until all of it, also the ticket that may just be written, is in memory. */
static void learn(enum baton_role role, const char *store,
		  struct newest *newest)
{
	gint64 until_us = g_get_monotonic_time() + 1000 * CHILD_PATIENCE_MS;

	newest->role = role;
	newest->bond = &bond[role];
	do {
		assert_true(g_get_monotonic_time() < until_us);
		look_at_copy(store, newest);
	} while (search_memory(device[role].pid, &bond[role], false) !=
		 SEARCH_ALL);
}

static void tell_to_revoke(enum baton_role by, const char *store)
{
	g_autofree char *dir = path(store, NULL);
	char id[BATON_BONDS_SHORT_LEN];
	const char *args[] = {program,	"bonds", "--store", dir,
			      "revoke", id,	 NULL};
	struct child command;
	int status;

	baton_bonds_short(bond[by].id, id);
	child_start(&command, args);
	child_expect(&command, "revoked ");
	assert_non_null(strstr(command.line, "is connected and is told now"));
	waitpid(command.pid, &status, 0);
	assert_int_equal(status, 0);
	close(command.in);
	close(command.out);
}

/* The watch and the phone have each another bond, and then this one. */
static void revoke_and_search(enum baton_role by)
{
	static const char *const stores[] = {"watch", "phone"};
	static const char *const files[] = {"store.db", "store.db-journal"};
	struct newest newest[2] = {{.bond = NULL}, {.bond = NULL}};
	int i, j;

	pair("watch", "other");
	child_stop(&device[0]);
	child_stop(&device[1]);
	pair("another", "phone");
	child_stop(&device[0]);
	child_stop(&device[1]);
	for (i = 0; i < 2; i++)
		look_at_copy(stores[i], &newest[i]);
	pair("watch", "phone");
	for (i = 0; i < 2; i++)
		learn((enum baton_role)i, stores[i], &newest[i]);
	tell_to_revoke(by, stores[by]);
	for (i = 0; i < 2; i++)
		child_expect(&device[i], "revoked ");
	for (i = 0; i < 2; i++) {
		assert_int_equal(search_memory(device[i].pid, &bond[i], true),
				 0);
		for (j = 0; j < 2; j++) {
			g_autofree char *file = path(stores[i], files[j]);

			search_file(file, &bond[i], NULL, 0);
		}
		assert_int_equal(waitpid(device[i].pid, NULL, WNOHANG), 0);
	}
}

static void what_a_watch_is_told_to_revoke_is_nowhere(void **state)
{
	(void)state;
	revoke_and_search(BATON_WATCH);
}

static void what_a_phone_is_told_to_revoke_is_nowhere(void **state)
{
	(void)state;
	revoke_and_search(BATON_PHONE);
}

static int setup(void **state)
{
	(void)state;
	return child_air_start(&air, program);
}

static int teardown(void **state)
{
	(void)state;
	child_stop(&device[0]);
	child_stop(&device[1]);
	return child_air_stop(&air);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_a_watch_is_told_to_revoke_is_nowhere, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			what_a_phone_is_told_to_revoke_is_nowhere, setup,
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
	return cmocka_run_group_tests_name("revoked program", tests, NULL,
					   NULL);
}
