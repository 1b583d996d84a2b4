/* SPDX-License-Identifier: MIT */
#include "gatt/writer.h"

#include <gio/gunixfdlist.h>
#include <stdbool.h>

#include "gatt/host.h"
#include "gatt/pipe.h"

/*
 *   FIRST --send--> WAITING --answered, socket----> SOCKET
 *                      |                              | socket closed
 *                      +-----answered, no socket----> CALLS
 */
enum writer_state {
	WRITER_FIRST,
	WRITER_WAITING,
	WRITER_SOCKET,
	WRITER_CALLS,
};

/* Calls under way: enough to keep bluetoothd busy, few enough to wait for. */
#define CALLS_MAX 16

struct baton_writer {
	const struct baton_writer_events *events;
	void *user;
	BatonBluezGattCharacteristic1 *chrc;
	GCancellable *cancel;
	enum writer_state state;
	struct baton_pipe *pipe;
	unsigned int answers; /* outstanding in WAITING */
	unsigned int calls; /* outstanding in CALLS */
	bool waited; /* somebody waits for room */
};

static void room(struct baton_writer *writer)
{
	if (writer->waited) {
		writer->waited = false;
		writer->events->room(writer->user);
	}
}

static void pipe_rx(void *user, const uint8_t *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
}

static void pipe_room(void *user)
{
	room(user);
}

static void pipe_hup(void *user)
{
	struct baton_writer *writer = user;

	/* Perhaps the link ends, perhaps the socket was never any good. */
	g_clear_pointer(&writer->pipe, baton_pipe_free);
	if (writer->state == WRITER_SOCKET) {
		writer->state = WRITER_CALLS;
		room(writer);
	}
}

static const struct baton_pipe_events pipe_events = {
	.rx = pipe_rx,
	.room = pipe_room,
	.hup = pipe_hup,
};

/* Both answers, to the write and for the socket, are needed to go on. */
static void answer_count(struct baton_writer *writer)
{
	const struct baton_writer_events *events = writer->events;
	GCancellable *cancel;

	if (--writer->answers)
		return;
	writer->state = writer->pipe ? WRITER_SOCKET : WRITER_CALLS;
	cancel = g_object_ref(writer->cancel);
	events->answered(writer->user);
	if (!g_cancellable_is_cancelled(cancel))
		room(writer);
	g_object_unref(cancel);
}

static bool cancelled(GError **error)
{
	if (!g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return false;
	g_clear_error(error);
	return true;
}

static void first_written(GObject *source, GAsyncResult *result, gpointer data)
{
	struct baton_writer *writer = data;
	GError *error = NULL;

	baton_bluez_gatt_characteristic1_call_write_value_finish(
		BATON_BLUEZ_GATT_CHARACTERISTIC1(source), result, &error);
	if (cancelled(&error))
		return;
	if (error) {
		char *why = baton_host_reason(error);

		g_error_free(error);
		writer->events->refused(writer->user, why);
		g_free(why);
		return;
	}
	answer_count(writer);
}

static void acquired(GObject *source, GAsyncResult *result, gpointer data)
{
	struct baton_writer *writer = data;
	GUnixFDList *fds = NULL;
	GVariant *handle = NULL;
	GError *error = NULL;
	int fd;

	baton_bluez_gatt_characteristic1_call_acquire_write_finish(
		BATON_BLUEZ_GATT_CHARACTERISTIC1(source), &handle, NULL, &fds,
		result, &error);
	if (cancelled(&error))
		return;
	/* Without a socket it goes by calls. */
	g_clear_error(&error);
	if (fds && handle) {
		fd = g_unix_fd_list_get(fds, g_variant_get_handle(handle),
					NULL);
		if (fd >= 0)
			writer->pipe = baton_pipe_new(fd, &pipe_events, writer);
	}
	g_clear_object(&fds);
	g_clear_pointer(&handle, g_variant_unref);
	answer_count(writer);
}

static void write_call(struct baton_writer *writer, const uint8_t *data,
		       size_t len, const char *type, GAsyncReadyCallback done)
{
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&options, "{sv}", "type",
			      g_variant_new_string(type));
	baton_bluez_gatt_characteristic1_call_write_value(
		writer->chrc,
		g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, len, 1),
		g_variant_builder_end(&options), writer->cancel, done, writer);
}

static void send_first(struct baton_writer *writer, const uint8_t *data,
		       size_t len)
{
	/*
	 * bluetoothd takes both at once, in this order: the request goes on
	 * the air, and the socket is ready when its answer comes.
	 */
	writer->state = WRITER_WAITING;
	writer->answers = 2;
	write_call(writer, data, len, "request", first_written);
	baton_bluez_gatt_characteristic1_call_acquire_write(
		writer->chrc, g_variant_new("a{sv}", NULL), NULL,
		writer->cancel, acquired, writer);
}

static void called(GObject *source, GAsyncResult *result, gpointer data)
{
	struct baton_writer *writer = data;
	GError *error = NULL;

	baton_bluez_gatt_characteristic1_call_write_value_finish(
		BATON_BLUEZ_GATT_CHARACTERISTIC1(source), result, &error);
	if (cancelled(&error))
		return;
	/* A command may be lost: Device1.Connected tells when the link is. */
	g_clear_error(&error);
	writer->calls--;
	room(writer);
}

static enum baton_err send_call(struct baton_writer *writer,
				const uint8_t *data, size_t len)
{
	if (writer->calls >= CALLS_MAX) {
		writer->waited = true;
		return BATON_ERR_AGAIN;
	}
	writer->calls++;
	write_call(writer, data, len, "command", called);
	return BATON_OK;
}

enum baton_err baton_writer_send(struct baton_writer *writer,
				 const uint8_t *data, size_t len)
{
	enum baton_err err = BATON_OK;

	switch (writer->state) {
	case WRITER_FIRST:
		send_first(writer, data, len);
		break;
	case WRITER_WAITING:
		err = BATON_ERR_AGAIN;
		break;
	case WRITER_SOCKET:
		err = baton_pipe_send(writer->pipe, data, len);
		if (err != BATON_ERR_CLOSED)
			break;
		g_clear_pointer(&writer->pipe, baton_pipe_free);
		writer->state = WRITER_CALLS;
		return send_call(writer, data, len);
	case WRITER_CALLS:
		return send_call(writer, data, len);
	}
	if (err == BATON_ERR_AGAIN)
		writer->waited = true;
	return err;
}

struct baton_writer *baton_writer_new(BatonBluezGattCharacteristic1 *chrc,
				      const struct baton_writer_events *events,
				      void *user)
{
	struct baton_writer *writer = g_new0(struct baton_writer, 1);

	writer->events = events;
	writer->user = user;
	writer->chrc = g_object_ref(chrc);
	writer->cancel = g_cancellable_new();
	return writer;
}

void baton_writer_free(struct baton_writer *writer)
{
	if (!writer)
		return;
	g_cancellable_cancel(writer->cancel);
	g_object_unref(writer->cancel);
	baton_pipe_free(writer->pipe);
	g_object_unref(writer->chrc);
	g_free(writer);
}
