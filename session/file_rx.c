/* SPDX-License-Identifier: MIT */

/* Files: envelopes both ways, and the bytes that come (FILES.md 1, 2). */

#include <string.h>

#include "base/bytes.h"
#include "session/bulk_internal.h"
#include "session/file_internal.h"
#include "transport/outgoing.h"

#define ID_LEN BATON_FILE_ID_LEN

/* An envelope, checked for its length. */
struct message {
	const uint8_t *id;
	uint64_t number; /* OFFER: total; GO, KEPT: offset */
	uint8_t byte; /* OFFER, GO: turn; REFUSED, CANCEL: reason */
	const uint8_t *meta;
	size_t meta_len;
};

enum baton_err file_reply(struct baton_files *files, enum file_op op,
			  const uint8_t *id, uint8_t reason)
{
	struct baton_file_reply *reply;
	uint8_t i;

	for (i = 0; i < files->reply_count; i++)
		if (files->reply[i].op == op &&
		    !memcmp(files->reply[i].id, id, ID_LEN))
			return BATON_OK;
	if (files->reply_count == BATON_FILE_REPLIES) {
		files->repeat = true;
		return BATON_ERR_PEER_LIMIT;
	}
	reply = &files->reply[files->reply_count++];
	reply->op = (uint8_t)op;
	reply->reason = reason;
	memcpy(reply->id, id, ID_LEN);
	return BATON_OK;
}

/* Bytes behind the id; OFFER has meta besides. */
static size_t body_len(uint8_t op)
{
	static const uint8_t len[] = {
		[FILE_OFFER] = 9, [FILE_GO] = 9,     [FILE_HOLD] = 0,
		[FILE_KEPT] = 8,  [FILE_TAKEN] = 0,  [FILE_REFUSED] = 1,
		[FILE_GONE] = 0,  [FILE_CANCEL] = 1, [FILE_FORGET] = 0,
	};

	return ID_LEN + len[op];
}

static enum baton_err decode(uint8_t op, const uint8_t *body, size_t len,
			     struct message *message)
{
	size_t want;

	if (op > FILE_REPEAT)
		return BATON_ERR_PEER_FORMAT;
	if (op == FILE_REPEAT)
		return len == 0 ? BATON_OK : BATON_ERR_PEER_LENGTH;
	want = body_len(op);
	if (len < want || (op != FILE_OFFER && len > want) ||
	    len > want + BATON_FILE_META_MAX)
		return BATON_ERR_PEER_LENGTH;
	message->id = body;
	if (op == FILE_OFFER || op == FILE_KEPT)
		message->number = baton_load_be64(body + ID_LEN);
	if (op == FILE_GO || op == FILE_REFUSED || op == FILE_CANCEL)
		message->byte = body[ID_LEN];
	if (op == FILE_GO)
		message->number = baton_load_be64(body + ID_LEN + 1);
	if (op == FILE_OFFER)
		message->byte = body[ID_LEN + 8];
	message->meta = body + want;
	message->meta_len = len - want;
	return BATON_OK;
}

/* ---- At the sender ---- */

static enum baton_err take_go(struct baton_files *files,
			      struct baton_file_out *out,
			      const struct message *message)
{
	if (out->state != BATON_FILE_OUT_OFFERED || !file_out_clean(out))
		return BATON_ERR_PEER_STATE;
	if (message->number > out->total)
		return BATON_ERR_PEER_FORMAT;
	bulk_stop(files->bulk, out);
	out->turn = message->byte;
	out->at = message->number;
	out->going = true;
	out->armed = true;
	out->owed = 0;
	return BATON_OK;
}

static enum baton_err take_kept(struct baton_file_out *out, uint64_t offset)
{
	if (out->state != BATON_FILE_OUT_OFFERED)
		return BATON_ERR_PEER_STATE;
	if (offset > out->total)
		return BATON_ERR_PEER_FORMAT;
	if (offset <= out->progress)
		return BATON_OK;
	out->progress = offset;
	out->news |= FILE_OUT_NEWS(BATON_FILE_PROGRESS);
	return BATON_OK;
}

