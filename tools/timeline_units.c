/* SPDX-License-Identifier: MIT */

/*
 * What the link carries: PDUs into units, units into records, whose headers
 * are in clear (transport/SPEC.md A.2 to A.6).
 */

#include <string.h>

#include "base/bytes.h"
#include "tools/timeline_model.h"

#define LEN_MASK 0x3fff

static struct timeline_pdu *pdu_at(struct baton_timeline *timeline, uint32_t i)
{
	return &g_array_index(timeline->pdus, struct timeline_pdu, i);
}

static struct timeline_record *record_at(struct baton_timeline *timeline,
					 uint32_t i)
{
	return &g_array_index(timeline->records, struct timeline_record, i);
}

static void begin_record(struct baton_timeline *timeline,
			 struct timeline_stream *stream,
			 const struct timeline_pdu *pdu, uint8_t class_id)
{
	struct timeline_record record = {
		.tx_us = pdu->tx_us,
		.link = timeline->links,
		.last_unit = TIMELINE_NONE,
		.from = pdu->from,
		.class_id = class_id,
	};

	stream->newest = timeline->records->len;
	if (stream->first_open == TIMELINE_NONE)
		stream->first_open = stream->newest;
	g_array_append_val(timeline->records, record);
}

static void new_unit(struct baton_timeline *timeline,
		     const struct timeline_pdu *pdu,
		     const struct baton_block *block, uint32_t unit)
{
	struct timeline_stream *stream =
		&timeline->sender[pdu->from].stream[block->class_id];
	const uint8_t *p = block->bytes;
	size_t len = block->len;
	size_t take;

	while (len) {
		if (stream->header_len < sizeof(stream->header)) {
			if (!stream->header_len)
				begin_record(timeline, stream, pdu,
					     block->class_id);
			stream->header[stream->header_len++] = *p++;
			len--;
			if (stream->header_len < sizeof(stream->header))
				continue;
			stream->body_left =
				baton_load_be16(stream->header) & LEN_MASK;
			record_at(timeline, stream->newest)->len =
				(uint16_t)stream->body_left;
			continue;
		}
		take = len < stream->body_left ? len : stream->body_left;
		stream->body_left -= (uint32_t)take;
		p += take;
		len -= take;
		if (stream->body_left)
			continue;
		stream->header_len = 0;
		record_at(timeline, stream->newest)->last_unit = unit;
	}
}

/* The number nearest to what comes next, of which bits are known. */
static uint32_t whole_number(uint32_t next, uint32_t low, unsigned int bits)
{
	uint32_t size = 1u << bits;
	uint32_t ahead = (low - next) & (size - 1);

	if (ahead < size / 2)
		return next + ahead;
	ahead = size - ahead;
	return ahead <= next ? next - ahead : next + size - ahead;
}

static uint8_t kind_of(const struct baton_block *block)
{
	switch (block->type) {
	case BATON_BLOCK_SHORT:
	case BATON_BLOCK_LONG:
	case BATON_BLOCK_PART:
		return (uint8_t)(TIMELINE_CONTROL + block->class_id);
	case BATON_BLOCK_FLIGHT:
		return TIMELINE_FLIGHT;
	case BATON_BLOCK_ACK:
	case BATON_BLOCK_PROBE:
	case BATON_BLOCK_ECHO:
		break;
	}
	return TIMELINE_ACK;
}

static void take_data(struct baton_timeline *timeline, uint32_t index,
		      const struct baton_block *block)
{
	struct timeline_pdu *pdu = pdu_at(timeline, index);
	struct timeline_stream *stream =
		&timeline->sender[pdu->from].stream[block->class_id];
	bool part = block->type == BATON_BLOCK_PART;
	uint32_t unit = whole_number(stream->next_unit, block->number,
				     block->type == BATON_BLOCK_SHORT ? 7 : 12);

	pdu->unit = unit;
	pdu->class_id = block->class_id;
	pdu->completes = !part || block->offset + block->len == block->total;
	pdu->again = unit < stream->next_unit;
	if (unit != stream->next_unit || (part && block->offset))
		return;
	stream->next_unit++;
	new_unit(timeline, pdu, block, unit);
}

void baton_timeline_units(struct baton_timeline *timeline, uint32_t index,
			  const uint8_t *bytes, size_t len)
{
	struct baton_block blocks[BATON_PDU_BLOCKS];
	uint8_t kind;
	size_t count;
	size_t i;

	if (baton_pdu_decode(bytes, len, blocks, &count))
		return;
	for (i = 0; i < count; i++) {
		kind = kind_of(&blocks[i]);
		if (kind > pdu_at(timeline, index)->kind)
			pdu_at(timeline, index)->kind = kind;
		if (kind >= TIMELINE_CONTROL)
			take_data(timeline, index, &blocks[i]);
	}
}

/* Records all of whose units are there. */
static void complete(struct baton_timeline *timeline,
		     struct timeline_stream *stream,
		     const struct timeline_pdu *pdu)
{
	uint32_t i;

	if (stream->first_open == TIMELINE_NONE)
		return;
	for (i = stream->first_open; i < timeline->records->len; i++) {
		struct timeline_record *record = record_at(timeline, i);

		if (record->from != pdu->from ||
		    record->class_id != pdu->class_id)
			continue;
		stream->first_open = i;
		if (record->last_unit >= stream->next_rx)
			return; /* TIMELINE_NONE is beyond all */
		record->rx_us = pdu->rx_us;
	}
	stream->first_open = TIMELINE_NONE;
}

void baton_timeline_arrived(struct baton_timeline *timeline, uint32_t index)
{
	struct timeline_pdu *pdu = pdu_at(timeline, index);
	struct timeline_stream *stream;
	bool yes = true;

	if (!pdu->completes || pdu->link != timeline->links)
		return;
	stream = &timeline->sender[pdu->from].stream[pdu->class_id];
	if (pdu->unit >= stream->got->len)
		g_array_set_size(stream->got, pdu->unit + 1);
	g_array_index(stream->got, bool, pdu->unit) = yes;
	while (stream->next_rx < stream->got->len &&
	       g_array_index(stream->got, bool, stream->next_rx))
		stream->next_rx++;
	complete(timeline, stream, pdu);
}

void baton_timeline_new_link(struct baton_timeline *timeline)
{
	int side, class_id;

	timeline->links++;
	for (side = 0; side < BATON_SIM_SIDES; side++) {
		struct timeline_sender *sender = &timeline->sender[side];

		sender->next_on_air = timeline->pdus->len;
		sender->sdu_left = 0;
		sender->pdu = TIMELINE_NONE;
		sender->has_sent = false;
		for (class_id = 0; class_id < BATON_CLASSES; class_id++) {
			struct timeline_stream *stream =
				&sender->stream[class_id];

			stream->next_unit = 0;
			stream->next_rx = 0;
			stream->header_len = 0;
			stream->body_left = 0;
			stream->first_open = TIMELINE_NONE;
			g_array_set_size(stream->got, 0);
		}
	}
}
