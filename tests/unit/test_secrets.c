/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <valgrind/memcheck.h>

#include "crypto/advert.h"
#include "crypto/cpace.h"
#include "crypto/drbg.h"
#include "crypto/keys.h"
#include "tests/support/pair.h"
#include "tests/support/wrapped.h"
#include "tests/support/fixed.h"
#include "tests/unit/crypto_test.h"

/*
 * No branch and no index depends on a secret. To be run under valgrind, which
 * is told that secrets are undefined: it then reports each branch on them, on
 * what comes of them, and each address made of them. The program is linked
 * with --wrap for the few places where a secret becomes public:
 *
 *   what goes over the link, or is shown to a person;
 *   what was opened, for its reader is there to read it;
 *   the verdict of a comparison or on a point, which the peer sees anyway;
 *   ids and nonces drawn at random, as long as they are no key.
 *
 * Nothing is suppressed. libsodium itself branches on two verdicts, so it is
 * linked as an archive, where each can be made public on its way: of the rest
 * of the functions that ask for one, multiplication included, every branch is
 * looked at.
 */

#define SECRET(x) (void)VALGRIND_MAKE_MEM_UNDEFINED(&(x), sizeof(x))
#define PUBLIC(x) (void)VALGRIND_MAKE_MEM_DEFINED(&(x), sizeof(x))

/* libsodium's own: was the tag of a sealed message right? */
int __real_crypto_verify_16(const unsigned char *x, const unsigned char *y);
int __wrap_crypto_verify_16(const unsigned char *x, const unsigned char *y);

int __wrap_crypto_verify_16(const unsigned char *x, const unsigned char *y)
{
	int verdict = __real_crypto_verify_16(x, y);

	PUBLIC(verdict);
	return verdict;
}

/*
 * Is a point an element of ristretto255? The peer's share is public. The
 * generator of a typed code is not, but it comes out of a map that makes
 * nothing else, so the answer is always yes. Where it is given depends on
 * whether the encoding is canonical: even, below 2^255, and below p. So much is
 * made public of it that this shows: two bits, and as many bytes as have a 0
 * in every place. All others stay secret, and what is done with them is seen.
 */
static void show_canonical(unsigned char s[BATON_CRYPTO_POINT_LEN])
{
	unsigned char vbits[BATON_CRYPTO_POINT_LEN];
	unsigned char plain[BATON_CRYPTO_POINT_LEN];
	unsigned char zeros = 0;
	size_t i;

	(void)VALGRIND_GET_VBITS(s, vbits, sizeof(vbits));
	memcpy(plain, s, sizeof(plain));
	PUBLIC(plain);
	vbits[0] &= 0xfe;
	vbits[31] &= 0x7f;
	for (i = 1; i < 31 && zeros != 0xff; i++) {
		vbits[i] = 0;
		zeros |= (unsigned char)~plain[i];
	}
	(void)VALGRIND_SET_VBITS(s, vbits, sizeof(vbits));
}

int __real_ristretto255_frombytes(void *h, const unsigned char *s);
int __wrap_ristretto255_frombytes(void *h, const unsigned char *s);

int __wrap_ristretto255_frombytes(void *h, const unsigned char *s)
{
	unsigned char shown[BATON_CRYPTO_POINT_LEN];
	int verdict;

	memcpy(shown, s, sizeof(shown));
	show_canonical(shown);
	verdict = __real_ristretto255_frombytes(h, shown);
	PUBLIC(verdict);
	return verdict;
}

WRAPPED(baton_crypto_equal);

bool __wrap_baton_crypto_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	bool verdict = __real_baton_crypto_equal(a, b, len);

	PUBLIC(verdict);
	return verdict;
}

WRAPPED(baton_crypto_x25519);

enum baton_err __wrap_baton_crypto_x25519(uint8_t *out, const uint8_t *scalar,
					  const uint8_t *point)
{
	enum baton_err err = __real_baton_crypto_x25519(out, scalar, point);

	PUBLIC(err);
	return err;
}

WRAPPED(baton_crypto_ristretto255);

enum baton_err __wrap_baton_crypto_ristretto255(uint8_t *out,
						const uint8_t *scalar,
						const uint8_t *point)
{
	enum baton_err err =
		__real_baton_crypto_ristretto255(out, scalar, point);

	PUBLIC(err);
	return err;
}

WRAPPED(baton_crypto_open);

enum baton_err __wrap_baton_crypto_open(uint8_t *out, const uint8_t *sealed,
					size_t sealed_len, const uint8_t *ad,
					size_t ad_len, const uint8_t *nonce,
					const uint8_t *key)
{
	enum baton_err err = __real_baton_crypto_open(out, sealed, sealed_len,
						      ad, ad_len, nonce, key);

	if (sealed_len >= BATON_CRYPTO_TAG_LEN)
		(void)VALGRIND_MAKE_MEM_DEFINED(
			out, sealed_len - BATON_CRYPTO_TAG_LEN);
	PUBLIC(err);
	return err;
}

