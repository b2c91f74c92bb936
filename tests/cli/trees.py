# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Game trees in the program: solve, evaluate, convert, games. Every profile is checked again here,
by a reader and an evaluation of their own, in exact fractions."""

import csv
import json
import re
import sys
from fractions import Fraction

from support import Case, main

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}])|([^\s{}",]+)|(,)')


class Tree:
    """A .efg file as nested nodes, numbers as fractions."""

    def __init__(self, text):
        self.tokens = []
        for match in TOKEN.finditer(text):
            if match.group(1) is not None:
                self.tokens.append(("text", match.group(1)))
            elif match.group(4) is None:
                self.tokens.append(("word", match.group(2) or match.group(3)))
        self.at = 3
        self.take("text")
        self.players = len(self.braces())
        if self.peek()[0] == "text":
            self.take("text")
        self.outcomes, self.sets, self.chances = {}, {}, {}
        self.root = self.node()

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, kind):
        token = self.tokens[self.at]
        assert token[0] == kind, token
        self.at += 1
        return token[1]

    def braces(self):
        assert self.take("word") == "{"
        items = []
        while self.peek() != ("word", "}"):
            items.append(self.tokens[self.at][1])
            self.at += 1
        self.at += 1
        return items

    def described(self):
        return self.peek()[0] == "text" or self.peek() == ("word", "{")

    def node(self):
        kind = self.take("word")
        self.take("text")
        node = {"kind": kind, "children": []}
        count = 0
        if kind == "c":
            number = self.take("word")
            if self.described():
                if self.peek()[0] == "text":
                    self.take("text")
                self.chances[number] = [Fraction(p) for p in self.braces()[1::2]]
            node["chances"] = self.chances[number]
            count = len(node["chances"])
        elif kind == "p":
            node["player"] = int(self.take("word")) - 1
            node["set"] = int(self.take("word"))
            key = (node["player"], node["set"])
            if self.described():
                if self.peek()[0] == "text":
                    self.take("text")
                self.sets[key] = len(self.braces())
            count = self.sets[key]
        number = int(self.take("word"))
        if self.described():
            if self.peek()[0] == "text":
                self.take("text")
            self.outcomes[number] = [Fraction(p) for p in self.braces()]
        node["payoffs"] = self.outcomes[number] if number else [Fraction(0)] * self.players
        for _ in range(count):
            node["children"].append(self.node())
        return node

    def chances_of(self, node, profile):
        return node["chances"] if node["kind"] == "c" else profile[node["player"]][node["set"]]

    def expected(self, profile, node=None):
        node = node or self.root
        total = list(node["payoffs"])
        if node["children"]:
            for p, child in zip(self.chances_of(node, profile), node["children"]):
                if p:
                    total = [t + p * v for t, v in zip(total, self.expected(profile, child))]
        return total

    def best(self, profile, player):
        """What the player can earn at most: sets are decided on first use, values below them first."""
        reach, members = {}, {}
        stack = [(self.root, Fraction(1))]
        while stack:
            node, weight = stack.pop()
            if node["kind"] == "p" and node["player"] == player:
                members.setdefault(node["set"], []).append(node)
                reach[id(node)] = weight
                stack += [(child, weight) for child in node["children"]]
            elif node["children"]:
                stack += [(child, weight * p)
                          for p, child in zip(self.chances_of(node, profile), node["children"])]
        choice = {}

        def value(node):
            if node["kind"] == "p" and node["player"] == player:
                if node["set"] not in choice:
                    sums = [sum((reach[id(m)] * value(m["children"][a])
                                 for m in members[node["set"]] if reach[id(m)]), Fraction(0))
                            for a in range(len(node["children"]))]
                    choice[node["set"]] = sums.index(max(sums))
                return node["payoffs"][player] + value(node["children"][choice[node["set"]]])
            total = node["payoffs"][player]
            if node["children"]:
                for p, child in zip(self.chances_of(node, profile), node["children"]):
                    if p:
                        total += p * value(child)
            return total
        return value(self.root)


def exact(strategies):
    """The program's strategies, brought to a sum of exactly one."""
    profile = []
    for sets in strategies:
        profile.append({})
        for one in sets:
            numbers = [Fraction(p) for p in one["probabilities"]]
            profile[-1][one["information_set"]] = [p / sum(numbers) for p in numbers]
    return profile


