#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Handoffs with faults through the C machine, with its rules and without one.

usage: test_handoffs.py HANDOFFS [HANDOFFS_ON_TRIAL RULES_H]

Prints TAP. 5,000 handoffs have to come out well; without any one rule some
world has to come out wrong.
"""
import re
import subprocess
import sys

COUNT = 5000
TRIAL_COUNT = 400000


def run(*command):
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    return result.returncode, result.stdout.strip()


def main(args):
    if len(args) not in (1, 3):
        print(__doc__, file=sys.stderr)
        return 64
    rules = []
    if len(args) == 3:
        with open(args[2], encoding='utf-8') as file:
            rules = re.findall(
                r'#define BATON_RULE_(\w+) (\d+)u +/\* (.*?) \*/', file.read())
    failed = 0

    def case(number, name, good, out):
        nonlocal failed
        failed += not good
        print(f'{"" if good else "not "}ok {number} - {name}')
        for line in out.splitlines():
            print(f'# {line}')
        sys.stdout.flush()

    print(f'1..{2 + len(rules) if rules else 1}')
    code, out = run(args[0], str(COUNT))
    case(1, f'{COUNT} handoffs with faults', code == 0, out)
    if rules:
        code, out = run(args[1], '0', str(COUNT))
        case(2, 'the same in the build on trial, with every rule', code == 0,
             out)
    for i, (name, number, text) in enumerate(rules, 3):
        code, out = run(args[1], number, str(TRIAL_COUNT))
        case(i, f'rule {name.replace("_", ", ").lower()} is needed: {text}',
             code == 1, out)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
