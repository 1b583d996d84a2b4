/* SPDX-License-Identifier: MIT */

/*
 * The power goes at every single storage write of a life of two devices
 * (pairing, links, a day, revoking on either side), at the watch and at the
 * phone, with that write on the medium or not, crossed with the loss of the
 * next PDU to arrive at either side, and with a second cut soon after; with
 * writes lost that were said to be durable; and with a store that is copied,
 * and goes on in two devices. Each time the two get over it: they know each
 * other, or pair anew, with nobody clearing anything. And no key seals twice
 * with a nonce.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/beacon.h"
#include "tests/adversary/seal_log.h"
#include "tests/support/pair.h"

#define FILE_LEN 300
#define HOUR_MS UINT64_C(3600000)
#define PATIENCE_MS 20000 /* of a person who looks at both */
#define TRIES 20 /* links, until they give up */

/*
 * How they pair, and what each can do for it: both have a secret before there
 * is a link, or a first link finds out what a person has to pass on.
 */
static const struct method {
	const char *name;
	uint8_t can[2]; /* by role */
	bool secret;
} methods[] = {
	{"comparison", {BATON_PAIR_COMPARE, BATON_PAIR_COMPARE}, false},
	{"secret", {BATON_PAIR_OUT_OF_BAND, BATON_PAIR_OUT_OF_BAND}, true},
	{"code on phone", {BATON_PAIR_SHOW, BATON_PAIR_TYPE}, false},
	{"code on watch", {BATON_PAIR_TYPE, BATON_PAIR_SHOW}, false},
	{"secret asked of phone",
	 {BATON_PAIR_SECRET_SHOW, BATON_PAIR_SECRET_TAKE},
	 false},
	{"secret asked of watch",
	 {BATON_PAIR_SECRET_TAKE, BATON_PAIR_SECRET_SHOW},
	 false},
};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* What goes wrong in a life. */
struct fault {
	const struct method *method;
	enum baton_role side;
	unsigned int at; /* the write, of that side's; 0: nothing goes wrong */
	bool keeps; /* that write is on the medium */
	unsigned int lose[2]; /* PDUs to each side */
	unsigned int back; /* writes before it that are lost, too */
	/* And once more, so many writes later; 0: no second time. */
	enum baton_role again_side;
	unsigned int again;
	bool again_keeps;
	/*
	 * Before that step of the life (from 1, 0: never) somebody copies the
	 * store of that side; from then on the device and its copy are used
	 * in turns.
	 */
	unsigned int copy;
};

static struct pair *pair;
static const struct fault *fault;
static bool again_set;
static struct baton_beacon beacon; /* the watch's */
static unsigned int links;
static unsigned int in_vain; /* of them: not secured in the end */
static bool windows_open; /* on both, as far as their people know */
static unsigned int back; /* to be taken back at the first reboot */
static struct pair_value twin[PAIR_VALUES]; /* the store of the copy */

static bool someone_is_dead(void)
{
	return pair->end[0].dead || pair->end[1].dead;
}

static bool dead_or_secured(struct pair *p)
{
	return someone_is_dead() || pair_over(p) ||
	       (p->end[0].compare && p->end[1].compare);
}

static bool never(struct pair *p)
{
	(void)p;
	return someone_is_dead();
}

/* The second thing that goes wrong is set when the first has happened. */
static void revive(void)
{
	struct pair_end *end;
	int i;

	for (i = 0; i < 2; i++) {
		end = &pair->end[i];
		if (!end->dead)
			continue;
		end->cut_at = 0;
		if (i == BATON_WATCH)
			memset(&beacon, 0, sizeof(beacon));
		windows_open = false;
		/* The other one does not know yet, and goes on for a while. */
		pair_run(pair, never, 3000);
		pair_rollback(pair, (enum baton_role)i, back);
		back = 0;
		pair_reboot(pair, (enum baton_role)i);
		pair_down(pair);
	}
	if (!fault->again || again_set)
		return;
	again_set = true;
	end = &pair->end[fault->again_side];
	end->cut_at = end->writes + fault->again;
	end->cut_keeps = fault->again_keeps;
}

