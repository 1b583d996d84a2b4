# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# 16 MiB each way, bit for bit. The guest takes minutes for it: bluetoothd's
# log and btmon are left out.
# limit: 3600 s

bytes=16777216
start_bluez --lean
pair_baton

baton_role watch --receive .
send_baton phone watch $bytes 1500
stop watch
baton_role phone --receive .
send_baton watch phone $bytes 1500
