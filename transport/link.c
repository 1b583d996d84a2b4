/* SPDX-License-Identifier: MIT */
#include "transport/link.h"

#include <string.h>

#include "base/bytes.h"
#include "transport/plant.h"
#include "transport/timing.h"

#define UNTRUSTED_LOSSES 2 /* before long PDUs are given up */
#define ACKS_RIDE_LEN 80 /* PDUs from this length on carry ACKs and data */
#define ATT_VALUE_MIN 20 /* what the least ATT MTU leaves, most hosts carry */
#define MUCH_LONGER 64 /* the try after that */
#define BULK_PAUSE_MS 1000 /* of BULK behind MESSAGE; then it has */
#define BULK_TURN 16 /* one of as many PDUs with data */

enum baton_err baton_link_check(const struct baton_link_config *config)
{
	int c;

	if (config->pdu_max < BATON_PDU_MIN ||
	    config->pdu_max > BATON_PDU_MAX ||
	    config->record_max < BATON_RECORD_MIN ||
	    config->record_max > BATON_RECORD_MAX ||
	    config->window[BATON_CLASS_CONTROL] < BATON_CONTROL_WINDOW_MIN)
		return BATON_ERR_ARG;
	for (c = 0; c < BATON_CLASSES; c++)
		if (config->window[c] < 1 ||
		    config->window[c] > BATON_WINDOW_MAX ||
		    config->ring[c] > BATON_RING_MAX ||
		    config->ring[c] <
			    BATON_RECEIVER_RECORD_LEN(baton_class_record_max(
				    c, config->record_max)))
			return BATON_ERR_ARG;
	return BATON_OK;
}

/*
 * Bytes of memory that a class takes: units and slots, and what has no
 * alignment behind them.
 */
static size_t class_len(const struct baton_link_config *config, int c)
{
	size_t window = config->window[c];

	return baton_aligned(BATON_SENDER_UNITS_LEN(window) +
			     BATON_RECEIVER_SLOTS_LEN(window) +
			     BATON_RECEIVER_BYTES_LEN(window, config->pdu_max) +
			     config->ring[c] +
			     BATON_RECEIVER_RECORD_LEN(baton_class_record_max(
				     c, config->record_max)));
}

size_t baton_link_memory_len(const struct baton_link_config *config)
{
	size_t len = 2 * BATON_FLIGHT_MAX;
	int c;

	for (c = 0; c < BATON_CLASSES; c++)
		len += class_len(config, c);
	return len;
}

uint8_t *baton_link_init(struct baton_link *link,
			 const struct baton_link_config *config,
			 uint8_t *memory)
{
	uint8_t c;

	baton_flight_start(&link->flight, memory, memory + BATON_FLIGHT_MAX);
	memory += 2 * BATON_FLIGHT_MAX;
	for (c = 0; c < BATON_CLASSES; c++) {
		uint16_t window = config->window[c];
		uint8_t *slots = memory + BATON_SENDER_UNITS_LEN(window);
		uint8_t *ring = slots + BATON_RECEIVER_SLOTS_LEN(window);
		uint8_t *bytes = ring + config->ring[c];

		baton_sender_init(&link->classes[c].sender, c, ring,
				  config->ring[c], (void *)memory, window);
		baton_receiver_init(
			&link->classes[c].receiver, c, bytes, (void *)slots,
			window, config->pdu_max,
			bytes + BATON_RECEIVER_BYTES_LEN(window,
							 config->pdu_max),
			baton_class_record_max(c, config->record_max));
		memory += class_len(config, c);
	}
	return memory;
}

static void set_sizes(struct baton_link *link)
{
	if (link->sizes.trusted > link->best)
		link->sizes.trusted = link->best;
	link->sizes.best = link->limited ? link->sizes.trusted : link->best;
}

/* The path or the peer has become another. */
static void set_path(struct baton_link *link)
{
	link->best = baton_facts_pdu_len(&link->facts, link->peer_pdu_max);
	set_sizes(link);
}

void baton_link_change(struct baton_link *link,
		       const struct baton_link_facts *facts)
{
	if (facts->mtu != link->facts.mtu) {
		link->limited = false;
		link->untrusted_losses = 0;
	}
	link->facts = *facts;
	baton_rtt_set_interval(&link->rtt, facts->interval_us);
	set_path(link);
}

