/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tools/pcapng.h"

/* Blocks, options and the link type: draft-ietf-opsawg-pcapng. */
#define BLOCK_SECTION 0x0a0d0d0aU
#define BLOCK_INTERFACE 1U
#define BLOCK_PACKET 6U
#define OPTION_COMMENT 1
#define OPTION_NAME 2
#define OPTION_PACKET_FLAGS 2
#define OPTION_APPLICATION 4
#define OPTION_RESOLUTION 9
#define LINKTYPE_BLUETOOTH_HCI_H4_WITH_PHDR 201
#define INBOUND 1
#define OUTBOUND 2

#define BLOCK_MAX 2048
#define COMMENT_MAX 255
#define PACKET_MAX 1024

/* One block while it is put together. */
struct block {
	uint8_t bytes[BLOCK_MAX];
	size_t len;
};

struct baton_pcapng {
	FILE *file;
	int err; /* the first errno */
};

static void put16(struct block *block, uint16_t v)
{
	baton_store_le16(block->bytes + block->len, v);
	block->len += 2;
}

static void put32(struct block *block, uint32_t v)
{
	put16(block, (uint16_t)v);
	put16(block, (uint16_t)(v >> 16));
}

static void put_padded(struct block *block, const void *bytes, size_t len)
{
	memcpy(block->bytes + block->len, bytes, len);
	block->len += len;
	while (block->len % 4)
		block->bytes[block->len++] = 0;
}

static void put_option(struct block *block, uint16_t code, const void *bytes,
		       size_t len)
{
	put16(block, code);
	put16(block, (uint16_t)len);
	put_padded(block, bytes, len);
}

static void block_begin(struct block *block, uint32_t type)
{
	block->len = 0;
	put32(block, type);
	put32(block, 0); /* its length, when it is known */
}

static void block_end(struct baton_pcapng *pcap, struct block *block)
{
	uint32_t len = (uint32_t)block->len + 8;

	put32(block, 0); /* end of options */
	put32(block, len);
	baton_store_le16(block->bytes + 4, (uint16_t)len);
	baton_store_le16(block->bytes + 6, (uint16_t)(len >> 16));
	if (fwrite(block->bytes, 1, block->len, pcap->file) != block->len &&
	    !pcap->err)
		pcap->err = errno ? errno : EIO;
}

struct baton_pcapng *baton_pcapng_new(const char *path)
{
	struct baton_pcapng *pcap = calloc(1, sizeof(*pcap));
	struct block block;

	if (!pcap)
		return NULL;
	pcap->file = fopen(path, "wbe");
	if (!pcap->file) {
		free(pcap);
		return NULL;
	}
	block_begin(&block, BLOCK_SECTION);
	put32(&block, 0x1a2b3c4d);
	put16(&block, 1); /* version 1.0 */
	put16(&block, 0);
	put32(&block, UINT32_MAX); /* length of the section: not known */
	put32(&block, UINT32_MAX);
	put_option(&block, OPTION_APPLICATION, "baton", 5);
	block_end(pcap, &block);
	return pcap;
}

void baton_pcapng_interface(struct baton_pcapng *pcap, const char *name)
{
	static const uint8_t microseconds = 6;
	struct block block;

	block_begin(&block, BLOCK_INTERFACE);
	put16(&block, LINKTYPE_BLUETOOTH_HCI_H4_WITH_PHDR);
	put16(&block, 0);
	put32(&block, 0); /* no limit of length */
	put_option(&block, OPTION_NAME, name, strnlen(name, COMMENT_MAX));
	put_option(&block, OPTION_RESOLUTION, &microseconds, 1);
	block_end(pcap, &block);
}

void baton_pcapng_packet(struct baton_pcapng *pcap, uint32_t interface,
			 uint64_t at_us, bool sent, const uint8_t *packet,
			 size_t len, const char *comment)
{
	uint8_t flags[4] = {sent ? OUTBOUND : INBOUND};
	struct block block;
	size_t kept = len < PACKET_MAX ? len : PACKET_MAX;

	block_begin(&block, BLOCK_PACKET);
	put32(&block, interface);
	put32(&block, (uint32_t)(at_us >> 32));
	put32(&block, (uint32_t)at_us);
	put32(&block, (uint32_t)kept);
	put32(&block, (uint32_t)len);
	put_padded(&block, packet, kept);
	if (comment)
		put_option(&block, OPTION_COMMENT, comment,
			   strnlen(comment, COMMENT_MAX));
	put_option(&block, OPTION_PACKET_FLAGS, flags, sizeof(flags));
	block_end(pcap, &block);
}

int baton_pcapng_close(struct baton_pcapng *pcap)
{
	int err = pcap->err;

	if (fclose(pcap->file) && !err)
		err = errno;
	free(pcap);
	errno = err;
	return err ? -1 : 0;
}
