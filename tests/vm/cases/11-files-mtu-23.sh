# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The same at the smallest MTU, up to 64 KiB.
# limit: 3600 s

start_bluez --quiet --mtu 23
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
[[ $(link_mtus watch) == 21 && $(link_mtus phone) == 23 ]]
