/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "session/context.h"
#include "sim/prng.h"

#define MAX 16
#define ROOM 508
#define VALUE (BATON_CONTEXT_HEADER + MAX)
#define WORLDS 4000

struct stored {
	uint8_t bytes[VALUE];
	size_t len; /* 0: nothing */
};

struct end {
	struct baton_context context;
	uint8_t memory[4 * VALUE];
	struct stored stored[2], past[2]; /* "co", "ci" */
	struct baton_store_op op;
	bool op_out;
	uint8_t in_op, in[ROOM]; /* one envelope on its way to it */
	size_t in_len;
	bool in_there;
	uint32_t set, kept; /* highest content */
	uint32_t seen; /* of the peer's */
};

static struct end end[2];
static struct baton_context *const a = &end[0].context, *const b =
								&end[1].context;
static struct baton_context_event event;
static struct baton_store_op op;
static struct baton_prng prng;
static uint8_t code, body[ROOM];
static size_t len;
static uint64_t boots;

static void start(struct end *e)
{
	static const char *const names[] = {"co", "ci"};
	uint8_t seed[BATON_DRBG_SEED_LEN] = {0};
	int i;

	baton_store_be64(seed, ++boots);
	assert_int_equal(baton_context_init(&e->context, MAX, seed, e->memory,
					    sizeof(e->memory)),
			 BATON_OK);
	for (i = 0; i < 2; i++)
		if (e->stored[i].len > 0)
			assert_int_equal(baton_context_load(&e->context,
							    names[i],
							    e->stored[i].bytes,
							    e->stored[i].len),
					 BATON_OK);
	e->op_out = false;
}

static void link(bool up)
{
	int i;

	for (i = 0; i < 2; i++) {
		baton_context_link(&end[i].context, up, ROOM, 1000);
		end[i].in_there = false;
	}
}

static int setup(void **state)
{
	(void)state;
	memset(end, 0, sizeof(end));
	start(&end[0]);
	start(&end[1]);
	link(true);
	return 0;
}

static void set(struct baton_context *context, const char *text)
{
	assert_int_equal(baton_context_set(context, (const uint8_t *)text,
					   strlen(text), 1000),
			 BATON_OK);
}

static bool store(struct end *e, enum baton_err err)
{
	struct stored *stored;

	if (!baton_context_next_store_op(&e->context, &op))
		return false;
	assert_int_equal((int)op.count, 1);
	assert_true(op.write[0].value_len <= VALUE);
	stored = &e->stored[op.write[0].key[1] == 'i'];
	if (!err) {
		memcpy(stored->bytes, op.write[0].value, op.write[0].value_len);
		stored->len = op.write[0].value_len;
	}
	baton_context_stored(&e->context, op.id, err, 1000);
	return true;
}

static bool move(int from)
{
	if (!baton_context_tx(&end[from].context, &code, body, ROOM, &len,
			      1000))
		return false;
	assert_int_equal(
		baton_context_rx(&end[!from].context, code, body, len, 1000),
		BATON_OK);
	return true;
}

static void run(void)
{
	int i;

	for (i = 0; i < 100; i++)
		if (!store(&end[0], BATON_OK) && !store(&end[1], BATON_OK) &&
		    !move(0) && !move(1))
			return;
	fail_msg("they never stop");
}

static void assert_has(const struct baton_context *context, const char *text)
{
	const uint8_t *value;
	uint64_t version;

	value = baton_context_get(context, &version, &len);
	assert_non_null(value);
	assert_int_equal((int)len, (int)strlen(text));
	assert_memory_equal(value, text, len);
}

static bool told(struct baton_context *context,
		 enum baton_context_event_type type)
{
	while (baton_context_next_event(context, &event))
		if (event.type == type)
			return true;
	return false;
}

static void a_value_gets_to_the_peer(void **state)
{
	(void)state;
	set(a, "running");
	set(b, "at home");
	run();
	assert_has(a, "at home");
	assert_has(b, "running");
	assert_true(told(a, BATON_CONTEXT_KEPT));
	assert_true(told(b, BATON_CONTEXT_CHANGED));
	assert_memory_equal(event.bytes, "running", 7);
}

static void of_several_only_the_newest_is_sent(void **state)
{
	int sets = 0;

	(void)state;
	run();
	link(false);
	set(a, "one");
	run();
	set(a, "two");
	run();
	set(a, "three");
	run();
	link(true);
	while (move(0) || move(1) || store(&end[1], BATON_OK)) {
		sets += code == 0;
		code = 99;
	}
	assert_int_equal(sets, 1);
	assert_has(b, "three");
	/* What was taken is not sent on the next link. */
	link(false);
	link(true);
	assert_false(baton_context_tx(a, &code, body, ROOM, &len, 1000));
}

