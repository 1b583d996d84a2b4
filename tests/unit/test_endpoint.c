/* SPDX-License-Identifier: MIT */

/* Two whole devices, all modes, over links and powers that go (ENDPOINT.md). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "tests/support/courier.h"

#define NOTES 0
#define MAPS 1
#define LEASE_MS 60000
#define ITEMS 200 /* each way and application */
#define SEEDS 8 /* of power cuts */
#define MARK 0xa7

static const uint8_t id[BATON_ACTIVITY_ID_LEN] = {1, 2, 3};

/* What an application has done and seen; durable, but for the rest. */
struct app {
	uint32_t put; /* items */
	uint32_t got; /* the last one's content */
	uint32_t dealt; /* number of the last item that was dealt with */
	uint32_t context, peer_context;
	/* Forgotten by a reboot. */
	bool waits;
	uint32_t asking;
};

struct person {
	struct app app[2];
	uint32_t content; /* of the state that was adopted last */
	bool offered, frozen, busy;
	unsigned int told[BATON_HANDOFF_TOKEN + 1];
	unsigned int asked, answered, failed;
	unsigned int adopted, suspended, revoked, ended;
	enum baton_lifecycle_event_type last;
	uint8_t bytes[BATON_STATE_MAX];
	size_t len;
};

static struct duo *duo;
static struct courier *courier;
static struct person person[2];
static unsigned int renewed;
static uint32_t newest; /* content of any state that was adopted */

#define OK(call) assert_int_equal(call, BATON_OK)

static uint64_t clock_of(int role)
{
	return duo_clock(duo, (enum baton_role)role);
}

static struct baton_handoff *handoff(int role)
{
	return baton_endpoint_handoff(&duo->end[role].endpoint, 0);
}

static struct baton_queue *queue(int role, uint8_t app)
{
	return baton_endpoint_queue(&duo->end[role].endpoint, 0, app);
}

static bool acts(int role)
{
	return handoff(role) &&
	       baton_handoff_may_act(handoff(role), NOTES, id, clock_of(role));
}

static enum baton_hold hold(int role)
{
	return handoff(role) ? baton_handoff_hold(handoff(role), NOTES, id)
			     : BATON_HOLD_NONE;
}

static void take_handoff(int role, const struct baton_handoff_event *event)
{
	struct person *p = &person[role];

	p->told[event->type]++;
	if (event->bytes && event->type != BATON_HANDOFF_OFFERED) {
		memcpy(p->bytes, event->bytes, event->len);
		p->len = event->len;
	}
	switch (event->type) {
	case BATON_HANDOFF_ADOPTED:
		p->busy = false;
		p->adopted++;
		p->content = baton_load_be32(event->bytes);
		/* Nothing that was made is lost, none comes back. */
		assert_true(p->content >= newest);
		newest = p->content;
		break;
	case BATON_HANDOFF_RESTORED:
	case BATON_HANDOFF_TAKEN_BACK:
		p->content = baton_load_be32(event->bytes);
		break;
	case BATON_HANDOFF_OFFERED:
		p->offered = true;
		break;
	case BATON_HANDOFF_WITHDRAWN:
		p->offered = false;
		break;
	case BATON_HANDOFF_FREEZE:
		p->frozen = true;
		break;
	case BATON_HANDOFF_KEPT:
	case BATON_HANDOFF_GIVEN:
		p->busy = false;
		break;
	default:
		break;
	}
}

static void take_queue(int role, uint8_t application,
		       const struct baton_queue_event *event)
{
	struct app *app = &person[role].app[application];

	if (event->type != BATON_QUEUE_ITEM)
		return;
	/* Told again after a start: what was dealt with is known. */
	if (event->number > app->dealt) {
		assert_int_equal(event->number, app->dealt + 1);
		assert_int_equal(event->len, 4);
		/* In order, none missing, none twice. */
		assert_int_equal(baton_load_be32(event->bytes), app->got + 1);
		app->got++;
		app->dealt = event->number;
	}
	OK(baton_queue_done(queue(role, application), event->number,
			    clock_of(role)));
}

