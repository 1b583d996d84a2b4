/* SPDX-License-Identifier: MIT */

/* Files: places, what a state brings, what the application decides. */

#include "session/file.h"

#include <string.h>

#include "crypto/primitives.h"
#include "session/bulk_internal.h"
#include "session/file_internal.h"
#include "transport/outgoing.h"

enum baton_err baton_files_init(struct baton_files *files,
				struct baton_bulk *bulk,
				struct baton_bulk_member *member,
				struct baton_file_out *out, size_t out_count,
				struct baton_file_in *in, size_t in_count,
				const struct baton_file_limits *limits)
{
	if (out_count < 1 || out_count > BATON_FILE_PLACES_MAX ||
	    in_count < 1 || in_count > BATON_FILE_PLACES_MAX)
		return BATON_ERR_ARG;
	memset(files, 0, sizeof(*files));
	memset(out, 0, out_count * sizeof(*out));
	memset(in, 0, in_count * sizeof(*in));
	files->bulk = bulk;
	files->member = member;
	files->out = out;
	files->in = in;
	files->out_count = (uint8_t)out_count;
	files->in_count = (uint8_t)in_count;
	files->limits = *limits;
	return BATON_OK;
}

void baton_files_wipe(struct baton_files *files)
{
	baton_crypto_wipe(files->out, files->out_count * sizeof(*files->out));
	baton_crypto_wipe(files->in, files->in_count * sizeof(*files->in));
	baton_crypto_wipe(files, sizeof(*files));
}

struct baton_file_out *file_out_find(const struct baton_files *files,
				     const uint8_t *id)
{
	size_t i;

	for (i = 0; files && i < files->out_count; i++)
		if (files->out[i].state != BATON_FILE_OUT_NONE &&
		    !memcmp(files->out[i].id, id, BATON_FILE_ID_LEN))
			return &files->out[i];
	return NULL;
}

struct baton_file_in *file_in_find(const struct baton_files *files,
				   const uint8_t *id)
{
	size_t i;

	for (i = 0; files && i < files->in_count; i++)
		if (files->in[i].state != BATON_FILE_IN_NONE &&
		    !memcmp(files->in[i].id, id, BATON_FILE_ID_LEN))
			return &files->in[i];
	return NULL;
}

struct baton_file_in *file_in_free(const struct baton_files *files)
{
	size_t i;

	for (i = 0; i < files->in_count; i++)
		if (files->in[i].state == BATON_FILE_IN_NONE)
			return &files->in[i];
	return NULL;
}

void file_in_drop(struct baton_files *files, const struct baton_file_in *in)
{
	if (files->data_of == in)
		files->data_of = NULL;
}

void file_in_release(struct baton_files *files, struct baton_file_in *in)
{
	file_in_drop(files, in);
	memset(in, 0, sizeof(*in));
	if (!files->waiting)
		return;
	files->waiting = false;
	files->repeat = true;
}

/* What the sender says of a file in this state until it is answered. */
static uint16_t out_owes(const struct baton_file_out *out)
{
	switch ((enum baton_file_out_state)out->state) {
	case BATON_FILE_OUT_OFFERED:
		return FILE_OWES(FILE_OFFER);
	case BATON_FILE_OUT_CANCELLED:
		return FILE_OWES(FILE_CANCEL);
	case BATON_FILE_OUT_NONE:
	case BATON_FILE_OUT_DELIVERED:
	case BATON_FILE_OUT_FAILED:
	case BATON_FILE_OUT_DONE:
		break;
	}
	return 0;
}

void file_out_enter(struct baton_files *files, struct baton_file_out *out,
		    enum baton_file_out_state state)
{
	bulk_stop(files->bulk, out);
	out->state = (uint8_t)state;
	out->going = false;
	out->armed = false;
	out->news = 0;
	out->owed = out_owes(out);
	if (state == BATON_FILE_OUT_OFFERED)
		out->news = FILE_OUT_NEWS(BATON_FILE_STORED);
	if (state == BATON_FILE_OUT_DELIVERED ||
	    (state == BATON_FILE_OUT_FAILED && out->by_peer))
		out->owed = FILE_OWES(FILE_FORGET);
	if (state == BATON_FILE_OUT_DELIVERED)
		out->news = FILE_OUT_NEWS(BATON_FILE_DELIVERED);
	if (state == BATON_FILE_OUT_FAILED)
		out->news = FILE_OUT_NEWS(BATON_FILE_FAILED);
}

