/* SPDX-License-Identifier: MIT */
#include "transport/sender.h"

#include <string.h>

#include "transport/plant.h"
#include "transport/timing.h"

#define REORDER 3 /* sendings that overtake one that is lost */
#define NUMBER_BITS 0x0fffu
#define SHORT_AHEAD 63 /* of una, for a number in 7 bits */
#define SHORT_BEHIND 48 /* of next, when it is sent again */

/* number: from una on, fewer than a window's units behind it. */
static struct baton_unit *unit_at(const struct baton_sender *sender,
				  uint32_t number)
{
	uint32_t at = sender->una_at + (number - sender->una);

	return &sender->units[at < sender->window ? at : at - sender->window];
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
	sender->class_id = class_id;
	sender->ring = ring;
	sender->ring_len = ring_len;
	sender->units = units;
	sender->window = window;
}

void baton_sender_start(struct baton_sender *sender, uint8_t credit)
{
	memset(&sender->backoff, 0,
	       sizeof(*sender) - offsetof(struct baton_sender, backoff));
	sender->limit = credit;
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

bool baton_sender_ready(const struct baton_sender *sender)
{
	return sender->lost > 0 ||
	       (sender->uncut > 0 &&
		(int32_t)(sender->limit - sender->next) > 0 &&
		baton_sender_flight(sender) <
			sender->window + (uint32_t)BATON_PLANTED(WINDOW));
}

/* May number go out with 7 bits (SPEC A.3)? Again: not for the first time. */
static bool short_form(const struct baton_sender *sender, uint32_t number,
		       bool again)
{
	return sender->class_id == BATON_CLASS_BULK &&
	       number - sender->una <= SHORT_AHEAD &&
	       (!again || sender->next - number <= SHORT_BEHIND);
}

static void mark_sent(struct baton_sender *sender, struct baton_unit *unit,
		      size_t pdu_len, uint32_t now_ms)
{
	unit->order = sender->order++;
	unit->sent_ms = now_ms;
	unit->pdu_len = (uint16_t)pdu_len;
	if (unit->tries < UINT8_MAX)
		unit->tries++;
	set_state(sender, unit, BATON_UNIT_SENT);
	if (unit == &sender->units[sender->una_at]) {
		sender->timer_ms = now_ms;
		if (unit->tries == 1)
			sender->progress_ms = now_ms;
	}
}

/*
 * The DATA block with len bytes of a unit, from offset on, behind a header of
 * the form that is header bytes long.
 */
static size_t put_data(struct baton_sender *sender, uint8_t *dst, size_t header,
		       uint32_t number, const struct baton_unit *unit,
		       uint16_t offset, uint16_t len)
{
	uint32_t at = ring_offset(sender, unit->at, offset);
	uint32_t first = sender->ring_len - at;

	if (header == BATON_SHORT_LEN)
		baton_pdu_put_short(dst, number);
	else if (header == BATON_LONG_LEN)
		baton_pdu_put_long(dst, sender->class_id, number);
	else
		baton_pdu_put_part(dst, sender->class_id, number, offset,
				   unit->len);
	sender->payload += len;
	dst += header;
	if (first > len)
		first = len;
	memcpy(dst, sender->ring + at, first);
	memcpy(dst + first, sender->ring, len - first);
	return header + len;
}

/* The unit to be cut next has len bytes. */
static void cut(struct baton_sender *sender, struct baton_unit *unit,
		uint16_t len)
{
	unit->len = len;
	sender->cut_at = ring_offset(sender, sender->cut_at, len);
	sender->uncut -= len;
	sender->next++;
}

size_t baton_sender_build(struct baton_sender *sender, uint8_t *dst,
			  size_t ahead, const struct baton_sizes *sizes,
			  uint32_t now_ms)
{
	bool again = sender->lost > 0;
	uint32_t number = again ? sender->una : sender->next;
	struct baton_unit *unit = unit_at(sender, number);
	uint32_t rest = sender->uncut;
	size_t header, room;
	uint16_t offset, len;

	if (!baton_sender_ready(sender))
		return 0;
	if (again) {
		while (unit->state != BATON_UNIT_LOST)
			unit = unit_at(sender, ++number);
		rest = (uint32_t)(unit->len - unit->resume);
	} else {
		memset(unit, 0, sizeof(*unit));
		unit->at = sender->cut_at;
	}
	offset = unit->resume;
	header = short_form(sender, number, again) ? BATON_SHORT_LEN
						   : BATON_LONG_LEN;
	if (offset > 0 || (ahead + header + rest > sizes->trusted &&
			   (again || sizes->best > sizes->trusted)))
		header = BATON_PART_LEN;
	if (ahead + header >= sizes->best)
		return 0;
	room = sizes->best - ahead - header;
	len = (uint16_t)(rest < room ? rest : room);
	if (!again)
		cut(sender, unit, len);
	unit->resume = (uint16_t)(offset + len);
	if (unit->resume == unit->len)
		mark_sent(sender, unit,
			  header == BATON_PART_LEN && offset == 0
				  ? ahead + header + len
				  : 0,
			  now_ms);
	return put_data(sender, dst, header, number, unit, offset, len);
}

/*
 * A unit sent more than once says nothing about round trips, sizes or the
 * order of sendings: nobody knows which of its copies arrived.
 */
static void arrived(struct baton_sender *sender, uint32_t number,
		    uint32_t now_ms, struct baton_ack_result *result)
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
		result->rtt_ms = now_ms - unit->sent_ms;
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
				uint32_t now_ms,
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
	       sender->units[sender->una_at].state == BATON_UNIT_ACKED) {
		sender->held -= sender->units[sender->una_at].len;
		sender->una++;
		if (++sender->una_at == sender->window)
			sender->una_at = 0;
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

uint32_t baton_sender_deadline(const struct baton_sender *sender,
			       const struct baton_rtt *rtt)
{
	if (sender->una == sender->next ||
	    sender->units[sender->una_at].state != BATON_UNIT_SENT)
		return BATON_LINK_NEVER;
	return sender->timer_ms + baton_rtt_timeout_ms(rtt, sender->backoff);
}

void baton_sender_timeout(struct baton_sender *sender, uint32_t now_ms)
{
	if (sender->backoff > 0)
		set_state(sender, &sender->units[sender->una_at],
			  BATON_UNIT_LOST);
	if (sender->backoff < UINT8_MAX)
		sender->backoff++;
	sender->timer_ms = now_ms;
}
