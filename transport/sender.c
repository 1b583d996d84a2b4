/* SPDX-License-Identifier: MIT */
#include "transport/sender.h"

#include <string.h>

#include "transport/timing.h"

#define REORDER 3 /* sendings that may overtake one */
#define NUMBER_BITS 0x0fffu

static struct baton_unit *unit_at(const struct baton_sender *sender,
				  uint32_t number)
{
	return &sender->units[number % sender->window];
}

static void set_state(struct baton_sender *sender, struct baton_unit *unit,
		      enum baton_unit_state state)
{
	if (unit->state == BATON_UNIT_LOST && state != BATON_UNIT_LOST)
		sender->lost--;
	if (unit->state != BATON_UNIT_LOST && state == BATON_UNIT_LOST) {
		sender->lost++;
		unit->resume = 0;
	}
	unit->state = (uint8_t)state;
}

void baton_sender_init(struct baton_sender *sender, uint8_t class_id,
		       uint8_t *ring, uint32_t ring_len,
		       struct baton_unit *units, uint16_t window)
{
	memset(sender, 0, sizeof(*sender));
	sender->class_id = class_id;
	sender->ring = ring;
	sender->ring_len = ring_len;
	sender->units = units;
	sender->window = window;
}

void baton_sender_start(struct baton_sender *sender, uint8_t credit)
{
	baton_sender_init(sender, sender->class_id, sender->ring,
			  sender->ring_len, sender->units, sender->window);
	sender->limit = credit;
}

uint32_t baton_sender_room(const struct baton_sender *sender)
{
	return sender->ring_len - (sender->appended - sender->freed);
}

uint32_t baton_sender_uncut(const struct baton_sender *sender)
{
	return sender->appended - sender->cut;
}

uint32_t baton_sender_flight(const struct baton_sender *sender)
{
	return sender->next - sender->una;
}

void baton_sender_append(struct baton_sender *sender, const uint8_t *bytes,
			 uint32_t len)
{
	uint32_t at = sender->appended % sender->ring_len;
	uint32_t first = sender->ring_len - at;

	if (first > len)
		first = len;
	memcpy(sender->ring + at, bytes, first);
	memcpy(sender->ring, bytes + first, len - first);
	sender->appended += len;
}

static void copy_out(const struct baton_sender *sender, uint8_t *dst,
		     uint32_t pos, uint32_t len)
{
	uint32_t at = pos % sender->ring_len;
	uint32_t first = sender->ring_len - at;

	if (first > len)
		first = len;
	memcpy(dst, sender->ring + at, first);
	memcpy(dst + first, sender->ring, len - first);
}

static bool may_cut(const struct baton_sender *sender)
{
	return sender->next - sender->una < sender->window &&
	       (int32_t)(sender->limit - sender->next) > 0;
}

bool baton_sender_ready(const struct baton_sender *sender)
{
	if (sender->lost > 0)
		return true;
	return baton_sender_uncut(sender) > 0 && may_cut(sender);
}

bool baton_sender_starved(const struct baton_sender *sender)
{
	return baton_sender_uncut(sender) > 0 &&
	       (int32_t)(sender->limit - sender->next) <= 0;
}

/* May number go out with 7 bits (SPEC A.3)? next is that after the sending. */
static bool short_form(const struct baton_sender *sender, uint32_t number,
		       uint32_t next)
{
	return sender->class_id == BATON_CLASS_BULK && next - number <= 64 &&
	       number - sender->una <= 63;
}

/* One whole unit in dst, or 0 if neither form may be as long as that. */
static size_t build_whole(const struct baton_sender *sender, uint8_t *dst,
			  uint32_t number, const struct baton_unit *unit,
			  size_t ahead, const struct baton_sizes *sizes)
{
	size_t n;

	if (short_form(sender, number, sender->next) &&
	    ahead + BATON_SHORT_LEN + unit->len <= sizes->trusted)
		n = baton_pdu_put_short(dst, number);
	else if (ahead + BATON_LONG_LEN + unit->len <= sizes->trusted)
		n = baton_pdu_put_long(dst, sender->class_id, number);
	else
		return 0;
	copy_out(sender, dst + n, unit->pos, unit->len);
	return n + unit->len;
}

