# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# 1 MiB each way as a share of what BlueZ carries with nothing above it, in the
# same boot: a bare sender of notifications, a bare writer of commands. No
# target yet.
# limit: 1800 s

bytes=1048576

# rate FROM TO: of a file, in bytes a second, from its first line to its last.
rate() {
	local began_us
	begin_baton "$1" "$2" $bytes
	expect "$2" "^receiving" 300
	began_us=${EPOCHREALTIME/./}
	wait_for 600 "the file" test -e "$VM_LOGS/home/$2/$1-to-$2-$bytes"
	rate=$((bytes * 1000000 / (${EPOCHREALTIME/./} - began_us)))
	end_baton "$1" "$2" $bytes
}

# share WHAT BARE: prints rate as a share of it.
share() {
	report "goodput $1: $rate B/s, $((100 * rate / $2)) % of the bare" \
		"$2 B/s"
}

bare_rate() {
	bare=${line##*, }
	bare=${bare% B/s}
}

start_bluez --lean
start_bare_watch flood 2060 0
start_bare_phone receive 2060
expect bare-phone "^received" 600
bare_rate
wait_exit bare-phone 120
stop bare-watch
bare_down=$bare

start_bare_watch sink 2060 --write-value
start_bare_phone send 2060 0
expect bare-watch "^received" 600
bare_rate
stop bare-phone
stop bare-watch

pair_baton
baton_role watch --receive .
rate phone watch
share "phone to watch" "$bare"
stop watch
baton_role phone --receive .
rate watch phone
share "watch to phone" "$bare_down"
