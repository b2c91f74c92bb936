#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/rollout_rewards.cpp beside NumPy and collections.Counter, in one run on one core.

Rounds alternate between the compiled benchmark and Python; of each the fastest counts, in processor
time. Prints a table in million samples a second.

Usage: scripts/rollout_peers.py BENCHMARK [ROUNDS]
"""
import json
import os
import subprocess
import sys
import time
from collections import Counter

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np  # noqa: E402

SAMPLES = 1 << 20
ANSWERS = 32


def groups_of(size):
    weights = np.arange(1, ANSWERS + 1) ** -1.2
    random = np.random.default_rng(size)
    return random.choice(ANSWERS, size=(SAMPLES // size, size),
                         p=weights / weights.sum()).astype(np.int32)


def numpy_rewards(ids, table, offset):
    """Counts by one bincount over (group, answer), rewards, group advantages; float32."""
    flat = ids + offset
    counts = np.bincount(flat.ravel(), minlength=ids.shape[0] * ANSWERS)
    reward = table[counts[flat] - 1]
    mean = reward.mean(axis=1, keepdims=True)
    deviation = reward - mean
    scale = np.sqrt((deviation * deviation).sum(axis=1, keepdims=True) / (ids.shape[1] - 1))
    return reward, deviation / (scale + np.float32(1e-4))


def numpy_any_ids(ids, table, group):
    """The same for ids that need not be small: what table_rewards takes. Counts by sorting."""
    key = (group << np.int64(32)) | ids
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    reward = table[counts[inverse.reshape(ids.shape)] - 1]
    deviation = reward - reward.mean(axis=1, keepdims=True)
    scale = np.sqrt((deviation * deviation).sum(axis=1, keepdims=True) / (ids.shape[1] - 1))
    return reward, deviation / (scale + np.float32(1e-4))


def counter_counts(groups):
    return [[counts[answer] for answer in group]
            for group in groups for counts in (Counter(group),)]


def clocked(function, *arguments):
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def main():
    program = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    best, memory = {}, {}

    def keep(name, rate):
        best[name] = max(best.get(name, 0), rate)

    inputs = {}
    for size in (16, 64):
        ids = groups_of(size)
        table = -np.log(np.arange(1, size + 1) / size).astype(np.float32)
        offset = (np.arange(ids.shape[0], dtype=np.int64) * ANSWERS)[:, None]
        text = [[str(1000003 * (int(a) + 1) + 7) for a in group] for group in ids[: (1 << 18) // size]]
        inputs[size] = (ids, table, offset, text)
    for _ in range(rounds):
        done = subprocess.run(
            [program, "--benchmark_format=json", "--benchmark_min_time=0.2",
             "--benchmark_filter=(dag_rewards|hand_written_loop|dag_groups_from_strings|"
             "unordered_map_counts_from_strings)/(16|64)$|copy"],
            capture_output=True, text=True, check=True)
        for entry in json.loads(done.stdout)["benchmarks"]:
            keep(entry["name"], entry["items_per_second"])
            if "bytes_per_sample" in entry:
                memory[entry["name"]] = entry["bytes_per_sample"]
        for size, (ids, table, offset, text) in inputs.items():
            keep(f"numpy/{size}", ids.size / min(clocked(numpy_rewards, ids, table, offset)
                                                for _ in range(3)))
            keep(f"any/{size}", ids.size / clocked(numpy_any_ids, ids, table, offset // ANSWERS))
            keep(f"counter/{size}", sum(map(len, text)) / clocked(counter_counts, text))
    print(f"processor time, the fastest of {rounds} rounds, core {core}; million samples a second")
    print(f"copy of ids, rewards and advantages: {best['copy_of_the_arrays/16'] / 1e6:.0f}")
    for size in inputs:
        ours, numpy = best[f"dag_rewards/{size}"], best[f"numpy/{size}"]
        strings, counter = best[f"dag_groups_from_strings/{size}"], best[f"counter/{size}"]
        print(f"K = {size}: dag {ours / 1e6:.0f}, hand-written loop "
              f"{best[f'hand_written_loop/{size}'] / 1e6:.0f}, NumPy {numpy / 1e6:.1f}: "
              f"{ours / numpy:.1f} times; NumPy, any ids {best[f'any/{size}'] / 1e6:.1f}: "
              f"{ours / best[f'any/{size}']:.0f} times; {memory[f'dag_rewards/{size}']:.1f} bytes a sample")
        print(f"K = {size}, strings: dag {strings / 1e6:.1f}, unordered_map "
              f"{best[f'unordered_map_counts_from_strings/{size}'] / 1e6:.1f}, Counter "
              f"{counter / 1e6:.2f}: {strings / counter:.1f} times Counter; "
              f"{memory[f'dag_groups_from_strings/{size}']:.1f} bytes a sample")


if __name__ == "__main__":
    main()
