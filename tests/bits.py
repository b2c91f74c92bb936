#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The same bits from every compiler: tests/bits.cpp by g++ and clang++, at -O1 and -O2, without contraction.

Usage: tests/bits.py      exit 77 where one of the compilers is absent
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent
BUILDS = [("g++", "-O1"), ("g++", "-O2"), ("clang++", "-O2")]


def main():
    absent = {compiler for compiler, _ in BUILDS if not shutil.which(compiler)}
    if absent:
        print("skipped: no", *sorted(absent))
        return 77
    outputs = {}
    with tempfile.TemporaryDirectory(prefix="dag-bits-") as folder:
        for compiler, level in BUILDS:
            program = pathlib.Path(folder) / "bits"
            subprocess.run([compiler, "-std=c++20", level, "-ffp-contract=off", f"-I{TESTS.parent / 'include'}",
                            TESTS / "bits.cpp", "-o", program], check=True)
            outputs[f"{compiler} {level}"] = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    (first, want), *others = outputs.items()
    bad = 0
    for name, found in others:
        for a, b in zip(want.splitlines(), found.splitlines()):
            if a != b:
                bad += 1
                print(f"{first}: {a[:200]}\n{name}: {b[:200]}")
        bad += len(want) != len(found)
    print(f"{len(want.splitlines())} lines, {len(outputs)} builds:", "not the same" if bad else "the same bits")
    return 1 if bad or len(want.splitlines()) < 9 else 0


if __name__ == "__main__":
    sys.exit(main())
