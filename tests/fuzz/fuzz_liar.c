/* SPDX-License-Identifier: MIT */

/*
 * A peer that is authenticated and lies: any frames in its records, any
 * positions in its SYNC. The honest side loses its link at most; its streams
 * stay within their limits, and once the peer has rebooted all goes on.
 */

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"
#include "transport/varint.h"

#define STEPS 300

static enum baton_role liar;

static void put(uint8_t class_id, const uint8_t *frame, size_t len)
{
	struct baton_outgoing *out = &world->end[liar].session.outgoing;

	/* Before, the handshake has this memory. */
	if (world->end[liar].session.state != BATON_SESSION_SECURED)
		return;
	if (baton_outgoing_frame(&out->batch[class_id], frame, len)) {
		(void)world_turn();
		if (world->end[liar].session.state != BATON_SESSION_SECURED ||
		    baton_outgoing_frame(&out->batch[class_id], frame, len))
			return;
	}
}

static void put_raw(struct fuzz_input *in)
{
	uint8_t class_id = fuzz_byte(in) % BATON_CLASSES;
	size_t len;
	const uint8_t *bytes = fuzz_bytes(in, fuzz_byte(in), &len);

	if (len > 0)
		put(class_id, bytes, len);
}

/* A position of the honest side's stream, or near it. */
static uint64_t near(struct fuzz_input *in, uint64_t truth)
{
	uint8_t how = fuzz_byte(in);

	return how & 1 ? fuzz_number(in) : truth + (how >> 1 & 7) - 3;
}

static void put_control(struct fuzz_input *in)
{
	uint8_t how = fuzz_byte(in);
	struct baton_stream_id id = world_stream(how);
	const struct baton_outgoing_stream *stream =
		baton_outgoing_stream(&world->end[!liar].session.outgoing,
				      BATON_STREAM_AT(id.class_id, id.number));
	struct baton_frame frame = {
		.at = (uint8_t)BATON_STREAM_AT(id.class_id, id.number),
		.reason = how};
	uint8_t bytes[64];

	frame.message = near(in, stream->next);
	if (how & 4) {
		frame.type = BATON_FRAME_VERIFIED;
		frame.offset = near(in, stream->offset);
		put(BATON_CLASS_CONTROL, bytes,
		    baton_frame_put_position(bytes, &frame));
	} else if (how & 8) {
		frame.type = BATON_FRAME_REFUSE;
		put(BATON_CLASS_CONTROL, bytes,
		    baton_frame_put_position(bytes, &frame));
	} else {
		put(id.class_id, bytes,
		    baton_frame_put_cancel(bytes, id.number, how));
	}
}

static void put_data(struct fuzz_input *in)
{
	uint8_t how = fuzz_byte(in);
	uint8_t flags = fuzz_byte(in);
	struct baton_stream_id id = world_stream(how);
	const struct baton_incoming_stream *stream =
		baton_incoming_stream(&world->end[!liar].session.incoming,
				      BATON_STREAM_AT(id.class_id, id.number));
	struct baton_frame frame = {.at = id.number, .codec = how >> 2 & 3};
	uint8_t bytes[BATON_FRAME_HEADER_MAX + 256];
	const uint8_t *payload;
	size_t header, len;

	if (flags & 1)
		frame.marks |= BATON_DATA_START;
	if (flags & 2)
		frame.marks |= BATON_DATA_FIN;
	if ((flags & 5) == 5)
		frame.marks |= BATON_DATA_HEAD;
	if (flags & 8)
		frame.head |= BATON_HEAD_TOTAL;
	if (flags & 16)
		frame.head |= BATON_HEAD_CONTINUES;
	if (flags & 32)
		frame.head |= BATON_HEAD_CODEC;
	if (flags & 64)
		frame.head |= BATON_HEAD_PADDED;
	if (frame.head & BATON_HEAD_TOTAL)
		frame.total = near(in, stream->total);
	if (frame.head & BATON_HEAD_CONTINUES)
		frame.offset = near(in, stream->offset);
	payload = fuzz_bytes(in, fuzz_byte(in), &len);
	header = baton_frame_put_data(bytes, &frame);
	if (len > 0)
		memcpy(bytes + header, payload, len);
	len += header + baton_frame_close_data(bytes, header, len);
	put(id.class_id, bytes, len);
}

/* The next link begins with this position. */
static void lie_in_sync(struct fuzz_input *in)
{
	struct baton_stream_id id = world_stream(fuzz_byte(in));
	const struct baton_outgoing_stream *out =
		baton_outgoing_stream(&world->end[!liar].session.outgoing,
				      BATON_STREAM_AT(id.class_id, id.number));
	struct baton_incoming_stream *stream =
		baton_incoming_stream(&world->end[liar].session.incoming,
				      BATON_STREAM_AT(id.class_id, id.number));

	world_down();
	stream->messages = near(in, out->next);
	stream->offset = near(in, out->offset);
	stream->state = BATON_INCOMING_OPEN;
	world_up();
	(void)world_turn();
}

static void honest(struct fuzz_input *in)
{
	uint8_t byte = fuzz_byte(in);
	struct baton_stream_id id = world_stream(byte);

	switch (byte >> 2 & 7) {
	case 0:
		world_send(!liar, id, byte);
		break;
	case 1:
	case 2:
		world_begin(!liar, id, (byte >> 5) * 300u);
		break;
	case 3:
	case 4:
		world_write(!liar, id, 1000);
		break;
	case 5:
		world_cancel(!liar, id);
		break;
	default:
		world_refuse(!liar, id);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint8_t start = fuzz_byte(&in);
	int i;

	liar = start & 1 ? BATON_PHONE : BATON_WATCH;
	world_start(WORLD_SECURED, (start >> 1) % 3u);
	world_lie(liar);
	for (i = 0; i < STEPS && in.len > 0; i++) {
		switch (fuzz_byte(&in) % 8) {
		case 0:
			put_raw(&in);
			break;
		case 1:
			put_control(&in);
			break;
		case 2:
			put_data(&in);
			break;
		case 3:
			lie_in_sync(&in);
			break;
		case 4:
		case 5:
			honest(&in);
			break;
		case 6:
			(void)world_turn();
			break;
		default:
			world_pass(fuzz_byte(&in) * 10u);
			world_up();
			break;
		}
		world_check(!liar);
	}
	(void)world_turn();
	world_check(!liar);
	world_repent();
	world_finish();
	return 0;
}
