/* SPDX-License-Identifier: MIT */

/* What link care is worth: session/SPEC.md 10, over the simulated radio. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/care.h"
#include "sim/stack.h"

#define SIDES BATON_SIM_SIDES
#define TOTAL (256u * 1024u)
#define STEP_US 20000
#define SECOND_US UINT64_C(1000000)

struct world {
	struct baton_sim *sim;
	struct baton_sim_stack *stack[SIDES];
	struct baton_care care;
	bool cared, secured[SIDES];
	uint32_t written, got, asked;
};

static struct world world;
static const struct baton_stream_id bulk = {BATON_CLASS_BULK, 0};

static void supply(void)
{
	static const uint8_t zeros[4096];
	struct baton_sim_stack *stack = world.stack[BATON_SIM_WATCH];
	size_t taken = 1, len;

	while (taken > 0 && world.written < TOTAL) {
		len = TOTAL - world.written;
		if (len > sizeof(zeros))
			len = sizeof(zeros);
		if (baton_session_write(baton_sim_stack_session(stack), bulk,
					zeros, len, &taken,
					baton_sim_stack_now_ms(stack)))
			return;
		world.written += (uint32_t)taken;
	}
}

static void on_event(void *user, struct baton_sim_stack *stack,
		     const struct baton_event *event)
{
	enum baton_sim_side side = baton_sim_stack_side(stack);

	(void)user;
	if (event->type == BATON_EVENT_COMPARE)
		assert_int_equal(baton_session_confirm(
					 baton_sim_stack_session(stack), true,
					 baton_sim_stack_now_ms(stack)),
				 BATON_OK);
	if (event->type == BATON_EVENT_SECURED)
		world.secured[side] = true;
	if (event->type == BATON_EVENT_WRITABLE && side == BATON_SIM_WATCH)
		supply();
	if (event->type == BATON_EVENT_DATA)
		world.got += (uint32_t)event->u.message.len;
}

static const struct baton_sim_stack_app app = {.event = on_event};

/* The phone asks, the radio does, and both engines are told. */
static void care(void)
{
	struct baton_sim_stack *phone = world.stack[BATON_SIM_PHONE];
	struct baton_link_facts facts = {.mtu = 247, .ll_len = 251};
	struct baton_care_advice advice;
	int side;

	if (!baton_care_next(&world.care, baton_sim_stack_session(phone),
			     baton_sim_stack_now_ms(phone), &advice))
		return;
	world.asked++;
	facts.interval_us = advice.interval_max_us;
	facts.phy = BATON_LINK_PHY_2M;
	baton_sim_update_connection(world.sim, BATON_SIM_PHONE,
				    advice.interval_max_us, advice.latency,
				    1000 * advice.timeout_ms);
	for (side = 0; side < SIDES; side++)
		baton_session_link_changed(
			baton_sim_stack_session(world.stack[side]), &facts);
}

static void run_until(uint64_t us, uint32_t bytes)
{
	while (baton_sim_now(world.sim) < us && world.got < bytes) {
		baton_sim_run_until(world.sim,
				    baton_sim_now(world.sim) + STEP_US);
		if (world.cared)
			care();
	}
}

static void start(bool cared)
{
	struct baton_session_config config = {
		.message_max = BATON_MESSAGE_MAX,
		.link = BATON_LINK_CONFIG_LARGE,
	};
	struct baton_sim_config cfg;
	int side;

	memset(&world, 0, sizeof(world));
	world.cared = cared;
	baton_sim_config_init(&cfg);
	cfg.mtu = 247;
	cfg.interval_us = 30000;
	assert_int_equal(baton_sim_create(&world.sim, &cfg), BATON_OK);
	for (side = 0; side < SIDES; side++) {
		config.role =
			side == BATON_SIM_WATCH ? BATON_WATCH : BATON_PHONE;
		assert_int_equal(
			baton_sim_stack_create(&world.stack[side], world.sim,
					       (enum baton_sim_side)side,
					       &config, 1, &app, NULL),
			BATON_OK);
		assert_int_equal(
			baton_session_pairing_open(
				baton_sim_stack_session(world.stack[side]), 0),
			BATON_OK);
	}
	baton_sim_run_until(world.sim, 5 * SECOND_US);
	assert_true(world.secured[0] && world.secured[1]);
	baton_care_start(&world.care,
			 baton_sim_stack_session(world.stack[BATON_SIM_PHONE]),
			 baton_sim_stack_now_ms(world.stack[BATON_SIM_PHONE]));
}

static void stop(void)
{
	int side;

	baton_sim_destroy(world.sim);
	for (side = 0; side < SIDES; side++)
		baton_sim_stack_destroy(world.stack[side]);
}

static uint64_t watch_charge_pc(void)
{
	struct baton_sim_stats stats;

	baton_sim_get_stats(world.sim, BATON_SIM_WATCH, &stats);
	return stats.charge_pc;
}

struct outcome {
	uint64_t idle_pc; /* of the watch, in a minute */
	uint64_t bulk_us; /* for TOTAL bytes, from then on */
};

static struct outcome live(bool cared)
{
	struct outcome outcome;
	uint64_t begin;

	start(cared);
	/* Long enough that the pace has settled. */
	run_until(20 * SECOND_US, UINT32_MAX);
	begin = watch_charge_pc();
	run_until(80 * SECOND_US, UINT32_MAX);
	outcome.idle_pc = watch_charge_pc() - begin;
	begin = baton_sim_now(world.sim);
	assert_int_equal(
		baton_session_begin(
			baton_sim_stack_session(world.stack[BATON_SIM_WATCH]),
			bulk, TOTAL, NULL, 0, 0),
		BATON_OK);
	supply();
	baton_sim_stack_kick(world.stack[BATON_SIM_WATCH]);
	run_until(begin + 60 * SECOND_US, TOTAL);
	assert_int_equal(world.got, TOTAL);
	outcome.bulk_us = baton_sim_now(world.sim) - begin;
	stop();
	return outcome;
}

static void an_idle_link_costs_a_tenth_and_bulk_stays_fast(void **state)
{
	struct outcome plain = live(false);
	struct outcome cared = live(true);

	(void)state;
	assert_int_equal(world.asked, 2);
	print_message("# idle: %llu uC a minute, with care %llu; 256 KiB: "
		      "%llu ms, with care %llu\n",
		      (unsigned long long)(plain.idle_pc / 1000000),
		      (unsigned long long)(cared.idle_pc / 1000000),
		      (unsigned long long)(plain.bulk_us / 1000),
		      (unsigned long long)(cared.bulk_us / 1000));
	assert_true(cared.idle_pc * 9 < plain.idle_pc);
	/* Some events at the slow interval, until the fast one has come. */
	assert_true(cared.bulk_us < plain.bulk_us + 3 * SECOND_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_idle_link_costs_a_tenth_and_bulk_stays_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