/* TAKEN, REFUSED: the file has come to an end at the receiver. */
static enum baton_err take_end(struct baton_files *files,
			       struct baton_file_out *out, uint8_t op,
			       const struct message *message)
{
	switch ((enum baton_file_out_state)out->state) {
	case BATON_FILE_OUT_OFFERED:
	case BATON_FILE_OUT_CANCELLED:
		/* Before it was offered nobody can have taken it. */
		if (out->stored == BATON_FILE_OUT_NONE)
			return BATON_ERR_PEER_STATE;
		if (op == FILE_REFUSED)
			out->reason = message->byte & 0x7f;
		out->by_peer = op == FILE_REFUSED;
		file_out_enter(files, out,
			       op == FILE_TAKEN ? BATON_FILE_OUT_DELIVERED
						: BATON_FILE_OUT_FAILED);
		return BATON_OK;
	case BATON_FILE_OUT_DELIVERED:
	case BATON_FILE_OUT_FAILED:
		out->owed |= FILE_OWES(FILE_FORGET);
		return BATON_OK;
	case BATON_FILE_OUT_NONE:
	case BATON_FILE_OUT_DONE:
		break;
	}
	return file_reply(files, FILE_FORGET, message->id, 0);
}

static enum baton_err rx_sender(struct baton_files *files, uint8_t op,
				const struct message *message)
{
	struct baton_file_out *out = file_out_find(files, message->id);

	if (op == FILE_GONE) {
		if (!out || out->state != BATON_FILE_OUT_CANCELLED ||
		    !file_out_clean(out))
			return BATON_ERR_PEER_STATE;
		out->by_peer = false;
		file_out_enter(files, out, BATON_FILE_OUT_FAILED);
		return BATON_OK;
	}
	if (!out && op != FILE_HOLD && op != FILE_KEPT)
		return file_reply(files, FILE_FORGET, message->id, 0);
	if (!out)
		return BATON_ERR_PEER_STATE;
	if (op == FILE_GO)
		return take_go(files, out, message);
	if (op == FILE_KEPT)
		return take_kept(out, message->number);
	if (op == FILE_TAKEN || op == FILE_REFUSED)
		return take_end(files, out, op, message);
	bulk_stop(files->bulk, out);
	out->going = false;
	out->armed = false;
	return BATON_OK;
}

/* ---- At the receiver ---- */

static bool is_coming(uint8_t state)
{
	return state == BATON_FILE_IN_ASKED ||
	       state == BATON_FILE_IN_RECEIVING ||
	       state == BATON_FILE_IN_COMPLETE;
}

/*
 * Bytes of all files that are coming, or may be: also of one whose end is not
 * durable, for it would be here again after a restart.
 */
static uint64_t bytes_coming(const struct baton_files *files)
{
	const struct baton_file_in *in;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < files->in_count; i++) {
		in = &files->in[i];
		if (is_coming(in->state) || is_coming(in->stored))
			sum += in->total;
	}
	return sum;
}

static enum baton_err take_offer(struct baton_files *files,
				 const struct message *message)
{
	struct baton_file_in *in;
	uint64_t coming;

	if (message->number > BATON_FILE_MAX)
		return BATON_ERR_PEER_FORMAT;
	if (message->number > files->limits.each_max)
		return file_reply(files, FILE_REFUSED, message->id,
				  BATON_REASON_TOO_LARGE);
	coming = bytes_coming(files);
	in = file_in_free(files);
	if (!in ||
	    (coming > 0 && coming + message->number > files->limits.all_max)) {
		files->waiting = true;
		return BATON_OK;
	}
	memset(in, 0, sizeof(*in));
	memcpy(in->id, message->id, ID_LEN);
	in->total = message->number;
	in->meta_len = (uint8_t)message->meta_len;
	if (message->meta_len > 0)
		memcpy(in->meta, message->meta, message->meta_len);
	/* A question is not stored: it is asked again. */
	in->stored = BATON_FILE_IN_ASKED;
	file_in_enter(files, in, BATON_FILE_IN_ASKED);
	return BATON_OK;
}

static enum baton_err take_offer_again(struct baton_file_in *in,
				       const struct message *message)
{
	if (in->total != message->number || in->meta_len != message->meta_len ||
	    memcmp(in->meta, message->meta, message->meta_len) != 0)
		return BATON_ERR_PEER_STATE;
	if (in->state == BATON_FILE_IN_TAKEN)
		in->owed |= FILE_OWES(FILE_TAKEN);
	if (in->state == BATON_FILE_IN_REFUSED)
		in->owed |= FILE_OWES(FILE_REFUSED);
	/*
	 * Whoever offers it does not go on, whatever was said before; but a GO
	 * that is on its way is enough, or what it began would go twice.
	 */
	if (in->state == BATON_FILE_IN_RECEIVING && in->accepted &&
	    !in->paused && in->got < in->total &&
	    (!in->went || message->byte == in->turn))
		in->owed |= FILE_OWES(FILE_GO);
	return BATON_OK;
}

