# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag rewards on permuted lines and samples: the same rewards and advantages by every bit (they are
printed with all their digits), and the same summary; what --complete refuses."""

import json
import random

from support import Case, main

SEED = 20
PLANS = [("shannon_entropy", "plug-in"), ("shannon_entropy", "aqp"), ("gini", "u-statistic"),
         ("coherence_arithmetic", "plug-in"), ("coherence_arithmetic", "leave-one-out"),
         ("coherence_arithmetic", "digamma"), ("coherence_euclidean", "u-statistic"),
         ("coherence_geometric", "plug-in"), ("coherence_geometric", "minimax"),
         ("pairwise_kl", "plug-in"), ("pairwise_kl", "leave-one-out"), ("pairwise_euclidean", "plug-in"),
         ("reverse_kl", "plug-in"), ("chi_square", "leave-one-out"), ("log_likelihood", "plug-in"),
         ("pass_at_k", "plug-in"), ("expected_reward", "plug-in"), ("mmd", "plug-in"),
         ("transport", "plug-in"), ("coherence_arithmetic+0.1*shannon_entropy", "plug-in")]
ADVANTAGES = ["trl-none", "trl-group", "trl-batch", "verl-grpo", "rloo", "gpg", "raw"]


class Order(Case):
    def rollouts(self, stream):
        lines = []
        for question in range(9):
            answers = [str(stream.randrange(50)) for _ in range(1 + question)]
            for context in range(1 + question % 5):
                size = 3 + stream.randrange(9)
                lines.append({"question_id": f"q{question}", "context_id": f"x{context}", "prompt": None,
                              "gold": answers[0],
                              "samples": [{"text": None, "mark": f"{question}/{context}/{i}",
                                           "answer": None if stream.random() < 0.1 else stream.choice(answers)}
                                          for i in range(size)]})
        return lines

    def run_on(self, lines, *arguments):
        path, out = self.folder / "in.jsonl", self.folder / "out.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        summary = self.json("rewards", path, "--out", out, *arguments)
        found = {}
        for line in out.read_text().splitlines():
            for sample in json.loads(line, parse_float=str)["samples"]:
                found[sample["mark"]] = (sample["reward"], sample["advantage"])
        return found, {name: value for name, value in summary.items() if name != "bytes"}

    def test_no_bit_depends_on_the_order(self):
        stream = random.Random(SEED)
        print(f"seed {SEED}")
        lines = self.rollouts(stream)
        permuted = [dict(line, samples=stream.sample(line["samples"], len(line["samples"])))
                    for line in stream.sample(lines, len(lines))]
        self.assertNotEqual([line["question_id"] for line in lines],
                            [line["question_id"] for line in permuted])
        for number, (utility, estimator) in enumerate(PLANS):
            with self.subTest(utility=utility, estimator=estimator):
                arguments = ["--utility", utility, "--estimator", estimator,
                             *(["--k", "3"] if utility == "pass_at_k" else []), "--advantage", ADVANTAGES[number % len(ADVANTAGES)]]
                straight, summary = self.run_on(lines, *arguments)
                other, other_summary = self.run_on(permuted, *arguments)
                self.assertEqual(straight, other)
                self.assertEqual(summary, other_summary)
                self.assertGreater(len({reward for reward, _ in straight.values()}), 1)

    def test_complete_questions_only(self):
        def line(question, context, samples):
            return {"question_id": question, "context_id": context, "prompt": None, "gold": "1",
                    "samples": [{"text": None, "answer": "1"}] * samples}

        path = self.folder / "in.jsonl"
        whole = [line("a", "x", 3), line("b", "x", 3), line("a", "y", 3), line("b", "y", 3)]

        def write(lines):
            path.write_text("".join(json.dumps(one) + "\n" for one in lines))
            return ["rewards", path, "--utility", "coherence_arithmetic", "--complete"]

        self.ok(*write(whole), "2x3")
        self.refused(*write(whole[:3]), "2x3", says="question 'b' is not complete: it has 1 contexts")
        self.refused(*write(whole[:3] + [line("b", "y", 2)]), "2x3",
                   says="question 'b' is not complete: context 'y' has 2 samples, wanted 3")
        for wrong in ["2", "2x", "x3", "2x3x4", "0x3", "-1x3", "1.5x3"]:
            self.refused(*write(whole), wrong, says="--complete: expected CONTEXTSxSAMPLES")


if __name__ == "__main__":
    main()
