/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_QUEUE_H
#define BATON_SIM_QUEUE_H

#include <stddef.h>
#include <stdint.h>

/*
 * What will happen, in order of time: a binary heap. Of things at the same
 * time those of a lower rank come first, then those that were pushed first;
 * so the order is total and the same everywhere.
 */
enum baton_sim_rank {
	BATON_SIM_RANK_HOST, /* what hosts do is there before ... */
	BATON_SIM_RANK_RADIO, /* ... the radio picks its next packet */
};

typedef void baton_sim_fire_fn(void *ctx, uint64_t arg);

struct baton_sim_item {
	uint64_t at_us;
	uint64_t order; /* rank and count */
	baton_sim_fire_fn *fire;
	void *ctx;
	uint64_t arg;
};

struct baton_sim_queue {
	struct baton_sim_item *items;
	size_t len;
	size_t cap;
	uint64_t count;
};

void baton_sim_queue_free(struct baton_sim_queue *queue);

/* Call fire(ctx, arg) at at_us. */
void baton_sim_queue_push(struct baton_sim_queue *queue, uint64_t at_us,
			  enum baton_sim_rank rank, baton_sim_fire_fn *fire,
			  void *ctx, uint64_t arg);

/* Take the first item; the queue must not be empty. */
struct baton_sim_item baton_sim_queue_pop(struct baton_sim_queue *queue);

/* The time of the first item, UINT64_MAX if there is none. */
static inline uint64_t baton_sim_queue_at(const struct baton_sim_queue *queue)
{
	return queue->len ? queue->items[0].at_us : UINT64_MAX;
}

#endif