/* The sender gave the file up, or knows nothing of it. */
static enum baton_err abort_file(struct baton_files *files,
				 struct baton_file_in *in, uint8_t op,
				 uint8_t reason)
{
	bool asked = in->state == BATON_FILE_IN_ASKED;
	enum baton_err err = BATON_OK;

	if (asked && !in->told) {
		if (op == FILE_CANCEL)
			err = file_reply(files, FILE_GONE, in->id, 0);
		file_in_release(files, in);
		return err;
	}
	in->reason = reason & 0x7f;
	file_in_enter(files, in, BATON_FILE_IN_ABORTED);
	if (asked)
		in->stored = in->state;
	if (op != FILE_CANCEL)
		in->owed = 0;
	return BATON_OK;
}

static enum baton_err take_cancel(struct baton_files *files,
				  struct baton_file_in *in,
				  const struct message *message)
{
	if (!in)
		return file_reply(files, FILE_GONE, message->id, 0);
	switch ((enum baton_file_in_state)in->state) {
	case BATON_FILE_IN_ASKED:
	case BATON_FILE_IN_RECEIVING:
		return abort_file(files, in, FILE_CANCEL, message->byte);
	case BATON_FILE_IN_TAKEN:
		in->owed |= FILE_OWES(FILE_TAKEN);
		break;
	case BATON_FILE_IN_REFUSED:
		in->owed |= FILE_OWES(FILE_REFUSED);
		break;
	case BATON_FILE_IN_ABORTED:
		in->owed |= FILE_OWES(FILE_GONE);
		break;
	case BATON_FILE_IN_DONE:
		return file_reply(files, FILE_GONE, message->id, 0);
	case BATON_FILE_IN_NONE:
	case BATON_FILE_IN_COMPLETE:
		break;
	}
	return BATON_OK;
}

static enum baton_err take_forget(struct baton_files *files,
				  struct baton_file_in *in)
{
	if (!in)
		return BATON_OK;
	switch ((enum baton_file_in_state)in->state) {
	case BATON_FILE_IN_ASKED:
	case BATON_FILE_IN_RECEIVING:
		return abort_file(files, in, FILE_FORGET,
				  BATON_REASON_INTERNAL);
	case BATON_FILE_IN_TAKEN:
	case BATON_FILE_IN_REFUSED:
		/* Nobody forgets what it was not told yet. */
		if (!file_in_clean(in))
			return BATON_ERR_PEER_STATE;
		file_in_enter(files, in, BATON_FILE_IN_DONE);
		return BATON_OK;
	case BATON_FILE_IN_NONE:
	case BATON_FILE_IN_COMPLETE:
	case BATON_FILE_IN_ABORTED:
	case BATON_FILE_IN_DONE:
		break;
	}
	return BATON_OK;
}

static enum baton_err rx_receiver(struct baton_files *files, uint8_t op,
				  const struct message *message)
{
	struct baton_file_in *in = file_in_find(files, message->id);

	if (op == FILE_CANCEL)
		return take_cancel(files, in, message);
	if (op == FILE_FORGET)
		return take_forget(files, in);
	return in ? take_offer_again(in, message) : take_offer(files, message);
}

enum baton_err baton_files_rx(struct baton_files *files, uint8_t op,
			      const uint8_t *body, size_t len, uint64_t now_ms)
{
	struct message message = {0};
	enum baton_err err;

	files->now_ms = now_ms;
	if (!files->up)
		return BATON_ERR_PEER_STATE;
	err = decode(op, body, len, &message);
	if (err)
		return err;
	if (op == FILE_REPEAT)
		file_repeat(files, false);
	else if (op == FILE_OFFER || op == FILE_CANCEL || op == FILE_FORGET)
		return rx_receiver(files, op, &message);
	else
		return rx_sender(files, op, &message);
	return BATON_OK;
}

/* ---- Bytes ---- */

static bool wants(const struct baton_file_in *in, uint8_t turn)
{
	return in && in->state == BATON_FILE_IN_RECEIVING && in->accepted &&
	       !in->paused && in->went && in->turn == turn;
}

bool file_slice(struct baton_files *files, const uint8_t *id, uint8_t turn,
		uint64_t offset)
{
	struct baton_file_in *in = file_in_find(files, id);

	return wants(in, turn) && offset == in->got && files->data_of != in;
}