static void take_request(int role, uint8_t application,
			 const struct baton_request_event *event)
{
	struct baton_requests *requests = baton_endpoint_requests(
		&duo->end[role].endpoint, 0, application);
	struct person *p = &person[role];
	uint8_t answer[4];

	switch (event->type) {
	case BATON_REQUEST_ASKED:
		baton_store_be32(answer, baton_load_be32(event->body) * 2 +
						 application);
		OK(baton_requests_answer(requests, event->number, answer,
					 sizeof(answer), clock_of(role)));
		break;
	case BATON_REQUEST_ANSWERED:
		assert_true(p->app[application].waits);
		assert_int_equal(baton_load_be32(event->body),
				 p->app[application].asking * 2 + application);
		p->app[application].waits = false;
		p->answered++;
		break;
	case BATON_REQUEST_FAILED:
		assert_true(p->app[application].waits);
		p->app[application].waits = false;
		p->failed++;
		break;
	case BATON_REQUEST_GONE:
		break;
	}
}

static void take_context(int role, uint8_t application)
{
	struct baton_context *context = baton_endpoint_context(
		&duo->end[role].endpoint, 0, application);
	struct app *app = &person[role].app[application];
	const uint8_t *bytes;
	uint64_t version;
	size_t len;

	bytes = baton_context_get(context, &version, &len);
	if (!bytes || len != 4)
		return;
	/* The latest wins: never backwards. */
	assert_true(baton_load_be32(bytes) >= app->peer_context);
	app->peer_context = baton_load_be32(bytes);
}

static void on_event(struct duo *d, enum baton_role role,
		     const struct baton_endpoint_event *event)
{
	(void)d;
	switch (event->type) {
	case BATON_ENDPOINT_HANDOFF:
		take_handoff(role, &event->u.handoff);
		break;
	case BATON_ENDPOINT_DELIVERY:
		if (event->u.delivery.type == BATON_DELIVERY_QUEUE)
			take_queue(role, event->application,
				   &event->u.delivery.u.queue);
		else if (event->u.delivery.type == BATON_DELIVERY_REQUEST)
			take_request(role, event->application,
				     &event->u.delivery.u.request);
		else if (event->u.delivery.type == BATON_DELIVERY_CONTEXT)
			take_context(role, event->application);
		break;
	case BATON_ENDPOINT_LIFECYCLE:
		person[role].last = event->u.lifecycle.type;
		person[role].suspended += event->u.lifecycle.type ==
					  BATON_LIFECYCLE_EVENT_SUSPENDED;
		break;
	case BATON_ENDPOINT_REVOKED:
		person[role].revoked++;
		break;
	case BATON_ENDPOINT_FILE:
	case BATON_ENDPOINT_STREAM:
		(void)courier_event(courier, role, event);
		break;
	case BATON_ENDPOINT_SESSION:
		break;
	}
}

static void on_start(struct duo *d, enum baton_role role)
{
	struct app *app;
	uint8_t i;

	(void)d;
	courier_start(courier, role);
	person[role].offered = false;
	person[role].frozen = false;
	person[role].busy = false;
	for (i = 0; i < 2; i++) {
		app = &person[role].app[i];
		app->waits = false;
		/* What was not KEPT may have been put or not. */
		if (queue(role, i))
			app->put = queue(role, i)->out.next - 1;
	}
}

static int setup_seed(uint64_t seed)
{
	duo = calloc(1, sizeof(*duo));
	courier = calloc(1, sizeof(*courier));
	memset(person, 0, sizeof(person));
	newest = 0;
	duo_init(duo, seed);
	courier_init(courier, duo);
	duo->on_event = on_event;
	duo->on_start = on_start;
	return duo_bond(duo) ? 0 : 1;
}

static int setup(void **state)
{
	(void)state;
	return setup_seed(1);
}

static int teardown(void **state)
{
	(void)state;
	duo_free(duo);
	free(duo);
	free(courier);
	return 0;
}

static bool never(struct duo *d)
{
	(void)d;
	courier_act(courier);
	return false;
}

static void wait_ms(uint64_t ms)
{
	(void)duo_run(duo, never, ms);
}

