#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/training.md: sampled training against the exact equilibrium.

    training_table.py PROGRAM [--seeds N] [--jobs N] [--only reach|compare]

PROGRAM is the built dag. The first table trains every utility that has a reward on policies with 8^20
traces and prints the total variation to the exact equilibrium; the second compares reward tables of
logarithms at equal numbers of samples. Mean and 95 % t-interval over seeds (default: five).
"""
import argparse
import concurrent.futures
import json
import math
import pathlib
import subprocess
import sys
import tempfile

TARGET = [.02, .05, .08, .2, .05, .1, .1, .15, .05, .2]
REWARD = [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]
SINGLE = [
    ("expected reward", dict(objective="reward", reward=REWARD)),
    ("Shannon entropy", dict(objective="shannon")),
    ("Gini", dict(objective="gini")),
    ("Tsallis, order 3", dict(objective="tsallis", order=3)),
    ("log-likelihood of a set", dict(objective="log-likelihood", correct=[0, 3, 6, 9])),
    ("pass@4", dict(objective="pass-at-k", k=4, correct=[0, 3])),
    ("reverse KL to p", dict(objective="reverse-kl", target=TARGET)),
    ("forward KL to p", dict(objective="forward-kl", target=TARGET)),
    ("chi-square to p", dict(objective="chi-square", target=TARGET)),
    ("Jensen-Shannon to p", dict(objective="jensen-shannon", target=TARGET)),
    ("alpha divergence of order 1/2 to p", dict(objective="alpha", order=.5, target=TARGET)),
    ("MMD to p, tau 4", dict(objective="mmd", tau=4, target=TARGET, kernel=[
        [.5 ** abs(i - j) for j in range(10)] for i in range(10)])),
    ("entropic transport to p, tau 4", dict(objective="transport", tau=4, epsilon=.2, target=TARGET,
                                            cost=[[abs(i - j) / 9 for j in range(10)]
                                                  for i in range(10)])),
    ("logarithmic barrier, tau 0.02", dict(objective="log-barrier", tau=.02)),
    ("soft constraint, tau 2", dict(objective="soft-constraint", tau=2, bound=.2, group_size=128,
                                    feature=[1, 0, 0, 1, 0, 0, 0, 0, 0, 0])),
    ("constraint, reward beside it", dict(preset="constrained")),
    ("equal shares in two contexts", dict(preset="constrained", contexts=2, constraints=[
        dict(answers=[0, 3], contexts=[0], equal_to=[1])])),
    ("worst of two rewards", dict(preset="robust")),
    ("Gini + reward + Euclidean coherence, 2 contexts", dict(contexts=2, objective=[
        dict(name="gini", tau=.5), dict(name="reward", reward=REWARD, weight=.5),
        dict(name="coherence-euclidean")])),
]
COHERENCE = [
    ("coherence, arithmetic", "coherence"), ("coherence, geometric", "coherence-geometric"),
    ("coherence, Euclidean", "coherence-euclidean"), ("coherence, pairwise", "coherence-pairwise"),
    ("frozen consensus, arithmetic", "frozen"),
    ("frozen consensus, geometric", "frozen-geometric"),
    ("frozen consensus, Euclidean", "frozen-euclidean"),
]
SINGLE += [(title, dict(preset="coherence_grpo", objective=name)) for title, name in COHERENCE]
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def train(program, config, seed):
    with tempfile.TemporaryDirectory(prefix="dag-training-") as folder:
        path = pathlib.Path(folder, "config.json")
        path.write_text(json.dumps(config))
        done = subprocess.run([program, "train", path, "--quiet", "--json", "-", "--seed", str(seed)],
                              capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{config}: {done.stderr}")
    return json.loads(done.stdout)


def interval(values):
    mean = sum(values) / len(values)
    if len(values) < 2:
        return f"{mean:.4f}"
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
    half = T95.get(len(values) - 1, 1.96) * spread / math.sqrt(len(values))
    return f"{mean:.4f} ± {half:.4f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=["reach", "compare"])
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    pool = concurrent.futures.ThreadPoolExecutor(options.jobs)

    def runs(config):
        return [pool.submit(train, options.program, config, seed) for seed in seeds]

    if options.only != "compare":
        rows = [(title, runs(config)) for title, config in SINGLE]
        print("| utility | contexts | K | samples | at the start | total variation at the end |")
        print("|---|---|---|---|---|---|")
        for title, futures in rows:
            found = [future.result() for future in futures]
            end = [one["total_variation"] for one in found]
            print(f"| {title} | {found[0]['contexts']} | {found[0]['group_size']} | "
                  f"{found[0]['samples']:,} | {found[0]['total_variation_before']:.3f} | "
                  f"{interval(end)} |", flush=True)
        print()
    if options.only != "reach":
        samples = 96000
        games = [("Shannon entropy", dict(objective="shannon")),
                 ("reverse KL to p", dict(objective="reverse-kl", target=TARGET)),
                 ("coherence, 3 contexts", dict(objective="coherence", contexts=3))]
        rows = []
        for title, config in games:
            for size in [8, 16, 32, 64]:
                for table in ["plug-in", "digamma", "aqp"]:
                    rows.append((title, size, table, runs(dict(
                        config, group_size=size, steps=samples // size, estimator=table))))
        print("| utility | K | plug-in | digamma | variance-optimal |")
        print("|---|---|---|---|---|")
        for i in range(0, len(rows), 3):
            cells = [interval([f.result()["total_variation"] for f in row[3]])
                     for row in rows[i:i + 3]]
            print(f"| {rows[i][0]} | {rows[i][1]} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
