# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a case may use. Runs in the guest, as root, with `set -euo pipefail`,
# before the case, in the same shell. A case that ends without failing passes.

# Two adapters with fixed addresses; both belong to the one bluetoothd.
# shellcheck disable=SC2034
watch=hci0 watch_address=00:AA:01:00:00:00
# shellcheck disable=SC2034
phone=hci1 phone_address=00:AA:01:01:00:01

# What the bare programs use, in the order of their arguments.
# shellcheck disable=SC2034
bare_service=5b0c0001-3a6f-4a52-9f0e-6d1c1b7a2e10
# shellcheck disable=SC2034
bare_write=5b0c0002-3a6f-4a52-9f0e-6d1c1b7a2e10
# shellcheck disable=SC2034
bare_notify=5b0c0003-3a6f-4a52-9f0e-6d1c1b7a2e10
bare_uuids=("$bare_service" "$bare_write" "$bare_notify")

# The ordinary user as whom programs run: nobody.
user=65534

# The first processor is for btvirt and the kernel: see start_bluez.
taskset -pc 1-2 $$ >/dev/null

# What ran and what BlueZ knew when a case ended, for its logs.
trap 'ps -eo pid,psr,ni,time,etime,args --sort=-time >"$VM_LOGS/processes.log" ||
		true
	crashes=$(crashes)
	((!crashes)) || report "bluetoothd crashed and came back: $crashes"
	timeout 10 dbus-send --system --print-reply --dest=org.bluez / \
	org.freedesktop.DBus.ObjectManager.GetManagedObjects \
	>"$VM_LOGS/objects.log" 2>&1 || true' EXIT
trap 'echo "failed at ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND"' ERR
set -E

# fail WHY...: ends the case.
fail() {
	echo "failed: $*"
	exit 1
}

# skip WHY...: the case cannot be run here.
skip() {
	echo "$*"
	exit 77
}

# report KEY VALUE...: a figure; printed with the verdict, kept with the logs.
report() {
	echo "$*" | tee -a "$VM_LOGS/figures"
}

# need_baton: skips the case if the program under test was not built.
need_baton() {
	[[ -x $VM_BIN/baton ]] || skip "no program under test: $VM_BATON"
}

# need PROGRAM: skips the case if this helper of tests/vm was not built.
need() {
	[[ -x $VM_BIN/$1 ]] || skip "$1 was not built"
}

# wait_for SECONDS WHAT COMMAND...: until COMMAND succeeds. Waits are generous:
# the emulated machine is slow and its host may be busy.
wait_for() {
	local limit_s=$1 what=$2 end=$((SECONDS + $1))
	shift 2
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || fail "waited $limit_s s for $what"
		nap
	done
}

# nap: a moment, without a process of its own: processes cost time here. A case
# that has to be quick makes it shorter.
nap_s=0.2
nap() {
	read -rt "$nap_s" -u "$never" || true
}
exec {never}<> <(:)

# --- programs ---------------------------------------------------------------

declare -A pid=() in=() out=() part=()

# start NAME COMMAND...: in the background, as an ordinary user with a home of
# its own that lasts for the case; output goes to NAME.log, `say` feeds its
# standard input. Started again, it appends.
start() {
	local name=$1 home=$VM_LOGS/home/$1 fd
	shift
	mkdir -p "$home"
	chown "$user:$user" "$home"
	if [[ ! -p $VM_LOGS/home/$name.stdin ]]; then
		mkfifo "$VM_LOGS/home/$name.stdin"
		exec {fd}<>"$VM_LOGS/home/$name.stdin"
		in[$name]=$fd
	fi
	(
		cd "$home" || exit 1
		exec setpriv --reuid $user --regid $user --clear-groups \
			--no-new-privs env -i PATH="$VM_BIN:$PATH" LC_ALL=C \
			HOME="$home" XDG_STATE_HOME="$home" \
			XDG_RUNTIME_DIR="$home" TMPDIR="$home" \
			stdbuf -oL "$@"
	) <&"${in[$name]}" >>"$VM_LOGS/$name.log" 2>&1 &
	pid[$name]=$!
}

