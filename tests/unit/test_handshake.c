/* SPDX-License-Identifier: MIT */

/* The flights of a link: session/SPEC.md 1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/handshake.h"
#include "transport/flight.h"

struct side {
	struct baton_handshake handshake;
	struct baton_drbg drbg;
	struct baton_bond bonds[2];
	struct baton_secrets secrets;
	struct baton_turn turn; /* its last, with the reply */
};

static struct side sides[2]; /* by enum baton_role */
static struct side *const watch = &sides[BATON_WATCH];
static struct side *const phone = &sides[BATON_PHONE];
static uint8_t kind;
static uint8_t can = BATON_PAIR_COMPARE; /* both */

static struct baton_hello hello_of(enum baton_role role)
{
	struct baton_hello hello = {
		.version_max = 1,
		.version_min = 1,
		.role = (uint8_t)role,
		.pairing = can,
		.record_max = 4096,
		.pdu_max = 509,
		.window = {16, 32, 64},
	};

	return hello;
}

/* A bond of both, such as a pairing leaves: index 1 is the common one. */
static void make_bonds(void)
{
	struct baton_bond *w = &watch->bonds[1], *p = &phone->bonds[1];

	memset(w->keys.s_priv, 1, 32);
	memset(p->keys.s_priv, 2, 32);
	baton_crypto_x25519_base(w->keys.s_pub, w->keys.s_priv);
	baton_crypto_x25519_base(p->keys.s_pub, p->keys.s_priv);
	memcpy(w->keys.rs, p->keys.s_pub, 32);
	memcpy(p->keys.rs, w->keys.s_pub, 32);
	memset(w->keys.psk, 3, 32);
	memset(p->keys.psk, 3, 32);
	memset(w->tag_key, 4, 32);
	memset(p->tag_key, 4, 32);
	assert_int_equal(
		baton_crypto_x25519(w->keys.ss, w->keys.s_priv, w->keys.rs), 0);
	assert_int_equal(
		baton_crypto_x25519(p->keys.ss, p->keys.s_priv, p->keys.rs), 0);
	watch->bonds[0] = *w;
	memset(watch->bonds[0].tag_key, 5, 32);
	phone->bonds[0] = *p;
}

static void start(uint8_t for_kind)
{
	uint8_t seed[BATON_DRBG_SEED_LEN];
	struct baton_hello hello;
	int i;

	kind = for_kind;
	make_bonds();
	for (i = 0; i < 2; i++) {
		memset(seed, i + 1, sizeof(seed));
		baton_drbg_init(&sides[i].drbg, seed);
		sides[i].turn.drbg = &sides[i].drbg;
		sides[i].turn.bonds = sides[i].bonds;
		sides[i].turn.bond_count = 2;
		sides[i].turn.pairing = true;
		sides[i].turn.can = can;
		sides[i].turn.out_of_band = &baton_out_of_band;
		sides[i].turn.typed = &baton_typed;
		memset(&sides[i].secrets, 0, sizeof(sides[i].secrets));
		sides[i].secrets.has_oob = can == BATON_PAIR_OUT_OF_BAND;
		memset(sides[i].secrets.digits, '5', BATON_TYPED_DIGITS);
		sides[i].secrets.has_digits = true;
		sides[i].secrets.counted = true;
		sides[i].turn.secrets = &sides[i].secrets;
		hello = hello_of((enum baton_role)i);
		assert_int_equal(
			baton_handshake_start(&sides[i].handshake, &hello,
					      i == BATON_PHONE ? kind : 0, 1,
					      NULL, &sides[i].turn),
			BATON_OK);
	}
	assert_int_equal(watch->turn.reply.len, 0);
	assert_int_equal(phone->turn.reply.number, 0);
}

/* Give to one side a flight. */
static enum baton_err give(struct side *to, uint8_t number,
			   const uint8_t *bytes, size_t len)
{
	uint8_t *copy = calloc(1, len > 0 ? len : 1);
	enum baton_err err;

	memcpy(copy, bytes, len);
	to->turn.bytes = copy;
	to->turn.len = len;
	err = baton_handshake_flight(&to->handshake, number, &to->turn);
	free(copy);
	return err;
}

/* Give to one side what the other sent last. */
static enum baton_err pass(struct side *to)
{
	struct side *from = to == watch ? phone : watch;

	return give(to, from->turn.reply.number, from->turn.reply.bytes,
		    from->turn.reply.len);
}