enum baton_err file_data(struct baton_files *files, const uint8_t *id,
			 uint8_t turn, uint64_t offset, const uint8_t *bytes,
			 size_t len)
{
	struct baton_file_in *in = file_in_find(files, id);

	if (!wants(in, turn))
		return BATON_ERR_PEER_STATE;
	if (files->data_of) {
		/* They were not taken in time: have them sent again. */
		files->data_of->owed |= FILE_OWES(FILE_GO);
		files->data_of->went = false;
		files->data_of = NULL;
	}
	if (!in->went || offset != in->got || len > in->total - offset)
		return BATON_ERR_PEER_STATE;
	files->data_of = in;
	files->data = bytes;
	files->data_len = len;
	return BATON_OK;
}

void file_interrupted(struct baton_file_out *out)
{
	out->going = false;
	out->armed = false;
	out->owed |= FILE_OWES(FILE_OFFER);
}

void file_refused(struct baton_file_out *out, uint8_t turn)
{
	if (out->turn != turn)
		return;
	out->going = false;
	out->armed = false;
}

/* ---- Envelopes out ---- */

static size_t put(uint8_t *body, const uint8_t *id)
{
	memcpy(body, id, ID_LEN);
	return ID_LEN;
}

static size_t put_out(struct baton_file_out *out, uint8_t op, uint8_t *body)
{
	size_t n = put(body, out->id);

	if (op == FILE_CANCEL)
		body[n++] = out->reason;
	if (op != FILE_OFFER)
		return n;
	baton_store_be64(body + n, out->total);
	body[n + 8] = out->turn;
	memcpy(body + n + 9, out->meta, out->meta_len);
	return n + 9 + out->meta_len;
}

static size_t put_in(struct baton_files *files, struct baton_file_in *in,
		     uint8_t op, uint8_t *body)
{
	size_t n = put(body, in->id);

	if (op == FILE_REFUSED)
		body[n++] = in->reason;
	if (op == FILE_KEPT) {
		baton_store_be64(body + n, in->stored_kept);
		n += 8;
	}
	if (op != FILE_GO)
		return n;
	/* Bytes of the turn before are not wanted any more. */
	file_in_drop(files, in);
	in->turn = in->turn < UINT8_MAX ? in->turn + 1 : 1;
	in->went = true;
	body[n++] = in->turn;
	baton_store_be64(body + n, in->got);
	return n + 8;
}

/* Take the first that is owed. */
static uint8_t first(uint16_t *owed)
{
	uint8_t op = 0;

	while (!(*owed & FILE_OWES(op)))
		op++;
	*owed &= (uint16_t)~FILE_OWES(op);
	return op;
}

static bool tx_reply(struct baton_files *files, uint8_t *op, uint8_t *body,
		     size_t *len)
{
	struct baton_file_reply reply = files->reply[0];

	if (files->reply_count == 0)
		return false;
	files->reply_count--;
	memmove(files->reply, files->reply + 1,
		files->reply_count * sizeof(reply));
	*op = reply.op;
	*len = put(body, reply.id);
	if (reply.op == FILE_REFUSED)
		body[(*len)++] = reply.reason;
	return true;
}

bool baton_files_tx(struct baton_files *files, uint8_t *op, uint8_t *body,
		    size_t cap, size_t *len, uint64_t now_ms)
{
	size_t places = (size_t)files->out_count + files->in_count;
	struct baton_file_out *out;
	struct baton_file_in *in;
	size_t i, at;

	files->now_ms = now_ms;
	if (!files->up || cap < BATON_FILE_BODY_MAX)
		return false;
	if (tx_reply(files, op, body, len))
		return true;
	for (i = 0; i < places; i++) {
		at = (files->tx_turn + i) % places;
		if (at < files->out_count) {
			out = &files->out[at];
			if (!out->owed || !file_out_clean(out))
				continue;
			*op = first(&out->owed);
			*len = put_out(out, *op, body);
		} else {
			in = &files->in[at - files->out_count];
			if (!in->owed || !file_in_clean(in))
				continue;
			*op = first(&in->owed);
			*len = put_in(files, in, *op, body);
		}
		files->tx_turn = (uint8_t)((at + 1) % places);
		return true;
	}
	if (!files->repeat)
		return false;
	files->repeat = false;
	*op = FILE_REPEAT;
	*len = 0;
	return true;
}
