/* SPDX-License-Identifier: MIT */
#include "pair.h"

/* Where a figure is worked out by hand, the comment shows how. */

static void an_event_takes_what_fits_before_the_next_anchor(void **state)
{
	static const struct {
		uint32_t interval_us;
		enum baton_phy phy;
		bool encrypted;
		uint16_t value;
		uint32_t pdus;
	} cells[] = {
		/* 4 (11 + 251 + 4) + 44 + 300 = 1408; 30000 / 1408 = 21.3 */
		{30000, BATON_PHY_2M, true, 244, 21},
		/* 8 (10 + 251) + 80 + 300 = 2468; 7500 / 2468 = 3.04 */
		{7500, BATON_PHY_1M, false, 244, 3},
		/* 8 (10 + 130) + 380 = 1500: five fill 7500 to the last us */
		{7500, BATON_PHY_1M, false, 123, 5},
		/* 8 (10 + 131) + 380 = 1508: five no longer fit */
		{7500, BATON_PHY_1M, false, 124, 4},
		/* 376 + 2 (43 + 8 x 251) + 462 + 300 = 5240; 15000 / 5240 */
		{15000, BATON_PHY_CODED_S2, false, 244, 2},
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		struct pair p;

		pair_init(&p);
		p.cfg.interval_us = cells[i].interval_us;
		p.cfg.phy = cells[i].phy;
		p.cfg.encrypted = cells[i].encrypted;
		p.watch.value_len = cells[i].value;
		p.watch.limit = UINT64_MAX;
		pair_open(&p);
		baton_sim_run_until(p.sim, 5 * cells[i].interval_us);
		for (j = 0; j < 5; j++)
			assert_int_equal(pair_packets(&p, BATON_SIM_WATCH,
						      (uint16_t)j, false),
					 cells[i].pdus);
		pair_close(&p);
	}
}

static void an_event_ends_t_ifs_before_the_next_anchor(void **state)
{
	struct pair *p = *state;
	size_t i;

	p->watch.limit = UINT64_MAX;
	p->phone.limit = UINT64_MAX;
	p->phone.value_len = 100;
	pair_open(p);
	baton_sim_run_until(p->sim, 3 * SECOND);
	for (i = 0; i < p->log_len; i++) {
		const struct baton_sim_trace *rec = &p->log[i];

		if (rec->what != BATON_SIM_LL)
			continue;
		assert_true(rec->at_us >= 30000 * (uint64_t)rec->event);
		assert_true(rec->at_us + rec->air_us + 150 <=
			    30000 * (uint64_t)(rec->event + 1));
	}
}

static void packets_follow_each_other_by_t_ifs(void **state)
{
	/* C empty, P 244 B in 1064 us, C empty, P the second: 2M encrypted */
	static const uint64_t starts[] = {0, 194, 1408, 1602};
	struct pair *p = *state;
	size_t i;

	p->watch.limit = UINT64_MAX;
	pair_open(p);
	baton_sim_run_until(p->sim, 5 * MS);
	for (i = 0; i < 4; i++) {
		const struct baton_sim_trace *rec;

		rec = pair_find(p, BATON_SIM_LL,
				i % 2 ? BATON_SIM_WATCH : BATON_SIM_PHONE,
				i / 2);
		assert_non_null(rec);
		assert_int_equal(rec->at_us, starts[i]);
		assert_int_equal(rec->air_us, i % 2 ? 1064 : 44);
	}
}

static void an_idle_event_is_one_exchange(void **state)
{
	struct pair *p = *state;

	pair_open(p);
	baton_sim_run_until(p->sim, 20 * MS);
	assert_int_equal(pair_packets(p, BATON_SIM_WATCH, 0, true), 1);
	assert_int_equal(pair_packets(p, BATON_SIM_PHONE, 0, true), 1);
}

static void a_limit_of_pdus_per_event_is_kept(void **state)
{
	struct pair *p = *state;
	uint16_t i;

	p->cfg.event_pdus = 6;
	p->watch.limit = UINT64_MAX;
	pair_open(p);
	baton_sim_run_until(p->sim, 299 * MS);
	for (i = 0; i < 10; i++)
		assert_int_equal(pair_packets(p, BATON_SIM_WATCH, i, false), 6);
}

