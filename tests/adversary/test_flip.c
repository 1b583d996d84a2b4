/* SPDX-License-Identifier: MIT */

/*
 * Every single bit that either device sends, from the first hello to the last
 * acknowledgement of a short session, is flipped once, in a session of its
 * own: what then arrives is right or is nothing. Devices that had bonded by
 * then have it after a new link at the latest.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

#define FILE_LEN 300
#define SEED 42

/* What goes in the first flight of the next link, where there is a ticket. */
static const uint8_t early[20] = "early";
static bool other_message;

static bool done(struct pair *pair)
{
	return pair->end[BATON_WATCH].delivered > 0 || pair_closed(pair);
}

static void assert_true_or_nothing(const struct pair *pair, uint64_t bit)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (pair->end[i].ended &&
		    (pair->end[i].got_bytes != FILE_LEN ||
		     pair->end[i].got_hash != pair_pattern_hash(FILE_LEN)))
			fail_msg("bit %llu made wrong data",
				 (unsigned long long)bit);
		if (pair->end[i].ended > 1 || pair->end[i].messages > 1)
			fail_msg("bit %llu doubled a message",
				 (unsigned long long)bit);
	}
	if (other_message)
		fail_msg("bit %llu made another message",
			 (unsigned long long)bit);
	if (pair->end[0].compare && pair->end[1].compare &&
	    pair->end[0].code != pair->end[1].code)
		fail_msg("bit %llu made two codes", (unsigned long long)bit);
}

/* The flip was one; two bonded devices get over it on the next link. */
static void recover(struct pair *pair, uint64_t bit)
{
	if (!pair_bonds(&pair->end[0]) || !pair_bonds(&pair->end[1]))
		return;
	pair_down(pair);
	pair_up(pair);
	if (!pair->end[BATON_WATCH].send_total)
		pair_send(pair, BATON_WATCH, FILE_LEN);
	if (!pair_run(pair, done, 60000) || !pair->end[BATON_WATCH].delivered)
		fail_msg("bit %llu was not got over", (unsigned long long)bit);
	assert_true_or_nothing(pair, bit);
}

static void send_early(struct pair *pair)
{
	static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};

	(void)!baton_session_send(&pair->end[BATON_PHONE].session, stream,
				  early, sizeof(early), 0, pair->now_ms);
}

static void look_at_message(struct pair_end *end,
			    const struct baton_event *event)
{
	(void)end;
	other_message |= event->u.message.len != sizeof(early) ||
			 memcmp(event->u.message.bytes, early, sizeof(early));
}

/* One session: pair, lose the link, resume, hand a message and a file over. */
static uint64_t session(struct pair *pair, uint64_t bit, bool *delivered)
{
	uint64_t bits;

	pair_init(pair, SEED);
	pair->end[0].on_message = pair->end[1].on_message = look_at_message;
	other_message = false;
	pair->flip_bit = bit;
	if (pair_bond(pair)) {
		pair_down(pair);
		pair->adverts = true;
		send_early(pair);
		pair_up(pair);
		pair_send(pair, BATON_WATCH, FILE_LEN);
		pair_run(pair, done, 60000);
	}
	assert_true_or_nothing(pair, bit);
	if (pair->end[BATON_WATCH].sending || pair_closed(pair))
		recover(pair, bit);
	*delivered = pair->end[BATON_WATCH].delivered > 0;
	bits = pair->bits;
	pair_free(pair);
	return bits;
}

static void a_flipped_bit_never_makes_wrong_data(void **state)
{
	struct pair *pair = test_malloc(sizeof(*pair));
	uint64_t bits, bit, arrived = 0;
	bool delivered;

	(void)state;
	bits = session(pair, 0, &delivered);
	assert_true(delivered);
	for (bit = 1; bit <= bits; bit++) {
		session(pair, bit, &delivered);
		arrived += delivered;
	}
	print_message(
		"# %llu bits flipped, %llu sessions arrived all the same\n",
		(unsigned long long)bits, (unsigned long long)arrived);
	test_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flipped_bit_never_makes_wrong_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
