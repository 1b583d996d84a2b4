/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_FILE_H
#define BATON_SESSION_FILE_H

/*
 * Delivery mode file (session/FILES.md): one machine for each application and
 * bond, above the engine. Control goes in envelopes, the bytes themselves on
 * BULK streams that session/bulk.h shares out among the applications.
 *
 * The promise: a file that was sent arrives whole, byte for byte, exactly
 * once, or both sides are told that it does not; whatever links, processes and
 * power are lost meanwhile it goes on where the receiver stands, as long as
 * both stores keep what they said was durable. Exactly once means: the
 * receiver's application is told COMPLETE at every start until its _done() is
 * durable, and never after; the sender's likewise with DELIVERED or FAILED.
 *
 * No I/O: the application reads and writes the files. Times are ms. Errors:
 * the caller's mistakes change nothing; _rx() gives a peer's error for what it
 * dropped. What an application calls answers BATON_ERR_NOT_FOUND where files
 * is NULL: there is no such peer or mode.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "session/config.h"
#include "session/store_op.h"

#define BATON_FILE_ID_LEN 8 /* random, never used again */
#define BATON_FILE_PLACES_MAX 64 /* each way */
#define BATON_FILE_MAX ((uint64_t)1 << 40) /* bytes of a file */
#define BATON_FILE_META_MAX 255 /* bytes for the peer's application: a name */
#define BATON_FILE_LOCAL_MAX 64 /* bytes that only the sender keeps */
#define BATON_FILE_NAME_LEN 19 /* of a stored value, its closing 0 included */
#define BATON_FILE_VALUE_MAX \
	(21 + BATON_FILE_META_MAX + BATON_FILE_LOCAL_MAX) /* stored bytes */
#define BATON_FILE_BODY_MAX (17 + BATON_FILE_META_MAX) /* of an envelope */
#define BATON_FILE_REPLIES 8

/*
 * The sender's side of a file; durable but for NONE.
 *
 *          send           TAKEN                  done
 *   NONE -------> OFFERED ---------> DELIVERED --------> NONE
 *                  |   |                ^
 *           cancel |   | REFUSED        | TAKEN
 *                  v   |                |
 *            CANCELLED-|----------------+
 *                  |   v                         done
 *                  +-> FAILED --------------------------> NONE
 *         GONE, REFUSED
 */
enum baton_file_out_state {
	BATON_FILE_OUT_NONE,
	BATON_FILE_OUT_OFFERED, /* the peer knows of it, or will */
	BATON_FILE_OUT_CANCELLED, /* given up here; the peer is asked */
	BATON_FILE_OUT_DELIVERED, /* the peer's application has it */
	BATON_FILE_OUT_FAILED, /* the peer has nothing of it */
	BATON_FILE_OUT_DONE, /* the store forgets it */
};

/*
 * The receiver's side; durable but for NONE and ASKED.
 *
 *        OFFER        accept             kept all           done
 *   NONE -----> ASKED -----> RECEIVING ----------> COMPLETE ----> TAKEN
 *                 |  refuse   |    | CANCEL,         |              |
 *                 +-----------+    | FORGET   refuse |       FORGET |
 *                 v                v                 |              v
 *              REFUSED <-----------|-----------------+            NONE
 *                 | FORGET      ABORTED --> NONE
 *                 v                    done
 *                NONE
 */
enum baton_file_in_state {
	BATON_FILE_IN_NONE,
	BATON_FILE_IN_ASKED, /* the application has to answer */
	BATON_FILE_IN_RECEIVING,
	BATON_FILE_IN_COMPLETE, /* all bytes are kept; it may get its name */
	BATON_FILE_IN_TAKEN, /* the application has it; the peer is told */
	BATON_FILE_IN_REFUSED, /* not wanted (any more); the peer is told */
	BATON_FILE_IN_ABORTED, /* the peer gave up; the application is told */
	BATON_FILE_IN_DONE, /* the store forgets it */
};

