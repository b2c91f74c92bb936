#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Every row of the README's table "What is in the box" is backed by tests that exist, and so is every promise of
docs/reliability.md.

    check_readme.py BUILD_FOLDER [CTEST]

A row is `| what | status | tests |`. Status `works` needs at least one test, `planned` names none;
the tests, in backticks, are names that CTest knows. A promise is a row of a table `| promise | test |`; in parentheses
may stand a class of a test `cli_NAME`, which tests/cli/NAME.py has.
"""
import json
import pathlib
import re
import subprocess
import sys

HEADING = "## What is in the box"


ROOT = pathlib.Path(__file__).resolve().parent.parent


def faults_of_promises(known):
    """The rows of docs/reliability.md that no test holds, and how many rows there are."""
    faults, count, inside = [], 0, False
    for line in (ROOT / "docs/reliability.md").read_text(encoding="utf-8").splitlines():
        inside = line.startswith("| promise |") or (inside and line.startswith("|"))
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not inside or cells[0] in ("promise", "---"):
            continue
        count += 1
        outside = re.sub(r"\([^)]*\)", "", cells[-1])
        tests = re.findall(r"`([^`]+)`", outside)
        if not tests:
            faults.append(f"no test is named: {cells[0]}")
        faults += [f"no test {test}: {cells[0]}" for test in tests if test not in known]
        for test, part in re.findall(r"`cli_(\w+)` \(`(\w+)`\)", cells[-1]):
            source = ROOT / "tests/cli" / f"{test}.py"
            if not source.exists() or f"class {part}(" not in source.read_text(encoding="utf-8"):
                faults.append(f"no class {part} in tests/cli/{test}.py: {cells[0]}")
    return faults, count


def main():
    build, ctest = sys.argv[1], (sys.argv[2:] or ["ctest"])[0]
    known = {test["name"] for test in json.loads(subprocess.run(
        [ctest, "--test-dir", build, "--show-only=json-v1"],
        check=True, capture_output=True, text=True).stdout)["tests"]}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    if HEADING not in readme:
        print(f"README.md: no section {HEADING!r}")
        return 1
    section = readme.split(HEADING, 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    faults = []
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) != 3:
            faults.append(f"not three cells: {row}")
            continue
        tests = re.findall(r"`([^`]+)`", cells[2])
        if cells[1] not in ("works", "planned"):
            faults.append(f"status is `works` or `planned`, not {cells[1]!r}: {cells[0]}")
        elif (cells[1] == "works") != bool(tests):
            faults.append(f"status {cells[1]} with {len(tests)} tests: {cells[0]}")
        faults += [f"no test {test}: {cells[0]}" for test in tests if test not in known]
    for fault in faults:
        print(f"README.md: {fault}")
    promises, count = faults_of_promises(known)
    for fault in promises:
        print(f"docs/reliability.md: {fault}")
    print(f"readme: {len(rows)} rows, {len(faults)} faults; reliability: {count} promises, {len(promises)} faults")
    return 1 if faults or promises or not rows or not count else 0


if __name__ == "__main__":
    sys.exit(main())