# run NAME COMMAND...: like start, but waits; the case fails if COMMAND does.
run() {
	start "$@"
	wait_exit "$1" 3600
}

# say NAME TEXT...: a line on its standard input.
say() {
	echo "${*:2}" >&"${in[$1]}"
}

# expect NAME REGEX [SECONDS]: a line that REGEX matches, after the line that the
# last expect of NAME matched. The line is then in $line.
expect() {
	local name=$1 regex=$2 limit_s=${3:-120} end=$((SECONDS + ${3:-120}))
	until next_line "$name" && [[ $line =~ $regex ]]; do
		[[ $line ]] && continue
		((SECONDS < end)) ||
			fail "waited $limit_s s for '$regex' in $name.log"
		nap
	done
}

# next_line NAME: the next whole line of its output in $line, or failure.
next_line() {
	local text
	line=
	if [[ ! ${out[$1]-} ]]; then
		[[ -e $VM_LOGS/$1.log ]] || return 1
		exec {out[$1]}<"$VM_LOGS/$1.log"
	fi
	if IFS= read -r -u "${out[$1]}" text; then
		line=${part[$1]-}$text
		part[$1]=
		return 0
	fi
	part[$1]=${part[$1]-}$text
	return 1
}

running() {
	kill -0 "${pid[$1]}" 2>/dev/null
}

not_running() {
	! running "$1"
}

# wait_exit NAME SECONDS [STATUS]: until it has ended by itself, with STATUS.
wait_exit() {
	local status=0
	wait_for "$2" "$1 to end" not_running "$1"
	wait "${pid[$1]}" || status=$?
	((status == ${3:-0})) || fail "$1 ended with status $status:" \
		"$(tail -n 1 "$VM_LOGS/$1.log")"
}

# stop NAME [SIGNAL]: and waits until it is gone, whatever its status.
stop() {
	kill "-${2:-TERM}" "${pid[$1]}" 2>/dev/null || true
	wait_for 120 "$1 to end" not_running "$1"
	wait "${pid[$1]}" 2>/dev/null || true
}

# --- BlueZ ------------------------------------------------------------------

# start_bluez [--quiet | --lean] [--mtu N]: D-Bus, two adapters, their trace and
# bluetoothd, all new. Logs cost time: --quiet leaves out bluetoothd's debug
# output, which takes as long as all else it does, --lean all traces as well.
#
# A bluetoothd that crashes is started again, as systemd can; how often is
# printed with the verdict.
#
# --mtu N: [GATT] ExchangeMTU is what bluetoothd asks for as a client and
# answers as a server. Below 48 bluetoothd 5.66 does not start: its BR/EDR
# listener, which nobody needs here, wants that value too and the kernel refuses
# it. With foreign/small_mtu.so the refusal is overlooked, and 23 works.
start_bluez() {
	local mtu=517
	bluetoothd=("$VM_BLUETOOTHD" -n -d -f "$VM_LOGS/main.conf")
	lean=
	while (($#)); do
		case $1 in
		--quiet | --lean)
			bluetoothd=("$VM_BLUETOOTHD" -n -f "$VM_LOGS/main.conf")
			[[ $1 == --quiet ]] || lean=1
			;;
		--mtu) mtu=$2 && shift ;;
		*) fail "start_bluez: unknown argument '$1'" ;;
		esac
		shift
	done
	if ((mtu < 48)); then
		need small_mtu.so
		bluetoothd=(env LD_PRELOAD="$VM_BIN/small_mtu.so" "${bluetoothd[@]}")
	fi
	sed "/^\\[GATT\\]/a ExchangeMTU = $mtu" "$VM_DIR/main.conf" \
		>"$VM_LOGS/main.conf"
	mount -t tmpfs -o mode=700 tmpfs /var/lib/bluetooth

	start_dbus
	# btvirt reports an advert once, at the very moment a scan is enabled; a
	# kernel that is not yet done with the command drops it. On one processor
	# with the kernel's workers, an idle-class btvirt lets them go first. All
	# else keeps off that processor: a btvirt that never gets its turn leaves
	# commands without an answer (seen: "tx timeout" in kernel.log).
	echo 1 >/sys/devices/virtual/workqueue/cpumask
	start_daemon btvirt taskset -c 0 chrt --idle 0 btvirt -l2
	wait_for 120 "two adapters" test -e /sys/class/bluetooth/hci1
	[[ $lean ]] || start_trace
	start_bluetoothd
}

