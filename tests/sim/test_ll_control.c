/* SPDX-License-Identifier: MIT */

/* LL procedures: which PDUs, in which events, and from when on they hold. */

#include "pair.h"

#define FEATURE_REQ 0x08
#define FEATURE_RSP 0x09
#define VERSION_IND 0x0c
#define LENGTH_REQ 0x14
#define LENGTH_RSP 0x15
#define PHY_REQ 0x16
#define PHY_RSP 0x17
#define PHY_UPDATE_IND 0x18
#define ENC_REQ 0x03
#define ENC_RSP 0x04
#define START_ENC_REQ 0x05
#define START_ENC_RSP 0x06
#define CONNECTION_UPDATE_IND 0x00
#define CONNECTION_PARAM_REQ 0x0f

#define PACKETS 4096

struct packet {
	enum baton_sim_side from;
	uint64_t at_us;
	uint32_t air_us;
	size_t len;
	uint16_t event;
	bool control;
	uint8_t opcode;
};

static struct pair world;
static struct packet packets[PACKETS];
static size_t packet_count;

static void log_packet(void *user, const struct baton_sim_trace *rec)
{
	struct packet *p = &packets[packet_count];

	(void)user;
	if (rec->what != BATON_SIM_LL || packet_count == PACKETS)
		return;
	p->from = rec->side;
	p->at_us = rec->at_us;
	p->air_us = rec->air_us;
	p->len = rec->len;
	p->event = rec->event;
	p->control = (rec->header & 3) == 3;
	p->opcode = p->control ? rec->data[0] : 0;
	packet_count++;
}

static int setup(void **state)
{
	(void)state;
	pair_init(&world);
	packet_count = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_close(&world);
	return 0;
}

static void open_world(void)
{
	pair_open(&world);
	baton_sim_set_trace(world.sim, log_packet, NULL, true);
}

/* The first packet of an event, its anchor. */
static const struct packet *anchor(uint16_t event)
{
	size_t i;

	for (i = 0; i < packet_count; i++)
		if (packets[i].event == event)
			return &packets[i];
	fail_msg("there is no event %u", event);
	return NULL;
}

static const struct packet *find(uint8_t opcode)
{
	size_t i;

	for (i = 0; i < packet_count; i++)
		if (packets[i].control && packets[i].opcode == opcode)
			return &packets[i];
	fail_msg("there is no PDU %u", opcode);
	return NULL;
}

/*
 * Each answer goes in the event after. Feature and version exchange, length
 * and PHY: 2 events each; the PHY's instant is 6 events after the
 * LL_PHY_UPDATE_IND of event 8; encryption begins in the event after it.
 * LL_ENC_RSP and LL_START_ENC_REQ (the key was found within 1 ms) go in one.
 */
static void the_set_up_is_done_on_the_air(void **state)
{
	static const struct {
		uint16_t event;
		enum baton_sim_side from;
		uint8_t opcode;
		size_t len;
	} want[] = {
		{0, BATON_SIM_PHONE, FEATURE_REQ, 9},
		{1, BATON_SIM_WATCH, FEATURE_RSP, 9},
		{2, BATON_SIM_PHONE, VERSION_IND, 6},
		{3, BATON_SIM_WATCH, VERSION_IND, 6},
		{4, BATON_SIM_PHONE, LENGTH_REQ, 9},
		{5, BATON_SIM_WATCH, LENGTH_RSP, 9},
		{6, BATON_SIM_PHONE, PHY_REQ, 3},
		{7, BATON_SIM_WATCH, PHY_RSP, 3},
		{8, BATON_SIM_PHONE, PHY_UPDATE_IND, 5},
		{15, BATON_SIM_PHONE, ENC_REQ, 23},
		{16, BATON_SIM_WATCH, ENC_RSP, 13},
		{16, BATON_SIM_WATCH, START_ENC_REQ, 1},
		{17, BATON_SIM_PHONE, START_ENC_RSP, 1},
		{18, BATON_SIM_WATCH, START_ENC_RSP, 1},
	};
	size_t i, n = 0;

	(void)state;
	world.cfg.procedures = true;
	open_world();
	baton_sim_run_until(world.sim, SECOND);
	for (i = 0; i < packet_count; i++) {
		if (!packets[i].control)
			continue;
		assert_true(n < sizeof(want) / sizeof(want[0]));
		assert_int_equal(packets[i].event, want[n].event);
		assert_int_equal(packets[i].from, want[n].from);
		assert_int_equal(packets[i].opcode, want[n].opcode);
		assert_int_equal(packets[i].len, want[n].len);
		n++;
	}
	assert_int_equal(n, sizeof(want) / sizeof(want[0]));
	/* Empty packets: 80 us on 1M, 44 us on 2M. */
	assert_int_equal(anchor(13)->air_us, 80);
	assert_int_equal(anchor(14)->air_us, 44);
	/* 1 byte: 48 us on 2M, and 16 more with a MIC. */
	assert_int_equal(find(START_ENC_REQ)->air_us, 48);
	assert_int_equal(find(START_ENC_RSP)->air_us, 64);
}

