/* SPDX-License-Identifier: MIT */

/*
 * The power goes at every storage write that there is, on either device, and
 * leaves the write done, torn or lost. How many there are the scenario says
 * itself, in a run that nothing disturbs.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario_run.h"

static const char *const names[] = {"watch", "phone"};
static const char *const outcomes[] = {"lost", "torn", "done", "unsynced"};
#define OUTCOMES (sizeof(outcomes) / sizeof(outcomes[0]))

/* Each %s is where the line of the power cut goes. */
static const char pairing[] = "scenario cut-while-pairing\n"
			      "link interval=15ms start=advertising\n"
			      "watch store=%s\nphone store=%s\n"
			      "%s\n"
			      "at 10s watch send message size=100B as=note\n"
			      "within 15m note delivered once\n"
			      "finally bonded\nfinally secure\n";
static const char life[] = "scenario cut-in-a-life\n"
			   "link interval=15ms start=advertising\n"
			   "watch adverts=private store=%s\n"
			   "phone adverts=private store=%s\n"
			   "%s\n"
			   "at 10s watch send file size=20KiB as=doc\n"
			   "at 20s phone disconnect\n"
			   "at 30s phone reboot after=1s\n"
			   "at 40s watch send message size=100B as=note\n"
			   "at 50s watch rollback writes=1 after=1s\n"
			   "within 30m everything delivered or reported\n"
			   "finally bonded\nfinally secure\n";

static void play(const char *format, const char *store, const char *cut,
		 struct baton_scenario_result *result)
{
	struct baton_scenario_error error;
	struct baton_scenario_text text;
	char bytes[1000];

	snprintf(bytes, sizeof(bytes), format, store, store, cut);
	assert_true(baton_scenario_load(&text, bytes, strlen(bytes), &error));
	if (!baton_scenario_play(&text, 1, NULL, result, &error))
		fail_msg("line %u: %s", error.line, error.text);
	baton_scenario_text_free(&text);
	if (!result->passed)
		fail_msg("%s (store %s): %s (%s)", cut, store, result->claim,
			 result->why);
}

static void cut_everywhere(const char *format, const char *store)
{
	struct baton_scenario_result calm, result;
	unsigned int side, write, runs = 0;
	char cut[100];
	size_t i;

	play(format, store, "about nothing", &calm);
	for (side = 0; side < 2; side++) {
		assert_true(calm.writes[side] > 0);
		for (write = 1; write <= calm.writes[side]; write++)
			for (i = 0; i < OUTCOMES; i++) {
				snprintf(cut, sizeof(cut),
					 "at 0 %s power-cut nth=%u write=%s "
					 "after=2s",
					 names[side], write, outcomes[i]);
				play(format, store, cut, &result);
				/* It has gone, or nothing was shown. */
				assert_true(result.cuts == 1);
				runs++;
			}
	}
	print_message("# store %s: %u and %u writes, %u runs\n", store,
		      (unsigned int)calm.writes[0],
		      (unsigned int)calm.writes[1], runs);
}

static void pairing_stands_a_cut_at_every_write(void **state)
{
	(void)state;
	cut_everywhere(pairing, "0s");
	cut_everywhere(pairing, "80ms");
}

static void a_life_stands_a_cut_at_every_write(void **state)
{
	(void)state;
	cut_everywhere(life, "0s");
	cut_everywhere(life, "80ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairing_stands_a_cut_at_every_write),
		cmocka_unit_test(a_life_stands_a_cut_at_every_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
