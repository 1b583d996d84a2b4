/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_SESSION_H
#define BATON_SESSION_SESSION_H

/*
 * The engine: one watch or one phone, with its bonds, one link at a time and
 * the streams that survive links (session/SPEC.md).
 *
 * It does no I/O. The caller brings PDUs and the time in, takes PDUs, events
 * and store operations out, and after every call looks again at tx(),
 * next_event(), next_store_op() and deadline(). Times are milliseconds on one
 * monotonic clock of the caller's that never runs backwards.
 *
 * Errors: the caller's mistakes change nothing. rx() answers a peer's error
 * (baton_err_is_peer) for a PDU that was dropped: worth counting, nothing to
 * do. A fatal error ends the link, never the session: it also comes as
 * BATON_EVENT_LINK_CLOSE.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/drbg.h"
#include "crypto/record.h"
#include "session/bond.h"
#include "session/config.h"
#include "session/handshake.h"
#include "session/store_op.h"
#include "transport/incoming.h"
#include "transport/link.h"
#include "transport/outgoing.h"
#include "transport/pack.h"

/* In the order of the bits that they wait as (session/internal.h). */
enum baton_event_type {
	/* Show u.compare.code (6 digits); answer with _confirm(). */
	BATON_EVENT_COMPARE,
	/* A bond is durable on both sides; u.bond.id names it. */
	BATON_EVENT_PAIRED,
	/* Pairing ended without a bond; u.closed.err says why. */
	BATON_EVENT_PAIR_FAILED,
	/* Both sides are authenticated, streams may be used. */
	BATON_EVENT_SECURED,
	/*
	 * The store of one side holds less than it did: it was put back, or
	 * copied to another device that went on with it. This link has fresh
	 * keys all the same; what else came from that store is old.
	 */
	BATON_EVENT_ROLLED_BACK,
	/*
	 * The bond u.bond.id is gone for good: revoke() asked for it, the
	 * peer did, or it never served and made room for a new one.
	 * u.bond.err: what the store said of deleting it.
	 */
	BATON_EVENT_REVOKED,
	/* Close this link in the bearer; u.closed.err says why. */
	BATON_EVENT_LINK_CLOSE,
	/*
	 * A session frame for a machine above the engine; u.frame. Urgent
	 * ones come before all that is about messages.
	 */
	BATON_EVENT_FRAME,
	/*
	 * Show u.typed.digits with baton_typed_text(), for the person to type
	 * them on the other device.
	 */
	BATON_EVENT_SHOW_CODE,
	/*
	 * Ask the person for the code that the other device shows, and give it
	 * with baton_session_code(). Links come and go meanwhile.
	 */
	BATON_EVENT_TYPE_CODE,
	/*
	 * Show u.secret.bytes as a QR code, or as text: baton_oob_text(). The
	 * other device takes it.
	 */
	BATON_EVENT_SHOW_SECRET,
	/*
	 * Ask the person to scan or type the secret that the other device
	 * shows, and give it with baton_session_secret_take(). Links come and
	 * go meanwhile.
	 */
	BATON_EVENT_TAKE_SECRET,
	/* A streamed message begins: u.message.total, offset and meta. */
	BATON_EVENT_BEGIN,
	/* A whole short message, all of it in u.message. */
	BATON_EVENT_MESSAGE,
	/* The next bytes of the message that has begun; u.message. */
	BATON_EVENT_DATA,
	/* The message is complete and every byte of it was authentic. */
	BATON_EVENT_END,
	/* The message being received will not be completed: drop it. */
	BATON_EVENT_ABORTED,
	/*
	 * Short messages u.sent.message to u.sent.end - 1 were lost with the
	 * last link: send them again if they still matter. Numbering goes on
	 * at u.sent.message.
	 */
	BATON_EVENT_LOST,
	/* The peer refused the message in progress; u.sent.reason. */
	BATON_EVENT_REFUSED,
	/*
	 * The peer is done with all messages below u.sent.message: it has
	 * taken them, but for those that REFUSED or cancel() was about.
	 */
	BATON_EVENT_DELIVERED,
	/* Give the bytes of the message in progress again, from u.sent.offset. */
	BATON_EVENT_REWIND,
	/* write() or send() answered AGAIN and may be called again. */
	BATON_EVENT_WRITABLE,
};

