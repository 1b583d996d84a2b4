/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_HOST_BLUEZ_H
#define BATON_SIM_HOST_BLUEZ_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/sdu.h"

/*
 * What a host of kind BLUEZ does otherwise (docs/SIMULATOR.md): bluetoothd's
 * habits as they were measured, and above them, unless the device is bare,
 * what the bearers of gatt/ do about them.
 */

struct baton_sim_host;
struct baton_sim_item;

/* The first value that a phone writes goes alone, and is answered. */
enum baton_sim_bluez_write {
	BATON_SIM_BLUEZ_ALONE, /* the next one is the first */
	BATON_SIM_BLUEZ_ASKED, /* it is on its way: nothing else is sent */
	BATON_SIM_BLUEZ_FREE,
};

/* A watch's bluetoothd asks its application for the socket of writes. */
enum baton_sim_bluez_socket {
	BATON_SIM_BLUEZ_UNASKED,
	BATON_SIM_BLUEZ_ASKING,
	BATON_SIM_BLUEZ_OPEN,
};

struct baton_sim_values_list {
	struct baton_sim_sdu *first, *last;
	uint32_t len;
};

struct baton_sim_bluez {
	bool on; /* on this link the host is of this kind */
	bool ready; /* set up, and the first write is waited for */
	bool heard; /* it came */
	enum baton_sim_bluez_write write;
	enum baton_sim_bluez_socket socket;
	uint64_t open_us; /* when the socket is there */
	uint8_t buffer[BATON_SIM_ATT_LEN + BATON_SIM_VALUE_MAX];

	struct baton_sim_values_list down; /* bluetoothd's, without bound */
	uint32_t batched; /* the newest of them that wait for the timer */
	uint32_t batch_len; /* bytes in their PDU */
	uint32_t batch; /* counts batches: a stale timer is told by it */

	uint32_t unread; /* bytes in the reader's socket */
	struct baton_sim_values_list old; /* unread when a link ended */
};

/* True if the host is BlueZ on this link, and its values are GATT's. */
bool baton_sim_bluez_is(const struct baton_sim_host *host);

/* A connection begins; it ended; the power is gone. */
void baton_sim_bluez_connected(struct baton_sim_host *host);
void baton_sim_bluez_disconnected(struct baton_sim_host *host);
void baton_sim_bluez_off(struct baton_sim_host *host);

/* The longest value the stack may give, and the MTU it is told. */
size_t baton_sim_bluez_pdu_max(const struct baton_sim_host *host, size_t max);
uint16_t baton_sim_bluez_mtu(const struct baton_sim_host *host);

/*
 * The set-up is done. False: the stack is not told yet, it is when the
 * first write comes.
 */
bool baton_sim_bluez_up(struct baton_sim_host *host);

/* A value came: true if that is the write, and the stack is to be told. */
bool baton_sim_bluez_hears(struct baton_sim_host *host);

/* How long a Disconnect waits until it is carried out. */
uint64_t baton_sim_bluez_disconnect_us(const struct baton_sim_host *host);

/* The stack was told link_up. */
void baton_sim_bluez_after_up(struct baton_sim_host *host);

/* May the stack be asked for a value now? */
bool baton_sim_bluez_takes(const struct baton_sim_host *host);

/* A value from the stack, len bytes at data + 7 of sdu; sdu goes along. */
void baton_sim_bluez_send(struct baton_sim_host *host,
			  struct baton_sim_sdu *sdu, size_t len);

/* Give the controller what it has room for. */
void baton_sim_bluez_feed(struct baton_sim_host *host);

/* The answer to the first write. */
void baton_sim_bluez_answered(struct baton_sim_host *host);

/* How long from the air to the stack, for a value that nothing precedes. */
uint64_t baton_sim_bluez_turnaround_us(struct baton_sim_host *host);

/*
 * An ATT PDU came from the air, into the buffer to which bluetoothd may still
 * have pointers. For a value whose bytes it does not copy: another SDU in its
 * place, and *at_us is when it is shown.
 */
void baton_sim_bluez_overwrite(struct baton_sim_host *host,
			       const struct baton_sim_sdu *sdu);
struct baton_sim_sdu *baton_sim_bluez_receive(struct baton_sim_host *host,
					      struct baton_sim_sdu *sdu,
					      uint64_t *at_us);

/* A value that came in cannot be read now: keep it, or lose it. */
void baton_sim_bluez_unread(struct baton_sim_host *host,
			    struct baton_sim_sdu *sdu);

/* A value of a link that has ended: true if it is kept. */
bool baton_sim_bluez_keeps(struct baton_sim_host *host,
			   struct baton_sim_sdu *sdu);

/* Just before the stack is given a value: what has become of it. */
void baton_sim_bluez_show(struct baton_sim_host *host,
			  struct baton_sim_sdu *sdu);

/* True if the queued item holds an SDU in its argument. */
bool baton_sim_bluez_holds(const struct baton_sim_item *item);

#endif
