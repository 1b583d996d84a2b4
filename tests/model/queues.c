/* SPDX-License-Identifier: MIT */

/*
 * Random traffic of two queues with everything that can go wrong, then a quiet
 * time in which all that was safe has to arrive: once, and in order.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "session/queue.h"
#include "tests/model/play.h"
#include "tests/support/shelf.h"

#define STEPS 1200
#define SETTLE_STEPS 4000
#define STORED 64
#define VALUE 32
#define ITEM_MAX 16
#define ROOM 40
#define FLIGHT 8
#define PUTS 512 /* per device and world, at most */

struct record {
	SHELF_PLACE(VALUE);
};

struct flight {
	uint8_t op;
	uint8_t body[ROOM];
	size_t len;
};

/* What survives a power cut: the machine's values and the application's. */
struct medium {
	struct record record[STORED];
	uint32_t log[2 * PUTS]; /* what the application did, in this order */
	uint32_t logged;
	uint32_t last; /* number of the item that it did last */
};

struct device {
	struct baton_queue queue;
	uint64_t memory[512];
	struct medium medium, past;
	struct baton_store_op op;
	bool op_out, has_past;
	struct flight in[FLIGHT]; /* under way to it */
	size_t in_count;
	uint32_t put; /* contents given, 1.. */
	uint32_t number[PUTS]; /* of each content, in this life; 0: none */
	uint32_t kept; /* number that KEPT named last, in this life */
	bool safe[PUTS]; /* content has to arrive */
	uint32_t doing; /* number of the item that is being dealt with, 0 */
	bool doubles; /* its items may come twice, or have */
	uint32_t large; /* number of the item that is too large, or was, 0 */
	bool drops; /* it has given items up */
	uint16_t outbox, inbox;
};

static struct device device[2];
static bool up;
static uint64_t now_ms, boots;
static uint64_t were_put, arrived, crashes, failed_writes, links, lost,
	put_back;
static uint64_t new_lines, dropped;
static bool uneven; /* the peer may take less than ITEM_MAX */

static void start(int d)
{
	struct device *dev = &device[d];
	uint8_t seed[BATON_DRBG_SEED_LEN] = {0};
	size_t i;

	baton_store_be64(seed, ++boots);
	if (baton_queue_init(&dev->queue, ITEM_MAX, dev->outbox, dev->inbox,
			     seed, dev->memory, sizeof(dev->memory)))
		play_breaks("init");
	/* In whatever order. */
	for (i = 0; i < STORED; i++) {
		struct record *record =
			&dev->medium.record[(i + boots) % STORED];

		if (record->len > 0 &&
		    baton_queue_load(&dev->queue, record->key, record->bytes,
				     record->len))
			play_breaks("what was stored is not loaded");
	}
	dev->op_out = false;
	dev->doing = 0;
	dev->large = 0;
	dev->kept = 0;
	memset(dev->number, 0, sizeof(dev->number));
	baton_queue_link(&dev->queue, false, 0, now_ms);
}

static void set_link(bool now_up)
{
	int d;

	up = now_up;
	links += now_up;
	PLAY_SAY("link %s\n", up ? "up" : "down");
	for (d = 0; d < 2; d++) {
		lost += device[d].in_count;
		device[d].in_count = 0;
		device[d].large = 0;
		baton_queue_link(&device[d].queue, up,
				 uneven && play_chance(70)
					 ? BATON_QUEUE_PUT_LEN + 4 +
						   play_below(ITEM_MAX - 3)
					 : ROOM,
				 now_ms);
	}
}

static void crash(int d)
{
	PLAY_SAY("%d crashes\n", d);
	crashes++;
	set_link(false);
	start(d);
}

static void apply(struct device *dev)
{
	size_t i;

	for (i = 0; i < dev->op.count; i++)
		if (strlen(dev->op.write[i].key) >= BATON_NAME_MAX)
			play_breaks("a name that is too long");
	if (!shelf_apply(SHELF(dev->medium.record), &dev->op))
		play_breaks("a write of the wrong size, or too many");
}

