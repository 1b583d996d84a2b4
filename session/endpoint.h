/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_ENDPOINT_H
#define BATON_SESSION_ENDPOINT_H

/*
 * The whole of a device (session/ENDPOINT.md): the engine, and for each of its
 * bonds a peer: the session's lifecycle, handoff, and delivery of all
 * applications. It carries their frames, envelopes, bytes, writes and stored
 * values to and fro. Class BULK is that of files and byte streams; where no
 * application has such it is the caller's, and its events come as the engine's.
 *
 * It does no I/O, like the engine, and is called like it: after every call, of
 * it or of one of its machines, look again at tx(), next_event(),
 * next_store_op() and deadline(). Times are ms on one monotonic clock.
 *
 *	baton_endpoint_init(), then _load() of what is stored, bonds first
 *	the bearer: _link_up(), _rx(), _tx(), _link_down()
 *	pairing: baton_session_*() with baton_endpoint_session()
 *	applications: baton_handoff_*(), baton_requests_*(), baton_queue_*(),
 *	baton_files_*(), baton_bytestreams_*() ... with what the calls at the
 *	end give for a peer
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "session/bulk.h"
#include "session/bytestream.h"
#include "session/delivery.h"
#include "session/file.h"
#include "session/handoff.h"
#include "session/lifecycle.h"
#include "session/session.h"

/* An application, its limits, and what it may have of each mode; 0: none. */
struct baton_endpoint_application {
	struct baton_application application;
	uint8_t activities; /* handoff */
};

struct baton_endpoint_config {
	struct baton_session_config session;
	struct baton_lifecycle_device device;
	/* Handle n is application n; they are copied. */
	const struct baton_endpoint_application *application;
	uint8_t applications; /* 1..BATON_APPLICATIONS_MAX */
	uint8_t peers; /* bonds with machines of their own, 1..BATON_BONDS */
	uint8_t activities; /* of all applications with one peer */
};

enum baton_endpoint_event_type {
	/*
	 * Of the engine; u.session. All but what the endpoint deals with:
	 * frames, stream MESSAGE/0, class BULK, and REVOKED of a peer.
	 * PAIRED: the peer is there.
	 */
	BATON_ENDPOINT_SESSION,
	BATON_ENDPOINT_LIFECYCLE, /* u.lifecycle */
	BATON_ENDPOINT_HANDOFF, /* u.handoff */
	BATON_ENDPOINT_DELIVERY, /* u.delivery: request, context, queue */
	/*
	 * Of application; bytes of DATA until the next call of anything: copy
	 * or write them before it.
	 */
	BATON_ENDPOINT_FILE, /* u.file */
	BATON_ENDPOINT_STREAM, /* u.stream */
	/*
	 * The bond is gone and all that was kept of it is deleted, durably
	 * (err: what the store said of the bond itself). The peer's number is
	 * free. Nothing of its machines may be used from here on.
	 */
	BATON_ENDPOINT_REVOKED,
};

#define BATON_ENDPOINT_NOBODY 255 /* no peer, no application */

struct baton_endpoint_event {
	enum baton_endpoint_event_type type;
	uint8_t peer; /* its number, or NOBODY */
	uint8_t application; /* handle, or NOBODY */
	uint8_t bond[BATON_BOND_ID_LEN]; /* the peer's */
	enum baton_err err; /* REVOKED */
	union {
		struct baton_event session;
		struct baton_lifecycle_event lifecycle;
		struct baton_handoff_event handoff;
		struct baton_delivery_event delivery;
		struct baton_file_event file;
		struct baton_bytestream_event stream;
	} u;
};

enum baton_peer_state {
	BATON_PEER_FREE,
	BATON_PEER_BONDED,
	BATON_PEER_ERASING, /* revoked; its values are being deleted */
};

/* A bond; members are the endpoint's own. */
struct baton_peer {
	uint8_t state; /* enum baton_peer_state */
	uint8_t bond[BATON_BOND_ID_LEN];
	struct baton_lifecycle lifecycle;
	struct baton_handoff handoff;
	struct baton_delivery delivery;
	/* One of each application, in the endpoint's memory. */
	struct baton_application_keys *keys;
	struct baton_bulk_member *member; /* NULL: no files, no streams */
	uint8_t *memory;
	bool linked; /* the engine's link is this peer's */
	bool active; /* its machines have the link */
	bool wants_link; /* they are to have it */
	bool bond_gone, lifecycle_gone, handoff_gone; /* durably */
	uint8_t applications_left; /* to be erased */
	uint8_t event_turn, tx_turn;
	enum baton_err err; /* of deleting the bond */
};

/* A frame that the engine has no room for. */
struct baton_endpoint_frame {
	uint8_t code; /* 0: none */
	uint8_t len;
	uint8_t body[BATON_FRAME_BODY_MAX];
};

struct baton_endpoint {
	struct baton_session session;
	struct baton_endpoint_config config; /* its applications in memory */
	struct baton_peer peer[BATON_BONDS];
	struct baton_bulk bulk;
	struct baton_drbg drbg;
	uint8_t *memory; /* the caller's */
	size_t memory_len;
	size_t peer_len; /* of it, for one peer */
	uint64_t now_ms, wall_s;
	uint64_t dropped; /* frames and envelopes of peers, since init */
	/* What the engine had no room for. */
	struct baton_endpoint_frame urgent, frame;
	uint8_t *envelope; /* in memory */
	size_t envelope_len; /* 0: none */
	unsigned int envelope_flags; /* enum baton_send_flags */
	/* The store operation that is out. */
	bool asked;
	uint8_t asked_at;
	uint32_t asked_id, store_id;
	uint8_t store_turn, event_turn;
	/* A bond that was made, for the place of one that is being erased. */
	bool waits;
	uint8_t waiting[BATON_BOND_ID_LEN];
};

