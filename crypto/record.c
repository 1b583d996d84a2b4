/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "crypto/hkdf.h"
#include "crypto/nonce.h"
#include "crypto/record.h"

void baton_record_init(struct baton_record_key *record,
		       const uint8_t key[BATON_CRYPTO_KEY_LEN])
{
	memcpy(record->key, key, sizeof(record->key));
	record->counter = 0;
	record->generation = 0;
}

enum baton_err baton_record_seal(struct baton_record_key *record,
				 const uint8_t *hdr, size_t hdr_len,
				 uint8_t *buf, size_t plain_len)
{
	uint8_t nonce[BATON_CRYPTO_NONCE_LEN];

	if (record->counter >= BATON_RECORD_LIMIT)
		return BATON_ERR_EXHAUSTED;
	baton_nonce_set(nonce, record->counter);
	baton_crypto_seal(buf, buf, plain_len, hdr, hdr_len, nonce,
			  record->key);
	record->counter++;
	return BATON_OK;
}

enum baton_err baton_record_open(struct baton_record_key *record,
				 const uint8_t *hdr, size_t hdr_len,
				 uint8_t *buf, size_t sealed_len,
				 size_t *plain_len)
{
	uint8_t nonce[BATON_CRYPTO_NONCE_LEN];
	enum baton_err err;

	*plain_len = 0;
	if (record->counter >= BATON_RECORD_LIMIT)
		return BATON_ERR_EXHAUSTED;
	if (sealed_len < BATON_RECORD_TAG_LEN)
		return BATON_ERR_PEER_LENGTH;
	baton_nonce_set(nonce, record->counter);
	err = baton_crypto_open(buf, buf, sealed_len, hdr, hdr_len, nonce,
				record->key);
	if (err)
		return err;
	record->counter++;
	*plain_len = sealed_len - BATON_RECORD_TAG_LEN;
	return BATON_OK;
}

void baton_record_rekey(struct baton_record_key *record)
{
	baton_kdf(record->key, record->key, "rekey");
	record->counter = 0;
	record->generation++;
}

void baton_record_wipe(struct baton_record_key *record)
{
	baton_crypto_wipe(record, sizeof(*record));
	record->counter = BATON_RECORD_LIMIT;
}