/* Pass the first n flights of those that go by themselves. */
static void pass_flights(int n)
{
	int i;

	for (i = 0; i < n; i++)
		assert_int_equal(pass(i % 2 ? phone : watch), BATON_OK);
}

static int flights_of_kind(void)
{
	return kind == BATON_KIND_COMPARE ? 6 : 4;
}

static void assert_same_keys(void)
{
	assert_int_equal(watch->handshake.step, BATON_STEP_DONE);
	assert_int_equal(phone->handshake.step, BATON_STEP_DONE);
	assert_memory_equal(&watch->handshake.keys, &phone->handshake.keys,
			    sizeof(watch->handshake.keys));
}

static void a_reconnect_takes_four_flights_of_stated_lengths(void **state)
{
	(void)state;
	start(BATON_KIND_RECONNECT);
	assert_int_equal(phone->turn.reply.len, BATON_HELLO_LEN);
	pass_flights(2);
	assert_int_equal(phone->turn.reply.number, 2);
	assert_int_equal(phone->turn.reply.len, 1 + 16 + 48);
	assert_int_equal(phone->turn.reply.bytes[0], BATON_KIND_RECONNECT);
	assert_int_equal(pass(watch), BATON_OK);
	assert_int_equal(watch->turn.reply.number, 3);
	assert_int_equal(watch->turn.reply.len, 48);
	assert_int_equal(pass(phone), BATON_OK);
	assert_int_equal(phone->turn.reply.len, 0);
	assert_same_keys();
	assert_int_equal(watch->handshake.bond, 1);
}

/* NNpsk0: 48 bytes and the payload each way; before them kind and tag. */
static void a_resume_takes_48_bytes_and_its_payload_each_way(void **state)
{
	uint8_t payload[100 + BATON_CRYPTO_TAG_LEN] = {0};
	uint8_t flight[BATON_REPLY_MAX];
	size_t p, len;
	int i;

	(void)state;
	for (p = 0; p <= 100; p += 50) {
		start(BATON_KIND_RESUME);
		for (i = 0; i < 2; i++) {
			sides[i].bonds[1].ticket.usable = true;
			sides[i].turn.settled = true;
		}
		phone->turn.payload = payload;
		phone->turn.payload_len = p;
		pass_flights(2);
		len = phone->turn.reply.len + phone->turn.reply.sealed_len;
		assert_int_equal(len, 1 + 16 + 48 + p);
		memcpy(flight, phone->turn.reply.bytes, phone->turn.reply.len);
		memcpy(flight + phone->turn.reply.len, payload,
		       phone->turn.reply.sealed_len);
		/* What it leaves decrypted stands in flight. */
		watch->turn.bytes = flight;
		watch->turn.len = len;
		assert_int_equal(baton_handshake_flight(&watch->handshake, 2,
							&watch->turn),
				 BATON_OK);
		assert_int_equal(watch->handshake.payload_len, p);
		watch->turn.payload = payload;
		watch->turn.payload_len = p;
		assert_int_equal(
			baton_handshake_answer(&watch->handshake, &watch->turn),
			BATON_OK);
		assert_int_equal(watch->turn.reply.len, 48 + p);
		assert_int_equal(pass(phone), BATON_OK);
		assert_same_keys();
	}
	for (i = 0; i < 2; i++)
		sides[i].turn.settled = false;
}

static void a_pairing_takes_six_flights_of_stated_lengths(void **state)
{
	static const size_t lens[] = {
		BATON_HELLO_LEN, BATON_HELLO_LEN, 33, 128, 96, 48};
	struct side *from;
	int i;

	(void)state;
	start(BATON_KIND_COMPARE);
	for (i = 0; i < 6; i++) {
		from = i % 2 ? watch : phone;
		assert_int_equal(from->turn.reply.number, i);
		assert_int_equal(from->turn.reply.len, lens[i]);
		assert_int_equal(pass(i % 2 ? phone : watch), BATON_OK);
	}
	assert_same_keys();
	assert_true(watch->handshake.code < BATON_COMPARE_CODES);
	assert_int_equal(watch->handshake.code, phone->handshake.code);
	assert_memory_equal(watch->handshake.noise.keys.rs,
			    phone->handshake.noise.keys.s_pub, 32);
	assert_memory_equal(phone->handshake.noise.keys.rs,
			    watch->handshake.noise.keys.s_pub, 32);
}

