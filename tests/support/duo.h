/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_DUO_H
#define TESTS_SUPPORT_DUO_H

/*
 * Two endpoints, each with a store in memory, a clock, and a queue of PDUs to
 * it. Links are lost and PDUs, too; the power goes at any store operation.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/endpoint.h"
#include "tests/support/shelf.h"

#define DUO_QUEUE 256
#define DUO_VALUES 96
#define DUO_VALUE 4096

struct duo_value {
	SHELF_PLACE(DUO_VALUE);
};

struct duo;

struct duo_end {
	struct baton_endpoint endpoint;
	void *memory;
	uint8_t pdu[DUO_QUEUE][BATON_PDU_MAX]; /* on their way to this end */
	size_t pdu_len[DUO_QUEUE];
	size_t head, count;
	struct duo_value stored[DUO_VALUES];
	struct baton_lifecycle_device device;
	unsigned int writes; /* store operations since the start of all */
	/* The power goes at the operation of this number; 0: never. */
	unsigned int cut_at;
	bool cut_keeps; /* it is durable all the same */
	bool dead;
	bool compare, closed, secured;
	unsigned int boots;
	int64_t offset_ms; /* of its clock */
	int32_t ppm;
};

struct duo {
	struct duo_end end[2]; /* by enum baton_role */
	uint64_t now_ms;
	uint64_t random;
	uint32_t drop_ppm;
	bool one_event; /* they take one between two PDUs, not all */
	bool up;
	size_t orphans; /* values of no bond, at the last start */
	/* What a test's applications do with an event. */
	void (*on_event)(struct duo *duo, enum baton_role role,
			 const struct baton_endpoint_event *event);
	/* And after every start. */
	void (*on_start)(struct duo *duo, enum baton_role role);
	/* What it stores goes to another store as well; NULL: it does not. */
	void (*on_store)(struct duo *duo, enum baton_role role,
			 const struct baton_store_op *op);
};

/* Applications 0 ("notes") and 1 ("maps") have all modes. */
void duo_init(struct duo *duo, uint64_t seed);
void duo_free(struct duo *duo);
uint64_t duo_random(struct duo *duo);
/* What the clock of an end says. */
uint64_t duo_clock(const struct duo *duo, enum baton_role role);
void duo_up(struct duo *duo);
void duo_down(struct duo *duo);
/* It loses its memory and comes back with what is stored. */
void duo_reboot(struct duo *duo, enum baton_role role);
/* Move what there is; true if anything happened. */
bool duo_turn(struct duo *duo);
/* Turns and time, until done says so or limit_ms passed: whether it did. */
bool duo_run(struct duo *duo, bool (*done)(struct duo *duo), uint64_t limit_ms);
/* Both pair and their sessions are active. */
bool duo_bond(struct duo *duo);
bool duo_active(struct duo *duo);
size_t duo_values(const struct duo_end *end);

#endif
