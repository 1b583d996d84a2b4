/* SPDX-License-Identifier: MIT */

/* A queue's items, and what goes over the link (DELIVERY.md 7). */

#include <string.h>

#include "base/bytes.h"
#include "session/queue_internal.h"

#define OP_LINE 0
#define OP_ACK 1
#define OP_PUT 2

#define LINE_LEN 16
#define ACK_LEN 19

size_t baton_queue_memory_len(uint16_t item_max, uint16_t outbox,
			      uint16_t inbox)
{
	size_t places = (size_t)outbox + inbox;

	return places * (sizeof(struct baton_queue_place) +
			 BATON_QUEUE_ITEM_HEADER + item_max);
}

enum baton_err baton_queue_init(struct baton_queue *queue, uint16_t item_max,
				uint16_t outbox, uint16_t inbox,
				const uint8_t seed[BATON_DRBG_SEED_LEN],
				void *memory, size_t memory_len)
{
	struct baton_queue_place *place = memory;
	size_t len = baton_queue_memory_len(item_max, outbox, inbox);

	if (item_max == 0 || item_max > BATON_ITEM_MAX || outbox == 0 ||
	    outbox > BATON_ITEMS_MAX || inbox == 0 || inbox > BATON_ITEMS_MAX ||
	    memory_len < len)
		return BATON_ERR_ARG;
	memset(queue, 0, sizeof(*queue));
	memset(memory, 0, len);
	queue->item_max = item_max;
	queue->memory = memory;
	queue->out.place = place;
	queue->out.count = outbox;
	queue->out.next = 1;
	queue->in.place = place + outbox;
	queue->in.count = inbox;
	queue->in.next = 1;
	queue->out.bytes = (uint8_t *)(place + outbox + inbox);
	queue->in.bytes = queue->out.bytes +
			  outbox * ((size_t)BATON_QUEUE_ITEM_HEADER + item_max);
	baton_drbg_init(&queue->drbg, seed);
	return BATON_OK;
}

void baton_queue_wipe(struct baton_queue *queue)
{
	if (queue->memory)
		baton_crypto_wipe(queue->memory,
				  baton_queue_memory_len(queue->item_max,
							 queue->out.count,
							 queue->in.count));
	baton_crypto_wipe(queue, sizeof(*queue));
}

/* 0 is the mark of what is not there. */
static uint32_t draw_mark(struct baton_queue *queue)
{
	uint8_t mark[4];

	baton_drbg_bytes(&queue->drbg, mark, sizeof(mark));
	mark[3] |= 1;
	return baton_load_be32(mark);
}

void queue_new_line(struct baton_queue *queue)
{
	baton_drbg_bytes(&queue->drbg, queue->line, sizeof(queue->line));
	queue->has_line = true;
	queue->line_dirty = true;
	queue->lined = false;
	queue->agreed = false;
}

void queue_add(struct baton_queue *queue, struct baton_queue_box *box,
	       uint32_t mark, const uint8_t *item, size_t len)
{
	struct baton_queue_place *place = queue_place(box, box->next);
	uint8_t *p = queue_bytes(queue, box, box->next);

	place->number = box->next++;
	place->len = (uint16_t)len;
	place->state = BATON_QUEUE_FRESH;
	p[0] = FORMAT;
	baton_store_be32(p + 1, mark);
	if (len > 0)
		memcpy(p + BATON_QUEUE_ITEM_HEADER, item, len);
}

static bool is_full(const struct baton_queue_box *box)
{
	return box->next - box->first >= box->count || box->next == UINT32_MAX;
}

enum baton_err baton_queue_put(struct baton_queue *queue, const uint8_t *item,
			       size_t len, uint32_t *number, uint64_t now_ms)
{
	if (!queue)
		return BATON_ERR_NOT_FOUND;
	if (len > queue->item_max ||
	    (queue->up && BATON_QUEUE_PUT_LEN + len > queue->room))
		return BATON_ERR_TOO_LARGE;
	queue_ready(queue);
	if (queue->out.next == UINT32_MAX)
		return BATON_ERR_EXHAUSTED;
	if (is_full(&queue->out))
		return BATON_ERR_SPACE;
	queue->now_ms = now_ms;
	if (!queue->has_line)
		queue_new_line(queue);
	*number = queue->out.next;
	queue_add(queue, &queue->out, draw_mark(queue), item, len);
	return BATON_OK;
}

/* The next item that is there after n; next: none. */
static uint32_t after(const struct baton_queue_box *box, uint32_t n)
{
	for (n++; n < box->next && !queue_has(box, n); n++)
		;
	return n;
}

