/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_APPLICATION_H
#define BATON_SESSION_APPLICATION_H

/*
 * What an application is to the core: its id, its limits, and keys that no
 * other application has (session/DELIVERY.md 3). What it stores is sealed with
 * them, so that an application that reads the store, or is given another
 * one's value, can do nothing with it.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/drbg.h"
#include "crypto/primitives.h"
#include "session/store_op.h"

#define BATON_APPLICATION_ID_LEN 8

/* Names that machines give to values, their closing 0 included. */
#define BATON_NAME_MAX 19

#define BATON_SEAL_SALT_LEN 16
/* What sealing adds to a stored value: format, salt, tag. */
#define BATON_SEAL_LEN (1 + BATON_SEAL_SALT_LEN + BATON_CRYPTO_TAG_LEN)

#define BATON_REQUESTS_MAX 16 /* outstanding, each way */
#define BATON_ITEM_MAX 480 /* bytes that fit an envelope on every link */
#define BATON_ITEMS_MAX 1024 /* of an outbox or an inbox */

/*
 * An application and its limits, which need not be the same on both devices. A
 * mode with the limit 0 it does not have. Of a message, a value and an item the
 * peer hears how long they may be: it sends no longer ones (DELIVERY.md 2).
 */
struct baton_application {
	uint8_t id[BATON_APPLICATION_ID_LEN];
	uint16_t message_max; /* bytes of a request or an answer */
	uint8_t requests; /* outstanding each way, 1..BATON_REQUESTS_MAX */
	uint16_t context_max; /* bytes, at most BATON_ITEM_MAX */
	uint16_t item_max; /* bytes of a queue's item, BATON_ITEM_MAX */
	uint16_t outbox, inbox; /* items, 1..BATON_ITEMS_MAX */
	uint8_t files_out, files_in; /* at a time, each 1..64, or both 0 */
	uint8_t streams; /* byte streams at a time, at most 64 */
	uint32_t stream_ring; /* bytes not verified, or not read: 64..2^24 */
	uint64_t file_max; /* bytes of a file that may come */
	uint64_t files_max; /* of all that are coming; above it, offers wait */
	uint16_t rate; /* envelopes out per second, 1..1000 */
	uint16_t burst; /* of them at once after a pause, 1..1000 */
};

/* Of one application and one bond; secret, wiped by its owner. */
struct baton_application_keys {
	uint8_t storage[8]; /* names its values in the store */
	uint8_t store[BATON_CRYPTO_KEY_LEN]; /* seals them */
};

/* What an application is derived from: baton_session_bond_export(). */
#define BATON_APPLICATION_LABEL "application"

/*
 * Derive the keys. root: baton_session_bond_export() of the bond with
 * BATON_APPLICATION_LABEL and the application's id.
 */
void baton_application_keys(struct baton_application_keys *keys,
			    const uint8_t root[BATON_CRYPTO_KEY_LEN]);

/*
 * The live key of an application, for itself and for its tokens; new with every
 * link. session: the key of the session on this link. Secret.
 */
void baton_application_live_key(uint8_t key[BATON_CRYPTO_KEY_LEN],
				const uint8_t session[BATON_CRYPTO_KEY_LEN],
				const uint8_t id[BATON_APPLICATION_ID_LEN]);

/* The key in the store of what a machine names name (BATON_NAME_MAX). */
void baton_application_store_key(const struct baton_application_keys *keys,
				 const char *name,
				 char key[BATON_STORE_KEY_MAX]);

/*
 * The reverse: the name in a store's key, a pointer into it; NULL if the
 * value is not this application's.
 */
const char *baton_application_name(const struct baton_application_keys *keys,
				   const char *key);

/*
 * Seal the len bytes of the value that is named name into out (room for
 * len + BATON_SEAL_LEN; must not overlap value). drbg: for the salt.
 * BATON_ERR_RANDOM: drbg was never seeded, nothing was done.
 */
BATON_MUST_CHECK
enum baton_err baton_application_seal(const struct baton_application_keys *keys,
				      struct baton_drbg *drbg, const char *name,
				      const uint8_t *value, size_t len,
				      uint8_t *out);

/*
 * Open what was sealed, into out (room for len - BATON_SEAL_LEN; may be
 * sealed + BATON_SEAL_LEN - BATON_CRYPTO_TAG_LEN, must not overlap it
 * otherwise); *out_len bytes. BATON_ERR_ARG: it is damaged, another
 * application's, of another name or format; nothing of it is in out.
 */
BATON_MUST_CHECK
enum baton_err baton_application_open(const struct baton_application_keys *keys,
				      const char *name, const uint8_t *sealed,
				      size_t len, uint8_t *out,
				      size_t *out_len);

#endif
