/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include "sim/queue.h"
#include "sim/sdu.h"

static void airtimes_are_those_of_the_core_specification(void **state)
{
	static const struct {
		enum baton_phy phy;
		uint32_t len;
		uint32_t us;
	} cases[] = {
		{BATON_PHY_1M, 0, 80},
		{BATON_PHY_1M, 27, 296},
		{BATON_PHY_1M, 251, 2088},
		{BATON_PHY_1M, 255, 2120},
		{BATON_PHY_2M, 0, 44},
		{BATON_PHY_2M, 251, 1048},
		{BATON_PHY_2M, 255, 1064},
		{BATON_PHY_CODED_S2, 0, 462},
		{BATON_PHY_CODED_S2, 255, 4542},
		{BATON_PHY_CODED_S8, 0, 720},
		{BATON_PHY_CODED_S8, 255, 17040},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			baton_phy_airtime_us(cases[i].phy, cases[i].len),
			cases[i].us);
}

static void phys_have_names(void **state)
{
	enum baton_phy phy = BATON_PHY_2M;

	(void)state;
	assert_true(baton_phy_parse("coded-S8", &phy));
	assert_int_equal(phy, BATON_PHY_CODED_S8);
	assert_false(baton_phy_parse("3M", &phy));
	assert_int_equal(phy, BATON_PHY_CODED_S8);
	assert_string_equal(baton_phy_name(BATON_PHY_1M), "1M");
}

static void random_numbers_are_the_published_ones(void **state)
{
	/* xoshiro256** from the state 1, 2, 3, 4, by its reference code. */
	static const uint64_t expected[] = {UINT64_C(11520), UINT64_C(0),
					    UINT64_C(1509978240),
					    UINT64_C(1215971899390074240)};
	struct baton_prng prng = {{1, 2, 3, 4}};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_true(baton_prng_next(&prng) == expected[i]);
}

static void streams_of_a_seed_differ_and_repeat(void **state)
{
	struct baton_prng a, b;
	uint64_t x;

	(void)state;
	baton_prng_init(&a, 7, 0);
	baton_prng_init(&b, 7, 1);
	x = baton_prng_next(&a);
	assert_true(x != baton_prng_next(&b));
	baton_prng_init(&b, 7, 0);
	assert_true(x == baton_prng_next(&b));
	baton_prng_init(&b, 8, 0);
	assert_true(x != baton_prng_next(&b));
}

static void draws_stay_in_range_and_fill_it(void **state)
{
	struct baton_prng prng;
	uint32_t seen[10] = {0};
	uint32_t hits = 0;
	int i;

	(void)state;
	baton_prng_init(&prng, 1, 1);
	for (i = 0; i < 100000; i++) {
		uint32_t x = baton_prng_below(&prng, 10);

		assert_true(x < 10);
		seen[x]++;
		hits += baton_prng_chance(&prng, 250000);
	}
	for (i = 0; i < 10; i++)
		assert_in_range(seen[i], 9600, 10400);
	assert_in_range(hits, 24500, 25500);
	assert_false(baton_prng_chance(&prng, 0));
	assert_true(baton_prng_chance(&prng, 1000000));
}

static void fire(void *ctx, uint64_t arg)
{
	(void)ctx;
	(void)arg;
}

static void the_queue_orders_by_time_then_rank_then_arrival(void **state)
{
	struct baton_sim_queue queue = {0};
	struct baton_sim_item last = {0};
	struct baton_prng prng;
	uint64_t i;

	(void)state;
	baton_prng_init(&prng, 3, 3);
	for (i = 0; i < 5000; i++)
		baton_sim_queue_push(&queue, baton_prng_below(&prng, 100),
				     baton_prng_below(&prng, 2)
					     ? BATON_SIM_RANK_HOST
					     : BATON_SIM_RANK_RADIO,
				     fire, NULL, i);
	for (i = 0; i < 5000; i++) {
		struct baton_sim_item item = baton_sim_queue_pop(&queue);

		assert_true(item.at_us >= last.at_us);
		if (i && item.at_us == last.at_us)
			assert_true(item.order > last.order);
		last = item;
	}
	assert_true(baton_sim_queue_at(&queue) == UINT64_MAX);
	baton_sim_queue_free(&queue);
}

