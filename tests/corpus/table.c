/* SPDX-License-Identifier: MIT */

/*
 * Codecs over the corpus, each message by itself: none, deflate, zstd, LZ4 and
 * a bare LZSS, with and without a dictionary.
 *
 *     compression-table DIRECTORY [SIZE...]
 *
 * DIRECTORY is what generate.py made. Dictionaries of SIZE bytes (2048 and
 * 4096) are trained by zstd on the halves `train`; the one that Baton brings is
 * the same at every size. Prints a Markdown table; the last line says whether
 * Baton's codec is within 10 % of zstd -19.
 */

#define ZSTD_STATIC_LINKING_ONLY
#define ZDICT_STATIC_LINKING_ONLY
#define LZ4_HC_STATIC_LINKING_ONLY

#include <lz4hc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>
#include <zlib.h>
#include <zstd.h>

#include "port/linux/codec_zlib.h"
#include "tests/corpus/lzss.h"

#define OUT_MAX 65536
#define ZSTD_LEVEL 19
#define SIZES_MAX 8

struct set {
	uint8_t *bytes;
	size_t *len;
	size_t count, total;
};

struct dictionary {
	const uint8_t *bytes;
	size_t len;
	bool trained; /* by zstd: with its tables in front */
};

struct codec {
	const char *name;
	size_t (*pack)(const uint8_t *in, size_t len,
		       const struct dictionary *with);
	int a, b;
};

static uint8_t out[OUT_MAX];
static int param_a, param_b;
static ZSTD_CCtx *zstd;

static void die(const char *what)
{
	fprintf(stderr, "compression-table: %s\n", what);
	exit(66);
}

static struct set load(const char *directory, const char *half,
		       const char *encoding)
{
	struct set set = {0};
	char path[4096];
	size_t size, at, len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%s.msgs", directory, half,
		 encoding);
	file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END))
		die("no corpus there; make one with generate.py");
	size = (size_t)ftell(file);
	rewind(file);
	set.bytes = malloc(size);
	set.len = malloc(size / 4 * sizeof(*set.len));
	if (!set.bytes || !set.len || fread(set.bytes, 1, size, file) != size)
		die("cannot read the corpus");
	fclose(file);
	for (at = 0; at + 4 <= size; at += 4 + len) {
		len = (size_t)set.bytes[at] << 24 | set.bytes[at + 1] << 16 |
		      set.bytes[at + 2] << 8 | set.bytes[at + 3];
		if (len > size - at - 4)
			die("the corpus is cut off");
		memmove(set.bytes + set.total, set.bytes + at + 4, len);
		set.len[set.count++] = len;
		set.total += len;
	}
	return set;
}

static void unload(struct set *set)
{
	free(set->bytes);
	free(set->len);
}

static size_t pack_none(const uint8_t *in, size_t len,
			const struct dictionary *with)
{
	(void)in;
	(void)with;
	return len;
}

static size_t pack_deflate(const uint8_t *in, size_t len,
			   const struct dictionary *with)
{
	static z_stream z;
	static int window, level;

	if (window != param_a || level != param_b) {
		deflateEnd(&z);
		if (deflateInit2(&z, 9, Z_DEFLATED, -param_a, param_b, 0))
			die("deflate does not take these parameters");
		window = param_a;
		level = param_b;
	}
	deflateReset(&z);
	if (with)
		deflateSetDictionary(&z, with->bytes, (uInt)with->len);
	z.next_in = (Bytef *)(uintptr_t)in;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = sizeof(out);
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("deflate failed");
	return z.total_out;
}

/* param_a: without magic number and id of the dictionary, as we would do. */
static size_t pack_zstd(const uint8_t *in, size_t len,
			const struct dictionary *with)
{
	static const struct dictionary *loaded;
	static int bare = -1;
	size_t n;

	if (loaded != with || bare != param_a) {
		ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel,
				       ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_format,
				       param_a ? ZSTD_f_zstd1_magicless
					       : ZSTD_f_zstd1);
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_dictIDFlag, !param_a);
		ZSTD_CCtx_loadDictionary(zstd, with ? with->bytes : NULL,
					 with ? with->len : 0);
		loaded = with;
		bare = param_a;
	}
	n = ZSTD_compress2(zstd, out, sizeof(out), in, len);
	if (ZSTD_isError(n))
		die(ZSTD_getErrorName(n));
	return n;
}

