/* SPDX-License-Identifier: MIT */

/* The receiving half of a class: transport/SPEC.md A.3 to A.6. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/receiver.h"
#include "transport/timing.h"

#define UNIT_MAX 64
#define RECORD_MAX 512

static struct baton_receiver receiver;
static struct baton_slot slots[BATON_WINDOW_MAX];
static uint8_t bytes[BATON_RECEIVER_BYTES_LEN(BATON_WINDOW_MAX, UNIT_MAX)];
static uint8_t record_memory[BATON_RECEIVER_RECORD_LEN(RECORD_MAX)];
static uint8_t *record;
static size_t record_len;
static uint32_t now_ms;

static uint32_t interval; /* ms, of the connection */

static void start(uint16_t window, uint32_t interval_ms)
{
	memset(&receiver, 0, sizeof(receiver));
	baton_receiver_init(&receiver, BATON_CLASS_BULK, bytes, slots, window,
			    UNIT_MAX, record_memory, RECORD_MAX);
	baton_receiver_start(&receiver);
	interval = interval_ms;
	now_ms = 1000;
}

static int setup(void **state)
{
	(void)state;
	start(64, 0);
	return 0;
}

static enum baton_err give(enum baton_block_type type, uint16_t number,
			   uint16_t offset, uint16_t total,
			   const uint8_t *payload, uint16_t len)
{
	struct baton_block block = {.type = type,
				    .class_id = BATON_CLASS_BULK,
				    .number = number,
				    .offset = offset,
				    .total = total,
				    .bytes = payload,
				    .len = len};

	return baton_receiver_data(&receiver, &block, interval, now_ms);
}

/* A whole unit of one byte, in the long form. */
static enum baton_err unit(uint32_t number)
{
	uint8_t byte = (uint8_t)number;

	return give(BATON_BLOCK_LONG, number & 0xfff, 0, 1, &byte, 1);
}

/* The same in the short form, which only BULK has. */
static enum baton_err short_unit(uint32_t number)
{
	uint8_t byte = (uint8_t)number;

	return give(BATON_BLOCK_SHORT, number & 0x7f, 0, 1, &byte, 1);
}

/* Bytes from..to of unit `number`, whose total is `total`, as a part. */
static enum baton_err part(uint16_t number, uint16_t from, uint16_t to,
			   uint16_t total, uint8_t byte)
{
	uint8_t payload[UNIT_MAX * 2];

	memset(payload, byte, sizeof(payload));
	return give(BATON_BLOCK_PART, number, from, total, payload,
		    (uint16_t)(to - from));
}

/* A whole record of `body` bytes in a unit of its own. */
static enum baton_err record_unit(uint32_t number, uint16_t body)
{
	uint8_t payload[UNIT_MAX];

	memset(payload, (uint8_t)number, sizeof(payload));
	payload[0] = (uint8_t)(body >> 8);
	payload[1] = (uint8_t)body;
	return give(BATON_BLOCK_LONG, number & 0xfff, 0, (uint16_t)(body + 2),
		    payload, (uint16_t)(body + 2));
}

/* Take all records there are; how many. */
static int drain(void)
{
	int n = 0;

	while (baton_receiver_record(&receiver, &record, &record_len) ==
	       BATON_OK) {
		baton_receiver_release(&receiver);
		n++;
	}
	return n;
}

static struct baton_block ack(size_t cap)
{
	static uint8_t pdu[BATON_ACK_MAX];
	struct baton_block blocks[BATON_PDU_BLOCKS];
	size_t count, len;

	len = baton_receiver_ack(&receiver, pdu, cap, 0);
	assert_in_range(len, BATON_ACK_LEN, cap);
	assert_int_equal(baton_pdu_decode(pdu, len, blocks, &count), BATON_OK);
	return blocks[0];
}

static bool owed_now(void)
{
	return baton_receiver_ack_deadline(&receiver) == 0;
}

