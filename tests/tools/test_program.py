#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The program as its users meet it: codes, files, faults.

usage: test_program.py BATON [plain | sanitized] [CASE...]

A case is named by its function. Memory is not measured where sanitized.
"""
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import stat
import struct
import subprocess
import sys
import time
import zlib

from program import Skip, StrangePeer, expect, run_cases

PLAIN = True
PACKS = os.environ.get('BATON_PACKS') == '1' # built with zlib


def pattern(length, seed=1):
    """Bytes that do not repeat, the same every time."""
    state, words = seed, []
    for _ in range((length + 7) // 8):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        words.append(state)
    return struct.pack(f'<{len(words)}Q', *words)[:length]


def words(length):
    """Text, as compressible as a log file."""
    line = '%06d step=%d heart=%d where="at the corner of the street"\n'
    lines = (line % (i, i * 7919 % 97, 60 + i * 31 % 80) for i in range(length))
    return ''.join(lines)[:length].encode()


# Wrong usage

def usage_errors_are_one_line_and_64(bench):
    for args in ([], ['juggle'], ['demo', '--mtu', '22'],
                 ['demo', '--mtu', 'many'], ['demo', '--interval', '8'],
                 ['demo', '--loss', '91'], ['demo', '--phy', '3m'],
                 ['demo', '--bogus'], ['demo', 'a', 'b'], ['air'],
                 ['doctor', 'now'], ['watch'], ['phone', 'pair'],
                 ['watch', '--bearer', 'sim:x', 'sing'],
                 ['watch', '--bearer', 'sim:x', 'send'],
                 ['watch', '--bearer', 'sim:x', 'pair', 'me'],
                 ['watch', '--bearer', 'sim:x', '--count', '1'],
                 ['watch', '--bearer', 'sim:x', '--yes-if', '12345', 'pair'],
                 ['watch', '--bearer', 'sim:x', '--timeout', '-1']):
        bench.start(*args).fails(64)


def an_unknown_bearer_is_named(bench):
    bench.start('watch', '--bearer', 'wifi').fails(64, 'wifi', 'sim:PATH')
    bench.start('watch', '--bearer', 'bluez:eth0').fails(64, 'bluez:eth0')
    bench.start('watch', '--bearer', 'sim:').fails(64)


def help_and_version_are_given(bench):
    expect('Exit codes' in bench.start('help').succeeds(), 'no exit codes')
    expect('baton' in bench.start('version').succeeds(), 'no version')
    for command in ('demo', 'air', 'watch', 'phone', 'pair', 'status', 'queue',
                    'bonds', 'sim', 'dissect', 'doctor'):
        expect(command in bench.start(command, '--help').succeeds(),
               f'no help on {command}')


def what_cannot_be_said_is_73(bench):
    for args in (['help'], ['status', 'watch', '-s', 'none'], ['demo']):
        bench.start(*args, before=['sh', '-c', 'exec "$0" "$@" >/dev/full']
                    ).fails(73, 'cannot write the output', 'No space left')


def a_reader_who_leaves_is_no_failure(bench):
    bench.start('help', before=['bash', '-c', 'set -o pipefail; '
                                '(trap "" PIPE; sleep 0.5; "$0" "$@") | true']
                ).succeeds()


# Files that cannot be sent

def a_missing_file_is_66(bench):
    for command in ('demo', 'sim', 'dissect'):
        bench.start(command, 'nowhere.txt').fails(66, 'no file nowhere.txt;')
    bench.watch('send', 'nowhere.txt').fails(66, 'nowhere.txt')
    # A name that is no text, and seems to go on behind its end.
    bench.watch('send', os.fsdecode(b'x\xf0')).fails(66, 'x\ufffd;')


def a_directory_or_a_pipe_is_66(bench):
    bench.mkdir('dir')
    os.mkfifo(bench.path('pipe'))
    bench.start('demo', 'dir').fails(66, 'regular')
    bench.watch('send', 'pipe').fails(66, 'regular')


def an_unreadable_file_is_66(bench):
    bench.file('secret.txt', b'x')
    os.chmod(bench.path('secret.txt'), 0)
    before = []
    if os.geteuid() == 0:
        # Root reads everything, unless this right is taken from it.
        before = ['setpriv', '--bounding-set', '-dac_override,'
                  '-dac_read_search', '--inh-caps', '-all']
        if subprocess.run([*before, 'true'],
                          stderr=subprocess.DEVNULL).returncode:
            raise Skip('no setpriv')
    bench.watch('send', 'secret.txt', before=before).fails(
        66, 'secret.txt', 'permission')


# Radios that are not there

def a_socket_that_is_not_there_is_69(bench):
    bench.watch('pair').fails(69, 'radio', 'baton air')


def a_role_that_is_taken_is_69(bench):
    bench.radio()
    first = bench.watch('pair')
    time.sleep(0.5)
    bench.start('watch', '--bearer', 'sim:radio', '--store', 'other',
                'pair').fails(69, 'watch already')
    expect(first.process.poll() is None, 'the first watch ended')


def a_dead_radio_leaves_its_path_to_the_next(bench):
    bench.radio().kill()
    expect(os.path.exists(bench.path('radio')), 'the socket is gone')
    radio = bench.radio()
    bench.start('air', 'radio').fails(73, 'running')
    radio.process.send_signal(signal.SIGTERM)
    radio.succeeds()
    expect(not os.path.exists(bench.path('radio')), 'the socket is there')


def a_radio_never_replaces_a_file(bench):
    bench.file('precious', b'data')
    bench.start('air', 'precious').fails(73, 'precious')
    expect(bench.content('precious') == b'data', 'it was replaced')


# Pairing

def stored_bonds(bench, store):
    """The keys of its bonds, read while no program has it."""
    database = sqlite3.connect(bench.path(store, 'store.db'))
    with contextlib.closing(database):
        return [key for key, in database.execute(
            "SELECT key FROM value WHERE key LIKE 'bond/%'")]


def two_people_pair_and_the_bond_is_private(bench):
    bench.radio()
    bench.pair()
    for store in ('watch-store', 'phone-store'):
        mode = stat.S_IMODE(os.stat(bench.path(store)).st_mode)
        expect(mode == 0o700, f'{store} has mode {mode:o}')
        for name in os.listdir(bench.path(store)):
            mode = stat.S_IMODE(os.stat(bench.path(store, name)).st_mode)
            expect(mode == 0o600, f'{name} has mode {mode:o}')
        bonds = stored_bonds(bench, store)
        expect(len(bonds) == 1, bonds)


def one_no_and_nobody_is_paired(bench):
    bench.radio()
    watch = bench.watch('pair', stdin=True)
    phone = bench.phone('pair', stdin=True)
    watch.until('code ')
    phone.until('code ')
    phone.say('y\n')
    watch.say('n\n')
    watch.fails(77, 'not paired')
    phone.fails(77, 'not paired')
    for store in ('watch-store', 'phone-store'):
        expect(not stored_bonds(bench, store), f'{store} has a bond')


def a_code_that_is_not_the_expected_one_is_refused(bench):
    bench.radio()
    phone = bench.phone('pair', stdin=True)
    watch = bench.watch('--yes-if', '000000', 'pair')
    code = phone.until('code ')
    if code == 'code 000000':
        raise Skip('one time in a million')
    phone.say('y\n')
    expect(phone.end() == 77, 'the phone paired')
    expect(watch.end() == 77, 'the watch paired')
    expect('--yes-if' in watch.err, watch.err)


def who_never_paired_is_told_to(bench):
    bench.radio()
    bench.file('a', b'a')
    bench.watch('send', 'a').fails(77, 'pair', '--store watch-store pair')


def the_store_of_the_other_role_is_73(bench):
    bench.radio()
    bench.pair()
    bench.start('status', 'phone', '--store', 'watch-store').fails(
        73, 'of the other device')


def who_was_forgotten_is_told_to_pair_again(bench):
    bench.radio()
    bench.pair()
    shutil.rmtree(bench.path('watch-store'))
    # The watch pairs with somebody else, so that it answers at all.
    watch = bench.watch('pair')
    bench.file('a', b'a')
    phone = bench.phone('send', 'a')
    phone.until_warned('the peer does not know this device; if it is your '
                       'watch, pair both again')
    watch.kill()


def a_store_that_others_may_enter_is_refused(bench):
    bench.radio()
    os.mkdir(bench.path('watch-store'))
    os.chmod(bench.path('watch-store'), 0o755)
    bench.watch('pair').fails(73, 'chmod 700')


def a_store_in_use_is_refused(bench):
    bench.radio()
    bench.watch('pair')
    time.sleep(0.5)
    bench.watch('pair').fails(73, 'uses the store')


def the_doctor_says_how_a_store_is_sealed(bench):
    state = bench.path(bench.mkdir('state'))

    def checks():
        doctor = bench.start('doctor', '--json',
                             env={'XDG_STATE_HOME': state})
        doctor.end()
        return {check['name']: check
                for check in json.loads(doctor.out)['checks']}

    if 'store-watch' not in checks():
        raise Skip('this build has no Bluetooth')
    expect('none yet' in checks()['store-watch']['finding'], checks())
    bench.radio()
    bench.watch('--store', os.path.join(state, 'baton', 'watch'), 'send',
                bench.file('a', b'a')).end()
    finding = checks()['store-watch']
    expect('sealed with a key that lies beside it' in finding['finding'],
           finding)
    expect(finding['verdict'] == 'warn' and finding['advice'], finding)
    os.remove(os.path.join(state, 'baton', 'watch', 'store.key'))
    finding = checks()['store-watch']
    expect('does not open' in finding['finding'], finding)
    expect('store.key' in finding['advice'], finding)


# Files

def files_go_both_ways_and_nothing_is_overwritten(bench):
    bench.radio()
    bench.pair()
    there = bench.mkdir('there')
    back = bench.mkdir('back')
    data = [pattern(0), pattern(1), pattern(200), pattern(100000)]
    names = [bench.file(f'f{len(d)}.bin', d) for d in data]
    bench.file('there/f200.bin', b'was here before')

    phone = bench.phone('--receive', there, '--count', len(names))
    bench.watch('send', *names).succeeds()
    phone.succeeds()
    watch = bench.watch('--receive', back, '--count', len(names))
    bench.phone('send', *names).succeeds()
    watch.succeeds()

    for name, content in zip(names, data):
        expect(bench.content(back, name) == content, f'{name} differs')
        if name != 'f200.bin':
            expect(bench.content(there, name) == content, f'{name} differs')
    expect(bench.content(there, 'f200.bin') == b'was here before',
           'overwritten')
    expect(bench.content(there, 'f200 (1).bin') == data[2], 'not numbered')
    expect(len(os.listdir(bench.path(there))) == 5,
           os.listdir(bench.path(there)))


def without_a_terminal_there_is_no_bar(bench):
    bench.radio()
    bench.pair()
    bench.file('a', pattern(50000))
    phone = bench.phone('--receive', bench.mkdir('in'), '--count', '1')
    watch = bench.watch('send', 'a')
    watch.succeeds()
    phone.succeeds()
    for process in (watch, phone):
        text = process.out + process.err
        expect('\r' not in text and '\033' not in text, text)


def verbose_tells_all_traffic(bench):
    bench.radio()
    bench.pair()
    bench.file('a', pattern(50000))
    phone = bench.phone('--receive', bench.mkdir('in'), '--count', '1',
                        '--verbose')
    watch = bench.watch('send', 'a', '--verbose')
    watch.succeeds()
    phone.succeeds()
    counts = [[int(n) for n in re.findall(r'\d+', line)]
              for process in (watch, phone)
              for line in process.out.splitlines()
              if line.startswith('traffic: ')]
    links, sent, pdus, _, bulk, _, _, _ = counts[0]
    _, back, _, _, _, got, _, _ = counts[1]
    expect(links == 1 and 200 < pdus < 300, f'{links} links, {pdus} PDUs')
    expect(50000 < got <= sent < 51500 and back < 1500,
           f'{sent} B sent, {got} B received, {back} B back')
    # 4,095 bytes a record, 19 around them, and what a slice begins with.
    expect(50000 + 13 * 19 + 19 <= bulk < 50000 + 13 * 19 + 30,
           f'{bulk} B of bulk records')


def no_space_at_the_receiver_is_73_on_both_sides(bench):
    bench.radio()
    bench.pair()
    bench.file('big', pattern(200000))
    phone = bench.phone(
        '--receive', bench.mkdir('in'), '--count', '1',
        preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                           (65536, 65536)))
    watch = bench.watch('send', 'big')
    watch.fails(73, 'big', 'no space')
    phone.fails(73, 'big', 'no space')
    expect(os.listdir(bench.path('in')) == [], os.listdir(bench.path('in')))


def a_full_disk_at_the_receiver_is_73_at_once(bench):
    before = ['unshare', '--mount', '--map-root-user', 'sh', '-c',
              'mount -t tmpfs -o size=64k none in && exec "$0" "$@"']
    if subprocess.run([*before[:-1], 'mount -t tmpfs none /mnt'],
                      stderr=subprocess.DEVNULL).returncode:
        raise Skip('no right to mount')
    bench.radio()
    bench.pair()
    bench.mkdir('in')
    bench.file('big', pattern(200000))
    bench.phone('--receive', 'in', '--count', '1', before=before)
    phone = bench.processes[-1]
    watch = bench.watch('send', 'big')
    watch.fails(73, 'big', 'no space')
    phone.fails(73, 'big', 'no space')


def what_is_longer_than_the_receiver_takes_is_73(bench):
    bench.radio()
    bench.pair()
    bench.file('big', pattern(2000))
    bench.phone('--receive', bench.mkdir('in'), '--limit', '1000')
    bench.watch('send', 'big').fails(73, 'big', 'larger')


def a_file_that_gets_no_name_leaves_nothing(bench):
    bench.radio()
    bench.pair()
    bench.mkdir('in')
    taken = ['a'] + [f'a ({i})' for i in range(1, 1000)]
    for name in taken:
        bench.file(os.path.join('in', name), b'')
    bench.file('a', b'one too many')
    phone = bench.phone('--receive', 'in')
    bench.watch('send', 'a').fails(65, 'a')
    phone.until_warned('cannot write a')
    expect(sorted(os.listdir(bench.path('in'))) == sorted(taken),
           [n for n in os.listdir(bench.path('in')) if n not in taken])


def who_takes_no_files_says_so(bench):
    bench.radio()
    bench.pair()
    bench.file('a', b'a')
    phone = bench.phone()
    bench.watch('send', 'a').fails(77, '--receive')
    phone.process.send_signal(signal.SIGINT)
    expect(phone.end() == 0, 'it minds to be interrupted')


def a_directory_that_is_not_there_is_73(bench):
    bench.radio()
    bench.pair()
    bench.phone('--receive', 'nowhere').fails(73, 'nowhere')


# Interruptions

def start_sending(bench, length=700000, least=50000):
    """
    Watch and phone, with a file of which least bytes have come;
    (watch, phone, content).
    """
    content = pattern(length)
    bench.file('long.bin', content)
    bench.mkdir('in')
    phone = bench.phone('--receive', 'in', '--count', '1')
    watch = bench.watch('send', 'long.bin')
    phone.until('receiving')
    end = time.monotonic() + 30
    while time.monotonic() < end:
        for name in os.listdir(bench.path('in')):
            if os.path.getsize(bench.path('in', name)) > least:
                return watch, phone, content
        time.sleep(0.01)
    raise AssertionError('the file does not grow')


def arrived(bench, content):
    expect(os.listdir(bench.path('in')) == ['long.bin'],
           os.listdir(bench.path('in')))
    expect(bench.content('in', 'long.bin') == content, 'the file differs')


def a_phone_that_dies_gets_the_file_when_it_is_back(bench):
    bench.radio()
    bench.pair()
    watch, phone, content = start_sending(bench)
    phone.kill()
    watch.until('disconnected', 10)
    again = bench.phone('--receive', 'in', '--count', '1')
    watch.succeeds()
    again.succeeds()
    arrived(bench, content)


def bulk_sent(process):
    """Bytes of bulk records that it put on its links, by its last line."""
    return int(re.search(r', of these (\d+) bytes of bulk', process.out)[1])


def a_receiver_that_was_killed_goes_on_where_it_was(bench):
    bench.radio()
    bench.pair()
    watch, phone, content = start_sending(bench, least=200000)
    phone.kill()
    again = bench.phone('--receive', 'in', '--count', '1')
    line = again.until('receiving long.bin, 700000 bytes, from ')
    expect(int(line.split()[-1]) >= 131072, line)
    watch.succeeds()
    again.succeeds()
    arrived(bench, content)


def a_sender_that_was_killed_goes_on_and_sends_it_once(bench):
    bench.radio()
    bench.pair()
    watch, phone, content = start_sending(bench, least=200000)
    watch.kill()
    again = bench.watch('send', 'long.bin', '--verbose')
    again.succeeds()
    phone.succeeds()
    arrived(bench, content)
    # Not from the beginning, and no slice twice.
    expect(bulk_sent(again) < 520000, again.out)


def a_file_goes_on_without_being_named_again(bench):
    bench.radio()
    bench.pair()
    watch, phone, content = start_sending(bench, least=100000)
    watch.kill()
    phone.kill()
    watch, phone = bench.watch(), bench.phone()
    phone.until(f'received {bench.path("in", "long.bin")}, 700000 bytes')
    watch.until('delivered long.bin, 700000 bytes')
    arrived(bench, content)


def a_file_that_was_changed_meanwhile_is_given_up(bench):
    bench.radio()
    bench.pair()
    watch, phone, _ = start_sending(bench)
    watch.kill()
    bench.file('long.bin', pattern(700000, 2))
    watch = bench.watch()
    watch.until_warned('long.bin: it was changed while it was being sent')
    phone.until_warned('the sender gave the file up')
    expect(os.listdir(bench.path('in')) == [], os.listdir(bench.path('in')))


def a_radio_that_dies_does_not_stop_the_file(bench):
    radio = bench.radio()
    bench.pair()
    watch, phone, content = start_sending(bench)
    radio.kill()
    watch.until('disconnected')
    bench.radio()
    watch.succeeds()
    phone.succeeds()
    arrived(bench, content)


def an_interrupted_sender_is_130_and_leaves_nothing(bench):
    bench.radio()
    bench.pair()
    watch, phone, content = start_sending(bench)
    watch.process.send_signal(signal.SIGINT)
    watch.fails(130)
    phone.until_warned('the sender gave the file up')
    phone.process.send_signal(signal.SIGTERM)
    expect(phone.end() == 130, phone.err)
    expect(os.listdir(bench.path('in')) == [], os.listdir(bench.path('in')))


def a_terminal_that_is_closed_ends_it_in_good_order(bench):
    bench.radio()
    bench.pair()
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    phone = bench.phone()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    watch = bench.watch()
    signal.signal(signal.SIGHUP, before)
    watch.until('connected')
    watch.process.send_signal(signal.SIGHUP)
    phone.process.send_signal(signal.SIGHUP)
    phone.succeeds()
    watch.until('disconnected')
    expect(watch.process.poll() is None, 'nohup is not heeded')


def nobody_there_in_time_is_75(bench):
    bench.radio()
    bench.pair()
    bench.file('a', b'a')
    bench.watch('--timeout', '1', 'send', 'a').fails(75, 'phone')


# Private adverts

def flights(bench, trace):
    text = bench.start('dissect', trace).succeeds()
    return [line.split('FLIGHT ')[1][0] for line in text.splitlines()
            if 'FLIGHT' in line]


def the_first_flight_follows_the_advert_without_hellos(bench):
    bench.radio()
    bench.pair()
    bench.file('a', b'data')
    for number in range(3):
        watch = bench.watch('--receive', bench.mkdir(f'in{number}'),
                            '--count', '1')
        bench.phone('--trace', 'trace.pcapng', 'send', 'a').succeeds()
        watch.succeeds()
        seen = flights(bench, 'trace.pcapng')
        expect(seen == ['2', '3'], seen)


# Peers of another version

def hello(role, version):
    """An engine's hello of that version (session/SPEC.md 1.1)."""
    return bytes([version, version, role, 0, 0, 0, 1, 0x10, 0x00, 0x01, 0xfd,
                  16, 32, 64]) + bytes(range(16))


