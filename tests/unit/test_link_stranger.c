/* SPDX-License-Identifier: MIT */

/* Bytes of a stranger on a link at several moments of a session. */

#include "base/bytes.h"
#include "tests/unit/pair_world.h"

static int setup(void **state)
{
	static const struct baton_link_config small = BATON_LINK_CONFIG_SMALL;

	(void)state;
	world = malloc(sizeof(*world));
	pair_init_config(world, 7, &small);
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
	return 0;
}

/* A moment of the world, to come back to: all but the queues. */
struct moment {
	struct pair pair;
	uint8_t *memory[2];
};

static struct moment moment;

static size_t memory_len(const struct pair_end *end)
{
	return baton_session_memory_len(&end->session.config);
}

static void copy_end(struct pair_end *to, const struct pair_end *from)
{
	size_t at = offsetof(struct pair_end, queue_head);

	to->session = from->session;
	to->memory = from->memory;
	memcpy((uint8_t *)to + at, (const uint8_t *)from + at,
	       sizeof(*to) - at);
	to->queue_len = 0;
}

static void copy_world(struct pair *to, const struct pair *from)
{
	size_t at = offsetof(struct pair, now_ms);

	copy_end(&to->end[0], &from->end[0]);
	copy_end(&to->end[1], &from->end[1]);
	memcpy((uint8_t *)to + at, (const uint8_t *)from + at,
	       sizeof(*to) - at);
}

static void remember(void)
{
	int i;

	copy_world(&moment.pair, world);
	for (i = 0; i < 2; i++) {
		moment.memory[i] = test_malloc(memory_len(&world->end[i]));
		memcpy(moment.memory[i], world->end[i].memory,
		       memory_len(&world->end[i]));
	}
}

static void go_back(void)
{
	int i;

	copy_world(world, &moment.pair);
	for (i = 0; i < 2; i++)
		memcpy(world->end[i].memory, moment.memory[i],
		       memory_len(&world->end[i]));
}

static void forget(void)
{
	go_back();
	test_free(moment.memory[0]);
	test_free(moment.memory[1]);
}

/* n PDUs go over, the phone's first; then the radio is empty. */
static void let_pass(int n)
{
	uint8_t bytes[BATON_PDU_MAX];
	int from = BATON_PHONE;
	size_t len;
	int idle = 0;

	while (n > 0 && idle < 2) {
		len = baton_session_tx(&world->end[from].session, bytes,
				       sizeof(bytes), world->now_ms);
		if (len > 0) {
			(void)baton_session_rx(&world->end[!from].session,
					       bytes, len, world->now_ms);
			n--;
		}
		idle = len ? 0 : idle + 1;
		from = !from;
	}
}

static bool done(struct pair *pair)
{
	return pair->end[BATON_PHONE].delivered > 0 || pair_closed(pair);
}

/* What was to arrive does, after one more link at most. */
static void assert_goes_on(int first, size_t len)
{
	if (!pair_run(world, done, 120000))
		fail_msg("stuck after %02x, %zu bytes", first, len);
	if (!world->end[BATON_PHONE].delivered) {
		pair_down(world);
		pair_up(world);
		if (!pair_run(world, done, 120000) ||
		    !world->end[BATON_PHONE].delivered)
			fail_msg("not got over %02x, %zu bytes", first, len);
	}
	assert_int_equal(world->end[BATON_WATCH].ended, 1);
	assert_true(world->end[BATON_WATCH].got_hash ==
		    pair_pattern_hash(world->end[BATON_PHONE].send_total));
}

/* Whatever has become of the pairing, the next attempt succeeds. */
static void assert_pairs(int first, size_t len)
{
	int i;

	(void)pair_turn(world);
	pair_down(world);
	for (i = 0; i < 2; i++)
		world->end[i].compare = world->end[i].secured = false;
	if (!pair_bond(world))
		fail_msg("no pairing after %02x, %zu bytes", first, len);
	assert_int_equal(world->end[0].code, world->end[1].code);
}

/*
 * PDUs of every first byte and every length into one end, each at this very
 * moment; of every `stride`th it is seen that all goes on.
 */