/* Where a message travels. Streams are numbered per class. */
struct baton_stream_id {
	uint8_t class_id; /* enum baton_class: MESSAGE or BULK */
	uint8_t number; /* 0..BATON_STREAMS - 1 */
};

struct baton_event {
	enum baton_event_type type;
	struct baton_stream_id stream;
	union {
		struct {
			enum baton_err err;
			uint8_t peer_version[2]; /* highest, lowest; or 0 */
		} closed;
		struct {
			uint32_t code; /* 0..999999 */
		} compare;
		struct {
			uint8_t digits[BATON_TYPED_DIGITS];
		} typed;
		struct {
			const uint8_t *bytes; /* BATON_OOB_SECRET_LEN */
		} secret;
		struct {
			uint8_t id[BATON_BOND_ID_LEN];
			enum baton_err err; /* REVOKED */
		} bond;
		struct {
			uint32_t number; /* of the message in its stream */
			uint32_t total; /* length, BATON_TOTAL_UNKNOWN */
			uint32_t offset; /* of bytes in the message */
			const uint8_t *bytes; /* until the next call */
			size_t len;
			const uint8_t *meta; /* BEGIN only */
			size_t meta_len;
		} message;
		struct {
			uint32_t message;
			uint32_t end; /* LOST */
			uint32_t offset; /* REWIND */
			uint8_t reason; /* REFUSED: enum baton_reason */
		} sent;
		struct {
			uint8_t code; /* BATON_FRAME_CODE_*, _URGENT_CODE_* */
			const uint8_t *body; /* until the next call */
			size_t len;
		} frame;
	} u;
};

#define BATON_TOTAL_UNKNOWN UINT32_MAX

/* What the engine has done, for reports; counts since init. */
struct baton_session_stats {
	struct baton_link_stats link; /* of all links */
	uint32_t tx_records, rx_records;
	uint32_t srtt_ms; /* smoothed round trip of the present link, 0: none */
};

/*
 *                flight 2   +-> RESUMING --+ flight 3
 *                by ticket  |              v
 *          link_up          |  pairing: keys          both said yes,
 *   IDLE ----------> HANDSHAKE -------------> CONFIRM --------------+
 *    ^                   |  bond: keys          bond is durable     |
 *    |                   +----------------> SYNCING <---------------+
 *    |                   |                     |
 *    |                   | no version, no bond | SYNC came
 *    |                   v        revoked      v
 *    |               PARTING <------------- SECURED
 *    |                   |                     |
 *    |                   +------> CLOSING <----+ any fatal error
 *    |                               |
 *    +------------ link_down --------+  (from every state)
 */
enum baton_session_state {
	BATON_SESSION_IDLE, /* no link */
	BATON_SESSION_CLOSING, /* waits for the bearer to drop the link */
	BATON_SESSION_HANDSHAKE, /* flights */
	BATON_SESSION_PARTING, /* our REJECT or CLOSE is on its way */
	BATON_SESSION_RESUMING, /* watch: flight 2 is taken, then answered */
	BATON_SESSION_CONFIRM, /* people compare, the bond is written */
	BATON_SESSION_SYNCING, /* our SYNC is out, the peer's is not here */
	BATON_SESSION_SECURED, /* messages flow */
};

/* What is to be written; one operation is out at a time. */
struct baton_storing {
	uint8_t what; /* enum store_what: the operation that is out */
	uint8_t ticket; /* whose ticket it writes */
	uint8_t revoked_count;
	bool new_bond; /* the bond behind the last one */
	enum baton_err revoke_err; /* of the first of revoked, to be told */
	uint32_t id; /* of the last operation */
	uint32_t generation; /* of the ticket that it writes */
};

/*
 * The engine; members are its own. What is read most often comes first: it
 * takes the shortest instructions.
 */
