/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/world.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "transport/timing.h"

#define NUMBERS 64 /* messages of a stream */
#ifdef HAVE_ZLIB
#include "port/linux/codec_zlib.h"
#define CODEC &baton_codec_zlib
#else
#define CODEC NULL
#endif

#define LAST ((struct baton_stream_id){BATON_CLASS_MESSAGE, 3})
#define LAST_LEN 50
#define LIMIT_MS 75000 /* silence ends a link before */
#define PATTERN_MAX 4096

/* A message that was sent under a number. */
struct sent {
	uint16_t uid; /* makes its contents */
	uint16_t total;
	uint16_t got; /* bytes given to its receiver */
	bool received, ended; /* whole; cancelled or refused */
};

struct stream {
	struct sent sent[NUMBERS];
	struct sent now; /* the streamed message in progress */
	uint8_t meta[2];
};

/* Worlds that have bonded and are secured, to begin from. */
static struct base {
	struct pair pair, saved;
	void *memory[2];
	size_t memory_len;
} bases[3];

struct pair *world;
struct world_queue world_queue[2];

static struct stream streams[2][BATON_DATA_CLASSES][BATON_STREAMS];
static uint16_t uids;
static bool pairing, lying, lied, last_sent[2];
static enum baton_role liar;

/* Of every second message it is worth to be compressed. */
static uint8_t content(uint16_t uid, size_t at)
{
	static const char text[] = "{\"activity\":\"run\",\"distance_m\":5230}";

	if (uid % 2)
		return (uint8_t)text[(at + uid) % (sizeof(text) - 1)];
	return (uint8_t)((uid * 0x9e3779b1u + (uint32_t)at * 0x85ebca6bu) >>
			 17);
}

static struct stream *stream_of(enum baton_role from, struct baton_stream_id id)
{
	return &streams[from][id.class_id - BATON_CLASS_MESSAGE][id.number];
}

static struct baton_outgoing_stream *out_of(enum baton_role from,
					    struct baton_stream_id id)
{
	return baton_outgoing_stream(&world->end[from].session.outgoing,
				     BATON_STREAM_AT(id.class_id, id.number));
}

static void make_base(struct base *base, unsigned int kind)
{
	static const struct baton_link_config config[2] = {
		BATON_LINK_CONFIG_LARGE, BATON_LINK_CONFIG_SMALL};
	int i;

	if (kind < 2)
		pair_init_config(&base->pair, 1, &config[kind]);
	else
		pair_init_codec(&base->pair, 1, CODEC, CODEC);
	FUZZ_CHECK(pair_bond(&base->pair));
	base->memory_len =
		baton_session_memory_len(&base->pair.end[0].session.config);
	for (i = 0; i < 2; i++) {
		base->memory[i] = malloc(base->memory_len);
		FUZZ_CHECK(base->memory[i]);
		memcpy(base->memory[i], base->pair.end[i].memory,
		       base->memory_len);
	}
	base->saved = base->pair;
}

void world_start(enum world_start start, unsigned int kind)
{
	struct base *base = &bases[kind];
	int i;

	if (!base->memory_len)
		make_base(base, kind);
	world = &base->pair;
	*world = base->saved;
	for (i = 0; i < 2; i++)
		memcpy(world->end[i].memory, base->memory[i], base->memory_len);
	memset(world_queue, 0, sizeof(world_queue));
	memset(streams, 0, sizeof(streams));
	memset(last_sent, 0, sizeof(last_sent));
	uids = 1;
	lying = lied = false;
	pairing = start == WORLD_PAIRING;
	if (start == WORLD_SECURED)
		return;
	world_down();
	for (i = 0; pairing && i < 2; i++)
		FUZZ_CHECK(!baton_session_pairing_open(&world->end[i].session,
						       world->now_ms));
	world_up();
}

/* A liar may say that it has revoked the bond: there is no link any more. */
static bool is_revoked(void)
{
	return lied && !baton_session_bond_count(&world->end[!liar].session);
}

void world_up(void)
{
	if (!world->up && !is_revoked())
		pair_up(world);
}

void world_down(void)
{
	pair_down(world);
	world_queue[0].len = 0;
	world_queue[1].len = 0;
}

static void check_content(const struct baton_event *event,
			  const struct sent *sent)
{
	size_t i;

	FUZZ_CHECK(event->u.message.offset + event->u.message.len <=
		   sent->total);
	for (i = 0; i < event->u.message.len; i++)
		FUZZ_CHECK(event->u.message.bytes[i] ==
			   content(sent->uid, event->u.message.offset + i));
}

