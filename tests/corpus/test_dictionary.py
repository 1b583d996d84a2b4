#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tool that makes dictionaries, on messages that it makes up.

usage: test_dictionary.py SOURCE_ROOT

Prints TAP.
"""
import os
import random
import re
import subprocess
import sys
import tempfile
import traceback

ROOT = None


def expect(good, what):
    if not good:
        raise AssertionError(what)


def tool(*args):
    """(exit code, stdout, stderr)"""
    result = subprocess.run(
        [sys.executable, os.path.join(ROOT, 'tools', 'dictionary.py'),
         *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    return result.returncode, result.stdout, result.stderr


def works(*args):
    code, out, err = tool(*args)
    expect(code == 0, f'{args}: exit code {code}: {err}')
    return out


def messages(folder, seed, count=150):
    rng = random.Random(seed)
    path = os.path.join(folder, f'messages-{seed}')
    os.mkdir(path)
    for number in range(count):
        with open(os.path.join(path, f'{number:04}'), 'w') as file:
            file.write('{"heartRate":%d,"distanceMetres":%d,"zone":"%s",'
                       '"paused":%s}' % (
                           rng.randrange(50, 190), rng.randrange(42000),
                           rng.choice(('easy', 'steady', 'tempo')),
                           rng.choice(('true', 'false'))))
    return path


def train(folder, seen, name='dict'):
    path = os.path.join(folder, name)
    works('train', seen, path, '--size', 128, '--rounds', 200)
    return path


def factor(text, words):
    return float(re.search(words + r' \d+ \((\d+\.\d+)x\)', text)[1])


def it_pays_on_messages_it_has_not_seen(folder):
    made = train(folder, messages(folder, 1))
    expect(os.path.getsize(made) == 128, 'not the size that was asked for')
    said = works('check', messages(folder, 2), made)
    bare, with_it = (factor(said, words) for words in
                     ('deflate', 'with the dictionary'))
    expect(with_it > 1.8 * bare, said)


def the_same_messages_give_the_same_dictionary(folder):
    seen = messages(folder, 1)
    made = [open(train(folder, seen, name), 'rb').read() for name in 'ab']
    expect(made[0] == made[1], 'two dictionaries')
    other = open(train(folder, messages(folder, 3), 'c'), 'rb').read()
    expect(other != made[0], 'the messages do not matter')


def messages_may_come_in_one_file(folder):
    seen = messages(folder, 1)
    path = os.path.join(folder, 'one.msgs')
    with open(path, 'wb') as file:
        for name in sorted(os.listdir(seen)):
            with open(os.path.join(seen, name), 'rb') as one:
                message = one.read()
            file.write(len(message).to_bytes(4, 'big') + message)
    made = train(folder, seen)
    expect(works('check', path, made).split(':')[1:] ==
           works('check', seen, made).split(':')[1:], 'they differ')


def the_dictionaries_of_the_library_are_as_it_prints_them(folder):
    for name in ('json', 'cbor'):
        with open(os.path.join(ROOT, 'transport', 'dictionaries',
                               f'{name}.c')) as file:
            source = file.read()
        path = os.path.join(folder, name)
        with open(path, 'wb') as file:
            file.write(bytes(int(byte, 16) for byte in
                             re.findall(r'\b0x([0-9a-f]{2})\b', source)))
        expect(os.path.getsize(path) == 2048, f'{name}: not 2 KiB')
        printed = works('c', f'baton_dictionary_{name}', path)
        expect(re.findall('0x..', printed) == re.findall('0x..', source) and
               f'baton_dictionary_{name}[' in printed, name)


def wrong_input_is_said(folder):
    seen = messages(folder, 1, count=10)
    made = os.path.join(folder, 'dict')
    for code, args in ((66, ('check', seen, made)),
                       (66, ('train', os.path.join(folder, 'no'), made)),
                       (64, ('train', seen, made, '--size', 1 << 20)),
                       (73, ('train', seen, os.path.join(folder, 'no', 'd'),
                             '--size', 64, '--rounds', 4))):
        got, _, err = tool(*args)
        lines = [line for line in err.splitlines()
                 if line.startswith('dictionary.py: ')]
        expect(got == code and len(lines) == 1 and 'Traceback' not in err,
               f'{args}: exit code {got}: {err}')


CASES = [it_pays_on_messages_it_has_not_seen,
         the_same_messages_give_the_same_dictionary,
         messages_may_come_in_one_file,
         the_dictionaries_of_the_library_are_as_it_prints_them,
         wrong_input_is_said]


def main(args):
    global ROOT
    if len(args) != 1:
        print(__doc__, file=sys.stderr)
        return 64
    ROOT = args[0]
    failed = 0
    print(f'1..{len(CASES)}', flush=True)
    for number, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory(prefix='baton-test-') as folder:
            try:
                case(folder)
                good = True
            except Exception:
                good = False
                print('# ' + traceback.format_exc().replace('\n', '\n# '))
        failed += not good
        print(f'{"ok" if good else "not ok"} {number} - '
              f'{case.__name__.replace("_", " ")}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
