/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_OPTIONS_H
#define BATON_GATT_OPTIONS_H

#include <stdbool.h>

/* The service and its characteristics: SPEC.md, "UUIDs". */
#define BATON_GATT_UUID_SERVICE "257c0001-ebd5-48ed-bb5a-92ad2d7d0293"
#define BATON_GATT_UUID_IN "257c0002-ebd5-48ed-bb5a-92ad2d7d0293"
#define BATON_GATT_UUID_OUT "257c0003-ebd5-48ed-bb5a-92ad2d7d0293"
#define BATON_GATT_UUID_BULK "257c0004-ebd5-48ed-bb5a-92ad2d7d0293"

/* The longest value that is ever sent, whatever the MTU. */
#define BATON_GATT_VALUE_MAX 509

/* What may be chosen about a bearer; all zero is what most want. */
struct baton_gatt_options {
	/* The adapter, such as "hci1"; NULL: the first one that serves. */
	const char *adapter;
	/* Peripheral: show the adapter's name in the scan response. */
	bool show_name;
	/*
	 * Central: connect to this address ("00:AA:01:00:00:00") only. An
	 * aid for tests: addresses change, bonds are told apart by their
	 * keys. NULL: any device that offers the service.
	 */
	const char *peer;
	/*
	 * Peripheral: offer the bulk characteristic too, which saves a D-Bus
	 * call for every PDU from the phone, but where a stranger's writes
	 * cannot be told from the phone's. DESIGN.md, "Writes".
	 * Central: use it where it is offered.
	 */
	bool fast_writes;
};

#endif
