/* SPDX-License-Identifier: MIT */
#include "crypto/record.h"
#include "tests/unit/crypto_test.h"

static const uint8_t hdr[] = {'h', 'd', 'r'};

static void start(struct baton_record_key *a, struct baton_record_key *b)
{
	uint8_t key[32];

	fill(key, sizeof(key), 0);
	baton_record_init(a, key);
	baton_record_init(b, key);
}

static size_t seal(struct baton_record_key *record, uint8_t *buf,
		   const char *text)
{
	memcpy(buf, text, strlen(text));
	assert_ok(
		baton_record_seal(record, hdr, sizeof(hdr), buf, strlen(text)));
	return strlen(text) + BATON_RECORD_TAG_LEN;
}

static void the_second_record_is_that_of_the_specification(void **state)
{
	struct baton_record_key a, b;
	uint8_t buf[64];

	(void)state;
	start(&a, &b);
	(void)seal(&a, buf, "other");
	(void)seal(&a, buf, "plain");
	assert_hex(buf, "ef3b9236db78b283d2cb24d80a67962fde4a0d4284");
}

static void records_open_in_the_order_of_sealing(void **state)
{
	static const char *const texts[] = {"first", "", "third"};
	struct baton_record_key a, b;
	uint8_t buf[64];
	size_t i, len;

	(void)state;
	start(&a, &b);
	for (i = 0; i < 3; i++) {
		len = seal(&a, buf, texts[i]);
		assert_ok(baton_record_open(&b, hdr, sizeof(hdr), buf, len,
					    &len));
		assert_int_equal(len, strlen(texts[i]));
		assert_memory_equal(buf, texts[i], len);
		assert_int_equal(b.counter, i + 1);
	}
}

static void what_does_not_open_changes_nothing(void **state)
{
	struct baton_record_key a, b, before;
	uint8_t first[64], second[64], buf[64];
	size_t len, got, bit;

	(void)state;
	start(&a, &b);
	len = seal(&a, first, "first");
	(void)seal(&a, second, "again");
	before = b;
	/* Out of order, every flipped bit, another header, too short. */
	memcpy(buf, second, len);
	assert_int_equal(
		baton_record_open(&b, hdr, sizeof(hdr), buf, len, &got),
		BATON_ERR_PEER_AUTH);
	for (bit = 0; bit < 8 * len; bit++) {
		memcpy(buf, first, len);
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		got = 99;
		assert_int_equal(
			baton_record_open(&b, hdr, sizeof(hdr), buf, len, &got),
			BATON_ERR_PEER_AUTH);
		assert_int_equal(got, 0);
	}
	memcpy(buf, first, len);
	assert_int_equal(baton_record_open(&b, hdr, 2, buf, len, &got),
			 BATON_ERR_PEER_AUTH);
	assert_int_equal(baton_record_open(&b, hdr, sizeof(hdr), buf, 15, &got),
			 BATON_ERR_PEER_LENGTH);
	assert_memory_equal(&b, &before, sizeof(b));
	/* And the right ones still come through, once each. */
	memcpy(buf, first, len);
	assert_ok(baton_record_open(&b, hdr, sizeof(hdr), buf, len, &got));
	memcpy(buf, first, len);
	assert_int_equal(
		baton_record_open(&b, hdr, sizeof(hdr), buf, len, &got),
		BATON_ERR_PEER_AUTH);
	assert_ok(baton_record_open(&b, hdr, sizeof(hdr), second, len, &got));
}

static void nothing_is_sealed_or_opened_at_the_limit(void **state)
{
	struct baton_record_key a, b;
	uint8_t buf[64], plain[64];
	size_t len;

	(void)state;
	start(&a, &b);
	a.counter = b.counter = BATON_RECORD_LIMIT - 1;
	len = seal(&a, buf, "last");
	assert_ok(baton_record_open(&b, hdr, sizeof(hdr), buf, len, &len));
	fill(buf, sizeof(buf), 1);
	memcpy(plain, buf, sizeof(plain));
	assert_int_equal(baton_record_seal(&a, hdr, sizeof(hdr), buf, 4),
			 BATON_ERR_EXHAUSTED);
	assert_int_equal(baton_record_open(&b, hdr, sizeof(hdr), buf, 20, &len),
			 BATON_ERR_EXHAUSTED);
	assert_memory_equal(buf, plain, sizeof(plain));
	baton_record_rekey(&a);
	baton_record_rekey(&b);
	len = seal(&a, buf, "next");
	assert_ok(baton_record_open(&b, hdr, sizeof(hdr), buf, len, &len));
}

static void a_rekeyed_key_is_new_and_the_old_one_is_gone(void **state)
{
	struct baton_record_key a, b;
	uint8_t buf[64];
	size_t len;

	(void)state;
	start(&a, &b);
	len = seal(&a, buf, "old");
	baton_record_rekey(&b);
	assert_hex(b.key, "428a9bf1b988f7500ca1d59151978f20"
			  "85e65fb74c6f37214b3ba3dde51bd249");
	assert_int_equal(b.counter, 0);
	assert_int_equal(b.generation, 1);
	assert_int_equal(
		baton_record_open(&b, hdr, sizeof(hdr), buf, len, &len),
		BATON_ERR_PEER_AUTH);
}

static void a_wiped_key_seals_no_more(void **state)
{
	struct baton_record_key a, b;
	uint8_t buf[64];
	size_t len;

	(void)state;
	start(&a, &b);
	baton_record_wipe(&a);
	assert_zero(a.key, sizeof(a.key));
	assert_int_equal(baton_record_seal(&a, NULL, 0, buf, 1),
			 BATON_ERR_EXHAUSTED);
	assert_int_equal(baton_record_open(&a, NULL, 0, buf, 17, &len),
			 BATON_ERR_EXHAUSTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_second_record_is_that_of_the_specification),
		cmocka_unit_test(records_open_in_the_order_of_sealing),
		cmocka_unit_test(what_does_not_open_changes_nothing),
		cmocka_unit_test(nothing_is_sealed_or_opened_at_the_limit),
		cmocka_unit_test(a_rekeyed_key_is_new_and_the_old_one_is_gone),
		cmocka_unit_test(a_wiped_key_seals_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
