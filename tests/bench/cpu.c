/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/noise.h"
#include "session/session.h"
#include "sim/prng.h"
#include "tests/bench/cell.h"
#include "tests/bench/figure.h"

/*
 * CPU time against a floor that no implementation over libsodium can pass.
 * Both are run by turns, and of each the fastest run counts, so that what
 * else the machine does falls out.
 */
#define HANDSHAKE_ROUNDS 1500
#define BULK_ROUNDS 60
#define QUICK_PART 10
#define MESSAGE_CAP 256
#define PROLOGUE_LEN 72

struct pattern {
	const struct baton_noise_pattern *pattern;
	int multiplications, base;
	const char *note;
};

/* Both ends' keys, made once. */
struct people {
	struct baton_noise_keys keys[2];
	struct baton_drbg drbg;
	uint8_t prologue[PROLOGUE_LEN];
};

static void make_people(struct people *people)
{
	struct baton_noise_keys *keys;
	uint8_t seed[BATON_DRBG_SEED_LEN];
	struct baton_prng prng;
	int i;

	baton_prng_init(&prng, 1, 0xcb);
	baton_prng_fill(&prng, seed, sizeof(seed));
	baton_drbg_init(&people->drbg, seed);
	baton_prng_fill(&prng, people->prologue, PROLOGUE_LEN);
	for (i = 0; i < 2; i++) {
		keys = &people->keys[i];
		baton_prng_fill(&prng, keys->s_priv, sizeof(keys->s_priv));
		memcpy(keys->psk, seed, sizeof(keys->psk));
		crypto_scalarmult_base(keys->s_pub, keys->s_priv);
	}
	for (i = 0; i < 2; i++) {
		keys = &people->keys[i];
		memcpy(keys->rs, people->keys[1 - i].s_pub, sizeof(keys->rs));
		if (crypto_scalarmult(keys->ss, keys->s_priv, keys->rs) != 0)
			abort();
	}
}

static bool shake_hands(struct people *people,
			const struct baton_noise_pattern *pattern)
{
	struct baton_noise noise[2];
	struct baton_noise_result result[2];
	uint8_t msg[MESSAGE_CAP];
	unsigned int i, count = baton_noise_messages(pattern);
	size_t len, none;

	for (i = 0; i < 2; i++) {
		noise[i].keys = people->keys[i];
		baton_noise_init(&noise[i], pattern, !i, people->prologue,
				 PROLOGUE_LEN, &people->drbg);
	}
	for (i = 0; i < count; i++)
		if (baton_noise_write(&noise[i & 1], NULL, 0, msg, sizeof(msg),
				      &len) ||
		    baton_noise_read(&noise[1 - (i & 1)], msg, len, NULL, 0,
				     &none))
			return false;
	return !baton_noise_finish(&noise[0], &result[0]) &&
	       !baton_noise_finish(&noise[1], &result[1]) &&
	       memcmp(result[0].dir[0], result[1].dir[0], 32) == 0;
}

static void multiply(const struct people *people, const struct pattern *pattern)
{
	uint8_t out[32];
	int i;

	for (i = 0; i < pattern->base; i++)
		crypto_scalarmult_base(out, people->keys[i & 1].s_priv);
	for (i = 0; i < pattern->multiplications; i++)
		if (crypto_scalarmult(out, people->keys[i & 1].s_priv,
				      people->keys[1 - (i & 1)].s_pub) != 0)
			abort();
}

static bool handshake(const struct bench_effort *effort,
		      const struct pattern *pattern, struct bench_value *value)
{
	int rounds = HANDSHAKE_ROUNDS / (effort->quick ? QUICK_PART : 1);
	uint64_t ours = UINT64_MAX, floor = UINT64_MAX;
	uint64_t start, middle, end;
	struct people people;
	int i;

	make_people(&people);
	for (i = 0; i < rounds; i++) {
		start = bench_cpu_ns();
		if (!shake_hands(&people, pattern->pattern)) {
			fprintf(stderr, "baton-bench: a handshake failed\n");
			return false;
		}
		middle = bench_cpu_ns();
		multiply(&people, pattern);
		end = bench_cpu_ns();
		if (middle - start < ours)
			ours = middle - start;
		if (end - middle < floor)
			floor = end - middle;
	}
	value->known = true;
	value->value = (double)ours / (double)floor;
	value->has_limit = true;
	value->limit = 1;
	snprintf(value->note, sizeof(value->note),
		 "%.1f us over %.1f us (%s), minima of %d", (double)ours / 1000,
		 (double)floor / 1000, pattern->note, rounds);
	return true;
}

