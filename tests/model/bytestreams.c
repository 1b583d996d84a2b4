/* SPDX-License-Identifier: MIT */

/*
 * Random byte streams of two devices: links and processes are lost, readers
 * sleep, people end streams at any time, bytes and envelopes overtake each
 * other. Bytes have to be read in order, each once, and no more of them held than
 * the rings have room for; who lost its peer has to be told; and when all is
 * quiet every stream has to come to an end at both sides, and its place be free.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "session/bulk_internal.h"
#include "session/bytestream.h"
#include "tests/model/play.h"

#define STEPS 3000
#define SETTLE_STEPS 20000
#define PLACES 16
#define RING_MAX 400
#define TALKS 256 /* streams of a world */
#define FLIGHT 32
#define CHUNK 160
#define CANARY 0xa5
#define MEMORY BATON_BYTESTREAM_MEMORY(PLACES, RING_MAX)

/* A stream at one side, as its application has it. */
struct end {
	bool asked; /* it has to answer */
	bool here; /* opened or accepted */
	bool open; /* it may be read */
	bool over; /* closed, broken, reset, or its process was lost */
	bool closed; /* ... closed */
	bool finished, ended;
	bool full, empty; /* it waits for WRITABLE, or for READABLE */
	bool may_break; /* the peer ended it, or was lost */
	bool refused; /* here, and the peer may hear of that any time */
	uint64_t written, read;
};

struct talk {
	struct end end[2];
	int opener;
};

struct flight {
	uint8_t op;
	uint8_t bytes[CHUNK];
	size_t len;
};

struct device {
	struct baton_bytestreams streams;
	struct baton_bytestream place[PLACES];
	uint8_t memory[MEMORY + 1]; /* and a canary */
	size_t places, ring_len;
	struct flight envelope[FLIGHT], chunk[FLIGHT]; /* on their way to it */
	size_t envelopes, chunks;
};

static struct device device[2];
static struct talk talk[TALKS];
static size_t talks;
static bool up;
static uint64_t opened, closed, resets, broke, refused, links, crashes,
	suspensions, bytes_read, lost;

static void put_id(uint8_t *id, size_t t)
{
	baton_store_be64(id, t + 1);
}

/* What is written at a place of a stream by one side. */
static uint8_t byte_of(size_t t, int d, uint64_t at)
{
	return (uint8_t)(at * 31 + at / 251 + t * 7 + (size_t)d * 101);
}

static void start(int d)
{
	struct device *dev = &device[d];

	memset(dev->memory, CANARY, sizeof(dev->memory));
	if (baton_bytestreams_init(&dev->streams, NULL, NULL, dev->place,
				   dev->places, dev->memory, dev->ring_len))
		play_breaks("init");
}

static void set_link(bool now_up)
{
	int d;

	up = now_up;
	links += now_up;
	PLAY_SAY("link %s\n", up ? "up" : "down");
	for (d = 0; d < 2; d++) {
		lost += device[d].envelopes + device[d].chunks;
		device[d].envelopes = 0;
		device[d].chunks = 0;
		baton_bytestreams_link(&device[d].streams, up, 500, 0);
	}
}

static void crash(int d)
{
	size_t t;

	PLAY_SAY("%d crashes\n", d);
	crashes++;
	set_link(false);
	start(d);
	for (t = 0; t < talks; t++) {
		talk[t].end[!d].may_break |= talk[t].end[d].here;
		talk[t].end[d].over |= talk[t].end[d].here;
		talk[t].end[d].asked = false;
	}
}

/* ---- What the applications do ---- */

static void open_one(int d)
{
	struct talk *new = &talk[talks];
	uint8_t id[BATON_BYTESTREAM_ID_LEN];
	enum baton_err err;

	if (talks == TALKS)
		return;
	put_id(id, talks);
	err = baton_bytestreams_open(&device[d].streams, id,
				     (const uint8_t *)"x", play_below(2));
	if (err == BATON_ERR_SPACE)
		return;
	if (err)
		play_breaks("open");
	memset(new, 0, sizeof(*new));
	new->opener = d;
	new->end[d].here = true;
	PLAY_SAY("%d opens %zu\n", d, talks);
	talks++;
	opened++;
}

