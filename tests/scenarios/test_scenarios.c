/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario_random.h"
#include "sim/scenario_shrink.h"

#define FILES_MAX 100
#define FILE_MAX 65536

/* Of the actions of a file that wait for something, in all its runs. */
struct strikes {
	unsigned int awaited, idle;
};

static void play(const struct baton_scenario_text *text, const char *name,
		 const char *repeat, uint64_t seed, struct strikes *strikes)
{
	struct baton_scenario_result result;
	struct baton_scenario_error error;

	if (!baton_scenario_play(text, seed, NULL, &result, &error))
		fail_msg("%s:%u: %s", name, error.line, error.text);
	if (!result.passed)
		fail_msg("%s: line %u: %s (%s); repeat: baton sim %s --seed "
			 "%llu",
			 name, result.line, result.claim, result.why, repeat,
			 (unsigned long long)seed);
	strikes->awaited += result.awaited;
	strikes->idle += result.idle;
}

/* A fault that is never there shows nothing. */
static void assert_strikes(const char *name, const struct strikes *strikes)
{
	if (2 * strikes->idle > strikes->awaited)
		fail_msg("%s: of %u actions that wait for something %u did "
			 "nothing",
			 name, strikes->awaited, strikes->idle);
}

static void load(struct baton_scenario_text *text, const char *name,
		 const char *bytes, size_t len)
{
	struct baton_scenario_error error;

	if (!baton_scenario_load(text, bytes, len, &error))
		fail_msg("%s:%u: %s", name, error.line, error.text);
}

/* One file of the folder, with seeds from 1 on; a golden one with 1 only. */
static void the_scenario_holds(void **state)
{
	const char *name = *state;
	struct baton_scenario_text text;
	struct strikes strikes = {0};
	char *bytes = test_malloc(FILE_MAX);
	char path[512];
	uint64_t seed, last = SCENARIO_COUNT;
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), SCENARIOS_DIR "/%s", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	len = fread(bytes, 1, FILE_MAX, file);
	fclose(file);
	assert_true(len < FILE_MAX);
	load(&text, name, bytes, len);
	if (strstr(name, "golden"))
		last = 1;
	for (seed = 1; seed <= last; seed++)
		play(&text, name, path, seed, &strikes);
	assert_strikes(name, &strikes);
	baton_scenario_text_free(&text);
	test_free(bytes);
}

static void random_scenarios_hold(void **state)
{
	struct baton_scenario_text text[16];
	struct strikes strikes[16] = {{0}};
	uint64_t seed;
	size_t i;

	(void)state;
	assert_true(baton_scenarios_random_count <= 16);
	for (i = 0; i < baton_scenarios_random_count; i++)
		load(&text[i], baton_scenarios_random[i].name,
		     baton_scenarios_random[i].text,
		     strlen(baton_scenarios_random[i].text));
	for (seed = 0; seed < RANDOM_COUNT; seed++) {
		i = (size_t)(seed % baton_scenarios_random_count);
		play(&text[i], baton_scenarios_random[i].name, "--random", seed,
		     &strikes[i]);
	}
	for (i = 0; i < baton_scenarios_random_count; i++) {
		assert_strikes(baton_scenarios_random[i].name, &strikes[i]);
		baton_scenario_text_free(&text[i]);
	}
}

/* What is printed by --resolve is the same run. */
static void a_resolved_scenario_runs_the_same(void **state)
{
	struct baton_scenario_result drawn, fixed_run;
	struct baton_scenario_text text, fixed;
	struct baton_scenario_error error;
	uint64_t seed;

	(void)state;
	load(&text, "random", baton_scenarios_random[0].text,
	     strlen(baton_scenarios_random[0].text));
	for (seed = 1; seed <= 20; seed++) {
		assert_true(
			baton_scenario_resolve(&fixed, &text, seed, &error));
		assert_true(
			baton_scenario_play(&text, seed, NULL, &drawn, &error));
		assert_true(baton_scenario_play(&fixed, seed, NULL, &fixed_run,
						&error));
		assert_true(drawn.hash == fixed_run.hash);
		baton_scenario_text_free(&fixed);
	}
	baton_scenario_text_free(&text);
}

