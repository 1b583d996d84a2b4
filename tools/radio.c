/* SPDX-License-Identifier: MIT */
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "port/bearer.h"
#include "sim/ad.h"
#include "tools/air_wire.h"
#include "tools/fail.h"
#include "tools/radio.h"

/* PDUs of a role that wait for its controller: some 20 ms of them. */
#define ROOM 16
#define BEHIND_US 1000000
#define LEAVE_US 500000
#define TELL_US 1000000

/* One device: the role's process on its socket, or nobody. */
struct device {
	struct baton_radio *radio;
	enum baton_sim_side side;
	int fd; /* -1: nobody */
	guint watch;
	bool up;
	/* What the watch shows, and what the phone was told of last. */
	enum baton_bearer_way way;
	uint8_t advert[BATON_BEARER_ADVERT_LEN];
	uint64_t told_us; /* 0: of nothing */
	bool wants; /* to connect to it */
	struct {
		uint8_t bytes[BATON_AIR_PDU_MAX];
		size_t len;
	} queue[ROOM];
	unsigned int first, count;
};

struct baton_radio {
	struct baton_sim *sim;
	struct device device[BATON_SIM_SIDES];
	guint timer;
	int64_t epoch_us; /* of the simulator's time 0 on the wall clock */
	uint64_t leave_us; /* a link whose role went ends then; 0: none */
	enum baton_sim_side leaver;
};

static const char *const names[BATON_SIM_SIDES] = {"watch", "phone"};

static void tell(struct device *device, const struct baton_air_message *message)
{
	/* A role that does not read in time loses what a host would. */
	if (device->fd >= 0 && baton_air_send(device->fd, message))
		g_debug("the %s did not take a message", names[device->side]);
}

static void tell_value(struct device *device, enum baton_air_type type,
		       uint8_t value)
{
	struct baton_air_message message = {.type = type, .value = value};

	tell(device, &message);
}

static void on_link_up(void *user, uint64_t now_us,
		       const struct baton_sim_link *link)
{
	struct device *device = user;
	const struct device *phone = &device->radio->device[BATON_SIM_PHONE];
	struct baton_air_message message = {
		.type = BATON_AIR_UP,
		.mtu = link->mtu,
		.ll_len = link->ll_len,
		.interval_us = link->interval_us,
	};

	(void)now_us;
	if (phone->way == BATON_BEARER_PRIVATE)
		message.advert = phone->advert;
	/* The watch's has served. */
	if (device->side == BATON_SIM_WATCH &&
	    device->way == BATON_BEARER_PRIVATE)
		device->way = BATON_BEARER_HIDDEN;
	device->up = true;
	device->count = 0;
	device->told_us = 0;
	device->wants = false;
	tell(device, &message);
	tell_value(device, BATON_AIR_ROOM, ROOM);
}

static void on_link_down(void *user, uint64_t now_us, uint8_t hci_reason)
{
	struct device *device = user;
	enum baton_bearer_reason reason = BATON_BEARER_LOST;

	(void)now_us;
	if (hci_reason == BATON_HCI_LOCAL_HOST)
		reason = BATON_BEARER_LOCAL;
	else if (hci_reason == BATON_HCI_REMOTE_USER)
		reason = BATON_BEARER_REMOTE;
	if (device->up)
		tell_value(device, BATON_AIR_DOWN, (uint8_t)reason);
	device->up = false;
	device->count = 0;
	device->radio->leave_us = 0;
}

static void on_mtu(void *user, uint64_t now_us, uint16_t mtu)
{
	struct device *device = user;
	struct baton_air_message message = {.type = BATON_AIR_MTU, .mtu = mtu};

	(void)now_us;
	if (device->up)
		tell(device, &message);
}

static void on_rx(void *user, uint64_t now_us, const uint8_t *pdu, size_t len)
{
	struct device *device = user;
	struct baton_air_message message = {
		.type = BATON_AIR_PDU,
		.pdu = pdu,
		.pdu_len = len,
	};

	(void)now_us;
	tell(device, &message);
}

static size_t on_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	struct device *device = user;
	size_t len;

	(void)now_us;
	if (!device->count)
		return 0;
	len = device->queue[device->first].len;
	if (len <= cap)
		memcpy(dst, device->queue[device->first].bytes, len);
	else
		len = 0; /* the MTU fell meanwhile: it is lost */
	device->first = (device->first + 1) % ROOM;
	device->count--;
	tell_value(device, BATON_AIR_ROOM, 1);
	return len;
}

