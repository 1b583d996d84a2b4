/* SPDX-License-Identifier: MIT */
#include "session/application.h"

#include <string.h>

#include "crypto/hkdf.h"

#define FORMAT 1
#define PREFIX_LEN 21 /* "app/", the storage id, '/' */

void baton_application_keys(struct baton_application_keys *keys,
			    const uint8_t root[BATON_CRYPTO_KEY_LEN])
{
	uint8_t storage[BATON_CRYPTO_KEY_LEN];

	baton_kdf(storage, root, "application storage");
	memcpy(keys->storage, storage, sizeof(keys->storage));
	baton_crypto_wipe(storage, sizeof(storage));
	baton_kdf(keys->store, root, "application store");
}

void baton_application_live_key(uint8_t key[BATON_CRYPTO_KEY_LEN],
				const uint8_t session[BATON_CRYPTO_KEY_LEN],
				const uint8_t id[BATON_APPLICATION_ID_LEN])
{
	baton_kdf_of(key, session, "application channel", id,
		     BATON_APPLICATION_ID_LEN);
}

static void put_prefix(const struct baton_application_keys *keys, char *key)
{
	static const char digits[] = "0123456789abcdef";
	int i;

	memcpy(key, "app/", 4);
	for (i = 0; i < 8; i++) {
		key[4 + 2 * i] = digits[keys->storage[i] >> 4];
		key[5 + 2 * i] = digits[keys->storage[i] & 15];
	}
	key[PREFIX_LEN - 1] = '/';
}

/* Length of a name, without its 0. */
static size_t name_len(const char *name)
{
	size_t i;

	for (i = 0; i < BATON_NAME_MAX - 1 && name[i]; i++)
		;
	return i;
}

void baton_application_store_key(const struct baton_application_keys *keys,
				 const char *name,
				 char key[BATON_STORE_KEY_MAX])
{
	size_t len = name_len(name);

	put_prefix(keys, key);
	memcpy(key + PREFIX_LEN, name, len);
	key[PREFIX_LEN + len] = '\0';
}

const char *baton_application_name(const struct baton_application_keys *keys,
				   const char *key)
{
	char prefix[PREFIX_LEN];
	size_t i;

	put_prefix(keys, prefix);
	for (i = 0; i < PREFIX_LEN; i++)
		if (key[i] != prefix[i])
			return NULL;
	return key + PREFIX_LEN;
}

/* Associated data: the format and the name. */
static size_t put_about(uint8_t *p, const char *name)
{
	size_t len = name_len(name);

	p[0] = FORMAT;
	memcpy(p + 1, name, len);
	return 1 + len;
}

/* A key serves for one value: its nonce need not change. */
static void value_key(uint8_t key[BATON_CRYPTO_KEY_LEN],
		      const struct baton_application_keys *keys,
		      const uint8_t *salt)
{
	baton_kdf_of(key, keys->store, "application value", salt,
		     BATON_SEAL_SALT_LEN);
}

enum baton_err baton_application_seal(const struct baton_application_keys *keys,
				      struct baton_drbg *drbg, const char *name,
				      const uint8_t *value, size_t len,
				      uint8_t *out)
{
	static const uint8_t nonce[BATON_CRYPTO_NONCE_LEN];
	uint8_t key[BATON_CRYPTO_KEY_LEN], about[1 + BATON_NAME_MAX];
	size_t about_len;

	if (!baton_drbg_is_seeded(drbg))
		return BATON_ERR_RANDOM;
	baton_drbg_bytes(drbg, out + 1, BATON_SEAL_SALT_LEN);
	out[0] = FORMAT;
	about_len = put_about(about, name);
	value_key(key, keys, out + 1);
	baton_crypto_seal(out + 1 + BATON_SEAL_SALT_LEN, value, len, about,
			  about_len, nonce, key);
	baton_crypto_wipe(key, sizeof(key));
	return BATON_OK;
}

enum baton_err baton_application_open(const struct baton_application_keys *keys,
				      const char *name, const uint8_t *sealed,
				      size_t len, uint8_t *out, size_t *out_len)
{
	static const uint8_t nonce[BATON_CRYPTO_NONCE_LEN];
	uint8_t key[BATON_CRYPTO_KEY_LEN], about[1 + BATON_NAME_MAX];
	enum baton_err err;
	size_t about_len;

	if (len < BATON_SEAL_LEN || sealed[0] != FORMAT)
		return BATON_ERR_ARG;
	about_len = put_about(about, name);
	value_key(key, keys, sealed + 1);
	err = baton_crypto_open(out, sealed + 1 + BATON_SEAL_SALT_LEN,
				len - 1 - BATON_SEAL_SALT_LEN, about, about_len,
				nonce, key);
	baton_crypto_wipe(key, sizeof(key));
	if (err)
		return BATON_ERR_ARG;
	*out_len = len - BATON_SEAL_LEN;
	return BATON_OK;
}