def a_watch_of_another_version_is_76(bench):
    bench.radio()
    watch = StrangePeer(bench, StrangePeer.WATCH)
    phone = bench.phone('pair')
    watch.receive(watch.UP)
    watch.receive(watch.PDU)
    watch.flight(1, hello(0, 9))
    phone.fails(76, 'version 9', 'update')
    watch.close()


def a_phone_of_another_version_is_76(bench):
    bench.radio()
    watch = bench.watch('pair')
    phone = StrangePeer(bench, StrangePeer.PHONE)
    phone.receive(phone.UP)
    phone.flight(0, hello(1, 9))
    watch.fails(76, 'version 9', 'update')
    phone.close()


def strangers_end_nothing_of_a_watch(bench):
    """Who has no bond may come, and can say whatever it likes."""
    bench.radio()
    bench.pair()
    bench.file('a', b'data')
    watch = bench.watch('send', 'a')
    for number in range(6):
        phone = StrangePeer(bench, StrangePeer.PHONE)
        phone.receive(phone.UP)
        phone.flight(0, hello(1, 1 if number else 9))
        phone.receive(phone.PDU)
        if number:
            phone.flight(2, b'\x10' + pattern(64, number))
        phone.receive(phone.DOWN)
        phone.close()
    expect('pair' not in watch.err, watch.err)
    phone = bench.phone('--receive', bench.mkdir('in'), '--count', '1')
    watch.succeeds()
    phone.succeeds()
    expect(bench.content('in', 'a') == b'data', 'the file differs')


