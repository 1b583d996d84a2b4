/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "model/world.h"

#define LEASE_MS 60000

static struct world world, before;

static void fresh_world(void)
{
	world_init(&world, 2, 3, 7);
	world_link(&world, true);
}

/* Frames arrive and writes succeed until nothing is left to do. */
static void run(void)
{
	bool busy = true;
	int role;

	while (busy) {
		busy = false;
		for (role = 0; role < 2; role++) {
			world_attend(&world, (enum baton_role)role);
			if (world.device[role].in.count > 0) {
				world_deliver(&world, (enum baton_role)role, 0,
					      false);
				busy = true;
			}
			if (world_wants_write(&world, (enum baton_role)role)) {
				world_write(&world, (enum baton_role)role,
					    WORLD_WRITE_DONE);
				busy = true;
			}
		}
	}
	assert_null(world.broken);
}

static void write_out(enum baton_role role)
{
	assert_true(world_wants_write(&world, role));
	world_write(&world, role, WORLD_WRITE_DONE);
}

static bool acts(enum baton_role role)
{
	uint8_t id[BATON_ACTIVITY_ID_LEN];

	world_id(&world, id, 0);
	return baton_ownership_may_act(&world.device[role].own, id,
				       world_clock(&world, role));
}

static enum baton_hold hold(enum baton_role role)
{
	uint8_t id[BATON_ACTIVITY_ID_LEN];

	world_id(&world, id, 0);
	return baton_ownership_hold(&world.device[role].own, id);
}

static void wish(enum baton_role role, enum world_wish what)
{
	assert_true(world_wish(&world, role, 0, what, LEASE_MS));
}

/* One side offers, the other accepts, it is released. */
static void hand_over(enum baton_role from)
{
	wish(from, WORLD_OFFER);
	run();
	wish(1 - from, WORLD_ACCEPT);
	run();
	wish(from, WORLD_RELEASE);
	run();
}

/* The watch lets its activity go: not written yet. */
static void release(void)
{
	wish(BATON_WATCH, WORLD_BEGIN);
	wish(BATON_WATCH, WORLD_OFFER);
	run();
	wish(BATON_PHONE, WORLD_ACCEPT);
	run();
	wish(BATON_WATCH, WORLD_RELEASE);
}

/* It is on its way to the phone. */
static void let_go(void)
{
	release();
	write_out(BATON_WATCH);
}

static void pass_ms(uint64_t ms)
{
	world.now_us += ms * 1000;
	world_check(&world);
	world_tick(&world, BATON_WATCH);
	world_tick(&world, BATON_PHONE);
	assert_null(world.broken);
}

static void it_goes_there_and_back(void **state)
{
	(void)state;
	fresh_world();
	wish(BATON_WATCH, WORLD_BEGIN);
	assert_true(acts(BATON_WATCH));
	hand_over(BATON_WATCH);
	assert_true(acts(BATON_PHONE));
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
	assert_int_equal(world.device[BATON_WATCH].app[0].content, 0);
	wish(BATON_PHONE, WORLD_ACT);
	hand_over(BATON_PHONE);
	assert_true(acts(BATON_WATCH));
	assert_int_equal(hold(BATON_PHONE), BATON_HOLD_LENT);
	wish(BATON_WATCH, WORLD_ACT);
	hand_over(BATON_WATCH);
	assert_true(acts(BATON_PHONE));
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
	assert_int_equal(world.device[BATON_PHONE].app[0].content, world.made);
}

static void nobody_acts_from_the_freeze_to_the_adoption(void **state)
{
	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	wish(BATON_PHONE, WORLD_OFFER);
	run();
	assert_true(acts(BATON_PHONE));
	wish(BATON_WATCH, WORLD_ACCEPT);
	run();
	assert_false(acts(BATON_PHONE));
	wish(BATON_PHONE, WORLD_RELEASE);
	assert_false(acts(BATON_PHONE));
	assert_int_equal(world.device[BATON_WATCH].in.count, 0);
	write_out(BATON_PHONE);
	assert_int_equal(world.device[BATON_WATCH].in.count, 1);
	world_deliver(&world, BATON_WATCH, 0, false);
	assert_false(acts(BATON_WATCH));
	assert_int_equal(world.device[BATON_PHONE].in.count, 0);
	run();
	assert_true(acts(BATON_WATCH));
	assert_false(acts(BATON_PHONE));
}

