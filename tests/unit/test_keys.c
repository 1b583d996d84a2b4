/* SPDX-License-Identifier: MIT */
#include "crypto/keys.h"
#include "tests/unit/crypto_test.h"

static void start(struct baton_keys *keys)
{
	fill(keys->noise.dir[0], 32, 0x00);
	fill(keys->noise.dir[1], 32, 0x20);
	fill(keys->noise.h, 32, 0x60);
}

/* A handshake of which all messages went by. */
static void go_by(struct baton_noise *noise)
{
	memset(noise, 0, sizeof(*noise));
	noise->pattern = &baton_noise_nnpsk0;
	noise->state.step = 2;
	fill(noise->state.ck, 32, 0x40);
	fill(noise->state.h, 32, 0x60);
	fill(noise->keys.psk, 32, 0x70);
}

static void the_schedule_is_that_of_the_specification(void **state)
{
	struct baton_noise noise;
	struct baton_keys keys;
	uint8_t h[32];

	(void)state;
	go_by(&noise);
	assert_ok(baton_keys_finish(&keys, &noise));
	assert_hex(keys.noise.dir[0], "750df07ce9f271ed73984e7f151064bd"
				      "94751c68a4d24b713144ce57276252ff");
	assert_hex(keys.noise.dir[1], "9e01c34fb88cef24b469314c2bd760c8"
				      "638a9dd026b386628b45aab9c1a5f8eb");
	assert_hex(noise.keys.psk, "67746621869eef738ae59cdf659ea44e"
				   "87f542a1d1f433ace26c856cf267ec13");
	assert_hex(keys.tag_key, "9c1184a98dfbf1c1301dc5d4642b01a0"
				 "0c5336178b187fbedf57f20160435dab");
	assert_hex(keys.ticket_psk, "860a571cfe200cf74b56dfb4126259cd"
				    "07a20cfda3dff44ff07a06fd83e780e9");
	fill(h, sizeof(h), 0x60);
	assert_memory_equal(keys.noise.h, h, sizeof(h));
	baton_keys_wipe(&keys);
	assert_zero(&keys, sizeof(keys));
}

static void nothing_comes_of_a_handshake_that_is_not_complete(void **state)
{
	struct baton_noise noise;
	struct baton_keys keys;
	uint8_t psk[32];

	(void)state;
	memset(&keys, 0, sizeof(keys));
	go_by(&noise);
	noise.state.step = 1;
	assert_int_equal(baton_keys_finish(&keys, &noise), BATON_ERR_STATE);
	assert_zero(&keys, sizeof(keys));
	fill(psk, sizeof(psk), 0x70);
	assert_memory_equal(noise.keys.psk, psk, sizeof(psk));
	noise.state.step = 2;
	assert_ok(baton_keys_finish(&keys, &noise));
	assert_int_equal(baton_keys_finish(&keys, &noise), BATON_ERR_STATE);
}

static void record_keys_are_those_of_the_specification(void **state)
{
	struct baton_keys keys;
	struct baton_record_key record;

	(void)state;
	start(&keys);
	baton_keys_record(&record, keys.noise.dir[BATON_KEYS_I2R], 3);
	assert_hex(record.key, "0ab52bc841080145f5218b8c947b74d9"
			       "b2d9cdfa8f5c8878f345d11221c36fad");
	assert_int_equal(record.counter, 0);
	assert_int_equal(record.generation, 0);
	baton_keys_record(&record, keys.noise.dir[BATON_KEYS_R2I], 3);
	assert_hex(record.key, "e8b2f46ff52cf0693c2ff8e10a3effde"
			       "4decd2a1561cfabda18a617b5b00d922");
}

static void no_two_directions_or_classes_share_a_key(void **state)
{
	static struct baton_record_key records[2 * 256];
	struct baton_keys keys;
	size_t i, j;

	(void)state;
	start(&keys);
	for (i = 0; i < 512; i++) {
		baton_keys_record(&records[i], keys.noise.dir[i & 1],
				  (uint8_t)(i >> 1));
		for (j = 0; j < i; j++)
			assert_true(memcmp(records[i].key, records[j].key, 32));
	}
}