void baton_link_start(struct baton_link *link,
		      const struct baton_link_facts *facts, uint32_t now_ms)
{
	int c;

	memset(link, 0, offsetof(struct baton_link, stats));
	baton_flight_start(&link->flight, link->flight.tx, link->flight.rx);
	for (c = 0; c < BATON_CLASSES; c++) {
		baton_sender_start(&link->classes[c].sender, 0);
		baton_receiver_start(&link->classes[c].receiver);
	}
	link->peer_pdu_max = BATON_PDU_MAX;
	link->sizes.trusted = BATON_PDU_MIN;
	link->heard_ms = now_ms;
	link->up = true;
	baton_link_change(link, facts);
}

BATON_NOT_INLINE
void baton_link_stop(struct baton_link *link)
{
	link->up = false;
	link->records = false;
	baton_flight_done(&link->flight);
}

void baton_link_set_peer(struct baton_link *link, uint16_t pdu_max,
			 const uint8_t window[BATON_CLASSES])
{
	int c;

	link->peer_pdu_max = pdu_max;
	for (c = 0; c < BATON_CLASSES; c++)
		link->classes[c].sender.limit = window[c];
	set_path(link);
}

/* The PDU to be tried after one of len bytes. */
static uint16_t longer(uint16_t len)
{
	if (len < ATT_VALUE_MIN)
		return ATT_VALUE_MIN;
	return len < MUCH_LONGER / 2 ? MUCH_LONGER : (uint16_t)(2 * len);
}

/* Keep to PDUs that went through, and try longer ones. */
static void limit(struct baton_link *link)
{
	link->limited = true;
	link->longer_len = longer(link->sizes.trusted);
	set_sizes(link);
}

/* A PDU of len bytes went through. */
static void trust(struct baton_link *link, uint16_t len)
{
	if (len <= link->sizes.trusted)
		return;
	link->sizes.trusted = len;
	link->untrusted_losses = 0;
	link->longer_len = longer(link->sizes.trusted);
	if (len >= link->best)
		link->limited = false;
	set_sizes(link);
}

void baton_link_answered(struct baton_link *link)
{
	struct baton_flight *flight = &link->flight;

	/* Of a flight sent twice nobody knows which copy got through. */
	if (flight->active && flight->tries == 1)
		trust(link, flight->tx_pdu_len);
	baton_flight_done(flight);
}

void baton_link_open(struct baton_link *link)
{
	if (link->flight.shorten)
		limit(link);
	link->records = true;
}

/* What these two give is as const as the link that they are given. */
BATON_NOT_INLINE
static struct baton_sender *sender_of(const struct baton_link *link,
				      uint8_t class_id)
{
	return (struct baton_sender *)&link->classes[class_id].sender;
}

BATON_NOT_INLINE
static struct baton_receiver *receiver_of(const struct baton_link *link,
					  uint8_t class_id)
{
	return (struct baton_receiver *)&link->classes[class_id].receiver;
}

BATON_NOT_INLINE
static enum baton_err fail(struct baton_link *link, enum baton_err err)
{
	if (!link->err)
		link->err = (uint8_t)err;
	return (enum baton_err)link->err;
}

/*
 * A class of messages of which the peer has not verified all, nor confirmed by
 * an ECHO that it arrived; CONTROL if there is none.
 */
static uint8_t unconfirmed(const struct baton_link *link)
{
	uint8_t c = BATON_CLASS_BULK;

	if (!link->unverified)
		return BATON_CLASS_CONTROL;
	while (c > BATON_CLASS_CONTROL && !(link->unconfirmed >> c & 1))
		c--;
	return c;
}

/* True while an answer of the peer is owed. */
static bool outstanding(const struct baton_link *link)
{
	int c;

	if (unconfirmed(link) != BATON_CLASS_CONTROL || link->probe_out)
		return true;
	for (c = 0; c < BATON_CLASSES; c++)
		if (baton_sender_flight(&link->classes[c].sender) > 0 ||
		    baton_sender_starved(&link->classes[c].sender))
			return true;
	return false;
}

