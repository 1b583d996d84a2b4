/* SPDX-License-Identifier: MIT */

/* What seal_tpm.h promises, in a build without a TPM's software stack. */

#include <errno.h>

#include "port/linux/seal_tpm.h"

bool baton_seal_tpm_is_there(void)
{
	return false;
}

bool baton_seal_tpm_wrap(const uint8_t key[BATON_SEAL_TPM_KEY_LEN],
			 uint8_t *blob, size_t *len)
{
	(void)key;
	(void)blob;
	(void)len;
	errno = ENODEV;
	return false;
}

bool baton_seal_tpm_unwrap(const uint8_t *blob, size_t len,
			   uint8_t key[BATON_SEAL_TPM_KEY_LEN])
{
	(void)blob;
	(void)len;
	(void)key;
	errno = ENODEV;
	return false;
}
