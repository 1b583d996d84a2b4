/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_DISCOVERY_H
#define BATON_GATT_DISCOVERY_H

#include <stdbool.h>

#include "gatt/host.h"

/*
 * A central's scan, renewed again and again until it is freed. BlueZ shows
 * what was seen as devices of the host.
 */
struct baton_discovery;

struct baton_discovery_events {
	/* A scan has begun: look at what BlueZ knows already. */
	void (*scanning)(void *user);
	/* BlueZ refuses; why is one line. Only free() may follow. */
	void (*refused)(void *user, const char *why);
};

/*
 * wide: also for devices that do not show the service, in three scans of
 * four. host and events are kept by reference. No callback comes from inside.
 */
struct baton_discovery *
baton_discovery_new(struct baton_host *host, bool wide,
		    const struct baton_discovery_events *events, void *user);

/* Only devices that show the service are seen in the present scan. */
bool baton_discovery_is_narrow(const struct baton_discovery *discovery);

/*
 * Have BlueZ forget a device, and scan anew when it has; once for each device
 * until the time has come to renew the scan.
 */
void baton_discovery_forget(struct baton_discovery *discovery,
			    const char *device);

/* Ends the scan if stop, else leaves it to BlueZ; NULL is allowed. */
void baton_discovery_free(struct baton_discovery *discovery, bool stop);

#endif