/* The operation that is out ends, in one of four ways. */
static void write_out(int d, uint32_t trouble)
{
	struct device *dev = &device[d];
	bool goes_wrong = play_chance(trouble);
	uint32_t how = play_below(3);

	if (!dev->op_out)
		return;
	PLAY_SAY("%d write %u: %s\n", d, dev->op.id,
		 !goes_wrong ? "done"
		 : how == 0  ? "fails"
		 : how == 1  ? "cut before"
			     : "cut after");
	if (!goes_wrong || how == 2)
		apply(dev);
	if (goes_wrong && how > 0) {
		crash(d);
		return;
	}
	dev->op_out = false;
	failed_writes += goes_wrong;
	baton_queue_stored(&dev->queue, dev->op.id,
			   goes_wrong ? BATON_ERR_STORE : BATON_OK, now_ms);
}

static void ask_for_write(int d)
{
	struct device *dev = &device[d];

	if (!dev->op_out)
		dev->op_out = baton_queue_next_store_op(&dev->queue, &dev->op);
}

static void put(int d)
{
	struct device *dev = &device[d];
	uint8_t item[ITEM_MAX] = {0};
	uint32_t number = 0;
	enum baton_err err;

	if (dev->put + 1 >= PUTS)
		return;
	baton_store_be32(item, dev->put + 1);
	err = baton_queue_put(&dev->queue, item, 4 + play_below(ITEM_MAX - 3),
			      &number, now_ms);
	if (err == BATON_ERR_SPACE ||
	    (err == BATON_ERR_TOO_LARGE && uneven && up))
		return;
	if (err)
		play_breaks("put");
	dev->number[++dev->put] = number;
	were_put++;
	PLAY_SAY("%d puts %u as %u\n", d, dev->put, number);
}

static void kept(struct device *dev, uint32_t number)
{
	uint32_t c;

	for (c = 1; c <= dev->put; c++)
		if (dev->number[c] > dev->kept && dev->number[c] <= number)
			dev->safe[c] = true;
	dev->kept = number;
}

/* The application does what the item says, durably, unless it has. */
static void deal_with(int d, const struct baton_queue_event *event)
{
	struct device *dev = &device[d], *from = &device[!d];
	struct medium *medium = &dev->medium;
	uint32_t content = event->len < 4 ? 0 : baton_load_be32(event->bytes);

	PLAY_SAY("%d is told %u as %u\n", d, content, event->number);
	dev->doing = event->number;
	if (event->number <= medium->last)
		return;
	if (content == 0 || content > from->put)
		play_breaks("an item that nobody put");
	if (!from->doubles && medium->logged > 0 &&
	    content <= medium->log[medium->logged - 1])
		play_breaks("an item came twice, or out of order");
	if (medium->logged == 2 * PUTS) {
		play_breaks("far too many items");
		return;
	}
	medium->log[medium->logged++] = content;
	medium->last = event->number;
	arrived++;
}

static void attend(int d)
{
	struct device *dev = &device[d];
	struct baton_queue_event event;

	if (!baton_queue_next_event(&dev->queue, &event))
		return;
	switch (event.type) {
	case BATON_QUEUE_KEPT:
		PLAY_SAY("%d kept %u\n", d, event.number);
		kept(dev, event.number);
		break;
	case BATON_QUEUE_ITEM:
		deal_with(d, &event);
		break;
	case BATON_QUEUE_NEW_LINE:
		PLAY_SAY("%d has a new line\n", d);
		new_lines++;
		if (!dev->doubles)
			play_breaks("a new line without a store put back");
		break;
	case BATON_QUEUE_MISSING:
		PLAY_SAY("%d misses items\n", d);
		if (!dev->doubles && !device[!d].drops)
			play_breaks("items missing without a store put back");
		break;
	case BATON_QUEUE_TOO_LARGE:
		PLAY_SAY("%d has %u too large\n", d, event.number);
		if (!uneven)
			play_breaks("an item is too large");
		dev->large = event.number;
		break;
	case BATON_QUEUE_TAKEN:
	case BATON_QUEUE_GONE:
	case BATON_QUEUE_STORE_FAILED:
		break;
	}
}

