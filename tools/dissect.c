/* SPDX-License-Identifier: MIT */
#include "tools/dissect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tools/command.h"
#include "tools/dissect_stream.h"
#include "tools/fail.h"
#include "tools/hex.h"
#include "tools/pcapng_read.h"
#include "tools/trace.h"
#include "transport/frame.h"

/* As tools/trace.c writes them. */
#define H4_ACL 0x02
#define H4_EVENT 0x04
#define EVENT_DISCONNECTION_COMPLETE 0x05
#define EVENT_LE_META 0x3e
#define PDU_AT 16 /* behind direction, H4, ACL, L2CAP, ATT */
#define ATT_OPCODE_AT 13
#define ATT_NOTIFICATION 0x1b
#define ATT_WRITE_COMMAND 0x52
#define SIDES 2 /* 0: from the watch */
#define SHOWN 48 /* bytes of a message on one line */

struct dissect {
	char *keylog;
	char *host;
	gboolean bytes;
	int interface; /* the one that is told; -1: not chosen yet */
	guint64 start_us;
	GArray *keys[SIDES][BATON_CLASSES]; /* struct baton_record_key */
	struct baton_dissect_stream *stream[SIDES][BATON_CLASSES];
	guint64 opened, sealed; /* records */
};

static const char *const class_names[BATON_CLASSES] = {"CONTROL", "MESSAGE",
						       "BULK"};

/* "record watch BULK 0 <64 hex digits>" */
static bool read_key(struct dissect *dissect, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	struct baton_record_key key = {.counter = 0};
	guint64 generation;
	int side, class_id;

	if (g_strv_length(words) != 5 || strcmp(words[0], "record") != 0 ||
	    !baton_hex_read(words[4], key.key, sizeof(key.key)) ||
	    !g_ascii_string_to_unsigned(words[3], 10, 0, G_MAXUINT32,
					&generation, NULL))
		return false;
	side = !strcmp(words[1], "watch") ? 0 : 1;
	if (side && strcmp(words[1], "phone") != 0)
		return false;
	for (class_id = 0; class_id < BATON_CLASSES; class_id++)
		if (!strcmp(words[2], class_names[class_id]))
			break;
	if (class_id == BATON_CLASSES)
		return false;
	key.generation = (uint32_t)generation;
	g_array_append_val(dissect->keys[side][class_id], key);
	return true;
}

static gboolean read_keylog(struct dissect *dissect, GError **error)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	gsize len;
	guint i;

	if (!dissect->keylog)
		return TRUE;
	if (!baton_command_read(dissect->keylog, &text, &len, error))
		return FALSE;
	lines = g_strsplit(text, "\n", -1);
	for (i = 0; lines[i]; i++) {
		if (!lines[i][0] || lines[i][0] == '#' ||
		    read_key(dissect, lines[i]))
			continue;
		baton_fail_set(error, BATON_EXIT_INPUT,
			       "%s:%u: not a key: record watch|phone "
			       "CONTROL|MESSAGE|BULK GENERATION HEX",
			       dissect->keylog, i + 1);
		return FALSE;
	}
	return TRUE;
}

/* What a message holds, or its first bytes, as text. */
static char *show_bytes(const uint8_t *bytes, size_t len)
{
	GString *text = g_string_new(" \"");
	size_t i;

	for (i = 0; i < len && i < SHOWN; i++) {
		if (bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '"' &&
		    bytes[i] != '\\')
			g_string_append_c(text, (char)bytes[i]);
		else
			g_string_append_printf(text, "\\x%02x", bytes[i]);
	}
	g_string_append(text, len > SHOWN ? "\"..." : "\"");
	return g_string_free(text, FALSE);
}

static void print_data(const struct dissect *dissect,
		       const struct baton_frame *frame)
{
	g_autofree char *bytes =
		dissect->bytes ? show_bytes(frame->bytes, frame->len) : NULL;
	g_autofree char *meta =
		dissect->bytes && frame->meta
			? show_bytes(frame->meta, frame->meta_len)
			: NULL;

	printf("DATA stream %u, %zu B", BATON_NUMBER_OF(frame->at), frame->len);
	if (frame->head & BATON_HEAD_TOTAL)
		printf(", total %u B", frame->total);
	if (frame->codec)
		printf(", codec %u", frame->codec);
	if (frame->head & BATON_HEAD_CONTINUES)
		printf(", from byte %u", frame->offset);
	if (frame->meta)
		printf(", meta %zu B%s", frame->meta_len, meta ? meta : "");
	printf("%s%s%s\n", frame->marks & BATON_DATA_START ? ", first" : "",
	       frame->marks & BATON_DATA_FIN ? ", last" : "",
	       bytes ? bytes : "");
}

