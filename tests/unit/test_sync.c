/* SPDX-License-Identifier: MIT */

/* Where both sides stand when a link is secured: session/SPEC.md 4. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/internal.h"
#include "tests/support/pair.h"

#define PROOF_LEN 8
#define SEEDS 30
#define LINKS 25
#define TURNS 14 /* enough for every handshake and both SYNC */
#define MESSAGES (4 * SEEDS * LINKS + 1000)

static struct pair *world;
static struct pair_end *watch, *phone;
static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
static unsigned int arrived[MESSAGES];
static uint16_t sent;

static void on_message(struct pair_end *end, const struct baton_event *event)
{
	uint16_t id;

	(void)end;
	assert_int_equal(event->u.message.len, sizeof(id));
	memcpy(&id, event->u.message.bytes, sizeof(id));
	assert_true(id < sent);
	assert_int_equal(++arrived[id], 1);
}

static void begin(uint64_t seed)
{
	int i;

	pair_init(world, seed);
	for (i = 0; i < 2; i++)
		world->end[i].on_message = on_message;
	assert_true(pair_bond(world));
}

static int setup(void **state)
{
	(void)state;
	world = test_malloc(sizeof(*world));
	watch = &world->end[BATON_WATCH];
	phone = &world->end[BATON_PHONE];
	memset(arrived, 0, sizeof(arrived));
	sent = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_free(world);
	return 0;
}

/* False: there is no link yet, or no room. */
static bool say(struct pair_end *end)
{
	enum baton_err err = baton_session_send(&end->session, stream,
						(const uint8_t *)&sent,
						sizeof(sent), 0, world->now_ms);

	sent += err == BATON_OK;
	return err == BATON_OK;
}

static uint64_t draw(uint64_t below)
{
	world->random = world->random * UINT64_C(6364136223846793005) + 1;
	return (world->random >> 33) % below;
}

/* Some turns of a link, then one side hears no more, and it goes. */
static void link_that_ends(unsigned int turns, enum baton_role deaf,
			   unsigned int more)
{
	pair_up(world);
	while (turns-- > 0)
		pair_turn(world);
	world->lose[deaf] = 1000;
	while (more-- > 0) {
		pair_turn(world);
		say(&world->end[more % 2]);
		world->now_ms += 40;
	}
	assert_false(pair_closed(world));
	pair_down(world);
	world->lose[deaf] = 0;
}

static void assert_secured(void)
{
	pair_up(world);
	assert_true(pair_run(world, pair_over, 20000));
	assert_false(pair_closed(world));
	assert_memory_equal(watch->session.numbering, phone->session.numbering,
			    BATON_NUMBERING_LEN);
}

/* Two devices that have paired twice meet by either bond. */
static void by_two_bonds_and_cut_anywhere_one_numbering_goes_on(void **state)
{
	uint8_t numbering[BATON_NUMBERING_LEN];
	unsigned int seed, i;

	(void)state;
	for (seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		memcpy(numbering, watch->session.numbering, sizeof(numbering));
		pair_down(world);
		assert_true(pair_bond(world));
		pair_down(world);
		for (i = 0; i < LINKS; i++) {
			uint8_t bond = (uint8_t)draw(2);

			assert_int_equal(baton_session_bond_select(
						 &phone->session,
						 phone->session.bonds[bond].id),
					 BATON_OK);
			link_that_ends((unsigned int)draw(TURNS),
				       (enum baton_role)draw(2), 4);
		}
		assert_secured();
		assert_memory_equal(watch->session.numbering, numbering,
				    sizeof(numbering));
		pair_free(world);
	}
	assert_true(sent > SEEDS * LINKS / 4);
}

static bool all_delivered(struct pair *pair)
{
	return pair_closed(pair) ||
	       (pair->end[0].delivered > 0 && pair->end[1].delivered > 0);
}

/*
 * One of the two has been with somebody else. Then both begin anew, and where
 * the link goes when only one of them knows, the next one makes it good.
 */
static void another_numbering_is_no_reason_to_part(void **state)
{
	uint8_t before[BATON_NUMBERING_LEN];
	unsigned int turns, who, deaf;

	(void)state;
	for (turns = 0; turns < TURNS; turns++)
		for (who = 0; who < 4; who++) {
			deaf = who / 2;
			begin(turns + 1);
			assert_true(say(watch) && say(phone));
			assert_true(pair_run(world, all_delivered, 20000));
			pair_down(world);
			memcpy(before, world->end[who % 2].session.numbering,
			       sizeof(before));
			world->end[who % 2].session.numbering[0] ^= 1;
			link_that_ends(turns, (enum baton_role)deaf, 3);
			assert_secured();
			assert_memory_not_equal(watch->session.numbering,
						before, sizeof(before));
			watch->delivered = 0;
			phone->delivered = 0;
			assert_true(say(watch) && say(phone));
			assert_true(pair_run(world, all_delivered, 20000));
			assert_false(pair_closed(world));
			pair_free(world);
		}
}

