/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/messages.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "transport/incoming.h"

#define RECORD_MAX 64
#define MESSAGE_MAX 300
#define QUEUE 8 /* records or control frames on their way */
#define NUMBERS 256 /* messages of a stream */

/* A message that was sent under a number. */
struct sent {
	uint16_t uid; /* makes its contents */
	bool received, ended; /* whole; cancelled or refused */
};

struct stream {
	struct sent sent[NUMBERS];
	uint16_t total, uid; /* of the streamed message in progress */
};

struct record {
	uint8_t bytes[BATON_RECEIVER_RECORD_LEN(RECORD_MAX)];
	size_t len;
};

static struct world {
	struct baton_outgoing outgoing;
	struct baton_incoming incoming;
	struct stream stream[BATON_DATA_CLASSES][BATON_STREAMS];
	struct record record[BATON_CLASSES][QUEUE];
	size_t records[BATON_CLASSES];
	struct baton_frame control[QUEUE];
	size_t controls;
	uint16_t uids;
	uint8_t memory[BATON_BATCHES_LEN(RECORD_MAX)];
} world;

static uint8_t content(uint16_t uid, uint64_t at)
{
	return (uint8_t)((uid * 0x9e3779b1u + (uint32_t)at * 0x85ebca6bu) >>
			 17);
}

static struct stream *stream_of(uint8_t class_id, uint8_t number)
{
	return &world.stream[class_id - BATON_CLASS_MESSAGE][number];
}

static void fill(uint8_t *bytes, uint16_t uid, uint64_t at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = content(uid, at + i);
}

void messages_send(uint8_t class_id, uint8_t number, size_t len)
{
	struct baton_outgoing_stream *out = baton_outgoing_stream(
		&world.outgoing, BATON_STREAM_AT(class_id, number));
	struct stream *stream = stream_of(class_id, number);
	uint64_t at = out->next;
	uint8_t bytes[RECORD_MAX];

	if (at == NUMBERS)
		return;
	fill(bytes, world.uids, 0, len);
	if (baton_outgoing_send(&world.outgoing,
				BATON_STREAM_AT(class_id, number), bytes, len,
				0))
		return;
	stream->sent[at] = (struct sent){.uid = world.uids++};
}

void messages_begin(uint8_t class_id, uint8_t number, uint16_t total)
{
	struct baton_outgoing_stream *out = baton_outgoing_stream(
		&world.outgoing, BATON_STREAM_AT(class_id, number));
	struct stream *stream = stream_of(class_id, number);
	uint64_t at = out->next;

	if (at == NUMBERS ||
	    baton_outgoing_begin(&world.outgoing,
				 BATON_STREAM_AT(class_id, number), total, NULL,
				 0))
		return;
	stream->total = total;
	stream->uid = world.uids;
	stream->sent[at] = (struct sent){.uid = world.uids++};
}

void messages_write(uint8_t class_id, uint8_t number, size_t len)
{
	struct baton_outgoing_stream *out = baton_outgoing_stream(
		&world.outgoing, BATON_STREAM_AT(class_id, number));
	struct stream *stream = stream_of(class_id, number);
	uint8_t bytes[MESSAGE_MAX * 2];
	size_t taken;

	if (out->state != BATON_OUTGOING_SENDING)
		return;
	if (len > stream->total - out->offset)
		len = (size_t)(stream->total - out->offset);
	fill(bytes, stream->uid, out->offset, len);
	if (!baton_outgoing_write(&world.outgoing,
				  BATON_STREAM_AT(class_id, number), bytes, len,
				  &taken))
		FUZZ_CHECK(taken <= len);
}

/* Make a record of what waits in a class. */
void messages_seal(uint8_t class_id)
{
	struct baton_batch *batch = &world.outgoing.batch[class_id];
	unsigned int at = BATON_STREAM_AT(class_id, 0);
	unsigned int end = at + BATON_STREAMS;
	struct record *record;

	for (; at < end; at++)
		if (baton_outgoing_flush(&world.outgoing, at))
			FUZZ_CHECK(batch->len > 0);
	FUZZ_CHECK(batch->len <= RECORD_MAX);
	if (batch->len == 0 || world.records[class_id] == QUEUE)
		return;
	record = &world.record[class_id][world.records[class_id]++];
	record->len = batch->len;
	memcpy(record->bytes, batch->bytes + BATON_RECORD_HEADER_LEN,
	       batch->len);
	batch->len = 0;
	batch->tail_header = 0;
}

