/* SPDX-License-Identifier: MIT */
#include "pair.h"

static void a_quick_host_shows_a_pdu_1_ms_after_the_air(void **state)
{
	struct pair *p = *state;

	p->watch.limit = 1;
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * MS);
	/* 44 + 150 + 1064 + 1000 */
	assert_int_equal(p->phone.rx_last_us, 2258);
}

static void a_slow_host_shows_it_at_the_next_event(void **state)
{
	struct pair *p = *state;

	p->cfg.node[BATON_SIM_PHONE].host = BATON_SIM_HOST_SLOW;
	p->watch.limit = 10;
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * MS);
	assert_int_equal(p->phone.rx_first_us, 30000);
	assert_int_equal(p->phone.rx_last_us, 30000);
	assert_int_equal(p->phone.rx_pdus, 10);
}

/* A stack that answers every PDU with one. */
struct echo {
	uint32_t due;
	uint32_t ticks;
	uint64_t deadline;
	uint64_t ticked_us;
	uint64_t rx_us;
};

static void echo_rx(void *user, uint64_t now_us, const uint8_t *pdu, size_t len)
{
	struct echo *echo = user;

	(void)pdu;
	(void)len;
	echo->rx_us = now_us;
	echo->due++;
}

static size_t echo_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	struct echo *echo = user;

	(void)now_us;
	(void)cap;
	if (!echo->due)
		return 0;
	echo->due--;
	dst[0] = 0;
	return 1;
}

static uint64_t echo_deadline(void *user)
{
	return ((struct echo *)user)->deadline;
}

static void echo_tick(void *user, uint64_t now_us)
{
	struct echo *echo = user;

	echo->ticks++;
	echo->ticked_us = now_us;
	echo->deadline = BATON_SIM_NEVER;
}

static const struct baton_sim_stack_ops echo_ops = {
	.rx = echo_rx,
	.tx = echo_tx,
	.deadline = echo_deadline,
	.tick = echo_tick,
};

/* When the phone's first answer goes out while the watch sends on and on. */
static uint64_t answer_us(enum baton_sim_host_kind host)
{
	struct echo echo = {.deadline = BATON_SIM_NEVER};
	struct pair p;
	uint64_t at_us;
	size_t i;

	pair_init(&p);
	p.cfg.node[BATON_SIM_PHONE].host = host;
	p.watch.limit = UINT64_MAX;
	pair_open(&p);
	baton_sim_attach(p.sim, BATON_SIM_PHONE, &echo_ops, &echo);
	baton_sim_run_until(p.sim, 50 * MS);
	for (i = 0; i < p.log_len; i++) {
		if (p.log[i].what == BATON_SIM_LL && p.log[i].len &&
		    p.log[i].side == BATON_SIM_PHONE)
			break;
	}
	assert_true(i < p.log_len);
	at_us = p.log[i].at_us;
	pair_close(&p);
	return at_us;
}

static void a_quick_host_answers_in_the_same_event(void **state)
{
	(void)state;
	/* Visible at 2258; cycles of 1408 us begin at 1408 and 2816. */
	assert_int_equal(answer_us(BATON_SIM_HOST_QUICK), 2816);
}

static void a_slow_host_answers_in_the_next_event(void **state)
{
	(void)state;
	/* In the very first packet. */
	assert_int_equal(answer_us(BATON_SIM_HOST_SLOW), 30000);
}

static void a_controller_holds_two_pdus(void **state)
{
	struct pair *p = *state;

	p->watch.limit = UINT64_MAX;
	pair_open(p);
	baton_sim_blackout(p->sim, 100 * MS);
	baton_sim_run_until(p->sim, 90 * MS);
	assert_int_equal(p->watch.tx_pdus, 2);
}