static void answer(int d, size_t t, bool yes)
{
	struct end *end = &talk[t].end[d], *peer = &talk[t].end[!d];
	uint8_t id[BATON_BYTESTREAM_ID_LEN];
	enum baton_err err;

	if (!end->asked)
		return;
	put_id(id, t);
	end->asked = false;
	PLAY_SAY("%d %s %zu\n", d, yes ? "accepts" : "refuses", t);
	err = yes ? baton_bytestreams_accept(&device[d].streams, id)
		  : baton_bytestreams_reset(&device[d].streams, id,
					    BATON_REASON_PERSON);
	if (err &&
	    !(err == BATON_ERR_STATE && (end->may_break || end->refused)))
		play_breaks("answer");
	if (!yes || err) {
		peer->may_break = true;
		end->refused = true;
		refused += !yes;
		return;
	}
	/* It may have been here before, if the peer never heard of it. */
	end->may_break |= peer->over || end->refused;
	end->here = true;
	end->open = true;
	end->over = false;
	end->finished = false;
	end->full = false;
	end->empty = false;
	end->written = 0;
	end->read = 0;
}

/* That it is broken, or that the peer had no room, is still to be told. */
static bool is_ending(const struct end *end, enum baton_err err)
{
	return err == BATON_ERR_STATE && (end->may_break || !end->open);
}

static void write_some(int d, size_t t)
{
	struct end *end = &talk[t].end[d], *peer = &talk[t].end[!d];
	uint8_t id[BATON_BYTESTREAM_ID_LEN], bytes[300];
	size_t i, len = play_below(sizeof(bytes)), taken = 0;
	enum baton_err err;

	if (!end->here || end->over || end->finished || end->full)
		return;
	put_id(id, t);
	for (i = 0; i < len; i++)
		bytes[i] = byte_of(t, d, end->written + i);
	err = baton_bytestreams_write(&device[d].streams, id, bytes, len,
				      &taken);
	if (err == BATON_ERR_AGAIN && len > 0)
		end->full = true;
	else if (err && !is_ending(end, err))
		play_breaks("write");
	end->written += taken;
	PLAY_SAY("%d writes %zu of %zu\n", d, taken, t);
	if (peer->here && !peer->over &&
	    end->written - peer->read > device[0].ring_len + device[1].ring_len)
		play_breaks("more was taken than there is memory for");
}

static void read_some(int d, size_t t)
{
	struct end *end = &talk[t].end[d], *peer = &talk[t].end[!d];
	uint8_t id[BATON_BYTESTREAM_ID_LEN], bytes[300];
	size_t i, len;
	enum baton_err err;

	if (!end->open || end->over || end->empty)
		return;
	put_id(id, t);
	err = baton_bytestreams_read(&device[d].streams, id, bytes,
				     1 + play_below(sizeof(bytes) - 1), &len);
	if (err == BATON_ERR_AGAIN)
		end->empty = true;
	/* All of it was read, and the end is still to be told. */
	else if (err && !is_ending(end, err) &&
		 !(err == BATON_ERR_STATE && peer->finished &&
		   (end->read == peer->written || peer->refused)))
		play_breaks("read");
	for (i = 0; i < len; i++)
		if (bytes[i] != byte_of(t, !d, end->read + i))
			play_breaks("a byte that is not the next one");
	if (len > 0)
		PLAY_SAY("%d reads %zu of %zu\n", d, len, t);
	end->read += len;
	bytes_read += len;
	if (end->read > peer->written && !peer->refused)
		play_breaks("more was read than written");
}

static void finish(int d, size_t t)
{
	struct end *end = &talk[t].end[d];
	uint8_t id[BATON_BYTESTREAM_ID_LEN];
	enum baton_err err;

	if (!end->here || end->over || end->finished)
		return;
	put_id(id, t);
	PLAY_SAY("%d finishes %zu at %" PRIu64 "\n", d, t, end->written);
	err = baton_bytestreams_finish(&device[d].streams, id);
	if (err && !is_ending(end, err))
		play_breaks("finish");
	end->finished = true;
}

static void reset(int d, size_t t)
{
	struct end *end = &talk[t].end[d];
	uint8_t id[BATON_BYTESTREAM_ID_LEN];

	if (!end->here || end->over)
		return;
	put_id(id, t);
	PLAY_SAY("%d resets %zu\n", d, t);
	/* STATE: it has ended, and that is still to be told. */
	if (baton_bytestreams_reset(&device[d].streams, id,
				    BATON_REASON_PERSON))
		return;
	end->over = true;
	end->refused = true;
	talk[t].end[!d].may_break = true;
	resets++;
}

