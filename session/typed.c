/* SPDX-License-Identifier: MIT */
#include "session/typed.h"

#include <string.h>

#include "session/internal.h"
#include "session/method.h"
#include "transport/flight.h"

static const char channel_name[] = "baton typed code 1";
static const char tries_key[] = "pair/tries";

#define TRIES_FORMAT 1
#define TRIES_LEN 2

/* ISO 7064, MOD 11,10: any wrong digit shows, and nearly any exchange. */
static uint8_t check_digit(const uint8_t digits[BATON_TYPED_DIGITS])
{
	unsigned int product = 10, sum;
	int i;

	for (i = 0; i < BATON_TYPED_DIGITS; i++) {
		sum = (product + (digits[i] & 15)) % 10;
		if (sum == 0)
			sum = 10;
		product = 2 * sum % 11;
	}
	return (uint8_t)('0' + (11 - product) % 10);
}

void baton_typed_text(const uint8_t digits[BATON_TYPED_DIGITS],
		      char out[BATON_TYPED_TEXT_LEN])
{
	memcpy(out, digits, BATON_TYPED_DIGITS);
	out[BATON_TYPED_DIGITS] = (char)check_digit(digits);
	out[BATON_TYPED_DIGITS + 1] = '\0';
}

enum baton_err baton_typed_parse(const char *text,
				 uint8_t digits[BATON_TYPED_DIGITS])
{
	uint8_t all[BATON_TYPED_DIGITS + 1];
	enum baton_err err = BATON_ERR_ARG;
	size_t n = 0;

	for (; *text; text++) {
		if (*text == ' ' || *text == '-' || *text == '\n')
			continue;
		if (*text < '0' || *text > '9' || n == sizeof(all))
			goto out;
		all[n++] = (uint8_t)*text;
	}
	if (n < sizeof(all) || check_digit(all) != all[n - 1])
		goto out;
	memcpy(digits, all, BATON_TYPED_DIGITS);
	err = BATON_OK;
out:
	baton_crypto_wipe(all, sizeof(all));
	return err;
}

static void make_digits(struct baton_secrets *secrets, struct baton_drbg *drbg)
{
	uint8_t random[16];
	uint32_t value;
	int i, j;

	baton_drbg_bytes(drbg, random, sizeof(random));
	/* 128 bits modulo 10, over and over: the bias is below 2^-100. */
	for (i = 0; i < BATON_TYPED_DIGITS; i++) {
		value = 0;
		for (j = 0; j < (int)sizeof(random); j++) {
			value = value << 8 | random[j];
			random[j] = (uint8_t)(value / 10);
			value %= 10;
		}
		secrets->digits[i] = (uint8_t)('0' + value);
	}
	baton_crypto_wipe(random, sizeof(random));
	secrets->has_digits = true;
}

/* OK when the code is there and its try is counted durably. */
static enum baton_err prepare(const struct baton_handshake *handshake,
			      struct baton_turn *turn)
{
	struct baton_secrets *secrets = turn->secrets;

	if (secrets->counted && secrets->has_digits)
		return BATON_OK;
	if (!secrets->counted && secrets->tries >= BATON_TYPED_TRIES)
		return BATON_ERR_EXHAUSTED;
	if (!secrets->has_digits &&
	    !baton_hello_shows(BATON_KIND_TYPED, handshake->role, turn->can,
			       baton_hello_pairing(handshake->peer))) {
		if (!secrets->asked)
			secrets->tell |= BATON_TELL_TYPE_CODE;
		secrets->asked = true;
		return BATON_ERR_AGAIN;
	}
	if (!secrets->has_digits) {
		make_digits(secrets, turn->drbg);
		secrets->tell |= BATON_TELL_SHOW_CODE;
	}
	secrets->count = true;
	return BATON_ERR_AGAIN;
}

/* From here on the peer may have tried the code: it is used up. */
static void spend(struct baton_secrets *secrets)
{
	baton_crypto_wipe(secrets->digits, sizeof(secrets->digits));
	secrets->has_digits = false;
	secrets->spent = true;
}