/* People set clocks; a device's monotonic one is all that the engine sees. */
static void a_wall_clock_decides_nothing(void **state)
{
	static const char format[] =
		"scenario clocks\nlink start=advertising\n"
		"at 3s watch set-clock wall=%s\n"
		"at 5s watch send file size=50KiB as=doc\n"
		"at 5100ms phone set-clock wall=%s\n"
		"at 6s watch reboot after=1s\n"
		"within 5m doc delivered or reported\nfinally secure\n";
	static const char *const wall[] = {"0s", "-1000h", "30m"};
	struct baton_scenario_result result;
	struct baton_scenario_error error;
	struct baton_scenario_text text;
	uint64_t hash = 0;
	char bytes[500];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		snprintf(bytes, sizeof(bytes), format, wall[i], wall[2 - i]);
		load(&text, "clocks", bytes, strlen(bytes));
		assert_true(
			baton_scenario_play(&text, 1, NULL, &result, &error));
		assert_true(result.passed);
		if (i > 0)
			assert_true(result.hash == hash);
		hash = result.hash;
		baton_scenario_text_free(&text);
	}
}

static const struct {
	const char *text;
	unsigned int line;
	const char *part; /* of the message */
} wrong[] = {
	{"link mtu=247\n", 0, "scenario NAME"},
	{"scenario a\nlink mtu=600\n", 2, "23 to 517"},
	{"scenario a\nlink mtv=23\n", 2, "is it mtu"},
	{"scenario a\nlink phy=3M\n", 2, "1M 2M"},
	{"scenario a\nat 5 watch disconnect\n", 2, "time"},
	{"scenario a\nat 5s eve sleeps\n", 2, "eve cannot"},
	{"scenario a\nat 5s someone waits\n", 2, "cannot act"},
	{"scenario a\nat 9s..2s watch disconnect\n", 2, "backwards"},
	{"scenario a\nat 5s 2s watch disconnect\n", 2, "cannot act"},
	{"scenario a\nwithin 5s all is well\n", 2, "no claim"},
	{"scenario a\nfinally secure now\n", 2, "nothing is expected"},
	{"scenario a\nat 5s watch send message size=1MiB\n", 2, "400"},
	{"scenario a\nat 5s watch send file size=99h\n", 2, "it takes"},
	{"scenario a\nalways trace = 0\n", 2, "16 hex"},
	{"scenario a\nperhaps secure\n", 2, "no statement"},
	{"scenario a\n\x01\n", 2, "control character"},
};

static void wrong_input_is_said_to_be(void **state)
{
	struct baton_scenario_result result;
	struct baton_scenario_error error;
	struct baton_scenario_text text;
	size_t i;
	bool good;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		good = baton_scenario_load(&text, wrong[i].text,
					   strlen(wrong[i].text), &error);
		if (good) {
			good = baton_scenario_play(&text, 1, NULL, &result,
						   &error);
			baton_scenario_text_free(&text);
		}
		if (good || error.line != wrong[i].line ||
		    !strstr(error.text, wrong[i].part))
			fail_msg("%s: line %u: %s", wrong[i].text,
				 good ? 0 : error.line,
				 good ? "taken" : error.text);
	}
}