enum baton_file_event_type {
	/*
	 * Sender. PENDING: after a start, a file that is not through; open its
	 * source (see local) or _cancel(). STORED: what _send() took is durable
	 * here and will come to one of the ends below. SUPPLY: give bytes with _write()
	 * from offset on until AGAIN. PROGRESS: the receiver has all below
	 * offset durably. DELIVERED: the receiver's application has it, once.
	 * FAILED: it does not; reason, by_peer: whose. Answer the last two
	 * with _done(): they come again after every start until then.
	 */
	BATON_FILE_PENDING,
	BATON_FILE_STORED,
	BATON_FILE_SUPPLY,
	BATON_FILE_PROGRESS,
	BATON_FILE_DELIVERED,
	BATON_FILE_FAILED,
	/*
	 * Receiver. OFFERED: answer _accept() with 0, or _refuse(). RESUMED:
	 * after a start, all below offset was kept; answer _accept() with
	 * that or less, or _refuse(). DATA: the next bytes, until the next
	 * call of anything. COMPLETE: give it its name if it has not got it
	 * yet, then _done(). CANCELLED: erase what there is, then _done().
	 */
	BATON_FILE_OFFERED,
	BATON_FILE_RESUMED,
	BATON_FILE_DATA,
	BATON_FILE_COMPLETE,
	BATON_FILE_CANCELLED,
	/* Either: a write failed and is asked for again in a second. */
	BATON_FILE_STORE_FAILED,
};

struct baton_file_event {
	enum baton_file_event_type type;
	uint8_t id[BATON_FILE_ID_LEN];
	bool outgoing; /* whose id it is: one of _send() or the peer's */
	bool by_peer; /* FAILED */
	uint8_t reason; /* FAILED, CANCELLED: enum baton_reason */
	uint64_t total, offset; /* bytes */
	const uint8_t *meta; /* until the file is done */
	size_t meta_len;
	const uint8_t *local; /* of the sender; likewise */
	size_t local_len;
	const uint8_t *bytes; /* DATA */
	size_t len;
};

/* A file's place in the sender's memory; members are the machine's own. */
struct baton_file_out {
	uint64_t total;
	uint64_t at; /* of the next byte to write */
	uint64_t progress; /* kept by the receiver, as it said */
	uint64_t order; /* files go in the order in which they were sent */
	uint8_t id[BATON_FILE_ID_LEN];
	uint8_t state; /* enum baton_file_out_state; ahead of the store */
	uint8_t stored; /* what the store has */
	uint8_t reason;
	uint8_t turn; /* of the last GO heard on this link; 0: none */
	uint8_t news; /* events */
	uint16_t owed; /* envelopes */
	uint8_t meta_len, local_len;
	bool by_peer;
	bool going; /* the receiver wants bytes */
	bool armed; /* SUPPLY is to be told when there is room */
	uint8_t meta[BATON_FILE_META_MAX];
	uint8_t local[BATON_FILE_LOCAL_MAX];
};

/* The same at the receiver. */
struct baton_file_in {
	uint64_t total;
	uint64_t got; /* bytes given to the application by this process */
	uint64_t kept; /* it says so; ahead of the store */
	uint64_t stored_kept;
	uint8_t id[BATON_FILE_ID_LEN];
	uint8_t state; /* enum baton_file_in_state; ahead of the store */
	uint8_t stored;
	uint8_t reason;
	uint8_t turn; /* of the last GO */
	uint8_t news;
	uint8_t meta_len;
	uint16_t owed;
	bool accepted; /* by this process */
	bool went; /* GO was said on this link */
	bool paused;
	bool told; /* the application knows of it */
	bool progress_due; /* KEPT, once it is durable */
	uint8_t meta[BATON_FILE_META_MAX];
};

struct baton_bulk;
struct baton_bulk_member;

/* What an application takes; offers above it are refused or wait. */
struct baton_file_limits {
	uint64_t each_max; /* bytes of a file: above it is TOO_LARGE */
	uint64_t all_max; /* of all being received; above it, offers wait */
};

struct baton_file_reply {
	uint8_t op;
	uint8_t reason;
	uint8_t id[BATON_FILE_ID_LEN];
};

