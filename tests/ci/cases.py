# SPDX-License-Identifier: MIT
"""The single test cases in the log that meson leaves behind."""
import json
import os
import re

CASE = re.compile(r'^(not )?ok\b\s*\d*\s*(?:- )?([^#\n]*?)\s*'
                  r'(#\s*skip\b.*)?$', re.M | re.I)
PLAN = re.compile(r'^1\.\.\d+', re.M)
BAD = {'FAIL', 'ERROR', 'TIMEOUT', 'INTERRUPT', 'UNEXPECTEDPASS'}


def of_program(entry):
    """(name, verdict) of each case of one test program."""
    program = entry['name'].split(':', 1)[-1].replace(' / ', '/')
    out, result = entry.get('stdout', ''), entry['result']
    found = []
    if PLAN.search(out):
        for refused, name, skipped in CASE.findall(out):
            verdict = 'fail' if refused else 'skip' if skipped else 'pass'
            found.append((f'{program}: {name or skipped}', verdict))
    failed = any(verdict == 'fail' for _, verdict in found)
    if result in BAD and not failed:
        # A crash, a leak found at the end, a plan that was not kept.
        code = entry.get('returncode')
        found.append((f'{program}: {result.lower()}, exit code {code}',
                      'fail'))
    elif not found:
        # Exit code 77, or a plan of no cases, says that it cannot run here;
        # to say nothing at all is no way to skip.
        said = PLAN.search(out) or entry.get('returncode') == 77
        verdict = 'pass' if result != 'SKIP' else 'skip' if said else 'fail'
        found.append((program, verdict))
    return found


def of_build(build):
    """(name, verdict, output of the program) of each case of a test run."""
    log = os.path.join(build, 'meson-logs', 'testlog.json')
    if not os.path.exists(log):
        return
    with open(log) as file:
        for line in file:
            entry = json.loads(line)
            text = entry.get('stdout', '') + entry.get('stderr', '')
            for name, verdict in of_program(entry):
                yield name, verdict, text
