/* SPDX-License-Identifier: MIT */

/* Handshake flights in pieces: transport/SPEC.md A.7. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/flight.h"
#include "transport/timing.h"

static struct baton_flight flight;
static uint8_t tx_memory[BATON_FLIGHT_MAX], rx_memory[BATON_FLIGHT_MAX];
static uint8_t bytes[BATON_FLIGHT_MAX];
static uint8_t pdu[BATON_PDU_MAX];

static int setup(void **state)
{
	size_t i;

	(void)state;
	baton_flight_start(&flight, tx_memory, rx_memory);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i ^ i >> 8);
	return 0;
}

static struct baton_block piece_of(uint8_t number, uint16_t from, uint16_t to,
				   uint16_t total)
{
	struct baton_block block = {.type = BATON_BLOCK_FLIGHT,
				    .flight = number,
				    .offset = from,
				    .total = from ? 0 : total,
				    .bytes = bytes + from,
				    .len = (uint16_t)(to - from)};

	return block;
}

/* Bytes from..to of a flight of total bytes come. */
static enum baton_err give(uint8_t number, uint16_t from, uint16_t to,
			   uint16_t total)
{
	struct baton_block block = piece_of(number, from, to, total);

	return baton_flight_piece(&flight, &block);
}

/* Send everything that is ready; how many PDUs, and the longest. */
static int build_all(uint16_t best, size_t *longest)
{
	int n = 0;
	size_t len;

	*longest = 0;
	while (baton_flight_ready(&flight)) {
		len = baton_flight_build(&flight, pdu, best, 1000);
		assert_in_range(len, BATON_PIECE_LEN + 1, best);
		if (len > *longest)
			*longest = len;
		n++;
	}
	return n;
}

static void a_flight_goes_through_at_every_pdu_length(void **state)
{
	static uint8_t tx2[BATON_FLIGHT_MAX], rx2[BATON_FLIGHT_MAX];
	struct baton_block blocks[BATON_PDU_BLOCKS];
	struct baton_flight peer;
	enum baton_err err = BATON_ERR_AGAIN;
	uint16_t best, len;
	size_t n, count;

	(void)state;
	for (best = 20; best <= 509; best += 163)
		for (len = 1; len <= 1024; len = (uint16_t)(len + 33)) {
			baton_flight_start(&flight, tx_memory, rx_memory);
			baton_flight_start(&peer, tx2, rx2);
			baton_flight_send(&flight, 2, bytes, len, true);
			while (baton_flight_ready(&flight)) {
				n = baton_flight_build(&flight, pdu, best, 0);
				assert_int_equal(baton_pdu_decode(pdu, n,
								  blocks,
								  &count),
						 BATON_OK);
				err = baton_flight_piece(&peer, &blocks[0]);
				assert_int_equal(err,
						 baton_flight_ready(&flight)
							 ? BATON_ERR_AGAIN
							 : BATON_OK);
			}
			assert_int_equal(peer.rx_number, 2);
			assert_int_equal(peer.rx_total, len);
			assert_memory_equal(peer.rx, bytes, len);
		}
}

static void only_a_first_piece_begins_a_flight(void **state)
{
	(void)state;
	assert_int_equal(give(0, 10, 20, 30), BATON_ERR_PEER_SEQ);
	assert_int_equal(give(3, 10, 20, 30), BATON_ERR_PEER_SEQ);
	assert_int_equal(give(3, 0, 10, 30), BATON_ERR_AGAIN);
	assert_int_equal(give(3, 10, 30, 30), BATON_OK);
	baton_flight_forget(&flight);
	assert_int_equal(give(3, 10, 30, 30), BATON_ERR_PEER_SEQ);
}

static void pieces_behind_a_gap_or_the_total_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(give(2, 0, 10, 30), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 11, 20, 30), BATON_ERR_PEER_SEQ);
	assert_int_equal(give(2, 5, 31, 30), BATON_ERR_PEER_SEQ);
	assert_int_equal(give(2, 10, 1000, 30), BATON_ERR_PEER_SEQ);
	assert_int_equal(give(2, 5, 30, 30), BATON_OK);
	assert_memory_equal(flight.rx, bytes, 30);
}

