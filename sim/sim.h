/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SIM_H
#define BATON_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sim/phy.h"

/*
 * A world of two devices, a watch (peripheral) and a phone (central), and
 * the radio between them, in virtual time. docs/SIMULATOR.md says what is
 * modelled and from where. A world is a function of its configuration, its
 * seed and what the attached stacks do: it repeats bit for bit.
 *
 *	struct baton_sim_config cfg;
 *	struct baton_sim *sim;
 *
 *	baton_sim_config_init(&cfg);
 *	cfg.seed = 7;
 *	cfg.mtu = 247;
 *	if (baton_sim_create(&sim, &cfg))
 *		errx(2, "%s", baton_sim_config_check(&cfg));
 *	baton_sim_attach(sim, BATON_SIM_WATCH, &ops, watch);
 *	baton_sim_attach(sim, BATON_SIM_PHONE, &ops, phone);
 *	baton_sim_run_until(sim, 10 * 1000 * 1000);
 *	baton_sim_destroy(sim);
 */
struct baton_sim;

#define BATON_SIM_NEVER UINT64_MAX

enum baton_sim_side {
	BATON_SIM_WATCH, /* peripheral, GATT server */
	BATON_SIM_PHONE, /* central, GATT client */
};
#define BATON_SIM_SIDES 2

static inline enum baton_sim_side baton_sim_other(enum baton_sim_side side)
{
	return side == BATON_SIM_WATCH ? BATON_SIM_PHONE : BATON_SIM_WATCH;
}

/* What carries the PDUs of the attached stacks. */
enum baton_sim_bearer {
	/* Notifications (watch to phone), write commands (phone to watch). */
	BATON_SIM_GATT,
	/* One L2CAP credit-based channel, K-frames; PDUs are SDUs. */
	BATON_SIM_COC,
};

/*
 * How soon a host hands up what came in. In every host the controller is
 * filled again as soon as it has room (and pull_us has passed).
 */
enum baton_sim_host_kind {
	BATON_SIM_HOST_QUICK, /* turnaround_us after the air */
	BATON_SIM_HOST_SLOW, /* the same, but not before the next event */
	/* As BlueZ was measured, see bluez_*; chosen when a link begins. */
	BATON_SIM_HOST_BLUEZ,
};

enum baton_sim_start {
	/* The watch advertises, the phone scans, from time 0 on. */
	BATON_SIM_START_ADVERTISING,
	/* The first connection's first anchor point is at time 0. */
	BATON_SIM_START_CONNECTED,
};

/* What a connection needs before the stacks may use it. */
enum baton_sim_gatt {
	BATON_SIM_GATT_READY, /* nothing: MTU known on both sides at once */
	BATON_SIM_GATT_CACHED, /* MTU exchange; handles are cached */
	BATON_SIM_GATT_DISCOVER, /* MTU exchange, discovery, CCCD write */
};

/* Disconnect reasons (Core 5.4, Vol 1 Part F, 1.3). */
#define BATON_HCI_SUPERVISION_TIMEOUT 0x08U
#define BATON_HCI_REMOTE_USER 0x13U
#define BATON_HCI_REMOTE_LOW_RESOURCES 0x14U
#define BATON_HCI_REMOTE_POWER_OFF 0x15U
#define BATON_HCI_LOCAL_HOST 0x16U
#define BATON_HCI_LL_RESPONSE_TIMEOUT 0x22U
#define BATON_HCI_MIC_FAILURE 0x3DU
#define BATON_HCI_FAILED_TO_ESTABLISH 0x3EU

/*
 * Packet errors on the air in one direction. Two states, good and bad
 * (Gilbert-Elliott), stepped once per packet; both PERs equal, or to_bad_ppm
 * 0, is a plain error rate. All in parts per million.
 */
struct baton_sim_errors {
	uint32_t good_per_ppm; /* 0 */
	uint32_t bad_per_ppm; /* 0 */
	uint32_t to_bad_ppm; /* 0: always good */
	uint32_t to_good_ppm; /* 0 */
	/*
	 * Of the errors, how many lose the whole packet (access address not
	 * found) rather than break its CRC. 0
	 */
	uint32_t missed_ppm;
};

