# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The foreign phone's 50 writes right after connecting: with AcquireWrite BlueZ
# 5.66 mixes them up, with a call per value all arrive. Both are as we know
# them, so that the client is seen to burst.
# limit: 180 s

burst() {
	start foreign att_phone "$phone" "$watch_address" "$bare_write" \
		50 100 "$1" 0
	expect foreign "^sent 50 values of 100 B at MTU $1"
	expect bare-watch "^received"
	wait_exit foreign 30
}

start_bluez
need att_phone

start_bare_watch sink 50 --write-value
burst 517
report "burst, WriteValue: $line"
[[ $line == *" 50 of 50 "*" 0 wrong, 0 out of order"* ]]
stop bare-watch

start_bare_watch sink 50
burst 517
report "burst, AcquireWrite: $line"
[[ $line != *" 50 of 50 "*" 0 wrong, 0 out of order"* ]]
