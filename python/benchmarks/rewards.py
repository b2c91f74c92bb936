#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What rewards and advantages cost in Python: integers, strings, texts; beside NumPy in the same run.

    python python/benchmarks/rewards.py [ROUNDS]
"""
import random
import sys
import time

import numpy as np

import dag_games as dag


def best(run, rounds):
    """Least seconds of some rounds."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times)


def by_bincount(ids, table, reward, advantage):
    """The same numbers: counts of (group, answer) pairs by one bincount."""
    groups, samples = ids.shape
    width = int(ids.max()) + 1
    flat = ids + np.arange(groups, dtype=np.int64)[:, None] * width
    counts = np.bincount(flat.ravel(), minlength=groups * width)
    np.take(table, counts[flat] - 1, out=reward)
    np.subtract(reward, reward.mean(1, keepdims=True), out=advantage)


def by_sort(ids, table, reward, advantage):
    """And by sorting every group, for ids that are not small."""
    order = np.argsort(ids, 1, kind="stable")
    ranked = np.take_along_axis(ids, order, 1)
    new = np.ones(ids.shape, bool)
    new[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    run = np.cumsum(new.ravel()) - 1
    counts = np.bincount(run)[run].reshape(ids.shape)
    np.put_along_axis(reward, order, table[counts - 1], 1)
    np.subtract(reward, reward.mean(1, keepdims=True), out=advantage)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 20, (65536, 64)).astype(np.int32)
    table = -dag.reward_table(64, "digamma")["table"].astype(np.float32)
    mine = np.empty(ids.shape, np.float32), np.empty(ids.shape, np.float32)
    theirs = np.empty(ids.shape, np.float32), np.empty(ids.shape, np.float32)

    def line(name, seconds, samples=ids.size):
        print(f"{name:58s} {1e9 * seconds / samples:9.2f} ns a sample {1e3 * seconds:10.2f} ms")

    print(f"{ids.shape[0]} groups of {ids.shape[1]}, float32 (least of {rounds} rounds)")
    line("table_rewards, out=", best(lambda: dag.table_rewards(ids, "digamma", out=mine), rounds))
    line("NumPy, bincount", best(lambda: by_bincount(ids, table, *theirs), rounds))
    assert np.abs(mine[0] - theirs[0]).max() == 0 and np.abs(mine[1] - theirs[1]).max() < 1e-5
    line("NumPy, sort", best(lambda: by_sort(ids, table, *theirs), max(rounds // 2, 1)))
    assert np.abs(mine[0] - theirs[0]).max() == 0
    for size in (8, 16):
        some = np.ascontiguousarray(ids.reshape(-1, size))
        room = mine[0].reshape(-1, size), mine[1].reshape(-1, size)
        line(f"table_rewards, groups of {size}", best(lambda: dag.table_rewards(some, "digamma", out=room), rounds))
    few = ids[:4096]
    question = np.repeat(np.arange(1024), 4).astype(np.int32)
    line("from_ids and coherence, 4 contexts", best(
        lambda: dag.Groups.from_ids(few, question=question).rewards("coherence"), rounds), few.size)

    n = 1 << 18
    names = [f"question {i // 64}" for i in range(n)]
    contexts = ["plain" if i // 32 % 2 else "formal" for i in range(n)]
    spelled = [random.Random(i).choice(["42", "17", "-3", "1/2", "0.5", "x", "12"]) for i in range(n)]
    line("Groups of strings", best(lambda: dag.Groups(names, contexts, spelled), rounds), n)
    g = dag.Groups(names, contexts, spelled)
    line("rewards of them, entropy", best(lambda: g.rewards("entropy"), rounds), n)
    line("rewards of them, coherence", best(lambda: g.rewards("coherence"), rounds), n)
    line("signals of them, coherence", best(lambda: g.signals("coherence"), rounds), n)

    texts = ["Let us think. " * 80 + f"So the answer is \\boxed{{{i % 7}}}." for i in range(512)]
    line(f"extract, {len(texts)} texts of {len(texts[0]) / 1000:.1f} kB",
         best(lambda: dag.extract(texts, "boxed"), rounds), len(texts))
    line("the same, boxed>number,number",
         best(lambda: dag.extract(texts, "boxed>number,number"), rounds), len(texts))
    small = dag.Groups(["q"] * 8, ["a"] * 4 + ["b"] * 4, list("11231113"))
    calls = 2000
    line("a call: rewards of 8 samples", best(
        lambda: [small.rewards("coherence") for _ in range(calls)], rounds) / calls, 1)


if __name__ == "__main__":
    main()