static void assert_flights(const size_t *lens, int count)
{
	struct side *from;
	int i;

	start(BATON_KIND_COMPARE);
	for (i = 0; i < count; i++) {
		from = i % 2 ? watch : phone;
		assert_int_equal(from->turn.reply.number, i);
		assert_int_equal(from->turn.reply.len, lens[i]);
		assert_int_equal(pass(i % 2 ? phone : watch), BATON_OK);
	}
	assert_same_keys();
	assert_memory_equal(watch->handshake.noise.keys.rs,
			    phone->handshake.noise.keys.s_pub, 32);
	assert_memory_equal(phone->handshake.noise.keys.rs,
			    watch->handshake.noise.keys.s_pub, 32);
	assert_true(watch->secrets.spent && phone->secrets.spent);
	can = BATON_PAIR_COMPARE;
}

static void pairing_out_of_band_takes_flights_of_stated_lengths(void **state)
{
	/* Of flight 2 one byte is the kind. */
	static const size_t lens[] = {BATON_HELLO_LEN, BATON_HELLO_LEN, 1 + 48,
				      96, 64};

	(void)state;
	can = BATON_PAIR_OUT_OF_BAND;
	assert_flights(lens, 5);
	assert_int_equal(phone->handshake.kind, BATON_KIND_OUT_OF_BAND);
}

static void pairing_by_typed_code_takes_flights_of_stated_lengths(void **state)
{
	static const size_t lens[] = {
		BATON_HELLO_LEN, BATON_HELLO_LEN, 1 + 32, 80, 96, 64};

	(void)state;
	can = BATON_PAIR_SHOW | BATON_PAIR_TYPE;
	assert_flights(lens, 6);
	assert_int_equal(phone->handshake.kind, BATON_KIND_TYPED);
}

static void every_flight_but_the_expected_is_dropped(void **state)
{
	static const uint8_t bytes[200] = {BATON_KIND_COMPARE};
	struct side before;
	int n, number;

	(void)state;
	for (n = 0; n < 6; n++) {
		start(BATON_KIND_COMPARE);
		pass_flights(n);
		for (number = 0; number < 7; number++) {
			if (number == n)
				continue;
			before = n % 2 ? *phone : *watch;
			assert_int_equal(give(n % 2 ? phone : watch,
					      (uint8_t)number, bytes, 200),
					 BATON_ERR_PEER_STATE);
			assert_int_equal(
				(n % 2 ? phone : watch)->handshake.step,
				before.handshake.step);
		}
	}
}

/* Change each byte of both hellos on its way: nobody ends up with keys. */
static void a_changed_hello_breaks_the_handshake(void **state)
{
	static const uint8_t kinds[] = {BATON_KIND_COMPARE,
					BATON_KIND_RECONNECT};
	size_t at;
	int k, n, i, bit;
	enum baton_err err;

	(void)state;
	for (k = 0; k < 2; k++)
		for (n = 0; n < 2; n++)
			for (at = 0; at < BATON_HELLO_LEN; at++) {
				bit = (int)(at * 5 % 8);
				start(kinds[k]);
				pass_flights(n);
				(n ? watch : phone)->turn.reply.bytes[at] ^=
					(uint8_t)(1 << bit);
				err = BATON_OK;
				for (i = n; !err && i < flights_of_kind(); i++)
					err = pass(i % 2 ? phone : watch);
				if (!err)
					fail_msg("byte %zu of hello %d", at, n);
				assert_false(watch->handshake.step ==
						     BATON_STEP_DONE &&
					     phone->handshake.step ==
						     BATON_STEP_DONE);
			}
}

static void a_changed_kind_breaks_the_handshake(void **state)
{
	int value;

	(void)state;
	for (value = 0; value < 256; value++) {
		start(BATON_KIND_RECONNECT);
		pass_flights(2);
		if (value == phone->turn.reply.bytes[0])
			continue;
		phone->turn.reply.bytes[0] = (uint8_t)value;
		if (!pass(watch))
			assert_true(value == BATON_KIND_COMPARE ||
				    baton_kind_resumes((uint8_t)value));
		assert_int_not_equal(watch->handshake.step, BATON_STEP_DONE);
	}
}