struct baton_session {
	enum baton_session_state state;
	enum baton_role role;
	uint8_t owes; /* frames to be sent, as bits (session/internal.h) */
	uint8_t tell; /* events of the link, likewise */
	bool tell_news; /* perhaps something of an outgoing stream */
	bool frame_open; /* frame is not taken yet */
	bool record_parked; /* the record being read came in flight 2 */
	uint8_t bond_count;
	uint8_t bond_at; /* of the peer on this link */
	uint8_t bond_wanted; /* a phone reconnects with this one */
	uint8_t bad_flights;
	uint8_t urgent_count; /* those that wait */
	uint8_t urgent_at; /* the first of them */
	uint8_t early_class; /* of what was sent before the link; 0: none */
	bool held; /* a ticket must be durable before we go on */
	bool by_ticket; /* this link began with one */
	bool said_yes, peer_said_yes;
	bool bond_durable, peer_bonded;
	enum baton_err close_err;
	enum baton_err pair_err;
	uint8_t peer_version[2]; /* highest and lowest, of its last hello */
	struct baton_storing storing;
	uint16_t parked_len; /* of early_class, on its way into flight 2 */
	bool wants_room[BATON_CLASSES]; /* some stream of the class does */
	struct baton_handshake *handshake; /* in the batches' memory */
	struct baton_secrets *secrets; /* of the pairing window */
	uint32_t records_in, records_out;
	struct baton_frames record; /* being read; p is NULL: none is */
	uint8_t *stored; /* values and keys of the store operation */
	void *rotation; /* behind the last flight (session/internal.h) */
	uint8_t *memory; /* the caller's */
	size_t memory_len;
	/* In the time of the link (transport/timing.h). */
	uint32_t now_ms; /* of the call at hand */
	uint32_t state_deadline_ms;
	uint32_t answer_ms; /* RESUMING: flight 3 goes no later than this */
	uint32_t stated, stated_proven; /* of the ticket, in our SYNC */
	/* In the caller's time. */
	uint64_t clock_ms; /* of the call at hand */
	uint64_t began_ms; /* when the link came up */
	uint64_t pairing_until_ms; /* 0: the pairing window is shut */

	struct baton_incoming_news frame_news; /* what is left to tell of it */
	struct baton_frame frame; /* the frame being told */

	struct baton_link link;
	struct baton_outgoing outgoing;
	struct baton_incoming incoming;
	struct baton_unpack unpack;
	struct baton_session_config config;
	struct baton_drbg drbg;
	union { /* What a proof of the numbering is of (SPEC 4) */
		struct {
			uint8_t numbering[BATON_NUMBERING_LEN]; /* its name */
			/* Of this link's handshake. */
			uint8_t h[BATON_CRYPTO_HASH_LEN];
		};
		uint8_t proven[BATON_NUMBERING_LEN + BATON_CRYPTO_HASH_LEN];
	};
	/* Bonds whose deletion is not durable yet; with the others no more. */
	uint8_t revoked[BATON_BONDS][BATON_BOND_ID_LEN];
	struct baton_record_key seal[BATON_CLASSES];
	struct baton_record_key open[BATON_CLASSES];
	struct baton_bond
		bonds[BATON_BONDS]; /* one more may be in the making */
};

/* Bytes of memory an engine of this configuration needs. */
size_t baton_session_memory_len(const struct baton_session_config *config);

/*
 * Make an engine. config is copied; limits in session/config.h. memory is
 * the caller's, baton_session_memory_len(config) bytes, aligned as malloc
 * does, and stays the engine's until wipe(). seed: 32 bytes from a true random
 * source, different at every start; wiped by nobody but the caller.
 * BATON_ERR_ARG, BATON_ERR_SPACE: nothing was made.
 */
BATON_MUST_CHECK
enum baton_err baton_session_init(struct baton_session *session,
				  const struct baton_session_config *config,
				  void *memory, size_t memory_len,
				  const uint8_t seed[32]);

/* Erase every secret; the memory is the caller's again. */
void baton_session_wipe(struct baton_session *session);

