/* SPDX-License-Identifier: MIT */
#include "transport/receiver.h"

#include <string.h>

#include "base/bytes.h"
#include "transport/plant.h"
#include "transport/timing.h"

#define ACK_EVERY 24 /* units after which an ACK goes out, at most */
#define ACK_EVERY_WIDE 8 /* the same, when more than 63 are out */

void baton_receiver_init(struct baton_receiver *receiver, uint8_t class_id,
			 uint8_t *bytes, struct baton_slot *slots,
			 uint16_t window, uint16_t unit_max, uint8_t *record,
			 uint16_t record_max)
{
	receiver->class_id = class_id;
	receiver->bytes = bytes;
	receiver->slots = slots;
	receiver->window = window;
	receiver->unit_max = unit_max;
	receiver->record = record;
	receiver->record_cap = (uint16_t)BATON_RECEIVER_RECORD_LEN(record_max);
	baton_receiver_start(receiver);
}

void baton_receiver_start(struct baton_receiver *receiver)
{
	memset(&receiver->broken, 0,
	       sizeof(*receiver) - offsetof(struct baton_receiver, broken));
	receiver->record_want = BATON_RECORD_HEADER_LEN;
	receiver->told_limit = receiver->window;
	receiver->ack_due_ms = BATON_LINK_NEVER;
	memset(receiver->slots, 0, BATON_RECEIVER_SLOTS_LEN(receiver->window));
}

/* number: from taken on, fewer than a window's units behind it. */
static struct baton_slot *slot_at(const struct baton_receiver *receiver,
				  uint32_t number)
{
	uint32_t at = receiver->taken_at + (number - receiver->taken);

	return &receiver->slots[at < receiver->window ? at
						      : at - receiver->window];
}

static uint8_t *bytes_of(const struct baton_receiver *receiver,
			 const struct baton_slot *slot)
{
	return receiver->bytes +
	       (size_t)(slot - receiver->slots) * receiver->unit_max;
}

/* The number nearest to next that has the low bits of the block (A.3). */
static uint32_t full_number(const struct baton_receiver *receiver,
			    const struct baton_block *data)
{
	uint32_t mask = data->type == BATON_BLOCK_SHORT ? 0x7f : 0x0fff;
	uint32_t half = BATON_PLANTED(NUMBER) ? 0 : (mask + 1) / 2;
	uint32_t ahead = (data->number - receiver->next) & mask;

	/* The topmost bit of ahead is its sign. */
	return receiver->next + ((ahead ^ half) - half);
}

static uint8_t credit(const struct baton_receiver *receiver)
{
	if (BATON_PLANTED(NO_CREDIT) && receiver->told_limit == receiver->next)
		return 0;
	return (uint8_t)(receiver->taken + receiver->window - receiver->next);
}

/*
 * Units after which an ACK is owed at once. A sender that has more out than a
 * short header can number is served sooner: it may go back to short ones.
 */
static uint32_t ack_every(const struct baton_receiver *receiver,
			  const struct baton_block *data)
{
	uint32_t half = (receiver->window + 1u) / 2;
	uint32_t every = ACK_EVERY;

	if (data->type == BATON_BLOCK_LONG &&
	    receiver->class_id == BATON_CLASS_BULK)
		every = ACK_EVERY_WIDE;
	return half < every ? half : every;
}

static void note_arrival(struct baton_receiver *receiver,
			 const struct baton_block *data, uint32_t interval_ms,
			 uint32_t now_ms)
{
	uint32_t due = now_ms + BATON_ACK_DELAY_MS + interval_ms;

	if (receiver->ack_due_ms == BATON_LINK_NEVER)
		receiver->ack_until_ms =
			now_ms + BATON_ACK_DELAY_MAX_MS + 4 * interval_ms;
	if (receiver->next - receiver->told >= ack_every(receiver, data))
		receiver->ack_due_ms = 0;
	if (receiver->ack_due_ms > 0)
		receiver->ack_due_ms =
			baton_link_earlier(due, receiver->ack_until_ms);
}

