/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_TYPED_H
#define BATON_SESSION_TYPED_H

/*
 * Pairing by a code that one device shows and a person types on the other
 * (session/SPEC.md 3.3): six digits that are secret and one that checks them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define BATON_TYPED_DIGITS 6
#define BATON_TYPED_TRIES 10 /* that are not followed by a bond */
#define BATON_TYPED_TEXT_LEN 8 /* seven digits and the closing 0 */

struct baton_method;

/* For struct baton_session_config. */
extern const struct baton_method baton_typed;

/* The digits as a person reads them, with the one that checks them. */
void baton_typed_text(const uint8_t digits[BATON_TYPED_DIGITS],
		      char out[BATON_TYPED_TEXT_LEN]);

/*
 * Read what a person typed; spaces and dashes are skipped. BATON_ERR_ARG: not
 * seven digits, or the last one is wrong: mistyped, or something else than a
 * code to be typed, such as the value of a comparison.
 */
BATON_MUST_CHECK
enum baton_err baton_typed_parse(const char *text,
				 uint8_t digits[BATON_TYPED_DIGITS]);

#endif
