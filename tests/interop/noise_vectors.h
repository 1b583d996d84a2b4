/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_INTEROP_NOISE_VECTORS_H
#define BATON_TESTS_INTEROP_NOISE_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One published handshake with fixed keys, as both file formats have it. */

#define VECTOR_BYTES_MAX 1024
#define VECTOR_MESSAGES_MAX 10

struct vector_bytes {
	uint8_t data[VECTOR_BYTES_MAX];
	size_t len;
	bool given;
};

/* By enum baton_noise_role. */
struct vector_side {
	struct vector_bytes s, e, rs;
};

struct vector_message {
	struct vector_bytes payload, ciphertext;
};

struct vector {
	char name[128];
	struct vector_bytes prologue, psk, h;
	struct vector_side sides[2];
	struct vector_message messages[VECTOR_MESSAGES_MAX];
	size_t n_messages;
	/* After the handshake the initiator sends first, whoever was last. */
	bool initiator_goes_on;
};

/*
 * Calls each() for every vector of the file; returns NULL, or one line about
 * what is wrong with the file (static, valid until the next call).
 */
const char *vectors_load(const char *path,
			 void (*each)(const struct vector *vector));

#endif
