/* SPDX-License-Identifier: MIT */

/*
 * Files and byte streams of an application whose authenticated peer sends what
 * it likes: envelopes, slices and chunks, and the engine's events in any order
 * (session/FILES.md). Bytes of a file are told once, in order, within what was
 * offered and accepted; a file is complete when all of it was kept; what comes
 * stays within the application's limits; what was stored is loaded again.
 */

#include <string.h>

#include "base/bytes.h"
#include "session/bulk.h"
#include "session/delivery.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stored.h"

#define ROOM 508
#define STORED 16
#define IDS 5
#define PLACES 2
#define FILE_MAX 300
#define FILES_MAX 400
#define PIECE 64
#define RING 64

/* What the application knows of a file that comes. */
struct coming {
	bool accepted;
	uint64_t total, at, kept;
};

static struct baton_session session;
static uint64_t session_memory[16384];
static struct baton_bulk bulk;
static struct baton_bulk_member member[1];
static struct baton_delivery delivery;
static struct baton_channel channel[1];
static uint64_t memory[1024];
static struct stored stored[STORED];
static struct baton_store_op op;
static bool op_out, up;
static uint64_t now_ms, boots;
static struct coming coming[IDS];
static uint8_t begun[BATON_STREAMS]; /* whose slice is on a stream */
static uint64_t begun_at[BATON_STREAMS];

static const struct baton_application application = {
	.id = "files",
	.rate = 1000,
	.burst = 1000,
	.files_out = PLACES,
	.files_in = PLACES,
	.file_max = FILE_MAX,
	.files_max = FILES_MAX,
	.streams = PLACES,
	.stream_ring = RING,
};

/* Few ids, that they meet. */
static void put_id(uint8_t *id, uint8_t n)
{
	memset(id, 1 + n % IDS, 8);
}

/* The byte of any file at an offset. */
static uint8_t pattern(uint64_t at)
{
	return (uint8_t)(at ^ (at >> 8) * 37);
}

static struct coming *coming_of(const uint8_t *id)
{
	FUZZ_CHECK(id[0] >= 1 && id[0] <= IDS);
	return &coming[id[0] - 1];
}

static struct baton_files *files(void)
{
	return baton_delivery_files(&delivery, 0);
}

static struct baton_bytestreams *streams(void)
{
	return baton_delivery_streams(&delivery, 0);
}

static void set_link(bool is_up)
{
	static const uint8_t key[32] = {1};
	uint8_t channels[2 + BATON_APPLICATION_ID_LEN + 6] = {0};

	up = is_up;
	baton_delivery_link(&delivery, up, key, ROOM, now_ms);
	memcpy(channels + 2, application.id, BATON_APPLICATION_ID_LEN);
	if (up)
		FUZZ_CHECK(!baton_delivery_rx(&delivery, channels,
					      sizeof(channels), now_ms));
}

static void start(void)
{
	static const uint8_t root[32] = {1};
	uint8_t seed[BATON_DRBG_SEED_LEN] = {0}, handle;

	baton_store_be64(seed, ++boots);
	memset(coming, 0, sizeof(coming));
	baton_bulk_init(&bulk, &session);
	FUZZ_CHECK(!baton_delivery_init(&delivery, channel, 1, seed));
	baton_delivery_bulk(&delivery, &bulk, member);
	FUZZ_CHECK(!baton_delivery_register(&delivery, &application, root,
					    memory, sizeof(memory), &handle));
	stored_load(stored, STORED, &delivery);
	op_out = false;
	set_link(true);
}

static void apply(void)
{
	FUZZ_CHECK(op.count == 1);
	FUZZ_CHECK(shelf_apply(SHELF(stored), &op));
}

static void write_out(uint8_t how)
{
	if (!op_out) {
		op_out = baton_delivery_next_store_op(&delivery, &op);
		return;
	}
	if (how % 16 != 1)
		apply();
	if (how % 16 == 2) {
		start();
		return;
	}
	op_out = false;
	baton_delivery_stored(&delivery, op.id,
			      how % 16 == 1 ? BATON_ERR_STORE : BATON_OK,
			      now_ms);
}

