/* SPDX-License-Identifier: MIT */

/* Compressed and padded messages between two engines. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "port/linux/codec_zlib.h"
#include "tests/support/pair.h"

#define FILE_LEN 300000u

static struct pair *world;
static struct baton_codec watched; /* zlib; counts what is begun */
static unsigned int encodings;
static uint64_t goal; /* bytes for the phone to have */

static const struct baton_stream_id message_0 = {BATON_CLASS_MESSAGE, 0};
static const char text[] =
	"{\"activity\":\"957b16dc-9409-ec46-380f-bd1b91b95b43\",\"kind\":"
	"\"timers\",\"version\":216,\"updatedAt\":1718030218,\"device\":"
	"{\"name\":\"Zoya Watch\",\"battery\":11},\"locale\":\"de\",\"title\":"
	"\"Tee\",\"state\":{\"timers\":[{\"timerId\":22,\"duration\":3480,"
	"\"remaining\":1192,\"running\":false}]}}";

static uint8_t text_at(uint64_t at)
{
	uint64_t line = at / (sizeof(text) - 1);

	/* A number in each line, so that no two are the same. */
	if (at % (sizeof(text) - 1) == 70)
		return (uint8_t)('0' + line * line % 10);
	return (uint8_t)text[at % (sizeof(text) - 1)];
}

/* Four bits of news in each byte: about half is left of it. */
static uint8_t letters_at(uint64_t at)
{
	uint64_t z = (at + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint8_t)('a' + (z >> 40) % 16);
}

static uint8_t zeros_at(uint64_t at)
{
	(void)at;
	return '0';
}

static enum baton_err counting_begin(void *memory,
				     const struct baton_dictionary *with)
{
	encodings++;
	return baton_codec_zlib.encode_begin(memory, with);
}

static void start(const struct baton_codec *watch,
		  const struct baton_codec *phone)
{
	pair_init_codec(world, 1, watch, phone);
	world->pattern = text_at;
	assert_true(pair_bond(world));
}

static int setup(void **state)
{
	(void)state;
	world = test_malloc(sizeof(*world));
	watched = baton_codec_zlib;
	watched.encode_begin = counting_begin;
	encodings = 0;
	goal = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(world);
	test_free(world);
	return 0;
}

static bool delivered(struct pair *pair)
{
	return pair->end[BATON_WATCH].delivered > 0;
}

static bool half_is_here(struct pair *pair)
{
	return pair->end[BATON_PHONE].got_bytes > FILE_LEN / 2;
}

static bool goal_is_here(struct pair *pair)
{
	return pair->end[BATON_PHONE].got_bytes >= goal;
}

static bool never(struct pair *pair)
{
	(void)pair;
	return false;
}

/* Until nothing moves any more. */
static void settle(void)
{
	(void)pair_run(world, never, 3000);
}

static uint64_t sent_bytes(void)
{
	struct baton_session_stats stats;

	baton_session_stats(&world->end[BATON_WATCH].session, &stats);
	return stats.link.tx_bytes;
}

static void assert_got_file(uint64_t len)
{
	const struct pair_end *end = &world->end[BATON_PHONE];

	assert_int_equal(end->ended, 1);
	assert_int_equal(end->got_bytes, len);
	assert_true(end->got_hash == pair_hash(world->pattern, len));
}

static void a_file_comes_bit_for_bit_and_shorter(void **state)
{
	uint64_t before;

	(void)state;
	start(&watched, &baton_codec_zlib);
	before = sent_bytes();
	pair_send(world, BATON_WATCH, FILE_LEN);
	assert_true(pair_run(world, delivered, 60000));
	assert_got_file(FILE_LEN);
	assert_int_equal(encodings, 1);
	assert_true(sent_bytes() - before < FILE_LEN / 10);
	assert_int_equal(world->end[BATON_PHONE].meta_len, 1);
}

static void a_file_comes_through_loss(void **state)
{
	(void)state;
	start(&watched, &baton_codec_zlib);
	world->drop_ppm = 100000;
	world->dup_ppm = 50000;
	world->swap_ppm = 50000;
	pair_send(world, BATON_WATCH, FILE_LEN);
	assert_true(pair_run(world, delivered, 600000));
	assert_got_file(FILE_LEN);
}

/* The sizes at which the last bytes do and do not fit the record. */
static void every_length_ends(void **state)
{
	uint64_t len;

	(void)state;
	start(&watched, &baton_codec_zlib);
	for (len = 0; len < 400; len++) {
		world->end[BATON_PHONE].ended = 0;
		world->end[BATON_WATCH].delivered = 0;
		pair_send(world, BATON_WATCH, len < 100 ? len : len * 331);
		assert_true(pair_run(world, delivered, 60000));
		assert_got_file(len < 100 ? len : len * 331);
	}
	assert_true(encodings > 300);
}

