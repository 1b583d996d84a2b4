/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "crypto/hkdf.h"
#include "crypto/noise.h"
#include "crypto/nonce.h"

#define KEY_LEN BATON_CRYPTO_KEY_LEN
#define POINT_LEN BATON_CRYPTO_POINT_LEN
#define TAG_LEN BATON_CRYPTO_TAG_LEN
#define SEALED_LEN (POINT_LEN + TAG_LEN) /* S: there is a key before it */

/* The letters of the Noise paper; each message is a line of them. */
enum token {
	END,
	E,
	S,
	EE,
	ES,
	SE,
	SS,
	PSK,
};

struct baton_noise_pattern {
	/* The protocol name, hashed if it is longer than a hash: the first h */
	uint8_t name[BATON_CRYPTO_HASH_LEN];
	bool has_psk;
	bool has_pre; /* pre-messages: both statics are known */
	uint8_t n_messages;
	uint8_t keys_len[BATON_NOISE_MESSAGES_MAX]; /* bytes of these: */
	uint8_t tokens[BATON_NOISE_MESSAGES_MAX][5];
};

/* clang-format off */
const struct baton_noise_pattern baton_noise_xx = {
	.name = "Noise_XX_25519_ChaChaPoly_SHA256",
	.n_messages = 3,
	.keys_len = {POINT_LEN, POINT_LEN + SEALED_LEN, SEALED_LEN},
	.tokens = {{E}, {E, EE, S, ES}, {S, SE}},
};

const struct baton_noise_pattern baton_noise_xxpsk0 = {
	.name = {
		0x70, 0xf7, 0x5e, 0xb8, 0xbf, 0xd5, 0x15, 0xeb,
		0xbb, 0xe6, 0x8f, 0xb1, 0x17, 0x16, 0x12, 0x78,
		0x52, 0x0d, 0x73, 0x00, 0xd8, 0x8f, 0xd8, 0x09,
		0xeb, 0x41, 0x6c, 0xae, 0xce, 0xc6, 0x03, 0x39},
	.has_psk = true,
	.n_messages = 3,
	.keys_len = {POINT_LEN, POINT_LEN + SEALED_LEN, SEALED_LEN},
	.tokens = {{PSK, E}, {E, EE, S, ES}, {S, SE}},
};

const struct baton_noise_pattern baton_noise_kkpsk0 = {
	.name = {
		0x17, 0x02, 0x91, 0x2b, 0x9e, 0x7f, 0xa4, 0xae,
		0xa7, 0xe0, 0x45, 0x16, 0xe2, 0x3f, 0x5b, 0xa0,
		0xeb, 0x67, 0x0d, 0x72, 0xb4, 0x14, 0x08, 0xa6,
		0x5f, 0xc8, 0xcf, 0x16, 0x53, 0x4d, 0x10, 0xc4},
	.has_psk = true,
	.has_pre = true,
	.n_messages = 2,
	.keys_len = {POINT_LEN, POINT_LEN},
	.tokens = {{PSK, E, ES, SS}, {E, EE, SE}},
};

const struct baton_noise_pattern baton_noise_nnpsk0 = {
	.name = {
		0xf0, 0xb8, 0x90, 0x82, 0x6f, 0xb8, 0xe6, 0x58,
		0x4a, 0xf6, 0x94, 0x8d, 0x22, 0x71, 0x69, 0xc3,
		0x81, 0xc9, 0xed, 0x6a, 0x4c, 0x1c, 0x90, 0xdf,
		0x4b, 0x9f, 0xf4, 0x54, 0xfa, 0x94, 0x7f, 0x7b},
	.has_psk = true,
	.n_messages = 2,
	.keys_len = {POINT_LEN, POINT_LEN},
	.tokens = {{PSK, E}, {E, EE}},
};
/* clang-format on */

/* SymmetricState, section 5.2 of the paper. */

static void mix_hash(struct baton_noise_state *state, const uint8_t *data,
		     size_t data_len)
{
	struct baton_crypto_sha256 sha;

	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, state->h, sizeof(state->h));
	baton_crypto_sha256_update(&sha, data, data_len);
	baton_crypto_sha256_final(&sha, state->h);
}

/* MixKey has two outputs, MixKeyAndHash one more, between them. */
static void mix_key(struct baton_noise_state *state, uint8_t count,
		    const uint8_t ikm[KEY_LEN])
{
	baton_hkdf_noise(state->keys, count, state->ck, ikm, KEY_LEN);
	state->n = 0;
	state->has_k = true;
}

static void mix_key_and_hash(struct baton_noise_state *state,
			     const uint8_t ikm[KEY_LEN])
{
	mix_key(state, 3, ikm);
	mix_hash(state, state->k, KEY_LEN);
	memcpy(state->k, state->keys[2], KEY_LEN);
}