static void session_id(const struct baton_handshake *handshake,
		       uint8_t out[BATON_CRYPTO_HASH_LEN])
{
	uint8_t prologue[BATON_PROLOGUE_MAX];
	struct baton_crypto_sha256 sha;

	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, prologue,
				   handshake_prologue(handshake, prologue));
	baton_crypto_sha256_final(&sha, out);
}

static enum baton_err start(struct baton_handshake *handshake,
			    struct baton_turn *turn)
{
	static const struct baton_cpace_input channel = {
		(const uint8_t *)channel_name, sizeof(channel_name) - 1};
	const struct baton_cpace_input code = {turn->secrets->digits,
					       BATON_TYPED_DIGITS};
	uint8_t id[BATON_CRYPTO_HASH_LEN], random[BATON_CRYPTO_KEY_LEN];
	const struct baton_cpace_input session = {id, sizeof(id)};
	enum baton_err err;

	baton_drbg_bytes(turn->drbg, random, sizeof(random));
	session_id(handshake, id);
	err = baton_cpace_start(&handshake->cpace, &code, &channel, &session,
				random);
	baton_crypto_wipe(random, sizeof(random));
	return err;
}

/* Come to the psk, and begin XXpsk0 with it: the watch is its initiator. */
static enum baton_err begin_noise(struct baton_handshake *handshake,
				  const uint8_t *share, struct baton_turn *turn)
{
	static const struct baton_cpace_input none;
	bool watch = !baton_is_phone(handshake->role);
	uint8_t isk[BATON_CPACE_ISK_LEN], psk[BATON_CRYPTO_KEY_LEN];
	uint8_t id[BATON_CRYPTO_HASH_LEN];
	const struct baton_cpace_input session = {id, sizeof(id)};
	enum baton_err err;

	session_id(handshake, id);
	err = baton_cpace_finish(&handshake->cpace,
				 watch ? BATON_CPACE_B : BATON_CPACE_A, share,
				 &session, &none, &none, isk);
	if (err)
		return err;
	baton_cpace_psk(psk, isk);
	handshake_start_pairing(handshake, watch, psk, turn);
	baton_crypto_wipe(isk, sizeof(isk));
	baton_crypto_wipe(psk, sizeof(psk));
	return BATON_OK;
}

/* Without its share the flight says: the code will be typed. */
static enum baton_err first(struct baton_handshake *handshake,
			    struct baton_turn *turn)
{
	enum baton_err err = prepare(handshake, turn);

	if (err)
		return err == BATON_ERR_AGAIN ? BATON_OK : err;
	err = start(handshake, turn);
	if (err)
		return err;
	memcpy(turn->reply.bytes + turn->reply.len, handshake->cpace.share,
	       BATON_CPACE_SHARE_LEN);
	turn->reply.len += BATON_CPACE_SHARE_LEN;
	return BATON_OK;
}

static enum baton_err answer(struct baton_handshake *handshake,
			     struct baton_turn *turn)
{
	enum baton_err err;

	if (turn->len != 0 && turn->len != BATON_CPACE_SHARE_LEN)
		return BATON_ERR_PEER_LENGTH;
	err = prepare(handshake, turn);
	if (err == BATON_ERR_EXHAUSTED)
		return handshake_reject(turn, BATON_REJECT_TRIES, err);
	if (err == BATON_ERR_AGAIN || (!err && turn->len == 0))
		return handshake_reject(turn, BATON_REJECT_LATER,
					BATON_ERR_AGAIN);
	if (!err)
		err = start(handshake, turn);
	if (err)
		return err;
	/* What goes out now tells a guess from the code. */
	spend(turn->secrets);
	memcpy(turn->reply.bytes, handshake->cpace.share,
	       BATON_CPACE_SHARE_LEN);
	turn->reply.len = BATON_CPACE_SHARE_LEN;
	err = begin_noise(handshake, turn->bytes, turn);
	if (err) {
		turn->reply.len = 0;
		return BATON_ERR_AUTH;
	}
	return handshake_write(handshake, turn, NULL, 0);
}

