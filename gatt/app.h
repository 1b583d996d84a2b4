/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_APP_H
#define BATON_GATT_APP_H

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "gatt/options.h"

/*
 * The objects that bluetoothd calls: the service, its characteristics and
 * the advert. It checks and unpacks the calls and decides nothing.
 */

#define BATON_APP_PATH "/baton/app"
#define BATON_APP_ADVERT_PATH "/baton/advert"

/* device: the object path of the central; mtu: 0 if it was not told. */
struct baton_app_events {
	/* A value of 1 to BATON_GATT_VALUE_MAX bytes was written to "in". */
	void (*written)(void *user, const char *device, uint16_t mtu,
			const uint8_t *value, size_t len);
	/* The answer is the file descriptor for bluetoothd, or -1. */
	int (*acquire_notify)(void *user, const char *device, uint16_t mtu);
	int (*acquire_write)(void *user, const char *device, uint16_t mtu);
	/* bluetoothd has withdrawn the advert by itself. */
	void (*advert_released)(void *user);
};

struct baton_app;

/* Exports everything on bus; the advert shows the service. */
struct baton_app *baton_app_new(GDBusConnection *bus,
				const struct baton_gatt_options *options,
				const struct baton_app_events *events,
				void *user);

/*
 * What the advert shows from its next registration on: a private advert
 * (crypto/SPEC.md 12, BATON_ADVERT_LEN bytes), or, if NULL, the service.
 */
void baton_app_show(struct baton_app *app, const uint8_t *advert);

/* Notifies a value without a socket: bluetoothd sends it to subscribers. */
void baton_app_notify(struct baton_app *app, const uint8_t *value, size_t len);

/* NULL is allowed. */
void baton_app_free(struct baton_app *app);

#endif