static void data_length_27_splits_a_value(void **state)
{
	struct pair *p = *state;

	p->cfg.ll_len = 27;
	p->watch.limit = 1;
	pair_open(p);
	baton_sim_run_until(p->sim, 25 * MS);
	/* 244 + 7 = 251 = 9 x 27 + 8 */
	assert_int_equal(pair_packets(p, BATON_SIM_WATCH, 0, false), 10);
	assert_int_equal(
		pair_find(p, BATON_SIM_LL, BATON_SIM_WATCH, 0)->header & 3, 2);
	assert_int_equal(
		pair_find(p, BATON_SIM_LL, BATON_SIM_WATCH, 9)->header & 3, 1);
	assert_int_equal(pair_find(p, BATON_SIM_LL, BATON_SIM_WATCH, 9)->len,
			 8);
	assert_int_equal(p->phone.rx_bytes, 244);
}

static void an_idle_watch_sleeps_through_latency_events(void **state)
{
	struct baton_sim_stats stats;
	struct pair *p = *state;

	p->cfg.interval_us = 20000;
	p->cfg.latency = 4;
	pair_open(p);
	baton_sim_run_until(p->sim, 10 * SECOND + 1);
	/* Anchors 0..500; the watch takes 0, 5, 10, ... 500. */
	baton_sim_get_stats(p->sim, BATON_SIM_WATCH, &stats);
	assert_int_equal(stats.events, 101);
	assert_int_equal(stats.events_skipped, 400);
	baton_sim_get_stats(p->sim, BATON_SIM_PHONE, &stats);
	assert_int_equal(stats.events, 501);
	assert_int_equal(p->watch.downs + p->phone.downs, 0);
}

static void say_one(void *user)
{
	((struct baton_sim_source *)user)->limit++;
}

static void latency_delays_the_phone_but_not_the_watch(void **state)
{
	struct pair *p = *state;

	p->cfg.interval_us = 20000;
	p->cfg.latency = 4;
	pair_open(p);
	baton_sim_run_until(p->sim, 5 * MS);
	say_one(&p->phone);
	baton_sim_kick(p->sim, BATON_SIM_PHONE);
	baton_sim_run_until(p->sim, 105 * MS);
	/* Event 5, at 100 ms: 1064 us on the air, 1 ms in the host. */
	assert_int_equal(p->watch.rx_last_us, 102064);
	say_one(&p->watch);
	baton_sim_kick(p->sim, BATON_SIM_WATCH);
	baton_sim_run_until(p->sim, 150 * MS);
	/* Event 6, at 120 ms: 44 + 150 + 1064, 1 ms in the host. */
	assert_int_equal(p->phone.rx_last_us, 122258);
}

/* Nor does what its controller has to say wait. */
static void a_watch_with_latency_ends_the_link_in_the_next_event(void **state)
{
	const struct baton_sim_trace *rec;
	struct pair *p = *state;

	p->cfg.interval_us = 20000;
	p->cfg.latency = 4;
	p->cfg.reconnect = false;
	pair_open(p);
	baton_sim_run_until(p->sim, 25 * MS);
	baton_sim_disconnect(p->sim, BATON_SIM_WATCH, BATON_HCI_REMOTE_USER);
	baton_sim_run_until(p->sim, 200 * MS);
	/* Said at 40 ms; the phone's next packet, at 60 ms, is the answer. */
	rec = pair_find(p, BATON_SIM_DOWN, BATON_SIM_PHONE, 0);
	assert_non_null(rec);
	assert_in_range(rec->at_us, 60000, 60100);
}

static void supervision_ends_the_link_after_the_last_valid_packet(void **state)
{
	const struct baton_sim_trace *rec;
	struct pair *p = *state;

	p->cfg.timeout_us = 1000000;
	p->cfg.reconnect = false;
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * MS);
	baton_sim_blackout(p->sim, 60 * SECOND);
	baton_sim_run_until(p->sim, 3 * SECOND);
	/* The last event was at 90 ms: C ends at +44, P at +44 +150 +44. */
	rec = pair_find(p, BATON_SIM_DOWN, BATON_SIM_WATCH, 0);
	assert_non_null(rec);
	assert_int_equal(rec->at_us, 1090044);
	assert_int_equal(rec->reason, BATON_HCI_SUPERVISION_TIMEOUT);
	rec = pair_find(p, BATON_SIM_DOWN, BATON_SIM_PHONE, 0);
	assert_non_null(rec);
	assert_int_equal(rec->at_us, 1090238);
	assert_int_equal(rec->reason, BATON_HCI_SUPERVISION_TIMEOUT);
	assert_int_equal(p->watch.reason, BATON_HCI_SUPERVISION_TIMEOUT);
	assert_false(baton_sim_connected(p->sim));
}

