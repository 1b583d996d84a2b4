# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The link is cut again and again at random moments of a file, below
# bluetoothd: it arrives once and whole, and for each disconnect less than one
# window is sent twice. VM_CUTS: so often in 16 MiB (4 times in 1 MiB).
# bluetoothd 5.66 crashes on some of these cuts, and is started again.
# limit: 14400 s

cuts=${VM_CUTS:-4}
bytes=$((VM_CUTS ? 16777216 : 1048576))

# What is compared is what the sender gave to its links of the file's records,
# first and again, without the headers of PDUs ("bulk records" in its line of
# traffic). Once, that is records of 4,095 bytes of the file with 19 around
# them: length, tag, frame. What else there is counts as sent again.
once=$((bytes + (bytes + 4094) / 4095 * 19))
window=$((128 * 508)) # units on their way at once, bytes of each

# cut: drop_link, but quicker; btvirt gives every link the same handle. A slow cut
# lets through more of the file than is there for each.
cut() {
	if [[ ! ${handle-} ]] || ! hcitool -i "$phone" ledc "$handle"; then
		drop_link
		handle=$dropped
	fi
}

# beyond ROLE OFFSET: it has more than that of the file; asks only if it must.
beyond() {
	((have > $2)) && return
	have=$(find "$VM_LOGS/home/$1" -type f -printf '%s\n' | sort -n |
		tail -n 1)
	((have > $2))
}

# cut_often FROM TO: the moments are offsets in the file; two that are close
# make a cut in the middle of a handshake.
cut_often() {
	local offset offsets=() links sent over done_cuts=0 have=0
	while ((${#offsets[@]} < cuts)); do
		offsets+=($(((RANDOM << 15 | RANDOM) % (bytes * 3 / 4))))
	done
	mapfile -t offsets < <(printf '%s\n' "${offsets[@]}" | sort -n)
	echo "cuts at ${offsets[*]}"
	baton_role "$2" --receive .
	begin_baton "$1" "$2" $bytes
	for offset in "${offsets[@]}"; do
		expect "$1" "^link: MTU|^delivered" 600
		[[ $line == link:* ]] ||
			fail "it was there after $done_cuts cuts"
		wait_for 600 "byte $offset" beyond "$2" "$offset"
		cut
		((done_cuts += 1))
	done
	end_baton "$1" "$2" $bytes 3600

	[[ $(grep -c "^received " "$VM_LOGS/$2.log") == 1 ]] ||
		fail "it arrived more than once"
	expect "$1" "^traffic: "
	[[ $line =~ ([0-9]+)\ links,.*these\ ([0-9]+)\ bytes\ of\ bulk ]]
	links=${BASH_REMATCH[1]} sent=${BASH_REMATCH[2]}
	over=$((sent - once))
	report "$bytes B, $1 to $2, cut $done_cuts times: $links links," \
		"$over B sent again, $((over / (links - 1))) B a link lost"
	# A cut before the programs had the link, they do not count.
	((links > cuts / 2)) || fail "$cuts cuts, and $links links"
	((over < (links - 1) * window)) || fail "more than $window B a link"
	stop "$2"
}

start_bluez --quiet
pair_baton
nap_s=0.02
cut_often watch phone
cut_often phone watch
