/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/endpoint.h"
#include "sim/beacon.h"
#include "sim/prng.h"
#include "tests/bench/cell.h"
#include "tests/bench/figure.h"

/*
 * A watch and a phone, each a whole endpoint with one application. They pair,
 * the phone begins two activities, and their link goes. It comes back, with
 * nothing to say; the phone offers the first one, which the watch accepts at
 * once. The link goes again, and the phone offers the second as soon as it may.
 */
#define STATE_LEN 200
#define PAIR_LIMIT_US UINT64_C(60000000)
#define LIMIT_US UINT64_C(20000000)
#define QUIET_US UINT64_C(10000000)
#define LEASE_MS 3600000

static const struct baton_endpoint_application application = {
	.application.id = "bench",
	.application.rate = 100,
	.application.burst = 16,
	.activities = 2,
};

static const uint8_t activity[2][BATON_ACTIVITY_ID_LEN] = {"first", "second"};

struct world;

struct end {
	struct world *world;
	enum baton_sim_side side;
	struct baton_endpoint endpoint;
	void *memory;
	struct baton_sim_beacon beacon;
	bool up, pumping, open;
	uint64_t ticked_ms;
};

/* Both ways from the beginning, and events that the phone took part in. */
struct mark {
	uint64_t bytes, events;
};

struct world {
	struct baton_sim *sim;
	struct end end[BATON_SIM_SIDES];
	uint8_t state[STATE_LEN];
	unsigned int begun, owned; /* activities: here, over there */
	bool offers; /* as soon as the applications have the link */
	bool wrong;
	struct mark up; /* both have the link, its MTU is exchanged */
	struct mark secured, active, open, owner;
};

static uint64_t now_ms(const struct end *end)
{
	return baton_sim_node_now(end->world->sim, end->side) / 1000;
}

static struct mark mark(const struct world *world)
{
	struct baton_sim_stats stats;
	struct mark m = {0};
	int side;

	for (side = 0; side < BATON_SIM_SIDES; side++) {
		baton_sim_get_stats(world->sim, (enum baton_sim_side)side,
				    &stats);
		m.bytes += stats.host_tx_bytes;
		if (side == BATON_SIM_PHONE)
			m.events = stats.events;
	}
	return m;
}

static struct mark since(struct mark m, struct mark begin)
{
	m.bytes -= begin.bytes;
	m.events -= begin.events;
	return m;
}

static void must(struct world *world, enum baton_err err)
{
	if (err)
		world->wrong = true;
}

static struct baton_handoff *handoff(struct end *end)
{
	return baton_endpoint_handoff(&end->endpoint, 0);
}

static void offer(struct world *world)
{
	struct end *phone = &world->end[BATON_SIM_PHONE];

	must(world,
	     baton_handoff_offer(handoff(phone), 0, activity[world->owned],
				 LEASE_MS, 1, NULL, 0, now_ms(phone)));
}

static void take_handoff(struct end *end,
			 const struct baton_handoff_event *event)
{
	struct world *world = end->world;

	if (event->type == BATON_HANDOFF_OFFERED) {
		must(world, baton_handoff_accept(handoff(end), 0, event->id, 1,
						 now_ms(end)));
	} else if (event->type == BATON_HANDOFF_FREEZE) {
		must(world,
		     baton_handoff_state(handoff(end), 0, event->id,
					 world->state, STATE_LEN, now_ms(end)));
	} else if (event->type == BATON_HANDOFF_ADOPTED) {
		if (end->side == BATON_SIM_PHONE) {
			world->begun++;
			return;
		}
		world->owner = mark(world);
		world->wrong |=
			event->len != STATE_LEN ||
			memcmp(event->bytes, world->state, STATE_LEN) != 0 ||
			!baton_handoff_may_act(handoff(end), 0, event->id,
					       now_ms(end));
		world->owned++;
	}
}

