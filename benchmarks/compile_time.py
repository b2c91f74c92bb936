#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Compile time, memory and code size of the headers beside Eigen's.

    compile_time.py [--compiler g++] [--runs 9] [--check]   the umbrellas and solve_zero_sum (by dag::compiled too)
    compile_time.py --all [--runs 1] [--check]              every public header

Each run compiles every candidate once, in turn, so that a slow spell of the machine hits all alike;
the median of the user+system time of the compiler's processes counts, and their peak memory. Code is the text of the
object file; of calls, as a ratio to that of a linear system by Eigen's PartialPivLU. --check: exit code 1 when a target is
missed.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

BASE = "<Eigen/Dense>"
CALL = "solve_zero_sum, called"
COMPILED = "the same by dag::compiled"
# Ratios to Eigen's: seconds, memory. A header beside a header, a call beside a call: the optimiser's time and the parser's
# stand in no fixed ratio from machine to machine.
TARGETS = {"<dag/dag.hpp>": (0.5, 0.8), "<dag/eigen.hpp>": (1.4, 1.3),
           "<dag/solver/matrix/zero_sum.hpp>": (2.0, 1.4), CALL: (3.0, 1.6), COMPILED: (2.6, 1.7)}
ANY_HEADER = (3.0, 2.0)  # the budget of a header that has no line above
CALLER = """#include <dag/solver/matrix/zero_sum.hpp>
dag::ZeroSumSolution solved(const dag::MatrixGame<double, dag::eigen>& game) {
  return dag::solve_zero_sum(game);
}
"""
CALLER_OF_COMPILED = "#define DAG_COMPILED\n" + CALLER.replace("dag/solver/matrix/zero_sum.hpp", "dag/compiled.hpp")
EIGEN_CALL = "PartialPivLU of Eigen, called"
CALLER_OF_EIGEN = """#include <Eigen/Dense>
Eigen::VectorXd solved(const Eigen::MatrixXd& a, const Eigen::VectorXd& b) { return a.partialPivLu().solve(b); }
"""
CODE = {CALL: 5.0, COMPILED: 0.1}  # ratios of text
NEEDS_MORE = ("dag/gpu/", "dag/interop/", "dag/io/", "xtensor")  # more than Eigen


def cost(command):
    """User and system seconds, and megabytes at most, of a command and its children."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def text_of(path):
    """Bytes of code in an object file."""
    return int(subprocess.run(["size", path], capture_output=True, text=True, check=True).stdout.splitlines()[1].split()[0])


def candidates(include, everything):
    """{name: source}, Eigen first."""
    names = [name for name in TARGETS if name not in (CALL, COMPILED)]
    if everything:
        names = [f"<{path.relative_to(include).as_posix()}>" for path in sorted(include.rglob("*.hpp"))]
        names = [name for name in names if "/detail/" not in name and not any(part in name for part in NEEDS_MORE)]
    sources = {name: f"#include {name}\n" for name in [BASE, *names]}
    sources[EIGEN_CALL] = CALLER_OF_EIGEN
    sources[CALL] = CALLER
    sources[COMPILED] = CALLER_OF_COMPILED
    return sources


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--eigen", default="/usr/include/eigen3")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    include = pathlib.Path(__file__).resolve().parent.parent / "include"
    sources = candidates(include, options.all)
    taken = {name: [] for name in sources}
    code = {}
    with tempfile.TemporaryDirectory() as folder:
        for run in range(options.runs + 1):
            for number, (name, text) in enumerate(sources.items()):
                if run == 0 and name != BASE:
                    continue  # the first run warms the file cache
                source = pathlib.Path(folder, f"{number}.cpp")
                source.write_text(text, encoding="utf-8")
                spent = cost([options.compiler, "-std=c++20", "-O2", "-c", f"-I{include}",
                              f"-I{options.eigen}", str(source), "-o", f"{folder}/out.o"])
                code[name] = text_of(f"{folder}/out.o")
                if run > 0:
                    taken[name].append(spent)
    median = {name: [statistics.median(part) for part in zip(*spent)] for name, spent in taken.items()}
    missed = 0
    print(f"{options.compiler} -std=c++20 -O2 -c, medians of {options.runs} interleaved runs; ratios to {BASE}, of the call to Eigen's call")
    print(f"{'include':48} {'CPU s':>7} {'MB':>6} {'ratio':>6} {'of':>4} {'ratio':>6} {'of':>4} {'code KiB':>9} {'ratio':>6} {'of':>4}")
    for name, (seconds, megabytes) in median.items():
        base = median[EIGEN_CALL if name == CALL else BASE]
        ratios = seconds / base[0], megabytes / base[1]
        budget = (float("inf"),) * 2 if name == EIGEN_CALL else TARGETS.get(name, ANY_HEADER)
        over = any(ratio > most for ratio, most in zip(ratios, budget))
        size = f"{code[name] / 1024:9.1f}" if name in (EIGEN_CALL, *CODE) else ""
        if name in CODE:
            ratio = code[name] / code[EIGEN_CALL]
            over = over or ratio > CODE[name]
            size += f" {ratio:6.2f} {CODE[name]:4.1f}"
        missed += over
        print(f"{name:48} {seconds:7.2f} {megabytes:6.0f} {ratios[0]:6.2f} {budget[0]:4.1f} {ratios[1]:6.2f} "
              f"{budget[1]:4.1f} {size} {'MISSED' if over else ''}")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
