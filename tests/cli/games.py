# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag games: what it says of each named game is what dag solve finds."""

from support import Case, main


class Games(Case):
    def test_what_is_known_is_found(self):
        games = self.json("games")
        self.assertGreater(len(games), 20)
        self.assertEqual(len({game["name"] for game in games}), len(games))
        valued = enumerated = 0
        for game in games:
            with self.subTest(game=game["example"]):
                for key in ("usage", "description", "known", "source"):
                    self.assertTrue(game[key])
                self.assertEqual(len(game["sizes"]), game["players"])
                found = self.json("solve", game["example"], "--tolerance", "1e-9")
                self.assertEqual(found["kind"], game["kind"])
                self.assertEqual([len(s) for s in found["strategies"]], game["sizes"])
                if game["value"] is not None:
                    self.assertAlmostEqual(found["payoffs"][0], game["value"],
                                           delta=1e-8 * found["payoff_range"])
                    valued += 1
                for equilibrium in game["equilibria"]:
                    self.assertLessEqual(equilibrium["max_regret"], 1e-12 * found["payoff_range"])
                if game["complete"] and found.get("complete"):
                    self.assertEqual(found["equilibria_count"], len(game["equilibria"]))
                    enumerated += 1
        self.assertGreater(valued, 8)
        self.assertGreater(enumerated, 3)

    def test_one_game(self):
        text = self.ok("games", "chicken").out
        self.assertIn("7, 2", text)
        self.assertIn("Aumann", text)
        self.assertEqual(self.json("games", "random:3x4:9")[0]["sizes"], [3, 4])
        self.assertEqual(self.json("games", "diagonal")[0]["example"], "diagonal:5:1000")
        self.refused("games", "chikken", says="did you mean chicken")
        self.refused("games", "rps:4", says="odd")
        text = self.ok("games").out
        for game in self.json("games"):
            self.assertIn(game["usage"], text)


if __name__ == "__main__":
    main()
