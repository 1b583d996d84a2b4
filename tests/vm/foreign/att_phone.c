/* SPDX-License-Identifier: MIT */
/*
 * A foreign phone: a central that speaks ATT by itself over an L2CAP socket,
 * so that bluetoothd on its side has no say in what is sent and when. It
 * connects, exchanges the MTU, looks the characteristics up, subscribes if
 * asked to, and at once bursts write commands.
 */
#include "value.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/l2cap.h>

#define ATT_CID 4
#define ANSWER_MS 30000
#define UUID_CHARACTERISTIC 0x2803
#define UUID_CCCD 0x2902

enum {
	ATT_ERROR_RSP = 0x01,
	ATT_MTU_REQ = 0x02,
	ATT_MTU_RSP = 0x03,
	ATT_READ_BY_TYPE_REQ = 0x08,
	ATT_READ_BY_TYPE_RSP = 0x09,
	ATT_WRITE_REQ = 0x12,
	ATT_WRITE_RSP = 0x13,
	ATT_NOTIFY = 0x1b,
	ATT_INDICATE = 0x1d,
	ATT_CONFIRM = 0x1e,
	ATT_WRITE_CMD = 0x52,
};

struct phone {
	int fd;
	uint16_t mtu; /* offered, then agreed */
	uint32_t notifications;
	uint8_t pdu[VALUE_MAX + 8]; /* the latest one received */
	size_t pdu_len;
};

static void put16(uint8_t *dst, uint16_t n)
{
	dst[0] = (uint8_t)n;
	dst[1] = (uint8_t)(n >> 8);
}

static uint16_t get16(const uint8_t *src)
{
	return (uint16_t)(src[0] | src[1] << 8);
}

static void send_pdu(struct phone *p, const uint8_t *pdu, size_t len)
{
	if (send(p->fd, pdu, len, 0) != (ssize_t)len)
		value_die("cannot send: %s", strerror(errno));
}

/* Answers what the peer asks of us as a server that has nothing. */
static void serve(struct phone *p)
{
	uint8_t op = p->pdu[0];
	uint8_t rsp[5] = {ATT_ERROR_RSP, op, 0, 0, 0x06};

	if (op == ATT_NOTIFY) {
		p->notifications++;
	} else if (op == ATT_INDICATE) {
		rsp[0] = ATT_CONFIRM;
		send_pdu(p, rsp, 1);
	} else if (op == ATT_MTU_REQ) {
		rsp[0] = ATT_MTU_RSP;
		put16(rsp + 1, p->mtu);
		send_pdu(p, rsp, 3);
	} else if (!(op & 0x41)) {
		send_pdu(p, rsp, sizeof(rsp));
	}
}

/* The next PDU into p->pdu; false when the time is up. */
static bool receive(struct phone *p, int timeout_ms)
{
	struct pollfd pfd = {.fd = p->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&pfd, 1, timeout_ms) == 0)
		return false;
	n = recv(p->fd, p->pdu, sizeof(p->pdu), 0);
	if (n <= 0)
		value_die("the link is gone: %s",
			  n ? strerror(errno) : "closed by the peer");
	p->pdu_len = (size_t)n;
	return true;
}

/* Sends a request; true if the answer, now in p->pdu, is no error. */
static bool request(struct phone *p, const uint8_t *pdu, size_t len)
{
	uint8_t want = pdu[0] + 1;

	send_pdu(p, pdu, len);
	for (;;) {
		if (!receive(p, ANSWER_MS))
			value_die("no answer to ATT 0x%02x", pdu[0]);
		if (p->pdu[0] == want)
			return true;
		if (p->pdu[0] == ATT_ERROR_RSP && p->pdu_len == 5 &&
		    p->pdu[1] == pdu[0])
			return false;
		serve(p);
	}
}

static bool read_by_type(struct phone *p, uint16_t first, uint16_t type)
{
	uint8_t req[7] = {ATT_READ_BY_TYPE_REQ};

	put16(req + 1, first);
	put16(req + 3, 0xffff);
	put16(req + 5, type);
	return request(p, req, sizeof(req)) && p->pdu_len >= 2 && p->pdu[1];
}

/* The value handle of the characteristic with this UUID. */
static uint16_t find(struct phone *p, const uint8_t uuid[16])
{
	uint16_t first = 1;

	while (read_by_type(p, first, UUID_CHARACTERISTIC)) {
		size_t step = p->pdu[1];

		for (size_t i = 2; i + step <= p->pdu_len; i += step) {
			first = get16(p->pdu + i) + 1;
			if (step == 21 && !memcmp(p->pdu + i + 5, uuid, 16))
				return get16(p->pdu + i + 3);
		}
	}
	value_die("the peer has no such characteristic");
}

