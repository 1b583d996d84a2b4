/* SPDX-License-Identifier: MIT */

/* Urgent session frames (session/SPEC.md 4). */

#include "tests/unit/pair_world.h"

#define SUSPENDED_FOR_MS 2000

static struct baton_session *watch(void)
{
	return &world->end[BATON_WATCH].session;
}

static struct baton_session *phone(void)
{
	return &world->end[BATON_PHONE].session;
}

static bool never(struct pair *pair)
{
	(void)pair;
	return false;
}

static void say(uint8_t code)
{
	assert_int_equal(baton_session_frame(watch(), code, &code, 1),
			 BATON_OK);
}

/* The next event of the phone is the frame of code. */
static void expect(uint8_t code)
{
	struct baton_event event;

	assert_true(baton_session_next_control(phone(), &event));
	assert_int_equal(event.type, BATON_EVENT_FRAME);
	assert_int_equal(event.u.frame.code, code);
	assert_int_equal(event.u.frame.len, 1);
	assert_int_equal(event.u.frame.body[0], code);
}

static void they_come_while_no_data_is_taken(void **state)
{
	struct baton_event event;

	(void)state;
	assert_true(pair_bond(world));
	world->end[BATON_PHONE].deaf = true;
	pair_send(world, BATON_WATCH, 1 << 20);
	assert_false(pair_run(world, never, SUSPENDED_FOR_MS));
	assert_int_equal(world->end[BATON_PHONE].got_bytes, 0);
	say(0x33);
	assert_false(pair_run(world, never, 1));
	expect(0x33);
	assert_false(baton_session_next_control(phone(), &event));
	/* Nothing of the data was taken with it, and all of it is there. */
	assert_false(pair_run(world, never, SUSPENDED_FOR_MS));
	world->end[BATON_PHONE].deaf = false;
	assert_false(pair_run(world, never, SUSPENDED_FOR_MS));
	assert_int_equal(world->end[BATON_PHONE].got_bytes, 1 << 20);
	assert_int_equal(world->end[BATON_PHONE].got_hash,
			 pair_pattern_hash(1 << 20));
}

static void they_overtake_messages(void **state)
{
	struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 0};
	struct baton_event event;

	(void)state;
	assert_true(pair_bond(world));
	world->end[BATON_PHONE].deaf = true;
	assert_int_equal(baton_session_send(watch(), stream,
					    (const uint8_t *)"hello", 5, 0,
					    world->now_ms),
			 BATON_OK);
	say(0x20);
	assert_false(pair_run(world, never, 100));
	say(0x30);
	assert_false(pair_run(world, never, 100));
	expect(0x30);
	assert_true(baton_session_next_event(phone(), &event, world->now_ms));
	assert_int_equal(event.type, BATON_EVENT_MESSAGE);
}

static void they_are_in_order(void **state)
{
	uint8_t code;

	(void)state;
	assert_true(pair_bond(world));
	world->end[BATON_PHONE].deaf = true;
	for (code = 0x3f; code > 0x3f - BATON_URGENT_WAITING; code--)
		say(code);
	assert_false(pair_run(world, never, 100));
	for (code = 0x3f; code > 0x3f - 2; code--)
		expect(code);
	say(0x31);
	say(0x30);
	assert_false(pair_run(world, never, 100));
	for (; code > 0x3f - BATON_URGENT_WAITING; code--)
		expect(code);
	expect(0x31);
	expect(0x30);
}

static void more_than_may_wait_end_the_link(void **state)
{
	struct baton_event event;
	unsigned int i;

	(void)state;
	assert_true(pair_bond(world));
	world->end[BATON_PHONE].deaf = true;
	for (i = 0; i < BATON_URGENT_WAITING; i++)
		say(0x30);
	assert_false(pair_run(world, never, 100));
	assert_int_equal(phone()->state, BATON_SESSION_SECURED);
	say(0x30);
	assert_false(pair_run(world, never, 100));
	for (i = 0; i < BATON_URGENT_WAITING; i++)
		expect(0x30);
	assert_true(baton_session_next_control(phone(), &event));
	assert_int_equal(event.type, BATON_EVENT_LINK_CLOSE);
	assert_int_equal(event.u.closed.err, BATON_ERR_PROTOCOL);
}

/* Whoever is told SECURED says something at once, before tx() is called. */
static bool greet(struct pair_end *end, const struct baton_event *event)
{
	if (event->type == BATON_EVENT_SECURED)
		assert_int_equal(
			baton_session_frame(&end->session, 0x33, NULL, 0),
			BATON_OK);
	return false;
}

