/* SPDX-License-Identifier: MIT */

/* New keys while a link goes on (session/SPEC.md 6.1). */

#include <string.h>

#include "session/bonded.h"
#include "session/internal.h"
#include "transport/timing.h"

#define REKEY_LEN (1 + BATON_CRYPTO_POINT_LEN + BATON_CRYPTO_TAG_LEN)
#define ALL_CLASSES ((1u << BATON_CLASSES) - 1)

/* Behind the last flight (session/internal.h) until the link ends. */
struct rotation {
	uint8_t kind; /* that the phone asked for */
	uint8_t epoch; /* RECORD_EPOCH, or 0: of what we seal */
	/* Classes, as bits. */
	uint8_t odd; /* whose records open in an odd epoch */
	uint8_t to_open; /* that have not come to the new epoch yet */
	uint8_t pads; /* that owe their first record of it */
	uint8_t rekeys; /* whose key has been in use for long enough */
	bool wanted; /* the keys have been in use for long enough */
	bool asked; /* phone: the watch's answer is awaited */
	bool owes; /* frame is to go out */
	bool turns; /* what follows is sealed by keys */
	uint32_t due_ms; /* an exchange is */
	uint32_t rekey_ms; /* a rekey is */
	union {
		/* Phone: between REKEY and its answer. */
		struct baton_noise noise;
		/* By enum baton_keys_dir, until everything goes by them. */
		uint8_t dir[2][BATON_CRYPTO_KEY_LEN];
	};
	uint8_t frame[2 + REKEY_LEN]; /* the REKEY that is to go out */
};

_Static_assert(sizeof(struct rotation) <= URGENT_AT - ROTATION_AT,
	       "a rotation fits behind the last flight");

static enum baton_keys_dir sends(const struct baton_session *session)
{
	return baton_is_phone(session->role) ? BATON_KEYS_I2R : BATON_KEYS_R2I;
}

/* A phone is first to find one due, though it began a little later. */
BATON_NOT_INLINE
static uint32_t next_due(const struct baton_session *session)
{
	return session->now_ms + EPOCH_MS +
	       (baton_is_phone(session->role) ? 0 : WATCH_LATER_MS);
}

void rotation_begin(struct baton_session *session)
{
	struct rotation *r = session->rotation;

	memset(r, 0, sizeof(*r));
	r->due_ms = next_due(session);
	r->rekey_ms = session->now_ms + REKEY_MS;
}

void rotation_end(struct baton_session *session)
{
	baton_crypto_wipe(session->rotation, sizeof(struct rotation));
}

/* A phone awaits the watch's answer. */
static bool is_asked(const struct rotation *r)
{
	return BATON_ROLES != BATON_ROLES_WATCH && r->asked;
}

/* A handshake of kind whose prologue binds it to this link. */
static void start(struct baton_session *session, uint8_t kind)
{
	static const char label[] = "rekey exchange";
	uint8_t prologue[sizeof(label) + 1 + BATON_CRYPTO_HASH_LEN];
	struct rotation *r = session->rotation;

	memcpy(prologue, label, sizeof(label));
	prologue[sizeof(label)] = kind;
	memcpy(prologue + sizeof(label) + 1, session->h, BATON_CRYPTO_HASH_LEN);
	baton_noise_init(
		&r->noise,
		bonded_keys(session_bond(session), kind, &r->noise.keys),
		baton_is_phone(session->role), prologue, sizeof(prologue),
		&session->drbg);
}

/* Our message, to be sent in a REKEY. */
static enum baton_err put(struct rotation *r, uint8_t kind)
{
	enum baton_err err;
	size_t len;

	r->frame[0] = REKEY_FRAME;
	r->frame[1] = REKEY_LEN;
	r->frame[2] = kind;
	err = baton_noise_write(&r->noise, NULL, 0, r->frame + 3, REKEY_LEN - 1,
				&len);
	r->owes = !err;
	return err;
}

/* All messages went by: the next keys, and the next ticket. */
static enum baton_err finish(struct baton_session *session, uint8_t kind)
{
	struct rotation *r = session->rotation;
	struct baton_keys keys;
	enum baton_err err = baton_keys_finish(&keys, &r->noise);

