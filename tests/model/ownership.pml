/* SPDX-License-Identifier: MIT */

/*
 * Who may act on an activity: the ten rules, one watch, one phone and one
 * activity, over a link that loses, repeats and reorders, with reboots at any
 * moment and clocks that drift. README.md says how to read and run it;
 * session/ownership.c is this in C, with the same names.
 *
 * Every handler below is one atomic step: what it writes is durable before
 * what it sends is there. A crash before the write is a lost frame and a
 * reboot; one between the write and the frame is a reboot and a lost frame.
 */

#ifndef EPOCHS
#define EPOCHS 3 /* attempts use epochs up to this */
#endif
#ifndef CHANGES
#define CHANGES 2 /* how often somebody acts on the activity */
#endif
#ifndef NONCES
#define NONCES 2 /* accepts and renewals of the watch */
#endif
#ifndef REBOOTS
#define REBOOTS 1 /* of each device */
#endif
#ifndef REPEATS
#define REPEATS 1 /* frames that the link gives twice, late */
#endif
#ifndef SLOTS
#define SLOTS 2 /* frames under way in one direction */
#endif

#define LEASE 2 /* ticks */
#define DRIFT 1 /* what one clock may gain or lose in a lease, ticks */
#ifdef NO_RULE_6_MARGIN
#define MARGIN 0
#else
#define MARGIN (2 * DRIFT)
#endif

/* What is durably so. LENT: the phone only; LEASED: the watch only. */
#define NONE 0
#define OWNED 1
#define LEASED 2
#define LENT 3
#define RELEASED 4

/* How far an attempt has come; a reboot forgets it. */
#define IDLE 0
#define OFFERED 1
#define FROZEN 2

mtype = { OFFER, ACCEPT, RELEASE, CONFIRM, REFUSED, CANCEL, RECALL, RENEW,
	  RENEWED, GONE };

/* Frames: type, epoch, nonce or epoch, version of the state. */
chan to_phone = [SLOTS] of { mtype, byte, byte, byte };
chan to_watch = [SLOTS] of { mtype, byte, byte, byte };
/* The state travels by itself, and may be overtaken. */
chan state_to_phone = [1] of { byte };
chan state_to_watch = [1] of { byte };

/* The watch: durable, then what a reboot forgets. */
byte w_hold = NONE, w_seen, w_adopted, w_epoch, w_version;
byte w_was, w_lease_epoch; /* RELEASED: what a refusal gives back */
byte w_try, w_try_epoch, w_got, w_accepted, w_nonce, w_nonce_left, w_nonce_slow;
byte w_left, w_slow; /* of the lease; slow: drift used up */
bool w_running; /* the lease; else it only counts down to erasing */

/* The phone. */
byte p_hold = NONE, p_seen, p_adopted, p_epoch, p_version, p_bound;
byte p_try, p_try_epoch, p_try_nonce, p_got, p_accepted;
byte p_wait, p_fast;

/* What the properties are about; no device knows it. */
byte latest; /* version of the last change by whoever might act */
byte made, nonces, repeats, w_reboots, p_reboots;
bool begun;
bool calm; /* no faults and no new wishes from now on */
bool lost; /* the watch lies in a lake */

#define w_acts ((w_hold == OWNED || \
		 (w_hold == LEASED && w_running && w_left > 0)) && \
		w_try != FROZEN)
#define p_acts (p_hold == OWNED && p_try != FROZEN)

#define one_at_a_time (!(w_acts && p_acts) && !(w_hold == OWNED && p_hold == OWNED))
#define never_lost (w_hold != NONE || p_hold != NONE || !begun)
#define never_stale ((!w_acts || w_version == latest) && \
		     (!p_acts || p_version == latest))
#define settled ((w_hold == OWNED && w_try == IDLE && p_hold == NONE) || \
		 (p_hold == OWNED && p_try == IDLE && w_hold == NONE))
#define taken_back (p_hold == OWNED)

ltl live { [] (calm -> <> settled) }
/* What was lent comes back though the watch is never heard of again. */
ltl back { [] ((lost && calm && p_hold != NONE) -> <> taken_back) }

active proctype observer()
{
	end: atomic { !(one_at_a_time && never_lost && never_stale) ->
		assert(one_at_a_time);
		assert(never_lost);
		assert(never_stale) }
}

