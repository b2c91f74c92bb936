# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag solve on games that are not zero-sum: equilibria counted as in the index, certificates
computed here from the payoffs of the files, correlated equilibria, logit branch, learning."""

import csv
import itertools
import json
import math
import re
from fractions import Fraction

from support import Case, dag, main


def read_nfg(path):
    """Sizes and payoffs of a .nfg file, both versions: payoffs[profile] = one number a player."""
    text = path.read_text(encoding="utf-8", errors="replace")
    tokens = re.findall(r'"(?:\\.|[^"\\])*"|[{}]|[^\s{},"]+', text)
    at = 4 if tokens[3].startswith('"') else 3
    at = tokens.index("{", at)
    players = []
    at += 1
    while tokens[at] != "}":
        players.append(tokens[at])
        at += 1
    at += 2
    sizes = []
    if tokens[at] == "{":
        while tokens[at] == "{":
            end = tokens.index("}", at)
            sizes.append(end - at - 1)
            at = end + 1
        at += 1
    else:
        while tokens[at] != "}":
            sizes.append(int(tokens[at]))
            at += 1
        at += 1
    if at < len(tokens) and tokens[at].startswith('"'):
        at += 1
    profiles = math.prod(sizes)
    if tokens[at] == "{":
        outcomes = [[Fraction(0)] * len(sizes)]
        at += 1
        while tokens[at] == "{":
            outcomes.append([Fraction(t) for t in tokens[at + 2:at + 2 + len(sizes)]])
            at += 3 + len(sizes)
        at += 1
        payoffs = [outcomes[int(t)] for t in tokens[at:at + profiles]]
    else:
        numbers = [Fraction(t) for t in tokens[at:at + profiles * len(sizes)]]
        payoffs = [numbers[i:i + len(sizes)] for i in range(0, len(numbers), len(sizes))]
    return sizes, [[float(p) for p in profile] for profile in payoffs]


def profiles_of(sizes):
    """All profiles in the order of the files: the first player's strategy is the fastest."""
    return [tuple(reversed(p)) for p in itertools.product(*[range(n) for n in reversed(sizes)])]


def regrets(sizes, payoffs, strategies):
    """What each player gains by its best deviation, from the definition."""
    gains = []
    for player, size in enumerate(sizes):
        deviation = [0.0] * size
        for profile, payoff in zip(profiles_of(sizes), payoffs):
            weight = 1.0
            for other, s in enumerate(profile):
                weight *= 1.0 if other == player else strategies[other][s]
            deviation[profile[player]] += weight * payoff[player]
        expected = sum(p * d for p, d in zip(strategies[player], deviation))
        gains.append(max(deviation) - expected)
    return gains


def swap_gap(sizes, payoffs, joint, coarse):
    """The largest gain by deviating from a joint distribution {profile: probability}."""
    payoff = dict(zip(profiles_of(sizes), payoffs))
    worst = 0.0
    for player, size in enumerate(sizes):
        table = [[0.0] * size for _ in range(size)]
        for profile, probability in joint.items():
            for b in range(size):
                other = profile[:player] + (b,) + profile[player + 1:]
                table[profile[player]][b] += probability * payoff[other][player]
        if coarse:
            gain = (max(sum(row[b] for row in table) for b in range(size))
                    - sum(table[a][a] for a in range(size)))
        else:
            gain = sum(max(row) - row[a] for a, row in enumerate(table))
        worst = max(worst, gain)
    return worst


def spread(payoffs):
    columns = list(zip(*payoffs))
    return max(max(c) - min(c) for c in columns)


