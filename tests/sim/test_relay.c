/* SPDX-License-Identifier: MIT */

/*
 * Two worlds, far from each other: in one the phone and a device of eve's, in
 * the other the watch and another. She carries adverts and PDUs between them.
 * She cannot be kept from it; she learns nothing and changes nothing.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/stack.h"

#define MS UINT64_C(1000)
#define SECOND UINT64_C(1000000)
#define QUEUE 1024
#define MARK "plaintxt"

struct pdu {
	uint8_t bytes[512];
	size_t len;
};

/* One of eve's two devices. */
struct relay {
	struct baton_sim *sim;
	enum baton_sim_side side;
	struct relay *far;
	struct pdu queue[QUEUE]; /* to be sent here */
	size_t head, len;
	uint8_t advert[31];
	size_t advert_len;
	uint64_t carried;
	bool up, saw_mark;
};

struct end {
	struct baton_sim_stack *stack;
	uint8_t got[100];
	size_t got_len;
	uint32_t code;
	bool compare, paired, secured;
	uint64_t delivered;
};

static struct baton_sim *near_sim, *far_sim;
static struct relay at_phone, at_watch;
static struct end phone, watch;
static uint64_t lag_us;

static bool has_mark(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i + 8 <= len; i++)
		if (!memcmp(p + i, MARK, 8))
			return true;
	return false;
}

static void kick(void *user)
{
	struct relay *r = user;

	baton_sim_kick(r->sim, r->side);
}

static void relay_rx(void *user, uint64_t now_us, const uint8_t *pdu,
		     size_t len)
{
	struct relay *r = user;
	struct relay *far = r->far;
	struct pdu *to;

	(void)now_us;
	r->saw_mark |= has_mark(pdu, len);
	assert_true(far->len < QUEUE);
	to = &far->queue[(far->head + far->len++) % QUEUE];
	memcpy(to->bytes, pdu, len);
	to->len = len;
	r->carried++;
	baton_sim_at(far->sim, baton_sim_now(r->sim) + lag_us, kick, far);
}

static size_t relay_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	struct relay *r = user;
	struct pdu *pdu = &r->queue[r->head];

	(void)now_us;
	if (!r->len)
		return 0;
	assert_true(pdu->len <= cap);
	memcpy(dst, pdu->bytes, pdu->len);
	r->head = (r->head + 1) % QUEUE;
	r->len--;
	return pdu->len;
}

static void relay_up(void *user, uint64_t now_us,
		     const struct baton_sim_link *link)
{
	(void)now_us;
	(void)link;
	((struct relay *)user)->up = true;
}

static void relay_down(void *user, uint64_t now_us, uint8_t reason)
{
	struct relay *r = user;

	(void)now_us;
	(void)reason;
	r->up = false;
	r->len = 0;
	baton_sim_disconnect(r->far->sim, r->far->side, BATON_HCI_REMOTE_USER);
}

/* At the watch she hears adverts, and connects once the phone has. */
static bool relay_advert_rx(void *user, uint64_t now_us, const uint8_t *data,
			    size_t len)
{
	struct relay *r = user;

	(void)now_us;
	memcpy(r->far->advert, data, len);
	r->far->advert_len = len;
	return r->far->up;
}

static size_t relay_advert_tx(void *user, uint64_t now_us, uint8_t *dst,
			      size_t cap)
{
	struct relay *r = user;

	(void)now_us;
	(void)cap;
	memcpy(dst, r->advert, r->advert_len);
	return r->advert_len;
}

static const struct baton_sim_stack_ops relay_ops = {
	.link_up = relay_up,
	.link_down = relay_down,
	.rx = relay_rx,
	.tx = relay_tx,
	.advert_tx = relay_advert_tx,
	.advert_rx = relay_advert_rx,
};

static void on_event(void *user, struct baton_sim_stack *stack,
		     const struct baton_event *event)
{
	struct end *end = user;

	(void)stack;
	if (event->type == BATON_EVENT_COMPARE) {
		end->compare = true;
		end->code = event->u.compare.code;
	} else if (event->type == BATON_EVENT_PAIRED) {
		end->paired = true;
	} else if (event->type == BATON_EVENT_SECURED) {
		end->secured = true;
	} else if (event->type == BATON_EVENT_DELIVERED) {
		end->delivered = event->u.sent.message;
	} else if (event->type == BATON_EVENT_MESSAGE) {
		end->got_len = event->u.message.len;
		memcpy(end->got, event->u.message.bytes, end->got_len);
	}
}

