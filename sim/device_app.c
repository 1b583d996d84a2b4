/* SPDX-License-Identifier: MIT */

/* The application on a simulated device: what it sends, takes and checks. */

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/device.h"

#define NONE SIZE_MAX
#define CHUNK 1024
#define ID_LEN 4
#define MARK_EVERY 64
#define MARK_AT 8

uint8_t baton_sim_item_byte(uint32_t item, uint64_t offset)
{
	uint64_t x = offset * 0x9e3779b1u + item * UINT64_C(0x85ebca6b);

	if (offset % MARK_EVERY >= MARK_AT &&
	    offset % MARK_EVERY < MARK_AT + sizeof(BATON_SIM_ITEM_MARK) - 1)
		return (uint8_t)
			BATON_SIM_ITEM_MARK[offset % MARK_EVERY - MARK_AT];
	return (uint8_t)(x >> 13 ^ offset >> 7);
}

static struct baton_session *session(const struct baton_sim_device *device)
{
	return baton_sim_stack_session(device->stack);
}

static uint64_t now_ms(const struct baton_sim_device *device)
{
	return baton_sim_stack_now_ms(device->stack);
}

static bool same_stream(const struct baton_sim_item *item,
			struct baton_stream_id stream)
{
	return item->stream.class_id == stream.class_id &&
	       item->stream.number == stream.number;
}

static size_t *open_at(struct baton_sim_device *device,
		       struct baton_stream_id stream)
{
	return &device->open[stream.class_id - BATON_CLASS_MESSAGE]
			    [stream.number];
}

/* What the engine will number next on a stream. */
static uint64_t next_number(const struct baton_sim_device *device,
			    struct baton_stream_id stream)
{
	return baton_outgoing_stream(
		       &session(device)->outgoing,
		       BATON_STREAM_AT(stream.class_id, stream.number))
		->next;
}

/* The application of a device is gone, and what it knew. */
void baton_sim_app_died(struct baton_sim_device *device)
{
	struct baton_sim_stage *stage = device->stage;
	struct baton_sim_item *item;
	size_t i;
	int c, s;

	for (c = 0; c < BATON_DATA_CLASSES; c++)
		for (s = 0; s < BATON_STREAMS; s++)
			device->open[c][s] = NONE;
	memset(device->newest, 0, sizeof(device->newest));
	for (i = 0; i < stage->item_count; i++) {
		item = &stage->items[i];
		if (item->from != device->side) {
			item->got = 0;
			item->taken = 0;
		} else if (item->state != BATON_SIM_ITEM_DELIVERED) {
			item->state = BATON_SIM_ITEM_REPORTED;
		}
	}
}

static void fill(uint8_t *bytes, size_t len, uint32_t id, uint64_t offset,
		 bool message)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = baton_sim_item_byte(id, offset + i);
	if (message)
		baton_store_be32(bytes, id);
}

/* True if it is in the engine now. */
static bool send_message(struct baton_sim_device *device,
			 struct baton_sim_item *item, uint32_t id)
{
	uint64_t number = next_number(device, item->stream);
	size_t len = (size_t)item->size;
	uint8_t bytes[512];
	enum baton_err err;

	fill(bytes, len, id, 0, true);
	err = baton_session_send(session(device), item->stream, bytes, len, 0,
				 now_ms(device));
	if (err == BATON_ERR_AGAIN || err == BATON_ERR_STATE)
		return false;
	if (err) {
		baton_sim_stage_wrong(device->stage, "send: %s",
				      baton_err_text(err));
		return false;
	}
	item->number = number;
	item->state = BATON_SIM_ITEM_SENT;
	return true;
}

static bool begin_file(struct baton_sim_device *device,
		       struct baton_sim_item *item, uint32_t id)
{
	uint64_t number = next_number(device, item->stream);
	enum baton_err err;

	baton_store_be32(item->meta, id);
	err = baton_session_begin(session(device), item->stream, item->size,
				  item->meta, sizeof(item->meta), 0);
	if (err == BATON_ERR_STATE)
		return false;
	if (err) {
		baton_sim_stage_wrong(device->stage, "begin: %s",
				      baton_err_text(err));
		return false;
	}
	item->number = number;
	item->written = 0;
	item->state = BATON_SIM_ITEM_SENDING;
	return true;
}

static void write_file(struct baton_sim_device *device,
		       struct baton_sim_item *item, uint32_t id)
{
	uint8_t bytes[CHUNK];
	enum baton_err err;
	size_t len, taken;

