# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag rewards: statistics of real files, rewards recomputed here from their definitions, what is
written, refusals."""

import csv
import json
import math
import statistics

from support import Case, dag, main

COLUMNS = ("file,bytes,questions,contexts,groups,contexts_per_question,samples_per_group_min,"
           "samples_per_group_mean,samples_per_group_max,null_answer_rate,acc_random_sample,"
           "acc_majority_in_group,acc_majority_over_contexts,acc_oracle_in_group,"
           "acc_oracle_over_contexts,best_context,acc_best_context,mean_entropy_in_group_nats,"
           "mean_entropy_over_contexts_nats,distinct_answers_per_group,"
           "distinct_answers_per_question,cross_context_agreement").split(",")
UTILITIES = ["expected_reward", "shannon_entropy", "gini", "tsallis3", "tsallis", "log_likelihood",
             "pass_at_k", "reverse_kl", "forward_kl", "chi_square", "jensen_shannon", "log_barrier",
             "alpha", "mmd", "transport", "robust_reward", "moment_constraints", "soft_constraint",
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
                                  utility, "--allow-singletons", "--exact")
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
                                      utility, "--estimator", "leave-one-out",
                                      "--allow-singletons")
                    self.assertEqual(found["groups"], int(row["groups"]))
                    # A missing answer may have a verdict of its own.
                    least = 0 if utility == "log-likelihood" else found["missing_answers"]
                    self.assertIn(found["unscored_samples"],
                                  range(least, found["missing_answers"] + 1))

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
                           [[2, 2, 0, None], [None, None]])
        self.assertRewards(self.rewarded(path, "--utility", "log_likelihood", "--missing", "wrong"),
                           [[2, 2, 0, 0], [None, None]])
        self.assertRewards(self.rewarded(path, "--utility", "pass_at_k", "--k", "3"),
                           [[3 / 4, 3 / 4, 0, None], [None, None]])

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

    def test_alpha_and_log_barrier_by_definition(self):
        path = self.write(group("q", "x", ["1", "1", "2", None]), group("q", "y", ["3"]))
        target = self.folder / "target.jsonl"
        target.write_text('{"question_id": "q", "target": {"1": 4, "2": 2, "3": 4}}\n')
        more = ["--target", target]
        for order in [-1, 0, 0.5, 1, 2, 3.5]:
            def reward(nu, p):
                t = nu / p
                return -math.log(t) if order == 1 else (1 - t ** (order - 1)) / (order - 1)
            wanted = [reward(2 / 3, 0.4)] * 2 + [reward(1 / 3, 0.2)]
            with self.subTest(order=order):
                found = self.rewarded(path, "--utility", "alpha", "--order", order, "--weight", 2,
                                      *more)
                self.assertRewards(found[:1], [[2 * r for r in wanted] + [None]])
        # nu^2 without bias: k (k - 1) / (m (m - 1)) of the m = 2 others.
        path = self.write(group("q", "x", ["1", "1", "1"]))
        self.assertRewards(
            self.rewarded(path, "--utility", "alpha", "--order", 3, "--estimator", "u-statistic",
                          *more), [[(1 - 1 / 0.4 ** 2) / 2] * 3])
        self.assertRewards(
            self.rewarded(path, "--utility", "alpha", "--order", 2, "--estimator", "leave-one-out",
                          *more), [[1 - 1 / 0.4] * 3])
        path = self.write(group("q", "x", ["1", "1", "2", None]))
        self.assertRewards(self.rewarded(path, "--utility", "log-barrier"), [[1.5, 1.5, 3, None]])

    def test_mmd_by_definition(self):
        path = self.write(group("q", "x", ["1", "1", "3", None]), group("q", "y", ["3"]))
        target = self.folder / "target.jsonl"
        target.write_text('{"question_id": "q", "target": {"1": 1, "7": 3}}\n')
        more = ["--utility", "mmd", "--target", target]
        # Answers 1, 3 and 7 (which nobody gave but the target has): p = (1/4, 0, 3/4).
        excess = [2 / 3 - 1 / 4, 1 / 3, -3 / 4]
        self.assertRewards(self.rewarded(path, *more)[:1], [[-excess[0]] * 2 + [-excess[1], None]])
        near = [[math.exp(-abs(a - b) / 2) for b in (1, 3, 7)] for a in (1, 3, 7)]
        self.assertRewards(
            self.rewarded(path, *more, "--ground", "number:2")[:1],
            [[-sum(k * e for k, e in zip(near[i], excess)) for i in (0, 0, 1)] + [None]])
        pairs = self.folder / "pairs.jsonl"
        pairs.write_text('{"question_id": "q", "pairs": [["1.0", "7", 0.5], ["3", "3", 2], '
                         '["1", "8", 9]]}\n{"question_id": "r", "pairs": []}\n')
        kernel = [[1, 0, 0.5], [0, 2, 0], [0.5, 0, 1]]
        self.assertRewards(
            self.rewarded(path, *more, "--ground", pairs)[:1],
            [[-sum(k * e for k, e in zip(kernel[i], excess)) for i in (0, 0, 1)] + [None]])
        # The others of a sample: (1, 3) or (1, 1); alone in its group it has none.
        self.assertRewards(self.rewarded(path, *more, "--estimator", "leave-one-out"),
                           [[-(1 / 2 - 1 / 4)] * 2 + [0, None], [None]])
        self.assertRewards(
            self.rewarded(path, *more, "--smoothing", 1, "--estimator", "leave-one-out")[1:],
            [[-1 / 3]])
        for broken, says in [
                ('{"question_id": "q"}', ":1: a line must be"),
                ('{"question_id": "q", "pairs": {}}', "pairs (an array)"),
                ('{"question_id": "q", "pairs": [["1", 3]]}', ':1: a pair must be [answer'),
                ('{"question_id": "q", "pairs": [["1", "3", "x"]]}', 'got "x"'),
                ('{"question_id": "q", "pairs": [["1", "3", 0], ["3", "1", 1]]}', "before as 0"),
                ('{"question_id": "q", "pairs": []}\n{"question_id": "q", "pairs": []}', ":2:"),
                ('{"question_id": "q", "pairs": [["1", "3", 9]]}', "positive semidefinite")]:
            pairs.write_text(broken + "\n")
            self.refused("rewards", path, *more, "--ground", pairs, says=says)
        path = self.write(group("q", "x", ["blue", "3"]))
        self.refused("rewards", path, *more, "--ground", "number", says="blue")

    def test_transport_by_definition(self):
        path = self.write(group("q", "x", ["1", "1", "3"]), group("q", "y", ["2"]))
        epsilon, p, values = 0.5, [1 / 3] * 3, [1, 3, 2]

        def potentials(nu):  # of the answers 1, 3, 2, by Sinkhorn's algorithm
            def soft(answer, other, weights):
                return -epsilon * math.log(sum(
                    w * math.exp((u - abs(answer - b)) / epsilon)
                    for u, b, w in zip(other, values, weights)))
            f = [0] * 3
            for _ in range(2000):
                g = [soft(a, f, nu) for a in values]
                f = [soft(a, g, p) for a in values]
            return f
        arguments = ["--utility", "sinkhorn", "--ground", "number", "--epsilon", epsilon]
        # Up to the constant that potentials have: what the rewards of a group differ by.
        [[first, _, last], _] = self.rewarded(path, *arguments)
        f = potentials([2 / 3, 1 / 3, 0])
        self.assertAlmostEqual(first[0] - last[0], f[1] - f[0], delta=1e-9)
        # Left out, a 1 leaves (1/2, 1/2, 0), the 3 leaves (1, 0, 0); f starts from 0 both times.
        [[first, _, last], _] = self.rewarded(path, *arguments, "--estimator", "leave-one-out")
        self.assertAlmostEqual(first[0], -potentials([1 / 2, 1 / 2, 0])[0], delta=1e-9)
        self.assertAlmostEqual(last[0], -potentials([1, 0, 0])[1], delta=1e-9)

    def values(self, *lines):
        path = self.folder / "values.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    def test_rewards_from_values(self):
        path = self.write(group("q", "x", ["1", "1.0", "2", None]), group("q", "y", ["2"]),
                          group("r", "x", ["5"]))
        values = self.values({"question_id": "q", "values": {"1": [1, 0.5], "2.0": [0, 4]}},
                             {"question_id": "r", "values": {}, "default": [3, -2]},
                             {"question_id": "q", "context_id": "y", "values": {"2": [1, 1]}},
                             {"question_id": "other", "values": {"1": [7, 7]}})
        more = ["--values", values]
        # Means over groups: (2/3 + 1 + 3) / 3 and (5/3 + 1 - 2) / 3, so that the second is worst.
        self.assertRewards(self.rewarded(path, "--utility", "robust", *more),
                           [[0.5, 0.5, 4, None], [1], [-2]])
        found = self.json("rewards", path, "--utility", "robust_reward", *more)
        self.assertEqual(found["target_strategy"], [0, 1])
        for mean, wanted in zip(found["value_means"], [14 / 9, 2 / 9]):
            self.assertAlmostEqual(mean, wanted, delta=1e-15)
        self.assertRewards(
            self.rewarded(path, "--utility", "robust", "--mixture", "0.25,0.75", *more),
            [[0.625, 0.625, 3, None], [1], [-0.75]])
        self.assertRewards(
            self.rewarded(path, "--utility", "moment-constraints", "--multipliers", "2,-1", *more),
            [[-1.5, -1.5, 4, None], [-1], [-8]])
        # Penalties: 14/9 is beyond 1 by 5/9; 2/9 is below 0.5 by 5/18.
        found = self.json("rewards", path, "--utility", "moment_constraints", "--bounds",
                          "1,>=0.5", "--penalty", "18", *more)
        for multiplier, wanted in zip(found["target_strategy"], [10, 5]):
            self.assertAlmostEqual(multiplier, wanted, delta=1e-12)
        self.assertRewards(
            self.rewarded(path, "--utility", "moment_constraints", "--bounds", "1,>=0.5",
                          "--penalty", "18", *more),
            [[-7.5, -7.5, 20, None], [-5], [-40]])
        self.assertRewards(
            self.rewarded(path, "--utility", "moment_constraints", "--bounds", "2,=0",
                          "--penalty", "9", *more), [[-1, -1, -8, None], [-2], [4]])
        values = self.values({"question_id": "q", "values": {"1": 1, "2": 0.25}, "default": 0},
                             {"question_id": "r", "values": {"5": -1}})
        self.assertRewards(self.rewarded(path, "--utility", "expected-reward", "--weight", "2",
                                         "--values", values),
                           [[2, 2, 0.5, None], [0.5], [-2]])

    def test_sums_of_utilities(self):
        path = self.write(group("q", "x", ["1", "1", "2", None]), group("q", "y", ["2", "2"]))
        values = self.values({"question_id": "q", "values": {"1": 1, "2": 0}})
        words = ["--values", values, "--multipliers", "5", "--advantage", "rloo"]
        parts = [self.rewarded(path, "--utility", *part) for part in [
            ["coherence"], ["gini", "--weight", "0.5"],
            ["moment_constraints", "--weight", "2", "--values", values, "--multipliers", "5"]]]
        found = self.rewarded(path, "--utility", "coherence+0.5*gini+2*moment-constraints", *words)
        for g, samples in enumerate(found):
            rewards = [r for r, _ in samples if r is not None]
            for i, (reward, advantage) in enumerate(samples):
                if reward is None:
                    self.assertEqual(advantage, 0)
                    continue
                self.assertAlmostEqual(reward, sum(p[g][i][0] for p in parts), delta=1e-13)
                others = (sum(rewards) - reward) / (len(rewards) - 1)
                self.assertAlmostEqual(advantage, reward - others, delta=1e-13)
        self.assertIsNone(found[0][3][0])
        summary = self.json("rewards", path, "--utility", "gini+2*coherence-geometric")
        self.assertEqual(summary["utility"], "gini+2*coherence-geometric")
        for words, says in [(["gini+"], "called ''"), (["gini+0*shannon"], "0*shannon"),
                            (["x*gini"], "'x'"), (["gini+greed"], "greed"),
                            (["gini+coherence-euclidean", "--estimator", "aqp"], "aqp")]:
            self.refused("rewards", path, "--utility", *words, says=says)

    def test_soft_constraint_by_definition(self):
        path = self.write(group("q", "x", ["bad", "bad", "good", "fair"]),
                          group("q", "y", ["good", "good"]))
        values = self.values({"question_id": "q", "values": {"bad": 1, "good": 0, "fair": 0.5}})
        more = ["--utility", "soft_constraint", "--values", values]
        # lambda of <f, q> = c: the root of sum nu (f - c) / (1 + lambda (f - c)).
        nu, f, c = [0.5, 0.25, 0.25], [1, 0, 0.5], 0.25
        low, high = 0.0, 1 / c
        for _ in range(200):
            middle = (low + high) / 2
            moment = sum(n * (x - c) / (1 + middle * (x - c)) for n, x in zip(nu, f))
            low, high = (middle, high) if moment > 0 else (low, middle)
        price = [-math.log1p(low * (x - c)) for x in f]
        [found, other] = self.rewarded(path, *more, "--bounds", "0.25", "--weight", "3")
        for (reward, _), wanted in zip(found, [price[0], price[0], price[1], price[2]]):
            self.assertAlmostEqual(reward, 3 * wanted, delta=1e-9)
        self.assertEqual([r for r, _ in other], [0, 0])  # holds already
        # The same constraint the other way round.
        mirrored = self.values({"question_id": "q", "values": {"bad": -1, "good": 0, "fair": -0.5}})
        [again, _] = self.rewarded(path, "--utility", "soft_constraint", "--values", mirrored,
                                   "--bounds", ">=-0.25", "--weight", "3")
        self.assertEqual(again, found)
        self.refused("rewards", path, *more, "--bounds", "-1", says="question 'q'")
        self.refused("rewards", path, *more, "--bounds", "=0.1", says="not =")
        self.refused("rewards", path, *more, "--bounds", "0.1,0.2", says="2 entries")

    def test_refused_values(self):
        path = self.write(group("q", "x", ["1", "2"]))
        more = ["--utility", "robust", "--values"]
        for lines, says in [
                ([{"question_id": "q", "values": {"1": 1}}], "answer '2' of question 'q'"),
                ([{"question_id": "q", "values": {"1": 1, "2": [1, 2]}}], ":1: the value of '2'"),
                ([{"question_id": "q", "values": {"1": "x"}}], ":1: the value of '1'"),
                ([{"question_id": "q", "values": {"1": 1, "1.0": 1}}], "two values"),
                ([{"question_id": "q", "values": [1]}], ":1: a line must be"),
                ([{"question_id": "q", "values": {}, "default": []}], "'default' has 0 numbers"),
                ([{"question_id": "q", "context_id": 1, "values": {}}], "context_id"),
                ([{"question_id": "q", "values": {"1": 1}}] * 2, ":2: question 'q' has two lines"),
                ([{"question_id": "q", "values": {}}], "not one value"), ([], "not one value")]:
            with self.subTest(says=says):
                self.refused("rewards", path, *more, self.values(*lines), says=says)
        (self.folder / "values.jsonl").write_text('{"question_id": "q", "values": {"1": NaN}}\n')
        self.refused("rewards", path, *more, self.folder / "values.jsonl", says="values.jsonl:1:")
        good = self.values({"question_id": "q", "values": {}, "default": [0, 1]})
        for words, says in [
                (["robust"], "--values"), (["gini", "--values", good], "--values"),
                (["robust", "--values", good, "--mixture", "1"], "1 entry"),
                (["robust", "--values", good, "--mixture", "0.5,0.6"], "sum to 1"),
                (["robust", "--values", good, "--mixture", "-1,2"], "-1"),
                (["robust", "--values", good, "--mixture", "0.5,a"], "'a'"),
                (["robust", "--values", good, "--estimator", "aqp"], "linear"),
                (["expected_reward", "--values", good], "2 numbers"),
                (["moment_constraints", "--values", good], "--multipliers or --bounds"),
                (["moment_constraints", "--values", good, "--bounds", "1,1"], "--penalty"),
                (["moment_constraints", "--values", good, "--bounds", "1,<1", "--penalty", "1"],
                 "'<1'"),
                (["moment_constraints", "--values", good, "--multipliers", "1"], "1 entry"),
                (["soft_constraint", "--values", good], "--bounds"),
                (["mmd", "--estimator", "digamma"], "leave-one-out"),
                (["mmd", "--ground", "number:0"], "scale"), (["mmd", "--ground", "none"], "none"),
                (["transport", "--epsilon", "0"], "--epsilon"),
                (["alpha", "--estimator", "u-statistic"], "order 0.5"),
                (["alpha", "--order", "2.5", "--estimator", "u-statistic"], "integer"),
                (["gini", "--bounds", "1"], "--bounds"), (["gini", "--penalty", "1"], "--penalty")]:
            with self.subTest(words=words):
                self.refused("rewards", path, "--utility", *words, says=says)

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
                                               "unclosed": 0, "empty": 0, "unfinished": 0,
                                               "fragment": 0})
        self.assertEqual(found["acc_random_sample"], 0.75)
        written = json.loads((self.folder / "out.jsonl").read_text())["samples"]
        self.assertEqual([s.get("answer") for s in written], ["\\frac12", "0.5", None, "0.50"])
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
            if utility in ["robust_reward", "moment_constraints", "soft_constraint"]:
                more = ["--values", self.values({"question_id": "q", "values": {"1": 1, "2": 0}})]
            if utility.endswith("constraint") or utility.endswith("constraints"):
                more += ["--bounds", "0.5"] + (["--penalty", "1"] if utility[-1] == "s" else [])
            found = self.json("rewards", path, "--utility", utility, *more)
            self.assertEqual(found["utility"], utility)
            self.assertIsInstance(found["mean_reward"], float)

    def test_verdict(self):
        path = self.write(group("q", "x", ["1", "1", "2"]), group("r", "x", ["1", "1"]),
                          group("s", "x", ["2", "2", "2", "1"]), group("t", "x", [None]))
        found = self.json("rewards", path, "--verdict")
        self.assertEqual(found["utility"], "collision")
        verdict = found["verdict"]
        self.assertEqual([q["question_id"] for q in verdict["questions"]], ["q", "r", "s"])
        self.assertEqual([q["right"] for q in verdict["questions"]], [1, 1, 0])
        self.assertEqual(verdict["questions"][1]["lock_in"], 0)
        share = verdict["majority_right"]
        self.assertEqual((share["share"], share["questions"]), (0.5, 4))
        gain = verdict["vote_gain"]  # 1 - 2/3, 1 - 1, 0 - 1/4; "t" has no answer
        self.assertEqual([q["acc_sampled"] for q in verdict["questions"]], [2 / 3, 1, 1 / 4])
        self.assertAlmostEqual(gain["mean"], (1 / 3 + 0 - 1 / 4) / 3, delta=1e-15)
        spread = statistics.stdev([1 / 3, 0, -1 / 4]) / math.sqrt(3)
        self.assertAlmostEqual(gain["high"] - gain["mean"], 4.303 * spread, delta=1e-12)
        self.assertEqual(gain["questions"], 3)
        self.assertLess(share["low"], 0.2)
        self.assertGreater(share["high"], 0.8)
        # At margin m a pair (a, 1 - a) solves nu = a e^{2 m nu} / Z; the fold is 2 m nu = 1.
        for question, a in [(0, 2 / 3), (2, 3 / 4)]:
            m = verdict["questions"][question]["lock_in"]
            nu = 1 / (2 * m)
            up, down = a * math.exp(2 * m * nu), (1 - a) * math.exp(2 * m * (1 - nu))
            self.assertAlmostEqual(up / (up + down), nu, delta=1e-9)
        near = verdict["by_beta"][-1]
        self.assertEqual(near["margin"], 10)
        self.assertEqual((near["acc_greedy"], near["locked_in"]), (0.5, 3))
        self.assertAlmostEqual(near["acc_sampled"], 0.5, delta=1e-3)
        far = self.json("rewards", path, "--verdict", "--betas", "1e6", "--utility", "gini")
        self.assertEqual(far["utility"], "gini")
        [at] = far["verdict"]["by_beta"]
        self.assertAlmostEqual(at["acc_sampled"], (2 / 3 + 1 + 1 / 4 + 0) / 4, delta=1e-5)
        text = self.ok("rewards", path, "--verdict").out
        for words in ["locks in", "majority right: 0.5000", "least group"]:
            self.assertIn(words, text)
        # One sample in each of several contexts is company enough; questions of one sample are not.
        rows = [group(q, x, [z]) for q in "qrst" for x, z in [("x", "1"), ("y", "1"), ("z", "2")]]
        found = self.json("rewards", self.write(*rows), "--verdict")
        self.assertEqual([q["share"] for q in found["verdict"]["questions"]], [2 / 3] * 4)
        self.refused("rewards", self.write(*rows), "--utility", "gini", says="one sample")
        self.refused("rewards", self.write(*rows[::3]), "--verdict", says="one sample")
        path = self.write(group("q", "x", ["1", "2"], gold=None))
        self.assertIsNone(self.json("rewards", path, "--verdict")["verdict"]["majority_right"])

    def test_every_utility_of_the_list_and_its_weight(self):
        path = self.write(group("q", "x", ["1", "2", "1", "1", "2"]),
                          group("q", "y", ["1", "1", "2"]),
                          group("r", "x", ["3", "2", "1", "1", "3"], gold=["1", "3"]))
        values = self.values({"question_id": "q", "values": {"1": 1, "2": 0.25}},
                             {"question_id": "r", "values": {"1": 1, "2": 0.25, "3": 0.5}})
        for entry in self.json("utilities"):
            options = {f["option"] for f in entry["fields"]}
            more = ["--reference", path] if entry["name"].startswith("frozen") else []
            more += ["--values", values] if "--values" in options else []
            more += ["--bounds", "0.5"] if "--bounds" in options else []
            more += ["--penalty", "1"] if entry["name"] == "moment_constraints" else []
            for estimator in entry["estimators"]:
                if estimator != "plug-in" and "--values" in options and "--bounds" not in options:
                    continue  # linear in nu
                # A power needs an order that has a table.
                power = ["--order", "3"] if "--order" in options else []
                power += ["--k", "2"] if "--k" in options else []
                power += ["--terms", "2"] if "--terms" in options else []
                words = ["--utility", entry["name"], "--estimator", estimator] + power + more
                once = self.rewarded(path, *words)
                twice = self.rewarded(path, *words, "--weight", "2")
                self.assertRewards(twice, [[None if r is None else 2 * r for r, _ in g]
                                            for g in once])
                self.assertTrue(any(r for g in once for r, _ in g), words)
            for alias in entry["aliases"] + [entry["name"].replace("_", "-")]:
                self.json("rewards", path, "--utility", alias, *more)
            for option, value in [("--order", 3), ("--k", 2), ("--terms", 2), ("--event-q", 0.75),
                                  ("--epsilon", 0.3), ("--target", path),
                                  ("--values", values), ("--bounds", "1"), ("--ground", "number")]:
                if option not in options:
                    self.refused("rewards", path, "--utility", entry["name"], *more, option, value,
                                 says=option)

    def test_majorities_and_evenness_of_right_answers(self):
        path = self.write(group("q", "x", ["1", "1", "2", "3"]),
                          group("r", "x", ["1", "1", "1", "4", "2", None], gold=["1", "4"]))
        maj = ["--utility", "maj_at_k", "--estimator", "u-statistic", "--k", "3"]
        first, _ = self.rewarded(path, *maj)
        self.assertRewards([first], [[4 / 3, 4 / 3, -1 / 3, -1 / 3]])
        # At the frequencies k = 1 is the expected reward.
        plain = self.rewarded(path, "--utility", "maj_at_k", "--k", "1")
        self.assertRewards(plain, [[1, 1, 0, 0], [1, 1, 1, 1, 0, None]])
        even = self.rewarded(path, "--utility", "correct_uniformity", "--weight", "2")
        self.assertRewards(even, [[0] * 4, [2 * math.log(4 / 3)] * 3 + [2 * math.log(4), 0, None]])
        self.refused("rewards", path, *maj[:-1], "5", says="question 'q'")
        self.refused("rewards", path, *maj[:-1], "2.5", says="--k")
        self.refused("rewards", path, *maj[:-1], "65", says="--k")

    def test_shapings(self):
        path = self.write(group("q", "x", ["1", "1", "1", "4", "2", "2"], gold=["1", "4"]))
        base = ["--utility", "expected_reward", "--shaping"]
        self.assertRewards(self.rewarded(path, *base, "dra"), [[1 / 3] * 3 + [1, 0, 0]])
        # exp(-|a - b| / 3): of 1 and 4 1/e, of 1 and 2 exp(-1/3), of 4 and 2 exp(-2/3).
        near, far, mid = (math.exp(-d / 3) for d in (1, 3, 2))
        self.assertRewards(
            self.rewarded(path, *base, "dra", "--ground", "number:3"),
            [[1 / (3 + far + 2 * near)] * 3 + [1 / (1 + 3 * far + 2 * mid), 0, 0]])
        self.assertRewards(self.rewarded(path, *base, "gapo", "--weight", "2"),
                           [[1.5] * 3 + [2.5, -2, -2]])
        [rows] = self.rewarded(path, *base, "uniqueness:0.5")
        for (_, advantage), wanted in zip(rows, [3 ** -.5 / 3] * 3 + [1 / 3] + [-2 / 3 * .5 ** .5] * 2):
            self.assertAlmostEqual(advantage, wanted, delta=1e-14)
        [rows] = self.rewarded(path, *base, "ucpo:1", "--advantage", "raw")
        for (_, advantage), wanted in zip(rows, [2 / 3] * 3 + [2, 0, 0]):
            self.assertAlmostEqual(advantage, wanted, delta=1e-14)
        half, sixth, third = (math.log(share) / 10 for share in (1 / 2, 1 / 6, 1 / 3))
        self.assertRewards(self.rewarded(path, *base, "differential_smoothing"),
                           [[1 - half] * 3 + [1 - sixth, third, third]])
        self.assertEqual(self.json("rewards", path, *base, "ucpo")["shaping"], "ucpo")
        for words, says in [(["rare"], "uniqueness"), (["ucpo:2"], "tau"), (["dra:1"], "number"),
                            (["differential_smoothing:-1"], "s must be"), (["ucpo", "--ground", "number"], "--ground")]:
            self.refused("rewards", path, *base, *words, says=says)
        self.refused("rewards", path, "--utility", "gini", "--shaping", "gapo", says="gapo")
        self.refused("rewards", path, "--utility", "majority", "--shaping", "gapo", says="gapo")

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