static void units_of_any_size_make_records(void **state)
{
	uint8_t stream[2 + 40] = {0, 40};
	uint16_t size, at, n, number = 0;
	int i;

	(void)state;
	for (i = 2; i < 42; i++)
		stream[i] = (uint8_t)i;
	for (size = 1; size <= 42; size++) {
		for (at = 0; at < 42; at = (uint16_t)(at + size)) {
			n = (uint16_t)(at + size > 42 ? 42 - at : size);
			assert_int_equal(baton_receiver_record(&receiver,
							       &record,
							       &record_len),
					 BATON_ERR_AGAIN);
			assert_int_equal(give(BATON_BLOCK_LONG,
					      number++ & 0xfff, 0, n,
					      stream + at, n),
					 BATON_OK);
		}
		assert_int_equal(
			baton_receiver_record(&receiver, &record, &record_len),
			BATON_OK);
		assert_int_equal(record_len, 42);
		assert_memory_equal(record, stream, 42);
		/* It stays until it is released. */
		assert_int_equal(
			baton_receiver_record(&receiver, &record, &record_len),
			BATON_OK);
		baton_receiver_release(&receiver);
	}
}

static void a_unit_may_hold_several_records(void **state)
{
	uint8_t stream[57] = {0};

	(void)state;
	stream[1] = stream[20] = stream[39] = 17;
	assert_int_equal(give(BATON_BLOCK_LONG, 0, 0, 57, stream, 57),
			 BATON_OK);
	assert_int_equal(drain(), 3);
}

static void units_arrive_in_any_order(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 19; i > 0; i--)
		assert_int_equal(record_unit(i, 17), BATON_OK);
	assert_int_equal(drain(), 0);
	assert_int_equal(record_unit(0, 17), BATON_OK);
	for (i = 0; i < 20; i++) {
		assert_int_equal(
			baton_receiver_record(&receiver, &record, &record_len),
			BATON_OK);
		assert_int_equal(record[2], i);
		baton_receiver_release(&receiver);
	}
}

static void record_lengths_out_of_range_end_the_link(void **state)
{
	static const struct {
		uint16_t body;
		enum baton_err err;
	} rows[] = {
		{0, BATON_ERR_PROTOCOL},
		{1, BATON_ERR_PROTOCOL},
		{16, BATON_ERR_PROTOCOL},
		{17, BATON_ERR_AGAIN},
		{RECORD_MAX + 16, BATON_ERR_AGAIN},
		{RECORD_MAX + 17, BATON_ERR_PROTOCOL},
		{0x3fff, BATON_ERR_PROTOCOL},
		{0xc000 | 17, BATON_ERR_AGAIN}, /* parities are no length */
	};
	uint8_t header[2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(64, 0);
		header[0] = (uint8_t)(rows[i].body >> 8);
		header[1] = (uint8_t)rows[i].body;
		assert_int_equal(give(BATON_BLOCK_LONG, 0, 0, 2, header, 2),
				 BATON_OK);
		assert_int_equal(
			baton_receiver_record(&receiver, &record, &record_len),
			rows[i].err);
		assert_int_equal(
			baton_receiver_record(&receiver, &record, &record_len),
			rows[i].err);
	}
}

static void units_go_round_in_a_window_of_any_length(void **state)
{
	uint32_t n;

	(void)state;
	start(3, 0);
	for (n = 0; n < 10; n += 2) {
		/* Out of order, and both are whole records. */
		assert_int_equal(record_unit(n + 1, 40), BATON_OK);
		assert_int_equal(record_unit(n, 40), BATON_OK);
		assert_int_equal(
			baton_receiver_record(&receiver, &record, &record_len),
			BATON_OK);
		assert_int_equal(record[2], n);
		baton_receiver_release(&receiver);
		assert_int_equal(
			baton_receiver_record(&receiver, &record, &record_len),
			BATON_OK);
		assert_int_equal(record[2], n + 1);
		baton_receiver_release(&receiver);
		assert_int_equal(drain(), 0);
	}
}

static void numbers_outside_the_window_are_dropped(void **state)
{
	uint32_t number;

	(void)state;
	start(16, 0);
	for (number = 16; number < 2048; number++)
		assert_int_equal(unit(number), BATON_ERR_PEER_SEQ);
	assert_int_equal(unit(15), BATON_OK);
	assert_int_equal(ack(20).number, 0);
	/* Above is what is nearer from below: a repetition of long ago. */
	for (number = 2048; number < 4096; number++) {
		(void)ack(20);
		assert_int_equal(unit(number), BATON_OK);
		assert_true(owed_now());
	}
	assert_int_equal(ack(20).number, 0);
}