static void print_frame(const struct dissect *dissect,
			const struct baton_frame *frame)
{
	static const char *const names[] = {"SYNC", "CONFIRM", "BONDED",
					    "PAIR_CANCEL", "CLOSE"};
	unsigned int at = frame->code - BATON_SESSION_FRAME_FIRST;

	printf("%30s", "");
	switch (frame->type) {
	case BATON_FRAME_PAD:
		printf("PAD, %zu B\n", frame->len);
		return;
	case BATON_FRAME_VERIFIED:
		printf("VERIFIED %s stream %u: %u messages, %u B of the next\n",
		       class_names[BATON_CLASS_OF(frame->at)],
		       BATON_NUMBER_OF(frame->at), frame->message,
		       frame->offset);
		return;
	case BATON_FRAME_CANCEL:
		printf("CANCEL stream %u, reason %u\n",
		       BATON_NUMBER_OF(frame->at), frame->reason);
		return;
	case BATON_FRAME_REFUSE:
		printf("REFUSE %s stream %u: message %u, reason %u\n",
		       class_names[BATON_CLASS_OF(frame->at)],
		       BATON_NUMBER_OF(frame->at), frame->message,
		       frame->reason);
		return;
	case BATON_FRAME_SESSION:
		if (at < G_N_ELEMENTS(names))
			printf("%s, %zu B\n", names[at], frame->len);
		else
			printf("session frame 0x%02x, %zu B\n", frame->code,
			       frame->len);
		return;
	case BATON_FRAME_DATA:
		print_data(dissect, frame);
		return;
	}
}

static void print_frames(const struct dissect *dissect, uint8_t class_id,
			 const uint8_t *p, size_t len)
{
	struct baton_frames frames = {p, len, class_id};
	struct baton_frame frame;

	while (frames.len > 0) {
		len = frames.len;
		if (baton_frame_next(&frames, &frame)) {
			printf("%30snot a frame, %zu B\n", "", len);
			return;
		}
		print_frame(dissect, &frame);
	}
}

static void print_records(struct dissect *dissect, int side, uint8_t class_id)
{
	struct baton_dissect_record record;

	while (baton_dissect_stream_next(dissect->stream[side][class_id],
					 &record)) {
		printf("%26srecord %" G_GUINT64_FORMAT " %s, %zu B%s\n", "",
		       record.number, class_names[class_id], record.sealed_len,
		       record.plain ? "" : ", sealed");
		dissect->opened += record.plain != NULL;
		dissect->sealed += record.plain == NULL;
		if (record.plain)
			print_frames(dissect, class_id, record.plain,
				     record.plain_len);
	}
}

static void take_pdu(struct dissect *dissect, bool from_watch,
		     const uint8_t *pdu, size_t len)
{
	g_autofree char *text = baton_trace_describe(from_watch, pdu, len);
	struct baton_block blocks[BATON_PDU_BLOCKS];
	int side = from_watch ? 0 : 1;
	size_t count, i;

	printf("%s\n", text);
	if (baton_pdu_decode(pdu, len, blocks, &count))
		return;
	for (i = 0; i < count; i++) {
		if (blocks[i].type > BATON_BLOCK_PART)
			continue;
		baton_dissect_stream_take(
			dissect->stream[side][blocks[i].class_id], &blocks[i]);
		print_records(dissect, side, blocks[i].class_id);
	}
}

static void take_event(struct dissect *dissect,
		       const struct baton_packet *packet)
{
	int side, class_id;

	if (packet->len > 5 && packet->bytes[5] == EVENT_LE_META)
		printf("link up\n");
	else if (packet->len > 5 &&
		 packet->bytes[5] == EVENT_DISCONNECTION_COMPLETE)
		printf("link down\n");
	else
		printf("event\n");
	for (side = 0; side < SIDES; side++)
		for (class_id = 0; class_id < BATON_CLASSES; class_id++)
			baton_dissect_stream_reset(
				dissect->stream[side][class_id]);
}

