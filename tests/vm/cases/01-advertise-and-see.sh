# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What one adapter advertises, the other discovers: BlueZ's own tool on both
# sides, as an ordinary user.
# limit: 1200 s

start_bluez
uuid=0000180d-0000-1000-8000-00805f9b34fb

start advertiser bluetoothctl
say advertiser "select $watch_address"
say advertiser "menu advertise"
say advertiser "uuids $uuid"
say advertiser "name Case01"
say advertiser "back"
say advertiser "advertise peripheral"
expect advertiser "Advertising object registered"

start scanner bluetoothctl
say scanner "select $phone_address"
say scanner "scan le"
expect scanner "Discovery started"
expect scanner "Device $watch_address Case01"
say scanner "info $watch_address"
expect scanner "$uuid"
