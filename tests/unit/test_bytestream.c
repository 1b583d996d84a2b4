/* SPDX-License-Identifier: MIT */

/* Byte streams: what their applications see. */

#include "tests/unit/bytestream_world.h"

/* ---- Open ---- */

static void an_offer_tells_what_the_opener_said_of_it(void **state)
{
	(void)state;
	assert_int_equal(baton_bytestreams_open(&a.streams, one,
						(const uint8_t *)"log", 3),
			 BATON_OK);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_OFFERED));
	assert_memory_equal(event.id, one, sizeof(one));
	assert_int_equal(event.meta_len, 3);
	assert_memory_equal(event.meta, "log", 3);
}

static void an_offer_is_made_again_on_the_next_link(void **state)
{
	(void)state;
	link_all(false);
	assert_int_equal(baton_bytestreams_open(&a.streams, one, NULL, 0),
			 BATON_OK);
	link_all(true);
	assert_true(baton_bytestreams_tx(&a.streams, &op, body, sizeof(body),
					 &len, 0));
	link_all(false);
	link_all(true);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_OFFERED));
	assert_false(told(&b, BATON_BYTESTREAM_OFFERED));
}

static void a_refusal_breaks_with_its_reason(void **state)
{
	(void)state;
	assert_int_equal(baton_bytestreams_open(&a.streams, one, NULL, 0),
			 BATON_OK);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_OFFERED));
	assert_int_equal(
		baton_bytestreams_reset(&b.streams, one, BATON_REASON_PERSON),
		BATON_OK);
	run();
	assert_true(told(&a, BATON_BYTESTREAM_IS_BROKEN));
	assert_int_equal(event.reason, BATON_REASON_PERSON);
	assert_int_equal(taken_places(&a) + taken_places(&b), 0);
}

static void an_offer_without_a_place_is_refused(void **state)
{
	(void)state;
	open_stream(one);
	open_stream(two);
	/* b closes neither; a makes room for a third. */
	assert_int_equal(baton_bytestreams_reset(&a.streams, one, 1), BATON_OK);
	assert_int_equal(baton_bytestreams_open(&a.streams, many, NULL, 0),
			 BATON_OK);
	/* b has not told its application yet, so the place is not free. */
	run();
	assert_true(told(&a, BATON_BYTESTREAM_IS_BROKEN));
	assert_memory_equal(event.id, many, sizeof(many));
	assert_int_equal(event.reason, BATON_REASON_NO_ROOM);
	assert_int_equal(taken_places(&a), 1);
}

static void an_offer_withdrawn_before_it_was_told_is_not_told(void **state)
{
	(void)state;
	assert_int_equal(baton_bytestreams_open(&a.streams, one, NULL, 0),
			 BATON_OK);
	run();
	assert_int_equal(baton_bytestreams_reset(&a.streams, one, 1), BATON_OK);
	run();
	assert_false(baton_bytestreams_next_event(&b.streams, &event));
	assert_int_equal(taken_places(&b), 0);
}

static void what_callers_get_wrong_changes_nothing(void **state)
{
	uint8_t byte = 0;
	size_t n;

	(void)state;
	assert_int_equal(baton_bytestreams_open(&a.streams, one, body,
						BATON_BYTESTREAM_META_MAX + 1),
			 BATON_ERR_ARG);
	assert_int_equal(baton_bytestreams_accept(&a.streams, one),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_bytestreams_finish(&a.streams, one),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_bytestreams_reset(&a.streams, one, 0),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_bytestreams_write(&a.streams, one, &byte, 1, &n),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_bytestreams_read(&a.streams, one, &byte, 1, &n),
			 BATON_ERR_NOT_FOUND);
	open_stream(one);
	assert_int_equal(baton_bytestreams_open(&a.streams, one, NULL, 0),
			 BATON_ERR_STATE);
	assert_int_equal(baton_bytestreams_accept(&b.streams, one),
			 BATON_ERR_STATE);
	open_stream(two);
	assert_int_equal(baton_bytestreams_open(&a.streams, many, NULL, 0),
			 BATON_ERR_SPACE);
	finish(&a, one);
	assert_int_equal(baton_bytestreams_finish(&a.streams, one),
			 BATON_ERR_STATE);
	assert_int_equal(baton_bytestreams_write(&a.streams, one, &byte, 1, &n),
			 BATON_ERR_STATE);
}

