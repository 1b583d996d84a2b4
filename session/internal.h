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
#define REKEY_FRAME 0x15

/* First byte of a record's header (transport/SPEC.md A.6). */
#define RECORD_EPOCH 0x80
#define RECORD_GENERATION 0x40

#define CLOSE_REVOKED 3 /* reason in CLOSE */

#define SECURE_DEADLINE_MS 30000 /* for the flights, and to be SECURED */
#define SECURE_INTERVALS 64 /* and for the short packets that they take */
#define PEOPLE_DEADLINE_MS 120000 /* for both people to answer */
#define REJECT_DEADLINE_MS 1000 /* for a last word to be seen */
#define PAIRING_WINDOW_MS 120000
#define BAD_FLIGHTS_MAX 16

#define RECORDS_PER_KEY (1u << 16) /* then its sender rekeys */
#define KEYS_PER_EPOCH 16 /* of a class; then an exchange is due */
#define REKEY_MS (10 * 60000u) /* a key is used no longer */
#define EPOCH_MS (60 * 60000u) /* then an exchange is due */
#define OVERDUE_MS EPOCH_MS /* for an exchange that is due */
#define WATCH_LATER_MS 60000u /* to a watch, which cannot ask */

/*
 * Once the handshake is over no flight is longer than 256 bytes: behind it the
 * memory that flights have keeps a rotation until the link ends, and urgent
 * frames that are still to be told.
 */
#define ROTATION_AT 256
#define URGENT_AT \
	(BATON_FLIGHT_MAX - BATON_URGENT_WAITING * sizeof(struct urgent))

struct urgent {
	uint8_t code;
	uint8_t len;
	uint8_t body[BATON_URGENT_BODY_MAX];
};

/* Frames that are owed, in baton_session.owes: bit n is frame 0x10 + n. */
#define OWES(frame) (1u << ((frame)-SYNC_FRAME))

/* Events in baton_session.tell; the lowest bit is told first. */
#define TELL_COMPARE 0x01
#define TELL_PAIRED 0x02
#define TELL_PAIR_FAILED 0x04
#define TELL_SECURED 0x08
#define TELL_ROLLED_BACK 0x10
#define TELL_REVOKED 0x20
#define TELL_CLOSE 0x40
#define TELL_FRAME 0x80 /* the frame at hand is a session frame */
#define TELL_BEFORE_URGENT (TELL_REVOKED - 1) /* of urgent frames */

/* In baton_outgoing_stream.tell, below enum baton_outgoing_tell. */
#define NEWS_ABORTED 0x01 /* of the incoming stream of the same number */

/* Every call that brings the time says so first. */
void session_clock(struct baton_session *session, uint64_t now_ms);

/*
 * The i-th bond, as const as session is; one in the making stands behind the
 * last.
 */
struct baton_bond *session_bond_at(const struct baton_session *session,
				   size_t i);

/* The bond of the peer on this link. */
struct baton_bond *session_bond(struct baton_session *session);

/* session.c: the one function that changes state. */
void session_set_state(struct baton_session *session,
		       enum baton_session_state state, uint32_t deadline_ms);

/* When a link is closed that is not SECURED by then (session/SPEC.md 1.4). */
uint32_t session_secure_by(const struct baton_session *session);

/* End the link for err; the application will be told to drop it. */
void session_fail(struct baton_session *session, enum baton_err err);

/* The urgent frame that is i-th to be told. */
struct urgent *session_urgent(const struct baton_session *session,
			      unsigned int i);

/* Where tables have a stream; BATON_ALL_STREAMS: there is none. */
unsigned int session_stream_at(struct baton_stream_id stream);

/* The stream that is there, of which there may be more to tell from now on. */
struct baton_outgoing_stream *session_news(struct baton_session *session,
					   unsigned int at);

/* True while a pairing is under way that can still fail. */
bool session_is_pairing(const struct baton_session *session);

/* Both sides are authenticated and know where they stand. */
void session_secure(struct baton_session *session);

void session_send_reply(struct baton_session *session,
			const struct baton_reply *reply);

/* Give our last word up to a second on its way, then end the link for err. */
void session_part(struct baton_session *session, enum baton_err err);

/* store.c: what is kept over a reboot (SPEC 7). */
#define STORED_LEN (BATON_BOND_LEN + BATON_TICKET_LEN + 2 * BATON_BOND_KEY_LEN)