	while (item->written < item->size) {
		len = sizeof(bytes);
		if (len > item->size - item->written)
			len = (size_t)(item->size - item->written);
		fill(bytes, len, id, item->written, false);
		err = baton_session_write(session(device), item->stream, bytes,
					  len, &taken, now_ms(device));
		item->written += taken;
		/* STATE: refused meanwhile, the event is on its way. */
		if (err && err != BATON_ERR_AGAIN && err != BATON_ERR_STATE)
			baton_sim_stage_wrong(device->stage, "write: %s",
					      baton_err_text(err));
		if (err || taken < len)
			return;
	}
	item->state = BATON_SIM_ITEM_SENT;
}

static bool *full_at(bool full[BATON_DATA_CLASSES][BATON_STREAMS],
		     struct baton_stream_id stream)
{
	return &full[stream.class_id - BATON_CLASS_MESSAGE][stream.number];
}

/*
 * In order, until the engine takes no more; first the files in progress, for
 * nothing overtakes them on their streams.
 */
void baton_sim_app_write(struct baton_sim_device *device)
{
	struct baton_sim_stage *stage = device->stage;
	bool full[BATON_DATA_CLASSES][BATON_STREAMS] = {{false}};
	struct baton_sim_item *item;
	size_t i;

	if (!device->powered || device->paused ||
	    baton_sim_device_asleep(device))
		return;
	for (i = 0; i < stage->item_count; i++) {
		item = &stage->items[i];
		if (item->from != device->side ||
		    item->state != BATON_SIM_ITEM_SENDING)
			continue;
		write_file(device, item, (uint32_t)i);
		*full_at(full, item->stream) = true;
	}
	for (i = 0; i < stage->item_count; i++) {
		item = &stage->items[i];
		if (item->from != device->side ||
		    item->state != BATON_SIM_ITEM_QUEUED ||
		    *full_at(full, item->stream))
			continue;
		if (!item->file) {
			*full_at(full, item->stream) =
				!send_message(device, item, (uint32_t)i);
			continue;
		}
		if (begin_file(device, item, (uint32_t)i))
			write_file(device, item, (uint32_t)i);
		*full_at(full, item->stream) = true;
	}
}

void baton_sim_device_send(struct baton_sim_device *device, bool file,
			   const struct baton_scenario_args *args)
{
	struct baton_sim_stage *stage = device->stage;
	struct baton_sim_item *item;

	/* Meta lives in an item while it is sent: items must not move. */
	if (stage->item_count == BATON_SIM_ITEMS) {
		baton_sim_stage_wrong(stage, "more than %d things are sent",
				      BATON_SIM_ITEMS);
		return;
	}
	item = &stage->items[stage->item_count++];
	memset(item, 0, sizeof(*item));
	snprintf(item->name, sizeof(item->name), "%s", args->name);
	item->from = device->side;
	item->file = file;
	item->size = args->size;
	item->stream.number = args->stream;
	item->stream.class_id = args->class_id ? args->class_id
				: file	       ? BATON_CLASS_BULK
					       : BATON_CLASS_MESSAGE;
	stage->changed = true;
	if (baton_sim_device_asleep(device))
		return;
	baton_sim_app_write(device);
	baton_sim_stack_kick(device->stack);
}

void baton_sim_device_cancel(struct baton_sim_device *device, const char *name)
{
	struct baton_sim_stage *stage = device->stage;
	struct baton_sim_item *item;
	size_t i;

	if (baton_sim_device_asleep(device))
		return;
	for (i = 0; i < stage->item_count; i++) {
		item = &stage->items[i];
		if (item->from != device->side || strcmp(item->name, name) != 0)
			continue;
		if (item->state == BATON_SIM_ITEM_QUEUED ||
		    (item->state == BATON_SIM_ITEM_SENDING &&
		     !baton_session_cancel(session(device), item->stream,
					   BATON_REASON_PERSON)))
			item->state = BATON_SIM_ITEM_REPORTED;
	}
	stage->changed = true;
	baton_sim_app_write(device);
	baton_sim_stack_kick(device->stack);
}

/* Receiving. */

static struct baton_sim_item *incoming(struct baton_sim_device *device,
				       uint32_t id,
				       const struct baton_event *event)
{
	struct baton_sim_stage *stage = device->stage;

	if (id >= stage->item_count || stage->items[id].from == device->side ||
	    !same_stream(&stage->items[id], event->stream)) {
		baton_sim_stage_wrong(stage,
				      "wrong data: something nobody sent");
		return NULL;
	}
	return &stage->items[id];
}

