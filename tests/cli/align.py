# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag align: solved instances, the residual recomputed here, formats, refusals."""

import csv
import json
import math

from support import Case, dag, main

KEYS = ["id", "kind", "solution", "value", "residual", "iterations", "status"]


def flat(solution):
    return [p for row in solution for p in row] if isinstance(solution[0], list) else solution


class Align(Case):
    def write(self, *problems):
        path = self.folder / "problems.jsonl"
        path.write_text("".join(
            (p if isinstance(p, str) else json.dumps(p)) + "\n" for p in problems))
        return path

    def lines(self, *arguments, code=0, **options):
        result = self.ok("align", *arguments, code=code, **options)
        return [json.loads(line) for line in result.out.splitlines()]

    def test_golden_instances(self):
        path = self.data("golden", "answer_level.jsonl")
        golden = [json.loads(line) for line in path.read_text().splitlines()]
        result = self.ok("align", path, "--json", "-")
        self.assertLess(result.seconds, 2.0)
        found = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual([f["id"] for f in found], [g["id"] for g in golden])
        for g, f in zip(golden, found):
            with self.subTest(id=g["id"]):
                for key in KEYS:
                    self.assertIn(key, f)
                self.assertEqual(f["kind"], g["kind"])
                self.assertEqual(f["status"], "converged")
                self.assertLess(f["residual"], 1e-10)
                distance = max(abs(a - b) for a, b in zip(flat(f["solution"]),
                                                          flat(g["solution"])))
                self.assertLessEqual(distance, g["accuracy"])
                self.assertAlmostEqual(f["value"], g["value"], delta=max(1e-9, g["accuracy"]))
                if g["kind"].startswith("coherence"):
                    self.assertAlmostEqual(sum(f["consensus"]), 1, delta=1e-9)
                if g["kind"] == "robust_reward":
                    self.assertAlmostEqual(sum(f["mixture"]), 1, delta=1e-9)
                if g["kind"] == "moment_le":
                    self.assertGreaterEqual(min(f["multipliers"]), 0)

    def test_equilibrium_condition(self):
        """nu ∝ nu0 exp(r / beta) for a reward with Shannon entropy, in closed form."""
        nu0, reward, tau, beta = [0.5, 0.3, 0.2], [0.0, 1.0, -1.0], 0.7, 0.4
        [found] = self.lines(self.write({"id": "a", "kind": "reward_plus_entropy", "nu0": nu0,
                                         "reward": reward, "weight": tau, "beta": beta}))
        weights = [math.exp((beta * math.log(p) + r) / (beta + tau)) for p, r in zip(nu0, reward)]
        wanted = [w / sum(weights) for w in weights]
        for a, b in zip(found["solution"], wanted):
            self.assertAlmostEqual(a, b, delta=1e-14)

    def test_fields_that_are_no_part_of_a_problem_are_ignored(self):
        problem = {"id": "a", "kind": "gini", "nu0": [0.5, 0.3, 0.2], "weight": 1, "beta": 1}
        more = dict(problem, solution=[9, 9, 9], value="no", accuracy=None, note={"a": [1]})
        plain, extra = self.lines(self.write(problem, "", more))
        self.assertEqual(plain, extra)

    def test_output_is_json_lines_and_nothing_else(self):
        path = self.write({"id": "ü", "kind": "gini", "nu0": [0.5, 0.5], "weight": 1, "beta": 1})
        plain = self.ok("align", path)
        self.assertEqual(plain.err, "")
        self.assertEqual(plain.out, self.ok("align", path, "--json", "-").out)
        self.assertEqual(plain.out, self.ok("align", path, "--quiet").out)
        table = self.ok("align", path, "--json", "out.jsonl", cwd=self.folder)
        self.assertEqual((self.folder / "out.jsonl").read_text(), plain.out)
        self.assertIn("1 problems, 1 converged", table.out)
        self.assertEqual(self.ok("align", path, "--json", "out.jsonl", "-q",
                                 cwd=self.folder).out, "")

    def test_refusals_name_line_and_fault(self):
        good = {"id": "a", "kind": "gini", "nu0": [0.5, 0.5], "weight": 1, "beta": 1}
        for bad, says in [
                ("{", "JSON"), ("[1]", "object"), ('{"id": NaN}', "invalid literal"),
                (dict(good, kind="ginny"), "ginny"), (dict(good, beta=0), "beta"),
                (dict(good, beta="1"), "beta"), (dict(good, nu0=[0.5, 0.6]), "sum to 1"),
                (dict(good, nu0=[1.5, -0.5]), "-0.5"), (dict(good, nu0=[]), "nu0"),
                (dict(good, weight=None), "weight"),
                ({k: v for k, v in good.items() if k != "nu0"}, "nu0"),
                (dict(good, kind="log_likelihood", correct=[0, 2]), "correct"),
                (dict(good, kind="log_likelihood", correct=[0, 0]), "correct"),
                (dict(good, kind="expected_reward", reward=[1, 2, 3]), "3"),
                (json.dumps(good)[:-1] + ', "x": 1e999}', "1e999"),
        ]:
            with self.subTest(bad=bad):
                path = self.write(good, bad, good)
                result = self.ok("align", path, "--json", "out.jsonl", code=2, cwd=self.folder)
                self.assertIn("problems.jsonl:2: ", result.err)
                self.assertIn(says, result.err)
                first, fault, last = map(json.loads, (self.folder / "out.jsonl").read_text().splitlines())
                self.assertEqual((first["status"], last["status"]), ("converged", "converged"))
                self.assertEqual((fault["line"], fault["status"]), (2, "error"))
                self.assertIn(says, fault["message"])
        self.refused("align", "missing.jsonl", says="missing.jsonl")
        self.refused("align", self.folder)

    def test_deep_nesting(self):
        deep = "[" * 100000 + "]" * 100000
        for text in ['{"id": %s}' % deep, '{"id": "a", "kind": "gini", "beta": 1, "nu0": %s}' % deep,
                     deep, '{"a":' * 100000]:
            result = self.ok("align", self.write(text), code=2, megabytes=200)
            self.assertIn(":1: ", result.err)
            self.assertEqual(json.loads(result.out)["status"], "error")

    def test_empty_file(self):
        path = self.folder / "empty.jsonl"
        path.write_text("")
        self.assertEqual(self.ok("align", path).out, "")

    def test_malformed_files(self):
        with open(self.data("malformed", "manifest.csv"), newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["kind"] == "jsonl"]
        for row in rows:
            with self.subTest(file=row["file"]):
                path = self.data("malformed", *row["file"].split("/"))
                result = dag("align", path, "--json", "out.json", megabytes=200, timeout=20,
                             cwd=self.folder)
                self.assertIn(result.code, (0, 2) if row["expect"] == "no_crash" else (2,),
                              str(result))
                self.assertLess(result.seconds, 1.0, str(result))
                self.assertNotIn("Sanitizer", result.err, str(result))


if __name__ == "__main__":
    main()
