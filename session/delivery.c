/* SPDX-License-Identifier: MIT */

/* Applications and their envelopes (DELIVERY.md). */

#include "session/delivery.h"

#include <string.h>

#include "base/bytes.h"
#include "session/bulk.h"
#include "session/delivery_internal.h"

#define OP_CHANNELS 0
#define CHANNEL_LEN (BATON_APPLICATION_ID_LEN + 6) /* of it, for each */
#define ENVELOPE 1000u /* in thousandths, of a level */

enum baton_err baton_envelope_decode(struct baton_envelope *envelope,
				     const uint8_t *p, size_t len)
{
	if (len < BATON_ENVELOPE_LEN)
		return BATON_ERR_PEER_LENGTH;
	envelope->mode = p[0] >> 4;
	envelope->op = p[0] & 15;
	envelope->channel = p[1];
	envelope->body = p + BATON_ENVELOPE_LEN;
	envelope->len = len - BATON_ENVELOPE_LEN;
	return BATON_OK;
}

void baton_envelope_put(uint8_t p[BATON_ENVELOPE_LEN], enum baton_mode mode,
			uint8_t op, uint8_t channel)
{
	p[0] = (uint8_t)((unsigned int)mode << 4 | op);
	p[1] = channel;
}

enum baton_err baton_delivery_init(struct baton_delivery *delivery,
				   struct baton_channel *channel, size_t count,
				   const uint8_t seed[BATON_DRBG_SEED_LEN])
{
	if (count == 0 || count > BATON_APPLICATIONS_MAX)
		return BATON_ERR_ARG;
	memset(delivery, 0, sizeof(*delivery));
	memset(channel, 0, count * sizeof(*channel));
	delivery->channel = channel;
	delivery->count = (uint8_t)count;
	memset(delivery->handle, NOBODY, sizeof(delivery->handle));
	baton_drbg_init(&delivery->drbg, seed);
	return BATON_OK;
}

void baton_delivery_bulk(struct baton_delivery *delivery,
			 struct baton_bulk *bulk,
			 struct baton_bulk_member *member)
{
	memset(member, 0, delivery->count * sizeof(*member));
	delivery->bulk = bulk;
	delivery->member = member;
}

void delivery_wipe_channel(struct baton_channel *channel)
{
	const struct delivery_machine *machine;
	unsigned int m;

	for (m = 0; m < BATON_MACHINES; m++) {
		machine = delivery_machine(channel, m);
		if (machine)
			machine->wipe(channel);
	}
	baton_crypto_wipe(channel, sizeof(*channel));
}

void baton_delivery_wipe(struct baton_delivery *delivery)
{
	uint8_t i;

	for (i = 0; i < delivery->registered; i++)
		delivery_wipe_channel(&delivery->channel[i]);
	baton_crypto_wipe(delivery, sizeof(*delivery));
}

struct baton_channel *delivery_channel(const struct baton_delivery *delivery,
				       uint8_t handle)
{
	if (handle >= delivery->registered || !delivery->channel[handle].used ||
	    delivery->channel[handle].erasing)
		return NULL;
	return &delivery->channel[handle];
}

/* Each part is aligned for the next one. */
static size_t requests_len(const struct baton_application *application)
{
	return baton_aligned(baton_requests_memory_len(application->message_max,
						       application->requests));
}

static size_t context_len(const struct baton_application *application)
{
	return application->context_max == 0
		       ? 0
		       : baton_aligned(baton_context_memory_len(
				 application->context_max));
}

static size_t queue_len(const struct baton_application *application)
{
	return application->item_max == 0
		       ? 0
		       : baton_aligned(baton_queue_memory_len(
				 application->item_max, application->outbox,
				 application->inbox));
}

size_t baton_delivery_memory_len(const struct baton_application *application)
{
	return requests_len(application) + context_len(application) +
	       queue_len(application) + delivery_bulk_len(application);
}

/* The machines of an application; they know what limits are in range. */
static enum baton_err make(struct baton_delivery *delivery,
			   struct baton_channel *channel, uint8_t *memory)
{
	const struct baton_application *app = &channel->application;
	uint8_t seed[BATON_DRBG_SEED_LEN];
	enum baton_err err = BATON_OK;