bool bench_xx_cpu(const struct bench_effort *effort, struct bench_value *value)
{
	static const struct pattern xx = {&baton_noise_xx, 6, 2,
					  "6 multiplications + 2 base"};

	return handshake(effort, &xx, value);
}

bool bench_kkpsk0_cpu(const struct bench_effort *effort,
		      struct bench_value *value)
{
	static const struct pattern kkpsk0 = {&baton_noise_kkpsk0, 6, 2,
					      "6 multiplications + 2 base"};

	return handshake(effort, &kkpsk0, value);
}

bool bench_nnpsk0_cpu(const struct bench_effort *effort,
		      struct bench_value *value)
{
	static const struct pattern nnpsk0 = {&baton_noise_nnpsk0, 2, 2,
					      "2 multiplications + 2 base"};

	return handshake(effort, &nnpsk0, value);
}

/* Two engines back to back: the only bearer is a buffer. */
struct ends {
	struct baton_session session[2];
	void *memory[2];
	const uint8_t *data;
	uint64_t now_ms;
	uint32_t written, delivered;
	bool secured[2];
	bool wrong;
};

static const struct baton_stream_id bulk = {BATON_CLASS_BULK, 0};

static void take_events(struct ends *ends, int i)
{
	struct baton_session *session = &ends->session[i];
	struct baton_store_op op;
	struct baton_event event;

	while (baton_session_next_store_op(session, &op))
		baton_session_stored(session, op.id, BATON_OK, ends->now_ms);
	while (baton_session_next_event(session, &event, ends->now_ms)) {
		if (event.type == BATON_EVENT_COMPARE) {
			if (baton_session_confirm(session, true, ends->now_ms))
				ends->wrong = true;
		} else if (event.type == BATON_EVENT_SECURED) {
			ends->secured[i] = true;
		} else if (event.type == BATON_EVENT_DATA) {
			ends->delivered += (uint32_t)event.u.message.len;
		} else if (event.type == BATON_EVENT_LINK_CLOSE) {
			ends->wrong = true;
		}
		while (baton_session_next_store_op(session, &op))
			baton_session_stored(session, op.id, BATON_OK,
					     ends->now_ms);
	}
}

/* Carry PDUs both ways until neither has one; then let a timer run. */
static void turn(struct ends *ends)
{
	uint8_t pdu[BATON_PDU_MAX];
	bool quiet = true;
	uint64_t due;
	size_t len;
	int i;

	for (i = 0; i < 2; i++) {
		len = baton_session_tx(&ends->session[i], pdu, sizeof(pdu),
				       ends->now_ms);
		take_events(ends, i);
		if (!len)
			continue;
		quiet = false;
		if (baton_err_is_fatal(baton_session_rx(
			    &ends->session[1 - i], pdu, len, ends->now_ms)))
			ends->wrong = true;
		take_events(ends, 1 - i);
	}
	if (!quiet)
		return;
	due = baton_session_deadline(&ends->session[0]);
	if (baton_session_deadline(&ends->session[1]) < due)
		due = baton_session_deadline(&ends->session[1]);
	if (due > ends->now_ms && due != UINT64_MAX)
		ends->now_ms = due;
	for (i = 0; i < 2; i++)
		baton_session_tick(&ends->session[i], ends->now_ms);
}

