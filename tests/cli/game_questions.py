# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag commit and dag quantal."""

import csv
import json

from support import Case, main


class GameQuestions(Case):
    def test_commitment_of_the_textbook_game(self):
        (self.folder / "game.csv").write_text('"(2,1)","(4,0)"\n"(1,0)","(3,1)"\n')
        for ties, attained in (("strong", True), ("weak", False)):
            found = self.json("commit", "game.csv", "--ties", ties, cwd=self.folder)
            self.assertAlmostEqual(found["leader_payoff"], 3.5, places=9)
            self.assertEqual(found["attained"], attained)
        self.refused("commit", "jordan", says="two-player")
        self.refused("commit", "chicken", "--leader", "3", says="1 or 2")

    def test_quantal_list_path_and_fit(self):
        found = self.json("quantal", "general:3x3:1", "--lambda", "10,0,1", "--path", "path.csv",
                          cwd=self.folder)
        self.assertEqual([e["lambda"] for e in found["equilibria"]], [10, 0, 1])
        with open(self.folder / "path.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertGreater(len(rows), 10)
        self.assertAlmostEqual(float(rows[0]["p1_1"]), 1 / 3, places=12)
        counts = [[1000 * p for p in s] for s in found["equilibria"][2]["strategies"]]
        (self.folder / "counts.json").write_text(json.dumps(counts))
        fit = self.json("quantal", "general:3x3:1", "--fit", "counts.json", cwd=self.folder)["fit"]
        self.assertAlmostEqual(fit["lambda"], 1, places=3)
        self.assertLess(fit["low"], 1)
        self.refused("quantal", "rps", "--lambda", "1,x", says="'x'")
        self.refused("quantal", "rps", "--lambda", "-1", says=">= 0")

    def test_quantal_agents_of_a_tree(self):
        found = self.json("quantal", "kuhn_poker", "--lambda", "3,0,1", "--path", "agents.csv", "--max-lambda", "10",
                          cwd=self.folder)
        self.assertEqual([e["lambda"] for e in found["equilibria"]], [3, 0, 1])
        at = {e["lambda"]: e for e in found["equilibria"]}
        for sets in at[0]["strategies"]:
            for one in sets:
                self.assertEqual(one["probabilities"], [0.5, 0.5])
        solved = self.json("solve", "kuhn_poker", "--solver", "agent_logit_branch", "--tau", str(1 / 3))
        for mine, theirs in zip(at[3]["strategies"], solved["strategies"]):
            for one, other in zip(mine, theirs):
                for p, q in zip(one["probabilities"], other["probabilities"]):
                    self.assertAlmostEqual(p, q, places=8)
        with open(self.folder / "agents.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertGreater(len(rows), 5)
        self.assertEqual(len(rows[0]), 1 + 24 + 2 + 1)  # 12 sets of two actions
        self.assertEqual({float(rows[0][c]) for c in rows[0] if c.startswith("p") and "_" in c}, {0.5})
        self.assertGreaterEqual(float(rows[-1]["lambda"]), 10 / 2)
        self.refused("quantal", "kuhn_poker", "--fit", "counts.json", says="dag convert")
        self.refused("quantal", "kuhn_poker", "--lambda", "-1", says=">= 0")
        self.refused("quantal", "kuhn_poker", "--lambda", "1", "--max-lambda", "0", says="--max-lambda")

    def test_bifurcation_and_the_other_branch(self):
        path = self.json("quantal", "chicken", "--max-lambda", "20")
        self.assertEqual(len(path["bifurcations"]), 1)
        (self.folder / "start.json").write_text("[[0.99, 0.01], [0.01, 0.99]]")
        found = self.json("quantal", "chicken", "--lambda", "20", "--start", "start.json",
                          cwd=self.folder)
        first, second = (s[0] for s in found["equilibria"][0]["strategies"])
        self.assertGreater(abs(first - second), 0.9)


    def test_refinements(self):
        game = self.folder / "myerson.nfg"
        game.write_text('NFG 1 R "" { "a" "b" } { 3 3 }\n1 1 0 0 -9 -9 0 0 0 0 -7 -7 -9 -9 -7 -7 -7 -7\n')
        for at, perfect, proper in [(0, "yes", "yes"), (1, "yes", "no"), (2, "no", "no")]:
            profile = self.folder / "profile.json"
            profile.write_text(json.dumps([[float(s == at) for s in range(3)]] * 2))
            found = self.json("evaluate", game, profile, "--refine")
            self.assertEqual(found["perfect"]["verdict"], perfect)
            self.assertEqual(found["proper"]["verdict"], proper)
            self.assertIn("proper: " + proper, self.ok("evaluate", game, profile, "--refine").out)
        self.assertNotIn("perfect", self.json("evaluate", game, profile))
        self.refused("evaluate", "kuhn_poker", profile, "--refine", says="normal form")


    def test_constants_beyond_all_digits(self):
        """1e17 + 3 and 1e17 + 5 are one double and two payoffs: no answer may depend on the constant."""
        payoffs = [((3, 3), (-1, 5)), ((-2, 0), (1, 1))]
        for name, constant in (("near.nfg", 0), ("far.nfg", 10**17), ("farther.nfg", 10**40)):
            cells = " ".join(f"{constant + payoffs[i][j][0]} {constant + payoffs[i][j][1]}" for j in (0, 1) for i in (0, 1))
            (self.folder / name).write_text('NFG 1 R "g" { "1" "2" } { 2 2 }\n' + cells + "\n")

        def answers(name):
            quantal = self.json("quantal", name, "--lambda", "1", cwd=self.folder)["equilibria"][0]
            commit = self.json("commit", name, cwd=self.folder)
            best = self.json("correlated", name, "--objective", "egalitarian", cwd=self.folder)
            evolve = self.json("evolve", name, cwd=self.folder)
            solved = self.json("solve", name, "--solver", "mirror_prox", "--max-iterations", "1", code=1, cwd=self.folder)
            self.assertEqual(solved["payoff_range"], 5)
            return (sum(quantal["strategies"], []) + [quantal["max_regret"]] + commit["leader_strategy"] +
                    commit["follower_strategy"] + best["joint"] + [p["mass"] for p in evolve["alpha_rank"]] +
                    sum(solved["strategies"], []) + solved["regrets"] + [solved["relative_gap"]])
        near = answers("near.nfg")
        for name in ("far.nfg", "farther.nfg"):
            for here, there in zip(near, answers(name), strict=True):
                self.assertAlmostEqual(here, there, places=9, msg=name)


if __name__ == "__main__":
    main()
