#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Draws one plot for every page of docs/solvers from runs of `dag solve`: docs/img/solvers/PAGE.svg.

Every solver of a page has a curve, and in its colour the rate of its theorem as a dashed line: powers with the
least constant that the run admits, linear rates with the factor fitted (a theorem says only that there is one), bounds
with their own constants. Theory is read from dag solvers. Times are the least of three runs on one
thread.

Usage: scripts/solver_plots.py [--program build/release/bin/dag] [--only PAGE,PAGE] [--output docs/img/solvers]
"""
import argparse
import csv
import json
import math
import pathlib
import subprocess
import tempfile

from convergence import ROOT, fit_line

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#AA4499", "#B8860B", "#56B4E9"]
GAP = "duality gap / payoff range"
PAGES = {}


def page(function):
    PAGES[function.__name__] = function
    return function


class Program:
    def __init__(self, path):
        self.path = path

    def run(self, game, solver, *more):
        """(result, trace) of one solver; a result is None where it refused."""
        with tempfile.TemporaryDirectory() as folder:
            trace, report = pathlib.Path(folder, "trace.csv"), pathlib.Path(folder, "report.json")
            subprocess.run([self.path, "solve", game, "--solver", solver, "--quiet", "--trace", trace, "--json", report,
                            *map(str, more)], check=False)
            with open(trace, newline="") as file:
                rows = [{k: float(v) for k, v in row.items() if k != "solver" and v} for row in csv.DictReader(file)]
            return json.loads(report.read_text()), rows

    def seconds(self, game, solver, *more):
        """The least of three runs, or None if it does not converge (or once takes over 2 s: of one)."""
        best = math.inf
        for _ in range(3):
            found, _rows = self.run(game, solver, *more)
            if found["status"] != "converged":
                return None
            best = min(best, found["seconds"])
            if best > 2:
                break
        return best


def draw(target, panels):
    """panels: dicts of title, x, y, log ("x", "y", "xy"), curves [(title, xs, ys, colour, style)], range."""
    entries = max(len(panel["curves"]) for panel in panels)
    width, height = 760 if len(panels) == 1 else 1180, 400 + 22 * entries
    with tempfile.TemporaryDirectory() as folder:
        script = [f"set terminal svg size {width},{height} background 'white' font 'sans,13'",
                  f"set output '{target}'", "set border 3 lc rgb '#555555'", "set tics nomirror",
                  "set grid lc rgb '#dddddd'",
                  "set key outside below center horizontal maxcols 1 Left reverse spacing 1.2 samplen 2.5 height 1",
                  f"set multiplot layout 1,{len(panels)}"]
        for p, panel in enumerate(panels):
            script += ["unset logscale"] + ([f"set logscale {panel['log']}"] if panel.get("log") else [])
            for axis in "xy":
                powers = axis in panel.get("log", "") and panel.get(axis + "powers", True)
                script.append(f"set format {axis} '{'10^{%T}' if powers else '%g'}'")
            script += [f"set title \"{panel['title']}\" noenhanced", f"set xlabel \"{panel['x']}\"",
                       f"set ylabel \"{panel['y']}\"", f"set yrange {panel.get('range', '[*:*]')}", "set xrange [*:*]"]
            lines = []
            for k, (title, xs, ys, colour, style) in enumerate(panel["curves"]):
                if style == "blank":  # a place in the legend, nothing drawn
                    lines.append(f"NaN with lines lc rgb 'white' title \"{title}\" noenhanced")
                    continue
                data = pathlib.Path(folder, f"{p}-{k}")
                data.write_text("".join(f"{x:.9g} {y:.9g}\n" for x, y in zip(xs, ys)
                                        if math.isfinite(y) and (y > 0 or "y" not in panel.get("log", ""))
                                        and (x > 0 or "x" not in panel.get("log", ""))))
                how = {"line": "with lines lw 1.8", "dashed": "with lines lw 1.6 dt (9,6)",
                       "points": "with linespoints pt 7 ps 0.5 lw 1.5"}[style]
                lines.append(f"'{data}' {how} lc rgb '{COLOURS[colour % len(COLOURS)]}' title \"{title}\" noenhanced")
            script.append("plot " + ", \\\n".join(lines))
        subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True)


def theories(program):
    listed = json.loads(subprocess.run([program, "solvers", "--json", "-"], capture_output=True, check=True).stdout)
    return {(row["name"], theory["iterate"]): (theory["law"], theory["exponent"])
            for row in listed for theory in row["theory"]}


def power(label, records, exponent, colour, column="relative_gap"):
    """C t^-exponent, C the least for which the bound holds on this run."""
    constant = max(r[column] * r["iteration"] ** exponent for r in records)
    xs = [records[-1]["iteration"] ** (k / 100) for k in range(101)]
    return label, xs, [constant * x ** -exponent for x in xs], colour, "dashed"


def linear(records, colour):
    """C factor^t, fitted to the last three quarters of the checks; None where the law does not describe them."""
    points, least = [], math.inf
    for r in records:
        least = min(least, r["relative_gap"])
        if r["iteration"] >= 1 and least > 1e-14:
            points.append((r["iteration"], math.log(least)))
    t, y = zip(*points[len(points) // 4:])
    slope, _ = fit_line(t, y)
    mean_t, mean_y = sum(t) / len(t), sum(y) / len(y)
    xs = [t[0] + (t[-1] - t[0]) * k / 100 for k in range(101)]
    return (f"theory: linear, fitted {math.exp(slope):.5g}^t", xs,
            [math.exp(mean_y + slope * (x - mean_t)) for x in xs], colour, "dashed")


def gap_curves(program, runs):
    """runs: [(label, game, solver, arguments)]; the curve of each and its theory."""
    known, curves = theories(program.path), []
    for colour, (label, game, solver, more) in enumerate(runs):
        found, records = program.run(game, solver, *more)
        promises = {at: law for (name, at), law in known.items() if name == solver}
        only = next(iter(promises.values())) if len(promises) == 1 else ("none", 0)
        law, exponent = promises.get(found["iterate"], only)
        xs, ys = [r["iteration"] for r in records], [r["relative_gap"] for r in records]
        curves.append((f"{label}, {found['iterate']}", xs, ys, colour, "line"))
        if law == "power" and exponent > 0:
            curves.append(power(f"theory t^-{exponent:g}", records, exponent, colour))
        elif law == "power":
            strategies = sum(len(s) for s in found["strategies"])
            curves.append(power(f"theory t^-1/{strategies - 2} (worst case)", records, 1 / (strategies - 2), colour))
        elif law == "linear":
            curves.append(linear(records, colour))
        else:
            curves.append(("no rate promised", [], [], colour, "blank"))
    return curves


def gap_page(program, target, title, runs):
    draw(target, [{"title": title, "x": "rounds", "y": GAP, "log": "xy", "curves": gap_curves(program, runs)}])


def named(game, solvers, *more):
    return [(solver, game, solver, more) for solver in solvers]


@page
def mirror_descent(program, target):
    limits = ["--max-iterations", 20000, "--tolerance", "1e-9"]
    gap_page(program, target, "random:30x30:1", named("random:30x30:1", ["gradient_descent_ascent"], *limits) + named(
        "random:30x30:1", ["mirror_descent", "hedge"], "--average", "uniform", *limits))


@page
def mirror_prox(program, target):
    limits = ["--max-iterations", 20000, "--tolerance", "1e-12"]
    gap_page(program, target, "random:30x30:1", [
        ("mirror_prox", "random:30x30:1", "mirror_prox", ["--average", "uniform", *limits]),
        ("extragradient", "random:30x30:1", "extragradient", ["--average", "last", *limits]),
        ("anchored_extragradient", "random:30x30:1", "anchored_extragradient", limits)])


@page
def optimistic_mirror_descent(program, target):
    more = ["--max-iterations", 3000, "--tolerance", "1e-12", "--start", "0.8,0.1,0.1;0.1,0.8,0.1", "--average"]
    game = "biased-rps"
    gap_page(program, target, game, [
        ("optimistic_mirror_descent", game, "optimistic_mirror_descent", [*more, "last"]),
        ("optimistic_mirror_descent", game, "optimistic_mirror_descent", [*more, "uniform"]),
        ("gradient_descent_ascent", game, "gradient_descent_ascent", [*more, "last"])])


@page
def magnetic_mirror_descent(program, target):
    limits = ["--max-iterations", 200000, "--tolerance", "1e-9"]
    game = "random:10x10:1"
    curves = gap_curves(program, [("moving magnet", game, "magnetic_mirror_descent", limits)])
    _, records = program.run(game, "magnetic_mirror_descent", "--select", "max_entropy", *limits)
    curves.append(("annealed magnet, last", [r["iteration"] for r in records], [r["relative_gap"] for r in records], 1,
                   "line"))
    curves.append(power("theory: of the order of its weight, t^-0.5", records, 0.5, 1))
    draw(target, [{"title": game, "x": "rounds", "y": GAP, "log": "xy", "curves": curves}])


@page
def trees(program, target):
    """Regret family, first-order methods and the interior point on three trees; CFR+'s last iterate dashed."""
    panels = []
    solvers = ["cfr", "cfr_plus", "adaptive_predictive_cfr_plus", "primal_dual_hybrid_gradient", "restarted_cfr_plus",
               "magnetic_mirror_descent"]
    for game in ("kuhn_poker", "leduc_poker", "liars_dice:3"):
        limits = ["--max-iterations", 30000, "--tolerance", "1e-9", "--time-limit", 20]
        curves = []
        for colour, solver in enumerate(solvers):
            _, records = program.run(game, solver, *limits)
            curves.append((solver, [r["iteration"] for r in records], [r["relative_gap"] for r in records], colour,
                           "line"))
        _, records = program.run(game, "cfr_plus", "--average", "last", *limits)
        curves.append(("cfr_plus, last iterate", [r["iteration"] for r in records],
                       [r["relative_gap"] for r in records], 1, "dashed"))
        panels.append({"title": game, "x": "rounds", "y": "NashConv / payoff range", "log": "xy", "range": "[1e-10:1]",
                       "curves": curves})
    draw(target, panels)


