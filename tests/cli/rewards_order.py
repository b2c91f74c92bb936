# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag rewards on permuted lines and samples: the same rewards and advantages by every bit (they are
printed with all their digits), and the same summary; what --complete refuses."""

import json
import math
import random

from support import Case, main

SEED = 20
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

    def plans(self, lines):
        """Every utility of the list by each of its estimators, and a sum: the words of a run."""
        values, bounds = self.folder / "values.jsonl", ["--bounds", "0.5"]
        values.write_text("".join(json.dumps({"question_id": f"q{q}", "values": {
            str(answer): math.sin(answer) for answer in range(50)}}) + "\n" for q in range(9)))
        reference = self.folder / "reference.jsonl"
        reference.write_text("".join(json.dumps(line) + "\n" for line in lines))
        for entry in self.json("utilities"):
            options = {f["option"] for f in entry["fields"]}
            more = ["--values", values] if "--values" in options else []
            more += bounds if "--bounds" in options else []
            more += ["--penalty", "1"] if entry["name"] == "moment_constraints" else []
            more += ["--reference", reference] if entry["name"].startswith("frozen") else []
            for option, value in [("--order", "3"), ("--k", "3"), ("--terms", "2")]:
                more += [option, value] if option in options else []
            for estimator in entry["estimators"]:
                if estimator == "plug-in" or "--values" not in options or "--bounds" in options:
                    yield ["--utility", entry["name"], "--estimator", estimator, *more]
        yield ["--utility", "coherence_arithmetic+0.1*shannon_entropy", "--estimator", "plug-in"]

    def test_no_bit_depends_on_the_order(self):
        stream = random.Random(SEED)
        print(f"seed {SEED}")
        lines = self.rollouts(stream)
        permuted = [dict(line, samples=stream.sample(line["samples"], len(line["samples"])))
                    for line in stream.sample(lines, len(lines))]
        self.assertNotEqual([line["question_id"] for line in lines],
                            [line["question_id"] for line in permuted])
        for number, words in enumerate(self.plans(lines)):
            with self.subTest(words=words):
                arguments = words + ["--advantage", ADVANTAGES[number % len(ADVANTAGES)]]
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
