/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_PACK_H
#define BATON_TRANSPORT_PACK_H

/*
 * Compressing what goes out and decompressing what comes in, one message at a
 * time for each class (transport/SPEC.md B.4).
 */

#include "transport/codec.h"
#include "transport/frame.h"

/* The bucket that a padded frame of len bytes fills, at most max. */
size_t baton_pack_bucket(size_t len, size_t max);

struct baton_pack {
	const struct baton_codec *codec; /* NULL: nothing is compressed */
	void *memory[BATON_DATA_CLASSES]; /* encoder_len bytes each */
	uint32_t from[BATON_DATA_CLASSES]; /* offset the encoder began at */
	uint32_t ids; /* that the peer takes too */
};

struct baton_unpack {
	const struct baton_codec *codec; /* NULL: nothing is announced */
	void *memory[BATON_DATA_CLASSES]; /* decoder_len bytes each */
	uint8_t *out; /* the piece being told */
	size_t out_cap;
	const uint8_t *rest; /* of the frame at hand */
	size_t rest_len;
	uint8_t at; /* whose decoder, of memory */
	bool fin, padded; /* of the frame at hand */
	bool more; /* another piece of it may come */
	bool done[BATON_DATA_CLASSES]; /* the compressed bytes have ended */
};

/*
 * A frame of a compressed message: its pieces come from next(). On the first
 * frame of a message (start) the decoder begins anew. BATON_ERR_PROTOCOL: not
 * a codec that this side has.
 */
BATON_MUST_CHECK
enum baton_err baton_unpack_frame(struct baton_unpack *unpack,
				  const struct baton_frame *frame);

/*
 * The next piece of the frame at hand, plain, into frame's bytes, len and fin
 * (which is true for the last piece of the last frame). room: bytes the
 * message has left of its total; more than that is never made.
 * BATON_ERR_PROTOCOL: not what was announced.
 */
BATON_MUST_CHECK
enum baton_err baton_unpack_next(struct baton_unpack *unpack, uint64_t room,
				 struct baton_frame *frame);

#endif
