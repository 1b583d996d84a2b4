/* SPDX-License-Identifier: MIT */

/* What the engine keeps over a reboot (session/SPEC.md 7). */

#include <string.h>

#include "session/internal.h"
#include "session/method.h"

/* The operation that is out, or would be the next. */
enum store_what {
	NOTHING,
	NEW_BOND,
	REVOKED,
	OF_METHOD, /* what a way to pair keeps */
	TICKET,
};

bool store_has_prefix(const char *key, const char *prefix)
{
	while (*prefix && *key == *prefix) {
		key++;
		prefix++;
	}
	return !*prefix;
}

/* NULL: no way to pair here keeps anything. */
static const struct baton_method_kept *
kept_of_method(const struct baton_session *session)
{
	const struct baton_method *typed = session->config.typed;

	return BATON_METHODS && typed ? typed->kept : NULL;
}

static uint8_t find(const struct baton_session *session, const uint8_t *id)
{
	uint8_t i;

	for (i = 0; i < session->bond_count; i++)
		if (memcmp(session_bond_at(session, i)->id, id,
			   BATON_BOND_ID_LEN) == 0)
			break;
	return i;
}

/* Its bond was loaded before; without one it is an orphan. */
static enum baton_err load_ticket(struct baton_session *session,
				  const char *key, const uint8_t *value,
				  size_t len)
{
	char own[BATON_BOND_KEY_LEN];
	uint8_t i;

	for (i = 0; i < session->bond_count; i++) {
		baton_bond_key("tick/", session_bond_at(session, i)->id, own);
		if (store_has_prefix(key, own))
			return baton_ticket_decode(
				value, len,
				&session_bond_at(session, i)->ticket);
	}
	return BATON_ERR_ARG;
}

enum baton_err baton_session_load(struct baton_session *session,
				  const char *key, const uint8_t *value,
				  size_t len)
{
	const struct baton_method_kept *kept = kept_of_method(session);
	struct baton_bond *bond = session_bond_at(session, session->bond_count);
	enum baton_err err;

	if (BATON_METHODS && kept && kept->load(session, key, value, len))
		return BATON_OK;
	if (store_has_prefix(key, "tick/"))
		return load_ticket(session, key, value, len);
	if (!store_has_prefix(key, "bond/"))
		return BATON_ERR_NOT_FOUND;
	if (session->bond_count == BATON_BONDS)
		return BATON_ERR_SPACE;
	if (session->state != BATON_SESSION_IDLE || session->storing.what)
		return BATON_ERR_STATE;
	err = baton_bond_decode(value, len, session->role, bond);
	if (!err)
		session->bond_wanted = session->bond_count++;
	return err;
}

size_t baton_session_bond_count(const struct baton_session *session)
{
	return session->bond_count;
}

enum baton_err baton_session_bond_id(const struct baton_session *session,
				     size_t index,
				     uint8_t id[BATON_BOND_ID_LEN])
{
	if (index >= session->bond_count)
		return BATON_ERR_NOT_FOUND;
	memcpy(id, session_bond_at(session, index)->id, BATON_BOND_ID_LEN);
	return BATON_OK;
}

enum baton_err baton_session_bond_select(struct baton_session *session,
					 const uint8_t id[BATON_BOND_ID_LEN])
{
	uint8_t i = find(session, id);

	if (i == session->bond_count)
		return BATON_ERR_NOT_FOUND;
	session->bond_wanted = i;
	return BATON_OK;
}

/* The bonds behind the i-th move up, one in the making too. */
static void remove_bond(struct baton_session *session, uint8_t i)
{
	struct baton_bond *bond = session_bond_at(session, i);
	struct baton_bond *last = &session->bonds[BATON_BONDS - 1];

	memmove(bond, bond + 1, (size_t)((uint8_t *)last - (uint8_t *)bond));
	baton_crypto_wipe(last, sizeof(*last));
	session->bond_count--;
	if (session->storing.ticket == i)
		session->storing.ticket = BATON_BONDS;
	else if (session->storing.ticket > i)
		session->storing.ticket--;
	if (session->bond_at > i)
		session->bond_at--;
	if (session->bond_wanted > i ||
	    (session->bond_wanted == i && i == session->bond_count && i > 0))
		session->bond_wanted--;
	if (session->state == BATON_SESSION_HANDSHAKE &&
	    session->handshake->bond > i)
		session->handshake->bond--;
}