static void pieces_of_another_flight_do_not_mix_in(void **state)
{
	(void)state;
	assert_int_equal(give(2, 0, 10, 30), BATON_ERR_AGAIN);
	assert_int_equal(give(4, 10, 20, 30), BATON_ERR_PEER_SEQ);
	assert_int_equal(flight.rx_have, 10);
	/* Its first piece takes the place. */
	assert_int_equal(give(4, 0, 5, 30), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 10, 20, 30), BATON_ERR_PEER_SEQ);
}

static void a_first_piece_with_another_total_begins_anew(void **state)
{
	(void)state;
	assert_int_equal(give(2, 0, 10, 30), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 0, 8, 40), BATON_ERR_AGAIN);
	assert_int_equal(flight.rx_have, 8);
	assert_int_equal(flight.rx_total, 40);
	assert_int_equal(give(2, 8, 40, 40), BATON_OK);
}

static void a_repeated_first_piece_keeps_the_prefix(void **state)
{
	(void)state;
	assert_int_equal(give(2, 0, 20, 30), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 0, 10, 30), BATON_ERR_AGAIN);
	assert_int_equal(flight.rx_have, 20);
	assert_int_equal(give(2, 20, 30, 30), BATON_OK);
	assert_memory_equal(flight.rx, bytes, 30);
}

static void a_forged_prefix_lasts_until_it_is_forgotten(void **state)
{
	struct baton_block forged = piece_of(2, 100, 110, 0);

	(void)state;
	forged.offset = 0;
	forged.total = 30;
	assert_int_equal(baton_flight_piece(&flight, &forged), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 0, 10, 30), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 10, 30, 30), BATON_OK);
	assert_memory_not_equal(flight.rx, bytes, 30);
	baton_flight_forget(&flight);
	assert_int_equal(give(2, 0, 10, 30), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 10, 30, 30), BATON_OK);
	assert_memory_equal(flight.rx, bytes, 30);
}

static void a_timed_flight_goes_again_at_growing_times(void **state)
{
	static const uint64_t waits[] = {500, 1000, 2000, 4000, 4000, 4000};
	size_t longest, i;

	(void)state;
	assert_true(baton_flight_deadline(&flight, 0) == BATON_LINK_NEVER);
	baton_flight_send(&flight, 0, bytes, 30, true);
	assert_true(baton_flight_deadline(&flight, 0) == BATON_LINK_NEVER);
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_true(build_all(247, &longest) > 0);
		assert_int_equal(baton_flight_deadline(&flight, 0),
				 1000 + waits[i]);
		baton_flight_again(&flight);
	}
}

static void three_intervals_are_added_and_not_more(void **state)
{
	size_t longest;
	int i;

	(void)state;
	baton_flight_send(&flight, 0, bytes, 30, true);
	assert_true(build_all(247, &longest) > 0);
	assert_int_equal(baton_flight_deadline(&flight, 400), 1000 + 1700);
	for (i = 0; i < 300; i++) {
		baton_flight_again(&flight);
		assert_true(build_all(247, &longest) > 0);
	}
	assert_int_equal(baton_flight_deadline(&flight, 400), 1000 + 5200);
	assert_int_equal(baton_flight_deadline(&flight, 4000), 1000 + 12500);
}

static void an_untimed_flight_waits_for_a_repetition(void **state)
{
	size_t longest;

	(void)state;
	baton_flight_send(&flight, 3, bytes, 30, false);
	assert_true(build_all(247, &longest) > 0);
	assert_true(baton_flight_deadline(&flight, 0) == BATON_LINK_NEVER);
	/* A later piece or another flight is no repetition. */
	assert_int_equal(give(2, 10, 20, 30), BATON_ERR_AGAIN);
	assert_false(baton_flight_ready(&flight));
	assert_int_equal(give(0, 0, 10, 30), BATON_ERR_AGAIN);
	assert_false(baton_flight_ready(&flight));
	assert_int_equal(give(2, 0, 30, 30), BATON_ERR_AGAIN);
	assert_true(baton_flight_ready(&flight));
	assert_int_equal(flight.tries, 2);
}