/* A link that is full has lost the frame. */
inline send(link, frame, a, b, c)
{
	if
	:: nfull(link) -> link!frame(a, b, c)
	:: full(link)
	fi
}

/*
 * What is repeated goes out at any time; where the question is whether an end
 * is reached, only on a link that is free, so that it never crowds answers out.
 */
#if defined(LIVENESS) || defined(LAKE)
#define ROOM(link) empty(link)
#else
#define ROOM(link) nfull(link)
#endif

inline raise(seen, top)
{
	if
	:: top > seen -> seen = top
	:: else
	fi
}

/*
 * Rule 3: a refusal is written, raising the epoch, before it is sent. Without
 * the rule a reboot forgets it: forgotten() puts the old value back.
 */
#ifdef NO_RULE_3
byte w_seen_durable, p_seen_durable;
#define durable(x) x##_durable = x
#define forgotten(x) x = x##_durable
#else
#define durable(x) skip
#define forgotten(x) skip
#endif

/* Rule 1: what is known of epochs stays when the activity is forgotten. */
inline w_forget()
{
	w_hold = NONE;
	w_epoch = 0;
	w_version = 0;
	w_was = 0;
	w_lease_epoch = 0;
	w_running = false;
	w_left = 0;
	w_slow = 0;
#ifdef NO_RULE_1
	w_seen = 0;
	w_adopted = 0
#endif
}

/* ------------------------------------------------------------ the watch */

inline w_stop_trying()
{
	w_try = IDLE;
	w_try_epoch = 0
}

inline w_fresh_nonce()
{
	nonces++;
	w_nonce = nonces;
	w_nonce_left = LEASE;
	w_nonce_slow = 0
}

/* Rules 6 and 7: the lease runs from the moment the nonce was made. */
inline w_start_lease(mutant)
{
	w_running = true;
	if
	:: mutant -> w_left = LEASE; w_slow = 0
	:: else -> w_left = w_nonce_left; w_slow = w_nonce_slow
	fi;
	w_nonce = 0;
	w_accepted = 0;
	w_nonce_left = 0;
	w_nonce_slow = 0
}

inline w_refuse(e)
{
	raise(w_seen, e);
	send(to_phone, REFUSED, e, w_seen, 0)
}

inline w_offer(e)
{
	if
	/* Rule 3: a late OFFER of what was adopted must not say REFUSED. */
	:: e <= w_adopted -> send(to_phone, CONFIRM, e, 0, 0)
	:: e > w_adopted && e <= w_seen ->
		send(to_phone, REFUSED, e, w_seen, 0)
	/* Nobody has decided yet. */
	:: e > w_seen && !calm
	:: e > w_seen -> w_refuse(e)
	:: e > w_seen && e == w_accepted && w_nonce > 0 ->
		send(to_phone, ACCEPT, e, w_nonce, 0)
	/* Who offers owns it; a lease of mine that does not run is over. */
	:: e > w_seen && !w_acts && w_hold != OWNED && nonces < NONCES ->
		w_stop_trying();
		w_fresh_nonce();
		w_accepted = e;
		send(to_phone, ACCEPT, e, w_nonce, 0)
	fi
}

inline w_release(e, n, v)
{
	if
	/* Rule 3: what was adopted is confirmed again, what was not refused. */
	:: e <= w_adopted -> send(to_phone, CONFIRM, e, 0, 0)
	:: e > w_adopted && e <= w_seen ->
		send(to_phone, REFUSED, e, w_seen, 0)
	/* Rule 6: without its nonce still running, the watch refuses. */
	:: e > w_seen && (n != w_nonce || w_nonce_left == 0) -> w_refuse(e)
	:: e > w_seen && n == w_nonce && w_nonce_left > 0 ->
		if
		/* Rule 2: only with that very state in its hands. */
#ifdef NO_RULE_2
		:: true ->
#else
		:: w_got == v ->
#endif
			/* Rule 5: a RELEASED of mine was adopted, or is void. */
			w_hold = LEASED;
			w_epoch = e;
			w_seen = e;
			w_adopted = e;
			durable(w_seen);
			w_version = w_got;
			w_was = 0;
			w_lease_epoch = 0;
			w_got = 0;
			w_stop_trying();
#ifdef NO_RULE_6_NONCE
			w_start_lease(true);
#else
			w_start_lease(false);
#endif
			send(to_phone, CONFIRM, e, 0, 0)
#ifndef NO_RULE_2
		:: else
#endif
		fi
	fi
}

