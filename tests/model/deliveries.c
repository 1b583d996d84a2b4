/* SPDX-License-Identifier: MIT */

/*
 * Random traffic of two applications in all modes of session/delivery.h, over
 * sealed stores, with lost links, failed writes and power cuts; then a quiet
 * time. Items are done once and in order, the latest value is there, every
 * request ends once, and an application that is erased leaves nothing.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "session/delivery.h"
#include "tests/model/play.h"
#include "tests/support/shelf.h"

#define APPS 2
#define STEPS 1500
#define SETTLE_STEPS 20000
#define STORED 96
#define VALUE 96
#define MAX 16
#define ROOM 508
#define FLIGHT 6
#define ASKS 512

struct record {
	SHELF_PLACE(VALUE);
};

/* What an application did and keeps; but for what is of this life, durably. */
struct app {
	uint32_t put, set; /* contents, from 1 on */
	uint32_t safe; /* highest that KEPT named, in this life's numbers */
	uint32_t base; /* content less number, in this life */
	uint32_t done, last; /* content done last, its number */
	uint32_t seen; /* of the peer's values */
	uint8_t asked[ASKS]; /* 1: waits for its end */
};

struct end {
	struct baton_delivery delivery;
	struct baton_channel channel[APPS];
	uint64_t memory[APPS][256];
	struct record record[STORED];
	struct baton_store_op op;
	bool op_out;
	uint8_t in[FLIGHT][2 + ROOM];
	size_t in_len[FLIGHT], in_count;
	struct app app[APPS];
	/* Contents that have to arrive. */
	bool must[APPS][4096], did[APPS][4096];
};

static struct end end[2];
static bool up;
static uint64_t now_ms, boots;
static uint64_t items, values, requests, crashes, links, suspensions, erased;

static const uint8_t session_key[32] = {5};

static const struct baton_application applications[APPS] = {
	{.id = "notes",
	 .message_max = MAX,
	 .requests = 3,
	 .context_max = MAX,
	 .item_max = MAX,
	 .outbox = 6,
	 .inbox = 3,
	 .rate = 1000,
	 .burst = 100},
	{.id = "maps",
	 .message_max = MAX,
	 .requests = 1,
	 .context_max = MAX,
	 .item_max = MAX,
	 .outbox = 2,
	 .inbox = 5,
	 .rate = 50,
	 .burst = 4},
};

/* The application of the handle: they are registered in another order. */
static int app_of(int e, uint8_t handle)
{
	return e == 0 ? handle : APPS - 1 - handle;
}

static void start(int e)
{
	struct end *me = &end[e];
	uint8_t seed[BATON_DRBG_SEED_LEN] = {0}, root[32], handle;
	int i, a;
	size_t r;

	baton_store_be64(seed, ++boots);
	if (baton_delivery_init(&me->delivery, me->channel, APPS, seed))
		play_breaks("init");
	for (i = 0; i < APPS; i++) {
		a = app_of(e, (uint8_t)i);
		memset(root, a + 1, sizeof(root));
		if (baton_delivery_register(&me->delivery, &applications[a],
					    root, me->memory[i],
					    sizeof(me->memory[i]), &handle))
			play_breaks("register");
		memset(me->app[a].asked, 0, sizeof(me->app[a].asked));
	}
	for (r = 0; r < STORED; r++)
		if (me->record[r].len > 0 &&
		    baton_delivery_load(&me->delivery, me->record[r].key,
					me->record[r].bytes, me->record[r].len))
			play_breaks("what was stored is not loaded");
	for (i = 0; i < APPS; i++) {
		a = app_of(e, (uint8_t)i);
		me->app[a].safe = 0;
		me->app[a].base = UINT32_MAX;
	}
	me->op_out = false;
}

static void set_link(bool now_up)
{
	int e;

	up = now_up;
	links += up;
	PLAY_SAY("link %d\n", up);
	for (e = 0; e < 2; e++) {
		end[e].in_count = 0;
		baton_delivery_link(&end[e].delivery, up, session_key, ROOM,
				    now_ms);
	}
}

static void crash(int e)
{
	PLAY_SAY("%d crashes\n", e);
	crashes++;
	set_link(false);
	start(e);
}

