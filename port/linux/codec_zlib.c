/* SPDX-License-Identifier: MIT */
#include "port/linux/codec_zlib.h"

#define ZLIB_CONST
#include <zlib.h>

#define WINDOW_BITS 12
#define MEMORY_LEVEL 5
#define LEVEL 9
#define ALIGN 16

/* zlib's stream, and the memory that it may take. */
struct codec {
	z_stream z;
	size_t used, cap;
	_Alignas(ALIGN) uint8_t arena[];
};

static voidpf take(voidpf opaque, uInt items, uInt size)
{
	struct codec *codec = opaque;
	size_t len = ((size_t)items * size + ALIGN - 1) / ALIGN * ALIGN;
	uint8_t *p = codec->arena + codec->used;

	if (len > codec->cap - codec->used)
		return Z_NULL;
	codec->used += len;
	return p;
}

static void give_back(voidpf opaque, voidpf address)
{
	(void)opaque;
	(void)address;
}

static struct codec *begin(void *memory, size_t len)
{
	struct codec *codec = memory;

	codec->z =
		(z_stream){.zalloc = take, .zfree = give_back, .opaque = codec};
	codec->used = 0;
	codec->cap = len - sizeof(*codec);
	return codec;
}

static enum baton_err encode_begin(void *memory,
				   const struct baton_dictionary *with)
{
	struct codec *codec = begin(memory, BATON_ZLIB_ENCODER_LEN);

	if (deflateInit2(&codec->z, LEVEL, Z_DEFLATED, -WINDOW_BITS,
			 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return BATON_ERR_SPACE;
	if (with->bytes &&
	    deflateSetDictionary(&codec->z, with->bytes, with->len) != Z_OK)
		return BATON_ERR_ARG;
	return BATON_OK;
}

static enum baton_err decode_begin(void *memory,
				   const struct baton_dictionary *with)
{
	struct codec *codec = begin(memory, BATON_ZLIB_DECODER_LEN);

	if (inflateInit2(&codec->z, -WINDOW_BITS) != Z_OK)
		return BATON_ERR_SPACE;
	if (with->bytes &&
	    inflateSetDictionary(&codec->z, with->bytes, with->len) != Z_OK)
		return BATON_ERR_ARG;
	return BATON_OK;
}

static void load(struct codec *codec, const struct baton_codec_io *io)
{
	z_stream *z = &codec->z;

	/* zlib wants a place even where it has nothing to do. */
	z->next_in = io->in ? io->in : codec->arena;
	z->avail_in = (uInt)io->in_len;
	z->next_out = io->out ? io->out : codec->arena;
	z->avail_out = (uInt)io->out_len;
}

static void unload(z_stream *z, struct baton_codec_io *io)
{
	io->in = z->next_in;
	io->in_len = z->avail_in;
	io->out = z->next_out;
	io->out_len = z->avail_out;
	z->next_in = Z_NULL;
	z->next_out = Z_NULL;
}

static enum baton_err encode(void *memory, struct baton_codec_io *io,
			     bool finish, bool *done)
{
	struct codec *codec = memory;
	int result;

	*done = false;
	if (io->out_len == 0)
		return BATON_OK;
	load(codec, io);
	result = deflate(&codec->z, finish ? Z_FINISH : Z_NO_FLUSH);
	unload(&codec->z, io);
	*done = result == Z_STREAM_END;
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR
		       ? BATON_OK
		       : BATON_ERR_STATE;
}

static enum baton_err decode(void *memory, struct baton_codec_io *io,
			     bool *done)
{
	struct codec *codec = memory;
	int result;

	load(codec, io);
	result = inflate(&codec->z, Z_SYNC_FLUSH);
	unload(&codec->z, io);
	*done = result == Z_STREAM_END;
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR
		       ? BATON_OK
		       : BATON_ERR_PROTOCOL;
}

size_t baton_codec_zlib_used(const void *memory)
{
	const struct codec *codec = memory;

	return sizeof(*codec) + codec->used;
}

static const struct baton_dictionary standard[] = {
	BATON_DICTIONARIES_STANDARD,
};

const struct baton_codec baton_codec_zlib = {
	.encoder_len = BATON_ZLIB_ENCODER_LEN,
	.decoder_len = BATON_ZLIB_DECODER_LEN,
	.dictionaries = standard,
	.dictionary_count = sizeof(standard) / sizeof(standard[0]),
	.encode_begin = encode_begin,
	.encode = encode,
	.decode_begin = decode_begin,
	.decode = decode,
};
