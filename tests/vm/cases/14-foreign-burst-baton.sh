# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A foreign phone that bursts 50 writes right after connecting, before our own
# phone comes and in the middle of its file: what the watch delivers is right,
# and nothing else is delivered.
#
# btvirt does not carry two centrals at once, so the foreign phone has the
# watch to itself while ours looks for it.
# limit: 1800 s

in=257c0002-ebd5-48ed-bb5a-92ad2d7d0293
out=257c0003-ebd5-48ed-bb5a-92ad2d7d0293

burst() {
	wait_for 120 "the link to go" no_link
	start foreign att_phone "$phone" "$watch_address" "$in" 50 100 517 "$@"
	expect foreign "^sent 50 values of 100 B at MTU 517"
	wait_exit foreign 120
}

start_bluez --quiet
need att_phone
pair_baton

baton_role watch --receive .
burst 0
send_baton phone watch 20000
burst 2 "$out"
send_baton phone watch 20001

begin_baton phone watch 1500000
half_way phone watch 1500000
stop phone
not_yet phone watch 1500000
burst 0
send_baton phone watch 20002
running watch
delivered=$(cd "$VM_LOGS/home/watch" && echo *-to-*)
[[ $delivered == "$(echo phone-to-watch-2000{0,1,2})" ]] ||
	fail "the watch has $delivered"