static size_t pack_lz4(const uint8_t *in, size_t len,
		       const struct dictionary *with)
{
	static LZ4_streamHC_t *stream;
	int n;

	if (!stream)
		stream = LZ4_createStreamHC();
	LZ4_resetStreamHC_fast(stream, LZ4HC_CLEVEL_MAX);
	if (with)
		LZ4_loadDictHC(stream, (const char *)with->bytes,
			       (int)with->len);
	n = LZ4_compress_HC_continue(stream, (const char *)in, (char *)out,
				     (int)len, sizeof(out));
	if (n <= 0)
		die("LZ4 failed");
	return (size_t)n;
}

static size_t pack_lzss(const uint8_t *in, size_t len,
			const struct dictionary *with)
{
	static uint8_t back[OUT_MAX];
	const uint8_t *bytes = with ? with->bytes : NULL;
	size_t bytes_len = with ? with->len : 0;
	size_t n = lzss_pack(in, len, bytes, bytes_len, param_a, param_b, out,
			     sizeof(out));

	if (lzss_unpack(out, n, bytes, bytes_len, param_a, param_b, back,
			len) ||
	    memcmp(in, back, len) != 0)
		die("the LZSS does not come back");
	return n;
}

static const struct codec codecs[] = {
	{"none", pack_none, 0, 0},
	{"deflate, window 2^12, memory level 4", pack_deflate, 12, 4},
	{"deflate, window 2^12, memory level 5 (Baton's)", pack_deflate, 12, 5},
	{"deflate, window 2^13, memory level 6", pack_deflate, 13, 6},
	{"deflate, window 2^15, memory level 9", pack_deflate, 15, 9},
	{"zstd -19, frames as they are", pack_zstd, 0, 0},
	{"zstd -19, without magic and id", pack_zstd, 1, 0},
	{"LZ4 HC 12", pack_lz4, 0, 0},
	{"heatshrink-like, window 2^11, length 2^4", pack_lzss, 11, 4},
	{"heatshrink-like, window 2^12, length 2^5", pack_lzss, 12, 5},
};

static size_t total_of(const struct codec *codec, const struct set *set,
		       const struct dictionary *with)
{
	const uint8_t *at = set->bytes;
	size_t total = 0;
	size_t i;

	param_a = codec->a;
	param_b = codec->b;
	for (i = 0; i < set->count; i++) {
		total += codec->pack(at, set->len[i], with);
		at += set->len[i];
	}
	return total;
}

/* A dictionary of size bytes by zstd's own trainer, on what is to be learnt. */
static struct dictionary train(const struct set *set, size_t size)
{
	ZDICT_cover_params_t params = {
		.steps = 20, .nbThreads = 1, .zParams.compressionLevel = 19};
	uint8_t *bytes = malloc(size);
	size_t len;

	len = ZDICT_optimizeTrainFromBuffer_cover(
		bytes, size, set->bytes, set->len, (unsigned int)set->count,
		&params);
	if (ZDICT_isError(len))
		die(ZDICT_getErrorName(len));
	return (struct dictionary){bytes, len, true};
}

/* The same without the tables that only zstd can read, as many bytes. */
static struct dictionary bare_content(const struct set *set, size_t size)
{
	struct dictionary with = train(set, size + 256);
	size_t head = ZDICT_getDictHeaderSize(with.bytes, with.len);

	with.bytes += head;
	with.len -= head;
	if (with.len > size) {
		with.bytes += with.len - size;
		with.len = size;
	}
	with.trained = false;
	return with;
}

/* How good the guess is by which a message is compressed or not. */
static void print_estimate(const struct set *set)
{
	const uint8_t *at = set->bytes;
	unsigned int packed = 0, missed = 0, in_vain = 0, noise = 0;
	const struct baton_dictionary *with;
	uint8_t random[OUT_MAX];
	struct dictionary own;
	bool shorter;
	size_t i, k;

	param_a = 12;
	param_b = 5;
	for (i = 0; i < set->count; i++) {
		with = baton_codec_choose(&baton_codec_zlib, UINT32_MAX, at,
					  set->len[i], set->len[i]);
		own = (struct dictionary){baton_dictionary_json,
					  BATON_DICTIONARY_MAX, false};
		if (at[0] & 0x80)
			own.bytes = baton_dictionary_cbor;
		shorter = pack_deflate(at, set->len[i], &own) + 4 < set->len[i];
		packed += with != NULL;
		missed += !with && shorter;
		in_vain += with && !shorter;
		for (k = 0; k < set->len[i]; k++)
			random[k] = (uint8_t)(rand() >> 7);
		random[0] = at[0];
		noise += baton_codec_choose(&baton_codec_zlib, UINT32_MAX,
					    random, set->len[i],
					    set->len[i]) != NULL;
		at += set->len[i];
	}
	printf("\nThe estimate has %u of %zu compressed, misses %u that would "
	       "be shorter, tries %u in vain; of as many random strings it "
	       "takes %u\n",
	       packed, set->count, missed, in_vain, noise);
}

