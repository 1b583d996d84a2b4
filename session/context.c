/* SPDX-License-Identifier: MIT */
#include "session/context.h"

#include <string.h>

#include "base/bytes.h"

#define FORMAT 1
#define JUMP ((uint64_t)1 << 32) /* further ahead nobody can be */
#define NONE 2 /* no place of out */

#define OP_SET 0
#define OP_HAVE 1
#define OP_HELLO 2
#define OP_SAME 3
#define HAVE_LEN 12

/* The store operation that is out. */
enum writing {
	WRITING_NOTHING,
	WRITING_OUT,
	WRITING_IN,
};

enum context_news {
	NEWS_STORE_FAILED = 1,
	NEWS_KEPT = 2,
	NEWS_TAKEN = 4,
	NEWS_CHANGED = 8,
	NEWS_TOO_LARGE = 16,
};

size_t baton_context_memory_len(uint16_t max)
{
	return 4 * ((size_t)BATON_CONTEXT_HEADER + max);
}

enum baton_err baton_context_init(struct baton_context *context, uint16_t max,
				  const uint8_t seed[BATON_DRBG_SEED_LEN],
				  void *memory, size_t memory_len)
{
	uint8_t *p = memory;
	int i;

	if (max == 0 || max > BATON_ITEM_MAX ||
	    memory_len < baton_context_memory_len(max))
		return BATON_ERR_ARG;
	memset(context, 0, sizeof(*context));
	memset(memory, 0, baton_context_memory_len(max));
	for (i = 0; i < 2; i++) {
		context->out[i].bytes = p;
		p += (size_t)BATON_CONTEXT_HEADER + max;
		context->in[i].bytes = p;
		p += (size_t)BATON_CONTEXT_HEADER + max;
	}
	context->max = max;
	context->newest = NONE;
	context->durable = NONE;
	context->fresh = true;
	baton_drbg_init(&context->drbg, seed);
	return BATON_OK;
}

void baton_context_wipe(struct baton_context *context)
{
	if (context->out[0].bytes)
		baton_crypto_wipe(context->out[0].bytes,
				  baton_context_memory_len(context->max));
	baton_crypto_wipe(context, sizeof(*context));
}

static bool read_value(struct baton_context_value *value, const uint8_t *p,
		       size_t len)
{
	if (len < BATON_CONTEXT_HEADER || p[0] != FORMAT ||
	    baton_load_be64(p + 1) == 0)
		return false;
	value->version = baton_load_be64(p + 1);
	value->mark = baton_load_be32(p + 9);
	value->len = (uint16_t)(len - BATON_CONTEXT_HEADER);
	memcpy(value->bytes, p, len);
	return true;
}

enum baton_err baton_context_load(struct baton_context *context,
				  const char *name, const uint8_t *value,
				  size_t len)
{
	bool mine;

	if (name[0] != 'c' || (name[1] != 'o' && name[1] != 'i') || name[2])
		return BATON_ERR_NOT_FOUND;
	mine = name[1] == 'o';
	if (len > (size_t)BATON_CONTEXT_HEADER + context->max)
		return BATON_ERR_SPACE;
	if (!read_value(mine ? &context->out[0] : &context->in[0], value, len))
		return BATON_ERR_ARG;
	if (mine) {
		context->version = context->out[0].version;
		context->newest = 0;
		context->durable = 0;
	}
	return BATON_OK;
}

/* The place of out for a value that becomes the newest. */
static uint8_t free_place(const struct baton_context *context)
{
	if (context->writing == WRITING_OUT)
		return !context->written;
	if (context->newest != NONE && context->newest != context->durable)
		return context->newest;
	return context->durable == NONE ? 0 : !context->durable;
}

static void put_newest(struct baton_context *context, const uint8_t *value,
		       size_t len)
{
	uint8_t at = free_place(context), mark[4];
	struct baton_context_value *out = &context->out[at];

	baton_drbg_bytes(&context->drbg, mark, sizeof(mark));
	if (at == context->durable)
		context->durable = NONE;
	out->version = ++context->version;
	out->mark = baton_load_be32(mark);
	out->bytes[0] = FORMAT;
	baton_store_be64(out->bytes + 1, out->version);
	baton_store_be32(out->bytes + 9, out->mark);
	/* What was longer there is nobody's any more. */
	if (len < out->len)
		baton_crypto_wipe(out->bytes + BATON_CONTEXT_HEADER + len,
				  out->len - len);
	if (len > 0)
		memmove(out->bytes + BATON_CONTEXT_HEADER, value, len);
	out->len = (uint16_t)len;
	context->newest = at;
}

enum baton_err baton_context_set(struct baton_context *context,
				 const uint8_t *value, size_t len,
				 uint64_t now_ms)
{
	if (!context)
		return BATON_ERR_NOT_FOUND;
	if (len > context->max ||
	    (context->up && BATON_CONTEXT_SET_LEN + len > context->room))
		return BATON_ERR_TOO_LARGE;
	context->now_ms = now_ms;
	put_newest(context, value, len);
	return BATON_OK;
}

