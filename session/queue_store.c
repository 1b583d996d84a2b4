/* SPDX-License-Identifier: MIT */

/* What a queue stores, and how it is found again (DELIVERY.md 7). */

#include <string.h>

#include "base/bytes.h"
#include "session/queue_internal.h"

#define OUT_LEN 17
#define IN_LEN 21
#define ITEM_NAME_LEN 11 /* "qo/", 8 hex digits */

struct baton_queue_place *queue_place(const struct baton_queue_box *box,
				      uint32_t n)
{
	return &box->place[n % box->count];
}

uint8_t *queue_bytes(const struct baton_queue *queue,
		     const struct baton_queue_box *box, uint32_t n)
{
	return box->bytes +
	       n % box->count *
		       ((size_t)BATON_QUEUE_ITEM_HEADER + queue->item_max);
}

bool queue_has(const struct baton_queue_box *box, uint32_t n)
{
	const struct baton_queue_place *place = queue_place(box, n);

	return place->state != BATON_QUEUE_FREE && place->number == n;
}

uint32_t queue_mark(const struct baton_queue *queue,
		    const struct baton_queue_box *box, uint32_t n)
{
	if (!queue_has(box, n))
		return 0;
	return baton_load_be32(queue_bytes(queue, box, n) + 1);
}

static void put_name(char *name, char box, bool is_item, uint32_t n)
{
	static const char digits[] = "0123456789abcdef";
	int i;

	name[0] = 'q';
	name[1] = box;
	name[2] = '\0';
	if (!is_item)
		return;
	name[2] = '/';
	for (i = 0; i < 8; i++)
		name[3 + i] = digits[n >> (28 - 4 * i) & 15];
	name[ITEM_NAME_LEN] = '\0';
}

static bool get_number(const char *p, uint32_t *n)
{
	int i;

	*n = 0;
	for (i = 0; i < 8; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			*n = *n << 4 | (uint32_t)(p[i] - '0');
		else if (p[i] >= 'a' && p[i] <= 'f')
			*n = *n << 4 | (uint32_t)(p[i] - 'a' + 10);
		else
			return false;
	}
	return !p[8] && *n > 0 && *n < UINT32_MAX;
}

static enum baton_err load_item(struct baton_queue *queue,
				struct baton_queue_box *box, uint32_t n,
				const uint8_t *value, size_t len)
{
	struct baton_queue_place *place = queue_place(box, n);

	if (len < BATON_QUEUE_ITEM_HEADER || value[0] != FORMAT)
		return BATON_ERR_ARG;
	if (len > (size_t)BATON_QUEUE_ITEM_HEADER + queue->item_max ||
	    place->state != BATON_QUEUE_FREE)
		return BATON_ERR_SPACE;
	place->number = n;
	place->state = BATON_QUEUE_DURABLE;
	place->len = (uint16_t)(len - BATON_QUEUE_ITEM_HEADER);
	memcpy(queue_bytes(queue, box, n), value, len);
	if (box->first == 0 || n < box->first)
		box->first = n;
	if (n >= box->next)
		box->next = n + 1;
	return BATON_OK;
}

static enum baton_err load_out(struct baton_queue *queue, const uint8_t *value,
			       size_t len)
{
	uint32_t next;

	if (len != OUT_LEN || value[0] != FORMAT)
		return BATON_ERR_ARG;
	memcpy(queue->line, value + 1, BATON_QUEUE_LINE_LEN);
	queue->has_line = true;
	next = baton_load_be32(value + 9);
	if (next > queue->out.next)
		queue->out.next = next;
	queue->before = baton_load_be32(value + 13);
	return BATON_OK;
}

static enum baton_err load_in(struct baton_queue *queue, const uint8_t *value,
			      size_t len)
{
	uint32_t last;

	if (len != IN_LEN || value[0] != FORMAT)
		return BATON_ERR_ARG;
	last = baton_load_be32(value + 17);
	if (last == UINT32_MAX)
		return BATON_ERR_ARG;
	memcpy(queue->peer_line, value + 1, BATON_QUEUE_LINE_LEN);
	queue->has_peer_line = true;
	queue->taken = baton_load_be32(value + 9);
	queue->taken_mark = baton_load_be32(value + 13);
	if (last >= queue->in.next)
		queue->in.next = last + 1;
	return BATON_OK;
}