static void nothing_is_sent_told_or_confirmed_before_it_is_durable(void **state)
{
	uint64_t version;

	(void)state;
	while (move(0) || move(1))
		;
	set(a, "one");
	assert_false(move(0));
	assert_true(store(&end[0], BATON_OK));
	assert_true(move(0));
	assert_null(baton_context_get(b, &version, &len));
	assert_false(baton_context_next_event(b, &event));
	assert_false(move(1));
	assert_true(store(&end[1], BATON_OK));
	assert_true(told(b, BATON_CONTEXT_CHANGED));
	assert_true(move(1));
	assert_true(told(a, BATON_CONTEXT_TAKEN));
}

static void a_write_that_failed_is_asked_for_again(void **state)
{
	(void)state;
	set(a, "one");
	assert_true(store(&end[0], BATON_ERR_STORE));
	assert_true(told(a, BATON_CONTEXT_STORE_FAILED));
	assert_false(store(&end[0], BATON_OK));
	assert_int_equal((int)baton_context_deadline(a), 2000);
	baton_context_tick(a, 2000);
	assert_true(store(&end[0], BATON_ERR_STORE));
	/* Though the clock was set back. */
	baton_context_tick(a, 10);
	assert_true(store(&end[0], BATON_OK));
}

static void an_older_value_is_not_taken(void **state)
{
	uint8_t old[ROOM];
	size_t old_len;

	(void)state;
	while (move(0) || move(1))
		;
	set(a, "one");
	assert_true(store(&end[0], BATON_OK));
	assert_true(baton_context_tx(a, &code, old, ROOM, &old_len, 1000));
	assert_int_equal(baton_context_rx(b, code, old, old_len, 1000),
			 BATON_OK);
	run();
	set(a, "two");
	run();
	while (baton_context_next_event(b, &event))
		;
	assert_int_equal(baton_context_rx(b, 0, old, old_len, 1000), BATON_OK);
	run();
	assert_has(b, "two");
	assert_false(baton_context_next_event(b, &event));
}

static void the_applications_mistakes_change_nothing(void **state)
{
	uint64_t version;

	(void)state;
	while (move(0) || move(1))
		;
	assert_int_equal(baton_context_set(NULL, body, 1, 1000),
			 BATON_ERR_NOT_FOUND);
	assert_null(baton_context_get(NULL, &version, &len));
	assert_int_equal(baton_context_set(a, body, MAX + 1, 1000),
			 BATON_ERR_TOO_LARGE);
	assert_false(store(&end[0], BATON_OK));
	assert_false(move(0));
}

static void what_a_peer_may_not_send_is_dropped(void **state)
{
	static const struct {
		uint8_t code, len, body[32];
		enum baton_err err;
	} bad[] = {
		{0, 11, {0}, BATON_ERR_PEER_LENGTH},
		{0, 12, {0}, BATON_ERR_PEER_FORMAT}, /* version 0 */
		{0, 12 + MAX + 1, {1}, BATON_ERR_PEER_LIMIT},
		{1, 11, {0}, BATON_ERR_PEER_LENGTH},
		{1, 13, {0}, BATON_ERR_PEER_LENGTH},
		{1, 12, {1}, BATON_ERR_PEER_FORMAT}, /* far ahead */
		{2, 12, {1}, BATON_ERR_PEER_FORMAT},
		{3, 1, {0}, BATON_ERR_PEER_LENGTH},
		{4, 12, {0}, BATON_ERR_PEER_FORMAT},
	};
	size_t i;

	(void)state;
	while (move(0) || move(1))
		;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(baton_context_rx(b, bad[i].code, bad[i].body,
						  bad[i].len, 1000),
				 bad[i].err);
		assert_false(store(&end[1], BATON_OK));
		assert_false(move(1));
		assert_false(baton_context_next_event(b, &event));
	}
}

static void what_was_never_stored_is_not_loaded(void **state)
{
	static const uint8_t value[VALUE + 1] = {1, [8] = 1};

	(void)state;
	assert_int_equal(baton_context_load(a, "c", value, 13),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_context_load(a, "cx", value, 13),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_context_load(a, "co/", value, 13),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_context_load(a, "co", value, 12), BATON_ERR_ARG);
	assert_int_equal(baton_context_load(a, "co", value + 1, 13),
			 BATON_ERR_ARG);
	assert_int_equal(baton_context_load(a, "co", value, VALUE + 1),
			 BATON_ERR_SPACE);
	assert_int_equal(baton_context_load(a, "co", value, 13), BATON_OK);
}

static uint32_t below(uint32_t n)
{
	return baton_prng_below(&prng, n);
}

static void set_next(struct end *e)
{
	uint8_t value[MAX] = {0};

	baton_store_be32(value, ++e->set);
	assert_int_equal(
		baton_context_set(&e->context, value, 4 + below(MAX - 3), 1000),
		BATON_OK);
}