static bool whole(const struct baton_slot *slot)
{
	return slot->total > 0 && slot->have == slot->total;
}

/* The unit taken last is in its record: its slot is room for the sender. */
static void free_unit(struct baton_receiver *receiver)
{
	struct baton_slot *slot = &receiver->slots[receiver->taken_at];
	uint32_t half = (receiver->window + 1u) / 2;
	uint32_t gain;
	int32_t room;

	slot->have = 0;
	slot->total = 0;
	receiver->taken++;
	if (++receiver->taken_at == receiver->window)
		receiver->taken_at = 0;
	receiver->taken_off = 0;
	/* Tell a sender that was told to stop, or soon would have to. */
	gain = receiver->taken + receiver->window - receiver->told_limit;
	room = (int32_t)(receiver->told_limit - receiver->next);
	if (room <= 0 || (room < (int32_t)half && gain >= half))
		receiver->ack_due_ms = 0;
}

/* The header is here: how long the record is. */
static void read_header(struct baton_receiver *receiver)
{
	uint16_t body =
		baton_load_be16(receiver->record) & BATON_RECORD_LEN_MASK;

	receiver->broken =
		body <= BATON_RECORD_TAIL_LEN ||
		body + BATON_RECORD_HEADER_LEN > receiver->record_cap;
	if (!receiver->broken)
		receiver->record_want =
			(uint16_t)(BATON_RECORD_HEADER_LEN + body);
}

/* Put bytes into the record, up to its end; gives how many. */
static size_t feed(struct baton_receiver *receiver, const uint8_t *bytes,
		   size_t len)
{
	size_t used = 0;
	size_t n;

	while (used < len && receiver->record_have < receiver->record_want) {
		n = (size_t)(receiver->record_want - receiver->record_have);
		if (n > len - used)
			n = len - used;
		memcpy(receiver->record + receiver->record_have, bytes + used,
		       n);
		receiver->record_have = (uint16_t)(receiver->record_have + n);
		used += n;
		if (receiver->record_have == BATON_RECORD_HEADER_LEN)
			read_header(receiver);
	}
	return used;
}

/*
 * A whole unit in its turn, and nothing before it waits: into the record
 * without a stay in its slot, but for what belongs to the next record.
 */
static void take_at_once(struct baton_receiver *receiver,
			 const struct baton_block *data,
			 struct baton_slot *slot)
{
	size_t used = feed(receiver, data->bytes, data->len);

	slot->have = data->total;
	receiver->taken_off = (uint16_t)used;
	receiver->next++;
	if (used == data->len)
		free_unit(receiver);
	else
		memcpy(bytes_of(receiver, slot) + used, data->bytes + used,
		       data->len - used);
}

/*
 * Fit a block to what is there of its unit: a whole unit, or a first part
 * with another total, replaces an unfinished prefix (A.4).
 */
static enum baton_err join(const struct baton_receiver *receiver,
			   const struct baton_block *data,
			   struct baton_slot *slot)
{
	if (data->total > receiver->unit_max)
		return BATON_ERR_PEER_LIMIT;
	if (data->len == data->total ||
	    (data->offset == 0 && data->total != slot->total)) {
		slot->total = data->total;
		slot->have = 0;
	}
	if (slot->total != data->total || data->offset > slot->have)
		return BATON_ERR_PEER_SEQ;
	return BATON_OK;
}

/* What a block adds to the prefix of its unit. */
static void keep(struct baton_receiver *receiver, uint32_t number,
		 const struct baton_block *data, struct baton_slot *slot)
{
	uint16_t skip =
		BATON_PLANTED(PART) ? 0 : (uint16_t)(slot->have - data->offset);

	if (skip >= data->len)
		return;
	if (!BATON_PLANTED(LOST_UNIT) || number == receiver->next)
		memcpy(bytes_of(receiver, slot) + slot->have,
		       data->bytes + skip, (size_t)(data->len - skip));
	slot->have = (uint16_t)(data->offset + data->len);
}

/*
 * The sender spends a long header on PDUs of this length until it knows that
 * they go through (A.4): tell it at once.
 */