WRAPPED(baton_drbg_bytes);

void __wrap_baton_drbg_bytes(struct baton_drbg *drbg, uint8_t *out, size_t len)
{
	__real_baton_drbg_bytes(drbg, out, len);
	if (len < BATON_CRYPTO_KEY_LEN)
		(void)VALGRIND_MAKE_MEM_DEFINED(out, len);
}

WRAPPED(baton_compare_code);

uint32_t __wrap_baton_compare_code(const struct baton_keys *keys,
				   const uint8_t *phone_nonce,
				   const uint8_t *watch_nonce)
{
	uint32_t code =
		__real_baton_compare_code(keys, phone_nonce, watch_nonce);

	PUBLIC(code);
	return code;
}

WRAPPED(baton_session_tx);

size_t __wrap_baton_session_tx(struct baton_session *session, uint8_t *dst,
			       size_t cap, uint64_t now_ms)
{
	size_t len = __real_baton_session_tx(session, dst, cap, now_ms);

	(void)VALGRIND_MAKE_MEM_DEFINED(dst, len);
	return len;
}

static unsigned long errors_before;

static int begin(void **state)
{
	(void)state;
	errors_before = VALGRIND_COUNT_ERRORS;
	return 0;
}

/* What the errors are, valgrind has said on stderr. */
static void assert_no_error(void)
{
	if (VALGRIND_COUNT_ERRORS != errors_before)
		fail_msg("%lu branches or addresses depend on a secret",
			 VALGRIND_COUNT_ERRORS - errors_before);
}

static void a_branch_and_an_index_by_a_secret_are_found(void **state)
{
	static const uint8_t table[256] = {1};
	volatile uint8_t secret = 7, to = 0;
	unsigned long errors;

	(void)state;
	SECRET(secret);
	errors = VALGRIND_COUNT_ERRORS;
	if (secret & 1)
		to = 1;
	assert_true(VALGRIND_COUNT_ERRORS > errors);
	errors = VALGRIND_COUNT_ERRORS;
	to = table[secret];
	assert_true(VALGRIND_COUNT_ERRORS > errors);
	(void)to;
	errors_before = VALGRIND_COUNT_ERRORS;
}

static void primitives(void **state)
{
	uint8_t key[32], point[32], nonce[12] = {0}, hash[64], text[300];
	uint8_t sealed[sizeof(text) + BATON_CRYPTO_TAG_LEN];
	struct baton_crypto_sha256 sha;
	bool same;

	(void)state;
	fill(key, sizeof(key), 1);
	fill(text, sizeof(text), 5);
	SECRET(key);
	SECRET(text);
	baton_crypto_x25519_base(point, key);
	PUBLIC(point);
	(void)!baton_crypto_x25519(point, key, point);
	baton_crypto_seal(sealed, text, sizeof(text), key, 5, nonce, key);
	(void)!__real_baton_crypto_open(text, sealed, sizeof(sealed), key, 5,
					nonce, key);
	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, text, sizeof(text));
	baton_crypto_sha256_final(&sha, hash);
	baton_crypto_sha512(hash, text, sizeof(text));
	baton_crypto_ristretto255_map(point, hash);
	/* The shares are public, the generator that comes of the code is not. */
	(void)!baton_crypto_ristretto255(point, key, point);
	same = __real_baton_crypto_equal(key, text, sizeof(key));
	PUBLIC(same);
	assert_false(same);
	baton_crypto_wipe(key, sizeof(key));
	assert_zero(key, sizeof(key));
	assert_no_error();
}

struct ends {
	uint8_t s_priv[2][32], s_pub[2][32], e_priv[2][32], psk[32];
	struct baton_noise noise[2];
	struct baton_noise_result result[2];
};

static void make_ends(struct ends *ends,
		      const struct baton_noise_pattern *pattern)
{
	struct baton_noise_keys keys;
	int i;

	memset(ends, 0, sizeof(*ends));
	fill(ends->psk, 32, 9);
	SECRET(ends->psk);
	for (i = 0; i < 2; i++) {
		fill(ends->s_priv[i], 32, i ? 0x10 : 0x30);
		fill(ends->e_priv[i], 32, i ? 0x50 : 0x70);
		baton_crypto_x25519_base(ends->s_pub[i], ends->s_priv[i]);
		SECRET(ends->s_priv[i]);
		SECRET(ends->e_priv[i]);
	}
	for (i = 0; i < 2; i++) {
		memcpy(keys.s_priv, ends->s_priv[i], 32);
		memcpy(keys.s_pub, ends->s_pub[i], 32);
		memcpy(keys.rs, ends->s_pub[!i], 32);
		memcpy(keys.psk, ends->psk, 32);
		assert_ok(baton_crypto_x25519(keys.ss, keys.s_priv, keys.rs));
		fixed_noise_init(&ends->noise[i], pattern, !i, NULL, 0, &keys,
				 ends->e_priv[i]);
	}
}

