/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/air_wire.h"
#include "tools/bearer_air.h"
#include "tools/fail.h"

#define RETRY_MS 500
/* Before a phone that has found none of its watches takes any. */
#define ANY_US (3 * G_USEC_PER_SEC)

struct air_bearer {
	struct baton_bearer bearer;
	const struct baton_bearer_events *events;
	void *user;
	char *path;
	enum baton_role role;
	int fd; /* -1: no radio at the moment */
	guint watch; /* source on fd */
	guint retry; /* source that looks for the radio again */
	bool up;
	bool starved; /* tx() answered AGAIN */
	bool failed;
	unsigned int room;
	uint16_t mtu;
	enum baton_bearer_way way;
	uint8_t advert[BATON_BEARER_ADVERT_LEN];
	gint64 since_us; /* it looks for the other one */
};

int baton_air_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int saved;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void fail(struct air_bearer *air, const char *text)
{
	air->failed = true;
	air->events->failed(air->user, text);
}

static gboolean on_retry(gpointer data);

/* The radio's process is gone, or talks nonsense: look for it again. */
static void lose_radio(struct air_bearer *air)
{
	bool was_up = air->up;

	g_clear_handle_id(&air->watch, g_source_remove);
	close(air->fd);
	air->fd = -1;
	air->up = false;
	air->retry = g_timeout_add(RETRY_MS, on_retry, air);
	if (air->events->note)
		air->events->note(air->user,
				  "the simulated radio is gone; waiting");
	if (was_up)
		air->events->down(air->user, BATON_BEARER_STACK);
}

static void take_link(struct air_bearer *air,
		      const struct baton_air_message *message)
{
	struct baton_bearer_link link = {
		.mtu = message->mtu,
		.ll_len = message->ll_len,
		.interval_us = message->interval_us,
		.advert = message->advert,
	};

	air->up = true;
	air->starved = false;
	air->room = 0;
	air->mtu = message->mtu;
	air->events->up(air->user, &link);
}

static void take_down(struct air_bearer *air, uint8_t reason)
{
	if (!air->up)
		return;
	air->up = false;
	air->since_us = g_get_monotonic_time();
	if (reason > BATON_BEARER_STACK)
		reason = BATON_BEARER_LOST;
	air->events->down(air->user, (enum baton_bearer_reason)reason);
}

static void take_sorry(struct air_bearer *air, uint8_t why)
{
	g_autofree char *text = NULL;

	if (why == BATON_AIR_SORRY_TAKEN)
		text = g_strdup_printf("the radio at %s has a %s already; end "
				       "that one first",
				       air->path,
				       air->role == BATON_WATCH ? "watch"
								: "phone");
	else
		text = g_strdup_printf("the radio at %s is of another version; "
				       "start both from one build",
				       air->path);
	fail(air, text);
}

/* What the watch shows, as the radio wants it told. */
static void show(struct air_bearer *air)
{
	struct baton_air_message message = {
		.type = BATON_AIR_SHOW,
		.value = (uint8_t)air->way,
	};

	if (air->role != BATON_WATCH || air->fd < 0)
		return;
	if (air->way == BATON_BEARER_PRIVATE)
		message.advert = air->advert;
	if (baton_air_send(air->fd, &message))
		g_debug("the radio does not listen");
}

static void take_heard(struct air_bearer *air,
		       const struct baton_air_message *message)
{
	struct baton_air_message answer = *message;
	bool wanted;

	if (message->advert)
		wanted = air->way != BATON_BEARER_OPEN && air->events->heard &&
			 air->events->heard(air->user, message->advert);
	else
		wanted = air->way == BATON_BEARER_OPEN ||
			 g_get_monotonic_time() >= air->since_us + ANY_US;
	answer.type = BATON_AIR_CONNECT;
	if (wanted && baton_air_send(air->fd, &answer))
		g_debug("the radio does not listen");
}

/* False: what came makes no sense here. */
static bool take(struct air_bearer *air,
		 const struct baton_air_message *message)
{
	switch (message->type) {
	case BATON_AIR_UP:
		if (air->up || message->mtu < 23 || message->mtu > 517)
			return false;
		take_link(air, message);
		return true;
	case BATON_AIR_DOWN:
		take_down(air, message->value);
		return true;
	case BATON_AIR_PDU:
		if (air->up)
			air->events->rx(air->user, message->pdu,
					message->pdu_len);
		return true;
	case BATON_AIR_MTU:
		if (message->mtu < 23 || message->mtu > 517)
			return false;
		air->mtu = message->mtu;
		if (air->up)
			air->events->mtu(air->user, message->mtu);
		return true;
	case BATON_AIR_ROOM:
		air->room += message->value;
		if (air->up && air->starved) {
			air->starved = false;
			air->events->writable(air->user);
		}
		return true;
	case BATON_AIR_SORRY:
		take_sorry(air, message->value);
		return true;
	case BATON_AIR_HEARD:
		if (air->role != BATON_PHONE ||
		    message->value == BATON_BEARER_HIDDEN)
			return false;
		if (!air->up)
			take_heard(air, message);
		return true;
	case BATON_AIR_HELLO:
	case BATON_AIR_PACE:
	case BATON_AIR_SHOW:
	case BATON_AIR_CONNECT:
		return false;
	}
	return false;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
	struct air_bearer *air = data;
	uint8_t bytes[BATON_AIR_MESSAGE_MAX + 1];
	struct baton_air_message message;
	int got;

	(void)condition;
	/* One at a time: what the callback does may close the bearer. */
	got = baton_air_receive(fd, &message, bytes);
	if (air->failed) {
		air->watch = 0;
		return G_SOURCE_REMOVE;
	}
	if (got < 0 || (got && !take(air, &message))) {
		air->watch = 0;
		lose_radio(air);
		return G_SOURCE_REMOVE;
	}
	return G_SOURCE_CONTINUE;
}

