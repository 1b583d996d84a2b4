#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Handoffs with faults through the C machine, with its rules and without one.

usage: test_handoffs.py HANDOFFS EXPLORE [HANDOFFS_ON_TRIAL RULES_H]

Prints TAP. Every run within small bounds and 5,000 random handoffs have to come out well; without any one rule some
world has to come out wrong.
"""
import re
import subprocess
import sys

COUNT = 5000
TRIAL_COUNT = 400000
# Offers, acts, nonces of the watch, faults, frames repeated, times that pass.
BOUNDS = ('1 1 1 1 0 0', '1 1 1 0 1 0', '2 1 1 0 0 0', '1 1 1 0 0 2',
          '1 0 2 0 0 2')


def run(*command):
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    return result.returncode, result.stdout.strip()


def main(args):
    if len(args) not in (2, 4):
        print(__doc__, file=sys.stderr)
        return 64
    rules = []
    if len(args) == 4:
        with open(args[3], encoding='utf-8') as file:
            rules = re.findall(
                r'#define BATON_RULE_(\w+) (\d+)u +/\* (.*?) \*/', file.read())
    number = failed = 0

    def case(name, good, out):
        nonlocal number, failed
        number += 1
        failed += not good
        print(f'{"" if good else "not "}ok {number} - {name}')
        for line in out.splitlines():
            print(f'# {line}')
        sys.stdout.flush()

    print(f'1..{1 + len(BOUNDS) + (1 + len(rules) if rules else 0)}')
    code, out = run(args[0], str(COUNT))
    case(f'{COUNT} handoffs with faults', code == 0, out)
    for bounds in BOUNDS:
        code, out = run(args[1], *bounds.split())
        case(f'every run within {bounds}', code == 0, out)
    if rules:
        code, out = run(args[2], '0', str(COUNT))
        case('the same in the build on trial, with every rule', code == 0, out)
    for name, rule, text in rules:
        code, out = run(args[2], rule, str(TRIAL_COUNT))
        case(f'rule {name.replace("_", ", ").lower()} is needed: {text}',
             code == 1, out)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
