#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How the sources look: format, length of files and functions, licence line.

usage: style.py SOURCE_ROOT CLANG_FORMAT

Prints TAP. The checks are first shown something that they must refuse.
"""
import os
import subprocess
import sys

MAX_FILE = 800
MAX_FUNCTION = 70
LICENCE = 'SPDX-License-Identifier: MIT'
SKIP = {'.git', 'build', 'subprojects', '.cache'}


def sources(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIP and
                            not name.startswith('build'))
        for name in sorted(names):
            if name.endswith(('.c', '.h')):
                yield os.path.relpath(os.path.join(folder, name), root)


def shape_faults(lines):
    faults = []
    if not lines or LICENCE not in lines[0]:
        faults.append(f'line 1: is not /* {LICENCE} */')
    if len(lines) > MAX_FILE:
        faults.append(f'{len(lines)} lines, {MAX_FILE} at most')
    start = None
    for number, line in enumerate(lines, 1):
        if line == '{':
            start = number
        elif line.startswith('}') and start is not None:
            if number - start - 1 >= MAX_FUNCTION:
                faults.append(f'line {start}: a function of '
                              f'{number - start - 1} lines, '
                              f'below {MAX_FUNCTION} is allowed')
            start = None
    return faults


def format_faults(clang_format, name, text):
    """Lines that clang-format would write in another way."""
    result = subprocess.run([clang_format, '--dry-run', '-Werror',
                             '--style=file', f'--assume-filename={name}'],
                            input=text, text=True, stderr=subprocess.PIPE)
    return result.stderr.splitlines()[:3] if result.returncode else []


def main(args):
    if len(args) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    root, clang_format = args
    os.chdir(root)
    count = failed = 0

    def case(name, faults, wanted=False):
        nonlocal count, failed
        good = bool(faults) == wanted
        count += 1
        failed += not good
        print(f'{"" if good else "not "}ok {count} - {name}')
        for fault in [] if good else faults or ['nothing was found']:
            print(f'# {fault}')

    head = [f'/* {LICENCE} */']
    case('a long function would be refused',
         shape_faults(head + ['{'] + ['\tx();'] * MAX_FUNCTION + ['}']), True)
    case('the longest function would be allowed',
         shape_faults(head + ['{'] + ['\tx();'] * (MAX_FUNCTION - 1) + ['}']))
    case('a long file would be refused', shape_faults(head * 801), True)
    case('a missing licence would be refused', shape_faults(['int x;']), True)
    case('another format would be refused',
         format_faults(clang_format, 'a.c', 'int  x ;\n'), True)
    for path in sources('.'):
        with open(path) as file:
            text = file.read()
        case(f'{path}', shape_faults(text.splitlines()) +
             format_faults(clang_format, path, text))
    print(f'1..{count}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
