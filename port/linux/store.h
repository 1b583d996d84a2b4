/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_STORE_H
#define BATON_PORT_LINUX_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "port/linux/seal_method.h"
#include "session/store_op.h"

/*
 * What the engine must find again after a restart (its store operations), in
 * an SQLite database below a directory that only its owner may enter. The
 * values are sealed. port/linux/DESIGN.md says what is on the disk and why. One process at a
 * time has a store.
 *
 * BATON_ERR_STORE says that the store could not do it, and errno why;
 * baton_store_problem() has words for it. What was stored before is still
 * there.
 */
struct baton_store;

#define BATON_STORE_VALUE_MAX 4096

/*
 * Open the store in dir, which is made (mode 0700, with its parents) where it
 * is not there. *store is the caller's to close.
 *
 * BATON_ERR_SPACE: no memory. BATON_ERR_STORE: errno is, among others, EPERM
 * (others may enter or read it), EBUSY (another process has it), EBADMSG (what
 * is there is no store, or is damaged), ENOTSUP (a newer version wrote it);
 * where the key cannot be had: ENODEV (no TPM), ENOKEY (no credential, no key
 * file), EKEYREJECTED (another one's), EAGAIN (the TPM is
 * locked out), EKEYREVOKED (its owner shuts it).
 */
BATON_MUST_CHECK
enum baton_err baton_store_open(struct baton_store **store, const char *dir);
void baton_store_close(struct baton_store *store);

/* The same; a store that is made is sealed by one method, or not made. */
BATON_MUST_CHECK
enum baton_err baton_store_open_sealed(struct baton_store **store,
				       const char *dir,
				       enum baton_seal_method method);

/*
 * How the store in dir is sealed, and whether its key can be had; nothing is
 * changed, but what a program that was killed left undone is taken back. It may
 * be in use.
 * BATON_ERR_NOT_FOUND: there is none; *method is how a new one would be, if
 * all goes well. BATON_ERR_STORE: it would not open, errno says why.
 */
BATON_MUST_CHECK
enum baton_err baton_store_look(const char *dir,
				enum baton_seal_method *method);

/*
 * Carry out an operation: all of its writes or, in whatever error or power
 * cut, none; durable when BATON_OK comes back. What it deletes and replaces
 * is overwritten. keys: 1..BATON_STORE_KEY_MAX - 1 letters, digits and '/';
 * values: at most BATON_STORE_VALUE_MAX bytes.
 * BATON_ERR_ARG: nothing was done. BATON_ERR_STORE: see errno; ENOSPC. Where
 * the disk itself failed (EIO) it is all or nothing, but not known which.
 */
BATON_MUST_CHECK
enum baton_err baton_store_apply(struct baton_store *store,
				 const struct baton_store_op *op);

/* The same for one value; deleting what is not there is no error. */
BATON_MUST_CHECK
enum baton_err baton_store_put(struct baton_store *store, const char *key,
			       const uint8_t *value, size_t len);
BATON_MUST_CHECK
enum baton_err baton_store_delete(struct baton_store *store, const char *key);

/*
 * Read a value into the cap bytes at value, which the caller wipes.
 * BATON_ERR_NOT_FOUND, BATON_ERR_SPACE: it is longer than cap.
 * BATON_ERR_STORE: see errno.
 */
BATON_MUST_CHECK
enum baton_err baton_store_get(struct baton_store *store, const char *key,
			       uint8_t *value, size_t cap, size_t *len);

/*
 * Give every value whose key starts with prefix to fn, in the order of the
 * keys; the bytes live for the call and are wiped after it. fn must not use
 * the store. What fn answers other than BATON_OK ends the round and is the
 * answer. BATON_ERR_STORE: see errno.
 */
BATON_MUST_CHECK
enum baton_err
baton_store_each(struct baton_store *store, const char *prefix,
		 enum baton_err (*fn)(void *user, const char *key,
				      const uint8_t *value, size_t len),
		 void *user);

/*
 * What is wrong and what to do, for an errno that came with BATON_ERR_STORE:
 * one line without a full stop, for a person.
 */
const char *baton_store_problem(int error);

#endif