/* Every second link begins with an advert that the phone has heard. */
static void hear(struct baton_link_facts facts[2])
{
	static uint8_t nonce[2][BATON_BOND_NONCE_LEN];
	struct baton_session *watch = &pair->end[BATON_WATCH].session;
	struct baton_session *phone = &pair->end[BATON_PHONE].session;
	uint8_t id[BATON_BOND_ID_LEN];
	bool changed;
	int i;

	/* A phone that knows several tells by it which of them this is. */
	if ((++links % 2 && baton_session_bond_count(phone) < 2) ||
	    baton_beacon_turn(&beacon, watch, pair->now_ms, &changed) ||
	    baton_beacon_find(phone, beacon.advert, id, nonce[BATON_PHONE]) ||
	    baton_session_bond_select(phone, id) ||
	    !baton_beacon_use(&beacon, nonce[BATON_WATCH]))
		return;
	for (i = 0; i < 2; i++)
		facts[i].advert = nonce[i];
}

static void up(void)
{
	struct baton_link_facts facts[2] = {{.mtu = pair->mtu},
					    {.mtu = pair->mtu}};
	int i;

	hear(facts);

	for (i = 0; i < 2; i++) {
		pair->end[i].queue_len = 0;
		pair->end[i].closed = false;
		pair->end[i].secured = false;
		pair->end[i].compare = false;
		pair->end[i].close_err = BATON_OK;
	}
	for (i = 0; i < 2; i++)
		if (baton_session_link_up(&pair->end[i].session, &facts[i],
					  pair->now_ms))
			return;
	pair->up = true;
}

/* Both people open the window: they need not clear anything first. */
static void people_pair(void)
{
	uint8_t secret[BATON_OOB_SECRET_LEN];
	enum baton_err err = BATON_OK;
	int i;

	if (windows_open && !pair->end[0].pair_failed &&
	    !pair->end[1].pair_failed)
		return;
	windows_open = true;
	for (i = 0; i < 2 && !err; i++) {
		pair->end[i].pair_failed = false;
		pair->end[i].shown = pair->end[i].asked = 0;
		if (!fault->method->secret)
			err = baton_session_pairing_open(&pair->end[i].session,
							 pair->now_ms);
		else if (i == 0)
			err = baton_session_secret_make(&pair->end[i].session,
							secret, pair->now_ms);
		else
			err = baton_session_secret_take(&pair->end[i].session,
							secret, pair->now_ms);
	}
	if (err)
		fail_msg("copied before step %u, side %d, bonds %zu %zu: no "
			 "window: %s",
			 fault->copy, fault->side,
			 baton_session_bond_count(&pair->end[0].session),
			 baton_session_bond_count(&pair->end[1].session),
			 baton_err_text(err));
}

static bool must_pair(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (!baton_session_bond_count(&pair->end[i].session) ||
		    pair->end[i].close_err == BATON_ERR_NO_BOND)
			return true;
	return false;
}

static void people_say_yes(void)
{
	int i;

	if (!pair->end[0].compare || !pair->end[1].compare)
		return;
	assert_int_equal(pair->end[0].code, pair->end[1].code);
	for (i = 0; i < 2; i++) {
		pair->end[i].compare = false;
		/* One may have lost its power or its link meanwhile. */
		(void)!baton_session_confirm(&pair->end[i].session, true,
					     pair->now_ms);
	}
	pair_run(pair, dead_or_secured, PATIENCE_MS);
}

/* What one shows is typed on the other, or scanned; a later link uses it. */
static void pass_on(const struct method *method, struct pair_end *from)
{
	struct pair_end *to = &pair->end[from == &pair->end[0]];
	char text[BATON_TYPED_TEXT_LEN];

	if (method->can[from == &pair->end[1]] & BATON_PAIR_SECRET_SHOW) {
		(void)!baton_session_secret_take(&to->session, from->secret,
						 pair->now_ms);
	} else {
		baton_typed_text(from->digits, text);
		(void)!baton_session_code(&to->session, text, pair->now_ms);
	}
	pair_run(pair, never, 1000);
}

static void people_pass_on(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (!pair->end[i].shown || !pair->end[!i].asked)
			continue;
		pair->end[i].shown = 0;
		pass_on(fault->method, &pair->end[i]);
	}
}