static void a_file_goes_on_after_a_lost_link(void **state)
{
	(void)state;
	start(&watched, &baton_codec_zlib);
	world->pattern = letters_at;
	pair_send(world, BATON_WATCH, FILE_LEN);
	assert_true(pair_run(world, half_is_here, 60000));
	assert_int_equal(world->end[BATON_PHONE].ended, 0);
	pair_down(world);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));
	assert_true(pair_run(world, delivered, 60000));
	assert_got_file(FILE_LEN);
	assert_int_equal(world->end[BATON_WATCH].rewinds, 1);
	assert_int_equal(world->end[BATON_PHONE].begun, 1);
	assert_int_equal(encodings, 2);
}

static void a_file_survives_many_links(void **state)
{
	(void)state;
	start(&watched, &baton_codec_zlib);
	world->drop_ppm = 20000;
	world->pattern = letters_at;
	pair_send(world, BATON_WATCH, 4 * FILE_LEN);
	while (!delivered(world)) {
		goal += 37000;
		assert_true(pair_run(world, goal_is_here, 60000));
		pair_down(world);
		pair_up(world);
		assert_true(pair_run(world, pair_secured, 10000));
		if (goal > 4 * FILE_LEN - 37000)
			break;
	}
	assert_true(pair_run(world, delivered, 60000));
	assert_true(world->end[BATON_WATCH].rewinds > 25);
	assert_true(encodings > 25);
	assert_got_file(4 * FILE_LEN);
}

static void a_short_message_is_told_whole(void **state)
{
	const struct pair_end *phone = &world->end[BATON_PHONE];
	uint64_t before, plain;
	int i;

	(void)state;
	start(&watched, &baton_codec_zlib);
	for (i = 0; i < 10; i++)
		assert_int_equal(
			baton_session_send(&world->end[BATON_WATCH].session,
					   message_0, (const uint8_t *)text,
					   sizeof(text) - 1, 0, world->now_ms),
			BATON_OK);
	before = sent_bytes();
	settle();
	assert_int_equal(encodings, 10);
	assert_int_equal(phone->messages, 10);
	assert_int_equal(phone->begun, 0);
	assert_int_equal(phone->got_bytes, 10 * (sizeof(text) - 1));
	plain = 10 * (sizeof(text) - 1);
	assert_true(sent_bytes() - before < plain / 2);
}

static void a_secret_is_never_compressed(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];
	uint64_t before;

	(void)state;
	start(&watched, &baton_codec_zlib);
	before = sent_bytes();
	assert_int_equal(baton_session_send(&watch->session, message_0,
					    (const uint8_t *)text,
					    sizeof(text) - 1, BATON_SEND_SECRET,
					    world->now_ms),
			 BATON_OK);
	settle();
	assert_int_equal(world->end[BATON_PHONE].messages, 1);
	assert_true(sent_bytes() - before > sizeof(text) - 1);
	assert_int_equal(baton_session_begin(&watch->session, watch->stream,
					     5000, NULL, 0, BATON_SEND_SECRET),
			 BATON_OK);
	watch->send_total = 5000;
	watch->sending = true;
	watch->delivered = 0;
	assert_true(pair_run(world, delivered, 10000));
	assert_got_file(5000);
	assert_int_equal(encodings, 0);
}

static void only_short_messages_are_padded(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];

	(void)state;
	start(NULL, NULL);
	assert_int_equal(baton_session_begin(&watch->session, watch->stream,
					     5000, NULL, 0, BATON_SEND_PADDED),
			 BATON_ERR_ARG);
}

/* Bytes on the air, both ways, for a message sent on an idle link. */
static uint64_t air_bits(size_t len, unsigned int flags)
{
	uint64_t before;

	assert_true(len + 4 < sizeof(text));
	settle();
	before = world->bits;
	assert_int_equal(baton_session_send(&world->end[BATON_WATCH].session,
					    message_0,
					    (const uint8_t *)text + 4, len,
					    flags, world->now_ms),
			 BATON_OK);
	settle();
	return world->bits - before;
}

static void padded_secrets_have_one_length(void **state)
{
	unsigned int both = BATON_SEND_SECRET | BATON_SEND_PADDED;
	uint64_t bits;
	size_t len;

	(void)state;
	start(&watched, &baton_codec_zlib);
	/* The link learns first which PDUs go through. */
	for (len = 0; len < 5; len++)
		(void)air_bits(130, both);
	bits = air_bits(1, both);
	for (len = 0; len <= 25; len++)
		assert_int_equal(air_bits(len, both), bits);
	bits = air_bits(130, both);
	/* Also where the length field itself grows by a byte. */
	for (len = 126; len <= 252; len += 4)
		assert_int_equal(air_bits(len, both), bits);
	assert_int_not_equal(air_bits(1, BATON_SEND_SECRET),
			     air_bits(20, BATON_SEND_SECRET));
	assert_int_equal(encodings, 0);
	assert_int_equal(world->end[BATON_PHONE].messages, 5 + 27 + 33 + 2);
}