	if (err)
		return err;
	/* It has their place. */
	baton_noise_wipe(&r->noise);
	memcpy(r->dir, keys.noise.dir, sizeof(r->dir));
	r->to_open = ALL_CLASSES;
	r->turns = true;
	resume_rotated(session, kind == BATON_KIND_RESUME_SYNC,
		       keys.ticket_psk);
	baton_keys_wipe(&keys);
	return BATON_OK;
}

/* Phone: it is time, and nothing is left of the last one. */
static enum baton_err ask(struct baton_session *session)
{
	struct rotation *r = session->rotation;
	enum baton_err err;

	if (!r->wanted || is_asked(r) || r->turns || r->to_open || r->pads ||
	    session->link.flight.active || !baton_is_phone(session->role))
		return BATON_OK;
	r->kind = resume_kind(session, session->bond_at);
	if (r->kind != BATON_KIND_RECONNECT)
		r->kind = BATON_KIND_RESUME_SYNC;
	start(session, r->kind);
	err = put(r, r->kind);
	r->wanted = false;
	r->asked = true;
	return err;
}

/* The watch is asked. */
static enum baton_err answer(struct baton_session *session, uint8_t kind,
			     const uint8_t *message)
{
	struct rotation *r = session->rotation;
	enum baton_err err;
	size_t len;

	/* The ticket of this link is known, though its write may have failed. */
	if (kind != BATON_KIND_RECONNECT && kind != BATON_KIND_RESUME_SYNC)
		return BATON_ERR_PROTOCOL;
	start(session, kind);
	err = baton_noise_read(&r->noise, message, REKEY_LEN - 1, NULL, 0,
			       &len);
	if (!err)
		err = put(r, kind);
	return err ? BATON_ERR_AUTH : finish(session, kind);
}

/* A watch has each exchange written: a peer must not wear its store out. */
static bool is_soon(const struct baton_session *session)
{
	const struct rotation *r = session->rotation;

	return session->now_ms + EPOCH_MS < r->due_ms;
}

enum baton_err rotation_take(struct baton_session *session, const uint8_t *body,
			     size_t len)
{
	struct rotation *r = session->rotation;
	bool phone = baton_is_phone(session->role);
	size_t n;

	if (session->state != BATON_SESSION_SECURED || len != REKEY_LEN ||
	    r->to_open || r->turns || r->owes || is_asked(r) != phone ||
	    (phone && body[0] != r->kind) || is_soon(session))
		return BATON_ERR_PROTOCOL;
	if (!phone)
		return answer(session, body[0], body + 1);
	r->asked = false;
	if (baton_noise_read(&r->noise, body + 1, REKEY_LEN - 1, NULL, 0, &n))
		return BATON_ERR_AUTH;
	return finish(session, r->kind);
}

/* From the next record on everything is sealed by the new keys. */
static void turn(struct baton_session *session)
{
	struct rotation *r = session->rotation;
	uint8_t *seals = r->dir[sends(session)];
	uint8_t c;

	for (c = 0; c < BATON_CLASSES; c++)
		baton_keys_record(&session->seal[c], seals, c);
	baton_crypto_wipe(seals, BATON_CRYPTO_KEY_LEN);
	r->epoch ^= RECORD_EPOCH;
	r->turns = false;
	r->pads = ALL_CLASSES;
	r->rekeys = 0;
	r->wanted = false;
	r->due_ms = next_due(session);
	session->state_deadline_ms = BATON_LINK_NEVER;
}

/* A class that has nothing to send sends padding, so that old keys go. */
static enum baton_err pad(struct baton_session *session, uint8_t class_id)
{
	static const uint8_t frame[1];
	struct baton_batch *batch =
		baton_outgoing_batch(&session->outgoing, class_id);
	const struct rotation *r = session->rotation;
	enum baton_err err;

	if (!(r->pads >> class_id & 1) || batch->len > 0 ||
	    !baton_link_has_room(&session->link, class_id,
				 BATON_RECEIVER_RECORD_LEN(sizeof(frame))))
		return BATON_OK;
	err = baton_outgoing_frame(batch, frame, sizeof(frame));
	return err ? err : records_pump(session, class_id, true);
}

