/* SPDX-License-Identifier: MIT */
#include "transport/outgoing.h"

#include <string.h>

#include "transport/plant.h"

static void set_state(struct baton_outgoing_stream *stream,
		      enum baton_outgoing_state state)
{
	stream->state = (uint8_t)state;
	/* The peer's decoder is taken until it has the CANCEL. */
	if (state != BATON_OUTGOING_CANCELLING)
		stream->codec = BATON_CODEC_PLAIN;
	if (state != BATON_OUTGOING_IDLE)
		return;
	stream->offset = 0;
	stream->secret = false;
	stream->begun = false;
	stream->resumed = false;
	stream->meta = NULL;
	stream->meta_len = 0;
}

void baton_outgoing_init(struct baton_outgoing *outgoing, uint8_t *memory,
			 uint16_t record_max)
{
	int c;

	for (c = 0; c < BATON_CLASSES; c++) {
		outgoing->batch[c].bytes = memory;
		memory += baton_aligned(
			BATON_BATCH_LEN(baton_class_record_max(c, record_max)));
	}
	baton_outgoing_start(outgoing, record_max);
}

BATON_NOT_INLINE
struct baton_batch *baton_outgoing_batch(struct baton_outgoing *outgoing,
					 uint8_t class_id)
{
	return &outgoing->batch[class_id];
}

void baton_batch_clear(struct baton_batch *batch)
{
	batch->len = 0;
	batch->tail_header = 0;
}

void baton_outgoing_start(struct baton_outgoing *outgoing, uint16_t record_max)
{
	int i;

	for (i = 0; i < BATON_CLASSES; i++) {
		outgoing->batch[i].cap = baton_class_record_max(i, record_max);
		baton_batch_clear(&outgoing->batch[i]);
		outgoing->batch[i].busy = true;
	}
	for (i = 0; i < BATON_ALL_STREAMS; i++) {
		/* What the peer has of it, its SYNC will tell. */
		outgoing->stream[i].resumed |= outgoing->stream[i].begun;
		outgoing->stream[i].begun = false;
		outgoing->stream[i].codec = BATON_CODEC_PLAIN;
	}
}

BATON_NOT_INLINE
struct baton_outgoing_stream *
baton_outgoing_stream(struct baton_outgoing *outgoing, unsigned int at)
{
	return &outgoing->stream[at];
}

static uint8_t *plaintext(const struct baton_batch *batch)
{
	return batch->bytes + BATON_RECORD_HEADER_LEN;
}

/* Bytes that a frame may still have, after the open one got its length. */
static size_t room(const struct baton_batch *batch)
{
	size_t used = batch->len;

	if (batch->tail_header)
		used += baton_varint_len((uint32_t)(batch->len - batch->tail -
						    batch->tail_header));
	return used < batch->cap ? batch->cap - used : 0;
}

static void close_tail(struct baton_batch *batch)
{
	size_t bytes_len;

	if (!batch->tail_header)
		return;
	bytes_len = (size_t)(batch->len - batch->tail - batch->tail_header);
	batch->len =
		(uint16_t)(batch->len + baton_frame_close_data(
						plaintext(batch) + batch->tail,
						batch->tail_header, bytes_len));
	batch->tail_header = 0;
}

enum baton_err baton_outgoing_frame(struct baton_batch *batch,
				    const uint8_t *frame, size_t len)
{
	if (room(batch) < len)
		return BATON_ERR_AGAIN;
	close_tail(batch);
	memcpy(plaintext(batch) + batch->len, frame, len);
	batch->len = (uint16_t)(batch->len + len);
	return BATON_OK;
}

BATON_NOT_INLINE
static enum baton_err put_cancel(struct baton_batch *batch,
				 const struct baton_outgoing_stream *stream,
				 uint8_t number)
{
	uint8_t frame[3];

	return baton_outgoing_frame(
		batch, frame,
		baton_frame_put_cancel(frame, number, stream->reason));
}