	if (app->message_max > 0)
		err = baton_requests_init(&channel->requests, app->message_max,
					  app->requests, memory,
					  requests_len(app));
	memory += requests_len(app);
	baton_drbg_bytes(&delivery->drbg, seed, sizeof(seed));
	if (!err && app->context_max > 0)
		err = baton_context_init(&channel->context, app->context_max,
					 seed, memory, context_len(app));
	memory += context_len(app);
	baton_drbg_bytes(&delivery->drbg, seed, sizeof(seed));
	if (!err && app->item_max > 0)
		err = baton_queue_init(&channel->queue, app->item_max,
				       app->outbox, app->inbox, seed, memory,
				       queue_len(app));
	baton_crypto_wipe(seed, sizeof(seed));
	memory += queue_len(app);
	return err ? err : delivery_bulk_make(delivery, channel, memory);
}

static bool is_zero(const uint8_t *id)
{
	static const uint8_t zero[BATON_APPLICATION_ID_LEN];

	return memcmp(id, zero, sizeof(zero)) == 0;
}

enum baton_err
baton_delivery_register(struct baton_delivery *delivery,
			const struct baton_application *application,
			const uint8_t root[BATON_CRYPTO_KEY_LEN], void *memory,
			size_t memory_len, uint8_t *handle)
{
	struct baton_channel *channel;
	enum baton_err err;
	uint8_t there;

	if (delivery->up)
		return BATON_ERR_STATE;
	if (is_zero(application->id) ||
	    !baton_delivery_find(delivery, application->id, &there) ||
	    application->rate == 0 || application->rate > 1000 ||
	    application->burst == 0 || application->burst > 1000 ||
	    !delivery_bulk_fits(application))
		return BATON_ERR_ARG;
	if (delivery->registered == delivery->count ||
	    memory_len < baton_delivery_memory_len(application))
		return BATON_ERR_SPACE;
	channel = &delivery->channel[delivery->registered];
	memset(channel, 0, sizeof(*channel));
	channel->application = *application;
	err = make(delivery, channel, memory);
	if (err)
		return err;
	baton_application_keys(&channel->keys, root);
	channel->used = true;
	channel->peer = NOBODY;
	channel->level = application->burst * ENVELOPE;
	*handle = delivery->registered++;
	return BATON_OK;
}

/* The longest body that the link carries and the peer takes. */
static size_t room_for(const struct baton_delivery *delivery,
		       const struct baton_channel *channel,
		       const struct delivery_machine *machine)
{
	size_t takes =
		machine->takes ? machine->takes(channel) : delivery->room;

	return takes < delivery->room ? takes : delivery->room;
}

void delivery_set_open(struct baton_delivery *delivery, uint8_t handle,
		       bool open)
{
	struct baton_channel *channel = &delivery->channel[handle];
	const struct delivery_machine *machine;
	bool asks = delivery->up && delivery->has_channels;
	unsigned int m;

	if (!channel->used || channel->erasing)
		return;
	if (channel->open != open) {
		delivery->news[handle] &= (uint8_t) ~(NEWS_OPEN | NEWS_SHUT);
		delivery->news[handle] |= open ? NEWS_OPEN : NEWS_SHUT;
	}
	channel->open = open;
	if (open && (channel->files || channel->streams))
		delivery_try(
			baton_bulk_map(delivery->bulk, handle, channel->peer));
	for (m = 0; m < BATON_MACHINES; m++) {
		machine = delivery_machine(channel, m);
		if (!machine)
			continue;
		/* A request is told that there is a link, without a room. */
		machine->link(
			channel,
			open || (asks && machine->mode == BATON_MODE_REQUEST),
			open ? room_for(delivery, channel, machine) : 0,
			delivery->now_ms);
	}
}

void baton_delivery_link(struct baton_delivery *delivery, bool up,
			 const uint8_t session[BATON_CRYPTO_KEY_LEN],
			 size_t room, uint64_t now_ms)
{
	uint8_t i;

	delivery->now_ms = now_ms;
	delivery->up = up && room >= BATON_ENVELOPE_ROOM_MIN;
	delivery->room = room;
	delivery->owes_channels = delivery->up;
	delivery->has_channels = false;
	delivery->peer_count = 0;
	memset(delivery->handle, NOBODY, sizeof(delivery->handle));
	baton_crypto_wipe(delivery->session, sizeof(delivery->session));
	if (delivery->up)
		memcpy(delivery->session, session, sizeof(delivery->session));
	for (i = 0; i < delivery->registered; i++) {
		delivery->channel[i].peer = NOBODY;
		delivery->news[i] &= (uint8_t)~NEWS_UNKNOWN;
		delivery_set_open(delivery, i, false);
	}
	/* Nothing is lost in it: its machines have just been told. */
	if (delivery->bulk)
		baton_bulk_link(delivery->bulk,
				delivery->up ? delivery->member : NULL,
				delivery->up ? delivery->registered : 0,
				room + BATON_ENVELOPE_LEN);
}

