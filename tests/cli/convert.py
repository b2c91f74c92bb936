# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag convert: every form of every file is the same game; what is malformed is refused and leaves
nothing behind."""

import csv
from fractions import Fraction

from support import Case, dag, main

FORMS = [("payoffs", ".nfg"), ("outcomes", ".nfg"), ("profiles", ".csv")]


class Convert(Case):
    def solved(self, path):
        found = self.json("solve", path)
        for key in ("game", "seconds"):
            del found[key]
        return found

    def test_every_form_of_every_file(self):
        """Writing what was written gives the same bytes, and the game is solved to the same bits."""
        files = sorted(self.data("games", "nfg").glob("*.nfg"))
        self.assertGreater(len(files), 0)
        for path in files:
            wanted = self.solved(path)
            forms = FORMS + ([("matrix", ".csv")] if wanted.get("constant_sum") == 0 else [])
            for form, ending in forms:
                with self.subTest(game=path.name, form=form):
                    once, twice = self.folder / ("once" + ending), self.folder / ("twice" + ending)
                    self.ok("convert", path, once, "--form", form)
                    self.ok("convert", once, twice, "--form", form)
                    self.assertEqual(once.read_bytes(), twice.read_bytes())
                    found = self.solved(once)
                    expected = dict(wanted)
                    if ending == ".csv":  # no name and its number are the same in a table
                        numbered = [[str(k + 1) for k in range(len(own))] for own in wanted["strategies"]]
                        for result in (expected, found):
                            result["strategy_names"] = result.get("strategy_names") or numbered
                    if form == "profiles":  # whose lines need names that differ
                        expected["strategy_names"] = [own if len(set(own)) == len(own) else numbers for own, numbers
                                                      in zip(expected["strategy_names"], numbered)]
                    if form == "matrix":  # of one player's payoffs: no place for the players' names
                        expected["player_names"] = ["Row", "Column"]
                    self.assertEqual(found, expected)
            back = self.folder / "back.nfg"
            self.ok("convert", path, back)
            again = self.folder / "again.nfg"
            self.ok("convert", back, again)
            self.assertEqual(back.read_bytes(), again.read_bytes(), path.name)

    def test_profiles_are_what_the_documentation_says(self):
        game = self.folder / "g.nfg"
        game.write_text('NFG 1 R "three" { "a" "b" "c" } { 2 1 2 }\n'
                        '1 2 3  1/3 .5 -6e1  7 8 9  0 0 1\n')
        self.ok("convert", game, self.folder / "g.csv")
        with open(self.folder / "g.csv", newline="") as file:
            rows = list(csv.reader(file))
        self.assertEqual(rows[0], ["strategy of a", "strategy of b", "strategy of c",
                                   "payoff of a", "payoff of b", "payoff of c"])
        self.assertEqual(rows[2], ["2", "1", "1", "1/3", ".5", "-6e1"])
        self.assertEqual(rows[4][:3], ["2", "1", "2"])
        self.assertEqual(len(rows), 5)

    def test_names(self):
        self.ok("convert", "kuhn-poker", self.folder / "kuhn.csv")
        found = self.json("solve", self.folder / "kuhn.csv", "--tolerance", "1e-10")
        self.assertAlmostEqual(found["value"], -1 / 18, delta=1e-9)
        result = self.json("convert", "chicken", self.folder / "chicken.nfg", "--form", "outcomes")
        self.assertEqual(result["form"], "outcomes")
        self.assertEqual(result["sizes"], [2, 2])
        self.assertEqual(self.json("solve", self.folder / "chicken.nfg")["equilibria_count"], 3)
        one, two = self.folder / "one.csv", self.folder / "two.csv"
        self.ok("convert", "random:3x4", one, "--seed", "5")
        self.ok("convert", "random:3x4:5", two)
        self.assertEqual(one.read_bytes(), two.read_bytes())
        with open(one, newline="") as file:
            entries = [Fraction(cell) for row in csv.reader(file) for cell in row]
        self.assertEqual(len(entries), 12)

    def test_refusals(self):
        self.refused("convert", "chicken", "out.txt", says=".nfg, .csv, .json, .gam or .efg")
        self.refused("convert", "chicken", "out.csv", "--form", "matrix", says="zero-sum")
        self.refused("convert", "chicken", "out.csv", "--form", "outcomes", says="profiles")
        self.refused("convert", "chicken", "out.nfg", "--form", "matrix", says="outcomes")
        self.refused("convert", "chicken", "out.nfg", "--form", "poem", says="poem")
        self.refused("convert", "missing.nfg", "out.csv", says="missing.nfg")
        self.refused("convert", "chikken", "out.csv", says="did you mean chicken")
        self.refused("convert", "chicken", "no/such/out.csv", "--json", "out.json", says="no/such")
        self.refused("convert", "chicken", says="OUT")
        self.assertNoFiles()

    def test_malformed_files(self):
        with open(self.data("malformed", "manifest.csv"), newline="") as file:
            rows = [row for row in csv.DictReader(file)
                    if row["kind"] == "nfg" and row["expect"] == "reject"]
        self.assertGreater(len(rows), 0)
        for row in rows:
            for out in ("out.csv", "out.nfg"):
                with self.subTest(file=row["file"], out=out):
                    path = self.data("malformed", *row["file"].split("/"))
                    result = dag("convert", path, out, megabytes=200, timeout=20, cwd=self.folder)
                    self.assertEqual(result.code, 2, str(result))
                    self.assertRegex(result.err, r"\.nfg:\d+: .+ found ")
                    self.assertNoFiles()

    def test_malformed_lists(self):
        head = "strategy of R,strategy of C,payoff of R,payoff of C\n"
        place = self.folder / "in"
        place.mkdir()
        for name, text, says in [
                ("missing", head + "a,a,1,1\nb,b,2,2\n", "some are missing"),
                ("twice", head + "a,a,1,1\na,a,2,2\n", ":3: this profile"),
                ("cells", head + "a,a,1\n", ":2: expected 2 strategies"),
                ("nan", head + "a,a,1,nan\n", "'nan'"),
                ("header", "strategy of R,strategy of C,payoff of C,payoff of R\na,a,1,1\n", ":1:"),
                ("none", head, "line a profile"),
                ("quote", head + '"a,a,1,1\n', "quote is not closed"),
                ("ragged", "1,2\n3\n", ":2:")]:
            path = place / (name + ".csv")
            path.write_text(text)
            for command in (["solve", path, "--json", "out.json"], ["convert", path, "out.nfg"]):
                with self.subTest(name=name, command=command[0]):
                    result = self.refused(*command, says=says)
                    self.assertIn(name + ".csv", result.err)
                    self.assertEqual([p.name for p in self.folder.iterdir()], ["in"])


if __name__ == "__main__":
    main()