@page
def primal_dual_hybrid_gradient(program, target):
    panels = []
    for game in ("random:100x100:1", "diagonal:30:1e3"):
        runs = [(f"scaling {s}", game, "primal_dual_hybrid_gradient",
                 ["--scaling", s, "--tolerance", "1e-10", "--max-iterations", 60000])
                for s in ("none", "pock-chambolle", "ruiz")]
        panels.append({"title": game, "x": "rounds", "y": GAP, "log": "xy", "curves": gap_curves(program, runs)})
    draw(target, panels)


@page
def regret_matching(program, target):
    gap_page(program, target, "random:30x30:1", named(
        "random:30x30:1", ["regret_matching", "regret_matching_plus", "predictive_regret_matching_plus"],
        "--max-iterations", 20000, "--tolerance", "1e-9"))


@page
def responses(program, target):
    game = "random:30x30:1"
    limits = ["--max-iterations", 20000, "--tolerance", "1e-9"]
    curves = gap_curves(program, named(game, ["fictitious_play", "alternating_fictitious_play",
                                              "smooth_fictitious_play", "frank_wolfe"], *limits))
    _, records = program.run("random:3x3:1", "best_response_dynamics", "--tau", 1.1, "--tolerance", "1e-13")
    strong = [("best_response_dynamics", [r["iteration"] for r in records], [r["relative_gap"] for r in records], 4,
               "line"), linear(records, 4)]
    draw(target, [{"title": game, "x": "rounds", "y": GAP, "log": "xy", "curves": curves},
                  {"title": "random:3x3:1, tau 1.1 > L = 0.875", "x": "rounds", "y": "gap of the pulled game / payoff range",
                   "log": "y", "curves": strong}])


