/* SPDX-License-Identifier: MIT */

/*
 * A person revokes, or suspends, while 16 MiB are on their way: it holds at
 * the peer within two connection events, nothing more is taken, and of what
 * was revoked neither device keeps a key, in its store or in its memory.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/lifecycle.h"
#include "sim/stack.h"
#include "tests/support/shelf.h"

#define SIDES BATON_SIM_SIDES
#define TOTAL (UINT64_C(16) << 20)
#define SECOND_US UINT64_C(1000000)
#define EVENTS_MAX 2
#define VALUES 16
#define VALUE_MAX 256
#define PIECE 16 /* bytes of a key that count as found */
#define SECRETS 16
#define SECRET_LEN 32

struct value {
	SHELF_PLACE(VALUE_MAX);
};

struct end {
	struct baton_sim_stack *stack;
	struct baton_lifecycle life;
	struct value value[VALUES];
	uint8_t secret[SECRETS][SECRET_LEN];
	size_t secrets;
	uint64_t got, got_sum;
	uint64_t acted_us; /* when it was ACTIVE no more; 0: it is */
	bool was_active, delivered;
};

/* Every PDU of a side that went on the air. */
struct tape {
	uint8_t *bytes;
	size_t len, cap;
};

static struct baton_sim_config cfg;
static struct baton_sim *sim;
static struct end end[SIDES];
static struct tape tape[SIDES];
static enum baton_sim_side sender;
static uint64_t written;
static const struct baton_stream_id bulk = {BATON_CLASS_BULK, 0};

