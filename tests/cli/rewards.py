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
UTILITIES = ["expected_reward", "shannon_entropy", "gini", "tsallis3", "tsallis", "log_likelihood",
             "pass_at_k", "reverse_kl", "forward_kl", "chi_square", "jensen_shannon",
             "coherence_arithmetic", "coherence_geometric", "coherence_euclidean",
             "frozen_arithmetic", "frozen_geometric", "frozen_euclidean", "pairwise_kl",
             "pairwise_euclidean"]


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

    def test_divergences_by_definition(self):
        path = self.write(group("q", "x", ["1", "1", "2", None]), group("q", "y", ["3"]))
        target = self.folder / "target.jsonl"
        target.write_text('{"question_id": "r", "target": {"1": 1}}\n'
                          '{"question_id": "q", "target": {"1": 3, "1.0": 1, "2": 2, "9": 2, '
                          '"3": 2}}\n')
        with_target = ["--target", target]
        log = math.log
        for utility, more, wanted in [
                ("reverse_kl", [], [log(1 / 3) - log(2 / 3)] * 2 + [0]),
                ("reverse_kl", with_target, [log(0.4) - log(2 / 3)] * 2 + [log(0.2) - log(1 / 3)]),
                ("forward_kl", with_target, [0.4 / (2 / 3)] * 2 + [0.2 / (1 / 3)]),
                ("chi2", with_target, [-2 * 2 / 3 / 0.4] * 2 + [-2 / 3 / 0.2]),
                ("chi2", with_target + ["--estimator", "u-statistic"],
                 [-2 * 0.5 / 0.4] * 2 + [0]),
                ("js", with_target, [log((2 / 3 + 0.4) / 2 / (2 / 3)) / 2] * 2 +
                 [log((1 / 3 + 0.2) / 2 / (1 / 3)) / 2])]:
            with self.subTest(utility=utility, more=more):
                found = self.rewarded(path, "--utility", utility, *more)
                self.assertRewards(found[:1], [wanted + [None]])
        target.write_text('{"question_id": "q", "target": {"1": 1}}\n')
        self.refused("rewards", path, "--utility", "reverse-kl", "--target", target, says="'2'")
        for broken, says in [('{"question_id": "q"}', ":1"),
                             ('{"question_id": "q", "target": {"1": -1}}', "'1'"),
                             ('{"question_id": "q", "target": {}}', "positive sum"),
                             ('{"question_id": "r", "target": {"1": 1}}', "'q'"),
                             ('{"question_id": "q", "target": {"1": 1}}\n' * 2, "two targets")]:
            target.write_text(broken.rstrip("\n") + "\n")
            self.refused("rewards", path, "--utility", "reverse-kl", "--target", target, says=says)

    def test_frozen_consensus_by_definition(self):
        path = self.write(group("q", "x", ["1", "1", "2", "5"]))
        reference = self.folder / "reference.jsonl"
        reference.write_text("".join(json.dumps(g) + "\n" for g in [
            group("q", "a", ["1", "3"]), group("q", "b", ["1.0", "1", "2"])]))
        frozen = ["--reference", reference, "--smoothing", "0.5"]
        q = {"1": (1.5 / 3.5 + 2.5 / 4.5) / 2, "2": (0.5 / 3.5 + 1.5 / 4.5) / 2,
             "5": (0.5 / 3.5 + 0.5 / 4.5) / 2}
        nu = {"1": 0.5, "2": 0.25, "5": 0.25}
        self.assertRewards(self.rewarded(path, "--utility", "frozen-arithmetic", *frozen),
                           [[math.log(q[z] / nu[z]) for z in ["1", "1", "2", "5"]]])
        self.assertRewards(self.rewarded(path, "--utility", "frozen-euclidean", "--reference",
                                         reference, "--estimator", "u-statistic"),
                           [[(1 / 2 + 2 / 3) / 2 - 1 / 3] * 2 + [1 / 6, 0]])
        roots = {z: math.sqrt(a / 3.5 * b / 4.5) for z, a, b in [
            ("1", 1.5, 2.5), ("2", 0.5, 1.5), ("3", 1.5, 0.5), ("5", 0.5, 0.5)]}
        total = roots["1"] + roots["2"] + roots["3"]
        self.assertRewards(self.rewarded(path, "--utility", "frozen-geometric", *frozen),
                           [[roots[z] / total / nu[z] for z in ["1", "1", "2", "5"]]])
        reference.write_text(json.dumps(group("r", "a", ["1"])) + "\n")
        self.refused("rewards", path, "--utility", "frozen-arithmetic", *frozen, says="'q'")

    def test_tables_of_pools(self):
        path = self.write(group("q", "x", ["1", "1", "2", None]), group("q", "y", ["1", "2"]),
                          group("q", "z", ["2"]))
        # The Euclidean pool without bias; a context of one answered sample has no reward.
        self.assertRewards(
            self.rewarded(path, "--utility", "coherence-euclidean", "--estimator", "u-statistic"),
            [[(1 / 2 + 1 / 2 + 0) / 3 - 1 / 2] * 2 + [(0 + 1 / 2 + 1) / 3 - 0, None],
             [(2 / 3 + 0 + 0) / 3 - 0, (1 / 3 + 0 + 1) / 3 - 0], [None]])
        # Geometric power tables: only answer 2 is common to all contexts.
        mass = (1 / 3 * 1 / 2 * 1) ** (1 / 3)
        self.assertRewards(
            self.rewarded(path, "--utility", "coherence-geometric", "--smoothing", "0"),
            [[0, 0, 3, None], [0, 2], [1]])
        self.assertGreater(mass, 0)
        for estimator in ["digamma", "minimax", "aqp", "u-statistic"]:
            found = self.json("rewards", path, "--utility", "coherence", "--estimator", estimator)
            self.assertEqual(found["unscored_samples"], 1)
        found = self.json("rewards", path, "--utility", "coherence-geometric", "--estimator",
                          "minimax")
        self.assertEqual(found["estimator"], "minimax")

    def test_answers_from_texts(self):
        lines = [{"question_id": "q", "context_id": "x", "prompt": None, "gold": "1/2", "samples": [
            {"text": "so \\boxed{\\frac12}."}, {"text": "answer is 0.5", "answer": None},
            {"text": "I cannot say"}, {"text": "4", "answer": "0.50"}]}]
        path = self.write(*lines)
        self.refused("rewards", path, "--utility", "gini", says='answer" is missing')
        found = self.json("rewards", path, "--utility", "gini", "--extract", "boxed,answer-is",
                          "--out", "out.jsonl", cwd=self.folder)
        self.assertEqual(found["extraction"], {"found": 2, "no_text": 0, "no_marker": 1,
                                               "unclosed": 0, "empty": 0})
        self.assertEqual(found["acc_random_sample"], 0.75)
        written = json.loads((self.folder / "out.jsonl").read_text())["samples"]
        self.assertEqual([s.get("answer") for s in written], ["1/2", "0.5", None, "0.50"])
        self.assertEqual([s["reward"] for s in written], [-2, -2, None, -2])

    def test_equilibria_of_the_estimated_game(self):
        path = self.write(group("q", "x", ["1", "1", "2"]), group("q", "y", ["1", "1", "1"]),
                          group("q", "z", ["2", "2", None]), group("q", "w", [None]))
        for pool in ["arithmetic", "geometric", "euclidean"]:
            found = self.json("rewards", path, "--utility", "coherence-" + pool, "--betas",
                              "1e6,0.001", "--smoothing", "0.25")
            far, near = found["equilibrium"]
            self.assertEqual(far["pool"], pool)
            self.assertEqual(far["unconverged"] + near["unconverged"], 0)
            self.assertLess(near["worst_residual"], 1e-9)
            # Held to the reference: the majority of each group. Let go: all agree on 1.
            self.assertEqual(far["acc_greedy"], found["acc_majority_in_group"])
            self.assertEqual(near["acc_greedy"], 0.75)
            self.assertAlmostEqual(far["acc_sampled"], (
                2.25 / 3.5 + 3.25 / 3.5 + 0.25 / 2.5 * 2 / 3 + 0) / 4, delta=1e-5)
            self.assertEqual(near["acc_consensus"], 1)
            self.assertLess(far["mean_residual_of_rollouts"], 1e-5)
            self.assertGreater(near["mean_gain"], 0)

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
            more = ["--reference", path] if utility.startswith("frozen") else []
            found = self.json("rewards", path, "--utility", utility, *more)
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
                (["--utility", "pairwise-kl", "--estimator", "aqp"], "aqp"),
                (["--utility", "coherence-geometric", "--estimator", "aqp"], "aqp"),
                (["--utility", "coherence-euclidean", "--estimator", "digamma"], "digamma"),
                (["--utility", "jensen-shannon", "--estimator", "leave-one-out"], "plug-in"),
                (["--utility", "coherence-geometric", "--estimator", "leave-one-out",
                  "--smoothing", "0"], "smoothing"),
                (["--utility", "coherence-geometric", "--estimator", "minimax",
                  "--smoothing", "0.1"], "smoothing"),
                (["--utility", "frozen-arithmetic"], "--reference"),
                (["--utility", "frozen-arithmetic", "--reference", "absent.jsonl"], "absent.jsonl"),
                (["--utility", "reverse-kl", "--target", "absent.jsonl"], "absent.jsonl"),
                (["--utility", "tsallis", "--order", "1"], "--order"),
                (["--utility", "gini", "--betas", "0.1,zero"], "zero"),
                (["--utility", "gini", "--betas", "0"], "--betas"),
                (["--utility", "gini", "--extract", "boxes"], "boxes"),
                (["--utility", "gini", "--extract", "regex:("], "regular expression"),
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
