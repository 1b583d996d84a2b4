/* SPDX-License-Identifier: MIT */

/*
 * Bad input at the interface that applications have: every call answers with
 * the error that its header states, and not one byte of the state changes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "session/delivery.h"
#include "session/ownership.h"
#include "session/token.h"

#define ROOM 508
#define NOW 5000
#define MAX 32
#define PLACES 3
#define LONG 64 /* more than MAX */

/* All there is of one device. */
static struct {
	struct baton_delivery delivery;
	struct baton_channel channel[2];
	uint64_t memory[2][1024];
	struct baton_ownership own;
	struct baton_activity activity[2];
	struct baton_tokens tokens;
} world, before, peer;

static struct baton_requests *requests;
static struct baton_context *context;
static struct baton_queue *queue;
static uint8_t token[BATON_TOKEN_LEN], expired[BATON_TOKEN_LEN];
static uint32_t asked, number;

static const uint8_t bytes[LONG] = {1};
static const uint8_t mine[8] = "mine", none[8] = "none";
static const uint8_t notes_id[8] = "notes", maps_id[8] = "maps";
static const uint8_t root[2][32] = {{1}, {2}};
static const uint8_t bond[BATON_BOND_ID_LEN] = {3};

static const struct baton_application notes = {.id = "notes",
					       .message_max = MAX,
					       .requests = PLACES,
					       .context_max = MAX,
					       .item_max = MAX,
					       .outbox = PLACES,
					       .inbox = PLACES,
					       .rate = 1000,
					       .burst = 1000},
				      short_one = {.id = "short",
						   .message_max = 8,
						   .requests = 1,
						   .rate = 1,
						   .burst = 1};

static bool store(void)
{
	struct baton_store_op op;

	if (baton_delivery_next_store_op(&world.delivery, &op)) {
		baton_delivery_stored(&world.delivery, op.id, BATON_OK, NOW);
		return true;
	}
	if (baton_ownership_next_store_op(&world.own, &op)) {
		baton_ownership_stored(&world.own, op.id, BATON_OK, NOW);
		return true;
	}
	return false;
}

static bool move(struct baton_delivery *from, struct baton_delivery *to)
{
	uint8_t envelope[2 + ROOM];
	size_t len;

	if (!baton_delivery_tx(from, envelope, sizeof(envelope), &len, NOW))
		return false;
	assert_int_equal(baton_delivery_rx(to, envelope, len, NOW), BATON_OK);
	return true;
}

static void make(struct baton_delivery *delivery, struct baton_channel *channel,
		 uint64_t (*memory)[1024], uint8_t seed_byte)
{
	const struct baton_application *const apps[] = {&notes, &short_one};
	uint8_t seed[BATON_DRBG_SEED_LEN] = {seed_byte}, handle;
	int i;

	assert_int_equal(baton_delivery_init(delivery, channel, 2, seed),
			 BATON_OK);
	/* The peer has only the first of them. */
	for (i = 0; i < 2 - (seed_byte == 2); i++)
		assert_int_equal(baton_delivery_register(
					 delivery, apps[i], root[i], memory[i],
					 sizeof(memory[i]), &handle),
				 BATON_OK);
	baton_delivery_link(delivery, true, root[0], ROOM, NOW);
}

static void make_token(uint8_t *out, uint32_t life_ms)
{
	struct baton_tokens issuer;
	struct baton_token said = {.operations = 1, .life_ms = life_ms};

	memcpy(said.audience, notes_id, 8);
	memcpy(said.activity, mine, 8);
	baton_tokens_init(&issuer, BATON_PHONE);
	baton_tokens_link(&issuer, root[0], 0);
	issuer.issued = life_ms; /* another number for each */
	assert_int_equal(baton_tokens_issue(&issuer, &said, out, 0), BATON_OK);
	assert_int_equal(
		baton_tokens_take(&world.tokens, out, BATON_TOKEN_LEN, 100),
		BATON_OK);
}

