# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag rewards: statistics of real files, rewards recomputed here from their definitions, what is
written, refusals."""

import csv
import json
import math

from support import Case, dag, main

COLUMNS = ("file,bytes,questions,contexts,groups,contexts_per_question,samples_per_group_min,"
           "samples_per_group_mean,samples_per_group_max,null_answer_rate,acc_random_sample,"
           "acc_majority_in_group,acc_majority_over_contexts,acc_oracle_in_group,"
           "acc_oracle_over_contexts,best_context,acc_best_context,mean_entropy_in_group_nats,"
           "mean_entropy_over_contexts_nats,distinct_answers_per_group,"
           "distinct_answers_per_question,cross_context_agreement").split(",")
UTILITIES = ["expected_reward", "shannon_entropy", "gini", "tsallis3", "log_likelihood",
             "pass_at_k", "coherence_arithmetic", "coherence_geometric", "coherence_euclidean",
             "pairwise_kl", "pairwise_euclidean"]


def group(question, context, answers, gold="1", **more):
    return dict({"question_id": question, "context_id": context, "prompt": None, "gold": gold,
                 "samples": [{"text": None, "answer": a} for a in answers]}, **more)


def agrees(value, printed):
    """Whether a number prints as it stands in the table (half a unit of its last digit, ties)."""
    if printed == "":
        return value is None
    if not isinstance(value, (int, float)):
        return str(value) == printed
    decimals = len(printed.partition(".")[2])
    return abs(value - float(printed)) <= 0.5000001 * 10 ** -decimals


class Rewards(Case):
    def write(self, *groups):
        path = self.folder / "rollouts.jsonl"
        path.write_text("".join(
            (g if isinstance(g, str) else json.dumps(g)) + "\n" for g in groups))
        return path

    def rewarded(self, path, *arguments):
        """[(reward, advantage), ...] of each group."""
        out = self.folder / "out.jsonl"
        self.ok("rewards", path, "--out", out, "--quiet", *arguments)
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        return [[(s["reward"], s["advantage"]) for s in line["samples"]] for line in lines]

    def assertRewards(self, found, wanted):
        self.assertEqual([len(g) for g in found], [len(g) for g in wanted])
        for group_found, group_wanted in zip(found, wanted):
            for (reward, _), value in zip(group_found, group_wanted):
                if value is None:
                    self.assertIsNone(reward)
                else:
                    self.assertAlmostEqual(reward, value, delta=1e-13)

    def test_statistics_of_every_file(self):
        with open(self.data("rollouts", "stats.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertGreater(len(rows), 0)
        for number, row in enumerate(rows):
            utility = ["coherence", "shannon", "log-likelihood"][number % 3]
            with self.subTest(file=row["file"], utility=utility):
                found = self.json("rewards", self.data("rollouts", row["file"]), "--utility",
                                  utility)
                for column in COLUMNS:
                    self.assertIn(column, found)
                    self.assertTrue(agrees(found[column], row[column]),
                                    f"{column}: {found[column]} is not {row[column]}")

    def test_three_utilities_on_every_file(self):
        with open(self.data("rollouts", "stats.csv"), newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for utility in ["coherence", "shannon", "log-likelihood"]:
                with self.subTest(file=row["file"], utility=utility):
                    found = self.json("rewards", self.data("rollouts", row["file"]), "--utility",
                                      utility, "--estimator", "leave-one-out")
                    self.assertEqual(found["groups"], int(row["groups"]))
                    self.assertEqual(found["unscored_samples"],
                                     0 if utility == "log-likelihood" else
                                     found["missing_answers"])

    def test_shannon_and_gini_by_definition(self):
        path = self.write(group("q", "x", ["1", "1", "2", None]), group("q", "y", ["3"]))
        self.assertRewards(self.rewarded(path, "--utility", "shannon"),
                           [[-math.log(2 / 3), -math.log(2 / 3), -math.log(1 / 3), None], [0]])
        self.assertRewards(self.rewarded(path, "--utility", "gini", "--weight", "3"),
                           [[-4, -4, -2, None], [-6]])
        self.assertRewards(
            self.rewarded(path, "--utility", "gini", "--estimator", "leave-one-out")[:1],
            [[-1, -1, 0, None]])

    def test_advantages(self):
        path = self.write(group("q", "x", ["1", "2", "2", "2"]))
        for convention, wanted in [("trl-none", [0.75, -0.25]), ("rloo", [1, -1 / 3]),
                                   ("trl-group", [0.75 / 0.5001, -0.25 / 0.5001])]:
            [[first, second, *_]] = self.rewarded(path, "--utility", "expected-reward",
                                                  "--advantage", convention)
            self.assertAlmostEqual(first[1], wanted[0], delta=1e-12, msg=convention)
            self.assertAlmostEqual(second[1], wanted[1], delta=1e-12, msg=convention)

    def test_log_likelihood_and_pass_at_k_by_definition(self):
        path = self.write(group("q", "x", ["1", "1.0", "2", None]),
                          group("q", "y", ["2", "2"], gold=None))
        self.assertRewards(self.rewarded(path, "--utility", "log_likelihood"),
                           [[2, 2, 0, 0], [None, None]])
        self.assertRewards(self.rewarded(path, "--utility", "pass_at_k", "--k", "3"),
                           [[3 / 4, 3 / 4, 0, 0], [None, None]])

    def test_coherence_by_definition(self):
        path = self.write(group("q", "x", ["1", "1", "2", "2"]), group("q", "y", ["1", "1"]),
                          group("r", "x", ["5"]))
        self.assertRewards(self.rewarded(path, "--utility", "coherence"),
                           [[math.log(0.75 / 0.5)] * 2 + [math.log(0.25 / 0.5)] * 2,
                            [math.log(0.75)] * 2, [0]])
        self.assertRewards(self.rewarded(path, "--utility", "coherence-euclidean"),
                           [[0.25, 0.25, -0.25, -0.25], [-0.25, -0.25], [0]])

    def test_samples_keep_their_other_fields(self):
        line = ('{"note": [1.50, "é"], "question_id": "q", "context_id": "x", "prompt": null, '
                '"gold": "1", "samples": [{"text": "t\\n", "answer": "1", "logprob": -1.0, '
                '"mine": 1e2}]}')
        self.ok("rewards", self.write(line), "--utility", "gini", "--out", "out.jsonl",
                cwd=self.folder)
        self.assertEqual((self.folder / "out.jsonl").read_text(),
                         line[:-3] + ', "reward": -2, "advantage": 0}]}\n')

    def test_summary(self):
        path = self.write(group("q", "x", ["1", "2", None]), group("q", "y", ["1"]),
                          group("q", "z", [None, None]), group("q", "y", ["2", "2"]))
        found = self.json("rewards", path, "--utility", "shannon")
        self.assertEqual(found["file"], "rollouts.jsonl")
        self.assertEqual(found["samples"], 8)
        self.assertEqual(found["missing_answers"], 3)
        self.assertEqual(found["singleton_groups"], 1)
        self.assertEqual(found["unanswered_groups"], 1)
        self.assertEqual(found["duplicate_groups"], 1)
        self.assertEqual(found["unanimous_groups"], 1)
        self.assertEqual(found["dead_groups"], 2)
        self.assertAlmostEqual(found["acc_random_sample"], (1 / 3 + 1 + 0 + 0) / 4)
        text = self.ok("rewards", path, "--utility", "shannon").out
        for words in ["accuracy of a sample", "accuracy of the consensus", "dead groups",
                      "singleton groups"]:
            self.assertIn(words, text)

    def test_exact(self):
        path = self.write(group("q", "x", ["0.5", "1/2"], gold=".50"))
        self.assertEqual(self.json("rewards", path, "--utility", "gini")["acc_random_sample"], 1)
        self.assertEqual(self.json("rewards", path, "--utility", "gini",
                                   "--exact")["acc_random_sample"], 0)

    def test_every_utility_runs(self):
        path = self.write(group("q", "x", ["1", "2"]), group("q", "y", ["1", "1"]))
        for utility in UTILITIES:
            found = self.json("rewards", path, "--utility", utility)
            self.assertEqual(found["utility"], utility)
            self.assertIsInstance(found["mean_reward"], float)

    def test_refusals(self):
        good = self.write(group("q", "x", ["1", "2"]))
        for words, says in [
                (["--utility", "greed"], "greed"), ([], "--utility"),
                (["--utility", "gini", "--advantage", "ppo"], "ppo"),
                (["--utility", "gini", "--advantage", "opo"], "lengths"),
                (["--utility", "gini", "--estimator", "magic"], "magic"),
                (["--utility", "gini", "--estimator", "minimax"], "minimax"),
                (["--utility", "coherence", "--estimator", "aqp"], "aqp"),
                (["--utility", "coherence-geometric", "--smoothing", "0"], "smoothing"),
                (["--utility", "gini", "--weight", "0"], "weight"),
                (["--utility", "pass_at_k", "--k", "0"], "--k"),
                (["--utility", "gini", "--json", "no/such/folder.json"], "no/such/folder.json"),
                (["--utility", "gini", "--out", "no/such/folder.jsonl"], "no/such/folder.jsonl"),
        ]:
            with self.subTest(words=words):
                self.refused("rewards", good, *words, says=says)
        self.refused("rewards", "missing.jsonl", "--utility", "gini", says="missing.jsonl")
        # One output cannot be written: neither is.
        self.refused("rewards", good, "--utility", "gini", "--out", "out.jsonl", "--json",
                     "no/such/folder.json")
        self.refused("rewards", good, "--utility", "gini", "--json", "out.json", "--out",
                     "no/such/folder.jsonl")
        self.assertEqual([p.name for p in self.folder.iterdir()], ["rollouts.jsonl"])

    def test_malformed_files(self):
        with open(self.data("malformed", "manifest.csv"), newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["kind"] == "jsonl"]
        self.assertGreater(len(rows), 0)
        for row in rows:
            for utility in ["coherence", "shannon", "log-likelihood"]:
                with self.subTest(file=row["file"], utility=utility):
                    path = self.data("malformed", *row["file"].split("/"))
                    result = dag("rewards", path, "--utility", utility, "--out", "out.jsonl",
                                 "--json", "out.json", megabytes=200, timeout=20, cwd=self.folder)
                    self.assertIn(result.code, (0, 2) if row["expect"] == "no_crash" else (2,),
                                  str(result))
                    self.assertLess(result.seconds, 1.0, str(result))
                    self.assertNotIn("Sanitizer", result.err, str(result))
                    if result.code == 2:
                        self.assertRegex(result.err, r"\.jsonl:\d+")
                        self.assertNoFiles()
                    else:
                        json.loads((self.folder / "out.json").read_text())
                        for name in ["out.json", "out.jsonl"]:
                            (self.folder / name).unlink()


if __name__ == "__main__":
    main()
