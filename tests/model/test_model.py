#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The model of ownership, checked by Spin: README.md beside this.

usage: test_model.py MODEL [--large [SECONDS]]

Prints TAP, with the number of states and the time of each search. --large
searches the wider bounds of ./run soak instead, each until it is complete or
SECONDS (default 3600) are over.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

# Bounds of complete searches: what they leave out is 1, or none for faults.
SMALL = [
    ('an attempt, reboots of both, a repeated frame, two under way',
     'EPOCHS=1 CHANGES=1 NONCES=1 REBOOTS=1 REPEATS=1 SLOTS=2'),
    ('two attempts, a repeated frame',
     'EPOCHS=2 CHANGES=1 NONCES=1 REBOOTS=0 REPEATS=1 SLOTS=1'),
    ('an attempt and renewals, reboots of both',
     'EPOCHS=1 CHANGES=2 NONCES=2 REBOOTS=1 REPEATS=0 SLOTS=1'),
]
LARGE = [
    ('two attempts, a nonce, reboots, a repeated frame',
     'EPOCHS=2 CHANGES=2 NONCES=1 REBOOTS=1 REPEATS=1 SLOTS=1'),
    ('two attempts, two nonces, reboots, a repeated frame',
     'EPOCHS=2 CHANGES=2 NONCES=2 REBOOTS=1 REPEATS=1 SLOTS=1'),
    ('two attempts, two nonces, reboots, two frames under way',
     'EPOCHS=2 CHANGES=1 NONCES=2 REBOOTS=1 REPEATS=0 SLOTS=2'),
    ('three attempts, two nonces, a repeated frame',
     'EPOCHS=3 CHANGES=2 NONCES=2 REBOOTS=0 REPEATS=1 SLOTS=1'),
]
LIVE = 'EPOCHS=1 CHANGES=0 NONCES=1 REBOOTS=1 REPEATS=0 SLOTS=2'
LIVE_LARGE = 'EPOCHS=2 CHANGES=0 NONCES=2 REBOOTS=1 REPEATS=1 SLOTS=2'

# What each rule prevents, and bounds within which Spin finds it.
WIDE = 'EPOCHS=2 CHANGES=2 NONCES=2 REBOOTS=1 REPEATS=1 SLOTS=1'
MUTATIONS = [
    ('1', 'epochs are kept after the activity is forgotten', WIDE),
    ('2', 'only the very state that was released is adopted', WIDE),
    ('3', 'a refusal is durable before it is sent',
     'EPOCHS=1 CHANGES=0 NONCES=0 REBOOTS=1 REPEATS=2 SLOTS=1'),
    ('4_CANCEL', 'nothing but REFUSED gives a released activity back', WIDE),
    ('4_LEASE', 'a refused lease holder has the old lease, no more',
     'EPOCHS=2 CHANGES=0 NONCES=1 REBOOTS=0 REPEATS=0 SLOTS=1'),
    ('6_NONCE', 'the lease runs from the nonce', WIDE),
    ('6_MARGIN', 'the phone waits the drift margin too', WIDE),
    ('6_CLOCK', 'the phone never measures on wall time', WIDE),
    ('6_REBOOT', 'a rebooted phone waits the whole time anew',
     'EPOCHS=1 CHANGES=0 NONCES=1 REBOOTS=1 REPEATS=0 SLOTS=1'),
    ('7_REBOOT', 'a reboot of the watch ends its lease', WIDE),
    ('7_WAIT', 'the phone restarts its wait before it answers', WIDE),
    ('7_NONCE', 'a renewed lease runs from its nonce', WIDE),
    ('8_COPY', 'the phone keeps its copy while it lends', WIDE),
    ('8_SKIP', 'taking back skips an epoch',
     'EPOCHS=2 CHANGES=1 NONCES=1 REBOOTS=0 REPEATS=0 SLOTS=1'),
]


class Search:
    """One run of Spin: the model with these macros, for a property."""

    def __init__(self, model, macros, claim=None, seconds=3600):
        defines = ['-D' + macro for macro in macros.split()]
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            self.run('spin', '-a', *defines, model, cwd=folder)
            options = ['-DNOREDUCE', '-DMEMLIM=12000', '-DVECTORSZ=512']
            if claim:
                options += ['-DNFAIR=4']
            else:
                options += ['-DNOCLAIM', '-DSAFETY']
            # To compile takes longer than to find what goes wrong.
            self.run('cc', '-O0' if 'NO_RULE' in macros else '-O2', '-w',
                     *options, '-o', 'pan', 'pan.c', cwd=folder)
            arguments = (['-a', '-f', '-N', claim] if claim else ['-E'])
            try:
                out = self.run('./pan', '-m1000000', '-w22', *arguments,
                               cwd=folder, timeout=seconds)
            except subprocess.TimeoutExpired as late:
                out = (late.stdout or b'').decode()
        self.seconds = time.monotonic() - start
        found = re.search(r'errors: (\d+)', out)
        # A search that gave up has shown nothing.
        self.complete = bool(found) and not re.search(
            r'out of memory|max search depth too small|not completed', out)
        self.errors = int(found.group(1)) if found else 0
        states = re.findall(r'(\d[\d.e+]*) states, stored', out) or \
            re.findall(r'States= *([\d.e+]+)', out)
        self.states = int(float(states[-1])) if states else 0
        self.why = re.findall(r'pan:\d: (.*)', out)

    @staticmethod
    def run(*command, cwd, timeout=None):
        result = subprocess.run(command, cwd=cwd, text=True, timeout=timeout,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        if result.returncode:
            raise RuntimeError(result.stdout)
        return result.stdout


def main(args):
    if not args or args[1:2] not in ([], ['--large']) or len(args) > 3:
        print(__doc__, file=sys.stderr)
        return 64
    model = os.path.abspath(args[0])
    large = args[1:2] == ['--large']
    seconds = int(args[2]) if len(args) > 2 else 3600
    count = failed = 0

    def case(name, search, good):
        nonlocal count, failed
        count += 1
        failed += not good
        print(f'{"" if good else "not "}ok {count} - {name}')
        print(f'# {search.states} states, {search.seconds:.1f} s'
              f'{"" if search.complete or search.errors else ", cut off"}')
        for why in search.why:
            print(f'# {why[:200]}')
        sys.stdout.flush()

    for name, bounds in LARGE if large else SMALL:
        search = Search(model, bounds, seconds=seconds)
        # A long search that ran out of time has at least found nothing.
        case(f'no violation: {name} ({bounds})', search,
             not search.errors and (large or search.complete))
    bounds = LIVE_LARGE if large else LIVE
    for claim, mode, name in (
            ('live', 'LIVENESS', 'in the end there is one owner'),
            ('back', 'LAKE', 'what a lost watch held comes back')):
        search = Search(model, f'{mode} {bounds}', claim, seconds)
        case(f'{name} ({bounds})', search,
             not search.errors and (large or search.complete))
    if not large:
        for rule, name, bounds in MUTATIONS:
            search = Search(model, f'NO_RULE_{rule} {bounds}')
            case(f'rule {rule.replace("_", ", ").lower()} is needed: {name}',
                 search, search.errors > 0)
    print(f'1..{count}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