class Solve(Case):
    def test_every_file_is_solved_and_its_profile_holds_in_fractions(self):
        folder = self.data("games", "efg")
        with open(self.data("games", "index.csv"), newline="") as file:
            recall = {row["file"]: row["perfect_recall"] == "yes" for row in csv.DictReader(file)}
        values = {}
        with open(self.data("games", "reference.csv"), newline="") as file:
            for row in csv.DictReader(file):
                values.setdefault(row["file"], row["player_values"].split(";"))
        solved = 0
        for path in sorted(folder.glob("*.efg")):
            with self.subTest(path.name):
                if not recall[path.name]:
                    self.refused("solve", path, says="information set")
                    continue
                found = self.json("solve", path)
                self.assertEqual(found["status"], "converged")
                tree = Tree(path.read_text(encoding="latin-1"))
                profile = exact(found["strategies"])
                payoffs = tree.expected(profile)
                span = Fraction(found["payoff_range"]) or 1
                for player in range(tree.players):
                    regret = tree.best(profile, player) - payoffs[player]
                    self.assertGreaterEqual(regret, 0)
                    limit = Fraction(1, 10**9) if found["kind"] == "zero_sum" else Fraction(1, 10**6)
                    self.assertLessEqual(regret, limit * span)
                    self.assertLessEqual(abs(payoffs[player] - Fraction(found["payoffs"][player])),
                                         Fraction(1, 10**12) * span)
                if found["kind"] == "zero_sum":
                    value = Fraction(values[path.name][0])
                    self.assertLessEqual(abs(Fraction(found["value"]) - value),
                                         max(abs(value), 1) * Fraction(1, 10**9))
                solved += 1
        self.assertGreater(solved, 30)

    def test_known_values_by_name(self):
        for name, value in [("kuhn_poker", -1 / 18), ("leduc_poker", -0.085606424078),
                            ("goofspiel:3", 0), ("liars_dice:1", 1), ("liars_dice:2", 1 / 2),
                            ("liars_dice:3", 1 / 9), ("sequential_matching_pennies", 0),
                            ("battleship", 1 / 16)]:
            with self.subTest(name):
                self.assertAlmostEqual(self.json("solve", name)["value"], value, delta=1e-9)

    def test_every_solver_of_kuhn_poker_certifies_itself(self):
        out = self.json("solve", "kuhn_poker", "--solver", "all", "--tolerance", "1e-3",
                        "--time-limit", "1", "--quiet")
        names = [result["solver"] for result in out["results"]]
        for name in ("sequence_form_program", "cfr", "cfr_plus", "linear_cfr", "discounted_cfr",
                     "predictive_cfr_plus", "asymmetric_predictive_cfr_plus",
                     "adaptive_predictive_cfr_plus", "restarted_cfr_plus", "mirror_prox", "optimistic_mirror_descent", "magnetic_mirror_descent",
                     "extragradient", "fictitious_play", "frank_wolfe"):
            self.assertIn(name, names)
        for result in out["results"]:
            with self.subTest(result["solver"]):
                self.assertAlmostEqual(result["nash_conv"], result["duality_gap"], delta=1e-9)
                if result["status"] == "converged":
                    self.assertLessEqual(result["relative_gap"], 1e-3)
                    self.assertAlmostEqual(result["value"], -1 / 18, delta=4e-3)

    def test_three_players_and_general_payoffs(self):
        found = self.json("solve", "kuhn_poker:3", "--solver", "cfr_plus", "--tolerance", "1e-3")
        self.assertEqual(found["kind"], "many_players")
        self.assertAlmostEqual(sum(found["payoffs"]), 0, delta=1e-9)
        self.refused("solve", "kuhn_poker:3", "--solver", "sequence_form_program", says="kind")

    def test_constants_and_units_cost_nothing(self):
        """Payoffs moved by 1e9 or written in units of 1e300 and 1e-300 are the same game."""
        self.ok("convert", "kuhn_poker", self.folder / "k.efg")
        text = (self.folder / "k.efg").read_text()
        outcome = re.compile(r'("[^"]*" \{ )(-?\d+)(, )(-?\d+)( \})')
        self.assertGreater(len(outcome.findall(text)), 20)
        for unit, constant in (("", 10**9), ("e300", 0), ("e-300", 0)):
            def moved(match):
                return match[1] + str(int(match[2]) + constant) + unit + match[3] + str(
                    int(match[4]) + constant) + unit + match[5]
            path = self.folder / "moved.efg"
            path.write_text(outcome.sub(moved, text))
            size = float("1" + unit)
            for solver in ("auto", "predictive_cfr_plus", "adaptive_predictive_cfr_plus", "mirror_prox",
                           "external_sampling"):
                with self.subTest(unit=unit, constant=constant, solver=solver):
                    tolerance = {"external_sampling": 2e-2, "mirror_prox": 1e-4}.get(solver, 1e-9)
                    result = self.folder / "r.json"
                    self.ok("solve", path, "--solver", solver, "--tolerance", tolerance, "--json", result,
                            "-q")
                    found = json.loads(result.read_text())
                    self.assertEqual(found["status"], "converged")
                    self.assertAlmostEqual((found["value"] / size - constant) * 18, -1,
                                           delta=max(400 * tolerance, 1e-6))
                    self.ok("check", result, path)

    def test_coarse_play_and_agents(self):
        found = self.json("solve", "kuhn_poker:3", "--solver", "coarse_correlated_cfr", "--tolerance", "1e-2")
        self.assertEqual(found["status"], "converged")
        self.assertLessEqual(found["coarse_gap"], 1e-2 * found["payoff_range"])
        self.assertAlmostEqual(sum(found["joint_payoffs"]), 0, delta=1e-9)
        found = self.json("solve", "kuhn_poker", "--solver", "agent_logit_branch", "--tau", "1")
        behavior = {(i, s["label"]): s["probabilities"] for i, sets in enumerate(found["strategies"])
                    for s in sets}
        self.assertEqual(found["status"], "converged")
        # With the best card, betting after a bet wins 2 in place of losing 1.
        self.assertIn(round(1 / (1 + 2.718281828459045 ** 3), 9),
                      [round(p[0], 9) for p in behavior.values()])
        self.refused("solve", "leduc_poker:936", "--solver", "agent_logit_branch", says="1500")

    def test_a_limit_ends_exact_solvers(self):
        for solver in ("sequence_form_program", "sequence_form_interior_point"):
            with self.subTest(solver):
                game = "liars_dice:4" if solver.endswith("program") else "liars_dice:5"
                found = self.json("solve", game, "--solver", solver, "--time-limit", "0.02", code=1)
                self.assertEqual(found["status"], "time_limit")

    def test_tau_is_a_pull_at_every_set(self):
        found = self.json("solve", "kuhn_poker", "--solver", "mirror_prox", "--tau", "0.5",
                          "--tolerance", "1e-8")
        self.assertEqual(found["status"], "converged")
        for sets in found["strategies"]:
            for one in sets:
                self.assertGreater(min(one["probabilities"]), 0)
        self.refused("solve", "kuhn_poker", "--solver", "cfr", "--tau", "0.5", says="pull")

    def test_what_has_no_meaning_is_refused(self):
        self.refused("solve", "kuhn_poker", "--solver", "newton", says="no solver of game trees")
        self.refused("solve", "kuhn_poker", "--start", "1,0;0,1", says="uniform behaviour")
        self.refused("solve", "kuhn_poker:9", says="2 to 6 players")
        self.refused("solve", "kuhn_poker", "--portrait", "a.svg", says="--portrait")

    def test_sampling_follows_the_seed(self):
        def gap(seed):
            return self.json("solve", "kuhn_poker", "--solver", "external_sampling", "--tolerance",
                             "0", "--max-iterations", "3000", "--seed", seed, code=1)["nash_conv"]
        self.assertEqual(gap(1), gap(1))
        self.assertNotEqual(gap(1), gap(2))
        self.assertLess(gap(1), 0.2)
        sampled = self.json("solve", "kuhn_poker", "--solver", "mirror_descent", "--feedback",
                            "sampled", "--max-iterations", "3000", "--tolerance", "0", code=1)
        self.assertLess(sampled["relative_gap"], 0.2)

    def test_trace_and_repeats(self):
        trace = self.folder / "t.csv"
        self.ok("solve", "kuhn_poker", "--solver", "cfr,cfr_plus", "--tolerance", "1e-3", "--trace",
                trace, "--quiet")
        self.assertTrue(trace.read_text().startswith("solver,"))
        found = self.json("solve", "random_tree:5:2:0.5", "--repeats", "3", "--solver", "cfr_plus",
                          "--tolerance", "1e-2")
        self.assertEqual(found["repeats"]["count"], 3)
        self.assertEqual(len({run["value"] for run in found["repeats"]["runs"]}), 3)