/* What an end would say in a SYNC on this link. */
static void read_proof(struct pair_end *end, uint8_t proof[PROOF_LEN])
{
	struct baton_batch *batch =
		&end->session.outgoing.batch[BATON_CLASS_CONTROL];

	assert_int_equal(batch->len, 0);
	assert_int_equal(sync_put(&end->session), BATON_OK);
	memcpy(proof, batch->bytes + BATON_RECORD_HEADER_LEN + 2, PROOF_LEN);
	baton_batch_clear(batch);
}

/*
 * Who has a bond with both cannot hand on what the one says to the other, nor
 * give back what it is told itself.
 */
static void a_proof_serves_one_role_on_one_link(void **state)
{
	uint8_t proof[2 * 3][PROOF_LEN];
	size_t i, j;

	(void)state;
	begin(1);
	for (i = 0; i < 3; i++) {
		pair_down(world);
		assert_secured();
		while (pair_turn(world))
			;
		read_proof(watch, proof[2 * i]);
		read_proof(phone, proof[2 * i + 1]);
	}
	for (i = 0; i < 2 * 3; i++) {
		assert_memory_not_equal(proof[i], watch->session.numbering,
					PROOF_LEN);
		for (j = 0; j < i; j++)
			assert_memory_not_equal(proof[i], proof[j], PROOF_LEN);
	}
	pair_free(world);
}

/* What a SYNC with these entries comes to, of an end that waits for one. */
static enum baton_err take(const uint8_t *entries, size_t len)
{
	struct baton_handshake *handshake;
	uint8_t body[16 + 32] = {0};
	enum baton_err err;

	begin(1);
	handshake = watch->session.handshake;
	handshake->peer = &handshake->hello[BATON_PHONE];
	watch->session.state = BATON_SESSION_SYNCING;
	memcpy(body + 16, entries, len);
	err = sync_take(&watch->session, body, 16 + len);
	pair_free(world);
	return err;
}

static void
entries_say_once_where_a_stream_stands_and_what_was_refused(void **state)
{
	static const struct {
		uint8_t bytes[32];
		size_t len;
		enum baton_err err;
	} rows[] = {
		{{0}, 0, BATON_OK},
		{{1, 1, 0, 1, 0}, 5, BATON_OK},
		{{1, 1, 0, 1, 0, 1, 2, 0, 1, 0}, 10, BATON_OK},
		{{1, 1, 0, 1, 0, 3, 1, 0, 0, 4}, 10, BATON_OK},
		/* Twice. */
		{{1, 1, 0, 1, 0, 1, 1, 0, 1, 0}, 10, BATON_ERR_PROTOCOL},
		{{1, 1, 0, 1, 0, 3, 1, 0, 0, 4, 3, 1, 0, 0, 4},
		 15,
		 BATON_ERR_PROTOCOL},
		/* Refused is not the last message, or none was taken. */
		{{1, 1, 0, 2, 0, 3, 1, 0, 0, 4}, 10, BATON_ERR_PROTOCOL},
		{{1, 1, 0, 1, 0, 3, 1, 0, 1, 4}, 10, BATON_ERR_PROTOCOL},
		{{1, 1, 0, 1, 0, 3, 1, 1, 0, 4}, 10, BATON_ERR_PROTOCOL},
		{{1, 1, 0, 0, 5, 3, 1, 0, 0xf1, 255, 255, 255, 255, 4},
		 14,
		 BATON_ERR_PROTOCOL},
		{{3, 1, 0, 0, 4}, 5, BATON_ERR_PROTOCOL},
		/* Neither. */
		{{0}, 1, BATON_ERR_PROTOCOL},
		{{0x10, 0}, 2, BATON_ERR_PROTOCOL},
		{{2, 0, 1}, 3, BATON_ERR_PROTOCOL},
		{{1, 1, 4, 1, 0}, 5, BATON_ERR_PROTOCOL},
		{{1, 1, 0, 1}, 4, BATON_ERR_PROTOCOL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (take(rows[i].bytes, rows[i].len) != rows[i].err)
			fail_msg("row %zu", i);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(by_two_bonds_and_cut_anywhere_one_numbering_goes_on),
		T(another_numbering_is_no_reason_to_part),
		T(a_proof_serves_one_role_on_one_link),
		T(entries_say_once_where_a_stream_stands_and_what_was_refused),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
