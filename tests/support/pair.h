/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_PAIR_H
#define TESTS_SUPPORT_PAIR_H

/*
 * Two engines with a queue of PDUs each way and one clock: a test's world
 * without a radio. Everything that a test may want to disturb is a field.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/session.h"
#include "tests/support/shelf.h"

#define PAIR_QUEUE 256

struct pair_pdu {
	uint8_t bytes[BATON_PDU_MAX];
	size_t len;
};

#define PAIR_VALUES 24
#define PAIR_VALUE 256
#define PAIR_PAST 4 /* operations that can be taken back */

struct pair_value {
	SHELF_PLACE(PAIR_VALUE);
};

struct pair_end {
	struct baton_session session;
	void *memory;
	struct pair_pdu queue[PAIR_QUEUE]; /* on their way to this end */
	size_t queue_head, queue_len;
	struct pair_value stored[PAIR_VALUES];
	struct pair_value past[PAIR_PAST][PAIR_VALUES]; /* before the last */
	unsigned int writes; /* store operations that were carried out */
	/*
	 * The power goes at the operation of that number (0: never), which is
	 * on the medium or not; dead until pair_reboot().
	 */
	unsigned int cut_at;
	bool cut_keeps;
	bool dead;
	uint32_t code;
	uint8_t digits[BATON_TYPED_DIGITS]; /* shown, to be typed */
	uint8_t secret[BATON_OOB_SECRET_LEN]; /* shown, to be scanned */
	unsigned int shown, asked; /* how often, of either */
	enum baton_err close_err, pair_err;
	bool compare, secured, paired, pair_failed, closed, revoked;
	bool deaf; /* the application takes no events */
	bool store_fails;
	bool store_stalls; /* it never answers */
	bool store_hangs; /* operations are taken, and no more is heard */
	bool says_no;

	/* One message being received, and what has come of others. */
	uint64_t got_bytes;
	uint64_t got_hash;
	uint64_t got_total;
	unsigned int messages, begun, ended, aborted;
	uint8_t meta[BATON_META_MAX];
	size_t meta_len;

	/* The last session frame, and the messages that came before it. */
	uint8_t frame[BATON_FRAME_BODY_MAX];
	size_t frame_len;
	unsigned int frames, frame_after;
	uint8_t frame_code;

	/* Whether somebody else took an event; NULL: nobody does. */
	bool (*on_event)(struct pair_end *end, const struct baton_event *event);
	void *user;
	/* What a machine above the engine does with them; NULL: nothing. */
	void (*on_frame)(struct pair_end *end, const struct baton_event *event);
	void (*on_message)(struct pair_end *end,
			   const struct baton_event *event);

	/* The pattern being sent. */
	struct baton_stream_id stream;
	uint64_t send_total, send_at;
	bool sending;
	uint64_t delivered, lost_from, lost_end;
	unsigned int rewinds, refused, rolled_back;
	uint8_t reason;
};

struct pair {
	struct pair_end end[2]; /* by enum baton_role */
	uint64_t now_ms;
	uint64_t random;
	uint16_t mtu;
	uint32_t drop_ppm; /* of PDUs, both ways */
	uint32_t dup_ppm;
	uint32_t swap_ppm; /* overtaken by the next one */
	uint16_t cut_len; /* longer PDUs are cut to it, 0: never */
	uint64_t pdus; /* given to the world */
	unsigned int
		lose[2]; /* the next PDUs to arrive at a role, to be lost */
	unsigned int cut_loses[2]; /* the same, from when the power goes */
	uint64_t flip_bit; /* bit of everything sent that is flipped, from 1 */
	uint64_t bits; /* sent so far */
	bool up;
	bool adverts; /* links come of adverts, with a nonce */
	uint8_t kind; /* of the newest flight 2: enum baton_kind */
	bool stale; /* the phone has it of another advert */
	uint8_t advert[BATON_BOND_NONCE_LEN]; /* of this link */
	const struct baton_codec *codec[2]; /* by role; NULL: none */
	uint8_t can[2]; /* BATON_PAIR_*, by role; 0: compare */
	uint8_t (*pattern)(uint64_t at); /* what is sent */
};

/* The byte at offset at of every message that tests send. */
uint8_t pair_pattern(uint64_t at);

/* FNV-1a over the first len bytes of a pattern; over pair_pattern()'s. */
uint64_t pair_hash(uint8_t (*pattern)(uint64_t at), uint64_t len);
uint64_t pair_pattern_hash(uint64_t len);

void pair_init(struct pair *pair, uint64_t seed);
void pair_init_config(struct pair *pair, uint64_t seed,
		      const struct baton_link_config *link);
/* The same with a codec for the watch and one for the phone. */
void pair_init_codec(struct pair *pair, uint64_t seed,
		     const struct baton_codec *watch,
		     const struct baton_codec *phone);
/* The same with what the watch and the phone can do to pair. */
void pair_init_methods(struct pair *pair, uint64_t seed, uint8_t watch,
		       uint8_t phone);
void pair_free(struct pair *pair);

/* The end loses its memory and comes back with what it had stored. */
void pair_reboot(struct pair *pair, enum baton_role role);

/* What it has stored becomes what it was so many operations ago. */
void pair_rollback(struct pair *pair, enum baton_role role, unsigned int count);

/* A bond is loaded, as if it had been stored. */
enum baton_err pair_load_bond(struct baton_session *session,
			      const struct baton_bond *bond);

/* How many bonds an end has stored. */
size_t pair_bonds(const struct pair_end *end);

/* A link comes up, or goes: PDUs on their way are lost. */
void pair_up(struct pair *pair);
void pair_down(struct pair *pair);

/* Move every PDU there is, take every event; true if anything happened. */
bool pair_turn(struct pair *pair);

/* Turns and time until done is true or limit_ms passed: whether it was. */
bool pair_run(struct pair *pair, bool (*done)(struct pair *pair),
	      uint64_t limit_ms);

/* Both pair, their people say yes, and are secured. */
bool pair_bond(struct pair *pair);

/* Both people open the pairing window. */
void pair_windows(struct pair *pair);

/*
 * A new link, until both are secured, or one closes it; true if they are. Then
 * it stays, else it is gone, and everybody has heard of it.
 */
bool pair_link(struct pair *pair);

/* A person types on one end the code that the other has shown. */
enum baton_err pair_type(struct pair *pair, struct pair_end *to,
			 const struct pair_end *from);

/* A person scans with one end the secret that the other has shown. */
enum baton_err pair_scan(struct pair *pair, struct pair_end *to,
			 const struct pair_end *from);

/* Both are secured (for pair_run()). */
bool pair_secured(struct pair *pair);

/* A link was closed at either end. */
bool pair_closed(struct pair *pair);

/* Either of these. */
bool pair_over(struct pair *pair);

/* End `from` streams total bytes of the pattern on BULK 0. */
void pair_send(struct pair *pair, enum baton_role from, uint32_t total);

#endif
