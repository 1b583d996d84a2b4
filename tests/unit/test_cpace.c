/* SPDX-License-Identifier: MIT */
#include "crypto/cpace.h"
#include "tests/unit/crypto_test.h"

static const struct baton_cpace_input none;

static struct baton_cpace_input text(const char *s)
{
	return (struct baton_cpace_input){(const uint8_t *)s, strlen(s)};
}

struct run {
	struct baton_cpace end[2];
	uint8_t share[2][BATON_CPACE_SHARE_LEN];
	uint8_t isk[2][BATON_CPACE_ISK_LEN];
	enum baton_err err[2];
};

/* What each side puts in; the scalars differ. */
struct inputs {
	const char *code[2], *channel[2], *session[2], *ad_a[2], *ad_b[2];
};

static void start(struct run *run, const struct inputs *in)
{
	uint8_t random[32];
	int i;

	memset(run, 0, sizeof(*run));
	for (i = 0; i < 2; i++) {
		const struct baton_cpace_input code = text(in->code[i]);
		const struct baton_cpace_input channel = text(in->channel[i]);
		const struct baton_cpace_input session = text(in->session[i]);

		fill(random, sizeof(random), i ? 0x40 : 0x80);
		assert_ok(baton_cpace_start(&run->end[i], &code, &channel,
					    &session, random));
		memcpy(run->share[i], run->end[i].share, sizeof(run->share[i]));
	}
}

static void finish(struct run *run, const struct inputs *in)
{
	int i;

	for (i = 0; i < 2; i++) {
		const struct baton_cpace_input session = text(in->session[i]);
		const struct baton_cpace_input ad_a = text(in->ad_a[i]);
		const struct baton_cpace_input ad_b = text(in->ad_b[i]);

		run->err[i] = baton_cpace_finish(
			&run->end[i], i ? BATON_CPACE_B : BATON_CPACE_A,
			run->share[!i], &session, &ad_a, &ad_b, run->isk[i]);
	}
}

static const struct inputs same = {
	{"123456", "123456"}, {"channel", "channel"},
	{"sid", "sid"},	      {"a", "a"},
	{"b", "b"},
};

static void one_code_makes_one_key(void **state)
{
	uint8_t psk[2][32];
	struct run run;

	(void)state;
	start(&run, &same);
	finish(&run, &same);
	assert_ok(run.err[0]);
	assert_ok(run.err[1]);
	assert_memory_equal(run.isk[0], run.isk[1], sizeof(run.isk[0]));
	baton_cpace_psk(psk[0], run.isk[0]);
	baton_cpace_psk(psk[1], run.isk[1]);
	assert_memory_equal(psk[0], psk[1], sizeof(psk[0]));
	assert_memory_not_equal(psk[0], run.isk[0], sizeof(psk[0]));
}

static void whatever_differs_makes_another_key(void **state)
{
	struct inputs in;
	struct run run;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		in = same;
		switch (i) {
		case 0:
			in.code[1] = "123457";
			break;
		case 1:
			in.channel[1] = "channeL";
			break;
		case 2:
			in.session[1] = "Sid";
			break;
		case 3:
			in.ad_a[1] = "";
			break;
		case 4:
			in.ad_b[1] = "ba";
			break;
		}
		start(&run, &in);
		finish(&run, &in);
		assert_ok(run.err[0]);
		assert_ok(run.err[1]);
		assert_memory_not_equal(run.isk[0], run.isk[1],
					sizeof(run.isk[0]));
	}
}

static void two_of_the_same_role_do_not_agree(void **state)
{
	const struct baton_cpace_input session = text(same.session[0]);
	struct run run;
	int i;

	(void)state;
	start(&run, &same);
	for (i = 0; i < 2; i++)
		assert_ok(baton_cpace_finish(&run.end[i], BATON_CPACE_A,
					     run.share[!i], &session, &none,
					     &none, run.isk[i]));
	assert_memory_not_equal(run.isk[0], run.isk[1], sizeof(run.isk[0]));
}

static void a_share_that_is_no_element_is_refused(void **state)
{
	static const struct {
		uint8_t first, fill, last;
	} shares[] = {
		{0, 0, 0}, /* the neutral element */
		{1, 0, 0}, /* negative */
		{0xed, 0xff, 0x7f}, /* p, not canonical */
		{0xff, 0xff, 0xff}, {2, 0, 0x80}, /* the top bit */
		{2, 0, 0}, /* not a square */
	};
	const struct baton_cpace_input session = text(same.session[0]);
	uint8_t share[BATON_CPACE_SHARE_LEN];
	struct run run;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		start(&run, &same);
		memset(share, shares[i].fill, sizeof(share));
		share[0] = shares[i].first;
		share[31] = shares[i].last;
		memset(run.isk[0], 0x55, sizeof(run.isk[0]));
		assert_int_equal(baton_cpace_finish(&run.end[0], BATON_CPACE_A,
						    share, &session, &none,
						    &none, run.isk[0]),
				 BATON_ERR_PEER_FORMAT);
		assert_zero(run.isk[0], sizeof(run.isk[0]));
		assert_zero(&run.end[0], sizeof(run.end[0]));
	}
}

