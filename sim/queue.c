/* SPDX-License-Identifier: MIT */
#include "sim/queue.h"

#include <stdbool.h>
#include <stdlib.h>

#include "sim/alloc.h"

static bool before(const struct baton_sim_item *a,
		   const struct baton_sim_item *b)
{
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us;
	return a->order < b->order;
}

void baton_sim_queue_free(struct baton_sim_queue *queue)
{
	free(queue->items);
	queue->items = NULL;
	queue->len = 0;
	queue->cap = 0;
}

void baton_sim_queue_push(struct baton_sim_queue *queue, uint64_t at_us,
			  enum baton_sim_rank rank, baton_sim_fire_fn *fire,
			  void *ctx, uint64_t arg)
{
	const struct baton_sim_item item = {
		.at_us = at_us,
		.order = (uint64_t)rank << 56 | queue->count++,
		.fire = fire,
		.ctx = ctx,
		.arg = arg,
	};
	size_t i = queue->len;

	if (queue->len == queue->cap) {
		queue->cap = queue->cap ? queue->cap * 2 : 64;
		queue->items = baton_sim_realloc(
			queue->items, queue->cap * sizeof(*queue->items));
	}
	queue->len++;
	while (i > 0) {
		size_t up = (i - 1) / 2;

		if (!before(&item, &queue->items[up]))
			break;
		queue->items[i] = queue->items[up];
		i = up;
	}
	queue->items[i] = item;
}

struct baton_sim_item baton_sim_queue_pop(struct baton_sim_queue *queue)
{
	struct baton_sim_item *items = queue->items;
	const struct baton_sim_item first = items[0];
	const struct baton_sim_item last = items[--queue->len];
	size_t i = 0;

	for (;;) {
		size_t down = 2 * i + 1;

		if (down >= queue->len)
			break;
		if (down + 1 < queue->len &&
		    before(&items[down + 1], &items[down]))
			down++;
		if (!before(&items[down], &last))
			break;
		items[i] = items[down];
		i = down;
	}
	items[i] = last;
	return first;
}