void store_revoke(struct baton_session *session, uint8_t i)
{
	struct baton_storing *storing = &session->storing;

	if (storing->revoked_count < BATON_BONDS)
		memcpy(session->revoked[storing->revoked_count++],
		       session_bond_at(session, i)->id, BATON_BOND_ID_LEN);
	if (session->bond_at == i) {
		session->tell &= (uint8_t)~TELL_PAIRED;
		session->bond_durable = false;
		/* Its ticket is not written any more: nothing waits for it. */
		session->held = false;
	}
	remove_bond(session, i);
}

/* The peer whose bond it is is at the other end of the link. */
static bool is_linked(const struct baton_session *session, uint8_t i)
{
	switch (session->state) {
	case BATON_SESSION_HANDSHAKE:
		return session->handshake->kind >= BATON_KIND_RECONNECT &&
		       session->handshake->bond == i;
	case BATON_SESSION_CONFIRM:
		return session->bond_durable && session->bond_at == i;
	case BATON_SESSION_RESUMING:
	case BATON_SESSION_SYNCING:
	case BATON_SESSION_SECURED:
		return session->bond_at == i;
	case BATON_SESSION_IDLE:
	case BATON_SESSION_PARTING:
	case BATON_SESSION_CLOSING:
		break;
	}
	return false;
}

bool baton_session_bond_is_linked(const struct baton_session *session,
				  const uint8_t id[BATON_BOND_ID_LEN])
{
	uint8_t i = find(session, id);

	return i < session->bond_count && is_linked(session, i);
}

enum baton_err baton_session_bond_revoke(struct baton_session *session,
					 const uint8_t id[BATON_BOND_ID_LEN],
					 uint64_t now_ms)
{
	uint8_t i = find(session, id);
	bool linked;

	session_clock(session, now_ms);
	if (i == session->bond_count)
		return BATON_ERR_NOT_FOUND;
	linked = is_linked(session, i);
	store_revoke(session, i);
	if (!linked)
		return BATON_OK;
	if (!session->link.records) {
		session_fail(session, BATON_ERR_REFUSED);
		return BATON_OK;
	}
	session->owes |= OWES(CLOSE_FRAME);
	session_part(session, BATON_ERR_REFUSED);
	return BATON_OK;
}

bool store_has_ticket(const struct baton_session *session, uint8_t bond)
{
	return !session_bond_at(session, bond)->ticket.dirty &&
	       !(session->storing.what == TICKET &&
		 session->storing.ticket == bond);
}

uint8_t store_orphan(const struct baton_session *session)
{
	uint8_t i;

	for (i = 0; i < session->bond_count; i++)
		if (session_bond_at(session, i)->ticket.unserved)
			break;
	return i < session->bond_count ? i : BATON_BONDS;
}

bool store_make_room(struct baton_session *session)
{
	uint8_t orphan = store_orphan(session);

	if (session->bond_count < BATON_BONDS)
		return true;
	if (orphan == BATON_BONDS)
		return false;
	store_revoke(session, orphan);
	return true;
}

/* As many as will be loaded: what is revoked may still be in the store. */
static bool store_has_room(const struct baton_session *session)
{
	size_t stored = session->bond_count + session->storing.revoked_count;

	if (session->tell & TELL_REVOKED)
		stored--;
	return stored < BATON_BONDS;
}

static enum store_what wanted(struct baton_session *session,
			      struct baton_store_op *op)
{
	const struct baton_method_kept *kept = kept_of_method(session);
	uint8_t i;

	if (session->storing.new_bond && store_has_room(session))
		return NEW_BOND;
	/* What became of the one before has to be told first. */
	if (session->storing.revoked_count > 0 &&
	    !(session->tell & TELL_REVOKED))
		return REVOKED;
	if (BATON_METHODS && kept && kept->next(session, op))
		return OF_METHOD;
	for (i = 0; i < session->bond_count; i++) {
		session->storing.ticket = i;
		if (session_bond_at(session, i)->ticket.dirty)
			return TICKET;
	}
	return NOTHING;
}