/*
 * Give a value as it was stored by a PUT, each once and before the first link;
 * it is copied. BATON_ERR_NOT_FOUND: a key that is none of the engine's.
 * BATON_ERR_ARG: not a value of this role, or damaged: it may be deleted.
 * BATON_ERR_SPACE: more than BATON_BONDS.
 */
BATON_MUST_CHECK
enum baton_err baton_session_load(struct baton_session *session,
				  const char *key, const uint8_t *value,
				  size_t len);

/* Number of bonds, and the id of the index-th (0-based) into id. */
size_t baton_session_bond_count(const struct baton_session *session);
BATON_MUST_CHECK
enum baton_err baton_session_bond_id(const struct baton_session *session,
				     size_t index,
				     uint8_t id[BATON_BOND_ID_LEN]);

/*
 * A phone with several bonds: reconnect with this one from the next link on
 * (first chosen: the bond added or made last). BATON_ERR_NOT_FOUND.
 */
BATON_MUST_CHECK
enum baton_err baton_session_bond_select(struct baton_session *session,
					 const uint8_t id[BATON_BOND_ID_LEN]);

/*
 * Forget a bond: its keys are wiped now, the store is asked to delete it, and
 * a link that is its peer's is closed; the peer, if it hears of it, does the
 * same. REVOKED comes when it is done. BATON_ERR_NOT_FOUND.
 */
BATON_MUST_CHECK
enum baton_err baton_session_bond_revoke(struct baton_session *session,
					 const uint8_t id[BATON_BOND_ID_LEN],
					 uint64_t now_ms);

/*
 * True if the peer of that bond is at the other end of the link: that is what
 * the link is for, or has shown to be. So a revoke tells it at once.
 */
bool baton_session_bond_is_linked(const struct baton_session *session,
				  const uint8_t id[BATON_BOND_ID_LEN]);

/*
 * A person opened the pairing window: for 120 s from now a watch takes a new
 * pairing and a phone begins one on its next link instead of reconnecting.
 * A bond that comes out of it is announced by BATON_EVENT_PAIRED.
 * BATON_ERR_SPACE: there are BATON_BONDS already, and each has served.
 */
BATON_MUST_CHECK
enum baton_err baton_session_pairing_open(struct baton_session *session,
					  uint64_t now_ms);
void baton_session_pairing_close(struct baton_session *session);

/*
 * Pair by a secret that one device shows and the other takes (session/oob.h).
 * _take answers TAKE_SECRET: the secret goes into the window that is open.
 * Where nothing was asked it opens one with a secret that is at hand before
 * there is a link, and _make does so with a fresh one, to be shown and wiped.
 * It serves one peer, and no other method is spoken while it is there.
 * BATON_ERR_ARG: config has no out_of_band; others as _open().
 */
BATON_MUST_CHECK
enum baton_err baton_session_secret_make(struct baton_session *session,
					 uint8_t secret[BATON_OOB_SECRET_LEN],
					 uint64_t now_ms);
BATON_MUST_CHECK
enum baton_err
baton_session_secret_take(struct baton_session *session,
			  const uint8_t secret[BATON_OOB_SECRET_LEN],
			  uint64_t now_ms);

/*
 * The code that a person typed, asked for by TYPE_CODE or not (session/typed.h).
 * It serves for one try in this window. BATON_ERR_ARG: mistyped, or no code of
 * that kind; it costs no try. BATON_ERR_STATE: the window is shut, or a code is
 * there. BATON_ERR_EXHAUSTED: BATON_TYPED_TRIES have failed in a row.
 */
BATON_MUST_CHECK
enum baton_err baton_session_code(struct baton_session *session,
				  const char *text, uint64_t now_ms);

/*
 * A person who may do so wants tries at typed codes again after
 * BATON_TYPED_TRIES; a new bond does the same.
 */
void baton_session_code_forgive(struct baton_session *session);

/*
 * The person compared the codes. yes = false ends the pairing. BATON_ERR_STATE:
 * nothing to confirm now.
 */
BATON_MUST_CHECK
enum baton_err baton_session_confirm(struct baton_session *session, bool yes,
				     uint64_t now_ms);