static void got(struct baton_sim_device *device, struct baton_sim_item *item)
{
	size_t *newest =
		&device->newest[item->stream.class_id - BATON_CLASS_MESSAGE]
			       [item->stream.number];
	size_t at = (size_t)(item - device->stage->items) + 1;

	item->ever_got = true;
	if (++item->got > 1)
		baton_sim_stage_wrong(device->stage, "%s arrived twice",
				      item->name);
	/* What was lost is sent again behind what was given meanwhile. */
	if (at < *newest && !item->lost)
		baton_sim_stage_wrong(device->stage,
				      "%s arrived after what follows it",
				      item->name);
	if (at > *newest)
		*newest = at;
}

static void check_bytes(struct baton_sim_device *device,
			const struct baton_sim_item *item, uint64_t offset,
			const uint8_t *bytes, size_t len)
{
	uint32_t id = (uint32_t)(item - device->stage->items);
	size_t i;

	for (i = 0; i < len; i++)
		if (bytes[i] != baton_sim_item_byte(id, offset + i)) {
			baton_sim_stage_wrong(
				device->stage, "wrong data: byte %llu of %s",
				(unsigned long long)(offset + i), item->name);
			return;
		}
}

static void take_message(struct baton_sim_device *device,
			 const struct baton_event *event)
{
	struct baton_sim_item *item;

	if (event->u.message.len < ID_LEN) {
		baton_sim_stage_wrong(device->stage,
				      "wrong data: a message that is cut");
		return;
	}
	item = incoming(device, baton_load_be32(event->u.message.bytes), event);
	if (!item)
		return;
	if (item->file || item->size != event->u.message.len)
		baton_sim_stage_wrong(device->stage,
				      "wrong data: %s has %zu bytes",
				      item->name, event->u.message.len);
	check_bytes(device, item, ID_LEN, event->u.message.bytes + ID_LEN,
		    event->u.message.len - ID_LEN);
	got(device, item);
}

static void take_begin(struct baton_sim_device *device,
		       const struct baton_event *event)
{
	size_t *open = open_at(device, event->stream);
	struct baton_sim_item *item;

	if (*open != NONE || event->u.message.meta_len != ID_LEN) {
		baton_sim_stage_wrong(device->stage,
				      "a file begins within another, or with "
				      "wrong meta");
		return;
	}
	item = incoming(device, baton_load_be32(event->u.message.meta), event);
	if (!item)
		return;
	if (!item->file || event->u.message.total != item->size)
		baton_sim_stage_wrong(device->stage, "wrong total of %s",
				      item->name);
	item->taken = 0;
	if (device->refuses_next &&
	    !baton_session_refuse(session(device), event->stream,
				  BATON_REASON_PERSON)) {
		device->refuses_next = false;
		return;
	}
	*open = (size_t)(item - device->stage->items);
}

static struct baton_sim_item *open_item(struct baton_sim_device *device,
					const struct baton_event *event)
{
	size_t open = *open_at(device, event->stream);

	if (open == NONE) {
		baton_sim_stage_wrong(device->stage,
				      "bytes of a file that has not begun");
		return NULL;
	}
	return &device->stage->items[open];
}

static void take_data(struct baton_sim_device *device,
		      const struct baton_event *event)
{
	struct baton_sim_item *item = open_item(device, event);

	if (!item)
		return;
	if (event->u.message.offset != item->taken)
		baton_sim_stage_wrong(
			device->stage,
			"wrong data: %s goes on at %llu, not %llu", item->name,
			(unsigned long long)event->u.message.offset,
			(unsigned long long)item->taken);
	check_bytes(device, item, item->taken, event->u.message.bytes,
		    event->u.message.len);
	item->taken += event->u.message.len;
}

static void take_end(struct baton_sim_device *device,
		     const struct baton_event *event)
{
	struct baton_sim_item *item = open_item(device, event);

	if (!item)
		return;
	*open_at(device, event->stream) = NONE;
	if (item->taken != item->size)
		baton_sim_stage_wrong(
			device->stage, "wrong data: %s ends after %llu bytes",
			item->name, (unsigned long long)item->taken);
	got(device, item);
}

/* What the sender is told. */

