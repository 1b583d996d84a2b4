/* SPDX-License-Identifier: MIT */
#include "gatt/candidate.h"

#include <string.h>

#include "crypto/advert.h"
#include "gatt/remote.h"

bool baton_candidate_has(BatonBluezDevice1 *device, const char *uuid)
{
	const char *const *uuids = baton_bluez_device1_get_uuids(device);

	for (; uuids && *uuids; uuids++) {
		if (!g_ascii_strcasecmp(*uuids, uuid))
			return true;
	}
	return false;
}

bool baton_candidate_advert(BatonBluezDevice1 *device,
			    uint8_t advert[BATON_BEARER_ADVERT_LEN])
{
	GVariant *all = baton_bluez_device1_get_manufacturer_data(device);
	const uint8_t *bytes = NULL;
	GVariant *value = NULL;
	GVariantIter iter;
	uint16_t company;
	gsize len = 0;

	if (!all)
		return false;
	g_variant_iter_init(&iter, all);
	while (g_variant_iter_next(&iter, "{qv}", &company, &value)) {
		if (company == BATON_ADVERT_COMPANY &&
		    g_variant_is_of_type(value, G_VARIANT_TYPE_BYTESTRING))
			bytes = g_variant_get_fixed_array(value, &len, 1);
		if (bytes && len == BATON_BEARER_ADVERT_LEN)
			memcpy(advert, bytes, len);
		g_variant_unref(value);
		if (bytes)
			return len == BATON_BEARER_ADVERT_LEN;
	}
	return false;
}

bool baton_candidate_seen(struct baton_host *host, const char *peer,
			  BatonBluezDevice1 *device)
{
	GVariant *rssi =
		g_dbus_proxy_get_cached_property(G_DBUS_PROXY(device), "RSSI");
	bool seen = rssi != NULL;

	if (rssi)
		g_variant_unref(rssi);
	return seen && !baton_bluez_device1_get_connected(device) &&
	       !g_strcmp0(baton_bluez_device1_get_adapter(device),
			  host->adapter) &&
	       (!peer ||
		!g_ascii_strcasecmp(baton_bluez_device1_get_address(device),
				    peer));
}

void baton_candidate_end_leftovers(struct baton_host *host)
{
	GList *objects = g_dbus_object_manager_get_objects(host->objects);

	for (GList *i = objects; i; i = i->next) {
		const char *path = g_dbus_object_get_object_path(i->data);
		BatonBluezDevice1 *device =
			baton_bluez_object_peek_device1(i->data);
		struct baton_remote remote = {0};

		if (!device || !baton_bluez_device1_get_connected(device))
			continue;
		if (baton_remote_find(&remote, host->objects, path) &&
		    !baton_bluez_gatt_characteristic1_get_notify_acquired(
			    remote.out))
			baton_host_disconnect(host, path);
		baton_remote_clear(&remote);
	}
	g_list_free_full(objects, g_object_unref);
}