/*
 * One device. Faults on "up" strike PDUs on their way from the controller
 * to the stack, faults on "down" those on the way from the stack to the
 * controller (which then cost no time on the air). They strike GATT values
 * only; a credit-based channel is reliable. Default in the comment.
 */
struct baton_sim_node_config {
	enum baton_sim_host_kind host; /* QUICK */
	uint32_t turnaround_us; /* 1000: from the air to the stack */
	uint32_t pull_us; /* 0: from room in the controller to a pull */
	uint16_t hold; /* 2: host PDUs the controller holds, 1..16 */

	uint32_t up_drop_ppm; /* 0 */
	uint32_t up_dup_ppm; /* 0: delivered twice */
	uint32_t up_late_ppm; /* 0: held back, so that others overtake, for */
	uint32_t up_late_us; /* 20000: a random time from 0 to this */
	uint32_t up_delay_us; /* 0: extra for all, order kept */
	uint32_t up_jitter_us; /* 0: random extra 0 to this, order kept */
	uint32_t up_queue; /* 0: no limit, else PDUs over it are lost */
	uint32_t down_drop_ppm; /* 0 */
	/*
	 * BLUEZ, instead of turnaround_us: 10, 50, 90 and 99 % of the
	 * turnarounds measured are no longer than these (docs/BLUEZ.md;
	 * tests/vm/vm --case 04 measures anew). Default: as measured.
	 */
	uint32_t bluez_us[4];
	bool bluez_bare; /* false: as gatt/ is above it; true: nothing is */
	uint32_t bluez_other_us; /* 0: never; between other centrals' values */

	uint16_t cut_len; /* 0: none, else longer values are cut to it */

	int32_t clock_ppm; /* 0: how much the device's clock is fast */
	uint16_t sca_ppm; /* 50: the sleep-clock accuracy it declares */
};

struct baton_sim_config {
	uint64_t seed; /* 1 */

	enum baton_sim_bearer bearer; /* GATT */
	enum baton_sim_start start; /* CONNECTED */
	enum baton_sim_gatt gatt; /* CACHED */
	bool reconnect; /* true: advertise and scan again after a link ends */

	enum baton_phy phy; /* 2M */
	bool encrypted; /* true: link encryption, 4 B MIC per PDU */
	uint16_t ll_len; /* 251: LL data length both ways, 27..251 */
	uint16_t mtu; /* 247: ATT MTU that the exchange yields, 23..517 */
	uint16_t coc_sdu; /* 65535: SDU size of the channel, 23..65535 */
	uint16_t coc_mps; /* 247: K-frame payload, 23..65533 */
	uint16_t coc_credits; /* 65535: given at start, returned by halves */

	uint32_t interval_us; /* 30000: any multiple of 1250 from 7500 on */
	uint16_t latency; /* 0: peripheral latency, events, 0..499 */
	uint32_t timeout_us; /* 0: 5 s, or 4 x (1 + latency) x interval */
	uint16_t event_pdus; /* 0: no limit, else data PDUs a side per event */

	/*
	 * False: a connection begins as the above says, at no cost. True: it
	 * begins on 1M with packets of 27 bytes, in clear; feature and version
	 * exchange, data length, PHY and encryption are done on the air.
	 */
	bool procedures; /* false */
	uint32_t start_interval_us; /* 0; else first, until the watch asks */

	uint32_t adv_interval_us; /* 100000 */
	uint32_t adv_gap_us; /* 1500: start to start, one channel to the next */
	uint8_t adv_len; /* 31: advertising data where no stack fills it */
	uint32_t scan_interval_us; /* 60000 */
	uint32_t scan_window_us; /* 60000 */

	struct baton_sim_errors errors[BATON_SIM_SIDES]; /* by sender */
	struct baton_sim_node_config node[BATON_SIM_SIDES];
};

/* Fill *cfg with the defaults above. */
void baton_sim_config_init(struct baton_sim_config *cfg);

/* NULL, or one line that says which field is wrong and what it may be. */
const char *baton_sim_config_check(const struct baton_sim_config *cfg);

