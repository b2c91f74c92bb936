# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag solve: values against the reference file, certificates recomputed here from the payoffs,
formats of input and output, refusals."""

import csv
import json
import math
import re
import shutil
import signal
import subprocess
import time
from fractions import Fraction

from support import PROGRAM, Case, dag, main

KEYS = {"game": str, "players": int, "solver": str, "status": str, "iterations": int,
        "seconds": float, "value": float, "duality_gap": float, "relative_gap": float,
        "strategies": list}
SOLVERS = ["gradient_descent_ascent", "mirror_descent", "hedge", "extragradient",
           "anchored_extragradient", "mirror_prox", "optimistic_mirror_descent",
           "magnetic_mirror_descent", "primal_dual_hybrid_gradient", "reflected_halpern", "regret_matching",
           "regret_matching_plus", "predictive_regret_matching_plus", "fictitious_play",
           "alternating_fictitious_play", "smooth_fictitious_play", "frank_wolfe",
           "best_response_dynamics", "replicator", "interior_point", "linear_program"]


def gap(payoff, strategies):
    """The duality gap of two mixed strategies, from its definition."""
    x, y = strategies
    rows = [sum(a * q for a, q in zip(row, y)) for row in payoff]
    columns = [sum(p * row[j] for p, row in zip(x, payoff)) for j in range(len(y))]
    return max(rows) - min(columns)


class Solve(Case):
    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_json_has_its_keys_and_a_true_certificate(self):
        payoff = [[3, -1], [-2, 1]]
        game = self.write("game.csv", "3,-1\n-2,1\n")
        found = self.json("solve", game, "--tolerance", "1e-10")
        for key, kind in KEYS.items():
            self.assertIn(key, found)
            self.assertIsInstance(found[key], (int, float) if kind is float else kind, key)
        self.assertEqual(found["game"], str(game))
        self.assertEqual(found["players"], 2)
        self.assertEqual(found["status"], "converged")
        self.assertAlmostEqual(found["value"], 1 / 7, delta=1e-9)
        self.assertEqual([len(s) for s in found["strategies"]], [2, 2])
        self.assertAlmostEqual(found["strategies"][0][0], 3 / 7, delta=1e-8)
        self.assertAlmostEqual(found["strategies"][1][0], 2 / 7, delta=1e-8)
        for strategy in found["strategies"]:
            self.assertAlmostEqual(sum(strategy), 1, delta=1e-12)
            self.assertGreaterEqual(min(strategy), 0)
        self.assertAlmostEqual(gap(payoff, found["strategies"]), found["duality_gap"], delta=1e-14)
        self.assertAlmostEqual(found["duality_gap"] / 5, found["relative_gap"], delta=1e-15)

    def test_names(self):
        for name, value in [("rps", 0), ("matching-pennies", 0), ("biased-rps", 0),
                            ("biased-pennies", 1 / 7), ("kuhn-poker", -1 / 18)]:
            found = self.json("solve", name, "--tolerance", "1e-8")
            self.assertAlmostEqual(found["value"], value, delta=1e-7, msg=name)
        self.refused("solve", "rsp", says="did you mean rps")
        self.refused("solve", "random:0x3:1", says="random")

    def test_seed(self):
        def strategies(*words):
            return self.json("solve", *words)["strategies"]
        self.assertEqual(strategies("random:4x5:7"), strategies("random:4x5", "--seed", "7"))
        self.assertNotEqual(strategies("random:4x5:7"), strategies("random:4x5:8"))
        self.assertEqual(strategies("random:4x5:7"), strategies("random:4x5:7"))

    def test_zero_sum_files_agree_with_the_reference(self):
        folder = self.data("games", "nfg")
        with open(self.data("games", "index.csv"), newline="") as file:
            wanted = [row["file"] for row in csv.DictReader(file)
                      if row["kind"] == "nfg" and row["players"] == "2"
                      and "yes" in (row["zero_sum"], row["constant_sum"])]
        values = {}
        with open(self.data("games", "reference.csv"), newline="") as file:
            for row in csv.DictReader(file):
                values.setdefault(row["file"], Fraction(row["player_values"].split(";")[0]))
        self.assertGreater(len(wanted), 0)
        for name in wanted:
            with self.subTest(game=name):
                found = self.json("solve", folder / name, "--tolerance", "1e-8")
                self.assertEqual(found["status"], "converged")
                self.assertLessEqual(found["relative_gap"], 1e-8)
                self.assertAlmostEqual(found["value"], float(values[name]), delta=1e-7)

    def test_random_games_by_definition(self):
        state = 12345
        for rows, columns in [(1, 1), (1, 4), (5, 1), (3, 7), (20, 20), (40, 30)]:
            payoff = []
            for _ in range(rows):
                line = []
                for _ in range(columns):
                    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
                    line.append((state >> 11) / 2**53)
                payoff.append(line)
            game = self.write("game.csv", "".join(",".join(map(repr, r)) + "\n" for r in payoff))
            found = self.json("solve", game, "--tolerance", "1e-8")
            entries = [entry for row in payoff for entry in row]
            self.assertLessEqual(gap(payoff, found["strategies"]),
                                 1e-8 * (max(entries) - min(entries)) + 1e-15)

    def test_refuses_what_it_cannot_solve(self):
        self.refused("solve", "jordan", "--solver", "interior_point", says="three or more players")
        self.refused("solve", "chicken", "--solver", "linear-program", says="not zero-sum")
        self.refused("solve", "rps", "--feedback", "noisy:-1", says="noisy:SIGMA")
        self.refused("solve", "rps", "--feedback", "none", says="noisy:SIGMA")
        self.refused("solve", "rps", "--repeats", "0", says="repeats")
        self.refused("solve", "rps", "--select", "largest", says="select")
        self.refused("solve", "rps", "--select", "reference", says="--start")
        self.refused("solve", "chicken", "--select", "max_entropy", says="zero-sum")
        self.refused("solve", "rps", "--start", "0.5,0.5;1,0,0", says="player 1 got 2")
        self.refused("solve", "rps", "--start", "0.5,0.5,0;1,0,1", says="add up to 1")
        self.refused("solve", "rps", "--start", "0.5,0.5,x;1,0,0", says="'x'")
        self.refused("solve", "rps", "--trace", "t.txt", says=".csv or .json")
        self.refused("solve", "missing.efg", says="missing.efg")
        self.refused("solve", "missing.nfg", "--json", "out.json", says="missing.nfg")
        self.refused("solve", "rps", "--solver", "simplex", says="simplex")
        self.refused("solve", "rps", "--average", "median", says="median")
        self.refused("solve", "rps", "--tolerance", "-1", says="tolerance")
        self.refused("solve", "rps", "--tau", "-1", says="tau")
        self.refused("solve", "rps", "--tolerance", "nan", says="tolerance")
        self.refused("solve", "rps", "--plot", "plot.pdf", says=".svg or .png")
        self.refused("solve", "rps", "--json", "no/such/folder.json", says="no/such/folder.json")
        self.refused("solve", "rps", "--trace", "t.csv", "--json", "no/such/folder.json")
        self.refused("solve", says="GAME")
        self.refused(says="subcommand")
        self.assertNoFiles()

    def test_malformed_files(self):
        with open(self.data("malformed", "manifest.csv"), newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["kind"] == "nfg"]
        self.assertGreater(len(rows), 0)
        for row in rows:
            with self.subTest(file=row["file"]):
                path = self.data("malformed", *row["file"].split("/"))
                result = dag("solve", path, "--json", "out.json", megabytes=200, timeout=20,
                             cwd=self.folder)
                self.assertIn(result.code, (0, 1, 2) if row["expect"] == "no_crash" else (2,),
                              str(result))
                self.assertNotIn("Sanitizer", result.err, str(result))
                self.assertLess(result.seconds, 1.0, str(result))
                if result.code == 2:
                    self.assertIn(path.name, result.err)
                    self.assertNoFiles()
                if row["expect"] == "reject":
                    self.assertRegex(result.err, r"\.nfg:\d+: .+ found ")

    def test_malformed_matrices(self):
        for name, text, says in [("ragged", "1,2\n3\n", ":2:"), ("nan", "1,nan\n3,4\n", "nan"),
                                 ("empty", "", "expected"), ("word", "1,2\n3,x\n", "'x'")]:
            path = self.write(name + ".csv", text)
            self.refused("solve", path, says=says)

    def test_all_solvers(self):
        found = self.json("solve", "rps", "--solver", "all", "--tolerance", "1e-4")
        self.assertEqual([run["solver"] for run in found["results"]], SOLVERS)
        for run in found["results"]:
            self.assertEqual(set(KEYS) - set(run), set(), run["solver"])
        table = self.ok("solve", "biased-rps", "--solver", "all", "--tolerance", "1e-3").out
        for name in SOLVERS:
            self.assertIn(name, table)
        runs = self.json("solve", "biased-rps", "--solver", "all", "--tolerance", "1e-3")["results"]
        status = {run["solver"]: run["status"] for run in runs}
        self.assertEqual(status["mirror_prox"], "converged")
        self.assertNotEqual(status["gradient_descent_ascent"], "converged")

    def test_limits_give_exit_code_1_and_the_point_so_far(self):
        found = self.json("solve", "random:30x30:1", "--max-iterations", "3", code=1)
        self.assertEqual(found["status"], "iteration_limit")
        self.assertEqual(found["iterations"], 3)
        found = self.json("solve", "random:200x200:1", "--solver", "mirror_descent",
                          "--tolerance", "0", "--time-limit", "0.2", code=1)
        self.assertEqual(found["status"], "time_limit")
        self.assertLess(found["seconds"], 10)

    def test_ctrl_c(self):
        process = subprocess.Popen([PROGRAM, "solve", "random:300x300:1", "--tolerance", "0",
                                    "--solver", "mirror_prox", "--json", "-"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, err)
        found = json.loads(out)
        self.assertEqual(found["status"], "stopped")
        self.assertLess(found["relative_gap"], 0.1)

    def test_ctrl_c_before_there_is_anything_to_keep(self):
        """A game that takes long to make: the signal ends the program, no file is written."""
        process = subprocess.Popen([PROGRAM, "solve", "random_tree:21:2:0.5:1", "--json", self.folder / "r.json"],
                                   stderr=subprocess.PIPE)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertFalse((self.folder / "r.json").exists())

    def test_tau(self):
        """The regularised equilibrium of a 2x2 game solves x = softmax(A y / tau).

        The gap is at least tau KL, so that at a gap of 5e-12 the strategies are within
        sqrt(2 * 5e-12 / tau) = 5e-6, and their logits within 4 / (1 - 0.3^2) times that."""
        game = self.write("game.csv", "3,-1\n-2,1\n")
        found = self.json("solve", game, "--tau", "0.5", "--tolerance", "1e-12")
        (x, _), (y, _) = found["strategies"]
        self.assertAlmostEqual(math.log(x / (1 - x)), ((3 * y - (1 - y)) - (-2 * y + 1 - y)) / 0.5,
                               delta=2.5e-5)
        self.assertAlmostEqual(math.log(y / (1 - y)),
                               -((3 * x - 2 * (1 - x)) - (-x + (1 - x))) / 0.5, delta=2.5e-5)

    def test_tau_by_newton_and_by_mirror_prox(self):
        """x = softmax(A y / tau), y = softmax(-A' x / tau), to a weight of a millionth of the range;
        auto is one of the two and the values agree."""
        payoff = [[3, -1, 2], [-2, 1, 0]]
        game = self.write("game.csv", "3,-1,2\n-2,1,0\n")
        for tau, solvers in [(2, ("auto", "newton", "mirror_prox")), (0.05, ("auto", "mirror_prox")),
                             (5e-6, ("auto",))]:
            values = []
            for solver in solvers:
                found = self.json("solve", game, "--tau", tau, "--tolerance", "1e-13", "--solver",
                                  solver)
                x, y = found["strategies"]
                values.append(found["value"])
                rows = [sum(a * q for a, q in zip(row, y)) / tau for row in payoff]
                weights = [math.exp(r - max(rows)) for r in rows]
                for p, w in zip(x, weights):
                    self.assertAlmostEqual(p, w / sum(weights), delta=1e-4, msg=(tau, solver))
            self.assertLess(max(values) - min(values), 1e-11)
        self.refused("solve", game, "--solver", "newton", says="--tau")

    def test_tau_pulls_to_a_reference(self):
        """p ∝ ref exp(u / tau) for every player, by the definition; win rates: one policy for both."""
        wins = [[0.5, 0.1, 0.9], [0.9, 0.5, 0.3], [0.1, 0.7, 0.5]]
        zero_sum = self.write("wins.csv", "".join(",".join(map(str, row)) + "\n" for row in wins))
        cases = [(zero_sum, wins, [[-v for v in row] for row in wins], [0.7, 0.2, 0.1], 0.1,
                  ("auto", "newton", "mirror_prox", "logit_branch")),
                 ("prisoners-dilemma", [[3, 0], [5, 1]], [[3, 5], [0, 1]], [0.9, 0.1], 1.5,
                  ("auto", "logit_branch", "mirror_prox"))]
        for game, mine, yours, ref, tau, solvers in cases:
            words = ",".join(map(str, ref))
            for solver in solvers:
                found = self.json("solve", game, "--tau", tau, "--reference", f"{words};{words}",
                                  "--tolerance", "1e-13", "--solver", solver)
                x, y = found["strategies"]
                for p, q, payoff in [(x, y, mine), (y, x, list(zip(*yours)))]:
                    weights = [r * math.exp(sum(a * b for a, b in zip(row, q)) / tau)
                               for r, row in zip(ref, payoff)]
                    for one, w in zip(p, weights):
                        self.assertAlmostEqual(one, w / sum(weights), delta=1e-5,
                                               msg=(game, solver))
                self.assertEqual(found["reference"], f"{words};{words}")
        self.refused("solve", "rps", "--reference", "1,0,0;1,0,0", says="--tau")
        self.refused("solve", "rps", "--tau", "1", "--reference", "1,0;1,0,0", says="--reference")
        self.refused("solve", "kuhn_poker", "--tau", "1", "--reference", "1;1", says="game trees")

    def test_select(self):
        """Morra's equilibria: (0, p, 1 - p, 0), p from 4/7 to 3/5, for either player (Dantzig). The
        entropy is largest at the end nearer to one half, p = 4/7; KL to a reference (., r, s, .) is
        least at r / (r + s), clipped."""
        for words, wanted in [
                (["--select", "max_entropy"], (4 / 7, 4 / 7)),
                (["--select", "reference", "--start", "0.1,0.4,0.4,0.1;0.1,0.7,0.1,0.1"],
                 (4 / 7, 3 / 5)),
                (["--select", "reference", "--start", "0.01,0.5733,0.4067,0.01;0.05,0.4,0.5,0.05"],
                 (0.5733 / 0.98, 4 / 7))]:
            found = self.json("solve", "morra", "--tolerance", "1e-8", *words)
            self.assertEqual(found["solver"], "newton")
            for strategy, p in zip(found["strategies"], wanted):
                self.assertAlmostEqual(strategy[1], p, delta=1e-3)
                self.assertAlmostEqual(strategy[2], 1 - p, delta=1e-3)
        found = self.json("solve", "morra", "--select", "max_entropy", "--solver",
                          "magnetic_mirror_descent", "--tolerance", "1e-4")
        self.assertAlmostEqual(found["strategies"][0][1], 4 / 7, delta=0.005)

        # Exact where the path itself stalls: gaps of rounding, copies of a strategy alike.
        for game in ("kuhn-poker", "blotto", "morra"):
            found = self.json("solve", game, "--select", "max_entropy", "--tolerance", "1e-12")
            self.assertEqual(found["status"], "converged", game)
            self.assertLess(found["relative_gap"], 1e-14, game)
        self.assertAlmostEqual(found["strategies"][0][1], 4 / 7, delta=1e-14)

    def test_scaling(self):
        """Steps by strategy: the same value in fewer rounds on a badly scaled game."""
        run = lambda *words: self.json("solve", "diagonal:30:1e3", "--solver",  # noqa: E731
                                       "primal_dual_hybrid_gradient", "--tolerance", "1e-8", *words)
        plain = run()
        for scaling in ("pock-chambolle", "ruiz"):
            found = run("--scaling", scaling)
            self.assertLess(found["iterations"], plain["iterations"] / 4)
            self.assertAlmostEqual(found["value"], plain["value"], delta=1e-5)
        self.refused("solve", "rps", "--scaling", "ruiz", says="primal_dual_hybrid_gradient")
        self.refused("solve", "rps", "--scaling", "some", says="scaling")

    def test_feedback(self):
        """Noise lets averages converge slowly; exact solvers refuse it; the seed decides."""
        def run(*words, code=0):
            return self.json("solve", "biased-rps", "--max-iterations", "20000", "--tolerance",
                             "3e-2", *words, code=code)
        for feedback in ("sampled", "noisy:0.3"):
            for solver in ("mirror_descent", "hedge", "regret_matching", "auto"):
                found = run("--feedback", feedback, "--solver", solver)
                self.assertEqual(found["status"], "converged", (feedback, solver))
            a, b, c = (run("--feedback", feedback, "--solver", "hedge", "--seed", seed)["strategies"]
                       for seed in (1, 1, 2))
            self.assertEqual(a, b)
            self.assertNotEqual(a, c)
        for solver in ("linear_program", "interior_point", "primal_dual_hybrid_gradient",
                       "support_enumeration", "replicator"):
            self.refused("solve", "biased-rps", "--solver", solver, "--feedback", "sampled",
                         says=solver)

    def test_repeats(self):
        """Mean and interval recomputed: Student's t with 4 degrees of freedom, 2.776."""
        words = ("solve", "biased-rps", "--solver", "hedge", "--feedback", "noisy:0.2",
                 "--max-iterations", "500", "--tolerance", "0")
        found = self.json(*words, "--repeats", "5", "--seed", "3", code=1)
        repeats = found["repeats"]
        self.assertEqual([run["seed"] for run in repeats["runs"]], [3, 4, 5, 6, 7])
        single = self.json(*words, "--seed", "6", code=1)
        self.assertEqual(single["relative_gap"], repeats["runs"][3]["relative_gap"])
        gaps = [run["relative_gap"] for run in repeats["runs"]]
        self.assertEqual(len(set(gaps)), 5)
        mean = sum(gaps) / 5
        half = 2.776 * math.sqrt(sum((g - mean) ** 2 for g in gaps) / 4 / 5)
        self.assertAlmostEqual(repeats["relative_gap"]["mean"], mean, delta=1e-12)
        self.assertAlmostEqual(repeats["relative_gap"]["low"], mean - half, delta=1e-12)
        self.assertAlmostEqual(repeats["relative_gap"]["high"], mean + half, delta=1e-12)
        band = repeats["band"]
        self.assertEqual(band["iteration"][-1], 500)
        logs = [math.log(g) for g in gaps]
        self.assertAlmostEqual(band["mean"][-1], math.exp(sum(logs) / 5), delta=1e-12)
        for low, middle, high in zip(band["low"], band["mean"], band["high"]):
            self.assertLessEqual(low, middle)
            self.assertLessEqual(middle, high)
        # A random game without a seed of its own is another one in each run.
        values = {run["value"] for run in
                  self.json("solve", "random:4x5", "--repeats", "3")["repeats"]["runs"]}
        self.assertEqual(len(values), 3)
        self.assertIn("2/2 converged", self.ok("solve", "rps", "--repeats", "2").out)

    def test_trace_as_json(self):
        trace = self.folder / "trace.json"
        found = self.json("solve", "biased-rps", "--solver", "mirror_prox,hedge", "--repeats", "2",
                          "--max-iterations", "50", "--trace", trace, code=1)
        runs = json.loads(trace.read_text())
        self.assertEqual([(run["solver"], run["seed"]) for run in runs],
                         [("mirror_prox", 1), ("mirror_prox", 2), ("hedge", 1), ("hedge", 2)])
        self.assertEqual(runs[0]["trace"][-1]["relative_gap"], found["results"][0]["relative_gap"])

    def test_constant_sum(self):
        game = self.write("game.nfg", 'NFG 1 R "c" { "a" "b" } { 2 2 }\n4 6 3 7 2 8 9 1\n')
        found = self.json("solve", game, "--tolerance", "1e-9")
        # player 1's payoffs: rows (4, 2), (3, 9); value (4*9 - 2*3) / (4 + 9 - 2 - 3)
        self.assertAlmostEqual(found["value"], 30 / 8, delta=1e-7)
        self.assertAlmostEqual(sum(found["values"]), 10, delta=1e-12)
        self.assertIn("add up to 10", self.ok("solve", game).out)

    def test_trace_and_averages(self):
        trace = self.folder / "trace.csv"
        for average in ["auto", "last", "uniform", "linear", "quadratic", "best"]:
            found = self.json("solve", "random:6x6:3", "--solver", "mirror_prox", "--average",
                              average, "--trace", trace, "--tolerance", "1e-3")
            self.assertEqual(found["status"], "converged", average)
            with open(trace, newline="") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual(rows[0]["solver"], "mirror_prox")
            self.assertEqual(rows[0]["iteration"], "0")
            self.assertEqual(float(rows[-1]["relative_gap"]), found["relative_gap"])
            self.assertEqual(int(rows[-1]["iteration"]), found["iterations"])

    def test_auto_counts_rounds_across_its_parts(self):
        trace = self.folder / "trace.csv"
        found = self.json("solve", "random:6x6:3", "--trace", trace)
        with open(trace, newline="") as file:
            rounds = [int(row["iteration"]) for row in csv.DictReader(file)]
        self.assertEqual(rounds, sorted(rounds))
        self.assertGreaterEqual(rounds[-1], found["iterations"])

    def test_plot(self):
        if shutil.which("gnuplot") is None:
            self.refused("solve", "rps", "--plot", "plot.svg", says="gnuplot-nox")
            self.skipTest("gnuplot is not installed")
        self.ok("solve", "biased-rps", "--plot", "plot.svg", "-q", cwd=self.folder)
        self.assertIn("<svg", (self.folder / "plot.svg").read_text())
        self.ok("solve", "biased-rps", "--plot", "plot.png", "--solver", "all", "-q",
                cwd=self.folder)
        self.assertEqual((self.folder / "plot.png").read_bytes()[:4], b"\x89PNG")

    def test_axes_bands_and_theory(self):
        if shutil.which("gnuplot") is None:
            self.skipTest("gnuplot is not installed")
        def svg(*words, code=0):
            self.ok("solve", *words, "-q", cwd=self.folder, code=code)
            return (self.folder / "plot.svg").read_text()
        text = svg("biased-rps", "--solver", "hedge,regret_matching", "--plot", "plot.svg",
                   "--max-iterations", "200", code=1)
        self.assertIn("theory t^-0.5", text)
        self.assertNotIn("theory t^-1<", text)
        wide = svg("biased-rps", "--solver", "extragradient", "--plot", "plot.svg", "--axes", "both")
        self.assertIn("theory linear", wide)
        self.assertGreater(int(re.search(r'viewBox="0 0 (\d+)', wide)[1]),
                           int(re.search(r'viewBox="0 0 (\d+)', text)[1]))
        text = svg("biased-rps", "--solver", "hedge", "--feedback", "sampled", "--repeats", "3",
                   "--max-iterations", "50", "--plot", "plot.svg", "--axes", "semi-log", code=1)
        self.assertIn("mean of 3", text)
        self.assertIn("fill-opacity", text)

    def test_portrait(self):
        """The paths of a picture: circles that stay, spirals that end, three solvers by default."""
        self.refused("solve", "blotto", "--portrait", "p.svg",
                     says="2 x 2" if shutil.which("gnuplot") else "gnuplot")
        if shutil.which("gnuplot") is None:
            self.skipTest("gnuplot is not installed")
        self.refused("solve", "jordan", "--portrait", "p.svg", says="2 x 2")
        self.refused("solve", "rps", "--portrait", "p.pdf", says="--portrait p.pdf")
        self.refused("solve", "rps", "--solver", "linear_program", "--portrait", "p.svg",
                     says="no path")
        self.refused("solve", "rps", "--solver", "all", "--portrait", "p.svg", says="at most")
        self.assertNoFiles()
        self.ok("solve", "matching-pennies", "--portrait", "p.svg", "-q", cwd=self.folder)
        text = (self.folder / "p.svg").read_text()
        for word in ("gradient_descent_ascent", "replicator", "extragradient", "start",
                     "equilibrium", "Row: probability of heads"):
            self.assertIn(word, text)
        self.ok("solve", "shapley", "--solver", "fictitious_play", "--portrait", "p.svg", "-q",
                "--max-iterations", "60", "--start", "1,0,0;0,1,0", cwd=self.folder, code=1)
        self.assertIn("fictitious_play", (self.folder / "p.svg").read_text())
        self.ok("solve", "chicken", "--portrait", "p.png", "-q", cwd=self.folder)
        self.assertEqual((self.folder / "p.png").read_bytes()[:4], b"\x89PNG")

    def test_without_gnuplot(self):
        self.refused("solve", "rps", "--plot", "plot.svg", "--json", "out.json",
                     says="gnuplot-nox", env={"PATH": str(self.folder)})
        self.assertNoFiles()

    def test_quiet_and_files(self):
        self.assertEqual(self.ok("solve", "rps", "--quiet").out, "")
        result = self.ok("solve", "rps", "--json", "out.json", cwd=self.folder)
        self.assertIn("value", result.out)
        self.assertEqual(result.err, "")
        self.assertEqual(json.loads((self.folder / "out.json").read_text())["game"], "rps")
        self.assertEqual([p.name for p in self.folder.iterdir()], ["out.json"])


if __name__ == "__main__":
    main()