static void mark_sent(struct baton_sender *sender, struct baton_unit *unit,
		      size_t pdu_len, uint64_t now_ms)
{
	unit->order = sender->order++;
	unit->sent_ms = (uint32_t)now_ms;
	unit->pdu_len = (uint16_t)pdu_len;
	if (unit->tries < UINT8_MAX)
		unit->tries++;
	set_state(sender, unit, BATON_UNIT_SENT);
}

static size_t build_again(struct baton_sender *sender, uint8_t *dst,
			  size_t ahead, const struct baton_sizes *sizes,
			  uint64_t now_ms)
{
	uint32_t number = sender->una;
	struct baton_unit *unit;
	size_t room, len, n;

	while (unit_at(sender, number)->state != BATON_UNIT_LOST)
		number++;
	unit = unit_at(sender, number);
	if (unit->resume == 0) {
		n = build_whole(sender, dst, number, unit, ahead, sizes);
		if (n) {
			mark_sent(sender, unit, 0, now_ms);
			return n;
		}
	}
	if (ahead + BATON_PART_LEN >= sizes->best)
		return 0;
	room = sizes->best - ahead - BATON_PART_LEN;
	len = (size_t)(unit->len - unit->resume);
	if (len > room)
		len = room;
	n = baton_pdu_put_part(dst, sender->class_id, number, unit->resume,
			       unit->len);
	copy_out(sender, dst + n, unit->pos + unit->resume, (uint32_t)len);
	n += len;
	unit->resume = (uint16_t)(unit->resume + len);
	if (unit->resume == unit->len)
		mark_sent(sender, unit, len == unit->len ? ahead + n : 0,
			  now_ms);
	return n;
}

static size_t build_new(struct baton_sender *sender, uint8_t *dst,
			size_t ahead, const struct baton_sizes *sizes,
			uint64_t now_ms)
{
	uint32_t uncut = baton_sender_uncut(sender);
	uint32_t number = sender->next;
	struct baton_unit *unit = unit_at(sender, number);
	size_t header = short_form(sender, number, number + 1) ?
				BATON_SHORT_LEN :
				BATON_LONG_LEN;
	bool part = false;
	size_t room, n;

	if (sizes->best > sizes->trusted &&
	    ahead + header + uncut > sizes->trusted) {
		header = BATON_PART_LEN;
		part = true;
	}
	if (ahead + header >= sizes->best)
		return 0;
	room = sizes->best - ahead - header;
	memset(unit, 0, sizeof(*unit));
	unit->pos = sender->cut;
	unit->len = (uint16_t)(uncut < room ? uncut : room);
	sender->cut += unit->len;
	sender->next++;
	if (part)
		n = baton_pdu_put_part(dst, sender->class_id, number, 0,
				       unit->len);
	else if (header == BATON_SHORT_LEN)
		n = baton_pdu_put_short(dst, number);
	else
		n = baton_pdu_put_long(dst, sender->class_id, number);
	copy_out(sender, dst + n, unit->pos, unit->len);
	n += unit->len;
	mark_sent(sender, unit, part ? ahead + n : 0, now_ms);
	return n;
}

size_t baton_sender_build(struct baton_sender *sender, uint8_t *dst,
			  size_t ahead, const struct baton_sizes *sizes,
			  uint64_t now_ms, bool *again)
{
	*again = sender->lost > 0;
	if (sender->lost > 0)
		return build_again(sender, dst, ahead, sizes, now_ms);
	if (!baton_sender_ready(sender))
		return 0;
	return build_new(sender, dst, ahead, sizes, now_ms);
}