static void what_cannot_be_is_not_made(void **state)
{
	(void)state;
	assert_int_equal(baton_bytestreams_init(&a.streams, NULL, NULL, a.place,
						0, a.memory, RING),
			 BATON_ERR_ARG);
	assert_int_equal(baton_bytestreams_init(&a.streams, NULL, NULL, a.place,
						65, a.memory, RING),
			 BATON_ERR_ARG);
	assert_int_equal(baton_bytestreams_init(&a.streams, NULL, NULL, a.place,
						1, a.memory,
						BATON_BYTESTREAM_RING_MIN - 1),
			 BATON_ERR_ARG);
}

/* ---- Bytes, and who waits ---- */

static void bytes_come_in_order_both_ways(void **state)
{
	size_t i;

	(void)state;
	open_stream(one);
	for (i = 0; i < 20; i++) {
		assert_int_equal(put_bytes(&a, one, 37, (uint8_t)(37 * i)), 37);
		assert_int_equal(put_bytes(&b, one, 11, (uint8_t)(11 * i)), 11);
		run();
		assert_int_equal(get_bytes(&b, one, 37, (uint8_t)(37 * i)), 37);
		assert_int_equal(get_bytes(&a, one, 11, (uint8_t)(11 * i)), 11);
		run();
	}
}

static void bytes_written_before_it_is_accepted_go_then(void **state)
{
	(void)state;
	assert_int_equal(baton_bytestreams_open(&a.streams, one, NULL, 0),
			 BATON_OK);
	assert_int_equal(put_bytes(&a, one, 60, 1), 60);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_OFFERED));
	assert_false(bytestream_ready(&a.streams));
	assert_int_equal(baton_bytestreams_accept(&b.streams, one), BATON_OK);
	run();
	assert_int_equal(get_bytes(&b, one, 100, 1), 60);
}

static void a_reader_that_sleeps_stops_the_writer(void **state)
{
	size_t n, all = 0;

	(void)state;
	open_stream(one);
	do {
		n = put_bytes(&a, one, 50, (uint8_t)all);
		all += n;
		run();
	} while (n > 0);
	/* As much as both rings hold, and what ROOM has not said yet. */
	assert_int_equal(all, 2 * RING);
	assert_false(bytestream_ready(&a.streams));
	assert_int_equal(get_bytes(&b, one, 2 * RING, 0), RING);
	run();
	assert_int_equal(get_bytes(&b, one, 2 * RING, RING), RING);
}

static void a_writer_that_was_stopped_is_told_when_there_is_room(void **state)
{
	uint8_t byte = 0;
	size_t n;

	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, RING, 0), RING);
	assert_int_equal(baton_bytestreams_write(&a.streams, one, &byte, 1, &n),
			 BATON_ERR_AGAIN);
	assert_false(told(&a, BATON_BYTESTREAM_WRITABLE));
	run();
	assert_true(told(&a, BATON_BYTESTREAM_WRITABLE));
	assert_false(told(&a, BATON_BYTESTREAM_WRITABLE));
	assert_true(put_bytes(&a, one, 2 * RING, RING) >= RING / 2);
}

static void a_reader_of_nothing_waits_until_it_is_told(void **state)
{
	uint8_t byte;
	size_t n = 1;

	(void)state;
	open_stream(one);
	assert_int_equal(baton_bytestreams_read(&b.streams, one, &byte, 1, &n),
			 BATON_ERR_AGAIN);
	assert_int_equal(n, 0);
	assert_int_equal(put_bytes(&a, one, 1, 7), 1);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_READABLE));
	assert_int_equal(get_bytes(&b, one, 1, 7), 1);
}

static void one_stream_does_not_wait_for_another_that_is_full(void **state)
{
	(void)state;
	open_stream(one);
	open_stream(two);
	while (put_bytes(&a, one, 50, 0) > 0)
		run();
	assert_int_equal(put_bytes(&a, two, 30, 5), 30);
	run();
	assert_int_equal(get_bytes(&b, two, 50, 5), 30);
}

static void a_chunk_the_engine_has_no_room_for_goes_later(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 20, 3), 20);
	/* Built, and not sent. */
	assert_true(bytestream_chunk(&a.streams, chunk, 40, &bytes) > 0);
	run();
	assert_int_equal(get_bytes(&b, one, 50, 3), 20);
}

/* ---- Ends ---- */

static void half_of_it_may_end_before_the_other(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 10, 0), 10);
	finish(&a, one);
	run();
	assert_false(told(&b, BATON_BYTESTREAM_ENDED));
	assert_int_equal(get_bytes(&b, one, 50, 0), 10);
	assert_true(told(&b, BATON_BYTESTREAM_ENDED));
	/* The other way it goes on. */
	assert_int_equal(put_bytes(&b, one, 10, 9), 10);
	run();
	assert_int_equal(get_bytes(&a, one, 50, 9), 10);
	assert_false(told(&a, BATON_BYTESTREAM_IS_CLOSED));
}

