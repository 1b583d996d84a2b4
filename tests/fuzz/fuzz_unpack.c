/* SPDX-License-Identifier: MIT */

/*
 * Decompression of what a peer sends (transport/SPEC.md B.4): never more than
 * was announced, an end for every frame, and what was compressed here comes
 * out as it was.
 */

#include <string.h>

#include "port/linux/codec_zlib.h"
#include "tests/fuzz/fuzz.h"
#include "transport/pack.h"

#define OUT_MAX 512
#define WHOLE_MAX 4096

static uint64_t decoder[2][BATON_ZLIB_DECODER_LEN / 8];
static uint64_t encoder[BATON_ZLIB_ENCODER_LEN / 8];
static uint8_t out[OUT_MAX];

static struct baton_unpack unpack_start(void)
{
	FUZZ_CHECK(baton_codec_zlib.decoder_len <= sizeof(decoder[0]));
	FUZZ_CHECK(baton_codec_zlib.encoder_len <= sizeof(encoder));
	return (struct baton_unpack){.codec = &baton_codec_zlib,
				     .memory = {decoder[0], decoder[1]},
				     .out = out};
}

/* All pieces of a frame; gives the bytes made, SIZE_MAX where it is wrong. */
static size_t unpack_frame(struct baton_unpack *unpack,
			   struct baton_frame *frame, uint64_t room,
			   uint8_t *copy, bool *fin)
{
	struct baton_frame piece;
	size_t len = 0, limit = 16 + room + frame->len;

	if (baton_unpack_frame(unpack, frame))
		return SIZE_MAX;
	do {
		FUZZ_CHECK(limit-- > 0);
		piece = *frame;
		if (baton_unpack_next(unpack, room - len, &piece))
			return SIZE_MAX;
		FUZZ_CHECK(piece.len <= room - len);
		FUZZ_CHECK(piece.len <= unpack->out_cap);
		if (copy && piece.len > 0)
			memcpy(copy + len, piece.bytes, piece.len);
		len += piece.len;
	} while (unpack->more);
	FUZZ_CHECK(piece.marks == frame->marks);
	*fin = piece.marks & BATON_DATA_FIN;
	FUZZ_CHECK(!*fin || len == room);
	return len;
}

/* Frames with any bytes. */
static void hostile(struct fuzz_input *in)
{
	struct baton_unpack unpack = unpack_start();
	uint8_t flags = fuzz_byte(in);
	struct baton_frame frame = {.codec = fuzz_byte(in) % 5};
	uint64_t room = fuzz_word(in) % (WHOLE_MAX + 1);
	bool fin = false;
	size_t made;

	unpack.out_cap = 1 + (size_t)fuzz_word(in) % OUT_MAX;
	frame.at = flags & 1 ? BATON_STREAMS : 0;
	if (flags & 2)
		frame.head = BATON_HEAD_PADDED;
	frame.marks = BATON_DATA_START;
	while (!fin) {
		if (in->len == 0 || fuzz_byte(in) & 1)
			frame.marks |= BATON_DATA_FIN;
		frame.bytes = fuzz_bytes(in, fuzz_byte(in), &frame.len);
		made = unpack_frame(&unpack, &frame, room, NULL, &fin);
		if (made == SIZE_MAX)
			return;
		room -= made;
		frame.marks = 0;
	}
	FUZZ_CHECK(room == 0);
}

/* The input compressed, in pieces of frame bytes. */
static size_t compress(const uint8_t *bytes, size_t len, uint8_t id,
		       uint8_t *packed, size_t cap)
{
	struct baton_codec_io io = {
		.in = bytes, .in_len = len, .out = packed, .out_len = cap};
	const struct baton_dictionary *with =
		baton_codec_dictionary(&baton_codec_zlib, id);
	bool done = false;
	size_t left;

	FUZZ_CHECK(with);
	FUZZ_CHECK(!baton_codec_zlib.encode_begin(encoder, with));
	while (!done) {
		left = io.out_len;
		FUZZ_CHECK(!baton_codec_zlib.encode(encoder, &io, true, &done));
		FUZZ_CHECK(done || io.out_len < left);
	}
	return cap - io.out_len;
}

static void round_trip(struct fuzz_input *in)
{
	static uint8_t packed[2 * WHOLE_MAX], plain[WHOLE_MAX];
	struct baton_unpack unpack = unpack_start();
	struct baton_frame frame = {.marks = BATON_DATA_START};
	uint8_t cut;
	size_t packed_len, len, at, made, total = 0;
	const uint8_t *bytes;
	bool fin = false;

	frame.codec = 1 + fuzz_byte(in) % 3;
	unpack.out_cap = 1 + (size_t)fuzz_word(in) % OUT_MAX;
	cut = fuzz_byte(in);
	bytes = fuzz_bytes(in, WHOLE_MAX, &len);
	packed_len = compress(bytes, len, frame.codec, packed, sizeof(packed));
	for (at = 0; at < packed_len; at += frame.len) {
		frame.bytes = packed + at;
		frame.len = packed_len - at;
		if (frame.len > 1u + cut)
			frame.len = 1u + cut;
		if (at + frame.len == packed_len)
			frame.marks |= BATON_DATA_FIN;
		made = unpack_frame(&unpack, &frame, len - total, plain + total,
				    &fin);
		FUZZ_CHECK(made != SIZE_MAX);
		total += made;
		frame.marks = 0;
	}
	FUZZ_CHECK(fin && total == len);
	FUZZ_CHECK(len == 0 || memcmp(plain, bytes, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};

	if (fuzz_byte(&in) & 1)
		hostile(&in);
	else
		round_trip(&in);
	return 0;
}
