/* SPDX-License-Identifier: MIT */
#include "transport/codec.h"

#include <string.h>

#define TOTAL_MIN 24 /* a head costs 3 bytes: shorter ones cannot win much */
#define SAMPLE_MAX 255 /* bytes looked at, so that a count fits a byte */

uint32_t baton_codec_ids(const struct baton_codec *codec)
{
	uint32_t ids = 0;
	size_t i;

	for (i = 0; codec && i < codec->dictionary_count; i++)
		ids |= BATON_CODEC_BIT(codec->dictionaries[i].id);
	return ids;
}

const struct baton_dictionary *
baton_codec_dictionary(const struct baton_codec *codec, uint8_t id)
{
	size_t i;

	for (i = 0; codec && i < codec->dictionary_count; i++)
		if (codec->dictionaries[i].id == id)
			return &codec->dictionaries[i];
	return NULL;
}

/*
 * Pairs of equal bytes in a sample, against those that random bytes have: n *
 * (n - 1) / 256. Text has ten times as many, packed structures three times,
 * what is compressed or encrypted already as many. An odd step, for much has
 * fields of two, four or eight bytes.
 */
static bool repeats_itself(const uint8_t *bytes, size_t len)
{
	size_t step = len > SAMPLE_MAX ? (len / SAMPLE_MAX - 1) | 1 : 1;
	size_t n = len > SAMPLE_MAX ? SAMPLE_MAX : len;
	uint8_t count[256];
	uint32_t pairs = 0;
	size_t i;

	memset(count, 0, sizeof(count));
	for (i = 0; i < n; i++)
		pairs += count[bytes[i * step]]++;
	return 2 * pairs * 256 > 3 * n * (n - 1) / 2 + 256 * 2;
}

const struct baton_dictionary *
baton_codec_choose(const struct baton_codec *codec, uint32_t ids,
		   const uint8_t *bytes, size_t len, uint64_t total)
{
	const struct baton_dictionary *dictionary;
	size_t i;

	if (!codec || codec->encoder_len == 0 || ids == 0 ||
	    total < TOTAL_MIN || len == 0)
		return NULL;
	for (i = 0; i < codec->dictionary_count; i++) {
		dictionary = &codec->dictionaries[i];
		if (ids & BATON_CODEC_BIT(dictionary->id) &&
		    bytes[0] >= dictionary->first_min &&
		    bytes[0] <= dictionary->first_max)
			return repeats_itself(bytes, len) ? dictionary : NULL;
	}
	return NULL;
}