static void a_blackout_shorter_than_the_timeout_is_survived(void **state)
{
	struct pair *p = *state;

	p->cfg.timeout_us = 1000000;
	p->watch.limit = UINT64_MAX;
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * MS);
	baton_sim_blackout(p->sim, 950 * MS);
	baton_sim_run_until(p->sim, 3 * SECOND);
	assert_int_equal(p->watch.downs + p->phone.downs, 0);
	assert_int_equal(p->phone.rx_gaps + p->phone.rx_again, 0);
}

static void a_link_that_never_began_fails_after_six_events(void **state)
{
	const struct baton_sim_trace *rec;
	struct pair *p = *state;

	p->cfg.reconnect = false;
	pair_open(p);
	baton_sim_blackout(p->sim, 60 * SECOND);
	baton_sim_run_until(p->sim, 3 * SECOND);
	rec = pair_find(p, BATON_SIM_DOWN, BATON_SIM_PHONE, 0);
	assert_int_equal(rec->at_us, 6 * 30000);
	assert_int_equal(rec->reason, BATON_HCI_FAILED_TO_ESTABLISH);
}

static void set_errors(struct pair *p, enum baton_sim_side from, uint32_t per,
		       uint32_t missed)
{
	const struct baton_sim_errors errors = {
		.good_per_ppm = per,
		.bad_per_ppm = per,
		.missed_ppm = missed,
	};

	p->cfg.errors[from] = errors;
	if (p->sim)
		baton_sim_set_errors(p->sim, from, &errors);
}

/* SN of the n-th packet of the watch. */
static int sn(const struct pair *p, size_t n)
{
	return pair_find(p, BATON_SIM_LL, BATON_SIM_WATCH, n)->header >> 3 & 1;
}

static void two_broken_packets_close_the_event_and_are_sent_again(void **state)
{
	struct baton_sim_stats stats;
	struct pair *p = *state;

	p->watch.limit = 2;
	set_errors(p, BATON_SIM_WATCH, 1000000, 0);
	pair_open(p);
	baton_sim_run_until(p->sim, 15 * MS);
	/* C, P broken, C again, P broken again: closed by the central. */
	assert_int_equal(pair_packets(p, BATON_SIM_PHONE, 0, true), 2);
	assert_int_equal(pair_packets(p, BATON_SIM_WATCH, 0, true), 2);
	set_errors(p, BATON_SIM_WATCH, 0, 0);
	baton_sim_run_until(p->sim, 45 * MS);
	assert_int_equal(pair_packets(p, BATON_SIM_WATCH, 1, false), 2);
	/* The same packet three times, then the next. */
	assert_int_equal(sn(p, 0), sn(p, 1));
	assert_int_equal(sn(p, 0), sn(p, 2));
	assert_int_not_equal(sn(p, 0), sn(p, 3));
	baton_sim_get_stats(p->sim, BATON_SIM_WATCH, &stats);
	assert_int_equal(stats.ll_tx_data, 4);
	assert_int_equal(stats.ll_tx_again, 2);
	baton_sim_get_stats(p->sim, BATON_SIM_PHONE, &stats);
	assert_int_equal(stats.ll_rx_crc, 2);
	assert_int_equal(p->phone.rx_pdus, 2);
	assert_int_equal(p->phone.rx_gaps + p->phone.rx_again, 0);
}

static void a_watch_falls_silent_after_two_broken_packets(void **state)
{
	struct pair *p = *state;

	p->watch.limit = 4;
	set_errors(p, BATON_SIM_PHONE, 1000000, 0);
	pair_open(p);
	baton_sim_run_until(p->sim, 15 * MS);
	/* C broken, P answers, C broken, no answer. */
	assert_int_equal(pair_packets(p, BATON_SIM_PHONE, 0, true), 2);
	assert_int_equal(pair_packets(p, BATON_SIM_WATCH, 0, true), 1);
}

static void a_missed_packet_closes_the_event(void **state)
{
	struct pair *p = *state;

	p->watch.limit = 4;
	set_errors(p, BATON_SIM_WATCH, 1000000, 1000000);
	pair_open(p);
	baton_sim_run_until(p->sim, 15 * MS);
	assert_int_equal(pair_packets(p, BATON_SIM_PHONE, 0, true), 1);
	assert_int_equal(pair_packets(p, BATON_SIM_WATCH, 0, true), 1);
}