static void begin(int role, size_t len)
{
	uint8_t state[BATON_STATE_MAX];

	memset(state, MARK, sizeof(state));
	baton_store_be32(state, 0);
	OK(baton_handoff_begin(handoff(role), NOTES, id, state, len,
			       clock_of(role)));
	wait_ms(100);
	assert_true(acts(role));
}

static bool offer(int from, uint32_t lease_ms)
{
	return !baton_handoff_offer(handoff(from), NOTES, id,
				    from == BATON_PHONE ? lease_ms : 0, 1, NULL,
				    0, clock_of(from));
}

/* What people do when they are asked. */
static void answer(int role, size_t len)
{
	struct person *p = &person[role];
	uint8_t state[BATON_STATE_MAX];

	if (!handoff(role))
		return;
	if (p->offered &&
	    !baton_handoff_accept(handoff(role), NOTES, id, 1, clock_of(role)))
		p->offered = false;
	/* After a reboot the watch may give it back or renew, not act. */
	if (hold(role) == BATON_HOLD_LEASED && !acts(role) &&
	    duo_random(duo) & 1)
		renewed += !baton_handoff_renew(handoff(role), NOTES, id,
						clock_of(role));
	if (!p->frozen)
		return;
	memset(state, MARK, sizeof(state));
	baton_store_be32(state, p->content + 1);
	if (baton_handoff_state(handoff(role), NOTES, id, state, len,
				clock_of(role)) != BATON_ERR_AGAIN)
		p->frozen = false;
}

static void hand_over(int from, size_t len)
{
	wait_ms(100);
	assert_true(offer(from, LEASE_MS));
	wait_ms(1000);
	answer(1 - from, len);
	wait_ms(1000);
	answer(from, len);
	wait_ms(1000);
	assert_true(acts(1 - from));
	assert_false(acts(from));
}

static void put_item(int role, uint8_t application)
{
	struct app *app = &person[role].app[application];
	uint8_t item[4];
	uint32_t number;

	if (app->put == ITEMS || !queue(role, application))
		return;
	baton_store_be32(item, app->put + 1);
	if (!baton_queue_put(queue(role, application), item, sizeof(item),
			     &number, clock_of(role)))
		app->put++;
}

static bool found(const void *memory, size_t len)
{
	const uint8_t *p = memory;
	size_t i, n = 0;

	for (i = 0; i < len && n < 32; i++)
		n = p[i] == MARK ? n + 1 : 0;
	return n == 32;
}

static void they_pair_and_come_back(void **state)
{
	(void)state;
	assert_int_equal(baton_endpoint_state(&duo->end[0].endpoint, 0),
			 BATON_LIFECYCLE_ACTIVE);
	duo_down(duo);
	assert_int_equal(baton_endpoint_state(&duo->end[1].endpoint, 0),
			 BATON_LIFECYCLE_BONDED);
	assert_int_equal(baton_endpoint_peer(&duo->end[1].endpoint),
			 BATON_ENDPOINT_NOBODY);
	duo_up(duo);
	assert_true(duo_run(duo, duo_active, 10000));
	duo_reboot(duo, BATON_WATCH);
	duo_reboot(duo, BATON_PHONE);
	duo_up(duo);
	assert_true(duo_run(duo, duo_active, 10000));
}

static void an_activity_goes_there_and_back(void **state)
{
	struct duo_end *watch = &duo->end[BATON_WATCH];

	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 3000);
	assert_int_equal(person[BATON_WATCH].content, 1);
	assert_int_equal(person[BATON_WATCH].len, 3000);
	hand_over(BATON_WATCH, BATON_STATE_MAX);
	assert_int_equal(person[BATON_PHONE].content, 2);
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
	/* On the same link: nothing of it is left at the watch. */
	assert_true(duo->up);
	assert_false(found(watch->memory, watch->endpoint.memory_len));
	assert_false(found(&watch->endpoint, sizeof(watch->endpoint)));
}

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

