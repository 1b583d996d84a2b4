/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "crypto/hkdf.h"
#include "crypto/keys.h"

#define REVEAL_CLASS 0xff /* no class of records */

enum baton_err baton_keys_finish(struct baton_keys *keys,
				 struct baton_noise *noise)
{
	const uint8_t *ck = noise->state.ck;

	if (!baton_noise_is_done(noise))
		return BATON_ERR_STATE;
	baton_kdf(noise->keys.psk, ck, "bond psk");
	baton_kdf(keys->tag_key, ck, "bond tag");
	baton_keys_ticket(keys->ticket_psk, noise);
	return baton_noise_finish(noise, &keys->noise);
}

void baton_keys_ticket(uint8_t ticket_psk[BATON_CRYPTO_KEY_LEN],
		       const struct baton_noise *noise)
{
	baton_kdf(ticket_psk, noise->state.ck, "ticket psk");
}

void baton_keys_record(struct baton_record_key *record,
		       const uint8_t dir[BATON_CRYPTO_KEY_LEN],
		       uint8_t record_class)
{
	baton_kdf_of(record->key, dir, "class", &record_class, 1);
	record->counter = 0;
	record->generation = 0;
}

void baton_keys_wipe(struct baton_keys *keys)
{
	baton_crypto_wipe(keys, sizeof(*keys));
}

void baton_compare_commit(uint8_t out[BATON_COMPARE_COMMIT_LEN],
			  const uint8_t nonce[BATON_COMPARE_NONCE_LEN])
{
	baton_kdf(out, nonce, "compare commit");
}

static void reveal_key(struct baton_record_key *record,
		       const struct baton_keys *keys)
{
	baton_keys_record(record, keys->noise.dir[BATON_KEYS_R2I],
			  REVEAL_CLASS);
}

void baton_compare_reveal(uint8_t out[BATON_COMPARE_REVEAL_LEN],
			  const struct baton_keys *keys,
			  const uint8_t nonce[BATON_COMPARE_NONCE_LEN])
{
	struct baton_record_key record;

	reveal_key(&record, keys);
	memmove(out, nonce, BATON_COMPARE_NONCE_LEN);
	/* The first record of its key: it cannot be exhausted. */
	(void)!baton_record_seal(&record, keys->noise.h, sizeof(keys->noise.h),
				 out, BATON_COMPARE_NONCE_LEN);
	baton_record_wipe(&record);
}

enum baton_err
baton_compare_check(const struct baton_keys *keys, uint8_t *msg, size_t msg_len,
		    const uint8_t commit[BATON_COMPARE_COMMIT_LEN])
{
	struct baton_record_key record;
	uint8_t expected[BATON_COMPARE_COMMIT_LEN];
	enum baton_err err;
	size_t len;

	if (msg_len != BATON_COMPARE_REVEAL_LEN)
		return BATON_ERR_PEER_LENGTH;
	reveal_key(&record, keys);
	err = baton_record_open(&record, keys->noise.h, sizeof(keys->noise.h),
				msg, msg_len, &len);
	baton_record_wipe(&record);
	if (err)
		return err;
	baton_compare_commit(expected, msg);
	return baton_crypto_equal(expected, commit, sizeof(expected))
		       ? BATON_OK
		       : BATON_ERR_PROTOCOL;
}

uint32_t baton_compare_code(const struct baton_keys *keys,
			    const uint8_t phone_nonce[BATON_COMPARE_NONCE_LEN],
			    const uint8_t watch_nonce[BATON_COMPARE_NONCE_LEN])
{
	uint8_t ctx[BATON_CRYPTO_HASH_LEN + 2 * BATON_COMPARE_NONCE_LEN];
	uint8_t value[BATON_CRYPTO_KEY_LEN];
	uint32_t code = 0;
	int i;

	memcpy(ctx, keys->noise.h, BATON_CRYPTO_HASH_LEN);
	memcpy(ctx + BATON_CRYPTO_HASH_LEN, phone_nonce,
	       BATON_COMPARE_NONCE_LEN);
	memcpy(ctx + BATON_CRYPTO_HASH_LEN + BATON_COMPARE_NONCE_LEN,
	       watch_nonce, BATON_COMPARE_NONCE_LEN);
	baton_kdf_of(value, keys->noise.dir[BATON_KEYS_I2R], "compare code",
		     ctx, sizeof(ctx));
	/* 64 bits, big-endian, without a division that a Cortex-M lacks. */
	for (i = 0; i < 8; i++)
		code = (code << 8 | value[i]) % BATON_COMPARE_CODES;
	baton_crypto_wipe(ctx, sizeof(ctx));
	baton_crypto_wipe(value, sizeof(value));
	return code;
}

void baton_bond_tag(uint8_t out[BATON_BOND_TAG_LEN],
		    const uint8_t tag_key[BATON_CRYPTO_KEY_LEN],
		    const uint8_t watch_nonce[BATON_BOND_NONCE_LEN],
		    const uint8_t e_pub[BATON_CRYPTO_POINT_LEN])
{
	uint8_t data[BATON_BOND_NONCE_LEN + BATON_CRYPTO_POINT_LEN];
	uint8_t mac[BATON_CRYPTO_HASH_LEN];

	memcpy(data, watch_nonce, BATON_BOND_NONCE_LEN);
	memcpy(data + BATON_BOND_NONCE_LEN, e_pub, BATON_CRYPTO_POINT_LEN);
	baton_hmac(mac, tag_key, BATON_CRYPTO_KEY_LEN, data, sizeof(data));
	memcpy(out, mac, BATON_BOND_TAG_LEN);
	baton_crypto_wipe(mac, sizeof(mac));
}