static bool find_radio(struct air_bearer *air)
{
	struct baton_air_message hello = {
		.type = BATON_AIR_HELLO,
		.version = BATON_AIR_VERSION,
		.role = (uint8_t)air->role,
	};

	air->fd = baton_air_connect(air->path);
	if (air->fd < 0)
		return false;
	if (baton_air_send(air->fd, &hello)) {
		close(air->fd);
		air->fd = -1;
		return false;
	}
	air->watch = g_unix_fd_add(air->fd, G_IO_IN, on_readable, air);
	air->since_us = g_get_monotonic_time();
	if (air->way != BATON_BEARER_OPEN)
		show(air);
	return true;
}

static gboolean on_retry(gpointer data)
{
	struct air_bearer *air = data;

	if (!find_radio(air))
		return G_SOURCE_CONTINUE;
	air->retry = 0;
	if (air->events->note)
		air->events->note(air->user, "the simulated radio is back");
	return G_SOURCE_REMOVE;
}

static enum baton_err air_tx(struct baton_bearer *bearer, const uint8_t *pdu,
			     size_t len)
{
	struct air_bearer *air = (struct air_bearer *)bearer;
	struct baton_air_message message = {
		.type = BATON_AIR_PDU,
		.pdu = pdu,
		.pdu_len = len,
	};

	if (!air->up)
		return BATON_ERR_CLOSED;
	if (!len || len > BATON_AIR_PDU_MAX || len > air->mtu - 3U)
		return BATON_ERR_TOO_LARGE;
	if (!air->room) {
		air->starved = true;
		return BATON_ERR_AGAIN;
	}
	/* The little that there is room for fits every socket's buffer. */
	if (baton_air_send(air->fd, &message))
		return BATON_ERR_CLOSED;
	air->room--;
	return BATON_OK;
}

static void air_drop(struct baton_bearer *bearer)
{
	struct air_bearer *air = (struct air_bearer *)bearer;
	struct baton_air_message message = {.type = BATON_AIR_DOWN};

	/* A radio that is not there any more ends the link as well. */
	if (air->up && baton_air_send(air->fd, &message))
		g_debug("the radio does not listen");
}

static void air_pace(struct baton_bearer *bearer, enum baton_bearer_pace pace)
{
	struct air_bearer *air = (struct air_bearer *)bearer;
	struct baton_air_message message = {
		.type = BATON_AIR_PACE,
		.value = (uint8_t)pace,
	};

	if (air->up && baton_air_send(air->fd, &message))
		g_debug("the radio does not listen");
}

static void air_meet(struct baton_bearer *bearer, enum baton_bearer_way way,
		     const uint8_t *advert)
{
	struct air_bearer *air = (struct air_bearer *)bearer;

	air->way = way;
	if (way == BATON_BEARER_PRIVATE && advert)
		memcpy(air->advert, advert, sizeof(air->advert));
	show(air);
}

static void air_close(struct baton_bearer *bearer)
{
	struct air_bearer *air = (struct air_bearer *)bearer;

	g_clear_handle_id(&air->watch, g_source_remove);
	g_clear_handle_id(&air->retry, g_source_remove);
	if (air->fd >= 0)
		close(air->fd);
	g_free(air->path);
	g_free(air);
}

static const struct baton_bearer_ops air_ops = {
	.tx = air_tx,
	.drop = air_drop,
	.pace = air_pace,
	.meet = air_meet,
	.close = air_close,
};

struct baton_bearer *
baton_bearer_air_new(const char *path, enum baton_role role,
		     const struct baton_bearer_events *events, void *user,
		     GError **error)
{
	struct air_bearer *air = g_new0(struct air_bearer, 1);

	air->bearer.ops = &air_ops;
	air->events = events;
	air->user = user;
	air->path = g_strdup(path);
	air->role = role;
	if (find_radio(air))
		return &air->bearer;
	baton_fail_set(error, BATON_EXIT_RADIO,
		       "there is no simulated radio at %s (%s); start one: "
		       "baton air %s",
		       path, g_strerror(errno), path);
	air_close(&air->bearer);
	return NULL;
}
