/* SPDX-License-Identifier: MIT */

/* Compression: the port, zlib behind it, and hostile bytes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "port/linux/codec_zlib.h"
#include "transport/incoming.h"
#include "transport/outgoing.h"

#define PLAIN_MAX 70000
#define GUARD 64
#define GUARD_BYTE 0x5c

static const struct baton_codec *codec = &baton_codec_zlib;
static uint8_t plain[PLAIN_MAX];
static uint8_t packed[PLAIN_MAX];
static uint8_t out[PLAIN_MAX + GUARD];
static void *encoder, *decoder;

static const char json[] =
	"{\"activity\":\"957b16dc-9409-ec46-380f-bd1b91b95b43\",\"kind\":"
	"\"timers\",\"version\":216,\"updatedAt\":1718030218,\"device\":"
	"{\"name\":\"Zoya Watch\",\"battery\":11},\"locale\":\"de\",\"title\":"
	"\"Tee\",\"state\":{\"timers\":[{\"timerId\":22,\"duration\":3480,"
	"\"remaining\":1192,\"running\":false}]}}";

static int setup(void **state)
{
	size_t i;

	(void)state;
	encoder = test_malloc(codec->encoder_len);
	decoder = test_malloc(codec->decoder_len);
	/* Text of a kind: words of a few letters, in no fixed order. */
	for (i = 0; i < PLAIN_MAX; i++)
		plain[i] = (uint8_t)("etaoin shrdlu "[(i * i / 7 + i) % 14]);
	memcpy(plain, json, sizeof(json) - 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_free(encoder);
	test_free(decoder);
	return 0;
}

/* Encode with steps of in_step and out_step bytes; gives the length. */
static size_t encode(uint8_t id, size_t len, size_t in_step, size_t out_step)
{
	const struct baton_dictionary *with = baton_codec_dictionary(codec, id);
	struct baton_codec_io io;
	size_t in = 0, made = 0;
	bool done = false, finish;

	assert_non_null(with);
	assert_int_equal(codec->encode_begin(encoder, with), BATON_OK);
	while (!done) {
		io.in = plain + in;
		io.in_len = len - in < in_step ? len - in : in_step;
		finish = in + io.in_len == len;
		in += io.in_len;
		io.out = packed + made;
		io.out_len = out_step;
		assert_int_equal(codec->encode(encoder, &io, finish, &done),
				 BATON_OK);
		in -= io.in_len;
		made += out_step - io.out_len;
		assert_true(made + out_step <= sizeof(packed));
	}
	assert_int_equal(in, len);
	return made;
}

/*
 * Take p as the only frame of a message of total bytes, in pieces of cap
 * bytes; *made says how many bytes came, and the guard behind is looked at.
 */
static enum baton_err decode(uint8_t id, const uint8_t *p, size_t len,
			     uint64_t total, size_t cap, bool padded,
			     size_t *made)
{
	struct baton_unpack unpack = {
		.codec = codec, .memory = {decoder, decoder}, .out_cap = cap};
	struct baton_frame frame = {.at = BATON_STREAM_AT(BATON_CLASS_BULK, 0),
				    .marks = BATON_DATA_START | BATON_DATA_FIN,
				    .head = padded ? BATON_HEAD_PADDED : 0,
				    .codec = id,
				    .bytes = p,
				    .len = len};
	enum baton_err err;
	size_t i;

	*made = 0;
	memset(out, GUARD_BYTE, sizeof(out));
	err = baton_unpack_frame(&unpack, &frame);
	while (!err && unpack.more) {
		unpack.out = out + *made;
		err = baton_unpack_next(&unpack, total - *made, &frame);
		if (err)
			break;
		assert_true(frame.len <= cap && frame.len <= total - *made);
		*made += frame.len;
	}
	for (i = (size_t)total; i < total + GUARD; i++)
		assert_int_equal(out[i], GUARD_BYTE);
	if (!err)
		assert_true(frame.marks & BATON_DATA_FIN);
	return err;
}

static void what_was_packed_comes_back(void **state)
{
	static const size_t lens[] = {0, 1, 24, 300, 4096, 4097, PLAIN_MAX / 2};
	static const size_t steps[] = {1, 7, 500, 20000};
	size_t i, s, made, len;
	uint8_t id;

	(void)state;
	for (id = 1; id <= 3; id++)
		for (i = 0; i < 7; i++)
			for (s = 0; s < 4; s++) {
				len = encode(id, lens[i], steps[s],
					     steps[3 - s]);
				assert_int_equal(
					decode(id, packed, len, lens[i],
					       1 + steps[s] * 2, false, &made),
					BATON_OK);
				assert_int_equal(made, lens[i]);
				assert_memory_equal(out, plain, made);
			}
}

