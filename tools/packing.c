/* SPDX-License-Identifier: MIT */
#include "tools/packing.h"

#ifdef BATON_WITH_ZLIB

#include "port/linux/codec_zlib.h"

/* A codec is not told for whom it works, so this is the process's. */
static struct baton_packing done_so_far;
static struct baton_codec counting;

static enum baton_err encode(void *memory, struct baton_codec_io *io,
			     bool finish, bool *done)
{
	size_t in_len = io->in_len;
	size_t out_len = io->out_len;
	enum baton_err err = baton_codec_zlib.encode(memory, io, finish, done);

	done_so_far.plain += in_len - io->in_len;
	done_so_far.packed += out_len - io->out_len;
	return err;
}

const struct baton_codec *baton_packing_codec(void)
{
	counting = baton_codec_zlib;
	counting.encode = encode;
	return &counting;
}

struct baton_packing baton_packing_now(void)
{
	return done_so_far;
}

#else

const struct baton_codec *baton_packing_codec(void)
{
	return NULL;
}

struct baton_packing baton_packing_now(void)
{
	return (struct baton_packing){0};
}

#endif

double baton_packing_saved_pct(const struct baton_packing *before,
			       const struct baton_packing *after)
{
	double plain = (double)(after->plain - before->plain);
	double packed = (double)(after->packed - before->packed);

	return plain > 0 ? 100 * (1 - packed / plain) : 0;
}