enum baton_err baton_queue_load(struct baton_queue *queue, const char *name,
				const uint8_t *value, size_t len)
{
	bool out = name[0] == 'q' && name[1] == 'o';
	bool in = name[0] == 'q' && name[1] == 'i';
	uint32_t n;

	if (!out && !in)
		return BATON_ERR_NOT_FOUND;
	if (!name[2])
		return out ? load_out(queue, value, len)
			   : load_in(queue, value, len);
	if (name[2] != '/')
		return BATON_ERR_NOT_FOUND;
	if (!get_number(name + 3, &n))
		return BATON_ERR_ARG;
	return load_item(queue, out ? &queue->out : &queue->in, n, value, len);
}

static void box_ready(struct baton_queue_box *box)
{
	if (box->first == 0)
		box->first = box->next;
	box->durable = box->next - 1;
	box->spent = box->first - 1;
}

void queue_ready(struct baton_queue *queue)
{
	if (queue->ready)
		return;
	queue->ready = true;
	box_ready(&queue->out);
	box_ready(&queue->in);
	queue->got = queue->taken;
	queue->told = queue->in.spent;
	if (!queue->has_line && queue->out.first < queue->out.next)
		queue_new_line(queue);
	queue_pass(queue);
}

/* Add a write, under its name. */
static struct baton_store_write *add(struct baton_queue *queue,
				     struct baton_store_op *op,
				     enum baton_store_kind kind, char box,
				     bool is_item, uint32_t n)
{
	struct baton_store_write *write = &op->write[op->count];

	put_name(queue->name[op->count], box, is_item, n);
	memset(write, 0, sizeof(*write));
	write->kind = kind;
	write->key = queue->name[op->count++];
	return write;
}

/*
 * How many writes of an operation puts may take. Two are for what is spent: an
 * application that puts without a rest must not keep its places from being
 * free again, or the box is full of items that the peer has long.
 */
static size_t writes_for_puts(const struct baton_queue_box *box)
{
	uint32_t spent = box->spent + 1 - box->first;

	if (box->first > box->spent)
		return BATON_STORE_WRITES_MAX;
	return BATON_STORE_WRITES_MAX - (spent < 2 ? spent : 2);
}

/* Items to be written or deleted, while there is room in the operation. */
static void add_items(struct baton_queue *queue, struct baton_store_op *op,
		      struct baton_queue_box *box, char letter)
{
	size_t for_puts = writes_for_puts(box);
	struct baton_store_write *write;
	uint32_t n;

	box->put_to = box->durable;
	for (n = box->durable + 1; n < box->next && op->count < for_puts; n++) {
		write = add(queue, op, BATON_STORE_PUT, letter, true, n);
		write->value = queue_bytes(queue, box, n);
		write->value_len = (size_t)BATON_QUEUE_ITEM_HEADER +
				   queue_place(box, n)->len;
		box->put_to = n;
	}
	box->deleted_to = box->first - 1;
	for (n = box->first;
	     n <= box->spent && op->count < BATON_STORE_WRITES_MAX; n++) {
		if (queue_has(box, n))
			(void)add(queue, op, BATON_STORE_DELETE, letter, true,
				  n);
		box->deleted_to = n;
	}
}

static bool box_wants(const struct baton_queue_box *box)
{
	return box->durable + 1 < box->next || box->first <= box->spent;
}

static void write_out(struct baton_queue *queue, struct baton_store_op *op)
{
	struct baton_queue_box *box = &queue->out;
	struct baton_store_write *header;

	header = add(queue, op, BATON_STORE_PUT, 'o', false, 0);
	add_items(queue, op, box, 'o');
	queue->writes_before = queue->before;
	if (box->deleted_to >= box->first)
		queue->writes_before = queue_mark(queue, box, box->deleted_to);
	memcpy(queue->writes_line, queue->line, BATON_QUEUE_LINE_LEN);
	header->value = queue->header;
	header->value_len = OUT_LEN;
	queue->header[0] = FORMAT;
	memcpy(queue->header + 1, queue->line, BATON_QUEUE_LINE_LEN);
	baton_store_be32(queue->header + 9, box->put_to + 1);
	baton_store_be32(queue->header + 13, queue->writes_before);
}