static void dropped_numbers_shift_nothing(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		assert_int_equal(unit((i + 200) & 0xfff), BATON_ERR_PEER_SEQ);
		assert_int_equal(record_unit(i, 17), BATON_OK);
		assert_int_equal(drain(), 1);
	}
	assert_int_equal(ack(20).number, 10000 & 0xfff);
}

/* A.3: 64 units out, one of them repeated and overtaken by 16 later ones. */
static void short_numbers_stand_the_stated_reordering(void **state)
{
	uint8_t payload[19] = {0, 17};
	uint32_t base, i;

	(void)state;
	for (base = 0; base < 512; base += 64) {
		for (i = base; i < base + 64; i++) {
			payload[2] = (uint8_t)i;
			assert_int_equal(give(BATON_BLOCK_SHORT, i & 0x7f, 0,
					      19, payload, 19),
					 BATON_OK);
		}
		assert_int_equal(drain(), 64);
		/* Repetitions of units up to 48 + 16 behind are known. */
		for (i = base; i < base + 64; i++) {
			(void)ack(20);
			assert_int_equal(give(BATON_BLOCK_SHORT, i & 0x7f, 0,
					      19, payload, 19),
					 BATON_OK);
			assert_true(owed_now());
			assert_int_equal(drain(), 0);
		}
	}
}

static void long_numbers_come_round(void **state)
{
	uint32_t i;

	(void)state;
	start(128, 0);
	for (i = 0; i < 3 * 4096; i++) {
		assert_int_equal(record_unit(i + 1, 17), BATON_OK);
		assert_int_equal(record_unit(i, 17), BATON_OK);
		(void)drain();
		assert_int_equal(receiver.next, i + 2);
	}
}

static void a_unit_twice_counts_once_and_owes_an_ack(void **state)
{
	(void)state;
	assert_int_equal(record_unit(0, 17), BATON_OK);
	assert_false(owed_now());
	assert_int_equal(record_unit(0, 17), BATON_OK);
	assert_true(owed_now());
	(void)ack(20);
	/* Ahead of its turn too. */
	assert_int_equal(record_unit(2, 17), BATON_OK);
	(void)ack(20);
	assert_int_equal(record_unit(2, 17), BATON_OK);
	assert_true(owed_now());
	assert_int_equal(drain(), 1);
}

static void parts_that_join_on_make_a_unit(void **state)
{
	(void)state;
	assert_int_equal(part(1, 0, 10, 30, 1), BATON_OK);
	assert_int_equal(part(1, 10, 20, 30, 2), BATON_OK);
	assert_int_equal(part(1, 15, 30, 30, 3), BATON_OK); /* overlaps */
	assert_int_equal(ack(20).bytes[0], 0x80);
	assert_int_equal(bytes[UNIT_MAX + 0], 1);
	assert_int_equal(bytes[UNIT_MAX + 19], 2);
	assert_int_equal(bytes[UNIT_MAX + 20], 3);
	assert_int_equal(bytes[UNIT_MAX + 29], 3);
}

static void parts_behind_a_gap_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(part(0, 10, 20, 30, 1), BATON_ERR_PEER_SEQ);
	assert_int_equal(part(0, 0, 10, 30, 1), BATON_OK);
	assert_int_equal(part(0, 11, 20, 30, 1), BATON_ERR_PEER_SEQ);
	assert_int_equal(slots[0].have, 10);
	assert_int_equal(part(0, 0, 5, 30, 1), BATON_OK); /* adds nothing */
	assert_int_equal(slots[0].have, 10);
}

static void parts_with_another_total_are_dropped_or_begin_anew(void **state)
{
	(void)state;
	assert_int_equal(part(0, 0, 10, 30, 1), BATON_OK);
	assert_int_equal(part(0, 10, 20, 40, 1), BATON_ERR_PEER_SEQ);
	assert_int_equal(part(0, 10, 20, 20, 1), BATON_ERR_PEER_SEQ);
	assert_int_equal(slots[0].have, 10);
	assert_int_equal(slots[0].total, 30);
	assert_int_equal(part(0, 0, 5, 40, 2), BATON_OK);
	assert_int_equal(slots[0].have, 5);
	assert_int_equal(slots[0].total, 40);
}

