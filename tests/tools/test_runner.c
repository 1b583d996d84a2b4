/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/support/folder.h"
#include "tests/support/wrapped.h"
#include "tools/desk.h"
#include "tools/runner.h"

/* How long this machine has slept since it was started. */
#define SLEPT_S 7200

WRAPPED(clock_gettime);

int __wrap_clock_gettime(clockid_t id, struct timespec *at)
{
	int ret = __real_clock_gettime(id, at);

	if (id == CLOCK_BOOTTIME)
		at->tv_sec += SLEPT_S;
	return ret;
}

/* A lease that stood still in a sleep would have two owners after it. */
static void the_clock_runs_while_the_machine_sleeps(void **state)
{
	struct timespec awake;
	uint64_t now_ms = baton_runner_now_ms();

	(void)state;
	assert_false(__real_clock_gettime(CLOCK_MONOTONIC, &awake));
	assert_in_range(now_ms, ((uint64_t)awake.tv_sec + SLEPT_S - 1) * 1000,
			UINT64_MAX);
}

/* The seconds to which a timer of this process is set that runs in a sleep. */
static int find_timer(void)
{
	const char *fdinfo = "/proc/self/fdinfo";
	g_autoptr(GDir) dir = g_dir_open(fdinfo, 0, NULL);
	const char *name;
	int left_s = -1;

	assert_non_null(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(fdinfo, name, NULL);
		g_autofree char *text = NULL;
		const char *value;

		if (!g_file_get_contents(path, &text, NULL, NULL) ||
		    !strstr(text, "clockid: 7\n"))
			continue;
		value = strstr(text, "it_value: (");
		assert_non_null(value);
		assert_int_equal(sscanf(value, "it_value: (%d,", &left_s), 1);
	}
	return left_s;
}

static void what_is_due_in_a_sleep_is_told_after_it(void **state)
{
	static const struct baton_runner_events events;
	struct baton_endpoint_application application;
	struct baton_endpoint_config config;
	struct baton_store *store = NULL;
	struct baton_runner *runner;

	(void)state;
	assert_int_equal(
		baton_store_open_sealed(&store, folder_make(), BATON_SEAL_FILE),
		BATON_OK);
	baton_desk_configure(&config, &application, BATON_WATCH, 1000);
	runner = baton_runner_new(&config, store, NULL, &events, NULL, NULL);
	assert_non_null(runner);
	assert_int_equal(find_timer(), 0);
	/* It is open for two minutes. */
	assert_int_equal(
		baton_session_pairing_open(baton_runner_session(runner),
					   baton_runner_now_ms()),
		BATON_OK);
	baton_runner_kick(runner);
	while (g_main_context_iteration(NULL, FALSE))
		;
	assert_in_range(find_timer() - SLEPT_S, 110, 120);
	baton_runner_free(runner);
	assert_int_equal(find_timer(), -1);
	baton_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_runs_while_the_machine_sleeps),
		cmocka_unit_test(what_is_due_in_a_sleep_is_told_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
