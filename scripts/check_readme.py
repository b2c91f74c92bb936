#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Every row of the README's table "What is in the box" is backed by tests that exist.

    check_readme.py BUILD_FOLDER [CTEST]

A row is `| what | status | tests |`. Status `works` needs at least one test, `planned` names none;
the tests, in backticks, are names that CTest knows.
"""
import json
import pathlib
import re
import subprocess
import sys

HEADING = "## What is in the box"


def main():
    build, ctest = sys.argv[1], (sys.argv[2:] or ["ctest"])[0]
    known = {test["name"] for test in json.loads(subprocess.run(
        [ctest, "--test-dir", build, "--show-only=json-v1"],
        check=True, capture_output=True, text=True).stdout)["tests"]}
    readme = (pathlib.Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
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
    print(f"readme: {len(rows)} rows, {len(faults)} faults")
    return 1 if faults or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