static void apply(struct end *me)
{
	if (!shelf_apply(SHELF(me->record), &me->op))
		play_breaks("a write of the wrong size, or too many");
}

static void write_out(int e, uint32_t trouble)
{
	struct end *me = &end[e];
	uint32_t how = play_below(100) < trouble ? 1 + play_below(3) : 0;

	if (!me->op_out) {
		me->op_out =
			baton_delivery_next_store_op(&me->delivery, &me->op);
		return;
	}
	PLAY_SAY("%d write %" PRIu32 "\n", e, how);
	if (how == 0 || how == 3)
		apply(me);
	if (how >= 2) {
		crash(e);
		return;
	}
	me->op_out = false;
	baton_delivery_stored(&me->delivery, me->op.id,
			      how ? BATON_ERR_STORE : BATON_OK, now_ms);
}

static void act(int e)
{
	struct end *me = &end[e];
	uint8_t handle = (uint8_t)play_below(APPS), bytes[MAX] = {0};
	struct app *app = &me->app[app_of(e, handle)];
	struct baton_delivery *delivery = &me->delivery;
	uint32_t number;

	switch (play_below(3)) {
	case 0:
		if (app->put > 4000)
			break;
		baton_store_be32(bytes, app->put + 1);
		if (baton_queue_put(baton_delivery_queue(delivery, handle),
				    bytes, 4 + play_below(12), &number, now_ms))
			break;
		app->put++;
		app->base = app->put - number;
		items++;
		PLAY_SAY("%d app %d puts %u as %u\n", e, app_of(e, handle),
			 app->put, number);
		break;
	case 1:
		baton_store_be32(bytes, app->set + 1);
		if (baton_context_set(baton_delivery_context(delivery, handle),
				      bytes, 4 + play_below(12), now_ms))
			play_breaks("set");
		app->set++;
		values++;
		break;
	case 2:
		if (!baton_requests_ask(
			    baton_delivery_requests(delivery, handle), bytes, 4,
			    1 + play_below(3000), &number, now_ms)) {
			app->asked[number % ASKS] = 1;
			requests++;
		}
		break;
	}
}

static void take_request(int e, int a, uint8_t handle,
			 const struct baton_request_event *event)
{
	struct baton_requests *machine =
		baton_delivery_requests(&end[e].delivery, handle);
	enum baton_err err = BATON_OK;

	switch (event->type) {
	case BATON_REQUEST_ASKED:
		if (play_below(3) == 0)
			err = baton_requests_refuse(machine, event->number, 1,
						    now_ms);
		else if (play_below(2) == 0)
			err = baton_requests_answer(machine, event->number,
						    event->body, event->len,
						    now_ms);
		if (err && err != BATON_ERR_NOT_FOUND)
			play_breaks("answer");
		break;
	case BATON_REQUEST_GONE:
		break;
	case BATON_REQUEST_ANSWERED:
	case BATON_REQUEST_FAILED:
		if (!end[e].app[a].asked[event->number % ASKS])
			play_breaks(
				"a request ended that had not begun, or twice");
		end[e].app[a].asked[event->number % ASKS] = 0;
		break;
	}
}

static void take_queue(int e, int a, uint8_t handle,
		       const struct baton_queue_event *event)
{
	struct app *app = &end[e].app[a];
	uint32_t c, content;

	if (event->type == BATON_QUEUE_KEPT && app->base != UINT32_MAX) {
		for (c = app->safe + 1; c <= event->number; c++)
			if (c + app->base <= app->put && app->safe > 0)
				end[e].must[a][c + app->base] = true;
		if (event->number + app->base <= app->put)
			end[e].must[a][event->number + app->base] = true;
		app->safe = event->number;
	}
	if (event->type == BATON_QUEUE_NEW_LINE ||
	    event->type == BATON_QUEUE_MISSING)
		play_breaks("a store was not put back");
	if (event->type != BATON_QUEUE_ITEM)
		return;
	content = baton_load_be32(event->bytes);
	if (event->number > app->last) {
		PLAY_SAY("%d app %d does %u\n", e, a, content);
		if (content <= app->done)
			play_breaks("an item came twice, or out of order");
		app->done = content;
		app->last = event->number;
		if (content < 4096)
			end[e].did[a][content] = true;
	}
	if (baton_queue_done(baton_delivery_queue(&end[e].delivery, handle),
			     event->number, now_ms))
		play_breaks("done");
}

