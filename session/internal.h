/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_INTERNAL_H
#define BATON_SESSION_INTERNAL_H

/* What the files of session/ share; nothing of it is installed. */

#include "session/session.h"

#define SYNC_FRAME 0x10
#define CONFIRM_FRAME 0x11
#define BONDED_FRAME 0x12
#define PAIR_CANCEL_FRAME 0x13
#define CLOSE_FRAME 0x14

#define CLOSE_REVOKED 3 /* reason in CLOSE */

#define BOND_DEADLINE_MS 10000 /* to be SECURED with a bond */
#define PAIR_DEADLINE_MS 30000 /* for the flights of a pairing */
#define PEOPLE_DEADLINE_MS 120000 /* for both people to answer */
#define REJECT_DEADLINE_MS 1000 /* for a last word to be seen */
#define PAIRING_WINDOW_MS 120000
#define BAD_FLIGHTS_MAX 16

/* session.c: the one function that changes state. */
void session_set_state(struct baton_session *session,
		       enum baton_session_state state, uint64_t deadline_ms);

/* End the link for err; the application will be told to drop it. */
void session_fail(struct baton_session *session, enum baton_err err);

/* The news of a stream, to add to. */
struct baton_stream_news *session_news(struct baton_session *session,
				       uint8_t class_id, uint8_t number);

/* True while a pairing is under way that can still fail. */
bool session_is_pairing(const struct baton_session *session);

/* Give our last word up to a second on its way, then end the link for err. */
void session_part(struct baton_session *session, enum baton_err err,
		  uint64_t now_ms);

/* store.c: what is kept over a reboot (SPEC 7). */
#define STORED_LEN (BATON_BOND_LEN + BATON_BOND_KEY_LEN)

void store_revoke(struct baton_session *session, uint8_t bond);
void store_told_revoked(struct baton_session *session,
			uint8_t id[BATON_BOND_ID_LEN]);

/* pairing.c: both people, the bond and its write. */
void pairing_begin(struct baton_session *session, uint64_t now_ms);
void pairing_step(struct baton_session *session, uint64_t now_ms);
void pairing_stored(struct baton_session *session, enum baton_err err,
		    uint64_t now_ms);
enum baton_err pairing_frame(struct baton_session *session, uint8_t code,
			     uint64_t now_ms);

/* sync.c: where both sides stand (SPEC 4). */
void sync_begin(struct baton_session *session);
enum baton_err sync_put(struct baton_session *session);
enum baton_err sync_take(struct baton_session *session, const uint8_t *body,
			 size_t len);
void sync_link_down(struct baton_session *session);

/* events.c: what was told of a frame counts, though the link is gone. */
void events_link_down(struct baton_session *session, uint64_t now_ms);

/* records.c: batches to records to the link, and back to frames. */
void records_begin(struct baton_session *session);
void records_end(struct baton_session *session);
enum baton_err records_pump(struct baton_session *session, uint8_t class_id,
			    bool need_room);
enum baton_err records_prepare(struct baton_session *session, uint64_t now_ms);
enum baton_err records_take_control(struct baton_session *session,
				    uint64_t now_ms);
enum baton_err records_next_frame(struct baton_session *session);

#endif
