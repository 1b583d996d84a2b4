/* SPDX-License-Identifier: MIT */
#include "transport/pack.h"

#define BUCKET_MIN 32

size_t baton_pack_bucket(size_t len, size_t max)
{
	size_t bucket = BUCKET_MIN;

	while (bucket < len)
		bucket *= 2;
	return bucket < max ? bucket : max;
}

enum baton_err baton_unpack_frame(struct baton_unpack *unpack,
				  const struct baton_frame *frame)
{
	size_t c = BATON_DATA_CLASS_OF(frame->at);
	const struct baton_dictionary *with;

	if (!BATON_CODEC)
		return BATON_ERR_PROTOCOL;
	if (frame->marks & BATON_DATA_START) {
		with = baton_codec_dictionary(unpack->codec, frame->codec);
		if (!with)
			return BATON_ERR_PROTOCOL;
		if (unpack->codec->decode_begin(unpack->memory[c], with))
			return BATON_ERR_PROTOCOL;
		unpack->done[c] = false;
	}
	unpack->rest = frame->bytes;
	unpack->rest_len = frame->len;
	unpack->at = (uint8_t)c;
	unpack->fin = frame->marks & BATON_DATA_FIN;
	unpack->padded = frame->head & BATON_HEAD_PADDED;
	unpack->more = true;
	return BATON_OK;
}

static bool is_padding(const struct baton_unpack *unpack)
{
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < unpack->rest_len; i++)
		sum |= unpack->rest[i];
	return unpack->rest_len == 0 || (unpack->padded && sum == 0);
}

enum baton_err baton_unpack_next(struct baton_unpack *unpack, uint64_t room,
				 struct baton_frame *frame)
{
	size_t c = unpack->at;
	size_t cap = room < unpack->out_cap ? (size_t)room : unpack->out_cap;
	struct baton_codec_io io = {.in = unpack->rest,
				    .in_len = unpack->rest_len,
				    .out = unpack->out,
				    .out_len = cap};
	size_t len, taken;

	if (!BATON_CODEC)
		return BATON_ERR_PROTOCOL;
	if (!unpack->done[c] &&
	    unpack->codec->decode(unpack->memory[c], &io, &unpack->done[c]))
		return BATON_ERR_PROTOCOL;
	len = cap - io.out_len;
	taken = unpack->rest_len - io.in_len;
	unpack->rest = io.in;
	unpack->rest_len = io.in_len;
	if (unpack->done[c]) {
		if (!is_padding(unpack))
			return BATON_ERR_PROTOCOL;
		unpack->more = false;
	} else {
		/* It wants to go on beyond the total. */
		if (unpack->rest_len > 0 && taken == 0 && len == 0)
			return BATON_ERR_PROTOCOL;
		unpack->more = unpack->rest_len > 0 || (len == cap && cap > 0);
	}
	if (!unpack->more && (unpack->fin || unpack->done[c]) &&
	    (!unpack->done[c] || len != room))
		return BATON_ERR_PROTOCOL;
	frame->bytes = unpack->out;
	frame->len = len;
	frame->marks &= (uint8_t)~BATON_DATA_FIN;
	if (!unpack->more && unpack->fin)
		frame->marks |= BATON_DATA_FIN;
	return BATON_OK;
}