# start_dbus: the system bus, and nothing on it.
start_dbus() {
	mkdir -p /run/dbus
	mount -t tmpfs -o mode=755 tmpfs /run/dbus
	start_daemon dbus dbus-daemon --system --nofork --nopidfile \
		--nosyslog
	wait_for 120 "D-Bus" test -S /run/dbus/system_bus_socket
}

# start_daemon NAME COMMAND...: as root; output goes to NAME.log.
start_daemon() {
	"${@:2}" >>"$VM_LOGS/$1.log" 2>&1 </dev/null &
	pid[$1]=$!
}

# start_bluetoothd: and waits until both adapters are powered.
start_bluetoothd() {
	start_daemon bluetoothd bash -c \
		'until "$@"; do echo "crash: $?"; sleep 0.1; done' \
		restart "${bluetoothd[@]}"
	bluetoothd_on
}

bluetoothd_on() {
	wait_for 120 "$watch to power on" powered $watch
	wait_for 120 "$phone to power on" powered $phone
}

# kill_bluetoothd: as a crash would, but it stays away; what it stored stays.
kill_bluetoothd() {
	local daemon children
	children=/proc/${pid[bluetoothd]}/task/${pid[bluetoothd]}/children
	read -r daemon _ <"$children" || true
	stop bluetoothd KILL
	kill -KILL "$daemon"
	wait_for 120 "bluetoothd to end" gone "$daemon"
}

gone() {
	! kill -0 "$1"
}

# crashes: so often has bluetoothd been started again.
crashes() {
	grep -c "^crash: " "$VM_LOGS/bluetoothd.log" 2>/dev/null || true
}

# start_trace, stop_trace: the trace of both adapters, btmon.snoop.
start_trace() {
	need hci_trace
	start_daemon trace "$VM_BIN/hci_trace" "$VM_LOGS/btmon.snoop"
	wait_for 120 "the trace" test -s "$VM_LOGS/btmon.snoop"
}

stop_trace() {
	stop trace
}

# drop_link: ends the connection below bluetoothd, which asked for nothing. The
# programs may have made the next one when this returns. Its handle was $dropped.
drop_link() {
	wait_for 120 "a link to drop" drop_link_there_is
}

drop_link_there_is() {
	local handle
	handle=$(link_handle)
	[[ $handle ]] && hcitool -i "$phone" ledc "$handle" && dropped=$handle
}

link_handle() {
	hcitool -i "$phone" con | sed -n 's/.* handle \([0-9]*\) .*/\1/p'
}

no_link() {
	[[ ! $(link_handle) ]]
}

# adapter_get ADAPTER PROPERTY: as dbus-send prints it.
adapter_get() {
	dbus-send --system --print-reply=literal --dest=org.bluez \
		"/org/bluez/$1" org.freedesktop.DBus.Properties.Get \
		string:org.bluez.Adapter1 "string:$2"
}

powered() {
	adapter_get "$1" Powered | grep -q 'boolean true'
}

# start_bare_watch MODE...: the bare peripheral, advertising when this returns.
start_bare_watch() {
	need bare_watch
	start bare-watch bare_watch "$watch" "${bare_uuids[@]}" "$@"
	expect bare-watch "RegisterApplication done"
	expect bare-watch "RegisterAdvertisement done"
}

# start_bare_phone MODE...: the bare central.
start_bare_phone() {
	need bare_phone
	start bare-phone bare_phone "$phone" "${bare_uuids[@]}" "$@"
}

# --- Baton ------------------------------------------------------------------

