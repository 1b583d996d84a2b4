/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_FERRY_H
#define TESTS_SUPPORT_FERRY_H

/*
 * Two devices with real engines, each with a few applications that have the
 * machines of files and byte streams, a store and a disk. What is on the disk
 * and in the store outlives a crash, and nothing else does. The applications
 * are numbered alike on both; their channels are not.
 */

#include "session/bulk.h"
#include "session/bytestream.h"
#include "session/file.h"
#include "tests/support/pair.h"

#define FERRY_APPS 4 /* one more than there are lanes */
#define FERRY_OUT 4 /* places for files being sent, of an application */
#define FERRY_IN 3
#define FERRY_STREAMS 2
#define FERRY_RING 600
#define FERRY_FILES 64 /* in all */
#define FERRY_VALUES 64
#define FERRY_HELD 8

/* A stored value of an application. */
struct ferry_value {
	SHELF_PLACE(BATON_FILE_VALUE_MAX);
};

struct ferry_app {
	struct baton_files files;
	struct baton_file_out out[FERRY_OUT];
	struct baton_file_in in[FERRY_IN];
	struct baton_bytestreams streams;
	struct baton_bytestream stream[FERRY_STREAMS];
	uint8_t rings[BATON_BYTESTREAM_MEMORY(FERRY_STREAMS, FERRY_RING)];
	struct ferry_value stored[FERRY_VALUES];
	/* An envelope that the engine had no room for. */
	uint8_t envelope[2 + BATON_FILE_BODY_MAX];
	size_t envelope_len;
	bool absent; /* this device has no such application */
	bool lazy; /* it does not answer SUPPLY */
	uint64_t supplied, received; /* bytes of files */
	unsigned int refused_writes;
};

struct ferry;

struct ferry_node {
	struct ferry *ferry;
	struct pair_end *end;
	struct baton_bulk bulk;
	struct baton_bulk_member member[FERRY_APPS];
	struct ferry_app app[FERRY_APPS];
	bool linked;
	unsigned int writes; /* store operations, since the beginning */
	unsigned int cut_at; /* the power goes at that one, 0: never */
	bool cut_keeps; /* and it is on the medium */
	bool dead;
	bool store_fails;
};

/* What the test knows of a file, and what is on the receiver's disk. */
struct ferry_file {
	uint8_t id[BATON_FILE_ID_LEN];
	uint64_t total;
	enum baton_role from;
	uint8_t app;
	/* The receiver's disk. */
	bool part;
	uint64_t synced, written; /* bytes of the part */
	uint64_t most; /* that were ever synced */
	bool ahead; /* somebody was told of more */
	unsigned int renamed; /* how often it got its name */
	bool bad; /* a byte was not the one that was sent */
	/* What the applications were told, and answered. */
	bool stored; /* the sender's application knows that it is */
	bool offered, resumed, complete, cancelled, data_after_end;
	unsigned int delivered, failed; /* events since the last done */
	unsigned int sender_done;
	bool told_end; /* at least once */
	bool ended_well; /* the last event was DELIVERED */
	bool changed; /* it was FAILED before, or the other way round */
	bool by_peer;
	uint8_t reason;
	uint64_t progress;
	bool wants_cancel;
	bool paused;
};

struct ferry {
	struct pair pair;
	struct ferry_node node[2]; /* by enum baton_role */
	struct ferry_file file[FERRY_FILES];
	size_t files;
	uint64_t random;
	/* How applications behave; parts per thousand. */
	unsigned int sync_pm; /* syncs the part after a piece */
	unsigned int slow_pm; /* leaves an answer for later */
	unsigned int refuse_pm; /* refuses instead of accepting */
	bool asks; /* OFFERED and others are left to the test */
	struct baton_file_limits limits;
	/* Events of streams, counted by type. */
	unsigned int stream_events[2][BATON_BYTESTREAM_IS_BROKEN + 1];
	struct baton_bytestream_event last_stream[2];
};

/* Two devices that are bonded, secured and linked. False: it failed. */
bool ferry_init(struct ferry *ferry, uint64_t seed);
/* The same with a codec for both; NULL: none. */
bool ferry_init_codec(struct ferry *ferry, uint64_t seed,
		      const struct baton_codec *codec);
void ferry_free(struct ferry *ferry);

uint64_t ferry_random(struct ferry *ferry);
bool ferry_chance(struct ferry *ferry, unsigned int per_mille);

void ferry_up(struct ferry *ferry);
void ferry_down(struct ferry *ferry);

/* A device loses its memory and starts again; the link goes. */
void ferry_reboot(struct ferry *ferry, enum baton_role role);

/* Send a file from an application; NULL: it was not taken. */
struct ferry_file *ferry_send(struct ferry *ferry, enum baton_role from,
			      uint8_t app, uint64_t total);

/* The receiver's application, and the sender's. */
struct ferry_app *ferry_to(struct ferry *ferry, const struct ferry_file *file);
struct ferry_app *ferry_from(struct ferry *ferry,
			     const struct ferry_file *file);

/* One round of everything; false: nothing happened. */
bool ferry_turn(struct ferry *ferry);

/* Rounds and time until nothing happens for a while, at most limit_ms. */
void ferry_run(struct ferry *ferry, uint64_t limit_ms);

/* The byte of a file at an offset: a letter, which a codec makes shorter. */
uint8_t ferry_byte(const struct ferry_file *file, uint64_t at);

/* Values in the stores of both. */
size_t ferry_stored(const struct ferry *ferry);

#endif
