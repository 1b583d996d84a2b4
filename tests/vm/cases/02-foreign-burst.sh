# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The foreign phone's 50 writes right after connecting: with AcquireWrite BlueZ
# 5.66 mixes them up, with a call per value all arrive. Both are as we know
# them, so that the client is seen to burst.
# limit: 1200 s

burst() {
	start foreign att_phone "$phone" "$watch_address" "$bare_write" \
		50 100 "$1" 0
	expect foreign "^sent 50 values of 100 B at MTU $1"
	expect bare-watch "^received"
	wait_exit foreign 120
}

start_bluez
need att_phone

start_bare_watch sink 50 --write-value
burst 517
report "burst, WriteValue: $line"
[[ $line == *" 50 of 50 "*" 0 wrong, 0 out of order"* ]]
stop bare-watch

# Each time anew, as BlueZ acquires only once; a slow guest may get it right.
for attempt in 1 2 3; do
	start_bare_watch sink 50
	burst 517
	report "burst, AcquireWrite: $line"
	if [[ $line != *" 50 of 50 "*" 0 wrong, 0 out of order"* ]]; then
		exit 0
	fi
	stop bare-watch
done
fail "$attempt bursts arrived whole: this does not burst, or BlueZ is mended"
