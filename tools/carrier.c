/* SPDX-License-Identifier: MIT */
#include "tools/carrier.h"

#include <string.h>

#define CHANNEL 0

static const struct baton_stream_id envelopes = {BATON_CLASS_MESSAGE,
						 BATON_ENVELOPE_STREAM};

void baton_carrier_init(struct baton_carrier *carrier,
			struct baton_session *session,
			void (*told)(void *user,
				     const struct baton_file_event *event),
			void *user)
{
	const struct baton_file_limits limits = {BATON_FILE_MAX,
						 BATON_FILE_MAX};

	memset(carrier, 0, sizeof(*carrier));
	carrier->session = session;
	carrier->told = told;
	carrier->user = user;
	carrier->member.files = &carrier->files;
	baton_bulk_init(&carrier->bulk, session);
	/* It cannot fail: there are places. */
	(void)!baton_files_init(&carrier->files, &carrier->bulk,
				&carrier->member, &carrier->out, 1,
				&carrier->in, 1, &limits);
}

static void set_link(struct baton_carrier *carrier, bool up, uint64_t now_ms)
{
	carrier->up = up;
	carrier->held_len = 0;
	if (!up)
		baton_files_link(&carrier->files, false, 0, now_ms);
	baton_bulk_link(&carrier->bulk, up ? &carrier->member : NULL, up,
			BATON_BULK_CHUNK_MAX);
	if (up && !baton_bulk_map(&carrier->bulk, 0, CHANNEL))
		baton_files_link(&carrier->files, true, BATON_ENVELOPE_ROOM_MIN,
				 now_ms);
}

void baton_carrier_down(struct baton_carrier *carrier, uint64_t now_ms)
{
	set_link(carrier, false, now_ms);
	baton_carrier_pump(carrier, now_ms);
}

static void take_envelope(struct baton_carrier *carrier,
			  const struct baton_event *event, uint64_t now_ms)
{
	struct baton_envelope envelope;

	if (!baton_envelope_decode(&envelope, event->u.message.bytes,
				   event->u.message.len) &&
	    envelope.mode == BATON_MODE_FILE && envelope.channel == CHANNEL)
		(void)baton_files_rx(&carrier->files, envelope.op,
				     envelope.body, envelope.len, now_ms);
}

static bool tell(struct baton_carrier *carrier)
{
	struct baton_file_event event;

	if (!baton_files_next_event(&carrier->files, &event))
		return false;
	carrier->told(carrier->user, &event);
	return true;
}

/* Nothing is stored: it is durable at once. */
static bool store(struct baton_carrier *carrier, uint64_t now_ms)
{
	struct baton_store_op op;

	if (!baton_files_next_store_op(&carrier->files, &op))
		return false;
	baton_files_stored(&carrier->files, op.id, BATON_OK, now_ms);
	return true;
}

static bool post(struct baton_carrier *carrier, uint64_t now_ms)
{
	size_t len;
	uint8_t op;

	if (!carrier->up)
		return false;
	if (!carrier->held_len) {
		if (!baton_files_tx(&carrier->files, &op,
				    carrier->held + BATON_ENVELOPE_LEN,
				    BATON_ENVELOPE_ROOM_MIN, &len, now_ms))
			return false;
		baton_envelope_put(carrier->held, BATON_MODE_FILE, op, CHANNEL);
		carrier->held_len = BATON_ENVELOPE_LEN + len;
	}
	if (baton_session_send(carrier->session, envelopes, carrier->held,
			       carrier->held_len, 0, now_ms))
		return false;
	carrier->held_len = 0;
	return true;
}

bool baton_carrier_pump(struct baton_carrier *carrier, uint64_t now_ms)
{
	bool more = false;

	while (tell(carrier) || store(carrier, now_ms) || post(carrier, now_ms))
		more = true;
	return more;
}

void baton_carrier_event(struct baton_carrier *carrier,
			 const struct baton_event *event, uint64_t now_ms)
{
	if (event->type == BATON_EVENT_SECURED)
		set_link(carrier, true, now_ms);
	else if (event->stream.class_id == BATON_CLASS_BULK)
		(void)baton_bulk_event(&carrier->bulk, event, now_ms);
	else if (event->type == BATON_EVENT_MESSAGE)
		take_envelope(carrier, event, now_ms);
	baton_carrier_pump(carrier, now_ms);
}