def strangers_end_nothing_of_a_phone(bench):
    """Who shows what a watch in the open shows can say whatever it likes."""
    bench.radio()
    bench.pair()
    bench.file('a', b'data')
    phone = bench.phone('send', 'a')
    watch = StrangePeer(bench, StrangePeer.WATCH)
    for number in range(6):
        watch.receive(watch.UP)
        watch.receive(watch.PDU)
        watch.flight(7, bytes([1, 1, 2]) if number else bytes([9, 9, 1]))
        watch.receive(watch.DOWN)
    watch.close()
    watch = bench.watch('--receive', bench.mkdir('in'), '--count', '1')
    phone.succeeds()
    watch.succeeds()
    expect('version 9' in phone.err, phone.err)
    expect('pair both again' in phone.err, phone.err)
    expect(bench.content('in', 'a') == b'data', 'the file differs')


def a_radio_of_another_version_says_sorry(bench):
    bench.radio()
    peer = StrangePeer(bench, StrangePeer.WATCH, version=9)
    expect(peer.receive(peer.SORRY) == b'\1', 'not sorry for the version')
    peer.close()


def a_peer_that_talks_nonsense_is_survived(bench):
    bench.radio()
    phone = bench.phone('--timeout', '20', 'pair', stdin=True)
    watch = StrangePeer(bench, StrangePeer.WATCH)
    watch.receive(watch.UP)
    for byte in (0xff, 0xf8, 0xe0, 0x00, 0x80, 0xc1):
        watch.socket.send(bytes([watch.PDU, byte]) + pattern(20))
    watch.close()
    real = bench.watch('pair', stdin=True)
    expect(real.until('code ') == phone.until('code '), 'the codes differ')


