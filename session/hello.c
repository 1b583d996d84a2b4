/* SPDX-License-Identifier: MIT */
#include "session/hello.h"

#include <string.h>

void baton_hello_encode(const struct baton_hello *hello,
			struct baton_hello_bytes *out)
{
	uint8_t *p = out->bytes;
	int c;

	p[0] = hello->version_max;
	p[1] = hello->version_min;
	p[BATON_HELLO_ROLE_AT] = hello->role;
	p[BATON_HELLO_BEARER_AT] = hello->bearer;
	baton_store_be16(p + BATON_HELLO_FEATURES_AT, hello->features);
	p[BATON_HELLO_PAIRING_AT] = hello->pairing;
	baton_store_be16(p + BATON_HELLO_RECORD_MAX_AT, hello->record_max);
	baton_store_be16(p + BATON_HELLO_PDU_MAX_AT, hello->pdu_max);
	for (c = 0; c < BATON_CLASSES; c++)
		p[BATON_HELLO_WINDOW_AT + c] = hello->window[c];
	out->len = BATON_HELLO_LEN;
	if (BATON_CODEC && hello->features & BATON_FEATURE_CODECS) {
		baton_store_be32(p + BATON_HELLO_LEN, hello->codecs);
		out->len += sizeof(hello->codecs);
	}
}

static bool has_codecs(const uint8_t *p)
{
	return baton_load_be16(p + BATON_HELLO_FEATURES_AT) &
	       BATON_FEATURE_CODECS;
}

uint32_t baton_hello_codecs(const struct baton_hello_bytes *hello)
{
	return has_codecs(hello->bytes)
		       ? baton_load_be32(hello->bytes + BATON_HELLO_LEN)
		       : 0;
}

/* A hello of a version that is spoken here, from role. */
static bool is_good(const uint8_t *p, enum baton_role role)
{
	uint16_t record_max = baton_load_be16(p + BATON_HELLO_RECORD_MAX_AT);
	uint16_t pdu_max = baton_load_be16(p + BATON_HELLO_PDU_MAX_AT);
	const uint8_t *window = p + BATON_HELLO_WINDOW_AT;
	int c;

	if (p[BATON_HELLO_ROLE_AT] != (uint8_t)role || p[1] > p[0] ||
	    record_max < BATON_RECORD_MIN || record_max > BATON_RECORD_MAX ||
	    pdu_max < BATON_PDU_MIN || pdu_max > BATON_PDU_MAX)
		return false;
	for (c = 0; c < BATON_CLASSES; c++)
		if (window[c] < 1 || window[c] > BATON_WINDOW_MAX)
			return false;
	return window[BATON_CLASS_CONTROL] >= BATON_CONTROL_WINDOW_MIN;
}

enum baton_err baton_hello_take(struct baton_hello_bytes *hello,
				const uint8_t *p, size_t len,
				enum baton_role role)
{
	/* Other versions may lay the rest out otherwise. */
	if (len < 2 || len > BATON_HELLO_MAX)
		return BATON_ERR_PEER_LENGTH;
	if (baton_hello_version(p[0], p[1])) {
		if (len < BATON_HELLO_LEN ||
		    (has_codecs(p) && len < BATON_HELLO_LEN + sizeof(uint32_t)))
			return BATON_ERR_PEER_LENGTH;
		if (!is_good(p, role))
			return BATON_ERR_PEER_FORMAT;
	}
	memcpy(hello->bytes, p, len);
	hello->len = (uint8_t)len;
	return BATON_OK;
}

void baton_hello_strip(uint8_t bytes[BATON_HELLO_LEN])
{
	bytes[BATON_HELLO_BEARER_AT] = 0;
	bytes[BATON_HELLO_PAIRING_AT] = 0;
	memset(bytes + BATON_HELLO_NONCE_AT, 0, BATON_HELLO_NONCE_LEN);
}

uint8_t baton_hello_version(uint8_t max, uint8_t min)
{
	uint8_t version = max < BATON_VERSION_MAX ? max : BATON_VERSION_MAX;

	return version < min || version < BATON_VERSION_MIN ? 0 : version;
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
