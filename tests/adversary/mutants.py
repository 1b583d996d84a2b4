#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Take out one defence after another, and see that its test finds it.

mutants/NAME.patch takes one defence out of a copy of the tree. Lines before
the patch say what it is about:

    Attack: what is tried
    Defence: what holds, and is taken out
    Found by: PROGRAM CASE      as often as needed; every one has to fail

usage: mutants.py [NAME...]     build below build/mutants, and run
       mutants.py --check       do they apply, with names that are in the tree,
                                and is README.md about them all?
       mutants.py --table       the table of README.md
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PATCHES = HERE / "mutants"
WORK = ROOT / "build" / "mutants"
SOURCE = WORK / "source"
BUILD = WORK / "build"
LIMIT_S = 600
PARTS = ["gatt", "tools"]


def words(text):
    return set(re.findall(r"[A-Za-z_]\w*", text))


class Mutant:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        text = path.read_text()
        self.attack = self.line(text, "Attack")[0]
        self.defence = self.line(text, "Defence")[0]
        self.words = words("\n".join(re.findall(r"^\+(?!\+\+ )(.*)$", text,
                                                re.M)))
        self.tests = {}
        for found in self.line(text, "Found by"):
            program, case = found.rsplit(maxsplit=1)
            self.tests.setdefault(program, []).append(case)

    def line(self, text, key):
        lines = re.findall(rf"^{key}: (.+)$", text, re.M)
        if not lines:
            sys.exit(f"{self.name}: no line '{key}:'")
        return lines

    def patch(self, *options):
        run = subprocess.run(
            ["patch", "-p1", "-s", "-f", "-F0", "--no-backup-if-mismatch",
             "-r-", *options, "-i", self.path], cwd=SOURCE,
            capture_output=True, text=True, check=False)
        return run.returncode == 0


def mutants(names=()):
    found = [Mutant(p) for p in sorted(PATCHES.glob("*.patch"))]
    unknown = set(names) - {m.name for m in found}
    if unknown:
        sys.exit(f"mutants: no {', '.join(sorted(unknown))}")
    return [m for m in found if not names or m.name in names]


def tree():
    """Every file but hidden ones and what was built."""
    for folder, dirs, files in os.walk(ROOT):
        dirs[:] = [d for d in dirs if not d.startswith(".") and
                   pathlib.Path(folder, d) != ROOT / "build"]
        yield from (pathlib.Path(folder, name) for name in files)


def copy_tree():
    """The copy is what the tree is; what is the same keeps its time."""
    wanted = set()
    for path in tree():
        to = SOURCE / path.relative_to(ROOT)
        wanted.add(to)
        if to.exists() and to.read_bytes() == path.read_bytes():
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    for path in list(SOURCE.rglob("*")):
        if path.is_file() and path not in wanted:
            path.unlink()


def set_up():
    """Meson's tests by name: how each is run."""
    copy_tree()
    # What is taken out leaves things unused.
    options = ["-Dwerror=false", *(f"-D{part}=disabled" for part in PARTS)]
    if (BUILD / "build.ninja").exists():
        options.append("--reconfigure")
    subprocess.run(["meson", "setup", *options, BUILD, SOURCE],
                   stdout=subprocess.DEVNULL, check=True)
    known = json.loads(subprocess.check_output(
        ["meson", "introspect", "--tests", BUILD]))
    return {test["name"]: test for test in known}


def build(programs):
    """What the compiler says if it does not build, else nothing."""
    run = subprocess.run(
        ["ninja", "-C", BUILD,
         *(os.path.relpath(p["cmd"][0], BUILD) for p in programs)],
        capture_output=True, text=True, check=False)
    return run.stdout if run.returncode else ""


def failures(program):
    """The cases that failed; None if there was not time enough."""
    try:
        run = subprocess.run(program["cmd"], cwd=BUILD, capture_output=True,
                             env={**os.environ, **program["env"]},
                             timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    lines = re.findall(r"^(not )?ok \d+ - (\S+)",
                       run.stdout.decode(errors="replace"), re.M)
    failed = {case for no, case in lines if no}
    if run.returncode and not failed:
        failed.add("a crash")
    return failed


def missed(mutant, known):
    """The cases that do not fail; what each mutant is here for."""
    left = []
    for program, cases in mutant.tests.items():
        failed = failures(known[program])
        if failed is None:
            left.append(f"{program} in {LIMIT_S} s")
        elif failed != {"a crash"}:
            left += [f"{program} {c}" for c in cases if c not in failed]
    return left


def try_mutant(mutant, known):
    if not mutant.patch():
        return "DOES NOT APPLY"
    try:
        said = build([known[p] for p in mutant.tests])
        if said:
            return "DOES NOT BUILD\n" + said
        left = missed(mutant, known)
        return "NOT FOUND by " + ", ".join(left) if left else "found"
    finally:
        mutant.patch("-R")


def run(names):
    chosen = mutants(names)
    known = set_up()
    programs = sorted({p for m in chosen for p in m.tests})
    strange = [p for p in programs if p not in known]
    if strange:
        sys.exit(f"mutants: no test {', '.join(strange)}")
    said = build([known[p] for p in programs])
    if said:
        sys.exit(said)
    for program in programs:
        if failures(known[program]) != set():
            sys.exit(f"mutants: {program} fails without one")
    bad = 0
    for mutant in chosen:
        verdict = try_mutant(mutant, known)
        bad += verdict != "found"
        print(f"{mutant.name}: {verdict}", flush=True)
    print(f"{len(chosen)} mutants, {len(chosen) - bad} found")
    return 1 if bad else 0


def table():
    rows = ["| mutant | attack | defence taken out | found by |",
            "| --- | --- | --- | --- |"]
    for m in mutants():
        by = "; ".join(f"{p.removeprefix('adversary-')}: {', '.join(c)}"
                       for p, c in m.tests.items())
        rows.append(f"| {m.name} | {m.attack} | {m.defence} | {by} |")
    return "\n".join(rows)


def check():
    """TAP; nothing is built."""
    global SOURCE
    SOURCE = ROOT
    known = set().union(*(words(p.read_text()) for p in tree()
                          if p.suffix in (".c", ".h")))
    found = mutants()
    cases = [(f"{m.name} applies", m.patch("--dry-run")) for m in found]
    # A name that is gone would be seen where it is built only.
    cases += [(f"{m.name} adds names that there are", m.words <= known)
              for m in found]
    cases.append(("README.md has the table",
                  table() in (HERE / "README.md").read_text()))
    print(f"1..{len(cases)}")
    for i, (name, good) in enumerate(cases, 1):
        print(f"{'' if good else 'not '}ok {i} - {name}")
    return 0 if all(good for _, good in cases) else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    if sys.argv[1:] == ["--table"]:
        print(table())
        sys.exit(0)
    sys.exit(run(sys.argv[1:]))