static const int32_t drifts[][2] = {
	{0, 0}, {-500, 500}, {500, -500}, {-500, -500}, {500, 500}};
static const uint32_t leases_ms[] = {1000, 60000, 86400000, BATON_LEASE_MAX_MS};

/*
 * The watch vanishes: the phone does not have it a moment before the watch
 * stopped, and has it a lease and its margin later.
 */
static void what_a_lost_watch_held_comes_back_and_never_before(void **state)
{
	uint64_t lent_us, ended_us, step_us, lease_us;
	size_t d, i;

	(void)state;
	for (d = 0; d < sizeof(drifts) / sizeof(drifts[0]); d++) {
		for (i = 0; i < sizeof(leases_ms) / sizeof(leases_ms[0]); i++) {
			fresh_world();
			world.device[BATON_WATCH].ppm = drifts[d][0];
			world.device[BATON_PHONE].ppm = drifts[d][1];
			wish(BATON_PHONE, WORLD_BEGIN);
			lease_us = (uint64_t)leases_ms[i] * 1000;
			assert_true(world_wish(&world, BATON_PHONE, 0,
					       WORLD_OFFER, leases_ms[i]));
			run();
			wish(BATON_WATCH, WORLD_ACCEPT);
			run();
			wish(BATON_PHONE, WORLD_RELEASE);
			run();
			assert_true(acts(BATON_WATCH));
			world_link(&world, false);
			lent_us = world.now_us;
			ended_us = 0;
			step_us = lease_us / 10000;
			while (!acts(BATON_PHONE)) {
				world.now_us += step_us;
				world_tick(&world, BATON_PHONE);
				run();
				if (!acts(BATON_WATCH) && ended_us == 0)
					ended_us = world.now_us;
				assert_true(world.now_us - lent_us <
					    lease_us + lease_us / 333 +
						    1100000);
			}
			assert_true(ended_us > 0);
			assert_true(ended_us - lent_us <=
				    lease_us + lease_us / 1900 + step_us);
			/* By itself, without a word from the phone. */
			world_tick(&world, BATON_WATCH);
			run();
			assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
			assert_int_equal(
				world.device[BATON_WATCH].app[0].content, 0);
		}
	}
}

static void a_lease_runs_through_sleep(void **state)
{
	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	hand_over(BATON_PHONE);
	/* Nothing is called while the watch sleeps; its clock goes on. */
	world.now_us += (LEASE_MS + 1) * 1000;
	assert_false(acts(BATON_WATCH));
	assert_false(acts(BATON_PHONE));
	pass_ms(LEASE_MS / 500 + 1000);
	run();
	assert_true(acts(BATON_PHONE));
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
}

static void a_clock_set_back_ends_the_lease(void **state)
{
	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	hand_over(BATON_PHONE);
	pass_ms(1000);
	world.device[BATON_WATCH].offset_ms -= 900;
	pass_ms(0);
	assert_false(acts(BATON_WATCH));
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_LEASED);
	/* The watch may still give it back, and nothing is lost. */
	hand_over(BATON_WATCH);
	assert_true(acts(BATON_PHONE));
}

static void a_clock_set_back_makes_the_phone_wait_anew(void **state)
{
	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	hand_over(BATON_PHONE);
	world_link(&world, false);
	pass_ms(LEASE_MS / 2);
	world.device[BATON_PHONE].offset_ms -= LEASE_MS / 4;
	pass_ms(0);
	pass_ms(LEASE_MS);
	run();
	assert_false(acts(BATON_PHONE));
	pass_ms(LEASE_MS / 500 + 1000);
	run();
	assert_true(acts(BATON_PHONE));
}