/* Bytes of memory an endpoint of this configuration needs; 0: not valid. */
size_t baton_endpoint_memory_len(const struct baton_endpoint_config *config);

/*
 * Make an endpoint. config is copied. memory: the caller's, of the length above,
 * aligned as malloc does, the endpoint's until wipe(). seed: as with
 * baton_session_init(). BATON_ERR_ARG, BATON_ERR_SPACE: nothing was made.
 */
BATON_MUST_CHECK
enum baton_err baton_endpoint_init(struct baton_endpoint *endpoint,
				   const struct baton_endpoint_config *config,
				   void *memory, size_t memory_len,
				   const uint8_t seed[32]);

/* Erase everything; the memory is the caller's again. */
void baton_endpoint_wipe(struct baton_endpoint *endpoint);

/*
 * Give a value as it was stored, each once, before the first link: first those
 * whose keys begin with "bond/", then the others. BATON_ERR_NOT_FOUND: of no
 * bond, or of no application of this run. BATON_ERR_ARG: damaged, it may be
 * deleted; BATON_ERR_SPACE: limits are smaller than they were.
 */
BATON_MUST_CHECK
enum baton_err baton_endpoint_load(struct baton_endpoint *endpoint,
				   const char *key, const uint8_t *value,
				   size_t len, uint64_t now_ms);

/*
 * The engine, for pairing (pairing_open, secret_make, secret_take, code,
 * confirm), bond_select, link_mtu, link_changed, stats, and messages on the
 * streams MESSAGE/1 and up, and of class BULK if it is the caller's.
 */
struct baton_session *baton_endpoint_session(struct baton_endpoint *endpoint);

/* As with the engine. wall_s: phone, seconds since 1970; a watch gives 0. */
BATON_MUST_CHECK
enum baton_err baton_endpoint_link_up(struct baton_endpoint *endpoint,
				      const struct baton_link_facts *facts,
				      uint64_t wall_s, uint64_t now_ms);
void baton_endpoint_link_down(struct baton_endpoint *endpoint, uint64_t now_ms);
enum baton_err baton_endpoint_rx(struct baton_endpoint *endpoint,
				 const uint8_t *pdu, size_t len,
				 uint64_t now_ms);
BATON_MUST_CHECK
size_t baton_endpoint_tx(struct baton_endpoint *endpoint, uint8_t *dst,
			 size_t cap, uint64_t now_ms);
uint64_t baton_endpoint_deadline(const struct baton_endpoint *endpoint);
void baton_endpoint_tick(struct baton_endpoint *endpoint, uint64_t now_ms);

/* Pointers in event live until the next call of anything here. */
BATON_MUST_CHECK
bool baton_endpoint_next_event(struct baton_endpoint *endpoint,
			       struct baton_endpoint_event *event,
			       uint64_t now_ms);

/* One operation is out at a time, of all there is; as with the engine. */
BATON_MUST_CHECK
bool baton_endpoint_next_store_op(struct baton_endpoint *endpoint,
				  struct baton_store_op *op);
void baton_endpoint_stored(struct baton_endpoint *endpoint, uint32_t id,
			   enum baton_err err, uint64_t now_ms);

/*
 * Peers have numbers from 0 to BATON_BONDS - 1, with gaps. bond into bond.
 * BATON_ERR_NOT_FOUND: no such peer.
 */
BATON_MUST_CHECK
enum baton_err baton_endpoint_bond(const struct baton_endpoint *endpoint,
				   uint8_t peer,
				   uint8_t bond[BATON_BOND_ID_LEN]);
/* The peer on the link, once it is secured; BATON_ENDPOINT_NOBODY. */
uint8_t baton_endpoint_peer(const struct baton_endpoint *endpoint);

/* UNPAIRED and PAIRING where there is no such peer. */
enum baton_lifecycle_state
baton_endpoint_state(const struct baton_endpoint *endpoint, uint8_t peer);

/*
 * Forget a peer: its bond, session, activities and all that applications have
 * stored for it. Holds at once; REVOKED comes when it is durable. What there is
 * of a file that was coming is the application's, to be erased at REVOKED.
 * BATON_ERR_NOT_FOUND, BATON_ERR_STATE: it is going already.
 */
BATON_MUST_CHECK
enum baton_err baton_endpoint_revoke(struct baton_endpoint *endpoint,
				     uint8_t peer, uint64_t now_ms);

/*
 * The machines of a peer and, where one is named, of an application; NULL: there
 * is no such peer (any more), application or mode. What an application calls
 * answers NOT_FOUND then; lifecycle and delivery are not to be asked. Not to be
 * kept over REVOKED.
 */
struct baton_lifecycle *
baton_endpoint_lifecycle(struct baton_endpoint *endpoint, uint8_t peer);
struct baton_handoff *baton_endpoint_handoff(struct baton_endpoint *endpoint,
					     uint8_t peer);
struct baton_delivery *baton_endpoint_delivery(struct baton_endpoint *endpoint,
					       uint8_t peer);
struct baton_requests *baton_endpoint_requests(struct baton_endpoint *endpoint,
					       uint8_t peer,
					       uint8_t application);
struct baton_context *baton_endpoint_context(struct baton_endpoint *endpoint,
					     uint8_t peer, uint8_t application);
struct baton_queue *baton_endpoint_queue(struct baton_endpoint *endpoint,
					 uint8_t peer, uint8_t application);
struct baton_files *baton_endpoint_files(struct baton_endpoint *endpoint,
					 uint8_t peer, uint8_t application);
struct baton_bytestreams *
baton_endpoint_streams(struct baton_endpoint *endpoint, uint8_t peer,
		       uint8_t application);
#endif
