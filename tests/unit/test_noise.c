/* SPDX-License-Identifier: MIT */
#include "crypto/hkdf.h"
#include "crypto/noise.h"
#include "tests/support/fixed.h"
#include "tests/unit/crypto_test.h"

/* Where tables here have a pattern. */
enum { XX, XXPSK0, KKPSK0, NNPSK0, PATTERNS };

static const char prologue[] = "prologue";

/* crypto/SPEC.md: what each message adds, and where its payload begins. */
static const struct {
	const struct baton_noise_pattern *pattern;
	const char *name;
	unsigned int n_messages;
	size_t overhead[3];
	size_t payload_at[3];
} table[PATTERNS] = {
	{&baton_noise_xx,
	 "Noise_XX_25519_ChaChaPoly_SHA256",
	 3,
	 {32, 96, 64},
	 {32, 80, 48}},
	{&baton_noise_xxpsk0,
	 "Noise_XXpsk0_25519_ChaChaPoly_SHA256",
	 3,
	 {48, 96, 64},
	 {32, 80, 48}},
	{&baton_noise_kkpsk0,
	 "Noise_KKpsk0_25519_ChaChaPoly_SHA256",
	 2,
	 {48, 48},
	 {32, 32}},
	{&baton_noise_nnpsk0,
	 "Noise_NNpsk0_25519_ChaChaPoly_SHA256",
	 2,
	 {48, 48},
	 {32, 32}},
};

static const char *const payloads[] = {"", "the second payload", "third"};

struct side {
	struct baton_noise_keys keys;
	uint8_t e_priv[32];
};

struct pair {
	struct side sides[2];
	struct baton_noise ends[2];
};

static void side_init(struct pair *pair, int i, unsigned int pattern)
{
	const struct side *side = &pair->sides[i];

	fixed_noise_init(&pair->ends[i], table[pattern].pattern, !i,
			 (const uint8_t *)prologue, strlen(prologue),
			 &side->keys, side->e_priv);
}

static void start(struct pair *pair, unsigned int pattern)
{
	struct baton_noise_keys *keys;
	int i;

	for (i = 0; i < 2; i++) {
		keys = &pair->sides[i].keys;
		fill(keys->s_priv, 32, 0x10 + 0x40u * (unsigned int)i);
		fill(pair->sides[i].e_priv, 32, 0x30 + 0x40u * (unsigned int)i);
		fill(keys->psk, 32, 0x90);
		baton_crypto_x25519_base(keys->s_pub, keys->s_priv);
	}
	for (i = 0; i < 2; i++) {
		keys = &pair->sides[i].keys;
		memcpy(keys->rs, pair->sides[!i].keys.s_pub, 32);
		assert_ok(
			baton_crypto_x25519(keys->ss, keys->s_priv, keys->rs));
		side_init(pair, i, pattern);
	}
}

static size_t write_next(struct pair *pair, unsigned int i, uint8_t *msg)
{
	size_t len;

	assert_ok(baton_noise_write(&pair->ends[i & 1],
				    (const uint8_t *)payloads[i],
				    strlen(payloads[i]), msg, 256, &len));
	return len;
}

static void read_next(struct pair *pair, unsigned int i, const uint8_t *msg,
		      size_t msg_len)
{
	uint8_t payload[256];
	size_t len;

	assert_ok(baton_noise_read(&pair->ends[!(i & 1)], msg, msg_len, payload,
				   sizeof(payload), &len));
	assert_int_equal(len, strlen(payloads[i]));
	assert_memory_equal(payload, payloads[i], len);
}

/* All messages before message upto. */
static void advance(struct pair *pair, unsigned int upto)
{
	uint8_t msg[256];
	unsigned int i;
	size_t len;

	for (i = 0; i < upto; i++) {
		len = write_next(pair, i, msg);
		read_next(pair, i, msg, len);
	}
}

