/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_CONFIG_H
#define BATON_SESSION_CONFIG_H

/* Limits and choices of the engine. */

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
	uint64_t message_max; /* longest message taken, bytes */
	struct baton_link_config link;
	/* Compresses and decompresses messages; NULL: they stay as they are. */
	const struct baton_codec *codec;
};

#endif
