/* SPDX-License-Identifier: MIT */

/*
 * Envelopes of an authenticated peer that may send what it likes, between what
 * an honest application does (session/DELIVERY.md). Of two applications the
 * peer has one: the other hears nothing and stores nothing. Numbers and
 * versions never go back, nothing is beyond its limits, and all that was stored
 * is loaded again.
 */

#include <string.h>

#include "base/bytes.h"
#include "session/delivery.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stored.h"

#define ROOM 508
#define STORED 64
#define BOX 4

static struct baton_delivery delivery;
static struct baton_channel channel[2];
static uint64_t memory[2][4096];
static struct stored stored[STORED];
static struct baton_store_op op;
static bool op_out;
static uint64_t now_ms, boots, version;
static uint32_t item, asked; /* the last ones told */

static const uint8_t root[2][32] = {{1}, {2}};

static const struct baton_application theirs = {.id = "theirs",
						.message_max = 40,
						.requests = 3,
						.context_max = 40,
						.item_max = 40,
						.outbox = BOX,
						.inbox = BOX,
						.rate = 1000,
						.burst = 1000};

static void set_link(bool up)
{
	static const uint8_t key[32] = {1};

	baton_delivery_link(&delivery, up, key, ROOM, now_ms);
}

static void apply(void)
{
	const struct baton_store_write *write;
	size_t w;

	FUZZ_CHECK(shelf_apply(SHELF(stored), &op));
	for (w = 0; w < op.count; w++) {
		write = &op.write[w];
		/* Nothing of what the peer does not have. */
		FUZZ_CHECK(
			write->kind == BATON_STORE_DELETE ||
			!baton_application_name(&channel[1].keys, write->key));
	}
}

static void start(void)
{
	uint8_t seed[BATON_DRBG_SEED_LEN] = {0}, handle;
	struct baton_application other = theirs;

	baton_store_be64(seed, ++boots);
	other.id[0] = 'o';
	FUZZ_CHECK(!baton_delivery_init(&delivery, channel, 2, seed));
	FUZZ_CHECK(!baton_delivery_register(&delivery, &theirs, root[0],
					    memory[0], sizeof(memory[0]),
					    &handle));
	FUZZ_CHECK(!baton_delivery_register(&delivery, &other, root[1],
					    memory[1], sizeof(memory[1]),
					    &handle));
	stored_load(stored, STORED, &delivery);
	op_out = false;
	set_link(false);
}

/* The peer has not got the other one, whatever it finds out about its id. */
static bool names_other(const uint8_t *bytes, size_t len)
{
	size_t at;

	for (at = 2; at + 8 <= len; at++)
		if (bytes[0] == 0 &&
		    memcmp(bytes + at, channel[1].application.id, 8) == 0)
			return true;
	return false;
}

static void take_queue(const struct baton_queue_event *event)
{
	FUZZ_CHECK(event->type != BATON_QUEUE_ITEM || event->len <= 40);
	if (event->type != BATON_QUEUE_ITEM)
		return;
	FUZZ_CHECK(event->number > item);
	item = event->number;
}

static void take_event(void)
{
	struct baton_delivery_event event;

	if (!baton_delivery_next_event(&delivery, &event))
		return;
	switch (event.type) {
	case BATON_DELIVERY_REQUEST:
		FUZZ_CHECK(event.application == 0);
		FUZZ_CHECK(event.u.request.len <= 40);
		if (event.u.request.type == BATON_REQUEST_ASKED)
			asked = event.u.request.number;
		break;
	case BATON_DELIVERY_CONTEXT:
		FUZZ_CHECK(event.application == 0);
		FUZZ_CHECK(event.u.context.len <= 40);
		if (event.u.context.type != BATON_CONTEXT_CHANGED)
			break;
		FUZZ_CHECK(event.u.context.version > version);
		version = event.u.context.version;
		break;
	case BATON_DELIVERY_QUEUE:
		FUZZ_CHECK(event.application == 0);
		take_queue(&event.u.queue);
		break;
	case BATON_DELIVERY_OPEN:
	case BATON_DELIVERY_SHUT:
		FUZZ_CHECK(event.application == 0);
		break;
	case BATON_DELIVERY_UNKNOWN:
	case BATON_DELIVERY_ERASED:
		break;
	case BATON_DELIVERY_FILE:
	case BATON_DELIVERY_STREAM:
		/* The application has no such mode. */
		FUZZ_CHECK(false);
		break;
	}
}

