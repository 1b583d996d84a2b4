/* SPDX-License-Identifier: MIT */
#include "gatt/remote.h"

#include "gatt/options.h"

/* The characteristic of the service at a path, or NULL. */
static BatonBluezGattCharacteristic1 *
chrc_find(GList *objects, const char *service, const char *uuid)
{
	for (GList *i = objects; i; i = i->next) {
		BatonBluezGattCharacteristic1 *chrc =
			baton_bluez_object_peek_gatt_characteristic1(i->data);

		if (chrc &&
		    !g_strcmp0(
			    baton_bluez_gatt_characteristic1_get_service(chrc),
			    service) &&
		    !g_ascii_strcasecmp(
			    baton_bluez_gatt_characteristic1_get_uuid(chrc),
			    uuid))
			return g_object_ref(chrc);
	}
	return NULL;
}

/* The path of the service on device, or NULL; as long as objects lives. */
static const char *service_find(GList *objects, const char *device)
{
	for (GList *i = objects; i; i = i->next) {
		BatonBluezGattService1 *service =
			baton_bluez_object_peek_gatt_service1(i->data);

		if (service &&
		    !g_strcmp0(baton_bluez_gatt_service1_get_device(service),
			       device) &&
		    !g_ascii_strcasecmp(
			    baton_bluez_gatt_service1_get_uuid(service),
			    BATON_GATT_UUID_SERVICE))
			return g_dbus_object_get_object_path(i->data);
	}
	return NULL;
}

bool baton_remote_find(struct baton_remote *remote, GDBusObjectManager *objects,
		       const char *device)
{
	GList *list = g_dbus_object_manager_get_objects(objects);
	const char *service = service_find(list, device);

	baton_remote_clear(remote);
	if (service) {
		remote->in = chrc_find(list, service, BATON_GATT_UUID_IN);
		remote->out = chrc_find(list, service, BATON_GATT_UUID_OUT);
		remote->bulk = chrc_find(list, service, BATON_GATT_UUID_BULK);
	}
	g_list_free_full(list, g_object_unref);
	return remote->in && remote->out;
}

void baton_remote_clear(struct baton_remote *remote)
{
	g_clear_object(&remote->in);
	g_clear_object(&remote->out);
	g_clear_object(&remote->bulk);
}