static void owe(struct baton_frame frame)
{
	if (world.controls < QUEUE)
		world.control[world.controls++] = frame;
}

static void owe_refusal(uint8_t class_id, uint8_t number, uint64_t message)
{
	owe((struct baton_frame){
		.type = BATON_FRAME_REFUSE,
		.at = (uint8_t)BATON_STREAM_AT(class_id, number),
		.message = message});
	stream_of(class_id, number)->sent[message].ended = true;
}

static void take_frame(const struct baton_frame *frame)
{
	struct baton_incoming_stream *in;
	struct baton_incoming_news news;
	struct sent *sent;
	size_t i;

	FUZZ_CHECK(!baton_incoming_check(&world.incoming, frame, &news));
	in = baton_incoming_stream(&world.incoming, frame->at);
	FUZZ_CHECK(in->messages < NUMBERS);
	sent = &stream_of(BATON_CLASS_OF(frame->at), BATON_NUMBER_OF(frame->at))
			->sent[in->messages];
	if ((news.tell & BATON_TELL_MESSAGE) || (news.tell & BATON_TELL_DATA))
		for (i = 0; i < frame->len; i++)
			FUZZ_CHECK(frame->bytes[i] ==
				   content(sent->uid, in->offset + i));
	if (news.refuse)
		owe_refusal(BATON_CLASS_OF(frame->at),
			    BATON_NUMBER_OF(frame->at), in->messages);
	FUZZ_CHECK(!(news.tell & BATON_TELL_ABORTED) || sent->ended);
	if ((news.tell & BATON_TELL_MESSAGE) || (news.tell & BATON_TELL_END)) {
		FUZZ_CHECK(!sent->received);
		sent->received = true;
	}
	baton_incoming_take(&world.incoming, frame, 0);
}

void messages_deliver(uint8_t class_id)
{
	struct record *record = &world.record[class_id][0];
	struct baton_frames frames = {record->bytes, record->len, class_id};
	struct baton_frame frame;

	if (world.records[class_id] == 0)
		return;
	while (frames.len > 0) {
		FUZZ_CHECK(!baton_frame_next(&frames, &frame));
		take_frame(&frame);
	}
	world.records[class_id]--;
	memmove(record, record + 1, world.records[class_id] * sizeof(*record));
}

/* What the receiver tells: where it stands. */
void messages_tell(void)
{
	struct baton_frame frame;

	if (world.controls == QUEUE ||
	    !baton_incoming_next(&world.incoming, &frame))
		return;
	owe(frame);
	baton_incoming_told(&world.incoming, &frame);
}

/* Every message below where the receiver stands arrived or was given up. */
static void check_done(uint8_t class_id, uint8_t number, uint64_t messages)
{
	const struct sent *sent = stream_of(class_id, number)->sent;
	uint64_t i;

	for (i = 0; i < messages; i++)
		FUZZ_CHECK(sent[i].received || sent[i].ended);
}

void messages_hear(void)
{
	struct baton_frame frame = world.control[0];
	struct baton_outgoing_stream *out;

	if (world.controls == 0)
		return;
	world.controls--;
	memmove(world.control, world.control + 1,
		world.controls * sizeof(frame));
	out = baton_outgoing_stream(&world.outgoing, frame.at);
	if (frame.type == BATON_FRAME_REFUSE) {
		FUZZ_CHECK(!baton_outgoing_refused(out, frame.message,
						   frame.reason));
		return;
	}
	FUZZ_CHECK(!baton_outgoing_verified(out, frame.message));
	check_done(BATON_CLASS_OF(frame.at), BATON_NUMBER_OF(frame.at),
		   frame.message);
}

void messages_cancel(uint8_t class_id, uint8_t number)
{
	struct baton_outgoing_stream *out = baton_outgoing_stream(
		&world.outgoing, BATON_STREAM_AT(class_id, number));

	if (!baton_outgoing_cancel(out, 1))
		stream_of(class_id, number)->sent[out->next].ended = true;
}

