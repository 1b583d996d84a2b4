/* SPDX-License-Identifier: MIT */

/* All modes of two devices at once, while links, power or sessions go. */

#include "tests/unit/endpoint_world.h"

#define SEEDS 8

static bool is_quiet(struct duo *d)
{
	int role, i;

	(void)d;
	for (role = 0; role < 2; role++)
		for (i = 0; i < 2; i++)
			if (person[role].app[i].got < ITEMS ||
			    person[role].app[i].peer_context <
				    person[1 - role].app[i].context)
				return false;
	return courier_is_done(courier) && hold(0) != BATON_HOLD_RELEASED &&
	       hold(1) != BATON_HOLD_RELEASED && acts(0) + acts(1) == 1;
}

/* One that was not durable when the power went was never set. */
static void set_context(int role, uint8_t application)
{
	struct app *app = &person[role].app[application];
	uint8_t bytes[4];

	baton_store_be32(bytes, app->context + 1);
	if (!baton_context_set(baton_endpoint_context(&duo->end[role].endpoint,
						      0, application),
			       bytes, sizeof(bytes), clock_of(role)))
		app->context++;
}

/* Everybody does something, if it is possible now. */
static void live(int role)
{
	struct baton_endpoint *endpoint = &duo->end[role].endpoint;
	struct baton_requests *requests;
	struct app *app;
	uint8_t i, bytes[4];
	uint32_t number;

	for (i = 0; i < 2; i++) {
		app = &person[role].app[i];
		requests = baton_endpoint_requests(endpoint, 0, i);
		if (duo_random(duo) % 4 == 0)
			put_item(role, i);
		baton_store_be32(bytes, app->asking + 1);
		if (!app->waits &&
		    !baton_requests_ask(requests, bytes, 4, 5000, &number,
					clock_of(role))) {
			app->asking++;
			app->waits = true;
			person[role].asked++;
		}
		if (duo_random(duo) % 8 == 0 && app->context < 500)
			set_context(role, i);
		if (duo_random(duo) % 8 == 0)
			(void)courier_send(courier, (enum baton_role)role, i,
					   duo_random(duo) % 20000);
		courier_open(courier, i);
		(void)courier_write(courier, (enum baton_role)role, i,
				    1 + (size_t)(duo_random(duo) % 100));
	}
	answer(role, 200 + (size_t)(duo_random(duo) % 3000));
	if ((hold(role) == BATON_HOLD_OWNED ||
	     hold(role) == BATON_HOLD_LEASED) &&
	    !person[role].busy && duo_random(duo) % 4 == 0)
		person[role].busy = offer(role, BATON_LEASE_MAX_MS);
}

/* Links that last, and nothing else that goes wrong. */
static void settle_down(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		set_context((int)(i / 2), i % 2);
	for (i = 0; i < 400 && !is_quiet(duo); i++) {
		duo_up(duo);
		answer(0, 100);
		answer(1, 100);
		put_item(0, NOTES);
		put_item(0, MAPS);
		put_item(1, NOTES);
		put_item(1, MAPS);
		wait_ms(1000);
	}
	assert_true(is_quiet(duo));
	assert_true(courier_is_right(courier));
}

static void all_modes_go_through_lost_links(void **state)
{
	unsigned int i;

	(void)state;
	begin(BATON_PHONE, 100);
	duo->drop_ppm = 20000;
	for (i = 0; i < 400; i++) {
		duo_up(duo);
		live(BATON_WATCH);
		live(BATON_PHONE);
		wait_ms(duo_random(duo) % 300);
		assert_false(acts(BATON_WATCH) && acts(BATON_PHONE));
		assert_true(courier_is_right(courier));
		if (duo_random(duo) % 12 == 0)
			duo_down(duo);
	}
	duo->drop_ppm = 0;
	settle_down();
	assert_true(newest > 5);
	for (i = 0; i < 2; i++) {
		assert_true(person[i].answered > 20);
		assert_int_equal(person[i].asked,
				 person[i].answered + person[i].failed +
					 person[i].app[0].waits +
					 person[i].app[1].waits);
	}
}

