/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "tools/air_wire.h"

/* An advert behind the first len bytes, if there is one. */
static size_t put_advert(uint8_t *dst, size_t len,
			 const struct baton_air_message *message)
{
	if (!message->advert)
		return len;
	memcpy(dst + len, message->advert, BATON_BEARER_ADVERT_LEN);
	return len + BATON_BEARER_ADVERT_LEN;
}

size_t baton_air_encode(const struct baton_air_message *message,
			uint8_t dst[BATON_AIR_MESSAGE_MAX])
{
	dst[0] = (uint8_t)message->type;
	switch (message->type) {
	case BATON_AIR_HELLO:
		dst[1] = message->version;
		dst[2] = message->role;
		return 3;
	case BATON_AIR_SORRY:
	case BATON_AIR_DOWN:
	case BATON_AIR_ROOM:
	case BATON_AIR_PACE:
		dst[1] = message->value;
		return 2;
	case BATON_AIR_UP:
		baton_store_be16(dst + 1, message->mtu);
		baton_store_be16(dst + 3, message->ll_len);
		baton_store_be32(dst + 5, message->interval_us);
		return put_advert(dst, 9, message);
	case BATON_AIR_SHOW:
	case BATON_AIR_HEARD:
	case BATON_AIR_CONNECT:
		dst[1] = message->value;
		return put_advert(dst, 2, message);
	case BATON_AIR_MTU:
		baton_store_be16(dst + 1, message->mtu);
		return 3;
	case BATON_AIR_PDU:
		memcpy(dst + 1, message->pdu, message->pdu_len);
		return 1 + message->pdu_len;
	}
	return 0;
}

/* What stands behind the first used bytes: an advert, or nothing. */
static bool take_advert(struct baton_air_message *m, const uint8_t *body,
			size_t len, size_t used)
{
	if (len == used + BATON_BEARER_ADVERT_LEN)
		m->advert = body + used;
	return m->advert || len == used;
}

static bool decode_body(struct baton_air_message *m, const uint8_t *body,
			size_t len)
{
	switch (m->type) {
	case BATON_AIR_HELLO:
		/* A later version may say more; it is told SORRY. */
		if (len < 2)
			return false;
		m->version = body[0];
		m->role = body[1];
		return m->role <= 1;
	case BATON_AIR_DOWN:
		m->value = len ? body[0] : 0;
		return len <= 1;
	case BATON_AIR_SORRY:
	case BATON_AIR_ROOM:
	case BATON_AIR_PACE:
		if (len != 1)
			return false;
		m->value = body[0];
		return true;
	case BATON_AIR_UP:
		if (len < 8)
			return false;
		m->mtu = baton_load_be16(body);
		m->ll_len = baton_load_be16(body + 2);
		m->interval_us = baton_load_be32(body + 4);
		return take_advert(m, body, len, 8);
	case BATON_AIR_SHOW:
	case BATON_AIR_HEARD:
	case BATON_AIR_CONNECT:
		if (!len || body[0] > BATON_BEARER_HIDDEN)
			return false;
		m->value = body[0];
		return take_advert(m, body, len, 1) &&
		       (m->advert != NULL) ==
			       (m->value == BATON_BEARER_PRIVATE);
	case BATON_AIR_MTU:
		if (len != 2)
			return false;
		m->mtu = baton_load_be16(body);
		return true;
	case BATON_AIR_PDU:
		m->pdu = body;
		m->pdu_len = len;
		return len >= 1 && len <= BATON_AIR_PDU_MAX;
	}
	return false;
}

bool baton_air_decode(struct baton_air_message *message, const uint8_t *bytes,
		      size_t len)
{
	memset(message, 0, sizeof(*message));
	if (!len || bytes[0] < BATON_AIR_HELLO || bytes[0] > BATON_AIR_CONNECT)
		return false;
	message->type = (enum baton_air_type)bytes[0];
	return decode_body(message, bytes + 1, len - 1);
}

int baton_air_send(int fd, const struct baton_air_message *message)
{
	uint8_t bytes[BATON_AIR_MESSAGE_MAX];
	size_t len = baton_air_encode(message, bytes);
	ssize_t n;

	do {
		n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

int baton_air_receive(int fd, struct baton_air_message *message,
		      uint8_t bytes[BATON_AIR_MESSAGE_MAX + 1])
{
	ssize_t n;

	/* One byte more shows what was too long. */
	do {
		n = recv(fd, bytes, BATON_AIR_MESSAGE_MAX + 1, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0 || !baton_air_decode(message, bytes, (size_t)n))
		return -1;
	return 1;
}
