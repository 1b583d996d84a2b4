/* SPDX-License-Identifier: MIT */
#include "sim/order.h"

#include <stdbool.h>
#include <string.h>

#include "transport/pdu.h"

#define SHORT_BITS 0x7f

void baton_sim_order_start(struct baton_sim_order *order)
{
	memset(order, 0, sizeof(*order));
}

/* The unit of class BULK in a PDU; it has one at most. */
static bool find_unit(const uint8_t *pdu, size_t len, struct baton_block *unit)
{
	struct baton_block blocks[BATON_PDU_BLOCKS];
	size_t count;

	if (baton_pdu_decode(pdu, len, blocks, &count))
		return false;
	*unit = blocks[count - 1];
	return unit->type <= BATON_BLOCK_PART &&
	       unit->class_id == BATON_CLASS_BULK;
}

void baton_sim_order_take(struct baton_sim_order *order, uint64_t sent,
			  const uint8_t *pdu, size_t len)
{
	unsigned int overtaken = 0;
	struct baton_block unit;
	bool repeated = false;
	uint16_t number;
	size_t i;

	if (!find_unit(pdu, len, &unit))
		return;
	number = unit.number & SHORT_BITS;
	for (i = 0; i < BATON_SIM_ORDER_UNITS && sent < order->newest; i++) {
		overtaken += order->unit[i].sent > sent;
		repeated |=
			order->unit[i].sent && order->unit[i].number == number;
	}
	/* The other forms tell units of 4096 apart. */
	if (unit.type == BATON_BLOCK_SHORT && repeated &&
	    overtaken > order->overtaken)
		order->overtaken = overtaken;
	if (sent > order->newest)
		order->newest = sent;
	order->unit[order->at].sent = sent;
	order->unit[order->at].number = number;
	order->at = (order->at + 1) % BATON_SIM_ORDER_UNITS;
}