static void inject_all(enum baton_role to, size_t stride,
		       void (*goes_on)(int first, size_t len))
{
	static uint8_t bytes[BATON_PDU_MAX];
	uint8_t out[BATON_PDU_MAX];
	uint32_t random = 1;
	size_t len, i, n = 0;
	uint8_t *copy;
	int first;

	remember();
	for (first = 0; first < 256; first++)
		for (len = 0; len <= BATON_PDU_MAX; len++) {
			for (i = 1; i < len && i < 24; i++) {
				random = random * 1664525 + 1013904223;
				/* Small numbers are likelier to be let in. */
				bytes[i] = (uint8_t)(random >> 24 &
						     (first & 1 ? 0xff : 0x07));
			}
			bytes[0] = (uint8_t)first;
			/* Its own memory, so that sanitizers see a byte too many. */
			copy = calloc(1, len + 1);
			memcpy(copy + 1, bytes, len);
			(void)baton_session_rx(&world->end[to].session,
					       copy + 1, len, world->now_ms);
			free(copy);
			(void)!baton_session_tx(&world->end[to].session, out,
						sizeof(out), world->now_ms);
			if (n++ % stride == 0)
				goes_on(first, len);
			go_back();
		}
	forget();
}

static void inject_after(int flights, size_t stride)
{
	pair_down(world);
	pair_send(world, BATON_PHONE, 3000);
	pair_up(world);
	let_pass(flights);
	inject_all(BATON_WATCH, stride, assert_goes_on);
	inject_all(BATON_PHONE, stride, assert_goes_on);
}

static void any_pdu_before_the_first_flight_is_survived(void **state)
{
	(void)state;
	inject_after(0, 997);
}

static void any_pdu_between_flights_is_survived(void **state)
{
	(void)state;
	inject_after(2, 997);
}

static void any_pdu_before_sync_is_survived(void **state)
{
	(void)state;
	inject_after(4, 997);
}

static void any_pdu_between_data_is_survived(void **state)
{
	(void)state;
	pair_send(world, BATON_PHONE, 3000);
	while (world->end[BATON_WATCH].got_bytes < 1000)
		pair_turn(world);
	world->end[0].queue_len = 0;
	world->end[1].queue_len = 0;
	inject_all(BATON_WATCH, 499, assert_goes_on);
	inject_all(BATON_PHONE, 499, assert_goes_on);
}

static void any_pdu_on_an_idle_link_is_survived(void **state)
{
	(void)state;
	pair_send(world, BATON_PHONE, 3000);
	inject_all(BATON_WATCH, 997, assert_goes_on);
}

/* Two devices that have never met, so many flights into a pairing. */
static void inject_in_pairing(int flights)
{
	static const struct baton_link_config small = BATON_LINK_CONFIG_SMALL;
	int i;

	pair_free(world);
	pair_init_config(world, 8, &small);
	for (i = 0; i < 2; i++)
		assert_int_equal(baton_session_pairing_open(
					 &world->end[i].session, world->now_ms),
				 BATON_OK);
	pair_up(world);
	let_pass(flights);
	inject_all(BATON_WATCH, 997, assert_pairs);
	inject_all(BATON_PHONE, 997, assert_pairs);
}

static void any_pdu_in_the_flights_of_a_pairing_is_survived(void **state)
{
	(void)state;
	inject_in_pairing(3);
}

static void any_pdu_while_people_compare_is_survived(void **state)
{
	(void)state;
	inject_in_pairing(6);
}

static void flood(uint8_t first, uint8_t mask)
{
	uint8_t bytes[64];
	uint32_t random = first;
	size_t i;
	int n;

	for (n = 0; n < 2000; n++) {
		for (i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(random >> 24 & mask);
		}
		bytes[0] = (uint8_t)(first | (bytes[0] & 0x1f));
		(void)baton_session_rx(&world->end[n & 1].session, bytes,
				       1 + (random >> 16) % 63, world->now_ms);
	}
}

static void floods_of_forged_pdus_are_survived(void **state)
{
	int first;

	(void)state;
	pair_send(world, BATON_PHONE, 3000);
	remember();
	for (first = 0; first < 256; first += 0x20) {
		flood((uint8_t)first, 0xff);
		assert_goes_on(first, 0);
		go_back();
		flood((uint8_t)first, 0x07);
		assert_goes_on(first, 1);
		go_back();
	}
	forget();
}