enum baton_err rotation_put(struct baton_session *session)
{
	struct rotation *r = session->rotation;
	enum baton_err err;
	uint8_t c;

	if (!(r->wanted | r->owes | r->turns | r->pads))
		return BATON_OK;
	err = ask(session);
	if (!err && r->owes) {
		err = records_put_control(session, r->frame, sizeof(r->frame));
		r->owes = err != BATON_OK;
	}
	if (!err && r->turns) {
		/* The answer is the last that the old keys seal. */
		err = records_pump(session, BATON_CLASS_CONTROL, true);
		if (!err)
			turn(session);
	}
	for (c = 0; c < BATON_CLASSES && !err; c++)
		err = pad(session, c);
	return err;
}

/* Keys in use for long enough; whoever does not come to new ones ends. */
static void use(struct baton_session *session, uint8_t class_id,
		const struct baton_record_key *key)
{
	struct rotation *r = session->rotation;

	/* Of CONTROL, which keeps an idle link going, only its count is one. */
	if (session->state != BATON_SESSION_SECURED ||
	    (key->generation < KEYS_PER_EPOCH &&
	     (class_id == BATON_CLASS_CONTROL || session->now_ms < r->due_ms)))
		return;
	r->wanted = true;
	if (session->state_deadline_ms == BATON_LINK_NEVER)
		session->state_deadline_ms = session->now_ms + OVERDUE_MS;
}

BATON_NOT_INLINE
uint8_t rotation_sealing(struct baton_session *session, uint8_t class_id,
			 struct baton_record_key *key)
{
	struct rotation *r = session->rotation;
	uint8_t bit = (uint8_t)(1u << class_id);

	if (session->now_ms >= r->rekey_ms) {
		r->rekey_ms = session->now_ms + REKEY_MS;
		r->rekeys = ALL_CLASSES;
	}
	if ((r->rekeys & bit && key->counter > 0) ||
	    key->counter >= RECORDS_PER_KEY)
		baton_record_rekey(key);
	r->rekeys &= (uint8_t)~bit;
	r->pads &= (uint8_t)~bit;
	use(session, class_id, key);
	return (uint8_t)(r->epoch |
			 (key->generation & 1 ? RECORD_GENERATION : 0));
}

enum baton_err rotation_opening(struct baton_session *session, uint8_t class_id,
				struct baton_record_key *key, uint8_t header)
{
	struct rotation *r = session->rotation;
	uint8_t bit = (uint8_t)(1u << class_id);
	uint8_t *opens;

	if (!(header & RECORD_EPOCH) != !(r->odd & bit)) {
		/* The watch's answer may still be on its way, in CONTROL. */
		if (!(r->to_open & bit))
			return is_asked(r) && class_id != BATON_CLASS_CONTROL
				       ? BATON_ERR_AGAIN
				       : BATON_ERR_PROTOCOL;
		opens = r->dir[!sends(session)];
		baton_keys_record(key, opens, class_id);
		r->odd ^= bit;
		r->to_open &= (uint8_t)~bit;
		if (!r->to_open)
			baton_crypto_wipe(opens, BATON_CRYPTO_KEY_LEN);
	}
	if (!(header & RECORD_GENERATION) != !(key->generation & 1))
		baton_record_rekey(key);
	if (key->counter >= 2 * RECORDS_PER_KEY ||
	    key->generation >= 2 * KEYS_PER_EPOCH)
		return BATON_ERR_EXHAUSTED;
	return BATON_OK;
}

void rotation_opened(struct baton_session *session, uint8_t class_id,
		     const struct baton_record_key *key)
{
	const struct rotation *r = session->rotation;

	/* What the old keys had sealed asks for nothing and shows nothing. */
	if (r->to_open >> class_id & 1)
		return;
	use(session, class_id, key);
	resume_proven(session);
}

void rotation_verified(struct baton_session *session)
{
	use(session, BATON_CLASS_BULK, &session->seal[BATON_CLASS_BULK]);
}
