/* SPDX-License-Identifier: MIT */
#include "tools/pcapng_read.h"

#include <string.h>

#include "base/bytes.h"
#include "tools/fail.h"

/* draft-ietf-opsawg-pcapng */
#define BLOCK_SECTION 0x0a0d0d0aU
#define BLOCK_INTERFACE 1U
#define BLOCK_PACKET 6U
#define MAGIC 0x1a2b3c4dU
#define BLOCK_MIN 12
#define INTERFACE_MIN 8
#define PACKET_MIN 20
#define OPTION_NAME 2
#define OPTION_RESOLUTION 9
#define LINKTYPE 201 /* Bluetooth HCI H4 with direction */
#define INTERFACES 16
#define NAME_LEN 32

struct interface {
	char name[NAME_LEN];
	uint64_t per_s; /* ticks */
};

struct reader {
	struct interface interface[INTERFACES];
	uint32_t count;
	void (*packet)(void *user, const struct baton_packet *packet);
	void *user;
};

static uint32_t load32(const uint8_t *p)
{
	return baton_load_le16(p) | (uint32_t)baton_load_le16(p + 2) << 16;
}

static uint64_t power(uint64_t base, unsigned int n)
{
	uint64_t result = 1;

	while (n--)
		result *= base;
	return result;
}

static void read_option(struct interface *interface, uint16_t code,
			const uint8_t *value, size_t len)
{
	unsigned int n, i;

	if (code == OPTION_NAME) {
		n = (unsigned int)MIN(len, NAME_LEN - 1);
		for (i = 0; i < n; i++)
			interface->name[i] = g_ascii_isprint(value[i])
						     ? (char)value[i]
						     : '?';
		interface->name[n] = '\0';
	}
	if (code == OPTION_RESOLUTION && len == 1) {
		n = value[0] & 0x7f;
		if (value[0] & 0x80)
			interface->per_s = power(2, MIN(n, 40));
		else
			interface->per_s = power(10, MIN(n, 12));
	}
}

static const char *read_interface(struct reader *reader, const uint8_t *body,
				  size_t len)
{
	struct interface *interface = &reader->interface[reader->count];
	size_t at = INTERFACE_MIN;

	if (len < INTERFACE_MIN)
		return "an interface is cut short";
	if (baton_load_le16(body) != LINKTYPE)
		return "it is not a trace of Bluetooth with directions";
	if (reader->count == INTERFACES)
		return "it has too many interfaces";
	reader->count++;
	interface->name[0] = '\0';
	interface->per_s = 1000000;
	while (at + 4 <= len) {
		uint16_t code = baton_load_le16(body + at);
		size_t n = baton_load_le16(body + at + 2);

		if (!code || n > len - at - 4)
			break;
		read_option(interface, code, body + at + 4, n);
		at += 4 + (n + 3) / 4 * 4;
	}
	return NULL;
}

static const char *read_packet(const struct reader *reader, const uint8_t *body,
			       size_t len)
{
	struct baton_packet packet;
	uint64_t ticks, per_s;

	if (len < PACKET_MIN || load32(body + 12) > len - PACKET_MIN)
		return "a packet is cut short";
	packet.interface = load32(body);
	if (packet.interface >= reader->count)
		return "a packet has no interface";
	packet.name = reader->interface[packet.interface].name;
	per_s = reader->interface[packet.interface].per_s;
	ticks = (uint64_t)load32(body + 4) << 32 | load32(body + 8);
	packet.at_us =
		ticks / per_s * 1000000 +
		(uint64_t)((double)(ticks % per_s) * 1e6 / (double)per_s + 0.5);
	packet.bytes = body + PACKET_MIN;
	packet.len = load32(body + 12);
	reader->packet(reader->user, &packet);
	return NULL;
}

static const char *read_block(struct reader *reader, uint32_t type,
			      const uint8_t *body, size_t len)
{
	switch (type) {
	case BLOCK_SECTION:
		if (len < 16 || load32(body) != MAGIC)
			return "its byte order is not ours";
		reader->count = 0;
		return NULL;
	case BLOCK_INTERFACE:
		return read_interface(reader, body, len);
	case BLOCK_PACKET:
		return read_packet(reader, body, len);
	default:
		return NULL;
	}
}

gboolean baton_pcapng_each(const uint8_t *bytes, size_t len,
			   void (*packet)(void *user,
					  const struct baton_packet *packet),
			   void *user, GError **error)
{
	struct reader reader = {.packet = packet, .user = user};
	const char *wrong = NULL;
	size_t at = 0;
	uint32_t block;

	if (len < BLOCK_MIN || load32(bytes) != BLOCK_SECTION)
		wrong = "it is not pcapng";
	while (!wrong && at < len) {
		block = len - at < BLOCK_MIN ? 0 : load32(bytes + at + 4);
		if (block < BLOCK_MIN || block % 4 || block > len - at)
			wrong = "a block is cut short";
		else if (load32(bytes + at + block - 4) != block)
			wrong = "a block is damaged";
		else
			wrong = read_block(&reader, load32(bytes + at),
					   bytes + at + 8, block - BLOCK_MIN);
		at += block;
	}
	if (wrong)
		baton_fail_set(error, BATON_EXIT_INPUT,
			       "cannot read the trace: %s", wrong);
	return !wrong;
}