/* The last units are lost, and somebody says that they arrived. */
static void a_forged_ack_of_lost_data_is_found_by_a_probe(void **state)
{
	static const uint8_t classes[] = {BATON_CLASS_MESSAGE,
					  BATON_CLASS_BULK};
	struct pair_end *phone = &world->end[BATON_PHONE];
	const struct baton_sender *sender;
	uint8_t forged[4];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		phone->stream.class_id = classes[i];
		phone->delivered = 0;
		pair_send(world, BATON_PHONE, 900);
		world->drop_ppm = 1000000;
		while (pair_turn(world))
			;
		world->drop_ppm = 0;
		sender = &phone->session.link.classes[classes[i]].sender;
		assert_true(baton_sender_flight(sender) > 0);
		forged[0] = (uint8_t)(0xe0 | classes[i] << 2);
		baton_store_be16(forged + 1, sender->next & 0xfff);
		forged[3] = 4;
		assert_int_equal(baton_session_rx(&phone->session, forged, 4,
						  world->now_ms),
				 BATON_OK);
		assert_int_equal(baton_sender_flight(sender), 0);
		assert_true(pair_run(world, done, 60000));
		assert_true(phone->closed);
		assert_int_equal(phone->close_err, BATON_ERR_PROTOCOL);
		pair_down(world);
		pair_up(world);
		assert_true(pair_run(world, done, 60000));
		assert_int_equal(phone->delivered, 1);
		/* For the next class the first one has been used too. */
		while (pair_turn(world))
			;
	}
	assert_int_equal(world->end[BATON_WATCH].ended, 2);
}

/* The same in the class that is not the last one used. */
static void a_forged_ack_is_found_in_every_class(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];
	const struct baton_sender *sender =
		&phone->session.link.classes[BATON_CLASS_MESSAGE].sender;
	uint8_t forged[4] = {0xe4, 0, 0, 4};

	(void)state;
	pair_send(world, BATON_PHONE, 900); /* BULK has been used */
	assert_true(pair_run(world, done, 60000));
	while (pair_turn(world))
		;
	phone->stream.class_id = BATON_CLASS_MESSAGE;
	phone->delivered = 0;
	pair_send(world, BATON_PHONE, 900);
	world->drop_ppm = 1000000;
	while (pair_turn(world))
		;
	world->drop_ppm = 0;
	baton_store_be16(forged + 1, sender->next & 0xfff);
	assert_int_equal(
		baton_session_rx(&phone->session, forged, 4, world->now_ms),
		BATON_OK);
	assert_true(pair_run(world, done, 60000));
	assert_int_equal(phone->close_err, BATON_ERR_PROTOCOL);
}

static void forged_flights_leave_a_session_alone(void **state)
{
	uint8_t piece[20];
	uint8_t n;

	(void)state;
	pair_send(world, BATON_PHONE, 3000);
	for (n = 0; n < 8; n++) {
		memset(piece, n, sizeof(piece));
		piece[0] = (uint8_t)(0xf0 | n);
		piece[1] = 0x80;
		piece[2] = 17;
		assert_true(baton_err_is_peer(
			baton_session_rx(&world->end[BATON_WATCH].session,
					 piece, 20, world->now_ms)));
		assert_true(baton_err_is_peer(
			baton_session_rx(&world->end[BATON_PHONE].session,
					 piece, 20, world->now_ms)));
	}
	assert_true(pair_run(world, done, 60000));
	assert_false(pair_closed(world));
}

static void sixteen_senseless_flights_end_a_link_that_begins(void **state)
{
	uint8_t piece[20] = {0xf2, 0x80, 17, BATON_KIND_RECONNECT};
	int n;

	(void)state;
	pair_down(world);
	pair_up(world);
	let_pass(1);
	for (n = 0; n < 15; n++)
		assert_true(baton_err_is_peer(
			baton_session_rx(&world->end[BATON_WATCH].session,
					 piece, 20, world->now_ms)));
	assert_int_equal(baton_session_rx(&world->end[BATON_WATCH].session,
					  piece, 20, world->now_ms),
			 BATON_ERR_EXHAUSTED);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(any_pdu_before_the_first_flight_is_survived),
		T(any_pdu_between_flights_is_survived),
		T(any_pdu_before_sync_is_survived),
		T(any_pdu_between_data_is_survived),
		T(any_pdu_on_an_idle_link_is_survived),
		T(any_pdu_in_the_flights_of_a_pairing_is_survived),
		T(any_pdu_while_people_compare_is_survived),
		T(floods_of_forged_pdus_are_survived),
		T(a_forged_ack_of_lost_data_is_found_by_a_probe),
		T(a_forged_ack_is_found_in_every_class),
		T(forged_flights_leave_a_session_alone),
		T(sixteen_senseless_flights_end_a_link_that_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