/* What a stack is told of a link. */
struct baton_sim_link {
	enum baton_sim_bearer bearer;
	/* GATT: ATT MTU. COC: SDU size. */
	uint16_t mtu;
	/* The longest PDU tx() may give: min(MTU - 3, 512), or the SDU size. */
	uint16_t pdu_max;
	uint16_t ll_len;
	uint32_t interval_us;
	enum baton_phy phy;
};

/*
 * A stack on a device. Times are microseconds of the device's own monotonic
 * clock (clock_ppm). Any member but rx and tx may be NULL. No op may call
 * into the same sim, except baton_sim_kick(), baton_sim_disconnect(),
 * baton_sim_at() and those that only read.
 */
struct baton_sim_stack_ops {
	/* The link carries PDUs from now on; link lives for this call. */
	void (*link_up)(void *user, uint64_t now_us,
			const struct baton_sim_link *link);
	/* It is gone, for an HCI reason (BATON_HCI_*). */
	void (*link_down)(void *user, uint64_t now_us, uint8_t reason);
	/* The ATT MTU changed. */
	void (*mtu)(void *user, uint64_t now_us, uint16_t mtu);
	/* One PDU came in; it lives for this call. */
	void (*rx)(void *user, uint64_t now_us, const uint8_t *pdu, size_t len);
	/*
	 * Write the next PDU to dst, at most cap bytes, and give its length,
	 * 0 if there is nothing to send. Asked while there is a link and
	 * the controller has room: after link_up, mtu, rx, tick and kick,
	 * and when room comes.
	 */
	size_t (*tx)(void *user, uint64_t now_us, uint8_t *dst, size_t cap);
	/* When tick() is wanted, BATON_SIM_NEVER if not; read after each op. */
	uint64_t (*deadline)(void *user);
	/* The deadline has come (never early). */
	void (*tick)(void *user, uint64_t now_us);
	/*
	 * Watch: write the advertising data of the next event, at most cap
	 * (31) bytes, and give its length.
	 */
	size_t (*advert_tx)(void *user, uint64_t now_us, uint8_t *dst,
			    size_t cap);
	/* Phone: an advert was heard; true connects. NULL always does. */
	bool (*advert_rx)(void *user, uint64_t now_us, const uint8_t *data,
			  size_t len);
};

/*
 * Make a world; *sim is the caller's to destroy. BATON_ERR_ARG: the
 * configuration is wrong, baton_sim_config_check() says how.
 * BATON_ERR_SPACE: no memory. (Later on, running out of memory ends the
 * process with a message.)
 */
enum baton_err
baton_sim_create(struct baton_sim **sim,
		 const struct baton_sim_config *cfg) BATON_MUST_CHECK;
void baton_sim_destroy(struct baton_sim *sim);

/*
 * Put a stack on a device, before the first run or while the device has no
 * power; ops and user must outlive the world. A device without a stack keeps silent.
 */
void baton_sim_attach(struct baton_sim *sim, enum baton_sim_side side,
		      const struct baton_sim_stack_ops *ops, void *user);

/* The virtual time, and as the device's own clock shows it. */
uint64_t baton_sim_now(const struct baton_sim *sim);
uint64_t baton_sim_node_now(const struct baton_sim *sim,
			    enum baton_sim_side side);

/* Run everything that happens up to and at until_us; now is then until_us. */
void baton_sim_run_until(struct baton_sim *sim, uint64_t until_us);

/*
 * Run until done(user) is true, asked after everything that happens: true,
 * and now is the time it became so. False: it was not by limit_us.
 */
bool baton_sim_run(struct baton_sim *sim, bool (*done)(void *user), void *user,
		   uint64_t limit_us);

/* Run the next thing that happens: false if nothing ever will. */
bool baton_sim_step(struct baton_sim *sim);

/* When the next thing happens, BATON_SIM_NEVER if nothing ever will. */
uint64_t baton_sim_next(const struct baton_sim *sim);

/* The application gave the stack something to do: read its deadline, pull. */
void baton_sim_kick(struct baton_sim *sim, enum baton_sim_side side);

/*
 * While a stack's rx() is called: the place of that value among those that
 * came over the air, from 1; 0: an adversary's. A host may hold values back.
 */
uint64_t baton_sim_value_place(const struct baton_sim *sim,
			       enum baton_sim_side side);

