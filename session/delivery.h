/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_DELIVERY_H
#define BATON_SESSION_DELIVERY_H

/*
 * What applications send each other (session/DELIVERY.md): the applications of
 * one bond, each with its own channel, keys and limits, and the modes in which
 * they send. Above the engine, which does not know it. It does no I/O:
 *
 *   MESSAGE on stream 0 -> _rx()     _tx() -> baton_session_send()
 *   session ACTIVE, or not -> _link() _next_store_op() -> the store -> _stored()
 *
 * The promise: no application can read what another one sends or stores, keep
 * it from sending, or pass for it. An application is named by its handle, which
 * register() gave and the caller keeps for it.
 *
 * Applications call their machines (session/request.h, context.h, queue.h) with
 * what baton_delivery_requests() and so on give for a handle. Times are ms on
 * the caller's monotonic clock. Memory is the caller's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/drbg.h"
#include "session/application.h"
#include "session/bytestream.h"
#include "session/context.h"
#include "session/file.h"
#include "session/queue.h"
#include "session/request.h"
#include "session/store_op.h"

#define BATON_APPLICATIONS_MAX 32 /* of an endpoint */
#define BATON_CHANNELS_MAX 36 /* of a peer */

/* An envelope: a short message of the engine on stream MESSAGE/0. */
#define BATON_ENVELOPE_LEN 2 /* bytes before its body */
#define BATON_ENVELOPE_STREAM 0
/* What record_max leaves for the body of an envelope. */
#define BATON_ENVELOPE_ROOM(record_max) ((record_max)-4)
#define BATON_ENVELOPE_ROOM_MIN BATON_ENVELOPE_ROOM(512)

enum baton_mode {
	BATON_MODE_DELIVERY = 0, /* CHANNELS */
	BATON_MODE_REQUEST = 1,
	BATON_MODE_CONTEXT = 2,
	BATON_MODE_QUEUE = 3,
	BATON_MODE_FILE = 4,
	BATON_MODE_STREAM = 5,
	BATON_MODE_HANDOFF = 6,
};

struct baton_envelope {
	uint8_t mode; /* enum baton_mode, not checked */
	uint8_t op; /* 0..15 */
	uint8_t channel; /* the sender's number of the application */
	const uint8_t *body;
	size_t len;
};

/* BATON_ERR_PEER_LENGTH: too short. Pointers lead into p. */
BATON_MUST_CHECK
enum baton_err baton_envelope_decode(struct baton_envelope *envelope,
				     const uint8_t *p, size_t len);

/* Write what stands before a body. */
void baton_envelope_put(uint8_t p[BATON_ENVELOPE_LEN], enum baton_mode mode,
			uint8_t op, uint8_t channel);

/* Modes that delivery runs itself; their machines in order of precedence. */
#define BATON_MACHINES 5

/* Longest value that one of its machines stores. */
#define BATON_DELIVERY_VALUE_MAX (BATON_ITEM_MAX + 32)

/* An application; members are delivery's own. */
struct baton_channel {
	struct baton_application application;
	struct baton_application_keys keys;
	struct baton_requests requests;
	struct baton_context context;
	struct baton_queue queue;
	/* In the application's memory; NULL: it has no such mode. */
	struct baton_files *files;
	struct baton_bytestreams *streams;
	uint64_t filled_ms; /* when level was right */
	uint32_t level; /* thousandths of an envelope that may go out */
	uint8_t peer; /* the peer's number of it */
	/* What the peer takes at once, as it said on this link; bytes. */
	uint16_t peer_message, peer_context, peer_item;
	bool used, erasing;
	bool open; /* both have it, and there is a link */
	bool waits; /* for its level */
};

enum baton_delivery_event_type {
	BATON_DELIVERY_REQUEST, /* u.request, and so on */
	BATON_DELIVERY_CONTEXT,
	BATON_DELIVERY_QUEUE,
	BATON_DELIVERY_FILE,
	BATON_DELIVERY_STREAM,
	/* The peer has the application, or has it no more (no link). */
	BATON_DELIVERY_OPEN,
	BATON_DELIVERY_SHUT,
	/* On this link the peer lacks it. */
	BATON_DELIVERY_UNKNOWN,
	/* All that the application had stored is deleted. */
	BATON_DELIVERY_ERASED,
};

