/* SPDX-License-Identifier: MIT */
#include "transport/sender.h"

#include <string.h>

#include "transport/plant.h"
#include "transport/timing.h"

#define REORDER 3 /* sendings that overtake one that is lost */
#define NUMBER_BITS 0x0fffu
#define SHORT_AHEAD 63 /* of una, for a number in 7 bits */
#define SHORT_BEHIND 48 /* of next, when it is sent again */

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
	return sender->ring_len - sender->held;
}

uint32_t baton_sender_uncut(const struct baton_sender *sender)
{
	return sender->uncut;
}

uint32_t baton_sender_flight(const struct baton_sender *sender)
{
	return sender->next - sender->una;
}

/* The ring offset len bytes behind at; both are within the ring. */
static uint32_t ring_offset(const struct baton_sender *sender, uint32_t at,
			    uint32_t len)
{
	uint32_t left = sender->ring_len - at;

	return len < left ? at + len : len - left;
}

void baton_sender_append(struct baton_sender *sender, const uint8_t *bytes,
			 uint32_t len)
{
	uint32_t first = sender->ring_len - sender->append_at;

	if (first > len)
		first = len;
	memcpy(sender->ring + sender->append_at, bytes, first);
	memcpy(sender->ring, bytes + first, len - first);
	sender->append_at = ring_offset(sender, sender->append_at, len);
	sender->held += len;
	sender->uncut += len;
}

static void copy_out(const struct baton_sender *sender, uint8_t *dst,
		     uint32_t at, uint32_t len)
{
	uint32_t first = sender->ring_len - at;

	if (first > len)
		first = len;
	memcpy(dst, sender->ring + at, first);
	memcpy(dst + first, sender->ring, len - first);
}