/* The ticket of the bond is as the store has it. */
bool store_has_ticket(const struct baton_session *session, uint8_t bond);

void store_revoke(struct baton_session *session, uint8_t bond);
/* The first bond that never served for a link; BATON_BONDS: none. */
uint8_t store_orphan(const struct baton_session *session);
/* See to it that there is a place for a new bond; false: there cannot be. */
bool store_make_room(struct baton_session *session);
bool store_has_prefix(const char *key, const char *prefix);
/* Add a write to the operation. */
void store_add(struct baton_store_op *op, enum baton_store_kind kind,
	       const char *key, const uint8_t *value, size_t value_len);
void store_told_revoked(struct baton_session *session,
			uint8_t id[BATON_BOND_ID_LEN]);

/* resume.c: links by a ticket (SPEC 3.5). */
uint8_t resume_kind(struct baton_session *session, uint8_t bond);
enum baton_err resume_early(struct baton_session *session, unsigned int at,
			    const uint8_t *message, size_t len,
			    unsigned int flags);
void resume_park(struct baton_session *session);
uint8_t *resume_parked(struct baton_session *session);
void resume_renew(struct baton_session *session, uint32_t generation);
void resume_accept(struct baton_session *session);
void resume_stored(struct baton_session *session, enum baton_err err);
bool resume_can_answer(const struct baton_session *session);
enum baton_err resume_answer(struct baton_session *session);
enum baton_err resume_done(struct baton_session *session);
void resume_proven(struct baton_session *session);

void resume_rotated(struct baton_session *session, bool by_ticket,
		    const uint8_t *psk);

/* rotation.c: new keys on a link (SPEC 6.1). */
void rotation_begin(struct baton_session *session);
void rotation_end(struct baton_session *session);
enum baton_err rotation_take(struct baton_session *session, const uint8_t *body,
			     size_t len);
/* REKEY and padding that are owed. AGAIN: the link has no room for them. */
enum baton_err rotation_put(struct baton_session *session);
/* Before a record is sealed: what its header says of the key. */
uint8_t rotation_sealing(struct baton_session *session, uint8_t class_id,
			 struct baton_record_key *key);
/* Before one is opened. AGAIN: its key is not here yet. */
enum baton_err rotation_opening(struct baton_session *session, uint8_t class_id,
				struct baton_record_key *key, uint8_t header);
/* One was authentic: what it shows of the peer and of the age of its key. */
void rotation_opened(struct baton_session *session, uint8_t class_id,
		     const struct baton_record_key *key);
/* The peer has opened some of ours: it may have found that one is due. */
void rotation_verified(struct baton_session *session);

/* pairing.c: the window, both people, the bond and its write. */
uint8_t pairing_methods(const struct baton_session *session);
/* Is there a place for a new bond, or one that an orphan has? */
bool pairing_has_room(const struct baton_session *session);
uint64_t pairing_deadline(const struct baton_session *session);
void pairing_look(struct baton_session *session);
/* There is no bond, or no typed code: it will be told. */
void pairing_write_failed(struct baton_session *session);
void pairing_begin(struct baton_session *session);
void pairing_step(struct baton_session *session);
void pairing_stored(struct baton_session *session, enum baton_err err);
enum baton_err pairing_frame(struct baton_session *session, uint8_t code);

/* sync.c: where both sides stand (SPEC 4). */
void sync_begin(struct baton_session *session);
bool sync_positions(const struct baton_session *session,
		    uint8_t out[BATON_POSITIONS_LEN]);
enum baton_err sync_put(struct baton_session *session);
enum baton_err sync_take(struct baton_session *session, const uint8_t *body,
			 size_t len);
void sync_link_down(struct baton_session *session);

/* events.c: what was told of a frame counts, though the link is gone. */
void events_link_down(struct baton_session *session);

/* records.c: batches to records to the link, and back to frames. */
void records_begin(struct baton_session *session);
enum baton_err records_put_control(struct baton_session *session,
				   const uint8_t *frame, size_t len);
void records_end(struct baton_session *session);
enum baton_err records_pump(struct baton_session *session, uint8_t class_id,
			    bool need_room);
enum baton_err records_prepare(struct baton_session *session);
enum baton_err records_take_control(struct baton_session *session);
enum baton_err records_take_answer(struct baton_session *session,
				   struct baton_frames *answer);
enum baton_err records_next_frame(struct baton_session *session);

#endif