static void arrived(struct baton_sender *sender, uint32_t number,
		    uint64_t now_ms, struct baton_ack_result *result)
{
	struct baton_unit *unit = unit_at(sender, number);

	if (unit->state == BATON_UNIT_ACKED)
		return;
	if ((int32_t)(unit->order + 1 - sender->order_acked) > 0)
		sender->order_acked = unit->order + 1;
	if (unit->tries == 1 && unit->state == BATON_UNIT_SENT) {
		result->sampled = true;
		result->rtt_ms = (uint32_t)now_ms - unit->sent_ms;
	}
	if (unit->pdu_len > result->proven &&
	    unit->state == BATON_UNIT_SENT)
		result->proven = unit->pdu_len;
	result->progress = true;
	set_state(sender, unit, BATON_UNIT_ACKED);
}

static void find_lost(struct baton_sender *sender)
{
	struct baton_unit *unit;
	uint32_t number;

	for (number = sender->una; number != sender->next; number++) {
		unit = unit_at(sender, number);
		if (unit->state == BATON_UNIT_SENT &&
		    (int32_t)(sender->order_acked - 1 - unit->order) >= REORDER)
			set_state(sender, unit, BATON_UNIT_LOST);
	}
}

static bool bitmap_bit(const struct baton_block *ack, uint32_t i)
{
	return ack->bytes[i / 8] >> (7 - i % 8) & 1;
}

enum baton_err baton_sender_ack(struct baton_sender *sender,
				const struct baton_block *ack,
				uint64_t now_ms,
				struct baton_ack_result *result)
{
	uint32_t next = sender->una +
			((ack->number - sender->una) & NUMBER_BITS);
	uint32_t number, i;

	memset(result, 0, sizeof(*result));
	if (next - sender->una > sender->next - sender->una)
		return BATON_ERR_PEER_SEQ;
	for (i = 0; i < 8u * ack->len; i++)
		if (bitmap_bit(ack, i) &&
		    next + 1 + i - sender->una >= sender->next - sender->una)
			return BATON_ERR_PEER_SEQ;

	for (number = sender->una; number != next; number++)
		arrived(sender, number, now_ms, result);
	for (i = 0; i < 8u * ack->len; i++)
		if (bitmap_bit(ack, i))
			arrived(sender, next + 1 + i, now_ms, result);
	while (sender->una != sender->next &&
	       unit_at(sender, sender->una)->state == BATON_UNIT_ACKED) {
		sender->freed += unit_at(sender, sender->una)->len;
		sender->una++;
	}
	if ((int32_t)(next + ack->credit - sender->limit) > 0)
		sender->limit = next + ack->credit;
	if (result->progress) {
		sender->backoff = 0;
		find_lost(sender);
	}
	return BATON_OK;
}

bool baton_sender_contradicts(uint32_t una, const struct baton_block *ack)
{
	uint32_t behind = (una - ack->number) & NUMBER_BITS;

	return behind > 0 && behind < NUMBER_BITS / 2;
}

uint64_t baton_sender_deadline(const struct baton_sender *sender,
			       const struct baton_rtt *rtt, uint64_t now_ms)
{
	const struct baton_unit *unit;
	uint64_t sent_ms;

	if (sender->una == sender->next)
		return BATON_NEVER;
	unit = unit_at(sender, sender->una);
	if (unit->state != BATON_UNIT_SENT)
		return BATON_NEVER;
	sent_ms = now_ms - (uint32_t)((uint32_t)now_ms - unit->sent_ms);
	return sent_ms + baton_rtt_timeout_ms(rtt, sender->backoff);
}

void baton_sender_timeout(struct baton_sender *sender, uint8_t *tries,
			  uint16_t *pdu_len)
{
	struct baton_unit *unit = unit_at(sender, sender->una);

	*tries = unit->tries;
	*pdu_len = unit->pdu_len;
	if (sender->backoff < 16)
		sender->backoff++;
	set_state(sender, unit, BATON_UNIT_LOST);
}