static void a_failing_reconnect_leaves_the_right_one_to_come(void **state)
{
	static const int flights[] = {2, 3};
	struct baton_reply right;
	struct side *to, *from;
	size_t at, i;

	(void)state;
	for (i = 0; i < 2; i++) {
		start(BATON_KIND_RECONNECT);
		pass_flights(flights[i]);
		to = flights[i] % 2 ? phone : watch;
		from = flights[i] % 2 ? watch : phone;
		right = from->turn.reply;
		/* What its tag does not cover: past kind, tag and e. */
		for (at = flights[i] == 2 ? 49 : 0; at < right.len; at++) {
			from->turn.reply = right;
			from->turn.reply.bytes[at] ^= 0x10;
			assert_true(baton_err_is_peer(pass(to)));
			assert_int_equal(to->turn.reply.len, 0);
		}
		for (at = flights[i] == 2 ? 49 : 1; at < right.len; at++)
			assert_true(baton_err_is_peer(
				give(to, right.number, right.bytes, at)));
		from->turn.reply = right;
		assert_int_equal(pass(to), BATON_OK);
		if (to == watch)
			assert_int_equal(pass(phone), BATON_OK);
		assert_same_keys();
	}
}

static void a_failing_flight_ends_a_pairing(void **state)
{
	struct side *to, *from;
	struct baton_reply right;
	size_t at;
	int n;

	(void)state;
	for (n = 3; n < 6; n++) {
		start(BATON_KIND_COMPARE);
		pass_flights(n);
		from = n % 2 ? watch : phone;
		right = from->turn.reply;
		for (at = 0; at < right.len; at += 7) {
			start(BATON_KIND_COMPARE);
			pass_flights(n);
			to = n % 2 ? phone : watch;
			right = from->turn.reply;
			from->turn.reply.bytes[at] ^= 0x01;
			assert_true(baton_err_is_fatal(pass(to)));
			start(BATON_KIND_COMPARE);
			pass_flights(n);
			assert_true(baton_err_is_fatal(
				give(to, right.number, right.bytes,
				     at + 1 == right.len ? at : at + 1)));
		}
	}
}

static void flights_longer_than_theirs_are_the_peers_fault(void **state)
{
	static const uint8_t kinds[] = {BATON_KIND_RECONNECT,
					BATON_KIND_COMPARE};
	uint8_t bytes[BATON_REPLY_MAX + 1] = {0};
	struct side *to, *from;
	enum baton_err err;
	size_t longer;
	int k, n;

	(void)state;
	for (k = 0; k < 2; k++)
		for (n = 2; n < (k ? 6 : 4); n++)
			for (longer = 1; longer < 60; longer++) {
				start(kinds[k]);
				pass_flights(n);
				to = n % 2 ? phone : watch;
				from = n % 2 ? watch : phone;
				memcpy(bytes, from->turn.reply.bytes,
				       from->turn.reply.len);
				err = give(to, (uint8_t)n, bytes,
					   from->turn.reply.len + longer);
				if (k && n > 2)
					assert_int_equal(err, BATON_ERR_AUTH);
				else
					assert_true(baton_err_is_peer(err));
				assert_int_not_equal(to->handshake.step,
						     BATON_STEP_DONE);
			}
}

static void a_stranger_is_told_that_no_bond_answers(void **state)
{
	(void)state;
	start(BATON_KIND_RECONNECT);
	pass_flights(2);
	phone->turn.reply.bytes[1] ^= 1; /* the tag */
	assert_int_equal(pass(watch), BATON_ERR_NO_BOND);
	assert_int_equal(watch->turn.reply.number, BATON_FLIGHT_REJECT);
	assert_int_equal(watch->turn.reply.len, BATON_REJECT_LEN);
	assert_int_equal(watch->turn.reply.bytes[2], BATON_REJECT_NO_BOND);
	assert_int_equal(pass(phone), BATON_ERR_NO_BOND);
}

static void a_tag_serves_for_one_link_only(void **state)
{
	struct baton_reply old;

	(void)state;
	start(BATON_KIND_RECONNECT);
	pass_flights(2);
	old = phone->turn.reply;
	/* A later link of the same watch: its nonce is another. */
	start(BATON_KIND_RECONNECT);
	watch->handshake.hello[BATON_WATCH].bytes[BATON_HELLO_LEN - 1] ^= 1;
	pass_flights(2);
	phone->turn.reply = old;
	assert_int_equal(pass(watch), BATON_ERR_NO_BOND);
}

