/* SPDX-License-Identifier: MIT */

/* What a run tells, put in order: link layer packets to PDUs and back. */

#include "tools/timeline.h"

#include <string.h>

#include "base/bytes.h"
#include "tools/timeline_model.h"

#define LLID_START 2
#define LLID_CONTROL 3
#define SN_BIT 3
#define L2CAP_LEN 4
#define ATT_LEN 3
#define SDU_LEN 2
#define CID_ATT 0x0004
#define CID_DYNAMIC 0x0040
#define ATT_NOTIFICATION 0x1b
#define ATT_WRITE_COMMAND 0x52
#define LOOK_BACK 512 /* PDUs among which one that came is looked for */

struct baton_timeline *baton_timeline_new(const struct baton_sim_config *config)
{
	struct baton_timeline *timeline = g_new0(struct baton_timeline, 1);
	const struct timeline_state alone = {.state = TIMELINE_IS_ALONE};
	int side, class_id;

	timeline->config = *config;
	timeline->last_tx = TIMELINE_NONE;
	timeline->packets =
		g_array_new(FALSE, FALSE, sizeof(struct timeline_packet));
	timeline->pdus = g_array_new(FALSE, FALSE, sizeof(struct timeline_pdu));
	timeline->records =
		g_array_new(FALSE, FALSE, sizeof(struct timeline_record));
	timeline->messages =
		g_array_new(FALSE, FALSE, sizeof(struct timeline_message));
	timeline->marks =
		g_array_new(FALSE, FALSE, sizeof(struct timeline_mark));
	for (side = 0; side < BATON_SIM_SIDES; side++) {
		timeline->states[side] = g_array_new(
			FALSE, FALSE, sizeof(struct timeline_state));
		g_array_append_val(timeline->states[side], alone);
		timeline->fact[side][BATON_TIMELINE_POWERED] = true;
		timeline->sender[side].pdu = TIMELINE_NONE;
		for (class_id = 0; class_id < BATON_CLASSES; class_id++) {
			struct timeline_stream *stream =
				&timeline->sender[side].stream[class_id];

			stream->got = g_array_new(FALSE, TRUE, sizeof(bool));
			stream->first_open = TIMELINE_NONE;
		}
	}
	return timeline;
}

void baton_timeline_free(struct baton_timeline *timeline)
{
	int side, class_id;
	guint i;

	if (!timeline)
		return;
	for (i = 0; i < timeline->messages->len; i++)
		g_array_unref(g_array_index(timeline->messages,
					    struct timeline_message, i)
				      .points);
	g_array_unref(timeline->packets);
	g_array_unref(timeline->pdus);
	g_array_unref(timeline->records);
	g_array_unref(timeline->messages);
	g_array_unref(timeline->marks);
	for (side = 0; side < BATON_SIM_SIDES; side++) {
		g_array_unref(timeline->states[side]);
		for (class_id = 0; class_id < BATON_CLASSES; class_id++)
			g_array_unref(
				timeline->sender[side].stream[class_id].got);
	}
	g_free(timeline);
}

void baton_timeline_config(struct baton_timeline *timeline,
			   const struct baton_sim_config *config)
{
	timeline->config = *config;
}

static void reach(struct baton_timeline *timeline, uint64_t at_us)
{
	if (at_us > timeline->end_us)
		timeline->end_us = at_us;
}

static void mark(struct baton_timeline *timeline, enum baton_sim_side side,
		 uint64_t at_us, enum timeline_mark_kind kind, uint8_t reason)
{
	struct timeline_mark m = {
		.at_us = at_us,
		.side = (uint8_t)side,
		.kind = (uint8_t)kind,
		.reason = reason,
	};

	reach(timeline, at_us);
	g_array_append_val(timeline->marks, m);
}

static struct timeline_pdu *pdu_at(struct baton_timeline *timeline, uint32_t i)
{
	return &g_array_index(timeline->pdus, struct timeline_pdu, i);
}

