/* SPDX-License-Identifier: MIT */
#include "session/oob.h"

#include <string.h>

#include "session/internal.h"
#include "session/method.h"
#include "transport/flight.h"

#define CHECK_LEN 3
#define PREFIX_LEN (sizeof(prefix) - 1)
#define LETTERS 56 /* of 5 bits: secret and check sum */

static const char prefix[] = "BATON1:";
static const char check_label[] = "baton oob check 1";

static void check_sum(uint8_t out[CHECK_LEN],
		      const uint8_t secret[BATON_OOB_SECRET_LEN])
{
	struct baton_crypto_sha256 sha;
	uint8_t hash[BATON_CRYPTO_HASH_LEN];

	/* The label goes in with its closing zero. */
	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, (const uint8_t *)check_label,
				   sizeof(check_label));
	baton_crypto_sha256_update(&sha, secret, BATON_OOB_SECRET_LEN);
	baton_crypto_sha256_final(&sha, hash);
	memcpy(out, hash, CHECK_LEN);
	baton_crypto_wipe(&sha, sizeof(sha));
	baton_crypto_wipe(hash, sizeof(hash));
}

/* Base32 of RFC 4648, without a table that a secret would index. */
static char letter(unsigned int value)
{
	unsigned int is_digit = (25 - value) >> 8 & 1;

	return (char)('A' + value - is_digit * ('A' + 26 - '2'));
}

void baton_oob_text(const uint8_t secret[BATON_OOB_SECRET_LEN],
		    char out[BATON_OOB_TEXT_LEN])
{
	uint8_t bytes[BATON_OOB_SECRET_LEN + CHECK_LEN];
	unsigned int bits = 0;
	size_t n = PREFIX_LEN, i;
	uint32_t held = 0;

	memcpy(bytes, secret, BATON_OOB_SECRET_LEN);
	check_sum(bytes + BATON_OOB_SECRET_LEN, secret);
	memcpy(out, prefix, PREFIX_LEN);
	for (i = 0; i < sizeof(bytes); i++) {
		held = held << 8 | bytes[i];
		for (bits += 8; bits >= 5; bits -= 5)
			out[n++] = letter(held >> (bits - 5) & 31);
	}
	out[n] = '\0';
	baton_crypto_wipe(bytes, sizeof(bytes));
}

/* 0..31, or 32 for what is no letter of it. */
static unsigned int value_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return (unsigned int)(c - 'a');
	if (c >= 'A' && c <= 'Z')
		return (unsigned int)(c - 'A');
	if (c >= '2' && c <= '7')
		return (unsigned int)(c - '2' + 26);
	return 32;
}

static const char *skip_prefix(const char *text)
{
	size_t i;

	while (*text == ' ')
		text++;
	/* "BATON1" itself is no base32: 1 is not in it. */
	for (i = 0; i < PREFIX_LEN; i++)
		if (text[i] != prefix[i] && text[i] != (prefix[i] | 0x20))
			return text;
	return text + PREFIX_LEN;
}

enum baton_err baton_oob_parse(const char *text,
			       uint8_t secret[BATON_OOB_SECRET_LEN])
{
	uint8_t bytes[BATON_OOB_SECRET_LEN + CHECK_LEN] = {0};
	uint8_t check[CHECK_LEN];
	enum baton_err err = BATON_ERR_ARG;
	unsigned int value, bits = 0;
	size_t n = 0, letters = 0;
	uint32_t held = 0;

	memset(secret, 0, BATON_OOB_SECRET_LEN);
	for (text = skip_prefix(text); *text; text++) {
		if (*text == ' ' || *text == '-' || *text == '\n')
			continue;
		value = value_of(*text);
		if (value == 32 || ++letters > LETTERS)
			goto out;
		held = held << 5 | value;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			bytes[n++] = (uint8_t)(held >> bits);
		}
	}
	check_sum(check, bytes);
	if (letters == LETTERS &&
	    baton_crypto_equal(check, bytes + BATON_OOB_SECRET_LEN,
			       sizeof(check))) {
		memcpy(secret, bytes, BATON_OOB_SECRET_LEN);
		err = BATON_OK;
	}
out:
	baton_crypto_wipe(bytes, sizeof(bytes));
	return err;
}