static void a_rebooted_watch_holds_renews_and_acts_again(void **state)
{
	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	hand_over(BATON_PHONE);
	wish(BATON_WATCH, WORLD_ACT);
	world_reboot(&world, BATON_WATCH);
	world_link(&world, true);
	run();
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_LEASED);
	assert_false(acts(BATON_WATCH));
	wish(BATON_WATCH, WORLD_RENEW);
	run();
	assert_true(acts(BATON_WATCH));
	assert_int_equal(world.renewals, 1);
	hand_over(BATON_WATCH);
	assert_int_equal(world.device[BATON_PHONE].app[0].content, world.made);
}

static void a_release_after_its_nonce_ran_out_is_refused(void **state)
{
	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	wish(BATON_PHONE, WORLD_OFFER);
	run();
	wish(BATON_WATCH, WORLD_ACCEPT);
	run();
	pass_ms(LEASE_MS);
	wish(BATON_PHONE, WORLD_RELEASE);
	run();
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
	assert_true(acts(BATON_PHONE));
	assert_int_equal(world.refusals, 1);
}

static void after_the_release_a_cancel_only_asks(void **state)
{
	(void)state;
	fresh_world();
	wish(BATON_WATCH, WORLD_BEGIN);
	wish(BATON_WATCH, WORLD_OFFER);
	run();
	wish(BATON_PHONE, WORLD_ACCEPT);
	run();
	world.device[BATON_PHONE].in.count = 0;
	wish(BATON_WATCH, WORLD_RELEASE);
	write_out(BATON_WATCH);
	/* The RELEASE is lost. */
	world.device[BATON_PHONE].in.count = 0;
	wish(BATON_WATCH, WORLD_CANCEL);
	assert_false(acts(BATON_WATCH));
	run();
	assert_true(acts(BATON_WATCH));
	assert_int_equal(hold(BATON_PHONE), BATON_HOLD_NONE);
}

/* Found by Spin and by handoffs 1 253890. */
static void a_late_offer_does_not_give_back_what_was_adopted(void **state)
{
	/* Epoch 1, not held by a lease, for a minute. */
	uint8_t body[BATON_ACTIVITY_ID_LEN + 5] = {0};

	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	wish(BATON_PHONE, WORLD_OFFER);
	world_deliver(&world, BATON_WATCH, 0, false);
	run();
	wish(BATON_WATCH, WORLD_ACCEPT);
	run();
	wish(BATON_PHONE, WORLD_RELEASE);
	write_out(BATON_PHONE);
	world_deliver(&world, BATON_WATCH, 0, false);
	write_out(BATON_WATCH);
	/* The CONFIRM is lost, an old OFFER comes instead. */
	assert_int_equal(world.device[BATON_PHONE].in.count, 1);
	world.device[BATON_PHONE].in.count = 0;
	world_id(&world, body, 0);
	body[8] = 1;
	body[10] = 0xf0;
	baton_store_be16(body + 11, LEASE_MS);
	assert_int_equal(baton_ownership_rx(&world.device[BATON_WATCH].own,
					    0x20, body, sizeof(body),
					    world_clock(&world, BATON_WATCH)),
			 BATON_OK);
	run();
	assert_true(acts(BATON_WATCH));
	assert_int_equal(hold(BATON_PHONE), BATON_HOLD_LENT);
}

/*
 * Found by handoffs 1 302452: the lease has run out at the phone, which took
 * the activity back and finished it; a watch that slept through it all still
 * holds it and wants to give it back.
 */
