# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Two adapters come up, power on, and do so again under a new bluetoothd.
# limit: 1200 s

start_bluez
adapter_get "$watch" Address | grep -q "$watch_address"
adapter_get "$phone" Address | grep -q "$phone_address"

kill_bluetoothd
start_bluetoothd