/*
 * The power goes at any write of either device, which is durable or not, in
 * the middle of all that goes on.
 */
static unsigned int live_through_power_cuts(void)
{
	unsigned int i, cuts = 0, boots;
	struct duo_end *end;

	begin(BATON_PHONE, 100);
	duo->drop_ppm = 5000;
	for (i = 0; i < 1000; i++) {
		duo_up(duo);
		live(BATON_WATCH);
		live(BATON_PHONE);
		end = &duo->end[duo_random(duo) % 2];
		end->cut_at =
			end->writes + 1 + (unsigned int)(duo_random(duo) % 30);
		end->cut_keeps = duo_random(duo) & 1;
		boots = duo->end[0].boots + duo->end[1].boots;
		wait_ms(duo_random(duo) % 600);
		cuts += duo->end[0].boots + duo->end[1].boots - boots;
		assert_false(acts(BATON_WATCH) && acts(BATON_PHONE));
	}
	duo->drop_ppm = 0;
	duo->end[0].cut_at = duo->end[1].cut_at = 0;
	settle_down();
	return cuts;
}

static void all_modes_go_through_power_cuts(void **state)
{
	unsigned int cuts = 0, adopted = 0, whole = 0;
	uint64_t seed;
	size_t i;

	for (seed = 1; seed <= SEEDS; seed++) {
		teardown(state);
		assert_int_equal(setup_seed(seed), 0);
		cuts += live_through_power_cuts();
		adopted += newest;
		for (i = 0; i < courier->files; i++)
			whole += courier->file[i].renamed;
	}
	print_message("%u power cuts, %u adoptions, %u renewals, %u files\n",
		      cuts, adopted, renewed, whole);
	assert_true(cuts > SEEDS * 300);
	assert_true(adopted > SEEDS * 20);
	assert_true(whole > SEEDS * 100);
}

static void resume(void)
{
	enum baton_err err = baton_lifecycle_resume(
		baton_endpoint_lifecycle(&duo->end[BATON_PHONE].endpoint, 0),
		clock_of(BATON_PHONE));

	assert_true(err == BATON_OK || err == BATON_ERR_STATE);
}

/* By either side, for less and for more than what is on its way takes. */
static bool suspend_for_a_while(void)
{
	int role = (int)(duo_random(duo) & 1);
	bool suspended = !baton_lifecycle_suspend(
		baton_endpoint_lifecycle(&duo->end[role].endpoint, 0),
		clock_of(role));

	wait_ms(duo_random(duo) % (duo_random(duo) & 1 ? 300 : 60000));
	resume();
	/* The phone may not have known of the watch's wish before. */
	wait_ms(200);
	resume();
	return suspended;
}

/* For hours, on one link. */
static void all_modes_go_on_through_suspensions(void **state)
{
	unsigned int i, suspended = 0;
	uint64_t seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		teardown(state);
		assert_int_equal(setup_seed(seed), 0);
		begin(BATON_PHONE, 100);
		for (i = 0; i < 500; i++) {
			live(BATON_WATCH);
			live(BATON_PHONE);
			wait_ms(duo_random(duo) %
				(duo_random(duo) % 16 ? 2000 : 3600000));
			if (duo_random(duo) % 6 == 0)
				suspended += suspend_for_a_while();
			assert_false(duo->end[0].closed || duo->end[1].closed);
			assert_false(acts(BATON_WATCH) && acts(BATON_PHONE));
		}
		settle_down();
		assert_true(newest > 20);
	}
	assert_true(suspended > SEEDS * 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_modes_go_through_lost_links),
		T(all_modes_go_through_power_cuts),
		T(all_modes_go_on_through_suspensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