static void take_tx(struct baton_timeline *timeline,
		    const struct baton_sim_trace *rec)
{
	struct timeline_pdu pdu = {
		.tx_us = rec->at_us,
		.link = timeline->links,
		.unit = TIMELINE_NONE,
		.len = (uint16_t)rec->len,
		.from = (uint8_t)rec->side,
		.kind = TIMELINE_ACK,
		.prefix_len = (uint8_t)MIN(rec->len, TIMELINE_PREFIX),
	};

	memcpy(pdu.prefix, rec->data, pdu.prefix_len);
	g_array_append_val(timeline->pdus, pdu);
	baton_timeline_units(timeline, timeline->pdus->len - 1, rec->data,
			     rec->len);
}

/* Are these bytes, or the first of them, that PDU? */
static bool is_pdu(const struct timeline_pdu *pdu, const uint8_t *bytes,
		   size_t len)
{
	size_t n = MIN(len, pdu->prefix_len);

	return n && !memcmp(pdu->prefix, bytes, n);
}

/* The PDU to side that these bytes are, of those that are there, or not. */
static uint32_t find(struct baton_timeline *timeline, enum baton_sim_side side,
		     const uint8_t *bytes, size_t len, bool there)
{
	uint32_t i = 0, shorter = TIMELINE_NONE;
	struct timeline_pdu *pdu;

	if (timeline->pdus->len > LOOK_BACK)
		i = timeline->pdus->len - LOOK_BACK;
	for (; i < timeline->pdus->len; i++) {
		pdu = pdu_at(timeline, i);
		if (pdu->from == side || pdu->link != timeline->links ||
		    (pdu->rx_us != 0) != there || pdu->lost ||
		    !is_pdu(pdu, bytes, len))
			continue;
		if (pdu->len == len)
			return i;
		if (pdu->len > len && shorter == TIMELINE_NONE)
			shorter = i;
	}
	return shorter;
}

static void take_rx(struct baton_timeline *timeline,
		    const struct baton_sim_trace *rec)
{
	uint32_t i = find(timeline, rec->side, rec->data, rec->len, false);
	uint32_t again;

	if (i == TIMELINE_NONE) {
		again = find(timeline, rec->side, rec->data, rec->len, true);
		if (again != TIMELINE_NONE) {
			pdu_at(timeline, again)->doubled = true;
			return;
		}
		mark(timeline, rec->side, rec->at_us, TIMELINE_MARK_STRANGE, 0);
		return;
	}
	pdu_at(timeline, i)->rx_us = rec->at_us;
	pdu_at(timeline, i)->changed = pdu_at(timeline, i)->len != rec->len;
	if (!pdu_at(timeline, i)->changed)
		baton_timeline_arrived(timeline, i);
}

/* On its way down right after the stack gave it, else on its way up. */
static void take_lost(struct baton_timeline *timeline,
		      const struct baton_sim_trace *rec)
{
	uint32_t i = timeline->last_tx;

	if (i == TIMELINE_NONE || pdu_at(timeline, i)->from != rec->side ||
	    pdu_at(timeline, i)->len != rec->len ||
	    !is_pdu(pdu_at(timeline, i), rec->data, rec->len))
		i = find(timeline, rec->side, rec->data, rec->len, false);
	if (i == TIMELINE_NONE)
		return;
	pdu_at(timeline, i)->lost = true;
	pdu_at(timeline, i)->lost_us = rec->at_us;
}

/* The PDU that begins in this packet, or TIMELINE_NONE. */
static uint32_t begun(struct baton_timeline *timeline, enum baton_sim_side from,
		      const uint8_t *bytes, size_t len)
{
	struct timeline_sender *sender = &timeline->sender[from];
	uint32_t i;

	for (i = sender->next_on_air; i < timeline->pdus->len; i++) {
		if (pdu_at(timeline, i)->from != from ||
		    pdu_at(timeline, i)->lost ||
		    !is_pdu(pdu_at(timeline, i), bytes, len))
			continue;
		sender->next_on_air = i + 1;
		return i;
	}
	return TIMELINE_NONE;
}

