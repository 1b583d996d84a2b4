/* SPDX-License-Identifier: MIT */

/* Devices that sleep, and what their monotonic clocks do meanwhile. */

#include "pair.h"

/* A stack that wants one tick, and notes when it is called. */
struct sleeper {
	uint64_t wants_us; /* on its own clock */
	uint64_t ticked_us; /* on its own clock */
	uint64_t down_us;
	uint64_t first_us, last_us; /* values */
	uint64_t clock_us; /* the last time it saw */
	uint32_t ticks, ups, downs, values;
	bool went_back;
};

static struct baton_sim_config cfg;
static struct baton_sim *sim;
static struct sleeper watch;
static struct baton_sim_source phone;

static void see(struct sleeper *s, uint64_t now_us)
{
	s->went_back |= now_us < s->clock_us;
	s->clock_us = now_us;
}

static void on_up(void *user, uint64_t now_us,
		  const struct baton_sim_link *link)
{
	struct sleeper *s = user;

	(void)link;
	see(s, now_us);
	s->ups++;
}

static void on_down(void *user, uint64_t now_us, uint8_t reason)
{
	struct sleeper *s = user;

	(void)reason;
	see(s, now_us);
	s->downs++;
	s->down_us = now_us;
}

static void on_rx(void *user, uint64_t now_us, const uint8_t *pdu, size_t len)
{
	struct sleeper *s = user;

	(void)pdu;
	(void)len;
	see(s, now_us);
	if (!s->values++)
		s->first_us = now_us;
	s->last_us = now_us;
}

static size_t on_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	(void)dst;
	(void)cap;
	see(user, now_us);
	return 0;
}

static uint64_t on_deadline(void *user)
{
	return ((struct sleeper *)user)->wants_us;
}

static void on_tick(void *user, uint64_t now_us)
{
	struct sleeper *s = user;

	see(s, now_us);
	s->ticks++;
	s->ticked_us = now_us;
	s->wants_us = BATON_SIM_NEVER;
}

static const struct baton_sim_stack_ops ops = {
	.link_up = on_up,
	.link_down = on_down,
	.rx = on_rx,
	.tx = on_tx,
	.deadline = on_deadline,
	.tick = on_tick,
};

static int setup(void **state)
{
	(void)state;
	baton_sim_config_init(&cfg);
	cfg.gatt = BATON_SIM_GATT_READY;
	memset(&watch, 0, sizeof(watch));
	memset(&phone, 0, sizeof(phone));
	watch.wants_us = BATON_SIM_NEVER;
	phone.value_len = 20;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	baton_sim_destroy(sim);
	sim = NULL;
	return 0;
}

static void open_world(void)
{
	assert_int_equal(baton_sim_create(&sim, &cfg), BATON_OK);
	baton_sim_attach(sim, BATON_SIM_WATCH, &ops, &watch);
	baton_sim_attach(sim, BATON_SIM_PHONE, &baton_sim_source_ops, &phone);
}

/* Asleep from 1 s to 11 s, a tick wanted at 5 s on the device's clock. */
static void a_deadline_waits_for_the_device_to_wake(void **state)
{
	static const struct {
		bool stops;
		uint64_t at_us; /* true time */
		uint64_t shown_us;
	} cases[] = {
		{false, 11 * SECOND, 11 * SECOND},
		{true, 15 * SECOND, 5 * SECOND},
	};
	size_t i;

	for (i = 0; i < 2; i++) {
		setup(state);
		watch.wants_us = 5 * SECOND;
		open_world();
		baton_sim_run_until(sim, SECOND);
		baton_sim_sleep(sim, BATON_SIM_WATCH, 10 * SECOND,
				cases[i].stops);
		baton_sim_run_until(sim, cases[i].at_us - 1);
		assert_int_equal(watch.ticks, 0);
		baton_sim_run_until(sim, cases[i].at_us);
		assert_int_equal(watch.ticks, 1);
		assert_int_equal(watch.ticked_us, cases[i].shown_us);
		assert_int_equal(baton_sim_node_now(sim, BATON_SIM_WATCH),
				 cases[i].shown_us);
		teardown(state);
	}
	open_world();
}

/* Its controller goes on: the link stands, values wait. */
static void the_controller_keeps_the_link(void **state)
{
	struct baton_sim_stats stats;

	(void)state;
	open_world();
	baton_sim_run_until(sim, SECOND);
	baton_sim_sleep(sim, BATON_SIM_WATCH, 10 * SECOND, false);
	phone.limit = 5;
	baton_sim_kick(sim, BATON_SIM_PHONE);
	baton_sim_run_until(sim, 11 * SECOND - 1);
	assert_true(baton_sim_connected(sim));
	assert_int_equal(phone.tx_pdus, 5);
	assert_int_equal(watch.values, 0);
	baton_sim_get_stats(sim, BATON_SIM_WATCH, &stats);
	assert_in_range(stats.events, 366, 368); /* one each 30 ms */
	baton_sim_run_until(sim, 11 * SECOND);
	assert_int_equal(watch.values, 5);
	assert_int_equal(watch.first_us, 11 * SECOND);
	assert_int_equal(watch.downs, 0);
}

static void the_end_of_a_link_is_told_after_waking(void **state)
{
	(void)state;
	open_world();
	baton_sim_run_until(sim, SECOND);
	baton_sim_sleep(sim, BATON_SIM_WATCH, 10 * SECOND, false);
	baton_sim_disconnect(sim, BATON_SIM_PHONE, BATON_HCI_REMOTE_USER);
	baton_sim_run_until(sim, 11 * SECOND - 1);
	assert_int_equal(phone.downs, 1);
	assert_int_equal(watch.downs, 0);
	/* It does not advertise, either. */
	assert_int_equal(phone.ups, 1);
	baton_sim_run_until(sim, 11 * SECOND);
	assert_int_equal(watch.downs, 1);
	assert_int_equal(watch.down_us, 11 * SECOND);
	baton_sim_run_until(sim, 13 * SECOND);
	assert_int_equal(watch.ups, 2);
}

static void a_clock_never_goes_back(void **state)
{
	static const int32_t ppm[] = {0, 100, -100, 100000, -100000};
	uint64_t shown = 0, now;
	uint32_t i, j;

	for (j = 0; j < 5; j++) {
		setup(state);
		cfg.node[BATON_SIM_WATCH].clock_ppm = ppm[j];
		cfg.node[BATON_SIM_WATCH].sca_ppm = 500;
		phone.limit = UINT64_MAX;
		open_world();
		shown = 0;
		for (i = 0; i < 40; i++) {
			baton_sim_run_until(sim, i * SECOND + i % 7);
			if (i % 3 == 0)
				baton_sim_sleep(sim, BATON_SIM_WATCH,
						(1 + i % 5) * 700 * MS, i % 2);
			if (i % 11 == 10) {
				baton_sim_power(sim, BATON_SIM_WATCH, false);
				baton_sim_power(sim, BATON_SIM_WATCH, true);
			}
			now = baton_sim_node_now(sim, BATON_SIM_WATCH);
			assert_true(now >= shown);
			shown = now;
		}
		assert_false(watch.went_back);
		/* With the others it cannot find an anchor. */
		if (j < 3)
			assert_true(watch.values > 100);
		teardown(state);
	}
	open_world();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_deadline_waits_for_the_device_to_wake),
		T(the_controller_keeps_the_link),
		T(the_end_of_a_link_is_told_after_waking),
		T(a_clock_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
