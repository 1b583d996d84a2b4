#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Commands to running programs, and the example that people copy.

usage: test_commands.py BATON NOTES [CASE...]

A case is named by its function.
"""
import contextlib
import ctypes
import json
import os
import resource
import sqlite3
import struct
import sys
import time

from program import PATIENCE, expect, run_cases

NOTES = None


def both(bench, watch=(), phone=()):
    """Two that stay, paired and active."""
    bench.radio()
    bench.pair()
    w = bench.watch(*watch, stdin=True)
    p = bench.phone(*phone, stdin=True)
    w.until('active')
    p.until('active')
    return w, p


def tell(bench, role, *words):
    return bench.start(role, '--store', f'{role}-store', *words)


def status(bench, role):
    return json.loads(tell(bench, role, 'status', '--json').succeeds())


def until(what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not what():
        expect(time.monotonic() < end, 'not in time')
        time.sleep(0.05)


def an_activity_goes_to_the_watch_and_comes_back(bench):
    watch, phone = both(bench)
    tell(bench, 'phone', 'offer', 'a', 'walk').succeeds()
    watch.until('offered ')
    tell(bench, 'watch', 'accept').succeeds()
    expect(watch.until('adopted ').endswith(' a walk'), watch.out)
    phone.until('given ')
    lent, = status(bench, 'phone')['activities']
    leased, = status(bench, 'watch')['activities']
    expect(lent['hold'] == 'lent' and not lent['may_act'], lent)
    expect(leased['hold'] == 'leased' and leased['may_act'], leased)
    watch.say('return\n')
    phone.until('offered ')
    phone.say('accept\n')
    watch.until('given ')
    until(lambda: status(bench, 'phone')['activities'][0]['may_act'])
    expect(status(bench, 'phone')['activities'][0]['state'] == 'a walk', '')


def the_phone_has_back_what_it_lent_when_it_wants_it(bench):
    watch, phone = both(bench, watch=['--accept'])
    phone.say('offer a walk\n')
    watch.until('adopted ')
    phone.until('given ')
    tell(bench, 'phone', 'return').succeeds()
    watch.until('asked-back ')
    watch.until('given ')
    until(lambda: status(bench, 'phone')['activities'][0]['may_act'])
    expect(status(bench, 'watch')['activities'] == [], 'two have it')
    phone.say('return\n')
    phone.until_warned('return: not possible now')


def a_script_hands_over_without_a_person(bench):
    watch, phone = both(bench, watch=['--accept'],
                        phone=['--do', 'offer a ride', '--lease', '60'])
    expect(watch.until('adopted ').endswith(' a ride'), watch.out)
    phone.until('given ')
    left = status(bench, 'watch')['activities'][0]['lease_left_ms']
    expect(0 < left <= 60000, left)


def an_offer_may_be_refused_and_cancelled(bench):
    watch, phone = both(bench)
    phone.say('offer a walk\n')
    watch.until('offered ')
    watch.say('refuse\n')
    phone.until('kept ')
    phone.say('offer\n')
    until(lambda: watch.out.count('offered ') == 2)
    phone.say('cancel\n')
    watch.until('withdrawn ')
    phone.say('finish\n')
    phone.until('finished ')
    expect(status(bench, 'phone')['activities'] == [], 'not finished')


def a_person_may_hand_over_again_and_again(bench):
    """On one link, faster than tokens run out of time."""
    watch, phone = both(bench)

    def seen(program, text, times):
        until(lambda: program.out.count(text) == times)

    for times in range(1, 11):
        phone.say(f'offer walk {times}\n')
        seen(watch, 'offered ', 3 * times - 2)
        watch.say('refuse\n')
        seen(phone, 'kept ', times)
        phone.say('offer\n')
        seen(watch, 'offered ', 3 * times - 1)
        phone.say('cancel\n')
        seen(watch, 'withdrawn ', times)
        phone.say('offer\n')
        seen(watch, 'offered ', 3 * times)
        watch.say('accept\n')
        seen(phone, 'given ', times)
        watch.say('return\n')
        seen(phone, 'offered ', times)
        phone.say('accept\n')
        seen(watch, 'given ', times)
        phone.say('finish\n')
        seen(phone, 'finished ', times)
    expect(watch.out.count('connected') == 1, watch.out)


def an_offer_of_another_phone_is_in_nobodys_way(bench):
    bench.radio()
    bench.pair()
    bench.pair_second()
    watch = bench.watch(stdin=True)
    first = bench.start('phone', '--bearer', 'sim:radio', '--store',
                        'first-store', '--do', 'offer a walk')
    watch.until('offered ')
    first.kill()
    phone = bench.phone('--do', 'offer a ride')
    until(lambda: watch.out.count('offered ') == 2)
    watch.say('accept\n')
    expect(watch.until('adopted ').endswith(' a ride'), watch.out)
    phone.until('given ')


def more_than_there_is_room_for_is_said(bench):
    bench.radio()
    bench.pair()
    phone = bench.phone(stdin=True)
    for command in ('offer a walk', 'queue an item'):
        phone.say(f'{command}\n' * 257)
        word = command.split()[0]
        phone.until_warned(f'{word}: there are as many as there may be')
    until(lambda: status(bench, 'phone')['queue_out'] == 256)
    expect(len(status(bench, 'phone')['activities']) == 8, 'not 8')


def items_and_the_context_arrive(bench):
    watch, phone = both(bench)
    for text in ('one', 'two'):
        tell(bench, 'watch', 'queue', text).succeeds()
    phone.until('item 1 one')
    phone.until('item 2 two')
    watch.until('taken 2')
    tell(bench, 'phone', 'context', 'at', 'home').succeeds()
    watch.until('context at home')
    expect(status(bench, 'watch')['context'] == 'at home', 'no context')
    expect(status(bench, 'watch')['queue_out'] == 0, 'items left')


def what_arrives_gives_a_terminal_no_orders(bench):
    """Control characters of both kinds, and those that turn a line round."""
    watch, phone = both(bench)
    watch.say('queue a\x1b[31mb\x9b31mc\u202ed\u2028e \u00e9\u200d\n')
    phone.until('item 1 a?[31mb?31mc?d?e \u00e9\u200d')


def items_after_pairing_anew_replace_none_of_before(bench):
    inbox = bench.mkdir('in')
    bench.radio()
    for text in ('before', 'after'):
        bench.pair()
        watch = bench.watch(stdin=True)
        phone = bench.phone('--receive', inbox)
        watch.until('active')
        watch.say(f'queue {text}\n')
        phone.until(f'item 1 {text}')
        watch.until('taken 1')
        tell(bench, 'phone', 'revoke').succeeds()
        for program in (watch, phone):
            program.until('revoked')
            program.kill()
    items = [bench.content(inbox, name)
             for name in os.listdir(bench.path(inbox))]
    expect(sorted(items) == [b'after', b'before'], items)


def an_item_that_cannot_be_written_is_written_later(bench):
    """A directory that is away for a while, or a disk that is full."""
    inbox = bench.mkdir('in')
    watch, phone = both(bench, phone=['--receive', inbox])
    os.rmdir(bench.path(inbox))
    watch.say('queue one\nqueue two\n')
    phone.until('item 1 cannot be written')
    watch.until('taken 2')
    expect(status(bench, 'phone')['queue_in'] == 2, 'an item is gone')
    bench.mkdir(inbox)
    phone.until('item 2 two')
    until(lambda: status(bench, 'phone')['queue_in'] == 0)
    items = [line for line in phone.out.splitlines()
             if line.startswith('item ')]
    expect(items[1:] == ['item 1 one', 'item 2 two'], items)
    expect(sorted(bench.content(inbox, name)
                  for name in os.listdir(bench.path(inbox))) ==
           [b'one', b'two'], os.listdir(bench.path(inbox)))


class Onlooker:
    """The names of all that is ever made in a directory, or comes to it."""

    CREATE, MOVED_TO = 0x100, 0x80

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        expect(self.fd >= 0, 'no inotify')
        expect(libc.inotify_add_watch(self.fd, os.fsencode(path),
                                      self.CREATE | self.MOVED_TO) >= 0, path)

    def seen(self):
        """(made, moved here): names."""
        events, at, made, moved = os.read(self.fd, 65536), 0, [], []
        os.close(self.fd)
        while at < len(events):
            _, mask, _, length = struct.unpack_from('iIII', events, at)
            name = events[at + 16:at + 16 + length].rstrip(b'\0').decode()
            (made if mask & self.CREATE else moved).append(name)
            at += 16 + length
        return made, moved


def who_looks_for_items_sees_whole_ones_only(bench):
    inbox = bench.mkdir('in')
    watch, phone = both(bench, phone=['--receive', inbox])
    onlooker = Onlooker(bench.path(inbox))
    watch.say('queue one\nqueue two\n')
    phone.until('item 2 two')
    names = sorted(os.listdir(bench.path(inbox)))
    expect([bench.content(inbox, name) for name in names] ==
           [b'one', b'two'], names)
    made, moved = onlooker.seen()
    expect(all(name.startswith('.') for name in made), made)
    expect(sorted(name for name in moved if name[0] != '.') == names, moved)


def what_was_queued_apart_arrives_later(bench):
    bench.radio()
    bench.pair()
    watch = bench.watch(stdin=True)
    watch.say('queue for later\n')
    watch.until('queued 1')
    watch.kill()
    bench.watch()
    bench.phone().until('item 1 for later')


def a_suspended_session_waits_and_goes_on(bench):
    watch, phone = both(bench)
    tell(bench, 'watch', 'suspend').succeeds()
    phone.until('suspended over there')
    watch.say('queue waits\n')
    watch.until('queued 1')
    expect(status(bench, 'phone')['state'] == 'suspended', 'not suspended')
    watch.say('resume\n')
    phone.until('resume? ')
    expect('item' not in phone.out, phone.out)
    phone.say('resume\n')
    phone.until('item 1 waits')
    expect(status(bench, 'watch')['state'] == 'active', 'not active')


def a_session_that_ended_wants_approval(bench):
    watch, phone = both(bench)
    watch.say('end\n')
    phone.until('approve? a person ended it')
    until(lambda: status(bench, 'watch')['state'] == 'secured')
    phone.say('approve\n')
    until(lambda: status(bench, 'watch')['state'] == 'active')


def a_revoke_ends_it_on_both(bench):
    watch, phone = both(bench)
    tell(bench, 'phone', 'revoke').succeeds()
    phone.until('revoked')
    watch.until('revoked')
    expect(status(bench, 'watch')['state'] == 'unpaired', 'paired')
    expect(status(bench, 'phone')['state'] == 'unpaired', 'paired')


def commands_behind_a_revoke_are_refused(bench):
    """They come at once, before the bond is gone from the store."""
    watch, phone = both(bench)
    phone.say('offer a walk\n')
    watch.until('offered ')
    watch.say('revoke\n' + ''.join(f'{command}\n' for command in (
        'accept', 'refuse', 'offer a ride', 'offer', 'return', 'cancel',
        'finish', 'queue x', 'context x', 'suspend', 'status')))
    watch.until('revoked')
    expect(watch.end() == 77, watch.err)
    expect(status(bench, 'watch')['state'] == 'unpaired', 'paired')


LONG = 400000


def sending(bench, least=70000):
    """A watch and a phone that stay, with a file of which least has come."""
    inbox = bench.mkdir('in')
    bench.file('long.bin', os.urandom(LONG))
    bench.file('later.bin', b'later')
    watch, phone = both(bench, phone=['--receive', inbox])
    out = tell(bench, 'watch', 'send', 'long.bin', 'later.bin').succeeds()
    expect(out == 'to send long.bin\nto send later.bin\n', out)
    watch.until(f'sending long.bin, {LONG} bytes')
    phone.until(f'receiving long.bin, {LONG} bytes')
    until(lambda: any(os.path.getsize(bench.path('in', name)) > least
                      for name in os.listdir(bench.path('in'))))
    return watch, phone


def arrived(bench, *names):
    expect(sorted(os.listdir(bench.path('in'))) == sorted(names),
           os.listdir(bench.path('in')))
    for name in names:
        expect(bench.content(name) == bench.content('in', name), name)


def files_are_sent_by_a_program_that_stays(bench):
    watch, phone = sending(bench)
    out = [file for file in status(bench, 'watch')['files']
           if file['name'] == 'long.bin'][0]
    come = [file for file in status(bench, 'phone')['files']
            if file['name'] == 'long.bin'][0]
    expect(out['state'] == 'sending' and out['bytes'] == LONG, out)
    expect(come['state'] == 'receiving' and come['bytes'] == LONG, come)
    expect(come['id'] == out['id'] and come['offset'] > 70000, come)
    expect(come['kept'] % 65536 == 0 < come['kept'], come)
    expect('sending long.bin' in tell(bench, 'watch', 'status').succeeds(), '')
    tell(bench, 'watch', 'send', 'long.bin').succeeds()
    watch.until(f'delivered long.bin, {LONG} bytes')
    watch.until('delivered later.bin, 5 bytes')
    arrived(bench, 'long.bin', 'later.bin')
    until(lambda: status(bench, 'watch')['files'] == [])
    until(lambda: status(bench, 'phone')['files'] == [])


def queue(bench, role):
    """Files by name, of the one peer there is."""
    peer, = json.loads(tell(bench, role, 'queue',
                            '--json').succeeds())['peers']
    return {file['name']: file for file in peer['files']}


def waits(bench, role, whom):
    until(lambda: queue(bench, role)['long.bin'].get('waits_for') == whom)


def the_queue_lists_files_and_for_whom_they_wait(bench):
    watch, phone = sending(bench)
    waits(bench, 'watch', None)
    waits(bench, 'phone', None)
    file = queue(bench, 'watch')['long.bin']
    expect(file['state'] == 'sending' and file['bytes'] == LONG and
           70000 < file['offset'] < LONG, file)
    tell(bench, 'phone', 'suspend').succeeds()
    waits(bench, 'watch', 'the session')
    watch.say('queue an item\n')
    watch.say('queue\n')
    line = watch.until(f'{file["id"]} sending long.bin, ')
    expect(line.endswith(f' of {LONG} bytes, waits for the session'), line)
    expect(', queue: 1 to go, 0 here' in watch.out, watch.out)
    phone.kill()
    waits(bench, 'watch', 'a link')
    bench.start('queue', 'phone', '--store', 'phone-store').succeeds()
    waits(bench, 'phone', 'a link')
    watch.kill()
    out = bench.start('queue', 'watch', '--store', 'watch-store').succeeds()
    expect('sending long.bin, 0 of' in out and 'queue: 1 to go' in out, out)


def nothing_waits_in_a_store_that_is_not_there(bench):
    for report in ('queue', 'status'):
        out = bench.start(report, 'phone', '--store', 'nowhere').succeeds()
        expect(out == 'unpaired\n', out)
    expect(not os.path.exists(bench.path('nowhere')), 'a store was made')


def either_side_gives_a_file_up(bench):
    watch, phone = sending(bench)
    tell(bench, 'watch', 'cancel', 'long.bin').succeeds()
    phone.until_warned('the sender gave the file up')
    watch.until_warned('long.bin: it was given up here')
    watch.until('delivered later.bin')
    arrived(bench, 'later.bin')
    tell(bench, 'watch', 'send', 'long.bin').succeeds()
    until(lambda: phone.out.count('receiving long.bin') == 2)
    tell(bench, 'phone', 'refuse', 'long.bin').succeeds()
    watch.until_warned('long.bin: the receiver does not want it')
    arrived(bench, 'later.bin')
    until(lambda: status(bench, 'phone')['files'] == [])


def a_file_that_was_given_up_may_be_sent_again(bench):
    inbox = bench.mkdir('in')
    bench.file('note.txt', b'note')
    bench.radio()
    bench.pair()
    watch = bench.watch(stdin=True)
    watch.say('send note.txt\n')
    watch.until('sending note.txt, 4 bytes')
    watch.say('cancel note.txt\nsend note.txt\n')
    watch.until('given up')
    bench.phone('--receive', inbox)
    watch.until_warned('note.txt: it was given up here')
    watch.until('delivered note.txt, 4 bytes')
    arrived(bench, 'note.txt')


def an_empty_file_that_grew_before_its_link_is_given_up(bench):
    """No byte of it is ever asked for."""
    bench.radio()
    bench.pair()
    watch = bench.watch()
    until(lambda: os.path.exists(bench.path('watch-store', 'control')))
    for name in ('log', 'still'):
        bench.file(name, b'')
        tell(bench, 'watch', 'send', name).succeeds()
    bench.file('log', b'a line')
    bench.phone('--receive', bench.mkdir('in'))
    watch.until_warned('log: it was changed while it was being sent')
    watch.until('delivered still, 0 bytes')
    arrived(bench, 'still')


def who_takes_no_files_ends_no_send_to_another(bench):
    inbox = bench.mkdir('in')
    bench.file('long.bin', os.urandom(LONG))
    bench.radio()
    bench.pair()
    bench.pair_second()

    def first():
        return bench.start('phone', '--bearer', 'sim:radio', '--store',
                           'first-store', '--receive', inbox)

    watch, phone = bench.watch('send', 'long.bin'), first()
    phone.until('receiving long.bin')
    phone.kill()
    other = notes(bench, 'phone')
    until(lambda: watch.out.splitlines().count('active') == 2)
    time.sleep(1)
    other.kill()
    phone = first()
    watch.succeeds()
    phone.until('received ')
    arrived(bench, 'long.bin')


def a_suspended_session_holds_a_file(bench):
    watch, phone = sending(bench)
    tell(bench, 'phone', 'suspend').succeeds()
    watch.until('suspended over there')
    time.sleep(0.3)
    held = status(bench, 'phone')['files'][0]
    time.sleep(0.7)
    expect(status(bench, 'phone')['files'][0] == held, 'it goes on')
    expect(held['kept'] == held['offset'] < LONG, held)
    tell(bench, 'phone', 'resume').succeeds()
    watch.until('delivered long.bin')
    watch.until('delivered later.bin')
    arrived(bench, 'long.bin', 'later.bin')


def a_revoke_takes_half_files_along(bench):
    watch, phone = sending(bench)
    tell(bench, 'watch', 'revoke').succeeds()
    phone.until('revoked')
    watch.until('revoked')
    until(lambda: os.listdir(bench.path('in')) == [])


def stored(bench, store):
    """The names of what a store has, read while no program has it."""
    database = sqlite3.connect(bench.path(store, 'store.db'))
    with contextlib.closing(database):
        return [key for key, in database.execute('SELECT key FROM value')]


def a_revoke_without_a_program_leaves_nothing_either(bench):
    watch, phone = sending(bench)
    for program, text in ((watch, 'offer a walk'), (phone, 'offer a ride'),
                          (watch, 'queue an item'), (phone, 'context here')):
        program.say(text + '\n')
    until(lambda: 'offered' in watch.out and 'offered' in phone.out and
          'item 1' in phone.out and 'context here' in watch.out)
    watch.kill()
    phone.kill()
    for role, name in (('watch', 'phone'), ('phone', 'watch')):
        store = f'{role}-store'
        expect(len(stored(bench, store)) > 6, stored(bench, store))
        bench.start('bonds', '-s', store, 'revoke', name).succeeds()
        expect(stored(bench, store) == [], stored(bench, store))
    left = os.listdir(bench.path('in'))
    expect(not any(name.startswith('.') for name in left), left)


def a_pipe_carries_both_ways_over_lost_links(bench):
    radio = bench.radio()
    bench.pair()
    data = {role: os.urandom(150000) for role in ('watch', 'phone')}
    runs = {role: getattr(bench, role)('pipe', stdin=bench.file(role, data[
        role])) for role in data}
    for run in runs.values():
        until(lambda run=run: len(run.raw) > 30000)
    radio.kill()
    for run in runs.values():
        run.until_warned('disconnected')
    bench.radio()
    for run in runs.values():
        expect(run.end() == 0, run.err)
    expect(runs['watch'].raw == data['phone'], 'to the watch')
    expect(runs['phone'].raw == data['watch'], 'to the phone')


def a_pipe_whose_other_end_is_killed_breaks(bench):
    bench.radio()
    bench.pair()
    watch, phone = (bench.watch('pipe', stdin=True),
                    bench.phone('pipe', stdin=True))
    watch.say('hello')
    until(lambda: phone.out == 'hello')
    watch.kill()
    bench.watch('pipe', stdin=True)
    expect(phone.end() == 65, phone.err)
    expect('the pipe broke' in phone.err, phone.err)


def who_runs_no_pipe_refuses_one(bench):
    bench.radio()
    bench.pair()
    bench.watch()
    phone = bench.phone('pipe', stdin=True)
    expect(phone.end() == 77, phone.err)
    expect('runs no pipe' in phone.err, phone.err)


def what_is_not_possible_is_said_and_changes_nothing(bench):
    watch, phone = both(bench)
    before = status(bench, 'watch')
    tell(bench, 'watch', 'accept').fails(77, 'accept', 'status')
    tell(bench, 'watch', 'offer').fails(64, 'offer what')
    tell(bench, 'phone', 'return').fails(77, 'return')
    tell(bench, 'watch', 'send', 'nowhere').fails(66, 'nowhere')
    tell(bench, 'watch', 'cancel', 'nothing').fails(77, 'cancel')
    tell(bench, 'watch', 'approve').fails(77, 'not possible now')
    tell(bench, 'watch', 'resume').fails(77, 'not possible now')
    tell(bench, 'watch', 'queue', 'x' * 481).fails(77, 'queue')
    phone.say('nonsense\n')
    until(lambda: 'no such command: nonsense' in phone.err)
    after = status(bench, 'watch')
    for one in (before, after):
        del one['life_left_s']
    expect(before == after, (before, after))


def what_a_command_could_not_have_stored_it_did_not_do(bench):
    watch, phone = both(bench)
    # Less than a store is long; enough for what is said.
    resource.prlimit(watch.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    tell(bench, 'watch', 'queue', 'an item').fails(73, 'cannot write to the '
                                                   'store')
    watch.fails(73, 'cannot write to the store')


def a_revoke_that_could_not_be_stored_is_73(bench):
    watch, phone = both(bench)
    resource.prlimit(watch.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    bench.start('bonds', '-s', 'watch-store', 'revoke', 'phone').fails(
        73, 'revoke it again')
    watch.fails(73, 'cannot write to the store')


def the_status_of_a_store_needs_no_program(bench):
    bench.radio()
    bench.pair()
    expect(status(bench, 'watch')['state'] == 'bonded', 'not bonded')
    bench.start('status', 'phone', '--store',
                'phone-store').succeeds().startswith('bonded')
    tell(bench, 'watch', 'suspend').fails(77, 'no program runs')


def notes(bench, role):
    process = bench.start(role, 'sim:radio', f'{role}-store', stdin=True,
                          program=NOTES)
    return process


def a_note_that_is_being_typed_is_handed_over(bench):
    bench.radio()
    bench.pair()
    watch, phone = notes(bench, 'watch'), notes(bench, 'phone')
    phone.say('milk\n')
    phone.until('the note is here')
    until(lambda: phone.say('\n') or 'the note is there' in phone.out)
    watch.until('milk')
    watch.say('eggs\n\n')
    phone.until('eggs')
    expect('milk\neggs\n' in phone.out, phone.out)


def a_note_finds_room_beside_the_programs_own(bench):
    """The README has one hand a walk over, and then a note."""
    watch, phone = both(bench)
    phone.say('offer a walk\n')
    watch.until('offered ')
    watch.kill()
    phone.kill()
    watch, phone = notes(bench, 'watch'), notes(bench, 'phone')
    watch.say('milk\n')
    until(lambda: watch.say('\n') or 'the note is there' in watch.out)
    phone.until('milk')


def main(args):
    global NOTES
    args[:2] = map(os.path.abspath, args[:2])
    NOTES = args[1]
    cases = [an_activity_goes_to_the_watch_and_comes_back,
             the_phone_has_back_what_it_lent_when_it_wants_it,
             a_script_hands_over_without_a_person,
             an_offer_may_be_refused_and_cancelled,
             a_person_may_hand_over_again_and_again,
             an_offer_of_another_phone_is_in_nobodys_way,
             more_than_there_is_room_for_is_said,
             items_and_the_context_arrive,
             what_arrives_gives_a_terminal_no_orders,
             items_after_pairing_anew_replace_none_of_before,
             an_item_that_cannot_be_written_is_written_later,
             who_looks_for_items_sees_whole_ones_only,
             what_was_queued_apart_arrives_later,
             a_suspended_session_waits_and_goes_on,
             a_session_that_ended_wants_approval,
             a_revoke_ends_it_on_both,
             commands_behind_a_revoke_are_refused,
             files_are_sent_by_a_program_that_stays,
             the_queue_lists_files_and_for_whom_they_wait,
             nothing_waits_in_a_store_that_is_not_there,
             either_side_gives_a_file_up,
             a_file_that_was_given_up_may_be_sent_again,
             an_empty_file_that_grew_before_its_link_is_given_up,
             who_takes_no_files_ends_no_send_to_another,
             a_suspended_session_holds_a_file,
             a_revoke_takes_half_files_along,
             a_revoke_without_a_program_leaves_nothing_either,
             a_pipe_carries_both_ways_over_lost_links,
             a_pipe_whose_other_end_is_killed_breaks,
             who_runs_no_pipe_refuses_one,
             what_is_not_possible_is_said_and_changes_nothing,
             what_a_command_could_not_have_stored_it_did_not_do,
             a_revoke_that_could_not_be_stored_is_73,
             the_status_of_a_store_needs_no_program,
             a_note_that_is_being_typed_is_handed_over,
             a_note_finds_room_beside_the_programs_own]
    if args[2:]:
        cases = [case for case in cases if case.__name__ in args[2:]]
    return run_cases(cases, args[0])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