static void both_sides_agree_in_every_pattern(void **state)
{
	struct baton_noise_result results[2];
	struct pair pair;
	unsigned int p, i;

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		start(&pair, p);
		advance(&pair, table[p].n_messages);
		for (i = 0; i < 2; i++) {
			assert_true(baton_noise_is_done(&pair.ends[i]));
			assert_ok(
				baton_noise_finish(&pair.ends[i], &results[i]));
		}
		assert_memory_equal(&results[0], &results[1],
				    sizeof(results[0]));
		assert_memory_not_equal(results[0].dir[0], results[0].dir[1],
					32);
	}
}

static void messages_are_as_long_as_the_specification_says(void **state)
{
	struct pair pair;
	unsigned int p, i;
	uint8_t msg[256];
	size_t len;

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		assert_int_equal(baton_noise_messages(table[p].pattern),
				 table[p].n_messages);
		start(&pair, p);
		for (i = 0; i < table[p].n_messages; i++) {
			assert_int_equal(
				baton_noise_overhead(table[p].pattern, i),
				table[p].overhead[i]);
			assert_int_equal(
				baton_noise_payload_at(table[p].pattern, i),
				table[p].payload_at[i]);
			len = write_next(&pair, i, msg);
			assert_int_equal(len, table[p].overhead[i] +
						      strlen(payloads[i]));
			read_next(&pair, i, msg, len);
		}
		assert_int_equal(baton_noise_overhead(table[p].pattern, i), 0);
		assert_int_equal(baton_noise_payload_at(table[p].pattern, i),
				 0);
	}
}

static void mix(uint8_t h[32], const uint8_t *data, size_t len)
{
	struct baton_crypto_sha256 sha;

	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, h, 32);
	baton_crypto_sha256_update(&sha, data, len);
	baton_crypto_sha256_final(&sha, h);
}

static void the_first_hash_is_that_of_the_protocol_name(void **state)
{
	struct baton_crypto_sha256 sha;
	struct pair pair;
	unsigned int p;
	uint8_t h[32];

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		if (strlen(table[p].name) <= 32) {
			memset(h, 0, sizeof(h));
			memcpy(h, table[p].name, strlen(table[p].name));
		} else {
			baton_crypto_sha256_init(&sha);
			baton_crypto_sha256_update(
				&sha, (const uint8_t *)table[p].name,
				strlen(table[p].name));
			baton_crypto_sha256_final(&sha, h);
		}
		start(&pair, p);
		assert_memory_equal(pair.ends[0].state.ck, h, 32);
		mix(h, (const uint8_t *)prologue, strlen(prologue));
		if (p == KKPSK0) {
			mix(h, pair.sides[0].keys.s_pub, 32);
			mix(h, pair.sides[1].keys.s_pub, 32);
		}
		assert_memory_equal(pair.ends[0].state.h, h, 32);
		assert_memory_equal(pair.ends[1].state.h, h, 32);
	}
}

static void expect_refused(struct pair *pair, unsigned int i,
			   const uint8_t *msg, size_t msg_len,
			   enum baton_err want)
{
	struct baton_noise *reader = &pair->ends[!(i & 1)];
	const struct baton_noise before = *reader;
	uint8_t payload[256] = {0};
	size_t len = 99;

	assert_int_equal(baton_noise_read(reader, msg, msg_len, payload,
					  sizeof(payload), &len),
			 want);
	assert_int_equal(len, 0);
	assert_zero(payload, sizeof(payload));
	assert_memory_equal(reader, &before, sizeof(before));
}

static void a_damaged_message_changes_nothing(void **state)
{
	uint8_t msg[256];
	struct pair pair;
	unsigned int p, i;
	size_t len, at;

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		for (i = 0; i < table[p].n_messages; i++) {
			/* It is not sealed: its damage shows one later. */
			if (p == XX && i == 0)
				continue;
			start(&pair, p);
			advance(&pair, i);
			len = write_next(&pair, i, msg);
			for (at = 0; at < len; at++) {
				msg[at] ^= (uint8_t)(1u << at % 7);
				expect_refused(&pair, i, msg, len,
					       BATON_ERR_PEER_AUTH);
				msg[at] ^= (uint8_t)(1u << at % 7);
			}
			read_next(&pair, i, msg, len);
		}
	}
}