static void k_frames_of_an_sdu_join_to_it(void **state)
{
	static const uint16_t lens[] = {1,   21,  22,  244,  245,
					246, 492, 493, 1000, 65535};
	static uint8_t in[65535], out[65535];
	struct baton_sim_pool pool;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7 + i / 251);
	baton_sim_pool_init(&pool, baton_sim_coc_len(65535, 23));
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		const uint16_t mps = i % 2 ? 23 : 247;
		struct baton_sim_sdu *sdu;

		sdu = baton_sim_sdu_get(&pool, BATON_SIM_VALUE);
		baton_sim_sdu_frame_coc(sdu, in, lens[i], mps);
		assert_int_equal(sdu->len, baton_sim_coc_len(lens[i], mps));
		memset(out, 0, sizeof(out));
		assert_int_equal(baton_sim_sdu_join(sdu, out), lens[i]);
		assert_memory_equal(in, out, lens[i]);
		/* A channel that is not ours, and a length that is wrong. */
		sdu->data[2] ^= 1;
		assert_true(baton_sim_sdu_join(sdu, out) == SIZE_MAX);
		sdu->data[2] ^= 1;
		sdu->data[4] ^= 1;
		assert_true(baton_sim_sdu_join(sdu, out) == SIZE_MAX);
		baton_sim_sdu_put(&pool, sdu);
	}
	/* 245 in the first, 247 in 264 more, 82 in the last. */
	assert_int_equal(baton_sim_coc_frames(65535, 247), 266);
	baton_sim_pool_free(&pool);
}

static void a_wrong_configuration_is_named(void **state)
{
	struct baton_sim_config cfg;
	struct baton_sim *sim;

	(void)state;
	baton_sim_config_init(&cfg);
	assert_null(baton_sim_config_check(&cfg));
	cfg.interval_us = 7501;
	assert_non_null(strstr(baton_sim_config_check(&cfg), "interval_us"));
	assert_int_equal(baton_sim_create(&sim, &cfg), BATON_ERR_ARG);
	assert_null(sim);
	baton_sim_config_init(&cfg);
	cfg.mtu = 518;
	assert_non_null(strstr(baton_sim_config_check(&cfg), "mtu"));
	baton_sim_config_init(&cfg);
	cfg.node[1].hold = 0;
	assert_non_null(strstr(baton_sim_config_check(&cfg), "hold"));
	baton_sim_config_init(&cfg);
	cfg.coc_credits = 265;
	assert_non_null(strstr(baton_sim_config_check(&cfg), "coc_credits"));
	baton_sim_config_init(&cfg);
	cfg.timeout_us = 60000;
	assert_non_null(strstr(baton_sim_config_check(&cfg), "timeout_us"));
	baton_sim_config_init(&cfg);
	cfg.errors[0].bad_per_ppm = 1000001;
	assert_non_null(strstr(baton_sim_config_check(&cfg), "errors"));
}

/* A watch whose adverts count up, a phone that wants the third. */
struct beacon {
	uint8_t told;
	uint8_t heard;
	struct baton_sim_source source;
};

static size_t advert_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	struct beacon *beacon = user;

	(void)now_us;
	assert_int_equal(cap, 31);
	dst[0] = ++beacon->told;
	return 1;
}

static bool advert_rx(void *user, uint64_t now_us, const uint8_t *data,
		      size_t len)
{
	struct beacon *beacon = user;

	(void)now_us;
	assert_int_equal(len, 1);
	beacon->heard = data[0];
	return data[0] >= 3;
}

static void nothing_rx(void *user, uint64_t now_us, const uint8_t *pdu,
		       size_t len)
{
	(void)user;
	(void)now_us;
	(void)pdu;
	(void)len;
}

static size_t nothing_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	(void)user;
	(void)now_us;
	(void)dst;
	(void)cap;
	return 0;
}

static const struct baton_sim_stack_ops beacon_ops = {
	.rx = nothing_rx,
	.tx = nothing_tx,
	.advert_tx = advert_tx,
	.advert_rx = advert_rx,
};