static void a_whole_unit_replaces_a_forged_prefix(void **state)
{
	(void)state;
	assert_int_equal(part(0, 0, 18, 19, 0xee), BATON_OK);
	assert_int_equal(record_unit(0, 17), BATON_OK);
	assert_int_equal(drain(), 1);
	assert_int_equal(record[1], 17);
	assert_int_equal(record[2], 0);
	/* The same as one part. */
	assert_int_equal(part(2, 0, 18, 19, 0xee), BATON_OK);
	assert_int_equal(part(2, 0, 19, 19, 0x11), BATON_OK);
	assert_int_equal(bytes[2 * UNIT_MAX], 0x11);
}

static void a_complete_unit_cannot_be_replaced(void **state)
{
	(void)state;
	assert_int_equal(record_unit(1, 17), BATON_OK);
	assert_int_equal(part(1, 0, 5, 30, 0xee), BATON_OK);
	assert_int_equal(unit(1), BATON_OK);
	assert_int_equal(record_unit(0, 17), BATON_OK);
	assert_int_equal(drain(), 2);
}

static void units_longer_than_was_told_are_dropped(void **state)
{
	uint8_t payload[BATON_UNIT_MAX] = {0};

	(void)state;
	assert_int_equal(give(BATON_BLOCK_SHORT, 0, 0, UNIT_MAX + 1, payload,
			      UNIT_MAX + 1),
			 BATON_ERR_PEER_LIMIT);
	assert_int_equal(part(0, 0, 1, UNIT_MAX + 1, 1), BATON_ERR_PEER_LIMIT);
	assert_int_equal(
		give(BATON_BLOCK_LONG, 0, 0, UNIT_MAX, payload, UNIT_MAX),
		BATON_OK);
	/* The unit of the highest slot ends where the memory does. */
	assert_int_equal(
		give(BATON_BLOCK_LONG, 63, 0, UNIT_MAX, payload, UNIT_MAX),
		BATON_OK);
}

static void in_order_an_ack_waits_20_ms_and_an_interval(void **state)
{
	(void)state;
	start(64, 30);
	assert_true(baton_receiver_ack_deadline(&receiver) == BATON_LINK_NEVER);
	assert_int_equal(unit(0), BATON_OK);
	assert_int_equal(baton_receiver_ack_deadline(&receiver), 1050);
	now_ms = 1040;
	assert_int_equal(unit(1), BATON_OK);
	assert_int_equal(baton_receiver_ack_deadline(&receiver), 1090);
	(void)ack(20);
	assert_true(baton_receiver_ack_deadline(&receiver) == BATON_LINK_NEVER);
}

static void an_ack_never_waits_longer_than_the_stated_time(void **state)
{
	uint32_t i;

	(void)state;
	start(128, 30);
	for (i = 0; i < 20; i++, now_ms += 40)
		assert_int_equal(short_unit(i), BATON_OK);
	assert_int_equal(baton_receiver_ack_deadline(&receiver),
			 1000 + 200 + 4 * 30);
}

static void half_a_window_of_units_owes_an_ack_at_once(void **state)
{
	static const struct {
		uint16_t window;
		uint32_t units;
	} rows[] = {{1, 1}, {2, 1}, {3, 2}, {16, 8}, {64, 24}, {128, 24}};
	uint32_t i;
	size_t r;

	(void)state;
	for (r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		start(rows[r].window, 0);
		for (i = 0; i < rows[r].units; i++) {
			assert_false(owed_now());
			assert_int_equal(short_unit(i), BATON_OK);
		}
		assert_true(owed_now());
	}
}

static void long_headers_owe_an_ack_after_eight_units(void **state)
{
	uint32_t i;

	(void)state;
	start(128, 0);
	for (i = 0; i < 8; i++) {
		assert_false(owed_now());
		assert_int_equal(unit(i), BATON_OK);
	}
	assert_true(owed_now());
}