static void what_is_compressed_and_padded_arrives(void **state)
{
	const struct pair_end *phone = &world->end[BATON_PHONE];

	(void)state;
	start(&watched, &baton_codec_zlib);
	(void)air_bits(200, BATON_SEND_PADDED);
	(void)air_bits(200, BATON_SEND_PADDED);
	assert_int_equal(air_bits(200, BATON_SEND_PADDED),
			 air_bits(198, BATON_SEND_PADDED));
	assert_int_equal(encodings, 4);
	assert_int_equal(phone->messages, 4);
	assert_int_equal(phone->got_bytes, 798);
}

static void a_side_without_a_codec_gets_it_plain(void **state)
{
	(void)state;
	start(&watched, NULL);
	pair_send(world, BATON_WATCH, FILE_LEN);
	assert_true(pair_run(world, delivered, 60000));
	assert_got_file(FILE_LEN);
	assert_int_equal(encodings, 0);
}

static void a_side_that_only_decodes_sends_plain(void **state)
{
	(void)state;
	watched.encoder_len = 0;
	start(&watched, &baton_codec_zlib);
	pair_send(world, BATON_WATCH, FILE_LEN);
	assert_true(pair_run(world, delivered, 60000));
	assert_got_file(FILE_LEN);
	assert_int_equal(encodings, 0);
}

static void a_cancelled_file_frees_the_codec(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];

	(void)state;
	start(&watched, &baton_codec_zlib);
	world->pattern = letters_at;
	pair_send(world, BATON_WATCH, FILE_LEN);
	assert_true(pair_run(world, half_is_here, 60000));
	watch->sending = false;
	assert_int_equal(baton_session_cancel(&watch->session, watch->stream,
					      BATON_REASON_PERSON),
			 BATON_OK);
	watch->stream.number = 1;
	world->end[BATON_PHONE].ended = 0;
	pair_send(world, BATON_WATCH, 5000);
	settle();
	assert_false(pair_closed(world));
	assert_got_file(5000);
	settle();
	watch->stream.number = 2;
	world->end[BATON_PHONE].ended = 0;
	pair_send(world, BATON_WATCH, 5000);
	settle();
	assert_got_file(5000);
	assert_int_equal(encodings, 2);
}

static void a_refused_file_frees_the_codec(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];
	struct pair_end *phone = &world->end[BATON_PHONE];

	(void)state;
	start(&watched, &baton_codec_zlib);
	world->pattern = letters_at;
	pair_send(world, BATON_WATCH, FILE_LEN);
	assert_true(pair_run(world, half_is_here, 60000));
	assert_int_equal(baton_session_refuse(&phone->session, watch->stream,
					      BATON_REASON_NO_ROOM),
			 BATON_OK);
	settle();
	assert_int_equal(watch->refused, 1);
	phone->ended = 0;
	pair_send(world, BATON_WATCH, 5000);
	settle();
	assert_false(pair_closed(world));
	assert_got_file(5000);
	assert_int_equal(encodings, 2);
}

static enum baton_err write_text(size_t len)
{
	struct pair_end *watch = &world->end[BATON_WATCH];
	enum baton_err err;
	size_t taken;

	err = baton_session_write(&watch->session, watch->stream,
				  (const uint8_t *)text, len, &taken,
				  world->now_ms);
	assert_true(err || taken == len);
	return err;
}

/* All of it is still in the encoder: the phone has never heard of it. */
static void cancelling_what_never_went_out_says_nothing(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];

	(void)state;
	start(&watched, &baton_codec_zlib);
	assert_int_equal(baton_session_begin(&watch->session, watch->stream,
					     5000, NULL, 0, 0),
			 BATON_OK);
	assert_int_equal(write_text(200), BATON_OK);
	assert_int_equal(encodings, 1);
	assert_int_equal(baton_session_cancel(&watch->session, watch->stream,
					      BATON_REASON_PERSON),
			 BATON_OK);
	settle();
	pair_send(world, BATON_WATCH, 5000);
	settle();
	assert_false(pair_closed(world));
	assert_got_file(5000);
	assert_int_equal(world->end[BATON_PHONE].begun, 1);
}