static const struct {
	const char *text;
	const char *part; /* of what fails */
} failing[] = {
	{"scenario a\nat 1s watch send message as=note\n"
	 "within 10s nope delivered once\n",
	 "nothing of that name was sent"},
	{"scenario a\nat 1s watch send message as=note\n"
	 "when note 100% phone send message as=answer\n"
	 "finally answer delivered or reported\nfinally links = 2\n",
	 "links = 2"},
	/* A reboot takes no count away. */
	{"scenario a\nwatch drop-up=10%\nphone drop-up=10%\n"
	 "at 5s watch send file size=100KiB as=doc\n"
	 "at 100s watch reboot\nat 100s phone reboot\n"
	 "within 10m doc delivered once\nfinally retransmissions = 0\n",
	 "retransmissions = 0"},
	{"scenario a\nat 5s watch send file size=20KiB\n"
	 "at 100s watch reboot\nat 100s phone reboot\n"
	 "at 110s watch send message size=400B as=note\n"
	 "within 10m everything delivered once\nfinally overhead < 2%\n",
	 "overhead < 2%"},
	/* An xfail is about what is claimed, not about the world itself. */
	{"scenario a\nxfail it is too much\n"
	 "at 1s every 1ms watch send message size=4B\n"
	 "within 1h everything delivered once\n",
	 "things are sent"},
	{"scenario a\nat 0 person refuse device=watch after=1m\n"
	 "at 20s phone pause for=1s\nfinally bonded\n",
	 "bonded"},
};

static void what_does_not_hold_fails(void **state)
{
	struct baton_scenario_result result;
	struct baton_scenario_error error;
	struct baton_scenario_text text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
		load(&text, failing[i].text, failing[i].text,
		     strlen(failing[i].text));
		assert_true(
			baton_scenario_play(&text, 1, NULL, &result, &error));
		if (result.passed || !strstr(result.claim, failing[i].part))
			fail_msg("%s: %s", failing[i].text,
				 result.passed ? "it passed" : result.claim);
		baton_scenario_text_free(&text);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct CMUnitTest *left = a;
	const struct CMUnitTest *right = b;

	return strcmp(left->name, right->name);
}

/* What is left of a failure fails in the same way, and is no longer. */
static void a_failure_shrinks(void **state)
{
	static const char bytes[] =
		"scenario fails\nlink phy=1M|2M mtu=23..517\n"
		"watch drop-up=0..30% late-up=0..5%\n"
		"at 5s watch send file size=50KiB..200KiB as=doc\n"
		"at 0..9s 1..3x phone send message as=note\n"
		"at 6s watch reboot after=1s\n"
		"at 3s..20s phone stall for=1s..2s\n"
		"within 5m doc delivered once\n";
	struct baton_scenario_result result;
	struct baton_scenario_text text, small;
	struct baton_scenario_error error;

	(void)state;
	load(&text, "fails", bytes, sizeof(bytes) - 1);
	assert_true(baton_scenario_shrink(&small, &text, 3, &error));
	assert_int_equal(small.count, 4);
	assert_true(baton_scenario_play(&small, 3, NULL, &result, &error));
	assert_false(result.passed);
	assert_int_equal(result.line, 8);
	baton_scenario_text_free(&small);
	baton_scenario_text_free(&text);
}

int main(void)
{
	static char names[FILES_MAX][256];
	struct CMUnitTest tests[FILES_MAX] = {
		cmocka_unit_test(random_scenarios_hold),
		cmocka_unit_test(a_resolved_scenario_runs_the_same),
		cmocka_unit_test(wrong_input_is_said_to_be),
		cmocka_unit_test(a_failure_shrinks),
		cmocka_unit_test(a_wall_clock_decides_nothing),
		cmocka_unit_test(what_does_not_hold_fails),
	};
	size_t fixed = 6, count = fixed;
	DIR *dir = opendir(SCENARIOS_DIR);
	struct dirent *entry;
	size_t len;

	while (dir && (entry = readdir(dir)) && count < FILES_MAX) {
		len = strlen(entry->d_name);
		if (len < 4 || strcmp(entry->d_name + len - 4, ".txt") != 0)
			continue;
		snprintf(names[count], sizeof(names[0]), "%s", entry->d_name);
		tests[count].name = names[count];
		tests[count].test_func = the_scenario_holds;
		tests[count].initial_state = names[count];
		count++;
	}
	if (count == fixed) {
		fputs("there are no scenarios in " SCENARIOS_DIR "\n", stderr);
		return 1;
	}
	closedir(dir);
	qsort(tests + fixed, count - fixed, sizeof(tests[0]), by_name);
	return _cmocka_run_group_tests("scenarios", tests, count, NULL, NULL);
}
