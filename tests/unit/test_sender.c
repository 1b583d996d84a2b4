/* SPDX-License-Identifier: MIT */

/* The sending half of a class: transport/SPEC.md A.3 to A.5. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/sender.h"
#include "transport/timing.h"

#define RING 16384

static struct baton_sender sender;
static struct baton_unit units[BATON_WINDOW_MAX];
static uint8_t ring[RING];
static struct baton_ack_result result;
static struct baton_sizes sizes;
static struct baton_block block;
static uint8_t pdu[BATON_PDU_MAX];
static size_t pdu_len;
static bool again;
static uint32_t now_ms;
static uint32_t appended; /* bytes of the pattern given to the sender */

static uint8_t pattern(uint32_t at)
{
	return (uint8_t)(at ^ at >> 8 ^ at >> 16);
}

static void start(uint8_t class_id, uint32_t ring_len, uint16_t window,
		  uint8_t credit)
{
	memset(&sender, 0, sizeof(sender));
	baton_sender_init(&sender, class_id, ring, ring_len, units, window);
	baton_sender_start(&sender, credit);
	sizes.best = 20;
	sizes.trusted = 20;
	now_ms = 1000;
	appended = 0;
}

static int setup(void **state)
{
	(void)state;
	start(BATON_CLASS_BULK, RING, 128, 128);
	return 0;
}

static void append(uint32_t len)
{
	uint8_t byte;

	while (len-- > 0) {
		byte = pattern(appended++);
		baton_sender_append(&sender, &byte, 1);
	}
}

/* Build one PDU and decode its block; its length, 0 if there was none. */
static size_t build(void)
{
	struct baton_block blocks[BATON_PDU_BLOCKS];
	size_t count;

	again = sender.lost > 0;
	pdu_len = baton_sender_build(&sender, pdu, 0, &sizes, now_ms);
	if (pdu_len == 0)
		return 0;
	assert_int_equal(baton_pdu_decode(pdu, pdu_len, blocks, &count),
			 BATON_OK);
	block = blocks[0];
	return pdu_len;
}

/* Send n units of `len` bytes each (the header takes its part of sizes). */
static void send_units(int n)
{
	while (n-- > 0) {
		append(19);
		assert_true(build() > 0);
	}
}

static enum baton_err ack(uint32_t next, uint8_t credit)
{
	struct baton_block a = {.type = BATON_BLOCK_ACK,
				.class_id = BATON_CLASS_BULK,
				.number = next & 0xfff,
				.credit = credit};

	return baton_sender_ack(&sender, &a, sizes.trusted, now_ms, &result);
}

/* The same with a bitmap of 16 bytes in which unit `bit` is set. */
static enum baton_err ack_bit(uint32_t next, uint8_t credit, uint32_t unit)
{
	uint8_t bitmap[16] = {0};
	struct baton_block a = {.type = BATON_BLOCK_ACK,
				.class_id = BATON_CLASS_BULK,
				.number = next & 0xfff,
				.credit = credit,
				.bytes = bitmap,
				.len = 16};

	bitmap[(unit - next - 1) / 8] |=
		(uint8_t)(0x80 >> (unit - next - 1) % 8);
	return baton_sender_ack(&sender, &a, sizes.trusted, now_ms, &result);
}

static void assert_payload(uint32_t from)
{
	uint16_t i;

	for (i = 0; i < block.len; i++)
		assert_int_equal(block.bytes[i], pattern(from + i));
}

static void an_empty_sender_has_nothing_to_send(void **state)
{
	(void)state;
	assert_false(baton_sender_ready(&sender));
	assert_false(baton_sender_starved(&sender));
	assert_int_equal(build(), 0);
	assert_int_equal(baton_sender_room(&sender), RING);
}

