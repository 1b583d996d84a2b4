/* SPDX-License-Identifier: MIT */

/* Files: what is stored of them, and what the application is told. */

#include <string.h>

#include "base/bytes.h"
#include "crypto/primitives.h"
#include "session/bulk_internal.h"
#include "session/file_internal.h"
#include "transport/outgoing.h"

#define FORMAT 1
#define FIXED_LEN 19 /* before the length of meta */
#define BY_PEER 0x80 /* in the reason */

/* "fo" or "fi", and the id. */
static void put_name(char *name, bool outgoing, const uint8_t *id)
{
	static const char digits[] = "0123456789abcdef";
	int i;

	*name++ = 'f';
	*name++ = outgoing ? 'o' : 'i';
	for (i = 0; i < BATON_FILE_ID_LEN; i++) {
		*name++ = digits[id[i] >> 4];
		*name++ = digits[id[i] & 15];
	}
	*name = '\0';
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum baton_err get_name(const char *name, bool *outgoing, uint8_t *id)
{
	int i, high, low;

	if (name[0] != 'f' || (name[1] != 'o' && name[1] != 'i'))
		return BATON_ERR_NOT_FOUND;
	*outgoing = name[1] == 'o';
	for (i = 0; i < BATON_FILE_ID_LEN; i++) {
		high = hex(name[2 + 2 * i]);
		low = high < 0 ? -1 : hex(name[3 + 2 * i]);
		if (low < 0)
			return BATON_ERR_ARG;
		id[i] = (uint8_t)(high << 4 | low);
	}
	return name[2 + 2 * BATON_FILE_ID_LEN] ? BATON_ERR_ARG : BATON_OK;
}

static size_t put_text(uint8_t *p, const uint8_t *text, uint8_t len)
{
	p[0] = len;
	memcpy(p + 1, text, len);
	return 1 + (size_t)len;
}

/* Read a length and so many bytes, at most max. */
static bool get_text(const uint8_t **p, size_t *left, uint8_t *text,
		     uint8_t *text_len, size_t max)
{
	size_t len;

	if (*left < 1 || (*p)[0] > max || *left - 1 < (*p)[0])
		return false;
	len = (*p)[0];
	*text_len = (uint8_t)len;
	memcpy(text, *p + 1, len);
	*p += 1 + len;
	*left -= 1 + len;
	return true;
}

static enum baton_err load_out(struct baton_files *files, const uint8_t *id,
			       const uint8_t *value, size_t len)
{
	struct baton_file_out out;
	const uint8_t *p = value + FIXED_LEN;
	size_t left = len - FIXED_LEN;
	size_t i;

	memset(&out, 0, sizeof(out));
	memcpy(out.id, id, BATON_FILE_ID_LEN);
	out.state = value[1];
	out.stored = value[1];
	out.reason = value[2] & (uint8_t)~BY_PEER;
	out.by_peer = value[2] & BY_PEER;
	out.total = baton_load_be64(value + 3);
	if (out.state < BATON_FILE_OUT_OFFERED ||
	    out.state > BATON_FILE_OUT_FAILED || out.total > BATON_FILE_MAX ||
	    !get_text(&p, &left, out.meta, &out.meta_len,
		      BATON_FILE_META_MAX) ||
	    !get_text(&p, &left, out.local, &out.local_len,
		      BATON_FILE_LOCAL_MAX) ||
	    left > 0 || file_out_find(files, id))
		return BATON_ERR_ARG;
	for (i = 0; i < files->out_count; i++)
		if (files->out[i].state == BATON_FILE_OUT_NONE)
			break;
	if (i == files->out_count)
		return BATON_ERR_SPACE;
	out.order = ++files->orders;
	if (out.state == BATON_FILE_OUT_OFFERED)
		out.news = FILE_OUT_NEWS(BATON_FILE_PENDING);
	if (out.state == BATON_FILE_OUT_DELIVERED)
		out.news = FILE_OUT_NEWS(BATON_FILE_DELIVERED);
	if (out.state == BATON_FILE_OUT_FAILED)
		out.news = FILE_OUT_NEWS(BATON_FILE_FAILED);
	files->out[i] = out;
	return BATON_OK;
}

static enum baton_err load_in(struct baton_files *files, const uint8_t *id,
			      const uint8_t *value, size_t len)
{
	struct baton_file_in in, *place = file_in_free(files);
	const uint8_t *p = value + FIXED_LEN;
	size_t left = len - FIXED_LEN;
	uint8_t none, none_len;

	memset(&in, 0, sizeof(in));
	memcpy(in.id, id, BATON_FILE_ID_LEN);
	in.state = value[1];
	in.stored = value[1];
	in.reason = value[2];
	in.total = baton_load_be64(value + 3);
	in.kept = baton_load_be64(value + 11);
	in.stored_kept = in.kept;
	in.told = true;
	if (in.state < BATON_FILE_IN_RECEIVING ||
	    in.state > BATON_FILE_IN_ABORTED || in.total > BATON_FILE_MAX ||
	    in.kept > in.total ||
	    !get_text(&p, &left, in.meta, &in.meta_len, BATON_FILE_META_MAX) ||
	    !get_text(&p, &left, &none, &none_len, 0) || left > 0 ||
	    file_in_find(files, id))
		return BATON_ERR_ARG;
	if (!place)
		return BATON_ERR_SPACE;
	if (in.state == BATON_FILE_IN_RECEIVING)
		in.news = FILE_IN_NEWS(BATON_FILE_RESUMED);
	if (in.state == BATON_FILE_IN_COMPLETE)
		in.news = FILE_IN_NEWS(BATON_FILE_COMPLETE);
	if (in.state == BATON_FILE_IN_ABORTED)
		in.news = FILE_IN_NEWS(BATON_FILE_CANCELLED);
	*place = in;
	return BATON_OK;
}

enum baton_err baton_files_load(struct baton_files *files, const char *name,
				const uint8_t *value, size_t len)
{
	uint8_t id[BATON_FILE_ID_LEN];
	enum baton_err err;
	bool outgoing;

	err = get_name(name, &outgoing, id);
	if (err)
		return err;
	if (len < FIXED_LEN + 2 || value[0] != FORMAT)
		return BATON_ERR_ARG;
	return outgoing ? load_out(files, id, value, len)
			: load_in(files, id, value, len);
}

/* The store lacks something of the place. */
static bool is_dirty(const struct baton_files *files, size_t at)
{
	const struct baton_file_in *in;

	if (at < files->out_count)
		return !file_out_clean(&files->out[at]);
	in = &files->in[at - files->out_count];
	return !file_in_clean(in) || in->kept != in->stored_kept;
}

static size_t put_value(struct baton_files *files, size_t at)
{
	const struct baton_file_out *out = &files->out[at];
	const struct baton_file_in *in;
	uint8_t *p = files->value;
	size_t n = FIXED_LEN;

	memset(p, 0, FIXED_LEN);
	p[0] = FORMAT;
	if (at < files->out_count) {
		p[1] = out->state;
		p[2] = (uint8_t)(out->reason | (out->by_peer ? BY_PEER : 0));
		baton_store_be64(p + 3, out->total);
		n += put_text(p + n, out->meta, out->meta_len);
		n += put_text(p + n, out->local, out->local_len);
		return n;
	}
	in = &files->in[at - files->out_count];
	p[1] = in->state;
	p[2] = in->reason;
	baton_store_be64(p + 3, in->total);
	baton_store_be64(p + 11, in->kept);
	n += put_text(p + n, in->meta, in->meta_len);
	p[n++] = 0;
	return n;
}

bool baton_files_next_store_op(struct baton_files *files,
			       struct baton_store_op *op)
{
	size_t places = (size_t)files->out_count + files->in_count;
	struct baton_store_write *write = &op->write[0];
	struct baton_file_in *in = NULL;
	size_t i, at = 0;
	bool forget;

	if (files->asked ||
	    baton_store_rests(files->retry_at_ms, files->now_ms))
		return false;
	for (i = 0; i < places; i++) {
		at = (files->store_turn + i) % places;
		if (is_dirty(files, at))
			break;
	}
	if (i == places)
		return false;
	memset(op, 0, sizeof(*op));
	files->asked = true;
	files->asked_out = at < files->out_count;
	files->asked_at = (uint8_t)at;
	if (!files->asked_out)
		in = &files->in[at - files->out_count];
	files->asked_state = in ? in->state : files->out[at].state;
	files->asked_kept = in ? in->kept : 0;
	forget = in ? in->state == BATON_FILE_IN_DONE
		    : files->out[at].state == BATON_FILE_OUT_DONE;
	put_name(files->name, files->asked_out,
		 in ? in->id : files->out[at].id);
	op->id = ++files->store_id;
	op->count = 1;
	write->kind = forget ? BATON_STORE_DELETE : BATON_STORE_PUT;
	write->key = files->name;
	if (!forget) {
		write->value = files->value;
		write->value_len = put_value(files, at);
	}
	files->store_turn = (uint8_t)((at + 1) % places);
	return true;
}

static void in_stored(struct baton_files *files, struct baton_file_in *in)
{
	in->stored = files->asked_state;
	in->stored_kept = files->asked_kept;
	if (in->stored == BATON_FILE_IN_DONE) {
		file_in_release(files, in);
		return;
	}
	if (in->progress_due && files->up) {
		in->progress_due = false;
		in->owed |= FILE_OWES(FILE_KEPT);
	}
}

void baton_files_stored(struct baton_files *files, uint32_t id,
			enum baton_err err, uint64_t now_ms)
{
	struct baton_file_out *out;

	files->now_ms = now_ms;
	if (!files->asked || id != files->store_id)
		return;
	files->asked = false;
	baton_crypto_wipe(files->value, sizeof(files->value));
	if (err) {
		files->retry_at_ms = now_ms + BATON_STORE_RETRY_MS;
		files->store_failed = true;
		return;
	}
	if (!files->asked_out) {
		in_stored(files,
			  &files->in[files->asked_at - files->out_count]);
		return;
	}
	out = &files->out[files->asked_at];
	out->stored = files->asked_state;
	if (out->stored == BATON_FILE_OUT_DONE)
		memset(out, 0, sizeof(*out));
}

bool baton_files_name(const struct baton_files *files, size_t at,
		      char name[BATON_FILE_NAME_LEN])
{
	size_t i;

	for (i = 0; i < files->out_count; i++)
		if (files->out[i].state != BATON_FILE_OUT_NONE && at-- == 0) {
			put_name(name, true, files->out[i].id);
			return true;
		}
	for (i = 0; i < files->in_count; i++)
		if (files->in[i].state != BATON_FILE_IN_NONE && at-- == 0) {
			put_name(name, false, files->in[i].id);
			return true;
		}
	return false;
}

uint64_t baton_files_deadline(const struct baton_files *files)
{
	return baton_store_retry(files->asked, files->retry_at_ms,
				 files->now_ms);
}

void baton_files_tick(struct baton_files *files, uint64_t now_ms)
{
	files->now_ms = now_ms;
}

/* ---- Events ---- */

static void describe_in(struct baton_file_event *event,
			const struct baton_file_in *in)
{
	memcpy(event->id, in->id, BATON_FILE_ID_LEN);
	event->total = in->total;
	event->offset = in->kept;
	event->reason = in->reason;
	event->meta = in->meta;
	event->meta_len = in->meta_len;
}

static void describe_out(struct baton_file_event *event,
			 const struct baton_file_out *out)
{
	memcpy(event->id, out->id, BATON_FILE_ID_LEN);
	event->outgoing = true;
	event->total = out->total;
	event->offset = out->progress;
	event->reason = out->reason;
	event->by_peer = out->by_peer;
	event->meta = out->meta;
	event->meta_len = out->meta_len;
	event->local = out->local;
	event->local_len = out->local_len;
}

/* Take the first event of the news; first: the type of bit 0. */
static enum baton_file_event_type take_news(uint8_t *news, int first)
{
	int bit = 0;

	while (!(*news & 1u << bit))
		bit++;
	*news &= (uint8_t) ~(1u << bit);
	return (enum baton_file_event_type)(first + bit);
}

static bool out_event(struct baton_files *files, struct baton_file_out *out,
		      struct baton_file_event *event)
{
	if (!file_out_clean(out))
		return false;
	if (out->news) {
		describe_out(event, out);
		event->type = take_news(&out->news, BATON_FILE_PENDING);
		return true;
	}
	if (!out->armed || out != file_current(files) ||
	    !bulk_can(files->bulk, files->member, out))
		return false;
	out->armed = false;
	describe_out(event, out);
	event->type = BATON_FILE_SUPPLY;
	event->offset = out->at;
	return true;
}

static bool in_event(struct baton_file_in *in, struct baton_file_event *event)
{
	if (!in->news || !file_in_clean(in))
		return false;
	describe_in(event, in);
	event->type = take_news(&in->news, BATON_FILE_OFFERED);
	in->told = true;
	return true;
}

static bool data_event(struct baton_files *files,
		       struct baton_file_event *event)
{
	struct baton_file_in *in = files->data_of;

	if (!in)
		return false;
	files->data_of = NULL;
	describe_in(event, in);
	event->type = BATON_FILE_DATA;
	event->offset = in->got;
	event->bytes = files->data;
	event->len = files->data_len;
	in->got += files->data_len;
	return true;
}

bool baton_files_next_event(struct baton_files *files,
			    struct baton_file_event *event)
{
	size_t places = (size_t)files->out_count + files->in_count;
	size_t i, at;
	bool told;

	memset(event, 0, sizeof(*event));
	if (data_event(files, event))
		return true;
	if (files->store_failed) {
		files->store_failed = false;
		event->type = BATON_FILE_STORE_FAILED;
		return true;
	}
	for (i = 0; i < places; i++) {
		at = (files->event_turn + i) % places;
		if (at < files->out_count)
			told = out_event(files, &files->out[at], event);
		else
			told = in_event(&files->in[at - files->out_count],
					event);
		if (!told)
			continue;
		files->event_turn = (uint8_t)((at + 1) % places);
		return true;
	}
	return false;
}