static void finish(int d)
{
	struct device *dev = &device[d];

	/* Told in order, so the last one told may not be the oldest. */
	if (dev->doing &&
	    !baton_queue_done(&dev->queue, dev->queue.in.spent + 1, now_ms))
		PLAY_SAY("%d did %u\n", d, dev->queue.in.spent);
}

static void drop(int d)
{
	struct device *dev = &device[d];
	const struct baton_queue_box *box = &dev->queue.out;
	uint32_t content;

	if (!dev->large)
		return;
	content = baton_load_be32(
		box->bytes +
		dev->large % box->count *
			(size_t)(BATON_QUEUE_ITEM_HEADER + ITEM_MAX) +
		BATON_QUEUE_ITEM_HEADER);
	if (!baton_queue_drop(&dev->queue, dev->large, now_ms)) {
		PLAY_SAY("%d drops %u as %u\n", d, content, dev->large);
		dev->safe[content] = false;
		dev->drops = true;
		dev->large = 0;
		dropped++;
	}
}

/* What the machine has to say goes on its way. */
static void send(int d)
{
	struct device *to = &device[!d];
	struct flight *flight = &to->in[to->in_count];

	if (!up || to->in_count == FLIGHT)
		return;
	if (!baton_queue_tx(&device[d].queue, &flight->op, flight->body,
			    sizeof(flight->body), &flight->len, now_ms))
		return;
	PLAY_SAY("%d sends %u (%zu)\n", d, flight->op, flight->len);
	to->in_count++;
}

static void arrive(int d)
{
	struct device *dev = &device[d];
	enum baton_err err;

	if (dev->in_count == 0)
		return;
	err = baton_queue_rx(&dev->queue, dev->in[0].op, dev->in[0].body,
			     dev->in[0].len, now_ms);
	PLAY_SAY("%d takes %u: %d\n", d, dev->in[0].op, err);
	if (err && err != BATON_ERR_PEER_STATE)
		play_breaks(
			"one machine does not take what the other one sent");
	memmove(&dev->in[0], &dev->in[1], (FLIGHT - 1) * sizeof(struct flight));
	dev->in_count--;
}

static bool is_logged(const struct medium *medium, uint32_t content)
{
	uint32_t i;

	for (i = 0; i < medium->logged; i++)
		if (medium->log[i] == content)
			return true;
	return false;
}

static bool is_stored(const struct medium *medium, const char *box,
		      uint32_t content)
{
	const struct record *record;
	size_t i;

	for (i = 0; i < STORED; i++) {
		record = &medium->record[i];
		if (record->len > BATON_QUEUE_ITEM_HEADER &&
		    memcmp(record->key, box, 3) == 0 &&
		    baton_load_be32(record->bytes + BATON_QUEUE_ITEM_HEADER) ==
			    content)
			return true;
	}
	return false;
}

static bool waits(const struct device *dev, uint32_t content)
{
	const struct baton_queue_box *box = &dev->queue.out;
	const uint8_t *item;
	uint16_t i;

	for (i = 0; i < box->count; i++) {
		item = box->bytes +
		       i * (size_t)(BATON_QUEUE_ITEM_HEADER + ITEM_MAX) +
		       BATON_QUEUE_ITEM_HEADER;
		if ((box->place[i].state == BATON_QUEUE_DURABLE ||
		     box->place[i].state == BATON_QUEUE_FRESH) &&
		    baton_load_be32(item) == content)
			return true;
	}
	return false;
}

/*
 * The store is put back, and the application's with it. Of what was put since, and
 * of what was taken since, only that is safe which the other device has.
 */
static void roll_back(int d)
{
	struct device *dev = &device[d], *peer = &device[!d];
	uint32_t c;

	if (!dev->has_past)
		return;
	PLAY_SAY("%d is put back\n", d);
	put_back++;
	set_link(false);
	dev->medium = dev->past;
	dev->doubles = true;
	for (c = 1; c < PUTS; c++) {
		dev->safe[c] =
			dev->safe[c] && (is_stored(&dev->medium, "qo/", c) ||
					 is_stored(&peer->medium, "qi/", c) ||
					 is_logged(&peer->medium, c));
		if (!is_stored(&dev->medium, "qi/", c) &&
		    !is_logged(&dev->medium, c) && !waits(peer, c)) {
			peer->safe[c] = false;
			peer->number[c] = 0; /* whenever KEPT is told */
		}
	}
	start(d);
}