/* An event about a message that came: it is what was sent, and is new. */
static void take_message(enum baton_role to, const struct baton_event *event)
{
	struct stream *stream = stream_of(!to, event->stream);
	struct sent *sent = &stream->sent[event->u.message.number];

	FUZZ_CHECK(event->u.message.number < NUMBERS);
	FUZZ_CHECK(!sent->received && sent->uid);
	FUZZ_CHECK(event->u.message.total == sent->total);
	if (event->type == BATON_EVENT_BEGIN) {
		FUZZ_CHECK(event->u.message.meta_len == sizeof(stream->meta));
		FUZZ_CHECK(event->u.message.offset == 0 && sent->got == 0);
		return;
	}
	if (event->type == BATON_EVENT_MESSAGE)
		FUZZ_CHECK(event->u.message.len == sent->total);
	if (event->type != BATON_EVENT_END) {
		FUZZ_CHECK(event->u.message.offset == sent->got);
		check_content(event, sent);
		sent->got = (uint16_t)(sent->got + event->u.message.len);
	}
	if (event->type != BATON_EVENT_DATA) {
		FUZZ_CHECK(sent->got == sent->total);
		sent->received = true;
	}
}

/* An event about a message that was sent: what it says is so. */
static void take_news(enum baton_role from, const struct baton_event *event)
{
	struct stream *stream = stream_of(from, event->stream);
	struct sent *sent = stream->sent;
	uint64_t i = event->u.sent.message;

	FUZZ_CHECK(i <= NUMBERS);
	if (event->type == BATON_EVENT_DELIVERED) {
		while (i-- > 0)
			FUZZ_CHECK(sent[i].received || sent[i].ended);
	} else if (event->type == BATON_EVENT_LOST) {
		for (; i < event->u.sent.end; i++)
			FUZZ_CHECK(!sent[i].received);
		if (event->stream.number == LAST.number)
			last_sent[from] = false;
	} else if (event->u.sent.offset == 0) {
		sent[i] = stream->now;
		sent[i].got = 0;
	} else {
		FUZZ_CHECK(sent[i].uid == stream->now.uid);
		FUZZ_CHECK(sent[i].got == event->u.sent.offset);
	}
}

/* What a liar may send is still no more than it says. */
static void check_limits(const struct baton_event *event)
{
	uint64_t total = event->u.message.total;

	if (total != BATON_TOTAL_UNKNOWN)
		FUZZ_CHECK(event->u.message.offset + event->u.message.len <=
			   total);
	FUZZ_CHECK(event->u.message.len <= BATON_RECORD_MAX);
	FUZZ_CHECK(event->u.message.meta_len <= BATON_META_MAX);
}

static void take_event(enum baton_role role, const struct baton_event *event)
{
	struct pair_end *end = &world->end[role];

	switch (event->type) {
	case BATON_EVENT_SECURED:
		end->secured = true;
		break;
	case BATON_EVENT_LINK_CLOSE:
		end->closed = true;
		break;
	case BATON_EVENT_COMPARE:
		FUZZ_CHECK(!baton_session_confirm(&end->session, true,
						  world->now_ms));
		break;
	case BATON_EVENT_MESSAGE:
	case BATON_EVENT_BEGIN:
	case BATON_EVENT_DATA:
	case BATON_EVENT_END:
		if (!lying)
			take_message(role, event);
		else if (role != liar)
			check_limits(event);
		break;
	case BATON_EVENT_DELIVERED:
	case BATON_EVENT_LOST:
	case BATON_EVENT_REWIND:
		if (!lying)
			take_news(role, event);
		break;
	case BATON_EVENT_SHOW_CODE:
	case BATON_EVENT_TYPE_CODE:
	case BATON_EVENT_SHOW_SECRET:
	case BATON_EVENT_TAKE_SECRET:
	case BATON_EVENT_PAIRED:
	case BATON_EVENT_PAIR_FAILED:
	case BATON_EVENT_REVOKED:
	case BATON_EVENT_ROLLED_BACK:
	case BATON_EVENT_ABORTED:
	case BATON_EVENT_WRITABLE:
	case BATON_EVENT_REFUSED:
	case BATON_EVENT_FRAME:
		break;
	}
}

/* Take all events and store operations of an end. */
static void attend(enum baton_role role)
{
	struct pair_end *end = &world->end[role];
	struct baton_store_op op;
	struct baton_event event;

	while (!end->deaf &&
	       baton_session_next_event(&end->session, &event, world->now_ms))
		take_event(role, &event);
	while (baton_session_next_store_op(&end->session, &op))
		baton_session_stored(&end->session, op.id, BATON_OK,
				     world->now_ms);
	if (end->closed || world->end[!role].closed)
		world_down();
}

void world_arrive(enum baton_role to, const uint8_t *bytes, size_t len)
{
	(void)baton_session_rx(&world->end[to].session, bytes, len,
			       world->now_ms);
	attend(to);
}

