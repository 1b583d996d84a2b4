/* SPDX-License-Identifier: MIT */
#include "tests/support/courier.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/pair.h"

static void must(enum baton_err err)
{
	if (err)
		abort();
}

void courier_init(struct courier *courier, struct duo *duo)
{
	memset(courier, 0, sizeof(*courier));
	courier->duo = duo;
	courier->sync_pm = 300;
}

bool courier_chance(struct courier *courier, unsigned int per_mille)
{
	return per_mille > 0 && duo_random(courier->duo) % 1000 < per_mille;
}

uint8_t courier_byte(const struct courier_file *file, uint64_t at)
{
	return (uint8_t)(pair_pattern(at) ^ file->id[at % BATON_FILE_ID_LEN]);
}

static struct baton_files *files_of(struct courier *courier,
				    enum baton_role role, uint8_t app)
{
	return baton_endpoint_files(&courier->duo->end[role].endpoint, 0, app);
}

static struct baton_files *from(struct courier *courier,
				const struct courier_file *file)
{
	return files_of(courier, file->from, file->app);
}

static enum baton_role receiver(const struct courier_file *file)
{
	return file->from == BATON_WATCH ? BATON_PHONE : BATON_WATCH;
}

static struct baton_files *to(struct courier *courier,
			      const struct courier_file *file)
{
	return files_of(courier, receiver(file), file->app);
}

static struct courier_file *find(struct courier *courier, const uint8_t *id)
{
	size_t i;

	for (i = 0; i < courier->files; i++)
		if (!memcmp(courier->file[i].id, id, BATON_FILE_ID_LEN))
			return &courier->file[i];
	abort();
}

/* ---- Files ---- */

struct courier_file *courier_send(struct courier *courier, enum baton_role role,
				  uint8_t app, uint64_t total)
{
	struct courier_file *file = &courier->file[courier->files];
	size_t i;

	if (courier->files == COURIER_FILES)
		return NULL;
	memset(file, 0, sizeof(*file));
	for (i = 0; i < BATON_FILE_ID_LEN; i++)
		file->id[i] = (uint8_t)duo_random(courier->duo);
	file->total = total;
	file->from = role;
	file->app = app;
	if (baton_files_send(from(courier, file), file->id, total,
			     (const uint8_t *)COURIER_META,
			     strlen(COURIER_META), file->id, 2))
		return NULL;
	courier->files++;
	return file;
}

void courier_cancel(struct courier *courier, struct courier_file *file)
{
	/* It has come to an end, or was given up before. */
	if (baton_files_cancel(from(courier, file), file->id,
			       BATON_REASON_PERSON))
		return;
	file->cancels = true;
}

static void erase_part(struct courier_file *file)
{
	file->part = false;
	file->synced = 0;
	file->written = 0;
}

void courier_accept(struct courier *courier, struct courier_file *file,
		    uint64_t kept)
{
	uint64_t at = file->synced < kept ? file->synced : kept;

	if (courier_chance(courier, courier->refuse_pm)) {
		erase_part(file);
		must(baton_files_refuse(to(courier, file), file->id,
					BATON_REASON_PERSON));
		return;
	}
	file->part = true;
	file->written = at;
	file->synced = at;
	must(baton_files_accept(to(courier, file), file->id, at));
}

static void take_data(struct courier *courier, struct courier_file *file,
		      const struct baton_file_event *event)
{
	size_t i;

	file->bad |= !file->part || event->offset != file->written ||
		     event->offset + event->len > file->total;
	for (i = 0; i < event->len; i++)
		file->bad |= event->bytes[i] !=
			     courier_byte(file, file->written + i);
	file->written += event->len;
	courier->received[receiver(file)][file->app] += event->len;
	if (file->written < file->total &&
	    !courier_chance(courier, courier->sync_pm))
		return;
	file->synced = file->written;
	must(baton_files_kept(to(courier, file), file->id, file->synced));
}

static void supply(struct courier *courier, struct courier_file *file,
		   uint64_t at)
{
	uint8_t bytes[3000];
	enum baton_err err = BATON_OK;
	size_t i, n, taken = 1;

	while (!err && taken > 0 && at < file->total) {
		n = 1 + (size_t)(duo_random(courier->duo) % sizeof(bytes));
		if (n > file->total - at)
			n = (size_t)(file->total - at);
		for (i = 0; i < n; i++)
			bytes[i] = courier_byte(file, at + i);
		err = baton_files_write(from(courier, file), file->id, bytes, n,
					&taken,
					duo_clock(courier->duo, file->from));
		at += taken;
		courier->supplied[file->from][file->app] += taken;
	}
	if (err && err != BATON_ERR_AGAIN)
		abort();
}

static void take_end(struct courier_file *file,
		     const struct baton_file_event *event)
{
	bool well = event->type == BATON_FILE_DELIVERED;

	file->changed |= file->told_end && file->ended_well != well;
	file->told_end = true;
	file->ended_well = well;
	file->by_peer = event->by_peer;
	file->reason = event->reason;
	file->end = true;
}

