#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kill -9 either device at random moments of queue, file and handoff traffic:
all arrives, once.

usage: test_kill.py BATON MOMENTS [SEED]
"""
import contextlib
import json
import os
import random
import re
import sys
import time

from program import PATIENCE, expect, run_cases

MOMENTS = 40
SEED = 1
WAITING = 8  # files that are sent before others have arrived
LENGTHS = (0, 1, 500, 4000, 20000, 100000)


class Device:
    """A role that is killed and comes back; what it was asked to bring."""

    def __init__(self, bench, role):
        self.bench = bench
        self.role = role
        self.inbox = bench.mkdir(f'{role}-in')
        self.put = []  # texts, in order
        self.kept = set()  # those that were said to be durable
        self.chance = random.Random(f'{SEED} {role}')
        self.files = {}  # name: content
        self.asked = set()  # those that this process was asked to send
        self.sending = set()  # those that were said to be durable
        self.resumed = set()  # files that went on where they were
        self.start()

    def start(self):
        self.asked.clear()
        self.run = getattr(self.bench, self.role)(
            '--receive', self.inbox, '--accept', stdin=True)

    def queue(self):
        text = f'{self.role} item {len(self.put)}'
        self.put.append(text)
        self.run.say(f'queue {text}\n')

    def send(self):
        """A file of any of these lengths."""
        name = f'{self.role}-{len(self.files)}'
        content = self.chance.randbytes(self.chance.choice(LENGTHS))
        self.files[name] = content
        self.asked.add(name)
        self.bench.file(name, content)
        self.run.say(f'send {name}\n')

    def hand_over(self):
        self.run.say('return\n' if self.role == 'watch' else 'offer\n')

    def look(self):
        """Which items its output says are durable."""
        durable = [int(n) for n in re.findall(r'^queued (\d+)\n',
                                              self.run.out, re.M)]
        for number, text in re.findall(r'^put (\d+) (.*)\n', self.run.out,
                                       re.M):
            if durable and int(number) <= max(durable):
                self.kept.add(text)
        self.resumed |= set(re.findall(r'^receiving (\S+), \d+ bytes, from',
                                       self.run.out, re.M))
        self.sending.update(re.findall(r'^sending (\S+), \d+ bytes\n',
                                       self.run.out, re.M))

    def kill(self):
        self.run.kill()
        self.look()
        # Files of a process are for this run only.
        self.bench.processes.remove(self.run)
        self.run.log.close()
        self.run.errors.close()

    def got(self):
        texts = {}
        for name in os.listdir(self.bench.path(self.inbox)):
            match = re.fullmatch(r'item-[0-9a-f]{8}-(\d+)', name)
            if match:
                with open(self.bench.path(self.inbox, name)) as file:
                    texts[int(match[1])] = file.read()
        return [texts[number] for number in sorted(texts)]

    def files_got(self):
        """The files that have their names."""
        names = [name for name in os.listdir(self.bench.path(self.inbox))
                 if not name.startswith(('item-', '.'))]
        return {name: self.bench.content(self.inbox, name) for name in names}

    def status(self):
        asked = self.bench.start(self.role, '--store', f'{self.role}-store',
                                 'status', '--json')
        self.bench.processes.remove(asked)
        with contextlib.suppress(AssertionError):
            return json.loads(asked.succeeds())
        return {}


def arrived(source, target):
    """All that was durable, once, in order; perhaps what was not said to be."""
    got = target.got()
    expect(len(set(got)) == len(got), f'doubled: {got}')
    places = {text: place for place, text in enumerate(source.put)}
    order = [places[text] for text in got]
    expect(order == sorted(order), f'out of order: {got}')
    return source.kept <= set(got) and files_arrived(source, target)


def files_arrived(source, target):
    """Each once, and whole: a second one would be called "name (1)"."""
    got = target.files_got()
    for name, content in got.items():
        expect(name in source.files, f'a file of nobody: {name}')
        expect(content == source.files[name], f'{name} differs')
    return source.sending <= set(got)


def under_way(device):
    """How many files are on their way: others were lost with a process."""
    other = 'phone' if device.role == 'watch' else 'watch'
    return len((device.asked | device.sending) -
               set(os.listdir(device.bench.path(f'{other}-in'))))


def lost(source, target):
    return sorted(source.kept - set(target.got())) + \
        sorted(source.sending - set(target.files_got()))


def settled(watch, phone):
    if not arrived(watch, phone) or not arrived(phone, watch):
        return False
    states = [device.status() for device in (watch, phone)]
    if any(state.get('queue_out', 1) for state in states):
        return False
    if any(state.get('files', 1) for state in states):
        return False
    acting = [activity['state'] for state in states
              for activity in state.get('activities', ())
              if activity['may_act']]
    expect(len(acting) <= 1, f'two owners: {states}')
    watch.hand_over()
    return acting == ['a walk']


def everything_arrives_once(bench):
    chance = random.Random(SEED)
    bench.radio()
    bench.pair()
    watch, phone = Device(bench, 'watch'), Device(bench, 'phone')
    phone.run.until('active')
    phone.run.say('offer a walk\n')
    phone.run.until('given ')
    for _ in range(MOMENTS):
        # Half of the moments are with a link, long enough for a part of a
        # file.
        if chance.random() < 0.5:
            for device in (watch, phone):
                device.run.until('active')
        end = time.monotonic() + chance.uniform(0, 1.2)
        while time.monotonic() < end:
            for device in (watch, phone):
                if chance.random() < 0.1:
                    device.queue()
                if chance.random() < 0.1:
                    device.hand_over()
                if chance.random() < 0.1 and under_way(device) < WAITING:
                    device.send()
            time.sleep(0.02)
        victim = chance.choice((watch, phone))
        watch.look()
        phone.look()
        victim.kill()
        victim.start()
    end = time.monotonic() + 4 * PATIENCE
    while not settled(watch, phone):
        expect(time.monotonic() < end, f'not all is there: '
               f'{watch.status()} {phone.status()} '
               f'{lost(watch, phone)} {lost(phone, watch)}')
        time.sleep(0.2)
        watch.look()
        phone.look()
    for device in (watch, phone):
        left = [name for name in os.listdir(bench.path(device.inbox))
                if name.startswith('.')]
        expect(not left, f'parts were left: {left}')
    print(f'# {MOMENTS} kills; items: {len(phone.got())} to the phone, '
          f'{len(watch.got())} to the watch; files: '
          f'{len(phone.files_got())} and {len(watch.files_got())}, of '
          f'{len(watch.files)} and {len(phone.files)}; '
          f'{len(phone.resumed) + len(watch.resumed)} went on where they '
          f'were')


def main(args):
    global MOMENTS, SEED
    args[0] = os.path.abspath(args[0])
    MOMENTS = int(args[1])
    SEED = int(args[2]) if args[2:] else 1
    print(f'# to repeat: test_kill.py {args[0]} {MOMENTS} {SEED}')
    return run_cases([everything_arrives_once], args[0])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
