/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/keys.h"
#include "crypto/noise.h"
#include "crypto/record.h"
#include "tests/interop/noise_vectors.h"
#include "tests/support/fixed.h"

static const char usage[] =
	"usage: noise-vectors FILE\n"
	"\n"
	"Runs the published Noise vectors of FILE, both roles of each: those\n"
	"of 25519_ChaChaPoly_SHA256 and of the patterns XX, XXpsk0, KKpsk0\n"
	"and NNpsk0. FILE is JSON (cacophony) or key=value lines (flynn).\n"
	"\n"
	"Exit status: 0 all passed, 1 some failed, none was run or FILE is\n"
	"malformed, 64 wrong usage, 77 FILE cannot be read.\n";

static const struct {
	const char *name;
	const struct baton_noise_pattern *pattern;
} ours[] = {
	{"XX", &baton_noise_xx},
	{"XXpsk0", &baton_noise_xxpsk0},
	{"KKpsk0", &baton_noise_kkpsk0},
	{"NNpsk0", &baton_noise_nnpsk0},
};

static unsigned int n_passed, n_failed;
static unsigned int n_other_pattern, n_other_curve, n_other_cipher,
	n_other_hash;

/* Both ends of one handshake. */
struct pair {
	struct baton_noise ends[2];
	struct baton_noise_result results[2];
	uint8_t s_pub[2][BATON_CRYPTO_POINT_LEN];
};

static void take(uint8_t key[BATON_CRYPTO_KEY_LEN],
		 const struct vector_bytes *bytes)
{
	if (bytes->len == BATON_CRYPTO_KEY_LEN)
		memcpy(key, bytes->data, BATON_CRYPTO_KEY_LEN);
}

static const char *pair_init(struct pair *pair, const struct vector *v,
			     const struct baton_noise_pattern *pattern)
{
	const struct vector_side *side;
	struct baton_noise_keys keys;
	int i;

	for (i = 0; i < 2; i++)
		if (v->sides[i].s.len == BATON_CRYPTO_KEY_LEN)
			baton_crypto_x25519_base(pair->s_pub[i],
						 v->sides[i].s.data);
	for (i = 0; i < 2; i++) {
		side = &v->sides[i];
		memset(&keys, 0, sizeof(keys));
		take(keys.s_priv, &side->s);
		take(keys.psk, &v->psk);
		memcpy(keys.s_pub, pair->s_pub[i], sizeof(keys.s_pub));
		memcpy(keys.rs, pair->s_pub[!i], sizeof(keys.rs));
		if (side->rs.given && memcmp(side->rs.data, pair->s_pub[!i],
					     BATON_CRYPTO_POINT_LEN))
			return "the static keys do not belong together";
		if (side->s.len > 0 &&
		    baton_crypto_x25519(keys.ss, keys.s_priv, keys.rs))
			return "static-static is refused";
		fixed_noise_init(&pair->ends[i], pattern, !i, v->prologue.data,
				 v->prologue.len, &keys, side->e.data);
	}
	return NULL;
}

static const char *handshake_message(struct baton_noise *from,
				     struct baton_noise *to,
				     const struct vector_message *message,
				     size_t overhead)
{
	const struct vector_bytes *payload = &message->payload;
	const struct vector_bytes *ciphertext = &message->ciphertext;
	uint8_t buf[VECTOR_BYTES_MAX];
	size_t len;

	if (payload->len + overhead != ciphertext->len)
		return "the overhead is another";
	if (baton_noise_write(from, payload->data, payload->len, buf,
			      sizeof(buf), &len))
		return "write is refused";
	if (len != ciphertext->len || memcmp(buf, ciphertext->data, len))
		return "what is written differs";
	if (baton_noise_read(to, ciphertext->data, ciphertext->len, buf,
			     sizeof(buf), &len))
		return "read is refused";
	if (len != payload->len || memcmp(buf, payload->data, len))
		return "what is read differs";
	return NULL;
}

static const char *transport_message(struct baton_record_key *sealer,
				     struct baton_record_key *opener,
				     const struct vector_message *message)
{
	const struct vector_bytes *payload = &message->payload;
	const struct vector_bytes *ciphertext = &message->ciphertext;
	uint8_t buf[VECTOR_BYTES_MAX + BATON_RECORD_TAG_LEN];
	size_t len;

	memcpy(buf, payload->data, payload->len);
	if (baton_record_seal(sealer, NULL, 0, buf, payload->len))
		return "seal is refused";
	if (payload->len + BATON_RECORD_TAG_LEN != ciphertext->len ||
	    memcmp(buf, ciphertext->data, ciphertext->len))
		return "what is sealed differs";
	if (baton_record_open(opener, NULL, 0, buf, ciphertext->len, &len))
		return "open is refused";
	if (len != payload->len || memcmp(buf, payload->data, len))
		return "what is opened differs";
	return NULL;
}