static void subscribe(struct phone *p, const uint8_t uuid[16])
{
	uint8_t req[5] = {ATT_WRITE_REQ, 0, 0, 1, 0};

	if (!read_by_type(p, find(p, uuid), UUID_CCCD) || p->pdu_len < 4)
		value_die("the characteristic has no CCCD");
	memcpy(req + 1, p->pdu + 2, 2);
	if (!request(p, req, sizeof(req)))
		value_die("cannot subscribe: ATT error 0x%02x", p->pdu[4]);
}

/* Text to the 16 bytes in ATT's order, the last one first. */
static void parse_uuid(uint8_t uuid[16], const char *text)
{
	size_t digits = 0;

	memset(uuid, 0, 16);
	for (const char *c = text; *c; c++) {
		unsigned int nibble;

		if (*c == '-')
			continue;
		if (digits == 32 || sscanf((char[]){*c, 0}, "%x", &nibble) != 1)
			value_die("'%s' is no 128-bit UUID", text);
		uuid[15 - digits / 2] |=
			(uint8_t)(digits % 2 ? nibble : nibble << 4);
		digits++;
	}
	if (digits != 32)
		value_die("'%s' is no 128-bit UUID", text);
}

static bdaddr_t parse_address(const char *text)
{
	bdaddr_t a;
	char more;

	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%c", &a.b[5], &a.b[4],
		   &a.b[3], &a.b[2], &a.b[1], &a.b[0], &more) != 6)
		value_die("'%s' is no address", text);
	return a;
}

static bdaddr_t adapter_address(const char *name)
{
	struct hci_dev_info info = {0};
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	char more;

	if (sscanf(name, "hci%hu%c", &info.dev_id, &more) != 1)
		value_die("the adapter is hci0, hci1, ..., not '%s'", name);
	if (fd < 0 || ioctl(fd, HCIGETDEVINFO, &info) < 0)
		value_die("no adapter %s: %s", name, strerror(errno));
	close(fd);
	return info.bdaddr;
}

static int att_connect(const char *adapter, const char *peer)
{
	struct sockaddr_l2 a = {
		.l2_family = AF_BLUETOOTH,
		.l2_cid = htole16(ATT_CID),
		.l2_bdaddr_type = BDADDR_LE_PUBLIC,
	};
	int fd = socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_CLOEXEC,
			BTPROTO_L2CAP);

	a.l2_bdaddr = adapter_address(adapter);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		value_die("cannot bind to %s: %s", adapter, strerror(errno));
	a.l2_bdaddr = parse_address(peer);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		value_die("cannot connect: %s", strerror(errno));
	return fd;
}

int main(int argc, char **argv)
{
	struct phone p = {.fd = -1};
	uint8_t pdu[VALUE_MAX + 3] = {ATT_MTU_REQ}, uuid[16], notify[16];
	uint32_t count, size, hold_s;
	uint16_t handle;

	if (argc < 8 || argc > 9)
		value_die("usage: att_phone ADAPTER ADDRESS WRITE_UUID COUNT "
			  "SIZE MTU HOLD_S [NOTIFY_UUID]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	parse_uuid(uuid, argv[3]);
	count = value_argument("COUNT", argv[4], 0, 1000000);
	size = value_argument("SIZE", argv[5], 1, VALUE_MAX);
	p.mtu = (uint16_t)value_argument("MTU", argv[6], 23, 517);
	hold_s = value_argument("HOLD_S", argv[7], 0, 3600);
	if (argc == 9)
		parse_uuid(notify, argv[8]);

	p.fd = att_connect(argv[1], argv[2]);
	printf("connected\n");
	put16(pdu + 1, p.mtu);
	if (p.mtu > 23 && request(&p, pdu, 3) && p.pdu_len == 3 &&
	    get16(p.pdu + 1) < p.mtu)
		p.mtu = get16(p.pdu + 1);
	if (size + 3 > p.mtu)
		value_die("%u B do not fit the MTU of %d", size, p.mtu);
	handle = find(&p, uuid);
	if (argc == 9)
		subscribe(&p, notify);

	pdu[0] = ATT_WRITE_CMD;
	put16(pdu + 1, handle);
	for (uint32_t i = 0; i < count; i++) {
		value_fill(pdu + 3, size, i);
		send_pdu(&p, pdu, size + 3);
	}
	/* The answer to a request means that the writes were taken before. */
	read_by_type(&p, 1, UUID_CHARACTERISTIC);
	printf("sent %u values of %u B at MTU %u\n", count, size, p.mtu);

	for (int64_t end = value_now_us() + hold_s * 1000000LL;;) {
		int64_t left_ms = (end - value_now_us()) / 1000;

		if (left_ms <= 0 || !receive(&p, (int)left_ms))
			break;
		serve(&p);
	}
	printf("got %u notifications\n", p.notifications);
	return 0;
}