static uint8_t pattern(uint64_t at)
{
	return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

static struct baton_session *session(const struct end *e)
{
	return baton_sim_stack_session(e->stack);
}

static uint64_t now_ms(const struct end *e)
{
	return baton_sim_stack_now_ms(e->stack);
}

static bool is_active(const struct end *e)
{
	return baton_lifecycle_state(&e->life) == BATON_LIFECYCLE_ACTIVE;
}

static void keep(struct end *e, const struct baton_store_op *op)
{
	assert_true(shelf_apply(SHELF(e->value), op));
}

static void supply(void)
{
	struct end *e = &end[sender];
	uint8_t piece[4096];
	size_t len, taken, i;

	while (is_active(e) && written < TOTAL) {
		len = TOTAL - written < sizeof(piece)
			      ? (size_t)(TOTAL - written)
			      : sizeof(piece);
		for (i = 0; i < len; i++)
			piece[i] = pattern(written + i);
		if (baton_session_write(session(e), bulk, piece, len, &taken,
					now_ms(e)))
			return;
		written += taken;
	}
}

/* What hangs on the machine's state: the way of data, and the bond. */
static void follow(struct end *e)
{
	struct baton_lifecycle_event event;
	uint8_t body[BATON_URGENT_BODY_MAX], code;
	struct baton_store_op op;
	size_t len;

	while (baton_lifecycle_next_event(&e->life, &event))
		if (event.type == BATON_LIFECYCLE_EVENT_REVOKE)
			(void)!baton_session_bond_revoke(
				session(e),
				session(e)->bond_count
					? session(e)->bonds[0].id
					: (const uint8_t *)"12345678",
				now_ms(e));
	while (baton_lifecycle_next_store_op(&e->life, &op)) {
		keep(e, &op);
		baton_lifecycle_stored(&e->life, op.id, BATON_OK, now_ms(e));
	}
	while (session(e)->state == BATON_SESSION_SECURED &&
	       baton_lifecycle_tx(&e->life, &code, body, &len, now_ms(e)))
		assert_int_equal(
			baton_session_frame(session(e), code, body, len),
			BATON_OK);
	if (e->was_active && !is_active(e) && !e->acted_us)
		e->acted_us = baton_sim_now(sim);
	e->was_active |= is_active(e);
	baton_sim_stack_set_gated(e->stack, !is_active(e));
	if (e == &end[sender])
		supply();
}

static void take(struct end *e, const struct baton_event *event)
{
	size_t i;

	assert_true(is_active(e));
	assert_int_equal(event->u.message.offset, e->got);
	for (i = 0; i < event->u.message.len; i++)
		if (event->u.message.bytes[i] != pattern(e->got + i))
			fail_msg("wrong byte at %lu",
				 (unsigned long)(e->got + i));
	e->got += event->u.message.len;
}

static void on_event(void *user, struct baton_sim_stack *stack,
		     const struct baton_event *event)
{
	struct end *e = user;
	uint8_t id[BATON_BOND_ID_LEN];

	(void)stack;
	if (event->type == BATON_EVENT_COMPARE)
		assert_int_equal(
			baton_session_confirm(session(e), true, now_ms(e)),
			BATON_OK);
	else if (event->type == BATON_EVENT_PAIRED)
		assert_int_equal(
			baton_lifecycle_bond(&e->life, event->u.bond.id),
			BATON_OK);
	else if (event->type == BATON_EVENT_SECURED)
		baton_lifecycle_link(&e->life, true, 1700000000, now_ms(e));
	else if (event->type == BATON_EVENT_FRAME)
		assert_int_equal(
			baton_lifecycle_rx(&e->life, event->u.frame.code,
					   event->u.frame.body,
					   event->u.frame.len, now_ms(e)),
			BATON_OK);
	else if (event->type == BATON_EVENT_DATA)
		take(e, event);
	else if (event->type == BATON_EVENT_DELIVERED)
		e->delivered = true;
	else if (event->type == BATON_EVENT_LINK_CLOSE &&
		 baton_session_bond_id(session(e), 0, id))
		/* The peer revoked it; here it may have been ours before. */
		(void)!baton_lifecycle_revoke(&e->life, now_ms(e));
	follow(e);
}

static enum baton_err on_store(void *user, struct baton_sim_stack *stack,
			       const struct baton_store_op *op)
{
	(void)stack;
	keep(user, op);
	return BATON_OK;
}

static void on_boot(void *user, struct baton_sim_stack *stack)
{
	(void)user;
	(void)stack;
}

static void on_link(void *user, struct baton_sim_stack *stack, bool up)
{
	struct end *e = user;

	(void)stack;
	if (!up)
		baton_lifecycle_link(&e->life, false, 0, now_ms(e));
	else
		baton_lifecycle_connecting(&e->life);
}

static const struct baton_sim_stack_app app = {
	.event = on_event,
	.store = on_store,
	.boot = on_boot,
	.link = on_link,
};

static void on_trace(void *user, const struct baton_sim_trace *rec)
{
	struct tape *t = &tape[rec->side];

	(void)user;
	if (rec->what != BATON_SIM_HOST_TX)
		return;
	if (t->len + 2 + rec->len > t->cap) {
		t->cap = 2 * t->cap + 4096;
		t->bytes = realloc(t->bytes, t->cap);
		assert_non_null(t->bytes);
	}
	t->bytes[t->len++] = (uint8_t)(rec->len >> 8);
	t->bytes[t->len++] = (uint8_t)rec->len;
	memcpy(t->bytes + t->len, rec->data, rec->len);
	t->len += rec->len;
}

static struct baton_session_config engine(int side)
{
	struct baton_session_config config = {
		.role = side == BATON_SIM_WATCH ? BATON_WATCH : BATON_PHONE,
		.message_max = TOTAL,
		.link = BATON_LINK_CONFIG_LARGE,
	};

	return config;
}

static void step_until(bool (*done)(void), uint64_t limit_us)
{
	uint64_t until = baton_sim_now(sim) + limit_us;

	while (!done() && baton_sim_next(sim) <= until)
		baton_sim_step(sim);
	assert_true(done());
}

static bool both_are_active(void)
{
	return is_active(&end[0]) && is_active(&end[1]);
}

static uint64_t wanted;

static bool enough_came(void)
{
	return end[!sender].got >= wanted;
}

static bool both_acted(void)
{
	return end[0].acted_us && end[1].acted_us;
}

static bool is_delivered(void)
{
	return end[sender].delivered;
}

/* Both are paired, and so many bytes of the file are there. */
static void begin(enum baton_sim_side from, uint64_t came)
{
	struct baton_lifecycle_device device = {.version = 1};
	uint8_t seed[BATON_DRBG_SEED_LEN] = {1};
	struct baton_session_config config;
	int i;

	memset(end, 0, sizeof(end));
	sender = from;
	written = 0;
	wanted = came;
	assert_int_equal(baton_sim_create(&sim, &cfg), BATON_OK);
	baton_sim_set_trace(sim, on_trace, NULL, false);
	for (i = 0; i < SIDES; i++) {
		tape[i].len = 0;
		config = engine(i);
		assert_int_equal(baton_sim_stack_create(&end[i].stack, sim,
							(enum baton_sim_side)i,
							&config, 7, &app,
							&end[i]),
				 BATON_OK);
		baton_lifecycle_init(&end[i].life, config.role, &device, seed);
		assert_int_equal(
			baton_session_pairing_open(session(&end[i]), 0),
			BATON_OK);
		baton_sim_stack_set_gated(end[i].stack, true);
	}
	step_until(both_are_active, 10 * SECOND_US);
	assert_int_equal(baton_session_begin(session(&end[from]), bulk, TOTAL,
					     NULL, 0, 0),
			 BATON_OK);
	supply();
	baton_sim_stack_kick(end[from].stack);
	step_until(enough_came, 1000 * SECOND_US);
}

static void finish(void)
{
	int i;

	for (i = 0; i < SIDES; i++)
		baton_sim_stack_destroy(end[i].stack);
	baton_sim_destroy(sim);
	sim = NULL;
}

static int setup(void **state)
{
	(void)state;
	baton_sim_config_init(&cfg);
	cfg.start = BATON_SIM_START_CONNECTED;
	cfg.gatt = BATON_SIM_GATT_READY;
	cfg.interval_us = 30000;
	return 0;
}

/* A person on side by decides; it holds at both within two events. */
static void decide(int by, enum baton_err (*what)(struct baton_lifecycle *life,
						  uint64_t now_ms))
{
	uint64_t at_us = baton_sim_now(sim), events;

	assert_int_equal(what(&end[by].life, now_ms(&end[by])), BATON_OK);
	assert_false(is_active(&end[by]));
	follow(&end[by]);
	baton_sim_stack_kick(end[by].stack);
	step_until(both_acted, SECOND_US);
	events = end[!by].acted_us / cfg.interval_us - at_us / cfg.interval_us;
	if (events > EVENTS_MAX)
		fail_msg("after %lu events", (unsigned long)events);
}

static void add_secret(struct end *e, const uint8_t *bytes)
{
	size_t i, set = 0;

	for (i = 0; i < SECRET_LEN; i++)
		set += bytes[i] != 0;
	assert_true(set > PIECE && e->secrets < SECRETS);
	memcpy(e->secret[e->secrets++], bytes, SECRET_LEN);
}

/* All keys from which anything on the tape could be opened again. */
static void learn_secrets(struct end *e)
{
	const struct baton_bond *bond = &session(e)->bonds[0];
	int c;

	add_secret(e, bond->keys.psk);
	add_secret(e, bond->keys.s_priv);
	add_secret(e, bond->tag_key);
	add_secret(e, bond->keys.ss);
	add_secret(e, bond->ticket.psk);
	for (c = 0; c < BATON_CLASSES; c++) {
		add_secret(e, session(e)->seal[c].key);
		add_secret(e, session(e)->open[c].key);
	}
}

static bool has_piece(const void *memory, size_t len, const uint8_t *secret)
{
	const uint8_t *p = memory;
	size_t i, at;

	for (i = 0; i + PIECE <= len; i++)
		for (at = 0; at + PIECE <= SECRET_LEN; at += PIECE)
			if (p[i] == secret[at] &&
			    memcmp(p + i, secret + at, PIECE) == 0)
				return true;
	return false;
}

/* How many of the secrets of either side are in this side's memory, store. */
static size_t found(const struct end *e, bool in_store)
{
	const struct baton_session *s = session(e);
	size_t side, i, n = 0;

	for (side = 0; side < SIDES; side++)
		for (i = 0; i < end[side].secrets; i++) {
			const uint8_t *secret = end[side].secret[i];

			n += in_store
				     ? has_piece(e->value, sizeof(e->value),
						 secret)
				     : has_piece(s, sizeof(*s), secret) ||
					       has_piece(s->memory,
							 s->memory_len, secret);
		}
	return n;
}

/*
 * A new engine with what a side has stored hears all that was said to it, and
 * another one says all that it said: neither comes to anything.
 */
static void replay(int to)
{
	const struct baton_session_config config = engine(to);
	const struct baton_link_facts facts = {.mtu = 247};
	const uint8_t seed[32] = {9};
	struct baton_session *s = calloc(1, sizeof(*s));
	size_t len = baton_session_memory_len(&config), at, i;
	void *memory = malloc(len);
	struct baton_event event;
	struct tape *t = &tape[!to];

	assert_int_equal(baton_session_init(s, &config, memory, len, seed),
			 BATON_OK);
	for (i = 0; i < VALUES; i++)
		if (end[to].value[i].len > 0)
			(void)!baton_session_load(s, end[to].value[i].key,
						  end[to].value[i].bytes,
						  end[to].value[i].len);
	assert_int_equal(baton_session_bond_count(s), 0);
	if (baton_session_link_up(s, &facts, 1000))
		assert_int_equal(config.role, BATON_PHONE);
	for (at = 0; at < t->len; at += 2 + len) {
		len = (size_t)(t->bytes[at] << 8 | t->bytes[at + 1]);
		(void)!baton_session_rx(s, t->bytes + at + 2, len, 1000);
		while (baton_session_next_event(s, &event, 1000))
			assert_int_equal(event.type, BATON_EVENT_LINK_CLOSE);
	}
	baton_session_wipe(s);
	free(memory);
	free(s);
}

static void nothing_is_left(void)
{
	int i;

	baton_sim_run_until(sim, baton_sim_now(sim) + 5 * SECOND_US);
	for (i = 0; i < SIDES; i++) {
		assert_int_equal(end[i].life.state, BATON_LIFECYCLE_REVOKED);
		assert_int_equal(baton_session_bond_count(session(&end[i])), 0);
		assert_int_equal(found(&end[i], true), 0);
		assert_int_equal(found(&end[i], false), 0);
		replay(i);
	}
}

static void a_revoke_holds_within_two_events_and_leaves_nothing(void **state)
{
	static const uint64_t came[] = {1 << 16, 5000000, 15 << 20};
	uint64_t got;
	size_t i, side;
	int by, from;

	(void)state;
	for (i = 0; i < 12; i++) {
		by = i & 1;
		from = i >> 1 & 1;
		cfg.seed = i + 1;
		cfg.interval_us = i & 1 ? 7500 : 30000;
		cfg.node[BATON_SIM_WATCH].host =
			i & 2 ? BATON_SIM_HOST_SLOW : BATON_SIM_HOST_QUICK;
		begin((enum baton_sim_side)from, came[i / 4]);
		for (side = 0; side < SIDES; side++) {
			learn_secrets(&end[side]);
		}
		/* The search finds what is there: four, three of both. */
		assert_int_equal(found(&end[0], true), 7);
		assert_int_equal(found(&end[1], true), 7);
		assert_true(found(&end[0], false) >= end[0].secrets);
		decide(by, baton_lifecycle_revoke);
		got = end[!from].got;
		nothing_is_left();
		assert_int_equal(end[!from].got, got);
		finish();
	}
}

static void a_suspend_holds_within_two_events_and_loses_nothing(void **state)
{
	uint64_t got, before;
	int i, by;

	(void)state;
	for (i = 0; i < 4; i++) {
		by = i & 1;
		cfg.seed = (uint64_t)i + 1;
		cfg.interval_us = i & 1 ? 7500 : 30000;
		begin((enum baton_sim_side)(i >> 1), 3000000);
		decide(by, baton_lifecycle_suspend);
		got = end[!sender].got;
		before = written;
		/* Nothing goes on, and the link stays. */
		baton_sim_run_until(sim, baton_sim_now(sim) + 60 * SECOND_US);
		assert_int_equal(end[!sender].got, got);
		assert_int_equal(written, before);
		assert_int_equal(session(&end[0])->state,
				 BATON_SESSION_SECURED);
		assert_int_equal(
			baton_lifecycle_resume(&end[BATON_SIM_PHONE].life,
					       now_ms(&end[BATON_SIM_PHONE])),
			BATON_OK);
		follow(&end[BATON_SIM_PHONE]);
		baton_sim_stack_kick(end[BATON_SIM_PHONE].stack);
		step_until(is_delivered, 1000 * SECOND_US);
		assert_int_equal(end[!sender].got, TOTAL);
		finish();
	}
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_revoke_holds_within_two_events_and_leaves_nothing),
		T(a_suspend_holds_within_two_events_and_loses_nothing),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(tape[0].bytes);
	free(tape[1].bytes);
	return failed;
}