static void bytes_go_out_in_order_in_units(void **state)
{
	(void)state;
	append(30);
	assert_int_equal(build(), 20);
	assert_int_equal(block.type, BATON_BLOCK_SHORT);
	assert_int_equal(block.number, 0);
	assert_payload(0);
	assert_int_equal(build(), 12);
	assert_int_equal(block.number, 1);
	assert_payload(19);
	assert_int_equal(build(), 0);
	assert_int_equal(baton_sender_flight(&sender), 2);
}

static void only_bulk_has_the_short_form(void **state)
{
	(void)state;
	start(BATON_CLASS_MESSAGE, RING, 16, 16);
	append(18);
	assert_int_equal(build(), 20);
	assert_int_equal(block.type, BATON_BLOCK_LONG);
	assert_int_equal(block.class_id, BATON_CLASS_MESSAGE);
}

static void the_short_form_ends_63_above_the_oldest(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 128; i++) {
		append(19);
		assert_true(build() > 0);
		assert_int_equal(block.number, i);
		assert_int_equal(block.type, i <= 63 ? BATON_BLOCK_SHORT
						     : BATON_BLOCK_LONG);
	}
}

static void a_repetition_is_short_only_48_behind_the_next(void **state)
{
	int sent;

	(void)state;
	for (sent = 40; sent < 60; sent++) {
		start(BATON_CLASS_BULK, RING, 128, 128);
		send_units(sent);
		sizes.trusted = 40;
		sizes.best = 40;
		assert_int_equal(baton_sender_echoed(&sender, sender.order, 40),
				 0);
		assert_true(build() > 0);
		assert_true(again);
		assert_int_equal(block.number, 0);
		assert_int_equal(block.type, sent <= 48 ? BATON_BLOCK_SHORT
							: BATON_BLOCK_LONG);
	}
}

static void the_window_stops_the_sender(void **state)
{
	(void)state;
	start(BATON_CLASS_BULK, RING, 4, 128);
	append(200);
	while (build() > 0)
		;
	assert_int_equal(baton_sender_flight(&sender), 4);
	assert_false(baton_sender_starved(&sender));
}

static void units_go_round_in_a_window_of_any_length(void **state)
{
	uint32_t n;

	(void)state;
	start(BATON_CLASS_BULK, RING, 3, 128);
	for (n = 0; n < 10; n += 2) {
		send_units(2);
		/* The second arrives, the first is sent again. */
		assert_int_equal(ack_bit(n, 100, n + 1), BATON_OK);
		(void)baton_sender_echoed(&sender, sender.order, 20);
		assert_true(build() > 0);
		assert_int_equal(block.number, n);
		assert_payload(19 * n);
		assert_int_equal(ack(n + 2, 100), BATON_OK);
	}
}

static void credit_stops_the_sender_and_starves_it(void **state)
{
	(void)state;
	start(BATON_CLASS_BULK, RING, 128, 3);
	append(200);
	while (build() > 0)
		;
	assert_int_equal(baton_sender_flight(&sender), 3);
	assert_true(baton_sender_starved(&sender));
	assert_int_equal(ack(3, 0), BATON_OK);
	assert_int_equal(build(), 0);
	assert_int_equal(ack(3, 1), BATON_OK);
	assert_false(baton_sender_starved(&sender));
	assert_true(build() > 0);
	assert_int_equal(build(), 0);
}

static void credit_never_moves_back(void **state)
{
	(void)state;
	start(BATON_CLASS_BULK, RING, 128, 10);
	send_units(2);
	assert_int_equal(ack(1, 0), BATON_OK);
	assert_int_equal(ack(1, 8), BATON_OK);
	append(400);
	while (build() > 0)
		;
	assert_int_equal(sender.next, 10);
}

static void an_ack_frees_its_bytes(void **state)
{
	(void)state;
	send_units(3);
	assert_int_equal(baton_sender_room(&sender), RING - 57);
	assert_int_equal(ack(2, 128), BATON_OK);
	assert_true(result.progress);
	assert_int_equal(baton_sender_room(&sender), RING - 19);
	assert_int_equal(baton_sender_flight(&sender), 1);
}

