/* SPDX-License-Identifier: MIT */

/*
 * The receiver of one class (transport/SPEC.md A.3 to A.6) between an honest
 * sender and a forger. Every byte of a DATA block is made from the unit and
 * the offset it is sent for, so a byte handed out elsewhere gives itself away.
 */

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "transport/receiver.h"
#include "transport/timing.h"

#define UNITS 4096 /* units an input can come to */
#define RECORD_MAX 1024
#define VARIANTS 0xe0 /* bits that forgers set as they like */

static uint8_t memory[BATON_WINDOW_MAX * BATON_PDU_MAX];
static struct baton_slot slots[BATON_WINDOW_MAX];
static uint8_t record[BATON_RECEIVER_RECORD_LEN(RECORD_MAX)];

struct world {
	struct baton_receiver receiver;
	uint64_t now_ms;
	uint32_t limit; /* next + credit of the last ACK */
	uint32_t at_unit; /* of the next byte handed out */
	uint16_t at_offset;
	uint16_t total[UNITS]; /* of units that are whole */
	bool forged, held; /* a record was given and is not released */
};

/* The low bits of what is sent for a byte of a unit; often small, so that
 * records have lengths in range. */
static uint8_t content(uint32_t unit, uint32_t offset)
{
	uint32_t hash = (unit * 509 + offset) * 0x9e3779b1u;

	return hash >> 30 ? hash >> 20 & 3 : hash >> 20 & 0x1f;
}

static uint16_t honest_total(const struct world *world, uint32_t unit)
{
	uint32_t hash = unit * 0x85ebca6bu;

	return (uint16_t)(1 + (hash >> 16) % world->receiver.unit_max %
				      (hash & 1 ? 32 : 508));
}

/* The limits hold; unit, of this total, may have been the one missing. */
static void check(struct world *world, uint32_t next_before, uint32_t unit,
		  uint16_t total)
{
	const struct baton_receiver *receiver = &world->receiver;
	uint32_t n;

	FUZZ_CHECK(receiver->next >= next_before);
	FUZZ_CHECK(receiver->next - receiver->taken <= receiver->window);
	FUZZ_CHECK(receiver->high - receiver->taken <= receiver->window);
	FUZZ_CHECK(receiver->record_have <= receiver->record_cap);
	for (n = next_before; n != receiver->next; n++)
		world->total[n % UNITS] =
			n == unit ? total
				  : receiver->slots[n % receiver->window].total;
}

/* Send bytes offset.. of a unit, in the form that an input chose. */
static void send(struct world *world, uint32_t unit, uint16_t total,
		 uint16_t offset, uint16_t len, uint8_t form, uint8_t variant)
{
	struct baton_receiver *receiver = &world->receiver;
	struct baton_block blocks[BATON_PDU_BLOCKS];
	uint8_t pdu[BATON_PDU_MAX + BATON_PART_LEN];
	uint32_t next = receiver->next;
	size_t n, count;
	uint16_t i;

	if (form == 0 && unit + 64 - next < 128)
		n = baton_pdu_put_short(pdu, unit);
	else if (form <= 1)
		n = baton_pdu_put_long(pdu, receiver->class_id, unit);
	else
		n = baton_pdu_put_part(pdu, receiver->class_id, unit, offset,
				       total);
	if (form <= 1 || offset >= total) {
		offset = 0;
		len = total;
	}
	if (len == 0 || len > total - offset)
		len = (uint16_t)(total - offset);
	for (i = 0; i < len; i++)
		pdu[n + i] = (uint8_t)(content(unit, (uint32_t)offset + i) |
				       (variant & VARIANTS));
	if (baton_pdu_decode(pdu, n + len, blocks, &count))
		return;
	if (baton_receiver_data(receiver, &blocks[0], 0, world->now_ms))
		FUZZ_CHECK(receiver->next == next);
	check(world, next, unit, blocks[0].total);
}