static void handshakes(void **state)
{
	static const struct baton_noise_pattern *const patterns[] = {
		&baton_noise_xx, &baton_noise_xxpsk0, &baton_noise_kkpsk0,
		&baton_noise_nnpsk0};
	uint8_t payload[32], msg[256];
	struct ends ends;
	unsigned int p, m;
	size_t len;

	(void)state;
	for (p = 0; p < 4; p++) {
		make_ends(&ends, patterns[p]);
		fill(payload, sizeof(payload), 3);
		for (m = 0; m < baton_noise_messages(patterns[p]); m++) {
			SECRET(payload);
			assert_ok(baton_noise_write(&ends.noise[m & 1], payload,
						    sizeof(payload), msg,
						    sizeof(msg), &len));
			(void)VALGRIND_MAKE_MEM_DEFINED(msg, len);
			msg[len - 1] ^= m > 0;
			if (m > 0)
				assert_int_equal(
					baton_noise_read(&ends.noise[!(m & 1)],
							 msg, len, payload,
							 sizeof(payload), &len),
					BATON_ERR_PEER_AUTH);
			len = sizeof(payload) +
			      baton_noise_overhead(patterns[p], m);
			msg[len - 1] ^= m > 0;
			assert_ok(baton_noise_read(&ends.noise[!(m & 1)], msg,
						   len, payload,
						   sizeof(payload), &len));
		}
		for (m = 0; m < 2; m++)
			assert_ok(baton_noise_finish(&ends.noise[m],
						     &ends.result[m]));
		PUBLIC(ends.result);
		assert_memory_equal(&ends.result[0], &ends.result[1],
				    sizeof(ends.result[0]));
	}
	assert_no_error();
}

static void keys_records_and_the_comparison(void **state)
{
	uint8_t nonce[2][32], commit[32], reveal[48], buf[64], tag[16];
	struct baton_record_key record, peer;
	struct baton_keys keys;
	struct ends ends;
	uint32_t code;
	size_t len, none;
	int i;

	(void)state;
	make_ends(&ends, &baton_noise_nnpsk0);
	for (i = 0; i < 2; i++) {
		assert_ok(baton_noise_write(&ends.noise[i], NULL, 0, buf,
					    sizeof(buf), &len));
		PUBLIC(buf);
		assert_ok(baton_noise_read(&ends.noise[!i], buf, len, NULL, 0,
					   &none));
	}
	assert_ok(baton_keys_finish(&keys, &ends.noise[0]));
	fill(nonce[0], 32, 1);
	fill(nonce[1], 32, 2);
	SECRET(nonce);
	baton_compare_commit(commit, nonce[1]);
	PUBLIC(commit);
	baton_compare_reveal(reveal, &keys, nonce[1]);
	PUBLIC(reveal);
	assert_ok(baton_compare_check(&keys, reveal, sizeof(reveal), commit));
	code = baton_compare_code(&keys, nonce[0], nonce[1]);
	assert_in_range(code, 0, BATON_COMPARE_CODES - 1);
	baton_bond_tag(tag, keys.tag_key, commit, commit);

	baton_keys_record(&record, keys.noise.dir[BATON_KEYS_I2R], 1);
	baton_keys_record(&peer, keys.noise.dir[BATON_KEYS_I2R], 1);
	for (i = 0; i < 2; i++) {
		fill(buf, sizeof(buf), 4);
		SECRET(buf);
		assert_ok(baton_record_seal(&record, commit, 2, buf, 48));
		PUBLIC(buf);
		assert_ok(baton_record_open(&peer, commit, 2, buf, 64, &len));
		baton_record_rekey(&record);
		baton_record_rekey(&peer);
	}
	baton_record_wipe(&record);
	assert_no_error();
}

static void the_generator(void **state)
{
	uint8_t seed[32], out[200];
	struct baton_drbg drbg;

	(void)state;
	fill(seed, sizeof(seed), 1);
	SECRET(seed);
	baton_drbg_init(&drbg, seed);
	baton_drbg_bytes(&drbg, out, sizeof(out));
	baton_drbg_stir(&drbg, out);
	baton_drbg_bytes(&drbg, out, 32);
	assert_no_error();
}

