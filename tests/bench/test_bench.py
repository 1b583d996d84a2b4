#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The bench as a program: its JSON, its table, its grid, wrong usage.

usage: test_bench.py BATON-BENCH

Speaks TAP. Judges no figure: those are the bench's own to tell.
"""
import csv
import json
import math
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

KEYS = '''bulk_goodput_share bulk_goodput_share_drop1
bulk_goodput_share_drop1_slow bulk_goodput_share_bluez bulk_overhead_pct small_overhead_pct
first_message_bytes first_message_events session_bytes session_events
handover_bytes handover_events handover_link_bytes handover_link_events
needless_retransmissions
control_latency_events xx_cpu_ratio kkpsk0_cpu_ratio nnpsk0_cpu_ratio
bulk_cpu_ratio sim_speedup m4_core_flash m4_watch_flash m4_all_flash
m4_total_flash m4_link_ram'''.split()
CELLS = 5 * 2 * 4 * 2 * 2


def bench(*args, sizes=None):
    env = {**os.environ, 'BATON_M4_SIZES': sizes or ''}
    if not sizes:
        del env['BATON_M4_SIZES']
    return subprocess.run([sys.argv[1], *args], env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def figures(*args, **kwargs):
    result = bench('--json', *args, **kwargs)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def has_every_key(_folder):
    found = figures('--quick')
    assert sorted(found) == sorted(KEYS), found.keys()
    for key, entry in found.items():
        assert {'value', 'limit', 'target', 'met'} <= set(entry), key
        if key.startswith('m4_'):
            assert entry['value'] is None and entry['met'] is None, entry
            assert 'BATON_M4_SIZES' in entry['note'], entry
            continue
        assert math.isfinite(entry['value']), entry
        higher = entry['better'] == 'higher'
        if entry['target'] is None:
            assert entry['met'] is None and not higher, entry
            continue
        assert entry['met'] == (entry['value'] >= entry['target'] if higher
                                else entry['value'] <= entry['target']), key


def shares_and_overheads_are_possible(_folder):
    for key in ('bulk_goodput_share', 'bulk_overhead_pct'):
        entry = figures('--only', key)[key]
        value, limit = entry['value'], entry['limit']
        assert (0 < value <= limit if entry['better'] == 'higher'
                else value >= limit), entry


def a_handover_costs_at_least_its_state_and_its_parts(_folder):
    found = {}
    for key in ('session_bytes', 'session_events', 'handover_bytes',
                'handover_events', 'handover_link_bytes',
                'handover_link_events'):
        found[key] = figures('--only', key)[key]['value']
    assert found['handover_bytes'] > 200, found
    assert 1 <= found['handover_events'] <= found['handover_link_events'] - \
        found['session_events'], found
    assert found['session_bytes'] > 0, found
    assert found['handover_link_bytes'] > found['handover_bytes'] + 200, found


def reads_the_sizes_of_a_cross_build(folder):
    path = os.path.join(folder, 'sizes.json')
    with open(path, 'w') as file:
        json.dump({'flash': 24577, 'link_ram': 2048,
                   'contexts': {'link': 2048}}, file)
    found = figures('--only', 'm4_core_flash', sizes=path)
    assert list(found) == ['m4_core_flash'], found
    assert found['m4_core_flash']['value'] == 24577
    assert found['m4_core_flash']['met'] is False
    assert figures('--only', 'm4_link_ram', sizes=path)['m4_link_ram']['met']
    entry = figures('--only', 'm4_total_flash', sizes=path)['m4_total_flash']
    assert entry['value'] is None and 'total_flash' in entry['note'], entry
    with open(path, 'w') as file:
        file.write('{')
    entry = figures('--only', 'm4_core_flash', sizes=path)['m4_core_flash']
    assert entry['value'] is None and entry['note'], entry


def prints_a_table(_folder):
    result = bench('--only', 'bulk_overhead_pct')
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0].split()[:2] == ['figure', 'measured']
    assert 'bulk_overhead_pct' in result.stdout
    assert 'met' in result.stdout.lower() or 'MISSED' in result.stdout


def writes_the_grid(folder):
    table = os.path.join(folder, 'grid.csv')
    picture = os.path.join(folder, 'grid.svg')
    result = bench('--quick', '--grid', table, '--heatmap', picture)
    assert result.returncode == 0, result.stderr
    with open(table, newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == CELLS, len(rows)
    cells = {tuple(row[name] for name in ('host', 'phy', 'data_length', 'mtu',
                                          'interval_ms')) for row in rows}
    assert len(cells) == CELLS, len(cells)
    for row in rows:
        assert 0 < float(row['share']) <= 1.001, row
        assert bool(row['explanation']) == (float(row['share']) < 0.95), row
    text = xml.etree.ElementTree.parse(picture).getroot()
    numbers = [node for node in text.iter('{http://www.w3.org/2000/svg}text')
               if node.get('class').startswith('c t')]
    assert len(numbers) == CELLS, len(numbers)


def refuses_what_it_does_not_know(_folder):
    for args in (['--only', 'speed'], ['--only'], ['--fast'],
                 ['--json', '--grid', '/dev/null']):
        result = bench(*args)
        assert result.returncode == 64, (args, result.returncode)
        assert len(result.stderr.splitlines()) == 1, result.stderr
    result = bench('--quick', '--grid', '/nowhere/grid.csv')
    assert result.returncode == 1 and '/nowhere/grid.csv' in result.stderr


CASES = [has_every_key, shares_and_overheads_are_possible,
         a_handover_costs_at_least_its_state_and_its_parts,
         reads_the_sizes_of_a_cross_build, prints_a_table, writes_the_grid,
         refuses_what_it_does_not_know]


def main():
    failed = False
    print(f'1..{len(CASES)}', flush=True)
    for number, case in enumerate(CASES, 1):
        try:
            with tempfile.TemporaryDirectory() as folder:
                case(folder)
            print(f'ok {number} - {case.__name__}', flush=True)
        except Exception as error:
            failed = True
            for line in repr(error).splitlines():
                print(f'# {line}')
            print(f'not ok {number} - {case.__name__}', flush=True)
    return failed


if __name__ == '__main__':
    sys.exit(main())