static void what_was_taken_back_and_finished_does_not_come_back(void **state)
{
	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	hand_over(BATON_PHONE);
	world_link(&world, false);
	pass_ms(LEASE_MS / 2);
	/* From here the watch counts a whole lease again, to the erasing. */
	world_reboot(&world, BATON_WATCH);
	pass_ms(LEASE_MS / 2 + LEASE_MS / 500 + 1000);
	run();
	assert_true(acts(BATON_PHONE));
	wish(BATON_PHONE, WORLD_FINISH);
	run();
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_LEASED);
	world_link(&world, true);
	wish(BATON_WATCH, WORLD_OFFER);
	run();
	assert_false(world.device[BATON_PHONE].app[0].asked);
	assert_int_equal(hold(BATON_PHONE), BATON_HOLD_NONE);
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
	assert_int_equal(world.device[BATON_WATCH].app[0].content, 0);
}

/* Each RELEASE of a new epoch that nobody accepted: a refusal, and a write. */
static unsigned int writes_of_refusals(uint8_t first, unsigned int count)
{
	struct baton_ownership *watch = &world.device[BATON_WATCH].own;
	uint8_t body[BATON_ACTIVITY_ID_LEN + 17] = {0};
	unsigned int i, writes = 0;

	world_id(&world, body, 0);
	for (i = 0; i < count; i++) {
		body[8] = (uint8_t)(first + i);
		(void)baton_ownership_rx(watch, 0x22, body, sizeof(body),
					 world_clock(&world, BATON_WATCH));
		while (world_wants_write(&world, BATON_WATCH)) {
			writes++;
			world_write(&world, BATON_WATCH, WORLD_WRITE_DONE);
		}
	}
	return writes;
}

static void a_peer_cannot_wear_the_store_out_by_refusals(void **state)
{
	(void)state;
	fresh_world();
	assert_int_equal(writes_of_refusals(1, 100), 8);
	/* What was refused is answered again, at no cost. */
	assert_int_equal(writes_of_refusals(1, 8), 0);
	pass_ms(1000);
	assert_int_equal(writes_of_refusals(101, 3), 1);
	pass_ms(3000);
	assert_int_equal(writes_of_refusals(110, 9), 3);
}

static bool told(enum baton_role role, enum baton_ownership_event_type type,
		 struct baton_ownership_event *event)
{
	while (baton_ownership_next_event(&world.device[role].own, event))
		if (event->type == type)
			return true;
	return false;
}

static void an_offer_that_is_over_is_told(void **state)
{
	struct world_item frame;
	struct baton_ownership_event event;

	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	wish(BATON_PHONE, WORLD_OFFER);
	run();
	wish(BATON_PHONE, WORLD_CANCEL);
	world_attend(&world, BATON_PHONE);
	assert_false(told(BATON_WATCH, BATON_OWNERSHIP_WITHDRAWN, &event));
	frame = world.device[BATON_WATCH].in.item[0];
	assert_int_equal(frame.code, 0x25);
	assert_int_equal(baton_ownership_rx(&world.device[BATON_WATCH].own,
					    frame.code, frame.body, frame.len,
					    world_clock(&world, BATON_WATCH)),
			 BATON_OK);
	assert_true(told(BATON_WATCH, BATON_OWNERSHIP_WITHDRAWN, &event));
}

static void an_offer_repeated_with_other_info_is_told_again(void **state)
{
	struct baton_ownership *phone = &world.device[BATON_PHONE].own;
	struct baton_ownership *watch = &world.device[BATON_WATCH].own;
	uint8_t id[BATON_ACTIVITY_ID_LEN], code, body[BATON_FRAME_BODY_MAX];
	struct baton_ownership_event event;
	uint64_t now_ms;
	size_t len;
	int i;

	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	wish(BATON_PHONE, WORLD_OFFER);
	run();
	world_id(&world, id, 0);
	for (i = 0; i < 2; i++) {
		world_link(&world, false);
		world_link(&world, true);
		assert_int_equal(
			baton_ownership_info(phone, id, (uint8_t *)"new", 3),
			BATON_OK);
		now_ms = world_clock(&world, BATON_PHONE);
		assert_true(
			baton_ownership_tx(phone, &code, body, &len, now_ms));
		assert_int_equal(code, 0x20);
		assert_int_equal(baton_ownership_rx(watch, code, body, len,
						    world_clock(&world, 0)),
				 BATON_OK);
		assert_int_equal(
			told(BATON_WATCH, BATON_OWNERSHIP_OFFERED, &event),
			i == 0);
	}
}

