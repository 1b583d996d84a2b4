# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The smallest MTU can be forced on both sides, and values still pass.
# limit: 1200 s

start_bluez --mtu 23
start_bare_watch echo
start_bare_phone ping 20 0
expect bare-phone "^MTU 23$"
expect bare-phone "^round trip of 20 B"