static void a_dictionary_is_worth_its_place(void **state)
{
	size_t len = sizeof(json) - 1;

	(void)state;
	assert_true(encode(BATON_CODEC_DEFLATE_JSON, len, len, 1000) * 3 <
		    encode(BATON_CODEC_DEFLATE, len, len, 1000) * 2);
}

static void every_truncation_is_refused(void **state)
{
	size_t len = encode(1, 1000, 1000, 2000);
	size_t cut, made;

	(void)state;
	for (cut = 0; cut < len; cut++) {
		assert_int_equal(
			decode(1, packed, cut, 1000, 300, false, &made),
			BATON_ERR_PROTOCOL);
		assert_memory_equal(out, plain, made);
	}
}

static void a_wrong_total_is_refused(void **state)
{
	size_t len = encode(1, 1000, 1000, 2000);
	size_t made;

	(void)state;
	assert_int_equal(decode(1, packed, len, 1001, 4096, false, &made),
			 BATON_ERR_PROTOCOL);
	assert_int_equal(decode(1, packed, len, 999, 4096, false, &made),
			 BATON_ERR_PROTOCOL);
	assert_int_equal(decode(1, packed, len, 0, 4096, false, &made),
			 BATON_ERR_PROTOCOL);
	assert_int_equal(decode(1, packed, len, 1000, 4096, false, &made),
			 BATON_OK);
}

static void a_bomb_stops_at_its_total(void **state)
{
	static const uint64_t totals[] = {1, 100, 4096, 60000};
	size_t i, len, made;

	(void)state;
	memset(plain, 0, sizeof(plain));
	len = encode(3, PLAIN_MAX, PLAIN_MAX, 20000);
	assert_true(len * 500 < PLAIN_MAX);
	for (i = 0; i < 4; i++) {
		assert_int_equal(
			decode(3, packed, len, totals[i], 512, false, &made),
			BATON_ERR_PROTOCOL);
		assert_true(made <= totals[i]);
	}
}

static void only_padding_may_follow(void **state)
{
	size_t len = encode(1, 400, 400, 1000);
	size_t made;

	(void)state;
	memset(packed + len, 0, 50);
	assert_int_equal(decode(1, packed, len + 50, 400, 400, true, &made),
			 BATON_OK);
	assert_int_equal(decode(1, packed, len + 50, 400, 400, false, &made),
			 BATON_ERR_PROTOCOL);
	packed[len + 49] = 1;
	assert_int_equal(decode(1, packed, len + 50, 400, 400, true, &made),
			 BATON_ERR_PROTOCOL);
}

