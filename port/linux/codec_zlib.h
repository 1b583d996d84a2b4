/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_CODEC_ZLIB_H
#define BATON_PORT_LINUX_CODEC_ZLIB_H

/*
 * Raw deflate by zlib behind the port of transport/codec.h. All memory is the
 * caller's; zlib's own allocator is never called. Nothing here is Linux's:
 * any machine that has zlib can use it.
 */

#include "transport/codec.h"

/*
 * Window 2^12; memory level 5. An application with dictionaries of its own
 * copies this and puts them in front.
 */
extern const struct baton_codec baton_codec_zlib;

/* Bytes that zlib 1.2 and 1.3 take on 32- and 64-bit machines, and slack. */
#define BATON_ZLIB_ENCODER_LEN (16384u + 16384u + 7168u)
#define BATON_ZLIB_DECODER_LEN (4096u + 8192u)

/* How much of an encoder's or a decoder's memory zlib has taken, bytes. */
size_t baton_codec_zlib_used(const void *memory);

#endif
