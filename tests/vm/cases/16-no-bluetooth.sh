# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Without a bus, without bluetoothd, without an adapter the programs say so in
# one line, and the exit status tells; the doctor names what is missing.
# limit: 1200 s

need_baton

refused() {
	local role
	for role in watch phone; do
		: >"$VM_LOGS/$role.log"
		start "$role" baton "$role" --bearer bluez pair
		wait_exit "$role" 120 69
		[[ $(wc -l <"$VM_LOGS/$role.log") == 1 ]] ||
			fail "$role: more than one line"
		grep -q "^baton: $1" "$VM_LOGS/$role.log" ||
			fail "$role: $(cat "$VM_LOGS/$role.log")"
	done
	report "$(cat "$VM_LOGS/watch.log")"
}

refused "no D-Bus system bus"
examine 69 kernel rfkill bus bluetoothd
start_dbus
refused "bluetoothd is not running"
start_daemon bluetoothd "$VM_BLUETOOTHD" -n
wait_for 120 "bluetoothd" dbus-send --system --print-reply --dest=org.bluez \
	/ org.freedesktop.DBus.Peer.Ping
refused "no Bluetooth adapter"
examine 69 kernel rfkill bus bluetoothd access adapter