static void the_mtu_exchange_comes_first_and_takes_air(void **state)
{
	const struct baton_sim_trace *rec;
	struct pair *p = *state;

	p->cfg.gatt = BATON_SIM_GATT_CACHED;
	p->cfg.mtu = 185;
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * MS);
	/* Request: 4 (11 + 7 + 4) = 88 us, then the host. */
	rec = pair_find(p, BATON_SIM_UP, BATON_SIM_WATCH, 0);
	assert_int_equal(rec->at_us, 1088);
	/* Answer in event 1: 30000 + 44 + 150 + 88, then the host. */
	rec = pair_find(p, BATON_SIM_UP, BATON_SIM_PHONE, 0);
	assert_int_equal(rec->at_us, 31282);
	assert_int_equal(p->watch.mtu, 185);
	assert_int_equal(p->phone.mtu, 185);
}

/* Packets with payload until both sides are up. */
static uint32_t discovery_packets(uint16_t mtu)
{
	struct pair p;
	uint32_t n = 0;
	uint16_t event;

	pair_init(&p);
	p.cfg.gatt = BATON_SIM_GATT_DISCOVER;
	p.cfg.mtu = mtu;
	pair_open(&p);
	baton_sim_run_until(p.sim, SECOND);
	assert_int_equal(p.watch.ups, 1);
	assert_int_equal(p.phone.ups, 1);
	for (event = 0; event < 34; event++) {
		n += pair_packets(&p, BATON_SIM_WATCH, event, false);
		n += pair_packets(&p, BATON_SIM_PHONE, event, false);
	}
	pair_close(&p);
	return n;
}

static void discovery_asks_what_the_mtu_makes_it_ask(void **state)
{
	(void)state;
	/* MTU, service, characteristics, end of them, CCCD, its write. */
	assert_int_equal(discovery_packets(247), 12);
	/* One characteristic in an answer: one more round. */
	assert_int_equal(discovery_packets(23), 14);
}

/* Bytes per PDU that the watch gives in the next 100 ms. */
static uint64_t value_len(struct pair *p)
{
	const uint64_t bytes = p->watch.tx_bytes;
	const uint64_t pdus = p->watch.tx_pdus;

	baton_sim_run_until(p->sim, baton_sim_now(p->sim) + 100 * MS);
	return (p->watch.tx_bytes - bytes) / (p->watch.tx_pdus - pdus);
}

static void the_mtu_changes_in_mid_session(void **state)
{
	struct pair *p = *state;

	p->cfg.mtu = 247;
	p->watch.value_len = 600;
	p->watch.limit = UINT64_MAX;
	pair_open(p);
	assert_int_equal(value_len(p), 244);
	baton_sim_exchange_mtu(p->sim, 23);
	baton_sim_run_until(p->sim, 200 * MS);
	assert_int_equal(p->watch.mtu, 23);
	assert_int_equal(p->phone.mtu, 23);
	assert_int_equal(value_len(p), 20);
	baton_sim_exchange_mtu(p->sim, 517);
	baton_sim_run_until(p->sim, 400 * MS);
	/* No attribute value is longer than 512. */
	assert_int_equal(value_len(p), 512);
	assert_int_equal(p->phone.rx_gaps + p->phone.rx_again, 0);
}

static void a_lying_mtu_cuts_values(void **state)
{
	struct pair *p = *state;

	p->cfg.mtu = 517;
	p->cfg.node[BATON_SIM_WATCH].cut_len = 20;
	p->watch.value_len = 509;
	p->watch.limit = 10;
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * MS);
	assert_int_equal(p->watch.mtu, 517);
	assert_int_equal(p->phone.rx_pdus, 10);
	assert_int_equal(p->phone.rx_bytes, 200);
}

static void hosts_lose_the_share_they_are_told_to(void **state)
{
	struct baton_sim_stats stats;
	struct pair *p = *state;

	p->cfg.node[BATON_SIM_PHONE].up_drop_ppm = 50000;
	p->cfg.node[BATON_SIM_PHONE].down_drop_ppm = 200000;
	p->watch.limit = 20000;
	p->phone.limit = 20000;
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * SECOND);
	assert_int_equal(p->watch.tx_pdus, 20000);
	assert_int_equal(p->phone.tx_pdus, 20000);
	assert_in_range(p->phone.rx_pdus, 18850, 19150);
	assert_in_range(p->watch.rx_pdus, 15750, 16250);
	baton_sim_get_stats(p->sim, BATON_SIM_PHONE, &stats);
	assert_int_equal(stats.host_lost_pdus,
			 40000 - p->phone.rx_pdus - p->watch.rx_pdus);
}