class Evaluate(Case):
    def back(self, game, tolerance, *solve):
        profile = self.folder / "found.json"
        self.ok("solve", game, "--json", profile, "--quiet", *solve)
        found = json.loads(profile.read_text())
        found = found["results"][0] if "results" in found else found
        again = self.json("evaluate", game, profile, "--tolerance", tolerance)
        for a, b in zip(found["payoffs"], again["payoffs"]):
            self.assertAlmostEqual(a, b, delta=1e-12 * max(1, again["payoff_range"]))
        return again

    def test_a_result_is_fed_back(self):
        for game in ("rps", "chicken", "jordan", "kuhn_poker", "leduc_poker", "random:6x7:3"):
            with self.subTest(game):
                self.back(game, 1e-5)
        self.back("kuhn_poker", 1e-3, "--solver", "cfr_plus,cfr", "--tolerance", "1e-3")

    def test_files_of_every_kind(self):
        for name in ("a.nfg", "a.csv"):
            self.ok("convert", "biased-rps", self.folder / name)
            self.back(self.folder / name, 1e-5)
        self.ok("convert", "kuhn_poker", self.folder / "k.efg")
        again = self.back(self.folder / "k.efg", 1e-9)
        self.assertAlmostEqual(again["payoffs"][0], -1 / 18, delta=1e-12)

    def test_regrets_and_best_responses(self):
        profile = self.folder / "p.json"
        profile.write_text(json.dumps({"strategies": [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]]}))
        found = self.json("evaluate", "rps", profile)
        self.assertAlmostEqual(found["nash_conv"], 1, delta=1e-12)
        self.assertEqual(found["regrets"][0], 0)
        self.assertEqual([r["strategy"] for r in found["best_responses"][1]], [1])
        self.ok("evaluate", "rps", profile, "--tolerance", "0.1", code=1)
        uniform = [[[0.5, 0.5]] * 6] * 2
        profile.write_text(json.dumps(uniform))
        found = self.json("evaluate", "kuhn_poker", profile)
        self.assertAlmostEqual(found["payoffs"][0], 0.125, delta=1e-12)
        self.assertAlmostEqual(found["nash_conv"], 11 / 12, delta=1e-12)
        self.assertEqual(len(found["best_responses"][0]), 6)

    def test_bad_profiles_are_refused(self):
        profile = self.folder / "p.json"
        for text, says in [("not json", "invalid literal"), ("{}", "strategies"),
                           ('{"strategies": [[1,0,0]]}', "2 players"),
                           ('{"strategies": [[1,0],[1,0,0]]}', "array of 3"),
                           ('{"strategies": [[0.5,0.1,0],[1,0,0]]}', "add up to one"),
                           ('{"strategies": [["a",0,0],[1,0,0]]}', "array of 3"),
                           ('{"strategies": [[-1,2,0],[1,0,0]]}', "probability")]:
            with self.subTest(text):
                profile.write_text(text)
                self.refused("evaluate", "rps", profile, says=says)
        for text, says in [('[[[0.5,0.5]],[]]', "6 information sets"),
                           (json.dumps([[[0.5, 0.4]] * 6] * 2), "add up to one"),
                           (json.dumps([[{"information_set": 1}] * 6] * 2), "probabilities")]:
            with self.subTest(text):
                profile.write_text(text)
                self.refused("evaluate", "kuhn_poker", profile, says=says)
        self.refused("evaluate", "rps", self.folder / "absent.json", says="absent.json")


