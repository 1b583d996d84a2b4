/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_SEAL_KEY_H
#define BATON_PORT_LINUX_SEAL_KEY_H

#include <stdbool.h>
#include <stdint.h>

/* The keys of a store that need no TPM. Nothing of it is installed. */
#define BATON_SEAL_KEY_LEN 32

/* seal_credential.c: has systemd given this process a credential? */
bool baton_seal_credential_is_there(void);

/*
 * The key that comes out of the credential "baton-store". False: errno; ENOKEY:
 * there is none, or one of less than 16 bytes.
 */
bool baton_seal_credential_key(uint8_t key[BATON_SEAL_KEY_LEN]);

/*
 * seal_file.c: read the key file in the directory, make it where it is not
 * there if make says so. False: errno; ENOKEY: it is not there, EPERM: others
 * may read it, EBADMSG: it holds no key.
 */
bool baton_seal_file_key(int dir_fd, bool make,
			 uint8_t key[BATON_SEAL_KEY_LEN]);

#endif