static void hosts_double_and_reorder_but_lose_nothing(void **state)
{
	struct baton_sim_stats stats;
	struct pair p;

	(void)state;
	pair_init(&p);
	p.cfg.node[BATON_SIM_PHONE].up_dup_ppm = 100000;
	p.watch.limit = 1000;
	pair_open(&p);
	baton_sim_run_until(p.sim, 10 * SECOND);
	baton_sim_get_stats(p.sim, BATON_SIM_PHONE, &stats);
	assert_in_range(stats.host_dup_pdus, 70, 130);
	assert_int_equal(p.phone.rx_again, stats.host_dup_pdus);
	assert_int_equal(p.phone.rx_pdus, 1000 + stats.host_dup_pdus);
	pair_close(&p);

	pair_init(&p);
	p.cfg.node[BATON_SIM_PHONE].up_late_ppm = 100000;
	p.watch.limit = 1000;
	pair_open(&p);
	baton_sim_run_until(p.sim, 10 * SECOND);
	assert_int_equal(p.phone.rx_pdus, 1000);
	assert_in_range(p.phone.rx_again, 50, 130);
	assert_true(p.phone.rx_gaps >= p.phone.rx_again);
	pair_close(&p);
}

static void delay_and_jitter_keep_the_order(void **state)
{
	struct pair *p = *state;

	p->cfg.node[BATON_SIM_PHONE].up_delay_us = 50000;
	p->cfg.node[BATON_SIM_PHONE].up_jitter_us = 20000;
	p->watch.limit = 500;
	pair_open(p);
	baton_sim_run_until(p->sim, 10 * SECOND);
	assert_int_equal(p->phone.rx_pdus, 500);
	assert_int_equal(p->phone.rx_gaps + p->phone.rx_again, 0);
	assert_in_range(p->phone.rx_first_us, 52258, 72258);
}

static void a_stalled_host_keeps_what_its_queue_takes(void **state)
{
	struct baton_sim_stats stats;
	struct pair *p = *state;

	p->cfg.node[BATON_SIM_PHONE].up_queue = 167;
	p->watch.limit = 2000;
	pair_open(p);
	baton_sim_stall(p->sim, BATON_SIM_PHONE, 60 * SECOND);
	baton_sim_run_until(p->sim, 59 * SECOND);
	assert_int_equal(p->phone.rx_pdus, 0);
	baton_sim_run_until(p->sim, 61 * SECOND);
	assert_int_equal(p->phone.rx_pdus, 167);
	baton_sim_get_stats(p->sim, BATON_SIM_PHONE, &stats);
	assert_int_equal(stats.host_lost_pdus, 2000 - 167);
}

static void a_deadline_is_kept_on_the_devices_clock_never_early(void **state)
{
	static const int32_t ppms[] = {0, 100, -100, 50000, -33333};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ppms) / sizeof(ppms[0]); i++) {
		struct echo echo = {.deadline = 7000000};
		struct pair p;

		pair_init(&p);
		p.cfg.node[BATON_SIM_WATCH].clock_ppm = ppms[i];
		p.cfg.interval_us = 7500;
		pair_open(&p);
		baton_sim_attach(p.sim, BATON_SIM_WATCH, &echo_ops, &echo);
		baton_sim_run_until(p.sim, 10 * SECOND);
		assert_int_equal(echo.ticks, 1);
		assert_in_range(echo.ticked_us, 7000000, 7000001);
		assert_int_equal(baton_sim_node_now(p.sim, BATON_SIM_WATCH),
				 10000000 + 10 * ppms[i]);
		pair_close(&p);
	}
}

