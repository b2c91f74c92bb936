# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Games and inputs that once broke something, each with its right value: every file of the folder is
named here, and every claim is recomputed in fractions from the file's own numbers."""

import csv
import json
import math
import random
from fractions import Fraction

from support import Case, dag, main

# Exact numbers of equilibria (None: not listed by `auto`, one equilibrium is proved).
COUNTS = {"auto_outlier_1000.nfg": None, "bigint.nfg": 3, "lh1196.nfg": None, "lh_outlier_1e5.nfg": 7,
          "lindep.nfg": 6, "nz.nfg": 2, "pd0.nfg": 1, "pd_plus_1000000.nfg": 1, "se_flags.nfg": 3, "se_min.nfg": 5,
          "se_outlier_1e6.nfg": 2, "se_outlier_1e6_small.nfg": 3}
ZERO_SUM = ["auto_internal_1e12.csv", "lh_zs_1e9.csv", "off0.csv", "off1e3.csv", "off1e4.csv", "off1e5.csv", "off1e6.csv",
            "off1e8.csv", "offset_1e6.csv", "offset_1e9.csv", "rank1.csv", "z753.csv", "zs1165.csv", "zs1195.csv",
            "zs_outlier_1e6.csv", "sc-20.csv", "sc-50.csv", "sc-100.csv", "sc-150.csv", "sc-200.csv", "sc-300.csv",
            "sc20.csv", "sc50.csv", "sc100.csv", "sc150.csv", "sc200.csv", "sc300.csv"]
ELSEWHERE = {"evil.nfg": "cli_hostile", "evil3.nfg": "cli_hostile", "pandas.csv": "cli_hostile", "thou2.csv": "cli_hostile",
             "uminus2.csv": "cli_hostile", "false_gap.cpp": "invariance", "dangling_strategy.cpp": "does not compile",
             "regex_oob.cpp": "extract"}
ALIGN = ["align_weight.jsonl", "tsallis_false_converged.json", "robust_1e-2.jsonl", "robust_1e-3.jsonl", "robust_1e-4.jsonl",
         "robust_1e-5.jsonl", "robust_3e-6.jsonl", "robust_1e-6.jsonl", "robust_1e-7.jsonl"]
TEXTS = ["re4000.jsonl"]


def matrix(path):
    with path.open() as file:
        return [[Fraction(cell.strip()) for cell in row] for row in csv.reader(file) if row]


def fractions(strategy):
    total = sum(map(Fraction, strategy))
    return [Fraction(p) / total for p in strategy]


def gap(rows, strategies):
    """The duality gap of a zero-sum game over its payoff range, and the value, in fractions."""
    x, y = map(fractions, strategies)
    earned = [sum(a * q for a, q in zip(row, y)) for row in rows]
    against = [sum(row[j] * p for row, p in zip(rows, x)) for j in range(len(rows[0]))]
    payoffs = [a for row in rows for a in row]
    return (max(earned) - min(against)) / (max(payoffs) - min(payoffs)), max(earned), min(against)