static void file_event(struct courier *courier,
		       const struct baton_file_event *event)
{
	struct courier_file *file;

	file = find(courier, event->id);
	file->bad |= event->total != file->total ||
		     event->meta_len != strlen(COURIER_META) ||
		     memcmp(event->meta, COURIER_META, event->meta_len) != 0;
	switch (event->type) {
	case BATON_FILE_PENDING:
		file->bad |= event->local_len != 2 ||
			     memcmp(event->local, file->id, 2) != 0;
		file->stored = true;
		break;
	case BATON_FILE_STORED:
		file->stored = true;
		break;
	case BATON_FILE_SUPPLY:
		supply(courier, file, event->offset);
		break;
	case BATON_FILE_PROGRESS:
		file->progress = event->offset;
		break;
	case BATON_FILE_DELIVERED:
	case BATON_FILE_FAILED:
		take_end(file, event);
		break;
	case BATON_FILE_OFFERED:
		file->offered = true;
		if (!courier->asks)
			courier_accept(courier, file, 0);
		break;
	case BATON_FILE_RESUMED:
		file->resumed++;
		file->resumed_at = event->offset;
		courier_accept(courier, file, event->offset);
		break;
	case BATON_FILE_DATA:
		take_data(courier, file, event);
		break;
	case BATON_FILE_COMPLETE:
		file->complete = true;
		break;
	case BATON_FILE_CANCELLED:
		file->cancelled = true;
		break;
	case BATON_FILE_STORE_FAILED:
		abort();
	}
}

/* Its refusal was not durable when the power went; the part was erased. */
static bool is_gone(const struct courier_file *file)
{
	return !file->part && file->renamed == 0 && file->total > 0;
}

static void answer_receiver(struct courier *courier, struct courier_file *file)
{
	struct baton_files *files = to(courier, file);

	if (file->complete && is_gone(file)) {
		must(baton_files_refuse(files, file->id,
					BATON_REASON_INTERNAL));
		file->complete = false;
	}
	if (file->complete) {
		/* The power may go between the two. */
		file->bad |= file->part && file->synced != file->total;
		file->renamed +=
			file->part || (file->total == 0 && file->renamed == 0);
		file->part = false;
		if (courier_chance(courier, courier->slow_pm))
			return;
		file->complete = baton_files_done(files, file->id, false) != 0;
	}
	if (file->cancelled) {
		erase_part(file);
		file->cancelled = baton_files_done(files, file->id, false) != 0;
	}
}

void courier_act(struct courier *courier)
{
	struct courier_file *file;
	size_t i;

	for (i = 0; i < courier->files; i++) {
		file = &courier->file[i];
		if (courier_chance(courier, courier->slow_pm))
			continue;
		answer_receiver(courier, file);
		if (!file->end ||
		    baton_files_done(from(courier, file), file->id, true))
			continue;
		file->end = false;
	}
	for (i = 0; i < COURIER_APPS; i++) {
		courier_read(courier, BATON_WATCH, (uint8_t)i);
		courier_read(courier, BATON_PHONE, (uint8_t)i);
	}
}

static bool knows(struct courier *courier, const struct courier_file *file)
{
	struct baton_file_info info;
	size_t i;

	for (i = 0; !baton_files_info(from(courier, file), i, &info); i++)
		if (info.outgoing &&
		    !memcmp(info.id, file->id, BATON_FILE_ID_LEN))
			return true;
	return false;
}

void courier_start(struct courier *courier, enum baton_role role)
{
	struct courier_file *file;
	size_t i;

	for (i = 0; i < courier->files; i++) {
		file = &courier->file[i];
		if (file->from == role) {
			/* It was never durable: it was never sent. */
			file->lost = !file->stored && !knows(courier, file);
			file->end = false;
			continue;
		}
		/* What was not synced may be there or not. */
		file->written = file->synced;
		/* An acceptance that was not durable leaves no bytes. */
		file->part &= file->synced > 0;
		file->complete = false;
		file->cancelled = false;
	}
	for (i = 0; i < COURIER_APPS; i++)
		courier->stream[i].here[role] = false;
}

void courier_revoked(struct courier *courier, enum baton_role role)
{
	size_t i;

	for (i = 0; i < courier->files; i++) {
		if (receiver(&courier->file[i]) == role)
			erase_part(&courier->file[i]);
		courier->file[i].complete = false;
		courier->file[i].cancelled = false;
		courier->file[i].end = false;
	}
}

bool courier_is_done(const struct courier *courier)
{
	const struct courier_file *file;
	size_t i;

	for (i = 0; i < courier->files; i++) {
		file = &courier->file[i];
		if (file->complete || file->cancelled || file->end ||
		    (!file->told_end && !file->lost))
			return false;
	}
	return true;
}

