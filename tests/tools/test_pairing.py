#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pairing as people do it, by every method, and bonds afterwards.

usage: test_pairing.py BATON [CASE...]

A case is named by its function.
"""
import contextlib
import json
import os
import pty
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

from program import PATIENCE, Skip, expect, run_cases


def word(line):
    """What follows the first word of a line."""
    return line.split(' ', 1)[1]


def start_code(bench):
    watch = bench.watch('-m', 'code', 'pair', stdin=True)
    phone = bench.phone('-m', 'code', 'pair', stdin=True)
    code = word(watch.until('show '))
    phone.until('type')
    return watch, phone, code


def bonds(bench, store):
    return json.loads(bench.start('bonds', '-s', store, '--json').succeeds())


def check_digit(digits):
    """ISO 7064, MOD 11,10."""
    product = 10
    for digit in digits:
        product = 2 * ((product + int(digit)) % 10 or 10) % 11
    return str((11 - product) % 10)


def another(code):
    """A code that is right in itself, and not that one."""
    other = str((int(code[0]) + 1) % 10) + code[1:6]
    return other + check_digit(other)


def enter(process, line):
    """What another one has shown in a line, without its first word."""
    process.say(word(line) + '\n')


def forget(bench):
    for store in ('watch-store', 'phone-store'):
        shutil.rmtree(bench.path(store))


# A typed code

def a_code_typed_on_the_phone_pairs(bench):
    bench.radio()
    watch, phone, code = start_code(bench)
    expect(re.fullmatch(r'\d{7}', code), code)
    phone.say(f'{code[:3]} {code[3:]}\n')
    watch.succeeds()
    phone.succeeds()
    expect(len(bonds(bench, 'watch-store')['bonds']) == 1, 'no bond')
    expect(len(bonds(bench, 'phone-store')['bonds']) == 1, 'no bond')


def what_is_no_code_is_asked_for_again(bench):
    bench.radio()
    watch, phone, code = start_code(bench)
    for count, text in enumerate(('', '123456', code[::-1] + '0', 'yes')):
        phone.say(text + '\n')
        end = time.monotonic() + PATIENCE
        while phone.out.count('wrong') <= count:
            expect(time.monotonic() < end, phone.out)
            time.sleep(0.02)
    phone.say(code + '\n')
    watch.succeeds()
    phone.succeeds()


def another_code_is_refused_and_counted(bench):
    bench.radio()
    watch, phone, code = start_code(bench)
    phone.say(another(code) + '\n')
    phone.fails(65, 'not paired', 'new code')
    watch.fails(65, 'not paired', 'new code')
    for store in ('watch-store', 'phone-store'):
        seen = bonds(bench, store)
        expect(seen == {'bonds': [], 'tries': 1}, seen)
        bench.start('bonds', '-s', store, 'forgive').succeeds()
        expect(bonds(bench, store)['tries'] == 0, 'not forgiven')


def no_code_is_no_bond(bench):
    bench.radio()
    watch, phone, _ = start_code(bench)
    phone.process.stdin.close()
    phone.fails(77, 'no code was typed')
    watch.kill()


def a_bond_forgives_the_tries(bench):
    bench.radio()
    watch, phone, code = start_code(bench)
    phone.say(another(code) + '\n')
    phone.end()
    watch.end()
    bench.pair()
    expect(bonds(bench, 'watch-store')['tries'] == 0, 'not forgiven')


def ten_codes_and_no_more(bench):
    bench.radio()
    for _ in range(10):
        watch, phone, code = start_code(bench)
        phone.say(another(code) + '\n')
        phone.end()
        watch.end()
        bench.start('bonds', '-s', 'phone-store', 'forgive').succeeds()
    expect(bonds(bench, 'watch-store')['tries'] == 10, 'not counted')
    watch = bench.watch('-m', 'code', 'pair')
    bench.phone('-m', 'code', 'pair', stdin=True).fails(77, 'forgive')
    watch.kill()
    bench.start('bonds', '-s', 'watch-store', 'forgive').succeeds()
    watch, phone, code = start_code(bench)
    phone.say(code + '\n')
    watch.succeeds()
    phone.succeeds()


def a_watch_that_is_only_typed_on_has_the_phone_show(bench):
    bench.radio()
    watch = bench.watch('-m', 'code-type', 'pair', stdin=True)
    phone = bench.phone('-m', 'code', 'pair', stdin=True)
    watch.until('type')
    enter(watch, phone.until('show '))
    watch.succeeds()
    phone.succeeds()


def nobody_is_asked_where_nobody_answers(bench):
    """stdin decides who shows; without --method too."""
    bench.radio()
    watch = bench.watch('-m', 'code', 'pair', stdin=True)
    phone = bench.phone('-m', 'code', 'pair')
    watch.until('type')
    enter(watch, phone.until('show '))
    watch.succeeds()
    phone.succeeds()
    forget(bench)
    watch = bench.watch('pair', stdin=True)
    phone = bench.phone('pair')
    watch.until('scan')
    enter(watch, phone.until('secret '))
    watch.succeeds()
    phone.succeeds()
    bench.watch('-m', 'code-type', 'pair').fails(64, 'nobody')
    bench.watch('-m', 'compare', 'pair').fails(64, '/dev/null')
    bench.watch('-m', 'compare', '-t', '3', 'pair', before=[
        'sh', '-c', 'exec "$0" "$@" <&-']).fails(64, 'closed')


# A QR code

def start_qr(bench):
    watch = bench.watch('-m', 'qr', 'pair', stdin=True)
    phone = bench.phone('-m', 'qr', 'pair', stdin=True)
    phone.until('scan')
    return watch, phone, word(watch.until('secret '))


def one_side_chooses_for_both(bench):
    bench.radio()
    for method, shows, asks in (('qr', 'secret ', 'scan'),
                                ('code', 'show ', 'type')):
        watch = bench.watch('-m', method, 'pair', stdin=True)
        phone = bench.phone('pair', stdin=True)
        phone.until(asks)
        enter(phone, watch.until(shows))
        watch.succeeds()
        phone.succeeds()


def what_was_scanned_pairs(bench):
    bench.radio()
    watch, phone, secret = start_qr(bench)
    expect(re.fullmatch(r'BATON1:[A-Z2-7]{56}', secret), secret)
    phone.say(secret + '\n')
    watch.succeeds()
    phone.succeeds()


def it_may_be_typed_in_several_lines_and_again(bench):
    bench.radio()
    watch, phone, secret = start_qr(bench)
    letters = secret[7:]
    wrong = ('B' if letters[0] == 'A' else 'A') + letters[1:]
    phone.say(wrong + '\n')
    phone.until('wrong')
    phone.say(f'{letters[:20].lower()}\n{letters[20:40]} -\n{letters[40:]}\n')
    watch.succeeds()
    phone.succeeds()


def a_phone_shows_what_a_watch_scans(bench):
    bench.radio()
    for scans, shows in (('qr-scan', 'qr-show'), ('qr', 'qr-show'),
                         ('qr-scan', 'qr'), ('qr-scan', None)):
        watch = bench.watch('-m', scans, 'pair', stdin=True)
        phone = bench.phone(*(('-m', shows) if shows else ()), 'pair',
                            stdin=True)
        watch.until('scan')
        enter(watch, phone.until('secret '))
        watch.succeeds()
        phone.succeeds()
        forget(bench)


def two_that_only_show_do_not_pair(bench):
    bench.radio()
    watch = bench.watch('-m', 'qr-show', 'pair', stdin=True)
    bench.phone('-m', 'qr-show', 'pair', stdin=True).fails(77, 'this way')
    watch.kill()


def nothing_scanned_is_no_bond(bench):
    bench.radio()
    watch, phone, _ = start_qr(bench)
    phone.process.stdin.close()
    phone.fails(77, 'no QR code')
    watch.kill()


def one_by_qr_and_one_by_comparison_do_not_pair(bench):
    bench.radio()
    watch = bench.watch('-m', 'qr', 'pair', stdin=True)
    bench.phone('-m', 'compare', 'pair',
                stdin=True).fails(77, 'not paired', 'pair both')
    watch.kill()


# What a person sees

class Screen:
    """A terminal with a program on it, which ends with the bench."""

    err = ''

    def __init__(self, bench, columns, *args):
        self.args = args
        self.text = ''
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(bench.dir)
            os.environ['LC_ALL'] = 'C.UTF-8'
            subprocess.run(['stty', 'cols', str(columns)], check=True)
            os.execv(bench.program, [bench.program, *args])
        os.set_blocking(self.fd, False)
        bench.processes.append(self)

    @property
    def out(self):
        return self.text

    def until(self, pattern):
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.text):
            expect(time.monotonic() < end, f'no {pattern!r}: {self.text}')
            try:
                self.text += os.read(self.fd, 65536).decode()
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                break
        found = re.search(pattern, self.text)
        expect(found, f'no {pattern!r}: {self.text}')
        return found

    def say(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        status = os.waitpid(self.pid, 0)[1]
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def kill(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self.end()

    def __str__(self):
        return ' '.join(self.args)

    def widest(self):
        lines = re.sub(r'\x1b\[[\d;]*m', '', self.text).splitlines()
        return max(len(line) for line in lines)


def screen_of(bench, columns, method, role):
    return Screen(bench, columns, 'pair', role, '-b', 'sim:radio', '-s',
                  f'{role}-store', '-m', method)


def screens(bench, columns, method):
    return [screen_of(bench, columns, method, role)
            for role in ('watch', 'phone')]


def drawn(text, path):
    """The QR code of a screen as a picture that a scanner reads."""
    rows = []
    for line in re.findall(r'\x1b\[97;40m(.*?)\x1b\[0m', text):
        rows.append(''.join('1' if c in '▀█' else '0' for c in line))
        rows.append(''.join('1' if c in '▄█' else '0' for c in line))
    scale = 8
    with open(path, 'wb') as file:
        file.write(b'P5 %d %d 255\n' % (len(rows[0]) * scale,
                                        len(rows) * scale))
        for row in rows:
            file.write(b''.join((b'\xff' if c == '1' else b'\0') * scale
                                for c in row) * scale)


def a_qr_code_fits_40_columns_and_is_read_by_a_scanner(bench):
    if not shutil.which('zbarimg'):
        raise Skip('no zbarimg')
    bench.radio()
    watch, phone = screens(bench, 40, 'qr')
    watch.until('Show it to nobody else')
    if '▀' not in watch.text:
        watch.say('\x03')
        raise Skip('built without libqrencode')
    expect(watch.widest() <= 40, watch.text)
    drawn(watch.text, bench.path('code.pgm'))
    secret = subprocess.run(
        ['zbarimg', '-q', '--raw', bench.path('code.pgm')], check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True).stdout.strip()
    expect(re.fullmatch(r'BATON1:[A-Z2-7]{56}', secret), secret)
    phone.until('two minutes')
    phone.say(secret + '\n')
    watch.until('paired')
    phone.until('paired')
    expect(watch.end() == 0 and phone.end() == 0, watch.text + phone.text)


def everything_fits_40_columns(bench):
    bench.radio()
    watch, phone = screens(bench, 40, 'compare')
    for screen in (watch, phone):
        screen.until(r'minutes\? \[y/N\] ')
        screen.say('y\n')
    for screen in (watch, phone):
        screen.until('paired')
        expect(screen.widest() <= 40, screen.text)
        expect(screen.end() == 0, screen.text)
    forget(bench)
    watch, phone = screens(bench, 40, 'code')
    code = watch.until(r'(\d{3} \d{3} \d) serves once').group(1)
    phone.until('Code: ')
    phone.say('123 456\n')
    phone.until('say no there')
    phone.say(code + '\n')
    for screen in (watch, phone):
        screen.until('paired')
        expect(screen.widest() <= 40, screen.text)
        expect(screen.end() == 0, screen.text)


def what_is_said_after_a_question_has_lines_of_its_own(bench):
    bench.radio()
    watch, phone = screens(bench, 40, 'compare')
    for screen in (watch, phone):
        screen.until(r'minutes\? \[y/N\] ')
    phone.say('n\n')
    for screen in (watch, phone):
        screen.until(r'\nbaton: not paired[^\0]*both\s+again\r\n')
        expect(screen.widest() <= 40, screen.text)
        expect(screen.end() == 77, screen.text)


def numbers_of_a_link_that_was_lost_are_void(bench):
    bench.radio()
    watch, phone = screens(bench, 40, 'compare')
    for screen in (watch, phone):
        screen.until(r'minutes\? \[y/N\] ')
    watch.kill()
    phone.until(r'\nThe watch is gone; looking for it\.\r\n')
    # What was answered too late is no answer to the next question.
    phone.say('y\n')
    watch = screen_of(bench, 40, 'compare', 'watch')
    for screen in (watch, phone):
        screen.until(r'minutes\? \[y/N\] (?![^\0]*The watch is gone)')
    watch.say('y\n')
    watch.until('Waiting for the phone')
    time.sleep(1)
    phone.until(r'minutes\? \[y/N\] $')
    phone.say('y\n')
    for screen in (watch, phone):
        screen.until('paired')
        expect(screen.widest() <= 40, screen.text)
        expect(screen.end() == 0, screen.text)


def a_script_answers_the_numbers_that_it_was_given(bench):
    bench.radio()
    watch, phone = bench.watch('pair', stdin=True), bench.phone('pair',
                                                                stdin=True)
    code = phone.until('code ')
    watch.until('code ')
    watch.kill()
    time.sleep(2)
    phone.say('y\n')
    watch = bench.watch('pair', stdin=True)
    code = watch.until('code ')
    watch.say('y\n')
    phone.until(code)
    time.sleep(1)
    expect('paired' not in phone.out, 'nobody has compared')
    phone.say('y\n')
    phone.succeeds()
    watch.succeeds()


def who_compares_has_two_minutes_whenever_that_began(bench):
    bench.radio()
    watch = bench.watch('pair', stdin=True)
    begun = time.monotonic()
    time.sleep(105)
    phone = bench.phone('pair', stdin=True)
    phone.until('code ')
    time.sleep(begun + 135 - time.monotonic())
    for one in (watch, phone):
        one.say('y\n')
    watch.succeeds()
    phone.succeeds()


def answers_without_an_end_are_not_dropped_for_ever(bench):
    bench.radio()
    watch = bench.watch('pair', stdin=True)
    phone = bench.phone('pair', stdin='/dev/zero')
    watch.until('code ')
    phone.until('code ')
    watch.kill()
    watch = bench.watch('pair', stdin=True)
    phone.until(watch.until('code '), 10)
    phone.process.terminate()
    expect(phone.end() == 130, phone.err)


def the_rate_of_a_file_is_one_that_the_radio_has(bench):
    radio = bench.radio()
    bench.pair()
    bench.file('long', os.urandom(600000))
    bench.mkdir('in')
    bench.phone('--receive', 'in')
    watch = Screen(bench, 80, 'watch', '-b', 'sim:radio', '-s', 'watch-store',
                   '--no-compression', 'send', 'long')
    watch.until(r' (\d+\.\d)\skB/s')
    radio.kill()
    bench.radio()
    watch.until('delivered long')
    rates = [float(rate) for rate in re.findall(r' (\d+\.\d)\skB/s',
                                                watch.text)]
    # 1386 kbit/s, and a host that may be late at the first look.
    expect(rates and max(rates) < 1.25 * 1386 / 8, rates)
    expect(watch.end() == 0, watch.text)


# Bonds

def an_empty_name_is_no_bond(bench):
    bench.radio()
    bench.pair()
    database = sqlite3.connect(bench.path('watch-store', 'store.db'))
    with contextlib.closing(database):
        database.execute("DELETE FROM value WHERE key LIKE 'name/%'")
        database.commit()
    bench.start('bonds', '-s', 'watch-store', 'revoke', '').fails(64, 'no bond')
    expect(len(bonds(bench, 'watch-store')['bonds']) == 1, 'revoked')


def several_phones_each_have_their_bond(bench):
    bench.radio()
    bench.pair()
    bench.pair_second()
    seen = bonds(bench, 'watch-store')['bonds']
    expect(sorted(b['name'] for b in seen) == ['first', 'phone'], seen)
    expect(len({b['id'] for b in seen}) == 2, seen)

    bench.start('bonds', '-s', 'watch-store', 'revoke', 'first').succeeds()
    bench.file('a', b'data')
    watch = bench.watch('--receive', bench.mkdir('in'), '--count', '1')
    # What the watch shows is nothing to the phone any more.
    bench.start('phone', '-b', 'sim:radio', '-s', 'first-store', '--timeout',
                '6', 'send', 'a').fails(75, 'watch')
    bench.phone('send', 'a').succeeds()
    watch.succeeds()


def revoking_reaches_the_programs_that_run(bench):
    for own, peer in (('watch', 'phone'), ('phone', 'watch')):
        bench.radio() if own == 'watch' else None
        bench.pair()
        watch, phone = bench.watch(), bench.phone()
        watch.until('connected')
        phone.until('connected')
        out = bench.start('bonds', '-s', f'{own}-store', 'revoke',
                          peer).succeeds()
        expect('told now' in out, out)
        watch.fails(77, 'the phone was revoked', 'pair both')
        phone.fails(77, 'the watch was revoked', 'pair both')
        for store in ('watch-store', 'phone-store'):
            expect(not bonds(bench, store)['bonds'], store)


def revoking_one_leaves_the_others(bench):
    bench.radio()
    bench.pair()
    bench.pair_second()
    bench.file('a', b'data')
    watch = bench.watch('--receive', bench.mkdir('in'), '--count', '1')
    phone = bench.phone()
    watch.until('connected')
    phone.until('connected')
    out = bench.start('bonds', '-s', 'watch-store', 'revoke',
                      'first').succeeds()
    expect('when it comes' in out, out)
    watch.until('revoked ')
    phone.process.terminate()
    phone.succeeds()
    bench.phone('send', 'a').succeeds()
    watch.succeeds()
    left = bonds(bench, 'watch-store')['bonds']
    expect([b['name'] for b in left] == ['phone'], left)


def two_watches(bench):
    """A phone that has a bond with "old", whose store is old-store, too."""
    bench.radio()
    bench.pair()
    bench.start('bonds', '-s', 'phone-store', 'rename', 'watch',
                'old').succeeds()
    os.rename(bench.path('watch-store'), bench.path('old-store'))
    bench.pair()


def a_send_to_a_bond_goes_to_no_other(bench):
    two_watches(bench)
    bench.file('a', b'data')
    phone = bench.phone('--bond', 'old', 'send', 'a')
    control = bench.path('phone-store', 'control')
    while not os.path.exists(control):
        time.sleep(0.02)
    bench.start('bonds', '-s', 'phone-store', 'revoke', 'old').succeeds()
    phone.fails(77, 'revoked')


def a_command_without_a_link_is_for_the_bond_that_was_chosen(bench):
    two_watches(bench)
    for name in ('old', 'watch'):
        phone = bench.phone('--bond', name, stdin=True)
        phone.say(f'queue for {name}\n')
        phone.until('queued 1')
        watch = bench.start('watch', '-b', 'sim:radio', '-s',
                            f'{name}-store')
        watch.until(f'item 1 for {name}')
        phone.kill()
        watch.kill()


def a_command_after_a_link_is_for_the_device_that_was_there(bench):
    bench.radio()
    bench.pair()
    os.rename(bench.path('phone-store'), bench.path('first-store'))
    bench.pair()
    watch = bench.watch(stdin=True)
    for times, name in enumerate(('phone', 'first'), 1):
        phone = ('phone', '-b', 'sim:radio', '-s', f'{name}-store')
        there = bench.start(*phone)
        there.until('active')
        there.kill()
        while watch.out.count('disconnected') < 2 * times - 1:
            time.sleep(0.02)
        watch.say(f'queue for {name}\n')
        there = bench.start(*phone)
        there.until(f'item 1 for {name}')
        there.kill()


def what_waits_for_one_device_keeps_no_send_to_another_waiting(bench):
    two_watches(bench)
    bench.file('a', b'data')
    phone = bench.phone('--bond', 'old', stdin=True)
    phone.say('send a\n')
    phone.until('sending a, 4 bytes')
    phone.kill()
    watch = bench.watch('--receive', bench.mkdir('in'), '--count', '1')
    phone = bench.phone('--bond', 'watch', '--timeout', '20', 'send', 'a')
    phone.succeeds()
    watch.succeeds()
    expect(bench.content('in', 'a') == b'data', 'not the file')


def a_file_that_waits_for_two_devices_waits_once_for_each(bench):
    two_watches(bench)
    bench.file('a', b'data')
    for name in ('old', 'watch'):
        phone = bench.phone('--bond', name, stdin=True)
        phone.say('send a\nsend a\n')
        while phone.out.count('to send a') < 2:
            time.sleep(0.02)
        phone.until('sending a, 4 bytes')
        phone.kill()
    out = bench.start('queue', 'phone', '-s', 'phone-store',
                      '--json').succeeds()
    files = [len(peer['files']) for peer in json.loads(out)['peers']]
    expect(files == [1, 1], files)


def revoking_one_ends_no_send_to_another(bench):
    two_watches(bench)
    bench.file('short', os.urandom(300000))
    bench.file('long', os.urandom(2000000))
    watch = bench.watch('--receive', bench.mkdir('in'), '--count', '2')
    phone = bench.phone('--bond', 'watch', 'send', 'short', 'long')
    phone.until('sending long')
    bench.start('bonds', '-s', 'phone-store', 'revoke', 'old').succeeds()
    phone.until('revoked ')
    expect('delivered' not in phone.out, 'too late')
    phone.succeeds()
    expect('delivered long' in phone.out, phone.out)
    watch.succeeds()


def revoking_the_device_that_is_sent_to_ends_the_send(bench):
    """Though there are others, to which nothing of it is to go."""
    two_watches(bench)
    bench.file('long', os.urandom(2000000))
    watch = bench.watch('--receive', bench.mkdir('in'))
    for job in (('send', 'long'), ('pipe',)):
        phone = bench.phone('--timeout', '20', *job, stdin=True)
        if job == ('pipe',):
            watch = bench.watch('pipe', stdin=True)
            watch.say('hello')
            while phone.out != 'hello':
                time.sleep(0.02)
        else:
            watch.until('receiving long')
        bench.start('bonds', '-s', 'phone-store', 'revoke',
                    'watch').succeeds()
        expect(phone.end() == 77, phone.err)
        expect('the watch was revoked' in phone.err, phone.err)
        watch.kill()
        bench.pair()


def bonds_of_a_program_that_runs_are_listed_and_renamed(bench):
    bench.radio()
    bench.pair()
    bench.watch()
    control = bench.path('watch-store', 'control')
    while not os.path.exists(control):
        time.sleep(0.02)
    bench.start('bonds', '-s', 'watch-store', 'rename', 'phone',
                'Anna').succeeds()
    seen = bonds(bench, 'watch-store')
    expect(seen['bonds'][0]['name'] == 'Anna' and seen['tries'] == 0, seen)
    bench.start('bonds', '-s', 'watch-store', 'forgive').succeeds()
    bench.start('bonds', '-s', 'watch-store', 'revoke', 'Bob').fails(64, 'Bob')


def a_phone_chooses_among_watches(bench):
    bench.radio()
    bench.pair()
    bench.start('bonds', '-s', 'phone-store', 'rename', 'watch',
                'old').succeeds()
    os.rename(bench.path('watch-store'), bench.path('old-store'))
    bench.pair()
    bench.file('a', b'data')
    old = bench.start('watch', '-b', 'sim:radio', '-s', 'old-store',
                      '--receive', bench.mkdir('in'), '--count', '1')
    bench.phone('--bond', 'old', 'send', 'a').succeeds()
    old.succeeds()
    new = bench.watch('--receive', bench.mkdir('new'), '--count', '1')
    bench.phone('--bond', 'old', '--timeout', '6', 'send',
                'a').fails(75, 'watch')
    bench.phone('--bond', 'watch', 'send', 'a').succeeds()
    new.succeeds()
    bench.phone('--bond', 'nobody', 'send', 'a').fails(64, 'nobody')


def bonds_show_no_secret_and_take_good_names_only(bench):
    bench.radio()
    bench.pair()
    lines = bench.start('bonds', '-s', 'watch-store').succeeds().splitlines()
    expect(len(lines) == 1, lines)
    expect(re.fullmatch(r'[0-9a-f]{8}  \d{4}-\d\d-\d\d \d\d:\d\d  phone',
                        lines[0]), lines)
    bond = lines[0].split()[0]
    for name in ('', 'x' * 41, 'a\nb', 'a\x1bb'):
        bench.start('bonds', '-s', 'watch-store', 'rename', bond,
                    name).fails(64, 'name')
    bench.start('bonds', '-s', 'watch-store', 'rename', bond[:4],
                'Anna’s').succeeds()
    expect(bonds(bench, 'watch-store')['bonds'][0]['name'] == 'Anna’s',
           'not renamed')
    bench.start('bonds', '-s', 'watch-store', 'revoke', 'Bob').fails(64, 'Bob')
    bench.start('bonds').fails(64, '--role')
    bench.start('bonds', '-s', 'watch-store', 'burn').fails(64, 'revoke')


def no_store_is_no_bonds(bench):
    out = bench.start('bonds', '-s', 'nowhere').succeeds()
    expect('no bonds' in out, out)
    expect(not os.path.exists(bench.path('nowhere')), 'it was made')
    bench.start('bonds', '-s', 'nowhere', 'revoke', 'x').fails(64, 'nowhere')


def wrong_usage_of_pairing_is_64(bench):
    bench.start('pair').fails(64, 'watch')
    bench.start('pair', 'clock', '-b', 'sim:x').fails(64, 'phone')
    bench.watch('-m', 'smoke', 'pair').fails(64, 'smoke')
    bench.watch('-m', 'code', '--yes-if', '123456', 'pair').fails(64, 'stdin')


CASES = (
    a_code_typed_on_the_phone_pairs,
    what_is_no_code_is_asked_for_again,
    another_code_is_refused_and_counted,
    no_code_is_no_bond,
    a_bond_forgives_the_tries,
    ten_codes_and_no_more,
    a_watch_that_is_only_typed_on_has_the_phone_show,
    nobody_is_asked_where_nobody_answers,
    one_side_chooses_for_both,
    two_that_only_show_do_not_pair,
    what_was_scanned_pairs,
    it_may_be_typed_in_several_lines_and_again,
    a_phone_shows_what_a_watch_scans,
    nothing_scanned_is_no_bond,
    one_by_qr_and_one_by_comparison_do_not_pair,
    a_qr_code_fits_40_columns_and_is_read_by_a_scanner,
    everything_fits_40_columns,
    what_is_said_after_a_question_has_lines_of_its_own,
    numbers_of_a_link_that_was_lost_are_void,
    a_script_answers_the_numbers_that_it_was_given,
    answers_without_an_end_are_not_dropped_for_ever,
    the_rate_of_a_file_is_one_that_the_radio_has,
    an_empty_name_is_no_bond,
    several_phones_each_have_their_bond,
    revoking_reaches_the_programs_that_run,
    revoking_one_leaves_the_others,
    a_send_to_a_bond_goes_to_no_other,
    a_command_without_a_link_is_for_the_bond_that_was_chosen,
    a_command_after_a_link_is_for_the_device_that_was_there,
    what_waits_for_one_device_keeps_no_send_to_another_waiting,
    a_file_that_waits_for_two_devices_waits_once_for_each,
    revoking_one_ends_no_send_to_another,
    revoking_the_device_that_is_sent_to_ends_the_send,
    bonds_of_a_program_that_runs_are_listed_and_renamed,
    a_phone_chooses_among_watches,
    bonds_show_no_secret_and_take_good_names_only,
    no_store_is_no_bonds,
    wrong_usage_of_pairing_is_64,
)

# Only where they are named.
SLOW = (
    who_compares_has_two_minutes_whenever_that_began,
)


def main():
    program = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    return run_cases([case for case in CASES + SLOW
                      if case.__name__ in wanted] if wanted else CASES,
                     program)


if __name__ == '__main__':
    sys.exit(main())