struct baton_delivery_event {
	enum baton_delivery_event_type type;
	uint8_t application; /* its handle */
	union {
		struct baton_request_event request;
		struct baton_context_event context;
		struct baton_queue_event queue;
		struct baton_file_event file;
		struct baton_bytestream_event stream;
	} u;
};

struct baton_delivery {
	struct baton_channel *channel; /* the caller's table */
	struct baton_bulk *bulk; /* the caller's; NULL: no files, no streams */
	struct baton_bulk_member *member; /* one for each channel */
	uint8_t count, registered;
	uint8_t turn, event_turn, store_turn; /* whose turn it is */
	uint8_t peer_count;
	uint8_t handle[BATON_CHANNELS_MAX]; /* of the peer's numbers; 255 */
	uint8_t news[BATON_APPLICATIONS_MAX]; /* events, one bit each */
	bool up, owes_channels, has_channels;
	size_t room;
	uint8_t session[BATON_CRYPTO_KEY_LEN]; /* key of this link's session */
	struct baton_drbg drbg;
	uint64_t now_ms, retry_at_ms;

	/* The store operation that is out. */
	bool asked, erases;
	uint8_t asked_channel, asked_machine;
	uint32_t asked_id; /* the machine's */
	uint32_t store_id;
	/* Names of a machine that are deleted; and when it is durable. */
	size_t erased, next_erased;
	uint8_t erase_channel, erase_machine, next_erase_machine;
	char key[BATON_STORE_WRITES_MAX][BATON_STORE_KEY_MAX];
	uint8_t value[BATON_STORE_WRITES_MAX]
		     [BATON_DELIVERY_VALUE_MAX + BATON_SEAL_LEN];
};

/*
 * Make delivery for the peer of one bond. channel: the caller's, count places
 * (1..BATON_APPLICATIONS_MAX), delivery's until wipe(). seed: 32 random bytes,
 * new at every start. BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_delivery_init(struct baton_delivery *delivery,
				   struct baton_channel *channel, size_t count,
				   const uint8_t seed[BATON_DRBG_SEED_LEN]);
/*
 * Let applications have files and byte streams; before the first of them is
 * registered. bulk: that of the engine (session/bulk.h), which outlives delivery;
 * its link is delivery's business from now on, its events and its pump the
 * caller's. member: the caller's, as many as channels, delivery's until wipe().
 */
void baton_delivery_bulk(struct baton_delivery *delivery,
			 struct baton_bulk *bulk,
			 struct baton_bulk_member *member);

/* Erase what is in memory, the applications' too; it is the caller's again. */
void baton_delivery_wipe(struct baton_delivery *delivery);

/* Bytes of memory that an application with these limits takes. */
size_t baton_delivery_memory_len(const struct baton_application *application);

/*
 * Register an application, before load and the first link; *handle names it
 * (0 for the first, and so on). root: see baton_application_keys(); the caller
 * wipes it. memory: of the length above, aligned as malloc does, delivery's
 * until wipe(). BATON_ERR_ARG: a limit is out of range, the id is all zero or
 * there, or it has files or streams and there is no bulk; BATON_ERR_SPACE: no place is left, or too little memory;
 * BATON_ERR_STATE: there is a link.
 */
BATON_MUST_CHECK
enum baton_err
baton_delivery_register(struct baton_delivery *delivery,
			const struct baton_application *application,
			const uint8_t root[BATON_CRYPTO_KEY_LEN], void *memory,
			size_t memory_len, uint8_t *handle);

/*
 * Give a value as it was stored, each once, in any order, before the first link.
 * BATON_ERR_NOT_FOUND: its key is none of these applications', or one that no
 * machine here knows (a caller's own: baton_delivery_keys()). BATON_ERR_ARG:
 * damaged, it may be deleted. BATON_ERR_SPACE: the application's limits are
 * smaller than they were when it was stored.
 */
BATON_MUST_CHECK
enum baton_err baton_delivery_load(struct baton_delivery *delivery,
				   const char *key, const uint8_t *value,
				   size_t len);

/*
 * The session is active on a link to this bond's peer, or is not any more.
 * session: the session's key on this link, copied. room: bytes that the body of
 * an envelope may have, BATON_ENVELOPE_ROOM() of the smaller record_max. With up
 * false neither matters.
 */
