/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_CONFIG_H
#define BATON_SESSION_CONFIG_H

/* Limits and choices of the engine. */

#include <stdbool.h>
#include <stdint.h>

#include "transport/codec.h"
#include "transport/link.h"

#define BATON_VERSION_MAX 1
#define BATON_VERSION_MIN 1

#define BATON_BONDS 8 /* bonds an engine holds */

/* Session frames that the engine only carries (session/SPEC.md 4). */
#define BATON_FRAME_CODE_FIRST 0x20
#define BATON_FRAME_CODE_LAST 0x2f
#define BATON_FRAME_BODY_MAX 160 /* bytes */
/* Urgent ones overtake all messages and do not wait for the application. */
#define BATON_URGENT_CODE_FIRST 0x30
#define BATON_URGENT_CODE_LAST 0x3f
#define BATON_URGENT_BODY_MAX 40 /* bytes */
#define BATON_URGENT_WAITING 4 /* frames that came and were not told yet */

enum baton_role {
	BATON_WATCH = 0, /* peripheral, GATT server */
	BATON_PHONE = 1, /* central, GATT client, the authority */
};

/*
 * What a build has the code for. A device has one role for all its life, so
 * its firmware need not carry the other's: -Droles=watch and phone. In such a
 * build an engine of the other role is BATON_ERR_ARG.
 */
#define BATON_ROLES_BOTH 0
#define BATON_ROLES_WATCH 1
#define BATON_ROLES_PHONE 2
#ifndef BATON_ROLES
#define BATON_ROLES BATON_ROLES_BOTH
#endif

/* True for BATON_PHONE; a constant where there is but one role. */
static inline bool baton_is_phone(enum baton_role role)
{
	return BATON_ROLES == BATON_ROLES_BOTH
		       ? role == BATON_PHONE
		       : BATON_ROLES == BATON_ROLES_PHONE;
}

/*
 * Ways to pair besides comparison: by a secret out of band, by a typed code.
 * -Dmethods=compare leaves out what the engine does for them; a configuration
 * that names one is BATON_ERR_ARG.
 */
#ifndef BATON_METHODS
#define BATON_METHODS 1
#endif

/* Why a message was cancelled or refused (transport/SPEC.md B.3). */
enum baton_reason {
	BATON_REASON_NONE = 0,
	BATON_REASON_PERSON = 1,
	BATON_REASON_TOO_LARGE = 2,
	BATON_REASON_NO_ROOM = 3,
	BATON_REASON_NOT_ALLOWED = 4,
	BATON_REASON_INTERNAL = 5,
};

struct baton_method;

struct baton_session_config {
	enum baton_role role;
	/*
	 * What this device can do to pair: BATON_PAIR_* of session/hello.h,
	 * or-ed; 0: compare. And the methods besides comparison, NULL where
	 * there is none: &baton_out_of_band, &baton_typed.
	 */
	uint8_t pairing;
	const struct baton_method *out_of_band;
	const struct baton_method *typed;
	/* Longest message taken in pieces, bytes; a short one always is. */
	uint32_t message_max;
	struct baton_link_config link;
	/* Compresses and decompresses messages; NULL: they stay as they are. */
	const struct baton_codec *codec;
};

#endif