/* Start or stop the clock on silence and probing. */
static void update_waiting(struct baton_link *link, uint32_t now_ms)
{
	bool waiting = link->records && outstanding(link);

	if (waiting && !link->waiting) {
		link->waiting_ms = now_ms;
		link->probes = 0;
	}
	link->waiting = waiting;
}

/* PDUs longer than trusted were lost while others arrived. */
static void distrust(struct baton_link *link, uint32_t count)
{
	if (count == 0 || link->limited)
		return;
	if (++link->untrusted_losses >= UNTRUSTED_LOSSES)
		limit(link);
}

static enum baton_err take_ack(struct baton_link *link,
			       const struct baton_block *ack, bool echo,
			       uint32_t now_ms)
{
	struct baton_sender *sender = sender_of(link, ack->class_id);
	struct baton_ack_result result;
	enum baton_err err;

	if (echo && baton_sender_contradicts(link->probe_una, ack))
		return fail(link, BATON_ERR_PROTOCOL);
	err = baton_sender_ack(sender, ack, link->sizes.trusted, now_ms,
			       &result);
	if (result.progress || !baton_sender_starved(sender))
		link->probes = 0;
	if (result.sampled)
		baton_rtt_sample(&link->rtt, result.rtt_ms);
	if (result.proven)
		trust(link, result.proven);
	if (echo && !err)
		result.untrusted += baton_sender_echoed(
			sender, link->probe_order, link->sizes.trusted);
	distrust(link, result.untrusted);
	return err;
}

/* True if this ECHO answers our probe; its ACK is the block behind it. */
static bool take_echo(struct baton_link *link, const struct baton_block *echo,
		      const struct baton_block *ack)
{
	const struct baton_sender *sender = sender_of(link, ack->class_id);

	if (!link->probe_out || echo->token != link->probe_token ||
	    ack->class_id != link->probe_class)
		return false;
	link->probe_out = false;
	/* It knows nothing of what went out after the probe. */
	if (sender->una == link->probe_una &&
	    sender->order == link->probe_order)
		link->unconfirmed &= (uint8_t) ~(1 << ack->class_id);
	return true;
}

static enum baton_err take_block(struct baton_link *link,
				 const struct baton_block *block,
				 const struct baton_block *before,
				 uint32_t now_ms, bool *flight)
{
	enum baton_err err;
	bool echo;

	if (!link->records && block->type != BATON_BLOCK_FLIGHT)
		return BATON_ERR_PEER_STATE;
	switch (block->type) {
	case BATON_BLOCK_SHORT:
	case BATON_BLOCK_LONG:
	case BATON_BLOCK_PART:
		link->arrived |= (uint8_t)(1 << block->class_id);
		return baton_receiver_data(receiver_of(link, block->class_id),
					   block, link->rtt.interval_ms,
					   now_ms);
	case BATON_BLOCK_ACK:
		echo = before && before->type == BATON_BLOCK_ECHO &&
		       take_echo(link, before, block);
		return take_ack(link, block, echo, now_ms);
	case BATON_BLOCK_FLIGHT:
		err = baton_flight_piece(&link->flight, block);
		*flight = err == BATON_OK;
		return err == BATON_ERR_AGAIN ? BATON_OK : err;
	case BATON_BLOCK_PROBE:
		link->echo_owed = !BATON_PLANTED(NO_REPEAT);
		link->echo_class = block->class_id;
		link->echo_token = block->token;
		return BATON_OK;
	case BATON_BLOCK_ECHO:
		return BATON_OK;
	}
	return BATON_ERR_PEER_FORMAT;
}