static bool pair(struct ends *ends)
{
	const struct baton_link_facts facts = {.mtu = 247, .ll_len = 251};
	struct baton_session_config config = {
		.message_max = BATON_MESSAGE_MAX,
		.link = BATON_LINK_CONFIG_LARGE,
	};
	uint8_t seed[32] = {7};
	int i;

	for (i = 0; i < 2; i++) {
		config.role = i ? BATON_PHONE : BATON_WATCH;
		seed[1] = (uint8_t)i;
		ends->memory[i] = malloc(baton_session_memory_len(&config));
		if (!ends->memory[i])
			abort();
		if (baton_session_init(
			    &ends->session[i], &config, ends->memory[i],
			    baton_session_memory_len(&config), seed) ||
		    baton_session_pairing_open(&ends->session[i], 0) ||
		    baton_session_link_up(&ends->session[i], &facts, 0))
			return false;
	}
	for (i = 0; i < 1000 && !(ends->secured[0] && ends->secured[1]); i++)
		turn(ends);
	return ends->secured[0] && ends->secured[1] && !ends->wrong;
}

/* A MiB from the watch to the phone. */
static bool carry(struct ends *ends)
{
	size_t taken;

	ends->written = 0;
	ends->delivered = 0;
	if (baton_session_begin(&ends->session[0], bulk, BENCH_MIB, NULL, 0, 0))
		return false;
	while (ends->delivered < BENCH_MIB && !ends->wrong) {
		if (ends->written < BENCH_MIB &&
		    !baton_session_write(
			    &ends->session[0], bulk, ends->data + ends->written,
			    BENCH_MIB - ends->written, &taken, ends->now_ms))
			ends->written += (uint32_t)taken;
		turn(ends);
	}
	return !ends->wrong;
}

/* Until the peer has verified it, so that the next may begin. */
static void settle(struct ends *ends)
{
	int i;

	for (i = 0; i < 100; i++)
		turn(ends);
}

/* What nobody can do without: records of 4 KiB, and a copy at each side. */
static void seal_open_copy(const uint8_t *data, uint8_t *sent, uint8_t *got)
{
	static const uint8_t key[32] = {1};
	uint8_t sealed[4096 + crypto_aead_chacha20poly1305_ietf_ABYTES];
	uint8_t nonce[12] = {0};
	unsigned long long len;
	size_t at;

	for (at = 0; at < BENCH_MIB; at += 4096) {
		nonce[0]++;
		memcpy(sent + at, data + at, 4096);
		crypto_aead_chacha20poly1305_ietf_encrypt(sealed, &len,
							  sent + at, 4096, NULL,
							  0, NULL, nonce, key);
		if (crypto_aead_chacha20poly1305_ietf_decrypt(
			    sealed, &len, NULL, sealed, len, NULL, 0, nonce,
			    key) != 0)
			abort();
		memcpy(got + at, sealed, 4096);
	}
}

bool bench_bulk_cpu(const struct bench_effort *effort,
		    struct bench_value *value)
{
	int rounds = BULK_ROUNDS / (effort->quick ? QUICK_PART : 1);
	uint64_t ours = UINT64_MAX, floor = UINT64_MAX;
	uint8_t *data = malloc(3 * (size_t)BENCH_MIB);
	struct ends *ends = calloc(1, sizeof(*ends));
	uint64_t start, middle, end;
	struct baton_prng prng;
	bool good;
	int i;

	if (!data || !ends)
		abort();
	baton_prng_init(&prng, 1, 0xb1);
	baton_prng_fill(&prng, data, 3 * (size_t)BENCH_MIB);
	ends->data = data;
	good = pair(ends);
	for (i = 0; i < rounds && good; i++) {
		start = bench_cpu_ns();
		good = carry(ends);
		middle = bench_cpu_ns();
		seal_open_copy(data, data + BENCH_MIB, data + 2 * BENCH_MIB);
		end = bench_cpu_ns();
		settle(ends);
		if (middle - start < ours)
			ours = middle - start;
		if (end - middle < floor)
			floor = end - middle;
	}
	for (i = 0; i < 2; i++) {
		baton_session_wipe(&ends->session[i]);
		free(ends->memory[i]);
	}
	free(ends);
	free(data);
	if (!good) {
		fprintf(stderr, "baton-bench: two engines back to back did "
				"not carry a MiB\n");
		return false;
	}
	value->known = true;
	value->value = (double)ours / (double)floor;
	value->has_limit = true;
	value->limit = 1;
	snprintf(value->note, sizeof(value->note),
		 "MTU 247, no simulator: %.2f ms over %.2f ms, minima of %d",
		 (double)ours / 1e6, (double)floor / 1e6, rounds);
	return true;
}