/* An id in CHANNELS, and what its application takes. */
static void take_channel(struct baton_delivery *delivery, const uint8_t *p)
{
	uint8_t i = delivery->peer_count++, handle;
	struct baton_channel *channel;

	if (baton_delivery_find(delivery, p, &handle))
		return;
	channel = &delivery->channel[handle];
	delivery->handle[i] = handle;
	channel->peer = i;
	p += BATON_APPLICATION_ID_LEN;
	channel->peer_message = baton_load_be16(p);
	channel->peer_context = baton_load_be16(p + 2);
	channel->peer_item = baton_load_be16(p + 4);
}

static enum baton_err rx_channels(struct baton_delivery *delivery,
				  const struct baton_envelope *envelope)
{
	const uint8_t *p = envelope->body, *other;
	const uint8_t *end = p + envelope->len;
	uint8_t i;

	if (envelope->op != OP_CHANNELS || envelope->channel != 0)
		return BATON_ERR_PEER_FORMAT;
	if (delivery->has_channels)
		return BATON_ERR_PEER_STATE;
	if (envelope->len % CHANNEL_LEN != 0 ||
	    envelope->len > (size_t)BATON_CHANNELS_MAX * CHANNEL_LEN)
		return BATON_ERR_PEER_LENGTH;
	for (; p < end; p += CHANNEL_LEN)
		for (other = envelope->body; other < p && !is_zero(p);
		     other += CHANNEL_LEN)
			if (memcmp(p, other, BATON_APPLICATION_ID_LEN) == 0)
				return BATON_ERR_PEER_FORMAT;
	delivery->has_channels = true;
	for (p = envelope->body; p < end; p += CHANNEL_LEN)
		take_channel(delivery, p);
	for (i = 0; i < delivery->registered; i++) {
		delivery_set_open(delivery, i,
				  delivery->channel[i].peer != NOBODY);
		if (delivery->channel[i].peer == NOBODY &&
		    delivery_channel(delivery, i))
			delivery->news[i] |= NEWS_UNKNOWN;
	}
	return BATON_OK;
}

enum baton_err baton_delivery_rx(struct baton_delivery *delivery,
				 const uint8_t *bytes, size_t len,
				 uint64_t now_ms)
{
	const struct delivery_machine *machine;
	struct baton_envelope envelope;
	enum baton_err err;
	uint8_t handle;
	unsigned int m;

	delivery->now_ms = now_ms;
	if (!delivery->up)
		return BATON_ERR_PEER_STATE;
	err = baton_envelope_decode(&envelope, bytes, len);
	if (err)
		return err;
	if (envelope.mode == BATON_MODE_DELIVERY)
		return rx_channels(delivery, &envelope);
	if (!delivery->has_channels)
		return BATON_ERR_PEER_STATE;
	err = baton_delivery_here(delivery, envelope.channel, &handle);
	if (err)
		return err;
	for (m = 0; m < BATON_MACHINES; m++) {
		if (delivery_machines[m].mode != envelope.mode)
			continue;
		machine = delivery_machine(&delivery->channel[handle], m);
		return machine ? machine->rx(&delivery->channel[handle],
					     envelope.op, envelope.body,
					     envelope.len, now_ms)
			       : BATON_ERR_PEER_UNKNOWN;
	}
	return envelope.mode <= BATON_MODE_HANDOFF ? BATON_ERR_NOT_FOUND
						   : BATON_ERR_PEER_FORMAT;
}

static void put_channel(const struct baton_application *app, uint8_t *p)
{
	memcpy(p, app->id, BATON_APPLICATION_ID_LEN);
	p += BATON_APPLICATION_ID_LEN;
	baton_store_be16(p, app->message_max);
	baton_store_be16(p + 2, app->context_max);
	baton_store_be16(p + 4, app->item_max);
}

static size_t put_channels(struct baton_delivery *delivery, uint8_t *p)
{
	uint8_t i;

	baton_envelope_put(p, BATON_MODE_DELIVERY, OP_CHANNELS, 0);
	p += BATON_ENVELOPE_LEN;
	for (i = 0; i < delivery->registered; i++, p += CHANNEL_LEN) {
		memset(p, 0, CHANNEL_LEN);
		if (delivery_channel(delivery, i))
			put_channel(&delivery->channel[i].application, p);
	}
	delivery->owes_channels = false;
	return BATON_ENVELOPE_LEN + (size_t)delivery->registered * CHANNEL_LEN;
}