static bool proves_length(struct baton_receiver *receiver,
			  const struct baton_block *data)
{
	if (data->type != BATON_BLOCK_PART || data->len != data->total ||
	    data->total <= receiver->longest)
		return false;
	receiver->longest = data->total;
	return true;
}

enum baton_err baton_receiver_data(struct baton_receiver *receiver,
				   const struct baton_block *data,
				   uint32_t interval_ms, uint32_t now_ms)
{
	uint32_t number = full_number(receiver, data);
	struct baton_slot *slot;
	uint32_t before = receiver->next;
	bool hole = receiver->high != before;
	bool below = (int32_t)(number - receiver->next) < 0;
	enum baton_err err;

	if (!below && number - receiver->taken >= receiver->window)
		return BATON_ERR_PEER_SEQ;
	slot = below ? NULL : slot_at(receiver, number);
	if (!slot || whole(slot)) {
		receiver->ack_due_ms = 0;
		return BATON_OK;
	}
	err = join(receiver, data, slot);
	if (err)
		return err;
	if ((int32_t)(number + 1 - receiver->high) > 0)
		receiver->high = number + 1;
	if (number == receiver->taken && data->len == data->total) {
		take_at_once(receiver, data, slot);
	} else {
		keep(receiver, number, data, slot);
		if (!whole(slot))
			return BATON_OK;
	}
	while (receiver->next != receiver->taken + receiver->window &&
	       whole(slot_at(receiver, receiver->next)))
		receiver->next++;
	if (receiver->next != before)
		receiver->moved_ms = now_ms;
	if (hole || receiver->high != receiver->next ||
	    proves_length(receiver, data))
		receiver->ack_due_ms = 0;
	note_arrival(receiver, data, interval_ms, now_ms);
	return BATON_OK;
}

enum baton_err baton_receiver_record(struct baton_receiver *receiver,
				     uint8_t **bytes, size_t *len)
{
	const struct baton_slot *slot;
	size_t left, n;

	while (receiver->taken != receiver->next &&
	       receiver->record_have < receiver->record_want) {
		slot = &receiver->slots[receiver->taken_at];
		left = (size_t)(slot->total - receiver->taken_off);
		n = feed(receiver,
			 bytes_of(receiver, slot) + receiver->taken_off, left);
		receiver->taken_off = (uint16_t)(receiver->taken_off + n);
		if (n == left)
			free_unit(receiver);
	}
	if (receiver->record_have < receiver->record_want)
		return BATON_ERR_AGAIN;
	if (receiver->broken)
		return BATON_ERR_PROTOCOL;
	*bytes = receiver->record;
	*len = receiver->record_have;
	return BATON_OK;
}

void baton_receiver_release(struct baton_receiver *receiver)
{
	receiver->record_have = 0;
	receiver->record_want = BATON_RECORD_HEADER_LEN;
}

size_t baton_receiver_ack(struct baton_receiver *receiver, uint8_t *dst,
			  size_t cap, uint32_t now_ms)
{
	uint32_t limit = receiver->next + credit(receiver);
	uint8_t bitmap[16] = {0};
	uint32_t number;
	uint32_t i = 0;

	for (number = receiver->next + 1;
	     (int32_t)(receiver->high - number) > 0 && i < 128; number++, i++)
		if (whole(slot_at(receiver, number)))
			bitmap[i / 8] |= (uint8_t)(0x80 >> i % 8);
	receiver->told = receiver->next;
	if (limit != receiver->told_limit)
		receiver->moved_ms = now_ms;
	receiver->told_limit = limit;
	receiver->ack_due_ms = BATON_LINK_NEVER;
	return baton_pdu_put_ack(dst, cap, receiver->class_id, receiver->next,
				 credit(receiver), bitmap);
}

bool baton_receiver_partial(const struct baton_receiver *receiver)
{
	return receiver->record_have > 0 &&
	       receiver->record_have < receiver->record_want &&
	       receiver->taken == receiver->next &&
	       receiver->told_limit != receiver->next;
}