static void told(int d, size_t t, const struct baton_bytestream_event *event)
{
	struct end *end = &talk[t].end[d], *peer = &talk[t].end[!d];

	switch (event->type) {
	case BATON_BYTESTREAM_OFFERED:
		if (d == talk[t].opener || end->closed)
			play_breaks("an offer of what is here");
		end->asked = true;
		end->here = false;
		end->open = false;
		end->over = false;
		break;
	case BATON_BYTESTREAM_OPENED:
		if (d != talk[t].opener || end->open)
			play_breaks("opened twice");
		end->open = true;
		break;
	case BATON_BYTESTREAM_READABLE:
		end->empty = false;
		break;
	case BATON_BYTESTREAM_WRITABLE:
		end->full = false;
		break;
	case BATON_BYTESTREAM_ENDED:
		/* A peer that had it twice may have finished the first. */
		if (end->ended ||
		    (!peer->refused &&
		     (!peer->finished || end->read != peer->written)))
			play_breaks("ENDED before the end, or twice");
		end->ended = true;
		break;
	case BATON_BYTESTREAM_IS_CLOSED:
		/* What it wrote is with the peer, which may read it later. */
		if (end->over || !end->ended || !end->finished)
			play_breaks("closed before the end, or twice");
		end->closed = true;
		end->over = true;
		closed++;
		break;
	case BATON_BYTESTREAM_IS_BROKEN:
		if (end->closed || end->over)
			play_breaks("broken after the end");
		if (!end->may_break && !end->refused &&
		    !(event->reason == BATON_REASON_NO_ROOM && !end->open &&
		      d == talk[t].opener))
			play_breaks("broken without a cause");
		end->asked = false;
		end->over = true;
		/* Who had no room first may have been offered it again since. */
		peer->may_break = true;
		broke++;
		break;
	}
}

static bool attend(int d)
{
	struct baton_bytestream_event event;
	uint64_t t;

	if (!baton_bytestreams_next_event(&device[d].streams, &event))
		return false;
	t = baton_load_be64(event.id) - 1;
	PLAY_SAY("%d is told %d of %" PRIu64 "\n", d, (int)event.type, t);
	if (t >= talks)
		play_breaks("an event of a stream that nobody opened");
	else
		told(d, (size_t)t, &event);
	return true;
}

/* ---- What carries ---- */

static bool send(int d)
{
	struct device *to = &device[!d];
	struct flight *flight = &to->envelope[to->envelopes];

	if (to->envelopes == FLIGHT ||
	    !baton_bytestreams_tx(&device[d].streams, &flight->op,
				  flight->bytes, sizeof(flight->bytes),
				  &flight->len, 0))
		return false;
	PLAY_SAY("%d sends %u of %" PRIu64 "\n", d, flight->op,
		 flight->len < 8 ? 0 : baton_load_be64(flight->bytes) - 1);
	to->envelopes++;
	return true;
}

static bool send_chunk(int d)
{
	struct device *to = &device[!d];
	struct flight *flight = &to->chunk[to->chunks];
	size_t cap = 16 + play_below(CHUNK - 16), bytes;

	if (to->chunks == FLIGHT || !bytestream_ready(&device[d].streams))
		return false;
	flight->len = bytestream_chunk(&device[d].streams, flight->bytes, cap,
				       &bytes);
	if (flight->len == 0 || flight->len > cap)
		play_breaks("a chunk of the wrong size");
	/* The engine may have no room. */
	if (play_chance(10))
		return true;
	bytestream_sent(&device[d].streams, bytes);
	to->chunks++;
	return true;
}

static void judge(int d, const char *what, enum baton_err err, bool twice)
{
	PLAY_SAY("%d takes %s: %d\n", d, what, (int)err);
	/*
	 * STATE: of a stream that has ended here; LIMIT: it will say REPEAT.
	 * What a side said of a stream before it reset and was offered it
	 * again need not fit what it says since; BREAK is on its way.
	 */
	if (err && err != BATON_ERR_PEER_STATE && err != BATON_ERR_PEER_LIMIT &&
	    !twice)
		play_breaks(
			"one machine does not take what the other one sent");
}