/* The same of the receiver; again: besides what was said on this link. */
static uint16_t in_owes(const struct baton_file_in *in, bool again)
{
	switch ((enum baton_file_in_state)in->state) {
	case BATON_FILE_IN_RECEIVING:
		if (!in->accepted || in->paused || in->got == in->total ||
		    (again && in->went))
			break;
		return FILE_OWES(FILE_GO);
	case BATON_FILE_IN_TAKEN:
		return FILE_OWES(FILE_TAKEN);
	case BATON_FILE_IN_REFUSED:
		return FILE_OWES(FILE_REFUSED);
	case BATON_FILE_IN_ABORTED:
		return FILE_OWES(FILE_GONE);
	case BATON_FILE_IN_NONE:
	case BATON_FILE_IN_ASKED:
	case BATON_FILE_IN_COMPLETE:
	case BATON_FILE_IN_DONE:
		break;
	}
	return 0;
}

void file_in_enter(struct baton_files *files, struct baton_file_in *in,
		   enum baton_file_in_state state)
{
	file_in_drop(files, in);
	in->state = (uint8_t)state;
	in->news = 0;
	in->owed = in_owes(in, false);
	if (state == BATON_FILE_IN_ASKED)
		in->news = FILE_IN_NEWS(BATON_FILE_OFFERED);
	if (state == BATON_FILE_IN_COMPLETE)
		in->news = FILE_IN_NEWS(BATON_FILE_COMPLETE);
	if (state == BATON_FILE_IN_ABORTED)
		in->news = FILE_IN_NEWS(BATON_FILE_CANCELLED);
}

void file_repeat(struct baton_files *files, bool link)
{
	struct baton_file_out *out;
	struct baton_file_in *in;
	size_t i;

	for (i = 0; i < files->out_count; i++) {
		out = &files->out[i];
		if (link || !out->going)
			out->owed = (uint16_t)(out->owed | out_owes(out));
	}
	for (i = 0; i < files->in_count; i++) {
		in = &files->in[i];
		in->owed = (uint16_t)(in->owed | in_owes(in, !link));
	}
}

void baton_files_link(struct baton_files *files, bool up, size_t room,
		      uint64_t now_ms)
{
	size_t i;

	files->now_ms = now_ms;
	files->room = room;
	files->up = up && room >= BATON_FILE_BODY_MAX;
	files->reply_count = 0;
	files->repeat = false;
	files->waiting = false;
	files->data_of = NULL;
	for (i = 0; i < files->out_count; i++) {
		bulk_stop(files->bulk, &files->out[i]);
		files->out[i].going = false;
		files->out[i].armed = false;
		files->out[i].turn = 0;
		files->out[i].owed = 0;
	}
	for (i = 0; i < files->in_count; i++) {
		files->in[i].went = false;
		files->in[i].owed = 0;
	}
	if (files->up)
		file_repeat(files, true);
}

enum baton_err baton_files_send(struct baton_files *files,
				const uint8_t id[BATON_FILE_ID_LEN],
				uint64_t total, const uint8_t *meta,
				size_t meta_len, const uint8_t *local,
				size_t local_len)
{
	struct baton_file_out *out;
	size_t i;

	if (!files)
		return BATON_ERR_NOT_FOUND;
	if (meta_len > BATON_FILE_META_MAX || local_len > BATON_FILE_LOCAL_MAX)
		return BATON_ERR_ARG;
	if (total > BATON_FILE_MAX)
		return BATON_ERR_TOO_LARGE;
	if (file_out_find(files, id))
		return BATON_ERR_STATE;
	for (i = 0; i < files->out_count; i++)
		if (files->out[i].state == BATON_FILE_OUT_NONE)
			break;
	if (i == files->out_count)
		return BATON_ERR_SPACE;
	out = &files->out[i];
	memset(out, 0, sizeof(*out));
	memcpy(out->id, id, BATON_FILE_ID_LEN);
	out->total = total;
	out->order = ++files->orders;
	out->meta_len = (uint8_t)meta_len;
	out->local_len = (uint8_t)local_len;
	if (meta_len > 0)
		memcpy(out->meta, meta, meta_len);
	if (local_len > 0)
		memcpy(out->local, local, local_len);
	file_out_enter(files, out, BATON_FILE_OUT_OFFERED);
	return BATON_OK;
}

