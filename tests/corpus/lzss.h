/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CORPUS_LZSS_H
#define TESTS_CORPUS_LZSS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The format of heatshrink (a bit, then a byte or distance and length), with
 * the parse that takes the longest match, for the table of codecs. Gives the
 * length written to out; out_max is enough for 9 bits a byte.
 */
size_t lzss_pack(const uint8_t *in, size_t len, const uint8_t *dictionary,
		 size_t dictionary_len, int window_bits, int length_bits,
		 uint8_t *out, size_t out_max);

/* The way back, into exactly len bytes; 0 or -1. */
int lzss_unpack(const uint8_t *in, size_t in_len, const uint8_t *dictionary,
		size_t dictionary_len, int window_bits, int length_bits,
		uint8_t *out, size_t len);

#endif