/* The sender of the envelope had its stream more than once. */
static bool is_twice(int from, const struct flight *envelope)
{
	uint64_t t = envelope->len < BATON_BYTESTREAM_ID_LEN
			     ? talks
			     : baton_load_be64(envelope->bytes) - 1;

	return t < talks && talk[t].end[from].refused;
}

static bool arrive(int d)
{
	struct device *dev = &device[d];
	struct flight *first = &dev->envelope[0];

	if (dev->envelopes == 0)
		return false;
	judge(d, "an envelope",
	      baton_bytestreams_rx(&dev->streams, first->op, first->bytes,
				   first->len, 0),
	      is_twice(!d, first));
	memmove(first, first + 1, (FLIGHT - 1) * sizeof(*first));
	dev->envelopes--;
	return true;
}

static bool arrive_chunk(int d)
{
	struct device *dev = &device[d];
	struct flight *first = &dev->chunk[0];

	if (dev->chunks == 0)
		return false;
	judge(d, "bytes",
	      bytestream_take(&dev->streams, first->bytes, first->len), false);
	memmove(first, first + 1, (FLIGHT - 1) * sizeof(*first));
	dev->chunks--;
	return true;
}

static void use_link(int d, bool use)
{
	PLAY_SAY("%d %s\n", d, use ? "goes on" : "stops");
	baton_bytestreams_link(&device[d].streams, use, 500, 0);
}

/* What came before the peer's CHANNELS of a session is not taken. */
static void forget_envelopes(int d)
{
	lost += device[d].envelopes;
	device[d].envelopes = 0;
}

/* Both stop and go on over the same link: bytes on their way wait. */
static void suspend(void)
{
	int d = (int)play_below(2);
	uint32_t n;

	suspensions++;
	use_link(d, false);
	for (n = play_below(4); n > 0; n--)
		(void)arrive_chunk(!d);
	use_link(!d, false);
	forget_envelopes(0);
	forget_envelopes(1);
	use_link(!d, true);
	for (n = play_below(6); n > 0; n--) {
		(void)send(!d);
		(void)send_chunk(!d);
		(void)arrive_chunk(!d);
	}
	use_link(d, true);
}

/* ---- Worlds ---- */

/* A stream of the side that goes on, if a few tries find one. */
static size_t some_talk(int d)
{
	size_t t = 0;
	int i;

	for (i = 0; i < 12 && talks > 0; i++) {
		t = play_below((uint32_t)talks);
		if (talk[t].end[d].asked ||
		    (talk[t].end[d].here && !talk[t].end[d].over))
			break;
	}
	return t;
}

static void step(int d, uint32_t trouble, uint32_t slow, uint32_t opens)
{
	size_t t = some_talk(d);
	uint32_t n;

	switch (play_below(12)) {
	case 0:
		if (play_chance(opens))
			open_one(d);
		break;
	case 1:
		answer(d, t, !play_chance(trouble));
		break;
	case 2:
	case 3:
		write_some(d, t);
		break;
	case 4:
	case 5:
		if (!play_chance(slow))
			read_some(d, t);
		break;
	case 6:
		if (play_chance(15))
			finish(d, t);
		if (play_chance(trouble / 2))
			reset(d, t);
		break;
	case 7:
		(void)attend(d);
		break;
	case 8:
		for (n = play_below(play_chance(20) ? FLIGHT : 3); n > 0; n--)
			(void)send(d);
		break;
	case 9:
		for (n = play_below(play_chance(20) ? FLIGHT : 2); n > 0; n--)
			(void)arrive(d);
		break;
	case 10:
		(void)send_chunk(d);
		if (!play_chance(slow))
			(void)arrive_chunk(!d);
		break;
	case 11:
		if (up && play_chance(trouble / 4))
			suspend();
		if (play_chance(up ? trouble / 4 : 40))
			set_link(!up);
		if (play_chance(trouble / 8))
			crash(d);
		break;
	}
}

static bool all_over(void)
{
	size_t t, i;
	int d;

	for (t = 0; t < talks; t++)
		for (d = 0; d < 2; d++)
			if (talk[t].end[d].asked ||
			    (talk[t].end[d].here && !talk[t].end[d].over))
				return false;
	for (d = 0; d < 2; d++)
		for (i = 0; i < device[d].places; i++)
			if (device[d].place[i].state != BATON_BYTESTREAM_FREE)
				return false;
	return true;
}