static size_t on_advert_tx(void *user, uint64_t now_us, uint8_t *dst,
			   size_t cap)
{
	static const enum baton_sim_ad ads[] = {
		[BATON_BEARER_OPEN] = BATON_SIM_AD_SERVICE,
		[BATON_BEARER_PRIVATE] = BATON_SIM_AD_PRIVATE,
		[BATON_BEARER_HIDDEN] = BATON_SIM_AD_OTHER,
	};
	const struct device *device = user;

	(void)now_us;
	if (cap < BATON_SIM_AD_MAX)
		return 0;
	return baton_sim_ad_make(dst, ads[device->way], device->advert);
}

static void tell_advert(struct device *phone, enum baton_bearer_way way,
			const uint8_t *advert)
{
	struct baton_air_message message = {
		.type = BATON_AIR_HEARD,
		.value = (uint8_t)way,
	};

	phone->way = way;
	if (way == BATON_BEARER_PRIVATE) {
		memcpy(phone->advert, advert, sizeof(phone->advert));
		message.advert = phone->advert;
	}
	tell(phone, &message);
}

/* The phone connects where two processes want it, to what it knows of. */
static bool on_advert_rx(void *user, uint64_t now_us, const uint8_t *data,
			 size_t len)
{
	uint8_t advert[BATON_BEARER_ADVERT_LEN];
	struct device *phone = user;
	enum baton_bearer_way way = BATON_BEARER_OPEN;
	bool known;

	if (phone->fd < 0 || phone->radio->device[BATON_SIM_WATCH].fd < 0)
		return false;
	switch (baton_sim_ad_read(data, len, advert)) {
	case BATON_SIM_AD_OTHER:
		return false;
	case BATON_SIM_AD_SERVICE:
		break;
	case BATON_SIM_AD_PRIVATE:
		way = BATON_BEARER_PRIVATE;
		break;
	}
	known = phone->told_us && way == phone->way &&
		(way == BATON_BEARER_OPEN ||
		 !memcmp(advert, phone->advert, sizeof(advert)));
	if (known && phone->wants)
		return true;
	if (!known || now_us >= phone->told_us + TELL_US) {
		phone->told_us = now_us;
		phone->wants = false;
		tell_advert(phone, way, advert);
	}
	return false;
}

static const struct baton_sim_stack_ops device_ops = {
	.link_up = on_link_up,
	.link_down = on_link_down,
	.mtu = on_mtu,
	.rx = on_rx,
	.tx = on_tx,
	.advert_tx = on_advert_tx,
	.advert_rx = on_advert_rx,
};

static uint64_t wall_us(const struct baton_radio *radio)
{
	return (uint64_t)(g_get_monotonic_time() - radio->epoch_us);
}

/* Let the simulator's time be the wall clock's. */
static void catch_up(struct baton_radio *radio)
{
	uint64_t now_us = wall_us(radio);
	uint64_t sim_us = baton_sim_now(radio->sim);

	/* The machine slept, or was too slow: do not run after it. */
	if (now_us > sim_us + BEHIND_US) {
		radio->epoch_us += (int64_t)(now_us - sim_us - BEHIND_US);
		now_us = sim_us + BEHIND_US;
	}
	if (now_us > sim_us)
		baton_sim_run_until(radio->sim, now_us);
	if (radio->leave_us && now_us >= radio->leave_us) {
		radio->leave_us = 0;
		baton_sim_disconnect(radio->sim, radio->leaver,
				     BATON_HCI_REMOTE_USER);
	}
}

static gboolean on_timer(gpointer data);

/* Run what is due, and come back when the next thing is. */
static void run(struct baton_radio *radio)
{
	uint64_t next_us;
	uint64_t now_us;
	guint delay_ms;

	catch_up(radio);
	next_us = baton_sim_next(radio->sim);
	if (radio->leave_us)
		next_us = MIN(next_us, radio->leave_us);
	now_us = wall_us(radio);
	delay_ms = 1000;
	if (next_us <= now_us)
		delay_ms = 0;
	else if (next_us - now_us < 1000000)
		delay_ms = (guint)((next_us - now_us + 999) / 1000);
	g_clear_handle_id(&radio->timer, g_source_remove);
	radio->timer = g_timeout_add(delay_ms, on_timer, radio);
}

static gboolean on_timer(gpointer data)
{
	struct baton_radio *radio = data;

	radio->timer = 0;
	run(radio);
	return G_SOURCE_REMOVE;
}

/* The role's process is gone; what it sent last still goes out. */
static void lose_role(struct device *device)
{
	struct baton_radio *radio = device->radio;

	printf("%s gone\n", names[device->side]);
	fflush(stdout);
	g_clear_handle_id(&device->watch, g_source_remove);
	close(device->fd);
	device->fd = -1;
	if (device->up && !radio->leave_us) {
		radio->leave_us = baton_sim_now(radio->sim) + LEAVE_US;
		radio->leaver = device->side;
	}
	device->up = false;
}