/* out may be plain. */
static size_t encrypt_and_hash(struct baton_noise_state *state, uint8_t *out,
			       const uint8_t *plain, size_t plain_len)
{
	uint8_t nonce[BATON_CRYPTO_NONCE_LEN];
	size_t out_len = plain_len;

	if (state->has_k) {
		baton_nonce_set(nonce, state->n++);
		baton_crypto_seal(out, plain, plain_len, state->h,
				  sizeof(state->h), nonce, state->k);
		out_len += TAG_LEN;
	} else if (plain_len) {
		memmove(out, plain, plain_len);
	}
	mix_hash(state, out, out_len);
	return out_len;
}

/* out may be in, which is why in is hashed before it is opened. */
static enum baton_err decrypt_and_hash(struct baton_noise_state *state,
				       uint8_t *out, const uint8_t *in,
				       size_t in_len)
{
	uint8_t h[BATON_CRYPTO_HASH_LEN];
	uint8_t nonce[BATON_CRYPTO_NONCE_LEN];

	memcpy(h, state->h, sizeof(h));
	mix_hash(state, in, in_len);
	if (!state->has_k) {
		if (in_len)
			memmove(out, in, in_len);
		return BATON_OK;
	}
	baton_nonce_set(nonce, state->n++);
	return baton_crypto_open(out, in, in_len, h, sizeof(h), nonce,
				 state->k);
}

/* HandshakeState, section 5.3. */

static enum baton_err mix_dh(const struct baton_noise *noise,
			     struct baton_noise_state *state, uint8_t token)
{
	/* The first letter of a token is the initiator's key. */
	bool own_is_e = token == EE || token == (noise->initiator ? ES : SE);
	bool peer_is_e = token == EE || token == (noise->initiator ? SE : ES);
	uint8_t dh[POINT_LEN];
	enum baton_err err;

	if (token == SS) {
		mix_key(state, 2, noise->keys.ss);
		return BATON_OK;
	}
	err = baton_crypto_x25519(dh,
				  own_is_e ? noise->e_priv : noise->keys.s_priv,
				  peer_is_e ? state->re : state->rs);
	if (!err)
		mix_key(state, 2, dh);
	baton_crypto_wipe(dh, sizeof(dh));
	return err;
}

/*
 * The keys of a message, written to out, or read from in where out is NULL.
 * Tokens that send nothing are the same for both sides.
 */
static enum baton_err pass_keys(const struct baton_noise *noise,
				struct baton_noise_state *state, uint8_t *out,
				const uint8_t *in)
{
	const struct baton_noise_pattern *p = noise->pattern;
	const uint8_t *token = p->tokens[state->step];
	enum baton_err err = BATON_OK;
	size_t at = 0;

	if (out)
		in = out;
	for (; *token && !err; token++) {
		switch (*token) {
		case E:
			if (out)
				baton_crypto_x25519_base(out + at,
							 noise->e_priv);
			else
				memcpy(state->re, in + at, POINT_LEN);
			mix_hash(state, in + at, POINT_LEN);
			if (p->has_psk)
				mix_key(state, 2, in + at);
			at += POINT_LEN;
			break;
		case S:
			if (out) {
				encrypt_and_hash(state, out + at,
						 noise->keys.s_pub, POINT_LEN);
			} else {
				err = decrypt_and_hash(state, state->rs,
						       in + at, SEALED_LEN);
			}
			at += SEALED_LEN;
			break;
		case PSK:
			mix_key_and_hash(state, noise->keys.psk);
			break;
		default:
			err = mix_dh(noise, state, *token);
			break;
		}
	}
	return err;
}

void baton_noise_init(struct baton_noise *noise,
		      const struct baton_noise_pattern *pattern, bool initiator,
		      const uint8_t *prologue, size_t prologue_len,
		      struct baton_drbg *drbg)
{
	const struct baton_noise_keys *keys = &noise->keys;
	struct baton_noise_state *state = &noise->state;

	noise->pattern = pattern;
	noise->initiator = initiator;
	baton_drbg_bytes(drbg, noise->e_priv, KEY_LEN);
	memset(state, 0, sizeof(*state));
	memcpy(state->h, pattern->name, sizeof(state->h));
	memcpy(state->ck, pattern->name, sizeof(state->ck));
	mix_hash(state, prologue, prologue_len);
	if (!pattern->has_pre)
		return;
	memcpy(state->rs, keys->rs, POINT_LEN);
	mix_hash(state, initiator ? keys->s_pub : keys->rs, POINT_LEN);
	mix_hash(state, initiator ? keys->rs : keys->s_pub, POINT_LEN);
}