/* What an adversary does with the n-th PDU for the phone. */
struct eve {
	struct baton_sim *sim;
	uint32_t seen;
	uint8_t kept[BATON_SIM_SIDES];
};

static bool eve_fn(void *user, enum baton_sim_side to, uint8_t *pdu,
		   size_t *len, size_t cap)
{
	struct eve *eve = user;

	assert_true(*len <= cap);
	switch (eve->seen++) {
	case 1:
		return false;
	case 2:
		*len = 1;
		break;
	case 3:
		baton_sim_inject(eve->sim, to, baton_sim_now(eve->sim) + 5000,
				 pdu, *len);
		break;
	}
	return true;
}

static void an_adversary_drops_cuts_and_repeats(void **state)
{
	struct baton_sim_stats stats;
	int bearer;

	(void)state;
	for (bearer = 0; bearer < 2; bearer++) {
		struct eve eve = {0};
		struct pair p;

		pair_init(&p);
		p.cfg.bearer = (enum baton_sim_bearer)bearer;
		p.watch.limit = 6;
		pair_open(&p);
		eve.sim = p.sim;
		baton_sim_set_adversary(p.sim, eve_fn, &eve);
		baton_sim_run_until(p.sim, SECOND);
		assert_int_equal(eve.seen, 6);
		assert_int_equal(p.phone.rx_pdus, 6);
		assert_int_equal(p.phone.rx_bytes, 5 * 244 + 1);
		assert_int_equal(p.phone.rx_gaps, 1);
		assert_int_equal(p.phone.rx_again, 1);
		baton_sim_get_stats(p.sim, BATON_SIM_WATCH, &stats);
		assert_int_equal(stats.host_tx_pdus, 6);
		assert_int_equal(stats.host_tx_bytes, 6 * 244);
		pair_close(&p);
	}
}

static void a_device_without_power_says_nothing_and_comes_back(void **state)
{
	struct baton_sim_stats stats;
	struct pair *p = *state;

	p->cfg.timeout_us = 1000000;
	p->watch.limit = UINT64_MAX;
	pair_open(p);
	baton_sim_run_until(p->sim, 100 * MS);
	baton_sim_power(p->sim, BATON_SIM_WATCH, false);
	baton_sim_run_until(p->sim, 3 * SECOND);
	/* 4 events, and those of the second in which it is waited for. */
	baton_sim_get_stats(p->sim, BATON_SIM_PHONE, &stats);
	assert_in_range(stats.events, 36, 39);
	assert_int_equal(p->watch.downs, 0);
	assert_int_equal(p->phone.downs, 1);
	assert_int_equal(p->phone.reason, BATON_HCI_SUPERVISION_TIMEOUT);
	baton_sim_power(p->sim, BATON_SIM_WATCH, true);
	baton_sim_run_until(p->sim, 6 * SECOND);
	assert_int_equal(p->watch.ups, 2);
	assert_int_equal(p->phone.ups, 2);
	assert_true(baton_sim_connected(p->sim));
}

static void a_stall_ends_with_the_power(void **state)
{
	struct pair *p = *state;

	p->watch.limit = UINT64_MAX;
	pair_open(p);
	baton_sim_stall(p->sim, BATON_SIM_PHONE, 3600 * SECOND);
	baton_sim_run_until(p->sim, SECOND);
	assert_int_equal(p->phone.rx_pdus, 0);
	baton_sim_power(p->sim, BATON_SIM_PHONE, false);
	baton_sim_power(p->sim, BATON_SIM_PHONE, true);
	baton_sim_run_until(p->sim, 20 * SECOND);
	assert_true(p->phone.rx_pdus > 0);
}

