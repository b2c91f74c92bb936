# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag evolve: textbook games, JSON, faults."""
import math

from support import Case, dag, main


class Evolve(Case):
    def evolve(self, *words):
        return self.json("evolve", *words)

    def csv(self, name, *rows):
        path = self.folder / name
        path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
        return str(path)

    def test_hawk_and_dove(self):
        own = self.csv("own.csv", [-1, 2], [0, 1])
        other = self.csv("other.csv", [-1, 0], [2, 1])
        found = self.evolve(own + "," + other, "--population", "40", "--intensity", "0.3")
        self.assertTrue(found["symmetric"])
        [stable] = found["evolutionarily_stable"]
        self.assertAlmostEqual(stable[0], 0.5, places=12)
        # Two strategies: shares as the chances to take over.
        log = found["log_fixation"]
        hawk, dove = found["rare_mutations"]
        self.assertAlmostEqual(hawk / dove, math.exp(log[1][0] - log[0][1]), places=9)
        self.assertAlmostEqual(sum(entry["mass"] for entry in found["alpha_rank"]), 1, places=12)

    def test_any_game_has_an_alpha_rank(self):
        found = self.evolve("matching-pennies")
        self.assertFalse(found["symmetric"])
        for entry in found["alpha_rank"]:
            self.assertAlmostEqual(entry["mass"], 0.25, places=12)
        text = dag("evolve", "matching-pennies").out
        self.assertIn("alpha-rank", text)

    def test_replicator_with_mutation(self):
        # Mutation draws the cycles of matching pennies into the middle; without it they stay out.
        start = ["--start", "0.9,0.1;0.5,0.5", "--steps", "3000"]
        found = self.evolve("matching-pennies", "--mutation", "0.05", *start)["replicator"]
        self.assertAlmostEqual(found["path"][0]["strategies"][0][0], 0.9, places=14)
        for strategy in found["path"][-1]["strategies"]:
            self.assertAlmostEqual(strategy[0], 0.5, places=4)
        cycles = self.evolve("matching-pennies", "--mutation", "0", *start)["replicator"]
        x, y = (s[0] for s in cycles["path"][-1]["strategies"])
        self.assertAlmostEqual(x * (1 - x) * y * (1 - y), 0.9 * 0.1 * 0.25, places=5)  # conserved
        self.assertIn("replicator dynamics", dag("evolve", "rps", "--mutation", "0.1").out)

    def test_faults(self):
        for words in (["nonsense"], ["rps", "--population", "1"], ["rps", "--alpha", "0"],
                      ["rps", "--intensity", "-1"], ["rps", "--alpha", "nan"],
                      ["rps", "--mutation", "-1"], ["rps", "--start", "1,0,0;1,0,0"],
                      ["rps", "--mutation", "0.1", "--start", "1,0,0;1,0,0"],
                      ["rps", "--mutation", "0.1", "--steps", "0"]):
            result = dag("evolve", *words)
            self.assertEqual(result.code, 2, str(result))
            self.assertTrue(result.err.strip(), words)


if __name__ == "__main__":
    main()
