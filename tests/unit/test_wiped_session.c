/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "crypto/drbg.h"
#include "crypto/hkdf.h"
#include "tests/support/pair.h"
#include "tests/support/wrapped.h"
#include "tests/unit/crypto_test.h"

/*
 * Two devices pair, lose the link, reconnect and hand over a file, on a stack
 * of their own. Whatever was drawn, multiplied or derived on the way is kept
 * aside (the program is linked with --wrap for that) and looked for
 * afterwards: on that stack, in the engines and on the heap. LD_BIND_NOW=1 is
 * needed, as in test_wiping.c.
 */

#define STACK_LEN (1024 * 1024)
#define SECRETS 2048

static uint8_t secrets[SECRETS][32];
static size_t n_secrets, n_lost;

static void remember(const uint8_t secret[32])
{
	if (n_secrets < SECRETS)
		memcpy(secrets[n_secrets++], secret, 32);
	else
		n_lost++;
}

WRAPPED(baton_crypto_x25519);

enum baton_err __wrap_baton_crypto_x25519(uint8_t *out, const uint8_t *scalar,
					  const uint8_t *point)
{
	enum baton_err err;

	remember(scalar);
	err = __real_baton_crypto_x25519(out, scalar, point);
	remember(out);
	return err;
}

WRAPPED(baton_drbg_bytes);

/* Ids and nonces are shorter, and public. */
void __wrap_baton_drbg_bytes(struct baton_drbg *drbg, uint8_t *out, size_t len)
{
	remember(drbg->key);
	__real_baton_drbg_bytes(drbg, out, len);
	if (len >= 32)
		remember(out);
}

/* What the generator gives may be public: see baton_drbg_bytes(). */
static void remember_derived(const uint8_t *out, const char *label)
{
	if (strcmp(label, "drbg out"))
		remember(out);
}

WRAPPED(baton_kdf);

void __wrap_baton_kdf(uint8_t *out, const uint8_t *secret, const char *label)
{
	remember(secret);
	__real_baton_kdf(out, secret, label);
	remember_derived(out, label);
}

WRAPPED(baton_kdf_of);

void __wrap_baton_kdf_of(uint8_t *out, const uint8_t *secret, const char *label,
			 const uint8_t *ctx, size_t ctx_len)
{
	remember(secret);
	__real_baton_kdf_of(out, secret, label, ctx, ctx_len);
	remember_derived(out, label);
}

WRAPPED(baton_hkdf_noise);

void __wrap_baton_hkdf_noise(uint8_t (*out)[32], uint8_t count,
			     const uint8_t *ck, const uint8_t *ikm,
			     size_t ikm_len)
{
	__real_baton_hkdf_noise(out, count, ck, ikm, ikm_len);
	while (count-- > 0)
		remember(out[count]);
}

WRAPPED(baton_crypto_ristretto255);

/* Of its products the shares are public, and the others go into ISK. */
enum baton_err __wrap_baton_crypto_ristretto255(uint8_t *out,
						const uint8_t *scalar,
						const uint8_t *point)
{
	remember(scalar);
	return __real_baton_crypto_ristretto255(out, scalar, point);
}

WRAPPED(baton_cpace_psk);

void __wrap_baton_cpace_psk(uint8_t *psk, const uint8_t *isk)
{
	remember(isk);
	remember(isk + 32);
	__real_baton_cpace_psk(psk, isk);
	remember(psk);
}

static struct pair pair;
static bool went_well;

static bool delivered(struct pair *p)
{
	return p->end[BATON_WATCH].delivered > 0;
}

/* How they pair, and whether they do. */
static bool (*bond)(struct pair *p);

static bool bond_by_secret(struct pair *p)
{
	uint8_t secret[BATON_OOB_SECRET_LEN];
	bool good;

	good = !baton_session_secret_make(&p->end[BATON_WATCH].session, secret,
					  p->now_ms) &&
	       !baton_session_secret_take(&p->end[BATON_PHONE].session, secret,
					  p->now_ms);
	remember(secret);
	baton_crypto_wipe(secret, sizeof(secret));
	pair_up(p);
	return good && pair_run(p, pair_secured, 10000);
}