inline w_confirm(e)
{
	if
	:: w_hold == RELEASED && w_epoch == e ->
		w_forget()
	:: else
	fi
}

/* Rule 4: REFUSED gives back what was there. */
inline w_refused(e, h)
{
	if
	:: w_hold == RELEASED && w_epoch == e ->
		raise(w_seen, h);
		durable(w_seen);
#ifdef NO_RULE_4_LEASE
		w_hold = OWNED;
#else
		w_hold = w_was;
#endif
		w_epoch = w_lease_epoch;
		w_was = 0;
		w_lease_epoch = 0
	:: w_hold != RELEASED && w_try != IDLE && w_try_epoch == e ->
		raise(w_seen, h);
		durable(w_seen);
		w_stop_trying()
	:: else
	fi
}

inline w_cancelled(e)
{
	if
	:: e > w_seen ->
		w_nonce = 0; w_accepted = 0;
		w_nonce_left = 0; w_nonce_slow = 0
	:: else
	fi
}

/* Asked to give an attempt up that the phone has released. */
inline w_recalled(e)
{
	if
	:: e <= w_adopted -> send(to_phone, CONFIRM, e, 0, 0)
	:: else -> w_refuse(e)
	fi
}

inline w_renewed(e, n)
{
	if
	:: w_nonce == n && w_nonce_left > 0 &&
	   ((w_hold == LEASED && w_epoch == e) ||
	    (w_hold == RELEASED && w_was == LEASED && w_lease_epoch == e)) ->
#ifdef NO_RULE_7_NONCE
		w_start_lease(true)
#else
		w_start_lease(false)
#endif
	:: else
	fi
}

inline w_gone(e)
{
	if
	:: w_hold == LEASED && w_epoch == e ->
		w_stop_trying();
		w_forget()
	:: else
	fi
}

active proctype watch_hears()
{
	byte e, x, v;
	mtype what;
	do
	:: atomic { !lost && nempty(to_watch) -> to_watch?what(e, x, v);
		if
		:: repeats < REPEATS && !calm ->
			repeats++; to_watch!what(e, x, v)
		:: true
		fi;
		if
		:: what == OFFER -> w_offer(e)
		:: what == ACCEPT ->
			if
			:: w_try == OFFERED && w_try_epoch == e ->
				w_try = FROZEN
			:: (w_try == FROZEN && w_try_epoch == e) ||
			   (w_hold == RELEASED && w_epoch == e)
			/* The peer has not heard that it is over. */
			:: else -> send(to_phone, CANCEL, e, 0, 0)
			fi
		:: what == RELEASE -> w_release(e, x, v)
		:: what == CONFIRM -> w_confirm(e)
		:: what == REFUSED -> w_refused(e, x)
		:: what == CANCEL -> w_cancelled(e)
		:: what == RECALL -> w_recalled(e)
		:: what == RENEWED -> w_renewed(e, x)
		:: what == GONE -> w_gone(e)
		fi;
		e = 0; x = 0; v = 0; what = 0 }
	od
}

active proctype watch_gets_state()
{
	do
	:: atomic { !lost && nempty(state_to_watch) -> state_to_watch?w_got }
	od
}

/* What the watch does without being asked. */
active proctype watch_goes_on()
{
	do
	:: atomic { !lost && w_try == OFFERED && ROOM(to_phone) ->
		to_phone!OFFER(w_try_epoch,
			       (w_hold == LEASED -> w_epoch : 0), 0) }
	:: atomic { !lost && w_try == FROZEN ->
		/* It has frozen: release durably, then tell. */
		w_was = w_hold;
		w_lease_epoch = w_epoch;
		w_hold = RELEASED;
		w_epoch = w_try_epoch;
		w_seen = w_try_epoch;
		durable(w_seen);
		w_stop_trying() }
	/* Rule 2: state and release are repeated. */
	:: atomic { !lost && w_hold == RELEASED && ROOM(to_phone) ->
		if
		:: nfull(state_to_phone) -> state_to_phone!w_version
		:: full(state_to_phone)
		fi;
		to_phone!RELEASE(w_epoch, 0, w_version) }
	/* A lease that has run out: the copy is erased. */
	:: atomic { !lost && w_left == 0 && (w_hold == LEASED ||
		    (w_hold == RELEASED && w_was == LEASED)) ->
		w_stop_trying();
		w_forget() }
	od
}

