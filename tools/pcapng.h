/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_PCAPNG_H
#define BATON_TOOLS_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes captures of Bluetooth HCI packets (LINKTYPE_BLUETOOTH_HCI_H4_WITH_PHDR)
 * in the pcapng format, microseconds. Several interfaces are several hosts.
 */
struct baton_pcapng;

/* NULL: errno says why the file cannot be made. */
struct baton_pcapng *baton_pcapng_new(const char *path);

/* Add an interface; they are numbered from 0. Before the first packet. */
void baton_pcapng_interface(struct baton_pcapng *pcap, const char *name);

/*
 * One packet of an interface, sent by its host or received; a comment for the
 * reader, or NULL.
 */
void baton_pcapng_packet(struct baton_pcapng *pcap, uint32_t interface,
			 uint64_t at_us, bool sent, const uint8_t *packet,
			 size_t len, const char *comment);

/* Close and free; -1, errno: not everything could be written. */
int baton_pcapng_close(struct baton_pcapng *pcap);

#endif