static void a_bond_without_its_peers_key_does_not_connect(void **state)
{
	(void)state;
	start(BATON_KIND_RECONNECT);
	memset(phone->bonds[1].keys.psk, 9, 32);
	pass_flights(2);
	assert_int_equal(pass(watch), BATON_ERR_PEER_AUTH);
	start(BATON_KIND_RECONNECT);
	memset(phone->bonds[1].keys.s_priv, 9, 32);
	baton_crypto_x25519_base(phone->bonds[1].keys.s_pub,
				 phone->bonds[1].keys.s_priv);
	assert_int_equal(baton_crypto_x25519(phone->bonds[1].keys.ss,
					     phone->bonds[1].keys.s_priv,
					     phone->bonds[1].keys.rs),
			 BATON_OK);
	pass_flights(2);
	assert_int_equal(pass(watch), BATON_ERR_PEER_AUTH);
	assert_int_not_equal(watch->handshake.step, BATON_STEP_DONE);
}

static void a_watch_that_is_not_pairing_says_so(void **state)
{
	(void)state;
	start(BATON_KIND_COMPARE);
	watch->turn.pairing = false;
	pass_flights(2);
	assert_int_equal(pass(watch), BATON_ERR_REFUSED);
	assert_int_equal(watch->turn.reply.bytes[2], BATON_REJECT_NOT_PAIRING);
	assert_int_equal(pass(phone), BATON_ERR_REFUSED);
}

static void kinds_not_spoken_are_rejected(void **state)
{
	static const uint8_t kinds[] = {0, 2, 3, 4, 0x11, 0x22, 0xff};
	uint8_t bytes[64] = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds); i++) {
		start(BATON_KIND_RECONNECT);
		pass_flights(1);
		bytes[0] = kinds[i];
		assert_int_equal(give(watch, 2, bytes, sizeof(bytes)),
				 BATON_ERR_REFUSED);
		assert_int_equal(watch->turn.reply.bytes[2],
				 BATON_REJECT_OTHER_KIND);
	}
}

static void without_a_common_version_both_give_up(void **state)
{
	static const uint8_t later[] = {9, 7};

	(void)state;
	start(BATON_KIND_RECONNECT);
	assert_int_equal(give(watch, 0, later, 2), BATON_ERR_VERSION);
	assert_int_equal(watch->turn.reply.number, BATON_FLIGHT_REJECT);
	assert_int_equal(watch->turn.reply.bytes[0], BATON_VERSION_MAX);
	assert_int_equal(watch->turn.reply.bytes[1], BATON_VERSION_MIN);
	assert_int_equal(watch->turn.reply.bytes[2], BATON_REJECT_VERSION);
	assert_int_equal(give(phone, 1, later, 2), BATON_ERR_VERSION);
	assert_int_equal(phone->turn.reply.number, BATON_FLIGHT_REJECT);
	assert_int_equal(phone->handshake.peer->bytes[0], 9);
}

static void rejects_of_every_length_and_code_are_survived(void **state)
{
	uint8_t bytes[8] = {3, 2, 0};
	size_t len;
	int code;

	(void)state;
	for (len = 1; len < sizeof(bytes); len++) {
		start(BATON_KIND_RECONNECT);
		assert_int_equal(give(phone, 7, bytes, len),
				 len == 3 ? BATON_ERR_REFUSED
					  : BATON_ERR_PEER_LENGTH);
	}
	for (code = 0; code < 256; code++) {
		start(BATON_KIND_RECONNECT);
		bytes[2] = (uint8_t)code;
		assert_int_equal(give(phone, 7, bytes, 3),
				 code == 1   ? BATON_ERR_VERSION
				 : code == 2 ? BATON_ERR_NO_BOND
				 : code == 5 ? BATON_ERR_PEER_STATE
				 : code == 6 ? BATON_ERR_AGAIN
				 : code == 7 ? BATON_ERR_EXHAUSTED
					     : BATON_ERR_REFUSED);
		assert_int_equal(phone->turn.reply.len, 0);
	}
}

static void a_phone_does_not_pair_with_who_cannot_compare(void **state)
{
	(void)state;
	start(BATON_KIND_COMPARE);
	pass_flights(1);
	watch->turn.reply.bytes[6] = BATON_PAIR_TYPE;
	assert_int_equal(pass(phone), BATON_ERR_REFUSED);
}