static void a_repetition_while_sending_starts_nothing_over(void **state)
{
	(void)state;
	baton_flight_send(&flight, 3, bytes, 60, false);
	assert_int_equal(baton_flight_build(&flight, pdu, 20, 0), 20);
	assert_int_equal(give(2, 0, 10, 30), BATON_ERR_AGAIN);
	assert_int_equal(flight.tx_off, 17);
	assert_int_equal(flight.tries, 1);
}

static void what_was_answered_never_goes_again(void **state)
{
	size_t longest;

	(void)state;
	baton_flight_send(&flight, 3, bytes, 30, false);
	baton_flight_done(&flight);
	assert_false(baton_flight_ready(&flight));
	assert_int_equal(give(2, 0, 30, 30), BATON_OK);
	assert_false(baton_flight_ready(&flight));
	baton_flight_send(&flight, 4, bytes, 30, true);
	assert_true(build_all(247, &longest) > 0);
	baton_flight_done(&flight);
	assert_true(baton_flight_deadline(&flight, 0) == BATON_LINK_NEVER);
}

static void the_second_sending_is_in_short_pieces(void **state)
{
	size_t longest;

	(void)state;
	baton_flight_send(&flight, 2, bytes, 100, true);
	assert_int_equal(build_all(247, &longest), 1);
	assert_int_equal(longest, 103);
	assert_int_equal(flight.tx_pdu_len, 103);
	baton_flight_again(&flight);
	assert_int_equal(flight.tx_pdu_len, 0);
	assert_int_equal(build_all(247, &longest), 7);
	assert_int_equal(longest, 18);
	assert_int_equal(flight.tx_pdu_len, 18);
	/* And so are all that follow on this link. */
	baton_flight_send(&flight, 4, bytes, 100, true);
	assert_int_equal(build_all(247, &longest), 7);
	baton_flight_start(&flight, tx_memory, rx_memory);
	baton_flight_send(&flight, 0, bytes, 100, true);
	assert_int_equal(build_all(247, &longest), 1);
}

static void short_pieces_are_answered_in_short_pieces(void **state)
{
	uint16_t at;
	size_t longest;

	(void)state;
	for (at = 0; at < 45; at = (uint16_t)(at + 15))
		assert_int_equal(give(2, at, (uint16_t)(at + 15), 45),
				 at == 30 ? BATON_OK : BATON_ERR_AGAIN);
	baton_flight_send(&flight, 3, bytes, 100, false);
	assert_int_equal(build_all(247, &longest), 7);
}

static void a_flight_that_is_short_says_nothing_about_pieces(void **state)
{
	size_t longest;

	(void)state;
	assert_int_equal(give(2, 0, 15, 15), BATON_OK);
	baton_flight_send(&flight, 3, bytes, 100, false);
	assert_int_equal(build_all(247, &longest), 1);
	baton_flight_start(&flight, tx_memory, rx_memory);
	assert_int_equal(give(2, 0, 16, 30), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 16, 30, 30), BATON_OK);
	baton_flight_send(&flight, 3, bytes, 100, false);
	assert_int_equal(build_all(247, &longest), 1);
}

static void the_longest_flight_fits_and_no_byte_more(void **state)
{
	(void)state;
	assert_int_equal(give(2, 0, 500, 1024), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 500, 1000, 1024), BATON_ERR_AGAIN);
	assert_int_equal(give(2, 1000, 1024, 1024), BATON_OK);
	assert_memory_equal(flight.rx, bytes, 1024);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(a_flight_goes_through_at_every_pdu_length),
		T(only_a_first_piece_begins_a_flight),
		T(pieces_behind_a_gap_or_the_total_are_dropped),
		T(pieces_of_another_flight_do_not_mix_in),
		T(a_first_piece_with_another_total_begins_anew),
		T(a_repeated_first_piece_keeps_the_prefix),
		T(a_forged_prefix_lasts_until_it_is_forgotten),
		T(a_timed_flight_goes_again_at_growing_times),
		T(three_intervals_are_added_and_not_more),
		T(an_untimed_flight_waits_for_a_repetition),
		T(a_repetition_while_sending_starts_nothing_over),
		T(what_was_answered_never_goes_again),
		T(the_second_sending_is_in_short_pieces),
		T(short_pieces_are_answered_in_short_pieces),
		T(a_flight_that_is_short_says_nothing_about_pieces),
		T(the_longest_flight_fits_and_no_byte_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