/* A request waits, an item was told, the outbox and the requests are full. */
static int setup(void **state)
{
	struct baton_delivery_event event;
	static const uint8_t seed[BATON_DRBG_SEED_LEN] = {9};
	int i;

	(void)state;
	memset(&world, 0, sizeof(world));
	memset(&peer, 0, sizeof(peer));
	make(&world.delivery, world.channel, world.memory, 1);
	make(&peer.delivery, peer.channel, peer.memory, 2);
	requests = baton_delivery_requests(&world.delivery, 0);
	context = baton_delivery_context(&world.delivery, 0);
	queue = baton_delivery_queue(&world.delivery, 0);
	while (move(&world.delivery, &peer.delivery) ||
	       move(&peer.delivery, &world.delivery))
		;
	assert_int_equal(
		baton_requests_ask(baton_delivery_requests(&peer.delivery, 0),
				   bytes, 1, 1000, &asked, NOW),
		BATON_OK);
	while (move(&peer.delivery, &world.delivery))
		;
	for (i = 0; i < PLACES; i++) {
		assert_int_equal(baton_requests_ask(requests, bytes, 1, 9000,
						    &number, NOW),
				 BATON_OK);
		assert_int_equal(baton_queue_put(queue, bytes, 1, &number, NOW),
				 BATON_OK);
	}
	assert_int_equal(baton_ownership_init(&world.own, BATON_WATCH, bond,
					      world.activity, 2, seed),
			 BATON_OK);
	assert_int_equal(baton_ownership_begin(&world.own, mine, NOW),
			 BATON_OK);
	while (store())
		;
	while (baton_delivery_next_event(&world.delivery, &event))
		;
	baton_tokens_init(&world.tokens, BATON_WATCH);
	baton_tokens_link(&world.tokens, root[0], 0);
	make_token(expired, 1);
	make_token(token, 60000);
	number = 77;
	return 0;
}

static uint8_t scratch[64];

