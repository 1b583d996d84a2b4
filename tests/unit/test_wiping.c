/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "crypto/drbg.h"
#include "crypto/keys.h"
#include "tests/support/fixed.h"
#include "tests/unit/crypto_test.h"

/*
 * crypto/SPEC.md, "Wiping": each piece of work runs on a stack of its own,
 * which is then searched for the secrets that went through it. The secrets
 * themselves are kept off that stack, in static memory. LD_BIND_NOW=1 is needed:
 * binding a function at its first call saves all vector registers there.
 */

#define STACK_LEN (256 * 1024)
#define SECRETS 192

static uint8_t secrets[SECRETS][32];
static size_t n_secrets;

/* As it is, and as HMAC pads it, which is as good. */
static void remember(const uint8_t secret[32])
{
	static const uint8_t pads[] = {0, 0x36, 0x5c};
	size_t p, i;

	for (p = 0; p < sizeof(pads); p++) {
		assert_true(n_secrets < SECRETS);
		for (i = 0; i < 32; i++)
			secrets[n_secrets][i] = secret[i] ^ pads[p];
		n_secrets++;
	}
}

/* Half a secret is as bad as a whole one. */
__attribute__((no_sanitize_address)) static bool
holds(const volatile uint8_t *memory, size_t len, const uint8_t half[16])
{
	size_t at, i;

	for (at = 0; at + 16 <= len; at++) {
		for (i = 0; i < 16 && memory[at + i] == half[i]; i++)
			;
		if (i == 16)
			return true;
	}
	return false;
}

struct job {
	void (*step)(const void *arg);
	const void *arg;
};

/*
 * The step begins a good way below the top of the stack, where the end of the
 * thread does not write over what it leaves.
 */
static void *run_below(void *arg)
{
	const struct job *job = arg;
	void (*volatile step)(const void *arg) = job->step;
	/* Out of the compiler's sight, which else drops what nobody reads. */
	void *(*volatile clear)(void *to, int byte, size_t len) = memset;
	uint8_t pad[STACK_LEN / 4];

	clear(pad, 0, sizeof(pad));
	step(job->arg);
	return NULL;
}

/* The index of the first secret that the step left behind, or -1. */
static int left_behind(void (*step)(const void *arg), const void *arg)
{
	struct job job = {step, arg};
	pthread_attr_t attr;
	pthread_t thread;
	uint8_t *stack;
	size_t i;
	int found = -1;

	stack = mmap(NULL, STACK_LEN, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(stack != MAP_FAILED);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK_LEN), 0);
	assert_int_equal(pthread_create(&thread, &attr, run_below, &job), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
	for (i = 0; i < n_secrets && found < 0; i++)
		if (holds(stack, STACK_LEN, secrets[i]) ||
		    holds(stack, STACK_LEN, secrets[i] + 16))
			found = (int)i;
	munmap(stack, STACK_LEN);
	return found;
}

static void copy_to_the_stack(const void *arg)
{
	void *(*volatile copy)(void *to, const void *from, size_t len) = memcpy;
	uint8_t place[32];

	copy(place, arg, sizeof(place));
}

static void the_search_finds_what_is_left(void **state)
{
	static uint8_t secret[32];

	(void)state;
	n_secrets = 0;
	fill(secret, sizeof(secret), 0x11);
	remember(secret);
	assert_int_equal(left_behind(copy_to_the_stack, secret), 0);
	baton_crypto_wipe(secret, sizeof(secret));
	assert_int_equal(left_behind(copy_to_the_stack, secret), -1);
}

static struct baton_crypto_hmac hmac;

static void do_hmac(const void *arg)
{
	baton_crypto_hmac_init(&hmac, arg, 32);
}

static void hmac_leaves_nothing_of_its_key(void **state)
{
	static uint8_t key[32];

	(void)state;
	n_secrets = 0;
	fill(key, sizeof(key), 0x11);
	remember(key);
	assert_int_equal(left_behind(do_hmac, key), -1);
}

static struct {
	struct baton_noise_keys own[2];
	uint8_t e_priv[2][32];
	struct baton_noise ends[2];
	struct baton_keys keys;
	struct baton_record_key record;
	struct baton_drbg drbg;
	uint8_t msg[256], payload[256];
	size_t msg_len, payload_len;
	unsigned int next;
	enum baton_err err;
} work;

static void do_init(const void *arg)
{
	const struct baton_noise_pattern *pattern = arg;
	int i;

	for (i = 0; i < 2; i++)
		fixed_noise_init(&work.ends[i], pattern, !i, NULL, 0,
				 &work.own[i], work.e_priv[i]);
}

static void do_write(const void *arg)
{
	(void)arg;
	work.err =
		baton_noise_write(&work.ends[work.next & 1], work.payload, 32,
				  work.msg, sizeof(work.msg), &work.msg_len);
}

static void do_read(const void *arg)
{
	(void)arg;
	work.err = baton_noise_read(&work.ends[!(work.next & 1)], work.msg,
				    work.msg_len, work.payload,
				    sizeof(work.payload), &work.payload_len);
}

static void do_finish(const void *arg)
{
	(void)arg;
	work.err = baton_keys_finish(&work.keys, &work.ends[0]);
	baton_keys_record(&work.record, work.keys.noise.dir[BATON_KEYS_I2R], 1);
}

static void do_seal_and_rekey(const void *arg)
{
	(void)arg;
	work.err = baton_record_seal(&work.record, NULL, 0, work.payload, 32);
	baton_record_rekey(&work.record);
}

