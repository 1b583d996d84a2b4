/* SPDX-License-Identifier: MIT */
#include "session/typed.h"
#include "tests/unit/crypto_test.h"

static void the_last_digit_is_that_of_the_specification(void **state)
{
	static const char *const texts[] = {"0000009", "1234568", "9999998"};
	char text[BATON_TYPED_TEXT_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		baton_typed_text((const uint8_t *)texts[i], text);
		assert_string_equal(text, texts[i]);
	}
}

static void a_code_is_read_as_people_type_it(void **state)
{
	static const char *const texts[] = {"1234568", "123 456 8", "123-4568",
					    " 1 2 3 4 5 6 8\n"};
	uint8_t digits[BATON_TYPED_DIGITS];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(digits, 0, sizeof(digits));
		assert_ok(baton_typed_parse(texts[i], digits));
		assert_memory_equal(digits, "123456", sizeof(digits));
	}
}

static void any_wrong_digit_is_noticed(void **state)
{
	static const char *const codes[] = {"000000", "123456", "980765"};
	uint8_t digits[BATON_TYPED_DIGITS];
	char text[BATON_TYPED_TEXT_LEN], wrong[BATON_TYPED_TEXT_LEN];
	size_t c, i;
	char d;

	(void)state;
	for (c = 0; c < sizeof(codes) / sizeof(codes[0]); c++) {
		baton_typed_text((const uint8_t *)codes[c], text);
		for (i = 0; i < BATON_TYPED_DIGITS + 1; i++)
			for (d = '0'; d <= '9'; d++) {
				strcpy(wrong, text);
				wrong[i] = d;
				assert_int_equal(
					baton_typed_parse(wrong, digits),
					d == text[i] ? BATON_OK
						     : BATON_ERR_ARG);
			}
	}
}

/* Two digits exchanged: in how many of a thousand codes it goes unnoticed. */
static void nearly_every_exchange_is_noticed(void **state)
{
	uint8_t digits[BATON_TYPED_DIGITS];
	char code[16], text[BATON_TYPED_TEXT_LEN], c;
	unsigned int n, missed = 0, tried = 0;
	size_t i;

	(void)state;
	for (n = 0; n < 1000; n++) {
		snprintf(code, sizeof(code), "%06u", n * 7919 % 1000000);
		for (i = 0; i + 1 < BATON_TYPED_DIGITS + 1; i++) {
			baton_typed_text((const uint8_t *)code, text);
			if (text[i] == text[i + 1])
				continue;
			c = text[i];
			text[i] = text[i + 1];
			text[i + 1] = c;
			tried++;
			missed += !baton_typed_parse(text, digits);
		}
	}
	assert_true(missed * 30 < tried);
}

/* The value of a comparison has six digits: typing it gives nothing. */
static void what_is_compared_is_no_code(void **state)
{
	uint8_t digits[BATON_TYPED_DIGITS];
	char text[16];
	unsigned int n;

	(void)state;
	for (n = 0; n < 1000000; n += 97) {
		snprintf(text, sizeof(text), "%03u %03u", n / 1000, n % 1000);
		assert_int_equal(baton_typed_parse(text, digits),
				 BATON_ERR_ARG);
	}
}

static void what_is_no_code_is_refused(void **state)
{
	static const char *const texts[] = {"",	       "123456",   "12345600",
					    "12345x8", "1234568x", "+1234568"};
	uint8_t digits[BATON_TYPED_DIGITS];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(baton_typed_parse(texts[i], digits),
				 BATON_ERR_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_digit_is_that_of_the_specification),
		cmocka_unit_test(a_code_is_read_as_people_type_it),
		cmocka_unit_test(any_wrong_digit_is_noticed),
		cmocka_unit_test(nearly_every_exchange_is_noticed),
		cmocka_unit_test(what_is_compared_is_no_code),
		cmocka_unit_test(what_is_no_code_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