/* Name, the error that is stated, the call. */
#define CASES(X)                                                               \
	X(no_such_application, BATON_ERR_NOT_FOUND,                            \
	  baton_delivery_erase(&world.delivery, 2, NOW))                       \
	X(no_handle_at_all, BATON_ERR_NOT_FOUND,                               \
	  baton_delivery_erase(&world.delivery, 255, NOW))                     \
	X(live_key_of_none, BATON_ERR_NOT_FOUND,                               \
	  baton_delivery_live_key(&world.delivery, 2, scratch))                \
	X(registered_on_a_link, BATON_ERR_STATE,                               \
	  baton_delivery_register(&world.delivery, &notes, root[0], scratch,   \
				  sizeof(scratch), scratch))                   \
	X(requests_of_none, BATON_ERR_NOT_FOUND,                               \
	  baton_requests_ask(baton_delivery_requests(&world.delivery, 2),      \
			     bytes, 1, 1, &number, NOW))                       \
	X(context_of_none, BATON_ERR_NOT_FOUND,                                \
	  baton_context_set(baton_delivery_context(&world.delivery, 2), bytes, \
			    1, NOW))                                           \
	X(queue_of_none, BATON_ERR_NOT_FOUND,                                  \
	  baton_queue_put(baton_delivery_queue(&world.delivery, 2), bytes, 1,  \
			  &number, NOW))                                       \
	X(a_mode_it_has_not, BATON_ERR_NOT_FOUND,                              \
	  baton_queue_put(baton_delivery_queue(&world.delivery, 1), bytes, 1,  \
			  &number, NOW))                                       \
	X(an_application_the_peer_has_not, BATON_ERR_NOT_FOUND,                \
	  baton_requests_ask(baton_delivery_requests(&world.delivery, 1),      \
			     bytes, 1, 1, &number, NOW))                       \
	X(request_too_large, BATON_ERR_TOO_LARGE,                              \
	  baton_requests_ask(requests, bytes, MAX + 1, 1, &number, NOW))       \
	X(request_without_time, BATON_ERR_ARG,                                 \
	  baton_requests_ask(requests, bytes, 1, 0, &number, NOW))             \
	X(request_with_too_much_time, BATON_ERR_ARG,                           \
	  baton_requests_ask(requests, bytes, 1,                               \
			     BATON_REQUEST_TIMEOUT_MAX_MS + 1, &number, NOW))  \
	X(request_too_many, BATON_ERR_AGAIN,                                   \
	  baton_requests_ask(requests, bytes, 1, 1, &number, NOW))             \
	X(answer_too_large, BATON_ERR_TOO_LARGE,                               \
	  baton_requests_answer(requests, asked, bytes, MAX + 1, NOW))         \
	X(answer_to_nothing, BATON_ERR_NOT_FOUND,                              \
	  baton_requests_answer(requests, asked + 1, bytes, 1, NOW))           \
	X(refusal_of_nothing, BATON_ERR_NOT_FOUND,                             \
	  baton_requests_refuse(requests, asked + 1, 1, NOW))                  \
	X(cancel_of_nothing, BATON_ERR_NOT_FOUND,                              \
	  baton_requests_cancel(requests, 99, NOW))                            \
	X(value_too_large, BATON_ERR_TOO_LARGE,                                \
	  baton_context_set(context, bytes, MAX + 1, NOW))                     \
	X(item_too_large, BATON_ERR_TOO_LARGE,                                 \
	  baton_queue_put(queue, bytes, MAX + 1, &number, NOW))                \
	X(outbox_full, BATON_ERR_SPACE,                                        \
	  baton_queue_put(queue, bytes, 1, &number, NOW))                      \
	X(done_with_nothing, BATON_ERR_STATE, baton_queue_done(queue, 1, NOW)) \
	X(done_with_number_0, BATON_ERR_STATE,                                 \
	  baton_queue_done(queue, 0, NOW))                                     \
	X(begun_twice, BATON_ERR_STATE,                                        \
	  baton_ownership_begin(&world.own, mine, NOW))                        \
	X(offer_of_none, BATON_ERR_NOT_FOUND,                                  \
	  baton_ownership_offer(&world.own, none, 0, bytes, 1, NOW))           \
	X(offer_with_too_much_said, BATON_ERR_ARG,                             \
	  baton_ownership_offer(&world.own, mine, 0, bytes,                    \
				BATON_OFFER_INFO_MAX + 1, NOW))                \
	X(offer_of_a_lease_by_a_watch, BATON_ERR_ARG,                          \
	  baton_ownership_offer(&world.own, mine, 60000, bytes, 1, NOW))       \
	X(acceptance_of_none, BATON_ERR_NOT_FOUND,                             \
	  baton_ownership_accept(&world.own, none, NOW))                       \
	X(acceptance_of_mine, BATON_ERR_STATE,                                 \
	  baton_ownership_accept(&world.own, mine, NOW))                       \
	X(refusal_of_mine, BATON_ERR_STATE,                                    \
	  baton_ownership_refuse(&world.own, mine, 1, NOW))                    \
	X(release_without_offer, BATON_ERR_STATE,                              \
	  baton_ownership_release(&world.own, mine, NOW))                      \
	X(release_of_none, BATON_ERR_NOT_FOUND,                                \
	  baton_ownership_release(&world.own, none, NOW))                      \
	X(cancel_without_offer, BATON_ERR_STATE,                               \
	  baton_ownership_cancel(&world.own, mine, NOW))                       \
	X(renewal_of_what_is_no_lease, BATON_ERR_STATE,                        \
	  baton_ownership_renew(&world.own, mine, NOW))                        \
	X(end_of_none, BATON_ERR_NOT_FOUND,                                    \
	  baton_ownership_finish(&world.own, none, NOW))                       \
	X(state_of_none, BATON_ERR_NOT_FOUND,                                  \
	  baton_ownership_state(&world.own, none, 1, NOW))                     \
	X(token_that_never_ends, BATON_ERR_ARG,                                \
	  baton_tokens_issue(&world.tokens,                                    \
			     &(struct baton_token){                            \
				     .life_ms = BATON_TOKEN_LIFE_MAX_MS + 1},  \
			     scratch, 1000))                                   \
	X(token_without_life, BATON_ERR_ARG,                                   \
	  baton_tokens_issue(&world.tokens,                                    \
			     &(struct baton_token){.life_ms = 0}, scratch,     \
			     1000))                                            \
	X(token_revoked_by_a_watch, BATON_ERR_STATE,                           \
	  baton_tokens_revoke(&world.tokens, token + 1, 1000))