static void end_write(struct end *e, bool *crashed)
{
	struct stored *stored;
	uint32_t how = below(8);

	if (!e->op_out)
		return;
	stored = &e->stored[e->op.write[0].key[1] == 'i'];
	if (how != 1 && how != 2) {
		memcpy(stored->bytes, e->op.write[0].value,
		       e->op.write[0].value_len);
		stored->len = e->op.write[0].value_len;
	}
	*crashed = how == 0 || how == 1;
	e->op_out = false;
	if (!*crashed)
		baton_context_stored(&e->context, e->op.id,
				     how == 2 ? BATON_ERR_STORE : BATON_OK,
				     1000);
	/* Time heals. */
	e->context.retry_at_ms = 0;
}

static void look(int i, bool rolled)
{
	struct end *e = &end[i];
	uint32_t content;

	while (baton_context_next_event(&e->context, &event)) {
		if (event.type == BATON_CONTEXT_KEPT)
			e->kept = baton_load_be32(e->stored[0].bytes +
						  BATON_CONTEXT_HEADER);
		if (event.type != BATON_CONTEXT_CHANGED)
			continue;
		content = baton_load_be32(event.bytes);
		/* Never an older one; never one that nobody set. */
		assert_true(content > 0 && content <= end[!i].set);
		if (!rolled)
			assert_true(content > e->seen);
		e->seen = content;
	}
}

static void pass(int from, bool up)
{
	struct end *to = &end[!from];

	if (!up)
		return;
	if (!to->in_there) {
		to->in_there =
			baton_context_tx(&end[from].context, &to->in_op, to->in,
					 ROOM, &to->in_len, 1000);
		return;
	}
	to->in_there = false;
	assert_int_equal(baton_context_rx(&to->context, to->in_op, to->in,
					  to->in_len, 1000),
			 BATON_OK);
}

/* Once nothing goes wrong any more, the peer has what is newest. */
static void check_at_rest(bool rolled)
{
	int i;

	for (i = 0; i < 2; i++)
		if (end[i].op_out)
			baton_context_stored(&end[i].context, end[i].op.id,
					     BATON_ERR_STORE, 1000);
	end[0].context.retry_at_ms = end[1].context.retry_at_ms = 0;
	link(false);
	link(true);
	run();
	for (i = 0; i < 2; i++) {
		if (end[i].stored[0].len == 0)
			continue;
		assert_int_equal((int)end[!i].stored[1].len,
				 (int)end[i].stored[0].len);
		assert_memory_equal(end[!i].stored[1].bytes,
				    end[i].stored[0].bytes,
				    end[i].stored[0].len);
		if (!rolled)
			assert_true(baton_load_be32(end[i].stored[0].bytes +
						    BATON_CONTEXT_HEADER) >=
				    end[i].kept);
	}
}

static void play(uint64_t seed)
{
	bool up = false, crashed, rolled = false, rolls;
	int i, step;

	baton_prng_init(&prng, seed, 1);
	boots = seed << 20;
	setup(NULL);
	link(false);
	rolls = below(4) == 0;
	for (step = 0; step < 300; step++) {
		i = (int)below(2);
		crashed = false;
		switch (below(7)) {
		case 0:
			if (below(3) == 0)
				set_next(&end[i]);
			break;
		case 1:
			end_write(&end[i], &crashed);
			break;
		case 2:
			if (!end[i].op_out)
				end[i].op_out = baton_context_next_store_op(
					&end[i].context, &end[i].op);
			break;
		case 3:
		case 4:
			pass(i, up);
			break;
		case 5:
			look(i, rolled);
			break;
		case 6:
			if (below(8) == 0) {
				up = !up;
				link(up);
			}
			crashed = below(30) == 0;
			if (rolls && below(20) == 0)
				memcpy(end[i].past, end[i].stored,
				       sizeof(end[i].past));
			if (rolls && below(30) == 0) {
				memcpy(end[i].stored, end[i].past,
				       sizeof(end[i].past));
				crashed = rolled = true;
			}
			break;
		}
		if (crashed) {
			up = false;
			link(up);
			start(&end[i]);
			link(up);
		}
	}
	check_at_rest(rolled);
}

static void the_latest_wins_whatever_goes_wrong(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 1; seed <= WORLDS; seed++) {
		play(seed);
		if (seed % 1000 == 0)
			print_message("# worlds 1 to %u\n", (unsigned)seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, setup)
		T(a_value_gets_to_the_peer),
		T(of_several_only_the_newest_is_sent),
		T(nothing_is_sent_told_or_confirmed_before_it_is_durable),
		T(a_write_that_failed_is_asked_for_again),
		T(an_older_value_is_not_taken),
		T(the_applications_mistakes_change_nothing),
		T(what_a_peer_may_not_send_is_dropped),
		T(what_was_never_stored_is_not_loaded),
		T(the_latest_wins_whatever_goes_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
