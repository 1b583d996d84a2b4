/* SPDX-License-Identifier: MIT */

/*
 * Two engines and everybody between them: an adversary who injects, drops,
 * repeats, reorders, cuts and flips PDUs and ends links at will, while two
 * applications send, cancel and refuse. What arrives is what was sent, once;
 * and when all is calm again, so it goes on (world.h).
 */

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/world.h"

#define STEPS 400

static const uint16_t mtus[] = {23, 65, 185, 247};

/* Raw bytes, of a stated length: zeros fill up. */
static void inject_raw(struct fuzz_input *in, enum baton_role to)
{
	uint8_t pdu[BATON_PDU_MAX] = {0};
	size_t len = fuzz_word(in) % (BATON_PDU_MAX + 1);
	const uint8_t *bytes;
	size_t got;

	bytes = fuzz_bytes(in, fuzz_byte(in) % 32, &got);
	if (got > 0)
		memcpy(pdu, bytes, got);
	world_arrive(to, pdu, len > got ? len : got);
}

/* A block that fits what the end waits for. */
static void inject_likely(struct fuzz_input *in, enum baton_role to)
{
	const struct baton_link *link = &world->end[to].session.link;
	uint8_t class_id = fuzz_byte(in) % BATON_CLASSES;
	uint8_t kind = fuzz_byte(in);
	int8_t delta = (int8_t)fuzz_byte(in);
	uint32_t sent = link->classes[class_id].sender.next + (uint32_t)delta;
	uint32_t due = link->classes[class_id].receiver.next + (uint32_t)delta;
	uint8_t bitmap[16] = {0};
	uint8_t pdu[BATON_PDU_MAX] = {0};
	size_t n = 0;

	if (kind % 8 < 3) {
		bitmap[0] = fuzz_byte(in);
		bitmap[1] = fuzz_byte(in);
		if (kind % 8 == 2)
			n = baton_pdu_put_echo(pdu, link->probe_token);
		n += baton_pdu_put_ack(pdu + n, BATON_ACK_MAX, class_id, sent,
				       fuzz_byte(in) % 129, bitmap);
	} else if (kind % 8 == 3) {
		n = baton_pdu_put_probe(pdu, class_id, (uint8_t)delta);
	} else if (kind % 8 == 4) {
		n = baton_pdu_put_long(pdu, class_id, due);
	} else if (kind % 8 == 5) {
		n = baton_pdu_put_short(pdu, due);
	} else if (kind % 8 == 6) {
		n = baton_pdu_put_part(pdu, class_id, due, fuzz_byte(in),
				       fuzz_byte(in));
	} else {
		n = baton_pdu_put_flight(pdu, delta & 7, link->flight.rx_have,
					 1 + fuzz_byte(in));
	}
	if (kind % 8 >= 4) {
		pdu[n] = fuzz_byte(in);
		pdu[n + 1] = fuzz_byte(in);
		n += 1u + kind / 8u * 8u;
	}
	world_arrive(to, pdu, n);
}

/* What may happen to the PDUs on their way to an end. */
static void disturb(struct fuzz_input *in, uint8_t how, enum baton_role to)
{
	struct world_queue *queue = &world_queue[to];
	struct pair_pdu *pdu, copy;
	size_t at, other;

	if (queue->len == 0)
		return;
	at = fuzz_byte(in) % queue->len;
	pdu = &queue->pdu[at];
	switch (how % 5) {
	case 0:
		queue->len--;
		memmove(pdu, pdu + 1, (queue->len - at) * sizeof(*pdu));
		break;
	case 1:
		if (queue->len < WORLD_QUEUE)
			queue->pdu[queue->len++] = *pdu;
		break;
	case 2:
		other = fuzz_byte(in) % queue->len;
		copy = *pdu;
		*pdu = queue->pdu[other];
		queue->pdu[other] = copy;
		break;
	case 3:
		pdu->len = 1 + fuzz_word(in) % pdu->len;
		break;
	default:
		pdu->bytes[fuzz_word(in) % pdu->len] ^=
			(uint8_t)(1 << fuzz_byte(in) % 8);
		break;
	}
}

static void application(struct fuzz_input *in, uint8_t what,
			enum baton_role role)
{
	uint8_t byte = fuzz_byte(in);
	struct baton_stream_id id = world_stream(byte);

	switch (what % 6) {
	case 0:
		world_send(role, id, byte);
		break;
	case 1:
		world_begin(role, id, (size_t)(byte >> 2) * 64);
		break;
	case 2:
		world_write(role, id, 1 + (size_t)(byte >> 2) * 16);
		break;
	case 3:
		world_cancel(role, id);
		break;
	case 4:
		world_refuse(role, id);
		break;
	default:
		world->end[role].deaf = !world->end[role].deaf;
		break;
	}
}

static void step(struct fuzz_input *in)
{
	uint8_t op = fuzz_byte(in);
	enum baton_role role = op & 1 ? BATON_PHONE : BATON_WATCH;

	switch (op >> 1 & 15) {
	case 0:
	case 1:
		(void)world_turn();
		break;
	case 2:
	case 3:
		world_deliver(role);
		break;
	case 4:
	case 5:
		world_pump(role);
		break;
	case 6:
		inject_raw(in, role);
		break;
	case 7:
	case 8:
		inject_likely(in, role);
		break;
	case 9:
	case 10:
		disturb(in, op >> 5, role);
		break;
	case 11:
	case 12:
		application(in, op >> 5, role);
		break;
	case 13:
		world_pass(1u << (op >> 5) * 2);
		break;
	case 14:
		world_pass((op >> 5) * 40);
		break;
	default:
		if (op >> 5 == 7)
			world_set_mtu(mtus[fuzz_byte(in) % 4]);
		else if (world->up && op >> 5 > 3)
			world_down();
		else
			world_up();
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint8_t start = fuzz_byte(&in);
	int i;

	world_start((enum world_start)(start % 3), start / 3u % 3);
	for (i = 0; i < STEPS && in.len > 0; i++)
		step(&in);
	world_finish();
	return 0;
}
