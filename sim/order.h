/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_ORDER_H
#define BATON_SIM_ORDER_H

/*
 * In what order the units of a link reached a stack: whether a host has held a
 * repeated one back for longer than the transport allows (SPEC A.3).
 */

#include <stddef.h>
#include <stdint.h>

#define BATON_SIM_ORDER_UNITS 256

struct baton_sim_order {
	/* The last units of class BULK, in the order in which they came. */
	struct {
		uint64_t sent; /* as the controller had them, from 1; 0: none */
		uint16_t number; /* low bits */
	} unit[BATON_SIM_ORDER_UNITS];
	size_t at; /* the oldest */
	uint64_t newest; /* the highest of sent */
	unsigned int overtaken; /* a repeated unit, by how many later ones */
};

/* A link begins. */
void baton_sim_order_start(struct baton_sim_order *order);

/* A PDU reached the stack; sent: its place on the air, from 1. */
void baton_sim_order_take(struct baton_sim_order *order, uint64_t sent,
			  const uint8_t *pdu, size_t len);

#endif