static void send_honest(struct world *world, struct fuzz_input *in)
{
	uint32_t unit = world->receiver.next + (fuzz_byte(in) & 15);
	uint16_t total = honest_total(world, unit);
	uint8_t form = fuzz_byte(in);

	/* The credit is all that an honest sender has. */
	if ((int32_t)(unit - world->limit) >= 0)
		return;
	send(world, unit, total, (uint16_t)(form & 0xf0), form & 0x0c, form & 3,
	     0);
}

static void send_forged(struct world *world, struct fuzz_input *in)
{
	uint32_t unit = world->receiver.next - 100 + fuzz_byte(in);
	uint16_t total = (uint16_t)(1 + fuzz_word(in) % BATON_UNIT_MAX);
	uint16_t offset = (uint16_t)(fuzz_word(in) % total);
	uint8_t form = fuzz_byte(in);

	if ((int32_t)unit < 0)
		return;
	world->forged = true;
	send(world, unit, total, offset, form >> 2, form & 3, fuzz_byte(in));
}

/* What is handed out was sent for just this place. */
static void take_record(struct world *world)
{
	struct baton_receiver *receiver = &world->receiver;
	enum baton_err err;
	uint8_t *bytes;
	size_t len, i;

	err = baton_receiver_record(receiver, &bytes, &len);
	check(world, receiver->next, 0, 0);
	FUZZ_CHECK(!err || err == BATON_ERR_AGAIN || err == BATON_ERR_PROTOCOL);
	if (err || world->held)
		return;
	FUZZ_CHECK(len > BATON_RECORD_HEADER_LEN + BATON_RECORD_TAIL_LEN);
	FUZZ_CHECK(len <= sizeof(record));
	world->held = true;
	for (i = 0; i < len; i++) {
		FUZZ_CHECK((int32_t)(receiver->next - world->at_unit) > 0);
		FUZZ_CHECK((bytes[i] &
			    (world->forged ? (uint8_t)~VARIANTS : 0xff)) ==
			   content(world->at_unit, world->at_offset));
		if (++world->at_offset ==
		    world->total[world->at_unit % UNITS]) {
			world->at_offset = 0;
			world->at_unit++;
		}
	}
}

static void release(struct world *world)
{
	baton_receiver_release(&world->receiver);
	world->held = false;
}

static void take_ack(struct world *world, uint8_t cap)
{
	struct baton_receiver *receiver = &world->receiver;
	struct baton_block blocks[BATON_PDU_BLOCKS];
	uint8_t pdu[BATON_ACK_MAX];
	size_t n, count;

	n = baton_receiver_ack(receiver, pdu, BATON_ACK_LEN + (cap & 16), 0);
	FUZZ_CHECK(n <= (size_t)BATON_ACK_LEN + (cap & 16));
	FUZZ_CHECK(!baton_pdu_decode(pdu, n, blocks, &count) && count == 1);
	FUZZ_CHECK(blocks[0].number == (receiver->next & 0xfff));
	FUZZ_CHECK(blocks[0].credit <= receiver->window);
	FUZZ_CHECK(receiver->next + blocks[0].credit >= world->limit);
	world->limit = receiver->next + blocks[0].credit;
	FUZZ_CHECK(baton_receiver_ack_deadline(receiver) == BATON_LINK_NEVER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct world world = {.now_ms = 1};
	uint16_t window = 1 + fuzz_byte(&in) % BATON_WINDOW_MAX;
	uint8_t op;

	baton_receiver_init(&world.receiver, BATON_CLASS_BULK, memory, slots,
			    window, 20 + fuzz_byte(&in), record, RECORD_MAX);
	world.limit = world.receiver.window;
	while (in.len > 0) {
		op = fuzz_byte(&in) % 8;
		if (op < 3)
			send_honest(&world, &in);
		else if (op == 3)
			send_forged(&world, &in);
		else if (op == 4)
			take_record(&world);
		else if (op == 5 && world.held)
			release(&world);
		else if (op == 6)
			take_ack(&world, fuzz_byte(&in));
		else if (op == 7)
			world.now_ms += fuzz_byte(&in);
	}
	return 0;
}