static const struct baton_sim_stack_app app = {.event = on_event};

/* Both worlds, what is earlier first. */
static void run_until(uint64_t until_us)
{
	for (;;) {
		uint64_t a = baton_sim_next(near_sim);
		uint64_t b = baton_sim_next(far_sim);

		if (a > until_us && b > until_us)
			return;
		baton_sim_step(a <= b ? near_sim : far_sim);
	}
}

static void make(struct end *end, struct baton_sim *sim,
		 enum baton_sim_side side, uint64_t seed)
{
	const struct baton_session_config config = {
		.role = side == BATON_SIM_WATCH ? BATON_WATCH : BATON_PHONE,
		.message_max = 1 << 20,
		.link = BATON_LINK_CONFIG_LARGE,
	};

	memset(end, 0, sizeof(*end));
	assert_int_equal(baton_sim_stack_create(&end->stack, sim, side, &config,
						seed, &app, end),
			 BATON_OK);
	baton_sim_stack_set_private(end->stack);
	assert_int_equal(baton_session_pairing_open(
				 baton_sim_stack_session(end->stack), 0),
			 BATON_OK);
}

static void say_yes(struct end *end)
{
	assert_int_equal(
		baton_session_confirm(baton_sim_stack_session(end->stack), true,
				      baton_sim_stack_now_ms(end->stack)),
		BATON_OK);
	baton_session_pairing_close(baton_sim_stack_session(end->stack));
	baton_sim_stack_kick(end->stack);
}

static int setup(void **state)
{
	struct baton_sim_config cfg;

	(void)state;
	baton_sim_config_init(&cfg);
	cfg.start = BATON_SIM_START_ADVERTISING;
	assert_int_equal(baton_sim_create(&near_sim, &cfg), BATON_OK);
	cfg.seed = 2;
	cfg.interval_us = 15000;
	assert_int_equal(baton_sim_create(&far_sim, &cfg), BATON_OK);
	memset(&at_phone, 0, sizeof(at_phone));
	memset(&at_watch, 0, sizeof(at_watch));
	at_phone.sim = near_sim;
	at_phone.side = BATON_SIM_WATCH;
	at_phone.far = &at_watch;
	at_watch.sim = far_sim;
	at_watch.side = BATON_SIM_PHONE;
	at_watch.far = &at_phone;
	lag_us = 200 * MS;
	make(&phone, near_sim, BATON_SIM_PHONE, 1);
	make(&watch, far_sim, BATON_SIM_WATCH, 2);
	baton_sim_attach(near_sim, BATON_SIM_WATCH, &relay_ops, &at_phone);
	baton_sim_attach(far_sim, BATON_SIM_PHONE, &relay_ops, &at_watch);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	baton_sim_destroy(near_sim);
	baton_sim_destroy(far_sim);
	baton_sim_stack_destroy(phone.stack);
	baton_sim_stack_destroy(watch.stack);
	return 0;
}

static void a_relay_carries_what_it_cannot_read(void **state)
{
	static const uint8_t text[] = "a line with " MARK " in it";
	const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 0};
	uint64_t before;

	(void)state;
	run_until(20 * SECOND);
	/* Pairing, and the codes are the same: she has no key of her own. */
	assert_true(phone.compare && watch.compare);
	assert_int_equal(phone.code, watch.code);
	say_yes(&phone);
	say_yes(&watch);
	run_until(40 * SECOND);
	assert_true(phone.secured && watch.secured);
	assert_true(phone.paired && watch.paired);
	assert_int_equal(
		baton_session_send(baton_sim_stack_session(watch.stack), stream,
				   text, sizeof(text), 0,
				   baton_sim_stack_now_ms(watch.stack)),
		BATON_OK);
	baton_sim_stack_kick(watch.stack);
	run_until(50 * SECOND);
	assert_int_equal(phone.got_len, sizeof(text));
	assert_memory_equal(phone.got, text, sizeof(text));
	assert_int_equal(watch.delivered, 1);
	assert_true(at_phone.carried > 5 && at_watch.carried > 5);
	assert_false(at_phone.saw_mark || at_watch.saw_mark);

	/* The next link: the private advert is carried like the rest. */
	before = at_phone.carried;
	phone.secured = watch.secured = false;
	baton_sim_disconnect(near_sim, BATON_SIM_PHONE, BATON_HCI_REMOTE_USER);
	run_until(120 * SECOND);
	assert_true(phone.secured && watch.secured);
	assert_true(at_phone.carried > before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_relay_carries_what_it_cannot_read, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
