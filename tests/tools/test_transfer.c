/* SPDX-License-Identifier: MIT */

/*
 * Files of many lengths, both ways, over radios good and bad, each in a world
 * of its own; what arrives is compared byte by byte. With "large" on the
 * command line: the long ones.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sim/prng.h"
#include "tests/support/folder.h"
#include "tools/pair.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define CHUNK 65536

struct cell {
	uint64_t len;
	uint16_t mtu;
	uint32_t loss_ppm; /* in each host */
	enum baton_sim_side from;
	const char *fault; /* NULL: none */
};

/* Directories and a file for one cell. */
struct place {
	const char *root;
	char *dir[BATON_SIM_SIDES];
	char *file;
};

static void make_file(const char *path, uint64_t len)
{
	uint8_t *bytes = g_malloc(CHUNK);
	FILE *file = fopen(path, "wb");
	struct baton_prng prng;

	assert_non_null(file);
	baton_prng_init(&prng, len, 1);
	while (len) {
		size_t n = len < CHUNK ? (size_t)len : CHUNK;

		baton_prng_fill(&prng, bytes, n);
		assert_int_equal(fwrite(bytes, 1, n, file), n);
		len -= n;
	}
	assert_int_equal(fclose(file), 0);
	g_free(bytes);
}

static void place_make(struct place *place, uint64_t len)
{
	place->root = folder_make();
	place->dir[0] = g_build_filename(place->root, "watch", NULL);
	place->dir[1] = g_build_filename(place->root, "phone", NULL);
	place->file = g_build_filename(place->root, "file.bin", NULL);
	assert_int_equal(g_mkdir(place->dir[0], 0700), 0);
	assert_int_equal(g_mkdir(place->dir[1], 0700), 0);
	make_file(place->file, len);
}

static void place_remove(struct place *place, const char *received)
{
	if (received)
		assert_int_equal(g_unlink(received), 0);
	assert_int_equal(g_unlink(place->file), 0);
	/* They are empty, or something was left behind. */
	assert_int_equal(g_rmdir(place->dir[0]), 0);
	assert_int_equal(g_rmdir(place->dir[1]), 0);
	assert_int_equal(g_rmdir(place->root), 0);
	g_free(place->dir[0]);
	g_free(place->dir[1]);
	g_free(place->file);
}

static void configure(struct baton_sim_config *config, const struct cell *cell)
{
	baton_sim_config_init(config);
	config->seed = cell->len + cell->mtu + cell->loss_ppm;
	config->mtu = cell->mtu;
	config->start = BATON_SIM_START_ADVERTISING;
	config->node[0].up_drop_ppm = cell->loss_ppm;
	config->node[1].up_drop_ppm = cell->loss_ppm;
}

static void hang_up(void *user)
{
	baton_sim_disconnect(user, BATON_SIM_PHONE, BATON_HCI_REMOTE_USER);
}

static void fall_silent(void *user)
{
	baton_sim_disconnect(user, BATON_SIM_WATCH,
			     BATON_HCI_SUPERVISION_TIMEOUT);
}

static void black_out(void *user)
{
	baton_sim_blackout(user, UINT64_C(12000000));
}

static void shrink_mtu(void *user)
{
	baton_sim_exchange_mtu(user, 23);
}

static void grow_mtu(void *user)
{
	baton_sim_exchange_mtu(user, 517);
}

static const struct {
	const char *name;
	void (*strike)(void *user);
} faults[] = {
	{"hang up", hang_up},	    {"fall silent", fall_silent},
	{"black out", black_out},   {"shrink the MTU", shrink_mtu},
	{"grow the MTU", grow_mtu},
};

/* Let the fault strike three times while the file is on its way. */
static void plan_fault(struct baton_sim *sim, const char *name)
{
	uint64_t now_us = baton_sim_now(sim);
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(faults); i++) {
		if (strcmp(name, faults[i].name))
			continue;
		baton_sim_at(sim, now_us + 700000, faults[i].strike, sim);
		baton_sim_at(sim, now_us + 1500000, faults[i].strike, sim);
		baton_sim_at(sim, now_us + 26000000, faults[i].strike, sim);
	}
}

