/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_SEAL_H
#define BATON_PORT_LINUX_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/linux/seal_method.h"

/*
 * How the values of a store are sealed, and where the key for that comes from
 * (port/linux/DESIGN.md). Nothing of it is installed. Failures set errno.
 */
struct baton_seal;

#define BATON_SEAL_NONCE_LEN 24
#define BATON_SEAL_EXTRA_LEN (BATON_SEAL_NONCE_LEN + 16) /* beside the value */
#define BATON_SEAL_BLOB_MAX 512

/* What a store keeps, from which its seal is found again. */
struct baton_seal_record {
	enum baton_seal_method method;
	uint8_t blob[BATON_SEAL_BLOB_MAX];
	size_t blob_len;
	uint8_t probe[BATON_SEAL_EXTRA_LEN]; /* nothing, sealed */
};

/*
 * A seal for a new store in dir_fd, by the best method there is, or by one.
 * NULL: errno. The caller frees it with baton_seal_free().
 */
struct baton_seal *baton_seal_new(int dir_fd, enum baton_seal_method method,
				  struct baton_seal_record *record);

/* The method that would be the best for a new store. */
enum baton_seal_method baton_seal_best(void);

/* The seal that a record is of; NULL: errno. */
struct baton_seal *baton_seal_find(int dir_fd,
				   const struct baton_seal_record *record);
void baton_seal_free(struct baton_seal *seal);

/*
 * Seal the value of a key into out, len + BATON_SEAL_EXTRA_LEN bytes. What was
 * sealed for one key opens for no other.
 */
void baton_seal_value(const struct baton_seal *seal, const char *key,
		      const uint8_t *value, size_t len, uint8_t *out);

/*
 * Open sealed_len bytes into value, sealed_len - BATON_SEAL_EXTRA_LEN bytes.
 * False: EBADMSG, it was changed or is another key's.
 */
bool baton_seal_open(const struct baton_seal *seal, const char *key,
		     const uint8_t *sealed, size_t sealed_len, uint8_t *value);

#endif
