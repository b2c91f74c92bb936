#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Measures every zero-sum solver with `dag solve` and writes the tables of the documentation.

Tables go between the lines `<!-- table: NAME -->` and `<!-- end of table -->`:
docs/convergence.md [convergence]   rounds and products to 1e-3, 1e-6 and 1e-9, fitted law, theory
docs/convergence.md [trees]         the same on game trees
benchmarks/README.md [by size]      rounds and time to the same, by size of the game
Plots: scripts/solver_plots.py. Theory is read from dag solvers.

Usage: scripts/convergence.py [--program build/release/bin/dag] [--only tables|trees|sizes]
"""
import argparse
import csv
import json
import math
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGETS = (1e-3, 1e-6, 1e-9)
GAMES = ["biased-rps", "kuhn-poker", "random:10x10:1", "random:100x100:1", "integer:30x30:5:1", "diagonal:8:1e3"]
TREES = ["kuhn_poker", "leduc_poker", "liars_dice:3"]
SIZES = ["random:10x10:1", "random:100x100:1", "random:500x500:1"]
LIMITS = ["--tolerance", "1e-9", "--max-iterations", "200000"]


def solve(program, game, seconds):
    """[(result, [trace record])] of all solvers on a game."""
    with tempfile.TemporaryDirectory() as folder:
        trace, report = pathlib.Path(folder) / "trace.csv", pathlib.Path(folder) / "report.json"
        subprocess.run([program, "solve", game, "--solver", "all", *LIMITS, "--time-limit", str(seconds),
                        "--quiet", "--trace", trace, "--json", report], check=False)
        records = {}
        with open(trace, newline="") as file:
            for row in csv.DictReader(file):
                records.setdefault(row.pop("solver"), []).append({k: float(v) for k, v in row.items() if v})
        return [(found, records.get(found["solver"], [])) for found in json.loads(report.read_text())["results"]
                if found["status"] != "refused"]


def reached(records, target):
    return next((r for r in records if r["relative_gap"] <= target), None)


def fit_line(x, y):
    mx, my = sum(x) / len(x), sum(y) / len(y)
    xx = sum((a - mx) ** 2 for a in x)
    slope = sum((a - mx) * (b - my) for a, b in zip(x, y)) / xx if xx else 0.0
    error = math.sqrt(sum((b - my - slope * (a - mx)) ** 2 for a, b in zip(x, y)) / len(x))
    return slope, error


def fitted(records):
    """The law of dag::fit_rate: running minimum, the first quarter of the records left out."""
    points, least = [], math.inf
    for r in records:
        if r["iteration"] < 1:
            continue
        least = min(least, r["relative_gap"])
        if least <= 1e-13:
            break
        points.append((r["iteration"], math.log(least)))
    points = points[len(points) // 4:]
    if len(points) < 4:
        return "few points"
    t, y = zip(*points)
    factor, linear = fit_line(t, y)
    power, error = fit_line([math.log(v) for v in t], y)
    if max(y) - min(y) < 0.05:
        return "stays"
    if linear < error:
        return f"{math.exp(factor):.5f}^t" if factor < 0 else "grows"
    return f"t^{power:.2f}"


def theories(program):
    """{solver: [(iterate, what is proved of it)]}, from the program's list."""
    listed = json.loads(subprocess.run([program, "solvers", "--json", "-"], capture_output=True, check=True).stdout)
    rows = {}
    for row in listed:
        for theory in row["theory"]:
            said = {"power": f"t^-{theory['exponent']:g}", "linear": "linear", "none": "none"}[theory["law"]]
            said = "to 0" if theory["law"] == "power" and theory["exponent"] == 0 else said
            rows.setdefault(row["name"], []).append((theory["iterate"], said))
    return rows


def theory_of(rows, found):
    promises = rows.get(found["solver"], [])
    exact = [said for iterate, said in promises if iterate == found.get("iterate")]
    exact_ones = ("interior_point", "linear_program", "sequence_form_interior_point", "sequence_form_program")
    other = "exact" if found["solver"] in exact_ones else "none"
    return exact[0] if exact else ", ".join(f"{said} ({iterate})" for iterate, said in promises) or other


def number(value):
    return f"{value:,.0f}".replace(",", " ")


def convergence_table(program, seconds, games):
    promises = theories(program)
    lines = []
    for game in games:
        lines += [f"### `{game}`", "", "| solver | point | rounds to 1e-3, 1e-6, 1e-9 | products with A | "
                  "best gap | fitted | theory |", "|---|---|---|---|---|---|---|"]
        for found, records in solve(program, game, seconds):
            hits = [reached(records, target) for target in TARGETS]
            rounds = ", ".join(number(h["iteration"]) if h else "-" for h in hits)
            products = ", ".join(number(h["products"]) if h else "-" for h in hits)
            best = min((r["relative_gap"] for r in records), default=found["relative_gap"])
            lines.append(f"| `{found['solver']}` | {found.get('iterate', '')} | {rounds} | {products} | {best:.0e} | "
                         f"{fitted(records)} | {theory_of(promises, found)} |")
        lines.append("")
    return lines


def size_table(program, seconds):
    runs = [{found["solver"]: records for found, records in solve(program, game, seconds)} for game in SIZES]
    names = [game.split(":")[1].replace("x", " x ") for game in SIZES]
    lines = ["| solver | " + " | ".join(names) + " |", "|---" * (1 + len(SIZES)) + "|"]
    for solver in runs[0]:
        cells = []
        for run in runs:
            hits = [reached(run.get(solver, []), target) for target in TARGETS]
            cells.append("; ".join(f"{number(h['iteration'])} / {1e3 * h['seconds']:.3g}" if h else "-" for h in hits))
        lines.append(f"| `{solver}` | " + " | ".join(cells) + " |")
    return lines


def fill(path, name, lines):
    text = path.read_text()
    begin, end = f"<!-- table: {name} -->\n", "<!-- end of table -->"
    start = text.index(begin) + len(begin)
    path.write_text(text[:start] + "\n".join(lines).rstrip() + "\n" + text[text.index(end, start):])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/dag"))
    parser.add_argument("--only", choices=["tables", "trees", "sizes"])
    parser.add_argument("--seconds", type=float, default=10, help="limit of each solver on each game")
    options = parser.parse_args()
    if options.only in (None, "tables"):
        fill(ROOT / "docs/convergence.md", "convergence", convergence_table(options.program, options.seconds, GAMES))
    if options.only in (None, "trees"):
        fill(ROOT / "docs/convergence.md", "trees", convergence_table(options.program, options.seconds, TREES))
    if options.only in (None, "sizes"):
        fill(ROOT / "benchmarks/README.md", "by size", size_table(options.program, options.seconds))


if __name__ == "__main__":
    main()
