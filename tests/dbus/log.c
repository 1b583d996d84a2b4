/* SPDX-License-Identifier: MIT */
#include "tests/dbus/log.h"

#include <string.h>

static void close_bearer(struct log *log)
{
	log->bearer->ops->close(log->bearer);
	log->bearer = NULL;
}

static void on_up(void *user, const struct baton_bearer_link *link)
{
	struct log *log = user;

	log->ups++;
	log->mtu = link->mtu;
	log->by_advert = link->advert != NULL;
	if (link->advert)
		memcpy(log->advert, link->advert, sizeof(log->advert));
	if (log->close_on_up)
		close_bearer(log);
}

static bool on_heard(void *user, const uint8_t advert[BATON_BEARER_ADVERT_LEN])
{
	struct log *log = user;

	log->heard++;
	return log->known &&
	       !memcmp(advert, log->known, BATON_BEARER_ADVERT_LEN);
}

static void on_mtu(void *user, uint16_t mtu)
{
	struct log *log = user;

	log->mtus++;
	log->mtu = mtu;
}

static void on_rx(void *user, const uint8_t *pdu, size_t len)
{
	struct log *log = user;

	g_ptr_array_add(log->got, g_strndup((const char *)pdu, len));
	if (log->drop_on_rx)
		log->bearer->ops->drop(log->bearer);
}

static void on_writable(void *user)
{
	struct log *log = user;

	log->writables++;
}

static void on_down(void *user, enum baton_bearer_reason reason)
{
	struct log *log = user;

	log->downs++;
	log->reason = reason;
}

static void on_failed(void *user, const char *text)
{
	struct log *log = user;

	g_free(log->failed);
	log->failed = g_strdup(text);
}

static void on_note(void *user, const char *text)
{
	struct log *log = user;

	if (!g_strcmp0(log->close_on_note, text))
		close_bearer(log);
}

const struct baton_bearer_events log_events = {
	.up = on_up,
	.heard = on_heard,
	.mtu = on_mtu,
	.rx = on_rx,
	.writable = on_writable,
	.down = on_down,
	.failed = on_failed,
	.note = on_note,
};

void log_init(struct log *log)
{
	memset(log, 0, sizeof(*log));
	log->got = g_ptr_array_new_with_free_func(g_free);
}

void log_end(struct log *log)
{
	if (log->bearer)
		log->bearer->ops->close(log->bearer);
	g_ptr_array_unref(log->got);
	g_free(log->failed);
	/* What GLib still has to free in this thread. */
	mock_wait(30);
}

const char *log_got(const struct log *log, size_t i)
{
	return i < log->got->len ? g_ptr_array_index(log->got, i) : "";
}

enum baton_err log_send(struct log *log, const char *text)
{
	return log->bearer->ops->tx(log->bearer, (const uint8_t *)text,
				    strlen(text));
}
