/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "crypto/hkdf.h"
#include "crypto/primitives.h"
#include "tests/unit/crypto_test.h"

/*
 * Project Wycheproof's edge cases against the port. The files are looked for
 * in $BATON_VECTORS/wycheproof, VECTORS_DIR if it is not set; without them
 * this exits 77.
 */

#define BYTES_MAX 65536

struct bytes {
	uint8_t data[BYTES_MAX];
	size_t len;
};

static const char *vectors_dir(void)
{
	const char *dir = getenv("BATON_VECTORS");

	return dir && *dir ? dir : VECTORS_DIR;
}

static unsigned int nibble(char c)
{
	assert_true((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return (unsigned int)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static const struct bytes *get(struct bytes *bytes, const json_t *test,
			       const char *key)
{
	const char *hex = json_string_value(json_object_get(test, key));
	size_t i;

	assert_non_null(hex);
	bytes->len = strlen(hex) / 2;
	assert_true(bytes->len <= BYTES_MAX);
	for (i = 0; i < bytes->len; i++)
		bytes->data[i] = (uint8_t)(nibble(hex[2 * i]) << 4 |
					   nibble(hex[2 * i + 1]));
	return bytes;
}

static bool has_flag(const json_t *test, const char *flag)
{
	const json_t *flags = json_object_get(test, "flags");
	size_t i;

	for (i = 0; i < json_array_size(flags); i++)
		if (!strcmp(json_string_value(json_array_get(flags, i)), flag))
			return true;
	return false;
}

static bool is_valid(const json_t *test)
{
	return strcmp(json_string_value(json_object_get(test, "result")),
		      "invalid") != 0;
}

/* Every test of the file; the number of them must be what the file says. */
static void each_test(const char *name,
		      void (*run)(const json_t *group, const json_t *test))
{
	const json_t *groups, *group, *tests;
	json_int_t n = 0;
	json_error_t error;
	char path[1024];
	json_t *root;
	size_t i, j;

	snprintf(path, sizeof(path), "%s/wycheproof/%s.json", vectors_dir(),
		 name);
	root = json_load_file(path, 0, &error);
	if (!root)
		fail_msg("%s: line %d: %s", path, error.line, error.text);
	groups = json_object_get(root, "testGroups");
	for (i = 0; i < json_array_size(groups); i++) {
		group = json_array_get(groups, i);
		tests = json_object_get(group, "tests");
		for (j = 0; j < json_array_size(tests); j++, n++)
			run(group, json_array_get(tests, j));
	}
	assert_true(n > 0);
	assert_int_equal(
		n, json_integer_value(json_object_get(root, "numberOfTests")));
	json_decref(root);
}

static void run_x25519(const json_t *group, const json_t *test)
{
	static struct bytes private, public, shared;
	uint8_t out[BATON_CRYPTO_POINT_LEN];
	enum baton_err err;

	(void)group;
	get(&private, test, "private");
	get(&public, test, "public");
	get(&shared, test, "shared");
	assert_int_equal(private.len, 32);
	assert_int_equal(public.len, 32);
	err = baton_crypto_x25519(out, private.data, public.data);
	assert_int_equal(err, has_flag(test, "ZeroSharedSecret")
				      ? BATON_ERR_PEER_FORMAT
				      : BATON_OK);
	assert_memory_equal(out, shared.data, sizeof(out));
}

static void x25519_passes(void **state)
{
	(void)state;
	each_test("x25519_test", run_x25519);
}

static void run_aead(const json_t *group, const json_t *test)
{
	static struct bytes key, nonce, ad, plain, sealed, tag;
	static uint8_t out[BYTES_MAX];
	enum baton_err err;

	(void)group;
	get(&nonce, test, "iv");
	/* The port has no other length of nonce that could be refused. */
	if (nonce.len != BATON_CRYPTO_NONCE_LEN) {
		assert_true(has_flag(test, "InvalidNonceSize"));
		return;
	}
	get(&key, test, "key");
	get(&ad, test, "aad");
	get(&plain, test, "msg");
	get(&sealed, test, "ct");
	get(&tag, test, "tag");
	memcpy(sealed.data + sealed.len, tag.data, tag.len);
	sealed.len += tag.len;
	if (is_valid(test)) {
		baton_crypto_seal(out, plain.data, plain.len, ad.data, ad.len,
				  nonce.data, key.data);
		assert_memory_equal(out, sealed.data, sealed.len);
	}
	err = baton_crypto_open(out, sealed.data, sealed.len, ad.data, ad.len,
				nonce.data, key.data);
	assert_int_equal(err, is_valid(test) ? BATON_OK : BATON_ERR_PEER_AUTH);
	if (is_valid(test))
		assert_memory_equal(out, plain.data, plain.len);
}

static void chacha20_poly1305_passes(void **state)
{
	(void)state;
	each_test("chacha20_poly1305_test", run_aead);
}

static void run_hmac(const json_t *group, const json_t *test)
{
	static struct bytes key, msg, tag;
	uint8_t out[BATON_CRYPTO_HASH_LEN];

	(void)group;
	get(&key, test, "key");
	get(&msg, test, "msg");
	get(&tag, test, "tag");
	assert_true(tag.len <= sizeof(out));
	baton_hmac(out, key.data, key.len, msg.data, msg.len);
	assert_int_equal(baton_crypto_equal(out, tag.data, tag.len),
			 is_valid(test));
}

static void hmac_sha256_passes(void **state)
{
	(void)state;
	each_test("hmac_sha256_test", run_hmac);
}

static unsigned int hkdf_run;

/* What Noise can ask for: a salt of 32 bytes or less, no info, three blocks. */
static void run_hkdf(const json_t *group, const json_t *test)
{
	static struct bytes ikm, salt, info, okm;
	uint8_t ck[BATON_CRYPTO_HASH_LEN] = {0};
	uint8_t out[3][BATON_CRYPTO_HASH_LEN];

	(void)group;
	get(&ikm, test, "ikm");
	get(&salt, test, "salt");
	get(&info, test, "info");
	get(&okm, test, "okm");
	if (salt.len > sizeof(ck) || info.len > 0 || okm.len > sizeof(out) ||
	    !is_valid(test))
		return;
	memcpy(ck, salt.data, salt.len);
	baton_hkdf_noise(out, 3, ck, ikm.data, ikm.len);
	assert_memory_equal(out, okm.data, okm.len);
	hkdf_run++;
}

static void hkdf_sha256_passes(void **state)
{
	(void)state;
	each_test("hkdf_sha256_test", run_hkdf);
	assert_true(hkdf_run > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x25519_passes),
		cmocka_unit_test(chacha20_poly1305_passes),
		cmocka_unit_test(hmac_sha256_passes),
		cmocka_unit_test(hkdf_sha256_passes),
	};
	char path[1024];

	snprintf(path, sizeof(path), "%s/wycheproof", vectors_dir());
	if (access(path, R_OK)) {
		printf("%s: %s: no Wycheproof vectors, nothing was tested; "
		       "BATON_VECTORS names the folder above it\n",
		       path, strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
