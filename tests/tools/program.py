# SPDX-License-Identifier: MIT
"""Runs `baton` processes for the tests, and prints TAP."""
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import traceback

PATIENCE = 60 * float(os.environ.get('MESON_TEST_PATIENCE', '1'))


class Skip(Exception):
    pass


def expect(good, what):
    if not good:
        raise AssertionError(what)


class Process:
    """One `baton` with its output in a file; stdin: a pipe, or a file."""

    def __init__(self, bench, args, stdin=None, before=(), preexec=None,
                 env=(), program=None):
        self.args = args
        self.log = tempfile.TemporaryFile(dir=bench.dir)
        self.errors = tempfile.TemporaryFile(dir=bench.dir)
        self.process = subprocess.Popen(
            [*before, program or bench.program, *args], stdout=self.log,
            stderr=self.errors, preexec_fn=preexec, cwd=bench.dir,
            stdin=self.input(bench, stdin),
            env={**os.environ, **dict(env)})

    @staticmethod
    def input(bench, stdin):
        if isinstance(stdin, str):
            return os.open(bench.path(stdin), os.O_RDONLY | os.O_CLOEXEC)
        return subprocess.PIPE if stdin else subprocess.DEVNULL

    @staticmethod
    def read_bytes(file):
        # Its position is the program's too, which writes there.
        return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)

    def read(self, file):
        return self.read_bytes(file).decode(errors='backslashreplace')

    @property
    def out(self):
        return self.read(self.log)

    @property
    def raw(self):
        return self.read_bytes(self.log)

    @property
    def err(self):
        return self.read(self.errors)

    def until(self, text, seconds=PATIENCE):
        """Wait until a line of the output begins with text; the line."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.out.splitlines(keepends=True):
                if line.startswith(text) and line.endswith('\n'):
                    return line.strip()
            expect(self.process.poll() is None,
                   f'{self}: ended with {self.process.poll()} before '
                   f'{text!r}: {self.out}{self.err}')
            time.sleep(0.02)
        raise AssertionError(f'{self}: no {text!r} in time: {self.out}')

    def until_warned(self, text, seconds=PATIENCE):
        """Wait until a line on stderr has text."""
        end = time.monotonic() + seconds
        while text not in self.err:
            expect(time.monotonic() < end,
                   f'{self}: no {text!r} in time: {self.out}{self.err}')
            time.sleep(0.02)

    def say(self, text):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()

    def end(self, seconds=PATIENCE):
        """Wait for the end; the exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f'{self}: does not end: {self.out}'
                                 f'{self.err}')

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()

    def fails(self, code, *words):
        """It ends with this code and one clear line that has these words."""
        got = self.end()
        lines = self.err.splitlines()
        expect(got == code, f'{self}: exit code {got}, not {code}: '
               f'{self.out}{self.err}')
        expect(len(lines) == 1 and lines[0].startswith('baton: '),
               f'{self}: not one line: {self.err!r}')
        for word in words:
            expect(word in lines[0], f'{self}: no {word!r} in {lines[0]!r}')

    def succeeds(self):
        got = self.end()
        expect(got == 0, f'{self}: exit code {got}: {self.out}{self.err}')
        return self.out

    def __str__(self):
        return ' '.join(self.args)


class Bench:
    """A directory, a radio where asked for, and the processes of one case."""

    def __init__(self, program):
        self.program = program
        self.dir = tempfile.mkdtemp(prefix='baton-test-')
        self.processes = []

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def start(self, *args, **kwargs):
        process = Process(self, [str(arg) for arg in args], **kwargs)
        self.processes.append(process)
        return process

    def radio(self, *args):
        radio = self.start('air', 'radio', *args)
        radio.until('radio at')
        return radio

    def watch(self, *args, **kwargs):
        return self.start('watch', '--bearer', 'sim:radio', '--store',
                          'watch-store', *args, **kwargs)

    def phone(self, *args, **kwargs):
        return self.start('phone', '--bearer', 'sim:radio', '--store',
                          'phone-store', *args, **kwargs)

    def pair(self):
        """As two people do: compare, then say yes on both."""
        watch = self.watch('pair', stdin=True)
        phone = self.phone('pair', stdin=True)
        code = watch.until('code ')
        expect(code == phone.until('code '), 'the codes differ')
        watch.say('y\n')
        phone.say('y\n')
        watch.succeeds()
        phone.succeeds()

    def pair_second(self):
        """The phone that is paired is 'first' now, and another one has come."""
        self.start('bonds', '-s', 'watch-store', 'rename', 'phone',
                   'first').succeeds()
        os.rename(self.path('phone-store'), self.path('first-store'))
        self.pair()

    def file(self, name, content):
        with open(self.path(name), 'wb') as file:
            file.write(content)
        return name

    def content(self, *names):
        with open(self.path(*names), 'rb') as file:
            return file.read()

    def mkdir(self, name):
        os.mkdir(self.path(name))
        return name

    def close(self):
        for process in self.processes:
            process.kill()
        shutil.rmtree(self.dir)

    def failed(self):
        for process in self.processes:
            for line in f'{process.out}{process.err}'.splitlines():
                print(f'# {process}: {line}')


class StrangePeer:
    """A role on the radio's socket that is none of ours (tools/air_wire.h)."""

    HELLO, SORRY, UP, DOWN, PDU, MTU, ROOM, PACE, SHOW, HEARD, CONNECT = \
        range(1, 12)
    WATCH, PHONE = 0, 1

    def __init__(self, bench, role, version=2):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(bench.path('radio'))
        self.socket.send(bytes([self.HELLO, version, role]))

    def receive(self, kind):
        """The body of the next message of this kind."""
        while True:
            message = self.socket.recv(1024)
            expect(message, 'the radio closed the socket')
            if message[0] == self.HEARD:
                self.socket.send(bytes([self.CONNECT]) + message[1:])
            if message[0] == kind:
                return message[1:]

    def flight(self, number, body):
        """Send a flight in pieces of 16 bytes (transport/SPEC.md A.2)."""
        for at in range(0, len(body), 16):
            place = at or 0x8000 | len(body)
            self.socket.send(bytes([self.PDU, 0xf0 | number]) +
                             place.to_bytes(2, 'big') + body[at:at + 16])

    def close(self):
        self.socket.close()


def run_cases(cases, program):
    """Run all; a case is a function that takes a Bench."""
    failed = 0
    print(f'1..{len(cases)}', flush=True)
    for number, case in enumerate(cases, 1):
        name = case.__name__.replace('_', ' ')
        bench = Bench(program)
        try:
            case(bench)
            print(f'ok {number} - {name}', flush=True)
        except Skip as reason:
            print(f'ok {number} - {name} # SKIP {reason}', flush=True)
        except Exception:
            failed += 1
            print(f'not ok {number} - {name}')
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
            bench.failed()
        finally:
            bench.close()
    return 1 if failed else 0