static void a_watch_with_no_more_to_send_stops_listening(void **state)
{
	struct pair *p = *state;

	p->watch.limit = 1;
	set_errors(p, BATON_SIM_WATCH, 1000000, 0);
	pair_open(p);
	baton_sim_run_until(p->sim, 15 * MS);
	/* C, P broken, and C again, which could not read that MD was 0. */
	assert_int_equal(pair_packets(p, BATON_SIM_PHONE, 0, true), 2);
	assert_int_equal(pair_packets(p, BATON_SIM_WATCH, 0, true), 1);
	assert_int_equal(pair_find(p, BATON_SIM_LL, BATON_SIM_PHONE, 1)->air,
			 BATON_SIM_AIR_MISSED);
}

static void a_lost_acknowledgement_does_not_double_a_packet(void **state)
{
	struct pair *p = *state;

	p->watch.limit = 2;
	pair_open(p);
	/* The second packet of the central acknowledges: break it. */
	baton_sim_run_until(p->sim, 1300);
	set_errors(p, BATON_SIM_PHONE, 1000000, 0);
	baton_sim_run_until(p->sim, 1500);
	set_errors(p, BATON_SIM_PHONE, 0, 0);
	baton_sim_run_until(p->sim, 100 * MS);
	assert_int_equal(sn(p, 0), sn(p, 1));
	assert_int_not_equal(sn(p, 1), sn(p, 2));
	assert_int_equal(p->phone.rx_pdus, 2);
	assert_int_equal(p->phone.rx_again + p->phone.rx_gaps, 0);
}

static void values_survive_errors_in_bursts_in_order(void **state)
{
	struct baton_sim_stats stats;
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		struct pair p;
		int i;

		pair_init(&p);
		p.cfg.seed = seed;
		p.cfg.mtu = 517;
		p.cfg.phy = seed % 2 ? BATON_PHY_1M : BATON_PHY_2M;
		p.cfg.latency = (uint16_t)(seed % 3);
		p.watch.value_len = 509;
		p.watch.limit = 200;
		p.phone.limit = 200;
		for (i = 0; i < 2; i++) {
			p.cfg.errors[i].good_per_ppm = 20000;
			p.cfg.errors[i].bad_per_ppm = 500000;
			p.cfg.errors[i].to_bad_ppm = 20000;
			p.cfg.errors[i].to_good_ppm = 100000;
			p.cfg.errors[i].missed_ppm = 200000;
		}
		pair_open(&p);
		baton_sim_run_until(p.sim, 60 * SECOND);
		assert_int_equal(p.phone.rx_pdus, 200);
		assert_int_equal(p.watch.rx_pdus, 200);
		assert_int_equal(p.phone.rx_bytes, 200 * 509);
		assert_int_equal(p.phone.rx_gaps + p.phone.rx_again, 0);
		assert_int_equal(p.watch.rx_gaps + p.watch.rx_again, 0);
		baton_sim_get_stats(p.sim, BATON_SIM_WATCH, &stats);
		assert_true(stats.ll_tx_again > 0);
		pair_close(&p);
	}
}

static void an_error_rate_is_what_it_says(void **state)
{
	struct baton_sim_stats stats;
	struct pair *p = *state;

	p->watch.limit = UINT64_MAX;
	set_errors(p, BATON_SIM_WATCH, 100000, 0);
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * SECOND);
	baton_sim_get_stats(p->sim, BATON_SIM_PHONE, &stats);
	/* 10 % of some 70000 packets: within 3 % of it. */
	baton_sim_get_stats(p->sim, BATON_SIM_WATCH, &stats);
	assert_true(stats.ll_tx_data > 60000);
	assert_in_range(stats.ll_tx_again * 1000 / stats.ll_tx_data, 97, 103);
}

static void bursts_are_as_frequent_as_their_states(void **state)
{
	struct baton_sim_stats stats;
	struct pair *p = *state;
	uint64_t sent;

	p->watch.limit = UINT64_MAX;
	p->cfg.errors[BATON_SIM_WATCH].bad_per_ppm = 1000000;
	p->cfg.errors[BATON_SIM_WATCH].to_bad_ppm = 10000;
	p->cfg.errors[BATON_SIM_WATCH].to_good_ppm = 100000;
	pair_open(p);
	baton_sim_run_until(p->sim, 200 * SECOND);
	baton_sim_get_stats(p->sim, BATON_SIM_WATCH, &stats);
	sent = stats.ll_tx_data + stats.ll_tx_empty;
	baton_sim_get_stats(p->sim, BATON_SIM_PHONE, &stats);
	/* 1 / (1 + 10) of the time in the bad state: 9.1 % */
	assert_in_range(stats.ll_rx_crc * 1000 / sent, 85, 97);
}