static void a_reveal_of_another_nonce_shows_no_code(void **state)
{
	uint8_t reveal[BATON_COMPARE_REVEAL_LEN];
	uint8_t nonce[BATON_COMPARE_NONCE_LEN] = {1};

	(void)state;
	start(BATON_KIND_COMPARE);
	pass_flights(5);
	/* The watch itself tries to choose the code after all. */
	baton_compare_reveal(reveal, &watch->handshake.keys, nonce);
	assert_int_equal(give(phone, 5, reveal, sizeof(reveal)),
			 BATON_ERR_PROTOCOL);
	assert_int_not_equal(phone->handshake.step, BATON_STEP_DONE);
	assert_int_equal(phone->handshake.code, 0);
}

/*
 * The watch has no such ticket, and says so; what both have sent goes about
 * twice, and the second time is late.
 */
static void
late_copies_of_a_beginning_that_was_turned_away_are_dropped(void **state)
{
	uint8_t beginning[BATON_REPLY_MAX], reject[BATON_REJECT_LEN];
	size_t len;

	(void)state;
	start(BATON_KIND_RESUME_SYNC);
	watch->bonds[1].ticket.usable = false;
	pass_flights(2);
	len = phone->turn.reply.len;
	memcpy(beginning, phone->turn.reply.bytes, len);
	assert_int_equal(pass(watch), BATON_OK);
	assert_int_equal(watch->turn.reply.number, BATON_FLIGHT_REJECT);
	memcpy(reject, watch->turn.reply.bytes, sizeof(reject));
	assert_int_equal(pass(phone), BATON_OK);
	assert_int_equal(phone->turn.reply.number, BATON_FLIGHT_HELLO_PHONE);
	assert_int_equal(pass(watch), BATON_OK);
	assert_int_equal(pass(phone), BATON_OK);
	kind = BATON_KIND_RECONNECT;

	assert_int_equal(give(watch, BATON_FLIGHT_FIRST, beginning, len),
			 BATON_ERR_PEER_STATE);
	assert_int_equal(watch->turn.reply.len, 0);
	assert_int_equal(pass(watch), BATON_OK);
	len = watch->turn.reply.len;
	memcpy(beginning, watch->turn.reply.bytes, len);
	assert_int_equal(
		give(phone, BATON_FLIGHT_REJECT, reject, sizeof(reject)),
		BATON_ERR_PEER_STATE);
	assert_int_equal(give(phone, BATON_FLIGHT_FIRST + 1, beginning, len),
			 BATON_OK);
	assert_same_keys();
}

static void wiping_leaves_nothing(void **state)
{
	static const uint8_t none[sizeof(struct baton_handshake)];

	(void)state;
	start(BATON_KIND_COMPARE);
	pass_flights(6);
	baton_handshake_wipe(&phone->handshake);
	assert_memory_equal(&phone->handshake, none, sizeof(none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_reconnect_takes_four_flights_of_stated_lengths),
		cmocka_unit_test(
			a_resume_takes_48_bytes_and_its_payload_each_way),
		cmocka_unit_test(a_pairing_takes_six_flights_of_stated_lengths),
		cmocka_unit_test(
			pairing_out_of_band_takes_flights_of_stated_lengths),
		cmocka_unit_test(
			pairing_by_typed_code_takes_flights_of_stated_lengths),
		cmocka_unit_test(every_flight_but_the_expected_is_dropped),
		cmocka_unit_test(a_changed_hello_breaks_the_handshake),
		cmocka_unit_test(a_changed_kind_breaks_the_handshake),
		cmocka_unit_test(
			a_failing_reconnect_leaves_the_right_one_to_come),
		cmocka_unit_test(a_failing_flight_ends_a_pairing),
		cmocka_unit_test(
			flights_longer_than_theirs_are_the_peers_fault),
		cmocka_unit_test(a_stranger_is_told_that_no_bond_answers),
		cmocka_unit_test(a_tag_serves_for_one_link_only),
		cmocka_unit_test(a_bond_without_its_peers_key_does_not_connect),
		cmocka_unit_test(a_watch_that_is_not_pairing_says_so),
		cmocka_unit_test(kinds_not_spoken_are_rejected),
		cmocka_unit_test(without_a_common_version_both_give_up),
		cmocka_unit_test(rejects_of_every_length_and_code_are_survived),
		cmocka_unit_test(a_phone_does_not_pair_with_who_cannot_compare),
		cmocka_unit_test(a_reveal_of_another_nonce_shows_no_code),
		cmocka_unit_test(
			late_copies_of_a_beginning_that_was_turned_away_are_dropped),
		cmocka_unit_test(wiping_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