static void revoking_leaves_nothing_of_a_peer(void **state)
{
	struct duo_end *end;
	int role;

	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 3000);
	for (role = 0; role < 2; role++) {
		put_item(role, NOTES);
		put_item(role, MAPS);
	}
	wait_ms(1000);
	assert_true(duo_values(&duo->end[0]) > 4);
	OK(baton_endpoint_revoke(&duo->end[1].endpoint, 0, clock_of(1)));
	/* At once, before any write. */
	assert_null(baton_endpoint_handoff(&duo->end[1].endpoint, 0));
	assert_int_equal(
		baton_endpoint_revoke(&duo->end[1].endpoint, 0, clock_of(1)),
		BATON_ERR_STATE);
	wait_ms(5000);
	for (role = 0; role < 2; role++) {
		end = &duo->end[role];
		assert_int_equal(person[role].revoked, 1);
		assert_int_equal(duo_values(end), 0);
		assert_false(found(end->memory, end->endpoint.memory_len));
		assert_false(found(&end->endpoint, sizeof(end->endpoint)));
		assert_int_equal(baton_endpoint_state(&end->endpoint, 0),
				 BATON_LIFECYCLE_UNPAIRED);
	}
}

static void nothing_goes_while_it_is_suspended(void **state)
{
	struct baton_lifecycle *phone, *watch;

	(void)state;
	phone = baton_endpoint_lifecycle(&duo->end[1].endpoint, 0);
	watch = baton_endpoint_lifecycle(&duo->end[0].endpoint, 0);
	OK(baton_lifecycle_suspend(phone, clock_of(1)));
	wait_ms(100);
	assert_int_equal(person[0].suspended + person[1].suspended, 2);
	put_item(BATON_WATCH, NOTES);
	put_item(BATON_PHONE, NOTES);
	begin(BATON_PHONE, 10);
	assert_false(offer(BATON_PHONE, LEASE_MS));
	duo_down(duo);
	duo_up(duo);
	wait_ms(5000);
	assert_int_equal(person[0].app[0].got + person[1].app[0].got, 0);
	assert_int_equal(baton_lifecycle_state(watch),
			 BATON_LIFECYCLE_SUSPENDED);
	OK(baton_lifecycle_resume(phone, clock_of(1)));
	wait_ms(1000);
	assert_int_equal(person[0].app[0].got, 1);
	assert_int_equal(person[1].app[0].got, 1);
	hand_over(BATON_PHONE, 100);
}

/* On its way when the session is suspended, and here when that goes on. */
static void an_offer_that_comes_late_is_refused_by_nobody(void **state)
{
	struct baton_lifecycle *phone;

	(void)state;
	begin(BATON_PHONE, 100);
	/* Another token of this link was given before. */
	assert_true(offer(BATON_PHONE, LEASE_MS));
	OK(baton_handoff_cancel(handoff(1), NOTES, id, clock_of(1)));
	wait_ms(100);
	assert_true(offer(BATON_PHONE, LEASE_MS));
	duo->drop_ppm = 1000000;
	(void)duo_turn(duo);
	duo->drop_ppm = 0;
	phone = baton_endpoint_lifecycle(&duo->end[1].endpoint, 0);
	OK(baton_lifecycle_suspend(phone, clock_of(1)));
	wait_ms(10);
	assert_int_equal(person[0].suspended, 1);
	OK(baton_lifecycle_resume(phone, clock_of(1)));
	wait_ms(2000);
	assert_true(duo->up);
	assert_int_equal(person[1].told[BATON_HANDOFF_KEPT], 0);
	answer(BATON_WATCH, 100);
	wait_ms(1000);
	answer(BATON_PHONE, 100);
	wait_ms(1000);
	assert_true(acts(BATON_WATCH));
}

