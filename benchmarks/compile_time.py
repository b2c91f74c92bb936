#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Compile time of the umbrella headers beside Eigen's.

    compile_time.py [--compiler g++] [--runs 9] [--check]

Each run compiles every candidate once, in turn, so that a slow spell of the machine hits all alike;
the median of the user+system time of the compiler's processes counts. --check: exit code 1 when a
target is missed.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

CANDIDATES = ["<Eigen/Dense>", "<dag/dag.hpp>", "<dag/eigen.hpp>"]
TARGETS = {"<dag/dag.hpp>": 0.5, "<dag/eigen.hpp>": 1.4}


def cpu_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--eigen", default="/usr/include/eigen3")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    include = pathlib.Path(__file__).resolve().parent.parent / "include"
    seconds = {candidate: [] for candidate in CANDIDATES}
    with tempfile.TemporaryDirectory() as folder:
        for run in range(options.runs + 1):
            for number, candidate in enumerate(CANDIDATES):
                source = pathlib.Path(folder, f"{number}.cpp")
                source.write_text(f"#include {candidate}\n", encoding="utf-8")
                taken = cpu_seconds([options.compiler, "-std=c++20", "-O2", "-c", f"-I{include}",
                                     f"-I{options.eigen}", str(source), "-o", f"{folder}/out.o"])
                if run > 0:  # the first run warms the file cache
                    seconds[candidate].append(taken)
    base = statistics.median(seconds["<Eigen/Dense>"])
    missed = 0
    print(f"{options.compiler} -std=c++20 -O2 -c, CPU seconds, {options.runs} interleaved runs")
    print(f"{'include':18} {'median':>8} {'least':>8} {'most':>8} {'ratio':>7} {'target':>7}")
    for candidate, taken in seconds.items():
        ratio = statistics.median(taken) / base
        target = TARGETS.get(candidate)
        verdict = "" if target is None else "met" if ratio <= target else "MISSED"
        missed += verdict == "MISSED"
        print(f"{candidate:18} {statistics.median(taken):8.3f} {min(taken):8.3f} {max(taken):8.3f} "
              f"{ratio:7.2f} {target or '':>7} {verdict}")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
