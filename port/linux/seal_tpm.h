/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_SEAL_TPM_H
#define BATON_PORT_LINUX_SEAL_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A store key that only this machine's TPM 2.0 gives back
 * (port/linux/DESIGN.md). Nothing of it is installed.
 *
 * Failures set errno: ENODEV (no TPM here, or this build has no support),
 * EKEYREJECTED (another TPM sealed it, or this one was cleared since), EAGAIN
 * (the TPM is locked out for a while), EKEYREVOKED (its owner set a password,
 * or switched it off), EIO (anything else that it said).
 */
#define BATON_SEAL_TPM_KEY_LEN 32
#define BATON_SEAL_TPM_BLOB_MAX 512

/* Is there a TPM that this user may use? */
bool baton_seal_tpm_is_there(void);

/* Seal key into blob (BATON_SEAL_TPM_BLOB_MAX bytes); *len: its length. */
bool baton_seal_tpm_wrap(const uint8_t key[BATON_SEAL_TPM_KEY_LEN],
			 uint8_t *blob, size_t *len);

/* Give the key back. */
bool baton_seal_tpm_unwrap(const uint8_t *blob, size_t len,
			   uint8_t key[BATON_SEAL_TPM_KEY_LEN]);

#endif