static void may_fail(enum baton_err err)
{
	FUZZ_CHECK(err < BATON_ERR_PEER_LENGTH);
}

static void accept_file(const struct baton_file_event *event, bool yes)
{
	struct coming *file = coming_of(event->id);

	FUZZ_CHECK(event->total <= FILE_MAX && event->offset <= event->total);
	if (!yes) {
		FUZZ_CHECK(!baton_files_refuse(files(), event->id, 1));
		return;
	}
	file->accepted = true;
	file->total = event->total;
	file->at = file->kept = event->offset;
	FUZZ_CHECK(!baton_files_accept(files(), event->id, event->offset));
}

static void take_data(const struct baton_file_event *event, bool keeps)
{
	struct coming *file = coming_of(event->id);
	size_t i;

	FUZZ_CHECK(file->accepted && event->total == file->total);
	FUZZ_CHECK(event->offset == file->at);
	FUZZ_CHECK(event->len <= file->total - file->at);
	for (i = 0; i < event->len; i++)
		FUZZ_CHECK(event->bytes[i] == pattern(file->at + i));
	file->at += event->len;
	if (!keeps)
		return;
	file->kept = file->at;
	FUZZ_CHECK(!baton_files_kept(files(), event->id, file->kept));
}

static void take_file(const struct baton_file_event *event, uint8_t how)
{
	struct coming *file;

	switch (event->type) {
	case BATON_FILE_OFFERED:
	case BATON_FILE_RESUMED:
		accept_file(event, how % 4 > 0);
		break;
	case BATON_FILE_DATA:
		take_data(event, how % 2);
		break;
	case BATON_FILE_COMPLETE:
		file = coming_of(event->id);
		FUZZ_CHECK(!file->accepted || file->kept == file->total);
		may_fail(baton_files_done(files(), event->id, false));
		break;
	case BATON_FILE_CANCELLED:
		may_fail(baton_files_done(files(), event->id, false));
		break;
	case BATON_FILE_PROGRESS:
		FUZZ_CHECK(event->offset <= event->total);
		break;
	case BATON_FILE_DELIVERED:
	case BATON_FILE_FAILED:
		may_fail(baton_files_done(files(), event->id, true));
		break;
	case BATON_FILE_PENDING:
	case BATON_FILE_STORED:
	case BATON_FILE_SUPPLY:
	case BATON_FILE_STORE_FAILED:
		break;
	}
}

static void take_events(struct fuzz_input *in)
{
	struct baton_delivery_event event;
	struct baton_file_info info;
	uint64_t sum = 0;
	size_t i, n = 0;

	while (baton_delivery_next_event(&delivery, &event))
		if (event.type == BATON_DELIVERY_FILE)
			take_file(&event.u.file, fuzz_byte(in));
	for (i = 0; !baton_files_info(files(), i, &info); i++) {
		FUZZ_CHECK(info.offset <= info.total);
		if (info.outgoing || info.state > BATON_FILE_IN_COMPLETE)
			continue;
		sum += info.total;
		n++;
	}
	FUZZ_CHECK(i <= 2 * PLACES);
	FUZZ_CHECK(n <= 1 || sum <= FILES_MAX);
}

static void act_on_file(struct fuzz_input *in, const uint8_t *id)
{
	uint8_t bytes[64] = {0}, what = fuzz_byte(in);
	size_t len = fuzz_byte(in), taken;

	switch (what % 5) {
	case 0:
		may_fail(baton_files_send(files(), id, len, bytes, len % 64,
					  bytes, len % 32));
		break;
	case 1:
		may_fail(baton_files_write(files(), id, bytes, len % 64, &taken,
					   now_ms));
		break;
	case 2:
		may_fail(baton_files_cancel(files(), id, (uint8_t)len));
		break;
	case 3:
		may_fail(baton_files_pause(files(), id, len % 2));
		break;
	case 4:
		may_fail(baton_files_refuse(files(), id, (uint8_t)len));
		break;
	}
}