enum baton_err baton_link_rx(struct baton_link *link, const uint8_t *pdu,
			     size_t len, uint32_t now_ms, bool *flight)
{
	struct baton_block blocks[BATON_PDU_BLOCKS];
	enum baton_err err, worst = BATON_OK;
	size_t count, i;

	*flight = false;
	if (link->err)
		return (enum baton_err)link->err;
	if (!link->up)
		return BATON_ERR_CLOSED;
	link->stats.rx_pdus++;
	link->stats.rx_bytes += len;
	err = baton_pdu_decode(pdu, len, blocks, &count);
	if (err) {
		link->stats.rx_dropped++;
		return err;
	}
	for (i = 0; i < count; i++) {
		err = take_block(link, &blocks[i], i ? &blocks[i - 1] : NULL,
				 now_ms, flight);
		if (err > worst)
			worst = err;
		if (!err)
			link->heard_ms = now_ms;
	}
	if (worst)
		link->stats.rx_dropped++;
	update_waiting(link, now_ms);
	return worst;
}

/* ACKs that are due by due_ms and fit into cap bytes. */
static size_t put_acks(struct baton_link *link, uint8_t *dst, size_t cap,
		       uint32_t due_ms, uint32_t now_ms)
{
	struct baton_receiver *receiver;
	size_t n = 0;
	int c;

	for (c = 0; c < BATON_CLASSES; c++) {
		receiver = &link->classes[c].receiver;
		if (receiver->ack_due_ms <= due_ms && n + BATON_ACK_LEN <= cap)
			n += baton_receiver_ack(receiver, dst + n, cap - n,
						now_ms);
	}
	return n;
}

static size_t build_echo(struct baton_link *link, uint8_t *dst, size_t cap,
			 uint32_t now_ms)
{
	size_t n = baton_pdu_put_echo(dst, link->echo_token);

	link->echo_owed = false;
	return n + baton_receiver_ack(receiver_of(link, link->echo_class),
				      dst + n, cap - n, now_ms);
}

/*
 * After a fall back, longer PDUs are tried: one after the other, and now and
 * then one that is longer than what is trusted.
 */
static void try_longer(struct baton_link *link, struct baton_sizes *sizes,
		       uint32_t now_ms)
{
	uint16_t len = link->longer_len;

	if (!link->limited ||
	    (!len && now_ms - link->longer_ms < BATON_LONGER_TRY_MS))
		return;
	link->longer_ms = now_ms;
	link->longer_len = len && len < link->best ? longer(len) : 0;
	if (!len)
		len = longer(link->sizes.trusted);
	sizes->best = len < link->best ? len : link->best;
}

/*
 * DATA of a class that may send. ACKs that are due ride in front of it; with
 * the last of what is to be sent, those not yet due too.
 */
static size_t build_data(struct baton_link *link, struct baton_sender *sender,
			 uint8_t *dst, size_t cap, uint32_t now_ms)
{
	struct baton_sizes sizes = link->sizes;
	bool again = sender->lost > 0;
	uint32_t before = sender->payload;
	size_t ahead = 0;
	size_t n;

	/* What is sent again proves nothing, and must get through. */
	if (!again)
		try_longer(link, &sizes, now_ms);
	if (sizes.best > cap)
		sizes.best = (uint16_t)cap;
	if (sizes.trusted > sizes.best)
		sizes.trusted = sizes.best;
	if (sizes.best >= ACKS_RIDE_LEN)
		ahead = put_acks(link, dst, ACKS_RIDE_LEN / 2,
				 sender->uncut < sizes.best
					 ? BATON_LINK_NEVER - 1
					 : now_ms,
				 now_ms);
	n = baton_sender_build(sender, dst + ahead, ahead, &sizes, now_ms);
	if (n > 0) {
		link->stats.tx_data_pdus++;
		if (sender->class_id == BATON_CLASS_BULK)
			link->stats.tx_bulk_bytes += sender->payload - before;
		link->stats.tx_resent += again;
		link->unconfirmed |= (uint8_t)(1 << sender->class_id);
	}
	return ahead + n;
}

/* Of the class in which an answer is missing. */
static struct baton_sender *sender_to_probe(struct baton_link *link)
{
	struct baton_link_class *end = link->classes + BATON_CLASSES;
	struct baton_link_class *at;

	for (at = link->classes; at < end; at++)
		if (at->sender.backoff > 0)
			return &at->sender;
	for (at = link->classes; at < end; at++)
		if (baton_sender_starved(&at->sender))
			return &at->sender;
	return sender_of(link, unconfirmed(link));
}