static void take_packet(void *user, const struct baton_packet *packet)
{
	struct dissect *dissect = user;
	const uint8_t *p = packet->bytes;

	if (dissect->interface < 0 &&
	    (!dissect->host || !strcmp(dissect->host, packet->name))) {
		dissect->interface = (int)packet->interface;
		dissect->start_us = packet->at_us;
		printf("As the %s saw it.\n", packet->name);
	}
	if ((int)packet->interface != dissect->interface || packet->len < 6)
		return;
	printf("%14.6f s  ",
	       (double)(gint64)(packet->at_us - dissect->start_us) / 1e6);
	if (p[4] == H4_EVENT)
		take_event(dissect, packet);
	else if (p[4] == H4_ACL && packet->len >= PDU_AT &&
		 (p[ATT_OPCODE_AT] == ATT_NOTIFICATION ||
		  p[ATT_OPCODE_AT] == ATT_WRITE_COMMAND))
		take_pdu(dissect, p[ATT_OPCODE_AT] == ATT_NOTIFICATION,
			 p + PDU_AT, packet->len - PDU_AT);
	else
		printf("something else, %zu B\n", packet->len);
}

static gboolean run(struct dissect *dissect, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	gsize len;

	if (!read_keylog(dissect, error) ||
	    !baton_command_read(path, &text, &len, error) ||
	    !baton_pcapng_each((const uint8_t *)text, len, take_packet, dissect,
			       error))
		return FALSE;
	if (dissect->interface < 0 && dissect->host) {
		baton_fail_set(error, BATON_EXIT_INPUT,
			       "%s holds nothing of a host named %s", path,
			       dissect->host);
		return FALSE;
	}
	printf("%" G_GUINT64_FORMAT " records were opened, %" G_GUINT64_FORMAT
	       " stayed sealed.\n",
	       dissect->opened, dissect->sealed);
	return TRUE;
}

static void init(struct dissect *dissect)
{
	int side, class_id;

	dissect->interface = -1;
	for (side = 0; side < SIDES; side++)
		for (class_id = 0; class_id < BATON_CLASSES; class_id++) {
			dissect->keys[side][class_id] = g_array_new(
				FALSE, FALSE, sizeof(struct baton_record_key));
			dissect->stream[side][class_id] =
				baton_dissect_stream_new(
					dissect->keys[side][class_id]);
		}
}

static void clear(struct dissect *dissect)
{
	int side, class_id;

	for (side = 0; side < SIDES; side++)
		for (class_id = 0; class_id < BATON_CLASSES; class_id++) {
			baton_dissect_stream_free(
				dissect->stream[side][class_id]);
			g_array_unref(dissect->keys[side][class_id]);
		}
	g_free(dissect->keylog);
	g_free(dissect->host);
}

int baton_dissect_main(int argc, char **argv)
{
	struct dissect dissect = {.keylog = NULL};
	const GOptionEntry entries[] = {
		{"keylog", 'k', 0, G_OPTION_ARG_FILENAME, &dissect.keylog,
		 "open the records with the keys of FILE", "FILE"},
		{"host", 0, 0, G_OPTION_ARG_STRING, &dissect.host,
		 "of a trace of both: as which saw it (the first)",
		 "watch|phone"},
		{"bytes", 0, 0, G_OPTION_ARG_NONE, &dissect.bytes,
		 "show the first bytes of what was sent", NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	GOptionContext *context = baton_command_context(
		"dissect", "TRACE",
		"Prints what a trace (--trace) holds: links and PDUs, and with "
		"the keys of a debug\nbuild (docs/PROGRAM.md) records and "
		"what is in them.");
	GError *error = NULL;

	init(&dissect);
	g_option_context_add_main_entries(context, entries, NULL);
	if (baton_command_parse(context, &argc, &argv, &error)) {
		if (argc != 2)
			baton_fail_set(&error, BATON_EXIT_USAGE,
				       "dissect takes one trace; see baton "
				       "dissect --help");
		else
			run(&dissect, argv[1], &error);
	}
	g_option_context_free(context);
	clear(&dissect);
	return error ? baton_fail_end(error) : BATON_EXIT_OK;
}
