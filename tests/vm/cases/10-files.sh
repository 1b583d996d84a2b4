# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The watch and the phone pair as an ordinary user, with one code on both, and
# hand over files both ways bit for bit, over a new connection for each.
# limit: 1800 s

start_bluez --quiet
examine 0 kernel rfkill bus bluetoothd access adapter advertising \
	controller-mode channels reverse-discovery privacy
pair_baton

baton_role watch --receive .
is_ordinary watch
for bytes in 0 200 1048576; do
	send_baton phone watch "$bytes"
done
stop watch

baton_role phone --receive .
is_ordinary phone
for bytes in 0 200 1048576; do
	send_baton watch phone "$bytes"
done
[[ $(link_mtus watch) == 517 && $(link_mtus phone) == 517 ]]