void messages_refuse(uint8_t class_id, uint8_t number)
{
	struct baton_incoming_stream *in = baton_incoming_stream(
		&world.incoming, BATON_STREAM_AT(class_id, number));

	if (world.controls < QUEUE && !baton_incoming_refuse(in))
		owe_refusal(class_id, number, in->messages);
}

static void sync(uint8_t class_id, uint8_t number, bool known)
{
	struct baton_outgoing_stream *out = baton_outgoing_stream(
		&world.outgoing, BATON_STREAM_AT(class_id, number));
	struct baton_incoming_stream *in = baton_incoming_stream(
		&world.incoming, BATON_STREAM_AT(class_id, number));
	struct stream *stream = stream_of(class_id, number);
	struct baton_position position = {.messages = in->messages,
					  .offset = in->offset};
	uint64_t before = out->next, i;

	out->tell = 0;
	out->lost_count = 0;
	FUZZ_CHECK(!baton_outgoing_sync(out, known, &position));
	if (known)
		check_done(class_id, number, in->messages);
	for (i = 0; known && i < out->lost_count; i++)
		FUZZ_CHECK(!stream->sent[out->next + i].received);
	if (known && !(out->tell & BATON_SENT_LOST))
		for (i = in->messages; i < before; i++)
			FUZZ_CHECK(stream->sent[i].ended ||
				   out->tell & BATON_SENT_REWIND);
	if (out->owes_cancel)
		FUZZ_CHECK(stream->sent[in->messages].ended && in->offset > 0);
	else
		FUZZ_CHECK(out->offset == in->offset ||
			   out->state == BATON_OUTGOING_CANCELLING);
	FUZZ_CHECK(out->next == in->messages + out->owes_cancel);
	if (out->state != BATON_OUTGOING_IDLE)
		stream->sent[out->next] = (struct sent){
			.uid = stream->uid,
			.ended = out->state == BATON_OUTGOING_CANCELLING};
}

void messages_next_link(int forgot)
{
	struct baton_incoming_stream *in;
	uint8_t c, s;
	bool dropped;

	memset(world.records, 0, sizeof(world.records));
	world.controls = 0;
	baton_outgoing_start(&world.outgoing, RECORD_MAX);
	for (c = BATON_CLASS_MESSAGE; c < BATON_CLASSES; c++)
		for (s = 0; s < BATON_STREAMS; s++) {
			in = baton_incoming_stream(&world.incoming,
						   BATON_STREAM_AT(c, s));
			dropped = baton_incoming_link_down(in);
			if (forgot)
				dropped |= baton_incoming_reset(in);
			(void)dropped;
			sync(c, s, !forgot);
		}
}

void messages_start(void)
{
	memset(&world, 0, sizeof(world));
	baton_outgoing_init(&world.outgoing, world.memory, RECORD_MAX);
	world.incoming.message_max = MESSAGE_MAX;
}

/* Everything that can move without an application, moves. */
static void settle(void)
{
	bool more = true;
	uint8_t c;

	while (more) {
		more = false;
		for (c = BATON_CLASS_MESSAGE; c < BATON_CLASSES; c++) {
			messages_seal(c);
			more |= world.records[c] > 0;
			messages_deliver(c);
		}
		messages_tell();
		more |= world.controls > 0;
		messages_hear();
	}
}

static void finish(uint8_t class_id, uint8_t number)
{
	struct baton_outgoing_stream *out = baton_outgoing_stream(
		&world.outgoing, BATON_STREAM_AT(class_id, number));
	struct stream *stream = stream_of(class_id, number);
	uint64_t at;
	int i;

	for (i = 0; i < 4 * MESSAGE_MAX && out->state != BATON_OUTGOING_IDLE;
	     i++) {
		messages_write(class_id, number, stream->total);
		settle();
	}
	FUZZ_CHECK(out->state == BATON_OUTGOING_IDLE);
	at = out->next;
	if (at == NUMBERS)
		return;
	messages_send(class_id, number, 5);
	settle();
	FUZZ_CHECK(stream->sent[at].received && out->verified == at + 1);
}

void messages_finish(void)
{
	uint8_t c, s;

	settle();
	for (c = BATON_CLASS_MESSAGE; c < BATON_CLASSES; c++)
		for (s = 0; s < BATON_STREAMS; s++)
			finish(c, s);
	FUZZ_CHECK(!baton_outgoing_unverified(&world.outgoing));
}