/* The machine; members are its own. */
struct baton_files {
	struct baton_bulk *bulk;
	struct baton_bulk_member *member;
	struct baton_file_out *out;
	struct baton_file_in *in;
	uint8_t out_count, in_count;
	struct baton_file_limits limits;
	uint64_t now_ms, retry_at_ms;
	uint64_t orders;
	size_t room;
	bool up;
	bool repeat; /* REPEAT is owed: the peer's word had no place */
	bool waiting; /* offers had no place: REPEAT when there is one */
	bool asked; /* a store operation is out */
	bool asked_out; /* for a place of the sender's side */
	bool store_failed;
	uint8_t asked_at, asked_state;
	uint64_t asked_kept;
	uint8_t tx_turn, event_turn, store_turn;
	uint32_t store_id;
	char name[BATON_FILE_NAME_LEN];
	uint8_t value[BATON_FILE_VALUE_MAX];
	struct baton_file_reply reply[BATON_FILE_REPLIES];
	uint8_t reply_count;
	/* Bytes that are here and not taken yet. */
	struct baton_file_in *data_of; /* NULL: none */
	const uint8_t *data;
	size_t data_len;
};

/*
 * Make a machine for one application. bulk and member (the application's,
 * session/bulk.h) outlive it; out and in are the caller's memory for out_count
 * files being sent and in_count being received (1..64 each), the machine's
 * until wipe(). BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_files_init(struct baton_files *files,
				struct baton_bulk *bulk,
				struct baton_bulk_member *member,
				struct baton_file_out *out, size_t out_count,
				struct baton_file_in *in, size_t in_count,
				const struct baton_file_limits *limits);
void baton_files_wipe(struct baton_files *files);

/*
 * Give back what was stored under a name that begins with "fo" or "fi" (others:
 * BATON_ERR_NOT_FOUND). BATON_ERR_ARG: not a value of this format;
 * BATON_ERR_SPACE: more files than places.
 */
BATON_MUST_CHECK
enum baton_err baton_files_load(struct baton_files *files, const char *name,
				const uint8_t *value, size_t len);

/*
 * Sender. send: a file of total bytes (0 to BATON_FILE_MAX) with meta for
 * the peer and local for oneself, both copied. id: 8 random bytes, which the
 * application may note before the call: BATON_ERR_STATE says that this one is
 * here already. BATON_ERR_SPACE: all places are taken. BATON_ERR_TOO_LARGE,
 * BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_files_send(struct baton_files *files,
				const uint8_t id[BATON_FILE_ID_LEN],
				uint64_t total, const uint8_t *meta,
				size_t meta_len, const uint8_t *local,
				size_t local_len);

/*
 * Give the bytes at *offset of the last SUPPLY and on; *taken (0..len) were
 * copied. BATON_ERR_AGAIN with 0 taken: wait for SUPPLY. BATON_ERR_STATE: not
 * this file now; BATON_ERR_TOO_LARGE: behind its end; BATON_ERR_NOT_FOUND.
 */
BATON_MUST_CHECK
enum baton_err baton_files_write(struct baton_files *files,
				 const uint8_t id[BATON_FILE_ID_LEN],
				 const uint8_t *bytes, size_t len,
				 size_t *taken, uint64_t now_ms);

/*
 * Give a file up; reason (enum baton_reason) is for the peer. FAILED follows,
 * or DELIVERED if it came too late. BATON_ERR_STATE, BATON_ERR_NOT_FOUND.
 */
BATON_MUST_CHECK
enum baton_err baton_files_cancel(struct baton_files *files,
				  const uint8_t id[BATON_FILE_ID_LEN],
				  uint8_t reason);

/*
 * Receiver, of a file that was OFFERED or RESUMED. accept: take it from offset
 * on, which is 0, or at most what RESUMED said. refuse: not wanted (any more),
 * at any time before _done(); erase what there is. If the power goes before that
 * is durable, the file may be RESUMED or COMPLETE again: refuse it again.
 * BATON_ERR_STATE, BATON_ERR_ARG, BATON_ERR_NOT_FOUND.
 */
