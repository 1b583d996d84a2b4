/* SPDX-License-Identifier: MIT */
#include "pair.h"

/*
 * Worlds made at random, and things done to them at random, for a minute;
 * then a quiet one. Sanitizers and the simulator's own checks watch; the
 * devices must find each other again and talk.
 */
#define WORLDS 200
#define TROUBLE_US (60 * SECOND)

static struct baton_prng dice;

static uint32_t roll(uint32_t n)
{
	return baton_prng_below(&dice, n);
}

static enum baton_sim_side any_side(void)
{
	return roll(2) ? BATON_SIM_WATCH : BATON_SIM_PHONE;
}

static void make_node(struct baton_sim_node_config *node)
{
	node->host = (enum baton_sim_host_kind)roll(3);
	node->turnaround_us = roll(3) * 1000;
	node->pull_us = roll(2) * roll(5000);
	node->hold = (uint16_t)(1 + roll(16));
	node->up_drop_ppm = roll(2) * roll(300000);
	node->up_dup_ppm = roll(2) * roll(50000);
	node->up_late_ppm = roll(2) * roll(50000);
	node->up_jitter_us = roll(2) * roll(50000);
	node->up_queue = roll(3) ? 0 : 1 + roll(200);
	node->down_drop_ppm = roll(2) * roll(300000);
	node->cut_len = (uint16_t)(roll(4) ? 0 : 1 + roll(100));
	node->clock_ppm = (int32_t)roll(100) - 50;
}

static void make_errors(struct baton_sim_errors *e)
{
	e->good_per_ppm = roll(100000);
	e->bad_per_ppm = roll(1000000);
	e->to_bad_ppm = roll(20000);
	e->to_good_ppm = 50000 + roll(500000);
	e->missed_ppm = roll(1000001);
}

static void make(struct pair *p, uint64_t seed)
{
	static const uint32_t intervals[] = {7500, 15000, 30000, 100000};
	struct baton_sim_config *cfg = &p->cfg;
	int i;

	baton_prng_init(&dice, seed, 1000);
	pair_init(p);
	cfg->seed = seed;
	cfg->bearer = roll(4) ? BATON_SIM_GATT : BATON_SIM_COC;
	cfg->start = roll(2) ? BATON_SIM_START_ADVERTISING
			     : BATON_SIM_START_CONNECTED;
	cfg->gatt = roll(2) ? BATON_SIM_GATT_CACHED : BATON_SIM_GATT_DISCOVER;
	cfg->phy = (enum baton_phy)roll(4);
	cfg->encrypted = roll(2);
	cfg->ll_len = (uint16_t)(27 + roll(225));
	cfg->mtu = (uint16_t)(23 + roll(495));
	cfg->coc_sdu = (uint16_t)(23 + roll(5000));
	cfg->coc_mps = (uint16_t)(23 + roll(500));
	cfg->coc_credits = (uint16_t)(250 + roll(500));
	cfg->interval_us = intervals[roll(4)];
	cfg->latency = (uint16_t)roll(5);
	cfg->event_pdus = (uint16_t)roll(7);
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		make_node(&cfg->node[i]);
		make_errors(&cfg->errors[i]);
	}
	p->watch.value_len = 1 + roll(600);
	p->phone.value_len = 1 + roll(600);
	p->watch.limit = p->phone.limit = UINT64_MAX;
}

static void meddle(struct pair *p)
{
	static const uint8_t reasons[] = {0x08, 0x13, 0x15, 0x22, 0x3d};
	struct baton_sim_node_config node = p->cfg.node[0];

	switch (roll(8)) {
	case 0:
		baton_sim_disconnect(p->sim, any_side(), reasons[roll(5)]);
		break;
	case 1:
		baton_sim_blackout(p->sim, roll(8000000));
		break;
	case 2:
		baton_sim_stall(p->sim, any_side(), roll(8000000));
		break;
	case 3:
		baton_sim_power(p->sim, any_side(), false);
		break;
	case 4:
		baton_sim_power(p->sim, any_side(), true);
		break;
	case 5:
		baton_sim_exchange_mtu(p->sim, (uint16_t)(23 + roll(495)));
		break;
	case 6:
		baton_sim_set_node(p->sim, any_side(), &node);
		break;
	case 7:
		baton_sim_kick(p->sim, any_side());
		break;
	}
}

static void any_world_comes_to_itself(void **state)
{
	const struct baton_sim_errors calm = {0};
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= WORLDS; seed++) {
		struct baton_sim_node_config node;
		struct baton_sim_config defaults;
		uint64_t watch, phone;
		struct pair p;

		make(&p, seed);
		pair_open(&p);
		baton_sim_set_trace(p.sim, NULL, NULL, false);
		while (baton_sim_now(p.sim) < TROUBLE_US) {
			baton_sim_run_until(p.sim, baton_sim_now(p.sim) +
							   roll(4000000));
			meddle(&p);
		}
		baton_sim_config_init(&defaults);
		node = defaults.node[0];
		baton_sim_set_node(p.sim, BATON_SIM_WATCH, &node);
		baton_sim_set_node(p.sim, BATON_SIM_PHONE, &node);
		baton_sim_set_errors(p.sim, BATON_SIM_WATCH, &calm);
		baton_sim_set_errors(p.sim, BATON_SIM_PHONE, &calm);
		baton_sim_power(p.sim, BATON_SIM_WATCH, true);
		baton_sim_power(p.sim, BATON_SIM_PHONE, true);
		baton_sim_run_until(p.sim, TROUBLE_US + 30 * SECOND);
		if (!baton_sim_connected(p.sim))
			fail_msg("seed %u: no link", (unsigned int)seed);
		watch = p.watch.rx_pdus;
		phone = p.phone.rx_pdus;
		baton_sim_run_until(p.sim, TROUBLE_US + 60 * SECOND);
		if (p.watch.rx_pdus <= watch || p.phone.rx_pdus <= phone)
			fail_msg("seed %u: no flow", (unsigned int)seed);
		pair_close(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_world_comes_to_itself),
	};

	return cmocka_run_group_tests_name("worlds", tests, NULL, NULL);
}