/* Call fn(user) at at_us, or now if that has passed: faults, applications. */
void baton_sim_at(struct baton_sim *sim, uint64_t at_us, void (*fn)(void *user),
		  void *user);

/*
 * End the link from one side. The peer is told reason by LL_TERMINATE_IND
 * and the side itself BATON_HCI_LOCAL_HOST once that is acknowledged.
 * SUPERVISION_TIMEOUT, LL_RESPONSE_TIMEOUT, MIC_FAILURE: the side itself
 * falls silent at once with that reason, the peer learns by its supervision
 * timeout. Nothing happens if there is no link.
 */
void baton_sim_disconnect(struct baton_sim *sim, enum baton_sim_side side,
			  uint8_t reason);

/* Every packet on the air is missed for this long from now on. */
void baton_sim_blackout(struct baton_sim *sim, uint64_t duration_us);

/* The host hands nothing up and pulls nothing for this long from now on. */
void baton_sim_stall(struct baton_sim *sim, enum baton_sim_side side,
		     uint64_t duration_us);

/*
 * The device's processor sleeps for this long: its stack is not called, its
 * timers fire late, it neither advertises nor scans; its controller keeps the
 * connection. clock_stops: its monotonic clock stands still meanwhile. Nothing
 * happens if it sleeps already or has no power.
 */
void baton_sim_sleep(struct baton_sim *sim, enum baton_sim_side side,
		     uint64_t duration_us, bool clock_stops);

/*
 * False: fall silent at once. The peer learns by its supervision timeout; the
 * stack is called no more, not even link_down. True: come back, with the
 * stack that is attached then, and advertise or scan.
 */
void baton_sim_power(struct baton_sim *sim, enum baton_sim_side side, bool on);

/* The phone exchanges the MTU anew, with real PDUs; 23..517. */
void baton_sim_exchange_mtu(struct baton_sim *sim, uint16_t mtu);

/*
 * LL procedures on the connection as it is, begun by one side (Core 5.4, Vol
 * 6 Part B, 5.1.10, 5.1.9, 5.1.1 and 5.1.7): after those that are under way.
 * Nothing happens if there is no link, or 16 wait. timeout_us 0: as the
 * configuration's default. The values are those of the configuration.
 */
void baton_sim_update_phy(struct baton_sim *sim, enum baton_sim_side asks,
			  enum baton_phy phy);
void baton_sim_update_length(struct baton_sim *sim, enum baton_sim_side asks,
			     uint16_t ll_len);
void baton_sim_update_connection(struct baton_sim *sim,
				 enum baton_sim_side asks, uint32_t interval_us,
				 uint16_t latency, uint32_t timeout_us);

/* Change the error rates of one sender, from the next packet on. */
void baton_sim_set_errors(struct baton_sim *sim, enum baton_sim_side from,
			  const struct baton_sim_errors *errors);

/* Change a host's faults and speed (not its clock) from now on. */
void baton_sim_set_node(struct baton_sim *sim, enum baton_sim_side side,
			const struct baton_sim_node_config *node);

/* True while both controllers have the connection. */
bool baton_sim_connected(const struct baton_sim *sim);

/*
 * The adversary sees every PDU between the hosts, after the air and before
 * the receiver: it may change it in place (up to cap bytes, *len), or answer
 * false to drop it (a write request she answers herself, or she would be
 * noticed). To repeat or delay one, or make one up, it calls
 * baton_sim_inject() from within.
 */
typedef bool baton_sim_adversary_fn(void *user, enum baton_sim_side to,
				    uint8_t *pdu, size_t *len, size_t cap);
void baton_sim_set_adversary(struct baton_sim *sim, baton_sim_adversary_fn *fn,
			     void *user);

/*
 * She sees every advert of the watch before the phone's host, too: may change
 * it in place (up to 31 bytes, *len), or answer false to drop it; user is that
 * of baton_sim_set_adversary().
 */
typedef bool baton_sim_advert_fn(void *user, uint8_t *data, size_t *len);
void baton_sim_set_advert_adversary(struct baton_sim *sim,
				    baton_sim_advert_fn *fn);

/*
 * A phone that scans at at_us hears this advert (0..31 bytes). If its stack
 * wants to connect, it tries for 20 s, and reaches the watch only if that
 * advertises the very same: an advert and its address change together.
 */