static void a_phone_connects_to_the_advert_it_wants(void **state)
{
	struct beacon beacon = {0};
	struct baton_sim_stats stats;
	struct pair p;

	(void)state;
	pair_init(&p);
	p.cfg.start = BATON_SIM_START_ADVERTISING;
	pair_open(&p);
	baton_sim_attach(p.sim, BATON_SIM_WATCH, &beacon_ops, &beacon);
	baton_sim_attach(p.sim, BATON_SIM_PHONE, &beacon_ops, &beacon);
	baton_sim_run_until(p.sim, 5 * SECOND);
	assert_true(baton_sim_connected(p.sim));
	assert_true(beacon.heard >= 3);
	baton_sim_get_stats(p.sim, BATON_SIM_WATCH, &stats);
	assert_int_equal(stats.adv_events, beacon.told);
	assert_int_equal(stats.connections, 1);
	pair_close(&p);
}

static void the_first_anchor_follows_connect_ind(void **state)
{
	const struct baton_sim_trace *adv, *connect, *first;
	uint64_t seed;

	(void)state;
	for (seed = 1; seed < 20; seed++) {
		struct pair p;
		uint64_t end_us;
		size_t n = 0;

		pair_init(&p);
		p.cfg.seed = seed;
		p.cfg.start = BATON_SIM_START_ADVERTISING;
		pair_open(&p);
		baton_sim_run_until(p.sim, SECOND);
		while (pair_find(&p, BATON_SIM_ADV, BATON_SIM_WATCH, n + 1))
			n++;
		adv = pair_find(&p, BATON_SIM_ADV, BATON_SIM_WATCH, n);
		connect = pair_find(&p, BATON_SIM_CONNECT, BATON_SIM_PHONE, 0);
		first = pair_find(&p, BATON_SIM_LL, BATON_SIM_PHONE, 0);
		assert_non_null(connect);
		/* ADV_IND 8 (10 + 37) = 376, T_IFS, CONNECT_IND 352 */
		end_us = adv->at_us + 376 + 150 + 352;
		assert_true(connect->at_us == end_us ||
			    connect->at_us == end_us + 1500 ||
			    connect->at_us == end_us + 3000);
		assert_int_equal(first->at_us, connect->at_us + 1250);
		pair_close(&p);
	}
}

static void advertising_events_are_an_interval_and_a_delay_apart(void **state)
{
	const struct baton_sim_trace *a, *b;
	uint64_t min = UINT64_MAX, max = 0;
	struct pair p;
	size_t i;

	(void)state;
	pair_init(&p);
	p.cfg.start = BATON_SIM_START_ADVERTISING;
	pair_open(&p);
	baton_sim_power(p.sim, BATON_SIM_PHONE, false);
	baton_sim_run_until(p.sim, 60 * SECOND);
	for (i = 0; (b = pair_find(&p, BATON_SIM_ADV, BATON_SIM_WATCH, i + 1));
	     i++) {
		a = pair_find(&p, BATON_SIM_ADV, BATON_SIM_WATCH, i);
		if (b->at_us - a->at_us < min)
			min = b->at_us - a->at_us;
		if (b->at_us - a->at_us > max)
			max = b->at_us - a->at_us;
	}
	assert_true(i > 500);
	assert_in_range(min, 100000, 100200);
	assert_in_range(max, 109800, 110000);
	pair_close(&p);
}

/* Mean time from the scanner's start to the connection, 300 seeds. */
static uint64_t mean_wait_us(uint32_t window_us)
{
	uint64_t sum_us = 0;
	uint64_t seed;

	for (seed = 1; seed <= 300; seed++) {
		const uint64_t on_us = SECOND + seed * 1237;
		struct pair p;

		pair_init(&p);
		p.cfg.seed = seed;
		p.cfg.start = BATON_SIM_START_ADVERTISING;
		p.cfg.scan_interval_us = 200000;
		p.cfg.scan_window_us = window_us;
		pair_open(&p);
		baton_sim_power(p.sim, BATON_SIM_PHONE, false);
		baton_sim_run_until(p.sim, on_us);
		baton_sim_power(p.sim, BATON_SIM_PHONE, true);
		baton_sim_run_until(p.sim, on_us + 20 * SECOND);
		assert_true(baton_sim_connected(p.sim));
		sum_us += pair_find(&p, BATON_SIM_CONNECT, BATON_SIM_PHONE, 0)
				  ->at_us -
			  on_us;
		pair_close(&p);
	}
	return sum_us / 300;
}