/* Whatever is under way gets through, and what came is read. */
static bool flow(int d)
{
	const struct end *end;
	bool busy = false;
	size_t t;

	/* In bursts: answers to them may find no place. */
	while (attend(d))
		busy = true;
	while (send(d) || send_chunk(d))
		busy = true;
	while (arrive(!d) || arrive_chunk(!d))
		busy = true;
	for (t = 0; t < talks; t++) {
		end = &talk[t].end[d];
		answer(d, t, true);
		busy |= end->open && !end->over && !end->empty;
		read_some(d, t);
	}
	return busy;
}

static void flow_all(void)
{
	bool busy = true;
	int i;

	for (i = 0; i < SETTLE_STEPS && busy && !play_broken; i++) {
		busy = flow(0);
		busy |= flow(1);
	}
}

/*
 * The weather is fine. All that was written is read, nobody waits for room
 * for ever, and then everybody ends what is there.
 */
static void settle(void)
{
	const struct end *end;
	size_t t;
	int d;

	if (!up)
		set_link(true);
	flow_all();
	for (t = 0; t < talks && !play_broken; t++)
		for (d = 0; d < 2; d++) {
			end = talk[t].end;
			if (end[0].open && end[1].open && !end[0].over &&
			    !end[1].over &&
			    (end[d].full || end[!d].read != end[d].written))
				play_breaks("what was written is not read");
		}
	for (t = 0; t < talks; t++) {
		finish(0, t);
		finish(1, t);
	}
	flow_all();
	/* Who accepted something only now ends it now. */
	for (t = 0; t < talks; t++) {
		finish(0, t);
		finish(1, t);
	}
	flow_all();
	if (!play_broken && !all_over())
		play_breaks(
			"a stream does not come to its end, or keeps a place");
}

static void look_at_end(void)
{
	const struct device *dev;
	const struct end *end;
	size_t t, i;
	int d;

	for (t = 0; t < talks; t++)
		for (d = 0; d < 2; d++) {
			end = &talk[t].end[d];
			if (end->closed && !end->ended)
				play_breaks("closed, and not ENDED");
		}
	for (d = 0; d < 2; d++) {
		dev = &device[d];
		t = BATON_BYTESTREAM_MEMORY(dev->places, dev->ring_len);
		for (i = t; i < sizeof(dev->memory); i++)
			if (dev->memory[i] != CANARY)
				play_breaks("bytes behind the rings");
	}
}

static const char *play(uint64_t seed)
{
	uint32_t trouble, slow, opens, i;
	int d;

	play_begin(seed, 3);
	memset(device, 0, sizeof(device));
	talks = 0;
	up = false;
	trouble = play_below(4) * 10;
	slow = play_below(90);
	opens = 5 + play_below(40);
	for (d = 0; d < 2; d++) {
		device[d].places = 1 + play_below(play_chance(20) ? PLACES : 4);
		device[d].ring_len =
			BATON_BYTESTREAM_RING_MIN + play_below(RING_MAX - 63);
		start(d);
	}
	for (i = 0; i < STEPS && !play_broken; i++)
		step((int)play_below(2), trouble, slow, opens);
	if (!play_broken)
		settle();
	if (!play_broken)
		look_at_end();
	return play_broken;
}

int main(int argc, char **argv)
{
	uint64_t seed, count;
	int code = play_worlds(argc, argv, "bytestreams", play, &seed, &count);

	if (code)
		return code;
	printf("%" PRIu64 " worlds from seed %" PRIu64 ": %" PRIu64
	       " streams, %" PRIu64 " ends closed, %" PRIu64 " reset, %" PRIu64
	       " refused,\n  %" PRIu64 " told broken, %" PRIu64
	       " bytes read, %" PRIu64 " links, %" PRIu64
	       " suspensions, %" PRIu64 " pieces lost with them,\n  %" PRIu64
	       " processes lost: in order, each once, and all came to an end\n",
	       count, seed, opened, closed, resets, refused, broke, bytes_read,
	       links, suspensions, lost, crashes);
	if (count >= 1000 && (closed < count || broke < count || lost < count ||
			      crashes < count / 10)) {
		puts("too little happened");
		return 1;
	}
	return 0;
}