static void attend(int e)
{
	struct baton_delivery_event event;
	uint32_t content;
	int a;

	if (!baton_delivery_next_event(&end[e].delivery, &event))
		return;
	a = app_of(e, event.application);
	switch (event.type) {
	case BATON_DELIVERY_REQUEST:
		take_request(e, a, event.application, &event.u.request);
		break;
	case BATON_DELIVERY_CONTEXT:
		if (event.u.context.type != BATON_CONTEXT_CHANGED)
			break;
		content = baton_load_be32(event.u.context.bytes);
		if (content <= end[e].app[a].seen)
			play_breaks("an older value came later");
		end[e].app[a].seen = content;
		break;
	case BATON_DELIVERY_QUEUE:
		take_queue(e, a, event.application, &event.u.queue);
		break;
	case BATON_DELIVERY_ERASED:
		erased++;
		break;
	case BATON_DELIVERY_OPEN:
	case BATON_DELIVERY_SHUT:
		break;
	case BATON_DELIVERY_UNKNOWN:
		play_breaks("both have both applications");
		break;
	case BATON_DELIVERY_FILE:
	case BATON_DELIVERY_STREAM:
		play_breaks("no application has files or streams");
		break;
	}
}

static void pass(int from)
{
	struct end *to = &end[!from];

	if (!up || to->in_count == FLIGHT)
		return;
	to->in_count += baton_delivery_tx(
		&end[from].delivery, to->in[to->in_count], sizeof(to->in[0]),
		&to->in_len[to->in_count], now_ms);
}

static void arrive(int e)
{
	struct end *me = &end[e];
	enum baton_err err;

	if (me->in_count == 0)
		return;
	err = baton_delivery_rx(&me->delivery, me->in[0], me->in_len[0],
				now_ms);
	if (err && err != BATON_ERR_PEER_STATE)
		play_breaks("one side does not take what the other one sent");
	me->in_count--;
	memmove(me->in[0], me->in[1], me->in_count * sizeof(me->in[0]));
	memmove(&me->in_len[0], &me->in_len[1],
		me->in_count * sizeof(me->in_len[0]));
}

static void use_link(int e, bool use)
{
	PLAY_SAY("%d %s\n", e, use ? "goes on" : "stops");
	baton_delivery_link(&end[e].delivery, use, session_key, ROOM, now_ms);
}

/*
 * Both stop and go on over the same link: what was on its way then, and what
 * comes to whoever has stopped, waits (session/LIFECYCLE.md 2).
 */
static void suspend(void)
{
	int e = (int)play_below(2);
	uint32_t n;

	suspensions++;
	use_link(e, false);
	for (n = play_below(4); n > 0; n--) {
		arrive(!e);
		pass(!e);
	}
	use_link(!e, false);
	use_link(!e, true);
	for (n = play_below(6); n > 0; n--) {
		arrive(!e);
		pass(!e);
	}
	use_link(e, true);
}

static void step(uint32_t trouble)
{
	int e = (int)play_below(2);

	switch (play_below(8)) {
	case 0:
		if (play_below(2))
			act(e);
		break;
	case 1:
	case 2:
		write_out(e, trouble);
		break;
	case 3:
	case 4:
		pass(e);
		break;
	case 5:
		arrive(e);
		arrive(e);
		break;
	case 6:
		attend(e);
		break;
	case 7:
		now_ms += play_below(300);
		baton_delivery_tick(&end[e].delivery, now_ms);
		if (up && play_below(100) < trouble)
			suspend();
		if (play_below(100) < (up ? trouble : 50))
			set_link(!up);
		if (play_below(200) < trouble)
			crash(e);
		break;
	}
}

