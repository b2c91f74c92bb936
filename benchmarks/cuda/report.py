# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Merges the results of one run on a device into a file and into the table of docs/cuda.md.

    report.py BENCHMARK.json CPU.json TORCH.json OUT.json PAGE.md      (TORCH.json need not exist)

CPU.json: benchmarks/cuda/cpu_games.cpp on the same machine.
"""
import datetime
import json
import pathlib
import sys

BEGIN, END = "<!-- results: begin (scripts/gpu) -->", "<!-- results: end -->"
TARGETS = {  # name: [(field, sign, bound, words)]
    "dual_product_float": [("of_copy", ">=", 0.85, "85% of copy bandwidth")],
    "cublas_two_products_float": [("times_ours", ">=", 1.7, "two cuBLAS products take 1.7 times as long")],
    "answer_groups": [("of_copy", ">=", 0.60, "60% of copy bandwidth")],
    "token_log_probs_bf16": [("of_copy", ">=", 0.85, "85% of copy bandwidth")],
    "torch_log_softmax_gather": [("times_ours", ">=", 1.5, "PyTorch takes 1.5 times as long")],
    "batch_mirror_prox_16x16": [("times_cpu", ">=", 100, "100 times the rounds/s of the CPU")],
    "batch_optimistic_16x16": [("times_cpu", ">=", 100, "100 times the rounds/s of the CPU")],
    "batch_prm_plus_16x16": [("times_cpu", ">=", 100, "100 times the rounds/s of the CPU")],
    "solve_4096_optimistic": [("synchronizations_per_s", "<", 10, "fewer than 10 synchronisations a second")],
    "solve_4096_prm_plus": [("synchronizations_per_s", "<", 10, "fewer than 10 synchronisations a second"),
                            ("relative_gap", "<=", 1e-6, "gap 1e-6")],
    "equilibria_float": [("difference", "<=", 1e-5, "CPU and GPU agree to 1e-5")],
    "equilibria_double": [("difference", "<=", 1e-10, "CPU and GPU agree to 1e-10")],
}
HOLDS = {">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b, "<": lambda a, b: a < b}


def merge(run, cpu, torch):
    """The rows of the table, peers beside ours."""
    rows = run["results"]
    for row in rows:
        if row["name"] in cpu["rounds_per_s"]:
            row["times_cpu"] = row["rounds_per_s"] / cpu["rounds_per_s"][row["name"]]
    for kind, found in run["equilibria"].items():
        if len(found) != len(cpu["equilibria"]):
            sys.exit(f"report.py: {len(found)} probabilities from the device, {len(cpu['equilibria'])} from the CPU")
        worst = max(abs(a - b) if a == a else 1.0 for a, b in zip(found, cpu["equilibria"]))
        rows.append({"name": f"equilibria_{kind}", "difference": worst})
    if torch:
        ours = next(row["ms"] for row in rows if row["name"] == "token_log_probs_bf16")
        rows.append({"name": "torch_log_softmax_gather", "ms": torch["log_softmax_gather_ms"],
                     "times_ours": torch["log_softmax_gather_ms"] / ours})
    return rows


def table(run, cpu, rows):
    lines = [f"Measured on {run['device']}, {run['date']}; medians of {run['repeats']} runs. CPU: {cpu['cores']} "
             f"cores, {cpu['path']}.", "",
             "| benchmark | ms | GB/s | of copy | besides | target | met |", "|---|---|---|---|---|---|---|"]
    number = lambda row, key, form: format(row[key], form) if row.get(key) else ""
    for row in rows:
        rest = ", ".join(f"{key} {value:.4g}" for key, value in row.items()
                         if key not in ("name", "ms", "gb_per_s", "of_copy"))
        targets = TARGETS.get(row["name"], [])
        met = all(HOLDS[sign](row[field], bound) for field, sign, bound, _ in targets)
        lines.append(f"| {row['name']} | {number(row, 'ms', '.4g')} | {number(row, 'gb_per_s', '.4g')} | "
                     f"{number(row, 'of_copy', '.2f')} | {rest} | {'; '.join(t[3] for t in targets)} | "
                     f"{('yes' if met else '**no**') if targets else ''} |")
    return "\n".join(lines)


def main(benchmark, cpu, torch, out, page):
    run, cpu = (json.loads(pathlib.Path(path).read_text()) for path in (benchmark, cpu))
    peer = json.loads(pathlib.Path(torch).read_text()) if pathlib.Path(torch).exists() else None
    run["date"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    rows = merge(run, cpu, peer)
    run["cpu"] = {key: value for key, value in cpu.items() if key != "equilibria"}
    run["torch"] = peer
    del run["equilibria"]
    pathlib.Path(out).write_text(json.dumps(run, indent=1) + "\n")
    text = pathlib.Path(page).read_text()
    before, after = text.split(BEGIN)
    pathlib.Path(page).write_text(before + BEGIN + "\n\n" + table(run, cpu, rows) + "\n\n" + END + after.split(END)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