#define FUNCTION(name, wanted, call)     \
	static enum baton_err name(void) \
	{                                \
		return (call);           \
	}
CASES(FUNCTION)

#define ROW(name, wanted, call) {#name, wanted, name},
static const struct {
	const char *name;
	enum baton_err wanted;
	enum baton_err (*call)(void);
} cases[] = {CASES(ROW)};

static void a_bad_call_is_answered_and_changes_nothing(void **state)
{
	enum baton_err err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(state);
		memcpy(&before, &world, sizeof(world));
		err = cases[i].call();
		if (err != cases[i].wanted ||
		    memcmp(&before, &world, sizeof(world)) != 0 || number != 77)
			fail_msg("%s: answers %d in place of %d%s",
				 cases[i].name, err, cases[i].wanted,
				 memcmp(&before, &world, sizeof(world)) ||
						 number != 77
					 ? ", and changes something"
					 : "");
	}
	print_message("# %zu calls\n", i);
}

static void an_unknown_application_is_an_error_everywhere(void **state)
{
	struct baton_delivery *a = &world.delivery;
	uint8_t handle;

	(void)state;
	for (handle = 2; handle != 0; handle++) {
		assert_null(baton_delivery_requests(a, handle));
		assert_null(baton_delivery_context(a, handle));
		assert_null(baton_delivery_queue(a, handle));
		assert_null(baton_delivery_id(a, handle));
		assert_null(baton_delivery_keys(a, handle));
		assert_false(baton_delivery_is_open(a, handle));
		assert_int_equal(baton_delivery_erase(a, handle, NOW),
				 BATON_ERR_NOT_FOUND);
		assert_int_equal(
			baton_queue_put(baton_delivery_queue(a, handle), bytes,
					1, &number, NOW),
			BATON_ERR_NOT_FOUND);
	}
	/* A mode that the application does not have. */
	assert_null(baton_delivery_queue(a, 1));
	assert_null(baton_delivery_context(a, 1));
}

/* A refused token is counted and told, and else changes nothing. */
static void a_bad_token_is_refused_and_told(void **state)
{
	static const struct {
		const uint8_t *bytes;
		size_t len;
		const uint8_t *audience, *activity;
		uint16_t operations;
		enum baton_token_verdict verdict;
	} bad[] = {
		{token, 0, notes_id, mine, 1, BATON_TOKEN_UNKNOWN},
		{token, BATON_TOKEN_LEN - 1, notes_id, mine, 1,
		 BATON_TOKEN_UNKNOWN},
		{bytes, BATON_TOKEN_LEN, notes_id, mine, 1,
		 BATON_TOKEN_UNKNOWN},
		{token, BATON_TOKEN_LEN, maps_id, mine, 1,
		 BATON_TOKEN_AUDIENCE},
		{token, BATON_TOKEN_LEN, notes_id, none, 1, BATON_TOKEN_SCOPE},
		{token, BATON_TOKEN_LEN, notes_id, mine, 2, BATON_TOKEN_SCOPE},
		{expired, BATON_TOKEN_LEN, notes_id, mine, 1, BATON_TOKEN_LATE},
	};
	struct baton_token_event event;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(baton_tokens_use(&world.tokens, bad[i].bytes,
						  bad[i].len, bad[i].audience,
						  bad[i].activity,
						  bad[i].operations, NOW),
				 bad[i].verdict);
		assert_true(baton_tokens_next_event(&world.tokens, &event));
		assert_int_equal(event.verdict, bad[i].verdict);
	}
	assert_int_equal(baton_tokens_use(&world.tokens, token, sizeof(token),
					  notes_id, mine, 1, NOW),
			 BATON_TOKEN_GRANTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			a_bad_call_is_answered_and_changes_nothing, setup),
		cmocka_unit_test_setup(
			an_unknown_application_is_an_error_everywhere, setup),
		cmocka_unit_test_setup(a_bad_token_is_refused_and_told, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
