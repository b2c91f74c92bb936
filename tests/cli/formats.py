# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag rewards over files as people have them: rows of trainers, streams, gzip, bad lines, golds in
LaTeX, the sample's own reward, votes, missing answers."""

import fractions
import gzip
import json
import random
import subprocess

from support import PROGRAM, Case, main


class Formats(Case):
    def write(self, *lines, name="in.jsonl"):
        path = self.folder / name
        path.write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines))
        return path

    def rewarded(self, path, *arguments):
        out = self.folder / "out.jsonl"
        self.ok("rewards", path, "--out", out, "--quiet", *arguments)
        return [json.loads(line) for line in out.read_text().splitlines()]

    def test_one_sample_a_line(self):
        path = self.data("answers", "one_sample_a_line.jsonl")
        for utility in ["shannon", "coherence", "log-likelihood", "majority", "expected-reward"]:
            self.refused("rewards", path, "--utility", utility, says="--group-by")
        found = self.json("rewards", path, "--utility", "shannon", "--allow-singletons")
        self.assertEqual(found["singleton_groups"], 24)
        lines = [json.loads(x) for x in path.read_text().splitlines()]
        found = self.json("rewards", path, "--utility", "shannon", "--group-by", "question_id")
        self.assertEqual(found["groups"], len({x["question_id"] for x in lines}))
        self.assertEqual(found["singleton_groups"], 0)
        rewarded = self.rewarded(path, "--utility", "shannon", "--group-by", "question_id")
        self.assertEqual([x["question_id"] for x in rewarded], [x["question_id"] for x in lines])
        self.assertTrue(any(x["samples"][0]["advantage"] != 0 for x in rewarded))

    def test_rows_of_a_trainer(self):
        rows = [{"prompt": p, "completion": f"so \\boxed{{{a}}}", "solution": "1/2", "reward": r}
                for p, a, r in [("p", "0.5", 1), ("q", "3", 0), ("p", "2", 0.25),
                                ("q", "\\frac12", None)]]
        found = self.rewarded(self.write(*rows), "--format", "trl", "--extract", "boxed",
                              "--utility", "expected-reward")
        self.assertEqual([x["reward"] for x in found], [1, 0, 0, 1])
        self.assertEqual([x["advantage"] for x in found], [0.5, -0.5, -0.5, 0.5])
        found = self.rewarded(self.write(*rows), "--format", "trl", "--extract", "boxed",
                              "--utility", "own+0.5*expected-reward")
        self.assertEqual([x["reward"] for x in found], [1.5, 0, 0.25, None])
        self.assertEqual([x["own_reward"] for x in found], [1, 0, 0.25, None])
        # The same again on what was written: own_reward is what counts.
        (self.folder / "out.jsonl").rename(self.folder / "again.jsonl")
        again = self.rewarded(self.folder / "again.jsonl", "--format", "trl", "--utility",
                              "own+0.5*expected-reward", "--extract", "boxed")
        self.assertEqual(again, found)

    def test_own_reward(self):
        path = self.data("answers", "own_reward.jsonl")
        [line] = self.rewarded(path, "--utility", "own")
        self.assertEqual([s["reward"] for s in line["samples"]], [0.7, 0.2])
        self.assertAlmostEqual(line["samples"][0]["advantage"], 0.25)
        [line] = self.rewarded(path, "--utility", "2*own+expected-reward", "--weight", "3")
        for sample, wanted in zip(line["samples"], [3 * (1.4 + 1), 3 * 0.4]):
            self.assertAlmostEqual(sample["reward"], wanted, delta=1e-12)
        none = self.write({"question_id": "q", "samples": [{"answer": 1}, {"answer": 2}]})
        self.refused("rewards", none, "--utility", "own", says="no sample has a reward")

    def test_vote(self):
        path = self.data("answers", "vote.jsonl")
        [line] = self.rewarded(path, "--utility", "vote")
        self.assertEqual([s["reward"] for s in line["samples"]], [1, 1, 1, 0, 0, None])
        self.assertEqual(line["samples"][5]["advantage"], 0)
        [line] = self.rewarded(path, "--utility", "self-frequency")
        for sample, wanted in zip(line["samples"], [0.6, 0.6, 0.6, 0.2, 0.2]):
            self.assertAlmostEqual(sample["reward"], wanted)
        tied = self.write({"question_id": "q", "samples": [{"answer": x} for x in "aabbc"]})
        [line] = self.rewarded(tied, "--utility", "majority")
        self.assertEqual([s["reward"] for s in line["samples"]], [0.5] * 4 + [0])

    def test_missing_answers_have_no_reward_in_any_utility(self):
        path = self.data("answers", "missing_answer.jsonl")
        for utility in ["expected-reward", "log-likelihood", "pass_at_k", "shannon", "gini",
                        "majority", "self-frequency", "reverse-kl", "coherence"]:
            with self.subTest(utility=utility):
                [line] = self.rewarded(path, "--utility", utility, "--extract", "boxed")
                for place in [1, 2]:
                    self.assertIsNone(line["samples"][place]["reward"])
                    self.assertEqual(line["samples"][place]["advantage"], 0)
                self.assertIsNotNone(line["samples"][0]["reward"])
        [line] = self.rewarded(path, "--utility", "expected-reward", "--extract", "boxed",
                               "--missing", "wrong")
        self.assertEqual([s["reward"] for s in line["samples"]], [1, 0, 0, 0])
        self.refused("rewards", path, "--utility", "gini", "--extract", "boxed", "--missing", "x",
                     says="--missing")
        # A verdict of its own is one, also without an answer.
        judged = self.write({"question_id": "q", "samples": [{"answer": None, "correct": 0},
                                                             {"answer": None, "correct": True}]})
        [line] = self.rewarded(judged, "--utility", "expected-reward")
        self.assertEqual([s["reward"] for s in line["samples"]], [0, 1])

    def test_golds_in_latex(self):
        path = self.data("answers", "gold_latex.jsonl")
        lines = self.rewarded(path, "--utility", "expected-reward", "--extract", "boxed,hash")
        rewards = [[s["reward"] for s in line["samples"]] for line in lines]
        self.assertEqual(rewards, [[1, 1, 1, 0], [1, 1, 0], [1, 1, 0], [1, 1]])
        found = self.json("rewards", path, "--utility", "expected-reward", "--extract",
                          "boxed,hash")
        self.assertEqual(found["audit"]["golds"], 4)
        self.assertEqual(found["audit"]["golds_not_understood"], 0)
        self.assertGreater(found["audit"]["merged"], 0)
        text = self.ok("rewards", path, "--utility", "expected-reward", "--extract",
                       "boxed,hash").out
        self.assertIn("answers: 4 golds", text)

    def test_the_audit_is_that_of_the_lines_in_any_order(self):
        spellings = ["1/2", "0.5", "50%", "\\frac12", "x=3", "3", "3.0", "three"]
        lines = [{"question_id": f"q{i // 4}", "gold": "0.5", "samples": [{"answer": spelling}] * 2}
                 for i, spelling in enumerate(spellings)]
        audits = []
        for turn in range(8):
            order = lines[turn:] + lines[:turn]
            audits.append(self.json("rewards", self.write(*order), "--utility", "expected-reward")["audit"])
            self.assertEqual(audits[-1], audits[0])
        self.assertGreater(sum(audits[0]["merged_by"].values()), 3)

    def test_a_hundred_problems_with_golds_in_latex(self):
        """100 problems with 8 samples: every way of writing the gold is right, every neighbour of it
        wrong; accuracy is what it was made to be."""
        draw = random.Random(20261128)
        print("seed 20261128")
        lines, wanted = [], []
        for number in range(100):
            a, b = draw.randint(2, 40), draw.choice([2, 3, 4, 5, 7, 8, 9])
            value = fractions.Fraction(a, b)
            kind = number % 6
            if kind == 0 and value.denominator > 1:
                p, q = value.numerator, value.denominator
                gold = draw.choice([f"\\frac{{{p}}}{{{q}}}", f"\\dfrac{{{p}}}{{{q}}}",
                                    f"$\\frac{{{p}}}{{{q}}}$", f"{p}/{q}"])
                right = [f"\\frac{{{p}}}{{{q}}}", f"\\tfrac{{{p}}}{{{q}}}", f"{p}/{q}",
                         f"\\frac{{{2 * p}}}{{{2 * q}}}"]
                wrong = [f"\\frac{{{q}}}{{{p}}}", f"\\frac{{{p}}}{{{q + 1}}}", f"{p}",
                         f"-\\frac{{{p}}}{{{q}}}"]
            elif kind == 1:
                gold = draw.choice([f"{a}", f"{a}.0", f"\\text{{{a}}}", f"{a}\\,"])
                right = [f"{a}", f"{a}.", f" {a} ", f"\\text{{{a}}}"]
                wrong = [f"{a + 1}", f"-{a}", f"{a}\\frac{{1}}{{3}}", f"{a}\\sqrt{{3}}"]
            elif kind == 2:
                gold = draw.choice(["\\text{(B)}", "(B)", "B", "\\textbf{B}"])
                right = ["B", "(B)", "\\text{B}", "\\text{(B)}"]
                wrong = ["A", "(C)", "(A) and (B)", "\\text{D}"]
            elif kind == 3:
                gold = f"{a},{b:03d}"
                right = [f"{a}{b:03d}", f"{a},{b:03d}", f"{a}{{,}}{b:03d}", f"{a}\\,{b:03d}"]
                wrong = [f"{a}", f"{a}{b + 1:03d}", f"{a}.{b:03d}1", f"{b:03d}"]
            elif kind == 4:
                gold = f"x^{{{a}}}"
                right = [f"x^{{{a}}}", f"$x^{{{a}}}$", f"x^{{{a}}}.", f" x^{{{a}}}"]
                wrong = [f"x^{{{a + 1}}}", f"x_{{{a}}}", "x", f"{a}"]
            else:
                gold = f"{a}\\%"
                right = [f"{a}\\%", f"{a}%", f"{a} \\%", f"{a}\\,\\%"]
                wrong = [f"{a + 1}\\%", f"-{a}\\%", f"{a}0\\%", f"\\frac{{{a}}}{{3}}\\%"]
            samples = [(x, 1) for x in right] + [(x, 0) for x in wrong]
            draw.shuffle(samples)
            shape = draw.choice(["so $\\boxed{%s}$.", "Thus \\[\\boxed{%s}\\]", "\\boxed{\n%s\n}",
                                 "<think>\\boxed{0}</think> \\boxed{%s}"])
            lines.append({"question_id": f"p{number}", "gold": gold,
                          "samples": [{"text": shape % x} for x, _ in samples]})
            wanted.append([r for _, r in samples])
        path = self.write(*lines)
        found = self.rewarded(path, "--utility", "expected-reward", "--extract", "boxed")
        lost, undeserved = [], []
        for line, rights in zip(found, wanted):
            for sample, right in zip(line["samples"], rights):
                if right and sample["reward"] != 1:
                    lost.append((line["gold"], sample["text"]))
                if not right and sample["reward"] != 0:
                    undeserved.append((line["gold"], sample["text"]))
        self.assertEqual(undeserved, [])
        self.assertEqual(lost, [])

    def test_streams(self):
        line = json.dumps({"question_id": "q", "samples": [{"answer": 1}, {"answer": 2}]}) + "\n"
        plain = self.write(line.rstrip("\n"))
        out = self.ok("rewards", plain, "--utility", "gini", "--out", "-").out
        self.assertEqual(len(json.loads(out)["samples"]), 2)
        packed = self.folder / "in.jsonl.gz"
        packed.write_bytes(gzip.compress(line.encode()))
        self.assertEqual(self.ok("rewards", packed, "--utility", "gini", "--out", "-").out, out)
        run = subprocess.run([PROGRAM, "rewards", "-", "--utility", "gini", "--out", "-"],
                             input=line, text=True, capture_output=True, check=True)
        self.assertEqual(run.stdout, out)
        target = self.folder / "log"
        with open(target, "w") as log:
            log.write("kept\n")
            log.flush()
            subprocess.run([PROGRAM, "rewards", plain, "--utility", "gini", "--out", "/dev/stdout"],
                           stdout=log, check=True)
        self.assertEqual(target.read_text(), "kept\n" + out)
        self.refused("rewards", plain, "--utility", "gini", "--out", "-", "--json", "-",
                     says="standard output")
        broken = self.folder / "broken.gz"
        broken.write_bytes(packed.read_bytes()[:-12])
        self.refused("rewards", broken, "--utility", "gini", says="gzip")
        self.assertFalse((self.folder / "-").exists())

    def test_bad_lines(self):
        good = {"question_id": 1, "context_id": 2, "gold": [3, "x"], "samples": [
            {"answer": 3, "correct": None, "logprob": [-1, None]}, {"answer": "x\ud800"}]}
        path = self.write(good, "{", good, "[]", good)
        result = self.ok("rewards", path, "--utility", "gini", "--json", "-")
        self.assertEqual(json.loads(result.out)["bad_lines"], 2)
        self.assertEqual(json.loads(result.out)["lone_surrogates"], 3)
        self.assertIn("in.jsonl:2: ", result.err)
        self.assertIn("in.jsonl:4: ", result.err)
        self.assertEqual(len(self.rewarded(path, "--utility", "gini")), 3)
        self.refused("rewards", path, "--utility", "gini", "--strict", says="in.jsonl:2: ")

    def test_a_line_of_17_megabytes(self):
        text = "x" * (17 << 20)
        path = self.write({"question_id": "q", "samples": [{"text": text + " \\boxed{1}"},
                                                           {"text": "\\boxed{2}"}]})
        found = self.json("rewards", path, "--utility", "gini", "--extract", "boxed")
        self.assertEqual(found["extraction"]["found"], 2)


if __name__ == "__main__":
    main()
