/* SPDX-License-Identifier: MIT */

/* SYNC: where both sides stand when a link is secured (session/SPEC.md 4). */

#include <string.h>

#include "base/bytes.h"
#include "crypto/hkdf.h"
#include "session/internal.h"
#include "transport/plant.h"
#include "transport/varint.h"

#define PROOF_LEN 8
#define GENERATION_AT PROOF_LEN
#define PROVEN_AT (GENERATION_AT + 4)
#define ENTRIES_AT (PROVEN_AT + 4)
#define GENERATION_MAX 0xffff0000u /* of tickets, before KKpsk0 makes one */
#define ENTRY_MAX (13 + 9) /* VERIFIED and REFUSE at their longest */
#define SYNC_MAX (ENTRIES_AT + BATON_DATA_CLASSES * BATON_STREAMS * ENTRY_MAX)

_Static_assert(SYNC_MAX < BATON_VARINT_ONE_BYTE, "its length is one byte");

/*
 * What shows on this link alone that a role has our numbering: whoever has
 * another one learns nothing of ours.
 */
static void prove(struct baton_session *session, bool phone,
		  uint8_t proof[PROOF_LEN])
{
	uint8_t both[BATON_CRYPTO_KEY_LEN];

	baton_kdf_of(both, session_bond(session)->keys.psk, "numbering proof",
		     session->proven, sizeof(session->proven));
	memcpy(proof, both + (phone ? 0 : PROOF_LEN), PROOF_LEN);
	baton_crypto_wipe(both, sizeof(both));
}

/* Both sides start anew. */
static void renumber(struct baton_session *session)
{
	uint8_t name[BATON_CRYPTO_KEY_LEN];

	baton_kdf_of(name, session_bond(session)->keys.psk, "numbering",
		     session->h, sizeof(session->h));
	memcpy(session->numbering, name, sizeof(session->numbering));
	baton_crypto_wipe(name, sizeof(name));
}

void sync_begin(struct baton_session *session)
{
	const struct baton_ticket *ticket = &session_bond(session)->ticket;

	session->owes |= OWES(SYNC_FRAME);
	/* What is stated is durable, or will be: a write may be under way. */
	session->held = !store_has_ticket(session, session->bond_at);
	session->stated = session->held ? ticket->generation : ticket->kept;
	session->stated_proven = ticket->proven;
}

/*
 * What a resume is bound to: the numbering and where every stream stands, the
 * phone's first. False: somebody may know more than the other; then only a
 * SYNC tells.
 */
bool sync_positions(const struct baton_session *session,
		    uint8_t out[BATON_POSITIONS_LEN])
{
	const struct baton_outgoing_stream *sent = session->outgoing.stream;
	const struct baton_incoming_stream *taken = session->incoming.stream;
	bool phone = baton_is_phone(session->role);
	/* What was sent before the link goes with it, or is lost. */
	bool early = phone && (session->early_class || session->parked_len > 0);
	uint8_t *mine = out + BATON_NUMBERING_LEN + (phone ? 0 : 4);
	uint8_t *theirs = out + BATON_NUMBERING_LEN + (phone ? 4 : 0);
	int i;

	memcpy(out, session->numbering, BATON_NUMBERING_LEN);
	for (i = 0; i < BATON_ALL_STREAMS; i++, sent++, taken++) {
		if (taken->offset > 0 || !baton_outgoing_settled(sent, early))
			return false;
		baton_store_be32(mine + 8 * i, sent->verified);
		baton_store_be32(theirs + 8 * i, taken->messages);
	}
	return true;
}

enum baton_err sync_put(struct baton_session *session)
{
	uint8_t frame[2 + SYNC_MAX];
	uint8_t *body = frame + 2;
	const struct baton_incoming_stream *stream;
	struct baton_frame entry;
	size_t n = ENTRIES_AT;
	int i;

	prove(session, baton_is_phone(session->role), body);
	baton_store_be32(body + GENERATION_AT, session->stated);
	baton_store_be32(body + PROVEN_AT, session->stated_proven);
	for (i = 0; i < BATON_ALL_STREAMS; i++) {
		stream = &session->incoming.stream[i];
		if (stream->messages == 0 && stream->offset == 0)
			continue;
		entry.at = (uint8_t)i;
		entry.message = stream->messages - (BATON_PLANTED(DOUBLE) &&
						    stream->messages > 0 &&
						    stream->offset == 0);
		entry.offset = stream->offset;
		entry.type = BATON_FRAME_VERIFIED;
		n += baton_frame_put_position(body + n, &entry);
		/* The last one that was counted was not taken. */
		if (stream->messages == 0 ||
		    stream->refused != stream->messages)
			continue;
		entry.message = stream->refused - 1;
		entry.reason = stream->reason;
		entry.type = BATON_FRAME_REFUSE;
		n += baton_frame_put_position(body + n, &entry);
	}
	frame[0] = SYNC_FRAME;
	frame[1] = (uint8_t)n;
	return baton_outgoing_frame(
		&session->outgoing.batch[BATON_CLASS_CONTROL], frame, 2 + n);
}

