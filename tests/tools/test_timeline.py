#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The picture of a run: what is in it, not how it looks.

usage: test_timeline.py BATON SCENARIOS [CASE...]

SCENARIOS is the folder of the scenarios in this tree.
"""
import os
import re
import sys
import xml.etree.ElementTree

from program import expect, run_cases

HOUR = 110000 # bytes
SVG = '{http://www.w3.org/2000/svg}'
SCENARIOS = None

SHORT = '''scenario short
link   phy=2M mtu=247 interval=15ms
at 0s     person confirm device=watch after=20ms
at 0s     person confirm device=phone after=20ms
at 250ms  watch send message size=300B as=heart<rate>
within 70s everything delivered once
'''


class Picture:
    def __init__(self, path):
        with open(path, 'rb') as file:
            self.bytes = file.read()
        self.root = xml.etree.ElementTree.fromstring(self.bytes)
        self.texts = [text.text for text in self.root.iter(SVG + 'text')]
        self.tips = [tip.text for tip in self.root.iter(SVG + 'title')][1:]

    def tips_like(self, pattern):
        return [tip for tip in self.tips if re.search(pattern, tip)]

    def shapes(self, name, of):
        return [shape for shape in self.root.iter(SVG + name)
                if of in shape.get('class', '').split()]


def draw(bench, scenario, *args, name='out.svg'):
    bench.start('sim', scenario, '--timeline', name, *args).succeeds()
    return Picture(bench.path(name))


def short(bench, text=SHORT):
    bench.file('short.txt', text.encode())
    return draw(bench, 'short.txt')


def shared(name):
    return os.path.join(SCENARIOS, name)


def every_lane_has_its_name(bench):
    picture = short(bench)
    for name in ('watch', 'phone', 'on the air', 'watch to phone',
                 'phone to watch', 'PDUs', 'records', 'messages',
                 '0 ms', '100 ms', '300 ms', 'short, seed 1'):
        expect(name in picture.texts, f'no {name!r} in {picture.texts}')


def names_are_escaped(bench):
    picture = short(bench)
    expect('heart<rate>, 300 B' in picture.texts, picture.texts)


def what_is_drawn_is_what_happened(bench):
    """300 B: one record of 1 + 300 + 16 B, in PDUs of 231 and 95 B, each in
    one packet with 7 B of L2CAP and ATT headers. Handed over at 250 ms, they
    go at the anchor of 255 ms, each behind an empty packet of the phone: 44 +
    150 + 1012 + 150 + 44 + 150 + 468 us, and 1 ms until the host sees it."""
    picture = short(bench)
    for what, want in (('^message record',
                        ['message record, 317 B, arrived after 8.018 ms']),
                       ('^message PDU', ['message PDU, 231 B, unit 0',
                                         'message PDU, 95 B, unit 1']),
                       ('^message, ', ['message, 238 B, 1012 \u00b5s',
                                       'message, 102 B, 468 \u00b5s']),
                       ('^heart', ['heart<rate>, 300 B, delivered after']),
                       ('sent again|lost|never', [])):
        tips = picture.tips_like(what)
        expect(len(tips) == len(want) and all(
            tip.startswith(start) for tip, start in zip(tips, want)),
            f'{what}: {tips}')
    flights = picture.tips_like('^handshake PDU')
    expect(len(flights) == 6, f'{len(flights)} flights')
    # Each device writes its bond, then its ticket.
    expect(len(picture.tips_like('^a write to storage')) == 4, picture.tips)


def a_long_run_is_drawn_twice(bench):
    """As a whole, and the hand-over large."""
    picture = draw(bench, shared('quiet-link.txt'))
    expect(picture.texts.count('on the air') == 2, 'not two panels')
    expect(picture.shapes('rect', 'lens'), 'no lens')
    expect('6 s' in picture.texts and '5.05 s' in picture.texts,
           picture.texts)
    expect(picture.tips_like('^bulk PDU, 244 B, unit 7,'), 'not that moment')
    expect(len(picture.bytes) < 150000, f'{len(picture.bytes)} bytes')


def the_span_can_be_chosen(bench):
    picture = draw(bench, shared('quiet-link.txt'), '--span', '2s..2400ms')
    expect(picture.tips_like('^control PDU'), 'the bond is not confirmed')
    expect(not picture.tips_like('^bulk PDU'), 'more than the span')


def faults_are_seen(bench):
    picture = draw(bench, shared('power-cut-while-pairing.txt'), '--span',
                   '2s..2300ms')
    expect('no power' in picture.texts, 'the power cut')
    expect('0x08 supervision timeout' in picture.texts, 'the lost link')
    expect(picture.tips_like('lost with the link'), 'the lost record')
    picture = draw(bench, shared('file-over-a-bad-link.txt'), '--seed', '3')
    for tip in ('PDU, .*, sent again', 'PDU, .*lost in a host',
                '(broken on the air|not received)'):
        expect(picture.tips_like(tip), tip)
    expect(picture.shapes('line', 'badl'), 'no end of a link')
    expect('0x13 ended by the other' in picture.texts, picture.texts)


def an_hour_is_not_larger(bench):
    """What is denser than pixels is merged."""
    bench.file('hour.txt', b'''scenario hour
link   interval=7500us
at 5s    every 30s watch send message size=40B as=beat
at 59m   watch send file size=64KiB as=doc
within 60m doc delivered once
''')
    picture = draw(bench, 'hour.txt')
    expect('10 min' in picture.texts, picture.texts)
    expect(len(picture.bytes) < HOUR, f'{len(picture.bytes)} bytes')
    expect(picture.texts.count('beat, 40 B') < 3, 'labels on one another')
    expect(len(picture.tips_like('^beat, 40 B, delivered')) > 110,
           'not every message')


def light_and_dark_have_the_same_classes(bench):
    style = short(bench).root.find(SVG + 'style').text
    light, dark = style.split('@media(prefers-color-scheme:dark)')
    classes = re.compile(r'\.(\w+)\{(?:fill|stroke):#(\w+)\}')
    light, dark = dict(classes.findall(light)), dict(classes.findall(dark))
    expect(len(light) > 20 and light.keys() == dark.keys(), 'classes differ')
    expect(light['bg'] != dark['bg'] and light['t'] != dark['t'],
           'the same colours')


def the_same_run_gives_the_same_bytes(bench):
    bad = shared('file-over-a-bad-link.txt')
    one = draw(bench, bad, name='1.svg')
    two = draw(bench, bad, '--seed', '1', name='2.svg')
    expect(one.bytes == two.bytes, 'two pictures')
    other = draw(bench, bad, '--seed', '2', name='3.svg')
    expect(one.bytes != other.bytes, 'the seed does not matter')


def looking_on_changes_nothing(bench):
    bench.file('short.txt', SHORT.encode())
    seen = bench.start('sim', 'short.txt', '--timeline', 'x.svg').succeeds()
    expect(seen == bench.start('sim', 'short.txt').succeeds(), seen)


def a_failed_run_is_drawn_too(bench):
    bench.file('fails.txt', SHORT.encode() + b'always links = 0\n')
    process = bench.start('sim', 'fails.txt', '--timeline', 'x.svg')
    expect(process.end() == 1, process.out)
    expect('fails, seed 1: failed' in Picture(bench.path('x.svg')).texts,
           'not said')


def the_demo_is_drawn(bench):
    bench.start('demo', '--out', 'd', '--timeline', 'x.svg').succeeds()
    picture = Picture(bench.path('x.svg'))
    expect('comparing' in picture.texts and 'secure' in picture.texts,
           picture.texts)
    expect(picture.tips_like('^workout.json, .* delivered after'),
           picture.tips)
    expect(picture.tips_like('^taken-over.json, .* delivered after'),
           picture.tips)
    expect(picture.tips_like('^handshake PDU'), picture.tips)


def wrong_usage_is_said(bench):
    bench.file('short.txt', SHORT.encode())
    bench.start('sim', 'short.txt', '--timeline', 'no/where.svg').fails(
        73, 'no/where.svg', 'No such file')
    bench.start('sim', 'short.txt', '--timeline', 'x.svg', '--count',
                '2').fails(64, '--timeline', '--count')
    for span in ('1s', '3s..2s', '1..2', '..-1s', 'a..b', '2s..2s'):
        bench.start('sim', 'short.txt', '--timeline', 'x.svg', '--span',
                    span).fails(64, '--span', span)
    bench.start('sim', 'short.txt', '--timeline', 'x.svg', '--span',
                '9m..').fails(64, 'ends after')
    bench.start('demo', '--out', 'd', '--timeline', 'no/x.svg').fails(
        73, 'no/x.svg')


CASES = [value for name, value in list(globals().items())
         if callable(value) and getattr(value, '__code__', None) and
         value.__module__ == '__main__' and
         value.__code__.co_varnames[:value.__code__.co_argcount] == ('bench',)]


def main(args):
    global SCENARIOS
    if len(args) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    SCENARIOS = os.path.abspath(args[1])
    cases = [case for case in CASES
             if not args[2:] or case.__name__ in args[2:]]
    return run_cases(cases, os.path.abspath(args[0]))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