/* Whatever has happened before: now they are secured. */
static void secure(void)
{
	int i;

	for (i = 0; i < TRIES; i++) {
		revive();
		if (!pair->up) {
			if (must_pair())
				people_pair();
			up();
		}
		pair_run(pair, dead_or_secured, PATIENCE_MS);
		if (!someone_is_dead())
			people_say_yes();
		if (!someone_is_dead() && pair_secured(pair)) {
			windows_open = false;
			return;
		}
		in_vain++;
		if (!someone_is_dead())
			pair_down(pair);
		if (!someone_is_dead())
			people_pass_on();
	}
	fail_msg(
		"by %s: the %s lost power at write %u (kept: %d, lost %u %u, back "
		"%u; %u writes later the %s, kept: %d; copied before step "
		"%u): they do not come together",
		fault->method->name, fault->side ? "phone" : "watch", fault->at,
		fault->keeps, fault->lose[0], fault->lose[1], fault->back,
		fault->again, fault->again_side ? "phone" : "watch",
		fault->again_keeps, fault->copy);
}

static enum baton_role sender;

static bool delivered_or_gone(struct pair *p)
{
	return someone_is_dead() || pair_closed(p) || p->end[sender].delivered;
}

/* A file arrives, if need be at the next link. */
static void hand_over(enum baton_role from)
{
	int i;

	sender = from;
	pair->end[from].delivered = 0;
	for (i = 0; i < TRIES; i++) {
		secure();
		if (!pair->end[from].send_total || !pair->end[from].sending) {
			/* It may have forgotten that it was sending. */
			pair->end[from].send_total = 0;
			if (!baton_session_begin(&pair->end[from].session,
						 pair->end[from].stream,
						 FILE_LEN, NULL, 0, 0)) {
				pair->end[from].send_total = FILE_LEN;
				pair->end[from].send_at = 0;
				pair->end[from].sending = true;
			}
		}
		pair_run(pair, delivered_or_gone, PATIENCE_MS);
		if (!someone_is_dead() && pair->end[from].delivered)
			return;
		if (!someone_is_dead())
			pair_down(pair);
	}
	fail_msg("the file does not arrive after write %u", fault->at);
}

static void wait_ms(uint64_t ms)
{
	pair_run(pair, never, ms);
	pair->now_ms += ms;
}

static void link_again(void)
{
	if (!someone_is_dead())
		pair_down(pair);
	secure();
}

static bool revoked_or_dead(struct pair *p)
{
	return someone_is_dead() || p->end[0].revoked || p->end[1].revoked;
}

/* A person deletes the bond of this link, or of the last one. */
static void revoke(enum baton_role side, bool linked)
{
	struct pair_end *end = &pair->end[side];
	uint8_t id[BATON_BOND_ID_LEN];
	size_t count;

	secure();
	if (!linked)
		pair_down(pair);
	count = baton_session_bond_count(&end->session);
	while (count > 0) {
		if (baton_session_bond_id(&end->session, count - 1, id))
			break;
		(void)!baton_session_bond_revoke(&end->session, id,
						 pair->now_ms);
		pair_run(pair, revoked_or_dead, 2000);
		pair->end[0].revoked = pair->end[1].revoked = false;
		if (someone_is_dead())
			revive();
		count = baton_session_bond_count(&end->session);
	}
	pair_run(pair, never, 2000);
	if (!someone_is_dead())
		pair_down(pair);
}

static void step_watch_sends(void)
{
	hand_over(BATON_WATCH);
}

static void step_phone_sends(void)
{
	link_again();
	hand_over(BATON_PHONE);
}

static void step_a_day_passes(void)
{
	wait_ms(25 * HOUR_MS);
	hand_over(BATON_WATCH);
}

/* The keys of a link that is used for hours are renewed while it goes on. */
static void step_hours_pass_on_a_link(void)
{
	int i;

	for (i = 0; i < 3; i++) {
		secure();
		wait_ms(HOUR_MS / 2 + 60000);
		hand_over(BATON_WATCH);
	}
}

static void step_phone_revokes(void)
{
	revoke(BATON_PHONE, true);
	hand_over(BATON_WATCH);
}

static void step_watch_revokes(void)
{
	revoke(BATON_WATCH, false);
	hand_over(BATON_PHONE);
}

/* Everything that is written in two devices' life. */
static void (*const steps[])(void) = {
	step_watch_sends,   step_hours_pass_on_a_link,
	step_phone_sends,   link_again,
	link_again,	    step_a_day_passes,
	link_again,	    step_phone_sends,
	step_phone_revokes, step_watch_revokes,
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))
#define PAIRINGS 3 /* in them: first, and after each revoking */