static void assert_greeted(void)
{
	int i;

	assert_false(pair_run(world, never, 1000));
	for (i = 0; i < 2; i++) {
		assert_true(world->end[i].secured);
		assert_false(world->end[i].closed);
		assert_int_equal(world->end[i].frame_code, 0x33);
		world->end[i].frame_code = 0;
		world->end[i].on_event = greet;
	}
}

/* On a link of each kind; by 0x20 there is none. */
static void they_do_not_overtake_sync(void **state)
{
	int i;

	(void)state;
	world->end[0].on_event = world->end[1].on_event = greet;
	assert_true(pair_bond(world));
	assert_int_equal(world->kind, BATON_KIND_COMPARE);
	assert_greeted();
	assert_true(pair_link(world));
	assert_int_equal(world->kind, BATON_KIND_RESUME);
	assert_greeted();
	pair_reboot(world, BATON_PHONE);
	for (i = 0; i < 2; i++)
		world->end[i].on_event = greet;
	assert_true(pair_link(world));
	assert_int_equal(world->kind, BATON_KIND_RESUME_SYNC);
	assert_greeted();
	for (i = 0; i < 2; i++)
		world->end[i].session.bonds[0].ticket.usable = false;
	assert_true(pair_link(world));
	assert_int_equal(world->kind, BATON_KIND_RECONNECT);
	assert_greeted();
}

/* The phone waits for its store, and was told nothing of the link yet. */
static void they_are_told_after_secured(void **state)
{
	struct pair_end *end = &world->end[BATON_PHONE];

	(void)state;
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
	pair_down(world);
	end->store_stalls = true;
	pair_up(world);
	assert_false(pair_run(world, never, 1000));
	say(0x33);
	assert_false(pair_run(world, never, 1000));
	assert_int_equal(phone()->state, BATON_SESSION_SYNCING);
	assert_false(end->secured);
	assert_int_equal(end->frames, 0);
	end->store_stalls = false;
	(void)pair_turn(world);
	assert_false(pair_run(world, never, 1000));
	assert_true(end->secured);
	assert_int_equal(end->frames, 1);
}

/* Its store fails, so that it never hears that the link is secured. */
static void they_are_lost_where_secured_never_comes(void **state)
{
	struct pair_end *end = &world->end[BATON_PHONE];

	(void)state;
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
	pair_down(world);
	end->secured = false;
	end->store_stalls = true;
	pair_up(world);
	assert_false(pair_run(world, never, 1000));
	say(0x33);
	assert_false(pair_run(world, never, 1000));
	end->store_stalls = false;
	end->store_fails = true;
	(void)pair_turn(world);
	assert_false(pair_run(world, never, 1000));
	assert_true(end->closed);
	assert_int_equal(end->close_err, BATON_ERR_STORE);
	assert_false(end->secured);
	assert_int_equal(end->frames, 0);
}

static void they_are_lost_with_their_link(void **state)
{
	struct baton_event event;

	(void)state;
	assert_true(pair_bond(world));
	world->end[BATON_PHONE].deaf = true;
	say(0x30);
	assert_false(pair_run(world, never, 100));
	pair_down(world);
	while (baton_session_next_control(phone(), &event))
		assert_int_not_equal(event.type, BATON_EVENT_FRAME);
}

static void a_length_above_the_limit_is_the_callers_mistake(void **state)
{
	uint8_t body[BATON_URGENT_BODY_MAX + 1] = {0};

	(void)state;
	assert_int_equal(baton_session_frame(watch(), 0x30, body, 1),
			 BATON_ERR_STATE);
	assert_true(pair_bond(world));
	assert_int_equal(baton_session_frame(watch(), 0x30, body, sizeof(body)),
			 BATON_ERR_ARG);
	assert_int_equal(
		baton_session_frame(watch(), 0x3f, body, sizeof(body) - 1),
		BATON_OK);
	assert_false(pair_run(world, never, 100));
	assert_int_equal(world->end[BATON_PHONE].frame_code, 0x3f);
	assert_int_equal(world->end[BATON_PHONE].frame_len,
			 BATON_URGENT_BODY_MAX);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_pair, teardown_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(they_come_while_no_data_is_taken),
		T(they_overtake_messages),
		T(they_are_in_order),
		T(more_than_may_wait_end_the_link),
		T(they_do_not_overtake_sync),
		T(they_are_told_after_secured),
		T(they_are_lost_where_secured_never_comes),
		T(they_are_lost_with_their_link),
		T(a_length_above_the_limit_is_the_callers_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
