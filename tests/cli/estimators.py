# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag estimators: the solved tables, the bias recomputed here, refusals."""

import json
import math

from support import Case, main


def bias(table, p):
    m = len(table) - 1
    expected = sum(math.comb(m, k) * p**k * (1 - p) ** (m - k) * c for k, c in enumerate(table))
    return p * expected - (p * math.log(p) if p > 0 else 0)


class Estimators(Case):
    def table(self, *arguments):
        return json.loads(self.ok("estimators", *arguments, "--json", "-").out)

    def test_solved_tables(self):
        path = self.data("golden", "estimators.jsonl")
        seen = 0
        for golden in map(json.loads, path.read_text().splitlines()):
            k = golden["K"]
            if golden["kind"] != "minimax_log" or k > 16:
                continue
            found = self.table("--kind", "minimax", "--group-size", k)
            # The references are optima on a grid of p: at most the true optimum, and close to it.
            self.assertGreaterEqual(found["sup_bias"], golden["sup_bias"] * (1 - 1e-9))
            self.assertLessEqual(found["sup_bias"], golden["sup_bias"] * (1 + 4e-4))
            seen += 1
        self.assertGreater(seen, 3)

    def test_reported_bias_is_that_of_the_table(self):
        for kind in ["plug-in", "leave-one-out", "u-statistic", "digamma", "minimax", "aqp"]:
            with self.subTest(kind=kind):
                found = self.table("--kind", kind, "--group-size", 12)
                self.assertEqual([found["kind"], found["group_size"]], [kind, 12])
                self.assertEqual(len(found["table"]), 12)
                worst = max(abs(bias(found["table"], i / 2000)) for i in range(2001))
                self.assertLessEqual(worst, found["sup_bias"] * (1 + 1e-6))
                self.assertGreaterEqual(worst, found["sup_bias"] * 0.99)

    def test_a_polynomial_reward_has_no_bias(self):
        found = self.table("--kind", "u-statistic", "--group-size", 8, "--function", "power:2")
        self.assertLess(found["sup_bias"], 1e-14)

    def test_refusals(self):
        for arguments in (["--kind", "best"], ["--group-size", 1], ["--function", "power:-1"],
                          ["--function", "cube"], ["--kind", "minimax", "--function", "inverse"],
                          ["--slack", -1], ["--plot", "table.txt"]):
            with self.subTest(arguments=arguments):
                self.refused("estimators", *arguments)


if __name__ == "__main__":
    main()
