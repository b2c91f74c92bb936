#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What benchmarks/answer_texts.cpp measures, in Python: rows of 1 kB to the last box (braces counted),
its fraction, and counts of right answers a question.

    answer_texts_peer.py [ROWS]       (default 100000)
"""
import collections
import fractions
import json
import re
import resource
import sys
import tempfile
import time


def solution(i):
    text, step = "", 1
    while len(text) < 940:
        text += (f"Step {step}: we have $x_{{{i % 97}}} = \\frac{{{i * step % 1013}}}{{7}}$, so that "
                 "the sum grows. ")
        step += 1
    return text + f"Therefore, the answer is $\\boxed{{\\frac{{{i % 5}}}{{3}}}}$."


def last_box(text):
    at = text.rfind("\\boxed{")
    if at < 0:
        return None
    depth = 0
    for i in range(at + 6, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return text[at + 7:i]
    return None


FRACTION = re.compile(r"\\frac\{(\d+)\}\{(\d+)\}")


def value(answer):
    match = FRACTION.fullmatch(answer or "")
    return fractions.Fraction(int(match[1]), int(match[2])) if match else answer


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    with tempfile.NamedTemporaryFile("w+", suffix=".jsonl") as file:
        for i in range(rows):
            file.write(json.dumps({"question_id": i // 8, "gold": "\\frac{1}{3}",
                                   "text": solution(i)}) + "\n")
        file.flush()
        file.seek(0)
        start = time.process_time()
        groups = collections.defaultdict(collections.Counter)
        right = 0
        for line in file:
            row = json.loads(line)
            answer = value(last_box(row["text"]))
            groups[row["question_id"]][answer] += 1
            right += answer == value(row["gold"])
        seconds = time.process_time() - start
    print(f"{rows / seconds:.0f} texts a second, {len(groups)} groups, {right} right, "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most")


if __name__ == "__main__":
    main()