void baton_sim_inject_advert(struct baton_sim *sim, uint64_t at_us,
			     const uint8_t *data, size_t len);

/*
 * Hand a copy of a PDU (1..512 bytes, or an SDU) to the stack of `to` at
 * at_us, past the adversary and the host's faults. Lost if its link is gone
 * by then.
 */
void baton_sim_inject(struct baton_sim *sim, enum baton_sim_side to,
		      uint64_t at_us, const uint8_t *pdu, size_t len);

enum baton_sim_what {
	BATON_SIM_HOST_TX, /* a stack's PDU goes to its controller */
	BATON_SIM_HOST_RX, /* a PDU reaches a stack */
	BATON_SIM_HOST_LOST, /* a host lost it; side is that host */
	BATON_SIM_LL, /* an LL packet, if asked for; side is the sender */
	BATON_SIM_ADV, /* an advertising event, the data */
	BATON_SIM_CONNECT, /* the connection is made */
	BATON_SIM_UP, /* link_up is called */
	BATON_SIM_DOWN, /* the controller lost or ended it: reason */
};

enum baton_sim_air {
	BATON_SIM_AIR_OK,
	BATON_SIM_AIR_CRC, /* received with a broken CRC */
	BATON_SIM_AIR_MISSED, /* not received at all, or nobody listened */
};

/* Data lives for the call. */
struct baton_sim_trace {
	enum baton_sim_what what;
	enum baton_sim_side side;
	uint64_t at_us; /* LL: the start of the packet */
	/*
	 * HOST_*: the PDU. LL: the payload, in clear, without MIC: an L2CAP
	 * fragment, or a control PDU. ADV: the advertising data.
	 */
	const uint8_t *data;
	size_t len;
	/* LL */
	uint32_t air_us;
	uint16_t event; /* connection event counter */
	uint8_t header; /* first byte: LLID, NESN, SN, MD from bit 0 on */
	enum baton_sim_air air;
	/* DOWN */
	uint8_t reason;
};

typedef void baton_sim_trace_fn(void *user, const struct baton_sim_trace *rec);

/* Call fn for everything that happens; LL packets too if ll is true. */
void baton_sim_set_trace(struct baton_sim *sim, baton_sim_trace_fn *fn,
			 void *user, bool ll);

/*
 * A hash of trace records, the same on every machine: start with
 * BATON_SIM_TRACE_HASH_INIT, pass each record.
 */
#define BATON_SIM_TRACE_HASH_INIT UINT64_C(0xcbf29ce484222325)
uint64_t baton_sim_trace_hash(uint64_t hash, const struct baton_sim_trace *rec);

/* What one device did, since the world began. */
struct baton_sim_stats {
	/* Stack and host. */
	uint64_t host_tx_pdus; /* given by the stack */
	uint64_t host_tx_bytes;
	uint64_t host_rx_pdus; /* given to the stack */
	uint64_t host_rx_bytes;
	uint64_t host_lost_pdus; /* lost in this host */
	uint64_t host_dup_pdus;
	uint64_t host_late_pdus;
	/* L2CAP: bytes with all headers given to the controller. */
	uint64_t l2cap_tx_bytes;
	/* Link layer. */
	uint64_t ll_tx_data; /* non-empty packets, retransmissions included */
	uint64_t ll_tx_empty;
	uint64_t ll_tx_again; /* of these, retransmissions */
	uint64_t ll_tx_bytes; /* payload and MIC, retransmissions included */
	uint64_t ll_rx_crc; /* received with a broken CRC */
	uint64_t ll_rx_missed; /* missed while listening */
	uint64_t tx_us; /* time the radio sent */
	uint64_t rx_us; /* time the radio listened, T_IFS included */
	uint64_t events; /* connection events taken part in */
	uint64_t events_skipped; /* slept through, by latency */
	uint64_t adv_events;
	uint64_t connections;
	uint64_t charge_pc; /* picocoulomb: radio and sleep, see energy.h */
};

void baton_sim_get_stats(struct baton_sim *sim, enum baton_sim_side side,
			 struct baton_sim_stats *stats);

#endif
