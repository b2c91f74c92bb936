# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag answers: what is read from texts, keys, golds, files as people have them."""

import gzip
import json
import subprocess
import sys

from support import PROGRAM, Case, main


class Answers(Case):
    def write(self, *lines, name="in.jsonl"):
        path = self.folder / name
        path.write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines))
        return path

    def judged(self, *lines, options=()):
        out = self.ok("answers", self.write(*lines), "--json", "-", *options).out
        return [json.loads(line) for line in out.splitlines()]

    def test_a_line_for_each_line(self):
        found = self.judged(
            {"id": 7, "text": "so \\boxed{\\frac{1}{2}}", "gold": "0.5"},
            {"id": "x", "answer": "1/2", "gold": ["3", "\\frac12"]},
            {"text": "nothing here", "extract": "boxed", "gold": "1"},
            {"answer": "1/2"}, {"text": None, "gold": 3}, {"answer": 3, "gold": 3})
        self.assertEqual(list(found[0]), ["id", "extracted", "outcome", "key", "form", "gold_key",
                                          "equal", "rule"])
        self.assertEqual([x.get("id", "none") for x in found[:3]], [7, "x", "none"])
        self.assertEqual([x["equal"] for x in found], [True, True, False, None, False, True])
        self.assertEqual(found[0]["extracted"], "\\frac{1}{2}")
        self.assertEqual(found[0]["key"], found[0]["gold_key"])
        self.assertEqual(found[2]["outcome"], "no_marker")
        self.assertEqual(found[2]["extracted"], None)
        self.assertEqual(found[4]["outcome"], "no_text")

    def test_worked_golds(self):
        golds = ["2+3=<<2+3=5>>5\n#### 5", "We get \\boxed{5} metres.", ["no", "5"], 5]
        found = self.judged(*[{"text": "#### 5", "extract": "hash", "gold": g} for g in golds])
        self.assertEqual([x["equal"] for x in found], [True] * 4)
        found = self.judged({"text": "#### 5", "extract": "hash", "gold": "6\n#### 7"},
                            {"text": "\\boxed{6}", "gold": "6\\sqrt{3}"},
                            {"text": "no answer", "extract": "boxed", "gold": ""})
        self.assertEqual([x["equal"] for x in found], [False] * 3)

    def test_columns_of_any_shape(self):
        row = {"m": {"out": [{"role": "user", "content": "q"},
                             {"role": "assistant", "content": [{"type": "text", "text": "#### 4"}]}]},
               "gts": [4, "four"], "pred": 5}
        found = self.judged(row, options=["--text-field", "m.out", "--gold-field", "gts",
                                          "--extract", "hash"])
        self.assertEqual(found[0]["equal"], True)
        found = self.judged(row, options=["--answer-field", "pred", "--gold-field", "gts.0"])
        self.assertEqual((found[0]["extracted"], found[0]["equal"]), ("5", False))

    def test_bad_lines_keep_their_place(self):
        lines = [{"answer": "1"}, "{bad", {"answer": "2"}, {"other": 1}, {"answer": "\\u"}]
        path = self.write(*lines, '{"text": "\\ud83d \\\\boxed{3}"}')
        result = self.ok("answers", path, "--json", "-")
        found = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual([x["extracted"] for x in found], ["1", None, "2", None, "\\u", "3"])
        self.assertEqual(found[1]["outcome"], "bad_line")
        self.assertIn("in.jsonl:2: ", result.err)
        self.assertIn("in.jsonl:4: ", result.err)
        self.assertIn("2 bad lines", result.err)
        self.refused("answers", path, "--strict", "--json", "-", says="in.jsonl:2: ")
        self.refused("answers", self.write("{", "{", {"answer": 1}), says="lines are bad")

    def test_standard_streams_and_gzip(self):
        line = json.dumps({"text": "\\boxed{3}", "gold": "3"}) + "\n"
        packed = self.folder / "in.jsonl.gz"
        packed.write_bytes(gzip.compress(line.encode()) + gzip.compress(line.encode()))
        out = self.ok("answers", packed, "--json", "-").out
        self.assertEqual(len(out.splitlines()), 2)
        for name in ["-", "/dev/stdin"]:
            run = subprocess.run([PROGRAM, "answers", name, "--json", "-"], input=line, text=True,
                                 capture_output=True, check=True)
            self.assertEqual(run.stdout, out.splitlines()[0] + "\n")
        # What standard output was redirected to is written after, not replaced.
        target = self.folder / "log"
        with open(target, "w") as log:
            log.write("before\n")
            log.flush()
            subprocess.run([PROGRAM, "answers", packed, "--quiet", "--json", "/dev/stdout"],
                           stdout=log, check=True)
        self.assertEqual(target.read_text(), "before\n" + out)

    def test_rules_and_refusals(self):
        rules = self.ok("answers", "--rules").out
        for name in ["fraction", "unit", "case", "closed-form"]:
            self.assertIn(name, rules)
        good = self.write({"answer": "1"})
        for words, says in [(["--extract", "boxes"], "boxes"), (["--without", "magic"], "magic"),
                            (["--letter-case", "x"], "--letter-case"),
                            (["--json", "no/such.jsonl"], "no/such.jsonl")]:
            self.refused("answers", good, *words, says=says)
        self.refused("answers", says="file")
        self.refused("answers", "missing.jsonl", says="missing.jsonl")

    def test_a_table_for_people(self):
        text = self.ok("answers", self.write({"text": "\\boxed{1/2}", "gold": "0.5"},
                                             {"text": "x", "extract": "boxed", "gold": "1"})).out
        for words in ["extracted", "no_marker", "1 of 2 equal their gold"]:
            self.assertIn(words, text)

    def test_judged_by_hand(self):
        folder = self.data("answers")
        def lines(name):
            return [json.loads(x) for x in (folder / name).read_text().splitlines() if x]
        texts = lines("texts.jsonl")
        found = self.judged(*[{"text": t["text"], "extract": t["extract"], "gold": t["answer"]}
                              for t in texts])
        right = [f["extracted"] is None if t["answer"] is None else f["equal"]
                 for t, f in zip(texts, found)]
        wrong = [(t, f) for t, f, r in zip(texts, found, right) if not r]
        print("texts:", sum(right), "of", len(right), file=sys.stderr)
        self.assertGreaterEqual(sum(right), 0.92 * len(right), wrong)
        # Of the reports only this one is not judged as the file has it: 3.1416 is 3.14159 rounded,
        # and not the same number; a tolerance is a choice that nobody made here.
        explained = {"CoursIA#12438 tolerance"}
        reports = lines("reports.jsonl")
        found = self.judged(*[{"text": r["text"], "extract": r["extract"], "gold": r["gold"]}
                              for r in reports])
        wrong = [(r, f) for r, f in zip(reports, found)
                 if f["equal"] != r["right"] and r["report"] not in explained]
        print("reports:", len(reports) - len(wrong), "of", len(reports), file=sys.stderr)
        self.assertEqual([r["report"] for r, f in wrong], [])


if __name__ == "__main__":
    main()