/* What the application does, with a word of the input. */
static void act(struct fuzz_input *in)
{
	struct baton_requests *requests = baton_delivery_requests(&delivery, 0);
	struct baton_queue *queue = baton_delivery_queue(&delivery, 0);
	uint32_t number;
	uint8_t bytes[64] = {0};
	size_t len = fuzz_byte(in) % 64;
	enum baton_err err = BATON_OK;

	switch (fuzz_byte(in) % 6) {
	case 0:
		err = baton_queue_put(queue, bytes, len, &number, now_ms);
		break;
	case 1:
		err = baton_queue_done(queue, queue->in.spent + 1, now_ms);
		break;
	case 2:
		err = baton_context_set(baton_delivery_context(&delivery, 0),
					bytes, len, now_ms);
		break;
	case 3:
		err = baton_requests_ask(requests, bytes, len, 1000, &number,
					 now_ms);
		break;
	case 4:
		err = baton_requests_answer(requests, asked, bytes, len,
					    now_ms);
		break;
	case 5:
		err = baton_requests_cancel(requests, requests->number, now_ms);
		break;
	}
	FUZZ_CHECK(err < BATON_ERR_PEER_LENGTH);
	FUZZ_CHECK(baton_queue_waiting(queue) <= BOX);
	FUZZ_CHECK(baton_queue_outstanding(queue) <= BOX);
}

static void write_out(uint8_t how)
{
	if (!op_out) {
		op_out = baton_delivery_next_store_op(&delivery, &op);
		return;
	}
	if (how % 4 != 1)
		apply();
	if (how % 4 == 2) {
		/* A power cut; the peer's context is what is stored. */
		start();
		item = delivery.channel[0].queue.in.spent;
		return;
	}
	op_out = false;
	baton_delivery_stored(&delivery, op.id,
			      how % 4 == 1 ? BATON_ERR_STORE : BATON_OK,
			      now_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint8_t envelope[2 + ROOM];
	const uint8_t *bytes;
	enum baton_err err;
	size_t len;

	memset(stored, 0, sizeof(stored));
	now_ms = 1000;
	boots = version = 0;
	item = asked = 0;
	start();
	while (in.len > 0) {
		switch (fuzz_byte(&in) % 8) {
		case 0:
		case 1:
			bytes = fuzz_bytes(&in, fuzz_byte(&in) * 2u, &len);
			if (names_other(bytes, len))
				break;
			err = baton_delivery_rx(&delivery, bytes, len, now_ms);
			FUZZ_CHECK(!err || err == BATON_ERR_NOT_FOUND ||
				   baton_err_is_peer(err));
			break;
		case 2:
			if (baton_delivery_tx(&delivery, envelope,
					      sizeof(envelope), &len, now_ms))
				FUZZ_CHECK(len >= 2 && len <= sizeof(envelope));
			break;
		case 3:
			take_event();
			break;
		case 4:
			act(&in);
			break;
		case 5:
			write_out(fuzz_byte(&in));
			break;
		case 6:
			now_ms += fuzz_byte(&in) * 10u;
			baton_delivery_tick(&delivery, now_ms);
			break;
		case 7:
			set_link(fuzz_byte(&in) % 4 > 0);
			break;
		}
	}
	baton_delivery_wipe(&delivery);
	return 0;
}