static void a_longer_whole_part_owes_an_ack_at_once(void **state)
{
	(void)state;
	start(128, 0);
	assert_int_equal(part(0, 0, 30, 30, 0), BATON_OK);
	assert_true(owed_now());
	(void)ack(20);
	assert_int_equal(part(1, 0, 30, 30, 0), BATON_OK);
	assert_false(owed_now());
	assert_int_equal(part(2, 0, 31, 31, 0), BATON_OK);
	assert_true(owed_now());
}

static void out_of_order_and_filled_holes_owe_an_ack_at_once(void **state)
{
	(void)state;
	assert_int_equal(unit(0), BATON_OK);
	assert_int_equal(unit(2), BATON_OK);
	assert_true(owed_now());
	(void)ack(20);
	assert_int_equal(unit(1), BATON_OK);
	assert_true(owed_now());
	(void)ack(20);
	assert_int_equal(unit(3), BATON_OK);
	assert_false(owed_now());
}

static void a_bitmap_says_what_came_ahead(void **state)
{
	struct baton_block a;

	(void)state;
	start(128, 0);
	assert_int_equal(unit(0), BATON_OK);
	assert_int_equal(unit(2), BATON_OK);
	assert_int_equal(unit(4), BATON_OK);
	assert_int_equal(part(5, 0, 5, 10, 1), BATON_OK); /* not whole */
	assert_int_equal(unit(127), BATON_OK);
	a = ack(20);
	assert_int_equal(a.number, 1);
	assert_int_equal(a.len, 16);
	assert_int_equal(a.bytes[0], 0xa0);
	assert_int_equal(a.bytes[15], 0x04); /* 1 + 1 + 125 */
	a = ack(6);
	assert_int_equal(a.len, 2);
	assert_int_equal(a.bytes[0], 0xa0);
}

static void credit_is_the_room_from_next_on(void **state)
{
	uint32_t i;

	(void)state;
	start(16, 0);
	assert_int_equal(ack(20).credit, 16);
	for (i = 0; i < 10; i++)
		assert_int_equal(record_unit(i, 17), BATON_OK);
	assert_int_equal(ack(20).credit, 7); /* the first needs no room */
	assert_int_equal(drain(), 10);
	assert_int_equal(ack(20).credit, 16);
}

static void a_full_window_is_told_and_its_opening_too(void **state)
{
	uint32_t i;

	(void)state;
	start(16, 0);
	/* The first is in its record at once and needs no room. */
	for (i = 0; i < 17; i++)
		assert_int_equal(record_unit(i, 17), BATON_OK);
	assert_int_equal(ack(20).credit, 0);
	assert_int_equal(record_unit(17, 17), BATON_ERR_PEER_SEQ);
	assert_false(owed_now());
	/* The second is taken: the sender that stands still is told. */
	for (i = 0; i < 2; i++) {
		assert_false(owed_now());
		assert_int_equal(
			baton_receiver_record(&receiver, &record, &record_len),
			BATON_OK);
		baton_receiver_release(&receiver);
	}
	assert_true(owed_now());
	assert_int_equal(ack(20).credit, 1);
	/* Half a window more is worth a word. */
	for (i = 0; i < 8; i++) {
		assert_false(owed_now());
		assert_int_equal(
			baton_receiver_record(&receiver, &record, &record_len),
			BATON_OK);
		baton_receiver_release(&receiver);
	}
	assert_true(owed_now());
}

static void a_record_that_has_begun_is_missed(void **state)
{
	uint8_t payload[20] = {0, 30};

	(void)state;
	assert_false(baton_receiver_partial(&receiver));
	assert_int_equal(give(BATON_BLOCK_LONG, 0, 0, 1, payload, 1), BATON_OK);
	assert_int_equal(drain(), 0);
	assert_true(baton_receiver_partial(&receiver));
	assert_int_equal(give(BATON_BLOCK_LONG, 1, 0, 19, payload + 1, 19),
			 BATON_OK);
	assert_int_equal(drain(), 0);
	assert_true(baton_receiver_partial(&receiver));
	assert_int_equal(give(BATON_BLOCK_LONG, 2, 0, 12, payload, 12),
			 BATON_OK);
	assert_int_equal(drain(), 1);
	assert_false(baton_receiver_partial(&receiver));
}