static void take_event(struct end *end,
		       const struct baton_endpoint_event *event)
{
	struct world *world = end->world;

	if (event->type == BATON_ENDPOINT_HANDOFF)
		take_handoff(end, &event->u.handoff);
	if (event->type == BATON_ENDPOINT_DELIVERY &&
	    event->u.delivery.type == BATON_DELIVERY_OPEN) {
		end->open = true;
		world->open = mark(world);
		if (world->offers && end->side == BATON_SIM_PHONE)
			offer(world);
	}
	if (event->type == BATON_ENDPOINT_LIFECYCLE &&
	    event->u.lifecycle.type == BATON_LIFECYCLE_EVENT_ACTIVE)
		world->active = mark(world);
	if (event->type != BATON_ENDPOINT_SESSION)
		return;
	if (event->u.session.type == BATON_EVENT_COMPARE)
		must(world, baton_session_confirm(
				    baton_endpoint_session(&end->endpoint),
				    true, now_ms(end)));
	if (event->u.session.type == BATON_EVENT_SECURED)
		world->secured = mark(world);
	if (event->u.session.type == BATON_EVENT_LINK_CLOSE)
		world->wrong = true;
}

/* What is written is durable at once, and nobody loses power. */
static void pump(struct end *end)
{
	struct baton_endpoint_event event;
	struct baton_store_op op;
	bool more = !end->pumping;

	end->pumping = true;
	while (more) {
		more = false;
		while (baton_endpoint_next_store_op(&end->endpoint, &op)) {
			baton_endpoint_stored(&end->endpoint, op.id, BATON_OK,
					      now_ms(end));
			more = true;
		}
		while (baton_endpoint_next_event(&end->endpoint, &event,
						 now_ms(end))) {
			take_event(end, &event);
			more = true;
		}
	}
	end->pumping = false;
}

static void on_link_up(void *user, uint64_t now_us,
		       const struct baton_sim_link *link)
{
	struct end *end = user;
	uint8_t nonce[BATON_BOND_NONCE_LEN];
	struct baton_link_facts facts = {
		.mtu = link->mtu,
		.ll_len = link->ll_len,
		.interval_us = link->interval_us,
		.phy = BATON_LINK_PHY_2M,
	};

	(void)now_us;
	if (baton_sim_beacon_up(&end->beacon,
				baton_endpoint_session(&end->endpoint), nonce))
		facts.advert = nonce;
	end->up = true;
	end->world->up = mark(end->world);
	must(end->world,
	     baton_endpoint_link_up(&end->endpoint, &facts, 0, now_ms(end)));
	pump(end);
}

static void on_link_down(void *user, uint64_t now_us, uint8_t reason)
{
	struct end *end = user;

	(void)now_us;
	(void)reason;
	end->up = end->open = false;
	baton_endpoint_link_down(&end->endpoint, now_ms(end));
	pump(end);
}

static void on_mtu(void *user, uint64_t now_us, uint16_t mtu)
{
	struct end *end = user;

	(void)now_us;
	baton_session_link_mtu(baton_endpoint_session(&end->endpoint), mtu);
	pump(end);
}

static void on_rx(void *user, uint64_t now_us, const uint8_t *pdu, size_t len)
{
	struct end *end = user;

	(void)now_us;
	must(end->world,
	     baton_endpoint_rx(&end->endpoint, pdu, len, now_ms(end)));
	pump(end);
}

static size_t on_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	struct end *end = user;
	size_t len;

	(void)now_us;
	if (!end->up)
		return 0;
	len = baton_endpoint_tx(&end->endpoint, dst, cap, now_ms(end));
	pump(end);
	return len;
}

static uint64_t on_deadline(void *user)
{
	struct end *end = user;
	uint64_t deadline_ms = baton_endpoint_deadline(&end->endpoint);

	if (deadline_ms <= end->ticked_ms)
		deadline_ms = end->ticked_ms + 1;
	return deadline_ms > BATON_SIM_NEVER / 1000 ? BATON_SIM_NEVER
						    : deadline_ms * 1000;
}

static void on_tick(void *user, uint64_t now_us)
{
	struct end *end = user;

	end->ticked_ms = now_us / 1000;
	baton_endpoint_tick(&end->endpoint, end->ticked_ms);
	pump(end);
}

static size_t on_advert_tx(void *user, uint64_t now_us, uint8_t *dst,
			   size_t cap)
{
	struct end *end = user;

	return baton_sim_beacon_tx(&end->beacon,
				   baton_endpoint_session(&end->endpoint),
				   now_us / 1000, dst, cap);
}

