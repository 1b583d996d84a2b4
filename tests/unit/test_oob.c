/* SPDX-License-Identifier: MIT */
#include "session/oob.h"
#include "tests/unit/crypto_test.h"

static const char spec_text[] =
	"BATON1:"
	"AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5"
	"DYPWFUSA";

static void the_text_is_that_of_the_specification(void **state)
{
	uint8_t secret[BATON_OOB_SECRET_LEN];
	char text[BATON_OOB_TEXT_LEN];

	(void)state;
	fill(secret, sizeof(secret), 0);
	baton_oob_text(secret, text);
	assert_string_equal(text, spec_text);
}

static void every_letter_of_a_text_is_read_back(void **state)
{
	uint8_t secret[BATON_OOB_SECRET_LEN], back[BATON_OOB_SECRET_LEN];
	char text[BATON_OOB_TEXT_LEN];
	unsigned int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		memset(secret, (int)i, sizeof(secret));
		secret[i % 32] ^= 0x5a;
		baton_oob_text(secret, text);
		assert_int_equal(strlen(text), BATON_OOB_TEXT_LEN - 1);
		assert_ok(baton_oob_parse(text, back));
		assert_memory_equal(back, secret, sizeof(back));
	}
}

static void it_is_read_as_people_type_it(void **state)
{
	static const char *const texts[] = {
		"baton1:aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypwfusa",
		"AAAQ EAYE AUDA OCAJ BIFQ YDIO B4IB CEQT CQKR MFYY DENB WHA5 "
		"DYPW FUSA\n",
		"  BATON1: aaaqeaye-audaocaj-bifqydio-b4ibceqt-cqkrmfyy-denbwha5-"
		"dypwfusa",
	};
	uint8_t secret[BATON_OOB_SECRET_LEN], want[BATON_OOB_SECRET_LEN];
	size_t i;

	(void)state;
	fill(want, sizeof(want), 0);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_ok(baton_oob_parse(texts[i], secret));
		assert_memory_equal(secret, want, sizeof(secret));
	}
}

static void any_wrong_letter_or_exchange_is_noticed(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t secret[BATON_OOB_SECRET_LEN];
	char text[BATON_OOB_TEXT_LEN], c;
	size_t i, j;

	(void)state;
	for (i = 7; i < BATON_OOB_TEXT_LEN - 1; i++) {
		strcpy(text, spec_text);
		for (j = 0; j < 32; j++) {
			text[i] = letters[j];
			if (text[i] != spec_text[i])
				assert_int_equal(baton_oob_parse(text, secret),
						 BATON_ERR_ARG);
		}
		strcpy(text, spec_text);
		c = text[i];
		text[i] = text[i - 1];
		text[i - 1] = c;
		if (i > 7 && text[i] != text[i - 1])
			assert_int_equal(baton_oob_parse(text, secret),
					 BATON_ERR_ARG);
	}
	assert_zero(secret, sizeof(secret));
}

static void what_is_no_secret_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"BATON1:",
		"1234567",
		"BATON2:AAAQ",
		/* One letter short, one too many, one that is none. */
		"AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPWFUS",
		"AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPWFUSAA",
		"AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPWFU1A",
	};
	uint8_t secret[BATON_OOB_SECRET_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(secret, 9, sizeof(secret));
		assert_int_equal(baton_oob_parse(texts[i], secret),
				 BATON_ERR_ARG);
		assert_zero(secret, sizeof(secret));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_that_of_the_specification),
		cmocka_unit_test(every_letter_of_a_text_is_read_back),
		cmocka_unit_test(it_is_read_as_people_type_it),
		cmocka_unit_test(any_wrong_letter_or_exchange_is_noticed),
		cmocka_unit_test(what_is_no_secret_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
