/* SPDX-License-Identifier: MIT */

/* Byte streams: lost links and processes, and hostile peers. */

#include "tests/unit/bytestream_world.h"

/* ---- Links and processes that are lost ---- */

static void a_lost_link_loses_and_doubles_nothing(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 90, 0), 90);
	assert_true(some_bytes(&a, &b)); /* here, and not confirmed */
	assert_true(take_chunk(&a)); /* lost on its way */
	link_all(false);
	assert_false(bytestream_ready(&a.streams));
	link_all(true);
	assert_false(bytestream_ready(&a.streams)); /* ROOM has not come */
	run();
	assert_int_equal(get_bytes(&b, one, 100, 0), 90);
}

static void bytes_may_be_read_and_written_without_a_link(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 50, 0), 50);
	run();
	link_all(false);
	assert_int_equal(get_bytes(&b, one, 20, 0), 20);
	assert_int_equal(put_bytes(&a, one, 30, 50), 30);
	link_all(true);
	run();
	assert_int_equal(get_bytes(&b, one, 100, 20), 60);
}

static void an_end_that_was_lost_with_the_link_is_said_again(void **state)
{
	(void)state;
	open_stream(one);
	finish(&a, one);
	finish(&b, one);
	while (baton_bytestreams_tx(&a.streams, &op, body, sizeof(body), &len,
				    0))
		;
	link_all(false);
	link_all(true);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_ENDED));
	run();
	assert_true(told(&b, BATON_BYTESTREAM_IS_CLOSED));
	assert_true(told(&a, BATON_BYTESTREAM_IS_CLOSED));
	run();
	assert_int_equal(taken_places(&a) + taken_places(&b), 0);
}

static void who_lost_its_process_breaks_the_others_stream(void **state)
{
	(void)state;
	open_stream(one);
	link_all(false);
	start(&b);
	link_all(true);
	run();
	assert_true(told(&a, BATON_BYTESTREAM_IS_BROKEN));
	assert_int_equal(event.reason, BATON_REASON_NONE);
	assert_int_equal(taken_places(&a), 0);
}

static void bytes_that_are_all_here_survive_the_peers_process(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 30, 0), 30);
	finish(&a, one);
	finish(&b, one);
	run();
	assert_true(told(&a, BATON_BYTESTREAM_ENDED));
	link_all(false);
	start(&a);
	link_all(true);
	run();
	assert_false(told(&b, BATON_BYTESTREAM_IS_BROKEN));
	assert_int_equal(get_bytes(&b, one, 100, 0), 30);
	assert_true(told(&b, BATON_BYTESTREAM_IS_CLOSED));
	run();
	assert_int_equal(taken_places(&b), 0);
}

static void a_peer_that_only_read_leaves_it_broken(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 30, 0), 30);
	finish(&a, one);
	run();
	/* b still wanted to write. */
	link_all(false);
	start(&a);
	link_all(true);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_IS_BROKEN));
}

static void answers_that_have_no_place_are_asked_for_again(void **state)
{
	static struct baton_bytestream place[64];
	static uint8_t memory[BATON_BYTESTREAM_MEMORY(64, 64)];
	struct baton_bytestreams large;
	uint8_t id[BATON_BYTESTREAM_ID_LEN] = "";
	unsigned int i, broken = 0, repeats = 0;

	(void)state;
	assert_int_equal(baton_bytestreams_init(&large, NULL, NULL, place, 64,
						memory, 64),
			 BATON_OK);
	baton_bytestreams_link(&large, true, ROOM, 0);
	for (i = 0; i < 64; i++) {
		id[0] = (uint8_t)i;
		assert_int_equal(baton_bytestreams_open(&large, id, NULL, 0),
				 BATON_OK);
	}
	/* All at once: b has two places and eight answers. */
	while (broken < 62 && repeats < 64) {
		while (baton_bytestreams_tx(&large, &op, body, sizeof(body),
					    &len, 0))
			(void)baton_bytestreams_rx(&b.streams, op, body, len,
						   0);
		while (baton_bytestreams_tx(&b.streams, &op, body, sizeof(body),
					    &len, 0)) {
			repeats += op == REPEAT;
			assert_int_equal(
				baton_bytestreams_rx(&large, op, body, len, 0),
				BATON_OK);
		}
		while (baton_bytestreams_next_event(&large, &event))
			broken += event.type == BATON_BYTESTREAM_IS_BROKEN;
	}
	assert_int_equal(broken, 62);
	assert_true(repeats > 0);
}

static enum baton_err say(uint8_t what, const uint8_t *id, size_t body_len)
{
	memcpy(body, id, BATON_BYTESTREAM_ID_LEN);
	return baton_bytestreams_rx(&b.streams, what, body, body_len, 0);
}