static void a_scanner_hears_what_falls_into_its_window(void **state)
{
	(void)state;
	/* Half of 105 ms, and a little for packets on an edge. */
	assert_in_range(mean_wait_us(200000), 48000, 62000);
	/*
	 * A window of 50 ms holds an advert 50 times in 105, after 25 ms. Else
	 * the adverts, two in 210 ms, drift into it by 10 ms per interval of
	 * 200 ms: 1 to 6 intervals. 0.48 x 25 + 0.52 x 3.1 x 200 = 340 ms.
	 */
	assert_in_range(mean_wait_us(50000), 300000, 380000);
}

static uint64_t listened_us(const struct pair *p)
{
	struct baton_sim_stats stats;

	baton_sim_get_stats(p->sim, BATON_SIM_PHONE, &stats);
	return stats.rx_us;
}

static void a_scanner_listens_in_its_windows_until_it_connects(void **state)
{
	uint64_t before_us;
	struct pair p;

	(void)state;
	pair_init(&p);
	p.cfg.start = BATON_SIM_START_ADVERTISING;
	p.cfg.scan_interval_us = 60000;
	p.cfg.scan_window_us = 15000;
	pair_open(&p);
	baton_sim_power(p.sim, BATON_SIM_WATCH, false);
	baton_sim_run_until(p.sim, 8 * SECOND);
	assert_int_equal(listened_us(&p), 2 * SECOND);
	baton_sim_power(p.sim, BATON_SIM_WATCH, true);
	baton_sim_run_until(p.sim, 20 * SECOND);
	assert_true(baton_sim_connected(p.sim));
	before_us = listened_us(&p);
	baton_sim_run_until(p.sim, 50 * SECOND);
	/* 1000 idle events: T_IFS and 44 us. */
	assert_int_equal(listened_us(&p) - before_us, 1000 * (150 + 44));
	pair_close(&p);
}

static void a_lost_connect_ind_fails_and_is_tried_again(void **state)
{
	struct pair p;
	bool failed = false;
	uint64_t seed;

	(void)state;
	for (seed = 1; seed < 30; seed++) {
		const struct baton_sim_trace *down;

		pair_init(&p);
		p.cfg.seed = seed;
		p.cfg.start = BATON_SIM_START_ADVERTISING;
		p.cfg.errors[BATON_SIM_PHONE].good_per_ppm = 400000;
		pair_open(&p);
		baton_sim_run_until(p.sim, 20 * SECOND);
		assert_true(baton_sim_connected(p.sim));
		down = pair_find(&p, BATON_SIM_DOWN, BATON_SIM_PHONE, 0);
		if (down) {
			assert_int_equal(down->reason,
					 BATON_HCI_FAILED_TO_ESTABLISH);
			failed = true;
		}
		pair_close(&p);
	}
	assert_true(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(airtimes_are_those_of_the_core_specification),
		cmocka_unit_test(phys_have_names),
		cmocka_unit_test(random_numbers_are_the_published_ones),
		cmocka_unit_test(streams_of_a_seed_differ_and_repeat),
		cmocka_unit_test(draws_stay_in_range_and_fill_it),
		cmocka_unit_test(
			the_queue_orders_by_time_then_rank_then_arrival),
		cmocka_unit_test(k_frames_of_an_sdu_join_to_it),
		cmocka_unit_test(a_wrong_configuration_is_named),
		cmocka_unit_test(a_phone_connects_to_the_advert_it_wants),
		cmocka_unit_test(the_first_anchor_follows_connect_ind),
		cmocka_unit_test(
			advertising_events_are_an_interval_and_a_delay_apart),
		cmocka_unit_test(a_scanner_hears_what_falls_into_its_window),
		cmocka_unit_test(
			a_scanner_listens_in_its_windows_until_it_connects),
		cmocka_unit_test(a_lost_connect_ind_fails_and_is_tried_again),
	};

	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
