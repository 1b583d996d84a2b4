# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The link is cut in the middle of a file, below bluetoothd: both programs find
# each other again by themselves, and the file arrives.
# limit: 1800 s

cut() {
	baton_role "$2" --receive .
	begin_baton "$@"
	half_way "$@"
	drop_link
	not_yet "$@"
	expect "$1" "^disconnected"
	expect "$2" "^disconnected"
	end_baton "$@"
	stop "$2"
}

start_bluez --quiet
pair_baton
nap_s=0.02
cut phone watch 1500000
cut watch phone 3000000