void baton_delivery_link(struct baton_delivery *delivery, bool up,
			 const uint8_t session[BATON_CRYPTO_KEY_LEN],
			 size_t room, uint64_t now_ms);

/*
 * An envelope came. Nothing of it is kept. A peer error: dropped, nothing
 * changed. BATON_ERR_NOT_FOUND: a mode that is not delivery's but the caller's
 * (handoff): baton_envelope_decode(), baton_delivery_here().
 */
enum baton_err baton_delivery_rx(struct baton_delivery *delivery,
				 const uint8_t *bytes, size_t len,
				 uint64_t now_ms);

/*
 * The next envelope for baton_session_send(): into dst (cap: at least
 * BATON_ENVELOPE_LEN and room), *len bytes. False: none now. What was given
 * counts as sent: where the engine has no room, the caller keeps it until it
 * has, or the link goes.
 */
BATON_MUST_CHECK
bool baton_delivery_tx(struct baton_delivery *delivery, uint8_t *dst,
		       size_t cap, size_t *len, uint64_t now_ms);

uint64_t baton_delivery_deadline(const struct baton_delivery *delivery);
void baton_delivery_tick(struct baton_delivery *delivery, uint64_t now_ms);

/* Pointers in event are good until the next call, but an item's. */
BATON_MUST_CHECK
bool baton_delivery_next_event(struct baton_delivery *delivery,
			       struct baton_delivery_event *event);

/*
 * The next writes that must become durable together, sealed, with keys that
 * begin with "app/"; as with the engine.
 */
BATON_MUST_CHECK
bool baton_delivery_next_store_op(struct baton_delivery *delivery,
				  struct baton_store_op *op);
void baton_delivery_stored(struct baton_delivery *delivery, uint32_t id,
			   enum baton_err err, uint64_t now_ms);

/*
 * Delete all that the application has stored for this bond; it is shut from
 * now on (SHUT, where it was open), what it had in memory is wiped, and ERASED
 * comes when it is durable.
 * BATON_ERR_NOT_FOUND.
 */
BATON_MUST_CHECK
enum baton_err baton_delivery_erase(struct baton_delivery *delivery,
				    uint8_t handle, uint64_t now_ms);

/* The machines of an application; NULL: no such application, or mode. */
struct baton_requests *baton_delivery_requests(struct baton_delivery *delivery,
					       uint8_t handle);
struct baton_context *baton_delivery_context(struct baton_delivery *delivery,
					     uint8_t handle);
struct baton_queue *baton_delivery_queue(struct baton_delivery *delivery,
					 uint8_t handle);
struct baton_files *baton_delivery_files(struct baton_delivery *delivery,
					 uint8_t handle);
struct baton_bytestreams *
baton_delivery_streams(struct baton_delivery *delivery, uint8_t handle);

/*
 * For modes that are the caller's. here: the handle of the peer's channel
 * number; BATON_ERR_PEER_UNKNOWN: none that both have. is_open: both have the
 * application, and there is a link; its own channel number is its handle.
 */
BATON_MUST_CHECK
enum baton_err baton_delivery_here(const struct baton_delivery *delivery,
				   uint8_t channel, uint8_t *handle);
bool baton_delivery_is_open(const struct baton_delivery *delivery,
			    uint8_t handle);

/* The handle of an application's id. BATON_ERR_NOT_FOUND. */
BATON_MUST_CHECK
enum baton_err baton_delivery_find(const struct baton_delivery *delivery,
				   const uint8_t id[BATON_APPLICATION_ID_LEN],
				   uint8_t *handle);

/* The id, and the keys for what a caller's mode stores; NULL: none such. */
const uint8_t *baton_delivery_id(const struct baton_delivery *delivery,
				 uint8_t handle);
const struct baton_application_keys *
baton_delivery_keys(const struct baton_delivery *delivery, uint8_t handle);

/*
 * The live key of an application on this link (DELIVERY.md 3); secret.
 * BATON_ERR_NOT_FOUND; BATON_ERR_STATE: no link.
 */
BATON_MUST_CHECK
enum baton_err baton_delivery_live_key(const struct baton_delivery *delivery,
				       uint8_t handle,
				       uint8_t key[BATON_CRYPTO_KEY_LEN]);

#endif
