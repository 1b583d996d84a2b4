/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_DELIVERY_INTERNAL_H
#define BATON_SESSION_DELIVERY_INTERNAL_H

/* What the files of delivery share; nothing is installed. */

#include "session/delivery.h"

#define NOBODY 255 /* no handle, no channel */

/* Events that are delivery's own, as bits of news. */
enum delivery_news {
	NEWS_OPEN = 1,
	NEWS_SHUT = 2,
	NEWS_UNKNOWN = 4,
	NEWS_ERASED = 8,
};

/* One machine of an application, whatever its mode; NULL: it has no such. */
struct delivery_machine {
	enum baton_mode mode;
	bool (*there)(const struct baton_channel *channel);
	/*
	 * The longest body that the peer takes; 0: it has no such mode. NULL:
	 * as the link carries.
	 */
	size_t (*takes)(const struct baton_channel *channel);
	void (*wipe)(struct baton_channel *channel);
	void (*link)(struct baton_channel *channel, bool up, size_t room,
		     uint64_t now_ms);
	enum baton_err (*rx)(struct baton_channel *channel, uint8_t op,
			     const uint8_t *body, size_t len, uint64_t now_ms);
	bool (*tx)(struct baton_channel *channel, uint8_t *op, uint8_t *body,
		   size_t cap, size_t *len, uint64_t now_ms);
	uint64_t (*deadline)(const struct baton_channel *channel);
	void (*tick)(struct baton_channel *channel, uint64_t now_ms);
	bool (*next_event)(struct baton_channel *channel,
			   struct baton_delivery_event *event);
	enum baton_err (*load)(struct baton_channel *channel, const char *name,
			       const uint8_t *value, size_t len);
	bool (*next_store_op)(struct baton_channel *channel,
			      struct baton_store_op *op);
	void (*stored)(struct baton_channel *channel, uint32_t id,
		       enum baton_err err, uint64_t now_ms);
	bool (*name)(const struct baton_channel *channel, size_t at,
		     char *name);
};

/* In order of precedence: who comes first sends first. */
extern const struct delivery_machine delivery_machines[BATON_MACHINES];

/* The machine of this place of the table, or NULL if channel has none. */
const struct delivery_machine *
delivery_machine(const struct baton_channel *channel, unsigned int at);

/* The call cannot fail here, or its failure does not matter. */
static inline void delivery_try(enum baton_err err)
{
	(void)err;
}

/* An application is as the peer has it: open, or shut; its machines are told. */
void delivery_set_open(struct baton_delivery *delivery, uint8_t handle,
		       bool open);

/* delivery_bulk.c: the memory and the machines of files and byte streams. */
bool delivery_has_bulk(const struct baton_application *application);
bool delivery_bulk_fits(const struct baton_application *application);
size_t delivery_bulk_len(const struct baton_application *application);
enum baton_err delivery_bulk_make(struct baton_delivery *delivery,
				  struct baton_channel *channel,
				  uint8_t *memory);

/* The application of a handle, unless it is being erased; NULL: none. */
struct baton_channel *delivery_channel(const struct baton_delivery *delivery,
				       uint8_t handle);

/* Wipe what an application has in memory; its place is not used again. */
void delivery_wipe_channel(struct baton_channel *channel);

#endif