static void print_cell(size_t plain, size_t packed)
{
	printf(" %.2f |", (double)plain / (double)packed);
}

static const char *const encodings[] = {"json", "cbor"};
static const struct dictionary own[] = {
	{baton_dictionary_json, BATON_DICTIONARY_MAX, false},
	{baton_dictionary_cbor, BATON_DICTIONARY_MAX, false},
};

/* Within 10 % of zstd -19 with a dictionary of the same size? */
static bool print_limit(const struct set *learnt, const struct set *set,
			const struct dictionary *with)
{
	struct dictionary same = train(learnt, BATON_DICTIONARY_MAX);
	size_t baton = total_of(&codecs[2], set, with);
	size_t best = total_of(&codecs[5], set, &same);
	size_t bare = total_of(&codecs[6], set, &same);

	printf("# Baton's over zstd -19 with a dictionary of %d B: %.3f (1.1 "
	       "is the limit); over zstd without magic and id: %.3f\n",
	       BATON_DICTIONARY_MAX, (double)baton / (double)best,
	       (double)baton / (double)bare);
	free((void *)same.bytes);
	return baton * 10 <= best * 11;
}

/* Both encodings, in TAP. */
static int limit(const char *directory)
{
	struct set learnt, set;
	bool good, all = true;
	size_t e;

	printf("1..2\n");
	for (e = 0; e < 2; e++) {
		learnt = load(directory, "train", encodings[e]);
		set = load(directory, "measured", encodings[e]);
		good = print_limit(&learnt, &set, &own[e]);
		printf("%sok %zu - %s is within 10 %% of zstd -19\n",
		       good ? "" : "not ", e + 1, encodings[e]);
		fflush(stdout);
		all = all && good;
		unload(&learnt);
		unload(&set);
	}
	return all ? 0 : 1;
}

static void table(const char *directory, const size_t *sizes, size_t count)
{
	struct dictionary trained[SIZES_MAX], bare[SIZES_MAX];
	struct set learnt, set;
	bool is_zstd, good;
	size_t e, i, s;

	for (e = 0; e < 2; e++) {
		learnt = load(directory, "train", encodings[e]);
		set = load(directory, "measured", encodings[e]);
		for (s = 0; s < count; s++) {
			trained[s] = train(&learnt, sizes[s]);
			bare[s] = bare_content(&learnt, sizes[s]);
		}
		printf("\n%s: %zu messages, %.0f bytes on average; plain over "
		       "compressed\n\n| codec | no dictionary | Baton's, %d B |",
		       encodings[e], set.count,
		       (double)set.total / (double)set.count,
		       BATON_DICTIONARY_MAX);
		for (s = 0; s < count; s++)
			printf(" zstd's, %zu B |", sizes[s]);
		printf("\n| --- | --- | --- |");
		for (s = 0; s < count; s++)
			printf(" --- |");
		printf("\n");
		for (i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
			is_zstd = codecs[i].pack == pack_zstd;
			printf("| %s |", codecs[i].name);
			print_cell(set.total, total_of(&codecs[i], &set, NULL));
			print_cell(set.total,
				   total_of(&codecs[i], &set, &own[e]));
			for (s = 0; s < count; s++)
				print_cell(set.total,
					   total_of(&codecs[i], &set,
						    is_zstd ? &trained[s]
							    : &bare[s]));
			printf("\n");
			fflush(stdout);
		}
		good = print_limit(&learnt, &set, &own[e]);
		print_estimate(&set);
		if (!good)
			exit(1);
	}
}

int main(int argc, char **argv)
{
	size_t sizes[SIZES_MAX] = {2048, 4096};
	size_t count = 2;
	int i;

	if (argc < 2 || argc > 9) {
		fputs("usage: compression-table DIRECTORY [limit | SIZE...]\n",
		      stderr);
		return 64;
	}
	zstd = ZSTD_createCCtx();
	if (argc == 3 && !strcmp(argv[2], "limit"))
		return limit(argv[1]);
	for (i = 2; i < argc; i++) {
		sizes[i - 2] = strtoul(argv[i], NULL, 10);
		if (sizes[i - 2] < 512 || sizes[i - 2] > 32768)
			die("a size is 512 to 32768");
		count = (size_t)(i - 1);
	}
	table(argv[1], sizes, count);
	return 0;
}
