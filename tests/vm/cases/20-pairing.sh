# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Every method of pairing over BlueZ, which device shows and which takes, a
# wrong code with the count of its tries, and a bond revoked from either side.
# limit: 1800 s

# pair ROLE METHOD: begins to pair.
pair() {
	baton_role "$1" --method "$2" pair
}

# both_end STATUS: both have ended with it.
both_end() {
	wait_exit watch 300 "$1"
	wait_exit phone 300 "$1"
	caught_up
}

# caught_up: what both have said until now is not expected again.
caught_up() {
	while next_line watch; do :; done
	while next_line phone; do :; done
}

# bonds ROLE ARGUMENT...: `baton bonds` with the store of that role; what it
# says is in bonds.log.
bonds() {
	rm -f "$VM_LOGS/bonds.log"
	start bonds baton bonds --store "$VM_LOGS/home/$1/baton/$1" "${@:2}"
	wait_exit bonds 120
}

# assert_bonds COUNT TRIES: so many bonds and counted tries, on both sides.
assert_bonds() {
	local role
	for role in watch phone; do
		bonds $role --json
		python3 -c '
import json, sys
seen = json.load(sys.stdin)
got = [len(seen["bonds"]), seen["tries"]]
assert got == [int(word) for word in sys.argv[2:]], (sys.argv[1], seen)
' $role "$@" <"$VM_LOGS/bonds.log"
	done
}

# forget: both are as new.
forget() {
	rm -r "$VM_LOGS"/home/{watch,phone}/baton
}

# scan_on ROLE FROM: what FROM shows as a QR code, when it is asked for.
scan_on() {
	local secret
	expect "$2" "^secret BATON1:[A-Z2-7]{56}$" 300
	secret=${line#secret }
	expect "$1" "^scan$" 300
	say "$1" "$secret"
}

# type_on ROLE CODE: seven digits, when they are asked for.
type_on() {
	expect "$1" "^type$" 300
	say "$1" "$2"
}

# shown_by ROLE: $code is the code that it shows.
shown_by() {
	expect "$1" "^show [0-9]{7}$" 300
	code=${line#show }
}

# another CODE: one digit is another one, and the last one fits it.
another() {
	python3 -c '
import sys
digits = str((int(sys.argv[1][0]) + 1) % 10) + sys.argv[1][1:6]
product = 10
for digit in digits:
    product = 2 * ((product + int(digit)) % 10 or 10) % 11
print(digits + str((11 - product) % 10))' "$1"
}

# revoke ROLE BOND: while both run and are connected; both end and have none.
revoke() {
	baton_role watch --receive .
	baton_role phone --receive .
	expect watch "^connected" 300
	expect phone "^connected" 300
	bonds "$1" revoke "$2"
	grep -q "is connected and is told now" "$VM_LOGS/bonds.log" ||
		fail "not told: $(<"$VM_LOGS/bonds.log")"
	both_end 77
	assert_bonds 0 0
}

need_baton
start_bluez --quiet

echo "six digits compared; revoked by the watch"
pair_baton
caught_up
assert_bonds 1 0
revoke watch phone

echo "another code is refused, and counted"
pair watch code
pair phone code
shown_by watch
type_on phone "$(another "$code")"
both_end 65
assert_bonds 0 1

echo "a code, shown by the watch; the bond ends the count; revoked by the phone"
pair watch code
pair phone code
shown_by watch
type_on phone "$code"
both_end 0
assert_bonds 1 0
revoke phone watch

echo "a QR code, shown by the watch"
pair watch qr
pair phone qr
scan_on phone watch
both_end 0
assert_bonds 1 0
forget

echo "a QR code, shown by the phone to a watch that only scans"
pair watch qr-scan
pair phone qr
scan_on watch phone
both_end 0
assert_bonds 1 0
forget

echo "a code, shown by the phone to a watch that only has it typed"
pair watch code-type
pair phone code
shown_by phone
type_on watch "$code"
both_end 0
assert_bonds 1 0

baton_role watch --receive .
send_baton phone watch 5000
stop watch