bool courier_is_right(const struct courier *courier)
{
	const struct courier_file *file;
	size_t i;

	for (i = 0; i < courier->files; i++) {
		file = &courier->file[i];
		if (file->bad || file->changed || file->renamed > 1 ||
		    (file->told_end &&
		     file->ended_well != (file->renamed == 1)))
			return false;
	}
	for (i = 0; i < COURIER_APPS; i++)
		if (courier->stream[i].bad)
			return false;
	return true;
}

/* ---- Streams ---- */

static struct baton_bytestreams *streams_of(struct courier *courier,
					    enum baton_role role, uint8_t app)
{
	return baton_endpoint_streams(&courier->duo->end[role].endpoint, 0,
				      app);
}

static uint8_t stream_byte(const struct courier_stream *stream,
			   enum baton_role from_role, uint64_t at)
{
	return (uint8_t)(pair_pattern(at + (uint64_t)from_role * 1000) ^
			 stream->id[0]);
}

void courier_open(struct courier *courier, uint8_t app)
{
	struct courier_stream *stream = &courier->stream[app];
	struct courier_stream new = {.here = {true}};
	size_t i;

	if (stream->here[BATON_WATCH])
		return;
	for (i = 0; i < sizeof(new.id); i++)
		new.id[i] = (uint8_t)duo_random(courier->duo);
	if (baton_bytestreams_open(streams_of(courier, BATON_WATCH, app),
				   new.id, NULL, 0))
		return;
	new.bad = stream->bad;
	*stream = new;
}

size_t courier_write(struct courier *courier, enum baton_role role, uint8_t app,
		     size_t len)
{
	struct courier_stream *stream = &courier->stream[app];
	uint8_t bytes[512];
	size_t i, taken;

	if (!stream->here[role] || stream->finished[role])
		return 0;
	if (len > sizeof(bytes))
		len = sizeof(bytes);
	for (i = 0; i < len; i++)
		bytes[i] = stream_byte(stream, role, stream->written[role] + i);
	if (baton_bytestreams_write(streams_of(courier, role, app), stream->id,
				    bytes, len, &taken))
		return 0;
	stream->written[role] += taken;
	return taken;
}

void courier_read(struct courier *courier, enum baton_role role, uint8_t app)
{
	struct courier_stream *stream = &courier->stream[app];
	enum baton_role other = role ? BATON_WATCH : BATON_PHONE;
	uint8_t bytes[100];
	size_t i, len;

	if (!stream->here[role])
		return;
	while (!baton_bytestreams_read(streams_of(courier, role, app),
				       stream->id, bytes, sizeof(bytes),
				       &len)) {
		for (i = 0; i < len; i++)
			stream->bad |=
				bytes[i] != stream_byte(stream, other,
							stream->read[role] + i);
		stream->read[role] += len;
		courier->streamed += len;
	}
}

void courier_finish(struct courier *courier, enum baton_role role, uint8_t app)
{
	struct courier_stream *stream = &courier->stream[app];

	if (stream->here[role] && !stream->finished[role])
		stream->finished[role] = !baton_bytestreams_finish(
			streams_of(courier, role, app), stream->id);
}

static void stream_event(struct courier *courier, enum baton_role role,
			 uint8_t app,
			 const struct baton_bytestream_event *event)
{
	struct courier_stream *stream = &courier->stream[app];
	struct baton_bytestreams *streams = streams_of(courier, role, app);
	bool mine = !memcmp(event->id, stream->id, sizeof(stream->id));

	switch (event->type) {
	case BATON_BYTESTREAM_OFFERED:
		/* One that the opener has lost since. */
		if (!mine)
			must(baton_bytestreams_reset(streams, event->id, 0));
		else
			must(baton_bytestreams_accept(streams, event->id));
		if (!mine)
			break;
		/* An earlier process of it may have begun, and told nobody. */
		stream->here[role] = true;
		stream->written[role] = stream->read[role] = 0;
		stream->finished[role] = false;
		break;
	case BATON_BYTESTREAM_IS_CLOSED:
		stream->closed[role] |= mine;
		break;
	case BATON_BYTESTREAM_IS_BROKEN:
		courier->broken += mine;
		stream->here[role] &= !mine;
		break;
	case BATON_BYTESTREAM_OPENED:
	case BATON_BYTESTREAM_READABLE:
	case BATON_BYTESTREAM_WRITABLE:
	case BATON_BYTESTREAM_ENDED:
		break;
	}
}

bool courier_event(struct courier *courier, enum baton_role role,
		   const struct baton_endpoint_event *event)
{
	if (event->type == BATON_ENDPOINT_FILE)
		file_event(courier, &event->u.file);
	else if (event->type == BATON_ENDPOINT_STREAM)
		stream_event(courier, role, event->application,
			     &event->u.stream);
	else
		return false;
	return true;
}