const uint8_t *baton_context_get(const struct baton_context *context,
				 uint64_t *version, size_t *len)
{
	const struct baton_context_value *in;

	if (!context || context->in[context->held].version == 0)
		return NULL;
	in = &context->in[context->held];
	*version = in->version;
	*len = in->len;
	return in->bytes + BATON_CONTEXT_HEADER;
}

void baton_context_link(struct baton_context *context, bool up, size_t room,
			uint64_t now_ms)
{
	context->now_ms = now_ms;
	context->up = up && room >= BATON_CONTEXT_SET_LEN;
	context->room = context->up ? room : 0;
	context->sent = 0;
	context->too_large = 0;
	context->news &= (uint8_t)~NEWS_TOO_LARGE;
	context->owes_have = false;
	context->owes_same = false;
	context->owes_hello = context->up && context->fresh;
}

static enum baton_err rx_set(struct baton_context *context, const uint8_t *p,
			     size_t len)
{
	struct baton_context_value *coming = &context->in[!context->held];
	uint64_t version;

	if (len < BATON_CONTEXT_SET_LEN)
		return BATON_ERR_PEER_LENGTH;
	if (len - BATON_CONTEXT_SET_LEN > context->max)
		return BATON_ERR_PEER_LIMIT;
	version = baton_load_be64(p);
	if (version == 0)
		return BATON_ERR_PEER_FORMAT;
	context->fresh = context->owes_hello;
	/* HAVE follows when what came before is durable. */
	if (context->coming)
		return BATON_OK;
	if (version <= context->in[context->held].version) {
		context->owes_have = true;
		return BATON_OK;
	}
	coming->bytes[0] = FORMAT;
	memcpy(coming->bytes + 1, p, len);
	coming->version = version;
	coming->mark = baton_load_be32(p + 8);
	coming->len = (uint16_t)(len - BATON_CONTEXT_SET_LEN);
	context->coming = true;
	return BATON_OK;
}

/* My store was put back: what is newest goes above what the peer has. */
static enum baton_err raise_version(struct baton_context *context,
				    uint64_t version)
{
	const struct baton_context_value *newest;

	if (version > context->version)
		context->version = version;
	if (context->newest == NONE)
		return BATON_OK;
	newest = &context->out[context->newest];
	/* The peer would not take what is durable: it waits for the next. */
	context->durable = NONE;
	put_newest(context, newest->bytes + BATON_CONTEXT_HEADER, newest->len);
	return BATON_OK;
}

static enum baton_err rx_have(struct baton_context *context, const uint8_t *p,
			      size_t len)
{
	const struct baton_context_value *durable;
	uint64_t version;

	if (len != HAVE_LEN)
		return BATON_ERR_PEER_LENGTH;
	version = baton_load_be64(p);
	if (version > context->version && version - context->version > JUMP)
		return BATON_ERR_PEER_FORMAT;
	context->sent = 0;
	/* Between two values there is none to compare. */
	if (context->durable == NONE)
		return context->newest == NONE ? raise_version(context, version)
					       : BATON_OK;
	durable = &context->out[context->durable];
	if (version < durable->version) {
		context->taken = 0;
		return BATON_OK;
	}
	if (version > durable->version ||
	    baton_load_be32(p + 8) != durable->mark)
		return raise_version(context, version);
	if (context->taken != version)
		context->news |= NEWS_TAKEN;
	context->taken = version;
	return BATON_OK;
}

/* HAVE after a start: it is not to be lost, so it is answered. */
static enum baton_err rx_hello(struct baton_context *context, const uint8_t *p,
			       size_t len)
{
	enum baton_err err = rx_have(context, p, len);

	if (!err)
		context->owes_same =
			context->newest == NONE ||
			(context->durable != NONE &&
			 context->taken ==
				 context->out[context->durable].version);
	return err;
}

static enum baton_err rx_same(struct baton_context *context, size_t len)
{
	if (len != 0)
		return BATON_ERR_PEER_LENGTH;
	context->fresh = context->owes_hello;
	return BATON_OK;
}

enum baton_err baton_context_rx(struct baton_context *context, uint8_t op,
				const uint8_t *body, size_t len,
				uint64_t now_ms)
{
	context->now_ms = now_ms;
	if (!context->up)
		return BATON_ERR_PEER_STATE;
	switch (op) {
	case OP_SET:
		return rx_set(context, body, len);
	case OP_HAVE:
		return rx_have(context, body, len);
	case OP_HELLO:
		return rx_hello(context, body, len);
	case OP_SAME:
		return rx_same(context, len);
	}
	return BATON_ERR_PEER_FORMAT;
}