/*
 * The bearer has a link, a new MTU, or none any more. After LINK_CLOSE the
 * caller drops the link in the bearer and then calls _link_down().
 * BATON_ERR_STATE: a link is up already, or (phone) there is no bond and
 * pairing is not open, so that nothing could be said on the link.
 */
BATON_MUST_CHECK
enum baton_err baton_session_link_up(struct baton_session *session,
				     const struct baton_link_facts *facts,
				     uint64_t now_ms);
void baton_session_link_mtu(struct baton_session *session, uint16_t mtu);
/* The same for any of the facts; bearer stays what it was. */
void baton_session_link_changed(struct baton_session *session,
				const struct baton_link_facts *facts);
void baton_session_link_down(struct baton_session *session, uint64_t now_ms);

/*
 * One PDU came. Nothing of pdu is kept. A peer error: dropped. A fatal one:
 * the link ends, take the events.
 */
enum baton_err baton_session_rx(struct baton_session *session,
				const uint8_t *pdu, size_t len,
				uint64_t now_ms);

/*
 * The next PDU for the bearer into dst; cap at least min(MTU - 3, 509). Gives
 * its length, 0 when there is nothing to send now. Call only when the bearer
 * has room: what was given counts as sent.
 */
BATON_MUST_CHECK
size_t baton_session_tx(struct baton_session *session, uint8_t *dst, size_t cap,
			uint64_t now_ms);

/* When tick() wants to be called, ms; UINT64_MAX for never. */
uint64_t baton_session_deadline(const struct baton_session *session);
void baton_session_tick(struct baton_session *session, uint64_t now_ms);

/*
 * The next event into event; false when there is none. Bytes it points to are
 * the engine's and live until the next call of next_event, rx or link_down.
 * Taking a message event is what tells the peer that it was taken.
 */
BATON_MUST_CHECK
bool baton_session_next_event(struct baton_session *session,
			      struct baton_event *event, uint64_t now_ms);

/*
 * The same, but for what is about messages: nothing is taken of any stream, so
 * that data waits and its credit stops the peer. For callers that want urgent
 * frames and the link's events, and no data now.
 */
BATON_MUST_CHECK
bool baton_session_next_control(struct baton_session *session,
				struct baton_event *event);

/*
 * The next operation that must become durable; false when there is none. Each
 * is given once; answer it with stored(), err 0 when it is durable. Its keys
 * and values live until then.
 */
BATON_MUST_CHECK
bool baton_session_next_store_op(struct baton_session *session,
				 struct baton_store_op *op);
void baton_session_stored(struct baton_session *session, uint32_t id,
			  enum baton_err err, uint64_t now_ms);

/*
 * Send a whole short message, copied; at most the smaller record_max of both
 * sides less 2 bytes (BATON_ERR_TOO_LARGE), as flags say (enum
 * baton_send_flags, or-ed; 0: none). BATON_SEND_SECRET is never compressed;
 * BATON_SEND_PADDED is filled up to a bucket, so that its length says little:
 * at most 5 bytes less. What is secret and has a length that depends on the
 * secret wants both.
 *
 * BATON_ERR_AGAIN: no room, wait for WRITABLE. BATON_ERR_STATE: not secured,
 * or a streamed message is in progress on this stream. BATON_ERR_EXHAUSTED:
 * 2^31 messages went out on it.
 *
 * A phone that can resume takes messages of one class, 900 bytes of them, even
 * without a link: they go out in the first flight of the next. If that comes
 * to nothing, they are LOST.
 */
BATON_MUST_CHECK
enum baton_err baton_session_send(struct baton_session *session,
				  struct baton_stream_id stream,
				  const uint8_t *message, size_t len,
				  unsigned int flags, uint64_t now_ms);

/*
 * Begin a message of total bytes (0 to BATON_MESSAGE_MAX), with up to
 * BATON_META_MAX bytes of meta for the peer's application; meta is not copied
 * and must live until DELIVERED, REFUSED or cancel. flags: 0 or
 * BATON_SEND_SECRET (others: BATON_ERR_ARG). It may be begun before a link is
 * there. BATON_ERR_STATE: one is in progress there, or sent and not yet
 * DELIVERED.
 */