static void a_damaged_first_message_of_xx_fails_at_the_second(void **state)
{
	struct pair pair;
	uint8_t msg[256];
	size_t len, got;

	(void)state;
	start(&pair, XX);
	len = write_next(&pair, 0, msg);
	msg[5] ^= 1;
	assert_ok(baton_noise_read(&pair.ends[1], msg, len, NULL, 0, &got));
	len = write_next(&pair, 1, msg);
	expect_refused(&pair, 1, msg, len, BATON_ERR_PEER_AUTH);
}

static void a_message_cut_or_stretched_changes_nothing(void **state)
{
	static uint8_t huge[BATON_NOISE_MESSAGE_MAX + 1];
	struct pair pair;
	unsigned int p, i;
	uint8_t msg[257];
	size_t len, cut;

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		for (i = 0; i < table[p].n_messages; i++) {
			start(&pair, p);
			advance(&pair, i);
			len = write_next(&pair, i, msg);
			for (cut = 0; cut < table[p].overhead[i]; cut++)
				expect_refused(&pair, i, msg, cut,
					       BATON_ERR_PEER_LENGTH);
			expect_refused(&pair, i, huge, sizeof(huge),
				       BATON_ERR_PEER_LENGTH);
			if (p != XX || i) {
				msg[len] = 0;
				expect_refused(&pair, i, msg, len + 1,
					       BATON_ERR_PEER_AUTH);
			}
			read_next(&pair, i, msg, len);
		}
	}
}

static void a_key_of_small_order_changes_nothing(void **state)
{
	static const unsigned int second[] = {XX, XXPSK0, KKPSK0, NNPSK0};
	uint8_t msg[256], good[256];
	struct pair pair;
	size_t len, i;

	(void)state;
	/* In message 1 of every pattern ee meets it, in KKpsk0's 0 es. */
	for (i = 0; i < PATTERNS; i++) {
		start(&pair, second[i]);
		advance(&pair, 1);
		len = write_next(&pair, 1, good);
		memcpy(msg, good, len);
		memset(msg, 0, 32);
		expect_refused(&pair, 1, msg, len, BATON_ERR_PEER_FORMAT);
		read_next(&pair, 1, good, len);
	}
	start(&pair, KKPSK0);
	len = write_next(&pair, 0, good);
	memcpy(msg, good, len);
	memset(msg, 0, 32);
	expect_refused(&pair, 0, msg, len, BATON_ERR_PEER_FORMAT);
	read_next(&pair, 0, good, len);
}

static void a_write_to_a_key_of_small_order_is_the_end(void **state)
{
	static const uint8_t zero[32];
	struct pair pair;
	uint8_t msg[256];
	size_t len = 99;

	(void)state;
	start(&pair, KKPSK0);
	memcpy(pair.sides[0].keys.rs, zero, 32);
	side_init(&pair, 0, KKPSK0);
	assert_int_equal(baton_noise_write(&pair.ends[0], NULL, 0, msg,
					   sizeof(msg), &len),
			 BATON_ERR_PEER_FORMAT);
	assert_int_equal(len, 0);
	assert_int_equal(baton_noise_write(&pair.ends[0], NULL, 0, msg,
					   sizeof(msg), &len),
			 BATON_ERR_STATE);
}

/* What each pattern promises to bind: flip a bit of it on one side. */
static void what_the_sides_do_not_share_is_refused(void **state)
{
	static const struct {
		unsigned int pattern;
		size_t key; /* in struct side */
	} cases[] = {
		{XXPSK0, offsetof(struct side, keys.psk)},
		{KKPSK0, offsetof(struct side, keys.psk)},
		{KKPSK0, offsetof(struct side, keys.rs)},
		{KKPSK0, offsetof(struct side, keys.s_pub)},
		{NNPSK0, offsetof(struct side, keys.psk)},
	};
	struct pair pair;
	uint8_t msg[256];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&pair, cases[i].pattern);
		((uint8_t *)&pair.sides[1])[cases[i].key] ^= 1;
		side_init(&pair, 1, cases[i].pattern);
		len = write_next(&pair, 0, msg);
		expect_refused(&pair, 0, msg, len, BATON_ERR_PEER_AUTH);
	}
}