/* Clocks 1000 ppm apart, both ways. */
static void a_lost_watch_gives_it_up_before_the_phone_has_it(void **state)
{
	static const int32_t drifts[][2] = {{-500, 500}, {500, -500}};
	struct duo_end *watch;
	uint64_t lent_ms;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		if (i > 0) {
			teardown(state);
			assert_int_equal(setup(state), 0);
		}
		watch = &duo->end[BATON_WATCH];
		watch->ppm = drifts[i][0];
		duo->end[BATON_PHONE].ppm = drifts[i][1];
		begin(BATON_PHONE, 100);
		assert_true(offer(BATON_PHONE, 3600000));
		wait_ms(1000);
		answer(BATON_WATCH, 3000);
		wait_ms(1000);
		answer(BATON_PHONE, 3000);
		wait_ms(1000);
		assert_true(acts(BATON_WATCH));
		duo_down(duo);
		lent_ms = duo->now_ms;
		while (!acts(BATON_PHONE)) {
			wait_ms(500);
			assert_false(acts(BATON_WATCH) && acts(BATON_PHONE));
			assert_true(duo->now_ms - lent_ms < 3620000);
		}
		assert_true(duo->now_ms - lent_ms > 3590000);
		assert_int_equal(
			person[BATON_WATCH].told[BATON_HANDOFF_LEASE_OVER], 1);
		assert_int_equal(
			person[BATON_PHONE].told[BATON_HANDOFF_TAKEN_BACK], 1);
		assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
		assert_false(found(watch->memory, watch->endpoint.memory_len));
		/* It is the phone's as it was lent, and can be lent again. */
		assert_int_equal(person[BATON_PHONE].len, 3000);
		duo_up(duo);
		assert_true(duo_run(duo, duo_active, 10000));
		hand_over(BATON_PHONE, 50);
	}
}

static void a_lease_runs_out_in_sleep(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 200);
	/* Nothing is called; only the clocks go on. */
	duo->now_ms += LEASE_MS;
	assert_false(acts(BATON_WATCH));
	assert_false(acts(BATON_PHONE));
	duo_down(duo);
	wait_ms(LEASE_MS / 500 + 1000);
	assert_true(acts(BATON_PHONE));
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
}

static void a_clock_set_back_ends_lease_and_offers(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 200);
	duo->end[BATON_WATCH].offset_ms -= 5000;
	wait_ms(1000);
	assert_false(acts(BATON_WATCH));
	assert_false(acts(BATON_PHONE));
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_LEASED);
	duo_down(duo);
	duo_up(duo);
	assert_true(duo_run(duo, duo_active, 10000));
	hand_over(BATON_WATCH, 300);
}

static void a_clock_set_forward_is_no_more_than_an_early_end(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 200);
	duo_down(duo);
	duo->end[BATON_WATCH].offset_ms += 10 * LEASE_MS;
	assert_false(acts(BATON_WATCH));
	wait_ms(LEASE_MS / 2);
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
	assert_false(acts(BATON_PHONE));
	wait_ms(LEASE_MS);
	assert_true(acts(BATON_PHONE));
}

static void wrong_numbers_have_no_machines(void **state)
{
	struct baton_endpoint *endpoint = &duo->end[0].endpoint;
	uint8_t bond[BATON_BOND_ID_LEN];
	uint32_t number;

	(void)state;
	assert_null(baton_endpoint_handoff(endpoint, 1));
	assert_null(baton_endpoint_lifecycle(endpoint, BATON_BONDS));
	assert_null(baton_endpoint_requests(endpoint, 0, 2));
	assert_int_equal(baton_endpoint_bond(endpoint, 1, bond),
			 BATON_ERR_NOT_FOUND);
	OK(baton_endpoint_bond(endpoint, 0, bond));
	assert_int_equal(baton_endpoint_revoke(endpoint, 1, clock_of(0)),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_queue_put(queue(0, 5), bond, 1, &number, 1),
			 BATON_ERR_NOT_FOUND);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(they_pair_and_come_back),
		T(an_activity_goes_there_and_back),
		T(all_modes_go_through_lost_links),
		T(all_modes_go_through_power_cuts),
		T(revoking_leaves_nothing_of_a_peer),
		T(nothing_goes_while_it_is_suspended),
		T(an_offer_that_comes_late_is_refused_by_nobody),
		T(a_lost_watch_gives_it_up_before_the_phone_has_it),
		T(a_lease_runs_out_in_sleep),
		T(a_clock_set_back_ends_lease_and_offers),
		T(a_clock_set_forward_is_no_more_than_an_early_end),
		T(wrong_numbers_have_no_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