static void act_on_stream(struct fuzz_input *in, const uint8_t *id)
{
	uint8_t bytes[256] = {0}, what = fuzz_byte(in);
	size_t len = fuzz_byte(in), n;

	switch (what % 6) {
	case 0:
		may_fail(baton_bytestreams_open(streams(), id, bytes, len));
		break;
	case 1:
		may_fail(baton_bytestreams_accept(streams(), id));
		break;
	case 2:
		may_fail(
			baton_bytestreams_write(streams(), id, bytes, len, &n));
		FUZZ_CHECK(n <= RING);
		break;
	case 3:
		may_fail(baton_bytestreams_read(streams(), id, bytes, len, &n));
		FUZZ_CHECK(n <= RING);
		break;
	case 4:
		may_fail(baton_bytestreams_finish(streams(), id));
		break;
	case 5:
		may_fail(baton_bytestreams_reset(streams(), id, (uint8_t)len));
		break;
	}
}

/* A body as its operation has it, with small numbers. */
static size_t put_body(struct fuzz_input *in, bool file, uint8_t op, uint8_t *p)
{
	/* Behind the id; numbers of 8 B, then bytes. */
	static const struct {
		uint8_t byte, numbers, bytes;
	} of[2][10] = {
		{{1, 0, 12}, {1, 2, 4}, {0, 1, 0}, {0, 0, 0}, {1, 0, 0}},
		{{0, 1, 4},
		 {1, 1, 0},
		 {0, 0, 0},
		 {0, 1, 0},
		 {0, 0, 0},
		 {1, 0, 0},
		 {0, 0, 0},
		 {1, 0, 0},
		 {0, 0, 0},
		 {0, 0, 0}},
	};
	size_t n = 0, len;
	const uint8_t *bytes;
	uint8_t i;

	if (op > 9)
		return 0;
	if (of[file][op].byte)
		p[n++] = fuzz_byte(in) % 4;
	for (i = 0; i < of[file][op].numbers; i++, n += 8)
		baton_store_be64(p + n, fuzz_word(in) % 600);
	bytes = fuzz_bytes(in, of[file][op].bytes, &len);
	memset(p + n, 0, of[file][op].bytes);
	if (len > 0)
		memcpy(p + n, bytes, len);
	return n + of[file][op].bytes;
}

static void rx(struct fuzz_input *in)
{
	uint8_t envelope[2 + ROOM] = {0}, how = fuzz_byte(in);
	uint8_t op = fuzz_byte(in) % 16;
	bool file = how & 1;
	const uint8_t *bytes;
	enum baton_err err;
	size_t len;

	envelope[0] = (uint8_t)((file ? 0x40 : 0x50) | op);
	put_id(envelope + 2, fuzz_byte(in));
	len = 8;
	if (how % 8 < 6) {
		len += put_body(in, file, op, envelope + 10);
		if (file && op == 9)
			len = 0;
	} else {
		bytes = fuzz_bytes(in, fuzz_byte(in), &len);
		if (len > 0)
			memcpy(envelope + 2, bytes, len);
	}
	/* Who names a file that nobody has heard of gives it an id of ours. */
	if (len >= 8)
		put_id(envelope + 2, envelope[2]);
	err = baton_delivery_rx(&delivery, envelope, 2 + len, now_ms);
	FUZZ_CHECK(!err || baton_err_is_peer(err));
}