active proctype watch_wishes()
{
	do
	:: atomic { !calm && !lost && w_acts && made < CHANGES ->
		made++; w_version = made; latest = made }
	:: atomic { !calm && !lost && (w_hold == OWNED || w_hold == LEASED) &&
		    w_try == IDLE && w_seen < EPOCHS ->
		w_try = OFFERED; w_try_epoch = w_seen + 1 }
	/* Rule 4: before the release a cancel thaws, after it only asks. */
	:: atomic { !calm && !lost && w_try != IDLE ->
		send(to_phone, CANCEL, w_try_epoch, 0, 0); w_stop_trying() }
	:: atomic { !calm && !lost && w_hold == RELEASED ->
		send(to_phone, RECALL, w_epoch, 0, 0);
#ifdef NO_RULE_4_CANCEL
		w_hold = w_was; w_epoch = w_lease_epoch
#endif
		}
	/* Rule 7: renewal is a fresh nonce. */
	:: atomic { !calm && !lost && w_hold == LEASED && w_try == IDLE &&
		    nonces < NONCES ->
		w_fresh_nonce(); w_accepted = 0;
		send(to_phone, RENEW, w_epoch, w_nonce, 0) }
	/*
	 * Once the phone is known not to wait for an answer any more (MARK),
	 * only the highest epoch need be kept.
	 */
	:: atomic { !calm && !lost && w_hold == NONE && w_adopted > 0 &&
		    !(p_hold == RELEASED && p_epoch <= w_adopted) ->
		w_adopted = 0 }
	/* Rule 7: a reboot ends the lease. */
	:: atomic { !calm && !lost && w_reboots < REBOOTS ->
		w_reboots++;
		forgotten(w_seen);
		w_stop_trying(); w_got = 0;
		w_nonce = 0; w_accepted = 0;
		w_nonce_left = 0; w_nonce_slow = 0;
		w_slow = 0;
		if
		:: w_hold == LEASED ||
		   (w_hold == RELEASED && w_was == LEASED) -> w_left = LEASE
		:: else -> w_left = 0
		fi;
#ifndef NO_RULE_7_REBOOT
		w_running = false
#endif
		}
	od
}

/* ------------------------------------------------------------ the phone */

inline p_stop_trying()
{
	p_try = IDLE;
	p_try_epoch = 0;
	p_try_nonce = 0
}

/* Ownership, and nothing lent any more. */
inline p_own()
{
	p_hold = OWNED;
	p_epoch = 0;
	p_bound = 0;
	p_wait = 0;
	p_fast = 0
}

inline p_start_wait()
{
	p_wait = LEASE + MARGIN;
	p_fast = 0
}

inline p_refuse(e)
{
	raise(p_seen, e);
	send(to_watch, REFUSED, e, p_seen, 0);
#ifdef NO_RULE_1
	if
	:: p_hold == NONE -> p_seen = 0; p_adopted = 0
	:: else
	fi
#endif
}

#define p_lends(lease) ((p_hold == LENT || p_hold == RELEASED) && \
			p_epoch == lease)
#define p_offered(e, from) (p_hold != OWNED && e > p_seen && \
			    (from == 0 || p_lends(from)))

inline p_offer(e, from)
{
	if
	:: e <= p_adopted -> send(to_watch, CONFIRM, e, 0, 0)
	/* It holds a lease that I do not lend any more. */
	:: e > p_adopted && from > 0 && !p_lends(from) ->
		send(to_watch, GONE, from, 0, 0)
	:: p_hold == OWNED && e > p_adopted && from == 0
	:: p_hold != OWNED && e > p_adopted && e <= p_seen &&
	   (from == 0 || p_lends(from)) ->
		send(to_watch, REFUSED, e, p_seen, 0)
	:: p_offered(e, from) && !calm
	:: p_offered(e, from) -> p_refuse(e)
	:: p_offered(e, from) ->
		p_accepted = e;
		send(to_watch, ACCEPT, e, 0, 0)
	fi
}

