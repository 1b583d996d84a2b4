#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keys for the dissector: in debug builds, and nowhere else.

usage: test_keylog.py BATON on|off [CASE...]

on: built with BATON_KEYLOG, off: without.
"""
import os
import random
import re
import stat
import subprocess
import sys

from program import Skip, expect, run_cases

ON = False
# Long enough for the receiver to say that it has verified some of it.
CONTENT = b'{"heart": 61, "note": "as it was said"}' + b' ' * 20000


def only(on):
    if on != ON:
        raise Skip('built with BATON_KEYLOG' if ON else
                   'built without BATON_KEYLOG')


def logged(bench, log):
    """What a process needs to write its keys there."""
    return {'before': ['env', f'BATON_KEYLOG={bench.path(log)}']}


def demo(bench, args=()):
    bench.file('note.json', CONTENT)
    bench.start('demo', 'note.json', '--out', 'out', '--trace', 't.pcapng',
                '--no-compression', *args, **logged(bench, 'keys')).succeeds()


def dissect(bench, args=(), trace='t.pcapng'):
    text = bench.start('dissect', trace, *args).succeeds()
    opened, sealed = re.search(
        r'^(\d+) records were opened, (\d+) stayed sealed', text,
        re.MULTILINE).groups()
    return text, int(opened), int(sealed)


def has_the_code(program):
    """Its name, or a symbol of it."""
    with open(program, 'rb') as file:
        text = b'BATON_KEYLOG' in file.read()
    names = subprocess.run(['nm', program], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL).stdout
    return text or b'keylog_look' in names


def only_such_a_build_has_the_code(bench):
    expect(has_the_code(bench.program) == ON, 'wrong build, or code in it')


def other_builds_write_no_keys(bench):
    only(False)
    demo(bench)
    expect(not os.path.exists(bench.path('keys')), 'keys were written')
    _, opened, sealed = dissect(bench)
    expect(opened == 0 and sealed > 5, f'{opened} opened, {sealed} sealed')


def the_keys_open_every_record(bench):
    only(True)
    for args in ([], ['--loss', '8', '--seed', '7'], ['--mtu', '23']):
        demo(bench, args)
        for host in ('watch', 'phone'):
            text, opened, sealed = dissect(bench, ['--keylog', 'keys', '--host',
                                                   host, '--bytes'])
            expect(opened > 5 and sealed == 0,
                   f'{args}: {opened} opened, {sealed} sealed')
            for word in ('SYNC, ', 'CONFIRM', 'VERIFIED BULK stream 0',
                         f'As the {host} saw it', 'as it was said',
                         f'total {len(CONTENT)} B', 'note'):
                expect(word in text, f'no {word!r} in {text}')


def without_the_keys_nothing_is_opened(bench):
    only(True)
    demo(bench)
    text, opened, sealed = dissect(bench, ['--bytes'])
    expect(opened == 0 and sealed > 5, f'{opened} opened, {sealed} sealed')
    expect('as it was said' not in text, 'in clear')
    with open(bench.path('keys')) as file:
        lines = file.read().splitlines()
    for line in lines:
        expect(re.fullmatch('record (watch|phone) (CONTROL|MESSAGE|BULK) 0 '
                            '[0-9a-f]{64}', line), line)
    bench.file('others', ''.join(
        line[:-2] + ('00' if line[-2:] != '00' else '01') + '\n'
        for line in lines).encode())
    expect(dissect(bench, ['--keylog', 'others'])[1] == 0, 'any key opens it')


def keys_are_for_their_owner_alone(bench):
    only(True)
    demo(bench)
    mode = stat.S_IMODE(os.stat(bench.path('keys')).st_mode)
    expect(mode == 0o600, oct(mode))
    process = bench.start('demo', '--out', 'o', **logged(bench, 'keys'))
    process.succeeds()
    expect('whoever has it reads everything' in process.err, process.err)
    bench.start('demo', '--out', 'p', '--trace', 'u.pcapng', '--seed',
                '9').succeeds()
    expect(dissect(bench, ['--keylog', 'keys'], trace='u.pcapng')[1] == 0,
           'a run without the variable has written keys')


def a_file_that_others_may_read_gets_no_keys(bench):
    only(True)
    bench.file('keys', b'')
    os.chmod(bench.path('keys'), 0o644)
    process = bench.start('demo', '--out', 'o', **logged(bench, 'keys'))
    process.succeeds()
    expect('no keys are written' in process.err, process.err)
    expect(bench.content('keys') == b'', 'keys that others may read')


def two_devices_may_share_a_file(bench):
    """Over two links; the second begins with a ticket."""
    only(True)
    bench.file('note.json', CONTENT)
    bench.mkdir('in')
    bench.radio()
    bench.pair()
    for trace in ('1.pcapng', '2.pcapng'):
        phone = bench.phone('--receive', 'in', '--count', '1',
                            **logged(bench, 'keys'))
        bench.watch('--trace', trace, 'send', 'note.json',
                    **logged(bench, 'keys')).succeeds()
        phone.succeeds()
    for trace in ('1.pcapng', '2.pcapng'):
        _, opened, sealed = dissect(bench, ['--keylog', 'keys'], trace=trace)
        expect(opened > 2 and sealed == 0,
               f'{trace}: {opened} opened, {sealed} sealed')


def what_is_no_trace_is_refused(bench):
    demo(bench)
    with open(bench.path('t.pcapng'), 'rb') as file:
        trace = file.read()
    rng = random.Random(1)
    bench.file('x', b'not a trace, but long enough to be one')
    bench.start('dissect', 'x').fails(66, 'not pcapng')
    bench.file('x', trace[:-5])
    bench.start('dissect', 'x').fails(66, 'cut short')
    bench.file('x', trace[:-1] + b'\1')
    bench.start('dissect', 'x').fails(66, 'damaged')
    for _ in range(60):
        damaged = bytearray(trace)
        for _ in range(rng.randrange(1, 20)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        bench.file('x', bytes(damaged))
        code = bench.start('dissect', 'x').end()
        expect(code in (0, 66), f'exit code {code}')
    for line in ('record watch BULK 0 00', 'record me BULK 0 ' + 64 * '0',
                 'record watch BULK 0 ' + 64 * 'x', 'hello'):
        bench.file('bad', line.encode())
        bench.start('dissect', 't.pcapng', '--keylog', 'bad').fails(
            66, 'bad:1', 'not a key')
    bench.start('dissect', 'nowhere').fails(66, 'nowhere')
    bench.start('dissect').fails(64)
    bench.start('dissect', 't.pcapng', '--host', 'eve').fails(66, 'eve')


def first_packet(trace):
    """Where its block begins."""
    at = 0
    while trace[at:at + 4] != b'\6\0\0\0':
        at += int.from_bytes(trace[at + 4:at + 8], 'little')
    return at


def a_name_in_a_trace_says_nothing_to_the_terminal(bench):
    demo(bench)
    trace = bench.content('t.pcapng')
    bench.file('x', trace.replace(b'watch', b'\x1b[2Jx', 1))
    text, _, _ = dissect(bench, trace='x')
    expect('As the ?[2Jx saw it.' in text, text[:200])


def a_packet_may_be_earlier_than_the_first(bench):
    demo(bench)
    trace = bytearray(bench.content('t.pcapng'))
    at = first_packet(trace) + 16
    first_us = int.from_bytes(trace[at:at + 4], 'little')
    trace[at:at + 4] = (first_us + 10000000).to_bytes(4, 'little')
    bench.file('x', bytes(trace))
    text, _, _ = dissect(bench, trace='x')
    times = [float(s) for s in re.findall(r'^ *(-?[\d.]+) s ', text,
                                          re.MULTILINE)]
    expect(times[0] == 0 and -10 <= times[1] < -9, times[:2])


CASES = [value for name, value in list(globals().items())
         if callable(value) and getattr(value, '__code__', None) and
         value.__module__ == '__main__' and
         value.__code__.co_varnames[:value.__code__.co_argcount] == ('bench',)]


def main(args):
    global ON
    if len(args) < 2 or args[1] not in ('on', 'off'):
        print(__doc__, file=sys.stderr)
        return 64
    ON = args[1] == 'on'
    cases = [case for case in CASES
             if not args[2:] or case.__name__ in args[2:]]
    return run_cases(cases, os.path.abspath(args[0]))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