static void a_state_that_is_not_there_is_wanted(void **state)
{
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	struct world_item frame;
	struct baton_ownership_event event;

	(void)state;
	fresh_world();
	let_go();
	world_attend(&world, BATON_WATCH);
	/* The phone has lost the state that it had. */
	world_id(&world, id, 0);
	assert_int_equal(baton_ownership_state(&world.device[BATON_PHONE].own,
					       id, 0, world_clock(&world, 1)),
			 BATON_OK);
	frame = world.device[BATON_PHONE].in.item[0];
	assert_int_equal(frame.code, 0x22);
	(void)baton_ownership_rx(&world.device[BATON_PHONE].own, frame.code,
				 frame.body, frame.len,
				 world_clock(&world, BATON_PHONE));
	assert_true(told(BATON_PHONE, BATON_OWNERSHIP_WANTED, &event));
	assert_true(event.version != 0);
	assert_int_equal(hold(BATON_PHONE), BATON_HOLD_NONE);
}

static void a_store_that_fails_is_asked_again(void **state)
{
	(void)state;
	fresh_world();
	release();
	assert_true(world_wants_write(&world, BATON_WATCH));
	world_write(&world, BATON_WATCH, WORLD_WRITE_FAILS);
	assert_false(world_wants_write(&world, BATON_WATCH));
	assert_false(acts(BATON_WATCH));
	run();
	assert_int_equal(hold(BATON_PHONE), BATON_HOLD_NONE);
	pass_ms(1000);
	run();
	assert_true(acts(BATON_PHONE));
}

/* What an application can get wrong: a stated error, and nothing changes. */
static void wrong_decisions_change_nothing(void **state)
{
	struct baton_ownership *watch = &world.device[BATON_WATCH].own;
	struct baton_ownership *phone = &world.device[BATON_PHONE].own;
	uint8_t id[BATON_ACTIVITY_ID_LEN], other[BATON_ACTIVITY_ID_LEN];
	uint8_t info[BATON_OFFER_INFO_MAX + 1] = {0};
	uint64_t now_ms;

	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	run();
	world_id(&world, id, 0);
	world_id(&world, other, 1);
	now_ms = world_clock(&world, BATON_PHONE);
	pass_ms(0);
	world_copy(&before, &world);
#define WRONG(call, err) assert_int_equal(call, BATON_ERR_##err)
	WRONG(baton_ownership_begin(phone, id, now_ms), STATE);
	WRONG(baton_ownership_offer(phone, id, 0, NULL, 0, now_ms), ARG);
	WRONG(baton_ownership_offer(phone, id, 999, NULL, 0, now_ms), ARG);
	WRONG(baton_ownership_offer(phone, id, BATON_LEASE_MAX_MS + 1, NULL, 0,
				    now_ms),
	      ARG);
	WRONG(baton_ownership_offer(phone, id, 1000, info, sizeof(info),
				    now_ms),
	      ARG);
	WRONG(baton_ownership_offer(phone, other, 1000, NULL, 0, now_ms),
	      NOT_FOUND);
	WRONG(baton_ownership_offer(watch, id, 1000, NULL, 0, now_ms), ARG);
	WRONG(baton_ownership_accept(phone, id, now_ms), STATE);
	WRONG(baton_ownership_refuse(phone, id, 0, now_ms), STATE);
	WRONG(baton_ownership_release(phone, id, now_ms), STATE);
	WRONG(baton_ownership_cancel(phone, id, now_ms), STATE);
	WRONG(baton_ownership_renew(phone, id, now_ms), STATE);
	WRONG(baton_ownership_accept(phone, other, now_ms), NOT_FOUND);
	WRONG(baton_ownership_finish(phone, other, now_ms), NOT_FOUND);
	WRONG(baton_ownership_state(phone, other, 1, now_ms), NOT_FOUND);
#undef WRONG
	before.device[0].own.activity = world.device[0].table;
	before.device[1].own.activity = world.device[1].table;
	assert_memory_equal(&before.device, &world.device,
			    sizeof(world.device));
}

