/* SPDX-License-Identifier: MIT */

/*
 * Messages between two honest sides over records that are lost with their
 * link (transport/SPEC.md part B): what is given to the receiver is what was
 * sent, once, and no loss leaves a stream where it cannot go on.
 */

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/messages.h"
#include "transport/pdu.h"

static void step(struct fuzz_input *in)
{
	uint8_t op = fuzz_byte(in);
	uint8_t where = fuzz_byte(in);
	uint8_t class_id = where & 1 ? BATON_CLASS_BULK : BATON_CLASS_MESSAGE;
	uint8_t number = where >> 1 & 1;
	uint8_t len = where >> 2;

	switch (op % 12) {
	case 0:
		messages_send(class_id, number, len);
		break;
	case 1:
		messages_begin(class_id, number, (uint16_t)(len * 6));
		break;
	case 2:
	case 3:
		messages_write(class_id, number, len);
		break;
	case 4:
		messages_cancel(class_id, number);
		break;
	case 5:
		messages_refuse(class_id, number);
		break;
	case 6:
	case 7:
		messages_seal(class_id);
		break;
	case 8:
	case 9:
		messages_deliver(class_id);
		break;
	case 10:
		messages_tell();
		if (len & 1)
			messages_hear();
		break;
	default:
		messages_next_link(len % 8 == 7);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};

	messages_start();
	while (in.len > 0)
		step(&in);
	messages_finish();
	return 0;
}
