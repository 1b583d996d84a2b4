/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tools/fail.h"
#include "tools/pcapng.h"
#include "tools/trace.h"
#include "transport/pdu.h"

#define HOSTS 2

/* HCI and ATT, as far as a trace needs them (Core 5.4, Vol 4 E, Vol 3 F). */
#define H4_ACL 0x02
#define H4_EVENT 0x04
#define EVENT_DISCONNECTION_COMPLETE 0x05
#define EVENT_LE_META 0x3e
#define LE_CONNECTION_COMPLETE 0x01
#define REASON_REMOTE_USER 0x13
#define CONNECTION 0x0040
#define ACL_FIRST_FROM_HOST 0x0000
#define ACL_FIRST_TO_HOST 0x2000
#define CID_ATT 0x0004
#define ATT_NOTIFICATION 0x1b
#define ATT_WRITE_COMMAND 0x52
#define HANDLE_IN 0x0010
#define HANDLE_OUT 0x0012

#define HEADERS 16 /* direction, H4, ACL, L2CAP, ATT */

struct baton_trace {
	struct baton_pcapng *pcap;
	enum baton_role role[HOSTS];
	unsigned int hosts;
};

struct baton_trace *baton_trace_new(const char *path, GError **error)
{
	struct baton_pcapng *pcap = baton_pcapng_new(path);
	struct baton_trace *trace;

	if (!pcap) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "cannot make the trace %s: %s; name another "
			       "file",
			       path, g_strerror(errno));
		return NULL;
	}
	trace = g_new0(struct baton_trace, 1);
	trace->pcap = pcap;
	return trace;
}

void baton_trace_host(struct baton_trace *trace, enum baton_role role)
{
	g_assert(trace->hosts < HOSTS);
	trace->role[trace->hosts++] = role;
	baton_pcapng_interface(trace->pcap,
			       role == BATON_WATCH ? "watch" : "phone");
}

static void put_event(struct baton_trace *trace, unsigned int host,
		      uint64_t at_us, const uint8_t *event, size_t len,
		      const char *comment)
{
	uint8_t packet[64] = {0, 0, 0, 1, H4_EVENT};

	memcpy(packet + 5, event, len);
	baton_pcapng_packet(trace->pcap, host, at_us, false, packet, 5 + len,
			    comment);
}

void baton_trace_up(struct baton_trace *trace, unsigned int host,
		    uint64_t at_us, uint32_t interval_us)
{
	uint8_t event[21] = {EVENT_LE_META, 19, LE_CONNECTION_COMPLETE};

	baton_store_le16(event + 4, CONNECTION);
	event[6] = trace->role[host] == BATON_WATCH; /* 1: peripheral */
	event[7] = 1; /* a random address, which no trace needs to name */
	baton_store_le16(event + 14, (uint16_t)(interval_us / 1250));
	baton_store_le16(event + 18, 500); /* supervision timeout, 10 ms */
	put_event(trace, host, at_us, event, sizeof(event), "link up");
}

void baton_trace_down(struct baton_trace *trace, unsigned int host,
		      uint64_t at_us)
{
	uint8_t event[6] = {EVENT_DISCONNECTION_COMPLETE, 4};

	baton_store_le16(event + 3, CONNECTION);
	event[5] = REASON_REMOTE_USER;
	put_event(trace, host, at_us, event, sizeof(event), "link down");
}

static const char *class_name(uint8_t class_id)
{
	static const char *const names[BATON_CLASSES] = {"CONTROL", "MESSAGE",
							 "BULK"};

	return class_id < BATON_CLASSES ? names[class_id] : "?";
}

static void describe_block(GString *text, const struct baton_block *block)
{
	const char *name = class_name(block->class_id);

	switch (block->type) {
	case BATON_BLOCK_SHORT:
	case BATON_BLOCK_LONG:
		g_string_append_printf(text, "%s #%u, %u B", name,
				       block->number, block->len);
		break;
	case BATON_BLOCK_PART:
		g_string_append_printf(text, "%s #%u part %u+%u of %u", name,
				       block->number, block->offset, block->len,
				       block->total);
		break;
	case BATON_BLOCK_ACK:
		g_string_append_printf(text, "ACK %s next %u credit %u", name,
				       block->number, block->credit);
		break;
	case BATON_BLOCK_FLIGHT:
		g_string_append_printf(text, "FLIGHT %u, %u+%u of %u",
				       block->flight, block->offset, block->len,
				       block->total);
		break;
	case BATON_BLOCK_PROBE:
		g_string_append_printf(text, "PROBE %s %u", name, block->token);
		break;
	case BATON_BLOCK_ECHO:
		g_string_append_printf(text, "ECHO %u", block->token);
		break;
	}
}

char *baton_trace_describe(bool from_watch, const uint8_t *pdu, size_t len)
{
	GString *text =
		g_string_new(from_watch ? "watch to phone" : "phone to watch");
	struct baton_block blocks[BATON_PDU_BLOCKS];
	size_t count;
	size_t i;

	if (baton_pdu_decode(pdu, len, blocks, &count)) {
		g_string_append(text, ": not a PDU");
		return g_string_free(text, FALSE);
	}
	for (i = 0; i < count; i++) {
		g_string_append(text, i ? "; " : ": ");
		describe_block(text, &blocks[i]);
	}
	return g_string_free(text, FALSE);
}

void baton_trace_pdu(struct baton_trace *trace, unsigned int host,
		     uint64_t at_us, bool sent, const uint8_t *pdu, size_t len)
{
	bool from_watch = (trace->role[host] == BATON_WATCH) == sent;
	g_autofree char *comment = baton_trace_describe(from_watch, pdu, len);
	uint8_t packet[HEADERS + BATON_PDU_MAX] = {0};

	if (len > BATON_PDU_MAX)
		return;
	packet[3] = !sent;
	packet[4] = H4_ACL;
	baton_store_le16(packet + 5, CONNECTION | (sent ? ACL_FIRST_FROM_HOST
							: ACL_FIRST_TO_HOST));
	baton_store_le16(packet + 7, (uint16_t)(len + 7));
	baton_store_le16(packet + 9, (uint16_t)(len + 3));
	baton_store_le16(packet + 11, CID_ATT);
	packet[13] = from_watch ? ATT_NOTIFICATION : ATT_WRITE_COMMAND;
	baton_store_le16(packet + 14, from_watch ? HANDLE_OUT : HANDLE_IN);
	memcpy(packet + HEADERS, pdu, len);
	baton_pcapng_packet(trace->pcap, host, at_us, sent, packet,
			    HEADERS + len, comment);
}

gboolean baton_trace_close(struct baton_trace *trace, GError **error)
{
	int ret;

	if (!trace)
		return TRUE;
	ret = baton_pcapng_close(trace->pcap);
	g_free(trace);
	if (ret)
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "the trace is not complete: %s; free some space",
			       g_strerror(errno));
	return !ret;
}