static void nothing_costs_where_it_is_not_asked_for(void **state)
{
	size_t i;

	(void)state;
	open_world();
	baton_sim_run_until(world.sim, SECOND);
	for (i = 0; i < packet_count; i++)
		assert_false(packets[i].control);
}

/* No data while encryption starts; then each packet has a MIC. */
static void data_pauses_while_encryption_starts(void **state)
{
	size_t from = SIZE_MAX, to = 0, i;

	(void)state;
	world.cfg.procedures = true;
	world.watch.limit = world.phone.limit = UINT64_MAX;
	open_world();
	baton_sim_run_until(world.sim, SECOND);
	for (i = 0; i < packet_count; i++) {
		if (packets[i].control && packets[i].opcode == ENC_REQ)
			from = i;
		if (packets[i].control && packets[i].opcode == START_ENC_RSP)
			to = i;
	}
	assert_true(from < to);
	/* The watch's first packet after it was chosen before. */
	for (i = from + 2; i < to; i++)
		if (!packets[i].control)
			assert_int_equal(packets[i].len, 0);
	for (i = to + 1; i < packet_count && packets[i].event < 25; i++)
		if (packets[i].len == 251)
			break;
	assert_int_equal(packets[i].len, 251);
	assert_int_equal(packets[i].air_us, 4 * (11 + 251 + 4));
	assert_int_equal(world.phone.rx_gaps + world.watch.rx_gaps, 0);
}

static void packets_grow_with_the_data_length(void **state)
{
	size_t longest[BATON_SIM_SIDES] = {0};
	size_t i;

	(void)state;
	world.cfg.procedures = true;
	world.watch.limit = world.phone.limit = UINT64_MAX;
	open_world();
	baton_sim_run_until(world.sim, SECOND);
	/* The watch may once it has the request, the phone with the answer. */
	for (i = 0; i < packet_count && packets[i].event < 5; i++)
		if (packets[i].event < 4 || packets[i].from == BATON_SIM_PHONE)
			assert_true(packets[i].len <= 27);
	for (; i < packet_count; i++)
		if (packets[i].len > longest[packets[i].from])
			longest[packets[i].from] = packets[i].len;
	assert_int_equal(longest[BATON_SIM_WATCH], 251);
	assert_int_equal(longest[BATON_SIM_PHONE], 251);
}

/* Said in event 1, it holds from event 1 + 6 (1 + latency) on. */
static void the_interval_changes_at_the_instant(void **state)
{
	static const struct {
		enum baton_sim_side asks;
		uint16_t latency;
		uint16_t instant;
	} cases[] = {
		{BATON_SIM_PHONE, 0, 7},
		{BATON_SIM_WATCH, 0, 8},
		{BATON_SIM_PHONE, 2, 19},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint16_t at = cases[i].instant;

		setup(state);
		world.cfg.latency = cases[i].latency;
		open_world();
		baton_sim_run_until(world.sim, MS);
		baton_sim_update_connection(world.sim, cases[i].asks, 15000, 0,
					    2000000);
		baton_sim_run_until(world.sim, 2 * SECOND);
		if (cases[i].asks == BATON_SIM_WATCH)
			assert_int_equal(find(CONNECTION_PARAM_REQ)->len, 24);
		assert_int_equal(find(CONNECTION_UPDATE_IND)->len, 12);
		assert_int_equal(anchor(at)->at_us, at * 30 * MS);
		assert_int_equal(anchor((uint16_t)(at + 1))->at_us,
				 at * 30 * MS + 15 * MS);
		assert_int_equal(anchor((uint16_t)(at + 10))->at_us,
				 at * 30 * MS + 150 * MS);
		/* The new timeout: 2 s from the last packet heard. */
		baton_sim_power(world.sim, BATON_SIM_PHONE, false);
		baton_sim_run_until(world.sim, 3900 * MS);
		assert_int_equal(world.watch.downs, 0);
		baton_sim_run_until(world.sim, 4100 * MS);
		assert_int_equal(world.watch.downs, 1);
		teardown(state);
	}
	open_world();
}

