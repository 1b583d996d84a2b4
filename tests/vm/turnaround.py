#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turnaround times from a btmon trace: on each adapter, from an ATT value
received to the next one sent, in milliseconds. The values must go back and
forth one by one. The trace may have holes: a pair is only counted whole. The
last line is for the simulator's `bluez` host: docs/BLUEZ.md."""

import statistics
import struct
import sys

MONITOR = 2001  # btsnoop's link type for a trace of all adapters
ACL_SENT, ACL_RECEIVED = 4, 5
ATT_CID = 4
# Notification, notification of several values (BlueZ 5.66 sends it even for
# one), write command.
VALUES = {0x1b, 0x23, 0x52}
ADAPTERS = {0: "watch", 1: "phone"}


def records(trace):
    """Yields (adapter, opcode, microseconds, data) for each record."""
    magic, _, link = struct.unpack_from(">8sII", trace)
    if magic != b"btsnoop\0" or link != MONITOR:
        sys.exit("turnaround: this is no trace of btmon")
    at = 16
    while at + 24 <= len(trace):
        _, length, flags, _, when = struct.unpack_from(">IIIIq", trace, at)
        yield flags >> 16, flags & 0xffff, when, trace[at + 24:at + 24 + length]
        at += 24 + length


def att_opcode(acl):
    """The ATT opcode of an ACL packet that starts an ATT PDU, else None."""
    if len(acl) < 9:
        return None
    handle, _, _, cid = struct.unpack_from("<HHHH", acl)
    starts = (handle >> 12) & 3 != 1
    return acl[8] if starts and cid == ATT_CID else None


def turnarounds(trace):
    """Adapter to list of microseconds."""
    received, times = {}, {}
    for adapter, opcode, when, data in records(trace):
        if opcode not in (ACL_SENT, ACL_RECEIVED):
            continue
        if att_opcode(data) not in VALUES:
            continue
        if opcode == ACL_RECEIVED:
            received[adapter] = when
        elif adapter in received:
            times.setdefault(adapter, []).append(when - received.pop(adapter))
    return times


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: turnaround.py TRACE")
    with open(sys.argv[1], "rb") as file:
        times = turnarounds(file.read())
    host = []
    for adapter, us in sorted(times.items()):
        us.sort()
        name = ADAPTERS.get(adapter, adapter)
        host += [f"{name}_p{p}_us={us[len(us) * p // 100]}"
                 for p in (10, 50, 90, 99)]
        print(f"{name} turnaround: "
              f"median {statistics.median(us) / 1e3:.1f} ms, "
              f"90 % {us[len(us) * 9 // 10] / 1e3:.1f} ms, "
              f"longest {us[-1] / 1e3:.1f} ms, of {len(us)}")
    print("bluez-turnaround:", *host)


if __name__ == "__main__":
    main()
