#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Messages as watches and phones hand them over, the same ones at every run.

usage: generate.py DIRECTORY [COUNT]

Writes COUNT messages (2000) of each half, `train` and `measured`, in two
encodings: NAME-json.msgs and NAME-cbor.msgs. A file is messages back to back,
each behind its length in 4 bytes, big-endian. The halves share what a program
would repeat (fields, kinds, units) and nothing that a person wrote: titles,
names, streets, identifiers.
"""
import json
import os
import random
import struct
import sys

import words


class Enum(str):
    """A word of a fixed list: in CBOR its number."""
    def __new__(cls, names, index):
        self = super().__new__(cls, names[index])
        self.index = index
        return self


class Fix:
    """A decimal: in CBOR the integer that it is before it is scaled."""
    def __init__(self, value, decimals):
        self.value, self.decimals = value, decimals

    def text(self):
        if self.decimals == 0:
            return str(self.value)
        return f'{self.value / 10 ** self.decimals:.{self.decimals}f}'


class Names(dict):
    """Numbers for names, as a registry gives them: first come, first served."""
    def number(self, name):
        return self.setdefault(name, len(self))


FIELDS = Names()


def cbor_head(major, value):
    for short, code, form in ((24, None, ''), (1 << 8, 24, '>B'),
                              (1 << 16, 25, '>H'), (1 << 32, 26, '>I'),
                              (1 << 64, 27, '>Q')):
        if value < short:
            if code is None:
                return bytes([major << 5 | value])
            return bytes([major << 5 | code]) + struct.pack(form, value)
    raise OverflowError(value)


def cbor(value):
    if isinstance(value, bool):
        return b'\xf5' if value else b'\xf4'
    if value is None:
        return b'\xf6'
    if isinstance(value, Enum):
        return cbor_head(0, value.index)
    if isinstance(value, Fix):
        return cbor(value.value)
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return cbor_head(3, len(text)) + text
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b''.join(map(cbor, value))
    return cbor_head(5, len(value)) + b''.join(
        cbor(FIELDS.number(key)) + cbor(item) for key, item in value.items())


def as_json(value):
    if isinstance(value, Fix):
        return value.text()
    if isinstance(value, bytes):
        text = value.hex()
        if len(value) == 16:
            text = '-'.join((text[:8], text[8:12], text[12:16], text[16:20],
                             text[20:]))
        return f'"{text}"'
    if isinstance(value, dict):
        return '{' + ','.join(f'{json.dumps(key)}:{as_json(item)}'
                              for key, item in value.items()) + '}'
    if isinstance(value, list):
        return '[' + ','.join(map(as_json, value)) + ']'
    return json.dumps(value, ensure_ascii=False)


class Maker:
    """One half of the corpus."""
    def __init__(self, half, seed):
        self.random = random.Random(seed)
        self.half = half
        self.now = 1718000000 + half * 9000000

    def own(self, entries):
        """One of this half's entries."""
        return self.random.choice(entries[self.half::2])

    def pick(self, names):
        names = names.split()
        return Enum(names, self.random.randrange(len(names)))

    def raw(self, length):
        return bytes(self.random.getrandbits(8) for _ in range(length))

    def between(self, low, high):
        return self.random.randint(low, high)

    def fix(self, low, high, decimals):
        return Fix(self.random.randint(low, high), decimals)

    def chance(self, share):
        return self.random.random() < share

    def time(self):
        self.now += self.random.randint(1, 4000)
        return self.now

    def language(self):
        return self.random.choice('en en en de de fr es es pl tr ru el ar hi '
                                  'zh ja ko'.split())

    def text(self, language, low, high):
        nouns = words.NOUNS[language].split()
        links = words.LINKS[language].split()
        parts = []
        for _ in range(self.random.randint(low, high)):
            if parts and self.chance(0.45):
                parts.append(self.random.choice(links))
            parts.append(self.own(nouns))
        text = ('' if language in words.CJK else ' ').join(parts)
        return text[0].upper() + text[1:]

    def person(self):
        return f'{self.own(words.GIVEN)} {self.own(words.FAMILY)}'

    def street(self, language):
        forms = words.STREET.get(language, ['{}'])
        name = self.text(language, 1, 1)
        if language in ('en', 'es') and self.chance(0.3):
            name = self.own(words.FAMILY)
        return self.random.choice(forms).format(name)

    def place(self):
        return {'lat': self.fix(-5500000, 6500000, 5),
                'lon': self.fix(-12000000, 17000000, 5)}

    def fitness(self, language):
        seconds = self.between(20, 9000)
        speed = self.between(120, 600)
        state = {'sport': self.pick('run ride walk swim hike row yoga strength'),
                 'phase': self.pick('active paused resting finished'),
                 'startedAt': self.time(),
                 'elapsed': seconds,
                 'distance': Fix(seconds * speed // 10, 1),
                 'heartRate': self.between(58, 190),
                 'calories': seconds * self.between(8, 18) // 60,
                 'steps': seconds * 2 + self.between(0, 400)}
        if self.chance(0.6):
            state['pace'] = self.between(210, 700)
            state['cadence'] = self.between(60, 190)
        if self.chance(0.6):
            state['location'] = self.place() | {
                'altitude': self.fix(-20, 24000, 1),
                'accuracy': self.between(3, 30)}
        if self.chance(0.5):
            state['zones'] = [self.between(0, seconds) for _ in range(5)]
        if self.chance(0.4):
            state['laps'] = [{'n': n + 1, 'time': self.between(180, 420),
                              'distance': 1000, 'heartRate': self.between(90, 180)}
                             for n in range(self.between(1, 5))]
        if self.chance(0.3):
            state['goal'] = {'type': self.pick('distance time calories'),
                             'value': self.between(1, 60) * 500}
        return self.text(language, 1, 3), state

    def track(self, language):
        return {'title': self.text(language, 1, 4), 'artist': self.person(),
                'album': self.text(language, 1, 3),
                'duration': self.between(90000, 480000),
                'trackId': self.raw(8)}

    def music(self, language):
        track = self.track(language)
        state = {'player': self.pick('playing paused buffering stopped'),
                 'position': self.between(0, track['duration']),
                 'track': track,
                 'volume': self.between(0, 100),
                 'shuffle': self.chance(0.4),
                 'repeat': self.pick('off one all'),
                 'queueIndex': self.between(0, 60)}
        if self.chance(0.5):
            state['queue'] = [self.raw(8) for _ in range(self.between(2, 8))]
        if self.chance(0.4):
            state['playlist'] = self.text(language, 1, 3)
        if self.chance(0.4):
            state['output'] = self.pick('speaker headphones car tv')
        return track['title'], state

    def navigation(self, language):
        turns = []
        for _ in range(self.between(1, 4)):
            turns.append({
                'maneuver': self.pick('turn-left turn-right straight '
                                      'slight-left slight-right roundabout '
                                      'u-turn merge exit arrive'),
                'distance': self.between(1, 400) * 10,
                'street': self.street(language)})
        state = {'mode': self.pick('walk bike car transit'),
                 'destination': {'name': self.text(language, 1, 3),
                                 'address': f'{self.street(language)} '
                                            f'{self.between(1, 190)}'}
                 | self.place(),
                 'location': self.place(),
                 'eta': self.time(),
                 'remainingDistance': self.between(50, 90000),
                 'remainingTime': self.between(30, 9000),
                 'steps': turns,
                 'speed': self.fix(0, 350, 1),
                 'heading': self.between(0, 359)}
        if self.chance(0.4):
            state['avoid'] = [self.pick('tolls ferries highways')]
        return state['destination']['name'], state

    def timers(self, language):
        timers = []
        for _ in range(self.between(1, 4)):
            duration = self.between(1, 60) * 60
            timer = {'timerId': self.between(1, 99), 'duration': duration,
                     'remaining': self.between(0, duration),
                     'running': self.chance(0.7)}
            if self.chance(0.5):
                timer['label'] = self.text(language, 1, 2)
            timers.append(timer)
        state = {'timers': timers}
        if self.chance(0.4):
            state['alarms'] = [{'hour': self.between(4, 23),
                                'minute': self.between(0, 59),
                                'days': self.between(0, 127),
                                'enabled': self.chance(0.6),
                                'snooze': self.between(5, 15)}
                               for _ in range(self.between(1, 3))]
        return timers[0].get('label', 'Timer'), state

    def notes(self, language):
        if self.chance(0.5):
            state = {'text': self.text(language, 4, 26),
                     'cursor': self.between(0, 120)}
        else:
            state = {'items': [{'text': self.text(language, 1, 3),
                                'done': self.chance(0.4)}
                               for _ in range(self.between(2, 9))]}
        state |= {'noteId': self.raw(16), 'modifiedAt': self.time(),
                  'pinned': self.chance(0.2),
                  'color': self.pick('yellow green blue red white')}
        if self.chance(0.4):
            state['tags'] = [self.text(language, 1, 1)
                             for _ in range(self.between(1, 3))]
        return self.text(language, 1, 3), state

    def boarding(self, language):
        cities = [self.own(words.CITIES).split('/') for _ in range(2)]
        start = self.time()
        carrier = self.own(words.CARRIERS)
        flight = f'{carrier}{self.between(100, 3999)}'
        reference = ''.join(self.random.choice('ABCDEFGHJKLMNPQRSTUVWXYZ23456789')
                            for _ in range(6))
        seat = f'{self.between(1, 42)}{self.random.choice("ABCDEF")}'
        passenger = self.person()
        state = {'passType': self.pick('boarding-pass train-ticket event-ticket'),
                 'carrier': carrier, 'flight': flight,
                 'from': {'code': cities[0][1], 'city': cities[0][0],
                          'terminal': str(self.between(1, 5))},
                 'to': {'code': cities[1][1], 'city': cities[1][0]},
                 'departure': start, 'arrival': start + self.between(40, 700) * 60,
                 'boarding': start - 2400,
                 'gate': f'{self.random.choice("ABCDEFZ")}{self.between(1, 80)}',
                 'seat': seat, 'group': self.between(1, 6),
                 'passenger': passenger, 'reference': reference,
                 'class': self.pick('economy premium business first'),
                 'status': self.pick('on-time delayed boarding cancelled'),
                 'barcode': {'format': self.pick('aztec qr pdf417'),
                             'message': f'M1{passenger.upper()[:20]:20}E{reference} '
                                        f'{cities[0][1]}{cities[1][1]}{carrier} '
                                        f'{flight[2:]:0>4} {self.between(1, 365)}Y'
                                        f'{seat:0>4}{self.between(1, 300):04d} 100'}}
        return f'{cities[0][0]} → {cities[1][0]}', state

    def calls(self, language):
        contact = self.person()
        state = {'callState': self.pick('ringing active held dialing ended'),
                 'direction': self.pick('incoming outgoing'),
                 'contact': {'name': contact,
                             'number': f'+{self.between(1, 98)}'
                                       f'{self.between(100000000, 9999999999)}',
                             'contactId': self.raw(8)},
                 'startedAt': self.time(), 'duration': self.between(0, 3600),
                 'muted': self.chance(0.3), 'speaker': self.chance(0.3),
                 'route': self.pick('earpiece speaker bluetooth watch')}
        if self.chance(0.3):
            state['participants'] = [self.person()
                                     for _ in range(self.between(1, 3))]
        if self.chance(0.2):
            state['replies'] = [self.text(language, 2, 5) for _ in range(3)]
        return contact, state

    def message(self):
        """A whole activity, or what has changed of one."""
        kind = self.pick('fitness music navigation timers notes boarding calls')
        language = self.language()
        title, state = getattr(self, str(kind))(language)
        if self.chance(0.3):
            keys = self.random.sample(sorted(state), min(len(state),
                                                         self.between(1, 3)))
            return {'activity': self.raw(16), 'version': self.between(2, 400),
                    'updatedAt': self.time(),
                    'patch': {key: state[key] for key in state if key in keys}}
        return {'activity': self.raw(16), 'kind': kind,
                'version': self.between(1, 400), 'updatedAt': self.time(),
                'device': {'name': f'{self.own(words.GIVEN)} Watch',
                           'battery': self.between(3, 100)},
                'locale': language, 'title': title, 'state': state}


def main(args):
    if len(args) not in (1, 2) or (len(args) == 2 and not args[1].isdigit()):
        print(__doc__, file=sys.stderr)
        return 64
    count = int(args[1]) if len(args) == 2 else 2000
    os.makedirs(args[0], exist_ok=True)
    registry = Maker(0, 'fields')
    for _ in range(400):
        cbor(registry.message())
    for half, name in enumerate(('train', 'measured')):
        maker = Maker(half, name)
        messages = [maker.message() for _ in range(count)]
        for encoding, encode in (('json', lambda m: as_json(m).encode()),
                                 ('cbor', cbor)):
            path = os.path.join(args[0], f'{name}-{encoding}.msgs')
            with open(path, 'wb') as file:
                for message in messages:
                    data = encode(message)
                    file.write(struct.pack('>I', len(data)) + data)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