static void another_prologue_is_refused(void **state)
{
	struct pair pair;
	unsigned int p, first;
	uint8_t msg[256];
	size_t len;

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		start(&pair, p);
		fixed_noise_init(&pair.ends[1], table[p].pattern, false,
				 (const uint8_t *)"Prologue", 8,
				 &pair.sides[1].keys, pair.sides[1].e_priv);
		first = p == XX;
		advance(&pair, first);
		len = write_next(&pair, first, msg);
		expect_refused(&pair, first, msg, len, BATON_ERR_PEER_AUTH);
	}
}

static void nobody_speaks_out_of_turn(void **state)
{
	struct baton_noise_result result;
	struct baton_noise before;
	struct pair pair;
	unsigned int p, i, idle;
	uint8_t msg[256];
	size_t len;

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		for (i = 0; i <= table[p].n_messages; i++) {
			start(&pair, p);
			advance(&pair, i);
			/* Who reads next must not write, and the reverse. */
			idle = !(i & 1);
			before = pair.ends[idle];
			assert_int_equal(baton_noise_write(&pair.ends[idle],
							   NULL, 0, msg,
							   sizeof(msg), &len),
					 BATON_ERR_STATE);
			assert_memory_equal(&pair.ends[idle], &before,
					    sizeof(before));
			memset(msg, 0, sizeof(msg));
			assert_int_equal(baton_noise_read(&pair.ends[!idle],
							  msg, 100, msg,
							  sizeof(msg), &len),
					 BATON_ERR_STATE);
			if (i < table[p].n_messages)
				assert_int_equal(
					baton_noise_finish(&pair.ends[idle],
							   &result),
					BATON_ERR_STATE);
		}
	}
}

static void too_little_room_changes_nothing(void **state)
{
	static uint8_t huge[BATON_NOISE_MESSAGE_MAX];
	uint8_t msg[256], payload[256];
	struct baton_noise before;
	struct pair pair;
	unsigned int p;
	size_t len, got;

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		start(&pair, p);
		advance(&pair, 1);
		before = pair.ends[1];
		len = table[p].overhead[1] + 5;
		assert_int_equal(baton_noise_write(&pair.ends[1], payload, 5,
						   msg, len - 1, &got),
				 BATON_ERR_SPACE);
		assert_int_equal(
			baton_noise_write(&pair.ends[1], huge,
					  sizeof(huge) - table[p].overhead[1] +
						  1,
					  huge, sizeof(huge), &got),
			BATON_ERR_TOO_LARGE);
		assert_memory_equal(&pair.ends[1], &before, sizeof(before));
		len = write_next(&pair, 1, msg);
		before = pair.ends[0];
		assert_int_equal(
			baton_noise_read(&pair.ends[0], msg, len, payload,
					 strlen(payloads[1]) - 1, &got),
			BATON_ERR_SPACE);
		assert_memory_equal(&pair.ends[0], &before, sizeof(before));
		read_next(&pair, 1, msg, len);
	}
}

static void payloads_may_be_written_and_read_in_place(void **state)
{
	uint8_t msg[256], *place;
	struct pair pair;
	unsigned int p, i;
	size_t len;

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		start(&pair, p);
		for (i = 0; i < table[p].n_messages; i++) {
			place = msg + table[p].payload_at[i];
			memcpy(place, payloads[i], strlen(payloads[i]));
			assert_ok(baton_noise_write(&pair.ends[i & 1], place,
						    strlen(payloads[i]), msg,
						    sizeof(msg), &len));
			assert_ok(baton_noise_read(
				&pair.ends[!(i & 1)], msg, len, place,
				sizeof(msg) - table[p].payload_at[i], &len));
			assert_int_equal(len, strlen(payloads[i]));
			assert_memory_equal(place, payloads[i], len);
		}
	}
}

static void the_peers_static_key_is_known_once_it_was_sent(void **state)
{
	static const uint8_t zero[32];
	struct pair pair;
	unsigned int i;

	(void)state;
	for (i = 0; i <= 3; i++) {
		start(&pair, XX);
		advance(&pair, i);
		assert_memory_equal(pair.ends[0].state.rs,
				    i < 2 ? zero : pair.sides[1].keys.s_pub,
				    32);
		assert_memory_equal(pair.ends[1].state.rs,
				    i < 3 ? zero : pair.sides[0].keys.s_pub,
				    32);
	}
}

