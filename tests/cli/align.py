# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag align: solved instances, the residual recomputed here, formats, refusals."""

import csv
import json
import math
import resource


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

    def lines(self, problems, code=0):
        """The results, each of whose claims `dag check` holds."""
        result = self.ok("align", problems, code=code)
        self.check(problems, result.out)
        return [json.loads(line) for line in result.out.splitlines()]

    def check(self, problems, results):
        path = self.folder / "results.jsonl"
        path.write_text(results)
        held = self.ok("check", path, problems)
        self.assertNotIn("too large", held.out)

    def test_golden_instances(self):
        path = self.data("golden", "answer_level.jsonl")
        golden = [json.loads(line) for line in path.read_text().splitlines()]
        result = self.ok("align", path, "--json", "-")
        self.assertLess(result.seconds, 2.0)
        self.check(path, result.out)
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

    def faults(self, problems, says):
        """Each of these is refused, by a message with these words."""
        path = self.write(*problems)
        result = dag("align", path)
        self.assertEqual(result.code, 2, str(result))
        self.check(path, result.out)
        found = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual(len(found), len(problems), str(result))
        for problem, line, words in zip(problems, found, says):
            self.assertEqual(line["status"], "error", problem)
            self.assertIn(words, line["message"])

    def example(self, name, fields, answers=3):
        """A problem of this utility, its fields filled by what the list says of them."""
        identity = [[1 if i == j else 0 for j in range(answers)] for i in range(answers)]
        values = {"correct": [1, 0, 0], "target": [0.2, 0.3, 0.5], "reward": [0.3, -0.2, 0.9],
                  "feature": [1, 0, 0.2], "bound": 0.3, "rewards": [[1, 0, 0], [0, 1, 0]],
                  "kernel": identity, "cost": [[1 - x for x in row] for row in identity]}
        problem = {"id": name, "kind": name, "beta": 0.7,
                   "nu0": [[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]}
        for field in fields:
            if field["name"] in values:
                problem[field["name"]] = values[field["name"]]
            elif field["default"] is not None and field["type"] == "number":
                problem[field["name"]] = field["default"]
        return problem

    def test_every_utility_of_the_list_is_solved_and_its_weight_is_felt(self):
        for entry in self.json("utilities"):
            problem = self.example(entry["name"], entry["fields"])
            if entry["method"] == "branches" or entry["name"] == "majority_vote":
                problem["beta"] = 7  # one equilibrium
            names = {field["name"] for field in entry["fields"]}
            kinds = [entry["name"], entry["name"].replace("_", "-")] + entry["aliases"]
            for found in self.lines(self.write(*[
                    {k: kind if k == "kind" else v for k, v in problem.items()
                     if not (k == "order" and kind == "tsallis3")} for kind in kinds])):
                self.assertEqual(found["status"], "converged", found["kind"])
            if "weight" not in names:
                self.faults([dict(problem, weight=2)], ['"weight"'])
                continue
            # F twice as strong with beta twice as large is the same game, at twice the value.
            once, twice, stronger = self.lines(self.write(
                dict(problem, weight=1.5), dict(problem, weight=3, beta=2 * problem["beta"]),
                dict(problem, weight=3)))
            for a, b, c in zip(flat(once["solution"]), flat(twice["solution"]),
                               flat(stronger["solution"])):
                self.assertAlmostEqual(a, b, delta=1e-9)
            self.assertNotEqual(once["solution"], stronger["solution"])
            self.assertAlmostEqual(2 * once["value"], twice["value"], delta=1e-9)

    def test_agreement_across_contexts_lists_its_equilibria_and_where_they_come_from(self):
        nu0 = [[0.6, 0.4], [0.55, 0.45], [0.3, 0.7]]
        game = {"id": "a", "kind": "agreement", "nu0": nu0, "beta": 1}
        weak, strong = self.lines(self.write(dict(game, weight=1.7), dict(game, weight=2)))
        self.assertEqual((weak["status"], strong["status"]), ("converged", "several_equilibria"))
        self.assertNotIn("equilibria", weak)
        self.assertEqual(len(strong["equilibria"]), 6)  # two, over three contexts
        onsets = sorted({one["onset"] for one in strong["equilibria"]})
        self.assertEqual(onsets[0], 0)
        self.assertAlmostEqual(onsets[1], 1.7830206, delta=1e-6)
        self.assertEqual(len(strong["basin_margin"]), 3)
        for x, row in enumerate(strong["solution"]):  # nu0 exp(the others' share, doubled) / Z
            given = [p * math.exp(2 * 2 / 3 * sum(strong["solution"][y][z] for y in range(3) if y != x))
                     for z, p in enumerate(nu0[x])]
            for a, b in zip(row, given):
                self.assertAlmostEqual(a, b / sum(given), delta=1e-9)
        # Three contexts lean to the third answer, one is sure of the first and draws all to it past 1.98675.
        [jump] = self.lines(self.write(dict(game, weight=3, nu0=[
            [0.18, 0.19, 0.63], [0.23, 0.28, 0.49], [0.9, 0.07, 0.03], [0.27, 0.19, 0.54]])))
        self.assertEqual([b["kind"] for b in jump["bifurcations"]], ["fold"])
        self.assertAlmostEqual(jump["bifurcations"][0]["strength"], 1.98675165, delta=1e-7)
        self.faults([dict(game, nu0=[0.5, 0.5], weight=1), dict(game, kind="agreement+gini", weight=1)],
                    ["contexts to compare", "alone"])

    def test_preferences(self):
        wins = [[0.5, 0, 1], [1, 0.5, 0], [0, 1, 0.5]]  # rock, paper, scissors
        game = {"id": "a", "kind": "preference", "nu0": [0.8, 0.15, 0.05], "beta": 0.1, "win_rates": wins}
        found, even = self.lines(self.write(game, dict(game, nu0=[1 / 3] * 3)))
        self.assertEqual(list(found)[:7], KEYS)
        self.assertEqual((found["status"], found["value"]), ("converged", 0.5))
        given = [p * math.exp(sum(w * q for w, q in zip(row, found["solution"])) / 0.1)
                 for p, row in zip(game["nu0"], wins)]
        for a, b in zip(found["solution"], given):
            self.assertAlmostEqual(a, b / sum(given), delta=1e-9)
        self.assertGreater(found["win_rate"], 0.5)
        for p in even["solution"]:
            self.assertAlmostEqual(p, 1 / 3, delta=1e-12)
        self.faults([dict(game, win_rates=[[0.5, 1], [0, 0.5]]), dict(game, win_rates=[[0.5, 0.4, 1]] + wins[1:]),
                     dict(game, beta=0), dict(game, weight=1), dict(game, nu0=[0.8, 0.3, 0.05])],
                    ["2 entries for 3 answers", "add up", '"beta"', '"weight"', "sum to 1"])

    def test_right_answers_are_evened_out_in_closed_form_and_majorities_are_stationary(self):
        even, vote = self.lines(self.write(
            {"id": "e", "kind": "correct_uniformity", "beta": 0.5, "weight": 0.5,
             "nu0": [0.4, 0.1, 0.5], "correct": [1, 1, 0]},
            {"id": "m", "kind": "maj_at_k", "beta": 1, "k": 31, "nu0": [0.2, 0.8],
             "correct": [1, 0]}))
        self.assertEqual(even["method"], "closed_form")
        # Given C sqrt(0.8) : sqrt(0.2) = 2 : 1; odds 1 times (sqrt(0.8) + sqrt(0.2))^2 = 1.8.
        for found, wanted in zip(even["solution"], [1.2 / 2.8, 0.6 / 2.8, 1 / 2.8]):
            self.assertAlmostEqual(found, wanted, delta=1e-13)
        self.assertEqual(vote["status"], "converged")
        self.assertLess(vote["solution"][0], 0.25)  # a majority that is wrong and sure stays

    def test_every_number_of_a_kind_is_honoured_and_no_other_is_ignored(self):
        registry = self.json("utilities")
        keys = {field["name"] for entry in registry for field in entry["fields"]}
        moved = {"order": 2.5, "k": 7, "terms": 3, "q": 0.75, "epsilon": 0.7, "bound": 0.35, "weight": 2.25}
        for entry in registry:
            problem = self.example(entry["name"], entry["fields"])
            if entry["method"] == "branches":
                problem["beta"] = 7
            own = {field["name"] for field in entry["fields"]}
            [before] = self.lines(self.write(problem))
            for field in entry["fields"]:
                if field["type"] == "number":
                    changed = dict(problem, **{field["name"]: moved[field["name"]]})
                    [after] = self.lines(self.write(changed))
                    self.assertNotEqual(before["solution"], after["solution"], field["name"])
            others = sorted(keys - own)
            self.faults([dict(problem, weight="1")] + [dict(problem, **{key: 1}) for key in others],
                        ["weight"] + [f'"{key}"' for key in others])

    def test_sums(self):
        nu0, reward = [0.5, 0.3, 0.2], [0.0, 1.0, -1.0]
        base = {"id": "a", "nu0": nu0, "beta": 0.4}
        named, summed, parts = self.lines(self.write(
            dict(base, kind="reward_plus_entropy", reward=reward, weight=0.7),
            dict(base, kind="expected-reward+0.7*shannon", reward=reward, weight=1),
            dict(base, parts=[dict(kind="expected_reward", reward=reward),
                              dict(kind="entropy", weight=0.7)])))
        self.assertEqual(named["solution"], summed["solution"])
        self.assertEqual(named["solution"], parts["solution"])
        self.assertEqual(summed["method"], "closed_form")
        # Parts of other families: nu ∝ nu0 exp(r / beta) with the rewards of both, by hand.
        [found] = self.lines(self.write(dict(base, correct=[1, 0, 0], k=3, weight=1,
                                             kind="pass_at_k+2*gini")))
        nu = found["solution"]
        r = [-4 * p for p in nu]
        r[0] += 3 * (1 - nu[0]) ** 2
        weights = [p * math.exp(x / 0.4) for p, x in zip(nu0, r)]
        for p, w in zip(nu, weights):
            self.assertAlmostEqual(p, w / sum(weights), delta=1e-9)
        two = dict(base, parts=[dict(kind="robust", rewards=[[1, 0, 0], [0, 1, 0]]),
                                dict(kind="robust", rewards=[[0, 0, 1], [0, 1, 0]]),
                                dict(kind="moment_le", feature=[1, 0, 0], bound=0.3)])
        [found] = self.lines(self.write(two))
        self.assertEqual(found["status"], "converged")
        self.assertEqual(len(found["mixture"]), 4)
        self.assertLessEqual(found["solution"][0], 0.3 + 1e-12)
        bad = [
                (dict(base, kind="gini+greed", weight=1), "greed"),
                (dict(base, kind="0*gini", weight=1), "0*gini"),
                (dict(base, kind="2*moment_le", feature=[1, 0, 0], bound=0.3), "hard constraint"),
                (dict(base, parts=[dict(kind="gini", weight=1)], target=[1, 0, 0]), "target"),
                (dict(base, parts=[dict(kind="gini", weight=1, beta=1)]), "beta"),
                (dict(base, parts=[]), "parts"),
                (dict(base, parts=[dict(kind="robust", rewards=[[1, 0, 0]]),
                                   dict(kind="pass_at_k", correct=[1, 0, 0], k=2)]), "events"),
        ]
        self.faults([problem for problem, _ in bad], [says for _, says in bad])

    def test_several_equilibria(self):
        base = {"id": "a", "nu0": [0.52, 0.48], "beta": 1}
        one, two, weak, strong, rows, tied, summed = self.lines(self.write(
            dict(base, kind="collision", weight=0.9), dict(base, kind="collision", weight=1.3),
            dict(base, kind="sharpening", weight=0.5), dict(base, kind="sharpening", weight=3),
            dict(base, kind="collision", weight=1.3, nu0=[[0.52, 0.48], [0.3, 0.7]]),
            dict(base, kind="collision", weight=1.3, nu0=[0.5, 0.5]),
            dict(base, kind="collision+0.5*expected_reward", weight=2, reward=[0, 1])))
        self.assertEqual((one["status"], "equilibria" in one), ("converged", False))
        self.assertEqual(two["status"], "several_equilibria")
        self.assertEqual(two["method"], "branches")
        self.assertAlmostEqual(two["solution"][0], 0.893, delta=5e-4)
        stable = [e for e in two["equilibria"] if e["stable"]]
        self.assertEqual([round(e["solution"][0], 3) for e in stable], [0.893, 0.148])
        for e in two["equilibria"]:
            nu, beta = e["solution"], 1
            weights = [p * math.exp(2.6 * x / beta) for p, x in zip(base["nu0"], nu)]
            for x, w in zip(nu, weights):
                self.assertAlmostEqual(x, w / sum(weights), delta=1e-12)
            self.assertLess(e["residual"], 1e-12)
        squares = [p * p for p in base["nu0"]]  # beta / (beta - s) = 2
        for x, w in zip(weak["solution"], squares):
            self.assertAlmostEqual(x, w / sum(squares), delta=1e-14)
        self.assertEqual((weak["status"], weak["method"]), ("converged", "closed_form"))
        self.assertEqual(strong["solution"], [1, 0])
        self.assertEqual([e["solution"] for e in strong["equilibria"] if e["stable"]],
                         [[1, 0], [0, 1]])
        self.assertEqual({e["context"] for e in rows["equilibria"]}, {0, 1})
        self.assertGreater(rows["solution"][1][1], 0.9)
        self.assertEqual([e["stable"] for e in tied["equilibria"]
                          if abs(e["solution"][0] - 0.5) < 1e-9], [False])
        self.assertAlmostEqual(tied["solution"][0], 0.5, delta=1e-12)
        nu = summed["solution"]
        weights = [p * math.exp(4 * x + r) for p, x, r in zip(base["nu0"], nu, [0, 1])]
        self.assertAlmostEqual(nu[0], weights[0] / sum(weights), delta=1e-12)
        self.faults([dict(base, kind="collision+gini", weight=1),
                     dict(base, kind="power_sharpening", weight=1, order=1),
                     dict(base, kind="sharpening", weight=-1),
                     dict(base, kind="collision", weight=1, order=3)],
                    ["solved alone", "order", "weight", "order"])

    def test_data_by_context(self):
        rows = [[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]
        target = [[0.2, 0.3, 0.5], [0.6, 0.2, 0.2]]
        both, *single = self.lines(self.write(
            {"id": "a", "kind": "chi_square", "nu0": rows, "target": target, "beta": 0.3},
            *[{"id": "b", "kind": "chi_square", "nu0": r, "target": t, "beta": 0.3}
              for r, t in zip(rows, target)]))
        self.assertEqual(both["solution"], [s["solution"] for s in single])
        # A bound is one of the mean over contexts.
        [found] = self.lines(self.write({"id": "c", "kind": "moment_eq", "nu0": rows, "beta": 1,
                                         "weights": [0.25, 0.75], "feature": [1, 0, 0],
                                         "bound": 0.4}))
        [[a, *_], [b, *_]] = found["solution"]
        self.assertAlmostEqual(0.25 * a + 0.75 * b, 0.4, delta=1e-9)
        self.faults([{"id": "a", "kind": "coherence", "nu0": [0.5, 0.5], "beta": 1}], ["contexts"])

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

    def test_large_problems_end_with_the_limit(self):
        """A problem of 40,000 answers that takes minutes ends soon after the limit, in processor time."""
        weights = [1 + (k * 7919 % 1009) / 1009 for k in range(40000)]
        nu0 = [w / sum(weights) for w in weights]
        for kind, fields in (("majority_vote", {"nu0": [nu0, nu0[::-1]], "weight": 2, "beta": 0.1}),
                             ("coherence_geometric", {"nu0": [nu0, nu0[::-1]], "weight": 2, "beta": 0.01}),
                             ("alpha", {"nu0": nu0, "target": nu0[::-1], "order": 0.3, "beta": 0.01})):
            problem = {"id": kind, "kind": kind, **fields}
            (self.folder / "p.jsonl").write_text(json.dumps(problem) + "\n")
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            result = dag("align", self.folder / "p.jsonl", "--json", self.folder / "r.jsonl", "-q", "--time-limit", "0.3")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            with self.subTest(kind=kind):
                self.assertIn(result.code, (0, 1), str(result))
                self.assertLess(after.ru_utime - before.ru_utime, 3)
                solution = json.loads((self.folder / "r.jsonl").read_text())["solution"]
                row = solution[0] if kind != "alpha" else solution
                self.assertAlmostEqual(sum(row), 1, delta=1e-9)

    def test_a_problem_beyond_the_memory_costs_its_line(self):
        problem = {"id": "a", "kind": "agreement", "beta": 1, "weight": 1, "nu0": [[1 / 60000] * 60000] * 2}
        small = {"id": "b", "kind": "gini", "beta": 1, "weight": 1, "nu0": [0.5, 0.5]}
        (self.folder / "p.jsonl").write_text(json.dumps(problem) + "\n" + json.dumps(small) + "\n")
        result = dag("align", self.folder / "p.jsonl", "--json", self.folder / "r.jsonl", "-q", "--max-memory", "2000")
        self.assertEqual(result.code, 2, str(result))
        lines = [json.loads(line) for line in (self.folder / "r.jsonl").read_text().splitlines()]
        self.assertEqual(lines[0]["status"], "error")
        self.assertIn("memory", lines[0]["message"])
        self.assertEqual(lines[1]["status"], "converged")

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