/*
 * A CANCEL was lost with the last link: before anything else of its stream
 * goes out, it does.
 */
static enum baton_err put_owed_cancel(struct baton_batch *batch,
				      struct baton_outgoing_stream *stream,
				      uint8_t number)
{
	enum baton_err err;

	if (!stream->owes_cancel)
		return BATON_OK;
	err = put_cancel(batch, stream, number);
	if (!err)
		stream->owes_cancel = false;
	return err;
}

/* Open a DATA frame with this header; its bytes are appended by the caller. */
static void open_data(struct baton_batch *batch,
		      const struct baton_frame *frame)
{
	size_t header_len;

	close_tail(batch);
	header_len = baton_frame_put_data(plaintext(batch) + batch->len, frame);
	batch->tail = batch->len;
	batch->tail_header = (uint16_t)header_len;
	batch->tail_stream = BATON_NUMBER_OF(frame->at);
	batch->tail_fin = frame->marks & BATON_DATA_FIN;
	batch->len = (uint16_t)(batch->len + header_len);
}

static void append(struct baton_batch *batch, const uint8_t *bytes, size_t len)
{
	if (len > 0)
		memcpy(plaintext(batch) + batch->len, bytes, len);
	batch->len = (uint16_t)(batch->len + len);
}

static void open_head(struct baton_batch *batch, unsigned int at, size_t total,
		      uint8_t codec, bool padded)
{
	struct baton_frame frame = {.type = BATON_FRAME_DATA,
				    .at = (uint8_t)at,
				    .marks = BATON_DATA_START | BATON_DATA_FIN,
				    .codec = codec,
				    .total = (uint32_t)total};

	if (codec || padded) {
		frame.marks |= BATON_DATA_HEAD;
		frame.head = BATON_HEAD_WHOLE | BATON_HEAD_TOTAL;
	}
	if (codec)
		frame.head |= BATON_HEAD_CODEC;
	if (padded)
		frame.head |= BATON_HEAD_PADDED;
	open_data(batch, &frame);
}

/* The open frame fills a bucket, its length field not counted. */
static void fill_bucket(struct baton_batch *batch)
{
	size_t len = (size_t)(batch->len - batch->tail);
	size_t rest = baton_pack_bucket(len, len + batch->cap - batch->len);

	rest -= len;
	memset(plaintext(batch) + batch->len, 0, rest);
	batch->len = (uint16_t)(batch->len + rest);
}

/* Some message of the class of a stream has its encoder. */
static bool encoder_taken(const struct baton_outgoing *outgoing,
			  unsigned int at)
{
	const struct baton_outgoing_stream *stream =
		&outgoing->stream[BATON_FIRST_OF(at)];
	uint8_t s;

	for (s = 0; s < BATON_STREAMS; s++)
		if (stream[s].codec)
			return true;
	return false;
}

/*
 * The same as a plain frame, but compressed, if that looks worth it and is:
 * true; false: nothing was appended. There is room for the plain one.
 */
static bool send_packed(struct baton_outgoing *outgoing, unsigned int at,
			const uint8_t *message, size_t len, bool padded)
{
	const struct baton_pack *pack = &outgoing->pack;
	void *memory = pack->memory[BATON_DATA_CLASS_OF(at)];
	struct baton_batch *batch =
		baton_outgoing_batch(outgoing, BATON_CLASS_OF(at));
	struct baton_codec_io io = {.in = message, .in_len = len};
	const struct baton_dictionary *with;
	enum baton_err err;
	bool done = false;

	if (!BATON_CODEC)
		return false;
	with = baton_codec_choose(pack->codec, pack->ids, message, len, len);
	if (!with || encoder_taken(outgoing, at) ||
	    pack->codec->encode_begin(memory, with))
		return false;
	open_head(batch, at, len, with->id, padded);
	io.out = plaintext(batch) + batch->len;
	io.out_len = len + 1 - batch->tail_header;
	batch->len = (uint16_t)(batch->len + io.out_len);
	err = pack->codec->encode(memory, &io, true, &done);
	batch->len = (uint16_t)(batch->len - io.out_len);
	if (!err && done)
		return true;
	batch->len = batch->tail;
	batch->tail_header = 0;
	return false;
}