static void finish_gives_the_keys_once_and_keeps_those_of_a_bond(void **state)
{
	struct baton_noise_result result, again;
	uint8_t ck[32], h[32], want[2][32], msg[256] = {0};
	struct baton_noise *end;
	struct pair pair;
	unsigned int p;
	size_t len;

	(void)state;
	for (p = 0; p < PATTERNS; p++) {
		start(&pair, p);
		advance(&pair, table[p].n_messages);
		end = &pair.ends[0];
		memcpy(ck, end->state.ck, sizeof(ck));
		memcpy(h, end->state.h, sizeof(h));
		baton_hkdf_noise(want, 2, ck, NULL, 0);
		if (p != NNPSK0)
			assert_memory_equal(end->state.rs,
					    pair.sides[1].keys.s_pub, 32);
		assert_ok(baton_noise_finish(end, &result));
		assert_memory_equal(result.dir[0], want[0], 32);
		assert_memory_equal(result.dir[1], want[1], 32);
		assert_memory_equal(result.h, h, 32);

		again = result;
		assert_int_equal(baton_noise_finish(end, &again),
				 BATON_ERR_STATE);
		assert_memory_equal(&again, &result, sizeof(again));
		assert_int_equal(
			baton_noise_write(end, NULL, 0, msg, sizeof(msg), &len),
			BATON_ERR_STATE);
		assert_int_equal(
			baton_noise_read(end, msg, 100, msg, sizeof(msg), &len),
			BATON_ERR_STATE);
		assert_zero(&end->state, sizeof(end->state));
		assert_zero(end->e_priv, sizeof(end->e_priv));
		assert_memory_equal(end->keys.s_priv, pair.sides[0].keys.s_priv,
				    32);
		if (p != NNPSK0)
			assert_memory_equal(end->keys.rs,
					    pair.sides[1].keys.s_pub, 32);
	}
	start(&pair, XX);
	baton_noise_wipe(&pair.ends[0]);
	assert_zero(&pair.ends[0], sizeof(pair.ends[0]));
}

static void each_handshake_draws_an_ephemeral_key_of_its_own(void **state)
{
	struct baton_noise one = {.keys.psk = {1}}, other = one;
	const uint8_t seed[32] = {2};
	struct baton_drbg drbg;

	(void)state;
	baton_drbg_init(&drbg, seed);
	baton_noise_init(&one, &baton_noise_nnpsk0, true, NULL, 0, &drbg);
	baton_noise_init(&other, &baton_noise_nnpsk0, true, NULL, 0, &drbg);
	assert_memory_not_equal(one.e_priv, other.e_priv, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_agree_in_every_pattern),
		cmocka_unit_test(
			messages_are_as_long_as_the_specification_says),
		cmocka_unit_test(the_first_hash_is_that_of_the_protocol_name),
		cmocka_unit_test(a_damaged_message_changes_nothing),
		cmocka_unit_test(
			a_damaged_first_message_of_xx_fails_at_the_second),
		cmocka_unit_test(a_message_cut_or_stretched_changes_nothing),
		cmocka_unit_test(a_key_of_small_order_changes_nothing),
		cmocka_unit_test(a_write_to_a_key_of_small_order_is_the_end),
		cmocka_unit_test(what_the_sides_do_not_share_is_refused),
		cmocka_unit_test(another_prologue_is_refused),
		cmocka_unit_test(nobody_speaks_out_of_turn),
		cmocka_unit_test(too_little_room_changes_nothing),
		cmocka_unit_test(payloads_may_be_written_and_read_in_place),
		cmocka_unit_test(
			the_peers_static_key_is_known_once_it_was_sent),
		cmocka_unit_test(
			finish_gives_the_keys_once_and_keeps_those_of_a_bond),
		cmocka_unit_test(
			each_handshake_draws_an_ephemeral_key_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