class General(Case):
    def games(self, wanted):
        folder = self.data("games", "nfg")
        with open(self.data("games", "index.csv"), newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["kind"] == "nfg" and wanted(row)]
        self.assertGreater(len(rows), 0)
        return [(folder / row["file"], row) for row in rows]

    def test_polynomial_equilibria_of_three_players(self):
        found = self.json("solve", "general:3x3x3:1", "--solver", "polynomial_equilibria")
        self.assertTrue(found["complete"])
        self.assertEqual(len(found["equilibria"]) % 2, 1)
        for one in found["equilibria"]:
            self.assertLess(one["max_regret"], 1e-13)
            self.assertEqual(one["dimension"], 0)
            self.assertLess(one["radius"], 1e-12)
        self.assertEqual(len(found["exact"]), len(found["equilibria"]))

    def test_equilibria_as_they_are_found(self):
        for game, words in (("chicken", []), ("general:7x7:3", ["--exact"]), ("general:3x2x2:5", [])):
            done = dag("solve", game, "--stream", *words)
            self.assertEqual(done.code, 0, str(done))
            lines = [json.loads(line) for line in done.out.splitlines()]
            solver = "polynomial_equilibria" if "x2x" in game else "vertex_enumeration"
            found = self.json("solve", game, "--solver", solver, *words)
            self.assertEqual([line["strategies"] for line in lines],
                             [one["strategies"] for one in found["equilibria"]])
            for line in lines if words else []:
                for strategy in line["exact"]:
                    self.assertEqual(sum(map(Fraction, strategy)), 1)
        for words in (["chicken", "--json", "-"], ["chicken", "--solver", "lemke_howson"],
                      ["chicken", "--select", "welfare"], ["chicken", "--repeats", "2"],
                      ["kuhn_poker"]):
            done = dag("solve", *words, "--stream")
            self.assertEqual(done.code, 2, str(done))
            self.assertIn("--stream", done.err)

    def test_symmetric_equilibria(self):
        # Coordination on k alike strategies: every set of them, evenly, is a symmetric equilibrium.
        rows = self.folder / "own.csv"
        rows.write_text("".join(",".join(str(int(i == j)) for j in range(8)) + "\n"
                                for i in range(8)))
        game = f"{rows},{rows}"
        found = self.json("solve", game, "--select", "symmetric")
        self.assertTrue(found["complete"])
        self.assertEqual(len(found["equilibria"]), 2 ** 8 - 1)
        lines = dag("solve", game, "--select", "symmetric", "--stream").out.splitlines()
        self.assertEqual(len(lines), 2 ** 8 - 1)

    def test_select_among_polynomial_equilibria(self):
        for player in (1, 2):
            found = self.json("solve", "battle-of-the-sexes", "--select", f"payoff:{player}")
            self.assertEqual(found["equilibria_count"], 1)
            self.assertEqual(found["payoffs"][player - 1], 2)
        self.assertEqual(self.json("solve", "jordan", "--select", "symmetric")["strategies"],
                         [[0.5, 0.5]] * 3)
        self.refused("solve", "jordan", "--select", "risk_dominant", says="two-player")
        self.refused("solve", "jordan", "--select", "payoff:4", says="from 1 to 3")

    def test_auto_on_every_file(self):
        """Every game is solved, and its certificate is true."""
        for path, row in self.games(lambda row: True):
            with self.subTest(game=path.name):
                sizes, payoffs = read_nfg(path)
                self.assertEqual(";".join(map(str, sizes)), row["strategies_per_player"])
                found = self.json("solve", path)
                self.assertEqual(found["status"], "converged")
                scale = spread(payoffs) or 1.0
                gains = regrets(sizes, payoffs, found["strategies"])
                self.assertAlmostEqual(max(gains), found["max_regret"], delta=1e-12 * scale)
                self.assertAlmostEqual(sum(gains), found["nash_conv"], delta=1e-12 * scale)
                self.assertLessEqual(found["nash_conv"], 1e-6 * scale)
                for equilibrium in found.get("equilibria", []):
                    own = max(regrets(sizes, payoffs, equilibrium["strategies"]))
                    self.assertLessEqual(own, 1e-10 * scale)
                    self.assertAlmostEqual(own, equilibrium["max_regret"], delta=1e-12 * scale)

    def test_equilibria_are_as_many_as_the_index_counts(self):
        """Extreme equilibria by an independent program; in degenerate games too."""
        degenerate = 0
        for path, row in self.games(lambda row: row["extreme_equilibria"]):
            with self.subTest(game=path.name):
                found = self.json("solve", path, "--solver", "support_enumeration")
                # csg4: x_1 = x_2, x_3 = x_4 for both, so 2 x 2 ends; the index counts midpoints too.
                wanted = 4 if "csg4" in path.name else int(row["extreme_equilibria"])
                self.assertEqual(found["equilibria_count"], wanted)
                self.assertEqual(len(found["equilibria"]), found["equilibria_count"])
                self.assertTrue(found["complete"])
                degenerate += found["degenerate"]
        self.assertGreater(degenerate, 0)

    def test_auto_says_what_it_did_not_look_for(self):
        """Three players: pure equilibria alone where there are any, else one mixed one."""
        found = self.json("solve", "general:3x4x2:1")
        self.assertEqual(found["solver"], "pure_equilibria")
        self.assertIn("mixed equilibria were not looked for", found["note"])
        found = self.json("solve", "jordan")
        self.assertEqual(found["solver"], "logit_branch")
        self.assertIn("no pure equilibrium", found["note"])

    def test_pure_equilibria_are_as_many_as_the_index_counts(self):
        for path, row in self.games(lambda row: row["pure_equilibria"]):
            with self.subTest(game=path.name):
                found = self.json("solve", path, "--solver", "pure_equilibria")
                self.assertEqual(found["equilibria_count"], int(row["pure_equilibria"]))

    def test_reference_equilibria_are_found(self):
        """In nondegenerate games the reference equilibrium is one of those enumerated."""
        files = {path.name: path for path, row in
                 self.games(lambda row: row["players"] == "2" and row["extreme_equilibria"])}
        seen = 0
        with open(self.data("games", "reference.csv"), newline="") as file:
            for row in csv.DictReader(file):
                if row["file"] not in files or row["exact"] != "yes":
                    continue
                found = self.json("solve", files[row["file"]], "--solver", "support_enumeration")
                if found["degenerate"]:
                    continue
                wanted = [float(Fraction(p)) for p in row["equilibrium"].split(";")]
                nearest = min(max(abs(a - b) for a, b in zip(wanted, sum(e["strategies"], [])))
                              for e in found["equilibria"])
                self.assertLess(nearest, 1e-9, row["file"])
                seen += 1
        self.assertGreater(seen, 0)

    def test_degenerate_games_are_said_to_be_so(self):
        game = self.folder / "g.nfg"
        game.write_text('NFG 1 R "two best replies" { "a" "b" } { 2 2 }\n1 1 0 1 1 1 0 0\n')
        found = self.json("solve", game)
        self.assertEqual(found["solver"], "vertex_enumeration")
        self.assertTrue(found["degenerate"])
        self.assertIn("degenerate", self.ok("solve", game).out)
        self.assertFalse(self.json("solve", "chicken")["degenerate"])

    def test_lemke_howson(self):
        for path, _ in self.games(lambda row: row["players"] == "2"):
            with self.subTest(game=path.name):
                sizes, payoffs = read_nfg(path)
                scale = spread(payoffs) or 1.0
                for solver in ("lemke_howson", "lemke_howson_all"):
                    found = self.json("solve", path, "--solver", solver)
                    self.assertGreaterEqual(found["equilibria_count"], 1)
                    for equilibrium in found["equilibria"]:
                        self.assertLessEqual(
                            max(regrets(sizes, payoffs, equilibrium["strategies"])), 1e-10 * scale)

    def test_chicken(self):
        """Payoffs (0 0, 7 2; 2 7, 6 6). Nash: (2/3, 1/3) for both and two pure; the correlated
        equilibrium of largest welfare: 21/2 in all (Aumann 1974)."""
        found = self.json("solve", "chicken")
        self.assertEqual(found["equilibria_count"], 3)
        self.assertEqual(found["kind"], "bimatrix")
        mixed = [e for e in found["equilibria"] if 0 < e["strategies"][0][0] < 1]
        self.assertEqual(len(mixed), 1)
        self.assertAlmostEqual(mixed[0]["strategies"][0][0], 2 / 3, delta=1e-12)
        self.assertAlmostEqual(mixed[0]["payoffs"][0], 14 / 3, delta=1e-12)
        correlated = self.json("solve", "chicken", "--solver", "correlated_equilibrium")
        self.assertAlmostEqual(sum(correlated["payoffs"]), 10.5, delta=1e-9)
        self.assertEqual(correlated["strategies"], [])
        self.assertIsNone(correlated["max_regret"])

    def test_correlated_equilibria(self):
        """The gaps from the definition, by the linear program and by learning."""
        for path, row in self.games(lambda row: int(row["players"]) <= 3
                                    and row["file"] != "openspiel_converted_rrps_bots_43x43.nfg"):
            sizes, payoffs = read_nfg(path)
            scale = spread(payoffs) or 1.0
            for solver, coarse, tolerance in [
                    ("correlated_equilibrium", False, 1e-9),
                    ("coarse_correlated_equilibrium", True, 1e-9),
                    ("external_regret_dynamics", True, 1e-2),
                    ("internal_regret_dynamics", False, 1e-2)]:
                with self.subTest(game=path.name, solver=solver):
                    found = self.json("solve", path, "--solver", solver, "--tolerance", tolerance)
                    self.assertEqual(found["status"], "converged")
                    joint = {tuple(d["profile"]): d["probability"] for d in found["distribution"]}
                    self.assertAlmostEqual(sum(joint.values()), 1, delta=1e-9)
                    own = swap_gap(sizes, payoffs, joint, coarse)
                    self.assertLessEqual(own, 1.0001 * tolerance * scale + 1e-15)
                    key = "coarse_gap" if coarse else "correlated_gap"
                    self.assertAlmostEqual(own, found[key], delta=1e-10 * scale)

    def test_logit_branch_and_tau(self):
        """At weight tau everybody plays softmax(payoffs / tau)."""
        for path, row in self.games(lambda row: int(row["players"]) >= 3):
            with self.subTest(game=path.name):
                sizes, payoffs = read_nfg(path)
                scale = spread(payoffs)
                found = self.json("solve", path, "--solver", "logit_branch", "--tolerance", "1e-8")
                self.assertEqual(found["status"], "converged")
                self.assertLessEqual(sum(regrets(sizes, payoffs, found["strategies"])),
                                     1e-8 * scale)
                tau = 0.3 * scale
                pulled = self.json("solve", path, "--tau", tau)
                self.assertEqual(pulled["solver"], "logit_branch")
                for player, size in enumerate(sizes):
                    deviation = [0.0] * size
                    for profile, payoff in zip(profiles_of(sizes), payoffs):
                        weight = math.prod(pulled["strategies"][o][s]
                                           for o, s in enumerate(profile) if o != player)
                        deviation[profile[player]] += weight * payoff[player]
                    total = sum(math.exp((d - max(deviation)) / tau) for d in deviation)
                    for s in range(size):
                        self.assertAlmostEqual(pulled["strategies"][player][s],
                                               math.exp((deviation[s] - max(deviation)) / tau)
                                               / total, delta=1e-8)

    def test_dominance(self):
        found = self.json("solve", "prisoners-dilemma", "--solver", "iterated_dominance")
        self.assertEqual([len(kept) for kept in found["kept"]], [1, 1])
        self.assertEqual(found["max_regret"], 0)
        self.assertEqual(len(found["removed"]), 2)
        found = self.json("solve", "shapley", "--solver", "iterated_dominance")
        self.assertEqual(found["kept"], [[0, 1, 2], [0, 1, 2]])

    def test_all_solvers(self):
        """Shapley's game: learning cycles, exact solvers find the uniform equilibrium."""
        start = "0.5,0.3,0.2;0.2,0.2,0.6"
        found = self.json("solve", "shapley", "--solver", "all", "--start", start,
                          "--max-iterations", "3000", code=1)
        runs = {run["solver"]: run for run in found["results"]}
        self.assertIn("fictitious_play", runs)
        self.assertNotEqual(runs["fictitious_play"]["status"], "converged")
        self.assertGreater(runs["fictitious_play"]["nash_conv"], 0.05)
        self.assertEqual(runs["lemke_howson"]["status"], "refused")  # it has no start
        runs = {run["solver"]: run for run in
                self.json("solve", "shapley", "--solver", "all")["results"]}
        for solver in ("support_enumeration", "lemke_howson", "logit_branch"):
            for strategy in runs[solver]["strategies"]:
                for probability in strategy:
                    self.assertAlmostEqual(probability, 1 / 3, delta=1e-6)
        table = self.ok("solve", "jordan", "--solver", "all", "--max-iterations", "100").out
        for name in ("hedge", "regret_matching", "pure_equilibria", "correlated_equilibrium"):
            self.assertIn(name, table)

    def test_one_player(self):
        game = self.folder / "one.nfg"
        game.write_text('NFG 1 R "one" { "a" } { 3 }\n1 5/2 2\n')
        found = self.json("solve", game)
        self.assertEqual(found["strategies"], [[0, 1, 0]])
        self.assertEqual(found["payoffs"], [2.5])

    def test_equal_payoffs_do_not_list_a_million_profiles(self):
        game = self.folder / "equal.nfg"
        game.write_text('NFG 1 R "equal" { "a" "b" "c" } { 20 20 20 }\n'
                        + "1 1 2\n" * 8000)
        found = self.json("solve", game)
        self.assertEqual(found["equilibria_count"], 8000)
        self.assertFalse(found["complete"])
        self.assertEqual(len(found["equilibria"]), 1000)


    def test_players_in_units_of_their_own(self):
        """Games without a pure equilibrium whose players' payoffs differ by 1e18 have one found all the same."""
        match = {(0, 0): 3, (1, 1): 1, (0, 1): -1, (1, 0): -2}
        for units in ((1, 1, 1), ("1e-9", "1", "1e9"), ("1e9", "1e-9", "1"), ("1e200", "1", "1e-200")):
            path = self.folder / "ring.nfg"
            lines = [f"{match[p[0], p[1]]}e0 {-match[p[1], p[2]]}e0 {match[p[2], p[0]]}e0" for p in profiles_of([2, 2, 2])]
            rows = [" ".join(str(Fraction(x) * Fraction(u)) for x, u in zip(line.split(), units)) for line in lines]
            path.write_text('NFG 1 R "ring" { "1" "2" "3" } { 2 2 2 }\n' + "\n".join(rows) + "\n")
            with self.subTest(units=units):
                out = self.folder / "r.json"
                self.ok("solve", path, "--json", out)
                found = json.loads(out.read_text())
                self.assertEqual(found["status"], "converged")
                self.assertLessEqual(found["relative_gap"], found["tolerance"])
                self.ok("check", out, path)


if __name__ == "__main__":
    main()