static void do_draw(const void *arg)
{
	(void)arg;
	baton_drbg_bytes(&work.drbg, work.payload, 200);
}

static void run(void (*step)(const void *arg), const void *arg)
{
	assert_int_equal(left_behind(step, arg), -1);
	assert_ok(work.err);
}

/* Both sides' secrets so far: whatever a step leaves is among them. */
static void remember_ends(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		/* Before the first key ck is the protocol's name. */
		if (!work.ends[i].state.has_k)
			continue;
		remember(work.ends[i].state.ck);
		remember(work.ends[i].state.k);
	}
}

static void start(void)
{
	struct baton_noise_keys *keys;
	int i;

	memset(&work, 0, sizeof(work));
	n_secrets = 0;
	for (i = 0; i < 2; i++) {
		keys = &work.own[i];
		fill(keys->psk, 32, 0x90);
		fill(keys->s_priv, 32, i ? 0x10 : 0x30);
		fill(work.e_priv[i], 32, i ? 0x50 : 0x70);
		baton_crypto_x25519_base(keys->s_pub, keys->s_priv);
		remember(keys->s_priv);
		remember(work.e_priv[i]);
	}
	remember(keys->psk);
	for (i = 0; i < 2; i++) {
		keys = &work.own[i];
		memcpy(keys->rs, work.own[!i].s_pub, sizeof(keys->rs));
		assert_ok(
			baton_crypto_x25519(keys->ss, keys->s_priv, keys->rs));
	}
	remember(keys->ss);
}

/*
 * A chaining key is known only after the step that made it, so each step runs
 * twice from the same state: once to learn, once to search.
 */
static void message(bool is_read)
{
	static struct baton_noise before[2];
	static uint8_t msg[sizeof(work.msg)];
	void (*const step)(const void *arg) = is_read ? do_read : do_write;

	memcpy(before, work.ends, sizeof(before));
	memcpy(msg, work.msg, sizeof(msg));
	step(NULL);
	remember_ends();
	memcpy(work.ends, before, sizeof(before));
	memcpy(work.msg, msg, sizeof(msg));
	run(step, NULL);
}

/* Twice, too: what comes of it is known then. */
static void finish(void)
{
	static struct baton_noise before;

	before = work.ends[0];
	do_finish(NULL);
	remember(work.keys.noise.dir[0]);
	remember(work.keys.noise.dir[1]);
	remember(work.keys.tag_key);
	remember(work.keys.ticket_psk);
	remember(work.ends[0].keys.psk);
	remember(work.record.key);
	work.ends[0] = before;
	run(do_finish, NULL);
}

static void a_handshake_leaves_no_secret_on_the_stack(void **state)
{
	static const struct baton_noise_pattern *const patterns[] = {
		&baton_noise_xx, &baton_noise_xxpsk0, &baton_noise_kkpsk0,
		&baton_noise_nnpsk0};
	unsigned int p;

	(void)state;
	for (p = 0; p < 4; p++) {
		start();
		run(do_init, patterns[p]);
		for (work.next = 0;
		     work.next < baton_noise_messages(patterns[p]);
		     work.next++) {
			message(false);
			message(true);
		}
		finish();
	}
}

static void a_refused_message_leaves_no_secret_on_the_stack(void **state)
{
	(void)state;
	start();
	do_init(&baton_noise_kkpsk0);
	do_write(NULL);
	do_read(NULL);
	assert_ok(work.err);
	remember_ends();
	do_init(&baton_noise_kkpsk0);
	work.msg[work.msg_len - 1] ^= 1;
	assert_int_equal(left_behind(do_read, NULL), -1);
	assert_int_equal(work.err, BATON_ERR_PEER_AUTH);
}

static void a_rekeyed_key_is_nowhere(void **state)
{
	(void)state;
	start();
	fill(secrets[n_secrets], 32, 0xb0);
	baton_record_init(&work.record, secrets[n_secrets++]);
	run(do_seal_and_rekey, NULL);
	assert_false(holds((const uint8_t *)&work.record, sizeof(work.record),
			   secrets[n_secrets - 1]));
}

static void a_draw_leaves_neither_key_nor_output(void **state)
{
	static const uint8_t seed[BATON_DRBG_SEED_LEN] = {1, 2, 3};
	static struct baton_drbg before;

	(void)state;
	start();
	baton_drbg_init(&work.drbg, seed);
	before = work.drbg;
	remember(before.key);
	do_draw(NULL);
	remember(work.payload);
	remember(work.payload + 150);
	remember(work.drbg.key);
	work.drbg = before;
	run(do_draw, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_search_finds_what_is_left),
		cmocka_unit_test(hmac_leaves_nothing_of_its_key),
		cmocka_unit_test(a_handshake_leaves_no_secret_on_the_stack),
		cmocka_unit_test(
			a_refused_message_leaves_no_secret_on_the_stack),
		cmocka_unit_test(a_rekeyed_key_is_nowhere),
		cmocka_unit_test(a_draw_leaves_neither_key_nor_output),
	};

#ifdef __i386__
	/* No SIMD, too few registers: words of the key stay on the stack. */
	puts("1..0 # SKIP libsodium's ChaCha20 for 32-bit x86 wipes too little");
	return 0;
#endif
	if (!getenv("LD_BIND_NOW")) {
		puts("set LD_BIND_NOW=1: nothing was tested");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