static void the_comparison_is_that_of_the_specification(void **state)
{
	struct baton_keys keys;
	uint8_t phone[32], watch[32], commit[32], reveal[48];

	(void)state;
	start(&keys);
	fill(phone, sizeof(phone), 0x80);
	fill(watch, sizeof(watch), 0xa0);
	baton_compare_commit(commit, watch);
	assert_hex(commit, "2cc9e54a2181968962b17b772057767c"
			   "acb5271210f24800a5a7b5333e052c8d");
	baton_compare_reveal(reveal, &keys, watch);
	assert_hex(reveal, "54ad2f2ea9fadcf3d739e8365a282222"
			   "c714fe4d383c706fbd0a47cde5f77a10"
			   "845926105367a654ddb84f838264da6a");
	assert_ok(baton_compare_check(&keys, reveal, sizeof(reveal), commit));
	assert_memory_equal(reveal, watch, sizeof(watch));
	assert_int_equal(baton_compare_code(&keys, phone, watch), 583571);
	/* The two roles are not interchangeable. */
	assert_int_not_equal(baton_compare_code(&keys, watch, phone), 583571);
}

static void a_reveal_that_does_not_fit_is_refused(void **state)
{
	struct baton_keys keys;
	uint8_t watch[32], commit[32], reveal[48], msg[49];
	size_t bit;

	(void)state;
	start(&keys);
	fill(watch, sizeof(watch), 0xa0);
	baton_compare_commit(commit, watch);
	baton_compare_reveal(reveal, &keys, watch);
	for (bit = 0; bit < 8 * sizeof(reveal); bit++) {
		memcpy(msg, reveal, sizeof(reveal));
		msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(
			baton_compare_check(&keys, msg, sizeof(reveal), commit),
			BATON_ERR_PEER_AUTH);
	}
	for (bit = 0; bit < 8 * sizeof(commit); bit++) {
		memcpy(msg, reveal, sizeof(reveal));
		commit[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(
			baton_compare_check(&keys, msg, sizeof(reveal), commit),
			BATON_ERR_PROTOCOL);
		commit[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	memcpy(msg, reveal, sizeof(reveal));
	assert_int_equal(baton_compare_check(&keys, msg, 47, commit),
			 BATON_ERR_PEER_LENGTH);
	assert_int_equal(baton_compare_check(&keys, msg, 49, commit),
			 BATON_ERR_PEER_LENGTH);
	assert_memory_equal(msg, reveal, sizeof(reveal));
}

/* A chi-square of the first digit, and that h takes part. */
static void codes_are_spread_evenly(void **state)
{
	enum { N = 20000 };
	unsigned int count[10] = {0};
	uint8_t phone[32] = {0}, watch[32] = {0};
	struct baton_keys keys;
	uint32_t code;
	double chi = 0;
	int i;

	(void)state;
	start(&keys);
	for (i = 0; i < N; i++) {
		memcpy(phone, &i, sizeof(i));
		code = baton_compare_code(&keys, phone, watch);
		assert_true(code < BATON_COMPARE_CODES);
		count[code / 100000]++;
	}
	for (i = 0; i < 10; i++)
		chi += (count[i] - N / 10.0) * (count[i] - N / 10.0) /
		       (N / 10.0);
	/* 9 degrees of freedom: above 33.7 in one run of ten thousand. */
	assert_true(chi < 33.7);
	code = baton_compare_code(&keys, phone, watch);
	keys.noise.h[31] ^= 1;
	assert_int_not_equal(baton_compare_code(&keys, phone, watch), code);
}

static void the_bond_tag_is_that_of_the_specification(void **state)
{
	uint8_t key[32], nonce[16], e_pub[32], tag[17], other[16];

	(void)state;
	fill(key, sizeof(key), 0xc0);
	fill(nonce, sizeof(nonce), 0xe0);
	fill(e_pub, sizeof(e_pub), 0x10);
	tag[16] = 0x55;
	baton_bond_tag(tag, key, nonce, e_pub);
	assert_hex(tag, "5363e1b617e6d5926d53087fa329595255");
	nonce[15] ^= 1;
	baton_bond_tag(other, key, nonce, e_pub);
	assert_memory_not_equal(other, tag, 16);
	nonce[15] ^= 1;
	e_pub[31] ^= 1;
	baton_bond_tag(other, key, nonce, e_pub);
	assert_memory_not_equal(other, tag, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schedule_is_that_of_the_specification),
		cmocka_unit_test(
			nothing_comes_of_a_handshake_that_is_not_complete),
		cmocka_unit_test(record_keys_are_those_of_the_specification),
		cmocka_unit_test(no_two_directions_or_classes_share_a_key),
		cmocka_unit_test(the_comparison_is_that_of_the_specification),
		cmocka_unit_test(a_reveal_that_does_not_fit_is_refused),
		cmocka_unit_test(codes_are_spread_evenly),
		cmocka_unit_test(the_bond_tag_is_that_of_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