@page
def regret_dynamics(program, target):
    game, curves = "general:10x10:1", []
    for colour, (solver, column, bound) in enumerate([("external_regret_dynamics", "relative_gap", 10),
                                                      ("internal_regret_dynamics", "relative_gap", 90)]):
        _, records = program.run(game, solver, "--max-iterations", 100000, "--tolerance", "1e-6")
        xs = [r["iteration"] for r in records]
        curves.append((solver, xs, [r[column] for r in records], colour, "line"))
        curves.append((f"theory sqrt({bound} / t)", xs, [math.sqrt(bound / x) if x else math.nan for x in xs], colour,
                       "dashed"))
    draw(target, [{"title": game, "x": "rounds", "y": "gap / payoff range", "log": "xy", "curves": curves}])


@page
def logit_branch(program, target):
    panels = []
    for colour, game in enumerate(["general:20x20:1", "general:5x5x5:1"]):
        found, records = program.run(game, "logit_branch", "--tolerance", "1e-7")
        size, scale = max(len(s) for s in found["strategies"]), found["payoff_range"]
        records = [r for r in records if r["step"] > 0.1]
        xs = [r["step"] * scale for r in records]
        panels.append({"title": game, "x": "lambda times payoff range", "y": "largest regret / payoff range", "log": "xy",
                       "curves": [("logit_branch", xs, [r["relative_gap"] for r in records], colour, "line"),
                                  (f"theory log({size}) / lambda", xs, [math.log(size) / x for x in xs], colour, "dashed")]})
    draw(target, panels)


