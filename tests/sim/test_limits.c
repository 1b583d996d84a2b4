/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "baton/sim.h"

/*
 * Raw flow against closed-form limits: data length 251, T_IFS 150 us, empty
 * PDUs as acknowledgements, interval 4 s, no limit on PDUs per event. The
 * limits are worked out here by their own formula, apart from sim/phy.c.
 */
#define INTERVAL_US 4000000U
#define EVENTS 10U
#define TOLERANCE_PPM 1000

struct row {
	const char *name;
	enum baton_sim_bearer bearer;
	uint16_t mtu;
	uint16_t value;
	/* kbit/s x 10, as published: 1M, 1M encrypted, 2M, 2M encrypted. */
	uint32_t published[4];
};

static const struct row rows[] = {
	{"MTU 23, 20 B", BATON_SIM_GATT, 23, 20, {2367, 2260, 3226, 3125}},
	{"MTU 185, 182 B",
	 BATON_SIM_GATT,
	 185,
	 182,
	 {7383, 7265, 12727, 12552}},
	{"MTU 247, 244 B",
	 BATON_SIM_GATT,
	 247,
	 244,
	 {7909, 7808, 14023, 13864}},
	{"MTU 517, 509 B",
	 BATON_SIM_GATT,
	 517,
	 509,
	 {7393, 7266, 12615, 12430}},
	{"MTU 498, 495 B",
	 BATON_SIM_GATT,
	 498,
	 495,
	 {8023, 7920, 14224, 14062}},
	{"CoC, SDU 65535",
	 BATON_SIM_COC,
	 247,
	 65535,
	 {8002, 7900, 14185, 14023}},
};

static uint64_t packet_us(bool fast, bool encrypted, uint32_t n)
{
	uint32_t mic = encrypted && n ? 4 : 0;

	return fast ? 4 * (11 + n + mic) : 8 * (10 + n + mic);
}

/* Airtime of n bytes of one L2CAP PDU, with all that goes with it. */
static uint64_t pdu_us(bool fast, bool encrypted, uint32_t n)
{
	uint64_t us = 0;

	while (n) {
		uint32_t part = n < 251 ? n : 251;

		us += packet_us(fast, encrypted, part) +
		      packet_us(fast, encrypted, 0) + 300;
		n -= part;
	}
	return us;
}

/* Bits per second that the formula allows. */
static uint64_t limit_bps(const struct row *row, bool fast, bool encrypted)
{
	uint64_t us = 0;
	uint32_t left;

	if (row->bearer == BATON_SIM_GATT) {
		us = pdu_us(fast, encrypted, row->value + 7U);
	} else {
		for (left = row->value + 2U; left > 247; left -= 247)
			us += pdu_us(fast, encrypted, 251);
		us += pdu_us(fast, encrypted, left + 4);
	}
	return row->value * UINT64_C(8000000) / us;
}

static uint64_t simulated_bps(const struct row *row, bool fast, bool encrypted,
			      enum baton_sim_side from)
{
	struct baton_sim_source tx = {.value_len = row->value,
				      .limit = UINT64_MAX};
	struct baton_sim_source rx = {.limit = 0};
	struct baton_sim_config cfg;
	struct baton_sim *sim;

	baton_sim_config_init(&cfg);
	cfg.bearer = row->bearer;
	cfg.gatt = BATON_SIM_GATT_READY;
	cfg.phy = fast ? BATON_PHY_2M : BATON_PHY_1M;
	cfg.encrypted = encrypted;
	cfg.mtu = row->mtu;
	cfg.interval_us = INTERVAL_US;
	assert_int_equal(baton_sim_create(&sim, &cfg), BATON_OK);
	baton_sim_attach(sim, from, &baton_sim_source_ops, &tx);
	baton_sim_attach(sim, baton_sim_other(from), &baton_sim_source_ops,
			 &rx);
	baton_sim_run_until(sim, (uint64_t)INTERVAL_US * EVENTS);
	baton_sim_destroy(sim);
	assert_int_equal(rx.rx_gaps, 0);
	assert_int_equal(rx.rx_again, 0);
	assert_true(rx.rx_pdus > 1);
	return (rx.rx_pdus - 1) * row->value * UINT64_C(8000000) /
	       (rx.rx_last_us - rx.rx_first_us);
}

static int32_t error_ppm(uint64_t is, uint64_t should)
{
	return (int32_t)(((int64_t)is - (int64_t)should) * 1000000 /
			 (int64_t)should);
}

static void print_tenths(const char *text, uint64_t bps)
{
	bps += 50;
	print_message("%s%7u.%u", text, (unsigned int)(bps / 1000),
		      (unsigned int)(bps / 100 % 10));
}

static void check(const struct row *row, int column)
{
	const bool fast = column & 2;
	const bool encrypted = column & 1;
	const uint64_t limit = limit_bps(row, fast, encrypted);
	uint64_t down = simulated_bps(row, fast, encrypted, BATON_SIM_WATCH);
	uint64_t up = simulated_bps(row, fast, encrypted, BATON_SIM_PHONE);

	print_message("# %-14s %s %-9s", row->name, fast ? "2M" : "1M",
		      encrypted ? "encrypted" : "plain");
	print_tenths("", limit);
	print_tenths("", down);
	print_message(" %6d", (int)error_ppm(down, limit));
	print_tenths("", up);
	print_message(" %6d\n", (int)error_ppm(up, limit));

	/* Published to a tenth; 1406.25 was rounded to even. */
	assert_in_range(limit + 50 - 100 * row->published[column], 0, 100);
	assert_in_range(error_ppm(down, limit) + TOLERANCE_PPM, 0,
			2 * TOLERANCE_PPM);
	assert_in_range(error_ppm(up, limit) + TOLERANCE_PPM, 0,
			2 * TOLERANCE_PPM);
}

static void raw_flow_meets_the_closed_form_limits(void **state)
{
	size_t i;
	int column;

	(void)state;
	print_message("# %-27s %8s %8s %6s %8s %6s\n", "kbit/s of values",
		      "limit", "notify", "ppm", "write", "ppm");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (column = 0; column < 4; column++)
			check(&rows[i], column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_flow_meets_the_closed_form_limits),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