static size_t build_probe(struct baton_link *link, uint8_t *dst,
			  uint32_t now_ms)
{
	struct baton_sender *sender = sender_to_probe(link);

	link->probe_due = false;
	link->probe_out = true;
	link->probe_class = sender->class_id;
	link->probe_una = sender->una;
	link->probe_order = sender->order;
	/* Its answer may be awaited from here on. */
	sender->timer_ms = now_ms;
	link->probe_token++;
	link->probe_ms = now_ms;
	if (link->probes < 16)
		link->probes++;
	return baton_pdu_put_probe(dst, sender->class_id, link->probe_token);
}

/*
 * The first class that may send, but for some turns of MESSAGE where BULK has
 * stood still: its record that has begun must go on. NULL: there is none.
 */
static struct baton_sender *next_sender(struct baton_link *link,
					uint32_t now_ms)
{
	struct baton_sender *first = NULL;
	struct baton_sender *sender;
	int c;

	for (c = BATON_CLASS_BULK; c >= BATON_CLASS_CONTROL; c--) {
		sender = &link->classes[c].sender;
		if (baton_sender_ready(sender) &&
		    !(first && c == BATON_CLASS_MESSAGE &&
		      now_ms - first->progress_ms >= BULK_PAUSE_MS &&
		      link->stats.tx_data_pdus % BULK_TURN == 0))
			first = sender;
	}
	return first;
}

/* The next PDU once the handshake is over (A.8). */
static size_t build_next(struct baton_link *link, uint8_t *dst, size_t cap,
			 uint32_t now_ms)
{
	struct baton_sender *sender = next_sender(link, now_ms);
	size_t best = link->sizes.best < cap ? link->sizes.best : cap;
	size_t n = 0;

	if (link->echo_owed)
		return build_echo(link, dst, best, now_ms);
	/* ACKs by themselves, where they would not fit in front of data. */
	if (!sender || link->sizes.best < ACKS_RIDE_LEN)
		n = put_acks(link, dst, best, now_ms, now_ms);
	if (n > 0) {
		link->stats.tx_ack_pdus++;
		return n;
	}
	if (link->probe_due)
		return build_probe(link, dst, now_ms);
	return sender ? build_data(link, sender, dst, cap, now_ms) : 0;
}

size_t baton_link_tx(struct baton_link *link, uint8_t *dst, size_t cap,
		     uint32_t now_ms)
{
	size_t n = 0;

	if (link->err || !link->up || cap < BATON_PDU_MIN)
		return 0;
	if (cap > BATON_PDU_MAX)
		cap = BATON_PDU_MAX;
	if (baton_flight_ready(&link->flight))
		n = baton_flight_build(&link->flight, dst,
				       link->sizes.best < cap ? link->sizes.best
							      : (uint16_t)cap,
				       now_ms);
	else if (link->records)
		n = build_next(link, dst, cap, now_ms);
	if (n > 0) {
		link->stats.tx_pdus++;
		link->stats.tx_bytes += n;
	}
	update_waiting(link, now_ms);
	return n;
}