@page
def newton(program, target):
    rounds, colour = [], 0
    for size in (30, 100, 300):
        game = f"random:{size}x{size}:1"
        found, records = program.run(game, "newton", "--tau", 0.2, "--tolerance", "1e-15")
        records = [r for r in records if r["residual"] > 1e-15]
        rounds.append((f"{game}, tau 0.1", [r["iteration"] for r in records], [r["residual"] for r in records], colour,
                       "points"))
        k = next(k for k, r in enumerate(records) if r["residual"] < 1e-2)
        constant = records[k + 1]["residual"] / records[k]["residual"] ** 2
        xs, ys = [records[k]["iteration"]], [records[k]["residual"]]
        while ys[-1] > 1e-15:
            xs.append(xs[-1] + 1)
            ys.append(constant * ys[-1] ** 2)
        rounds.append((f"theory r -> {constant:.2g} r^2", xs, ys, colour, "dashed"))
        colour += 1
    path = []
    for colour, game in enumerate(["random:30x30:1", "kuhn-poker"]):
        found, records = program.run(game, "newton", "--select", "max_entropy", "--tolerance", "1e-12")
        scale, sizes = found["payoff_range"], [len(s) for s in found["strategies"]]
        records = [r for r in records if r["relative_gap"] > 1e-12]
        xs = [r["step"] / scale for r in records]
        path.append((game, xs, [r["relative_gap"] for r in records], colour, "points"))
        bound = math.log(sizes[0]) + math.log(sizes[1])
        path.append((f"theory {bound:.3g} tau", xs, [bound * x for x in xs], colour, "dashed"))
    draw(target, [{"title": "newton: quadratic near the solution", "x": "rounds", "y": "residual (max norm)", "log": "y",
                   "range": "[1e-16:1]", "curves": rounds},
                  {"title": "the logit path", "x": "tau / payoff range", "y": GAP, "log": "xy", "curves": path}])


def by_size(program, game, sizes, solver, seeds, what="iterations", *more):
    """The mean over seeds at every size."""
    ys = []
    for n in sizes:
        found = [program.run(game.format(n=n, seed=seed), solver, *more)[0] for seed in seeds]
        ys.append(sum(f[what] for f in found) / len(found))
    return ys


