/* SPDX-License-Identifier: MIT */
#ifndef BATON_BASE_ERR_H
#define BATON_BASE_ERR_H

/*
 * The one error type. Three bands tell a caller what to do:
 *
 *   1..31   the caller's mistake or a limit of the moment: nothing changed,
 *           correct the call or try again later;
 *   32..63  bad input from the peer: it was dropped, the link lives;
 *   64..95  fatal: the object is finished and answers the same from now on.
 */
enum baton_err {
	BATON_OK = 0,

	BATON_ERR_ARG = 1, /* an argument is out of its stated range */
	BATON_ERR_STATE = 2, /* not allowed in the present state */
	BATON_ERR_SPACE = 3, /* the given buffer is too small */
	BATON_ERR_AGAIN = 4, /* no room now: wait for an event, call again */
	BATON_ERR_TOO_LARGE = 5, /* larger than a stated limit */
	BATON_ERR_NOT_FOUND = 6, /* no such bond, stream or key */
	BATON_ERR_RANDOM = 7, /* no randomness was given */

	BATON_ERR_PEER_LENGTH = 32, /* too short, too long, or cut off */
	BATON_ERR_PEER_FORMAT = 33, /* a reserved bit or unknown type */
	BATON_ERR_PEER_SEQ = 34, /* outside the window */
	BATON_ERR_PEER_STATE = 35, /* not expected now */
	BATON_ERR_PEER_AUTH = 36, /* did not authenticate */
	BATON_ERR_PEER_UNKNOWN = 37, /* no bond answers to it */
	BATON_ERR_PEER_LIMIT = 38, /* over a limit that was stated to it */

	BATON_ERR_CLOSED = 64, /* the link is gone */
	BATON_ERR_VERSION = 65, /* no version in common */
	BATON_ERR_AUTH = 66, /* the peer is not who it must be */
	BATON_ERR_PROTOCOL = 67, /* authenticated, yet breaks the rules */
	BATON_ERR_TIMEOUT = 68, /* a deadline passed */
	BATON_ERR_EXHAUSTED = 69, /* a counter or a number of tries ran out */
	BATON_ERR_STORE = 70, /* a write that had to be durable failed */
	BATON_ERR_REFUSED = 71, /* a person or the peer said no */
	BATON_ERR_NO_BOND = 72, /* the peer does not know this bond */
};

#if defined(__GNUC__)
#define BATON_MUST_CHECK __attribute__((warn_unused_result))
#else
#define BATON_MUST_CHECK
#endif

/*
 * Where code is to be small: called in so many places that a call is the
 * smaller code; or what it points to would be worked out anew wherever it is
 * used.
 */
#if defined(__GNUC__) && defined(__OPTIMIZE_SIZE__)
#define BATON_NOT_INLINE __attribute__((noinline))
#else
#define BATON_NOT_INLINE
#endif

/* True where the peer's bytes were dropped and nothing else happened. */
static inline int baton_err_is_peer(enum baton_err err)
{
	return err >= BATON_ERR_PEER_LENGTH && err < BATON_ERR_CLOSED;
}

/* True where the object is finished and will keep answering this error. */
static inline int baton_err_is_fatal(enum baton_err err)
{
	return err >= BATON_ERR_CLOSED;
}

/*
 * One plain English sentence, without a full stop, for any value; a static
 * string. It never depends on keys, contents or identities.
 */
const char *baton_err_text(enum baton_err err);

#endif