enum baton_err baton_queue_done(struct baton_queue *queue, uint32_t number,
				uint64_t now_ms)
{
	if (!queue)
		return BATON_ERR_NOT_FOUND;
	queue_ready(queue);
	if (number > queue->told ||
	    number != after(&queue->in, queue->in.spent))
		return BATON_ERR_STATE;
	queue->now_ms = now_ms;
	queue->in.spent = number;
	queue_place(&queue->in, number)->state = BATON_QUEUE_SPENT;
	return BATON_OK;
}

enum baton_err baton_queue_drop(struct baton_queue *queue, uint32_t number,
				uint64_t now_ms)
{
	if (!queue)
		return BATON_ERR_NOT_FOUND;
	if (number == 0 || number != queue->too_large || !queue->agreed)
		return BATON_ERR_STATE;
	queue->now_ms = now_ms;
	queue_place(&queue->out, number)->state = BATON_QUEUE_SPENT;
	queue->out.spent = number;
	queue->dropped = number;
	queue->too_large = 0;
	queue->news &= (uint8_t)~NEWS_TOO_LARGE;
	/* LINE takes the receiver over it. */
	queue->lined = false;
	queue->agreed = false;
	return BATON_OK;
}

static size_t count(const struct baton_queue_box *box)
{
	size_t i, n = 0;

	for (i = 0; i < box->count; i++)
		n += box->place[i].state == BATON_QUEUE_FRESH ||
		     box->place[i].state == BATON_QUEUE_DURABLE;
	return n;
}

size_t baton_queue_outstanding(const struct baton_queue *queue)
{
	return queue ? count(&queue->out) : 0;
}

size_t baton_queue_waiting(const struct baton_queue *queue)
{
	return queue ? count(&queue->in) : 0;
}

void queue_pass(struct baton_queue *queue)
{
	struct baton_queue_box *box = &queue->out;

	while (box->first < box->next && box->first <= box->durable &&
	       !queue_has(box, box->first)) {
		/* LINE takes the receiver over it. */
		if (box->spent < box->first)
			box->spent = box->first;
		box->first++;
		queue->before = 0;
		queue->lined = false;
		queue->agreed = false;
	}
	box = &queue->in;
	while (box->first < box->next && !queue_has(box, box->first)) {
		if (box->spent < box->first)
			box->spent = box->first;
		box->first++;
	}
	if (queue->told < box->spent)
		queue->told = box->spent;
}

void baton_queue_link(struct baton_queue *queue, bool up, size_t room,
		      uint64_t now_ms)
{
	queue_ready(queue);
	queue->now_ms = now_ms;
	queue->up = up && room > BATON_QUEUE_PUT_LEN;
	queue->room = queue->up ? room : 0;
	queue->too_large = 0;
	queue->news &= (uint8_t)~NEWS_TOO_LARGE;
	queue->lined = false;
	queue->agreed = false;
	queue->limit = 0;
	queue->peer_lined = false;
	queue->peer_line_waits = false;
	queue->owes_ack = false;
	queue->again = false;
}

static void take_line(struct baton_queue *queue)
{
	const uint8_t *line = queue->peer_new_line;
	uint32_t last = queue->peer_new_first - 1;
	bool known = queue->has_peer_line &&
		     memcmp(line, queue->peer_line, BATON_QUEUE_LINE_LEN) == 0;

	queue->peer_line_waits = false;
	if (known ? queue->taken < last : !queue->has_peer_line && last > 0)
		queue->news |= NEWS_MISSING;
	if (!known || queue->taken < last) {
		queue->taken = last;
		queue->taken_mark = queue->peer_new_before;
	}
	memcpy(queue->peer_line, line, BATON_QUEUE_LINE_LEN);
	queue->has_peer_line = true;
	queue->got = queue->taken;
	queue->peer_lined = true;
	queue->owes_ack = true;
}

void queue_go_on(struct baton_queue *queue)
{
	if (queue->peer_line_waits && queue->in.durable + 1 == queue->in.next)
		take_line(queue);
}

static enum baton_err rx_line(struct baton_queue *queue, const uint8_t *p,
			      size_t len)
{
	uint32_t first;

	if (len != LINE_LEN)
		return BATON_ERR_PEER_LENGTH;
	first = baton_load_be32(p + 8);
	if (first == 0)
		return BATON_ERR_PEER_FORMAT;
	memcpy(queue->peer_new_line, p, BATON_QUEUE_LINE_LEN);
	queue->peer_new_first = first;
	queue->peer_new_before = baton_load_be32(p + 12);
	queue->peer_line_waits = true;
	queue->peer_lined = false;
	queue_go_on(queue);
	return BATON_OK;
}

