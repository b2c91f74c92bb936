#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Pairs of answers judged by dag and, beside it, by math-verify (PyPI, optional).

    answer_peers.py PAIRS.jsonl --dag PROGRAM    lines: gold, answer, truth (same, different, depends), category

Says for each how many pairs are right, how many that differ are merged, and the time a pair. dag's
time is that of its whole program less that of an empty run; math-verify's is inside one process.
"""
import argparse
import json
import subprocess
import tempfile
import time


def read(path):
    with open(path, encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    return [pair for pair in pairs if pair["truth"] != "depends"]


def report(name, pairs, verdicts, seconds):
    right = sum(verdict == (pair["truth"] == "same") for pair, verdict in zip(pairs, verdicts))
    merged = sum(verdict and pair["truth"] == "different" for pair, verdict in zip(pairs, verdicts))
    print(f"{name:12} right {right} of {len(pairs)} ({100 * right / len(pairs):.1f} %), different but "
          f"merged {merged}, {1e6 * seconds / len(pairs):.1f} us a pair")
    return right, seconds / len(pairs)


def run_dag(program, pairs, repeats):
    def run(lines):
        with tempfile.NamedTemporaryFile("w+", suffix=".jsonl", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            start = time.perf_counter()
            out = subprocess.run([program, "answers", file.name, "--json", "-", "--quiet"], check=True,
                                 capture_output=True, text=True).stdout
            return out.splitlines(), time.perf_counter() - start

    lines = [json.dumps({"answer": pair["answer"], "gold": pair["gold"]}) + "\n" for pair in pairs]
    _, once = run(lines)
    out, many = run(lines * (repeats + 1))
    verdicts = [bool(json.loads(line)["equal"]) for line in out[:len(pairs)]]
    return report("dag", pairs, verdicts, max(many - once, 0) / repeats)


def run_math_verify(pairs):
    try:
        from math_verify import parse, verify
    except ImportError:
        print("math-verify: not installed (pip install math-verify[antlr4_13_2])")
        return None
    def judge(pair):
        gold = parse("$" + pair["gold"] + "$")
        answer = parse("The answer is $\\boxed{" + pair["answer"] + "}$.")
        return verify(gold, answer)

    judge(pairs[0])  # what it loads on first use is not its time
    verdicts = []
    start = time.perf_counter()
    for pair in pairs:
        try:
            verdicts.append(bool(judge(pair)))
        except Exception:  # an answer it cannot read is no match
            verdicts.append(False)
    return report("math-verify", pairs, verdicts, time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs")
    parser.add_argument("--dag", required=True, help="the program dag")
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    pairs = read(options.pairs)
    mine = run_dag(options.dag, pairs, options.repeats)
    other = run_math_verify(pairs)
    if other:
        print(f"dag is {other[1] / mine[1]:.0f} times as fast a pair, and right {mine[0] - other[0]:+d} more often")


if __name__ == "__main__":
    main()