static bool on_advert_rx(void *user, uint64_t now_us, const uint8_t *data,
			 size_t len)
{
	struct end *end = user;

	return baton_sim_beacon_rx(&end->beacon,
				   baton_endpoint_session(&end->endpoint),
				   now_us / 1000, data, len);
}

static const struct baton_sim_stack_ops ops = {
	.link_up = on_link_up,
	.link_down = on_link_down,
	.mtu = on_mtu,
	.rx = on_rx,
	.tx = on_tx,
	.deadline = on_deadline,
	.tick = on_tick,
	.advert_tx = on_advert_tx,
	.advert_rx = on_advert_rx,
};

static void add_end(struct world *world, enum baton_sim_side side)
{
	struct end *end = &world->end[side];
	struct baton_endpoint_config config = {
		.session.role =
			side == BATON_SIM_WATCH ? BATON_WATCH : BATON_PHONE,
		.session.message_max = BATON_MESSAGE_MAX,
		.session.link = BATON_LINK_CONFIG_LARGE,
		.application = &application,
		.applications = 1,
		.peers = 1,
		.activities = 2,
	};
	size_t len = baton_endpoint_memory_len(&config);
	struct baton_prng prng;
	uint8_t seed[32];

	baton_prng_init(&prng, 1, 0x4a + (uint64_t)side);
	baton_prng_fill(&prng, seed, sizeof(seed));
	end->world = world;
	end->side = side;
	end->memory = malloc(len);
	if (!end->memory || baton_endpoint_init(&end->endpoint, &config,
						end->memory, len, seed))
		abort();
	must(world, baton_session_pairing_open(
			    baton_endpoint_session(&end->endpoint), 0));
	baton_sim_attach(world->sim, side, &ops, end);
}

static bool both_open(void *user)
{
	const struct world *world = user;

	return world->wrong || (world->end[0].open && world->end[1].open);
}

static bool both_begun(void *user)
{
	const struct world *world = user;

	return world->wrong || world->begun == 2;
}

static bool first_is_owned(void *user)
{
	const struct world *world = user;

	return world->wrong || world->owned == 1;
}

static bool second_is_owned(void *user)
{
	const struct world *world = user;

	return world->wrong || world->owned == 2;
}

/* Until it is so, and then until all is quiet. */
static bool run(struct world *world, bool (*done)(void *user), uint64_t limit)
{
	uint64_t now_us = baton_sim_now(world->sim);
	bool good = baton_sim_run(world->sim, done, world, now_us + limit);

	baton_sim_run_until(world->sim, baton_sim_now(world->sim) + QUIET_US);
	return good && !world->wrong;
}

static bool relink(struct world *world, bool (*done)(void *user))
{
	struct baton_sim *sim = world->sim;

	baton_sim_disconnect(sim, BATON_SIM_PHONE, BATON_HCI_REMOTE_USER);
	/* Its last turn is over. */
	while (world->end[0].up || world->end[1].up)
		if (!baton_sim_step(sim))
			return false;
	return run(world, done, LIMIT_US);
}

static bool begin_two(struct world *world)
{
	struct end *phone = &world->end[BATON_SIM_PHONE];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		must(world,
		     baton_handoff_begin(handoff(phone), 0, activity[i],
					 world->state, 1, now_ms(phone)));
		pump(phone);
	}
	return run(world, both_begun, LIMIT_US);
}

/* What each of the three costs. */
struct cost {
	struct mark active; /* from SECURED, until both sessions are ACTIVE */
	struct mark open; /* from SECURED, until both applications have it */
	struct mark link; /* from the MTU exchange, likewise */
	struct mark quiet; /* all of that link, until nothing goes */
	struct mark owned; /* from the decision on a link that is quiet */
	struct mark fresh; /* from the MTU exchange, decided before */
};