static bool take_pdu(struct device *device,
		     const struct baton_air_message *message)
{
	unsigned int last;

	/* A PDU may have crossed the DOWN of its link. */
	if (!device->up)
		return true;
	if (device->count == ROOM)
		return false;
	last = (device->first + device->count) % ROOM;
	memcpy(device->queue[last].bytes, message->pdu, message->pdu_len);
	device->queue[last].len = message->pdu_len;
	device->count++;
	baton_sim_kick(device->radio->sim, device->side);
	return true;
}

static bool take_show(struct device *device,
		      const struct baton_air_message *message)
{
	if (device->side != BATON_SIM_WATCH)
		return false;
	device->way = (enum baton_bearer_way)message->value;
	if (message->advert)
		memcpy(device->advert, message->advert, sizeof(device->advert));
	return true;
}

/* An answer to an advert that is not the last one any more is too late. */
static bool take_connect(struct device *device,
			 const struct baton_air_message *message)
{
	if (device->side != BATON_SIM_PHONE)
		return false;
	if (device->way == (enum baton_bearer_way)message->value &&
	    (!message->advert ||
	     !memcmp(message->advert, device->advert, sizeof(device->advert))))
		device->wants = true;
	return true;
}

static bool take(struct device *device, const struct baton_air_message *message)
{
	switch (message->type) {
	case BATON_AIR_PDU:
		return take_pdu(device, message);
	case BATON_AIR_DOWN:
		if (device->up)
			baton_sim_disconnect(device->radio->sim, device->side,
					     BATON_HCI_REMOTE_USER);
		return true;
	case BATON_AIR_PACE:
		/* The interval is the command line's. */
		return true;
	case BATON_AIR_SHOW:
		return take_show(device, message);
	case BATON_AIR_CONNECT:
		return take_connect(device, message);
	case BATON_AIR_HELLO:
	case BATON_AIR_SORRY:
	case BATON_AIR_UP:
	case BATON_AIR_MTU:
	case BATON_AIR_ROOM:
	case BATON_AIR_HEARD:
		return false;
	}
	return false;
}

static gboolean on_role(gint fd, GIOCondition condition, gpointer data)
{
	struct device *device = data;
	uint8_t bytes[BATON_AIR_MESSAGE_MAX + 1];
	struct baton_air_message message;
	int got;

	(void)condition;
	catch_up(device->radio);
	while ((got = baton_air_receive(fd, &message, bytes)) > 0)
		if (!take(device, &message)) {
			got = -1;
			break;
		}
	if (got < 0) {
		device->watch = 0;
		lose_role(device);
	}
	run(device->radio);
	return got < 0 ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* A new process for a role whose last one has hardly gone. */
static void end_old_link(struct device *device)
{
	struct baton_radio *radio = device->radio;

	radio->leave_us = 0;
	baton_sim_disconnect(radio->sim, device->side, BATON_HCI_REMOTE_USER);
}

enum baton_air_sorry baton_radio_seat(struct baton_radio *radio,
				      enum baton_sim_side side, int fd)
{
	struct device *device = &radio->device[side];

	if (device->fd >= 0)
		return BATON_AIR_SORRY_TAKEN;
	catch_up(radio);
	device->fd = fd;
	device->way = BATON_BEARER_OPEN;
	device->told_us = 0;
	device->wants = false;
	device->watch = g_unix_fd_add(fd, G_IO_IN, on_role, device);
	printf("%s here\n", names[side]);
	fflush(stdout);
	if (baton_sim_connected(radio->sim))
		end_old_link(device);
	run(radio);
	return BATON_AIR_WELCOME;
}

struct baton_radio *baton_radio_new(const struct baton_sim_config *config,
				    GError **error)
{
	struct baton_radio *radio = g_new0(struct baton_radio, 1);
	int i;

	if (baton_sim_create(&radio->sim, config)) {
		baton_fail_set(error, BATON_EXIT_INTERNAL,
			       "the simulator does not take its own options");
		g_free(radio);
		return NULL;
	}
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		struct device *device = &radio->device[i];

		device->radio = radio;
		device->side = (enum baton_sim_side)i;
		device->fd = -1;
		baton_sim_attach(radio->sim, device->side, &device_ops, device);
	}
	radio->epoch_us = g_get_monotonic_time();
	run(radio);
	return radio;
}

void baton_radio_free(struct baton_radio *radio)
{
	int i;

	if (!radio)
		return;
	g_clear_handle_id(&radio->timer, g_source_remove);
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		g_clear_handle_id(&radio->device[i].watch, g_source_remove);
		if (radio->device[i].fd >= 0)
			close(radio->device[i].fd);
	}
	baton_sim_destroy(radio->sim);
	g_free(radio);
}
