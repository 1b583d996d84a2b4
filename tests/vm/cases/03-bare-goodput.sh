# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What BlueZ carries with nothing above it: 1 MiB of values each way.
# limit: 1800 s

count=2060 # of 509 B

start_bluez --lean

start_bare_watch flood $count 0
start_bare_phone receive $count
expect bare-phone "^MTU 517"
expect bare-phone "^received" 600
report "watch to phone: $line"
[[ $line == *" 0 wrong, "* ]]
wait_exit bare-phone 120
stop bare-watch

start_bare_watch sink $count
start_bare_phone send $count 0
expect bare-watch "^received" 600
report "phone to watch: $line"
[[ $line == *" $count of $count "*" 0 wrong, 0 out of order"* ]]
