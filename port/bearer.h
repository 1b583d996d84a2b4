/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_BEARER_H
#define BATON_PORT_BEARER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A bearer carries PDUs between the two devices and knows nothing of what is
 * in them: GATT over BlueZ, a simulated radio on a socket. It belongs to one
 * role, offers one link at a time, and looks for the next link by itself when
 * one ends, until it is closed. Everything happens on the thread that runs
 * its main loop; no callback is made from inside a call on the bearer.
 */

/* Why a link ended, as far as the bearer can tell. */
enum baton_bearer_reason {
	BATON_BEARER_LOCAL, /* we asked for it */
	BATON_BEARER_REMOTE, /* the peer closed it */
	BATON_BEARER_LOST, /* supervision timeout, out of range, radio gone */
	BATON_BEARER_STACK, /* the host's Bluetooth stack went away */
};

/* What a link may be asked to be: advice, carried out where it can be. */
enum baton_bearer_pace {
	BATON_BEARER_IDLE, /* save energy: long interval, latency */
	BATON_BEARER_FAST, /* bulk: short interval, 2M, long data PDUs */
};

/* How a watch and a phone that have no link find each other. */
enum baton_bearer_way {
	/* The watch shows the service, the phone connects to whoever does. */
	BATON_BEARER_OPEN,
	/*
	 * The watch shows a private advert (session/SPEC.md 8) and the phone
	 * asks heard() about those it hears. It may come to a watch that shows
	 * the service if it found none for some seconds.
	 */
	BATON_BEARER_PRIVATE,
	/* The watch shows nothing. A phone: as PRIVATE. */
	BATON_BEARER_HIDDEN,
};

/* A private advert: nonce and slots, as in crypto/SPEC.md 12. */
#define BATON_BEARER_ADVERT_LEN 24

/* What a link is like at the moment it comes up. */
struct baton_bearer_link {
	uint16_t mtu; /* longest PDU plus 3, an ATT MTU: 21..517 */
	uint16_t ll_len; /* LL data length in bytes, 0 if not known */
	uint32_t interval_us; /* connection interval, 0 if not known */
	/*
	 * The private advert to which the phone connected, or which the watch
	 * showed when the link came; lives for the call. NULL: none.
	 */
	const uint8_t *advert;
};

/* Called by the bearer; user is the pointer given with the table. */
struct baton_bearer_events {
	/* A link is there and carries PDUs both ways. */
	void (*up)(void *user, const struct baton_bearer_link *link);
	/*
	 * The phone's, not OPEN: a private advert was heard. True: connect to
	 * it. NULL: to none.
	 */
	bool (*heard)(void *user,
		      const uint8_t advert[BATON_BEARER_ADVERT_LEN]);
	/* The MTU changed, up or down. */
	void (*mtu)(void *user, uint16_t mtu);
	/* One PDU came; the bytes are the bearer's and live for this call. */
	void (*rx)(void *user, const uint8_t *pdu, size_t len);
	/* tx() answered BATON_ERR_AGAIN before and has room now. */
	void (*writable)(void *user);
	/* The link is gone; another one may come up later. */
	void (*down)(void *user, enum baton_bearer_reason reason);
	/*
	 * The bearer cannot go on; text is one line for a person: what is
	 * wrong and what to do. Nothing but close() may follow.
	 */
	void (*failed)(void *user, const char *text);
	/* Something a log may show: "scanning", "advertising as ...". */
	void (*note)(void *user, const char *text);
};

struct baton_bearer;

struct baton_bearer_ops {
	/*
	 * Send one PDU of len bytes (1..min(MTU - 3, 509)); it is copied.
	 * BATON_ERR_AGAIN: no room, nothing sent, wait for writable().
	 * BATON_ERR_CLOSED: no link. BATON_ERR_TOO_LARGE: over the MTU.
	 */
	enum baton_err (*tx)(struct baton_bearer *bearer, const uint8_t *pdu,
			     size_t len);
	/* End the present link; down(LOCAL) follows, then the next search. */
	void (*drop)(struct baton_bearer *bearer);
	/* Ask for a pace; no promise, no answer. */
	void (*pace)(struct baton_bearer *bearer, enum baton_bearer_pace pace);
	/*
	 * From the next search on, the two find each other so; OPEN before the
	 * first call. advert: what the watch shows if PRIVATE, else NULL;
	 * copied. It is shown until a link comes up and not after it: then
	 * the watch is HIDDEN until the next call. A link that is there stays.
	 */
	void (*meet)(struct baton_bearer *bearer, enum baton_bearer_way way,
		     const uint8_t *advert);
	/* Stop everything and free the bearer; no callback comes after. */
	void (*close)(struct baton_bearer *bearer);
};

/* The first member of every bearer. */
struct baton_bearer {
	const struct baton_bearer_ops *ops;
};

#endif
