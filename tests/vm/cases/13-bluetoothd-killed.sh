# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# bluetoothd is killed in the middle of a file and started again: both programs
# come back by themselves, and the file arrives.
# limit: 1800 s

kill_under() {
	baton_role "$2" --receive .
	begin_baton "$@"
	half_way "$@"
	kill_bluetoothd
	not_yet "$@"
	expect "$1" "^disconnected"
	expect "$2" "^disconnected"
	start_bluetoothd
	end_baton "$@"
	stop "$2"
}

start_bluez --quiet
pair_baton
nap_s=0.02
kill_under phone watch 1500000
kill_under watch phone 3000000