/* The peer opens a stream, and the application is asked. */
static void say_open(const uint8_t *id)
{
	memset(body, 0, sizeof(body));
	baton_store_be16(body + 8, 1);
	baton_store_be32(body + 10, RING);
	assert_int_equal(say(OPEN, id, 14), BATON_OK);
	assert_true(told(&b, BATON_BYTESTREAM_OFFERED));
}

/* One envelope, which may be refused. */
static bool drop_or_take(struct side *from, struct side *to)
{
	if (!baton_bytestreams_tx(&from->streams, &op, body, sizeof(body), &len,
				  0))
		return false;
	(void)baton_bytestreams_rx(&to->streams, op, body, len, 0);
	return true;
}

static void an_offer_is_not_made_again_of_what_was_accepted(void **state)
{
	(void)state;
	assert_int_equal(baton_bytestreams_open(&a.streams, one, NULL, 0),
			 BATON_OK);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_OFFERED));
	assert_int_equal(baton_bytestreams_accept(&b.streams, one), BATON_OK);
	/* a would offer it on the next link, and hears of ROOM before that. */
	link_all(false);
	link_all(true);
	assert_true(envelope(&b, &a));
	assert_int_equal(op, ROOM_OP);
	while (baton_bytestreams_tx(&a.streams, &op, body, sizeof(body), &len,
				    0))
		assert_int_not_equal(op, OPEN);
}

static void two_streams_of_one_name_break(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&b, one, 20, 0), 20);
	run();
	link_all(false);
	assert_int_equal(baton_bytestreams_reset(&b.streams, one, 1), BATON_OK);
	link_all(true);
	/* An OPEN that comes late: b asks its application once more. */
	say_open(one);
	assert_int_equal(baton_bytestreams_accept(&b.streams, one), BATON_OK);
	while (drop_or_take(&a, &b) || drop_or_take(&b, &a))
		;
	assert_true(told(&a, BATON_BYTESTREAM_IS_BROKEN));
	assert_true(told(&b, BATON_BYTESTREAM_IS_BROKEN));
}

static void an_offer_of_what_the_peer_has_open_already_breaks(void **state)
{
	(void)state;
	open_stream(one);
	link_all(false);
	assert_int_equal(baton_bytestreams_reset(&b.streams, one, 1), BATON_OK);
	link_all(true);
	say_open(one);
	run();
	assert_true(told(&a, BATON_BYTESTREAM_IS_BROKEN));
	assert_true(told(&b, BATON_BYTESTREAM_IS_BROKEN));
}

/* The OPEN of before is taken after a reset, whose BREAK is not told yet. */
static void who_takes_a_name_again_hears_that_it_is_broken(void **state)
{
	(void)state;
	assert_int_equal(baton_bytestreams_open(&a.streams, one, NULL, 0),
			 BATON_OK);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_OFFERED));
	assert_int_equal(baton_bytestreams_accept(&b.streams, one), BATON_OK);
	assert_int_equal(baton_bytestreams_reset(&b.streams, one, 1), BATON_OK);
	say_open(one);
	assert_int_equal(baton_bytestreams_accept(&b.streams, one), BATON_OK);
	while (drop_or_take(&a, &b) || drop_or_take(&b, &a))
		;
	assert_true(told(&b, BATON_BYTESTREAM_IS_BROKEN));
	assert_true(told(&a, BATON_BYTESTREAM_IS_BROKEN));
}

/* ---- What a peer gets wrong ---- */

static void envelopes_of_every_length_change_nothing(void **state)
{
	static const size_t least[] = {14, 30, 16, 8, 9, 0};
	static const size_t most[] = {78, 30, 16, 8, 9, 0};
	struct side before;
	unsigned int kind;
	size_t n;

	(void)state;
	open_stream(one);
	memset(body, 0, sizeof(body));
	while (baton_bytestreams_next_event(&b.streams, &event))
		;
	before = b;
	for (kind = 0; kind < 16; kind++)
		for (n = 0; n <= ROOM; n++) {
			if (kind <= REPEAT && n >= least[kind] &&
			    n <= most[kind])
				continue;
			assert_int_equal(say((uint8_t)kind, one, n),
					 kind > REPEAT ? BATON_ERR_PEER_FORMAT
						       : BATON_ERR_PEER_LENGTH);
		}
	assert_memory_equal(&before, &b, sizeof(b));
}

static void room(uint16_t tag, uint64_t got, uint64_t limit, uint32_t ring)
{
	baton_store_be16(body + 8, tag);
	baton_store_be64(body + 10, got);
	baton_store_be64(body + 18, limit);
	baton_store_be32(body + 26, ring);
}

