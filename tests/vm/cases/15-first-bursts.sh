# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The first burst after every connection arrives whole, both ways: VM_LINKS
# connections (20), each with 96 PDUs at once, counted below all that would
# send a lost one again.
# limit: 7200 s

links=${VM_LINKS:-20}
start_bluez --lean
need probe
start watch probe watch "$watch"
start phone probe phone "$phone" "$links" 96
wait_exit phone $((60 + 15 * links))
report "$(tail -n 1 "$VM_LOGS/phone.log")"