static void told_delivered(struct baton_sim_device *device,
			   const struct baton_event *event)
{
	struct baton_sim_stage *stage = device->stage;
	struct baton_sim_item *item;
	size_t i;

	for (i = 0; i < stage->item_count; i++) {
		item = &stage->items[i];
		if (item->from != device->side ||
		    item->state != BATON_SIM_ITEM_SENT ||
		    !same_stream(item, event->stream) ||
		    item->number >= event->u.sent.message)
			continue;
		item->state = BATON_SIM_ITEM_DELIVERED;
		if (!item->ever_got)
			baton_sim_stage_wrong(
				stage, "%s is said to be delivered, and is not",
				item->name);
	}
}

static void told_lost(struct baton_sim_device *device,
		      const struct baton_event *event)
{
	struct baton_sim_stage *stage = device->stage;
	struct baton_sim_item *item;
	size_t i;

	for (i = 0; i < stage->item_count; i++) {
		item = &stage->items[i];
		if (item->from == device->side && !item->file &&
		    item->state == BATON_SIM_ITEM_SENT &&
		    same_stream(item, event->stream) &&
		    item->number >= event->u.sent.message) {
			item->state = BATON_SIM_ITEM_QUEUED;
			item->lost = true;
		}
	}
}

/* The file in progress on a stream. */
static struct baton_sim_item *outgoing(struct baton_sim_device *device,
				       const struct baton_event *event)
{
	struct baton_sim_stage *stage = device->stage;
	struct baton_sim_item *item;
	size_t i;

	for (i = 0; i < stage->item_count; i++) {
		item = &stage->items[i];
		if (item->from == device->side && item->file &&
		    same_stream(item, event->stream) &&
		    (item->state == BATON_SIM_ITEM_SENDING ||
		     item->state == BATON_SIM_ITEM_SENT))
			return item;
	}
	return NULL;
}

static void told_rewind(struct baton_sim_device *device,
			const struct baton_event *event)
{
	struct baton_sim_item *item = outgoing(device, event);

	if (!item || event->u.sent.offset > item->written) {
		baton_sim_stage_wrong(device->stage,
				      "a rewind of what was not sent");
		return;
	}
	item->state = BATON_SIM_ITEM_SENDING;
	item->written = event->u.sent.offset;
	item->number = event->u.sent.message;
}

static void told_refused(struct baton_sim_device *device,
			 const struct baton_event *event)
{
	struct baton_sim_item *item = outgoing(device, event);

	if (item)
		item->state = BATON_SIM_ITEM_REPORTED;
}

/*
 * Under a new bond numbers begin anew (session/SPEC.md 4): what was taken under
 * the last one, and not told yet, comes again.
 */
static void forget_taken(struct baton_sim_device *device)
{
	struct baton_sim_stage *stage = device->stage;
	size_t i;

	memset(device->newest, 0, sizeof(device->newest));
	for (i = 0; i < stage->item_count; i++)
		if (stage->items[i].from != device->side)
			stage->items[i].got = 0;
}

void baton_sim_app_event(struct baton_sim_device *device,
			 const struct baton_event *event)
{
	switch (event->type) {
	case BATON_EVENT_MESSAGE:
		take_message(device, event);
		return;
	case BATON_EVENT_BEGIN:
		take_begin(device, event);
		return;
	case BATON_EVENT_DATA:
		take_data(device, event);
		return;
	case BATON_EVENT_END:
		take_end(device, event);
		return;
	case BATON_EVENT_ABORTED:
		*open_at(device, event->stream) = NONE;
		return;
	case BATON_EVENT_LOST:
		told_lost(device, event);
		break;
	case BATON_EVENT_REWIND:
		told_rewind(device, event);
		break;
	case BATON_EVENT_REFUSED:
		told_refused(device, event);
		break;
	case BATON_EVENT_DELIVERED:
		told_delivered(device, event);
		break;
	case BATON_EVENT_SECURED:
	case BATON_EVENT_WRITABLE:
		break;
	case BATON_EVENT_PAIRED:
		forget_taken(device);
		return;
	case BATON_EVENT_LINK_CLOSE:
	case BATON_EVENT_COMPARE:
	case BATON_EVENT_SHOW_CODE:
	case BATON_EVENT_TYPE_CODE:
	case BATON_EVENT_SHOW_SECRET:
	case BATON_EVENT_TAKE_SECRET:
	case BATON_EVENT_PAIR_FAILED:
	case BATON_EVENT_FRAME:
	case BATON_EVENT_REVOKED:
	case BATON_EVENT_ROLLED_BACK:
		return;
	}
	baton_sim_app_write(device);
}
