# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag correlated: objectives and extreme points."""

from fractions import Fraction

from support import Case, main


class Correlated(Case):
    def test_objectives(self):
        best = self.json("correlated", "chicken")
        self.assertAlmostEqual(sum(best["payoffs"]), 10.5, delta=1e-9)  # Aumann (1974)
        first = self.json("correlated", "chicken", "--objective", "payoff:1")
        self.assertAlmostEqual(first["payoffs"][0], 7, delta=1e-9)
        worst = self.json("correlated", "chicken", "--objective=-1,-1")
        self.assertLess(sum(worst["payoffs"]), 9)
        fair = self.json("correlated", "battle-of-the-sexes", "--objective", "egalitarian")
        self.assertAlmostEqual(fair["payoffs"][0], fair["payoffs"][1], delta=1e-9)
        coarse = self.json("correlated", "chicken", "--coarse")
        self.assertGreaterEqual(sum(coarse["payoffs"]), sum(best["payoffs"]) - 1e-9)

    def test_extremes(self):
        found = self.json("correlated", "chicken", "--extremes")
        self.assertTrue(found["complete"])
        self.assertEqual(len(found["extremes"]), 5)
        for point in found["extremes"]:
            self.assertEqual(sum(map(Fraction, point["fractions"])), 1)
        self.assertEqual(sum(point["nash"] for point in found["extremes"]), 3)
        text = self.ok("correlated", "chicken", "--extremes").out
        self.assertIn("5 extreme correlated equilibria", text)
        cut = self.json("correlated", "general:3x3:1", "--extremes", "--max-rays", "9", code=1)
        self.assertFalse(cut["complete"])
        self.assertEqual(cut["extremes"], [])

    def test_refusals(self):
        self.refused("correlated", "chicken", "--objective", "payoff:3", says="1 to 2")
        self.refused("correlated", "chicken", "--objective", "1,2,3", says="one weight")
        self.refused("correlated", "chicken", "--objective", "poem", says="egalitarian")


if __name__ == "__main__":
    main()