static enum baton_err rx_put(struct baton_queue *queue, const uint8_t *p,
			     size_t len)
{
	uint32_t n, mark;

	if (len < BATON_QUEUE_PUT_LEN)
		return BATON_ERR_PEER_LENGTH;
	if (len - BATON_QUEUE_PUT_LEN > queue->item_max)
		return BATON_ERR_PEER_LIMIT;
	if (!queue->peer_lined)
		return BATON_ERR_PEER_STATE;
	n = baton_load_be32(p);
	mark = baton_load_be32(p + 4);
	queue->owes_ack = true;
	if (n <= queue->got)
		return BATON_OK;
	if (n != queue->got + 1 || is_full(&queue->in)) {
		queue->again = true;
		return n != queue->got + 1 ? BATON_ERR_PEER_SEQ
					   : BATON_ERR_PEER_LIMIT;
	}
	/* ACK when it is durable. */
	queue->owes_ack = false;
	queue->got = n;
	queue_add(queue, &queue->in, mark, p + BATON_QUEUE_PUT_LEN,
		  len - BATON_QUEUE_PUT_LEN);
	return BATON_OK;
}

static void take_back(struct baton_queue *queue, uint32_t taken)
{
	while (queue->out.spent > taken) {
		if (queue_has(&queue->out, queue->out.spent))
			queue_place(&queue->out, queue->out.spent)->state =
				BATON_QUEUE_DURABLE;
		queue->out.spent--;
	}
}

static void spend(struct baton_queue *queue, uint32_t taken)
{
	struct baton_queue_box *box = &queue->out;

	if (taken > box->spent)
		queue->news |= NEWS_TAKEN;
	while (box->spent < taken) {
		box->spent++;
		if (queue_has(box, box->spent))
			queue_place(box, box->spent)->state = BATON_QUEUE_SPENT;
	}
}

/* The first ACK of a link: where the peer is. False: it is not to be used. */
static bool agree(struct baton_queue *queue, uint32_t taken, uint32_t mark)
{
	struct baton_queue_box *box = &queue->out;
	bool below = taken < box->first;

	if (taken > box->durable ||
	    mark != (below ? queue->before : queue_mark(queue, box, taken))) {
		queue_new_line(queue);
		queue->news |= NEWS_NEW_LINE;
		return false;
	}
	if (taken < box->spent) {
		/* It had more: what is being deleted is not there to send. */
		if (queue->asked && queue->writes_out) {
			queue->lined = false;
			return false;
		}
		take_back(queue, taken);
	}
	queue->agreed = true;
	queue->sent = taken;
	return true;
}

static enum baton_err rx_ack(struct baton_queue *queue, const uint8_t *p,
			     size_t len)
{
	struct baton_queue_box *box = &queue->out;
	uint32_t taken, room;

	if (len != ACK_LEN)
		return BATON_ERR_PEER_LENGTH;
	if (p[18] > 1)
		return BATON_ERR_PEER_FORMAT;
	/* One that was under way when the line changed. */
	taken = baton_load_be32(p + 8);
	if (!queue->lined || memcmp(p, queue->line, BATON_QUEUE_LINE_LEN) != 0)
		return BATON_ERR_PEER_STATE;
	if (taken < box->first - 1) {
		/* Items were deleted since LINE named the first one. */
		queue->lined = queue->agreed;
		return BATON_ERR_PEER_STATE;
	}
	if (!queue->agreed) {
		if (!agree(queue, taken, baton_load_be32(p + 12)))
			return BATON_OK;
	} else if (taken < box->spent || taken > queue->sent) {
		return BATON_ERR_PEER_STATE;
	}
	spend(queue, taken);
	if (p[18])
		queue->sent = taken;
	room = baton_load_be16(p + 16);
	queue->limit =
		room < UINT32_MAX - taken ? taken + room : UINT32_MAX - 1;
	return BATON_OK;
}

enum baton_err baton_queue_rx(struct baton_queue *queue, uint8_t op,
			      const uint8_t *body, size_t len, uint64_t now_ms)
{
	queue->now_ms = now_ms;
	if (!queue->up)
		return BATON_ERR_PEER_STATE;
	switch (op) {
	case OP_LINE:
		return rx_line(queue, body, len);
	case OP_ACK:
		return rx_ack(queue, body, len);
	case OP_PUT:
		return rx_put(queue, body, len);
	}
	return BATON_ERR_PEER_FORMAT;
}

/* How far the peer may go beyond what is durable. */
static uint32_t room_left(const struct baton_queue *queue)
{
	const struct baton_queue_box *box = &queue->in;

	if (is_full(box))
		return queue->got - queue->taken;
	return queue->got - queue->taken + box->count -
	       (box->next - box->first);
}

void queue_tell_room(struct baton_queue *queue)
{
	uint32_t limit = queue->taken + room_left(queue);

	if (queue->peer_lined &&
	    (queue->told_limit == queue->got ||
	     limit - queue->told_limit >= (queue->in.count + 1u) / 2) &&
	    limit != queue->told_limit)
		queue->owes_ack = true;
}