/* A watch that has not heard of it until then hears nothing any more. */
static void an_update_that_is_not_heard_loses_the_link(void **state)
{
	static const uint64_t dark_ms[] = {100, 250};
	size_t i;

	for (i = 0; i < 2; i++) {
		setup(state);
		world.cfg.reconnect = false;
		open_world();
		baton_sim_run_until(world.sim, MS);
		baton_sim_update_phy(world.sim, BATON_SIM_PHONE, BATON_PHY_1M);
		/* The PHY_RSP comes in event 2, the update goes from 3 on. */
		baton_sim_run_until(world.sim, 80 * MS);
		baton_sim_blackout(world.sim, dark_ms[i] * MS);
		baton_sim_run_until(world.sim, 4900 * MS);
		assert_true(baton_sim_connected(world.sim));
		baton_sim_run_until(world.sim, 6 * SECOND);
		assert_int_equal(baton_sim_connected(world.sim), i == 0);
		if (i == 1)
			assert_int_equal(world.watch.reason,
					 BATON_HCI_SUPERVISION_TIMEOUT);
		teardown(state);
	}
	open_world();
}

static void both_sides_may_ask(void **state)
{
	size_t longest[BATON_SIM_SIDES] = {0};
	size_t i;

	(void)state;
	world.cfg.ll_len = 27;
	world.watch.limit = world.phone.limit = UINT64_MAX;
	open_world();
	baton_sim_run_until(world.sim, MS);
	baton_sim_update_length(world.sim, BATON_SIM_WATCH, 251);
	baton_sim_update_phy(world.sim, BATON_SIM_WATCH, BATON_PHY_CODED_S8);
	baton_sim_run_until(world.sim, 5 * SECOND);
	assert_int_equal(find(LENGTH_REQ)->from, BATON_SIM_WATCH);
	assert_int_equal(find(LENGTH_RSP)->from, BATON_SIM_PHONE);
	assert_int_equal(find(PHY_REQ)->from, BATON_SIM_WATCH);
	/* It holds for both, as long as it fits S8 twice in 30 ms. */
	for (i = 0; i < packet_count; i++)
		if (packets[i].event > 20 &&
		    packets[i].len > longest[packets[i].from])
			longest[packets[i].from] = packets[i].len;
	assert_in_range(longest[BATON_SIM_WATCH], 200, 230);
	assert_in_range(longest[BATON_SIM_PHONE], 200, 230);
	assert_int_equal(world.phone.rx_gaps + world.watch.rx_gaps, 0);
}

/* Whatever is lost: procedures come to an end, or the link does. */
static void procedures_survive_errors(void **state)
{
	uint64_t seed, linked = 0;

	for (seed = 1; seed <= 50; seed++) {
		setup(state);
		world.cfg.seed = seed;
		world.cfg.procedures = true;
		world.cfg.start_interval_us = 50000;
		world.cfg.interval_us = 7500;
		world.cfg.errors[0].good_per_ppm = 200000;
		world.cfg.errors[1].good_per_ppm = 200000;
		world.watch.limit = world.phone.limit = UINT64_MAX;
		open_world();
		baton_sim_run_until(world.sim, 3 * SECOND);
		packet_count = 0;
		baton_sim_run_until(world.sim, 4 * SECOND);
		linked += baton_sim_connected(world.sim);
		assert_int_equal(world.phone.rx_gaps + world.watch.rx_gaps, 0);
		/* It all holds: an event each 7.5 ms. */
		if (baton_sim_connected(world.sim))
			assert_int_equal(
				anchor((uint16_t)(packets[20].event + 1))
						->at_us -
					anchor(packets[20].event)->at_us,
				7500);
		teardown(state);
	}
	assert_int_equal(linked, 50);
	open_world();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_set_up_is_done_on_the_air),
		T(nothing_costs_where_it_is_not_asked_for),
		T(data_pauses_while_encryption_starts),
		T(packets_grow_with_the_data_length),
		T(the_interval_changes_at_the_instant),
		T(an_update_that_is_not_heard_loses_the_link),
		T(both_sides_may_ask),
		T(procedures_survive_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
