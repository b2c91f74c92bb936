#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""HiGHS and QuantEcon on the games of benchmarks/zero_sum_peers.cpp, in its format.

Processor time of one thread, the solve alone; compiled code of QuantEcon is warmed up first. A peer
that is not installed (highspy, quantecon) is skipped and said to be.

Usage: scripts/zero_sum_peers.py [SIZE...]
"""
import os
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


def main():
    contestants = []
    try:
        import highspy  # noqa: F401

        contestants += [("highs-simplex", lambda a: highs(a, "simplex"), 1000)]
        contestants += [("highs-ipm", lambda a: highs(a, "ipm"), 2000)]
    except ImportError:
        print("highs: skipped, highspy is not installed", file=sys.stderr)
    try:
        import quantecon as _  # noqa: F401

        quantecon(uniform_payoff(4, 1))
        contestants += [("quantecon", quantecon, 500)]
    except ImportError:
        print("quantecon: skipped, it is not installed", file=sys.stderr)
    for n in [int(s) for s in sys.argv[1:]] or [10, 100, 500, 1000]:
        repetitions = 30 if n <= 10 else 5 if n <= 100 else 1
        for seed in (1, 2, 3) if n <= 1000 else (1,):
            a = uniform_payoff(n, seed)
            for name, solve, largest in contestants:
                if n > largest:
                    print(name, n, seed, "skipped")
                    continue
                seconds, gap = min(solve(a) for _ in range(repetitions))
                print(name, n, seed, f"{1e3 * seconds:.5g} {gap:.2g}", flush=True)


if __name__ == "__main__":
    main()