/* The copy is switched on in place of the device, or the other way round. */
static void swap_with_copy(struct pair_end *end)
{
	static struct pair_value kept[PAIR_VALUES];

	memcpy(kept, end->stored, sizeof(kept));
	memcpy(end->stored, twin, sizeof(twin));
	memcpy(twin, kept, sizeof(twin));
	pair_reboot(pair, fault->side);
}

static void live(const struct fault *what)
{
	struct pair_end *end;
	unsigned int i;

	fault = what;
	again_set = false;
	back = what->back;
	seal_log_clear();
	windows_open = false;
	links = in_vain = 0;
	memset(&beacon, 0, sizeof(beacon));
	pair_init_methods(pair, 11, what->method->can[0], what->method->can[1]);
	end = &pair->end[what->side];
	end->cut_at = what->at;
	end->cut_keeps = what->keeps;
	memcpy(pair->cut_loses, what->lose, sizeof(pair->cut_loses));
	for (i = 0; i < STEPS; i++) {
		if (i + 1 == what->copy)
			memcpy(twin, end->stored, sizeof(twin));
		else if (what->copy && i + 1 > what->copy)
			swap_with_copy(end);
		steps[i]();
	}
	if (seal_log_repeated())
		fail_msg("%zu of %zu seals repeat a key and nonce",
			 seal_log_repeated(), seal_log_count());
	assert_true(seal_log_count() > 30);
	pair_free(pair);
}

/* Whether somebody has to pass on what the other device shows. */
static bool asks(const struct method *method)
{
	return !method->secret && method->can[0] != BATON_PAIR_COMPARE;
}

/* Writes of each side in a life without faults, by method. */
static unsigned int writes[METHODS][2];

static void a_quiet_life_needs_no_second_try(void **state)
{
	struct fault nothing = {.at = 0};
	size_t m;
	int i;

	(void)state;
	for (m = 0; m < METHODS; m++) {
		nothing.method = &methods[m];
		live(&nothing);
		/* But for the link that finds out what a person has to do. */
		assert_int_equal(in_vain, asks(&methods[m]) ? PAIRINGS : 0);
		for (i = 0; i < 2; i++) {
			writes[m][i] = pair->end[i].writes;
			assert_true(writes[m][i] > 3);
		}
		print_message("# %s: %u writes of the watch, %u of the phone, "
			      "%zu seals\n",
			      methods[m].name, writes[m][0], writes[m][1],
			      seal_log_count());
	}
}

/* Every write of every method; what else happens, hows numbers say. */
static void live_all(void (*set)(struct fault *what, unsigned int how),
		     unsigned int hows)
{
	unsigned int how, lives = 0;
	struct fault what;
	size_t m;
	int i;

	for (m = 0; m < METHODS; m++)
		for (i = 0; i < 2; i++)
			for (how = 0; how < hows * writes[m][i]; how++) {
				memset(&what, 0, sizeof(what));
				what.method = &methods[m];
				what.side = (enum baton_role)i;
				what.at = 1 + how / hows;
				set(&what, how % hows);
				live(&what);
				lives++;
			}
	print_message("# %u lives\n", lives);
}

static void set_one_cut(struct fault *what, unsigned int how)
{
	what->keeps = how & 1;
	what->lose[0] = how >> 1 & 1;
	what->lose[1] = how >> 2 & 1;
}

static void they_get_over_a_power_cut_at_any_write(void **state)
{
	(void)state;
	live_all(set_one_cut, 8);
}

static void set_two_cuts(struct fault *what, unsigned int how)
{
	what->keeps = how & 1;
	what->lose[!what->side] = how >> 1 & 1;
	what->again_side = (enum baton_role)(how >> 2 & 1);
	what->again_keeps = how >> 3 & 1;
	what->again = 1 + what->at % 2;
}

static void they_get_over_a_second_one_soon_after(void **state)
{
	(void)state;
	live_all(set_two_cuts, 16);
}

static void set_not_durable(struct fault *what, unsigned int how)
{
	what->keeps = how & 1;
	what->lose[!what->side] = how >> 1 & 1;
	what->back = 1 + (how >> 2);
}

static void they_get_over_writes_that_were_not_durable(void **state)
{
	(void)state;
	live_all(set_not_durable, 4 * (PAIR_PAST - 1));
}