static void transfer(void **state)
{
	const struct cell *cell = *state;
	struct baton_sim_config config;
	struct baton_sim_stats stats;
	struct place place;
	struct baton_pair *pair;
	g_autofree char *received = NULL;
	GError *error = NULL;
	uint32_t code;

	place_make(&place, cell->len);
	configure(&config, cell);
	pair = baton_pair_new(&config, NULL, place.dir, NULL, &error);
	if (pair && baton_pair_compare(pair, &code, &error) &&
	    baton_pair_confirm(pair, &error)) {
		if (cell->fault)
			plan_fault(baton_pair_sim(pair), cell->fault);
		baton_pair_send(pair, cell->from, place.file, &received,
				&error);
	}
	if (error)
		fail_msg("%s", error->message);
	baton_sim_get_stats(baton_pair_sim(pair), cell->from, &stats);
	/* It was a real fault, or there was none. */
	if (cell->fault && !strstr(cell->fault, "MTU"))
		assert_true(stats.connections > 1);
	else
		assert_int_equal(stats.connections, 1);
	if (cell->loss_ppm && cell->len >= MIB)
		assert_true(stats.host_lost_pdus > 0);
	baton_pair_free(pair);
	place_remove(&place, received);
}

/* The tests, named for what they do, one per cell. */
struct table {
	GArray *tests;
	GPtrArray *cells;
	GPtrArray *names;
};

static void add(struct table *table, uint64_t len, uint16_t mtu,
		uint32_t loss_pct, enum baton_sim_side from, const char *fault)
{
	struct cell *cell = g_new0(struct cell, 1);
	struct CMUnitTest test = {.test_func = transfer};

	cell->len = len;
	cell->mtu = mtu;
	cell->loss_ppm = loss_pct * 10000;
	cell->from = from;
	cell->fault = fault;
	test.initial_state = cell;
	test.name = g_strdup_printf(
		"%" G_GUINT64_FORMAT " bytes %s the watch, MTU %u, %u %% lost"
		"%s%s",
		len, from == BATON_SIM_WATCH ? "from" : "to", mtu, loss_pct,
		fault ? ", " : "", fault ? fault : "");
	g_ptr_array_add(table->cells, cell);
	g_ptr_array_add(table->names, (char *)test.name);
	g_array_append_val(table->tests, test);
}

static void add_both(struct table *table, uint64_t len, uint16_t mtu)
{
	uint32_t loss;

	for (loss = 0; loss <= 5; loss += 5) {
		add(table, len, mtu, loss, BATON_SIM_WATCH, NULL);
		add(table, len, mtu, loss, BATON_SIM_PHONE, NULL);
	}
}

static void add_small(struct table *table)
{
	static const uint64_t lens[] = {0, 1, 200, MIB};
	static const uint16_t mtus[] = {23, 185, 247, 517};
	size_t i;
	size_t j;

	for (i = 0; i < G_N_ELEMENTS(lens); i++)
		for (j = 0; j < G_N_ELEMENTS(mtus); j++)
			add_both(table, lens[i], mtus[j]);
	for (i = 0; i < G_N_ELEMENTS(faults); i++) {
		add(table, MIB, 185, 0, BATON_SIM_WATCH, faults[i].name);
		add(table, MIB, 185, 5, BATON_SIM_PHONE, faults[i].name);
	}
}

int main(int argc, char **argv)
{
	struct table table = {
		.tests = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest)),
		.cells = g_ptr_array_new_with_free_func(g_free),
		.names = g_ptr_array_new_with_free_func(g_free),
	};
	int failed;

	if (argc == 2 && !strcmp(argv[1], "large")) {
		add_both(&table, 64 * MIB, 247);
		add_both(&table, 64 * MIB, 517);
	} else {
		add_small(&table);
	}
	failed = _cmocka_run_group_tests(
		"transfer", (const struct CMUnitTest *)table.tests->data,
		table.tests->len, NULL, NULL);
	g_array_unref(table.tests);
	g_ptr_array_unref(table.cells);
	g_ptr_array_unref(table.names);
	return failed;
}