BATON_MUST_CHECK
enum baton_err baton_session_begin(struct baton_session *session,
				   struct baton_stream_id stream,
				   uint32_t total, const uint8_t *meta,
				   size_t meta_len, unsigned int flags);

/*
 * The number that the message in progress on a stream has, or else the one
 * sent or begun there next will have: what DELIVERED, REFUSED and LOST count
 * by, asked before send() or after begin(). Stands until SECURED: then
 * REWIND and LOST say what has changed. 0 for a stream that there is not.
 */
uint32_t baton_session_number(const struct baton_session *session,
			      struct baton_stream_id stream);

/*
 * Give the next bytes of the message that was begun; *taken says how many
 * were copied (0..len; all after the total is the caller's mistake:
 * BATON_ERR_TOO_LARGE). BATON_ERR_AGAIN with 0 taken: wait for WRITABLE.
 * After REWIND go on from the offset it gives. The message ends by itself at
 * its total; DELIVERED tells when the peer has it, until then the source must
 * be able to supply it again.
 */
BATON_MUST_CHECK
enum baton_err baton_session_write(struct baton_session *session,
				   struct baton_stream_id stream,
				   const uint8_t *bytes, size_t len,
				   size_t *taken, uint64_t now_ms);

/* Give up the message being sent on stream; its receiver is told. */
BATON_MUST_CHECK
enum baton_err baton_session_cancel(struct baton_session *session,
				    struct baton_stream_id stream,
				    uint8_t reason);

/* Refuse the message being received on stream; no more of it will come. */
BATON_MUST_CHECK
enum baton_err baton_session_refuse(struct baton_session *session,
				    struct baton_stream_id stream,
				    uint8_t reason);

/*
 * What this link and bond have and no others: KDF of the bond's psk and the
 * handshake's hash (TOKENS.md 1), to bind tokens to; the same on both sides
 * for as long as the link lasts, new keys within it change nothing. Secret; the
 * caller wipes it. BATON_ERR_STATE: not secured. BATON_ERR_AGAIN: a watch has still to
 * answer a resume, call again once tx() has given PDUs.
 */
BATON_MUST_CHECK
enum baton_err baton_session_channel(const struct baton_session *session,
				     uint8_t channel[32]);

/*
 * A secret that this bond has on both devices and no other has, for name and
 * ctx (ctx_len bytes): KDF of one that comes from the bond's psk (crypto/SPEC.md
 * 4). It stands as long as the bond does. The caller wipes it.
 * BATON_ERR_NOT_FOUND: no such bond.
 */
BATON_MUST_CHECK
enum baton_err baton_session_bond_export(const struct baton_session *session,
					 const uint8_t id[BATON_BOND_ID_LEN],
					 const char *name, const uint8_t *ctx,
					 size_t ctx_len,
					 uint8_t out[BATON_CRYPTO_KEY_LEN]);

/*
 * Send a session frame of a machine above the engine (SPEC 4), copied. code:
 * BATON_FRAME_CODE_FIRST.._LAST, in order with the messages of class MESSAGE,
 * len at most BATON_FRAME_BODY_MAX; or BATON_URGENT_CODE_FIRST.._LAST, in order
 * among themselves and before all messages, len at most BATON_URGENT_BODY_MAX;
 * else BATON_ERR_ARG. It is lost with its link and never reported: such
 * machines repeat what is not answered. A peer that is sent more than
 * BATON_URGENT_WAITING urgent ones before it tells any ends the link. BATON_ERR_STATE: not secured. BATON_ERR_AGAIN: no room now,
 * call again once tx() has given PDUs.
 */
BATON_MUST_CHECK
enum baton_err baton_session_frame(struct baton_session *session, uint8_t code,
				   const uint8_t *body, size_t len);

/* Read the counts. */
void baton_session_stats(const struct baton_session *session,
			 struct baton_session_stats *stats);

#endif