static void a_disconnect_tells_both_sides_why(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.cfg.reconnect = false;
	pair_open(&p);
	baton_sim_run_until(p.sim, 100 * MS);
	baton_sim_disconnect(p.sim, BATON_SIM_PHONE,
			     BATON_HCI_REMOTE_POWER_OFF);
	baton_sim_run_until(p.sim, 200 * MS);
	assert_int_equal(p.phone.reason, BATON_HCI_LOCAL_HOST);
	assert_int_equal(p.watch.reason, BATON_HCI_REMOTE_POWER_OFF);
	pair_close(&p);

	pair_init(&p);
	p.cfg.reconnect = false;
	p.watch.limit = UINT64_MAX;
	pair_open(&p);
	baton_sim_run_until(p.sim, 100 * MS);
	baton_sim_disconnect(p.sim, BATON_SIM_WATCH, BATON_HCI_REMOTE_USER);
	baton_sim_run_until(p.sim, 200 * MS);
	assert_int_equal(p.watch.reason, BATON_HCI_LOCAL_HOST);
	assert_int_equal(p.phone.reason, BATON_HCI_REMOTE_USER);
	assert_int_equal(p.watch.downs, 1);
	assert_int_equal(p.phone.downs, 1);
	pair_close(&p);
}

static void a_mic_failure_is_learnt_by_timeout_at_the_peer(void **state)
{
	struct pair *p = *state;

	p->cfg.reconnect = false;
	p->cfg.timeout_us = 1000000;
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * MS);
	baton_sim_disconnect(p->sim, BATON_SIM_WATCH, BATON_HCI_MIC_FAILURE);
	baton_sim_run_until(p->sim, 200 * MS);
	assert_int_equal(p->watch.reason, BATON_HCI_MIC_FAILURE);
	assert_int_equal(p->phone.downs, 0);
	baton_sim_run_until(p->sim, 2 * SECOND);
	assert_int_equal(p->phone.reason, BATON_HCI_SUPERVISION_TIMEOUT);
}

static void a_clock_beyond_what_it_declares_loses_the_anchor(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	p.cfg.interval_us = 1000000;
	p.cfg.timeout_us = 4000000;
	p.cfg.reconnect = false;
	p.cfg.node[BATON_SIM_WATCH].clock_ppm = 100;
	pair_open(&p);
	baton_sim_run_until(p.sim, 20 * SECOND);
	/* 100 us a second, window 100 ppm of it and 32 us: it holds. */
	assert_int_equal(p.watch.downs, 0);
	pair_close(&p);

	p.cfg.node[BATON_SIM_WATCH].clock_ppm = 140;
	p.log_len = 0;
	p.watch.ups = 0;
	pair_open(&p);
	baton_sim_run_until(p.sim, 20 * SECOND);
	assert_int_equal(p.watch.reason, BATON_HCI_SUPERVISION_TIMEOUT);
	pair_close(&p);
}

static void charge_per_byte_is_that_of_the_data_sheet(void **state)
{
	struct baton_sim_stats stats;
	struct pair p;

	(void)state;
	/* 2M encrypted: (1064 x 4.8 + 344 x 5.2) / 244 = 28.26 nC a byte */
	pair_init(&p);
	p.cfg.interval_us = 4000000;
	p.watch.limit = UINT64_MAX;
	pair_open(&p);
	baton_sim_run_until(p.sim, 40 * SECOND);
	baton_sim_get_stats(p.sim, BATON_SIM_WATCH, &stats);
	assert_in_range(stats.charge_pc / stats.host_tx_bytes, 28200, 28300);
	pair_close(&p);

	/* 1M encrypted: (2120 x 4.8 + 380 x 4.6) / 244 = 48.87 nC a byte */
	p.cfg.phy = BATON_PHY_1M;
	p.log_len = 0;
	pair_open(&p);
	baton_sim_run_until(p.sim, 40 * SECOND);
	baton_sim_get_stats(p.sim, BATON_SIM_WATCH, &stats);
	assert_in_range(stats.charge_pc / stats.host_tx_bytes, 48800, 48900);
	pair_close(&p);
}