unsigned int baton_noise_messages(const struct baton_noise_pattern *pattern)
{
	return pattern->n_messages;
}

size_t baton_noise_payload_at(const struct baton_noise_pattern *pattern,
			      unsigned int index)
{
	return index < BATON_NOISE_MESSAGES_MAX ? pattern->keys_len[index] : 0;
}

size_t baton_noise_overhead(const struct baton_noise_pattern *pattern,
			    unsigned int index)
{
	size_t len = baton_noise_payload_at(pattern, index);

	/* There is a key from the first DH or psk on. */
	if (len > 0 && (index > 0 || pattern->has_psk))
		len += TAG_LEN;
	return len;
}

bool baton_noise_is_done(const struct baton_noise *noise)
{
	return noise->pattern &&
	       noise->state.step == noise->pattern->n_messages;
}

/* Messages alternate, the initiator's first. */
static bool is_turn_of(const struct baton_noise *noise, bool initiator)
{
	return noise->pattern &&
	       noise->state.step < noise->pattern->n_messages &&
	       (noise->state.step & 1) != initiator;
}

enum baton_err baton_noise_write_keys(struct baton_noise *noise, uint8_t *msg,
				      size_t msg_cap)
{
	struct baton_noise_state *state = &noise->state;
	enum baton_err err;

	if (!is_turn_of(noise, noise->initiator) || state->keys_out)
		return BATON_ERR_STATE;
	if (msg_cap < noise->pattern->keys_len[state->step])
		return BATON_ERR_SPACE;
	err = pass_keys(noise, state, msg, NULL);
	state->keys_out = true;
	if (err)
		noise->pattern = NULL;
	return err;
}

enum baton_err baton_noise_write(struct baton_noise *noise,
				 const uint8_t *payload, size_t payload_len,
				 uint8_t *msg, size_t msg_cap, size_t *msg_len)
{
	struct baton_noise_state *state = &noise->state;
	size_t at = 0;
	enum baton_err err;

	*msg_len = 0;
	if (!is_turn_of(noise, noise->initiator))
		return BATON_ERR_STATE;
	if (!state->keys_out)
		at = noise->pattern->keys_len[state->step];
	if (payload_len > BATON_NOISE_MESSAGE_MAX - at - TAG_LEN)
		return BATON_ERR_TOO_LARGE;
	if (msg_cap < at + payload_len + TAG_LEN)
		return BATON_ERR_SPACE;
	if (!state->keys_out) {
		err = baton_noise_write_keys(noise, msg, msg_cap);
		if (err)
			return err;
	}
	/* Behind the keys nothing can fail. */
	*msg_len = at + encrypt_and_hash(state, msg + at, payload, payload_len);
	state->keys_out = false;
	state->step++;
	return BATON_OK;
}

enum baton_err baton_noise_read(struct baton_noise *noise, const uint8_t *msg,
				size_t msg_len, uint8_t *payload,
				size_t payload_cap, size_t *payload_len)
{
	struct baton_noise_state state;
	enum baton_err err;
	size_t overhead, at;

	*payload_len = 0;
	if (!is_turn_of(noise, !noise->initiator))
		return BATON_ERR_STATE;
	overhead = baton_noise_overhead(noise->pattern, noise->state.step);
	if (msg_len < overhead || msg_len > BATON_NOISE_MESSAGE_MAX)
		return BATON_ERR_PEER_LENGTH;
	if (payload_cap < msg_len - overhead)
		return BATON_ERR_SPACE;

	state = noise->state;
	at = noise->pattern->keys_len[state.step];
	err = pass_keys(noise, &state, NULL, msg);
	if (!err)
		err = decrypt_and_hash(&state, payload, msg + at, msg_len - at);
	if (!err) {
		state.step++;
		noise->state = state;
		*payload_len = msg_len - overhead;
	}
	baton_crypto_wipe(&state, sizeof(state));
	return err;
}

enum baton_err baton_noise_finish(struct baton_noise *noise,
				  struct baton_noise_result *result)
{
	struct baton_noise_state *state = &noise->state;

	if (!baton_noise_is_done(noise))
		return BATON_ERR_STATE;
	/* Split (section 5.2). */
	baton_hkdf_noise(result->dir, 2, state->ck, NULL, 0);
	memcpy(result->h, state->h, sizeof(result->h));
	memcpy(noise->keys.rs, state->rs, sizeof(state->rs));
	noise->pattern = NULL;
	baton_crypto_wipe(state,
			  sizeof(*noise) - offsetof(struct baton_noise, state));
	return BATON_OK;
}

void baton_noise_wipe(struct baton_noise *noise)
{
	baton_crypto_wipe(noise, sizeof(*noise));
}
