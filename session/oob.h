/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_OOB_H
#define BATON_SESSION_OOB_H

/*
 * Pairing by a 256-bit secret that one device shows and the other takes, as a
 * QR code or as text (session/SPEC.md 3.2).
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BATON_OOB_SECRET_LEN 32

/* "BATON1:", 56 letters and digits, and the closing 0. */
#define BATON_OOB_TEXT_LEN 64

struct baton_method;

/* For struct baton_session_config. */
extern const struct baton_method baton_out_of_band;

/*
 * Write a secret as text: capital letters, digits and a colon, which a QR code
 * holds in its alphanumeric mode. As secret as the secret.
 */
void baton_oob_text(const uint8_t secret[BATON_OOB_SECRET_LEN],
		    char out[BATON_OOB_TEXT_LEN]);

/*
 * Read it again, as a person may have typed it: small letters, spaces and
 * dashes between them, without "BATON1:". BATON_ERR_ARG: not such a text, or
 * mistyped (the check sum says so); secret is zero then.
 */
BATON_MUST_CHECK
enum baton_err baton_oob_parse(const char *text,
			       uint8_t secret[BATON_OOB_SECRET_LEN]);

#endif