static size_t put_ack(struct baton_queue *queue, uint8_t *p)
{
	uint32_t room = room_left(queue);

	memcpy(p, queue->peer_line, BATON_QUEUE_LINE_LEN);
	baton_store_be32(p + 8, queue->taken);
	baton_store_be32(p + 12, queue->taken_mark);
	baton_store_be16(p + 16, (uint16_t)room);
	p[18] = queue->again;
	queue->told_limit = queue->taken + room;
	queue->owes_ack = false;
	queue->again = false;
	return ACK_LEN;
}

static size_t put_line(struct baton_queue *queue, uint8_t *p)
{
	memcpy(p, queue->line, BATON_QUEUE_LINE_LEN);
	baton_store_be32(p + 8, queue->out.first);
	baton_store_be32(p + 12, queue->before);
	queue->lined = true;
	return LINE_LEN;
}

static size_t put_put(struct baton_queue *queue, uint8_t *p)
{
	const struct baton_queue_box *box = &queue->out;
	uint32_t n = ++queue->sent;
	size_t len = queue_place(box, n)->len;

	baton_store_be32(p, n);
	baton_store_be32(p + 4, queue_mark(queue, box, n));
	memcpy(p + BATON_QUEUE_PUT_LEN,
	       queue_bytes(queue, box, n) + BATON_QUEUE_ITEM_HEADER, len);
	return BATON_QUEUE_PUT_LEN + len;
}

/* Not while items are being deleted: it names the oldest. */
static bool wants_line(const struct baton_queue *queue)
{
	return !queue->lined && queue->has_line && !queue->line_dirty &&
	       queue->out.first > queue->dropped &&
	       queue->out.spent < queue->out.durable &&
	       !(queue->asked && queue->writes_out &&
		 queue->out.deleted_to >= queue->out.first);
}

/* The next item is not longer than the peer takes; else it is told, as first. */
static bool fits(struct baton_queue *queue)
{
	uint32_t n = queue->sent + 1;

	if (BATON_QUEUE_PUT_LEN + (size_t)queue_place(&queue->out, n)->len <=
	    queue->room)
		return true;
	if (queue->sent == queue->out.spent && queue->too_large != n) {
		queue->too_large = n;
		queue->news |= NEWS_TOO_LARGE;
	}
	return false;
}

bool baton_queue_tx(struct baton_queue *queue, uint8_t *op, uint8_t *body,
		    size_t cap, size_t *len, uint64_t now_ms)
{
	const struct baton_queue_box *box = &queue->out;

	queue->now_ms = now_ms;
	if (!queue->up || cap < queue->room || cap < ACK_LEN)
		return false;
	if (queue->owes_ack) {
		*op = OP_ACK;
		*len = put_ack(queue, body);
	} else if (wants_line(queue)) {
		*op = OP_LINE;
		*len = put_line(queue, body);
	} else if (queue->agreed && queue->sent < box->durable &&
		   queue_has(box, queue->sent + 1) && fits(queue) &&
		   queue->sent < queue->limit) {
		*op = OP_PUT;
		*len = put_put(queue, body);
	} else {
		return false;
	}
	return true;
}

static bool take_news(struct baton_queue *queue, uint8_t bit)
{
	if (!(queue->news & bit))
		return false;
	queue->news &= (uint8_t)~bit;
	return true;
}

bool baton_queue_next_event(struct baton_queue *queue,
			    struct baton_queue_event *event)
{
	uint32_t n;

	queue_ready(queue);
	memset(event, 0, sizeof(*event));
	if (take_news(queue, NEWS_STORE_FAILED)) {
		event->type = BATON_QUEUE_STORE_FAILED;
	} else if (take_news(queue, NEWS_NEW_LINE)) {
		event->type = BATON_QUEUE_NEW_LINE;
		event->number = queue->out.first;
	} else if (take_news(queue, NEWS_MISSING)) {
		event->type = BATON_QUEUE_MISSING;
	} else if (take_news(queue, NEWS_KEPT)) {
		event->type = BATON_QUEUE_KEPT;
		event->number = queue->out.durable;
	} else if (take_news(queue, NEWS_TAKEN)) {
		event->type = BATON_QUEUE_TAKEN;
		event->number = queue->out.spent;
	} else if (take_news(queue, NEWS_TOO_LARGE)) {
		event->type = BATON_QUEUE_TOO_LARGE;
		event->number = queue->too_large;
	} else if (take_news(queue, NEWS_GONE)) {
		event->type = BATON_QUEUE_GONE;
		event->number = queue->in.first - 1;
	} else {
		n = after(&queue->in, queue->told);
		if (n > queue->in.durable)
			return false;
		queue->told = n;
		event->type = BATON_QUEUE_ITEM;
		event->number = n;
		event->bytes = queue_bytes(queue, &queue->in, n) +
			       BATON_QUEUE_ITEM_HEADER;
		event->len = queue_place(&queue->in, n)->len;
	}
	return true;
}