class Convert(Case):
    def test_trees_to_tables_keep_the_value(self):
        self.ok("convert", "kuhn_poker", self.folder / "k.efg")
        self.ok("convert", self.folder / "k.efg", self.folder / "k.nfg")
        found = self.json("solve", self.folder / "k.nfg")
        self.assertAlmostEqual(found["value"], -1 / 18, delta=1e-9)
        self.ok("convert", self.folder / "k.efg", self.folder / "again.efg")
        self.assertEqual((self.folder / "k.efg").read_text(), (self.folder / "again.efg").read_text())

    def test_refusals(self):
        self.refused("convert", "rps", self.folder / "a.efg", says="only a tree (a .efg file")
        self.refused("convert", "leduc_poker", self.folder / "a.nfg", says="profiles")

    def test_broken_files(self):
        folder = self.data("malformed", "efg")
        with open(self.data("malformed", "manifest.csv"), newline="") as file:
            rows = [row for row in csv.reader(file) if row[1] == "efg"]
        for row in rows:
            with self.subTest(row[0]):
                path = folder.parent / row[0]
                if row[2] == "reject":
                    self.refused("solve", path, says=str(path))


class Games(Case):
    def test_trees_are_listed(self):
        names = [entry["name"] for entry in self.json("games")]
        for name in ("kuhn-poker", "kuhn_poker", "leduc_poker", "goofspiel", "liars_dice",
                     "sequential_matching_pennies", "battleship", "random_tree"):
            self.assertIn(name, names)
        self.assertEqual(self.json("games", "leduc_poker")[0]["sizes"], [144, 144])


if __name__ == "__main__":
    sys.setrecursionlimit(10000)
    main()
