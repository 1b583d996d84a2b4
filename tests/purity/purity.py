#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The core is pure: no library behind it, no state of its own, arrows down.

usage: purity.py archive NM SIZE POINTER_BYTES SOURCE_ROOT CORE_ARCHIVE
       purity.py includes SOURCE_ROOT CORE_SOURCE...

Prints TAP. Every check is first shown something that it must refuse.
"""
import os
import re
import subprocess
import sys

LIBC = {'memcpy', 'memmove', 'memset', 'memcmp'}
# What the linker makes, for position-independent code to find constants.
LINKER = {'_GLOBAL_OFFSET_TABLE_'}
# What a 32-bit compiler calls instead of writing it out, all of it in libgcc.
RUNTIME = re.compile(r'__aeabi_\w+|__gnu_thumb1_case_\w+|__u?(div|mod)[sd]i[34]'
                     r'|__u?divmoddi4|__(ashl|ashr|lshr|mul|bswap|clz|ctz)[sd]i[23]'
                     r'|__x86\.get_pc_thunk\.\w+')
HEADERS = {'stddef.h', 'stdint.h', 'stdbool.h', 'string.h', 'limits.h'}
# The headers whose functions are not in the core but behind it.
PORTS = ('crypto/primitives.h',)
BELOW = {
    'base': {'base'},
    'transport': {'base', 'transport'},
    'crypto': {'base', 'crypto'},
    'session': {'base', 'transport', 'crypto', 'session'},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(<([^>]*)>|"([^"]*)"|(.*))', re.M)


def tool(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def symbol_faults(nm_output, wide, declared):
    """What the archive asks of others that it may not ask."""
    defined, wanted, faults = set(), {}, []
    member = ''
    for line in nm_output.splitlines():
        if line.endswith(':'):
            member = line[:-1]
        fields = line.split()
        if len(fields) < 2 or len(fields[-2]) != 1:
            continue
        kind, name = fields[-2:]
        if kind in 'UwvV':
            wanted.setdefault(name, member)
        else:
            defined.add(name)
        if kind == 'C':
            faults.append(f'{member}: common symbol {name}')
    for name, member in sorted(wanted.items()):
        if name in defined or name in LIBC | LINKER:
            continue
        if not wide and RUNTIME.fullmatch(name):
            continue
        if name.startswith('baton_') and name in declared:
            continue
        faults.append(f'{member}: needs {name}')
    return faults


def section_faults(size_output):
    """Sections that can be written to: the core has no state of its own."""
    faults, member = [], ''
    for line in size_output.splitlines():
        if '(ex ' in line or line.endswith(':'):
            member = line.split()[0]
        fields = line.split()
        if len(fields) != 3 or not fields[1].isdigit():
            continue
        name, size = fields[0], int(fields[1])
        if name.startswith('.data.rel.ro'):
            continue
        if size and re.match(r'\.(s?data|s?bss|t?data|tbss)\b', name):
            faults.append(f'{member}: {size} bytes in {name}')
    return faults


def include_faults(path, text, core):
    """Headers that this file may not see."""
    layer = path.split('/')[0]
    if layer == 'include':
        layer = path.split('/')[-1].removesuffix('.h')
    faults = []
    for match in INCLUDE.finditer(text):
        system, own, other = match.group(2, 3, 4)
        if other:
            faults.append(f'{path}: computed #include {other.strip()}')
        elif system and system.startswith('baton/'):
            faults.append(f'{path}: <{system}>, write the path from the root')
        elif system and core and system not in HEADERS:
            faults.append(f'{path}: <{system}> is not for the core')
        elif own and own.split('/')[0] not in BELOW[layer]:
            faults.append(f'{path}: "{own}" is not below {layer}')
    return faults


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def case(self, name, faults, wanted=False):
        """One case: no faults, or, where wanted, at least one."""
        good = bool(faults) == wanted
        self.count += 1
        self.failed += not good
        print(f'{"" if good else "not "}ok {self.count} - {name}')
        for fault in [] if good else faults or ['nothing was found']:
            print(f'# {fault}')

    def end(self):
        print(f'1..{self.count}')
        return 1 if self.failed else 0


def port_names(root):
    """The functions that a port brings."""
    names = set()
    for path in PORTS:
        with open(os.path.join(root, path)) as file:
            names |= set(re.findall(r'\b(baton_\w+)\(', file.read()))
    return names


def check_archive(nm, size, pointer_bytes, root, archive):
    tap = Tap()
    names = port_names(root)
    fake = 'a.o:\n                 U {}\n'
    for name in ('malloc', 'g_malloc', '__errno_location', 'stderr',
                 '__stack_chk_fail', 'sodium_memzero', 'baton_not_there',
                 'strlen'):
        tap.case(f'{name} would be refused',
                 symbol_faults(fake.format(name), True, names), True)
    tap.case('a common symbol would be refused',
             symbol_faults('a.o:\n0000 C state\n', True, names), True)
    for name in ('.data', '.bss', '.data.state', '.bss.state', '.tbss',
                 '.data.rel.local', '.sdata', '.sbss'):
        tap.case(f'{name} would be refused',
                 section_faults(f'a.o   (ex a.a):\n{name}   4   0\n'), True)
    tap.case('a constant table of pointers would be allowed',
             section_faults('a.o   (ex a.a):\n.data.rel.ro.local  4  0\n'))

    sections = tool(size, '-A', archive)
    tap.case('the archive has code in it',
             [] if re.search(r'^\.text\S*\s+[1-9]', sections, re.M)
             else ['no .text at all'])
    tap.case('the core needs nothing but mem* and its port',
             symbol_faults(tool(nm, archive), pointer_bytes == '8', names))
    tap.case('the core has no state of its own', section_faults(sections))
    return tap.end()


def check_includes(root, sources):
    tap = Tap()
    for path, text in (('transport/a.c', '#include <stdlib.h>'),
                       ('transport/a.c', '# include <errno.h>'),
                       ('transport/a.c', '#include "crypto/noise.h"'),
                       ('crypto/a.h', '#include "transport/link.h"'),
                       ('session/a.c', '#include "sim/air.h"'),
                       ('session/a.c', '#include "port/bearer.h"'),
                       ('base/a.h', '#include "session/session.h"'),
                       ('session/a.c', '#include "session.h"'),
                       ('session/a.c', '#include <glib.h>'),
                       ('session/a.c', '#include <baton/session.h>'),
                       ('include/baton/crypto.h', '#include "session/a.h"'),
                       ('session/a.c', '#include HEADER')):
        tap.case(f'{text[1:].strip()} in {path} would be refused',
                 include_faults(path, text, True), True)

    files = set(sources)
    for layer in BELOW:
        files |= {f'{layer}/{name}' for name in os.listdir(
            os.path.join(root, layer)) if name.endswith(('.c', '.h'))}
        umbrella = f'include/baton/{layer}.h'
        if os.path.exists(os.path.join(root, umbrella)):
            files.add(umbrella)
    for path in sorted(files):
        # A .c file of these folders that is not in the core is a port's.
        core = path.endswith('.h') or path in sources
        with open(os.path.join(root, path)) as file:
            tap.case(f'{path} includes what it may',
                     include_faults(path, file.read(), core))
    return tap.end()


def main(args):
    if args[:1] == ['archive'] and len(args) == 6:
        return check_archive(*args[1:])
    if args[:1] == ['includes'] and len(args) > 2:
        root = os.path.abspath(args[1])
        return check_includes(root, [os.path.relpath(path, root)
                                     for path in args[2:]])
    print(__doc__, file=sys.stderr)
    return 64


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