class HardGames(Case):
    def test_every_file_has_its_value(self):
        names = {p.name for p in self.data("hard_games").iterdir()} - {"README.md", "evil2.nfg"}
        self.assertEqual(names - set(COUNTS) - set(ZERO_SUM) - set(ELSEWHERE) - set(ALIGN) - set(TEXTS), set())

    def held(self, path, *more):
        """The result, after `dag check` held it."""
        out = self.folder / "r.json"
        result = dag("solve", path, "--json", out, "-q", *more)
        self.assertIn(result.code, (0, 1), str(result))
        checked = dag("check", out, path)
        self.assertEqual(checked.code, 0, str(checked))
        return json.loads(out.read_text())

    def test_counts(self):
        for name, count in COUNTS.items():
            path = self.data("hard_games", name)
            with self.subTest(name=name):
                found = self.held(path)
                self.assertEqual(found["status"], "converged")
                if count is not None:
                    self.assertEqual(len(found["equilibria"]), count)
                    self.assertTrue(found["complete"])
                else:
                    self.assertFalse(found["complete"])
                for solver in ("support_enumeration", "vertex_enumeration") if count is not None else ():
                    listed = self.held(path, "--solver", solver, "--time-limit", "20")
                    if listed["complete"]:
                        # Where equilibria form a continuum, supports and vertices are other points of it.
                        if not listed.get("degenerate"):
                            self.assertEqual(len(listed["equilibria"]), count, solver)
                path_end = self.held(path, "--solver", "lemke_howson")
                self.assertIn(path_end["status"], ("converged", "stalled", "iteration_limit"))
        found = self.held(self.data("hard_games", "rank1.csv"), "--solver", "support_enumeration")
        self.assertEqual((len(found["equilibria"]), found["complete"]), (4, True))

    def test_zero_sum_games_in_fractions(self):
        for name in ZERO_SUM:
            path = self.data("hard_games", name)
            rows = matrix(path)
            for words in ((), ("--solver", "lemke_howson"), ("--solver", "extragradient", "--max-iterations", "3000"),
                          ("--solver", "linear_program", "--tolerance", "1e-12", "--time-limit", "10"),
                          ("--solver", "interior_point", "--tolerance", "1e-15", "--time-limit", "10"),
                          ("--solver", "primal_dual_hybrid_gradient", "--max-iterations", "3000")):
                with self.subTest(name=name, words=words):
                    found = self.held(path, *words)
                    true, most, least = gap(rows, found["strategies"])
                    if not words:
                        self.assertEqual(found["status"], "converged")
                    if found["status"] == "converged":
                        self.assertLessEqual(true, found["tolerance"])
                    if "duality_gap" in found:
                        self.assertLessEqual(abs(Fraction(found["relative_gap"]) - true), Fraction(1, 10**15) + true / 10**6)
                        room = max(abs(most), abs(least)) / 2**51
                        self.assertLessEqual(least - room, Fraction(found["value"]))
                        self.assertLessEqual(Fraction(found["value"]), most + room)

    def test_families_are_one_game(self):
        base = self.held(self.data("hard_games", "off0.csv"))
        for name in ZERO_SUM:
            if not name.startswith(("off1", "sc")):
                continue
            found = self.held(self.data("hard_games", name))
            with self.subTest(name=name):
                for own, theirs in zip(found["strategies"], base["strategies"]):
                    for p, q in zip(own, theirs):
                        self.assertAlmostEqual(p, q, delta=1e-7)
        for name in ("offset_1e6.csv", "offset_1e9.csv"):
            for solver in ("auto", "extragradient", "lemke_howson"):
                found = self.held(self.data("hard_games", name), "--solver", solver, "--tolerance", "1e-9")
                for own in found["strategies"]:
                    self.assertAlmostEqual(own[0], 2 / 3, delta=1e-7, msg=f"{name} {solver}")

    def test_values_stay_within_the_payoffs(self):
        path = self.data("hard_games", "off1e8.csv")
        payoffs = [a for row in matrix(path) for a in row]
        for words in (("--tau", "0.5"), ("--select", "max_entropy")):
            found = self.json("solve", path, *words)
            self.assertGreaterEqual(found["value"], min(payoffs) - 1)
            self.assertLessEqual(found["value"], max(payoffs) + 1)

    def test_a_logit_branch_beside_a_constant(self):
        there = self.json("solve", self.data("hard_games", "pd0.nfg"), "--solver", "logit_branch")
        here = self.json("solve", self.data("hard_games", "pd_plus_1000000.nfg"), "--solver", "logit_branch")
        self.assertEqual(there["status"], "converged")
        self.assertEqual(here["status"], "converged")
        for own, theirs in zip(here["strategies"], there["strategies"]):
            for p, q in zip(own, theirs):
                self.assertAlmostEqual(p, q, delta=1e-9)

    def test_large_games_beside_a_constant(self):
        numbers = random.Random(5)
        for size, constant in ((200, 1e6), (300, 1e9)):
            path = self.folder / "g.csv"
            rows = [[repr(constant + numbers.randrange(10**6) / 2**20) for _ in range(size)] for _ in range(size)]
            path.write_text("\n".join(map(",".join, rows)) + "\n")
            found = self.held(path)
            self.assertEqual(found["status"], "converged")

    def test_an_outlier_is_said(self):
        found = dag("solve", self.data("hard_games", "zs_outlier_1e6.csv"))
        self.assertIn("--absolute-tolerance", found.out)
        path = self.data("hard_games", "zs_outlier_1e6.csv")
        rows = matrix(path)
        tight = self.held(path, "--absolute-tolerance", "1e-9")
        relative, most, least = gap(rows, tight["strategies"])
        self.assertLessEqual(most - least, Fraction(1, 10**9))

    def test_alignment(self):
        for name in ALIGN:
            path = self.data("hard_games", name)
            result = dag("align", path, "--json", "-", timeout=60)
            found = json.loads(result.out.splitlines()[0])
            with self.subTest(name=name):
                if found["status"] == "converged":
                    self.assertLessEqual(found["residual"], 1e-6)
                    self.assertLessEqual(found.get("gap", 0), 1e-6)
                if name.startswith("robust"):
                    # The Target mixes 1/2 of either opposed reward: -1/4 to either answer.
                    self.assertEqual(found["status"], "converged")
                    self.assertAlmostEqual(found["value"], -0.25, delta=1e-9)
                    for k, weight in enumerate((0.5, 0.5, 0)):
                        self.assertAlmostEqual(found["mixture"][k], weight, delta=1e-6)
                if name == "tsallis_false_converged.json":
                    self.assertNotEqual((found["status"], found["residual"] > 1e-6), ("converged", True))

    def test_a_weight_is_honoured(self):
        """gini: nu -> nu0 exp(-2 weight (nu - ...) / beta): the stationary point, recomputed."""
        problem = json.loads(self.data("hard_games", "align_weight.jsonl").read_text())
        found = json.loads(dag("align", self.data("hard_games", "align_weight.jsonl"), "--json", "-").out.splitlines()[0])
        level = [problem["beta"] * math.log(p / q) + 2 * problem["weight"] * p for p, q in zip(found["solution"], problem["nu0"])]
        self.assertLessEqual(max(level) - min(level), 1e-9)

    def test_a_long_word_takes_linear_time(self):
        for utility in ("shannon", "gini"):
            result = dag("rewards", self.data("hard_games", TEXTS[0]), "--utility", utility, "--allow-singletons",
                         "--out", self.folder / "o.jsonl", timeout=30)
            self.assertIn(result.code, (0, 2), str(result))
            self.assertLess(result.seconds, 2)


if __name__ == "__main__":
    main()
