# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The link is cut again and again at random moments of a file, below
# bluetoothd: it arrives once and whole, and for each disconnect less than one
# window of PDUs is sent twice. VM_CUTS: so often in 16 MiB (4 times in 512 KiB).
# bluetoothd 5.66 crashes on some of these cuts: it is started again.
# limit: 14400 s

cuts=${VM_CUTS:-4}
bytes=$((VM_CUTS ? 16777216 : 524288))
window=$((128 * 509)) # of the program's links: PDUs, bytes of each

# cut_often FROM TO: the moments are offsets in the file; two that are close
# make a cut in the middle of a handshake.
cut_often() {
	local offset offsets=() links sent over
	while ((${#offsets[@]} < cuts)); do
		offsets+=($(((RANDOM << 15 | RANDOM) % (bytes * 3 / 4))))
	done
	mapfile -t offsets < <(printf '%s\n' "${offsets[@]}" | sort -n)
	echo "cuts at ${offsets[*]}"
	baton_role "$2" --receive .
	begin_baton "$1" "$2" $bytes
	for offset in "${offsets[@]}"; do
		expect "$1" "^link: MTU|^delivered" 600
		[[ $line == link:* ]] || break # a slow guest came too late
		wait_for 600 "byte $offset" arrived "$2" "$offset"
		! is_link || drop_link
	done
	end_baton "$1" "$2" $bytes 3600

	[[ $(grep -c "^received " "$VM_LOGS/$2.log") == 1 ]] ||
		fail "it arrived more than once"
	expect "$1" "^traffic: "
	[[ $line =~ ([0-9]+)\ links,\ sent\ ([0-9]+)\ bytes ]]
	links=${BASH_REMATCH[1]} sent=${BASH_REMATCH[2]}
	# What headers take is no repetition: 1 % of the file at most.
	over=$((sent - bytes - bytes / 100))
	report "$bytes B, $1 to $2, cut $((links - 1)) times:" \
		"$over B more than the file and 1 %," \
		"$((over / (links - 1))) B a cut;" \
		"bluetoothd crashed $(crashes) times"
	((links > cuts / 4)) || fail "$cuts cuts, and $links links"
	((over < (links - 1) * window)) || fail "more than $window B a cut"
	stop "$2"
}

crashes() {
	grep -c "^crash: " "$VM_LOGS/bluetoothd.log" || true
}

start_bluez --quiet --restart
pair_baton
cut_often watch phone
[[ ${VM_CUTS-} ]] || cut_often phone watch
