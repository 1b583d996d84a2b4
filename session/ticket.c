/* SPDX-License-Identifier: MIT */
#include "session/ticket.h"

#include <string.h>

#include "base/bytes.h"

#define FORMAT 1
#define PROVEN_AT 5
#define AGE_AT 9
#define PSK_AT 10
#define HELLO_AT 42

void baton_ticket_encode(const struct baton_ticket *ticket,
			 uint8_t out[BATON_TICKET_LEN])
{
	memset(out, 0, BATON_TICKET_LEN);
	out[0] = FORMAT;
	baton_store_be32(out + 1, ticket->generation);
	baton_store_be32(out + PROVEN_AT, ticket->proven);
	out[AGE_AT] = ticket->age;
	memcpy(out + PSK_AT, ticket->psk, sizeof(ticket->psk));
	memcpy(out + HELLO_AT, &ticket->hello, 1 + (size_t)ticket->hello.len);
}

enum baton_err baton_ticket_decode(const uint8_t *p, size_t len,
				   struct baton_ticket *ticket)
{
	if (len != BATON_TICKET_LEN || p[0] != FORMAT ||
	    p[HELLO_AT] > BATON_TICKET_HELLO_MAX)
		return BATON_ERR_ARG;
	memset(ticket, 0, sizeof(*ticket));
	ticket->generation = baton_load_be32(p + 1);
	ticket->proven = baton_load_be32(p + PROVEN_AT);
	ticket->age = p[AGE_AT];
	memcpy(ticket->psk, p + PSK_AT, sizeof(ticket->psk));
	memcpy(&ticket->hello, p + HELLO_AT, 1 + (size_t)p[HELLO_AT]);
	ticket->kept = ticket->generation;
	ticket->usable = ticket->generation > 0;
	ticket->unserved = ticket->generation == 0;
	return BATON_OK;
}

BATON_NOT_INLINE
void baton_ticket_replace(struct baton_ticket *ticket,
			  const uint8_t psk[BATON_CRYPTO_KEY_LEN],
			  uint32_t generation, uint8_t age)
{
	memcpy(ticket->psk, psk, sizeof(ticket->psk));
	ticket->generation = generation;
	ticket->age = age;
	ticket->usable = true;
	ticket->unserved = false;
	ticket->dirty = true;
}