static void a_channel_returns_credits_and_loses_nothing(void **state)
{
	struct pair *p = *state;

	p->cfg.bearer = BATON_SIM_COC;
	p->cfg.gatt = BATON_SIM_GATT_CACHED;
	p->cfg.coc_sdu = 1000;
	p->cfg.coc_credits = 10;
	p->watch.value_len = 1000;
	p->watch.limit = 300;
	p->phone.value_len = 1;
	p->phone.limit = 300;
	p->cfg.node[BATON_SIM_PHONE].up_drop_ppm = 500000;
	pair_open(p);
	baton_sim_run_until(p->sim, 20 * SECOND);
	assert_int_equal(p->phone.rx_pdus, 300);
	assert_int_equal(p->phone.rx_bytes, 300000);
	assert_int_equal(p->watch.rx_pdus, 300);
	assert_int_equal(p->phone.rx_gaps, 0);
}

/* Both wait for credits, which do not wait behind what waits for them. */
static void a_channel_with_few_credits_carries_both_ways(void **state)
{
	struct pair *p = *state;

	p->cfg.bearer = BATON_SIM_COC;
	p->cfg.coc_sdu = 1000;
	p->cfg.coc_credits = 5;
	p->watch.value_len = p->phone.value_len = 1000;
	p->watch.limit = p->phone.limit = 300;
	pair_open(p);
	baton_sim_run_until(p->sim, 60 * SECOND);
	assert_int_equal(p->watch.rx_bytes, 300000);
	assert_int_equal(p->phone.rx_bytes, 300000);
	assert_int_equal(p->watch.rx_gaps + p->phone.rx_gaps, 0);
}

static void a_channel_pushes_back_on_a_stalled_reader(void **state)
{
	struct baton_sim_stats stats;
	struct pair *p = *state;

	p->cfg.bearer = BATON_SIM_COC;
	p->cfg.coc_sdu = 1000;
	p->cfg.coc_credits = 50;
	p->watch.value_len = 1000;
	p->watch.limit = 1000;
	pair_open(p);
	baton_sim_stall(p->sim, BATON_SIM_PHONE, 10 * SECOND);
	baton_sim_run_until(p->sim, 9 * SECOND);
	/* 50 frames are 10 SDUs of 5; two more in the controller. */
	assert_int_equal(p->watch.tx_pdus, 12);
	/* Without credits there is no more data: 300 events, one packet. */
	baton_sim_get_stats(p->sim, BATON_SIM_WATCH, &stats);
	assert_in_range(stats.ll_tx_empty, 290, 310);
	baton_sim_run_until(p->sim, 60 * SECOND);
	assert_int_equal(p->phone.rx_pdus, 1000);
	assert_int_equal(p->phone.rx_gaps, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(a_quick_host_shows_a_pdu_1_ms_after_the_air),
		PAIR_TEST(a_slow_host_shows_it_at_the_next_event),
		cmocka_unit_test(a_quick_host_answers_in_the_same_event),
		cmocka_unit_test(a_slow_host_answers_in_the_next_event),
		PAIR_TEST(a_controller_holds_two_pdus),
		PAIR_TEST(the_mtu_exchange_comes_first_and_takes_air),
		cmocka_unit_test(discovery_asks_what_the_mtu_makes_it_ask),
		PAIR_TEST(the_mtu_changes_in_mid_session),
		PAIR_TEST(a_lying_mtu_cuts_values),
		PAIR_TEST(hosts_lose_the_share_they_are_told_to),
		cmocka_unit_test(hosts_double_and_reorder_but_lose_nothing),
		PAIR_TEST(delay_and_jitter_keep_the_order),
		PAIR_TEST(a_stalled_host_keeps_what_its_queue_takes),
		cmocka_unit_test(
			a_deadline_is_kept_on_the_devices_clock_never_early),
		cmocka_unit_test(an_adversary_drops_cuts_and_repeats),
		PAIR_TEST(a_device_without_power_says_nothing_and_comes_back),
		PAIR_TEST(a_stall_ends_with_the_power),
		PAIR_TEST(a_channel_returns_credits_and_loses_nothing),
		PAIR_TEST(a_channel_with_few_credits_carries_both_ways),
		PAIR_TEST(a_channel_pushes_back_on_a_stalled_reader),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