static void inputs_up_to_the_limit_are_taken_and_no_longer_ones(void **state)
{
	static const uint8_t bytes[BATON_CPACE_INPUT_MAX + 1] = {7};
	const struct baton_cpace_input most = {bytes, BATON_CPACE_INPUT_MAX};
	const struct baton_cpace_input more = {bytes, sizeof(bytes)};
	uint8_t random[32], isk[BATON_CPACE_ISK_LEN];
	struct baton_cpace cpace, peer;
	int i;

	(void)state;
	fill(random, sizeof(random), 1);
	assert_ok(baton_cpace_start(&peer, &most, &most, &most, random));
	for (i = 0; i < 3; i++) {
		assert_int_equal(
			baton_cpace_start(&cpace, i == 0 ? &more : &most,
					  i == 1 ? &more : &most,
					  i == 2 ? &more : &most, random),
			BATON_ERR_TOO_LARGE);
		assert_zero(&cpace, sizeof(cpace));
		assert_ok(
			baton_cpace_start(&cpace, &most, &most, &most, random));
		assert_int_equal(
			baton_cpace_finish(&cpace, BATON_CPACE_A, peer.share,
					   i == 0 ? &more : &most,
					   i == 1 ? &more : &most,
					   i == 2 ? &more : &most, isk),
			BATON_ERR_TOO_LARGE);
		assert_zero(&cpace, sizeof(cpace));
	}
	assert_ok(baton_cpace_start(&cpace, &most, &most, &most, random));
	assert_ok(baton_cpace_finish(&cpace, BATON_CPACE_A, peer.share, &most,
				     &most, &most, isk));
}

static void a_generator_without_randomness_does_not_start(void **state)
{
	static const uint8_t zeros[32];
	const struct baton_cpace_input code = text(same.code[0]);
	struct baton_cpace cpace;

	(void)state;
	assert_int_equal(baton_cpace_start(&cpace, &code, &none, &none, zeros),
			 BATON_ERR_RANDOM);
	assert_zero(&cpace, sizeof(cpace));
}

static void a_finished_run_keeps_no_scalar(void **state)
{
	struct run run;

	(void)state;
	start(&run, &same);
	finish(&run, &same);
	assert_zero(run.end, sizeof(run.end));
}

/* RFC 9496, A.1 and A.3; SHA-512 of FIPS 180-4. */
static void the_primitives_agree_with_their_specifications(void **state)
{
	static const uint8_t espresso[] =
		"Ristretto is traditionally a short shot of espresso coffee";
	uint8_t one[32] = {1}, three[32] = {3}, six[32] = {6};
	uint8_t base[32], a[32], b[32], hash[64];

	(void)state;
	baton_crypto_sha512(hash, espresso, sizeof(espresso) - 1);
	baton_crypto_ristretto255_map(a, hash);
	assert_hex(a, "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe"
		      "50f44a0a46");
	/* Six times an element is three times its double. */
	memcpy(base, a, sizeof(base));
	assert_ok(baton_crypto_ristretto255(b, one, base));
	assert_memory_equal(b, base, sizeof(base));
	assert_ok(baton_crypto_ristretto255(a, six, base));
	one[0] = 2;
	assert_ok(baton_crypto_ristretto255(b, one, base));
	assert_ok(baton_crypto_ristretto255(b, three, b));
	assert_memory_equal(a, b, sizeof(a));
	baton_crypto_sha512(hash, (const uint8_t *)"abc", 3);
	assert_hex(hash, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9e"
			 "eee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423"
			 "643ce80e2a9ac94fa54ca49f");
}

/* crypto/SPEC.md, "Test values". */
static void the_values_are_those_of_the_specification(void **state)
{
	uint8_t random[32], isk[BATON_CPACE_ISK_LEN], psk[32], session[32];
	const struct baton_cpace_input code = text("012345");
	const struct baton_cpace_input channel = text("baton typed code 1");
	const struct baton_cpace_input sid = {session, sizeof(session)};
	struct baton_cpace a, b;

	(void)state;
	fill(session, sizeof(session), 0x60);
	fill(random, sizeof(random), 0x00);
	assert_ok(baton_cpace_start(&a, &code, &channel, &sid, random));
	fill(random, sizeof(random), 0x20);
	assert_ok(baton_cpace_start(&b, &code, &channel, &sid, random));
	assert_hex(a.share, "84c9c33bfb6326a5b4f82740e7234854");
	assert_hex(b.share, "d28ade52af00028008508c1815f0e032");
	assert_ok(baton_cpace_finish(&a, BATON_CPACE_A, b.share, &sid, &none,
				     &none, isk));
	baton_cpace_psk(psk, isk);
	assert_hex(psk, "39f1ed2f1da1d3de03f305ea78d0a38a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_code_makes_one_key),
		cmocka_unit_test(whatever_differs_makes_another_key),
		cmocka_unit_test(two_of_the_same_role_do_not_agree),
		cmocka_unit_test(a_share_that_is_no_element_is_refused),
		cmocka_unit_test(
			inputs_up_to_the_limit_are_taken_and_no_longer_ones),
		cmocka_unit_test(a_generator_without_randomness_does_not_start),
		cmocka_unit_test(a_finished_run_keeps_no_scalar),
		cmocka_unit_test(
			the_primitives_agree_with_their_specifications),
		cmocka_unit_test(the_values_are_those_of_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
