/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_CARRIER_H
#define BATON_TOOLS_CARRIER_H

#include "session/bulk.h"
#include "session/delivery.h"
#include "session/file.h"

/*
 * The mode file over an engine alone, for `baton demo`, which has one bond and
 * one process: nothing is stored, and there is one application. An endpoint
 * does this and more (session/endpoint.h).
 */
struct baton_carrier {
	struct baton_session *session;
	void (*told)(void *user, const struct baton_file_event *event);
	void *user;
	struct baton_bulk bulk;
	struct baton_bulk_member member;
	struct baton_files files;
	struct baton_file_out out;
	struct baton_file_in in;
	bool up;
	/* An envelope that the engine had no room for. */
	size_t held_len;
	uint8_t held[BATON_ENVELOPE_LEN + BATON_ENVELOPE_ROOM_MIN];
};

/* session is used, not owned, and outlives the carrier; it does not move. */
void baton_carrier_init(struct baton_carrier *carrier,
			struct baton_session *session,
			void (*told)(void *user,
				     const struct baton_file_event *event),
			void *user);

/* Every event of the engine. */
void baton_carrier_event(struct baton_carrier *carrier,
			 const struct baton_event *event, uint64_t now_ms);

/* The link is gone. */
void baton_carrier_down(struct baton_carrier *carrier, uint64_t now_ms);

/*
 * After the files or the engine were called: take what they have to say. True:
 * there was something.
 */
bool baton_carrier_pump(struct baton_carrier *carrier, uint64_t now_ms);

#endif