static uint32_t begun_frame(struct baton_timeline *timeline,
			    enum baton_sim_side from, const uint8_t *bytes,
			    size_t len)
{
	struct timeline_sender *sender = &timeline->sender[from];
	uint32_t frame = baton_load_le16(bytes);
	size_t head = L2CAP_LEN;

	if (!sender->sdu_left && len >= L2CAP_LEN + SDU_LEN) {
		sender->sdu_left = SDU_LEN + baton_load_le16(bytes + head);
		head += SDU_LEN;
		sender->pdu = begun(timeline, from, bytes + head, len - head);
	}
	sender->sdu_left -= MIN(sender->sdu_left, frame);
	return sender->pdu;
}

/* A new packet that begins an L2CAP PDU: what it is of. */
static uint32_t begun_packet(struct baton_timeline *timeline,
			     const struct baton_sim_trace *rec)
{
	const uint8_t *p = rec->data;
	uint16_t cid;

	if (rec->len < L2CAP_LEN)
		return TIMELINE_NONE;
	cid = baton_load_le16(p + 2);
	if (cid >= CID_DYNAMIC)
		return begun_frame(timeline, rec->side, p, rec->len);
	if (cid != CID_ATT || rec->len <= L2CAP_LEN + ATT_LEN ||
	    (p[L2CAP_LEN] != ATT_NOTIFICATION &&
	     p[L2CAP_LEN] != ATT_WRITE_COMMAND))
		return TIMELINE_NONE;
	return begun(timeline, rec->side, p + L2CAP_LEN + ATT_LEN,
		     rec->len - L2CAP_LEN - ATT_LEN);
}

static uint8_t packet_kind(const struct baton_timeline *timeline,
			   const struct baton_sim_trace *rec, uint32_t pdu)
{
	if (!rec->len)
		return TIMELINE_EMPTY;
	if ((rec->header & 3) == LLID_CONTROL || pdu == TIMELINE_NONE)
		return TIMELINE_SETUP;
	return g_array_index(timeline->pdus, struct timeline_pdu, pdu).kind;
}

static void take_packet(struct baton_timeline *timeline,
			const struct baton_sim_trace *rec)
{
	struct timeline_sender *sender = &timeline->sender[rec->side];
	uint8_t sn = rec->header >> SN_BIT & 1;
	struct timeline_packet packet = {
		.at_us = rec->at_us,
		.air_us = rec->air_us,
		.pdu = TIMELINE_NONE,
		.len = (uint16_t)rec->len,
		.event = rec->event,
		.from = (uint8_t)rec->side,
		.air = (uint8_t)rec->air,
	};
	struct timeline_pdu *pdu;

	if (!timeline->links)
		baton_timeline_new_link(timeline);
	packet.again = sender->has_sent && sn == sender->sn;
	if (!packet.again) {
		if ((rec->header & 3) == LLID_START)
			sender->pdu = begun_packet(timeline, rec);
		sender->kind = packet_kind(timeline, rec, sender->pdu);
	}
	packet.kind = sender->kind;
	sender->sn = sn;
	sender->has_sent = true;
	if (packet.kind > TIMELINE_SETUP && sender->pdu != TIMELINE_NONE) {
		packet.pdu = sender->pdu;
		pdu = pdu_at(timeline, packet.pdu);
		if (!pdu->air_us)
			pdu->air_us = rec->at_us;
		pdu->air_end_us = rec->at_us + rec->air_us;
	}
	reach(timeline, rec->at_us + rec->air_us);
	g_array_append_val(timeline->packets, packet);
}

static enum timeline_is state_of(const struct baton_timeline *timeline,
				 enum baton_sim_side side)
{
	const bool *fact = timeline->fact[side];

	if (!fact[BATON_TIMELINE_POWERED])
		return TIMELINE_IS_OFF;
	if (!timeline->linked[side])
		return TIMELINE_IS_ALONE;
	if (fact[BATON_TIMELINE_SECURED])
		return TIMELINE_IS_SECURE;
	return fact[BATON_TIMELINE_COMPARING] ? TIMELINE_IS_COMPARING
					      : TIMELINE_IS_LINKED;
}

