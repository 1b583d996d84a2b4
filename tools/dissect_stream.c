/* SPDX-License-Identifier: MIT */
#include "tools/dissect_stream.h"

#include <string.h>

#include "base/bytes.h"

#define HEADER_LEN 2
#define LEN_MASK 0x3fff
#define GENERATION_BIT 0x40 /* of the first byte of a header */
#define UNITS_MAX 4096 /* ahead of the next, as many as numbers have */

/* What of a unit has come: its first bytes. */
struct unit {
	GByteArray *bytes;
	size_t total; /* 0: nothing has come */
};

struct baton_dissect_stream {
	const GArray *keys;
	GArray *ahead; /* struct unit: next and those behind it */
	uint64_t next; /* number of ahead[0] */
	GByteArray *bytes; /* of whole units, less what was told */
	GByteArray *plain;
	uint64_t records;
	struct baton_record_key key;
	bool has_key;
	uint8_t parity; /* GENERATION_BIT of the last record */
};

static void clear_unit(gpointer data)
{
	struct unit *unit = data;

	if (unit->bytes)
		g_byte_array_unref(unit->bytes);
}

struct baton_dissect_stream *baton_dissect_stream_new(const GArray *keys)
{
	struct baton_dissect_stream *stream =
		g_new0(struct baton_dissect_stream, 1);

	stream->keys = keys;
	stream->ahead = g_array_new(FALSE, TRUE, sizeof(struct unit));
	g_array_set_clear_func(stream->ahead, clear_unit);
	stream->bytes = g_byte_array_new();
	stream->plain = g_byte_array_new();
	return stream;
}

void baton_dissect_stream_free(struct baton_dissect_stream *stream)
{
	if (!stream)
		return;
	g_array_unref(stream->ahead);
	g_byte_array_unref(stream->bytes);
	g_byte_array_unref(stream->plain);
	baton_record_wipe(&stream->key);
	g_free(stream);
}

void baton_dissect_stream_reset(struct baton_dissect_stream *stream)
{
	g_array_set_size(stream->ahead, 0);
	g_byte_array_set_size(stream->bytes, 0);
	stream->next = 0;
	stream->records = 0;
	stream->has_key = false;
	stream->parity = 0;
}

static void advance(struct baton_dissect_stream *stream)
{
	while (stream->ahead->len) {
		struct unit *unit =
			&g_array_index(stream->ahead, struct unit, 0);

		if (!unit->total || unit->bytes->len < unit->total)
			return;
		g_byte_array_append(stream->bytes, unit->bytes->data,
				    unit->bytes->len);
		g_array_remove_index(stream->ahead, 0);
		stream->next++;
	}
}

void baton_dissect_stream_take(struct baton_dissect_stream *stream,
			       const struct baton_block *block)
{
	bool part = block->type == BATON_BLOCK_PART;
	size_t total = part ? block->total : block->len;
	size_t offset = part ? block->offset : 0;
	uint32_t size = block->type == BATON_BLOCK_SHORT ? 128 : UNITS_MAX;
	uint32_t index = (block->number - (uint32_t)stream->next) & (size - 1);
	struct unit *unit;

	/* The nearest to what comes next: in the other half lies the past. */
	if (index >= size / 2)
		return;
	if (index >= stream->ahead->len)
		g_array_set_size(stream->ahead, index + 1);
	unit = &g_array_index(stream->ahead, struct unit, index);
	if (!unit->bytes)
		unit->bytes = g_byte_array_new();
	if (unit->total != total || (!part && unit->bytes->len < total)) {
		if (offset)
			return;
		g_byte_array_set_size(unit->bytes, 0);
		unit->total = total;
	}
	if (offset > unit->bytes->len ||
	    offset + block->len <= unit->bytes->len)
		return;
	g_byte_array_set_size(unit->bytes, (guint)offset);
	g_byte_array_append(unit->bytes, block->bytes, block->len);
	advance(stream);
}

/* Try one key; true: plain is there, and the key has moved on. */
static bool try_key(struct baton_dissect_stream *stream,
		    struct baton_record_key *key, size_t len, size_t *plain_len)
{
	const uint8_t *header = stream->bytes->data;

	g_byte_array_set_size(stream->plain, 0);
	g_byte_array_append(stream->plain, header + HEADER_LEN, (guint)len);
	return !baton_record_open(key, header, HEADER_LEN, stream->plain->data,
				  len, plain_len);
}

static bool open_record(struct baton_dissect_stream *stream, size_t len,
			size_t *plain_len)
{
	uint8_t parity = stream->bytes->data[0] & GENERATION_BIT;
	struct baton_record_key key;
	guint i;

	if (stream->has_key && parity != stream->parity)
		baton_record_rekey(&stream->key);
	stream->parity = parity;
	if (stream->has_key && try_key(stream, &stream->key, len, plain_len))
		return true;
	for (i = 0; i < stream->keys->len; i++) {
		key = g_array_index(stream->keys, struct baton_record_key, i);
		if (!try_key(stream, &key, len, plain_len))
			continue;
		stream->key = key;
		stream->has_key = true;
		return true;
	}
	/* It may be one that was changed on the way to this host. */
	stream->key.counter++;
	return false;
}

bool baton_dissect_stream_next(struct baton_dissect_stream *stream,
			       struct baton_dissect_record *record)
{
	size_t len;

	if (stream->bytes->len < HEADER_LEN)
		return false;
	len = baton_load_be16(stream->bytes->data) & LEN_MASK;
	if (stream->bytes->len < HEADER_LEN + len)
		return false;
	record->number = stream->records++;
	record->sealed_len = len;
	record->plain = NULL;
	record->plain_len = 0;
	if (open_record(stream, len, &record->plain_len))
		record->plain = stream->plain->data;
	g_byte_array_remove_range(stream->bytes, 0, (guint)(HEADER_LEN + len));
	return true;
}
