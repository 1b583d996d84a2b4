/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_ENDPOINT_WORLD_H
#define TESTS_UNIT_ENDPOINT_WORLD_H

/*
 * Two whole devices, and the people and applications that use them: what they
 * were told must be in order, whole, and once.
 */

#include "base/bytes.h"
#include "tests/support/run_of.h"
#include "tests/unit/endpoint_fixture.h"

#define LEASE_MS 60000
#define ITEMS 200 /* each way and application */
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

static struct person person[2];
static unsigned int renewed;
static uint32_t newest; /* content of any state that was adopted */

static inline struct baton_handoff *handoff(int role)
{
	return baton_endpoint_handoff(&duo->end[role].endpoint, 0);
}

static inline struct baton_queue *queue(int role, uint8_t app)
{
	return baton_endpoint_queue(&duo->end[role].endpoint, 0, app);
}

static inline bool acts(int role)
{
	return handoff(role) &&
	       baton_handoff_may_act(handoff(role), NOTES, id, clock_of(role));
}

static inline enum baton_hold hold(int role)
{
	return handoff(role) ? baton_handoff_hold(handoff(role), NOTES, id)
			     : BATON_HOLD_NONE;
}

static inline void take_handoff(int role,
				const struct baton_handoff_event *event)
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

static inline void take_queue(int role, uint8_t application,
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

static inline void take_request(int role, uint8_t application,
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

static inline void take_context(int role, uint8_t application)
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

static inline void on_event(struct duo *d, enum baton_role role,
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

static inline void on_start(struct duo *d, enum baton_role role)
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

static inline int setup_seed(uint64_t seed)
{
	memset(person, 0, sizeof(person));
	newest = 0;
	return make_duo(seed, on_event, on_start);
}

static inline int setup(void **state)
{
	(void)state;
	return setup_seed(1);
}

static inline void wait_ms(uint64_t ms)
{
	(void)duo_run(duo, never, ms);
}

static inline void begin(int role, size_t len)
{
	uint8_t state[BATON_STATE_MAX];

	memset(state, MARK, sizeof(state));
	baton_store_be32(state, 0);
	OK(baton_handoff_begin(handoff(role), NOTES, id, state, len,
			       clock_of(role)));
	wait_ms(100);
	assert_true(acts(role));
}

static inline bool offer(int from, uint32_t lease_ms)
{
	return !baton_handoff_offer(handoff(from), NOTES, id,
				    from == BATON_PHONE ? lease_ms : 0, 1, NULL,
				    0, clock_of(from));
}

/* What people do when they are asked. */
static inline void answer(int role, size_t len)
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

static inline void hand_over(int from, size_t len)
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

static inline void put_item(int role, uint8_t application)
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

static inline bool found(const void *memory, size_t len)
{
	return run_of(MARK, 32, memory, len);
}

#endif
