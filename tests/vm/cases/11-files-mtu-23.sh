# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The same at the smallest MTU, up to 64 KiB.
# limit: 600 s

start_bluez --mtu 23
pair_baton

baton_role watch --receive .
for bytes in 0 200 65536; do
	send_baton phone watch "$bytes"
done
stop watch

baton_role phone --receive .
for bytes in 0 200 65536; do
	send_baton watch phone "$bytes"
done
# The watch counts two bytes less: gatt/DESIGN.md, "Sizes".
[[ ! $(grep "^link: MTU" "$VM_LOGS/watch.log" | grep -v "MTU 21,") ]]
[[ ! $(grep "^link: MTU" "$VM_LOGS/phone.log" | grep -v "MTU 23,") ]]