static void room_that_cannot_be_is_not_taken(void **state)
{
	static const struct {
		uint16_t tag;
		uint64_t got, limit;
		uint32_t ring;
	} wrong[] = {
		{1, 9, 109, RING}, /* less than it had said */
		{1, 31, 131, RING}, /* more than was sent */
		{1, 20, 19, RING}, /* less room than there are bytes */
		{1, 20, 109, RING}, /* takes room back */
		{1, 20, 120, BATON_BYTESTREAM_RING_MIN - 1},
		{1, UINT64_MAX, UINT64_MAX, RING},
		{0, 20, 120, RING},
	};
	struct side before;
	size_t i;

	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&b, one, 30, 0), 30);
	while (take_chunk(&b))
		;
	room(1, 10, 110, RING);
	assert_int_equal(say(ROOM_OP, one, 30), BATON_OK);
	before = b;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		room(wrong[i].tag, wrong[i].got, wrong[i].limit, wrong[i].ring);
		assert_int_equal(say(ROOM_OP, one, 30), BATON_ERR_PEER_FORMAT);
		assert_memory_equal(&before, &b, sizeof(b));
	}
	room(1, 30, 130, RING);
	assert_int_equal(say(ROOM_OP, one, 30), BATON_OK);
}

static void an_end_that_cannot_be_is_not_taken(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 20, 0), 20);
	run();
	baton_store_be64(body + 8, 19);
	assert_int_equal(say(FIN, one, 16), BATON_ERR_PEER_FORMAT);
	baton_store_be64(body + 8, 25);
	assert_int_equal(say(FIN, one, 16), BATON_OK);
	assert_int_equal(say(FIN, one, 16), BATON_OK);
	baton_store_be64(body + 8, 26);
	assert_int_equal(say(FIN, one, 16), BATON_ERR_PEER_FORMAT);
	/* b has not finished, so nobody can be through with it. */
	assert_int_equal(say(DONE, one, 8), BATON_ERR_PEER_STATE);
	assert_int_equal(get_bytes(&b, one, 50, 0), 20);
	assert_false(told(&b, BATON_BYTESTREAM_ENDED));
}

static void an_open_that_cannot_be_is_not_taken(void **state)
{
	(void)state;
	memset(body, 0, sizeof(body));
	baton_store_be16(body + 8, 1);
	baton_store_be32(body + 10, BATON_BYTESTREAM_RING_MIN - 1);
	assert_int_equal(say(OPEN, one, 14), BATON_ERR_PEER_FORMAT);
	baton_store_be16(body + 8, 0);
	baton_store_be32(body + 10, RING);
	assert_int_equal(say(OPEN, one, 14), BATON_ERR_PEER_FORMAT);
	assert_int_equal(taken_places(&b), 0);
	/* A stream of b's own is not the peer's to open. */
	assert_int_equal(baton_bytestreams_open(&b.streams, one, NULL, 0),
			 BATON_OK);
	baton_store_be16(body + 8, 1);
	assert_int_equal(say(OPEN, one, 14), BATON_ERR_PEER_STATE);
	assert_false(baton_bytestreams_next_event(&b.streams, &event));
}

static void envelopes_before_the_offer_was_answered_open_nothing(void **state)
{
	(void)state;
	assert_int_equal(baton_bytestreams_open(&a.streams, one, NULL, 0),
			 BATON_OK);
	run();
	baton_store_be64(body + 8, 0);
	assert_int_equal(say(FIN, one, 16), BATON_ERR_PEER_STATE);
	assert_int_equal(say(DONE, one, 8), BATON_ERR_PEER_STATE);
	assert_true(told(&b, BATON_BYTESTREAM_OFFERED));
	assert_int_equal(baton_bytestreams_accept(&b.streams, one), BATON_OK);
}

static size_t put_chunk(uint16_t tag, uint8_t offset, size_t count)
{
	memset(chunk, 0xee, sizeof(chunk));
	baton_store_be16(chunk, tag);
	chunk[2] = offset;
	return 3 + count;
}

static enum baton_err give_chunk(uint16_t tag, uint8_t offset, size_t count)
{
	size_t n = put_chunk(tag, offset, count);

	return bytestream_take(&b.streams, chunk, n);
}

static void bytes_that_are_not_the_next_ones_are_not_taken(void **state)
{
	struct side before;
	size_t n;

	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 20, 0), 20);
	run();
	before = b;
	for (n = 0; n < 3; n++) {
		(void)put_chunk(1, 20, 1);
		assert_int_not_equal(bytestream_take(&b.streams, chunk, n),
				     BATON_OK);
	}
	/* No bytes; again; a gap; no such stream; more than the ring holds. */
	assert_int_equal(give_chunk(1, 20, 0), BATON_ERR_PEER_FORMAT);
	assert_int_equal(give_chunk(1, 15, 5), BATON_ERR_PEER_STATE);
	assert_int_equal(give_chunk(1, 21, 5), BATON_ERR_PEER_STATE);
	assert_int_equal(give_chunk(0, 0, 5), BATON_ERR_PEER_STATE);
	assert_int_equal(give_chunk(0xffff, 0, 5), BATON_ERR_PEER_STATE);
	assert_int_equal(give_chunk(1, 20, RING - 19), BATON_ERR_PEER_LIMIT);
	assert_memory_equal(&before, &b, sizeof(b));
	assert_int_equal(give_chunk(1, 20, RING - 20), BATON_OK);
}

