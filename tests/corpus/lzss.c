/* SPDX-License-Identifier: MIT */
#include "tests/corpus/lzss.h"

struct bits {
	uint8_t *out;
	size_t at, max; /* bits */
};

static void put(struct bits *bits, unsigned int value, int count)
{
	while (count-- > 0 && bits->at < bits->max) {
		if (bits->at % 8 == 0)
			bits->out[bits->at / 8] = 0;
		if (value >> count & 1)
			bits->out[bits->at / 8] |=
				(uint8_t)(0x80 >> bits->at % 8);
		bits->at++;
	}
}

static unsigned int get(const uint8_t *in, size_t *at, int count)
{
	unsigned int value = 0;

	for (; count > 0; count--, (*at)++)
		value = value << 1 | (in[*at / 8] >> (7 - *at % 8) & 1u);
	return value;
}

/* The byte at a place that may lie in the dictionary, in front of 0. */
static uint8_t byte_at(const uint8_t *bytes, const uint8_t *dictionary,
		       size_t dictionary_len, ptrdiff_t at)
{
	return at < 0 ? dictionary[(ptrdiff_t)dictionary_len + at] : bytes[at];
}

size_t lzss_pack(const uint8_t *in, size_t len, const uint8_t *dictionary,
		 size_t dictionary_len, int window_bits, int length_bits,
		 uint8_t *out, size_t out_max)
{
	struct bits bits = {.out = out, .max = 8 * out_max};
	size_t longest = (size_t)1 << length_bits;
	ptrdiff_t window = (ptrdiff_t)1 << window_bits;
	ptrdiff_t at = 0, end = (ptrdiff_t)len, from, first;
	size_t best, n;
	ptrdiff_t where = 0;

	while (at < end) {
		best = 0;
		first = -(ptrdiff_t)dictionary_len;
		if (first < at - window)
			first = at - window;
		for (from = at - 1; from >= first; from--) {
			for (n = 0; n < longest && at + (ptrdiff_t)n < end; n++)
				if (byte_at(in, dictionary, dictionary_len,
					    from + (ptrdiff_t)n) !=
				    in[at + (ptrdiff_t)n])
					break;
			if (n > best) {
				best = n;
				where = at - from;
			}
		}
		if ((int)best * 9 > 1 + window_bits + length_bits) {
			put(&bits, 0, 1);
			put(&bits, (unsigned int)where - 1, window_bits);
			put(&bits, (unsigned int)best - 1, length_bits);
			at += (ptrdiff_t)best;
		} else {
			put(&bits, 1, 1);
			put(&bits, in[at++], 8);
		}
	}
	return (bits.at + 7) / 8;
}

int lzss_unpack(const uint8_t *in, size_t in_len, const uint8_t *dictionary,
		size_t dictionary_len, int window_bits, int length_bits,
		uint8_t *out, size_t len)
{
	size_t at = 0, made = 0;
	ptrdiff_t where;
	size_t count;

	while (made < len) {
		if (8 * in_len - at < 9)
			return -1;
		if (get(in, &at, 1)) {
			out[made++] = (uint8_t)get(in, &at, 8);
			continue;
		}
		if (8 * in_len - at < (size_t)(window_bits + length_bits))
			return -1;
		where = (ptrdiff_t)get(in, &at, window_bits) + 1;
		count = (size_t)get(in, &at, length_bits) + 1;
		if (where > (ptrdiff_t)(made + dictionary_len) ||
		    count > len - made)
			return -1;
		for (; count > 0; count--, made++)
			out[made] = byte_at(out, dictionary, dictionary_len,
					    (ptrdiff_t)made - where);
	}
	return 0;
}
