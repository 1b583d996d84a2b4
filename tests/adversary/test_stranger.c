/* SPDX-License-Identifier: MIT */

/*
 * A stranger is first on the watch's only link and stays: it says nothing,
 * garbage, or hellos without end. The watch closes at the deadline that it set
 * when the link came up, and the true phone gets in.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

#define DEADLINE_MS 30000 /* session/SPEC.md 1.4: to be SECURED */
#define LAST_WORD_MS 1000 /* and for a last word to be seen */

static struct pair *world, *strangers;
static struct pair_end *watch;

static int setup(void **state)
{
	(void)state;
	world = test_malloc(sizeof(*world));
	pair_init(world, 5);
	strangers = test_malloc(sizeof(*strangers));
	pair_init(strangers, 6);
	watch = &world->end[BATON_WATCH];
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
	pair_down(world);
	world->adverts = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(world);
	pair_free(strangers);
	test_free(world);
	test_free(strangers);
	return 0;
}

static uint32_t random_state = 1;

static uint8_t next_byte(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint8_t)(random_state >> 24);
}

static void say_nothing(void)
{
}

static void say_garbage(void)
{
	uint8_t bytes[100];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = next_byte();
	(void)baton_session_rx(&watch->session, bytes, sizeof(bytes),
			       world->now_ms);
}

/* A phone's own first PDU, with another nonce each time. */
static void say_hello(void)
{
	struct baton_session *phone = &strangers->end[BATON_PHONE].session;
	uint8_t bytes[BATON_PDU_MAX];
	size_t len;

	strangers->now_ms += 10;
	assert_int_equal(baton_session_pairing_open(phone, strangers->now_ms),
			 BATON_OK);
	pair_up(strangers);
	len = baton_session_tx(phone, bytes, sizeof(bytes), strangers->now_ms);
	assert_true(len > 30);
	(void)baton_session_rx(&watch->session, bytes, len, world->now_ms);
	pair_down(strangers);
}

static bool has_closed(void)
{
	struct baton_event event;
	bool closed = false;

	while (baton_session_next_event(&watch->session, &event,
					world->now_ms)) {
		assert_int_not_equal(event.type, BATON_EVENT_SECURED);
		assert_int_not_equal(event.type, BATON_EVENT_MESSAGE);
		closed |= event.type == BATON_EVENT_LINK_CLOSE;
	}
	return closed;
}

/* How long the stranger has the watch, ms; it speaks every 50 ms. */
static uint64_t occupy(void (*say)(void))
{
	static const uint8_t advert[BATON_BOND_NONCE_LEN] = {9};
	struct baton_link_facts facts = {.mtu = 247, .advert = advert};
	uint8_t bytes[BATON_PDU_MAX];
	uint64_t begun_ms = world->now_ms;

	assert_int_equal(
		baton_session_link_up(&watch->session, &facts, world->now_ms),
		BATON_OK);
	while (!has_closed() && world->now_ms < begun_ms + 10 * DEADLINE_MS) {
		say();
		while (baton_session_tx(&watch->session, bytes, sizeof(bytes),
					world->now_ms) > 0)
			;
		world->now_ms += 50;
		baton_session_tick(&watch->session, world->now_ms);
	}
	baton_session_link_down(&watch->session, world->now_ms);
	return world->now_ms - begun_ms;
}

static void leaves_by_the_deadline(void (*say)(void))
{
	uint64_t took_ms = occupy(say);

	if (took_ms > DEADLINE_MS + LAST_WORD_MS + 50)
		fail_msg("the stranger stays for %llu ms",
			 (unsigned long long)took_ms);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 10000));
}

static void a_stranger_who_is_silent_leaves(void **state)
{
	(void)state;
	leaves_by_the_deadline(say_nothing);
}

static void a_stranger_who_says_garbage_leaves(void **state)
{
	(void)state;
	leaves_by_the_deadline(say_garbage);
}

static void a_stranger_who_repeats_its_hello_leaves(void **state)
{
	(void)state;
	leaves_by_the_deadline(say_hello);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_stranger_who_is_silent_leaves),
		T(a_stranger_who_says_garbage_leaves),
		T(a_stranger_who_repeats_its_hello_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
