/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_CODEC_H
#define BATON_TRANSPORT_CODEC_H

/*
 * The port behind which a compression codec stands (transport/SPEC.md B.4).
 * The core never calls a codec by name: the application gives one in the
 * engine's configuration, or none.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* 0: built without any, for a device that has no use for one. */
#ifndef BATON_CODEC
#define BATON_CODEC 1
#endif

/* The byte of the head that names codec and dictionary; 0 is never sent. */
enum baton_codec_id {
	BATON_CODEC_PLAIN = 0,
	BATON_CODEC_DEFLATE_JSON = 1, /* raw deflate, window 4 KiB */
	BATON_CODEC_DEFLATE_CBOR = 2,
	BATON_CODEC_DEFLATE = 3, /* without a dictionary */
	/* Dictionaries of one's own, agreed on outside of Baton. */
	BATON_CODEC_PRIVATE = 16,
	BATON_CODEC_LAST = 31,
};

#define BATON_CODEC_BIT(id) ((uint32_t)1 << (id))
#define BATON_DICTIONARY_MAX 2048 /* of the ids 1 and 2, bytes */

/*
 * A dictionary, and for which messages it is: those whose first byte lies in
 * first_min..first_max. Of several that fit the foremost is taken.
 */
struct baton_dictionary {
	const uint8_t *bytes; /* NULL: none */
	uint16_t len;
	uint8_t id; /* 1..BATON_CODEC_LAST */
	uint8_t first_min, first_max;
};

/* Bytes on their way through a codec: both pointers and lengths move on. */
struct baton_codec_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len; /* room */
};

/*
 * A codec. Each call works in memory of the caller's, encoder_len or
 * decoder_len bytes, aligned as malloc does; begin may be called on it at any
 * time, however the last use of it ended. There is nothing to close.
 *
 * encode() and decode() take and give as much as they can and set *done when
 * the last byte was given. They keep no pointer. encode(): finish says that
 * in is the rest of the message; it is asked again, with the rest of in,
 * until it is done. decode() never writes more than out_len bytes, whatever
 * comes; BATON_ERR_PROTOCOL: not what an encoder makes.
 */
struct baton_codec {
	size_t encoder_len; /* 0: this codec only decodes */
	size_t decoder_len;
	const struct baton_dictionary *dictionaries;
	size_t dictionary_count;
	enum baton_err (*encode_begin)(void *memory,
				       const struct baton_dictionary *with);
	enum baton_err (*encode)(void *memory, struct baton_codec_io *io,
				 bool finish, bool *done);
	enum baton_err (*decode_begin)(void *memory,
				       const struct baton_dictionary *with);
	enum baton_err (*decode)(void *memory, struct baton_codec_io *io,
				 bool *done);
};

extern const uint8_t baton_dictionary_json[BATON_DICTIONARY_MAX];
extern const uint8_t baton_dictionary_cbor[BATON_DICTIONARY_MAX];

/* The entries of a codec for the ids 1 to 3, for its dictionaries[]. */
#define BATON_DICTIONARIES_STANDARD                           \
	{baton_dictionary_json, BATON_DICTIONARY_MAX,         \
	 BATON_CODEC_DEFLATE_JSON, '\t', '~'},                \
		{baton_dictionary_cbor, BATON_DICTIONARY_MAX, \
		 BATON_CODEC_DEFLATE_CBOR, 0x80, 0xbf},       \
	{                                                     \
		NULL, 0, BATON_CODEC_DEFLATE, 0, 255          \
	}

/* A bit for each id the codec knows (BATON_CODEC_BIT); 0 if it is NULL. */
uint32_t baton_codec_ids(const struct baton_codec *codec);

/* The dictionary of id; NULL: not known. codec may be NULL. */
const struct baton_dictionary *
baton_codec_dictionary(const struct baton_codec *codec, uint8_t id);

/*
 * Guess, from its first bytes and without compressing anything, whether a
 * message of total bytes is worth it, and with which of the dictionaries
 * that the peer has too (a bit for each id). NULL: send it plain.
 */
const struct baton_dictionary *
baton_codec_choose(const struct baton_codec *codec, uint32_t ids,
		   const uint8_t *bytes, size_t len, uint64_t total);

#endif