static void write_in(struct baton_queue *queue, struct baton_store_op *op)
{
	struct baton_queue_box *box = &queue->in;
	struct baton_store_write *header = NULL;

	if (box->durable + 1 < box->next)
		header = add(queue, op, BATON_STORE_PUT, 'i', false, 0);
	add_items(queue, op, box, 'i');
	if (!header)
		return;
	queue->writes_taken = queue->got - (box->next - 1 - box->put_to);
	queue->writes_mark = queue_mark(queue, box, box->put_to);
	header->value = queue->header;
	header->value_len = IN_LEN;
	queue->header[0] = FORMAT;
	memcpy(queue->header + 1, queue->peer_line, BATON_QUEUE_LINE_LEN);
	baton_store_be32(queue->header + 9, queue->writes_taken);
	baton_store_be32(queue->header + 13, queue->writes_mark);
	baton_store_be32(queue->header + 17, box->put_to);
}

bool baton_queue_next_store_op(struct baton_queue *queue,
			       struct baton_store_op *op)
{
	bool out, in;

	queue_ready(queue);
	out = box_wants(&queue->out) || queue->line_dirty;
	in = box_wants(&queue->in);
	if (queue->asked ||
	    baton_store_rests(queue->retry_at_ms, queue->now_ms) ||
	    (!out && !in))
		return false;
	/* In turn: neither direction waits for the other. */
	queue->writes_out = out && (!in || !queue->writes_out);
	op->count = 0;
	if (queue->writes_out)
		write_out(queue, op);
	else
		write_in(queue, op);
	queue->asked = true;
	op->id = ++queue->store_id;
	return true;
}

/* The operation is durable: true if something was put, or deleted. */
static void box_stored(struct baton_queue *queue, struct baton_queue_box *box,
		       bool *put, bool *deleted)
{
	struct baton_queue_place *place;
	uint32_t n;

	*put = box->put_to > box->durable;
	for (n = box->durable + 1; n <= box->put_to; n++)
		queue_place(box, n)->state = BATON_QUEUE_DURABLE;
	box->durable = box->put_to;
	*deleted = box->deleted_to >= box->first;
	for (n = box->first; n <= box->deleted_to; n++) {
		if (!queue_has(box, n))
			continue;
		place = queue_place(box, n);
		baton_crypto_wipe(queue_bytes(queue, box, n),
				  (size_t)BATON_QUEUE_ITEM_HEADER + place->len);
		memset(place, 0, sizeof(*place));
	}
	box->first = box->deleted_to + 1;
}

void baton_queue_stored(struct baton_queue *queue, uint32_t id,
			enum baton_err err, uint64_t now_ms)
{
	bool put, deleted;

	queue->now_ms = now_ms;
	if (!queue->asked || id != queue->store_id)
		return;
	queue->asked = false;
	if (err) {
		queue->retry_at_ms = now_ms + BATON_STORE_RETRY_MS;
		queue->news |= NEWS_STORE_FAILED;
		return;
	}
	queue->retry_at_ms = 0;
	if (queue->writes_out) {
		box_stored(queue, &queue->out, &put, &deleted);
		queue->before = queue->writes_before;
		if (memcmp(queue->line, queue->writes_line,
			   BATON_QUEUE_LINE_LEN) == 0)
			queue->line_dirty = false;
		if (put)
			queue->news |= NEWS_KEPT;
		queue_pass(queue);
		return;
	}
	box_stored(queue, &queue->in, &put, &deleted);
	if (put) {
		queue->taken = queue->writes_taken;
		queue->taken_mark = queue->writes_mark;
		queue->owes_ack = queue->peer_lined;
	}
	if (deleted)
		queue->news |= NEWS_GONE;
	queue_pass(queue);
	queue_go_on(queue);
	queue_tell_room(queue);
}

uint64_t baton_queue_deadline(const struct baton_queue *queue)
{
	return baton_store_retry(queue->asked, queue->retry_at_ms,
				 queue->now_ms);
}

void baton_queue_tick(struct baton_queue *queue, uint64_t now_ms)
{
	queue->now_ms = now_ms;
}

bool baton_queue_name(const struct baton_queue *queue, size_t at,
		      char name[BATON_NAME_MAX])
{
	const struct baton_queue_box *box;
	size_t i, j = 2;
	int side;

	if (at < 2) {
		put_name(name, at ? 'i' : 'o', false, 0);
		return true;
	}
	for (side = 0; side < 2; side++) {
		box = side ? &queue->in : &queue->out;
		for (i = 0; i < box->count; i++) {
			if (box->place[i].state == BATON_QUEUE_FREE ||
			    j++ != at)
				continue;
			put_name(name, side ? 'i' : 'o', true,
				 box->place[i].number);
			return true;
		}
	}
	return false;
}