static bool bond_by_code(struct pair *p)
{
	pair_windows(p);
	(void)pair_link(p);
	return !pair_type(p, &p->end[BATON_PHONE], &p->end[BATON_WATCH]) &&
	       pair_link(p);
}

/* All of a bond's life; at the end there is no link. */
static void live(void)
{
	went_well = bond(&pair);
	pair_down(&pair);
	pair_up(&pair);
	went_well &= pair_run(&pair, pair_secured, 10000);
	pair_send(&pair, BATON_WATCH, 20000);
	went_well &= pair_run(&pair, delivered, 60000);
	pair_down(&pair);
}

/* The step begins below what the end of the thread writes over. */
static void *run_below(void *arg)
{
	void (*volatile step)(void) = live;
	void *(*volatile clear)(void *to, int byte, size_t len) = memset;
	uint8_t pad[STACK_LEN / 4];

	(void)arg;
	clear(pad, 0, sizeof(pad));
	step();
	return NULL;
}

static uint8_t *stack;

static void live_on_a_stack_of_its_own(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	stack = mmap(NULL, STACK_LEN, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(stack != MAP_FAILED);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstack(&attr, stack, STACK_LEN), 0);
	assert_int_equal(pthread_create(&thread, &attr, run_below, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
	assert_true(went_well);
	assert_int_equal(n_lost, 0);
	assert_true(n_secrets > 100);
}

/* Half a secret is as bad as a whole one: both halves are looked for. */
static uint8_t halves[2 * SECRETS][16];
static size_t n_halves;

static int half_by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* qsort() would leave a copy on the heap. */
static void insert(const uint8_t half[16])
{
	size_t at = n_halves++;

	for (; at > 0 && memcmp(halves[at - 1], half, 16) > 0; at--)
		memcpy(halves[at], halves[at - 1], 16);
	memcpy(halves[at], half, 16);
}

static void sort_halves(void)
{
	size_t i;

	n_halves = 0;
	for (i = 0; i < n_secrets; i++) {
		insert(secrets[i]);
		insert(secrets[i] + 16);
	}
}

/* Where in memory a secret stands, or -1. */
__attribute__((no_sanitize_address)) static long
find(const volatile uint8_t *memory, size_t len)
{
	static uint8_t part[16];
	size_t at, i;

	for (at = 0; at + 16 <= len; at++) {
		/* No secret here begins with zeros. */
		if (!memory[at] && !memory[at + 1] && !memory[at + 2])
			continue;
		for (i = 0; i < 16; i++)
			part[i] = memory[at + i];
		if (bsearch(part, halves, n_halves, sizeof(halves[0]),
			    half_by_bytes)) {
			memset(part, 0, sizeof(part));
			return (long)at;
		}
	}
	memset(part, 0, sizeof(part));
	return -1;
}

#define assert_none(what, memory, len) \
	check_none((what), (memory), (len), __FILE__, __LINE__)

static void check_none(const char *what, const void *memory, size_t len,
		       const char *file, int line)
{
	long at = find(memory, len);

	if (at >= 0) {
		print_error("%s: a secret at %ld of %zu\n", what, at, len);
		_fail(file, line);
	}
}

/* It names and opens nothing: a copy may stay on a stack. */
static bool is_numbering(const uint8_t secret[32])
{
	return !memcmp(secret, pair.end[0].session.numbering,
		       BATON_NUMBERING_LEN) ||
	       !memcmp(secret, pair.end[1].session.numbering,
		       BATON_NUMBERING_LEN);
}

static bool is_kept(const uint8_t secret[32])
{
	const struct baton_session *session;
	const struct baton_bond *bond;
	size_t i, b;

	for (i = 0; i < 2; i++) {
		session = &pair.end[i].session;
		if (!memcmp(secret, session->drbg.key, 32))
			return true;
		for (b = 0; b < session->bond_count; b++) {
			bond = &session->bonds[b];
			if (!memcmp(secret, bond->keys.s_priv, 32) ||
			    !memcmp(secret, bond->keys.psk, 32) ||
			    !memcmp(secret, bond->tag_key, 32) ||
			    !memcmp(secret, bond->ticket.psk, 32) ||
			    !memcmp(secret, bond->keys.ss, 32))
				return true;
		}
	}
	return false;
}

/* What a bond keeps and the generator's next key are no leftovers. */
static void forget(bool (*which)(const uint8_t secret[32]))
{
	size_t i, n = 0;

	for (i = 0; i < n_secrets; i++)
		if (!which(secrets[i]))
			memmove(secrets[n++], secrets[i], 32);
	assert_true(n < n_secrets);
	n_secrets = n;
}

/* All of the heap, freed or not; 0 bytes where there is none. */
static size_t heap(const uint8_t **start)
{
	unsigned long from, to;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	size_t len = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[heap]") &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2) {
			*start = (const uint8_t *)from;
			len = to - from;
		}
	fclose(maps);
	return len;
}

static void the_search_finds_what_is_there(void **state)
{
	(void)state;
	memset(&pair, 0, sizeof(pair));
	n_secrets = n_lost = 0;
	pair_init(&pair, 3);
	assert_true(pair_bond(&pair));
	sort_halves();
	/* Bonds and link keys are in the engine while it lives. */
	assert_true(find((const uint8_t *)pair.end[0].session.bonds,
			 sizeof(pair.end[0].session.bonds)) >= 0);
	assert_true(find((const uint8_t *)pair.end[1].session.seal,
			 sizeof(pair.end[1].session.seal)) >= 0);
	pair_free(&pair);
}

static void begin(uint8_t watch_can, uint8_t phone_can, uint64_t seed,
		  bool (*how)(struct pair *p))
{
	memset(&pair, 0, sizeof(pair));
	n_secrets = n_lost = 0;
	bond = how;
	pair_init_methods(&pair, seed, watch_can, phone_can);
	live_on_a_stack_of_its_own();
}

static void look_after_close(void)
{
	const uint8_t *start = NULL;
	size_t i, len;

	forget(is_numbering);
	forget(is_kept);
	sort_halves();
	print_message("# %zu secrets\n", n_secrets);
	assert_none("stack", stack, STACK_LEN);
	for (i = 0; i < 2; i++) {
		assert_none("engine", &pair.end[i].session,
			    sizeof(pair.end[i].session));
		assert_none("memory", pair.end[i].memory,
			    pair.end[i].session.memory_len);
	}
	len = heap(&start);
	assert_none("heap", start, len);
	munmap(stack, STACK_LEN);
	pair_free(&pair);
}

static void a_session_that_was_closed_leaves_no_secret(void **state)
{
	(void)state;
	begin(0, 0, 4, pair_bond);
	look_after_close();
}

static void nor_one_that_paired_by_a_secret(void **state)
{
	(void)state;
	begin(BATON_PAIR_OUT_OF_BAND, BATON_PAIR_OUT_OF_BAND, 5,
	      bond_by_secret);
	look_after_close();
}

static void nor_one_that_paired_by_a_typed_code(void **state)
{
	(void)state;
	begin(BATON_PAIR_SHOW, BATON_PAIR_TYPE, 6, bond_by_code);
	look_after_close();
}

static void an_engine_that_was_wiped_leaves_no_bond_either(void **state)
{
	const uint8_t *start = NULL;
	size_t i, len;

	(void)state;
	begin(0, 0, 7, pair_bond);
	for (i = 0; i < 2; i++)
		remember(pair.end[i].session.drbg.key);
	forget(is_numbering);
	pair_free(&pair);
	sort_halves();
	assert_none("stack", stack, STACK_LEN);
	for (i = 0; i < 2; i++)
		assert_none("engine", &pair.end[i].session,
			    sizeof(pair.end[i].session));
	len = heap(&start);
	assert_none("heap", start, len);
	munmap(stack, STACK_LEN);
}

/* A watch with as many bonds, and their tickets, as it holds. */
static void load_bonds(struct baton_session *session)
{
	char key[BATON_BOND_KEY_LEN];
	uint8_t bytes[BATON_TICKET_LEN > BATON_BOND_LEN ? BATON_TICKET_LEN
							: BATON_BOND_LEN];
	struct baton_ticket ticket = {.generation = 1};
	static const uint8_t seed[BATON_DRBG_SEED_LEN] = {8};
	struct baton_drbg drbg;
	struct baton_bond bond;
	uint8_t i;

	baton_drbg_init(&drbg, seed);
	for (i = 0; i < BATON_BONDS; i++) {
		baton_drbg_bytes(&drbg, (uint8_t *)&bond, sizeof(bond));
		baton_crypto_x25519_base(bond.keys.s_pub, bond.keys.s_priv);
		memcpy(bond.keys.rs, bond.keys.s_pub, sizeof(bond.keys.rs));
		baton_drbg_bytes(&drbg, ticket.psk, sizeof(ticket.psk));
		baton_bond_encode(&bond, BATON_WATCH, bytes);
		baton_bond_key("bond/", bond.id, key);
		assert_ok(baton_session_load(session, key, bytes,
					     BATON_BOND_LEN));
		baton_ticket_encode(&ticket, bytes);
		baton_bond_key("tick/", bond.id, key);
		assert_ok(baton_session_load(session, key, bytes,
					     BATON_TICKET_LEN));
	}
}

static void revoke_one(struct baton_session *session, size_t at)
{
	const struct baton_bond *bond = &session->bonds[at];
	uint8_t id[BATON_BOND_ID_LEN];

	n_secrets = 0;
	remember(bond->keys.s_priv);
	remember(bond->keys.psk);
	remember(bond->tag_key);
	remember(bond->keys.ss);
	remember(bond->ticket.psk);
	sort_halves();
	assert_true(find((const uint8_t *)session, sizeof(*session)) >= 0);
	memcpy(id, bond->id, sizeof(id));
	assert_ok(baton_session_bond_revoke(session, id, pair.now_ms));
	assert_none("engine", session, sizeof(*session));
}

/* Those behind it move up: what is last then is not to stay behind either. */
static void a_bond_that_was_revoked_leaves_nothing(void **state)
{
	struct baton_session *session = &pair.end[BATON_WATCH].session;
	size_t left;
	int last;

	(void)state;
	for (last = 0; last < 2; last++) {
		memset(&pair, 0, sizeof(pair));
		pair_init(&pair, 8);
		load_bonds(session);
		for (left = BATON_BONDS; left > 0; left--) {
			revoke_one(session, last ? left - 1 : 0);
			pair_turn(&pair);
		}
		assert_int_equal(baton_session_bond_count(session), 0);
		pair_free(&pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_search_finds_what_is_there),
		cmocka_unit_test(a_session_that_was_closed_leaves_no_secret),
		cmocka_unit_test(nor_one_that_paired_by_a_secret),
		cmocka_unit_test(nor_one_that_paired_by_a_typed_code),
		cmocka_unit_test(
			an_engine_that_was_wiped_leaves_no_bond_either),
		cmocka_unit_test(a_bond_that_was_revoked_leaves_nothing),
	};

#ifdef __i386__
	/* No SIMD, too few registers: words of the key stay on the stack. */
	puts("1..0 # SKIP libsodium's ChaCha20 for 32-bit x86 wipes too little");
	return 0;
#endif
	if (!getenv("LD_BIND_NOW")) {
		puts("1..0 # SKIP set LD_BIND_NOW=1: nothing was tested");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
