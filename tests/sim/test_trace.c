/* SPDX-License-Identifier: MIT */
#include "pair.h"

/*
 * A world in which everything happens: adverts, discovery, errors in
 * bursts, host faults, an MTU change, a disconnect, drifting clocks. Its
 * trace, LL packets included, must be the same on every machine. When the
 * model changes on purpose, the value here is changed with it.
 */
#define GOLDEN UINT64_C(0x24dc64ac7efdb897)

static void meddle(void *user)
{
	baton_sim_exchange_mtu(user, 185);
}

static void part(void *user)
{
	baton_sim_disconnect(user, BATON_SIM_WATCH, BATON_HCI_REMOTE_USER);
}

static uint64_t run(uint64_t seed, enum baton_sim_bearer bearer)
{
	struct pair p;
	int i;

	pair_init(&p);
	p.cfg.seed = seed;
	p.cfg.bearer = bearer;
	p.cfg.start = BATON_SIM_START_ADVERTISING;
	p.cfg.gatt = BATON_SIM_GATT_DISCOVER;
	p.cfg.latency = 2;
	p.cfg.mtu = 517;
	p.cfg.coc_sdu = 2000;
	p.cfg.coc_credits = 20;
	p.watch.value_len = 509;
	p.watch.limit = 3000;
	p.phone.value_len = 61;
	p.phone.limit = 1000;
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		p.cfg.errors[i].good_per_ppm = 10000;
		p.cfg.errors[i].bad_per_ppm = 300000;
		p.cfg.errors[i].to_bad_ppm = 10000;
		p.cfg.errors[i].to_good_ppm = 50000;
		p.cfg.errors[i].missed_ppm = 250000;
		p.cfg.node[i].up_drop_ppm = 20000;
		p.cfg.node[i].up_dup_ppm = 20000;
		p.cfg.node[i].up_late_ppm = 20000;
		p.cfg.node[i].up_jitter_us = 3000;
		p.cfg.node[i].down_drop_ppm = 10000;
		p.cfg.node[i].clock_ppm = i ? -20 : 30;
	}
	pair_open(&p);
	baton_sim_at(p.sim, 3 * SECOND, meddle, p.sim);
	baton_sim_at(p.sim, 6 * SECOND, part, p.sim);
	baton_sim_run_until(p.sim, 20 * SECOND);
	assert_true(p.watch.rx_pdus > 500);
	assert_true(p.phone.rx_pdus > 500);
	assert_int_equal(p.watch.ups, 2);
	pair_close(&p);
	return p.hash;
}

static void the_same_seed_gives_the_same_trace(void **state)
{
	(void)state;
	assert_true(run(1, BATON_SIM_GATT) == run(1, BATON_SIM_GATT));
	assert_true(run(9, BATON_SIM_COC) == run(9, BATON_SIM_COC));
}

static void another_seed_gives_another_trace(void **state)
{
	(void)state;
	assert_true(run(1, BATON_SIM_GATT) != run(2, BATON_SIM_GATT));
}

static void the_trace_is_the_one_of_every_machine(void **state)
{
	uint64_t hash = run(2026, BATON_SIM_GATT) ^ run(2026, BATON_SIM_COC);

	(void)state;
	if (hash != GOLDEN)
		fail_msg("the trace hash is 0x%08x%08x",
			 (unsigned int)(hash >> 32), (unsigned int)hash);
}

static void a_run_in_pieces_is_the_same_run(void **state)
{
	struct pair whole, pieces;
	uint64_t t;

	(void)state;
	pair_init(&whole);
	whole.watch.limit = 500;
	pair_open(&whole);
	baton_sim_run_until(whole.sim, 3 * SECOND);
	pair_close(&whole);

	pair_init(&pieces);
	pieces.watch.limit = 500;
	pair_open(&pieces);
	for (t = 0; t <= 3 * SECOND; t += 777)
		baton_sim_run_until(pieces.sim, t);
	baton_sim_run_until(pieces.sim, 3 * SECOND);
	pair_close(&pieces);
	assert_true(whole.hash == pieces.hash);
}

/* A fault that strikes one purpose leaves the others' draws alone. */
static void host_faults_do_not_move_radio_errors(void **state)
{
	struct pair a, b;
	size_t i, j;

	(void)state;
	pair_init(&a);
	a.watch.limit = 200;
	a.cfg.errors[BATON_SIM_WATCH].good_per_ppm = 100000;
	b = a;
	b.cfg.node[BATON_SIM_PHONE].up_drop_ppm = 500000;
	pair_open(&a);
	pair_open(&b);
	baton_sim_run_until(a.sim, 2 * SECOND);
	baton_sim_run_until(b.sim, 2 * SECOND);
	assert_true(b.phone.rx_pdus < a.phone.rx_pdus);
	for (i = j = 0; i < a.log_len && j < b.log_len; i++, j++) {
		while (i < a.log_len && a.log[i].what != BATON_SIM_LL)
			i++;
		while (j < b.log_len && b.log[j].what != BATON_SIM_LL)
			j++;
		if (i == a.log_len || j == b.log_len)
			break;
		assert_int_equal(a.log[i].at_us, b.log[j].at_us);
		assert_int_equal(a.log[i].air, b.log[j].air);
	}
	pair_close(&a);
	pair_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_trace),
		cmocka_unit_test(another_seed_gives_another_trace),
		cmocka_unit_test(the_trace_is_the_one_of_every_machine),
		cmocka_unit_test(a_run_in_pieces_is_the_same_run),
		cmocka_unit_test(host_faults_do_not_move_radio_errors),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
