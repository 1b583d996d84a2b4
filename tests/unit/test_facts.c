/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transport/facts.h"
#include "transport/pdu.h"

#define FAST BATON_LINK_PHY_2M

static uint16_t pdu_len(uint32_t mtu, uint32_t interval_us, uint32_t ll_len,
			uint8_t phy)
{
	const struct baton_link_facts facts = {
		.mtu = (uint16_t)mtu,
		.interval_us = interval_us,
		.ll_len = (uint16_t)ll_len,
		.phy = phy,
	};

	return baton_facts_pdu_len(&facts, BATON_PDU_MAX);
}

/* Of one LL PDU: P(n) + P(0) + 2 T_IFS, encrypted, microseconds. */
static uint32_t exchange_us(uint32_t n, bool fast)
{
	return fast ? 4 * (11 + n + 4) + 44 + 300 : 8 * (10 + n + 4) + 80 + 300;
}

/* Of a PDU of v bytes, 7 of headers beside, in LL PDUs of d. */
static uint32_t pdu_us(uint32_t v, uint32_t d, bool fast)
{
	uint32_t us = 0, left;

	for (left = v + 7; left > d; left -= d)
		us += exchange_us(d, fast);
	return us + exchange_us(left, fast);
}

static void the_length_moves_most_bytes_per_time(void **state)
{
	static const uint16_t lens[] = {27, 50, 100, 150, 200, 251};
	uint32_t mtu, most, full, want;
	size_t i;
	int fast;

	(void)state;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		for (mtu = 21; mtu <= 2000; mtu++)
			for (fast = 0; fast < 2; fast++) {
				most = mtu - 3 > 509 ? 509 : mtu - 3;
				full = (most + 7) / lens[i] * lens[i];
				want = most;
				if (full >= 25 &&
				    (full - 7) * pdu_us(most, lens[i], fast) >
					    most * pdu_us(full - 7, lens[i],
							  fast))
					want = full - 7;
				assert_int_equal(pdu_len(mtu, 0, lens[i],
							 fast ? FAST : 0),
						 want);
			}
}

static void lengths_without_an_interval_are_as_stated(void **state)
{
	uint32_t mtu;

	(void)state;
	assert_int_equal(pdu_len(21, 0, 0, FAST), 18);
	assert_int_equal(pdu_len(23, 0, 0, FAST), 20);
	for (mtu = 247; mtu <= 475; mtu++)
		assert_int_equal(pdu_len(mtu, 0, 0, FAST), 244);
	for (mtu = 476; mtu <= 497; mtu++)
		assert_int_equal(pdu_len(mtu, 0, 0, FAST), mtu - 3);
	for (mtu = 498; mtu <= 517; mtu++)
		assert_int_equal(pdu_len(mtu, 0, 0, FAST), 495);
	assert_int_equal(pdu_len(UINT16_MAX, 0, 251, FAST), 495);
}

static void no_length_exceeds_a_limit(void **state)
{
	uint32_t mtu, limit, d, interval_us;
	struct baton_link_facts facts;
	uint16_t len;

	(void)state;
	for (mtu = 0; mtu <= 600; mtu += 3)
		for (limit = 0; limit <= 600; limit += 3)
			for (d = 0; d < 300; d += 13) {
				interval_us = (mtu + limit + d) % 30 * 1250;
				facts = (struct baton_link_facts){
					.mtu = (uint16_t)mtu,
					.ll_len = (uint16_t)d,
					.interval_us = interval_us,
					.phy = (uint8_t)(d % 5),
				};
				len = baton_facts_pdu_len(&facts,
							  (uint16_t)limit);
				assert_in_range(len, 18, 509);
				if (mtu >= 21)
					assert_true(len + 3u <= mtu);
				if (limit >= 18)
					assert_true(len <= limit);
			}
}

/* Two PDUs that a controller holds, and a control record of 47 bytes. */
static uint32_t event_us(uint32_t v, uint32_t d, bool fast)
{
	return 2 * pdu_us(v, d, fast) + pdu_us(40, d, fast);
}