# The demo and its trace

def demo(bench, *args):
    return json.loads(bench.start('demo', '--json', *args).succeeds())


def the_demo_is_the_same_for_the_same_seed(bench):
    def figures(seed):
        shutil.rmtree(bench.path('out'), ignore_errors=True)
        result = demo(bench, '--seed', seed, '--loss', '3', '--out', 'out')
        for part in ('handover', 'answer'):
            del result[part]['path']
        return result

    first = figures(5)
    expect(first['verified'] is True, 'not verified')
    expect(first['handover']['bytes'] > 3000, 'the sample is small')
    expect(first == figures(5), 'the same seed gave another run')
    expect(first['code'] != figures(6)['code'], 'the seed does not matter')


def the_demo_hands_over_a_file(bench):
    content = pattern(123456)
    bench.file('x.bin', content)
    result = demo(bench, 'x.bin', '--mtu', '517', '--phy', '1m')
    path = result['handover']['path']
    expect(bench.content(path) == content, 'the file differs')
    expect(os.path.basename(path) == 'x.bin', path)
    expect(result['handover']['share_percent'] < 100, 'faster than light')


def text_is_compressed_unless_one_says_no(bench):
    if not PACKS:
        raise Skip('built without zlib')
    content = words(100000)
    bench.file('log.txt', content)
    packed = demo(bench, 'log.txt', '--out', 'a')['handover']
    plain = demo(bench, 'log.txt', '--out', 'b',
                 '--no-compression')['handover']
    for result in (packed, plain):
        expect(bench.content(result['path']) == content, 'the file differs')
    expect(packed['saved_percent'] > 60, packed)
    share = packed['pdu_bytes'] / plain['pdu_bytes']
    expect(abs(share - 1 + packed['saved_percent'] / 100) < 0.02, share)
    expect(packed['seconds'] < plain['seconds'] * 0.7, packed)
    expect(plain['saved_percent'] == 0, plain)
    expect(plain['pdu_bytes'] > 100000, plain)