void store_add(struct baton_store_op *op, enum baton_store_kind kind,
	       const char *key, const uint8_t *value, size_t value_len)
{
	struct baton_store_write *write = &op->write[op->count++];

	write->kind = kind;
	write->key = key;
	write->value = value;
	write->value_len = value_len;
}

/*
 * Add what becomes of a value of a bond. Its key stands at p; gives the place
 * behind it, where the value stands, or what comes next.
 */
static uint8_t *add_of_bond(struct baton_store_op *op, uint8_t *p,
			    const char *prefix, const uint8_t *id,
			    size_t value_len)
{
	uint8_t *value = p + BATON_BOND_KEY_LEN;

	baton_bond_key(prefix, id, (char *)p);
	store_add(op, value_len > 0 ? BATON_STORE_PUT : BATON_STORE_DELETE,
		  (const char *)p, value, value_len);
	return value;
}

static void put_ticket(struct baton_store_op *op, uint8_t *p,
		       const struct baton_bond *bond)
{
	p = add_of_bond(op, p, "tick/", bond->id, BATON_TICKET_LEN);
	baton_ticket_encode(&bond->ticket, p);
}

bool baton_session_next_store_op(struct baton_session *session,
				 struct baton_store_op *op)
{
	struct baton_storing *storing = &session->storing;
	struct baton_bond *bond = session_bond_at(session, session->bond_count);
	uint8_t *p = session->stored;

	if (storing->what)
		return false;
	op->count = 0;
	storing->what = (uint8_t)wanted(session, op);
	switch ((enum store_what)storing->what) {
	case NOTHING:
		return false;
	case NEW_BOND:
		p = add_of_bond(op, p, "bond/", bond->id, BATON_BOND_LEN);
		baton_bond_encode(bond, session->role, p);
		/* Generation 0: it has not served. */
		put_ticket(op, p + BATON_BOND_LEN, bond);
		break;
	case REVOKED:
		p = add_of_bond(op, p, "bond/", session->revoked[0], 0);
		(void)add_of_bond(op, p, "tick/", session->revoked[0], 0);
		break;
	case TICKET:
		bond = session_bond_at(session, storing->ticket);
		bond->ticket.dirty = false;
		storing->generation = bond->ticket.generation;
		put_ticket(op, p, bond);
		break;
	case OF_METHOD:
		break;
	}
	op->id = ++storing->id;
	return true;
}

/* A ticket was written, or was not: then it cannot be used. */
static void ticket_stored(struct baton_session *session, enum baton_err err)
{
	const struct baton_storing *storing = &session->storing;
	struct baton_ticket *ticket;

	if (storing->ticket < BATON_BONDS) {
		ticket = &session_bond_at(session, storing->ticket)->ticket;
		if (!err)
			ticket->kept = storing->generation;
		else if (ticket->kept != ticket->generation && !ticket->dirty)
			ticket->usable = false;
	}
	if (!store_has_ticket(session, session->bond_at))
		return;
	ticket = &session_bond(session)->ticket;
	resume_stored(session, ticket->kept == ticket->generation
				       ? BATON_OK
				       : BATON_ERR_STORE);
}

void baton_session_stored(struct baton_session *session, uint32_t id,
			  enum baton_err err, uint64_t now_ms)
{
	struct baton_storing *storing = &session->storing;
	enum store_what what = (enum store_what)storing->what;

	if (!what || id != storing->id)
		return;
	session_clock(session, now_ms);
	storing->what = NOTHING;
	baton_crypto_wipe(session->stored, STORED_LEN);
	switch (what) {
	case NOTHING:
		break;
	case NEW_BOND:
		pairing_stored(session, err);
		break;
	case REVOKED:
		storing->revoke_err = err;
		session->tell |= TELL_REVOKED;
		break;
	case OF_METHOD:
		if (BATON_METHODS)
			kept_of_method(session)->stored(session, err);
		break;
	case TICKET:
		ticket_stored(session, err);
		break;
	}
}

void store_told_revoked(struct baton_session *session,
			uint8_t id[BATON_BOND_ID_LEN])
{
	struct baton_storing *storing = &session->storing;

	memcpy(id, session->revoked[0], BATON_BOND_ID_LEN);
	memmove(session->revoked[0], session->revoked[1],
		(BATON_BONDS - 1) * BATON_BOND_ID_LEN);
	storing->revoked_count--;
}