void world_deliver(enum baton_role to)
{
	struct world_queue *queue = &world_queue[to];
	struct pair_pdu pdu = queue->pdu[0];

	if (queue->len == 0)
		return;
	queue->len--;
	memmove(queue->pdu, queue->pdu + 1, queue->len * sizeof(pdu));
	world_arrive(to, pdu.bytes, pdu.len);
}

void world_pump(enum baton_role from)
{
	struct world_queue *queue = &world_queue[!from];
	struct pair_pdu *pdu = &queue->pdu[queue->len];

	if (!world->up || queue->len == WORLD_QUEUE)
		return;
	pdu->len = baton_session_tx(&world->end[from].session, pdu->bytes,
				    sizeof(pdu->bytes), world->now_ms);
	FUZZ_CHECK(pdu->len <= world->mtu - 3u);
	queue->len += pdu->len > 0;
	attend(from);
}

/* All that is on its way to an end arrives. */
static bool deliver_all(enum baton_role to)
{
	static struct pair_pdu pdu[WORLD_QUEUE];
	size_t len = world_queue[to].len;
	size_t i;

	memcpy(pdu, world_queue[to].pdu, len * sizeof(*pdu));
	world_queue[to].len = 0;
	for (i = 0; i < len && world->up; i++)
		world_arrive(to, pdu[i].bytes, pdu[i].len);
	return len > 0;
}

bool world_turn(void)
{
	bool moved = false;
	size_t before;
	int role;

	for (role = 0; role < 2; role++) {
		moved |= deliver_all((enum baton_role)role);
		attend((enum baton_role)role);
		do {
			before = world_queue[!role].len;
			world_pump((enum baton_role)role);
		} while (world_queue[!role].len > before);
		moved |= before > 0;
	}
	return moved;
}

void world_pass(uint64_t ms)
{
	int role;

	world->now_ms += ms;
	for (role = 0; role < 2; role++) {
		baton_session_tick(&world->end[role].session, world->now_ms);
		attend((enum baton_role)role);
	}
}

void world_set_mtu(uint16_t mtu)
{
	int role;

	world->mtu = mtu;
	for (role = 0; role < 2; role++) {
		baton_session_link_mtu(&world->end[role].session, mtu);
		world_queue[role].len = 0;
	}
}

void world_check(enum baton_role role)
{
	const struct baton_session *session = &world->end[role].session;
	const struct baton_outgoing_stream *out;
	const struct baton_incoming_stream *in;
	int i;

	for (i = 0; i < BATON_ALL_STREAMS; i++) {
		out = &session->outgoing.stream[i];
		in = &session->incoming.stream[i];
		FUZZ_CHECK(out->verified <= out->next + 1);
		FUZZ_CHECK(out->state == BATON_OUTGOING_IDLE ||
			   out->offset <= out->total);
		FUZZ_CHECK(in->offset <= BATON_MESSAGE_MAX);
		FUZZ_CHECK(in->state != BATON_INCOMING_IDLE || in->offset == 0);
	}
}

struct baton_stream_id world_stream(uint8_t byte)
{
	return (struct baton_stream_id){
		.class_id = byte & 1 ? BATON_CLASS_BULK : BATON_CLASS_MESSAGE,
		.number = byte >> 1 & 1};
}

/* A new message from here may be logged. */
static struct sent *next_sent(enum baton_role from, struct baton_stream_id to)
{
	uint64_t next = out_of(from, to)->next;

	if (pairing || next >= NUMBERS)
		return NULL;
	return &stream_of(from, to)->sent[next];
}

void world_send(enum baton_role from, struct baton_stream_id to, size_t len)
{
	struct sent *sent = next_sent(from, to);
	uint8_t bytes[PATTERN_MAX];
	size_t i;

	if (!sent || len > sizeof(bytes))
		return;
	for (i = 0; i < len; i++)
		bytes[i] = content(uids, i);
	if (baton_session_send(&world->end[from].session, to, bytes, len,
			       uids >> 1 & 3u, world->now_ms))
		return;
	/* Making room may have ended the link, but not used the number. */
	*sent = (struct sent){.uid = uids++, .total = (uint16_t)len};
}

void world_begin(enum baton_role from, struct baton_stream_id to, size_t total)
{
	struct sent *sent = next_sent(from, to);
	struct stream *stream = stream_of(from, to);

	if (!sent || baton_session_begin(&world->end[from].session, to, total,
					 stream->meta, sizeof(stream->meta), 0))
		return;
	*sent = (struct sent){.uid = uids++, .total = (uint16_t)total};
	stream->now = *sent;
}

