#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the core takes on a Cortex-M.

usage: sizes.py m4|m0

Builds it in build/m4 or build/m0 and prints JSON, all in bytes: `flash`, the
code and constants of the core in an image that uses the whole engine, both
roles, libgcc's helpers included; `watch_flash`, the same built with roles=watch
and methods=compare; `all_flash`, the same as `flash` with every way to pair and
the calls that machines above the engine need; `total_flash`, `flash` with
primitives and mem*; the table by which an image names its calls is in none of
them; `files`, all that each source file has; `contexts`, the RAM of each
context; `link_ram`, the engine's RAM without bonds, payload, windows and codec;
where qemu-arm is installed, `stack`, what each piece of work takes of it, and
`memory`, what the caller brings for the engine in each published configuration.
"""
import json
import os
import re
import shutil
import subprocess
import sys

import build as builder


class Unreadable(Exception):
    pass


def tool(*command):
    try:
        return subprocess.run(command, check=True, text=True,
                              stdout=subprocess.PIPE).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unreadable(f'{command[0]}: {error}') from error


def image(build, name):
    """Code and constants of a linked image, without its table of calls."""
    path = os.path.join(build, 'port', 'cortex-m', name)
    text = tool('arm-none-eabi-size', path)
    found = re.search(r'^\s*(\d+)\s+(\d+)', text, re.M)
    if not found:
        raise Unreadable(f'no size of an image in this:\n{text}')
    symbols = tool('arm-none-eabi-nm', '-S', path)
    calls = re.search(r'^\w+ (\w+) \w baton_image$', symbols, re.M)
    if not calls:
        raise Unreadable(f'no table of calls in this:\n{symbols}')
    return int(found[1]) + int(found[2]) - int(calls[1], 16)


def trial(build):
    """What the trial measures while it runs, by kind and name."""
    if not shutil.which('qemu-arm'):
        return {}
    text = tool('qemu-arm',
                os.path.join(build, 'port', 'cortex-m', 'baton-trial'))
    found = {}
    for kind, name, size in re.findall(r'^(\w+)\.(\w+) (\d+)$', text, re.M):
        found.setdefault(kind, {})[name] = int(size)
    if set(found) != {'stack', 'memory'}:
        raise Unreadable(f'no figures of a trial in this:\n{text}')
    return found


def of_build(build):
    """The sizes of a cross build that is up to date."""
    text = tool('arm-none-eabi-size',
                os.path.join(build, 'libbaton-core.a'))
    files = {f'{folder}/{name}': int(code) + int(data) for
             code, data, folder, name in
             re.findall(r'^\s*(\d+)\s+(\d+)\s.*\t([a-z]+)_(\w+)\.c\.o\b',
                        text, re.M)}
    if not files:
        raise Unreadable(f'no object file in this:\n{text}')
    text = tool('arm-none-eabi-nm', '-S', '--size-sort', os.path.join(
        build, 'port', 'cortex-m', 'libbaton-contexts.a'))
    contexts = {name: int(size, 16) for size, name in
                re.findall(r'^\w+ (\w+) \w baton_context_(\w+)$', text, re.M)}
    if not contexts:
        raise Unreadable(f'no context in this:\n{text}')
    link_ram = re.search(r'^\w+ (\w+) \w baton_link_ram$', text, re.M)
    if not link_ram:
        raise Unreadable(f'no RAM of a link in this:\n{text}')
    return {'flash': image(build, 'baton-image'),
            'watch_flash': image(build, 'baton-image-watch'),
            'all_flash': image(build, 'baton-image-all'),
            'total_flash': image(build, 'baton-image-total'),
            'link_ram': int(link_ram[1], 16), 'files': files,
            'contexts': contexts, **trial(build)}


def table(found):
    for name, size in found['files'].items():
        yield f'{size:>8}  {name}'
    yield f'{found["flash"]:>8}  flash of the core'
    yield f'{found["watch_flash"]:>8}  flash of a watch that compares'
    yield f'{found["all_flash"]:>8}  flash with every way to pair'
    yield f'{found["total_flash"]:>8}  flash with primitives'
    for name, size in found['contexts'].items():
        yield f'{size:>8}  RAM of a struct baton_{name}'
    yield f'{found["link_ram"]:>8}  RAM per link'
    for name, size in found.get('memory', {}).items():
        yield f'{size:>8}  RAM for payload and windows, {name} configuration'
    for name, size in found.get('stack', {}).items():
        yield f'{size:>8}  stack of {name}'


def main(args):
    if args not in (['m4'], ['m0']):
        print(__doc__, file=sys.stderr)
        return 64
    good, text = builder.cortex(args[0])
    if not good:
        print(text, file=sys.stderr)
        return 1
    try:
        found = of_build(os.path.join(builder.ROOT, 'build', args[0]))
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 1
    json.dump(found, sys.stdout, indent=2)
    print()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
