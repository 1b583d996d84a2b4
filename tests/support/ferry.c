/* SPDX-License-Identifier: MIT */
#include "tests/support/ferry.h"

#include <stdlib.h>
#include <string.h>

#include "transport/timing.h"

#define FILE_MODE 4
#define STREAM_MODE 5

uint64_t ferry_random(struct ferry *ferry)
{
	uint64_t z = (ferry->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

bool ferry_chance(struct ferry *ferry, unsigned int per_mille)
{
	return per_mille > 0 && ferry_random(ferry) % 1000 < per_mille;
}

uint8_t ferry_byte(const struct ferry_file *file, uint64_t at)
{
	uint8_t news = pair_pattern(at) ^ file->id[at % BATON_FILE_ID_LEN];

	return (uint8_t)('A' + news % 32);
}

/* The channel of an application at a device. */
static size_t channel_of(enum baton_role role, size_t app)
{
	return role == BATON_WATCH ? app : FERRY_APPS - 1 - app;
}

static struct ferry_file *find(struct ferry *ferry, const uint8_t *id)
{
	size_t i;

	for (i = 0; i < ferry->files; i++)
		if (!memcmp(ferry->file[i].id, id, BATON_FILE_ID_LEN))
			return &ferry->file[i];
	abort();
}

struct ferry_app *ferry_from(struct ferry *ferry, const struct ferry_file *file)
{
	return &ferry->node[file->from].app[file->app];
}

struct ferry_app *ferry_to(struct ferry *ferry, const struct ferry_file *file)
{
	return &ferry->node[!file->from].app[file->app];
}

static void must(enum baton_err err)
{
	if (err)
		abort();
}

/* ---- What the applications do ---- */

static void erase_part(struct ferry_file *file)
{
	file->part = false;
	file->synced = 0;
	file->written = 0;
}

static void answer(struct ferry *ferry, struct ferry_app *app,
		   struct ferry_file *file, uint64_t kept)
{
	uint64_t from = file->synced < kept ? file->synced : kept;

	if (ferry_chance(ferry, ferry->refuse_pm)) {
		erase_part(file);
		must(baton_files_refuse(&app->files, file->id,
					BATON_REASON_PERSON));
		return;
	}
	file->part = true;
	file->written = from;
	file->synced = from;
	must(baton_files_accept(&app->files, file->id, from));
}

static void take_data(struct ferry *ferry, struct ferry_app *app,
		      struct ferry_file *file,
		      const struct baton_file_event *event)
{
	size_t i;

	file->data_after_end |= file->renamed > 0 || !file->part;
	file->bad |= event->offset != file->written ||
		     event->offset + event->len > file->total;
	for (i = 0; i < event->len; i++)
		file->bad |=
			event->bytes[i] != ferry_byte(file, event->offset + i);
	file->written += event->len;
	app->received += event->len;
	if (file->written < file->total && !ferry_chance(ferry, ferry->sync_pm))
		return;
	file->synced = file->written;
	if (file->synced > file->most)
		file->most = file->synced;
	must(baton_files_kept(&app->files, file->id, file->synced));
}

/* Its refusal was not durable when the power went; the part was erased. */
static bool is_gone(const struct ferry_file *file)
{
	return !file->part && file->renamed == 0 && file->total > 0;
}

static void give_name(struct ferry_file *file)
{
	file->bad |= file->part && file->synced != file->total;
	if (file->part || (file->total == 0 && file->renamed == 0))
		file->renamed++;
	file->part = false;
}

static void supply(struct ferry *ferry, struct ferry_app *app,
		   struct ferry_file *file, uint64_t at)
{
	uint8_t bytes[3000];
	enum baton_err err = BATON_OK;
	size_t i, n, taken = 1;

	while (!app->lazy && !err && taken > 0 && at < file->total) {
		n = 1 + (size_t)(ferry_random(ferry) % sizeof(bytes));
		if (n > file->total - at)
			n = (size_t)(file->total - at);
		for (i = 0; i < n; i++)
			bytes[i] = ferry_byte(file, at + i);
		err = baton_files_write(&app->files, file->id, bytes, n, &taken,
					ferry->pair.now_ms);
		at += taken;
		app->supplied += taken;
	}
	if (err && err != BATON_ERR_AGAIN)
		abort();
}

static void sender_event(struct ferry *ferry, struct ferry_app *app,
			 struct ferry_file *file,
			 const struct baton_file_event *event)
{
	if (event->type == BATON_FILE_SUPPLY)
		supply(ferry, app, file, event->offset);
	if (event->type == BATON_FILE_STORED)
		file->stored = true;
	if (event->type == BATON_FILE_PROGRESS) {
		file->progress = event->offset;
		file->ahead |= event->offset > file->most;
	}
	if (event->type != BATON_FILE_DELIVERED &&
	    event->type != BATON_FILE_FAILED)
		return;
	file->changed |=
		file->told_end &&
		file->ended_well != (event->type == BATON_FILE_DELIVERED);
	file->told_end = true;
	file->ended_well = event->type == BATON_FILE_DELIVERED;
	file->delivered += file->ended_well;
	file->failed += !file->ended_well;
	file->by_peer = event->by_peer;
	file->reason = event->reason;
}

static void receiver_event(struct ferry *ferry, struct ferry_app *app,
			   struct ferry_file *file,
			   const struct baton_file_event *event)
{
	switch (event->type) {
	case BATON_FILE_OFFERED:
		file->offered = true;
		if (!ferry->asks)
			answer(ferry, app, file, 0);
		break;
	case BATON_FILE_RESUMED:
		file->resumed = true;
		file->ahead |= event->offset > file->most;
		answer(ferry, app, file, event->offset);
		break;
	case BATON_FILE_DATA:
		take_data(ferry, app, file, event);
		break;
	case BATON_FILE_COMPLETE:
		file->complete = true;
		break;
	case BATON_FILE_CANCELLED:
		file->cancelled = true;
		file->reason = event->reason;
		break;
	case BATON_FILE_PENDING:
	case BATON_FILE_STORED:
	case BATON_FILE_SUPPLY:
	case BATON_FILE_PROGRESS:
	case BATON_FILE_DELIVERED:
	case BATON_FILE_FAILED:
	case BATON_FILE_STORE_FAILED:
		break;
	}
}

static bool drain(struct ferry_node *node)
{
	struct ferry *ferry = node->ferry;
	enum baton_role role = (enum baton_role)(node - ferry->node);
	struct baton_bytestream_event stream_event;
	struct baton_file_event event;
	struct ferry_app *app;
	bool busy = false;
	size_t i;

	for (i = 0; i < FERRY_APPS; i++) {
		app = &node->app[i];
		while (!app->absent &&
		       baton_files_next_event(&app->files, &event)) {
			busy = true;
			if (event.type == BATON_FILE_STORE_FAILED)
				continue;
			if (event.outgoing)
				sender_event(ferry, app, find(ferry, event.id),
					     &event);
			else
				receiver_event(ferry, app,
					       find(ferry, event.id), &event);
		}
		while (!app->absent && baton_bytestreams_next_event(
					       &app->streams, &stream_event)) {
			busy = true;
			ferry->stream_events[role][stream_event.type]++;
			ferry->last_stream[role] = stream_event;
		}
	}
	return busy;
}

/* Answers that may wait: done, a name, a cancel. */
static void act(struct ferry *ferry)
{
	struct ferry_file *file;
	size_t i;

	for (i = 0; i < ferry->files; i++) {
		file = &ferry->file[i];
		if (ferry_chance(ferry, ferry->slow_pm))
			continue;
		if (file->complete && is_gone(file) &&
		    !baton_files_refuse(&ferry_to(ferry, file)->files, file->id,
					BATON_REASON_INTERNAL))
			file->complete = false;
		if (file->complete) {
			/* The power may go between the two. */
			give_name(file);
			if (ferry_chance(ferry, ferry->slow_pm))
				continue;
			if (!baton_files_done(&ferry_to(ferry, file)->files,
					      file->id, false))
				file->complete = false;
		}
		if (file->cancelled) {
			erase_part(file);
			if (!baton_files_done(&ferry_to(ferry, file)->files,
					      file->id, false))
				file->cancelled = false;
		}
		if (file->delivered + file->failed > 0 &&
		    !baton_files_done(&ferry_from(ferry, file)->files, file->id,
				      true)) {
			file->delivered = 0;
			file->failed = 0;
			file->sender_done++;
		}
	}
}

/* ---- What carries ---- */

static void take_envelope(struct ferry_node *node,
			  const struct baton_event *event)
{
	enum baton_role role = (enum baton_role)(node - node->ferry->node);
	const uint8_t *p = event->u.message.bytes;
	size_t len = event->u.message.len, i;
	uint64_t now_ms = node->ferry->pair.now_ms;
	const struct baton_bulk_member *member;

	for (i = 0; len >= 2 && i < FERRY_APPS; i++) {
		member = &node->member[channel_of(role, i)];
		if (node->app[i].absent || !member->mapped ||
		    member->peer_channel != p[1])
			continue;
		if (p[0] >> 4 == FILE_MODE)
			(void)baton_files_rx(&node->app[i].files, p[0] & 15,
					     p + 2, len - 2, now_ms);
		if (p[0] >> 4 == STREAM_MODE)
			(void)baton_bytestreams_rx(&node->app[i].streams,
						   p[0] & 15, p + 2, len - 2,
						   now_ms);
	}
}

static void link_node(struct ferry_node *node, bool up)
{
	enum baton_role role = (enum baton_role)(node - node->ferry->node);
	struct ferry_node *peer = &node->ferry->node[!role];
	uint64_t now_ms = node->ferry->pair.now_ms;
	bool both;
	size_t i;

	node->linked = up;
	if (up)
		baton_bulk_link(&node->bulk, node->member, FERRY_APPS, 500);
	for (i = 0; i < FERRY_APPS; i++) {
		node->app[i].envelope_len = 0;
		both = up && !node->app[i].absent && !peer->app[i].absent;
		if (both)
			must(baton_bulk_map(&node->bulk, channel_of(role, i),
					    (uint8_t)channel_of(!role, i)));
		baton_files_link(&node->app[i].files, both, 500, now_ms);
		baton_bytestreams_link(&node->app[i].streams, both, 500,
				       now_ms);
	}
	if (!up)
		baton_bulk_link(&node->bulk, NULL, 0, 0);
}

static struct ferry_node *node_of(struct pair_end *end)
{
	return end->user;
}

static bool on_event(struct pair_end *end, const struct baton_event *event)
{
	struct ferry_node *node = node_of(end);

	/* Before anything that the peer says on this link. */
	if (event->type == BATON_EVENT_SECURED) {
		link_node(node, true);
		return false;
	}
	if (event->type == BATON_EVENT_MESSAGE &&
	    event->stream.class_id == BATON_CLASS_MESSAGE) {
		take_envelope(node, event);
		return true;
	}
	if (event->stream.class_id != BATON_CLASS_BULK)
		return false;
	(void)baton_bulk_event(&node->bulk, event, node->ferry->pair.now_ms);
	(void)drain(node);
	return true;
}

static void hook(struct ferry_node *node)
{
	node->end->user = node;
	node->end->on_event = on_event;
}

/* Make the machines of a device and give them what is stored. */
static void start(struct ferry_node *node)
{
	enum baton_role role = (enum baton_role)(node - node->ferry->node);
	struct baton_bulk_member *member;
	struct ferry_value *value;
	struct ferry_app *app;
	size_t i, v;

	hook(node);
	baton_bulk_init(&node->bulk, &node->end->session);
	memset(node->member, 0, sizeof(node->member));
	for (i = 0; i < FERRY_APPS; i++) {
		app = &node->app[i];
		member = &node->member[channel_of(role, i)];
		app->envelope_len = 0;
		must(baton_files_init(&app->files, &node->bulk, member,
				      app->out, FERRY_OUT, app->in, FERRY_IN,
				      &node->ferry->limits));
		must(baton_bytestreams_init(&app->streams, &node->bulk, member,
					    app->stream, FERRY_STREAMS,
					    app->rings, FERRY_RING));
		member->files = &app->files;
		member->streams = &app->streams;
		for (v = 0; v < FERRY_VALUES; v++) {
			value = &app->stored[v];
			if (value->len > 0)
				must(baton_files_load(&app->files, value->key,
						      value->bytes,
						      value->len));
		}
	}
}

void ferry_up(struct ferry *ferry)
{
	if (!ferry->pair.up && !ferry->node[0].dead && !ferry->node[1].dead)
		pair_up(&ferry->pair);
}

void ferry_down(struct ferry *ferry)
{
	pair_down(&ferry->pair);
	link_node(&ferry->node[0], false);
	link_node(&ferry->node[1], false);
}

/* What a crash takes from the disk and from the applications' memory. */
static void forget(struct ferry *ferry, enum baton_role role)
{
	struct ferry_file *file;
	size_t i;

	for (i = 0; i < ferry->files; i++) {
		file = &ferry->file[i];
		if (file->from == role) {
			file->delivered = 0;
			file->failed = 0;
			continue;
		}
		/* What was not synced may be there or not. */
		file->written = file->synced;
		/* An acceptance that was not durable leaves no bytes. */
		file->part &= file->synced > 0;
		file->complete = false;
		file->cancelled = false;
		file->paused = false;
	}
}

void ferry_reboot(struct ferry *ferry, enum baton_role role)
{
	ferry_down(ferry);
	pair_reboot(&ferry->pair, role);
	forget(ferry, role);
	ferry->node[role].dead = false;
	start(&ferry->node[role]);
}

static void carry_out(struct ferry_app *app, const struct baton_store_op *op)
{
	if (op->count != 1 || strlen(op->write[0].key) >= BATON_FILE_NAME_LEN ||
	    !shelf_apply(SHELF(app->stored), op))
		abort();
}

static bool store(struct ferry_node *node, struct ferry_app *app)
{
	struct baton_store_op op;

	if (!baton_files_next_store_op(&app->files, &op))
		return false;
	node->writes++;
	if (node->cut_at && node->writes == node->cut_at) {
		if (node->cut_keeps)
			carry_out(app, &op);
		node->dead = true;
		return true;
	}
	if (!node->store_fails)
		carry_out(app, &op);
	baton_files_stored(&app->files, op.id,
			   node->store_fails ? BATON_ERR_STORE : BATON_OK,
			   node->ferry->pair.now_ms);
	return true;
}

static bool send_envelope(struct ferry_node *node, struct ferry_app *app,
			  size_t channel)
{
	static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 0};
	uint64_t now_ms = node->ferry->pair.now_ms;
	uint8_t *body = app->envelope + 2, op, mode = FILE_MODE;
	size_t len;

	if (app->envelope_len == 0) {
		if (!baton_files_tx(&app->files, &op, body,
				    sizeof(app->envelope) - 2, &len, now_ms)) {
			mode = STREAM_MODE;
			if (!baton_bytestreams_tx(&app->streams, &op, body,
						  sizeof(app->envelope) - 2,
						  &len, now_ms))
				return false;
		}
		app->envelope[0] = (uint8_t)(mode << 4 | op);
		app->envelope[1] = (uint8_t)channel;
		app->envelope_len = 2 + len;
	}
	if (baton_session_send(&node->end->session, stream, app->envelope,
			       app->envelope_len, 0, now_ms))
		return false;
	app->envelope_len = 0;
	return true;
}

static bool node_turn(struct ferry_node *node)
{
	enum baton_role role = (enum baton_role)(node - node->ferry->node);
	struct ferry_app *app;
	bool busy;
	size_t i;

	if (node->dead)
		return false;
	busy = drain(node);
	for (i = 0; i < FERRY_APPS; i++) {
		app = &node->app[i];
		if (app->absent)
			continue;
		busy |= store(node, app);
		if (node->dead)
			return true;
		while (node->linked &&
		       send_envelope(node, app, channel_of(role, i)))
			busy = true;
	}
	if (node->linked)
		baton_bulk_pump(&node->bulk, node->ferry->pair.now_ms);
	return busy;
}

bool ferry_turn(struct ferry *ferry)
{
	bool busy = pair_turn(&ferry->pair);

	busy |= node_turn(&ferry->node[0]);
	busy |= node_turn(&ferry->node[1]);
	act(ferry);
	return busy;
}

static void tick(struct ferry *ferry)
{
	size_t r, i;

	for (r = 0; r < 2; r++) {
		if (ferry->node[r].dead)
			continue;
		baton_session_tick(&ferry->pair.end[r].session,
				   ferry->pair.now_ms);
		for (i = 0; i < FERRY_APPS; i++)
			baton_files_tick(&ferry->node[r].app[i].files,
					 ferry->pair.now_ms);
	}
}

static uint64_t deadline(const struct ferry *ferry)
{
	uint64_t due = BATON_NEVER, at;
	size_t r, i;

	for (r = 0; r < 2; r++) {
		if (ferry->node[r].dead)
			continue;
		due = baton_earlier(due, baton_session_deadline(
						 &ferry->pair.end[r].session));
		due = baton_earlier(due,
				    baton_bulk_deadline(&ferry->node[r].bulk));
		for (i = 0; i < FERRY_APPS; i++) {
			at = baton_files_deadline(&ferry->node[r].app[i].files);
			if (at > ferry->pair.now_ms)
				due = baton_earlier(due, at);
		}
	}
	return due;
}

void ferry_run(struct ferry *ferry, uint64_t limit_ms)
{
	uint64_t limit = ferry->pair.now_ms + limit_ms;
	unsigned int idle = 0;
	uint64_t due;

	while (idle < 20 && ferry->pair.now_ms < limit) {
		idle = ferry_turn(ferry) ? 0 : idle + 1;
		if (ferry->node[0].dead || ferry->node[1].dead)
			return;
		if (idle == 0)
			continue;
		due = deadline(ferry);
		if (due == BATON_NEVER)
			continue;
		idle = 0;
		if (due > limit)
			due = limit;
		if (due > ferry->pair.now_ms)
			ferry->pair.now_ms = due;
		else
			ferry->pair.now_ms++;
		tick(ferry);
	}
}

struct ferry_file *ferry_send(struct ferry *ferry, enum baton_role from,
			      uint8_t app, uint64_t total)
{
	struct ferry_file *file = &ferry->file[ferry->files];
	size_t i;

	if (ferry->files == FERRY_FILES)
		return NULL;
	memset(file, 0, sizeof(*file));
	for (i = 0; i < BATON_FILE_ID_LEN; i++)
		file->id[i] = (uint8_t)ferry_random(ferry);
	file->total = total;
	file->from = from;
	file->app = app;
	if (baton_files_send(&ferry_from(ferry, file)->files, file->id, total,
			     (const uint8_t *)"name", 4, NULL, 0))
		return NULL;
	ferry->files++;
	return file;
}

bool ferry_init_codec(struct ferry *ferry, uint64_t seed,
		      const struct baton_codec *codec)
{
	size_t r;

	memset(ferry, 0, sizeof(*ferry));
	ferry->random = seed;
	ferry->sync_pm = 300;
	ferry->limits.each_max = UINT64_C(1) << 30;
	ferry->limits.all_max = UINT64_C(1) << 30;
	pair_init_codec(&ferry->pair, seed, codec, codec);
	for (r = 0; r < 2; r++) {
		ferry->node[r].ferry = ferry;
		ferry->node[r].end = &ferry->pair.end[r];
		start(&ferry->node[r]);
	}
	return pair_bond(&ferry->pair);
}

bool ferry_init(struct ferry *ferry, uint64_t seed)
{
	return ferry_init_codec(ferry, seed, NULL);
}

void ferry_free(struct ferry *ferry)
{
	pair_free(&ferry->pair);
}

size_t ferry_stored(const struct ferry *ferry)
{
	size_t r, i, v, n = 0;

	for (r = 0; r < 2; r++)
		for (i = 0; i < FERRY_APPS; i++)
			for (v = 0; v < FERRY_VALUES; v++)
				n += ferry->node[r].app[i].stored[v].len > 0;
	return n;
}
