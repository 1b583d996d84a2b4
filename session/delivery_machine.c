/* SPDX-License-Identifier: MIT */

/* The machines of the modes, made alike. */

#include "session/delivery_internal.h"

/* What every machine has. noun: of its functions; at: where a channel has it. */
#define MACHINE(noun, at, event_type, event_at)                                \
	static void noun##_wipe(struct baton_channel *channel)                 \
	{                                                                      \
		baton_##noun##_wipe(&channel->at);                             \
	}                                                                      \
	static void noun##_link(struct baton_channel *channel, bool up,        \
				size_t room, uint64_t now_ms)                  \
	{                                                                      \
		baton_##noun##_link(&channel->at, up, room, now_ms);           \
	}                                                                      \
	static enum baton_err noun##_rx(struct baton_channel *channel,         \
					uint8_t op, const uint8_t *body,       \
					size_t len, uint64_t now_ms)           \
	{                                                                      \
		return baton_##noun##_rx(&channel->at, op, body, len, now_ms); \
	}                                                                      \
	static bool noun##_tx(struct baton_channel *channel, uint8_t *op,      \
			      uint8_t *body, size_t cap, size_t *len,          \
			      uint64_t now_ms)                                 \
	{                                                                      \
		return baton_##noun##_tx(&channel->at, op, body, cap, len,     \
					 now_ms);                              \
	}                                                                      \
	static uint64_t noun##_deadline(const struct baton_channel *channel)   \
	{                                                                      \
		return baton_##noun##_deadline(&channel->at);                  \
	}                                                                      \
	static void noun##_tick(struct baton_channel *channel,                 \
				uint64_t now_ms)                               \
	{                                                                      \
		baton_##noun##_tick(&channel->at, now_ms);                     \
	}                                                                      \
	static bool noun##_next_event(struct baton_channel *channel,           \
				      struct baton_delivery_event *event)      \
	{                                                                      \
		event->type = (event_type);                                    \
		return baton_##noun##_next_event(&channel->at,                 \
						 &event->u.event_at);          \
	}

/* What those that store have besides. */
#define STORES(noun, at)                                                      \
	static enum baton_err noun##_load(struct baton_channel *channel,      \
					  const char *name,                   \
					  const uint8_t *value, size_t len)   \
	{                                                                     \
		return baton_##noun##_load(&channel->at, name, value, len);   \
	}                                                                     \
	static bool noun##_next_store_op(struct baton_channel *channel,       \
					 struct baton_store_op *op)           \
	{                                                                     \
		return baton_##noun##_next_store_op(&channel->at, op);        \
	}                                                                     \
	static void noun##_stored(struct baton_channel *channel, uint32_t id, \
				  enum baton_err err, uint64_t now_ms)        \
	{                                                                     \
		baton_##noun##_stored(&channel->at, id, err, now_ms);         \
	}                                                                     \
	static bool noun##_name(const struct baton_channel *channel,          \
				size_t at_name, char *name)                   \
	{                                                                     \
		return baton_##noun##_name(&channel->at, at_name, name);      \
	}

#define LIVE_ROW(noun)                                                   \
	.there = noun##_there, .wipe = noun##_wipe, .link = noun##_link, \
	.rx = noun##_rx, .tx = noun##_tx, .deadline = noun##_deadline,   \
	.tick = noun##_tick, .next_event = noun##_next_event
#define ROW(noun)                                              \
	LIVE_ROW(noun), .load = noun##_load,                   \
			.next_store_op = noun##_next_store_op, \
			.stored = noun##_stored, .name = noun##_name

static bool requests_there(const struct baton_channel *channel)
{
	return channel->application.message_max > 0;
}

static bool context_there(const struct baton_channel *channel)
{
	return channel->application.context_max > 0;
}

static bool queue_there(const struct baton_channel *channel)
{
	return channel->application.item_max > 0;
}

/* head: what stands before what the peer has set a limit to. */
static size_t body_max(size_t head, uint16_t max)
{
	return max > 0 ? head + max : 0;
}

static size_t requests_takes(const struct baton_channel *channel)
{
	return body_max(BATON_REQUEST_HEADER, channel->peer_message);
}

static size_t context_takes(const struct baton_channel *channel)
{
	return body_max(BATON_CONTEXT_SET_LEN, channel->peer_context);
}

static size_t queue_takes(const struct baton_channel *channel)
{
	return body_max(BATON_QUEUE_PUT_LEN, channel->peer_item);
}

static bool files_there(const struct baton_channel *channel)
{
	return channel->files;
}

static bool bytestreams_there(const struct baton_channel *channel)
{
	return channel->streams;
}

/* Nothing of a byte stream happens by time. */
static uint64_t baton_bytestreams_deadline(const struct baton_bytestreams *s)
{
	(void)s;
	return UINT64_MAX;
}

static void baton_bytestreams_tick(struct baton_bytestreams *s, uint64_t now_ms)
{
	(void)s;
	(void)now_ms;
}

MACHINE(requests, requests, BATON_DELIVERY_REQUEST, request)
MACHINE(context, context, BATON_DELIVERY_CONTEXT, context)
MACHINE(queue, queue, BATON_DELIVERY_QUEUE, queue)
MACHINE(files, files[0], BATON_DELIVERY_FILE, file)
MACHINE(bytestreams, streams[0], BATON_DELIVERY_STREAM, stream)
STORES(context, context)
STORES(queue, queue)
STORES(files, files[0])

const struct delivery_machine delivery_machines[BATON_MACHINES] = {
	{.mode = BATON_MODE_REQUEST,
	 .takes = requests_takes,
	 LIVE_ROW(requests)},
	{.mode = BATON_MODE_CONTEXT, .takes = context_takes, ROW(context)},
	{.mode = BATON_MODE_QUEUE, .takes = queue_takes, ROW(queue)},
	{.mode = BATON_MODE_FILE, ROW(files)},
	{.mode = BATON_MODE_STREAM, LIVE_ROW(bytestreams)},
};

const struct delivery_machine *
delivery_machine(const struct baton_channel *channel, unsigned int at)
{
	const struct delivery_machine *machine = &delivery_machines[at];

	return machine->there(channel) ? machine : NULL;
}