static void acks_of_what_was_never_sent_change_nothing(void **state)
{
	struct baton_sender before;
	uint32_t next;

	(void)state;
	send_units(5);
	assert_int_equal(ack(2, 10), BATON_OK);
	memcpy(&before, &sender, sizeof(before));
	for (next = 6; next < 4096 + 2; next++) {
		assert_int_equal(ack(next, 128), BATON_ERR_PEER_SEQ);
		assert_false(result.progress || result.sampled);
		assert_memory_equal(&sender, &before, sizeof(before));
	}
	assert_int_equal(ack(5, 10), BATON_OK);
}

static void bitmaps_of_what_was_never_sent_change_nothing(void **state)
{
	struct baton_sender before;
	uint32_t unit;

	(void)state;
	send_units(5);
	assert_int_equal(ack(1, 10), BATON_OK);
	memcpy(&before, &sender, sizeof(before));
	for (unit = 5; unit < 1 + 128; unit++) {
		assert_int_equal(ack_bit(1, 128, unit), BATON_ERR_PEER_SEQ);
		assert_memory_equal(&sender, &before, sizeof(before));
		assert_int_equal(units[4].state, BATON_UNIT_SENT);
	}
	assert_int_equal(ack_bit(1, 10, 4), BATON_OK);
	assert_int_equal(units[4].state, BATON_UNIT_ACKED);
}

static void a_bitmap_frees_bytes_once_the_hole_is_filled(void **state)
{
	(void)state;
	send_units(3);
	assert_int_equal(ack_bit(0, 100, 2), BATON_OK);
	assert_int_equal(baton_sender_flight(&sender), 3);
	assert_int_equal(baton_sender_room(&sender), RING - 57);
	assert_int_equal(ack(2, 100), BATON_OK);
	assert_int_equal(baton_sender_flight(&sender), 0);
	assert_int_equal(baton_sender_room(&sender), RING);
}

static void the_same_ack_again_is_no_progress(void **state)
{
	(void)state;
	send_units(3);
	assert_int_equal(ack_bit(1, 100, 2), BATON_OK);
	assert_true(result.progress && result.sampled);
	assert_int_equal(ack_bit(1, 100, 2), BATON_OK);
	assert_false(result.progress || result.sampled);
}

static void three_overtakers_make_a_unit_lost(void **state)
{
	uint32_t unit;

	(void)state;
	send_units(4);
	for (unit = 1; unit < 3; unit++) {
		assert_int_equal(ack_bit(0, 100, unit), BATON_OK);
		assert_int_equal(sender.lost, 0);
	}
	assert_int_equal(ack_bit(0, 100, 3), BATON_OK);
	assert_int_equal(sender.lost, 1);
	assert_true(build() > 0);
	assert_true(again);
	assert_int_equal(block.number, 0);
	assert_payload(0);
	assert_false(baton_sender_ready(&sender));
}

static void payload_counts_repetitions_and_no_headers(void **state)
{
	(void)state;
	send_units(4);
	assert_int_equal(sender.payload, 4 * 19);
	assert_int_equal(ack_bit(0, 100, 3), BATON_OK);
	assert_true(build() > 0);
	assert_true(again);
	assert_int_equal(sender.payload, 5 * 19);
}

static void a_repeated_unit_proves_no_loss(void **state)
{
	(void)state;
	send_units(2);
	/* Unit 0 goes again after 8 more; nobody knows which copy came. */
	assert_int_equal(baton_sender_echoed(&sender, 1, 20), 0);
	append(19 * 8);
	assert_true(build() > 0 && again);
	while (build() > 0)
		;
	assert_int_equal(ack(1, 100), BATON_OK);
	assert_false(result.sampled);
	assert_int_equal(sender.lost, 0);
}