enum baton_err baton_outgoing_send(struct baton_outgoing *outgoing,
				   unsigned int at, const uint8_t *message,
				   size_t len, unsigned int flags)
{
	struct baton_outgoing_stream *stream =
		baton_outgoing_stream(outgoing, at);
	bool padded = flags & BATON_SEND_PADDED;
	size_t most = len + (padded ? BATON_WHOLE_HEADER_MAX : 2);
	struct baton_batch *batch =
		baton_outgoing_batch(outgoing, BATON_CLASS_OF(at));
	enum baton_err err;

	if (stream->state != BATON_OUTGOING_IDLE)
		return BATON_ERR_STATE;
	if (stream->next == BATON_MESSAGES_MAX)
		return BATON_ERR_EXHAUSTED;
	if (len > batch->cap || most > batch->cap)
		return BATON_ERR_TOO_LARGE;
	if (padded)
		most = baton_pack_bucket(most, batch->cap);
	err = put_owed_cancel(batch, stream, BATON_NUMBER_OF(at));
	if (err)
		return err;
	if (room(batch) < most)
		return BATON_ERR_AGAIN;
	if (flags & BATON_SEND_SECRET ||
	    !send_packed(outgoing, at, message, len, padded)) {
		open_head(batch, at, len, 0, padded);
		append(batch, message, len);
	}
	if (padded)
		fill_bucket(batch);
	stream->next++;
	return BATON_OK;
}

enum baton_err baton_outgoing_begin(struct baton_outgoing *outgoing,
				    unsigned int at, uint32_t total,
				    const uint8_t *meta, size_t meta_len)
{
	struct baton_outgoing_stream *stream =
		baton_outgoing_stream(outgoing, at);

	if (meta_len > BATON_META_MAX)
		return BATON_ERR_ARG;
	if (total > BATON_MESSAGE_MAX)
		return BATON_ERR_TOO_LARGE;
	if (stream->state != BATON_OUTGOING_IDLE)
		return BATON_ERR_STATE;
	if (stream->next == BATON_MESSAGES_MAX)
		return BATON_ERR_EXHAUSTED;
	stream->total = total;
	stream->meta = meta;
	stream->meta_len = (uint8_t)meta_len;
	set_state(stream, BATON_OUTGOING_SENDING);
	outgoing->batch[BATON_CLASS_OF(at)].busy = true;
	return BATON_OK;
}

/* The frame that the next bytes of stream go into is open. */
static bool frame_is_open(const struct baton_batch *batch,
			  const struct baton_outgoing_stream *stream,
			  uint8_t number)
{
	return stream->begun && batch->tail_header && !batch->tail_fin &&
	       batch->tail_stream == number;
}

/* Open that frame; what was open is closed. A head says that it is at from. */
static enum baton_err open_frame(struct baton_batch *batch,
				 const struct baton_outgoing_stream *stream,
				 uint8_t number, uint32_t from)
{
	struct baton_frame frame = {.type = BATON_FRAME_DATA, .at = number};

	if (!stream->begun) {
		frame.marks = BATON_DATA_START | BATON_DATA_HEAD;
		frame.head = BATON_HEAD_TOTAL;
		frame.total = stream->total;
		frame.offset = from + BATON_PLANTED(RESUME);
		frame.codec = stream->codec;
		if (stream->codec)
			frame.head |= BATON_HEAD_CODEC;
		if (stream->resumed) {
			frame.head |= BATON_HEAD_CONTINUES;
		} else if (stream->meta_len > 0) {
			frame.head |= BATON_HEAD_META;
			frame.meta = stream->meta;
			frame.meta_len = stream->meta_len;
		}
	}
	if (room(batch) < BATON_FRAME_HEADER_MAX + frame.meta_len)
		return BATON_ERR_AGAIN;
	open_data(batch, &frame);
	return BATON_OK;
}

