/* SPDX-License-Identifier: MIT */
#include "session/hello.h"

#include <string.h>

#include "base/bytes.h"

#define BEARER_AT 3
#define PAIRING_AT 6
#define NONCE_AT 14

void baton_hello_encode(const struct baton_hello *hello,
			struct baton_hello_bytes *out)
{
	uint8_t *p = out->bytes;

	p[0] = hello->version_max;
	p[1] = hello->version_min;
	p[2] = hello->role;
	p[BEARER_AT] = hello->bearer;
	baton_store_be16(p + 4, hello->features);
	p[PAIRING_AT] = hello->pairing;
	baton_store_be16(p + 7, hello->record_max);
	baton_store_be16(p + 9, hello->pdu_max);
	memcpy(p + 11, hello->window, BATON_CLASSES);
	memcpy(p + NONCE_AT, hello->nonce, BATON_HELLO_NONCE_LEN);
	out->len = BATON_HELLO_LEN;
	if (BATON_CODEC && hello->features & BATON_FEATURE_CODECS) {
		baton_store_be32(p + BATON_HELLO_LEN, hello->codecs);
		out->len += sizeof(hello->codecs);
	}
}

static enum baton_err check(const struct baton_hello *hello,
			    enum baton_role role)
{
	int c;

	if (hello->role != (uint8_t)role ||
	    hello->version_min > hello->version_max ||
	    hello->record_max < BATON_RECORD_MIN ||
	    hello->record_max > BATON_RECORD_MAX ||
	    hello->pdu_max < BATON_PDU_MIN || hello->pdu_max > BATON_PDU_MAX)
		return BATON_ERR_PEER_FORMAT;
	for (c = 0; c < BATON_CLASSES; c++)
		if (hello->window[c] < 1 || hello->window[c] > BATON_WINDOW_MAX)
			return BATON_ERR_PEER_FORMAT;
	if (hello->window[BATON_CLASS_CONTROL] < BATON_CONTROL_WINDOW_MIN)
		return BATON_ERR_PEER_FORMAT;
	return BATON_OK;
}

enum baton_err baton_hello_decode(const uint8_t *p, size_t len,
				  enum baton_role role,
				  struct baton_hello *hello,
				  struct baton_hello_bytes *raw)
{
	struct baton_hello h;
	enum baton_err err;

	/* Other versions may lay the rest out otherwise. */
	if (len < 2 || len > BATON_HELLO_MAX)
		return BATON_ERR_PEER_LENGTH;
	memset(&h, 0, sizeof(h));
	h.version_max = p[0];
	h.version_min = p[1];
	if (baton_hello_version(&h)) {
		if (len < BATON_HELLO_LEN)
			return BATON_ERR_PEER_LENGTH;
		h.role = p[2];
		h.bearer = p[BEARER_AT];
		h.features = baton_load_be16(p + 4);
		h.pairing = p[PAIRING_AT];
		h.record_max = baton_load_be16(p + 7);
		h.pdu_max = baton_load_be16(p + 9);
		memcpy(h.window, p + 11, BATON_CLASSES);
		memcpy(h.nonce, p + NONCE_AT, BATON_HELLO_NONCE_LEN);
		if (h.features & BATON_FEATURE_CODECS) {
			if (len < BATON_HELLO_LEN + sizeof(h.codecs))
				return BATON_ERR_PEER_LENGTH;
			h.codecs = baton_load_be32(p + BATON_HELLO_LEN);
		}
		err = check(&h, role);
		if (err)
			return err;
	}
	*hello = h;
	memcpy(raw->bytes, p, len);
	raw->len = (uint8_t)len;
	return BATON_OK;
}

void baton_hello_strip(uint8_t bytes[BATON_HELLO_LEN])
{
	bytes[BEARER_AT] = 0;
	bytes[PAIRING_AT] = 0;
	memset(bytes + NONCE_AT, 0, BATON_HELLO_NONCE_LEN);
}

uint8_t baton_hello_version(const struct baton_hello *peer)
{
	uint8_t version = peer->version_max < BATON_VERSION_MAX
				  ? peer->version_max
				  : BATON_VERSION_MAX;

	if (version < peer->version_min || version < BATON_VERSION_MIN)
		return 0;
	return version;
}

/* True if from can show what to can take. */
static bool can_pass(uint8_t kind, uint8_t from, uint8_t to)
{
	if (kind == BATON_KIND_OUT_OF_BAND)
		return from & BATON_PAIR_SECRET_SHOW &&
		       to & BATON_PAIR_SECRET_TAKE;
	return from & BATON_PAIR_SHOW && to & BATON_PAIR_TYPE;
}

uint8_t baton_hello_method(uint8_t a, uint8_t b, bool has_secret)
{
	static const uint8_t kinds[] = {BATON_KIND_OUT_OF_BAND,
					BATON_KIND_TYPED};
	size_t i;

	if (has_secret)
		return a & BATON_PAIR_OUT_OF_BAND && b & BATON_PAIR_OUT_OF_BAND
			       ? BATON_KIND_OUT_OF_BAND
			       : 0;
	if (a & b & BATON_PAIR_COMPARE)
		return BATON_KIND_COMPARE;
	for (i = 0; i < sizeof(kinds); i++)
		if (can_pass(kinds[i], a, b) || can_pass(kinds[i], b, a))
			return kinds[i];
	return 0;
}

bool baton_hello_shows(uint8_t kind, enum baton_role role, uint8_t own,
		       uint8_t peer)
{
	uint8_t watch = role == BATON_WATCH ? own : peer;
	uint8_t phone = role == BATON_WATCH ? peer : own;

	/* A phone has the better keyboard, and the camera. */
	return can_pass(kind, watch, phone) == (role == BATON_WATCH);
}

static size_t put_hello(uint8_t *p, const struct baton_hello_bytes *hello)
{
	size_t len = 1 + (size_t)hello->len;

	memcpy(p, hello, len);
	return len;
}

size_t baton_prologue(uint8_t out[BATON_PROLOGUE_MAX], uint8_t version,
		      uint8_t kind, const struct baton_hello_bytes *phone,
		      const struct baton_hello_bytes *watch)
{
	size_t n = 5;

	memcpy(out, "Baton", 5);
	out[n++] = version;
	out[n++] = kind;
	n += put_hello(out + n, phone);
	return n + put_hello(out + n, watch);
}
