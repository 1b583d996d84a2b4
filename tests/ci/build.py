#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build folders below build/, made anew when their options change.

usage: build.py TARGET

Builds one target as a user would have it, in build/release; says nothing
unless it fails. Exit code 66 if Baton has no such target.
"""
import os
import shutil
import subprocess
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
EVERYTHING = ['-Dsodium=enabled', '-Dtools=enabled', '-Dgatt=enabled',
              '-Dtests=enabled']
RELEASE = ['--buildtype=release']
SANITIZE = ['-Db_sanitize=address,undefined', '-Db_lundef=false',
            '-Dc_args=-fno-sanitize-recover=all -fno-omit-frame-pointer']
CLANG = {'CC': 'clang-14'}


def run(*command, **kwargs):
    """(it worked, what it printed)"""
    if 'input' not in kwargs:
        kwargs['stdin'] = subprocess.DEVNULL
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.STDOUT, errors='replace',
                            **kwargs)
    return result.returncode == 0, result.stdout


def configure(build, options, env):
    """Set the folder up, anew if it was made with other options."""
    stamp = os.path.join(build, 'options')
    wanted = '\n'.join([ROOT, *options, env.get('CC', '')])
    if os.path.exists(stamp):
        with open(stamp) as file:
            if file.read() == wanted:
                return True, ''
    shutil.rmtree(build, ignore_errors=True)
    good, text = run('meson', 'setup', build, ROOT, *options, env=env)
    if good:
        with open(stamp, 'w') as file:
            file.write(wanted)
    return good, text


def cross_file(name):
    return os.path.join(ROOT, 'tests', 'cross', f'{name}.ini')


def bearssl():
    """(its source is there, what to say if not, the option that names it)"""
    good, text = run(os.path.join(ROOT, 'tests', 'ci', 'source'), 'bearssl')
    folder = os.path.join(ROOT, 'build', 'source', 'bearssl')
    return good, text, [f'-Dbearssl={folder}']


def cortex(name):
    """The core and primitives for a Cortex-M, in build/NAME."""
    build = os.path.join(ROOT, 'build', name)
    good, text, options = bearssl()
    if good:
        good, text = configure(build, ['--cross-file', cross_file(name),
                                       *options], dict(os.environ))
    return run('ninja', '-C', build) if good else (good, text)


def main(args):
    if len(args) != 1:
        print(__doc__, file=sys.stderr)
        return 64
    build = os.path.join(ROOT, 'build', 'release')
    good, text = configure(build, [*EVERYTHING, *RELEASE], dict(os.environ))
    if good:
        good, text = run('ninja', '-C', build, args[0])
    if not good:
        print(text, file=sys.stderr)
        return 66 if f"unknown target '{args[0]}'" in text else 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
