/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_QUEUE_INTERNAL_H
#define BATON_SESSION_QUEUE_INTERNAL_H

/* What the files of the queue share; nothing is installed. */

#include "session/queue.h"

#define FORMAT 1

/* Events owed, as bits of news; ITEM is owed where it is not told. */
enum queue_news {
	NEWS_STORE_FAILED = 1,
	NEWS_NEW_LINE = 2,
	NEWS_MISSING = 4,
	NEWS_KEPT = 8,
	NEWS_TAKEN = 16,
	NEWS_GONE = 32,
	NEWS_TOO_LARGE = 64,
};

/* The place of item n, and its bytes; whether it has that item. */
struct baton_queue_place *queue_place(const struct baton_queue_box *box,
				      uint32_t n);
uint8_t *queue_bytes(const struct baton_queue *queue,
		     const struct baton_queue_box *box, uint32_t n);
bool queue_has(const struct baton_queue_box *box, uint32_t n);

/* Its mark; 0: it is not there. */
uint32_t queue_mark(const struct baton_queue *queue,
		    const struct baton_queue_box *box, uint32_t n);

/* Put an item into the next place, to be written. */
void queue_add(struct baton_queue *queue, struct baton_queue_box *box,
	       uint32_t mark, const uint8_t *item, size_t len);

/* queue_store.c. Nothing more is loaded: see what there is. */
void queue_ready(struct baton_queue *queue);

/* queue.c. My numbers begin a new line. */
void queue_new_line(struct baton_queue *queue);

/* Items of mine that are missing are passed over. */
void queue_pass(struct baton_queue *queue);

/* All that the peer sent before is durable: what waited for that. */
void queue_go_on(struct baton_queue *queue);

/* The peer may have to hear that there is room. */
void queue_tell_room(struct baton_queue *queue);

#endif
