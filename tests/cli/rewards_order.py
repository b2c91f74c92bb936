# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag rewards on permuted lines and samples: the same rewards and advantages by every bit (they are
printed with all their digits), and the same summary; what --complete refuses."""

import json
import math
import os
import random

from support import Case, dag, main

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

    def test_parts_together_are_the_whole(self):
        lines = self.rollouts(random.Random(SEED))
        path, out = self.folder / "in.jsonl", self.folder / "part-{rank}.jsonl"
        refused, alone = [], 0
        for plan in [*self.plans(lines), *(["--utility", "gini", "--advantage", a] for a in ADVANTAGES)]:
            whole, _ = self.run_on(lines, *plan)
            parts = []
            for rank in range(2):
                result = dag("rewards", path, "--out", out, "--part", f"{rank}/2", "--quiet", *plan)
                if result.code == 2:
                    self.assertIn("all questions at once", result.err, str(result))
                    break
                self.assertEqual(result.code, 0, str(result))
                parts.append({s["mark"]: (s["reward"], s["advantage"])
                              for line in (self.folder / f"part-{rank}.jsonl").read_text().splitlines()
                              for s in json.loads(line, parse_float=str)["samples"]})
            if len(parts) < 2:
                refused.append(" ".join(map(str, plan[:4])))
                continue
            alone += 1
            self.assertTrue(all(parts), "both parts have questions")
            self.assertEqual({**parts[0], **parts[1]}, whole, plan)
            self.assertEqual(len(parts[0]) + len(parts[1]), len(whole))
        self.assertGreater(alone, 50)
        self.assertEqual(sorted({name.split()[1] for name in refused if "--advantage" not in name}),
                         ["moment_constraints", "robust_reward"])
        self.assertEqual([name.split()[3] for name in refused if "--advantage" in name], ["trl-batch", "gpg"])

    def test_parts_by_a_launcher(self):
        path = self.folder / "in.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in self.rollouts(random.Random(SEED))))
        arguments = ["rewards", path, "--utility", "gini", "--quiet", "--part", "launcher", "--out"]
        bare = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_", "PMI_", "SLURM_"))}
        counts = []
        for rank, size in [("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"),
                           ("SLURM_PROCID", "SLURM_NTASKS")]:
            self.ok(*arguments, self.folder / "o{rank}.jsonl", env={**bare, rank: "1", size: "3"})
            counts.append((self.folder / "o1.jsonl").read_text())
        self.assertEqual(len(set(counts)), 1)
        env = {**bare, "PMI_RANK": "1", "PMI_SIZE": "3"}
        self.refused(*arguments, self.folder / "one.jsonl", says="3 processes would write one file", env=env)
        self.refused(*arguments, self.folder / "o.jsonl", says="none of $OMPI_COMM_WORLD_RANK", env=bare)
        self.refused(*arguments, self.folder / "o.jsonl", says="rank '3' of '3'", env={**env, "PMI_RANK": "3"})
        for wrong in ["", "3", "1/", "/2", "2/2", "-1/2", "1/2/3", "0/0", "x/2", "launch"]:
            if wrong:
                self.refused("rewards", path, "--utility", "gini", "--part", wrong, says="expected RANK/SIZE")

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
