#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""HiGHS and QuantEcon on the games of benchmarks/zero_sum_peers.cpp, interleaved with it.

Processor time of one thread, the solve alone; compiled code of QuantEcon is warmed up first. A peer
that is not installed (highspy, quantecon) is skipped and said to be. With --program PATH (the binary
benchmark_zero_sum_peers) each repetition first runs that program on the same game, so that all
contestants meet the same neighbours; the table then has, for each, the smallest and the median time
over the repetitions, and the ratio of dag's smallest to the best peer's smallest.

Usage: scripts/zero_sum_peers.py [--program PATH] [--repeats N] [--seeds N] [--skip NAME,...] [SIZE...]
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np  # noqa: E402


def uniform_payoff(n, seed):
    """2 * ((r >> 11) / 2^53) - 1 with r from mt19937_64(seed), row by row."""
    bits = 2**64 - 1
    state = [seed]
    for i in range(1, 312):
        state.append((6364136223846793005 * (state[-1] ^ (state[-1] >> 62)) + i) & bits)
    x = np.array(state, dtype=np.uint64)
    upper, lower, twist = 0xFFFFFFFF80000000, 0x7FFFFFFF, 0xB5026F5AA96619E9
    out = np.empty((n * n + 311) // 312 * 312, dtype=np.uint64)
    for block in range(0, out.size, 312):
        words = [int(v) for v in x]
        for i in range(312):
            y = (words[i] & upper) | (words[(i + 1) % 312] & lower)
            words[i] = words[(i + 156) % 312] ^ (y >> 1) ^ (twist if y & 1 else 0)
        x = np.array(words, dtype=np.uint64)
        z = x.copy()
        z ^= (z >> np.uint64(29)) & np.uint64(0x5555555555555555)
        z ^= (z << np.uint64(17)) & np.uint64(0x71D67FFFEDA60000)
        z ^= (z << np.uint64(37)) & np.uint64(0xFFF7EEE000000000)
        z ^= z >> np.uint64(43)
        out[block : block + 312] = z
    unit = (out[: n * n] >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return (2 * unit - 1).reshape(n, n)


def relative_gap(a, x, y):
    x, y = np.maximum(x, 0), np.maximum(y, 0)
    x, y = x / x.sum(), y / y.sum()
    return ((a @ y).max() - (x @ a).min()) / (a.max() - a.min())


def highs(a, method):
    import highspy

    n = a.shape[0]
    model = highspy.HighsLp()
    model.num_col_ = model.num_row_ = n
    model.col_cost_, model.col_lower_ = np.ones(n), np.zeros(n)
    model.col_upper_ = np.full(n, highspy.kHighsInf)
    model.row_lower_, model.row_upper_ = np.ones(n), np.full(n, highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.arange(0, n * n + 1, n)
    model.a_matrix_.index_ = np.tile(np.arange(n), n)
    model.a_matrix_.value_ = (a + 2).ravel()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("solver", method)
    if method == "ipm":
        solver.setOptionValue("run_crossover", "off")
    solver.passModel(model)
    start = time.process_time()
    solver.run()
    seconds = time.process_time() - start
    solution = solver.getSolution()
    return seconds, relative_gap(a, np.array(solution.col_value), np.array(solution.row_dual))


def quantecon(a):
    from quantecon.optimize import minmax

    start = time.process_time()
    _, x, y = minmax(a)
    return time.process_time() - start, relative_gap(a, x, y)


def contestants_of(names):
    found = {}
    try:
        import highspy  # noqa: F401

        found["highs-simplex"] = lambda a: highs(a, "simplex")
        found["highs-ipm"] = lambda a: highs(a, "ipm")
    except ImportError:
        print("highs: skipped, highspy is not installed", file=sys.stderr)
    try:
        import quantecon as _  # noqa: F401

        quantecon(uniform_payoff(4, 1))
        found["quantecon"] = quantecon
    except ImportError:
        print("quantecon: skipped, it is not installed", file=sys.stderr)
    return {name: solve for name, solve in found.items() if name not in names}


def run_program(program, n, seed, skipped):
    """{name: (milliseconds, gap)} of one run of the C++ contestants on this game."""
    command = [program, "--seed", str(seed), "--skip", ",".join(skipped) or "none", str(n)]
    found = {}
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        words = line.split()
        if words[0] != "solver":
            found[words[0]] = (float(words[3]), float(words[4]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", help="benchmark_zero_sum_peers, run in turn with the peers here")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--skip", default="", help="contestants to leave out, separated by commas")
    parser.add_argument("sizes", nargs="*", type=int, default=[10, 100, 500, 1000])
    options = parser.parse_args()
    skipped = [name for name in options.skip.split(",") if name]
    contestants = contestants_of(skipped)
    print("n seed solver min_ms median_ms relative_gap dag/this")
    for n in options.sizes:
        for seed in range(1, options.seeds + 1):
            a = uniform_payoff(n, seed)
            times, gaps = {}, {}
            for _ in range(options.repeats):
                if options.program:
                    for name, (ms, gap) in run_program(options.program, n, seed, skipped).items():
                        times.setdefault(name, []).append(ms)
                        gaps[name] = gap
                for name, solve in contestants.items():
                    tries = [solve(a) for _ in range(30 if n <= 100 and name == "quantecon" else 1)]
                    seconds, gap = min(tries)
                    times.setdefault(name, []).append(1e3 * seconds)
                    gaps[name] = gap
            for name, values in times.items():
                least = min(values)
                ratio = f"{min(times['dag']) / least:.3f}" if "dag" in times else "-"
                print(n, seed, name, f"{least:.5g} {statistics.median(values):.5g}",
                      f"{gaps[name]:.1e}", ratio, flush=True)


if __name__ == "__main__":
    main()
