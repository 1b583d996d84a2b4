/* SPDX-License-Identifier: MIT */

/* What a peer can do to the machine of handoffs: session/OWNERSHIP.md 2, 6. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/handoff.h"

#define PLACES 2
#define OFFER 0x20
#define OK(call) assert_int_equal(call, BATON_OK)

static struct baton_handoff watch;
static struct baton_activity activity[PLACES];
static struct baton_handoff_place place[PLACES];
static struct baton_application_keys keys;
static const uint8_t app[BATON_APPLICATION_ID_LEN] = "notes";
static uint64_t now_ms;

static int setup(void **state)
{
	static const uint8_t root[32] = {1}, key[32] = {2};
	uint8_t bond[BATON_BOND_ID_LEN] = {9};
	uint8_t seed[BATON_DRBG_SEED_LEN] = {3};

	(void)state;
	now_ms = 1000;
	baton_application_keys(&keys, root);
	OK(baton_handoff_init(&watch, BATON_WATCH, bond, activity, place,
			      PLACES, seed));
	OK(baton_handoff_register(&watch, 0, app, &keys, 2));
	baton_handoff_link(&watch, true, key, now_ms);
	baton_handoff_open(&watch, 0, true, now_ms);
	return 0;
}

/* An offer without a token, of a lease of 1000 ms. */
static void offer(uint8_t epoch)
{
	const uint8_t body[] = {1, 0, 0, 0, 0, 0, 0, 0, epoch, 0, 0xe3, 0xe8};

	(void)baton_handoff_rx_frame(&watch, OFFER, body, sizeof(body), now_ms);
}

static unsigned int store_all(void)
{
	struct baton_store_op op;
	unsigned int n = 0;

	for (; baton_handoff_next_store_op(&watch, &op); n++)
		baton_handoff_stored(&watch, op.id, BATON_OK, now_ms);
	return n;
}

static unsigned int refused(void)
{
	uint8_t code, body[BATON_FRAME_BODY_MAX];
	unsigned int n = 0;
	size_t len;

	while (baton_handoff_tx_frame(&watch, &code, body, &len, now_ms))
		n += code == 0x24;
	return n;
}

static void a_peer_cannot_wear_the_store_out_by_offers(void **state)
{
	unsigned int writes = 0;
	uint8_t epoch;

	(void)state;
	for (epoch = 1; epoch <= 100; epoch++) {
		offer(epoch);
		writes += store_all();
	}
	assert_int_equal(writes, 8);
	(void)refused();
	/* What was dropped is repeated, and refused then. */
	now_ms += 1000;
	offer(100);
	assert_int_equal(store_all(), 1);
	assert_int_equal(refused(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			a_peer_cannot_wear_the_store_out_by_offers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
