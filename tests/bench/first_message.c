/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/prng.h"
#include "sim/stack.h"
#include "tests/bench/cell.h"
#include "tests/bench/figure.h"

/*
 * A phone and a watch have paired; their link is gone. The phone is given a
 * message of 200 B, hears the watch's advert, and the message goes out in the
 * first flight of the next link, where handles are cached.
 */
#define MESSAGE_LEN 200
#define PAIR_LIMIT_US UINT64_C(60000000)
#define LIMIT_US UINT64_C(20000000)
#define QUIET_US UINT64_C(10000000)

struct end {
	struct first *first;
	struct baton_sim_stack *stack;
	enum baton_sim_side side;
	bool paired;
};

struct first {
	struct baton_sim *sim;
	struct end end[BATON_SIM_SIDES];
	uint8_t message[MESSAGE_LEN];
	uint64_t up_us; /* the later of the two link_up */
	uint64_t delivered_us;
	uint64_t up_event,
		delivered_event; /* connection events begun by then */
	uint64_t bytes_before; /* PDUs both ways of the first link */
	uint64_t bytes; /* of the second */
	unsigned int secured; /* sides, in all */
	bool empty; /* nothing is sent */
	bool told; /* the phone knows that it was taken */
	bool wrong;
};

static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 0};

static uint64_t bytes_so_far(struct first *first)
{
	struct baton_sim_stats stats;
	uint64_t bytes = 0;
	int side;

	for (side = 0; side < BATON_SIM_SIDES; side++) {
		baton_sim_get_stats(first->sim, (enum baton_sim_side)side,
				    &stats);
		bytes += stats.host_tx_bytes;
	}
	return bytes;
}

static uint64_t events_so_far(struct first *first)
{
	struct baton_sim_stats stats;

	baton_sim_get_stats(first->sim, BATON_SIM_PHONE, &stats);
	return stats.events;
}

static void on_event(void *user, struct baton_sim_stack *stack,
		     const struct baton_event *event)
{
	struct end *end = user;
	struct first *first = end->first;
	struct baton_session *session = baton_sim_stack_session(stack);
	uint64_t now_ms = baton_sim_stack_now_ms(stack);

	if (event->type == BATON_EVENT_COMPARE) {
		if (baton_session_confirm(session, true, now_ms))
			first->wrong = true;
	} else if (event->type == BATON_EVENT_PAIRED) {
		end->paired = true;
	} else if (event->type == BATON_EVENT_MESSAGE) {
		if (event->u.message.len != MESSAGE_LEN ||
		    memcmp(event->u.message.bytes, first->message,
			   MESSAGE_LEN) != 0)
			first->wrong = true;
		first->delivered_us = baton_sim_now(first->sim);
		first->delivered_event = events_so_far(first);
	} else if (event->type == BATON_EVENT_SECURED) {
		first->secured++;
	} else if (event->type == BATON_EVENT_DELIVERED) {
		first->told = true;
	} else if (event->type == BATON_EVENT_LINK_CLOSE ||
		   event->type == BATON_EVENT_LOST) {
		first->wrong = true;
	}
}

static void on_link(void *user, struct baton_sim_stack *stack, bool up)
{
	struct end *end = user;
	struct first *first = end->first;

	if (up) {
		first->up_us = baton_sim_now(first->sim);
		first->up_event = events_so_far(first);
	} else if (end->side == BATON_SIM_PHONE && !first->empty &&
		   baton_session_send(baton_sim_stack_session(stack), stream,
				      first->message, MESSAGE_LEN, 0,
				      baton_sim_stack_now_ms(stack))) {
		first->wrong = true;
	}
}

static const struct baton_sim_stack_app app = {
	.event = on_event,
	.link = on_link,
};