static void charge_is_time_in_each_state_times_its_current(void **state)
{
	struct baton_sim_stats stats;
	struct pair *p = *state;

	pair_open(p);
	baton_sim_run_until(p->sim, 30 * SECOND - 1);
	/* 1000 events; 2M: 44 us sent and 44 received, one T_IFS. */
	baton_sim_get_stats(p->sim, BATON_SIM_PHONE, &stats);
	assert_int_equal(stats.tx_us, 1000 * 44);
	assert_int_equal(stats.rx_us, 1000 * (150 + 44));
	assert_int_equal(stats.charge_pc,
			 (44000 * UINT64_C(4800000) +
			  194000 * UINT64_C(5200000) +
			  (29999999 - 238000) * UINT64_C(3160)) /
				 1000);
	/* The watch opens 32 us early, and 100 ppm of 30 ms is 3 us more. */
	baton_sim_get_stats(p->sim, BATON_SIM_WATCH, &stats);
	assert_int_equal(stats.tx_us, 1000 * 44);
	assert_int_equal(stats.rx_us, 1000 * (150 + 44 + 32) + 999 * 3);
}

/* Who hears nothing listens for T_IFS, and 40 us of it on 1M. */
static void listening_in_vain_has_its_charge(void **state)
{
	struct baton_sim_stats before, after;
	struct pair p;
	int off;

	(void)state;
	for (off = 0; off < 2; off++) {
		pair_init(&p);
		p.cfg.phy = BATON_PHY_1M;
		pair_open(&p);
		baton_sim_run_until(p.sim, 15 * MS);
		baton_sim_get_stats(p.sim, BATON_SIM_PHONE, &before);
		if (off)
			baton_sim_power(p.sim, BATON_SIM_WATCH, false);
		else
			set_errors(&p, BATON_SIM_WATCH, 1000000, 1000000);
		baton_sim_run_until(p.sim, 315 * MS);
		baton_sim_get_stats(p.sim, BATON_SIM_PHONE, &after);
		assert_int_equal(after.events - before.events, 10);
		assert_int_equal(after.ll_rx_missed - before.ll_rx_missed, 10);
		assert_int_equal(after.rx_us - before.rx_us, 10 * (150 + 40));
		pair_close(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_event_takes_what_fits_before_the_next_anchor),
		PAIR_TEST(an_event_ends_t_ifs_before_the_next_anchor),
		PAIR_TEST(packets_follow_each_other_by_t_ifs),
		PAIR_TEST(an_idle_event_is_one_exchange),
		PAIR_TEST(a_limit_of_pdus_per_event_is_kept),
		PAIR_TEST(data_length_27_splits_a_value),
		PAIR_TEST(an_idle_watch_sleeps_through_latency_events),
		PAIR_TEST(latency_delays_the_phone_but_not_the_watch),
		PAIR_TEST(a_watch_with_latency_ends_the_link_in_the_next_event),
		PAIR_TEST(
			supervision_ends_the_link_after_the_last_valid_packet),
		PAIR_TEST(a_blackout_shorter_than_the_timeout_is_survived),
		PAIR_TEST(a_link_that_never_began_fails_after_six_events),
		PAIR_TEST(
			two_broken_packets_close_the_event_and_are_sent_again),
		PAIR_TEST(a_watch_falls_silent_after_two_broken_packets),
		PAIR_TEST(a_missed_packet_closes_the_event),
		PAIR_TEST(a_watch_with_no_more_to_send_stops_listening),
		PAIR_TEST(a_lost_acknowledgement_does_not_double_a_packet),
		cmocka_unit_test(values_survive_errors_in_bursts_in_order),
		PAIR_TEST(an_error_rate_is_what_it_says),
		PAIR_TEST(bursts_are_as_frequent_as_their_states),
		cmocka_unit_test(a_disconnect_tells_both_sides_why),
		PAIR_TEST(a_mic_failure_is_learnt_by_timeout_at_the_peer),
		cmocka_unit_test(
			a_clock_beyond_what_it_declares_loses_the_anchor),
		PAIR_TEST(charge_is_time_in_each_state_times_its_current),
		cmocka_unit_test(charge_per_byte_is_that_of_the_data_sheet),
		cmocka_unit_test(listening_in_vain_has_its_charge),
	};

	return cmocka_run_group_tests_name("ll", tests, NULL, NULL);
}