inline p_release(e, v)
{
	if
	:: e <= p_adopted -> send(to_watch, CONFIRM, e, 0, 0)
	:: e > p_adopted && e <= p_seen ->
		send(to_watch, REFUSED, e, p_seen, 0)
	:: e > p_seen && e == p_accepted ->
		if
#ifdef NO_RULE_2
		:: true ->
#else
		:: p_got == v ->
#endif
			/* Rule 5: a RELEASED of mine was adopted. */
			p_own();
			p_accepted = 0;
			p_seen = e;
			p_adopted = e;
			durable(p_seen);
			p_version = p_got;
			p_got = 0;
			send(to_watch, CONFIRM, e, 0, 0)
#ifndef NO_RULE_2
		:: else
#endif
		fi
	/* Accepted before a reboot, or never: the person is asked again. */
	:: e > p_seen && e != p_accepted && p_hold != OWNED -> p_accepted = e
	:: e > p_seen && e != p_accepted ->
		p_refuse(e)
	fi
}

/* Rule 8: the phone keeps its copy while it lends. */
inline p_confirm(e)
{
	if
	:: p_hold == RELEASED && p_epoch == e ->
#ifdef NO_RULE_8_COPY
		p_version = 0; p_hold = NONE
#else
		p_hold = LENT
#endif
	:: else
	fi
}

inline p_refused(e, h)
{
	if
	:: p_hold == RELEASED && p_epoch == e ->
		raise(p_seen, h); durable(p_seen);
		p_own()
	:: p_hold == OWNED && p_try != IDLE && p_try_epoch == e ->
		raise(p_seen, h); durable(p_seen);
		p_stop_trying()
	:: else
	fi
}

inline p_recalled(e)
{
	if
	:: e <= p_adopted -> send(to_watch, CONFIRM, e, 0, 0)
	:: else -> p_refuse(e)
	fi
}

/* Rule 7: the phone restarts its wait before it answers. */
inline p_renew(e, n)
{
	if
	:: (p_hold == LENT || p_hold == RELEASED) && p_epoch == e ->
#ifndef NO_RULE_7_WAIT
		p_start_wait();
#endif
		send(to_watch, RENEWED, e, n, 0)
	:: p_hold == OWNED -> send(to_watch, GONE, e, 0, 0)
	:: else
	fi
}

active proctype phone_hears()
{
	byte e, x, v;
	mtype what;
	do
	:: atomic { nempty(to_phone) -> to_phone?what(e, x, v);
		if
		:: repeats < REPEATS && !calm ->
			repeats++; to_phone!what(e, x, v)
		:: true
		fi;
		if
		:: what == OFFER -> p_offer(e, x)
		:: what == ACCEPT ->
			if
			:: p_try == OFFERED && p_try_epoch == e ->
				p_try = FROZEN; p_try_nonce = x
			:: (p_try == FROZEN && p_try_epoch == e) ||
			   (p_hold == RELEASED && p_epoch == e)
			:: else -> send(to_watch, CANCEL, e, 0, 0)
			fi
		:: what == RELEASE -> p_release(e, v)
		:: what == CONFIRM -> p_confirm(e)
		:: what == REFUSED -> p_refused(e, x)
		:: what == CANCEL ->
			if
			:: p_accepted == e -> p_accepted = 0
			:: else
			fi
		:: what == RECALL -> p_recalled(e)
		:: what == RENEW -> p_renew(e, x)
		fi;
		e = 0; x = 0; v = 0; what = 0 }
	od
}

active proctype phone_gets_state()
{
	do
	:: atomic { nempty(state_to_phone) -> state_to_phone?p_got }
	od
}

