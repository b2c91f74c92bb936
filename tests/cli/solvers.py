# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag solvers: what a row of the list says is what the solver does, and what the pages show."""

import json
import pathlib
import re

from support import Case, dag, main

ROOT = pathlib.Path(__file__).resolve().parents[2]
GAMES = {"zero_sum": "biased-rps", "bimatrix": "chicken", "many_players": "jordan"}
KNOBS = {"start": {"zero_sum": "0.5,0.3,0.2;0.2,0.5,0.3", "bimatrix": "0.7,0.3;0.5,0.5",
                   "many_players": "0.7,0.3;0.5,0.5;0.4,0.6"},
         "feedback": ["sampled", "noisy:0.1"], "tau": "0.5", "scaling": "ruiz"}


class Solvers(Case):
    def test_kinds_and_knobs_are_what_the_solvers_take(self):
        """A kind or a knob outside a row is refused; one that is inside runs."""
        for row in self.json("solvers"):
            for kind, game in GAMES.items():
                words = ["solve", game, "--solver", row["name"], "--max-iterations", "40", "--json", "-"]
                needs = ["--tau", "0.5"] if row["name"] == "newton" else []
                result = dag(*words, *needs)
                with self.subTest(solver=row["name"], kind=kind):
                    self.assertEqual(result.code != 2, kind in row["kinds"], str(result))
                if kind not in row["kinds"]:
                    continue
                for knob, values in KNOBS.items():
                    value = values[kind] if isinstance(values, dict) else values
                    if row["name"] == "newton" and knob == "tau":
                        continue
                    # Of the two kinds of feedback a solver may take one.
                    tries = [dag(*words, *needs, "--" + knob, v) for v in (value if isinstance(value, list) else [value])]
                    result = min(tries, key=lambda r: r.code == 2)
                    takes = knob in row["knobs"]
                    with self.subTest(solver=row["name"], kind=kind, knob=knob):
                        self.assertEqual(result.code != 2, takes, str(result))

    def test_the_point_of_a_row_is_the_one_returned(self):
        for row in self.json("solvers"):
            if row["room"] in ("first_order", "response"):
                with self.subTest(solver=row["name"]):
                    found = json.loads(dag("solve", "biased-rps", "--solver", row["name"], "--max-iterations", "5",
                                           "--json", "-").out)
                    points = {row["iterate"]} if row["iterate"] != "best" else {"best", "last", "uniform"}
                    self.assertIn(found["iterate"], points)

    def test_the_table_of_the_pages_is_this_list(self):
        page = (ROOT / "docs/solvers/README.md").read_text()
        shown = re.search(r"<!-- dag solvers --markdown -->\n(.*?)<!-- end -->", page, re.S)
        self.assertEqual(shown.group(1), self.ok("solvers", "--markdown").out,
                         "put the output of 'dag solvers --markdown' into docs/solvers/README.md")
        for row in self.json("solvers"):
            self.assertTrue((ROOT / "docs/solvers" / (row["page"] + ".md")).exists(), row["page"])

    def test_one_by_name(self):
        self.assertIn("arXiv:2206.05248", self.ok("solvers", "anchored_extragradient").out)
        self.refused("solvers", "nobody", says="no solver is called 'nobody'")


if __name__ == "__main__":
    main()