static bool may_cut(const struct baton_sender *sender)
{
	return sender->next - sender->una <
		       sender->window + (uint32_t)BATON_PLANTED(WINDOW) &&
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

/* May number go out with 7 bits (SPEC A.3)? Again: not for the first time. */
static bool short_form(const struct baton_sender *sender, uint32_t number,
		       bool again)
{
	return sender->class_id == BATON_CLASS_BULK &&
	       number - sender->una <= SHORT_AHEAD &&
	       (!again || sender->next - number <= SHORT_BEHIND);
}

/* One whole unit in dst, or 0 if neither form may be as long as that. */
static size_t build_whole(const struct baton_sender *sender, uint8_t *dst,
			  uint32_t number, const struct baton_unit *unit,
			  size_t ahead, const struct baton_sizes *sizes)
{
	size_t n;

	if (short_form(sender, number, true) &&
	    ahead + BATON_SHORT_LEN + unit->len <= sizes->trusted)
		n = baton_pdu_put_short(dst, number);
	else if (ahead + BATON_LONG_LEN + unit->len <= sizes->trusted)
		n = baton_pdu_put_long(dst, sender->class_id, number);
	else
		return 0;
	copy_out(sender, dst + n, unit->at, unit->len);
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
	if (unit == unit_at(sender, sender->una)) {
		sender->timer_ms = now_ms;
		if (unit->tries == 1)
			sender->progress_ms = now_ms;
	}
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
	copy_out(sender, dst + n, ring_offset(sender, unit->at, unit->resume),
		 (uint32_t)len);
	n += len;
	unit->resume = (uint16_t)(unit->resume + len);
	if (unit->resume == unit->len)
		mark_sent(sender, unit, len == unit->len ? ahead + n : 0,
			  now_ms);
	return n;
}

static size_t build_new(struct baton_sender *sender, uint8_t *dst, size_t ahead,
			const struct baton_sizes *sizes, uint64_t now_ms)
{
	uint32_t uncut = baton_sender_uncut(sender);
	uint32_t number = sender->next;
	struct baton_unit *unit = unit_at(sender, number);
	size_t header = short_form(sender, number, false) ? BATON_SHORT_LEN
							  : BATON_LONG_LEN;
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
	unit->at = sender->cut_at;
	unit->len = (uint16_t)(uncut < room ? uncut : room);
	sender->cut_at = ring_offset(sender, sender->cut_at, unit->len);
	sender->uncut -= unit->len;
	sender->next++;
	if (part)
		n = baton_pdu_put_part(dst, sender->class_id, number, 0,
				       unit->len);
	else if (header == BATON_SHORT_LEN)
		n = baton_pdu_put_short(dst, number);
	else
		n = baton_pdu_put_long(dst, sender->class_id, number);
	copy_out(sender, dst + n, unit->at, unit->len);
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

/*
 * A unit sent more than once says nothing about round trips, sizes or the
 * order of sendings: nobody knows which of its copies arrived.
 */
static void arrived(struct baton_sender *sender, uint32_t number,
		    uint64_t now_ms, struct baton_ack_result *result)
{
	struct baton_unit *unit = unit_at(sender, number);

	if (unit->state == BATON_UNIT_ACKED)
		return;
	result->progress = true;
	if (unit->tries == 1) {
		if ((int32_t)(unit->order + 1 - sender->order_acked) > 0)
			sender->order_acked = unit->order + 1;
		if (unit->pdu_len > result->proven)
			result->proven = unit->pdu_len;
		result->sampled = true;
		result->rtt_ms = (uint32_t)now_ms - unit->sent_ms;
	}
	set_state(sender, unit, BATON_UNIT_ACKED);
}

/*
 * Lost is what went out more than reorder sendings before order, which is that
 * of the next sending after one that arrived.
 */
static uint32_t find_lost(struct baton_sender *sender, uint32_t order,
			  int32_t reorder, uint16_t trusted)
{
	struct baton_unit *unit;
	uint32_t number, untrusted = 0;

	for (number = sender->una; number != sender->next; number++) {
		unit = unit_at(sender, number);
		if (unit->state != BATON_UNIT_SENT ||
		    (int32_t)(order - unit->order) <= reorder)
			continue;
		if (unit->pdu_len > trusted)
			untrusted++;
		set_state(sender, unit, BATON_UNIT_LOST);
	}
	return untrusted;
}

uint32_t baton_sender_echoed(struct baton_sender *sender, uint32_t order,
			     uint16_t trusted)
{
	sender->backoff = 0;
	return find_lost(sender, order, 0, trusted);
}

static bool bitmap_bit(const struct baton_block *ack, uint32_t i)
{
	return ack->bytes[i / 8] >> (7 - i % 8) & 1;
}

enum baton_err baton_sender_ack(struct baton_sender *sender,
				const struct baton_block *ack, uint16_t trusted,
				uint64_t now_ms,
				struct baton_ack_result *result)
{
	uint32_t next =
		sender->una + ((ack->number - sender->una) & NUMBER_BITS);
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
		sender->held -= unit_at(sender, sender->una)->len;
		sender->una++;
	}
	if ((int32_t)(next + ack->credit - sender->limit) > 0)
		sender->limit = next + ack->credit;
	if (result->progress) {
		sender->backoff = 0;
		sender->timer_ms = now_ms;
		if (!BATON_PLANTED(STALE_TIMER))
			sender->progress_ms = now_ms;
		result->untrusted = find_lost(sender, sender->order_acked,
					      REORDER, trusted);
	}
	return BATON_OK;
}

bool baton_sender_contradicts(uint32_t una, const struct baton_block *ack)
{
	uint32_t behind = (una - ack->number) & NUMBER_BITS;

	return behind > 0 && behind < NUMBER_BITS / 2;
}

uint64_t baton_sender_deadline(const struct baton_sender *sender,
			       const struct baton_rtt *rtt)
{
	if (sender->una == sender->next ||
	    unit_at(sender, sender->una)->state != BATON_UNIT_SENT)
		return BATON_NEVER;
	return sender->timer_ms + baton_rtt_timeout_ms(rtt, sender->backoff);
}

void baton_sender_timeout(struct baton_sender *sender, uint64_t now_ms)
{
	if (sender->backoff > 0)
		set_state(sender, unit_at(sender, sender->una),
			  BATON_UNIT_LOST);
	if (sender->backoff < UINT8_MAX)
		sender->backoff++;
	sender->timer_ms = now_ms;
}