@page
def linear_program(program, target):
    sizes = [10, 20, 50, 100, 200, 400]
    pivots = by_size(program, "random:{n}x{n}:{seed}", sizes, "linear_program", range(1, 6))
    draw(target, [{"title": "random n x n games, mean of five", "x": "n", "y": "pivots", "log": "xy", "curves": [
        ("linear_program", sizes, pivots, 0, "points"),
        ("n to 3 n: what is usual, no theorem", sizes, sizes, 0, "dashed"), ("", sizes, [3 * n for n in sizes], 0, "dashed")]}])


@page
def interior_point(program, target):
    sizes, curves = [20, 50, 100, 200, 400], []
    for colour, tolerance in enumerate(["1e-4", "1e-8"]):
        ys = by_size(program, "random:{n}x{n}:{seed}", sizes, "interior_point", range(1, 4), "iterations",
                     "--tolerance", tolerance)
        curves += [(f"to {tolerance}", sizes, ys, colour, "points"),
                   ("theory sqrt(n), through the first", sizes, [ys[0] * math.sqrt(n / sizes[0]) for n in sizes], colour, "dashed")]
    gaps = []
    for colour, n in enumerate([100, 400]):
        _, records = program.run(f"random:{n}x{n}:1", "interior_point", "--tolerance", "1e-14")
        xs, ys = [r["iteration"] for r in records], [r["relative_gap"] for r in records]
        gaps.append((f"random:{n}x{n}:1", xs, ys, colour, "points"))
        gaps.append(linear([r for r in records if r["relative_gap"] > 1e-4], colour))
    draw(target, [{"title": "random n x n games, mean of three", "x": "n", "y": "rounds", "log": "xy", "ypowers": False,
                   "xpowers": False, "curves": curves},
                  {"title": "the last step is support polishing", "x": "rounds", "y": GAP, "log": "y", "curves": gaps}])


@page
def zero_sum(program, target):
    sizes, curves = [10, 20, 50, 100, 200, 500, 1000], []
    for colour, solver in enumerate(["auto", "linear_program", "interior_point", "primal_dual_hybrid_gradient",
                                     "predictive_regret_matching_plus"]):
        points = []
        for n in sizes:
            took = program.seconds(f"random:{n}x{n}:1", solver, "--tolerance", "1e-6", "--time-limit", 3)
            if took is None:
                break
            points.append((n, took))
        curves.append((solver, *zip(*points), colour, "points"))
    auto = curves[0]
    last = auto[2][-1] / auto[1][-1] ** 3
    curves.append(("theory of a factorisation: n^3", sizes[2:], [last * n ** 3 for n in sizes[2:]], 0, "dashed"))
    draw(target, [{"title": "random n x n games to a relative gap of 1e-6", "x": "n", "y": "seconds", "log": "xy",
                   "curves": curves}])


@page
def lemke_howson(program, target):
    sizes = [5, 10, 20, 40, 60, 80, 100]
    ys = by_size(program, "general:{n}x{n}:{seed}", sizes, "lemke_howson", range(1, 8))
    slope, _ = fit_line(sizes, [math.log(y) for y in ys])
    mean_n, mean_y = sum(sizes) / len(sizes), sum(map(math.log, ys)) / len(ys)
    draw(target, [{"title": "random n x n games, mean of seven", "x": "n", "y": "pivots", "log": "y", "curves": [
        ("lemke_howson", sizes, ys, 0, "points"),
        (f"theory: exponential at worst; fitted {math.exp(slope):.3f}^n", sizes,
         [math.exp(mean_y + slope * (n - mean_n)) for n in sizes], 0, "dashed")]}])