static void both_are_told_when_it_is_closed_and_places_are_free(void **state)
{
	(void)state;
	open_stream(one);
	finish(&a, one);
	finish(&b, one);
	run();
	assert_true(told(&a, BATON_BYTESTREAM_IS_CLOSED));
	assert_true(told(&b, BATON_BYTESTREAM_IS_CLOSED));
	run();
	assert_int_equal(taken_places(&a) + taken_places(&b), 0);
}

static void the_end_does_not_overtake_the_bytes(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 80, 0), 80);
	finish(&a, one);
	while (envelope(&a, &b)) /* FIN is here, the bytes are not */
		;
	assert_false(told(&b, BATON_BYTESTREAM_ENDED));
	run();
	assert_int_equal(get_bytes(&b, one, 79, 0), 79);
	assert_false(told(&b, BATON_BYTESTREAM_ENDED));
	assert_int_equal(get_bytes(&b, one, 79, 79), 1);
	assert_true(told(&b, BATON_BYTESTREAM_ENDED));
}

static void a_reset_breaks_it_at_both_sides(void **state)
{
	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&a, one, 10, 0), 10);
	assert_int_equal(
		baton_bytestreams_reset(&a.streams, one, BATON_REASON_INTERNAL),
		BATON_OK);
	assert_int_equal(baton_bytestreams_reset(&a.streams, one, 1),
			 BATON_ERR_NOT_FOUND);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_IS_BROKEN));
	assert_int_equal(event.reason, BATON_REASON_INTERNAL);
	assert_int_equal(taken_places(&a) + taken_places(&b), 0);
}

static void bytes_of_a_reset_stream_are_not_those_of_the_next(void **state)
{
	uint8_t late[ROOM];
	size_t late_len;

	(void)state;
	open_stream(one);
	assert_int_equal(put_bytes(&b, one, 10, 90), 10);
	assert_true(take_chunk(&b));
	late_len = len;
	memcpy(late, chunk, len);
	assert_int_equal(baton_bytestreams_reset(&a.streams, one, 1), BATON_OK);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_IS_BROKEN));
	open_stream(two);
	assert_int_equal(bytestream_take(&a.streams, late, late_len),
			 BATON_ERR_PEER_STATE);
	assert_int_equal(put_bytes(&b, two, 10, 5), 10);
	run();
	assert_int_equal(get_bytes(&a, two, 50, 5), 10);
}

static void what_a_stream_held_is_wiped_when_it_is_over(void **state)
{
	static const uint8_t secret[] = "what nobody else should read";
	size_t i, k, n;

	(void)state;
	open_stream(one);
	assert_int_equal(baton_bytestreams_write(&a.streams, one, secret,
						 sizeof(secret), &n),
			 BATON_OK);
	run();
	assert_int_equal(baton_bytestreams_reset(&a.streams, one, 1), BATON_OK);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_IS_BROKEN));
	/* No part of it either. */
	for (i = 0; i + 4 <= sizeof(a); i++)
		for (k = 0; k + 4 < sizeof(secret); k++) {
			assert_memory_not_equal((uint8_t *)&a + i, secret + k,
						4);
			assert_memory_not_equal((uint8_t *)&b + i, secret + k,
						4);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_offer_tells_what_the_opener_said_of_it),
		CASE(an_offer_is_made_again_on_the_next_link),
		CASE(a_refusal_breaks_with_its_reason),
		CASE(an_offer_without_a_place_is_refused),
		CASE(an_offer_withdrawn_before_it_was_told_is_not_told),
		CASE(what_callers_get_wrong_changes_nothing),
		CASE(what_cannot_be_is_not_made),
		CASE(bytes_come_in_order_both_ways),
		CASE(bytes_written_before_it_is_accepted_go_then),
		CASE(a_reader_that_sleeps_stops_the_writer),
		CASE(a_writer_that_was_stopped_is_told_when_there_is_room),
		CASE(a_reader_of_nothing_waits_until_it_is_told),
		CASE(one_stream_does_not_wait_for_another_that_is_full),
		CASE(a_chunk_the_engine_has_no_room_for_goes_later),
		CASE(half_of_it_may_end_before_the_other),
		CASE(both_are_told_when_it_is_closed_and_places_are_free),
		CASE(the_end_does_not_overtake_the_bytes),
		CASE(a_reset_breaks_it_at_both_sides),
		CASE(bytes_of_a_reset_stream_are_not_those_of_the_next),
		CASE(what_a_stream_held_is_wiped_when_it_is_over),
	};

	return cmocka_run_group_tests_name("byte streams", tests, NULL, NULL);
}
