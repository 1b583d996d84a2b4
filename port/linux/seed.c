/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/random.h>

#include "port/linux/seed.h"

enum baton_err baton_seed_get(uint8_t seed[32])
{
	ssize_t n;

	/* Up to 256 bytes come whole or not at all. */
	do {
		n = getrandom(seed, 32, 0);
	} while (n < 0 && errno == EINTR);
	return n == 32 ? BATON_OK : BATON_ERR_RANDOM;
}
