/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_SEED_H
#define BATON_PORT_LINUX_SEED_H

#include <stdint.h>

#include "base/err.h"

/*
 * 32 bytes from the kernel's random source, for baton_session_init(); the
 * caller wipes them. BATON_ERR_RANDOM: the kernel has none.
 */
BATON_MUST_CHECK
enum baton_err baton_seed_get(uint8_t seed[32]);

#endif