active proctype phone_goes_on()
{
	do
	:: atomic { p_try == OFFERED && ROOM(to_watch) ->
		to_watch!OFFER(p_try_epoch, 0, 0) }
	/* Rule 6: the nonce is bound at release, the wait begins. */
	:: atomic { p_try == FROZEN ->
		p_hold = RELEASED;
		p_epoch = p_try_epoch;
		p_seen = p_try_epoch;
		durable(p_seen);
		p_bound = p_try_nonce;
		p_stop_trying();
		p_start_wait() }
	:: atomic { p_hold == RELEASED && ROOM(to_watch) ->
		if
		:: nfull(state_to_watch) -> state_to_watch!p_version
		:: full(state_to_watch)
		fi;
		to_watch!RELEASE(p_epoch, p_bound, p_version) }
	/* The lease has surely run out. Rule 8: taking back skips an epoch. */
	:: atomic { (p_hold == LENT || p_hold == RELEASED) && p_wait == 0 ->
		p_own();
#ifndef NO_RULE_8_SKIP
		p_seen++;
		durable(p_seen);
#endif
		/* Rule 9: what the watch did since is lost, and known to be. */
		latest = p_version }
	od
}

active proctype phone_wishes()
{
	do
	:: atomic { !calm && p_acts && made < CHANGES ->
		made++; p_version = made; latest = made }
	:: atomic { !calm && p_hold == OWNED && p_try == IDLE &&
		    p_seen < EPOCHS ->
		p_try = OFFERED; p_try_epoch = p_seen + 1 }
	:: atomic { !calm && p_try != IDLE ->
		send(to_watch, CANCEL, p_try_epoch, 0, 0);
		p_stop_trying() }
	:: atomic { !calm && p_hold == RELEASED ->
		send(to_watch, RECALL, p_epoch, 0, 0);
#ifdef NO_RULE_4_CANCEL
		p_hold = OWNED
#endif
		}
	/* Rule 6: after a reboot it waits the whole time anew. */
	:: atomic { !calm && p_reboots < REBOOTS ->
		p_reboots++;
		forgotten(p_seen);
		p_stop_trying();
		p_got = 0; p_accepted = 0;
		if
		:: p_hold == LENT || p_hold == RELEASED ->
#ifdef NO_RULE_6_REBOOT
			p_wait = 0
#else
			p_start_wait()
#endif
		:: else
		fi }
#ifdef NO_RULE_6_CLOCK
	/* Wall time jumps. */
	:: atomic { p_wait > 0 -> p_wait = 0 }
#endif
	od
}

/* ------------------------------------------------------- time and faults */

#define w_may_slip ((w_left == 0 || w_slow < DRIFT) && \
		    (w_nonce_left == 0 || w_nonce_slow < DRIFT))
#define count(x) x = (x > 0 -> x - 1 : 0)

active proctype time()
{
	do
	:: atomic { w_left > 0 || w_nonce_left > 0 || p_wait > 0 ->
		if
		:: w_may_slip ->
			w_slow = w_slow + (w_left > 0 -> 1 : 0);
			w_nonce_slow = w_nonce_slow +
				       (w_nonce_left > 0 -> 1 : 0)
		:: true ->
			count(w_left);
			count(w_nonce_left)
		fi;
		if
		:: w_left == 0 -> w_slow = 0; w_running = false
		:: else
		fi;
		if
		:: w_nonce_left == 0 ->
			w_nonce_slow = 0; w_nonce = 0; w_accepted = 0
		:: else
		fi;
		if
		:: p_wait > 0 && p_fast < DRIFT -> p_fast++; count(p_wait)
		:: true
		fi;
		count(p_wait);
		if
		:: p_wait == 0 -> p_fast = 0
		:: else
		fi }
	od
}

active proctype faults()
{
	mtype what;
	byte e, x, v;
	/* The activity was begun on one of the two. */
	atomic {
		if
		:: w_hold = OWNED
		:: p_hold = OWNED
		fi;
		begun = true }
	do
	:: atomic { !calm && nempty(to_phone) -> to_phone?what(e, x, v);
		what = 0; e = 0; x = 0; v = 0 }
	:: atomic { !calm && nempty(to_watch) -> to_watch?what(e, x, v);
		what = 0; e = 0; x = 0; v = 0 }
	:: atomic { !calm && nempty(state_to_phone) -> state_to_phone?v; v = 0 }
	:: atomic { !calm && nempty(state_to_watch) -> state_to_watch?v; v = 0 }
#ifdef LIVENESS
	:: atomic { !calm -> calm = true }
#endif
#ifdef LAKE
	:: atomic { !calm && !lost -> lost = true; calm = true }
#endif
	od
}