/* Somebody has shown to know it: it serves nobody else any more. */
static void spend(struct baton_secrets *secrets)
{
	baton_crypto_wipe(secrets->oob, sizeof(secrets->oob));
	secrets->has_oob = false;
	secrets->spent = true;
}

/* OK when the secret is there; else who shows it makes it, who takes it asks. */
static enum baton_err prepare(const struct baton_handshake *handshake,
			      struct baton_turn *turn)
{
	struct baton_secrets *secrets = turn->secrets;

	if (secrets->has_oob)
		return BATON_OK;
	if (!baton_hello_shows(BATON_KIND_OUT_OF_BAND, handshake->role,
			       turn->can,
			       baton_hello_pairing(handshake->peer))) {
		if (!secrets->asked_oob)
			secrets->tell |= BATON_TELL_TAKE_SECRET;
		secrets->asked_oob = true;
		return BATON_ERR_AGAIN;
	}
	baton_drbg_bytes(turn->drbg, secrets->oob, sizeof(secrets->oob));
	secrets->has_oob = true;
	secrets->tell |= BATON_TELL_SHOW_SECRET;
	return BATON_ERR_AGAIN;
}

/* Without a Noise message the flight says: the secret is on its way. */
static enum baton_err first(struct baton_handshake *handshake,
			    struct baton_turn *turn)
{
	enum baton_err err = prepare(handshake, turn);

	if (err)
		return err == BATON_ERR_AGAIN ? BATON_OK : err;
	handshake_start_pairing(handshake, true, turn->secrets->oob, turn);
	return handshake_write(handshake, turn, NULL, 0);
}

static enum baton_err answer(struct baton_handshake *handshake,
			     struct baton_turn *turn)
{
	enum baton_err err = prepare(handshake, turn);

	if (err == BATON_ERR_AGAIN || (!err && turn->len == 0))
		return handshake_reject(turn, BATON_REJECT_LATER,
					BATON_ERR_AGAIN);
	if (err)
		return err;
	handshake_start_pairing(handshake, false, turn->secrets->oob, turn);
	err = handshake_read(handshake, turn, NULL, 0);
	if (err)
		return err;
	spend(turn->secrets);
	return handshake_write(handshake, turn, NULL, 0);
}

static enum baton_err second(struct baton_handshake *handshake,
			     struct baton_turn *turn)
{
	enum baton_err err;

	/* It answers a flight that had no Noise message. */
	if (!handshake->initiator)
		return BATON_ERR_PEER_STATE;
	err = handshake_read(handshake, turn, NULL, 0);
	if (err)
		return err;
	spend(turn->secrets);
	err = handshake_write(handshake, turn, NULL, 0);
	return err ? err : handshake_finish(handshake);
}

const struct baton_method baton_out_of_band = {
	.first = BATON_STEP_OF_PHONE(first),
	.take = {BATON_STEP_OF_WATCH(answer), BATON_STEP_OF_PHONE(second),
		 BATON_STEP_OF_WATCH(handshake_end)},
	.last = BATON_FLIGHT_FIRST + 2,
	.choose = baton_hello_method,
};

enum baton_err
baton_session_secret_take(struct baton_session *session,
			  const uint8_t secret[BATON_OOB_SECRET_LEN],
			  uint64_t now_ms)
{
	bool answers = session->secrets->asked_oob &&
		       session->pairing_until_ms > now_ms;
	enum baton_err err = BATON_OK;

	if (!(pairing_methods(session) & BATON_PAIR_OUT_OF_BAND))
		return BATON_ERR_ARG;
	if (!answers)
		err = baton_session_pairing_open(session, now_ms);
	if (err)
		return err;
	session->secrets->tell &= (uint8_t)~BATON_TELL_TAKE_SECRET;
	memcpy(session->secrets->oob, secret, BATON_OOB_SECRET_LEN);
	session->secrets->has_oob = true;
	return BATON_OK;
}

enum baton_err baton_session_secret_make(struct baton_session *session,
					 uint8_t secret[BATON_OOB_SECRET_LEN],
					 uint64_t now_ms)
{
	enum baton_err err;

	baton_drbg_bytes(&session->drbg, secret, BATON_OOB_SECRET_LEN);
	err = baton_session_secret_take(session, secret, now_ms);
	if (err)
		baton_crypto_wipe(secret, BATON_OOB_SECRET_LEN);
	return err;
}
