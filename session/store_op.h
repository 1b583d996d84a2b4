/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_STORE_OP_H
#define BATON_SESSION_STORE_OP_H

/*
 * What the core asks a store for (session/SPEC.md 7). It does no I/O: the
 * caller carries an operation out and says when it is durable.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BATON_STORE_KEY_MAX 40 /* length of a key, its closing 0 included */
#define BATON_STORE_WRITES_MAX 4

enum baton_store_kind {
	BATON_STORE_PUT, /* write or replace a value */
	BATON_STORE_DELETE, /* no error if there is none */
};

struct baton_store_write {
	enum baton_store_kind kind;
	const char *key; /* letters, digits and '/', 0-terminated */
	const uint8_t *value; /* secret; PUT only */
	size_t value_len;
};

/*
 * Writes that become durable together: after a power cut there are all of them
 * or none. Keys and values live until the operation is answered.
 */
struct baton_store_op {
	uint32_t id; /* for the answer */
	size_t count; /* 1..BATON_STORE_WRITES_MAX */
	struct baton_store_write write[BATON_STORE_WRITES_MAX];
};

#define BATON_STORE_RETRY_MS 1000 /* after a write that failed */

/*
 * True until a machine tries again; no longer than that, though the clock may
 * have been set back.
 */
static inline bool baton_store_rests(uint64_t retry_at_ms, uint64_t now_ms)
{
	return retry_at_ms - now_ms - 1 < BATON_STORE_RETRY_MS;
}

/*
 * When a machine tries again to have something written that failed; UINT64_MAX:
 * it waits for no time, as it may ask now, or its operation is out.
 */
static inline uint64_t baton_store_retry(bool is_out, uint64_t retry_at_ms,
					 uint64_t now_ms)
{
	return !is_out && baton_store_rests(retry_at_ms, now_ms) ? retry_at_ms
								 : UINT64_MAX;
}

#endif
