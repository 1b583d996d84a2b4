/* SPDX-License-Identifier: MIT */

/* The frames of ownership, to the bit (session/OWNERSHIP.md 3). */

#include <string.h>

#include "base/bytes.h"
#include "session/ownership_internal.h"
#include "transport/varint.h"

struct cursor {
	const uint8_t *p;
	size_t len;
};

static bool get_varint(struct cursor *c, uint64_t *value)
{
	return baton_varint64_get(&c->p, &c->len, value);
}

static bool get_u64(struct cursor *c, uint64_t *value)
{
	if (c->len < 8)
		return false;
	*value = baton_load_be64(c->p);
	c->p += 8;
	c->len -= 8;
	return true;
}

static size_t put_u64(uint8_t *p, uint64_t value)
{
	baton_store_be64(p, value);
	return 8;
}

/* What stands behind the activity and the epoch. */
static bool get_rest(struct cursor *c, enum own_frame type,
		     struct own_message *message)
{
	switch (type) {
	case OWN_OFFER:
		if (!get_varint(c, &message->other) ||
		    !get_varint(c, &message->lease_ms) ||
		    c->len > BATON_OFFER_INFO_MAX)
			return false;
		message->info = c->p;
		message->info_len = c->len;
		c->len = 0;
		return true;
	case OWN_ACCEPT:
		return get_varint(c, &message->lease_ms) &&
		       get_u64(c, &message->nonce);
	case OWN_RELEASE:
		return get_u64(c, &message->version) &&
		       get_u64(c, &message->nonce);
	case OWN_REFUSED:
		if (!get_varint(c, &message->other) || c->len != 1)
			return false;
		message->reason = *c->p;
		c->len = 0;
		return true;
	case OWN_RENEW:
	case OWN_RENEWED:
		return get_u64(c, &message->nonce);
	case OWN_CONFIRM:
	case OWN_CANCEL:
	case OWN_RECALL:
	case OWN_GONE:
		return true;
	case OWN_MARK:
		break;
	}
	return false;
}

enum baton_err own_frame_get(const uint8_t *body, size_t len,
			     enum own_frame type, struct own_message *message)
{
	struct cursor c = {.p = body, .len = len};

	memset(message, 0, sizeof(*message));
	if (type == OWN_MARK) {
		message->info = body;
		message->info_len = len;
		return len % BATON_ACTIVITY_ID_LEN ? BATON_ERR_PEER_LENGTH
						   : BATON_OK;
	}
	if (len < BATON_ACTIVITY_ID_LEN)
		return BATON_ERR_PEER_LENGTH;
	memcpy(message->id, body, BATON_ACTIVITY_ID_LEN);
	c.p += BATON_ACTIVITY_ID_LEN;
	c.len -= BATON_ACTIVITY_ID_LEN;
	if (!get_varint(&c, &message->epoch) || message->epoch == 0 ||
	    !get_rest(&c, type, message) || c.len != 0)
		return BATON_ERR_PEER_FORMAT;
	return BATON_OK;
}

size_t own_frame_put(uint8_t *body, enum own_frame type,
		     const struct own_message *message)
{
	size_t n = BATON_ACTIVITY_ID_LEN;

	memcpy(body, message->id, BATON_ACTIVITY_ID_LEN);
	n += baton_varint64_put(body + n, message->epoch);
	switch (type) {
	case OWN_OFFER:
		n += baton_varint64_put(body + n, message->other);
		n += baton_varint64_put(body + n, message->lease_ms);
		memcpy(body + n, message->info, message->info_len);
		return n + message->info_len;
	case OWN_ACCEPT:
		n += baton_varint64_put(body + n, message->lease_ms);
		return n + put_u64(body + n, message->nonce);
	case OWN_RELEASE:
		n += put_u64(body + n, message->version);
		return n + put_u64(body + n, message->nonce);
	case OWN_REFUSED:
		n += baton_varint64_put(body + n, message->other);
		body[n++] = message->reason;
		return n;
	case OWN_RENEW:
	case OWN_RENEWED:
		return n + put_u64(body + n, message->nonce);
	case OWN_CONFIRM:
	case OWN_CANCEL:
	case OWN_RECALL:
	case OWN_GONE:
	case OWN_MARK:
		break;
	}
	return n;
}