BATON_NOT_INLINE
static void sent_all(struct baton_batch *batch,
		     struct baton_outgoing_stream *stream)
{
	baton_frame_set_fin(plaintext(batch) + batch->tail);
	batch->tail_fin = true;
	stream->next++;
	set_state(stream, BATON_OUTGOING_SENT);
}

static enum baton_err write_plain(struct baton_batch *batch,
				  struct baton_outgoing_stream *stream,
				  uint8_t number, const uint8_t *bytes,
				  size_t len, size_t *taken)
{
	enum baton_err err;
	size_t n;

	if (!frame_is_open(batch, stream, number)) {
		err = open_frame(batch, stream, number, stream->offset);
		if (err)
			return err;
		stream->begun = true;
	} else if (len > 0 && batch->len == batch->cap) {
		return BATON_ERR_AGAIN;
	}
	n = (size_t)(batch->cap - batch->len);
	if (n > len)
		n = len;
	append(batch, bytes, n);
	stream->offset += (uint32_t)n;
	*taken = n;
	if (stream->offset == stream->total)
		sent_all(batch, stream);
	return BATON_OK;
}

/*
 * A frame is opened for what the encoder may give and taken back if that is
 * nothing: most of the time it only takes.
 */
static enum baton_err write_packed(const struct baton_pack *pack,
				   unsigned int c, struct baton_batch *batch,
				   struct baton_outgoing_stream *stream,
				   uint8_t number, struct baton_codec_io *io)
{
	bool opened = !frame_is_open(batch, stream, number);
	bool finish = io->in_len == stream->total - stream->offset;
	size_t in_len = io->in_len;
	enum baton_err err;
	bool done = false;
	size_t cap;

	if (opened) {
		err = open_frame(batch, stream, number, pack->from[c]);
		if (err)
			return err;
	}
	cap = (size_t)(batch->cap - batch->len);
	if (cap == 0)
		return BATON_ERR_AGAIN;
	io->out = plaintext(batch) + batch->len;
	io->out_len = cap;
	err = pack->codec->encode(pack->memory[c], io, finish, &done);
	if (err)
		return err;
	batch->len = (uint16_t)(batch->len + cap - io->out_len);
	stream->offset += (uint32_t)(in_len - io->in_len);
	if (opened && io->out_len == cap && !done) {
		batch->len = batch->tail;
		batch->tail_header = 0;
	} else {
		stream->begun = true;
	}
	if (done)
		sent_all(batch, stream);
	return BATON_OK;
}

/* At the first bytes on a link: compressed or not. */
static void choose_codec(struct baton_outgoing *outgoing, unsigned int at,
			 const uint8_t *bytes, size_t len)
{
	struct baton_outgoing_stream *stream =
		baton_outgoing_stream(outgoing, at);
	struct baton_pack *pack = &outgoing->pack;
	const struct baton_dictionary *with;

	if (!BATON_CODEC || stream->secret || encoder_taken(outgoing, at))
		return;
	with = baton_codec_choose(pack->codec, pack->ids, bytes, len,
				  stream->total - stream->offset);
	if (!with || pack->codec->encode_begin(
			     pack->memory[BATON_DATA_CLASS_OF(at)], with))
		return;
	stream->codec = with->id;
	pack->from[BATON_DATA_CLASS_OF(at)] = stream->offset;
}

