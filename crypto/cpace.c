/* SPDX-License-Identifier: MIT */
#include "crypto/cpace.h"

#include <string.h>

#include "crypto/hkdf.h"

#define HASH_BLOCK 128 /* SHA-512's */
#define DSI_LEN (sizeof(dsi) - 1)
#define DSI_ISK_LEN (sizeof(dsi_isk) - 1)
#define LV_MAX (1 + BATON_CPACE_INPUT_MAX)

static const char dsi[] = "CPaceRistretto255";
static const char dsi_isk[] = "CPaceRistretto255_ISK";
static const char psk_label[] = "baton typed psk 1";

/* The draft's lv_cat(): lengths are below 128 and thus one byte of LEB128. */
static uint8_t *put(uint8_t *p, const void *bytes, size_t len)
{
	*p++ = (uint8_t)len;
	if (len > 0)
		memcpy(p, bytes, len);
	return p + len;
}

static uint8_t *put_input(uint8_t *p, const struct baton_cpace_input *input)
{
	return put(p, input->bytes, input->len);
}

static bool fits(const struct baton_cpace_input *input)
{
	return input->len <= BATON_CPACE_INPUT_MAX;
}

/* calculate_generator(): the code fills the first block of the hash. */
static void generator(uint8_t out[BATON_CRYPTO_POINT_LEN],
		      const struct baton_cpace_input *code,
		      const struct baton_cpace_input *channel,
		      const struct baton_cpace_input *session)
{
	static const uint8_t zeros[HASH_BLOCK];
	uint8_t string[HASH_BLOCK + 2 * LV_MAX];
	uint8_t hash[BATON_CRYPTO_SHA512_LEN];
	uint8_t *p;

	p = put(string, dsi, DSI_LEN);
	p = put_input(p, code);
	p = put(p, zeros, (size_t)(string + HASH_BLOCK - 1 - p));
	p = put_input(p, channel);
	p = put_input(p, session);
	baton_crypto_sha512(hash, string, (size_t)(p - string));
	baton_crypto_ristretto255_map(out, hash);
	baton_crypto_wipe(string, sizeof(string));
	baton_crypto_wipe(hash, sizeof(hash));
}

enum baton_err baton_cpace_start(struct baton_cpace *cpace,
				 const struct baton_cpace_input *code,
				 const struct baton_cpace_input *channel,
				 const struct baton_cpace_input *session,
				 const uint8_t random[BATON_CRYPTO_KEY_LEN])
{
	uint8_t point[BATON_CRYPTO_POINT_LEN];
	enum baton_err err;

	memset(cpace, 0, sizeof(*cpace));
	if (!fits(code) || !fits(channel) || !fits(session))
		return BATON_ERR_TOO_LARGE;
	generator(point, code, channel, session);
	/* Below 2^252: as good as uniform below the order, 2^252 + 2^124. */
	memcpy(cpace->scalar, random, sizeof(cpace->scalar));
	cpace->scalar[BATON_CRYPTO_KEY_LEN - 1] &= 0x0f;
	err = baton_crypto_ristretto255(cpace->share, cpace->scalar, point);
	baton_crypto_wipe(point, sizeof(point));
	if (err) {
		baton_cpace_wipe(cpace);
		return BATON_ERR_RANDOM;
	}
	return BATON_OK;
}

static void transcript(uint8_t isk[BATON_CPACE_ISK_LEN],
		       const struct baton_cpace_input *session,
		       const uint8_t key[BATON_CRYPTO_POINT_LEN],
		       const uint8_t *share_a,
		       const struct baton_cpace_input *ad_a,
		       const uint8_t *share_b,
		       const struct baton_cpace_input *ad_b)
{
	uint8_t string[1 + DSI_ISK_LEN + 3 * LV_MAX +
		       3 * (1 + BATON_CRYPTO_POINT_LEN)];
	uint8_t *p;

	p = put(string, dsi_isk, DSI_ISK_LEN);
	p = put_input(p, session);
	p = put(p, key, BATON_CRYPTO_POINT_LEN);
	p = put(p, share_a, BATON_CPACE_SHARE_LEN);
	p = put_input(p, ad_a);
	p = put(p, share_b, BATON_CPACE_SHARE_LEN);
	p = put_input(p, ad_b);
	baton_crypto_sha512(isk, string, (size_t)(p - string));
	baton_crypto_wipe(string, sizeof(string));
}

enum baton_err
baton_cpace_finish(struct baton_cpace *cpace, enum baton_cpace_role role,
		   const uint8_t peer_share[BATON_CPACE_SHARE_LEN],
		   const struct baton_cpace_input *session,
		   const struct baton_cpace_input *ad_a,
		   const struct baton_cpace_input *ad_b,
		   uint8_t isk[BATON_CPACE_ISK_LEN])
{
	uint8_t key[BATON_CRYPTO_POINT_LEN];
	enum baton_err err = BATON_ERR_TOO_LARGE;

	memset(isk, 0, BATON_CPACE_ISK_LEN);
	if (!fits(session) || !fits(ad_a) || !fits(ad_b))
		goto out;
	err = baton_crypto_ristretto255(key, cpace->scalar, peer_share);
	if (err)
		goto out;
	if (role == BATON_CPACE_A)
		transcript(isk, session, key, cpace->share, ad_a, peer_share,
			   ad_b);
	else
		transcript(isk, session, key, peer_share, ad_a, cpace->share,
			   ad_b);
	baton_crypto_wipe(key, sizeof(key));
out:
	baton_cpace_wipe(cpace);
	return err;
}

void baton_cpace_psk(uint8_t psk[BATON_CRYPTO_KEY_LEN],
		     const uint8_t isk[BATON_CPACE_ISK_LEN])
{
	/* HKDF-Extract, its salt the label with its closing zero. */
	baton_hmac(psk, (const uint8_t *)psk_label, sizeof(psk_label), isk,
		   BATON_CPACE_ISK_LEN);
}

void baton_cpace_wipe(struct baton_cpace *cpace)
{
	baton_crypto_wipe(cpace, sizeof(*cpace));
}
