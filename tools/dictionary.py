#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train and check dictionaries for short messages.

usage: dictionary.py train MESSAGES DICTIONARY [--size N] [--rounds N]
       dictionary.py check MESSAGES DICTIONARY
       dictionary.py c NAME DICTIONARY

MESSAGES is a folder with one message in each file, or a file of messages back
to back, each behind its length in 4 bytes, big-endian. DICTIONARY holds the
bare bytes of a dictionary.

train  makes a dictionary of --size bytes (2048). The same messages, size and
       rounds give the same dictionary. It is trained twice on four fifths of
       the messages first, to say what it is worth on those it did not see.
check  says what a dictionary saves on these messages, and what they would
       save without it.
c      prints a dictionary as a C source.

Exit codes: 0 done, 64 wrong usage, 65 not messages or no dictionary, 66 cannot
be read, 73 cannot be written.
"""
import argparse
import collections
import os
import random
import struct
import sys
import zlib

WBITS = -12      # as the codec of the library: a window of 4 KiB
SIZE_MAX = (1 << 12) - 512  # beyond, the window loses what stands in front
LENGTHS = (4, 6, 8, 11, 16, 24, 36)  # of the pieces that are tried
PIECES = 6000    # of them, the best by what they would save
SAMPLE = 400     # messages that each change is tried on


class Fault(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def read(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError as error:
        raise Fault(66, f'{path}: {error.strerror}') from error


def messages_of(path):
    if os.path.isdir(path):
        found = [read(os.path.join(path, name))
                 for name in sorted(os.listdir(path))]
    else:
        data, at, found = read(path), 0, []
        while at < len(data):
            length = int.from_bytes(data[at:at + 4], 'big')
            if len(data) - at < 4 + length:
                raise Fault(65, f'{path}: cut off at byte {at}; a message '
                                'stands behind its length in 4 bytes')
            found.append(data[at + 4:at + 4 + length])
            at += 4 + length
    if len(found) < 10:
        raise Fault(65, f'{path}: {len(found)} messages, at least 10 are '
                        'needed (hundreds are better)')
    return found


def cost(messages, dictionary):
    """Bytes that the messages have, each deflated by itself."""
    if dictionary:
        fresh = zlib.compressobj(9, zlib.DEFLATED, WBITS, 8, 0, dictionary)
    else:
        fresh = zlib.compressobj(9, zlib.DEFLATED, WBITS, 8, 0)
    total = 0
    for message in messages:
        one = fresh.copy()
        total += len(one.compress(message)) + len(one.flush())
    return total


def pieces_of(messages):
    """Strings that many messages share, the most valuable first."""
    value = {}
    for length in LENGTHS:
        seen = collections.Counter()
        for message in messages:
            seen.update({message[i:i + length]
                         for i in range(len(message) - length + 1)})
        for piece, count in seen.items():
            if count * 50 > len(messages):
                value[piece] = count * (length - 2)
    return sorted(value, key=lambda piece: (-value[piece], piece))[:PIECES]


def cover(messages, size, length=40, unit=6):
    """A first dictionary: greedily the stretch with most that is new."""
    often = collections.Counter()
    for message in messages:
        often.update({message[i:i + unit]
                      for i in range(len(message) - unit + 1)})
    worth = {key: count for key, count in often.items() if count > 1}
    chosen, have = [], 0
    while have < size:
        best, best_score = b'', 0
        for message in messages[len(chosen) % 4::4]:
            values = [worth.get(message[i:i + unit], 0)
                      for i in range(len(message) - unit + 1)]
            score = sum(values[:length])
            for i, value in enumerate(values):
                if score > best_score:
                    best, best_score = message[i:i + length + unit - 1], score
                score -= value
                if i + length < len(values):
                    score += values[i + length]
        if not best:
            break
        for i in range(len(best) - unit + 1):
            worth.pop(best[i:i + unit], None)
        chosen.append(best)
        have += len(best)
    # deflate reaches what stands last at the least price.
    return b''.join(reversed(chosen))[-size:]


def changed(chance, dictionary, pieces, size):
    """The dictionary with one thing changed."""
    at = chance.randrange(len(dictionary))
    end = min(len(dictionary), at + 1 + int(chance.expovariate(1 / 14)))
    kind = chance.random()
    if kind < 0.30:  # move a stretch
        rest = dictionary[:at] + dictionary[end:]
        to = chance.randrange(len(rest) + 1)
        new = rest[:to] + dictionary[at:end] + rest[to:]
    elif kind < 0.45:  # drop one
        new = dictionary[:at] + dictionary[end:]
    elif kind < 0.85:  # put a piece in the place of a stretch
        piece = pieces[int(len(pieces) * chance.random() ** 2)]
        new = dictionary[:at] + piece + dictionary[end:]
    else:  # put a piece somewhere, drop a stretch elsewhere
        piece = pieces[int(len(pieces) * chance.random() ** 2)]
        rest = dictionary[:at] + dictionary[end:]
        to = chance.randrange(len(rest) + 1)
        new = rest[:to] + piece + rest[to:]
    return new[-size:]


def train(messages, size, rounds, say=lambda text: None):
    pieces = pieces_of(messages)
    if not pieces:
        raise Fault(65, 'these messages share nothing; a dictionary is of no '
                        'use')
    best = cover(messages, size)
    chance = random.Random(1)
    for part in range(8):
        sample = chance.sample(messages, min(SAMPLE, len(messages)))
        price = cost(sample, best)
        for _ in range(rounds // 8):
            new = changed(chance, best, pieces, size)
            new_price = cost(sample, new)
            if (new_price, len(new)) < (price, len(best)):
                best, price = new, new_price
        say(f'{part + 1}/8: {cost(messages, best)} bytes')
    # Drops have left it shorter: what is free goes in front.
    for piece in pieces:
        if piece not in best and len(best) < size:
            best = (piece + best)[-size:]
    return best


def report(name, messages, dictionary):
    plain = sum(map(len, messages))
    bare, with_it = cost(messages, b''), cost(messages, dictionary)
    print(f'{name}: {len(messages)} messages, {plain} bytes; deflate '
          f'{bare} ({plain / bare:.2f}x), with the dictionary {with_it} '
          f'({plain / with_it:.2f}x)')


def run_train(options):
    if not 64 <= options.size <= SIZE_MAX:
        raise Fault(64, f'--size is 64 to {SIZE_MAX}, not {options.size}')
    messages = messages_of(options.messages)

    def say(text):
        print(text, file=sys.stderr, flush=True)

    for fold in range(2):
        seen = [m for i, m in enumerate(messages) if i % 5 != fold]
        unseen = [m for i, m in enumerate(messages) if i % 5 == fold]
        report(f'unseen fifth {fold + 1}', unseen,
               train(seen, options.size, options.rounds // 4))
    best = train(messages, options.size, options.rounds, say)
    try:
        with open(options.dictionary, 'wb') as file:
            file.write(best)
    except OSError as error:
        raise Fault(73, f'{options.dictionary}: {error.strerror}') from error
    report('all', messages, best)


def run_check(options):
    dictionary = read(options.dictionary)
    if not 0 < len(dictionary) <= 1 << 15:
        raise Fault(65, f'{options.dictionary}: {len(dictionary)} bytes are '
                        'not a dictionary')
    report(options.messages, messages_of(options.messages), dictionary)


def run_c(options):
    dictionary = read(options.dictionary)
    print('/* SPDX-License-Identifier: MIT */')
    print('/* Made by tools/dictionary.py c; not to be edited. */')
    print('#include "transport/codec.h"\n')
    print('/* clang-format off */')
    print(f'const uint8_t {options.name}[{len(dictionary)}] = {{')
    for at in range(0, len(dictionary), 12):
        line = ', '.join(f'0x{byte:02x}' for byte in dictionary[at:at + 12])
        print(f'\t{line},')
    print('};')


def main():
    parser = argparse.ArgumentParser(
        usage='\n'.join(__doc__.splitlines()[2:5]).removeprefix('usage: '))
    commands = parser.add_subparsers(dest='command', required=True)
    for name, first in (('train', 'messages'), ('check', 'messages'),
                        ('c', 'name')):
        command = commands.add_parser(name)
        command.add_argument(first)
        command.add_argument('dictionary')
        if name == 'train':
            command.add_argument('--size', type=int, default=2048)
            command.add_argument('--rounds', type=int, default=16000)
    options = parser.parse_args()
    try:
        {'train': run_train, 'check': run_check, 'c': run_c}[options.command](
            options)
    except Fault as fault:
        print(f'dictionary.py: {fault}', file=sys.stderr)
        return fault.code
    return 0


if __name__ == '__main__':
    sys.exit(main())