static uint32_t shuffle(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Bits of true ones are flipped, so that they go a long way. */
static void hostile_bytes_never_lead_beyond(void **state)
{
	size_t len = encode(2, 3000, 3000, 4000);
	uint32_t seed = 1;
	size_t made, at, n;
	int i;

	(void)state;
	memcpy(out, packed, len);
	for (i = 0; i < 20000; i++) {
		at = shuffle(&seed) % len;
		packed[at] ^= (uint8_t)(1 << shuffle(&seed) % 8);
		if (i % 64 == 0)
			for (at = 0; at < len; at++)
				packed[at] = (uint8_t)shuffle(&seed);
		if (i % 256 == 0)
			len = encode(2, 3000, 3000, 4000);
		n = shuffle(&seed) % 3500;
		(void)!decode((uint8_t)(1 + i % 3), packed, len, n, 600, i % 2,
			      &made);
	}
}

static void unknown_codecs_are_refused(void **state)
{
	size_t made;

	(void)state;
	assert_int_equal(decode(4, packed, 10, 10, 10, false, &made),
			 BATON_ERR_PROTOCOL);
	assert_int_equal(decode(200, packed, 10, 10, 10, false, &made),
			 BATON_ERR_PROTOCOL);
}

static void zlib_keeps_to_its_memory(void **state)
{
	(void)state;
	encode(1, PLAIN_MAX / 2, 1000, 1000);
	assert_true(baton_codec_zlib_used(encoder) <= BATON_ZLIB_ENCODER_LEN);
	assert_true(baton_codec_zlib_used(encoder) + 2048 >
		    BATON_ZLIB_ENCODER_LEN);
	assert_int_equal(codec->decode_begin(decoder, &codec->dictionaries[0]),
			 BATON_OK);
	assert_true(baton_codec_zlib_used(decoder) <= BATON_ZLIB_DECODER_LEN);
	assert_true(baton_codec_zlib_used(decoder) + 2048 >
		    BATON_ZLIB_DECODER_LEN);
}

static void the_estimate_looks_at_the_bytes(void **state)
{
	uint32_t seed = 7;
	size_t i;

	(void)state;
	assert_int_equal(baton_codec_choose(codec, 0xe, plain, 300, 300)->id,
			 BATON_CODEC_DEFLATE_JSON);
	assert_null(baton_codec_choose(codec, 0, plain, 300, 300));
	assert_null(baton_codec_choose(NULL, 0xe, plain, 300, 300));
	assert_null(baton_codec_choose(codec, 0xe, plain, 10, 10));
	assert_int_equal(baton_codec_choose(codec, 0x8, plain, 300, 300)->id,
			 BATON_CODEC_DEFLATE);
	for (i = 0; i < 4000; i++)
		packed[i] = (uint8_t)shuffle(&seed);
	for (i = 0; i < 3000; i += 50)
		assert_null(baton_codec_choose(codec, 0xe, packed + i,
					       100 + i / 4, 4000));
}

/* Eight-byte fields of noise, but for the eighth byte, which counts to 32. */
static void the_estimate_sees_more_than_one_byte_of_a_field(void **state)
{
	uint64_t noise = 1;
	size_t i;

	(void)state;
	for (i = 0; i < 16384; i++) {
		noise = noise * UINT64_C(6364136223846793005) + 1;
		packed[i] =
			i % 8 ? (uint8_t)(noise >> 56) : (uint8_t)(i / 64 % 32);
	}
	assert_null(baton_codec_choose(codec, 0xe, packed, 16384, 300000));
}

static void buckets_are_powers_of_two(void **state)
{
	(void)state;
	assert_int_equal(baton_pack_bucket(0, 4096), 32);
	assert_int_equal(baton_pack_bucket(32, 4096), 32);
	assert_int_equal(baton_pack_bucket(33, 4096), 64);
	assert_int_equal(baton_pack_bucket(2049, 4096), 4096);
	assert_int_equal(baton_pack_bucket(600, 1000), 1000);
}

/* A compressed message begins. */
static const struct baton_frame packed_frame = {
	.type = BATON_FRAME_DATA,
	.at = BATON_STREAM_AT(BATON_CLASS_BULK, 0),
	.marks = BATON_DATA_START | BATON_DATA_HEAD,
	.head = BATON_HEAD_TOTAL | BATON_HEAD_CODEC,
	.codec = 1,
	.total = 1000,
};

/* One message at a time has the codec of a class. */
static void a_second_compressed_message_is_refused(void **state)
{
	struct baton_incoming incoming = {.message_max = 5000};
	struct baton_incoming_news news;
	struct baton_frame frame = packed_frame;

	(void)state;
	assert_int_equal(baton_incoming_check(&incoming, &frame, &news),
			 BATON_ERR_PROTOCOL);
	incoming.codecs = baton_codec_ids(codec);
	assert_int_equal(baton_incoming_check(&incoming, &frame, &news),
			 BATON_OK);
	assert_true((news.tell & BATON_TELL_BEGIN) && news.packed);
	frame.at = BATON_STREAM_AT(BATON_CLASS_BULK, 1);
	assert_int_equal(baton_incoming_check(&incoming, &frame, &news),
			 BATON_ERR_PROTOCOL);
	frame.at = BATON_STREAM_AT(BATON_CLASS_MESSAGE, 1);
	assert_int_equal(baton_incoming_check(&incoming, &frame, &news),
			 BATON_OK);
	frame.at = BATON_STREAM_AT(BATON_CLASS_MESSAGE, 2);
	frame.codec = 0;
	frame.total = 5001;
	assert_int_equal(baton_incoming_check(&incoming, &frame, &news),
			 BATON_OK);
	assert_true(news.refuse);
}

static void a_lost_link_frees_the_codec(void **state)
{
	struct baton_incoming incoming = {.message_max = 5000};
	struct baton_incoming_news news;
	struct baton_frame frame = packed_frame;

	(void)state;
	incoming.codecs = baton_codec_ids(codec);
	assert_int_equal(baton_incoming_check(&incoming, &frame, &news),
			 BATON_OK);
	frame.marks = 0;
	frame.len = 10;
	baton_incoming_take(&incoming, &frame, 0);
	assert_false(baton_incoming_link_down(
		&incoming.stream[BATON_STREAM_AT(BATON_CLASS_BULK, 0)]));
	frame.marks = packed_frame.marks;
	frame.at = BATON_STREAM_AT(BATON_CLASS_BULK, 1);
	assert_int_equal(baton_incoming_check(&incoming, &frame, &news),
			 BATON_OK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_was_packed_comes_back),
		TEST(a_dictionary_is_worth_its_place),
		TEST(every_truncation_is_refused),
		TEST(a_wrong_total_is_refused),
		TEST(a_bomb_stops_at_its_total),
		TEST(only_padding_may_follow),
		TEST(hostile_bytes_never_lead_beyond),
		TEST(unknown_codecs_are_refused),
		TEST(zlib_keeps_to_its_memory),
		TEST(the_estimate_looks_at_the_bytes),
		TEST(the_estimate_sees_more_than_one_byte_of_a_field),
		TEST(buckets_are_powers_of_two),
		TEST(a_second_compressed_message_is_refused),
		TEST(a_lost_link_frees_the_codec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
