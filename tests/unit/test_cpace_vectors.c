/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "crypto/cpace.h"
#include "tests/unit/crypto_test.h"

/*
 * The draft's own vectors for ristretto255. The file is looked for in
 * $BATON_VECTORS, VECTORS_DIR if it is not set; without it this exits 77.
 */

static char path[1024];

struct bytes {
	uint8_t data[128];
	size_t len;
};

static struct bytes get(const json_t *object, const char *key)
{
	const char *hex = json_string_value(json_object_get(object, key));
	struct bytes bytes = {{0}, 0};
	unsigned int byte;

	assert_non_null(hex);
	assert_true(strlen(hex) <= 2 * sizeof(bytes.data));
	for (; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		bytes.data[bytes.len++] = (uint8_t)byte;
	}
	return bytes;
}

static json_t *load(const char *name)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);
	json_t *object;

	if (!root)
		fail_msg("%s: line %d: %s", path, error.line, error.text);
	object = json_incref(json_object_get(root, name));
	assert_non_null(object);
	json_decref(root);
	return object;
}

static void both_sides_come_to_the_drafts_key(void **state)
{
	static const char *const scalar[] = {"ya", "yb"};
	static const char *const share[] = {"Ya", "Yb"};
	json_t *v = load("G_Coffee25519");
	const struct bytes prs = get(v, "PRS"), ci = get(v, "CI");
	const struct bytes sid = get(v, "sid"), isk = get(v, "ISK_IR");
	const struct bytes ada = get(v, "ADa"), adb = get(v, "ADb");
	const struct baton_cpace_input code = {prs.data, prs.len};
	const struct baton_cpace_input channel = {ci.data, ci.len};
	const struct baton_cpace_input session = {sid.data, sid.len};
	const struct baton_cpace_input ad_a = {ada.data, ada.len};
	const struct baton_cpace_input ad_b = {adb.data, adb.len};
	uint8_t got[BATON_CPACE_ISK_LEN];
	struct baton_cpace cpace;
	struct bytes peer, want;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		want = get(v, scalar[i]);
		assert_ok(baton_cpace_start(&cpace, &code, &channel, &session,
					    want.data));
		want = get(v, share[i]);
		assert_memory_equal(cpace.share, want.data, want.len);
		peer = get(v, share[!i]);
		assert_ok(baton_cpace_finish(
			&cpace, i ? BATON_CPACE_B : BATON_CPACE_A, peer.data,
			&session, &ad_a, &ad_b, got));
		assert_int_equal(isk.len, sizeof(got));
		assert_memory_equal(got, isk.data, sizeof(got));
	}
	json_decref(v);
}

static void the_multiplication_is_the_drafts(void **state)
{
	json_t *v = load("G_Coffee25519_points");
	const json_t *valid = json_object_get(v, "Valid");
	const struct bytes s = get(valid, "s"), x = get(valid, "X");
	const struct bytes want = get(valid, "G.scalar_mult_vfy(s,X)");
	uint8_t out[32];

	(void)state;
	assert_ok(baton_crypto_ristretto255(out, s.data, x.data));
	assert_memory_equal(out, want.data, sizeof(out));
	json_decref(v);
}

static void the_drafts_invalid_shares_are_refused(void **state)
{
	json_t *v = load("G_Coffee25519_points");
	const struct bytes s = get(json_object_get(v, "Valid"), "s");
	struct bytes y;
	uint8_t out[32];

	(void)state;
	y = get(v, "Invalid Y1");
	assert_int_equal(baton_crypto_ristretto255(out, s.data, y.data),
			 BATON_ERR_PEER_FORMAT);
	assert_zero(out, sizeof(out));
	y = get(v, "Invalid Y2");
	assert_int_equal(baton_crypto_ristretto255(out, s.data, y.data),
			 BATON_ERR_PEER_FORMAT);
	assert_zero(out, sizeof(out));
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_come_to_the_drafts_key),
		cmocka_unit_test(the_multiplication_is_the_drafts),
		cmocka_unit_test(the_drafts_invalid_shares_are_refused),
	};
	const char *dir = getenv("BATON_VECTORS");

	snprintf(path, sizeof(path), "%s/cpace_testvectors.json",
		 dir && *dir ? dir : VECTORS_DIR);
	if (access(path, R_OK)) {
		printf("%s: %s: no CPace vectors, nothing was tested; "
		       "BATON_VECTORS names their folder\n",
		       path, strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
