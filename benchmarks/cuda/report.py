# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Turns what run_steps.py wrote into a file of figures and into the table of docs/cuda.md.

    report.py RESULTS.json FOLDER PAGE.md      writes FOLDER/<device>-<date>.json and the lines of PAGE.md

Steps that are missing (a cut, a part that was not there) leave rows out; the table says which.
"""
import json
import pathlib
import re
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


def merge(steps):
    """The rows of the table, peers beside ours: the copy once, as the first step measured it."""
    results = {name: entry["result"] for name, entry in steps.items() if "result" in entry}
    rows, named = [], {}
    for result in results.values():
        for row in result.get("results", []):
            if row["name"] not in named:
                named[row["name"]] = row
                rows.append(row)
    for name, rate in results.get("cpu_games", {}).get("rounds_per_s", {}).items():
        if name in named:
            named[name]["times_cpu"] = named[name]["rounds_per_s"] / rate
    for kind, worst in results.get("equilibria", {}).get("difference", {}).items():
        rows.append({"name": f"equilibria_{kind}", "difference": worst})
    torch, ours = results.get("torch"), named.get("token_log_probs_bf16")
    if torch and ours:
        rows.append({"name": "torch_log_softmax_gather", "ms": torch["log_softmax_gather_ms"],
                     "times_ours": torch["log_softmax_gather_ms"] / ours["ms"]})
    return rows, results


def said(row):
    """(the targets in words, whether they are met) of a row."""
    targets = TARGETS.get(row["name"], [])
    if any(field not in row for field, *_ in targets):
        verdict = "not compared"
    else:
        verdict = "yes" if all(HOLDS[sign](row[field], bound) for field, sign, bound, _ in targets) else "**no**"
    return "; ".join(words for *_, words in targets), verdict if targets else ""


def table(run, rows, device, cpu):
    lines = [f"Measured on {device}, {run['date']}. CPU: {cpu}.", "",
             "| benchmark | ms | GB/s | of copy | besides | target | met |", "|---|---|---|---|---|---|---|"]
    number = lambda row, key, form: format(row[key], form) if row.get(key) else ""
    for row in rows:
        rest = ", ".join(f"{key} {value:.4g}" for key, value in row.items()
                         if key not in ("name", "ms", "gb_per_s", "of_copy"))
        target, met = said(row)
        lines.append(f"| {row['name']} | {number(row, 'ms', '.4g')} | {number(row, 'gb_per_s', '.4g')} | "
                     f"{number(row, 'of_copy', '.2f')} | {rest} | {target} | {met} |")
    lines += ["", "| step | result | seconds | |", "|---|---|---|---|"]
    for name, entry in run["steps"].items():
        tests = f"{entry['passed']} of {entry['test_cases']} tests passed" if "test_cases" in entry else ""
        lines.append(f"| {name} | {entry['status']} | {entry.get('seconds', '')} | "
                     f"{'; '.join(part for part in (tests, entry.get('why', '')) if part)} |".replace("\n", " "))
    return "\n".join(lines)


def main(results, folder, page):
    run = json.loads(pathlib.Path(results).read_text())
    rows, found = merge(run["steps"])
    device = next((result["device"] for result in found.values() if "device" in result), "an unknown device")
    games = found.get("cpu_games")
    cpu = f"{games['cores']} cores, {games['path']}" if games else "not measured"
    for result in found.values():  # hundreds of probabilities that were compared
        result.pop("equilibria", None)
    name = re.sub("[^A-Za-z0-9]+", "-", device).strip("-")
    out = pathlib.Path(folder) / f"{name}-{run['date'][:10]}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({**run, "device": device}, indent=1) + "\n")
    text = pathlib.Path(page).read_text()
    before, after = text.split(BEGIN)
    lines = table(run, rows, device, cpu)
    pathlib.Path(page).write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after.split(END)[1]}")
    return out


if __name__ == "__main__":
    print(f"wrote {main(*sys.argv[1:])} and the table of {sys.argv[3]}")