static void an_echo_finds_lost_what_went_before_its_probe(void **state)
{
	uint32_t order;

	(void)state;
	send_units(3);
	order = sender.order;
	send_units(1);
	assert_int_equal(ack_bit(0, 100, 1), BATON_OK);
	assert_int_equal(baton_sender_echoed(&sender, order, 20), 0);
	assert_int_equal(units[0].state, BATON_UNIT_LOST);
	assert_int_equal(units[1].state, BATON_UNIT_ACKED);
	assert_int_equal(units[2].state, BATON_UNIT_LOST);
	assert_int_equal(units[3].state, BATON_UNIT_SENT);
}

static void a_mere_pause_repeats_nothing(void **state)
{
	struct baton_rtt rtt;

	(void)state;
	memset(&rtt, 0, sizeof(rtt));
	send_units(4);
	now_ms = baton_sender_deadline(&sender, &rtt);
	assert_int_equal(now_ms, 2020);
	baton_sender_timeout(&sender, now_ms);
	assert_int_equal(sender.lost, 0);
	assert_false(baton_sender_ready(&sender));
	/* The answer was late: nothing has gone twice. */
	assert_int_equal(ack(4, 100), BATON_OK);
	assert_int_equal(build(), 0);
	assert_int_equal(sender.backoff, 0);
}

static void the_second_timeout_resends_the_oldest_only(void **state)
{
	struct baton_rtt rtt;

	(void)state;
	memset(&rtt, 0, sizeof(rtt));
	send_units(4);
	baton_sender_timeout(&sender, now_ms);
	assert_int_equal(baton_sender_deadline(&sender, &rtt), now_ms + 2040);
	baton_sender_timeout(&sender, now_ms);
	assert_int_equal(sender.lost, 1);
	/* Until it has gone again no time runs. */
	assert_true(baton_sender_deadline(&sender, &rtt) == BATON_LINK_NEVER);
	assert_true(build() > 0);
	assert_int_equal(block.number, 0);
	assert_int_equal(build(), 0);
	assert_true(baton_sender_deadline(&sender, &rtt) != BATON_LINK_NEVER);
}

static void an_idle_sender_has_no_deadline(void **state)
{
	struct baton_rtt rtt;

	(void)state;
	memset(&rtt, 0, sizeof(rtt));
	assert_true(baton_sender_deadline(&sender, &rtt) == BATON_LINK_NEVER);
	send_units(1);
	assert_int_equal(ack(1, 100), BATON_OK);
	assert_true(baton_sender_deadline(&sender, &rtt) == BATON_LINK_NEVER);
}

static void only_units_sent_once_are_measured(void **state)
{
	(void)state;
	send_units(1);
	now_ms += 70;
	send_units(1);
	now_ms += 30;
	assert_int_equal(ack(1, 100), BATON_OK);
	assert_true(result.sampled);
	assert_int_equal(result.rtt_ms, 100);
	assert_int_equal(baton_sender_echoed(&sender, sender.order, 20), 0);
	assert_true(build() > 0 && again);
	now_ms += 10;
	assert_int_equal(ack(2, 100), BATON_OK);
	assert_true(result.progress);
	assert_false(result.sampled);
	assert_int_equal(result.proven, 0);
}

static void longer_than_trusted_goes_as_one_part(void **state)
{
	(void)state;
	sizes.best = 244;
	append(600);
	assert_int_equal(build(), 244);
	assert_int_equal(block.type, BATON_BLOCK_PART);
	assert_int_equal(block.offset, 0);
	assert_int_equal(block.total, 239);
	assert_int_equal(ack(1, 100), BATON_OK);
	assert_int_equal(result.proven, 244);
	sizes.trusted = result.proven;
	assert_int_equal(build(), 244);
	assert_int_equal(block.type, BATON_BLOCK_SHORT);
	assert_payload(239);
	assert_int_equal(ack(2, 100), BATON_OK);
	assert_int_equal(result.proven, 0);
}

static void what_fits_a_trusted_pdu_goes_short(void **state)
{
	(void)state;
	sizes.best = 244;
	append(19);
	assert_int_equal(build(), 20);
	assert_int_equal(block.type, BATON_BLOCK_SHORT);
}

