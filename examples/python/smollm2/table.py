#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The results of smollm2.py as a table in Markdown: means over seeds, greedy accuracy by seed.

    python examples/python/smollm2/table.py RESULTS.jsonl...
"""
import collections
import json
import sys

rows = collections.defaultdict(list)
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            rows[line["task"], line["method"]].append(line)
print("| task | method | greedy | by seed | sampled | pooled | agree | format |\n|---|---|---|---|---|---|---|---|")
for (task, method), lines in rows.items():
    def mean(key):
        values = [line[key] for line in lines if key in line]
        return f"{sum(values) / len(values):.2f}" if values else ""
    seeds = ", ".join(f"{line['greedy']:.2f}" for line in lines)
    print(f"| {task} | {method} | {mean('greedy')} | {seeds} | {mean('sampled')} | {mean('pooled')} | {mean('agree')} | "
          f"{mean('format')} |")
