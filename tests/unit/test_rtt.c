/* SPDX-License-Identifier: MIT */

/* Round trips and the timeout: transport/SPEC.md A.5, RFC 6298. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/rtt.h"

static void start(struct baton_rtt *rtt, uint32_t interval_us)
{
	memset(rtt, 0, sizeof(*rtt));
	baton_rtt_set_interval(rtt, interval_us);
}

static void before_a_sample_a_second_stands_in(void **state)
{
	struct baton_rtt rtt;

	(void)state;
	start(&rtt, 0);
	assert_int_equal(baton_rtt_timeout_ms(&rtt, 0), 1020);
	start(&rtt, 30000);
	assert_int_equal(baton_rtt_timeout_ms(&rtt, 0), 1080);
}

static void the_interval_is_rounded_up(void **state)
{
	struct baton_rtt rtt;

	(void)state;
	start(&rtt, 7500);
	assert_int_equal(rtt.interval_ms, 8);
	start(&rtt, 8000);
	assert_int_equal(rtt.interval_ms, 8);
	start(&rtt, 1);
	assert_int_equal(rtt.interval_ms, 1);
	start(&rtt, UINT32_MAX);
	assert_int_equal(rtt.interval_ms, 4294968);
}

static void the_first_sample_counts_threefold(void **state)
{
	struct baton_rtt rtt;

	(void)state;
	start(&rtt, 0);
	baton_rtt_sample(&rtt, 100); /* 100 + 4 * 50 */
	assert_int_equal(baton_rtt_timeout_ms(&rtt, 0), 320);
}

static void quick_round_trips_keep_the_least_timeout(void **state)
{
	struct baton_rtt rtt;
	int i;

	(void)state;
	start(&rtt, 15000);
	for (i = 0; i < 100; i++)
		baton_rtt_sample(&rtt, 0);
	assert_int_equal(baton_rtt_timeout_ms(&rtt, 0), 250);
}

static void samples_are_smoothed_as_in_rfc_6298(void **state)
{
	static const uint32_t samples[] = {400, 500, 300, 900, 350, 350,
					   360, 800, 420, 410, 400, 390};
	double srtt = 0, var = 0, want;
	struct baton_rtt rtt;
	size_t i;

	(void)state;
	start(&rtt, 0);
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		baton_rtt_sample(&rtt, samples[i]);
		if (i == 0) {
			srtt = samples[i];
			var = srtt / 2;
		} else {
			var = 0.75 * var + 0.25 * fabs(srtt - samples[i]);
			srtt = 0.875 * srtt + 0.125 * samples[i];
		}
		want = srtt + 4 * var + 20;
		assert_true(fabs(want - baton_rtt_timeout_ms(&rtt, 0)) <
			    0.01 * want);
	}
}

static void timeouts_in_a_row_double_up_to_four_seconds(void **state)
{
	static const uint32_t want[] = {300, 600, 1200, 2400, 4080, 4080};
	struct baton_rtt rtt;
	uint8_t i;

	(void)state;
	start(&rtt, 40000);
	for (i = 0; i < 50; i++)
		baton_rtt_sample(&rtt, 10);
	for (i = 0; i < 6; i++)
		assert_int_equal(baton_rtt_timeout_ms(&rtt, i), want[i]);
	assert_int_equal(baton_rtt_timeout_ms(&rtt, UINT8_MAX), 4080);
}

static void absurd_samples_do_not_run_over(void **state)
{
	struct baton_rtt rtt;
	int i;

	(void)state;
	start(&rtt, UINT32_MAX);
	for (i = 0; i < 1000; i++)
		baton_rtt_sample(&rtt, i % 2 ? UINT32_MAX : 0);
	assert_in_range(baton_rtt_timeout_ms(&rtt, UINT8_MAX), 200,
			4000 + 2 * 4294968);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_a_sample_a_second_stands_in),
		cmocka_unit_test(the_interval_is_rounded_up),
		cmocka_unit_test(the_first_sample_counts_threefold),
		cmocka_unit_test(quick_round_trips_keep_the_least_timeout),
		cmocka_unit_test(samples_are_smoothed_as_in_rfc_6298),
		cmocka_unit_test(timeouts_in_a_row_double_up_to_four_seconds),
		cmocka_unit_test(absurd_samples_do_not_run_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
