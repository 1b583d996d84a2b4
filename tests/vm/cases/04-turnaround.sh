# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# How long BlueZ and a program above it take from a value received to an
# answer sent, on either side: measured where the values enter and leave the
# host, by btmon.
# limit: 1200 s

start_bluez --lean
start_trace
start_bare_watch echo
start_bare_phone ping 300 20
expect bare-phone "^round trip" 600
report "$line"
wait_exit bare-phone 120
stop_trace

python3 "$VM_DIR/turnaround.py" "$VM_LOGS/btmon.snoop" >"$VM_LOGS/turnaround"
while read -r line; do
	report "$line"
done <"$VM_LOGS/turnaround"
grep -q "^watch " "$VM_LOGS/turnaround"
grep -q "^phone " "$VM_LOGS/turnaround"