void world_write(enum baton_role from, struct baton_stream_id to, size_t most)
{
	struct baton_outgoing_stream *out = out_of(from, to);
	struct stream *stream = stream_of(from, to);
	uint8_t bytes[PATTERN_MAX];
	size_t i, len, taken;

	if (out->state != BATON_OUTGOING_SENDING)
		return;
	len = (size_t)(out->total - out->offset);
	if (len > most)
		len = most;
	if (len > sizeof(bytes))
		len = sizeof(bytes);
	for (i = 0; i < len; i++)
		bytes[i] = content(stream->now.uid, out->offset + i);
	if (len > 0 &&
	    baton_session_write(&world->end[from].session, to, bytes, len,
				&taken, world->now_ms) == BATON_OK)
		FUZZ_CHECK(taken > 0);
}

void world_cancel(enum baton_role from, struct baton_stream_id to)
{
	struct baton_outgoing_stream *out = out_of(from, to);

	if (!baton_session_cancel(&world->end[from].session, to, 1))
		stream_of(from, to)->sent[out->next].ended = true;
}

void world_refuse(enum baton_role to, struct baton_stream_id from)
{
	struct baton_session *session = &world->end[to].session;

	if (!baton_session_refuse(session, from, 1))
		stream_of(!to, from)
			->sent[baton_incoming_stream(
				       &session->incoming,
				       BATON_STREAM_AT(from.class_id,
						       from.number))
				       ->messages]
			.ended = true;
}

/* Everything sent was taken, the last message of each end too. */
static bool finished(void)
{
	int role;

	for (role = 0; role < 2; role++)
		if (!last_sent[role] ||
		    baton_outgoing_unverified(
			    &world->end[role].session.outgoing))
			return false;
	return true;
}

static void write_all(enum baton_role role)
{
	struct baton_stream_id id;
	uint64_t next = out_of(role, LAST)->next;

	for (id.class_id = 1; id.class_id < BATON_CLASSES; id.class_id++)
		for (id.number = 0; id.number < BATON_STREAMS; id.number++)
			world_write(role, id, PATTERN_MAX);
	if (last_sent[role])
		return;
	world_send(role, LAST, LAST_LEN);
	last_sent[role] = out_of(role, LAST)->next > next;
}

/* Until all is finished, or the link has ended, or time is up. */
static void run(void)
{
	uint64_t limit = world->now_ms + LIMIT_MS;
	uint64_t due;
	bool moved;
	int turns;

	while (!finished() && world->up && world->now_ms < limit) {
		moved = true;
		for (turns = 0; turns < 4 && world->up && moved; turns++) {
			write_all(BATON_WATCH);
			write_all(BATON_PHONE);
			moved = world_turn();
		}
		due = baton_earlier(
			baton_session_deadline(&world->end[0].session),
			baton_session_deadline(&world->end[1].session));
		due = baton_earlier(due, limit);
		/* They may have more to say, though nothing is due. */
		if (moved)
			due = world->now_ms;
		world_pass(due > world->now_ms ? due - world->now_ms : 1);
	}
}

void world_lie(enum baton_role who)
{
	lying = lied = true;
	liar = who;
}

void world_repent(void)
{
	struct baton_session *session = &world->end[liar].session;
	struct baton_stream_id id;
	struct sent now;
	int i;

	world_down();
	session->numbering[0]++;
	memset(session->outgoing.stream, 0, sizeof(session->outgoing.stream));
	memset(session->incoming.stream, 0, sizeof(session->incoming.stream));
	for (i = 0; i < 2; i++)
		attend((enum baton_role)i);
	for (id.class_id = 1; id.class_id < BATON_CLASSES; id.class_id++)
		for (id.number = 0; id.number < BATON_STREAMS; id.number++)
			for (i = 0; i < 2; i++) {
				now = stream_of((enum baton_role)i, id)->now;
				memset(stream_of((enum baton_role)i, id)->sent,
				       0, sizeof(struct sent) * NUMBERS);
				stream_of((enum baton_role)i, id)->now = now;
			}
	lying = false;
}

void world_finish(void)
{
	uint8_t id[BATON_BOND_ID_LEN];
	int i, links;

	world->mtu = 247;
	for (i = 0; i < 2; i++)
		world->end[i].deaf = false;
	if (pairing) {
		world_down();
		for (i = 0; i < 2; i++) {
			baton_session_pairing_close(&world->end[i].session);
			attend((enum baton_role)i);
			FUZZ_CHECK(!baton_session_bond_id(
				&world->end[i].session, 0, id));
			FUZZ_CHECK(!baton_session_bond_select(
				&world->end[i].session, id));
		}
		pairing = false;
	}
	if (is_revoked()) {
		FUZZ_CHECK(!world->up);
		return;
	}
	for (links = world->up; links >= 0 && !finished(); links--) {
		world_up();
		run();
		/* A link over which nothing goes must have ended. */
		FUZZ_CHECK(finished() || !world->up);
	}
	FUZZ_CHECK(finished());
	for (i = 0; i < 2; i++)
		FUZZ_CHECK(
			stream_of((enum baton_role)i, LAST)
				->sent[out_of((enum baton_role)i, LAST)->next -
				       1]
				.received);
}