/* What it may send by now; a clock that runs backwards gives nothing. */
static void fill(struct baton_channel *channel, uint64_t now_ms)
{
	uint64_t most = channel->application.burst * (uint64_t)ENVELOPE;
	uint64_t more =
		now_ms > channel->filled_ms ? now_ms - channel->filled_ms : 0;

	if (more > most)
		more = most;
	more = channel->level + more * channel->application.rate;
	channel->level = (uint32_t)(more < most ? more : most);
	channel->filled_ms = now_ms;
}

static bool tx_channel(struct baton_delivery *delivery, uint8_t handle,
		       uint8_t *dst, size_t *len, uint64_t now_ms)
{
	struct baton_channel *channel = delivery_channel(delivery, handle);
	const struct delivery_machine *machine;
	unsigned int m;
	uint8_t op;

	if (!channel || !channel->open)
		return false;
	fill(channel, now_ms);
	channel->waits = channel->level < ENVELOPE;
	if (channel->waits)
		return false;
	for (m = 0; m < BATON_MACHINES; m++) {
		machine = delivery_machine(channel, m);
		if (!machine ||
		    !machine->tx(channel, &op, dst + BATON_ENVELOPE_LEN,
				 delivery->room, len, now_ms))
			continue;
		baton_envelope_put(dst, machine->mode, op, handle);
		*len += BATON_ENVELOPE_LEN;
		channel->level -= ENVELOPE;
		return true;
	}
	return false;
}

bool baton_delivery_tx(struct baton_delivery *delivery, uint8_t *dst,
		       size_t cap, size_t *len, uint64_t now_ms)
{
	uint8_t i, handle;

	delivery->now_ms = now_ms;
	if (!delivery->up || cap < BATON_ENVELOPE_LEN + delivery->room)
		return false;
	if (delivery->owes_channels) {
		*len = put_channels(delivery, dst);
		return true;
	}
	for (i = 0; i < delivery->registered; i++) {
		handle = (uint8_t)((delivery->turn + i) % delivery->registered);
		if (!tx_channel(delivery, handle, dst, len, now_ms))
			continue;
		delivery->turn = (uint8_t)(handle + 1);
		return true;
	}
	return false;
}

/* When an application that was kept waiting may send again. */
static uint64_t level_deadline(const struct baton_channel *channel)
{
	uint32_t rate = channel->application.rate;

	if (!channel->waits || !channel->open || channel->level >= ENVELOPE)
		return UINT64_MAX;
	return channel->filled_ms +
	       (ENVELOPE - channel->level + rate - 1) / rate;
}

uint64_t baton_delivery_deadline(const struct baton_delivery *delivery)
{
	const struct delivery_machine *machine;
	const struct baton_channel *channel;
	uint64_t deadline = baton_store_retry(
		delivery->asked, delivery->retry_at_ms, delivery->now_ms);
	uint64_t at;
	unsigned int m;
	uint8_t i;

	for (i = 0; i < delivery->registered; i++) {
		/* It ends where a next write is looked for: that is told. */
		if (delivery->news[i] & NEWS_ERASED)
			return delivery->now_ms;
		channel = delivery_channel(delivery, i);
		if (!channel)
			continue;
		at = level_deadline(channel);
		if (at < deadline)
			deadline = at;
		for (m = 0; m < BATON_MACHINES; m++) {
			machine = delivery_machine(channel, m);
			at = machine ? machine->deadline(channel) : UINT64_MAX;
			if (at < deadline)
				deadline = at;
		}
	}
	return deadline;
}

void baton_delivery_tick(struct baton_delivery *delivery, uint64_t now_ms)
{
	const struct delivery_machine *machine;
	struct baton_channel *channel;
	unsigned int m;
	uint8_t i;

	delivery->now_ms = now_ms;
	for (i = 0; i < delivery->registered; i++) {
		channel = delivery_channel(delivery, i);
		if (!channel)
			continue;
		fill(channel, now_ms);
		for (m = 0; m < BATON_MACHINES; m++) {
			machine = delivery_machine(channel, m);
			if (machine)
				machine->tick(channel, now_ms);
		}
	}
}

static bool own_event(struct baton_delivery *delivery, uint8_t handle,
		      struct baton_delivery_event *event)
{
	static const struct {
		uint8_t bit;
		enum baton_delivery_event_type type;
	} news[] = {
		{NEWS_SHUT, BATON_DELIVERY_SHUT},
		{NEWS_OPEN, BATON_DELIVERY_OPEN},
		{NEWS_UNKNOWN, BATON_DELIVERY_UNKNOWN},
		{NEWS_ERASED, BATON_DELIVERY_ERASED},
	};
	size_t i;

