#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every build and every test that ./run test stands for.

usage: test.py [--quick | --no-vm | --brief-vm | --no-long] [STEP...]

Prints a line for each case, the time of each step, and at the end one line
`N passed, M failed`. Exit code 1 if anything failed or nothing ran.
"""
import os
import shutil
import sys
import time

import cases
import sizes
from build import (CLANG, EVERYTHING, RELEASE, ROOT, SANITIZE, bearssl,
                   configure, cross_file, run)

# No Nettle: so SHA-256 from libsodium is tested too.
FOREIGN = ['libsodium-dev', 'libsodium23', 'libcmocka-dev', 'libcmocka0',
           'libjansson-dev', 'libjansson4', 'zlib1g-dev', 'zlib1g']


# The tests of the program sleep most of their time: so many beside those that
# work.
SLEEPERS = 2


class Report:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.steps = []
        self.told = set()

    def case(self, step, name, verdict, text=''):
        print(f'{verdict:4}  {step:10}  {name}', flush=True)
        if verdict == 'pass':
            self.passed += 1
        elif verdict == 'skip':
            self.skipped += 1
        else:
            self.failed += 1
            self.tell(text)

    def tell(self, text):
        """Why it failed, once for all the cases of one program."""
        if text in self.told:
            return
        self.told.add(text)
        lines = [line for line in text.splitlines()
                 if not line.startswith('ok ')]
        print(''.join(f'      | {line}\n' for line in lines[-40:]), end='')

    def end(self):
        print()
        for name, seconds in self.steps:
            print(f'{seconds:6.1f} s  {name}')
        print(f'{sum(seconds for _, seconds in self.steps):6.1f} s  together')
        print()
        line = f'{self.passed} passed, {self.failed} failed'
        if self.skipped:
            line += f', {self.skipped} skipped'
        print(line)
        return 1 if self.failed or not self.passed else 0


def build_step(report, name, options, tests=(), env=None, check=None):
    """Configure, build, test; every case of every program counts."""
    build = os.path.join(ROOT, 'build', name)
    env = {**os.environ, 'LC_ALL': 'C.UTF-8', **(env or {})}
    good, text = configure(build, options, env)
    if good:
        good, text = run('meson', 'compile', '-C', build, env=env)
    report.case(name, 'builds without a warning', 'pass' if good else 'fail',
                text)
    if not good:
        return
    for log in ('json', 'txt', 'junit.xml'):
        log = os.path.join(build, 'meson-logs', f'testlog.{log}')
        if os.path.exists(log):
            os.remove(log)
    good, text = run('meson', 'test', '-C', build, '--no-rebuild',
                     '--num-processes', str(os.cpu_count() + SLEEPERS),
                     *tests, env=env)
    ran, before = 0, report.failed
    for case, verdict, output in cases.of_build(build):
        ran += 1
        report.case(name, case, verdict, output)
    if not ran or not good and report.failed == before:
        report.case(name, 'meson test', 'fail', text)
    if check:
        check(report, name, build)


def native(*options):
    def step(report, name, tests, **kwargs):
        build_step(report, name, [*EVERYTHING, *options], tests, **kwargs)
    return step


def source_of_bearssl(report, name):
    """The option that names it, or nothing and a case that failed."""
    good, text, options = bearssl()
    if not good:
        report.case(name, 'source of BearSSL', 'fail', text)
    return options if good else []


def no_glib(report, name, build):
    with open(os.path.join(build, 'compile_commands.json')) as file:
        text = file.read()
    clean = 'glib' not in text and 'bluetooth' not in text
    report.case(name, 'no compiler command names GLib or BlueZ',
                'pass' if clean else 'fail')


def bare(report, name, tests):
    options = source_of_bearssl(report, name)
    build_step(report, name, ['-Dtools=disabled', '-Dgatt=disabled',
                              '-Dsodium=enabled', '-Dtests=enabled', *options],
               tests, check=no_glib)


def size_table(report, name, build):
    try:
        found = sizes.of_build(build)
    except sizes.Unreadable as error:
        report.case(name, 'has a table of its size', 'fail', str(error))
        return
    report.case(name, 'has a table of its size', 'pass')
    for line in sizes.table(found):
        print(f'      {line}')


def cortex(report, name, tests):
    options = source_of_bearssl(report, name)
    if options:
        build_step(report, name, ['--cross-file', cross_file(name), *options],
                   tests, check=size_table)


def emulated(debian_arch, more=lambda report, name: []):
    def step(report, name, tests):
        good, text = run(os.path.join(ROOT, 'tests', 'ci', 'sysroot'), name,
                         debian_arch, *FOREIGN)
        if not good:
            report.case(name, 'libraries', 'fail', text)
            return
        root = os.path.join(ROOT, 'build', 'sysroot', f'{name}.ini')
        build_step(report, name, ['--cross-file', root,
                                  '--cross-file', cross_file(name),
                                  *more(report, name)], [*tests, '-t', '5'])
    return step


def subproject(report, name, _tests):
    """A project that carries Baton below its own subprojects/."""
    source = os.path.join(ROOT, 'build', f'{name}-source')
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(os.path.join(ROOT, 'tests', 'subproject'), source)
    os.mkdir(os.path.join(source, 'subprojects'))
    os.symlink(ROOT, os.path.join(source, 'subprojects', 'baton'))
    build = os.path.join(ROOT, 'build', name)
    shutil.rmtree(build, ignore_errors=True)
    for what, command in (
            ('is configured', ['meson', 'setup', build, source]),
            ('builds', ['meson', 'compile', '-C', build]),
            ('runs', [os.path.join(build, 'consumer')])):
        good, text = run(*command)
        report.case(name, f'a project with Baton inside {what}',
                    'pass' if good else 'fail', text)
        if not good:
            return


def installed(report, name, _tests):
    """A program that finds an installed Baton through pkg-config."""
    top = os.path.join(ROOT, 'build', name)
    shutil.rmtree(top, ignore_errors=True)
    program = os.path.join(top, 'consumer')
    good, text = run('meson', 'install', '-C',
                     os.path.join(ROOT, 'build', 'release'),
                     '--no-rebuild', '--destdir', top)
    report.case(name, 'meson install', 'pass' if good else 'fail', text)
    if not good:
        return
    folders = [folder for folder, _, names in os.walk(top)
               if 'baton.pc' in names]
    env = {**os.environ, 'PKG_CONFIG_PATH': ':'.join(folders),
           'PKG_CONFIG_SYSROOT_DIR': top}
    good, flags = run('pkg-config', '--cflags', '--libs', 'baton',
                      env=env)
    report.case(name, 'pkg-config finds it', 'pass' if good else 'fail', flags)
    if not good:
        return
    cc = ['cc', '-std=c11', '-Wall', '-Wextra', '-Werror']
    headers = sorted(os.listdir(os.path.join(ROOT, 'include', 'baton')))
    for what, these in [*((f'<baton/{header}> stands alone', [header])
                          for header in headers),
                        ('all public headers go together', headers)]:
        text = ''.join(f'#include <baton/{header}>\n' for header in these)
        good, text = run(*cc, '-fsyntax-only', '-x', 'c', '-', cwd=top,
                         *flags.split(), input=text)
        report.case(name, what, 'pass' if good else 'fail', text)
    source = os.path.join(ROOT, 'tests', 'subproject', 'consumer.c')
    for what, command in (
            ('compiles', [*cc, source, '-o', program, *flags.split()]),
            ('runs', [program])):
        good, text = run(*command, cwd=top)
        report.case(name, f'a program against it {what}',
                    'pass' if good else 'fail', text)
        if not good:
            return


UNIT = ['--suite', 'unit']
# A busy machine, sanitizers and emulation take their time.
SLOWER = ['-t', '3']
# The others run in the builds behind it, and need no build of this kind.
DEBUG = [*UNIT, '--suite', 'style', '--suite', 'keylog']
EMULATED = [*UNIT, '--no-suite', 'exhaustive', *SLOWER]
# Each step: its name, what it does, the tests it takes, more.
STEPS = (
    ('debug', native('--buildtype=debug'), [*DEBUG, *SLOWER], {}),
    ('release', native(*RELEASE), None, {}),
    ('asan', native('--buildtype=debugoptimized', *SANITIZE),
     ['--no-suite', 'style', *SLOWER], {}),
    ('clang', native('--buildtype=debugoptimized', *SANITIZE),
     [*UNIT, *SLOWER], {'env': CLANG}),
    ('bare', bare, [*UNIT, *SLOWER], {}),
    ('subproject', subproject, [], {}),
    ('installed', installed, [], {}),
    ('m4', cortex, UNIT, {}),
    ('m0', cortex, UNIT, {}),
    ('i686', emulated('i386', source_of_bearssl), EMULATED, {}),
    ('s390x', emulated('s390x'), EMULATED, {}),
)
VM_LONG = ['--no-suite', 'vm-long']
VM = ['--no-suite', 'vm', *VM_LONG]
VM_BRIEF = ['--no-suite', 'vm-more', *VM_LONG]
LONG = [*VM, '--no-suite', 'slow']
# What each option leaves out of the one build that runs everything.
LESS = {'--quick': LONG, '--no-vm': VM, '--brief-vm': VM_BRIEF,
        '--no-long': VM_LONG}


def main(args):
    less = [part for arg in args for part in LESS.get(arg, [])]
    chosen = [arg for arg in args if arg not in LESS]
    unknown = set(chosen) - {name for name, *_ in STEPS}
    if unknown:
        print(f'no step is called {unknown.pop()}; the steps are '
              f'{" ".join(name for name, *_ in STEPS)}', file=sys.stderr)
        return 64
    report = Report()
    for name, step, tests, more in STEPS:
        if chosen and name not in chosen:
            continue
        if tests is None:
            tests = ['--no-suite', 'style', *SLOWER, *less]
        else:
            tests = [*tests, *LONG]
        start = time.monotonic()
        step(report, name, tests, **more)
        report.steps.append((name, time.monotonic() - start))
    return report.end()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
