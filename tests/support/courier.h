/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_COURIER_H
#define TESTS_SUPPORT_COURIER_H

/*
 * What the applications of a duo do with files and byte streams: they have a
 * disk, which outlives a loss of memory, and a test that knows every byte.
 */

#include "tests/support/duo.h"

#define COURIER_FILES 512 /* in all */
#define COURIER_APPS 2
#define COURIER_META "the name that a person gave to a file"

struct courier_file {
	uint8_t id[BATON_FILE_ID_LEN];
	uint64_t total;
	enum baton_role from;
	uint8_t app;
	/* The receiver's disk. */
	bool part;
	uint64_t synced, written; /* bytes of the part */
	unsigned int renamed; /* how often it got its name */
	bool bad; /* a byte, or an event, that should not have been */
	/* What the applications were told and have to answer. */
	bool offered, complete, cancelled, end;
	/* What the sender's application knows, from its notes. */
	bool stored, lost, told_end, ended_well, changed;
	bool cancels, by_peer;
	uint8_t reason;
	uint64_t progress;
	unsigned int resumed;
	uint64_t resumed_at;
};

/* A stream both ways, from the watch's application to the phone's. */
struct courier_stream {
	uint8_t id[BATON_BYTESTREAM_ID_LEN];
	bool here[2]; /* the application of that device has it */
	uint64_t written[2], read[2]; /* bytes at the device */
	bool finished[2], closed[2];
	bool bad;
};

struct courier {
	struct duo *duo;
	struct courier_file file[COURIER_FILES];
	size_t files;
	struct courier_stream stream[COURIER_APPS];
	unsigned int broken; /* streams whose other end lost its memory */
	uint64_t streamed; /* bytes that were read, and right */
	/* How applications behave; parts per thousand. */
	unsigned int sync_pm; /* sync after a piece */
	unsigned int slow_pm; /* leave an answer for later */
	unsigned int refuse_pm; /* refuse an offer */
	bool asks; /* OFFERED is left to the test */
	uint64_t received[2][COURIER_APPS]; /* bytes, at the receiver */
	uint64_t supplied[2][COURIER_APPS];
};

void courier_init(struct courier *courier, struct duo *duo);
bool courier_chance(struct courier *courier, unsigned int per_mille);

/* Of an endpoint; false: it is of something else. */
bool courier_event(struct courier *courier, enum baton_role role,
		   const struct baton_endpoint_event *event);
/* A device has come back with what was on its disk and in its store. */
void courier_start(struct courier *courier, enum baton_role role);
/* All of a peer was revoked at a device. */
void courier_revoked(struct courier *courier, enum baton_role role);
/* Answers that may wait: done, a name; and what streams brought is read. */
void courier_act(struct courier *courier);

/* Send a file; NULL: it was not taken. */
struct courier_file *courier_send(struct courier *courier, enum baton_role from,
				  uint8_t app, uint64_t total);
void courier_cancel(struct courier *courier, struct courier_file *file);
uint8_t courier_byte(const struct courier_file *file, uint64_t at);
void courier_accept(struct courier *courier, struct courier_file *file,
		    uint64_t kept);

/* Every file has come to its end on both sides. */
bool courier_is_done(const struct courier *courier);
/* No file was doubled, damaged, or something else than was told. */
bool courier_is_right(const struct courier *courier);

/* A stream of an application: it is opened at the watch, if it is not there. */
void courier_open(struct courier *courier, uint8_t app);
/* Bytes into it at a device; how many it took. */
size_t courier_write(struct courier *courier, enum baton_role role, uint8_t app,
		     size_t len);
/* Read what is there. */
void courier_read(struct courier *courier, enum baton_role role, uint8_t app);
void courier_finish(struct courier *courier, enum baton_role role, uint8_t app);

#endif