def timed(program, target, title, x, games, solver, law, label, *more):
    """Seconds by size: games [(size, name)]; theory law(size) through the last point."""
    points = [(size, program.seconds(name, solver, *more)) for size, name in games]
    sizes, ys = zip(*points)
    draw(target, [{"title": title, "x": x, "y": "seconds", "log": "xy" if max(sizes) / min(sizes) > 20 else "y", "curves": [
        (solver, sizes, ys, 0, "points"),
        (label, sizes, [ys[-1] * law(s) / law(sizes[-1]) for s in sizes], 0, "dashed")]}])


@page
def support_enumeration(program, target):
    timed(program, target, "random n x n games", "n", [(n, f"general:{n}x{n}:1") for n in range(4, 11)],
          "support_enumeration", lambda n: math.comb(2 * n, n) - 1, "theory: pairs of supports of one size, (2n choose n) - 1")


@page
def pure_equilibria(program, target):
    timed(program, target, "random n x n games", "profiles", [(n * n, f"general:{n}x{n}:1") for n in (30, 100, 300, 1000)],
          "pure_equilibria", lambda n: n, "theory: linear")


@page
def iterated_dominance(program, target):
    timed(program, target, "random n x n games, nothing dominated", "n", [(n, f"general:{n}x{n}:1") for n in (5, 10, 20, 50, 100, 200)],
          "iterated_dominance", lambda n: n ** 3, "theory: n^3 for the pure comparisons alone")


@page
def correlated_equilibrium(program, target):
    sizes, curves = [3, 4, 6, 8, 12, 16], []
    for colour, (solver, rows, label) in enumerate([
            ("coarse_correlated_equilibrium", lambda n: 2 * n, "deviations, 2 n"),
            ("correlated_equilibrium", lambda n: 2 * n * (n - 1), "deviations, 2 n (n - 1)")]):
        curves += [(solver, sizes, by_size(program, "general:{n}x{n}:{seed}", sizes, solver, range(1, 4)), colour, "points"),
                   (f"usual for the simplex method: of the order of {label}", sizes, [rows(n) for n in sizes], colour, "dashed")]
    draw(target, [{"title": "random n x n games, mean of three", "x": "n", "y": "pivots", "log": "xy", "xpowers": False,
                   "curves": curves}])


@page
def potential_games(program, target):
    panels = []
    for game, start, title in [("stag-hunt", "0.55,0.45;0.7,0.3", "stag hunt: has a potential"),
                               ("jordan", "0.6,0.4;0.45,0.55;0.5,0.5", "Jordan's game: has none")]:
        curves = []
        for colour, solver in enumerate(["replicator", "hedge"]):
            found, records = program.run(game, solver, "--start", start, "--max-iterations", 1000, "--tolerance", "1e-12")
            curves.append((f"{solver}, {found['iterate']}", [r["iteration"] for r in records],
                           [r["relative_gap"] for r in records], colour, "line"))
            if solver == "replicator" and game == "stag-hunt":
                # At (hare, hare) the other strategy earns 3 less and dies out at that rate.
                rate = 3 * records[0]["step"]
                level = max(r["relative_gap"] * math.exp(rate * r["iteration"]) for r in records if r["relative_gap"] > 1e-12)
                curves.append(("theory: exp(-3 time), the other strategy earns 3 less", list(range(400)),
                               [level * math.exp(-rate * t) for t in range(400)], 2, "dashed"))
        panels.append({"title": title, "x": "rounds", "y": "NashConv / payoff range", "log": "y", "range": "[1e-10:10]",
                       "curves": curves})
    draw(target, panels)


@page
def replicator(program, target):
    subprocess.run([program.path, "solve", "rps", "--solver", "replicator", "--start", "0.6,0.2,0.2;0.2,0.5,0.3",
                    "--max-iterations", "600", "--quiet", "--portrait", target], check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/dag"))
    parser.add_argument("--only", default=",".join(PAGES), help="pages with commas between")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs/img/solvers")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name in options.only.split(","):
        PAGES[name](Program(options.program), options.output / f"{name}.svg")


if __name__ == "__main__":
    main()