static void a_typed_code(void **state)
{
	uint8_t code[6], random[32], isk[2][BATON_CPACE_ISK_LEN], psk[2][32];
	const struct baton_cpace_input input = {code, sizeof(code)};
	const struct baton_cpace_input none = {NULL, 0};
	struct baton_cpace cpace[2];
	uint8_t share[2][32];
	int i;

	(void)state;
	memcpy(code, "012345", sizeof(code));
	SECRET(code);
	for (i = 0; i < 2; i++) {
		fill(random, sizeof(random), i ? 0x20 : 0x40);
		SECRET(random);
		assert_ok(baton_cpace_start(&cpace[i], &input, &none, &none,
					    random));
		memcpy(share[i], cpace[i].share, sizeof(share[i]));
		PUBLIC(share[i]);
	}
	for (i = 0; i < 2; i++) {
		assert_ok(baton_cpace_finish(
			&cpace[i], i ? BATON_CPACE_B : BATON_CPACE_A, share[!i],
			&none, &none, &none, isk[i]));
		baton_cpace_psk(psk[i], isk[i]);
	}
	PUBLIC(psk);
	assert_memory_equal(psk[0], psk[1], sizeof(psk[0]));
	assert_no_error();
}

static bool delivered(struct pair *pair)
{
	return pair->end[BATON_WATCH].delivered > 0;
}

/* Everything that two devices do with their keys, from the seed on. */
static void a_session(void **state)
{
	struct pair *pair = test_malloc(sizeof(*pair));
	int i;

	(void)state;
	pair_init(pair, 7);
	for (i = 0; i < 2; i++)
		SECRET(pair->end[i].session.drbg.key);
	assert_true(pair_bond(pair));
	pair_down(pair);
	pair_reboot(pair, BATON_WATCH);
	SECRET(pair->end[BATON_WATCH].session.drbg.key);
	pair_up(pair);
	assert_true(pair_run(pair, pair_secured, 10000));
	pair_send(pair, BATON_WATCH, 20000);
	assert_true(pair_run(pair, delivered, 60000));
	pair_free(pair);
	test_free(pair);
	assert_no_error();
}

/* By what one device shows and the other takes; true if they are secured. */
static void pair_by(uint8_t watch_can, uint8_t phone_can)
{
	struct pair *pair = test_malloc(sizeof(*pair));
	struct pair_end *watch = &pair->end[BATON_WATCH];
	struct pair_end *phone = &pair->end[BATON_PHONE];
	uint8_t secret[BATON_OOB_SECRET_LEN];
	char text[BATON_OOB_TEXT_LEN];
	int i;

	pair_init_methods(pair, 7, watch_can, phone_can);
	for (i = 0; i < 2; i++)
		SECRET(pair->end[i].session.drbg.key);
	if (watch_can == BATON_PAIR_OUT_OF_BAND) {
		assert_ok(baton_session_secret_make(&watch->session, secret,
						    pair->now_ms));
		/* The text is made of the secret, and shown to a person. */
		baton_oob_text(secret, text);
		PUBLIC(text);
		assert_ok(baton_oob_parse(text, secret));
		SECRET(secret);
		assert_ok(baton_session_secret_take(&phone->session, secret,
						    pair->now_ms));
	} else {
		assert_ok(baton_session_pairing_open(&watch->session,
						     pair->now_ms));
		assert_ok(baton_session_pairing_open(&phone->session,
						     pair->now_ms));
		pair_up(pair);
		(void)pair_run(pair, pair_secured, 3000);
		pair_down(pair);
		assert_int_equal(watch->shown, 1);
		baton_typed_text(watch->digits, text);
		(void)VALGRIND_MAKE_MEM_DEFINED(text, BATON_TYPED_TEXT_LEN);
		assert_ok(baton_session_code(&phone->session, text,
					     pair->now_ms));
		SECRET(phone->session.secrets->digits);
		(void)pair_turn(pair);
	}
	pair_up(pair);
	assert_true(pair_run(pair, pair_secured, 10000));
	pair_free(pair);
	test_free(pair);
}

static void pairing_by_a_secret_or_a_typed_code(void **state)
{
	(void)state;
	pair_by(BATON_PAIR_OUT_OF_BAND, BATON_PAIR_OUT_OF_BAND);
	pair_by(BATON_PAIR_SHOW, BATON_PAIR_TYPE);
	assert_no_error();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			a_branch_and_an_index_by_a_secret_are_found, begin),
		cmocka_unit_test_setup(primitives, begin),
		cmocka_unit_test_setup(handshakes, begin),
		cmocka_unit_test_setup(keys_records_and_the_comparison, begin),
		cmocka_unit_test_setup(the_generator, begin),
		cmocka_unit_test_setup(a_typed_code, begin),
		cmocka_unit_test_setup(a_session, begin),
		cmocka_unit_test_setup(pairing_by_a_secret_or_a_typed_code,
				       begin),
	};

	if (!RUNNING_ON_VALGRIND) {
		puts("1..0 # SKIP to be run under valgrind");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
