/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "crypto/drbg.h"
#include "crypto/noise.h"
#include "crypto/record.h"

/*
 * Handshakes with another implementation, noise_peer.go or noise_peer.py, over
 * two pipes. The command that runs it is given as arguments.
 */

#define COMMAND_MAX 2

static char *peer_command[COMMAND_MAX];
static int peer_command_len;

struct peer {
	pid_t pid;
	int to, from;
};

struct live_case {
	const char *name;
	const struct baton_noise_pattern *pattern;
	bool initiator; /* we are */
	bool wrong_psk; /* of the peer */
};

static const char prologue[] = "prologue of this test";

static void hex(char *out, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", data[i]);
	out[2 * len] = '\0';
}

static void peer_start(struct peer *peer, char *const argv[])
{
	int to[2], from[2];

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	peer->pid = fork();
	assert_true(peer->pid >= 0);
	if (!peer->pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		close(to[0]);
		close(to[1]);
		close(from[0]);
		close(from[1]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	peer->to = to[1];
	peer->from = from[0];
}

/* The peer's exit status. */
static int peer_end(struct peer *peer)
{
	int status;

	close(peer->to);
	close(peer->from);
	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void read_fully(int fd, uint8_t *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = read(fd, data, len);
		assert_true(n > 0);
		data += n;
		len -= (size_t)n;
	}
}

static size_t receive(struct peer *peer, uint8_t *frame, size_t cap)
{
	uint8_t head[2];
	size_t len;

	read_fully(peer->from, head, sizeof(head));
	len = baton_load_be16(head);
	assert_true(len <= cap);
	read_fully(peer->from, frame, len);
	return len;
}

static void send_frame(struct peer *peer, const uint8_t *frame, size_t len)
{
	uint8_t head[2];

	baton_store_be16(head, (uint16_t)len);
	assert_int_equal(write(peer->to, head, 2), 2);
	assert_int_equal(write(peer->to, frame, len), (ssize_t)len);
}

/* Both static pairs are made here, the ephemeral one of each side there. */
static void begin(const struct live_case *c, struct baton_noise *noise,
		  struct peer *peer, uint8_t peer_pub[32])
{
	bool is_xx = c->pattern == &baton_noise_xx;
	char role[16], s_hex[65], rs_hex[65], psk_hex[65], prologue_hex[65];
	uint8_t ours[32], peers[32], pub[32], psk[32], seed[32];
	bool is_nn = c->pattern == &baton_noise_nnpsk0;
	bool is_kk = c->pattern == &baton_noise_kkpsk0;
	struct baton_noise_keys *keys = &noise->keys;
	char *args[] = {(char *)(is_xx	 ? "XX"
				 : is_nn ? "NNpsk0"
				 : is_kk ? "KKpsk0"
					 : "XXpsk0"),
			role,
			is_nn ? "" : s_hex,
			is_kk ? rs_hex : "",
			is_xx ? "" : psk_hex,
			prologue_hex,
			NULL};
	char *argv[COMMAND_MAX + sizeof(args) / sizeof(args[0])];
	struct baton_drbg drbg;
	FILE *urandom = fopen("/dev/urandom", "rb");

	assert_non_null(urandom);
	assert_int_equal(fread(seed, 1, sizeof(seed), urandom), sizeof(seed));
	fclose(urandom);
	baton_drbg_init(&drbg, seed);
	baton_drbg_bytes(&drbg, ours, 32);
	baton_drbg_bytes(&drbg, peers, 32);
	baton_drbg_bytes(&drbg, psk, 32);
	baton_crypto_x25519_base(pub, ours);
	baton_crypto_x25519_base(peer_pub, peers);
	memcpy(keys->s_priv, ours, sizeof(keys->s_priv));
	memcpy(keys->s_pub, pub, sizeof(keys->s_pub));
	memcpy(keys->rs, peer_pub, sizeof(keys->rs));
	memcpy(keys->psk, psk, sizeof(keys->psk));
	assert_int_equal(baton_crypto_x25519(keys->ss, ours, peer_pub),
			 BATON_OK);
	baton_noise_init(noise, c->pattern, c->initiator,
			 (const uint8_t *)prologue, strlen(prologue), &drbg);

	strcpy(role, c->initiator ? "responder" : "initiator");
	hex(s_hex, peers, 32);
	hex(rs_hex, pub, 32);
	psk[0] ^= c->wrong_psk;
	hex(psk_hex, psk, 32);
	hex(prologue_hex, (const uint8_t *)prologue, strlen(prologue));
	memcpy(argv, peer_command, sizeof(peer_command));
	memcpy(argv + peer_command_len, args, sizeof(args));
	peer_start(peer, argv);
}

/* Appends what we sent to sent; the peer shows it again afterwards. */
static void handshake(const struct live_case *c, struct baton_noise *noise,
		      struct peer *peer, char *sent)
{
	uint8_t msg[256], payload[64];
	char text[32];
	size_t len, payload_len;
	unsigned int i;

	for (i = 0; i < baton_noise_messages(c->pattern); i++) {
		if ((i & 1) != c->initiator) {
			sprintf(text, "baton %u", i);
			assert_int_equal(baton_noise_write(noise,
							   (uint8_t *)text,
							   strlen(text), msg,
							   sizeof(msg), &len),
					 BATON_OK);
			send_frame(peer, msg, len);
			strcat(sent, text);
		} else {
			sprintf(text, "go %u", i);
			len = receive(peer, msg, sizeof(msg));
			assert_int_equal(
				baton_noise_read(noise, msg, len, payload,
						 sizeof(payload), &payload_len),
				BATON_OK);
			assert_int_equal(payload_len, strlen(text));
			assert_memory_equal(payload, text, payload_len);
		}
	}
}

static void exchange(struct peer *peer, struct baton_record_key *ours,
		     struct baton_record_key *theirs, size_t len)
{
	static uint8_t buf[65535], plain[65535];
	size_t i, got;

	for (i = 0; i < len; i++)
		plain[i] = (uint8_t)(i * 7 + len);
	memcpy(buf, plain, len);
	assert_int_equal(baton_record_seal(ours, NULL, 0, buf, len), BATON_OK);
	send_frame(peer, buf, len + BATON_RECORD_TAG_LEN);
	got = receive(peer, buf, sizeof(buf));
	assert_int_equal(baton_record_open(theirs, NULL, 0, buf, got, &got),
			 BATON_OK);
	assert_int_equal(got, len);
	for (i = 0; i < len; i++)
		assert_int_equal(buf[i], plain[len - 1 - i]);
}

/* Both sides have the same next key, in both directions. */
static void rekey(struct peer *peer, struct baton_record_key *ours,
		  struct baton_record_key *theirs)
{
	uint8_t buf[5 + BATON_RECORD_TAG_LEN] = "rekey";
	size_t len;

	assert_int_equal(baton_record_seal(ours, NULL, 0, buf, 5), BATON_OK);
	send_frame(peer, buf, sizeof(buf));
	len = receive(peer, buf, sizeof(buf));
	assert_int_equal(baton_record_open(theirs, NULL, 0, buf, len, &len),
			 BATON_OK);
	assert_int_equal(len, 5);
	assert_memory_equal(buf, "yeker", 5);
	baton_record_rekey(ours);
	baton_record_rekey(theirs);
}

static void live(void **state)
{
	static const size_t lens[] = {0, 1, 200, 4096, 65535 - 16};
	static const uint8_t zero[32];
	const struct live_case *c = *state;
	struct baton_noise noise;
	struct baton_noise_result result;
	struct baton_record_key ours, theirs;
	uint8_t peer_pub[32], buf[256];
	char sent[64] = "";
	struct peer peer;
	int generation;
	size_t i, len;

	begin(c, &noise, &peer, peer_pub);
	handshake(c, &noise, &peer, sent);
	if (c->pattern == &baton_noise_nnpsk0)
		assert_memory_equal(noise.state.rs, zero, 32);
	else
		assert_memory_equal(noise.state.rs, peer_pub, sizeof(peer_pub));
	assert_int_equal(baton_noise_finish(&noise, &result), BATON_OK);
	if (c->initiator) {
		baton_record_init(&ours, result.dir[0]);
		baton_record_init(&theirs, result.dir[1]);
	} else {
		baton_record_init(&ours, result.dir[1]);
		baton_record_init(&theirs, result.dir[0]);
	}

	len = receive(&peer, buf, sizeof(buf));
	assert_int_equal(baton_record_open(&theirs, NULL, 0, buf, len, &len),
			 BATON_OK);
	assert_int_equal(len, sizeof(result.h) + strlen(sent));
	assert_memory_equal(buf, result.h, sizeof(result.h));
	assert_memory_equal(buf + sizeof(result.h), sent, strlen(sent));
	for (generation = 0; generation < 3; generation++) {
		for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			exchange(&peer, &ours, &theirs, lens[i]);
		rekey(&peer, &ours, &theirs);
	}
	assert_int_equal(peer_end(&peer), 0);
}

static void another_psk_is_refused_by_us(void **state)
{
	const struct live_case c = {"", &baton_noise_nnpsk0, false, true};
	struct baton_noise noise;
	uint8_t peer_pub[32], msg[256];
	struct peer peer;
	size_t len;

	(void)state;
	begin(&c, &noise, &peer, peer_pub);
	len = receive(&peer, msg, sizeof(msg));
	assert_int_equal(
		baton_noise_read(&noise, msg, len, msg, sizeof(msg), &len),
		BATON_ERR_PEER_AUTH);
	(void)peer_end(&peer);
}

static void another_psk_is_refused_by_the_peer(void **state)
{
	const struct live_case c = {"", &baton_noise_kkpsk0, true, true};
	struct baton_noise noise;
	uint8_t peer_pub[32], msg[256];
	struct peer peer;
	size_t len;

	(void)state;
	begin(&c, &noise, &peer, peer_pub);
	assert_int_equal(
		baton_noise_write(&noise, NULL, 0, msg, sizeof(msg), &len),
		BATON_OK);
	send_frame(&peer, msg, len);
	/* It closes the pipe without an answer. */
	assert_int_equal(read(peer.from, msg, 1), 0);
	assert_int_equal(peer_end(&peer), 1);
}

int main(int argc, char **argv)
{
	static struct live_case cases[] = {
		{"XX, we begin", &baton_noise_xx, true, false},
		{"XX, we answer", &baton_noise_xx, false, false},
		{"XXpsk0, we begin", &baton_noise_xxpsk0, true, false},
		{"XXpsk0, we answer", &baton_noise_xxpsk0, false, false},
		{"KKpsk0, we begin", &baton_noise_kkpsk0, true, false},
		{"KKpsk0, we answer", &baton_noise_kkpsk0, false, false},
		{"NNpsk0, we begin", &baton_noise_nnpsk0, true, false},
		{"NNpsk0, we answer", &baton_noise_nnpsk0, false, false},
	};
	enum { N_CASES = sizeof(cases) / sizeof(cases[0]) };
	struct CMUnitTest tests[N_CASES + 2] = {
		[N_CASES] = cmocka_unit_test(another_psk_is_refused_by_us),
		[N_CASES + 1] =
			cmocka_unit_test(another_psk_is_refused_by_the_peer),
	};
	size_t i;

	if (argc < 2 || argc > 1 + COMMAND_MAX || !*argv[1]) {
		puts("the other implementation was not there when this was "
		     "built (golang-github-flynn-noise-dev, "
		     "python3-dissononce): nothing was tested");
		return 77;
	}
	peer_command_len = argc - 1;
	memcpy(peer_command, argv + 1,
	       (size_t)peer_command_len * sizeof(argv[0]));
	signal(SIGPIPE, SIG_IGN);
	alarm(60);
	for (i = 0; i < N_CASES; i++)
		tests[i] = (struct CMUnitTest){cases[i].name, live, NULL, NULL,
					       &cases[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
