/* SPDX-License-Identifier: MIT */

/* The adversary on adverts, and whom a phone then reaches. */

#include "pair.h"

struct scanner {
	uint8_t wants; /* first byte of the adverts it connects to; 0: all */
	uint32_t heard, ups;
	uint8_t last[31];
	size_t last_len;
};

struct eve {
	uint32_t seen, drops, flips;
};

static struct baton_sim_config cfg;
static struct baton_sim *sim;
static struct scanner phone;
static struct eve eve;
static uint8_t advert[31];

static size_t no_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	(void)user;
	(void)now_us;
	(void)dst;
	(void)cap;
	return 0;
}

static void no_rx(void *user, uint64_t now_us, const uint8_t *pdu, size_t len)
{
	(void)user;
	(void)now_us;
	(void)pdu;
	(void)len;
}

static size_t advert_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	(void)user;
	(void)now_us;
	memcpy(dst, advert, cap);
	return cap;
}

static bool advert_rx(void *user, uint64_t now_us, const uint8_t *data,
		      size_t len)
{
	struct scanner *s = user;

	(void)now_us;
	s->heard++;
	memcpy(s->last, data, len);
	s->last_len = len;
	return !s->wants || (len && data[0] == s->wants);
}

static void on_up(void *user, uint64_t now_us,
		  const struct baton_sim_link *link)
{
	(void)now_us;
	(void)link;
	((struct scanner *)user)->ups++;
}

static const struct baton_sim_stack_ops watch_ops = {
	.rx = no_rx,
	.tx = no_tx,
	.advert_tx = advert_tx,
};

static const struct baton_sim_stack_ops phone_ops = {
	.link_up = on_up,
	.rx = no_rx,
	.tx = no_tx,
	.advert_rx = advert_rx,
};

static bool on_advert(void *user, uint8_t *data, size_t *len)
{
	struct eve *e = user;

	(void)len;
	e->seen++;
	if (e->flips) {
		e->flips--;
		data[0] ^= 0xff;
	}
	if (!e->drops)
		return true;
	e->drops--;
	return false;
}

static bool on_pdu(void *user, enum baton_sim_side to, uint8_t *pdu,
		   size_t *len, size_t cap)
{
	(void)user;
	(void)to;
	(void)pdu;
	(void)len;
	(void)cap;
	return true;
}

static int setup(void **state)
{
	(void)state;
	baton_sim_config_init(&cfg);
	cfg.start = BATON_SIM_START_ADVERTISING;
	cfg.gatt = BATON_SIM_GATT_READY;
	memset(&phone, 0, sizeof(phone));
	memset(&eve, 0, sizeof(eve));
	memset(advert, 7, sizeof(advert));
	assert_int_equal(baton_sim_create(&sim, &cfg), BATON_OK);
	baton_sim_attach(sim, BATON_SIM_WATCH, &watch_ops, NULL);
	baton_sim_attach(sim, BATON_SIM_PHONE, &phone_ops, &phone);
	baton_sim_set_adversary(sim, on_pdu, &eve);
	baton_sim_set_advert_adversary(sim, on_advert);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	baton_sim_destroy(sim);
	return 0;
}

static void what_she_drops_is_not_heard(void **state)
{
	(void)state;
	eve.drops = 10;
	baton_sim_run_until(sim, 20 * SECOND);
	assert_int_equal(eve.seen, 11);
	assert_int_equal(phone.heard, 1);
	assert_int_equal(phone.ups, 1);
}

static void what_she_changes_is_heard_changed(void **state)
{
	(void)state;
	phone.wants = 7;
	eve.flips = 5;
	baton_sim_run_until(sim, 20 * SECOND);
	assert_int_equal(phone.heard, 6);
	assert_int_equal(phone.last[0], 7);
	assert_int_equal(phone.ups, 1);
	/* Only the copy that the phone has. */
	assert_int_equal(advert[0], 7);
}

/* It fits no address that is on the air: 20 s are gone. */
static void an_old_advert_leads_nowhere(void **state)
{
	static const uint8_t old[31] = {9};

	(void)state;
	phone.wants = 9;
	baton_sim_inject_advert(sim, 50 * MS, old, sizeof(old));
	baton_sim_run_until(sim, 10 * SECOND);
	assert_int_equal(phone.ups, 0);
	memset(advert, 9, sizeof(advert));
	baton_sim_run_until(sim, 20 * SECOND);
	assert_int_equal(phone.ups, 0);
	baton_sim_run_until(sim, 22 * SECOND);
	assert_int_equal(phone.ups, 1);
}

static void a_repeated_advert_leads_to_its_sender(void **state)
{
	(void)state;
	eve.drops = UINT32_MAX; /* the true ones are never seen */
	baton_sim_inject_advert(sim, 50 * MS, advert, sizeof(advert));
	baton_sim_run_until(sim, 2 * SECOND);
	assert_int_equal(phone.heard, 1);
	assert_int_equal(phone.ups, 1);
}

static void noise_is_offered_and_refused(void **state)
{
	static const uint8_t noise[5] = {1, 2, 3, 4, 5};

	(void)state;
	phone.wants = 7;
	eve.drops = UINT32_MAX;
	baton_sim_inject_advert(sim, 50 * MS, noise, sizeof(noise));
	baton_sim_inject_advert(sim, 60 * MS, noise, 0);
	baton_sim_run_until(sim, 5 * SECOND);
	assert_int_equal(phone.heard, 2);
	assert_int_equal(phone.ups, 0);
	eve.drops = 0;
	baton_sim_run_until(sim, 6 * SECOND);
	assert_int_equal(phone.ups, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_she_drops_is_not_heard),
		T(what_she_changes_is_heard_changed),
		T(an_old_advert_leads_nowhere),
		T(a_repeated_advert_leads_to_its_sender),
		T(noise_is_offered_and_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
