/* SPDX-License-Identifier: MIT */
#include "port/linux/seal.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "port/linux/seal_key.h"
#include "port/linux/seal_tpm.h"

#define PURPOSE "baton store 1"
#define AD_MAX 128

_Static_assert(BATON_SEAL_NONCE_LEN ==
		       crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	       "a random nonce may be drawn for every value");
_Static_assert(BATON_SEAL_BLOB_MAX >= BATON_SEAL_TPM_BLOB_MAX, "fits");

struct baton_seal {
	uint8_t key[BATON_SEAL_KEY_LEN];
};

/* In memory that is not swapped, dumped or inherited, wiped when freed. */
static struct baton_seal *make(void)
{
	struct baton_seal *seal = NULL;

	if (sodium_init() >= 0)
		seal = sodium_malloc(sizeof(*seal));
	if (!seal)
		errno = ENOMEM;
	return seal;
}

void baton_seal_free(struct baton_seal *seal)
{
	int saved = errno;

	sodium_free(seal);
	errno = saved;
}

/* "baton store 1", 0, the key's name; gives the length. */
static size_t make_ad(uint8_t ad[AD_MAX], const char *key)
{
	return (size_t)snprintf((char *)ad, AD_MAX, PURPOSE "%c%s", 0, key);
}

void baton_seal_value(const struct baton_seal *seal, const char *key,
		      const uint8_t *value, size_t len, uint8_t *out)
{
	uint8_t ad[AD_MAX];
	size_t ad_len = make_ad(ad, key);

	randombytes_buf(out, BATON_SEAL_NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + BATON_SEAL_NONCE_LEN,
						   NULL, value, len, ad, ad_len,
						   NULL, out, seal->key);
}

bool baton_seal_open(const struct baton_seal *seal, const char *key,
		     const uint8_t *sealed, size_t sealed_len, uint8_t *value)
{
	uint8_t ad[AD_MAX];
	size_t ad_len = make_ad(ad, key);

	if (sealed_len >= BATON_SEAL_EXTRA_LEN &&
	    !crypto_aead_xchacha20poly1305_ietf_decrypt(
		    value, NULL, NULL, sealed + BATON_SEAL_NONCE_LEN,
		    sealed_len - BATON_SEAL_NONCE_LEN, ad, ad_len, sealed,
		    seal->key))
		return true;
	errno = EBADMSG;
	return false;
}

static bool try_new(struct baton_seal *seal, int dir_fd,
		    enum baton_seal_method method,
		    struct baton_seal_record *record)
{
	record->method = method;
	record->blob_len = 0;
	switch (method) {
	case BATON_SEAL_BEST:
		break;
	case BATON_SEAL_TPM:
		randombytes_buf(seal->key, sizeof(seal->key));
		return baton_seal_tpm_wrap(seal->key, record->blob,
					   &record->blob_len);
	case BATON_SEAL_CREDENTIAL:
		return baton_seal_credential_key(seal->key);
	case BATON_SEAL_FILE:
		return baton_seal_file_key(dir_fd, true, seal->key);
	}
	/* A TPM that is there and cannot is no reason not to pair. */
	return (baton_seal_tpm_is_there() &&
		try_new(seal, dir_fd, BATON_SEAL_TPM, record)) ||
	       (baton_seal_credential_is_there() &&
		try_new(seal, dir_fd, BATON_SEAL_CREDENTIAL, record)) ||
	       try_new(seal, dir_fd, BATON_SEAL_FILE, record);
}

enum baton_seal_method baton_seal_best(void)
{
	if (baton_seal_tpm_is_there())
		return BATON_SEAL_TPM;
	return baton_seal_credential_is_there() ? BATON_SEAL_CREDENTIAL
						: BATON_SEAL_FILE;
}

struct baton_seal *baton_seal_new(int dir_fd, enum baton_seal_method method,
				  struct baton_seal_record *record)
{
	struct baton_seal *seal = make();

	memset(record, 0, sizeof(*record));
	if (!seal)
		return NULL;
	if (try_new(seal, dir_fd, method, record)) {
		baton_seal_value(seal, "", NULL, 0, record->probe);
		return seal;
	}
	baton_seal_free(seal);
	return NULL;
}

static bool find_key(struct baton_seal *seal, int dir_fd,
		     const struct baton_seal_record *record)
{
	switch (record->method) {
	case BATON_SEAL_BEST:
		break;
	case BATON_SEAL_TPM:
		return baton_seal_tpm_unwrap(record->blob, record->blob_len,
					     seal->key);
	case BATON_SEAL_CREDENTIAL:
		return baton_seal_credential_key(seal->key);
	case BATON_SEAL_FILE:
		return baton_seal_file_key(dir_fd, false, seal->key);
	}
	errno = EBADMSG;
	return false;
}

struct baton_seal *baton_seal_find(int dir_fd,
				   const struct baton_seal_record *record)
{
	struct baton_seal *seal = make();
	uint8_t nothing[1];

	if (!seal)
		return NULL;
	if (!find_key(seal, dir_fd, record)) {
		baton_seal_free(seal);
		return NULL;
	}
	if (baton_seal_open(seal, "", record->probe, sizeof(record->probe),
			    nothing))
		return seal;
	baton_seal_free(seal);
	errno = EKEYREJECTED;
	return NULL;
}