	for (i = 0; i < sizeof(news) / sizeof(news[0]); i++) {
		if (!(delivery->news[handle] & news[i].bit))
			continue;
		delivery->news[handle] &= (uint8_t)~news[i].bit;
		event->type = news[i].type;
		return true;
	}
	return false;
}

static bool channel_event(struct baton_delivery *delivery, uint8_t handle,
			  struct baton_delivery_event *event)
{
	struct baton_channel *channel = delivery_channel(delivery, handle);
	const struct delivery_machine *machine;
	unsigned int m;

	if (own_event(delivery, handle, event))
		return true;
	for (m = 0; channel && m < BATON_MACHINES; m++) {
		machine = delivery_machine(channel, m);
		if (machine && machine->next_event(channel, event))
			return true;
	}
	return false;
}

bool baton_delivery_next_event(struct baton_delivery *delivery,
			       struct baton_delivery_event *event)
{
	uint8_t i, handle;

	for (i = 0; i < delivery->registered; i++) {
		handle = (uint8_t)((delivery->event_turn + i) %
				   delivery->registered);
		if (!channel_event(delivery, handle, event))
			continue;
		event->application = handle;
		delivery->event_turn = (uint8_t)(handle + 1);
		return true;
	}
	return false;
}

struct baton_requests *baton_delivery_requests(struct baton_delivery *delivery,
					       uint8_t handle)
{
	struct baton_channel *channel = delivery_channel(delivery, handle);

	return channel && channel->application.message_max > 0
		       ? &channel->requests
		       : NULL;
}

struct baton_context *baton_delivery_context(struct baton_delivery *delivery,
					     uint8_t handle)
{
	struct baton_channel *channel = delivery_channel(delivery, handle);

	return channel && channel->application.context_max > 0
		       ? &channel->context
		       : NULL;
}

struct baton_queue *baton_delivery_queue(struct baton_delivery *delivery,
					 uint8_t handle)
{
	struct baton_channel *channel = delivery_channel(delivery, handle);

	return channel && channel->application.item_max > 0 ? &channel->queue
							    : NULL;
}

struct baton_files *baton_delivery_files(struct baton_delivery *delivery,
					 uint8_t handle)
{
	struct baton_channel *channel = delivery_channel(delivery, handle);

	return channel ? channel->files : NULL;
}

struct baton_bytestreams *
baton_delivery_streams(struct baton_delivery *delivery, uint8_t handle)
{
	struct baton_channel *channel = delivery_channel(delivery, handle);

	return channel ? channel->streams : NULL;
}

enum baton_err baton_delivery_here(const struct baton_delivery *delivery,
				   uint8_t channel, uint8_t *handle)
{
	if (channel >= delivery->peer_count ||
	    !baton_delivery_is_open(delivery, delivery->handle[channel]))
		return BATON_ERR_PEER_UNKNOWN;
	*handle = delivery->handle[channel];
	return BATON_OK;
}

bool baton_delivery_is_open(const struct baton_delivery *delivery,
			    uint8_t handle)
{
	const struct baton_channel *channel =
		delivery_channel(delivery, handle);

	return channel && channel->open;
}

enum baton_err baton_delivery_find(const struct baton_delivery *delivery,
				   const uint8_t id[BATON_APPLICATION_ID_LEN],
				   uint8_t *handle)
{
	uint8_t i;

	for (i = 0; i < delivery->registered; i++) {
		if (!delivery_channel(delivery, i) ||
		    memcmp(delivery->channel[i].application.id, id,
			   BATON_APPLICATION_ID_LEN) != 0)
			continue;
		*handle = i;
		return BATON_OK;
	}
	return BATON_ERR_NOT_FOUND;
}

const uint8_t *baton_delivery_id(const struct baton_delivery *delivery,
				 uint8_t handle)
{
	const struct baton_channel *channel =
		delivery_channel(delivery, handle);

	return channel ? channel->application.id : NULL;
}

const struct baton_application_keys *
baton_delivery_keys(const struct baton_delivery *delivery, uint8_t handle)
{
	const struct baton_channel *channel =
		delivery_channel(delivery, handle);

	return channel ? &channel->keys : NULL;
}

enum baton_err baton_delivery_live_key(const struct baton_delivery *delivery,
				       uint8_t handle,
				       uint8_t key[BATON_CRYPTO_KEY_LEN])
{
	const struct baton_channel *channel =
		delivery_channel(delivery, handle);

	if (!channel)
		return BATON_ERR_NOT_FOUND;
	if (!delivery->up)
		return BATON_ERR_STATE;
	baton_application_live_key(key, delivery->session,
				   channel->application.id);
	return BATON_OK;
}
