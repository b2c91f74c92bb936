# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Merges the results of one run on a device into a file and into the table of docs/cuda.md.

    report.py BENCHMARK.json TORCH.json OUT.json PAGE.md      (TORCH.json need not exist)
"""
import datetime
import json
import pathlib
import sys

BEGIN, END = "<!-- results: begin (scripts/gpu) -->", "<!-- results: end -->"
TARGETS = {  # name: (field, least or most, value, words)
    "dual_product_float": ("of_copy", ">=", 0.85, "85% of copy bandwidth"),
    "cublas_two_products_float": ("times_ours", ">=", 1.7, "two cuBLAS products take 1.7 times as long"),
    "answer_groups": ("of_copy", ">=", 0.60, "60% of copy bandwidth"),
    "token_log_probs_bf16": ("of_copy", ">=", 0.85, "85% of copy bandwidth"),
    "torch_log_softmax_gather": ("times_ours", ">=", 1.5, "PyTorch takes 1.5 times as long"),
    "solve_4096_optimistic": ("synchronizations_per_s", "<", 10, "fewer than 10 synchronisations a second"),
}


def main(benchmark, torch, out, page):
    run = json.loads(pathlib.Path(benchmark).read_text())
    run["date"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    rows = run["results"]
    if pathlib.Path(torch).exists():
        peer = json.loads(pathlib.Path(torch).read_text())
        run["torch"] = peer
        ours = next(row["ms"] for row in rows if row["name"] == "token_log_probs_bf16")
        rows.append({"name": "torch_log_softmax_gather", "ms": peer["log_softmax_gather_ms"],
                     "times_ours": peer["log_softmax_gather_ms"] / ours})
    pathlib.Path(out).write_text(json.dumps(run, indent=1) + "\n")
    lines = [f"Measured on {run['device']}, {run['date']}; medians of {run['repeats']} runs.", "",
             "| benchmark | ms | GB/s | of copy | besides | target | met |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        rest = ", ".join(f"{key} {value:.4g}" for key, value in row.items()
                         if key not in ("name", "ms", "gb_per_s", "of_copy"))
        target, met = "", ""
        if row["name"] in TARGETS:
            field, sign, bound, target = TARGETS[row["name"]]
            met = "yes" if (row[field] >= bound if sign == ">=" else row[field] < bound) else "**no**"
        lines.append(f"| {row['name']} | {row['ms']:.4g} | {row.get('gb_per_s', float('nan')):.4g} | "
                     f"{row.get('of_copy', float('nan')):.2f} | {rest} | {target} | {met} |")
    text = pathlib.Path(page).read_text()
    before, after = text.split(BEGIN)
    pathlib.Path(page).write_text(before + BEGIN + "\n\n" + "\n".join(lines) + "\n\n" + END + after.split(END)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
