# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Two devices that have paired find each other by a private advert, and every
# link begins without hellos.
# limit: 1200 s

# flights: the numbers of the handshake's flights in the phone's last trace.
flights() {
	rm -f "$VM_LOGS/flights.log"
	start flights baton dissect "$VM_LOGS/phone.pcapng"
	wait_exit flights 60
	seen=$(sed -n 's/.*: FLIGHT \([0-9]\),.*/\1/p' "$VM_LOGS/flights.log" |
		tr -d '\n')
}

start_bluez
pair_baton
baton_role watch --receive .
for size in 1000 2000 3000; do
	send_baton phone watch $size
	flights
	[[ $seen == 23 ]] || fail "the flights were $seen"
done
stop watch