static void frames_that_are_not_right_change_nothing(void **state)
{
	struct baton_ownership *phone = &world.device[BATON_PHONE].own;
	uint8_t body[BATON_FRAME_BODY_MAX + 1];
	uint64_t now_ms;
	unsigned int code;
	size_t len, i;

	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	hand_over(BATON_PHONE);
	now_ms = world_clock(&world, BATON_PHONE);
	pass_ms(0);
	world_copy(&before, &world);
	before.device[0].own.activity = world.device[0].table;
	before.device[1].own.activity = world.device[1].table;
	for (code = 0x1f; code < 0x31; code++) {
		for (len = 0; len < sizeof(body); len++) {
			/* Epoch 0, or one that is out of reach. */
			memset(body, 0, sizeof(body));
			world_id(&world, body, 0);
			(void)baton_ownership_rx(phone, (uint8_t)code, body,
						 len < 9 ? len : 9, now_ms);
			body[8] = 0xf2;
			for (i = 9; i < 17; i++)
				body[i] = 0x7f;
			(void)baton_ownership_rx(phone, (uint8_t)code, body,
						 len, now_ms);
			/* MARK says nothing here. */
			phone->activity[0].closed =
				before.device[BATON_PHONE].table[0].closed;
			for (i = 1; i < phone->count; i++)
				phone->activity[i].closed =
					before.device[BATON_PHONE]
						.table[i]
						.closed;
			assert_memory_equal(&before.device, &world.device,
					    sizeof(world.device));
		}
	}
}

static void a_flood_of_offers_displaces_nothing(void **state)
{
	struct baton_ownership *phone = &world.device[BATON_PHONE].own;
	uint8_t body[BATON_ACTIVITY_ID_LEN + 3] = {0};
	uint64_t now_ms;
	int i;

	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	assert_true(world_wish(&world, BATON_PHONE, 1, WORLD_BEGIN, 0));
	now_ms = world_clock(&world, BATON_PHONE);
	for (i = 0; i < 1000; i++) {
		body[2] = (uint8_t)i;
		body[3] = (uint8_t)(i >> 8);
		body[8] = 1;
		assert_int_equal(baton_ownership_rx(phone, 0x20, body,
						    sizeof(body), now_ms),
				 BATON_OK);
		assert_false(world_wants_write(&world, BATON_PHONE));
	}
	assert_true(acts(BATON_PHONE));
}

static void a_full_table_says_so(void **state)
{
	struct baton_ownership *phone = &world.device[BATON_PHONE].own;
	uint8_t id[BATON_ACTIVITY_ID_LEN] = {9};
	int i;

	(void)state;
	fresh_world();
	for (i = 0; i < 3; i++) {
		id[1] = (uint8_t)i;
		assert_int_equal(baton_ownership_begin(phone, id, 1), BATON_OK);
		assert_true(world_wants_write(&world, BATON_PHONE));
		baton_ownership_stored(phone, world.device[1].op.id, BATON_OK,
				       1);
		world.device[1].op_out = false;
	}
	id[1] = 3;
	assert_int_equal(baton_ownership_begin(phone, id, 1), BATON_ERR_SPACE);
	/* What is finished makes room, and its epoch lives on in the floor. */
	id[1] = 0;
	assert_int_equal(baton_ownership_finish(phone, id, 1), BATON_OK);
	assert_true(world_wants_write(&world, BATON_PHONE));
	baton_ownership_stored(phone, world.device[1].op.id, BATON_OK, 1);
	world.device[1].op_out = false;
	id[1] = 3;
	assert_int_equal(baton_ownership_begin(phone, id, 1), BATON_OK);
	assert_true(world_wants_write(&world, BATON_PHONE));
	assert_int_equal(world.device[1].op.count, 3);
}

