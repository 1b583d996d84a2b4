/* SPDX-License-Identifier: MIT */
#include "tests/support/pair.h"

#include <stdlib.h>
#include <string.h>

#include "transport/timing.h"

/* How flight 2 begins: transport/SPEC.md A.2, session/SPEC.md 1.2. */
#define FLIGHT_2 0xf2
#define FIRST_PIECE 0x80
#define PIECE_LEN 3

#define FNV_INIT UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static const struct baton_link_config large = BATON_LINK_CONFIG_LARGE;

static uint64_t next_random(struct pair *pair)
{
	uint64_t z = (pair->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static bool chance(struct pair *pair, uint32_t ppm)
{
	return ppm > 0 && next_random(pair) % 1000000 < ppm;
}

uint8_t pair_pattern(uint64_t at)
{
	return (uint8_t)((at * 0x9e3779b1u) >> 13 ^ at >> 7);
}

static uint64_t hash_byte(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * FNV_PRIME;
}

uint64_t pair_hash(uint8_t (*pattern)(uint64_t at), uint64_t len)
{
	uint64_t hash = FNV_INIT;
	uint64_t at;

	for (at = 0; at < len; at++)
		hash = hash_byte(hash, pattern(at));
	return hash;
}

uint64_t pair_pattern_hash(uint64_t len)
{
	return pair_hash(pair_pattern, len);
}

static void start_end(struct pair *pair, enum baton_role role,
		      const struct baton_link_config *link)
{
	struct pair_end *end = &pair->end[role];
	struct baton_session_config config = {.role = role,
					      .message_max = 64 << 20,
					      .link = *link,
					      .codec = pair->codec[role],
					      .pairing = pair->can[role],
					      .out_of_band = &baton_out_of_band,
					      .typed = &baton_typed};
	uint8_t seed[32];
	size_t i;

	for (i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)next_random(pair);
	end->memory = malloc(baton_session_memory_len(&config));
	if (baton_session_init(&end->session, &config, end->memory,
			       baton_session_memory_len(&config), seed))
		abort();
	end->got_hash = FNV_INIT;
	end->stream.class_id = BATON_CLASS_BULK;
}

static void init(struct pair *pair, uint64_t seed,
		 const struct baton_link_config *link,
		 const struct baton_codec *watch,
		 const struct baton_codec *phone, uint8_t watch_can,
		 uint8_t phone_can)
{
	memset(pair, 0, sizeof(*pair));
	pair->random = seed;
	pair->mtu = 247;
	pair->now_ms = 1000;
	pair->codec[BATON_WATCH] = watch;
	pair->codec[BATON_PHONE] = phone;
	pair->can[BATON_WATCH] = watch_can;
	pair->can[BATON_PHONE] = phone_can;
	pair->pattern = pair_pattern;
	start_end(pair, BATON_WATCH, link);
	start_end(pair, BATON_PHONE, link);
}

void pair_init_config(struct pair *pair, uint64_t seed,
		      const struct baton_link_config *link)
{
	init(pair, seed, link, NULL, NULL, 0, 0);
}

void pair_init_codec(struct pair *pair, uint64_t seed,
		     const struct baton_codec *watch,
		     const struct baton_codec *phone)
{
	init(pair, seed, &large, watch, phone, 0, 0);
}

void pair_init_methods(struct pair *pair, uint64_t seed, uint8_t watch,
		       uint8_t phone)
{
	init(pair, seed, &large, NULL, NULL, watch, phone);
}

void pair_init(struct pair *pair, uint64_t seed)
{
	pair_init_config(pair, seed, &large);
}

void pair_free(struct pair *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		baton_session_wipe(&pair->end[i].session);
		free(pair->end[i].memory);
	}
}

static void load(struct pair_end *end, bool bonds)
{
	const struct pair_value *value = end->stored;
	size_t i;

	for (i = 0; i < PAIR_VALUES; i++, value++)
		if (value->key[0] &&
		    !strncmp(value->key, "bond/", 5) == bonds &&
		    baton_session_load(&end->session, value->key, value->bytes,
				       value->len))
			abort();
}

void pair_reboot(struct pair *pair, enum baton_role role)
{
	struct pair_end *end = &pair->end[role];
	struct baton_link_config link = end->session.config.link;
	struct pair_end fresh;

	pair_down(pair);
	baton_session_wipe(&end->session);
	free(end->memory);
	memset(&fresh, 0, sizeof(fresh));
	memcpy(fresh.stored, end->stored, sizeof(end->stored));
	memcpy(fresh.past, end->past, sizeof(end->past));
	fresh.writes = end->writes;
	fresh.cut_at = end->cut_at;
	fresh.cut_keeps = end->cut_keeps;
	*end = fresh;
	start_end(pair, role, &link);
	load(end, true);
	load(end, false);
}

void pair_rollback(struct pair *pair, enum baton_role role, unsigned int count)
{
	struct pair_end *end = &pair->end[role];

	for (; count > 0; count--) {
		memcpy(end->stored, end->past[0], sizeof(end->stored));
		memmove(end->past[0], end->past[1],
			(PAIR_PAST - 1) * sizeof(end->past[0]));
	}
}

void pair_up(struct pair *pair)
{
	struct baton_link_facts facts = {.mtu = pair->mtu,
					 .advert = pair->adverts ? pair->advert
								 : NULL};
	int i;

	for (i = 0; i < BATON_BOND_NONCE_LEN; i++)
		pair->advert[i] = (uint8_t)next_random(pair);
	for (i = 0; i < 2; i++) {
		pair->end[i].queue_len = 0;
		pair->end[i].closed = false;
		pair->end[i].secured = false;
		if (i == BATON_PHONE && pair->stale)
			pair->advert[0] ^= 1;
		if (baton_session_link_up(&pair->end[i].session, &facts,
					  pair->now_ms))
			abort();
	}
	pair->up = true;
}

void pair_down(struct pair *pair)
{
	int i;

	if (!pair->up)
		return;
	pair->up = false;
	for (i = 0; i < 2; i++) {
		pair->end[i].queue_len = 0;
		pair->end[i].secured = false;
		baton_session_link_down(&pair->end[i].session, pair->now_ms);
	}
}

static void enqueue(struct pair *pair, struct pair_end *to,
		    const uint8_t *bytes, size_t len)
{
	struct pair_pdu *pdu;
	size_t at;

	if (to->queue_len == PAIR_QUEUE)
		return;
	at = to->queue_len;
	if (at > 0 && chance(pair, pair->swap_ppm)) {
		to->queue[(to->queue_head + at) % PAIR_QUEUE] =
			to->queue[(to->queue_head + at - 1) % PAIR_QUEUE];
		at--;
	}
	pdu = &to->queue[(to->queue_head + at) % PAIR_QUEUE];
	memcpy(pdu->bytes, bytes, len);
	pdu->len = len;
	to->queue_len++;
}

static void transmit(struct pair *pair, struct pair_end *to, uint8_t *bytes,
		     size_t len)
{
	pair->pdus++;
	if (len > PIECE_LEN && bytes[0] == FLIGHT_2 && bytes[1] & FIRST_PIECE)
		pair->kind = bytes[PIECE_LEN];
	if (pair->flip_bit > pair->bits &&
	    pair->flip_bit <= pair->bits + 8 * len) {
		uint64_t bit = pair->flip_bit - pair->bits - 1;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	pair->bits += 8 * len;
	if (chance(pair, pair->drop_ppm))
		return;
	if (pair->cut_len && len > pair->cut_len)
		len = pair->cut_len;
	enqueue(pair, to, bytes, len);
	if (chance(pair, pair->dup_ppm))
		enqueue(pair, to, bytes, len);
}

static void take_message(struct pair_end *end, const struct baton_event *event)
{
	size_t i;

	for (i = 0; i < event->u.message.len; i++)
		end->got_hash =
			hash_byte(end->got_hash, event->u.message.bytes[i]);
	end->got_bytes += event->u.message.len;
}

static void begin_message(struct pair_end *end, const struct baton_event *event)
{
	end->begun++;
	end->got_bytes = 0;
	end->got_hash = FNV_INIT;
	end->got_total = event->u.message.total;
	end->meta_len = event->u.message.meta_len;
	if (end->meta_len > 0)
		memcpy(end->meta, event->u.message.meta, end->meta_len);
}

static void show(struct pair_end *end, const struct baton_event *event)
{
	end->shown++;
	if (event->type == BATON_EVENT_SHOW_CODE)
		memcpy(end->digits, event->u.typed.digits, sizeof(end->digits));
	else
		memcpy(end->secret, event->u.secret.bytes, sizeof(end->secret));
}

static void take_frame(struct pair_end *end, const struct baton_event *event)
{
	end->frames++;
	end->frame_code = event->u.frame.code;
	end->frame_len = event->u.frame.len;
	memcpy(end->frame, event->u.frame.body, event->u.frame.len);
	end->frame_after = end->messages;
	if (end->on_frame)
		end->on_frame(end, event);
}

static void take_close(struct pair_end *end, const struct baton_event *event)
{
	end->closed = true;
	end->close_err = event->u.closed.err;
}

static void take_failure(struct pair_end *end, const struct baton_event *event)
{
	end->pair_failed = true;
	end->pair_err = event->u.closed.err;
}

static void take_lost(struct pair_end *end, const struct baton_event *event)
{
	end->lost_from = event->u.sent.message;
	end->lost_end = event->u.sent.end;
}

static void take_rewind(struct pair_end *end, const struct baton_event *event)
{
	end->rewinds++;
	end->send_at = event->u.sent.offset;
	end->sending = true;
}

static void take_short(struct pair_end *end, const struct baton_event *event)
{
	end->messages++;
	take_message(end, event);
	if (end->on_message)
		end->on_message(end, event);
}

static void take_event(struct pair_end *end, const struct baton_event *event)
{
	if (end->on_event && end->on_event(end, event))
		return;
	switch (event->type) {
	case BATON_EVENT_SECURED:
		end->secured = true;
		break;
	case BATON_EVENT_LINK_CLOSE:
		take_close(end, event);
		break;
	case BATON_EVENT_COMPARE:
		end->compare = true;
		end->code = event->u.compare.code;
		break;
	case BATON_EVENT_SHOW_CODE:
	case BATON_EVENT_SHOW_SECRET:
		show(end, event);
		break;
	case BATON_EVENT_TYPE_CODE:
	case BATON_EVENT_TAKE_SECRET:
		end->asked++;
		break;
	case BATON_EVENT_PAIRED:
		end->paired = true;
		break;
	case BATON_EVENT_PAIR_FAILED:
		take_failure(end, event);
		break;
	case BATON_EVENT_MESSAGE:
		take_short(end, event);
		break;
	case BATON_EVENT_BEGIN:
		begin_message(end, event);
		break;
	case BATON_EVENT_DATA:
		take_message(end, event);
		break;
	case BATON_EVENT_END:
		end->ended++;
		break;
	case BATON_EVENT_ABORTED:
		end->aborted++;
		break;
	case BATON_EVENT_WRITABLE:
		break;
	case BATON_EVENT_REWIND:
		take_rewind(end, event);
		break;
	case BATON_EVENT_DELIVERED:
		end->delivered = event->u.sent.message;
		break;
	case BATON_EVENT_LOST:
		take_lost(end, event);
		break;
	case BATON_EVENT_ROLLED_BACK:
		end->rolled_back++;
		break;
	case BATON_EVENT_REVOKED:
		end->revoked = true;
		break;
	case BATON_EVENT_FRAME:
		take_frame(end, event);
		break;
	case BATON_EVENT_REFUSED:
		end->refused++;
		end->reason = event->u.sent.reason;
		end->sending = false;
		break;
	}
}

static void write_some(struct pair *pair, struct pair_end *end)
{
	uint8_t bytes[1000];
	enum baton_err err;
	size_t len, taken, i;

	while (end->sending && end->send_at < end->send_total) {
		len = sizeof(bytes);
		if (len > end->send_total - end->send_at)
			len = (size_t)(end->send_total - end->send_at);
		for (i = 0; i < len; i++)
			bytes[i] = pair->pattern(end->send_at + i);
		err = baton_session_write(&end->session, end->stream, bytes,
					  len, &taken, pair->now_ms);
		end->send_at += taken;
		if (err || taken < len)
			break;
	}
	if (end->send_at == end->send_total)
		end->sending = false;
}

enum baton_err pair_load_bond(struct baton_session *session,
			      const struct baton_bond *bond)
{
	uint8_t stored[BATON_BOND_LEN];

	baton_bond_encode(bond, session->config.role, stored);
	return baton_session_load(session, "bond/", stored, sizeof(stored));
}

size_t pair_bonds(const struct pair_end *end)
{
	size_t i, count = 0;

	for (i = 0; i < PAIR_VALUES; i++)
		count += !strncmp(end->stored[i].key, "bond/", 5);
	return count;
}

static void carry_out(struct pair_end *end, const struct baton_store_op *op)
{
	memmove(end->past[1], end->past[0],
		(PAIR_PAST - 1) * sizeof(end->past[0]));
	memcpy(end->past[0], end->stored, sizeof(end->stored));
	if (!shelf_apply(SHELF(end->stored), op))
		abort();
}

static void cut_power(struct pair *pair, struct pair_end *end)
{
	int i;

	end->dead = true;
	end->queue_len = 0;
	for (i = 0; i < 2; i++)
		pair->lose[i] += pair->cut_loses[i];
}

static void store(struct pair *pair, struct pair_end *end)
{
	struct baton_store_op op;

	while (!end->store_stalls &&
	       baton_session_next_store_op(&end->session, &op)) {
		if (end->store_hangs)
			continue;
		end->writes += !end->store_fails;
		if (end->cut_at && end->writes == end->cut_at) {
			if (end->cut_keeps)
				carry_out(end, &op);
			cut_power(pair, end);
			return;
		}
		if (!end->store_fails)
			carry_out(end, &op);
		baton_session_stored(&end->session, op.id,
				     end->store_fails ? BATON_ERR_STORE
						      : BATON_OK,
				     pair->now_ms);
	}
}

static bool turn_end(struct pair *pair, enum baton_role role)
{
	struct pair_end *end = &pair->end[role];
	struct pair_end *other = &pair->end[!role];
	struct baton_event event;
	struct pair_pdu *pdu;
	uint8_t bytes[BATON_PDU_MAX];
	bool busy = false;
	size_t len;

	if (end->dead)
		return false;
	while (end->queue_len > 0) {
		pdu = &end->queue[end->queue_head];
		end->queue_head = (end->queue_head + 1) % PAIR_QUEUE;
		end->queue_len--;
		busy = true;
		if (pair->lose[role]) {
			pair->lose[role]--;
			continue;
		}
		(void)baton_session_rx(&end->session, pdu->bytes, pdu->len,
				       pair->now_ms);
	}
	while (!end->deaf &&
	       baton_session_next_event(&end->session, &event, pair->now_ms)) {
		take_event(end, &event);
		busy = true;
	}
	store(pair, end);
	if (end->dead)
		return true;
	write_some(pair, end);
	while (pair->up && other->queue_len < 8) {
		len = baton_session_tx(&end->session, bytes, sizeof(bytes),
				       pair->now_ms);
		if (len == 0)
			break;
		if (!other->dead)
			transmit(pair, other, bytes, len);
		write_some(pair, end);
		busy = true;
	}
	return busy;
}

bool pair_turn(struct pair *pair)
{
	bool busy = turn_end(pair, BATON_PHONE);

	return turn_end(pair, BATON_WATCH) || busy;
}

static uint64_t deadline_of(const struct pair_end *end)
{
	return end->dead ? BATON_NEVER : baton_session_deadline(&end->session);
}

bool pair_run(struct pair *pair, bool (*done)(struct pair *pair),
	      uint64_t limit_ms)
{
	uint64_t limit = pair->now_ms + limit_ms;
	uint64_t due;
	int i, turns;

	while (!done(pair)) {
		for (turns = 0; turns < 100 && pair_turn(pair); turns++)
			if (done(pair))
				return true;
		if (turns == 100) {
			if (pair->now_ms++ > limit)
				return false;
			continue;
		}
		due = baton_earlier(deadline_of(&pair->end[0]),
				    deadline_of(&pair->end[1]));
		if (due > limit)
			return done(pair);
		if (due > pair->now_ms)
			pair->now_ms = due;
		for (i = 0; i < 2; i++)
			if (!pair->end[i].dead)
				baton_session_tick(&pair->end[i].session,
						   pair->now_ms);
	}
	return true;
}

static bool both_compare(struct pair *pair)
{
	return pair->end[0].compare && pair->end[1].compare;
}

bool pair_secured(struct pair *pair)
{
	return pair->end[0].secured && pair->end[1].secured;
}

bool pair_closed(struct pair *pair)
{
	return pair->end[0].closed || pair->end[1].closed;
}

bool pair_over(struct pair *pair)
{
	return pair_closed(pair) || pair_secured(pair);
}

bool pair_bond(struct pair *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		pair->end[i].compare = false;
		if (baton_session_pairing_open(&pair->end[i].session,
					       pair->now_ms))
			return false;
	}
	pair_up(pair);
	if (!pair_run(pair, both_compare, 60000))
		return false;
	for (i = 0; i < 2; i++)
		if (baton_session_confirm(&pair->end[i].session,
					  !pair->end[i].says_no, pair->now_ms))
			return false;
	return pair_run(pair, pair_secured, 60000);
}

void pair_windows(struct pair *pair)
{
	int i;

	for (i = 0; i < 2; i++)
		if (baton_session_pairing_open(&pair->end[i].session,
					       pair->now_ms))
			abort();
}

bool pair_link(struct pair *pair)
{
	pair_down(pair);
	pair_up(pair);
	(void)pair_run(pair, pair_over, 20000);
	if (pair_secured(pair))
		return true;
	pair_down(pair);
	(void)pair_turn(pair);
	return false;
}

enum baton_err pair_type(struct pair *pair, struct pair_end *to,
			 const struct pair_end *from)
{
	char text[BATON_TYPED_TEXT_LEN];
	enum baton_err err;

	baton_typed_text(from->digits, text);
	err = baton_session_code(&to->session, text, pair->now_ms);
	(void)pair_turn(pair);
	return err;
}

enum baton_err pair_scan(struct pair *pair, struct pair_end *to,
			 const struct pair_end *from)
{
	enum baton_err err = baton_session_secret_take(
		&to->session, from->secret, pair->now_ms);

	(void)pair_turn(pair);
	return err;
}

void pair_send(struct pair *pair, enum baton_role from, uint32_t total)
{
	struct pair_end *end = &pair->end[from];
	static const uint8_t meta[] = {'m'};

	if (baton_session_begin(&end->session, end->stream, total, meta,
				sizeof(meta), 0))
		abort();
	end->send_total = total;
	end->send_at = 0;
	end->sending = true;
}