/*
 * The oldest; but a slice that has begun is ended first, or its lane would be
 * held by a file whose turn does not come.
 */
struct baton_file_out *file_current(const struct baton_files *files)
{
	struct baton_file_out *current = NULL, *out;
	size_t i;

	for (i = 0; files->up && i < files->out_count; i++) {
		out = &files->out[i];
		if (out->state != BATON_FILE_OUT_OFFERED || !out->going ||
		    out->at == out->total)
			continue;
		if (bulk_fills(files->bulk, out))
			return out;
		if (!current || out->order < current->order)
			current = out;
	}
	return current;
}

enum baton_err baton_files_write(struct baton_files *files,
				 const uint8_t id[BATON_FILE_ID_LEN],
				 const uint8_t *bytes, size_t len,
				 size_t *taken, uint64_t now_ms)
{
	struct baton_file_out *out = file_out_find(files, id);
	enum baton_err err;

	*taken = 0;
	if (!out)
		return BATON_ERR_NOT_FOUND;
	files->now_ms = now_ms;
	if (out->state != BATON_FILE_OUT_OFFERED || !out->going)
		return BATON_ERR_STATE;
	if (len > out->total - out->at)
		return BATON_ERR_TOO_LARGE;
	if (len == 0)
		return BATON_OK;
	if (out != file_current(files))
		err = BATON_ERR_AGAIN;
	else
		err = bulk_write(files->bulk, files->member, out, bytes, len,
				 taken, now_ms);
	out->armed = *taken < len;
	return err;
}

enum baton_err baton_files_cancel(struct baton_files *files,
				  const uint8_t id[BATON_FILE_ID_LEN],
				  uint8_t reason)
{
	struct baton_file_out *out = file_out_find(files, id);

	if (!out)
		return BATON_ERR_NOT_FOUND;
	if (out->state != BATON_FILE_OUT_OFFERED)
		return BATON_ERR_STATE;
	out->reason = reason & 0x7f;
	file_out_enter(files, out, BATON_FILE_OUT_CANCELLED);
	return BATON_OK;
}

enum baton_err baton_files_accept(struct baton_files *files,
				  const uint8_t id[BATON_FILE_ID_LEN],
				  uint64_t offset)
{
	struct baton_file_in *in = file_in_find(files, id);

	if (!in)
		return BATON_ERR_NOT_FOUND;
	if ((in->state != BATON_FILE_IN_ASKED &&
	     in->state != BATON_FILE_IN_RECEIVING) ||
	    in->accepted)
		return BATON_ERR_STATE;
	if (offset > in->kept)
		return BATON_ERR_ARG;
	in->accepted = true;
	in->kept = offset;
	in->got = offset;
	file_in_enter(files, in,
		      offset == in->total ? BATON_FILE_IN_COMPLETE
					  : BATON_FILE_IN_RECEIVING);
	return BATON_OK;
}

enum baton_err baton_files_refuse(struct baton_files *files,
				  const uint8_t id[BATON_FILE_ID_LEN],
				  uint8_t reason)
{
	struct baton_file_in *in = file_in_find(files, id);

	if (!in)
		return BATON_ERR_NOT_FOUND;
	if (in->state != BATON_FILE_IN_ASKED &&
	    in->state != BATON_FILE_IN_RECEIVING &&
	    in->state != BATON_FILE_IN_COMPLETE)
		return BATON_ERR_STATE;
	in->reason = reason & 0x7f;
	file_in_enter(files, in, BATON_FILE_IN_REFUSED);
	return BATON_OK;
}

enum baton_err baton_files_kept(struct baton_files *files,
				const uint8_t id[BATON_FILE_ID_LEN],
				uint64_t offset)
{
	struct baton_file_in *in = file_in_find(files, id);

	if (!in)
		return BATON_ERR_NOT_FOUND;
	if (in->state != BATON_FILE_IN_RECEIVING || !in->accepted)
		return BATON_ERR_STATE;
	if (offset < in->kept || offset > in->got)
		return BATON_ERR_ARG;
	in->progress_due = true;
	in->kept = offset;
	if (offset == in->total)
		file_in_enter(files, in, BATON_FILE_IN_COMPLETE);
	return BATON_OK;
}