static void held_pdus_leave_room_for_control_in_an_event(void **state)
{
	static const uint16_t lens[] = {27, 69, 123, 251};
	uint32_t interval_us, len, full;
	size_t i;
	int fast;

	(void)state;
	for (interval_us = 7500; interval_us < 60000; interval_us += 1250)
		for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			for (fast = 0; fast < 2; fast++) {
				len = pdu_len(517, interval_us, lens[i],
					      fast ? FAST : 0);
				full = pdu_len(517, 0, lens[i],
					       fast ? FAST : 0);
				assert_true(event_us(len, lens[i], fast) <=
					    interval_us);
				/* No shorter than for that, or for a fit. */
				if (len + lens[i] < full)
					assert_true(event_us(len + lens[i],
							     lens[i], fast) >
						    interval_us);
			}
	assert_int_equal(pdu_len(517, 7500, 27, 0), 101);
	assert_int_equal(pdu_len(517, 30000, 27, 0), pdu_len(517, 0, 27, 0));
	assert_int_equal(pdu_len(517, 7500, 0, FAST), 495);
	assert_int_equal(pdu_len(517, 7500, 27, FAST), 155);
	/* (30000 - 5004) / 2 = 12498 us of 64 a byte: no whole LL PDU of 251. */
	assert_int_equal(pdu_len(517, 30000, 251, BATON_LINK_PHY_CODED), 157);
	assert_int_equal(pdu_len(517, 7500, 251, BATON_LINK_PHY_CODED), 18);
}

/*
 * What PDUs of v bytes move in two intervals: in one where they follow each
 * other without end, and in one of whole PDUs beside the 16 bytes of an ACK.
 */
static uint32_t moved(uint32_t v, uint32_t interval_us, bool fast)
{
	uint32_t each_us = pdu_us(v, 251, fast);
	uint32_t even = v * interval_us / each_us;
	uint32_t left_us = interval_us - (fast ? 64 : 128);

	return even + (v > 244 ? even : left_us / each_us * v);
}

static void no_other_length_moves_more_in_intervals(void **state)
{
	uint32_t interval_us, mtu, len, other;
	int fast;

	(void)state;
	for (interval_us = 7500; interval_us < 60000; interval_us += 1250)
		for (mtu = 23; mtu <= 517; mtu += 2)
			for (fast = 0; fast < 2; fast++) {
				len = pdu_len(mtu, interval_us, 0,
					      fast ? FAST : 0);
				for (other = 18;
				     other <= mtu - 3 && other <= 509 &&
				     event_us(other, 251, fast) <= interval_us;
				     other++)
					assert_true(
						moved(other, interval_us,
						      fast) <=
						moved(len, interval_us, fast));
			}
}

static void lengths_that_fit_an_event_are_as_stated(void **state)
{
	(void)state;
	assert_int_equal(pdu_len(185, 7500, 0, 0), 161);
	assert_int_equal(pdu_len(185, 15000, 251, FAST), 179);
	assert_int_equal(pdu_len(247, 11250, 251, FAST), 241);
	assert_int_equal(pdu_len(247, 15000, 251, FAST), 231);
	/* Twenty-five bytes of each of seven would be lost for one more. */
	assert_int_equal(pdu_len(185, 7500, 251, FAST), 182);
	/* More than one LL PDU; no interval; less than the least. */
	assert_int_equal(pdu_len(517, 15000, 251, FAST), 495);
	assert_int_equal(pdu_len(185, 0, 251, 0), 182);
	assert_int_equal(pdu_len(23, 7500, 27, BATON_LINK_PHY_CODED), 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_length_moves_most_bytes_per_time),
		cmocka_unit_test(lengths_without_an_interval_are_as_stated),
		cmocka_unit_test(no_length_exceeds_a_limit),
		cmocka_unit_test(held_pdus_leave_room_for_control_in_an_event),
		cmocka_unit_test(no_other_length_moves_more_in_intervals),
		cmocka_unit_test(lengths_that_fit_an_event_are_as_stated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