static void acks_in_front_count_to_the_length(void **state)
{
	(void)state;
	sizes.best = 100;
	sizes.trusted = 100;
	append(200);
	pdu_len = baton_sender_build(&sender, pdu, 40, &sizes, now_ms);
	assert_int_equal(pdu_len, 60);
	sizes.trusted = 20;
	append(200);
	pdu_len = baton_sender_build(&sender, pdu, 40, &sizes, now_ms);
	assert_int_equal(pdu_len, 60);
	assert_int_equal(ack(2, 100), BATON_OK);
	assert_int_equal(result.proven, 100);
	/* No room behind them: nothing is sent, and nothing is lost. */
	assert_int_equal(baton_sender_build(&sender, pdu, 95, &sizes, now_ms),
			 0);
	assert_true(baton_sender_ready(&sender));
}

static void a_lost_unit_goes_again_in_parts_after_the_mtu_fell(void **state)
{
	uint32_t got = 0;

	(void)state;
	sizes.best = 244;
	sizes.trusted = 244;
	append(243);
	assert_int_equal(build(), 244);
	assert_int_equal(baton_sender_echoed(&sender, sender.order, 244), 0);
	sizes.best = 20;
	sizes.trusted = 20;
	while (baton_sender_ready(&sender)) {
		assert_in_range(build(), 6, 20);
		assert_int_equal(block.type, BATON_BLOCK_PART);
		assert_int_equal(block.number, 0);
		assert_int_equal(block.total, 243);
		assert_int_equal(block.offset, got);
		assert_payload(got);
		got += block.len;
	}
	assert_int_equal(got, 243);
	assert_int_equal(units[0].state, BATON_UNIT_SENT);
	assert_int_equal(units[0].tries, 2);
}

static void an_ack_between_parts_ends_them(void **state)
{
	(void)state;
	sizes.best = 244;
	sizes.trusted = 244;
	append(243);
	assert_true(build() > 0);
	assert_int_equal(baton_sender_echoed(&sender, sender.order, 244), 0);
	sizes.best = 20;
	sizes.trusted = 20;
	assert_true(build() > 0);
	assert_int_equal(ack(1, 100), BATON_OK);
	assert_int_equal(sender.lost, 0);
	assert_int_equal(build(), 0);
	assert_int_equal(baton_sender_room(&sender), RING);
}

static void untrusted_losses_are_counted(void **state)
{
	int i;

	(void)state;
	sizes.best = 244;
	append(2000);
	for (i = 0; i < 3; i++)
		assert_true(build() > 0);
	sizes.best = 20;
	for (i = 0; i < 4; i++)
		assert_true(build() > 0);
	assert_int_equal(ack_bit(0, 100, 6), BATON_OK);
	assert_int_equal(result.untrusted, 3);
	assert_int_equal(sender.lost, 4);
}

static void an_answer_that_takes_back_is_a_lie(void **state)
{
	struct baton_block a = {.type = BATON_BLOCK_ACK};
	uint32_t una, back;

	(void)state;
	for (una = 0; una < 10000; una += 333) {
		for (back = 1; back <= 128; back++) {
			a.number = (una - back) & 0xfff;
			assert_true(baton_sender_contradicts(una, &a));
			a.number = (una + back) & 0xfff;
			assert_false(baton_sender_contradicts(una, &a));
		}
		a.number = una & 0xfff;
		assert_false(baton_sender_contradicts(una, &a));
	}
}

/* Windows, ring and numbers all come round many times, with losses. */
static void nothing_changes_where_numbers_and_ring_come_round(void **state)
{
	static const uint32_t rings[] = {600, 1523, 1524, 4096};
	uint32_t base, sent;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
		start(BATON_CLASS_BULK, rings[i], 7, 7);
		sizes.best = 100;
		sizes.trusted = 100;
		base = 0;
		while (sender.una < 9000) {
			while (baton_sender_room(&sender) > 0)
				append(1);
			sent = base;
			while (build() > 0) {
				assert_payload(sent);
				sent += block.len;
			}
			assert_int_equal(
				baton_sender_echoed(&sender, sender.order, 100),
				0);
			assert_true(build() > 0);
			assert_int_equal(block.number, sender.una % 128);
			assert_payload(base);
			base += block.len;
			assert_int_equal(ack(sender.una + 1, 7), BATON_OK);
			/* The others had only been late. */
			while (sender.una != sender.next) {
				base += units[sender.una % 7].len;
				assert_int_equal(ack(sender.una + 1, 7),
						 BATON_OK);
			}
		}
		assert_int_equal(sender.lost, 0);
	}
}