static enum baton_err read_entries(struct baton_frames *entries,
				   struct baton_position at[BATON_ALL_STREAMS])
{
	struct baton_position *position;
	struct baton_frame entry;

	while (entries->len > 0) {
		if (baton_frame_next(entries, &entry))
			return BATON_ERR_PROTOCOL;
		position = &at[entry.at];
		if (entry.type == BATON_FRAME_VERIFIED && !position->given) {
			position->given = true;
			position->messages = entry.message;
			position->offset = entry.offset;
		} else if (entry.type == BATON_FRAME_REFUSE &&
			   !position->refused &&
			   entry.message < position->messages &&
			   entry.message + 1 == position->messages) {
			position->refused = true;
			position->reason = entry.reason;
		} else {
			return BATON_ERR_PROTOCOL;
		}
	}
	return BATON_OK;
}

static enum baton_err apply(struct baton_session *session, unsigned int i,
			    bool known, const struct baton_position *position)
{
	struct baton_outgoing_stream *out = session_news(session, i);
	enum baton_err err = baton_outgoing_sync(out, known, position);

	if (err || known)
		return err;
	if (baton_incoming_reset(baton_incoming_stream(&session->incoming, i)))
		out->tell |= NEWS_ABORTED;
	return BATON_OK;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The highest generation that either side has ever held, as far as known. */
static uint32_t highest_generation(const struct baton_session *session,
				   const uint8_t *body)
{
	uint32_t theirs = greater(baton_load_be32(body + GENERATION_AT),
				  baton_load_be32(body + PROVEN_AT));

	return greater(theirs,
		       greater(session->stated, session->stated_proven));
}

/*
 * Each side says what ticket it holds and what the other has shown to hold;
 * whoever holds less than it has shown has another store than it had.
 */
static void take_generation(struct baton_session *session, const uint8_t *body)
{
	struct baton_ticket *ticket = &session_bond(session)->ticket;
	uint32_t theirs = baton_load_be32(body + GENERATION_AT);
	uint32_t shown = baton_load_be32(body + PROVEN_AT);

	if (theirs < session->stated_proven || shown > session->stated)
		session->tell |= TELL_ROLLED_BACK;
	ticket->dirty |= theirs != ticket->proven;
	ticket->proven = theirs;
	if (session->by_ticket)
		return;
	/* Both come to the same: above all that either has ever held. */
	resume_renew(session, highest_generation(session, body) + 1);
}

enum baton_err sync_take(struct baton_session *session, const uint8_t *body,
			 size_t len)
{
	struct baton_frames entries = {.p = body + ENTRIES_AT,
				       .len = len - ENTRIES_AT,
				       .class_id = BATON_CLASS_CONTROL};
	struct baton_position at[BATON_ALL_STREAMS];
	uint8_t proof[PROOF_LEN];
	enum baton_err err;
	unsigned int i;
	bool known;

	if (session->state != BATON_SESSION_SYNCING || len < ENTRIES_AT)
		return BATON_ERR_PROTOCOL;
	memset(at, 0, sizeof(at));
	err = read_entries(&entries, at);
	if (err)
		return err;
	if (highest_generation(session, body) > GENERATION_MAX)
		return BATON_ERR_EXHAUSTED;
	prove(session, !baton_is_phone(session->role), proof);
	known = baton_crypto_equal(body, proof, PROOF_LEN);
	if (!known)
		renumber(session);
	for (i = 0; i < BATON_ALL_STREAMS; i++) {
		err = apply(session, i, known, &at[i]);
		if (err)
			return err;
	}
	take_generation(session, body);
	session_secure(session);
	return BATON_OK;
}

void sync_link_down(struct baton_session *session)
{
	unsigned int i;

	for (i = 0; i < BATON_ALL_STREAMS; i++)
		if (baton_incoming_link_down(
			    baton_incoming_stream(&session->incoming, i)))
			session_news(session, i)->tell |= NEWS_ABORTED;
}