static void look(struct baton_timeline *timeline, enum baton_sim_side side,
		 uint64_t at_us)
{
	GArray *states = timeline->states[side];
	struct timeline_state *last =
		&g_array_index(states, struct timeline_state, states->len - 1);
	struct timeline_state now = {
		.at_us = at_us,
		.state = (uint8_t)state_of(timeline, side),
	};

	if (last->at_us == at_us)
		last->state = now.state;
	else if (last->state != now.state)
		g_array_append_val(states, now);
}

void baton_timeline_trace(void *user, const struct baton_sim_trace *rec)
{
	struct baton_timeline *timeline = user;
	uint32_t last_tx = TIMELINE_NONE;

	if (rec->what != BATON_SIM_LL)
		reach(timeline, rec->at_us);
	switch (rec->what) {
	case BATON_SIM_HOST_TX:
		take_tx(timeline, rec);
		last_tx = timeline->pdus->len - 1;
		break;
	case BATON_SIM_HOST_RX:
		take_rx(timeline, rec);
		break;
	case BATON_SIM_HOST_LOST:
		take_lost(timeline, rec);
		break;
	case BATON_SIM_LL:
		take_packet(timeline, rec);
		break;
	case BATON_SIM_ADV:
		mark(timeline, rec->side, rec->at_us, TIMELINE_MARK_ADVERT, 0);
		break;
	case BATON_SIM_CONNECT:
		baton_timeline_new_link(timeline);
		mark(timeline, rec->side, rec->at_us, TIMELINE_MARK_CONNECT, 0);
		break;
	case BATON_SIM_UP:
		timeline->linked[rec->side] = true;
		look(timeline, rec->side, rec->at_us);
		break;
	case BATON_SIM_DOWN:
		timeline->linked[rec->side] = false;
		look(timeline, rec->side, rec->at_us);
		mark(timeline, rec->side, rec->at_us, TIMELINE_MARK_DOWN,
		     rec->reason);
		break;
	}
	timeline->last_tx = last_tx;
}

void baton_timeline_fact(struct baton_timeline *timeline,
			 enum baton_sim_side side, uint64_t at_us,
			 enum baton_timeline_fact fact, bool is_true)
{
	timeline->fact[side][fact] = is_true;
	if (!is_true && fact == BATON_TIMELINE_POWERED)
		timeline->linked[side] = false;
	reach(timeline, at_us);
	look(timeline, side, at_us);
}

void baton_timeline_write_store(struct baton_timeline *timeline,
				enum baton_sim_side side, uint64_t at_us)
{
	mark(timeline, side, at_us, TIMELINE_MARK_WRITE, 0);
}

static struct timeline_message *message_at(struct baton_timeline *timeline,
					   unsigned int number)
{
	return &g_array_index(timeline->messages, struct timeline_message,
			      number);
}

unsigned int baton_timeline_send(struct baton_timeline *timeline,
				 enum baton_sim_side from, uint64_t at_us,
				 const char *name, uint64_t size)
{
	struct timeline_message message = {
		.sent_us = at_us,
		.size = size,
		.points = g_array_new(FALSE, FALSE,
				      sizeof(struct timeline_point)),
		.from = (uint8_t)from,
	};

	g_strlcpy(message.name, name, sizeof(message.name));
	reach(timeline, at_us);
	g_array_append_val(timeline->messages, message);
	return timeline->messages->len - 1;
}

void baton_timeline_taken(struct baton_timeline *timeline, unsigned int number,
			  uint64_t at_us, uint64_t bytes)
{
	struct timeline_message *message = message_at(timeline, number);
	struct timeline_point point = {.at_us = at_us, .bytes = bytes};

	reach(timeline, at_us);
	g_array_append_val(message->points, point);
}

void baton_timeline_end(struct baton_timeline *timeline, unsigned int number,
			uint64_t at_us, enum baton_timeline_outcome outcome)
{
	struct timeline_message *message = message_at(timeline, number);

	reach(timeline, at_us);
	message->end_us = outcome == BATON_TIMELINE_OPEN ? 0 : at_us;
	message->outcome = (uint8_t)outcome;
}