enum baton_err baton_outgoing_write(struct baton_outgoing *outgoing,
				    unsigned int at, const uint8_t *bytes,
				    size_t len, size_t *taken)
{
	struct baton_outgoing_stream *stream =
		baton_outgoing_stream(outgoing, at);
	struct baton_batch *batch =
		baton_outgoing_batch(outgoing, BATON_CLASS_OF(at));
	struct baton_codec_io io = {.in = bytes, .in_len = len};
	uint8_t number = BATON_NUMBER_OF(at);
	enum baton_err err;

	*taken = 0;
	if (stream->state != BATON_OUTGOING_SENDING)
		return BATON_ERR_STATE;
	if (len > stream->total - stream->offset)
		return BATON_ERR_TOO_LARGE;
	if (len == 0 && stream->offset < stream->total)
		return BATON_OK;
	err = put_owed_cancel(batch, stream, number);
	if (err)
		return err;
	if (!stream->begun && !stream->codec)
		choose_codec(outgoing, at, bytes, len);
	if (!BATON_CODEC || !stream->codec)
		return write_plain(batch, stream, number, bytes, len, taken);
	err = write_packed(&outgoing->pack, BATON_DATA_CLASS_OF(at), batch,
			   stream, number, &io);
	*taken = len - io.in_len;
	return err;
}

enum baton_err baton_outgoing_cancel(struct baton_outgoing_stream *stream,
				     uint8_t reason)
{
	if (stream->state != BATON_OUTGOING_SENDING)
		return BATON_ERR_STATE;
	stream->reason = reason;
	/* What the peer has never seen the head of needs no word. */
	set_state(stream, stream->begun || stream->resumed
				  ? BATON_OUTGOING_CANCELLING
				  : BATON_OUTGOING_IDLE);
	return BATON_OK;
}

enum baton_err baton_outgoing_flush(struct baton_outgoing *outgoing,
				    unsigned int at)
{
	struct baton_batch *batch =
		baton_outgoing_batch(outgoing, BATON_CLASS_OF(at));
	struct baton_outgoing_stream *stream =
		baton_outgoing_stream(outgoing, at);
	enum baton_err err;

	err = put_owed_cancel(batch, stream, BATON_NUMBER_OF(at));
	if (err || stream->state != BATON_OUTGOING_CANCELLING)
		return err;
	err = put_cancel(batch, stream, BATON_NUMBER_OF(at));
	if (err)
		return err;
	stream->next++;
	stream->cancelled = true;
	set_state(stream, BATON_OUTGOING_IDLE);
	return BATON_OK;
}

/* True if the peer may be at this position of the stream. */
static bool possible(const struct baton_outgoing_stream *stream,
		     uint32_t messages, uint32_t offset)
{
	uint32_t known = 0; /* bytes of message number `messages` written */

	if (messages < stream->verified || messages > stream->next)
		return false;
	if (stream->state == BATON_OUTGOING_SENT &&
	    messages + 1 == stream->next)
		known = stream->total;
	else if (messages == stream->next)
		known = stream->offset;
	return offset <= known;
}

enum baton_err baton_outgoing_verified(struct baton_outgoing_stream *stream,
				       uint32_t messages)
{
	if (messages < stream->verified || messages > stream->next)
		return BATON_ERR_PROTOCOL;
	if (messages > stream->verified)
		stream->tell |= BATON_SENT_DELIVERED;
	stream->verified = messages;
	if (messages == stream->next)
		stream->cancelled = false;
	if (stream->state == BATON_OUTGOING_SENT && messages == stream->next)
		set_state(stream, BATON_OUTGOING_IDLE);
	return BATON_OK;
}

static void tell_refused(struct baton_outgoing_stream *stream, uint8_t reason)
{
	stream->tell |= BATON_SENT_REFUSED;
	stream->refused_for = reason;
}

/* The peer is done with the message in progress: it refused it. */
static bool refused_meanwhile(const struct baton_outgoing_stream *stream,
			      uint32_t messages)
{
	return (stream->state == BATON_OUTGOING_SENDING ||
		stream->state == BATON_OUTGOING_CANCELLING) &&
	       messages == stream->next + 1;
}

/*
 * True if the peer holds a part of a message that was cancelled, and not the
 * CANCEL: only a message before the one in progress can be that.
 */
static bool lacks_cancel(const struct baton_outgoing_stream *stream,
			 uint32_t messages, uint32_t offset)
{
	uint32_t whole = stream->next - (stream->state == BATON_OUTGOING_SENT);

	return stream->cancelled && offset > 0 &&
	       messages >= stream->verified && messages < whole;
}

