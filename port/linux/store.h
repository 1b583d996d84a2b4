/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_STORE_H
#define BATON_PORT_LINUX_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * What the engine must find again after a restart (its store operations), as
 * one file per key in a directory that only its owner may enter. A value is
 * replaced as a whole or not at all, and is on the disk when a call comes
 * back. One process at a time has a store.
 */
struct baton_store;

#define BATON_STORE_VALUE_MAX 4096

/*
 * Open the store in dir, which is made (mode 0700, with its parents) where it
 * is not there. *store is the caller's to close. BATON_ERR_STORE: errno tells
 * why; EPERM is a directory that others may enter, EBUSY one that another
 * process has open. BATON_ERR_SPACE: no memory.
 */
BATON_MUST_CHECK
enum baton_err baton_store_open(struct baton_store **store, const char *dir);
void baton_store_close(struct baton_store *store);

/*
 * Write, replace or delete a value; durable when BATON_OK comes back.
 * key: 1..100 letters, digits and '/'. value: len bytes, at most
 * BATON_STORE_VALUE_MAX. Deleting what is not there is no error.
 * BATON_ERR_ARG; BATON_ERR_STORE: see errno.
 */
BATON_MUST_CHECK
enum baton_err baton_store_put(struct baton_store *store, const char *key,
			       const uint8_t *value, size_t len);
BATON_MUST_CHECK
enum baton_err baton_store_delete(struct baton_store *store, const char *key);

/*
 * Give every value whose key starts with prefix to fn; the bytes live for the
 * call and are wiped after it. What fn answers other than BATON_OK ends the
 * round and is the answer. BATON_ERR_STORE: see errno.
 */
BATON_MUST_CHECK
enum baton_err
baton_store_each(struct baton_store *store, const char *prefix,
		 enum baton_err (*fn)(void *user, const char *key,
				      const uint8_t *value, size_t len),
		 void *user);

#endif