static void
what_was_adopted_and_finished_makes_room_on_the_same_link(void **state)
{
	int i;

	(void)state;
	fresh_world();
	for (i = 0; i < 3 * WORLD_PLACES; i++) {
		wish(BATON_WATCH, WORLD_BEGIN);
		run();
		hand_over(BATON_WATCH);
		assert_true(acts(BATON_PHONE));
		wish(BATON_PHONE, WORLD_FINISH);
		run();
		assert_int_equal(hold(BATON_PHONE), BATON_HOLD_NONE);
	}
}

/* The phone was not listening when the RELEASE came, and hears the MARK. */
static void what_is_waited_for_keeps_its_place(void **state)
{
	(void)state;
	world_init(&world, 3, 2, 7);
	world_link(&world, true);
	let_go();
	while (world.device[BATON_PHONE].in.count > 0)
		world_deliver(&world, BATON_PHONE, 0, false);
	write_out(BATON_PHONE);
	wish(BATON_PHONE, WORLD_FINISH);
	/* The CONFIRM is lost with its link. */
	world_link(&world, false);
	world.device[BATON_WATCH].in.count = 0;
	world_link(&world, true);
	write_out(BATON_PHONE);
	world_attend(&world, BATON_WATCH);
	assert_int_equal(world.device[BATON_PHONE].in.item[1].code, 0x22);
	world_drop(&world, BATON_PHONE, 1);
	run();
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_RELEASED);
	assert_true(world_wish(&world, BATON_PHONE, 1, WORLD_BEGIN, 0));
	run();
	assert_false(world_wish(&world, BATON_PHONE, 2, WORLD_BEGIN, 0));
	pass_ms(250);
	run();
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
	assert_false(world_wish(&world, BATON_PHONE, 2, WORLD_BEGIN, 0));
	world_link(&world, false);
	world_link(&world, true);
	run();
	assert_true(world_wish(&world, BATON_PHONE, 2, WORLD_BEGIN, 0));
}

static void what_it_held_is_wiped(void **state)
{
	static const struct baton_activity nothing[WORLD_PLACES];

	(void)state;
	fresh_world();
	wish(BATON_PHONE, WORLD_BEGIN);
	hand_over(BATON_PHONE);
	baton_ownership_wipe(&world.device[BATON_WATCH].own);
	assert_memory_equal(world.device[BATON_WATCH].table, nothing,
			    sizeof(nothing));
}

#define T(test) cmocka_unit_test(test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_goes_there_and_back),
		T(nobody_acts_from_the_freeze_to_the_adoption),
		T(what_a_lost_watch_held_comes_back_and_never_before),
		T(a_lease_runs_through_sleep),
		T(a_clock_set_back_ends_the_lease),
		T(a_clock_set_back_makes_the_phone_wait_anew),
		T(a_rebooted_watch_holds_renews_and_acts_again),
		T(a_release_after_its_nonce_ran_out_is_refused),
		T(after_the_release_a_cancel_only_asks),
		T(a_late_offer_does_not_give_back_what_was_adopted),
		T(what_was_taken_back_and_finished_does_not_come_back),
		T(a_peer_cannot_wear_the_store_out_by_refusals),
		T(an_offer_that_is_over_is_told),
		T(an_offer_repeated_with_other_info_is_told_again),
		T(a_state_that_is_not_there_is_wanted),
		T(a_store_that_fails_is_asked_again),
		T(wrong_decisions_change_nothing),
		T(frames_that_are_not_right_change_nothing),
		T(a_flood_of_offers_displaces_nothing),
		T(a_full_table_says_so),
		T(what_was_adopted_and_finished_makes_room_on_the_same_link),
		T(what_is_waited_for_keeps_its_place),
		T(what_it_held_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