/*
 * Beyond 4 GiB on one link positions must not jump in a ring whose length
 * is no power of two.
 */
static void a_ring_of_any_length_holds_beyond_4_gib(void **state)
{
	static uint8_t chunk[RING];
	const uint32_t ring_len = 3 * 4096;
	uint64_t total = 0;
	uint32_t i, got;

	(void)state;
	start(BATON_CLASS_BULK, ring_len, 128, 128);
	sizes.best = 509;
	sizes.trusted = 509;
	for (i = 0; i < ring_len; i++)
		chunk[i] = pattern(i);
	/* Whole rings, so that byte 0 of the pattern should stay at 0. */
	while (total < (UINT64_C(1) << 32) + 2 * ring_len) {
		baton_sender_append(&sender, chunk, ring_len);
		total += ring_len;
		for (got = 0; baton_sender_ready(&sender); got += block.len)
			if (!build())
				fail();
		assert_int_equal(got, ring_len);
		assert_payload(ring_len - block.len);
		assert_int_equal(ack(sender.next, 128), BATON_OK);
	}
}

static void starting_anew_forgets_everything(void **state)
{
	(void)state;
	send_units(5);
	assert_int_equal(baton_sender_echoed(&sender, sender.order, 20), 0);
	baton_sender_timeout(&sender, now_ms);
	baton_sender_start(&sender, 9);
	assert_int_equal(baton_sender_room(&sender), RING);
	assert_int_equal(baton_sender_flight(&sender), 0);
	assert_false(baton_sender_ready(&sender));
	append(400);
	appended = 0;
	while (build() > 0)
		;
	assert_int_equal(sender.next, 9);
	assert_int_equal(sender.backoff, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(an_empty_sender_has_nothing_to_send),
		T(bytes_go_out_in_order_in_units),
		T(only_bulk_has_the_short_form),
		T(the_short_form_ends_63_above_the_oldest),
		T(a_repetition_is_short_only_48_behind_the_next),
		T(the_window_stops_the_sender),
		T(units_go_round_in_a_window_of_any_length),
		T(credit_stops_the_sender_and_starves_it),
		T(credit_never_moves_back),
		T(an_ack_frees_its_bytes),
		T(acks_of_what_was_never_sent_change_nothing),
		T(bitmaps_of_what_was_never_sent_change_nothing),
		T(a_bitmap_frees_bytes_once_the_hole_is_filled),
		T(the_same_ack_again_is_no_progress),
		T(three_overtakers_make_a_unit_lost),
		T(payload_counts_repetitions_and_no_headers),
		T(a_repeated_unit_proves_no_loss),
		T(an_echo_finds_lost_what_went_before_its_probe),
		T(a_mere_pause_repeats_nothing),
		T(the_second_timeout_resends_the_oldest_only),
		T(an_idle_sender_has_no_deadline),
		T(only_units_sent_once_are_measured),
		T(longer_than_trusted_goes_as_one_part),
		T(what_fits_a_trusted_pdu_goes_short),
		T(acks_in_front_count_to_the_length),
		T(a_lost_unit_goes_again_in_parts_after_the_mtu_fell),
		T(an_ack_between_parts_ends_them),
		T(untrusted_losses_are_counted),
		T(an_answer_that_takes_back_is_a_lie),
		T(nothing_changes_where_numbers_and_ring_come_round),
		T(a_ring_of_any_length_holds_beyond_4_gib),
		T(starting_anew_forgets_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