/* The record keys [direction][end] are Noise's two CipherStates. */
static const char *pair_finish(struct pair *pair, const struct vector *v,
			       struct baton_record_key records[2][2])
{
	int i;

	for (i = 0; i < 2; i++) {
		/* All zero where there is none. */
		if (memcmp(pair->ends[i].state.rs, pair->s_pub[!i],
			   BATON_CRYPTO_POINT_LEN))
			return "the peer's static key differs";
		if (baton_noise_finish(&pair->ends[i], &pair->results[i]))
			return "finish is refused";
		if (v->h.given &&
		    (v->h.len != BATON_CRYPTO_HASH_LEN ||
		     memcmp(pair->results[i].h, v->h.data, v->h.len)))
			return "the handshake hash differs";
		baton_record_init(&records[0][i], pair->results[i].dir[0]);
		baton_record_init(&records[1][i], pair->results[i].dir[1]);
	}
	if (memcmp(&pair->results[0], &pair->results[1],
		   sizeof(pair->results[0])))
		return "the two ends differ";
	return NULL;
}

static const char *run(const struct vector *v,
		       const struct baton_noise_pattern *pattern, size_t *at)
{
	static const struct pair empty;
	static struct pair pair;
	struct baton_record_key records[2][2];
	const size_t n_handshake = baton_noise_messages(pattern);
	const char *text;
	size_t i, from;

	*at = 0;
	if (v->n_messages < n_handshake)
		return "has too few messages";
	pair = empty;
	text = pair_init(&pair, v, pattern);
	for (i = 0; !text && i < n_handshake; i++) {
		*at = i;
		text = handshake_message(
			&pair.ends[i & 1], &pair.ends[!(i & 1)],
			&v->messages[i],
			baton_noise_overhead(pattern, (unsigned int)i));
	}
	if (!text)
		text = pair_finish(&pair, v, records);
	for (; !text && i < v->n_messages; i++) {
		*at = i;
		from = (v->initiator_goes_on ? i - n_handshake : i) & 1;
		text = transport_message(&records[from][from],
					 &records[from][!from],
					 &v->messages[i]);
	}
	return text;
}

static void check(const struct vector *v,
		  const struct baton_noise_pattern *pattern)
{
	const char *text;
	size_t at;

	text = run(v, pattern, &at);
	if (!text) {
		n_passed++;
		return;
	}
	n_failed++;
	printf("%s: message %zu: %s\n", v->name, at, text);
}

/* Noise_<pattern>_<curve>_<cipher>_<hash> */
static void each(const struct vector *v)
{
	char pattern[64], curve[16], cipher[16], hash[16];
	size_t i;

	if (sscanf(v->name, "Noise_%63[^_]_%15[^_]_%15[^_]_%15s", pattern,
		   curve, cipher, hash) != 4) {
		n_failed++;
		printf("%s: is not the name of a Noise protocol\n", v->name);
	} else if (strcmp(curve, "25519")) {
		n_other_curve++;
	} else if (strcmp(cipher, "ChaChaPoly")) {
		n_other_cipher++;
	} else if (strcmp(hash, "SHA256")) {
		n_other_hash++;
	} else {
		for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
			if (!strcmp(pattern, ours[i].name)) {
				check(v, ours[i].pattern);
				return;
			}
		}
		n_other_pattern++;
	}
}

int main(int argc, char **argv)
{
	const char *text;

	if (argc != 2) {
		fputs(usage, stderr);
		return 64;
	}
	if (!strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (access(argv[1], R_OK)) {
		fprintf(stderr, "noise-vectors: cannot read %s: %s\n", argv[1],
			strerror(errno));
		return 77;
	}
	text = vectors_load(argv[1], each);
	if (text) {
		fprintf(stderr, "noise-vectors: %s\n", text);
		return 1;
	}
	printf("left out: %u another curve than 25519, %u another cipher than "
	       "ChaChaPoly, %u another hash than SHA256, %u another pattern "
	       "than XX, XXpsk0, KKpsk0, NNpsk0\n",
	       n_other_curve, n_other_cipher, n_other_hash, n_other_pattern);
	printf("%u passed, %u failed\n", n_passed, n_failed);
	return n_failed || !n_passed;
}