# baton_role ROLE ARGUMENT...: starts baton as watch or phone over its adapter;
# its latest trace is ROLE.pcapng, unless the case is --lean. While bluetoothd is
# being started again it waits, as D-Bus makes programs wait where systemd is.
baton_role() {
	local trace=()
	bluetoothd_on
	if [[ ! $lean ]]; then
		install -o $user -g $user /dev/null "$VM_LOGS/$1.pcapng"
		trace=(--trace "$VM_LOGS/$1.pcapng")
	fi
	start "$1" baton "$1" --bearer "bluez:${!1}" --verbose "${trace[@]}" \
		"${@:2}"
}

# pair_baton: new bonds, confirmed only if both show the same code.
pair_baton() {
	local code
	need_baton
	baton_role watch pair
	baton_role phone pair
	expect watch "^code [0-9]{6}$"
	code=$line
	expect phone "^code [0-9]{6}$"
	[[ $line == "$code" ]] || fail "the watch shows $code, the phone $line"
	say watch y
	say phone y
	wait_exit watch 120
	wait_exit phone 120
}

# link_mtus ROLE: the MTUs its links had, each once.
link_mtus() {
	sed -n 's/^link: MTU \([0-9]*\),.*/\1/p' "$VM_LOGS/$1.log" | sort -nu
}

# examine STATUS NAME...: `baton doctor --json` ends with it, has a check of each
# NAME, and says what to do about every one that is not well.
examine() {
	need_baton
	rm -f "$VM_LOGS/doctor.log"
	start doctor baton doctor --json
	wait_exit doctor 120 "$1"
	python3 -c '
import json, sys
checks = json.load(sys.stdin)["checks"]
names = {check["name"] for check in checks}
assert names >= set(sys.argv[1:]), sorted(names)
for check in checks:
    assert bool(check["advice"]) == (check["verdict"] != "ok"), check
' "${@:2}" <"$VM_LOGS/doctor.log"
}

# is_ordinary NAME: it runs as nobody, and without any capability.
is_ordinary() {
	wait_for 120 "$1 to have no rights" has_no_rights "$1"
}

has_no_rights() {
	local status
	status=$(<"/proc/${pid[$1]}/status")
	[[ $status == Name:*baton* ]] &&
		[[ $status =~ Uid:[[:space:]]${user}[[:space:]]${user}[[:space:]] ]] &&
		[[ $status =~ CapEff:[[:space:]]0000000000000000 ]]
}

# begin_baton FROM TO BYTES: FROM starts to send a new file of so many random
# bytes; TO runs with --receive and stays.
begin_baton() {
	head -c "$3" /dev/urandom >"$VM_LOGS/$1-to-$2-$3"
	baton_role "$1" send "$VM_LOGS/$1-to-$2-$3"
}

# end_baton FROM TO BYTES [SECONDS]: until it has arrived bit for bit.
end_baton() {
	local name=$1-to-$2-$3
	wait_exit "$1" "${4:-600}"
	expect "$2" "^received .*$name, $3 bytes"
	sent=$(sha256sum <"$VM_LOGS/$name")
	[[ $(sha256sum <"$VM_LOGS/home/$2/$name") == "$sent" ]] ||
		fail "$name arrived, but not bit for bit"
	rm "$VM_LOGS/$name"
}

# send_baton FROM TO BYTES [SECONDS]: all of it.
send_baton() {
	local began_us=${EPOCHREALTIME/./}
	begin_baton "$@"
	end_baton "$@"
	report "$3 B, $1 to $2, found and delivered:" \
		"$(((${EPOCHREALTIME/./} - began_us) / 1000)) ms"
}

# half_way FROM TO BYTES: until half of what begin_baton sends has arrived.
half_way() {
	wait_for 600 "half of the file" arrived "$2" $(($3 / 2))
}

# not_yet FROM TO BYTES: it has not arrived; else the case came too late.
not_yet() {
	[[ ! -e $VM_LOGS/home/$2/$1-to-$2-$3 ]] ||
		fail "all of the file was there too soon for this case"
}

# arrived ROLE BYTES: at least so many have been written to a file by now.
arrived() {
	[[ $(find "$VM_LOGS/home/$1" -type f -size +"$2"c) ]]
}