static void they_get_over_a_store_that_was_copied(void **state)
{
	struct fault what = {.copy = 1};
	size_t m;
	int i;

	(void)state;
	for (m = 0; m < METHODS; m++)
		for (i = 0; i < 2; i++)
			for (what.copy = 1; what.copy < STEPS; what.copy++) {
				what.method = &methods[m];
				what.side = (enum baton_role)i;
				live(&what);
			}
}

/* The other one has written its bond each time, and keeps an orphan. */
static void pairing_is_cut(const struct method *method, enum baton_role side)
{
	const struct fault nothing = {.method = method};
	struct pair_end *end = &pair->end[side];
	unsigned int i;

	fault = &nothing;
	windows_open = false;
	pair_init_methods(pair, 12, method->can[0], method->can[1]);
	for (i = 0; i < 3 * BATON_BONDS; i++) {
		end->cut_at = end->writes + 1;
		end->cut_keeps = false;
		people_pair();
		up();
		pair_run(pair, dead_or_secured, PATIENCE_MS);
		if (!someone_is_dead())
			people_say_yes();
		assert_true(end->dead);
		revive();
	}
	hand_over(BATON_WATCH);
	pair_free(pair);
}

static void pairing_that_is_cut_many_times_leaves_room(void **state)
{
	size_t m;

	(void)state;
	/* A code that is typed is counted first, ten times at most. */
	for (m = 0; m < 2; m++) {
		pairing_is_cut(&methods[m], BATON_WATCH);
		pairing_is_cut(&methods[m], BATON_PHONE);
	}
}

static void open_window(struct pair_end *end)
{
	end->pair_failed = false;
	end->shown = 0;
	assert_int_equal(
		baton_session_pairing_open(&end->session, pair->now_ms),
		BATON_OK);
}

/*
 * The power goes between the link that asks a person and the one that uses what
 * was passed on. Whose device it was opens a window there, and on the other
 * only if that says so, and reads again what is still shown. A code that is in
 * hand costs its window: nothing takes its place there.
 */
static void asking_is_cut(const struct method *method, enum baton_role side,
			  bool passed)
{
	unsigned int links, i;

	pair_init_methods(pair, 13, method->can[0], method->can[1]);
	pair_windows(pair);
	for (i = 0; i < 2; i++)
		assert_false(pair_link(pair));
	assert_int_equal(pair->end[0].shown + pair->end[1].shown, 1);
	assert_int_equal(pair->end[0].asked + pair->end[1].asked, 1);
	for (i = 0; i < 2 && passed; i++)
		if (pair->end[i].shown)
			pass_on(method, &pair->end[i]);
	pair_reboot(pair, side);
	open_window(&pair->end[side]);
	for (links = 0; links < 5 && !pair_link(pair); links++)
		for (i = 0; i < 2; i++) {
			if (pair->end[i].pair_failed)
				open_window(&pair->end[i]);
			if (pair->end[i].shown)
				pass_on(method, &pair->end[i]);
		}
	if (!pair_secured(pair))
		fail_msg("by %s: the %s lost power, passed on: %d",
			 method->name, side ? "phone" : "watch", passed);
	if (method->can[0] & BATON_PAIR_OUT_OF_BAND)
		assert_int_equal(links, 1);
	assert_int_equal(pair_bonds(&pair->end[0]), 1);
	assert_int_equal(pair_bonds(&pair->end[1]), 1);
	pair_free(pair);
}

static void power_may_go_while_a_person_is_asked(void **state)
{
	size_t m;
	int i;

	(void)state;
	for (m = 2; m < METHODS; m++)
		for (i = 0; i < 4; i++)
			asking_is_cut(&methods[m], (enum baton_role)(i & 1),
				      i & 2);
}

static int setup(void **state)
{
	(void)state;
	pair = malloc(sizeof(*pair));
	return !pair;
}

static int teardown(void **state)
{
	(void)state;
	free(pair);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_life_needs_no_second_try),
		cmocka_unit_test(they_get_over_a_power_cut_at_any_write),
		cmocka_unit_test(they_get_over_a_second_one_soon_after),
		cmocka_unit_test(they_get_over_writes_that_were_not_durable),
		cmocka_unit_test(they_get_over_a_store_that_was_copied),
		cmocka_unit_test(pairing_that_is_cut_many_times_leaves_room),
		cmocka_unit_test(power_may_go_while_a_person_is_asked),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
