/* SPDX-License-Identifier: MIT */
#include "tests/support/duo.h"

#include <stdlib.h>
#include <string.h>

static const struct baton_endpoint_application applications[2] = {
	{
		.application = {.id = "notes",
				.message_max = 200,
				.requests = 4,
				.context_max = 200,
				.item_max = 100,
				.outbox = 8,
				.inbox = 8,
				.files_out = 4,
				.files_in = 3,
				.file_max = 1 << 20,
				.files_max = 1 << 20,
				.streams = 2,
				.stream_ring = 600,
				.rate = 1000,
				.burst = 100},
		.activities = 2,
	},
	{
		.application = {.id = "maps",
				.message_max = 200,
				.requests = 4,
				.context_max = 200,
				.item_max = 100,
				.outbox = 8,
				.inbox = 8,
				.files_out = 4,
				.files_in = 3,
				.file_max = 1 << 20,
				.files_max = 1 << 20,
				.streams = 2,
				.stream_ring = 8192,
				.rate = 1000,
				.burst = 100},
		.activities = 2,
	},
};

uint64_t duo_random(struct duo *duo)
{
	uint64_t z = (duo->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t duo_clock(const struct duo *duo, enum baton_role role)
{
	const struct duo_end *end = &duo->end[role];
	int64_t drift_ms = (int64_t)duo->now_ms * end->ppm / 1000000;

	return (uint64_t)((int64_t)duo->now_ms + drift_ms + end->offset_ms);
}

static void load(struct duo *duo, enum baton_role role, bool bonds)
{
	struct duo_end *end = &duo->end[role];
	const struct duo_value *value;
	enum baton_err err;
	int i;

	for (i = 0; i < DUO_VALUES; i++) {
		value = &end->stored[i];
		if (value->len == 0 ||
		    (strncmp(value->key, "bond/", 5) == 0) != bonds)
			continue;
		err = baton_endpoint_load(&end->endpoint, value->key,
					  value->bytes, value->len,
					  duo_clock(duo, role));
		/* What a bond has left behind opens no more. */
		if (err && err != BATON_ERR_NOT_FOUND)
			abort();
		duo->orphans += err != BATON_OK;
	}
}

static void start(struct duo *duo, enum baton_role role)
{
	struct duo_end *end = &duo->end[role];
	struct baton_link_config link = BATON_LINK_CONFIG_LARGE;
	struct baton_endpoint_config config = {
		.session = {.role = role, .message_max = 1 << 20, .link = link},
		.device = end->device,
		.application = applications,
		.applications = 2,
		.peers = 2,
		.activities = 4,
	};
	size_t len = baton_endpoint_memory_len(&config);
	uint8_t seed[32];
	size_t i;

	for (i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)duo_random(duo);
	end->memory = malloc(len);
	if (!end->memory)
		abort();
	/* Full of something, but of nothing that a test looks for. */
	memset(end->memory, 0x5a, len);
	if (baton_endpoint_init(&end->endpoint, &config, end->memory, len,
				seed))
		abort();
	duo->orphans = 0;
	load(duo, role, true);
	load(duo, role, false);
	end->dead = false;
	end->boots++;
	if (duo->on_start)
		duo->on_start(duo, role);
}

void duo_init(struct duo *duo, uint64_t seed)
{
	memset(duo, 0, sizeof(*duo));
	duo->random = seed;
	duo->now_ms = 1000;
	duo->end[BATON_WATCH].device.type = 1;
	duo->end[BATON_PHONE].device.type = 2;
	start(duo, BATON_WATCH);
	start(duo, BATON_PHONE);
}

void duo_free(struct duo *duo)
{
	int i;

	for (i = 0; i < 2; i++) {
		baton_endpoint_wipe(&duo->end[i].endpoint);
		free(duo->end[i].memory);
	}
}

void duo_up(struct duo *duo)
{
	struct baton_link_facts facts = {.mtu = 247};
	int i;

	if (duo->up || duo->end[0].dead || duo->end[1].dead)
		return;
	for (i = 0; i < 2; i++) {
		duo->end[i].count = 0;
		duo->end[i].closed = false;
		duo->end[i].secured = false;
		if (baton_endpoint_link_up(&duo->end[i].endpoint, &facts,
					   i ? 1700000000 + duo->now_ms / 1000
					     : 0,
					   duo_clock(duo, (enum baton_role)i)))
			return;
	}
	duo->up = true;
}

void duo_down(struct duo *duo)
{
	int i;

	for (i = 0; i < 2; i++) {
		duo->end[i].count = 0;
		duo->end[i].secured = false;
		baton_endpoint_link_down(&duo->end[i].endpoint,
					 duo_clock(duo, (enum baton_role)i));
	}
	duo->up = false;
}

void duo_reboot(struct duo *duo, enum baton_role role)
{
	struct duo_end *end = &duo->end[role];

	duo_down(duo);
	baton_endpoint_wipe(&end->endpoint);
	free(end->memory);
	end->compare = false;
	start(duo, role);
}

size_t duo_values(const struct duo_end *end)
{
	size_t n = 0;
	int i;

	for (i = 0; i < DUO_VALUES; i++)
		n += end->stored[i].len > 0;
	return n;
}

static bool store(struct duo *duo, enum baton_role role)
{
	struct duo_end *end = &duo->end[role];
	struct baton_store_op op;
	bool cut;

	if (!baton_endpoint_next_store_op(&end->endpoint, &op))
		return false;
	cut = ++end->writes == end->cut_at;
	if (!cut || end->cut_keeps) {
		if (!shelf_apply(SHELF(end->stored), &op))
			abort();
		if (duo->on_store)
			duo->on_store(duo, role, &op);
	}
	if (cut)
		end->dead = true;
	else
		baton_endpoint_stored(&end->endpoint, op.id, BATON_OK,
				      duo_clock(duo, role));
	return true;
}

static void take(struct duo *duo, enum baton_role role,
		 const struct baton_endpoint_event *event)
{
	struct duo_end *end = &duo->end[role];

	if (event->type == BATON_ENDPOINT_SESSION) {
		if (event->u.session.type == BATON_EVENT_COMPARE)
			end->compare = true;
		else if (event->u.session.type == BATON_EVENT_LINK_CLOSE)
			end->closed = true;
		else if (event->u.session.type == BATON_EVENT_SECURED)
			end->secured = true;
	}
	if (duo->on_event)
		duo->on_event(duo, role, event);
}

static bool carry(struct duo *duo, enum baton_role from)
{
	struct duo_end *end = &duo->end[from], *to = &duo->end[1 - from];
	uint8_t pdu[BATON_PDU_MAX];
	size_t len, at;

	len = baton_endpoint_tx(&end->endpoint, pdu, sizeof(pdu),
				duo_clock(duo, from));
	if (len == 0)
		return false;
	if (to->count == DUO_QUEUE || duo_random(duo) % 1000000 < duo->drop_ppm)
		return true;
	at = (to->head + to->count++) % DUO_QUEUE;
	memcpy(to->pdu[at], pdu, len);
	to->pdu_len[at] = len;
	return true;
}

static bool turn(struct duo *duo, enum baton_role role)
{
	struct duo_end *end = &duo->end[role];
	struct baton_endpoint_event event;
	bool busy = false;

	if (end->dead)
		return false;
	while (baton_endpoint_next_event(&end->endpoint, &event,
					 duo_clock(duo, role))) {
		take(duo, role, &event);
		busy = true;
		if (duo->one_event)
			break;
	}
	if (store(duo, role))
		busy = true;
	if (!duo->up || end->dead)
		return busy;
	if (end->count > 0) {
		(void)baton_endpoint_rx(&end->endpoint, end->pdu[end->head],
					end->pdu_len[end->head],
					duo_clock(duo, role));
		end->head = (end->head + 1) % DUO_QUEUE;
		end->count--;
		busy = true;
	}
	return carry(duo, role) || busy;
}

bool duo_turn(struct duo *duo)
{
	bool busy = turn(duo, BATON_WATCH);

	busy |= turn(duo, BATON_PHONE);
	if (duo->end[0].dead || duo->end[1].dead) {
		if (duo->end[0].dead)
			duo_reboot(duo, BATON_WATCH);
		else
			duo_reboot(duo, BATON_PHONE);
		return true;
	}
	if (duo->up && (duo->end[0].closed || duo->end[1].closed))
		duo_down(duo);
	return busy;
}

bool duo_run(struct duo *duo, bool (*done)(struct duo *duo), uint64_t limit_ms)
{
	uint64_t end_ms = duo->now_ms + limit_ms, next_ms, at, clock;
	enum baton_role role;
	unsigned int i, n;

	for (;;) {
		for (n = 0; n < 10000 && duo_turn(duo); n++)
			if (done && done(duo))
				return true;
		if (done && done(duo))
			return true;
		if (duo->now_ms >= end_ms)
			return false;
		next_ms = end_ms;
		for (i = 0; i < 2; i++) {
			role = (enum baton_role)i;
			at = baton_endpoint_deadline(&duo->end[i].endpoint);
			clock = duo_clock(duo, role);
			if (at < UINT64_MAX / 2 && at > clock)
				at = duo->now_ms + (at - clock);
			if (at < next_ms)
				next_ms = at;
		}
		duo->now_ms = next_ms > duo->now_ms ? next_ms : duo->now_ms + 1;
		for (i = 0; i < 2; i++)
			baton_endpoint_tick(&duo->end[i].endpoint,
					    duo_clock(duo, (enum baton_role)i));
	}
}

bool duo_active(struct duo *duo)
{
	int i;

	for (i = 0; i < 2; i++)
		if (baton_endpoint_state(
			    &duo->end[i].endpoint,
			    baton_endpoint_peer(&duo->end[i].endpoint)) !=
		    BATON_LIFECYCLE_ACTIVE)
			return false;
	return true;
}

static bool compared(struct duo *duo)
{
	return duo->end[0].compare && duo->end[1].compare;
}

bool duo_bond(struct duo *duo)
{
	int i;

	for (i = 0; i < 2; i++)
		if (baton_session_pairing_open(
			    baton_endpoint_session(&duo->end[i].endpoint),
			    duo_clock(duo, (enum baton_role)i)))
			return false;
	duo_up(duo);
	if (!duo_run(duo, compared, 30000))
		return false;
	for (i = 0; i < 2; i++)
		if (baton_session_confirm(
			    baton_endpoint_session(&duo->end[i].endpoint), true,
			    duo_clock(duo, (enum baton_role)i)))
			return false;
	return duo_run(duo, duo_active, 30000);
}