static uint32_t latest(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* When to probe because no unit is out whose timer would. */
static uint32_t probe_deadline(const struct baton_link *link)
{
	uint32_t since = latest(link->probe_ms, link->waiting_ms);
	uint32_t wait = baton_rtt_timeout_ms(&link->rtt, link->probes);
	const struct baton_link_class *at = link->classes;
	const struct baton_link_class *end = at + BATON_CLASSES;
	const struct baton_sender *sender;
	bool timed = false;

	if (!link->waiting || link->probe_due)
		return BATON_LINK_NEVER;
	for (; at < end; at++) {
		sender = &at->sender;
		if (baton_sender_flight(sender) > 0)
			timed |= baton_sender_deadline(sender, &link->rtt) !=
				 BATON_LINK_NEVER;
		else if (baton_sender_starved(sender))
			return latest(since, sender->progress_ms) + wait;
	}
	if (timed)
		return BATON_LINK_NEVER;
	return latest(since, link->heard_ms) +
	       (wait > BATON_VERIFY_PROBE_MS ? wait : BATON_VERIFY_PROBE_MS);
}

/* When a class has stood still for too long. */
static uint32_t stuck_deadline(const struct baton_link *link)
{
	uint32_t due = BATON_LINK_NEVER;
	int c;

	if (link->waiting)
		due = latest(link->waiting_ms, link->heard_ms) +
		      BATON_SILENCE_MS;
	for (c = 0; c < BATON_CLASSES; c++) {
		if (baton_sender_flight(&link->classes[c].sender) > 0)
			due = baton_link_earlier(
				due, link->classes[c].sender.progress_ms +
					     BATON_SILENCE_MS);
		if (baton_receiver_partial(&link->classes[c].receiver))
			due = baton_link_earlier(
				due, link->classes[c].receiver.moved_ms +
					     BATON_SILENCE_MS);
	}
	return due;
}

BATON_NOT_INLINE
uint32_t baton_link_still_due(const struct baton_link *link, uint32_t due_ms)
{
	return due_ms > link->ticked_ms ? due_ms : BATON_LINK_NEVER;
}

BATON_NOT_INLINE
uint32_t baton_link_deadline(const struct baton_link *link)
{
	uint32_t due = BATON_LINK_NEVER;
	int c;

	if (link->err || !link->up)
		return BATON_LINK_NEVER;
	due = baton_flight_deadline(&link->flight, link->rtt.interval_ms);
	if (!link->records)
		return due;
	for (c = 0; c < BATON_CLASSES; c++) {
		due = baton_link_earlier(
			due,
			baton_link_still_due(
				link, baton_receiver_ack_deadline(
					      &link->classes[c].receiver)));
		/* A probe that waits for room waits for nothing else. */
		if (!link->probe_due)
			due = baton_link_earlier(
				due,
				baton_sender_deadline(&link->classes[c].sender,
						      &link->rtt));
	}
	due = baton_link_earlier(due, probe_deadline(link));
	return baton_link_earlier(due, stuck_deadline(link));
}

enum baton_err baton_link_tick(struct baton_link *link, uint32_t now_ms)
{
	bool asking = link->probe_due;
	int c;

	if (link->err)
		return (enum baton_err)link->err;
	if (!link->up)
		return BATON_OK;
	link->ticked_ms = now_ms;
	if (baton_flight_deadline(&link->flight, link->rtt.interval_ms) <=
	    now_ms)
		baton_flight_again(&link->flight);
	if (!link->records)
		return BATON_OK;
	update_waiting(link, now_ms);
	if (stuck_deadline(link) <= now_ms)
		return fail(link, BATON_ERR_TIMEOUT);
	if (probe_deadline(link) <= now_ms)
		link->probe_due = true;
	for (c = 0; c < BATON_CLASSES && !asking; c++) {
		if (baton_sender_deadline(&link->classes[c].sender,
					  &link->rtt) > now_ms)
			continue;
		baton_sender_timeout(&link->classes[c].sender, now_ms);
		link->probe_due = true;
	}
	return BATON_OK;
}

bool baton_link_has_room(const struct baton_link *link, uint8_t class_id,
			 size_t len)
{
	return len <= baton_sender_room(sender_of(link, class_id));
}

BATON_NOT_INLINE
void baton_link_push(struct baton_link *link, uint8_t class_id,
		     const uint8_t *record, size_t len)
{
	baton_sender_append(sender_of(link, class_id), record, (uint32_t)len);
}

bool baton_link_hungry(const struct baton_link *link, uint8_t class_id)
{
	return baton_sender_uncut(sender_of(link, class_id)) < link->sizes.best;
}

enum baton_err baton_link_record(struct baton_link *link, uint8_t class_id,
				 uint8_t **record, size_t *len)
{
	enum baton_err err;

	if (link->err)
		return (enum baton_err)link->err;
	if (!(link->arrived >> class_id & 1))
		return BATON_ERR_AGAIN;
	err = baton_receiver_record(receiver_of(link, class_id), record, len);
	if (err == BATON_ERR_AGAIN)
		link->arrived &= (uint8_t) ~(1 << class_id);
	return baton_err_is_fatal(err) ? fail(link, err) : err;
}

void baton_link_release(struct baton_link *link, uint8_t class_id)
{
	baton_receiver_release(receiver_of(link, class_id));
}