static enum baton_err second(struct baton_handshake *handshake,
			     struct baton_turn *turn)
{
	enum baton_err err;

	if (turn->len < BATON_CPACE_SHARE_LEN || !turn->secrets->has_digits)
		return BATON_ERR_PEER_LENGTH;
	/* Whether it is answered tells the same. */
	spend(turn->secrets);
	err = begin_noise(handshake, turn->bytes, turn);
	turn->bytes += BATON_CPACE_SHARE_LEN;
	turn->len -= BATON_CPACE_SHARE_LEN;
	if (!err)
		err = handshake_read(handshake, turn, NULL, 0);
	if (!err)
		err = handshake_write(handshake, turn, NULL, 0);
	return err;
}

static enum baton_err third(struct baton_handshake *handshake,
			    struct baton_turn *turn)
{
	enum baton_err err;

	err = handshake_read(handshake, turn, NULL, 0);
	if (!err)
		err = handshake_write(handshake, turn, NULL, 0);
	return err ? err : handshake_finish(handshake);
}

/* What cannot be read is as bad as it can be. */
static bool load(struct baton_session *session, const char *key,
		 const uint8_t *value, size_t len)
{
	bool good = len == TRIES_LEN && value[0] == TRIES_FORMAT &&
		    value[1] < BATON_TYPED_TRIES;

	if (!store_has_prefix(key, tries_key))
		return false;
	session->secrets->tries = good ? value[1] : BATON_TYPED_TRIES;
	return true;
}

static bool next(struct baton_session *session, struct baton_store_op *op)
{
	struct baton_secrets *secrets = session->secrets;
	uint8_t *value = session->stored;

	secrets->forgiving = secrets->forgive;
	if (secrets->forgive) {
		store_add(op, BATON_STORE_DELETE, tries_key, NULL, 0);
		return true;
	}
	if (!secrets->count)
		return false;
	value[0] = TRIES_FORMAT;
	value[1] = (uint8_t)(secrets->tries + 1);
	store_add(op, BATON_STORE_PUT, tries_key, value, TRIES_LEN);
	return true;
}

static void stored(struct baton_session *session, enum baton_err err)
{
	struct baton_secrets *secrets = session->secrets;

	if (secrets->forgiving) {
		secrets->forgive = false;
		if (!err)
			secrets->tries = 0;
	} else if (!err) {
		secrets->tries++;
		secrets->counted = secrets->count;
		secrets->count = false;
	} else {
		baton_session_pairing_close(session);
		pairing_write_failed(session);
	}
}

static const struct baton_method_kept kept = {
	.load = load,
	.next = next,
	.stored = stored,
};

const struct baton_method baton_typed = {
	.first = BATON_STEP_OF_PHONE(first),
	.take = {BATON_STEP_OF_WATCH(answer), BATON_STEP_OF_PHONE(second),
		 BATON_STEP_OF_WATCH(third),
		 BATON_STEP_OF_PHONE(handshake_end)},
	.last = BATON_FLIGHT_FIRST + 3,
	.choose = baton_hello_method,
	.kept = &kept,
};

enum baton_err baton_session_code(struct baton_session *session,
				  const char *text, uint64_t now_ms)
{
	struct baton_secrets *secrets = session->secrets;
	enum baton_err err;

	if (session->pairing_until_ms <= now_ms || secrets->has_digits)
		return BATON_ERR_STATE;
	if (secrets->tries >= BATON_TYPED_TRIES)
		return BATON_ERR_EXHAUSTED;
	err = baton_typed_parse(text, secrets->digits);
	if (err)
		return err;
	secrets->has_digits = true;
	secrets->tell &= (uint8_t)~BATON_TELL_TYPE_CODE;
	secrets->count = true;
	return BATON_OK;
}

void baton_session_code_forgive(struct baton_session *session)
{
	session->secrets->forgive = true;
}