def what_is_compressed_well_is_not_faster_than_the_radio(bench):
    bench.file('log.txt', 100000 * b'the same line\n')
    result = demo(bench, 'log.txt')['handover']
    expect(0 < result['share_percent'] < 100, result)


def what_is_compressed_already_does_not_suffer(bench):
    noise = pattern(300000)
    for name, content in (('noise', noise),
                          ('x.gz', zlib.compress(words(1000000), 9, 31)),
                          ('head-of-text', words(16384) + noise)):
        bench.file(name, content)
        packed = demo(bench, name, '--out', 'a')['handover']
        plain = demo(bench, name, '--out', 'b',
                     '--no-compression')['handover']
        expect(packed['pdu_bytes'] <= plain['pdu_bytes'],
               f'{name}: {packed}, plain {plain}')
        expect(bench.content(packed['path']) == content, name)


def the_demo_shows_a_person_what_happened(bench):
    text = bench.start('demo').succeeds()
    for word in ('watch', 'phone', 'paired', 'PDUs', 'overhead', 'on the air',
                 'compression', '% saved',
                 '% of the limit', 'bit for bit', 'workout.json'):
        expect(word in text, f'no {word!r}')


def blocks(data):
    """(type, body) of each block of a pcapng file."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from('<II', data, at)
        expect(length % 4 == 0 and length >= 12, f'length {length} at {at}')
        expect(struct.unpack_from('<I', data, at + length - 4)[0] == length,
               f'the lengths of the block at {at} differ')
        yield kind, data[at + 8:at + length - 4]
        at += length


def two_devices_compress_if_both_will(bench):
    if not PACKS:
        raise Skip('built without zlib')
    content = words(200000)
    bench.file('log.txt', content)
    bench.mkdir('in')
    bench.radio()
    bench.pair()
    for number, (sender, receiver, packs) in enumerate(
            (([], [], True), ([], ['--no-compression'], False),
             (['--no-compression'], [], False))):
        phone = bench.phone('--receive', 'in', '--count', '1', *receiver)
        watch = bench.watch(*sender, 'send', 'log.txt')
        line = watch.until('delivered log.txt, 200000 bytes')
        watch.succeeds()
        phone.succeeds()
        expect(line.endswith('% saved') == packs, line)
        name = f'log ({number}).txt' if number else 'log.txt'
        expect(bench.content('in', name) == content, 'the file differs')


def a_trace_has_every_pdu(bench):
    result = demo(bench, '--trace', 'trace.pcapng')
    packets, interfaces, sent = 0, 0, 0
    for kind, body in blocks(bench.content('trace.pcapng')):
        if kind == 1:
            expect(struct.unpack_from('<H', body)[0] == 201, 'link type')
            interfaces += 1
        elif kind == 6:
            _, _, _, kept, length = struct.unpack_from('<5I', body)
            expect(kept == length, 'a packet was cut')
            expect(b'watch to phone' in body or b'phone to watch' in body or
                   b'link' in body, 'no comment')
            packets += 1
            sent += body[20:24] == bytes(4)
    handover, answer = result['handover'], result['answer']
    pdus = sum(part[key] for part in (handover, answer)
               for key in ('pdus_watch', 'pdus_phone'))
    expect(interfaces == 2, f'{interfaces} interfaces')
    expect(sent > pdus, f'{sent} sent packets, {pdus} PDUs after pairing')
    expect(packets >= 2 * sent, 'not every PDU was received as well')


def wireshark_reads_a_trace(bench):
    if not shutil.which('tshark'):
        raise Skip('no tshark')
    demo(bench, '--trace', 'trace.pcapng')
    text = subprocess.run(
        ['tshark', '-n', '-r', bench.path('trace.pcapng'), '-T', 'fields',
         '-e', '_ws.col.Protocol', '-e', 'btatt.opcode', '-e',
         'frame.comment'], check=True, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout
    for word in ('ATT\t0x1b\twatch to phone: BULK', 'ATT\t0x52\tphone to watch'):
        expect(word in text, f'no {word!r} in {text[:2000]}')
    expect('alformed' not in text, 'malformed packets')


def a_trace_that_cannot_be_written_is_73(bench):
    bench.start('demo', '--trace', 'no/where').fails(73, 'no/where')


def peak_kib(process):
    """The most memory it ever had, looked at until it ends."""
    peak = 0
    while process.process.poll() is None:
        # Not its rusage, which begins with the memory of this program.
        with open(f'/proc/{process.process.pid}/status') as status:
            for line in status:
                if line.startswith('VmHWM:'):
                    peak = int(line.split()[1])
        time.sleep(0.005)
    return peak


def memory_does_not_grow_with_the_file(bench):
    if not PLAIN:
        raise Skip('a sanitizer keeps what was freed')
    peaks = []
    for length in (1 << 20, 64 << 20):
        with open(bench.path('f'), 'wb') as file:
            for at in range(0, length, 1 << 20):
                file.write(pattern(1 << 20, at + 1))
        process = bench.start('demo', 'f', '--out', 'out', '--json')
        peaks.append(peak_kib(process))
        process.succeeds()
    expect(1000 < peaks[0] and peaks[1] - peaks[0] < 512, f'{peaks} KiB')


CASES = [value for name, value in list(globals().items())
         if callable(value) and getattr(value, '__code__', None) and
         value.__module__ == '__main__' and
         value.__code__.co_varnames[:value.__code__.co_argcount] == ('bench',)]


def main(args):
    global PLAIN
    if not args or (len(args) > 1 and args[1] not in ('plain', 'sanitized')):
        print(__doc__, file=sys.stderr)
        return 64
    PLAIN = args[1:2] != ['sanitized']
    cases = [case for case in CASES
             if not args[2:] or case.__name__ in args[2:]]
    return run_cases(cases, os.path.abspath(args[0]))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