bool baton_context_tx(struct baton_context *context, uint8_t *op, uint8_t *body,
		      size_t cap, size_t *len, uint64_t now_ms)
{
	const struct baton_context_value *value;

	context->now_ms = now_ms;
	if (!context->up || cap < context->room)
		return false;
	if (context->owes_same) {
		context->owes_same = false;
		*op = OP_SAME;
		*len = 0;
		return true;
	}
	if (context->owes_have || context->owes_hello) {
		value = &context->in[context->held];
		*op = context->owes_hello ? OP_HELLO : OP_HAVE;
		context->owes_have = false;
		context->owes_hello = false;
		*len = HAVE_LEN;
		baton_store_be64(body, value->version);
		baton_store_be32(body + 8, value->mark);
		return true;
	}
	if (context->durable == NONE || context->sent)
		return false;
	value = &context->out[context->durable];
	if (value->version == context->taken)
		return false;
	if (BATON_CONTEXT_SET_LEN + (size_t)value->len > context->room) {
		if (context->too_large != value->version)
			context->news |= NEWS_TOO_LARGE;
		context->too_large = value->version;
		return false;
	}
	context->sent = value->version;
	*op = OP_SET;
	*len = BATON_CONTEXT_SET_LEN + (size_t)value->len;
	memcpy(body, value->bytes + 1, *len);
	return true;
}

uint64_t baton_context_deadline(const struct baton_context *context)
{
	return baton_store_retry(context->writing, context->retry_at_ms,
				 context->now_ms);
}

void baton_context_tick(struct baton_context *context, uint64_t now_ms)
{
	context->now_ms = now_ms;
}

static bool take_news(struct baton_context *context, uint8_t bit)
{
	if (!(context->news & bit))
		return false;
	context->news &= (uint8_t)~bit;
	return true;
}

bool baton_context_next_event(struct baton_context *context,
			      struct baton_context_event *event)
{
	memset(event, 0, sizeof(*event));
	if (take_news(context, NEWS_STORE_FAILED)) {
		event->type = BATON_CONTEXT_STORE_FAILED;
	} else if (take_news(context, NEWS_KEPT)) {
		event->type = BATON_CONTEXT_KEPT;
		event->version = context->kept;
	} else if (take_news(context, NEWS_TAKEN)) {
		event->type = BATON_CONTEXT_TAKEN;
		event->version = context->taken;
	} else if (take_news(context, NEWS_TOO_LARGE)) {
		event->type = BATON_CONTEXT_TOO_LARGE;
		event->version = context->too_large;
	} else if (take_news(context, NEWS_CHANGED)) {
		event->type = BATON_CONTEXT_CHANGED;
		event->bytes = baton_context_get(context, &event->version,
						 &event->len);
	} else {
		return false;
	}
	return true;
}

static bool out_is_dirty(const struct baton_context *context)
{
	return context->newest != NONE && context->newest != context->durable;
}

bool baton_context_next_store_op(struct baton_context *context,
				 struct baton_store_op *op)
{
	const struct baton_context_value *value;
	struct baton_store_write *write = &op->write[0];

	if (context->writing ||
	    baton_store_rests(context->retry_at_ms, context->now_ms))
		return false;
	memset(write, 0, sizeof(*write));
	write->kind = BATON_STORE_PUT;
	if (context->coming) {
		context->writing = WRITING_IN;
		value = &context->in[!context->held];
		write->key = "ci";
	} else if (out_is_dirty(context)) {
		context->writing = WRITING_OUT;
		context->written = context->newest;
		value = &context->out[context->written];
		write->key = "co";
	} else {
		return false;
	}
	write->value = value->bytes;
	write->value_len = (size_t)BATON_CONTEXT_HEADER + value->len;
	op->count = 1;
	op->id = ++context->store_id;
	return true;
}

/* What took its place is durable: nobody asks for it any more. */
static void forget(const struct baton_context *context,
		   struct baton_context_value *value)
{
	baton_crypto_wipe(value->bytes,
			  (size_t)BATON_CONTEXT_HEADER + context->max);
	value->len = 0;
}

void baton_context_stored(struct baton_context *context, uint32_t id,
			  enum baton_err err, uint64_t now_ms)
{
	enum writing writing = (enum writing)context->writing;

	context->now_ms = now_ms;
	if (!writing || id != context->store_id)
		return;
	context->writing = WRITING_NOTHING;
	if (err) {
		context->retry_at_ms = now_ms + BATON_STORE_RETRY_MS;
		context->news |= NEWS_STORE_FAILED;
		return;
	}
	context->retry_at_ms = 0;
	if (writing == WRITING_OUT) {
		context->durable = context->written;
		context->kept = context->out[context->written].version;
		if (context->newest != context->durable)
			return;
		context->news |= NEWS_KEPT;
		forget(context, &context->out[!context->durable]);
		return;
	}
	forget(context, &context->in[context->held]);
	context->held = !context->held;
	context->coming = false;
	context->owes_have = context->up;
	context->news |= NEWS_CHANGED;
}

bool baton_context_name(const struct baton_context *context, size_t at,
			char name[BATON_NAME_MAX])
{
	(void)context;
	if (at > 1)
		return false;
	memcpy(name, at == 0 ? "co" : "ci", 3);
	return true;
}
