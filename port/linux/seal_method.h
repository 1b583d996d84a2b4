/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_SEAL_METHOD_H
#define BATON_PORT_LINUX_SEAL_METHOD_H

/* Where the key comes from that a store's values are sealed with. */
enum baton_seal_method {
	BATON_SEAL_BEST, /* the first that there is, when a store is made */
	BATON_SEAL_TPM, /* only this machine's TPM gives it */
	BATON_SEAL_CREDENTIAL, /* systemd gave the service a credential */
	BATON_SEAL_FILE, /* it lies beside the store */
};

#endif