BATON_MUST_CHECK
enum baton_err baton_files_accept(struct baton_files *files,
				  const uint8_t id[BATON_FILE_ID_LEN],
				  uint64_t offset);
BATON_MUST_CHECK
enum baton_err baton_files_refuse(struct baton_files *files,
				  const uint8_t id[BATON_FILE_ID_LEN],
				  uint8_t reason);

/*
 * All below offset is durable here: a later start goes on from there, and the
 * sender hears of it. It may be called seldom, and must be with the total at
 * the end: COMPLETE follows. BATON_ERR_ARG: less than before, or more than was
 * given.
 */
BATON_MUST_CHECK
enum baton_err baton_files_kept(struct baton_files *files,
				const uint8_t id[BATON_FILE_ID_LEN],
				uint64_t offset);

/*
 * Want no bytes for now, or again. What is on its way is dropped and sent
 * again later: nobody else has to wait for this application.
 */
BATON_MUST_CHECK
enum baton_err baton_files_pause(struct baton_files *files,
				 const uint8_t id[BATON_FILE_ID_LEN],
				 bool paused);

/*
 * The last event of a file (DELIVERED, FAILED; COMPLETE, CANCELLED) has had
 * its effect: it is not told again, and the file is forgotten as soon as the
 * peer allows. outgoing as in the event. BATON_ERR_STATE: not told yet.
 */
BATON_MUST_CHECK
enum baton_err baton_files_done(struct baton_files *files,
				const uint8_t id[BATON_FILE_ID_LEN],
				bool outgoing);

/* What is known of a file: state is enum baton_file_out_state or _in_state. */
struct baton_file_info {
	uint8_t id[BATON_FILE_ID_LEN];
	bool outgoing;
	uint8_t state;
	uint64_t total;
	uint64_t offset; /* given to write() or by DATA, in this process */
	uint64_t kept; /* durable at the receiver */
	bool going; /* bytes are asked for on this link, and not all went */
	const uint8_t *meta; /* until the file is done */
	size_t meta_len;
};

/* The index-th file there is, from 0 on. BATON_ERR_NOT_FOUND: no more. */
BATON_MUST_CHECK
enum baton_err baton_files_info(const struct baton_files *files, size_t index,
				struct baton_file_info *info);

/*
 * The peer's machine of the same application can be reached, or not any more.
 * room: longest body of an envelope, at least BATON_FILE_BODY_MAX. Before
 * up, bulk knows the peer's channel of this application.
 */
void baton_files_link(struct baton_files *files, bool up, size_t room,
		      uint64_t now_ms);

/* An envelope came; op is the low nibble of its kind. */
enum baton_err baton_files_rx(struct baton_files *files, uint8_t op,
			      const uint8_t *body, size_t len, uint64_t now_ms);

/* The next envelope to send; false: none now. cap: at least room. */
BATON_MUST_CHECK
bool baton_files_tx(struct baton_files *files, uint8_t *op, uint8_t *body,
		    size_t cap, size_t *len, uint64_t now_ms);

/*
 * Names of what is stored: the at-th, from 0 on; false: no more. For a caller
 * that deletes them all: after this nothing but wipe() may be called.
 */
BATON_MUST_CHECK
bool baton_files_name(const struct baton_files *files, size_t at,
		      char name[BATON_FILE_NAME_LEN]);

/* One write at a time, of one value. stored(): err 0, it is durable. */
BATON_MUST_CHECK
bool baton_files_next_store_op(struct baton_files *files,
			       struct baton_store_op *op);
void baton_files_stored(struct baton_files *files, uint32_t id,
			enum baton_err err, uint64_t now_ms);

/* When tick() wants to be called, UINT64_MAX for never. */
uint64_t baton_files_deadline(const struct baton_files *files);
void baton_files_tick(struct baton_files *files, uint64_t now_ms);

/*
 * The next event. Take all there are before the engine's next event is asked
 * for: bytes of DATA that were not taken by then are lost here, and sent again.
 */
BATON_MUST_CHECK
bool baton_files_next_event(struct baton_files *files,
			    struct baton_file_event *event);

#endif