static void no_record_goes_out_for_nothing(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];
	struct baton_session_stats before, after;
	int i;

	(void)state;
	start(&watched, &baton_codec_zlib);
	settle();
	baton_session_stats(&watch->session, &before);
	assert_int_equal(baton_session_begin(&watch->session, watch->stream,
					     20 * 50, NULL, 0, 0),
			 BATON_OK);
	for (i = 0; i < 20; i++) {
		assert_int_equal(write_text(50), BATON_OK);
		(void)pair_turn(world);
	}
	settle();
	baton_session_stats(&watch->session, &after);
	assert_int_equal(world->end[BATON_PHONE].ended, 1);
	assert_true(after.tx_records - before.tx_records <= 2);
}

static void refusing_within_a_frame_frees_the_stream(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];
	struct pair_end *phone = &world->end[BATON_PHONE];
	struct baton_event event;

	(void)state;
	start(&watched, &baton_codec_zlib);
	world->pattern = zeros_at;
	phone->deaf = true;
	pair_send(world, BATON_WATCH, 60000);
	settle();
	do
		assert_true(baton_session_next_event(&phone->session, &event,
						     world->now_ms));
	while (event.type != BATON_EVENT_DATA);
	assert_true(event.u.message.len < 60000);
	assert_int_equal(baton_session_refuse(&phone->session, watch->stream,
					      BATON_REASON_NO_ROOM),
			 BATON_OK);
	phone->deaf = false;
	settle();
	assert_int_equal(watch->refused, 1);
	assert_int_equal(phone->ended, 0);
	pair_send(world, BATON_WATCH, 5000);
	settle();
	assert_false(pair_closed(world));
	assert_got_file(5000);
}

/* An authenticated peer that sends 10 KB of zeros for 1000 bytes. */
static enum baton_err bomb(void *memory, struct baton_codec_io *io, bool finish,
			   bool *done)
{
	static uint8_t zeros[10000];
	struct baton_codec_io lie = *io;
	enum baton_err err;

	(void)finish;
	lie.in = zeros;
	lie.in_len = sizeof(zeros);
	err = baton_codec_zlib.encode(memory, &lie, true, done);
	io->in += io->in_len;
	io->in_len = 0;
	io->out = lie.out;
	io->out_len = lie.out_len;
	return err;
}

static void a_lying_encoder_ends_the_link(void **state)
{
	const struct pair_end *phone = &world->end[BATON_PHONE];

	(void)state;
	watched.encode = bomb;
	start(&watched, &baton_codec_zlib);
	world->pattern = zeros_at;
	pair_send(world, BATON_WATCH, 1000);
	assert_true(pair_run(world, pair_closed, 10000));
	assert_int_equal(phone->close_err, BATON_ERR_PROTOCOL);
	assert_true(phone->got_bytes <= 1000);
	assert_int_equal(phone->ended, 0);
}

/* Any 16 bytes of the first of the file. */
static bool holds(const struct pair_end *end)
{
	const uint8_t *memory = end->memory;
	size_t len = end->session.memory_len, at, i;
	uint8_t bytes[16];
	uint64_t from;

	for (from = 0; from < 2048; from += sizeof(bytes)) {
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = letters_at(from + i);
		for (at = 0; at + sizeof(bytes) <= len; at++)
			if (memcmp(memory + at, bytes, sizeof(bytes)) == 0)
				return true;
	}
	return false;
}

static void the_codecs_keep_nothing_when_the_link_is_gone(void **state)
{
	int i;

	(void)state;
	start(&watched, &baton_codec_zlib);
	world->pattern = letters_at;
	pair_send(world, BATON_WATCH, 2048);
	assert_true(pair_run(world, delivered, 60000));
	assert_int_equal(encodings, 1);
	for (i = 0; i < 2; i++)
		assert_true(holds(&world->end[i]));
	pair_down(world);
	for (i = 0; i < 2; i++)
		assert_false(holds(&world->end[i]));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_file_comes_bit_for_bit_and_shorter),
		TEST(a_file_comes_through_loss),
		TEST(every_length_ends),
		TEST(a_file_goes_on_after_a_lost_link),
		TEST(a_file_survives_many_links),
		TEST(a_short_message_is_told_whole),
		TEST(a_secret_is_never_compressed),
		TEST(only_short_messages_are_padded),
		TEST(padded_secrets_have_one_length),
		TEST(what_is_compressed_and_padded_arrives),
		TEST(a_side_without_a_codec_gets_it_plain),
		TEST(a_side_that_only_decodes_sends_plain),
		TEST(a_cancelled_file_frees_the_codec),
		TEST(a_refused_file_frees_the_codec),
		TEST(cancelling_what_never_went_out_says_nothing),
		TEST(no_record_goes_out_for_nothing),
		TEST(refusing_within_a_frame_frees_the_stream),
		TEST(a_lying_encoder_ends_the_link),
		TEST(the_codecs_keep_nothing_when_the_link_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