enum baton_err baton_files_pause(struct baton_files *files,
				 const uint8_t id[BATON_FILE_ID_LEN],
				 bool paused)
{
	struct baton_file_in *in = file_in_find(files, id);

	if (!in)
		return BATON_ERR_NOT_FOUND;
	if (in->state != BATON_FILE_IN_RECEIVING)
		return BATON_ERR_STATE;
	if (in->paused == paused)
		return BATON_OK;
	in->paused = paused;
	in->owed &= (uint16_t) ~(FILE_OWES(FILE_GO) | FILE_OWES(FILE_HOLD));
	if (paused)
		file_in_drop(files, in);
	if (!files->up)
		return BATON_OK;
	if (paused && in->went)
		in->owed |= FILE_OWES(FILE_HOLD);
	else
		in->owed |= in_owes(in, false);
	return BATON_OK;
}

static enum baton_err out_done(struct baton_files *files,
			       struct baton_file_out *out)
{
	if (!out)
		return BATON_ERR_NOT_FOUND;
	if ((out->state != BATON_FILE_OUT_DELIVERED &&
	     out->state != BATON_FILE_OUT_FAILED) ||
	    !file_out_clean(out) || out->news)
		return BATON_ERR_STATE;
	if (files->up && out->owed & FILE_OWES(FILE_FORGET))
		(void)file_reply(files, FILE_FORGET, out->id, 0);
	file_out_enter(files, out, BATON_FILE_OUT_DONE);
	return BATON_OK;
}

/* The sender waits for GONE, and asks no more on this link. */
static void abort_done(struct baton_files *files, struct baton_file_in *in)
{
	if (files->up && in->owed & FILE_OWES(FILE_GONE))
		(void)file_reply(files, FILE_GONE, in->id, 0);
	file_in_enter(files, in, BATON_FILE_IN_DONE);
}

enum baton_err baton_files_done(struct baton_files *files,
				const uint8_t id[BATON_FILE_ID_LEN],
				bool outgoing)
{
	struct baton_file_in *in = file_in_find(files, id);

	if (outgoing)
		return out_done(files, file_out_find(files, id));
	if (!in)
		return BATON_ERR_NOT_FOUND;
	if (!file_in_clean(in) || in->news)
		return BATON_ERR_STATE;
	if (in->state == BATON_FILE_IN_COMPLETE)
		file_in_enter(files, in, BATON_FILE_IN_TAKEN);
	else if (in->state == BATON_FILE_IN_ABORTED)
		abort_done(files, in);
	else
		return BATON_ERR_STATE;
	return BATON_OK;
}

enum baton_err baton_files_info(const struct baton_files *files, size_t index,
				struct baton_file_info *info)
{
	const struct baton_file_out *out;
	const struct baton_file_in *in;
	size_t i;

	memset(info, 0, sizeof(*info));
	if (!files)
		return BATON_ERR_NOT_FOUND;
	for (i = 0; i < files->out_count; i++) {
		out = &files->out[i];
		if (out->state == BATON_FILE_OUT_NONE || index-- > 0)
			continue;
		memcpy(info->id, out->id, BATON_FILE_ID_LEN);
		info->outgoing = true;
		info->state = out->state;
		info->total = out->total;
		info->offset = out->at;
		info->kept = out->progress;
		info->going = out->going && out->at < out->total;
		info->meta = out->meta;
		info->meta_len = out->meta_len;
		return BATON_OK;
	}
	for (i = 0; i < files->in_count; i++) {
		in = &files->in[i];
		if (in->state == BATON_FILE_IN_NONE || index-- > 0)
			continue;
		memcpy(info->id, in->id, BATON_FILE_ID_LEN);
		info->state = in->state;
		info->total = in->total;
		info->offset = in->got;
		info->kept = in->stored_kept;
		info->going = in->went && !in->paused && in->got < in->total;
		info->meta = in->meta;
		info->meta_len = in->meta_len;
		return BATON_OK;
	}
	return BATON_ERR_NOT_FOUND;
}