/* Of the engine, as it may be for a stream of class BULK. */
static void bulk_event(struct fuzz_input *in)
{
	static const enum baton_event_type types[] = {
		BATON_EVENT_BEGIN,    BATON_EVENT_DATA,
		BATON_EVENT_DATA,     BATON_EVENT_MESSAGE,
		BATON_EVENT_END,      BATON_EVENT_ABORTED,
		BATON_EVENT_REWIND,   BATON_EVENT_REFUSED,
		BATON_EVENT_WRITABLE, BATON_EVENT_DELIVERED,
	};
	uint8_t type = fuzz_byte(in), how = fuzz_byte(in), lane;
	uint8_t meta[BATON_BULK_META_LEN] = {0x40};
	struct baton_event event = {
		.type = types[type % (sizeof(types) / sizeof(types[0]))],
		.stream = {BATON_CLASS_BULK, how / 2 % BATON_STREAMS},
	};
	uint64_t at = fuzz_word(in) % 600;
	uint8_t piece[PIECE];
	enum baton_err err;
	size_t i;

	lane = event.stream.number;
	if (event.type == BATON_EVENT_BEGIN) {
		begun[lane] = fuzz_byte(in) % IDS;
		/* Where it is wanted, as often as not. */
		begun_at[lane] = how & 1 ? coming[begun[lane]].at : at;
		meta[1] = how % 32 == 0;
		meta[2] = fuzz_byte(in) % 4;
		put_id(meta + 3, begun[lane]);
		baton_store_be64(meta + 11, begun_at[lane]);
		event.u.message.meta = meta;
		event.u.message.meta_len = sizeof(meta) - (how % 64 == 2);
	} else {
		event.u.message.offset =
			how & 1 ? coming[begun[lane]].at - begun_at[lane] : at;
		event.u.message.len = 1u + fuzz_byte(in) % PIECE;
		event.u.message.bytes = piece;
		for (i = 0; i < event.u.message.len; i++)
			piece[i] = pattern(begun_at[lane] +
					   event.u.message.offset + i);
	}
	if (event.type == BATON_EVENT_MESSAGE)
		event.u.message.bytes = fuzz_bytes(in, 1u + fuzz_byte(in),
						   &event.u.message.len);
	err = baton_bulk_event(&bulk, &event, now_ms);
	FUZZ_CHECK(!err || baton_err_is_peer(err));
	/* As its contract says, before the next one. */
	take_events(in);
}

static void begin(void)
{
	struct baton_session_config config = {
		.role = BATON_WATCH,
		.message_max = 1 << 20,
		.link = BATON_LINK_CONFIG_SMALL,
	};
	uint8_t seed[32] = {1};

	memset(stored, 0, sizeof(stored));
	memset(begun, 0, sizeof(begun));
	memset(begun_at, 0, sizeof(begun_at));
	now_ms = 1000;
	boots = 0;
	FUZZ_CHECK(!baton_session_init(&session, &config, session_memory,
				       sizeof(session_memory), seed));
	start();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint8_t envelope[2 + ROOM], id[8], how;
	size_t len;

	begin();
	while (in.len > 0) {
		switch (fuzz_byte(&in) % 10) {
		case 0:
		case 1:
			rx(&in);
			break;
		case 2:
		case 3:
			bulk_event(&in);
			break;
		case 4:
			if (baton_delivery_tx(&delivery, envelope,
					      sizeof(envelope), &len, now_ms))
				FUZZ_CHECK(len >= 2 && len <= sizeof(envelope));
			break;
		case 5:
			take_events(&in);
			break;
		case 6:
			put_id(id, fuzz_byte(&in));
			act_on_file(&in, id);
			break;
		case 7:
			put_id(id, fuzz_byte(&in));
			act_on_stream(&in, id);
			break;
		case 8:
			write_out(fuzz_byte(&in));
			break;
		case 9:
			how = fuzz_byte(&in);
			now_ms += how * 10u;
			baton_delivery_tick(&delivery, now_ms);
			if (how % 32 == 7 || !up)
				set_link(!up);
			baton_bulk_pump(&bulk, now_ms);
			break;
		}
	}
	baton_delivery_wipe(&delivery);
	baton_session_wipe(&session);
	return 0;
}