enum baton_err baton_outgoing_sync(struct baton_outgoing_stream *stream,
				   bool known,
				   const struct baton_position *position)
{
	bool streamed = stream->state != BATON_OUTGOING_IDLE;
	uint32_t messages = known ? position->messages : stream->verified;
	uint32_t offset = known ? position->offset : 0;
	uint32_t whole;

	stream->tell &= (uint8_t)~BATON_SENT_REWIND;
	/* Told first: what was delivered is not among what is lost. */
	if (!known && stream->tell & BATON_SENT_DELIVERED) {
		stream->tell &= (uint8_t)~BATON_SENT_DELIVERED;
		stream->before = stream->verified;
	}
	if (refused_meanwhile(stream, messages)) {
		if (stream->state == BATON_OUTGOING_SENDING)
			tell_refused(stream, position->reason);
		stream->next = messages;
		set_state(stream, BATON_OUTGOING_IDLE);
		streamed = false;
	}
	stream->owes_cancel = lacks_cancel(stream, messages, offset);
	if (!stream->owes_cancel && !possible(stream, messages, offset))
		return BATON_ERR_PROTOCOL;
	if (messages > stream->verified)
		stream->tell |= BATON_SENT_DELIVERED;
	stream->verified = messages;
	if (stream->owes_cancel) {
		messages++;
		offset = 0;
	}
	if (stream->state == BATON_OUTGOING_SENT && messages == stream->next) {
		/* All of it had gone out, and REFUSE was lost with the link. */
		if (position->refused)
			tell_refused(stream, position->reason);
		set_state(stream, BATON_OUTGOING_IDLE);
		streamed = false;
	}

	/* Short messages below `whole` were sent before the streamed one. */
	whole = stream->next - (stream->state == BATON_OUTGOING_SENT);
	if (messages < whole) {
		stream->tell |= BATON_SENT_LOST;
		stream->lost_count = whole - messages;
	}
	stream->next = messages;
	stream->cancelled = stream->owes_cancel;
	if (streamed && stream->state == BATON_OUTGOING_CANCELLING &&
	    offset == 0) {
		set_state(stream, BATON_OUTGOING_IDLE);
	} else if (streamed && stream->state != BATON_OUTGOING_CANCELLING) {
		stream->offset = offset - (BATON_PLANTED(RESUME) && offset > 0);
		stream->resumed = offset > 0;
		stream->begun = false;
		set_state(stream, BATON_OUTGOING_SENDING);
		/* By that it hears that there is room, too. */
		stream->tell &= (uint8_t)~BATON_SENT_WRITABLE;
		stream->tell |= BATON_SENT_REWIND;
	}
	if (!known) {
		stream->next = 0;
		stream->verified = 0;
	}
	return BATON_OK;
}

enum baton_err baton_outgoing_refused(struct baton_outgoing_stream *stream,
				      uint32_t message, uint8_t reason)
{
	if (message > stream->next)
		return BATON_ERR_PROTOCOL;
	if (stream->state == BATON_OUTGOING_SENDING &&
	    message == stream->next && (stream->begun || stream->resumed)) {
		stream->reason = 0;
		set_state(stream, BATON_OUTGOING_CANCELLING);
	} else if (stream->state == BATON_OUTGOING_SENT &&
		   message + 1 == stream->next) {
		set_state(stream, BATON_OUTGOING_IDLE);
	} else {
		return BATON_OK;
	}
	tell_refused(stream, reason);
	return BATON_OK;
}

bool baton_outgoing_unverified(const struct baton_outgoing *outgoing)
{
	const struct baton_outgoing_stream *stream;
	int i;

	for (i = 0; i < BATON_ALL_STREAMS; i++) {
		stream = &outgoing->stream[i];
		if (stream->next > stream->verified || stream->offset > 0)
			return true;
	}
	return false;
}
