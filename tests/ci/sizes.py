#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the core takes on a Cortex-M.

usage: sizes.py m4|m0

Builds it in build/m4 or build/m0 and prints JSON, all in bytes: `flash`, the
code and constants of the core in an image that uses the whole engine, libgcc's
helpers included; `files`, all that each source file has; `contexts`, the RAM
of each context.
"""
import json
import os
import re
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
    text = tool('arm-none-eabi-size', os.path.join(
        build, 'port', 'cortex-m', 'baton-image'))
    image = re.search(r'^\s*(\d+)\s+(\d+)', text, re.M)
    if not image:
        raise Unreadable(f'no size of an image in this:\n{text}')
    return {'flash': int(image[1]) + int(image[2]), 'files': files,
            'contexts': contexts}


def table(found):
    for name, size in found['files'].items():
        yield f'{size:>8}  {name}'
    yield f'{found["flash"]:>8}  flash of the core'
    for name, size in found['contexts'].items():
        yield f'{size:>8}  RAM of a struct baton_{name}'


def main(args):
    if args not in (['m4'], ['m0']):
        print(__doc__, file=sys.stderr)
        return 64
    good, text = builder.cortex(args[0])
    if not good:
        print(text, file=sys.stderr)
        return 1
    json.dump(of_build(os.path.join(builder.ROOT, 'build', args[0])),
              sys.stdout, indent=2)
    print()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
