/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_ADVERSARY_SEAL_LOG_H
#define BATON_TESTS_ADVERSARY_SEAL_LOG_H

#include <stddef.h>

/*
 * Remembers every pair of key and nonce that baton_crypto_seal() is called
 * with. Link with -Wl,--wrap=baton_crypto_seal.
 */

/* Forget all of them: another world begins. */
void seal_log_clear(void);

/* How many there were, and how many of them had been used before. */
size_t seal_log_count(void);
size_t seal_log_repeated(void);

#endif