static bool is_at_rest(int e)
{
	struct end *me = &end[e];
	uint8_t i;

	if (me->op_out || me->in_count > 0)
		return false;
	for (i = 0; i < APPS; i++)
		if (baton_queue_outstanding(
			    baton_delivery_queue(&me->delivery, i)) +
			    baton_queue_waiting(
				    baton_delivery_queue(&me->delivery, i)) >
		    0)
			return false;
	return true;
}

/* The newest value that is durable here is durable there. */
static void check_values(int e)
{
	struct baton_context *context, *peers;
	const struct baton_context_value *value;
	const uint8_t *got;
	uint64_t version;
	size_t len;
	uint8_t i;

	for (i = 0; i < APPS; i++) {
		context = baton_delivery_context(&end[e].delivery, i);
		peers = baton_delivery_context(&end[!e].delivery,
					       (uint8_t)(APPS - 1 - i));
		if (context->durable > 1)
			continue;
		value = &context->out[context->durable];
		got = baton_context_get(peers, &version, &len);
		if (!got || len != value->len ||
		    memcmp(got, value->bytes + BATON_CONTEXT_HEADER, len) != 0)
			play_breaks("the latest value is not there");
	}
}

static void settle(void)
{
	uint32_t i, c;
	int e, a;

	for (i = 0; i < SETTLE_STEPS && !play_broken; i++) {
		if (!up)
			set_link(true);
		for (e = 0; e < 2; e++) {
			write_out(e, 0);
			pass(e);
			arrive(e);
			attend(e);
			baton_delivery_tick(&end[e].delivery, now_ms);
		}
		now_ms += 20;
		/* Requests have had their time. */
		if (i > 400 && is_at_rest(0) && is_at_rest(1))
			break;
	}
	if (i == SETTLE_STEPS)
		play_breaks("it does not come to rest");
	for (e = 0; e < 2 && !play_broken; e++) {
		check_values(e);
		for (a = 0; a < APPS; a++) {
			for (c = 1; c < 4096; c++)
				if (end[e].must[a][c] && !end[!e].did[a][c])
					play_breaks(
						"an item that was safe is lost");
			for (c = 0; c < ASKS; c++)
				if (end[e].app[a].asked[c])
					play_breaks("a request has no end");
		}
	}
}

/* One application goes, then the other one. */
static void erase(int e)
{
	struct end *me = &end[e];
	size_t r;
	int i;

	/* With what it may have at most, or less. */
	set_link(false);
	for (i = (int)play_below(40); i > 0; i--) {
		act(e);
		write_out(e, 0);
	}
	if (baton_delivery_erase(&me->delivery, 0, now_ms))
		play_breaks("erase");
	for (i = 0; i < 400 && !play_broken; i++) {
		write_out(e, 0);
		attend(e);
		if (i == 200 && baton_delivery_erase(&me->delivery, 1, now_ms))
			play_breaks("erase");
	}
	for (r = 0; r < STORED; r++)
		if (me->record[r].len > 0)
			play_breaks("something is left in the store");
	for (r = 0; r < sizeof(me->memory); r++)
		if (((const uint8_t *)me->memory)[r])
			play_breaks("something is left in memory");
}

static const char *play(uint64_t seed)
{
	uint32_t trouble, i;

	play_begin(seed, 3);
	memset(end, 0, sizeof(end));
	up = false;
	now_ms = 1000;
	boots = seed << 20;
	trouble = play_below(4) * 4;
	start(0);
	start(1);
	for (i = 0; i < STEPS && !play_broken; i++)
		step(trouble);
	if (!play_broken)
		settle();
	if (!play_broken)
		erase((int)play_below(2));
	return play_broken;
}

int main(int argc, char **argv)
{
	uint64_t seed, count;
	int code = play_worlds(argc, argv, "deliveries", play, &seed, &count);

	if (code)
		return code;
	printf("%" PRIu64 " worlds from seed %" PRIu64 ": %" PRIu64
	       " items, %" PRIu64 " values, %" PRIu64 " requests,\n  %" PRIu64
	       " links, %" PRIu64 " suspensions, %" PRIu64
	       " power cuts, %" PRIu64 " applications erased: all as stated\n",
	       count, seed, items, values, requests, links, suspensions,
	       crashes, erased);
	return 0;
}