static void step(int d, uint32_t trouble, uint32_t lazy, bool rolls)
{
	switch (play_below(10)) {
	case 0:
		if (play_chance(60))
			put(d);
		break;
	case 1:
	case 2:
		if (play_chance(lazy))
			write_out(d, trouble);
		ask_for_write(d);
		break;
	case 3:
	case 4:
		send(d);
		break;
	case 5:
	case 6:
		arrive(d);
		break;
	case 7:
		attend(d);
		break;
	case 8:
		if (play_chance(lazy))
			finish(d);
		if (play_chance(lazy / 2))
			drop(d);
		break;
	case 9:
		now_ms += play_below(400);
		baton_queue_tick(&device[d].queue, now_ms);
		if (play_chance(up ? trouble / 2 : 40))
			set_link(!up);
		if (play_chance(trouble / 4))
			crash(d);
		if (rolls && play_chance(5) && !device[d].op_out) {
			device[d].past = device[d].medium;
			device[d].has_past = true;
		}
		if (rolls && play_chance(4))
			roll_back(d);
		break;
	}
}

static bool is_idle(int d)
{
	struct device *dev = &device[d];

	return !dev->op_out && dev->in_count == 0 &&
	       baton_queue_outstanding(&dev->queue) == 0 &&
	       baton_queue_waiting(&dev->queue) == 0;
}

static void settle(void)
{
	int i, d;

	for (i = 0; i < SETTLE_STEPS && !play_broken; i++) {
		if (!up)
			set_link(true);
		for (d = 0; d < 2; d++) {
			ask_for_write(d);
			write_out(d, 0);
			send(d);
			arrive(d);
			attend(d);
			finish(d);
			drop(d);
			baton_queue_tick(&device[d].queue, now_ms);
		}
		now_ms += 50;
		if (is_idle(0) && is_idle(1) && i > 50)
			return;
	}
	play_breaks("it does not come to rest");
}

static const char *play(uint64_t seed)
{
	uint32_t trouble, lazy, i, c;
	bool rolls;
	int d;

	play_begin(seed, 2);
	memset(device, 0, sizeof(device));
	up = false;
	now_ms = 1000;
	boots = seed << 20;
	trouble = play_below(4) * 8;
	lazy = 20 + play_below(80);
	rolls = play_below(4) == 0;
	uneven = play_below(3) == 0;
	for (d = 0; d < 2; d++) {
		device[d].outbox = (uint16_t)(1 + play_below(8));
		device[d].inbox = (uint16_t)(1 + play_below(8));
		start(d);
	}
	for (i = 0; i < STEPS && !play_broken; i++)
		step((int)play_below(2), trouble, lazy, rolls);
	if (!play_broken)
		settle();
	for (d = 0; d < 2 && !play_broken; d++)
		for (c = 1; c <= device[d].put; c++)
			if (device[d].safe[c] &&
			    !is_logged(&device[!d].medium, c)) {
				PLAY_SAY("%u of %d\n", c, d);
				play_breaks("an item that was safe is lost");
			}
	return play_broken;
}

int main(int argc, char **argv)
{
	uint64_t seed, count;
	int code = play_worlds(argc, argv, "queues", play, &seed, &count);

	if (code)
		return code;
	printf("%" PRIu64 " worlds from seed %" PRIu64 ": %" PRIu64
	       " items put, %" PRIu64 " arrived, %" PRIu64 " links,\n  %" PRIu64
	       " envelopes lost, %" PRIu64 " power cuts, %" PRIu64
	       " failed writes, %" PRIu64 " stores put back, %" PRIu64
	       " new lines, %" PRIu64
	       " items dropped:\n  each once, in order, none lost\n",
	       count, seed, were_put, arrived, links, lost, crashes,
	       failed_writes, put_back, new_lines, dropped);
	return 0;
}