static bool measure_all(struct world *world, struct cost *cost)
{
	struct mark decided;

	if (!run(world, both_open, PAIR_LIMIT_US) || !begin_two(world) ||
	    !relink(world, both_open))
		return false;
	cost->active = since(world->active, world->secured);
	cost->open = since(world->open, world->secured);
	cost->link = since(world->open, world->up);
	cost->quiet = since(mark(world), world->up);
	decided = mark(world);
	offer(world);
	pump(&world->end[BATON_SIM_PHONE]);
	baton_sim_kick(world->sim, BATON_SIM_PHONE);
	if (!run(world, first_is_owned, LIMIT_US))
		return false;
	cost->owned = since(world->owner, decided);
	world->offers = true;
	if (!relink(world, second_is_owned))
		return false;
	cost->fresh = since(world->owner, world->up);
	return true;
}

static const struct cost *costs(void)
{
	static struct cost cost;
	static bool known;
	struct baton_sim_config config;
	struct bench_cell cell;
	struct baton_prng prng;
	struct world *world;
	int side;

	if (known)
		return &cost;
	world = calloc(1, sizeof(*world));
	bench_cell_init(&cell);
	bench_cell_sim(&cell, &config);
	if (!world || baton_sim_create(&world->sim, &config))
		abort();
	baton_prng_init(&prng, 1, 0xf2);
	baton_prng_fill(&prng, world->state, STATE_LEN);
	for (side = 0; side < BATON_SIM_SIDES; side++)
		add_end(world, (enum baton_sim_side)side);
	known = measure_all(world, &cost);
	if (!known)
		fprintf(stderr,
			"baton-bench: no handover (%u of 2 begun, %u "
			"owned)\n",
			world->begun, world->owned);
	baton_sim_destroy(world->sim);
	for (side = 0; side < BATON_SIM_SIDES; side++) {
		baton_endpoint_wipe(&world->end[side].endpoint);
		free(world->end[side].memory);
	}
	free(world);
	return known ? &cost : NULL;
}

/* Of one of the marks: its bytes, or its events. */
static bool put(struct bench_value *value, uint64_t number, const char *note)
{
	value->known = true;
	value->value = (double)number;
	snprintf(value->note, sizeof(value->note), "MTU 247, 30 ms: %s", note);
	return true;
}

bool bench_session_bytes(const struct bench_effort *effort,
			 struct bench_value *value)
{
	const struct cost *cost = costs();
	uint64_t engine_bytes;
	char note[100];

	(void)effort;
	if (!cost || !bench_engine_link(&engine_bytes))
		return false;
	snprintf(note, sizeof(note),
		 "all PDUs of %d s, %llu B, less the %llu B of the engine "
		 "alone",
		 (int)(QUIET_US / 1000000),
		 (unsigned long long)cost->quiet.bytes,
		 (unsigned long long)engine_bytes);
	return put(value, cost->quiet.bytes - engine_bytes, note);
}

bool bench_session_events(const struct bench_effort *effort,
			  struct bench_value *value)
{
	const struct cost *cost = costs();
	char note[100];

	(void)effort;
	if (!cost)
		return false;
	snprintf(note, sizeof(note),
		 "%llu of them until it is active; %llu from the MTU exchange",
		 (unsigned long long)cost->active.events,
		 (unsigned long long)cost->link.events);
	return put(value, cost->open.events, note);
}

#define STATE_NOTE "quick host, the watch accepts at once, state of 200 B"

bool bench_handover_bytes(const struct bench_effort *effort,
			  struct bench_value *value)
{
	const struct cost *cost = costs();

	(void)effort;
	return cost && put(value, cost->owned.bytes, STATE_NOTE);
}

bool bench_handover_events(const struct bench_effort *effort,
			   struct bench_value *value)
{
	const struct cost *cost = costs();

	(void)effort;
	return cost && put(value, cost->owned.events, STATE_NOTE);
}

bool bench_handover_link_bytes(const struct bench_effort *effort,
			       struct bench_value *value)
{
	const struct cost *cost = costs();

	(void)effort;
	return cost && put(value, cost->fresh.bytes, STATE_NOTE);
}

bool bench_handover_link_events(const struct bench_effort *effort,
				struct bench_value *value)
{
	const struct cost *cost = costs();

	(void)effort;
	return cost && put(value, cost->fresh.events, STATE_NOTE);
}