static void a_sender_without_credit_owes_nothing(void **state)
{
	uint8_t payload[20] = {0, 250};
	uint32_t number;

	(void)state;
	/* Window and credit are used up in the middle of a record. */
	for (number = 0; number < receiver.told_limit; number++)
		assert_int_equal(give(BATON_BLOCK_LONG, number, 0, 1,
				      payload + (number < 2 ? number : 2), 1),
				 BATON_OK);
	assert_int_equal(drain(), 0);
	assert_false(baton_receiver_partial(&receiver));
	(void)ack(BATON_ACK_MAX);
	assert_true(baton_receiver_partial(&receiver));
}

static void what_the_application_leaves_is_not_missed(void **state)
{
	uint8_t payload[20] = {0, 30};

	(void)state;
	/* A whole record that is still being read. */
	assert_int_equal(record_unit(0, 17), BATON_OK);
	assert_int_equal(baton_receiver_record(&receiver, &record, &record_len),
			 BATON_OK);
	assert_false(baton_receiver_partial(&receiver));
	baton_receiver_release(&receiver);
	/* One whose rest is here, and nobody asked for it yet. */
	assert_int_equal(give(BATON_BLOCK_LONG, 1, 0, 20, payload, 20),
			 BATON_OK);
	assert_int_equal(drain(), 0);
	assert_int_equal(give(BATON_BLOCK_LONG, 2, 0, 12, payload, 12),
			 BATON_OK);
	assert_false(baton_receiver_partial(&receiver));
}

static void starting_anew_forgets_everything(void **state)
{
	uint8_t header[2] = {0, 0};

	(void)state;
	assert_int_equal(part(1, 0, 5, 10, 1), BATON_OK);
	assert_int_equal(give(BATON_BLOCK_LONG, 0, 0, 2, header, 2), BATON_OK);
	assert_int_equal(baton_receiver_record(&receiver, &record, &record_len),
			 BATON_ERR_PROTOCOL);
	assert_int_equal(unit(3), BATON_OK);
	baton_receiver_start(&receiver);
	interval = 10;
	assert_true(baton_receiver_ack_deadline(&receiver) == BATON_LINK_NEVER);
	assert_false(baton_receiver_partial(&receiver));
	assert_int_equal(part(1, 5, 10, 10, 1), BATON_ERR_PEER_SEQ);
	assert_int_equal(record_unit(0, 17), BATON_OK);
	assert_int_equal(drain(), 1);
	assert_int_equal(ack(20).number, 1);
	assert_int_equal(ack(20).credit, 64);
	assert_int_equal(ack(20).len, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(units_of_any_size_make_records),
		T(a_unit_may_hold_several_records),
		T(units_arrive_in_any_order),
		T(record_lengths_out_of_range_end_the_link),
		T(units_go_round_in_a_window_of_any_length),
		T(numbers_outside_the_window_are_dropped),
		T(dropped_numbers_shift_nothing),
		T(short_numbers_stand_the_stated_reordering),
		T(long_numbers_come_round),
		T(a_unit_twice_counts_once_and_owes_an_ack),
		T(parts_that_join_on_make_a_unit),
		T(parts_behind_a_gap_are_dropped),
		T(parts_with_another_total_are_dropped_or_begin_anew),
		T(a_whole_unit_replaces_a_forged_prefix),
		T(a_complete_unit_cannot_be_replaced),
		T(units_longer_than_was_told_are_dropped),
		T(in_order_an_ack_waits_20_ms_and_an_interval),
		T(an_ack_never_waits_longer_than_the_stated_time),
		T(half_a_window_of_units_owes_an_ack_at_once),
		T(long_headers_owe_an_ack_after_eight_units),
		T(a_longer_whole_part_owes_an_ack_at_once),
		T(out_of_order_and_filled_holes_owe_an_ack_at_once),
		T(a_bitmap_says_what_came_ahead),
		T(credit_is_the_room_from_next_on),
		T(a_full_window_is_told_and_its_opening_too),
		T(a_record_that_has_begun_is_missed),
		T(a_sender_without_credit_owes_nothing),
		T(what_the_application_leaves_is_not_missed),
		T(starting_anew_forgets_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