static void open_world(struct first *first)
{
	struct baton_session_config config = {
		.message_max = BATON_MESSAGE_MAX,
		.link = BATON_LINK_CONFIG_LARGE,
	};
	struct baton_sim_config world;
	struct bench_cell cell;
	struct end *end;
	int side;

	bench_cell_init(&cell);
	bench_cell_sim(&cell, &world);
	if (baton_sim_create(&first->sim, &world))
		abort();
	for (side = 0; side < BATON_SIM_SIDES; side++) {
		end = &first->end[side];
		end->first = first;
		end->side = (enum baton_sim_side)side;
		config.role =
			side == BATON_SIM_WATCH ? BATON_WATCH : BATON_PHONE;
		if (baton_sim_stack_create(&end->stack, first->sim, end->side,
					   &config, 1, &app, end))
			abort();
		baton_sim_stack_set_private(end->stack);
		if (baton_session_pairing_open(
			    baton_sim_stack_session(end->stack), 0))
			first->wrong = true;
	}
}

static void close_world(struct first *first)
{
	int side;

	baton_sim_destroy(first->sim);
	for (side = 0; side < BATON_SIM_SIDES; side++)
		baton_sim_stack_destroy(first->end[side].stack);
}

static bool paired(void *user)
{
	const struct first *first = user;

	return first->wrong || (first->end[0].paired && first->end[1].paired);
}

static bool delivered(void *user)
{
	const struct first *first = user;

	return first->wrong ||
	       (first->empty ? first->secured == 4
			     : first->delivered_us && first->told);
}

static bool run(struct first *first, bool empty)
{
	struct baton_prng prng;
	bool good = false;

	memset(first, 0, sizeof(*first));
	first->empty = empty;
	baton_prng_init(&prng, 1, 0xf1);
	baton_prng_fill(&prng, first->message, MESSAGE_LEN);
	open_world(first);
	if (baton_sim_run(first->sim, paired, first, PAIR_LIMIT_US)) {
		baton_sim_run_until(first->sim,
				    baton_sim_now(first->sim) + QUIET_US);
		first->bytes_before = bytes_so_far(first);
		baton_sim_disconnect(first->sim, BATON_SIM_PHONE,
				     BATON_HCI_REMOTE_USER);
	}
	if (baton_sim_run(first->sim, delivered, first,
			  baton_sim_now(first->sim) + LIMIT_US)) {
		baton_sim_run_until(first->sim,
				    baton_sim_now(first->sim) + QUIET_US);
		first->bytes = bytes_so_far(first) - first->bytes_before;
		good = true;
	}
	close_world(first);
	return good && !first->wrong;
}

static bool measure(struct first *first, struct bench_value *value)
{
	if (!run(first, false)) {
		fprintf(stderr, "baton-bench: the first message did not "
				"arrive\n");
		return false;
	}
	value->known = true;
	return true;
}

bool bench_first_bytes(const struct bench_effort *effort,
		       struct bench_value *value)
{
	struct first first;

	(void)effort;
	if (!measure(&first, value))
		return false;
	value->value = (double)first.bytes;
	snprintf(value->note, sizeof(value->note),
		 "MTU 247, nonce from the advert: NNpsk0 with the message in "
		 "flight 2 and VERIFIED in flight 3, all PDUs of %d s",
		 (int)(QUIET_US / 1000000));
	return true;
}

bool bench_first_events(const struct bench_effort *effort,
			struct bench_value *value)
{
	struct first first;

	(void)effort;
	if (!measure(&first, value))
		return false;
	value->value = (double)(first.delivered_event - first.up_event);
	value->has_limit = true;
	value->limit = 1;
	snprintf(value->note, sizeof(value->note),
		 "30 ms, quick host, NNpsk0: delivered %.1f ms after the MTU "
		 "exchange",
		 (double)(first.delivered_us - first.up_us) / 1000);
	return true;
}

bool bench_engine_link(uint64_t *bytes)
{
	struct first first;

	if (!run(&first, true))
		return false;
	*bytes = first.bytes;
	return true;
}
