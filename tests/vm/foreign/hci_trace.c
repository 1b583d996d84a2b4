/* SPDX-License-Identifier: MIT */
/*
 * Writes what the kernel tells monitors of all adapters into a file that btmon
 * and Wireshark read, until it is killed. `btmon -w` prints every packet as
 * well, which took a quarter of all processor time in the guest.
 *
 *   hci_trace FILE
 */
#include <endian.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>

#define FORMAT_VERSION 1
#define FORMAT_MONITOR 2001 /* packets of all adapters, with an opcode each */
#define EPOCH_US 0x00E03AB44A676000 /* 1970 in the years of the format */
#define PACKET_MAX 4096
#define ROOM (4 << 20) /* for what comes while we do not run */

struct file_head {
	char name[8];
	uint32_t version, format;
};

struct packet_head {
	uint32_t len, kept, flags, dropped;
	uint64_t when_us;
};

/* Before each packet, as the kernel gives it. */
struct monitor_head {
	uint16_t opcode, adapter, len;
};

static bool put_start(int out)
{
	const struct file_head head = {"btsnoop", htobe32(FORMAT_VERSION),
				       htobe32(FORMAT_MONITOR)};

	return write(out, &head, sizeof(head)) == sizeof(head);
}

static bool put_packet(int out, const struct monitor_head *monitor,
		       const struct timeval *when, void *data, size_t len)
{
	uint64_t us = (uint64_t)when->tv_sec * 1000000 +
		      (uint64_t)when->tv_usec + EPOCH_US;
	uint32_t flags = (uint32_t)le16toh(monitor->adapter) << 16 |
			 le16toh(monitor->opcode);
	struct packet_head head = {
		.len = htobe32((uint32_t)len),
		.kept = htobe32((uint32_t)len),
		.flags = htobe32(flags),
		.when_us = htobe64(us),
	};
	struct iovec parts[] = {{&head, sizeof(head)}, {data, len}};

	return writev(out, parts, 2) == (ssize_t)(sizeof(head) + len);
}

static int open_monitor(void)
{
	const struct sockaddr_hci address = {
		.hci_family = AF_BLUETOOTH,
		.hci_dev = HCI_DEV_NONE,
		.hci_channel = HCI_CHANNEL_MONITOR,
	};
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	int room = ROOM, on = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -1;
	return fd;
}

/* The next packet into the file. */
static bool record(int monitor, int out)
{
	struct monitor_head head;
	uint8_t data[PACKET_MAX];
	uint64_t control[16];
	struct iovec parts[] = {{&head, sizeof(head)}, {data, sizeof(data)}};
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(monitor, &message, 0);
	struct timeval when = {0};
	struct cmsghdr *c;

	if (len < (ssize_t)sizeof(head))
		return false;
	for (c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMP)
			memcpy(&when, CMSG_DATA(c), sizeof(when));
	return put_packet(out, &head, &when, data, (size_t)len - sizeof(head));
}

int main(int argc, char **argv)
{
	int monitor, out;

	if (argc != 2) {
		fprintf(stderr, "usage: hci_trace FILE\n");
		return 2;
	}
	out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	monitor = open_monitor();
	if (out < 0 || monitor < 0 || !put_start(out)) {
		perror("hci_trace");
		return 1;
	}
	while (record(monitor, out))
		;
	perror("hci_trace");
	return 1;
}