/* They went out before the session was suspended, and again after it. */
static void bytes_that_come_twice_are_taken_once(void **state)
{
	uint8_t old[ROOM];
	size_t old_len;

	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 10, 0), 10);
	assert_true(take_chunk(&a));
	memcpy(old, chunk, len);
	old_len = len;
	link_all(false);
	assert_int_equal(put_bytes(&a, one, 50, 10), 50);
	link_all(true);
	while (envelope(&a, &b) || envelope(&b, &a))
		;
	assert_int_equal(bytestream_take(&b.streams, old, old_len), BATON_OK);
	run();
	assert_int_equal(get_bytes(&b, one, 100, 0), 60);
}

/* The same, and its sender hears of them before they go again. */
static void a_receiver_that_is_ahead_moves_its_sender_on(void **state)
{
	uint8_t old[2][ROOM];
	size_t old_len[2], i;

	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 60, 0), 60);
	for (i = 0; i < 2; i++) {
		assert_true(take_chunk(&a));
		memcpy(old[i], chunk, len);
		old_len[i] = len;
	}
	link_all(false);
	link_all(true);
	while (envelope(&a, &b) || envelope(&b, &a))
		;
	for (i = 0; i < 2; i++)
		assert_int_equal(
			bytestream_take(&b.streams, old[i], old_len[i]),
			BATON_OK);
	while (envelope(&b, &a))
		;
	assert_false(bytestream_ready(&a.streams));
	assert_int_equal(get_bytes(&b, one, 100, 0), 60);
	assert_int_equal(put_bytes(&a, one, 100, 60), 100);
}

static void bytes_behind_the_end_are_not_taken(void **state)
{
	(void)state;
	open_stream(one);
	baton_store_be64(body + 8, 4);
	assert_int_equal(say(FIN, one, 16), BATON_OK);
	assert_int_equal(give_chunk(1, 0, 5), BATON_ERR_PEER_LIMIT);
	assert_int_equal(give_chunk(1, 0, 4), BATON_OK);
}

static void without_a_link_nothing_is_taken_or_sent(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&b, one, 5, 0), 5);
	link_all(false);
	assert_int_equal(give_chunk(1, 0, 4), BATON_ERR_PEER_STATE);
	assert_int_equal(say(DONE, one, 8), BATON_ERR_PEER_STATE);
	assert_false(bytestream_ready(&b.streams));
	assert_false(baton_bytestreams_tx(&b.streams, &op, body, sizeof(body),
					  &len, 0));
	/* A link whose envelopes are too short for OPEN is none. */
	baton_bytestreams_link(&b.streams, true, BATON_BYTESTREAM_BODY_MAX - 1,
			       0);
	assert_false(baton_bytestreams_tx(&b.streams, &op, body, sizeof(body),
					  &len, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_lost_link_loses_and_doubles_nothing),
		CASE(bytes_may_be_read_and_written_without_a_link),
		CASE(an_end_that_was_lost_with_the_link_is_said_again),
		CASE(who_lost_its_process_breaks_the_others_stream),
		CASE(bytes_that_are_all_here_survive_the_peers_process),
		CASE(a_peer_that_only_read_leaves_it_broken),
		CASE(answers_that_have_no_place_are_asked_for_again),
		CASE(an_offer_is_not_made_again_of_what_was_accepted),
		CASE(two_streams_of_one_name_break),
		CASE(who_takes_a_name_again_hears_that_it_is_broken),
		CASE(an_offer_of_what_the_peer_has_open_already_breaks),
		CASE(envelopes_of_every_length_change_nothing),
		CASE(room_that_cannot_be_is_not_taken),
		CASE(an_end_that_cannot_be_is_not_taken),
		CASE(an_open_that_cannot_be_is_not_taken),
		CASE(envelopes_before_the_offer_was_answered_open_nothing),
		CASE(bytes_that_are_not_the_next_ones_are_not_taken),
		CASE(bytes_that_come_twice_are_taken_once),
		CASE(a_receiver_that_is_ahead_moves_its_sender_on),
		CASE(bytes_behind_the_end_are_not_taken),
		CASE(without_a_link_nothing_is_taken_or_sent),
	};

	return cmocka_run_group_tests_name("byte streams received", tests, NULL,
					   NULL);
}
